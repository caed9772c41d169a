# Recomputes the results of a split-knee trial in R, and compares them with those of splitknee.
#
#   Rscript verify.R            in the folder that holds data.csv and expected.csv
#
# Nothing here calls splitknee. Base R does the paired tests; lme4 fits the mixed models, and Kenward and Roger's standard
# error and degrees of freedom are computed below from the fitted variances, because pbkrtest offers the expected
# information only, while splitknee (like SAS) uses the observed one. pbkrtest's own values are printed as INFO lines.
#
# Exit status: 0 when every line passes, 1 otherwise.

folder <- local({
  file <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
  if (length(file) == 1) dirname(file) else "."
})
read <- function(name, ...) {
  read.csv(file.path(folder, name), check.names = FALSE, encoding = "UTF-8", na.strings = "", ...)
}
text_columns <- c(endpoint = "character", patient = "character", side = "character", arm = "character",
                  visit = "character")
data <- read("data.csv", colClasses = text_columns)

## ---- The data of one comparison ------------------------------------------------------------------------------------

in_set <- function(set) data[[paste0("set_", set)]] == 1

rows_at <- function(endpoint, visit, set, measure = "value") {
  rows <- data[data$endpoint == endpoint & data$visit %in% visit & in_set(set) & !is.na(data$active), ]
  if (measure == "change") rows$value <- rows$value - rows$base
  rows[!is.na(rows$value), ]
}

# Both knees of every patient who has both.
pairs_at <- function(endpoint, visit, set, measure = "value") {
  rows <- rows_at(endpoint, visit, set, measure)
  active <- rows[rows$active == 1, c("patient", "value")]
  placebo <- rows[rows$active == 0, c("patient", "value")]
  both <- merge(active, placebo, by = "patient", suffixes = c("_active", "_placebo"))
  list(active = both$value_active, placebo = both$value_placebo)
}

values_at <- function(endpoint, visit, set, arm, measure = "value") {
  rows <- rows_at(endpoint, visit, set, measure)
  rows$value[rows$arm == arm]
}

## ---- Paired tests --------------------------------------------------------------------------------------------------

answer <- function(estimate = NA, std_error = NA, statistic = NA, df = NA, p_value = NA, conf_low = NA, conf_high = NA) {
  out <- c(estimate, std_error, statistic, df, p_value, conf_low, conf_high)
  names(out) <- c("estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high")
  out
}

paired_t <- function(active, placebo, level = 0.95) {
  test <- t.test(active, placebo, paired = TRUE, conf.level = level)
  answer(mean(active - placebo), test$stderr, test$statistic, test$parameter, test$p.value,
         test$conf.int[1], test$conf.int[2])
}

# The exact null distribution of a sum of ranks with random signs, ties allowed: counts of 2 * sum (Streitberg & Roehmel).
sign_sums <- function(ranks) {
  doubled <- round(2 * ranks)
  counts <- 1
  for (rank in doubled) counts <- c(counts, rep(0, rank)) + c(rep(0, rank), counts)
  counts / sum(counts)
}

# Wilcoxon signed rank, exact with ties; zeros dropped before ranking ("wilcoxon") or after it ("pratt").
# Estimate: Hodges and Lehmann's median of the Walsh averages; limits: the test inverted.
signed_rank <- function(d, zeros = "wilcoxon", level = 0.95) {
  used <- if (zeros == "pratt") d else d[d != 0]
  all_ranks <- rank(abs(used))
  ranks <- all_ranks[used != 0]
  v <- sum(all_ranks[used > 0])
  p <- sign_sums(ranks)
  at <- round(2 * v) + 1
  p_value <- min(1, 2 * min(sum(p[seq_len(at)]), sum(p[at:length(p)])))
  pair <- which(lower.tri(diag(length(used)), diag = TRUE), arr.ind = TRUE)
  walsh <- (used[pair[, 1]] + used[pair[, 2]]) / 2
  halves <- ifelse(used[pair[, 1]] != used[pair[, 2]], 0.5, 0)
  order <- order(walsh)
  walsh <- walsh[order]
  halves <- halves[order]
  alpha <- (1 - level) / 2
  null <- sign_sums(all_ranks)
  low_quantile <- (which(cumsum(null) >= alpha * (1 - 1e-12))[1] - 1) / 2
  high_quantile <- sum(all_ranks) - low_quantile
  if (anyDuplicated(all_ranks) == 0 && all(all_ranks == round(all_ranks))) {
    k <- max(1, low_quantile)
    limits <- c(walsh[k], walsh[length(walsh) + 1 - k])
  } else {
    # V at d: averages above d, and half of those at d that join two different values.
    distinct <- walsh[!duplicated(round(walsh, 9))]
    statistic <- vapply(distinct, function(at) {
      sum(walsh > at + 1e-9) + sum(halves[abs(walsh - at) <= 1e-9])
    }, numeric(1))
    above <- distinct[statistic > high_quantile]
    below <- distinct[statistic <= low_quantile]
    limits <- c(if (length(above)) max(above) else walsh[1], if (length(below)) min(below) else walsh[length(walsh)])
  }
  answer(median(walsh), NA, v, NA, p_value, limits[1], limits[2])
}

