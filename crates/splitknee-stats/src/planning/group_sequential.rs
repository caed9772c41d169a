//! Group-sequential test of a mean difference: bounds, power, inflation, expected information.
//!
//! `Z_k` at information fractions `t_k` is a process of independent increments, `Z_k √t_k ~ N(θ t_k, t_k)`, θ the drift
//! (square root of the maximum information × effect). The density of `Z_k` where the trial goes on is carried from look to
//! look by Gauss–Legendre quadrature on panels (Armitage, McPherson and Rowe 1969; Jennison and Turnbull 2000, ch. 19).
//! Two-sided tests are symmetric and spend α/2 in each direction; their power counts both tails (rpact's default does not).

use super::spending::Boundary;
use super::{Refusal, check_alpha, check_target, refuse};
use crate::math::dist::{normal, student_t};
use crate::math::legendre;
use crate::math::roots::brent;
use crate::note;

/// Most looks of a design.
pub const MOST_LOOKS: usize = 10;
/// The density is followed this many SDs about its mean: 1e-23 is left out.
const REACH: f64 = 10.0;

/// A design: where the looks are and what may be spent.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Information fractions of the looks, rising; the last is 1 as planned.
    pub information: Vec<f64>,
    /// Boundary family.
    pub boundary: Boundary,
    /// Overall significance level, of both directions where two-sided.
    pub alpha: f64,
    /// Whether the test is two-sided.
    pub two_sided: bool,
}

/// A design with its bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// Information fractions.
    pub information: Vec<f64>,
    /// Bounds of Z.
    pub bounds: Vec<f64>,
    /// Error spent up to each look, of both directions.
    pub cumulative_alpha: Vec<f64>,
    /// Overall significance level.
    pub alpha: f64,
    /// Whether the test is two-sided.
    pub two_sided: bool,
    /// Constant of a constant shape.
    pub constant: Option<f64>,
    /// Binding futility bounds of a one-sided test at the looks before the last, which the bounds count on; empty without.
    pub floor: Vec<f64>,
}

/// The process between looks: the sub-density of Z on nodes (z, weight × density).
#[derive(Debug, Clone)]
pub(super) struct Process {
    drift: f64,
    t: f64,
    /// `None` before the first look.
    nodes: Option<Vec<(f64, f64)>>,
}

impl Process {
    pub(super) fn start(drift: f64) -> Self {
        Self { drift, t: 0.0, nodes: None }
    }

    /// The process given `Z = z` at fraction `t`.
    pub(super) fn given(drift: f64, t: f64, z: f64) -> Self {
        Self { drift, t, nodes: Some(vec![(z, 1.0)]) }
    }

    /// `P(not stopped before, Z ≥ b)` (`sign` 1) or `P(not stopped before, Z ≤ b)` (`sign` −1) at fraction `t`.
    pub(super) fn beyond(&self, t: f64, b: f64, sign: f64) -> f64 {
        let step = t - self.t;
        let tail = |u: f64| normal::sf(sign * (b * t.sqrt() - u * self.t.sqrt() - self.drift * step) / step.sqrt());
        match &self.nodes {
            None => tail(0.0),
            Some(nodes) => nodes.iter().map(|(u, mass)| mass * tail(*u)).sum(),
        }
    }

    /// Moves to fraction `t`, going on where `low < Z < high`.
    pub(super) fn advance(&self, t: f64, low: f64, high: f64) -> Self {
        let step = t - self.t;
        let (root, width) = (t.sqrt(), step.sqrt());
        let (mut centre, mut spread) = (self.drift * root, 1.0);
        if let Some([(z, _)]) = self.nodes.as_deref() {
            centre = (z * self.t.sqrt() + self.drift * step) / root;
            spread = width / root;
        }
        let (low, high) = (low.max(centre - REACH * spread), high.min(centre + REACH * spread));
        // The kernel's width in z sets the panels: 40 nodes on twice its SD.
        let panel = (2.0 * width / root).min(2.0);
        let density =
            |z: f64, u: f64| root / width * normal::pdf((z * root - u * self.t.sqrt() - self.drift * step) / width);
        let nodes = legendre::panels(low, high, panel).into_iter().map(|(z, weight)| {
            let here = match &self.nodes {
                None => density(z, 0.0),
                Some(nodes) => nodes.iter().map(|(u, mass)| mass * density(z, *u)).sum(),
            };
            (z, weight * here)
        });
        Self { drift: self.drift, t, nodes: Some(nodes.collect()) }
    }
}

