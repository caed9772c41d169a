# Times the peer of one benchmark: Rscript model.R lmer|mmrm|mmrm-satterthwaite data.csv
# Prints the seconds of one analysis (best of three) and what was run, or nothing where the packages are missing. Where mmrm
# is missing, nlme::gls fits the same covariance; it has neither Kenward-Roger nor Satterthwaite, so it does less.
arguments <- commandArgs(TRUE)
kind <- arguments[1]
d <- read.csv(arguments[2], stringsAsFactors = TRUE)
d$cell <- interaction(d$arm, d$visit, lex.order = TRUE)
best <- function(run) min(sapply(1:3, function(i) system.time(run())[["elapsed"]]))
quiet <- function(package) suppressWarnings(suppressMessages(requireNamespace(package, quietly = TRUE)))
if (kind == "lmer" && quiet("lmerTest") && quiet("pbkrtest") && quiet("emmeans")) {
  cat(best(function() suppressMessages({
    m <- lmerTest::lmer(y ~ arm * visit + base + (1 | id) + (1 | knee) + (1 | id:visit), d)
    summary(m, ddf = "Kenward-Roger")
    means <- emmeans::emmeans(m, ~ arm | visit, lmer.df = "kenward-roger")
    summary(emmeans::contrast(means, list(difference = c(-1, 1))))
  })), "lmer + pbkrtest")
} else if (startsWith(kind, "mmrm") && quiet("mmrm")) {
  method <- if (kind == "mmrm") "Kenward-Roger" else "Satterthwaite"
  cat(best(function() {
    m <- mmrm::mmrm(y ~ arm * visit + base + us(cell | id), d, method = method)
    summary(m)
  }), kind)
} else if (startsWith(kind, "mmrm") && quiet("nlme")) {
  d <- d[order(d$id, d$cell), ]
  d$place <- as.integer(d$cell)
  cat(best(function() summary(nlme::gls(y ~ arm * visit + base, d,
    correlation = nlme::corSymm(form = ~ place | id), weights = nlme::varIdent(form = ~ 1 | cell)))),
    "nlme::gls, fit only")
}
