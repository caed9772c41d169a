//! The plan's linear models of one endpoint over patients: `mixed_model`, `mmrm`, `mmrm_difference` and `clda`.
//!
//! | method | rows | mean | covariance |
//! |---|---|---|---|
//! | `mixed-model` | knees, visits after baseline | treatment × visit + baseline × visit | the plan's `structure` |
//! | `mmrm` | the same | the same | the plan's `structure`; unstructured over knee × visit cells where it is `by-design` or `random` |
//! | `mmrm-difference` | patients with both knees: active − placebo | visit + baseline difference × visit | the plan's `difference_structure` over visits |
//! | `clda` | knees, baseline among the visits | visit + treatment × visit after baseline: one common baseline mean | as `mmrm` |
//!
//! Side, order of injection and covariates of the plan are added to the first, second and fourth. A patient-level covariate
//! cancels from a difference; side and order leave ±1 there (which knee was on which side, or first). Knees without a partner stay in, except in `mmrm-difference`. The effect of `mmrm-difference` is that of
//! knees that are alike in baseline, side and order. Where a structure cannot be fitted the plan's fallback order is
//! followed and said; where the structure was replaced and no fallback is declared, it is `us`, `kron-us-us`, `pair`.
//!
//! With the structure `by-design` the mixed model is what [`rule`] chooses: the pair model on all visits or on
//! each visit alone; where that cannot be fitted, each visit alone, then the paired t-test of the change.
//!
//! Laird & Ware 1982; Mallinckrodt et al. 2008 (MMRM); Liang & Zeger 2000 (cLDA).

mod answers;
mod stated;
use super::Context;
use super::fit_summary::FitSummary;
use super::model_rows::ModelRows;
use super::notes::remark;
use super::record::Record;
use super::rule::{self, Choice, Rule};
use crate::math::dist::student_t;
use crate::model::{Columns, ModelError, TTest};
use crate::note::Notes;
use crate::paired::{Alternative, Field, Options, TestResult, paired_t};
use crate::plan::{PrimaryMethod, Structure};
use crate::trial::Measure;

/// Source of the model and its inference.
const REFERENCE: &str = "Laird & Ware 1982; Kenward & Roger 1997, 2009; Satterthwaite 1946";

/// The pair model of one visit: compound symmetry whose correlation may be negative.
const PAIR_OF_A_VISIT: &str = " + cs(treatment|patient)";

/// The name of `method` in records, for the models of this module.
pub fn name(method: PrimaryMethod) -> Option<&'static str> {
    match method {
        PrimaryMethod::MixedModel => Some("mixed-model"),
        PrimaryMethod::Mmrm => Some("mmrm"),
        PrimaryMethod::MmrmDifference => Some("mmrm-difference"),
        PrimaryMethod::Clda => Some("clda"),
        _ => None,
    }
}

/// The model `method` of `endpoint`: one record per visit, LS means, and what the report says about the fit. Empty where
/// `method` is not a model of this module.
pub fn analyse(
    context: &Context,
    endpoint: usize,
    method: PrimaryMethod,
    decides: bool,
) -> (Vec<Record>, Option<FitSummary>) {
    of_model(context, endpoint, method, decides, true)
}

/// The records of [`analyse`] on visits, for those who look at nothing else: what the report says about a fit (its
/// residuals, its influential patients, the model again with equal variances) takes as long as the fit.
pub fn comparisons(context: &Context, endpoint: usize, method: PrimaryMethod, decides: bool) -> Vec<Record> {
    of_model(context, endpoint, method, decides, false).0
}

