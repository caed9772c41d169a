# Paired tests and descriptions, in base R. Every function takes the two knees of the complete pairs (or their
# differences) and returns answer(): estimate, std_error, statistic, df, p_value, conf_low, conf_high.
# `alternative` is about active - placebo; a one-sided interval is open on the other side (NA).

# a - b as decimal numbers: 7.3 - 5.2 is 2.1, without the noise of binary subtraction that would break ties.
minus <- function(a, b) {
  largest <- max(0, abs(as.numeric(c(a, b))), na.rm = TRUE)
  if (largest > 0) round(a - b, 12 - ceiling(log10(largest))) else a - b
}

answer <- function(estimate = NA, std_error = NA, statistic = NA, df = NA, p_value = NA,
                   conf_low = NA, conf_high = NA) {
  c(estimate = unname(estimate), std_error = unname(std_error), statistic = unname(statistic), df = unname(df),
    p_value = unname(p_value), conf_low = unname(conf_low), conf_high = unname(conf_high))
}

# What a confidence interval leaves out in one tail.
tail_of <- function(level, alternative) if (alternative == "two-sided") (1 - level) / 2 else 1 - level

# The limits that the alternative leaves.
sided <- function(low, high, alternative) {
  c(if (alternative == "less") NA else low, if (alternative == "greater") NA else high)
}

p_of <- function(below, above, alternative) {
  switch(alternative, "two-sided" = min(1, 2 * min(below, above)), less = below, greater = above)
}

# Wald's test of an estimate: t on df degrees of freedom, normal where df is infinite.
t_answer <- function(estimate, std_error, df, level = 0.95, alternative = "two-sided") {
  t <- estimate / std_error
  half <- qt(1 - tail_of(level, alternative), df) * std_error
  limits <- sided(estimate - half, estimate + half, alternative)
  answer(estimate, std_error, t, if (is.finite(df)) df else NA,
         p_of(pt(t, df), pt(t, df, lower.tail = FALSE), alternative), limits[1], limits[2])
}

paired_t <- function(active, placebo, level = 0.95, alternative = "two-sided") {
  d <- minus(active, placebo)
  test <- t.test(d, conf.level = level,
                 alternative = sub("two-sided", "two.sided", alternative))
  limits <- ifelse(is.finite(test$conf.int), test$conf.int, NA)
  answer(mean(d), test$stderr, test$statistic, test$parameter, test$p.value, limits[1], limits[2])
}

# The exact null distribution of a sum of ranks with random signs, ties allowed: shares of 2 * sum (Streitberg & Roehmel).
sign_sums <- function(ranks) {
  counts <- 1
  for (rank in round(2 * ranks)) counts <- (c(counts, rep(0, rank)) + c(rep(0, rank), counts)) / 2
  counts
}

# The end of the values that the exact signed-rank test does not reject against smaller ones. Between two neighbouring Walsh
# averages V is the number of averages above, and only equal differences share a rank.
upper_limit <- function(d, tail) {
  d <- sort(d)
  n <- length(d)
  pair <- which(lower.tri(diag(n), diag = TRUE), arr.ind = TRUE)
  walsh <- sort((d[pair[, 1]] + d[pair[, 2]]) / 2)
  equal <- rle(d)$lengths
  sigma <- sqrt(max(0, n * (n + 1) * (2 * n + 1) / 24 - sum(equal^3 - equal) / 48))
  reach <- if (n <= 25) Inf else qnorm(1 - tail) + 0.05 + max(equal) / n * (n + 1) / (2 * sigma)
  ends <- c(which(diff(walsh) > 1e-12 * max(abs(walsh))), length(walsh))   # last of each group of equal averages
  for (at in rev(seq_along(ends))) {
    first <- if (at == 1) 1 else ends[at - 1] + 1
    if (first == 1) return(walsh[1])
    v <- length(walsh) - first + 1
    if ((length(walsh) / 2 - v) / sigma > reach) next
    mu <- (walsh[first - 1] + walsh[first]) / 2
    by_distance <- d[order(abs(d - mu), d)]
    shared <- rle(by_distance)$lengths
    ranks <- rep(cumsum(shared) - (shared - 1) / 2, shared)
    if (sum(sign_sums(ranks)[seq_len(2 * v + 1)]) >= tail * (1 - 1e-12)) return(walsh[first])
  }
  walsh[1]
}

