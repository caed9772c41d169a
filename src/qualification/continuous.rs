//! Paired tests of continuous outcomes: every figure of the `paired_*` and `power_paired` cases that has a counterpart in
//! [`crate::paired`]; the others are left out by name, with the reason.

use super::case::{Case, Csv, Reference};
use super::coverage::Coverage;
use super::paired_figures::{CLOSED, Comparison, TAIL, options};
use crate::paired::{Alternative, Options, icc, pairs, pitman_morgan, power, shapiro_wilk};

/// Results left out whatever the data: the end or the start of the id, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    (".zsplit", "SciPy's zero splitting (half of each zero's rank to either side) is not offered"),
    ("cor.pingouin.pearson", "the interval is rounded to two digits, r and p are those of cor.pearson"),
    ("cor.pingouin.spearman", "the interval is rounded to two digits, rho and p are those of cor.scipy.spearman"),
    ("cor.pingouin.kendall", "the interval is rounded to two digits, tau and p are those of cor.kendall"),
    ("icc.pingouin", "the intervals are rounded to two digits, the coefficients are those of icc.psych"),
    ("d_av.pingouin.hedges", "Hedges' correction of the independent-groups design is not offered for a paired effect"),
];

/// Figures that the package gives for degenerate data where the project refuses or answers differently.
const DEGENERATE: &[(&str, &str, &str)] = &[
    ("all_zero", "icc.psych", "rounding noise of mean squares that are 0: refused"),
    ("all_zero", "wilcoxon.stats", "all differences 0: refused; R returns V = 0 with p = 1 or NaN"),
    ("n1", "t.scipy", "one difference has no SD: refused, where SciPy returns df 0"),
    ("n1", "tost.", "one difference has no SD: refused, where the packages return NaN"),
    (
        "n3_tied",
        "shapiro.scipy",
        "W = 3/4, its smallest value, where p is exactly 0; SciPy leaves a rounding error of 8e-16",
    ),
    (
        "n1",
        "signflip.scipy",
        "SciPy wants two observations; one difference has two equally likely signs, so p = 1 or ½",
    ),
    (
        "n1",
        "wilcoxon.scipy.permutation",
        "SciPy wants two observations; the exact test of one difference has p = 1 or ½",
    ),
    ("n1", "signflip.coin", "coin's asymptotic figures for one pair"),
    ("n1", "bland_altman", "one difference has no SD: refused, where the packages return NA"),
    ("n2", "gz.effectsize", "Hedges' factor does not exist at 1 degree of freedom; R returns 0"),
    ("constant_nonzero", "t.", "all differences equal: refused as R does; SciPy and pingouin return ±Inf"),
    ("constant_nonzero", "tost.", "all differences equal: refused as R does; statsmodels returns ±Inf"),
    ("constant_nonzero", "bland_altman", "all differences equal: refused, where the packages return limits of width 0"),
    ("constant_nonzero", "d_av", "all differences equal: refused, where the formula gives ±Inf"),
    ("constant_nonzero", "icc.psych", "rounding noise of a constant error mean square"),
    ("constant_nonzero", "shapiro.scipy", "all values equal: refused as R does; SciPy returns W = 1"),
    ("all_zero", "shapiro.scipy", "all values equal: refused as R does; SciPy returns W = 1"),
    ("all_zero", "tost.", "all differences 0: refused, where the packages divide by 0"),
    ("all_zero", "t.", "all differences 0: refused, where the packages return NaN"),
    ("all_zero", "bland_altman", "all differences 0: refused, where the packages return limits of width 0"),
    ("all_zero", "icc.psych", "rounding noise of mean squares that are 0: refused"),
    ("all_zero", "wilcoxon.stats", "all differences 0: refused; R returns V = 0 with p = 1 or NaN"),
    ("n1", "t.scipy", "one difference has no SD: refused, where SciPy returns df 0"),
    ("n1", "tost.", "one difference has no SD: refused, where the packages return NaN"),
    (
        "n3_tied",
        "shapiro.scipy",
        "W = 3/4, its smallest value, where p is exactly 0; SciPy leaves a rounding error of 8e-16",
    ),
    (
        "paired_shoes",
        "wilcoxon.stats",
        "binary noise of tenths in R and SciPy breaks the ties of |d|; on whole tenths they give ours (tests/cli_test.rs)",
    ),
    (
        "paired_shoes",
        "wilcoxon.coin",
        "binary noise of tenths in R and SciPy breaks the ties of |d|; on whole tenths they give ours (tests/cli_test.rs)",
    ),
    (
        "paired_shoes",
        "wilcoxon.scipy.asymptotic",
        "binary noise of tenths in R and SciPy breaks the ties of |d|; on whole tenths they give ours (tests/cli_test.rs)",
    ),
];

