//! ANCOVA at one visit: the paired difference adjusted for the pair's baseline mean and baseline difference.

use super::Context;
use super::notes::remark;
use super::record::Record;
use crate::paired::{self, TestResult};
use crate::trial::{Measure, PairedDifferences, Role};

/// The ANCOVA of `endpoint` at every visit.
pub fn analyse(context: &Context, endpoint: usize, decides: bool) -> Vec<Record> {
    context.visits(endpoint).into_iter().map(|visit| at_visit(context, endpoint, visit, decides)).collect()
}

/// Active, placebo and their baselines of every pair that has all four; the pairs, and how many lack a baseline.
pub fn pairs(context: &Context, endpoint: usize, visit: usize) -> ([Vec<f64>; 4], PairedDifferences, usize) {
    let trial = context.trial;
    let paired = trial.paired(endpoint, visit, Measure::Value, context.set);
    let mut columns = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    let mut without_baseline = 0;
    for pair in &paired.pairs {
        let knees = trial.patients[pair.patient].pair();
        let baselines = knees.and_then(|(a, b)| trial.baseline(a, endpoint).zip(trial.baseline(b, endpoint)));
        let Some((active, placebo)) = baselines else {
            without_baseline += 1;
            continue;
        };
        for (column, value) in columns.iter_mut().zip([pair.active, pair.placebo, active, placebo]) {
            column.push(value);
        }
    }
    (columns, paired, without_baseline)
}

fn at_visit(context: &Context, endpoint: usize, visit: usize, decides: bool) -> Record {
    let trial = context.trial;
    let options = context.options_of(trial.design.endpoints[endpoint].better);
    let (columns, paired, without_baseline) = pairs(context, endpoint, visit);
    let mut rows = context.paired_rows(endpoint, visit, &paired);
    rows.used -= 2 * without_baseline;
    rows.leave_out(remark!(baseline_incomplete), 2 * without_baseline);
    let [active, placebo, baseline_active, baseline_placebo] = &columns;
    let mut result = paired::ancova::ancova(active, placebo, baseline_active, baseline_placebo, &options)
        .unwrap_or_else(|refusal| {
            let mut result = TestResult::new("ancova", active.len(), &options);
            result.notes.push(refusal.0);
            result
        });
    if !trial.design.has_baseline(&trial.design.endpoints[endpoint]) {
        result.notes.push(remark!(no_baseline));
    }
    result.n_dropped = paired.dropped.len() + without_baseline;
    let role = if decides { context.role(endpoint, visit) } else { Role::Sensitivity };
    let id = format!("{}.{}.ancova", context.stem(endpoint, visit), role.name());
    let mut record = context.record(id, endpoint, visit, Measure::Value, role, result, rows);
    record.reference = "Senn 2006; Hemming & Taljaard 2023; R lm";
    record
}
