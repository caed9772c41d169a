# Imputation of two correlated knees with covariates in the model: an age and a site (three levels) of the patient, a grade of
# the knee.
#   Rscript make.R > expected.json      writes data.csv and events.csv too where they are not there
#
# Two routes. `own`: base R, restricted likelihood by Fisher scoring to 1e-12 on dense matrices, lm's treatment contrasts.
# `gls`: nlme::gls (corSymm, varIdent, REML), whose means and covariance are then conditioned on by hand; the jackknife refits gls.
# Draws: a Gibbs sampler (Jeffreys) and a bootstrap of patients, one visit, for means and variances with Monte Carlo errors.
library(nlme)
library(jsonlite)

if (!file.exists("data.csv")) {
  set.seed(1703)
  n <- 30
  rows <- list(); happened <- list()
  for (i in seq_len(n)) {
    age <- sample(48:79, 1); site <- sample(c("NORTH", "SOUTH", "WEST"), 1, prob = c(.45, .35, .2))
    person <- rnorm(1, 0, 7); base <- round(pmin(pmax(rnorm(2, 62, 11), 20), 95)); grade <- sample(2:4, 2, replace = TRUE)
    for (a in 1:2) {
      lost <- if (runif(1) < .28) sample(1:2, 1) else 3
      level <- c(-9, -3)[a] + .25 * (age - 62) + c(NORTH = 0, SOUTH = 3.5, WEST = -2)[[site]] + 2 * (grade[a] - 3) -
        .4 * (base[a] - 62) + person + rnorm(1, 0, 5)
      for (v in 1:2) rows[[length(rows) + 1]] <- data.frame(
        usubjid = sprintf("C-%02d", i), treatment = c("EV", "PLACEBO")[a], visit = c("M3", "M6")[v], base = base[a],
        age = age, site = site, grade = grade[a],
        change = if (v < lost) round(level - c(0, 2.5)[v] * (a == 1) + rnorm(1, 0, 5), 1) else NA)
    }
    if (runif(1) < .3) happened[[length(happened) + 1]] <-
      data.frame(usubjid = sprintf("C-%02d", i), treatment = sample(c("EV", ""), 1, prob = c(.7, .3)), visit = sample(c("M3", "M6"), 1))
  }
  write.csv(do.call(rbind, rows), "data.csv", row.names = FALSE, quote = FALSE, na = "")
  write.csv(do.call(rbind, happened), "events.csv", row.names = FALSE, quote = FALSE)
}
d <- read.csv("data.csv", colClasses = c(usubjid = "character"))
events <- read.csv("events.csv", colClasses = "character", na.strings = "NA")
visits <- c("M3", "M6"); arms <- c("EV", "PLACEBO")
d$cell <- (match(d$treatment, arms) - 1) * 2 + match(d$visit, visits)
d <- d[order(d$usubjid, d$cell), ]
ids <- unique(d$usubjid); n <- length(ids)
d$who <- match(d$usubjid, ids)
# First affected visit of either knee; an event without an arm is the patient's.
first <- sapply(arms, function(arm) sapply(ids, function(id) {
  e <- events[events$usubjid == id & events$treatment %in% c("", arm), ]
  if (nrow(e)) min(match(e$visit, visits)) else NA
}))
after <- mapply(function(i, cell) { t <- first[i, (cell - 1) %/% 2 + 1]; !is.na(t) && (cell - 1) %% 2 + 1 >= t }, d$who, d$cell)
d$treatment <- relevel(factor(d$treatment), "PLACEBO")
terms <- ~ treatment * visit + base:visit + base + age + site + grade
design <- function(rows) model.matrix(terms, rows)

