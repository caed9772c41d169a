//! Marginal proportional odds: by which factor are the odds of a higher grade larger on the treated than on the control
//! knees?
//!
//! `logit P(Y ≤ j) = θⱼ − β x`, x = 1 for the treated knee, by estimating equations for the indicators 1(Y ≤ j) of both
//! knees with an independence working association between them (Lipsitz, Kim & Zhao 1994; Heagerty & Zeger 1996; R
//! `geepack::ordgee(corstr = "independence")`): β̂ is the maximum-likelihood estimate that takes all knees for independent,
//! and the covariance is the patients' own, so that the pairing is in the standard error. Reported is that of Mancl &
//! DeRouen (2001), which leaves each patient's pull on the fit out of its residual and is meant for few patients, beside
//! the classical sandwich (`std_error_classical`). β is about the two margins; the odds within one patient, which a mixed
//! model gives, lie further from 1.

use super::method::{Estimate, GRADES, Method, Topic};
use super::square_table::SquareTable;
use super::{Field, Options, Refusal, TestResult};
use crate::math::dist::normal;
use crate::note;
use nalgebra::{DMatrix, DVector};

/// What is known of the test beside its formula.
pub const METHOD: Method = Method {
    topic: Topic::Grades,
    kinds: GRADES,
    estimate: Estimate::LogRatio,
    decides_grades: true,
    options: &["--levels"],
    ..Method::of(
        "proportional-odds",
        "Lipsitz, Kim & Zhao 1994; Heagerty & Zeger 1996; Mancl & DeRouen 2001",
        |asked| proportional_odds(&asked.grades()?, asked.options),
    )
};

/// A log odds ratio beyond this has no finite estimate behind it.
const LARGEST_LOG_ODDS: f64 = 20.0;

/// The marginal log odds ratio of a higher grade, treated against control, with its Wald test and limits.
///
/// Extra fields: `scale` (`log-odds`), `odds_ratio` with `_low` and `_high`, `thresholds` θ in the order of the grades,
/// `std_error_classical`, `table`.
///
/// # Errors
/// Fewer than two grades in use, fewer than two pairs, or grades so apart that the odds ratio is 0 or infinite.
pub fn proportional_odds(table: &SquareTable, options: &Options) -> Result<TestResult, Refusal> {
    super::pairs::check_options(options)?;
    let n = table.n() as f64;
    if n < 2.0 {
        return Err(Refusal(note!(odds_two_pairs)));
    }
    let (rows, columns) = (table.row_totals(), table.column_totals());
    let used: Vec<usize> = (0..table.categories()).filter(|&j| rows[j] + columns[j] > 0.0).collect();
    if used.len() < 2 {
        return Err(Refusal(note!(grades_same)));
    }
    let margins = [&columns, &rows].map(|margin| used.iter().map(|&j| margin[j] / n).collect::<Vec<f64>>());
    let fit = Fit::new(&margins)?;
    let [classical, corrected] = fit.std_errors(table, &used);

    let mut result = TestResult::new("proportional-odds", table.n() as usize, options);
    result.estimate = Some(fit.beta());
    result.exact = Some(false);
    result.note_unused_mu(options);
    let error = corrected.filter(|error| *error > 0.0);
    if let Some(error) = error {
        let z = fit.beta() / error;
        let reach = normal::upper_quantile(options.tail()) * error;
        let (low, high) = (fit.beta() - reach, fit.beta() + reach);
        let (low, high) = options.alternative.limits(low, high, super::result::UNBOUNDED);
        result.std_error = Some(error);
        result.statistic = Some(z);
        result.p_value = Some(options.alternative.p_of_z(z));
        (result.conf_low, result.conf_high) = (Some(low), Some(high));
    } else {
        result.notes.push(note!(marginal_odds_none));
    }
    if used.len() < table.categories() {
        result.notes.push(note!(grades_unused));
    }
    result.notes.push(note!(marginal_odds));
    let ratio = |value: Option<f64>| Field::Number(value.map(f64::exp));
    result.extra = vec![
        ("scale", Field::Text("log-odds".into())),
        ("odds_ratio", ratio(result.estimate)),
        ("odds_ratio_low", ratio(result.conf_low)),
        ("odds_ratio_high", ratio(result.conf_high)),
        ("thresholds", Field::Numbers(fit.thresholds().map(Some).collect())),
        ("std_error_classical", Field::Number(classical)),
        ("table", Field::Table(table.counts().to_vec())),
    ];
    Ok(result)
}

/// The solved equations: parameters θ₁ … θ_{k−1}, β.
struct Fit {
    parameters: DVector<f64>,
}

/// The mean and working covariance of one knee's indicators 1(Y ≤ j).
struct Knee {
    mean: DVector<f64>,
    /// Derivatives of the mean in the parameters.
    slope: DMatrix<f64>,
    /// slope′ V⁻¹.
    weight: DMatrix<f64>,
}

impl Knee {
    fn new(parameters: &DVector<f64>, treated: bool) -> Option<Self> {
        let cuts = parameters.len() - 1;
        let shift = if treated { parameters[cuts] } else { 0.0 };
        let mean = DVector::from_fn(cuts, |j, _| 1.0 / (1.0 + (shift - parameters[j]).exp()));
        let slope = DMatrix::from_fn(cuts, cuts + 1, |j, column| {
            let steepness = mean[j] * (1.0 - mean[j]);
            if column == j {
                steepness
            } else if column == cuts && treated {
                -steepness
            } else {
                0.0
            }
        });
        let covariance = DMatrix::from_fn(cuts, cuts, |i, j| mean[i.min(j)] * (1.0 - mean[i.max(j)]));
        let weight = covariance.cholesky()?.solve(&slope).transpose();
        Some(Self { mean, slope, weight })
    }
}

