//! One request, one answer.

use super::analysis::{Analysis, Linear};
use super::approximate;
use super::bayes::{Chain, Prior};
use super::completed_model;
use super::condmean::{Imputation, Jackknife};
use super::delta::{DeltaCells, Surface, Tipping};
use super::diagnostics::{self, Spread};
use super::graded;
use super::rubin;
use super::strategy::Covariance;
use super::trial::{Counts, Trial};
use crate::math::dist::{normal, student_t};
use crate::model::cells::CellStructure;
use crate::note;
use crate::note::{Note, Value};
use crate::paired::Refusal;
use serde::Serialize;

/// How the missing values are imputed and the uncertainty judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Method {
    /// Conditional means, jackknife over patients.
    ConditionalMean(Inference),
    /// Data augmentation.
    Bayes(Prior),
    /// Bootstrap of patients, REML each.
    ApproximateBayes,
}

/// The standard error and distribution of conditional-mean estimates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Inference {
    /// Repeated-sampling standard error, t.
    #[default]
    JackknifeT,
    /// Repeated-sampling standard error, normal (rbmi's).
    JackknifeNormal,
    /// The shift of the strategy against MAR frozen (Lu 2021), t.
    InformationAnchored,
}

impl Inference {
    /// The name in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::JackknifeT => "jackknife-t",
            Self::JackknifeNormal => "jackknife-normal",
            Self::InformationAnchored => "information-anchored",
        }
    }
}

/// What is asked of a trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Request {
    /// Analysis of completed differences.
    pub analysis: Analysis,
    /// Index of the visit analysed.
    pub at: usize,
    /// How to impute.
    pub method: Method,
    /// Covariance over the cells.
    pub structure: CellStructure,
    /// Covariance of the law after an event.
    pub covariance: Covariance,
    /// Confidence level.
    pub conf_level: f64,
    /// Null value of the difference.
    pub margin: f64,
    /// δ_active, δ_placebo.
    pub delta: [f64; 2],
    /// Cells that δ is added to.
    pub delta_cells: DeltaCells,
    /// Whether tipping points are wanted.
    pub tipping: bool,
    /// Number of imputations; `None`: as many as make the Monte Carlo error small.
    pub m: Option<usize>,
    /// Seed of the draws.
    pub seed: u64,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            analysis: Analysis::default(),
            at: 0,
            method: Method::ConditionalMean(Inference::default()),
            structure: CellStructure::default(),
            covariance: Covariance::default(),
            conf_level: 0.95,
            margin: 0.0,
            delta: [0.0; 2],
            delta_cells: DeltaCells::default(),
            tipping: false,
            m: None,
            seed: 1,
        }
    }
}

/// A value imputed: the conditional mean, or the mean of the draws.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImputedValue {
    /// Patient.
    pub patient: String,
    /// `active` or `placebo`; programs may rename it to the arm's label.
    pub arm: String,
    /// Visit.
    pub visit: String,
    /// The value, before δ.
    pub value: f64,
}

/// ∂θ/∂δ.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DeltaWeights {
    /// Per unit of δ_active.
    pub active: f64,
    /// Per unit of δ_placebo.
    pub placebo: f64,
}

/// Values by set, arm and visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetCounts {
    /// `active` or `placebo`.
    pub arm: String,
    /// Visit.
    pub visit: String,
    /// Fitted.
    pub fit: usize,
    /// Conditioned on and kept.
    pub condition: usize,
    /// Imputed.
    pub target: usize,
    /// Set by a composite strategy.
    pub fixed: usize,
}

/// The mean course of an arm at a visit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Course {
    /// `active` or `placebo`; programs may rename it to the arm's label.
    pub arm: String,
    /// Visit.
    pub visit: String,
    /// Mean of the values kept.
    pub observed: Option<f64>,
    /// Mean of the values imputed.
    pub imputed: Option<f64>,
    /// Mean of all, set values included.
    pub completed: f64,
}

/// The estimate without one patient.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WithoutPatient {
    /// Patient.
    pub patient: String,
    /// The estimate when both knees of the patient are left out.
    pub estimate: f64,
    /// That estimate less the one of all patients.
    pub change: f64,
}

