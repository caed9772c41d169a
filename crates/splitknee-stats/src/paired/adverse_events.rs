//! Safety: adverse events of knees and of patients.
//!
//! An event belongs to one knee (pain after the injection) or to the patient (a fever). A patient received both arms, so
//! that a patient-level event is never counted under one of them; a local event at both knees is one event in each. Incidence counts knees (or patients) with at least one
//! event; the arms are compared within patients by the McNemar mid-p test among patients with both knees injected.

use super::mcnemar::mid_p;
use super::pair_table::PairTable;
use super::proportion::{Tails, clopper_pearson};
use super::risk_difference::newcombe;
use super::{Alternative, Refusal};
use crate::math::descriptive::median;
use crate::note;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Which knees of a patient were injected: the safety population, one entry per patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// Patient.
    pub patient: String,
    /// Whether the knee of the active arm was injected.
    pub treated: bool,
    /// Whether the knee of the placebo arm was injected.
    pub control: bool,
}

/// Where an event happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Site {
    /// The knee of the active arm.
    TreatedKnee,
    /// The knee of the placebo arm.
    ControlKnee,
    /// The patient as a whole.
    Patient,
}

/// Severity, in order; the last two are the higher CTCAE grades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Grade 1.
    Mild,
    /// Grade 2.
    Moderate,
    /// Grade 3.
    Severe,
    /// Grade 4.
    LifeThreatening,
    /// Grade 5.
    Fatal,
}

impl Severity {
    /// Every severity, in order.
    pub const ALL: [Self; 5] = [Self::Mild, Self::Moderate, Self::Severe, Self::LifeThreatening, Self::Fatal];

    /// Reads `mild`, `MODERATE`, `3`, `grade 4`, `fatal`, `death`, `中等度`, `グレード3`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let word = text.trim().to_ascii_lowercase().replace(['_', '-'], " ");
        let word = ["grade ", "グレード"].into_iter().find_map(|grade| word.strip_prefix(grade)).unwrap_or(&word);
        match word.trim() {
            "mild" | "1" | "軽度" => Some(Self::Mild),
            "moderate" | "2" | "中等度" => Some(Self::Moderate),
            "severe" | "3" | "重度" | "高度" => Some(Self::Severe),
            "life threatening" | "4" => Some(Self::LifeThreatening),
            "fatal" | "death" | "5" | "死亡" => Some(Self::Fatal),
            _ => None,
        }
    }
}

/// One adverse event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AdverseEvent {
    /// Patient.
    pub patient: String,
    /// Where.
    pub site: Site,
    /// What, in the words of the study (preferred term).
    pub term: String,
    /// How severe; `None` when not recorded.
    pub severity: Option<Severity>,
    /// Whether judged related to the injection; `None` when not judged.
    pub related: Option<bool>,
    /// Whether serious.
    pub serious: bool,
    /// Day of onset, days since the injection (0 = the same day).
    pub onset_day: Option<f64>,
    /// Last day of the event, days since the injection; `None` when ongoing or unknown.
    pub end_day: Option<f64>,
}

impl AdverseEvent {
    /// Duration in days, first and last day included; `None` when one of them is unknown.
    pub fn duration_days(&self) -> Option<f64> {
        Some(self.end_day? - self.onset_day? + 1.0)
    }
}

/// What a row of an incidence table is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Category {
    /// Any event.
    Any,
    /// Any serious event.
    Serious,
    /// Any event judged related to the injection.
    Related,
    /// The worst event of the knee or patient has this severity.
    WorstSeverity(Severity),
    /// Events without a recorded severity only.
    SeverityUnknown,
    /// Events of this term.
    Term(String),
}

/// Units with at least one event, of how many, with the exact (Clopper–Pearson) interval; and the events themselves.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Incidence {
    /// Knees (or patients) with at least one event.
    pub with_event: u64,
    /// Knees (or patients) at risk.
    pub at_risk: u64,
    /// Their ratio; absent when none is at risk.
    pub share: Option<f64>,
    /// Lower confidence limit.
    pub conf_low: Option<f64>,
    /// Upper confidence limit.
    pub conf_high: Option<f64>,
    /// Number of events.
    pub events: u64,
    /// Events per knee (or patient) at risk; absent when none is at risk.
    pub events_per_unit: Option<f64>,
}

