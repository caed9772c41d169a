//! Paired tests on real data: Box, Hunter & Hunter's shoes and Student's sleep data, one with ties, one with a zero.

use super::case::Case;
use super::{Check, Comparison, Figure};
use crate::paired::catalogue::{Settings, run};
use crate::paired::wilcoxon::{PValue, Zeros};
use crate::paired::{Alternative, Options, correlation, icc};
use serde_json::Value;

/// Closed forms and exact distributions.
const EXACT: f64 = 1e-10;
/// Tails and quantiles of continuous distributions.
const TAIL: f64 = 1e-8;

const ALTERNATIVES: [(&str, Alternative); 3] =
    [("two.sided", Alternative::TwoSided), ("less", Alternative::Less), ("greater", Alternative::Greater)];

/// The checks of both data sets.
pub fn checks() -> Vec<Check> {
    let shoes = Case::new(
        "paired_shoes",
        include_str!("../../tests/reference/r/paired_shoes/expected.json"),
        include_bytes!("../../tests/reference/r/paired_shoes/data.csv"),
    );
    let sleep = Case::new(
        "paired_sleep",
        include_str!("../../tests/reference/r/paired_sleep/expected.json"),
        include_bytes!("../../tests/reference/r/paired_sleep/data.csv"),
    );
    [shoes, sleep].into_iter().flat_map(of_case).collect()
}

fn of_case(case: Case) -> Vec<Check> {
    let (treated, control) = (case.complete("treated"), case.complete("control"));
    let ask = |method: &str, alternative: Alternative, settings: &Settings| -> Value {
        let options = Options { alternative, ..Options::default() };
        let result = run(method, &treated, &control, &options, settings).ok();
        result.and_then(|result| serde_json::to_value(result).ok()).unwrap_or_default()
    };
    let plain = Settings::default();
    let mut found = Comparison::new(case);
    for (name, alternative) in ALTERNATIVES {
        let t: [Figure; 4] = [
            ("statistic", "statistic", EXACT),
            ("df", "df", 0.0),
            ("p_value", "p_value", TAIL),
            ("estimate", "estimate", EXACT),
        ];
        let ours = ask("paired-t", alternative, &plain);
        found.fields(&format!("t.{name}"), &ours, &t);
        if alternative == Alternative::TwoSided {
            found.fields("t.two.sided", &ours, &[("conf_low", "conf_low", TAIL), ("conf_high", "conf_high", TAIL)]);
        }
        let mut exact = plain.clone();
        exact.wilcoxon.p = PValue::Exact;
        let figures: [Figure; 2] = [("statistic", "statistic", EXACT), ("p_value", "p_value", EXACT)];
        found.fields(&format!("wilcoxon.exactRankTests.{name}"), &ask("wilcoxon", alternative, &exact), &figures);
        exact.wilcoxon.zeros = Zeros::Pratt;
        let ours = ask("wilcoxon", alternative, &exact);
        found.fields(&format!("wilcoxon.coin.exact.pratt.{name}"), &ours, &[("p_value", "p_value", EXACT)]);
        let ours = ask("permutation", alternative, &plain);
        found.fields(&format!("signflip.exactRankTests.{name}"), &ours, &[("p_value", "p_value", EXACT)]);
        let ours = ask("sign", alternative, &plain);
        found.fields(&format!("sign.binom.{name}"), &ours, &[("p_value", "p_value", EXACT)]);
    }
    let two = |method: &str, settings: &Settings| ask(method, Alternative::TwoSided, settings);
    found.fields(
        "shapiro",
        &two("shapiro-wilk", &plain),
        &[("statistic", "statistic", TAIL), ("p_value", "p_value", 1e-6)],
    );
    let sizes = two("effect-size", &plain);
    let limits = |low, high| [("conf_low", low, 1e-6), ("conf_high", high, 1e-6)];
    found.fields("dz.effectsize", &sizes, &[("estimate", "dz", EXACT)]);
    found.fields("dz.effectsize", &sizes, &limits("dz_low", "dz_high"));
    found.fields("gz.effectsize", &sizes, &[("estimate", "hedges_g", EXACT)]);
    let figures: [Figure; 4] = [
        ("estimate", "estimate", EXACT),
        ("p_value", "p_value", TAIL),
        ("conf_low", "conf_low", TAIL),
        ("conf_high", "conf_high", TAIL),
    ];
    found.fields("cor.pearson", &two("correlation", &plain), &figures);
    let kendall = Settings { correlation: correlation::Kind::Kendall, ..plain.clone() };
    found.fields("cor.kendall", &two("correlation", &kendall), &[("estimate", "estimate", EXACT)]);
    let figures: [Figure; 3] = [("statistic", "statistic", 1e-8), ("df", "df", 0.0), ("p_value", "p_value", TAIL)];
    found.fields("pitman_morgan.cor", &two("pitman-morgan", &plain), &figures);
    let figures: [Figure; 3] = [("est", "bias", EXACT), ("lower", "loa_low", EXACT), ("upper", "loa_high", EXACT)];
    found.fields("bland_altman.epiR", &two("bland-altman", &plain), &figures);
    let figures: [Figure; 3] =
        [("ICC2.ICC", "estimate", EXACT), ("ICC2.lower", "conf_low", 1e-7), ("ICC2.upper", "conf_high", 1e-7)];
    found.fields("icc.psych", &two("icc", &plain), &figures);
    let consistency = Settings { icc: icc::Kind::Consistency, ..plain.clone() };
    let figures: [Figure; 3] =
        [("ICC3.ICC", "estimate", EXACT), ("ICC3.lower", "conf_low", 1e-7), ("ICC3.upper", "conf_high", 1e-7)];
    found.fields("icc.psych", &two("icc", &consistency), &figures);
    let bounds = Settings { limits: Some((-1.0, 1.0)), ..plain };
    let figures: [Figure; 3] =
        [("p_lower", "p_lower", TAIL), ("p_upper", "p_upper", TAIL), ("p_tost", "p_value", TAIL)];
    found.fields("tost.t.bound1", &two("tost", &bounds), &figures);
    found.checks
}
