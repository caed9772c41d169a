# Linear models of correlated measurements by REML, written out from the formulas, in base R.
#
# Patients are independent; patient i has y_i ~ N(X_i beta, V_i(theta)). V_i is cut out of the covariance over all cells
# (knee x visit) that a patient could be seen at. Likelihood: Patterson & Thompson 1971. Kenward & Roger 1997, 2009;
# Satterthwaite 1946; Fai & Cornelius 1996. theta are the parameters SAS prints: variances and covariances, or variances
# and correlations; of a Kronecker product the second factor has 1 in its first place.

## ---- Covariance structures: value(theta), first derivatives, second derivatives ------------------------------------

# Linear in theta: V = sum theta_h G_h. `at_least_zero` marks variances of random effects.
linear_structure <- function(parts, start, at_least_zero) {
  list(start = start, zero = at_least_zero,
       value = function(theta) Reduce(`+`, Map(`*`, parts, theta)),
       first = function(theta) parts,
       second = function(theta, h, j) NULL)
}

unit <- function(n, i, j) { m <- matrix(0, n, n); m[i, j] <- m[j, i] <- 1; m }

# All variances and covariances of n cells.
unstructured <- function(n) {
  places <- which(lower.tri(diag(n), diag = TRUE), arr.ind = TRUE)
  parts <- apply(places, 1, function(at) unit(n, at[1], at[2]), simplify = FALSE)
  linear_structure(parts, ifelse(places[, 1] == places[, 2], 1, 0.3), rep(FALSE, nrow(places)))
}

# Correlation matrices of n visits with one parameter: value, first and second derivative.
correlation_ar1 <- function(n) {
  lag <- abs(outer(seq_len(n), seq_len(n), `-`))
  list(start = 0.3, value = function(r) r^lag, first = function(r) list(ifelse(lag == 0, 0, lag * r^(lag - 1))),
       second = function(r) list(list(ifelse(lag < 2, 0, lag * (lag - 1) * r^(lag - 2)))))
}
correlation_cs <- function(n) {
  off <- 1 - diag(n)
  list(start = 0.3, value = function(r) diag(n) + r * off, first = function(r) list(off),
       second = function(r) list(list(0 * off)))
}
# A covariance matrix with 1 in its first place.
scaled_us <- function(n) {
  all <- unstructured(n)
  parts <- all$first()[-1]
  none <- lapply(parts, function(p) lapply(parts, function(q) 0 * p))
  list(start = all$start[-1], value = function(r) unit(n, 1, 1) + Reduce(`+`, Map(`*`, parts, r)),
       first = function(r) parts, second = function(r) none)
}

# A (x) B: knees unstructured, visits by `b`.
kronecker_structure <- function(n_knees, b) {
  a <- unstructured(n_knees)
  n_a <- length(a$start)
  split <- function(theta) list(a = theta[seq_len(n_a)], b = theta[-seq_len(n_a)])
  list(start = c(a$start, b$start), zero = rep(FALSE, n_a + length(b$start)),
       value = function(theta) { t <- split(theta); kronecker(a$value(t$a), b$value(t$b)) },
       first = function(theta) {
         t <- split(theta)
         c(lapply(a$first(t$a), kronecker, b$value(t$b)),
           lapply(b$first(t$b), function(db) kronecker(a$value(t$a), db)))
       },
       second = function(theta, h, j) {
         t <- split(theta)
         if (h > j) { swap <- h; h <- j; j <- swap }
         if (j <= n_a) return(NULL)
         if (h <= n_a) return(kronecker(a$first(t$a)[[h]], b$first(t$b)[[j - n_a]]))
         kronecker(a$value(t$a), b$second(t$b)[[h - n_a]][[j - n_a]])
       })
}

# Exchangeable knees: A over the visits within a knee, B between two knees, all variances and covariances free.
pair_structure <- function(n_knees, n_visits) {
  block <- unstructured(n_visits)
  same <- diag(n_knees)
  parts <- c(lapply(block$first(), function(m) kronecker(same, m)),
             lapply(block$first(), function(m) kronecker(1 - same, m)))
  linear_structure(parts, c(block$start, block$start / 3), rep(FALSE, 2 * length(block$start)))
}

