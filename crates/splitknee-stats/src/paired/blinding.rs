//! Blinding indices of guesses per knee: James (one index, weights 0 correct, ½ wrong, 1 does not know) and Bang (one per
//! arm).
//!
//! James et al. 1996: BI = (1 + P_DK + (1 − P_DK) K_D)/2, K_D = (P_Do − P_De)/P_De; 1 where all do not know, ½ where guesses
//! are random, 0 where all are correct. Bang et al. 2004: (correct − wrong)/n per arm; 0 random, 1 all correct, −1 all wrong.
//! The two knees of a patient are guessed together, so James's standard error adds influence values within the patient,
//! and the sum of Bang's indices carries the covariance of the knees.

use super::Refusal;
use crate::math::dist::normal;
use crate::note;
use serde::Serialize;

/// What was guessed of a knee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guess {
    /// The active treatment.
    Active,
    /// The placebo.
    Placebo,
    /// "Do not know".
    DontKnow,
}

/// One knee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuessedKnee {
    /// Number of the patient.
    pub patient: usize,
    /// Whether it received the active treatment.
    pub active: bool,
    /// What was guessed.
    pub guess: Guess,
}

/// An index with its interval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct James {
    /// The index.
    pub estimate: f64,
    /// Standard error as if knees were independent.
    pub std_error: f64,
    /// Lower limit from it.
    pub conf_low: f64,
    /// Upper limit from it.
    pub conf_high: f64,
    /// Standard error over patients.
    pub std_error_clustered: f64,
    /// Lower limit from it.
    pub conf_low_clustered: f64,
    /// Upper limit from it.
    pub conf_high_clustered: f64,
}

/// Bang's index of one arm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bang {
    /// The arm.
    pub arm: String,
    /// Knees.
    pub n: usize,
    /// Correct guesses.
    pub correct: usize,
    /// Wrong guesses.
    pub wrong: usize,
    /// Do not know.
    pub dont_know: usize,
    /// The index.
    pub estimate: f64,
    /// Its standard error.
    pub std_error: f64,
    /// Lower limit.
    pub conf_low: f64,
    /// Upper limit.
    pub conf_high: f64,
}

/// The sum of Bang's indices: 0 where guesses do not tell the arms apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BangSum {
    /// The sum.
    pub estimate: f64,
    /// Covariance of the two indices through the patients with two knees.
    pub covariance: f64,
    /// Standard error of the sum.
    pub std_error: f64,
    /// Lower limit.
    pub conf_low: f64,
    /// Upper limit.
    pub conf_high: f64,
}

/// All indices.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Blinding {
    /// `blinding`.
    pub method: &'static str,
    /// Knees guessed.
    pub n_knees: usize,
    /// James's index.
    pub james: James,
    /// Bang's indices, active first.
    pub bang: Vec<Bang>,
    /// Their sum.
    pub bang_sum: BangSum,
}

/// The blinding indices of `knees`; `arms` are the labels of active and placebo.
///
/// # Errors
/// An arm without a guess; guesses that are all "do not know" (James's index is then 1 and has no error).
pub fn blinding(knees: &[GuessedKnee], arms: [&str; 2], level: f64) -> Result<Blinding, Refusal> {
    let mut counts = [[0_usize; 2]; 3];
    for knee in knees {
        counts[row(knee.guess)][usize::from(!knee.active)] += 1;
    }
    let sizes = [0, 1].map(|arm| counts.iter().map(|row| row[arm]).sum::<usize>());
    if let Some(empty) = sizes.iter().position(|n| *n == 0) {
        return Err(Refusal(note!(no_guess, arm = arms[empty])));
    }
    let z = normal::upper_quantile(0.5 * (1.0 - level));
    let bang: Vec<Bang> = [0, 1]
        .map(|arm| {
            let n = sizes[arm] as f64;
            let (correct, wrong) = (counts[arm][arm], counts[1 - arm][arm]);
            let (p, q) = (correct as f64 / n, wrong as f64 / n);
            let std_error = ((p * (1.0 - p) + q * (1.0 - q) + 2.0 * p * q) / n).sqrt();
            Bang {
                arm: arms[arm].to_owned(),
                n: sizes[arm],
                correct,
                wrong,
                dont_know: counts[2][arm],
                estimate: p - q,
                std_error,
                conf_low: p - q - z * std_error,
                conf_high: p - q + z * std_error,
            }
        })
        .into();
    Ok(Blinding {
        method: "blinding",
        n_knees: knees.len(),
        james: james(knees, &counts, z)?,
        bang_sum: sum(knees, &bang, z),
        bang,
    })
}

