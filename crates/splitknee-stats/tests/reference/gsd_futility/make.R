# Futility bounds by multivariate normal probabilities (mvtnorm, TVPACK), not by the recursion that splitknee uses.
#   Rscript make.R > expected.json
library(mvtnorm)
library(jsonlite)
spent <- function(f, par, t, a) switch(f,
  of = 2 - 2 * pnorm(qnorm(1 - a / 2) / sqrt(t)),
  pocock = a * log(1 + (exp(1) - 1) * t),
  hsd = a * (1 - exp(-par * t)) / (1 - exp(-par)),
  kd = a * t^par)
# P(lower < Z < upper) of standard normals with this correlation, by corners: TVPACK takes one-sided regions only
corners <- function(lower, upper, corr) {
  k <- length(lower)
  if (k == 1) return(pnorm(upper) - pnorm(lower))
  total <- 0
  for (m in 0:(2^k - 1)) {
    low <- bitwAnd(m, 2^(0:(k - 1))) > 0
    at <- ifelse(low, lower, upper)
    if (any(at == -Inf)) next
    keep <- at < Inf
    p <- if (!any(keep)) 1 else if (sum(keep) == 1) pnorm(at[keep]) else
      as.numeric(pmvnorm(upper = at[keep], corr = corr[keep, keep], algorithm = TVPACK(abseps = 1e-13)))
    total <- total + (-1)^sum(low) * p
  }
  total
}
# P(lower < Z < upper) with Z_k ~ N(drift sqrt(t_k), 1), corr sqrt(t_i / t_j)
box <- function(t, lower, upper, drift)
  corners(lower - drift * sqrt(t), upper - drift * sqrt(t), outer(t, t, function(a, b) sqrt(pmin(a, b) / pmax(a, b))))
