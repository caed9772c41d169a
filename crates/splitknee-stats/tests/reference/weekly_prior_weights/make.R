# Prior weights of a mixed model, by lme4/lmerTest and by nlme: Rscript make.R, in this folder. No Kenward-Roger: pbkrtest
# 0.5.2 leaves the weights out of its covariance (df of 498 from 81 rows).
suppressMessages({library(lmerTest); library(nlme); library(jsonlite)})
set.seed(19)
n <- 14
patient <- rep(sprintf("P%02d", 1:n), each = 6)
knee <- rep(rep(c("L", "R"), each = 3), n)
visit <- rep(c("M1", "M3", "M6"), 2 * n)
side <- rep(rbinom(n, 1, 0.5), each = 6)
arm <- ifelse((knee == "L") == (side == 1), "EV", "SALINE")
# Readings that each value is the mean of.
readings <- sample(1:5, 6 * n, replace = TRUE)
value <- 50 + rep(rnorm(n, 0, 8), each = 6) + rep(rnorm(2 * n, 0, 4), each = 3) - 4 * (arm == "EV") +
  rnorm(6 * n, 0, 9 / sqrt(readings))
d <- data.frame(patient, knee, visit, arm, readings, value = round(value, 1))
d <- d[-c(5, 40, 41), ]
write.csv(d, "data.csv", row.names = FALSE, quote = FALSE)
d$arm <- factor(d$arm, levels = c("SALINE", "EV"))
strict <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 1e-3, rhoend = 1e-10, maxfun = 1e6))
fit <- lmer(value ~ arm + visit + (1 | patient) + (1 | patient:knee), data = d, weights = readings, control = strict)
other <- lme(value ~ arm + visit, random = ~ 1 | patient/knee, data = d, weights = varFixed(~ I(1 / readings)),
             control = lmeControl(tolerance = 1e-12, msTol = 1e-14))
s <- summary(fit)$coefficients
v <- as.data.frame(VarCorr(fit))
version <- function(p) as.character(packageVersion(p))
out <- list(
  source = paste0("R ", getRversion(), ", lme4 ", version("lme4"), ", lmerTest ", version("lmerTest"), ", nlme ",
                  version("nlme"), "; see make.R"),
  log_lik = as.numeric(logLik(fit)), log_lik_nlme = as.numeric(logLik(other)),
  coefficients = data.frame(term = rownames(s), estimate = s[, 1], std_error = s[, 2], df = s[, 3], p_value = s[, 5]),
  std_error_nlme = as.numeric(sqrt(diag(vcov(other)))),
  variances = list(patient = v$vcov[v$grp == "patient"], knee = v$vcov[v$grp == "patient:knee"],
                   residual = v$vcov[v$grp == "Residual"]))
write_json(out, "expected.json", digits = NA, auto_unbox = TRUE, pretty = TRUE)
