"""Times SciPy on one paired benchmark: python3 paired.py wilcoxon|sign-flip|bca differences.csv

Prints name, tab and seconds (best of three); nothing where SciPy is missing.
"""
import sys
import time

try:
    import numpy as np
    import scipy
    from scipy import stats
except ImportError:
    sys.exit(0)

kind, file = sys.argv[1:3]
d = np.loadtxt(file)


def seconds(run):
    def once():
        n, start = 0, time.perf_counter()
        while (passed := time.perf_counter() - start) < 0.2:
            run()
            n += 1
        return passed / n

    return min(once() for _ in range(3))


def report(name, run):
    print(f"SciPy {scipy.__version__}, {name}\t{seconds(run)}")


if kind == "wilcoxon":
    report("normal approximation with ties, p-value only", lambda: stats.wilcoxon(d, method="asymptotic"))
elif kind == "sign-flip":
    mean = lambda x, axis: np.mean(x, axis=axis)
    report(
        "Monte Carlo of 10 000 and p-value only",
        lambda: stats.permutation_test((d,), mean, permutation_type="samples", n_resamples=10_000, vectorized=True),
    )
elif kind == "bca":
    report("BCa with 10 000 resamples", lambda: stats.bootstrap((d,), np.mean, n_resamples=10_000, method="BCa"))
