//! Harms: the overview by knee and patient, events by term and severity, the listing of events, the timeline.

use super::{Material, json, word};
use crate::figure::scene::Arm;
use crate::figure::{Figure, FigureError, Style, adverse_event_timeline as timeline, harm_dots};
use crate::report::words::Language;
use crate::table::{Align, Cell, ResultTable};
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{AdverseEvent, AnalysisSet};

/// Most events that are listed one by one in the report.
const LISTED: usize = 400;

/// The safety analysis set of the plan, else the primary one.
pub fn set<'a>(material: &Material<'a>) -> &'a AnalysisSet {
    let named = material.plan.safety.set.as_ref();
    named.and_then(|name| material.trial.sets.iter().find(|set| set.name == *name)).unwrap_or_else(|| material.set())
}

/// The events that tables count: treatment-emergent ones of patients in the safety set.
fn events<'a>(material: &Material<'a>) -> Vec<&'a AdverseEvent> {
    let members = &set(material).members;
    let all = material.trial.events.iter().flatten();
    all.filter(|event| event.emergent && members.get(event.patient).copied().unwrap_or(false)).collect()
}

/// Patients with events, and events, of any kind, by knee and of the whole patient.
pub fn overview(material: &Material, number: &str) -> ResultTable {
    let words = material.words;
    let title = words.get("table.harms_overview");
    let mut table = ResultTable::new("t-14-3-1-harms", number, title, material.population_of(set(material)));
    let headers = ["patients_with", "percent", "risk_ci", "events"].map(|key| words.get(&format!("table.{key}")));
    table.headers(words.get("table.event"), headers);
    let arms = &material.trial.design.arms;
    let rows = [
        ("safety.serious".to_owned(), words.get("harms.serious")),
        ("safety.any".to_owned(), words.get("harms.any")),
        (arm_record(&arms.active), words.say("harms.knee", &[("arm", &arms.active)])),
        (arm_record(&arms.placebo), words.say("harms.knee", &[("arm", &arms.placebo)])),
        ("safety.systemic".to_owned(), words.get("harms.systemic")),
    ];
    for (id, label) in rows {
        let Some(record) = material.record(&id) else { continue };
        let result = &record.result;
        let count = |name: &str| result.number(name).map_or(0, |count| count as usize);
        let patients = count("patients_with_event");
        let share = if patients == 0 { Cell::Empty } else { Cell::Number(result.number("percent"), 1) };
        let cells = vec![
            Cell::Count(patients),
            share,
            Cell::Interval(result.number("percent_low"), result.number("percent_high"), 1),
            Cell::Count(count("events")),
        ];
        table.row(label, 0, cells, vec![record.id.clone()]);
        table.named(["patients_with_event", "percent", "percent_low percent_high", "events"]);
    }
    table.footnotes.push(words.get("footnote.harms"));
    table
}

fn arm_record(arm: &str) -> String {
    format!("safety.knee.{}", crate::analysis::slug(arm))
}