/// The answer, with the field names of the command's JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// `conditional-mean`, `bayes`, `approximate-bayes`.
    pub method: &'static str,
    /// `mean-difference`, `ancova`, `mixed`, `responder`, `grades`.
    pub analysis: &'static str,
    /// The visit analysed.
    pub at: String,
    /// Kind of standard error.
    pub inference: &'static str,
    /// Covariance over the cells.
    pub structure: &'static str,
    /// `shared` or `reference`.
    pub covariance: &'static str,
    /// Covariates of the imputation model beside the baseline.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub covariates: Vec<String>,
    /// Patients analysed.
    pub n_patients: usize,
    /// Active less placebo.
    pub estimate: f64,
    /// Its standard error.
    pub std_error: f64,
    /// Degrees of freedom; absent under the normal distribution.
    pub df: Option<f64>,
    /// (estimate − margin) / SE.
    pub statistic: f64,
    /// Two-sided p-value.
    pub p_value: f64,
    /// Lower confidence limit.
    pub conf_low: f64,
    /// Upper confidence limit.
    pub conf_high: f64,
    /// Confidence level.
    pub conf_level: f64,
    /// Active knees imputed at the visit.
    pub n_imputed_active: usize,
    /// Placebo knees imputed at the visit.
    pub n_imputed_placebo: usize,
    /// Restricted log-likelihood of the imputation model.
    pub log_lik: f64,
    /// How the estimate moves with δ.
    pub weights: DeltaWeights,
    /// δ applied.
    pub delta: DeltaWeights,
    /// Where the conclusion tips.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tipping: Option<Tipping>,
    /// Ū of Rubin's rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<f64>,
    /// B of Rubin's rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub between: Option<f64>,
    /// Share of the total variance due to missing values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda: Option<f64>,
    /// Monte Carlo standard error of the estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mcse: Option<f64>,
    /// Monte Carlo standard error of the p-value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mcse_p_value: Option<f64>,
    /// Number of imputations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub m: Option<usize>,
    /// Prior of the covariance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prior: Option<&'static str>,
    /// Seed of the draws.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Covariance of (θ, w_active, w_placebo) by the jackknife, row after row: with θ and the weights it gives every δ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jackknife_cov: Option<[f64; 9]>,
    /// Imputed values of all visits, sorted by patient.
    pub imputed: Vec<ImputedValue>,
    /// Values fitted, conditioned on and imputed.
    pub sets: Vec<SetCounts>,
    /// Mean courses of both arms.
    pub course: Vec<Course>,
    /// Observed and imputed values of both arms by visit.
    pub spread: Vec<Spread>,
    /// Innovations of the imputation model, ascending; standard normal where it holds.
    pub innovations: Vec<f64>,
    /// Steps of the chain between draws.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinning: Option<usize>,
    /// Estimates of the first draws of the chain, at most a thousand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trace: Vec<f64>,
    /// Autocorrelations of the estimates of all draws of the chain, from lag 1 on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub autocorrelation: Vec<f64>,
    /// Bootstrap samples that were drawn again because their fit failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redrawn: Option<usize>,
    /// The patients that move the estimate most, at most five (conditional means).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub influence: Vec<WithoutPatient>,
    /// What to know.
    pub notes: Vec<Note>,
}

/// Answers a request; the trial may be in any order.
///
/// # Errors
/// Data that a step refuses, with the reason.
pub fn run(trial: Trial, request: &Request) -> Result<Answer, Refusal> {
    if request.at >= trial.n_visits() {
        return Err(Refusal(note!(mi_not_a_visit)));
    }
    if !(request.conf_level > 0.0 && request.conf_level < 1.0) {
        return Err(Refusal(note!(mi_level)));
    }
    if request.analysis == Analysis::Ancova && !trial.has_baseline {
        return Err(Refusal(note!(mi_ancova_baseline)));
    }
    if !request.analysis.is_linear() {
        if matches!(request.method, Method::ConditionalMean(_)) {
            return Err(Refusal(match request.analysis {
                Analysis::Mixed => note!(mi_mixed_not_linear),
                Analysis::Grades(_) => note!(mi_grades_not_linear),
                _ => note!(mi_not_linear),
            }));
        }
        if request.tipping {
            return Err(Refusal(match request.analysis {
                Analysis::Mixed => note!(mi_mixed_tipping),
                Analysis::Grades(_) => note!(mi_grades_tipping),
                _ => note!(mi_responder_tipping),
            }));
        }
    }
    let trial = trial.in_canonical_order();
    let imputation = Imputation::new(trial, request.structure, request.covariance)?;
    match request.method {
        Method::ConditionalMean(inference) => conditional_mean(&imputation, request, inference),
        Method::Bayes(prior) => bayes(&imputation, request, prior),
        Method::ApproximateBayes => approximate_bayes(&imputation, request),
    }
}

