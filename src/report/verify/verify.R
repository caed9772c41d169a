# Recomputes the results of a split-knee trial in R, and compares them with those of splitknee.
#
#   Rscript verify.R            in the folder that holds data.csv, patients.csv, events.csv, plan.csv and expected.csv
#
# Nothing here calls splitknee, and base R suffices:
#   paired.R       paired tests, yes/no and grades, descriptions
#   models.R       mixed models by REML, Kenward-Roger, Satterthwaite and the other degrees of freedom
#   generalised.R  models of grades and yes/no answers, estimating equations
#   imputation.R   estimands by conditional means, the jackknife over patients, two means, single values
#   survival.R     time to an event
#   trial.R        responders, tests over all visits, sample size, subgroups, adverse events, multiplicity
# Where nlme, lme4 or ordinal are installed, models are fitted by them too; lines about them say so.
#
# Each line is PASS, FAIL or SKIP (with the reason), the record, the field, our value and R's. Exit status: 0 when no line
# fails, 1 otherwise.

folder <- local({
  sourced <- unlist(lapply(sys.frames(), function(frame) frame$ofile))
  file <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
  if (length(sourced) > 0) dirname(sourced[length(sourced)]) else if (length(file) == 1) dirname(file) else "."
})
# Every cell is text; only those that hold numbers are made numbers.
read <- function(name, numbers = character()) {
  cells <- read.csv(file.path(folder, name), check.names = FALSE, encoding = "UTF-8", na.strings = "", quote = "\"",
                    colClasses = "character", comment.char = "")
  for (column in intersect(numbers, names(cells))) cells[[column]] <- as.numeric(cells[[column]])
  cells
}
data <- read("data.csv", c("active", "visit_number", "value", "base", "status", "exposure", "base_exposure"))
patients <- read("patients.csv")
events <- read("events.csv", c("serious", "related"))
plan <- local({ rows <- read("plan.csv"); as.list(stats::setNames(rows$value, rows$name)) })
# Where the plan compares logarithms, `value` and `base` are those; `collected` and `collected_base` are as collected, for
# descriptions and responders.
data <- local({
  data$collected <- data$value
  data$collected_base <- data$base
  for (id in unique(data$endpoint)) {
    added <- as.numeric(plan[[paste0("logarithm_", id)]])
    at <- data$endpoint == id
    if (length(added) == 1) data[at, c("value", "base")] <- log(data[at, c("value", "base")] + added)
  }
  data
})
for (part in c("paired.R", "models.R", "generalised.R", "trial.R", "imputation.R", "survival.R")) source(file.path(folder, part), encoding = "UTF-8")

## ---- The data of one comparison ------------------------------------------------------------------------------------

in_set <- function(table, set) table[[paste0("set_", set)]] == "1"
# Visits before baseline (screening) are described and never compared.
is_after_baseline <- function(visit_number) {
  baseline <- as.numeric(plan$baseline_visit)
  if (length(baseline) == 0 || is.na(baseline)) rep(TRUE, length(visit_number)) else visit_number > baseline
}
members <- function(set) patients$patient[in_set(patients, set)]

rows_at <- function(endpoint, visit, set, measure = "value") {
  rows <- data[data$endpoint == endpoint & data$visit %in% visit & in_set(data, set), ]
  if (measure == "change") rows$value <- minus(rows$value, rows$base)
  rows[!is.na(rows$value), ]
}

# A comparison of logarithms carried back to a ratio, an arm's mean of them to a geometric mean.
carried_back <- function(row, result) {
  if (!is.numeric(result) || is.null(plan[[paste0("logarithm_", row$endpoint)]])) return(result)
  of <- exp(result[c("estimate", "conf_low", "conf_high")])
  if (row$method == "descriptive" && !is.na(row$arm)) {
    logs <- rows_at(row$endpoint, row$visit, row$set, row$measure)
    of <- exp(mean_with_limits(logs$value[logs$arm == row$arm], row$conf_level)[c("estimate", "conf_low", "conf_high")])
  }
  # The open end of a one-sided interval of a ratio is 0.
  if (row$alternative == "less" && !is.na(of[3]) && is.na(of[2])) of[2] <- 0
  name <- if (row$method == "ls-mean" || row$method == "descriptive" && !is.na(row$arm)) "geometric_mean" else "ratio"
  c(result, stats::setNames(of, paste0(name, c("", "_low", "_high"))))
}

