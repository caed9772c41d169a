//! What was measured.

use super::scores::Scores;
use super::{Context, Rule, missing_codes};
use crate::trial::design::{Endpoint, Kind};
use crate::trial::finding::Severity::{Error, Note, Warning};
use crate::trial::findings::Findings;
use crate::trial::patients::{Knee, Patient};

/// The rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: "SK201",
        severity: Error,
        title: "A number column holds numbers.",
        example: "`n/a` in the column vas.",
        remedy: "Correct the cell, or list the code in `data.missing`.",
    },
    Rule {
        id: "SK202",
        severity: Error,
        title: "Values lie within the endpoint's range.",
        example: "VAS 105 of 100.",
        remedy: "Correct the value or the `range`.",
    },
    Rule {
        id: "SK203",
        severity: Error,
        title: "Grades and counts are whole numbers, binary endpoints 0 or 1.",
        example: "MRI grade 1.5.",
        remedy: "Correct the value or the `kind`.",
    },
    Rule {
        id: "SK204",
        severity: Warning,
        title: "Values are in the endpoint's steps.",
        example: "Lequesne 7.3 with `step = 0.5`.",
        remedy: "Correct the value or the `step`.",
    },
    Rule {
        id: "SK205",
        severity: Warning,
        title: "Values use the scale they are declared on.",
        example: "All VAS values at most 10 on a scale of 0–100: centimetres?",
        remedy: "Convert the column, or correct `range`.",
    },
    Rule {
        id: "SK206",
        severity: Warning,
        title: "A total is the sum of its parts.",
        example: "WOMAC total 41, subscales 10 + 2 + 28.",
        remedy: "Correct the part or the total.",
    },
    Rule {
        id: "SK207",
        severity: Warning,
        title: "Values have no more decimals than declared.",
        example: "A VAS of 42.5 with `decimals = 0`; a Likert total with decimals.",
        remedy: "Correct the value, or `decimals`.",
    },
    Rule {
        id: "SK208",
        severity: Note,
        title: "The last digits of a 0–100 scale are not mostly 0 and 5.",
        example: "85 % of the VAS values are multiples of 5.",
        remedy: "Ask how the scale was read; ties reach the rank tests.",
    },
    Rule {
        id: "SK209",
        severity: Warning,
        title: "A visit is not a copy of an earlier one.",
        example: "All five scores of a knee at Month 6 equal those at Baseline.",
        remedy: "Ask the site whether it was carried forward.",
    },
    Rule {
        id: "SK210",
        severity: Warning,
        title: "The two knees of a patient are scored apart.",
        example: "All five scores alike in both knees at one visit.",
        remedy: "Ask the site whether one knee was copied.",
    },
    Rule {
        id: "SK211",
        severity: Error,
        title: "An endpoint has values.",
        example: "The column lequesne is empty in all rows.",
        remedy: "Correct the column, or remove the endpoint.",
    },
    Rule {
        id: "SK212",
        severity: Warning,
        title: "An endpoint varies.",
        example: "Effusion grade 0 in all knees at all visits.",
        remedy: "See that it is meant: no test is possible.",
    },
    Rule {
        id: "SK213",
        severity: Note,
        title: "No within-patient difference stands far apart.",
        example: "A difference of 78 where half of them are within 8 of the median.",
        remedy: "Check both values against the source.",
    },
    Rule {
        id: "SK214",
        severity: Note,
        title: "Fewer than 15 % of the values are at the end of the scale (Terwee 2007).",
        example: "19 of 58 knees at VAS 0 at Month 6.",
        remedy: "Bear floor and ceiling effects in mind.",
    },
    Rule {
        id: "SK215",
        severity: Note,
        title: "No score moves by nearly the whole scale between two visits.",
        example: "VAS 3 after 97.",
        remedy: "Check both values against the source.",
    },
    Rule {
        id: "SK216",
        severity: Warning,
        title: "Values are at the visits the plan measures.",
        example: "Cartilage volume at Month 2.",
        remedy: "Add the visit to the endpoint, or empty the cells.",
    },
    Rule {
        id: "SK217",
        severity: Warning,
        title: "No value looks like a code for missing.",
        example: "-99 in a column without a declared range.",
        remedy: "Declare the code for the column with `missing_in`.",
    },
    Rule {
        id: "SK218",
        severity: Warning,
        title: "A recorded score is the score of its items.",
        example: "WOMAC pain recorded as 9, items add up to 10.",
        remedy: "Correct the score or its items; the items are used.",
    },
    Rule {
        id: "SK219",
        severity: Error,
        title: "Every answer is one that its item offers.",
        example: "5 in a WOMAC item answered 0–4; all items from 1 to 5.",
        remedy: "Correct it, or declare it missing; take 1 from items that are coded from 1.",
    },
    Rule {
        id: "SK220",
        severity: Note,
        title: "Questionnaires are complete.",
        example: "Two scores with an item replaced by the mean of the others.",
        remedy: "Known before the analysis: the instrument's rule was followed.",
    },
    Rule {
        id: "SK221",
        severity: Warning,
        title: "Items belong to a row of the observations.",
        example: "Items of patient 007 at Month 3, which the observations do not have.",
        remedy: "Correct the keys, or add the row.",
    },
    Rule {
        id: "SK222",
        severity: Warning,
        title: "All values are measured in one unit.",
        example: "Patient 007 between 3.1 and 7.4 on a scale whose other values are about 55; one site of two, one visit or one knee in centimetres; 5.2 among whole numbers from 31 to 69; `AVALU` cm beside mm.",
        remedy: "Convert these values: centimetres were perhaps written for millimetres.",
    },
    Rule {
        id: "SK223",
        severity: Warning,
        title: "The sizes that matter and the margins are smaller than the spread of the values.",
        example: "`important_difference = 19.9` where all values lie between 1.2 and 8.9.",
        remedy: "Write both in the unit of the data.",
    },
    Rule {
        id: "SK224",
        severity: Warning,
        title: "A grade has few levels.",
        example: "Painful days from 0 to 31 as `kind = \"ordinal\"`.",
        remedy: "Write `kind = \"count\"` or `kind = \"continuous\"`.",
    },
    Rule {
        id: "SK225",
        severity: Error,
        title: "A count has a positive exposure.",
        example: "7 painful days in a row without a number of days observed; 0 days.",
        remedy: "Fill in the exposure, or empty the count where nothing was observed.",
    },
    Rule {
        id: "SK226",
        severity: Warning,
        title: "No patient has the values of another.",
        example: "Patient 008 equals patient 007 in all 18 values.",
        remedy: "Ask the site whether a case report form was copied.",
    },
    Rule {
        id: "SK230",
        severity: Warning,
        title: "Baselines and changes in the data are those of the values.",
        example: "`BASE` 40 on a knee whose value at `Baseline` is 60.",
        remedy: "Find out which is right; the analyses take the values.",
    },
    Rule {
        id: "SK231",
        severity: Warning,
        title: "The row flagged as baseline is at the plan's baseline visit.",
        example: "`ABLFL` is Y on a row of `Screening`.",
        remedy: "Carry the value to the baseline visit, or name the visit in `visits.baseline`.",
    },
    Rule {
        id: "SK232",
        severity: Error,
        title: "Values whose logarithms are compared are positive.",
        example: "A volume of 0 with `transform = \"log\"`.",
        remedy: "Correct the value, declare an `offset`, or leave `transform` out.",
    },
    Rule {
        id: "SK240",
        severity: Error,
        title: "A time to an event is positive.",
        example: "Time to re-injection 0 in row 12.",
        remedy: "Correct the time; the cells of a knee that was not at risk are empty.",
    },
    Rule {
        id: "SK241",
        severity: Error,
        title: "A time to an event has a status, and a status a time.",
        example: "Status 1 without a time in row 12.",
        remedy: "Fill in the other, or empty both.",
    },
    Rule {
        id: "SK242",
        severity: Error,
        title: "A knee has one time and one status, whatever its visits.",
        example: "Time to re-injection of patient 007 LEFT 8 (event) here and 10 (censored) in row 12.",
        remedy: "Repeat the same at every visit, or leave the others empty.",
    },
    Rule {
        id: "SK243",
        severity: Error,
        title: "The horizon of a restricted mean is reached by both arms.",
        example: "`tau = 24` where the last time of the placebo knees is 18, of a knee without event.",
        remedy: "Write a `tau` that both arms reach.",
    },
    Rule {
        id: "SK244",
        severity: Note,
        title: "The horizon of a restricted mean is named in the plan.",
        example: "`tests = [\"rmst\"]` without `tau`: 18, the longest time that two knees of either arm reach.",
        remedy: "Write `tau` before the data are seen.",
    },
];

