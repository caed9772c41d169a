//! Several hypotheses: the procedure of the plan's family, and that of several primary endpoints.
//!
//! A hypothesis is that of the endpoint's objective at one visit ([`super::objective`]): no difference, a disadvantage of the
//! margin, or a difference beyond it; its p-value is that of the deciding record. A deciding method without one keeps its place in the family with p = 1, so that the number of hypotheses stays what the plan
//! declared. Every hypothesis gets a record `multiplicity.<endpoint>` (with the visit where the family has several), its
//! deciding record the adjusted p-value. What follows for a claim is decided in [`super::verdict`].
//!
//! Several primary endpoints are hypotheses of the plan's family where it names them all; else they are a family of their
//! own, co-primary (all must reject: the adjusted p-value is the largest, and all differences point the same way) or
//! adjusted, as `multiplicity.primary` says. One primary endpoint is tested at the plan's level, in no family.

use super::notes::remark;
use super::record::Record;
use super::scale::Scale;
use super::{Context, is_deciding, objective};
use crate::multiplicity::MultiplicityError;
use crate::multiplicity::adjust::{Adjustment, adjust};
use crate::multiplicity::epsilon::Epsilon;
use crate::multiplicity::fixed_sequence::fixed_sequence;
use crate::multiplicity::graphical::Graph;
use crate::paired::{Field, TestResult};
use crate::plan::{FamilyVisits, MultiplicityMethod, Objective, PrimaryFamily};
use crate::trial::Role;
use std::collections::BTreeMap;

/// The family of several primary endpoints.
pub const PRIMARY: &str = "primary";
/// The family of secondary endpoints.
pub const SECONDARY: &str = "secondary";
/// A family that the plan names with primary endpoints in it.
pub const ALL: &str = "all";

/// The declared contrasts of three and more arms ([`super::contrasts`]).
pub const CONTRASTS: &str = "contrasts";

/// The looks of a group-sequential trial ([`super::looks`]).
pub const LOOKS: &str = "looks";

/// What its family's procedure says about one comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hypothesis {
    /// The family.
    pub family: &'static str,
    /// The adjusted p-value.
    pub p_adjusted: Option<f64>,
    /// Whether the procedure rejects.
    pub rejected: bool,
    /// Whether the procedure could not be carried out.
    pub failed: bool,
}

