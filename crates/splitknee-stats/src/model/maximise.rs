//! Newton's method with step control, for the log-likelihoods of the generalised models.
//!
//! The objective comes with its analytic gradient and Hessian (a [`Jet`]). Each step solves with the eigenvalues of the
//! scaled negative Hessian made positive, is limited in length, and is halved until the log-likelihood rises; the
//! result carries the figures by which the reader can judge convergence.

use super::dense::invert_positive;
use crate::math::jet::Jet;
use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// Where the iterations ended, and how well.
#[derive(Debug, Clone)]
pub struct Maximum {
    /// The parameters.
    pub parameters: Vec<f64>,
    /// Objective with gradient and Hessian at `parameters`.
    pub jet: Jet,
    /// Newton steps taken.
    pub iterations: usize,
    /// Whether the Newton decrement fell below the tolerance and the Hessian is negative definite.
    pub converged: bool,
    /// Largest absolute gradient component.
    pub gradient_max: f64,
    /// Newton decrement `gᵀ(−H)⁻¹g / 2`: the log-likelihood still to be gained, to second order.
    pub decrement: f64,
    /// Smallest eigenvalue of the negative Hessian scaled to unit diagonal.
    pub min_eigenvalue: f64,
}

/// Limits of the iterations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Newton steps at most.
    pub iterations: usize,
    /// The decrement at which to stop (a log-likelihood difference).
    pub decrement: f64,
    /// Longest step, in units of the inverse root of the Hessian's diagonal.
    pub step: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { iterations: 200, decrement: 1e-20, step: 30.0 }
    }
}

/// A Newton step and what the Hessian says about it.
struct Step {
    direction: DVector<f64>,
    decrement: f64,
    min_eigenvalue: f64,
}

/// Maximises `objective` from `start`. The objective answers `None` where it is not defined (thresholds out of order);
/// `None` is returned when it is not defined or not finite at the start.
pub fn maximise(start: Vec<f64>, limits: Limits, objective: impl Fn(&[f64]) -> Option<Jet>) -> Option<Maximum> {
    let finite = |jet: &Jet| {
        jet.value.is_finite() && jet.gradient.iter().all(|x| x.is_finite()) && jet.hessian.iter().all(|x| x.is_finite())
    };
    let mut parameters = start;
    let mut jet = objective(&parameters).filter(finite)?;
    let mut iterations = 0;
    let mut step = newton_step(&jet, limits.step);
    let mut polished = false;
    while iterations < limits.iterations && !polished {
        // Once inside the region of quadratic convergence one more step costs little and gains the last digits.
        polished = step.decrement <= limits.decrement;
        let mut length = 1.0;
        let moved = loop {
            let trial: Vec<f64> = parameters.iter().zip(&step.direction).map(|(x, d)| x + length * d).collect();
            if let Some(next) = objective(&trial).filter(finite) {
                let rounding = 1e-13 * (1.0 + jet.value.abs());
                let flatter = largest(&next.gradient) < largest(&jet.gradient);
                if next.value > jet.value || (next.value >= jet.value - rounding && flatter) {
                    break Some((trial, next));
                }
            }
            length *= 0.5;
            if length < 1e-10 {
                break None;
            }
        };
        let Some((trial, next)) = moved else { break };
        parameters = trial;
        jet = next;
        iterations += 1;
        step = newton_step(&jet, limits.step);
    }
    let gradient_max = largest(&jet.gradient);
    let converged = step.decrement <= 1e-12 * (1.0 + jet.value.abs()) && step.min_eigenvalue > 0.0;
    let Step { decrement, min_eigenvalue, .. } = step;
    Some(Maximum { parameters, jet, iterations, converged, gradient_max, decrement, min_eigenvalue })
}

/// Largest absolute value; 0 for an empty list.
fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |most, x| most.max(x.abs()))
}

fn newton_step(jet: &Jet, longest: f64) -> Step {
    let n = jet.len();
    if n == 0 {
        return Step { direction: DVector::zeros(0), decrement: 0.0, min_eigenvalue: 1.0 };
    }
    let negative = -DMatrix::from_row_slice(n, n, &jet.full_hessian());
    let scale = DVector::from_fn(n, |i, _| {
        let diagonal = negative[(i, i)].abs();
        if diagonal > 0.0 { diagonal.sqrt().recip() } else { 1.0 }
    });
    let scaled = DMatrix::from_fn(n, n, |i, j| negative[(i, j)] * scale[i] * scale[j]);
    let gradient = DVector::from_fn(n, |i, _| jet.gradient.get(i).copied().unwrap_or(0.0) * scale[i]);
    let eigen = SymmetricEigen::new(scaled);
    let rotated = eigen.eigenvectors.transpose() * gradient;
    let curvature = eigen.eigenvalues.map(|value| value.abs().max(1e-10));
    let mut along = rotated.component_div(&curvature);
    let decrement = 0.5 * rotated.dot(&along);
    let length = along.norm();
    if length > longest {
        along *= longest / length;
    }
    let direction = (&eigen.eigenvectors * along).component_mul(&scale);
    Step { direction, decrement, min_eigenvalue: eigen.eigenvalues.min() }
}

/// The inverse of the negative Hessian, or `None` if it is not positive definite to working precision.
pub fn inverse_information(jet: &Jet) -> Option<DMatrix<f64>> {
    let n = jet.len();
    let information = -DMatrix::from_row_slice(n, n, &jet.full_hessian());
    invert_positive(&information)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's valley, upside down: maximum 0 at (1, 1).
    #[test]
    fn finds_the_top_of_a_curved_ridge() {
        let objective = |p: &[f64]| {
            let (x, y) = (Jet::parameter(p[0], 0, 2), Jet::parameter(p[1], 1, 2));
            let valley = y.plus(&x.times(&x).scaled(-1.0));
            let slope = x.scaled(-1.0).shifted(1.0);
            Some(valley.times(&valley).scaled(-100.0).plus(&slope.times(&slope).scaled(-1.0)))
        };
        let top = maximise(vec![-1.2, 1.0], Limits::default(), objective).expect("defined at the start");
        assert!(top.converged && top.gradient_max < 1e-9, "{top:?}");
        assert!(top.parameters.iter().all(|x| (x - 1.0).abs() < 1e-10), "{top:?}");
    }
}
