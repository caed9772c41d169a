//! The primary comparison at a look of a group-sequential trial, `<endpoint>.<visit>.interim`.
//!
//! The deciding record's p-value becomes a normal score towards benefit, which is held against the bound of the look: a test
//! at the nominal level of the bound, by whatever degrees of freedom the deciding method has (Jennison & Turnbull 2000, 3.8;
//! the error is close to, not exactly, α). The level is spent by the pairs as they were, over the pairs planned for the end.
//! At the final analysis all of it is spent: with fewer pairs than planned the earlier looks count as shares of those there
//! are, with more as shares of those planned.
//!
//! Futility bounds are held against the same normal score. Non-binding ones change nothing else: crossing one is advice to the
//! committee. Either way nothing is claimed there, as no bound against the null hypothesis is crossed. β is spent under the
//! drift that gives the planned power at the looks as planned, by the pairs as they were.
//!
//! Hypotheses of other endpoints that the plan tests at the look enter their procedure with [`repeated_p`].
//!
//! Before the end and without a crossed bound: conditional and predictive power, and the repeated interval. After a crossed bound or at the end: p-value,
//! median-unbiased estimate and limits of the stagewise ordering, and the repeated interval, in the unit of the endpoint.

use super::Context;
use super::family::{Hypothesis, LOOKS};
use super::notes::remark;
use super::record::Record;
use crate::math::dist::normal;
use crate::math::roots::brent;
use crate::note::Note;
use crate::paired::{Field, TestResult};
use crate::plan::{AlternativePlan, FutilityPlan, InterimPlan, Spending, Under};
use crate::planning::Refusal;
use crate::planning::futility::{self, Futility};
use crate::planning::group_sequential::{Design, Plan};
use crate::planning::spending::Boundary;
use crate::trial::Role;

/// The method of the record.
pub const METHOD: &str = "interim";
/// Power where none is planned.
const USUAL_POWER: f64 = 0.8;
/// A smaller p-value counts as this one: its normal score is 37, beyond every bound.
const SMALLEST_P: f64 = 1e-300;
/// A larger one-sided p-value counts as this one: its normal score is −8.
const LARGEST_P: f64 = 1.0 - 1e-15;

/// The look of this run about the deciding record, and what it says of the primary hypothesis.
pub fn at(context: &Context, deciding: &Record) -> Option<(Record, Hypothesis)> {
    let interim = context.plan.interim.as_ref()?;
    let (endpoint, visit) = (deciding.endpoint?, deciding.visit?);
    let mut result = TestResult::new(METHOD, deciding.result.n_pairs, &context.options());
    result.n_dropped = deciding.result.n_dropped;
    result.extra = vec![
        ("of", Field::Text(deciding.id.clone())),
        ("look", Field::Count(interim.this_look() as u64)),
        ("looks", Field::Count(interim.pairs.len() as u64)),
        ("spending", Field::Text(interim.spending.name().to_owned())),
        ("spending_parameter", Field::Number(interim.parameter)),
        ("pairs_planned", counts(&interim.pairs)),
    ];
    let mut hypothesis = Hypothesis { family: LOOKS, p_adjusted: None, rejected: false, failed: true };
    match found(context, interim, deciding) {
        Ok((fields, p, crossed)) => {
            result.extra.extend(fields);
            hypothesis = Hypothesis { family: LOOKS, p_adjusted: p, rejected: crossed, failed: false };
        }
        Err(reason) => result.notes.push(reason),
    }
    let id = format!("{}.interim", context.stem(endpoint, visit));
    let rows = deciding.rows.clone();
    let mut record = context.record(id, endpoint, visit, deciding.measure, Role::Descriptive, result, rows);
    record.p_adjusted = hypothesis.p_adjusted;
    record.reference = "Jennison & Turnbull 2000; Lan & DeMets 1983; Tsiatis, Rosner & Mehta 1984";
    Some((record, hypothesis))
}

