//! Models of grades, yes/no endpoints and counts: `ordinal_mixed`, `logistic_mixed`, `gee`, `gee_negative_binomial`,
//! `poisson_mixed` and `negative_binomial_mixed`.
//!
//! The mean is `treatment * visit + baseline` with the plan's side and covariates, on the log-odds scale: a positive
//! estimate means higher grades, or more "yes", on active. The mixed models have a random patient intercept, and a knee
//! intercept where a knee is measured at several visits (left out, and said, where it cannot be fitted). The estimating
//! equations have an exchangeable working correlation and the Mancl–DeRouen covariance, which is meant for few patients;
//! for a score they give a difference of means, tested by t with patients − coefficients degrees of freedom: on complete
//! pairs their z is √((n − 1)/n) times the paired t, and by the normal distribution 8.5 % of true hypotheses would be
//! rejected with 6 patients, 6.9 % with 10.
//!
//! Counts have a log mean with the logarithm of their exposure as offset: a negative estimate means fewer events per unit of
//! exposure on active (per knee, where the plan declares none). Their baseline enters as the logarithm of its own rate, half
//! an event added: on a log scale a raw count would grow exponentially. The estimating equations of counts are tested by t
//! with patients − coefficients degrees of freedom, of each visit alone below 5 patients per coefficient of all visits
//! (`studies/counts`). The mixed models have a knee intercept at one visit too: it is what Poisson counts vary more.

use super::Context;
use super::mixed::fill;
use super::model_rows::ModelRows;
use super::notes::remark;
use super::record::Record;
use super::scale::{Ratio, Scale};
use crate::model::gee::{GeeCovariance, GeeFamily, GeeOptions};
use crate::model::gee_report::{GeeComparisons, gee};
use crate::model::generalised::Family;
use crate::model::generalised_report::{GeneralisedOptions, RatioContrast, VarianceComponentRow, fit_generalised};
use crate::model::offset::Offset;
use crate::model::{Columns, Formula, LsMeansSpec, ModelError, TTest};
use crate::note::Notes;
use crate::paired::{Field, TestResult};
use crate::plan::{BaselinePlan, PrimaryMethod};
use crate::trial::{Kind, Measure, Role};
use serde_json::json;

/// The name of `method` in records and its sources, for the models of this module.
fn named(method: PrimaryMethod) -> Option<(&'static str, &'static str)> {
    Some(match method {
        PrimaryMethod::OrdinalMixed => ("ordinal-mixed", "McCullagh 1980; Hedeker & Gibbons 1994; R ordinal::clmm"),
        PrimaryMethod::LogisticMixed => ("logistic-mixed", "Pinheiro & Bates 1995; R lme4::glmer"),
        PrimaryMethod::Gee => ("gee", "Liang & Zeger 1986; Mancl & DeRouen 2001; R geepack"),
        PrimaryMethod::GeeNegativeBinomial => ("gee-negative-binomial", "Liang & Zeger 1986; Mancl & DeRouen 2001"),
        PrimaryMethod::PoissonMixed => ("poisson-mixed", "Pinheiro & Bates 1995; R lme4::glmer"),
        PrimaryMethod::NegativeBinomialMixed => ("negative-binomial-mixed", "Booth et al. 2003; R glmmTMB"),
        _ => return None,
    })
}

/// Whether `method` is a model of this module.
pub fn is_model(method: PrimaryMethod) -> bool {
    named(method).is_some()
}

/// Fewest patients per coefficient of the estimating equations of all visits.
const PATIENTS_PER_COEFFICIENT: usize = 5;

/// The model `method` of `endpoint`: one record per visit. Empty where `method` is not a model of this module.
pub fn analyse(context: &Context, endpoint: usize, method: PrimaryMethod, decides: bool) -> Vec<Record> {
    let about = &context.trial.design.endpoints[endpoint];
    let visits = context.visits(endpoint);
    let equations = matches!(method, PrimaryMethod::Gee | PrimaryMethod::GeeNegativeBinomial);
    if about.kind == Kind::Count && equations && visits.len() > 1 {
        let rows = rows_of(context, endpoint, &visits);
        let of_visits = 1 + usize::from(rows.baseline != BaselinePlan::None);
        let coefficients = visits.len() * (1 + of_visits) + context.plan.analysis.covariates.len();
        if rows.n_patients() < PATIENTS_PER_COEFFICIENT * coefficients {
            let each = |visit: usize| of_visits_together(context, endpoint, method, decides, vec![visit]);
            return visits.into_iter().flat_map(each).collect();
        }
    }
    of_visits_together(context, endpoint, method, decides, visits)
}

