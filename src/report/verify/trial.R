# Results about the whole trial: responders, subgroups, adverse events, multiplicity.

## ---- Responders ----------------------------------------------------------------------------------------------------

reaches <- function(improvement, threshold) improvement >= threshold - 1e-9 * abs(threshold)

# Both knees of every patient of the set, at baseline and at the visit; NA where not observed.
before_and_after <- function(endpoint, visit_number, set) {
  at <- function(number, active) {
    rows <- data[data$endpoint == endpoint & data$visit_number == number & !is.na(data$active) & data$active == active, ]
    rows$collected[match(members(set), rows$patient)]
  }
  list(active = list(before = at(plan$baseline_visit, 1), after = at(visit_number, 1)),
       placebo = list(before = at(plan$baseline_visit, 0), after = at(visit_number, 0)))
}

responders <- function(knees, better, threshold, kind) {
  improvement <- if (better == "lower") knees$before - knees$after else knees$after - knees$before
  if (kind == "absolute") return(reaches(improvement, threshold))
  ifelse(knees$before == 0, NA, reaches(improvement, threshold * abs(knees$before)))
}

# The paired comparison of two columns of yes/no/unknown.
compare_yes <- function(active, placebo, level, alternative) {
  known <- !is.na(active) & !is.na(placebo)
  mcnemar_pairs(as.numeric(active[known]), as.numeric(placebo[known]), level, alternative)
}

# OMERACT-OARSI (Pham et al. 2004), scores carried to 0-100 with 0 best: 50 % and 20 points in pain or function, or 20 %
# and 10 points in two domains. NA where a missing value could decide.
omeract_oarsi <- function(visit_number, set, arm) {
  domain <- function(name) {
    if (is.null(plan[[paste0("omeract_", name)]])) return(NULL)
    ends <- as.numeric(strsplit(plan[[paste0("omeract_", name, "_range")]], " ")[[1]])
    knees <- before_and_after(plan[[paste0("omeract_", name)]], visit_number, set)[[arm]]
    lapply(knees, function(score) 100 * (score - ends[1]) / (ends[2] - ends[1]))
  }
  improves <- function(d, share, points) {
    meets <- function(before, after) reaches(before - after, points) & reaches(before - after, share * before)
    best <- meets(ifelse(is.na(d$before), 100, d$before), ifelse(is.na(d$after), 0, d$after))
    ifelse(is.na(d$before) | is.na(d$after), ifelse(best, NA, FALSE), meets(d$before, d$after))
  }
  domains <- Filter(Negate(is.null), lapply(c("pain", "function", "global"), domain))
  high <- do.call(cbind, lapply(domains[1:2], improves, 0.5, 20))
  moderate <- do.call(cbind, lapply(domains, improves, 0.2, 10))
  yes <- rowSums(high, na.rm = TRUE) > 0 | rowSums(moderate, na.rm = TRUE) >= 2
  open <- rowSums(is.na(high)) > 0 | rowSums(moderate, na.rm = TRUE) + rowSums(is.na(moderate)) >= 2
  ifelse(yes, TRUE, ifelse(open, NA, FALSE))
}

## ---- All visits together ---------------------------------------------------------------------------------------------

# The values of one arm (patients by visits), or active - placebo; patients with a value at every visit only. The change
# of one arm since its baseline is asked at the other visits, and so is everything that compares the arms.
over_visits <- function(row, arms = row$arm) {
  at <- sort(unique(data$visit_number[data$endpoint == row$endpoint]))
  within <- length(arms) == 1 && row$measure == "value"
  at <- at[if (within) is_after_baseline(at) | at %in% as.numeric(plan$baseline_visit) else is_after_baseline(at)]
  cells <- expand.grid(visit = at, arm = arms, stringsAsFactors = FALSE)
  who <- members(row$set)
  rows <- data[data$endpoint == row$endpoint & in_set(data, row$set), ]
  if (row$measure == "change") rows$value <- minus(rows$value, rows$base)
  found <- mapply(function(visit, arm) {
    here <- rows[rows$visit_number == visit & rows$arm == arm, ]
    here$value[match(who, here$patient)]
  }, cells$visit, cells$arm)
  found[stats::complete.cases(found), , drop = FALSE]
}

