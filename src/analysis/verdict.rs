//! What a comparison of the arms allows to assert: one verdict, which every sentence, box, table and terminal line reads.
//!
//! A direction is claimed, for active or against it alike, where all of this holds: the interval excludes 0; the test of
//! the plan rejects at its level; the comparison is confirmatory, that is the primary one or a hypothesis of the plan's
//! family; its family's procedure rejects ([`super::family`]); and, for what is not primary, the primary objective is met
//! (the gate, unless the plan writes `gate = "none"`). The first of these that fails is why a claim is withheld. Other
//! visits and endpoints, other analysis sets, sensitivity analyses, subgroups and harms are described and never claimed.
//!
//! Where no direction can be claimed, the interval may lie inside a margin of the plan: within ± `margin` the knees are
//! equivalent, above − `non_inferiority_margin` (in the direction of benefit) active is non-inferior. Where other hypotheses
//! share the level a margin is claimed as the endpoint's objective ([`objective`]) only; a single primary endpoint may be
//! non-inferior before superiority, which the others then wait for. Interval and margin
//! are at one level, 1 − α, which for the one-sided tests against a margin means α/2 each (ICH E9, 5.5). A test against a
//! margin of its own (`tost`, `non-inferiority`) claims only what the deciding interval supports too.
//!
//! An interval on the log-odds scale is compared with 0 alone: margin and MCID are in units of the endpoint. Of an endpoint on
//! logarithms they are ratios of geometric means, m > 1: equivalent within 1/m … m, non-inferior above 1/m or below m,
//! whichever is the worse side; they are held as ln m against the interval of the logarithm.
//!
//! An exact test of counts that vary more than Poisson counts within pairs rejects too often: it claims nothing, unless the plan
//! writes `overdispersed_counts = "claim"`.

use super::family::{self, Hypothesis};
use super::record::Record;
use super::scale::Scale;
use super::{Context, contrasts, looks, objective, pairs};
use crate::paired::catalogue;
use crate::paired::method::Estimate;
use crate::plan::{Gate as GatePlan, Objective, Overdispersed};
use crate::trial::{Endpoint, Role};
use serde::Serialize;

/// What the report may assert about active against placebo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// Active is better.
    Superior,
    /// Active is worse.
    Inferior,
    /// The difference lies within ± the margin.
    Equivalent,
    /// Active is not worse by as much as the margin.
    NonInferior,
    /// Nothing.
    None,
}

/// Where the confidence interval lies, in the direction of benefit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interval {
    /// It excludes 0 in favour of active.
    FavoursActive,
    /// It excludes 0 in favour of placebo.
    FavoursPlacebo,
    /// It includes 0; a limit exactly at 0 does.
    IncludesNull,
    /// There is none, or it answers another question.
    Undefined,
}

/// Whether the primary objective, which claims that are not primary wait for, is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// It is met.
    Open,
    /// It is not met.
    Closed,
    /// The comparison waits for nothing.
    None,
}

/// Why an interval that excludes 0, or lies inside a margin, leads to no claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Withheld {
    /// The test of the plan does not reject.
    Test,
    /// The procedure for several hypotheses does not reject.
    Family,
    /// The primary objective is not met.
    Gate,
    /// The procedure for several hypotheses could not be carried out.
    Procedure,
    /// The comparison belongs to no family of hypotheses: it is described.
    Exploratory,
    /// The endpoint's objective is another hypothesis, and others share the level with it.
    Objective,
    /// The counts vary more than the exact test assumes, and the plan does not foresee it.
    Overdispersed,
}

/// What the interval of a superior result says about the minimal clinically important difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Importance {
    /// The whole interval reaches the MCID or beyond.
    ClinicallyImportant,
    /// The interval reaches from below to above the MCID.
    Uncertain,
    /// The whole interval lies below the MCID.
    BelowMcid,
}

/// The claim in one word for people; where nothing is claimed, what the interval leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// Active is better.
    Superior,
    /// Active is worse.
    Inferior,
    /// The interval lies inside ± the plan's margin.
    Equivalent,
    /// The interval lies above the plan's non-inferiority margin.
    NonInferior,
    /// A difference was not demonstrated; the values of the interval remain compatible with the data.
    Inconclusive,
    /// The arms were not compared.
    NotAssessed,
}