/// Patients with percentage (and events) by system organ class, term and severity: active knees, placebo knees, the whole
/// patient.
pub fn by_term(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let records: Vec<&crate::analysis::Record> = material.counted("events").collect();
    let at_risk = records.first().map(|record| json(record, "sites"))?;
    let coded = records.iter().any(|record| word(record, "item") == Some("class"));
    let title = words.get(if coded { "table.harms_by_class" } else { "table.harms_by_term" });
    let mut table = ResultTable::new("t-14-3-2-by-term", number, title, material.population_of(set(material)));
    let arms = &material.trial.design.arms;
    let of = |arm: &str| words.say("table.knees_of", &[("arm", arm)]);
    let headers = [of(&arms.active), of(&arms.placebo), words.get("table.systemic")];
    let headers = headers.into_iter().enumerate().map(|(at, label)| {
        let n = at_risk[at]["of"].as_u64().unwrap_or(0).to_string();
        words.say("table.arm_n", &[("arm", &label), ("n", &n)])
    });
    table.headers(words.get("table.event"), headers);
    for record in records {
        let sites = json(record, "sites");
        let cell = |site: &serde_json::Value| {
            let number = |name: &str| site.get(name).and_then(serde_json::Value::as_f64).unwrap_or(0.0);
            let [patients, percent, events] = ["patients", "percent", "events"].map(number);
            if events == 0.0 {
                return Cell::Count(0);
            }
            let values = [
                ("patients", &*patients.to_string()),
                ("percent", &*crate::table::rounding::print(percent, 1)),
                ("events", &*events.to_string()),
            ];
            Cell::Said(words.say("harms.cell", &values), vec![patients, percent, events])
        };
        let cells: Vec<Cell> = sites.as_array().into_iter().flatten().map(cell).collect();
        let deeper = u8::from(coded);
        let (label, indent) = match (word(record, "item"), word(record, "severity")) {
            (Some("class"), _) => {
                let class = word(record, "class").filter(|class| !class.is_empty()).map(str::to_owned);
                (class.unwrap_or_else(|| words.get("harms.class_unknown")), 0)
            }
            (_, Some("")) => (words.get("harms.severity_unknown"), deeper + 1),
            (_, Some(severity)) => (severity_named(material, severity), deeper + 1),
            _ => (word(record, "term").unwrap_or_default().to_owned(), deeper),
        };
        let fields: Vec<String> = cells
            .iter()
            .enumerate()
            .map(|(at, cell)| match cell {
                Cell::Count(_) => format!("sites[{at}].patients"),
                _ => ["patients", "percent", "events"].map(|name| format!("sites[{at}].{name}")).join(" "),
            })
            .collect();
        table.row(label, indent, cells, vec![record.id.clone()]);
        table.named(fields);
    }
    table.footnotes.push(words.get("footnote.harms_by_term"));
    Some(table)
}

/// Active against placebo knees of the patients with both knees injected, by kind of event: the comparison of the knees
/// that the within-person design allows. `None` where nothing was compared.
pub fn compared(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let title = words.get("table.harms_compared");
    let mut table = ResultTable::new("t-14-3-3-compared", number, title, material.population_of(set(material)));
    let arms = &material.trial.design.arms;
    let of = |arm: &str| words.say("table.knees_of", &[("arm", arm)]);
    let mut headers = vec![words.get("table.pairs"), of(&arms.active), of(&arms.placebo)];
    headers.extend(["risk_difference", "ci", "risk_ratio", "p"].map(|key| words.get(&format!("table.{key}"))));
    table.headers(words.get("table.event"), headers);
    for record in material.outcomes.records.iter().filter(|record| record.result.method == "event-comparison") {
        let label = category(material, &json(record, "category"));
        table.row(label, 0, super::responders::shares(material, record), vec![record.id.clone()]);
        table.named(super::responders::SHARES);
    }
    table.footnotes.push(words.get("footnote.harms_compared"));
    (!table.rows.is_empty()).then_some(table)
}

/// Risks of the knees by kind of event, with the risk difference; `None` where nothing was compared.
///
/// # Errors
/// The drawing fails.
pub fn risks(material: &Material, number: &str, style: &Style) -> Result<Option<Figure>, FigureError> {
    let words = material.words;
    let compared = material.outcomes.records.iter().filter(|record| record.result.method == "event-comparison");
    let mut shown = Vec::new();
    let rows: Vec<harm_dots::Row> = compared
        .filter_map(|record| {
            let result = &record.result;
            let count = |name: &str| result.number(name);
            let (both, active, placebo) = (count("a")?, count("b")?, count("c")?);
            let n = result.n_pairs as f64;
            let difference = result.estimate?;
            let interval = result.conf_low.zip(result.conf_high);
            let print = |value: f64| crate::table::rounding::print(value, 3);
            let text = match interval {
                Some((low, high)) => {
                    format!("{} ({})", print(difference), words.interval(&print(low), &print(high)))
                }
                None => print(difference),
            };
            let kind = json(record, "category");
            shown.push(record.id.clone());
            Some(harm_dots::Row {
                label: category(material, &kind),
                shares: [active, placebo].map(|only| 100.0 * (both + only) / n),
                difference,
                interval,
                text,
                total: kind["kind"] == "any",
            })
        })
        .collect();
    let arms = &material.trial.design.arms;
    let fewer = |arm: &str| words.say("figure.fewer", &[("arm", arm)]);
    let input = harm_dots::HarmDots {
        heading: super::figures::heading(
            material,
            "",
            number,
            words.get("figure.risks"),
            vec![words.get("footnote.harms_compared")],
        )
        .over(shown),
        rows,
        labels: harm_dots::Labels {
            share: words.get("figure.risk"),
            difference: words.say("figure.risk_difference", &[("contrast", &material.contrast())]),
            text: words.get("figure.risk_text"),
            sides: [fewer(&arms.active), fewer(&arms.placebo)],
        },
    };
    super::figures::unless_empty(harm_dots::draw(&input, style))
}