/// The rows of the model of `visits`.
fn rows_of(context: &Context, endpoint: usize, visits: &[usize]) -> ModelRows {
    let design = &context.trial.design;
    let has_baseline = design.has_baseline(&design.endpoints[endpoint]);
    let baseline = if has_baseline { context.plan.analysis.baseline } else { BaselinePlan::None };
    let rows = ModelRows::new(context, endpoint, visits, Measure::Value, baseline);
    ModelRows { rates: design.endpoints[endpoint].kind == Kind::Count, ..rows }
}

/// One model of `visits`.
fn of_visits_together(
    context: &Context,
    endpoint: usize,
    method: PrimaryMethod,
    decides: bool,
    visits: Vec<usize>,
) -> Vec<Record> {
    let Some((name, reference)) = named(method) else { return Vec::new() };
    let design = &context.trial.design;
    let about = &design.endpoints[endpoint];
    let rows = rows_of(context, endpoint, &visits);
    let columns = rows.columns(context, endpoint);
    let answer = columns.map_err(|error| error.note()).and_then(|columns| {
        let several = rows.visits.len() > 1;
        let visit = if several { " * visit" } else { "" };
        let mean = format!("value ~ treatment{visit}{}", rows.further_terms());
        let question = Question {
            mean: &mean,
            spec: LsMeansSpec::parse(if several { "treatment|visit" } else { "treatment" }),
            offset: about
                .exposure
                .is_some()
                .then(|| Offset::parse(OFFSET))
                .transpose()
                .map_err(|error| error.note())?,
            several,
        };
        let answer = match method {
            PrimaryMethod::Gee | PrimaryMethod::GeeNegativeBinomial => {
                estimating_equations(context, family(method, about.kind), &columns, question)
            }
            _ => mixed(context, method, &columns, question, decides),
        };
        answer.map_err(|error| error.note())
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
    visits.iter().copied().map(record).collect()
}

/// The offset of counts with an exposure.
const OFFSET: &str = "log(exposure)";

/// What a model is asked.
struct Question<'a> {
    mean: &'a str,
    spec: LsMeansSpec,
    offset: Option<Offset>,
    several: bool,
}

/// The family of the estimating equations.
fn family(method: PrimaryMethod, kind: Kind) -> GeeFamily {
    match (method, kind) {
        (PrimaryMethod::GeeNegativeBinomial, _) => GeeFamily::NegativeBinomial,
        (_, Kind::Count) => GeeFamily::Poisson,
        (_, Kind::Binary) => GeeFamily::Binomial,
        _ => GeeFamily::Gaussian,
    }
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
    /// Adds the ratio and the description of the model to a result.
    fn describe(&self, result: &mut TestResult) {
        result.extra.push(self.scale.field());
        if let Some(ratio) = self.scale.ratio() {
            let values = [result.estimate, result.conf_low, result.conf_high].map(|value| value.map(f64::exp));
            result.extra.extend(ratio.fields().into_iter().zip(values.map(Field::Number)));
        }
        result.extra.push(("formula", Field::Text(self.formula.clone())));
        result.extra.extend(self.fields.iter().cloned());
        result.notes.extend(self.notes.iter().cloned());
    }
}

/// Whether the variance of the patient's intercept was estimated as 0.
fn patient_on_boundary(components: &[VarianceComponentRow]) -> bool {
    components.iter().any(|component| component.group == "patient" && component.variance == 0.0)
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
    family: GeeFamily,
    columns: &Columns,
    question: Question,
) -> Result<Answer, ModelError> {
    let options = GeeOptions {
        covariance: GeeCovariance::ManclDeRouen,
        conf_level: context.options().conf_level,
        ..GeeOptions::new(family)
    };
    let comparisons = GeeComparisons {
        contrasts: vec![question.spec],
        offset: question.offset,
        // Yes and no stay within their nominal level by the normal distribution (docs/conventions.md).
        by_t: family != GeeFamily::Binomial,
        ..GeeComparisons::default()
    };
    let report = gee(columns, &Formula::parse(question.mean)?, "patient", &options, &comparisons)?;
    let mut fields = vec![
        ("family", Field::Text(report.family)),
        ("corstr", Field::Text(report.corstr)),
        ("robust", Field::Text(report.robust)),
        ("alpha", Field::Number(report.alpha)),
    ];
    if family.is_count() {
        fields.push(("dispersion_scale", Field::Number(Some(report.scale))));
        fields.extend(report.dispersion.map(|theta| ("dispersion", Field::Number(Some(theta)))));
        fields.extend(report.offset.map(|offset| ("offset", Field::Text(offset))));
    }
    Ok(Answer {
        contrasts: report.contrasts,
        formula: question.mean.to_owned(),
        scale: match family {
            GeeFamily::Binomial => Scale::Log(Ratio::Odds),
            GeeFamily::Poisson | GeeFamily::NegativeBinomial => Scale::Log(Ratio::Rates),
            GeeFamily::Gaussian => Scale::Difference,
        },
        fields,
        notes: report.notes,
    })
}

fn mixed(
    context: &Context,
    method: PrimaryMethod,
    columns: &Columns,
    question: Question,
    decides: bool,
) -> Result<Answer, ModelError> {
    let family = match method {
        PrimaryMethod::OrdinalMixed => Family::Cumulative,
        PrimaryMethod::PoissonMixed => Family::Poisson,
        PrimaryMethod::NegativeBinomialMixed => Family::NegativeBinomial,
        _ => Family::Binomial,
    };
    let options = GeneralisedOptions {
        quadrature: context.plan.analysis.quadrature,
        conf_level: context.options().conf_level,
        contrasts: vec![question.spec],
        offset: question.offset,
        ..GeneralisedOptions::new(family)
    };
    let fit = |random: &str| {
        let formula = format!("{}{random}", question.mean);
        let report = fit_generalised(columns, &Formula::parse(&formula)?, &options)?.report()?;
        Ok::<_, ModelError>((formula, report))
    };
    let mut notes = Notes::new();
    let with_knee = " + (1|patient) + (1|patient:knee)";
    // Of one visit only Poisson counts have something for the knee to explain.
    let of_knee = question.several || family == Family::Poisson;
    let (formula, report) = match of_knee.then(|| fit(with_knee)) {
        Some(Ok(found)) => found,
        Some(Err(error)) => {
            notes.push(remark!(no_knee_intercept, error = error.note()));
            fit(" + (1|patient)")?
        }
        None => fit(" + (1|patient)")?,
    };
    notes.extend(report.notes);
    // With no variance between patients the knees of a pair are two independent ones, which they may be less than: numbers
    // that describe, and no test that decides.
    if decides && !family.is_count() && patient_on_boundary(&report.variance_components) {
        return Err(ModelError::Unsupported { reason: remark!(unpaired_model) });
    }
    let mut fields = vec![
        ("integration", Field::Json(json!(report.integration))),
        ("variance_components", Field::Json(json!(report.variance_components))),
        ("log_lik", Field::Number(Some(report.log_lik))),
        ("converged", Field::Json(report.converged.into())),
        ("singular", Field::Json(report.singular.into())),
        ("modelled", Field::Text(report.modelled)),
    ];
    if family.is_count() {
        fields.push(("family", Field::Text(family.name().to_owned())));
        fields.extend(report.dispersion.map(|theta| ("dispersion", Field::Number(Some(theta)))));
        fields.extend(report.offset.map(|offset| ("offset", Field::Text(offset))));
    }
    Ok(Answer {
        contrasts: report.contrasts,
        formula,
        scale: Scale::Log(if family.is_count() { Ratio::Rates } else { Ratio::Odds }),
        fields,
        notes,
    })
}
