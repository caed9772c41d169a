//! A fitted model recomputed by another route, for a second opinion on its numbers.
//!
//! Where the covariance is linear in its parameters, V_i = Σ_j θ_j G_ij with G_ij of zeros and ones (random intercepts,
//! `us`, `cs`, `pair`), the restricted likelihood is maximised over θ itself: the G_ij are written down from the labels of
//! the rows, the search is Newton–Raphson from independence, and no variance is kept from below 0 as long as every V_i is
//! positive definite. The contrast follows with (Kenward & Roger 1997, whose R vanishes where V is linear)
//!
//! > Φ = (Σ X_i'V_i⁻¹X_i)⁻¹,  SE² = l'Φl + 2 Σ_jk W_jk (a'Q_jk a − a'P_j Φ P_k a),  df = 2(l'Φl)² / g'Wg,
//! > a = Φl,  P_j = Σ X'V⁻¹G_jV⁻¹X,  Q_jk = Σ X'V⁻¹G_jV⁻¹G_kV⁻¹X,  g_j = a'P_j a,
//!
//! W the inverse of the observed or expected information of θ. Shared with the engine are the table and the design matrix;
//! parametrisation, covariance, derivatives, search and adjustment are other code. A variance on its boundary in the fit is
//! free here, so that the two then differ: the fit says more than the data.

use super::dense::invert_positive;
use super::fit::{Fit, Method};
use super::formula::{CovarianceTerm, StructureKind};
use super::inference::{Ddf, Information, TTest};
use super::pair_units;
use crate::math::dist::student_t;
use nalgebra::{Cholesky, DMatrix, DVector};
use patterns::{Parts, Pattern, Unit};
use std::collections::BTreeMap;

mod patterns;

/// Most Newton steps.
const STEPS: usize = 100;

/// A covariance parameter: its term, the level of `by`, what it is, and the two cells.
type Parameter = (usize, u32, u8, u32, u32);

/// Names the covariance parameter of two rows; `None` where they have none in common.
type Key = Box<dyn Fn(usize, usize) -> Option<Parameter>>;

/// Everything at one θ.
struct State {
    log_lik: f64,
    phi: DMatrix<f64>,
    beta: DVector<f64>,
    /// By pattern.
    solved: Vec<Solved>,
}

/// V⁻¹ of a pattern; (V⁻¹X)' and V⁻¹(y − Xβ̂) by unit.
struct Solved {
    inverse: DMatrix<f64>,
    units: Vec<(DMatrix<f64>, DVector<f64>)>,
}

/// A model maximised by the other route.
pub struct SecondRoute {
    patterns: Vec<Pattern>,
    n_parameters: usize,
    theta: DVector<f64>,
    at: State,
    /// Σ U'G_jU, the observed and the expected information at the optimum.
    slopes: Vec<DMatrix<f64>>,
    observed: DMatrix<f64>,
    expected: DMatrix<f64>,
    /// Standard deviation by which the outcome was divided.
    scale: f64,
}

impl Fit {
    /// This fit by the other route; `None` where its covariance is not linear in its parameters, it is not REML, or the
    /// other search finds no optimum.
    pub fn second_route(&self) -> Option<SecondRoute> {
        if self.method != Method::Reml {
            return None;
        }
        let (patterns, n_parameters) = self.patterns()?;
        let mut route = SecondRoute::maximise(patterns, n_parameters, self.scale)?;
        let (_, observed, expected) = route.derivatives();
        (route.slopes, route.observed, route.expected) = (route.slopes(), observed, expected);
        Some(route)
    }

