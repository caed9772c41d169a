//! Every distribution function against 25 printed digits from mpmath (`reference/distributions/make_tables.py`).

use splitknee::math::dist::{beta, binomial, chi_squared, fisher_f, gamma, ln_gamma, noncentral_t, normal, student_t};

const TABLE: &str = include_str!("reference/distributions/values.csv");

/// Largest relative error allowed for each function: at least two digits better than the accuracy the project promises.
fn tolerance(function: &str) -> f64 {
    match function {
        "noncentral_t.sf" | "noncentral_t.cdf" => 1e-11,
        "binomial.sf" | "binomial.cdf" | "binomial.pmf" => 1e-12,
        _ => 2e-12,
    }
}

fn evaluate(function: &str, a: f64, b: f64, c: f64) -> Option<f64> {
    Some(match function {
        "normal.sf" => normal::sf(a),
        "normal.cdf" => normal::cdf(a),
        "normal.quantile" => normal::quantile(a),
        "t.sf" => student_t::sf(a, b),
        "t.upper_quantile" => student_t::upper_quantile(a, b),
        "f.sf" => fisher_f::sf(a, b, c),
        "f.cdf" => fisher_f::cdf(a, b, c),
        "chi_squared.sf" => chi_squared::sf(a, b),
        "chi_squared.cdf" => chi_squared::cdf(a, b),
        "gamma.sf" => gamma::sf(a, b, c),
        "gamma.cdf" => gamma::cdf(a, b, c),
        "beta.sf" => beta::sf(a, b, c),
        "beta.cdf" => beta::cdf(a, b, c),
        "binomial.pmf" => binomial::pmf(a as u64, b as u64, c),
        "binomial.cdf" => binomial::cdf(a as u64, b as u64, c),
        "binomial.sf" => binomial::sf(a as u64, b as u64, c),
        "noncentral_t.sf" => noncentral_t::sf(a, b, c),
        "noncentral_t.cdf" => noncentral_t::cdf(a, b, c),
        "ln_gamma" => ln_gamma(a),
        _ => return None,
    })
}

#[test]
fn functions_match_high_precision_values() {
    let mut failures = Vec::new();
    let mut compared = 0;
    for line in TABLE.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |i: usize| cells[i].parse::<f64>().unwrap_or(f64::NAN);
        let (function, expected) = (cells[0], number(4));
        let got = evaluate(function, number(1), number(2), number(3));
        let Some(got) = got else {
            failures.push(format!("{line}: unknown function"));
            continue;
        };
        compared += 1;
        // The distribution table is exact to 25 digits but a double holds values down to 1e-308 only.
        let error = if expected.abs() < 1e-300 { (got - expected).abs() } else { ((got - expected) / expected).abs() };
        if error.is_nan() || error > tolerance(function) {
            failures.push(format!("{line}: got {got:e}, relative error {error:.1e}"));
        }
    }
    assert!(compared > 1000, "only {compared} rows were read");
    assert!(failures.is_empty(), "{} of {compared} differ:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn quantiles_invert_their_tails() {
    for p in [1e-120, 1e-60, 1e-12, 1e-6, 0.01, 0.025, 0.3, 0.5] {
        let near = |got: f64, what: &str| {
            assert!((got / p - 1.0).abs() < 1e-11, "{what} at {p:e}: tail of the quantile is {got:e}");
        };
        near(normal::sf(normal::upper_quantile(p)), "normal");
        for df in [0.9, 3.0, 27.5, 2e5, 1e8, f64::INFINITY] {
            near(student_t::sf(student_t::upper_quantile(p, df), df), "t");
        }
        for df in [0.5, 1.0, 6.0, 300.0] {
            near(chi_squared::sf(chi_squared::upper_quantile(p, df), df), "chi-squared");
            if p > 1e-13 {
                near(chi_squared::cdf(chi_squared::quantile(p, df), df), "chi-squared, lower");
            }
        }
        for (df1, df2) in [(1.0, 9.0), (2.0, 57.3), (3.0, 1e6)] {
            near(fisher_f::sf(fisher_f::upper_quantile(p, df1, df2), df1, df2), "F");
        }
        for (a, b) in [(0.5, 0.5), (3.0, 27.0), (20.0, 1.0)] {
            near(beta::cdf(beta::quantile(p, a, b), a, b), "beta");
        }
    }
}

#[test]
fn noncentrality_inverts_the_noncentral_t() {
    for df in [4.0, 9.0, 46.0] {
        for t in [-3.0, 0.0, 4.062_127_683_382_037, 30.0] {
            for p in [1e-10, 0.025, 0.5, 0.975] {
                let ncp = noncentral_t::noncentrality(t, df, p).expect("p lies inside (0, 1)");
                let back = noncentral_t::cdf(t, df, ncp);
                assert!((back / p - 1.0).abs() < 1e-9, "df {df}, t {t}, p {p:e}: ncp {ncp}, back {back:e}");
            }
        }
    }
}

#[test]
fn arguments_outside_the_domain_give_nan_and_nothing_panics() {
    assert!(student_t::sf(1.0, 0.0).is_nan());
    assert!(student_t::quantile(1.5, 3.0).is_nan());
    assert!(fisher_f::sf(1.0, -1.0, 3.0).is_nan());
    assert!(chi_squared::cdf(f64::NAN, 3.0).is_nan());
    assert!(binomial::pmf(1, 3, 1.5).is_nan());
    assert!(beta::quantile(0.5, 0.0, 1.0).is_nan());
    assert_eq!(noncentral_t::noncentrality(1.0, 5.0, 0.0), None);
    assert_eq!(student_t::sf(f64::INFINITY, 3.0), 0.0);
    assert_eq!(student_t::cdf(f64::INFINITY, 3.0), 1.0);
    assert_eq!(fisher_f::sf(f64::INFINITY, 3.0, 4.0), 0.0);
}
