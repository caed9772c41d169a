"""High-precision values of the distribution functions in src/math/dist.

Python 3.11, mpmath 1.3.0, 50 working digits, 25 printed. Arguments are the doubles themselves (printed by repr).
Run: python3 make_tables.py > values.csv
"""
from mpmath import mp, mpf, quad, gamma, loggamma, exp, log, sqrt, pi, erfc, erfinv, betainc, gammainc, inf, binomial, findroot, ncdf

mp.dps = 50
SQRT2 = sqrt(mpf(2))


def show(function, args, value):
    print(",".join([function] + [repr(float(a)) for a in args] + ["" for _ in range(3 - len(args))] + [mp.nstr(value, 25)]))


def normal_sf(x):
    return erfc(mpf(x) / SQRT2) / 2


def t_log_density(u, df):
    return (loggamma((df + 1) / 2) - loggamma(df / 2) - log(df * pi) / 2 - (df + 1) / 2 * log(1 + u * u / df))


def t_sf(x, df):
    x, df = mpf(x), mpf(df)
    if df < 3000:
        return betainc(df / 2, mpf(1) / 2, 0, df / (df + x * x), regularized=True) / 2
    # Beyond, direct integration of the density over cells one tail scale wide.
    scale = 1 / max(x, mpf(1))
    cuts = [x + scale * k for k in range(0, 120)]
    return quad(lambda u: exp(t_log_density(u, df)), cuts, method="gauss-legendre")


def beta_log_front(a, b):
    return loggamma(a + b) - loggamma(a) - loggamma(b)


def f_sf(x, d1, d2):
    x, d1, d2 = mpf(x), mpf(d1), mpf(d2)
    if d2 < 3000:
        return betainc(d2 / 2, d1 / 2, 0, d2 / (d2 + d1 * x), regularized=True)
    c = beta_log_front(d1 / 2, d2 / 2) + d1 / 2 * log(d1 / d2)
    # In w = ln u, over narrow cells up to where the density has fallen by e^-120.
    density = lambda w: exp(c + d1 / 2 * w - (d1 + d2) / 2 * log(1 + d1 * exp(w) / d2))
    low, high = log(x), log(x + 300 / d1 + 2 * x)
    cells = 400 if d1 >= 10 else 100
    return quad(density, [low + (high - low) * k / cells for k in range(cells + 1)], method="gauss-legendre")


def nct_sf(t, df, ncp):
    t, df, ncp = mpf(t), mpf(df), mpf(ncp)
    c = log(mpf(2)) + df / 2 * log(df / 2) - loggamma(df / 2)
    term = lambda v: exp(c + df * v - df * exp(2 * v) / 2) * erfc((t * exp(v) - ncp) / SQRT2) / 2
    # Peak by a scan of the log integrand, then cells of one standard deviation of ln s around it.
    spread = 1 / sqrt(2 * df)
    grid = [mpf(k) / 50 for k in range(-600, 120)]
    peak = max(grid, key=lambda v: term(v))
    cells = sorted(set([peak + spread * k for k in range(-12, 13)] + [peak - spread * 2 ** k for k in range(4, 10)] + [peak + spread * 2 ** k / 4 for k in range(6, 9)]))
    return quad(term, cells)


print("function,a,b,c,value")
for x in (-38.0, -37.5, -20.0, -8.5, -5.0, -2.0, -0.5, -1e-10, 0.0, 0.3, 1.0, 1.959963984540054, 3.0, 7.0, 12.0, 25.0, 37.0):
    show("normal.sf", [x], normal_sf(x))
    show("normal.cdf", [x], normal_sf(-x))
for p in (1e-300, 1e-100, 1e-20, 1e-12, 1e-5, 0.001, 0.025, 0.2, 0.4999, 0.5, 0.7, 0.975, 0.999, 0.999999999):
    start = SQRT2 * erfinv(2 * mpf(p) - 1) if p > 1e-15 else -sqrt(-2 * log(mpf(p)))
    root = start if p > 1e-15 else findroot(lambda z: log(normal_sf(-z)) - log(mpf(p)), start)
    show("normal.quantile", [p], root)
for df in (0.3, 1.0, 2.5, 3.0, 9.0, 28.0, 57.25, 100.7, 999.0, 1000.5, 2500.0, 1e4, 99999.5, 1e6, 1.5e6, 1e8):
    for x in (1e-8, 0.1, 0.7, 1.3, 2.05, 4.062127683382037, 7.5, 15.0, 26.0):
        show("t.sf", [x, df], t_sf(x, df))
