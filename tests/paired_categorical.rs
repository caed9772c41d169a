//! Categorical, ordinal and repeated-measures tests against R and Python: every figure of the reference cases is
//! compared, or its id is listed here with the reason why not.

use crate::reference_cases::{Case, Coverage, Reference};
use serde_json::Value;
use splitknee::multiplicity::adjust::{Adjustment, adjust};
use splitknee::paired::bowker::bowker;
use splitknee::paired::cochran_q;
use splitknee::paired::conditional_odds_ratio as odds;
use splitknee::paired::friedman::{exact_p_value as exact_friedman, friedman};
use splitknee::paired::kappa::{Weights, kappa};
use splitknee::paired::marginal_homogeneity::{bhapkar, mean_ranks, mean_scores, stuart_maxwell};
use splitknee::paired::mcnemar::{McNemarOptions, PValue, mcnemar};
use splitknee::paired::pair_table::PairTable;
use splitknee::paired::pool::pool;
use splitknee::paired::proportion::Tails;
use splitknee::paired::responder::{Threshold, compare_responders, cumulative_curve, responders};
use splitknee::paired::rm_anova::{Effect, effects};
use splitknee::paired::shift_table::shift_table;
use splitknee::paired::square_table::SquareTable;
use splitknee::paired::wilcoxon;
use splitknee::paired::win_odds::win_odds;
use splitknee::paired::within::{Factor, WithinTable};
use splitknee::paired::{Alternative, Better, Options, TestResult, risk_difference as difference, risk_ratio as ratio};
use std::collections::BTreeMap;

/// Closed forms and exact p-values.
const CLOSED: f64 = 1e-10;
/// Asymptotic p-values and quantiles.
const ASYMPTOTIC: f64 = 1e-8;

/// Whether an id of `paired_simA` and `paired_simB` belongs to this area (the rest is compared by the continuous tests).
pub fn is_categorical(id: &str) -> bool {
    id.starts_with("mri_grade.") || id.starts_with("vas30.")
}

fn two_sided() -> Options {
    Options::default()
}

fn directed(alternative: Alternative) -> Options {
    Options { alternative, ..Options::default() }
}

fn test(table: &PairTable, p: PValue, continuity: bool, alternative: Alternative) -> TestResult {
    mcnemar(table, &directed(alternative), &McNemarOptions { p, continuity }).expect("the table is not empty")
}

