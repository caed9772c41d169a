//! Profile-likelihood confidence intervals of standard deviations and correlations.
//!
//! The interval holds the values whose profile deviance exceeds the minimum by at most the χ²₁ quantile: the quantity is
//! fixed, all others are re-estimated (`profile_chart.rs` says in which coordinates). lme4's `confint(method = "profile")`
//! profiles the full likelihood, whatever the fit; here the likelihood is chosen.

use serde::Serialize;

use super::error::ModelError;
use super::fit::{Fit, FitOptions, Method, fit_frame};
use super::inference::check_conf_level;
use super::likelihood::Problem;
use super::profile_chart::{Chart, Target};
use crate::math::dist::chi_squared;
use crate::math::trust_region::{Derivatives, Minimum, Settings, minimise};

/// A profile-likelihood interval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProfileInterval {
    /// What it is: `usubjid: standard deviation of (Intercept)`, `usubjid: correlation of (Intercept) and month`.
    pub name: String,
    /// The estimate; `None` for the correlation with a random effect that does not vary.
    pub estimate: Option<f64>,
    /// Lower limit; 0 or −1 where the deviance does not rise enough down to there, `None` where the search found none.
    pub conf_low: Option<f64>,
    /// Upper limit; 1 where the deviance of a correlation does not rise enough, `None` where the search found none.
    pub conf_high: Option<f64>,
}

/// Profile intervals of a fit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Profile {
    /// The likelihood profiled: `REML` or `ML`.
    pub method: &'static str,
    /// The intervals, term by term.
    pub intervals: Vec<ProfileInterval>,
    /// What has no interval, and why.
    pub left_out: Vec<String>,
}

impl Fit {
    /// Profile intervals of the standard deviations and correlations of all terms: of random coefficients, of the cells of
    /// a structure, of the residual. `method` is the likelihood that is profiled.
    ///
    /// # Errors
    /// A confidence level not between 0 and 1; where `method` is not that of this fit, those of the refit.
    pub fn profile_intervals(&self, method: Method, conf_level: f64) -> Result<Profile, ModelError> {
        check_conf_level(conf_level)?;
        let refitted;
        let base = if method == self.method {
            self
        } else {
            let options = FitOptions { method, ..FitOptions::default() };
            refitted = fit_frame(self.frame.clone(), self.design.clone(), &options)?;
            &refitted
        };
        let (targets, left_out) = Target::all(base);
        let cut = chi_squared::quantile(conf_level, 1.0);
        let intervals = targets.iter().map(|target| Search::new(base, target, cut).interval()).collect();
        Ok(Profile { method: method.name(), intervals, left_out })
    }
}

/// The search for the limits of one target.
struct Search<'a> {
    base: &'a Fit,
    target: &'a Target,
    cut: f64,
    /// Free coordinates at the estimate.
    start: Vec<f64>,
    /// Free coordinates where the last search ended.
    warm: Vec<f64>,
    /// Free coordinates that are standard deviations of random effects.
    vanishing: Vec<usize>,
}

impl<'a> Search<'a> {
    fn new(base: &'a Fit, target: &'a Target, cut: f64) -> Self {
        let start = target.start(base);
        let vanishing = target.vanishing(&base.problem.boundary_positions(), base.problem.k);
        Self { base, target, cut, warm: start.clone(), start, vanishing }
    }

    fn interval(&mut self) -> ProfileInterval {
        let name = self.target.name.clone();
        let Some(estimate) = self.target.estimate else {
            return ProfileInterval { name, estimate: None, conf_low: None, conf_high: None };
        };
        let limits = if self.target.is_sd {
            (self.sd_below(estimate), self.sd_above(estimate))
        } else {
            (self.correlation_limit(estimate, -1.0), self.correlation_limit(estimate, 1.0))
        };
        let unit = if self.target.is_sd { self.base.scale } else { 1.0 };
        ProfileInterval {
            name,
            estimate: Some(unit * estimate),
            conf_low: limits.0.map(|v| unit * v),
            conf_high: limits.1.map(|v| unit * v),
        }
    }

    fn sd_below(&mut self, estimate: f64) -> Option<f64> {
        if self.target.random && self.excess(0.0) <= 0.0 {
            return Some(0.0);
        }
        self.outward(estimate, |step| if step < 40 { Some(estimate * 0.8_f64.powi(step)) } else { None })
    }

    fn sd_above(&mut self, estimate: f64) -> Option<f64> {
        let from = estimate.max(0.1);
        self.outward(estimate, |step| if step < 60 { Some(from * 1.25_f64.powi(step)) } else { None })
    }

