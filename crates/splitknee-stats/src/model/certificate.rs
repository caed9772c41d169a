//! Evidence that the reported estimate is a local optimum, and how many starts it is the best of. That no higher optimum
//! exists is not shown: no search can show it.

use crate::note;
use crate::note::Note;
use crate::note::Value;
use serde::Serialize;

use super::covariance::Role;
use super::error::ModelError;
use super::layout::{Term, TermKind};
use super::likelihood::Problem;
use super::search::Tried;
use crate::math::linalg::{eigen_symmetric, smallest_eigenvalue};
use crate::math::trust_region::Minimum;

/// One step of the optimiser.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PathStep {
    /// −ℓ of the standardised problem.
    pub objective: f64,
    /// Largest absolute gradient component.
    pub gradient_max: f64,
}

/// Below this smallest eigenvalue of a correlation matrix, rounding reaches the sixth digit of degrees of freedom.
const NEARLY_SINGULAR: f64 = 1e-5;

/// How the local optimum was reached and how good it is: within the reach of the quadratic model at it, no other point is
/// better. An optimum elsewhere may be higher. Gradient and Hessian are those of −ℓ in the working parameters of the
/// standardised outcome, where parameters are of the order of one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Certificate {
    /// Whether the optimum was reached.
    pub converged: bool,
    /// Evaluations of the likelihood and its derivatives on the way to the optimum.
    pub iterations: usize,
    /// Starting points of which this optimum is the best.
    pub starts: usize,
    /// Different optima that they led to, this one included.
    pub optima: usize,
    /// How much lower the log-likelihood of the next best of them is.
    pub next_optimum: Option<f64>,
    /// Starts that ran to a singular covariance at a larger likelihood, which is no estimate.
    pub singular_starts: usize,
    /// Smallest eigenvalue of the correlation matrices of the residual structures over two or more cells.
    pub smallest_correlation: Option<f64>,
    /// Largest absolute gradient component.
    pub gradient_max: f64,
    /// Smallest eigenvalue of the Hessian over the parameters that are not on the boundary.
    pub smallest_eigenvalue: f64,
    /// `½ g'H⁻¹g`: how much larger the log-likelihood could still become near this optimum.
    pub newton_decrement: f64,
    /// Variance components on their boundary (zero, or a correlation of ±1).
    pub boundary: Vec<String>,
    /// Variance components close to their boundary (below 0.1 % of the residual variance).
    pub near_boundary: Vec<String>,
    /// The accepted steps.
    pub path: Vec<PathStep>,
}

impl Certificate {
    /// The certificate in words.
    pub fn words(&self) -> Note {
        let gradient = Value::shown(self.gradient_max, format!("{:.1e}", self.gradient_max));
        let curvature = Value::shown(self.smallest_eigenvalue, format!("{:.2e}", self.smallest_eigenvalue));
        let decrement = self.newton_decrement.max(0.0);
        let decrement = Value::shown(decrement, format!("{decrement:.1e}"));
        let (n, starts) = (self.iterations, self.starts);
        if starts == 1 {
            note!(optimum, n = n, gradient = gradient, curvature = curvature, decrement = decrement)
        } else {
            note!(
                optimum_best,
                n = n,
                starts = starts,
                gradient = gradient,
                curvature = curvature,
                decrement = decrement
            )
        }
    }

    /// What the reader should know of the other ends of the search and of the precision at this one.
    pub(crate) fn search_notes(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        if let Some(next) = self.next_optimum {
            let gap = Value::shown(next, format!("{next:.2}"));
            notes.push(note!(several_optima, n = self.optima, starts = self.starts, gap = gap));
        }
        if self.singular_starts > 0 {
            notes.push(note!(singular_elsewhere, n = self.singular_starts, starts = self.starts));
        }
        if let Some(smallest) = self.smallest_correlation.filter(|smallest| *smallest < NEARLY_SINGULAR) {
            // Second derivatives hold two inverses of the covariance: their rounding grows with the square.
            let digits = (smallest * smallest / f64::EPSILON).log10().floor().max(0.0);
            let eigenvalue = Value::shown(smallest, format!("{smallest:.1e}"));
            notes.push(note!(nearly_singular_cells, eigenvalue = eigenvalue, digits = digits as usize));
        }
        notes
    }

