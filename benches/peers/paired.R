# Times the peers of one paired benchmark: Rscript paired.R wilcoxon|sign-flip|bca differences.csv
# Prints one line per package, name, tab and seconds (best of three); nothing where the package is missing.
arguments <- commandArgs(TRUE)
d <- scan(arguments[2], quiet = TRUE)
has <- function(package) suppressWarnings(suppressMessages(requireNamespace(package, quietly = TRUE)))
# The mean of enough runs to be measured, best of three.
seconds <- function(run) min(sapply(1:3, function(i) {
  n <- 0
  start <- proc.time()[["elapsed"]]
  while ((passed <- proc.time()[["elapsed"]] - start) < 0.2) { run(); n <- n + 1 }
  passed / n
}))
report <- function(name, run) cat(name, "\t", seconds(run), "\n", sep = "")
if (arguments[1] == "wilcoxon") {
  if (has("exactRankTests")) report("exactRankTests, exact with interval", function()
    suppressWarnings(exactRankTests::wilcox.exact(d, exact = TRUE, conf.int = TRUE)))
  if (has("coin")) report("coin, exact p-value only", function()
    coin::pvalue(coin::wilcoxsign_test(d ~ rep(0, length(d)), distribution = "exact", zero.method = "Wilcoxon")))
  report("R wilcox.test, normal approximation with interval", function()
    suppressWarnings(wilcox.test(d, conf.int = TRUE)))
} else if (arguments[1] == "sign-flip") {
  # No package enumerates 2^30 sign patterns of real values.
  if (has("coin")) report("coin, Monte Carlo of 10 000 and p-value only", function() {
    long <- data.frame(v = c(d, rep(0, length(d))), g = gl(2, length(d)), b = gl(length(d), 1, 2 * length(d)))
    coin::pvalue(coin::symmetry_test(v ~ g | b, data = long, distribution = coin::approximate(nresample = 10000)))
  })
} else if (arguments[1] == "bca" && has("boot")) {
  report("boot, BCa with 10 000 resamples", function()
    boot::boot.ci(boot::boot(d, function(x, i) mean(x[i]), 10000), type = "bca"))
}
