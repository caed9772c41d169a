//! What the imputation model of an estimand has beside arm, visit and baseline: the covariates that `[estimand.missing]` names;
//! where it names none, what the models have: `analysis.covariates`, side and order of injection.

use super::question::Question;
use crate::analysis::Context;
use crate::analysis::model_rows::{self, injection};
use crate::missing::Covariate;
use crate::trial::Knee;
use crate::trial::design::{ACTIVE, PLACEBO};
use std::collections::BTreeSet;

/// A term of the imputation model.
enum Term {
    /// A column of the patients.
    Column(model_rows::Covariate),
    /// Left or right.
    Side,
    /// First or second.
    Injection,
}

/// The terms, each with its name and levels.
pub struct Terms {
    list: Vec<(Term, Covariate)>,
}

/// Order of injection, as levels.
const ORDER: [&str; 2] = ["first", "second"];

impl Terms {
    /// Of an estimand.
    pub fn of(context: &Context, question: &Question) -> Self {
        let analysis = &context.plan.analysis;
        let columns = model_rows::covariates_of(context, question.missing.covariates(analysis));
        let mut list: Vec<(Term, Covariate)> = columns
            .into_iter()
            .map(|column| {
                let about = match column.is_numeric() {
                    true => Covariate::number(column.column()),
                    false => Covariate::factor(column.column(), levels(context, &column)),
                };
                (Term::Column(column), about)
            })
            .collect();
        let follows = question.missing.covariates.is_none();
        if follows && analysis.side {
            let knees = context.trial.patients.iter().flat_map(|patient| patient.knees());
            let sides: BTreeSet<String> = knees.map(|knee| knee.side.clone()).collect();
            list.push((Term::Side, Covariate::factor("side", sides.into_iter().collect())));
        }
        if follows && analysis.injected_first.is_some() {
            list.push((Term::Injection, Covariate::factor("injection", ORDER.map(str::to_owned).to_vec())));
        }
        Self { list }
    }

    /// Names and levels.
    pub fn about(&self) -> Vec<Covariate> {
        self.list.iter().map(|(_, about)| about.clone()).collect()
    }

    /// The values of a patient's active and placebo knee; `NaN` where missing.
    pub fn values(&self, context: &Context, patient: usize) -> Vec<[f64; 2]> {
        let of = |(term, about): &(Term, Covariate)| -> [f64; 2] {
            let place = |level: &str| about.levels.iter().position(|known| known == level).map(|place| place as f64);
            match term {
                Term::Column(column) => {
                    let cell = column.of(context, patient);
                    let value = match about.is_factor() {
                        true => cell.and_then(place),
                        false => cell.and_then(|cell| cell.trim().parse().ok()),
                    };
                    [value.unwrap_or(f64::NAN); 2]
                }
                Term::Side => by_knee(context, patient, about, &|knee| place(&knee.side)),
                Term::Injection => {
                    let of_knee = |knee: &Knee| injection(context, patient, knee.arm).and_then(place);
                    by_knee(context, patient, about, &of_knee)
                }
            }
        };
        self.list.iter().map(of).collect()
    }
}

/// The values of both knees; a knee that is not in the trial has what the other one of two has not.
fn by_knee(context: &Context, patient: usize, about: &Covariate, of: &dyn Fn(&Knee) -> Option<f64>) -> [f64; 2] {
    let patient = &context.trial.patients[patient];
    let known = [ACTIVE, PLACEBO].map(|arm| patient.knee(arm).and_then(of));
    let other = |value: f64| if about.levels.len() == 2 { 1.0 - value } else { f64::NAN };
    [0, 1].map(|arm| match (patient.knee([ACTIVE, PLACEBO][arm]), known[arm], known[1 - arm]) {
        (None, None, Some(value)) => other(value),
        (_, value, _) => value.unwrap_or(f64::NAN),
    })
}

/// The levels of a factor: as the trial has settled them, else those found.
fn levels(context: &Context, column: &model_rows::Covariate) -> Vec<String> {
    let settled = context.trial.column(column.column()).map(|settled| settled.levels.clone()).unwrap_or_default();
    if !settled.is_empty() {
        return settled;
    }
    let patients = 0..context.trial.patients.len();
    let found: BTreeSet<&str> = patients.filter_map(|patient| column.of(context, patient)).collect();
    found.into_iter().map(str::to_owned).collect()
}
