//! What a model is stated on and how: its rows and columns, mean, and the covariances to try.

use super::{Model, PAIR_OF_A_VISIT};
use crate::analysis::Context;
use crate::analysis::model_rows::{ModelRows, differences, with_slopes};
use crate::analysis::notes::remark;
use crate::model::{self, Columns, Fit, FitOptions, Formula, ModelError};
use crate::note::Note;
use crate::plan::{BaselinePlan, PrimaryMethod, Structure};
use crate::trial::design::PLACEBO;
use crate::trial::{Measure, Observation};
use std::collections::BTreeSet;

impl Model {
    pub(super) fn new(
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
    pub(super) fn refusal(&self, context: &Context) -> Option<Note> {
        let design = &context.trial.design;
        let lacks_baseline = !design.has_baseline(&design.endpoints[self.endpoint]);
        (self.method == PrimaryMethod::Clda && lacks_baseline).then(|| remark!(clda_baseline))
    }

    /// The covariates of a model of differences: each is what a knee-level term leaves in a difference, and 0 for knees that
    /// are alike in it.
    pub(super) fn of_differences(&self) -> Vec<&'static str> {
        let given = [
            ("baseline_difference", self.rows.baseline != BaselinePlan::None),
            ("side_difference", self.rows.side),
            ("injection_difference", self.rows.injected_first.is_some()),
        ];
        given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
    }

    /// The mean model.
    pub(super) fn fixed(&self) -> String {
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
    pub(super) fn structures(&self, context: &Context) -> Vec<(&'static str, String)> {
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

    pub(super) fn fit(&self, formula: &str) -> Result<Fit, ModelError> {
        let columns = self.columns.as_ref().map_err(ModelError::clone)?;
        model::fit(columns, &Formula::parse(formula)?, &FitOptions::default())
    }
}
