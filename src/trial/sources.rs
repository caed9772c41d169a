//! What a trial is built from: the tables as read, the roles of their columns, and the analysis sets.

use super::codes::{Code, Codes, TwoReadings, write_labels};
use super::columns::Declared;
use super::expr::Condition;
use super::finding::{Finding, Severity};
use super::findings::place;
use super::replicates::Replicates;
use crate::data::{Provenance, Table};
use crate::instrument::{Instrument, Scale};
use std::collections::BTreeSet;

/// A file as read.
#[derive(Debug, Clone)]
pub struct Source {
    /// Name as given in the plan, for messages.
    pub file: String,
    /// Its columns.
    pub table: Table,
}

/// How the observations are laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// One row per knee and visit, one column per endpoint.
    Long,
    /// Column names follow a pattern with `{endpoint}` and optionally `{knee}`, `{arm}` and `{visit}`.
    Wide {
        /// The pattern.
        pattern: String,
    },
    /// One row per knee, visit and parameter (CDISC ADaM BDS).
    Bds {
        /// Column with the parameter code.
        parameter: String,
        /// Column with the analysis value.
        value: String,
    },
}

/// The columns of the observations that identify a measurement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roles {
    /// Patient identifier.
    pub patient: String,
    /// Side or body site.
    pub knee: Option<String>,
    /// Treatment.
    pub arm: Option<String>,
    /// Visit.
    pub visit: Option<String>,
    /// Months since baseline.
    pub month: Option<String>,
    /// Date of the visit.
    pub date: Option<String>,
}

/// The randomisation list.
#[derive(Debug, Clone)]
pub struct Allocation {
    /// The file.
    pub source: Source,
    /// Patient identifier.
    pub patient: String,
    /// How the list says which knee is on which arm.
    pub form: AllocationForm,
    /// Position in the list.
    pub order: Option<String>,
    /// Date of randomisation.
    pub date: Option<String>,
}

/// How a randomisation list says which knee is on which arm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllocationForm {
    /// One row per knee.
    PerKnee {
        /// Column of the side; `None` where the arm names the site.
        knee: Option<String>,
        /// Column of the treatment.
        arm: String,
    },
    /// One row per patient, with the side of the active knee; the other side is on placebo.
    ActiveKnee {
        /// Column of the side.
        column: String,
    },
}

/// The adverse events.
#[derive(Debug, Clone)]
pub struct Events {
    /// The file.
    pub source: Source,
    /// Side or body site concerned; empty cell for the whole patient.
    pub knee: String,
    /// Preferred term.
    pub term: String,
    /// Severity.
    pub severity: String,
    /// Whether serious.
    pub serious: String,
    /// Whether related to treatment.
    pub related: String,
    /// Day of onset.
    pub start_day: String,
    /// Day of resolution.
    pub end_day: String,
    /// The number of the day of treatment.
    pub first_day: Option<u8>,
    /// Whether treatment-emergent; by the day of onset where `None`.
    pub emergent: Option<String>,
    /// System organ class, where the file has it.
    pub organ_class: Option<String>,
    /// What is listed and not counted: dates of onset and of resolution, action taken, outcome; each where the file has it.
    pub listed: [Option<String>; 4],
    /// Name of the safety set; the first set where `None`.
    pub set: Option<String>,
    /// The permitted severities, mildest first.
    pub severities: Vec<String>,
}

/// The protocol deviations.
#[derive(Debug, Clone)]
pub struct Deviations {
    /// The file.
    pub source: Source,
    /// What the deviation was.
    pub what: String,
    /// Side or body site concerned, where the file says.
    pub knee: Option<String>,
    /// Date, where the file has it.
    pub date: Option<String>,
    /// Whether important, where the file says.
    pub important: Option<String>,
}

/// How and when patients left the trial.
#[derive(Debug, Clone)]
pub struct Disposition {
    /// The file.
    pub source: Source,
    /// Column of the status.
    pub status: String,
    /// Column of the reason for leaving.
    pub reason: String,
    /// Column of the last visit attended.
    pub last_visit: String,
}

/// The intercurrent events.
#[derive(Debug, Clone)]
pub struct Intercurrent {
    /// The file.
    pub source: Source,
    /// Column of the patient.
    pub patient: String,
    /// Column of the side; an empty cell is the whole patient.
    pub knee: String,
    /// Column of the first affected visit.
    pub visit: Option<String>,
    /// Column of the date.
    pub date: Option<String>,
    /// Column of the event's name.
    pub event: String,
    /// What the plan's estimands handle.
    pub handled: Vec<Handled>,
}