/// One row of the table of knee-level events.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KneeRow {
    /// What is counted.
    pub category: Category,
    /// Knees of the active arm.
    pub treated: Incidence,
    /// Knees of the placebo arm.
    pub control: Incidence,
    /// Patients with both knees injected: both, treated only, control only, neither knee with an event.
    pub pairs: [u64; 4],
    /// Risk difference among those patients, treated − control; absent without pairs.
    pub risk_difference: Option<f64>,
    /// Newcombe's lower limit.
    pub conf_low: Option<f64>,
    /// Newcombe's upper limit.
    pub conf_high: Option<f64>,
    /// McNemar mid-p value; absent without pairs, 1 without discordant pairs.
    pub p_value: Option<f64>,
}

/// One row of the table of patient-level events.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PatientRow {
    /// What is counted.
    pub category: Category,
    /// Patients.
    pub patients: Incidence,
}

/// Onset and duration of the events of one site.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timing {
    /// Where.
    pub site: Site,
    /// Onset in days since the injection.
    pub onset: Spread,
    /// Duration in days, first and last day included.
    pub duration: Spread,
}

/// Median and range of the known values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    /// Events with a known value.
    pub known: u64,
    /// Events without.
    pub unknown: u64,
    /// Median of the known values.
    pub median: Option<f64>,
    /// Smallest.
    pub min: Option<f64>,
    /// Largest.
    pub max: Option<f64>,
}

/// The safety statistics of a trial.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SafetySummary {
    /// Patients with at least one injected knee.
    pub n_patients: u64,
    /// Injected knees of the active arm.
    pub n_treated_knees: u64,
    /// Injected knees of the placebo arm.
    pub n_control_knees: u64,
    /// Patients with both knees injected.
    pub n_pairs: u64,
    /// Patients with any event, in a knee or systemic.
    pub any_event: Incidence,
    /// Patients with any serious event, in a knee or systemic. Its upper limit bounds the risk when there was none.
    pub any_serious: Incidence,
    /// Knee-level events by arm: any, serious, related, by worst severity, then by term (most knees first).
    pub knees: Vec<KneeRow>,
    /// Patient-level events: the same rows.
    pub patients: Vec<PatientRow>,
    /// Onset and duration by site.
    pub timing: Vec<Timing>,
    /// Serious events, by patient and onset.
    pub serious: Vec<AdverseEvent>,
}