sign_test <- function(d, level = 0.95) {
  positive <- sum(d > 0)
  n <- sum(d != 0)
  p_value <- min(1, 2 * min(pbinom(positive, n, 0.5), 1 - pbinom(positive - 1, n, 0.5)))
  ordered <- sort(d)
  all <- length(d)
  k <- qbinom((1 - level) / 2, all, 0.5)
  if (k > 0 && pbinom(k - 1, all, 0.5) > (1 - level) / 2) k <- k - 1
  limits <- if (k > 0) c(ordered[k], ordered[all + 1 - k]) else c(NA, NA)
  answer(median(d), NA, positive, NA, p_value, limits[1], limits[2])
}

# Yuen's test of 20 % trimmed means for pairs (Wilcox 2017, section 5.9.5).
yuen_paired <- function(active, placebo, trim = 0.2, level = 0.95) {
  n <- length(active)
  cut <- floor(trim * n + 1e-9)
  winsorise <- function(x) pmin(pmax(x, sort(x)[cut + 1]), sort(x)[n - cut])
  d <- scale(winsorise(active), scale = FALSE) - scale(winsorise(placebo), scale = FALSE)
  h <- n - 2 * cut
  estimate <- mean(active, trim) - mean(placebo, trim)
  error <- sqrt(sum(d^2) / (h * (h - 1)))
  t <- estimate / error
  half <- qt(1 - (1 - level) / 2, h - 1) * error
  answer(estimate, error, t, h - 1, 2 * pt(-abs(t), h - 1), estimate - half, estimate + half)
}

wilson <- function(x, n, z) {
  p <- x / n
  centre <- (p + z^2 / (2 * n)) / (1 + z^2 / n)
  half <- z / (1 + z^2 / n) * sqrt(p * (1 - p) / n + z^2 / (4 * n^2))
  c(centre - half, centre + half)
}

# McNemar: exact binomial p; risk difference with Newcombe's interval, phi corrected for continuity.
mcnemar_pairs <- function(active, placebo, level = 0.95) {
  a <- sum(active == 1 & placebo == 1)
  b <- sum(active == 1 & placebo == 0)
  c <- sum(active == 0 & placebo == 1)
  d <- sum(active == 0 & placebo == 0)
  n <- a + b + c + d
  p_value <- if (b + c == 0) 1 else min(1, 2 * pbinom(min(b, c), b + c, 0.5))
  margins <- (a + b) * (c + d) * (a + c) * (b + d)
  product <- a * d - b * c
  phi <- if (margins == 0) 0 else (if (product > 0) max(product - n / 2, 0) else product) / sqrt(margins)
  z <- qnorm(1 - (1 - level) / 2)
  one <- wilson(a + b, n, z)
  two <- wilson(a + c, n, z)
  p1 <- (a + b) / n
  p2 <- (a + c) / n
  width <- function(x, y) sqrt(max(0, x^2 + y^2 - 2 * phi * x * y))
  answer((b - c) / n, NA, b, NA, p_value, (b - c) / n - width(p1 - one[1], two[2] - p2),
         (b - c) / n + width(p2 - two[1], one[2] - p1))
}

grades <- function(active, placebo, levels) table(factor(active, levels), factor(placebo, levels))

