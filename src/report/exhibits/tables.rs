//! Tables of the report, from records.

use super::Material;
use super::shown::{self, Shown};
use crate::analysis::{Field, FitSummary, Record};
use crate::report::words::capital;
use crate::table::{Cell, ResultTable};
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{Kind, Measure, Role};

/// Scores (and changes) of one endpoint by visit and arm, with the within-patient difference.
pub fn by_visit(material: &Material, endpoint: usize, number: &str) -> ResultTable {
    let words = material.words;
    let design = &material.trial.design;
    let about = material.endpoint(endpoint);
    let key = match (about.logarithm.is_some(), about.exposure.is_some()) {
        (true, _) => "table.by_visit_ratio",
        (false, true) => "table.by_visit_rates",
        (false, false) => "table.by_visit",
    };
    let title = words.say(key, &[("endpoint", &material.name_with_unit(endpoint))]);
    let id = format!("t-{}-{}-by-visit", number.replace('.', "-"), material.key(endpoint));
    let mut table = ResultTable::new(&id, number, title, material.population());
    let labels = design.arms.labels();
    // Active first, as in every other table.
    let order: Vec<usize> = [ACTIVE, PLACEBO].into_iter().chain(2..labels.len()).collect();
    let arms: Vec<String> = order.iter().map(|&arm| labels[arm].to_owned()).collect();
    let contrast = about.exposure.is_none().then(|| material.contrast_of(endpoint));
    let headers = order.iter().map(|&arm| material.arm_header(arm)).chain(contrast);
    table.headers(words.get("table.statistic"), headers);
    let d = about.decimals;
    for &visit in &about.visits {
        for measure in [Measure::Value, Measure::Change] {
            let mut columns: Vec<&Record> = Vec::new();
            for arm in arms.iter().map(|arm| Some(arm.as_str())).chain([None]) {
                columns.extend(material.outcomes.description(endpoint, visit, measure, arm));
            }
            // Counts with an exposure have no difference.
            let expected = arms.len() + usize::from(about.exposure.is_none());
            if columns.len() != expected {
                continue;
            }
            table.group(match measure {
                Measure::Value => material.visit(visit).to_owned(),
                Measure::Change => words.say("table.change_at", &[("visit", material.visit(visit))]),
            });
            let ids: Vec<String> = columns.iter().map(|record| record.id.clone()).collect();
            let add = |table: &mut ResultTable, label: &str, fields: &str, cell: &dyn Fn(&Record) -> Cell| {
                let cells = columns.iter().map(|record| cell(record)).collect();
                table.row(words.get(label), 1, cells, ids.clone());
                table.named(columns.iter().map(|record| shown::described_as(record, fields)));
            };
            add(&mut table, "table.n", "n", &|record| Cell::Count(record.result.n_pairs));
            add(&mut table, "table.mean_sd", "mean sd", &|record| mean_sd(record, d));
            let geometric: Option<Vec<_>> = columns.iter().map(|record| shown::geometric(record, d + 1)).collect();
            if let Some(geometric) = geometric {
                let label = shown::geometric_label(material, endpoint, measure);
                table.row(label, 1, geometric.iter().map(|(cell, _)| cell.clone()).collect(), ids.clone());
                table.named(geometric.iter().map(|(_, field)| *field));
            }
            let median = |record: &Record| {
                let (median, decimals) = shown::described(record, "median", d + 1);
                Cell::Number(median, decimals)
            };
            add(&mut table, "table.median", "median", &median);
            let between = |record: &Record, low: &str, high: &str, d: usize| {
                let ((low, decimals), (high, _)) =
                    (shown::described(record, low, d), shown::described(record, high, d));
                Cell::Interval(low, high, decimals)
            };
            add(&mut table, "table.quartiles", "q1 q3", &|record| between(record, "q1", "q3", d + 1));
            add(&mut table, "table.range", "min max", &|record| between(record, "min", "max", d));
            if about.kind == Kind::Count && measure == Measure::Value {
                let total = |name: &'static str, decimals: usize| {
                    move |record: &Record| {
                        record.result.number(name).map_or(Cell::Empty, |n| Cell::Number(Some(n), decimals))
                    }
                };
                add(&mut table, "table.total_count", "total_count", &total("total_count", 0));
                if about.exposure.is_some() {
                    add(&mut table, "table.total_exposure", "total_exposure", &total("total_exposure", 0));
                    add(&mut table, "table.rate", "rate", &total("rate", 3));
                    add(&mut table, "table.mean_rate", "mean_rate", &total("mean_rate", 3));
                }
            }
        }
    }
    table.footnotes.push(match &about.exposure {
        Some(column) => words.say("footnote.exposure_of_counts", &[("column", column)]),
        None => difference_note(material, endpoint),
    });
    table
}

