//! Coordinates in which one standard deviation or correlation of a covariance is held at a value and all else is free.
//!
//! Fixing the value leaves the working parameters linear in what is free, ψ = ψ₀ + Bφ, if the parameters are chosen for the
//! purpose: the cell comes first in the Cholesky factor (L₁₁ is its standard deviation), a pair of cells comes first
//! (L₂₁, L₂₂ = s(ρ, √(1 − ρ²))), `cs` is v(ρ, 1 − ρ), `toep` is v(1, ρ₁, ρ₂, …). So derivatives stay analytic, and 0 and ±1 are ordinary values.

use super::certificate::parameter_name;
use super::covariance::{Unit, Unstructured};
use super::fit::Fit;
use super::formula::StructureKind;
use super::layout::{Term, TermKind};

/// A quantity that can be held, and how.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// `usubjid: standard deviation of (Intercept)`.
    pub name: String,
    /// Whether it is a standard deviation (in the unit of the outcome) rather than a correlation.
    pub is_sd: bool,
    /// Whether it may reach its boundary (random effects).
    pub random: bool,
    /// Its estimate for the standardised outcome; `None` for a correlation with a variance of zero.
    pub estimate: Option<f64>,
    /// First parameter of the block.
    offset: usize,
    /// Parameters of the block.
    size: usize,
    kind: Kind,
}

/// How the value is held.
#[derive(Debug, Clone)]
enum Kind {
    /// The first cell of the reordered cells.
    CholeskySd(Vec<usize>),
    /// The first two cells of the reordered cells.
    CholeskyCorrelation(Vec<usize>),
    /// A parameter whose working value is its log variance.
    LogVariance(usize),
    /// A parameter that is its own working value.
    Itself(usize),
    /// The variance of `cs`.
    CompoundSd,
    /// The correlation of `cs`.
    CompoundCorrelation,
    /// The variance of `toep`.
    BandSd,
    /// The correlation of `toep` at a distance.
    BandCorrelation(usize),
}

/// Free coordinates: which working parameters each moves, and by how much.
type Columns = Vec<Vec<(usize, f64)>>;

impl Target {
    /// Every target of a fit, and what cannot be held.
    pub(super) fn all(fit: &Fit) -> (Vec<Self>, Vec<String>) {
        let (mut targets, mut left_out) = (Vec::new(), Vec::new());
        let n_random = fit.frame.formula.random.len();
        for (t, term) in fit.problem.terms.iter().enumerate() {
            for copy in 0..term.copies {
                let block = Block { fit, term, copy, offset: term.offset + copy * term.shape.n_parameters() };
                match term.kind {
                    TermKind::Random => block.cholesky(term.shape.n_cells(), 1, true, &mut targets),
                    TermKind::Residual => block.correlated(&mut targets),
                    TermKind::Structure(Some(StructureKind::Pair)) => {
                        left_out.push(block.named("the pair structure, whose parameters are sums of two blocks"));
                    }
                    TermKind::Structure(Some(kind)) => block.structure(kind, term.shape.n_cells(), 1, &mut targets),
                    TermKind::Structure(None) => {
                        let factors = fit.frame.formula.covariance.get(t.wrapping_sub(n_random)).map(|c| &c.factors);
                        let Some([first, second]) = factors.map(Vec::as_slice) else { continue };
                        let Ok(cells) = fit.frame.grouping(&first.cells) else { continue };
                        let m = cells.n_groups();
                        block.structure(first.kind, m, term.shape.n_cells() / m, &mut targets);
                        block.second_factor(second.kind, first.kind, m, &mut targets, &mut left_out);
                    }
                }
            }
        }
        (targets, left_out)
    }

