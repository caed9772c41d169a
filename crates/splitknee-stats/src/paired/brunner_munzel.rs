//! Paired Brunner–Munzel test of the marginal relative effect p = P(control < treated) + ½ P(control = treated), over all n²
//! combinations of a treated with a control value (Munzel & Brunner 2002): *not* the probability that a pair's own
//! difference is positive.
//!
//! With overall ranks R and within-side ranks of both samples, Zᵢ = (R_treated − rank within treated) −
//! (R_control − rank within control) over n; T = √n (p − ½)/sd(Z), t with n − 1 degrees of freedom. The permutation form exchanges the two values of a pair and
//! compares |T| (Konietschke & Pauly 2012): exact over all 2ⁿ exchanges where they can be counted, else Monte Carlo with
//! (k + 1)/(m + 1).

use super::method::{Method, ORDERED};
use super::pairs::{check_count, check_options, check_pairs};
use super::{Field, Options, Refusal, TestResult};
use crate::math::descriptive::{mean, mid_ranks, sd};
use crate::math::dist::student_t;
use crate::math::random::Stream;
use crate::note;

/// What is known of the test beside its formula.
pub const METHOD: Method = Method {
    kinds: ORDERED,
    options: &["--p", "--limits", "--samples", "--seed"],
    ..Method::of("brunner-munzel", "Munzel & Brunner 2002; Konietschke & Pauly 2012", |asked| {
        brunner_munzel(asked.treated, asked.control, asked.settings.brunner_munzel, asked.options)
    })
};

/// Kind of p-value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PValue {
    /// t with n − 1 degrees of freedom.
    #[default]
    StudentT,
    /// Exchanges within pairs, drawn at random where there are too many.
    Permutation,
    /// All exchanges within pairs.
    Exact,
}

/// Scale of the confidence limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Limits {
    /// p ± t SE, which may leave 0 and 1.
    #[default]
    Plain,
    /// On the logit of p.
    Logit,
}

/// What the test can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Kind of p-value.
    pub p: PValue,
    /// Scale of the limits.
    pub limits: Limits,
    /// Exchanges drawn where they are drawn at random.
    pub samples: usize,
    /// Seed of the draws.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { p: PValue::StudentT, limits: Limits::Plain, samples: 10_000, seed: 1 }
    }
}

/// Most pairs of which all exchanges are counted.
const MOST_EXACT: usize = 18;

/// Tests whether p = ½.
///
/// # Errors
/// Fewer than two pairs; values that do not vary; exact asked for with more than 18 pairs.
pub fn brunner_munzel(
    treated: &[f64],
    control: &[f64],
    settings: Settings,
    options: &Options,
) -> Result<TestResult, Refusal> {
    check_options(options)?;
    check_pairs(treated, control)?;
    let n = treated.len();
    check_count(n, 2, METHOD.name)?;
    let effect = Effect::of(treated, control);
    let mut result = TestResult::new("brunner-munzel", n, options);
    result.note_unused_mu(options);
    result.estimate = Some(effect.p);
    let df = n as f64 - 1.0;
    let limit_quantile = student_t::upper_quantile(options.tail(), df);
    let Some(error) = effect.std_error.filter(|error| *error > 0.0) else {
        return Err(Refusal(note!(no_std_error)));
    };
    let statistic = (effect.p - 0.5) / error;
    (result.std_error, result.statistic, result.df) = (Some(error), Some(statistic), Some(df));
    let plain = (effect.p - limit_quantile * error, effect.p + limit_quantile * error);
    let logit = logit_limits(effect.p, error, limit_quantile);
    let (low, high) = match (settings.limits, logit) {
        (Limits::Logit, Some(limits)) => limits,
        _ => plain,
    };
    let (low, high) = options.alternative.limits(low, high, (0.0, 1.0));
    (result.conf_low, result.conf_high) = (Some(low), Some(high));
    let (p_value, exact, samples) = match settings.p {
        PValue::StudentT => (options.alternative.p_of_t(statistic, df), None, None),
        PValue::Exact if n > MOST_EXACT => {
            return Err(Refusal(note!(exchanges_many, n = n, most = MOST_EXACT)));
        }
        PValue::Permutation | PValue::Exact if n <= MOST_EXACT => {
            let (lower, upper, both) = all_exchanges(treated, control, statistic);
            (tail(options, lower, upper, both), Some(true), None)
        }
        _ => {
            let (lower, upper, both) = drawn_exchanges(treated, control, statistic, &settings);
            (tail(options, lower, upper, both), Some(false), Some(settings.samples as u64))
        }
    };
    (result.p_value, result.exact) = (Some(p_value), exact);
    result.extra = vec![
        ("conf_low_logit", Field::Number(logit.map(|limits| limits.0))),
        ("conf_high_logit", Field::Number(logit.map(|limits| limits.1))),
    ];
    if let Some(samples) = samples {
        result.extra.push(("samples", Field::Count(samples)));
    }
    result.notes.push(note!(relative_marginal));
    Ok(result)
}

