# Figures of paired statistics that the other cases do not have: limits by inverting the test, marginal proportional odds.
# Run in this folder: Rscript make.R  (writes data.csv and expected.json)
suppressMessages({library(geepack); library(ordinal); library(jsonlite)})
set.seed(856)
n <- 24
level <- rnorm(n, 50, 12)
d <- data.frame(pair_id = seq_len(n), treated = round(level + rnorm(n, -4, 9), 2), control = round(level + rnorm(n, 0, 6), 2))
grade <- function(shift) findInterval(level / 12 + rnorm(n) + shift, c(3.5, 4.3, 5.2))
d$grade_treated <- grade(-0.5)
d$grade_control <- grade(0)
write.csv(d, "data.csv", row.names = FALSE, quote = FALSE)
x <- d$treated; y <- d$control

results <- list()
add <- function(id, package, call, values, note = NULL)
  results[[length(results) + 1]] <<- list(id = id, package = package,
    version = as.character(packageVersion(package)), call = call, values = values, note = note)
root <- function(f, low, high) uniroot(f, c(low, high), tol = 1e-14, extendInt = "yes", maxiter = 10000)$root

# Pitman-Morgan: the variance ratios w that the test of x against sqrt(w) y does not reject.
pm <- function(w) { test <- cor.test(x + sqrt(w) * y, x - sqrt(w) * y); unname(test$statistic) }
for (side in c("two.sided", "less", "greater")) {
  q <- qt(if (side == "two.sided") 0.975 else 0.95, n - 2)
  low <- if (side == "less") 0 else exp(root(function(l) pm(exp(l)) - q, -3, 3))
  high <- if (side == "greater") NA else exp(root(function(l) pm(exp(l)) + q, -3, 3))
  add(paste0("pitman_morgan.", side), "stats", "cor.test(x + sqrt(w) * y, x - sqrt(w) * y): w at which t reaches its quantile",
      list(estimate = var(x) / var(y), p_value = cor.test(x + y, x - y, alternative = side)$p.value, conf_low = low, conf_high = high))
}
# Rank correlations: limits by Bonett & Wright (2000) and Fieller, Hartley & Pearson (1957).
limits <- function(r, se, level) { z <- qnorm(0.5 + level / 2); tanh(atanh(r) + c(-z, z) * se) }
for (level in c(0.9, 0.95)) {
  r <- cor(x, y, method = "spearman"); ci <- limits(r, sqrt((1 + r^2 / 2) / (n - 3)), level)
  add(paste0("spearman.", level), "stats", "tanh(atanh(r) +- z sqrt((1 + r^2 / 2) / (n - 3)))", list(estimate = r, conf_low = ci[1], conf_high = ci[2]))
  r <- cor(x, y, method = "kendall"); ci <- limits(r, sqrt(0.437 / (n - 4)), level)
  add(paste0("kendall.", level), "stats", "tanh(atanh(tau) +- z sqrt(0.437 / (n - 4)))", list(estimate = r, conf_low = ci[1], conf_high = ci[2]))
}
# Effect sizes: noncentralities that put t at the outer tails, in units of each standardiser.
diff <- x - y; t <- unname(t.test(diff)$statistic); nu <- n - 1
ncp <- function(p) root(function(ncp) pt(t, nu, ncp) - p, t - 5, t + 5)
scale <- c(dz = 1, dav = sd(diff) / mean(c(sd(x), sd(y))), dav_rms = sd(diff) / sqrt((var(x) + var(y)) / 2),
           drm = sqrt(2 * (1 - cor(x, y))), hedges_g = exp(lgamma(nu / 2) - log(nu / 2) / 2 - lgamma((nu - 1) / 2)))
for (side in c("two.sided", "less", "greater")) {
  tail <- if (side == "two.sided") 0.025 else 0.05
  values <- list()
  for (name in names(scale)) {
    values[[name]] <- unname(scale[name] * t / sqrt(n))
    values[[paste0(name, "_low")]] <- if (side == "less") NA else unname(scale[name] * ncp(1 - tail) / sqrt(n))
    values[[paste0(name, "_high")]] <- if (side == "greater") NA else unname(scale[name] * ncp(tail) / sqrt(n))
  }
  add(paste0("effect_size.", side), "stats", "pt(t, n - 1, ncp) = tail, by uniroot", values)
}
# Yuen's paired test (the formula of WRS2::yuend).
for (trim in c(0.1, 0.2, 0.25)) {
  g <- floor(trim * n); h <- n - 2 * g
  win <- function(v) { s <- sort(v); pmin(pmax(v, s[g + 1]), s[n - g]) }
  q <- function(a, b) (n - 1) * cov(win(a), win(b))
  se <- sqrt((q(x, x) + q(y, y) - 2 * q(x, y)) / (h * (h - 1)))
  est <- mean(x, trim = trim) - mean(y, trim = trim)
  add(paste0("trimmed_t.", trim), "stats", "mean(trim =), winsorised covariances",
      list(estimate = est, std_error = se, statistic = est / se, df = h - 1, p_value = 2 * pt(-abs(est / se), h - 1),
           conf_low = est - qt(0.975, h - 1) * se, conf_high = est + qt(0.975, h - 1) * se))
}
# Non-inferiority and one side of TOST.
for (margin in c(2, 10)) {
  lower <- t.test(x, y, paired = TRUE, alternative = "less", mu = margin, conf.level = 0.975)
  higher <- t.test(x, y, paired = TRUE, alternative = "greater", mu = -margin, conf.level = 0.975)
  add(paste0("non_inferiority.", margin), "stats", "t.test(paired = TRUE, mu = +-margin, conf.level = 0.975)",
      list(lower_p = lower$p.value, lower_limit = lower$conf.int[2], higher_p = higher$p.value, higher_limit = higher$conf.int[1]))
}
# Win odds: net benefit with the limits at which the score statistic of paired proportions reaches its quantile.
b <- sum(x < y - 3); c <- sum(x > y + 3)
tango <- function(delta) { # (b - c - n delta)^2 / (n (2 q + delta (1 - delta))), q the constrained estimate of P(worse)
  A <- 2 * n; B <- -b - c + (2 * n - b + c) * delta; C <- -c * delta * (1 - delta)
  q <- (sqrt(B^2 - 4 * A * C) - B) / (2 * A)
  (b - c - n * delta) / sqrt(n * (2 * q + delta * (1 - delta)))
}
lim <- c(root(function(v) tango(tanh(v)) - qnorm(0.975), -2, 2), root(function(v) tango(tanh(v)) + qnorm(0.975), -2, 2))
net <- tanh(lim)
add("win_odds", "stats", "Tango's score statistic inverted by uniroot; differences within 3 points count as equal",
    list(better = b, worse = c, equal = n - b - c, estimate = (1 + (b - c) / n) / (1 - (b - c) / n), conf_low = (1 + net[1]) / (1 - net[1]),
         conf_high = (1 + net[2]) / (1 - net[2]), net_low = net[1], net_high = net[2], p_value = binom.test(b, b + c)$p.value))