    /// Steps on Fisher's scale towards `end` (−1 or 1).
    fn correlation_limit(&mut self, estimate: f64, end: f64) -> Option<f64> {
        let from = estimate.clamp(-0.999_999, 0.999_999).atanh();
        let reachable = self.target.random;
        if reachable && self.excess(end) <= 0.0 {
            return Some(end);
        }
        self.outward(estimate, |step| {
            let z = from + end * 0.25 * f64::from(step);
            (z.abs() < 9.0).then(|| z.tanh())
        })
    }

    /// Walks outward until the deviance has risen enough and narrows the last step down. Where a step leads to a value at
    /// which the search finds no covariance from the last one, it is shortened; `None` where that leads nowhere.
    fn outward(&mut self, estimate: f64, place: impl Fn(i32) -> Option<f64>) -> Option<f64> {
        self.warm.clone_from(&self.start);
        let (mut inside, mut step) = (estimate, 1);
        for _ in 0..200 {
            let mut outside = place(step)?;
            let (mut excess, mut halved) = (self.excess(outside), false);
            for _ in 0..30 {
                if excess.is_finite() {
                    break;
                }
                halved = true;
                outside = 0.5 * (inside + outside);
                excess = self.excess(outside);
            }
            if !excess.is_finite() {
                return None;
            }
            if excess > 0.0 {
                return self.crossing(inside, outside, excess);
            }
            inside = outside;
            step += i32::from(!halved);
        }
        None
    }

    /// Where the excess is zero between a value inside the interval and one outside: regula falsi with the Illinois
    /// modification, guarded by bisection.
    fn crossing(&mut self, inside: f64, outside: f64, excess: f64) -> Option<f64> {
        let (mut a, mut b) = (inside, outside);
        let (mut fa, mut fb) = (self.excess(a), excess);
        for i in 0..100 {
            let mut middle = (a * fb - b * fa) / (fb - fa);
            let between = (middle - a) * (middle - b) < 0.0;
            if !fb.is_finite() || !between || i % 8 == 7 {
                middle = 0.5 * (a + b);
            }
            let f = self.excess(middle);
            if f.abs() < 1e-10 || fb.is_finite() && (b - a).abs() < 1e-11 * (1.0 + b.abs()) {
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
        fb.is_finite().then_some(0.5 * (a + b))
    }

    /// How far the profile deviance at `value` is above the cut; infinite where no covariance with that value was found.
    fn excess(&mut self, value: f64) -> f64 {
        let chart = self.target.chart(value, self.base.problem.k);
        let mut best: Option<Minimum> = None;
        for from in [&self.warm, &self.start] {
            let mut from = from.clone();
            for &c in &self.vanishing {
                // A standard deviation left at zero is a stationary point: start a little away from it.
                if let Some(sd) = from.get_mut(c).filter(|sd| sd.abs() < 0.05) {
                    *sd = 0.3;
                }
            }
            let settings = Settings { decrement: 1e-14, ..Settings::default() };
            let found = minimise(&from, settings, |free| self.base.problem.held(&chart, free));
            if let Some(found) = found.filter(|f| best.as_ref().is_none_or(|b| f.at.value < b.at.value)) {
                best = Some(found);
            }
        }
        match best {
            Some(found) => {
                self.warm = found.x;
                2.0 * found.at.value - self.base.at.deviance - self.cut
            }
            None => f64::INFINITY,
        }
    }
}

impl Problem {
    /// −ℓ with derivatives in the free coordinates of a chart.
    fn held(&self, chart: &Chart, free: &[f64]) -> Option<Derivatives> {
        let psi = chart.psi(free)?;
        let own = self.natural(&psi);
        let k = self.k;
        let mut theta = vec![0.0; k];
        chart.places.iter().zip(&own).for_each(|(&place, v)| theta[place] = *v);
        let mut at = self.evaluate(&theta)?;
        at.gradient = chart.places.iter().map(|&i| at.gradient[i]).collect();
        at.hessian = chart
            .places
            .iter()
            .flat_map(|&i| chart.places.iter().map(move |&j| (i, j)))
            .map(|(i, j)| at.hessian[i * k + j])
            .collect();
        let jacobian = self.jacobian(&psi);
        let gradient: Vec<f64> =
            (0..k).map(|j| 0.5 * (0..k).map(|h| at.gradient[h] * jacobian[h * k + j]).sum::<f64>()).collect();
        let hessian = self.hessian_psi(&psi, &jacobian, &at);
        Some(Derivatives {
            value: 0.5 * at.deviance,
            gradient: chart.gradient(&gradient),
            hessian: chart.hessian(&hessian),
        })
    }
}
