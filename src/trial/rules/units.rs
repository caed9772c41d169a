//! SK222: patients measured in another unit than the others, as where one site of two writes centimetres.
//!
//! Two clusters are told by a gap: patients in the order of their median, the widest gap between neighbours (as a ratio)
//! splits them, and the clusters must be about a factor of ten apart. A single patient is told by its own values.

use super::Context;
use super::values::{cell, extremes, row};
use crate::trial::design::Endpoint;
use crate::trial::findings::Findings;
use std::collections::BTreeSet;

/// Values of one patient.
struct OfPatient<'t> {
    id: &'t str,
    values: Vec<(f64, Option<usize>)>,
    lowest: f64,
    highest: f64,
    median: f64,
}

/// Fewest values of a patient that are looked at.
const FEWEST: usize = 3;
/// Ratio of neighbouring patients that parts two clusters; and where the low values have decimals and the others have
/// none, as tenths of whole numbers do. Wide and skewed scores in one unit seldom have such a gap.
const GAP: f64 = 3.0;
const GAP_OF_TENTHS: f64 = 1.8;
/// Ratios of the medians of two clusters that look like a factor of ten.
pub(super) const TENFOLD: (f64, f64) = (5.0, 20.0);
/// Width of a scale of points that is no measurement.
pub(super) const SHORT: f64 = 50.0;
/// Patients whom a finding names.
const NAMED: usize = 10;

/// Looks at the values of an endpoint.
pub fn check(
    context: &Context<'_>,
    number: usize,
    endpoint: &Endpoint,
    values: &[(f64, Option<usize>)],
    findings: &mut Findings,
) {
    let visits = context.trial.design.visits.len();
    let of_patients: Vec<OfPatient<'_>> = context
        .trial
        .patients
        .iter()
        .filter_map(|patient| {
            let own = |knee| (0..visits).filter_map(move |visit| Some((cell(knee, number, visit)?, row(knee, visit))));
            let values: Vec<(f64, Option<usize>)> = patient.knees().iter().flat_map(own).collect();
            let (lowest, highest) = extremes(&values).filter(|_| values.len() >= FEWEST)?;
            let median = middle(values.iter().map(|(value, _)| *value).collect());
            Some(OfPatient { id: &patient.id, values, lowest, highest, median })
        })
        .collect();
    if !clusters(context, &of_patients, endpoint, findings)
        && !single(context, &of_patients, endpoint, values, findings)
    {
        super::unit_parts::check(context, number, endpoint, values, findings);
    }
}

