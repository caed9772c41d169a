//! Are the two knees' grades distributed alike? Tests of marginal homogeneity of a square table.
//!
//! - [`stuart_maxwell`]: Stuart A (1955), Biometrika 42:412–416; Maxwell AE (1970), Br J Psychiatry 116:651–655.
//! - [`bhapkar`]: Bhapkar VP (1966), JASA 61:228–235, through the identity of Ireland, Ku and Kullback (1969).
//! - [`mean_scores`]: the ordinal score test (linear-by-linear marginal homogeneity, `coin::mh_test` with scores),
//!   asymptotic and exact, with Wald and score intervals of the mean difference (Fagerland, Lydersen and Laake 2017,
//!   *Statistical Analysis of Contingency Tables*, ch. 9).
//! - [`mean_ranks`]: the same question without scores, from the two margins (Agresti 1983; Fagerland et al., ch. 9).

use super::method::{GRADES, Method, Recipe, Topic};
use super::proportion::Tails;
use super::small_samples::SmallSample;
use super::square_table::SquareTable;
use super::wilcoxon::PValue;
use super::{Alternative, Field, Options, Refusal, TestResult};
use crate::math::dist::chi_squared;
use crate::note;
use nalgebra::{DMatrix, DVector};

/// What is known of the Stuart–Maxwell test beside its formula.
pub const STUART_MAXWELL: Method = Method {
    topic: Topic::Grades,
    kinds: GRADES,
    options: &["--levels"],
    r: Recipe::Program,
    sas: Some("proc catmod data=pairs; {place}; response marginals; model a*p=_response_; repeated knee 2; run;"),
    citation: Some(
        "Stuart A. A test for homogeneity of the marginal distributions in a two-way classification. Biometrika \
     1955;42:412–416. Maxwell AE. Br J Psychiatry 1970;116:651–655.",
    ),
    ..Method::of("stuart-maxwell", "Stuart 1955; Maxwell 1970", |asked| stuart_maxwell(&asked.grades()?, asked.options))
};

/// What is known of Bhapkar’s test beside its formula.
pub const BHAPKAR: Method = Method {
    topic: Topic::Grades,
    kinds: GRADES,
    options: &["--levels"],
    limit: Some(SmallSample { least: 200, errors: "27 / 20 / 14 / 11 %", neighbours: "stuart-maxwell / win-odds" }),
    ..Method::of("bhapkar", "Bhapkar 1966", |asked| bhapkar(&asked.grades()?, asked.options))
};

/// What is known of the marginal mean scores beside its formula.
pub const MEAN_SCORES: Method = Method {
    topic: Topic::Grades,
    kinds: GRADES,
    options: &["--p", "--levels"],
    limit: Some(SmallSample { least: 100, errors: "13 / 10 / 8 / 7 %", neighbours: "win-odds / permutation" }),
    ..Method::of("marginal-mean-scores", "Agresti 1983; Fagerland, Lydersen & Laake 2017, ch. 9", |asked| {
        mean_scores(&asked.grades()?, &asked.levels()?, asked.settings.scores, asked.options)
    })
};

/// What is known of the marginal mean ranks beside its formula.
pub const MEAN_RANKS: Method = Method {
    topic: Topic::Grades,
    kinds: GRADES,
    options: &["--levels"],
    limit: Some(SmallSample { least: 100, errors: "12 / 8 / 6.5 / 6.3 %", neighbours: "win-odds / proportional-odds" }),
    ..Method::of("marginal-mean-ranks", "Agresti 1983; Fagerland, Lydersen & Laake 2017, ch. 9", |asked| {
        mean_ranks(&asked.grades()?, asked.options)
    })
};

/// Stuart–Maxwell test: χ² = d′V⁻d, d = row − column totals, V their covariance when the margins are equal.
///
/// V is the Laplacian of the graph that joins categories between which pairs disagree. Its rank is k minus the number
/// of connected parts, which is the degrees of freedom: an unused category, or one with agreeing pairs only, takes its
/// degree of freedom away (as `coin::mh_test` does), and each connected part is solved by itself.
///
/// # Errors
/// Never for a table that [`SquareTable`] accepts; the result type is that of every test.
pub fn stuart_maxwell(table: &SquareTable, options: &Options) -> Result<TestResult, Refusal> {
    let (statistic, df) = stuart_statistic(table);
    let mut result = chi_squared_result("stuart-maxwell", table, statistic, df, options);
    if df + 1 < table.categories() {
        result.notes.push(note!(sm_df, df = df));
    }
    Ok(result)
}