/// Levels beyond which a grade is no grade: numeric rating scales have 11.
const GRADES: usize = 11;

/// Looks at the values of every endpoint, endpoints side by side.
pub fn check(context: &Context<'_>, findings: &mut Findings) {
    findings.side_by_side(&context.trial.design.endpoints, |number, endpoint, found| {
        one_endpoint(context, number, endpoint, found);
    });
    sums(context, findings);
    super::unit_parts::declared(context, findings);
    super::baselines::check(context, findings);
    super::copies::check(context, findings);
    super::copied_patients::check(context, findings);
    super::split_patients::check(context, findings);
}

fn one_endpoint(context: &Context<'_>, number: usize, endpoint: &Endpoint, findings: &mut Findings) {
    if endpoint.kind == Kind::Survival {
        return super::times::check(context, number, endpoint, findings);
    }
    let scores = Scores::gather(context, number, endpoint);
    let values = scores.observed();
    let at = |row: Option<usize>| context.rows.place(row, Some(&endpoint.column));
    let Some((lowest, highest)) = extremes(&values) else {
        let message = format!("{} has no value at any of its visits", endpoint.name);
        findings.add("SK211", at(None), message, "correct the column, or remove the endpoint");
        return;
    };
    if values.len() >= 2 && lowest == highest {
        let message = format!("{} is {lowest} in all {} observations", endpoint.name, values.len());
        findings.add("SK212", at(None), message, "see that it is meant: no test is possible");
    }
    super::logarithms::check(context, number, endpoint, findings);
    decimals(context, endpoint, &values, findings);
    codes(context, endpoint, &values, findings);
    margins(context, endpoint, lowest, highest, findings);
    if endpoint.exposure.is_some() {
        super::unit_parts::exposures(context, number, endpoint, findings);
    }
    if endpoint.kind == Kind::Ordinal {
        levels(context, endpoint, &values, findings);
    }
    if endpoint.kind == Kind::Continuous {
        super::units::check(context, number, endpoint, &values, findings);
        scale(context, endpoint, &values, highest, findings);
        scores.ends_of_scale(findings);
        scores.jumps(findings);
        scores.outlying(findings);
    }
}

