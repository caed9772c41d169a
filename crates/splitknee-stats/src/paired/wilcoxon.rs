//! Wilcoxon signed-rank test with the Hodges–Lehmann estimate.
//!
//! `V` is the sum of the ranks of `|d − μ|` that belong to positive differences. Zeros are dropped before ranking
//! (Wilcoxon 1945, the default) or after it (Pratt 1959). The p-value is exact up to [`EXACT_TO`] differences, also with
//! ties and zeros (see [`super::signed_rank`]; R `coin` and `exactRankTests` agree), and normal with the tie-corrected
//! variance beyond or on request; the continuity correction is that of R `wilcox.test`.
//!
//! The estimate is the median of the Walsh averages of the differences that the test uses. Confidence limits invert the
//! test: exact ones are the ends of the values that the exact test does not reject (Hollander, Wolfe & Chicken 2014, §3.3);
//! with equal differences its distribution is that of the mid-ranks around each value, so that the limits of −d are those of d
//! with the other sign. `exactRankTests::wilcox.exact` keeps the mid-ranks around 0 and treats its two ends differently:
//! exchanging the arms changes its interval. Asymptotic limits are the Walsh averages where the normal statistic crosses its
//! quantile (the roots that R `wilcox.test` approaches to four digits). With few differences the test can reject no value at all (P(V = 0) = 2⁻ⁿ exceeds the
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
        limits = exact_limits(&whole, options);
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

/// Limits by inverting the exact test; `None` where even all differences on one side are not rejected.
fn exact_limits(used: &[f64], options: &Options) -> Option<(f64, f64)> {
    let tail = options.tail();
    // Beyond the outermost averages V is 0 or the sum of all ranks, and the test rejects there or nowhere.
    if 0.5_f64.powi(i32::try_from(used.len()).unwrap_or(i32::MAX)) > tail * (1.0 + 1e-12) {
        return None;
    }
    // The lower limit is the upper one of the mirrored differences: the arms may change places.
    let mirrored: Vec<f64> = used.iter().map(|d| -d).collect();
    let (low, high) = (-exact_upper_limit(&mirrored, tail), exact_upper_limit(used, tail));
    Some(options.alternative.limits(low + 0.0, high, UNBOUNDED))
}

/// The end of the values that the exact test does not reject against smaller ones. Between two neighbouring Walsh averages V
/// is the number of averages above, and the only ties of `|d − μ|` are those between equal differences; their mid-ranks there
/// give the null distribution. Without equal differences that is the k-th largest average (R `wilcox.test`).
fn exact_upper_limit(used: &[f64], tail: f64) -> f64 {
    let sorted = crate::math::descriptive::sorted(used);
    let walsh = Walsh::new(&sorted);
    let n = sorted.len();
    let sizes: Vec<usize> = sorted.chunk_by(|a, b| a == b).map(<[f64]>::len).collect();
    let largest = sizes.iter().copied().max().unwrap_or(1);
    if largest == 1 {
        let ranks: Vec<f64> = (1..=n).map(|rank| rank as f64).collect();
        // qsignrank, at least 1.
        let k = (SignedRank::new(&ranks).lower_quantile(tail) as u64).max(1);
        return walsh.order_statistic(walsh.count() + 1 - k).unwrap_or(f64::INFINITY);
    }
    let list = walsh.list();
    let Some((first, last)) = list.first().zip(list.last()) else { return f64::INFINITY };
    // Averages equal but for rounding are one value: x + y and u + v may differ in the last place only.
    let fuzz = 1e-12 * first.abs().max(last.abs());
    let (expectation, sigma) = (0.5 * walsh.count() as f64, untied_sigma(&sorted));
    // Where the normal score is far beyond its quantile, half a step of the sums of ranks included, the exact test rejects too.
    let step = largest as f64 / n as f64 * (n as f64 + 1.0) / (2.0 * sigma);
    let surely = if n <= 25 { f64::INFINITY } else { normal::upper_quantile(tail) + 0.05 + step };
    let mut end = list.len();
    while end > 0 {
        let value = list[end - 1];
        let start = list[..end].partition_point(|average| value - average > fuzz);
        let above = (list.len() - start) as f64;
        if start == 0 {
            return value;
        }
        if (expectation - above) / sigma <= surely {
            let middle = crate::math::descriptive::midpoint(list[start - 1], list[start]);
            if SignedRank::new(&ranks_around(&sorted, middle)).cdf(above) >= tail * (1.0 - 1e-12) {
                return value;
            }
        }
        end = start;
    }
    *first
}

/// The ranks of `|d − μ|` where only equal differences share one.
fn ranks_around(sorted: &[f64], mu: f64) -> Vec<f64> {
    let mut order: Vec<f64> = sorted.to_vec();
    order.sort_by(|a, b| (a - mu).abs().total_cmp(&(b - mu).abs()).then(a.total_cmp(b)));
    let mut ranks = Vec::with_capacity(order.len());
    for group in order.chunk_by(|a, b| a == b) {
        let before = ranks.len() as f64;
        ranks.extend(std::iter::repeat_n(before + 0.5 * (group.len() as f64 + 1.0), group.len()));
    }
    ranks
}

/// The standard deviation of V away from the Walsh averages, where the only ties of `|d − μ|` are those between equal
/// differences.
fn untied_sigma(sorted: &[f64]) -> f64 {
    let n = sorted.len() as f64;
    let groups = sorted.chunk_by(|a, b| a == b).map(|group| group.len() as f64);
    let ties = groups.map(|size| size.powi(3) - size).sum::<f64>();
    (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ties / 48.0).max(0.0).sqrt()
}

/// Limits by inverting the normal approximation; `None` where its statistic reaches the quantile for no value.
fn asymptotic_limits(walsh: &Walsh, used: &[f64], continuity: bool, options: &Options) -> Option<(f64, f64)> {
    let sigma = untied_sigma(&crate::math::descriptive::sorted(used));
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