/// Bhapkar's test: as Stuart–Maxwell with the covariance not restricted to equal margins, W = S / (1 − S/N).
///
/// The unrestricted covariance is estimated from the N pairs; with hardly more pairs than degrees of freedom S comes near
/// N and W grows without bound whatever the margins are, so that such a table is refused.
///
/// # Errors
/// When S = N (the unrestricted covariance is singular, so that W does not exist), or there are at most two pairs per
/// degree of freedom.
pub fn bhapkar(table: &SquareTable, options: &Options) -> Result<TestResult, Refusal> {
    let (stuart, df) = stuart_statistic(table);
    let n = table.n() as f64;
    if n <= 2.0 * df as f64 && df > 1 {
        return Err(Refusal(note!(bhapkar_few, n = table.n(), df = df)));
    }
    if n - stuart <= 1e-12 * n {
        return Err(Refusal(note!(bhapkar_one_way)));
    }
    Ok(chi_squared_result("bhapkar", table, stuart / (1.0 - stuart / n), df, options))
}

/// Stuart's statistic and the rank of its covariance.
fn stuart_statistic(table: &SquareTable) -> (f64, usize) {
    let categories = table.categories();
    let differences: Vec<f64> =
        table.row_totals().iter().zip(table.column_totals()).map(|(row, column)| row - column).collect();
    let joined = |i: usize, j: usize| if i == j { 0.0 } else { table.count(i, j) + table.count(j, i) };
    let mut seen = vec![false; categories];
    let (mut statistic, mut df) = (0.0, 0);
    for start in 0..categories {
        if seen[start] {
            continue;
        }
        seen[start] = true;
        let mut part = vec![start];
        let mut next = 0;
        while let Some(&i) = part.get(next) {
            for (j, visited) in seen.iter_mut().enumerate() {
                if !*visited && joined(i, j) > 0.0 {
                    *visited = true;
                    part.push(j);
                }
            }
            next += 1;
        }
        // One category of each connected part is redundant: the differences within the part sum to zero.
        let kept = &part[1..];
        if kept.is_empty() {
            continue;
        }
        let covariance = DMatrix::from_fn(kept.len(), kept.len(), |r, c| {
            if r == c { (0..categories).map(|j| joined(kept[r], j)).sum() } else { -joined(kept[r], kept[c]) }
        });
        let difference = DVector::from_iterator(kept.len(), kept.iter().map(|&i| differences[i]));
        if let Some(factor) = covariance.cholesky() {
            statistic += difference.dot(&factor.solve(&difference));
            df += kept.len();
        }
    }
    (statistic, df)
}

/// A χ² answer with the table; without any degree of freedom the statistic is 0 and p is 1.
fn chi_squared_result(
    method: &'static str,
    table: &SquareTable,
    statistic: f64,
    df: usize,
    options: &Options,
) -> TestResult {
    let mut result = TestResult::undirected(method, table.n() as usize, options);
    result.statistic = Some(statistic);
    result.df = Some(df as f64);
    result.exact = Some(false);
    if df == 0 {
        result.p_value = Some(1.0);
        result.notes.push(note!(sm_none));
    } else {
        result.p_value = Some(chi_squared::sf(statistic, df as f64));
        if table.n() < 5 * df as u64 {
            result.notes.push(note!(rough_chi, n = table.n(), df = df));
        }
    }
    result.extra.push(("table", Field::Table(table.counts().to_vec())));
    result
}