/// Compares one result of the paired 2 × 2 family.
fn compare_two_by_two(coverage: &mut Coverage, result: &Reference, table: &PairTable) {
    let method = result.id.split_once('/').map_or("", |(_, method)| method);
    let tails = Tails::two_sided(0.95).expect("a valid level");
    let no_discordant = table.discordant() == 0;
    let limits = |coverage: &mut Coverage, names: [&str; 2], ours: Option<(f64, f64)>, tolerance: f64| {
        coverage.close(result, names[0], ours.map(|limits| limits.0), tolerance);
        coverage.close(result, names[1], ours.map(|limits| limits.1), tolerance);
    };
    const LIMITS: [&str; 2] = ["lower", "upper"];
    const CONF: [&str; 2] = ["conf_low", "conf_high"];
    match method {
        "table" => {
            for (name, ours) in
                [("n11", table.a), ("n12", table.b), ("n21", table.c), ("n22", table.d), ("N", table.n())]
            {
                coverage.close(result, name, Some(ours as f64), CLOSED);
            }
            coverage.close(result, "diff", table.risk_difference(), CLOSED);
            match result.number("matched_or") {
                Some(expected) => coverage.close_to(result, "matched_or", expected, odds::odds_ratio(table), CLOSED),
                None => coverage.check(result, "the odds ratio is undefined", odds::odds_ratio(table).is_none()),
            }
        }
        "mcnemar.cc" | "mcnemar.nocc" | "mcnemar.statsmodels.cc" | "mcnemar.statsmodels.nocc" => {
            let corrected = method.ends_with(".cc");
            let ours = test(table, PValue::Asymptotic, corrected, Alternative::TwoSided);
            if no_discordant {
                // R: NaN; statsmodels: NaN or infinity. Ours: no statistic, p = 1.
                coverage.check(result, "no statistic", ours.statistic.is_none() && ours.p_value == Some(1.0));
            } else if corrected && table.b == table.c && result.package == "statsmodels" {
                coverage.exclude(result, "b = c: statsmodels squares |0| − 1; the convention here is R's statistic 0");
            } else {
                coverage.close(result, "statistic", ours.statistic, CLOSED);
                coverage.close(result, "p_value", ours.p_value, ASYMPTOTIC);
            }
        }
        "McNemar_asymptotic_test_paired_2x2" | "McNemar_asymptotic_test_CC_paired_2x2" => {
            let corrected = method.contains("_CC_");
            let ours = test(table, PValue::Asymptotic, corrected, Alternative::TwoSided);
            if corrected && table.b == table.c && !no_discordant {
                coverage.exclude(
                    result,
                    "b = c: contingencytables squares |0| − 1; the convention here is R's statistic 0",
                );
                return;
            }
            coverage.close(result, "Pvalue", ours.p_value, ASYMPTOTIC);
            if let Some(z) = result.number("Z") {
                coverage.close_to(result, "Z²", z * z, ours.statistic, CLOSED);
            }
        }
        "mcnemar.exact.binom" | "mcnemar.exact.binom.greater" | "mcnemar.exact.binom.less" => {
            let alternative = match method.rsplit('.').next() {
                Some("greater") => Alternative::Greater,
                Some("less") => Alternative::Less,
                _ => Alternative::TwoSided,
            };
            let ours = test(table, PValue::Exact, false, alternative);
            if result.error.is_some() {
                coverage.check(result, "p = 1 without discordant pairs", ours.p_value == Some(1.0));
                return;
            }
            coverage.close(result, "statistic", ours.statistic, CLOSED);
            coverage.close(result, "p_value", ours.p_value, CLOSED);
            // Limits of the odds ratio are those of the binomial probability p, as p/(1 − p).
            for (name, field) in [("conf_low", "odds_ratio_low"), ("conf_high", "odds_ratio_high")] {
                let ours = ours.number(field).map(|odds| if odds.is_infinite() { 1.0 } else { odds / (1.0 + odds) });
                coverage.close(result, name, ours, CLOSED);
            }
        }
        "mcnemar.exact.exact2x2" | "mcnemar.midp.exact2x2" => {
            let exact = method.contains(".exact.");
            let p = if exact { PValue::Exact } else { PValue::MidP };
            let ours = test(table, p, false, Alternative::TwoSided);
            coverage.close(result, "p_value", ours.p_value, CLOSED);
            coverage.close(result, "statistic", ours.statistic, CLOSED);
            match result.number("estimate") {
                Some(expected) => coverage.close_to(result, "estimate", expected, ours.number("odds_ratio"), CLOSED),
                None => coverage.check(result, "no odds ratio", ours.number("odds_ratio").is_none()),
            }
            let interval = if exact { Some(odds::exact(table, tails)) } else { odds::mid_p(table, tails) };
            // exact2x2 searches the mid-p limits to 1e-5 only; `own.midp_or` pins them.
            limits(coverage, CONF, interval, if exact { CLOSED } else { 5e-3 });
        }
        "binom.ci" | "Transformed_Clopper_Pearson_exact_CI_paired_2x2" => {
            let ours = Some(odds::exact(table, tails));
            if result.error.is_some() {
                coverage.check(result, "nothing excluded", ours == Some((0.0, f64::INFINITY)));
                return;
            }
            let names = if method == "binom.ci" { ["or_low", "or_high"] } else { LIMITS };
            limits(coverage, names, ours, CLOSED);
        }
        "mcnemar.statsmodels.exact" => {
            let ours = test(table, PValue::Exact, false, Alternative::TwoSided);
            coverage.close(result, "p_value", ours.p_value, CLOSED);
        }
        "McNemar_exact_cond_test_paired_2x2" => {
            let ours = test(table, PValue::Exact, false, Alternative::TwoSided);
            coverage.close(result, "Pvalue", ours.p_value, CLOSED);
        }
        "McNemar_midP_test_paired_2x2" => {
            if table.b == table.c {
                coverage.exclude(result, "b = c: contingencytables gives 1 − P(b)/2; the convention here is 1");
            } else {
                let ours = test(table, PValue::MidP, false, Alternative::TwoSided);
                coverage.close(result, "midP", ours.p_value, CLOSED);
            }
        }
        "own.midp_or" => {
            limits(coverage, ["or_lower", "or_upper"], odds::mid_p(table, tails), CLOSED);
            let ours = test(table, PValue::MidP, false, Alternative::TwoSided);
            coverage.close(result, "midp_two_sided", ours.p_value, CLOSED);
        }
        "Transformed_Clopper_Pearson_midP_CI_paired_2x2" => {
            let ours = odds::mid_p(table, tails);
            if result.error.is_some() {
                coverage.check(result, "nothing excluded", ours == Some((0.0, f64::INFINITY)));
            } else {
                // Found there by a coarse search; `own.midp_or` pins them.
                limits(coverage, LIMITS, ours, 1e-6);
            }
        }
        "Wald_CI_diff_paired_2x2" | "Wald_CI_diff_CC_paired_2x2" | "PropCIs.diffpropci.Wald.mp" if no_discordant => {
            coverage.check(result, "no Wald interval without variance", difference::wald(table, tails).is_none());
        }
        "Wald_CI_diff_paired_2x2" => limits(coverage, LIMITS, difference::wald(table, tails), CLOSED),
        "Wald_CI_diff_CC_paired_2x2" => limits(coverage, LIMITS, difference::wald_corrected(table, tails), CLOSED),
        "PropCIs.diffpropci.Wald.mp" => limits(coverage, CONF, difference::wald(table, tails), CLOSED),
        "Wald_CI_AgrestiMin_paired_2x2" => limits(coverage, LIMITS, difference::agresti_min(table, tails), CLOSED),
        "PropCIs.diffpropci.mp" => limits(coverage, CONF, difference::agresti_min(table, tails), CLOSED),
        "Wald_CI_BonettPrice_paired_2x2" => limits(coverage, LIMITS, difference::bonett_price(table, tails), CLOSED),
        "Newcombe_square_and_add_CI_paired_2x2" | "own.newcombe10_phi_adjusted" => {
            let ours = test(table, PValue::Exact, false, Alternative::TwoSided);
            coverage.close(result, "lower", ours.number("newcombe_low"), CLOSED);
            coverage.close(result, "upper", ours.number("newcombe_high"), CLOSED);
            if result.number("psi").is_some() {
                coverage.close(result, "psi", Some(difference::phi(table, true)), CLOSED);
            }
        }
        "own.newcombe10_phi_unadjusted" => {
            limits(coverage, LIMITS, difference::newcombe_unadjusted(table, tails), CLOSED);
            coverage.close(result, "psi", Some(difference::phi(table, false)), CLOSED);
        }
        "own.tango" => {
            let ours = test(table, PValue::Exact, false, Alternative::TwoSided);
            coverage.close(result, "lower", ours.number("tango_low"), CLOSED);
            coverage.close(result, "upper", ours.number("tango_high"), CLOSED);
        }
        // Both packages stop their search early (1e-7, 1e-6 absolute); `own.tango` pins the limits.
        "Tango_asymptotic_score_CI_paired_2x2" => limits(coverage, LIMITS, difference::tango(table, tails), 2e-6),
        "PropCIs.scoreci.mp" => limits(coverage, CONF, difference::tango(table, tails), 2e-5),
        "Wald_CI_OR_paired_2x2" if table.b == 0 || table.c == 0 => {
            coverage.check(result, "no Wald interval with an empty cell", odds::wald(table, tails).is_none());
        }
        "Wald_CI_OR_paired_2x2" => limits(coverage, LIMITS, odds::wald(table, tails), CLOSED),
        "Wald_CI_OR_Laplace_paired_2x2" => limits(coverage, LIMITS, Some(odds::laplace(table, tails)), CLOSED),
        "Transformed_Wilson_score_CI_paired_2x2" if no_discordant => {
            coverage.check(result, "no discordant pair", odds::wilson_score(table, tails).is_none());
        }
        "Transformed_Wilson_score_CI_paired_2x2" => limits(coverage, LIMITS, odds::wilson_score(table, tails), CLOSED),
        "PropCIs.oddsratioci.mp" if table.b == 0 || table.c == 0 => {
            coverage.exclude(result, "PropCIs divides by a rounded 0 here (upper limit −1.5e15, or NaN)");
        }
        "PropCIs.oddsratioci.mp" => limits(coverage, CONF, odds::wilson_score(table, tails), CLOSED),
        "Wald_CI_ratio_paired_2x2" => limits(coverage, LIMITS, ratio::wald(table, tails), CLOSED),
        // contingencytables searches to about 1e-7.
        "Tang_asymptotic_score_CI_paired_2x2" => limits(coverage, LIMITS, ratio::tang(table, tails), 1e-6),
        "BonettPrice_hybrid_Wilson_score_CI_paired_2x2" => {
            limits(coverage, LIMITS, ratio::bonett_price(table, tails), CLOSED);
        }
        "MOVER_Wilson_score_CI_paired_2x2" => limits(coverage, LIMITS, ratio::mover(table, tails), CLOSED),
        "Transformed_Blaker_exact_CI_paired_2x2" => {
            coverage.exclude(result, "Blaker's interval is not offered: the exact interval is Clopper and Pearson's");
        }
        "McNemar_exact_unconditional_test_paired_2x2" => {
            coverage.exclude(result, "the unconditional test is not offered: exact is conditional on discordant pairs");
        }
        _ => {}
    }
}

