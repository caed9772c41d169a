//! Start values: moments of the least-squares residuals, shared among the terms.

use super::layout::TermKind;
use super::likelihood::Problem;
use crate::math::linalg::cholesky;

/// Working parameters ψ at which the search starts; the standardised residuals have variance one.
pub(crate) fn start_values(problem: &Problem) -> Vec<f64> {
    let n_random = problem.terms.iter().filter(|t| t.kind == TermKind::Random).count();
    let mut psi = Vec::with_capacity(problem.k);
    let residual_share = if n_random == 0 { 1.0 } else { 0.5 };
    let random_share = 0.5 / n_random.max(1) as f64;
    for (t, term) in problem.terms.iter().enumerate() {
        let n = term.shape.n_cells();
        for copy in 0..term.copies {
            let moments = match term.kind {
                TermKind::Random => {
                    let mut g = vec![0.0; n * n];
                    let sizes = mean_squares(problem, t, n);
                    sizes.iter().enumerate().for_each(|(i, s)| g[i * n + i] = random_share / (n as f64 * s));
                    g
                }
                TermKind::Residual => vec![residual_share],
                TermKind::Structure(_) if term.shape.by_time().is_some() => vec![residual_share],
                TermKind::Structure(_) => cell_moments(problem, t, copy, n, residual_share),
            };
            psi.extend(term.shape.start(&moments));
        }
    }
    psi
}

/// The mean square of each random coefficient's covariate over the rows.
pub(crate) fn mean_squares(problem: &Problem, t: usize, n: usize) -> Vec<f64> {
    let mut sums = vec![0.0; n];
    let mut rows = 0.0;
    for pattern in &problem.patterns {
        let weight = pattern.n_patients as f64;
        rows += weight * pattern.size as f64;
        for block in pattern.blocks.iter().filter(|b| b.term == t) {
            for (cell, loads) in &block.cells {
                sums[*cell] += weight * loads.iter().map(|(_, w)| w * w).sum::<f64>();
            }
        }
    }
    sums.iter().map(|s| if *s > 0.0 { s / rows } else { 1.0 }).collect()
}

/// Average products of residuals per pair of cells, made positive definite by shrinking the off-diagonal.
fn cell_moments(problem: &Problem, t: usize, copy: usize, n: usize, share: f64) -> Vec<f64> {
    let w = problem.p + 1;
    let (mut sums, mut counts) = (vec![0.0; n * n], vec![0.0; n * n]);
    for pattern in &problem.patterns {
        for block in pattern.blocks.iter().filter(|b| b.term == t && b.copy == copy) {
            for (c, rows) in &block.cells {
                for (d, columns) in &block.cells {
                    let (Some((r, _)), Some((s, _))) = (rows.first(), columns.first()) else { continue };
                    let products: f64 = pattern
                        .units
                        .chunks_exact(pattern.size * w)
                        .map(|u| u[r * w + problem.p] * u[s * w + problem.p])
                        .sum();
                    sums[c * n + d] += products;
                    counts[c * n + d] += pattern.n_patients as f64;
                }
            }
        }
    }
    let mut moments: Vec<f64> =
        sums.iter().zip(&counts).map(|(s, c)| if *c > 0.0 { share * s / c } else { 0.0 }).collect();
    for i in 0..n {
        moments[i * n + i] = moments[i * n + i].max(0.01 * share);
    }
    let mut shrink = 0.98;
    for _ in 0..40 {
        let trial: Vec<f64> =
            moments.iter().enumerate().map(|(i, m)| if i % (n + 1) == 0 { *m } else { shrink * m }).collect();
        let mut l = trial.clone();
        if cholesky(&mut l, n) && (0..n).all(|i| l[i * n + i].powi(2) > 0.05 * trial[i * n + i]) {
            return trial;
        }
        shrink *= 0.85;
    }
    moments.iter().enumerate().map(|(i, m)| if i % (n + 1) == 0 { *m } else { 0.0 }).collect()
}
