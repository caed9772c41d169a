//! Everything `splitknee model` prints, with the field names of its contract.

use crate::note;
use serde::Serialize;

use super::adjust::{Adjust, Adjusted, AdjustmentRecord, adjust_contrasts};
use super::anova::AnovaType;
use super::certificate::{Certificate, owner, parameter_name};
use super::covariance::Unit;
use super::data::Column;
use super::diagnostics_report::{Comparison, Diagnostics, diagnose};
use super::error::ModelError;
use super::fit::{Fit, Method};
use super::inference::{Ddf, FTest, Inference, Information, TTest};
use super::layout::TermKind;
use super::likelihood_ratio::ModelComparison;
use super::linear_combination::{LinearHypothesis, LinearRecord};
use super::ls_means::{Levels, LsMeansSpec};
use super::profile::Profile;
use super::r_squared::{ExplainedVariance, PairCorrelation, explained_variance};
use super::robust::RobustKind;

/// What a report is to contain.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportOptions {
    /// Method of the degrees of freedom.
    pub ddf: Ddf,
    /// Information of the covariance parameters.
    pub information: Information,
    /// Confidence level.
    pub conf_level: f64,
    /// LS means to print.
    pub emmeans: Vec<LsMeansSpec>,
    /// Pairwise differences to print.
    pub contrasts: Vec<LsMeansSpec>,
    /// The anova table to print.
    pub anova: Option<AnovaType>,
    /// Robust covariance of the coefficients in place of the model's.
    pub robust: Option<RobustKind>,
    /// Linear combinations to test.
    pub linear: Vec<LinearHypothesis>,
    /// Whether to profile the standard deviations and correlations.
    pub profile: bool,
    /// Whether to add R² and intraclass correlations.
    pub r_squared: bool,
    /// The columns that tell the rows of a pair apart, and those that they share: correlations within pairs are then added.
    pub pairs: Option<(Column, Column)>,
    /// Whether to add residuals and influence.
    pub diagnostics: bool,
    /// How the contrasts within a cell are adjusted for each other, where asked for.
    pub adjust: Option<Adjust>,
    /// Whether the outcome is a natural logarithm: means and differences are then also given as geometric means and ratios.
    pub log_outcome: bool,
}

impl Default for ReportOptions {
    fn default() -> Self {
        Self {
            ddf: Ddf::KenwardRoger,
            information: Information::Observed,
            conf_level: 0.95,
            emmeans: Vec::new(),
            contrasts: Vec::new(),
            anova: None,
            robust: None,
            linear: Vec::new(),
            profile: false,
            r_squared: false,
            pairs: None,
            diagnostics: false,
            adjust: None,
            log_outcome: false,
        }
    }
}

/// A coefficient with its test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CoefficientRecord {
    /// R's name of the coefficient.
    pub term: String,
    /// The test.
    #[serde(flatten)]
    pub test: TTest,
    /// With a robust covariance: the standard error that the model implies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub std_error_naive: Option<f64>,
}

/// A variance component.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VarianceComponent {
    /// Grouping, `Residual` for the residual.
    pub group: String,
    /// Random coefficient or cell.
    pub term: Option<String>,
    /// Variance, in squared units of the outcome.
    pub variance: f64,
    /// Its root.
    pub std_dev: f64,
    /// Correlation with the first coefficient of the same group.
    pub corr: Option<f64>,
}

/// One covariance parameter in SAS's sense.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CovarianceParameter {
    /// What it is.
    pub name: String,
    /// Its estimate, in the unit of the outcome.
    pub estimate: f64,
}

/// A covariance matrix with named rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NamedMatrix {
    /// The group it belongs to, for structures by group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Names of the rows and columns.
    pub levels: Vec<String>,
    /// The matrix.
    pub matrix: Vec<Vec<f64>>,
}

/// One line of the anova table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnovaRecord {
    /// The term.
    pub term: String,
    /// Numerator degrees of freedom.
    pub num_df: Option<usize>,
    /// Denominator degrees of freedom.
    pub den_df: Option<f64>,
    /// F.
    pub statistic: Option<f64>,
    /// p-value.
    pub p_value: Option<f64>,
}

