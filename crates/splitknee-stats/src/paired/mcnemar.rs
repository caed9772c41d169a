//! McNemar's test: do the treated and the control knees answer yes equally often?
//!
//! McNemar Q (1947), Psychometrika 12:153–157; exact and mid-p as in Fagerland MW, Lydersen S, Laake P (2013), *The
//! McNemar test for binary matched-pairs data: mid-p and asymptotic are better than exact conditional*, BMC Med Res
//! Methodol 13:91.

use super::method::{ANSWERS, Estimate, Method, Recipe, Topic};
use super::pair_table::PairTable;
use super::proportion::Tails;
use super::{Alternative, Field, Options, Refusal, TestResult, conditional_odds_ratio, risk_difference, risk_ratio};
use crate::math::dist::binomial;
use crate::note;

/// What is known of the test beside its formula.
pub const METHOD: Method = Method {
    topic: Topic::Answers,
    kinds: ANSWERS,
    estimate: Estimate::MeanDifference,
    options: &["--p", "--continuity"],
    r: Recipe::Program,
    sas: Some("proc freq data=pairs; {place}; tables a*p / agree; exact mcnem / midp; run;"),
    citation: Some(
        "McNemar Q. Note on the sampling error of the difference between correlated proportions. Psychometrika \
     1947;12:153–157. Fagerland MW, Lydersen S, Laake P. BMC Med Res Methodol 2013;13:91. Newcombe RG. Improved \
     confidence intervals for the difference between binomial proportions based on paired data. Stat Med \
     1998;17:2635–2650. Tango T. Stat Med 1998;17:891–908.",
    ),
    ..Method::of("mcnemar", "McNemar 1947; Fagerland, Lydersen & Laake 2013; Tango 1998", |asked| {
        mcnemar(&PairTable::from_codes(asked.treated, asked.control)?, asked.options, &asked.settings.mcnemar)
    })
};

/// Which p-value is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PValue {
    /// Exact binomial on the discordant pairs (two-sided: twice the smaller tail, at most 1): conservative, its type I
    /// error stays below 3.3 % for a nominal 5 % up to 60 pairs.
    Exact,
    /// Mid-p, the default: the observed table counted half; 1 when b = c. Its type I error comes close to 5 % without
    /// exceeding it in the settings of Fagerland, Lydersen & Laake (2013).
    #[default]
    MidP,
    /// χ² on 1 degree of freedom, with or without continuity correction.
    Asymptotic,
}

/// What [`mcnemar`] can be asked beyond the options of every test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct McNemarOptions {
    /// Which p-value.
    pub p: PValue,
    /// Edwards' continuity correction of the asymptotic test, (|b − c| − 1)², 0 when b = c. Off by default.
    pub continuity: bool,
}

