//! Repeated-measures ANOVA with one or more within-patient factors (treatment × visit), with Mauchly's test of
//! sphericity and the corrections of Greenhouse–Geisser and Huynh–Feldt.
//!
//! Every effect is tested against its own interaction with patients: the patients' scores on orthonormal contrasts of
//! the effect have mean m and covariance S, and F = n·|m|² / tr(S). Greenhouse SW, Geisser S (1959), Psychometrika
//! 24:95–112; Huynh H, Feldt LS (1976), J Educ Stat 1:69–82; Mauchly JW (1940), Ann Math Stat 11:204–209 with the
//! two-term χ² approximation of R's `mauchly.test` (Anderson 2003, §10.7). Agrees with `car::Anova(mlm, idata = …)`.

use super::within::WithinTable;
use super::{Field, Options, Refusal, TestResult};
use crate::math::dist::{chi_squared, fisher_f};
use crate::note;
use nalgebra::{DMatrix, DVector};
use serde::Serialize;

/// One within-patient effect.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effect {
    /// `a`, `b` or `a:b`, from the names of the factors.
    pub term: String,
    /// F statistic; absent when the effect does not vary between patients.
    pub f: Option<f64>,
    /// Numerator degrees of freedom, uncorrected.
    pub num_df: f64,
    /// Denominator degrees of freedom, uncorrected.
    pub den_df: f64,
    /// p-value assuming sphericity.
    pub p_value: Option<f64>,
    /// Greenhouse–Geisser ε.
    pub epsilon_gg: Option<f64>,
    /// Huynh–Feldt ε, truncated at 1.
    pub epsilon_hf: Option<f64>,
    /// Huynh–Feldt ε before truncation, as R's `car` prints it.
    pub epsilon_hf_untruncated: Option<f64>,
    /// p-value with both degrees of freedom multiplied by the Greenhouse–Geisser ε.
    pub p_gg: Option<f64>,
    /// p-value with both degrees of freedom multiplied by the Huynh–Feldt ε.
    pub p_hf: Option<f64>,
    /// Mauchly's W; absent for one degree of freedom (sphericity cannot fail) and with too few patients.
    pub mauchly_w: Option<f64>,
    /// p-value of Mauchly's test.
    pub mauchly_p: Option<f64>,
    /// Sum of squares of the effect.
    pub sum_sq: f64,
    /// Sum of squares of its error term.
    pub error_sum_sq: f64,
    /// Partial η² = SS / (SS + error SS).
    pub partial_eta_sq: Option<f64>,
    /// Generalised η² = SS / (SS + all error SS, patients included) (Olejnik and Algina 2003; `afex` `ges`).
    pub generalized_eta_sq: Option<f64>,
}

/// Repeated-measures ANOVA: the effects as the extra field `effects`.
///
/// # Errors
/// As [`effects`].
pub fn rm_anova(table: &WithinTable, options: &Options) -> Result<TestResult, Refusal> {
    let effects = effects(table)?;
    let mut result = TestResult::undirected("rm-anova", table.rows.len(), options);
    result.n_dropped = table.n_dropped;
    result.exact = Some(false);
    result.notes.push(note!(anova_complete));
    for effect in &effects {
        if effect.f.is_none() {
            result.notes.push(note!(anova_no_variation, term = &effect.term));
        } else if effect.num_df > 1.0 && effect.mauchly_w.is_none() {
            result.notes.push(note!(anova_mauchly, term = &effect.term));
        }
        if effect.f.is_some() && effect.epsilon_hf.is_none() {
            result.notes.push(note!(anova_huynh, term = &effect.term));
        }
    }
    result.extra.push(("effects", Field::Json(serde_json::to_value(&effects).unwrap_or_default())));
    Ok(result)
}

