//! ANCOVA of the within-pair difference on the pair's baseline.
//!
//! `d_i = δ + β (mean baseline_i − overall mean) + γ (baseline difference_i) + ε_i` by least squares. The adjusted effect
//! `δ` is the difference expected in a pair with average baseline and no baseline imbalance between the two knees:
//! between-pair and within-pair baseline slopes are kept apart because they differ (Senn 2006; Hemming & Taljaard 2023).
//! t on `n − 3` degrees of freedom; R `lm(d ~ scale(m, scale = FALSE) + b)`.

use super::pairs::{check_count, check_options, differences, rescaled, t_inference, t_limits};
use super::{Alternative, Field, Options, Refusal, TestResult};
use crate::math::descriptive::mean;
use crate::math::dist::student_t;
use crate::note;

/// Effect on the follow-up difference, adjusted for the pair's baseline mean and baseline difference.
///
/// All four slices hold one value per pair. A baseline term without variation is left out and named in the notes.
///
/// # Errors
/// Unequal lengths, values that are not finite, too few pairs for the terms, or a perfect fit.
pub fn ancova(
    treated: &[f64],
    control: &[f64],
    baseline_treated: &[f64],
    baseline_control: &[f64],
    options: &Options,
) -> Result<TestResult, Refusal> {
    check_options(options)?;
    let outcome = differences(treated, control)?;
    let imbalance = differences(baseline_treated, baseline_control)?;
    if outcome.len() != imbalance.len() {
        return Err(Refusal(note!(unequal_baseline, visit = outcome.len(), baseline = imbalance.len())));
    }
    check_count(outcome.len(), 2, note!(m_ancova))?;
    let n = outcome.len();
    let (base_x, base_y, base_scale) = rescaled(baseline_treated, baseline_control);
    let levels: Vec<f64> = base_x.iter().zip(&base_y).map(|(a, b)| 0.5 * (a + b)).collect();
    let centre = mean(&levels).unwrap_or(0.0);
    let (scaled_outcome, _, scale) = rescaled(&outcome, &[]);

    let mut columns = vec![vec![1.0; n]];
    let mut names = vec!["baseline_mean_slope", "baseline_difference_slope"];
    let mut notes = crate::note::Notes::new();
    let candidates = [
        (levels.iter().map(|level| level - centre).collect::<Vec<f64>>(), note!(ancova_mean)),
        (base_x.iter().zip(&base_y).map(|(a, b)| a - b).collect(), note!(ancova_difference)),
    ];
    let mut dropped = Vec::new();
    for (index, (column, name)) in candidates.into_iter().enumerate() {
        let varies = column.iter().any(|value| (value - column[0]).abs() > 1e-12);
        if varies {
            columns.push(column);
        } else {
            dropped.push(names[index]);
            notes.push(note!(ancova_flat, name = name));
        }
    }
    names.retain(|name| !dropped.contains(name));
    check_count(n, columns.len() + 1, note!(m_ancova_terms))?;
    let fit = LeastSquares::fit(&columns, &scaled_outcome).ok_or_else(|| Refusal(note!(ancova_collinear)))?;
    let df = (n - columns.len()) as f64;
    let sigma = (fit.residual_squares / df).sqrt();
    let std_error = |j: usize| sigma * fit.inverse_diagonal[j].sqrt();
    // Relative to outcomes near 1.
    if sigma <= 1e-14 {
        return Err(Refusal(note!(ancova_perfect)));
    }
    let mut result = TestResult::new("ancova", n, options);
    t_inference(&mut result, fit.coefficients[0] * scale, std_error(0) * scale, df, options);
    let two_sided = Options { alternative: Alternative::TwoSided, ..*options };
    for (j, name) in names.iter().enumerate() {
        let unit = scale / base_scale;
        let (slope, error) = (fit.coefficients[j + 1], std_error(j + 1));
        let (low, high) = t_limits(slope, error, df, &two_sided);
        result.extra.push((
            name,
            Field::Json(serde_json::json!({
                "estimate": slope * unit,
                "std_error": error * unit,
                "statistic": slope / error,
                "p_value": student_t::two_sided(slope / error, df),
                "conf_low": low * unit,
                "conf_high": high * unit,
            })),
        ));
    }
    result.extra.push(("residual_sd", Field::Number(Some(sigma * scale))));
    result.extra.push(("unadjusted", Field::Number(mean(&outcome))));
    notes.push(note!(ancova_at));
    result.notes = notes;
    Ok(result)
}

/// A least-squares fit by modified Gram–Schmidt, which for a handful of columns is as stable as Householder's.
struct LeastSquares {
    coefficients: Vec<f64>,
    /// Diagonal of (X'X)⁻¹.
    inverse_diagonal: Vec<f64>,
    residual_squares: f64,
}

impl LeastSquares {
    /// `None` where the columns are linearly dependent.
    fn fit(columns: &[Vec<f64>], y: &[f64]) -> Option<Self> {
        let p = columns.len();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(u, v)| u * v).sum::<f64>();
        let mut q: Vec<Vec<f64>> = columns.to_vec();
        let mut r = vec![vec![0.0; p]; p];
        let mut rest = y.to_vec();
        let mut projections = vec![0.0; p];
        for j in 0..p {
            let before = dot(&columns[j], &columns[j]).sqrt();
            r[j][j] = dot(&q[j], &q[j]).sqrt();
            if r[j][j] <= 1e-10 * before {
                return None;
            }
            let norm = r[j][j];
            q[j].iter_mut().for_each(|value| *value /= norm);
            let (done, ahead) = q.split_at_mut(j + 1);
            let unit = &done[j];
            for (offset, column) in ahead.iter_mut().enumerate() {
                let share = dot(unit, column);
                r[j][j + 1 + offset] = share;
                column.iter_mut().zip(unit).for_each(|(value, u)| *value -= share * u);
            }
            let share = dot(unit, &rest);
            projections[j] = share;
            rest.iter_mut().zip(unit).for_each(|(value, u)| *value -= share * u);
        }
        // Columns of R⁻¹ by back substitution: coefficients and the diagonal of (R'R)⁻¹ follow.
        let mut inverse = vec![vec![0.0; p]; p];
        for (i, k) in (0..p).rev().flat_map(|i| (i..p).map(move |k| (i, k))) {
            let unit = if i == k { 1.0 } else { 0.0 };
            let above: f64 = (i + 1..=k).map(|m| r[i][m] * inverse[m][k]).sum();
            inverse[i][k] = (unit - above) / r[i][i];
        }
        Some(Self {
            coefficients: inverse.iter().map(|row| dot(row, &projections)).collect(),
            inverse_diagonal: inverse.iter().map(|row| dot(row, row)).collect(),
            residual_squares: dot(&rest, &rest),
        })
    }
}