/// One LS mean.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LsMeanRecord {
    /// One field per factor.
    #[serde(flatten)]
    pub levels: Levels,
    /// The mean; `null` where not estimable.
    pub estimate: Option<f64>,
    /// Its standard error.
    pub std_error: Option<f64>,
    /// Degrees of freedom.
    pub df: Option<f64>,
    /// Lower confidence limit.
    pub conf_low: Option<f64>,
    /// Upper confidence limit.
    pub conf_high: Option<f64>,
    /// Of the logarithm of an outcome: the geometric mean.
    #[serde(flatten)]
    pub geometric: Option<GeometricMean>,
}

/// An LS mean of logarithms on the scale of the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct GeometricMean {
    /// exp(LS mean).
    pub geometric_mean: Option<f64>,
    /// exp(lower limit).
    pub geometric_mean_low: Option<f64>,
    /// exp(upper limit).
    pub geometric_mean_high: Option<f64>,
}

/// A difference of logarithms as a ratio.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ratio {
    /// exp(difference): the ratio of the geometric means.
    pub ratio: Option<f64>,
    /// exp(lower limit).
    pub ratio_low: Option<f64>,
    /// exp(upper limit).
    pub ratio_high: Option<f64>,
    /// exp(lower simultaneous limit), where contrasts are adjusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio_low_adjusted: Option<f64>,
    /// exp(upper simultaneous limit).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio_high_adjusted: Option<f64>,
}

/// One difference of LS means.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContrastRecord {
    /// `EV - PLACEBO`.
    pub contrast: String,
    /// One field per `by` factor.
    #[serde(flatten)]
    pub levels: Levels,
    /// The difference; `null` where not estimable.
    pub estimate: Option<f64>,
    /// Its standard error.
    pub std_error: Option<f64>,
    /// Degrees of freedom.
    pub df: Option<f64>,
    /// Estimate / standard error.
    pub statistic: Option<f64>,
    /// Two-sided p-value.
    pub p_value: Option<f64>,
    /// Lower confidence limit.
    pub conf_low: Option<f64>,
    /// Upper confidence limit.
    pub conf_high: Option<f64>,
    /// Adjusted for the other contrasts of its cell, where asked for.
    #[serde(flatten)]
    pub adjusted: Option<Adjusted>,
    /// Of the logarithm of an outcome: the ratio of geometric means.
    #[serde(flatten)]
    pub geometric: Option<Ratio>,
}

impl ContrastRecord {
    /// The difference of logarithms as a ratio, its limits with it.
    pub(super) fn exponentiate(&mut self) {
        let exp = |value: Option<f64>| value.map(f64::exp);
        self.geometric = Some(Ratio {
            ratio: exp(self.estimate),
            ratio_low: exp(self.conf_low),
            ratio_high: exp(self.conf_high),
            ratio_low_adjusted: exp(self.adjusted.and_then(|a| a.conf_low_adjusted)),
            ratio_high_adjusted: exp(self.adjusted.and_then(|a| a.conf_high_adjusted)),
        });
    }
}