# Wilcoxon signed rank, exact with ties; zeros dropped before ranking ("wilcoxon") or after it ("pratt").
# Estimate: Hodges and Lehmann's median of the Walsh averages; limits: the test inverted.
signed_rank <- function(d, zeros = "wilcoxon", level = 0.95, alternative = "two-sided") {
  used <- if (zeros == "pratt") d else d[d != 0]
  all_ranks <- rank(abs(used))
  ranks <- all_ranks[used != 0]
  v <- sum(all_ranks[used > 0])
  p <- sign_sums(ranks)
  at <- round(2 * v) + 1
  p_value <- p_of(sum(p[seq_len(at)]), sum(p[at:length(p)]), alternative)
  pair <- which(lower.tri(diag(length(used)), diag = TRUE), arr.ind = TRUE)
  walsh <- (used[pair[, 1]] + used[pair[, 2]]) / 2
  tail <- tail_of(level, alternative)
  limits <- if (0.5 ^ length(used) > tail * (1 + 1e-12)) c(NA, NA)   # the test rejects no value at this level
            else c(-upper_limit(-used, tail), upper_limit(used, tail))
  limits <- sided(limits[1], limits[2], alternative)
  answer(median(walsh), NA, v, NA, p_value, limits[1], limits[2])
}

sign_test <- function(d, level = 0.95, alternative = "two-sided") {
  positive <- sum(d > 0)
  n <- sum(d != 0)
  p_value <- p_of(pbinom(positive, n, 0.5), 1 - pbinom(positive - 1, n, 0.5), alternative)
  ordered <- sort(d)
  all <- length(d)
  k <- sum(pbinom(seq_len(all) - 1, all, 0.5) <= tail_of(level, alternative) * (1 + 1e-12))
  limits <- if (k > 0) sided(ordered[k], ordered[all + 1 - k], alternative) else c(NA, NA)
  answer(median(d), NA, positive, NA, p_value, limits[1], limits[2])
}

# Sign-flip test of the mean, all patterns counted: differences on a grid by convolution, others (up to 22) one by one.
# The limits (means of subsets, Hartigan 1969) are left to splitknee; NULL where neither way is feasible.
sign_flip <- function(d, alternative = "two-sided") {
  unit <- Find(function(unit) all(abs(d / unit - round(d / unit)) < 1e-9), c(1, 0.5, 0.25, 0.1, 0.05, 0.01, 0.001))
  if (!is.null(unit) && sum(abs(d)) / unit < 1e5) {
    p <- sign_sums(abs(round(d / unit)) / 2)          # of the sum of the positive ones, in units
    at <- round(sum(d[d > 0]) / unit) + 1
    p_value <- p_of(sum(p[seq_len(at)]), sum(p[at:length(p)]), alternative)
  } else if (length(d) <= 22) {
    sums <- 0
    for (value in d) sums <- c(sums - value, sums + value)
    slack <- 1e-12 * sum(abs(d))
    p_value <- p_of(mean(sums <= sum(d) + slack), mean(sums >= sum(d) - slack), alternative)
  } else {
    return(NULL)
  }
  answer(mean(d), NA, mean(d), NA, p_value)
}

# BCa bootstrap of the mean with R's own random numbers: equal to splitknee's up to Monte Carlo error. Few pairs have few
# possible means, and a limit jumps from one to the next (or lies between: splitknee interpolates on the normal scale as
# boot::boot.ci does, Davison & Hinkley 1997, eq. 5.8): `within` holds the limits that the Monte Carlo error leaves possible.
bootstrap_mean <- function(d, level = 0.95, alternative = "two-sided", samples = 20000) {
  set.seed(1)
  means <- replicate(samples, mean(sample(d, replace = TRUE)))
  equal <- abs(means - mean(d)) < 1e-9 * max(abs(d))   # equal but for rounding
  z0 <- qnorm(mean(means < mean(d) & !equal) + mean(equal) / 2)
  left <- (sum(d) - d) / (length(d) - 1)
  u <- mean(left) - left
  a <- sum(u^3) / (6 * sum(u^2)^1.5)
  # Five standard errors of a share among 10,000 resamples.
  off <- function(p) 5 * sqrt(p * (1 - p) / 10000)
  share <- function(p, z0) pnorm(z0 + (z0 + qnorm(p)) / (1 - a * (z0 + qnorm(p))))
  at <- function(p) unname(quantile(means, share(p, z0)))
  range_of <- function(p) {
    far <- off(pnorm(z0)) / dnorm(z0)
    shares <- share(p, z0 + c(-far, far))
    unname(quantile(means, pmin(1, pmax(0, range(shares - off(shares), shares + off(shares)))), type = 1))
  }
  tail <- tail_of(level, alternative)
  limits <- sided(at(tail), at(1 - tail), alternative)
  structure(answer(mean(d), sd(means), NA, NA, NA, limits[1], limits[2]),
            within = list(conf_low = range_of(tail), conf_high = range_of(1 - tail)))
}

