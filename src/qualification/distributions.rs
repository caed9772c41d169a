//! Every distribution function against 25 digits from mpmath (`tests/reference/distributions/make_tables.py`).

use super::case::{Case, Reference};
use super::coverage::Coverage;
use crate::math::dist::{beta, binomial, chi_squared, fisher_f, gamma, ln_gamma, noncentral_t, normal, student_t};

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

/// The table of values: function, up to three arguments, value.
pub fn table(case: &Case) -> Coverage {
    let mut coverage = Coverage::new(case);
    for row in &case.data.rows {
        let [function, a, b, c, value] = row.as_slice() else { continue };
        let arguments = [a, b, c].map(|cell| cell.parse::<f64>().unwrap_or(f64::NAN));
        let given: Vec<&str> = [a, b, c].into_iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect();
        let call = format!("{function}({})", given.join(", "));
        let reference = Reference::quoted(function, "mpmath", "1.3.0", &call);
        let expected = value.parse().unwrap_or(f64::NAN);
        let ours = evaluate(function, arguments[0], arguments[1], arguments[2]);
        // The table has 25 digits, but a double holds values down to 1e-308 only.
        let scale = if f64::abs(expected) < 1e-300 { 1.0 } else { expected.abs() };
        coverage.scaled(&reference, &given.join(", "), expected, ours, tolerance(function), scale);
    }
    coverage
}
