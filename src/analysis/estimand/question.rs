//! What an estimand asks: endpoint, visit, patients, and how missing values are handled.

use crate::analysis::Context;
use crate::missing::Strategy as Law;
use crate::plan::estimand::{Estimand, IntercurrentEvent, MissingPlan, SensitivityPlan, Strategy};
use crate::trial::{AnalysisSet, Role};

/// An estimand with what the plan leaves to defaults.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// As written.
    pub estimand: &'a Estimand,
    /// Its identifier.
    pub id: String,
    /// Index of the endpoint.
    pub endpoint: usize,
    /// The visits of the endpoint after baseline.
    pub visits: Vec<usize>,
    /// The place of the visit analysed among them.
    pub at: usize,
    /// The patients.
    pub set: &'a AnalysisSet,
    /// How missing values are handled.
    pub missing: MissingPlan,
}

impl<'a> Question<'a> {
    /// The question of `estimand`; `None` where its endpoint has no visit after baseline.
    pub fn of(context: &Context<'a>, position: usize, estimand: &'a Estimand) -> Option<Self> {
        let trial = context.trial;
        let endpoints = &trial.design.endpoints;
        let endpoint = match &estimand.endpoint {
            Some(id) => endpoints.iter().position(|about| about.id == *id)?,
            None => endpoints.iter().position(|about| about.role == Role::Primary).unwrap_or(0),
        };
        let visits = context.visits(endpoint);
        let visit = match &estimand.visit {
            Some(label) => trial.design.visits.iter().position(|visit| visit.label == *label)?,
            None => context.deciding_visit(endpoint)?,
        };
        let set = match &estimand.analysis_set {
            Some(name) => trial.sets.iter().find(|set| set.name == *name)?,
            None => trial.sets.first()?,
        };
        Some(Self {
            estimand,
            id: estimand.id_at(position),
            endpoint,
            at: visits.iter().position(|known| *known == visit)?,
            visits,
            set,
            missing: estimand.missing.clone().unwrap_or_default(),
        })
    }

    /// The visit analysed.
    pub fn visit(&self) -> usize {
        self.visits[self.at]
    }

    /// How the estimand, or a sensitivity analysis of it, handles an event: the plan's words.
    pub fn handling(&self, event: &str, other: Option<&SensitivityPlan>) -> Option<(&'a IntercurrentEvent, Strategy)> {
        let planned = self.estimand.intercurrent_events.iter().find(|known| known.event.eq_ignore_ascii_case(event))?;
        Some((planned, other.and_then(|other| other.strategy).unwrap_or(planned.strategy)))
    }

    /// The short name of what is done about events: `mar`, `j2r`, or several joined.
    pub fn strategies(&self, other: Option<&SensitivityPlan>) -> String {
        let mut names: Vec<String> = Vec::new();
        for event in &self.estimand.intercurrent_events {
            let strategy = other.and_then(|other| other.strategy).unwrap_or(event.strategy);
            let k = other.filter(|other| other.strategy.is_some()).map_or(event.k, |other| other.k);
            let name = short(strategy, k);
            if name != "mar" && !names.contains(&name) {
                names.push(name);
            }
        }
        if names.is_empty() { "mar".to_owned() } else { names.join("-") }
    }
}

/// The short name of a strategy, as `splitknee impute` has it.
pub fn short(strategy: Strategy, k: Option<f64>) -> String {
    match strategy {
        Strategy::TreatmentPolicy => "mar".to_owned(),
        Strategy::JumpToReference => "j2r".to_owned(),
        Strategy::CopyIncrements => "cir".to_owned(),
        Strategy::CopyReference => "cr".to_owned(),
        Strategy::LastMean => "lmcf".to_owned(),
        Strategy::ReturnToBaseline => "rtb".to_owned(),
        Strategy::ReturnToBaselineMean => "rtb-mean".to_owned(),
        Strategy::Causal => format!("causal{}", k.unwrap_or_default()),
        other => other.name().to_owned(),
    }
}

/// The law of a strategy; `None` where it sets values (composite, while on treatment) or has no law.
pub fn law(strategy: Strategy, k: Option<f64>) -> Option<Law> {
    Some(match strategy {
        Strategy::TreatmentPolicy => Law::TreatmentPolicy,
        Strategy::Hypothetical => Law::Hypothetical,
        Strategy::JumpToReference => Law::JumpToReference,
        Strategy::CopyIncrements => Law::CopyIncrements,
        Strategy::CopyReference => Law::CopyReference,
        Strategy::LastMean => Law::LastMean,
        Strategy::ReturnToBaseline => Law::ReturnToBaseline,
        Strategy::ReturnToBaselineMean => Law::ReturnToBaselineMean,
        Strategy::Causal => Law::Causal(k.unwrap_or_default()),
        Strategy::Composite | Strategy::WhileOnTreatment | Strategy::PrincipalStratum => return None,
    })
}