impl Conclusion {
    /// The name used in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Superior => "superior",
            Self::Inferior => "inferior",
            Self::Equivalent => "equivalent",
            Self::NonInferior => "non-inferior",
            Self::Inconclusive => "inconclusive",
            Self::NotAssessed => "not-assessed",
        }
    }
}

/// The verdict about one comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// What may be asserted.
    pub claim: Claim,
    /// Where the interval lies.
    pub interval: Interval,
    /// The family of hypotheses it belongs to.
    pub family: Option<&'static str>,
    /// Whether what it waits for is met.
    pub gate: Gate,
    /// Why nothing is claimed although the interval would allow it.
    pub withheld: Option<Withheld>,
    /// For superior results with an MCID: what the interval says about importance.
    pub importance: Option<Importance>,
    /// Whether the interval lies within ± the endpoint's margin.
    pub within_margin: bool,
    /// Whether the interval lies above the endpoint's non-inferiority margin.
    pub above_margin: bool,
    /// Whether the arms were compared at all: there is an interval, or a p-value of a test with a direction.
    pub assessed: bool,
}

impl Verdict {
    /// The conclusion that follows.
    pub fn conclusion(&self) -> Conclusion {
        match self.claim {
            Claim::Superior => Conclusion::Superior,
            Claim::Inferior => Conclusion::Inferior,
            Claim::Equivalent => Conclusion::Equivalent,
            Claim::NonInferior => Conclusion::NonInferior,
            Claim::None if !self.assessed => Conclusion::NotAssessed,
            Claim::None => Conclusion::Inconclusive,
        }
    }

    /// A verdict that describes: the interval, and no claim.
    pub fn described(evidence: &Evidence) -> Self {
        let excludes = matches!(evidence.interval, Interval::FavoursActive | Interval::FavoursPlacebo);
        Self {
            claim: Claim::None,
            interval: evidence.interval,
            family: None,
            gate: Gate::None,
            withheld: (excludes || evidence.within_margin).then_some(Withheld::Exploratory),
            importance: None,
            within_margin: evidence.within_margin,
            above_margin: evidence.above_margin,
            assessed: evidence.assessed,
        }
    }
}

/// What one record shows by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// Where the interval lies.
    pub interval: Interval,
    /// Whether its test rejects at its level; a method without a p-value tests by its interval.
    pub rejects: bool,
    /// Whether the interval lies within ± the margin.
    pub within_margin: bool,
    /// Whether the interval lies above the non-inferiority margin.
    pub above_margin: bool,
    /// Whether there is an interval or a directed test.
    pub assessed: bool,
    /// What a superior result means for the MCID.
    pub importance: Option<Importance>,
    /// Whether the data contradict what the test assumes, so that it rejects too often and the plan has it claim nothing.
    pub contradicted: bool,
}

/// Whether `method` tests against a margin.
pub fn is_against_margin(method: &str) -> bool {
    catalogue::of_result(method).is_some_and(|test| test.estimate == Estimate::AgainstMargin)
}

/// What `record` shows about `endpoint`, of which the plan has the non-inferiority margin `non_inferiority`; `alpha` is
/// the level of the plan.
pub fn evidence(endpoint: &Endpoint, non_inferiority: Option<f64>, record: &Record, alpha: f64) -> Evidence {
    let result = &record.result;
    let scale = Scale::of(result);
    let limits = result.conf_low.zip(result.conf_high).filter(|(low, high)| !low.is_nan() && !high.is_nan());
    // The test against a margin has half the level on each of its sides.
    let level = if is_against_margin(result.method) { 0.5 * alpha } else { alpha };
    let rejects = result.p_value.is_none_or(|p| p <= level);
    let sign = endpoint.benefit_sign();
    let towards = limits.zip(scale).map(|(limits, scale)| scale.towards_benefit(limits, sign));
    let Some((worst, best)) = towards else {
        return Evidence {
            interval: Interval::Undefined,
            rejects,
            within_margin: false,
            above_margin: false,
            assessed: scale.is_some() && result.p_value.is_some(),
            importance: None,
            contradicted: false,
        };
    };
    // Binary noise of limits that are decimals: a limit this near to a bound lies on it.
    let size =
        [worst, best].into_iter().filter(|limit| limit.is_finite()).fold(0.0_f64, |most, limit| most.max(limit.abs()));
    let beyond = |limit: f64, bound: f64| limit - bound > 1e-9 * size.max(bound.abs());
    let interval = match (beyond(worst, 0.0), beyond(0.0, best)) {
        (true, _) => Interval::FavoursActive,
        (_, true) => Interval::FavoursPlacebo,
        _ => Interval::IncludesNull,
    };
    let in_units = scale.is_some_and(Scale::has_margins);
    let margin = endpoint.equivalence().filter(|_| in_units);
    let importance = endpoint.important().filter(|_| in_units && interval == Interval::FavoursActive).map(|mcid| {
        if !beyond(mcid, worst) {
            Importance::ClinicallyImportant
        } else if beyond(mcid, best) {
            Importance::BelowMcid
        } else {
            Importance::Uncertain
        }
    });
    Evidence {
        interval,
        rejects,
        within_margin: margin.is_some_and(|margin| beyond(worst, -margin) && beyond(margin, best)),
        above_margin: non_inferiority.filter(|_| in_units).is_some_and(|margin| beyond(worst, -margin)),
        assessed: true,
        importance,
        contradicted: false,
    }
}