# Yuen's test of 20 % trimmed means for pairs (Wilcox 2017, section 5.9.5).
yuen_paired <- function(active, placebo, trim = 0.2, level = 0.95, alternative = "two-sided") {
  n <- length(active)
  cut <- floor(trim * n + 1e-9)
  winsorise <- function(x) pmin(pmax(x, sort(x)[cut + 1]), sort(x)[n - cut])
  d <- scale(winsorise(active), scale = FALSE) - scale(winsorise(placebo), scale = FALSE)
  h <- n - 2 * cut
  t_answer(mean(active, trim) - mean(placebo, trim), sqrt(sum(d^2) / (h * (h - 1))), h - 1, level, alternative)
}

# Two one-sided tests; `level` is that of the interval, 1 - 2 alpha.
tost <- function(active, placebo, low, high, level = 0.90) {
  d <- minus(active, placebo)
  n <- length(d)
  error <- sd(d) / sqrt(n)
  t <- (mean(d) - c(low, high)) / error
  p <- c(pt(t[1], n - 1, lower.tail = FALSE), pt(t[2], n - 1))
  half <- qt((1 + level) / 2, n - 1) * error
  answer(mean(d), error, if (p[1] >= p[2]) t[1] else t[2], n - 1, max(p), mean(d) - half, mean(d) + half)
}

# Not worse by `margin` or more: a one-sided t test against it, in the direction of harm.
non_inferiority <- function(active, placebo, margin, better, level = 0.975) {
  lower <- better == "lower"
  test <- t.test(active, placebo, paired = TRUE, mu = if (lower) margin else -margin, conf.level = level,
                 alternative = if (lower) "less" else "greater")
  limits <- ifelse(is.finite(test$conf.int), test$conf.int, NA)
  answer(mean(active - placebo), test$stderr, test$statistic, test$parameter, test$p.value, limits[1], limits[2])
}

shapiro_wilk <- function(d) {
  test <- shapiro.test(d)
  answer(NA, NA, test$statistic, NA, test$p.value)
}

# Cohen's dz with the limits of the noncentral t.
effect_size <- function(active, placebo, level = 0.95, alternative = "two-sided") {
  d <- minus(active, placebo)
  n <- length(d)
  t <- mean(d) / (sd(d) / sqrt(n))
  noncentrality <- function(p) {
    f <- function(ncp) suppressWarnings(pt(t, n - 1, ncp)) - p
    root <- tryCatch(uniroot(f, t + c(-1, 1) * (5 + abs(t) / 2), extendInt = "downX", tol = 1e-12)$root, error = function(e) NaN)
    # pt() is exact to a noncentrality of 37.62 only (see ?pt).
    if (isTRUE(abs(root) < 37.5)) root else NaN
  }
  tail <- tail_of(level, alternative)
  limits <- sided(noncentrality(1 - tail), noncentrality(tail), alternative) / sqrt(n)
  answer(t / sqrt(n), NA, t, n - 1, p_of(pt(t, n - 1), pt(-t, n - 1), alternative), limits[1], limits[2])
}

correlation <- function(active, placebo, level = 0.95, alternative = "two-sided") {
  test <- cor.test(active, placebo, conf.level = level, alternative = sub("two-sided", "two.sided", alternative))
  # A perfect correlation leaves nothing to test against: R's statistic is then what rounding makes of a division by 0.
  if (1 - abs(test$estimate) < 1e-14) return(answer(sign(test$estimate), df = test$parameter))
  limits <- if (is.null(test$conf.int)) c(NA, NA) else test$conf.int
  answer(test$estimate, NA, test$statistic, test$parameter, test$p.value, limits[1], limits[2])
}