    /// The patients with the places of each parameter, and how many parameters there are.
    fn patterns(&self) -> Option<(Vec<Pattern>, usize)> {
        let frame = &self.frame;
        let y = frame.numeric_response().ok()?;
        let p = self.design.n_columns();
        // Per term: the parameter of two rows of one patient.
        let mut keys: Vec<Key> = Vec::new();
        for (index, term) in frame.formula.random.iter().enumerate() {
            if !term.intercept || !term.slopes.is_empty() {
                return None;
            }
            let group = frame.grouping(&term.group).ok()?;
            keys.push(Box::new(move |a, b| (group.codes[a] == group.codes[b]).then_some((index, 0, 0, 0, 0))));
        }
        for term in &frame.formula.covariance {
            keys.push(self.covariance_key(keys.len(), term)?);
        }
        if frame.formula.covariance.is_empty() {
            let residual = (keys.len(), 0, 0, 0, 0);
            keys.push(Box::new(move |a, b| (a == b).then_some(residual)));
        }
        let mut known: BTreeMap<Parameter, usize> = BTreeMap::new();
        let patterns = patterns::grouped(self.patients.iter().map(|rows| {
            let n = rows.len();
            let mut parts: BTreeMap<usize, patterns::Places> = BTreeMap::new();
            for (key, i, j) in keys.iter().flat_map(|key| (0..n).flat_map(move |i| (0..n).map(move |j| (key, i, j)))) {
                if let Some(name) = key(rows[i], rows[j]) {
                    let next = known.len();
                    let parameter = *known.entry(name).or_insert(next);
                    parts.entry(parameter).or_default().add(i, j);
                }
            }
            let unit = Unit {
                y: DVector::from_fn(n, |i, _| y[rows[i]] / self.scale),
                x: DMatrix::from_fn(n, p, |i, j| self.design.x[rows[i] * p + j]),
            };
            (parts.into_iter().collect::<Parts>(), unit)
        }));
        Some((patterns, known.len()))
    }

    /// The parameter of two rows under the covariance term number `number`; `None` where the structure is not linear.
    fn covariance_key(&self, number: usize, term: &CovarianceTerm) -> Option<Key> {
        let [factor] = term.factors.as_slice() else { return None };
        let subject = self.frame.grouping(&term.subject).ok()?;
        let cell = self.frame.grouping(&factor.cells).ok()?;
        let by = if term.by.is_empty() { None } else { Some(self.frame.grouping(&term.by).ok()?) };
        let unit = match factor.kind {
            StructureKind::Pair => pair_units::units(&self.frame, term, &subject, &cell).ok()?.codes,
            StructureKind::Us | StructureKind::Cs => vec![0; cell.codes.len()],
            _ => return None,
        };
        let kind = factor.kind;
        Some(Box::new(move |a, b| {
            let group = by.as_ref().map_or(0, |by| by.codes[a]);
            if subject.codes[a] != subject.codes[b] || by.as_ref().is_some_and(|by| by.codes[b] != group) {
                return None;
            }
            let (low, high) = (cell.codes[a].min(cell.codes[b]), cell.codes[a].max(cell.codes[b]));
            Some(match kind {
                StructureKind::Cs => (number, group, u8::from(a == b), 0, 0),
                _ => (number, group, u8::from(unit[a] == unit[b]), low, high),
            })
        }))
    }
}

impl SecondRoute {
    fn maximise(patterns: Vec<Pattern>, n_parameters: usize, scale: f64) -> Option<Self> {
        // Independence: every variance that the parameters add up to is that of the least-squares residuals.
        let mut on_diagonal = vec![false; n_parameters];
        let mut shared = 1;
        for pattern in &patterns {
            for row in 0..pattern.rows {
                let here = pattern.parts.iter().filter(|(_, places)| places.on_diagonal(row)).map(|(j, _)| *j);
                let here: Vec<usize> = here.collect();
                shared = shared.max(here.len());
                here.into_iter().for_each(|j| on_diagonal[j] = true);
            }
        }
        let start = |j: usize| if on_diagonal[j] { 1.0 / shared as f64 } else { 0.0 };
        let theta = DVector::from_fn(n_parameters, |j, _| start(j));
        let none = DMatrix::zeros(0, 0);
        let (observed, expected, slopes) = (none.clone(), none, Vec::new());
        let mut route = Self { at: State::empty(), patterns, n_parameters, theta, slopes, observed, expected, scale };
        route.at = route.evaluate(&route.theta)?;
        for _ in 0..STEPS {
            let (score, observed, expected) = route.derivatives();
            let solve = |information: &DMatrix<f64>| Cholesky::new(information.clone()).map(|c| c.solve(&score));
            let step = solve(&observed).or_else(|| solve(&expected))?;
            let decrement = score.dot(&step);
            let mut share = 1.0;
            let better = loop {
                let theta = &route.theta + &step * share;
                match route.evaluate(&theta) {
                    Some(at) if at.log_lik >= route.at.log_lik => break Some((theta, at)),
                    _ if share < 1e-8 => break None,
                    _ => share *= 0.5,
                }
            };
            // No higher point: the optimum, if the slope says so too.
            let Some((theta, at)) = better else { return (decrement < 1e-8).then_some(route) };
            let gain = at.log_lik - route.at.log_lik;
            (route.theta, route.at) = (theta, at);
            // A step gains half its decrement: where rounding leaves it less, no further step can tell.
            if decrement.abs() < 1e-16 || decrement.abs() < 1e-10 && gain < 0.1 * decrement {
                return Some(route);
            }
        }
        None
    }

