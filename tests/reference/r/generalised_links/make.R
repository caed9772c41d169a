# Generalised models with links and standard errors that the other cases do not cover.
# Run in this folder: Rscript make.R  (writes expected.json; the data are those of ../gee_glmm_simA)
suppressMessages({library(lme4); library(ordinal); library(jsonlite)})
raw <- read.csv("../gee_glmm_simA/data.csv")
base <- raw[raw$month == 0, c("usubjid", "laterality", "vas")]
names(base)[3] <- "base"
d <- merge(raw[raw$month > 0, ], base, by = c("usubjid", "laterality"))
d <- d[order(d$usubjid, d$laterality, d$month), ]
d$treatment <- factor(d$treatment, levels = c("PLACEBO", "EV"))
d$visit <- factor(paste0("M", d$month))
d$usubjid <- factor(d$usubjid)
d$knee <- interaction(d$usubjid, d$laterality, drop = TRUE)
d$basec <- d$base - 50
d$responder <- as.integer((d$base - d$vas) / d$base >= 0.20)
b <- d[!is.na(d$responder), ]
o <- d[!is.na(d$mri_grade), ]
o$g <- factor(o$mri_grade, ordered = TRUE)

results <- list()
add <- function(id, package, call, values, note = NULL)
  results[[length(results) + 1]] <<- list(id = id, package = package,
    version = as.character(packageVersion(package)), call = call, values = values, note = note)
fixed <- function(table) lapply(seq_len(nrow(table)), function(i)
  list(term = rownames(table)[i], estimate = table[i, 1], se = table[i, 2], z = table[i, 3], p = table[i, 4]))

for (link in c("logit", "probit", "cloglog")) {
  m <- glm(responder ~ treatment + visit + basec, family = binomial(link), data = b,
           control = glm.control(epsilon = 1e-15, maxit = 100))
  add(paste0("glm.", link), "stats", sprintf("glm(responder ~ treatment + visit + basec, family = binomial('%s'), control = glm.control(epsilon = 1e-15))", link),
      list(logLik = as.numeric(logLik(m)), AIC = AIC(m), BIC = BIC(m), nobs = nobs(m), coef = fixed(coef(summary(m)))))
}
# LS means and differences by visit: on the link scale, and on the latent scale of the ordered outcome.
suppressMessages(library(emmeans))
means <- function(m, ...) {
  e <- emmeans(m, ~ treatment | visit, ...)
  means <- as.data.frame(e); names(means)[3] <- "emmean"
  differences <- as.data.frame(contrast(e, list("EV - PLACEBO" = c(-1, 1)), infer = TRUE))
  names(differences) <- sub("asymp\\.LCL", "low", sub("asymp\\.UCL", "high", names(differences)))
  list(emmeans = lapply(seq_len(nrow(means)), function(i) list(treatment = as.character(means$treatment[i]), visit = as.character(means$visit[i]), estimate = means$emmean[i], se = means$SE[i])),
       contrasts = lapply(seq_len(nrow(differences)), function(i) list(visit = as.character(differences$visit[i]), estimate = differences$estimate[i], se = differences$SE[i], z = differences$z.ratio[i], p = differences$p.value[i], conf_low = differences$low[i], conf_high = differences$high[i])))
}
m <- glm(responder ~ treatment * visit + basec, family = binomial, data = b, control = glm.control(epsilon = 1e-15, maxit = 100))
add("emmeans.glm", "emmeans", "emmeans(glm(responder ~ treatment * visit + basec, binomial), ~ treatment | visit); contrast(list('EV - PLACEBO' = c(-1, 1)))", means(m))
m <- clm(g ~ treatment * visit + basec, data = o, control = clm.control(gradTol = 1e-10))
add("emmeans.clm", "emmeans", "emmeans(clm(g ~ treatment * visit + basec), ~ treatment | visit, mode = 'latent'); contrast(list('EV - PLACEBO' = c(-1, 1)))", means(m, mode = "latent"))