/// Writes the verdict of every record that compares the arms, and adds the decisions about families of hypotheses to
/// `records`.
pub fn decide(context: &Context, records: &mut Vec<Record>) {
    let entered: Vec<Option<f64>> = records
        .iter()
        .map(|record| {
            let margin = pairs::non_inferiority_margin(context, record.endpoint?);
            let shown = shown(context, record)?;
            let margins = objective::Margins { within: shown.within_margin, above: shown.above_margin };
            objective::p_entered(context, record, margins, margin)
        })
        .collect();
    let entered = family::at_the_look(context, records, entered);
    let families = family::apply(context, records, &entered);
    let found: Vec<Option<Evidence>> = records.iter().map(|record| shown(context, record)).collect();
    let primary: Vec<usize> = primary_records(context, records);
    let alone = primary.len() == 1 && families.keys().all(|at| primary.contains(at));
    let goal = |record: &Record| Goal { objective: objective::of(context, record.endpoint), alone };
    for &at in &primary {
        let Some(evidence) = found[at] else { continue };
        let family = families.get(&at).map_or("", |hypothesis| hypothesis.family);
        let evidence = simultaneous(context, records, at, family, evidence);
        records[at].verdict = Some(confirmatory(&evidence, families.get(&at), Gate::None, goal(&records[at])));
    }
    // The contrasts of arms are one family with the primary comparison, and wait for nothing.
    for (at, hypothesis) in families.iter().filter(|(_, hypothesis)| hypothesis.family == family::CONTRASTS) {
        if let Some(evidence) = found[*at].filter(|_| records[*at].verdict.is_none()) {
            let evidence = simultaneous(context, records, *at, family::CONTRASTS, evidence);
            records[*at].verdict = Some(confirmatory(&evidence, Some(hypothesis), Gate::None, goal(&records[*at])));
        }
    }
    // What waits for the primary objective is tested at the full level: every contrast of the family must have rejected.
    let all = families.values().all(|hypothesis| hypothesis.family != family::CONTRASTS || hypothesis.rejected);
    let objective = all && objective_met(context, records, &primary);
    let gate = match (context.plan.multiplicity.gate, objective) {
        (GatePlan::None, _) => Gate::None,
        (GatePlan::Primary, true) => Gate::Open,
        (GatePlan::Primary, false) => Gate::Closed,
    };
    for at in 0..records.len() {
        let Some(evidence) = found[at].filter(|_| records[at].verdict.is_none()) else { continue };
        records[at].verdict = Some(match families.get(&at) {
            Some(hypothesis) if hypothesis.family != family::PRIMARY => {
                confirmatory(&evidence, Some(hypothesis), gate, goal(&records[at]))
            }
            _ => Verdict::described(&evidence),
        });
    }
    against_margins(context, records, &found);
}

