//! The rows and columns of the models: one row per knee and visit, or per patient and visit for the differences.

use super::Context;
use super::notes::remark;
use super::record::Rows;
use crate::math::decimal::subtract;
use crate::model::{Columns, ModelError};
use crate::plan::BaselinePlan;
use crate::trial::columns::ColumnKind;
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{Knee, Measure, Observation};
use std::collections::HashMap;

/// The rows of one endpoint's model, and what was left out.
pub struct ModelRows {
    /// Knee-visits analysed.
    pub used: Vec<Observation>,
    /// What was left out, and why.
    pub rows: Rows,
    /// Visits with at least one row, in order.
    pub visits: Vec<usize>,
    /// How the baseline enters.
    pub baseline: BaselinePlan,
    /// The plan's covariates.
    pub covariates: Vec<Covariate>,
    /// Whether the model is one of rates: its baseline is the logarithm of a rate.
    pub rates: bool,
    /// Whether side is a term.
    pub side: bool,
    /// The column that names the knee injected first, where its order is a term.
    pub injected_first: Option<String>,
}

/// A patient-level covariate.
pub struct Covariate {
    /// Its name in formulas.
    pub term: String,
    /// Its column in the patients file.
    column: String,
    /// Whether every value is a number.
    numeric: bool,
}

impl ModelRows {
    /// The knee-visits of `endpoint` at `visits` that have everything the model needs.
    pub fn new(context: &Context, endpoint: usize, visits: &[usize], measure: Measure, baseline: BaselinePlan) -> Self {
        let trial = context.trial;
        let covariates = covariates(context);
        let injected_first = context.plan.analysis.injected_first.clone();
        let mut rows = Rows::default();
        let mut used = Vec::new();
        for row in trial.observations(endpoint, visits, measure, context.set) {
            let known = |covariate: &Covariate| covariate.of(context, row.patient).is_some();
            if baseline != BaselinePlan::None && row.baseline.is_none() {
                rows.leave_out(remark!(baseline_missing), 1);
            } else if !covariates.iter().all(known) {
                rows.leave_out(remark!(covariate_missing), 1);
            } else if injected_first.is_some() && injection(context, row.patient, row.arm).is_none() {
                rows.leave_out(remark!(injection_unknown), 1);
            } else {
                used.push(row);
            }
        }
        rows.used = used.len();
        let [no_value, no_baseline] = missing(context, endpoint, visits, measure);
        rows.leave_out(remark!(no_value_at_this), no_value);
        rows.leave_out(remark!(baseline_missing), no_baseline);
        let seen = visits.iter().copied().filter(|visit| used.iter().any(|row| row.visit == *visit)).collect();
        let side = context.plan.analysis.side;
        Self { used, rows, visits: seen, baseline, covariates, rates: false, side, injected_first }
    }

    /// Patients with at least one row.
    pub fn n_patients(&self) -> usize {
        let mut patients: Vec<usize> = self.used.iter().map(|row| row.patient).collect();
        patients.dedup();
        patients.len()
    }

    /// ` + baseline + side + …`: the terms beside treatment and visit.
    pub fn further_terms(&self) -> String {
        let mut text = String::new();
        let baselines: &[&str] = match self.baseline {
            BaselinePlan::Own => &["baseline"],
            BaselinePlan::Pair => &["baseline_mean", "baseline_deviation"],
            BaselinePlan::None => &[],
        };
        for name in baselines {
            text.push_str(&with_slopes(name, self.visits.len() > 1));
        }
        if self.side {
            text.push_str(" + side");
        }
        if self.injected_first.is_some() {
            text.push_str(" + injection");
        }
        for covariate in &self.covariates {
            text.push_str(" + ");
            text.push_str(&covariate.term);
        }
        text
    }

