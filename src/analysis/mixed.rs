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

use super::Context;
use super::contrasts;
use super::fit_summary::{FitSummary, Fitted};
use super::model_rows::{ModelRows, differences, with_slopes};
use super::notes::remark;
use super::record::{Record, Rows};
use super::rule::{self, Choice, Rule};
use crate::math::dist::student_t;
use crate::model::{self, Columns, Fit, FitOptions, Formula, Inference, LsMeansSpec, ModelError, TTest};
use crate::note::{Note, Notes};
use crate::paired::{Alternative, Field, Options, TestResult, paired_t};
use crate::plan::{BaselinePlan, PrimaryMethod, Structure};
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{Measure, Observation, Role};
use std::collections::BTreeSet;

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

/// The comparisons of an endpoint by another route ([`model::second_route`]): a model of several visits is fitted and
/// recomputed once for all of them.
#[derive(Debug, Default)]
pub struct SecondRoutes {
    known: Vec<(&'static str, String, Vec<usize>, Vec<Option<TTest>>)>,
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
        let before = self.known.iter().find(|known| known.0 == name && known.1 == *formula && known.2 == visits);
        if let Some((.., tests)) = before {
            return *tests.get(place)?;
        }
        let tests = second_route(context, endpoint, name, formula, &visits).unwrap_or_else(|| vec![None; visits.len()]);
        let found = tests.get(place).copied().flatten();
        self.known.push((name, formula.clone(), visits, tests));
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

impl Model {
    fn new(
        context: &Context,
        endpoint: usize,
        method: PrimaryMethod,
        name: &'static str,
        decides: bool,
        visits: Vec<usize>,
    ) -> Self {
        let design = &context.trial.design;
        let constrained = method == PrimaryMethod::Clda;
        let measure = if constrained { Measure::Value } else { context.measure(endpoint) };
        let baseline = match (design.has_baseline(&design.endpoints[endpoint]), method) {
            (false, _) | (_, PrimaryMethod::Clda) => BaselinePlan::None,
            (true, PrimaryMethod::MmrmDifference) if context.plan.analysis.baseline == BaselinePlan::Pair => {
                BaselinePlan::Own
            }
            (true, _) => context.plan.analysis.baseline,
        };
        let modelled: Vec<usize> =
            design.baseline.filter(|_| constrained).into_iter().chain(visits.iter().copied()).collect();
        let mut rows = ModelRows::new(context, endpoint, &modelled, measure, baseline);
        let mut model = Self {
            endpoint,
            method,
            name,
            decides,
            summarises: true,
            rule: None,
            measure,
            visits,
            columns: Err(ModelError::NoData { variables: "value".to_owned() }),
            indicators: Vec::new(),
            n_patients: rows.n_patients(),
            n_rows: rows.used.len(),
            n_visits: rows.visits.len(),
            rows: ModelRows { used: Vec::new(), ..ModelRows::new(context, endpoint, &[], measure, baseline) },
        };
        if method == PrimaryMethod::MmrmDifference {
            model.columns = model.difference_columns(context, &mut rows);
        } else {
            model.columns = rows.columns(context, endpoint);
            if constrained {
                model.add_indicators(context, &rows);
            }
        }
        model.rows = rows;
        model
    }

    /// The columns of active − placebo; knees without a partner leave `rows`.
    fn difference_columns(&mut self, context: &Context, rows: &mut ModelRows) -> Result<Columns, ModelError> {
        let trial = context.trial;
        let pairs = differences(context, self.endpoint, &rows.used);
        let alone = rows.used.len() - 2 * pairs.len();
        rows.rows.used -= alone;
        rows.rows.leave_out(remark!(partner_missing), alone);
        let patients: BTreeSet<usize> = pairs.iter().map(|row| row.patient).collect();
        let seen: BTreeSet<usize> = pairs.iter().map(|row| row.visit).collect();
        (self.n_patients, self.n_rows, self.n_visits) = (patients.len(), pairs.len(), seen.len());
        let label = |visit: usize| trial.design.visits[visit].label.as_str();
        let mut columns = Columns::new();
        columns.add_numeric("difference", pairs.iter().map(|row| row.difference).collect())?;
        columns.add_categorical("patient", pairs.iter().map(|row| Some(trial.patients[row.patient].id.as_str())))?;
        columns.add_categorical("visit", pairs.iter().map(|row| Some(label(row.visit))))?;
        let order: Vec<&str> =
            rows.visits.iter().filter(|visit| seen.contains(visit)).map(|visit| label(*visit)).collect();
        columns.set_levels("visit", &order)?;
        if rows.baseline != BaselinePlan::None {
            let own = pairs.iter().map(|row| row.baseline.unwrap_or(f64::NAN)).collect();
            columns.add_numeric("baseline_difference", own)?;
        }
        if rows.side {
            columns.add_numeric("side_difference", pairs.iter().map(|row| row.side).collect())?;
        }
        if rows.injected_first.is_some() {
            columns.add_numeric("injection_difference", pairs.iter().map(|row| row.injection).collect())?;
        }
        Ok(columns)
    }

    /// Adds the 0/1 columns of arm × visit after baseline that `clda` has in place of the treatment.
    fn add_indicators(&mut self, context: &Context, rows: &ModelRows) {
        let Ok(columns) = &mut self.columns else { return };
        for arm in (0..context.trial.design.arms.labels().len()).filter(|arm| *arm != PLACEBO) {
            for &visit in &self.visits {
                let here = |row: &Observation| row.arm == arm && row.visit == visit;
                if !rows.used.iter().any(here) {
                    continue;
                }
                let name = format!("arm{arm}_visit{visit}");
                let values = rows.used.iter().map(|row| f64::from(u8::from(here(row)))).collect();
                if columns.add_numeric(&name, values).is_ok() {
                    self.indicators.push((name, arm, visit));
                }
            }
        }
    }

    /// Why the model cannot be stated for this endpoint.
    fn refusal(&self, context: &Context) -> Option<Note> {
        let design = &context.trial.design;
        let lacks_baseline = !design.has_baseline(&design.endpoints[self.endpoint]);
        (self.method == PrimaryMethod::Clda && lacks_baseline).then(|| remark!(clda_baseline))
    }

    /// The covariates of a model of differences: each is what a knee-level term leaves in a difference, and 0 for knees that
    /// are alike in it.
    fn of_differences(&self) -> Vec<&'static str> {
        let given = [
            ("baseline_difference", self.rows.baseline != BaselinePlan::None),
            ("side_difference", self.rows.side),
            ("injection_difference", self.rows.injected_first.is_some()),
        ];
        given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
    }

    /// The mean model.
    fn fixed(&self) -> String {
        let several = self.n_visits > 1;
        match self.method {
            PrimaryMethod::MmrmDifference => {
                let mean = if several { "visit" } else { "1" };
                let slopes = |name: &&str| with_slopes(name, several && *name == "baseline_difference");
                let further: String = self.of_differences().iter().map(slopes).collect();
                format!("difference ~ {mean}{further}")
            }
            PrimaryMethod::Clda => {
                let arms: String = self.indicators.iter().map(|(name, _, _)| format!(" + {name}")).collect();
                format!("value ~ visit{arms}{}", self.rows.further_terms())
            }
            _ => {
                let visit = if several { " * visit" } else { "" };
                format!("value ~ treatment{visit}{}", self.rows.further_terms())
            }
        }
    }

    /// The covariances to try, in order: name and formula term.
    fn structures(&self, context: &Context) -> Vec<(&'static str, String)> {
        let analysis = &context.plan.analysis;
        let several = self.n_visits > 1;
        if self.method == PrimaryMethod::MmrmDifference {
            return if several {
                let term = |name: &'static str| (name, format!(" + {name}(visit|patient)"));
                analysis.difference_structure.iter().map(|structure| term(structure.name())).collect()
            } else {
                vec![("one variance", String::new())]
            };
        }
        let loose = matches!(analysis.structure, Structure::ByDesign | Structure::Random);
        let replaced = self.method != PrimaryMethod::MixedModel && loose;
        let declared = analysis.random.is_some() && self.method == PrimaryMethod::MixedModel;
        let first = match analysis.structure {
            _ if declared => Structure::Declared,
            _ if replaced => Structure::Us,
            Structure::ByDesign => Structure::Pair,
            named => named,
        };
        let mut order = vec![first];
        if replaced && analysis.fallback.is_empty() {
            order.extend([Structure::KronUsUs, Structure::Pair]);
        }
        order.extend(analysis.fallback.iter().copied());
        let intercepts: String = analysis
            .intercepts()
            .unwrap_or_default()
            .into_iter()
            // With one visit a knee has one value: knee and visit within the patient are the residual.
            .filter(|term| several || *term == "(1|patient)")
            .map(|term| format!(" + {term}"))
            .collect();
        let term = |structure: Structure| match (structure, several) {
            (Structure::Declared, _) => intercepts.as_str(),
            // The constrained model has no treatment among its fixed effects to know the knees by.
            (Structure::Pair | Structure::ByDesign, true) if self.method == PrimaryMethod::Clda => {
                " + pair(visit, knee|patient)"
            }
            (Structure::Pair | Structure::ByDesign, true) => " + pair(visit|patient)",
            (Structure::Pair | Structure::ByDesign, false) => PAIR_OF_A_VISIT,
            (Structure::Random, true) => " + (1|patient) + (1|patient:knee) + (1|patient:visit)",
            (Structure::Random, false) => " + (1|patient)",
            (_, false) => " + us(knee|patient)",
            (Structure::KronUsUs, true) => " + kron(us(knee), us(visit) | patient)",
            (Structure::KronUsAr1, true) => " + kron(us(knee), ar1(visit) | patient)",
            (Structure::KronUsCs, true) => " + kron(us(knee), cs(visit) | patient)",
            (Structure::Us, true) => " + us(cell|patient)",
        };
        order.into_iter().map(|structure| (structure.name(), term(structure).to_owned())).collect()
    }

    fn fit(&self, formula: &str) -> Result<Fit, ModelError> {
        let columns = self.columns.as_ref().map_err(ModelError::clone)?;
        model::fit(columns, &Formula::parse(formula)?, &FitOptions::default())
    }

    /// The records and the summary of a fit.
    fn report(
        &self,
        context: &Context,
        fit: &Fit,
        formula: String,
        structure: &'static str,
        failures: Notes,
    ) -> (Vec<Record>, Option<FitSummary>) {
        let analysis = &context.plan.analysis;
        let inference = fit.inference(analysis.ddf, analysis.information, context.options().conf_level);
        let means = inference.as_ref().map_or_else(|_| Vec::new(), |inference| self.means(context, inference));
        let mut records = Vec::new();
        // A product's second-order adjustment is not what was asked for (docs/mixed-models.md).
        let used = inference.as_ref().map_or(analysis.ddf, Inference::ddf).name();
        let mut comparison = None;
        let mut notes = failures.clone();
        for &visit in &self.visits {
            let mut record = self.without_numbers(context, visit, &failures);
            let test = inference
                .as_ref()
                .map_err(ModelError::note)
                .and_then(|inference| self.comparison(inference, &means, visit).ok_or_else(|| remark!(not_estimable)));
            match test {
                Ok((weights, test)) => {
                    fill(&mut record.result, &test, &self.options(context));
                    if Some(visit) == context.deciding_visit(self.endpoint) {
                        comparison = Some((weights, test));
                    }
                }
                Err(reason) => record.result.notes.push(reason),
            }
            record.result.notes.extend(fit.notes.iter().cloned());
            record.result.extra.extend([
                ("structure", Field::Text(structure.to_owned())),
                ("ddf", Field::Text(used.to_owned())),
                ("information", Field::Text(analysis.information.name().to_owned())),
                ("estimation", Field::Text(fit.method.name().to_owned())),
                ("formula", Field::Text(formula.clone())),
                ("log_lik", Field::Number(Some(fit.log_lik()))),
                ("converged", Field::Json(fit.certificate.converged.into())),
                ("singular", Field::Json(fit.is_singular().into())),
                ("gradient_max", Field::Number(Some(fit.certificate.gradient_max))),
            ]);
            record.result.extra.extend(self.rule.iter().flat_map(|rule| rule.fields()));
            records.push(record);
        }
        if let Ok(inference) = &inference {
            records.extend(self.ls_means(context, &means));
            records.extend(self.contrasts(context, inference, &means));
            notes.extend(inference.notes.iter().cloned());
        }
        if !self.summarises {
            return (records, None);
        }
        let knees: &[Observation] =
            if self.method == PrimaryMethod::MmrmDifference { &[] } else { self.rows.used.as_slice() };
        let fitted = Fitted {
            endpoint: self.endpoint,
            method: self.name,
            decides: self.decides,
            fit,
            formula,
            structure,
            ddf: format!("{used} ({} information)", analysis.information.name()),
            rule: self.rule,
            notes,
            fell_back: !failures.is_empty(),
            knees,
            columns: self.columns.as_ref().ok(),
            comparison,
        };
        let summary = fitted.summary(context);
        records.push(Record { rows: self.rows.rows.clone(), ..summary.record(context) });
        (records, Some(summary))
    }

    /// The contrasts of arms that the plan declares, at every visit, by the model that decides.
    fn contrasts(&self, context: &Context, inference: &Inference, means: &[Mean]) -> Vec<Record> {
        if !self.decides || self.method == PrimaryMethod::MmrmDifference {
            return Vec::new();
        }
        let at = |visit: usize| {
            let source = contrasts::Source {
                model: self.name,
                endpoint: self.endpoint,
                visit,
                measure: self.measure,
                used: &self.rows.used,
                rows: &self.rows.rows,
            };
            let weights = |arm: usize| {
                let mean = means.iter().find(|mean| (mean.arm, mean.visit) == (arm, visit))?;
                Some(mean.weights.clone())
            };
            contrasts::analyse(context, &source, inference, &weights)
        };
        self.visits.iter().flat_map(|&visit| at(visit)).collect()
    }

    /// The LS means that the model has: by arm and visit; for the differences, active − placebo by visit.
    fn means(&self, context: &Context, inference: &Inference) -> Vec<Mean> {
        let labels = context.trial.design.arms.labels();
        let mut found = Vec::new();
        let mut collect = |spec: &LsMeansSpec, arm: Option<usize>, only: Option<usize>| {
            for mean in inference.ls_means(spec).unwrap_or_default() {
                let arm = match (arm, mean.levels.get("treatment")) {
                    (None, Some(label)) => labels.iter().position(|known| *known == label),
                    (arm, _) => arm,
                };
                let at = self.visits.iter().find(|visit| self.is_at(context, &mean.levels, **visit));
                if let (Some(arm), Some(&visit), Some(weights), Some(test)) = (arm, at, mean.row, mean.test)
                    && only.is_none_or(|only| only == visit)
                {
                    found.push(Mean { arm, visit, weights, test });
                }
            }
        };
        match self.method {
            PrimaryMethod::MmrmDifference => {
                let mut spec = self.spec(context, &["visit"]);
                spec.at = self.of_differences().into_iter().map(|name| (name.to_owned(), 0.0)).collect();
                collect(&spec, Some(ACTIVE), None);
            }
            PrimaryMethod::Clda => {
                for arm in 0..labels.len() {
                    for &visit in &self.visits {
                        let estimable =
                            arm == PLACEBO || self.indicators.iter().any(|(_, a, v)| (*a, *v) == (arm, visit));
                        let mut spec = self.spec(context, &["visit"]);
                        let here = |(name, its_arm, its_visit): &(String, usize, usize)| {
                            (name.clone(), f64::from(u8::from((*its_arm, *its_visit) == (arm, visit))))
                        };
                        spec.at = self.indicators.iter().map(here).collect();
                        if estimable {
                            collect(&spec, Some(arm), Some(visit));
                        }
                    }
                }
            }
            _ => collect(&self.spec(context, &["treatment", "visit"]), None, None),
        }
        found
    }

    /// Active − placebo at `visit`: its weights on the coefficients, and the test.
    fn comparison(&self, inference: &Inference, means: &[Mean], visit: usize) -> Option<(Vec<f64>, TTest)> {
        let of = |arm: usize| means.iter().find(|mean| (mean.arm, mean.visit) == (arm, visit));
        let active = of(ACTIVE)?;
        if self.method == PrimaryMethod::MmrmDifference {
            return Some((active.weights.clone(), active.test));
        }
        let weights: Vec<f64> = active.weights.iter().zip(&of(PLACEBO)?.weights).map(|(a, b)| a - b).collect();
        let test = inference.contrast(&weights).ok()?;
        Some((weights, test))
    }

    /// The LS means by the first of `factors` (or of it, where it is the visit), within visits where there are several.
    fn spec(&self, context: &Context, factors: &[&str]) -> LsMeansSpec {
        let weights = context.plan.analysis.weights;
        let several = self.n_visits > 1;
        let named = |factor: &&&str| several || **factor != "visit";
        let mut names: Vec<String> = factors.iter().filter(named).map(|factor| (*factor).to_owned()).collect();
        let by = if names.len() > 1 { names.split_off(1) } else { Vec::new() };
        LsMeansSpec { factors: names, by, weights, ..LsMeansSpec::default() }
    }

    fn is_at(&self, context: &Context, levels: &model::Levels, visit: usize) -> bool {
        if self.n_visits > 1 {
            levels.get("visit") == Some(&context.trial.design.visits[visit].label)
        } else {
            self.rows.visits.contains(&visit)
        }
    }

    /// The LS means by arm and visit, `vas.m6.ls-mean.ev`; those of methods that do not decide add the method's name.
    fn ls_means(&self, context: &Context, means: &[Mean]) -> Vec<Record> {
        if self.method == PrimaryMethod::MmrmDifference {
            return Vec::new();
        }
        let two_sided = context.options();
        let weights = context.plan.analysis.weights.name();
        let mut records = Vec::new();
        for &visit in &self.visits {
            for (arm, label) in context.trial.design.arms.labels().into_iter().enumerate() {
                let Some(mean) = means.iter().find(|mean| (mean.arm, mean.visit) == (arm, visit)) else { continue };
                let mut result = TestResult::new("ls-mean", 0, &two_sided);
                fill(&mut result, &mean.test, &two_sided);
                (result.statistic, result.p_value) = (None, None);
                result.extra =
                    vec![("model", Field::Text(self.name.to_owned())), ("weights", Field::Text(weights.to_owned()))];
                let part = if self.decides { "ls-mean".to_owned() } else { format!("{}.ls-mean", self.name) };
                let id = format!("{}.{part}.{}", context.stem(self.endpoint, visit), super::slug(label));
                let rows = self.rows.rows.clone();
                let mut record =
                    context.record(id, self.endpoint, visit, self.measure, Role::Descriptive, result, rows);
                record.arm = Some(label.to_owned());
                record.reference = "Searle, Speed & Milliken 1980; R emmeans";
                records.push(record);
            }
        }
        records
    }

    /// The options of the comparisons: a one-sided alternative is towards the endpoint's benefit.
    fn options(&self, context: &Context) -> Options {
        context.options_of(context.trial.design.endpoints[self.endpoint].better)
    }

    /// The record of the model at `visit` before any number is filled in: patients, observations and rows.
    fn without_numbers(&self, context: &Context, visit: usize, failures: &Notes) -> Record {
        let pairs = context.trial.paired(self.endpoint, visit, self.measure, context.set);
        let mut result = TestResult::new(self.name, pairs.pairs.len(), &self.options(context));
        result.n_dropped = pairs.dropped.len();
        result.exact = Some(false);
        result.notes.extend(failures.iter().cloned());
        result.extra =
            vec![("n_patients", Field::Count(self.n_patients as u64)), ("n_obs", Field::Count(self.n_rows as u64))];
        let role = if self.decides { context.role(self.endpoint, visit) } else { Role::Sensitivity };
        let id = format!("{}.{}.{}", context.stem(self.endpoint, visit), role.name(), self.name);
        let rows: Rows = self.rows.rows.clone();
        let mut record = context.record(id, self.endpoint, visit, self.measure, role, result, rows);
        record.reference = REFERENCE;
        record
    }
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
