//! Within-pair correlation: Pearson, Spearman, Kendall.
//!
//! - Pearson: t test on `n − 2` df and Fisher's z interval with `1/√(n − 3)`, as R `cor.test`.
//! - Spearman: Pearson's r of the mid-ranks. The p-value is exact by enumeration up to 9 untied pairs (as R), else from t
//!   on `n − 2` df (as SciPy and SAS; R uses an Edgeworth series up to 1290 untied pairs, given as `p_edgeworth`).
//!   Interval by Fisher's z with `√((1 + ρ²/2)/(n − 3))` (Bonett & Wright 2000).
//! - Kendall: τ-b. The p-value is exact below 50 untied pairs, else normal with the tie-corrected variance, as R.
//!   Interval by Fisher's z with `√(0.437/(n − 4))` (Fieller, Hartley & Pearson 1957).

use super::method::{Method, ORDERED, Recipe, Topic};
use super::pairs::{check_count, check_options, check_pairs, rescaled};
use super::rank_correlation::{Concordance, kendall_tail, spearman_edgeworth, spearman_exact};
use super::{Alternative, Field, Options, Refusal, TestResult};
use crate::math::descriptive::{mean, mid_ranks};
use crate::math::dist::normal;
use crate::note;

/// What is known of the test beside its formula.
pub const METHOD: Method = Method {
    topic: Topic::Likeness,
    kinds: ORDERED,
    options: &["--kind"],
    r: Recipe::Call("cor.test(active, placebo, {level}{alternative})"),
    sas: Some("proc corr data=pairs fisher(biasadj=no alpha={alpha}); {place}; var a p; run;"),
    citation: Some(
        "Fisher RA. On the probable error of a coefficient of correlation deduced from a small sample. Metron 1921;1:3–32. \
     Elbourne DR, et al. Meta-analyses involving cross-over trials. Int J Epidemiol 2002;31:140–149.",
    ),
    ..Method::of(
        "correlation",
        "Pearson correlation with Fisher's z interval (Fisher 1921); Elbourne et al. 2002",
        |asked| correlation(asked.treated, asked.control, asked.settings.correlation, asked.options),
    )
};

/// Which correlation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// Product-moment.
    #[default]
    Pearson,
    /// Of the mid-ranks.
    Spearman,
    /// τ-b.
    Kendall,
}

/// Correlation of the two sides and the test that it is 0 (`options.mu` is not used).
///
/// # Errors
/// Fewer than three pairs (two for the rank correlations), values that are not finite, or a side without variation.
pub fn correlation(treated: &[f64], control: &[f64], kind: Kind, options: &Options) -> Result<TestResult, Refusal> {
    check_options(options)?;
    check_pairs(treated, control)?;
    let least = if kind == Kind::Pearson { 3 } else { 2 };
    check_count(treated.len(), least, note!(m_corr))?;
    let (x, y, _) = rescaled(treated, control);
    let varies = |values: &[f64]| values.iter().any(|value| *value != values[0]);
    if !varies(&x) || !varies(&y) {
        return Err(Refusal(note!(correlation_flat)));
    }
    let mut result = TestResult::new("correlation", x.len(), options);
    match kind {
        Kind::Pearson => pearson(&mut result, &x, &y, options)?,
        Kind::Spearman => spearman(&mut result, &x, &y, options)?,
        Kind::Kendall => kendall(&mut result, &x, &y, options),
    }
    Ok(result)
}

/// Pearson's r; `None` where a side does not vary (beyond rounding).
pub(super) fn pearson_r(x: &[f64], y: &[f64]) -> Option<f64> {
    let (mean_x, mean_y) = (mean(x)?, mean(y)?);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (a, b) in x.iter().zip(y) {
        let (u, v) = (a - mean_x, b - mean_y);
        xx += u * u;
        yy += v * v;
        xy += u * v;
    }
    let n = x.len() as f64;
    let noise = |sum: f64, centre: f64| sum <= n * (4.0 * f64::EPSILON * centre).powi(2);
    if noise(xx, mean_x) || noise(yy, mean_y) {
        return None;
    }
    Some((xy / (xx.sqrt() * yy.sqrt())).clamp(-1.0, 1.0))
}

fn pearson(result: &mut TestResult, x: &[f64], y: &[f64], options: &Options) -> Result<(), Refusal> {
    let Some(r) = pearson_r(x, y) else {
        return Err(Refusal(note!(correlation_flat)));
    };
    let df = x.len() as f64 - 2.0;
    t_of_r(result, r, df, options.alternative);
    fisher_limits(result, r, x.len() as f64 - 3.0, 1.0, options);
    result.extra = vec![("kind", Field::Text("pearson".into()))];
    Ok(())
}

