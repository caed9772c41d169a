# Models of grades, yes/no answers and counts: mixed models by their likelihood, marginal models by estimating equations.

## ---- Mixed models of log-odds and log rates ----------------------------------------------------------------------------------

# Nodes and weights for integrating against a standard normal density: the trapezoidal rule on -8 to 8, which for such
# smooth integrands converges faster than any power of the step (Trefethen & Weideman 2014).
normal_nodes <- function(n) {
  x <- seq(-8, 8, length.out = n)
  list(x = x, w = dnorm(x) * (x[2] - x[1]))
}

# -log-likelihood of y (0/1, a count, or 1 ... K with K - 1 thresholds) with a normal intercept per patient and, where `knee`
# is given, per knee. The integrals use many fixed nodes, where splitknee uses few adaptive ones. Of a negative binomial
# count the first parameter is log(theta), where the others have thresholds.
mixed_logit <- function(y, x, offset, patient, knee, family, nodes = 241) {
  grid <- normal_nodes(nodes)
  cumulative <- family == "cumulative"
  n_cut <- if (cumulative) max(y) - 1 else if (family == "negative-binomial") 1 else 0
  slopes <- n_cut + seq_len(ncol(x))
  random <- max(slopes) + seq_len(1 + !is.null(knee))
  # P(row | linear predictor), a matrix rows x nodes.
  row_probability <- function(rows, eta, cut) {
    if (family == "poisson") return(dpois(y[rows], exp(eta)))
    if (family == "negative-binomial") return(dnbinom(y[rows], size = exp(cut), mu = exp(eta)))
    if (!cumulative) return(plogis(ifelse(y[rows] == 1, 1, -1) * eta))
    above <- c(cut, Inf)[y[rows]]
    below <- c(-Inf, cut)[y[rows]]
    plogis(above - eta) - plogis(below - eta)
  }
  product <- function(p) exp(colSums(log(pmax(p, 1e-300))))
  by_patient <- split(seq_along(y), patient)
  function(parameters) {
    cut <- cumsum(c(parameters[seq_len(min(1, n_cut))], exp(parameters[seq_len(n_cut)][-1])))
    eta <- offset + drop(x %*% parameters[slopes])
    sd <- abs(parameters[random])
    each <- vapply(by_patient, function(rows) {
      outer_eta <- function(rows, shift) outer(eta[rows], shift, `+`)
      if (is.null(knee)) {
        return(sum(grid$w * product(row_probability(rows, outer_eta(rows, sd[1] * grid$x), cut))))
      }
      # Every node of the patient with every node of the knee, side by side; knees are independent given the patient.
      both <- rep(sd[1] * grid$x, each = nodes) + rep(sd[2] * grid$x, nodes)
      inside <- 1
      for (rows in split(rows, knee[rows])) {
        at_nodes <- product(row_probability(rows, outer_eta(rows, both), cut))
        inside <- inside * colSums(grid$w * matrix(at_nodes, nodes))
      }
      sum(grid$w * inside)
    }, numeric(1))
    -sum(log(each))
  }
}

