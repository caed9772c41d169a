//! From a table and a formula to a logistic, cumulative-link or mixed generalised model, and its report.

use crate::note;
use std::collections::BTreeMap;

use super::adjust::{Adjust, AdjustmentRecord, adjust_contrasts};
use super::counts::{Counts, fit_counts};
use super::cumulative::{OrderedOutcome, fit_ordered};
use super::data::{Column, Columns};
use super::design::{Design, ModelFrame};
use super::error::ModelError;
use super::formula::Formula;
use super::generalised::{Family, GeneralisedFit};
use super::glm::fit_binary;
use super::link::Link;
use super::ls_means::{Levels, LsMeansSpec};
use super::mixed_glm::{RandomIntercepts, fit_binary_mixed, fit_ordered_mixed};
use super::offset::Offset;
use super::reference_grid::{GridRow, difference_rows, mean_rows};
use super::report::{ContrastRecord, LsMeanRecord, bilinear};
use crate::math::dist::{normal, student_t};
use crate::note::Note;
use serde::Serialize;

/// How to fit a generalised model and what to report.
#[derive(Debug, Clone, PartialEq)]
pub struct GeneralisedOptions {
    /// Distribution of the outcome.
    pub family: Family,
    /// Link function.
    pub link: Link,
    /// Adaptive Gauss–Hermite points for one random intercept; 1 is Laplace.
    pub quadrature: usize,
    /// Confidence level of the intervals.
    pub conf_level: f64,
    /// LS means to report, on the scale of the linear predictor.
    pub emmeans: Vec<LsMeansSpec>,
    /// Pairwise differences to report: log odds ratios for the logit link, log rate ratios for counts.
    pub contrasts: Vec<LsMeansSpec>,
    /// How the differences are adjusted for each other.
    pub adjust: Option<Adjust>,
    /// What is added to the predictor of counts: the logarithm of their exposure.
    pub offset: Option<Offset>,
}

impl GeneralisedOptions {
    /// The defaults for a family: logit link (log for counts), Laplace, 95 % intervals.
    pub fn new(family: Family) -> Self {
        Self {
            family,
            link: if family.is_count() { Link::Log } else { Link::Logit },
            quadrature: 1,
            conf_level: 0.95,
            emmeans: Vec::new(),
            contrasts: Vec::new(),
            adjust: None,
            offset: None,
        }
    }
}

/// An estimate with its standard error, Wald test and interval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WaldEstimate {
    /// Name: `(Intercept)`, `treatmentEV`, `0|1`.
    pub term: String,
    /// Estimate on the scale of the linear predictor.
    pub estimate: f64,
    /// Standard error.
    pub std_error: f64,
    /// Degrees of freedom; none where the test is asymptotic.
    pub df: Option<f64>,
    /// Estimate over standard error; `None` where the standard error is 0.
    pub statistic: Option<f64>,
    /// Two-sided p-value: normal, or by t where there are degrees of freedom.
    pub p_value: Option<f64>,
    /// Lower confidence limit.
    pub conf_low: f64,
    /// Upper confidence limit.
    pub conf_high: f64,
    /// Of a coefficient of a count model: the rate ratio.
    #[serde(flatten)]
    pub rate: Option<RateRatio>,
}

/// A coefficient of a log link as a ratio.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RateRatio {
    /// exp(coefficient): a ratio of rates; of the intercept a rate.
    pub rate_ratio: f64,
    /// exp(lower limit).
    pub rate_ratio_low: f64,
    /// exp(upper limit).
    pub rate_ratio_high: f64,
}

impl WaldEstimate {
    /// The exponential of the estimate and of its limits.
    pub(super) fn rate_ratio(&self) -> RateRatio {
        RateRatio {
            rate_ratio: self.estimate.exp(),
            rate_ratio_low: self.conf_low.exp(),
            rate_ratio_high: self.conf_high.exp(),
        }
    }

    /// The Wald test of `estimate = 0` and the normal interval at `conf_level`.
    pub fn new(term: &str, estimate: f64, std_error: f64, conf_level: f64) -> Self {
        let half_width = normal::quantile(0.5 + 0.5 * conf_level) * std_error;
        let statistic = (std_error > 0.0).then(|| estimate / std_error);
        Self {
            term: term.to_owned(),
            estimate,
            std_error,
            df: None,
            statistic,
            p_value: statistic.map(|z| 2.0 * normal::sf(z.abs())),
            conf_low: estimate - half_width,
            conf_high: estimate + half_width,
            rate: None,
        }
    }