/// Compares one result of a data set; `dataset` is its name for the table above.
fn compare(coverage: &mut Coverage, result: &Reference, dataset: &str, method: &str, x: &[f64], y: &[f64]) {
    if let Some((_, reason)) = LEFT_OUT.iter().find(|(name, _)| method.contains(name)) {
        coverage.exclude(result, reason);
        return;
    }
    if let Some((_, _, reason)) = DEGENERATE.iter().find(|(set, name, _)| {
        // A refusal of the package is always compared with ours, except SciPy's of one observation.
        *set == dataset && method.starts_with(name) && (result.error.is_none() || name.contains("scipy"))
    }) {
        coverage.exclude(result, reason);
        return;
    }
    if method.starts_with("pitman_morgan") && (is_constant(x) || is_constant(y)) {
        // R gives NA or a perfect correlation here.
        let refused = pitman_morgan::pitman_morgan(x, y, &Options::default()).is_err();
        coverage.check(result, "a side without variation is refused", refused);
        return;
    }
    let d = pairs::differences(x, y).unwrap_or_default();
    let alternative = ["two.sided", "greater", "less"].into_iter().find(|a| method.contains(a)).unwrap_or("two.sided");
    let options = options(alternative);
    let mut comparison = Comparison { coverage, result, dataset };
    let family = method.split('.').next().unwrap_or_default();
    match family {
        "summary" => comparison.summary(&d, x, y),
        "t" => comparison.t_test(method, x, y, &options),
        "wilcoxon" => comparison.signed_rank(method, &d, &options),
        "hodges_lehmann" => comparison.hodges_lehmann(method, &d),
        "sign" => comparison.sign(method, &d, &options),
        "signflip" => comparison.sign_flip(method, &d, &options),
        "shapiro" => {
            let ours = shapiro_wilk::shapiro_wilk(&d, &options);
            // SciPy translates the normal scores in its own way: nine digits.
            let tolerance = if method == "shapiro" { CLOSED } else { 1e-7 };
            comparison.figures(&ours, &[("statistic", &|r| r.statistic, tolerance)]);
            comparison.figures(&ours, &[("p_value", &|r| r.p_value, if method == "shapiro" { TAIL } else { 1e-6 })]);
        }
        "dz" | "gz" | "d_av" => comparison.effect_size(method, x, y, &options),
        "cor" => comparison.correlation(method, x, y, &options),
        "pitman_morgan" => comparison.pitman_morgan(method, x, y, &options),
        "ccc" => {
            let ours = icc::concordance(x, y, &options);
            comparison.figures(
                &ours,
                &[
                    ("ccc", &|r| r.estimate, CLOSED),
                    ("conf_low", &|r| r.conf_low, TAIL),
                    ("conf_high", &|r| r.conf_high, TAIL),
                    ("C_b", &|r| r.number("c_b"), CLOSED),
                ],
            );
        }
        "bland_altman" => comparison.bland_altman(method, x, y, &options),
        "icc" => comparison.icc(x, y, &options),
        "tost" => comparison.tost(method, x, y, &options),
        _ => {}
    }
}

fn is_constant(values: &[f64]) -> bool {
    values.iter().all(|value| *value == values[0])
}

