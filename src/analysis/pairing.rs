//! The design's own numbers: what the pairing gained, side and dominance, how alike the knees began, and what a reviewer
//! who pools trials needs.

use super::Context;
use super::notes::remark;
use super::record::{Record, Rows};
use crate::math::descriptive::{mean, sd};
use crate::math::dist::student_t;
use crate::paired::design::{self, Estimate, SideEffect};
use crate::paired::published::{Arm, at_correlation};
use crate::paired::{Alternative, Field, Options, TestResult};
use crate::trial::design::ACTIVE;
use crate::trial::side::{Side, side};
use crate::trial::{Kind, Measure, Patient, Role};
use serde_json::json;

/// Whether the numbers of this module make sense for `endpoint`: scores and measurements, not rates.
fn scored(context: &Context, endpoint: usize) -> bool {
    let about = &context.trial.design.endpoints[endpoint];
    matches!(about.kind, Kind::Continuous | Kind::Count) && !about.rated
}

/// The pairing, side, dominance, baseline and meta-analysis records of `endpoint`.
pub fn analyse(context: &Context, endpoint: usize) -> Vec<Record> {
    if !scored(context, endpoint) {
        return Vec::new();
    }
    let about = &context.trial.design.endpoints[endpoint];
    let mut records = Vec::new();
    for &visit in &about.visits {
        records.push(pairing(context, endpoint, visit));
    }
    records.extend(baseline(context, endpoint));
    for visit in context.visits(endpoint) {
        records.extend(sides(context, endpoint, visit));
        records.push(meta_analysis(context, endpoint, visit));
    }
    records
}

/// A two-sided result without numbers.
fn blank(context: &Context, method: &'static str, n_pairs: usize) -> TestResult {
    TestResult::new(method, n_pairs, &Options { alternative: Alternative::TwoSided, ..context.options() })
}

/// Patients with both knees, one, or none; correlation; the share of variance that pairing saved.
fn pairing(context: &Context, endpoint: usize, visit: usize) -> Record {
    let (active, placebo) = context.both_knees(endpoint, visit, Measure::Value);
    let mut result = blank(context, "pairing", 0);
    match design::pairing(&active, &placebo, context.options().conf_level) {
        Ok(found) => {
            result.n_pairs = found.n_pairs;
            result.n_dropped = found.n_treated_only + found.n_control_only + found.n_neither;
            result.estimate = found.correlation;
            (result.conf_low, result.conf_high) = (found.correlation_low, found.correlation_high);
            result.extra = vec![
                ("n_active_only", Field::Count(found.n_treated_only as u64)),
                ("n_placebo_only", Field::Count(found.n_control_only as u64)),
                ("n_neither", Field::Count(found.n_neither as u64)),
                ("sd_active", Field::Number(found.sd_treated)),
                ("sd_placebo", Field::Number(found.sd_control)),
                ("sd_diff", Field::Number(found.sd_diff)),
                ("variance_saved", Field::Number(found.variance_saved)),
                ("relative_efficiency", Field::Number(found.relative_efficiency)),
            ];
            result.notes = found.notes;
        }
        Err(refusal) => result.notes.push(refusal.0),
    }
    let paired = context.trial.paired(endpoint, visit, Measure::Value, context.set);
    let rows = context.paired_rows(endpoint, visit, &paired);
    let id = format!("{}.descriptive.pairing", context.stem(endpoint, visit));
    let mut record = context.record(id, endpoint, visit, Measure::Value, Role::Descriptive, result, rows);
    record.reference = "Pandis et al. 2017 (CONSORT within-person, item 17a)";
    record
}

/// How alike the two knees were before treatment; without a p-value.
fn baseline(context: &Context, endpoint: usize) -> Option<Record> {
    let visit = context
        .trial
        .design
        .baseline
        .filter(|visit| context.trial.design.endpoints[endpoint].visits.contains(visit))?;
    let (active, placebo) = context.both_knees(endpoint, visit, Measure::Value);
    let mut result = blank(context, "baseline-difference", 0);
    match design::baseline_difference(&active, &placebo, context.options().conf_level) {
        Ok(found) => {
            result.n_pairs = found.n_pairs;
            result.estimate = Some(found.estimate);
            (result.conf_low, result.conf_high) = (found.conf_low, found.conf_high);
            result.extra =
                vec![("sd_diff", Field::Number(found.sd_diff)), ("standardised", Field::Number(found.standardised))];
            result.notes.push(remark!(baseline_chance));
        }
        Err(refusal) => result.notes.push(refusal.0),
    }
    let paired = context.trial.paired(endpoint, visit, Measure::Value, context.set);
    result.n_dropped = paired.dropped.len();
    let rows = context.paired_rows(endpoint, visit, &paired);
    let id = format!("{}.descriptive.baseline-difference", context.stem(endpoint, visit));
    let mut record = context.record(id, endpoint, visit, Measure::Value, Role::Descriptive, result, rows);
    record.reference = "CONSORT 2010, item 15";
    Some(record)
}

