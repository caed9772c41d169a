//! What an imputation can be judged by: imputed values beside observed ones, the residuals of the imputation model, and the
//! chain.
//!
//! Residuals are the patients' innovations L⁻¹(y_o − X_o β) with Σ_oo = LL': standard normal and independent where the model
//! holds, whatever was observed of a patient. Autocorrelations are of the estimates of the draws that were kept.

use super::conditional::Conditional;
use super::condmean::Imputation;
use crate::math::linalg::{cholesky, solve_lower};
use serde::Serialize;

/// Quantiles of values: R's type 7.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quantiles {
    /// Number of values; of draws each counts.
    pub n: usize,
    /// The 5 % quantile.
    pub low: f64,
    /// The lower quartile.
    pub q1: f64,
    /// The median.
    pub median: f64,
    /// The upper quartile.
    pub q3: f64,
    /// The 95 % quantile.
    pub high: f64,
}

impl Quantiles {
    /// Of the values; `None` where there is none.
    pub fn of(mut values: Vec<f64>) -> Option<Self> {
        let last = values.len().checked_sub(1)?;
        values.sort_by(f64::total_cmp);
        let at = |p: f64| {
            let place = p * last as f64;
            let (below, above) = (values[place.floor() as usize], values[place.ceil() as usize]);
            below + place.fract() * (above - below)
        };
        Some(Self { n: last + 1, low: at(0.05), q1: at(0.25), median: at(0.5), q3: at(0.75), high: at(0.95) })
    }
}

/// Observed and imputed values of an arm at a visit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    /// `active` or `placebo`; programs may rename it to the arm's label.
    pub arm: String,
    /// Visit.
    pub visit: String,
    /// Of the values kept.
    pub observed: Option<Quantiles>,
    /// Of the values imputed, of all draws where there are draws.
    pub imputed: Option<Quantiles>,
    /// What the law of the imputation leaves open of a value: the square root of the mean conditional variance.
    pub law_sd: Option<f64>,
}

/// Observed and imputed values by arm (active first) and visit; `sets` are the completed sets.
pub fn spread(imputation: &Imputation, sets: &[Vec<Vec<f64>>]) -> Vec<Spread> {
    let trial = &imputation.trial;
    let visits = trial.n_visits();
    let regressions = imputation.regressions(&imputation.fit.sigma);
    (0..trial.n_cells())
        .map(|cell| {
            let target: Vec<usize> = (0..trial.patients.len())
                .filter(|&i| imputation.condition[i][cell].is_none() && trial.fixed(i, cell).is_none())
                .collect();
            let drawn = sets.iter().flat_map(|set| target.iter().map(move |&i| set[i][cell]));
            let left = |i: usize| {
                let law: &Conditional = imputation.regression(&regressions, i)?;
                let place = law.missing.iter().position(|&missing| missing == cell)?;
                Some(law.covariance[place * law.missing.len() + place].max(0.0))
            };
            let variances: Vec<f64> = target.iter().filter_map(|&i| left(i)).collect();
            Spread {
                arm: if cell < visits { "active" } else { "placebo" }.to_owned(),
                visit: trial.visits[cell % visits].clone(),
                observed: Quantiles::of(imputation.condition.iter().filter_map(|values| values[cell]).collect()),
                imputed: Quantiles::of(drawn.collect()),
                law_sd: (!variances.is_empty())
                    .then(|| (variances.iter().sum::<f64>() / variances.len() as f64).sqrt()),
            }
        })
        .collect()
}

/// The innovations of the values fitted, ascending.
pub fn innovations(imputation: &Imputation) -> Vec<f64> {
    let q = imputation.means.cells;
    let mut out: Vec<f64> = Vec::new();
    for (i, values) in imputation.trial.fit().iter().enumerate() {
        let seen: Vec<usize> = (0..q).filter(|&c| values[c].is_some()).collect();
        let mean = imputation.means.mean(i, &imputation.fit.beta);
        let mut l: Vec<f64> = seen
            .iter()
            .flat_map(|&a| seen.iter().map(move |&b| (a, b)))
            .map(|(a, b)| imputation.fit.sigma[a * q + b])
            .collect();
        if cholesky(&mut l, seen.len()) {
            let mut e: Vec<f64> = seen.iter().map(|&c| values[c].unwrap_or(mean[c]) - mean[c]).collect();
            solve_lower(&l, seen.len(), &mut e);
            out.extend(e);
        }
    }
    out.sort_by(f64::total_cmp);
    out
}

/// Autocorrelations of a series at the lags 1 to `lags`; none of a constant one.
pub fn autocorrelation(series: &[f64], lags: usize) -> Vec<f64> {
    let mean = series.iter().sum::<f64>() / series.len() as f64;
    let variance: f64 = series.iter().map(|v| (v - mean).powi(2)).sum();
    if series.len() <= lags || variance.is_nan() || variance <= 0.0 {
        return Vec::new();
    }
    let lagged =
        |lag: usize| series.iter().zip(&series[lag..]).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / variance;
    (1..=lags).map(lagged).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_r() {
        // R 4.2.2: quantile(c(3, 1, 4, 1, 5, 9, 2, 6), c(.05, .25, .5, .75, .95)) is 1, 1.75, 3.5, 5.25, 7.95.
        let found = Quantiles::of(vec![3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0]).unwrap();
        let values = [found.low, found.q1, found.median, found.q3, found.high];
        for (value, expected) in values.into_iter().zip([1.0, 1.75, 3.5, 5.25, 7.95]) {
            assert!((value - expected).abs() < 1e-12, "{value} {expected}");
        }
        assert_eq!((found.n, Quantiles::of(Vec::new())), (8, None));
    }

    #[test]
    fn autocorrelations_are_those_of_r() {
        // R 4.2.2: acf(c(3, 1, 4, 1, 5, 9, 2, 6, 5, 3), lag.max = 2, plot = FALSE).
        let found = autocorrelation(&[3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0], 2);
        for (value, expected) in found.iter().zip([-0.144_080_145_719_49, -0.031_329_690_346_083_79]) {
            assert!((value - expected).abs() < 1e-12, "{value} {expected}");
        }
        assert_eq!(found.len(), 2);
        assert!(autocorrelation(&[2.0; 10], 2).is_empty());
    }
}