/// The name of a kind of event.
/// A severity as the plan or the data call it; on a Japanese page the English words of the standard grades are translated.
fn severity_named(material: &Material, recorded: &str) -> String {
    if material.words.language == Language::English || !recorded.is_ascii() {
        return recorded.to_owned();
    }
    let grade = crate::analysis::safety::severity(&material.context(), recorded);
    let key = grade.and_then(|grade| serde_json::to_value(grade).ok()?.as_str().map(str::to_lowercase));
    key.map_or_else(|| recorded.to_owned(), |key| crate::report::words::capital(&material.words.name("severity", &key)))
}

fn category(material: &Material, category: &serde_json::Value) -> String {
    let words = material.words;
    let text = |name: &str| category.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    match text("kind").as_str() {
        "term" => text("value"),
        "worst_severity" => {
            let severity = words.name("severity", &text("value").to_lowercase());
            words.say("harms.worst_severity", &[("severity", &severity)])
        }
        // The count takes a severity that the plan does not know for one without a grade.
        "severity_unknown" => words.get("harms.severity_ungraded"),
        kind => words.name("harms", kind),
    }
}

/// The number of the day of treatment among the days of events, in the keys of words.
fn counted_from(material: &Material) -> &'static str {
    match material.plan.data.event_columns.first_day {
        Some(0) => "day_0",
        Some(_) => "day_1",
        None => "as_recorded",
    }
}

/// When events began and how long they lasted, by knee and of the whole patient. `None` where no event was recorded.
pub fn timing(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let title = words.get("table.harms_timing");
    let mut table = ResultTable::new("t-14-3-4-timing", number, title, material.population_of(set(material)));
    let headers = ["known", "unknown", "median", "range"].map(|key| words.get(&format!("table.{key}")));
    table.headers(words.get("table.event"), headers);
    for record in material.outcomes.records.iter().filter(|record| record.result.method == "event-timing") {
        let site = match &record.arm {
            Some(arm) => words.say("harms.knee", &[("arm", arm)]),
            None => words.get("harms.systemic"),
        };
        let parts = ["onset", "duration"].map(|part| (part, json(record, part)));
        let count = |part: &serde_json::Value, name: &str| {
            part.get(name).and_then(serde_json::Value::as_u64).unwrap_or(0) as usize
        };
        if parts.iter().all(|(_, part)| count(part, "known") + count(part, "unknown") == 0) {
            continue;
        }
        table.group(site);
        for (name, part) in &parts {
            let number = |name: &str| part.get(name).and_then(serde_json::Value::as_f64);
            let cells = vec![
                Cell::Count(count(part, "known")),
                Cell::Count(count(part, "unknown")),
                Cell::Number(number("median"), 1),
                Cell::Interval(number("min"), number("max"), 0),
            ];
            table.row(words.get(&format!("table.{name}")), 1, cells, vec![record.id.clone()]);
        }
    }
    table.footnotes.push(words.get(&format!("footnote.harms_timing_{}", counted_from(material))));
    (!table.rows.is_empty()).then_some(table)
}

