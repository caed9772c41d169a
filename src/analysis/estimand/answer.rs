//! The analyses of an estimand as records: the main one, then each sensitivity analysis.

use super::cells::{Cells, measure};
use super::question::Question;
use crate::analysis::notes::remark;
use crate::analysis::record::{Record, Rows};
use crate::analysis::{Context, Ratio, Scale, slug};
use crate::math::dist::student_t;
use crate::missing::analysis::{Analysis, Grades, Linear, Response};
use crate::missing::bayes::Prior;
use crate::missing::delta::{DeltaCells, Surface};
use crate::missing::run::Inference;
use crate::missing::single::{self, Single};
use crate::missing::two_means::two_means;
use crate::missing::{Answer, Covariance, Method, Request, run_with};
use crate::model::cells::CellStructure;
use crate::note;
use crate::paired::{Alternative, Field, Options, Refusal, TestResult};
use crate::plan::estimand::{
    self as plan, CompletedAnalysis, ImputationMethod, LawCovariance, SensitivityMethod, SensitivityPlan,
};
use crate::trial::{Better, Role};
use serde_json::{Value, json};

// What a plan may name is what can be computed.
const _: () = assert!(plan::MOST_CUTS == crate::missing::analysis::MOST_CUTS);

/// The records of an estimand.
pub fn records(context: &Context, question: &Question) -> Vec<Record> {
    let main = record(context, question, None);
    let others = question.estimand.sensitivities.iter().map(|other| record(context, question, Some(other)));
    std::iter::once(main).chain(others).collect()
}

fn record(context: &Context, question: &Question, other: Option<&SensitivityPlan>) -> Record {
    let of_set = Context { set: question.set, ..*context };
    let (method, suffix) = name(question, other);
    let options =
        Options { alternative: Alternative::TwoSided, conf_level: 1.0 - context.plan.analysis.alpha, mu: 0.0 };
    let cells = Cells::of(&of_set, question, other);
    let patients = cells.as_ref().map_or(0, |cells| cells.trial.patients.len());
    let mut result = TestResult::new(method, patients, &options);
    let mut rows = Rows::default();
    about(&mut result, question, other);
    match &cells {
        Err(Refusal(reason)) => result.notes.push(reason.clone()),
        Ok(cells) => {
            described(context, &mut result, &mut rows, question, cells);
            let found = match other.and_then(|other| other.method) {
                Some(SensitivityMethod::TwoMeans) => without_imputation(&mut result, question, other, cells),
                Some(SensitivityMethod::Locf) => one_value(&mut result, question, other, cells, Single::LastObserved),
                Some(SensitivityMethod::Bocf) => one_value(&mut result, question, other, cells, Single::Baseline),
                Some(SensitivityMethod::WorstCase) => {
                    let better = context.trial.design.endpoints[question.endpoint].better;
                    let worst = Single::Worst { lower_is_better: better == Better::Lower };
                    one_value(&mut result, question, other, cells, worst)
                }
                _ => imputed(context, &mut result, question, other, cells),
            };
            if let Err(Refusal(reason)) = found {
                result.notes.push(reason);
            }
            let important = context.trial.design.endpoints[question.endpoint].important_difference;
            result.extra.extend(important.and_then(|size| Some(("tipping_multiple", multiples(&result, size)?))));
        }
    }
    let design = &context.trial.design;
    let stem = format!("{}.{}", design.endpoints[question.endpoint].id, design.visits[question.visit()].id);
    let id = format!("{stem}.{}.{suffix}", slug(&question.id));
    let measure = measure(context, question.endpoint);
    let mut record = of_set.record(id, question.endpoint, question.visit(), measure, Role::Sensitivity, result, rows);
    record.reference = match method {
        "two-means" => "Torres et al. 2025; ICH E9(R1)",
        "locf" | "bocf" | "worst-case" => "National Research Council 2010; ICH E9(R1)",
        "bayes" | "approximate-bayes" => "Carpenter, Roger & Kenward 2013; Barnard & Rubin 1999; ICH E9(R1)",
        _ => "Wolbers et al. 2022; Carpenter, Roger & Kenward 2013; ICH E9(R1)",
    };
    record
}

/// By line of tipping points: how far from 0 the nearest is, in important differences of `size`; null where there is none.
fn multiples(result: &TestResult, size: f64) -> Option<Field> {
    let Some(Field::Json(Value::Object(lines))) = result.field("tipping") else { return None };
    let nearest = |roots: &Value| {
        let distances = roots.as_array().into_iter().flatten().filter_map(Value::as_f64).map(f64::abs);
        distances.reduce(f64::min).map(|nearest| nearest / size)
    };
    let multiples = lines.iter().map(|(line, roots)| (line.clone(), json!(nearest(roots)))).collect();
    Some(Field::Json(Value::Object(multiples)))
}