both_arms <- function(row) over_visits(row, c(plan$placebo_arm, plan$active_arm))

# Friedman's test; of yes and no it is Cochran's Q.
rank_visits <- function(row) {
  if (is.na(row$arm)) {
    both <- both_arms(row)
    half <- ncol(both) / 2
    values <- minus(both[, half + seq_len(half), drop = FALSE], both[, seq_len(half), drop = FALSE])
  } else {
    values <- over_visits(row)
  }
  test <- friedman.test(values)
  if (is.nan(test$statistic)) return(answer(NA, NA, NA, test$parameter, 1))
  c(answer(NA, NA, test$statistic, test$parameter, test$p.value),
    kendall_w = unname(test$statistic / (nrow(values) * (ncol(values) - 1))))
}

# Treatment by visit within patients: each effect against its own interaction with patients, with the corrections of
# Greenhouse and Geisser and of Huynh and Feldt (anova of a multivariate linear model).
rm_anova <- function(row) {
  y <- both_arms(row)
  cells <- expand.grid(visit = factor(seq_len(ncol(y) / 2)), treatment = factor(1:2))
  several <- nlevels(cells$visit) > 1
  steps <- if (several) list(treatment = c("~ treatment", "~ 1"), visit = c("~ treatment + visit", "~ treatment"),
                             "treatment:visit" = c("~ treatment * visit", "~ treatment + visit"))
           else list(treatment = c("~ treatment", "~ 1"))
  fit <- lm(y ~ 1)
  found <- lapply(names(steps), function(term) {
    table <- anova(fit, M = as.formula(steps[[term]][1]), X = as.formula(steps[[term]][2]), idata = cells, test = "Spherical")
    result <- c(f = table[1, "F"], num_df = table[1, "num Df"], den_df = table[1, "den Df"],
                p_value = table[1, "Pr(>F)"], p_gg = table[1, "G-G Pr"], p_hf = table[1, "H-F Pr"])
    stats::setNames(result, paste0(term, ".", names(result)))
  })
  unlist(found)
}

# Pairs for the planned power, and the power of those there are, by the noncentral t distribution.
sample_size <- function(pair, planned, alternative) {
  alpha <- as.numeric(plan$alpha)
  test <- function(...) {
    power.t.test(..., delta = planned[["delta"]], sig.level = alpha, type = "paired", strict = TRUE,
                 alternative = if (alternative == "two-sided") "two.sided" else "one.sided", tol = 1e-12)
  }
  of_difference <- function(correlation) planned[["planned_sd"]] * sqrt(2 * (1 - correlation))
  needed <- function(sd) ceiling(test(sd = sd, power = planned[["planned_power"]])$n - 1e-9)
  assumed <- of_difference(planned[["planned_correlation"]])
  observed <- sd(minus(pair$active, pair$placebo))
  power <- function(sd) test(n = length(pair$patient), sd = sd)$power
  c(pairs_needed_planned = needed(assumed),
    pairs_needed_observed_correlation = needed(of_difference(cor(pair$active, pair$placebo))),
    pairs_needed_observed_sd_diff = needed(observed),
    power_planned_sd_diff = power(assumed), power_observed_sd_diff = power(observed))
}

## ---- Subgroups -----------------------------------------------------------------------------------------------------

# The group of every patient: the level, or the number of the interval between the plan's cut points.
groups_of <- function(who, factor, cuts) {
  cells <- patients[[factor]][match(who, patients$patient)]
  if (is.na(cuts)) return(cells)
  as.character(findInterval(as.numeric(cells), as.numeric(strsplit(cuts, " ")[[1]])) + 1)
}

# The pairs of a group, with what their counts were counted over where there is any.
pairs_of_group <- function(pair, here) {
  lapply(pair, function(x) if (length(x) == length(pair$patient)) x[here] else x)
}

