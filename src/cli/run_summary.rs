//! What a run found, for the terminal: the primary comparison in the report's own sentence, every deciding comparison in
//! a table as wide as the terminal, what is withheld and why, harms, and where the report is.
//!
//! Names are never cut: a column that is too narrow for them breaks at spaces, and where the numbers alone need more than
//! the terminal has each comparison takes two lines.

use super::terminal::{self, width, wrapped};
use crate::analysis::verdict::waits_for_contrasts;
use crate::analysis::{Claim, Importance, Interval, Ratio, Record, Run, Scale, Verdict, Withheld};
use crate::report::compose;
use crate::report::exhibits::shown::ratio_decimals;
use crate::report::exhibits::{Material, contrasts, tables};
use crate::report::options::Options;
use crate::report::sentences;
use crate::report::words::Language;
use crate::table::rounding;
use crate::trial::{Measure, Role};
use std::path::Path;

/// The narrowest column in which names are still read easily.
const NAME: usize = 18;

/// One comparison: its cells as text.
struct Row {
    endpoint: String,
    visit: String,
    effect: String,
    p: String,
    adjusted: String,
    conclusion: String,
}

impl Row {
    /// The endpoint with its visit; a time to an event belongs to none.
    fn name(&self) -> String {
        match self.visit.is_empty() {
            true => self.endpoint.clone(),
            false => format!("{}, {}", self.endpoint, self.visit),
        }
    }
}

/// What was found, in lines of at most `columns`, and that the report is in the folder `out`.
pub fn summary(run: &Run, out: &Path, columns: usize) -> String {
    let words = compose::words_in(Language::English, &run.plan);
    let options = Options::default();
    let material =
        Material { plan: &run.plan, trial: &run.trial, outcomes: &run.outcomes, words: &words, options: &options };
    let design = &run.trial.design;
    let mut text = wrap(&format!("{}: {}", run.plan.trial.id, run.plan.trial.title), columns);
    if run.plan.trial.synthetic {
        text.push_str("SYNTHETIC DATA\n");
    }
    if run.reading.blinded {
        text.push_str("DUMMY TREATMENT: a blinded dry run, no result is real\n");
    }
    text.push_str(&wrap(&format!("Plan: {}", run.lock.describe()), columns));
    let set = &run.trial.sets[0];
    let (active, placebo) = (&design.arms.active, &design.arms.placebo);
    let ratios = design.endpoints.iter().any(|about| about.logarithm.is_some());
    let ratios = if ratios { format!(", ratios {active} / {placebo},") } else { String::new() };
    let differences = format!("differences are {active} − {placebo}{ratios} within the patient");
    text.push_str(&wrap(&format!("{}: {} patients; {differences}", set.label, set.size()), columns));
    text.push('\n');
    for sentence in primary(&material) {
        text.push_str(&wrap(&sentence, columns));
        text.push('\n');
    }
    let deciding = (0..design.endpoints.len()).flat_map(|endpoint| {
        let visits = design.follow_up(&design.endpoints[endpoint]).into_iter();
        visits.filter_map(move |visit| Some((endpoint, visit, run.outcomes.deciding(endpoint, visit)?)))
    });
    // The first contrast of the plan is the deciding comparison itself; the others stand below it.
    let (mut rows, mut further) = (Vec::new(), Vec::new());
    for (endpoint, visit, record) in deciding {
        rows.push(row(&material, endpoint, visit, record));
        for record in contrasts::records(&material, endpoint, Some(visit)).into_iter().skip(1) {
            let name =
                format!("{}, {}", material.endpoint(endpoint).name, contrasts::name_in(&material, endpoint, record));
            rows.push(Row { endpoint: name, ..row(&material, endpoint, visit, record) });
            further.push(record);
        }
    }
    text.push_str(&comparisons(&rows, &format!("Difference ({}% CI)", level(run)), columns));
    for line in withheld(run, &further) {
        text.push_str(&wrap(&line, columns));
    }
    for line in local_events(run).into_iter().chain(serious_events(run)) {
        text.push_str(&format!("\n{}", wrap(&line, columns)));
    }
    let findings = run.findings.len();
    if findings > 0 {
        let finding = if findings == 1 { "finding" } else { "findings" };
        let line = format!("{findings} {finding} in the data did not stop the analysis: see `splitknee check`");
        text.push_str(&format!("\n{}", wrap(&line, columns)));
    }
    // A path is for copying: it stays on one line.
    text.push_str(&format!("\nReport: {}\n", out.join("report.html").display()));
    text
}

