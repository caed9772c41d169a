//! What every analysis is given: plan, trial and analysis set, and the record it fills in.

use super::notes::remark;
use super::record::{Record, Rows};
use super::rule::{self, Choice};
use super::slug;
use crate::paired::{Alternative, Options, TestResult};
use crate::plan::{AlternativePlan, Plan};
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{AnalysisSet, Better, Kind, Knee, Measure, PairedDifferences, Role, Trial};

/// What every analysis is given.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The trial.
    pub trial: &'a Trial,
    /// The analysis set.
    pub set: &'a AnalysisSet,
}

impl<'a> Context<'a> {
    /// The two-sided options of a description at the plan's level, whatever the plan's alternative.
    pub fn options(&self) -> Options {
        Options { alternative: Alternative::TwoSided, conf_level: 1.0 - self.plan.analysis.alpha, mu: 0.0 }
    }

    /// The options of a comparison active − placebo on an endpoint: a one-sided alternative is towards its benefit, "less"
    /// where lower values are better. (A raw direction in the plan is the same: the plan is refused where it is not.)
    pub fn options_of(&self, better: Better) -> Options {
        let alternative = match (self.plan.analysis.alternative, better) {
            (AlternativePlan::TwoSided, _) => Alternative::TwoSided,
            (_, Better::Lower) => Alternative::Less,
            (_, Better::Higher) => Alternative::Greater,
        };
        Options { alternative, ..self.options() }
    }

    /// The options of a test whose alternative is about benefit rather than about the score (win odds, responders): a
    /// one-sided one is "greater".
    pub fn benefit_options(&self) -> Options {
        let alternative = match self.plan.analysis.alternative {
            AlternativePlan::TwoSided => Alternative::TwoSided,
            _ => Alternative::Greater,
        };
        Options { alternative, ..self.options() }
    }