# Both knees of every patient who has both.
pairs_at <- function(endpoint, visit, set, measure = "value") {
  rows <- rows_at(endpoint, visit, set, measure)
  active <- rows[!is.na(rows$active) & rows$active == 1, ]
  placebo <- rows[!is.na(rows$active) & rows$active == 0, ]
  who <- intersect(active$patient, placebo$patient)
  active <- active[match(who, active$patient), ]
  placebo <- placebo[match(who, placebo$patient), ]
  list(patient = who, active = active$value, placebo = placebo$value,
       base_active = active$base, base_placebo = placebo$base,
       exposure_active = active$exposure, exposure_placebo = placebo$exposure)
}

values_at <- function(endpoint, visit, set, arm, measure = "value") {
  rows <- data[data$endpoint == endpoint & data$visit %in% visit & in_set(data, set) & data$arm == arm, ]
  values <- if (measure == "change") minus(rows$collected, rows$collected_base) else rows$collected
  values[!is.na(values)]
}

# Whether the active knee is on the reference side: the right one, or the dominant one.
active_on <- function(who, reference) {
  patients[[paste0("active_is_", reference)]][match(who, patients$patient)] == 1
}

## ---- One record ----------------------------------------------------------------------------------------------------

constant <- function(x) length(x) > 0 && all(x == x[1])

skip <- function(...) structure(list(reason = paste0(...)), class = "skip")