/// Mean and SD of a description; a mean ratio is the geometric one, which has a row of its own.
pub(super) fn mean_sd(record: &Record, decimals: usize) -> Cell {
    if shown::describes_ratios(record) {
        return Cell::Empty;
    }
    Cell::Spread(record.result.estimate, decimals + 1, record.result.number("sd"), decimals + 2)
}

/// The fields of an interval.
pub(super) const LIMITS: &str = "conf_low conf_high";

/// Every comparison of active with placebo on one endpoint, by visit and method: the deciding one and every sensitivity
/// analysis.
pub fn comparisons(material: &Material, endpoint: usize, number: &str) -> ResultTable {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let key = match (about.logarithm.is_some(), about.rated) {
        (true, _) => "table.primary_ratio",
        (false, true) => "table.primary_rates",
        (false, false) => "table.primary",
    };
    let title = words.say(key, &[("endpoint", &material.compared_with_unit(endpoint))]);
    let id = format!("t-{}-{}-comparison", number.replace('.', "-"), material.key(endpoint));
    let mut table = ResultTable::new(&id, number, title, material.population());
    let headers = ["pairs", "estimate", "se", "ci", "df", "p"].map(|key| words.get(&format!("table.{key}")));
    table.headers(words.get("table.method"), headers);
    for visit in material.trial.design.follow_up(about) {
        table.group(material.visit(visit).to_owned());
        for record in claims(material, endpoint, visit) {
            let result = &record.result;
            let shown = Shown::of(material, record);
            let cells = vec![
                Cell::Count(patients(record)),
                shown.estimate(),
                shown.error(),
                shown.interval(),
                Cell::Number(result.df, 1),
                Cell::PValue(result.p_value),
            ];
            table.row(analysis_name(material, record), 1, cells, vec![record.id.clone()]);
            let patients = if result.number("n_patients").is_some() { "n_patients" } else { "n_pairs" };
            let [estimate, error, limits] = shown.fields();
            table.named([patients, estimate, error, limits, "df", "p_value"]);
            // Of two paired shares the relative effect too (CONSORT 2025, item 26).
            if let Some(ratio) = result.number("risk_ratio").filter(|_| result.method == "mcnemar") {
                let [low, high] = ["risk_ratio_low", "risk_ratio_high"].map(|name| result.number(name));
                let number = Cell::Number(Some(ratio).filter(|ratio| ratio.is_finite()), 2);
                let cells =
                    vec![Cell::Empty, number, Cell::Empty, Cell::Interval(low, high, 2), Cell::Empty, Cell::Empty];
                table.row(words.get("table.risk_ratio_alone"), 2, cells, vec![record.id.clone()]);
                table.named(["", "risk_ratio", "", "risk_ratio_low risk_ratio_high", "", ""]);
            }
        }
    }
    table.footnotes.push(if about.rated {
        rates_note(material, endpoint)
    } else {
        difference_note(material, endpoint)
    });
    table.footnotes.extend(ratio_error(material, endpoint));
    table.footnotes.push(words.get("footnote.interval"));
    table.footnotes.extend(same_sets(material, endpoint));
    for method in methods_of(material, endpoint) {
        let key = match zeros_of(material, endpoint, method) {
            Some(zeros) => format!("footnote.{method}-{zeros}"),
            None if about.kind == Kind::Count && method == "gee" => "footnote.gee-rates".to_owned(),
            None => format!("footnote.{method}"),
        };
        if words.messages().contains_key(&key) {
            table.footnotes.push(words.get(&key));
        }
    }
    if let Some(fit) = super::models::fit(material, endpoint) {
        table.footnotes.extend(model_notes(material, fit));
    }
    let withheld = material.trial.design.follow_up(about).into_iter().filter_map(|visit| {
        let record = material.outcomes.deciding(endpoint, visit)?;
        let note = crate::report::sentences::withheld(material, record, record.verdict.as_ref()?)?;
        Some(words.say("footnote.at_visit", &[("visit", material.visit(visit)), ("note", &note)]))
    });
    table.footnotes.extend(withheld);
    table.footnotes.extend(important(material, endpoint));
    table
}

/// The records that compare active with placebo on `endpoint` at `visit`: the deciding one first.
pub fn claims<'a>(material: &Material<'a>, endpoint: usize, visit: usize) -> Vec<&'a Record> {
    let claim = |record: &&Record| {
        record.arm.is_none()
            // Estimands have a section of their own.
            && record.result.field("estimand").is_none()
            && matches!(record.role, Role::Primary | Role::Secondary | Role::Sensitivity)
    };
    let mut records: Vec<&Record> = material.outcomes.at(endpoint, visit).filter(claim).collect();
    records.sort_by_key(|record| record.role == Role::Sensitivity);
    let repeated: Vec<bool> = records.iter().map(|record| repeats(material, &records, record)).collect();
    let mut repeated = repeated.into_iter();
    records.retain(|_| repeated.next() == Some(false));
    records
}