root <- function(f, low, high) uniroot(f, c(low, high), tol = 1e-12)$root
# `rule` list(kind = "spending", f, par, binding) or list(kind = "cp", threshold, under)
bounds <- function(t, alpha, sides, f, par, rule, drift, beta) {
  k <- length(t); a <- alpha / sides; up <- numeric(k); fut <- rep(-Inf, k); low <- rep(-Inf, k)
  binding <- isTRUE(rule$binding)
  for (i in seq_len(k)) {
    before <- if (i == 1) 0 else spent(f, par, t[i - 1], a)
    now <- spent(f, par, t[i], a) - before
    stay <- function(b) {   # null: stays until i - 1, then above b
      j <- seq_len(i - 1)
      l <- if (binding) fut[j] else if (sides == 2) -up[j] else rep(-Inf, i - 1)
      box(t[1:i], c(l, b), c(up[j], Inf), 0) - now
    }
    up[i] <- root(stay, 0.5, 8)
    if (rule$kind == "spending" && i < k) {
      before <- if (i == 1) 0 else spent(rule$f, rule$par, t[i - 1], beta)
      now <- spent(rule$f, rule$par, t[i], beta) - before
      j <- seq_len(i - 1)
      l <- pmax(fut[j], if (sides == 2) -up[j] else -Inf)
      fut[i] <- root(function(x) box(t[1:i], c(l, -Inf), c(up[j], x), drift) - now, -8, up[i])
    }
  }
  if (rule$kind == "cp") for (i in seq_len(k - 1)) {
    rest <- (i + 1):k
    later <- function(z) {    # P(cross an upper bound later | Z_i = z)
      theta <- if (rule$under == "planned") drift else z / sqrt(t[i])
      total <- 0
      for (m in rest) {
        j <- rest[rest <= m]
        mean <- (z * sqrt(t[i]) + theta * (t[j] - t[i])) / sqrt(t[j]); sd <- sqrt((t[j] - t[i]) / t[j])
        s <- outer(t[j], t[j], function(x, y) (pmin(x, y) - t[i]) / sqrt(x * y)); s <- s / outer(sd, sd)
        l <- c(if (length(j) > 1) (if (sides == 2) -up[j[-length(j)]] else rep(-Inf, length(j) - 1)), up[m])
        u <- c(if (length(j) > 1) up[j[-length(j)]], Inf)
        total <- total + corners((l - mean) / sd, (u - mean) / sd, s)
      }
      total - rule$threshold
    }
    fut[i] <- root(later, -6, up[i])
  }
  low <- pmax(fut, if (sides == 2) -up else -Inf)
  list(up = up, fut = fut[-k], low = low)
}
ends <- function(t, b, drift, sides) {
  k <- length(t); up <- lo <- fu <- numeric(k)
  for (i in seq_len(k)) {
    j <- seq_len(i - 1)
    up[i] <- box(t[1:i], c(b$low[j], b$up[i]), c(b$up[j], Inf), drift)
    lo[i] <- if (sides == 2) box(t[1:i], c(b$low[j], -Inf), c(b$up[j], -b$up[i]), drift) else 0
    fu[i] <- if (i < k) box(t[1:i], c(b$low[j], -Inf), c(b$up[j], b$low[i]), drift) - lo[i] else 0
  }
  list(up = up, lo = lo, fu = fu)
}
cases <- list(
  list(id = "hsd_non_binding", t = c(1/3, 2/3, 1), alpha = 0.025, sides = 1, f = "hsd", par = -4, power = 0.9,
       rule = list(kind = "spending", f = "hsd", par = -2, binding = FALSE)),
  list(id = "hsd_binding", t = c(1/3, 2/3, 1), alpha = 0.025, sides = 1, f = "hsd", par = -4, power = 0.9,
       rule = list(kind = "spending", f = "hsd", par = -2, binding = TRUE)),
  list(id = "of_two_sided", t = c(0.3, 0.7, 1), alpha = 0.05, sides = 2, f = "of", par = 0, power = 0.9,
       rule = list(kind = "spending", f = "of", par = 0, binding = FALSE)),
  list(id = "of_pocock_binding", t = c(0.5, 1), alpha = 0.05, sides = 1, f = "of", par = 0, power = 0.8,
       rule = list(kind = "spending", f = "pocock", par = 0, binding = TRUE)),
  list(id = "conditional_planned", t = c(1/3, 2/3, 1), alpha = 0.05, sides = 2, f = "of", par = 0, power = 0.9,
       rule = list(kind = "cp", threshold = 0.2, under = "planned")),
  list(id = "conditional_trend", t = c(1/3, 2/3, 1), alpha = 0.05, sides = 2, f = "of", par = 0, power = 0.9,
       rule = list(kind = "cp", threshold = 0.1, under = "trend")))
results <- lapply(cases, function(c) {
  beta <- 1 - c$power
  at <- function(drift) bounds(c$t, c$alpha, c$sides, c$f, c$par, c$rule, drift, beta)
  gap <- function(drift) sum(ends(c$t, at(drift), drift, c$sides)$up) - c$power
  drift <- uniroot(gap, c(2.3, 3.8), tol = 1e-11)$root
  b <- at(drift); e1 <- ends(c$t, b, drift, c$sides); e0 <- ends(c$t, b, 0, c$sides)
  list(id = c$id, package = "mvtnorm", version = as.character(packageVersion("mvtnorm")),
       call = "uniroot over pmvnorm(algorithm = TVPACK(abseps = 1e-13)); make.R",
       values = list(information = c$t, alpha = c$alpha, sides = c$sides, spending = c$f, parameter = c$par, power = c$power,
         rule = c$rule, drift = drift, inflation = (drift / (qnorm(1 - c$alpha / c$sides) + qnorm(c$power)))^2,
         efficacy = b$up, futility = b$fut, stop_efficacy_h1 = e1$up, stop_futility_h1 = e1$fu, stop_efficacy_h0 = e0$up,
         stop_futility_h0 = e0$fu, rejection_h0 = sum(e0$up + e0$lo)))
})
cat(toJSON(list(case = "gsd_futility", description = "futility bounds by spending of beta (binding and not) and by conditional power",
  packages = list(base = as.character(getRversion()), mvtnorm = as.character(packageVersion("mvtnorm"))),
  tolerances = list(all = "1e-7"), results = results), auto_unbox = TRUE, digits = NA, pretty = TRUE), "\n")
