//! Logistic and cumulative-link mixed models: a random intercept per patient, or per patient and knee in patient.
//!
//! Patient i contributes `∫ Π_j P(y_ij | η_ij + T_ij) φ(z) dz` with standard normal random effects z and the term
//! `T = σ_p z_0` (patient) or `T = σ_p z_0 + σ_k z_knee`. The integral is approximated around the conditional mode:
//!
//! - **Laplace**: `h(ẑ) − ½ log|−h″(ẑ)|` with `h = log Π P − ½ z'z`, as `lme4::glmer(nAGQ = 1)` and `ordinal::clmm`;
//! - **adaptive Gauss–Hermite** with N points, one random intercept only, as `glmer(nAGQ = N)` and `clmm(nAGQ = N)`
//!   (Pinheiro & Bates 1995; Liu & Pierce 1994): N = 1 is Laplace.
//!
//! Mode and curvature depend on the parameters; they are carried as second-order jets (two Newton steps in jet arithmetic
//! from the converged mode make its first and second derivatives exact), so gradient and Hessian are those of
//! the approximation itself. Standard errors come from that Hessian. Knees nest in patients, so −h″ is an arrow matrix
//! and costs nothing. The likelihood is even in every σ: a variance on its boundary is an ordinary stationary point.

use super::cumulative::{OrderedOutcome, fit_ordered, ordered_rows};
use super::error::ModelError;
use super::generalised::{Convergence, GeneralisedFit, RandomIntercept, check_rows, not_converged, observed_vcov};
use super::glm::{binary_rows, check_both_outcomes, fit_binary};
use super::interval_outcome::IntervalRows;
use super::link::Link;
use super::maximise::{Limits, Maximum, maximise};
use crate::math::jet::Jet;
use crate::math::quadrature::{HermiteNode, MAX_HERMITE_POINTS, gauss_hermite};

/// The random intercepts of a model, and how to integrate them out.
#[derive(Debug, Clone, PartialEq)]
pub struct RandomIntercepts {
    /// Name of the outer grouping, for instance `usubjid`.
    pub outer_name: String,
    /// Outer group of every row, numbered from 0 without gaps.
    pub outer: Vec<usize>,
    /// Inner grouping nested in the outer one, for instance knees: its name, and the group of every row from 0.
    pub inner: Option<(String, Vec<usize>)>,
    /// Gauss–Hermite points; 1 is Laplace, the only choice with an inner grouping.
    pub points: usize,
}

/// Fits a 0/1 outcome with random intercepts; `design` as in [`fit_binary`].
///
/// # Errors
/// As [`fit_binary`], and: group vectors of the wrong length, inner groups that do not nest, points beyond 1..=100 or
/// with an inner grouping, no convergence.
pub fn fit_binary_mixed(
    outcome: &[bool],
    design: &[f64],
    terms: &[String],
    link: Link,
    random: &RandomIntercepts,
) -> Result<GeneralisedFit, ModelError> {
    let rows = binary_rows(outcome, design, terms.len(), link);
    check_rows(&rows, terms)?;
    check_both_outcomes(outcome)?;
    let fixed = fit_binary(outcome, design, terms, link)?;
    fit_mixed(&rows, fixed, random)
}

/// Fits an ordered outcome with random intercepts; `design` as in [`fit_ordered`].
///
/// # Errors
/// As [`fit_ordered`] and [`fit_binary_mixed`].
pub fn fit_ordered_mixed(
    outcome: &OrderedOutcome,
    design: &[f64],
    terms: &[String],
    link: Link,
    random: &RandomIntercepts,
) -> Result<GeneralisedFit, ModelError> {
    let fixed = fit_ordered(outcome, design, terms, link)?;
    fit_mixed(&ordered_rows(outcome, design, terms.len(), link), fixed, random)
}

/// One independent unit: its rows, split by inner group (a single cell without an inner grouping).
struct Cluster {
    cells: Vec<Vec<usize>>,
}

/// The approximated likelihood.
struct Objective<'a> {
    rows: &'a IntervalRows,
    clusters: Vec<Cluster>,
    nested: bool,
    nodes: Vec<HermiteNode>,
}

/// Conditional mode of one cluster on the standard normal scale, with the curvature −h″ there.
struct Mode {
    outer: f64,
    inner: Vec<f64>,
    arrow: Arrow,
}