/// The ordinal test of marginal homogeneity: mean score of the treated knee minus that of the control knee.
///
/// `scores` has one value per category (0, 1, 2, … for MRI grades). `estimate` is the mean difference; `statistic` the
/// score z (variance under equality of the margins, `coin::mh_test(scores = …)`). The p-value is exact where that is
/// feasible (sign-flip distribution of the discordant pairs, for equally spaced scores), else that of z. Extra fields:
/// `p_exact`, `p_asymptotic`, `score_low`/`score_high`, and the Wald `z_wald`, `p_wald`, with `conf_low`/`conf_high` the
/// Wald interval.
///
/// # Errors
/// When the number of scores differs from the number of categories, a score is not finite, or an exact p-value is asked
/// for and not feasible.
pub fn mean_scores(table: &SquareTable, scores: &[f64], p: PValue, options: &Options) -> Result<TestResult, Refusal> {
    if scores.len() != table.categories() || scores.iter().any(|score| !score.is_finite()) {
        return Err(Refusal(note!(scores_needed, n = table.categories())));
    }
    let n = table.n() as f64;
    let sum: f64 = table.cells().map(|(i, j, count)| count * (scores[i] - scores[j])).sum();
    let sum_of_squares: f64 = table.cells().map(|(i, j, count)| count * (scores[i] - scores[j]).powi(2)).sum();
    let mean = sum / n;
    let null_error = sum_of_squares.sqrt() / n;
    let wald_error = (sum_of_squares / n - mean * mean).max(0.0).sqrt() / n.sqrt();
    let (below, above) = Tails::of(options)?.deviates();

    let mut result = TestResult::new("marginal-mean-scores", table.n() as usize, options);
    result.estimate = Some(mean);
    result.exact = Some(false);
    result.extra.push(("table", Field::Table(table.counts().to_vec())));
    result.note_unused_mu(options);
    if sum_of_squares == 0.0 {
        result.p_value = Some(1.0);
        result.notes.push(note!(scores_none));
        return Ok(result);
    }
    let z = sum / sum_of_squares.sqrt();
    result.std_error = Some(wald_error);
    result.statistic = Some(z);
    result.conf_low = Some(mean - below * wald_error);
    result.conf_high = Some(mean + above * wald_error);
    result.extra.push(("score_low", Field::Number(Some(mean - below * null_error))));
    result.extra.push(("score_high", Field::Number(Some(mean + above * null_error))));
    let wald = (wald_error > 0.0).then(|| mean / wald_error);
    result.extra.push(("z_wald", Field::Number(wald)));
    result.extra.push(("p_wald", Field::Number(wald.map(|z| options.alternative.p_of_z(z)))));
    let exact = exact_score_p(table, scores, options.alternative);
    let asymptotic = options.alternative.p_of_z(z);
    let why = "scores not equally spaced, or too many discordant pairs";
    match (p, exact) {
        (PValue::Exact, None) => return Err(Refusal(note!(no_exact_p, why = why))),
        (PValue::Asymptotic, _) | (_, None) => result.p_value = Some(asymptotic),
        (_, Some(exact)) => (result.p_value, result.exact) = (Some(exact), Some(true)),
    }
    if exact.is_none() {
        result.notes.push(note!(scores_not_exact, why = why));
    }
    result.notes.push(note!(scores_limits));
    result.extra.push(("p_exact", Field::Number(exact)));
    result.extra.push(("p_asymptotic", Field::Number(Some(asymptotic))));
    Ok(result)
}

/// Work (pairs × reachable sums) beyond which the exact distribution of the score sum is not built.
const EXACT_WORK_LIMIT: f64 = 1e7;

/// Exact p-value of the score sum: every discordant pair's sign is a fair coin; sums are counted by convolution.
fn exact_score_p(table: &SquareTable, scores: &[f64], alternative: Alternative) -> Option<f64> {
    let step = scores
        .iter()
        .flat_map(|a| scores.iter().map(move |b| (a - b).abs()))
        .filter(|gap| *gap > 0.0)
        .fold(f64::INFINITY, f64::min);
    let mut steps = Vec::new();
    let mut observed = 0_i64;
    for (i, j, count) in table.cells() {
        let gap = (scores[i] - scores[j]) / step;
        if (gap - gap.round()).abs() > 1e-9 {
            return None;
        }
        let gap = gap.round() as i64;
        observed += gap * count as i64;
        if gap != 0 && count > 0.0 {
            steps.extend(std::iter::repeat_n(gap.unsigned_abs() as usize, count as usize));
        }
    }
    let reach: usize = steps.iter().sum();
    if steps.len() as f64 * reach as f64 > EXACT_WORK_LIMIT {
        return None;
    }
    // probability[s] of a sum of s over the positive signs; the signed sum is 2s − reach.
    let mut probability = vec![0.0; reach + 1];
    probability[0] = 1.0;
    let mut top = 0;
    for step in steps {
        top += step;
        for sum in (0..=top).rev() {
            let stay = probability[sum];
            let move_up = if sum >= step { probability[sum - step] } else { 0.0 };
            probability[sum] = 0.5 * (stay + move_up);
        }
    }
    let tail = |keep: &dyn Fn(i64) -> bool| -> f64 {
        probability.iter().enumerate().filter(|(s, _)| keep(2 * *s as i64 - reach as i64)).map(|(_, p)| p).sum()
    };
    Some(f64::min(
        1.0,
        match alternative {
            Alternative::TwoSided => tail(&|sum| sum.abs() >= observed.abs()),
            Alternative::Less => tail(&|sum| sum <= observed),
            Alternative::Greater => tail(&|sum| sum >= observed),
        },
    ))
}

