//! Trust-region Newton minimisation with exact first and second derivatives.
//!
//! Each step minimises the quadratic model within a ball (Moré & Sorensen 1983); indefinite Hessians are handled through
//! their eigenvectors, so that saddle points are left. The path is kept.

use super::linalg::{cholesky, dot, eigen_symmetric, solve_cholesky, solve_lower};

/// Value, gradient and Hessian (row after row) at a point.
#[derive(Debug, Clone)]
pub struct Derivatives {
    /// The objective.
    pub value: f64,
    /// Its gradient.
    pub gradient: Vec<f64>,
    /// Its Hessian, row after row.
    pub hessian: Vec<f64>,
}

/// One accepted point of the optimiser's path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The objective there.
    pub value: f64,
    /// Largest absolute component of the gradient.
    pub gradient_max: f64,
    /// Length of the step that led there.
    pub length: f64,
}

/// Where the minimisation ended.
#[derive(Debug, Clone)]
pub struct Minimum {
    /// The point.
    pub x: Vec<f64>,
    /// The derivatives there.
    pub at: Derivatives,
    /// Whether the Newton decrement fell below the tolerance.
    pub converged: bool,
    /// `½ g'H⁻¹g`: how much lower the quadratic model still goes (`NaN` when the Hessian is not positive definite).
    pub decrement: f64,
    /// The accepted points.
    pub path: Vec<Step>,
    /// Evaluations of the objective.
    pub evaluations: usize,
}

/// Settings of [`minimise`].
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Most evaluations.
    pub max_evaluations: usize,
    /// Converged when `½ g'H⁻¹g` falls below this.
    pub decrement: f64,
    /// Radius of the first step.
    pub radius: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { max_evaluations: 300, decrement: 1e-20, radius: 1.0 }
    }
}

/// Minimises `objective` from `start`; it returns `None` outside its domain. `None` when `start` itself is outside.
pub fn minimise(
    start: &[f64],
    settings: Settings,
    mut objective: impl FnMut(&[f64]) -> Option<Derivatives>,
) -> Option<Minimum> {
    let n = start.len();
    let mut x = start.to_vec();
    let mut at = objective(&x)?;
    let mut evaluations = 1;
    let mut radius = settings.radius;
    let mut path = vec![Step { value: at.value, gradient_max: max_abs(&at.gradient), length: 0.0 }];
    let mut stalled = 0;
    let (mut converged, mut decrement) = (false, f64::NAN);
    while evaluations < settings.max_evaluations {
        decrement = newton_decrement(&at, n);
        if decrement <= settings.decrement || (decrement <= 1e-13 && stalled >= 2) || n == 0 {
            converged = true;
            break;
        }
        let step = model_minimiser(&at, n, radius);
        let length = dot(&step, &step).sqrt();
        let predicted = -predicted_change(&at, &step, n);
        let candidate: Vec<f64> = x.iter().zip(&step).map(|(a, b)| a + b).collect();
        let next = objective(&candidate);
        evaluations += 1;
        // Rounding of the objective hides changes below about 1e-13 of its size; the gradient decides there.
        let noise = 1e-13 * (1.0 + at.value.abs());
        let accepted = match next {
            Some(next) => {
                let ratio = (at.value - next.value) / predicted;
                let flat = predicted.abs() <= 100.0 * noise;
                let better_gradient = max_abs(&next.gradient) < max_abs(&at.gradient);
                let good = if flat { better_gradient && next.value <= at.value + 100.0 * noise } else { ratio > 1e-4 };
                if good && (flat || ratio > 0.75) && length > 0.8 * radius {
                    radius = (2.0 * radius).min(1e3);
                } else if !good || (!flat && ratio < 0.25) {
                    radius = 0.25 * length.min(radius);
                }
                good.then_some(next)
            }
            None => {
                radius = 0.25 * length.min(radius);
                None
            }
        };
        match accepted {
            Some(next) => {
                stalled = if at.value - next.value <= noise { stalled + 1 } else { 0 };
                x = candidate;
                at = next;
                path.push(Step { value: at.value, gradient_max: max_abs(&at.gradient), length });
            }
            None => {
                stalled += 1;
                if radius < 1e-14 || (stalled > 40) {
                    converged = decrement <= 1e-10;
                    break;
                }
                if decrement <= 1e-13 {
                    // No point near is better: this is the optimum as far as double precision can tell.
                    converged = true;
                    break;
                }
            }
        }
    }
    Some(Minimum { x, at, converged, decrement, path, evaluations })
}

fn max_abs(v: &[f64]) -> f64 {
    v.iter().fold(0.0, |m: f64, x| m.max(x.abs()))
}

fn newton_decrement(at: &Derivatives, n: usize) -> f64 {
    let mut l = at.hessian.clone();
    if !cholesky(&mut l, n) {
        return flat_decrement(at, n);
    }
    let mut b = at.gradient.clone();
    solve_lower(&l, n, &mut b);
    0.5 * dot(&b, &b)
}

/// The decrement over the directions with curvature, where the others are flat to rounding and carry no gradient; `NaN`
/// at a saddle.
fn flat_decrement(at: &Derivatives, n: usize) -> f64 {
    let (values, vectors) = eigen_symmetric(&at.hessian, n);
    let scale = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let mut sum = 0.0;
    for (j, value) in values.iter().enumerate() {
        let slope: f64 = (0..n).map(|i| vectors[i * n + j] * at.gradient[i]).sum();
        if *value > 1e-9 * scale {
            sum += 0.5 * slope * slope / value;
        } else if *value < -1e-9 * scale || slope.abs() > 1e-8 * scale.max(1.0) {
            return f64::NAN;
        }
    }
    sum
}