/// The report of a fitted model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelReport {
    /// The formula.
    pub formula: String,
    /// `REML` or `ML`.
    pub method: String,
    /// Method of the degrees of freedom.
    pub ddf: String,
    /// Information of the covariance parameters.
    pub information: String,
    /// Analysed rows.
    pub n_obs: usize,
    /// Rows left out because a variable is missing.
    pub n_dropped: usize,
    /// Independent units with at least one analysed row.
    pub n_patients: usize,
    /// Independent units without an analysed row.
    pub n_patients_without_rows: usize,
    /// Levels per grouping.
    pub n_groups: serde_json::Map<String, serde_json::Value>,
    /// `log` where the outcome is a logarithm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<&'static str>,
    /// The column of prior weights: variances of residuals are those of a row with weight 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prior_weights: Option<String>,
    /// (Restricted) log-likelihood.
    pub log_lik: f64,
    /// Of a logarithm: the log-likelihood of the outcome itself, log-likelihood − Σ log y.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_lik_original: Option<f64>,
    /// −2 × log-likelihood.
    pub deviance: f64,
    /// AIC as SAS counts (see [`Fit::aic`]).
    pub aic: f64,
    /// BIC as SAS counts.
    pub bic: f64,
    /// AIC counting all parameters (lme4, nlme).
    pub aic_all: f64,
    /// BIC counting all parameters and observations (lme4).
    pub bic_all: f64,
    /// Whether the optimum was reached.
    pub converged: bool,
    /// Whether a variance component is on its boundary.
    pub singular: bool,
    /// Evaluations of the likelihood.
    pub iterations: usize,
    /// Largest absolute gradient component.
    pub gradient_max: f64,
    /// Evidence of convergence.
    pub certificate: Certificate,
    /// The coefficients.
    pub coefficients: Vec<CoefficientRecord>,
    /// Columns dropped from the design.
    pub aliased: Vec<String>,
    /// Variances of random effects, residual and cells.
    pub variance_components: Vec<VarianceComponent>,
    /// The covariance parameters as SAS prints them.
    pub covariance_parameters: Vec<CovarianceParameter>,
    /// Marginal covariance of a patient observed at every cell.
    pub covariance: Option<NamedMatrix>,
    /// The same per group, where the structure is by group.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub covariance_by_group: Vec<NamedMatrix>,
    /// Covariance of the coefficients.
    pub vcov: Vec<Vec<f64>>,
    /// The anova table.
    pub anova: Vec<AnovaRecord>,
    /// LS means.
    pub emmeans: Vec<LsMeanRecord>,
    /// Differences of LS means.
    pub contrasts: Vec<ContrastRecord>,
    /// How they are adjusted for each other, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adjust: Option<AdjustmentRecord>,
    /// The robust covariance in use: `cr0`, `cr2`, `cr3`; `None` for the model's own.
    pub robust: Option<&'static str>,
    /// Linear combinations.
    pub linear: Vec<LinearRecord>,
    /// Profile intervals of standard deviations and correlations, where asked for.
    pub profile: Option<Profile>,
    /// The comparison with another model, where asked for.
    pub comparison: Option<ModelComparison>,
    /// R² and intraclass correlations, where asked for.
    pub explained: Option<ExplainedVariance>,
    /// Correlations within pairs that the model implies, where asked for.
    pub pair_correlations: Vec<PairCorrelation>,
    /// Residuals and influence, where asked for.
    pub diagnostics: Option<Diagnostics>,
    /// What the reader should know.
    pub notes: crate::note::Notes,
}

impl Fit {
    /// Akaike's criterion as SAS counts: covariance parameters only under REML, all parameters under ML. mmrm counts the
    /// covariance parameters only under ML too. A parameter on its boundary is counted; SAS leaves it out.
    pub fn aic(&self) -> f64 {
        -2.0 * self.log_lik + 2.0 * self.counted()
    }

    /// Schwarz's criterion by the number of patients; parameters as in [`Fit::aic`].
    pub fn bic(&self) -> f64 {
        -2.0 * self.log_lik + self.counted() * (self.n_patients() as f64).ln()
    }

    /// Akaike's criterion with all parameters (lme4, nlme).
    pub fn aic_all(&self) -> f64 {
        -2.0 * self.log_lik + 2.0 * (self.problem.k + self.problem.p) as f64
    }

    /// Schwarz's criterion with all parameters and observations (lme4).
    pub fn bic_all(&self) -> f64 {
        -2.0 * self.log_lik + (self.problem.k + self.problem.p) as f64 * (self.n_obs() as f64).ln()
    }

    fn counted(&self) -> f64 {
        let coefficients = if self.method == Method::Reml { 0 } else { self.problem.p };
        (self.problem.k + coefficients) as f64
    }

