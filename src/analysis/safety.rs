//! Harms: patients with events, events by knee and of the whole patient, onset and duration, serious events.
//!
//! A local event belongs to the arm of its knee; an event of the whole patient belongs to no arm and is never counted
//! under one. Counted are treatment-emergent events ([`AdverseEvent::emergent`]) of patients in the safety set; every serious
//! event is listed, whatever its patient and day. The arms are compared within patients by the
//! McNemar mid-p test ([`adverse_events::summarise`]); no p-value
//! here is adjusted for the number of terms looked at.

use super::counted::{distinct, percent, shares};
use super::notes::remark;
use super::record::{Record, Rows};
use super::{Context, slug};
use crate::paired::adverse_events::{
    self, AdverseEvent as KneeEvent, Category, Exposure, Incidence, KneeRow, SafetySummary, Severity, Site, Spread,
};
use crate::paired::pair_table::PairTable;
use crate::paired::proportion::Tails;
use crate::paired::{Field, Options, TestResult, risk_ratio};
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{AdverseEvent, AnalysisSet, Role};
use serde_json::json;
use std::collections::BTreeSet;

/// Source of the interval of a share.
const EXACT: &str = "Clopper & Pearson 1934";
/// Source of the comparison of the knees.
const COMPARISON: &str = "McNemar mid-p test (McNemar 1947; Fagerland, Lydersen & Laake 2013); Newcombe 1998; CONSORT within-person item 19 (Pandis et al. 2017)";

/// The safety records. Empty where no events were given.
///
/// `safety.any`, `safety.serious`, `safety.systemic` and `safety.knee.<arm>` come first, then the comparison of the
/// knees by category, the events of the whole patient, onset and duration, and the serious events.
pub fn analyse(context: &Context) -> Vec<Record> {
    let Some(events) = &context.trial.events else { return Vec::new() };
    let safety = Context { set: safety_set(context), ..*context };
    let in_set: Vec<&AdverseEvent> =
        events.iter().filter(|event| safety.set.members.get(event.patient).copied().unwrap_or(false)).collect();
    let emergent: Vec<&AdverseEvent> = in_set.iter().copied().filter(|event| event.emergent).collect();
    let compared: Vec<KneeEvent> = emergent.iter().filter_map(|event| knee_event(context, event)).collect();
    let mut rows = Rows { used: compared.len(), ..Rows::default() };
    rows.leave_out(remark!(further_arm), emergent.len() - compared.len());
    rows.leave_out(remark!(before_treatment), in_set.len() - emergent.len());
    rows.leave_out(remark!(not_in_safety), events.len() - in_set.len());
    let exposure: Vec<Exposure> = safety
        .members()
        .map(|patient| {
            let patient = &context.trial.patients[patient];
            let injected = |arm| patient.knee(arm).is_some();
            Exposure { patient: patient.id.clone(), treated: injected(ACTIVE), control: injected(PLACEBO) }
        })
        .collect();
    match adverse_events::summarise(&exposure, &compared, context.options().conf_level) {
        Ok(summary) => {
            let mut records = records(&safety, &summary, &compared, &rows);
            records.extend(by_term(&safety, &emergent, &rows));
            distinct(records)
        }
        Err(refusal) => ["safety.serious", "safety.any", "safety.systemic"]
            .map(|id| {
                let mut result = TestResult::new("incidence", exposure.len(), &context.options());
                result.notes.push(refusal.0.clone());
                safety.trial_record(id.to_owned(), Role::Safety, result, rows.clone())
            })
            .to_vec(),
    }
}

/// Serious events that no count has: of patients outside the safety set, and of its patients before treatment.
fn serious_not_counted(context: &Context) -> [u64; 2] {
    let serious = || context.trial.events.iter().flatten().filter(|event| event.serious);
    let member = |event: &&AdverseEvent| context.set.members.get(event.patient).copied().unwrap_or(false);
    // An event at both knees is one row of the file.
    let rows = |events: BTreeSet<usize>| events.len() as u64;
    let outside = serious().filter(|event| !member(event)).map(|event| event.row).collect();
    [rows(outside), rows(serious().filter(member).filter(|event| !event.emergent).map(|event| event.row).collect())]
}

/// The safety analysis set of the plan, else the primary one.
pub(super) fn safety_set<'a>(context: &Context<'a>) -> &'a AnalysisSet {
    let named = context.plan.safety.set.as_ref();
    named.and_then(|name| context.trial.sets.iter().find(|set| set.name == *name)).unwrap_or(context.set)
}