pitman_morgan <- function(active, placebo, level = 0.95, alternative = "two-sided") {
  df <- length(active) - 2
  r <- cor(active + placebo, active - placebo)
  t <- r * sqrt(df / (1 - r^2))
  ratio <- var(active) / var(placebo)
  k <- 1 + 2 * (1 - cor(active, placebo)^2) * qt(1 - tail_of(level, alternative), df)^2 / df
  limits <- ratio * c(k - sqrt(k^2 - 1), k + sqrt(k^2 - 1))
  if (alternative == "less") limits[1] <- 0
  if (alternative == "greater") limits[2] <- NA
  answer(ratio, NA, t, df, p_of(pt(t, df), pt(-t, df), alternative), limits[1], limits[2])
}

# ICC(A,1) of the two knees: two-way, single measurement, absolute agreement (McGraw & Wong 1996).
icc_agreement <- function(active, placebo, level = 0.95) {
  n <- length(active)
  values <- cbind(active, placebo)
  between <- 2 * var(rowMeans(values))
  sides <- n * var(colMeans(values))
  error <- sum((values - outer(rowMeans(values), c(1, 1)) - outer(rep(1, n), colMeans(values)) + mean(values))^2) / (n - 1)
  icc <- (between - error) / (between + error + 2 * (sides - error) / n)
  f <- between / error
  a <- 2 * icc / (n * (1 - icc))
  b <- 1 + 2 * icc * (n - 1) / (n * (1 - icc))
  df <- (a * sides + b * error)^2 / ((a * sides)^2 + (b * error)^2 / (n - 1))
  upper <- function(df1, df2) qf(1 - (1 - level) / 2, df1, df2)
  low <- n * (between - upper(n - 1, df) * error) /
    (upper(n - 1, df) * (2 * sides + (n - 2) * error) + n * between)
  high <- n * (upper(df, n - 1) * between - error) /
    (2 * sides + (n - 2) * error + n * upper(df, n - 1) * between)
  answer(icc, NA, f, n - 1, pf(f, n - 1, n - 1, lower.tail = FALSE), low, high)
}

# Lin's concordance coefficient (Lin 1989, erratum 2000), moments with divisor n, limits by Fisher's z.
concordance <- function(active, placebo, level = 0.95, alternative = "two-sided") {
  n <- length(active)
  moments <- cov(cbind(active, placebo)) * (n - 1) / n
  shift <- mean(active) - mean(placebo)
  ccc <- 2 * moments[1, 2] / (moments[1, 1] + moments[2, 2] + shift^2)
  r <- cor(active, placebo)
  u2 <- shift^2 / sqrt(moments[1, 1] * moments[2, 2])
  variance <- ((1 - r^2) * ccc^2 / ((1 - ccc^2) * r^2) + 2 * ccc^3 * (1 - ccc) * u2 / (r * (1 - ccc^2)^2) -
                 ccc^4 * u2^2 / (2 * r^2 * (1 - ccc^2)^2)) / (n - 2)
  half <- qnorm(1 - tail_of(level, alternative)) * sqrt(variance)
  # A coefficient has ends of its own: a one-sided interval reaches to -1 or 1.
  answer(ccc, NA, NA, NA, NA, if (alternative == "less") -1 else tanh(atanh(ccc) - half),
         if (alternative == "greater") 1 else tanh(atanh(ccc) + half))
}

## ---- Yes/no and grades -------------------------------------------------------------------------------------------

wilson <- function(x, n, z) {
  p <- x / n
  centre <- (p + z^2 / (2 * n)) / (1 + z^2 / n)
  half <- z / (1 + z^2 / n) * sqrt(p * (1 - p) / n + z^2 / (4 * n^2))
  c(centre - half, centre + half)
}

# McNemar: mid-p (half of the observed table's probability taken off either binomial tail); risk difference with Newcombe's interval, phi corrected for continuity.
mcnemar_pairs <- function(active, placebo, level = 0.95, alternative = "two-sided") {
  mcnemar_counts(sum(active == 1 & placebo == 1), sum(active == 1 & placebo == 0),
                 sum(active == 0 & placebo == 1), sum(active == 0 & placebo == 0), level, alternative)
}