impl Plan {
    fn check(&self) -> Result<(), Refusal> {
        check_alpha(self.alpha)?;
        self.boundary.check()?;
        let looks = self.information.len();
        if looks == 0 || looks > MOST_LOOKS {
            return refuse(note!(looks_many, most = MOST_LOOKS, looks = looks));
        }
        let rising = self.information.windows(2).all(|pair| pair[0] < pair[1]);
        let inside = self.information.iter().all(|t| *t > 0.0 && *t <= 1.0);
        if !(rising && inside) {
            return refuse(note!(fractions_rise));
        }
        if (self.information[looks - 1] - 1.0).abs() > 1e-12 {
            return refuse(note!(fractions_end));
        }
        if !self.two_sided && self.alpha >= 0.5 {
            return refuse(note!(one_sided_level));
        }
        Ok(())
    }

    /// The bounds.
    ///
    /// # Errors
    /// Looks, a level or a parameter outside their domain.
    pub fn design(&self) -> Result<Design, Refusal> {
        self.check()?;
        let directions = if self.two_sided { 2.0 } else { 1.0 };
        let one_way = self.alpha / directions;
        let with = |bounds: Vec<f64>, constant: Option<f64>| {
            let mut design = Design {
                information: self.information.clone(),
                bounds,
                cumulative_alpha: Vec::new(),
                alpha: self.alpha,
                two_sided: self.two_sided,
                constant,
                floor: Vec::new(),
            };
            let mut sum = 0.0;
            design.cumulative_alpha = design
                .stopping(0.0)
                .iter()
                .map(|(upper, lower)| {
                    sum += upper + lower;
                    sum
                })
                .collect();
            design
        };
        if self.boundary.spent(1.0, one_way).is_none() {
            let shaped = |c: f64| self.information.iter().map(|t| self.boundary.shaped(c, *t)).collect::<Vec<_>>();
            let total = |c: f64| {
                let design = Design { bounds: shaped(c), ..with_bounds(self) };
                design.stopping(0.0).iter().map(|(upper, lower)| upper + lower).sum::<f64>() - self.alpha
            };
            let low = normal::upper_quantile(one_way) - 1e-9;
            let Some(c) = brent(total, low.min(low * 0.999), low.abs() + 5.0, 1e-13) else {
                return refuse(note!(no_bound));
            };
            return Ok(with(shaped(c), Some(c)));
        }
        let mut process = Process::start(0.0);
        let mut bounds = Vec::new();
        let mut before = 0.0;
        for &t in &self.information {
            let spent = self.boundary.spent(t, one_way).unwrap_or(one_way);
            let now = spent - before;
            before = spent;
            // A look that may spend next to nothing has its bound out of reach.
            let gap = |b: f64| process.beyond(t, b, 1.0).max(1e-300).ln() - now.max(1e-290).ln();
            let Some(bound) = brent(gap, -10.0, 37.0, 1e-13) else {
                return refuse(note!(no_bound));
            };
            bounds.push(bound);
            process = process.advance(t, if self.two_sided { -bound } else { f64::NEG_INFINITY }, bound);
        }
        Ok(with(bounds, None))
    }
}

/// A design of this plan without bounds yet.
pub(super) fn with_bounds(plan: &Plan) -> Design {
    Design {
        information: plan.information.clone(),
        bounds: Vec::new(),
        cumulative_alpha: Vec::new(),
        alpha: plan.alpha,
        two_sided: plan.two_sided,
        constant: None,
        floor: Vec::new(),
    }
}

impl Design {
    /// The lower bound of look `k`, from 0.
    pub(super) fn lower(&self, k: usize) -> f64 {
        if self.two_sided { -self.bounds[k] } else { self.floor.get(k).copied().unwrap_or(f64::NEG_INFINITY) }
    }