/// An arrow matrix: corner, border and diagonal.
#[derive(Clone)]
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

    fn std_devs(&self, parameters: &[f64]) -> (f64, f64) {
        let at = |offset: usize| parameters.get(self.rows.n_fixed() + offset).copied().unwrap_or(0.0);
        (at(0), if self.nested { at(1) } else { 0.0 })
    }

    /// The log-likelihood as a jet in all parameters; `None` where the thresholds are out of order.
    fn log_likelihood(&self, parameters: &[f64]) -> Option<Jet> {
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

    fn predictors(&self, parameters: &[f64]) -> Vec<f64> {
        (0..self.rows.len()).map(|row| self.rows.predictor(row, parameters)).collect()
    }

    /// Newton's method with halving for the conditional mode; the function is concave.
    fn mode(&self, cluster: &Cluster, parameters: &[f64], predictors: &[f64]) -> Option<Mode> {
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
        let mut eliminated = Jet::constant(0.0, n);
        for (k, cell) in cluster.cells.iter().enumerate() {
            let sums = self.rows.shift_sums(cell, parameters, &term(&outer, inner.get(k)), 0..=2).sums;
            let [s0, _, s2] = sums.as_slice() else { continue };
            height.accumulate(1.0, s0);
            let outer_curvature = outer_sd.times(s2);
            corner.accumulate(-1.0, &outer_sd.times(&outer_curvature));
            if let Some(own) = inner.get(k) {
                height.accumulate(-0.5, &own.times(own));
                let border = inner_sd.times(&outer_curvature);
                let diagonal = inner_sd.times(&inner_sd.times(s2)).scaled(-1.0).shifted(1.0);
                eliminated.accumulate(1.0, &border.times(&border).times(&diagonal.powf(-1.0)));
                log_determinant.accumulate(1.0, &diagonal.ln());
            }
        }
        corner.accumulate(-1.0, &eliminated);
        log_determinant.accumulate(1.0, &corner.ln());
        if self.nodes.len() <= 1 {
            return height.plus(&log_determinant.scaled(-0.5));
        }
        self.quadrature(cluster, parameters, &outer, &outer_sd, &corner, &log_determinant)
    }

    /// Adaptive Gauss–Hermite quadrature around the mode of a single random intercept.
    fn quadrature(
        &self,
        cluster: &Cluster,
        parameters: &[f64],
        mode: &Jet,
        std_dev: &Jet,
        curvature: &Jet,
        log_determinant: &Jet,
    ) -> Jet {
        let n = mode.len();
        let width = curvature.powf(-0.5).scaled(std::f64::consts::SQRT_2);
        let terms: Vec<Jet> = self
            .nodes
            .iter()
            .map(|node| {
                let position = mode.clone().plus(&width.clone().scaled(node.x));
                let term = std_dev.times(&position);
                let mut height = position.times(&position).scaled(-0.5).shifted(node.log_weight);
                for cell in &cluster.cells {
                    for sum in self.rows.shift_sums(cell, parameters, &term, 0..=0).sums {
                        height.accumulate(1.0, &sum);
                    }
                }
                height
            })
            .collect();
        let highest = terms.iter().fold(f64::NEG_INFINITY, |most, jet| most.max(jet.value));
        let mut sum = Jet::constant(0.0, n);
        // A node whose height is −∞ or hopelessly below the highest contributes nothing.
        for jet in terms.into_iter().filter(|jet| jet.value > highest - 700.0) {
            sum.accumulate(1.0, &jet.shifted(-highest).exp());
        }
        sum.ln().shifted(highest - 0.5 * std::f64::consts::PI.ln()).plus(&log_determinant.clone().scaled(-0.5))
    }
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

/// The clusters of `random`, after checking that the groupings fit the rows and nest.
fn clusters(n_rows: usize, random: &RandomIntercepts) -> Result<Vec<Cluster>, ModelError> {
    let check = |what: &str, found: usize| {
        (found == n_rows).then_some(()).ok_or(ModelError::WrongLength { what: what.into(), found, expected: n_rows })
    };
    check(&random.outer_name, random.outer.len())?;
    let n_outer = random.outer.iter().max().map_or(0, |most| most + 1);
    let mut built: Vec<Cluster> = (0..n_outer).map(|_| Cluster { cells: Vec::new() }).collect();
    match &random.inner {
        None => {
            for (row, &group) in random.outer.iter().enumerate() {
                let Some(cluster) = built.get_mut(group) else { continue };
                match cluster.cells.first_mut() {
                    Some(cell) => cell.push(row),
                    None => cluster.cells.push(vec![row]),
                }
            }
        }
        Some((name, inner)) => {
            check(name, inner.len())?;
            // Where each inner group was first seen: its outer group and its cell there.
            let mut place: Vec<Option<(usize, usize)>> = vec![None; inner.iter().max().map_or(0, |most| most + 1)];
            for (row, (&group, &own)) in random.outer.iter().zip(inner).enumerate() {
                let (Some(cluster), Some(slot)) = (built.get_mut(group), place.get_mut(own)) else { continue };
                let (first, cell) = *slot.get_or_insert_with(|| {
                    cluster.cells.push(Vec::new());
                    (group, cluster.cells.len() - 1)
                });
                if first != group {
                    return Err(ModelError::NotNested {
                        inner: name.clone(),
                        outer: random.outer_name.clone(),
                        level: own.to_string(),
                    });
                }
                if let Some(rows) = cluster.cells.get_mut(cell) {
                    rows.push(row);
                }
            }
        }
    }
    built.retain(|cluster| !cluster.cells.is_empty());
    Ok(built)
}

/// Maximises the approximated likelihood from the fit without random terms.
fn fit_mixed(
    rows: &IntervalRows,
    fixed: GeneralisedFit,
    random: &RandomIntercepts,
) -> Result<GeneralisedFit, ModelError> {
    let nested = random.inner.is_some();
    if random.points == 0 || random.points > MAX_HERMITE_POINTS || (nested && random.points > 1) {
        return Err(ModelError::Unsupported {
            method: format!("adaptive Gauss–Hermite quadrature with {} points", random.points),
            reason: format!(
                "is offered with 1 to {MAX_HERMITE_POINTS} points for one random intercept; patient and knee intercepts \
                 together are integrated by Laplace's method (1 point)"
            ),
        });
    }
    let clusters = clusters(rows.len(), random)?;
    let groups = |name: &str, count: usize| RandomIntercept {
        group: name.to_owned(),
        std_dev: 0.0,
        n_groups: count,
        modes: vec![0.0; count],
    };
    let n_outer = clusters.len();
    let n_inner: usize = clusters.iter().map(|cluster| cluster.cells.len()).sum();
    if n_outer < 2 || n_outer == rows.len() || (nested && (n_inner == rows.len() || n_inner == n_outer)) {
        let (term, reason) = match &random.inner {
            Some((name, _)) if n_outer >= 2 && n_outer < rows.len() => {
                (name, "every group has a single row, or every outer group a single inner one")
            }
            _ => (&random.outer_name, "it needs at least two groups and groups with more than one row"),
        };
        return Err(ModelError::NotEstimable { parameter: format!("(1 | {term})"), reason: reason.into() });
    }
    let nodes = gauss_hermite(random.points);
    let objective = Objective { rows, clusters, nested, nodes };
    let mut names = fixed.terms.clone();
    names.push(format!("sd({})", random.outer_name));
    names.extend(random.inner.iter().map(|(name, _)| format!("sd({name})")));

    let maximum = best_start(&objective, &fixed)?;
    let n_fixed = rows.n_fixed();
    let mut fit = fixed;
    fit.n_patients = objective.clusters.len();
    fit.n_parameters = names.len();
    fit.integration = Some(match random.points {
        1 => "Laplace".to_owned(),
        points => format!("adaptive Gauss–Hermite, {points} points"),
    });
    fit.random = vec![groups(&random.outer_name, n_outer)];
    fit.random.extend(random.inner.iter().map(|(name, _)| groups(name, n_inner)));

    if let Some(reduced) = on_boundary(rows, &fit, random, &maximum)? {
        return Ok(reduced);
    }
    if !maximum.converged {
        return Err(not_converged(&maximum, &names));
    }
    fit.vcov = observed_vcov(&maximum, n_fixed, &names)?;
    fit.estimates = maximum.parameters.iter().take(n_fixed).copied().collect();
    fit.log_lik = maximum.jet.value;
    fit.convergence = Convergence::from(&maximum);
    fit.notes.push("standard errors from the observed information of the approximated likelihood".to_owned());
    let predictors = objective.predictors(&maximum.parameters);
    let mut modes = (Vec::with_capacity(n_outer), vec![0.0; n_inner]);
    let (sigma_outer, sigma_inner) = objective.std_devs(&maximum.parameters);
    for cluster in &objective.clusters {
        let Some(mode) = objective.mode(cluster, &maximum.parameters, &predictors) else { continue };
        modes.0.push(sigma_outer * mode.outer);
        if let Some((_, inner)) = &random.inner {
            for (cell, effect) in cluster.cells.iter().zip(&mode.inner) {
                let place = cell.first().and_then(|row| inner.get(*row)).and_then(|own| modes.1.get_mut(*own));
                if let Some(slot) = place {
                    *slot = sigma_inner * effect;
                }
            }
        }
    }
    let results = [(sigma_outer, modes.0), (sigma_inner, modes.1)];
    for (term, (std_dev, modes)) in fit.random.iter_mut().zip(results) {
        term.std_dev = std_dev.abs();
        term.modes = modes;
    }
    Ok(fit)
}

/// Newton's method from the most promising of a few standard deviations, the fixed part inflated as the random
/// intercept attenuates it.
fn best_start(objective: &Objective<'_>, fixed: &GeneralisedFit) -> Result<Maximum, ModelError> {
    let latent = fixed.link.latent_variance();
    let start = |sigma: f64| -> Vec<f64> {
        let total = sigma * sigma * if objective.nested { 2.0 } else { 1.0 };
        let inflation = (1.0 + total / latent).sqrt();
        let mut parameters: Vec<f64> = fixed.estimates.iter().map(|x| x * inflation).collect();
        parameters.extend(std::iter::repeat_n(sigma, 1 + usize::from(objective.nested)));
        parameters
    };
    let mut starts: Vec<(f64, Vec<f64>)> = [0.5, 1.0, 2.0, 4.0]
        .into_iter()
        .map(start)
        .filter_map(|parameters| objective.log_likelihood(&parameters).map(|jet| (jet.value, parameters)))
        .filter(|(value, _)| value.is_finite())
        .collect();
    starts.sort_by(|a, b| b.0.total_cmp(&a.0));
    let limits = Limits { step: 5.0, ..Limits::default() };
    let mut best: Option<Maximum> = None;
    for (_, parameters) in starts {
        let Some(found) = maximise(parameters, limits, |p| objective.log_likelihood(p)) else { continue };
        let done = found.converged;
        if best.as_ref().is_none_or(|b| (found.converged, found.jet.value) > (b.converged, b.jet.value)) {
            best = Some(found);
        }
        if done {
            break;
        }
    }
    best.ok_or_else(|| ModelError::Unsupported {
        method: "the mixed model".into(),
        reason: "has no finite likelihood at any of its starts".into(),
    })
}

/// The fit with a random intercept removed, if its standard deviation went to 0 and removing it costs no likelihood.
fn on_boundary(
    rows: &IntervalRows,
    fit: &GeneralisedFit,
    random: &RandomIntercepts,
    maximum: &Maximum,
) -> Result<Option<GeneralisedFit>, ModelError> {
    let small = |offset: usize| maximum.parameters.get(rows.n_fixed() + offset).is_some_and(|sigma| sigma.abs() < 1e-2);
    let reduced = match &random.inner {
        None if small(0) => fit.clone(),
        Some((name, inner)) if small(0) || small(1) => {
            let (kept_name, kept) = if small(1) { (&random.outer_name, &random.outer) } else { (name, inner) };
            let single =
                RandomIntercepts { outer_name: kept_name.clone(), outer: kept.clone(), inner: None, points: 1 };
            let plain = GeneralisedFit { random: Vec::new(), notes: fit.notes.clone(), ..fit.clone() };
            fit_mixed(rows, plain, &single)?
        }
        _ => return Ok(None),
    };
    if reduced.log_lik < maximum.jet.value - 1e-7 {
        return Ok(None);
    }
    let mut answer = fit.clone();
    let mut zeros = Vec::new();
    for term in &mut answer.random {
        match reduced.random.iter().find(|kept| kept.group == term.group && kept.std_dev > 0.0) {
            Some(kept) => *term = kept.clone(),
            None => zeros.push(term.group.clone()),
        }
    }
    answer.estimates = reduced.estimates;
    answer.vcov = reduced.vcov;
    answer.log_lik = reduced.log_lik;
    answer.convergence = reduced.convergence;
    answer.singular = true;
    answer.notes = reduced.notes;
    answer.notes.retain(|note| !note.contains("on its boundary"));
    answer.notes.push(format!(
        "the variance of the random intercept of {} is estimated on its boundary, 0: standard errors are those of the \
         model without it",
        zeros.join(" and of ")
    ));
    Ok(Some(answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::interval_outcome::Bound;

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
        IntervalRows { link, sign: -1.0, n_thresholds: 2, n_coefficients: 1, design, bounds }
    }

    /// Gradient and Hessian of the approximated likelihood, mode and curvature included, against central differences.
    #[test]
    fn derivatives_are_those_of_the_approximation() {
        for link in [Link::Logit, Link::Probit, Link::Cloglog] {
            for (nested, points) in [(false, 1), (false, 7), (true, 1)] {
                let rows = rows(link);
                let inner = nested.then(|| ("knee".to_owned(), (0..12).map(|row| row / 2).collect()));
                let random = RandomIntercepts {
                    outer_name: "id".into(),
                    outer: (0..12).map(|row| row / 4).collect(),
                    inner,
                    points,
                };
                let clusters = clusters(12, &random).expect("nested");
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
