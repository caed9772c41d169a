//! The pair model of completed data sets: the primary mixed model, fitted to every imputation and pooled by Rubin's rules.
//!
//! `value ~ treatment * visit + baseline + baseline:visit + covariates + pair(visit | patient)` over all visits (one visit:
//! `cs(treatment | patient)`), REML, Kenward–Roger with observed information; the contrast at the visit of the estimand.
//! Its covariance is estimated in every set, so the estimate is not linear in the values: δ moves them before the fit, and
//! conditional means and tipping points are refused. The complete-data degrees of freedom of Barnard & Rubin are the mean
//! of Kenward and Roger's over the sets.

use super::condmean::Imputation;
use super::delta::DeltaCells;
use super::rubin::Draws;
use crate::model::{Columns, Ddf, FitOptions, Formula, Information, LsMeansSpec, ModelError, fit};
use crate::note;
use crate::paired::Refusal;
use rayon::prelude::*;

/// Arms as levels of the factor, the reference first.
const ARMS: [&str; 2] = ["placebo", "active"];

/// The analyses of `sets`, at the visit `at`, with `delta` added to the imputed values of `cells`.
///
/// # Errors
/// A set on which the model cannot be fitted, with the model's reason.
pub fn draws(
    imputation: &Imputation,
    at: usize,
    delta: [f64; 2],
    cells: DeltaCells,
    sets: &[Vec<Vec<f64>>],
) -> Result<Draws, Refusal> {
    let visits = imputation.trial.n_visits();
    let loads: Vec<Vec<[f64; 2]>> = (0..visits).map(|visit| imputation.delta_load(visit, cells)).collect();
    let found: Result<Vec<[f64; 3]>, ModelError> = sets
        .par_iter()
        .map(|set| {
            // A load is of the difference: what δ of placebo moves, it moves down.
            let value = |patient: usize, cell: usize| {
                let [active, placebo] = loads[cell % visits][patient];
                let moved = if cell < visits { active * delta[0] } else { -placebo * delta[1] };
                set[patient][cell] + moved
            };
            analysed(imputation, at, &value)
        })
        .collect();
    let found = found.map_err(|error| Refusal(note!(mi_completed_model, reason = error.note())))?;
    let m = found.len() as f64;
    let (estimates, variances) = found
        .iter()
        .map(|[estimate, std_error, _]| {
            let mut form = [0.0; 9];
            form[0] = std_error * std_error;
            (*estimate, form)
        })
        .unzip();
    let df_complete = found.iter().map(|[.., df]| df).sum::<f64>() / m;
    Ok(Draws { estimates, variances, weights: [0.0; 2], df_complete })
}

/// Estimate, standard error and degrees of freedom of active − placebo at the visit `at`.
fn analysed(imputation: &Imputation, at: usize, value: &dyn Fn(usize, usize) -> f64) -> Result<[f64; 3], ModelError> {
    let trial = &imputation.trial;
    let (visits, patients) = (trial.n_visits(), trial.patients.len());
    let cells = || (0..patients).flat_map(|patient| (0..2 * visits).map(move |cell| (patient, cell)));
    let mut columns = Columns::new();
    columns.add_numeric("value", cells().map(|(patient, cell)| value(patient, cell)).collect())?;
    let names: Vec<String> = (0..patients).map(|patient| patient.to_string()).collect();
    columns.add_categorical("patient", cells().map(|(patient, _)| names.get(patient)))?;
    columns.add_categorical("treatment", cells().map(|(_, cell)| Some(ARMS[usize::from(cell < visits)])))?;
    columns.set_levels("treatment", &ARMS)?;
    let labels: Vec<&str> = trial.visits.iter().map(String::as_str).collect();
    columns.add_categorical("visit", cells().map(|(_, cell)| labels.get(cell % visits)))?;
    columns.set_levels("visit", &labels)?;
    let several = visits > 1;
    let mut formula = if several { "value ~ treatment * visit" } else { "value ~ treatment" }.to_owned();
    if trial.has_baseline {
        let baseline = |(patient, cell): (usize, usize)| trial.patients[patient].baseline[usize::from(cell >= visits)];
        columns.add_numeric("baseline", cells().map(baseline).collect())?;
        formula.push_str(if several { " + baseline + baseline:visit" } else { " + baseline" });
    }
    for (k, covariate) in trial.covariates.iter().enumerate() {
        let name = format!("covariate_{}", k + 1);
        let own = |(patient, cell): (usize, usize)| trial.patients[patient].covariates[k][usize::from(cell >= visits)];
        if covariate.is_factor() {
            columns.add_categorical(&name, cells().map(|at| covariate.levels.get(own(at) as usize)))?;
        } else {
            columns.add_numeric(&name, cells().map(own).collect())?;
        }
        formula.push_str(&format!(" + {name}"));
    }
    formula.push_str(if several { " + pair(visit|patient)" } else { " + cs(treatment|patient)" });
    let model = fit(&columns, &Formula::parse(&formula)?, &FitOptions::default())?;
    let inference = model.inference(Ddf::KenwardRoger, Information::Observed, 0.95)?;
    let spec = LsMeansSpec::parse(if several { "treatment|visit" } else { "treatment" });
    let here = inference
        .ls_differences(&spec)?
        .into_iter()
        .find(|difference| difference.levels.get("visit").is_none_or(|visit| trial.visits[at] == visit));
    let test = here.and_then(|difference| difference.test).ok_or(ModelError::NoVariation)?;
    Ok([test.estimate, test.std_error, test.df.unwrap_or(f64::INFINITY)])
}