# One variance per visit and a correlation matrix with one parameter (csh, ar1h).
heterogeneous <- function(n, correlation) {
  at <- function(theta) list(v = theta[seq_len(n)], r = theta[n + 1], sd = outer(sqrt(theta[seq_len(n)]), sqrt(theta[seq_len(n)])))
  marked <- function(h) outer(seq_len(n) == h, rep(1, n)) + outer(rep(1, n), seq_len(n) == h)
  list(start = c(rep(1, n), correlation$start), zero = rep(FALSE, n + 1),
       value = function(theta) { t <- at(theta); t$sd * correlation$value(t$r) },
       first = function(theta) {
         t <- at(theta)
         full <- t$sd * correlation$value(t$r)
         c(lapply(seq_len(n), function(h) full * marked(h) / (2 * t$v[h])), list(t$sd * correlation$first(t$r)[[1]]))
       },
       second = function(theta, h, j) {
         t <- at(theta)
         if (h > j) { swap <- h; h <- j; j <- swap }
         if (h > n) return(t$sd * correlation$second(t$r)[[1]][[1]])
         if (j > n) return(t$sd * correlation$first(t$r)[[1]] * marked(h) / (2 * t$v[h]))
         full <- t$sd * correlation$value(t$r)
         if (h != j) return(full * marked(h) * marked(j) * (1 - diag(n)) / (4 * t$v[h] * t$v[j]))
         full * ifelse(diag(n) == 1, 0, -marked(h)) / (4 * t$v[h]^2)
       })
}

# The structure that a formula's last term names, over n_knees x n_visits cells (visits fastest).
structure_of <- function(term, n_knees, n_visits) {
  ones <- function(n) matrix(1, n, n)
  term <- gsub(" ", "", term)
  cells <- n_knees * n_visits
  # Any sum of random intercepts, with the residual.
  intercepts <- list("(1|patient)" = ones(cells), "(1|patient:knee)" = kronecker(diag(n_knees), ones(n_visits)),
    "(1|patient:visit)" = kronecker(ones(n_knees), diag(n_visits)))
  parts <- strsplit(term, "+", fixed = TRUE)[[1]]
  if (length(parts) > 0 && all(parts %in% names(intercepts))) {
    k <- length(parts)
    start <- switch(k, c(0.4, 0.6), c(0.3, 0.2, 0.5), c(0.3, 0.2, 0.2, 0.3))
    return(linear_structure(c(unname(intercepts[parts]), list(diag(cells))), start, c(rep(TRUE, k), FALSE)))
  }
  switch(term,
    "us(knee|patient)" = unstructured(n_knees),
    "cs(treatment|patient)" = linear_structure(list(ones(n_knees), diag(n_knees)), c(0.3, 0.7), c(FALSE, FALSE)),
    "pair(visit|patient)" =, "pair(visit,knee|patient)" = pair_structure(n_knees, n_visits),
    "us(cell|patient)" = unstructured(cells),
    "us(visit|patient)" = unstructured(n_visits),
    "csh(visit|patient)" = heterogeneous(n_visits, correlation_cs(n_visits)),
    "ar1h(visit|patient)" = heterogeneous(n_visits, correlation_ar1(n_visits)),
    "ar1(visit|patient)" = kronecker_structure(1, correlation_ar1(n_visits)),
    "cs(visit|patient)" = linear_structure(list(diag(n_visits), 1 - diag(n_visits)), c(1, 0.3), c(FALSE, FALSE)),
    "kron(us(knee),us(visit)|patient)" = kronecker_structure(n_knees, scaled_us(n_visits)),
    "kron(us(knee),ar1(visit)|patient)" = kronecker_structure(n_knees, correlation_ar1(n_visits)),
    "kron(us(knee),cs(visit)|patient)" = kronecker_structure(n_knees, correlation_cs(n_visits)),
    linear_structure(list(diag(cells)), 1, FALSE))
}