    /// The variance components in the unit of the outcome.
    pub fn variance_components(&self) -> Vec<VarianceComponent> {
        let scale = self.scale * self.scale;
        let mut out = Vec::new();
        for term in &self.problem.terms {
            let (n, size) = (term.shape.n_cells(), term.shape.n_parameters());
            for copy in 0..term.copies {
                let start = term.offset + copy * size;
                if term.shape.by_time().is_some() {
                    let names = ["serial", "range", "nugget"];
                    let named =
                        names.iter().zip(&self.theta[start..start + size]).filter(|(name, _)| **name != "range");
                    out.extend(named.map(|(name, part)| VarianceComponent {
                        group: match term.copy_names.get(copy).filter(|c| !c.is_empty()) {
                            Some(c) => format!("{} ({c})", term.group),
                            None => term.group.clone(),
                        },
                        term: Some((*name).to_owned()),
                        variance: scale * part,
                        std_dev: (scale * part).max(0.0).sqrt(),
                        corr: None,
                    }));
                    continue;
                }
                let mut sigma = vec![0.0; n * n];
                term.shape.matrix(&self.theta[start..start + size], &mut sigma);
                let group = match term.copy_names.get(copy).filter(|c| !c.is_empty()) {
                    Some(c) => format!("{} ({c})", term.group),
                    None => term.group.clone(),
                };
                for c in 0..n {
                    let variance = scale * sigma[c * n + c];
                    let product = (sigma[0] * sigma[c * n + c]).sqrt();
                    let corr = (term.kind == TermKind::Random && c > 0 && product > 0.0).then(|| sigma[c] / product);
                    let name = term.cells.get(c).filter(|s| !s.is_empty()).cloned();
                    out.push(VarianceComponent {
                        group: group.clone(),
                        term: name,
                        variance,
                        std_dev: variance.max(0.0).sqrt(),
                        corr,
                    });
                }
            }
        }
        out
    }

    /// For every variance component whether it is a random intercept (or another single coefficient) that stands alone.
    pub(crate) fn random_intercepts(&self) -> Vec<bool> {
        let alone =
            |t: &super::layout::Term| t.kind == TermKind::Random && t.cells.len() == 1 && t.cells[0] == "(Intercept)";
        let terms = self.problem.terms.iter();
        let rows = |t: &super::layout::Term| match t.shape.by_time() {
            Some(_) => t.shape.n_parameters() - 1,
            None => t.shape.n_cells(),
        };
        terms.flat_map(|t| std::iter::repeat_n(alone(t), t.copies * rows(t))).collect()
    }

    /// The covariance parameters as SAS prints them.
    pub fn covariance_parameters(&self) -> Vec<CovarianceParameter> {
        let scale = self.scale * self.scale;
        (0..self.problem.k)
            .flat_map(|h| {
                let (term, inner) = owner(&self.problem, h)?;
                if term.shape.by_time().is_some() {
                    return Some(over_time(term, inner, self.theta[h], scale));
                }
                let unit = term.shape.units().get(inner % term.shape.n_parameters()).copied()?;
                let factor = if unit == Unit::Variance { scale } else { 1.0 };
                Some(vec![CovarianceParameter { name: parameter_name(term, inner), estimate: factor * self.theta[h] }])
            })
            .flatten()
            .collect()
    }

    /// The covariance matrix of the random coefficients of grouping `group` (the first such term).
    pub fn random_covariance(&self, group: &str) -> Option<NamedMatrix> {
        let term = self.problem.terms.iter().find(|t| t.kind == TermKind::Random && t.group == group)?;
        let n = term.shape.n_cells();
        let mut sigma = vec![0.0; n * n];
        term.shape.matrix(&self.theta[term.offset..term.offset + term.shape.n_parameters()], &mut sigma);
        let scale = self.scale * self.scale;
        Some(NamedMatrix {
            group: Some(term.group.clone()),
            levels: term.cells.clone(),
            matrix: sigma.chunks_exact(n).map(|r| r.iter().map(|v| scale * v).collect()).collect(),
        })
    }