/// What `record` shows, where it compares the arms.
fn shown(context: &Context, record: &Record) -> Option<Evidence> {
    if record.arm.is_some() || record.result.method == "multiplicity" {
        return None;
    }
    if record.result.method == "event-comparison" {
        return Some(evidence(&harm(), None, record, context.plan.analysis.alpha));
    }
    let endpoint = record.endpoint?;
    let compares = matches!(record.role, Role::Primary | Role::Secondary | Role::Sensitivity);
    if !compares && !matches!(record.result.method, "subgroup" | contrasts::METHOD) {
        return None;
    }
    let about = &context.trial.design.endpoints[endpoint];
    let margin = pairs::non_inferiority_margin(context, endpoint);
    let contradicted = record.result.method == pairs::EXACT_COUNTS
        && context.plan.analysis.overdispersed_counts == Overdispersed::Withhold
        && pairs::is_overdispersed(&record.result);
    Some(Evidence { contradicted, ..evidence(about, margin, record, context.plan.analysis.alpha) })
}

/// Harms as an endpoint: fewer are better, and there is neither margin nor MCID.
fn harm() -> Endpoint {
    Endpoint {
        id: "harm".to_owned(),
        name: String::new(),
        column: String::new(),
        kind: crate::trial::Kind::Binary,
        exposure: None,
        rated: false,
        unit: String::new(),
        range: None,
        step: None,
        better: crate::trial::Better::Lower,
        minimal_improvement: None,
        minimal_improvement_source: None,
        important_difference: None,
        important_difference_source: None,
        margin: None,
        role: Role::Safety,
        visits: Vec::new(),
        decimals: 0,
        decimals_from_data: false,
        tests: Vec::new(),
        levels: Vec::new(),
        derived: None,
        logarithm: None,
        survival: None,
    }
}

/// The records of the primary hypotheses: the deciding method on each primary endpoint at the primary visit.
fn primary_records(context: &Context, records: &[Record]) -> Vec<usize> {
    let set = &context.set.name;
    let primary = |record: &Record| {
        record.role == Role::Primary && record.arm.is_none() && record.endpoint.is_some() && record.analysis_set == *set
    };
    (0..records.len()).filter(|&at| primary(&records[at])).collect()
}

/// Whether every primary endpoint has the claim of its objective.
fn objective_met(context: &Context, records: &[Record], primary: &[usize]) -> bool {
    let endpoints = &context.trial.design.endpoints;
    let wanted: Vec<usize> = (0..endpoints.len()).filter(|&at| endpoints[at].role == Role::Primary).collect();
    let met = |endpoint: &usize| {
        primary.iter().any(|&at| {
            let objective = objective::of(context, Some(*endpoint));
            records[at].endpoint == Some(*endpoint)
                && records[at].verdict.is_some_and(|verdict| meets(objective, &verdict))
        })
    };
    !wanted.is_empty() && wanted.iter().all(met)
}

/// Whether `verdict` claims what the endpoint sets out to show.
fn meets(objective: Objective, verdict: &Verdict) -> bool {
    match objective {
        Objective::Superiority => verdict.claim == Claim::Superior,
        Objective::NonInferiority => {
            matches!(verdict.claim, Claim::NonInferior | Claim::Superior) && verdict.above_margin
        }
        Objective::Equivalence => verdict.claim != Claim::None && verdict.within_margin,
    }
}

/// What a comparison sets out to show, and whether no other hypothesis shares the level with it.
#[derive(Debug, Clone, Copy)]
struct Goal {
    objective: Objective,
    alone: bool,
}

/// `evidence` of the record at `at` with its importance held against the limits that belong to the claim: those adjusted
/// for the other contrasts, or for the looks. Without them no interval reaches the important difference as a whole.
fn simultaneous(context: &Context, records: &[Record], at: usize, family: &str, evidence: Evidence) -> Evidence {
    let Some(unadjusted) = evidence.importance else { return evidence };
    let own = &records[at];
    let (method, low, high) = match family {
        family::CONTRASTS => (contrasts::METHOD, "conf_low_adjusted", "conf_high_adjusted"),
        family::LOOKS => (looks::METHOD, "stagewise_low", "stagewise_high"),
        _ => return evidence,
    };
    // The primary comparison is the first of the contrasts.
    let limits = records.iter().find(|record| {
        record.result.method == method
            && (record.endpoint, record.visit) == (own.endpoint, own.visit)
            && record.analysis_set == own.analysis_set
            && (own.result.method != method || record.id == own.id)
    });
    let limits = limits.and_then(|record| record.result.number(low).zip(record.result.number(high)));
    let importance = match limits {
        Some((low, high)) => {
            let mut record = own.clone();
            (record.result.conf_low, record.result.conf_high) = (Some(low), Some(high));
            shown(context, &record).and_then(|evidence| evidence.importance).unwrap_or(Importance::Uncertain)
        }
        None if unadjusted == Importance::ClinicallyImportant => Importance::Uncertain,
        None => unadjusted,
    };
    Evidence { importance: Some(importance), ..evidence }
}

