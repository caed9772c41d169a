//! Models of grades and yes/no endpoints: `ordinal_mixed`, `logistic_mixed` and `gee`.
//!
//! The mean is `treatment * visit + baseline` with the plan's side and covariates, on the log-odds scale: a positive
//! estimate means higher grades, or more "yes", on active. The mixed models have a random patient intercept, and a knee
//! intercept where a knee is measured at several visits (left out, and said, where it cannot be fitted). The estimating
//! equations have an exchangeable working correlation and the Mancl–DeRouen covariance, which is meant for few patients;
//! for a score they give a difference of means.

use super::Context;
use super::mixed::fill;
use super::model_rows::ModelRows;
use super::notes::remark;
use super::record::Record;
use super::scale::{Ratio, Scale};
use crate::model::gee::{GeeCovariance, GeeFamily, GeeOptions};
use crate::model::gee_report::{GeeComparisons, gee};
use crate::model::generalised::Family;
use crate::model::generalised_report::{GeneralisedOptions, RatioContrast, fit_generalised};
use crate::model::{Columns, Formula, LsMeansSpec, ModelError, TTest};
use crate::note::Notes;
use crate::paired::{Field, TestResult};
use crate::plan::{BaselinePlan, PrimaryMethod};
use crate::trial::{Kind, Measure, Role};
use serde_json::json;

/// The model `method` of `endpoint`: one record per visit. Empty where `method` is not a model of this module.
pub fn analyse(context: &Context, endpoint: usize, method: PrimaryMethod, decides: bool) -> Vec<Record> {
    let (name, reference) = match method {
        PrimaryMethod::OrdinalMixed => ("ordinal-mixed", "McCullagh 1980; Hedeker & Gibbons 1994; R ordinal::clmm"),
        PrimaryMethod::LogisticMixed => ("logistic-mixed", "Pinheiro & Bates 1995; R lme4::glmer"),
        PrimaryMethod::Gee => ("gee", "Liang & Zeger 1986; Mancl & DeRouen 2001; R geepack"),
        _ => return Vec::new(),
    };
    let design = &context.trial.design;
    let about = &design.endpoints[endpoint];
    let visits = context.visits(endpoint);
    let baseline = if design.has_baseline(about) { context.plan.analysis.baseline } else { BaselinePlan::None };
    let rows = ModelRows::new(context, endpoint, &visits, Measure::Value, baseline);
    let columns = rows.columns(context, endpoint);
    let answer = columns.map_err(|error| error.to_string()).and_then(|columns| {
        let several = rows.visits.len() > 1;
        let visit = if several { " * visit" } else { "" };
        let mean = format!("value ~ treatment{visit}{}", rows.further_terms());
        let spec = LsMeansSpec::parse(if several { "treatment|visit" } else { "treatment" });
        let answer = if method == PrimaryMethod::Gee {
            estimating_equations(context, about.kind, &columns, &mean, spec)
        } else {
            mixed(context, method, &columns, &mean, spec, several)
        };
        answer.map_err(|error| error.to_string())
    });
    let wanted = format!("{} - {}", design.arms.active, design.arms.placebo);
    let record = |visit: usize| {
        let pairs = context.trial.paired(endpoint, visit, Measure::Value, context.set);
        let mut result = TestResult::new(name, pairs.pairs.len(), &context.options_of(about.better));
        result.n_dropped = pairs.dropped.len();
        result.exact = Some(false);
        result.extra = vec![
            ("n_patients", Field::Count(rows.n_patients() as u64)),
            ("n_obs", Field::Count(rows.used.len() as u64)),
        ];
        match &answer {
            Err(reason) => result.notes.push(reason.clone()),
            Ok(answer) => {
                let label = &design.visits[visit].label;
                let at = |found: &&RatioContrast| {
                    let level = found.difference.levels.get("visit");
                    found.difference.contrast == wanted && level.is_none_or(|level| level == label)
                };
                match answer.contrasts.iter().find(at).filter(|_| rows.visits.contains(&visit)).and_then(test) {
                    Some(test) => fill(&mut result, &test, &context.options_of(about.better)),
                    None => result.notes.push(remark!(not_estimable)),
                }
                answer.describe(&mut result);
            }
        }
        let role = if decides { context.role(endpoint, visit) } else { Role::Sensitivity };
        let id = format!("{}.{}.{name}", context.stem(endpoint, visit), role.name());
        let mut record = context.record(id, endpoint, visit, Measure::Value, role, result, rows.rows.clone());
        record.reference = reference;
        record
    };
    visits.into_iter().map(record).collect()
}

