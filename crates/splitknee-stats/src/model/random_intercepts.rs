//! The likelihood of a binary or ordered outcome with random intercepts integrated out.
//!
//! Patient i contributes `∫ Π_j P(y_ij | η_ij + T_ij) φ(z) dz` with standard normal random effects z and the term
//! `T = σ_p z_0` (patient) or `T = σ_p z_0 + σ_k z_knee`. The integral is approximated around the conditional mode:
//!
//! - **Laplace**: `h(ẑ) − ½ log|−h″(ẑ)|` with `h = log Π P − ½ z'z`, as `lme4::glmer(nAGQ = 1)` and `ordinal::clmm`;
//! - **adaptive Gauss–Hermite** with N points per random effect (Liu & Pierce 1994; Pinheiro & Bates 1995), as
//!   `glmer(nAGQ = N)` and `clmm(nAGQ = N)` for one random intercept; N = 1 is Laplace. With knees in patients the
//!   Cholesky factor of −h″ places the knees' nodes conditionally on the patient's, so that given the patient's effect the
//!   knees' integrals separate: N + N²·knees evaluations, not Nᵏⁿᵉᵉˢ⁺¹. R's packages offer Laplace only there.
//!
//! Mode and curvature depend on the parameters; they are carried as second-order jets (two Newton steps in jet arithmetic
//! from the converged mode make its first and second derivatives exact), so gradient and Hessian are those of
//! the approximation itself. Standard errors come from that Hessian. Knees nest in patients, so −h″ is an arrow matrix
//! and costs nothing. The likelihood is even in every σ: a variance on its boundary is an ordinary stationary point.

use super::interval_outcome::IntervalRows;
use crate::math::jet::Jet;
use crate::math::quadrature::HermiteNode;
use std::f64::consts::{PI, SQRT_2};

/// One independent unit: its rows, split by inner group (a single cell without an inner grouping).
pub(super) struct Cluster {
    pub cells: Vec<Vec<usize>>,
}

/// The approximated likelihood.
pub(super) struct Objective<'a> {
    pub rows: &'a IntervalRows,
    pub clusters: Vec<Cluster>,
    /// Whether clusters have cells with effects of their own.
    pub nested: bool,
    /// The quadrature rule per effect; one node is Laplace.
    pub nodes: Vec<HermiteNode>,
}

/// Conditional mode of one cluster on the standard normal scale, with the curvature −h″ there.
pub(super) struct Mode {
    pub outer: f64,
    pub inner: Vec<f64>,
    arrow: Arrow,
}

/// An arrow matrix: corner, border and diagonal.
struct Arrow {
    corner: f64,
    border: Vec<f64>,
    diagonal: Vec<f64>,
}

impl Arrow {
    /// The corner with the inner effects eliminated; positive because −h″ is positive definite.
    fn schur(&self) -> f64 {
        self.corner - self.border.iter().zip(&self.diagonal).map(|(b, d)| b * b / d).sum::<f64>()
    }
}