    /// The same with test and limits by t with `df` degrees of freedom.
    pub fn by_t(self, df: f64, conf_level: f64) -> Self {
        let half_width = student_t::quantile(0.5 + 0.5 * conf_level, df) * self.std_error;
        Self {
            df: Some(df),
            p_value: self.statistic.map(|t| student_t::two_sided(t, df)),
            conf_low: self.estimate - half_width,
            conf_high: self.estimate + half_width,
            ..self
        }
    }
}

/// A difference of LS means with its exponential.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RatioContrast {
    /// The difference on the scale of the linear predictor.
    #[serde(flatten)]
    pub difference: ContrastRecord,
    /// What `ratio` is: `odds ratio`, `hazard ratio`, `rate ratio`; `None` for the probit and identity links.
    pub ratio_kind: Option<&'static str>,
    /// The exponential of the difference.
    pub ratio: Option<f64>,
    /// Its lower confidence limit.
    pub ratio_low: Option<f64>,
    /// Its upper confidence limit.
    pub ratio_high: Option<f64>,
    /// Its lower simultaneous limit, where contrasts are adjusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio_low_adjusted: Option<f64>,
    /// Its upper simultaneous limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio_high_adjusted: Option<f64>,
}

/// The differences of one report, adjusted for each other where asked for.
pub(super) struct RatioContrasts {
    adjustment: Option<(Adjust, AdjustmentRecord)>,
    ratio_kind: Option<&'static str>,
    conf_level: f64,
}

impl RatioContrasts {
    pub(super) fn new(adjust: Option<Adjust>, ratio_kind: Option<&'static str>, conf_level: f64) -> Self {
        let adjustment = adjust.map(|method| (method, AdjustmentRecord::new(method, None)));
        Self { adjustment, ratio_kind, conf_level }
    }

    /// The contrasts of one question: `rows` of its differences, each tested by `test`; `covariance` is of two rows of weights.
    pub(super) fn family(
        &mut self,
        spec: &LsMeansSpec,
        rows: Vec<GridRow>,
        test: impl Fn(&str, &[f64]) -> Option<WaldEstimate>,
        covariance: &dyn Fn(&[f64], &[f64]) -> f64,
    ) -> Result<Vec<RatioContrast>, ModelError> {
        let weights: Vec<Vec<f64>> = rows.iter().map(|row| row.weights.clone().unwrap_or_default()).collect();
        let mut records: Vec<RatioContrast> = rows
            .into_iter()
            .map(|row| {
                let tested = row.weights.as_ref().and_then(|weights| test(&row.contrast, weights));
                RatioContrast::new(row, tested, self.ratio_kind)
            })
            .collect();
        if let Some((method, record)) = &mut self.adjustment {
            record.reference = record.reference.take().or_else(|| spec.against.clone());
            let mut differences: Vec<ContrastRecord> = records.iter().map(|record| record.difference.clone()).collect();
            let between = |i: usize, j: usize| covariance(&weights[i], &weights[j]);
            adjust_contrasts(*method, &mut differences, &between, self.conf_level, record)?;
            for (record, difference) in records.iter_mut().zip(differences) {
                let limit = |value: Option<f64>| self.ratio_kind.and(value).map(f64::exp);
                record.ratio_low_adjusted = limit(difference.adjusted.and_then(|a| a.conf_low_adjusted));
                record.ratio_high_adjusted = limit(difference.adjusted.and_then(|a| a.conf_high_adjusted));
                record.difference = difference;
            }
        }
        Ok(records)
    }

    /// What was adjusted.
    pub(super) fn record(self) -> Option<AdjustmentRecord> {
        self.adjustment.map(|(_, mut record)| {
            record.close();
            record
        })
    }
}