/// An intercurrent event that the plan's estimands handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handled {
    /// Its name.
    pub event: String,
    /// Whether it reaches the whole patient.
    pub of_patient: bool,
    /// Whether the knee is replaced.
    pub arthroplasty: bool,
}

/// An analysis set by its condition on patient-level columns.
#[derive(Debug, Clone, PartialEq)]
pub struct SetDefinition {
    /// Short name.
    pub name: String,
    /// Name in full.
    pub label: String,
    /// Membership; all patients with data where `None`.
    pub condition: Option<Condition>,
}

/// How an endpoint is scored from questionnaire items.
#[derive(Debug, Clone)]
pub struct Scoring {
    /// Instrument.
    pub instrument: Instrument,
    /// Scale of the instrument.
    pub scale: Scale,
    /// Columns of the items, in the instrument's order.
    pub items: Vec<String>,
    /// Whether scores are carried to 0–100.
    pub normalised: bool,
    /// The file of the items; the observations where `None`.
    pub source: Option<Source>,
}

/// Permitted days of a visit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VisitWindow {
    /// Index of the visit.
    pub visit: usize,
    /// First permitted day since baseline.
    pub from_day: f64,
    /// Last permitted day since baseline.
    pub to_day: f64,
}

/// A file of observations with what its columns mean.
#[derive(Debug, Clone)]
pub struct Observations {
    /// The file.
    pub source: Source,
    /// Its layout.
    pub layout: Layout,
    /// Its columns.
    pub roles: Roles,
    /// Rows to keep.
    pub filter: Option<Condition>,
}

/// Everything a [`super::Trial`] is built from.
#[derive(Debug, Clone)]
pub struct Sources {
    /// Observations.
    pub observations: Source,
    /// Their layout.
    pub layout: Layout,
    /// Their columns.
    pub roles: Roles,
    /// Rows to keep.
    pub filter: Option<Condition>,
    /// Further files of observations, joined with the first on patient, knee and visit.
    pub further: Vec<Observations>,
    /// One row per patient.
    pub patients: Option<Source>,
    /// Randomisation.
    pub allocation: Option<Allocation>,
    /// Adverse events.
    pub events: Option<Events>,
    /// Disposition.
    pub disposition: Option<Disposition>,
    /// Intercurrent events.
    pub intercurrent: Option<Intercurrent>,
    /// The protocol deviations.
    pub deviations: Option<Deviations>,
    /// Column of the patient in the files of patients, events and disposition.
    pub patient_column: String,
    /// Analysis sets, the primary one first.
    pub sets: Vec<SetDefinition>,
    /// Patient-level columns that the plan uses, each with what for: covariates, subgroups, baseline table.
    pub patient_columns: Vec<(&'static str, String)>,
    /// Patient-level columns that the plan declares.
    pub declared: Vec<Declared>,
    /// Patient-level column with the date of randomisation.
    pub randomisation_date: Option<String>,
    /// Patient-level column that names the knee injected first.
    pub injected_first: Option<String>,
    /// Visit windows.
    pub windows: Vec<VisitWindow>,
    /// By endpoint: how it is scored, where it is; only for the long layout.
    pub scores: Vec<Option<Scoring>>,
    /// By endpoint: columns whose sum it must be.
    pub sums: Vec<Vec<String>>,
    /// Columns with the exposures of counts that are no endpoints themselves, once each; parameter codes in a basic data
    /// structure.
    pub exposures: Vec<String>,
    /// By endpoint: what several readings of one knee at one visit stand for; refused where it names none.
    pub replicates: Vec<Replicates>,
    /// By endpoint, and then by exposure: its parameter code in exported analysis data, declared or made from its identifier.
    pub parameter_codes: Vec<String>,
    /// Codes that the labels have taken the place of; columns of wide data are still named by them.
    pub codes: Codes,
    /// What reading the files found that stops nothing: rows that a condition left out because it could not read a cell.
    pub said: Vec<Finding>,
    /// Columns that blinding emptied, because they tell which knee had which treatment.
    pub emptied: BTreeSet<String>,
}

impl Sources {
    /// Puts the labels of the plan in the place of codes, in every column that has a role.
    ///
    /// # Errors
    /// Numbers that their file labels as one thing and the plan calls another.
    pub fn write_labels(&mut self, codes: Codes) -> Result<(), Vec<Finding>> {
        let mut twice: Vec<(String, TwoReadings)> = Vec::new();
        let mut write = |source: &mut Source, column: &str, codes: &[Code]| {
            let found = write_labels(&mut source.table, column, codes);
            twice.extend(found.into_iter().map(|reading| (source.file.clone(), reading)));
        };
        let mut roles = |source: &mut Source, roles: &Roles| {
            for (column, names) in
                [(&roles.knee, &codes.sides), (&roles.arm, &codes.arms), (&roles.visit, &codes.visits)]
            {
                if let Some(column) = column {
                    write(source, column, names);
                }
            }
        };
        roles(&mut self.observations, &self.roles);
        for further in &mut self.further {
            roles(&mut further.source, &further.roles);
        }
        for source in self.scores.iter_mut().flatten().filter_map(|scoring| scoring.source.as_mut()) {
            roles(source, &self.roles);
        }
        if let Some(Allocation { source, form, .. }) = &mut self.allocation {
            match form {
                AllocationForm::PerKnee { knee, arm } => {
                    write(source, arm, &codes.arms);
                    knee.iter().for_each(|knee| write(source, knee, &codes.sides));
                }
                AllocationForm::ActiveKnee { column } => write(source, column, &codes.sides),
            }
        }
        if let Some(events) = &mut self.events {
            let sides = if self.roles.knee.is_some() || !codes.sides.is_empty() { &codes.sides } else { &codes.arms };
            write(&mut events.source, &events.knee, sides);
            write(&mut events.source, &events.severity, &codes.severities);
            for flag in [Some(&events.serious), Some(&events.related), events.emergent.as_ref()].into_iter().flatten() {
                write(&mut events.source, flag, &codes.flags);
            }
        }
        if let Some(deviations) = &mut self.deviations {
            let sides = if self.roles.knee.is_some() || !codes.sides.is_empty() { &codes.sides } else { &codes.arms };
            deviations.knee.iter().for_each(|knee| write(&mut deviations.source, knee, sides));
            deviations.important.iter().for_each(|flag| write(&mut deviations.source, flag, &codes.flags));
        }
        if let Some(Disposition { source, last_visit, .. }) = &mut self.disposition {
            write(source, last_visit, &codes.visits);
        }
        if let Some(first) = &self.injected_first {
            let observed =
                std::iter::once(&mut self.observations).chain(self.further.iter_mut().map(|f| &mut f.source));
            for source in observed.chain(&mut self.patients) {
                write(source, first, &codes.sides);
                write(source, first, &codes.arms);
            }
        }
        let findings = twice.into_iter().map(|(file, reading)| {
            let (message, remedy) = reading.said();
            let location = place(&file, None, Some(&reading.column));
            Finding { rule: "SK009", severity: Severity::Error, location, message, remedy }
        });
        let findings: Vec<Finding> = findings.collect();
        self.codes = codes;
        if findings.is_empty() { Ok(()) } else { Err(findings) }
    }