/// Counts the adverse events of a safety population.
///
/// # Errors
/// When a patient is listed twice, an event belongs to a patient outside the population or to a knee that was not
/// injected, an event ends before it begins or has a day that is not finite, or the confidence level is invalid.
pub fn summarise(population: &[Exposure], events: &[AdverseEvent], conf_level: f64) -> Result<SafetySummary, Refusal> {
    let tails = Tails::two_sided(conf_level)?;
    let mut exposure: BTreeMap<&str, &Exposure> = BTreeMap::new();
    for patient in population {
        if exposure.insert(&patient.patient, patient).is_some() {
            return Err(Refusal(note!(listed_twice, patient = &patient.patient)));
        }
    }
    exposure.retain(|_, patient| patient.treated || patient.control);
    for event in events {
        check(event, exposure.get(event.patient.as_str()).copied())?;
    }
    let units = Units { exposure: &exposure, tails };
    let knee_events: Vec<&AdverseEvent> = events.iter().filter(|event| event.site != Site::Patient).collect();
    let patient_events: Vec<&AdverseEvent> = events.iter().filter(|event| event.site == Site::Patient).collect();
    let serious = |event: &&AdverseEvent| event.serious;
    let all: Vec<&AdverseEvent> = events.iter().collect();
    let all_serious: Vec<&AdverseEvent> = events.iter().filter(serious).collect();
    let mut listing: Vec<AdverseEvent> = events.iter().filter(serious).cloned().collect();
    listing.sort_by(|a, b| {
        let onset = |event: &AdverseEvent| event.onset_day.unwrap_or(f64::INFINITY);
        a.patient.cmp(&b.patient).then(onset(a).total_cmp(&onset(b))).then_with(|| a.term.cmp(&b.term))
    });
    Ok(SafetySummary {
        n_patients: exposure.len() as u64,
        n_treated_knees: units.at_risk(Site::TreatedKnee),
        n_control_knees: units.at_risk(Site::ControlKnee),
        n_pairs: exposure.values().filter(|patient| patient.treated && patient.control).count() as u64,
        any_event: units.incidence_of_patients(&all),
        any_serious: units.incidence_of_patients(&all_serious),
        knees: categories(&knee_events).into_iter().map(|category| units.knee_row(category, &knee_events)).collect(),
        patients: categories(&patient_events)
            .into_iter()
            .map(|category| {
                let counted = of_category(&category, &patient_events);
                PatientRow { category, patients: units.incidence_of_patients(&counted) }
            })
            .collect(),
        timing: [Site::TreatedKnee, Site::ControlKnee, Site::Patient]
            .into_iter()
            .map(|site| {
                let here = || events.iter().filter(move |event| event.site == site);
                Timing {
                    site,
                    onset: spread(here().map(|event| event.onset_day)),
                    duration: spread(here().map(AdverseEvent::duration_days)),
                }
            })
            .collect(),
        serious: listing,
    })
}

/// Refuses an event that does not fit the population or itself.
fn check(event: &AdverseEvent, exposure: Option<&Exposure>) -> Result<(), Refusal> {
    let exposure =
        exposure.ok_or_else(|| Refusal(note!(event_outside, term = &event.term, patient = &event.patient)))?;
    let injected = match event.site {
        Site::TreatedKnee => exposure.treated,
        Site::ControlKnee => exposure.control,
        Site::Patient => true,
    };
    if !injected {
        return Err(Refusal(note!(event_not_injected, term = &event.term, patient = &event.patient)));
    }
    if [event.onset_day, event.end_day].iter().flatten().any(|day| !day.is_finite()) {
        return Err(Refusal(note!(event_day, term = &event.term, patient = &event.patient)));
    }
    if event.duration_days().is_some_and(|days| days < 1.0) {
        return Err(Refusal(note!(event_backwards, term = &event.term, patient = &event.patient)));
    }
    Ok(())
}

/// The rows of a table: any, serious, related, worst severities that occur, terms by how many units have them.
fn categories(events: &[&AdverseEvent]) -> Vec<Category> {
    let mut rows = vec![Category::Any, Category::Serious, Category::Related];
    rows.extend(
        Severity::ALL.into_iter().map(Category::WorstSeverity).filter(|row| !of_category(row, events).is_empty()),
    );
    if !of_category(&Category::SeverityUnknown, events).is_empty() {
        rows.push(Category::SeverityUnknown);
    }
    let mut units: BTreeMap<&str, BTreeSet<(&str, Site)>> = BTreeMap::new();
    for event in events {
        units.entry(&event.term).or_default().insert((&event.patient, event.site));
    }
    let mut terms: Vec<(&str, usize)> = units.into_iter().map(|(term, units)| (term, units.len())).collect();
    terms.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    rows.extend(terms.into_iter().map(|(term, _)| Category::Term(term.to_string())));
    rows
}