for df in (0.3, 1.0, 2.5, 5.0, 9.0, 57.25, 999.0, 2500.0, 1e6, 1e8):
    for p in (1e-30, 1e-12, 1e-4, 0.005, 0.025, 0.3):
        z = -SQRT2 * erfinv(2 * mpf(p) - 1) if p > 1e-15 else sqrt(-2 * log(mpf(p)))
        if df < 100:
            # Solve in ln x from the power tail.
            start = max(log(z), (-log(mpf(p))) / df + log(mpf(df)) / 2 - 1)
        else:
            start = log(z)
        root = findroot(lambda u: log(t_sf(exp(u), df)) - log(mpf(p)), (start, start + mpf(1) / 50), tol=1e-60, maxsteps=60, verify=False)
        assert abs(log(t_sf(exp(root), df)) - log(mpf(p))) < 1e-25, (df, p)
        show("t.upper_quantile", [p, df], exp(root))
for d1, d2 in ((1.0, 1.0), (1.0, 9.0), (2.0, 27.3), (3.5, 58.0), (12.0, 4.2), (5.0, 999.0), (1.0, 1e6), (3.0, 1e6), (10.0, 123456.7), (40.0, 1e5), (2.5, 1e8)):
    for x in (0.02, 0.5, 1.0, 1.7, 4.07, 9.3, 30.0):
        value = f_sf(x, d1, d2)
        show("f.sf", [x, d1, d2], value)
        show("f.cdf", [x, d1, d2], 1 - value)
for df in (0.5, 1.0, 2.0, 3.7, 9.0, 28.0, 100.0, 1000.0, 12345.6):
    for r in (0.001, 0.3, 0.8, 1.0, 1.2, 2.0, 5.0):
        x = float(df * r)
        show("chi_squared.sf", [x, df], gammainc(mpf(df) / 2, mpf(x) / 2, inf, regularized=True))
        show("chi_squared.cdf", [x, df], gammainc(mpf(df) / 2, 0, mpf(x) / 2, regularized=True))
for shape in (0.05, 0.5, 1.0, 7.3, 250.0):
    for r in (1e-6, 0.1, 1.0, 3.0, 20.0):
        x = float(shape * r)
        show("gamma.sf", [x, shape, 1.0], gammainc(mpf(shape), mpf(x), inf, regularized=True))
        show("gamma.cdf", [x, shape, 1.0], gammainc(mpf(shape), 0, mpf(x), regularized=True))
for a, b in ((0.5, 0.5), (0.1, 3.0), (1.0, 1.0), (2.5, 0.7), (10.0, 31.0), (300.0, 12.5), (800.0, 900.0)):
    for x in (1e-6, 0.01, 0.2, 0.47, 0.5, 0.75, 0.96875, 0.9999847412109375):
        show("beta.cdf", [x, a, b], betainc(mpf(a), mpf(b), 0, mpf(x), regularized=True))
        show("beta.sf", [x, a, b], betainc(mpf(b), mpf(a), 0, 1 - mpf(x), regularized=True))
for n, p in ((1, 0.5), (9, 0.5), (29, 0.5), (58, 0.1), (1000, 0.5), (5000, 0.02)):
    mass = [binomial(n, k) * mpf(p) ** k * (1 - mpf(p)) ** (n - k) for k in range(n + 1)]
    for k in sorted({0, 1, n // 50, n // 10, n // 3, n // 2, (2 * n) // 3, n - 1, n}):
        show("binomial.pmf", [k, n, p], mass[k])
        show("binomial.cdf", [k, n, p], sum(mass[: k + 1]))
        if k < n:
            show("binomial.sf", [k, n, p], sum(mass[k + 1:]))
mp.dps = 30
for df in (0.7, 1.0, 3.0, 9.0, 27.5, 100.0, 1000.0, 1e5):
    for t, ncp in ((0.5, 0.3), (2.1, 2.0), (-1.0, 1.5), (4.06, 1.3), (4.06, 6.7), (0.0, 1.0), (2.262, 9.0), (20.0, 12.0), (45.0, 40.0), (30.0, 40.0), (3.0, -2.0), (-6.0, 3.0), (12.0, 0.5)):
        value = normal_sf(-mpf(ncp)) if t == 0.0 else nct_sf(t, df, ncp)
        show("noncentral_t.sf", [t, df, ncp], value)
        show("noncentral_t.cdf", [t, df, ncp], 1 - normal_sf(-mpf(ncp)) if t == 0.0 else nct_sf(-t, df, -ncp))
for a in (0.1, 0.5, 1.0, 1.5, 2.0, 3.0, 14.0, 28.5, 1000.25):
    show("ln_gamma", [a], loggamma(mpf(a)))