## ---- REML ----------------------------------------------------------------------------------------------------------

# Everything the likelihood and its derivatives need at theta; NULL where a V_i is not positive definite.
# Patients seen at the same cells share V.
reml_at <- function(model, theta, derivatives = TRUE) {
  s <- model$structure
  full <- s$value(theta)
  p <- ncol(model$x)
  k <- length(theta)
  first <- if (derivatives) s$first(theta)
  xvx <- matrix(0, p, p)
  xvy <- numeric(p)
  log_det <- 0
  shared <- list()
  for (pattern in names(model$patterns)) {
    cells <- model$patterns[[pattern]]$cells
    root <- tryCatch(chol(full[cells, cells, drop = FALSE]), error = function(e) NULL)
    if (is.null(root)) return(NULL)
    shared[[pattern]] <- list(cells = cells, inverse = chol2inv(root))
    for (rows in model$patterns[[pattern]]$patients) {
      x <- model$x[rows, , drop = FALSE]
      xvx <- xvx + t(x) %*% shared[[pattern]]$inverse %*% x
      xvy <- xvy + drop(t(x) %*% shared[[pattern]]$inverse %*% model$y[rows])
      log_det <- log_det + 2 * sum(log(diag(root)))
    }
  }
  phi <- tryCatch(solve(xvx), error = function(e) NULL)
  if (is.null(phi)) return(NULL)
  beta <- drop(phi %*% xvy)
  residual <- model$y - drop(model$x %*% beta)
  quadratic <- 0
  trace1 <- s1 <- numeric(k)
  u <- matrix(0, p, k)
  p1 <- replicate(k, matrix(0, p, p), simplify = FALSE)
  zero <- function() replicate(k, replicate(k, matrix(0, p, p), simplify = FALSE), simplify = FALSE)
  q <- r <- zero()
  trace2 <- w2 <- trace_second <- s_second <- matrix(0, k, k)
  for (part in names(shared)) {
    vi <- shared[[part]]$inverse
    cells <- shared[[part]]$cells
    patients <- model$patterns[[part]]$patients
    m <- length(patients)
    if (derivatives) {
      dv <- lapply(first, function(d) d[cells, cells, drop = FALSE])
      vdv <- lapply(dv, function(d) vi %*% d)
      pairs <- which(outer(seq_len(k), seq_len(k), `<=`), arr.ind = TRUE)
      d2 <- apply(pairs, 1, function(at) {
        d <- s$second(theta, at[1], at[2])
        if (is.null(d)) NULL else d[cells, cells, drop = FALSE]
      }, simplify = FALSE)
      trace1 <- trace1 + m * vapply(vdv, function(a) sum(diag(a)), numeric(1))
      for (n in seq_len(nrow(pairs))) {
        h <- pairs[n, 1]; j <- pairs[n, 2]
        trace2[h, j] <- trace2[h, j] + m * sum(vdv[[h]] * t(vdv[[j]]))
        if (!is.null(d2[[n]])) trace_second[h, j] <- trace_second[h, j] + m * sum(vi * d2[[n]])
      }
    }
    for (rows in patients) {
      e <- drop(vi %*% residual[rows])
      quadratic <- quadratic + sum(e * residual[rows])
      if (!derivatives) next
      vx <- vi %*% model$x[rows, , drop = FALSE]
      dvx <- lapply(dv, function(d) d %*% vx)
      de <- lapply(dv, function(d) drop(d %*% e))
      for (h in seq_len(k)) {
        s1[h] <- s1[h] + sum(e * de[[h]])
        u[, h] <- u[, h] + drop(t(vx) %*% de[[h]])
        p1[[h]] <- p1[[h]] - t(vx) %*% dvx[[h]]
      }
      for (n in seq_len(nrow(pairs))) {
        h <- pairs[n, 1]; j <- pairs[n, 2]
        q[[h]][[j]] <- q[[h]][[j]] + t(dvx[[h]]) %*% vi %*% dvx[[j]]
        w2[h, j] <- w2[h, j] + sum(de[[h]] * (vi %*% de[[j]]))
        if (!is.null(d2[[n]])) {
          s_second[h, j] <- s_second[h, j] + sum(e * (d2[[n]] %*% e))
          r[[h]][[j]] <- r[[h]][[j]] + t(vx) %*% d2[[n]] %*% vx
        }
      }
    }
  }
  n <- length(model$y)
  out <- list(theta = theta, beta = beta, phi = phi,
              log_lik = -((n - p) * log(2 * pi) + log_det + determinant(xvx)$modulus[[1]] + quadratic) / 2)
  if (!derivatives) return(out)
  for (h in seq_len(k)) for (j in seq_len(h - 1)) {
    trace2[h, j] <- trace2[j, h]; w2[h, j] <- w2[j, h]; trace_second[h, j] <- trace_second[j, h]
    s_second[h, j] <- s_second[j, h]; q[[h]][[j]] <- t(q[[j]][[h]]); r[[h]][[j]] <- t(r[[j]][[h]])
  }
  product <- function(a, b) sum(a * t(b))       # tr(ab)
  out$gradient <- vapply(seq_len(k), function(h) (s1[h] - trace1[h] - product(phi, p1[[h]])) / 2, numeric(1))
  over <- function(f) outer(seq_len(k), seq_len(k), Vectorize(f))
  pvpv <- over(function(h, j) {
    trace2[h, j] - 2 * product(phi, q[[h]][[j]]) + product(phi %*% p1[[h]], phi %*% p1[[j]])
  })
  pv2 <- over(function(h, j) trace_second[h, j] - product(phi, r[[h]][[j]]))
  y2 <- w2 - t(u) %*% phi %*% u
  out$expected <- pvpv / 2
  out$observed <- y2 - pvpv / 2 + pv2 / 2 - s_second / 2
  c(out, list(p1 = p1, q = q, r = r))
}

