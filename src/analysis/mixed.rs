//! The plan's mixed model of one endpoint: both knees of every patient at every visit after baseline.
//!
//! The model is `value ~ treatment * visit + baseline` with the covariance the plan declares; knees without a partner at
//! a visit stay in. Where the declared structure cannot be fitted, the plan's fallback order is followed and said.

use super::Context;
use super::record::{Record, Rows};
use crate::model::{self, Columns, Fit, FitOptions, Formula, GridValue, Input, ModelError, TTest};
use crate::paired::{Field, TestResult};
use crate::plan::{BaselinePlan, Ddf, Information, PrimaryMethod, Structure};
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{Kind, Measure, Observation, Role};

/// Source of the model and its inference.
const REFERENCE: &str = "Laird & Ware 1982; Kenward & Roger 1997, 2009; Satterthwaite 1946";

/// What the report says about a fitted model.
#[derive(Debug, Clone, PartialEq)]
pub struct FitSummary {
    /// Index of the endpoint.
    pub endpoint: usize,
    /// The model as a formula.
    pub formula: String,
    /// `REML` or `ML`.
    pub estimation: &'static str,
    /// Method of the degrees of freedom, with the information matrix.
    pub ddf: String,
    /// Covariance structure that was fitted.
    pub structure: &'static str,
    /// Log-likelihood, constants included (as R and SAS print it).
    pub log_lik: f64,
    /// Whether a variance component is on its boundary.
    pub singular: bool,
    /// The certificate of convergence in words.
    pub certificate: String,
    /// What the reader should know.
    pub notes: Vec<String>,
}

/// Whether `endpoint` is analysed by a mixed model: a score or measurement, where the plan's primary or sensitivity
/// methods include one.
pub fn applies(context: &Context, endpoint: usize) -> bool {
    let analysis = &context.plan.analysis;
    let asked = analysis.primary == PrimaryMethod::MixedModel || analysis.sensitivity.contains(&PrimaryMethod::MixedModel);
    asked && matches!(context.trial.design.endpoints[endpoint].kind, Kind::Continuous | Kind::Count)
}

/// The mixed model of `endpoint`: one record per visit, and what the report says about the fit.
pub fn analyse(context: &Context, endpoint: usize) -> (Vec<Record>, Option<FitSummary>) {
    let visits = context.visits(endpoint);
    if !applies(context, endpoint) || visits.is_empty() {
        return (Vec::new(), None);
    }
    let data = ModelData::new(context, endpoint, &visits);
    let analysis = &context.plan.analysis;
    let mut failures = Vec::new();
    for structure in std::iter::once(analysis.structure).chain(analysis.fallback.iter().copied()) {
        let formula = data.formula(structure);
        match data.fit(&formula) {
            Ok(fit) => {
                let records = visits.iter().map(|&visit| record(context, endpoint, visit, &data, &fit, structure, &failures));
                let records = records.collect();
                return (records, Some(summary(context, endpoint, &fit, formula, structure, failures)));
            }
            Err(error) => failures.push(format!("structure {} could not be fitted: {error}", structure.name())),
        }
    }
    let records = visits.iter().map(|&visit| without_numbers(context, endpoint, visit, &data, &failures)).collect();
    (records, None)
}

/// The rows of one endpoint's model.
struct ModelData {
    used: Vec<Observation>,
    without_baseline: Vec<Observation>,
    columns: Result<Columns, ModelError>,
    several_visits: bool,
    baseline: BaselinePlan,
}

