//! What a fitted model answers: LS means, the comparison of every visit, contrasts of arms, and the summary of the fit.

use super::{Mean, Model, REFERENCE, fill};
use crate::analysis::Context;
use crate::analysis::contrasts;
use crate::analysis::fit_summary::{FitSummary, Fitted};
use crate::analysis::notes::remark;
use crate::analysis::record::{Record, Rows};
use crate::model::{self, Fit, Inference, LsMeansSpec, ModelError, TTest};
use crate::note::Notes;
use crate::paired::{Field, Options, TestResult};
use crate::plan::PrimaryMethod;
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{Observation, Role};

impl Model {
    /// The records and the summary of a fit.
    pub(super) fn report(
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
    pub(super) fn means(&self, context: &Context, inference: &Inference) -> Vec<Mean> {
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
    pub(super) fn comparison(&self, inference: &Inference, means: &[Mean], visit: usize) -> Option<(Vec<f64>, TTest)> {
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
                let id = format!("{}.{part}.{}", context.stem(self.endpoint, visit), crate::analysis::slug(label));
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
    pub(super) fn without_numbers(&self, context: &Context, visit: usize, failures: &Notes) -> Record {
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