mcnemar_counts <- function(a, b, c, d, level = 0.95, alternative = "two-sided") {
  n <- a + b + c + d
  half <- dbinom(b, b + c, 0.5) / 2
  p_value <- if (b + c == 0) 1 else p_of(pbinom(b, b + c, 0.5) - half, pbinom(c, b + c, 0.5) - half, alternative)
  margins <- (a + b) * (c + d) * (a + c) * (b + d)
  product <- a * d - b * c
  phi <- if (margins == 0) 0 else (if (product > 0) max(product - n / 2, 0) else product) / sqrt(margins)
  z <- qnorm(1 - tail_of(level, alternative))
  one <- wilson(a + b, n, z)
  two <- wilson(a + c, n, z)
  p1 <- (a + b) / n
  p2 <- (a + c) / n
  width <- function(x, y) sqrt(max(0, x^2 + y^2 - 2 * phi * x * y))
  low <- (b - c) / n - width(p1 - one[1], two[2] - p2)
  high <- (b - c) / n + width(p2 - two[1], one[2] - p1)
  # A share has ends of its own: a one-sided interval of a difference of shares reaches to -1 or 1.
  answer((b - c) / n, NA, b, NA, p_value, if (alternative == "less") -1 else low,
         if (alternative == "greater") 1 else high)
}

grades <- function(active, placebo, levels) table(factor(active, levels), factor(placebo, levels))

# d' V^- d with the rank of V: categories that no discordant pair joins have no degree of freedom.
quadratic_form <- function(d, v) {
  parts <- eigen(v, symmetric = TRUE)
  used <- parts$values > 1e-9 * max(parts$values, 1)
  at <- drop(t(parts$vectors[, used, drop = FALSE]) %*% d)
  statistic <- sum(at^2 / parts$values[used])
  df <- sum(used)
  answer(NA, NA, statistic, df, if (df == 0) 1 else pchisq(statistic, df, lower.tail = FALSE))
}

# Marginal homogeneity: Stuart and Maxwell's test takes the margins for equal in the covariance of their difference,
# Bhapkar's does not.
stuart_maxwell <- function(active, placebo, levels = sort(unique(c(active, placebo))), bhapkar = FALSE) {
  tab <- unclass(grades(active, placebo, levels))
  d <- rowSums(tab) - colSums(tab)
  v <- -(tab + t(tab))
  diag(v) <- rowSums(tab) + colSums(tab) - 2 * diag(tab)
  result <- quadratic_form(d, v)
  if (!bhapkar) return(result)
  # The same contrasts, so that rounding does not add a degree of freedom.
  other <- quadratic_form(d, v - outer(d, d) / sum(tab))
  answer(NA, NA, other["statistic"], result["df"], pchisq(other["statistic"], result["df"], lower.tail = FALSE))
}

# Cohen's kappa with the standard error of Fleiss, Cohen and Everitt (1969).
kappa_pairs <- function(active, placebo, levels, weights, level = 0.95) {
  p <- unclass(grades(active, placebo, if (length(levels)) levels else sort(unique(c(active, placebo)))))
  n <- sum(p)
  p <- p / n
  k <- nrow(p)
  apart <- abs(outer(seq_len(k), seq_len(k), `-`)) / (k - 1)
  w <- switch(weights, unweighted = diag(k), linear = 1 - apart, quadratic = 1 - apart^2)
  rows <- rowSums(p)
  columns <- colSums(p)
  observed <- sum(w * p)
  chance <- sum(w * outer(rows, columns))
  estimate <- (observed - chance) / (1 - chance)
  means <- outer(drop(w %*% columns), drop(rows %*% w), `+`)
  variance <- (sum(p * (w - means * (1 - estimate))^2) - (estimate - chance * (1 - estimate))^2) / (n * (1 - chance)^2)
  half <- qnorm((1 + level) / 2) * sqrt(variance)
  answer(estimate, sqrt(variance), NA, NA, NA, estimate - half, estimate + half)
}

# Difference of mean scores: score z, exact p by sign flips where they can be counted, Wald's limits.
mean_scores <- function(active, placebo, level = 0.95, alternative = "two-sided") {
  d <- minus(active, placebo)
  if (all(d == 0)) return(answer(0, p_value = 1))
  z <- sum(d) / sqrt(sum(d^2))
  error <- sqrt(mean(d^2) - mean(d)^2) / sqrt(length(d))
  half <- qnorm(1 - tail_of(level, alternative)) * error
  limits <- sided(mean(d) - half, mean(d) + half, alternative)
  flips <- sign_flip(d, alternative)
  p_value <- if (is.null(flips)) p_of(pnorm(z), pnorm(-z), alternative) else flips["p_value"]
  answer(mean(d), error, z, NA, p_value, limits[1], limits[2])
}