impl RatioContrast {
    /// The contrast `row` with its test; `ratio_kind` says whether an exponential is wanted.
    pub(super) fn new(row: GridRow, test: Option<WaldEstimate>, ratio_kind: Option<&'static str>) -> Self {
        let exponential = |value: Option<f64>| ratio_kind.and(value).map(f64::exp);
        let difference = ContrastRecord {
            contrast: row.contrast,
            levels: row.levels,
            estimate: test.as_ref().map(|t| t.estimate),
            std_error: test.as_ref().map(|t| t.std_error),
            df: test.as_ref().and_then(|t| t.df),
            statistic: test.as_ref().and_then(|t| t.statistic),
            p_value: test.as_ref().and_then(|t| t.p_value),
            conf_low: test.as_ref().map(|t| t.conf_low),
            conf_high: test.as_ref().map(|t| t.conf_high),
            adjusted: None,
            geometric: None,
        };
        Self {
            ratio_kind,
            ratio: exponential(difference.estimate),
            ratio_low: exponential(difference.conf_low),
            ratio_high: exponential(difference.conf_high),
            ratio_low_adjusted: None,
            ratio_high_adjusted: None,
            difference,
        }
    }
}

/// An LS mean with its test as a record.
pub(super) fn mean_record(levels: Levels, test: Option<WaldEstimate>) -> LsMeanRecord {
    LsMeanRecord {
        levels,
        estimate: test.as_ref().map(|t| t.estimate),
        std_error: test.as_ref().map(|t| t.std_error),
        df: test.as_ref().and_then(|t| t.df),
        conf_low: test.as_ref().map(|t| t.conf_low),
        conf_high: test.as_ref().map(|t| t.conf_high),
        geometric: None,
    }
}

/// A random intercept in the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VarianceComponentRow {
    /// Grouping.
    pub group: String,
    /// Always `(Intercept)`.
    pub term: String,
    /// Variance on the scale of the linear predictor.
    pub variance: f64,
    /// Its root.
    pub std_dev: f64,
    /// Correlation with another random coefficient: none here.
    pub corr: Option<f64>,
    /// Share of the latent variance up to and including this grouping: the intraclass correlation on the latent scale.
    pub icc: Option<f64>,
}

/// The report of a generalised model; field names are those of the linear mixed model's report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GeneralisedReport {
    /// The formula.
    pub formula: String,
    /// Always `ML`.
    pub method: String,
    /// `binomial`, `cumulative`, `poisson` or `negative-binomial`.
    pub family: String,
    /// `logit`, `probit`, `cloglog` or `log`.
    pub link: String,
    /// Always `asymptotic`: tests against the normal distribution.
    pub ddf: String,
    /// How the random effects were integrated out; `None` without them.
    pub integration: Option<String>,
    /// The outcome that is modelled: for `binomial`, `P(outcome = level)`.
    pub modelled: String,
    /// Rows used.
    pub n_obs: usize,
    /// Rows left out because a variable is missing.
    pub n_dropped: usize,
    /// Independent units; without random terms every row.
    pub n_patients: usize,
    /// Groups per grouping.
    pub n_groups: BTreeMap<String, usize>,
    /// Maximised log-likelihood.
    pub log_lik: f64,
    /// −2 log-likelihood.
    pub deviance: f64,
    /// All parameters counted (maximum likelihood).
    pub aic: f64,
    /// With the number of independent units.
    pub bic: f64,
    /// As `aic`.
    pub aic_all: f64,
    /// With the number of rows, as lme4.
    pub bic_all: f64,
    /// Whether the maximum was reached.
    pub converged: bool,
    /// Whether a variance is 0.
    pub singular: bool,
    /// Newton steps.
    pub iterations: usize,
    /// Largest absolute component of the gradient.
    pub gradient_max: f64,
    /// Newton decrement at the end.
    pub newton_decrement: f64,
    /// Smallest eigenvalue of the information scaled to unit diagonal.
    pub min_eigenvalue: f64,
    /// Thresholds, then coefficients.
    pub coefficients: Vec<WaldEstimate>,
    /// θ of a negative binomial model: variance μ + μ²/θ given the random intercepts.
    pub dispersion: Option<f64>,
    /// The offset of a count model, as it was written.
    pub offset: Option<String>,
    /// Random intercepts.
    pub variance_components: Vec<VarianceComponentRow>,
    /// Covariance of the coefficients, in their order.
    pub vcov: Vec<Vec<f64>>,
    /// LS means on the scale of the linear predictor; for an ordered outcome on the latent scale, the mean threshold at 0.
    pub emmeans: Vec<LsMeanRecord>,
    /// Differences of LS means, with odds ratios or rate ratios.
    pub contrasts: Vec<RatioContrast>,
    /// How the differences are adjusted for each other, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adjust: Option<AdjustmentRecord>,
    /// Columns dropped as combinations of earlier ones.
    pub aliased: Vec<String>,
    /// Choices made and what the reader should know.
    pub notes: crate::note::Notes,
}

