//! Cochran's Q: is a yes/no outcome equally frequent at every visit (or in every condition)?
//!
//! Cochran WG (1950), *The comparison of percentages in matched samples*, Biometrika 37:256–266.

use super::block_permutation::exact_p;
use super::{Field, Options, Refusal, TestResult};
use crate::math::dist::chi_squared;
use crate::note;

/// Cochran's Q of `rows`, one per patient (or knee), one answer per visit; χ² on k − 1 degrees of freedom.
///
/// With two visits it is McNemar's test without correction. Extra field: `proportions` (share of yes per visit).
/// Rows must be complete. [`exact_p_value`] has the exact counterpart.
///
/// # Errors
/// When there is no row, there are fewer than two visits, or rows differ in length.
pub fn cochran_q(rows: &[Vec<bool>], options: &Options) -> Result<TestResult, Refusal> {
    let visits = rows.first().map(Vec::len).ok_or_else(|| Refusal(note!(no_complete_patient)))?;
    if visits < 2 {
        return Err(Refusal(note!(repeated_two_visits, method = "Cochran's Q")));
    }
    if rows.iter().any(|row| row.len() != visits) {
        return Err(Refusal(note!(cochran_complete, visits = visits)));
    }
    let k = visits as f64;
    let mut per_visit = vec![0.0; visits];
    let mut within = 0.0;
    for row in rows {
        let yes = row.iter().filter(|answer| **answer).count() as f64;
        within += yes * (k - yes);
        for (total, answer) in per_visit.iter_mut().zip(row) {
            *total += f64::from(u8::from(*answer));
        }
    }
    let mean = per_visit.iter().sum::<f64>() / k;
    let between: f64 = per_visit.iter().map(|total| (total - mean).powi(2)).sum();

    let mut result = TestResult::undirected("cochran-q", rows.len(), options);
    result.df = Some(k - 1.0);
    result.exact = Some(false);
    let proportions = per_visit.iter().map(|total| Some(total / rows.len() as f64)).collect();
    result.extra.push(("proportions", Field::Numbers(proportions)));
    if within == 0.0 {
        result.p_value = Some(1.0);
        result.notes.push(note!(cochran_no_change));
        return Ok(result);
    }
    let statistic = k * (k - 1.0) * between / within;
    result.statistic = Some(statistic);
    result.p_value = Some(chi_squared::sf(statistic, k - 1.0));
    Ok(result)
}

/// Answers coded 1 for yes and 0 for no.
///
/// # Errors
/// Any other number.
pub fn answers(rows: &[Vec<f64>]) -> Result<Vec<Vec<bool>>, Refusal> {
    if let Some(cell) = rows.iter().flatten().find(|cell| **cell != 0.0 && **cell != 1.0) {
        return Err(Refusal(note!(cochran_coding, cell = cell)));
    }
    Ok(rows.iter().map(|row| row.iter().map(|cell| *cell == 1.0).collect()).collect())
}

/// As [`cochran_q`], with the exact p-value in the place of the χ² one, which is kept as `p_asymptotic`.
///
/// # Errors
/// As [`cochran_q`], or an exact distribution too large to build.
pub fn cochran_q_exact(rows: &[Vec<bool>], options: &Options) -> Result<TestResult, Refusal> {
    let mut result = cochran_q(rows, options)?;
    let exact = exact_p_value(rows).ok_or_else(|| Refusal(note!(friedman_too_large, n = rows.len())))?;
    result.extra.push(("p_asymptotic", Field::Number(result.p_value)));
    (result.p_value, result.exact) = (Some(exact), Some(true));
    Ok(result)
}

/// Exact p-value of Cochran's Q, from all arrangements of each patient's answers.
///
/// `None` where the distribution is too large to build (hundreds of patients at three visits, dozens at five), or where
/// [`cochran_q`] refuses.
pub fn exact_p_value(rows: &[Vec<bool>]) -> Option<f64> {
    let visits = rows.first()?.len();
    if rows.iter().any(|row| row.len() != visits) {
        return None;
    }
    let codes: Vec<Vec<u32>> = rows.iter().map(|row| row.iter().map(|answer| u32::from(*answer)).collect()).collect();
    exact_p(&codes)
}
