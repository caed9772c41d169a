//! The default primary analysis: a rule that looks at the design only, never at an outcome or a fit.
//!
//! Where the plan leaves `analysis.structure` at `by-design`, n (patients of the primary set with a baseline of both
//! knees; with both knees, where there is no baseline) and V (visits after baseline) decide:
//!
//! | n | V | analysis |
//! |---|---|---|
//! | ≥ 10 | n ≥ 5 V | the pair model on all visits: `value ~ treatment * visit + baseline + baseline:visit + pair(visit\|patient)` |
//! | ≥ 10 | n < 5 V | the pair model of each visit alone: `value ~ treatment + baseline + cs(treatment\|patient)` |
//! | < 10 | any | the paired t-test of the change from baseline on complete pairs (of the value, without a baseline) |
//!
//! Where the plan declares contrasts of arms the last row is the pair model of each visit alone: one model gives them all.
//!
//! It holds its level whatever the variances over visits and arms: `docs/defaults-study.md`. With one visit the first two
//! are the same model.

use super::Context;
use crate::paired::Field;
use crate::plan::{PrimaryMethod, Structure};
use crate::trial::Kind;

/// Fewest patients for a model.
const PATIENTS: usize = 10;
/// Fewest patients per visit for a model of all visits.
const PATIENTS_PER_VISIT: usize = 5;

/// What the rule chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The pair model on all visits.
    AllVisits,
    /// The pair model of each visit alone.
    EachVisit,
    /// The paired t-test of the change.
    PairedChange,
}

impl Choice {
    /// The name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::AllVisits => "pair-all-visits",
            Self::EachVisit => "pair-each-visit",
            Self::PairedChange => "paired-t-change",
        }
    }
}

/// The rule applied to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Patients of the primary set with a baseline of both knees.
    pub patients: usize,
    /// Visits after baseline.
    pub visits: usize,
    /// What follows.
    pub choice: Choice,
}

impl Rule {
    /// What the records say of it.
    pub fn fields(&self) -> [(&'static str, Field); 3] {
        [
            ("rule", Field::Text(self.choice.name().to_owned())),
            ("rule_patients", Field::Count(self.patients as u64)),
            ("rule_visits", Field::Count(self.visits as u64)),
        ]
    }
}

/// What the design calls for.
pub fn choose(patients: usize, visits: usize) -> Choice {
    if patients < PATIENTS {
        Choice::PairedChange
    } else if patients >= PATIENTS_PER_VISIT * visits {
        Choice::AllVisits
    } else {
        Choice::EachVisit
    }
}

/// The rule for `endpoint`; `None` where the plan names a method or structure, or the endpoint is no score or count.
pub fn of(context: &Context, endpoint: usize) -> Option<Rule> {
    let analysis = &context.plan.analysis;
    let trial = context.trial;
    let about = &trial.design.endpoints[endpoint];
    let named = analysis.structure != Structure::ByDesign || analysis.random.is_some();
    let left = analysis.primary == PrimaryMethod::MixedModel && !named;
    if !left || about.rated || !matches!(about.kind, Kind::Continuous | Kind::Count) {
        return None;
    }
    let has_baseline = trial.design.has_baseline(about);
    let primary = trial.sets.first()?;
    let members = trial.patients.iter().zip(&primary.members).filter(|(_, member)| **member);
    let both = members.filter(|(patient, _)| {
        let knees = patient.knees();
        knees.len() > 1 && knees.iter().all(|knee| !has_baseline || trial.baseline(knee, endpoint).is_some())
    });
    let (patients, visits) = (both.count(), context.visits(endpoint).len());
    let choice = match choose(patients, visits) {
        // A paired test compares two arms, and the contrasts of several come from one model.
        Choice::PairedChange if !context.plan.arms.contrasts.is_empty() => Choice::EachVisit,
        // The model of all visits knows two knees of a patient; that of one visit any number of sites.
        Choice::AllVisits if visits > 1 && trial.patients.iter().any(|patient| patient.knees().len() > 2) => {
            Choice::EachVisit
        }
        choice => choice,
    };
    Some(Rule { patients, visits, choice })
}

#[cfg(test)]
mod tests {
    use super::{Choice, choose};

    #[test]
    fn the_design_decides() {
        for (patients, visits, choice) in [
            (9, 1, Choice::PairedChange),
            (10, 1, Choice::AllVisits),
            (10, 2, Choice::AllVisits),
            (10, 3, Choice::EachVisit),
            (14, 3, Choice::EachVisit),
            (15, 3, Choice::AllVisits),
            (24, 5, Choice::EachVisit),
            (25, 5, Choice::AllVisits),
        ] {
            assert_eq!(choose(patients, visits), choice, "{patients} {visits}");
        }
    }
}