    /// The marginal covariance of a patient observed at every cell: of the cells of the residual structure where that
    /// covers the patient, else of the patient with the most rows. One matrix per group for structures by group.
    pub fn marginal_covariance(&self) -> Vec<NamedMatrix> {
        let scale = self.scale * self.scale;
        let rows = |m: &[f64], n: usize| -> Vec<Vec<f64>> {
            m.chunks_exact(n).map(|r| r.iter().map(|v| scale * v).collect()).collect()
        };
        if let [term] = self.problem.terms.as_slice()
            && matches!(term.kind, TermKind::Structure(_))
            && term.shape.by_time().is_none()
        {
            let (n, size) = (term.shape.n_cells(), term.shape.n_parameters());
            return (0..term.copies)
                .map(|copy| {
                    let start = term.offset + copy * size;
                    let mut sigma = vec![0.0; n * n];
                    term.shape.matrix(&self.theta[start..start + size], &mut sigma);
                    let group = term.copy_names.get(copy).filter(|c| !c.is_empty()).cloned();
                    NamedMatrix { group, levels: term.cells.clone(), matrix: rows(&sigma, n) }
                })
                .collect();
        }
        let Some(patient) =
            (0..self.patients.len()).rev().max_by_key(|&i| self.patients[i].len()).filter(|i| *i < self.patients.len())
        else {
            return Vec::new();
        };
        let Some(&pattern) = self.pattern_of.get(patient) else { return Vec::new() };
        let v = self.problem.v_of(pattern, &self.theta);
        let n = self.problem.patterns[pattern].size;
        vec![NamedMatrix { group: None, levels: self.row_labels(patient), matrix: rows(&v, n) }]
    }

    /// Names of a patient's rows: the factors of the model that vary within the patient, else the groupings too.
    fn row_labels(&self, patient: usize) -> Vec<String> {
        let rows = &self.patients[patient];
        let mut names: Vec<String> = self
            .frame
            .inputs
            .iter()
            .filter(|i| matches!(i, super::Input::Factor { .. }))
            .map(|i| i.name().to_owned())
            .collect();
        for attempt in 0..2 {
            if attempt == 1 {
                for (group, _) in &self.groups {
                    names.extend(group.split(':').map(str::to_owned));
                }
                names.dedup();
            }
            let varying: Vec<String> = names
                .iter()
                .filter(|n| {
                    self.frame
                        .grouping(std::slice::from_ref(n))
                        .is_ok_and(|g| rows.iter().any(|&r| g.codes[r] != g.codes[rows[0]]))
                })
                .cloned()
                .collect();
            if varying.is_empty() {
                continue;
            }
            if let Ok(g) = self.frame.grouping(&varying) {
                let labels: Vec<String> = rows.iter().map(|&r| g.labels[g.codes[r] as usize].clone()).collect();
                let mut distinct = labels.clone();
                distinct.sort();
                distinct.dedup();
                if distinct.len() == labels.len() {
                    return labels;
                }
            }
        }
        (1..=rows.len()).map(|i| i.to_string()).collect()
    }

    /// The report of this fit.
    ///
    /// # Errors
    /// Those of [`Fit::inference`]; [`ModelError::UnknownFactor`] for LS means of a name that is no factor of the model.
    pub fn report(&self, options: &ReportOptions) -> Result<ModelReport, ModelError> {
        let inference = self.inference(options.ddf, options.information, options.conf_level)?;
        match options.robust {
            Some(kind) => inference.with_robust(kind)?.report(options),
            None => inference.report(options),
        }
    }
}

