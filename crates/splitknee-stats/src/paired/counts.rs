//! Exact conditional comparison of counts within pairs: the rate ratio of the treated to the control side.
//!
//! Given a pair's total mᵢ the treated count is binomial with pᵢ = ρ eᵢ₁/(ρ eᵢ₁ + eᵢ₀), ρ the rate ratio and e the exposures
//! (Przyborowski & Wilenski 1940; Fay 2010). With equal exposures in every pair the sum is one binomial; otherwise it is
//! the convolution of one per pair, so that nothing is pooled that should not be. The estimate is the conditional maximum,
//! Σ mᵢpᵢ = x; limits invert both tails (central), and so does the default p-value: `poisson.test`'s (minimum likelihood)
//! can contradict its own limits.
//!
//! The test is exact for Poisson counts only. Counts that vary more than that make it anti-conservative: Pearson's χ² of
//! the binomials over n − 1 is given, with the estimate's sandwich over patients, which does not assume it.

use super::method::{COUNTS, Estimate, Method, Recipe, Topic};
use super::pairs::{check_options, check_pairs};
use super::{Field, Options, Refusal, TestResult};
use crate::math::dist::{binomial, chi_squared, normal};
use crate::math::roots::brent;
use crate::note;
use crate::paired::proportion::{Tails, clopper_pearson};

/// What is known of the test beside its formula.
pub const METHOD: Method = Method {
    in_results: Some("paired-counts"),
    topic: Topic::Counts,
    kinds: COUNTS,
    estimate: Estimate::LogRatio,
    options: &["--p", "--exposure", "--exposure-treated", "--exposure-control"],
    r: Recipe::Program,
    citation: Some(
        "Przyborowski J, Wilenski H. Homogeneity of results in testing samples from Poisson series. Biometrika \
     1940;31:313–323. Fay MP. Two-sided exact tests and matching confidence intervals for discrete data. R J \
     2010;2(1):53–58.",
    ),
    ..Method::of("counts", "Przyborowski & Wilenski 1940; Fay 2010", |asked| {
        counts(&asked.counts()?, asked.settings.counts, asked.options)
    })
};

/// Kind of p-value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PValue {
    /// Twice the smaller tail: agrees with the limits.
    #[default]
    Central,
    /// All outcomes at most as likely as the observed one.
    MinimumLikelihood,
    /// Central, half the probability of the observed outcome taken off.
    MidP,
}

/// Largest sum of counts for which unequal exposures are convolved.
const MOST_CONVOLVED: u64 = 50_000;

/// The counts of pairs with their exposures.
#[derive(Debug, Clone, PartialEq)]
pub struct CountedPairs {
    /// Counts of the treated and of the control side.
    pub counts: Vec<(u64, u64)>,
    /// Exposures of both sides, positive.
    pub exposures: Vec<(f64, f64)>,
}

impl CountedPairs {
    /// Checks counts and exposures; without exposures they are equal.
    ///
    /// # Errors
    /// Counts that are negative or not whole, exposures that are not positive, columns of unequal length.
    pub fn new(treated: &[f64], control: &[f64], exposures: Option<(&[f64], &[f64])>) -> Result<Self, Refusal> {
        check_pairs(treated, control)?;
        let whole = |x: &f64| *x >= 0.0 && x.fract() == 0.0 && *x < 9e15;
        if let Some(wrong) = treated.iter().chain(control).find(|x| !whole(x)) {
            return Err(Refusal(note!(count_whole, value = wrong)));
        }
        let exposures: Vec<(f64, f64)> = match exposures {
            None => vec![(1.0, 1.0); treated.len()],
            Some((a, b)) if a.len() == treated.len() && b.len() == treated.len() => {
                a.iter().copied().zip(b.iter().copied()).collect()
            }
            Some(_) => return Err(Refusal(note!(unequal_exposures))),
        };
        if let Some((a, b)) = exposures.iter().find(|(a, b)| !(*a > 0.0 && *b > 0.0 && a.is_finite() && b.is_finite()))
        {
            return Err(Refusal(note!(exposure_positive, a = a, b = b)));
        }
        let counts = treated.iter().zip(control).map(|(a, b)| (*a as u64, *b as u64)).collect();
        Ok(Self { counts, exposures })
    }

    /// Totals and exposure ratios of the pairs with an event.
    fn informative(&self) -> Vec<(u64, f64, u64)> {
        self.counts
            .iter()
            .zip(&self.exposures)
            .filter(|((a, b), _)| a + b > 0)
            .map(|((a, b), (ea, eb))| (a + b, ea / eb, *a))
            .collect()
    }
}

