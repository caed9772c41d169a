//! Skillings–Mack test: Friedman's for incomplete blocks, such as two of three arms per person (Skillings & Mack 1981).
//!
//! Within each block the treatments observed get ranks r; absent ones get the middle rank. Adjusted sums
//! Aⱼ = Σ_b √(12/(k_b + 1)) (r_bj − (k_b + 1)/2) have the covariance Σ with off-diagonal −(blocks that hold both); the statistic
//! is A′Σ⁻A, χ² on the rank of Σ. The published statistic has no correction for ties; the corrected one weighs each block
//! by its own variance of ranks and equals Friedman's where blocks are complete.

use super::{Field, Options, Refusal, TestResult};
use crate::math::decimal::shifted;
use crate::math::descriptive::mid_ranks;
use crate::math::dist::chi_squared;
use crate::math::linalg::eigen_symmetric;
use crate::note;

/// The test of `blocks`, one row per person and one place per treatment, `None` where it was not given.
///
/// # Errors
/// Fewer than two treatments, no block with two of them, or treatments that no block connects.
pub fn skillings_mack(blocks: &[Vec<Option<f64>>], options: &Options) -> Result<TestResult, Refusal> {
    let k = blocks.first().map_or(0, Vec::len);
    if k < 2 || blocks.iter().any(|block| block.len() != k) {
        return Err(Refusal(note!(blocks_two)));
    }
    let usable: Vec<&Vec<Option<f64>>> = blocks.iter().filter(|b| b.iter().flatten().count() >= 2).collect();
    if usable.is_empty() {
        return Err(Refusal(note!(blocks_none)));
    }
    let (plain, rank) = statistic(&usable, k, false)?;
    let (corrected, _) = statistic(&usable, k, true)?;
    let mut result = TestResult::undirected("skillings-mack", usable.len(), options);
    result.n_dropped = blocks.len() - usable.len();
    result.df = Some(rank as f64);
    result.exact = Some(false);
    let p = |x: f64| chi_squared::sf(x, rank as f64);
    result.statistic = plain;
    result.p_value = Some(plain.map_or(1.0, p));
    result.extra = vec![
        ("statistic_tie_corrected", Field::Number(corrected)),
        ("p_value_tie_corrected", Field::Number(Some(corrected.map_or(1.0, p)))),
    ];
    Ok(result)
}

/// The statistic and the rank of its covariance; `None` where no block varies.
fn statistic(blocks: &[&Vec<Option<f64>>], k: usize, ties: bool) -> Result<(Option<f64>, usize), Refusal> {
    let mut sums = vec![0.0; k];
    let mut covariance = vec![0.0; k * k];
    let mut links = vec![0.0; k * k];
    for block in blocks {
        let seen: Vec<usize> = (0..k).filter(|&j| block[j].is_some()).collect();
        let ranks = mid_ranks(&shifted(&block.iter().flatten().copied().collect::<Vec<_>>(), 0.0));
        let size = seen.len() as f64;
        let centred: Vec<f64> = ranks.iter().map(|rank| rank - 0.5 * (size + 1.0)).collect();
        // Sum of squares of the ranks, with ties as they are or as if there were none.
        let squares = if ties { centred.iter().map(|c| c * c).sum() } else { size * (size * size - 1.0) / 12.0 };
        let weight = (12.0 / (size + 1.0)).sqrt();
        let scale = weight * weight * squares / (size * (size - 1.0));
        for (&j, c) in seen.iter().zip(&centred) {
            sums[j] += weight * c;
            for &other in &seen {
                let (here, link) = if other == j { (size - 1.0, size - 1.0) } else { (-1.0, -1.0) };
                covariance[j * k + other] += scale * here;
                links[j * k + other] += link;
            }
        }
    }
    let rank = inverse_form(&links, &sums, k).1;
    if rank < k - 1 {
        return Err(Refusal(note!(blocks_apart)));
    }
    let (value, used) = inverse_form(&covariance, &sums, k);
    Ok(((used > 0).then_some(value), rank))
}

/// x′S⁻x by the eigenvalues that are not zero, and their number.
fn inverse_form(matrix: &[f64], x: &[f64], k: usize) -> (f64, usize) {
    let (values, vectors) = eigen_symmetric(matrix, k);
    let largest = values.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    let (mut sum, mut rank) = (0.0, 0);
    for (h, value) in values.iter().enumerate().filter(|(_, v)| **v > 1e-10 * largest) {
        let along: f64 = (0..k).map(|j| vectors[j * k + h] * x[j]).sum();
        sum += along * along / value;
        rank += 1;
    }
    (sum, rank)
}