/// Compares one result of the k × k family.
fn compare_square(coverage: &mut Coverage, result: &Reference, table: &SquareTable) {
    let method = result.id.split_once('/').map_or("", |(_, method)| method);
    let scores: Vec<f64> = (0..table.categories()).map(|score| score as f64).collect();
    let chi_squared = |coverage: &mut Coverage, names: [&str; 2], ours: TestResult| {
        coverage.close(result, names[0], ours.statistic, CLOSED);
        coverage.close(result, names[1], ours.p_value, ASYMPTOTIC);
        coverage.close(result, "df", ours.df, CLOSED);
    };
    match method {
        "table" => {
            let counts: Vec<Vec<u64>> = serde_json::from_value(result.values["counts"].clone()).expect("counts");
            coverage.check(result, "the same table", table.counts() == counts);
        }
        "bowker" if result.number("statistic").is_none() => {
            coverage.exclude(result, "R returns NaN with an empty pair of cells; statsmodels' figure is compared");
        }
        "bowker" | "bowker.statsmodels" => {
            chi_squared(coverage, ["statistic", "p_value"], bowker(table, &two_sided()).expect("a table"));
        }
        "McNemarBowker_test_paired_cxc" => {
            chi_squared(coverage, ["T", "Pvalue"], bowker(table, &two_sided()).expect("a table"));
        }
        "stuart_maxwell.coin" | "stuart_maxwell.statsmodels" => {
            chi_squared(coverage, ["statistic", "p_value"], stuart_maxwell(table, &two_sided()).expect("a table"));
        }
        "Stuart_test_paired_cxc" if result.number("T0").is_some() => {
            chi_squared(coverage, ["T0", "P"], stuart_maxwell(table, &two_sided()).expect("a table"));
        }
        "bhapkar.statsmodels" => {
            chi_squared(coverage, ["statistic", "p_value"], bhapkar(table, &two_sided()).expect("a table"));
        }
        "Bhapkar_test_paired_cxc" if result.number("T").is_some() => {
            chi_squared(coverage, ["T", "Pvalue"], bhapkar(table, &two_sided()).expect("a table"));
        }
        "Stuart_test_paired_cxc" | "Bhapkar_test_paired_cxc" => {
            coverage
                .exclude(result, "contingencytables gives up when one pair of margins is equal (T = 0, or nothing)");
        }
        "mh_ordinal_scores.coin" | "mh_ordinal_scores.coin.exact" => {
            let ours = mean_scores(table, &scores, &two_sided()).expect("scores fit");
            coverage.close(result, "statistic", ours.statistic, CLOSED);
            if method.ends_with("exact") {
                coverage.close(result, "p_value", ours.number("p_exact"), CLOSED);
            } else {
                coverage.close(result, "p_value", ours.p_value, ASYMPTOTIC);
            }
        }
        "Wald_test_and_CI_marginal_mean_scores_paired_cxc" => {
            let ours = mean_scores(table, &scores, &two_sided()).expect("scores fit");
            coverage.close(result, "estimate", ours.estimate, CLOSED);
            coverage.close(result, "Z", ours.number("z_wald"), CLOSED);
            coverage.close(result, "Pvalue", ours.number("p_wald"), ASYMPTOTIC);
            coverage.close(result, "lower", ours.conf_low, CLOSED);
            coverage.close(result, "upper", ours.conf_high, CLOSED);
        }
        "Score_test_and_CI_marginal_mean_scores_paired_cxc" => {
            let ours = mean_scores(table, &scores, &two_sided()).expect("scores fit");
            coverage.close(result, "estimate", ours.estimate, CLOSED);
            coverage.close(result, "Z", ours.statistic, CLOSED);
            coverage.close(result, "Pvalue", ours.p_value, ASYMPTOTIC);
            coverage.close(result, "lower", ours.number("score_low"), CLOSED);
            coverage.close(result, "upper", ours.number("score_high"), CLOSED);
        }
        "Wald_test_and_CI_marginal_mean_ranks_paired_cxc" => {
            // contingencytables' α is P(control > treated) + ½P(=): the complement of ours.
            let ours = mean_ranks(table, &two_sided()).expect("a table");
            let flipped = |value: Option<f64>| value.map(|value| 1.0 - value);
            coverage.close(result, "alphahat", flipped(ours.estimate), CLOSED);
            // Its standard error weighs cell (i, j) with the gradient of cell (j, i): it is the one of the transposed
            // table. The derivative is checked in `marginal_homogeneity` itself; z, p and limits follow from it.
            let transposed: Vec<Vec<u64>> =
                (0..table.categories()).map(|j| table.counts().iter().map(|row| row[j]).collect()).collect();
            let swapped = swapped_gradient_error(table.counts(), &transposed);
            coverage.close(result, "SE_alpha", Some(swapped), CLOSED);
            // τ = 2α − 1: a linear function of α.
            coverage.close(result, "tauhat", ours.estimate.map(|alpha| 1.0 - 2.0 * alpha), 1e-9);
        }
        "kappa.psych" => {
            for (weights, names) in [
                (Weights::Unweighted, ["kappa", "kappa_low", "kappa_high"]),
                (Weights::Quadratic, ["weighted_kappa_quadratic", "wkappa_low", "wkappa_high"]),
            ] {
                let ours = kappa(table, weights, &two_sided()).expect("grades differ");
                coverage.close(result, names[0], ours.estimate, CLOSED);
                if weights == Weights::Unweighted {
                    coverage.close(result, names[1], ours.conf_low, CLOSED);
                    coverage.close(result, names[2], ours.conf_high, CLOSED);
                }
            }
            // psych's weighted limits do not come from the variance of Fleiss, Cohen and Everitt, which statsmodels
            // 0.15.0 and this crate give (see `weighted_kappa_error`).
        }
        _ => {}
    }
}

/// The standard error of P(control > treated) + ½P(=) with the gradient of the transposed table, as contingencytables
/// computes it; written out from its definition.
fn swapped_gradient_error(counts: &[Vec<u64>], transposed: &[Vec<u64>]) -> f64 {
    let n: f64 = counts.iter().flatten().sum::<u64>() as f64;
    let margin = |table: &[Vec<u64>]| table.iter().map(|row| row.iter().sum::<u64>() as f64 / n).collect::<Vec<f64>>();
    let (rows, columns) = (margin(counts), margin(transposed));
    let above = |margin: &[f64], i: usize| margin[i + 1..].iter().sum::<f64>() + margin[i] / 2.0;
    let below = |margin: &[f64], i: usize| margin[..i].iter().sum::<f64>() + margin[i] / 2.0;
    let (mut first, mut second) = (0.0, 0.0);
    for (i, row) in counts.iter().enumerate() {
        for (j, count) in row.iter().enumerate() {
            let gradient = below(&rows, i) + above(&columns, j);
            first += *count as f64 / n * gradient;
            second += *count as f64 / n * gradient * gradient;
        }
    }
    ((second - first * first) / n).sqrt()
}

#[test]
fn weighted_kappa_error() {
    // statsmodels 0.15.0: cohens_kappa(table, wt="quadratic").std_kappa, for coin::vision and for the simulated grades.
    let vision =
        vec![vec![1520, 266, 124, 66], vec![234, 1512, 432, 78], vec![117, 362, 1772, 205], vec![36, 82, 179, 492]];
    let grades = vec![vec![2, 4, 2, 0], vec![2, 6, 3, 1], vec![1, 4, 4, 0], vec![0, 1, 3, 2]];
    for (counts, expected) in [(vision, 0.008381936586536715), (grades, 0.1371766826524048)] {
        let table = SquareTable::from_counts(counts).expect("a table");
        let ours = kappa(&table, Weights::Quadratic, &two_sided()).expect("grades differ").std_error;
        assert!((ours.expect("a standard error") / expected - 1.0_f64).abs() < 1e-10);
    }
}