/// What a fitted model says, whichever it is.
struct Answer {
    contrasts: Vec<RatioContrast>,
    formula: String,
    scale: Scale,
    fields: Vec<(&'static str, Field)>,
    notes: Notes,
}

impl Answer {
    /// Adds the odds ratio and the description of the model to a result.
    fn describe(&self, result: &mut TestResult) {
        result.extra.push(self.scale.field());
        if self.scale == Scale::Log(Ratio::Odds) {
            let ratio = |value: Option<f64>| Field::Number(value.map(f64::exp));
            result.extra.extend([
                ("odds_ratio", ratio(result.estimate)),
                ("odds_ratio_low", ratio(result.conf_low)),
                ("odds_ratio_high", ratio(result.conf_high)),
            ]);
        }
        result.extra.push(("formula", Field::Text(self.formula.clone())));
        result.extra.extend(self.fields.iter().cloned());
        result.notes.extend(self.notes.iter().cloned());
    }
}

/// The Wald test of a contrast; `None` where it is not estimable.
fn test(contrast: &RatioContrast) -> Option<TTest> {
    let found = &contrast.difference;
    Some(TTest {
        estimate: found.estimate?,
        std_error: found.std_error?,
        df: found.df,
        statistic: found.statistic,
        p_value: found.p_value,
        conf_low: found.conf_low,
        conf_high: found.conf_high,
    })
}

fn estimating_equations(
    context: &Context,
    kind: Kind,
    columns: &Columns,
    mean: &str,
    spec: LsMeansSpec,
) -> Result<Answer, ModelError> {
    let family = if kind == Kind::Binary { GeeFamily::Binomial } else { GeeFamily::Gaussian };
    let options = GeeOptions {
        covariance: GeeCovariance::ManclDeRouen,
        conf_level: context.options().conf_level,
        ..GeeOptions::new(family)
    };
    let comparisons = GeeComparisons { emmeans: Vec::new(), contrasts: vec![spec], ..GeeComparisons::default() };
    let report = gee(columns, &Formula::parse(mean)?, "patient", &options, &comparisons)?;
    Ok(Answer {
        contrasts: report.contrasts,
        formula: mean.to_owned(),
        scale: if family == GeeFamily::Binomial { Scale::Log(Ratio::Odds) } else { Scale::Difference },
        fields: vec![
            ("family", Field::Text(report.family)),
            ("corstr", Field::Text(report.corstr)),
            ("robust", Field::Text(report.robust)),
            ("alpha", Field::Number(report.alpha)),
        ],
        notes: report.notes,
    })
}

fn mixed(
    context: &Context,
    method: PrimaryMethod,
    columns: &Columns,
    mean: &str,
    spec: LsMeansSpec,
    several: bool,
) -> Result<Answer, ModelError> {
    let family = if method == PrimaryMethod::OrdinalMixed { Family::Cumulative } else { Family::Binomial };
    let options = GeneralisedOptions {
        quadrature: context.plan.analysis.quadrature,
        conf_level: context.options().conf_level,
        contrasts: vec![spec],
        ..GeneralisedOptions::new(family)
    };
    let fit = |random: &str| {
        let formula = format!("{mean}{random}");
        let report = fit_generalised(columns, &Formula::parse(&formula)?, &options)?.report()?;
        Ok::<_, ModelError>((formula, report))
    };
    let mut notes = Notes::new();
    let with_knee = " + (1|patient) + (1|patient:knee)";
    let (formula, report) = match several.then(|| fit(with_knee)) {
        Some(Ok(found)) => found,
        Some(Err(error)) => {
            notes.push(remark!(no_knee_intercept, error = error.note()));
            fit(" + (1|patient)")?
        }
        None => fit(" + (1|patient)")?,
    };
    notes.extend(report.notes);
    Ok(Answer {
        contrasts: report.contrasts,
        formula,
        scale: Scale::Log(Ratio::Odds),
        fields: vec![
            ("integration", Field::Json(json!(report.integration))),
            ("variance_components", Field::Json(json!(report.variance_components))),
            ("log_lik", Field::Number(Some(report.log_lik))),
            ("converged", Field::Json(report.converged.into())),
            ("singular", Field::Json(report.singular.into())),
            ("modelled", Field::Text(report.modelled)),
        ],
        notes,
    })
}