/// A fitted generalised model with what its report and its contrasts need.
#[derive(Debug, Clone)]
pub struct GeneralisedModel {
    /// The fit.
    pub fit: GeneralisedFit,
    /// The rows and variables used.
    pub frame: ModelFrame,
    /// The design matrix of the fixed effects (with its intercept also where thresholds replace it).
    pub design: Design,
    /// What was asked.
    pub options: GeneralisedOptions,
    modelled: String,
}

/// Fits `formula` to `data`: a plain model without random terms, a mixed one with `(1|patient)` or with
/// `(1|patient) + (1|patient:knee)`.
///
/// ```
/// use splitknee_stats::model::generalised::Family;
/// use splitknee_stats::model::generalised_report::{GeneralisedOptions, fit_generalised};
/// use splitknee_stats::model::{Columns, Formula, LsMeansSpec};
/// let mut table = Columns::new();
/// table.add_numeric("responder", vec![1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0]).unwrap();
/// table.add_categorical("arm", ["EV", "PLACEBO"].repeat(6).into_iter().map(Some)).unwrap();
/// table.set_levels("arm", &["PLACEBO", "EV"]).unwrap();
/// let contrasts = vec![LsMeansSpec::parse("arm")];
/// let options = GeneralisedOptions { contrasts, ..GeneralisedOptions::new(Family::Binomial) };
/// let model = fit_generalised(&table, &Formula::parse("responder ~ arm").unwrap(), &options).unwrap();
/// let report = model.report().unwrap();
/// // 4 of 6 responders on EV, 2 of 6 on placebo: odds ratio (4/2)/(2/4).
/// assert!((report.contrasts[0].ratio.unwrap() - 4.0).abs() < 1e-9);
/// ```
///
/// A binomial outcome is numeric 0/1, or categorical with two levels of which the second is modelled (as R's `glm`); an
/// ordered outcome is categorical, or numeric with its values as grades.
///
/// # Errors
/// What the design matrix, the outcome or the fit refuses, with the reason; random slopes, more than two random
/// intercepts and residual covariance terms are not part of these models.
pub fn fit_generalised(
    data: &Columns,
    formula: &Formula,
    options: &GeneralisedOptions,
) -> Result<GeneralisedModel, ModelError> {
    if let Some(term) = formula.covariance.first() {
        return Err(unsupported(note!(glm_residual, term = &term.text)));
    }
    if let Some(term) = formula.random.iter().find(|term| !term.intercept || !term.slopes.is_empty()) {
        return Err(unsupported(note!(glm_slope, group = term.group_name())));
    }
    let offsets = options.offset.as_ref().map(|offset| offset.values(data)).transpose()?;
    if offsets.is_some() && !options.family.is_count() {
        return Err(unsupported(note!(glm_offset)));
    }
    let measured: Vec<usize> = match &offsets {
        Some(values) => (0..data.n_rows()).filter(|&row| values[row].is_finite()).collect(),
        None => (0..data.n_rows()).collect(),
    };
    let selected = offsets.is_some().then(|| data.select_rows(&measured));
    let mut frame = ModelFrame::build(selected.as_ref().unwrap_or(data), formula)?;
    frame.n_dropped += data.n_rows() - measured.len();
    let design = Design::build(&frame)?;
    let random = random_intercepts(&frame, formula, options.quadrature)?;
    let (fit, modelled) = match options.family {
        Family::Binomial => {
            let (outcome, modelled) = binary_outcome(&frame)?;
            let fit = match &random {
                None => fit_binary(&outcome, &design.x, &design.names, options.link)?,
                Some((random, _)) => fit_binary_mixed(&outcome, &design.x, &design.names, options.link, random)
                    .map_err(|error| name_levels(error, &frame, formula))?,
            };
            (fit, modelled)
        }
        Family::Poisson | Family::NegativeBinomial => {
            let Column::Numeric(values) = &frame.response else {
                let column = formula.response.name.clone();
                return Err(ModelError::WrongKind { column, wanted: "a count" });
            };
            let offset = match &offsets {
                Some(all) => frame.rows.iter().map(|&row| all[measured[row]]).collect(),
                None => vec![0.0; values.len()],
            };
            let overdispersed = options.family == Family::NegativeBinomial;
            let counts = Counts { values: values.clone(), offset, overdispersed };
            let random = random.as_ref().map(|(random, _)| random);
            let fit = fit_counts(&counts, &design.x, &design.names, random)
                .map_err(|error| name_levels(error, &frame, formula))?;
            let per = options.offset.as_ref().map_or_else(String::new, |offset| format!(", offset {}", offset.text));
            (fit, format!("log E({}){per}", formula.response.name))
        }
        Family::Cumulative => {
            let outcome = ordered_outcome(data, &frame)?;
            if !formula.intercept {
                return Err(unsupported(note!(glm_intercept)));
            }
            let (x, names) = without_intercept(&design);
            let fit = match &random {
                None => fit_ordered(&outcome, &x, &names, options.link)?,
                Some((random, _)) => fit_ordered_mixed(&outcome, &x, &names, options.link, random)
                    .map_err(|error| name_levels(error, &frame, formula))?,
            };
            let modelled = format!("{}: a positive coefficient means higher grades", outcome.levels.join(" < "));
            (fit, modelled)
        }
    };
    Ok(GeneralisedModel { fit, frame, design, options: options.clone(), modelled })
}

