//! Intraclass correlation of the two sides, single and average measure, and Lin's concordance coefficient.
//!
//! Two-way model with `k = 2` measurements of `n` patients; mean squares between patients (BMS), between sides (JMS) and
//! error (EMS). Agreement, ICC(A,1) and ICC(A,k), counts a systematic difference between the sides against it;
//! consistency, ICC(C,1) and ICC(C,k), does not. F tests and intervals of Shrout & Fleiss (1979) and McGraw & Wong (1996),
//! as R `psych::ICC`. One-way ICC(1,1), ICC(1,k) on request.

use super::method::{Method, Recipe, Topic};
use super::pairs::{check_count, check_options, check_pairs, rescaled};
use super::{Field, Options, Refusal, TestResult};
use crate::math::decimal::subtract;
use crate::math::descriptive::{mean, variance};
use crate::math::dist::{fisher_f, normal};
use crate::note;

/// What is known of the intraclass correlation beside its formula.
pub const ICC: Method = Method {
    topic: Topic::Likeness,
    options: &["--kind"],
    r: Recipe::Program,
    ..Method::of("icc", "Shrout & Fleiss 1979; McGraw & Wong 1996", |asked| {
        icc(asked.treated, asked.control, asked.settings.icc, asked.options)
    })
};

/// What is known of the concordance coefficient beside its formula.
pub const CONCORDANCE: Method = Method {
    topic: Topic::Likeness,
    ..Method::of("concordance", "Lin 1989, 2000", |asked| concordance(asked.treated, asked.control, asked.options))
};

/// What a systematic difference between the sides does to the correlation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// Absolute agreement, two-way random.
    #[default]
    Agreement,
    /// Consistency, two-way mixed.
    Consistency,
    /// One-way random: which side is which is ignored.
    OneWay,
}

/// Intraclass correlation: `estimate` is that of a single measurement, the `average` fields that of the mean of both.
///
/// The limits are two-sided and the F test asks whether the correlation is 0, whatever alternative `options` name.
///
/// # Errors
/// Fewer than two pairs, values that are not finite, or no variation between patients or within them.
pub fn icc(treated: &[f64], control: &[f64], kind: Kind, options: &Options) -> Result<TestResult, Refusal> {
    check_options(options)?;
    check_pairs(treated, control)?;
    check_count(treated.len(), 2, note!(m_icc))?;
    let (x, y, _) = rescaled(treated, control);
    let squares = MeanSquares::of(&x, &y)?;
    let tail = 0.5 * (1.0 - options.conf_level);
    let single = match kind {
        Kind::Agreement => squares.agreement(tail),
        Kind::Consistency => squares.consistency(tail),
        Kind::OneWay => squares.one_way(tail),
    };
    if !single.estimate.is_finite() {
        return Err(Refusal(note!(icc_none)));
    }
    let mut result = TestResult::undirected("icc", x.len(), options);
    result.estimate = Some(single.estimate);
    result.statistic = Some(single.f);
    result.df = Some(single.df1);
    result.p_value = Some(fisher_f::sf(single.f, single.df1, single.df2));
    let average = |r: f64| (1.0 + r > 0.0).then(|| 2.0 * r / (1.0 + r));
    let (low, high) = (single.low, single.high);
    (result.conf_low, result.conf_high) = (low, high);
    if low.is_none() {
        result.notes.push(note!(icc_interval));
    }
    result.extra = vec![
        (
            "kind",
            Field::Text(
                match kind {
                    Kind::Agreement => "agreement",
                    Kind::Consistency => "consistency",
                    Kind::OneWay => "one-way",
                }
                .into(),
            ),
        ),
        ("average", Field::Number(average(single.estimate))),
        ("average_low", Field::Number(low.and_then(average))),
        ("average_high", Field::Number(high.and_then(average))),
        ("den_df", Field::Number(Some(single.df2))),
    ];
    result.notes.push(note!(icc_p));
    Ok(result)
}

/// The two-way analysis of variance of n × 2 measurements.
struct MeanSquares {
    n: f64,
    between: f64,
    sides: f64,
    error: f64,
}

struct Coefficient {
    estimate: f64,
    f: f64,
    df1: f64,
    df2: f64,
    low: Option<f64>,
    high: Option<f64>,
}

impl MeanSquares {
    fn of(x: &[f64], y: &[f64]) -> Result<Self, Refusal> {
        let refusal = || Refusal(note!(icc_flat));
        let sums: Vec<f64> = x.iter().zip(y).map(|(a, b)| a + b).collect();
        let differences: Vec<f64> = x.iter().zip(y).map(|(a, b)| subtract(*a, *b)).collect();
        let between = variance(&sums).ok_or_else(refusal)? / 2.0;
        let error = variance(&differences).ok_or_else(refusal)? / 2.0;
        let n = x.len() as f64;
        let bias = mean(&differences).ok_or_else(refusal)?;
        let sides = n * bias * bias / 2.0;
        // Relative to values near 1 (the caller rescaled), rounding noise is no variation.
        if between + error <= 1e-30 || error <= 1e-30 {
            return Err(refusal());
        }
        Ok(Self { n, between, sides, error })
    }

    fn consistency(&self, tail: f64) -> Coefficient {
        let (df1, df2) = (self.n - 1.0, self.n - 1.0);
        let f = self.between / self.error;
        Self::ratio(f, df1, df2, tail)
    }