recompute <- function(row) {
  about_knees <- !is.na(row$endpoint) && row$endpoint %in% data$endpoint && !is.na(row$visit)
  pair <- if (about_knees) pairs_at(row$endpoint, row$visit, row$set, row$measure)
  d <- if (about_knees) minus(pair$active, pair$placebo)
  level <- row$conf_level
  side <- row$alternative
  levels <- as.numeric(strsplit(as.character(row$levels), " ")[[1]])
  result <- switch(row$method,
    "conditional-mean" = , "two-means" = , locf = , bocf = , "worst-case" = , bayes = , "approximate-bayes" = imputed_result(row),
    # Where all differences are equal there is no test, and splitknee refuses it.
    "paired-t" = if (constant(d)) answer() else paired_t(pair$active, pair$placebo, level, side),
    "second-opinion" = second_opinion(row, pair, level, side),
    wilcoxon = signed_rank(d, if (is.na(row$zeros)) "wilcoxon" else row$zeros, level, side),
    sign = sign_test(d, level, side),
    permutation = {
      found <- sign_flip(d, side)
      if (is.null(found)) skip("too many sign patterns to count in base R") else found
    },
    bootstrap = if (is.na(row$std_error)) skip("refused: too few pairs for a bootstrap to decide; splitknee gives no interval")
                else bootstrap_mean(d, level, side),
    "trimmed-t" = yuen_paired(pair$active, pair$placebo, level = level, alternative = side),
    "non-inferiority" = non_inferiority(pair$active, pair$placebo, row$margin, row$better, level),
    tost = tost(pair$active, pair$placebo, row$low, row$high, level),
    "shapiro-wilk" = shapiro_wilk(d),
    "effect-size" = effect_size(pair$active, pair$placebo, level, side),
    correlation = correlation(pair$active, pair$placebo, level, side),
    pairing = replace(correlation(pair$active, pair$placebo, level), c("statistic", "df", "p_value"), NA),
    "pitman-morgan" = pitman_morgan(pair$active, pair$placebo, level, side),
    "bland-altman" = paired_t(pair$active, pair$placebo, level, side),
    icc = icc_agreement(pair$active, pair$placebo, level),
    concordance = concordance(pair$active, pair$placebo, level, side),
    kappa = kappa_pairs(pair$active, pair$placebo, levels, row$weights, level),
    mcnemar = mcnemar_pairs(pair$active, pair$placebo, level, side),
    "stuart-maxwell" = stuart_maxwell(pair$active, pair$placebo, levels),
    bhapkar = stuart_maxwell(pair$active, pair$placebo, levels, bhapkar = TRUE),
    "marginal-mean-scores" = mean_scores(pair$active, pair$placebo, level, side),
    "marginal-mean-ranks" = mean_ranks(pair$active, pair$placebo, level, side),
    "proportional-odds" = proportional_odds(pair$active, pair$placebo, level, side),
    bowker = bowker(pair$active, pair$placebo, levels),
    "win-odds" = win_odds(pair$active, pair$placebo, row$better, level, side),
    ancova = {
      known <- !is.na(pair$base_active) & !is.na(pair$base_placebo)
      ancova_pairs(pair$active[known], pair$placebo[known], pair$base_active[known], pair$base_placebo[known], level, side)
    },
    descriptive = describe(row, d),
    "kaplan-meier" = kaplan_meier(times_at(row$endpoint, row$set), row$arm, level),
    "first-event" = first_event(times_at(row$endpoint, row$set), level, side),
    "stratified-log-rank" = stratified_log_rank(times_at(row$endpoint, row$set), side),
    "stratified-cox" = stratified_cox(times_at(row$endpoint, row$set), level, side),
    "marginal-cox" = marginal_cox(times_at(row$endpoint, row$set), level, side),
    rmst = if (is.na(row$estimate)) skip("there is no horizon that both arms reach: there is no result to compare")
           else rmst_pairs(times_at(row$endpoint, row$set), further_of(row)[["tau"]], level, side),
    `survival-difference` =
      if (is.na(row$estimate)) skip("observation of an arm ends before this time: there is no result to compare")
      else survival_difference(times_at(row$endpoint, row$set), further_of(row)[["time"]], level, side),
    "prentice-wilcoxon" = , akritas = skip("its pooled scores are not recomputed in base R"),
    "paired-table" = cells_of(pair$active, pair$placebo, levels),
    "shift-table" = shifts_of(row, levels),
    counts = counted(row),
    "baseline-difference" = replace(mean_with_limits(d, level), c("std_error", "df"), NA),
    "meta-analysis" = replace(mean_with_limits(d, level), if (constant(d)) c("df", "conf_low", "conf_high"), NA),
    "side-effect" = replace(side_effect(d, active_on(pair$patient, if (endsWith(row$id, "dominance")) "dominant" else "right"), level),
                            if (constant(d)) c("statistic", "p_value"), NA),
    responder = {
      knees <- before_and_after(row$endpoint, row$visit_number, row$set)
      compare_yes(responders(knees$active, row$better, row$threshold, row$threshold_kind),
                  responders(knees$placebo, row$better, row$threshold, row$threshold_kind), level, side)
    },
    "omeract-oarsi" = compare_yes(omeract_oarsi(row$visit_number, row$set, "active"),
                                  omeract_oarsi(row$visit_number, row$set, "placebo"), level, side),
    friedman = , "cochran-q" = rank_visits(row),
    "rm-anova" = rm_anova(row),
    "sample-size" = sample_size(pair, further_of(row), side),
    subgroup = subgroup_test(pair, row$factor, row$cuts, row$group, level, side, "rate_ratio" %in% names(further_of(row))),
    "subgroup-interaction" = subgroup_interaction(pair, row$factor, row$cuts, "cochran_q" %in% names(further_of(row))),
    "mixed-model" = , mmrm = , "mmrm-difference" = , clda = , "complete-pairs" = linear_record(row),
    "ls-mean" = ls_mean_record(row),
    "ordinal-mixed" = , "logistic-mixed" = , gee = , "gee-negative-binomial" = , "poisson-mixed" = ,
    "negative-binomial-mixed" = generalised_record(row),
    "paired-counts" = exact_counts(pair, level, side),
    "rate-ratio" = rate_ratio(pair, level, side),
    incidence = , "event-comparison" = adverse_events(row),
    multiplicity = multiplicity_record(row),
    "carry-across" = {
      of <- expected[match(row$of, expected$id), ]
      answer(of$estimate, NA, NA, NA, NA, of$conf_low, of$conf_high)
    })
  if (is.null(result)) skip("this record holds a list or counts, not a comparison") else carried_back(row, result)
}