/// The event as the statistics take it; `None` for a knee on neither of the two arms compared.
fn knee_event(context: &Context, event: &AdverseEvent) -> Option<KneeEvent> {
    let site = match event.arm {
        None => Site::Patient,
        Some(ACTIVE) => Site::TreatedKnee,
        Some(PLACEBO) => Site::ControlKnee,
        Some(_) => return None,
    };
    Some(KneeEvent {
        patient: context.trial.patients[event.patient].id.clone(),
        site,
        term: event.term.clone(),
        severity: severity(context, &event.severity),
        related: Some(event.related),
        serious: event.serious,
        onset_day: event.start_day,
        end_day: event.end_day,
    })
}

/// The grade of a recorded severity: by its word, else by its place among the plan's severities.
pub fn severity(context: &Context, recorded: &str) -> Option<Severity> {
    Severity::parse(recorded).or_else(|| {
        let place = context.plan.safety.severities.iter().position(|known| known.eq_ignore_ascii_case(recorded))?;
        Severity::ALL.get(place).copied()
    })
}

fn records(context: &Context, summary: &SafetySummary, events: &[KneeEvent], rows: &Rows) -> Vec<Record> {
    let options = context.options();
    let record = |id: String, result: TestResult, reference: &'static str| Record {
        reference,
        ..context.trial_record(id, Role::Safety, result, rows.clone())
    };
    let related = |counts: &dyn Fn(&KneeEvent) -> bool| {
        events.iter().filter(|event| counts(event) && event.related == Some(true)).count() as u64
    };
    let none = Incidence {
        with_event: 0,
        at_risk: summary.n_patients,
        share: (summary.n_patients > 0).then_some(0.0),
        conf_low: None,
        conf_high: None,
        events: 0,
        events_per_unit: None,
    };
    let systemic = summary.patients.iter().find(|row| row.category == Category::Any).map_or(&none, |row| &row.patients);
    let mut any_serious = incidence(&summary.any_serious, related(&|event| event.serious), &options);
    let [outside, before] = serious_not_counted(context);
    any_serious.extra.push(("serious_outside_set", Field::Count(outside)));
    any_serious.extra.push(("serious_before_treatment", Field::Count(before)));
    let mut records = vec![
        record("safety.serious".into(), any_serious, EXACT),
        record("safety.any".into(), incidence(&summary.any_event, related(&|_| true), &options), EXACT),
        record(
            "safety.systemic".into(),
            incidence(systemic, related(&|event| event.site == Site::Patient), &options),
            EXACT,
        ),
    ];
    let labels = context.trial.design.arms.labels();
    if let Some(any) = summary.knees.iter().find(|row| row.category == Category::Any) {
        for (arm, counts, site) in
            [(PLACEBO, &any.control, Site::ControlKnee), (ACTIVE, &any.treated, Site::TreatedKnee)]
        {
            let Some(label) = labels.get(arm) else { continue };
            let result = incidence(counts, related(&|event| event.site == site), &options);
            let mut knees = record(format!("safety.knee.{}", slug(label)), result, EXACT);
            knees.arm = Some((*label).to_owned());
            records.push(knees);
        }
    }
    for row in &summary.knees {
        records.push(record(
            format!("safety.compare.{}", category_id(&row.category)),
            compared(row, &options),
            COMPARISON,
        ));
    }
    for row in &summary.patients {
        let mut result = incidence(&row.patients, 0, &options);
        result.extra.retain(|(name, _)| *name != "related");
        result.extra.push(("category", Field::Json(json!(row.category))));
        records.push(record(format!("safety.patient.{}", category_id(&row.category)), result, EXACT));
    }
    for timing in &summary.timing {
        let (id, arm) = match timing.site {
            Site::TreatedKnee => (format!("safety.timing.knee.{}", slug(labels[ACTIVE])), Some(labels[ACTIVE])),
            Site::ControlKnee => (format!("safety.timing.knee.{}", slug(labels[PLACEBO])), Some(labels[PLACEBO])),
            Site::Patient => ("safety.timing.systemic".to_owned(), None),
        };
        let mut result = TestResult::new("event-timing", summary.n_patients as usize, &options);
        result.extra = vec![("onset", spread(&timing.onset)), ("duration", spread(&timing.duration))];
        result.notes.push(remark!(days_since));
        let mut timing = record(id, result, "ICH E3, section 12.2");
        timing.arm = arm.map(str::to_owned);
        records.push(timing);
    }
    records.push(record("safety.serious-listing".into(), listing(context, &options), "ICH E3, section 12.3"));
    records
}