/// The complete pairs of the columns `treated` and `control`.
fn columns(table: &Csv) -> (Vec<f64>, Vec<f64>) {
    table.numbers("treated").into_iter().zip(table.numbers("control")).filter_map(|(t, c)| t.zip(c)).unzip()
}

/// A case of one data set.
pub fn two_columns(case: &Case) -> Coverage {
    let mut coverage = Coverage::new(case);
    let (x, y) = columns(&case.data);
    for result in &case.results {
        compare(&mut coverage, result, &case.name, &result.id, &x, &y);
    }
    coverage
}

/// A case of several data sets, named in the column `dataset`.
pub fn several(case: &Case) -> Coverage {
    let mut coverage = Coverage::new(case);
    for result in &case.results {
        let (dataset, method) = result.id.split_once('/').unwrap_or_default();
        let (x, y) = columns(&case.data.filter("dataset", dataset));
        compare(&mut coverage, result, dataset, method, &x, &y);
    }
    coverage
}

/// `pairs_at` of the reference: one row per patient with both knees' values (and baselines, for change) present.
fn pairs_at(data: &Csv, outcome: &str, month: &str, change: bool) -> (Vec<f64>, Vec<f64>) {
    let (ids, treatments, months) = (data.text("usubjid"), data.text("treatment"), data.text("month"));
    let values = data.numbers(outcome);
    let find = |id: &str, treatment: &str, month: &str| {
        (0..ids.len())
            .find(|&i| ids[i] == id && treatments[i] == treatment && months[i] == month)
            .and_then(|i| values[i])
    };
    let mut patients = ids.clone();
    patients.sort_unstable();
    patients.dedup();
    patients
        .into_iter()
        .filter_map(|id| {
            let side = |treatment| {
                let now = find(id, treatment, month)?;
                Some(if change { now - find(id, treatment, "0")? } else { now })
            };
            Some((side("EV")?, side("PLACEBO")?))
        })
        .unzip()
}

/// A simulated trial: knees paired within the patient, by outcome, month, and whether as change from baseline.
pub fn trial(case: &Case, coverage: &mut Coverage) {
    for result in &case.results {
        let (dataset, method) = result.id.split_once('/').unwrap_or_default();
        let parts: Vec<&str> = dataset.split('.').collect();
        if let [outcome, month, value] = parts.as_slice() {
            let (x, y) = pairs_at(&case.data, outcome, month.trim_start_matches('m'), *value == "change");
            compare(coverage, result, dataset, method, &x, &y);
        }
    }
}

/// Power and number of pairs of the paired t-test.
pub fn power_and_size(case: &Case) -> Coverage {
    let mut coverage = Coverage::new(case);
    let column = |name| case.data.complete(name);
    let (n, delta, sd, alpha) = (column("n"), column("delta"), column("sd"), column("sig.level"));
    for result in &case.results {
        if result.id == "power.two.sided" {
            coverage.exclude(result, "R's default leaves out the far tail; compared with power.two.sided.strict");
            continue;
        }
        let alternative = if result.id.contains("one.sided") { Alternative::Greater } else { Alternative::TwoSided };
        // statsmodels integrates the noncentral t to about 1e-11; R's n is found on power without the far tail.
        for i in 0..n.len() {
            let design = power::Design { delta: delta[i], sd_diff: sd[i], alpha: alpha[i], alternative };
            if result.id.starts_with("power") {
                let tolerance = if result.id.contains("statsmodels") { 1e-9 } else { CLOSED };
                coverage.close(result, &format!("power.{i}"), design.power(n[i]).ok(), tolerance);
            } else {
                let target = if result.id.contains("0.8") { 0.8 } else { 0.9 };
                let ours = design.pairs_for(target).ok();
                // R leaves the far tail out of a two-sided power, and so asks for a few more millionths of a pair.
                let tolerance = if alternative == Alternative::Greater { TAIL } else { 1e-5 };
                coverage.close(result, &format!("n.{i}"), ours, tolerance);
            }
        }
    }
    coverage
}