# The second opinion is the deciding record by another route: recomputed as that record is.
second_opinion <- function(row, pair, level, side) {
  if (row$route == "paired-t") return(paired_t(pair$active, pair$placebo, level, side))
  if (row$agrees != "true") return(skip("the second opinion differs from the deciding record; its notes say in what and why"))
  found <- recompute(expected[match(row$of, expected$id), ])
  if (is.list(found)) return(found)
  # What the other route does not give is not compared.
  for (field in intersect(names(found), names(row))) if (is.na(row[[field]])) found[[field]] <- NA
  found
}

# Mean with its t interval of an arm, of the difference, or of a patient-level column (which patients.csv does not hold).
describe <- function(row, d) {
  if (!row$endpoint %in% data$endpoint) return(skip("a patient-level characteristic; its column is not exported"))
  if (is.na(row$arm)) return(described(d, row$conf_level))
  x <- values_at(row$endpoint, row$visit, row$set, row$arm, row$measure)
  levels <- as.numeric(strsplit(as.character(row$levels), " ")[[1]])
  grades <- vapply(levels, function(level) sum(x == level), 0)
  found <- c(described(x, row$conf_level), stats::setNames(grades, paste0("n_", seq_along(grades))))
  rows <- rows_at(row$endpoint, row$visit, row$set)
  exposures <- rows$exposure[rows$arm == row$arm]
  exposure <- sum(exposures)
  found <- c(found, total_count = sum(x), total_exposure = exposure, rate = sum(x) / exposure)
  if (length(exposures) == length(x)) found["mean_rate"] <- mean(x / exposures)
  found
}

# The one-sided p-value that the difference of a deciding result lies beyond `edge` towards `side` (1 or -1): from estimate
# and standard error, or by its test on the differences less `edge`.
p_beyond <- function(of, edge, side) {
  if (!of$method %in% c("wilcoxon", "sign", "permutation", "bootstrap")) {
    t <- side * (of$estimate - edge) / of$std_error
    return(if (is.na(of$df)) pnorm(t, lower.tail = FALSE) else pt(t, of$df, lower.tail = FALSE))
  }
  pair <- pairs_at(of$endpoint, of$visit, of$set, of$measure)
  d <- minus(minus(pair$active, pair$placebo), edge)
  alternative <- if (side > 0) "greater" else "less"
  found <- switch(of$method,
    wilcoxon = signed_rank(d, if (is.na(of$zeros)) "wilcoxon" else of$zeros, of$conf_level, alternative),
    sign = sign_test(d, of$conf_level, alternative),
    permutation = sign_flip(d, alternative))
  if (is.null(found)) NA else found[["p_value"]]
}

# The p-value with which a hypothesis enters its procedure: that of the difference, or that against the margin.
entered_p <- function(row) {
  if (!is.na(row$p_repeated)) return(row$p_repeated)
  of <- expected[match(row$of, expected$id), ]
  if (!row$objective %in% c("non-inferiority", "equivalence")) return(of$p_value)
  benefit <- if (of$better == "lower") -1 else 1
  p <- p_beyond(of, -benefit * row$margin, benefit)
  if (row$objective == "equivalence") p <- max(p, p_beyond(of, benefit * row$margin, -benefit))
  if (is.na(p)) row$p_value else min(1, p * if (of$alternative == "two-sided") 2 else 1)
}