    /// The columns of a model over knees. `knee` is named by its arm, which is unique within the patient; `cell` is knee
    /// and visit together.
    ///
    /// # Errors
    /// Columns that cannot stand together.
    pub fn columns(&self, context: &Context, endpoint: usize) -> Result<Columns, ModelError> {
        let trial = context.trial;
        let rows = &self.used;
        let labels = trial.design.arms.labels();
        let visit_label = |visit: usize| trial.design.visits[visit].label.as_str();
        let mut columns = Columns::new();
        columns.add_numeric("value", rows.iter().map(|row| row.value).collect())?;
        columns.add_categorical("patient", rows.iter().map(|row| Some(trial.patients[row.patient].id.as_str())))?;
        for name in ["treatment", "knee"] {
            columns.add_categorical(name, rows.iter().map(|row| Some(labels[row.arm])))?;
            columns.set_levels(name, &labels)?;
        }
        columns.add_categorical("visit", rows.iter().map(|row| Some(visit_label(row.visit))))?;
        let order: Vec<&str> = self.visits.iter().map(|&visit| visit_label(visit)).collect();
        columns.set_levels("visit", &order)?;
        let cell = |row: &Observation| Some(format!("{} {}", labels[row.arm], visit_label(row.visit)));
        columns.add_categorical("cell", rows.iter().map(cell))?;
        let exposure = |patient: usize, arm: usize, visit: usize| {
            trial.patients[patient].knee(arm).and_then(|knee| knee.exposure(endpoint, visit))
        };
        let about = &trial.design.endpoints[endpoint];
        if about.exposure.is_some() {
            let of = |row: &Observation| exposure(row.patient, row.arm, row.visit).unwrap_or(f64::NAN);
            columns.add_numeric("exposure", rows.iter().map(of).collect())?;
        }
        // A baseline count enters a log mean as the logarithm of its rate, half an event added.
        let as_entered = |patient: usize, arm: usize, value: f64| match trial.design.baseline {
            Some(visit) if self.rates => ((value + 0.5) / exposure(patient, arm, visit).unwrap_or(1.0)).ln(),
            _ => value,
        };
        let own = |row: &Observation| row.baseline.map_or(f64::NAN, |value| as_entered(row.patient, row.arm, value));
        match self.baseline {
            BaselinePlan::Own => columns.add_numeric("baseline", rows.iter().map(own).collect())?,
            BaselinePlan::Pair => {
                let mean = |row: &Observation| {
                    let knees = trial.patients[row.patient].knees();
                    let of = |knee: &Knee| Some(as_entered(row.patient, knee.arm, trial.baseline(knee, endpoint)?));
                    let known: Vec<f64> = knees.iter().filter_map(of).collect();
                    known.iter().sum::<f64>() / known.len() as f64
                };
                columns.add_numeric("baseline_mean", rows.iter().map(mean).collect())?;
                columns.add_numeric("baseline_deviation", rows.iter().map(|row| own(row) - mean(row)).collect())?;
            }
            BaselinePlan::None => {}
        }
        if self.side {
            let side = |row: &Observation| trial.patients[row.patient].knee(row.arm).map(|knee| knee.side.as_str());
            columns.add_categorical("side", rows.iter().map(side))?;
        }
        if self.injected_first.is_some() {
            columns.add_categorical("injection", rows.iter().map(|row| injection(context, row.patient, row.arm)))?;
            columns.set_levels("injection", &["first", "second"])?;
        }
        for covariate in &self.covariates {
            covariate.add(context, &mut columns, rows.iter().map(|row| row.patient))?;
        }
        Ok(columns)
    }
}

/// A baseline with a slope per visit where there are several: one slope over all visits wastes power where the spread
/// grows or the baseline tells less about later visits.
pub fn with_slopes(name: &str, several: bool) -> String {
    if several { format!(" + {name} + {name}:visit") } else { format!(" + {name}") }
}

/// Whether the knee on `arm` was injected `first` or `second`; `None` where the plan's column does not say.
pub fn injection(context: &Context, patient: usize, arm: usize) -> Option<&'static str> {
    let column = context.plan.analysis.injected_first.as_ref()?;
    let trial = context.trial;
    let patient = trial.patients.get(patient)?;
    let first = patient.injected_first(column, &trial.design.arms.labels());
    match first {
        Some(first) => Some(if first == arm { "first" } else { "second" }),
        // Only this knee is in the trial, and the other one was first.
        None => patient.attributes.get(column).filter(|_| patient.knees().len() == 1).map(|_| "second"),
    }
}

/// Scheduled knee-visits of the set without a value, and those whose value is a change and lacks its baseline.
fn missing(context: &Context, endpoint: usize, visits: &[usize], measure: Measure) -> [usize; 2] {
    let trial = context.trial;
    let knees = context.members().flat_map(|patient| trial.patients[patient].knees());
    let mut counts = [0, 0];
    for knee in knees {
        for &visit in visits {
            if knee.values[endpoint][visit].is_none() {
                counts[0] += 1;
            } else if trial.measured(knee, endpoint, visit, measure).is_none() {
                counts[1] += 1;
            }
        }
    }
    counts
}