fn predicted_change(at: &Derivatives, step: &[f64], n: usize) -> f64 {
    let curvature: f64 = (0..n).map(|i| step[i] * dot(&at.hessian[i * n..(i + 1) * n], step)).sum();
    dot(&at.gradient, step) + 0.5 * curvature
}

/// For a positive definite Hessian whose Newton step is too long: the shift λ > 0 with |(H + λI)⁻¹g| = radius, by Newton's
/// method on 1/|s(λ)| (Moré & Sorensen 1983), which converges in a few factorisations.
fn shifted_step(at: &Derivatives, n: usize, radius: f64) -> Option<Vec<f64>> {
    let mut shift = 0.0;
    for _ in 0..30 {
        let mut l = at.hessian.clone();
        (0..n).for_each(|i| l[i * n + i] += shift);
        if !cholesky(&mut l, n) {
            return None;
        }
        let mut step: Vec<f64> = at.gradient.iter().map(|g| -g).collect();
        solve_cholesky(&l, n, &mut step);
        let length = dot(&step, &step).sqrt();
        if length <= 1.01 * radius {
            return Some(step);
        }
        let mut w = step;
        solve_lower(&l, n, &mut w);
        shift += (length * length / dot(&w, &w)) * (length - radius) / radius;
    }
    None
}

/// The minimiser of `g's + ½ s'Hs` within the ball of the given radius.
fn model_minimiser(at: &Derivatives, n: usize, radius: f64) -> Vec<f64> {
    let mut l = at.hessian.clone();
    if cholesky(&mut l, n) {
        let mut step: Vec<f64> = at.gradient.iter().map(|g| -g).collect();
        solve_cholesky(&l, n, &mut step);
        if dot(&step, &step).sqrt() <= radius {
            return step;
        }
        if let Some(step) = shifted_step(at, n, radius) {
            return step;
        }
    }
    let (values, vectors) = eigen_symmetric(&at.hessian, n);
    let rotated: Vec<f64> = (0..n).map(|j| (0..n).map(|i| vectors[i * n + j] * at.gradient[i]).sum()).collect();
    let back = |coefficients: &[f64]| -> Vec<f64> {
        (0..n).map(|i| dot(&vectors[i * n..(i + 1) * n], coefficients)).collect()
    };
    let at_shift = |shift: f64| -> Vec<f64> {
        rotated.iter().zip(&values).map(|(g, v)| if *g == 0.0 { 0.0 } else { -g / (v + shift) }).collect()
    };
    let size = |c: &[f64]| dot(c, c).sqrt();
    let lowest = values.first().copied().unwrap_or(0.0);
    let floor = (-lowest).max(0.0);
    let scale = values.iter().fold(1e-300, |m: f64, v| m.max(v.abs()));
    let (mut low, mut high) = (floor + 1e-14 * scale, floor + size(&rotated) / radius + 1e-10 * scale);
    let at_low = at_shift(low);
    if size(&at_low) < radius {
        // Hard case: the gradient has no part along the lowest eigenvector; go along it to the boundary.
        let mut c = at_low;
        let rest = (radius * radius - dot(&c, &c)).max(0.0).sqrt();
        if let Some(first) = c.first_mut() {
            *first += if *first < 0.0 { -rest } else { rest };
        }
        return back(&c);
    }
    for _ in 0..200 {
        let middle = if high > 4.0 * low { (low * high).sqrt() } else { 0.5 * (low + high) };
        let length = size(&at_shift(middle));
        if (length - radius).abs() <= 1e-3 * radius {
            return back(&at_shift(middle));
        }
        if length > radius {
            low = middle;
        } else {
            high = middle;
        }
    }
    back(&at_shift(high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rosenbrock_from_the_classical_start() {
        let found = minimise(&[-1.2, 1.0], Settings::default(), |x| {
            let (a, b) = (x[0], x[1]);
            let t = b - a * a;
            Some(Derivatives {
                value: 100.0 * t * t + (1.0 - a).powi(2),
                gradient: vec![-400.0 * a * t - 2.0 * (1.0 - a), 200.0 * t],
                hessian: vec![1200.0 * a * a - 400.0 * b + 2.0, -400.0 * a, -400.0 * a, 200.0],
            })
        })
        .unwrap();
        assert!(found.converged);
        assert!((found.x[0] - 1.0).abs() < 1e-9 && (found.x[1] - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_saddle_point_is_left() {
        // x⁴/4 − x²/2 + y²/2 starts exactly on the saddle's ridge; minima at x = ±1.
        let found = minimise(&[0.0, 1.0], Settings::default(), |x| {
            Some(Derivatives {
                value: x[0].powi(4) / 4.0 - x[0] * x[0] / 2.0 + x[1] * x[1] / 2.0,
                gradient: vec![x[0].powi(3) - x[0], x[1]],
                hessian: vec![3.0 * x[0] * x[0] - 1.0, 0.0, 0.0, 1.0],
            })
        })
        .unwrap();
        assert!(found.converged && (found.x[0].abs() - 1.0).abs() < 1e-9 && found.x[1].abs() < 1e-9);
    }
}