/// The verdict of a comparison that may make a claim.
fn confirmatory(evidence: &Evidence, hypothesis: Option<&Hypothesis>, gate: Gate, goal: Goal) -> Verdict {
    let family = hypothesis.map(|hypothesis| hypothesis.family);
    let described = Verdict { family, gate, withheld: None, ..Verdict::described(evidence) };
    let withhold = |reason| Verdict { withheld: Some(reason), ..described };
    let claimed =
        |claim| Verdict { claim, importance: evidence.importance.filter(|_| claim == Claim::Superior), ..described };
    let direction = match evidence.interval {
        Interval::FavoursActive => Some(Claim::Superior),
        Interval::FavoursPlacebo => Some(Claim::Inferior),
        Interval::IncludesNull | Interval::Undefined => None,
    };
    let barred = match hypothesis {
        Some(hypothesis) if hypothesis.failed => Some(Withheld::Procedure),
        Some(hypothesis) if !hypothesis.rejected => Some(Withheld::Family),
        _ => None,
    };
    let barred = barred.or((gate == Gate::Closed).then_some(Withheld::Gate));
    // One interval serves every claim of a comparison that is the only hypothesis.
    let only = hypothesis.is_none() && goal.alone;
    let of_margin = match goal.objective {
        Objective::Superiority => None,
        Objective::NonInferiority => Some((evidence.above_margin, Claim::NonInferior)),
        Objective::Equivalence => Some((evidence.within_margin, Claim::Equivalent)),
    };
    if let Some((holds, claim)) = of_margin {
        return match (direction.filter(|_| only && evidence.rejects), holds, barred) {
            // More than the objective, or what the margin does not hold; within it the objective is the claim, and the
            // words say on which side of zero the interval lies.
            (Some(Claim::Superior), true, _) if claim == Claim::NonInferior => claimed(Claim::Superior),
            (Some(direction), false, _) => claimed(direction),
            (_, true, None) => claimed(claim),
            (_, true, Some(reason)) => withhold(reason),
            (None, false, _) if direction.is_some() => withhold(Withheld::Objective),
            (None, false, _) => described,
        };
    }
    let Some(claim) = direction else {
        return match (evidence.within_margin, evidence.above_margin) {
            (true, _) if only => claimed(Claim::Equivalent),
            // Held before superiority, in a sequence: what waits for the primary objective waits for superiority.
            // Equivalence has no place in that sequence: it would be a second way to spend the level.
            (_, true) if hypothesis.is_none() => claimed(Claim::NonInferior),
            (false, false) => described,
            _ => withhold(Withheld::Objective),
        };
    };
    let barred = evidence.contradicted.then_some(Withheld::Overdispersed).or(barred);
    match if evidence.rejects { barred } else { Some(Withheld::Test) } {
        None => claimed(claim),
        // Superiority that is withheld can leave non-inferiority, which needs less.
        Some(_) if claim == Claim::Superior && evidence.above_margin && family.is_none() => claimed(Claim::NonInferior),
        Some(withheld) => withhold(withheld),
    }
}