# Marginal proportional odds: independence estimating equations; Mancl & DeRouen's covariance by its definition.
long <- data.frame(id = rep(d$pair_id, 2), arm = rep(c(1, 0), each = n), g = c(d$grade_treated, d$grade_control))
long <- long[order(long$id), ]
long$grade <- ordered(long$g)
marginal <- function(id, long) {
  fit <- clm(grade ~ arm, data = long, control = clm.control(gradTol = 1e-9, maxIter = 500))
  b <- coef(fit); k <- nlevels(long$grade); cuts <- k - 1
  knee <- function(arm) {
    mu <- plogis(b[1:cuts] - arm * b[k]); s <- mu * (1 - mu)
    V <- outer(1:cuts, 1:cuts, function(i, j) mu[pmin(i, j)] * (1 - mu[pmax(i, j)]))
    list(mu = mu, D = cbind(diag(s, cuts), -arm * s), V = V)
  }
  k1 <- knee(1); k0 <- knee(0); Z <- matrix(0, cuts, cuts)
  D <- rbind(k0$D, k1$D); V <- rbind(cbind(k0$V, Z), cbind(Z, k1$V)); W <- t(D) %*% solve(V)
  ids <- unique(long$id); A <- solve(length(ids) * W %*% D); H <- D %*% A %*% W
  meat <- function(M) Reduce(`+`, lapply(ids, function(i) {
    r <- c((long$g[long$id == i & long$arm == 0] <= seq_len(cuts) - 1 + min(long$g)) - k0$mu,
           (long$g[long$id == i & long$arm == 1] <= seq_len(cuts) - 1 + min(long$g)) - k1$mu)
    u <- W %*% M %*% r; u %*% t(u)
  }))
  se <- function(M) sqrt((A %*% meat(M) %*% A)[k, k])
  md <- se(solve(diag(2 * cuts) - H))
  # With more than two grades ordgee of this version does not solve its own equations (clm and polr agree, it differs).
  if (k == 2) {
    geepack <- summary(ordgee(grade ~ arm, id = long$id, data = long, corstr = "independence", control = geese.control(epsilon = 1e-14, maxit = 200)))$mean
    add(paste0(id, ".ordgee"), "geepack", "ordgee(grade ~ arm, id, corstr = 'independence', control = geese.control(epsilon = 1e-14))",
        list(estimate = geepack["arm", "estimate"], std_error = geepack["arm", "san.se"]))
  }
  add(paste0(id, ".clm"), "ordinal", "clm(grade ~ arm); sandwich with the patient as cluster, and Mancl & DeRouen's, by their definitions",
      list(estimate = unname(b[k]), thresholds = unname(b[1:cuts]), std_error_classical = se(diag(2 * cuts)), std_error = md,
           p_value = 2 * pnorm(-abs(b[[k]] / md)), conf_low = b[[k]] - qnorm(0.975) * md, conf_high = b[[k]] + qnorm(0.975) * md))
}
marginal("grades", long)
binary <- long; binary$g <- as.integer(long$g >= 2); binary$grade <- ordered(binary$g)
marginal("dichotomy", binary)
vision <- read.csv("../marginal_vision/data.csv")
each <- vision[rep(seq_len(nrow(vision)), vision$freq), ]
wide <- data.frame(id = rep(seq_len(nrow(each)), 2), arm = rep(c(1, 0), each = nrow(each)), g = c(each$right_eye, each$left_eye))
wide <- wide[order(wide$id), ]; wide$grade <- ordered(wide$g)
marginal("vision", wide)

write(toJSON(list(case = "paired_further", description = "24 simulated pairs: limits by inverting the tests, marginal proportional odds",
                  packages = list(R = paste(R.version$major, R.version$minor, sep = ".")), results = results),
             auto_unbox = TRUE, digits = I(15), na = "null"), "expected.json")