fn row(guess: Guess) -> usize {
    match guess {
        Guess::Active => 0,
        Guess::Placebo => 1,
        Guess::DontKnow => 2,
    }
}

fn james(knees: &[GuessedKnee], counts: &[[usize; 2]; 3], z: f64) -> Result<James, Refusal> {
    let total = knees.len() as f64;
    let p = counts.map(|row| row.map(|count| count as f64 / total));
    let unknown = p[2][0] + p[2][1];
    if unknown >= 1.0 {
        return Err(Refusal(note!(guesses_none)));
    }
    let known = 1.0 - unknown;
    let arm = [0, 1].map(|j| p[0][j] + p[1][j] + p[2][j]);
    let guess = [0, 1].map(|i| p[i][0] + p[i][1]);
    // Observed and expected disagreement among those who guess, wrong guesses at weight ½.
    let observed = 0.5 * (p[0][1] + p[1][0]) / known;
    let of_arm = [0, 1].map(|j| arm[j] - p[2][j]);
    let expected = 0.5 * (guess[0] * of_arm[1] + guess[1] * of_arm[0]) / (known * known);
    if expected <= 0.0 {
        return Err(Refusal(note!(guesses_one)));
    }
    let kappa = (observed - expected) / expected;
    let estimate = 0.5 * (1.0 + unknown + known * kappa);
    // The index is a function of the cell shares; its influence at a cell is the derivative less its mean.
    let derivative = |i: usize, j: usize| {
        if i == 2 {
            // Only `known` changes: ∂unknown = 1, ∂known = −1.
            let d_observed = observed / known;
            let d_expected = 2.0 * expected / known;
            let d_kappa = d_observed / expected - observed * d_expected / (expected * expected);
            0.5 * (1.0 - kappa + known * d_kappa)
        } else {
            let d_observed = if i == j { 0.0 } else { 0.5 / known };
            let d_expected = 0.5 * (of_arm[1 - i] + guess[1 - j]) / (known * known);
            let d_kappa = d_observed / expected - observed * d_expected / (expected * expected);
            0.5 * known * d_kappa
        }
    };
    let values: Vec<f64> = knees.iter().map(|k| derivative(row(k.guess), usize::from(!k.active))).collect();
    let mean = values.iter().sum::<f64>() / total;
    let influence: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let std_error = influence.iter().map(|v| v * v).sum::<f64>().sqrt() / total;
    let mut patients: std::collections::BTreeMap<usize, f64> = std::collections::BTreeMap::new();
    for (knee, value) in knees.iter().zip(&influence) {
        *patients.entry(knee.patient).or_default() += value;
    }
    let std_error_clustered = patients.values().map(|v| v * v).sum::<f64>().sqrt() / total;
    Ok(James {
        estimate,
        std_error,
        conf_low: estimate - z * std_error,
        conf_high: estimate + z * std_error,
        std_error_clustered,
        conf_low_clustered: estimate - z * std_error_clustered,
        conf_high_clustered: estimate + z * std_error_clustered,
    })
}

fn sum(knees: &[GuessedKnee], bang: &[Bang], z: f64) -> BangSum {
    let score = |knee: &GuessedKnee| match (knee.guess, knee.active) {
        (Guess::DontKnow, _) => 0.0,
        (Guess::Active, true) | (Guess::Placebo, false) => 1.0,
        _ => -1.0,
    };
    let centred = |knee: &GuessedKnee| score(knee) - bang[usize::from(!knee.active)].estimate;
    let mut of_patient: std::collections::BTreeMap<usize, [Option<f64>; 2]> = std::collections::BTreeMap::new();
    for knee in knees {
        of_patient.entry(knee.patient).or_default()[usize::from(!knee.active)] = Some(centred(knee));
    }
    let products: f64 = of_patient.values().filter_map(|[a, p]| Some(a.as_ref()? * p.as_ref()?)).sum();
    let covariance = products / (bang[0].n as f64 * bang[1].n as f64);
    let estimate = bang[0].estimate + bang[1].estimate;
    let variance = bang[0].std_error.powi(2) + bang[1].std_error.powi(2) + 2.0 * covariance;
    let std_error = variance.max(0.0).sqrt();
    BangSum { estimate, covariance, std_error, conf_low: estimate - z * std_error, conf_high: estimate + z * std_error }
}
