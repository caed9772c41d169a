//! Start values: moments of the least-squares residuals, shared among the terms, and the further starts of a search that
//! may meet more than one optimum.

use super::layout::{Block, Term, TermKind};
use super::likelihood::{CellSlope, Problem};
use crate::math::linalg::{cholesky, multiply};

/// What a start takes for the covariance over the cells of a residual structure.
#[derive(Debug, Clone, Copy)]
enum Guess {
    /// The average products of the rows that meet, shrunk until they are positive definite.
    Available,
    /// The same of the subjects with every cell; the variances alone where fewer than two have.
    Complete,
    /// The variances of the cells with this correlation between all of them.
    Correlated(f64),
}

/// Where else than at the available moments a search starts.
const FURTHER: [Guess; 3] = [Guess::Correlated(0.5), Guess::Correlated(0.9), Guess::Complete];

/// Most EM steps that bring a further start into the basin it belongs to.
const EM_STEPS: usize = 4;

/// The same where no optimum is known: the search from there must not leave a basin that EM would stay in.
const EM_STEPS_WITHOUT: usize = 25;

/// A further start this near to the optimum in deviance, or that gains no more by a step, climbs no more.
const NEAR: f64 = 0.2;

/// Working parameters ψ at which the search starts; the standardised residuals have variance one.
pub(crate) fn start_values(problem: &Problem) -> Vec<f64> {
    start_at(problem, Guess::Available)
}

fn start_at(problem: &Problem, guess: Guess) -> Vec<f64> {
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
                TermKind::Structure(_) => guessed(problem, guess, (t, copy), n, residual_share),
            };
            psi.extend(term.shape.start(&moments));
        }
    }
    psi
}

/// How many further starts there are, and those from which to search: where an optimum is known, the ones that it does not
/// lie straight uphill of.
///
/// They belong to models with a residual structure over two or more cells (not points in time). Random effects alone, whose
/// likelihood had one optimum in every trial tried, start once.
pub(crate) fn further_starts(problem: &Problem, optimum: Option<&[f64]>) -> (usize, Vec<Vec<f64>>) {
    let by_time = problem.terms.iter().any(|t| t.shape.by_time().is_some());
    let structured = |t: &Term| matches!(t.kind, TermKind::Structure(_)) && t.shape.n_cells() > 1;
    if by_time || !problem.terms.iter().any(structured) {
        return (0, Vec::new());
    }
    let known = optimum.map(|psi| problem.natural(psi)).and_then(|theta| Some((problem.deviance(&theta)?, theta)));
    let starts = FURTHER.iter().filter_map(|guess| climb(problem, start_at(problem, *guess), known.as_ref()));
    let from = starts.filter(|(psi, here)| known.as_ref().is_none_or(|to| !uphill(problem, psi, *here, to)));
    (FURTHER.len(), from.map(|(psi, _)| psi).collect())
}

/// A few EM steps from ψ, with the deviance where they began or end; they climb within one basin and, for `us` and
/// `pair`, do not depend on the order of the cells. `None` where the start has no likelihood.
fn climb(problem: &Problem, mut psi: Vec<f64>, known: Option<&(f64, Vec<f64>)>) -> Option<(Vec<f64>, f64)> {
    let mut last = f64::INFINITY;
    for step in 0.. {
        let theta = problem.natural(&psi);
        let most = if known.is_some() { EM_STEPS } else { EM_STEPS_WITHOUT };
        if step == most {
            return Some((psi, problem.deviance(&theta)?));
        }
        let (deviance, slopes) = problem.cell_slopes(&theta)?;
        if known.is_some_and(|(best, _)| deviance - best < NEAR || last - deviance < NEAR) {
            return Some((psi, deviance));
        }
        last = deviance;
        psi = em_step(problem, slopes);
    }
    None
}

/// A step of the EM algorithm (Laird & Ware 1982) for every term: with G = Σ Z'KZ over its N subjects, the expected
/// average product of its effects is Σ − ΣGΣ/N; the structure nearest to it follows, for `us` and `pair` the maximum.
fn em_step(problem: &Problem, slopes: Vec<Vec<CellSlope>>) -> Vec<f64> {
    let mut next = Vec::with_capacity(problem.k);
    for (term, copies) in problem.terms.iter().zip(slopes) {
        let n = term.shape.n_cells();
        for mut cell in copies {
            let half = multiply(&cell.sigma, &cell.slope, n, n, n);
            let full = multiply(&half, &cell.sigma, n, n, n);
            cell.sigma.iter_mut().zip(full).for_each(|(s, f)| *s -= f / cell.n_subjects.max(1.0));
            next.extend(term.shape.start(&cell.sigma));
        }
    }
    next
}

/// Whether the deviance falls all the way from ψ, where it is `here`, to the optimum on the straight line between their θ:
/// then the search from there would, as a rule, end at the same optimum.
fn uphill(problem: &Problem, psi: &[f64], here: f64, (lowest, optimum): &(f64, Vec<f64>)) -> bool {
    let from = problem.natural(psi);
    let mut last = here;
    let falls = [1.0 / 3.0, 2.0 / 3.0].into_iter().all(|share| {
        let between: Vec<f64> = from.iter().zip(optimum).map(|(a, b)| (1.0 - share) * a + share * b).collect();
        let next = problem.deviance(&between).unwrap_or(f64::INFINITY);
        let falls = next < last + 1e-9 * (1.0 + next.abs());
        last = next;
        falls
    });
    falls && *lowest < last + 1e-9 * (1.0 + last.abs())
}

fn guessed(problem: &Problem, guess: Guess, (t, copy): (usize, usize), n: usize, share: f64) -> Vec<f64> {
    let equal = |correlation: f64| {
        let moments = cell_moments(problem, (t, copy), n, share, 1);
        let sd: Vec<f64> = (0..n).map(|i| moments[i * n + i].sqrt()).collect();
        (0..n * n).map(|i| sd[i / n] * sd[i % n] * if i % (n + 1) == 0 { 1.0 } else { correlation }).collect()
    };
    let complete: usize = problem
        .patterns
        .iter()
        .flat_map(|p| p.blocks.iter().map(move |b| (p.n_patients, b)))
        .filter(|(_, b)| b.term == t && b.copy == copy && b.cells.len() == n)
        .map(|(n_patients, _)| n_patients)
        .sum();
    match guess {
        Guess::Available => cell_moments(problem, (t, copy), n, share, 1),
        Guess::Complete if complete >= 2 => cell_moments(problem, (t, copy), n, share, n),
        Guess::Complete => equal(0.0),
        Guess::Correlated(correlation) => equal(correlation),
    }
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

/// Average products of residuals per pair of cells over the subjects with `at_least` cells, made positive definite by
/// shrinking the off-diagonal.
fn cell_moments(problem: &Problem, (t, copy): (usize, usize), n: usize, share: f64, at_least: usize) -> Vec<f64> {
    let w = problem.p + 1;
    let (mut sums, mut counts) = (vec![0.0; n * n], vec![0.0; n * n]);
    for pattern in &problem.patterns {
        let here = |b: &&Block| b.term == t && b.copy == copy && b.cells.len() >= at_least;
        for block in pattern.blocks.iter().filter(here) {
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