    /// Working parameters for the held `value` and the free coordinates, as ψ₀ and B over all `k` parameters.
    fn frame(&self, value: f64, k: usize) -> (Vec<f64>, Columns) {
        let mut base = vec![0.0; k];
        let mut columns: Columns = (0..k).filter(|i| !self.holds(*i)).map(|i| vec![(i, 1.0)]).collect();
        let at = |i: usize| self.offset + i;
        match &self.kind {
            Kind::CholeskySd(_) => base[at(0)] = value,
            Kind::CholeskyCorrelation(_) => {
                columns.push(vec![(at(1), value), (at(2), (1.0 - value * value).max(0.0).sqrt())]);
            }
            Kind::LogVariance(i) => base[at(*i)] = 2.0 * value.max(1e-12).ln(),
            Kind::Itself(i) => base[at(*i)] = value,
            Kind::CompoundSd => {
                base[at(1)] = value * value;
                columns.push(vec![(at(0), value * value), (at(1), -value * value)]);
            }
            Kind::CompoundCorrelation => columns.push(vec![(at(0), value), (at(1), 1.0 - value)]),
            Kind::BandSd => {
                base[at(0)] = value * value;
                let own = self.offset..self.offset + self.size;
                let correlations = columns.iter_mut().flatten().filter(|(i, _)| own.contains(i));
                correlations.for_each(|(_, weight)| *weight = value * value);
            }
            Kind::BandCorrelation(d) => columns.push(vec![(at(0), 1.0), (at(*d), value)]),
        }
        (base, columns)
    }

    /// Whether working parameter `i` does not move by itself.
    fn holds(&self, i: usize) -> bool {
        let Some(inner) = i.checked_sub(self.offset) else { return false };
        match &self.kind {
            Kind::CholeskySd(_) | Kind::BandSd => inner == 0,
            Kind::CholeskyCorrelation(_) => inner == 1 || inner == 2,
            Kind::LogVariance(h) | Kind::Itself(h) => inner == *h,
            Kind::CompoundSd | Kind::CompoundCorrelation => inner < 2,
            Kind::BandCorrelation(d) => inner == 0 || inner == *d,
        }
    }

    /// The order of the cells in the Cholesky factor, where it is not the given one.
    fn order(&self) -> Option<&[usize]> {
        match &self.kind {
            Kind::CholeskySd(order) | Kind::CholeskyCorrelation(order) => Some(order),
            _ => None,
        }
    }

    /// Where each parameter of the reordered block stands in θ.
    fn places(&self, k: usize) -> Vec<usize> {
        let mut places: Vec<usize> = (0..k).collect();
        if let Some(order) = self.order() {
            for a in 0..order.len() {
                for b in 0..=a {
                    let (p, q) = (order[a].max(order[b]), order[a].min(order[b]));
                    places[self.offset + Unstructured::index(a, b)] = self.offset + Unstructured::index(p, q);
                }
            }
        }
        places
    }

    /// The free coordinates at the working parameters `psi`, whose covariances are `theta`.
    fn free(&self, psi: &[f64], theta: &[f64]) -> Vec<f64> {
        let k = psi.len();
        let mut own = psi.to_vec();
        if let Some(order) = self.order() {
            let places = self.places(k);
            let reordered: Vec<f64> = (0..self.size).map(|i| theta[places[self.offset + i]]).collect();
            own[self.offset..self.offset + self.size].copy_from_slice(&factor(&reordered, order.len()));
        }
        if matches!(self.kind, Kind::BandSd) {
            let variance = own[self.offset];
            own[self.offset..self.offset + self.size].iter_mut().for_each(|x| *x /= variance);
        }
        let mut free: Vec<f64> = (0..k).filter(|i| !self.holds(*i)).map(|i| own[i]).collect();
        let at = |i: usize| own[self.offset + i];
        match &self.kind {
            Kind::CholeskyCorrelation(_) => free.push(at(1).hypot(at(2))),
            Kind::CompoundSd => free.push(at(0) / (at(0) + at(1))),
            Kind::BandCorrelation(_) => free.push(at(0)),
            Kind::CompoundCorrelation => free.push(at(0) + at(1)),
            _ => {}
        }
        free
    }

    /// The chart that holds the target at `value`.
    pub(super) fn chart(&self, value: f64, k: usize) -> Chart {
        let (base, columns) = self.frame(value, k);
        // L₁₁ and s are standard deviations: with one of them negative the correlation would be −ρ.
        let positive = match self.kind {
            Kind::CholeskyCorrelation(_) => {
                let first = (0..k).filter(|i| !self.holds(*i)).position(|i| i == self.offset);
                first.into_iter().chain(columns.len().checked_sub(1)).collect()
            }
            _ => Vec::new(),
        };
        Chart { base, columns, places: self.places(k), positive }
    }