# Scoring with step halving, then Newton steps; variances of random effects stay at or above 0.
reml_search <- function(y, x, patient, cell, structure) {
  scale <- sd(qr.resid(qr(x), y))
  rows <- split(seq_along(y), patient)
  rows <- lapply(rows, function(at) at[order(cell[at])])
  key <- vapply(rows, function(at) paste(cell[at], collapse = " "), character(1))
  patterns <- lapply(split(rows, key), function(at) list(cells = cell[at[[1]]], patients = at))
  model <- list(y = y / scale, x = x, patterns = patterns, structure = structure)
  theta <- structure$start
  at <- reml_at(model, theta)
  for (step in 1:500) {
    free <- !(structure$zero & theta <= 0 & at$gradient <= 0)
    newton <- at$observed[free, free, drop = FALSE]
    definite <- all(eigen(newton, TRUE, TRUE)$values > 0)
    for (information in list(if (definite) newton, at$expected[free, free, drop = FALSE], diag(sum(free)))) {
      if (is.null(information)) next
      move <- numeric(length(theta))
      move[free] <- tryCatch(solve(information, at$gradient[free]), error = function(e) rep(0, sum(free)))
      better <- NULL
      for (halving in 0:30) {
        trial <- theta + move / 2^halving
        trial[structure$zero] <- pmax(trial[structure$zero], 0)
        there <- reml_at(model, trial, derivatives = FALSE)
        if (!is.null(there) && there$log_lik >= at$log_lik - 1e-13 * abs(at$log_lik)) { better <- trial; break }
      }
      if (!is.null(better)) break
    }
    if (is.null(better)) break
    moved <- max(abs(better - theta)) / max(abs(theta))
    theta <- better
    at <- reml_at(model, theta)
    if (moved < 1e-11) break
  }
  at$free <- !(structure$zero & theta <= 0)
  at$log_lik <- at$log_lik - (length(y) - ncol(x)) * log(scale)
  at$scale <- scale
  at$x <- x
  at$patient <- patient
  at
}

