//! Futility bounds of a group-sequential design: at an early look with `Z_k` at or below `a_k` the trial stops, nothing shown.
//!
//! - Spending: under the drift planned for, `P(not stopped before, Z_k ≤ a_k)` over the looks up to `k` is `β f(t_k)`, f a
//!   spending function with total β = 1 − power; the drift is the one with which the last bounds meet, so that the power is
//!   kept (Pampallona, Tsiatis & Kim 2001; gsDesign's types 3 and 4, rpact's `typeBetaSpending`).
//! - Conditional power: `a_k` is where the probability of crossing an efficacy bound later falls to a threshold, under the
//!   drift planned for or the current trend (Lachin 2005); the drift again keeps the power.
//!
//! Z is towards benefit; a symmetric two-sided test keeps its bound of harm below `a_k`. Non-binding: the efficacy bounds
//! are those of the design without futility, and the error is kept whether or not the bound is followed. Binding: the efficacy
//! bounds use that the trial will stop, and the error is kept only if it does; offered for one-sided spending alone, as a
//! two-sided test has no one way to spend what stopping for futility saves in both directions.
//!
//! The power with futility is the probability of crossing an upper bound where the futility bounds are followed.

use super::group_sequential::{Design, Plan, Process, with_bounds};
use super::spending::Boundary;
use super::{Refusal, check_target, refuse};
use crate::math::dist::normal;
use crate::math::roots::brent;
use crate::note;

/// Under which drift conditional power is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Under {
    /// The drift planned for.
    Planned,
    /// The current trend `z/√t`.
    Trend,
}

/// Where futility bounds come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Futility {
    /// Spending of β.
    Spending {
        /// Spending function.
        boundary: Boundary,
        /// Whether the efficacy bounds count on them.
        binding: bool,
    },
    /// A threshold of conditional power, never binding.
    ConditionalPower {
        /// The threshold.
        threshold: f64,
        /// Under which drift.
        under: Under,
    },
}

impl Futility {
    /// Whether the efficacy bounds count on the bounds being followed.
    pub fn binding(self) -> bool {
        matches!(self, Self::Spending { binding: true, .. })
    }

    fn check(self, two_sided: bool) -> Result<(), Refusal> {
        match self {
            Self::Spending { boundary, binding } => {
                boundary.check()?;
                if boundary.spent(1.0, 0.1).is_none() {
                    return refuse(note!(futility_shape));
                }
                if binding && two_sided {
                    return refuse(note!(futility_binding));
                }
                Ok(())
            }
            Self::ConditionalPower { threshold, .. } => check_target(note!(w_threshold), threshold, 0.0),
        }
    }
}

/// A design with futility bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct FutilityDesign {
    /// The efficacy bounds; where the futility bounds are binding, those that count on them.
    pub design: Design,
    /// Futility bounds of Z at every look but the last; never above the efficacy bound.
    pub futility: Vec<f64>,
    /// Whether the efficacy bounds count on them.
    pub binding: bool,
    /// The drift planned for: it gives the power where the futility bounds are followed.
    pub drift: f64,
    /// The power planned for.
    pub power: f64,
}

/// Where a trial ends, by look.
#[derive(Debug, Clone, PartialEq)]
pub struct Ends {
    /// Probability of crossing the upper bound.
    pub upper: Vec<f64>,
    /// Probability of crossing the lower bound of a two-sided test.
    pub lower: Vec<f64>,
    /// Probability of stopping for futility; 0 at the last look.
    pub futile: Vec<f64>,
}