/// All main effects and interactions, in the order of the factors, main effects first.
///
/// # Errors
/// When there are fewer than two complete patients, a factor has fewer than two levels, or a row is not complete.
pub fn effects(table: &WithinTable) -> Result<Vec<Effect>, Refusal> {
    let n = table.rows.len();
    if n < 2 {
        return Err(Refusal(note!(anova_two_patients, n = n)));
    }
    if let Some(factor) = table.factors.iter().find(|factor| factor.levels.len() < 2) {
        return Err(Refusal(note!(factor_levels, name = &factor.name)));
    }
    let cells: usize = table.factors.iter().map(|factor| factor.levels.len()).product();
    if table.rows.iter().any(|row| row.len() != cells || row.iter().any(|value| !value.is_finite())) {
        return Err(Refusal(note!(anova_cells, cells = cells)));
    }
    // Scaled to 1, so that sums of squares neither vanish nor overflow; every ratio below is free of the scale.
    let largest = table.rows.iter().flatten().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let scale = if largest > 0.0 { largest } else { 1.0 };
    let values = DMatrix::from_fn(n, cells, |patient, cell| table.rows[patient][cell] / scale);

    let mut subsets: Vec<u32> = (1..1_u32 << table.factors.len()).collect();
    subsets.sort_by_key(|subset| (subset.count_ones(), *subset));
    let patients = Variation::of(&values, &contrasts(table, 0));
    let variations: Vec<Variation> =
        subsets.iter().map(|subset| Variation::of(&values, &contrasts(table, *subset))).collect();
    let all_errors: f64 = patients.error + variations.iter().map(|variation| variation.error).sum::<f64>();
    let negligible = 1e-26 * (n * cells) as f64;
    Ok(subsets
        .iter()
        .zip(&variations)
        .map(|(subset, variation)| effect(table, *subset, variation, all_errors, negligible, scale * scale))
        .collect())
}

/// Orthonormal contrasts (cells × df) of the effect that contains the factors in `subset`.
fn contrasts(table: &WithinTable, subset: u32) -> DMatrix<f64> {
    table.factors.iter().enumerate().fold(DMatrix::from_element(1, 1, 1.0), |product, (position, factor)| {
        let levels = factor.levels.len();
        let own = if subset >> position & 1 == 1 {
            helmert(levels)
        } else {
            DMatrix::from_element(levels, 1, 1.0 / (levels as f64).sqrt())
        };
        product.kronecker(&own)
    })
}

/// Normalised Helmert contrasts: each level against the mean of those before it.
fn helmert(levels: usize) -> DMatrix<f64> {
    DMatrix::from_fn(levels, levels - 1, |level, contrast| {
        let before = (contrast + 1) as f64;
        let length = (before * (before + 1.0)).sqrt();
        match level.cmp(&(contrast + 1)) {
            std::cmp::Ordering::Less => -1.0 / length,
            std::cmp::Ordering::Equal => before / length,
            std::cmp::Ordering::Greater => 0.0,
        }
    })
}

/// The patients' scores on a set of contrasts: what their mean and their scatter amount to.
struct Variation {
    /// Sum of squares of the mean score, n·|m|².
    explained: f64,
    /// Error sum of squares, the trace of `scatter`.
    error: f64,
    /// Sums of squares and products around the mean.
    scatter: DMatrix<f64>,
    /// Patients − 1.
    df: f64,
}

impl Variation {
    fn of(values: &DMatrix<f64>, contrasts: &DMatrix<f64>) -> Self {
        let n = values.nrows() as f64;
        let mut scores = values * contrasts;
        let mean = DVector::from_iterator(scores.ncols(), scores.column_iter().map(|column| column.sum() / n));
        for mut row in scores.row_iter_mut() {
            row -= mean.transpose();
        }
        let scatter = scores.tr_mul(&scores);
        Self { explained: n * mean.norm_squared(), error: scatter.trace(), scatter, df: n - 1.0 }
    }
}