/// Whether the active knee is the right one; `None` where its side cannot be told.
pub fn active_on_right(patient: &Patient) -> Option<bool> {
    Some(side(&patient.knee(ACTIVE)?.side)? == Side::Right)
}

/// Whether the active knee is the dominant one, by the column whose name begins with `dominan`.
pub fn active_on_dominant(patient: &Patient) -> Option<bool> {
    let mut attributes = patient.attributes.iter();
    let (_, cell) = attributes.find(|(name, _)| name.to_lowercase().starts_with("dominan"))?;
    Some((side(cell)? == Side::Right) == active_on_right(patient)?)
}

/// The effect of the side (right − left) and, where the patients file has a column whose name begins with `dominan`, of
/// dominance (dominant − other) on the score, with the treatment effect adjusted for it.
fn sides(context: &Context, endpoint: usize, visit: usize) -> Vec<Record> {
    let trial = context.trial;
    let measure = context.measure(endpoint);
    let paired = trial.paired(endpoint, visit, measure, context.set);
    let differences = paired.differences();
    let of = |known: fn(&Patient) -> Option<bool>| -> Vec<Option<bool>> {
        paired.pairs.iter().map(|pair| known(&trial.patients[pair.patient])).collect()
    };
    let (on_right, on_dominant) = (of(active_on_right), of(active_on_dominant));
    let mut records = Vec::new();
    for (name, reference, known) in [("side", "right", on_right), ("dominance", "dominant", on_dominant)] {
        if known.iter().all(Option::is_none) {
            continue;
        }
        let mut result = blank(context, "side-effect", 0);
        let mut rows = context.paired_rows(endpoint, visit, &paired);
        match design::side_effect(&differences, &known, context.options().conf_level) {
            Ok(found) => {
                let used = found.n_on_reference + found.n_on_other;
                rows.used = 2 * used;
                rows.leave_out(remark!(side_not_recorded), 2 * (paired.pairs.len() - used));
                result.n_pairs = used;
                fill_side(&mut result, found, reference);
            }
            Err(refusal) => result.notes.push(refusal.0),
        }
        result.n_dropped = paired.dropped.len() + paired.pairs.len() - result.n_pairs;
        let id = format!("{}.descriptive.{name}", context.stem(endpoint, visit));
        let mut record = context.record(id, endpoint, visit, measure, Role::Descriptive, result, rows);
        record.reference = "Hills & Armitage 1979";
        records.push(record);
    }
    records
}

fn fill_side(result: &mut TestResult, found: SideEffect, reference: &str) {
    if let Some(Estimate { estimate, std_error, df, statistic, p_value, conf_low, conf_high }) = found.side {
        result.estimate = Some(estimate);
        result.std_error = Some(std_error);
        result.df = Some(df);
        (result.statistic, result.p_value) = (statistic, p_value);
        (result.conf_low, result.conf_high) = (Some(conf_low), Some(conf_high));
    }
    result.extra = vec![
        ("reference_side", Field::Text(reference.to_owned())),
        ("n_active_on_reference", Field::Count(found.n_on_reference as u64)),
        ("n_active_on_other", Field::Count(found.n_on_other as u64)),
        ("difference_on_reference", Field::Number(found.mean_on_reference)),
        ("difference_on_other", Field::Number(found.mean_on_other)),
        ("treatment_adjusted", Field::Json(json!(found.treatment))),
    ];
    result.notes = found.notes;
}

