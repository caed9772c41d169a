//! The permutation test that redraws the allocation as it was drawn, `<endpoint>.<visit>.sensitivity.design-permutation`.
//!
//! Beside the comparison at the deciding visit, on the complete pairs: the sides are redrawn within the blocks of the
//! allocation list (`[randomisation]`), blocks that were cut short whole. It is a sensitivity analysis and claims nothing.
//!
//! Blocks are known by their column alone, so that the sizes are held against the list: within a stratum one block at most may
//! have another number of patients than a whole one. Where that fails, the law would be that of another scheme, and there is no p-value.
//!
//! `crates/splitknee-stats/src/paired/design_permutation.rs`; Rosenberger & Lachin 2016.

use super::Context;
use super::notes::remark;
use super::record::Record;
use crate::note::Note;
use crate::paired::design_permutation::{AllocatedPair, Settings, design_permutation};
use crate::paired::{Options, TestResult};
use crate::plan::RandomisationPlan;
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::side::{Side, side};
use crate::trial::{Kind, Role};
use std::collections::BTreeMap;

/// The method of the record.
pub const METHOD: &str = "design-permutation";

/// The record of `endpoint`; `None` where the plan does not ask for it, or the endpoint is no score or count.
pub fn analyse(context: &Context, endpoint: usize) -> Option<Record> {
    let scheme = context.plan.randomisation.as_ref()?;
    context.plan.analysis.randomisation_test?;
    let about = &context.trial.design.endpoints[endpoint];
    if about.rated || !matches!(about.kind, Kind::Continuous | Kind::Count) {
        return None;
    }
    let visit = context.deciding_visit(endpoint)?;
    let measure = context.measure(endpoint);
    let paired = context.trial.paired(endpoint, visit, measure, context.set);
    let options = context.options_of(about.better);
    let analysis = &context.plan.analysis;
    let settings =
        Settings { block_sizes: scheme.block_size.sizes(), samples: analysis.permutation_samples, seed: analysis.seed };
    let pairs = allocated(context, scheme, &paired.pairs);
    let found = pairs.and_then(|pairs| design_permutation(&pairs, &settings, &options).map_err(|refusal| refusal.0));
    let mut result = found.unwrap_or_else(|reason| without_numbers(paired.pairs.len(), &options, reason));
    result.n_dropped = paired.dropped.len();
    let id = format!("{}.{}.{METHOD}", context.stem(endpoint, visit), Role::Sensitivity.name());
    let rows = context.paired_rows(endpoint, visit, &paired);
    let mut record = context.record(id, endpoint, visit, measure, Role::Sensitivity, result, rows);
    record.reference = "Rosenberger & Lachin 2016";
    Some(record)
}

fn without_numbers(n: usize, options: &Options, reason: Note) -> TestResult {
    let mut result = TestResult::new(METHOD, n, options);
    result.notes.push(reason);
    result
}

/// The stratum and block of a patient as one name; `None` where the list does not say.
fn block(context: &Context, scheme: &RandomisationPlan, patient: usize) -> Option<(String, String)> {
    let attributes = &context.trial.patients[patient].attributes;
    let cell = |column: &str| attributes.get(column).map(|cell| cell.trim().to_owned()).filter(|cell| !cell.is_empty());
    let stratum = match &scheme.stratum {
        Some(column) => cell(column)?,
        None => String::new(),
    };
    Some((stratum, cell(&scheme.block)?))
}

/// The pairs with their blocks and active sides, or why they cannot be told.
fn allocated(
    context: &Context,
    scheme: &RandomisationPlan,
    pairs: &[crate::trial::Pair],
) -> Result<Vec<AllocatedPair>, Note> {
    let trial = context.trial;
    // By stratum: the patients of each block, analysed or not.
    let mut blocks: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for (stratum, block) in (0..trial.patients.len()).filter_map(|patient| block(context, scheme, patient)) {
        *blocks.entry(stratum).or_default().entry(block).or_insert(0) += 1;
    }
    for of_stratum in blocks.values() {
        let sizes = scheme.block_size.sizes();
        let short: Vec<&String> =
            of_stratum.iter().filter(|(_, n)| !sizes.contains(n)).map(|(block, _)| block).collect();
        if let [first, second, ..] = short.as_slice() {
            let size = scheme.block_size.words();
            return Err(remark!(blocks_not_whole, first = *first, second = *second, size = size));
        }
    }
    let mut found = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let patient = &trial.patients[pair.patient];
        let Some((stratum, block)) = block(context, scheme, pair.patient) else {
            return Err(remark!(block_not_recorded, patient = &patient.id));
        };
        let of = |arm: usize| patient.knee(arm).and_then(|knee| side(&knee.side));
        let left_active = match (of(ACTIVE), of(PLACEBO)) {
            (Some(Side::Left), _) => true,
            (Some(Side::Right), _) => false,
            _ => return Err(remark!(side_not_recorded)),
        };
        let (left, right) = if left_active { (pair.active, pair.placebo) } else { (pair.placebo, pair.active) };
        let listed = blocks.get(&stratum).and_then(|own| own.get(&block)).copied().unwrap_or_default();
        let block = if stratum.is_empty() { block } else { format!("{stratum} {block}") };
        found.push(AllocatedPair { block, listed, left_active, left, right });
    }
    Ok(found)
}
