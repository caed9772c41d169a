//! Profile-likelihood confidence intervals of variance parameters.
//!
//! The interval of a standard deviation or correlation holds the values whose profile deviance exceeds the minimum by at
//! most the χ²₁ quantile: the parameter is fixed, all others are re-estimated. As lme4's `confint(method = "profile")`,
//! the deviance is that of the full likelihood (REML fits are refitted by maximum likelihood) unless the REML deviance is
//! asked for.

use serde::Serialize;

use super::certificate::parameter_name;
use super::error::ModelError;
use super::fit::{Fit, FitOptions, Method, fit_frame};
use super::inference::check_conf_level;
use super::layout::TermKind;
use super::likelihood::{Order, Problem};
use crate::math::dist::chi_squared;
use crate::math::trust_region::{Derivatives, Settings, minimise};

/// A profile-likelihood interval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProfileInterval {
    /// What it is: `usubjid: variance of (Intercept)`, given as standard deviation.
    pub name: String,
    /// The maximum-likelihood (or REML) estimate of the standard deviation.
    pub estimate: f64,
    /// Lower limit; 0 where the deviance does not rise enough down to zero.
    pub conf_low: Option<f64>,
    /// Upper limit; `None` where the search found none.
    pub conf_high: Option<f64>,
}

impl Fit {
    /// Profile intervals of the standard deviations of random effects (one coefficient per term) and of the residual.
    /// `method` is the likelihood that is profiled.
    ///
    /// # Errors
    /// A confidence level not between 0 and 1; where `method` is not that of this fit, those of the refit.
    pub fn profile_standard_deviations(
        &self,
        method: Method,
        conf_level: f64,
    ) -> Result<Vec<ProfileInterval>, ModelError> {
        check_conf_level(conf_level)?;
        let options = FitOptions { method, ..FitOptions::default() };
        let refitted;
        let base = if method == self.method {
            self
        } else {
            refitted = fit_frame(self.frame.clone(), self.design.clone(), &options)?;
            &refitted
        };
        let cut = chi_squared::quantile(conf_level, 1.0);
        let mut out = Vec::new();
        for term in &base.problem.terms {
            let one = term.shape.n_cells() == 1 && !matches!(term.kind, TermKind::Structure(_));
            if !one {
                continue;
            }
            let place = term.offset;
            let profile = Profile { problem: &base.problem, place, start: base.psi.clone() };
            let estimate = base.theta[place].max(0.0).sqrt();
            let minimum = base.at.deviance;
            let mut warm = base.psi.clone();
            let mut excess = |sd: f64| -> Option<f64> {
                let (deviance, psi) = profile.deviance(sd, &warm)?;
                warm = psi;
                Some(deviance - minimum - cut)
            };
            let residual = term.kind == TermKind::Residual;
            let floor = if residual { estimate * 1e-3 } else { 0.0 };
            let low = match excess(floor) {
                Some(e) if e <= 0.0 && !residual => Some(0.0),
                _ => bisect(floor, estimate, &mut excess, false),
            };
            let mut upper = (2.0 * estimate).max(0.5);
            let mut tries = 0;
            while tries < 40 && excess(upper).is_some_and(|e| e < 0.0) {
                upper *= 1.6;
                tries += 1;
            }
            let high = bisect(estimate, upper, &mut excess, true);
            out.push(ProfileInterval {
                name: parameter_name(term, 0),
                estimate: base.scale * estimate,
                conf_low: low.map(|v| base.scale * v),
                conf_high: high.map(|v| base.scale * v),
            });
        }
        Ok(out)
    }
}

/// The profile of one single-variance parameter.
struct Profile<'a> {
    problem: &'a Problem,
    place: usize,
    start: Vec<f64>,
}

impl Profile<'_> {
    /// The deviance with the standard deviation fixed, all else at its best.
    fn deviance(&self, sd: f64, warm: &[f64]) -> Option<(f64, Vec<f64>)> {
        let k = self.problem.k;
        let others: Vec<usize> = (0..k).filter(|&i| i != self.place).collect();
        let term = self.problem.terms.iter().find(|t| t.offset == self.place)?;
        let fixed = if term.kind == TermKind::Random { sd } else { 2.0 * sd.max(1e-12).ln() };
        let run = |from: &[f64]| {
            let expand = |x: &[f64]| {
                let mut full = from.to_vec();
                full[self.place] = fixed;
                others.iter().zip(x).for_each(|(&i, v)| full[i] = *v);
                full
            };
            let start: Vec<f64> = others.iter().map(|&i| from[i]).collect();
            let settings = Settings { decrement: 1e-14, ..Settings::default() };
            let found = minimise(&start, settings, |x| {
                let full = self.problem.objective(&expand(x))?;
                let gradient = others.iter().map(|&i| full.gradient[i]).collect();
                let hessian = others.iter().flat_map(|&i| others.iter().map(move |&j| (i, j)));
                let hessian = hessian.map(|(i, j)| full.hessian[i * k + j]).collect();
                Some(Derivatives { value: full.value, gradient, hessian })
            })?;
            let psi = expand(&found.x);
            let deviance = self.problem.evaluate(&self.problem.natural(&psi), Order::Value)?.deviance;
            Some((deviance, psi))
        };
        // A standard deviation that the last step left at zero is a stationary point: start a little away from it.
        let lifted = |psi: &[f64]| -> Vec<f64> {
            let boundary = self.problem.boundary_positions();
            let lift = |(i, x): (usize, &f64)| if boundary.contains(&i) && x.abs() < 0.05 { 0.3 } else { *x };
            psi.iter().enumerate().map(lift).collect()
        };
        let mut best = run(&lifted(warm));
        let again = run(&lifted(&self.start));
        if let Some(other) = again.filter(|o| best.as_ref().is_none_or(|b| o.0 < b.0)) {
            best = Some(other);
        }
        best
    }
}

/// The crossing of zero between `low` and `high`; the excess rises from the estimate outwards.
fn bisect(low: f64, high: f64, excess: &mut impl FnMut(f64) -> Option<f64>, rising: bool) -> Option<f64> {
    let (mut a, mut b) = (low, high);
    let sign = if rising { 1.0 } else { -1.0 };
    let (mut fa, mut fb) = (sign * excess(a).unwrap_or(-sign), sign * excess(b).unwrap_or(sign));
    if fa > 0.0 || fb < 0.0 {
        return None;
    }
    // Regula falsi with the Illinois modification, guarded by bisection.
    for i in 0..80 {
        let mut middle = if fb > fa { (a * fb - b * fa) / (fb - fa) } else { 0.5 * (a + b) };
        if !(middle > a && middle < b) || i % 8 == 7 {
            middle = 0.5 * (a + b);
        }
        let f = sign * excess(middle)?;
        if f.abs() < 1e-10 || b - a < 1e-11 * (1.0 + b) {
            return Some(middle);
        }
        if f < 0.0 {
            (a, fa) = (middle, f);
            fb *= 0.5;
        } else {
            (b, fb) = (middle, f);
            fa *= 0.5;
        }
    }
    Some(0.5 * (a + b))
}