# The best of several starts of an unstructured covariance: where the first search ends below `target`, others follow.
reml_fit <- function(y, x, patient, cell, structure, target = NA) {
  fit <- reml_search(y, x, patient, cell, structure)
  off <- structure$start == 0.3
  for (correlation in c(0, 0.6, 0.9)) {
    if (is.na(target) || fit$log_lik >= target - 1e-6 * max(1, abs(target)) || !any(off)) break
    structure$start[off] <- correlation
    other <- tryCatch(reml_search(y, x, patient, cell, structure), error = function(e) NULL)
    if (!is.null(other) && other$log_lik > fit$log_lik) fit <- other
  }
  fit
}

# The test of one contrast l'beta by a method for the degrees of freedom.
reml_contrast <- function(fit, l, ddf, information, level = 0.95, alternative = "two-sided") {
  phi <- fit$phi
  adjusted <- phi
  k <- length(fit$theta)
  kenward_roger <- startsWith(ddf, "kenward-roger")
  df <- Inf
  if (kenward_roger || ddf == "satterthwaite") {
    # A variance at 0 is left out, as SAS and lmerTest do; Kenward and Roger's expected information keeps it (pbkrtest).
    kept <- if (kenward_roger && information == "expected") rep(TRUE, k) else fit$free
    w <- matrix(0, k, k)
    w[kept, kept] <- solve(fit[[information]][kept, kept])
    if (kenward_roger) {
      lambda <- 0 * phi
      for (h in seq_len(k)) for (j in seq_len(k)) {
        part <- fit$q[[h]][[j]] - fit$p1[[h]] %*% phi %*% fit$p1[[j]]
        if (ddf == "kenward-roger") part <- part - fit$r[[h]][[j]] / 4
        lambda <- lambda + w[h, j] * part
      }
      adjusted <- phi + 2 * phi %*% lambda %*% phi
    }
    # d(l'Phi l)/d theta_h = -l'Phi P_h Phi l. For one row Kenward and Roger's df are Satterthwaite's.
    slope <- vapply(fit$p1, function(p) -drop(t(l) %*% phi %*% p %*% phi %*% l), numeric(1))
    df <- 2 * drop(t(l) %*% phi %*% l)^2 / drop(t(slope) %*% w %*% slope)
  } else if (ddf == "residual") {
    df <- nrow(fit$x) - ncol(fit$x)
  } else if (ddf == "between-within") {
    varies <- apply(fit$x, 2, function(column) any(tapply(column, fit$patient, function(v) diff(range(v)) > 0)))
    n_patients <- length(unique(fit$patient))
    within <- nrow(fit$x) - n_patients - sum(varies)
    between <- n_patients - sum(!varies)
    if (any(varies)) varies[colnames(fit$x) == "(Intercept)"] <- TRUE
    df <- min(ifelse(varies, within, between)[l != 0])
  }
  t_answer(sum(l * fit$beta) * fit$scale, sqrt(drop(t(l) %*% adjusted %*% l)) * fit$scale, df, level, alternative)
}

## ---- The plan's models ---------------------------------------------------------------------------------------------

# A formula as splitknee prints it, in two parts: the mean, and the covariance of a patient's measurements.
parts_of <- function(formula) {
  pieces <- trimws(strsplit(sub("^[^~]*~", "", formula), "+", fixed = TRUE)[[1]])
  covariance <- grepl("|", pieces, fixed = TRUE)
  list(outcome = trimws(sub("~.*", "", formula)), mean = pieces[!covariance],
       covariance = paste(pieces[covariance], collapse = " + "))
}

numeric_or_factor <- function(x) {
  numbers <- suppressWarnings(as.numeric(x))
  if (all(is.finite(numbers[!is.na(x)]))) numbers else factor(x)
}

# The knee-visits of a model with the columns of its formula, those with a missing covariate or baseline left out.
# `pairs_only` leaves out the values after baseline of a knee whose partner has none at the same visit.
# Exposures, 1 where the data have none.
given <- function(exposure, n) {
  if (is.null(exposure)) rep(1, n) else ifelse(is.na(exposure), 1, exposure)
}