/// The listing of events: all, or the serious ones only. Those that no table counts (the patient is outside the safety set,
/// or the event began before treatment) are listed too, and marked. `None` where there are too many to list.
pub fn listing(material: &Material, number: &str, serious: bool) -> Option<ResultTable> {
    let words = material.words;
    let all = material.trial.events.iter().flatten();
    let listed: Vec<&AdverseEvent> = all.filter(|event| event.serious || !serious).collect();
    let member = |event: &AdverseEvent| set(material).members.get(event.patient).copied().unwrap_or(false);
    let marked = listed.iter().any(|event| !event.emergent || !member(event));
    if !serious && (listed.is_empty() || listed.len() > LISTED) {
        return None;
    }
    let key = if serious { "serious" } else { "all" };
    let id = if serious { "t-14-3-5-serious".to_owned() } else { "l-16-2-7-events".to_owned() };
    let title = words.get(&format!("table.listing_events_{key}"));
    let mut table = ResultTable::new(&id, number, title, material.everyone());
    // Further columns where the file has them.
    let further = ["start_date", "end_date", "action", "outcome"];
    let known: Vec<usize> =
        (0..further.len()).filter(|at| listed.iter().any(|event| event.listed[*at].is_some())).collect();
    let headers = ["site", "term", "severity", "serious", "related", "start", "end"];
    let headers = headers.into_iter().chain(known.iter().map(|at| further[*at]));
    let headers = headers.chain(marked.then_some("counted"));
    let headers = headers.map(|key| words.get(&format!("listing.{key}")));
    table.headers(words.get("table.patient"), headers);
    for column in &mut table.columns {
        column.align = Align::Left;
    }
    let arms = material.trial.design.arms.labels();
    let yes_no = |yes: bool| words.get(if yes { "grade.yes" } else { "grade.no" });
    let day = |day: Option<f64>| day.map_or(Cell::Empty, |day| Cell::Number(Some(day), 0));
    for event in listed {
        let patient = &material.trial.patients[event.patient];
        let site = match event.arm {
            Some(arm) => words.say("listing.knee", &[("arm", arms[arm])]),
            None => words.get("table.systemic"),
        };
        let mut cells = vec![
            Cell::Text(site),
            Cell::Text(event.term.clone()),
            Cell::Text(severity_named(material, &event.severity)),
            Cell::Text(yes_no(event.serious)),
            Cell::Text(yes_no(event.related)),
            day(event.start_day),
            day(event.end_day),
        ];
        let text = |text: &Option<String>| text.clone().map_or(Cell::Empty, Cell::Text);
        cells.extend(known.iter().map(|at| text(&event.listed[*at])));
        if marked {
            let mark = match (member(event), event.emergent) {
                (false, _) => words.say("listing.outside_set", &[("set", &set(material).label)]),
                (true, false) => words.get("listing.before_treatment"),
                (true, true) => words.get("grade.yes"),
            };
            cells.push(Cell::Text(mark));
        }
        table.row(patient.id.clone(), 0, cells, Vec::new());
    }
    if table.rows.is_empty() {
        table.footnotes.push(words.get("table.no_serious"));
    }
    Some(table)
}

/// The events over time, on as many pages as it takes.
///
/// # Errors
/// The drawing fails.
pub fn timeline(material: &Material, number: &str, style: &Style) -> Result<Vec<Figure>, FigureError> {
    let words = material.words;
    let shown: Vec<timeline::Event> = events(material)
        .into_iter()
        .filter_map(|event| {
            let site = match event.arm {
                Some(ACTIVE) => timeline::Site::Knee(Arm::Active),
                Some(PLACEBO) => timeline::Site::Knee(Arm::Placebo),
                Some(_) => return None,
                None => timeline::Site::Systemic,
            };
            Some(timeline::Event {
                patient: material.trial.patients[event.patient].id.clone(),
                term: event.term.clone(),
                site,
                serious: event.serious,
                start: event.start_day?,
                end: event.end_day,
            })
        })
        .collect();
    if shown.is_empty() || shown.len() > LISTED {
        return Ok(Vec::new());
    }
    /// Days of a month.
    const MONTH: f64 = 365.25 / 12.0;
    let first = f64::from(material.plan.data.event_columns.first_day.unwrap_or(0));
    let visits: Vec<(String, f64)> = material
        .trial
        .design
        .visits
        .iter()
        .filter_map(|visit| visit.month.map(|month| (visit.label.clone(), (month * MONTH).round() + first)))
        .collect();
    let input = timeline::AdverseEventTimeline {
        heading: super::figures::heading(material, "", number, words.get("figure.timeline"), Vec::new()),
        events: shown,
        visits,
        days: None,
        labels: timeline::Labels {
            day: words.get(&format!("figure.day_{}", counted_from(material))),
            systemic: words.get("table.systemic"),
            serious: words.get("listing.serious"),
            ongoing: words.get("figure.ongoing"),
        },
    };
    timeline::paginate(&input, style).iter().map(|page| timeline::draw(page, style)).collect()
}
