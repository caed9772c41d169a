//! Categorical and ordinal paired tests against R and Python: every figure of the cases is compared, or its id is listed
//! here with the reason why not.

use super::case::{Case, Reference};
use super::coverage::Coverage;
use crate::paired::bowker::bowker;
use crate::paired::kappa::{Weights, kappa};
use crate::paired::marginal_homogeneity::{bhapkar, mean_ranks, mean_scores, stuart_maxwell};
use crate::paired::mcnemar::{McNemarOptions, PValue, mcnemar};
use crate::paired::pair_table::PairTable;
use crate::paired::proportion::Tails;
use crate::paired::responder::{Threshold, responders};
use crate::paired::square_table::SquareTable;
use crate::paired::wilcoxon::PValue as ScoreP;
use crate::paired::{
    Alternative, Better, Options, Refusal, TestResult, conditional_odds_ratio as odds, risk_difference as difference,
    risk_ratio as ratio,
};
use std::collections::BTreeMap;

/// Closed forms and exact p-values.
const CLOSED: f64 = 1e-10;
/// Asymptotic p-values and quantiles.
const ASYMPTOTIC: f64 = 1e-8;

/// The default question.
fn two_sided() -> Options {
    Options::default()
}

/// The same in one direction.
fn directed(alternative: Alternative) -> Options {
    Options { alternative, ..Options::default() }
}

/// McNemar's test of a table that is not empty.
fn test(table: &PairTable, p: PValue, continuity: bool, alternative: Alternative) -> Result<TestResult, Refusal> {
    mcnemar(table, &directed(alternative), &McNemarOptions { p, continuity })
}

