//! Descriptive statistics by arm and of the within-patient difference, at every visit.

use super::Context;
use super::counted::percent;
use super::grades::by_grade;
use super::logarithms;
use super::notes::remark;
use super::record::{Record, Rows};
use crate::math::descriptive::{QuantileType, mean, median, quantile, sd};
use crate::math::dist::student_t;
use crate::note::Note;
use crate::paired::{Field, Options, TestResult};
use crate::trial::{Kind, Measure, Role};

/// Source of the quantile definition.
pub const REFERENCE: &str = "Mean with t interval; quartiles as SAS PCTLDEF=5 (R type 2)";

/// n, mean with its t interval, SD, SE, median, quartiles and range of `values`.
pub fn summarise(values: &[f64], options: &Options) -> TestResult {
    let mut result = TestResult::new("descriptive", values.len(), options);
    let n = values.len() as f64;
    let spread = sd(values);
    result.estimate = mean(values);
    result.std_error = spread.map(|spread| spread / n.sqrt());
    if let (Some(centre), Some(se)) = (result.estimate, result.std_error) {
        let half = student_t::quantile(0.5 + 0.5 * options.conf_level, n - 1.0) * se;
        result.df = Some(n - 1.0);
        result.conf_low = Some(centre - half);
        result.conf_high = Some(centre + half);
    } else {
        result.notes.push(remark!(two_needed, n = values.len()));
    }
    let quartile = |p| quantile(values, p, QuantileType::Two);
    result.extra = vec![
        ("n", Field::Count(values.len() as u64)),
        ("mean", Field::Number(result.estimate)),
        ("sd", Field::Number(spread)),
        ("median", Field::Number(median(values))),
        ("q1", Field::Number(quartile(0.25))),
        ("q3", Field::Number(quartile(0.75))),
        ("min", Field::Number(values.iter().copied().reduce(f64::min))),
        ("max", Field::Number(values.iter().copied().reduce(f64::max))),
    ];
    result
}

/// The descriptive records of one endpoint at one visit: each arm as collected, with its geometric mean where the analysis is
/// on logarithms; then active − placebo on the scale of the analysis.
pub fn describe(context: &Context, endpoint: usize, visit: usize, measure: Measure) -> Vec<Record> {
    let trial = context.trial;
    let options = context.options();
    let mut records = Vec::new();
    for (arm, label) in trial.design.arms.labels().into_iter().enumerate() {
        let mut rows = Rows::default();
        let (mut values, mut logs) = (Vec::new(), Vec::new());
        for patient in context.members() {
            let Some(knee) = trial.patients[patient].knee(arm) else { continue };
            match trial.collected(knee, endpoint, visit, measure) {
                Some(value) => values.push(value),
                None => rows.leave_out(missing(knee, endpoint, visit), 1),
            }
            logs.extend(trial.measured(knee, endpoint, visit, measure));
        }
        rows.used = values.len();
        let id = format!("{}.descriptive.{}{}", context.stem(endpoint, visit), suffix(measure), super::slug(label));
        let mut result = summarise(&values, &options);
        if trial.design.endpoints[endpoint].logarithm.is_some() {
            result.extra.extend(logarithms::described(&summarise(&logs, &options)));
        }
        if measure == Measure::Value {
            let scheduled = rows.used + rows.not_used;
            result.extra.push(("scheduled", Field::Count(scheduled as u64)));
            result.extra.push(("percent_observed", Field::Number(Some(percent(rows.used, scheduled)))));
            match trial.design.endpoints[endpoint].kind {
                Kind::Ordinal | Kind::Binary => result.extra.push(("grades", by_grade(trial, endpoint, &values))),
                Kind::Count => result.extra.extend(totals(context, endpoint, visit, arm)),
                Kind::Continuous | Kind::Survival => {}
            }
        }
        let mut record = context.record(id, endpoint, visit, measure, Role::Descriptive, result, rows);
        record.arm = Some(label.to_owned());
        record.reference = REFERENCE;
        records.push(record);
    }
    // A difference of raw counts says nothing where exposures differ.
    if trial.design.endpoints[endpoint].exposure.is_some() {
        return records;
    }
    let paired = trial.paired(endpoint, visit, measure, context.set);
    let rows = context.paired_rows(endpoint, visit, &paired);
    let id = format!("{}.descriptive.{}difference", context.stem(endpoint, visit), suffix(measure));
    let mut result = summarise(&paired.differences(), &options);
    result.n_dropped = paired.dropped.len();
    result.extra.push(("one_knee", Field::Count(paired.one_knee() as u64)));
    let mut record = context.record(id, endpoint, visit, measure, Role::Descriptive, result, rows);
    record.reference = REFERENCE;
    records.push(record);
    records
}

/// All events of an arm and, where exposures are declared, what they were counted over, their ratio (the pooled rate per unit
/// of exposure), and the mean of the knees' own rates, which is what a ratio of mean rates compares.
fn totals(context: &Context, endpoint: usize, visit: usize, arm: usize) -> Vec<(&'static str, Field)> {
    let knees = context.members().filter_map(|patient| context.trial.patients[patient].knee(arm));
    let counted: Vec<(f64, Option<f64>)> =
        knees.filter_map(|knee| Some((knee.values[endpoint][visit]?, knee.exposure(endpoint, visit)))).collect();
    let total: f64 = counted.iter().map(|(count, _)| count).sum();
    let mut fields = vec![("total_count", Field::Number(Some(total)))];
    if context.trial.design.endpoints[endpoint].exposure.is_some() {
        let exposure: f64 = counted.iter().filter_map(|(_, exposure)| *exposure).sum();
        fields.push(("total_exposure", Field::Number(Some(exposure))));
        fields.push(("rate", Field::Number((exposure > 0.0).then(|| total / exposure))));
        let rates: Vec<f64> = counted.iter().filter_map(|(count, exposure)| Some(count / (*exposure)?)).collect();
        fields.push(("mean_rate", Field::Number(mean(&rates))));
    }
    fields
}

/// The part of an identifier that tells changes from scores.
fn suffix(measure: Measure) -> &'static str {
    match measure {
        Measure::Value => "",
        Measure::Change => "change-",
    }
}

/// Why a knee has no measured value.
fn missing(knee: &crate::trial::Knee, endpoint: usize, visit: usize) -> Note {
    if knee.values[endpoint][visit].is_some() {
        remark!(baseline_missing)
    } else if knee.rows[visit].is_some() {
        remark!(value_missing)
    } else {
        remark!(visit_missing)
    }
}