/// The confidence level in per cent.
fn level(run: &Run) -> String {
    let level = rounding::fixed(100.0 * (1.0 - run.plan.analysis.alpha), 4);
    level.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn wrap(text: &str, columns: usize) -> String {
    format!("{}\n", wrapped(text, columns).join("\n"))
}

/// The primary comparisons in the words of the report, in English as everything on the terminal is.
fn primary(material: &Material) -> Vec<String> {
    material
        .primary_endpoints()
        .into_iter()
        .filter_map(|endpoint| material.outcomes.deciding(endpoint, material.trial.design.primary))
        .map(|record| format!("Primary: {}", sentences::conclusion(material, record)))
        .collect()
}

/// The table of all comparisons: side by side, with the visit in a column of its own where there is room, else beside
/// the name; where not even that fits, two lines for each.
fn comparisons(rows: &[Row], effect: &str, columns: usize) -> String {
    let adjusted = rows.iter().any(|row| !row.adjusted.is_empty());
    for visit_apart in [true, false] {
        let mut header = vec!["Endpoint"];
        header.extend(visit_apart.then_some("Visit"));
        header.extend([effect, "p"]);
        header.extend(adjusted.then_some("adj. p"));
        header.push("Conclusion");
        let numbers = |row: &Row| -> Vec<String> {
            let mut cells = Vec::from_iter(visit_apart.then(|| row.visit.clone()));
            cells.extend([row.effect.clone(), row.p.clone()]);
            cells.extend(adjusted.then(|| row.adjusted.clone()));
            cells.push(row.conclusion.clone());
            cells
        };
        let body: Vec<Vec<String>> = rows.iter().map(numbers).collect();
        let widest = |column: usize| body.iter().map(|row| width(&row[column])).max().unwrap_or(0);
        let taken: usize =
            header[1..].iter().enumerate().map(|(column, title)| 2 + widest(column).max(width(title))).sum();
        if taken + NAME > columns {
            continue;
        }
        let lines = rows.iter().zip(body).flat_map(|(row, cells)| {
            let name = if visit_apart { row.endpoint.clone() } else { row.name() };
            let below = vec![String::new(); cells.len()];
            let names = wrapped(&name, columns - taken).into_iter().enumerate();
            let line = move |(at, name): (usize, String)| {
                let cells = if at == 0 { cells.clone() } else { below.clone() };
                std::iter::once(name).chain(cells).collect::<Vec<_>>()
            };
            names.map(line).collect::<Vec<_>>()
        });
        return terminal::columns(&header, &lines.collect::<Vec<_>>());
    }
    stacked(rows, columns)
}

/// Each comparison in two lines: what is compared, and the numbers below it.
fn stacked(rows: &[Row], columns: usize) -> String {
    let below = |text: &str| -> String {
        wrapped(text, columns.saturating_sub(2)).into_iter().map(|line| format!("  {line}\n")).collect()
    };
    rows.iter()
        .map(|row| {
            let adjusted = if row.adjusted.is_empty() { String::new() } else { format!(", adjusted {}", row.adjusted) };
            let name = wrap(&row.name(), columns);
            let numbers = below(&format!("{}; p {}{adjusted}", row.effect, row.p));
            format!("{name}{numbers}{}", below(&row.conclusion))
        })
        .collect()
}

fn row(material: &Material, endpoint: usize, visit: usize, record: &Record) -> Row {
    let mark = record.verdict.and_then(|verdict| verdict.withheld).map(|_| "*").unwrap_or_default();
    let importance = match record.verdict.and_then(|verdict| verdict.importance) {
        Some(Importance::ClinicallyImportant) => ", reaches the important difference",
        Some(Importance::Uncertain) => ", importance uncertain",
        Some(Importance::BelowMcid) => ", below the important difference",
        None => "",
    };
    let exploratory = record.verdict.and_then(|verdict| sentences::exploratory(material, &verdict));
    let exploratory = exploratory.map(|_| ", exploratory").unwrap_or_default();
    let change = match record.measure {
        Measure::Change => " (change)",
        Measure::Value => "",
    };
    let p = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), rounding::p_value);
    Row {
        endpoint: format!("{}{change}", material.endpoint(endpoint).name),
        // The time to an event belongs to no visit.
        visit: match material.endpoint(endpoint).kind {
            crate::trial::Kind::Survival => String::new(),
            _ => material.visit(visit).to_owned(),
        },
        effect: effect(record, tables::decimals(material, endpoint, shown_as(record)).0),
        p: p(record.result.p_value),
        // A hypothesis that could not be tested has the adjusted p-value 1 in its family, which is no result.
        adjusted: record.result.p_value.and(record.p_adjusted).map(rounding::p_value).unwrap_or_default(),
        conclusion: format!("{}{mark}{importance}{exploratory}", concluded(record)),
    }
}

