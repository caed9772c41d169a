//! What the report says about a fitted model: formula, covariance, certificate, variance components, residuals,
//! influence.

use super::Context;
use super::record::{Record, Rows};
use super::rule::Rule;
use super::spread::{self, Spread};
use crate::model::diagnostics::{self, QqPoint, ResidualSummary};
use crate::model::influence::{self, ContrastInfluence};
use crate::model::patient_blocks::PatientBlock;
use crate::model::r_squared::{self, ExplainedVariance, PairCorrelation};
use crate::model::{Certificate, Columns, CovarianceParameter, Fit, TTest, VarianceComponent};
use crate::note::Notes;
use crate::paired::{Field, TestResult};
use crate::trial::{Observation, Role};
use serde_json::json;

/// What the report says about a fitted model.
#[derive(Debug, Clone, PartialEq)]
pub struct FitSummary {
    /// Index of the endpoint.
    pub endpoint: usize,
    /// Name of the method, as in the records made from it: `mixed-model`, `mmrm`, ….
    pub method: &'static str,
    /// Name of the analysis set.
    pub analysis_set: String,
    /// Whether it is the method that decides the endpoint.
    pub decides: bool,
    /// The model as a formula.
    pub formula: String,
    /// `REML` or `ML`.
    pub estimation: &'static str,
    /// Method of the degrees of freedom, with the information matrix.
    pub ddf: String,
    /// Covariance structure that was fitted.
    pub structure: &'static str,
    /// What the rule of the design chose, where the plan left the structure to it.
    pub rule: Option<Rule>,
    /// Log-likelihood, constants included (as R and SAS print it).
    pub log_lik: f64,
    /// Whether a variance component is on its boundary.
    pub singular: bool,
    /// The certificate of convergence.
    pub convergence: Certificate,
    /// Whether structures before this one in the plan's order could not be fitted.
    pub fell_back: bool,
    /// What the reader should know.
    pub notes: Notes,
    /// Variance components of random terms, and the residual.
    pub variance_components: Vec<VarianceComponent>,
    /// Parameters of the covariance structures.
    pub covariance_parameters: Vec<CovarianceParameter>,
    /// R² and intraclass correlation; `None` where they cannot be computed.
    pub explained: Option<ExplainedVariance>,
    /// Correlation between the knees of a patient at each visit as the model implies it; empty for a model of
    /// differences.
    pub pair_correlations: Vec<PairCorrelation>,
    /// Spread by arm and visit beside what the model implies; `None` for a model of differences and one that does not
    /// decide.
    pub spread: Option<Spread>,
    /// Summary of the normalised residuals.
    pub residuals: Option<ResidualSummary>,
    /// Normalised residuals against normal quantiles.
    pub qq: Vec<QqPoint>,
    /// Every row with its fitted value and residual.
    pub residual_points: Vec<ResidualPoint>,
    /// Change of the deciding comparison when single patients are left out (covariance held).
    pub influence: Option<ContrastInfluence>,
}

/// A row of the model in a figure of its residuals.
#[derive(Debug, Clone, PartialEq)]
pub struct ResidualPoint {
    /// Patient, and knee and visit where the row is a knee.
    pub label: String,
    /// Marginal fitted value.
    pub fitted: f64,
    /// Normalised residual.
    pub residual: f64,
}

/// A fitted model to be summarised.
pub struct Fitted<'a> {
    /// Index of the endpoint.
    pub endpoint: usize,
    /// Name of the method.
    pub method: &'static str,
    /// Whether it decides.
    pub decides: bool,
    /// The fit.
    pub fit: &'a Fit,
    /// The model as a formula.
    pub formula: String,
    /// Name of the fitted structure.
    pub structure: &'static str,
    /// Degrees of freedom in words.
    pub ddf: String,
    /// What the rule of the design chose, where the plan left the structure to it.
    pub rule: Option<Rule>,
    /// What was tried before, and what the inference says.
    pub notes: Notes,
    /// Whether structures before this one could not be fitted.
    pub fell_back: bool,
    /// The rows of the model, where they are knees; empty for a model of differences.
    pub knees: &'a [Observation],
    /// The table that was fitted.
    pub columns: Option<&'a Columns>,
    /// The deciding comparison: its weights on the coefficients, its estimate and its standard error.
    pub comparison: Option<(Vec<f64>, TTest)>,
}