impl ModelData {
    fn new(context: &Context, endpoint: usize, visits: &[usize]) -> Self {
        let trial = context.trial;
        let design = &trial.design;
        let baseline = if design.has_baseline(&design.endpoints[endpoint]) {
            context.plan.analysis.baseline
        } else {
            BaselinePlan::None
        };
        let all = trial.observations(endpoint, visits, context.measure(endpoint), context.set);
        let needs_baseline = baseline != BaselinePlan::None;
        let (used, without_baseline): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|row| !needs_baseline || row.baseline.is_some());
        let seen = visits.iter().filter(|visit| used.iter().any(|row| row.visit == **visit)).count();
        let columns = columns(context, endpoint, visits, &used, baseline);
        Self { used, without_baseline, columns, several_visits: seen > 1, baseline }
    }

    /// The model with covariance `structure`.
    fn formula(&self, structure: Structure) -> String {
        let mut text = String::from("value ~ treatment");
        if self.several_visits {
            text.push_str(" * visit");
        }
        match self.baseline {
            BaselinePlan::Own => text.push_str(" + baseline"),
            BaselinePlan::Pair => text.push_str(" + baseline_mean + baseline_deviation"),
            BaselinePlan::None => {}
        }
        text.push_str(match (structure, self.several_visits) {
            (Structure::Random, true) => " + (1|patient) + (1|patient:knee) + (1|patient:visit)",
            (Structure::Random, false) => " + (1|patient)",
            (_, false) => " + us(knee|patient)",
            (Structure::KronUsUs, true) => " + kron(us(knee), us(visit) | patient)",
            (Structure::KronUsAr1, true) => " + kron(us(knee), ar1(visit) | patient)",
            (Structure::KronUsCs, true) => " + kron(us(knee), cs(visit) | patient)",
            (Structure::Us, true) => " + us(cell|patient)",
        });
        text
    }

    fn fit(&self, formula: &str) -> Result<Fit, ModelError> {
        let columns = self.columns.as_ref().map_err(ModelError::clone)?;
        model::fit(columns, &Formula::parse(formula)?, &FitOptions::default())
    }
}

/// The columns of the model: `knee` is named by its arm, which is unique within the patient.
fn columns(
    context: &Context,
    endpoint: usize,
    visits: &[usize],
    rows: &[Observation],
    baseline: BaselinePlan,
) -> Result<Columns, ModelError> {
    let trial = context.trial;
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
    let order: Vec<&str> = visits.iter().map(|&visit| visit_label(visit)).collect();
    columns.set_levels("visit", &order)?;
    columns.add_categorical("cell", rows.iter().map(|row| Some(format!("{} {}", labels[row.arm], visit_label(row.visit)))))?;
    let own = |row: &Observation| row.baseline.unwrap_or(f64::NAN);
    match baseline {
        BaselinePlan::Own => columns.add_numeric("baseline", rows.iter().map(own).collect())?,
        BaselinePlan::Pair => {
            let mean = |row: &Observation| {
                let knees = trial.patients[row.patient].knees();
                let known: Vec<f64> = knees.iter().filter_map(|knee| trial.baseline(knee, endpoint)).collect();
                known.iter().sum::<f64>() / known.len() as f64
            };
            columns.add_numeric("baseline_mean", rows.iter().map(mean).collect())?;
            columns.add_numeric("baseline_deviation", rows.iter().map(|row| own(row) - mean(row)).collect())?;
        }
        BaselinePlan::None => {}
    }
    Ok(columns)
}

/// The contrast active − placebo at `visit`, covariates at their means (where they cancel).
fn contrast(context: &Context, fit: &Fit, visit: usize) -> Option<Vec<f64>> {
    let labels = context.trial.design.arms.labels();
    let point = |arm: usize| {
        let values: Option<Vec<GridValue>> = fit
            .frame
            .inputs
            .iter()
            .map(|input| match input {
                Input::Numeric { values, .. } => Some(GridValue::Number(values.iter().sum::<f64>() / values.len() as f64)),
                Input::Factor { name, levels, .. } => {
                    let wanted = if name == "treatment" { labels[arm] } else { &context.trial.design.visits[visit].label };
                    levels.iter().position(|level| level == wanted).map(|level| GridValue::Level(level as u32))
                }
            })
            .collect();
        values.and_then(|values| fit.design.row_at(&values))
    };
    let (active, placebo) = (point(ACTIVE)?, point(PLACEBO)?);
    Some(active.iter().zip(&placebo).map(|(a, b)| a - b).collect())
}

fn test_at(context: &Context, fit: &Fit, visit: usize) -> Result<TTest, String> {
    let analysis = &context.plan.analysis;
    let contrast = contrast(context, fit, visit).ok_or("the comparison is not estimable from these data")?;
    let inference = fit
        .inference(ddf(analysis.ddf), information(analysis.information), 1.0 - analysis.alpha)
        .map_err(|error| error.to_string())?;
    inference.contrast(&contrast).map_err(|error| error.to_string())
}

