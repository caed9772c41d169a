//! Within the patient: is the treated knee better, equal or worse than the control knee?
//!
//! Every patient is one comparison. With shares B better, E equal and W worse, the net benefit is B − W, the win odds
//! (B + E/2)/(W + E/2), the win ratio B/W. Test and interval are one method: the score test of the net benefit by the
//! trinomial distribution and the values that it does not reject ([`super::net_benefit`]), transformed by (1 + x)/(1 − x)
//! to the win odds; both exist even when every treated knee is better. So the interval excludes 1 exactly where p ≤ α.
//! The exact sign test of B = W, which never reaches its level, and Tango's interval, whose level it exceeds in small
//! trials, stand beside it (`studies/grades`).
//!
//! Buyse M (2010), Stat Med 29:3245–3257 (net benefit); Dong G et al. (2020), Stat Biopharm Res 12:99–106 and Brunner
//! E, Vandemeulebroecke M, Mütze T (2021), Stat Med 40:3367–3384 (win odds); Tango T (1998), Stat Med 17:891–908.

use super::mcnemar::exact_p;
use super::method::{ANY, Estimate, Method, Recipe, Topic};
use super::net_benefit;
use super::pair_table::PairTable;
use super::proportion::{Tails, wilson};
use super::{Better, Field, Options, Refusal, TestResult, conditional_odds_ratio, risk_difference};
use crate::math::decimal;
use crate::note;

/// What is known of the test beside its formula.
pub const METHOD: Method = Method {
    topic: Topic::Grades,
    kinds: ANY,
    estimate: Estimate::Benefit { null: 1.0 },
    decides_grades: true,
    options: &["--better"],
    needs: &["--better"],
    r: Recipe::Program,
    citation: Some(
        "Buyse M. Stat Med 2010;29:3245–3257. Dong G, et al. Stat Biopharm Res 2020;12:99–106. Brunner E, Vandemeulebroecke \
     M, Mütze T. Stat Med 2021;40:3367–3384.",
    ),
    ..Method::of(
        "win-odds",
        "Dong et al. 2020; Brunner, Vandemeulebroecke & Mütze 2021; Tango 1998; Lloyd 2008",
        |asked| win_odds(asked.treated, asked.control, asked.settings.better, asked.options),
    )
};

/// The probability that the treated knee is better, equal or worse, with win odds.
///
/// `estimate` is the win odds with `conf_low`/`conf_high`; `greater` asks whether the treated knee is *better* (whatever
/// the direction of the score). Extra fields: `better` (the direction of benefit), `n_better`, `n_equal`, `n_worse`; `p_better`, `p_equal`, `p_worse` each
/// with Wilson's `_low`, `_high`; `probability` = B + E/2 (the probability of superiority within the patient),
/// `net_benefit` with limits, `tango_low` and `tango_high` of the net benefit, `p_sign` of the exact sign test, `win_ratio`
/// with its exact conditional interval.
/// The null value is B = W, whatever `options.mu`.
///
/// # Errors
/// When the columns differ in length, a value is not finite, or there is no pair.
pub fn win_odds(treated: &[f64], control: &[f64], better: Better, options: &Options) -> Result<TestResult, Refusal> {
    if treated.len() != control.len() {
        return Err(Refusal(note!(unequal_pair, treated = treated.len(), control = control.len())));
    }
    if treated.iter().chain(control).any(|value| !value.is_finite()) {
        return Err(Refusal(note!(value_finite)));
    }
    let (mut wins, mut losses) = (0, 0);
    // Knees whose scores are equal but for the rounding of doubles are equal.
    for difference in decimal::differences(treated, control).into_iter().filter(|difference| *difference != 0.0) {
        if (difference < 0.0) == (better == Better::Lower) { wins += 1 } else { losses += 1 }
    }
    let table = PairTable { a: 0, b: wins, c: losses, d: treated.len() as u64 - wins - losses };
    let n = table.n() as f64;
    let net_benefit = table.risk_difference().ok_or_else(|| Refusal(note!(no_complete_pair_short)))?;
    let tails = Tails::of(options)?;
    let limits = net_benefit::limits(&table, tails);
    let tango = risk_difference::tango(&table, tails);
    let odds = |net: f64| (1.0 + net) / (1.0 - net);
    let win_ratio = conditional_odds_ratio::odds_ratio(&table);
    let win_ratio_limits = conditional_odds_ratio::exact(&table, tails);

    let mut result = TestResult::new("win-odds", treated.len(), options);
    result.estimate = Some(odds(net_benefit));
    result.note_unused_mu(options);
    result.statistic = Some(wins as f64);
    result.p_value = Some(net_benefit::p_value(&table, options.alternative));
    result.exact = Some(false);
    result.conf_low = limits.map(|(low, _)| odds(low));
    result.conf_high = limits.map(|(_, high)| odds(high));
    result.notes.push(if table.n() <= net_benefit::ENUMERATED_TO {
        note!(win_limits)
    } else {
        note!(win_limits_normal)
    });
    if win_ratio.is_none() {
        result.notes.push(note!(win_none));
    }
    if net_benefit == 1.0 {
        result.notes.push(note!(win_all));
    }
    result.extra.push(("better", Field::Text(if better == Better::Lower { "lower" } else { "higher" }.into())));
    result.extra.push(("n_better", Field::Count(table.b)));
    result.extra.push(("n_equal", Field::Count(table.d)));
    result.extra.push(("n_worse", Field::Count(table.c)));
    let (deviate, _) = Tails::two_sided(options.conf_level)?.deviates();
    for (names, count) in [
        (["p_better", "p_better_low", "p_better_high"], table.b),
        (["p_equal", "p_equal_low", "p_equal_high"], table.d),
        (["p_worse", "p_worse_low", "p_worse_high"], table.c),
    ] {
        let (low, high) = wilson(count as f64, n, deviate);
        for (name, value) in names.into_iter().zip([count as f64 / n, low, high]) {
            result.extra.push((name, Field::Number(Some(value))));
        }
    }
    let half = |net: f64| (1.0 + net) / 2.0;
    for (name, value) in [
        ("probability", Some(half(net_benefit))),
        ("probability_low", limits.map(|(low, _)| half(low))),
        ("probability_high", limits.map(|(_, high)| half(high))),
        ("net_benefit", Some(net_benefit)),
        ("net_benefit_low", limits.map(|(low, _)| low)),
        ("net_benefit_high", limits.map(|(_, high)| high)),
        ("tango_low", tango.map(|(low, _)| low)),
        ("tango_high", tango.map(|(_, high)| high)),
        ("p_sign", Some(exact_p(&table, options.alternative))),
        ("win_ratio", win_ratio),
        ("win_ratio_low", Some(win_ratio_limits.0)),
        ("win_ratio_high", Some(win_ratio_limits.1)),
    ] {
        result.extra.push((name, Field::Number(value)));
    }
    Ok(result)
}
