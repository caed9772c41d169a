# What is computed after a linear mixed model is fitted: robust covariance, predictions, residuals, R2, influence.
# Run in this folder: Rscript make.R  (writes expected.json; the data are those of ../gee_glmm_simA)
suppressMessages({library(lme4); library(nlme); library(clubSandwich); library(performance); library(jsonlite)})
raw <- read.csv("../gee_glmm_simA/data.csv")
base <- raw[raw$month == 0, c("usubjid", "laterality", "vas")]
names(base)[3] <- "base"
d <- merge(raw[raw$month > 0, ], base, by = c("usubjid", "laterality"))
d <- d[order(d$usubjid, d$laterality, d$month), ]
d$treatment <- factor(d$treatment, levels = c("PLACEBO", "EV"))
d$visit <- factor(paste0("M", d$month))
d$knee <- paste(d$usubjid, d$laterality, sep = ":")
d$basec <- d$base - 50
d$change <- d$vas - d$base
d <- d[!is.na(d$change), ]
d$vi <- as.integer(d$visit)

results <- list()
add <- function(id, package, call, values, note = NULL)
  results[[length(results) + 1]] <<- list(id = id, package = package,
    version = as.character(packageVersion(package)), call = call, values = values, note = note)
# lme4's optimisers stop about 1e-5 short of the REML optimum; theta is polished by Newton steps on numDeriv's derivatives
# of lme4's own deviance, and lmer then takes it as it is.
tight <- function(formula, data) {
  dev <- do.call(lmer, list(formula, data, devFunOnly = TRUE))
  theta <- getME(do.call(lmer, list(formula, data)), "theta")
  for (it in 1:4) theta <- theta - as.vector(solve(numDeriv::hessian(dev, theta), numDeriv::grad(dev, theta)))
  stopifnot(max(abs(numDeriv::grad(dev, theta))) < 1e-6)
  do.call(lmer, list(formula, data, start = theta, control = lmerControl(optimizer = NULL)))
}
nested <- change ~ treatment * visit + basec + (1 | usubjid) + (1 | knee)
models <- list(
  nested = tight(nested, d),
  slope = tight(change ~ treatment * visit + basec + (1 + month | usubjid), d),
  ar1 = gls(change ~ treatment * visit + basec, d, correlation = corAR1(form = ~ vi | knee),
            control = glsControl(tolerance = 1e-12, msTol = 1e-14, returnObject = TRUE)))
coefs <- function(m) if (inherits(m, "gls")) coef(m) else fixef(m)
contrast <- setNames(numeric(7), names(coefs(models$nested)))
contrast[c("treatmentEV", "treatmentEV:visitM6")] <- 1

for (name in names(models)) {
  m <- models[[name]]
  cluster <- if (name == "ar1") d$knee else d$usubjid
  for (type in c("CR0", "CR2", "CR3")) {
    v <- vcovCR(m, cluster = cluster, type = type)
    t <- coef_test(m, vcov = v, test = "Satterthwaite")
    l <- linear_contrast(m, vcov = v, contrasts = matrix(contrast, 1), test = "Satterthwaite")
    add(paste0(name, ".", type), "clubSandwich", sprintf("vcovCR(m, cluster, type = '%s'); coef_test(m, vcov = v, test = 'Satterthwaite')", type),
        list(vcov = as.matrix(unclass(v))[, ], coef = lapply(seq_along(contrast), function(i)
          list(term = names(contrast)[i], estimate = t$beta[i], se = t$SE[i], df = t$df[i], p = t$p_Satt[i])),
          contrast = list(estimate = l$Est, se = l$SE, df = l$df, conf_low = l$CI_L, conf_high = l$CI_U)))
  }
}

for (name in c("nested", "slope")) {
  m <- models[[name]]
  r <- as.data.frame(ranef(m, condVar = TRUE))
  add(paste0(name, ".ranef"), "lme4", "as.data.frame(ranef(m, condVar = TRUE)); residuals(m); fitted(m)",
      list(effects = lapply(seq_len(nrow(r)), function(i) list(group = as.character(r$grpvar[i]), term = as.character(r$term[i]),
             level = as.character(r$grp[i]), estimate = r$condval[i], sd = r$condsd[i])),
           residuals = unname(residuals(m)), fitted = unname(fitted(m)), marginal = unname(predict(m, re.form = NA))))
  # performance needs the slope among the fixed effects (it warns, and is wrong, where visits span the month instead).
  if (name == "slope") m <- tight(change ~ treatment * month + basec + (1 + month | usubjid), d)
  r2 <- r2_nakagawa(m); icc_of <- icc(m)
  add(paste0(name, ".r2"), "performance", "r2_nakagawa(m); icc(m)",
      list(r2_marginal = unname(r2$R2_marginal), r2_conditional = unname(r2$R2_conditional), icc = icc_of$ICC_adjusted))
}
vc <- as.data.frame(VarCorr(models$nested))
add("nested.pair_correlation", "lme4", "variance of usubjid over the sum of the variance components (VarCorr)",
    list(correlation = vc$vcov[vc$grp == "usubjid"] / sum(vc$vcov)))
add("ar1.normalized", "nlme", "resid(m, type = 'normalized')", list(normalised = as.vector(resid(models$ar1, type = "normalized"))))

# Leaving out one patient with V held: dense refits, no shortcut.
m <- models$nested
X <- getME(m, "X"); y <- getME(m, "y"); Z <- as.matrix(getME(m, "Z")); L <- as.matrix(getME(m, "Lambda"))
V <- sigma(m)^2 * (Z %*% L %*% t(L) %*% t(Z) + diag(nrow(X)))
gls_fit <- function(keep) { W <- solve(V[keep, keep]); solve(t(X[keep, ]) %*% W %*% X[keep, ], t(X[keep, ]) %*% W %*% y[keep]) }
all <- gls_fit(rep(TRUE, nrow(X)))
information <- t(X) %*% solve(V) %*% X
patients <- unique(d$usubjid)
held <- lapply(patients, function(i) { change <- gls_fit(d$usubjid != i) - all
  list(patient = i, change = as.vector(change), cook = as.numeric(t(change) %*% information %*% change) / ncol(X)) })
add("nested.influence", "base", "dense GLS refits without each patient, V held", list(patients = held))
refit <- lapply(patients[1:12], function(i) list(patient = i, estimate = sum(contrast * fixef(tight(nested, d[d$usubjid != i, ])))))
add("nested.leave_one_out", "lme4", "tight(nested, d[d$usubjid != i, ]): treatmentEV + treatmentEV:visitM6, first 12 patients", list(patients = refit))

write(toJSON(list(case = "post_fit", description = "robust covariance, predictions, residuals, R2 and influence of three linear models of trial A's VAS change",
  packages = list(R = paste0(R.version$major, ".", R.version$minor)), results = results), auto_unbox = TRUE, digits = I(17), null = "null"), "expected.json")