    /// Probability of crossing the upper and the lower bound at each look, under a drift.
    pub fn stopping(&self, drift: f64) -> Vec<(f64, f64)> {
        let mut process = Process::start(drift);
        let last = self.bounds.len() - 1;
        let mut found = Vec::with_capacity(self.bounds.len());
        for (k, (&t, &bound)) in self.information.iter().zip(&self.bounds).enumerate() {
            let lower = if self.two_sided { process.beyond(t, -bound, -1.0) } else { 0.0 };
            found.push((process.beyond(t, bound, 1.0), lower));
            if k < last {
                process = process.advance(t, self.lower(k), bound);
            }
        }
        found
    }

    /// Probability of stopping with a rejection at each look, either direction.
    pub fn stop(&self, drift: f64) -> Vec<f64> {
        self.stopping(drift).into_iter().map(|(upper, lower)| upper + lower).collect()
    }

    /// Power under a drift; both directions count where two-sided.
    pub fn power(&self, drift: f64) -> f64 {
        self.stop(drift).iter().sum::<f64>().min(1.0)
    }

    /// Expected information at the end as a share of the maximum.
    pub fn expected_information(&self, drift: f64) -> f64 {
        let stop = self.stop(drift);
        let last = stop.len() - 1;
        let early: f64 = stop[..last].iter().zip(&self.information).map(|(p, t)| p * t).sum();
        early + self.information[last] * (1.0 - stop[..last].iter().sum::<f64>())
    }

    /// One-sided nominal level of each bound.
    pub fn nominal_one_sided_p(&self) -> Vec<f64> {
        self.bounds.iter().map(|bound| normal::sf(*bound)).collect()
    }

    fn one_way(&self) -> f64 {
        if self.two_sided { 0.5 * self.alpha } else { self.alpha }
    }

    /// The positive drift that gives `power`.
    ///
    /// # Errors
    /// A power outside (α, 1).
    pub fn drift(&self, power: f64) -> Result<f64, Refusal> {
        check_target(note!(w_power), power, self.alpha)?;
        brent(|drift| self.power(drift) - power, 0.0, 40.0, 1e-12).ok_or_else(|| Refusal(note!(no_drift)))
    }

    /// Maximum information against the fixed sample: `drift²/(z_α + z_power)²`, the far tail of the fixed test left out.
    ///
    /// # Errors
    /// As [`Design::drift`].
    pub fn inflation(&self, power: f64) -> Result<f64, Refusal> {
        let fixed = normal::upper_quantile(self.one_way()) + normal::quantile(power);
        Ok((self.drift(power)? / fixed).powi(2))
    }

    /// The same against the fixed test with both tails counted.
    ///
    /// # Errors
    /// As [`Design::drift`].
    pub fn inflation_both_tails(&self, power: f64) -> Result<f64, Refusal> {
        if !self.two_sided {
            return self.inflation(power);
        }
        let z = normal::upper_quantile(self.one_way());
        let gap = |drift: f64| normal::sf(z - drift) + normal::cdf(-z - drift) - power;
        let Some(fixed) = brent(gap, 0.0, 40.0, 1e-14) else {
            return refuse(note!(no_drift));
        };
        Ok((self.drift(power)? / fixed).powi(2))
    }

    /// Pairs at each look when the last has `pairs`: fractions of it, to the nearest whole pair.
    pub fn pairs_at_looks(&self, pairs: usize) -> Vec<usize> {
        self.information.iter().map(|t| (t * pairs as f64).round() as usize).collect()
    }

    /// Bounds of the t statistic at looks with these pairs: the nominal level of each bound on `n − 1` degrees of freedom
    /// (Jennison and Turnbull 2000, section 3.8). The error is close to, not exactly, α. None for fewer than two pairs.
    pub fn t_bounds(&self, pairs: &[usize]) -> Vec<Option<f64>> {
        let quantile = |p: f64, n: usize| (n >= 2).then(|| student_t::upper_quantile(p, n as f64 - 1.0));
        self.nominal_one_sided_p().into_iter().zip(pairs).map(|(p, &n)| quantile(p, n)).collect()
    }
}