impl GeneralisedModel {
    /// The report.
    ///
    /// # Errors
    /// LS means or contrasts of a name that is not a factor of the model.
    pub fn report(&self) -> Result<GeneralisedReport, ModelError> {
        let fit = &self.fit;
        let (mut emmeans, mut contrasts) = (Vec::new(), Vec::new());
        for spec in &self.options.emmeans {
            for row in mean_rows(&self.frame, &self.design, spec)? {
                let test = row.weights.as_ref().map(|weights| self.mean(weights));
                emmeans.push(mean_record(row.levels, test));
            }
        }
        let ratio_kind = match fit.link {
            Link::Logit => Some("odds ratio"),
            Link::Cloglog => Some("hazard ratio"),
            Link::Log => Some("rate ratio"),
            Link::Probit => None,
        };
        let mut asked = RatioContrasts::new(self.options.adjust, ratio_kind, self.options.conf_level);
        for spec in &self.options.contrasts {
            let rows = difference_rows(&self.frame, &self.design, spec)?;
            let covariance = |a: &[f64], b: &[f64]| {
                self.on_terms(a).zip(self.on_terms(b)).map_or(0.0, |(a, b)| bilinear(&fit.vcov, &a, &b))
            };
            contrasts.extend(asked.family(spec, rows, |label, weights| self.contrast(label, weights), &covariance)?);
        }
        let errors = fit.std_errors();
        let n = fit.terms.len();
        // log θ of a negative binomial model is a parameter, not a coefficient.
        let hidden = if fit.family.is_count() { fit.n_thresholds } else { 0 };
        let latent_icc = fit.latent_icc();
        let mut notes = fit.notes.clone();
        if fit.family.is_count() {
            notes.push(note!(counts_rate));
        }
        if !self.design.aliased.is_empty() {
            notes.push(note!(dropped_terms, columns = self.design.aliased.join(", ")));
        }
        Ok(GeneralisedReport {
            formula: self.frame.formula.text.clone(),
            method: "ML".into(),
            family: fit.family.name().into(),
            link: fit.link.name().into(),
            ddf: "asymptotic".into(),
            integration: fit.integration.clone(),
            modelled: self.modelled.clone(),
            n_obs: fit.n_obs,
            n_dropped: self.frame.n_dropped,
            n_patients: fit.n_patients,
            n_groups: fit.random.iter().map(|term| (term.group.clone(), term.n_groups)).collect(),
            log_lik: fit.log_lik,
            deviance: -2.0 * fit.log_lik,
            aic: fit.information_criterion(2.0),
            bic: fit.information_criterion((fit.n_patients as f64).ln()),
            aic_all: fit.information_criterion(2.0),
            bic_all: fit.information_criterion((fit.n_obs as f64).ln()),
            converged: fit.convergence.converged,
            singular: fit.singular,
            iterations: fit.convergence.iterations,
            gradient_max: fit.convergence.gradient_max,
            newton_decrement: fit.convergence.decrement,
            min_eigenvalue: fit.convergence.min_eigenvalue,
            coefficients: fit
                .terms
                .iter()
                .zip(&fit.estimates)
                .zip(errors)
                .skip(hidden)
                .map(|((term, estimate), error)| {
                    let wald = WaldEstimate::new(term, *estimate, error, self.options.conf_level);
                    let rate = fit.family.is_count().then(|| wald.rate_ratio());
                    WaldEstimate { rate, ..wald }
                })
                .collect(),
            dispersion: fit.dispersion(),
            offset: self.options.offset.as_ref().map(|offset| offset.text.clone()),
            variance_components: fit
                .random
                .iter()
                .enumerate()
                .map(|(index, term)| VarianceComponentRow {
                    group: term.group.clone(),
                    term: "(Intercept)".into(),
                    variance: term.std_dev.powi(2),
                    std_dev: term.std_dev,
                    corr: None,
                    icc: latent_icc.get(index).copied(),
                })
                .collect(),
            vcov: fit.vcov.chunks(n.max(1)).skip(hidden).map(|row| row[hidden..].to_vec()).collect(),
            emmeans,
            contrasts,
            adjust: asked.record(),
            aliased: self.design.aliased.clone(),
            notes,
        })
    }

