//! Which records the generated sentences rest on: the page links them under the paragraph.

use super::document::Block;
use super::exhibits::{Material, figures, survival, tables};
use crate::analysis::{Record, participants};
use crate::trial::{Measure, Role};

/// The records as a block; `None` where there is none.
pub fn block<'a>(records: impl IntoIterator<Item = &'a Record>) -> Option<Block> {
    let mut ids: Vec<String> = Vec::new();
    for record in records {
        if !ids.contains(&record.id) {
            ids.push(record.id.clone());
        }
    }
    (!ids.is_empty()).then_some(Block::Sources(ids))
}

/// Behind the numbers of patients and knees: the counts of the flow, then `records`.
pub fn disposition<'a>(records: impl IntoIterator<Item = &'a Record>) -> Block {
    let counts = participants::FLOW.to_owned();
    Block::Sources(std::iter::once(counts).chain(records.into_iter().map(|record| record.id.clone())).collect())
}

/// Behind the numbers of observed knees of an endpoint.
pub fn observed<'a>(material: &Material<'a>, endpoint: usize) -> Vec<&'a Record> {
    figures::by_arm(material, endpoint, &material.endpoint(endpoint).visits, Measure::Value)
}

/// Behind [`super::sentences::means`].
pub fn means<'a>(material: &Material<'a>, endpoint: usize, visit: usize) -> Vec<&'a Record> {
    figures::by_arm(material, endpoint, &[visit], Measure::Value)
}

/// Behind [`super::sentences::results`].
pub fn results<'a>(material: &Material<'a>, endpoint: usize, visit: usize) -> Vec<&'a Record> {
    let about = material.endpoint(endpoint);
    let mut records = Vec::new();
    if about.kind == crate::trial::Kind::Survival {
        let arms = [crate::trial::design::ACTIVE, crate::trial::design::PLACEBO];
        return arms.into_iter().filter_map(|arm| survival::curve_of(material, endpoint, arm)).collect();
    }
    if !matches!(about.kind, crate::trial::Kind::Ordinal | crate::trial::Kind::Binary) {
        let baseline = material.trial.design.baseline.filter(|baseline| about.visits.contains(baseline));
        records.extend(baseline.into_iter().flat_map(|baseline| means(material, endpoint, baseline)));
        records.extend(means(material, endpoint, visit));
    }
    let others = tables::claims(material, endpoint, visit).into_iter().filter(|record| {
        record.role == Role::Sensitivity && crate::analysis::pairs::is_difference(record.result.method)
    });
    records.extend(others);
    records.extend(material.outcomes.comparison(endpoint, visit, "correlation"));
    records
}

/// Behind [`super::sentences::harms`].
pub fn harms<'a>(material: &Material<'a>) -> Vec<&'a Record> {
    let arms = &material.trial.design.arms;
    let knee = |arm: &str| format!("safety.knee.{}", crate::analysis::slug(arm));
    let ids = [knee(&arms.active), knee(&arms.placebo), "safety.systemic".to_owned()];
    ids.iter().filter_map(|id| material.record(id)).collect()
}