# Each family is adjusted on its own, by its own procedure.
multiplicity_record <- function(row) {
  family <- expected[expected$method == "multiplicity" & expected$family %in% row$family, ]
  family <- family[order(as.numeric(family$position)), ]
  of <- match(family$of, expected$id)
  p <- vapply(seq_len(nrow(family)), function(at) entered_p(family[at, ]), 0)
  p[is.na(p)] <- 1
  adjusted <- adjusted_p(p, row$procedure)
  rejected <- adjusted <= as.numeric(plan$alpha) * (1 + 1e-12)
  # Co-primary endpoints must all point the same way.
  if (row$procedure == "co-primary") {
    towards <- expected$estimate[of] * ifelse(expected$better[of] == "lower", -1, 1) > 0
    rejected <- rejected & !anyNA(towards) & length(unique(towards)) == 1
  }
  at <- match(row$id, family$id)
  result <- answer(p_value = if (is.na(row$p_value)) NA else p[at])
  c(result, p_adjusted = adjusted[at], rejected = as.numeric(rejected[at]))
}

# Models are fitted once for all their visits.
fitted <- new.env()
fit_once <- function(row, fit) {
  at <- if (of_one_visit(row)) row$visit_number else ""
  key <- paste(row$endpoint, row$set, row$measure, row$formula, row$method, at, sep = "\r")
  if (is.null(fitted[[key]])) {
    fitted[[key]] <- tryCatch(fit(), error = function(e) e)
  }
  if (inherits(fitted[[key]], "error")) stop(fitted[[key]])
  fitted[[key]]
}
# The pair model of each visit alone, where patients are too few for all visits together.
of_one_visit <- function(row) {
  row$rule %in% "pair-each-visit" || row$method %in% c("gee", "gee-negative-binomial") && !grepl("visit", row$formula)
}
visits_of <- function(row) {
  if (of_one_visit(row)) return(row$visit_number)
  unique(expected$visit_number[expected$endpoint %in% row$endpoint & expected$method == row$method & expected$set == row$set])
}

# The model of complete pairs is that of the record it names, on fewer rows.
linear_fit <- function(row) {
  visits <- visits_of(row)
  pairs_only <- row$method == "complete-pairs"
  method <- if (pairs_only) expected$method[match(row$of, expected$id)] else row$method
  if (method == "clda") visits <- c(as.numeric(plan$baseline_visit), visits)
  fit_once(row, function() linear_model(row$endpoint, row$set, row$measure, row$formula, visits, method, pairs_only, row$log_lik))
}

# R's search climbs from several starts where it ends below splitknee's likelihood. Where it still does, the two are not
# at one optimum and their estimates say nothing about each other: the likelihoods are printed, nothing is passed.
ends_below <- function(model, of) {
  ours <- as.numeric(of$log_lik)
  if (is.na(ours) || model$fit$log_lik >= ours - tolerance("mmrm") * max(1, abs(ours))) return(NULL)
  skip(sprintf("R's search ended at a lower likelihood: log_lik %.10g, splitknee %.10g", model$fit$log_lik, ours))
}

linear_record <- function(row) {
  if (is.na(row$formula)) return(skip("no structure could be fitted: there is no result to compare"))
  model <- linear_fit(row)
  below <- ends_below(model, row)
  if (!is.null(below)) return(below)
  l <- ls_difference(model, row$visit_number)
  if (is.null(l)) return(skip("nothing was observed at this visit"))
  if (!estimable(model, l)) return(c(answer(), log_lik = model$fit$log_lik))
  result <- reml_contrast(model$fit, l, row$ddf, row$information, row$conf_level, row$alternative)
  c(result, log_lik = model$fit$log_lik)
}

# LS means stand on the model of the record that they name.
ls_mean_record <- function(row) {
  of <- expected[expected$method == row$model & expected$endpoint == row$endpoint & expected$set == row$set & expected$visit == row$visit, ][1, ]
  model <- linear_fit(as.list(of))
  below <- ends_below(model, of)
  if (!is.null(below)) return(below)
  l <- ls_weights(model, row$arm, row$visit_number, row$weights)
  if (!estimable(model, l)) return(answer())
  replace(reml_contrast(model$fit, l, of$ddf, of$information, row$conf_level), c("statistic", "p_value"), NA)
}

