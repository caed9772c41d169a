//! Figures of the report, from records and pairs.

use super::Material;
use crate::analysis::{Record, pairs};
use crate::figure::{
    self, Figure, FigureError, Heading, MeanCi, Style, bland_altman, differences as raincloud, forest, paired_slopes,
    sensitivity_forest, waterfall,
};
use crate::plan::Plan;
use crate::trial::Measure;

/// The style of all figures of a report.
pub fn style(plan: &Plan) -> Style {
    Style::new(plan.report.language, &plan.arms.active, &plan.arms.placebo)
}

/// The limits that the axes of a primary endpoint share, from all its values; other endpoints have one such axis only.
fn value_limits(material: &Material, endpoint: usize) -> Option<(f64, f64)> {
    if !material.primary_endpoints().contains(&endpoint) {
        return None;
    }
    let visits = &material.endpoint(endpoint).visits;
    let knees = material.members().flat_map(|patient| patient.knees());
    let values = knees.flat_map(|knee| visits.iter().map(|visit| knee.values[endpoint][*visit]));
    figure::axis::extent(values).map(|(low, high)| figure::axis::Ticks::widened(low, high, 6))
}

/// A figure, or none where there is nothing to draw.
pub(super) fn unless_empty(drawn: Result<Figure, FigureError>) -> Result<Option<Figure>, FigureError> {
    match drawn {
        Ok(figure) => Ok(Some(figure)),
        Err(FigureError::Empty { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The within-patient differences of an endpoint at every visit after baseline; `None` where there is no pair.
///
/// # Errors
/// The drawing fails.
pub fn differences(
    material: &Material,
    endpoint: usize,
    visit: usize,
    number: &str,
    style: &Style,
) -> Result<Option<Figure>, FigureError> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    // Of counts with an exposure the differences say nothing.
    if about.exposure.is_some() {
        return Ok(None);
    }
    let measure = material.context().measure(endpoint);
    let paired = material.trial.paired(endpoint, visit, measure, material.set());
    let record = material.outcomes.description(endpoint, visit, measure, None);
    // A description of logarithms: the axis carries them back.
    let number_of = |name: &str| record.and_then(|record| record.result.number(name));
    let quartiles = match ["min", "q1", "median", "q3", "max"].map(number_of) {
        [Some(min), Some(q1), Some(median), Some(q3), Some(max)] => Some(raincloud::Box5 { min, q1, median, q3, max }),
        _ => None,
    };
    if paired.pairs.is_empty() {
        return Ok(None);
    }
    let row = raincloud::Row {
        label: material.visit(visit).to_owned(),
        differences: paired
            .pairs
            .iter()
            .map(|pair| (material.trial.patients[pair.patient].id.clone(), pair.difference()))
            .collect(),
        quartiles,
        mean: mean_ci(record),
    };
    let contrast = material.contrast_of(endpoint);
    let unit = match about.unit_of_difference() {
        "" => String::new(),
        unit => format!(" ({unit})"),
    };
    let input = raincloud::Differences {
        heading: heading_at(material, endpoint, visit, number, "differences").over(ids(record)),
        rows: vec![row],
        mcid: about.important(),
        better: about.better,
        decimals: about.decimals + 1,
        numbers: material.numbers(endpoint),
        labels: raincloud::Labels {
            value: format!("{contrast}{unit}"),
            favours_active: favours(material, &material.trial.design.arms.active),
            favours_placebo: favours(material, &material.trial.design.arms.placebo),
            band: band(material, endpoint),
            patients: words.get("figure.patients"),
            to: words.get("figure.to"),
        },
    };
    raincloud::draw(&input, style).map(Some)
}

/// Both knees of every patient at baseline (where there is one) and at `visit`; `None` where no knee was observed.
///
/// # Errors
/// The drawing fails.
pub fn slopes(
    material: &Material,
    endpoint: usize,
    visit: usize,
    number: &str,
    style: &Style,
) -> Result<Option<Figure>, FigureError> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let design = &material.trial.design;
    let mut shown: Vec<usize> = design.baseline_alike(about).into_iter().collect();
    shown.push(visit);
    let members = || material.trial.patients.iter().zip(&material.set().members).filter(|(_, member)| **member);
    let panels: Vec<paired_slopes::Panel> = shown
        .iter()
        .map(|&visit| {
            // A count is shown per unit of its exposure.
            let value = |patient: &crate::trial::Patient, arm| {
                let knee = patient.knee(arm)?;
                Some(knee.values[endpoint][visit]? / knee.exposure(endpoint, visit).unwrap_or(1.0))
            };
            let pairs: Vec<paired_slopes::Pair> = members()
                .map(|(patient, _)| paired_slopes::Pair {
                    patient: patient.id.clone(),
                    active: value(patient, crate::trial::design::ACTIVE),
                    placebo: value(patient, crate::trial::design::PLACEBO),
                })
                .filter(|pair| pair.active.is_some() || pair.placebo.is_some())
                .collect();
            let complete = pairs.iter().filter(|pair| pair.active.is_some() && pair.placebo.is_some()).count();
            // The bold line is that of the pairs: both its ends are means of the same patients.
            let both = || pairs.iter().filter_map(|pair| pair.active.zip(pair.placebo));
            let mean = |values: &mut dyn Iterator<Item = f64>| MeanCi {
                n: complete,
                mean: (complete > 0).then(|| values.sum::<f64>() / complete as f64),
                ..MeanCi::default()
            };
            let (active, placebo) = (mean(&mut both().map(|(a, _)| a)), mean(&mut both().map(|(_, p)| p)));
            let (pairs_text, single) = (complete.to_string(), (pairs.len() - complete).to_string());
            let note = words.say("figure.pairs_note", &[("pairs", &pairs_text), ("single", &single)]);
            paired_slopes::Panel { label: material.visit(visit).to_owned(), pairs, active, placebo, note }
        })
        .collect();
    if panels.iter().all(|panel| panel.pairs.is_empty()) {
        return Ok(None);
    }
    let most = panels.iter().map(|panel| panel.pairs.len()).max().unwrap_or_default();
    let input =
        paired_slopes::PairedSlopes {
            heading: of_many(heading_at(material, endpoint, visit, number, "slopes"), material, most)
                .over(ids(by_arm(material, endpoint, &shown, Measure::Value))),
            panels,
            limits: value_limits(material, endpoint).filter(|_| about.exposure.is_none()),
            value_label: match &about.exposure {
                Some(_) => words.say("figure.rate_axis", &[("endpoint", &about.name)]),
                None => material.name_with_unit(endpoint),
            },
            better_label: better(material, endpoint),
        };
    paired_slopes::draw(&input, style).map(Some)
}

/// Every analysis of the same difference at `visit` on one axis; `None` where there is only one.
///
/// # Errors
/// The drawing fails.
pub fn sensitivity(
    material: &Material,
    endpoint: usize,
    visit: usize,
    number: &str,
    style: &Style,
) -> Result<Option<Figure>, FigureError> {
    let about = material.endpoint(endpoint);
    let deciding = material.outcomes.deciding(endpoint, visit).map(|record| record.id.as_str());
    let mut records = super::tables::claims(material, endpoint, visit);
    records.retain(|record| pairs::is_difference(record.result.method));
    let other = |record: &Record| {
        // A pseudomedian or median, a trimmed mean, other patients: not the mean difference that decides.
        pairs::is_other_centre(record.result.method) || record.analysis_set != material.set().name
    };
    let rows: Vec<forest::Row> = records
        .iter()
        .map(|record| forest::Row {
            label: match super::tables::analysis_name(material, record) {
                name if other(record) => material.words.say("figure.other_estimand", &[("analysis", &name)]),
                name => name,
            },
            difference: mean_ci(Some(record)),
            primary: Some(record.id.as_str()) == deciding,
        })
        .collect();
    if rows.len() < 2 || rows.iter().all(|row| row.difference.mean.is_none()) {
        return Ok(None);
    }
    let input = sensitivity_forest::SensitivityForest {
        heading: heading_at(material, endpoint, visit, number, "sensitivity").over(ids(records)),
        label: format!("{}, {}", material.compared_with_unit(endpoint), material.visit(visit)),
        rows,
        mcid: about.important(),
        better: about.better,
        decimals: super::tables::decimals(material, endpoint, "mixed-model").0,
        numbers: material.numbers(endpoint),
        labels: forest_labels(material, endpoint),
    };
    sensitivity_forest::draw(&input, style).map(Some)
}

/// The within-patient differences of every patient in order of size; `None` where there is no pair.
///
/// # Errors
/// The drawing fails.
pub fn waterfall(
    material: &Material,
    endpoint: usize,
    visit: usize,
    number: &str,
    style: &Style,
) -> Result<Option<Figure>, FigureError> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let measure = material.context().measure(endpoint);
    let paired = material.trial.paired(endpoint, visit, measure, material.set());
    if paired.pairs.is_empty() || about.exposure.is_some() {
        return Ok(None);
    }
    let patient = |index: usize| material.trial.patients[index].id.clone();
    let contrast = material.contrast_of(endpoint);
    let n = paired.pairs.len().to_string();
    let arms = &material.trial.design.arms;
    let input = waterfall::Waterfall {
        heading: of_many(heading_at(material, endpoint, visit, number, "waterfall"), material, paired.pairs.len())
            .over(ids(material.outcomes.description(endpoint, visit, measure, None))),
        differences: paired.pairs.iter().map(|pair| (patient(pair.patient), pair.difference())).collect(),
        mcid: about.important(),
        better: about.better,
        numbers: material.numbers(endpoint),
        labels: waterfall::Labels {
            value: match about.logarithm {
                // One patient's ratio is of values, not of means.
                Some(_) => format!("{}: {contrast}", material.compared(endpoint)),
                None => format!("{}: {contrast}", material.compared_with_unit(endpoint)),
            },
            favours_active: favours(material, &arms.active),
            favours_placebo: favours(material, &arms.placebo),
            patients: words
                .say(if about.logarithm.is_some() { "figure.ordered_ratio" } else { "figure.ordered" }, &[("n", &n)]),
            band: band(material, endpoint),
        },
    };
    waterfall::draw(&input, style).map(Some)
}

/// The difference of the two knees against their mean, with bias and limits of agreement; `None` where there is no pair.
///
/// # Errors
/// The drawing fails.
pub fn agreement(
    material: &Material,
    endpoint: usize,
    visit: usize,
    number: &str,
    style: &Style,
) -> Result<Option<Figure>, FigureError> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let Some(record) = material.outcomes.comparison(endpoint, visit, "bland-altman") else { return Ok(None) };
    let paired = material.trial.paired(endpoint, visit, record.measure, material.set());
    let point = |pair: &crate::trial::Pair| bland_altman::Point {
        patient: material.trial.patients[pair.patient].id.clone(),
        mean: 0.5 * (pair.active + pair.placebo),
        difference: pair.difference(),
    };
    let line = |mean: &str, low: &str, high: &str| MeanCi {
        n: record.result.n_pairs,
        mean: record.result.number(mean),
        low: record.result.number(low),
        high: record.result.number(high),
    };
    let ratio = about.logarithm.is_some();
    let mean = if ratio { "figure.agreement_geometric" } else { "figure.agreement_mean" };
    let means = material.geometric_means(endpoint);
    let name = [("endpoint", &*material.name_with_unit(endpoint)), ("means", &means)];
    let name_of = if ratio { material.compared(endpoint) } else { material.name_with_unit(endpoint) };
    let input = bland_altman::BlandAltman {
        heading: of_many(heading_at(material, endpoint, visit, number, "agreement"), material, paired.pairs.len())
            .over(ids([record])),
        points: paired.pairs.iter().map(point).collect(),
        bias: line("bias", "bias_low", "bias_high"),
        lower: line("loa_low", "loa_low_low", "loa_low_high"),
        upper: line("loa_high", "loa_high_low", "loa_high_high"),
        decimals: about.decimals + 1,
        numbers: material.numbers(endpoint),
        labels: bland_altman::Labels {
            mean: words.say(mean, &name),
            difference: format!("{name_of}: {}", material.contrast_of(endpoint)),
            bias: words.get(if ratio { "table.mean_ratio" } else { "table.md" }),
            limit: words.get("figure.agreement_limit"),
        },
    };
    unless_empty(bland_altman::draw(&input, style))
}

