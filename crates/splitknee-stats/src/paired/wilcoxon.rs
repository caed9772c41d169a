//! Wilcoxon signed-rank test with the Hodges–Lehmann estimate.
//!
//! `V` is the sum of the ranks of `|d − μ|` that belong to positive differences. Zeros are dropped before ranking
//! (Wilcoxon 1945, the default) or after it (Pratt 1959). The p-value is exact up to [`EXACT_TO`] differences, also with
//! ties and zeros (see [`super::signed_rank`]; R `coin` and `exactRankTests` agree), and normal with the tie-corrected
//! variance beyond or on request; the continuity correction is that of R `wilcox.test`.
//!
//! The estimate is the median of the Walsh averages of the differences that the test uses. Confidence limits invert the
//! test: exact ones are the outermost Walsh averages that the exact null distribution does not reject (Hollander, Wolfe &
//! Chicken 2014, §3.3; with ties the distribution is that of the observed mid-ranks, as `exactRankTests::wilcox.exact`),
//! asymptotic ones the Walsh averages where the normal statistic crosses its quantile (the roots that R `wilcox.test`
//! approaches to four digits). With few differences the test can reject no value at all (P(V = 0) = 2⁻ⁿ exceeds the
//! tail: fewer than six for a two-sided 95 % interval); then no interval of that level exists and none is given, where R
//! returns the outermost averages, whose level is lower (from four differences 87.5 %, from five 93.75 %).
//!
//! Ties and zeros are those of the decimal numbers that were recorded ([`crate::math::decimal::shifted`]): differences
//! that are equal but for the rounding of doubles share a rank, where R ranks them as different.

use super::method::{Estimate, Method, ORDERED, Recipe};
use super::pairs::{check_count, check_finite, check_options};
use super::result::{UNBOUNDED, percent};
use super::signed_rank::SignedRank;
use super::walsh::Walsh;
use super::{Alternative, Field, Options, Refusal, TestResult};
use crate::math::decimal::{self, Grid};
use crate::math::descriptive::mid_ranks;
use crate::math::dist::normal;
use crate::note;

/// What is known of the test beside its formula.
pub const METHOD: Method = Method {
    kinds: ORDERED,
    estimate: Estimate::Centre,
    options: &["--zeros", "--p", "--continuity", "--transform"],
    r: Recipe::Program,
    sas: Some("proc univariate data=pairs; {place}; var difference; run;"),
    citation: Some(
        "Wilcoxon F. Individual comparisons by ranking methods. Biometrics Bulletin 1945;1:80–83. Streitberg B, Röhmel J. \
     Exact distributions for permutation and rank tests. Statistical Software Newsletter 1986;12:10–17. Hodges JL, \
     Lehmann EL. Estimates of location based on rank tests. Ann Math Stat 1963;34:598–611.",
    ),
    ..Method::of(
        "wilcoxon",
        "Wilcoxon 1945; exact distribution with ties by Streitberg & Röhmel 1986; Hodges & Lehmann 1963",
        |asked| wilcoxon(&asked.differences()?, asked.settings.wilcoxon, asked.options),
    )
};

/// Up to this many non-zero differences the exact distribution is used by default (a few milliseconds).
pub const EXACT_TO: usize = 250;

/// Up to this many it can be asked for (about a second).
pub const EXACT_ON_REQUEST_TO: usize = 1000;

/// What becomes of differences equal to the null value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Zeros {
    /// Dropped before ranking (Wilcoxon 1945; R `wilcox.test`, SAS).
    #[default]
    Wilcoxon,
    /// Ranked, then dropped (Pratt 1959; default of R `coin`).
    Pratt,
}

/// How the p-value and the interval are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PValue {
    /// Exact where feasible, asymptotic beyond.
    #[default]
    Auto,
    /// Exact, or refused.
    Exact,
    /// Normal approximation.
    Asymptotic,
}

/// The choices of a signed-rank test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settings {
    /// Treatment of zeros.
    pub zeros: Zeros,
    /// Exact or asymptotic.
    pub p: PValue,
    /// Continuity correction of the asymptotic p-value and interval (off by default).
    pub continuity: bool,
}