subgroup_test <- function(pair, factor, cuts, group, level, alternative, rates = FALSE) {
  here <- which(groups_of(pair$patient, factor, cuts) == group)
  if (rates) {
    found <- rate_ratio(pairs_of_group(pair, here), level, alternative)
    return(c(found, rate_ratio = exp(found[["estimate"]])))
  }
  paired_t(pair$active[here], pair$placebo[here], level, alternative)
}

# Cochran's Q of the log ratios of mean rates.
rates_interaction <- function(pair, group) {
  own <- lapply(sort(unique(group)), function(one) rate_ratio(pairs_of_group(pair, which(group == one))))
  ratio <- vapply(own, function(x) x[["estimate"]], 0)
  weight <- vapply(own, function(x) x[["std_error"]], 0)^-2
  keep <- is.finite(ratio) & is.finite(weight)
  q <- sum(weight[keep] * (ratio[keep] - weighted.mean(ratio[keep], weight[keep]))^2)
  df <- sum(keep) - 1
  c(answer(NA, NA, q, df, pchisq(q, df, lower.tail = FALSE)), cochran_q = q)
}

subgroup_interaction <- function(pair, factor, cuts, rates = FALSE) {
  group <- groups_of(pair$patient, factor, cuts)
  if (rates) return(rates_interaction(pair, group))
  d <- minus(pair$active, pair$placebo)
  table <- anova(lm(d ~ factor(group)))
  answer(NA, NA, table$F[1], table$Df[2], table$`Pr(>F)`[1])
}

## ---- Adverse events ------------------------------------------------------------------------------------------------

severity_order <- c("mild", "moderate", "severe", "life_threatening", "fatal")

# The events of one kind among `rows`; a worst severity looks at the worst event of each patient and site.
events_of <- function(rows, category) {
  kind <- sub(":.*", "", category)
  value <- sub("^[^:]*:", "", category)
  unit <- paste(rows$site, rows$patient)
  worst <- tapply(match(rows$severity, severity_order, nomatch = 0L), unit, max)
  switch(kind,
    any = rows,
    serious = rows[rows$serious == 1, ],
    related = rows[rows$related == 1, ],
    term = rows[rows$term == value, ],
    worst_severity = rows[worst[unit] == match(value, severity_order), ],
    severity_unknown = rows[worst[unit] == 0, ],
    NULL)
}

in_safety_set <- function() events[events$patient %in% members(plan$safety_set), ]

# The share of patients with an event, anywhere.
patients_with <- function(rows, level) share(length(unique(rows$patient)), length(members(plan$safety_set)), level)

# The share of injected knees of an arm with an event.
knees_with <- function(rows, site, level) {
  injected <- patients$patient[!is.na(patients[[paste0(site, "_side")]])]
  share(length(unique(rows$patient[rows$site == site])), sum(members(plan$safety_set) %in% injected), level)
}

# Active against placebo knees of the patients with both knees injected.
knees_compared <- function(category, level) {
  rows <- events_of(in_safety_set()[in_safety_set()$site != "patient", ], category)
  both <- intersect(members(plan$safety_set),
                    patients$patient[!is.na(patients$active_side) & !is.na(patients$placebo_side)])
  active <- both %in% rows$patient[rows$site == "active"]
  placebo <- both %in% rows$patient[rows$site == "placebo"]
  result <- mcnemar_pairs(as.numeric(active), as.numeric(placebo), level)
  result["statistic"] <- NA
  result
}

adverse_events <- function(row) {
  rows <- in_safety_set()
  level <- row$conf_level
  if (row$method == "event-comparison") return(knees_compared(row$category, level))
  if (startsWith(row$id, "safety.patient.")) {
    return(patients_with(events_of(rows[rows$site == "patient", ], row$category), level))
  }
  if (startsWith(row$id, "safety.knee.")) {
    return(knees_with(rows, if (row$arm == plan$active_arm) "active" else "placebo", level))
  }
  switch(row$id,
    safety.serious = patients_with(rows[rows$serious == 1, ], level),
    safety.any = patients_with(rows, level),
    safety.systemic = patients_with(rows[rows$site == "patient", ], level),
    NULL)
}

