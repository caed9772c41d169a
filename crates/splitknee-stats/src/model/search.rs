//! The search: trust-region Newton steps from a start, vanishing standard deviations settled at zero; and the best of a
//! few starts.
//!
//! The likelihood of a covariance over cells may have several local optima where values are missing and patients few (Drton &
//! Richardson 2004 for complete data with a restricted mean). Every search climbs from the available moments; further
//! starts ([`further_starts`]) are run to the end where the likelihood does not rise all the way from them to the optimum
//! already found. All starts are functions of the data's moments alone: nothing is random, and neither the order of the
//! rows nor the names of arms and visits enter.

use super::certificate::sound;
use super::covariance::Unstructured;
use super::error::ModelError;
use super::fit::FitOptions;
use super::layout::TermKind;
use super::likelihood::Problem;
use super::start::{further_starts, mean_squares, start_values};
use crate::math::linalg::dot;
use crate::math::trust_region::{Derivatives, Minimum, Settings, minimise};
use crate::note;

impl Problem {
    /// The positions in ψ of standard deviations of random effects.
    pub(crate) fn boundary_positions(&self) -> Vec<usize> {
        self.boundary_sizes().into_iter().map(|(i, _)| i).collect()
    }

    /// The same, each with the size of its covariate (root mean square),
    /// so that what counts as vanishing does not depend on the covariate's unit.
    fn boundary_sizes(&self) -> Vec<(usize, f64)> {
        let random = self.terms.iter().enumerate().filter(|(_, t)| t.kind == TermKind::Random);
        let places = random.flat_map(|(index, t)| {
            let sizes = mean_squares(self, index, t.shape.n_cells());
            t.shape.boundary().into_iter().zip(sizes).map(move |(i, size)| (t.offset + i, size.sqrt()))
        });
        places.collect()
    }
}

/// A standard deviation (in units of the residual one) below this at the optimum is tried at zero.
const VANISHING: f64 = 1e-4;

/// How much the log-likelihood may fall, relatively, by putting a vanishing standard deviation at zero: rounding only.
const SETTLED: f64 = 1e-12;

/// How much larger, relatively, a log-likelihood must be to be another optimum's.
const DISTINCT: f64 = 1e-8;

/// The best optimum found, and what was met on the way.
#[derive(Debug)]
pub(crate) struct Found {
    pub minimum: Minimum,
    /// Which ψ are free.
    pub free: Vec<bool>,
    pub tried: Tried,
}

/// What the starts of a search led to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tried {
    /// Number of starts.
    pub starts: usize,
    /// Number of different optima met, the reported one included.
    pub optima: usize,
    /// How much lower the log-likelihood of the next best optimum is.
    pub next: f64,
    /// Starts whose way ended at a singular covariance with a larger likelihood.
    pub singular: usize,
}

/// The best optimum from all starts. An end at a singular residual covariance is none: it is returned where no start led
/// anywhere else.
pub(crate) fn search(problem: &Problem, options: &FitOptions) -> Result<Found, ModelError> {
    let run = |from: &[f64]| Search { problem, free: vec![true; problem.k] }.run(from, options);
    let first = run(&start_values(problem));
    let regular = |end: &Minimum| sound(problem, &problem.natural(&end.x));
    let lead = first.as_ref().ok().map(|(end, _)| end).filter(|end| end.converged && regular(end));
    let (further, elsewhere) = further_starts(problem, lead.map(|lead| lead.x.as_slice()));
    let others: Vec<(Minimum, Vec<bool>)> = elsewhere.iter().filter_map(|from| run(from).ok()).collect();
    let starts = 1 + further;
    if lead.is_none() && !others.iter().any(|(end, _)| end.converged && regular(end)) {
        let tried = Tried { starts, optima: 1, next: f64::INFINITY, singular: 0 };
        return first.map(|(minimum, free)| Found { minimum, free, tried });
    }
    let (optima, rest): (Vec<_>, Vec<_>) =
        first.into_iter().chain(others).partition(|(end, _)| end.converged && regular(end));
    let below = |a: &Minimum, b: &Minimum| a.at.value < b.at.value - DISTINCT * (1.0 + b.at.value.abs());
    let mut different: Vec<(Minimum, Vec<bool>)> = Vec::new();
    for (end, free) in optima {
        // The search from the moments comes first and stands for the others that end where it does.
        if different.iter().all(|(other, _)| below(&end, other) || below(other, &end)) {
            different.push((end, free));
        }
    }
    different.sort_by(|a, b| a.0.at.value.total_cmp(&b.0.at.value));
    let count = different.len();
    let mut different = different.into_iter();
    let best = different.next().map(|(minimum, free)| {
        let next = different.next().map_or(f64::INFINITY, |(end, _)| end.at.value - minimum.at.value);
        let singular = rest.iter().filter(|(end, _)| !regular(end) && below(end, &minimum)).count();
        Found { minimum, free, tried: Tried { starts, optima: count, next, singular } }
    });
    best.ok_or_else(unusable_start)
}