pub(super) fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Two clusters of patients a factor of ten apart; whether there are any.
fn clusters(
    context: &Context<'_>,
    of_patients: &[OfPatient<'_>],
    endpoint: &Endpoint,
    findings: &mut Findings,
) -> bool {
    let mut ordered: Vec<&OfPatient<'_>> = of_patients.iter().collect();
    if ordered.len() < 6 || ordered.iter().any(|patient| patient.lowest < 0.0) {
        return false;
    }
    ordered.sort_by(|a, b| a.median.total_cmp(&b.median));
    // Values without bounds may be skewed: a few high ones are no other unit.
    let fewest = if endpoint.range.is_some() { 2 } else { (ordered.len() / 4).max(3) };
    let gap = |at: &usize| match (ordered.get(at - 1), ordered.get(*at)) {
        (Some(below), Some(above)) if below.median > 0.0 => above.median / below.median,
        _ => 0.0,
    };
    let splits = fewest..(ordered.len() + 1).saturating_sub(fewest);
    let Some(split) = splits.max_by(|a, b| gap(a).total_cmp(&gap(b))).filter(|split| gap(split) >= GAP_OF_TENTHS)
    else {
        return false;
    };
    let (low, high) = ordered.split_at(split);
    let decimals = |patients: &[&OfPatient<'_>]| {
        let values = || patients.iter().flat_map(|patient| &patient.values);
        2 * values().filter(|(value, _)| value.fract() != 0.0).count() > values().count()
    };
    if gap(&split) < GAP && (decimals(high) || !decimals(low)) {
        return false;
    }
    let median = |patients: &[&OfPatient<'_>]| middle(patients.iter().map(|patient| patient.median).collect());
    let ratio = median(high) / median(low);
    let range = |patients: &[&OfPatient<'_>]| {
        patients.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(lowest, highest), patient| {
            (lowest.min(patient.lowest), highest.max(patient.highest))
        })
    };
    let ((low_from, low_to), (high_from, high_to)) = (range(low), range(high));
    // Tenths of the scale of the others: none of the low values is much above a tenth of the highest.
    if !(TENFOLD.0..=TENFOLD.1).contains(&ratio) || low_to > 0.2 * high_to {
        return false;
    }
    let files = |patients: &[&OfPatient<'_>]| -> BTreeSet<String> {
        let rows = patients.iter().flat_map(|patient| &patient.values).filter_map(|(_, row)| *row);
        rows.map(|row| context.rows.place(Some(row), Some(&endpoint.column)).file).collect()
    };
    // A short scale of whole points has no unit; a tenth of it would have decimals.
    let whole = low.iter().flat_map(|patient| &patient.values).all(|(value, _)| value.fract() == 0.0);
    if whole && endpoint.range.is_some_and(|(from, to)| to - from < SHORT) {
        return false;
    }
    let (of_low, of_high) = (files(low), files(high));
    let by_file = match of_low.is_disjoint(&of_high) {
        true => format!(", all in {}", of_low.into_iter().collect::<Vec<_>>().join(", ")),
        false => String::new(),
    };
    let mut names: Vec<&str> = low.iter().map(|patient| patient.id).collect();
    names.sort_unstable();
    let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let more = if names.len() > NAMED { ", …" } else { "" };
    let row = low.iter().flat_map(|patient| &patient.values).filter_map(|(_, row)| *row).min();
    findings.add(
        "SK222",
        context.rows.place(row, Some(&endpoint.column)),
        format!(
            "{} of {} patients ({shown}{more}{by_file}): {} is about {} ({low_from} to {low_to}), in the others about {} \
             ({high_from} to {high_to}): is it another unit?",
            low.len(),
            ordered.len(),
            endpoint.name,
            median(low),
            median(high)
        ),
        "convert these patients' values, if they are in another unit",
    );
    true
}

/// SK222: patients whose values all lie at a tenth of the others': centimetres for millimetres. Whether there is one.
fn single(
    context: &Context<'_>,
    of_patients: &[OfPatient<'_>],
    endpoint: &Endpoint,
    values: &[(f64, Option<usize>)],
    findings: &mut Findings,
) -> bool {
    let mut sizes: Vec<f64> = values.iter().map(|(value, _)| value.abs()).collect();
    let middle = sizes.len() / 2;
    if sizes.len() < 20 {
        return false;
    }
    let mut found = false;
    let (_, median, _) = sizes.select_nth_unstable_by(middle, f64::total_cmp);
    let usual = *median;
    let whole = values.iter().filter(|(value, _)| value.fract() == 0.0).count();
    for OfPatient { id, values: own, lowest, highest, .. } in of_patients {
        let (lowest, highest) = (*lowest, *highest);
        // Tenths where the others are whole numbers, or a sixth of the usual value throughout.
        let tenths = own.iter().filter(|(value, _)| value.fract() != 0.0).count() * 2 > own.len();
        let others_whole = whole * 10 >= values.len() * 7;
        let small = if tenths && others_whole { 4.0 } else { 8.0 };
        if lowest >= 0.0 && highest > 0.0 && highest * small <= usual * 1.6 && highest < usual {
            found = true;
            findings.add(
                "SK222",
                context.rows.place(own.first().and_then(|(_, row)| *row), Some(&endpoint.column)),
                format!(
                    "patient {id}: {} lies between {lowest} and {highest}, where {usual} is usual: is it another unit?",
                    endpoint.name
                ),
                "convert the patient's values, if they are in another unit",
            );
        }
    }
    found
}
