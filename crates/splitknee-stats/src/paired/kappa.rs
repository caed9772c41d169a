//! Cohen's kappa of a square table: agreement of two grades beyond chance, unweighted and weighted.
//!
//! Standard errors after Fleiss JL, Cohen J, Everitt BS (1969), *Large sample standard errors of kappa and weighted
//! kappa*, Psychological Bulletin 72:323–327, as in R's `psych::cohen.kappa`.

use super::method::{GRADES, Method, Topic};
use super::proportion::Tails;
use super::square_table::SquareTable;
use super::{Field, Options, Refusal, TestResult};
use crate::note;

/// What is known of the test beside its formula.
pub const METHOD: Method = Method {
    topic: Topic::Likeness,
    kinds: GRADES,
    options: &["--weights", "--levels"],
    ..Method::of("kappa", "Cohen 1960, 1968; Fleiss, Cohen & Everitt 1969", |asked| {
        kappa(&asked.grades()?, asked.settings.weights, asked.options)
    })
};

/// How much a disagreement counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weights {
    /// Full agreement only (Cohen 1960).
    #[default]
    Unweighted,
    /// Agreement 1 − |i − j| / (k − 1) (Cicchetti and Allison).
    Linear,
    /// Agreement 1 − (i − j)² / (k − 1)² (Fleiss and Cohen).
    Quadratic,
}

impl Weights {
    /// All of them, as they are named to people.
    pub const ALL: [Self; 3] = [Self::Unweighted, Self::Linear, Self::Quadratic];

    /// The name used in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unweighted => "unweighted",
            Self::Linear => "linear",
            Self::Quadratic => "quadratic",
        }
    }

    /// Agreement credited to grades in categories `i` and `j` of `categories`.
    fn agreement(self, i: usize, j: usize, categories: usize) -> f64 {
        let distance = i.abs_diff(j) as f64 / (categories - 1) as f64;
        match self {
            Self::Unweighted => f64::from(u8::from(i == j)),
            Self::Linear => 1.0 - distance,
            Self::Quadratic => 1.0 - distance * distance,
        }
    }
}

/// Kappa with its standard error and normal interval (always two-sided).
///
/// # Errors
/// When every pair sits in one category: agreement by chance is then certain and kappa does not exist.
pub fn kappa(table: &SquareTable, weights: Weights, options: &Options) -> Result<TestResult, Refusal> {
    let categories = table.categories();
    let n = table.n() as f64;
    let rows: Vec<f64> = table.row_totals().iter().map(|total| total / n).collect();
    let columns: Vec<f64> = table.column_totals().iter().map(|total| total / n).collect();
    let weight = |i, j| weights.agreement(i, j, categories);
    // Mean agreement of category i with the other knee's margin.
    let row_mean: Vec<f64> =
        (0..categories).map(|i| columns.iter().enumerate().map(|(j, p)| weight(i, j) * p).sum()).collect();
    let column_mean: Vec<f64> =
        (0..categories).map(|j| rows.iter().enumerate().map(|(i, p)| weight(i, j) * p).sum()).collect();
    let observed: f64 = table.cells().map(|(i, j, count)| weight(i, j) * count / n).sum();
    let expected: f64 = rows.iter().zip(&row_mean).map(|(p, mean)| p * mean).sum();
    if 1.0 - expected < 1e-14 {
        return Err(Refusal(note!(kappa_same)));
    }
    let estimate = (observed - expected) / (1.0 - expected);
    let second_moment: f64 = table
        .cells()
        .map(|(i, j, count)| count / n * (weight(i, j) - (row_mean[i] + column_mean[j]) * (1.0 - estimate)).powi(2))
        .sum();
    let centre = estimate - expected * (1.0 - estimate);
    let variance = (second_moment - centre * centre).max(0.0) / (n * (1.0 - expected).powi(2));
    let (deviate, _) = Tails::two_sided(options.conf_level)?.deviates();

    let mut result = TestResult::undirected("kappa", table.n() as usize, options);
    result.estimate = Some(estimate);
    result.std_error = Some(variance.sqrt());
    result.conf_low = Some(estimate - deviate * variance.sqrt());
    result.conf_high = Some(estimate + deviate * variance.sqrt());
    result.notes.push(note!(kappa_interval));
    result.extra.push(("weights", Field::Text(weights.name().into())));
    result.extra.push(("observed_agreement", Field::Number(Some(observed))));
    result.extra.push(("expected_agreement", Field::Number(Some(expected))));
    result.extra.push(("table", Field::Table(table.counts().to_vec())));
    Ok(result)
}