impl Objective<'_> {
    fn n_parameters(&self) -> usize {
        self.rows.n_fixed() + 1 + usize::from(self.nested)
    }

    /// The standard deviations among the parameters: outer, inner.
    pub fn std_devs(&self, parameters: &[f64]) -> (f64, f64) {
        let at = |offset: usize| parameters.get(self.rows.n_fixed() + offset).copied().unwrap_or(0.0);
        (at(0), if self.nested { at(1) } else { 0.0 })
    }

    /// The log-likelihood as a jet in all parameters; `None` where the thresholds are out of order.
    pub fn log_likelihood(&self, parameters: &[f64]) -> Option<Jet> {
        if !self.rows.ordered(parameters) {
            return None;
        }
        let predictors = self.predictors(parameters);
        let mut total = Jet::constant(0.0, self.n_parameters());
        for cluster in &self.clusters {
            let mode = self.mode(cluster, parameters, &predictors)?;
            total.accumulate(1.0, &self.cluster_log_likelihood(cluster, parameters, &mode));
        }
        Some(total)
    }

    /// The linear predictors without random term.
    pub fn predictors(&self, parameters: &[f64]) -> Vec<f64> {
        (0..self.rows.len()).map(|row| self.rows.predictor(row, parameters)).collect()
    }

    /// Newton's method with halving for the conditional mode; the function is concave.
    pub fn mode(&self, cluster: &Cluster, parameters: &[f64], predictors: &[f64]) -> Option<Mode> {
        let (sigma_outer, sigma_inner) = self.std_devs(parameters);
        let sign = self.rows.sign;
        let evaluate = |outer: f64, inner: &[f64]| {
            let mut value = -0.5 * outer * outer;
            let mut gradient = (-outer, Vec::with_capacity(inner.len()));
            let mut arrow = Arrow { corner: 1.0, border: Vec::new(), diagonal: Vec::new() };
            for (k, cell) in cluster.cells.iter().enumerate() {
                let own = inner.get(k).copied().unwrap_or(0.0);
                let term = sigma_outer * outer + sigma_inner * own;
                let [s0, s1, s2] = self.rows.shift_values(cell, predictors, parameters, term);
                value += s0;
                gradient.0 += sign * sigma_outer * s1;
                arrow.corner -= sigma_outer * sigma_outer * s2;
                if self.nested {
                    value -= 0.5 * own * own;
                    gradient.1.push(sign * sigma_inner * s1 - own);
                    arrow.border.push(-sigma_outer * sigma_inner * s2);
                    arrow.diagonal.push(1.0 - sigma_inner * sigma_inner * s2);
                }
            }
            (value, gradient, arrow)
        };
        let mut outer = 0.0;
        let mut inner = vec![0.0; if self.nested { cluster.cells.len() } else { 0 }];
        let (mut value, mut gradient, mut arrow) = evaluate(outer, &inner);
        for _ in 0..200 {
            let (step, inner_step) = solve_arrow(&arrow, gradient.0, &gradient.1);
            let size = inner_step.iter().fold(step.abs(), |most: f64, x| most.max(x.abs()));
            if !size.is_finite() {
                return None;
            }
            let mut length = 1.0;
            loop {
                let trial = outer + length * step;
                let trial_inner: Vec<f64> = inner.iter().zip(&inner_step).map(|(x, d)| x + length * d).collect();
                let next = evaluate(trial, &trial_inner);
                if next.0 >= value - 1e-14 * (1.0 + value.abs()) {
                    (outer, inner) = (trial, trial_inner);
                    (value, gradient, arrow) = next;
                    break;
                }
                length *= 0.5;
                if length < 1e-12 {
                    return Some(Mode { outer, inner, arrow });
                }
            }
            if size < 1e-11 * (1.0 + outer.abs()) {
                break;
            }
        }
        Some(Mode { outer, inner, arrow })
    }

    fn cluster_log_likelihood(&self, cluster: &Cluster, parameters: &[f64], mode: &Mode) -> Jet {
        let n = self.n_parameters();
        let n_fixed = self.rows.n_fixed();
        let (sigma_outer, sigma_inner) = self.std_devs(parameters);
        let outer_sd = Jet::parameter(sigma_outer, n_fixed, n);
        let inner_sd = Jet::parameter(sigma_inner, n_fixed + 1, n);
        let sign = self.rows.sign;
        let mut outer = Jet::constant(mode.outer, n);
        let mut inner: Vec<Jet> = mode.inner.iter().map(|x| Jet::constant(*x, n)).collect();
        let term = |outer: &Jet, inner: Option<&Jet>| match inner {
            Some(own) => outer_sd.times(outer).plus(&inner_sd.times(own)),
            None => outer_sd.times(outer),
        };
        // Each Newton step in jets makes one more order of derivatives of the mode exact.
        for _ in 0..2 {
            let mut gradient = outer.clone().scaled(-1.0);
            let mut inner_gradient: Vec<Jet> = Vec::with_capacity(inner.len());
            for (k, cell) in cluster.cells.iter().enumerate() {
                let sums = self.rows.shift_sums(cell, parameters, &term(&outer, inner.get(k)), 1..=1).sums;
                let Some(slope) = sums.first() else { continue };
                gradient.accumulate(sign, &outer_sd.times(slope));
                if let Some(own) = inner.get(k) {
                    inner_gradient.push(inner_sd.times(slope).scaled(sign).plus(&own.clone().scaled(-1.0)));
                }
            }
            newton_step_in_jets(&mode.arrow, &mut outer, &mut inner, gradient, inner_gradient);
        }
        // −h″ at the mode, and h there.
        let mut height = outer.times(&outer).scaled(-0.5);
        let mut corner = Jet::constant(1.0, n);
        let mut log_determinant = Jet::constant(0.0, n);
        let mut knees: Vec<Knee> = Vec::with_capacity(inner.len());
        for (k, cell) in cluster.cells.iter().enumerate() {
            let sums = self.rows.shift_sums(cell, parameters, &term(&outer, inner.get(k)), 0..=2).sums;
            let [s0, _, s2] = sums.as_slice() else { continue };
            height.accumulate(1.0, s0);
            let outer_curvature = outer_sd.times(s2);
            corner.accumulate(-1.0, &outer_sd.times(&outer_curvature));
            if let Some(own) = inner.get(k) {
                height.accumulate(-0.5, &own.times(own));
                let border = inner_sd.times(&outer_curvature).scaled(-1.0);
                let diagonal = inner_sd.times(&inner_sd.times(s2)).scaled(-1.0).shifted(1.0);
                let slope = border.times(&diagonal.powf(-1.0)).scaled(-1.0);
                corner.accumulate(1.0, &border.times(&slope));
                log_determinant.accumulate(1.0, &diagonal.ln());
                knees.push(Knee { mode: own.clone(), slope, width: diagonal.powf(-0.5).scaled(SQRT_2) });
            }
        }
        // `corner` is now the Schur complement: the curvature of the patient's effect with the knees profiled out.
        log_determinant.accumulate(1.0, &corner.ln());
        if self.nodes.len() <= 1 {
            return height.plus(&log_determinant.scaled(-0.5));
        }
        let width = corner.powf(-0.5).scaled(SQRT_2);
        let effects = Effects { mode: outer, width, outer_sd, inner_sd, knees };
        self.quadrature(cluster, parameters, &effects).plus(&log_determinant.scaled(-0.5))
    }

    /// Adaptive Gauss–Hermite quadrature around the mode, without the determinant of the scaling.
    fn quadrature(&self, cluster: &Cluster, parameters: &[f64], effects: &Effects) -> Jet {
        let heights = self.nodes.iter().map(|node| {
            let step = effects.width.clone().scaled(node.x);
            let position = effects.mode.clone().plus(&step);
            let shared = effects.outer_sd.times(&position);
            let mut height = position.times(&position).scaled(-0.5).shifted(node.log_weight - 0.5 * PI.ln());
            for (k, cell) in cluster.cells.iter().enumerate() {
                let part = match effects.knees.get(k) {
                    None => self.cell_log_likelihood(cell, parameters, &shared),
                    Some(knee) => {
                        let center = knee.mode.clone().plus(&knee.slope.times(&step));
                        log_sum_exp(self.nodes.iter().map(|own| {
                            let effect = center.clone().plus(&knee.width.clone().scaled(own.x));
                            let term = shared.clone().plus(&effects.inner_sd.times(&effect));
                            let likelihood = self.cell_log_likelihood(cell, parameters, &term);
                            likelihood.plus(&effect.times(&effect).scaled(-0.5)).shifted(own.log_weight - 0.5 * PI.ln())
                        }))
                    }
                };
                height.accumulate(1.0, &part);
            }
            height
        });
        log_sum_exp(heights)
    }

    /// Log-probability of some rows at a random term.
    fn cell_log_likelihood(&self, cell: &[usize], parameters: &[f64], term: &Jet) -> Jet {
        let mut sums = self.rows.shift_sums(cell, parameters, term, 0..=0).sums;
        sums.pop().unwrap_or_else(|| Jet::constant(0.0, term.len()))
    }
}

