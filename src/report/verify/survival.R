# Time to an event, in base R; the median time of a curve by package survival, where it is installed.
# Ratios are hazard ratios, active to placebo, as logarithms; differences are active - placebo.

# The observed knees of an endpoint in a set: patient, arm, active (1/0), time, status (1 event, 0 censored).
times_at <- function(endpoint, set) {
  rows <- data[data$endpoint == endpoint & in_set(data, set) & !is.na(data$value), ]
  data.frame(patient = rows$patient, arm = rows$arm, active = rows$active, time = rows$value, status = rows$status)
}
compared <- function(d) d[!is.na(d$active), ]

# In how many pairs the event came first on active, on placebo, at one time; an event at the other's censoring came first.
firsts <- function(d) {
  d <- compared(d)
  both <- merge(d[d$active == 1, ], d[d$active == 0, ], by = "patient", suffixes = c("_a", "_p"))
  first <- function(t, s, other, s_other) s == 1 & (t < other | (t == other & s_other == 0))
  a <- first(both$time_a, both$status_a, both$time_p, both$status_p)
  p <- first(both$time_p, both$status_p, both$time_a, both$status_a)
  tied <- both$status_a == 1 & both$status_p == 1 & both$time_a == both$time_p
  list(active = sum(a), placebo = sum(p), tied = sum(tied), none = nrow(both) - sum(a) - sum(p) - sum(tied))
}
finite <- function(x) ifelse(is.finite(x), x, NA)

first_event <- function(d, level = 0.95, alternative = "two-sided") {
  f <- firsts(d)
  n <- f$active + f$placebo
  counted <- c(n_active_first = f$active, n_placebo_first = f$placebo, n_tied = f$tied, n_uninformative = f$none)
  if (n == 0) return(c(answer(), counted))
  test <- binom.test(f$active, n, conf.level = level, alternative = sub("two-sided", "two.sided", alternative))
  limits <- finite(log(test$conf.int / (1 - test$conf.int)))
  c(answer(finite(log(f$active / f$placebo)), NA, f$active, NA, test$p.value, limits[1], limits[2]), counted)
}

stratified_log_rank <- function(d, alternative = "two-sided") {
  f <- firsts(d)
  if (f$active + f$placebo == 0) return(answer())
  z <- (f$active - f$placebo) / sqrt(f$active + f$placebo)
  answer(NA, NA, z^2, 1, p_of(pnorm(z), pnorm(z, lower.tail = FALSE), alternative))
}

stratified_cox <- function(d, level = 0.95, alternative = "two-sided") {
  f <- firsts(d)
  if (f$active == 0 || f$placebo == 0) return(answer())
  t_answer(log(f$active / f$placebo), sqrt(1 / f$active + 1 / f$placebo), Inf, level, alternative)
}

# Cox regression on all knees: Efron's ties, the sandwich over patients with n/(n - 1), t on n - 1 degrees of freedom.
marginal_cox <- function(d, level = 0.95, alternative = "two-sided") {
  d <- compared(d)
  times <- sort(unique(d$time[d$status == 1]))
  x <- d$active
  # For every event of a time: the weights of those at risk and their mean covariate.
  walk <- function(beta, visit) for (t in times) {
    dead <- d$time == t & d$status == 1
    for (k in seq_len(sum(dead)) - 1) {
      w <- exp(beta * x) * ((d$time >= t) - k / sum(dead) * dead)
      visit(w / sum(w), sum(w * x) / sum(w), dead)
    }
  }
  score <- function(beta) {
    total <- 0
    walk(beta, function(w, mean, dead) total <<- total + sum(x[dead]) / sum(dead) - mean)
    total
  }
  if (length(times) == 0 || score(-20) * score(20) > 0) return(answer())
  beta <- uniroot(score, c(-20, 20), tol = 1e-13)$root
  information <- 0
  residual <- numeric(nrow(d))
  walk(beta, function(w, mean, dead) {
    information <<- information + mean * (1 - mean)
    residual <<- residual + dead / sum(dead) * (x - mean) - w * (x - mean)
  })
  by_patient <- rowsum(residual, d$patient)
  n <- nrow(by_patient)
  t_answer(beta, sqrt(n / (n - 1) * sum(by_patient^2)) / information, n - 1, level, alternative)
}

# The area under the Kaplan-Meier curve up to tau; NA where the arm ends censored before it.
restricted_mean <- function(time, status, tau) {
  if (length(time) == 0 || (max(time) < tau && any(status[time == max(time)] == 0))) return(NA)
  at <- sort(unique(time[status == 1 & time < tau]))
  surv <- cumprod(vapply(at, function(t) 1 - sum(time == t & status == 1) / sum(time >= t), 0))
  sum(diff(c(0, at, tau)) * c(1, surv))
}

# The share without the event at a time; NA where the arm ends censored before it.
share_at <- function(time, status, at) {
  if (length(time) == 0) return(NA)
  events <- sort(unique(time[status == 1 & time <= at]))
  surv <- prod(vapply(events, function(t) 1 - sum(time == t & status == 1) / sum(time >= t), 0))
  if (at > max(time) && surv > 0) NA else surv
}

survival_difference <- function(d, at, level = 0.95, alternative = "two-sided") {
  d <- compared(d)
  share_of <- function(d, active) with(d[d$active == active, ], share_at(time, status, at))
  difference <- function(d) share_of(d, 1) - share_of(d, 0)
  who <- unique(d$patient)
  n <- length(who)
  left <- vapply(who, function(one) difference(d[d$patient != one, ]), 0)
  error <- sqrt((n - 1) / n * sum((left - mean(left))^2))
  none <- is.na(error) || error == 0
  found <- if (none) answer(difference(d)) else t_answer(difference(d), error, n - 1, level, alternative)
  c(found, time = at, surv_active = share_of(d, 1), surv_placebo = share_of(d, 0))
}

rmst_pairs <- function(d, tau, level = 0.95, alternative = "two-sided") {
  d <- compared(d)
  mean_of <- function(d, active) with(d[d$active == active, ], restricted_mean(time, status, tau))
  difference <- function(d) mean_of(d, 1) - mean_of(d, 0)
  who <- unique(d$patient)
  n <- length(who)
  left <- vapply(who, function(one) difference(d[d$patient != one, ]), 0)
  error <- sqrt((n - 1) / n * sum((left - mean(left))^2))
  found <- if (is.na(error) || error == 0) answer(difference(d)) else t_answer(difference(d), error, n - 1, level, alternative)
  c(found, tau = tau, rmst_active = mean_of(d, 1), rmst_placebo = mean_of(d, 0))
}

# Median time with its log-log limits.
kaplan_meier <- function(d, arm, level = 0.95) {
  d <- d[d$arm == arm, ]
  if (!requireNamespace("survival", quietly = TRUE)) return(skip("package survival is not installed"))
  fit <- survival::survfit(survival::Surv(time, status) ~ 1, data = d, conf.type = "log-log", conf.int = level)
  at <- quantile(fit, 0.5)
  c(answer(at$quantile, conf_low = at$lower, conf_high = at$upper), n_events = sum(d$status), n_censored = sum(1 - d$status))
}
