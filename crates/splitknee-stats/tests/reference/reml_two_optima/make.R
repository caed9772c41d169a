# A small trial (12 patients, arm x visit cells, values missing) whose restricted likelihood has two optima.
#   Rscript make.R > expected.json
# The first from nlme::gls, the log-likelihoods of both from base R: REML over the Cholesky factor by optim from 40 starts.
library(nlme)
library(jsonlite)
d <- read.csv("data.csv")
d$cell <- factor(d$cell)
d$t <- as.integer(d$cell)
d <- d[order(d$pid, d$t), ]
call <- quote(gls(value ~ m6 + a6, d, correlation = corSymm(form = ~ t | pid), weights = varIdent(form = ~ 1 | cell),
                  control = glsControl(maxIter = 500, msMaxIter = 500, tolerance = 1e-10, msTol = 1e-12, opt = "optim")))
g <- eval(call)

x <- cbind(1, d$m6, d$a6)
patients <- split(seq_len(nrow(d)), d$pid)
negative <- function(psi) {
  l <- matrix(0, 4, 4)
  l[lower.tri(l, TRUE)] <- psi
  diag(l) <- exp(diag(l))
  s <- l %*% t(l)
  a <- matrix(0, 3, 3); b <- numeric(3); log_det <- 0; q <- 0
  for (i in patients) {
    v <- tryCatch(solve(s[d$t[i], d$t[i], drop = FALSE]), error = function(e) NULL)
    if (is.null(v)) return(1e9)
    a <- a + t(x[i, , drop = FALSE]) %*% v %*% x[i, , drop = FALSE]
    b <- b + t(x[i, , drop = FALSE]) %*% v %*% d$value[i]
    q <- q + drop(t(d$value[i]) %*% v %*% d$value[i])
    log_det <- log_det - as.numeric(determinant(v)$modulus)
  }
  0.5 * ((nrow(d) - 3) * log(2 * pi) + log_det + as.numeric(determinant(a)$modulus) + q - drop(t(b) %*% solve(a, b)))
}
set.seed(1)
ends <- replicate(40, {
  psi <- rnorm(10, 0, 6)
  psi[c(1, 5, 8, 10)] <- log(runif(4, 4, 20))
  o <- tryCatch(optim(psi, negative, method = "BFGS", control = list(maxit = 2000, reltol = 1e-14)), error = function(e) NULL)
  if (is.null(o)) NA else -o$value
})
met <- table(round(ends, 4))
cat(toJSON(list(
  software = paste0("R ", getRversion(), ", nlme ", packageVersion("nlme")), call = paste(deparse(call), collapse = " "),
  log_lik = as.numeric(logLik(g)), estimate = unname(coef(g)["a6"]), std_error = sqrt(vcov(g)["a6", "a6"]),
  starts = list(log_lik = as.numeric(names(met)), times = as.integer(met))), digits = 10, auto_unbox = TRUE, pretty = TRUE), "\n")