/// The method of a record, and the end of its identifier.
fn name(question: &Question, other: Option<&SensitivityPlan>) -> (&'static str, String) {
    let strategies = question.strategies(other);
    let imputation = |method: ImputationMethod| match method {
        ImputationMethod::ConditionalMean => "conditional-mean",
        ImputationMethod::Bayes => "bayes",
        ImputationMethod::ApproximateBayes => "approximate-bayes",
    };
    let main = imputation(question.missing.method);
    let Some(other) = other else { return (main, strategies) };
    let method = other.method.map_or(main, |method| method.name());
    let mut parts = vec![strategies];
    if matches!(method, "two-means" | "locf" | "bocf" | "worst-case") {
        parts = vec![method.to_owned()];
    } else if method != main {
        parts.push(method.to_owned());
    }
    parts.extend(other.structure.map(|structure| structure.name().to_owned()));
    parts.extend(other.covariance.map(|covariance| covariance.name().to_owned()));
    parts.extend(other.analysis.map(|analysis| analysis.name().to_owned()));
    parts.extend(other.inference.map(|inference| inference.name().to_owned()));
    match &other.delta {
        Some(delta) if delta.tips() => parts.push("tipping".to_owned()),
        Some(_) => parts.push("delta".to_owned()),
        None => {}
    }
    (method, parts.join("."))
}

/// What every record of an estimand says about itself.
fn about(result: &mut TestResult, question: &Question, other: Option<&SensitivityPlan>) {
    let scale = match other.and_then(|other| other.analysis).unwrap_or(question.missing.analysis) {
        CompletedAnalysis::Responder => Scale::Benefit { null: 0.0 },
        CompletedAnalysis::Grades => Scale::Log(Ratio::Odds),
        _ => Scale::Difference,
    };
    let text = |value: &str| Field::Text(value.to_owned());
    result.extra.extend([
        ("estimand", text(&question.id)),
        ("main", Field::Json(json!(other.is_none()))),
        ("label", Field::Json(json!(other.and_then(|other| other.label.clone())))),
        ("strategy", text(&question.strategies(other))),
        scale.field(),
    ]);
}

/// Events, the fate of every cell, and the rows of the record.
fn described(context: &Context, result: &mut TestResult, rows: &mut Rows, question: &Question, cells: &Cells) {
    let width = question.visits.len();
    for fate in [&cells.fates[question.at], &cells.fates[width + question.at]] {
        rows.used += fate.observed + fate.observed_after_event;
        rows.leave_out(remark!(value_imputed), fate.imputed.values().sum());
        rows.leave_out(remark!(value_set), fate.set);
    }
    let imputed = |fate: &super::Fate| Field::Count(fate.imputed.values().sum::<usize>() as u64);
    result.extra.extend([
        ("n_patients", Field::Count(cells.trial.patients.len() as u64)),
        ("n_imputed_active", imputed(&cells.fates[question.at])),
        ("n_imputed_placebo", imputed(&cells.fates[width + question.at])),
        ("events", Field::Json(json!(cells.events))),
        ("overlaps", Field::Count(cells.overlaps as u64)),
        ("cells", Field::Json(json!(cells.fates))),
    ]);
    if cells.overlaps > 0 {
        result.notes.push(note!(mi_overlapping_events, n = cells.overlaps));
    }
    if cells.other_arm > 0 {
        result.notes.push(remark!(estimand_other_arm, n = cells.other_arm));
    }
    if cells.outside > 0 {
        result.notes.push(remark!(
            estimand_outside,
            n = cells.outside,
            of = context.trial.patients.len(),
            set = &question.set.label
        ));
    }
}