    /// −2ℓ and what goes with it; `None` where a V_i is not positive definite.
    fn evaluate(&self, theta: &DVector<f64>) -> Option<State> {
        let p = self.patterns.first()?.units.first()?.x.ncols();
        let (mut information, mut right) = (DMatrix::zeros(p, p), DVector::zeros(p));
        let mut log_determinants = 0.0;
        let mut halves = Vec::with_capacity(self.patterns.len());
        for pattern in &self.patterns {
            let factor = Cholesky::new(pattern.covariance(theta))?;
            log_determinants += pattern.patients * 2.0 * factor.l().diagonal().map(f64::ln).sum();
            let mut units = Vec::with_capacity(pattern.units.len());
            for unit in &pattern.units {
                let weighted = factor.solve(&unit.x).transpose();
                information += &weighted * &unit.x;
                right += &weighted * &unit.y;
                units.push(weighted);
            }
            halves.push((factor.inverse(), units));
        }
        // Scaled to unit diagonal: covariates have units of their own.
        let scale = information.diagonal().map(|x: f64| x.sqrt().recip());
        let scaled = DMatrix::from_fn(p, p, |i, j| information[(i, j)] * scale[i] * scale[j]);
        log_determinants += 2.0 * Cholesky::new(scaled)?.l().diagonal().map(f64::ln).sum();
        let phi = invert_positive(&information)?;
        let beta = &phi * right;
        let mut squares = 0.0;
        let mut solved = Vec::with_capacity(self.patterns.len());
        for (pattern, (inverse, weighted)) in self.patterns.iter().zip(halves) {
            let mut units = Vec::with_capacity(weighted.len());
            for (unit, weighted) in pattern.units.iter().zip(weighted) {
                let residual = &unit.y - &unit.x * &beta;
                let e = &inverse * &residual;
                squares += residual.dot(&e);
                units.push((weighted, e));
            }
            solved.push(Solved { inverse, units });
        }
        let log_lik = -0.5 * (log_determinants - 2.0 * scale.map(f64::ln).sum() + squares);
        log_lik.is_finite().then_some(State { log_lik, phi, beta, solved })
    }

    /// Σ U'G_jU by parameter.
    fn slopes(&self) -> Vec<DMatrix<f64>> {
        let p = self.at.phi.nrows();
        let mut out = vec![DMatrix::zeros(p, p); self.n_parameters];
        for (pattern, solved) in self.patterns.iter().zip(&self.at.solved) {
            for (j, places) in &pattern.parts {
                solved.units.iter().for_each(|(u, _)| places.add_product(u, &mut out[*j]));
            }
        }
        out
    }

    /// ∂ℓ/∂θ, the observed and the expected information.
    fn derivatives(&self) -> (DVector<f64>, DMatrix<f64>, DMatrix<f64>) {
        let k = self.n_parameters;
        let (mut score, mut expected, mut squares) = (DVector::zeros(k), DMatrix::zeros(k, k), DMatrix::zeros(k, k));
        let mut sums = vec![DVector::zeros(self.at.phi.nrows()); k];
        for (pattern, Solved { inverse, units }) in self.patterns.iter().zip(&self.at.solved) {
            // Σ ee' and Σ UΦU' over the patients.
            let mut spread = DMatrix::zeros(pattern.rows, pattern.rows);
            let mut leverage = spread.clone();
            for (u, e) in units {
                spread.ger(1.0, e, e, 1.0);
                leverage += u.transpose() * (&self.at.phi * u);
            }
            let (whole, excess) = (pattern.patients, inverse * pattern.patients - &leverage);
            for (i, g) in &pattern.parts {
                score[*i] += 0.5 * (g.sum(&spread) - g.sum(&excess));
                units.iter().for_each(|(u, e)| g.add_weighted(u, e, &mut sums[*i]));
                let left = inverse * g.times(inverse);
                let crossed = (inverse * g.times(&leverage)).transpose();
                let solved = inverse * g.times(&spread);
                for (j, h) in &pattern.parts {
                    expected[(*i, *j)] += 0.5 * (whole * h.sum(&left) - 2.0 * h.sum(&crossed));
                    squares[(*i, *j)] += h.sum(&solved);
                }
            }
        }
        let slopes: Vec<DMatrix<f64>> = self.slopes().into_iter().map(|slope| &self.at.phi * slope).collect();
        let turned: Vec<DMatrix<f64>> = slopes.iter().map(DMatrix::transpose).collect();
        let moved: Vec<DVector<f64>> = sums.iter().map(|sum| &self.at.phi * sum).collect();
        for i in 0..k {
            for j in 0..k {
                expected[(i, j)] += 0.5 * slopes[i].dot(&turned[j]);
                squares[(i, j)] -= sums[i].dot(&moved[j]);
            }
        }
        let observed = squares - &expected;
        (score, observed, expected)
    }