    /// An LS mean: for an ordered outcome `xᵀβ` minus the mean of the thresholds (`emmeans(mode = "latent")`).
    fn mean(&self, weights: &[f64]) -> WaldEstimate {
        let thresholds = self.fit.n_thresholds;
        let at_threshold = if self.fit.family.is_count() { 0.0 } else { -1.0 / thresholds as f64 };
        let full: Vec<f64> = self
            .fit
            .terms
            .iter()
            .enumerate()
            .map(|(index, term)| match self.design.names.iter().position(|name| name == term) {
                Some(column) if index >= thresholds => weights.get(column).copied().unwrap_or(0.0),
                _ if index < thresholds => at_threshold,
                _ => 0.0,
            })
            .collect();
        wald_combination("", &full, &self.fit.estimates, &self.fit.vcov, self.options.conf_level)
    }

    /// Wald test of the linear combination `weights` of the design's columns (in the order of `design.names`), for
    /// instance a difference of two rows of the reference grid: on the logit scale a log odds ratio.
    ///
    /// `None` when the weights have the wrong length, or weigh the intercept of a model with thresholds.
    pub fn contrast(&self, label: &str, weights: &[f64]) -> Option<WaldEstimate> {
        let full = self.on_terms(weights)?;
        Some(wald_combination(label, &full, &self.fit.estimates, &self.fit.vcov, self.options.conf_level))
    }

    /// Weights of the design's columns as weights of the model's terms.
    fn on_terms(&self, weights: &[f64]) -> Option<Vec<f64>> {
        if weights.len() != self.design.names.len() {
            return None;
        }
        let n = self.fit.terms.len();
        let mut full = vec![0.0; n];
        for (name, weight) in self.design.names.iter().zip(weights) {
            match self.fit.terms.iter().position(|term| term == name) {
                Some(index) => full[index] = *weight,
                None if *weight != 0.0 => return None,
                None => {}
            }
        }
        Some(full)
    }
}

/// Wald test of `Σ wᵢ bᵢ` for estimates `b` with covariance `vcov` (row-major).
pub fn wald_combination(
    label: &str,
    weights: &[f64],
    estimates: &[f64],
    vcov: &[f64],
    conf_level: f64,
) -> WaldEstimate {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let variance: f64 = vcov.chunks(estimates.len().max(1)).zip(weights).map(|(row, w)| w * dot(row, weights)).sum();
    WaldEstimate::new(label, dot(weights, estimates), variance.max(0.0).sqrt(), conf_level)
}

