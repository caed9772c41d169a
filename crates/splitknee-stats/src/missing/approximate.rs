//! Approximate Bayesian imputation: parameters by REML on bootstrap samples of patients, one random imputation each.
//!
//! Sample r reads its own random stream, so that it does not depend on the others or on threads. A sample whose fit fails
//! is drawn again and counted.

use super::condmean::Imputation;
use crate::math::random::Stream;
use crate::note;
use crate::paired::Refusal;
use rayon::prelude::*;

/// Most attempts at one sample.
const ATTEMPTS: u64 = 50;

/// Completed data sets.
#[derive(Debug, Clone)]
pub struct Draws {
    /// Per imputation the patients' completed cells.
    pub completed: Vec<Vec<Vec<f64>>>,
    /// Samples that were drawn again because their fit failed.
    pub redrawn: usize,
}

/// `m` imputations.
///
/// # Errors
/// A sample that cannot be fitted in 50 attempts.
pub fn draws(imputation: &Imputation, m: usize, seed: u64) -> Result<Draws, Refusal> {
    let n = imputation.trial.patients.len();
    let all = vec![true; n];
    let one = |r: usize| -> Result<(Vec<Vec<f64>>, usize), Refusal> {
        let mut last = String::new();
        for attempt in 0..ATTEMPTS {
            let mut stream = Stream::new(seed, r as u64 * ATTEMPTS + attempt);
            let mut weights = vec![0_u32; n];
            (0..n).for_each(|_| weights[stream.below(n)] += 1);
            match imputation.model.refit(&weights, &imputation.fit) {
                Ok(fit) => {
                    let regressions = imputation.regressions(&fit.sigma);
                    let factors = imputation.factors(&regressions);
                    let random = Some((&mut stream, factors.as_slice()));
                    return Ok((imputation.complete(&fit.beta, &regressions, &all, false, random)?, attempt as usize));
                }
                Err(error) => last = error.to_string(),
            }
        }
        Err(Refusal(note!(mi_bootstrap_failed, n = ATTEMPTS, error = last)))
    };
    let drawn: Result<Vec<_>, Refusal> = (0..m).into_par_iter().map(one).collect();
    let mut out = Draws { completed: Vec::with_capacity(m), redrawn: 0 };
    for (cells, redrawn) in drawn? {
        out.completed.push(cells);
        out.redrawn += redrawn;
    }
    Ok(out)
}