pub(super) fn extremes(values: &[(f64, Option<usize>)]) -> Option<(f64, f64)> {
    let mut range: Option<(f64, f64)> = None;
    for (value, _) in values {
        range = Some(range.map_or((*value, *value), |(low, high)| (low.min(*value), high.max(*value))));
    }
    range
}

/// SK207: more decimals than declared.
fn decimals(context: &Context<'_>, endpoint: &Endpoint, values: &[(f64, Option<usize>)], findings: &mut Findings) {
    if endpoint.decimals_from_data {
        return;
    }
    let scale = 10f64.powi(i32::try_from(endpoint.decimals).unwrap_or(10));
    let more = |value: f64| {
        let scaled = value * scale;
        (scaled - scaled.round()).abs() > 1e-6
    };
    let mut wrong = values.iter().filter(|(value, _)| more(*value));
    let Some((value, row)) = wrong.next() else { return };
    let count = 1 + wrong.count();
    findings.add(
        "SK207",
        context.rows.place(*row, Some(&endpoint.column)),
        format!(
            "{} is {value} here and has more than {} decimal{} in {count} cell{}",
            endpoint.name,
            endpoint.decimals,
            if endpoint.decimals == 1 { "" } else { "s" },
            if count == 1 { "" } else { "s" },
        ),
        "correct the values, or the endpoint's `decimals`",
    );
}

/// SK217: values that look like codes for missing.
pub(super) fn codes(
    context: &Context<'_>,
    endpoint: &Endpoint,
    values: &[(f64, Option<usize>)],
    findings: &mut Findings,
) {
    let numbers: Vec<f64> = values.iter().map(|(value, _)| *value).collect();
    let noughts = Some(&numbers).filter(|_| endpoint.kind == Kind::Continuous);
    let noughts = noughts.and_then(|numbers| missing_codes::noughts(numbers, endpoint.range));
    let suspects = missing_codes::suspects(&numbers, endpoint.range, endpoint.kind == Kind::Ordinal);
    for suspect in suspects.into_iter().chain(noughts) {
        let row = values.iter().find(|(value, _)| *value == suspect.code).and_then(|(_, row)| *row);
        let declared = super::declared_missing::by_column(&endpoint.column, &suspect.code.to_string());
        let remedy =
            format!("if it means missing, declare it for this column, so that no other loses values: {declared}");
        findings.add(
            "SK217",
            context.rows.place(row, Some(&endpoint.column)),
            format!("{} {}", endpoint.name, suspect.said),
            remedy,
        );
    }
}