/// Answers with the first of `request.structure` and `fallback` that gives an answer; the note `mi_fallback` says which
/// failed and why. Data that no covariance can help are refused at once.
///
/// # Errors
/// As [`run`]: the refusal of the structure asked for where none gives an answer.
pub fn run_with(trial: &Trial, request: &Request, fallback: &[CellStructure]) -> Result<Answer, Refusal> {
    trial.check()?;
    let mut failed: Vec<(CellStructure, Refusal)> = Vec::new();
    for &structure in std::iter::once(&request.structure).chain(fallback) {
        if failed.iter().any(|(tried, _)| *tried == structure) {
            continue;
        }
        match run(trial.clone(), &Request { structure, ..*request }) {
            Ok(mut answer) => {
                let said = failed.into_iter().map(|(tried, Refusal(reason))| {
                    note!(mi_fallback, structure = tried.name(), used = structure.name(), reason = reason)
                });
                answer.notes.splice(0..0, said);
                return Ok(answer);
            }
            Err(refusal) => failed.push((structure, refusal)),
        }
    }
    Err(failed.swap_remove(0).1)
}

/// The surface over δ and the quantile that go with an inference.
pub fn surface(jackknife: &Jackknife, inference: Inference, conf_level: f64) -> (Surface, Option<f64>, f64) {
    let anchored = inference == Inference::InformationAnchored;
    let surface = Surface {
        estimate: jackknife.full.estimate,
        weights: jackknife.full.weights,
        q: jackknife.covariance(anchored),
    };
    let tail = 0.5 * (1.0 - conf_level);
    match inference {
        Inference::JackknifeNormal => (surface, None, normal::upper_quantile(tail)),
        _ => (surface, Some(jackknife.df), student_t::upper_quantile(tail, jackknife.df)),
    }
}

fn conditional_mean(imputation: &Imputation, request: &Request, inference: Inference) -> Result<Answer, Refusal> {
    let jackknife = imputation.jackknife(request.analysis, request.at, request.delta_cells)?;
    let (surface, df, c) = surface(&jackknife, inference, request.conf_level);
    let estimate = surface.estimate(request.delta);
    let std_error = surface.variance(request.delta).sqrt();
    if std_error.is_nan() || std_error <= 10.0 * f64::EPSILON * estimate.abs() {
        return Err(Refusal(note!(mi_all_equal, n = jackknife.left_out.len(), value = estimate)));
    }
    let statistic = (estimate - request.margin) / std_error;
    let p_value = df.map_or_else(|| normal::two_sided(statistic), |df| student_t::two_sided(statistic, df));
    let mut answer = frame(imputation, request, &jackknife.completed, std::slice::from_ref(&jackknife.completed));
    let mar = jackknife.mar_std_error();
    if inference != Inference::InformationAnchored
        && request.delta == [0.0; 2]
        && std_error < mar * (1.0 - 1e-9)
        && imputation.trial.patients.iter().any(|p| p.events[0].is_some_and(|e| e.strategy.is_reference_based()))
    {
        answer.notes.push(note!(
            mi_repeated_sampling,
            own = Value::shown(std_error, format!("{std_error:.4}")),
            mar = Value::shown(mar, format!("{mar:.4}")),
        ));
    }
    if request.tipping && surface.weights == [0.0; 2] {
        answer.notes.push(note!(mi_nothing_imputed));
    } else if request.tipping && p_value > 1.0 - request.conf_level {
        answer.notes.push(note!(mi_nothing_to_tip));
    }
    answer.method = "conditional-mean";
    answer.inference = inference.name();
    answer.estimate = estimate;
    answer.std_error = std_error;
    answer.df = df;
    answer.statistic = statistic;
    answer.p_value = p_value;
    answer.conf_low = estimate - c * std_error;
    answer.conf_high = estimate + c * std_error;
    answer.weights = DeltaWeights { active: surface.weights[0], placebo: surface.weights[1] };
    answer.tipping = request.tipping.then(|| surface.tipping(request.margin, c));
    answer.jackknife_cov = Some(surface.q);
    let full = jackknife.full.estimate;
    let mut order: Vec<usize> = (0..jackknife.left_out.len()).collect();
    let moved = |i: usize| (jackknife.left_out[i].estimate - full).abs();
    let label = |i: usize| imputation.trial.patients[i].label.as_str();
    order.sort_by(|&a, &b| moved(b).total_cmp(&moved(a)).then_with(|| label(a).cmp(label(b))));
    answer.influence = order
        .into_iter()
        .take(5)
        .map(|i| {
            let estimate = jackknife.left_out[i].estimate;
            WithoutPatient { patient: label(i).to_owned(), estimate, change: estimate - full }
        })
        .collect();
    Ok(answer)
}