impl Plan {
    /// The design with futility bounds that keep `power`, followed.
    ///
    /// # Errors
    /// As [`Plan::design`]; a rule or a power outside its domain; binding bounds of a two-sided test or a constant shape.
    pub fn with_futility(&self, futility: Futility, power: f64) -> Result<FutilityDesign, Refusal> {
        futility.check(self.two_sided)?;
        check_target(note!(w_power), power, self.alpha)?;
        if let Futility::ConditionalPower { threshold, .. } = futility
            && threshold >= power
        {
            return refuse(note!(futility_threshold, threshold = threshold, power = power));
        }
        let plain = self.design()?;
        let gap = |drift: f64| match self.bounded(&plain, futility, drift, 1.0 - power) {
            Ok((design, bounds)) => ends(&design, &bounds, drift).upper.iter().sum::<f64>() - power,
            Err(_) => f64::NAN,
        };
        // More drift than without futility, and rarely much more.
        let low = plain.drift(power)?;
        let mut high = low + 0.5;
        while gap(high) < 0.0 && high < low + 8.0 {
            high += 0.5;
        }
        let Some(drift) = brent(gap, low - 1e-3, high, 1e-12) else {
            return refuse(note!(futility_too_many));
        };
        let (design, bounds) = self.bounded(&plain, futility, drift, 1.0 - power)?;
        Ok(FutilityDesign { design, futility: bounds, binding: futility.binding(), drift, power })
    }

    /// The bounds at looks as they were: `drift` and `power` those of the design as planned.
    ///
    /// # Errors
    /// As [`Plan::with_futility`].
    pub fn futility_at(&self, futility: Futility, drift: f64, power: f64) -> Result<FutilityDesign, Refusal> {
        futility.check(self.two_sided)?;
        let plain = self.design()?;
        let (design, bounds) = self.bounded(&plain, futility, drift, 1.0 - power)?;
        Ok(FutilityDesign { design, futility: bounds, binding: futility.binding(), drift, power })
    }

    fn bounded(
        &self,
        plain: &Design,
        futility: Futility,
        drift: f64,
        beta: f64,
    ) -> Result<(Design, Vec<f64>), Refusal> {
        match futility {
            Futility::ConditionalPower { threshold, under } => {
                let bounds = (0..plain.bounds.len() - 1)
                    .map(|k| plain.where_conditional_power_is(k, threshold, under, drift))
                    .collect::<Result<_, _>>()?;
                Ok((plain.clone(), bounds))
            }
            Futility::Spending { boundary, binding: false } => {
                let mut process = Process::start(drift);
                let (mut bounds, mut spent) = (Vec::new(), 0.0);
                let last = plain.bounds.len() - 1;
                for (k, (&t, &upper)) in plain.information.iter().zip(&plain.bounds).enumerate().take(last) {
                    let bound = spend(&process, t, &mut spent, boundary.spent(t, beta), upper)?;
                    bounds.push(bound);
                    process = process.advance(t, bound.max(plain.lower(k)), upper);
                }
                Ok((plain.clone(), bounds))
            }
            Futility::Spending { boundary, binding: true } => self.binding(boundary, drift, beta),
        }
    }

    /// Binding bounds of a one-sided test: efficacy under no drift and futility under `drift`, look by look, each on the
    /// process that stops at the other.
    fn binding(&self, boundary: Boundary, drift: f64, beta: f64) -> Result<(Design, Vec<f64>), Refusal> {
        if self.boundary.spent(1.0, self.alpha).is_none() {
            return refuse(note!(futility_spending));
        }
        let (mut null, mut planned) = (Process::start(0.0), Process::start(drift));
        let (mut uppers, mut bounds) = (Vec::new(), Vec::new());
        let (mut alpha_spent, mut beta_spent) = (0.0, 0.0);
        let mut cumulative = Vec::new();
        let last = self.information.len() - 1;
        for (k, &t) in self.information.iter().enumerate() {
            let to = self.boundary.spent(t, self.alpha).unwrap_or(self.alpha);
            let now = (to - alpha_spent).max(1e-290);
            alpha_spent = to;
            let upper = brent(|b| null.beyond(t, b, 1.0).max(1e-300).ln() - now.ln(), -10.0, 37.0, 1e-13)
                .ok_or_else(|| Refusal(note!(no_bound)))?;
            uppers.push(upper);
            cumulative.push(to);
            if k < last {
                let bound = spend(&planned, t, &mut beta_spent, boundary.spent(t, beta), upper)?;
                bounds.push(bound);
                null = null.advance(t, bound, upper);
                planned = planned.advance(t, bound, upper);
            }
        }
        let floor = bounds.clone();
        Ok((Design { bounds: uppers, cumulative_alpha: cumulative, floor, ..with_bounds(self) }, bounds))
    }
}