    /// What a boundary solution means, or `None` for an interior one.
    pub(crate) fn boundary_words(&self) -> Option<Note> {
        if !self.boundary.is_empty() {
            return Some(note!(boundary, parameters = self.boundary.join(", ")));
        }
        (!self.near_boundary.is_empty()).then(|| note!(near_boundary, parameters = self.near_boundary.join(", ")))
    }
}

/// The name of parameter `h` of a term: `usubjid: variance of (Intercept)`.
pub(crate) fn parameter_name(term: &Term, h: usize) -> String {
    let size = term.shape.n_parameters().max(1);
    let (copy, inner) = (h / size, h % size);
    let cell = |c: usize| term.cells.get(c).map_or("", String::as_str);
    let what = match term.shape.roles().get(inner) {
        Some(Role::Variance(Some(c))) => format!("variance of {}", cell(*c)),
        Some(Role::Variance(None)) => "variance".to_owned(),
        Some(Role::Covariance(a, b)) => format!("covariance of {} and {}", cell(*a), cell(*b)),
        Some(Role::Shared(name)) => name.clone(),
        None => String::new(),
    };
    match term.copy_names.get(copy).filter(|c| !c.is_empty()) {
        Some(group) => format!("{} ({group}): {what}", term.group),
        None => format!("{}: {what}", term.group),
    }
}

/// The term that owns parameter `h` of θ, and its position there.
pub(crate) fn owner(problem: &Problem, h: usize) -> Option<(&Term, usize)> {
    problem.terms.iter().find(|t| (t.offset..t.offset + t.n_parameters()).contains(&h)).map(|t| (t, h - t.offset))
}

pub(crate) fn certify(
    problem: &Problem,
    psi: &[f64],
    theta: &[f64],
    hessian: &[f64],
    free: &[bool],
    minimum: &Minimum,
    tried: &Tried,
) -> Result<Certificate, ModelError> {
    let k = problem.k;
    let name = |h: usize| owner(problem, h).map_or(String::new(), |(t, i)| parameter_name(t, i));
    let smallest_correlation = degenerate(problem, theta, name)?;
    let gradient_max = minimum.at.gradient.iter().fold(0.0_f64, |m, g| m.max(g.abs()));
    let places: Vec<usize> = (0..k).filter(|&i| free[i]).collect();
    let reduced: Vec<f64> =
        places.iter().flat_map(|&i| places.iter().map(move |&j| (i, j))).map(|(i, j)| hessian[i * k + j]).collect();
    let smallest = smallest_eigenvalue(&reduced, places.len());
    if !minimum.converged {
        let worst = minimum
            .at
            .gradient
            .iter()
            .enumerate()
            .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
            .and_then(|(i, _)| places.get(i).copied())
            .unwrap_or(0);
        return Err(ModelError::NotConverged {
            iterations: minimum.evaluations,
            gradient: gradient_max,
            parameter: name(worst),
            curvature: hessian.get(worst * k + worst).copied().unwrap_or(f64::NAN),
        });
    }
    let largest = places.iter().map(|&i| hessian[i * k + i].abs()).fold(0.0, f64::max);
    if smallest < 1e-9 * largest {
        flat_parameter(problem, &reduced, &places, smallest, &name)?;
    }
    let boundary = (0..k).filter(|&i| !free[i]).map(name).collect();
    let residual = problem.terms.iter().find(|t| t.kind == TermKind::Residual).map_or(1.0, |t| theta[t.offset]);
    let near_boundary = problem
        .boundary_positions()
        .into_iter()
        .filter(|&i| free[i] && psi[i] * psi[i] < 1e-3 * residual && single(problem, i))
        .map(name)
        .collect();
    Ok(Certificate {
        converged: true,
        iterations: minimum.evaluations,
        starts: tried.starts,
        optima: tried.optima,
        next_optimum: Some(tried.next).filter(|next| next.is_finite()),
        singular_starts: tried.singular,
        smallest_correlation,
        gradient_max,
        smallest_eigenvalue: smallest,
        newton_decrement: minimum.decrement,
        boundary,
        near_boundary,
        path: minimum.path.iter().map(|s| PathStep { objective: s.value, gradient_max: s.gradient_max }).collect(),
    })
}