/// The numbers of a column that must be complete.
fn complete(case: &Case, column: &str) -> Vec<f64> {
    case.data.numbers(column).into_iter().map(|value| value.expect("no missing value")).collect()
}

#[test]
fn mcnemar_tables() {
    let Some(case) = Case::load("r", "mcnemar_tables") else { return };
    let column = |name| complete(&case, name);
    let (a, b, c, d) = (column("n11"), column("n12"), column("n21"), column("n22"));
    let tables: BTreeMap<&str, PairTable> = case
        .data
        .text("table")
        .into_iter()
        .enumerate()
        .map(|(i, name)| (name, PairTable { a: a[i] as u64, b: b[i] as u64, c: c[i] as u64, d: d[i] as u64 }))
        .collect();
    let mut coverage = Coverage::new(&case);
    for result in &case.results {
        let name = result.id.split('/').next().unwrap_or_default();
        compare_two_by_two(&mut coverage, result, &tables[name]);
    }
    coverage.finish();
}

#[test]
fn marginal_grades() {
    let Some(case) = Case::load("r", "marginal_grades_sim") else { return };
    let (treated, control) = (complete(&case, "knee_ev"), complete(&case, "knee_placebo"));
    let levels = SquareTable::observed_levels(&treated, &control).expect("finite grades");
    let square = SquareTable::from_grades(&treated, &control, &levels).expect("grades among the levels");
    let severe = |grades: &[f64]| grades.iter().map(|grade| *grade >= 2.0).collect::<Vec<bool>>();
    let pairs = PairTable::from_pairs(&severe(&treated), &severe(&control)).expect("equal length");
    let mut coverage = Coverage::new(&case);
    for result in &case.results {
        if result.id.starts_with("grades/") {
            compare_square(&mut coverage, result, &square);
        } else {
            compare_two_by_two(&mut coverage, result, &pairs);
        }
    }
    coverage.finish();
}

#[test]
fn marginal_vision() {
    let Some(case) = Case::load("r", "marginal_vision") else { return };
    let (right, left, count) = (complete(&case, "right_eye"), complete(&case, "left_eye"), complete(&case, "freq"));
    let mut counts = vec![vec![0; 4]; 4];
    for ((row, column), count) in right.iter().zip(&left).zip(&count) {
        counts[*row as usize - 1][*column as usize - 1] = *count as u64;
    }
    let table = SquareTable::from_counts(counts).expect("a table");
    let mut coverage = Coverage::new(&case);
    for result in &case.results {
        compare_square(&mut coverage, result, &table);
    }
    coverage.finish();
}

#[test]
fn split_eye_blindness() {
    let Some(case) = Case::load("r", "paired_binary_diabetic") else { return };
    let table = PairTable::from_codes(&complete(&case, "status_treated"), &complete(&case, "status_control"));
    let table = table.expect("0 and 1");
    let mut coverage = Coverage::new(&case);
    for result in &case.results {
        compare_two_by_two(&mut coverage, result, &table);
    }
    coverage.finish();
}

/// Values of both knees at a month, one row per patient, in order of the identifiers: (EV, PLACEBO).
fn knees_at(case: &Case, column: &str, month: &str) -> BTreeMap<String, [Option<f64>; 2]> {
    let mut patients: BTreeMap<String, [Option<f64>; 2]> = BTreeMap::new();
    let values = case.data.numbers(column);
    let rows = case.data.text("usubjid").into_iter().zip(case.data.text("treatment")).zip(case.data.text("month"));
    for (((id, arm), at), value) in rows.zip(values) {
        if at == month {
            patients.entry(id.to_owned()).or_default()[usize::from(arm == "PLACEBO")] = value;
        }
    }
    patients
}

fn simulated_trial(name: &str) {
    let Some(case) = Case::load("r", name) else { return };
    let (mut treated, mut control) = (Vec::new(), Vec::new());
    for pair in knees_at(&case, "mri_grade", "6").values() {
        if let [Some(ev), Some(placebo)] = pair {
            treated.push(*ev);
            control.push(*placebo);
        }
    }
    let grades = SquareTable::from_grades(&treated, &control, &[0.0, 1.0, 2.0, 3.0]).expect("grades 0 to 3");

    // Responder: at least 30 % better than the same knee's baseline.
    let baseline = knees_at(&case, "vas", "0");
    let month_6 = knees_at(&case, "vas", "6");
    let knee = |arm: usize| -> Vec<Option<bool>> {
        let before: Vec<Option<f64>> = month_6.keys().map(|id| baseline.get(id).and_then(|pair| pair[arm])).collect();
        let after: Vec<Option<f64>> = month_6.values().map(|pair| pair[arm]).collect();
        responders(&before, &after, Better::Lower, Threshold::Relative(0.30)).expect("equal length")
    };
    let pairs: (Vec<bool>, Vec<bool>) =
        knee(0).into_iter().zip(knee(1)).filter_map(|(ev, placebo)| Some((ev?, placebo?))).unzip();
    let responders = PairTable::from_pairs(&pairs.0, &pairs.1).expect("equal length");

    let mut coverage = Coverage::new(&case);
    for result in &case.results {
        if !is_categorical(&result.id) {
            coverage.exclude(result, "a continuous outcome, compared with the continuous tests");
        } else if result.id.starts_with("mri_grade.") {
            compare_square(&mut coverage, result, &grades);
        } else {
            compare_two_by_two(&mut coverage, result, &responders);
        }
    }
    coverage.finish();
}

#[test]
fn simulated_trial_a() {
    simulated_trial("paired_simA");
}

#[test]
fn simulated_trial_b() {
    simulated_trial("paired_simB");
}

/// Compares a p-value that R or Python computed from an F statistic; theirs lose digits when small.
fn compare_effect(coverage: &mut Coverage, result: &Reference, path: &str, names: &[(&str, Option<f64>)]) {
    for (name, ours) in names {
        let path = format!("{path}{name}");
        if result.number(&path).is_some() {
            coverage.close(result, &path, *ours, if name.contains("SS") || *name == "F" { 1e-9 } else { ASYMPTOTIC });
        }
    }
}