fn tail(options: &Options, lower: f64, upper: f64, both: f64) -> f64 {
    match options.alternative {
        super::Alternative::TwoSided => both,
        super::Alternative::Less => lower,
        super::Alternative::Greater => upper,
    }
}

fn logit_limits(p: f64, error: f64, quantile: f64) -> Option<(f64, f64)> {
    let slope = p * (1.0 - p);
    if slope <= 0.0 {
        return None;
    }
    let (centre, half) = ((p / (1.0 - p)).ln(), quantile * error / slope);
    let back = |x: f64| 1.0 / (1.0 + (-x).exp());
    Some((back(centre - half), back(centre + half)))
}

struct Effect {
    p: f64,
    std_error: Option<f64>,
}

impl Effect {
    fn of(treated: &[f64], control: &[f64]) -> Self {
        let n = treated.len();
        let all: Vec<f64> = control.iter().chain(treated).copied().collect();
        let overall = mid_ranks(&all);
        let (within_control, within_treated) = (mid_ranks(control), mid_ranks(treated));
        let z: Vec<f64> = (0..n)
            .map(|i| ((overall[n + i] - within_treated[i]) - (overall[i] - within_control[i])) / n as f64)
            .collect();
        let difference = mean(&overall[n..]).unwrap_or(0.0) - mean(&overall[..n]).unwrap_or(0.0);
        let p = difference / (2.0 * n as f64) + 0.5;
        Self { p, std_error: sd(&z).map(|sd| sd / (n as f64).sqrt()) }
    }

    /// T; infinite with the sign of p − ½ where the pairs do not vary.
    fn statistic(&self) -> f64 {
        let shift = self.p - 0.5;
        match self.std_error.filter(|error| *error > 0.0) {
            Some(error) => shift / error,
            None if shift == 0.0 => 0.0,
            None => shift.signum() * f64::INFINITY,
        }
    }
}

/// Shares of exchanges whose T is at most, at least, and in size at least the observed one.
struct Count {
    lower: usize,
    upper: usize,
    both: usize,
    of: usize,
}

impl Count {
    fn new() -> Self {
        Self { lower: 0, upper: 0, both: 0, of: 0 }
    }

    fn see(&mut self, t: f64, observed: f64) {
        let slack = 1e-10 * observed.abs().max(1.0);
        self.of += 1;
        self.lower += usize::from(t <= observed + slack);
        self.upper += usize::from(t >= observed - slack);
        self.both += usize::from(t.abs() >= observed.abs() - slack);
    }

    fn shares(&self, plus: usize) -> (f64, f64, f64) {
        let share = |count: usize| (count + plus) as f64 / (self.of + plus) as f64;
        (share(self.lower), share(self.upper), share(self.both))
    }
}

fn all_exchanges(treated: &[f64], control: &[f64], observed: f64) -> (f64, f64, f64) {
    let n = treated.len();
    let mut count = Count::new();
    for pattern in 0_u32..(1 << n) {
        let swapped = |i: usize| pattern >> i & 1 == 1;
        let side = |own: &[f64], other: &[f64]| -> Vec<f64> {
            (0..n).map(|i| if swapped(i) { other[i] } else { own[i] }).collect()
        };
        count.see(Effect::of(&side(treated, control), &side(control, treated)).statistic(), observed);
    }
    count.shares(0)
}

fn drawn_exchanges(treated: &[f64], control: &[f64], observed: f64, settings: &Settings) -> (f64, f64, f64) {
    let n = treated.len();
    let mut count = Count::new();
    for sample in 0..settings.samples {
        let mut stream = Stream::new(settings.seed, sample as u64);
        let (mut a, mut b) = (treated.to_vec(), control.to_vec());
        for i in 0..n {
            if stream.uniform() < 0.5 {
                std::mem::swap(&mut a[i], &mut b[i]);
            }
        }
        count.see(Effect::of(&a, &b).statistic(), observed);
    }
    count.shares(1)
}