/// Probability that a treated knee has a higher grade than the control knee of *another* patient, ties counted half,
/// from the two margins; Wald and logit intervals by the delta method on the cell proportions.
///
/// This is a statement about the margins; for the comparison within the same patient see `win_odds`.
/// `estimate` is that probability, `statistic` its Wald z against ½; `logit_low`, `logit_high`, `z_logit`, `p_logit`
/// come from the logit scale.
///
/// # Errors
/// Never for a table that [`SquareTable`] accepts; the result type is that of every test.
pub fn mean_ranks(table: &SquareTable, options: &Options) -> Result<TestResult, Refusal> {
    let n = table.n() as f64;
    let rows = table.row_totals();
    let columns = table.column_totals();
    let half_step = |i: usize, j: usize| if i == j { 0.5 } else { f64::from(u8::from(i > j)) };
    let against = |margin: &[f64], value: &dyn Fn(usize) -> f64| -> f64 {
        margin.iter().enumerate().map(|(k, total)| total / n * value(k)).sum()
    };
    let categories = table.categories();
    let treated_rank: Vec<f64> = (0..categories).map(|i| against(&columns, &|j| half_step(i, j))).collect();
    let control_rank: Vec<f64> = (0..categories).map(|j| against(&rows, &|i| half_step(i, j))).collect();
    let estimate = against(&rows, &|i| treated_rank[i]);
    let second_moment: f64 =
        table.cells().map(|(i, j, count)| count / n * (treated_rank[i] + control_rank[j]).powi(2)).sum();
    let error = ((second_moment - 4.0 * estimate * estimate).max(0.0) / n).sqrt();
    let (below, above) = Tails::of(options)?.deviates();

    let mut result = TestResult::new("marginal-mean-ranks", table.n() as usize, options);
    result.estimate = Some(estimate);
    result.exact = Some(false);
    result.extra.push(("table", Field::Table(table.counts().to_vec())));
    if error == 0.0 {
        result.notes.push(note!(cells_no_variance));
        return Ok(result);
    }
    let z = (estimate - 0.5) / error;
    result.std_error = Some(error);
    result.statistic = Some(z);
    result.p_value = Some(options.alternative.p_of_z(z));
    result.conf_low = Some((estimate - below * error).max(0.0));
    result.conf_high = Some((estimate + above * error).min(1.0));
    let logit = (estimate / (1.0 - estimate)).ln();
    let logit_error = error / (estimate * (1.0 - estimate));
    let back = |value: f64| 1.0 / (1.0 + (-value).exp());
    let z_logit = logit / logit_error;
    result.extra.push(("logit_low", Field::Number(Some(back(logit - below * logit_error)))));
    result.extra.push(("logit_high", Field::Number(Some(back(logit + above * logit_error)))));
    result.extra.push(("z_logit", Field::Number(Some(z_logit))));
    result.extra.push(("p_logit", Field::Number(Some(options.alternative.p_of_z(z_logit)))));
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table<const K: usize>(counts: [[u64; K]; K]) -> SquareTable {
        SquareTable::from_counts(counts.iter().map(|row| row.to_vec()).collect()).expect("a table")
    }

    /// coin 1.4-2, `mh_test(as.table(m))`: statistic, p-value, degrees of freedom.
    #[test]
    fn categories_that_no_discordant_pair_joins() {
        let two_parts = table([[5, 6, 0, 0], [2, 4, 0, 0], [0, 0, 3, 1], [0, 0, 7, 2]]);
        let unused = table([[5, 6, 0, 1], [2, 4, 0, 3], [0, 0, 0, 0], [4, 1, 0, 2]]);
        let agreeing = table([[5, 6, 2, 0], [2, 4, 1, 0], [1, 4, 2, 0], [0, 0, 0, 9]]);
        for (table, statistic, p_value) in [
            (two_parts, 6.499999999999997, 0.03877420783172203),
            (unused, 0.3478260869565218, 0.840369970130898),
            (agreeing, 3.848101265822784, 0.14601431225837525),
        ] {
            let ours = stuart_maxwell(&table, &Options::default()).expect("an answer");
            assert!((ours.statistic.expect("χ²") / statistic - 1.0).abs() < 1e-12);
            assert!((ours.p_value.expect("p") / p_value - 1.0).abs() < 1e-10);
            assert_eq!(ours.df, Some(2.0));
        }
    }

    /// Nine grades, ten pairs, no two alike: the margins hardly differ, and N/(N − S) is anything.
    #[test]
    fn hardly_more_pairs_than_degrees_of_freedom() {
        let mut counts = vec![vec![0; 9]; 9];
        for i in 0..9 {
            counts[i][(i + 1) % 9] += 1;
        }
        counts[0][3] += 1;
        let sparse = SquareTable::from_counts(counts).expect("a table");
        assert!(bhapkar(&sparse, &Options::default()).expect_err("refused").to_string().contains("too few"));
        let stuart = stuart_maxwell(&sparse, &Options::default()).expect("an answer");
        assert!(stuart.notes.iter().any(|note| note.text().contains("rough")), "{:?}", stuart.notes);
    }

    #[test]
    fn one_way_disagreement_has_no_bhapkar() {
        let one_way = table([[0, 4], [0, 0]]);
        assert!(bhapkar(&one_way, &Options::default()).is_err());
        assert_eq!(stuart_maxwell(&one_way, &Options::default()).expect("an answer").statistic, Some(4.0));
        let none = stuart_maxwell(&table([[3, 0], [0, 2]]), &Options::default()).expect("an answer");
        assert_eq!((none.statistic, none.df, none.p_value), (Some(0.0), Some(0.0), Some(1.0)));
    }

    /// The standard error of the mean ranks by differentiating the estimate numerically in every cell probability.
    #[test]
    fn mean_ranks_error_is_the_delta_method() {
        let counts = [[2, 4, 2, 0], [2, 6, 3, 1], [1, 4, 4, 0], [0, 1, 3, 2]];
        let n = 35.0;
        let probability: Vec<Vec<f64>> =
            counts.iter().map(|row| row.iter().map(|count| f64::from(*count) / n).collect()).collect();
        let superiority = |p: &[Vec<f64>]| -> f64 {
            let row: Vec<f64> = p.iter().map(|row| row.iter().sum()).collect();
            let column: Vec<f64> = (0..4).map(|j| p.iter().map(|row| row[j]).sum()).collect();
            (0..4).map(|i| row[i] * (column[..i].iter().sum::<f64>() + column[i] / 2.0)).sum()
        };
        let (mut first, mut second) = (0.0, 0.0);
        for i in 0..4 {
            for j in 0..4 {
                let shifted = |by: f64| {
                    let mut p = probability.clone();
                    p[i][j] += by;
                    superiority(&p)
                };
                let derivative = (shifted(1e-4) - shifted(-1e-4)) / 2e-4;
                first += probability[i][j] * derivative;
                second += probability[i][j] * derivative * derivative;
            }
        }
        let expected = ((second - first * first) / n).sqrt();
        let ours = mean_ranks(&table(counts.map(|row| row.map(|count| count as u64))), &Options::default());
        let ours = ours.expect("an answer");
        assert!((ours.estimate.expect("α") - superiority(&probability)).abs() < 1e-14);
        assert!((ours.std_error.expect("an error") / expected - 1.0).abs() < 1e-9);
    }
}