/// The tests of one effect.
fn effect(
    table: &WithinTable,
    subset: u32,
    variation: &Variation,
    all_errors: f64,
    negligible: f64,
    unit: f64,
) -> Effect {
    let names: Vec<&str> = table
        .factors
        .iter()
        .enumerate()
        .filter(|(position, _)| subset >> position & 1 == 1)
        .map(|(_, factor)| factor.name.as_str())
        .collect();
    let p = variation.scatter.ncols() as f64;
    let (num_df, den_df) = (p, p * variation.df);
    let mut effect = Effect {
        term: names.join(":"),
        f: None,
        num_df,
        den_df,
        p_value: None,
        epsilon_gg: None,
        epsilon_hf: None,
        epsilon_hf_untruncated: None,
        p_gg: None,
        p_hf: None,
        mauchly_w: None,
        mauchly_p: None,
        sum_sq: variation.explained * unit,
        error_sum_sq: variation.error * unit,
        partial_eta_sq: None,
        generalized_eta_sq: None,
    };
    if variation.error <= negligible {
        return effect;
    }
    let f = variation.explained / num_df / (variation.error / den_df);
    let p_at = |epsilon: f64| fisher_f::sf(f, epsilon * num_df, epsilon * den_df);
    let gg = (variation.error.powi(2) / (p * variation.scatter.norm_squared())).clamp(1.0 / p, 1.0);
    let room = variation.df - p * gg;
    // With so few patients that the scatter has no room, Huynh and Feldt's estimate is 0/0 and does not exist.
    let hf = if num_df == 1.0 {
        Some(1.0)
    } else {
        (room > 1e-9).then(|| ((variation.df + 1.0) * p * gg - 2.0) / (p * room))
    };
    let hf_truncated = hf.map(|hf| hf.clamp(1.0 / p, 1.0));
    effect.f = Some(f);
    effect.p_value = Some(fisher_f::sf(f, num_df, den_df));
    effect.epsilon_gg = Some(gg);
    effect.epsilon_hf = hf_truncated;
    effect.epsilon_hf_untruncated = hf;
    effect.p_gg = Some(p_at(gg));
    effect.p_hf = hf_truncated.map(p_at);
    effect.partial_eta_sq = Some(variation.explained / (variation.explained + variation.error));
    effect.generalized_eta_sq = Some(variation.explained / (variation.explained + all_errors));
    let cells: usize = table.factors.iter().map(|factor| factor.levels.len()).product();
    if let Some((w, p)) = mauchly(variation, cells as f64) {
        effect.mauchly_w = Some(w);
        effect.mauchly_p = Some(p);
    }
    effect
}

/// Mauchly's W = det(S) / (tr(S)/p)^p and its p-value; `None` for one degree of freedom or a singular covariance.
///
/// In the second-order term R's `mauchly.test` writes 3k + 2, k the number of cells, where Anderson has 3p + 2 with the
/// dimension p of the contrasts; `car`, `afex` and pingouin carry it on. It is of little weight (1e-4
/// relative with 27 patients and 8 cells) and is kept here so that the figure can be compared with theirs.
fn mauchly(variation: &Variation, cells: f64) -> Option<(f64, f64)> {
    let dimension = variation.scatter.ncols();
    let p = dimension as f64;
    if dimension < 2 || variation.df < p {
        return None;
    }
    let factor = variation.scatter.clone().cholesky()?;
    let log_determinant: f64 = 2.0 * factor.l_dirty().diagonal().iter().map(|pivot| pivot.ln()).sum::<f64>();
    let log_w = log_determinant - p * (variation.error / p).ln();
    let n = variation.df;
    let rho = 1.0 - (2.0 * p * p + p + 2.0) / (6.0 * n * p);
    let second = (p + 2.0) * (p - 1.0) * (p - 2.0) * (2.0 * p.powi(3) + 6.0 * p * p + 3.0 * cells + 2.0)
        / (288.0 * (n * p * rho).powi(2));
    let statistic = (-n * rho * log_w).max(0.0);
    let df = p * (p + 1.0) / 2.0 - 1.0;
    let first = chi_squared::sf(statistic, df);
    let value = first + second * (chi_squared::sf(statistic, df + 4.0) - first);
    (rho > 0.0).then(|| (log_w.exp().min(1.0), value.clamp(0.0, 1.0)))
}
