//! Every test of two columns by name, as the plan and the command line call them: what the registry
//! ([`super::METHODS`]) says of it, and the test itself.

use super::mcnemar::McNemarOptions;
use super::method::Asked;
use super::{
    Better, Field, METHODS, Method, Options, Refusal, TestResult, bland_altman, bootstrap, brunner_munzel, correlation,
    counts, icc, kappa, permutation, small_samples, wilcoxon,
};
use crate::note;

/// The names [`run`] knows, in the order in which they are listed to people.
pub const NAMES: [&str; METHODS.len()] = {
    let mut names = [""; METHODS.len()];
    let mut at = 0;
    while at < METHODS.len() {
        names[at] = METHODS[at].name;
        at += 1;
    }
    names
};

/// Tests of more than two measurements of a patient, which take a table of patients by visits and not two columns:
/// [`super::friedman`], [`super::cochran_q`], [`super::rm_anova`].
pub const REPEATED: [&str; 3] = ["friedman", "cochran-q", "rm-anova"];

/// Every test that an endpoint of a plan can ask for by name.
pub fn in_plans() -> Vec<&'static str> {
    NAMES.into_iter().chain(REPEATED).collect()
}

/// What is known of the test `name`.
pub fn find(name: &str) -> Option<&'static Method> {
    METHODS.into_iter().find(|method| method.name == name)
}

/// What is known of the test that a result names `method`.
pub fn of_result(method: &str) -> Option<&'static Method> {
    METHODS.into_iter().find(|known| known.result_name() == method)
}

/// Whether the test `name` compares the two sides ([`Method::compares`]).
pub fn compares(name: &str) -> bool {
    find(name).is_some_and(Method::compares)
}

/// What the tests can be asked beyond [`Options`]; each test reads its own part.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Wilcoxon: zeros, kind of p-value, continuity correction.
    pub wilcoxon: wilcoxon::Settings,
    /// Permutation: exact or Monte Carlo.
    pub permutation: permutation::Settings,
    /// Bootstrap: resamples and seed.
    pub bootstrap: bootstrap::Settings,
    /// Brunner–Munzel: kind of p-value, scale of the limits, draws.
    pub brunner_munzel: brunner_munzel::Settings,
    /// Trimmed t: share trimmed from each end.
    pub trim: f64,
    /// Correlation coefficient.
    pub correlation: correlation::Kind,
    /// Equivalence limits.
    pub limits: Option<(f64, f64)>,
    /// Bland–Altman: quantile and coverage.
    pub bland_altman: bland_altman::Settings,
    /// Intraclass correlation.
    pub icc: icc::Kind,
    /// McNemar: kind of p-value.
    pub mcnemar: McNemarOptions,
    /// Ordered grades of the k × k tests; those observed where empty.
    pub levels: Vec<f64>,
    /// Weights of kappa.
    pub weights: kappa::Weights,
    /// Exact or asymptotic p-value of the marginal mean scores.
    pub scores: wilcoxon::PValue,
    /// Non-inferiority margin, positive.
    pub margin: Option<f64>,
    /// Counts: exposures of the two sides; equal ones where `None`.
    pub exposures: Option<(Vec<f64>, Vec<f64>)>,
    /// Counts: kind of p-value.
    pub counts: counts::PValue,
    /// Direction of benefit of the win odds and of non-inferiority.
    pub better: Better,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            wilcoxon: wilcoxon::Settings::default(),
            permutation: permutation::Settings::default(),
            bootstrap: bootstrap::Settings::default(),
            brunner_munzel: brunner_munzel::Settings::default(),
            trim: 0.2,
            correlation: correlation::Kind::Pearson,
            limits: None,
            bland_altman: bland_altman::Settings::default(),
            icc: icc::Kind::default(),
            mcnemar: McNemarOptions::default(),
            levels: Vec::new(),
            weights: kappa::Weights::default(),
            scores: wilcoxon::PValue::default(),
            margin: None,
            exposures: None,
            counts: counts::PValue::default(),
            better: Better::Lower,
        }
    }
}

/// The test `name` on complete pairs; a result on fewer pairs than the method needs to hold its level says so
/// ([`small_samples`]).
///
/// # Errors
/// An unknown name, or data that the test refuses.
pub fn run(
    name: &str,
    treated: &[f64],
    control: &[f64],
    options: &Options,
    settings: &Settings,
) -> Result<TestResult, Refusal> {
    let Some(method) = find(name) else {
        return Err(Refusal(note!(no_such_test, name = name, known = NAMES.join(", "))));
    };
    let mut result = (method.answer)(&Asked { treated, control, options, settings })?;
    if let Some(limit) = small_samples::below(name, result.n_pairs) {
        result.notes.push(limit.note());
        result.extra.push(("decides_from_pairs", Field::Count(limit.least as u64)));
    }
    Ok(result)
}