# The probability that an active knee has a higher grade than the placebo knee of another patient, ties half. Each
# patient's part in it (to first order) gives the standard error.
mean_ranks <- function(active, placebo, level = 0.95, alternative = "two-sided") {
  n <- length(active)
  higher <- outer(active, placebo, function(a, p) (a > p) + (a == p) / 2)
  estimate <- mean(higher)
  parts <- rowMeans(higher) + colMeans(higher)
  error <- sqrt(mean((parts - mean(parts))^2) / n)
  if (error == 0) return(answer(estimate))
  z <- (estimate - 0.5) / error
  half <- qnorm(1 - tail_of(level, alternative)) * error
  answer(estimate, error, z, NA, p_of(pnorm(z), pnorm(-z), alternative),
         if (alternative == "less") 0 else max(0, estimate - half),
         if (alternative == "greater") 1 else min(1, estimate + half))
}

# Marginal proportional odds, active against placebo: maximum likelihood as if all knees were independent, by
# Fisher scoring; the covariance of Mancl and DeRouen over patients.
proportional_odds <- function(active, placebo, level = 0.95, alternative = "two-sided") {
  used <- sort(unique(c(active, placebo)))
  cuts <- length(used) - 1
  # One patient: 1(Y <= j) of both knees, their means, derivatives and (within a knee) covariance.
  at <- function(parameters) {
    theta <- parameters[seq_len(cuts)]
    mean <- c(plogis(theta), plogis(theta - parameters[cuts + 1]))
    steep <- mean * (1 - mean)
    slope <- cbind(rbind(diag(cuts), diag(cuts)), rep(c(0, -1), each = cuts)) * steep
    block <- function(m) outer(seq_along(m), seq_along(m), function(i, j) m[pmin(i, j)] * (1 - m[pmax(i, j)]))
    v <- matrix(0, 2 * cuts, 2 * cuts)
    v[seq_len(cuts), seq_len(cuts)] <- block(mean[seq_len(cuts)])
    v[cuts + seq_len(cuts), cuts + seq_len(cuts)] <- block(mean[cuts + seq_len(cuts)])
    list(mean = mean, slope = slope, weight = t(slope) %*% solve(v))
  }
  below <- function(grade) 1 * outer(grade, used[seq_len(cuts)], `<=`)
  y <- cbind(below(placebo), below(active))
  n <- nrow(y)
  parameters <- c(qlogis(colMeans(rbind(below(placebo), below(active)))), 0)
  for (step in 1:100) {
    now <- at(parameters)
    move <- drop(solve(now$weight %*% now$slope, now$weight %*% (colMeans(y) - now$mean)))
    parameters <- parameters + move
    if (max(abs(move)) < 1e-13) break
  }
  now <- at(parameters)
  bread <- solve(n * now$weight %*% now$slope)
  kept <- solve(diag(2 * cuts) - now$slope %*% bread %*% now$weight)
  pulls <- now$weight %*% kept %*% t(y - rep(now$mean, each = n))
  error <- sqrt((bread %*% pulls %*% t(pulls) %*% bread)[cuts + 1, cuts + 1])
  t_answer(parameters[cuts + 1], error, Inf, level, alternative)
}

bowker <- function(active, placebo, levels = sort(unique(c(active, placebo)))) {
  tab <- unclass(grades(active, placebo, levels))
  above <- tab[upper.tri(tab)]
  below <- t(tab)[upper.tri(tab)]
  some <- above + below > 0
  statistic <- sum((above[some] - below[some])^2 / (above[some] + below[some]))
  df <- length(above)
  answer(NA, NA, statistic, df, pchisq(statistic, df, lower.tail = FALSE))
}

