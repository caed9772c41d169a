# Times the peer of one benchmark: Rscript model.R lmer|mmrm|mmrm-satterthwaite data.csv
# Prints the seconds of one analysis (best of three), or nothing where the package is missing.
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
  })))
} else if (startsWith(kind, "mmrm") && quiet("mmrm")) {
  method <- if (kind == "mmrm") "Kenward-Roger" else "Satterthwaite"
  cat(best(function() {
    m <- mmrm::mmrm(y ~ arm * visit + base + us(cell | id), d, method = method)
    summary(m)
  }))
}
