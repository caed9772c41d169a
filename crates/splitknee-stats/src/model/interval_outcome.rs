//! Binary and ordered outcomes as intervals of a latent variable: the rows that the logistic, cumulative-link and
//! mixed models share (counts enter the same way, see `counts.rs`), and the sums over rows from which their likelihoods are made.
//!
//! With the linear predictor `η = xᵀβ`, a random term `T` and thresholds `θ`, row r is seen as
//! `l < latent ≤ u` with both bounds of the form `bound + sign·(η + T)`:
//!
//! - binary (`sign = +1`): a 1 is `(−∞, η + T]`, a 0 is `(η + T, ∞)`, so that `P(1) = F(η + T)` as in R's `glm`;
//! - ordered (`sign = −1`): grade j is `(θ_{j−1} − η − T, θ_j − η − T]`, so that `P(≤ j) = F(θ_j − η − T)` as in
//!   R's `ordinal::clm`: a positive coefficient means higher grades.
//!
//! The parameters are always in the order thresholds, coefficients, then (for mixed models) standard deviations.

use super::counts::Counts;
use super::link::{IntervalLogProbability, Link};
use crate::math::jet::Jet;

/// One bound of a row on the latent scale, before the predictor is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// No bound: −∞ below, +∞ above.
    Open,
    /// At zero (binary outcomes).
    Zero,
    /// At the threshold of this index.
    Threshold(usize),
}

/// The rows of a model for a binary or ordered outcome.
#[derive(Debug, Clone)]
pub struct IntervalRows {
    /// Link, that is distribution of the latent variable.
    pub link: Link,
    /// +1 or −1: how the predictor moves the bounds.
    pub sign: f64,
    /// Number of thresholds.
    pub n_thresholds: usize,
    /// Number of coefficients: columns of the design matrix.
    pub n_coefficients: usize,
    /// Design matrix, row-major.
    pub design: Vec<f64>,
    /// Lower and upper bound of every row.
    pub bounds: Vec<(Bound, Bound)>,
    /// For counts: their values and exposures, in place of a latent variable.
    pub counts: Option<Counts>,
}

/// Sums over some rows of the log-probability and its derivatives in a common shift of both bounds, as jets.
#[derive(Debug, Clone)]
pub struct ShiftSums {
    /// Entry k is the sum of the k-th derivative in the shift; as many entries as were asked for.
    pub sums: Vec<Jet>,
}