fn of_model(
    context: &Context,
    endpoint: usize,
    method: PrimaryMethod,
    decides: bool,
    summarises: bool,
) -> (Vec<Record>, Option<FitSummary>) {
    let (Some(name), visits) = (name(method), context.visits(endpoint)) else { return (Vec::new(), None) };
    if visits.is_empty() {
        return (Vec::new(), None);
    }
    let rule = rule::of(context, endpoint).filter(|_| method == PrimaryMethod::MixedModel);
    if let Some(rule) = rule.filter(|rule| rule.choice != Choice::AllVisits) {
        return each_visit(context, endpoint, decides, summarises, rule, &Notes::new());
    }
    let mut model = Model::new(context, endpoint, method, name, decides, visits);
    (model.rule, model.summarises) = (rule, summarises);
    let mut failures: Notes = model.refusal(context).into_iter().collect();
    let structures = if failures.is_empty() { model.structures(context) } else { Vec::new() };
    let mut remedy = None;
    for (structure, term) in structures {
        let formula = format!("{}{term}", model.fixed());
        match model.fit(&formula) {
            Ok(fit) => return model.report(context, &fit, formula, structure, failures),
            Err(error) => {
                failures.push(remark!(structure_failed, structure = structure, error = error.note()));
                remedy = Some(error.remedy());
            }
        }
    }
    if let Some(rule) = rule {
        return each_visit(context, endpoint, decides, summarises, rule, &failures);
    }
    failures.extend(remedy.map(|remedy| remark!(no_structure, remedy = remedy)));
    let records = model.visits.iter().map(|&visit| model.without_numbers(context, visit, &failures)).collect();
    (records, None)
}

/// The pair model of each visit alone, where the rule calls for it or the model of all visits failed; a visit where it
/// fails too is decided by the paired t-test of the change. The summary is of the deciding visit.
fn each_visit(
    context: &Context,
    endpoint: usize,
    decides: bool,
    summarises: bool,
    rule: Rule,
    failures: &Notes,
) -> (Vec<Record>, Option<FitSummary>) {
    let (mut records, mut summary) = (Vec::new(), None);
    for visit in context.visits(endpoint) {
        let mut model = Model::new(context, endpoint, PrimaryMethod::MixedModel, "mixed-model", decides, vec![visit]);
        model.rule = Some(Rule { choice: Choice::EachVisit, ..rule });
        model.summarises = summarises && Some(visit) == context.deciding_visit(endpoint);
        let formula = format!("{}{PAIR_OF_A_VISIT}", model.fixed());
        match model.fit(&formula) {
            Ok(fit) => {
                let (mut found, of_visit) =
                    model.report(context, &fit, formula, Structure::Pair.name(), failures.clone());
                if Some(visit) == context.deciding_visit(endpoint) {
                    summary = of_visit;
                } else {
                    found.retain(|record| record.visit.is_some());
                }
                records.extend(found);
            }
            Err(error) => {
                let mut failures = failures.clone();
                failures.push(remark!(structure_failed, structure = "pair", error = error.note()));
                records.push(if decides {
                    paired_change(context, endpoint, visit, rule, &failures)
                } else {
                    model.without_numbers(context, visit, &failures)
                });
            }
        }
    }
    (records, summary)
}

/// The comparisons of an endpoint by another route ([`crate::model::second_route`]): a model of several visits is fitted and
/// recomputed once for all of them.
#[derive(Debug, Default)]
pub struct SecondRoutes {
    known: Vec<Recomputed>,
}

/// A model recomputed, and its comparison at each of its visits.
#[derive(Debug)]
struct Recomputed {
    name: &'static str,
    formula: String,
    visits: Vec<usize>,
    tests: Vec<Option<TTest>>,
}

impl SecondRoutes {
    /// The comparison of the record `deciding`, which is of this module; `None` where its covariance has no other route or
    /// the model of the record cannot be told.
    pub fn of(&mut self, context: &Context, deciding: &Record) -> Option<TTest> {
        let (endpoint, visit) = (deciding.endpoint?, deciding.visit?);
        let Some(Field::Text(formula)) = deciding.result.field("formula") else { return None };
        let each = Field::Text(Choice::EachVisit.name().to_owned());
        let visits = match deciding.result.field("rule") == Some(&each) {
            true => vec![visit],
            false => context.visits(endpoint),
        };
        let place = visits.iter().position(|modelled| *modelled == visit)?;
        let name = deciding.result.method;
        let same = |known: &&Recomputed| known.name == name && known.formula == *formula && known.visits == visits;
        if let Some(known) = self.known.iter().find(same) {
            return *known.tests.get(place)?;
        }
        let tests = second_route(context, endpoint, name, formula, &visits).unwrap_or_else(|| vec![None; visits.len()]);
        let found = tests.get(place).copied().flatten();
        self.known.push(Recomputed { name, formula: formula.clone(), visits, tests });
        found
    }
}