/// The repeated p-value of a hypothesis with the p-value `p` that is tested beside the primary one at the look of this run:
/// the smallest level at which its own bound of this look, by the plan's spending function, would be crossed (Jennison &
/// Turnbull 2000, 9.2). A procedure on these p-values tests every hypothesis by group-sequential bounds of its share of the
/// level, whenever the primary one stops the trial (Glimm, Maurer & Bretz 2010; Maurer & Bretz 2013); the full level at the
/// look would not hold it (Hung, Wang & O'Neill 2007). `None` where the run is no look; 1 where the looks are not valid; no smaller than 1e-12.
pub fn repeated_p(context: &Context, primary: &Record, p: f64) -> Option<f64> {
    let interim = context.plan.interim.as_ref()?;
    let two_sided = context.plan.analysis.alternative == AlternativePlan::TwoSided;
    let Ok((_, shares)) = information(interim, primary.result.n_pairs) else { return Some(1.0) };
    let (look, boundary) = (interim.this_look(), boundary(interim.spending, interim.parameter));
    let sides = if two_sided { 2.0 } else { 1.0 };
    let nominal = |alpha: f64| -> Option<f64> {
        let plan = Plan { information: shares.clone(), boundary, alpha, two_sided };
        Some(sides * plan.design().ok()?.nominal_one_sided_p().get(look - 1)?)
    };
    // The level is no smaller than the nominal one of a look: p itself is the least it can be.
    let (low, high) = (p.max(1e-12).ln(), (0.499 * sides).ln());
    let gap =
        |log_alpha: f64| nominal(log_alpha.exp()).map_or(f64::NAN, |nominal| nominal.ln() - p.max(SMALLEST_P).ln());
    if low >= high || gap(high) <= 0.0 {
        return Some(1.0);
    }
    if gap(low) >= 0.0 {
        return Some(low.exp());
    }
    Some(brent(gap, low, high, 1e-10).map_or(1.0, f64::exp))
}

fn counts(values: &[usize]) -> Field {
    Field::Numbers(values.iter().map(|value| Some(*value as f64)).collect())
}

fn numbers(values: &[f64]) -> Field {
    Field::Numbers(values.iter().copied().map(Some).collect())
}

/// The pairs at the looks up to this one, those still planned after it, and their information fractions.
fn information(interim: &InterimPlan, here: usize) -> Result<(Vec<usize>, Vec<f64>), Note> {
    let (look, last) = (interim.this_look(), interim.pairs.len());
    let earlier: Vec<usize> = match interim.earlier.as_slice() {
        [] => interim.pairs[..look - 1].to_vec(),
        given => given.to_vec(),
    };
    let planned = interim.pairs[last - 1];
    let rising = earlier.windows(2).all(|pair| pair[0] < pair[1]) && earlier.last().is_none_or(|before| *before < here);
    if earlier.len() != look - 1 || !rising {
        return Err(remark!(looks_not_rising, n = here));
    }
    let mut pairs = earlier;
    pairs.push(here);
    if look == last {
        let all = here.min(planned).max(pairs[..look - 1].last().map_or(0, |before| before + 1)) as f64;
        let mut shares: Vec<f64> = pairs[..look - 1].iter().map(|n| *n as f64 / all).collect();
        shares.push(1.0);
        return Ok((pairs, shares));
    }
    if here >= planned {
        return Err(remark!(look_is_last, n = here, planned = planned));
    }
    pairs.extend(interim.pairs[look..].iter().filter(|n| **n > here));
    let shares = pairs.iter().map(|n| *n as f64 / planned as f64).collect();
    Ok((pairs, shares))
}

