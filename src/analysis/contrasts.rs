//! The contrasts of three and more arms that the plan declares, from the fitted model of an endpoint.
//!
//! Every contrast is a difference of the model's LS means at a visit; the contrasts of one visit are a family, adjusted for
//! each other as `[arms] adjust` says, with their correlations in the fit. Patients who had two of several arms inform every
//! contrast through the model: directly where they had both of its arms (`n_pairs`), indirectly through a third.
//!
//! At the primary visit of the primary endpoint the adjusted p-values decide ([`super::verdict`]), that of the first contrast
//! for the primary comparison itself; elsewhere the contrasts are described. Nothing is adjusted over visits or endpoints.
//!
//! Hothorn, Bretz & Westfall 2008; `crates/splitknee-stats/src/model/adjust.rs`.

use super::Context;
use super::notes::remark;
use super::record::{Record, Rows};
use crate::model::adjust::{Adjust, Adjusted};
use crate::model::{ContrastRecord, Inference};
use crate::note::Note;
use crate::paired::{Alternative, Field, Options, TestResult};
use crate::plan::ContrastAdjust;
use crate::trial::{Measure, Observation, Role};
use std::collections::BTreeSet;

/// The method of the records.
pub const METHOD: &str = "contrast";

/// What the contrasts of one visit are made from.
pub struct Source<'a> {
    /// The model's name in records.
    pub model: &'static str,
    /// The endpoint.
    pub endpoint: usize,
    /// The visit.
    pub visit: usize,
    /// What is compared.
    pub measure: Measure,
    /// The knee-visits of the model.
    pub used: &'a [Observation],
    /// The rows behind the model.
    pub rows: &'a Rows,
}

/// One record per declared contrast at the visit; `weights` gives an arm's LS mean as weights on the coefficients.
pub fn analyse(
    context: &Context,
    source: &Source,
    inference: &Inference,
    weights: &dyn Fn(usize) -> Option<Vec<f64>>,
) -> Vec<Record> {
    let arms = &context.plan.arms;
    let labels = context.trial.design.arms.labels();
    let compared = arms.compared();
    let adjust = arms.adjustment().unwrap_or(ContrastAdjust::None);
    let name = |(first, second): (usize, usize)| format!("{} - {}", labels[first], labels[second]);
    let named: Option<Vec<(String, Vec<f64>)>> = compared
        .iter()
        .map(|&(first, second)| {
            let row = weights(first)?.iter().zip(&weights(second)?).map(|(a, b)| a - b).collect();
            Some((name((first, second)), row))
        })
        .collect();
    let found = match named {
        Some(named) => inference.adjusted_contrasts(&named, method(adjust)).map_err(|error| error.note()),
        None => Err(remark!(not_estimable)),
    };
    let family = found.as_ref().ok().and_then(|(_, adjustment)| adjustment.families.first());
    let correlation = family.map(|family| family.correlation.clone());
    let mut records = Vec::new();
    for (place, &pair) in compared.iter().enumerate() {
        let contrast = found.as_ref().map(|(contrasts, _)| contrasts.get(place));
        let mut record = record(context, source, pair, contrast);
        record.result.extra.extend([
            ("contrast", Field::Text(name(pair))),
            ("position", Field::Count(place as u64 + 1)),
            ("adjust", Field::Text(adjust.name().to_owned())),
            ("family_size", Field::Count(compared.len() as u64)),
            ("model", Field::Text(source.model.to_owned())),
        ]);
        if let Some(row) = correlation.as_ref().and_then(|rows| rows.get(place)) {
            record.result.extra.push(("correlations", Field::Numbers(row.iter().copied().map(Some).collect())));
        }
        records.push(record);
    }
    records
}

/// The record of one contrast, `vas.m6.contrast.b.a`, with the patients and knees behind it.
fn record(
    context: &Context,
    source: &Source,
    (first, second): (usize, usize),
    contrast: Result<Option<&ContrastRecord>, &Note>,
) -> Record {
    let of = |arm: usize| -> BTreeSet<usize> {
        let here = source.used.iter().filter(|row| row.arm == arm && row.visit == source.visit);
        here.map(|row| row.patient).collect()
    };
    let (one, other) = (of(first), of(second));
    let two_sided = Options { alternative: Alternative::TwoSided, ..context.options() };
    let mut result = TestResult::new(METHOD, one.intersection(&other).count(), &two_sided);
    result.exact = Some(false);
    let mut adjusted = None;
    match contrast {
        Ok(Some(contrast)) => {
            result.estimate = contrast.estimate;
            result.std_error = contrast.std_error;
            (result.statistic, result.df, result.p_value) = (contrast.statistic, contrast.df, contrast.p_value);
            (result.conf_low, result.conf_high) = (contrast.conf_low, contrast.conf_high);
            adjusted = contrast.adjusted.filter(|_| context.plan.arms.adjustment().is_some());
        }
        Ok(None) => result.notes.push(remark!(not_estimable)),
        Err(reason) => result.notes.push(reason.clone()),
    }
    let limit = |of: fn(&Adjusted) -> Option<f64>| Field::Number(adjusted.as_ref().and_then(of));
    result.extra = vec![
        ("n_patients", Field::Count(one.union(&other).count() as u64)),
        ("n_sites", Field::Count((one.len() + other.len()) as u64)),
        ("n_first", Field::Count(one.len() as u64)),
        ("n_second", Field::Count(other.len() as u64)),
        ("conf_low_adjusted", limit(|a| a.conf_low_adjusted)),
        ("conf_high_adjusted", limit(|a| a.conf_high_adjusted)),
        ("critical", limit(|a| a.critical)),
    ];
    let labels = context.trial.design.arms.labels();
    let (first, second) = (super::slug(labels[first]), super::slug(labels[second]));
    let id = format!("{}.contrast.{first}.{second}", context.stem(source.endpoint, source.visit));
    let mut record = context.record(
        id,
        source.endpoint,
        source.visit,
        source.measure,
        Role::Descriptive,
        result,
        source.rows.clone(),
    );
    record.p_adjusted = adjusted.and_then(|adjusted| adjusted.p_adjusted);
    record.reference = "Hothorn, Bretz & Westfall 2008";
    record
}

/// The method of the engine.
fn method(adjust: ContrastAdjust) -> Adjust {
    match adjust {
        ContrastAdjust::Mvt => Adjust::MultivariateT,
        ContrastAdjust::Dunnett => Adjust::Dunnett,
        ContrastAdjust::Tukey => Adjust::Tukey,
        ContrastAdjust::Holm => Adjust::Holm,
        ContrastAdjust::Bonferroni => Adjust::Bonferroni,
        ContrastAdjust::Sidak => Adjust::Sidak,
        ContrastAdjust::None => Adjust::None,
    }
}