# Win odds within the patient: score test of the net benefit (better - worse)/n, its p from the trinomial distribution with
# the nuisance probability at its estimate, and the net benefits that the test does not reject. Beyond 150 pairs the
# normal distribution. "greater" asks whether the active knee is better, whatever the direction of the score.
win_odds <- function(active, placebo, better = "lower", level = 0.95, alternative = "two-sided") {
  d <- minus(active, placebo)
  wins <- sum(if (better == "lower") d < 0 else d > 0)
  losses <- sum(d != 0) - wins
  n <- length(active)
  score <- function(b, c, delta) {
    middle <- (2 * n - b + c) * delta - b - c
    last <- -c * delta * (1 - delta)
    root <- sqrt(pmax(0, middle^2 - 8 * n * last))
    p21 <- ifelse(middle > 0, -2 * last / (root + middle), (root - middle) / (4 * n))
    top <- b - c - n * delta
    list(z = ifelse(top == 0, 0, top / sqrt(pmax(0, n * (2 * p21 + delta * (1 - delta))))), worse = p21)
  }
  cells <- expand.grid(b = 0:n, c = 0:n)
  cells <- cells[cells$b + cells$c <= n, ]
  ways <- lfactorial(n) - lfactorial(cells$b) - lfactorial(cells$c) - lfactorial(n - cells$b - cells$c)
  times <- function(count, p) ifelse(count == 0, 0, count * log(p))
  tails <- function(b, c, delta) {
    at <- score(b, c, delta)
    if (n > 150) return(c(pnorm(at$z), pnorm(-at$z)))
    worse <- min(1, max(0, at$worse))
    more <- min(1, max(0, worse + delta))
    weight <- exp(ways + times(cells$b, more) + times(cells$c, worse) +
                    times(n - cells$b - cells$c, max(0, 1 - worse - more)))
    z <- score(cells$b, cells$c, delta)$z
    slack <- 1e-9 * max(1, abs(at$z))
    c(sum(weight[z <= at$z + slack]), sum(weight[z >= at$z - slack]))
  }
  tail <- tail_of(level, alternative)
  lower <- function(b, c) {
    net <- (b - c) / n
    rejected <- function(delta) tails(b, c, delta)[2] <= tail
    start <- if (net > 0 && rejected(0)) 0 else -1
    out <- start
    inside <- net
    for (delta in start + (net - start) * (1:47) / 48) {
      if (!rejected(delta)) { inside <- delta; break }
      out <- delta
    }
    if (out == -1 && !rejected(-1)) return(-1)
    while (inside - out > 1e-10) {
      middle <- (out + inside) / 2
      if (rejected(middle)) out <- middle else inside <- middle
    }
    inside
  }
  net <- (wins - losses) / n
  low <- if (alternative == "less") -1 else lower(wins, losses)
  high <- if (alternative == "greater") 1 else -lower(losses, wins)
  odds <- function(x) if (x == 1) NA else (1 + x) / (1 - x)
  p_value <- if (wins + losses == 0) 1 else do.call(p_of, c(as.list(pmin(1, tails(wins, losses, 0))), alternative))
  answer(odds(net), NA, wins, NA, p_value, odds(low), odds(high))
}

## ---- Descriptions ------------------------------------------------------------------------------------------------

mean_with_limits <- function(x, level = 0.95) {
  n <- length(x)
  if (n == 0) return(answer())
  if (n == 1) return(answer(x))
  half <- qt((1 + level) / 2, n - 1) * sd(x) / sqrt(n)
  answer(mean(x), sd(x) / sqrt(n), NA, n - 1, NA, mean(x) - half, mean(x) + half)
}

# Mean with limits, SD, median, quartiles (the second of the nine definitions, as SAS) and range.
described <- function(x, level = 0.95) {
  if (length(x) == 0) return(c(answer(), n = 0))
  at <- unname(quantile(x, c(0.25, 0.5, 0.75), type = 2))
  c(mean_with_limits(x, level), n = length(x), mean = mean(x), sd = sd(x), median = at[2], q1 = at[1], q3 = at[3],
    min = min(x), max = max(x))
}

# Every cell of a square table of counts, row by row.
cells_of <- function(from, to, levels) {
  cell <- function(i, j) sum(from == levels[i] & to == levels[j], na.rm = TRUE)
  places <- expand.grid(j = seq_along(levels), i = seq_along(levels))
  stats::setNames(mapply(cell, places$i, places$j), paste0("cell_", places$i, "_", places$j))
}

# The within-patient difference adjusted for the pair's baseline mean and baseline difference.
ancova_pairs <- function(active, placebo, base_active, base_placebo, level = 0.95, alternative = "two-sided") {
  d <- minus(active, placebo)
  m <- (base_active + base_placebo) / 2
  terms <- list(m = m - mean(m), b = base_active - base_placebo)
  terms <- terms[vapply(terms, function(x) diff(range(x)) > 1e-12, logical(1))]
  fit <- lm(d ~ ., data.frame(d = d, terms))
  # As many coefficients as pairs: splitknee refuses, there is no residual to judge by.
  if (fit$df.residual < 1) return(answer())
  t_answer(coef(fit)[[1]], sqrt(vcov(fit)[1, 1]), fit$df.residual, level, alternative)
}