model_rows <- function(endpoint, set, measure, formula, visit_numbers, pairs_only = FALSE, rates = FALSE) {
  rows <- data[data$endpoint == endpoint & data$visit_number %in% visit_numbers & in_set(data, set), ]
  if (pairs_only) {
    knees <- table(paste(rows$patient, rows$visit_number, sep = "\r"))
    after <- is_after_baseline(rows$visit_number)
    rows <- rows[!after | knees[paste(rows$patient, rows$visit_number, sep = "\r")] != 1, ]
  }
  if (measure == "change") rows$value <- rows$value - rows$base
  rows <- rows[!is.na(rows$value), ]
  terms <- parts_of(formula)$mean
  who <- match(rows$patient, patients$patient)
  for (name in grep("^x_", names(patients), value = TRUE)) {
    term <- sub("^x_", "", name)
    declared <- term %in% strsplit(as.character(plan$factors), " ")[[1]]
    rows[[term]] <- (if (declared) factor(patients[[name]]) else numeric_or_factor(patients[[name]]))[who]
    rows <- rows[!is.na(rows[[sub("^x_", "", name)]]), ]
    who <- match(rows$patient, patients$patient)
  }
  if (any(grepl("^baseline", terms))) rows <- rows[!is.na(rows$base), ]
  rows$baseline <- rows$base
  # A baseline count enters a model of rates as the logarithm of its rate, half an event added.
  if (rates) rows$baseline <- log((rows$base + 0.5) / given(rows$base_exposure, nrow(rows)))
  knees <- data[data$endpoint == endpoint & !is.na(data$base), ]
  knees <- knees[!duplicated(paste(knees$patient, knees$arm, sep = "\r")), ]
  if (rates) knees$base <- log((knees$base + 0.5) / given(knees$base_exposure, nrow(knees)))
  rows$baseline_mean <- as.vector(tapply(knees$base, knees$patient, mean)[rows$patient])
  rows$baseline_deviation <- rows$baseline - rows$baseline_mean
  rows$treatment <- factor(rows$arm, unique(c(plan$placebo_arm, plan$active_arm, sort(unique(rows$arm)))))
  order <- unique(rows[order(rows$visit_number), c("visit_number", "visit")])
  rows$visit <- factor(rows$visit, order$visit)
  rows$side <- factor(rows$side)
  if ("injection" %in% names(rows)) {
    rows <- rows[!is.na(rows$injection), ]
    rows$injection <- factor(rows$injection, c("first", "second"))
  }
  for (name in grep("^arm[0-9]+_visit[0-9]+$", terms, value = TRUE)) {
    at <- as.numeric(regmatches(name, gregexpr("[0-9]+", name))[[1]])
    arm <- if (at[1] == 1) plan$active_arm else setdiff(levels(rows$treatment), c(plan$placebo_arm, plan$active_arm))[at[1] - 1]
    rows[[name]] <- as.numeric(rows$arm == arm & rows$visit_number == at[2])
  }
  droplevels(rows)
}

# Active - placebo at every visit, and what is needed for LS means.
linear_model <- function(endpoint, set, measure, formula, visit_numbers, method, pairs_only = FALSE, target = NA) {
  parts <- parts_of(formula)
  rows <- model_rows(endpoint, set, measure, formula, visit_numbers, pairs_only)
  if (method == "mmrm-difference") {
    active <- rows[rows$treatment == plan$active_arm, ]
    placebo <- rows[rows$treatment == plan$placebo_arm, ]
    both <- merge(active, placebo[c("patient", "visit_number", "value", "base", "side")],
                  by = c("patient", "visit_number"))
    rows <- data.frame(patient = both$patient, visit = both$visit, visit_number = both$visit_number,
                       difference = both$value.x - both$value.y, baseline_difference = both$base.x - both$base.y,
                       side_difference = ifelse(as.character(both$side.x) > as.character(both$side.y), 1, -1),
                       injection_difference = if (is.null(both$injection)) NA else ifelse(both$injection == "second", 1, -1))
    rows <- droplevels(rows)
    rows$treatment <- factor("difference")
  }
  mean_formula <- as.formula(paste("~", paste(parts$mean, collapse = " + ")))
  x <- model.matrix(mean_formula, rows)
  full <- x
  keep <- qr(x)$pivot[seq_len(qr(x)$rank)]
  x <- x[, sort(keep), drop = FALSE]
  n_visits <- nlevels(rows$visit)
  n_knees <- nlevels(rows$treatment)
  cell <- (as.integer(rows$treatment) - 1) * n_visits + as.integer(rows$visit)
  structure <- structure_of(parts$covariance, n_knees, n_visits)
  fit <- reml_fit(rows[[parts$outcome]], x, rows$patient, cell, structure, as.numeric(target))
  list(fit = fit, full = full, rows = rows, mean = mean_formula, method = method)
}

