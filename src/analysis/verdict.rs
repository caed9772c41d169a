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
use crate::plan::{AlternativePlan, Gate as GatePlan, Objective, Overdispersed};
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
    /// For a claim of a direction with an MCID: what the interval says about importance.
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
    /// What an interval on one side of zero means for the MCID, on either side.
    pub importance: Option<Importance>,
    /// Whether the data contradict what the test assumes, so that it rejects too often and the plan has it claim nothing.
    pub contradicted: bool,
}

/// Whether `method` tests against a margin.
pub fn is_against_margin(method: &str) -> bool {
    catalogue::of_result(method).is_some_and(|test| test.estimate == Estimate::AgainstMargin)
}

/// What `record` shows about `endpoint`, of which the plan has the non-inferiority margin `non_inferiority`; `alpha` is
/// the level of the plan, of which a test has the half on each side unless the plan is one-sided.
pub fn evidence(
    endpoint: &Endpoint,
    non_inferiority: Option<f64>,
    record: &Record,
    alpha: f64,
    one_sided: bool,
) -> Evidence {
    let result = &record.result;
    let scale = Scale::of(result);
    let limits = result.conf_low.zip(result.conf_high).filter(|(low, high)| !low.is_nan() && !high.is_nan());
    let level = if is_against_margin(result.method) && !one_sided { 0.5 * alpha } else { alpha };
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
    // The sizes of the difference at the ends of an interval that leaves zero out, whichever arm it favours.
    let sizes = match interval {
        Interval::FavoursActive => Some((worst, best)),
        Interval::FavoursPlacebo => Some((-best, -worst)),
        Interval::IncludesNull | Interval::Undefined => None,
    };
    let importance = endpoint.important().filter(|_| in_units).zip(sizes).map(|(mcid, (least, most))| {
        if !beyond(mcid, least) {
            Importance::ClinicallyImportant
        } else if beyond(mcid, most) {
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

/// Whether what waits for the primary objective waits for contrasts of the arms of which one at least is not claimed.
pub fn waits_for_contrasts(records: &[Record]) -> bool {
    let of_contrasts = |verdict: &Verdict| verdict.family == Some(family::CONTRASTS);
    records
        .iter()
        .filter_map(|record| record.verdict)
        .any(|verdict| of_contrasts(&verdict) && verdict.claim == Claim::None)
}

/// What `record` shows, where it compares the arms.
fn shown(context: &Context, record: &Record) -> Option<Evidence> {
    if record.arm.is_some() || record.result.method == "multiplicity" {
        return None;
    }
    if record.result.method == "event-comparison" {
        return Some(evidence(&harm(), None, record, context.plan.analysis.alpha, false));
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
    let analysis = &context.plan.analysis;
    let one_sided = analysis.alternative != AlternativePlan::TwoSided;
    Some(Evidence { contradicted, ..evidence(about, margin, record, analysis.alpha, one_sided) })
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
    let claimed = |claim| {
        let directed = matches!(claim, Claim::Superior | Claim::Inferior);
        Verdict { claim, importance: evidence.importance.filter(|_| directed), ..described }
    };
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

/// Why a test against a margin may not claim what it shows beside the deciding comparison's verdict; `None` where that claims
/// it too, or a direction that leaves room for it.
fn beside_deciding(claim: Claim, deciding: &Verdict) -> Option<Withheld> {
    let directed = matches!(deciding.claim, Claim::Superior | Claim::Inferior);
    let (shows, alone) = match claim {
        Claim::Equivalent => (deciding.within_margin, directed && deciding.family.is_none()),
        _ => {
            let more = deciding.claim == Claim::Superior;
            (deciding.above_margin, more || (deciding.claim != Claim::None && deciding.family.is_none()))
        }
    };
    match shows {
        _ if deciding.claim == claim => None,
        true if alone => None,
        true => Some(deciding.withheld.unwrap_or(Withheld::Objective)),
        false => Some(Withheld::Test),
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
        let deciding = records.iter().find(of_deciding).and_then(|record| record.verdict);
        let withheld = match deciding {
            _ if !(holds && evidence.rejects) => None,
            _ if !primary => Some(Withheld::Exploratory),
            Some(verdict) => beside_deciding(claim, &verdict),
            None => Some(Withheld::Test),
        };
        let claim = if holds && evidence.rejects && withheld.is_none() { claim } else { Claim::None };
        let verdict = Verdict { claim, withheld, ..Verdict::described(&evidence) };
        records[at].verdict = Some(verdict);
    }
}

#[cfg(test)]
mod tests;