    /// The contrast `weights` of the coefficients with the standard error and degrees of freedom that `ddf` asks for; no
    /// degrees of freedom, p-value or limits for rules that do not follow from the model (between-within, residual).
    pub fn contrast(&self, weights: &[f64], ddf: Ddf, information: Information, conf_level: f64) -> Option<TTest> {
        let l = DVector::from_column_slice(weights);
        let information = if information == Information::Observed { &self.observed } else { &self.expected };
        let w = Cholesky::new(information.clone())?.inverse();
        let a = &self.at.phi * &l;
        let plain = l.dot(&a);
        let slopes: Vec<DVector<f64>> = self.slopes.iter().map(|slope| slope * &a).collect();
        let moved: Vec<DVector<f64>> = slopes.iter().map(|slope| &self.at.phi * slope).collect();
        let g = DVector::from_iterator(self.n_parameters, slopes.iter().map(|slope| a.dot(slope)));
        let mut added = 0.0;
        for (pattern, Solved { inverse, units }) in self.patterns.iter().zip(&self.at.solved) {
            let mut spread = DMatrix::zeros(pattern.rows, pattern.rows);
            for (u, _) in units {
                let ua = u.tr_mul(&a);
                spread.ger(1.0, &ua, &ua, 1.0);
            }
            for (i, g) in &pattern.parts {
                let left = inverse * g.times(&spread);
                added += pattern.parts.iter().map(|(j, h)| w[(*i, *j)] * h.sum(&left)).sum::<f64>();
            }
        }
        for i in 0..self.n_parameters {
            for j in 0..self.n_parameters {
                added -= w[(i, j)] * slopes[i].dot(&moved[j]);
            }
        }
        let adjusted = matches!(ddf, Ddf::KenwardRoger | Ddf::KenwardRogerLinear);
        let variance = if adjusted { plain + 2.0 * added } else { plain };
        let estimate = l.dot(&self.at.beta) * self.scale;
        let std_error = variance.sqrt() * self.scale;
        let df = (adjusted || ddf == Ddf::Satterthwaite).then(|| 2.0 * plain * plain / g.dot(&(&w * &g)));
        let statistic = estimate / std_error;
        let reach = df.map(|df| student_t::quantile(0.5 + 0.5 * conf_level, df) * std_error);
        std_error.is_finite().then_some(TTest {
            estimate,
            std_error,
            df,
            statistic: Some(statistic),
            p_value: df.map(|df| student_t::two_sided(statistic, df)),
            conf_low: reach.map(|reach| estimate - reach),
            conf_high: reach.map(|reach| estimate + reach),
        })
    }
}