/// Compares one result of the paired 2 × 2 family.
fn compare_two_by_two(coverage: &mut Coverage, result: &Reference, table: &PairTable) -> Result<(), Refusal> {
    let method = result.id.split_once('/').map_or("", |(_, method)| method);
    let tails = Tails::two_sided(0.95)?;
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
            let ours = test(table, PValue::Asymptotic, corrected, Alternative::TwoSided)?;
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
            let ours = test(table, PValue::Asymptotic, corrected, Alternative::TwoSided)?;
            if corrected && table.b == table.c && !no_discordant {
                coverage.exclude(
                    result,
                    "b = c: contingencytables squares |0| − 1; the convention here is R's statistic 0",
                );
                return Ok(());
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
            let ours = test(table, PValue::Exact, false, alternative)?;
            if result.error.is_some() {
                coverage.check(result, "p = 1 without discordant pairs", ours.p_value == Some(1.0));
                return Ok(());
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
            let ours = test(table, p, false, Alternative::TwoSided)?;
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
                return Ok(());
            }
            let names = if method == "binom.ci" { ["or_low", "or_high"] } else { LIMITS };
            limits(coverage, names, ours, CLOSED);
        }
        "mcnemar.statsmodels.exact" => {
            let ours = test(table, PValue::Exact, false, Alternative::TwoSided)?;
            coverage.close(result, "p_value", ours.p_value, CLOSED);
        }
        "McNemar_exact_cond_test_paired_2x2" => {
            let ours = test(table, PValue::Exact, false, Alternative::TwoSided)?;
            coverage.close(result, "Pvalue", ours.p_value, CLOSED);
        }
        "McNemar_midP_test_paired_2x2" => {
            if table.b == table.c {
                coverage.exclude(result, "b = c: contingencytables gives 1 − P(b)/2; the convention here is 1");
            } else {
                let ours = test(table, PValue::MidP, false, Alternative::TwoSided)?;
                coverage.close(result, "midP", ours.p_value, CLOSED);
            }
        }
        "own.midp_or" => {
            limits(coverage, ["or_lower", "or_upper"], odds::mid_p(table, tails), CLOSED);
            let ours = test(table, PValue::MidP, false, Alternative::TwoSided)?;
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
            let ours = test(table, PValue::Exact, false, Alternative::TwoSided)?;
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
            let ours = test(table, PValue::Exact, false, Alternative::TwoSided)?;
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
    Ok(())
}

/// Compares one result of the k × k family.
fn compare_square(coverage: &mut Coverage, result: &Reference, table: &SquareTable) -> Result<(), Refusal> {
    let method = result.id.split_once('/').map_or("", |(_, method)| method);
    let scores: Vec<f64> = (0..table.categories()).map(|score| score as f64).collect();
    let chi_squared = |coverage: &mut Coverage, names: [&str; 2], ours: TestResult| {
        coverage.close(result, names[0], ours.statistic, CLOSED);
        coverage.close(result, names[1], ours.p_value, ASYMPTOTIC);
        coverage.close(result, "df", ours.df, CLOSED);
    };
    match method {
        "table" => {
            let counts: Vec<Vec<u64>> = serde_json::from_value(result.values["counts"].clone()).unwrap_or_default();
            coverage.check(result, "the same table", table.counts() == counts);
        }
        "bowker" if result.number("statistic").is_none() => {
            coverage.exclude(result, "R returns NaN with an empty pair of cells; statsmodels' figure is compared");
        }
        "bowker" | "bowker.statsmodels" => {
            chi_squared(coverage, ["statistic", "p_value"], bowker(table, &two_sided())?);
        }
        "McNemarBowker_test_paired_cxc" => {
            chi_squared(coverage, ["T", "Pvalue"], bowker(table, &two_sided())?);
        }
        "stuart_maxwell.coin" | "stuart_maxwell.statsmodels" => {
            chi_squared(coverage, ["statistic", "p_value"], stuart_maxwell(table, &two_sided())?);
        }
        "Stuart_test_paired_cxc" if result.number("T0").is_some() => {
            chi_squared(coverage, ["T0", "P"], stuart_maxwell(table, &two_sided())?);
        }
        "bhapkar.statsmodels" => {
            chi_squared(coverage, ["statistic", "p_value"], bhapkar(table, &two_sided())?);
        }
        "Bhapkar_test_paired_cxc" if result.number("T").is_some() => {
            chi_squared(coverage, ["T", "Pvalue"], bhapkar(table, &two_sided())?);
        }
        "Stuart_test_paired_cxc" | "Bhapkar_test_paired_cxc" => {
            coverage
                .exclude(result, "contingencytables gives up when one pair of margins is equal (T = 0, or nothing)");
        }
        "mh_ordinal_scores.coin" | "mh_ordinal_scores.coin.exact" => {
            let ours = mean_scores(table, &scores, ScoreP::Asymptotic, &two_sided())?;
            coverage.close(result, "statistic", ours.statistic, CLOSED);
            if method.ends_with("exact") {
                coverage.close(result, "p_value", ours.number("p_exact"), CLOSED);
            } else {
                coverage.close(result, "p_value", ours.p_value, ASYMPTOTIC);
            }
        }
        "Wald_test_and_CI_marginal_mean_scores_paired_cxc" => {
            let ours = mean_scores(table, &scores, ScoreP::Asymptotic, &two_sided())?;
            coverage.close(result, "estimate", ours.estimate, CLOSED);
            coverage.close(result, "Z", ours.number("z_wald"), CLOSED);
            coverage.close(result, "Pvalue", ours.number("p_wald"), ASYMPTOTIC);
            coverage.close(result, "lower", ours.conf_low, CLOSED);
            coverage.close(result, "upper", ours.conf_high, CLOSED);
        }
        "Score_test_and_CI_marginal_mean_scores_paired_cxc" => {
            let ours = mean_scores(table, &scores, ScoreP::Asymptotic, &two_sided())?;
            coverage.close(result, "estimate", ours.estimate, CLOSED);
            coverage.close(result, "Z", ours.statistic, CLOSED);
            coverage.close(result, "Pvalue", ours.p_value, ASYMPTOTIC);
            coverage.close(result, "lower", ours.number("score_low"), CLOSED);
            coverage.close(result, "upper", ours.number("score_high"), CLOSED);
        }
        "Wald_test_and_CI_marginal_mean_ranks_paired_cxc" => {
            // contingencytables' α is P(control > treated) + ½P(=): the complement of ours.
            let ours = mean_ranks(table, &two_sided())?;
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
                let ours = kappa(table, weights, &two_sided())?;
                coverage.close(result, names[0], ours.estimate, CLOSED);
                if weights == Weights::Unweighted {
                    coverage.close(result, names[1], ours.conf_low, CLOSED);
                    coverage.close(result, names[2], ours.conf_high, CLOSED);
                }
            }
            // psych's weighted limits do not come from the variance of Fleiss, Cohen and Everitt, which statsmodels
            // 0.15.0 and this crate give (compared in the tests).
        }
        _ => {}
    }
    Ok(())
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

/// Compares, and enters a refusal of ours as a failure.
fn entered(coverage: &mut Coverage, result: &Reference, compare: impl FnOnce(&mut Coverage) -> Result<(), Refusal>) {
    if let Err(refusal) = compare(coverage) {
        coverage.check(result, &format!("an answer: {refusal}"), false);
    }
}

/// Paired 2 × 2 tables of the literature, a table per row.
pub fn tables(case: &Case) -> Coverage {
    let column = |name| case.data.complete(name);
    let (a, b, c, d) = (column("n11"), column("n12"), column("n21"), column("n22"));
    let tables: BTreeMap<&str, PairTable> = case
        .data
        .text("table")
        .into_iter()
        .enumerate()
        .map(|(i, name)| (name, PairTable { a: a[i] as u64, b: b[i] as u64, c: c[i] as u64, d: d[i] as u64 }))
        .collect();
    let mut coverage = Coverage::new(case);
    for result in &case.results {
        let name = result.id.split('/').next().unwrap_or_default();
        entered(&mut coverage, result, |coverage| compare_two_by_two(coverage, result, &tables[name]));
    }
    coverage
}

/// Grades of both knees, and the same grades in two classes.
pub fn grades(case: &Case) -> Coverage {
    let (treated, control) = (case.data.complete("knee_ev"), case.data.complete("knee_placebo"));
    let levels = SquareTable::observed_levels(&treated, &control).unwrap_or_default();
    let square = SquareTable::from_grades(&treated, &control, &levels);
    let severe = |grades: &[f64]| grades.iter().map(|grade| *grade >= 2.0).collect::<Vec<bool>>();
    let pairs = PairTable::from_pairs(&severe(&treated), &severe(&control));
    let mut coverage = Coverage::new(case);
    let (Ok(square), Ok(pairs)) = (square, pairs) else { return coverage };
    for result in &case.results {
        if result.id.starts_with("grades/") {
            entered(&mut coverage, result, |coverage| compare_square(coverage, result, &square));
        } else {
            entered(&mut coverage, result, |coverage| compare_two_by_two(coverage, result, &pairs));
        }
    }
    coverage
}

/// Stuart's table of vision.
pub(super) fn vision_table(case: &Case) -> Result<SquareTable, Refusal> {
    let column = |name| case.data.complete(name);
    let mut counts = vec![vec![0; 4]; 4];
    for ((row, column), count) in column("right_eye").iter().zip(column("left_eye")).zip(column("freq")) {
        counts[*row as usize - 1][column as usize - 1] = count as u64;
    }
    SquareTable::from_counts(counts)
}

/// Tests of the table of vision.
pub fn vision(case: &Case) -> Coverage {
    let mut coverage = Coverage::new(case);
    let Ok(table) = vision_table(case) else { return coverage };
    for result in &case.results {
        entered(&mut coverage, result, |coverage| compare_square(coverage, result, &table));
    }
    coverage
}

/// Blindness of the treated and of the control eye.
pub fn split_eye(case: &Case) -> Coverage {
    let mut coverage = Coverage::new(case);
    let table = PairTable::from_codes(&case.data.complete("status_treated"), &case.data.complete("status_control"));
    let Ok(table) = table else { return coverage };
    for result in &case.results {
        entered(&mut coverage, result, |coverage| compare_two_by_two(coverage, result, &table));
    }
    coverage
}

/// Values of both knees at a month, one row per patient, in order of the identifiers: (EV, PLACEBO).
pub(super) fn knees_at(case: &Case, column: &str, month: &str) -> BTreeMap<String, [Option<f64>; 2]> {
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

/// A simulated trial: grades and responders at month 6. What is of a continuous outcome is left to
/// [`super::continuous::trial`].
pub fn trial(case: &Case, coverage: &mut Coverage) {
    let (mut treated, mut control) = (Vec::new(), Vec::new());
    for pair in knees_at(case, "mri_grade", "6").values() {
        if let [Some(ev), Some(placebo)] = pair {
            treated.push(*ev);
            control.push(*placebo);
        }
    }
    let grades = SquareTable::from_grades(&treated, &control, &[0.0, 1.0, 2.0, 3.0]);

    // Responder: at least 30 % better than the same knee's baseline.
    let baseline = knees_at(case, "vas", "0");
    let month_6 = knees_at(case, "vas", "6");
    let knee = |arm: usize| -> Option<Vec<Option<bool>>> {
        let before: Vec<Option<f64>> = month_6.keys().map(|id| baseline.get(id).and_then(|pair| pair[arm])).collect();
        let after: Vec<Option<f64>> = month_6.values().map(|pair| pair[arm]).collect();
        responders(&before, &after, Better::Lower, Threshold::Relative(0.30)).ok()
    };
    let (ev, placebo) = (knee(0).unwrap_or_default(), knee(1).unwrap_or_default());
    let pairs: (Vec<bool>, Vec<bool>) =
        ev.into_iter().zip(placebo).filter_map(|(ev, placebo)| Some((ev?, placebo?))).unzip();
    let responders = PairTable::from_pairs(&pairs.0, &pairs.1);

    let (Ok(grades), Ok(responders)) = (grades, responders) else { return };
    for result in &case.results {
        if result.id.starts_with("mri_grade.") {
            entered(coverage, result, |coverage| compare_square(coverage, result, &grades));
        } else if result.id.starts_with("vas30.") {
            entered(coverage, result, |coverage| compare_two_by_two(coverage, result, &responders));
        }
    }
}
