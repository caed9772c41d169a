//! Friedman's rank test over visits, with Kendall's coefficient of concordance W.
//!
//! Friedman M (1937), JASA 32:675–701; Kendall MG, Babington Smith B (1939), Ann Math Stat 10:275–287. As R's
//! `friedman.test`: mid-ranks within the patient, variance corrected for ties.

use super::block_permutation::exact_p;
use super::{Field, Options, Refusal, TestResult};
use crate::math::decimal::shifted;
use crate::math::descriptive::mid_ranks;
use crate::math::dist::chi_squared;
use crate::note;

/// Friedman's test of `rows`, one per patient, one value per visit: one arm, or the treated − control differences.
///
/// `statistic` is Friedman's χ² on k − 1 degrees of freedom. Extra fields: `kendall_w` (0 to 1) and `mean_ranks` per
/// visit. Rows must be complete. [`exact_p_value`] has the exact counterpart.
///
/// # Errors
/// When there is no row, there are fewer than two visits, rows differ in length, or a value is not finite.
pub fn friedman(rows: &[Vec<f64>], options: &Options) -> Result<TestResult, Refusal> {
    let visits = rows.first().map(Vec::len).ok_or_else(|| Refusal(note!(no_complete_patient)))?;
    if visits < 2 {
        return Err(Refusal(note!(repeated_two_visits, method = "Friedman's test")));
    }
    if rows.iter().any(|row| row.len() != visits) {
        return Err(Refusal(note!(repeated_complete, visits = visits)));
    }
    if rows.iter().flatten().any(|value| !value.is_finite()) {
        return Err(Refusal(note!(value_finite)));
    }
    let (n, k) = (rows.len() as f64, visits as f64);
    let ranks: Vec<Vec<f64>> = rows.iter().map(|row| mid_ranks(&shifted(row, 0.0))).collect();
    let expected = n * (k + 1.0) / 2.0;
    let totals: Vec<f64> = (0..visits).map(|visit| ranks.iter().map(|row| row[visit]).sum()).collect();
    let between: f64 = totals.iter().map(|total| (total - expected).powi(2)).sum();
    // Variance of the ranks within patients, k(k² − 1)/12 without ties, summed over patients.
    let within: f64 = ranks.iter().flatten().map(|rank| (rank - (k + 1.0) / 2.0).powi(2)).sum();

    let mut result = TestResult::undirected("friedman", rows.len(), options);
    result.df = Some(k - 1.0);
    result.exact = Some(false);
    result.extra.push(("mean_ranks", Field::Numbers(totals.iter().map(|total| Some(total / n)).collect())));
    if within == 0.0 {
        result.p_value = Some(1.0);
        result.notes.push(note!(friedman_constant));
        return Ok(result);
    }
    let statistic = (k - 1.0) * between / within;
    result.statistic = Some(statistic);
    result.p_value = Some(chi_squared::sf(statistic, k - 1.0));
    result.extra.push(("kendall_w", Field::Number(Some(statistic / (n * (k - 1.0))))));
    Ok(result)
}

/// As [`friedman`], with the exact p-value in the place of the χ² one, which is kept as `p_asymptotic`.
///
/// # Errors
/// As [`friedman`], or an exact distribution too large to build.
pub fn friedman_exact(rows: &[Vec<f64>], options: &Options) -> Result<TestResult, Refusal> {
    let mut result = friedman(rows, options)?;
    let exact = exact_p_value(rows).ok_or_else(|| Refusal(note!(friedman_too_large, n = rows.len())))?;
    result.extra.push(("p_asymptotic", Field::Number(result.p_value)));
    (result.p_value, result.exact) = (Some(exact), Some(true));
    Ok(result)
}

/// Exact p-value of Friedman's statistic, from all arrangements of each patient's ranks (ties included).
///
/// `None` where the distribution is too large to build (dozens of patients at three visits are no difficulty, at four or
/// more they are), or where [`friedman`] refuses.
pub fn exact_p_value(rows: &[Vec<f64>]) -> Option<f64> {
    let visits = rows.first()?.len();
    if rows.iter().any(|row| row.len() != visits || row.iter().any(|value| !value.is_finite())) {
        return None;
    }
    let doubled: Vec<Vec<u32>> = rows
        .iter()
        .map(|row| mid_ranks(&shifted(row, 0.0)).iter().map(|rank| (2.0 * rank).round() as u32).collect())
        .collect();
    exact_p(&doubled)
}