impl State {
    fn empty() -> Self {
        Self { log_lik: f64::NEG_INFINITY, phi: DMatrix::zeros(0, 0), beta: DVector::zeros(0), solved: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Columns, Ddf, FitOptions, Formula, Information, fit};

    /// Twelve patients, two knees, three visits, one knee without its last visits; spreads grow and knees are alike.
    fn table() -> Columns {
        let (mut y, mut id, mut arm, mut visit, mut base) = (vec![], vec![], vec![], vec![], vec![]);
        let noise = |i: usize| (((i * 7919 + 104_729) % 1000) as f64 / 1000.0 - 0.5) * 2.0;
        let mut at = 0;
        for patient in 0..12 {
            let own = 6.0 * noise(patient + 300);
            for (k, name) in ["P", "A"].into_iter().enumerate() {
                let b = 50.0 + own + 4.0 * noise(patient * 2 + k + 900);
                for v in 0..3 {
                    at += 1;
                    if patient == 4 && k == 1 && v > 0 {
                        continue;
                    }
                    y.push(0.6 * b - 3.0 * v as f64 - 2.0 * k as f64 + own + (3.0 + 2.0 * v as f64) * noise(at));
                    id.push(Some(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"][patient]));
                    arm.push(Some(name));
                    visit.push(Some(["1", "2", "3"][v]));
                    base.push(b);
                }
            }
        }
        let mut table = Columns::new();
        table.add_numeric("y", y).unwrap();
        table.add_numeric("base", base).unwrap();
        table.add_categorical("id", id).unwrap();
        table.add_categorical("arm", arm).unwrap();
        table.add_categorical("visit", visit).unwrap();
        table.set_levels("arm", &["P", "A"]).unwrap();
        table
    }

    /// The engine and the other route on every linear structure, both informations, both adjustments.
    #[test]
    fn the_two_routes_meet() {
        for (mean, term) in [
            ("arm * visit + base + base:visit", "pair(visit|id)"),
            ("arm * visit + base", "(1|id)"),
            ("arm * visit + base", "(1|id) + us(visit|id:arm)"),
            ("arm + base", "(1|id:arm) + us(visit|id)"),
            ("arm + visit + base", "cs(visit|arm/id)"),
        ] {
            let formula = Formula::parse(&format!("y ~ {mean} + {term}")).unwrap();
            let Ok(fitted) = fit(&table(), &formula, &FitOptions::default()) else { continue };
            let route = fitted.second_route().unwrap_or_else(|| panic!("{term}: no second route"));
            let mut contrast = vec![0.0; fitted.coefficient_names().len()];
            contrast[1] = 1.0;
            *contrast.last_mut().unwrap() += 0.5;
            for information in [Information::Observed, Information::Expected] {
                for ddf in [Ddf::KenwardRoger, Ddf::Satterthwaite] {
                    let ours = fitted.inference(ddf, information, 0.95).unwrap().contrast(&contrast).unwrap();
                    let other = route.contrast(&contrast, ddf, information, 0.95).unwrap();
                    for (a, b) in [
                        (Some(ours.estimate), Some(other.estimate)),
                        (Some(ours.std_error), Some(other.std_error)),
                        (ours.df, other.df),
                        (ours.p_value, other.p_value),
                    ] {
                        let (a, b) = (a.unwrap(), b.unwrap());
                        assert!((a - b).abs() <= 1e-6 * a.abs().max(1e-3), "{term} {ddf:?} {information:?}: {a} {b}");
                    }
                }
            }
        }
    }

    /// Where knees move against each other the random intercept stops at 0; the other route goes on.
    #[test]
    fn a_variance_on_its_boundary_is_free_here() {
        let mut table = Columns::new();
        table.add_numeric("y", vec![1.0, 9.0, 4.0, 5.5, 8.0, 2.0, 3.0, 7.0, 6.0, 5.0]).unwrap();
        table.add_categorical("arm", ["P", "A"].repeat(5).into_iter().map(Some)).unwrap();
        table.add_categorical("id", ["a", "a", "b", "b", "c", "c", "d", "d", "e", "e"].map(Some)).unwrap();
        let formula = Formula::parse("y ~ arm + (1|id)").unwrap();
        let fitted = fit(&table, &formula, &FitOptions::default()).unwrap();
        let route = fitted.second_route().unwrap();
        let other = route.contrast(&[0.0, 1.0], Ddf::KenwardRoger, Information::Observed, 0.95).unwrap();
        // The paired t-test: differences (alphabetical: P − A) −8, −1.5, 6, −4, 1.
        let d = [-8.0, -1.5, 6.0, -4.0, 1.0_f64];
        let mean = d.iter().sum::<f64>() / 5.0;
        let se = (d.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 4.0 / 5.0).sqrt();
        assert!(fitted.is_singular());
        assert!((other.std_error / se - 1.0).abs() < 1e-8 && (other.df.unwrap() - 4.0).abs() < 1e-6);
    }
}