/// The events that a row counts. By severity, a unit is counted once, at its worst, with its events of that severity.
fn of_category<'a>(category: &Category, events: &[&'a AdverseEvent]) -> Vec<&'a AdverseEvent> {
    let by_severity = matches!(category, Category::WorstSeverity(_) | Category::SeverityUnknown);
    let mut worst: BTreeMap<(&str, Site), Option<Severity>> = BTreeMap::new();
    for event in events.iter().filter(|_| by_severity) {
        let severity = worst.entry((&event.patient, event.site)).or_default();
        *severity = event.severity.max(*severity);
    }
    let worst = |event: &AdverseEvent| worst.get(&(event.patient.as_str(), event.site)).copied().flatten();
    events
        .iter()
        .filter(|event| match category {
            Category::Any => true,
            Category::Serious => event.serious,
            Category::Related => event.related == Some(true),
            Category::WorstSeverity(severity) => event.severity == Some(*severity) && worst(event) == Some(*severity),
            Category::SeverityUnknown => worst(event).is_none(),
            Category::Term(term) => event.term == *term,
        })
        .copied()
        .collect()
}

/// Median and range of the known values.
fn spread(values: impl Iterator<Item = Option<f64>>) -> Spread {
    let (mut known, mut unknown) = (Vec::new(), 0);
    for value in values {
        match value {
            Some(value) => known.push(value),
            None => unknown += 1,
        }
    }
    Spread {
        known: known.len() as u64,
        unknown,
        median: median(&known),
        min: known.iter().copied().reduce(f64::min),
        max: known.iter().copied().reduce(f64::max),
    }
}

/// The population at risk, and the tails of its intervals.
struct Units<'a> {
    exposure: &'a BTreeMap<&'a str, &'a Exposure>,
    tails: Tails,
}