/// The random effects of a cluster around their mode: the patient's node moves by `width · x`, the knees' centres follow it
/// with `slope`, and their own nodes move by their width.
struct Effects {
    mode: Jet,
    width: Jet,
    outer_sd: Jet,
    inner_sd: Jet,
    knees: Vec<Knee>,
}

/// One knee's effect: mode, regression on the patient's effect at the mode, √2 times the conditional standard deviation.
struct Knee {
    mode: Jet,
    slope: Jet,
    width: Jet,
}

/// `log Σ exp` without overflow; terms more than e⁷⁰⁰ below the highest contribute nothing.
fn log_sum_exp(terms: impl Iterator<Item = Jet>) -> Jet {
    let terms: Vec<Jet> = terms.collect();
    let highest = terms.iter().fold(f64::NEG_INFINITY, |most, jet| most.max(jet.value));
    let mut sum = Jet::constant(0.0, terms.first().map_or(0, Jet::len));
    for jet in terms.into_iter().filter(|jet| jet.value > highest - 700.0) {
        sum.accumulate(1.0, &jet.shifted(-highest).exp());
    }
    sum.ln().shifted(highest)
}

fn solve_arrow(arrow: &Arrow, gradient: f64, inner_gradient: &[f64]) -> (f64, Vec<f64>) {
    let parts = || arrow.border.iter().zip(&arrow.diagonal).zip(inner_gradient);
    let right = gradient - parts().map(|((border, diagonal), g)| border * g / diagonal).sum::<f64>();
    let outer = right / arrow.schur();
    (outer, parts().map(|((border, diagonal), g)| (g - border * outer) / diagonal).collect())
}