/// The tests against a margin of the primary comparison: they claim what they and the deciding interval both show.
fn against_margins(context: &Context, records: &mut [Record], found: &[Option<Evidence>]) {
    let design = &context.trial.design;
    for at in 0..records.len() {
        let record = &records[at];
        let (Some(evidence), Some(endpoint)) = (found[at], record.endpoint) else { continue };
        if !is_against_margin(record.result.method) {
            continue;
        }
        let (holds, claim) = match record.result.method {
            "tost" => (evidence.within_margin, Claim::Equivalent),
            _ => (evidence.above_margin, Claim::NonInferior),
        };
        let primary = design.endpoints[endpoint].role == Role::Primary
            && record.visit == Some(design.primary)
            && record.analysis_set == context.set.name;
        let of_deciding = |record: &&Record| record.role == Role::Primary && record.endpoint == Some(endpoint);
        // The deciding comparison claims it, or more than it and may claim both.
        let agrees = records.iter().find(of_deciding).and_then(|record| record.verdict).is_some_and(|verdict| {
            let more = match claim {
                Claim::Equivalent => verdict.within_margin && verdict.family.is_none(),
                _ => verdict.above_margin && (verdict.family.is_none() || verdict.claim == Claim::Superior),
            };
            verdict.claim == claim || (verdict.claim != Claim::None && more)
        });
        let (claim, withheld) = match (holds && evidence.rejects, primary, agrees) {
            (false, ..) => (Claim::None, None),
            (true, false, _) => (Claim::None, Some(Withheld::Exploratory)),
            (true, true, false) => (Claim::None, Some(Withheld::Test)),
            (true, true, true) => (claim, None),
        };
        let verdict = Verdict { claim, withheld, ..Verdict::described(&evidence) };
        records[at].verdict = Some(verdict);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paired::{Options, TestResult};
    use crate::trial::Better;

    fn endpoint(better: Better, important_difference: Option<f64>, margin: Option<f64>) -> Endpoint {
        Endpoint {
            better,
            important_difference,
            margin,
            role: Role::Primary,
            kind: crate::trial::Kind::Continuous,
            ..harm()
        }
    }

    const ALONE: Goal = Goal { objective: Objective::Superiority, alone: true };
    const SHARED: Goal = Goal { objective: Objective::Superiority, alone: false };

    fn record(low: f64, high: f64, p: f64) -> Record {
        let mut result = TestResult::new("paired-t", 10, &Options::default());
        (result.conf_low, result.conf_high, result.p_value) = (Some(low), Some(high), Some(p));
        Record::comparing(result, Role::Primary)
    }

    fn claim(better: Better, low: f64, high: f64, p: f64) -> (Claim, Option<Withheld>, Option<Importance>) {
        let about = endpoint(better, Some(20.0), Some(10.0));
        let verdict = confirmatory(&evidence(&about, None, &record(low, high, p), 0.05), None, Gate::None, ALONE);
        (verdict.claim, verdict.withheld, verdict.importance)
    }

    #[test]
    fn interval_and_test_decide_in_the_direction_of_benefit() {
        use Better::{Higher, Lower};
        assert_eq!(claim(Lower, -30.0, -21.0, 0.01), (Claim::Superior, None, Some(Importance::ClinicallyImportant)));
        assert_eq!(claim(Lower, -30.0, -5.0, 0.01), (Claim::Superior, None, Some(Importance::Uncertain)));
        assert_eq!(claim(Lower, -9.0, -5.0, 0.01), (Claim::Superior, None, Some(Importance::BelowMcid)));
        assert_eq!(claim(Lower, 1.0, 5.0, 0.01), (Claim::Inferior, None, None));
        assert_eq!(claim(Lower, -5.0, 5.0, 0.8), (Claim::Equivalent, None, None));
        assert_eq!(claim(Lower, -10.0, 5.0, 0.4), (Claim::None, None, None), "a limit at the margin is not inside it");
        assert_eq!(claim(Higher, 1.0, 15.0, 0.01), (Claim::Superior, None, Some(Importance::BelowMcid)));
        assert_eq!(claim(Higher, -15.0, 0.0, 0.06), (Claim::None, None, None), "a limit at 0 includes it");
    }

    #[test]
    fn a_test_that_does_not_reject_withholds_alike_in_both_directions() {
        // McNemar with 3 pairs: exact p 0.25, Newcombe excludes 0.
        assert_eq!(claim(Better::Lower, 0.206, 1.0, 0.25).0, Claim::None);
        assert_eq!(claim(Better::Lower, 0.206, 1.0, 0.25).1, Some(Withheld::Test));
        assert_eq!(claim(Better::Lower, -1.0, -0.206, 0.25).1, Some(Withheld::Test));
    }

    #[test]
    fn family_and_gate_withhold_alike_in_both_directions() {
        let about = endpoint(Better::Lower, None, None);
        let rejected = Hypothesis { family: "secondary", p_adjusted: Some(0.01), rejected: true, failed: false };
        let kept = Hypothesis { rejected: false, ..rejected };
        let failed = Hypothesis { failed: true, ..kept };
        for (low, high, claimed) in [(-9.0, -1.0, Claim::Superior), (1.0, 9.0, Claim::Inferior)] {
            let evidence = evidence(&about, None, &record(low, high, 0.01), 0.05);
            let of = |hypothesis, gate| {
                let verdict = confirmatory(&evidence, Some(hypothesis), gate, SHARED);
                (verdict.claim, verdict.withheld)
            };
            assert_eq!(of(&rejected, Gate::Open), (claimed, None));
            assert_eq!(of(&rejected, Gate::Closed), (Claim::None, Some(Withheld::Gate)));
            assert_eq!(of(&kept, Gate::Open), (Claim::None, Some(Withheld::Family)));
            assert_eq!(of(&failed, Gate::Open), (Claim::None, Some(Withheld::Procedure)));
        }
    }

    #[test]
    fn non_inferiority_is_held_against_its_margin() {
        let about = endpoint(Better::Lower, None, None);
        let of = |low, high, p| {
            confirmatory(&evidence(&about, Some(10.0), &record(low, high, p), 0.05), None, Gate::None, ALONE).claim
        };
        assert_eq!(of(-5.0, 9.0, 0.6), Claim::NonInferior);
        assert_eq!(of(-5.0, 10.0, 0.6), Claim::None);
        assert_eq!(of(-9.0, -1.0, 0.01), Claim::Superior);
        assert_eq!(of(1.0, 9.0, 0.01), Claim::Inferior, "worse, though not by the margin");
    }

    /// A margin is claimed by its own hypothesis where others share the level: neither beside a superiority that the
    /// procedure tests, nor superiority beside a non-inferiority.
    #[test]
    fn beside_others_an_endpoint_claims_its_objective_only() {
        let about = endpoint(Better::Lower, None, Some(10.0));
        let rejected = Hypothesis { family: "secondary", p_adjusted: Some(0.01), rejected: true, failed: false };
        let kept = Hypothesis { rejected: false, ..rejected };
        let of = |low, high, hypothesis: &Hypothesis, gate, objective| {
            let evidence = evidence(&about, Some(10.0), &record(low, high, 0.01), 0.05);
            let verdict = confirmatory(&evidence, Some(hypothesis), gate, Goal { objective, alone: false });
            (verdict.claim, verdict.withheld)
        };
        use Objective::{Equivalence, NonInferiority, Superiority};
        let none = |reason| (Claim::None, Some(reason));
        assert_eq!(of(-12.0, 5.0, &rejected, Gate::Open, Superiority), none(Withheld::Objective));
        assert_eq!(of(-12.0, 5.0, &rejected, Gate::Open, NonInferiority), (Claim::NonInferior, None));
        assert_eq!(of(-12.0, -1.0, &rejected, Gate::Open, NonInferiority), (Claim::NonInferior, None));
        assert_eq!(of(-12.0, 5.0, &kept, Gate::Open, NonInferiority), none(Withheld::Family));
        assert_eq!(of(-12.0, 5.0, &rejected, Gate::Closed, NonInferiority), none(Withheld::Gate));
        assert_eq!(of(1.0, 12.0, &kept, Gate::Open, NonInferiority), none(Withheld::Objective));
        assert_eq!(of(-8.0, 5.0, &rejected, Gate::Open, Equivalence), (Claim::Equivalent, None));
        assert_eq!(of(-8.0, 5.0, &kept, Gate::Open, Equivalence), none(Withheld::Family));
        assert_eq!(of(-12.0, 5.0, &rejected, Gate::Open, Equivalence), (Claim::None, None));
        // One primary beside a family that waits for its superiority: non-inferior in the sequence, but not equivalent.
        let beside = |non_inferiority| {
            let evidence = evidence(&about, non_inferiority, &record(-5.0, 5.0, 0.6), 0.05);
            let verdict = confirmatory(&evidence, None, Gate::None, SHARED);
            (verdict.claim, verdict.withheld)
        };
        assert_eq!(beside(Some(10.0)), (Claim::NonInferior, None));
        assert_eq!(beside(None), none(Withheld::Objective));
        // The only hypothesis: one interval serves all of its claims.
        let only = |low, high| {
            let evidence = evidence(&about, Some(10.0), &record(low, high, 0.01), 0.05);
            let goal = Goal { objective: NonInferiority, alone: true };
            confirmatory(&evidence, None, Gate::None, goal).claim
        };
        assert_eq!(only(-12.0, -1.0), Claim::Superior);
        // Within the margin the objective is met, on whichever side of zero; beyond it, the direction is.
        assert_eq!(only(1.0, 9.0), Claim::NonInferior);
        assert_eq!(only(1.0, 12.0), Claim::Inferior);
        assert_eq!(only(-12.0, 5.0), Claim::NonInferior);
    }

    /// One primary endpoint with both margins and a secondary one behind the gate, 20 000 trials a setting: the chance of any
    /// false claim is at most 5 %, whatever the objective and the truth (at the margins, nothing, in between).
    #[test]
    fn no_objective_spends_the_level_twice() {
        use crate::math::dist::normal;
        use crate::math::random::Stream;
        const TRIALS: u64 = 20_000;
        let (primary, secondary) = (endpoint(Better::Higher, None, Some(3.25)), endpoint(Better::Higher, None, None));
        let at = |estimate: f64| record(estimate - 1.96, estimate + 1.96, normal::two_sided(estimate));
        for objective in [Objective::Superiority, Objective::NonInferiority, Objective::Equivalence] {
            for truth in [-3.25, -1.5, 0.0, 1.5, 3.25] {
                let mut wrong = 0;
                for trial in 0..TRIALS {
                    let mut stream = Stream::new(20_261_129, trial);
                    let (first, second) = (truth + stream.normal(), stream.normal());
                    let goal = Goal { objective, alone: false };
                    let shown = evidence(&primary, Some(3.25), &at(first), 0.05);
                    let verdict = confirmatory(&shown, None, Gate::None, goal);
                    let gate = if meets(objective, &verdict) { Gate::Open } else { Gate::Closed };
                    let p = normal::two_sided(second);
                    let hypothesis = Hypothesis {
                        family: family::SECONDARY,
                        p_adjusted: Some(p),
                        rejected: p <= 0.05,
                        failed: false,
                    };
                    let other = evidence(&secondary, None, &at(second), 0.05);
                    let other = confirmatory(&other, Some(&hypothesis), gate, SHARED);
                    let false_claim = match verdict.claim {
                        Claim::Superior => truth <= 0.0,
                        Claim::Inferior => truth >= 0.0,
                        Claim::NonInferior => truth <= -3.25,
                        Claim::Equivalent => truth.abs() >= 3.25,
                        Claim::None => false,
                    };
                    wrong += u64::from(false_claim || other.claim != Claim::None);
                }
                let share = wrong as f64 / TRIALS as f64;
                // Two Monte Carlo standard errors.
                assert!(share <= 0.05 + 2.0 * 0.001_54, "{objective:?} at {truth}: {share}");
            }
        }
    }

    /// −1.2/3 in doubles is no −0.4: a limit on the margin is not inside it, in cm as in mm.
    #[test]
    fn a_limit_that_binary_noise_moves_off_the_margin_lies_on_it() {
        let about = endpoint(Better::Higher, Some(2.4), Some(0.4));
        let limit = -1.2 / 3.0;
        assert!(limit > -0.4);
        let found = evidence(&about, Some(0.4), &record(limit, 0.3, 0.6), 0.05);
        assert!(!found.above_margin && !found.within_margin);
        let found = evidence(&about, None, &record(0.1 + 0.2 - 0.3, 0.3, 0.04), 0.05);
        assert_eq!(found.interval, Interval::IncludesNull);
        let found = evidence(&about, None, &record(2.4 - 1e-16, 3.0, 0.01), 0.05);
        assert_eq!(found.importance, Some(Importance::ClinicallyImportant));
    }

    #[test]
    fn no_interval_claims_nothing_and_says_whether_there_was_a_comparison() {
        let about = endpoint(Better::Lower, None, None);
        let mut record = record(0.0, 0.0, 0.01);
        (record.result.conf_low, record.result.conf_high) = (None, None);
        let verdict = confirmatory(&evidence(&about, None, &record, 0.05), None, Gate::None, ALONE);
        assert_eq!((verdict.claim, verdict.conclusion()), (Claim::None, Conclusion::Inconclusive));
        record.result.p_value = None;
        let verdict = confirmatory(&evidence(&about, None, &record, 0.05), None, Gate::None, ALONE);
        assert_eq!(verdict.conclusion(), Conclusion::NotAssessed);
    }
}