fn imputed(
    context: &Context,
    result: &mut TestResult,
    question: &Question,
    other: Option<&SensitivityPlan>,
    cells: &Cells,
) -> Result<(), Refusal> {
    let written = &question.missing;
    let about = &context.trial.design.endpoints[question.endpoint];
    let method = match other.and_then(|other| other.method) {
        Some(SensitivityMethod::Bayes) => ImputationMethod::Bayes,
        Some(SensitivityMethod::ApproximateBayes) => ImputationMethod::ApproximateBayes,
        Some(SensitivityMethod::ConditionalMean) => ImputationMethod::ConditionalMean,
        _ => written.method,
    };
    let inference = match other.and_then(|other| other.inference).unwrap_or(written.inference) {
        plan::Inference::JackknifeT => Inference::JackknifeT,
        plan::Inference::JackknifeNormal => Inference::JackknifeNormal,
        plan::Inference::InformationAnchored => Inference::InformationAnchored,
    };
    let delta = other.and_then(|other| other.delta.as_ref());
    let analysis = match other.and_then(|other| other.analysis).unwrap_or(written.analysis) {
        CompletedAnalysis::MeanDifference => Analysis::MeanDifference,
        CompletedAnalysis::Ancova => Analysis::Ancova,
        CompletedAnalysis::Mixed => Analysis::Mixed,
        CompletedAnalysis::Responder => Analysis::Responder(Response {
            threshold: written.threshold.or(about.minimal_improvement).unwrap_or(f64::NAN),
            lower_is_better: about.better == Better::Lower,
        }),
        // A plan without cut points for its grades is refused before anything is read.
        CompletedAnalysis::Grades => {
            Grades::new(&written.cuts).map(Analysis::Grades).ok_or_else(|| Refusal(note!(grades_same)))?
        }
    };
    let request = Request {
        analysis,
        at: question.at,
        method: match method {
            ImputationMethod::ConditionalMean => Method::ConditionalMean(inference),
            ImputationMethod::Bayes => Method::Bayes(match written.prior {
                plan::Prior::Jeffreys => Prior::Jeffreys,
                plan::Prior::Reml => Prior::Reml,
            }),
            ImputationMethod::ApproximateBayes => Method::ApproximateBayes,
        },
        structure: structure(other.and_then(|other| other.structure).unwrap_or(written.structure)),
        covariance: match other.and_then(|other| other.covariance).unwrap_or(written.covariance) {
            LawCovariance::Shared => Covariance::Shared,
            LawCovariance::Reference => Covariance::Reference,
        },
        conf_level: result.conf_level,
        margin: 0.0,
        delta: delta.map_or([0.0; 2], |delta| [delta.active.number(), delta.placebo.number()]),
        delta_cells: delta.map_or(DeltaCells::All, |delta| match delta.cells {
            plan::DeltaCells::All => DeltaCells::All,
            plan::DeltaCells::AfterEvent => DeltaCells::AfterEvent,
            plan::DeltaCells::PerVisit => DeltaCells::PerVisit,
        }),
        tipping: analysis.is_linear()
            && delta.is_none_or(|delta| delta.tips())
            && (method == ImputationMethod::ConditionalMean || delta.is_some()),
        m: written.m,
        seed: context.plan.analysis.seed,
    };
    let fallback: Vec<CellStructure> = match method {
        ImputationMethod::Bayes => Vec::new(),
        _ => written.fallback.iter().map(|name| structure(*name)).collect(),
    };
    let found = run_with(&cells.trial, &request, &fallback)?;
    fill(context, result, question, cells, &found, other.is_none());
    if let Some(delta) = delta {
        result.extra.push(("delta_cells", Field::Text(delta.cells.name().to_owned())));
    }
    Ok(())
}

fn structure(name: plan::CellStructure) -> CellStructure {
    match name {
        plan::CellStructure::Us => CellStructure::Us,
        plan::CellStructure::KronUsUs => CellStructure::KronUsUs,
        plan::CellStructure::KronCsUs => CellStructure::KronCsUs,
    }
}

/// Fields of an answer in the order of a record.
const FIELDS: [&str; 27] = [
    "analysis",
    "inference",
    "structure",
    "covariance",
    "covariates",
    "log_lik",
    "weights",
    "delta",
    "tipping",
    "within",
    "between",
    "lambda",
    "mcse",
    "mcse_p_value",
    "m",
    "prior",
    "seed",
    "jackknife_cov",
    "sets",
    "course",
    "spread",
    "thinning",
    "trace",
    "autocorrelation",
    "redrawn",
    "influence",
    "at",
];

