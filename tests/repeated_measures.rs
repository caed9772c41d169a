//! Repeated-measures ANOVA, Friedman's test and Cochran's Q against R and Python.

use crate::paired_categorical::{test, two_sided};
use crate::reference_cases::qualify;
use splitknee::paired::friedman::{exact_p_value as exact_friedman, friedman};
use splitknee::paired::mcnemar::PValue;
use splitknee::paired::pair_table::PairTable;
use splitknee::paired::{Alternative, cochran_q};

#[test]
fn repeated_measures_a() {
    qualify("rmanova_simA");
}

#[test]
fn repeated_measures_b() {
    qualify("rmanova_simB");
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