impl IntervalRows {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.bounds.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.bounds.is_empty()
    }

    /// Thresholds and coefficients together.
    pub fn n_fixed(&self) -> usize {
        self.n_thresholds + self.n_coefficients
    }

    /// Row `row` of the design matrix.
    pub fn design_row(&self, row: usize) -> &[f64] {
        let start = row * self.n_coefficients;
        self.design.get(start..start + self.n_coefficients).unwrap_or(&[])
    }

    /// Whether the thresholds among `parameters` ascend strictly.
    pub fn ordered(&self, parameters: &[f64]) -> bool {
        parameters
            .iter()
            .take(self.n_thresholds)
            .zip(parameters.iter().take(self.n_thresholds).skip(1))
            .all(|(a, b)| a < b)
    }

    /// The linear predictor of a row, without thresholds and random term.
    pub fn predictor(&self, row: usize, parameters: &[f64]) -> f64 {
        let coefficients = parameters.iter().skip(self.n_thresholds);
        let offset = self.counts.as_ref().and_then(|counts| counts.offset.get(row)).copied().unwrap_or(0.0);
        offset + self.design_row(row).iter().zip(coefficients).map(|(x, b)| x * b).sum::<f64>()
    }

    /// The log-probability of row `row` between its bounds.
    fn log_probability(&self, row: usize, lower: f64, upper: f64, order: usize) -> IntervalLogProbability {
        match &self.counts {
            Some(counts) => counts.log_probability(row, lower, upper, order),
            None => self.link.interval(lower, upper, order),
        }
    }

    /// Lower and upper bound of a row at a predictor (random term included).
    pub fn interval(&self, row: usize, parameters: &[f64], predictor: f64) -> (f64, f64) {
        let shift = self.sign * predictor;
        let at = |bound: Bound, open: f64| match bound {
            Bound::Open => open,
            Bound::Zero => shift,
            Bound::Threshold(j) => parameters.get(j).copied().unwrap_or(f64::NAN) + shift,
        };
        let (lower, upper) = self.bounds.get(row).copied().unwrap_or((Bound::Open, Bound::Open));
        (at(lower, f64::NEG_INFINITY), at(upper, f64::INFINITY))
    }

    /// Log-probability of the rows and its first two derivatives in a common shift of all bounds, at random term `term`.
    pub fn shift_values(&self, rows: &[usize], predictors: &[f64], parameters: &[f64], term: f64) -> [f64; 3] {
        let mut sums = [0.0; 3];
        for &row in rows {
            let predictor = predictors.get(row).copied().unwrap_or(0.0) + term;
            let (lower, upper) = self.interval(row, parameters, predictor);
            let log_probability = self.log_probability(row, lower, upper, 2);
            for (k, sum) in sums.iter_mut().enumerate() {
                *sum += log_probability.shift(k, 0, 0);
            }
        }
        sums
    }

    /// As [`Self::shift_values`] for derivatives `0..orders` in the shift, with the random term and the sums as jets in
    /// all parameters.
    pub fn shift_sums(
        &self,
        rows: &[usize],
        parameters: &[f64],
        term: &Jet,
        orders: std::ops::RangeInclusive<usize>,
    ) -> ShiftSums {
        let n = term.len();
        let mut sums: Vec<Jet> = orders.clone().map(|_| Jet::constant(0.0, n)).collect();
        let mut through_term = vec![0.0; sums.len()];
        let (mut upper_gradient, mut lower_gradient) = (vec![0.0; n], vec![0.0; n]);
        for &row in rows {
            let (lower, upper) = self.interval(row, parameters, self.predictor(row, parameters) + term.value);
            let log_probability = self.log_probability(row, lower, upper, orders.end() + 2);
            let (lower_bound, upper_bound) = self.bounds.get(row).copied().unwrap_or((Bound::Open, Bound::Open));
            for (slot, x) in upper_gradient.iter_mut().zip(&term.gradient) {
                *slot = self.sign * x;
            }
            for (slot, x) in upper_gradient.iter_mut().skip(self.n_thresholds).zip(self.design_row(row)) {
                *slot += self.sign * x;
            }
            lower_gradient.copy_from_slice(&upper_gradient);
            for (bound, gradient) in [(upper_bound, &mut upper_gradient), (lower_bound, &mut lower_gradient)] {
                if let Bound::Threshold(j) = bound
                    && let Some(slot) = gradient.get_mut(j)
                {
                    *slot += 1.0;
                }
            }
            for (index, k) in orders.clone().enumerate() {
                let Some(sum) = sums.get_mut(index) else { continue };
                let d = |i: usize, j: usize| log_probability.shift(k, i, j);
                sum.value += d(0, 0);
                let (du, dl) = (d(1, 0), d(0, 1));
                for ((slot, gu), gl) in sum.gradient.iter_mut().zip(&upper_gradient).zip(&lower_gradient) {
                    *slot += du * gu + dl * gl;
                }
                sum.add_outer(0.5 * d(2, 0), &upper_gradient, &upper_gradient);
                sum.add_outer(0.5 * d(0, 2), &lower_gradient, &lower_gradient);
                sum.add_outer(d(1, 1), &upper_gradient, &lower_gradient);
                if let Some(slot) = through_term.get_mut(index) {
                    *slot += self.sign * (du + dl);
                }
            }
        }
        for (sum, weight) in sums.iter_mut().zip(through_term) {
            for (slot, h) in sum.hessian.iter_mut().zip(&term.hessian) {
                *slot += weight * h;
            }
        }
        ShiftSums { sums }
    }

    /// The log-likelihood of all rows without random term, as a jet in the thresholds and coefficients; `None` where
    /// the thresholds are out of order.
    pub fn log_likelihood(&self, parameters: &[f64]) -> Option<Jet> {
        if !self.ordered(parameters) {
            return None;
        }
        let rows: Vec<usize> = (0..self.len()).collect();
        let term = Jet::constant(0.0, self.n_fixed());
        self.shift_sums(&rows, parameters, &term, 0..=0).sums.pop()
    }
}
