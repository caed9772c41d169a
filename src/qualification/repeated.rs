//! Repeated-measures ANOVA and Friedman's test against R and Python: every figure of the cases is compared.

use super::case::{Case, Reference};
use super::counts::knees_at;
use super::coverage::Coverage;
use crate::note;
use crate::paired::friedman::friedman;
use crate::paired::rm_anova::{Effect, effects};
use crate::paired::within::{Factor, WithinTable};
use crate::paired::{Options, Refusal, wilcoxon};

/// Closed forms and exact p-values.
const CLOSED: f64 = 1e-10;
/// Asymptotic p-values and quantiles.
const ASYMPTOTIC: f64 = 1e-8;

/// Compares a p-value that R or Python computed from an F statistic; theirs lose digits when small.
fn compare_effect(coverage: &mut Coverage, result: &Reference, path: &str, names: &[(&str, Option<f64>)]) {
    for (name, ours) in names {
        let path = format!("{path}{name}");
        if result.number(&path).is_some() {
            coverage.close(result, &path, *ours, if name.contains("SS") || *name == "F" { 1e-9 } else { ASYMPTOTIC });
        }
    }
}

/// A simulated trial: VAS and Lequesne, values and changes.
pub fn trial(case: &Case) -> Coverage {
    let mut coverage = Coverage::new(case);
    if let Err(refusal) = compare(case, &mut coverage) {
        coverage.check(&Reference::default(), &format!("an answer: {refusal}"), false);
    }
    coverage
}

fn compare(case: &Case, coverage: &mut Coverage) -> Result<(), Refusal> {
    for (group, column, change) in [
        ("vas.raw", "vas", false),
        ("vas.change", "vas", true),
        ("lequesne.raw", "lequesne", false),
        ("lequesne.change", "lequesne", true),
    ] {
        let months: &[&str] = if change { &["1", "3", "6"] } else { &["0", "1", "3", "6"] };
        // Long table of the value, or of the change from the same knee's baseline.
        let baseline = knees_at(case, column, "0");
        let (mut ids, mut values, mut arms, mut visits) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for month in months {
            for (id, pair) in knees_at(case, column, month) {
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
        let table = WithinTable::from_long(&ids, &values, &both)?;
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
        let two_way = effects(&table)?;
        let by_term = |term: &str| {
            let found = two_way.iter().find(|effect| effect.term == term);
            found.ok_or_else(|| Refusal(note!(no_term, term = term)))
        };
        let arm_of = |id: &str| usize::from(id.contains("PLACEBO"));

        for result in &case.results {
            let Some(method) = result.id.strip_prefix(group).and_then(|rest| rest.strip_prefix('/')) else { continue };
            if method.contains("pairwise_wilcoxon_pratt") {
                let columns: Vec<usize> =
                    method.chars().rev().take(2).filter_map(|c| c.to_digit(10)).map(|d| d as usize - 1).collect();
                pairwise(coverage, result, &arm_rows(arm_of(method)), columns[1], columns[0])?;
            } else if method == "complete_patients" {
                let expected: Vec<String> = serde_json::from_value(result.values["ids"].clone()).unwrap_or_default();
                coverage.check(result, "the same complete patients", table.ids == expected);
            } else if method.starts_with("friedman") || method.starts_with("kendall_w") {
                let rows = match method {
                    "friedman.all_cells" => table.rows.clone(),
                    "friedman.difference" => differences.clone(),
                    other => arm_rows(arm_of(other)),
                };
                let ours = friedman(&rows, &Options::default())?;
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
                compare_car(coverage, result, &two_way);
            } else if method.starts_with("rm_anova_oneway.car") {
                compare_car(coverage, result, &effects(&one_arm(arm_of(method)))?);
            } else if let Some(term) = method.strip_prefix("anova.mlm.") {
                let effect = by_term(if term == "interaction" { "treatment:visit" } else { term })?;
                compare_effect(
                    coverage,
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
                let effect = by_term(if term == "interaction" { "treatment:visit" } else { term })?;
                coverage.close(result, "statistic", effect.mauchly_w, 1e-9);
                coverage.close(result, "p_value", effect.mauchly_p, ASYMPTOTIC);
            } else if method == "rm_anova.afex" {
                for (i, effect) in two_way.iter().enumerate() {
                    let gg = effect.epsilon_gg;
                    compare_effect(
                        coverage,
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
                        coverage,
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
                        coverage,
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
                let one_way = effects(&one_arm(arm_of(method)))?;
                compare_effect(
                    coverage,
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
    Ok(())
}

/// `car::Anova`: sums of squares, F tests, Mauchly's test and both corrections, each a list with its terms.
fn compare_car(coverage: &mut Coverage, result: &Reference, ours: &[Effect]) {
    for (list, rows) in ["univariate", "mauchly", "corrections"].iter().map(|list| (list, &result.values[*list])) {
        for (i, row) in rows.as_array().unwrap_or(&Vec::new()).iter().enumerate() {
            let Some(effect) = ours.iter().find(|effect| row["term"] == effect.term.as_str()) else {
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
fn pairwise(
    coverage: &mut Coverage,
    result: &Reference,
    rows: &[Vec<f64>],
    first: usize,
    second: usize,
) -> Result<(), Refusal> {
    let differences: Vec<f64> = rows.iter().map(|row| row[first] - row[second]).collect();
    let ours = |p| {
        let settings = wilcoxon::Settings { zeros: wilcoxon::Zeros::Pratt, p, continuity: false };
        wilcoxon::wilcoxon(&differences, settings, &Options::default())
    };
    coverage.close(result, "p_value", ours(wilcoxon::PValue::Exact)?.p_value, CLOSED);
    coverage.close(result, "z", ours(wilcoxon::PValue::Asymptotic)?.number("z"), CLOSED);
    Ok(())
}
