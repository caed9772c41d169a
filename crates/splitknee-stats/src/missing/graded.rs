//! Analyses of draws that judge every completed value: the share of responders, and grades of a score cut at declared points.
//!
//! Neither is linear in the values, so both come from draws only, and δ moves the values before they are judged. Grades are
//! compared in every completed set by the marginal odds of a higher grade ([`crate::paired::proportional_odds`], Mancl &
//! DeRouen's standard error), pooled on the log-odds scale with the n − 1 degrees of freedom of a paired comparison. The
//! imputation stays that of the score: grades are not what is imputed, and nothing is rounded.

use super::analysis::{Analysis, Grades, Response};
use super::condmean::Imputation;
use super::rubin::Draws;
use super::run::Request;
use crate::note;
use crate::paired::proportional_odds::proportional_odds;
use crate::paired::square_table::SquareTable;
use crate::paired::{Options, Refusal};
use rayon::prelude::*;

/// The analyses of `sets`; `load` is what one unit of δ moves each difference by.
///
/// # Errors
/// A knee without the baseline that its grade needs, a draw whose grades have no odds ratio, an analysis that judges
/// nothing.
pub fn draws(
    imputation: &Imputation,
    request: &Request,
    load: &[[f64; 2]],
    sets: &[Vec<Vec<f64>>],
) -> Result<Draws, Refusal> {
    let (at, visits) = (request.at, imputation.trial.n_visits());
    let pairs = |set: &Vec<Vec<f64>>| -> Vec<[f64; 2]> {
        let moved = set.iter().zip(load);
        moved
            .map(|(cells, l)| [cells[at] + l[0] * request.delta[0], cells[visits + at] - l[1] * request.delta[1]])
            .collect()
    };
    let found: Vec<(f64, f64)> = match request.analysis {
        Analysis::Responder(response) => sets.iter().map(|set| response.difference(&pairs(set))).collect(),
        Analysis::Grades(grades) => {
            let baselines = baselines(imputation)?;
            let of = |set: &Vec<Vec<f64>>| grades.log_odds(&pairs(set), &baselines);
            let all: Vec<Result<(f64, f64), Refusal>> = sets.par_iter().map(of).collect();
            let failed = all.iter().filter(|one| one.is_err()).count();
            match all.iter().find_map(|one| one.as_ref().err()) {
                Some(Refusal(reason)) => {
                    return Err(Refusal(note!(mi_grades_draw, n = failed, of = sets.len(), reason = reason.clone())));
                }
                None => all.into_iter().flatten().collect(),
            }
        }
        Analysis::MeanDifference | Analysis::Ancova | Analysis::Mixed => Vec::new(),
    };
    let (estimates, variances) = found
        .into_iter()
        .map(|(estimate, variance)| {
            let mut form = [0.0; 9];
            form[0] = variance;
            (estimate, form)
        })
        .unzip();
    let df_complete = imputation.trial.patients.len() as f64 - 1.0;
    Ok(Draws { estimates, variances, weights: [0.0; 2], df_complete })
}

/// Both knees' baselines, which a change needs to become a value of the scale.
fn baselines(imputation: &Imputation) -> Result<Vec<[f64; 2]>, Refusal> {
    for patient in &imputation.trial.patients {
        for (arm, value) in ["active", "placebo"].iter().zip(patient.baseline) {
            if !value.is_finite() {
                return Err(Refusal(note!(mi_baseline_missing, patient = &patient.label, arm = super::word(arm))));
            }
        }
    }
    Ok(imputation.trial.patients.iter().map(|patient| patient.baseline).collect())
}

impl Response {
    /// The paired difference of the shares and its variance ((b + c) − (b − c)²/n)/n², from pairs of changes.
    pub fn difference(self, pairs: &[[f64; 2]]) -> (f64, f64) {
        let n = pairs.len() as f64;
        let count =
            |active: bool| pairs.iter().filter(|p| self.of(p[0]) == active && self.of(p[1]) != active).count() as f64;
        let (b, c) = (count(true), count(false));
        ((b - c) / n, (b + c - (b - c).powi(2) / n) / (n * n))
    }
}

impl Grades {
    /// The log odds of a higher grade, active against placebo, and its variance, from pairs of changes.
    ///
    /// # Errors
    /// Grades that have no finite odds ratio.
    pub fn log_odds(self, pairs: &[[f64; 2]], baselines: &[[f64; 2]]) -> Result<(f64, f64), Refusal> {
        let column = |arm: usize| -> Vec<f64> {
            pairs.iter().zip(baselines).map(|(pair, baseline)| self.of(baseline[arm] + pair[arm]) as f64).collect()
        };
        let levels: Vec<f64> = (0..=self.n_cuts()).map(|grade| grade as f64).collect();
        let table = SquareTable::from_grades(&column(0), &column(1), &levels)?;
        let found = proportional_odds(&table, &Options::default())?;
        match (found.estimate, found.std_error) {
            (Some(estimate), Some(error)) => Ok((estimate, error * error)),
            _ => Err(Refusal(note!(grades_same))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_judged_in_the_direction_of_benefit_and_pairs_give_mcnemars_difference() {
        let response = Response { threshold: 10.0, lower_is_better: true };
        assert!(response.of(-10.0) && !response.of(-9.5) && !response.of(12.0));
        assert!(Response { lower_is_better: false, ..response }.of(10.0));
        // b = 2 pairs respond on active alone, c = 1 on placebo alone: 1/5, and (3 − 1/5)/25.
        let pairs = [[-20.0, 0.0], [-11.0, -3.0], [0.0, -15.0], [-30.0, -30.0], [1.0, 2.0]];
        let (difference, variance) = response.difference(&pairs);
        assert!((difference - 0.2).abs() < 1e-15 && (variance - 2.8 / 25.0).abs() < 1e-15);
    }

    #[test]
    fn a_grade_is_that_of_the_value_and_not_of_the_change() {
        let grades = Grades::new(&[5.0, 45.0, 75.0]).unwrap();
        assert_eq!([4.9, 5.0, 44.0, 45.0, 75.0, 100.0].map(|value| grades.of(value)), [0, 1, 1, 2, 3, 3]);
        assert_eq!(grades.n_cuts(), 3);
        assert!(Grades::new(&[]).is_none() && Grades::new(&[5.0, 5.0]).is_none() && Grades::new(&[f64::NAN]).is_none());
        // Pairs of (active, placebo) grades by way of changes: the table of the paired method itself.
        let baselines = [[60.0, 60.0], [50.0, 80.0], [90.0, 30.0], [40.0, 40.0], [70.0, 20.0], [10.0, 50.0]];
        let values = [[20.0, 50.0], [50.0, 80.0], [3.0, 30.0], [46.0, 10.0], [20.0, 20.0], [10.0, 60.0]];
        let pairs: Vec<[f64; 2]> = values.iter().zip(&baselines).map(|(v, b)| [v[0] - b[0], v[1] - b[1]]).collect();
        let (estimate, variance) = grades.log_odds(&pairs, &baselines).unwrap();
        let column = |arm: usize| -> Vec<f64> { values.iter().map(|v| grades.of(v[arm]) as f64).collect() };
        let table = SquareTable::from_grades(&column(0), &column(1), &[0.0, 1.0, 2.0, 3.0]).unwrap();
        let direct = proportional_odds(&table, &Options::default()).unwrap();
        assert_eq!((estimate, variance.sqrt()), (direct.estimate.unwrap(), direct.std_error.unwrap()));
    }
}