/// Units with an event; knees where the record is about an arm, patients otherwise.
fn incidence(counts: &Incidence, related: u64, options: &Options) -> TestResult {
    let mut result = TestResult::new("incidence", counts.at_risk as usize, options);
    result.exact = Some(true);
    result.estimate = counts.share;
    result.conf_low = counts.conf_low;
    result.conf_high = counts.conf_high;
    if counts.share.is_none() {
        result.notes.push(remark!(nobody_at_risk));
    }
    result.extra = vec![
        ("patients_with_event", Field::Count(counts.with_event)),
        ("at_risk", Field::Count(counts.at_risk)),
        ("events", Field::Count(counts.events)),
        ("events_per_unit", Field::Number(counts.events_per_unit)),
        ("related", Field::Count(related)),
    ];
    let hundred = |share: Option<f64>| Field::Number(share.map(|share| 100.0 * share));
    result.extra.extend([
        ("percent", hundred(counts.share)),
        ("percent_low", hundred(counts.conf_low)),
        ("percent_high", hundred(counts.conf_high)),
    ]);
    result
}

/// Active against placebo knees of the patients with both knees injected.
fn compared(row: &KneeRow, options: &Options) -> TestResult {
    let pairs: u64 = row.pairs.iter().sum();
    let mut result = TestResult::new("event-comparison", pairs as usize, options);
    result.alternative = crate::paired::Alternative::TwoSided;
    result.exact = Some(false);
    result.estimate = row.risk_difference;
    result.p_value = row.p_value;
    result.conf_low = row.conf_low;
    result.conf_high = row.conf_high;
    result.extra = ["a", "b", "c", "d"].into_iter().zip(row.pairs).map(|(name, n)| (name, Field::Count(n))).collect();
    result.extra.extend([
        ("category", Field::Json(json!(row.category))),
        ("active", Field::Json(json!(row.treated))),
        ("placebo", Field::Json(json!(row.control))),
    ]);
    let [a, b, c, d] = row.pairs;
    let table = PairTable { a, b, c, d };
    let limits = Tails::two_sided(options.conf_level).ok().and_then(|tails| risk_ratio::tang(&table, tails));
    result.extra.extend([
        ("risk_ratio", Field::Number(risk_ratio::risk_ratio(&table).filter(|ratio| ratio.is_finite()))),
        ("risk_ratio_low", Field::Number(limits.map(|limits| limits.0))),
        ("risk_ratio_high", Field::Number(limits.map(|limits| limits.1))),
    ]);
    shares(&mut result);
    if pairs == 0 {
        result.notes.push(remark!(no_both_injected));
    }
    result
}

/// The last part of the identifier of a category: `any`, `serious`, `related`, `severity-mild`, `term-injection-site-pain`.
fn category_id(category: &Category) -> String {
    match category {
        Category::Any => "any".to_owned(),
        Category::Serious => "serious".to_owned(),
        Category::Related => "related".to_owned(),
        Category::WorstSeverity(severity) => {
            let word = json!(severity);
            format!("severity-{}", slug(word.as_str().unwrap_or_default()))
        }
        Category::SeverityUnknown => "severity-unknown".to_owned(),
        Category::Term(term) => format!("term-{}", slug(term)),
    }
}

/// What a row of the table of terms counts: a system organ class, a term, or a severity of a term.
#[derive(Debug, Clone, Copy)]
enum Counted<'a> {
    /// Of the class; `None` is that of terms without one.
    Class(Option<&'a str>),
    Term(&'a str),
    Severity(&'a str, &'a str),
}

impl Counted<'_> {
    fn has(self, event: &AdverseEvent) -> bool {
        match self {
            Self::Class(class) => event.organ_class.as_deref() == class,
            Self::Term(term) => event.term == term,
            Self::Severity(term, severity) => event.term == term && event.severity == severity,
        }
    }

    fn id(self) -> String {
        match self {
            Self::Class(class) => format!("safety.class.{}", class.map_or_else(|| "none".to_owned(), slug)),
            Self::Term(term) => format!("safety.term.{}", slug(term)),
            Self::Severity(term, "") => format!("safety.term.{}.not-graded", slug(term)),
            Self::Severity(term, severity) => format!("safety.term.{}.{}", slug(term), slug(severity)),
        }
    }

    fn fields(self) -> Vec<(&'static str, Field)> {
        let text = |text: &str| Field::Text(text.to_owned());
        let category = |term: &str| Field::Json(json!(Category::Term(term.to_owned())));
        match self {
            Self::Class(class) => vec![("item", text("class")), ("class", text(class.unwrap_or_default()))],
            Self::Term(term) => vec![("item", text("term")), ("term", text(term)), ("category", category(term))],
            Self::Severity(term, severity) => {
                vec![("item", text("severity")), ("term", text(term)), ("severity", text(severity))]
            }
        }
    }
}

