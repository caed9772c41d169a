//! Posterior of the mean paired difference under a declared prior: a normal prior, or a robust mixture of it with a vague
//! normal (Schmidli et al. 2014).
//!
//! Three likelihoods of the observed mean with standard error s/√n: *normal* plugs s in (too sure with few pairs);
//! *inflated* is normal with the variance of the t, s²/n (n − 1)/(n − 3); *t*, the default, is dt((mean − δ)/se, n − 1), σ
//! integrated out under 1/σ. The first two are closed; the third is one-dimensional and integrated by Gauss–Legendre panels
//! laid around prior and likelihood. No sampling.

use super::{Better, Refusal};
use crate::math::dist::{normal, student_t};
use crate::math::quadrature::gauss_legendre;
use crate::math::roots::brent;
use crate::note;
use serde::Serialize;

/// How the data enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Likelihood {
    /// σ known as s.
    Normal,
    /// σ integrated out.
    #[default]
    T,
    /// Normal with the variance of the t.
    Inflated,
}

/// A normal component of the prior.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Component {
    /// Prior weight.
    pub weight: f64,
    /// Mean.
    pub mean: f64,
    /// Standard deviation, positive.
    pub sd: f64,
}

/// The question.
#[derive(Debug, Clone, PartialEq)]
pub struct BayesQuestion {
    /// Pairs.
    pub n: usize,
    /// Mean difference, active − placebo.
    pub mean: f64,
    /// SD of the differences.
    pub sd: f64,
    /// The prior: weights add up to 1.
    pub prior: Vec<Component>,
    /// How the data enter.
    pub likelihood: Likelihood,
    /// Direction of benefit.
    pub better: Better,
    /// Minimal important difference on the scale of the difference, signed (negative where lower is better).
    pub mcid: Option<f64>,
    /// Probability of the credible interval.
    pub level: f64,
}

/// The posterior.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Posterior {
    /// `bayes`.
    pub method: &'static str,
    /// Pairs.
    pub n_pairs: usize,
    /// How the data entered.
    pub likelihood: Likelihood,
    /// Posterior mean.
    pub mean: f64,
    /// Posterior SD.
    pub sd: f64,
    /// Posterior median.
    pub median: f64,
    /// Lower limit of the equal-tailed interval.
    pub conf_low: f64,
    /// Upper limit.
    pub conf_high: f64,
    /// Probability of the interval.
    pub conf_level: f64,
    /// Posterior probability of a benefit.
    pub p_benefit: f64,
    /// Posterior probability of a benefit beyond the minimal important difference.
    pub p_mcid: Option<f64>,
    /// Posterior weight of the first component of the prior.
    pub posterior_weight: f64,
}

/// The posterior of the mean difference.
///
/// # Errors
/// Fewer than two pairs (four for `inflated`), SDs that are not positive, weights that do not add up to 1.
pub fn bayes(question: &BayesQuestion) -> Result<Posterior, Refusal> {
    let least = if question.likelihood == Likelihood::Inflated { 4 } else { 2 };
    if question.n < least {
        return Err(Refusal(note!(bayes_pairs, n = question.n, least = least)));
    }
    let positive = |x: f64| x > 0.0 && x.is_finite();
    if !positive(question.sd) || !question.mean.is_finite() {
        return Err(Refusal(note!(bayes_data)));
    }
    if question.prior.iter().any(|part| !positive(part.sd) || !part.mean.is_finite() || part.weight < 0.0) {
        return Err(Refusal(note!(bayes_prior)));
    }
    if (question.prior.iter().map(|part| part.weight).sum::<f64>() - 1.0).abs() > 1e-9 {
        return Err(Refusal(note!(bayes_weights)));
    }
    if !(question.level > 0.0 && question.level < 1.0) {
        return Err(Refusal(note!(level_range, level = question.level)));
    }
    let law = match question.likelihood {
        Likelihood::T => Law::Panels(Panels::of(question)),
        Likelihood::Normal => Law::Mixture(conjugate(question, 1.0)),
        Likelihood::Inflated => {
            let n = question.n as f64;
            Law::Mixture(conjugate(question, (n - 1.0) / (n - 3.0)))
        }
    };
    let (mean, sd, weight) = law.moments();
    let tail = 0.5 * (1.0 - question.level);
    let quantile = |p: f64| law.quantile(p, mean, sd).ok_or_else(|| Refusal(note!(bayes_quantile)));
    // Beyond a threshold, towards benefit.
    let beyond = |threshold: f64| match question.better {
        Better::Lower => law.cdf(threshold),
        Better::Higher => 1.0 - law.cdf(threshold),
    };
    Ok(Posterior {
        method: "bayes",
        n_pairs: question.n,
        likelihood: question.likelihood,
        mean,
        sd,
        median: quantile(0.5)?,
        conf_low: quantile(tail)?,
        conf_high: quantile(1.0 - tail)?,
        conf_level: question.level,
        p_benefit: beyond(0.0),
        p_mcid: question.mcid.map(beyond),
        posterior_weight: weight,
    })
}

/// The components after the data, whose error variance is that of the mean times `inflation`.
fn conjugate(question: &BayesQuestion, inflation: f64) -> Vec<Component> {
    let variance = inflation * question.sd * question.sd / question.n as f64;
    let after = |part: &Component| {
        let own = part.sd * part.sd;
        let marginal = (own + variance).sqrt();
        let z = (question.mean - part.mean) / marginal;
        let log_weight = part.weight.ln() - 0.5 * z * z - marginal.ln();
        let share = own / (own + variance);
        (log_weight, part.mean + share * (question.mean - part.mean), (share * variance).sqrt())
    };
    let parts: Vec<(f64, f64, f64)> = question.prior.iter().map(after).collect();
    let most = parts.iter().map(|part| part.0).fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = parts.iter().map(|part| (part.0 - most).exp()).sum();
    parts.into_iter().map(|(log, mean, sd)| Component { weight: (log - most).exp() / total, mean, sd }).collect()
}