/// Imputations when none are asked for: so many that the Monte Carlo error is 1 % of the standard error.
fn enough(lambda: f64) -> usize {
    ((lambda / 1e-4).ceil() as usize).clamp(100, 20_000)
}

const PILOT: usize = 200;

/// Lags of the autocorrelations, and draws of the trace, that an answer has.
const LAGS: usize = 20;
const TRACE: usize = 1000;

fn bayes(imputation: &Imputation, request: &Request, prior: Prior) -> Result<Answer, Refusal> {
    if request.structure != CellStructure::Us {
        return Err(Refusal(note!(mi_bayes_us, structure = request.structure.name())));
    }
    let all = vec![true; imputation.trial.patients.len()];
    let linear = Linear::new(request.analysis, &imputation.baselines(&all))?;
    let mut chain = Chain::new(imputation, prior, request.seed)?;
    let at = request.at;
    let thin = chain.thinning(|set| linear.estimate(set.iter().map(|cells| imputation.difference(cells, at))))?;
    let mut sets: Vec<Vec<Vec<f64>>> = Vec::new();
    let mut draw = |sets: &mut Vec<Vec<Vec<f64>>>, wanted: usize| -> Result<(), Refusal> {
        while sets.len() < wanted {
            for _ in 0..thin {
                chain.step()?;
            }
            sets.push(chain.imputed()?);
        }
        Ok(())
    };
    draw(&mut sets, request.m.unwrap_or(PILOT))?;
    if request.m.is_none() {
        let lambda = pooled(imputation, request, &linear, &sets)?.pool([0.0; 2], 0.0)?.lambda;
        draw(&mut sets, enough(lambda))?;
    }
    let (mut answer, estimates) = from_draws(imputation, request, &linear, &sets)?;
    answer.method = "bayes";
    answer.thinning = Some(thin);
    answer.autocorrelation = diagnostics::autocorrelation(&estimates, LAGS);
    answer.trace = estimates.into_iter().take(TRACE).collect();
    answer.prior = Some(prior.name());
    answer.notes.push(match prior {
        Prior::Jeffreys => note!(mi_prior_jeffreys),
        Prior::Reml => note!(mi_prior_reml),
    });
    answer.notes.push(note!(mi_thinning, n = thin));
    Ok(answer)
}

fn approximate_bayes(imputation: &Imputation, request: &Request) -> Result<Answer, Refusal> {
    let all = vec![true; imputation.trial.patients.len()];
    let linear = Linear::new(request.analysis, &imputation.baselines(&all))?;
    let mut draws = approximate::draws(imputation, request.m.unwrap_or(PILOT), request.seed)?;
    if request.m.is_none() {
        let lambda = pooled(imputation, request, &linear, &draws.completed)?.pool([0.0; 2], 0.0)?.lambda;
        draws = approximate::draws(imputation, enough(lambda).min(5000), request.seed)?;
    }
    let (mut answer, _) = from_draws(imputation, request, &linear, &draws.completed)?;
    answer.method = "approximate-bayes";
    answer.redrawn = Some(draws.redrawn);
    if draws.redrawn > 0 {
        answer.notes.push(note!(mi_redrawn, n = draws.redrawn));
    }
    Ok(answer)
}