/// The block for meta-analysts: mean difference, standard error, SDs, correlation and pairs (Cochrane Handbook 23.2).
fn meta_analysis(context: &Context, endpoint: usize, visit: usize) -> Record {
    let measure = context.measure(endpoint);
    let paired = context.trial.paired(endpoint, visit, measure, context.set);
    let (active, placebo) = (paired.active(), paired.placebo());
    let differences = paired.differences();
    let n = paired.pairs.len();
    let mut result = blank(context, "meta-analysis", n);
    result.n_dropped = paired.dropped.len();
    result.estimate = mean(&differences);
    let spread = sd(&differences);
    result.std_error = spread.map(|spread| spread / (n as f64).sqrt());
    let arm = |values: &[f64]| Some(Arm { mean: mean(values)?, sd: sd(values)?, n });
    let (first, second) = (arm(&active), arm(&placebo));
    let pearson = super::pairs::pearson(&active, &placebo, &context.options()).estimate;
    let summary = first.zip(second).zip(pearson).and_then(|((active, placebo), r)| {
        at_correlation(active, placebo, n, r, &Options { alternative: Alternative::TwoSided, ..context.options() }).ok()
    });
    // The interval is that of the mean difference, which needs no correlation (one side may stand at a floor).
    // Differences that are all equal leave nothing to take limits from.
    let varies = differences.iter().any(|difference| Some(difference) != differences.first());
    if let (Some(estimate), Some(error), true) = (result.estimate, result.std_error, varies && n > 1) {
        let df = n as f64 - 1.0;
        let reach = student_t::quantile(0.5 + 0.5 * result.conf_level, df) * error;
        result.df = Some(df);
        (result.conf_low, result.conf_high) = (Some(estimate - reach), Some(estimate + reach));
    }
    if pearson.is_none() {
        result.notes.push(remark!(no_correlation_interval));
    }
    let number = Field::Number;
    result.extra = vec![
        ("mean_active", number(first.map(|arm| arm.mean))),
        ("sd_active", number(first.map(|arm| arm.sd))),
        ("mean_placebo", number(second.map(|arm| arm.mean))),
        ("sd_placebo", number(second.map(|arm| arm.sd))),
        ("sd_diff", number(spread)),
        ("correlation", number(pearson)),
        ("smd", number(summary.as_ref().and_then(|summary| summary.smd))),
        ("smd_std_error", number(summary.as_ref().and_then(|summary| summary.smd_std_error))),
    ];
    let id = format!("{}.meta-analysis", context.stem(endpoint, visit));
    let rows = context.paired_rows(endpoint, visit, &paired);
    let mut record = context.record(id, endpoint, visit, measure, Role::Descriptive, result, rows);
    record.reference = "Elbourne et al. 2002; Cochrane Handbook 23.2";
    record
}

/// Shares of the effect that a carry-across grid assumes to have reached the other knee.
const KAPPAS: [f64; 7] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6];

/// What the effect on the treated knee would be, had a share κ of it reached the placebo knee: observed / (1 − κ).
///
/// κ cannot be estimated from a split-knee trial, and nothing here tests it. `tipping_kappa` is the κ at which the
/// estimate would reach the MCID, where it does not as it stands; `tipping_kappa_limit` the κ at which the whole interval
/// would.
pub fn carry_across(context: &Context, deciding: &Record) -> Option<Record> {
    let (endpoint, visit) = (deciding.endpoint?, deciding.visit?);
    let about = &context.trial.design.endpoints[endpoint];
    if !scored(context, endpoint) || !super::pairs::is_difference(deciding.result.method) {
        return None;
    }
    let observed = deciding.result.estimate?;
    let limits =
        [deciding.result.conf_low, deciding.result.conf_high].map(|limit| limit.filter(|limit| limit.is_finite()));
    let mut result = blank(context, "carry-across", deciding.result.n_pairs);
    result.n_dropped = deciding.result.n_dropped;
    result.estimate = Some(observed);
    [result.conf_low, result.conf_high] = limits;
    let grid: Vec<serde_json::Value> = KAPPAS
        .iter()
        .map(|kappa| {
            let scaled = |value: Option<f64>| value.map(|value| value / (1.0 - kappa));
            json!({
                "kappa": kappa,
                "estimate": scaled(Some(observed)),
                "conf_low": scaled(limits[0]),
                "conf_high": scaled(limits[1]),
            })
        })
        .collect();
    result.extra =
        vec![("of", Field::Text(deciding.id.clone())), ("grid", Field::Json(serde_json::Value::Array(grid)))];
    let sign = about.benefit_sign();
    // κ at which the benefit reaches the important difference; only a benefit can be scaled up to it.
    let tipping = |benefit: f64| {
        about.important().filter(|size| benefit > 0.0 && benefit < *size).map(|size| 1.0 - benefit / size)
    };
    let worst = if sign > 0.0 { limits[0] } else { limits[1].map(|limit| -limit) };
    result.extra.push(("tipping_kappa", Field::Number(tipping(sign * observed))));
    result.extra.push(("tipping_kappa_limit", Field::Number(worst.and_then(tipping))));
    if about.important_difference.is_none() {
        result.notes.push(remark!(no_mcid_tipping));
    }
    result.notes.push(remark!(kappa_unknown));
    let id = format!("{}.carry-across", context.stem(endpoint, visit));
    let rows = Rows { used: deciding.rows.used, ..deciding.rows.clone() };
    let mut record = context.record(id, endpoint, visit, deciding.measure, Role::Descriptive, result, rows);
    record.reference = "Hujoel & DeRouen 1992; Hujoel 1998";
    Some(record)
}
