//! What must fit together in `[events]` and `[[estimand]]`: names, strategies and their numbers, methods and what they can.

use super::Checker;
use crate::plan::design::endpoint_id;
use crate::plan::estimand::{
    CellStructure, CompletedAnalysis, CompositeValue, DeltaValue, Estimand, ImputationBaseline, ImputationMethod,
    MOST_CUTS, MissingPlan, SensitivityMethod, Strategy,
};
use crate::plan::file::{EndpointPlan, PlanFile, RolePlan};
use crate::terms::Kind;
use std::collections::BTreeMap;

impl Checker<'_> {
    pub(super) fn estimands(&mut self, plan: &PlanFile) {
        if let Some(events) = &plan.events {
            if let Some(rows) = &events.file.rows {
                self.condition("events.file.where", rows);
            }
            if events.file.header_row == Some(0) {
                let message = "rows are counted from 1".to_owned();
                self.wrong("SK010", "events.file.header_row", message, "write 1 for the first row");
            }
            if plan.estimands.is_empty() {
                let message = "events are named, and no estimand says how they are handled".to_owned();
                self.wrong("SK014", "events", message, "add an [[estimand]], or leave the events out");
            }
        }
        let ids: Vec<String> = plan.estimands.iter().enumerate().map(|(i, estimand)| estimand.id_at(i)).collect();
        self.distinct("the estimand", ids.iter().enumerate().map(|(i, id)| (format!("estimand.{i}.id"), id.as_str())));
        self.events_of_all(plan);
        let mut levels = BTreeMap::new();
        for (i, estimand) in plan.estimands.iter().enumerate() {
            for (key, text) in [
                ("treatment", &estimand.treatment),
                ("population", &estimand.population),
                ("variable", &estimand.variable),
                ("summary_measure", &estimand.summary_measure),
            ] {
                if text.trim().is_empty() {
                    self.wrong("SK012", &format!("estimand.{i}.{key}"), "this text is empty".to_owned(), "fill it in");
                }
            }
            for (j, event) in estimand.intercurrent_events.iter().enumerate() {
                let level = *levels.entry(event.event.to_lowercase()).or_insert(event.level);
                if level != event.level {
                    let message = format!(
                        "`{}` is an event of one knee in one estimand and of the patient in another",
                        event.event
                    );
                    let at = format!("estimand.{i}.intercurrent_event.{j}.level");
                    self.wrong(
                        "SK010",
                        &at,
                        message,
                        "an event reaches one knee or both, whatever the estimand: use one level",
                    );
                }
            }
            self.estimand(plan, i, estimand);
        }
    }

    /// Every estimand that is estimated handles every event: an event it is silent about would be used as recorded unsaid.
    fn events_of_all(&mut self, plan: &PlanFile) {
        let estimated = |estimand: &Estimand| estimand.missing.is_some() || plan.events.is_some();
        let of = |estimand: &Estimand| -> Vec<String> {
            estimand.intercurrent_events.iter().map(|event| event.event.clone()).collect()
        };
        let all: Vec<String> = plan.estimands.iter().filter(|estimand| estimated(estimand)).flat_map(of).collect();
        for (i, estimand) in plan.estimands.iter().enumerate().filter(|(_, estimand)| estimated(estimand)) {
            let own = of(estimand);
            let silent = all.iter().find(|event| !own.iter().any(|known| known.eq_ignore_ascii_case(event)));
            if let Some(event) = silent {
                let message = format!(
                    "the estimand {} does not say how `{event}` is handled, which another estimand names",
                    estimand.id_at(i)
                );
                let remedy =
                    "add an [[estimand.intercurrent_event]] for it, `treatment-policy` where the value counts as it is";
                self.wrong("SK014", &format!("estimand.{i}"), message, remedy);
            }
        }
    }

    fn estimand(&mut self, plan: &PlanFile, i: usize, estimand: &Estimand) {
        let at = |key: &str| format!("estimand.{i}.{key}");
        if estimand
            .id
            .as_ref()
            .is_some_and(|id| id.is_empty() || id.chars().any(|c| !(c.is_alphanumeric() || c == '-' || c == '_')))
        {
            let message = "an identifier has letters, digits, `-` and `_`".to_owned();
            self.wrong("SK010", &at("id"), message, "for instance `E1`");
        }
        let sets: Vec<&str> = plan.analysis_sets.iter().map(|set| set.name.as_str()).collect();
        if let Some(set) = &estimand.analysis_set {
            self.known(&at("analysis_set"), "an analysis set of the plan", set, &sets);
        }
        let ids: Vec<String> = plan.endpoints.iter().map(endpoint_id).collect();
        let endpoint = match &estimand.endpoint {
            Some(id) => {
                let known: Vec<&str> = ids.iter().map(String::as_str).collect();
                self.known(&at("endpoint"), "an endpoint of the plan", id, &known);
                ids.iter().position(|known| known == id)
            }
            None => plan.endpoints.iter().position(|about| about.role == Some(RolePlan::Primary)).or(Some(0)),
        };
        let endpoint = endpoint.and_then(|number| plan.endpoints.get(number));
        if let Some(visit) = &estimand.visit {
            self.estimand_visit(plan, &at("visit"), visit, endpoint);
        }
        let names = estimand.intercurrent_events.iter().enumerate();
        self.distinct(
            "the event",
            names.map(|(j, event)| (at(&format!("intercurrent_event.{j}.event")), event.event.as_str())),
        );
        let estimated = estimand.missing.is_some() || plan.events.is_some();
        for (j, event) in estimand.intercurrent_events.iter().enumerate() {
            let inner = |key: &str| at(&format!("intercurrent_event.{j}.{key}"));
            self.share_kept(&inner("k"), event.strategy, event.k);
            match (&event.value, event.strategy) {
                (Some(_), strategy) if strategy != Strategy::Composite => {
                    let message = "a value belongs to the strategy `composite`".to_owned();
                    self.wrong("SK010", &inner("value"), message, "leave it out");
                }
                (Some(CompositeValue::Word(word)), _) if word != "worst" && word != "baseline" => {
                    let message = format!("`{word}` is not a value that an event can stand for");
                    self.wrong("SK006", &inner("value"), message, "write \"worst\", \"baseline\" or a number");
                }
                _ => {}
            }
            if estimated {
                self.can_be_estimated(plan, &inner("strategy"), event.strategy, event.value.as_ref(), endpoint);
            }
        }
        if !estimated {
            if !estimand.sensitivities.is_empty() {
                let message = "sensitivity analyses of an estimand that is not estimated by imputation".to_owned();
                self.wrong("SK014", &at("sensitivity"), message, "add [estimand.missing]");
            }
            return;
        }
        if let Some(endpoint) = endpoint
            && !endpoint.kind.is_score()
        {
            let message = format!(
                "`{}` is {}, and the imputation model is normal",
                endpoint.name,
                match endpoint.kind {
                    Kind::Survival => "the time to an event: censoring takes the place of missing values",
                    _ => "graded or yes/no: the conditional mean of a grade is no grade",
                }
            );
            let path = if estimand.endpoint.is_some() { at("endpoint") } else { at("missing") };
            self.wrong("SK010", &path, message, "name a score, for instance with `analysis = \"responder\"`");
        }
        let missing = estimand.missing.clone().unwrap_or_default();
        self.missing(plan, i, &missing, endpoint);
        for (j, other) in estimand.sensitivities.iter().enumerate() {
            let inner = |key: &str| at(&format!("sensitivity.{j}.{key}"));
            if let Some(strategy) = other.strategy {
                self.share_kept(&inner("k"), strategy, other.k);
                self.can_be_estimated(plan, &inner("strategy"), strategy, None, endpoint);
            }
            for (key, value) in
                other.delta.iter().flat_map(|delta| [("active", &delta.active), ("placebo", &delta.placebo)])
            {
                let path = inner(&format!("delta.{key}"));
                match value {
                    DeltaValue::Word(word) if word != "tipping" => {
                        let message = format!("`{word}` is neither a number nor `tipping`");
                        self.wrong("SK006", &path, message, "write a number in the endpoint's unit, or \"tipping\"");
                    }
                    DeltaValue::Number(number) if !number.is_finite() => {
                        self.wrong("SK010", &path, "this is not a finite number".to_owned(), "write a number");
                    }
                    _ => {}
                }
            }
            let nothing = other.method.is_none()
                && other.strategy.is_none()
                && other.structure.is_none()
                && other.covariance.is_none()
                && other.analysis.is_none()
                && other.inference.is_none()
                && other.delta.is_none();
            if nothing {
                let message = "this sensitivity analysis is the main analysis once more".to_owned();
                self.wrong(
                    "SK012",
                    &at(&format!("sensitivity.{j}")),
                    message,
                    "say what differs, for instance `strategy`",
                );
            }
            let single = matches!(
                other.method,
                Some(SensitivityMethod::Locf | SensitivityMethod::Bocf | SensitivityMethod::WorstCase)
            );
            if single && other.delta.is_some() {
                let message = "a single value that stands in has no delta".to_owned();
                self.wrong("SK010", &inner("delta"), message, "leave it out");
            }
            let method = match other.method {
                Some(SensitivityMethod::ConditionalMean) => Some(ImputationMethod::ConditionalMean),
                Some(SensitivityMethod::Bayes) => Some(ImputationMethod::Bayes),
                Some(SensitivityMethod::ApproximateBayes) => Some(ImputationMethod::ApproximateBayes),
                Some(_) => None,
                None => Some(missing.method),
            };
            if let Some(method) = method {
                let analysis = other.analysis.unwrap_or(missing.analysis);
                self.can_analyse(
                    &at(&format!("sensitivity.{j}")),
                    method,
                    analysis,
                    other.structure.unwrap_or(missing.structure),
                );
                if let Some(whose) = not_linear(analysis)
                    && other.delta.as_ref().is_some_and(|delta| delta.tips())
                {
                    let message = format!("tipping points are those of a mean: {whose} has none");
                    self.wrong("SK010", &inner("delta"), message, "give deltas as numbers");
                }
            }
        }
    }

    fn estimand_visit(&mut self, plan: &PlanFile, path: &str, visit: &str, endpoint: Option<&EndpointPlan>) {
        let order: Vec<&str> =
            plan.visits.iter().flat_map(|visits| &visits.order).map(|visit| visit.label.as_str()).collect();
        self.known(path, "a visit of the plan", visit, &order);
        let place = |label: &str| order.iter().position(|known| *known == label);
        let baseline = plan.visits.as_ref().and_then(|visits| place(visits.baseline.as_deref()?));
        if let (Some(at), Some(baseline)) = (place(visit), baseline)
            && at <= baseline
        {
            let message = format!("`{visit}` is not after baseline");
            self.wrong("SK013", path, message, "name a visit after treatment");
        }
        if let Some(measured) = endpoint.and_then(|endpoint| endpoint.visits.as_ref())
            && order.contains(&visit)
            && !measured.iter().any(|label| label == visit)
        {
            self.wrong("SK013", path, format!("the endpoint is not measured at `{visit}`"), "name one of its visits");
        }
    }

    /// `k` belongs to `causal`, and `causal` needs it.
    fn share_kept(&mut self, path: &str, strategy: Strategy, k: Option<f64>) {
        match (strategy, k) {
            (Strategy::Causal, None) => {
                let message = "`causal` needs the share `k` of the effect that is kept".to_owned();
                self.wrong("SK010", path, message, "for instance `k = 0.5`; 0 is jump to reference, 1 copy increments");
            }
            (Strategy::Causal, Some(k)) if !k.is_finite() => {
                self.wrong("SK010", path, "`k` is not a finite number".to_owned(), "for instance `k = 0.5`");
            }
            (strategy, Some(_)) if strategy != Strategy::Causal => {
                self.wrong("SK010", path, "`k` belongs to the strategy `causal`".to_owned(), "leave it out");
            }
            _ => {}
        }
    }

    fn can_be_estimated(
        &mut self,
        plan: &PlanFile,
        path: &str,
        strategy: Strategy,
        value: Option<&CompositeValue>,
        endpoint: Option<&EndpointPlan>,
    ) {
        let baseline = plan.visits.as_ref().is_some_and(|visits| visits.baseline.is_some());
        let worst = !matches!(value, Some(CompositeValue::Number(_)))
            && !matches!(value, Some(CompositeValue::Word(word)) if word == "baseline");
        match strategy {
            Strategy::PrincipalStratum => {
                let message = "a principal stratum cannot be estimated from what is observed without a model of who belongs to it"
                    .to_owned();
                self.wrong("SK010", path, message, "choose another strategy; a table of estimands alone may name it where neither [events] nor [estimand.missing] is given");
            }
            Strategy::Composite if worst && endpoint.is_some_and(|endpoint| endpoint.range.is_none()) => {
                let message = "the worst value of an endpoint without a range is not known".to_owned();
                self.wrong("SK010", path, message, "declare the endpoint's `range`, or the event's `value`");
            }
            Strategy::ReturnToBaseline | Strategy::ReturnToBaselineMean if !baseline => {
                let message = "a return to baseline needs a baseline visit".to_owned();
                self.wrong("SK016", path, message, "name `visits.baseline`, or choose another strategy");
            }
            _ => {}
        }
    }

    fn can_analyse(
        &mut self,
        path: &str,
        method: ImputationMethod,
        analysis: CompletedAnalysis,
        structure: CellStructure,
    ) {
        if let Some(whose) = not_linear(analysis)
            && method == ImputationMethod::ConditionalMean
        {
            let message = format!(
                "{whose} is not linear in the outcome: computed from conditional means it is not the mean over what is \
                 missing"
            );
            self.wrong("SK010", path, message, "write `method = \"bayes\"` or \"approximate-bayes\"");
        }
        if method == ImputationMethod::Bayes && structure != CellStructure::Us {
            let message = format!("`bayes` draws an unstructured covariance; `{}` has no such draw", structure.name());
            self.wrong(
                "SK010",
                path,
                message,
                "write `structure = \"us\"`, or use approximate-bayes or conditional-mean",
            );
        }
    }

    fn missing(&mut self, plan: &PlanFile, i: usize, missing: &MissingPlan, endpoint: Option<&EndpointPlan>) {
        let at = |key: &str| format!("estimand.{i}.missing.{key}");
        let root = format!("estimand.{i}.missing");
        self.can_analyse(&root, missing.method, missing.analysis, missing.structure);
        let covariates = missing.covariates.iter().flatten().enumerate();
        self.distinct("the covariate", covariates.map(|(j, name)| (at(&format!("covariates.{j}")), name.as_str())));
        let baseline = plan.visits.as_ref().is_some_and(|visits| visits.baseline.is_some());
        if missing.analysis == CompletedAnalysis::Ancova && (!baseline || missing.baseline == ImputationBaseline::None)
        {
            let message = "the ANCOVA of the differences needs the knees' baselines".to_owned();
            self.wrong("SK016", &at("analysis"), message, "name `visits.baseline`, or analyse the mean difference");
        }
        if missing.analysis == CompletedAnalysis::Responder {
            self.positive(&at("threshold"), missing.threshold);
            if missing.threshold.is_none() && endpoint.is_some_and(|endpoint| endpoint.mcid.is_none()) {
                let message = "the improvement that counts is not known: the endpoint has no MCID".to_owned();
                self.wrong("SK010", &at("threshold"), message, "declare `threshold`");
            }
        } else if missing.threshold.is_some() {
            let message = "a threshold belongs to `analysis = \"responder\"`".to_owned();
            self.wrong("SK010", &at("threshold"), message, "leave it out");
        }
        let sensitivities = plan.estimands.get(i).into_iter().flat_map(|estimand| &estimand.sensitivities);
        let graded = std::iter::once(Some(missing.analysis)).chain(sensitivities.map(|other| other.analysis));
        let graded = graded.flatten().any(|analysis| analysis == CompletedAnalysis::Grades);
        let ascend = missing.cuts.iter().all(|cut| cut.is_finite()) && missing.cuts.is_sorted_by(|a, b| a < b);
        if graded && !(ascend && (1..=MOST_CUTS).contains(&missing.cuts.len())) {
            let message =
                format!("grades need one to {MOST_CUTS} cut points on the endpoint's scale, in ascending order");
            self.wrong("SK010", &at("cuts"), message, "for instance `cuts = [5, 45, 75]`");
        } else if let (true, Some([low, high])) = (graded, endpoint.and_then(|endpoint| endpoint.range))
            && missing.cuts.iter().any(|cut| *cut <= low || *cut > high)
        {
            let message = format!("a cut point outside the endpoint's range of {low} to {high} makes no grade");
            self.wrong("SK010", &at("cuts"), message, "name points above its lowest value, at most its highest");
        } else if !graded && !missing.cuts.is_empty() {
            let message = "cut points belong to `analysis = \"grades\"`".to_owned();
            self.wrong("SK010", &at("cuts"), message, "leave them out");
        }
        if let Some(m) = missing.m {
            let draws = |method: Option<SensitivityMethod>| {
                matches!(method, Some(SensitivityMethod::Bayes | SensitivityMethod::ApproximateBayes))
            };
            let others =
                plan.estimands.get(i).is_some_and(|own| own.sensitivities.iter().any(|other| draws(other.method)));
            if missing.method == ImputationMethod::ConditionalMean && !others {
                let message = "conditional means are computed once: there is no number of imputations".to_owned();
                self.wrong("SK010", &at("m"), message, "leave it out");
            } else if !(2..=20_000).contains(&m) {
                let message = format!("m is {m}; it must be at least 2 and at most 20 000");
                self.wrong("SK010", &at("m"), message, "leave it out: enough are drawn");
            }
        }
    }
}

/// What of an analysis of completed sets is no weighted sum of the values, and so comes from draws only.
fn not_linear(analysis: CompletedAnalysis) -> Option<&'static str> {
    match analysis {
        CompletedAnalysis::Responder => Some("the share of responders"),
        CompletedAnalysis::Grades => Some("the odds of a higher grade"),
        CompletedAnalysis::Mixed => Some("the mixed model"),
        CompletedAnalysis::MeanDifference | CompletedAnalysis::Ancova => None,
    }
}