/// SK223: a margin wider than all values are apart.
fn margins(context: &Context<'_>, endpoint: &Endpoint, lowest: f64, highest: f64, findings: &mut Findings) {
    // Ratios have no unit to be mistaken.
    let in_units = |size: Option<f64>| size.filter(|_| endpoint.logarithm.is_none());
    let sizes = [
        ("minimal_improvement", endpoint.minimal_improvement),
        ("important_difference", in_units(endpoint.important_difference)),
        ("margin", in_units(endpoint.margin)),
    ];
    for (key, value) in sizes {
        if let Some(value) = value.filter(|value| highest > lowest && *value > highest - lowest) {
            findings.add(
                "SK223",
                context.rows.place(None, Some(&endpoint.column)),
                format!(
                    "`{key}` of {} is {value}, and all values lie between {lowest} and {highest}: is it another unit?",
                    endpoint.name
                ),
                "write both in the unit of the data",
            );
        }
    }
}

/// SK224: a count or a score called a grade.
fn levels(context: &Context<'_>, endpoint: &Endpoint, values: &[(f64, Option<usize>)], findings: &mut Findings) {
    let mut distinct: Vec<f64> = Vec::new();
    for (value, _) in values {
        if !distinct.contains(value) {
            distinct.push(*value);
            if distinct.len() > GRADES {
                findings.add(
                    "SK224",
                    context.rows.place(None, Some(&endpoint.column)),
                    format!("{} has more than {GRADES} levels, and the plan calls it a grade", endpoint.name),
                    "write `kind = \"count\"` or `kind = \"continuous\"`",
                );
                return;
            }
        }
    }
}

/// SK205 and SK208: a smaller unit than declared; last digits 0 and 5.
fn scale(
    context: &Context<'_>,
    endpoint: &Endpoint,
    values: &[(f64, Option<usize>)],
    highest: f64,
    findings: &mut Findings,
) {
    let Some((low, high)) = endpoint.range.filter(|(low, high)| high - low >= 50.0) else { return };
    let at = context.rows.place(None, Some(&endpoint.column));
    if values.len() >= 10 && highest > low && highest <= low + (high - low) / 10.0 {
        findings.add(
            "SK205",
            at,
            format!(
                "all values of {} are at most {highest} on a scale from {low} to {high}: is it another unit?",
                endpoint.name
            ),
            "convert the column to the unit declared, or correct `range`, `unit` and the sizes that matter",
        );
        return;
    }
    let fives = values.iter().filter(|(value, _)| value % 5.0 == 0.0).count();
    if values.len() >= 50 && fives * 10 >= values.len() * 6 && endpoint.step.is_none_or(|step| step < 5.0) {
        findings.add(
            "SK208",
            at,
            format!(
                "{} % of the values of {} are multiples of 5, where 20 % are expected",
                fives * 100 / values.len(),
                endpoint.name
            ),
            "ask how the scale was read; ties reach the rank tests, which stay exact",
        );
    }
}

/// SK206: totals against the sums of their parts, row by row, where all of them are there.
fn sums(context: &Context<'_>, findings: &mut Findings) {
    let design = &context.trial.design;
    for (endpoint, parts) in design.endpoints.iter().zip(&context.sources.sums) {
        let column = |name: &String| context.rows.column(design, name);
        let columns: Vec<&Vec<Option<f64>>> = parts.iter().filter_map(column).collect();
        let Some(totals) = column(&endpoint.column) else { continue };
        if parts.is_empty() || columns.len() != parts.len() {
            continue;
        }
        for (row, total) in totals.iter().enumerate() {
            let Some(total) = *total else { continue };
            let cell = |column: &&Vec<Option<f64>>| column.get(row).copied().flatten();
            let Some(sum) = columns.iter().map(cell).sum::<Option<f64>>() else { continue };
            if (sum - total).abs() > 1e-9 * total.abs().max(1.0) {
                let written: Vec<String> = columns.iter().filter_map(cell).map(|part| part.to_string()).collect();
                findings.add(
                    "SK206",
                    context.rows.place(context.rows.file_row.get(row).copied(), Some(&endpoint.column)),
                    format!(
                        "{} is {total}, but {} = {sum} ({})",
                        endpoint.name,
                        written.join(" + "),
                        parts.join(" + ")
                    ),
                    "correct the total or its parts",
                );
            }
        }
    }
}

/// The value of a knee.
pub(super) fn cell(knee: &Knee, endpoint: usize, visit: usize) -> Option<f64> {
    knee.values.get(endpoint)?.get(visit).copied().flatten()
}

/// The row of a knee at a visit.
pub(super) fn row(knee: &Knee, visit: usize) -> Option<usize> {
    knee.rows.get(visit).copied().flatten()
}

impl Context<'_> {
    /// Every knee with its patient.
    pub(super) fn knees_of_patients(&self) -> impl Iterator<Item = (&Patient, &Knee)> {
        self.trial.patients.iter().flat_map(|patient| patient.knees().iter().map(move |knee| (patient, knee)))
    }
}