generalised_record <- function(row) {
  if (is.na(row$formula)) return(skip("the model could not be fitted: there is no result to compare"))
  cumulative <- row$method == "ordinal-mixed"
  if (row$method %in% c("gee", "gee-negative-binomial")) {
    model <- fit_once(row, function() {
      estimating_equations(row$endpoint, row$set, row$formula, visits_of(row), row$family, as.numeric(row$dispersion))
    })
    # By t with patients - coefficients degrees of freedom; yes and no by the normal distribution.
    df <- if (row$family != "binomial") length(unique(model$rows$patient)) - ncol(model$fit$x) else Inf
    return(wald_difference(model, row$visit_number, row$conf_level, row$alternative, df))
  }
  if (!is.na(row$points) && row$points == "1") return(skip("a Laplace approximation; verify.R integrates exactly"))
  family <- if (cumulative) "cumulative" else if (is.na(row$family)) "binomial" else row$family
  model <- fit_once(row, function() generalised_mixed(row$endpoint, row$set, row$formula, visits_of(row), family))
  if (inherits(model, "skip")) return(model)
  c(wald_difference(model, row$visit_number, row$conf_level, row$alternative), log_lik = model$log_lik)
}

## ---- Second programs -----------------------------------------------------------------------------------------------

# The same model by a package, where it is installed and can state it: a named list of its answers, or a reason.
by_another_program <- function(row) {
  if (row$method == "gee" && row$family %in% "poisson") {
    if (!requireNamespace("geepack", quietly = TRUE)) return(skip("package geepack is not installed"))
    model <- fit_once(row, function() stop("not fitted"))
    rows <- order(model$rows$patient)
    frame <- data.frame(y = model$rows$value, patient = as.integer(factor(model$rows$patient)), offset = model$offset)[rows, ]
    frame$x <- model$fit$x[rows, , drop = FALSE]
    other <- model
    other$fit$beta <- coef(geepack::geeglm(y ~ x - 1 + offset(offset), family = poisson, data = frame, id = patient,
      corstr = "exchangeable", control = geepack::geese.control(epsilon = 1e-12, maxit = 200)))
    result <- wald_difference(other, row$visit_number, row$conf_level, row$alternative)
    return(list(package = "geepack", values = result["estimate"], tolerance = 1e-6))
  }
  if (row$method %in% c("logistic-mixed", "ordinal-mixed") && !grepl("patient:knee", row$formula)) {
    cumulative <- row$method == "ordinal-mixed"
    package <- if (cumulative) "ordinal" else "lme4"
    model <- fit_once(row, function() stop("not fitted"))
    if (inherits(model, "skip")) return(NULL)
    found <- by_package(model, cumulative, as.numeric(row$points))
    if (is.null(found)) return(skip("package ", package, " is not installed"))
    other <- model
    keep <- colnames(model$fit$x) != "(Intercept)"
    other$fit$beta[keep] <- if (cumulative) found$beta else found$beta[-1]
    other$fit$vcov[keep, keep] <- if (cumulative) found$vcov else found$vcov[-1, -1]
    result <- wald_difference(other, row$visit_number, row$conf_level, row$alternative)
    return(list(package = package, values = result[c("estimate", "std_error")], tolerance = 2e-3))
  }
  if (!row$method %in% c("mixed-model", "mmrm", "mmrm-difference", "clda")) return(NULL)
  model <- linear_fit(row)
  l <- ls_difference(model, row$visit_number)
  if (is.null(l) || !estimable(model, l)) return(NULL)
  x <- model$fit$x
  frame <- data.frame(y = model$rows[[parts_of(row$formula)$outcome]], patient = factor(model$rows$patient),
                      knee = model$rows$treatment, visit = model$rows$visit)
  frame$cell <- interaction(frame$knee, frame$visit, drop = TRUE)
  frame$x <- x
  covariance <- gsub(" ", "", parts_of(row$formula)$covariance)
  if (startsWith(covariance, "(1|patient)")) {
    if (!requireNamespace("lme4", quietly = TRUE)) return(skip("package lme4 is not installed"))
    control <- lme4::lmerControl(optimizer = "bobyqa", calc.derivs = FALSE, check.conv.singular = "ignore",
                                 optCtrl = list(rhoend = 1e-10, maxfun = 1e6))
    fit <- suppressMessages(lme4::lmer(as.formula(paste("y ~ x - 1 +", covariance)), frame, control = control))
    return(list(package = "lme4", tolerance = 1e-4,
                values = c(estimate = sum(l * lme4::fixef(fit)), log_lik = as.numeric(logLik(fit)))))
  }
  at <- switch(covariance, "us(knee|patient)" = "knee", "us(cell|patient)" = "cell", "us(visit|patient)" = "visit",
               "csh(visit|patient)" = "visit", "cs(visit|patient)" = "visit", "cs(treatment|patient)" = "knee", NULL)
  if (is.null(at)) return(NULL)
  if (!requireNamespace("nlme", quietly = TRUE)) return(skip("package nlme is not installed"))
  frame <- frame[order(frame$patient, frame[[at]]), ]
  frame$place <- as.integer(frame[[at]])
  form <- ~ place | patient
  correlation <- if (startsWith(covariance, "us")) nlme::corSymm(form = form) else nlme::corCompSymm(form = ~ 1 | patient)
  weights <- if (!startsWith(covariance, "cs(")) nlme::varIdent(form = as.formula(paste("~ 1 |", at)))
  fit <- nlme::gls(y ~ x - 1, frame, correlation = correlation, weights = weights, method = "REML",
                   control = nlme::glsControl(maxIter = 200, msMaxIter = 500, tolerance = 1e-8, msTol = 1e-10, opt = "optim"))
  # nlme starts once; an optimum below ours is another one.
  lower <- as.numeric(logLik(fit)) < row$log_lik - 1e-3 * max(1, abs(row$log_lik))
  if (isTRUE(lower)) return(skip(sprintf("nlme's search ended at a lower likelihood: log_lik %.10g", as.numeric(logLik(fit)))))
  list(package = "nlme", tolerance = 1e-3,
       values = c(estimate = sum(l * coef(fit)), log_lik = as.numeric(logLik(fit))))
}

