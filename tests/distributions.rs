//! Distribution functions: against 25 digits of mpmath in `splitknee::qualification`, and here by inversion and at the edges.

use crate::reference_cases::qualify;
use splitknee::math::dist::{beta, binomial, chi_squared, fisher_f, noncentral_t, normal, student_t};

#[test]
fn functions_match_high_precision_values() {
    qualify("distributions");
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