/// Whether `record` is the result of the primary analysis set once more, because its own set selects the same patients.
fn repeats(material: &Material, records: &[&Record], record: &Record) -> bool {
    let Some(endpoint) = record.endpoint else { return false };
    let primary = &material.set().name;
    let near = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => a == b || (a - b).abs() <= 1e-9 * a.abs().max(b.abs()),
        (a, b) => a.is_none() && b.is_none(),
    };
    let same = |first: &&&Record| {
        let (a, b) = (&first.result, &record.result);
        first.analysis_set == *primary
            && a.method == b.method
            && a.n_pairs == b.n_pairs
            && near(a.estimate, b.estimate)
            && near(a.std_error, b.std_error)
            && near(a.p_value, b.p_value)
    };
    record.analysis_set != *primary
        && same_patients(material, endpoint, &record.analysis_set)
        && records.iter().find(same).is_some()
}

/// Whether the set `name` selects, of the patients with a value of `endpoint` after baseline, those of the primary set.
fn same_patients(material: &Material, endpoint: usize, name: &str) -> bool {
    let Some(other) = material.trial.sets.iter().find(|set| set.name == name) else { return false };
    let visits = material.trial.design.follow_up(material.endpoint(endpoint));
    let observed = |patient: &crate::trial::Patient| {
        patient.knees().iter().any(|knee| {
            knee.values.timed(endpoint).is_some() || visits.iter().any(|visit| knee.values[endpoint][*visit].is_some())
        })
    };
    let members = material.set().members.iter().zip(&other.members);
    material.trial.patients.iter().zip(members).all(|(patient, (one, two))| one == two || !observed(patient))
}

/// The analysis sets of `endpoint` whose results are not repeated, because they select the same patients, in words.
pub fn same_sets(material: &Material, endpoint: usize) -> Option<String> {
    let visits = material.trial.design.follow_up(material.endpoint(endpoint));
    let used = |name: &str| {
        material.outcomes.records.iter().any(|record| {
            record.endpoint == Some(endpoint)
                && record.role == Role::Sensitivity
                && record.analysis_set == name
                && record.visit.is_some_and(|visit| visits.contains(&visit))
        })
    };
    let shown: Vec<&Record> = visits.iter().flat_map(|visit| claims(material, endpoint, *visit)).collect();
    let same = material.trial.sets.iter().filter(|set| {
        set.name != material.set().name
            && used(&set.name)
            && same_patients(material, endpoint, &set.name)
            && !shown.iter().any(|record| record.analysis_set == set.name)
    });
    let labels: Vec<&str> = same.map(|set| set.label.as_str()).collect();
    if labels.is_empty() {
        return None;
    }
    let sets = labels.join(&material.words.get("text.comma"));
    Some(material.words.say("footnote.same_sets", &[("sets", &sets), ("set", &material.set().label)]))
}

/// The records of `method` on `endpoint` at `visit` in the primary analysis set, of every arm.
pub fn records_of<'a>(
    material: &Material<'a>,
    endpoint: usize,
    visit: usize,
    method: &'static str,
) -> impl Iterator<Item = &'a Record> + 'a {
    let set = &material.set().name;
    let here = move |record: &&Record| record.result.method == method && record.analysis_set == *set;
    material.outcomes.at(endpoint, visit).filter(here)
}

/// The model behind a table in words: formula, estimation, degrees of freedom, and what the reader should know of the fit.
pub fn model_notes(material: &Material, fit: &FitSummary) -> Vec<String> {
    let words = material.words;
    let ddf = ddf_name(material, &fit.ddf);
    let values = [("formula", fit.formula.as_str()), ("estimation", fit.estimation), ("ddf", &ddf)];
    let mut notes = vec![words.say("footnote.mixed", &values)];
    notes.extend(fit.notes.iter().map(|note| words.note(note)));
    notes
}

/// `kenward-roger (observed information)` as a reader calls it.
pub fn ddf_name(material: &Material, ddf: &str) -> String {
    let words = material.words;
    let Some((name, information)) = ddf.split_once(" (") else { return words.name("ddf", ddf) };
    let information = information.split(' ').next().unwrap_or_default();
    let information = words.name("information", information);
    words.say("ddf.with_information", &[("ddf", &words.name("ddf", name)), ("information", &information)])
}