impl Units<'_> {
    /// Knees (or patients) at risk at a site.
    fn at_risk(&self, site: Site) -> u64 {
        let counted = |patient: &&&Exposure| match site {
            Site::TreatedKnee => patient.treated,
            Site::ControlKnee => patient.control,
            Site::Patient => true,
        };
        self.exposure.values().filter(counted).count() as u64
    }

    fn incidence(&self, with_event: u64, at_risk: u64, events: u64) -> Incidence {
        let ((low, _), (high, _)) = clopper_pearson(with_event, at_risk, self.tails);
        let any = at_risk > 0;
        Incidence {
            with_event,
            at_risk,
            share: any.then(|| with_event as f64 / at_risk as f64),
            conf_low: any.then_some(low),
            conf_high: any.then_some(high),
            events,
            events_per_unit: any.then(|| events as f64 / at_risk as f64),
        }
    }

    /// Patients with at least one of the events, wherever it happened.
    fn incidence_of_patients(&self, events: &[&AdverseEvent]) -> Incidence {
        let patients: BTreeSet<&str> = events.iter().map(|event| event.patient.as_str()).collect();
        self.incidence(patients.len() as u64, self.at_risk(Site::Patient), events.len() as u64)
    }

    fn knee_row(&self, category: Category, events: &[&AdverseEvent]) -> KneeRow {
        let counted = of_category(&category, events);
        let at = |site: Site| counted.iter().filter(move |event| event.site == site);
        let with_event = |site: Site| at(site).map(|event| event.patient.as_str()).collect::<BTreeSet<&str>>();
        let (treated, control) = (with_event(Site::TreatedKnee), with_event(Site::ControlKnee));
        let mut table = PairTable::default();
        for (patient, _) in self.exposure.iter().filter(|(_, patient)| patient.treated && patient.control) {
            match (treated.contains(patient), control.contains(patient)) {
                (true, true) => table.a += 1,
                (true, false) => table.b += 1,
                (false, true) => table.c += 1,
                (false, false) => table.d += 1,
            }
        }
        let limits = newcombe(&table, self.tails);
        let incidence = |site: Site, with_event: usize| {
            self.incidence(with_event as u64, self.at_risk(site), at(site).count() as u64)
        };
        KneeRow {
            treated: incidence(Site::TreatedKnee, treated.len()),
            control: incidence(Site::ControlKnee, control.len()),
            pairs: [table.a, table.b, table.c, table.d],
            risk_difference: table.risk_difference(),
            conf_low: limits.map(|(low, _)| low),
            conf_high: limits.map(|(_, high)| high),
            p_value: (table.n() > 0).then(|| mid_p(&table, Alternative::TwoSided)),
            category,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn population() -> Vec<Exposure> {
        (1..=31).map(|i| Exposure { patient: format!("P{i:02}"), treated: true, control: i != 31 }).collect()
    }

    fn event(patient: u32, site: Site, term: &str) -> AdverseEvent {
        AdverseEvent {
            patient: format!("P{patient:02}"),
            site,
            term: term.into(),
            severity: Some(Severity::Mild),
            related: Some(true),
            serious: false,
            onset_day: Some(0.0),
            end_day: Some(2.0),
        }
    }

    #[test]
    fn counts_knees_and_patients_apart() {
        let mut events = vec![
            event(1, Site::TreatedKnee, "pain"),
            event(1, Site::TreatedKnee, "pain"),
            event(1, Site::ControlKnee, "pain"),
            event(2, Site::TreatedKnee, "heat"),
            event(3, Site::TreatedKnee, "pain"),
            event(4, Site::TreatedKnee, "pain"),
            event(5, Site::Patient, "fever"),
            event(31, Site::TreatedKnee, "pain"),
        ];
        events[4].severity = Some(Severity::Severe);
        events[3].end_day = None;
        let summary = summarise(&population(), &events, 0.95).expect("events of the population");
        assert_eq!(
            (summary.n_patients, summary.n_treated_knees, summary.n_control_knees, summary.n_pairs),
            (31, 31, 30, 30)
        );
        let any = &summary.knees[0];
        assert_eq!((any.treated.with_event, any.treated.events, any.control.with_event), (5, 6, 1));
        // Patient 31 has one knee: in the incidence of the arm, not among the pairs.
        assert_eq!(any.pairs, [1, 3, 0, 26]);
        // McNemar mid-p of 3 against 0: 2 × (1/2)³ less the probability of the table, (1/2)³.
        assert!((any.p_value.expect("a p-value") - 0.125).abs() < 1e-14);
        // R 4.2.2: binom.test(5, 31)$conf.int.
        assert!((any.treated.conf_low.expect("a limit") - 0.054524326215083546).abs() < 1e-12);
        assert!((any.treated.conf_high.expect("a limit") - 0.33727158497317933).abs() < 1e-12);
        // The fever is nobody's knee.
        assert!(!summary.knees.iter().any(|row| row.category == Category::Term("fever".into())));
        assert_eq!(summary.patients[0].patients.with_event, 1);
        assert_eq!(summary.any_event.with_event, 6);
        let severe = summary.knees.iter().find(|row| row.category == Category::WorstSeverity(Severity::Severe));
        assert_eq!(severe.map(|row| (row.treated.with_event, row.control.with_event)), Some((1, 0)));
        // 0 to 2 days after the injection are three days.
        assert_eq!(summary.timing[0].duration.median, Some(3.0));
        assert_eq!((summary.timing[0].duration.known, summary.timing[0].duration.unknown), (5, 1));
    }

    #[test]
    fn no_serious_event_bounds_the_risk() {
        let summary = summarise(&population(), &[], 0.95).expect("a population");
        assert_eq!(summary.any_serious.with_event, 0);
        // R 4.2.2: binom.test(0, 31)$conf.int[2], the upper 97.5 % limit.
        assert!((summary.any_serious.conf_high.expect("a limit") - 0.11218874692237002).abs() < 1e-12);
        assert_eq!(summary.knees[0].p_value, Some(1.0));
        let nobody = summarise(&[], &[], 0.95).expect("an empty population is no error");
        assert_eq!((nobody.any_event.share, nobody.knees[0].p_value), (None, None));
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let refused = |event: AdverseEvent| summarise(&population(), &[event], 0.95).is_err();
        assert!(refused(event(99, Site::Patient, "fever")));
        assert!(refused(event(31, Site::ControlKnee, "pain")));
        assert!(refused(AdverseEvent { end_day: Some(-1.0), ..event(1, Site::Patient, "fever") }));
        assert!(refused(AdverseEvent { onset_day: Some(f64::NAN), ..event(1, Site::Patient, "fever") }));
    }
}