fn unusable_start() -> ModelError {
    ModelError::NotPositiveDefinite { matrix: note!(v_start) }
}

/// The search from one start.
pub(crate) struct Search<'a> {
    pub problem: &'a Problem,
    pub free: Vec<bool>,
}

impl Search<'_> {
    /// Minimises over the free ψ; the others stay.
    fn minimise(&self, start: &[f64], options: &FitOptions) -> Option<Minimum> {
        let k = start.len();
        let places: Vec<usize> = (0..k).filter(|&i| self.free[i]).collect();
        let reduced: Vec<f64> = places.iter().map(|&i| start[i]).collect();
        let radius = dot(&reduced, &reduced).sqrt().max(1.0);
        let settings = Settings { max_evaluations: options.max_evaluations, radius, ..Settings::default() };
        let expand = |x: &[f64]| {
            let mut full = start.to_vec();
            places.iter().zip(x).for_each(|(&i, v)| full[i] = *v);
            full
        };
        let mut minimum = minimise(&reduced, settings, |x| {
            let full = self.problem.objective(&expand(x))?;
            if places.len() == k {
                return Some(full);
            }
            let gradient = places.iter().map(|&i| full.gradient[i]).collect();
            let hessian = places.iter().flat_map(|&i| places.iter().map(move |&j| (i, j)));
            let hessian = hessian.map(|(i, j)| full.hessian[i * k + j]).collect();
            Some(Derivatives { value: full.value, gradient, hessian })
        })?;
        minimum.x = expand(&minimum.x);
        Some(minimum)
    }

    /// Where L_cc = 0, the rest of column c of L only rotates with the later columns: Σ gets what it gives from the
    /// diagonal below, and the column is held at zero so that the Hessian is not singular.
    fn fold_columns(&mut self, vanishing: &[usize], psi: &mut [f64]) {
        let random = self.problem.terms.iter().filter(|t| t.kind == TermKind::Random);
        for (offset, n) in random.map(|t| (t.offset, t.shape.n_cells())) {
            let place = |a: usize, b: usize| offset + Unstructured::index(a, b);
            for c in (0..n).filter(|&c| vanishing.contains(&place(c, c))) {
                for r in c + 1..n {
                    let (below, diagonal) = (place(r, c), place(r, r));
                    psi[diagonal] = psi[diagonal].hypot(psi[below]);
                    psi[below] = 0.0;
                    self.free[below] = false;
                }
            }
        }
    }

    /// The optimum, with vanishing standard deviations of random effects settled at exactly zero where that is where the
    /// likelihood is largest. Returns which ψ are free.
    pub fn run(mut self, start: &[f64], options: &FitOptions) -> Result<(Minimum, Vec<bool>), ModelError> {
        let mut minimum = self.minimise(start, options).ok_or_else(unusable_start)?;
        let mut path = std::mem::take(&mut minimum.path);
        let mut evaluations = minimum.evaluations;
        let candidates = self.problem.boundary_sizes();
        for _ in 0..candidates.len() + 1 {
            let vanishing =
                candidates.iter().filter(|(i, size)| self.free[*i] && minimum.x[*i].abs() * size < VANISHING);
            let vanishing: Vec<usize> = vanishing.map(|(i, _)| *i).collect();
            if vanishing.is_empty() {
                break;
            }
            let mut from = minimum.x.clone();
            let before = self.free.clone();
            for &i in &vanishing {
                from[i] = 0.0;
                self.free[i] = false;
            }
            self.fold_columns(&vanishing, &mut from);
            let Some(settled) = self.minimise(&from, options) else { break };
            path.extend(settled.path.iter().skip(1).copied());
            evaluations += settled.evaluations;
            if settled.at.value <= minimum.at.value + SETTLED * (1.0 + minimum.at.value.abs()) {
                minimum = settled;
            } else {
                // Small but not zero: the interior optimum stands.
                self.free = before;
                break;
            }
        }
        minimum.path = path;
        minimum.evaluations = evaluations;
        Ok((minimum, self.free))
    }
}