# Active - placebo in log-odds or log rates at every visit of a mixed model whose random terms the formula names.
generalised_mixed <- function(endpoint, set, formula, visit_numbers, family) {
  cumulative <- family == "cumulative"
  rates <- family %in% c("poisson", "negative-binomial")
  parts <- parts_of(formula)
  rows <- model_rows(endpoint, set, "value", formula, visit_numbers, rates = rates)
  offset <- if (rates) log(given(rows$exposure, nrow(rows))) else numeric(nrow(rows))
  mean_formula <- as.formula(paste("~", paste(parts$mean, collapse = " + ")))
  x <- model.matrix(mean_formula, rows)
  x <- x[, sort(qr(x)$pivot[seq_len(qr(x)$rank)]), drop = FALSE]
  if (cumulative) x <- x[, colnames(x) != "(Intercept)", drop = FALSE]
  y <- if (cumulative) as.integer(factor(rows$value)) else rows$value
  knee <- if (grepl("patient:knee", parts$covariance)) as.character(rows$treatment)
  minus <- mixed_logit(y, x, offset, rows$patient, knee, family, if (is.null(knee)) 241 else 41)
  start <- if (cumulative) {
    shares <- qlogis(cumsum(table(y) / length(y)))[seq_len(max(y) - 1)]
    c(shares[1], log(diff(shares)), numeric(ncol(x)))
  } else if (rates) {
    c(if (family == "negative-binomial") 1, coef(glm(y ~ x - 1 + offset(offset), family = poisson)))
  } else {
    coef(glm(y ~ x - 1, family = binomial))
  }
  n_random <- if (is.null(knee)) 1 else 2
  slopes <- length(start) - ncol(x) + seq_len(ncol(x))
  start <- unname(c(start, rep(1, n_random)))
  # Parameters in units of their columns help the search.
  size <- rep(1, length(start))
  size[slopes] <- 1 / pmax(apply(abs(x), 2, max), 1e-8)
  # The nodes are dense enough up to a standard deviation of 15; a likelihood that rises beyond has no maximum to compare.
  widest <- 15
  upper <- rep(c(Inf, widest), c(length(start) - n_random, n_random))
  search <- function(start) {
    nlminb(start, minus, scale = 1 / size, upper = upper, control = list(eval.max = 5000, iter.max = 1000, rel.tol = 1e-13))
  }
  best <- search(start)
  if (any(abs(utils::tail(best$par, n_random)) > widest - 1e-6)) {
    return(skip("the likelihood rises towards an infinite variance: no maximum to compare"))
  }
  # A standard deviation at 0 is no parameter of the curvature.
  free <- seq_along(start) <= length(start) - n_random | abs(best$par) > 1e-3
  at <- function(part) { full <- best$par; full[free] <- part; minus(full) }
  hessian <- second_differences(at, best$par[free], size[free])
  vcov <- matrix(0, length(start), length(start))
  vcov[free, free] <- solve(hessian)
  list(rows = rows, mean = mean_formula, method = "generalised", log_lik = -best$objective,
       fit = list(x = x, beta = best$par[slopes], vcov = vcov[slopes, slopes, drop = FALSE]))
}

# A Hessian by central differences, extrapolated (Richardson).
second_differences <- function(f, at, size) {
  n <- length(at)
  one <- function(step) {
    h <- step * pmax(size, abs(at))
    out <- matrix(0, n, n)
    for (i in seq_len(n)) for (j in seq_len(i)) {
      e <- function(k, s) replace(numeric(n), k, s * h[k])
      out[i, j] <- out[j, i] <- (f(at + e(i, 1) + e(j, 1)) - f(at + e(i, 1) + e(j, -1)) -
        f(at + e(i, -1) + e(j, 1)) + f(at + e(i, -1) + e(j, -1))) / (4 * h[i] * h[j])
    }
    out
  }
  (4 * one(5e-3) - one(1e-2)) / 3
}

# The same by a package, for one random intercept: lme4::glmer or ordinal::clmm with as many adaptive nodes.
# NULL where the package is missing.
by_package <- function(model, cumulative, points) {
  rows <- model$rows
  x <- model$fit$x[, colnames(model$fit$x) != "(Intercept)", drop = FALSE]
  colnames(x) <- paste0("x", seq_len(ncol(x)))
  frame <- data.frame(y = rows$value, patient = factor(rows$patient), x)
  right <- paste(c(colnames(x), "(1 | patient)"), collapse = " + ")
  if (!cumulative) {
    if (!requireNamespace("lme4", quietly = TRUE)) return(NULL)
    fit <- suppressWarnings(suppressMessages(lme4::glmer(as.formula(paste("y ~", right)), frame, binomial, nAGQ = points,
      control = lme4::glmerControl(optimizer = "bobyqa", optCtrl = list(maxfun = 1e5)))))
    return(list(beta = lme4::fixef(fit), vcov = as.matrix(vcov(fit))))
  }
  if (!requireNamespace("ordinal", quietly = TRUE)) return(NULL)
  frame$y <- factor(frame$y, ordered = TRUE)
  fit <- suppressWarnings(ordinal::clmm(as.formula(paste("y ~", right)), data = frame, nAGQ = points))
  at <- colnames(x)
  list(beta = fit$beta[at], vcov = vcov(fit)[at, at, drop = FALSE])
}