fn repeated_measures(name: &str) {
    let Some(case) = Case::load("r", name) else { return };
    let mut coverage = Coverage::new(&case);
    for (group, column, change) in [
        ("vas.raw", "vas", false),
        ("vas.change", "vas", true),
        ("lequesne.raw", "lequesne", false),
        ("lequesne.change", "lequesne", true),
    ] {
        let months: &[&str] = if change { &["1", "3", "6"] } else { &["0", "1", "3", "6"] };
        // Long table of the value, or of the change from the same knee's baseline.
        let baseline = knees_at(&case, column, "0");
        let (mut ids, mut values, mut arms, mut visits) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for month in months {
            for (id, pair) in knees_at(&case, column, month) {
                for (arm, value) in ["EV", "PLACEBO"].into_iter().zip(pair) {
                    let own = baseline.get(&id).and_then(|pair| pair[usize::from(arm == "PLACEBO")]);
                    ids.push(id.clone());
                    values.push(if change { value.zip(own).map(|(value, own)| value - own) } else { value });
                    arms.push(arm.to_owned());
                    visits.push((*month).to_owned());
                }
            }
        }
        let factor = |name: &str, levels: &[&str]| Factor {
            name: name.to_owned(),
            levels: levels.iter().map(|level| (*level).to_owned()).collect(),
        };
        let both = [(factor("treatment", &["EV", "PLACEBO"]), arms), (factor("visit", months), visits)];
        let table = WithinTable::from_long(&ids, &values, &both).expect("one value per cell");
        let k = months.len();
        let arm_rows = |arm: usize| -> Vec<Vec<f64>> {
            table.rows.iter().map(|row| row[arm * k..(arm + 1) * k].to_vec()).collect()
        };
        let differences: Vec<Vec<f64>> =
            table.rows.iter().map(|row| (0..k).map(|visit| row[visit] - row[k + visit]).collect()).collect();
        let one_arm = |arm: usize| WithinTable {
            factors: vec![table.factors[1].clone()],
            ids: table.ids.clone(),
            rows: arm_rows(arm),
            n_dropped: 0,
        };
        let two_way = effects(&table).expect("complete patients");
        let by_term = |term: &str| two_way.iter().find(|effect| effect.term == term).expect("the term");
        let arm_of = |id: &str| usize::from(id.contains("PLACEBO"));

        for result in &case.results {
            let Some(method) = result.id.strip_prefix(group).and_then(|rest| rest.strip_prefix('/')) else { continue };
            if method.contains("pairwise_wilcoxon_pratt") {
                let columns: Vec<usize> =
                    method.chars().rev().take(2).filter_map(|c| c.to_digit(10)).map(|d| d as usize - 1).collect();
                pairwise(&mut coverage, result, &arm_rows(arm_of(method)), columns[1], columns[0]);
            } else if method == "complete_patients" {
                let expected: Vec<String> = serde_json::from_value(result.values["ids"].clone()).expect("ids");
                coverage.check(result, "the same complete patients", table.ids == expected);
            } else if method.starts_with("friedman") || method.starts_with("kendall_w") {
                let rows = match method {
                    "friedman.all_cells" => table.rows.clone(),
                    "friedman.difference" => differences.clone(),
                    other => arm_rows(arm_of(other)),
                };
                let ours = friedman(&rows, &two_sided()).expect("complete rows");
                let w = ours.number("kendall_w");
                if method.starts_with("kendall_w") {
                    coverage.close(result, "W", w, CLOSED);
                } else if method.ends_with("pingouin") {
                    coverage.close(result, "0.W", w, CLOSED);
                    coverage.close(result, "0.Q", ours.statistic, CLOSED);
                    coverage.close(result, "0.p_unc", ours.p_value, ASYMPTOTIC);
                } else {
                    coverage.close(result, "statistic", ours.statistic, CLOSED);
                    coverage.close(result, "p_value", ours.p_value, ASYMPTOTIC);
                }
            } else if method == "rm_anova.car" {
                compare_car(&mut coverage, result, &two_way);
            } else if method.starts_with("rm_anova_oneway.car") {
                compare_car(&mut coverage, result, &effects(&one_arm(arm_of(method))).expect("complete patients"));
            } else if let Some(term) = method.strip_prefix("anova.mlm.") {
                let effect = by_term(if term == "interaction" { "treatment:visit" } else { term });
                compare_effect(
                    &mut coverage,
                    result,
                    "",
                    &[
                        ("F", effect.f),
                        ("num_df", Some(effect.num_df)),
                        ("den_df", Some(effect.den_df)),
                        ("p", effect.p_value),
                        ("p_GG", effect.p_gg),
                        ("p_HF", effect.p_hf),
                    ],
                );
            } else if let Some(term) = method.strip_prefix("mauchly.") {
                let effect = by_term(if term == "interaction" { "treatment:visit" } else { term });
                coverage.close(result, "statistic", effect.mauchly_w, 1e-9);
                coverage.close(result, "p_value", effect.mauchly_p, ASYMPTOTIC);
            } else if method == "rm_anova.afex" {
                for (i, effect) in two_way.iter().enumerate() {
                    let gg = effect.epsilon_gg;
                    compare_effect(
                        &mut coverage,
                        result,
                        &format!("{i}."),
                        &[
                            ("num_df_GG", gg.map(|gg| gg * effect.num_df)),
                            ("den_df_GG", gg.map(|gg| gg * effect.den_df)),
                            ("F", effect.f),
                            ("MSE", gg.map(|gg| effect.error_sum_sq / (gg * effect.den_df))),
                            ("ges", effect.generalized_eta_sq),
                            ("pes", effect.partial_eta_sq),
                            ("p_GG", effect.p_gg),
                        ],
                    );
                }
            } else if method == "rm_anova.pingouin" {
                for (i, effect) in two_way.iter().enumerate() {
                    compare_effect(
                        &mut coverage,
                        result,
                        &format!("{i}."),
                        &[
                            ("SS", Some(effect.sum_sq)),
                            ("ddof1", Some(effect.num_df)),
                            ("ddof2", Some(effect.den_df)),
                            ("F", effect.f),
                            ("p_unc", effect.p_value),
                            ("p_GG_corr", effect.p_gg),
                            ("ng2", effect.generalized_eta_sq),
                            ("eps", effect.epsilon_gg),
                            ("W_spher", effect.mauchly_w),
                        ],
                    );
                }
            } else if method == "anovarm.statsmodels" {
                for (i, effect) in two_way.iter().enumerate() {
                    compare_effect(
                        &mut coverage,
                        result,
                        &format!("{i}."),
                        &[
                            ("F Value", effect.f),
                            ("Num DF", Some(effect.num_df)),
                            ("Den DF", Some(effect.den_df)),
                            ("Pr > F", effect.p_value),
                        ],
                    );
                }
            } else if method.starts_with("sphericity") || method.starts_with("epsilon") {
                let one_way = effects(&one_arm(arm_of(method))).expect("complete patients");
                compare_effect(
                    &mut coverage,
                    result,
                    "",
                    &[
                        ("W", one_way[0].mauchly_w),
                        ("p", one_way[0].mauchly_p),
                        ("gg", one_way[0].epsilon_gg),
                        ("hf", one_way[0].epsilon_hf),
                    ],
                );
            }
        }
    }
    coverage.finish();
}

