//! The methods for time to an event as answers of a test: one [`TestResult`] each, two-sided or one-sided.
//!
//! The alternative is about the estimate of the method: hazard ratios are logarithms, active to placebo, so that "less" is
//! fewer or later events on active; restricted means and scores are differences of times, so that "less" is earlier.
//!
//! *First event* decides within patients. Given the n = n₁₀ + n₀₁ pairs that tell, n₁₀ is binomial with n and ½ whenever the
//! two sides of a patient are exchangeable: the two times with or without event, and what censors them, have the same joint
//! law with the sides exchanged. A patient who leaves with both sides censors both at one time, which is so whatever the
//! reason; sides that leave one by one must do so without regard to the arm. p-value: twice the smaller tail (at most 1).
//! Limits: Clopper–Pearson for n₁₀/n, turned into odds, which within a pair are the hazard ratio where hazards are
//! proportional (Holt & Prentice 1974). Test and limits are dual, and the level holds at every number of pairs; the mid-p
//! value, shown beside it, exceeds 5 % for some n (7.7 % at 16 pairs that tell), and with little censoring n hardly varies.

use super::Cohort;
use super::cox::marginal_cox as fit_marginal;
use super::rmst::{Rmst, rmst as restricted_means, survival_difference as difference_at};
use super::scores;
use super::within_pairs::{self, Firsts, Ties};
use crate::math::dist::{binomial, normal, student_t};
use crate::note;
use crate::paired::proportion::{Tails, clopper_pearson};
use crate::paired::result::UNBOUNDED;
use crate::paired::{Alternative, Field, Options, TestResult};

/// Which events there are, as the reason why an estimate is missing.
fn why_none(cohort: &Cohort) -> crate::note::Note {
    let any = cohort.subjects().iter().any(|s| s.event);
    if any { note!(time_one_arm) } else { note!(time_no_event) }
}

/// The exact conditional test of whose event came first, with the hazard ratio within patients.
///
/// `estimate` is ln(n₁₀/n₀₁), infinite where one of them is 0; `statistic` is n₁₀. Without a pair that tells there are no
/// numbers, and a note says so.
///
/// # Errors
/// When the confidence level is not between 0 and 1.
pub fn first_event(cohort: &Cohort, options: &Options) -> Result<TestResult, crate::paired::Refusal> {
    let tails = Tails::of(options)?;
    let firsts = Firsts::of(cohort);
    let exact = within_pairs::exact(&firsts, options.conf_level);
    let (first, n) = (firsts.active, firsts.active + firsts.placebo);
    let mut result = TestResult::new("first-event", exact.n_pairs, options);
    result.exact = Some(true);
    if n == 0 {
        result.notes.push(if cohort.subjects().iter().any(|s| s.event) {
            note!(first_event_none)
        } else {
            note!(time_no_event)
        });
    } else {
        let at_most = |k: u64| binomial::cdf(k, n, 0.5);
        result.statistic = Some(first as f64);
        // With the arms exchanged, its negative to the last bit.
        result.estimate = Some((first as f64).ln() - (firsts.placebo as f64).ln());
        result.p_value = match options.alternative {
            Alternative::TwoSided => exact.p_value,
            side => Some(side.p_of_tails(at_most(first), at_most(firsts.placebo))),
        };
        let log_odds = |share: f64| if share >= 1.0 { f64::INFINITY } else { (share / (1.0 - share)).ln() };
        let (low, high) = match options.alternative {
            // The numbers of the command, to the last bit.
            Alternative::TwoSided => (
                exact.hazard_ratio_low.map_or(f64::NEG_INFINITY, f64::ln),
                exact.hazard_ratio_high.map_or(f64::INFINITY, f64::ln),
            ),
            side => {
                let ((low, _), (high, _)) = clopper_pearson(first, n, tails);
                side.limits(log_odds(low), log_odds(high), UNBOUNDED)
            }
        };
        (result.conf_low, result.conf_high) = (Some(low), Some(high));
        result.notes.push(note!(first_event_exact, n = n));
        if first == 0 {
            result.notes.push(note!(first_event_zero));
        } else if firsts.placebo == 0 {
            result.notes.push(note!(first_event_infinite));
        }
    }
    let limit = |value: Option<f64>| Field::Number(value.map(f64::exp).filter(|ratio| ratio.is_finite()));
    result.extra = vec![
        ("n_active_first", Field::Count(firsts.active)),
        ("n_placebo_first", Field::Count(firsts.placebo)),
        ("n_tied", Field::Count(firsts.tied)),
        ("n_uninformative", Field::Count(firsts.uninformative)),
        ("hazard_ratio", Field::Number(exact.hazard_ratio)),
    ];
    result.extra.extend(match options.alternative {
        Alternative::TwoSided => [
            ("hazard_ratio_low", Field::Number(exact.hazard_ratio_low)),
            ("hazard_ratio_high", Field::Number(exact.hazard_ratio_high)),
        ],
        _ => [("hazard_ratio_low", limit(result.conf_low)), ("hazard_ratio_high", limit(result.conf_high))],
    });
    result.extra.push(("p_value_mid_p", Field::Number(exact.p_value_mid_p)));
    Ok(result)
}

