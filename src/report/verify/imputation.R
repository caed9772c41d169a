# Estimands by imputation in base R: REML of an unstructured covariance over the visits of both knees, conditional means,
# the jackknife over patients; two free means; single values.
#
# imputation.csv has one row per record, patient and cell (the visits of the active knee, then those of the placebo knee):
# fit (value the model is fitted to), kept (value conditioned on), set (value of a composite strategy), event (first affected
# visit of the active knee) and law; kinds has a letter per covariate, n for a number and f for a factor, x1, x2, … their values.

imputation <- local({
  file <- file.path(folder, "imputation.csv")
  if (file.exists(file)) {
    read("imputation.csv", c("cell", "visits", "at", "base_active", "base_placebo", "has_base", "fit", "kept", "set", "event",
                             "share", "delta_active", "delta_placebo"))
  }
})

as_cells <- function(rows, column) {
  who <- unique(rows$patient)
  matrix(rows[[column]][order(match(rows$patient, who), rows$cell)], nrow = length(who), byrow = TRUE)
}

# REML by Fisher scoring: the covariance is linear in its parameters. y and X are stacked observed cells.
reml_us <- function(y, X, patient, cell, q, start) {
  pairs <- which(lower.tri(diag(q), diag = TRUE), arr.ind = TRUE)
  same <- outer(patient, patient, "==")
  parts <- lapply(seq_len(nrow(pairs)), function(k) {
    a <- pairs[k, 1]; b <- pairs[k, 2]
    same * (outer(cell == a, cell == b) | outer(cell == b, cell == a))
  })
  projection <- function(sigma) {
    V <- same * sigma[cell, cell]
    W <- solve(V)
    XW <- crossprod(X, W)
    phi <- solve(XW %*% X)
    list(P = W - crossprod(XW, phi) %*% XW, beta = drop(phi %*% (XW %*% y)), phi = phi, V = V)
  }
  likelihood <- function(sigma) {
    if (min(eigen(sigma, TRUE, TRUE)$values) <= 0) return(-Inf)
    at <- projection(sigma)
    -0.5 * (determinant(at$V)$modulus - determinant(at$phi)$modulus + sum(y * (at$P %*% y)))
  }
  sigma <- start
  value <- likelihood(sigma)
  for (iteration in 1:500) {
    P <- projection(sigma)$P
    Py <- P %*% y
    PG <- lapply(parts, function(G) P %*% G)
    score <- vapply(seq_along(parts), function(k) -0.5 * (sum(diag(PG[[k]])) - sum(Py * (parts[[k]] %*% Py))), 0)
    information <- outer(seq_along(parts), seq_along(parts), Vectorize(function(k, l) 0.5 * sum(PG[[k]] * t(PG[[l]]))))
    step <- solve(information, score)
    D <- matrix(0, q, q)
    D[pairs] <- step
    D <- D + t(D) - diag(diag(D), q)
    scale <- 1
    while (likelihood(sigma + scale * D) < value - 1e-9 && scale > 1e-6) scale <- scale / 2
    sigma <- sigma + scale * D
    value <- likelihood(sigma)
    if (max(abs(scale * D)) < 1e-12 * max(abs(sigma))) break
  }
  list(beta = projection(sigma)$beta, sigma = sigma)
}

# Numbers about their mean, and marks of all but the first level of a factor; one row per patient and cell, patients first.
covariate_columns <- function(set, cell, visits) {
  one <- function(values, kind) {
    long <- values[cbind(rep(seq_len(nrow(values)), 2 * visits), (cell - 1) %/% visits + 1)]
    if (kind == "n") return(as.numeric(long) - mean(as.numeric(values)))
    levels <- sort(unique(as.vector(values)))
    vapply(levels[-1], function(level) as.numeric(long == level), numeric(length(long)))
  }
  do.call(cbind, Map(one, set$x, set$kinds))
}