enum Law {
    Mixture(Vec<Component>),
    Panels(Panels),
}

impl Law {
    fn cdf(&self, x: f64) -> f64 {
        match self {
            Self::Mixture(parts) => parts.iter().map(|p| p.weight * normal::cdf((x - p.mean) / p.sd)).sum(),
            Self::Panels(panels) => panels.cdf(x),
        }
    }

    /// Mean, SD, posterior weight of the first component.
    fn moments(&self) -> (f64, f64, f64) {
        match self {
            Self::Mixture(parts) => {
                let mean: f64 = parts.iter().map(|p| p.weight * p.mean).sum();
                let variance: f64 = parts.iter().map(|p| p.weight * (p.sd * p.sd + (p.mean - mean).powi(2))).sum();
                (mean, variance.sqrt(), parts.first().map_or(1.0, |p| p.weight))
            }
            Self::Panels(panels) => (panels.mean, panels.sd, panels.weight),
        }
    }

    fn quantile(&self, p: f64, mean: f64, sd: f64) -> Option<f64> {
        let mut reach = 4.0;
        while self.cdf(mean - reach * sd) > p || self.cdf(mean + reach * sd) < p {
            reach *= 2.0;
            if reach > 1e6 {
                return None;
            }
        }
        brent(|x| self.cdf(x) - p, mean - reach * sd, mean + reach * sd, 1e-13 * sd.max(f64::MIN_POSITIVE))
    }
}

/// The posterior under the t likelihood, on panels.
struct Panels {
    question: BayesQuestion,
    /// Panel limits with the mass up to each, divided by the total.
    limits: Vec<f64>,
    below: Vec<f64>,
    total: f64,
    mean: f64,
    sd: f64,
    weight: f64,
    rule: Vec<(f64, f64)>,
}

impl Panels {
    fn of(question: &BayesQuestion) -> Self {
        let se = question.sd / (question.n as f64).sqrt();
        // Distances in units of each centre's own scale: fine where it is curved, geometric in the tails.
        let steps: Vec<f64> =
            (0..=40).map(|k| 0.25 * f64::from(k)).chain((0..30).map(|k| 11.0 * 1.5_f64.powi(k))).collect();
        let centres = question.prior.iter().map(|p| (p.mean, p.sd)).chain([(question.mean, se)]);
        let mut limits: Vec<f64> = centres
            .flat_map(|(mean, sd)| steps.iter().flat_map(move |step| [mean - step * sd, mean + step * sd]))
            .collect();
        // Beyond 38 SDs of every component a normal prior is 0 in floating point.
        let low = question.prior.iter().map(|p| p.mean - 38.0 * p.sd).fold(f64::INFINITY, f64::min);
        let high = question.prior.iter().map(|p| p.mean + 38.0 * p.sd).fold(f64::NEG_INFINITY, f64::max);
        limits.retain(|x| (low..=high).contains(x));
        limits.extend([low, high]);
        limits.sort_by(f64::total_cmp);
        limits.dedup();
        let mut panels = Self {
            question: question.clone(),
            limits,
            below: Vec::new(),
            total: 1.0,
            mean: 0.0,
            sd: 0.0,
            weight: 0.0,
            rule: gauss_legendre(20),
        };
        let centre = question.mean;
        let mut sums = [0.0; 4];
        let mut below = vec![0.0];
        for two in panels.limits.windows(2) {
            let part = panels.integrals(two[0], two[1], centre);
            for (sum, part) in sums.iter_mut().zip(part) {
                *sum += part;
            }
            below.push(sums[0]);
        }
        panels.total = sums[0];
        panels.below = below.into_iter().map(|mass| mass / sums[0]).collect();
        let first = sums[1] / sums[0];
        panels.mean = centre + first;
        panels.sd = (sums[2] / sums[0] - first * first).max(0.0).sqrt();
        panels.weight = sums[3] / sums[0];
        panels
    }

    /// Mass, first and second moment about `centre`, and mass of the first component, between `from` and `to`.
    fn integrals(&self, from: f64, to: f64, centre: f64) -> [f64; 4] {
        let se = self.question.sd / (self.question.n as f64).sqrt();
        let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
        let mut sums = [0.0; 4];
        for &(node, weight) in &self.rule {
            let x = middle + half * node;
            let likelihood = student_t::pdf((self.question.mean - x) / se, self.question.n as f64 - 1.0);
            let mut parts = self.question.prior.iter().map(|p| p.weight / p.sd * normal::pdf((x - p.mean) / p.sd));
            let first = parts.next().unwrap_or(0.0);
            let density = likelihood * (first + parts.sum::<f64>()) * weight * half;
            sums[0] += density;
            sums[1] += density * (x - centre);
            sums[2] += density * (x - centre).powi(2);
            sums[3] += likelihood * first * weight * half;
        }
        sums
    }

    fn cdf(&self, x: f64) -> f64 {
        let at = self.limits.partition_point(|limit| *limit <= x);
        if at == 0 {
            return 0.0;
        }
        if at == self.limits.len() {
            return 1.0;
        }
        self.below[at - 1] + self.integrals(self.limits[at - 1], x, self.question.mean)[0] / self.total
    }
}