/// What the grey band of a figure is.
pub(super) fn band(material: &Material, endpoint: usize) -> String {
    let ratio = material.endpoint(endpoint).logarithm.is_some();
    material.words.get(if ratio { "figure.band_ratio" } else { "figure.band" })
}

pub(super) fn forest_labels(material: &Material, endpoint: usize) -> forest::Labels {
    let words = material.words;
    let arms = &material.trial.design.arms;
    let ratio = material.endpoint(endpoint).logarithm.is_some();
    let of = |key: &str| words.get(&format!("figure.{key}{}", if ratio { "_ratio" } else { "" }));
    forest::Labels {
        estimate: of("estimate"),
        n: words.get("figure.patients_head"),
        favours_active: favours(material, &arms.active),
        favours_placebo: favours(material, &arms.placebo),
        band: of("forest_band"),
        to: words.get("figure.to"),
        undefined: words.get("figure.undefined"),
    }
}

/// The words around a figure of this report.
pub(super) fn heading(_material: &Material, key: &str, number: &str, title: String, footnotes: Vec<String>) -> Heading {
    let (key, number) = (key.to_owned(), number.to_owned());
    Heading { key, number, description: title.clone(), title, footnotes, records: Vec::new() }
}

/// Says that not every one of `patients` is drawn, where so.
pub(super) fn of_many(mut heading: Heading, material: &Material, patients: usize) -> Heading {
    if patients > figure::MOST_MARKS {
        let (shown, n) = (figure::MOST_MARKS.to_string(), patients.to_string());
        heading.footnotes.insert(0, material.words.say("figure.thinned", &[("shown", &shown), ("n", &n)]));
    }
    heading
}

