# Rscript make.R: limits of the exact signed-rank test with equal differences, by asking coin for the exact p-value in the
# middle between every two neighbouring Walsh averages and taking the ends of what it does not reject.
suppressMessages(library(coin)); library(jsonlite)
p_at <- function(d, mu, side) {
  x <- d - mu
  as.numeric(pvalue(wilcoxsign_test(x ~ rep(0, length(x)), distribution = exact(), alternative = side, zero.method = "Wilcoxon")))
}
limits <- function(d, tail) {
  w <- outer(d, d, "+") / 2
  w <- sort(unique(w[lower.tri(w, diag = TRUE)]))
  middle <- (head(w, -1) + w[-1]) / 2
  less <- sapply(middle, function(m) p_at(d, m, "less"))
  more <- sapply(middle, function(m) p_at(d, m, "greater"))
  c(w[min(which(more > tail))], w[max(which(less > tail)) + 1])
}
set.seed(20261129)
samples <- list(eight = c(-18, -11, -4, -7, -3, -6, -11, 6), eight_mirrored = c(18, 11, 4, 7, 3, 6, 11, -6))
for (n in c(7, 12, 20, 31)) for (spread in c(3, 12)) {
  d <- round(rnorm(n, -spread / 3, spread)); d <- d[d != 0]; if (!anyDuplicated(d)) d <- c(d, d[1])
  samples[[paste0("n", n, "_spread", spread)]] <- d
}
samples$halves <- round(rnorm(15, 1, 1.5) * 2) / 2; samples$halves <- samples$halves[samples$halves != 0]
samples$grades31 <- sample(c(-2, -1, 1, 2), 31, TRUE, c(.15, .4, .3, .15))
results <- lapply(names(samples), function(name) {
  d <- samples[[name]]; stopifnot(anyDuplicated(d) > 0)
  two <- limits(d, 0.025); one <- limits(d, 0.05)
  list(id = name, package = "coin", version = as.character(packageVersion("coin")),
       call = "wilcoxsign_test(d - mu ~ 0, distribution = exact()) between neighbouring Walsh averages; make.R",
       values = list(d = d, low = two[1], high = two[2], low_one_sided = one[1], high_one_sided = one[2]))
})
write(toJSON(list(case = "wilcoxon_limits", description = "limits of the exact Wilcoxon signed-rank test with equal differences",
  packages = list(base = paste(R.version$major, R.version$minor, sep = "."), coin = as.character(packageVersion("coin"))),
  tolerances = list(all = "1e-12"), results = results), auto_unbox = TRUE, digits = NA, pretty = TRUE), "expected.json")