# The weights on the coefficients of the mean of `arm` at `visit` (a number): other factors, and numbers with two values,
# with equal weights or with the shares of their combinations among the rows ("observed"); other numbers at their mean. As
# R emmeans with weights = "equal" and "proportional".
ls_weights <- function(model, arm, visit, weights = "equal") {
  rows <- model$rows
  names <- setdiff(all.vars(model$mean), c("treatment", "visit"))
  grid <- list(treatment = levels(rows$treatment), visit = levels(rows$visit))
  fixed <- grep("^arm[0-9]+_visit[0-9]+$|_difference$", names, value = TRUE)
  crossed <- setdiff(names[vapply(names, function(name) is.factor(rows[[name]]) || length(unique(rows[[name]])) <= 2, TRUE)], fixed)
  for (name in names) {
    grid[[name]] <- if (is.factor(rows[[name]])) levels(rows[[name]])
                    else if (name %in% crossed) sort(unique(rows[[name]])) else mean(rows[[name]])
  }
  label <- unique(as.character(rows$visit[rows$visit_number == visit]))
  if (length(label) == 0) return(NULL)
  grid$visit <- label
  if (model$method != "mmrm-difference") grid$treatment <- arm
  for (name in fixed) {
    here <- rows$treatment == arm & rows$visit_number == visit
    grid[[name]] <- if (endsWith(name, "_difference")) 0 else as.numeric(any(rows[[name]] == 1 & here))
  }
  grid <- expand.grid(grid, stringsAsFactors = FALSE)
  combination <- function(table) do.call(paste, c(list(""), lapply(crossed, function(name) as.character(table[[name]])), sep = "\r"))
  share <- rep(1 / nrow(grid), nrow(grid))
  if (weights == "observed") {
    seen <- table(combination(rows)) / nrow(rows)
    share <- as.numeric(seen[combination(grid)])
    share[is.na(share)] <- 0
  }
  for (name in names(grid)) if (is.factor(rows[[name]])) grid[[name]] <- factor(grid[[name]], levels(rows[[name]]))
  weights <- colSums(share * model.matrix(model$mean, grid))
  structure(weights[colnames(model$fit$x)], full = weights)
}

# Whether the data determine l'beta: l, over all columns of the model, lies in the space of the rows.
estimable <- function(model, l) {
  l <- attr(l, "full")[colnames(model$full)]
  rows <- svd(model$full, nu = 0, nv = ncol(model$full))
  none <- rows$v[, c(rows$d, rep(0, ncol(model$full) - length(rows$d))) <= 1e-9 * max(rows$d), drop = FALSE]
  all(abs(drop(l %*% none)) <= 1e-7 * max(abs(l)))
}

ls_difference <- function(model, visit) {
  active <- ls_weights(model, plan$active_arm, visit)
  if (model$method == "mmrm-difference" || is.null(active)) return(active)
  placebo <- ls_weights(model, plan$placebo_arm, visit)
  l <- active - placebo
  structure(ifelse(abs(l) < 1e-12, 0, l), full = attr(active, "full") - attr(placebo, "full"))
}
