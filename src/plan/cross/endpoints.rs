//! What must fit together in `[[endpoint]]`: names, ranges, sizes and margins, tests, scores and derived values, and that
//! what decides is measured at the primary visit.

use super::Checker;
use crate::instrument::{Instrument, Scale};
use crate::paired::catalogue;
use crate::plan::design::{endpoint_id, visits};
use crate::plan::file::{EndpointPlan, GapsPlan, PlanFile, RolePlan, Shape, TransformPlan};
use crate::plan::options::{AlternativePlan, Objective, PrimaryMethod};
use crate::terms::Kind;
use crate::trial::compute::Computed;
use crate::trial::derived::Summary;

impl Checker<'_> {
    pub(super) fn endpoints(&mut self, plan: &PlanFile) {
        if plan.endpoints.is_empty() {
            self.wrong("SK012", "endpoint", "the plan has no endpoint".to_owned(), "add an [[endpoint]] table");
        }
        let ids: Vec<String> = plan.endpoints.iter().map(endpoint_id).collect();
        self.distinct(
            "the endpoint identifier",
            ids.iter().enumerate().map(|(i, id)| (format!("endpoint.{i}.id"), id.as_str())),
        );
        let order: Vec<&str> =
            plan.visits.iter().flat_map(|visits| visits.order.iter()).map(|visit| &**visit).collect();
        for (i, endpoint) in plan.endpoints.iter().enumerate() {
            let at = |key: &str| format!("endpoint.{i}.{key}");
            if let Some(id) = &endpoint.id
                && (id.is_empty() || !id.chars().all(|c| c.is_alphanumeric() || c == '_'))
            {
                let message = format!("`{id}` cannot be an identifier");
                self.wrong("SK010", &at("id"), message, "use letters, digits and `_`; it becomes part of file names");
            }
            let empty = [("name", &endpoint.name), ("column", &endpoint.column)]
                .into_iter()
                .find(|(_, text)| text.trim().is_empty());
            if let Some((key, _)) = empty {
                self.wrong("SK012", &at(key), "an endpoint needs a name and a column".to_owned(), "fill both in");
            }
            for (key, value) in [("mcid", endpoint.mcid), ("minimal_improvement", endpoint.minimal_improvement)] {
                self.positive(&at(key), value);
                self.within_range(&at(key), value, endpoint.range);
            }
            for (key, value) in [
                ("important_difference", endpoint.important_difference),
                ("margin", endpoint.margin),
                ("non_inferiority_margin", endpoint.non_inferiority_margin),
            ] {
                match endpoint.transform {
                    Some(TransformPlan::Log) => self.ratio(&at(key), key, value),
                    None => {
                        self.within_range(&at(key), value, endpoint.range);
                        self.positive(&at(key), value);
                    }
                }
            }
            self.share_of_baseline(&at("mcid_relative"), endpoint.mcid_relative);
            self.share_of_baseline(&at("minimal_improvement_relative"), endpoint.minimal_improvement_relative);
            for (old, new, both) in [
                ("mcid", "minimal_improvement", endpoint.mcid.is_some() && endpoint.minimal_improvement.is_some()),
                (
                    "mcid_relative",
                    "minimal_improvement_relative",
                    endpoint.mcid_relative.is_some() && endpoint.minimal_improvement_relative.is_some(),
                ),
            ] {
                if both {
                    let message = format!("`{old}` is the old name of `{new}`, and both are given");
                    self.wrong("SK012", &at(old), message, format!("remove `{old}`"));
                }
            }
            self.objective(plan, i, endpoint);
            self.positive(&at("step"), endpoint.step);
            if let Some([low, high]) = endpoint.range
                && !(low < high && low.is_finite() && high.is_finite())
            {
                let (message, remedy) = if !(low.is_finite() && high.is_finite()) {
                    let message = format!("the range {low} to {high} has an end that is no number");
                    (
                        message,
                        "write the lowest and the highest value of the scale, or leave `range` out where there is none",
                    )
                } else if low == high {
                    (
                        format!("the range {low} to {high} holds one value only"),
                        "write the lowest and the highest value",
                    )
                } else {
                    (format!("the range {low} to {high} is empty"), "write the lowest value first")
                };
                self.wrong("SK010", &at("range"), message, remedy);
            }
            if endpoint.decimals.is_some_and(|decimals| decimals > 10) {
                self.wrong(
                    "SK010",
                    &at("decimals"),
                    "more than 10 decimals".to_owned(),
                    "write the decimals as collected",
                );
            }
            for (j, visit) in endpoint.visits.iter().flatten().enumerate() {
                self.known(&at(&format!("visits.{j}")), "a visit of the plan", visit, &order);
            }
            if endpoint.visits.as_ref().is_some_and(Vec::is_empty) {
                self.wrong(
                    "SK012",
                    &at("visits"),
                    "the endpoint is measured at no visit".to_owned(),
                    "name its visits, or leave the key out",
                );
            }
            let tests = endpoint.tests.iter().enumerate();
            self.distinct("the test", tests.map(|(j, test)| (at(&format!("tests.{j}")), test.as_str())));
            if endpoint.kind == Kind::Survival {
                crate::plan::survival::check(self, plan, i);
                continue;
            }
            crate::plan::survival::belongs_elsewhere(self, endpoint, i);
            for (j, test) in endpoint.tests.iter().enumerate() {
                self.known(&at(&format!("tests.{j}")), "a paired test", test, &catalogue::in_plans());
                self.test_margin(plan, i, j);
            }
            self.score(plan, i);
            self.computed(plan, i);
            self.derived(plan, i);
            crate::plan::logarithm::check(self, plan, i);
            self.primary_measured(plan, i);
        }
        let has_primary = plan.endpoints.iter().any(|endpoint| endpoint.role == Some(RolePlan::Primary));
        if plan.endpoints.len() > 1 && !has_primary {
            let message = "no endpoint has the role `primary`".to_owned();
            self.wrong(
                "SK015",
                "endpoint.0",
                message,
                "add `role = \"primary\"` to the endpoint that decides the trial",
            );
        }
    }

    /// An endpoint that is computed from other columns.
    pub(super) fn computed(&mut self, plan: &PlanFile, number: usize) {
        let Some(endpoint) = plan.endpoints.get(number) else { return };
        let Some(text) = &endpoint.compute else { return };
        let at = |key: &str| format!("endpoint.{number}.{key}");
        match Computed::parse(text) {
            Err(message) => {
                let remedy = "write columns and numbers with + - * /, for instance `compute = \"pain + stiffness\"`";
                self.wrong("SK011", &at("compute"), message, remedy);
            }
            Ok(found) if found.columns().is_empty() => {
                let message = format!("`{text}` reads no column");
                self.wrong("SK012", &at("compute"), message, "name the columns that it is computed from");
            }
            Ok(found) if found.columns().contains(&endpoint.column.as_str()) => {
                let message = format!("`{}` is computed from itself", endpoint.column);
                self.wrong("SK009", &at("compute"), message, "give `column` a new name, which no file has");
            }
            Ok(_) => {}
        }
        if !matches!(endpoint.kind, Kind::Continuous | Kind::Count) {
            let message = "what is computed is a number, and this endpoint is none".to_owned();
            self.wrong("SK016", &at("compute"), message, "declare `kind = \"continuous\"`, or leave `compute` out");
        }
        if endpoint.score.is_some() {
            let message = "`score` and `compute` both say where the values come from".to_owned();
            self.wrong("SK012", &at("compute"), message, "leave one of the two out");
        }
        if plan.data.observations().any(|data| data.shape != Shape::Long) {
            let message =
                "`compute` reads the columns of one row, which only data of `shape = \"long\"` have".to_owned();
            self.wrong(
                "SK014",
                &at("compute"),
                message,
                "give one row per knee and visit, or compute the column in the data",
            );
        }
    }

    /// A derived endpoint: of a score or count, over several visits, with a rule for missing ones.
    pub(super) fn derived(&mut self, plan: &PlanFile, number: usize) {
        let Some(endpoint) = plan.endpoints.get(number) else { return };
        let at = |key: &str| format!("endpoint.{number}.{key}");
        let Some(derive) = endpoint.derive else {
            if endpoint.missing.is_some() {
                let message = "`missing` belongs to a derived endpoint".to_owned();
                self.wrong("SK012", &at("missing"), message, "name what is derived with `derive`, or leave it out");
            }
            return;
        };
        let summary = derive.summary();
        let name = summary.name();
        if !endpoint.kind.is_score() {
            let message = format!("`derive = \"{name}\"` needs numbers: grades and yes/no answers have no {name}");
            self.wrong("SK016", &at("derive"), message, "leave `derive` out, or declare the column `continuous`");
        }
        let rules: Vec<&str> = summary.rules().iter().map(|rule| rule.name()).collect();
        match endpoint.missing.map(GapsPlan::gaps) {
            None if !rules.is_empty() => {
                let message = format!("`derive = \"{name}\"` does not say what is done about missing visits");
                self.wrong("SK012", &at("derive"), message, format!("name a rule: missing = {}", rules.join(", ")));
            }
            Some(rule) if !summary.rules().contains(&rule) => {
                let message = format!("`{}` is no rule for `derive = \"{name}\"`", rule.name());
                let remedy = match rules.is_empty() {
                    true => "leave it out: every visit stands alone".to_owned(),
                    false => format!("name one of {}", rules.join(", ")),
                };
                self.wrong("SK008", &at("missing"), message, remedy);
            }
            _ => {}
        }
        let scheduled = plan.visits.as_ref();
        let baseline = scheduled.and_then(|visits| visits.baseline.as_ref());
        let all: Vec<String> =
            scheduled.iter().flat_map(|visits| &visits.order).map(|visit| visit.label.clone()).collect();
        let named = endpoint.visits.as_deref().unwrap_or(&all);
        if summary == Summary::PercentChange {
            if !baseline.is_some_and(|baseline| named.contains(baseline)) {
                let message = "a percent change needs the baseline visit among the visits".to_owned();
                self.wrong(
                    "SK016",
                    &at("derive"),
                    message,
                    "name `visits.baseline`, and it among the endpoint's `visits`",
                );
            }
            return;
        }
        if summary == Summary::BaselineMean {
            let place = |visit: &String| all.iter().position(|known| known == visit);
            let end = baseline.and_then(place);
            let read =
                named.iter().filter(|visit| place(visit).is_some_and(|at| end.is_some_and(|end| at <= end))).count();
            if end.is_none() || read < 2 || !baseline.is_some_and(|baseline| named.contains(baseline)) {
                let message =
                    format!("a mean baseline needs two visits or more up to the baseline visit, and reads {read}");
                let remedy =
                    "name `visits.baseline`, and among the endpoint's `visits` it and one before it, such as screening";
                self.wrong("SK016", &at("derive"), message, remedy);
            }
            return;
        }
        let read = named.iter().filter(|visit| summary == Summary::Auc || Some(*visit) != baseline).count();
        if read < 2 {
            let message = format!("`derive = \"{name}\"` reads {read} visit: there is nothing to summarise");
            self.wrong("SK012", &at("visits"), message, "name two visits or more");
        }
        let last = all.iter().rev().find(|visit| named.contains(*visit));
        let primary = scheduled.and_then(|visits| visits.primary.as_ref()).or(all.last());
        let decides = endpoint.role == Some(RolePlan::Primary) || plan.endpoints.len() == 1;
        if decides && last != primary {
            let message = "a derived endpoint has its value at the last of its visits, which is not the primary visit";
            let remedy = "end its `visits` at the primary visit, or change `visits.primary`";
            self.wrong("SK013", &at("visits"), message.to_owned(), remedy);
        }
        let months: Vec<Option<f64>> =
            visits(plan).iter().filter(|visit| named.contains(&visit.label)).map(|visit| visit.month).collect();
        let ascending = months.windows(2).all(|pair| matches!(pair, [Some(a), Some(b)] if a < b));
        if summary == Summary::Auc && !ascending {
            let message = "an area needs the months of its visits, each later than the one before".to_owned();
            self.wrong("SK012", &at("derive"), message, "declare `visits.months`");
        }
    }

    pub(super) fn score(&mut self, plan: &PlanFile, number: usize) {
        let Some(score) = plan.endpoints.get(number).and_then(|endpoint| endpoint.score.as_ref()) else { return };
        let at = |key: &str| format!("endpoint.{number}.score.{key}");
        let instruments = Instrument::ALL.map(Instrument::name);
        self.known(&at("instrument"), "an instrument", &score.instrument, &instruments);
        if let Some(instrument) = Instrument::from_name(&score.instrument) {
            let scales: Vec<&str> = instrument.scales().iter().map(|scale| scale.name()).collect();
            self.known(&at("scale"), "a scale of the instrument", &score.scale, &scales);
            let expected = Scale::from_name(&score.scale).and_then(|scale| instrument.item_count(scale));
            if let Some(expected) = expected.filter(|expected| *expected != score.items.len()) {
                let message =
                    format!("{} {} has {expected} items, not {}", score.instrument, score.scale, score.items.len());
                self.wrong("SK010", &at("items"), message, "name one column per item, in the instrument's order");
            }
            self.range_of_instrument(plan, number, instrument);
        }
        if plan.data.observations().all(|table| table.shape != Shape::Long) {
            let message = "items are scored from long data only".to_owned();
            self.wrong("SK014", &at("items"), message, "score them first with `splitknee score`");
        }
    }

    /// The range of a scored endpoint is that of its scale.
    fn range_of_instrument(&mut self, plan: &PlanFile, number: usize, instrument: Instrument) {
        let Some(endpoint) = plan.endpoints.get(number) else { return };
        let Some(score) = &endpoint.score else { return };
        let maximum = Scale::from_name(&score.scale).and_then(|scale| instrument.maximum(scale));
        let (Some([low, high]), Some(maximum)) = (endpoint.range, maximum) else { return };
        let highest = if score.normalised { 100.0 } else { maximum };
        // A derived endpoint may have another range than its scale.
        if endpoint.derive.is_some() || (low == 0.0 && high == highest) {
            return;
        }
        let carried = if score.normalised { ", carried to 100," } else { "" };
        let message = format!(
            "{} {}{carried} runs from 0 to {highest}, and `range` from {low} to {high}",
            score.instrument, score.scale
        );
        let remedy = match (low, high) {
            (0.0, 100.0) => {
                format!("write `range = [0, {highest}]`, or `normalised = true` in `score` for a score from 0 to 100")
            }
            _ => format!("write `range = [0, {highest}]`"),
        };
        self.wrong("SK010", &format!("endpoint.{number}.range"), message, remedy);
    }

    /// An objective against a margin needs the margin; a margin needs a comparison in the unit of the endpoint.
    fn objective(&mut self, plan: &PlanFile, number: usize, endpoint: &EndpointPlan) {
        let at = |key: &str| format!("endpoint.{number}.{key}");
        let needed = match endpoint.objective {
            Objective::Superiority => None,
            Objective::NonInferiority => Some(("non_inferiority_margin", endpoint.non_inferiority_margin)),
            Objective::Equivalence => Some(("margin", endpoint.margin)),
        };
        if let Some((key, margin)) = needed {
            let objective = endpoint.objective.name();
            if margin.is_none() {
                let message = format!("the objective {objective} needs `{key}`, which the endpoint does not have");
                let remedy = format!("add `{key} = …` in the endpoint's unit, from the protocol");
                self.wrong("SK012", &at("objective"), message, remedy);
            }
            let bound = if plan.interim.is_some() { Some("[interim]") } else { None };
            let bound = bound.or(plan.arms.adjustment().map(|_| "[arms] contrasts"));
            if let Some(bound) = bound.filter(|_| endpoint.role != Some(RolePlan::Secondary)) {
                let message = format!("the bounds of `{bound}` are those of superiority, not of {objective}");
                self.wrong("SK017", &at("objective"), message, "leave one of the two out");
            }
        }
        if endpoint.objective == Objective::Equivalence && plan.analysis.alternative != AlternativePlan::TwoSided {
            let message =
                "equivalence lies between two bounds, and an interval of a one-sided alternative has one".to_owned();
            let remedy = "write `alternative = \"two-sided\"` in [analysis], or the objective non_inferiority";
            self.wrong("SK017", &at("objective"), message, remedy);
        }
        let by_odds = matches!(plan.analysis.primary, PrimaryMethod::Gee | PrimaryMethod::LogisticMixed);
        let scale = match endpoint.kind {
            Kind::Ordinal => "grades are compared by odds, which have no unit",
            Kind::Binary if by_odds => "this model compares odds, not shares",
            _ => return,
        };
        for (key, margin) in [("margin", endpoint.margin), ("non_inferiority_margin", endpoint.non_inferiority_margin)]
        {
            if margin.is_some() {
                let message = format!("`{key}` would be held against nothing: {scale}");
                let remedy = "leave it out; a share has a margin with `primary = \"mcnemar\"`, a score with `kind = \"continuous\"`";
                self.wrong("SK010", &at(key), message, remedy);
            }
        }
    }

    /// A test against a margin needs the margin.
    pub(super) fn test_margin(&mut self, plan: &PlanFile, number: usize, test: usize) {
        let Some(endpoint) = plan.endpoints.get(number) else { return };
        let (key, margin) = match endpoint.tests.get(test).map(String::as_str) {
            Some("tost") => ("margin", endpoint.margin),
            Some("non-inferiority") => ("non_inferiority_margin", endpoint.non_inferiority_margin),
            _ => return,
        };
        if margin.is_none() {
            let message = format!("this test needs `{key}`, which the endpoint does not have");
            let scale = if endpoint.transform.is_some() { "as a ratio above 1" } else { "in the endpoint's unit" };
            let remedy = format!("add `{key} = …` {scale}, from the protocol, or leave the test out");
            self.wrong("SK012", &format!("endpoint.{number}.tests.{test}"), message, remedy);
        }
    }

    pub(super) fn sample_size(&mut self, plan: &PlanFile) {
        let Some(planned) = &plan.sample_size else { return };
        self.positive("sample_size.delta", Some(planned.delta));
        self.positive("sample_size.sd", Some(planned.sd));
        let mut within = |key: &str, value: f64, low: f64, high: f64| {
            if !(value >= low && value < high) {
                let message = format!("`{key}` must lie between {low} and {high}, not at {value}");
                self.wrong("SK010", &format!("sample_size.{key}"), message, "write what the protocol assumed");
            }
        };
        within("correlation", planned.correlation, -1.0, 1.0);
        within("power", planned.power, plan.analysis.alpha.max(0.01), 1.0);
        if planned.pairs.is_some_and(|pairs| pairs < 2) {
            self.wrong("SK010", "sample_size.pairs", "fewer than two pairs".to_owned(), "write the planned number");
        }
        if let Some(id) = &planned.endpoint {
            let ids: Vec<String> = plan.endpoints.iter().map(endpoint_id).collect();
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            self.known("sample_size.endpoint", "an endpoint identifier of the plan", id, &ids);
        }
    }

    pub(super) fn primary_measured(&mut self, plan: &PlanFile, number: usize) {
        let (Some(endpoint), Some(visits)) = (plan.endpoints.get(number), &plan.visits) else { return };
        let primary = visits.primary.as_deref().or(visits.order.last().map(|visit| &**visit));
        let decides = endpoint.role == Some(RolePlan::Primary) || plan.endpoints.len() == 1;
        if let (true, Some(measured), Some(primary)) = (decides, &endpoint.visits, primary)
            && !measured.iter().any(|visit| visit == primary)
        {
            let message = format!("the primary endpoint is not measured at the primary visit `{primary}`");
            self.wrong(
                "SK013",
                &format!("endpoint.{number}.visits"),
                message,
                "add the visit, or change `visits.primary`",
            );
        }
    }
}