fn record(
    context: &Context,
    endpoint: usize,
    visit: usize,
    data: &ModelData,
    fit: &Fit,
    structure: Structure,
    failures: &[String],
) -> Record {
    let mut record = without_numbers(context, endpoint, visit, data, failures);
    let result = &mut record.result;
    match test_at(context, fit, visit) {
        Ok(test) => {
            result.estimate = Some(test.estimate);
            result.std_error = Some(test.std_error);
            result.statistic = test.statistic;
            result.df = test.df;
            result.p_value = test.p_value;
            result.conf_low = test.conf_low;
            result.conf_high = test.conf_high;
        }
        Err(reason) => result.notes.push(reason),
    }
    result.notes.extend(fit.notes.iter().cloned());
    result.extra.extend([
        ("structure", Field::Text(structure.name().to_owned())),
        ("ddf", Field::Text(context.plan.analysis.ddf.name().to_owned())),
        ("information", Field::Text(information(context.plan.analysis.information).name().to_owned())),
        ("estimation", Field::Text(fit.method.name().to_owned())),
        ("log_lik", Field::Number(Some(fit.log_lik()))),
        ("converged", Field::Json(fit.certificate.converged.into())),
        ("singular", Field::Json(fit.is_singular().into())),
        ("gradient_max", Field::Number(Some(fit.certificate.gradient_max))),
    ]);
    record
}

/// The record of the model at `visit` before any number is filled in: patients, observations and rows.
fn without_numbers(context: &Context, endpoint: usize, visit: usize, data: &ModelData, failures: &[String]) -> Record {
    let measure = context.measure(endpoint);
    let pairs = context.trial.paired(endpoint, visit, measure, context.set);
    let mut result = TestResult::new("mixed-model", pairs.pairs.len(), &context.options());
    result.n_dropped = pairs.dropped.len();
    result.exact = Some(false);
    result.notes.extend(failures.iter().cloned());
    let mut patients: Vec<usize> = data.used.iter().map(|row| row.patient).collect();
    patients.dedup();
    result.extra = vec![
        ("n_patients", Field::Count(patients.len() as u64)),
        ("n_obs", Field::Count(data.used.len() as u64)),
    ];
    let role = if context.plan.analysis.primary == PrimaryMethod::MixedModel {
        context.role(endpoint, visit)
    } else {
        Role::Sensitivity
    };
    let id = format!("{}.{}.mixed-model", context.stem(endpoint, visit), role.name());
    let mut record = context.record(id, endpoint, visit, measure, role, result, rows(context, endpoint, measure, data));
    record.reference = REFERENCE;
    record
}

/// The knee-visits behind the model: all visits together, since all of them inform every comparison.
fn rows(context: &Context, endpoint: usize, measure: Measure, data: &ModelData) -> Rows {
    let trial = context.trial;
    let mut rows = Rows { used: data.used.len(), ..Rows::default() };
    rows.leave_out("baseline missing", data.without_baseline.len());
    let mut missing = 0;
    for patient in context.members() {
        for knee in trial.patients[patient].knees() {
            for visit in context.visits(endpoint) {
                missing += usize::from(trial.measured(knee, endpoint, visit, measure).is_none());
            }
        }
    }
    rows.leave_out("no value at the visit", missing);
    rows
}

fn summary(
    context: &Context,
    endpoint: usize,
    fit: &Fit,
    formula: String,
    structure: Structure,
    failures: Vec<String>,
) -> FitSummary {
    let analysis = &context.plan.analysis;
    let mut notes = failures;
    notes.extend(fit.notes.iter().cloned());
    FitSummary {
        endpoint,
        formula,
        estimation: fit.method.name(),
        ddf: format!("{} ({} information)", analysis.ddf.name(), information(analysis.information).name()),
        structure: structure.name(),
        log_lik: fit.log_lik(),
        singular: fit.is_singular(),
        certificate: fit.certificate.words(),
        notes,
    }
}

fn ddf(planned: Ddf) -> model::Ddf {
    match planned {
        Ddf::KenwardRoger => model::Ddf::KenwardRoger,
        Ddf::KenwardRogerLinear => model::Ddf::KenwardRogerLinear,
        Ddf::Satterthwaite => model::Ddf::Satterthwaite,
        Ddf::BetweenWithin => model::Ddf::BetweenWithin,
        Ddf::Residual => model::Ddf::Residual,
        Ddf::Asymptotic => model::Ddf::Asymptotic,
    }
}

fn information(planned: Information) -> model::Information {
    match planned {
        Information::Observed => model::Information::Observed,
        Information::Expected => model::Information::Expected,
    }
}