## ---- Estimating equations ------------------------------------------------------------------------------------------

# Exchangeable correlation, moment estimators as R geepack; covariance of Mancl & DeRouen (2001). Counts have the logarithm of
# their exposure as offset; theta weights those of the negative binomial variance.
estimating_equations <- function(endpoint, set, formula, visit_numbers, distribution, theta) {
  parts <- parts_of(formula)
  rates <- distribution %in% c("poisson", "negative-binomial")
  rows <- model_rows(endpoint, set, "value", formula, visit_numbers, rates = rates)
  offset <- if (rates) log(given(rows$exposure, nrow(rows))) else numeric(nrow(rows))
  mean_formula <- as.formula(paste("~", paste(parts$mean, collapse = " + ")))
  x <- model.matrix(mean_formula, rows)
  x <- x[, sort(qr(x)$pivot[seq_len(qr(x)$rank)]), drop = FALSE]
  y <- rows$value
  family <- switch(distribution, binomial = binomial(), gaussian = gaussian(), poisson())
  if (distribution == "negative-binomial") family$variance <- function(mu) mu + mu^2 / theta
  beta <- coef(glm.fit(x, y, offset = offset, family = if (rates) poisson() else family))
  patients <- split(seq_along(y), rows$patient)
  alpha <- 0
  working <- function(m) (1 - alpha) * diag(m) + alpha
  for (step in 1:500) {
    eta <- offset + drop(x %*% beta)
    root <- sqrt(family$variance(family$linkinv(eta)))
    d <- x * (family$mu.eta(eta) / root)              # derivatives and residuals over the root of the variance
    e <- (y - family$linkinv(eta)) / root
    bread <- Reduce(`+`, lapply(patients, function(at) t(d[at, , drop = FALSE]) %*% solve(working(length(at)), d[at, , drop = FALSE])))
    score <- Reduce(`+`, lapply(patients, function(at) t(d[at, , drop = FALSE]) %*% solve(working(length(at)), e[at])))
    move <- drop(solve(bread, score))
    beta <- beta + move
    eta <- offset + drop(x %*% beta)
    e <- (y - family$linkinv(eta)) / sqrt(family$variance(family$linkinv(eta)))
    scale <- mean(e^2)
    pairs <- sum(vapply(patients, function(at) choose(length(at), 2), numeric(1)))
    next_alpha <- if (pairs == 0) 0 else {
      sum(vapply(patients, function(at) (sum(e[at])^2 - sum(e[at]^2)) / 2, numeric(1))) / scale / pairs
    }
    moved <- max(abs(move) / pmax(1, abs(beta)), abs(next_alpha - alpha))
    alpha <- next_alpha
    if (moved < 1e-13) break
  }
  root <- sqrt(family$variance(family$linkinv(eta)))
  d <- x * (family$mu.eta(eta) / root)
  inverse <- solve(Reduce(`+`, lapply(patients, function(at) t(d[at, , drop = FALSE]) %*% solve(working(length(at)), d[at, , drop = FALSE]))))
  meat <- Reduce(`+`, lapply(patients, function(at) {
    di <- d[at, , drop = FALSE]
    ri <- solve(working(length(at)))
    leverage <- di %*% inverse %*% t(di) %*% ri
    s <- t(di) %*% ri %*% solve(diag(length(at)) - leverage, e[at])
    s %*% t(s)
  }))
  list(rows = rows, mean = mean_formula, method = "generalised", offset = offset,
       fit = list(x = x, beta = beta, vcov = inverse %*% meat %*% inverse))
}

# The Wald test of active - placebo at a visit.
wald_difference <- function(model, visit, level, alternative, df = Inf) {
  full <- ls_weights(model, plan$active_arm, visit) - ls_weights(model, plan$placebo_arm, visit)
  l <- ifelse(abs(full) < 1e-12, 0, full)
  t_answer(sum(l * model$fit$beta), sqrt(drop(t(l) %*% model$fit$vcov %*% l)), df, level, alternative)
}