# Half the difference between patients whose active knee is on the reference side and the others (Hills & Armitage).
side_effect <- function(d, on_reference, level = 0.95) {
  known <- !is.na(on_reference)
  d <- d[known]
  s <- ifelse(on_reference[known], 1, -1)
  if (length(unique(s)) < 2 || length(d) < 3) return(answer())
  fit <- summary(lm(d ~ s))
  # The pooled variance: that of the regression on the side.
  t_answer(fit$coefficients[2, 1], fit$coefficients[2, 2], fit$df[2], level)
}

# A share with the limits of Clopper and Pearson.
share <- function(x, n, level = 0.95) {
  if (n == 0) return(answer())
  limits <- binom.test(x, n, conf.level = level)$conf.int
  answer(x / n, NA, NA, NA, NA, limits[1], limits[2])
}

## ---- Counts --------------------------------------------------------------------------------------------------------

# The rate ratio of paired counts: given the total of a pair the active count is binomial. Exact p-value and limits are
# central, from the sum over pairs by convolution.
exact_counts <- function(pair, level = 0.95, alternative = "two-sided") {
  total <- pair$active + pair$placebo
  keep <- total > 0
  if (!any(keep)) return(answer())
  m <- total[keep]
  x <- sum(pair$active)
  n <- sum(m)
  e <- if (length(pair$exposure_active) == 0 || anyNA(pair$exposure_active)) rep(1, length(m))
       else (pair$exposure_active / pair$exposure_placebo)[keep]
  share <- function(log_ratio) plogis(log_ratio + log(e))
  tails <- function(log_ratio) {
    p <- share(log_ratio)
    law <- 1
    for (i in seq_along(m)) {
      own <- dbinom(0:m[i], m[i], p[i])
      sum_of_both <- numeric(length(law) + m[i])
      for (k in 0:m[i]) sum_of_both[k + seq_along(law)] <- sum_of_both[k + seq_along(law)] + law * own[k + 1]
      law <- sum_of_both
    }
    c(below = sum(law[0:x + 1]), above = sum(law[x:n + 1]))
  }
  root <- function(f) uniroot(f, c(-40, 40), tol = 1e-14, maxiter = 10000)$root
  tail <- tail_of(level, alternative)
  low <- if (x > 0) root(function(b) tails(b)[["above"]] - tail) else NA
  high <- if (x < n) root(function(b) tails(b)[["below"]] - tail) else NA
  limits <- sided(low, high, alternative)
  at <- tails(0)
  p <- p_of(at[["below"]], at[["above"]], alternative)
  if (x == 0 || x == n) return(answer(NA, NA, NA, NA, p, limits[1], limits[2]))
  estimate <- root(function(b) sum(m * share(b)) - x)
  information <- sum(m * share(estimate) * (1 - share(estimate)))
  answer(estimate, 1 / sqrt(information), NA, NA, p, limits[1], limits[2])
}

# The ratio of the mean rates: the paired t-test of a - ratio * b, whose limits are found by search on a fine scale of its log.
rate_ratio <- function(pair, level = 0.95, alternative = "two-sided") {
  e <- length(pair$exposure_active) > 0 && !anyNA(pair$exposure_active)
  a <- pair$active / if (e) pair$exposure_active else 1
  b <- pair$placebo / if (e) pair$exposure_placebo else 1
  if (length(a) < 2 || sum(a) == 0 || sum(b) == 0 || sd(a - b) == 0) return(answer())
  df <- length(a) - 1
  t <- function(log_ratio) { d <- a - exp(log_ratio) * b; mean(d) / (sd(d) / sqrt(length(d))) }
  estimate <- log(mean(a) / mean(b))
  wanted <- qt(1 - tail_of(level, alternative), df)
  limit <- function(side) {
    ends <- estimate + side * seq(0, 30, by = 0.01)
    beyond <- which(vapply(ends, t, 0) * -side > wanted)
    if (length(beyond) == 0) return(NA)
    at <- ends[beyond[1] + c(-1, 0)]
    uniroot(function(x) t(x) * -side - wanted, sort(at), tol = 1e-14)$root
  }
  limits <- sided(limit(-1), limit(1), alternative)
  d <- a - exp(estimate) * b
  answer(estimate, sd(d) / sqrt(length(d)) / mean(a), t(0), df,
         p_of(pt(t(0), df), pt(t(0), df, lower.tail = FALSE), alternative), limits[1], limits[2])
}