/// McNemar's test of a paired 2 × 2 table.
///
/// `estimate` is the risk difference (b − c)/n with Newcombe's interval. `statistic` is χ² (asymptotic) or b (exact,
/// mid-p). Extra fields: `a`…`d`, `odds_ratio` = b/c with its exact conditional interval, `risk_difference` with
/// Newcombe's (continuity-adjusted φ) and Tango's score interval, `risk_ratio` with the score interval of Tang et al.,
/// `phi`, and all three p-values. Intervals follow the alternative (one-sided intervals for one-sided tests);
/// the null value is equality, whatever `options.mu`.
///
/// # Errors
/// When the table is empty or the confidence level is not between 0 and 1.
///
/// ```
/// use splitknee_stats::paired::{Options, mcnemar::{McNemarOptions, mcnemar}, pair_table::PairTable};
/// // Bentur et al. 2009: mid-p 0.0391, exact p 0.0703 (Fagerland, Lydersen and Laake 2013).
/// let table = PairTable { a: 1, b: 1, c: 7, d: 12 };
/// let result = mcnemar(&table, &Options::default(), &McNemarOptions::default()).unwrap();
/// assert!((result.p_value.unwrap() - 0.0390625).abs() < 1e-12);
/// assert!((result.number("p_exact").unwrap() - 0.0703125).abs() < 1e-12);
/// ```
pub fn mcnemar(table: &PairTable, options: &Options, method: &McNemarOptions) -> Result<TestResult, Refusal> {
    let estimate = table.risk_difference().ok_or_else(|| Refusal(note!(no_complete_pair)))?;
    let tails = Tails::of(options)?;
    let exact = exact_p(table, options.alternative);
    let mid_p = mid_p(table, options.alternative);
    let (chi_squared, asymptotic) = asymptotic(table, options.alternative, method.continuity);

    let mut result = TestResult::new("mcnemar", table.n() as usize, options);
    result.estimate = Some(estimate);
    result.note_unused_mu(options);
    match method.p {
        PValue::Exact | PValue::MidP => {
            result.statistic = Some(table.b as f64);
            result.p_value = Some(if method.p == PValue::Exact { exact } else { mid_p });
            result.exact = Some(method.p == PValue::Exact);
        }
        PValue::Asymptotic => {
            result.statistic = chi_squared;
            result.df = Some(1.0);
            result.p_value = Some(asymptotic);
            result.exact = Some(false);
            result.notes.push(if method.continuity { note!(continuity_with) } else { note!(continuity_without) });
        }
    }
    let newcombe = risk_difference::newcombe(table, tails);
    let tango = risk_difference::tango(table, tails);
    result.conf_low = newcombe.map(|(low, _)| low);
    result.conf_high = newcombe.map(|(_, high)| high);

    let odds_ratio = conditional_odds_ratio::odds_ratio(table);
    let odds_limits = conditional_odds_ratio::exact(table, tails);
    let ratio = risk_ratio::risk_ratio(table);
    let ratio_limits = risk_ratio::tang(table, tails);
    if odds_ratio.is_none() {
        result.notes.push(note!(mcnemar_none));
    } else if table.c == 0 {
        result.notes.push(note!(mcnemar_infinite));
    }
    if table.b == table.c && table.b > 0 {
        result.notes.push(note!(mcnemar_equal));
    }
    result.notes.push(note!(mcnemar_limits));
    let low = |limits: Option<(f64, f64)>| Field::Number(limits.map(|(low, _)| low));
    let high = |limits: Option<(f64, f64)>| Field::Number(limits.map(|(_, high)| high));
    let percent = |yes: u64| Field::Number(Some(100.0 * yes as f64 / table.n() as f64));
    let (treated, control) = (table.a + table.b, table.a + table.c);
    result.extra = vec![
        ("n_yes_treated", Field::Count(treated)),
        ("percent_yes_treated", percent(treated)),
        ("n_yes_control", Field::Count(control)),
        ("percent_yes_control", percent(control)),
        ("a", Field::Count(table.a)),
        ("b", Field::Count(table.b)),
        ("c", Field::Count(table.c)),
        ("d", Field::Count(table.d)),
        ("odds_ratio", Field::Number(odds_ratio)),
        ("odds_ratio_low", Field::Number(Some(odds_limits.0))),
        ("odds_ratio_high", Field::Number(Some(odds_limits.1))),
        ("risk_difference", Field::Number(Some(estimate))),
        ("newcombe_low", low(newcombe)),
        ("newcombe_high", high(newcombe)),
        ("tango_low", low(tango)),
        ("tango_high", high(tango)),
        ("risk_ratio", Field::Number(ratio)),
        ("risk_ratio_low", low(ratio_limits)),
        ("risk_ratio_high", high(ratio_limits)),
        ("phi", Field::Number(Some(risk_difference::phi(table, false)))),
        ("p_exact", Field::Number(Some(exact))),
        ("p_mid", Field::Number(Some(mid_p))),
        ("p_asymptotic", Field::Number(Some(asymptotic))),
    ];
    Ok(result)
}

/// Exact conditional p-value: binomial with ½ on the discordant pairs; 1 when there are none.
pub fn exact_p(table: &PairTable, alternative: Alternative) -> f64 {
    let n = table.discordant();
    let at_most = |k: u64| binomial::cdf(k, n, 0.5).min(1.0);
    if n == 0 { 1.0 } else { alternative.p_of_tails(at_most(table.b), at_most(table.c)) }
}

/// Mid-p value: as [`exact_p`] with half the probability of the observed table; 1 when there is no discordant pair and,
/// two-sided, when b = c.
pub fn mid_p(table: &PairTable, alternative: Alternative) -> f64 {
    let n = table.discordant();
    let tail = |k: u64| binomial::cdf(k, n, 0.5) - 0.5 * binomial::pmf(k, n, 0.5);
    match alternative {
        _ if n == 0 => 1.0,
        Alternative::TwoSided if table.b == table.c => 1.0,
        _ => alternative.p_of_tails(tail(table.b).min(1.0), tail(table.c).min(1.0)),
    }
}

/// χ² (absent without discordant pairs) and its p-value, from the signed normal deviate for one-sided alternatives.
fn asymptotic(table: &PairTable, alternative: Alternative, continuity: bool) -> (Option<f64>, f64) {
    let n = table.discordant() as f64;
    if n == 0.0 {
        return (None, 1.0);
    }
    let difference = table.b as f64 - table.c as f64;
    let reduced = if continuity { (difference.abs() - 1.0).max(0.0) } else { difference.abs() };
    let statistic = reduced * reduced / n;
    let deviate = (reduced / n.sqrt()).copysign(difference);
    (Some(statistic), alternative.p_of_z(deviate))
}