/// The log-rank test with one stratum per patient; `statistic` is χ².
pub fn stratified_log_rank(cohort: &Cohort, options: &Options) -> TestResult {
    let found = within_pairs::log_rank(cohort);
    let mut result = TestResult::new("stratified-log-rank", cohort.pairs().len(), options);
    result.statistic = found.statistic;
    result.df = found.statistic.map(|_| f64::from(found.df));
    result.p_value = match options.alternative {
        Alternative::TwoSided => found.p_value,
        side => {
            found.statistic.map(|chi| side.p_of_z(chi.sqrt().copysign(found.observed_active - found.expected_active)))
        }
    };
    if found.statistic.is_none() {
        result.notes.push(match cohort.subjects().iter().any(|s| s.event) {
            true => note!(first_event_none),
            false => note!(time_no_event),
        });
    }
    result.extra = vec![
        ("observed_active", Field::Number(Some(found.observed_active))),
        ("expected_active", Field::Number(Some(found.expected_active))),
        ("variance", Field::Number(Some(found.variance))),
    ];
    result
}

/// Estimate, standard error and the degrees of freedom of its test, where not normal.
struct Wald {
    estimate: f64,
    std_error: f64,
    df: Option<f64>,
}

impl Wald {
    /// p-value and limits under a one-sided alternative.
    fn sided(&self, options: &Options) -> (f64, (f64, f64)) {
        let (tail, statistic) = (options.tail(), self.estimate / self.std_error);
        let (p, quantile) = match self.df {
            Some(df) => (options.alternative.p_of_t(statistic, df), student_t::upper_quantile(tail, df)),
            None => (options.alternative.p_of_z(statistic), normal::upper_quantile(tail)),
        };
        let (low, high) = (self.estimate - quantile * self.std_error, self.estimate + quantile * self.std_error);
        (p, options.alternative.limits(low, high, UNBOUNDED))
    }
}

/// The Cox model with one stratum per patient, ties exact: ln(n₁₀/n₀₁) with Wald limits.
pub fn stratified_cox(cohort: &Cohort, options: &Options) -> TestResult {
    let firsts = Firsts::of(cohort);
    let fit = within_pairs::stratified_cox(&firsts, Ties::Exact, options.conf_level);
    let mut result = TestResult::new("stratified-cox", cohort.pairs().len(), options);
    result.estimate = fit.estimate;
    result.std_error = fit.std_error;
    result.statistic = fit.statistic;
    result.p_value = fit.p_value;
    result.conf_low = fit.hazard_ratio_low.map(f64::ln);
    result.conf_high = fit.hazard_ratio_high.map(f64::ln);
    if let (Some(estimate), Some(std_error)) = (fit.estimate, fit.std_error)
        && options.alternative != Alternative::TwoSided
    {
        let (p, (low, high)) = Wald { estimate, std_error, df: None }.sided(options);
        (result.p_value, result.conf_low, result.conf_high) = (Some(p), Some(low), Some(high));
    }
    if fit.estimate.is_none() {
        result.notes.push(match (firsts.active + firsts.placebo, cohort.subjects().iter().any(|s| s.event)) {
            (0, true) => note!(first_event_none),
            (0, false) => note!(time_no_event),
            _ => note!(first_event_one_way),
        });
    }
    result.extra = ratio(&result);
    result.extra.push(("log_lik", Field::Number(fit.log_lik)));
    result
}

/// The ratio behind a logarithm, with its limits.
fn ratio(result: &TestResult) -> Vec<(&'static str, Field)> {
    let of = |value: Option<f64>| Field::Number(value.map(f64::exp).filter(|ratio| ratio.is_finite()));
    vec![
        ("hazard_ratio", of(result.estimate)),
        ("hazard_ratio_low", of(result.conf_low)),
        ("hazard_ratio_high", of(result.conf_high)),
    ]
}