reml <- function(y, X, who, cell, q, start) {
  pairs <- which(lower.tri(diag(q), TRUE), arr.ind = TRUE)
  same <- outer(who, who, "==")
  parts <- apply(pairs, 1, function(k) same * pmax(outer(cell == k[1], cell == k[2]), outer(cell == k[2], cell == k[1])), simplify = FALSE)
  at <- function(S) {
    W <- solve(same * S[cell, cell]); XW <- crossprod(X, W); A <- XW %*% X
    beta <- solve(A, XW %*% y)
    list(W = W, P = W - crossprod(XW, solve(A, XW)), beta = drop(beta),
         log_lik = -.5 * ((length(y) - ncol(X)) * log(2 * pi) - as.numeric(determinant(W)$modulus) +
                            as.numeric(determinant(A)$modulus) + drop(crossprod(y, W %*% (y - X %*% beta)))))
  }
  S <- start; now <- at(S)
  for (step in 1:300) {
    Py <- now$P %*% y
    PE <- lapply(parts, function(E) now$P %*% E)
    score <- sapply(seq_along(parts), function(k) .5 * (sum(Py * (parts[[k]] %*% Py)) - sum(diag(PE[[k]]))))
    info <- sapply(PE, function(a) sapply(PE, function(b) .5 * sum(a * t(b))))
    move <- matrix(0, q, q); move[pairs] <- solve(info, score); move <- move + t(move) - diag(diag(move), q)
    half <- 1
    repeat {
      S1 <- S + half * move
      if (all(eigen(S1, TRUE, TRUE)$values > 0) && (next_at <- at(S1))$log_lik > now$log_lik - 1e-10) break
      half <- half / 2
      if (half < 1e-8) break
    }
    change <- max(abs(S1 - S)) / max(abs(S)); S <- S1; now <- next_at
    if (change < 1e-13) break
  }
  c(now[c("beta", "log_lik")], list(sigma = S))
}
own_fit <- function(rows, start = NULL, q = 4) {
  X <- design(rows)
  if (is.null(start)) start <- diag(var(residuals(lm.fit(X, rows$change))), q)
  fit <- reml(rows$change, X, rows$who, rows$cell, q, start)
  names(fit$beta) <- colnames(X)
  fit
}
gls_fit <- function(rows, start = NULL) {
  rows$cf <- factor(rows$cell); rows$pid <- factor(rows$who)
  g <- do.call(gls, list(update(terms, change ~ .), rows, correlation = corSymm(form = ~ cell | pid),
    weights = varIdent(form = ~ 1 | cf),
    control = glsControl(maxIter = 500, msMaxIter = 500, tolerance = 1e-11, msTol = 1e-13, opt = "nlminb")))
  sd <- g$sigma * c(1, coef(g$modelStruct$varStruct, unconstrained = FALSE))[order(c(1, as.numeric(
    names(coef(g$modelStruct$varStruct, unconstrained = FALSE)))))]
  # The first cell met is the reference of varIdent.
  reference <- as.character(rows$cf[1])
  w <- c(setNames(1, reference), coef(g$modelStruct$varStruct, unconstrained = FALSE))
  sd <- g$sigma * w[as.character(1:4)]
  R <- diag(4); R[lower.tri(R)] <- coef(g$modelStruct$corStruct, unconstrained = FALSE); R <- R + t(R) - diag(4)
  list(beta = coef(g), log_lik = as.numeric(logLik(g)), sigma = unname(diag(sd) %*% R %*% diag(sd)))
}

law_mean <- function(own, reference, average, t, law) {
  if (is.na(t) || law == "mar") return(own)
  kept <- if (t == 1) 0 else own[t - 1] - reference[t - 1]
  for (v in 1:2) if (v >= t || law == "cr") own[v] <- switch(law, j2r = , cr = reference[v], cir = reference[v] + kept,
    "causal:0.5" = reference[v] + .5 * kept, "rtb-mean" = own[v] - average[v])
  own
}
complete <- function(fit, who, law, keep) {
  placebo <- d; placebo$treatment[] <- "PLACEBO"
  mean <- matrix(design(d) %*% fit$beta, n, 4, byrow = TRUE)
  reference <- matrix(design(placebo) %*% fit$beta, n, 4, byrow = TRUE)
  average <- colMeans(mean[who, ])
  y <- matrix(ifelse(keep, d$change, NA), n, 4, byrow = TRUE)
  for (i in who) {
    u <- which(is.na(y[i, ])); if (!length(u)) next
    o <- setdiff(1:4, u)
    m <- law_mean(mean[i, ], reference[i, ], average, first[i, 1], law)
    y[i, u] <- m[u] + if (length(o)) drop(fit$sigma[u, o, drop = FALSE] %*% solve(fit$sigma[o, o], y[i, o] - m[o])) else 0
  }
  y[who, ]
}
theta <- function(y, who, v, analysis) {
  z <- y[, v] - y[, v + 2]
  if (analysis == "mean-difference") return(mean(z))
  b <- matrix(d$base, n, 4, byrow = TRUE)[who, c(1, 3)]
  unname(coef(lm(z ~ scale(rowMeans(b), scale = FALSE) + I(b[, 1] - b[, 2])))[1])
}
standard_error <- function(left) sqrt((n - 1) / n * sum((left - mean(left))^2))

