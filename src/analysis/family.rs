//! The plan's multiplicity procedure over its family of hypotheses.
//!
//! A hypothesis is "no difference" on one endpoint of the family at one visit; its p-value is that of the deciding record.
//! A deciding method without a p-value keeps its place in the family with p = 1, so that the number of hypotheses stays
//! what the plan declared. Every hypothesis gets a record `multiplicity.<endpoint>` (with the visit where the family has
//! several), its deciding record the adjusted p-value; a claim that the procedure does not support is withheld
//! ([`conclusion::withhold`]).

use super::conclusion;
use super::record::Record;
use super::{Context, is_deciding};
use crate::multiplicity::MultiplicityError;
use crate::multiplicity::adjust::{Adjustment, adjust};
use crate::multiplicity::epsilon::Epsilon;
use crate::multiplicity::fixed_sequence::fixed_sequence;
use crate::multiplicity::graphical::Graph;
use crate::paired::{Field, TestResult};
use crate::plan::{FamilyVisits, MultiplicityMethod};
use crate::trial::Role;

/// What the procedure says about one hypothesis.
#[derive(Default)]
struct Decision {
    p_adjusted: Option<f64>,
    rejected: bool,
    fields: Vec<(&'static str, Field)>,
}

/// Applies the plan's procedure to the deciding records among `records`, and adds the decisions to them.
pub fn apply(context: &Context, records: &mut Vec<Record>) {
    let multiplicity = &context.plan.multiplicity;
    if multiplicity.method == MultiplicityMethod::None {
        return;
    }
    let hypotheses: Vec<usize> = hypotheses(context)
        .into_iter()
        .filter_map(|(endpoint, visit)| records.iter().position(|record| is_deciding(record, endpoint, visit)))
        .collect();
    if hypotheses.is_empty() {
        return;
    }
    let names: Vec<String> = hypotheses.iter().map(|&at| records[at].id.clone()).collect();
    let p_values: Vec<f64> = hypotheses.iter().map(|&at| records[at].result.p_value.unwrap_or(1.0)).collect();
    let alpha = context.plan.analysis.alpha;
    let (decisions, failure) = match decide(context, names, &p_values, alpha) {
        Ok(decisions) => (decisions, None),
        Err(error) => (hypotheses.iter().map(|_| Decision::default()).collect(), Some(error.to_string())),
    };
    let several_visits = multiplicity.visits == FamilyVisits::All;
    for (position, (&at, decision)) in hypotheses.iter().zip(decisions).enumerate() {
        let record = &mut records[at];
        record.p_adjusted = decision.p_adjusted;
        if !decision.rejected {
            let reason = match (&failure, decision.p_adjusted) {
                (Some(failure), _) => format!("the multiplicity procedure could not be carried out ({failure})"),
                (None, p) => format!(
                    "adjusted for {} hypotheses ({}) the p-value is {}, above {alpha}",
                    hypotheses.len(),
                    multiplicity.method.name(),
                    p.map_or_else(|| "not defined".to_owned(), |p| format!("{p:.4}")),
                ),
            };
            conclusion::withhold(record, &reason);
        }
        let decided =
            decision_record(context, record, position, hypotheses.len(), decision, failure.as_deref(), several_visits);
        records.push(decided);
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
    position: usize,
    size: usize,
    decision: Decision,
    failure: Option<&str>,
    with_visit: bool,
) -> Record {
    let design = &context.trial.design;
    let mut result = TestResult::new("multiplicity", deciding.result.n_pairs, &context.options());
    result.p_value = deciding.result.p_value;
    result.extra = vec![
        ("procedure", Field::Text(context.plan.multiplicity.method.name().to_owned())),
        ("hypothesis", Field::Text(deciding.id.clone())),
        ("position", Field::Count(position as u64 + 1)),
        ("hypotheses", Field::Count(size as u64)),
        ("alpha", Field::Number(Some(context.plan.analysis.alpha))),
        ("rejected", Field::Json(decision.rejected.into())),
    ];
    result.extra.extend(decision.fields);
    if deciding.result.p_value.is_none() {
        result.notes.push("the deciding method gives no p-value: the hypothesis counts with p = 1".to_owned());
    }
    result.notes.extend(failure.map(str::to_owned));
    let mut id = "multiplicity".to_owned();
    if let Some(endpoint) = deciding.endpoint.and_then(|endpoint| design.endpoints.get(endpoint)) {
        id = format!("{id}.{}", endpoint.id);
    }
    if let Some(visit) = deciding.visit.filter(|_| with_visit).and_then(|visit| design.visits.get(visit)) {
        id = format!("{id}.{}", visit.id);
    }
    Record {
        id,
        role: Role::Descriptive,
        result,
        p_adjusted: decision.p_adjusted,
        importance: None,
        reference: procedure_source(context.plan.multiplicity.method),
        ..deciding.clone()
    }
}

/// Source of a procedure.
fn procedure_source(method: MultiplicityMethod) -> &'static str {
    match method {
        MultiplicityMethod::None => "",
        MultiplicityMethod::Holm => "Holm 1979",
        MultiplicityMethod::Hochberg => "Hochberg 1988",
        MultiplicityMethod::Hommel => "Hommel 1988",
        MultiplicityMethod::Bonferroni => "Bonferroni",
        MultiplicityMethod::Bh => "Benjamini & Hochberg 1995",
        MultiplicityMethod::By => "Benjamini & Yekutieli 2001",
        MultiplicityMethod::FixedSequence => "Maurer, Hothorn & Lehmacher 1995",
        MultiplicityMethod::Graphical => "Bretz, Maurer, Brannath & Posch 2009",
    }
}