type Found = (Vec<(&'static str, Field)>, Option<f64>, bool);

/// The boundary of a spending function.
fn boundary(spending: Spending, parameter: Option<f64>) -> Boundary {
    match spending {
        Spending::Hsd => Boundary::HwangShihDeCani(parameter.unwrap_or_default()),
        Spending::Kd => Boundary::KimDeMets(parameter.unwrap_or(1.0)),
        Spending::ObrienFleming => Boundary::SpendingOBrienFleming,
        Spending::Pocock => Boundary::SpendingPocock,
    }
}

/// The rule of the plan's futility bounds.
fn rule(futility: &FutilityPlan) -> Futility {
    match futility.spending {
        Some(spending) => {
            Futility::Spending { boundary: boundary(spending, futility.parameter), binding: futility.binding }
        }
        None => Futility::ConditionalPower {
            threshold: futility.conditional_power.unwrap_or_default(),
            under: match futility.under {
                Under::Planned => futility::Under::Planned,
                Under::Trend => futility::Under::Trend,
            },
        },
    }
}

/// The bounds at these looks, the futility bounds (none without a rule), and the drift planned for (0 where nothing asks).
fn designed(interim: &InterimPlan, plan: &Plan, power: f64) -> Result<(Design, Vec<f64>, f64), Refusal> {
    let Some(futility) = &interim.futility else {
        let design = plan.design()?;
        let drift = if interim.brief { 0.0 } else { design.drift(power)? };
        return Ok((design, Vec::new(), drift));
    };
    let last = interim.pairs.last().copied().unwrap_or(1) as f64;
    let as_planned = Plan { information: interim.pairs.iter().map(|n| *n as f64 / last).collect(), ..plan.clone() };
    let drift = as_planned.with_futility(rule(futility), power)?.drift;
    let found = plan.futility_at(rule(futility), drift, power)?;
    Ok((found.design, found.futility, drift))
}

fn found(context: &Context, interim: &InterimPlan, deciding: &Record) -> Result<Found, Note> {
    let analysis = &context.plan.analysis;
    let two_sided = analysis.alternative == AlternativePlan::TwoSided;
    let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
    let (Some(p), Some(estimate)) = (finite(deciding.result.p_value), finite(deciding.result.estimate)) else {
        // No pair, one pair, differences that are all alike: the deciding record says which.
        return Err(deciding.result.notes.reason().cloned().unwrap_or_else(|| remark!(no_p)));
    };
    let (pairs, shares) = information(interim, deciding.result.n_pairs)?;
    let boundary = boundary(interim.spending, interim.parameter);
    let plan = Plan { information: shares, boundary, alpha: analysis.alpha, two_sided };
    let usual = context.plan.sample_size.as_ref().map_or(USUAL_POWER, |planned| planned.power);
    let (design, futility, drift) =
        designed(interim, &plan, interim.power.unwrap_or(usual)).map_err(|refusal| refusal.0)?;
    let look = interim.this_look();
    let sign = deciding.endpoint.map_or(1.0, |endpoint| context.trial.design.endpoints[endpoint].benefit_sign());
    let towards = sign * estimate;
    let p = p.clamp(SMALLEST_P, if two_sided { 1.0 } else { LARGEST_P });
    let z = if two_sided { normal::upper_quantile(0.5 * p) * towards.signum() } else { normal::upper_quantile(p) };
    let bound = design.bounds[look - 1];
    let crossed = z >= bound || (two_sided && z <= -bound);
    let nominal = design.nominal_one_sided_p()[look - 1];
    let mut fields = vec![
        ("pairs_at_looks", counts(&pairs)),
        ("information_fractions", numbers(&design.information)),
        ("bounds", numbers(&design.bounds)),
        ("cumulative_alpha", numbers(&design.cumulative_alpha)),
        ("z", Field::Number(Some(z))),
        ("bound", Field::Number(Some(bound))),
        ("nominal_p", Field::Number(Some(if two_sided { 2.0 * nominal } else { nominal }))),
        ("crossed", Field::Json(crossed.into())),
    ];
    if let Some(planned) = &interim.futility {
        let here = futility.get(look - 1).copied();
        fields.extend([
            ("futility_rule", Field::Text(planned.name().to_owned())),
            ("futility_binding", Field::Json(planned.binding.into())),
            ("futility_bounds", numbers(&futility)),
            ("futility_bound", Field::Number(here)),
            ("futile", Field::Json((!crossed && here.is_some_and(|here| z <= here)).into())),
        ]);
    }
    // Drifts in the unit of the endpoint: the naive one is the deciding estimate.
    let naive = z / design.information[look - 1].sqrt();
    let unit = if naive.abs() > 1e-6 {
        towards / naive
    } else {
        deciding.result.std_error.unwrap_or(f64::NAN) * design.information[look - 1].sqrt()
    };
    let limits = |low: f64, high: f64| {
        let ends = [sign * low * unit, sign * high * unit];
        [ends[0].min(ends[1]), ends[0].max(ends[1])].map(|end| Field::Number(Some(end).filter(|end| end.is_finite())))
    };
    let (low, high) = design.repeated(look, z).map_err(|refusal| refusal.0)?;
    let [repeated_low, repeated_high] = limits(low, high);
    let repeated = [("repeated_low", repeated_low), ("repeated_high", repeated_high)];
    if look < interim.pairs.len() && !crossed {
        if interim.brief {
            fields.extend(repeated);
            return Ok((fields, None, false));
        }
        let outlook = design.outlook(look, z, drift).map_err(|refusal| refusal.0)?;
        for (name, value) in [
            ("conditional_planned", outlook.planned),
            ("conditional_trend", outlook.trend),
            ("conditional_null", outlook.null),
            ("predictive", outlook.predictive),
        ] {
            fields.push((name, Field::Number(Some(value))));
        }
        fields.extend(repeated);
        return Ok((fields, None, false));
    }
    let stopped = design.stopped(look, z).map_err(|refusal| refusal.0)?;
    let [low, high] = limits(stopped.low, stopped.high);
    let one = stopped.p_one_sided;
    let p = if two_sided { (2.0 * one.min(1.0 - one)).min(1.0) } else { one };
    let median = sign * stopped.median_unbiased * unit;
    fields.extend([
        ("p_stagewise", Field::Number(Some(p))),
        ("median_unbiased", Field::Number(Some(median).filter(|value| value.is_finite()))),
        ("stagewise_low", low),
        ("stagewise_high", high),
    ]);
    fields.extend(repeated);
    Ok((fields, Some(p), crossed))
}