/// Patients and events by system organ class (where the file has it), by term, and by severity within a term: the plan's
/// severities, then those it does not know (a fatal event, say), then events that were not graded, so that the rows of a
/// term add up to it. `sites` are the active knees, the placebo knees and the whole patient, each with how many were at risk.
fn by_term(context: &Context, events: &[&AdverseEvent], rows: &Rows) -> Vec<Record> {
    let labels = context.trial.design.arms.labels();
    let at_risk = |site: Option<usize>| match site {
        Some(arm) => context.members().filter(|patient| context.trial.patients[*patient].knee(arm).is_some()).count(),
        None => context.members().count(),
    };
    let sites = [Some(ACTIVE), Some(PLACEBO), None].map(|site| (site, at_risk(site)));
    let record = |counted: Counted| {
        let site = |(site, of): (Option<usize>, usize)| {
            let here: Vec<&&AdverseEvent> =
                events.iter().filter(|event| counted.has(event) && event.arm == site).collect();
            let patients: BTreeSet<usize> = here.iter().map(|event| event.patient).collect();
            let arm = site.and_then(|arm| labels.get(arm));
            let share = percent(patients.len(), of);
            json!({"arm": arm, "patients": patients.len(), "of": of, "percent": share, "events": here.len()})
        };
        let patients: BTreeSet<usize> =
            events.iter().filter(|event| counted.has(event)).map(|event| event.patient).collect();
        let mut result = TestResult::new("counts", context.members().count(), &context.options());
        result.extra = vec![("about", Field::Text("events".to_owned()))];
        result.extra.extend(counted.fields());
        result.extra.push(("patients", Field::Count(patients.len() as u64)));
        let sites = sites.map(site).to_vec();
        result.extra.push(("sites", Field::Json(serde_json::Value::Array(sites))));
        let mut record = context.trial_record(counted.id(), Role::Safety, result, rows.clone());
        record.reference = "ICH E3, section 12.2.3";
        record
    };
    // Terms without a class come last.
    let classes: BTreeSet<(bool, Option<&str>)> =
        events.iter().map(|event| (event.organ_class.is_none(), event.organ_class.as_deref())).collect();
    let coded = classes.iter().any(|(_, class)| class.is_some());
    let planned = &context.plan.safety.severities;
    let mut records = Vec::new();
    for (_, class) in classes {
        records.extend(coded.then(|| record(Counted::Class(class))));
        let terms: BTreeSet<&str> = events
            .iter()
            .filter(|event| event.organ_class.as_deref() == class)
            .map(|event| event.term.as_str())
            .collect();
        for term in terms {
            records.push(record(Counted::Term(term)));
            let recorded: BTreeSet<&str> =
                events.iter().filter(|event| event.term == term).map(|event| event.severity.as_str()).collect();
            let known = planned.iter().map(|severity| &**severity).filter(|severity| recorded.contains(severity));
            let further =
                recorded.iter().copied().filter(|severity| !planned.iter().any(|known| **known == **severity));
            let (mut unknown, none): (Vec<&str>, Vec<&str>) = further.partition(|severity| !severity.is_empty());
            unknown.sort_by_key(|recorded| severity(context, recorded));
            let severities = known.chain(unknown).chain(none);
            records.extend(severities.map(|severity| record(Counted::Severity(term, severity))));
        }
    }
    records
}

fn spread(spread: &Spread) -> Field {
    Field::Json(json!(spread))
}

/// Every serious event, by patient and onset, those too that no table counts.
fn listing(context: &Context, options: &Options) -> TestResult {
    let labels = context.trial.design.arms.labels();
    let mut serious: Vec<&AdverseEvent> = context.trial.events.iter().flatten().filter(|event| event.serious).collect();
    serious.sort_by(|a, b| {
        let onset = |event: &AdverseEvent| event.start_day.unwrap_or(f64::INFINITY);
        a.patient.cmp(&b.patient).then(onset(a).total_cmp(&onset(b))).then_with(|| a.term.cmp(&b.term))
    });
    let mut result = TestResult::new("listing", context.members().count(), options);
    let events: Vec<serde_json::Value> = serious
        .iter()
        .map(|event| {
            json!({
                "patient": context.trial.patients[event.patient].id,
                "arm": event.arm.and_then(|arm| labels.get(arm)),
                "term": event.term,
                "severity": severity(context, &event.severity),
                "related": event.related,
                "onset_day": event.start_day,
                "end_day": event.end_day,
                "duration_days": event.start_day.zip(event.end_day).map(|(start, end)| end - start + 1.0),
                "in_safety_set": context.set.members.get(event.patient).copied().unwrap_or(false),
                "treatment_emergent": event.emergent,
            })
        })
        .collect();
    if events.is_empty() {
        result.notes.push(remark!(no_serious));
    }
    result.extra = vec![("events", Field::Json(serde_json::Value::Array(events)))];
    result
}
