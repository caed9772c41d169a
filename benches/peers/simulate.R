# Times the loop that the simulation benchmark replaces: Rscript simulate.R TRIALS
# A trial of 60 patients, both knees, baseline and three visits, and its planned analysis: lmerTest's mixed model with
# Kenward-Roger (pbkrtest) and the difference at the last visit, McNemar's test, the signed-rank test, Holm. Prints the
# seconds of TRIALS trials, or nothing where the packages are missing.
trials <- as.integer(commandArgs(TRUE)[1])
quiet <- function(package) suppressWarnings(suppressMessages(requireNamespace(package, quietly = TRUE)))
if (quiet("lmerTest") && quiet("pbkrtest")) {
  set.seed(20261129)
  n <- 60; visits <- 4
  sd <- c(16, 18, 20, 20)
  means <- list(EV = c(62, 48, 40, 36), SALINE = c(62, 53, 50, 49))
  ar <- 0.7^abs(outer(1:visits, 1:visits, "-")) * outer(sd, sd)
  covariance <- kronecker(matrix(c(1, 0.5, 0.5, 1), 2), ar)
  root <- chol(covariance)
  frame <- expand.grid(visit = 1:3, arm = c("SALINE", "EV"), id = 1:n)
  one <- function() {
    y <- matrix(rnorm(n * 2 * visits), n) %*% root + rep(c(means$SALINE, means$EV), each = n)
    d <- frame
    column <- ifelse(d$arm == "EV", visits, 0)
    d$base <- y[cbind(d$id, column + 1)]
    d$change <- y[cbind(d$id, column + 1 + d$visit)] - d$base
    d$visit <- factor(d$visit); d$id <- factor(d$id); d$knee <- interaction(d$id, d$arm)
    d <- d[runif(nrow(d)) > 0.05, ]
    m <- suppressMessages(lmerTest::lmer(change ~ 0 + visit + visit:arm + visit:base + (1 | id) + (1 | knee) + (1 | id:visit), d))
    contrast <- as.numeric(names(lme4::fixef(m)) == "visit3:armEV")
    p <- lmerTest::contest(m, contrast, joint = FALSE, ddf = "Kenward-Roger")[["Pr(>|t|)"]]
    responds <- matrix(runif(2 * n) < rep(c(0.6, 0.35), each = n), n)
    p <- c(p, mcnemar.test(table(factor(responds[, 1], c(FALSE, TRUE)), factor(responds[, 2], c(FALSE, TRUE))))$p.value)
    p <- c(p, suppressWarnings(wilcox.test(rnorm(n, -6, 18))$p.value))
    any(p.adjust(p, "holm") < 0.05)
  }
  one()
  cat(system.time(for (k in seq_len(trials)) one())[["elapsed"]])
}