GCT <- glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10), tolPwrss = 1e-12)
# glmer's Laplace (nAGQ = 1) takes the expected information of the PIRLS weights for the curvature, which for probit and
# cloglog is not the second derivative that Laplace's method asks for; with many points the difference vanishes.
for (link in c("probit", "cloglog")) for (n in c(1, 25)) {
  m <- glmer(responder ~ treatment + visit + basec + (1 | usubjid), family = binomial(link), data = b, nAGQ = n, control = GCT)
  add(paste0("glmer.", link, ".nAGQ", n), "lme4", sprintf("glmer(responder ~ treatment + visit + basec + (1 | usubjid), family = binomial('%s'), nAGQ = %d, control = GCT)", link, n),
      list(logLik = as.numeric(logLik(m)), nobs = nobs(m), coef = fixed(coef(summary(m))),
           varcomp = list(list(grp = "usubjid", sd = attr(VarCorr(m)$usubjid, "stddev")[[1]]))))
}
for (link in c("probit", "cloglog")) {
  m <- clm(g ~ treatment + visit, data = o, link = link, control = clm.control(gradTol = 1e-10))
  add(paste0("clm.", link), "ordinal", sprintf("clm(g ~ treatment + visit, link = '%s', control = clm.control(gradTol = 1e-10))", link),
      list(logLik = as.numeric(logLik(m)), AIC = AIC(m), nobs = nobs(m), coef = fixed(coef(summary(m)))))
  # clmm of this version exchanges cloglog and loglog (clm does not): the trapezoidal rule over the random effect gives
  # clmm(link = "cloglog")'s log-likelihood, -285.9185, for F(x) = exp(-exp(-x)) and the one of link = "loglog", -286.5766,
  # for F(x) = 1 - exp(-exp(x)).
  named <- if (link == "cloglog") "loglog" else link
  m <- clmm(g ~ treatment + visit + (1 | usubjid), data = o, link = named, nAGQ = 10, Hess = TRUE,
            control = clmm.control(gradTol = 1e-7, maxIter = 500, maxLineIter = 200, grtol = 1e-7))
  add(paste0("clmm.", link, ".agq10"), "ordinal", sprintf("clmm(g ~ treatment + visit + (1 | usubjid), link = '%s', nAGQ = 10, Hess = TRUE, control = clmm.control(gradTol = 1e-7, maxIter = 500, maxLineIter = 200, grtol = 1e-7))", named),
      list(logLik = as.numeric(logLik(m)), coef = fixed(coef(summary(m))), random_sd = as.list(unname(sapply(VarCorr(m), attr, "stddev")))),
      if (link == "cloglog") "clmm's loglog is the complementary log-log link: see make.R")
}

# An independent Laplace code (dense Hessian of the joint log-density by finite blocks, inner modes to 1e-12), because
# clmm's own standard errors under Laplace come from a numeric Hessian of a likelihood with an unconverged inner mode.
own_laplace <- function(par, nested) {
  th <- par[1:3]; be <- par[4:6]; s <- exp(par[-(1:6)])
  eta <- as.vector(X %*% be); y <- as.integer(o$g)
  up <- c(th, Inf)[y]; lo <- c(-Inf, th)[y]
  total <- 0
  for (i in levels(o$usubjid)) {
    r <- which(o$usubjid == i); if (!length(r)) next
    Z <- matrix(s[1], length(r), 1)
    if (nested) { k <- factor(o$knee[r]); Z <- cbind(Z, s[2] * outer(as.integer(k), seq_along(levels(k)), "==")) }
    u <- rep(0, ncol(Z))
    for (it in 1:100) {
      e <- eta[r] + as.vector(Z %*% u)
      a <- plogis(up[r] - e); c0 <- plogis(lo[r] - e); pr <- pmax(a - c0, 1e-300)
      fa <- a * (1 - a); fc <- c0 * (1 - c0)
      d1 <- -(fa - fc) / pr
      d2 <- (fa * (1 - 2 * a) - fc * (1 - 2 * c0)) / pr - d1^2
      g <- crossprod(Z, d1) - u
      H <- diag(ncol(Z)) - crossprod(Z, d2 * Z)
      step <- solve(H, g); step <- step / max(1, abs(step)); u <- u + as.vector(step)
      if (max(abs(step)) < 1e-12) break
    }
    total <- total + sum(log(pr)) - sum(u^2) / 2 - as.numeric(determinant(H)$modulus) / 2
  }
  total
}
X <- model.matrix(~ treatment + visit, o)[, -1]
for (nested in c(FALSE, TRUE)) {
  m <- if (nested) clmm(g ~ treatment + visit + (1 | usubjid) + (1 | knee), data = o, control = clmm.control(gradTol = 1e-7, maxIter = 500))
       else clmm(g ~ treatment + visit + (1 | usubjid), data = o, control = clmm.control(gradTol = 1e-7, maxIter = 500))
  sd <- sapply(VarCorr(m)[if (nested) c("usubjid", "knee") else "usubjid"], attr, "stddev")
  par <- c(m$alpha, m$beta, log(unname(sd)))
  for (it in 1:3) {  # Newton on numeric derivatives
    H <- numDeriv::hessian(own_laplace, par, nested = nested)
    g <- numDeriv::grad(own_laplace, par, nested = nested)
    par <- par - as.vector(solve(H, g))
  }
  H <- numDeriv::hessian(own_laplace, par, nested = nested)
  se <- sqrt(diag(solve(-H)))
  names <- c("0|1", "1|2", "2|3", colnames(X))
  add(if (nested) "own.laplace.patient_knee" else "own.laplace.patient", "numDeriv", "own_laplace() above, maximised by Newton with numDeriv::grad and hessian",
      list(logLik = own_laplace(par, nested), gradient_max = max(abs(numDeriv::grad(own_laplace, par, nested = nested))),
           coef = lapply(1:6, function(i) list(term = names[i], estimate = unname(par[i]), se = se[i])), random_sd = as.list(unname(exp(par[-(1:6)])))))
}