/// What the procedure says about one hypothesis.
#[derive(Default)]
struct Decision {
    p_adjusted: Option<f64>,
    rejected: bool,
    fields: Vec<(&'static str, Field)>,
}

/// A family with its hypotheses as positions among the records.
struct Family {
    name: &'static str,
    procedure: &'static str,
    hypotheses: Vec<usize>,
    with_visit: bool,
}

/// Applies the plan's procedures to the deciding records among `records`, whose positions the answer tells, and adds the
/// decisions to `records`; `entered` has the p-value of every record's hypothesis.
pub fn apply(context: &Context, records: &mut Vec<Record>, entered: &[Option<f64>]) -> BTreeMap<usize, Hypothesis> {
    let alpha = context.plan.analysis.alpha;
    let mut found = BTreeMap::new();
    for family in families(context, records) {
        let names: Vec<String> = family.hypotheses.iter().map(|&at| records[at].id.clone()).collect();
        let own: Vec<Option<f64>> = family.hypotheses.iter().map(|&at| entered.get(at).copied().flatten()).collect();
        let p_values: Vec<f64> = own.iter().map(|p| p.unwrap_or(1.0)).collect();
        let decided = if family.name == PRIMARY {
            of_primaries(context, records, &family.hypotheses, &p_values, alpha)
        } else {
            decide(context, names, &p_values, alpha)
        };
        let (decisions, failure) = match decided {
            Ok(decisions) => (decisions, None),
            Err(error) => (family.hypotheses.iter().map(|_| Decision::default()).collect(), Some(error)),
        };
        for (position, (&at, decision)) in family.hypotheses.iter().zip(decisions).enumerate() {
            let record = &mut records[at];
            record.p_adjusted = decision.p_adjusted;
            let hypothesis = Hypothesis {
                family: family.name,
                p_adjusted: decision.p_adjusted,
                rejected: decision.rejected,
                failed: failure.is_some(),
            };
            found.insert(at, hypothesis);
            let decided =
                decision_record(context, record, &family, (position, own[position]), decision, failure.as_ref());
            records.push(decided);
        }
    }
    of_contrasts(context, records, &mut found);
    of_looks(context, records, &mut found);
    found
}

/// The primary record, where there is one.
fn primary_of(records: &[Record]) -> Option<usize> {
    let is_primary = |record: &Record| record.role == Role::Primary && record.arm.is_none() && record.visit.is_some();
    records.iter().position(is_primary)
}

/// `entered` with the repeated p-values of the look that this run is, of all but the primary comparison.
pub fn at_the_look(context: &Context, records: &[Record], entered: Vec<Option<f64>>) -> Vec<Option<f64>> {
    let Some(primary) = primary_of(records).filter(|_| context.plan.interim.is_some()) else { return entered };
    let of_family: Vec<usize> = families(context, records).into_iter().flat_map(|family| family.hypotheses).collect();
    let repeated = |(at, p): (usize, Option<f64>)| match p {
        Some(p) if at != primary && of_family.contains(&at) => super::looks::repeated_p(context, &records[primary], p),
        p => p,
    };
    entered.into_iter().enumerate().map(repeated).collect()
}

/// The bound of the look that this run is: it decides in the place of the plan's level.
fn of_looks(context: &Context, records: &mut Vec<Record>, found: &mut BTreeMap<usize, Hypothesis>) {
    let Some(primary) = primary_of(records) else { return };
    let Some((record, hypothesis)) = super::looks::at(context, &records[primary]) else { return };
    records[primary].p_adjusted = hypothesis.p_adjusted;
    found.insert(primary, hypothesis);
    records.push(record);
}

/// The declared contrasts of arms of the primary endpoint at the primary visit, where they are adjusted for each other, and
/// the primary comparison, which is the first of them and takes its adjusted p-value.
fn of_contrasts(context: &Context, records: &mut [Record], found: &mut BTreeMap<usize, Hypothesis>) {
    if context.plan.arms.adjustment().is_none() {
        return;
    }
    let alpha = context.plan.analysis.alpha;
    let hypothesis = |p: Option<f64>| Hypothesis {
        family: CONTRASTS,
        p_adjusted: p,
        rejected: p.is_some_and(|p| p <= alpha),
        failed: p.is_none(),
    };
    let primaries: Vec<usize> = (0..records.len())
        .filter(|&at| records[at].role == Role::Primary && records[at].arm.is_none() && records[at].visit.is_some())
        .collect();
    for primary in primaries {
        let contrasts: Vec<usize> = (0..records.len())
            .filter(|&at| {
                let (record, decides) = (&records[at], &records[primary]);
                record.result.method == super::contrasts::METHOD
                    && (record.endpoint, record.visit) == (decides.endpoint, decides.visit)
                    && record.analysis_set == decides.analysis_set
            })
            .collect();
        let first = contrasts.first().and_then(|&at| records[at].p_adjusted);
        records[primary].p_adjusted = first;
        found.insert(primary, hypothesis(first));
        found.extend(contrasts.into_iter().map(|at| (at, hypothesis(records[at].p_adjusted))));
    }
}

/// The families of the plan that have a hypothesis.
fn families(context: &Context, records: &[Record]) -> Vec<Family> {
    let multiplicity = &context.plan.multiplicity;
    let endpoints = &context.trial.design.endpoints;
    let at = |(endpoint, visit): (usize, usize)| records.iter().position(|record| is_deciding(record, endpoint, visit));
    let is_primary = |at: &usize| records[*at].role == Role::Primary;
    let mut primaries: Vec<usize> = (0..endpoints.len())
        .filter(|&endpoint| endpoints[endpoint].role == Role::Primary)
        .filter_map(|endpoint| at((endpoint, context.trial.design.primary)))
        .collect();
    primaries.retain(|at| is_primary(at));
    let mut named: Vec<usize> = match multiplicity.method {
        MultiplicityMethod::None => Vec::new(),
        _ => hypotheses(context).into_iter().filter_map(at).collect(),
    };
    let of_plan = !primaries.is_empty() && primaries.iter().all(|at| named.contains(at));
    let mut families = Vec::new();
    if primaries.len() > 1 && !of_plan {
        named.retain(|at| !primaries.contains(at));
        let procedure = multiplicity.of_primaries().name();
        families.push(Family { name: PRIMARY, procedure, hypotheses: primaries, with_visit: false });
    }
    if !named.is_empty() {
        let name = if named.iter().any(is_primary) { ALL } else { SECONDARY };
        let with_visit = multiplicity.visits == FamilyVisits::All;
        families.push(Family { name, procedure: multiplicity.method.name(), hypotheses: named, with_visit });
    }
    families
}

/// The procedure of several primary endpoints.
fn of_primaries(
    context: &Context,
    records: &[Record],
    hypotheses: &[usize],
    p_values: &[f64],
    alpha: f64,
) -> Result<Vec<Decision>, MultiplicityError> {
    let by = |method| {
        let adjusted = adjust(method, p_values)?;
        let decision = |p: f64| Decision { p_adjusted: Some(p), rejected: p <= alpha, fields: Vec::new() };
        Ok(adjusted.into_iter().map(decision).collect())
    };
    match context.plan.multiplicity.of_primaries() {
        PrimaryFamily::CoPrimary => {
            let largest = p_values.iter().copied().fold(0.0, f64::max);
            // Non-inferiority and equivalence are about benefit; differences must agree with them, and with each other.
            let towards = |at: &usize| {
                let record = &records[*at];
                if objective::of(context, record.endpoint) != Objective::Superiority {
                    return Some(true);
                }
                let sign = context.trial.design.endpoints[record.endpoint?].benefit_sign();
                let sign = Scale::of(&record.result).map_or(sign, |scale| scale.benefit_sign(sign));
                Some(sign * record.result.estimate? > 0.0)
            };
            let directions: Vec<Option<bool>> = hypotheses.iter().map(towards).collect();
            let agree = directions.windows(2).all(|pair| pair[0].is_some() && pair[0] == pair[1]);
            let rejected = largest <= alpha && agree;
            let decision = |_| Decision { p_adjusted: Some(largest), rejected, fields: Vec::new() };
            Ok(p_values.iter().map(decision).collect())
        }
        PrimaryFamily::Holm => by(Adjustment::Holm),
        PrimaryFamily::Hochberg => by(Adjustment::Hochberg),
        PrimaryFamily::Hommel => by(Adjustment::Hommel),
        PrimaryFamily::Bonferroni => by(Adjustment::Bonferroni),
        PrimaryFamily::FixedSequence => {
            let decision = |found: crate::multiplicity::fixed_sequence::SequenceDecision| Decision {
                p_adjusted: Some(found.p_adjusted),
                rejected: found.rejected,
                fields: vec![("tested", Field::Json(found.tested.into()))],
            };
            Ok(fixed_sequence(p_values, alpha)?.into_iter().map(decision).collect())
        }
    }
}

/// The hypotheses of the family, in testing order.
fn hypotheses(context: &Context) -> Vec<(usize, usize)> {
    let design = &context.trial.design;
    let multiplicity = &context.plan.multiplicity;
    let endpoints: Vec<usize> = if multiplicity.family.is_empty() {
        (0..design.endpoints.len()).filter(|&endpoint| design.endpoints[endpoint].role == Role::Secondary).collect()
    } else {
        let find = |id: &String| design.endpoints.iter().position(|endpoint| endpoint.id == *id);
        multiplicity.family.iter().filter_map(find).collect()
    };
    let visits = |endpoint: usize| match multiplicity.visits {
        FamilyVisits::Primary => context.deciding_visit(endpoint).into_iter().collect(),
        FamilyVisits::All => context.visits(endpoint),
    };
    endpoints
        .into_iter()
        .flat_map(|endpoint| visits(endpoint).into_iter().map(move |visit| (endpoint, visit)))
        .collect()
}

/// The procedure on the p-values.
fn decide(
    context: &Context,
    names: Vec<String>,
    p_values: &[f64],
    alpha: f64,
) -> Result<Vec<Decision>, MultiplicityError> {
    let multiplicity = &context.plan.multiplicity;
    let by = |method| {
        let adjusted = adjust(method, p_values)?;
        let decision = |p: f64| Decision { p_adjusted: Some(p), rejected: p <= alpha, fields: Vec::new() };
        Ok(adjusted.into_iter().map(decision).collect())
    };
    match multiplicity.method {
        MultiplicityMethod::None => Ok(Vec::new()),
        MultiplicityMethod::Holm => by(Adjustment::Holm),
        MultiplicityMethod::Hochberg => by(Adjustment::Hochberg),
        MultiplicityMethod::Hommel => by(Adjustment::Hommel),
        MultiplicityMethod::Bonferroni => by(Adjustment::Bonferroni),
        MultiplicityMethod::Bh => by(Adjustment::BenjaminiHochberg),
        MultiplicityMethod::By => by(Adjustment::BenjaminiYekutieli),
        MultiplicityMethod::FixedSequence => {
            let decisions = fixed_sequence(p_values, alpha)?.into_iter();
            let decision = |found: crate::multiplicity::fixed_sequence::SequenceDecision| Decision {
                p_adjusted: Some(found.p_adjusted),
                rejected: found.rejected,
                fields: vec![("tested", Field::Json(found.tested.into()))],
            };
            Ok(decisions.map(decision).collect())
        }
        MultiplicityMethod::Graphical => {
            let edge = |row: &Vec<f64>| row.iter().copied().map(Epsilon::from).collect();
            let edges = multiplicity.transitions.iter().map(edge).collect();
            let outcome = Graph::new(names, multiplicity.shares.clone(), edges)?.test(p_values, alpha)?;
            let decision = |found: crate::multiplicity::graphical::GraphDecision| Decision {
                p_adjusted: Some(found.p_adjusted),
                rejected: found.rejected,
                fields: vec![
                    ("initial_weight", Field::Number(Some(found.initial_weight))),
                    ("weight", Field::Number(Some(found.weight))),
                    ("local_alpha", Field::Number(Some(found.local_alpha))),
                    ("step", Field::Json(found.step.into())),
                ],
            };
            Ok(outcome.decisions.into_iter().map(decision).collect())
        }
    }
}

/// `multiplicity.<endpoint>`: the decision about the hypothesis of `deciding`.
fn decision_record(
    context: &Context,
    deciding: &Record,
    family: &Family,
    (position, entered): (usize, Option<f64>),
    decision: Decision,
    failure: Option<&MultiplicityError>,
) -> Record {
    let design = &context.trial.design;
    let mut result = TestResult::new("multiplicity", deciding.result.n_pairs, &context.options());
    result.p_value = entered;
    result.extra = vec![
        ("family", Field::Text(family.name.to_owned())),
        ("procedure", Field::Text(family.procedure.to_owned())),
        ("hypothesis", Field::Text(deciding.id.clone())),
        ("objective", Field::Text(objective::of(context, deciding.endpoint).name().to_owned())),
        ("position", Field::Count(position as u64 + 1)),
        ("hypotheses", Field::Count(family.hypotheses.len() as u64)),
        ("alpha", Field::Number(Some(context.plan.analysis.alpha))),
        ("rejected", Field::Json(decision.rejected.into())),
    ];
    let written = deciding.endpoint.and_then(|endpoint| context.plan.endpoints.get(endpoint));
    let about = deciding.endpoint.and_then(|endpoint| design.endpoints.get(endpoint));
    let margin = match objective::of(context, deciding.endpoint) {
        Objective::Superiority => None,
        Objective::NonInferiority => {
            written.and(super::pairs::non_inferiority_margin(context, deciding.endpoint.unwrap_or_default()))
        }
        Objective::Equivalence => about.and_then(|about| about.equivalence()),
    };
    result.extra.extend(margin.map(|margin| ("margin", Field::Number(Some(margin)))));
    result.extra.extend(decision.fields);
    if let Some(interim) = context.plan.interim.as_ref().filter(|_| deciding.role != Role::Primary) {
        result.extra.push(("p_repeated", Field::Number(entered)));
        result.notes.push(remark!(repeated_p, look = interim.this_look(), looks = interim.pairs.len()));
    }
    if entered.is_none() {
        result.notes.push(remark!(no_p));
    }
    result.notes.extend(failure.map(|failure| remark!(procedure_failed, failure = failure.note())));
    let mut id = "multiplicity".to_owned();
    if let Some(endpoint) = deciding.endpoint.and_then(|endpoint| design.endpoints.get(endpoint)) {
        id = format!("{id}.{}", endpoint.id);
    }
    if let Some(visit) = deciding.visit.filter(|_| family.with_visit).and_then(|visit| design.visits.get(visit)) {
        id = format!("{id}.{}", visit.id);
    }
    Record {
        id,
        role: Role::Descriptive,
        result,
        p_adjusted: decision.p_adjusted,
        verdict: None,
        reference: procedure_source(family.procedure),
        ..deciding.clone()
    }
}

/// Source of a procedure.
fn procedure_source(procedure: &str) -> &'static str {
    match procedure {
        "co-primary" => "ICH E9, 2.2.5 (intersection–union)",
        "holm" => "Holm 1979",
        "hochberg" => "Hochberg 1988",
        "hommel" => "Hommel 1988",
        "bonferroni" => "Bonferroni",
        "bh" => "Benjamini & Hochberg 1995",
        "by" => "Benjamini & Yekutieli 2001",
        "fixed-sequence" => "Maurer, Hothorn & Lehmacher 1995",
        "graphical" => "Bretz, Maurer, Brannath & Posch 2009",
        _ => "",
    }
}