/// Cox regression on all knees with the sandwich over patients, n/(n − 1) and t on n − 1 degrees of freedom.
pub fn marginal_cox(cohort: &Cohort, options: &Options) -> TestResult {
    let fit = fit_marginal(cohort, Ties::Exact, true, options.conf_level);
    let mut result = TestResult::new("marginal-cox", cohort.pairs().len(), options);
    result.estimate = fit.estimate;
    result.std_error = fit.std_error;
    result.statistic = fit.statistic;
    result.df = fit.df;
    result.p_value = fit.p_value;
    result.conf_low = fit.hazard_ratio_low.map(f64::ln);
    result.conf_high = fit.hazard_ratio_high.map(f64::ln);
    if let (Some(estimate), Some(std_error)) = (fit.estimate, fit.std_error)
        && options.alternative != Alternative::TwoSided
    {
        let (p, (low, high)) = Wald { estimate, std_error, df: fit.df }.sided(options);
        (result.p_value, result.conf_low, result.conf_high) = (Some(p), Some(low), Some(high));
    }
    if fit.estimate.is_none() {
        result.notes.push(why_none(cohort));
    }
    result.extra = ratio(&result);
    result.extra.extend([
        ("n_patients", Field::Count(cohort.patients() as u64)),
        ("std_error_model", Field::Number(fit.std_error_model)),
        ("log_lik", Field::Number(fit.log_lik)),
    ]);
    result.notes.push(note!(cox_ties));
    result
}

/// The difference of restricted mean times to `tau`, active − placebo, with the jackknife over patients and t on n − 1
/// degrees of freedom. Where the jackknife does not exist there is neither test nor interval.
pub fn rmst(cohort: &Cohort, tau: f64, options: &Options) -> TestResult {
    let mut result = TestResult::new("rmst", cohort.pairs().len(), options);
    let Ok(found) = restricted_means(cohort, tau, true, options.conf_level) else {
        let whole = [true, false].into_iter().all(|active| !cohort.arm(active).is_empty());
        result.notes.push(if whole { note!(rmst_beyond, tau = tau) } else { note!(rmst_no_arm) });
        result.extra.push(("tau", Field::Number(Some(tau))));
        return result;
    };
    let Rmst { estimate, std_error, df, .. } = found;
    result.estimate = Some(estimate);
    if df.is_none() {
        result.notes.push(note!(rmst_no_jackknife, tau = tau));
    } else if std_error > 0.0 {
        result.std_error = Some(std_error);
        result.df = df;
        result.statistic = found.statistic;
        (result.p_value, result.conf_low, result.conf_high) =
            (found.p_value, Some(found.conf_low), Some(found.conf_high));
        if options.alternative != Alternative::TwoSided {
            let (p, (low, high)) = Wald { estimate, std_error, df }.sided(options);
            (result.p_value, result.conf_low, result.conf_high) = (Some(p), Some(low), Some(high));
        }
    } else {
        result.notes.push(note!(rmst_no_spread));
    }
    result.extra = vec![
        ("n_patients", Field::Count(cohort.patients() as u64)),
        ("tau", Field::Number(Some(tau))),
        ("rmst_active", Field::Number(Some(found.rmst_active))),
        ("rmst_placebo", Field::Number(Some(found.rmst_placebo))),
        ("std_error_active", Field::Number(Some(found.std_error_active))),
        ("std_error_placebo", Field::Number(Some(found.std_error_placebo))),
    ];
    result
}

/// The difference of the shares without the event at `time`, active − placebo, with the jackknife over patients and t on
/// n − 1 degrees of freedom. Where the jackknife does not exist there is neither test nor interval.
pub fn survival_difference(cohort: &Cohort, time: f64, options: &Options) -> TestResult {
    let mut result = TestResult::new("survival-difference", cohort.pairs().len(), options);
    let found = difference_at(cohort, time, true, options.conf_level);
    result.estimate = found.estimate;
    match (found.estimate, found.std_error, found.df) {
        (None, ..) => result.notes.push(note!(survival_beyond, time = time)),
        (Some(_), _, None) => result.notes.push(note!(survival_no_jackknife, time = time)),
        (Some(estimate), Some(std_error), df) if std_error > 0.0 => {
            result.std_error = Some(std_error);
            (result.statistic, result.df) = (found.statistic, df);
            (result.p_value, result.conf_low, result.conf_high) = (found.p_value, found.conf_low, found.conf_high);
            if options.alternative != Alternative::TwoSided {
                let (p, (low, high)) = Wald { estimate, std_error, df }.sided(options);
                (result.p_value, result.conf_low, result.conf_high) = (Some(p), Some(low), Some(high));
            }
        }
        _ => result.notes.push(note!(survival_no_spread)),
    }
    result.extra = vec![
        ("n_patients", Field::Count(cohort.patients() as u64)),
        ("time", Field::Number(Some(time))),
        ("surv_active", Field::Number(found.surv_active)),
        ("surv_placebo", Field::Number(found.surv_placebo)),
    ];
    result
}