laws <- c("mar", "j2r", "cir", "causal:0.5", "cr", "rtb-mean")
ask <- expand.grid(v = 1:2, analysis = c("mean-difference", "ancova"), stringsAsFactors = FALSE)
rows_of <- function(law) d[!is.na(d$change) & (law == "mar" | !after), ]
keep <- rep(TRUE, nrow(d))
results <- list()
add <- function(id, package, values) results[[length(results) + 1]] <<- list(id = id, package = package, values = values)
fits <- list()
for (set in c("observed", "before_events")) {
  rows <- rows_of(if (set == "observed") "mar" else "j2r")
  full <- own_fit(rows)
  fits[[set]] <- list(full = full, left = lapply(seq_len(n), function(i) own_fit(rows[rows$who != i, ], full$sigma)))
  g <- gls_fit(rows)
  add(paste0("fit.", set), "base R", list(log_lik = full$log_lik, beta = as.list(full$beta), sigma = full$sigma))
  add(paste0("fit.", set, ".gls"), "nlme::gls", list(log_lik = g$log_lik, beta = as.list(g$beta), sigma = g$sigma))
  fits[[set]]$gls <- g
  fits[[set]]$gls_left <- lapply(seq_len(n), function(i) tryCatch(gls_fit(rows[rows$who != i, ]), error = function(e) NULL))
}
everyone <- seq_len(n)
for (law in laws) {
  f <- fits[[if (law == "mar") "observed" else "before_events"]]
  y <- complete(f$full, everyone, law, keep)
  gone <- which(is.na(d$change))
  value <- t(y)[cbind(d$cell, d$who)][gone]
  add(paste0(law, ".imputed"), "base R", data.frame(usubjid = d$usubjid[gone], cell = d$cell[gone], value = value))
  left <- lapply(seq_len(n), function(i) complete(f$left[[i]], everyone[-i], law, keep))
  gls_y <- complete(f$gls, everyone, law, keep)
  gls_left <- if (any(sapply(f$gls_left, is.null))) NULL else
    lapply(seq_len(n), function(i) complete(f$gls_left[[i]], everyone[-i], law, keep))
  estimates <- ask
  estimates$estimate <- mapply(function(v, a) theta(y, everyone, v, a), ask$v, ask$analysis)
  estimates$std_error <- mapply(function(v, a) standard_error(sapply(everyone, function(i) theta(left[[i]], everyone[-i], v, a))), ask$v, ask$analysis)
  add(paste0(law, ".estimates"), "base R", estimates)
  by_gls <- ask
  by_gls$estimate <- mapply(function(v, a) theta(gls_y, everyone, v, a), ask$v, ask$analysis)
  if (!is.null(gls_left)) by_gls$std_error <- mapply(function(v, a)
    standard_error(sapply(everyone, function(i) theta(gls_left[[i]], everyone[-i], v, a))), ask$v, ask$analysis)
  add(paste0(law, ".estimates.gls"), "nlme::gls", by_gls)
  if (law %in% c("mar", "j2r")) {
    # delta of the active knees at the last visit: the root found by bisection on the whole procedure.
    load <- is.na(matrix(d$change, n, 4, byrow = TRUE))[, c(2, 4)] %*% diag(c(1, -1))
    distance <- function(delta, direction) {
      move <- drop(load %*% (direction * delta))
      all <- theta(y + cbind(0, move, 0, 0), everyone, 2, "mean-difference")
      some <- sapply(everyone, function(i) theta(left[[i]] + cbind(0, move[-i], 0, 0), everyone[-i], 2, "mean-difference"))
      all^2 - (qt(.975, n - 1) * standard_error(some))^2
    }
    nearest <- function(direction) sort(unlist(lapply(c(-1, 1), function(side) {
      grid <- side * seq(0, 400, .5); value <- sapply(grid, distance, direction = direction)
      k <- which(diff(sign(value)) != 0)[1]
      if (is.na(k)) NULL else uniroot(distance, sort(grid[k + 0:1]), direction = direction, tol = 1e-10)$root
    })))
    add(paste0(law, ".tipping"), "base R", list(delta_active = nearest(c(1, 0)), delta_placebo = nearest(c(0, 1)),
                                                opposite = nearest(c(1, -1))))
  }
}