/// The comparisons of a model at its visits by the other route.
fn second_route(
    context: &Context,
    endpoint: usize,
    name: &'static str,
    formula: &str,
    visits: &[usize],
) -> Option<Vec<Option<TTest>>> {
    let methods = [PrimaryMethod::MixedModel, PrimaryMethod::Mmrm, PrimaryMethod::MmrmDifference, PrimaryMethod::Clda];
    let method = methods.into_iter().find(|method| self::name(*method) == Some(name))?;
    let model = Model::new(context, endpoint, method, name, true, visits.to_vec());
    let fit = model.fit(formula).ok()?;
    let analysis = &context.plan.analysis;
    let level = context.options().conf_level;
    let inference = fit.inference(analysis.ddf, analysis.information, level).ok()?;
    let (means, route) = (model.means(context, &inference), fit.second_route()?);
    let test = |visit: &usize| {
        let (weights, _) = model.comparison(&inference, &means, *visit)?;
        route.contrast(&weights, inference.ddf(), analysis.information, level)
    };
    Some(visits.iter().map(test).collect())
}

/// The paired t-test of the change in the place of models that could not be fitted.
fn paired_change(context: &Context, endpoint: usize, visit: usize, rule: Rule, failures: &Notes) -> Record {
    let design = &context.trial.design;
    let changes = design.has_baseline(&design.endpoints[endpoint]);
    let measure = if changes { Measure::Change } else { Measure::Value };
    let paired = context.trial.paired(endpoint, visit, measure, context.set);
    let options = context.options_of(design.endpoints[endpoint].better);
    let mut result = paired_t::paired_t(&paired.active(), &paired.placebo(), &options).unwrap_or_else(|refusal| {
        let mut result = TestResult::new("paired-t", paired.pairs.len(), &options);
        result.notes.push(refusal.0);
        result
    });
    result.n_dropped = paired.dropped.len();
    result.notes.extend(failures.iter().cloned());
    let role = context.role(endpoint, visit);
    let id = format!("{}.{}.paired-t", context.stem(endpoint, visit), role.name());
    result.extra.extend(Rule { choice: Choice::PairedChange, ..rule }.fields());
    let rows = context.paired_rows(endpoint, visit, &paired);
    let mut record = context.record(id, endpoint, visit, measure, role, result, rows);
    record.reference = "Student 1908; R t.test(paired = TRUE)";
    record
}

/// A model of the plan on its data.
struct Model {
    endpoint: usize,
    method: PrimaryMethod,
    name: &'static str,
    decides: bool,
    /// Whether what the report says about the fit is wanted.
    summarises: bool,
    /// The rule of the design, where it chose the model.
    rule: Option<Rule>,
    measure: Measure,
    /// Visits compared.
    visits: Vec<usize>,
    rows: ModelRows,
    columns: Result<Columns, ModelError>,
    /// For `clda`: the 0/1 columns of arm × visit, with arm and visit.
    indicators: Vec<(String, usize, usize)>,
    /// Patients and rows of the fitted table.
    n_patients: usize,
    n_rows: usize,
    /// Visits in the fitted table.
    n_visits: usize,
}

/// An LS mean: of an arm at a visit, or of the difference (filed under the active arm).
struct Mean {
    arm: usize,
    visit: usize,
    /// Weights on the coefficients.
    weights: Vec<f64>,
    test: TTest,
}

/// Puts a t-test into a result; where the alternative is one-sided, with its p-value and limit.
pub fn fill(result: &mut TestResult, test: &TTest, options: &Options) {
    result.estimate = Some(test.estimate);
    result.std_error = Some(test.std_error);
    result.statistic = test.statistic;
    result.df = test.df;
    (result.p_value, result.conf_low, result.conf_high) = (test.p_value, test.conf_low, test.conf_high);
    // Without a p-value there are no degrees of freedom to test with, and one side has no limit either.
    if options.alternative == Alternative::TwoSided || test.p_value.is_none() {
        return;
    }
    // A p-value without degrees of freedom is the normal distribution's.
    let df = test.df.unwrap_or(f64::INFINITY);
    let reach = student_t::upper_quantile(1.0 - options.conf_level, df) * test.std_error;
    if options.alternative == Alternative::Less {
        result.p_value = test.statistic.map(|t| student_t::cdf(t, df));
        (result.conf_low, result.conf_high) = (Some(f64::NEG_INFINITY), Some(test.estimate + reach));
    } else {
        result.p_value = test.statistic.map(|t| student_t::sf(t, df));
        (result.conf_low, result.conf_high) = (Some(test.estimate - reach), Some(f64::INFINITY));
    }
}