/// The paired Prentice–Wilcoxon test: its sign is that of later events on active.
pub fn prentice_wilcoxon(cohort: &Cohort, options: &Options) -> TestResult {
    let found = scores::prentice_wilcoxon(cohort);
    let mut result = TestResult::new("prentice-wilcoxon", found.n_pairs, options);
    result.statistic = found.statistic;
    result.p_value = match options.alternative {
        Alternative::TwoSided => found.p_value,
        side => found.statistic.map(|z| side.p_of_z(z)),
    };
    if found.statistic.is_none() {
        result.notes.push(note!(scores_equal));
    }
    result.extra.push(("n_zero", Field::Count(found.n_zero as u64)));
    result
}

/// Akritas' paired t-test of pooled scores, of which only the test is reported: a score is no time.
pub fn akritas(cohort: &Cohort, options: &Options) -> TestResult {
    let mut result = TestResult::new("akritas", cohort.pairs().len(), options);
    match scores::akritas(cohort, options.conf_level).filter(|found| found.statistic.is_some_and(f64::is_finite)) {
        Some(found) => {
            result.statistic = found.statistic;
            result.df = found.df;
            result.p_value = match (options.alternative, found.statistic, found.df) {
                (Alternative::TwoSided, ..) => found.p_value,
                (side, Some(t), Some(df)) => Some(side.p_of_t(t, df)),
                _ => None,
            };
        }
        None => result.notes.push(note!(scores_equal)),
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::survival::Subject;

    /// `first` pairs in which active came first, `second` in which placebo did.
    fn cohort(first: usize, second: usize) -> Cohort {
        let pair = |patient: usize| {
            let active_first = patient < first;
            let of = |active: bool| {
                let time = if active == active_first { 1.0 } else { 2.0 };
                Subject { patient, active, time, event: true }
            };
            [of(true), of(false)]
        };
        Cohort::new((0..first + second).flat_map(pair).collect()).expect("knees")
    }

    #[test]
    fn the_exact_test_rejects_where_its_limits_exclude_one() {
        for n in 1..=40 {
            for first in 0..=n {
                for alternative in [Alternative::TwoSided, Alternative::Less, Alternative::Greater] {
                    let options = Options { alternative, ..Options::default() };
                    let found = first_event(&cohort(first, n - first), &options).expect("a level");
                    let (low, high) = (found.conf_low.expect("low"), found.conf_high.expect("high"));
                    let p = found.p_value.expect("p");
                    assert_eq!(
                        p <= 0.05,
                        low > 0.0 || high < 0.0,
                        "{first} of {n}, {}: p {p}, {low} to {high}",
                        alternative.name()
                    );
                }
            }
        }
    }

    #[test]
    fn the_exact_test_holds_its_level_and_the_mid_p_value_does_not() {
        let mut worst: (f64, f64) = (0.0, 0.0);
        for n in 1..=60_u64 {
            let (mut exact, mut mid) = (0.0, 0.0);
            for first in 0..=n {
                let firsts = Firsts { active: first, placebo: n - first, ..Firsts::default() };
                let found = within_pairs::exact(&firsts, 0.95);
                let weight = binomial::pmf(first, n, 0.5);
                exact += if found.p_value.is_some_and(|p| p <= 0.05) { weight } else { 0.0 };
                mid += if found.p_value_mid_p.is_some_and(|p| p <= 0.05) { weight } else { 0.0 };
            }
            worst = (worst.0.max(exact), worst.1.max(mid));
        }
        assert!(worst.0 <= 0.05, "{worst:?}");
        assert!((worst.1 - 5034.0 / 65536.0).abs() < 1e-12, "{worst:?}");
    }

    #[test]
    fn one_way_gives_exact_limits_and_no_wald_interval() {
        let all = cohort(0, 6);
        let found = first_event(&all, &Options::default()).expect("a level");
        assert_eq!((found.estimate, found.conf_low), (Some(f64::NEG_INFINITY), Some(f64::NEG_INFINITY)));
        assert!(found.conf_high.is_some_and(|high| high < 0.0 && high.is_finite()));
        let wald = stratified_cox(&all, &Options::default());
        assert_eq!((wald.estimate, wald.conf_low, wald.p_value), (None, None, None));
        assert_eq!(wald.notes.iter().next().map(|note| note.code()), Some("first_event_one_way"));
    }
}