    fn one_way(&self, tail: f64) -> Coefficient {
        let (df1, df2) = (self.n - 1.0, self.n);
        let within = ((self.n - 1.0) * self.error + self.sides) / self.n;
        Self::ratio(self.between / within, df1, df2, tail)
    }

    /// `(F − 1)/(F + 1)` with the limits of F carried through.
    fn ratio(f: f64, df1: f64, df2: f64, tail: f64) -> Coefficient {
        let through = |f: f64| (f - 1.0) / (f + 1.0);
        let low = f / fisher_f::upper_quantile(tail, df1, df2);
        let high = f * fisher_f::upper_quantile(tail, df2, df1);
        Coefficient { estimate: through(f), f, df1, df2, low: Some(through(low)), high: Some(through(high)) }
    }

    fn agreement(&self, tail: f64) -> Coefficient {
        let (n, k) = (self.n, 2.0);
        let (b, j, e) = (self.between, self.sides, self.error);
        let estimate = (b - e) / (b + (k - 1.0) * e + k * (j - e) / n);
        let f = b / e;
        let df1 = n - 1.0;
        // Satterthwaite's df of the denominator (Fleiss & Shrout 1978).
        let fj = j / e;
        let mixed = k * estimate * fj + n * (1.0 + (k - 1.0) * estimate) - k * estimate;
        let numerator = (n - 1.0) * (k - 1.0) * mixed * mixed;
        let inner = n * (1.0 + (k - 1.0) * estimate) - k * estimate;
        let denominator = (n - 1.0) * k * k * estimate * estimate * fj * fj + inner * inner;
        let v = numerator / denominator;
        let limits = (v > 0.0 && v.is_finite()).then(|| {
            let f_low = fisher_f::upper_quantile(tail, n - 1.0, v);
            let f_high = fisher_f::upper_quantile(tail, v, n - 1.0);
            let rest = k * j + (k * n - k - n) * e;
            (n * (b - f_low * e) / (f_low * rest + n * b), n * (f_high * b - e) / (rest + n * f_high * b))
        });
        // With very few pairs the estimate may leave [−1, 1], and its interval means nothing.
        let limits = limits.filter(|(low, high)| low <= high && estimate.abs() <= 1.0);
        let finite = |value: f64| Some(value).filter(|value| value.is_finite());
        Coefficient {
            estimate,
            f,
            df1,
            df2: n - 1.0,
            low: limits.and_then(|(low, _)| finite(low)),
            high: limits.and_then(|(_, high)| finite(high)),
        }
    }
}

/// Lin's concordance correlation coefficient with its z-transform interval (Lin 1989, 2000 erratum; R `epiR::epi.ccc`).
///
/// Extra fields: `c_b` (bias correction), `scale_shift` (SD treated over SD control) and `location_shift` (treated − control
/// over the geometric mean of the SDs); epiR's shifts run the other way.
///
/// # Errors
/// Fewer than three pairs, values that are not finite, or a side without variation.
pub fn concordance(treated: &[f64], control: &[f64], options: &Options) -> Result<TestResult, Refusal> {
    check_options(options)?;
    check_pairs(treated, control)?;
    check_count(treated.len(), 3, note!(m_conc))?;
    let (x, y, _) = rescaled(treated, control);
    let refusal = || Refusal(note!(concordance_constant));
    let r = super::correlation::pearson_r(&x, &y).ok_or_else(refusal)?;
    let n = x.len() as f64;
    // Lin's moments have divisor n.
    let shrink = (n - 1.0) / n;
    let (vx, vy) = (variance(&x).ok_or_else(refusal)?, variance(&y).ok_or_else(refusal)?);
    let bias = mean(&x).ok_or_else(refusal)? - mean(&y).ok_or_else(refusal)?;
    let product = vx.sqrt() * vy.sqrt();
    let ccc = 2.0 * r * product * shrink / ((vx + vy) * shrink + bias * bias);
    let u = bias / (product * shrink).sqrt();
    let mut result = TestResult::new("concordance", x.len(), options);
    result.estimate = Some(ccc);
    if r != 0.0 && r.abs() < 1.0 && n > 2.0 {
        let (c2, r2, u2) = (ccc * ccc, r * r, u * u);
        let variance = ((1.0 - r2) * c2 * (1.0 - c2) / r2 + 2.0 * ccc.powi(3) * (1.0 - ccc) * u2 / r
            - 0.5 * ccc.powi(4) * u2 * u2 / r2)
            / (n - 2.0);
        let spread = (variance / ((1.0 - c2) * (1.0 - c2))).sqrt();
        if spread.is_finite() {
            let reach = normal::upper_quantile(options.tail()) * spread;
            let (low, high) = ((ccc.atanh() - reach).tanh(), (ccc.atanh() + reach).tanh());
            let (low, high) = options.alternative.limits(low, high, (-1.0, 1.0));
            (result.conf_low, result.conf_high) = (Some(low), Some(high));
        }
    } else {
        result.notes.push(note!(icc_no_interval));
    }
    result.extra = vec![
        ("c_b", Field::Number(Some(ccc / r).filter(|c| c.is_finite()))),
        ("scale_shift", Field::Number(Some((vx / vy).sqrt()))),
        ("location_shift", Field::Number(Some(u))),
    ];
    Ok(result)
}
