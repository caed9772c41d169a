//! The posterior of the mean within-patient difference under the prior of the plan, `<endpoint>.<visit>.posterior`.
//!
//! A summary beside the comparison at the deciding visit: the data enter by the mean and SD of the differences of the
//! complete pairs, of what the plan compares; baseline and covariates do not. It decides nothing and has no verdict.
//!
//! `crates/splitknee-stats/src/paired/bayes.rs`; Schmidli et al. 2014 (robust mixtures).

use super::Context;
use super::record::Record;
use crate::math::descriptive::{mean, sd};
use crate::paired::bayes::{BayesQuestion, Component, Likelihood, bayes};
use crate::paired::{Alternative, Field, Options, TestResult};
use crate::plan::LikelihoodPlan;
use crate::trial::Role;

/// The method of the record.
pub const METHOD: &str = "posterior";

/// The record of `endpoint`; `None` where the plan has no prior for it.
pub fn analyse(context: &Context, endpoint: usize) -> Option<Record> {
    let planned = context.plan.bayes.as_ref()?;
    if planned.endpoint(&context.plan.endpoints)? != endpoint {
        return None;
    }
    let visit = context.deciding_visit(endpoint)?;
    let about = &context.trial.design.endpoints[endpoint];
    let measure = context.measure(endpoint);
    let paired = context.trial.paired(endpoint, visit, measure, context.set);
    let differences = paired.differences();
    let mut prior = vec![Component { weight: 1.0, mean: planned.prior.mean, sd: planned.prior.sd }];
    if let Some(robust) = planned.robust {
        prior[0].weight = robust.weight;
        prior.push(Component { weight: 1.0 - robust.weight, mean: robust.mean, sd: robust.sd });
    }
    let options = Options { alternative: Alternative::TwoSided, ..context.options() };
    let question = BayesQuestion {
        n: differences.len(),
        mean: mean(&differences).unwrap_or(f64::NAN),
        sd: sd(&differences).unwrap_or(f64::NAN),
        prior,
        likelihood: match planned.likelihood {
            LikelihoodPlan::T => Likelihood::T,
            LikelihoodPlan::Inflated => Likelihood::Inflated,
            LikelihoodPlan::Normal => Likelihood::Normal,
        },
        better: about.better,
        mcid: about.important().map(|size| about.benefit_sign() * size),
        level: options.conf_level,
    };
    let mut result = TestResult::new(METHOD, differences.len(), &options);
    result.n_dropped = paired.dropped.len();
    let number = |value: f64| Field::Number(Some(value).filter(|value| value.is_finite()));
    result.extra = vec![
        ("mean_difference", number(question.mean)),
        ("sd_difference", number(question.sd)),
        ("prior_mean", number(planned.prior.mean)),
        ("prior_sd", number(planned.prior.sd)),
        ("prior_weight", number(question.prior[0].weight)),
        ("vague_mean", Field::Number(planned.robust.map(|robust| robust.mean))),
        ("vague_sd", Field::Number(planned.robust.map(|robust| robust.sd))),
        ("likelihood", Field::Text(planned.likelihood.name().to_owned())),
    ];
    match bayes(&question) {
        Ok(found) => {
            result.estimate = Some(found.mean);
            (result.conf_low, result.conf_high) = (Some(found.conf_low), Some(found.conf_high));
            result.extra.extend([
                ("posterior_sd", number(found.sd)),
                ("posterior_median", number(found.median)),
                ("p_benefit", number(found.p_benefit)),
                ("p_important", Field::Number(found.p_mcid)),
                ("posterior_weight", number(found.posterior_weight)),
            ]);
        }
        Err(refusal) => result.notes.push(refusal.0),
    }
    let id = format!("{}.posterior", context.stem(endpoint, visit));
    let rows = context.paired_rows(endpoint, visit, &paired);
    let mut record = context.record(id, endpoint, visit, measure, Role::Descriptive, result, rows);
    record.reference = "Schmidli et al. 2014";
    Some(record)
}
