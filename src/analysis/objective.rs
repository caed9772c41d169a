//! The hypothesis that an endpoint enters the plan's procedures with: superiority, non-inferiority or equivalence.
//!
//! The key `objective` of an endpoint says which; superiority where it is left out. One objective a hypothesis, so that a
//! procedure for several (co-primary, Holm, a sequence, a graph) adjusts the p-value of what is claimed: the two-sided p of
//! no difference; for non-inferiority twice the one-sided p against −margin; for equivalence twice the larger of the two
//! one-sided p (twice, because the level of the plan is two-sided and each side has half of it; ICH E9, 5.5). Where the
//! limits are those of a t (or normal) distribution the one-sided p comes from estimate, standard error and degrees of
//! freedom; a paired test of differences is carried out once more on the differences less the margin
//! (`pairs::p_beyond`). Other limits only tell whether the margin is excluded at the plan's level, and enter with
//! p = α or 1, which is never too small.
//!
//! Beside its objective an endpoint claims no more where other hypotheses share the level: a second way to reject would
//! raise the error of the family. Where it is the only hypothesis, one interval serves all of its claims at once
//! (non-inferiority is held before superiority: a fixed sequence).

use super::Context;
use super::record::Record;
use crate::math::dist::{normal, student_t};
use crate::paired::Alternative;
use crate::plan::Objective;

/// The objective of the plan's endpoint at this position.
pub fn of(context: &Context, endpoint: Option<usize>) -> Objective {
    let written = endpoint.and_then(|endpoint| context.plan.endpoints.get(endpoint));
    written.map_or(Objective::Superiority, |written| written.objective)
}

/// Whether the interval of a comparison lies within ± the margin, and above the non-inferiority margin.
#[derive(Debug, Clone, Copy)]
pub struct Margins {
    /// Within ± the endpoint's margin.
    pub within: bool,
    /// Above the endpoint's non-inferiority margin.
    pub above: bool,
}

/// The p-value with which the comparison `record` enters a procedure; `None` where there is none. `non_inferiority` is the
/// endpoint's margin on the scale of the analysis.
pub fn p_entered(context: &Context, record: &Record, shown: Margins, non_inferiority: Option<f64>) -> Option<f64> {
    let objective = of(context, record.endpoint);
    let about = record.endpoint.and_then(|endpoint| context.trial.design.endpoints.get(endpoint));
    let (margin, met) = match objective {
        Objective::Superiority => return record.result.p_value,
        Objective::NonInferiority => (non_inferiority, shown.above),
        Objective::Equivalence => (about.and_then(|about| about.equivalence()), shown.within),
    };
    let margin = margin.filter(|_| about.is_some())?;
    against(context, record, margin).or_else(|| {
        record.result.conf_low?;
        Some(if met { context.plan.analysis.alpha } else { 1.0 })
    })
}

/// The p-value of the objective of the comparison `record`, where that is a margin and its test can be carried out: the one
/// that its verdict rests on. `None` for superiority, whose p-value is the record's own.
pub fn p_of(context: &Context, record: &Record) -> Option<f64> {
    let about = context.trial.design.endpoints.get(record.endpoint?)?;
    let margin = match of(context, record.endpoint) {
        Objective::Superiority => None,
        Objective::NonInferiority => super::pairs::non_inferiority_margin(context, record.endpoint?),
        Objective::Equivalence => about.equivalence(),
    };
    against(context, record, margin?)
}

/// The p-value against `margin`, twice the (larger) one-sided one where the test of the plan is two-sided.
fn against(context: &Context, record: &Record, margin: f64) -> Option<f64> {
    let objective = of(context, record.endpoint);
    let sign = context.trial.design.endpoints.get(record.endpoint?)?.benefit_sign();
    // The hypotheses: a disadvantage of the margin or more; for equivalence an advantage of it too.
    let edges: &[f64] = if objective == Objective::Equivalence { &[-1.0, 1.0] } else { &[-1.0] };
    let tail = one_sided(record);
    let p_of = |side: &f64| match &tail {
        Some(tail) => Some(tail(margin - side * sign * record.result.estimate?)),
        None => super::pairs::p_beyond(context, record, side * sign * margin, -side * sign),
    };
    let tails = edges.iter().map(p_of).collect::<Option<Vec<f64>>>()?;
    let p = tails.into_iter().fold(0.0, f64::max);
    let sides = if record.result.alternative == Alternative::TwoSided { 2.0 } else { 1.0 };
    Some((sides * p).min(1.0))
}

/// P(T > distance / SE), where the limits of `record` are those of that distribution.
fn one_sided(record: &Record) -> Option<impl Fn(f64) -> f64 + use<>> {
    let result = &record.result;
    let (estimate, error, df) = (result.estimate?, result.std_error.filter(|error| *error > 0.0)?, result.df);
    let upper = |p: f64| df.map_or_else(|| normal::upper_quantile(p), |df| student_t::upper_quantile(p, df));
    let outside = 1.0 - result.conf_level;
    let half = error * upper(if result.alternative == Alternative::TwoSided { 0.5 * outside } else { outside });
    let same =
        |limit: Option<f64>, at: f64| limit.is_none_or(|limit| limit.is_infinite() || (limit - at).abs() < 1e-6 * half);
    let has_limit = result.conf_low.is_some_and(f64::is_finite) || result.conf_high.is_some_and(f64::is_finite);
    let its_own = has_limit && same(result.conf_low, estimate - half) && same(result.conf_high, estimate + half);
    its_own.then_some(move |distance: f64| {
        let t = distance / error;
        df.map_or_else(|| normal::sf(t), |df| student_t::sf(t, df))
    })
}
