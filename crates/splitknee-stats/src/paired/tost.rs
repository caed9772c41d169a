//! Equivalence and non-inferiority of the mean difference.
//!
//! Two one-sided paired t tests (Schuirmann 1987): equivalence within (L, H) is shown at level α when both
//! `H₀: Δ ≤ L` and `H₀: Δ ≥ H` are rejected at α, that is when the 1 − 2α interval lies inside the limits.
//! Non-inferiority is one of the two.

use super::method::{Estimate, Method, Recipe};
use super::paired_t::Moments;
use super::pairs::{check_options, differences, t_limits};
use super::result::percent;
use super::{Alternative, Better, Field, Options, Refusal, TestResult};
use crate::math::dist::student_t;
use crate::note;

/// What is known of the equivalence test beside its formula.
pub const TOST: Method = Method {
    estimate: Estimate::AgainstMargin,
    options: &["--low", "--high", "--transform"],
    needs: &["--low", "--high"],
    r: Recipe::Program,
    citation: Some(
        "Schuirmann DJ. A comparison of the two one-sided tests procedure and the power approach. J Pharmacokinet \
     Biopharm 1987;15:657–680.",
    ),
    ..Method::of("tost", "Schuirmann 1987 (two one-sided tests)", |asked| {
        let (low, high) = asked.settings.limits.ok_or_else(|| Refusal(note!(limits_not_set)))?;
        tost(asked.treated, asked.control, low, high, asked.options)
    })
};

/// What is known of the non-inferiority test beside its formula.
pub const NON_INFERIORITY: Method = Method {
    estimate: Estimate::AgainstMargin,
    options: &["--margin", "--better"],
    needs: &["--margin", "--better"],
    ..Method::of("non-inferiority", "Schuirmann 1987; ICH E9, 3.3.2 (one-sided against the margin)", |asked| {
        let margin = asked.settings.margin.ok_or_else(|| Refusal(note!(no_margin_set)))?;
        non_inferiority(asked.treated, asked.control, margin, asked.settings.better, asked.options)
    })
};

/// Tests equivalence of the mean difference within `low` and `high`; `p_value` is the larger of the two.
///
/// `options.conf_level` = 1 − α; the interval reported has level 1 − 2α, and lies inside the limits exactly where p < α
/// (extra fields `level` = α and `equivalent`). `options.alternative` and `mu` are not used.
///
/// # Errors
/// As [`super::paired_t`], limits that are not finite or not in ascending order, or a confidence level at or below ½.
pub fn tost(treated: &[f64], control: &[f64], low: f64, high: f64, options: &Options) -> Result<TestResult, Refusal> {
    check_options(options)?;
    if !(low.is_finite() && high.is_finite() && low < high) {
        return Err(Refusal(note!(limits_ascending, low = low, high = high)));
    }
    if options.conf_level <= 0.5 {
        return Err(Refusal(note!(conf_level_tost)));
    }
    let differences = differences(treated, control)?;
    let moments = Moments::of(&differences, note!(m_tost))?;
    let interval = Options { alternative: Alternative::TwoSided, conf_level: 2.0 * options.conf_level - 1.0, mu: 0.0 };
    let (t_lower, t_upper) = ((moments.mean - low) / moments.std_error, (moments.mean - high) / moments.std_error);
    let (p_lower, p_upper) = (student_t::sf(t_lower, moments.df), student_t::cdf(t_upper, moments.df));
    let mut result = TestResult::new("tost", differences.len(), &interval);
    let (conf_low, conf_high) = t_limits(moments.mean, moments.std_error, moments.df, &interval);
    result.estimate = Some(moments.mean);
    result.std_error = Some(moments.std_error);
    result.df = Some(moments.df);
    result.statistic = Some(if p_lower >= p_upper { t_lower } else { t_upper });
    result.p_value = Some(p_lower.max(p_upper));
    result.conf_low = Some(conf_low);
    result.conf_high = Some(conf_high);
    result.extra = vec![
        ("low", Field::Number(Some(low))),
        ("high", Field::Number(Some(high))),
        ("t_lower", Field::Number(Some(t_lower))),
        ("t_upper", Field::Number(Some(t_upper))),
        ("p_lower", Field::Number(Some(p_lower))),
        ("p_upper", Field::Number(Some(p_upper))),
        ("level", Field::Number(Some(percent(1.0 - options.conf_level) / 100.0))),
        ("equivalent", Field::Json((conf_low > low && conf_high < high).into())),
    ];
    let (alpha, level) = (percent(1.0 - options.conf_level), percent(interval.conf_level));
    result.notes.push(note!(tost_two, alpha = alpha, level = level));
    Ok(result)
}

/// Tests that treated is not worse than control by more than `margin > 0`; one-sided at 1 − `options.conf_level`.
///
/// # Errors
/// As [`super::paired_t`], or a margin that is not a positive finite number.
pub fn non_inferiority(
    treated: &[f64],
    control: &[f64],
    margin: f64,
    better: Better,
    options: &Options,
) -> Result<TestResult, Refusal> {
    check_options(options)?;
    if !(margin.is_finite() && margin > 0.0) {
        return Err(Refusal(note!(margin_positive, margin = margin)));
    }
    let one_sided = match better {
        Better::Higher => Options { alternative: Alternative::Greater, mu: -margin, ..*options },
        Better::Lower => Options { alternative: Alternative::Less, mu: margin, ..*options },
    };
    let mut result = super::paired_t::paired_t(treated, control, &one_sided)?;
    result.method = "non-inferiority";
    let worse = match better {
        Better::Higher => result.conf_low.map(|limit| limit > -margin),
        Better::Lower => result.conf_high.map(|limit| limit < margin),
    };
    result.extra.push(("margin", Field::Number(Some(margin))));
    result.extra.push(("level", Field::Number(Some(percent(1.0 - options.conf_level) / 100.0))));
    result.extra.push(("better", Field::Text(if better == Better::Lower { "lower" } else { "higher" }.into())));
    result.extra.push(("non_inferior", Field::Json(worse.into())));
    result.notes.push(note!(non_inferiority_null, alpha = percent(1.0 - options.conf_level), margin = margin));
    if options.alternative != Alternative::TwoSided || options.mu != 0.0 {
        result.notes.push(note!(direction_follows));
    }
    Ok(result)
}