/// `car::Anova`: sums of squares, F tests, Mauchly's test and both corrections, each a list with its terms.
fn compare_car(coverage: &mut Coverage, result: &Reference, ours: &[Effect]) {
    for (list, rows) in ["univariate", "mauchly", "corrections"].iter().map(|list| (list, &result.values[*list])) {
        for (i, row) in rows.as_array().unwrap_or(&Vec::new()).iter().enumerate() {
            let Some(effect) = ours.iter().find(|effect| Value::from(effect.term.as_str()) == row["term"]) else {
                continue; // the intercept: the mean over all visits against 0
            };
            compare_effect(
                coverage,
                result,
                &format!("{list}.{i}."),
                &[
                    ("SS", Some(effect.sum_sq)),
                    ("num_df", Some(effect.num_df)),
                    ("error_SS", Some(effect.error_sum_sq)),
                    ("den_df", Some(effect.den_df)),
                    ("F", effect.f),
                    ("p", if *list == "mauchly" { effect.mauchly_p } else { effect.p_value }),
                    ("W", effect.mauchly_w),
                    ("GG_eps", effect.epsilon_gg),
                    ("GG_p", effect.p_gg),
                    ("HF_eps", effect.epsilon_hf_untruncated),
                    ("HF_p", effect.p_hf),
                ],
            );
        }
    }
}

/// Wilcoxon's test with Pratt's zeros of two visits of one arm.
fn pairwise(coverage: &mut Coverage, result: &Reference, rows: &[Vec<f64>], first: usize, second: usize) {
    let differences: Vec<f64> = rows.iter().map(|row| row[first] - row[second]).collect();
    let ours = |p| {
        let settings = wilcoxon::Settings { zeros: wilcoxon::Zeros::Pratt, p, continuity: false };
        wilcoxon::wilcoxon(&differences, settings, &two_sided()).expect("differences that are not all zero")
    };
    coverage.close(result, "p_value", ours(wilcoxon::PValue::Exact).p_value, CLOSED);
    coverage.close(result, "z", ours(wilcoxon::PValue::Asymptotic).number("z"), CLOSED);
}

#[test]
fn repeated_measures_a() {
    repeated_measures("rmanova_simA");
}

#[test]
fn repeated_measures_b() {
    repeated_measures("rmanova_simB");
}

#[test]
fn adjusted_p_values() {
    let Some(case) = Case::load("r", "multiplicity") else { return };
    let mut coverage = Coverage::new(&case);
    for result in &case.results {
        let (vector, method) = result.id.split_once('/').unwrap_or_default();
        let p_values: Vec<f64> = case.data.filter("vector", vector).numbers("p").into_iter().flatten().collect();
        let Some(method) = Adjustment::from_name(method.split('.').next().unwrap_or_default()) else {
            coverage.exclude(result, "not an adjustment that is offered");
            continue;
        };
        let ours = adjust(method, &p_values).expect("probabilities");
        let expected = result.values["adjusted"].as_array().map_or(0, Vec::len);
        assert_eq!(ours.len(), expected, "{}", result.id);
        for (i, ours) in ours.into_iter().enumerate() {
            coverage.close(result, &format!("adjusted.{i}"), Some(ours), 1e-12);
        }
    }
    coverage.finish();
}

#[test]
fn rubins_rules() {
    let Some(case) = Case::load("r", "rubin") else { return };
    let mut coverage = Coverage::new(&case);
    for result in &case.results {
        let (set, rule) = result.id.split_once('/').unwrap_or_default();
        let rows = case.data.filter("set", set);
        let column = |name: &str| rows.numbers(name).into_iter().flatten().collect::<Vec<f64>>();
        let complete = rule.ends_with("barnard_rubin").then(|| column("complete_df")[0]);
        let ours = pool(&column("estimate"), &column("se"), complete, &two_sided()).expect("imputations");
        for (name, ours, tolerance) in [
            ("m", Some(ours.n_imputations as f64), CLOSED),
            ("qbar", Some(ours.estimate), CLOSED),
            ("ubar", Some(ours.within_variance), CLOSED),
            ("b", Some(ours.between_variance), CLOSED),
            ("t", Some(ours.std_error.powi(2)), CLOSED),
            ("df", Some(ours.df), CLOSED),
            ("r", ours.riv, CLOSED),
            ("fmi", ours.fmi, ASYMPTOTIC),
            ("se", Some(ours.std_error), CLOSED),
            ("statistic", ours.statistic, CLOSED),
            ("p_value", ours.p_value, ASYMPTOTIC),
            ("conf_low", ours.conf_low, ASYMPTOTIC),
            ("conf_high", ours.conf_high, ASYMPTOTIC),
        ] {
            if result.number(name).is_some() {
                coverage.close(result, name, ours, tolerance);
            }
        }
    }
    coverage.finish();
}

/// Win odds are the net benefit of the paired table in other clothes: Bentur et al. 2009 as 1 win, 7 losses, 13 ties,
/// with Tango's limits as Fagerland, Lydersen and Laake (2014) print them.
#[test]
fn win_odds_of_a_published_table() {
    let treated: Vec<f64> = [vec![1.0; 1], vec![2.0; 7], vec![0.0; 13]].concat();
    let control: Vec<f64> = [vec![2.0; 1], vec![1.0; 7], vec![0.0; 13]].concat();
    let ours = win_odds(&treated, &control, Better::Lower, &two_sided()).expect("pairs");
    assert_eq!(
        (ours.number("n_better"), ours.number("n_equal"), ours.number("n_worse")),
        (Some(1.0), Some(13.0), Some(7.0))
    );
    let rounded = |name| format!("{:.4}", ours.number(name).expect("a figure"));
    assert_eq!((rounded("net_benefit_low").as_str(), rounded("net_benefit_high").as_str()), ("-0.5172", "-0.0260"));
    // (B + E/2)/(W + E/2) = 7.5/13.5, and the sign test 2·(1 + 8)/2⁸.
    assert!((ours.estimate.expect("win odds") - 7.5 / 13.5).abs() < 1e-14);
    assert!((ours.p_value.expect("a p-value") - 18.0 / 256.0).abs() < 1e-14);
    assert!((ours.number("win_ratio").expect("a ratio") - 1.0 / 7.0).abs() < 1e-14);
    // Turning the scale round turns the odds over.
    let other = win_odds(&treated, &control, Better::Higher, &two_sided()).expect("pairs");
    for (one, two) in
        [(ours.estimate, other.estimate), (ours.conf_low, other.conf_high), (ours.conf_high, other.conf_low)]
    {
        assert!((one.expect("odds") * two.expect("odds") - 1.0).abs() < 1e-12);
    }
    let all_better = win_odds(&[1.0; 5], &[2.0; 5], Better::Lower, &two_sided()).expect("pairs");
    assert_eq!(all_better.estimate, Some(f64::INFINITY));
    assert!(all_better.conf_low.is_some_and(|low| low > 1.0 && low.is_finite()));
    let all_equal = win_odds(&[1.0; 5], &[1.0; 5], Better::Lower, &two_sided()).expect("pairs");
    assert_eq!((all_equal.estimate, all_equal.p_value, all_equal.number("win_ratio")), (Some(1.0), Some(1.0), None));
}