/// Tests whether the differences are symmetric about `options.mu`.
///
/// # Errors
/// No differences, values that are not finite, differences that all equal the null value, or an exact p-value asked for
/// more than [`EXACT_ON_REQUEST_TO`] differences.
pub fn wilcoxon(differences: &[f64], settings: Settings, options: &Options) -> Result<TestResult, Refusal> {
    check_options(options)?;
    check_finite(differences)?;
    check_count(differences.len(), 1, note!(m_rank))?;
    let shifted = decimal::shifted(differences, options.mu);
    check_finite(&shifted)?;
    let nonzero: Vec<f64> = shifted.iter().copied().filter(|d| *d != 0.0).collect();
    if nonzero.is_empty() {
        return Err(Refusal(note!(wilcoxon_none)));
    }
    let used = match settings.zeros {
        Zeros::Wilcoxon => nonzero,
        Zeros::Pratt => shifted.clone(),
    };
    let all_ranks = mid_ranks(&used.iter().map(|d| d.abs()).collect::<Vec<_>>());
    let ranks: Vec<f64> = used.iter().zip(&all_ranks).filter(|(d, _)| **d != 0.0).map(|(_, rank)| *rank).collect();
    let v: f64 = used.iter().zip(&all_ranks).filter(|(d, _)| **d > 0.0).map(|(_, rank)| *rank).sum();
    // An empty sum is −0.
    let v = v + 0.0;

    let exact = match settings.p {
        PValue::Asymptotic => false,
        PValue::Auto => ranks.len() <= EXACT_TO,
        PValue::Exact if ranks.len() > EXACT_ON_REQUEST_TO => {
            return Err(Refusal(note!(wilcoxon_too_many, most = EXACT_ON_REQUEST_TO, n = ranks.len())));
        }
        PValue::Exact => true,
    };
    let mut result = TestResult::new("wilcoxon", differences.len(), options);
    result.statistic = Some(v);
    result.exact = Some(exact);

    let expectation = 0.5 * ranks.iter().sum::<f64>();
    let sigma = (0.25 * ranks.iter().map(|rank| rank * rank).sum::<f64>()).sqrt();
    let continuity = settings.continuity && !exact;
    let z = (v - expectation - correction(v - expectation, continuity, options.alternative)) / sigma;
    // On a decimal grid the averages are taken of whole numbers, so that they are exact and tie as the decimals do.
    let grid = Grid::of(used.iter().copied());
    let whole: Vec<f64> = used.iter().map(|d| grid.map_or(*d, |grid| grid.whole(*d))).collect();
    let back = |average: f64| decimal::add(grid.map_or(average, |grid| grid.value(average)), options.mu);
    let walsh = Walsh::new(&whole);
    let limits;
    if exact {
        let null = SignedRank::new(&ranks);
        result.p_value = Some(options.alternative.p_of_tails(null.cdf(v), null.upper(v)));
        // With zeros among the ranked differences the limits need the distribution of all ranks.
        let inverted = if ranks.len() == used.len() { null } else { SignedRank::new(&all_ranks) };
        let tied = all_ranks.iter().any(|rank| rank.fract() != 0.0) || has_ties(&all_ranks);
        limits = exact_limits(&walsh, &inverted, tied, options);
    } else {
        result.p_value = Some(options.alternative.p_of_z(z));
        limits = asymptotic_limits(&walsh, &whole, settings.continuity, options);
    }
    result.estimate = walsh.median().map(back);
    result.notes = notes(settings, exact, &shifted, &ranks);
    match limits {
        Some((low, high)) => {
            result.conf_low = Some(back(low));
            result.conf_high = Some(back(high));
        }
        None => result.notes.push(note!(wilcoxon_limit, level = percent(options.conf_level), n = used.len())),
    }
    result.extra = vec![
        ("z", Field::Number(Some(z))),
        ("n_zero", Field::Count((shifted.iter().filter(|d| **d == 0.0).count()) as u64)),
        ("n_ranked", Field::Count(ranks.len() as u64)),
        ("expectation", Field::Number(Some(expectation))),
        ("variance", Field::Number(Some(sigma * sigma))),
        ("zeros", Field::Text(if settings.zeros == Zeros::Pratt { "pratt" } else { "wilcoxon" }.into())),
    ];
    Ok(result)
}

/// R's continuity correction of `V − E(V)`.
fn correction(deviation: f64, continuity: bool, alternative: Alternative) -> f64 {
    if !continuity {
        return 0.0;
    }
    match alternative {
        Alternative::TwoSided if deviation == 0.0 => 0.0,
        Alternative::TwoSided => 0.5_f64.copysign(deviation),
        Alternative::Greater => 0.5,
        Alternative::Less => -0.5,
    }
}

fn has_ties(ranks: &[f64]) -> bool {
    let sorted = crate::math::descriptive::sorted(ranks);
    sorted.windows(2).any(|pair| pair[0] == pair[1])
}