    /// Indices of the patients in the analysis set.
    pub fn members(&self) -> impl Iterator<Item = usize> + 'a {
        self.set.members.iter().enumerate().filter(|(_, member)| **member).map(|(index, _)| index)
    }

    /// Whether this is the first, that is the primary, analysis set.
    pub fn in_primary_set(&self) -> bool {
        self.trial.sets.first().is_some_and(|first| first.name == self.set.name)
    }

    /// What the plan compares for `endpoint`: its change from baseline only where the plan says so and a baseline exists.
    /// The change of a grade is no grade and that of a yes no answer, so that their own tests and models could not take it.
    pub fn measure(&self, endpoint: usize) -> Measure {
        let design = &self.trial.design;
        let about = &design.endpoints[endpoint];
        let counts = matches!(about.kind, Kind::Continuous | Kind::Count) && !about.rated;
        // The small-sample default is the paired t-test of the change.
        let by_rule = rule::of(self, endpoint).is_some_and(|rule| rule.choice == Choice::PairedChange);
        match self.plan.analysis.measure {
            _ if by_rule && design.has_baseline(about) => Measure::Change,
            Measure::Change if counts && design.has_baseline(about) => Measure::Change,
            _ => Measure::Value,
        }
    }

    /// The visits at which `endpoint` is compared: those after baseline.
    pub fn visits(&self, endpoint: usize) -> Vec<usize> {
        self.trial.design.follow_up(&self.trial.design.endpoints[endpoint])
    }

    /// The visit that decides `endpoint`: the primary visit, or the last at which it is measured where it is not measured
    /// then; `None` where it is measured at baseline only.
    pub fn deciding_visit(&self, endpoint: usize) -> Option<usize> {
        let visits = self.visits(endpoint);
        let primary = self.trial.design.primary;
        visits.iter().copied().find(|visit| *visit == primary).or(visits.last().copied())
    }

    /// The beginning of the identifiers of records on `endpoint`; further analysis sets than the first add their name.
    pub fn endpoint_stem(&self, endpoint: usize) -> String {
        self.with_set(self.trial.design.endpoints[endpoint].id.clone())
    }

    /// The beginning of the identifiers of records on `endpoint` at `visit`, for instance `vas.m6`; further analysis
    /// sets than the first add their name.
    pub fn stem(&self, endpoint: usize, visit: usize) -> String {
        let design = &self.trial.design;
        self.with_set(format!("{}.{}", design.endpoints[endpoint].id, design.visits[visit].id))
    }

    fn with_set(&self, stem: String) -> String {
        if self.in_primary_set() { stem } else { format!("{stem}.{}", slug(&self.set.name)) }
    }

    /// A record on `endpoint` at `visit` in this analysis set, not yet assessed.
    #[allow(clippy::too_many_arguments, reason = "one argument per part of a record's identity")]
    pub fn record(
        &self,
        id: String,
        endpoint: usize,
        visit: usize,
        measure: Measure,
        role: Role,
        result: TestResult,
        rows: Rows,
    ) -> Record {
        let visit_label = self.trial.design.visits[visit].label.clone();
        Record {
            visit: Some(visit),
            visit_label: Some(visit_label),
            measure,
            ..self.endpoint_record(id, endpoint, role, result, rows)
        }
    }

    /// A record on `endpoint` over all its visits.
    pub fn endpoint_record(&self, id: String, endpoint: usize, role: Role, result: TestResult, rows: Rows) -> Record {
        Record {
            endpoint: Some(endpoint),
            endpoint_name: Some(self.trial.design.endpoints[endpoint].name.clone()),
            ..self.trial_record(id, role, result, rows)
        }
    }

    /// A record that belongs to no endpoint and no visit.
    pub fn trial_record(&self, id: String, role: Role, result: TestResult, rows: Rows) -> Record {
        Record {
            id,
            endpoint: None,
            endpoint_name: None,
            visit: None,
            visit_label: None,
            arm: None,
            analysis_set: self.set.name.clone(),
            measure: Measure::Value,
            role,
            result,
            p_adjusted: None,
            verdict: None,
            reference: "",
            rows,
        }
    }

    /// The role of the deciding method's result: primary only for a primary endpoint at the primary visit, and only in
    /// the primary analysis set; in the other sets it is a sensitivity analysis.
    pub fn role(&self, endpoint: usize, visit: usize) -> Role {
        let design = &self.trial.design;
        if !self.in_primary_set() {
            Role::Sensitivity
        } else if design.endpoints[endpoint].role == Role::Primary && visit == design.primary {
            Role::Primary
        } else {
            Role::Secondary
        }
    }

    /// The active and the placebo knee of every patient of the set, as measured or `None`, in patient order.
    pub fn both_knees(&self, endpoint: usize, visit: usize, measure: Measure) -> (Vec<Option<f64>>, Vec<Option<f64>>) {
        self.of_both(|knee| self.trial.measured(knee, endpoint, visit, measure))
    }

    /// As [`Context::both_knees`], the values in the unit of the endpoint.
    pub fn both_knees_as_collected(&self, endpoint: usize, visit: usize) -> (Vec<Option<f64>>, Vec<Option<f64>>) {
        self.of_both(|knee| self.trial.collected(knee, endpoint, visit, Measure::Value))
    }

    fn of_both(&self, value: impl Fn(&Knee) -> Option<f64>) -> (Vec<Option<f64>>, Vec<Option<f64>>) {
        let of = |arm: usize| {
            self.members().map(|patient| self.trial.patients[patient].knee(arm).and_then(&value)).collect()
        };
        (of(ACTIVE), of(PLACEBO))
    }

    /// The knee-visits behind paired differences: used, and not used for lack of a value, of the knee's baseline, or of a
    /// partner.
    pub fn paired_rows(&self, endpoint: usize, visit: usize, paired: &PairedDifferences) -> Rows {
        let mut rows = Rows { used: 2 * paired.pairs.len(), ..Rows::default() };
        for dropped in &paired.dropped {
            let patient = &self.trial.patients[dropped.patient];
            for knee in [ACTIVE, PLACEBO].into_iter().filter_map(|arm| patient.knee(arm)) {
                let reason = if knee.values[endpoint][visit].is_none() {
                    remark!(no_value_at_this)
                } else if self.trial.measured(knee, endpoint, visit, paired.measure).is_none() {
                    remark!(baseline_missing)
                } else if patient.knees().len() > 1 && patient.pair().is_none() {
                    remark!(partner_further_arm)
                } else {
                    remark!(partner_missing)
                };
                rows.leave_out(reason, 1);
            }
        }
        rows
    }
}