imputation_model <- function(set, start = NULL) {
  q <- ncol(set$fit); visits <- q / 2; n <- nrow(set$fit)
  cell <- rep(seq_len(q), each = n)
  own <- cbind(matrix(set$base[, 1], n, visits), matrix(set$base[, 2], n, visits))
  X <- outer(cell, seq_len(q), "==") + 0
  X <- cbind(X, if (set$has_base) (outer((cell - 1) %% visits + 1, seq_len(visits), "==") + 0) * as.vector(own), covariate_columns(set, cell, visits))
  # Columns that those before them determine are left out.
  decomposed <- qr(X)
  X <- X[, sort(decomposed$pivot[seq_len(decomposed$rank)]), drop = FALSE]
  y <- as.vector(set$fit)
  seen <- !is.na(y)
  if (is.null(start)) {
    residual <- matrix(NA, n, q)
    residual[seen] <- lm.fit(X[seen, , drop = FALSE], y[seen])$residuals
    start <- diag(apply(residual, 2, var, na.rm = TRUE), q)
  }
  found <- reml_us(y[seen], X[seen, , drop = FALSE], rep(seq_len(n), q)[seen], cell[seen], q, start)
  found$mean <- matrix(X %*% found$beta, n, q)
  found
}

# The mean of a patient after the event of the active knee.
law_mean <- function(own, reference, average, event, law, share) {
  if (is.na(event)) return(own)
  visits <- length(own) / 2
  before <- if (event == 1) 0 else own[event - 1] - reference[event - 1]
  moved <- own
  for (v in seq_len(visits)) {
    if (v < event && law != "cr") next
    moved[v] <- switch(law, j2r = , cr = reference[v], cir = reference[v] + before, causal = reference[v] + share * before,
                       lmcf = if (event > 1) own[event - 1] else own[v], "rtb-mean" = own[v] - average[v], own[v])
  }
  moved
}

completed <- function(set, model, strategies = TRUE) {
  q <- ncol(set$kept); visits <- q / 2
  average <- colMeans(model$mean)
  out <- set$kept
  for (i in seq_len(nrow(out))) {
    gone <- which(is.na(out[i, ]))
    if (length(gone) == 0) next
    own <- model$mean[i, ]
    reference <- own
    reference[seq_len(visits)] <- own[seq_len(visits)] - model$beta[seq_len(visits)] + model$beta[visits + seq_len(visits)]
    mean <- if (strategies) law_mean(own, reference, average, set$event[i], set$law[i], set$share[i]) else own
    seen <- setdiff(seq_len(q), gone)
    value <- mean[gone]
    if (length(seen) > 0) {
      weights <- model$sigma[gone, seen, drop = FALSE] %*% solve(model$sigma[seen, seen])
      value <- value + drop(weights %*% (out[i, seen] - mean[seen]))
    }
    if (strategies && identical(set$law[i], "rtb")) value[gone <= visits & gone >= set$event[i]] <- 0
    out[i, gone] <- value
  }
  fixed <- !is.na(set$set)
  out[fixed] <- set$set[fixed]
  out
}

completed_estimate <- function(d, base, analysis) {
  if (analysis != "ancova") return(mean(d))
  pair <- rowMeans(base)
  unname(coef(lm(d ~ I(pair - mean(pair)) + I(base[, 1] - base[, 2])))[1])
}

take <- function(set, i) {
  for (name in c("fit", "kept", "set", "base")) set[[name]] <- set[[name]][i, , drop = FALSE]
  for (name in c("event", "law", "share")) set[[name]] <- set[[name]][i]
  set$x <- lapply(set$x, function(values) values[i, , drop = FALSE])
  set
}

# The model of all patients and of all but each; records that differ in what comes after the fit share it.
fitted_models <- new.env()
all_models <- function(set) {
  key <- paste(c(set$has_base, set$base, set$fit, unlist(set$x)), collapse = " ")
  if (is.null(fitted_models[[key]])) {
    full <- imputation_model(set)
    others <- lapply(seq_len(nrow(set$fit)), function(i) imputation_model(take(set, -i), full$sigma))
    fitted_models[[key]] <- list(full = full, others = others)
  }
  fitted_models[[key]]
}