/// The methods that compare the arms on `endpoint`, each once.
pub fn methods_of(material: &Material, endpoint: usize) -> Vec<&'static str> {
    let mut methods = Vec::new();
    for visit in material.trial.design.follow_up(material.endpoint(endpoint)) {
        for record in claims(material, endpoint, visit) {
            if !methods.contains(&record.result.method) {
                methods.push(record.result.method);
            }
        }
    }
    methods
}

/// How the signed-rank test of `endpoint` treated differences of 0, as its record says.
fn zeros_of(material: &Material, endpoint: usize, method: &str) -> Option<String> {
    let of_method = |record: &&Record| record.endpoint == Some(endpoint) && record.result.method == method;
    match material.outcomes.records.iter().filter(of_method).find_map(|record| record.result.field("zeros"))? {
        Field::Text(zeros) => Some(zeros.clone()),
        _ => None,
    }
}

/// The patients behind a comparison: those in the model where there is one (it keeps patients with one knee), else pairs.
pub fn patients(record: &Record) -> usize {
    record.result.number("n_patients").map_or(record.result.n_pairs, |patients| patients as usize)
}

/// The decimals of a method's estimate and of its standard error: the data's plus one and plus two; differences of
/// proportions have three, ratios two.
pub fn decimals(material: &Material, endpoint: usize, method: &str) -> (usize, usize) {
    let about = material.endpoint(endpoint);
    match (about.kind, crate::analysis::pairs::is_in_units(method)) {
        (_, false) => (2, 3),
        (Kind::Binary, true) => (3, 4),
        (_, true) => (about.decimals + 1, about.decimals + 2),
    }
}

/// The difference between the arms that the plan calls important, with its source; `None` where it names none.
pub fn important(material: &Material, endpoint: usize) -> Option<String> {
    let about = material.endpoint(endpoint);
    let source = about.important_difference_source.as_deref();
    let key = if about.logarithm.is_some() { "footnote.important_ratio" } else { "footnote.important_difference" };
    sized(material, key, about.important_difference?, source, &about.unit)
}

/// The improvement of a knee that makes it a responder, with its source; `None` where the plan names none.
pub fn improvement(material: &Material, endpoint: usize) -> Option<String> {
    let about = material.endpoint(endpoint);
    let source = about.minimal_improvement_source.as_deref();
    sized(material, "footnote.minimal_improvement", about.minimal_improvement?, source, &about.unit)
}

fn sized(material: &Material, key: &str, size: f64, source: Option<&str>, unit: &str) -> Option<String> {
    let words = material.words;
    let unsourced = words.get("footnote.no_source");
    let values = [("m", &*size.to_string()), ("unit", unit), ("source", source.unwrap_or(&unsourced))];
    Some(crate::report::sentences::tidy(&words.say(key, &values)))
}

/// The name of an analysis: its method, and its analysis set where that is not the primary one.
pub fn analysis_name(material: &Material, record: &Record) -> String {
    let method = method_name(material, record.result.method);
    if record.analysis_set == material.set().name {
        return method;
    }
    let set = material.trial.sets.iter().find(|set| set.name == record.analysis_set);
    let values = [("method", method.as_str()), ("set", set.map_or(record.analysis_set.as_str(), |set| &set.label))];
    material.words.say("table.in_set", &values)
}

/// The name of a method for people, as a cell or a sentence begins with it.
pub fn method_name(material: &Material, method: &str) -> String {
    capital(&method_in_text(material, method))
}

/// The name of a method inside a sentence.
pub fn method_in_text(material: &Material, method: &str) -> String {
    material.words.name("method", method)
}

pub(super) fn difference_note(material: &Material, endpoint: usize) -> String {
    let arms = &material.trial.design.arms;
    let better = material.better(endpoint);
    let means = material.geometric_means(endpoint);
    let values = [("active", arms.active.as_str()), ("placebo", &arms.placebo), ("better", &better), ("means", &means)];
    let ratio = material.endpoint(endpoint).logarithm.is_some();
    material.words.say(if ratio { "footnote.ratio" } else { "footnote.difference" }, &values)
}

/// What the standard error of a ratio is; `None` where the endpoint is compared by differences.
pub(super) fn ratio_error(material: &Material, endpoint: usize) -> Option<String> {
    material.endpoint(endpoint).logarithm.map(|_| material.words.get("footnote.ratio_error"))
}

/// What is divided by what, and how the arms are told to be better.
fn rates_note(material: &Material, endpoint: usize) -> String {
    let arms = &material.trial.design.arms;
    let better = capital(&material.better(endpoint));
    let values = [("active", arms.active.as_str()), ("placebo", &arms.placebo), ("better", &better)];
    material.words.say("footnote.rates", &values)
}