    /// Free coordinates at the estimate of `fit`.
    pub(super) fn start(&self, fit: &Fit) -> Vec<f64> {
        self.free(&fit.psi, &fit.theta)
    }

    /// The free coordinates that are standard deviations of random effects, which a search from zero would never leave.
    pub(super) fn vanishing(&self, boundary: &[usize], k: usize) -> Vec<usize> {
        let free: Vec<usize> = (0..k).filter(|i| !self.holds(*i)).collect();
        let own = matches!(self.kind, Kind::CholeskyCorrelation(_)) && self.random;
        (0..free.len()).filter(|&c| boundary.contains(&free[c])).chain(own.then_some(free.len())).collect()
    }
}

/// Working parameters as a linear function of free coordinates, and where their covariances stand in θ.
#[derive(Debug)]
pub(super) struct Chart {
    base: Vec<f64>,
    columns: Columns,
    /// Place in θ of each parameter of the reordered problem.
    pub places: Vec<usize>,
    /// Free coordinates that must not be negative.
    positive: Vec<usize>,
}

impl Chart {
    /// ψ₀ + Bφ; `None` where a coordinate is negative that must not be.
    pub(super) fn psi(&self, free: &[f64]) -> Option<Vec<f64>> {
        if self.positive.iter().any(|&c| free.get(c).is_some_and(|x| *x < 0.0)) {
            return None;
        }
        let mut psi = self.base.clone();
        for (column, value) in self.columns.iter().zip(free) {
            column.iter().for_each(|(i, weight)| psi[*i] += weight * value);
        }
        Some(psi)
    }

    /// B'g.
    pub(super) fn gradient(&self, g: &[f64]) -> Vec<f64> {
        self.columns.iter().map(|column| column.iter().map(|(i, weight)| weight * g[*i]).sum()).collect()
    }

    /// B'HB.
    pub(super) fn hessian(&self, h: &[f64]) -> Vec<f64> {
        let k = self.base.len();
        let form = |a: &[(usize, f64)], b: &[(usize, f64)]| -> f64 {
            a.iter().flat_map(|(i, v)| b.iter().map(move |(j, w)| v * w * h[i * k + j])).sum()
        };
        self.columns.iter().flat_map(|a| self.columns.iter().map(move |b| form(a, b))).collect()
    }
}

/// The Cholesky factor of a covariance (both as row-wise lower triangles) that may be singular.
fn factor(sigma: &[f64], n: usize) -> Vec<f64> {
    let index = Unstructured::index;
    let mut l = vec![0.0; sigma.len()];
    for a in 0..n {
        for b in 0..=a {
            let rest = sigma[index(a, b)] - (0..b).map(|c| l[index(a, c)] * l[index(b, c)]).sum::<f64>();
            let pivot = l[index(b, b)];
            l[index(a, b)] = match a == b {
                true if rest > 1e-12 * sigma[index(a, a)] => rest.sqrt(),
                false if pivot > 0.0 => rest / pivot,
                _ => 0.0,
            };
        }
    }
    l
}

/// The parameters of one copy of a term.
struct Block<'a> {
    fit: &'a Fit,
    term: &'a Term,
    copy: usize,
    offset: usize,
}