/// The futility bound at `t` that spends up to `target`; at most the efficacy bound.
fn spend(process: &Process, t: f64, spent: &mut f64, target: Option<f64>, upper: f64) -> Result<f64, Refusal> {
    let target = target.unwrap_or(*spent);
    let now = (target - *spent).max(1e-290);
    *spent = target;
    if process.beyond(t, upper, -1.0) <= now {
        return Ok(upper);
    }
    brent(|a| process.beyond(t, a, -1.0).max(1e-300).ln() - now.ln(), -37.0, upper, 1e-13)
        .ok_or_else(|| Refusal(note!(no_bound)))
}

/// Where the trial ends under `drift` where the futility `bounds` are followed.
fn ends(design: &Design, bounds: &[f64], drift: f64) -> Ends {
    let mut process = Process::start(drift);
    let mut found = Ends { upper: Vec::new(), lower: Vec::new(), futile: Vec::new() };
    for (k, (&t, &upper)) in design.information.iter().zip(&design.bounds).enumerate() {
        let lower = if design.two_sided { process.beyond(t, -upper, -1.0) } else { 0.0 };
        found.upper.push(process.beyond(t, upper, 1.0));
        found.lower.push(lower);
        let bound = bounds.get(k).map(|bound| bound.max(design.lower(k)));
        found.futile.push(bound.map_or(0.0, |bound| (process.beyond(t, bound, -1.0) - lower).max(0.0)));
        if let Some(bound) = bound {
            process = process.advance(t, bound, upper);
        }
    }
    found
}

impl Design {
    /// The Z at look `k` (from 0) at which conditional power is `threshold`.
    fn where_conditional_power_is(&self, k: usize, threshold: f64, under: Under, planned: f64) -> Result<f64, Refusal> {
        let root = self.information[k].sqrt();
        let gap = |z: f64| {
            let drift = if under == Under::Planned { planned } else { z / root };
            self.crossing_later(k, z, drift) - threshold
        };
        let upper = self.bounds[k];
        if gap(upper) <= 0.0 {
            return Ok(upper);
        }
        brent(gap, upper - 40.0, upper, 1e-12).ok_or_else(|| Refusal(note!(no_bound)))
    }
}

impl FutilityDesign {
    /// Where the trial ends under a drift, the futility bounds followed.
    pub fn ends(&self, drift: f64) -> Ends {
        ends(&self.design, &self.futility, drift)
    }

    /// Probability of crossing a bound against the null hypothesis, the futility bounds followed: the type I error at drift
    /// 0, the power elsewhere (of both directions where two-sided).
    pub fn rejection(&self, drift: f64) -> f64 {
        let found = self.ends(drift);
        found.upper.iter().chain(&found.lower).sum()
    }

    /// Expected information at the end as a share of the maximum, the futility bounds followed.
    pub fn expected_information(&self, drift: f64) -> f64 {
        let found = self.ends(drift);
        let last = self.design.bounds.len() - 1;
        let mut left = 1.0;
        let mut sum = 0.0;
        for k in 0..last {
            let here = found.upper[k] + found.lower[k] + found.futile[k];
            sum += here * self.design.information[k];
            left -= here;
        }
        sum + left * self.design.information[last]
    }

    /// β spent up to each early look under the planned drift: trials stopped for futility, or for harm.
    pub fn cumulative_beta(&self) -> Vec<f64> {
        let found = self.ends(self.drift);
        let mut sum = 0.0;
        let up_to = |k: usize| {
            sum += found.futile[k] + found.lower[k];
            sum
        };
        (0..self.futility.len()).map(up_to).collect()
    }

    /// Maximum information against the fixed sample with the same power, the far tail of the fixed test left out.
    pub fn inflation(&self) -> f64 {
        let one_way = if self.design.two_sided { 0.5 * self.design.alpha } else { self.design.alpha };
        (self.drift / (normal::upper_quantile(one_way) + normal::quantile(self.power))).powi(2)
    }
}