/// Control and treated knee.
fn knees(parameters: &DVector<f64>) -> Option<[Knee; 2]> {
    Some([Knee::new(parameters, false)?, Knee::new(parameters, true)?])
}

impl Fit {
    /// Fisher scoring from the thresholds of the pooled grades; `margins` are the shares of control and treated knees.
    fn new(margins: &[Vec<f64>; 2]) -> Result<Self, Refusal> {
        let cuts = margins[0].len() - 1;
        let cumulative = margins.each_ref().map(|margin| {
            let mut sum = 0.0;
            DVector::from_iterator(
                cuts,
                margin.iter().take(cuts).map(|share| {
                    sum += share;
                    sum
                }),
            )
        });
        let apart = || Refusal(note!(grades_apart));
        let mut parameters = DVector::from_fn(cuts + 1, |j, _| {
            if j == cuts { 0.0 } else { logit(0.5 * (cumulative[0][j] + cumulative[1][j])) }
        });
        let deviance = |parameters: &DVector<f64>| -> Option<f64> {
            let mut total = 0.0;
            for (knee, margin) in knees(parameters)?.iter().zip(margins) {
                for (j, share) in margin.iter().enumerate().filter(|(_, share)| **share > 0.0) {
                    let upper = if j < cuts { knee.mean[j] } else { 1.0 };
                    let lower = if j > 0 { knee.mean[j - 1] } else { 0.0 };
                    total -= share * (upper - lower).ln();
                }
            }
            Some(total).filter(|total| total.is_finite())
        };
        let mut current = deviance(&parameters).ok_or_else(apart)?;
        for _ in 0..100 {
            let [control, treated] = knees(&parameters).ok_or_else(apart)?;
            let information = &control.weight * &control.slope + &treated.weight * &treated.slope;
            let score =
                &control.weight * (&cumulative[0] - &control.mean) + &treated.weight * (&cumulative[1] - &treated.mean);
            let mut step = information.cholesky().ok_or_else(apart)?.solve(&score);
            let decrement = step.dot(&score);
            if decrement < 1e-26 {
                return Ok(Self { parameters });
            }
            loop {
                let trial = &parameters + &step;
                match deviance(&trial).filter(|found| *found <= current + 1e-15 * current.abs()) {
                    Some(found) => {
                        (parameters, current) = (trial, found);
                        break;
                    }
                    None if step.norm() < 1e-14 => return Ok(Self { parameters }),
                    None => step *= 0.5,
                }
            }
            if parameters[cuts].abs() > LARGEST_LOG_ODDS {
                return Err(apart());
            }
        }
        Err(apart())
    }

    fn beta(&self) -> f64 {
        self.parameters[self.parameters.len() - 1]
    }

    fn thresholds(&self) -> impl Iterator<Item = f64> + '_ {
        self.parameters.iter().copied().take(self.parameters.len() - 1)
    }

    /// Standard errors of β: classical sandwich, Mancl–DeRouen.
    fn std_errors(&self, table: &SquareTable, used: &[usize]) -> [Option<f64>; 2] {
        let Some([control, treated]) = knees(&self.parameters) else { return [None, None] };
        let (cuts, n) = (used.len() - 1, table.n() as f64);
        let information = (&control.weight * &control.slope + &treated.weight * &treated.slope) * n;
        let Some(bread) = information.try_inverse() else { return [None, None] };
        // Both knees of a patient stacked: 2(k − 1) indicators.
        let weight = DMatrix::from_fn(cuts + 1, 2 * cuts, |row, column| {
            if column < cuts { control.weight[(row, column)] } else { treated.weight[(row, column - cuts)] }
        });
        let slope = DMatrix::from_fn(2 * cuts, cuts + 1, |row, column| {
            if row < cuts { control.slope[(row, column)] } else { treated.slope[(row - cuts, column)] }
        });
        // I − H, the same for every patient.
        let rest = DMatrix::identity(2 * cuts, 2 * cuts) - slope * &bread * &weight;
        let corrected = rest.try_inverse().map(|inverse| &weight * inverse);
        let error = |weight: &DMatrix<f64>| {
            let mut meat = DMatrix::zeros(cuts + 1, cuts + 1);
            for (i, j, count) in table.cells().filter(|(_, _, count)| *count > 0.0) {
                let residual = DVector::from_fn(2 * cuts, |row, _| {
                    let (knee, grade, cut) = if row < cuts { (&control, j, row) } else { (&treated, i, row - cuts) };
                    f64::from(u8::from(grade <= used[cut])) - knee.mean[cut]
                });
                let pull = weight * residual;
                meat += count * &pull * pull.transpose();
            }
            let variance = (&bread * meat * &bread)[(cuts, cuts)];
            // Rounding noise where every pair agrees.
            Some(if variance < 1e-28 { 0.0 } else { variance.sqrt() })
        };
        [error(&weight), corrected.as_ref().and_then(error)]
    }
}

fn logit(share: f64) -> f64 {
    (share / (1.0 - share)).ln()
}
