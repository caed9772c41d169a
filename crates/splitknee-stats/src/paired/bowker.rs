//! Bowker's test of symmetry of a square table: are moves from grade i to j as frequent as from j to i?
//!
//! Bowker AH (1948), *A test for symmetry in contingency tables*, JASA 43:572–574.

use super::method::{GRADES, Method, Recipe, Topic};
use super::square_table::SquareTable;
use super::{Field, Options, Refusal, TestResult};
use crate::math::dist::chi_squared;
use crate::note;

/// What is known of the test beside its formula.
pub const METHOD: Method = Method {
    topic: Topic::Grades,
    kinds: GRADES,
    options: &["--levels"],
    r: Recipe::Program,
    sas: Some("proc freq data=pairs; {place}; tables a*p / agree; exact mcnem / midp; run;"),
    citation: Some("Bowker AH. A test for symmetry in contingency tables. J Am Stat Assoc 1948;43:572–574."),
    ..Method::of("bowker", "Bowker 1948", |asked| bowker(&asked.grades()?, asked.options))
};

/// Bowker's χ² = Σ_{i<j} (n_ij − n_ji)² / (n_ij + n_ji) on k(k−1)/2 degrees of freedom.
///
/// An empty pair of cells adds 0 to the statistic and keeps its degree of freedom, as in statsmodels and
/// contingencytables (R's `mcnemar.test` returns NaN). With two categories it is McNemar's test without correction.
///
/// # Errors
/// Never for a table that [`SquareTable`] accepts; the result type is that of every test.
pub fn bowker(table: &SquareTable, options: &Options) -> Result<TestResult, Refusal> {
    let categories = table.categories();
    let mut statistic = 0.0;
    let mut empty_pairs = 0;
    for i in 0..categories {
        for j in i + 1..categories {
            let (above, below) = (table.count(i, j), table.count(j, i));
            if above + below > 0.0 {
                statistic += (above - below).powi(2) / (above + below);
            } else {
                empty_pairs += 1;
            }
        }
    }
    let df = (categories * (categories - 1) / 2) as f64;
    let mut result = TestResult::undirected("bowker", table.n() as usize, options);
    result.statistic = Some(statistic);
    result.df = Some(df);
    result.p_value = Some(chi_squared::sf(statistic, df));
    result.exact = Some(false);
    if empty_pairs > 0 {
        result.notes.push(note!(bowker_empty, n = empty_pairs));
    }
    result.extra.push(("table", Field::Table(table.counts().to_vec())));
    Ok(result)
}