## ---- Multiplicity --------------------------------------------------------------------------------------------------

# Adjusted p-values of a procedure for hypotheses in testing order.
adjusted_p <- function(p, method) {
  if (method == "co-primary") return(rep(max(p), length(p)))
  if (method == "fixed-sequence") return(cummax(p))
  if (method == "graphical") {
    weights <- as.numeric(strsplit(plan$shares, " ")[[1]])
    edges <- do.call(rbind, lapply(strsplit(plan$transitions, " ; ")[[1]], function(row) as.numeric(strsplit(row, " ")[[1]])))
    return(graphical(p, weights, edges))
  }
  p.adjust(p, if (method %in% c("bh", "by")) toupper(method) else method)
}

# Sequentially rejective graph (Bretz, Maurer, Brannath & Posch 2009, algorithms 1 and 2).
graphical <- function(p, weights, edges) {
  adjusted <- rep(1, length(p))
  open <- rep(TRUE, length(p))
  highest <- 0
  while (any(open & weights > 0)) {
    candidates <- which(open & weights > 0)
    j <- candidates[which.min(p[candidates] / weights[candidates])]
    highest <- max(highest, p[j] / weights[j])
    adjusted[j] <- min(1, highest)
    open[j] <- FALSE
    next_weights <- weights + weights[j] * edges[j, ]
    next_edges <- edges
    for (l in which(open)) for (k in which(open)) {
      loop <- edges[l, j] * edges[j, l]
      next_edges[l, k] <- if (l == k || loop >= 1) 0 else (edges[l, k] + edges[l, j] * edges[j, k]) / (1 - loop)
    }
    weights <- ifelse(open, next_weights, 0)
    edges <- next_edges
  }
  adjusted
}

## ---- Counts --------------------------------------------------------------------------------------------------------

# From the grade at baseline to the grade at the visit, knees of one of the two arms.
shifts_of <- function(row, levels) {
  arm <- if (row$arm == plan$active_arm) "active" else if (row$arm == plan$placebo_arm) "placebo" else return(skip("a shift of a further arm"))
  knees <- before_and_after(row$endpoint, row$visit_number, row$set)[[arm]]
  cells_of(knees$before, knees$after, levels)
}

# Patients, and their knees on either arm, of a row of counts.
counted <- function(row) {
  place <- strsplit(row$id, ".", fixed = TRUE)[[1]]
  if (place[1] == "safety") {
    rows <- events_of(in_safety_set(), row$category)
    n <- function(site) c(length(unique(rows$patient[rows$site == site])), sum(rows$site == site))
    return(stats::setNames(c(length(unique(rows$patient)), n("active"), n("placebo"), n("patient")),
                           c("patients", "patients_active", "events_active", "patients_placebo", "events_placebo",
                             "patients_systemic", "events_systemic")))
  }
  gap <- skip("a count of visits, reasons or further arms, which patients.csv does not hold")
  if (place[1] != "counts") return(gap)
  who <- patients[patients$patient %in% members(row$set), ]
  has <- function(arm) !is.na(who[[paste0(arm, "_side")]])
  on <- function(arm, value) has(arm) & who[[paste0(arm, "_side")]] %in% value
  knees <- switch(paste(place[2], place[3]),
    "disposition set" = , "exposure treated" = list(has("active"), has("placebo")),
    "exposure both-treated" = list(has("active") & has("placebo"), has("active") & has("placebo")),
    "exposure treated-side" = , "sides side" = list(on("active", row$value), on("placebo", row$value)),
    NULL)
  # Knees on further arms are in no column of patients.csv.
  if (is.null(knees) || !all(data$arm %in% c(plan$active_arm, plan$placebo_arm))) return(gap)
  c(patients = sum(knees[[1]] | knees[[2]]), knees_active = sum(knees[[1]]), knees_placebo = sum(knees[[2]]))
}