/// Tests whether the rate ratio is `exp(options.mu)`, 1 by default.
///
/// # Errors
/// No pair with an event; a sum of counts too large to convolve.
pub fn counts(pairs: &CountedPairs, p: PValue, options: &Options) -> Result<TestResult, Refusal> {
    check_options(options)?;
    let informative = pairs.informative();
    let mut result = TestResult::new("counts", pairs.counts.len(), options);
    let total = |side: fn(&(u64, u64)) -> u64| pairs.counts.iter().map(side).sum::<u64>();
    let (x, y) = (total(|c| c.0), total(|c| c.1));
    let exposure = |side: fn(&(f64, f64)) -> f64| pairs.exposures.iter().map(side).sum::<f64>();
    result.exact = Some(true);
    result.extra = vec![
        ("count_treated", Field::Count(x)),
        ("count_control", Field::Count(y)),
        ("exposure_treated", Field::Number(Some(exposure(|e| e.0)))),
        ("exposure_control", Field::Number(Some(exposure(|e| e.1)))),
        ("n_informative", Field::Count(informative.len() as u64)),
    ];
    if informative.is_empty() {
        result.notes.push(note!(counts_no_event));
        for name in ["rate_ratio", "rate_ratio_low", "rate_ratio_high", "std_error_log"] {
            result.extra.push((name, Field::Number(None)));
        }
        result.extra.push(("overdispersion", Field::Json(serde_json::Value::Null)));
        result.extra.push(("robust", Field::Json(serde_json::Value::Null)));
        return Ok(result);
    }
    let law = Conditional::of(informative, x, x + y)?;
    let ratio = law.estimate();
    let (low, high) = law.limits(options)?;
    let (lower, upper, here) = law.tails(options.mu.exp());
    result.p_value = Some(match (p, options.alternative) {
        (PValue::MinimumLikelihood, super::Alternative::TwoSided) => law.minimum_likelihood(options.mu.exp()),
        (PValue::MidP, alternative) => alternative.p_of_tails(lower - 0.5 * here, upper - 0.5 * here),
        (_, alternative) => alternative.p_of_tails(lower, upper),
    });
    let inside = x > 0 && y > 0;
    let (information, squares, pearson) = law.spread(ratio);
    let std_error = inside.then(|| 1.0 / information.sqrt());
    result.estimate = inside.then(|| ratio.ln());
    result.std_error = std_error;
    (result.conf_low, result.conf_high) = (Some(low.ln()), Some(high.ln()));
    let finite = |value: f64| Field::Number(Some(value).filter(|v| v.is_finite()));
    result.extra.push(("rate_ratio", finite(ratio)));
    result.extra.push(("rate_ratio_low", finite(low)));
    result.extra.push(("rate_ratio_high", finite(high)));
    result.extra.push(("std_error_log", Field::Number(std_error)));
    let df = law.pairs.len() as f64 - 1.0;
    let over = (inside && df > 0.0).then(|| {
        serde_json::json!({"statistic": pearson, "df": df, "ratio": pearson / df, "p_value": chi_squared::sf(pearson, df)})
    });
    if over.is_some() && df > 0.0 && chi_squared::sf(pearson, df) < 0.05 {
        result.notes.push(note!(counts_overdispersed));
    }
    result.extra.push(("overdispersion", Field::Json(over.unwrap_or_default())));
    let robust = inside.then(|| {
        let error = squares.sqrt() / information;
        let z = normal::upper_quantile(0.5 * (1.0 - options.conf_level));
        serde_json::json!({
            "std_error_log": error,
            "rate_ratio_low": (ratio.ln() - z * error).exp(),
            "rate_ratio_high": (ratio.ln() + z * error).exp(),
        })
    });
    result.extra.push(("robust", Field::Json(robust.unwrap_or_default())));
    Ok(result)
}

/// The law of the treated sum given every pair's total.
struct Conditional {
    /// Total, exposure ratio and treated count of each pair.
    pairs: Vec<(u64, f64, u64)>,
    x: u64,
    n: u64,
    /// The exposure ratio of all pairs, where they share one.
    common: Option<f64>,
}

impl Conditional {
    fn of(pairs: Vec<(u64, f64, u64)>, x: u64, n: u64) -> Result<Self, Refusal> {
        let first = pairs[0].1;
        let common = pairs.iter().all(|pair| (pair.1 / first - 1.0).abs() < 1e-12).then_some(first);
        if common.is_none() && n > MOST_CONVOLVED {
            return Err(Refusal(note!(counts_many, n = n, most = MOST_CONVOLVED)));
        }
        Ok(Self { pairs, x, n, common })
    }