## ---- Comparison ----------------------------------------------------------------------------------------------------

# Closed forms agree to rounding; limits found by root finding, model fits and integrals to the digits their algorithms
# give; a bootstrap with other random numbers to its Monte Carlo error (in standard errors of the estimate).
tolerance <- function(method) switch(method,
  "mixed-model" = , mmrm = , "mmrm-difference" = , clda = , "complete-pairs" = , "ls-mean" = , "second-opinion" = , "conditional-mean" = 1e-6,
  "ordinal-mixed" = , "logistic-mixed" = , "poisson-mixed" = , "negative-binomial-mixed" = 1e-4,
  "win-odds" = , gee = , "gee-negative-binomial" = , "paired-counts" = , "rate-ratio" = , "effect-size" = , "marginal-cox" = 1e-8, 1e-9)

close_to <- function(ours, theirs, tolerance) {
  if (is.na(ours) || is.na(theirs)) return(is.na(ours) && is.na(theirs))
  abs(ours - theirs) <= tolerance * max(1e-6, abs(ours), abs(theirs)) || abs(ours - theirs) < 1e-12
}

# Numbers of records without an estimate, under their names.
further_of <- function(row) {
  if (is.na(row$further)) return(numeric())
  parts <- strsplit(strsplit(row$further, " ", fixed = TRUE)[[1]], "=", fixed = TRUE)
  stats::setNames(as.numeric(vapply(parts, `[`, "", 2)), vapply(parts, `[`, "", 1))
}

fields <- c("estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high", "log_lik", "p_adjusted", "rejected")
counts <- c(PASS = 0, FAIL = 0, SKIP = 0)

report <- function(verdict, id, text) {
  counts[verdict] <<- counts[verdict] + 1
  cat(verdict, id, text, "\n")
}

