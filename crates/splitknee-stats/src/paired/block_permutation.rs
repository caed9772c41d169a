//! Exact null distribution of Σ_j (column total)² when the entries of every row (patient) are permuted independently.
//!
//! Friedman's test and Cochran's Q are both increasing functions of that sum. Rows are integers (doubled mid-ranks, or
//! 0/1); the column totals reached after each row are kept with their probabilities, which is exact and needs no
//! enumeration of the (k!)^n outcomes. Totals are kept sorted: the null distribution does not distinguish columns.

use std::collections::BTreeMap;

/// Probability steps (states × arrangements) beyond which the exact distribution is not built.
const WORK_LIMIT: usize = 1_000_000;

/// P(Σ_j T_j² ≥ observed) over all arrangements of each row, the observed totals included.
///
/// `None` when there are more than six columns or too many reachable totals; the caller then reports the asymptotic
/// value only.
pub(super) fn exact_p(rows: &[Vec<u32>]) -> Option<f64> {
    let columns = rows.first()?.len();
    if columns > 6 {
        return None;
    }
    let sum_of_squares = |totals: &[u32]| totals.iter().map(|&total| u64::from(total).pow(2)).sum::<u64>();
    let mut observed = vec![0_u32; columns];
    for row in rows {
        for (total, &value) in observed.iter_mut().zip(row) {
            *total += value;
        }
    }
    let observed = sum_of_squares(&observed);

    let mut states: BTreeMap<Vec<u32>, f64> = BTreeMap::from([(vec![0; columns], 1.0)]);
    let mut work = 0;
    for row in rows {
        if row.iter().all(|value| *value == row[0]) {
            // A row without contrast shifts every total alike.
            states = states
                .into_iter()
                .map(|(totals, probability)| (totals.iter().map(|total| total + row[0]).collect(), probability))
                .collect();
            continue;
        }
        let arrangements = distinct_arrangements(row);
        work += states.len() * arrangements.len();
        if work > WORK_LIMIT {
            return None;
        }
        let share = 1.0 / arrangements.len() as f64;
        let mut next: BTreeMap<Vec<u32>, f64> = BTreeMap::new();
        for (totals, probability) in &states {
            for arrangement in &arrangements {
                let mut reached: Vec<u32> =
                    totals.iter().zip(arrangement).map(|(total, value)| total + value).collect();
                reached.sort_unstable();
                *next.entry(reached).or_insert(0.0) += probability * share;
            }
        }
        states = next;
    }
    let p: f64 = states.iter().filter(|(totals, _)| sum_of_squares(totals) >= observed).map(|(_, p)| p).sum();
    Some(p.min(1.0))
}

/// Every distinct arrangement of the row's values, in lexicographic order.
fn distinct_arrangements(row: &[u32]) -> Vec<Vec<u32>> {
    let mut current = row.to_vec();
    current.sort_unstable();
    let mut all = vec![current.clone()];
    // Next permutation, which skips repeats of equal values by itself.
    while let Some(pivot) = (1..current.len()).rev().find(|&i| current[i - 1] < current[i]) {
        let larger = (pivot..current.len()).rev().find(|&i| current[i] > current[pivot - 1]).unwrap_or(pivot);
        current.swap(pivot - 1, larger);
        current[pivot..].reverse();
        all.push(current.clone());
    }
    all
}