/// The conclusion in a word; where the interval leaves zero out and nothing is claimed, that.
fn concluded(record: &Record) -> &'static str {
    let excludes = |verdict: &&Verdict| matches!(verdict.interval, Interval::FavoursActive | Interval::FavoursPlacebo);
    match record.verdict.as_ref().filter(excludes).filter(|verdict| verdict.claim == Claim::None) {
        Some(Verdict { withheld: Some(Withheld::Exploratory), .. }) => "described only",
        Some(Verdict { withheld: Some(_), .. }) => "not claimed",
        _ => record.conclusion().name(),
    }
}

/// The method as which a record is printed: a contrast is a difference of the mixed model.
fn shown_as(record: &Record) -> &'static str {
    if record.result.method == crate::analysis::contrasts::METHOD { "mixed-model" } else { record.result.method }
}

/// The estimate with its interval; what is no difference says what it is.
fn effect(record: &Record, decimals: usize) -> String {
    let result = &record.result;
    let (Some(estimate), Some(low), Some(high)) = (result.estimate, result.conf_low, result.conf_high) else {
        return "–".to_owned();
    };
    let shown = |name: &str, values: [f64; 3], decimals: usize| {
        let [d, l, u] = values.map(|value| rounding::print(value, decimals));
        format!("{name}{d} ({l} to {u})")
    };
    let decimals = rounding::interval_decimals(Some(low), Some(high), decimals);
    let Some(scale) = Scale::of(result) else { return "–".to_owned() };
    let values = [estimate, low, high].map(|value| scale.shown(value));
    match scale {
        Scale::Log(Ratio::Odds) => shown("odds ratio ", values, 2),
        Scale::Log(Ratio::Means) => shown("ratio ", values, ratio_decimals(Some(values[1]), Some(values[2]))),
        Scale::Log(Ratio::Hazards) => shown("hazard ratio ", values, 2),
        Scale::Log(Ratio::Rates) => shown("rate ratio ", values, 2),
        Scale::Benefit { null: 1.0 } => shown("win odds ", values, 2),
        Scale::Benefit { .. } => shown("net benefit ", values, 2),
        Scale::Difference => shown("", values, decimals),
    }
}

/// Why comparisons whose interval would allow a claim claim nothing, one line for each reason; `further` are the contrasts
/// shown besides the deciding comparisons.
fn withheld(run: &Run, further: &[&Record]) -> Vec<String> {
    let shown = run.outcomes.records.iter().filter(|record| {
        record.arm.is_none()
            && matches!(record.role, Role::Primary | Role::Secondary)
            && record.verdict.is_some_and(|verdict| verdict.interval != Interval::Undefined)
    });
    let shown = shown.chain(further.iter().copied());
    let found: Vec<Withheld> = shown.filter_map(|record| record.verdict?.withheld).collect();
    let gate = match waits_for_contrasts(&run.outcomes.records) {
        true => "it waits for all contrasts of the arms, and not every one was confirmed",
        false => "the primary objective was not met",
    };
    let reasons = [
        (Withheld::Test, "the test of the plan does not reject"),
        (Withheld::Family, "not confirmed after adjustment for the family"),
        (Withheld::Procedure, "the procedure for several hypotheses could not be carried out"),
        (Withheld::Gate, gate),
        (Withheld::Exploratory, "in no family of hypotheses, described"),
        (Withheld::Objective, "not the hypothesis that the endpoint has in the plan"),
        (Withheld::Overdispersed, "the counts vary more than the exact test assumes"),
    ];
    let counts =
        reasons.into_iter().map(|(reason, text)| (found.iter().filter(|known| **known == reason).count(), text));
    counts.filter(|(n, _)| *n > 0).map(|(n, text)| format!("* not claimed: {text} ({n})")).collect()
}

/// In how many patients serious events were reported; the report says in which knees.
fn serious_events(run: &Run) -> Option<String> {
    let result = &run.outcomes.records.iter().find(|record| record.id == "safety.serious")?.result;
    let field = |name: &str| result.number(name).unwrap_or(0.0);
    let further = field("serious_outside_set") + field("serious_before_treatment");
    let further = if further > 0.0 { format!("; {further} more not counted: see the report") } else { String::new() };
    Some(format!(
        "Serious adverse events: {} of {} patients{further}",
        result.number("patients_with_event")?,
        result.n_pairs
    ))
}

/// Local adverse events by arm with the risk difference and its interval.
fn local_events(run: &Run) -> Option<String> {
    let record = run.outcomes.records.iter().find(|record| record.id == "safety.compare.any")?;
    let result = &record.result;
    let print = |value: Option<f64>| value.map(|value| rounding::print(value, 3));
    let (d, l, u) = (print(result.estimate)?, print(result.conf_low)?, print(result.conf_high)?);
    let arms = &run.trial.design.arms;
    let place = match record.verdict?.interval {
        Interval::FavoursPlacebo => format!("; the interval lies against {}", arms.active),
        _ => String::new(),
    };
    Some(format!("Local adverse events, {} − {}: risk difference {d} ({l} to {u}){place}", arms.active, arms.placebo))
}