# Stuart and Maxwell's test of marginal homogeneity; categories without any knee are left out.
stuart_maxwell <- function(active, placebo, levels = sort(unique(c(active, placebo)))) {
  tab <- unclass(grades(active, placebo, levels))
  used <- rowSums(tab) + colSums(tab) > 0
  tab <- tab[used, used, drop = FALSE]
  k <- nrow(tab)
  d <- (rowSums(tab) - colSums(tab))[-k]
  s <- -(tab + t(tab))
  diag(s) <- rowSums(tab) + colSums(tab) - 2 * diag(tab)
  s <- s[-k, -k, drop = FALSE]
  statistic <- if (all(d == 0)) 0 else drop(d %*% solve(s, d))
  answer(NA, NA, statistic, k - 1, pchisq(statistic, k - 1, lower.tail = FALSE))
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

# Win odds within the patient; limits from Tango's score interval of the net benefit, found by uniroot.
win_odds <- function(active, placebo, better = "lower", level = 0.95) {
  wins <- sum(if (better == "lower") active < placebo else active > placebo)
  losses <- sum(active != placebo) - wins
  n <- length(active)
  z <- qnorm(1 - (1 - level) / 2)
  score <- function(delta) {
    middle <- (2 * n - wins + losses) * delta - wins - losses
    last <- -losses * delta * (1 - delta)
    p21 <- (sqrt(max(0, middle^2 - 8 * n * last)) - middle) / (4 * n)
    top <- wins - losses - n * delta
    if (top == 0) return(0)
    top / sqrt(max(1e-300, n * (2 * p21 + delta * (1 - delta))))
  }
  net <- (wins - losses) / n
  limit <- function(target, from, to) uniroot(function(x) min(1e8, max(-1e8, score(x))) - target, c(from, to), tol = 1e-13)$root
  low <- if (net <= -1) -1 else limit(z, -1 + 1e-12, net)
  high <- if (net >= 1) 1 else limit(-z, net, 1 - 1e-12)
  odds <- function(x) (1 + x) / (1 - x)
  p_value <- if (wins + losses == 0) 1 else min(1, 2 * pbinom(min(wins, losses), wins + losses, 0.5))
  answer(odds(net), NA, wins, NA, p_value, odds(low), odds(high))
}

## ---- The mixed model -----------------------------------------------------------------------------------------------

# value ~ treatment * visit + baseline, random intercepts of patient, knee in patient and visit in patient, by REML.
# Returns, for every visit, active - placebo with Kenward and Roger's standard error and degrees of freedom. In this
# model V is linear in the variances, so second derivatives of V vanish and the degrees of freedom are Satterthwaite's.
mixed_model <- function(endpoint, set, measure = "value", baseline = "own", level = 0.95, information = "observed",
                        ddf = "kenward-roger", visits = NULL) {
  all_visits <- unique(data[order(data$visit_number), "visit"])
  rows <- rows_at(endpoint, if (is.null(visits)) all_visits else visits, set, measure)
  rows$visit <- factor(rows$visit, all_visits[all_visits %in% rows$visit])
  rows$patient <- factor(rows$patient)
  if (baseline == "own") rows <- rows[!is.na(rows$base), ]
  if (baseline == "pair") {
    knees <- unique(rows[!is.na(rows$base), c("patient", "active", "base")])
    rows$base_mean <- tapply(knees$base, knees$patient, mean)[as.character(rows$patient)]
    rows$base_deviation <- rows$base - rows$base_mean
    rows <- rows[!is.na(rows$base), ]
  }
  rows <- rows[order(rows$patient, rows$active, rows$visit_number), ]
  several <- nlevels(rows$visit) > 1
  fixed <- if (several) "value ~ active * visit" else "value ~ active"
  fixed <- paste(fixed, switch(baseline, own = "+ base", pair = "+ base_mean + base_deviation", none = ""))
  random <- if (several) "+ (1|patient) + (1|patient:active) + (1|patient:visit)" else "+ (1|patient)"
  control <- lme4::lmerControl(optimizer = "bobyqa", calc.derivs = FALSE, optCtrl = list(rhoend = 1e-11, maxfun = 1e6),
                               check.conv.singular = "ignore")
  fit <- suppressMessages(lme4::lmer(as.formula(paste(fixed, random)), rows, REML = TRUE, control = control))
  x <- lme4::getME(fit, "X")
  y <- rows$value
  variance <- as.data.frame(lme4::VarCorr(fit))
  theta <- variance$vcov
  same <- function(...) as.matrix(Matrix::crossprod(Matrix::fac2sparse(interaction(..., drop = TRUE))))
  parts <- lapply(variance$grp, function(group) switch(group,
    patient = same(rows$patient),
    "patient:active" = same(rows$patient, rows$active),
    "patient:visit" = same(rows$patient, rows$visit),
    Residual = diag(nrow(rows))))
  # Newton steps on the likelihood bring lme4's variances, good to about 1e-4, to the optimum.
  for (step in 1:20) {
    inner <- theta > 1e-8 * max(theta)
    v <- Reduce(`+`, Map(`*`, parts, theta))
    vi <- solve(v)
    phi <- solve(t(x) %*% vi %*% x)
    p <- vi - vi %*% x %*% phi %*% t(x) %*% vi
    py <- p %*% y
    kept <- parts[inner]
    pg <- lapply(kept, function(g) p %*% g)
    gradient <- vapply(seq_along(kept), function(i) {
      drop(t(py) %*% kept[[i]] %*% py) / 2 - sum(diag(pg[[i]])) / 2
    }, numeric(1))
    second <- function(i, j) {
      trace <- sum(pg[[i]] * t(pg[[j]])) / 2
      if (information == "expected") return(trace)
      drop(t(py) %*% kept[[i]] %*% p %*% kept[[j]] %*% py) - trace
    }
    index <- seq_along(kept)
    observed <- outer(index, index, Vectorize(function(i, j) {
      drop(t(py) %*% kept[[i]] %*% p %*% kept[[j]] %*% py) - sum(pg[[i]] * t(pg[[j]])) / 2
    }))
    move <- solve(observed, gradient)
    if (max(abs(move) / theta[inner]) < 1e-12) break
    theta[inner] <- pmax(theta[inner] + move, 1e-3 * theta[inner])
    theta[!inner] <- 0
  }
  w <- solve(outer(index, index, Vectorize(second)))
  beta <- phi %*% t(x) %*% vi %*% y
  pi <- lapply(kept, function(g) -t(x) %*% vi %*% g %*% vi %*% x)
  lambda <- matrix(0, ncol(x), ncol(x))
  for (i in index) for (j in index) {
    q <- t(x) %*% vi %*% kept[[i]] %*% vi %*% kept[[j]] %*% vi %*% x
    lambda <- lambda + w[i, j] * (q - pi[[i]] %*% phi %*% pi[[j]])
  }
  adjusted <- if (startsWith(ddf, "kenward-roger")) phi + 2 * phi %*% lambda %*% phi else phi
  names <- colnames(x)
  out <- lapply(levels(rows$visit), function(visit) {
    l <- as.numeric(names == "active")
    if (several) l <- l + (names == paste0("active:visit", visit))
    estimate <- sum(l * beta)
    error <- sqrt(drop(t(l) %*% adjusted %*% l))
    slope <- vapply(pi, function(p) -drop(t(l) %*% phi %*% p %*% phi %*% l), numeric(1))
    df <- 2 * drop(t(l) %*% phi %*% l)^2 / drop(t(slope) %*% w %*% slope)
    t <- estimate / error
    half <- qt(1 - (1 - level) / 2, df) * error
    result <- answer(estimate, error, t, df, 2 * pt(-abs(t), df), estimate - half, estimate + half)
    attr(result, "fit") <- fit
    attr(result, "l") <- l
    result
  })
  stats::setNames(out, levels(rows$visit))
}

## ---- Comparison ----------------------------------------------------------------------------------------------------

recompute <- function(row) {
  pair <- pairs_at(row$endpoint, row$visit, row$set, row$measure)
  d <- pair$active - pair$placebo
  level <- row$conf_level
  levels <- as.numeric(strsplit(as.character(row$levels), " ")[[1]])
  switch(row$method,
    "paired-t" = paired_t(pair$active, pair$placebo, level),
    "wilcoxon" = signed_rank(d, if (is.na(row$zeros)) "wilcoxon" else row$zeros, level),
    "sign" = sign_test(d, level),
    "trimmed-t" = yuen_paired(pair$active, pair$placebo, level = level),
    "mcnemar" = mcnemar_pairs(pair$active, pair$placebo, level),
    "stuart-maxwell" = stuart_maxwell(pair$active, pair$placebo, levels),
    "bowker" = bowker(pair$active, pair$placebo, levels),
    "win-odds" = win_odds(pair$active, pair$placebo, row$better, level),
    "mixed-model" = model_of(row),
    NULL)
}

fitted <- new.env()
model_of <- function(row) {
  plain <- grepl("^value ~ treatment( \\* visit)?( \\+ baseline(_mean \\+ baseline_deviation)?)? \\+ \\(1\\|patient\\)", row$formula)
  if (!identical(row$structure, "random") || !plain || !row$ddf %in% c("kenward-roger", "kenward-roger-linear", "satterthwaite")) {
    return(NULL)
  }
  key <- paste(row$endpoint, row$set, row$measure)
  if (is.null(fitted[[key]])) {
    visits <- unique(expected$visit[expected$endpoint == row$endpoint & expected$method == row$method & expected$set == row$set])
    fitted[[key]] <- mixed_model(row$endpoint, row$set, row$measure, row$baseline, row$conf_level, row$information, row$ddf, visits)
  }
  fitted[[key]][[row$visit]]
}

# Closed forms agree to rounding; limits found by root finding and model fits to the digits their algorithms give.
tolerance <- function(method) switch(method, "mixed-model" = 1e-6, "win-odds" = 1e-8, 1e-9)

close_to <- function(ours, theirs, tolerance) {
  if (is.na(ours) || is.na(theirs)) return(is.na(ours) && is.na(theirs))
  abs(ours - theirs) <= tolerance * max(1e-6, abs(ours), abs(theirs)) || abs(ours - theirs) < 1e-12
}

main <- function() {
  fields <- c("estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high")
  counts <- c(PASS = 0, FAIL = 0, SKIP = 0)
  for (i in seq_len(nrow(expected))) {
    row <- as.list(expected[i, ])
    if (!identical(row$alternative, "two-sided") || all(is.na(unlist(row[fields])))) {
      counts["SKIP"] <- counts["SKIP"] + 1
      cat("SKIP", row$id, "(one-sided, or no result to compare)\n")
      next
    }
    theirs <- tryCatch(recompute(row), error = function(e) { cat("ERROR", row$id, conditionMessage(e), "\n"); answer() })
    if (is.null(theirs)) {
      counts["SKIP"] <- counts["SKIP"] + 1
      cat("SKIP", row$id, "(no independent program for this method or structure here)\n")
      next
    }
    for (field in fields) {
      ours <- as.numeric(row[[field]])
      if (is.na(ours) && (is.na(theirs[[field]]) || field %in% c("statistic", "std_error", "df"))) next
      passed <- close_to(ours, theirs[[field]], tolerance(row$method))
      verdict <- if (passed) "PASS" else "FAIL"
      counts[verdict] <- counts[verdict] + 1
      cat(sprintf("%s %s %s splitknee=%.10g R=%.10g\n", verdict, row$id, field, ours, theirs[[field]]))
    }
    if (row$method == "mixed-model" && requireNamespace("pbkrtest", quietly = TRUE) && row$role == "primary") {
      fit <- attr(theirs, "fit")
      l <- attr(theirs, "l")
      error <- sqrt(drop(t(l) %*% as.matrix(pbkrtest::vcovAdj(fit)) %*% l))
      cat(sprintf("INFO %s pbkrtest, expected information: SE=%.6g df=%.6g\n", row$id, error, pbkrtest::Lb_ddf(l, vcov(fit), pbkrtest::vcovAdj(fit))))
    }
  }
  cat(sprintf("%d PASS, %d FAIL, %d SKIP\n", counts["PASS"], counts["FAIL"], counts["SKIP"]))
  quit(status = if (counts["FAIL"] > 0) 1 else 0)
}

if (sys.nframe() == 0) {
  expected <- read("expected.csv", colClasses = c(levels = "character", zeros = "character", formula = "character",
    structure = "character", ddf = "character", information = "character", visit = "character", endpoint = "character", set = "character"))
  main()
}