/// Fills estimate, t, df and p of a correlation tested by t.
fn t_of_r(result: &mut TestResult, r: f64, df: f64, alternative: Alternative) {
    result.estimate = Some(r);
    if df <= 0.0 {
        result.notes.push(note!(correlation_few));
        return;
    }
    result.df = Some(df);
    let rest = (1.0 - r) * (1.0 + r);
    // Beyond rounding nothing is left to test against: neither statistic nor p-value, which would be 0.
    if rest <= 8.0 * f64::EPSILON {
        result.estimate = Some(r.signum());
        result.notes.push(note!(correlation_perfect_t));
        return;
    }
    let t = r * (df / rest).sqrt();
    result.statistic = Some(t);
    result.p_value = Some(alternative.p_of_t(t, df));
}

/// Limits `tanh(atanh r ± z √(spread/weight))`; absent where the weight is not positive.
fn fisher_limits(result: &mut TestResult, r: f64, weight: f64, spread: f64, options: &Options) {
    if weight <= 0.0 {
        result.notes.push(note!(correlation_few_interval));
        return;
    }
    if 1.0 - r.abs() <= 4.0 * f64::EPSILON {
        result.notes.push(note!(correlation_perfect));
        return;
    }
    let reach = normal::upper_quantile(options.tail()) * (spread / weight).sqrt();
    let (low, high) = ((r.atanh() - reach).tanh(), (r.atanh() + reach).tanh());
    let (low, high) = options.alternative.limits(low, high, (-1.0, 1.0));
    (result.conf_low, result.conf_high) = (Some(low), Some(high));
}

fn spearman(result: &mut TestResult, x: &[f64], y: &[f64], options: &Options) -> Result<(), Refusal> {
    let (ranks_x, ranks_y) = (mid_ranks(x), mid_ranks(y));
    let Some(rho) = pearson_r(&ranks_x, &ranks_y) else {
        return Err(Refusal(note!(correlation_flat)));
    };
    let n = x.len();
    let size = n as f64;
    t_of_r(result, rho, size - 2.0, options.alternative);
    fisher_limits(result, rho, size - 3.0, 1.0 + 0.5 * rho * rho, options);
    let tied = |ranks: &[f64]| {
        let sorted = crate::math::descriptive::sorted(ranks);
        sorted.windows(2).any(|pair| pair[0] == pair[1])
    };
    let ties = tied(&ranks_x) || tied(&ranks_y);
    let squares: f64 = ranks_x.iter().zip(&ranks_y).map(|(a, b)| (a - b) * (a - b)).sum();
    let asymptotic = result.p_value;
    let mut edgeworth = None;
    if !ties && n <= 9 {
        let (small, large) = spearman_exact(n, squares);
        // Small squared distances mean positive correlation.
        result.p_value = Some(options.alternative.p_of_tails(large, small));
        result.exact = Some(true);
    } else {
        result.exact = Some(false);
        result.notes.push(note!(correlation_t));
        if !ties && n <= 1290 {
            let (small, large) = spearman_edgeworth(n, squares);
            edgeworth = Some(options.alternative.p_of_tails(large, small));
        }
    }
    result.extra = vec![
        ("kind", Field::Text("spearman".into())),
        ("sum_squared_rank_differences", Field::Number(Some(squares))),
        ("p_asymptotic", Field::Number(asymptotic)),
        ("p_edgeworth", Field::Number(edgeworth)),
    ];
    Ok(())
}

fn kendall(result: &mut TestResult, x: &[f64], y: &[f64], options: &Options) {
    let counts = Concordance::of(x, y);
    let n = x.len();
    let tau = counts.tau_b();
    result.estimate = Some(tau);
    fisher_limits(result, tau, n as f64 - 4.0, 0.437, options);
    let z = counts.score() / counts.variance().sqrt();
    if !counts.has_ties() && n < 50 {
        let (lower, upper) = kendall_tail(n, counts.concordant());
        result.statistic = Some(counts.concordant() as f64);
        result.exact = Some(true);
        result.p_value = Some(options.alternative.p_of_tails(lower, upper));
    } else {
        result.statistic = Some(z);
        result.exact = Some(false);
        result.p_value = Some(options.alternative.p_of_z(z));
    }
    result.extra = vec![
        ("kind", Field::Text("kendall".into())),
        ("concordant_minus_discordant", Field::Number(Some(counts.score()))),
        ("z", Field::Number(Some(z))),
    ];
}