fn pooled(
    imputation: &Imputation,
    request: &Request,
    linear: &Linear,
    sets: &[Vec<Vec<f64>>],
) -> Result<rubin::Draws, Refusal> {
    let at = request.at;
    let load = imputation.delta_load(at, request.delta_cells);
    match request.analysis {
        Analysis::Responder(_) | Analysis::Grades(_) => graded::draws(imputation, request, &load, sets),
        Analysis::Mixed => completed_model::draws(imputation, at, request.delta, request.delta_cells, sets),
        Analysis::MeanDifference | Analysis::Ancova => {
            let of = |set: &Vec<Vec<f64>>| set.iter().map(|cells| imputation.difference(cells, at)).collect();
            Ok(rubin::Draws::of(linear, &load, sets.iter().map(of)))
        }
    }
}

/// The pooled answer, and the estimates of the draws.
fn from_draws(
    imputation: &Imputation,
    request: &Request,
    linear: &Linear,
    sets: &[Vec<Vec<f64>>],
) -> Result<(Answer, Vec<f64>), Refusal> {
    let draws = pooled(imputation, request, linear, sets)?;
    let found = draws.pool(request.delta, request.margin)?;
    if !(found.std_error > 0.0 && found.df > 0.0) {
        return Err(Refusal(note!(mi_no_variance)));
    }
    let (mcse, of_p) = draws.monte_carlo(request.delta, request.margin)?;
    let m = sets.len() as f64;
    let mean: Vec<Vec<f64>> = (0..imputation.trial.patients.len())
        .map(|i| (0..imputation.means.cells).map(|c| sets.iter().map(|s| s[i][c]).sum::<f64>() / m).collect())
        .collect();
    let c = student_t::upper_quantile(0.5 * (1.0 - request.conf_level), found.df);
    let mut answer = frame(imputation, request, &mean, sets);
    answer.inference = "rubin";
    answer.estimate = found.estimate;
    answer.std_error = found.std_error;
    answer.df = Some(found.df);
    answer.statistic = (found.estimate - request.margin) / found.std_error;
    answer.p_value = found.p_value;
    answer.conf_low = found.estimate - c * found.std_error;
    answer.conf_high = found.estimate + c * found.std_error;
    answer.weights = DeltaWeights { active: draws.weights[0], placebo: draws.weights[1] };
    answer.within = Some(found.within);
    answer.between = Some(found.between);
    answer.lambda = Some(found.lambda);
    answer.mcse = Some(mcse);
    answer.mcse_p_value = of_p.is_finite().then_some(of_p);
    answer.m = Some(sets.len());
    answer.seed = Some(request.seed);
    if request.tipping {
        answer.tipping = Some(draws.tipping(request.margin, 1.0 - request.conf_level)?);
    }
    if mcse > 0.01 * found.std_error {
        let share = 100.0 * mcse / found.std_error;
        answer.notes.push(note!(
            mi_monte_carlo,
            share = Value::shown(share, format!("{share:.1}")),
            n = enough(found.lambda)
        ));
    }
    if imputation.trial.patients.iter().any(|p| p.events[0].is_some_and(|e| e.strategy.is_reference_based())) {
        answer.notes.push(note!(mi_rubin_anchored));
    }
    Ok((answer, draws.estimates))
}

