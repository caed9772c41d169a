# Results about the whole trial: responders, subgroups, adverse events, multiplicity.

## ---- Responders ----------------------------------------------------------------------------------------------------

reaches <- function(improvement, threshold) improvement >= threshold - 1e-9 * abs(threshold)

# Both knees of every patient of the set, at baseline and at the visit; NA where not observed.
before_and_after <- function(endpoint, visit_number, set) {
  at <- function(number, active) {
    rows <- data[data$endpoint == endpoint & data$visit_number == number & !is.na(data$active) & data$active == active, ]
    rows$value[match(members(set), rows$patient)]
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

## ---- Subgroups -----------------------------------------------------------------------------------------------------

# The group of every patient: the level, or the number of the interval between the plan's cut points.
groups_of <- function(who, factor, cuts) {
  cells <- patients[[factor]][match(who, patients$patient)]
  if (is.na(cuts)) return(cells)
  as.character(findInterval(as.numeric(cells), as.numeric(strsplit(cuts, " ")[[1]])) + 1)
}

subgroup_test <- function(pair, factor, cuts, group, level, alternative) {
  here <- which(groups_of(pair$patient, factor, cuts) == group)
  paired_t(pair$active[here], pair$placebo[here], level, alternative)
}

subgroup_interaction <- function(pair, factor, cuts) {
  group <- groups_of(pair$patient, factor, cuts)
  d <- pair$active - pair$placebo
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

# Adjusted p-values of the plan's procedure for hypotheses in testing order.
adjusted_p <- function(p) {
  method <- plan$multiplicity
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