/// The covariates of the plan's models.
pub fn covariates(context: &Context) -> Vec<Covariate> {
    covariates_of(context, &context.plan.analysis.covariates)
}

/// These columns as covariates: numbers or factors, as the plan declares them; a column that it does not declare is numeric
/// where all values are numbers.
pub fn covariates_of(context: &Context, columns: &[String]) -> Vec<Covariate> {
    let trial = context.trial;
    let mut found: Vec<Covariate> = Vec::new();
    for column in columns {
        let mut term: String =
            column.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
        let reserved = [
            "value",
            "patient",
            "treatment",
            "knee",
            "visit",
            "cell",
            "side",
            "injection",
            "baseline",
            "difference",
            "exposure",
        ];
        if !term.starts_with(|c: char| c.is_ascii_alphabetic()) || reserved.contains(&term.as_str()) {
            term = format!("covariate_{term}");
        }
        while found.iter().any(|known| known.term == term) {
            term.push('_');
        }
        let mut covariate = Covariate { term, column: column.clone(), numeric: true };
        covariate.numeric = match trial.column(column) {
            Some(column) => column.kind == ColumnKind::Number,
            None => (0..trial.patients.len())
                .filter_map(|patient| covariate.of(context, patient))
                .all(|cell| number(cell).is_some()),
        };
        found.push(covariate);
    }
    found
}

fn number(cell: &str) -> Option<f64> {
    cell.trim().parse().ok().filter(|value: &f64| value.is_finite())
}

impl Covariate {
    /// Whether every value is a number.
    pub fn is_numeric(&self) -> bool {
        self.numeric
    }

    /// Its column in the patients file.
    pub fn column(&self) -> &str {
        &self.column
    }

    /// The value of a patient, as text; `None` where missing.
    pub fn of<'a>(&self, context: &Context<'a>, patient: usize) -> Option<&'a str> {
        let cell = context.trial.patients[patient].attributes.get(&self.column)?;
        (!cell.is_empty()).then_some(cell.as_str())
    }

    /// Adds the covariate of `patients` to `columns`.
    ///
    /// # Errors
    /// A name that is taken.
    pub fn add(
        &self,
        context: &Context,
        columns: &mut Columns,
        patients: impl Iterator<Item = usize>,
    ) -> Result<(), ModelError> {
        if self.numeric {
            let value = |patient| self.of(context, patient).and_then(number).unwrap_or(f64::NAN);
            columns.add_numeric(&self.term, patients.map(value).collect())
        } else {
            columns.add_categorical(&self.term, patients.map(|patient| self.of(context, patient)))
        }
    }
}

/// One patient at one visit: active − placebo.
pub struct DifferenceRow {
    /// Index of the patient.
    pub patient: usize,
    /// Index of the visit.
    pub visit: usize,
    /// Active − placebo at the visit.
    pub difference: f64,
    /// Active − placebo at baseline, where both knees were observed then.
    pub baseline: Option<f64>,
    /// What an effect of the side leaves in the difference: 1 where the active knee is on the later side in alphabetical
    /// order, −1 where the placebo knee is.
    pub side: f64,
    /// The same of the order of injection: 1 where the active knee was second, −1 where it was first.
    pub injection: f64,
}

/// The differences of complete pairs among the rows of a model over knees.
pub fn differences(context: &Context, endpoint: usize, rows: &[Observation]) -> Vec<DifferenceRow> {
    let trial = context.trial;
    let placebo: HashMap<(usize, usize), f64> =
        rows.iter().filter(|row| row.arm == PLACEBO).map(|row| ((row.patient, row.visit), row.value)).collect();
    rows.iter()
        .filter(|row| row.arm == ACTIVE)
        .filter_map(|active| {
            let placebo = placebo.get(&(active.patient, active.visit))?;
            let (a, b) = trial.patients[active.patient].pair()?;
            let baseline = trial.baseline(a, endpoint).zip(trial.baseline(b, endpoint)).map(|(a, b)| subtract(a, b));
            let difference = subtract(active.value, *placebo);
            let side = if a.side > b.side { 1.0 } else { -1.0 };
            let injection = match injection(context, active.patient, active.arm) {
                Some("second") => 1.0,
                _ => -1.0,
            };
            Some(DifferenceRow { patient: active.patient, visit: active.visit, difference, baseline, side, injection })
        })
        .collect()
}