/// What every answer has in common; `completed` are means of the completed sets `sets`.
fn frame(imputation: &Imputation, request: &Request, completed: &[Vec<f64>], sets: &[Vec<Vec<f64>>]) -> Answer {
    let trial = &imputation.trial;
    let visits = trial.n_visits();
    let arm = |cell: usize| if cell < visits { "active" } else { "placebo" }.to_owned();
    let counts = Counts::of(trial);
    let mut order: Vec<usize> = (0..trial.patients.len()).collect();
    order.sort_by(|&a, &b| trial.patients[a].label.cmp(&trial.patients[b].label));
    let imputed = order
        .iter()
        .flat_map(|&i| (0..trial.n_cells()).map(move |c| (i, c)))
        .filter(|&(i, c)| imputation.condition[i][c].is_none() && trial.fixed(i, c).is_none())
        .map(|(i, c)| ImputedValue {
            patient: trial.patients[i].label.clone(),
            arm: arm(c),
            visit: trial.visits[c % visits].clone(),
            value: completed[i][c],
        })
        .collect();
    let spread = diagnostics::spread(imputation, sets);
    let sets = (0..trial.n_cells())
        .map(|c| SetCounts {
            arm: arm(c),
            visit: trial.visits[c % visits].clone(),
            fit: counts.fit[c],
            condition: counts.condition[c],
            target: counts.target[c],
            fixed: counts.fixed[c],
        })
        .collect();
    let mut notes = Vec::new();
    for covariate in &imputation.means.left_out {
        notes.push(note!(mi_covariate_left_out, covariate = covariate));
    }
    let nothing: Vec<&str> = order
        .iter()
        .filter(|&&i| (0..trial.n_cells()).all(|c| imputation.condition[i][c].is_none() && trial.fixed(i, c).is_none()))
        .map(|&i| trial.patients[i].label.as_str())
        .collect();
    if !nothing.is_empty() {
        notes.push(note!(
            mi_nothing_observed,
            n = nothing.len(),
            of = trial.patients.len(),
            patients = nothing.join(", ")
        ));
    }
    let shifted = trial.patients.iter().filter(|p| {
        p.events[0].is_some_and(|e| e.strategy == super::Strategy::CopyReference)
            && p.values[visits..].iter().any(Option::is_none)
    });
    let shifted = shifted.count();
    if shifted > 0 {
        notes.push(note!(mi_copy_reference_leak, n = shifted));
    }
    let course = (0..trial.n_cells())
        .map(|c| {
            let mean = |cells: Vec<f64>| (!cells.is_empty()).then(|| cells.iter().sum::<f64>() / cells.len() as f64);
            let target = |i: usize| imputation.condition[i][c].is_none() && trial.fixed(i, c).is_none();
            let patients = 0..trial.patients.len();
            Course {
                arm: arm(c),
                visit: trial.visits[c % visits].clone(),
                observed: mean(imputation.condition.iter().filter_map(|values| values[c]).collect()),
                imputed: mean(patients.filter(|&i| target(i)).map(|i| completed[i][c]).collect()),
                completed: completed.iter().map(|cells| cells[c]).sum::<f64>() / completed.len() as f64,
            }
        })
        .collect();
    Answer {
        method: "",
        analysis: request.analysis.name(),
        at: trial.visits[request.at].clone(),
        inference: "",
        structure: request.structure.name(),
        covariance: if request.covariance == Covariance::Shared { "shared" } else { "reference" },
        covariates: trial.covariates.iter().map(|covariate| covariate.name.clone()).collect(),
        n_patients: trial.patients.len(),
        estimate: f64::NAN,
        std_error: f64::NAN,
        df: None,
        statistic: f64::NAN,
        p_value: f64::NAN,
        conf_low: f64::NAN,
        conf_high: f64::NAN,
        conf_level: request.conf_level,
        n_imputed_active: counts.target[request.at],
        n_imputed_placebo: counts.target[visits + request.at],
        log_lik: imputation.fit.log_lik,
        weights: DeltaWeights { active: 0.0, placebo: 0.0 },
        delta: DeltaWeights { active: request.delta[0], placebo: request.delta[1] },
        tipping: None,
        within: None,
        between: None,
        lambda: None,
        mcse: None,
        mcse_p_value: None,
        m: None,
        prior: None,
        seed: None,
        jackknife_cov: None,
        imputed,
        sets,
        course,
        spread,
        innovations: diagnostics::innovations(imputation),
        thinning: None,
        trace: Vec::new(),
        autocorrelation: Vec::new(),
        redrawn: None,
        influence: Vec::new(),
        notes,
    }
}