/// Refuses a parameter in which the likelihood is flat: the data hold no information about it. (Among correlated random
/// coefficients a flat direction may be a rotation that leaves their covariance as it is.)
fn flat_parameter(
    problem: &Problem,
    hessian: &[f64],
    places: &[usize],
    smallest: f64,
    name: &impl Fn(usize) -> String,
) -> Result<(), ModelError> {
    let n = places.len();
    let (_, vectors) = eigen_symmetric(hessian, n);
    let flattest = (0..n).max_by(|&a, &b| vectors[a * n].abs().total_cmp(&vectors[b * n].abs()));
    match flattest.and_then(|i| places.get(i)) {
        Some(&h) if owner(problem, h).is_some_and(|(t, _)| t.kind != TermKind::Random || t.shape.n_cells() == 1) => {
            Err(ModelError::NotEstimable {
                parameter: name(h),
                reason: note!(likelihood_flat, curvature = Value::shown(smallest, format!("{smallest:.1e}"))),
            })
        }
        _ => Ok(()),
    }
}

fn single(problem: &Problem, h: usize) -> bool {
    owner(problem, h).is_some_and(|(t, _)| t.shape.n_cells() == 1)
}

/// Refuses an optimum at a singular residual covariance: there the likelihood is unbounded. Elsewhere the smallest
/// eigenvalue of the correlation matrices over two or more cells.
fn degenerate(problem: &Problem, theta: &[f64], name: impl Fn(usize) -> String) -> Result<Option<f64>, ModelError> {
    let mut smallest: Option<f64> = None;
    for term in problem.terms.iter().filter(|t| t.kind != TermKind::Random) {
        let (n, size) = (term.shape.n_cells(), term.shape.n_parameters());
        for copy in 0..term.copies {
            let start = term.offset + copy * size;
            if let Some(times) = term.shape.by_time() {
                let closest = times.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
                let nugget = theta.get(start + 2).copied().filter(|_| size == 3).unwrap_or(0.0);
                if theta[start] + nugget < 1e-12 || nugget < 1e-9 && closest / theta[start + 1] < 1e-9 {
                    return Err(ModelError::Unbounded { parameter: name(start + 1) });
                }
                continue;
            }
            let mut sigma = vec![0.0; n * n];
            term.shape.matrix(&theta[start..start + size], &mut sigma);
            let scale: Vec<f64> = (0..n).map(|i| sigma[i * n + i].max(1e-300).sqrt()).collect();
            let correlation: Vec<f64> = (0..n * n).map(|i| sigma[i] / (scale[i / n] * scale[i % n])).collect();
            let tiny = scale.iter().any(|s| *s < 1e-6);
            let eigenvalue = smallest_eigenvalue(&correlation, n);
            if n > 1 {
                smallest = Some(smallest.map_or(eigenvalue, |known| known.min(eigenvalue)));
            }
            if tiny || eigenvalue < 1e-9 {
                let group = term.copy_names.get(copy).map_or("", String::as_str);
                let parameter = if n == 1 {
                    name(start)
                } else {
                    format!("{}{group}: covariance over {}", term.group, term.cells.join(", "))
                };
                return Err(ModelError::Unbounded { parameter });
            }
        }
    }
    Ok(smallest)
}

/// Whether θ is not a singular residual covariance, where the likelihood is unbounded.
pub(crate) fn sound(problem: &Problem, theta: &[f64]) -> bool {
    degenerate(problem, theta, |_| String::new()).is_ok()
}