    /// Every file of observations with the columns that identify its rows, the first file first.
    pub fn observed(&self) -> impl Iterator<Item = (&Source, &Roles)> {
        let further = self.further.iter().map(|further| (&further.source, &further.roles));
        std::iter::once((&self.observations, &self.roles)).chain(further)
    }

    /// The names of the files of observations.
    pub fn observed_files(&self) -> String {
        self.observed().map(|(source, _)| source.file.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Every file that was read, under the name the plan gives it, and how it was read; the observations first.
    pub fn provenance(&self) -> Vec<(&str, &Provenance)> {
        self.tables().into_iter().map(|(file, table)| (file, &table.provenance)).collect()
    }

    /// Every file that was read, under the name the plan gives it and once; the observations first.
    pub fn tables(&self) -> Vec<(&str, &Table)> {
        let mut files: Vec<(&str, &Table)> = Vec::new();
        for (file, table) in self.readings() {
            if !files.iter().any(|(known, _)| *known == file) {
                files.push((file, table));
            }
        }
        files
    }

    /// Every reading of a file, which may be read as observations and as the file of patients.
    pub fn readings(&self) -> Vec<(&str, &Table)> {
        let others = [
            self.patients.as_ref(),
            self.allocation.as_ref().map(|allocation| &allocation.source),
            self.events.as_ref().map(|events| &events.source),
            self.disposition.as_ref().map(|disposition| &disposition.source),
            self.intercurrent.as_ref().map(|events| &events.source),
            self.deviations.as_ref().map(|deviations| &deviations.source),
        ];
        let items = self.scores.iter().flatten().filter_map(|scoring| scoring.source.as_ref());
        let observed = self.observed().map(|(source, _)| source);
        let all = observed.chain(others.into_iter().flatten()).chain(items);
        all.map(|source| (source.file.as_str(), &source.table)).collect()
    }
}