# Fields on the scale of the outcome.
places <- c("estimate", "conf_low", "conf_high", "mean", "median", "q1", "q3", "min", "max")

compare <- function(row, field, theirs, tolerance, program = "R", within = NULL) {
  ours <- row[[field]]
  if (row$method == "bootstrap" && field != "estimate" && !is.na(ours)) {
    passed <- abs(ours - theirs) <= 0.2 * row$std_error ||
      !is.null(within) && ours >= within[1] - 1e-9 && ours <= within[2] + 1e-9
  } else if (field == "log_lik") {
    passed <- abs(ours - theirs) <= tolerance * max(1, abs(ours))
  } else if (field %in% places && !is.na(ours) && !is.na(theirs)) {
    # Near 0 the standard error is the scale: there the digits of a difference are those of the values it is taken from.
    passed <- close_to(ours, theirs, tolerance) || isTRUE(abs(ours - theirs) <= tolerance * row$std_error)
  } else {
    passed <- close_to(ours, theirs, tolerance)
  }
  report(if (isTRUE(passed)) "PASS" else "FAIL", row$id, sprintf("%s splitknee=%.10g %s=%.10g", field, ours, program, theirs))
}

check <- function(row) {
  further <- further_of(row)
  given <- c(unlist(row[fields]), further)
  if (all(is.na(given))) return(report("SKIP", row$id, "(no number to compare)"))
  theirs <- tryCatch(suppressWarnings(recompute(row)), error = function(e) e)
  if (inherits(theirs, "error")) return(report("FAIL", row$id, paste("R could not compute it:", conditionMessage(theirs))))
  if (inherits(theirs, "skip")) return(report("SKIP", row$id, paste0("(", theirs$reason, ")")))
  row[names(further)] <- further
  for (field in intersect(c(fields, names(further)), names(theirs))) {
    if (is.nan(theirs[[field]]) && !is.na(row[[field]])) {
      report("SKIP", row$id, paste0("(", field, ": beyond the reach of base R's distributions)"))
      next
    }
    if (is.na(row[[field]]) && is.na(theirs[[field]])) next
    # Without residual variance R's statistic is infinite; splitknee gives no number.
    if (is.na(row[[field]]) && field %in% c("statistic", "p_value") && isTRUE(is.infinite(theirs[["statistic"]]))) next
    # Of a permutation test the limits are not recomputed.
    if (row$method == "permutation" && (startsWith(field, "conf_") || field %in% c("ratio_low", "ratio_high"))) next
    if (field == "p_adjusted" && row$method != "multiplicity") next
    compare(row, field, theirs[[field]], tolerance(row$method), within = attr(theirs, "within")[[field]])
  }
  if (row$role %in% c("primary", "secondary")) {
    other <- tryCatch(suppressWarnings(by_another_program(row)), error = function(e) skip("another program failed: ", conditionMessage(e)))
    if (inherits(other, "skip")) report("SKIP", row$id, paste0("(", other$reason, ")"))
    if (is.list(other) && !inherits(other, "skip")) {
      for (field in names(other$values)) compare(row, field, other$values[[field]], other$tolerance, other$package)
    }
  }
}

numbers <- c("visit_number", "low", "high", "margin", "threshold", "conf_level", "n_pairs", "estimate", "std_error", "statistic",
             "df", "p_value", "conf_low", "conf_high", "log_lik", "p_adjusted", "p_repeated")
expected <- read("expected.csv", numbers)
expected$rejected <- as.numeric(expected$rejected == "true")

# One record by its identifier, after source("verify.R"): R's answer.
record <- function(id) recompute(as.list(expected[match(id, expected$id), ]))

if (sys.nframe() == 0) {
  for (i in seq_len(nrow(expected))) check(as.list(expected[i, ]))
  cat(sprintf("%d PASS, %d FAIL, %d SKIP\n", counts[["PASS"]], counts[["FAIL"]], counts[["SKIP"]]))
  quit(status = if (counts[["FAIL"]] > 0) 1 else 0)
}