impl Fitted<'_> {
    /// The summary.
    pub fn summary(self, context: &Context) -> FitSummary {
        let fit = self.fit;
        let mut notes = self.notes;
        notes.extend(fit.notes.iter().cloned());
        let mut summary = FitSummary {
            endpoint: self.endpoint,
            method: self.method,
            analysis_set: context.set.name.clone(),
            decides: self.decides,
            formula: self.formula,
            estimation: fit.method.name(),
            ddf: self.ddf,
            structure: self.structure,
            rule: self.rule,
            log_lik: fit.log_lik(),
            singular: fit.is_singular(),
            convergence: fit.certificate.clone(),
            fell_back: self.fell_back,
            notes,
            variance_components: fit.variance_components(),
            covariance_parameters: fit.covariance_parameters(),
            explained: None,
            pair_correlations: Vec::new(),
            spread: None,
            residuals: None,
            qq: Vec::new(),
            residual_points: Vec::new(),
            influence: None,
        };
        let Ok(blocks) = fit.patient_blocks() else { return summary };
        summary.explained = r_squared::explained_variance(fit, &blocks).ok();
        summary.pair_correlations = implied_correlations(context, fit, &blocks, self.knees);
        if let Ok(residuals) = diagnostics::residuals(fit, &blocks) {
            summary.residuals = Some(diagnostics::summarise(&residuals));
            let normalised: Vec<f64> = residuals.iter().map(|row| row.normalised).collect();
            summary.qq = diagnostics::qq_points(&normalised);
            let design = &context.trial.design;
            let place =
                |row: &Observation| format!(", {}, {}", design.arms.labels()[row.arm], design.visits[row.visit].label);
            let point = |row: &diagnostics::RowResidual| ResidualPoint {
                label: format!("{}{}", row.patient, self.knees.get(row.row).map(place).unwrap_or_default()),
                fitted: row.fitted_marginal,
                residual: row.normalised,
            };
            summary.residual_points = residuals.iter().map(point).collect();
        }
        if let Some(columns) = self.columns.filter(|_| self.decides && !self.knees.is_empty()) {
            let std_error = self.comparison.as_ref().map(|(_, test)| test.std_error);
            summary.spread = Some(spread::of(context, self.endpoint, fit, columns, &blocks, self.knees, std_error));
        }
        if let Some((weights, TTest { estimate, .. })) = self.comparison
            && let Ok(patients) = influence::influence(&blocks)
        {
            summary.influence = influence::summarise_influence(&patients, &weights, estimate);
        }
        summary
    }
}

/// The correlation between the knees that the model implies at each visit, in the order of the visits.
fn implied_correlations(
    context: &Context,
    fit: &Fit,
    blocks: &[PatientBlock],
    rows: &[Observation],
) -> Vec<PairCorrelation> {
    let design = &context.trial.design;
    let arms = design.arms.labels();
    let analysed: Vec<&Observation> = fit.frame.rows.iter().filter_map(|row| rows.get(*row)).collect();
    let knees: Vec<String> = analysed.iter().map(|row| arms[row.arm].to_owned()).collect();
    let visits: Vec<String> = analysed.iter().map(|row| design.visits[row.visit].label.clone()).collect();
    let mut found = r_squared::pair_correlations(blocks, &visits, &knees);
    found.sort_by_key(|pair| design.visits.iter().position(|visit| visit.label == pair.visit));
    found
}

impl FitSummary {
    /// The variance components, the intraclass correlation and the correlation between the knees that the model implies,
    /// as a record `<endpoint>.<method>.variance-components`.
    pub fn record(&self, context: &Context) -> Record {
        let mut result = TestResult::new("variance-components", 0, &context.options());
        let explained = self.explained.as_ref();
        result.extra = vec![
            ("model", Field::Text(self.method.to_owned())),
            ("structure", Field::Text(self.structure.to_owned())),
            ("log_lik", Field::Number(Some(self.log_lik))),
            ("components", Field::Json(json!(self.variance_components))),
            ("parameters", Field::Json(json!(self.covariance_parameters))),
            ("icc", Field::Number(explained.and_then(|explained| explained.icc))),
            ("r2_marginal", Field::Number(explained.map(|explained| explained.r2_marginal))),
            ("r2_conditional", Field::Number(explained.and_then(|explained| explained.r2_conditional))),
            ("pair_correlations", Field::Json(json!(self.pair_correlations))),
            ("spread", Field::Json(json!(self.spread))),
            ("singular", Field::Json(self.singular.into())),
            ("certificate", Field::Text(self.convergence.words().text())),
            ("smallest_curvature", Field::Number(Some(self.convergence.smallest_eigenvalue))),
            ("residuals", Field::Json(self.residuals.as_ref().map_or(serde_json::Value::Null, residual_fields))),
            ("influence", Field::Json(json!(self.influence))),
        ];
        result.notes.clone_from(&self.notes);
        let id = format!("{}.{}.variance-components", context.endpoint_stem(self.endpoint), self.method);
        let mut record = context.endpoint_record(id, self.endpoint, Role::Descriptive, result, Rows::default());
        record.reference = "Patterson & Thompson 1971; Nakagawa & Schielzeth 2013";
        record
    }
}

/// The summary of the residuals without the rows themselves.
fn residual_fields(summary: &ResidualSummary) -> serde_json::Value {
    json!({
        "n": summary.n,
        "sd": summary.sd,
        "skewness": summary.skewness,
        "excess_kurtosis": summary.excess_kurtosis,
        "qq_correlation": summary.qq_correlation,
        "spread_correlation": summary.spread_correlation,
        "n_beyond_3": summary.n_beyond_3,
        "expected_beyond_3": summary.expected_beyond_3,
    })
}