/// statsmodels 0.15.0 `cochrans_q(x)`, SciPy 1.17.1 `friedmanchisquare`, and the exact p-values from a dictionary of the
/// unsorted column totals over all k! orders of every row (Python, written for this test).
#[test]
fn cochran_and_friedman_with_exact_p_values() {
    let answers: [[u8; 3]; 10] =
        [[1, 1, 0], [1, 0, 0], [1, 1, 1], [0, 0, 0], [1, 1, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [1, 0, 1], [1, 1, 0]];
    let rows: Vec<Vec<bool>> = answers.iter().map(|row| row.iter().map(|answer| *answer == 1).collect()).collect();
    let ours = cochran_q::cochran_q(&rows, &two_sided()).expect("complete rows");
    assert!((ours.statistic.expect("Q") - 7.0).abs() < 1e-12);
    assert!((ours.p_value.expect("p") / 0.0301973834223185 - 1.0).abs() < 1e-10);
    assert!((cochran_q::exact_p_value(&rows).expect("p") / 0.038408779149519914 - 1.0).abs() < 1e-10);
    let values: [[f64; 3]; 6] =
        [[5.0, 3.0, 1.0], [4.0, 4.0, 2.0], [6.0, 5.0, 5.0], [3.0, 2.0, 1.0], [7.0, 7.0, 7.0], [2.0, 4.0, 1.0]];
    let rows: Vec<Vec<f64>> = values.iter().map(|row| row.to_vec()).collect();
    let ours = friedman(&rows, &two_sided()).expect("complete rows");
    assert!((ours.statistic.expect("χ²") / 7.444444444444438 - 1.0).abs() < 1e-10);
    assert!((ours.p_value.expect("p") / 0.02418017437647046 - 1.0).abs() < 1e-10);
    assert!((exact_friedman(&rows).expect("p") / 0.021604938271604937 - 1.0).abs() < 1e-10);
    // Two visits: Cochran's Q is McNemar's test, exact p and all.
    let pairs: Vec<Vec<bool>> = answers.iter().map(|row| vec![row[0] == 1, row[2] == 1]).collect();
    let column = |visit: usize| pairs.iter().map(|row| row[visit]).collect::<Vec<bool>>();
    let table = PairTable::from_pairs(&column(0), &column(1)).expect("equal length");
    let q = cochran_q::cochran_q(&pairs, &two_sided()).expect("complete rows");
    let m = test(&table, PValue::Asymptotic, false, Alternative::TwoSided);
    assert!((q.statistic.expect("Q") - m.statistic.expect("χ²")).abs() < 1e-12);
    let exact = cochran_q::exact_p_value(&pairs).expect("p");
    assert!((exact - m.number("p_exact").expect("p")).abs() < 1e-12);
}

/// Every figure of a result is absent, finite or an infinite limit; p-values are probabilities, limits in order.
fn sound(result: &TestResult) {
    for value in [result.estimate, result.std_error, result.statistic, result.df, result.p_value].into_iter().flatten()
    {
        assert!(!value.is_nan(), "{result:?}");
    }
    assert!(result.p_value.is_none_or(|p| (0.0..=1.0).contains(&p)), "{result:?}");
    if let (Some(low), Some(high)) = (result.conf_low, result.conf_high) {
        assert!(low <= high, "{result:?}");
    }
    for (name, _) in &result.extra {
        assert!(result.number(name).is_none_or(|value| !value.is_nan()), "{name}: {result:?}");
    }
}

#[test]
fn every_small_table_has_a_sound_answer() {
    for a in 0..4 {
        for b in 0..4 {
            for c in 0..4 {
                for d in 0..4 {
                    let table = PairTable { a, b, c, d };
                    for alternative in [Alternative::TwoSided, Alternative::Less, Alternative::Greater] {
                        for p in [PValue::Exact, PValue::MidP, PValue::Asymptotic] {
                            let answer =
                                mcnemar(&table, &directed(alternative), &McNemarOptions { p, continuity: true });
                            assert_eq!(answer.is_err(), table.n() == 0);
                            answer.iter().for_each(sound);
                        }
                    }
                    let tails = Tails::two_sided(0.95).expect("a level");
                    let limits = [
                        difference::wald_corrected(&table, tails),
                        difference::agresti_min(&table, tails),
                        difference::bonett_price(&table, tails),
                        difference::newcombe_unadjusted(&table, tails),
                        ratio::wald(&table, tails),
                        ratio::tang(&table, tails),
                        ratio::bonett_price(&table, tails),
                        ratio::mover(&table, tails),
                        odds::mid_p(&table, tails),
                        odds::wilson_score(&table, tails),
                        Some(odds::exact(&table, tails)),
                    ];
                    for (low, high) in limits.into_iter().flatten() {
                        assert!(low <= high, "{table:?}: {limits:?}");
                    }
                    if table.n() > 0 {
                        let square = SquareTable::from_counts(vec![vec![a, b, 0], vec![c, d, 0], vec![0, 0, 0]]);
                        let square = square.expect("a table");
                        sound(&stuart_maxwell(&square, &two_sided()).expect("an answer"));
                        sound(&bowker(&square, &two_sided()).expect("an answer"));
                        bhapkar(&square, &two_sided()).iter().for_each(sound);
                        kappa(&square, Weights::Linear, &two_sided()).iter().for_each(sound);
                        mean_ranks(&square, &two_sided()).iter().for_each(sound);
                        mean_scores(&square, &[0.0, 1.0, 2.0], &two_sided()).iter().for_each(sound);
                    }
                }
            }
        }
    }
}

#[test]
fn degenerate_input_is_refused_or_answered() {
    let options = two_sided();
    assert!(SquareTable::from_counts(vec![vec![3]]).is_err());
    assert!(SquareTable::from_counts(vec![vec![0; 2]; 2]).is_err());
    assert!(SquareTable::from_counts(vec![vec![1, 2], vec![3]]).is_err());
    assert!(SquareTable::from_grades(&[0.0], &[7.0], &[0.0, 1.0]).is_err());
    assert!(SquareTable::from_grades(&[0.0], &[1.0], &[0.0, 0.0]).is_err());
    assert!(PairTable::from_codes(&[0.0, 2.0], &[1.0, 1.0]).is_err());
    assert!(PairTable::from_codes(&[f64::NAN], &[1.0]).is_err());
    assert!(PairTable::from_pairs(&[true], &[]).is_err());
    assert!(win_odds(&[], &[], Better::Lower, &options).is_err());
    assert!(win_odds(&[f64::INFINITY], &[1.0], Better::Lower, &options).is_err());
    sound(&win_odds(&[1.0], &[2.0], Better::Lower, &options).expect("one pair"));
    assert!(friedman(&[], &options).is_err());
    assert!(friedman(&[vec![1.0]], &options).is_err());
    assert!(friedman(&[vec![1.0, f64::NAN]], &options).is_err());
    assert_eq!(friedman(&[vec![1.0, 1.0]], &options).expect("an answer").p_value, Some(1.0));
    assert!(cochran_q::cochran_q(&[], &options).is_err());
    assert_eq!(cochran_q::cochran_q(&[vec![true, true]], &options).expect("an answer").statistic, None);
    assert!(
        mcnemar(
            &PairTable { b: 1, ..PairTable::default() },
            &Options { conf_level: 1.0, ..options },
            &McNemarOptions::default()
        )
        .is_err()
    );
    assert!(pool(&[1.0], &[1.0], None, &options).is_err());
    assert!(pool(&[1.0, 1.0], &[0.0, 0.0], None, &options).is_err());
    assert!(pool(&[1.0, f64::NAN], &[1.0, 1.0], None, &options).is_err());
    // Between-imputation variance only: Barnard and Rubin leave no degrees of freedom.
    assert_eq!(pool(&[1.0, 2.0], &[0.0, 0.0], Some(20.0), &options).expect("an answer").p_value, None);

    let two_by_two = |rows: Vec<Vec<f64>>| WithinTable {
        factors: ["a", "b"].map(|name| Factor { name: name.into(), levels: vec!["1".into(), "2".into()] }).to_vec(),
        ids: (0..rows.len()).map(|i| i.to_string()).collect(),
        rows,
        n_dropped: 0,
    };
    assert!(effects(&two_by_two(vec![])).is_err());
    assert!(effects(&two_by_two(vec![vec![1.0; 4]])).is_err());
    assert!(effects(&two_by_two(vec![vec![1.0; 3]; 4])).is_err());
    assert!(effects(&two_by_two(vec![vec![1.0; 4]; 5])).expect("an answer").iter().all(|effect| effect.f.is_none()));
    for scale in [1e-300, 1.0, 1e300] {
        let rows = [[1.0, 2.0, 3.0, 4.5], [2.0, 1.0, 4.0, 3.0], [0.5, 2.5, 2.0, 1.0]];
        let rows = rows.map(|row| row.map(|value: f64| value * scale).to_vec()).to_vec();
        let scaled = effects(&two_by_two(rows)).expect("three patients");
        // One degree of freedom each: the square of the paired t of the contrast, here a: (7.5 − 3, 7 − 3, 3 − 3)/2.
        let expected = {
            let d = [4.5, 4.0, 0.0_f64];
            let mean = d.iter().sum::<f64>() / 3.0;
            let variance = d.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 2.0;
            mean * mean / (variance / 3.0)
        };
        assert!((scaled[0].f.expect("F") / expected - 1.0).abs() < 1e-12);
        assert_eq!((scaled[0].epsilon_gg, scaled[0].epsilon_hf, scaled[0].mauchly_w), (Some(1.0), Some(1.0), None));
    }
    let long = WithinTable::from_long(
        &["p".into(), "p".into()],
        &[Some(1.0), Some(2.0)],
        &[(Factor { name: "visit".into(), levels: vec![] }, vec!["1".into(), "1".into()])],
    );
    assert!(long.is_err_and(|refusal| refusal.0.contains("two values")));
}

#[test]
fn a_hundred_thousand_pairs() {
    let n = 100_000_u64;
    // Exact binomial far out in the tail; R 4.2.2: 2 * pbinom(24500, 50000, 0.5).
    let table = PairTable { a: 25_000, b: 24_500, c: 25_500, d: 25_000 };
    let ours = test(&table, PValue::Exact, false, Alternative::TwoSided);
    sound(&ours);
    assert_eq!(ours.n_pairs as u64, n);
    assert!((ours.p_value.expect("p") / 7.902628543393223e-06 - 1.0).abs() < 1e-9, "{:?}", ours.p_value);
    let square = SquareTable::from_counts(vec![
        vec![20_000, 15_000, 5_000],
        vec![14_000, 20_000, 6_000],
        vec![5_500, 5_500, 9_000],
    ]);
    let square = square.expect("a table");
    sound(&stuart_maxwell(&square, &two_sided()).expect("an answer"));
    let scores = mean_scores(&square, &[0.0, 1.0, 2.0], &two_sided()).expect("an answer");
    sound(&scores);
    // Too many discordant pairs for the exact distribution: absent, with a note, not slow.
    assert!(scores.number("p_exact").is_none() && !scores.notes.is_empty());
    let treated: Vec<f64> = (0..n).map(|i| (i % 7) as f64).collect();
    let control: Vec<f64> = (0..n).map(|i| (i % 5) as f64).collect();
    sound(&win_odds(&treated, &control, Better::Lower, &two_sided()).expect("pairs"));
    let curve = cumulative_curve(&treated, &control, 0.95).expect("pairs");
    assert_eq!(curve.len(), 7);
    assert_eq!((curve[0].treated, curve[0].control), (1.0, 1.0));
}

#[test]
fn the_cumulative_curve_counts_knees_at_or_above_each_threshold() {
    let curve = cumulative_curve(&[10.0, 20.0, -5.0, 20.0], &[0.0, 20.0, 10.0, -5.0], 0.95).expect("pairs");
    let shares: Vec<(f64, f64, f64)> =
        curve.iter().map(|point| (point.threshold, point.treated, point.control)).collect();
    assert_eq!(shares, [(-5.0, 1.0, 1.0), (0.0, 0.75, 0.75), (10.0, 0.75, 0.5), (20.0, 0.5, 0.25)]);
    // At 10: pairs yes/no twice, no/yes once: Newcombe as in the table.
    let table = PairTable { a: 1, b: 2, c: 1, d: 0 };
    let limits = difference::newcombe(&table, Tails::two_sided(0.95).expect("a level")).expect("pairs");
    assert_eq!((curve[2].difference_low, curve[2].difference_high), limits);
    assert!(cumulative_curve(&[], &[], 0.95).is_err());
    assert!(cumulative_curve(&[f64::NAN], &[1.0], 0.95).is_err());
}

#[test]
fn responders_at_the_threshold_and_without_a_baseline() {
    let before = [Some(55.0), Some(0.0), None, Some(60.0), Some(60.0)];
    let after = [Some(44.0), Some(0.0), Some(1.0), None, Some(30.0)];
    let relative = responders(&before, &after, Better::Lower, Threshold::Relative(0.2)).expect("equal length");
    assert_eq!(relative, [Some(true), None, None, None, Some(true)]);
    let absolute = responders(&before, &after, Better::Lower, Threshold::Absolute(20.0)).expect("equal length");
    assert_eq!(absolute, [Some(false), Some(false), None, None, Some(true)]);
    let compared = compare_responders(&relative, &absolute, &two_sided(), &McNemarOptions::default()).expect("pairs");
    assert_eq!((compared.n_pairs, compared.n_dropped, compared.number("b")), (2, 3, Some(1.0)));
    assert!(responders(&before, &after, Better::Lower, Threshold::Absolute(0.0)).is_err());
    assert!(compare_responders(&[None], &[Some(true)], &two_sided(), &McNemarOptions::default()).is_err());
}

#[test]
fn shifts_are_counted_with_what_is_missing() {
    let before = [Some(1.0), Some(2.0), Some(2.0), None, Some(3.0), None];
    let after = [Some(1.0), Some(1.0), Some(3.0), Some(0.0), None, None];
    let table = shift_table(&before, &after, &[0.0, 1.0, 2.0, 3.0], Better::Lower).expect("grades 0 to 3");
    assert_eq!((table.improved, table.unchanged, table.worsened, table.missing_both), (1, 1, 1, 1));
    assert_eq!((table.counts[2][1], table.missing_at_visit[3], table.missing_at_baseline[0]), (1, 1, 1));
    assert!(shift_table(&before, &after, &[0.0, 1.0], Better::Lower).is_err());
}