/// The identifiers of records.
pub(super) fn ids<'a>(records: impl IntoIterator<Item = &'a Record>) -> impl Iterator<Item = String> {
    records.into_iter().map(|record| record.id.clone())
}

/// The descriptions of both arms at some visits.
pub fn by_arm<'a>(material: &Material<'a>, endpoint: usize, visits: &[usize], measure: Measure) -> Vec<&'a Record> {
    let arms = &material.trial.design.arms;
    let both = visits.iter().flat_map(|&visit| [&arms.active, &arms.placebo].map(|arm| (visit, arm.as_str())));
    both.filter_map(|(visit, arm)| material.outcomes.description(endpoint, visit, measure, Some(arm))).collect()
}

/// The words around the figure `figure.<kind>` of an endpoint at a visit, with the note of that kind where there is one.
pub(super) fn heading_at(material: &Material, endpoint: usize, visit: usize, number: &str, kind: &str) -> Heading {
    let words = material.words;
    let name = match kind {
        "differences" | "waterfall" | "sensitivity" | "contrasts" | "subgroups" => material.compared(endpoint),
        _ => material.endpoint(endpoint).name.clone(),
    };
    let contrast = material.contrast_of(endpoint);
    let means = material.geometric_means(endpoint);
    let values =
        [("endpoint", name.as_str()), ("visit", material.visit(visit)), ("contrast", &contrast), ("means", &means)];
    // What is said otherwise of ratios has a message of its own.
    let about = material.endpoint(endpoint);
    let (ratio, suffix) = match (about.logarithm.is_some(), about.rated) {
        (true, _) => (true, "ratio"),
        (false, rated) => (rated, "rates"),
    };
    let key_of = |name: String| {
        let of_ratios = format!("{name}_{suffix}");
        if ratio && words.messages().contains_key(&of_ratios) { of_ratios } else { name }
    };
    let note = key_of(format!("figure.{kind}_note"));
    let notes = words.messages().contains_key(&note).then(|| words.say(&note, &values)).into_iter().collect();
    let title = words.say(&key_of(format!("figure.{kind}")), &values);
    // Forests of one endpoint have one kind: the key tells them apart.
    let key = match kind {
        "contrasts" | "subgroups" => format!("{}-{kind}", material.key(endpoint)),
        _ => material.key(endpoint),
    };
    heading(material, &key, number, title, notes)
}

pub(super) fn mean_ci(record: Option<&Record>) -> MeanCi {
    record.map_or_else(MeanCi::default, |record| MeanCi {
        n: super::tables::patients(record),
        mean: record.result.estimate,
        low: record.result.conf_low,
        high: record.result.conf_high,
    })
}

pub(super) fn favours(material: &Material, arm: &str) -> String {
    material.words.say("figure.favours", &[("arm", arm)])
}

fn better(material: &Material, endpoint: usize) -> String {
    material.words.say("figure.better", &[("better", &material.better(endpoint))])
}
