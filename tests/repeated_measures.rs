//! Repeated-measures ANOVA, Friedman's test and Cochran's Q against R and Python: every figure of the reference cases is
//! compared.

use crate::paired_categorical::{knees_at, test, two_sided};
use crate::reference_cases::{Case, Coverage, Reference};
use splitknee::paired::friedman::{exact_p_value as exact_friedman, friedman};
use splitknee::paired::mcnemar::PValue;
use splitknee::paired::pair_table::PairTable;
use splitknee::paired::rm_anova::{Effect, effects};
use splitknee::paired::within::{Factor, WithinTable};
use splitknee::paired::{Alternative, cochran_q, wilcoxon};

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
