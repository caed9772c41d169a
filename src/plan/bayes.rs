//! `[bayes]`: the prior of a Bayesian summary beside the primary comparison.

use super::cross::Checker;
use super::design::endpoint_id;
use super::file::{EndpointPlan, PlanFile, RolePlan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A Bayesian summary of the mean within-patient difference, under a prior declared beforehand. It decides nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BayesPlan {
    /// Identifier of the endpoint; the primary endpoint where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Normal prior of the difference active − placebo, in the unit of the endpoint.
    pub prior: PriorPlan,
    /// A vague normal mixed with the prior, against a prior that the data contradict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub robust: Option<RobustPlan>,
    /// How the data enter.
    #[serde(default)]
    pub likelihood: LikelihoodPlan,
}

/// A normal prior.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriorPlan {
    /// Mean.
    pub mean: f64,
    /// Standard deviation, positive.
    pub sd: f64,
}

/// The vague part of a robust mixture prior.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RobustPlan {
    /// Weight of the prior itself, between 0 and 1; the vague part has the rest.
    pub weight: f64,
    /// Mean of the vague part; 0, no effect, where left out.
    #[serde(default)]
    pub mean: f64,
    /// Standard deviation of the vague part, positive.
    pub sd: f64,
}

/// How the data enter a posterior.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LikelihoodPlan {
    /// The SD of the differences integrated out.
    #[default]
    T,
    /// Normal with the variance of the t.
    Inflated,
    /// The SD of the differences taken as known: too sure with few pairs.
    Normal,
}

impl LikelihoodPlan {
    /// The name in plans and results.
    pub fn name(self) -> &'static str {
        match self {
            Self::T => "t",
            Self::Inflated => "inflated",
            Self::Normal => "normal",
        }
    }
}

impl BayesPlan {
    /// The place of its endpoint among those of the plan: as named, else the only primary one.
    pub fn endpoint(&self, endpoints: &[EndpointPlan]) -> Option<usize> {
        let only = endpoints.len() == 1;
        let primary = |endpoint: &EndpointPlan| endpoint.role == Some(RolePlan::Primary) || only;
        match &self.endpoint {
            Some(id) => endpoints.iter().position(|endpoint| endpoint_id(endpoint) == *id),
            None => {
                let mut primaries = endpoints.iter().enumerate().filter(|(_, endpoint)| primary(endpoint));
                let first = primaries.next().map(|(place, _)| place);
                if primaries.next().is_some() { None } else { first }
            }
        }
    }
}

/// Checks `[bayes]`.
pub(super) fn check(checker: &mut Checker<'_>, plan: &PlanFile) {
    let Some(bayes) = &plan.bayes else { return };
    let ids: Vec<String> = plan.endpoints.iter().map(endpoint_id).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    match (bayes.endpoint(&plan.endpoints), &bayes.endpoint) {
        (None, Some(id)) => checker.known("bayes.endpoint", "an endpoint identifier of the plan", id, &ids),
        (None, None) => {
            let message = "a prior is for one endpoint, and there is not one primary endpoint".to_owned();
            let remedy = format!("write `endpoint = ` with one of {}", ids.join(", "));
            checker.wrong("SK012", "bayes.prior", message, remedy);
        }
        (Some(place), _) if !plan.endpoints[place].kind.is_score() => {
            let message = format!("the prior is of a mean difference, and `{}` is no score", ids[place]);
            let remedy = "name a continuous endpoint or a count without `exposure`, or delete [bayes]";
            checker.wrong("SK012", "bayes.prior", message, remedy);
        }
        _ => {}
    }
    checker.positive("bayes.prior.sd", Some(bayes.prior.sd));
    let finite = |value: f64| value.is_finite();
    let mut means = vec![("bayes.prior.mean", bayes.prior.mean)];
    if let Some(robust) = &bayes.robust {
        checker.positive("bayes.robust.sd", Some(robust.sd));
        means.push(("bayes.robust.mean", robust.mean));
        if !(robust.weight > 0.0 && robust.weight < 1.0) {
            let message = format!("the weight of the prior is {}, and must lie between 0 and 1", robust.weight);
            let remedy = "write for instance `weight = 0.8`, or leave `robust` out for the prior alone";
            checker.wrong("SK010", "bayes.robust.weight", message, remedy);
        }
        if robust.sd <= bayes.prior.sd {
            let message =
                format!("the vague part (SD {}) is no vaguer than the prior (SD {})", robust.sd, bayes.prior.sd);
            checker.wrong("SK010", "bayes.robust.sd", message, "write a larger `sd`, or leave `robust` out");
        }
    }
    for (path, mean) in means.into_iter().filter(|(_, mean)| !finite(*mean)) {
        checker.wrong("SK010", path, format!("the mean {mean} is not finite"), "write a number in the endpoint's unit");
    }
}