fn unsupported(reason: Note) -> ModelError {
    ModelError::Unsupported { reason }
}

/// The random intercepts of the formula with their group labels (outer, inner); `None` without random terms.
fn random_intercepts(
    frame: &ModelFrame,
    formula: &Formula,
    points: usize,
) -> Result<Option<(RandomIntercepts, Vec<String>)>, ModelError> {
    let mut groupings =
        formula.random.iter().map(|term| frame.grouping(&term.group)).collect::<Result<Vec<_>, ModelError>>()?;
    groupings.sort_by_key(|grouping| grouping.n_groups());
    let codes = |codes: &[u32]| codes.iter().map(|&code| code as usize).collect::<Vec<_>>();
    match groupings.as_slice() {
        [] => Ok(None),
        [outer] => {
            let random =
                RandomIntercepts { outer_name: outer.name.clone(), outer: codes(&outer.codes), inner: None, points };
            Ok(Some((random, Vec::new())))
        }
        [outer, inner] => {
            let random = RandomIntercepts {
                outer_name: outer.name.clone(),
                outer: codes(&outer.codes),
                inner: Some((inner.name.clone(), codes(&inner.codes))),
                points,
            };
            Ok(Some((random, inner.labels.clone())))
        }
        _ => Err(unsupported(note!(glm_random))),
    }
}

/// Replaces the group number in a nesting error by the group's name.
fn name_levels(error: ModelError, frame: &ModelFrame, formula: &Formula) -> ModelError {
    match error {
        ModelError::NotNested { inner, outer, level } => {
            let labels = formula
                .random
                .iter()
                .find(|term| term.group_name() == inner)
                .and_then(|term| frame.grouping(&term.group).ok())
                .map(|grouping| grouping.labels);
            let named = level.parse::<usize>().ok().and_then(|index| labels?.get(index).cloned());
            ModelError::NotNested { inner, outer, level: named.unwrap_or(level) }
        }
        other => other,
    }
}

/// The 0/1 outcome and a description of what is modelled.
fn binary_outcome(frame: &ModelFrame) -> Result<(Vec<bool>, String), ModelError> {
    let name = &frame.formula.response.name;
    match &frame.response {
        Column::Numeric(values) if values.iter().all(|&y| y == 0.0 || y == 1.0) => {
            Ok((values.iter().map(|&y| y == 1.0).collect(), format!("P({name} = 1)")))
        }
        Column::Categorical { levels, codes } => match levels.as_slice() {
            [_, modelled] => {
                Ok((codes.iter().map(|code| *code == Some(1)).collect(), format!("P({name} = {modelled})")))
            }
            [only] => Err(ModelError::ConstantOutcome { reason: note!(outcome_one_value, name = name, only = only) }),
            _ => Err(unsupported(note!(glm_two))),
        },
        Column::Numeric(_) => Err(unsupported(note!(glm_binary))),
    }
}

/// The ordered outcome over the analysed rows; grades declared in the table but absent there are noted.
fn ordered_outcome(data: &Columns, frame: &ModelFrame) -> Result<OrderedOutcome, ModelError> {
    let Column::Categorical { levels, codes } = frame.response.to_categorical() else {
        return Err(ModelError::WrongKind { column: frame.formula.response.name.clone(), wanted: "categorical" });
    };
    let codes: Vec<usize> = codes.into_iter().flatten().map(|code| code as usize).collect();
    let mut outcome = OrderedOutcome::new(&codes, &levels)?;
    if let Ok(Column::Categorical { levels: declared, .. }) = data.column(&frame.formula.response.name) {
        outcome.empty = declared.iter().filter(|level| !outcome.levels.contains(level)).cloned().collect();
    }
    Ok(outcome)
}

/// The design matrix and its names without the intercept column.
fn without_intercept(design: &Design) -> (Vec<f64>, Vec<String>) {
    let keep: Vec<usize> =
        (0..design.names.len()).filter(|&j| design.names.get(j).is_some_and(|n| n != "(Intercept)")).collect();
    let width = design.names.len().max(1);
    let x = design.x.chunks(width).flat_map(|row| keep.iter().filter_map(|&j| row.get(j)).copied()).collect();
    (x, keep.iter().filter_map(|&j| design.names.get(j)).cloned().collect())
}
