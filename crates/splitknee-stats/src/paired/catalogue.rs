//! Every test of two columns by name, as the plan and the command line call them.

use super::mcnemar::{self, McNemarOptions};
use super::pair_table::PairTable;
use super::pairs::differences;
use super::square_table::SquareTable;
use super::{
    Better, Field, Options, Refusal, TestResult, bland_altman, bootstrap, bowker, correlation, counts, effect_size,
    icc, kappa, marginal_homogeneity, paired_t, permutation, pitman_morgan, proportional_odds, rate_ratio,
    shapiro_wilk, sign, small_samples, tost, trimmed_t, wilcoxon, win_odds,
};
use crate::note;

/// The names [`run`] knows, in the order in which they are listed to people.
pub const NAMES: [&str; 26] = [
    "paired-t",
    "wilcoxon",
    "sign",
    "permutation",
    "trimmed-t",
    "bootstrap",
    "tost",
    "non-inferiority",
    "mcnemar",
    "stuart-maxwell",
    "bhapkar",
    "bowker",
    "marginal-mean-scores",
    "marginal-mean-ranks",
    "proportional-odds",
    "win-odds",
    "rate-ratio",
    "counts",
    "shapiro-wilk",
    "pitman-morgan",
    "effect-size",
    "correlation",
    "bland-altman",
    "icc",
    "concordance",
    "kappa",
];

/// Tests of more than two measurements of a patient, which take a table of patients by visits and not two columns:
/// [`super::friedman`], [`super::cochran_q`], [`super::rm_anova`].
pub const REPEATED: [&str; 3] = ["friedman", "cochran-q", "rm-anova"];

/// Whether the test `name` compares the two sides, rather than describing the differences (their shape, their size in
/// standard deviations) or how alike the sides are.
pub fn compares(name: &str) -> bool {
    let describes =
        ["shapiro-wilk", "pitman-morgan", "effect-size", "correlation", "bland-altman", "icc", "concordance", "kappa"];
    NAMES.contains(&name) && !describes.contains(&name)
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
    let mut result = answer(name, treated, control, options, settings)?;
    if let Some(limit) = small_samples::below(name, result.n_pairs) {
        result.notes.push(limit.note());
        result.extra.push(("decides_from_pairs", Field::Count(limit.least as u64)));
    }
    Ok(result)
}

fn answer(
    name: &str,
    treated: &[f64],
    control: &[f64],
    options: &Options,
    settings: &Settings,
) -> Result<TestResult, Refusal> {
    let levels = || match settings.levels.is_empty() {
        true => SquareTable::observed_levels(treated, control),
        false => Ok(settings.levels.clone()),
    };
    let grades = || SquareTable::from_grades(treated, control, &levels()?);
    match name {
        "paired-t" => paired_t::paired_t(treated, control, options),
        "wilcoxon" => wilcoxon::wilcoxon(&differences(treated, control)?, settings.wilcoxon, options),
        "sign" => sign::sign(&differences(treated, control)?, options),
        "permutation" => permutation::permutation(&differences(treated, control)?, settings.permutation, options),
        "trimmed-t" => trimmed_t::trimmed_t(treated, control, settings.trim, options),
        "bootstrap" => bootstrap::bootstrap(&differences(treated, control)?, settings.bootstrap, options),
        "shapiro-wilk" => shapiro_wilk::shapiro_wilk(&differences(treated, control)?, options),
        "pitman-morgan" => pitman_morgan::pitman_morgan(treated, control, options),
        "effect-size" => effect_size::effect_size(treated, control, options),
        "correlation" => correlation::correlation(treated, control, settings.correlation, options),
        "tost" => {
            let (low, high) = settings.limits.ok_or_else(|| Refusal(note!(limits_not_set)))?;
            tost::tost(treated, control, low, high, options)
        }
        "non-inferiority" => {
            let margin = settings.margin.ok_or_else(|| Refusal(note!(no_margin_set)))?;
            tost::non_inferiority(treated, control, margin, settings.better, options)
        }
        "bland-altman" => bland_altman::bland_altman(treated, control, settings.bland_altman, options),
        "icc" => icc::icc(treated, control, settings.icc, options),
        "concordance" => icc::concordance(treated, control, options),
        "kappa" => kappa::kappa(&grades()?, settings.weights, options),
        "mcnemar" => mcnemar::mcnemar(&PairTable::from_codes(treated, control)?, options, &settings.mcnemar),
        "stuart-maxwell" => marginal_homogeneity::stuart_maxwell(&grades()?, options),
        "bhapkar" => marginal_homogeneity::bhapkar(&grades()?, options),
        "marginal-mean-scores" => marginal_homogeneity::mean_scores(&grades()?, &levels()?, settings.scores, options),
        "marginal-mean-ranks" => marginal_homogeneity::mean_ranks(&grades()?, options),
        "proportional-odds" => proportional_odds::proportional_odds(&grades()?, options),
        "bowker" => bowker::bowker(&grades()?, options),
        "counts" | "rate-ratio" => {
            let exposures = settings.exposures.as_ref().map(|(a, b)| (a.as_slice(), b.as_slice()));
            let pairs = counts::CountedPairs::new(treated, control, exposures)?;
            match name {
                "counts" => counts::counts(&pairs, settings.counts, options),
                _ => rate_ratio::rate_ratio(&pairs, options),
            }
        }
        "win-odds" => win_odds::win_odds(treated, control, settings.better, options),
        _ => Err(Refusal(format!("there is no paired test `{name}`; the tests are {}", NAMES.join(", ")).into())),
    }
}
