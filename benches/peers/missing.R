# Times rbmi on the knees of one trial: Rscript missing.R condmean|bayes data.csv
# Prints the seconds from draws to the pooled result, or nothing where the package is missing. Every knee is a subject: rbmi has
# one outcome per subject and visit.
arguments <- commandArgs(TRUE)
kind <- arguments[1]
if (suppressWarnings(suppressMessages(requireNamespace("rbmi", quietly = TRUE)))) {
  d <- read.csv(arguments[2], stringsAsFactors = TRUE)
  d$arm <- relevel(d$arm, "PLACEBO")
  d$event <- as.character(d$event)
  first <- d[!duplicated(d$knee) & !is.na(d$event) & d$event != "", ]
  events <- data.frame(knee = first$knee, visit = first$event, strategy = "JR")
  vars <- rbmi::set_vars(outcome = "change", visit = "visit", subjid = "knee", group = "arm",
                         covariates = c("baseline*visit", "arm*visit"))
  analysed <- vars
  analysed$covariates <- "baseline"
  method <- if (kind == "bayes") {
    rbmi::method_bayes(n_samples = 1000)
  } else {
    rbmi::method_condmean(type = "jackknife")
  }
  seconds <- system.time(suppressMessages({
    drawn <- rbmi::draws(d[c("knee", "arm", "visit", "baseline", "change")], events, vars, method, quiet = TRUE)
    imputed <- rbmi::impute(drawn, references = c(EV = "PLACEBO", PLACEBO = "PLACEBO"))
    rbmi::pool(rbmi::analyse(imputed, rbmi::ancova, vars = analysed))
  }))[["elapsed"]]
  cat(seconds)
}