/// Adds `(−h″)⁻¹ gradient` to the effects, all in jets, with the curvature as a constant.
fn newton_step_in_jets(arrow: &Arrow, outer: &mut Jet, inner: &mut [Jet], gradient: Jet, inner_gradient: Vec<Jet>) {
    let mut right = gradient;
    for ((border, diagonal), g) in arrow.border.iter().zip(&arrow.diagonal).zip(&inner_gradient) {
        right.accumulate(-border / diagonal, g);
    }
    let step = right.scaled(1.0 / arrow.schur());
    outer.accumulate(1.0, &step);
    for (((own, g), border), diagonal) in inner.iter_mut().zip(&inner_gradient).zip(&arrow.border).zip(&arrow.diagonal)
    {
        own.accumulate(1.0 / diagonal, g);
        own.accumulate(-border / diagonal, &step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::quadrature::gauss_hermite;
    use crate::model::interval_outcome::Bound;
    use crate::model::link::Link;

    /// 12 rows, 3 patients with 2 knees, ordered outcome with 3 grades, one covariate.
    fn rows(link: Link) -> IntervalRows {
        let grades = [0, 1, 2, 1, 1, 0, 2, 2, 0, 1, 0, 2];
        let design: Vec<f64> = (0..12).map(|i| f64::from(i % 5) - 2.0).collect();
        let bounds = grades
            .iter()
            .map(|&grade: &usize| {
                let lower = grade.checked_sub(1).map_or(Bound::Open, Bound::Threshold);
                (lower, if grade < 2 { Bound::Threshold(grade) } else { Bound::Open })
            })
            .collect();
        IntervalRows { link, sign: -1.0, n_thresholds: 2, n_coefficients: 1, design, bounds, counts: None }
    }

    /// Gradient and Hessian of the approximated likelihood, mode and curvature included, against central differences.
    #[test]
    fn derivatives_are_those_of_the_approximation() {
        for link in [Link::Logit, Link::Probit, Link::Cloglog] {
            for (nested, points) in [(false, 1), (false, 7), (true, 1), (true, 5)] {
                let rows = rows(link);
                // Four rows per patient, in two knees of two rows.
                let cells = |patient: usize| match nested {
                    false => vec![(4 * patient..4 * patient + 4).collect()],
                    true => vec![vec![4 * patient, 4 * patient + 1], vec![4 * patient + 2, 4 * patient + 3]],
                };
                let clusters = (0..3).map(|patient| Cluster { cells: cells(patient) }).collect();
                let objective = Objective { rows: &rows, clusters, nested, nodes: gauss_hermite(points) };
                let mut at = vec![-0.8, 0.9, 0.3, 1.3];
                if nested {
                    at.push(0.7);
                }
                let jet = objective.log_likelihood(&at).expect("ordered");
                let hessian = jet.full_hessian();
                let n = at.len();
                for i in 0..n {
                    let h = 1e-5;
                    let moved = |step: f64| {
                        let mut point = at.clone();
                        point[i] += step;
                        objective.log_likelihood(&point).expect("ordered")
                    };
                    let (up, down) = (moved(h), moved(-h));
                    let slope = (up.value - down.value) / (2.0 * h);
                    assert!(
                        (slope - jet.gradient[i]).abs() < 1e-8,
                        "{link:?} {nested} {points} {i}: {slope} {}",
                        jet.gradient[i]
                    );
                    for j in 0..n {
                        let curvature = (up.gradient[j] - down.gradient[j]) / (2.0 * h);
                        assert!((curvature - hessian[i * n + j]).abs() < 1e-7, "{link:?} {nested} {points} {i} {j}");
                    }
                }
            }
        }
    }
}