fn fill(context: &Context, result: &mut TestResult, question: &Question, cells: &Cells, found: &Answer, main: bool) {
    result.estimate = Some(found.estimate);
    result.std_error = Some(found.std_error);
    result.df = found.df;
    result.statistic = Some(found.statistic);
    result.p_value = Some(found.p_value);
    result.conf_low = Some(found.conf_low);
    result.conf_high = Some(found.conf_high);
    let Value::Object(mut all) = serde_json::to_value(found).unwrap_or_default() else { return };
    for name in FIELDS {
        if let Some(value) = all.remove(name) {
            result.extra.push((name, Field::Json(value)));
        }
    }
    // Those of the main analysis are judged; a sensitivity analysis has many values and no other model.
    if main {
        result.extra.push(("innovations", Field::Numbers(found.innovations.iter().copied().map(Some).collect())));
    }
    if found.analysis == "grades" {
        let limits = [found.estimate, found.conf_low, found.conf_high].map(|log| Field::Number(Some(log.exp())));
        result.extra.extend(Ratio::Odds.fields().into_iter().zip(limits));
    }
    let about = &context.trial.design.endpoints[question.endpoint];
    if let Some((low, high)) = about.range {
        let outside = found.imputed.iter().filter(|imputed| {
            let arm = usize::from(imputed.arm != "active");
            let value = imputed.value + cells.baselines.get(&imputed.patient).map_or(0.0, |baseline| baseline[arm]);
            value < low || value > high
        });
        result.extra.push(("n_outside_range", Field::Count(outside.count() as u64)));
    }
    // Where the conclusion about a margin of the plan would change.
    if let (Some(margin), Some(q), Some(df)) = (about.margin, found.jackknife_cov, found.df)
        && found.tipping.is_some()
    {
        let surface = Surface { estimate: found.estimate, weights: [found.weights.active, found.weights.placebo], q };
        let c = student_t::upper_quantile(0.5 * (1.0 - found.conf_level), df);
        let both = json!({ "lower": surface.tipping(-margin, c), "upper": surface.tipping(margin, c) });
        result.extra.push(("tipping_margin", Field::Json(both)));
    }
    for note in &found.notes {
        result.notes.push(note.clone());
    }
}

/// Two free means in the place of an imputation.
fn without_imputation(
    result: &mut TestResult,
    question: &Question,
    other: Option<&SensitivityPlan>,
    cells: &Cells,
) -> Result<(), Refusal> {
    let width = question.visits.len();
    let pairs: Vec<[Option<f64>; 2]> =
        cells.trial.condition().iter().map(|values| [values[question.at], values[width + question.at]]).collect();
    let surface = two_means(&pairs)?;
    let delta = other.and_then(|other| other.delta.as_ref());
    let shift = delta.map_or([0.0; 2], |delta| [delta.active.number(), delta.placebo.number()]);
    let df = pairs.len() as f64 - 1.0;
    tested(result, surface.estimate(shift), surface.variance(shift).sqrt(), df)?;
    let c = student_t::upper_quantile(0.5 * (1.0 - result.conf_level), df);
    result.extra.extend([
        ("inference", Field::Text("influence-t".to_owned())),
        ("weights", Field::Json(json!({ "active": surface.weights[0], "placebo": surface.weights[1] }))),
        ("delta", Field::Json(json!({ "active": shift[0], "placebo": shift[1] }))),
        ("tipping", Field::Json(json!(surface.tipping(0.0, c)))),
        ("jackknife_cov", Field::Json(json!(surface.q))),
    ]);
    Ok(())
}

/// A single value in the place of every missing one.
fn one_value(
    result: &mut TestResult,
    question: &Question,
    other: Option<&SensitivityPlan>,
    cells: &Cells,
    how: Single,
) -> Result<(), Refusal> {
    result.notes.push(note!(mi_single_value));
    let trial = &cells.trial;
    let width = question.visits.len();
    let mut completed = single::complete(&trial.condition(), how);
    for (i, row) in completed.iter_mut().enumerate() {
        row.iter_mut().enumerate().for_each(|(c, value)| *value = trial.fixed(i, c).unwrap_or(*value));
    }
    let analysis = match other.and_then(|other| other.analysis).unwrap_or(question.missing.analysis) {
        CompletedAnalysis::Ancova => Analysis::Ancova,
        _ => Analysis::MeanDifference,
    };
    let baselines: Vec<[f64; 2]> = trial.patients.iter().map(|patient| patient.baseline).collect();
    let linear = Linear::new(analysis, &baselines)?;
    let differences: Vec<f64> = completed.iter().map(|row| row[question.at] - row[width + question.at]).collect();
    let estimate = linear.estimate(differences.iter().copied());
    result.extra.push(("inference", Field::Text("single-value-t".to_owned())));
    result.extra.push(("analysis", Field::Text(analysis.name().to_owned())));
    tested(result, estimate, linear.variance(&differences).sqrt(), linear.df)
}

fn tested(result: &mut TestResult, estimate: f64, std_error: f64, df: f64) -> Result<(), Refusal> {
    if !(std_error > 0.0 && std_error.is_finite()) {
        return Err(Refusal(note!(mi_no_variance)));
    }
    let c = student_t::upper_quantile(0.5 * (1.0 - result.conf_level), df);
    result.estimate = Some(estimate);
    result.std_error = Some(std_error);
    result.df = Some(df);
    result.statistic = Some(estimate / std_error);
    result.p_value = Some(student_t::two_sided(estimate / std_error, df));
    result.conf_low = Some(estimate - c * std_error);
    result.conf_high = Some(estimate + c * std_error);
    Ok(())
}

/// Whether a record belongs to an estimand.
pub fn is_of_estimand(record: &Record) -> bool {
    record.result.field("estimand").is_some()
}
