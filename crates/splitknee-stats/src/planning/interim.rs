//! At a look and after it: conditional and predictive power, and estimates after stopping.
//!
//! - Conditional power: the probability of crossing an upper bound at a later look given `Z_k = z`, under the planned
//!   drift, the current trend `z/√t_k`, or none; predictive power averages it over `θ ~ N(z/√t_k, 1/t_k)`.
//! - After stopping: stagewise ordering (Armitage; Fairbanks and Madsen 1982; Tsiatis, Rosner and Mehta 1984): p-value,
//!   median-unbiased estimate and limits; repeated intervals `(z ∓ b_k)/√t_k` (Jennison and Turnbull 1989).
//!
//! Effects come out as drifts; divided by the planned drift they are in units of the planned effect.

use super::group_sequential::{Design, Process};
use super::{Refusal, refuse};
use crate::math::dist::normal;
use crate::math::legendre;
use crate::math::roots::brent;
use crate::note;

/// Conditional and predictive power at a look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlook {
    /// Under the planned drift.
    pub planned: f64,
    /// Under the drift seen so far.
    pub trend: f64,
    /// Under no difference.
    pub null: f64,
    /// Averaged over what has been seen, under a flat prior.
    pub predictive: f64,
}

/// Inference after stopping, in drift units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stopped {
    /// One-sided p-value of the stagewise ordering.
    pub p_one_sided: f64,
    /// Median-unbiased estimate.
    pub median_unbiased: f64,
    /// Lower limit at 1 − α (two-sided).
    pub low: f64,
    /// Upper limit.
    pub high: f64,
    /// Estimate as if there had been no looks.
    pub naive: f64,
    /// Lower limit of the repeated interval.
    pub repeated_low: f64,
    /// Upper limit of the repeated interval.
    pub repeated_high: f64,
}

impl Design {
    fn at_look(&self, look: usize) -> Result<usize, Refusal> {
        match look.checked_sub(1) {
            Some(k) if k < self.bounds.len() => Ok(k),
            _ => refuse(note!(no_look, look = look, looks = self.bounds.len())),
        }
    }

    /// Probability of crossing an upper bound after look `k` given `Z_k = z`.
    pub(super) fn crossing_later(&self, k: usize, z: f64, drift: f64) -> f64 {
        let mut process = Process::given(drift, self.information[k], z);
        let mut sum = 0.0;
        for later in k + 1..self.bounds.len() {
            sum += process.beyond(self.information[later], self.bounds[later], 1.0);
            if later + 1 < self.bounds.len() {
                process = process.advance(self.information[later], self.lower(later), self.bounds[later]);
            }
        }
        sum
    }

    /// Conditional and predictive power given `z` at look `look` (from 1), `planned` the drift planned for.
    ///
    /// # Errors
    /// No such look, or the last one.
    pub fn outlook(&self, look: usize, z: f64, planned: f64) -> Result<Outlook, Refusal> {
        let k = self.at_look(look)?;
        if k + 1 == self.bounds.len() {
            return refuse(note!(look_last));
        }
        if !z.is_finite() {
            return refuse(note!(look_finite));
        }
        let root = self.information[k].sqrt();
        let trend = z / root;
        let predictive =
            legendre::integrate(|x| normal::pdf(x) * self.crossing_later(k, z, trend + x / root), -8.5, 8.5, 4.25);
        Ok(Outlook {
            planned: self.crossing_later(k, z, planned),
            trend: self.crossing_later(k, z, trend),
            null: self.crossing_later(k, z, 0.0),
            predictive,
        })
    }

    /// Probability, under `drift`, of an outcome at least as far up as `z` at look `k`: stopped above at an earlier look, or
    /// at this one with a larger statistic.
    fn at_least(&self, k: usize, z: f64, drift: f64) -> f64 {
        let mut process = Process::start(drift);
        let mut sum = 0.0;
        for earlier in 0..k {
            sum += process.beyond(self.information[earlier], self.bounds[earlier], 1.0);
            process = process.advance(self.information[earlier], self.lower(earlier), self.bounds[earlier]);
        }
        sum + process.beyond(self.information[k], z, 1.0)
    }

    /// The repeated interval `(z ∓ b_k)/√t_k` at look `look` (from 1), in drift units: it holds at every look, whether or not the
    /// trial goes on, and whyever it stops (Jennison and Turnbull 1989).
    ///
    /// # Errors
    /// No such look.
    pub fn repeated(&self, look: usize, z: f64) -> Result<(f64, f64), Refusal> {
        let k = self.at_look(look)?;
        let root = self.information[k].sqrt();
        Ok(((z - self.bounds[k]) / root, (z + self.bounds[k]) / root))
    }

    /// The same counted from below, for a trial that stopped at a lower bound.
    fn upper_p(&self, k: usize, z: f64, drift: f64) -> f64 {
        let stopped_below = self.two_sided && k + 1 < self.bounds.len() && z <= -self.bounds[k];
        if stopped_below { 1.0 - self.at_least(k, -z, -drift) } else { self.at_least(k, z, drift) }
    }

    /// Inference after the trial ended at look `look` (from 1) with `z`.
    ///
    /// # Errors
    /// No such look, or a statistic with which the trial goes on.
    pub fn stopped(&self, look: usize, z: f64) -> Result<Stopped, Refusal> {
        let k = self.at_look(look)?;
        let last = k + 1 == self.bounds.len();
        if !z.is_finite() {
            return refuse(note!(look_finite));
        }
        let below = self.two_sided && z <= -self.bounds[k];
        if !last && z < self.bounds[k] && !below {
            return refuse(note!(look_not_crossed, z = z, look = look));
        }
        let root = self.information[k].sqrt();
        let naive = z / root;
        let solve = |p: f64| {
            brent(|drift| self.upper_p(k, z, drift) - p, naive - 12.0 / root, naive + 12.0 / root, 1e-11)
                .ok_or_else(|| Refusal(note!(no_limit)))
        };
        let tail = if self.two_sided { 0.5 * self.alpha } else { self.alpha };
        let (repeated_low, repeated_high) = self.repeated(look, z)?;
        Ok(Stopped {
            p_one_sided: self.upper_p(k, z, 0.0),
            median_unbiased: solve(0.5)?,
            low: solve(tail)?,
            high: solve(1.0 - tail)?,
            naive,
            repeated_low,
            repeated_high,
        })
    }
}