# Draws at the last visit alone: every value is fitted, missing at random.
last <- d[d$visit == "M6", ]; last$cell <- ifelse(last$treatment == "EV", 1, 2)
last <- last[order(last$who, last$cell), ]
terms <- ~ treatment + base + age + site + grade
seen <- last[!is.na(last$change), ]
X <- design(last); Y <- matrix(last$change, n, 2, byrow = TRUE)
one <- own_fit(seen, q = 2)
pooled <- function(z) { # z: draws x patients
  M <- nrow(z); theta <- rowMeans(z); u <- apply(z, 1, var) / n
  batch <- tapply(theta, rep(1:50, each = M / 50), mean)
  list(m = M, estimate = mean(theta), mcse = sd(batch) / sqrt(50), within = mean(u), between = var(theta),
       std_error = sqrt(mean(u) + (1 + 1 / M) * var(theta)))
}
# Patients without a value at the visit add nothing to the likelihood and are drawn like the others.
used <- which(rowSums(!is.na(Y)) > 0)
set.seed(1704)
gibbs <- function(M, thin = 2, warm = 500) {
  beta <- one$beta; S <- one$sigma; Z <- Y; Z[is.na(Z)] <- 0
  Xi <- lapply(everyone, function(i) X[2 * i - 1:0, ])
  draw <- function(i, mu) {
    u <- which(is.na(Y[i, ])); if (!length(u)) return(Y[i, ])
    if (length(u) == 2) return(mu + drop(t(chol(S)) %*% rnorm(2)))
    o <- 3 - u; y <- Y[i, ]
    y[u] <- mu[u] + S[u, o] / S[o, o] * (y[o] - mu[o]) + sqrt(S[u, u] - S[u, o]^2 / S[o, o]) * rnorm(1)
    y
  }
  out <- matrix(NA, M, n)
  for (it in seq_len(warm + M * thin)) {
    for (i in used) Z[i, ] <- draw(i, drop(Xi[[i]] %*% beta))
    W <- solve(S); A <- 0; b <- 0
    for (i in used) { XW <- t(Xi[[i]]) %*% W; A <- A + XW %*% Xi[[i]]; b <- b + XW %*% Z[i, ] }
    V <- solve(A); beta <- drop(V %*% b + t(chol(V)) %*% rnorm(length(beta)))
    E <- 0
    for (i in used) { e <- Z[i, ] - Xi[[i]] %*% beta; E <- E + e %*% t(e) }
    S <- solve(rWishart(1, length(used), solve(E))[, , 1])
    if (it > warm && (it - warm) %% thin == 0)
      out[(it - warm) / thin, ] <- sapply(everyone, function(i) { y <- draw(i, drop(Xi[[i]] %*% beta)); y[1] - y[2] })
  }
  out
}
add("last.bayes", "base R, Gibbs sampler", pooled(gibbs(10000)))
bootstrap <- function(M) {
  out <- matrix(NA, M, n); failed <- 0; m <- 0
  while (m < M) {
    picked <- sample(n, n, TRUE)
    rows <- do.call(rbind, lapply(seq_len(n), function(k) { r <- seen[seen$who == picked[k], ]; if (nrow(r)) { r$who <- k }; r }))
    fit <- tryCatch(own_fit(rows, one$sigma, 2), error = function(e) NULL)
    # A sample without a level has no effect of it; one whose optimum is singular has no law.
    if (is.null(fit) || min(eigen(fit$sigma, TRUE, TRUE)$values) < 1e-6 * max(fit$sigma) || length(unique(rows$site)) < 3) {
      failed <- failed + 1; next
    }
    m <- m + 1
    mu <- matrix(X %*% fit$beta, n, 2, byrow = TRUE); S <- fit$sigma
    out[m, ] <- sapply(everyone, function(i) {
      u <- which(is.na(Y[i, ])); y <- Y[i, ]
      if (length(u) == 2) y <- mu[i, ] + drop(t(chol(S)) %*% rnorm(2))
      if (length(u) == 1) {
        o <- 3 - u
        y[u] <- mu[i, u] + S[u, o] / S[o, o] * (y[o] - mu[i, o]) + sqrt(S[u, u] - S[u, o]^2 / S[o, o]) * rnorm(1)
      }
      y[1] - y[2]
    })
  }
  c(pooled(out), redrawn = failed)
}
add("last.approximate_bayes", "base R, bootstrap of patients", bootstrap(2000))

cat(toJSON(list(
  case = "missing_covariates",
  description = "imputation of two correlated knees with an age, a site and a grade of the knee in the model",
  packages = list(base = R.version.string, nlme = as.character(packageVersion("nlme"))),
  call = "Rscript make.R; gls(change ~ treatment * visit + base:visit + base + age + site + grade, corSymm(~ cell | patient), varIdent(~ 1 | cell), REML)",
  tolerance = "base R: log-likelihood 1e-9, coefficients, covariance, imputed values and estimates 1e-7, SE 1e-6, roots 1e-5; gls: 1e-4, which stops earlier; draws: four Monte Carlo errors of both",
  results = results), auto_unbox = TRUE, digits = 16, pretty = FALSE), "\n")