imputed_result <- function(row) {
  rows <- imputation[imputation$id == row$id, ]
  if (nrow(rows) == 0) return(skip("another covariance or random draws: only conditional means with an unstructured one are recomputed"))
  first <- rows[!duplicated(rows$patient), ]
  set <- list(fit = as_cells(rows, "fit"), kept = as_cells(rows, "kept"), set = as_cells(rows, "set"),
              base = cbind(first$base_active, first$base_placebo), has_base = first$has_base[1] == 1,
              event = first$event, law = first$law, share = first$share)
  set$kinds <- if (is.na(first$kinds[1])) character() else strsplit(first$kinds[1], "")[[1]]
  set$x <- lapply(seq_along(set$kinds), function(k) as_cells(rows, paste0("x", k))[, c(1, 1 + first$visits[1]), drop = FALSE])
  at <- first$at[1]; visits <- first$visits[1]; n <- nrow(first)
  delta <- c(first$delta_active[1], first$delta_placebo[1])
  difference <- function(cells) cells[, at] - cells[, visits + at]
  analysis <- first$analysis[1]
  answer <- function(estimate, std_error, df) {
    statistic <- estimate / std_error
    tail <- (1 - row$conf_level) / 2
    normal <- is.na(df)
    c <- if (normal) -qnorm(tail) else -qt(tail, df)
    list(estimate = estimate, std_error = std_error, statistic = statistic, df = df,
         p_value = 2 * if (normal) pnorm(-abs(statistic)) else pt(-abs(statistic), df),
         conf_low = estimate - c * std_error, conf_high = estimate + c * std_error)
  }
  if (row$method == "two-means") {
    y <- set$kept[, c(at, visits + at)]
    seen <- !is.na(y)
    share <- colMeans(!seen)
    centre <- colMeans(y, na.rm = TRUE)
    part <- ifelse(seen, sweep(sweep(y, 2, centre), 2, n / colSums(seen), "*"), 0)
    influence <- part[, 1] - part[, 2] + delta[1] * (!seen[, 1] - share[1]) - delta[2] * (!seen[, 2] - share[2])
    return(answer(centre[[1]] - centre[[2]] + share[[1]] * delta[1] - share[[2]] * delta[2],
                  sqrt(sum(influence^2) / (n * (n - 1))), n - 1))
  }
  if (row$method %in% c("locf", "bocf", "worst-case")) {
    cells <- set$kept
    worst <- if (row$better == "lower") c(max(cells, na.rm = TRUE), min(cells, na.rm = TRUE))
             else c(min(cells, na.rm = TRUE), max(cells, na.rm = TRUE))
    for (i in seq_len(n)) for (c in seq_len(2 * visits)) if (is.na(set$kept[i, c])) {
      first_cell <- if (c <= visits) 1 else visits + 1
      before <- set$kept[i, seq(first_cell, c)]
      before <- before[!is.na(before)]
      cells[i, c] <- switch(row$method, bocf = 0, locf = if (length(before)) before[length(before)] else 0,
                            worst[if (c <= visits) 1 else 2])
    }
    cells[!is.na(set$set)] <- set$set[!is.na(set$set)]
    d <- difference(cells)
    if (analysis == "ancova") {
      pair <- rowMeans(set$base)
      fit <- summary(lm(d ~ I(pair - mean(pair)) + I(set$base[, 1] - set$base[, 2])))$coefficients
      return(answer(fit[1, 1], fit[1, 2], n - 3))
    }
    return(answer(mean(d), sd(d) / sqrt(n), n - 1))
  }
  load <- is.na(set$kept[, c(at, visits + at)]) & is.na(set$set[, c(at, visits + at)])
  move <- drop(load %*% c(delta[1], -delta[2]))
  pieces <- function(set, model, move, shift = NULL) {
    by_strategy <- difference(completed(set, model)) + move
    by_mar <- difference(completed(set, model, FALSE)) + move
    list(estimate = completed_estimate(by_strategy, set$base, analysis), shift = by_strategy - by_mar,
         anchored = if (!is.null(shift)) completed_estimate(by_mar + shift, set$base, analysis))
  }
  models <- all_models(set)
  full <- pieces(set, models$full, move)
  anchored <- first$inference[1] == "information-anchored"
  left_out <- vapply(seq_len(n), function(i) {
    found <- pieces(take(set, -i), models$others[[i]], move[-i], full$shift[-i])
    if (anchored) found$anchored else found$estimate
  }, 0)
  std_error <- sqrt((n - 1) / n * sum((left_out - mean(left_out))^2))
  df <- if (first$inference[1] == "jackknife-normal") NA else if (analysis == "ancova") n - 3 else n - 1
  answer(full$estimate, std_error, df)
}