impl Inference<'_> {
    fn report(&self, options: &ReportOptions) -> Result<ModelReport, ModelError> {
        let fit = self.fit;
        let p = fit.design.n_columns();
        let mut coefficients = Vec::with_capacity(p);
        for (index, (term, test)) in self.coefficients()?.into_iter().enumerate() {
            let unit: Vec<f64> = (0..p).map(|j| f64::from(u8::from(j == index))).collect();
            let naive = self.robust().map(|_| self.model_std_error(&unit)).transpose()?;
            coefficients.push(CoefficientRecord { term, test, std_error_naive: naive });
        }
        let mut notes = fit.notes.clone();
        notes.extend(self.notes.iter().cloned());
        let mut anova = Vec::new();
        if let Some(kind) = options.anova {
            for row in self.anova(kind)? {
                match (row.partial, row.test) {
                    (true, Some(_)) => notes.push(note!(cells_empty, term = row.term.to_string())),
                    (_, None) => notes.push(note!(hypothesis_not_estimable, term = row.term.to_string())),
                    (false, Some(_)) => {}
                }
                let test: Option<FTest> = row.test;
                if self.ddf != Ddf::Asymptotic && test.is_some_and(|t| t.den_df.is_none()) {
                    notes.push(note!(no_den_df, term = &row.term, ddf = self.ddf.name()));
                }
                anova.push(AnovaRecord {
                    term: row.term,
                    num_df: test.map(|t| t.num_df),
                    den_df: test.and_then(|t| t.den_df),
                    statistic: test.and_then(|t| t.statistic),
                    p_value: test.and_then(|t| t.p_value),
                });
            }
        }
        let mut emmeans = Vec::new();
        for spec in &options.emmeans {
            for mean in self.ls_means(spec)? {
                if mean.test.is_none() {
                    notes.push(note!(mean_not_estimable, factors = spec.factors.join(", ")));
                }
                emmeans.push(LsMeanRecord {
                    levels: mean.levels,
                    estimate: mean.test.map(|t| t.estimate),
                    std_error: mean.test.map(|t| t.std_error),
                    df: mean.test.and_then(|t| t.df),
                    conf_low: mean.test.and_then(|t| t.conf_low),
                    conf_high: mean.test.and_then(|t| t.conf_high),
                    geometric: options.log_outcome.then(|| GeometricMean {
                        geometric_mean: mean.test.map(|t| t.estimate.exp()),
                        geometric_mean_low: mean.test.and_then(|t| t.conf_low).map(f64::exp),
                        geometric_mean_high: mean.test.and_then(|t| t.conf_high).map(f64::exp),
                    }),
                });
            }
        }
        let (mut contrasts, mut compared) = (Vec::new(), Vec::new());
        let reference = options.contrasts.iter().find_map(|spec| spec.against.clone());
        let mut adjustment = options.adjust.map(|method| AdjustmentRecord::new(method, reference));
        let vcov = self.vcov();
        for spec in &options.contrasts {
            let (mut family, mut rows) = (Vec::new(), Vec::new());
            for difference in self.ls_differences(spec)? {
                let test = difference.test;
                if let Some(weights) = &difference.row {
                    let (contrast, levels) = (difference.contrast.clone(), difference.levels.clone());
                    compared.push(Comparison { contrast, levels, weights: weights.clone() });
                }
                rows.push(difference.row.unwrap_or_default());
                family.push(ContrastRecord {
                    contrast: difference.contrast,
                    levels: difference.levels,
                    estimate: test.map(|t| t.estimate),
                    std_error: test.map(|t| t.std_error),
                    df: test.and_then(|t| t.df),
                    statistic: test.and_then(|t| t.statistic),
                    p_value: test.and_then(|t| t.p_value),
                    conf_low: test.and_then(|t| t.conf_low),
                    conf_high: test.and_then(|t| t.conf_high),
                    adjusted: None,
                    geometric: None,
                });
            }
            if let (Some(method), Some(record)) = (options.adjust, &mut adjustment) {
                let covariance = |i: usize, j: usize| bilinear(&vcov, &rows[i], &rows[j]);
                adjust_contrasts(method, &mut family, &covariance, self.conf_level, record)?;
            }
            if options.log_outcome {
                family.iter_mut().for_each(ContrastRecord::exponentiate);
            }
            contrasts.extend(family);
        }
        if let Some(record) = &mut adjustment {
            record.close();
        }
        let mut linear = Vec::new();
        for hypothesis in &options.linear {
            linear.push(hypothesis.test(self)?);
            if let [row] = hypothesis.rows.as_slice() {
                let (contrast, weights) = (hypothesis.label.clone(), row.weights.clone());
                compared.push(Comparison { contrast, levels: Levels::default(), weights });
            }
        }
        let looks_back = options.r_squared || options.diagnostics || options.pairs.is_some();
        let blocks = if looks_back { fit.patient_blocks()? } else { Vec::new() };
        let explained = options.r_squared.then(|| explained_variance(fit, &blocks)).transpose()?;
        let pair_correlations = match &options.pairs {
            Some((apart, shared)) => fit.pair_correlations(&blocks, apart, shared),
            None => Vec::new(),
        };
        let diagnostics = options.diagnostics.then(|| diagnose(fit, &blocks, compared)).transpose()?;
        let profile = options.profile.then(|| fit.profile_intervals(fit.method, self.conf_level)).transpose()?;
        let mut matrices = fit.marginal_covariance();
        let grouped = matrices.len() > 1;
        let covariance = if grouped { None } else { matrices.pop() };
        Ok(ModelReport {
            formula: fit.frame.formula.text.clone(),
            method: fit.method.name().to_owned(),
            ddf: self.ddf.name().to_owned(),
            information: self.information.name().to_owned(),
            n_obs: fit.n_obs(),
            n_dropped: fit.frame.n_dropped,
            n_patients: fit.n_patients(),
            n_patients_without_rows: fit.n_patients_without_rows(),
            n_groups: fit.groups.iter().map(|(name, n)| (name.clone(), (*n).into())).collect(),
            scale: options.log_outcome.then_some("log"),
            prior_weights: self.fit.frame.formula.prior_weights.clone(),
            log_lik: fit.log_lik,
            log_lik_original: match &fit.frame.response {
                Column::Numeric(logs) if options.log_outcome => Some(fit.log_lik - logs.iter().sum::<f64>()),
                _ => None,
            },
            deviance: -2.0 * fit.log_lik,
            aic: fit.aic(),
            bic: fit.bic(),
            aic_all: fit.aic_all(),
            bic_all: fit.bic_all(),
            converged: fit.certificate.converged,
            singular: fit.singular,
            iterations: fit.certificate.iterations,
            gradient_max: fit.certificate.gradient_max,
            certificate: fit.certificate.clone(),
            coefficients,
            aliased: fit.design.aliased.clone(),
            variance_components: fit.variance_components(),
            covariance_parameters: fit.covariance_parameters(),
            covariance,
            covariance_by_group: if grouped { matrices } else { Vec::new() },
            vcov: vcov.chunks_exact(p).map(<[f64]>::to_vec).collect(),
            anova,
            emmeans,
            contrasts,
            adjust: adjustment,
            robust: self.robust().map(|robust| robust.kind().name()),
            linear,
            profile,
            comparison: None,
            explained,
            pair_correlations,
            diagnostics,
            notes,
        })
    }
}

/// Parameter `inner` of a structure over time as it is spoken of: `variance`, `phi` and `range`, `nugget`; `(EV)` behind it
/// where groups have their own.
fn over_time(term: &super::layout::Term, inner: usize, value: f64, scale: f64) -> Vec<CovarianceParameter> {
    let size = term.shape.n_parameters();
    let group = term.copy_names.get(inner / size).filter(|name| !name.is_empty());
    let named = |name: &str, estimate: f64| CovarianceParameter {
        name: group.map_or_else(|| name.to_owned(), |group| format!("{name} ({group})")),
        estimate,
    };
    match inner % size {
        0 => vec![named(if size == 3 { "serial" } else { "variance" }, scale * value)],
        1 => vec![named("phi", (-1.0 / value).exp()), named("range", value)],
        _ => vec![named("nugget", scale * value)],
    }
}

/// a' M b for a square matrix M, row after row.
pub(super) fn bilinear(matrix: &[f64], a: &[f64], b: &[f64]) -> f64 {
    let product = |row: &[f64]| row.iter().zip(b).map(|(m, y)| m * y).sum::<f64>();
    matrix.chunks_exact(b.len().max(1)).zip(a).map(|(row, x)| x * product(row)).sum()
}