impl Block<'_> {
    fn target(&self, name: String, size: usize, estimate: Option<f64>, kind: Kind) -> Target {
        let random = self.term.kind == TermKind::Random;
        let is_sd = matches!(kind, Kind::CholeskySd(_) | Kind::LogVariance(_) | Kind::CompoundSd | Kind::BandSd);
        Target { name, is_sd, random, estimate, offset: self.offset, size, kind }
    }

    fn theta(&self, i: usize) -> f64 {
        self.fit.theta[self.offset + i]
    }

    /// `usubjid (EV): what`.
    fn named(&self, what: &str) -> String {
        match self.term.copy_names.get(self.copy).filter(|name| !name.is_empty()) {
            Some(copy) => format!("{} ({copy}): {what}", self.term.group),
            None => format!("{}: {what}", self.term.group),
        }
    }

    /// Cells `0 … n − 1` with a Cholesky factor; their names are every `stride`-th of the term.
    fn cholesky(&self, n: usize, stride: usize, random: bool, out: &mut Vec<Target>) {
        let size = n * (n + 1) / 2;
        let cell = |c: usize| self.term.cells.get(c * stride).map_or("", String::as_str);
        let variance = |c: usize| self.theta(Unstructured::index(c, c)).max(0.0);
        let first = |chosen: &[usize]| -> Vec<usize> {
            chosen.iter().copied().chain((0..n).filter(|c| !chosen.contains(c))).collect()
        };
        for c in 0..n {
            let name = match cell(c) {
                "" => self.named("standard deviation"),
                cell => self.named(&format!("standard deviation of {cell}")),
            };
            out.push(self.target(name, size, Some(variance(c).sqrt()), Kind::CholeskySd(first(&[c]))));
        }
        for a in 1..n {
            for b in 0..a {
                let product = (variance(a) * variance(b)).sqrt();
                // A random effect without variance has no correlation.
                let exists = !random || product > 1e-10;
                let estimate = exists.then(|| (self.theta(Unstructured::index(a, b)) / product).clamp(-1.0, 1.0));
                let name = self.named(&format!("correlation of {} and {}", cell(b), cell(a)));
                out.push(self.target(name, size, estimate, Kind::CholeskyCorrelation(first(&[b, a]))));
            }
        }
    }

    /// Variances with a logarithm, correlations as they are.
    fn correlated(&self, out: &mut Vec<Target>) {
        let units = self.term.shape.units();
        for (i, unit) in units.iter().enumerate() {
            let name = parameter_name(self.term, self.copy * units.len() + i).replace("variance", "standard deviation");
            out.push(match unit {
                Unit::Variance => {
                    self.target(name, units.len(), Some(self.theta(i).max(0.0).sqrt()), Kind::LogVariance(i))
                }
                Unit::Free => self.target(name, units.len(), Some(self.theta(i)), Kind::Itself(i)),
            });
        }
    }

    fn structure(&self, kind: StructureKind, n: usize, stride: usize, out: &mut Vec<Target>) {
        match kind {
            _ if n == 1 => {
                let (name, estimate) = (self.named("standard deviation"), Some(self.theta(0).max(0.0).sqrt()));
                out.push(self.target(name, 1, estimate, Kind::LogVariance(0)));
            }
            StructureKind::Us => self.cholesky(n, stride, false, out),
            StructureKind::Cs => {
                let variance = self.theta(0) + self.theta(1);
                let sd = Some(variance.max(0.0).sqrt());
                out.push(self.target(self.named("standard deviation"), 2, sd, Kind::CompoundSd));
                let correlation = Some(self.theta(0) / variance);
                out.push(self.target(self.named("correlation"), 2, correlation, Kind::CompoundCorrelation));
            }
            StructureKind::Toep => {
                let sd = Some(self.theta(0).max(0.0).sqrt());
                out.push(self.target(self.named("standard deviation"), n, sd, Kind::BandSd));
                for d in 1..n {
                    let name = self.named(&format!("correlation at distance {d}"));
                    out.push(self.target(name, n, Some(self.theta(d) / self.theta(0)), Kind::BandCorrelation(d)));
                }
            }
            _ => self.correlated(out),
        }
    }

    /// The second factor of a product, behind the `m` cells of the first.
    fn second_factor(
        &self,
        kind: StructureKind,
        first: StructureKind,
        m: usize,
        out: &mut Vec<Target>,
        left_out: &mut Vec<String>,
    ) {
        let before = if first == StructureKind::Us { m * (m + 1) / 2 } else { m.min(2) };
        let size = self.term.shape.n_parameters();
        if size == before {
            return;
        }
        if kind == StructureKind::Us {
            left_out.push(self.named("the second factor, which is known up to the scale of the first only"));
            return;
        }
        let name = parameter_name(self.term, self.copy * size + before);
        out.push(self.target(name, size, Some(self.theta(before)), Kind::Itself(before)));
    }
}