/// Limits by inverting the exact test; `None` where even all differences on one side are not rejected.
fn exact_limits(walsh: &Walsh, null: &SignedRank, tied: bool, options: &Options) -> Option<(f64, f64)> {
    let tail = options.tail();
    // Beyond the outermost averages V is 0 or the sum of all ranks, and the test rejects there or nowhere.
    if null.cdf(0.0) > tail * (1.0 + 1e-12) {
        return None;
    }
    let low_quantile = null.lower_quantile(tail);
    let (low, high) = if tied {
        tied_limits(walsh, low_quantile, null.maximum() - low_quantile)
    } else {
        // qsignrank, at least 1: the k-th Walsh average from either end.
        let k = (low_quantile as u64).max(1);
        let ends = (walsh.order_statistic(k), walsh.order_statistic(walsh.count() + 1 - k));
        (ends.0.unwrap_or(f64::NEG_INFINITY), ends.1.unwrap_or(f64::INFINITY))
    };
    Some(options.alternative.limits(low, high, UNBOUNDED))
}

/// The largest Walsh average at which the statistic still exceeds the upper quantile, and the smallest at which it has
/// fallen to the lower one; the outermost averages where there is none.
fn tied_limits(walsh: &Walsh, low_quantile: f64, high_quantile: f64) -> (f64, f64) {
    let list = walsh.list();
    let (Some(first), Some(last)) = (list.first(), list.last()) else {
        return (f64::NEG_INFINITY, f64::INFINITY);
    };
    // Averages equal but for rounding are one value: x + y and u + v may differ in the last place only.
    let fuzz = 1e-12 * first.0.abs().max(last.0.abs());
    let (mut low, mut high) = (first.0, last.0);
    let mut high_found = false;
    let mut start = 0;
    while start < list.len() {
        let mut end = start + 1;
        while end < list.len() && list[end].0 - list[start].0 <= fuzz {
            end += 1;
        }
        // V at d: averages above d, and half of those at d that join two different values (their |x − d| tie).
        let halves = list[start..end].iter().filter(|(_, different)| *different).count();
        let statistic = (list.len() - end) as f64 + 0.5 * halves as f64;
        if statistic > high_quantile {
            low = list[start].0;
        }
        if statistic <= low_quantile && !high_found {
            high = list[start].0;
            high_found = true;
        }
        start = end;
    }
    (low, high)
}

/// Limits by inverting the normal approximation; `None` where its statistic reaches the quantile for no value.
fn asymptotic_limits(walsh: &Walsh, used: &[f64], continuity: bool, options: &Options) -> Option<(f64, f64)> {
    let n = used.len() as f64;
    // Away from the Walsh averages the only ties of |d − x| are those between equal differences.
    let ties = crate::math::descriptive::sorted(used)
        .chunk_by(|a, b| a == b)
        .map(|group| (group.len() as f64).powi(3) - group.len() as f64)
        .sum::<f64>();
    let sigma = (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ties / 48.0).max(0.0).sqrt();
    let reach = normal::upper_quantile(options.tail()) * sigma + if continuity { 0.5 } else { 0.0 };
    let total = walsh.count();
    // The lower limit is the k-th average, k the last with total − k + 1 > E + reach; the upper one mirrors it.
    let k = (total as f64 + 1.0 - (0.5 * total as f64 + reach)).ceil() - 1.0;
    if k < 1.0 {
        return None;
    }
    let k = (k as u64).min(total);
    let low = walsh.order_statistic(k).unwrap_or(f64::NEG_INFINITY);
    let high = walsh.order_statistic(total + 1 - k).unwrap_or(f64::INFINITY);
    Some(options.alternative.limits(low, high, UNBOUNDED))
}

fn notes(settings: Settings, exact: bool, shifted: &[f64], ranks: &[f64]) -> crate::note::Notes {
    let mut notes = crate::note::Notes::new();
    let zeros = shifted.len() - ranks.len();
    if zeros > 0 {
        notes.push(match settings.zeros {
            Zeros::Wilcoxon => note!(wilcoxon_zeros, n = zeros),
            Zeros::Pratt => note!(wilcoxon_pratt, n = zeros),
        });
    }
    notes.push(if exact {
        note!(wilcoxon_exact)
    } else {
        let correction = if settings.continuity { note!(with_correction) } else { note!(without_correction) };
        note!(wilcoxon_normal, correction = correction)
    });
    notes
}