# Laplace's method proper for the binary outcome, as above.
own_binary <- function(par, link) {
  eta <- as.vector(B %*% par[1:5]); s <- exp(par[6]); y <- b$responder; total <- 0
  for (i in levels(b$usubjid)) {
    r <- which(b$usubjid == i); if (!length(r)) next
    u <- 0
    for (it in 1:100) {
      e <- eta[r] + s * u
      if (link == "probit") {
        q <- 2 * y[r] - 1
        l <- pnorm(q * e, log.p = TRUE); d1 <- q * exp(dnorm(e, log = TRUE) - l); d2 <- -d1 * (e + d1)
      } else {
        la <- exp(e); w <- la / expm1(la)
        l <- ifelse(y[r] == 1, log(-expm1(-la)), -la)
        d1 <- ifelse(y[r] == 1, w, -la); d2 <- ifelse(y[r] == 1, w * (1 - la - w), -la)
      }
      h2 <- 1 - s^2 * sum(d2); step <- (s * sum(d1) - u) / h2
      u <- u + step / max(1, abs(step))
      if (abs(step) < 1e-13) break
    }
    total <- total + sum(l) - u^2 / 2 - log(h2) / 2
  }
  total
}
B <- model.matrix(~ treatment + visit + basec, b)
for (link in c("probit", "cloglog")) {
  m <- glmer(responder ~ treatment + visit + basec + (1 | usubjid), family = binomial(link), data = b)
  par <- unname(c(fixef(m), log(attr(VarCorr(m)$usubjid, "stddev"))))
  for (it in 1:4) par <- par - as.vector(solve(numDeriv::hessian(own_binary, par, link = link), numDeriv::grad(own_binary, par, link = link)))
  se <- sqrt(diag(solve(-numDeriv::hessian(own_binary, par, link = link))))
  add(paste0("own_binary.", link), "numDeriv", "own_binary() above, maximised by Newton with numDeriv::grad and hessian",
      list(logLik = own_binary(par, link), gradient_max = max(abs(numDeriv::grad(own_binary, par, link = link))),
           coef = lapply(1:5, function(i) list(term = colnames(B)[i], estimate = par[i], se = se[i])), random_sd = list(exp(par[6]))))
}

write(toJSON(list(case = "generalised_links", description = "glm, glmer, clm, clmm with probit and cloglog links; Laplace standard errors by an independent code",
  packages = list(R = paste0(R.version$major, ".", R.version$minor)), results = results), auto_unbox = TRUE, digits = I(17), pretty = TRUE, null = "null"), "expected.json")