    fn share(ratio: f64, exposure: f64) -> f64 {
        if ratio.is_infinite() { 1.0 } else { ratio * exposure / (ratio * exposure + 1.0) }
    }

    /// The conditional maximum-likelihood rate ratio; 0 or infinite where one side has no event.
    fn estimate(&self) -> f64 {
        if self.x == 0 {
            return 0.0;
        }
        if self.x == self.n {
            return f64::INFINITY;
        }
        if let Some(exposure) = self.common {
            return self.x as f64 / (self.n - self.x) as f64 / exposure;
        }
        let excess = |log: f64| {
            let expected: f64 = self.pairs.iter().map(|(m, e, _)| *m as f64 * Self::share(log.exp(), *e)).sum();
            expected - self.x as f64
        };
        self.root(excess).exp()
    }

    /// The root of a rising function of the log rate ratio.
    fn root(&self, f: impl Fn(f64) -> f64) -> f64 {
        let mut reach = 4.0;
        while f(-reach) > 0.0 || f(reach) < 0.0 {
            reach *= 2.0;
            if reach > 600.0 {
                return f64::NAN;
            }
        }
        brent(f, -reach, reach, 1e-14).unwrap_or(f64::NAN)
    }

    /// Probabilities of at most, at least and exactly the observed sum.
    fn tails(&self, ratio: f64) -> (f64, f64, f64) {
        if let Some(exposure) = self.common {
            let p = Self::share(ratio, exposure);
            let upper = if self.x == 0 { 1.0 } else { binomial::sf(self.x - 1, self.n, p) };
            return (binomial::cdf(self.x, self.n, p), upper, binomial::pmf(self.x, self.n, p));
        }
        let law = self.law(ratio);
        let x = self.x as usize;
        (law[..=x].iter().sum(), law[x..].iter().sum(), law[x])
    }

    fn minimum_likelihood(&self, ratio: f64) -> f64 {
        let law = match self.common {
            Some(exposure) => {
                let p = Self::share(ratio, exposure);
                (0..=self.n).map(|k| binomial::pmf(k, self.n, p)).collect()
            }
            None => self.law(ratio),
        };
        let here = law[self.x as usize] * (1.0 + 1e-7);
        law.iter().filter(|p| **p <= here).sum::<f64>().min(1.0)
    }

    /// The probabilities of all sums, by convolution over pairs.
    fn law(&self, ratio: f64) -> Vec<f64> {
        let mut law = vec![1.0];
        for (m, exposure, _) in &self.pairs {
            let p = Self::share(ratio, *exposure);
            let own: Vec<f64> = (0..=*m).map(|k| binomial::pmf(k, *m, p)).collect();
            let mut next = vec![0.0; law.len() + own.len() - 1];
            for (i, a) in law.iter().enumerate() {
                for (j, b) in own.iter().enumerate() {
                    next[i + j] += a * b;
                }
            }
            law = next;
        }
        law
    }

    /// Central limits of the rate ratio.
    fn limits(&self, options: &Options) -> Result<(f64, f64), Refusal> {
        let tails = Tails::of(options)?;
        if let Some(exposure) = self.common {
            let odds = |(p, q): (f64, f64)| p / q / exposure;
            let (low, high) = clopper_pearson(self.x, self.n, tails);
            return Ok((odds(low), odds(high)));
        }
        let low = match tails.lower.filter(|_| self.x > 0) {
            Some(tail) => self.root(|log| self.tails(log.exp()).1 - tail).exp(),
            None => 0.0,
        };
        let high = match tails.upper.filter(|_| self.x < self.n) {
            Some(tail) => self.root(|log| tail - self.tails(log.exp()).0).exp(),
            None => f64::INFINITY,
        };
        Ok((low, high))
    }

    /// Information about the log ratio, sum of squared scores, Pearson's χ².
    fn spread(&self, ratio: f64) -> (f64, f64, f64) {
        let mut sums = (0.0, 0.0, 0.0);
        for (m, exposure, x) in &self.pairs {
            let p = Self::share(ratio, *exposure);
            let variance = *m as f64 * p * (1.0 - p);
            let score = *x as f64 - *m as f64 * p;
            sums.0 += variance;
            sums.1 += score * score;
            sums.2 += if variance > 0.0 { score * score / variance } else { 0.0 };
        }
        sums
    }
}
