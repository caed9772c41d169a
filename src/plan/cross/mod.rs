//! What must fit together in a plan: names that refer to each other, numbers within bounds, methods that need a baseline.

mod data;
mod endpoints;
mod estimands;
use super::design::endpoint_id;
use super::file::{BetterPlan, PlanFile, RolePlan, VisitsPlan};
use super::options::{AlternativePlan, AnalysisPlan, CovariateKind, MultiplicityMethod, PrimaryMethod, Structure};
use super::position::Positions;
use super::schema::suggestion;
use crate::data::date::DateOrder;
use crate::terms::{Language, Measure};
use crate::trial::expr::Condition;
use crate::trial::{Finding, Severity, rules};
use std::collections::{BTreeMap, BTreeSet};

/// Most months from baseline to a visit: a hundred years.
const MOST_MONTHS: f64 = 1200.0;

/// Everything in the plan that does not fit together.
pub fn check(plan: &PlanFile, positions: &Positions<'_>) -> Vec<Finding> {
    let mut checker = Checker { positions, findings: Vec::new() };
    checker.texts(plan);
    checker.arms(plan);
    checker.visits(plan);
    checker.data(plan);
    checker.endpoints(plan);
    checker.sets(plan);
    checker.analysis(plan);
    checker.sample_size(plan);
    super::rates::check(&mut checker, plan);
    checker.multiplicity(plan);
    super::contrasts::check(&mut checker, plan);
    super::bayes::check(&mut checker, plan);
    super::randomisation::check(&mut checker, plan);
    super::interim::check(&mut checker, plan);
    super::survival::beside(&mut checker, plan);
    checker.estimands(plan);
    checker.rest(plan);
    checker.findings
}

pub(super) struct Checker<'a> {
    positions: &'a Positions<'a>,
    findings: Vec<Finding>,
}

impl Checker<'_> {
    pub(super) fn wrong(&mut self, rule: &'static str, path: &str, message: String, remedy: impl Into<String>) {
        self.findings.push(Positions::error(rule, self.positions.value(path), message, remedy.into()));
    }

    pub(super) fn known(&mut self, path: &str, what: &str, name: &str, known: &[&str]) {
        if !known.contains(&name) {
            self.wrong("SK008", path, format!("`{name}` is not {what}"), suggestion(name, known));
        }
    }

    /// Names differ in more than case: they become names of files, which not every system tells apart by case.
    pub(super) fn distinct<'n>(&mut self, what: &str, names: impl IntoIterator<Item = (String, &'n str)>) {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for (path, name) in names {
            match seen.insert(name.trim().to_lowercase(), name) {
                Some(before) if before == name => {
                    let remedy = match path.ends_with(".id") {
                        // Without an `id` it is made of the column.
                        true => "give each its own `id`",
                        false => "give each its own name",
                    };
                    self.wrong("SK009", &path, format!("{what} `{name}` is named twice"), remedy);
                }
                Some(before) => {
                    let message = format!("{what} `{name}` differs from `{before}` in case only");
                    self.wrong("SK009", &path, message, "rename one: files of both could not stand in one folder");
                }
                None => {}
            }
        }
    }

    pub(super) fn positive(&mut self, path: &str, value: Option<f64>) {
        if let Some(value) = value
            && !(value > 0.0 && value.is_finite())
        {
            let name = path.rsplit('.').next().unwrap_or(path);
            let remedy = match value {
                value if !value.is_finite() => "write a number, or leave the key out",
                value if value < 0.0 => "write it without a sign",
                _ => "write a number above 0, or leave the key out",
            };
            self.wrong("SK010", path, format!("`{name}` must be a positive number, not {value}"), remedy);
        }
    }

    /// A share of the baseline lies between 0 and 1.
    pub(super) fn share_of_baseline(&mut self, path: &str, share: Option<f64>) {
        let Some(share) = share.filter(|share| !(*share > 0.0 && *share < 1.0)) else { return };
        let remedy = match share > 1.0 && share <= 100.0 {
            true => format!("write {} for {share} %", (share * 1e6).round() / 1e8),
            false => "write 0.408 for 40.8 %".to_owned(),
        };
        let message = format!("`mcid_relative` is a share of the baseline between 0 and 1, not {share}");
        self.wrong("SK010", path, message, remedy);
    }

    /// No difference can be larger than the range is wide.
    pub(super) fn within_range(&mut self, path: &str, value: Option<f64>, range: Option<[f64; 2]>) {
        let (Some(value), Some([low, high])) = (value, range) else { return };
        let width = high - low;
        if value > width && width > 0.0 {
            let name = path.rsplit('.').next().unwrap_or(path);
            let message = format!("`{name}` is {value}, but values from {low} to {high} differ by {width} at most");
            self.wrong("SK010", path, message, "write it in the endpoint's unit, or correct `range`");
        }
    }

    pub(super) fn condition(&mut self, path: &str, text: &str) {
        if let Err(error) = Condition::parse(text) {
            let location = self.positions.inside(path, error.offset);
            self.findings.push(Positions::error("SK011", location, error.message, error.remedy));
        }
    }

    fn texts(&mut self, plan: &PlanFile) {
        for (path, text) in
            [("trial.id", &plan.trial.id), ("trial.title", &plan.trial.title), ("trial.site", &plan.trial.site)]
        {
            if text.trim().is_empty() {
                self.wrong("SK012", path, "this text is empty".to_owned(), "fill it in");
            }
        }
        let site = plan.trial.site.to_lowercase();
        let irregular = ["us", "is", "ix", "ex", "um"].iter().any(|end| site.ends_with(end));
        if irregular && plan.trial.sites.is_none() && plan.report.language == Language::English {
            let message = format!("the plural of `{}` is not certain, and the report needs it", plan.trial.site);
            self.wrong("SK012", "trial.site", message, "add `sites`, for instance `sites = \"carpi\"`");
        }
        if let Some(date) = &plan.trial.data_date
            && crate::data::Date::parse(date, DateOrder::Iso).is_none()
        {
            self.wrong("SK010", "trial.data_date", format!("`{date}` is not a date"), "write it as YYYY-MM-DD");
        }
    }

    fn arms(&mut self, plan: &PlanFile) {
        let mut names =
            vec![("arms.active".to_owned(), &*plan.arms.active), ("arms.placebo".to_owned(), &*plan.arms.placebo)];
        names.extend(plan.arms.other.iter().enumerate().map(|(i, arm)| (format!("arms.other.{i}"), &**arm)));
        for (path, name) in &names {
            if name.trim().is_empty() {
                self.wrong("SK012", path, "an arm needs a label".to_owned(), "write the label used in the data");
            }
        }
        self.distinct("the arm", names);
    }

    fn visits(&mut self, plan: &PlanFile) {
        let Some(visits) = &plan.visits else { return };
        if visits.order.is_empty() {
            self.wrong(
                "SK012",
                "visits.order",
                "no visit is named".to_owned(),
                "list the visits in time order, or leave out [visits]",
            );
            return;
        }
        let order: Vec<&str> = visits.order.iter().map(|visit| &**visit).collect();
        self.distinct("the visit", order.iter().enumerate().map(|(i, name)| (format!("visits.order.{i}"), *name)));
        if let Some(baseline) = &visits.baseline {
            self.known("visits.baseline", "a visit of `order`", baseline, &order);
        }
        if let Some(primary) = &visits.primary {
            self.known("visits.primary", "a visit of `order`", primary, &order);
        }
        self.primary_after_baseline(visits);
        if let Some(months) = &visits.months {
            if months.len() != order.len() {
                let message = format!("{} months for {} visits", months.len(), order.len());
                self.wrong("SK010", "visits.months", message, "give one number per visit of `order`");
            }
            if let Some(month) = months.iter().find(|month| month.abs() > MOST_MONTHS) {
                let message = format!("month {month:e} is no time of a visit");
                self.wrong("SK010", "visits.months", message, "write months since baseline, such as 0, 3 and 6");
            }
            if months.windows(2).any(|pair| !matches!(pair, [a, b] if a < b)) {
                self.wrong(
                    "SK010",
                    "visits.months",
                    "the months do not increase".to_owned(),
                    "list visits in time order",
                );
            }
            // `Month 6` with 180: a declared month far from the one that the label says.
            let said = order.iter().zip(months).enumerate();
            for (i, (label, month)) in said {
                let Some(of_label) = super::design::month_of_label(label).filter(|of_label| *of_label > 0.0) else {
                    continue;
                };
                if (of_label - month).abs() > 0.5 && !(0.5..=2.0).contains(&(month / of_label)) {
                    let message = format!(
                        "`{label}` is month {} by its label, and {month} here{}",
                        (of_label * 10.0).round() / 10.0,
                        crate::trial::design::other_unit(of_label, *month)
                    );
                    let remedy = "write months since baseline (a month is 30.4 days or 4.3 weeks), or leave `months` out: the \
                                  labels say them";
                    self.wrong("SK010", &format!("visits.months.{i}"), message, remedy);
                    break;
                }
            }
        }
        for (i, window) in visits.windows.iter().enumerate() {
            self.known(&format!("visits.window.{i}.visit"), "a visit of `order`", &window.visit, &order);
            if window.from_day > window.to_day {
                let message =
                    format!("the window ends on day {} before it begins on day {}", window.to_day, window.from_day);
                self.wrong("SK010", &format!("visits.window.{i}.to_day"), message, "exchange the two days");
            }
        }
    }

    /// The primary visit, declared or the last one, comes after baseline.
    fn primary_after_baseline(&mut self, visits: &VisitsPlan) {
        let place = |label: &String| visits.order.iter().position(|visit| **visit == **label);
        let Some(baseline) = visits.baseline.as_ref().and_then(place) else { return };
        let declared = visits.primary.as_ref();
        let Some(primary) = declared.map_or(visits.order.len().checked_sub(1), place) else { return };
        if primary > baseline {
            return;
        }
        let label = visits.order.get(primary).map(|visit| &**visit).unwrap_or_default();
        let message = match primary == baseline {
            true => format!("the primary visit `{label}` is the baseline, before any treatment"),
            false => format!("the primary visit `{label}` comes before the baseline, and so before any treatment"),
        };
        let path = if declared.is_some() { "visits.primary" } else { "visits.order" };
        self.wrong("SK013", path, message, "name a visit after treatment, or correct `order`");
    }

    fn sets(&mut self, plan: &PlanFile) {
        let names = plan.analysis_sets.iter().enumerate();
        self.distinct("the analysis set", names.map(|(i, set)| (format!("analysis_set.{i}.name"), set.name.as_str())));
        for (i, set) in plan.analysis_sets.iter().enumerate() {
            if set.name.trim().is_empty() {
                self.wrong(
                    "SK012",
                    &format!("analysis_set.{i}.name"),
                    "an analysis set needs a name".to_owned(),
                    "for instance FAS",
                );
            }
            if let Some(condition) = &set.condition {
                self.condition(&format!("analysis_set.{i}.where"), condition);
            }
        }
        let known: Vec<&str> = plan.analysis_sets.iter().map(|set| set.name.as_str()).collect();
        let again = plan.analysis.sets.iter().flatten().enumerate();
        self.distinct("the analysis set", again.map(|(i, name)| (format!("analysis.sets.{i}"), name.as_str())));
        for (i, name) in plan.analysis.sets.iter().flatten().enumerate() {
            self.known(&format!("analysis.sets.{i}"), "an analysis set of the plan", name, &known);
        }
        if let Some(name) = &plan.safety.set {
            self.known("safety.set", "an analysis set of the plan", name, &known);
        }
    }

    /// A raw direction fits the endpoints only where it is that of benefit on every one.
    fn alternative(&mut self, plan: &PlanFile) {
        let wanted = match plan.analysis.alternative {
            AlternativePlan::Less => BetterPlan::Lower,
            AlternativePlan::Greater => BetterPlan::Higher,
            AlternativePlan::TwoSided | AlternativePlan::TowardsBenefit => return,
        };
        let written = if wanted == BetterPlan::Lower { "less" } else { "greater" };
        let against: Vec<String> =
            plan.endpoints.iter().filter(|endpoint| endpoint.better != wanted).map(endpoint_id).collect();
        if against.is_empty() {
            return;
        }
        let message = format!(
            "`{written}` is the direction of harm on {}: benefit there would get a p-value near 1, and harm would be rejected",
            against.join(", ")
        );
        let remedy =
            "write `alternative = \"towards-benefit\"`, which follows each endpoint's `better`, or \"two-sided\"";
        self.wrong("SK033", "analysis.alternative", message, remedy);
    }

    fn analysis(&mut self, plan: &PlanFile) {
        let analysis = &plan.analysis;
        self.alternative(plan);
        if !(analysis.alpha >= 1e-9 && analysis.alpha < 0.5) {
            let message = format!("alpha must lie between 1e-9 and 0.5, not {}", analysis.alpha);
            self.wrong("SK010", "analysis.alpha", message, "write the level of the test, for instance 0.05");
        }
        for (key, count, least) in [
            ("bootstrap_samples", analysis.bootstrap_samples, 100),
            ("permutation_samples", analysis.permutation_samples, 1000),
            ("quadrature", analysis.quadrature, 1),
        ] {
            if count < least || count > 10_000_000 {
                let message = format!("{key} is {count}; it must be at least {least} and at most 10 000 000");
                self.wrong("SK010", &format!("analysis.{key}"), message, "leave it out for the default");
            }
        }
        self.random(analysis);
        if analysis.difference_structure.is_empty() {
            let message = "no covariance is named for the differences".to_owned();
            let remedy = "name at least one, for instance `[\"us\", \"ar1\"]`, or leave the key out";
            self.wrong("SK012", "analysis.difference_structure", message, remedy);
        }
        let covariates = analysis.covariates.iter().enumerate();
        self.distinct("the covariate", covariates.map(|(i, name)| (format!("analysis.covariates.{i}"), name.as_str())));
        let has_baseline = plan.visits.as_ref().is_some_and(|visits| visits.baseline.is_some());
        if analysis.measure == Measure::Change && !has_baseline {
            let message = "a change needs a baseline visit".to_owned();
            self.wrong("SK016", "analysis.measure", message, "name `visits.baseline`, or write `measure = \"value\"`");
        }
        let methods =
            analysis.sensitivity.iter().enumerate().map(|(i, method)| (format!("analysis.sensitivity.{i}"), *method));
        for (path, method) in std::iter::once(("analysis.primary".to_owned(), analysis.primary)).chain(methods) {
            if method == PrimaryMethod::Clda && !has_baseline {
                let message =
                    "constrained longitudinal data analysis models the baseline, and there is none".to_owned();
                self.wrong("SK016", &path, message, "name `visits.baseline`, or choose another method");
            }
        }
    }

    /// The declared random intercepts: names that exist, in place of the structure, where the mixed model runs.
    fn random(&mut self, analysis: &AnalysisPlan) {
        let known = AnalysisPlan::INTERCEPTS.join(", ");
        match analysis.intercepts() {
            Err(term) => {
                let message = format!("`{term}` is not a random intercept of the plan");
                let remedy = format!("write a sum of {known}; `splitknee model` fits other formulas");
                self.wrong("SK008", "analysis.random", message, remedy);
            }
            Ok(terms) if analysis.random.is_some() => {
                let runs = analysis.primary == PrimaryMethod::MixedModel
                    || analysis.sensitivity.contains(&PrimaryMethod::MixedModel);
                if !runs {
                    let message = "random intercepts are declared, and no `mixed_model` runs".to_owned();
                    let remedy = "name `mixed_model` as primary or sensitivity method, or leave `random` out";
                    self.wrong("SK012", "analysis.random", message, remedy);
                }
                if !terms.contains(&AnalysisPlan::INTERCEPTS[0]) {
                    let message = "without `(1|patient)` the two sides of a patient count as independent".to_owned();
                    self.wrong("SK012", "analysis.random", message, "add `(1|patient)`");
                }
                if analysis.structure != Structure::ByDesign {
                    let message = "`random` and `structure` both name the covariance of the mixed model".to_owned();
                    self.wrong("SK012", "analysis.structure", message, "leave one of them out");
                }
            }
            Ok(_) => {}
        }
    }

    fn multiplicity(&mut self, plan: &PlanFile) {
        let multiplicity = &plan.multiplicity;
        let ids: Vec<String> = plan.endpoints.iter().map(endpoint_id).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let family = multiplicity.family.iter().enumerate();
        self.distinct(
            "the endpoint of the family",
            family.map(|(i, id)| (format!("multiplicity.family.{i}"), id.as_str())),
        );
        for (i, id) in multiplicity.family.iter().enumerate() {
            self.known(&format!("multiplicity.family.{i}"), "an endpoint identifier of the plan", id, &ids);
        }
        self.several_primaries(plan, &ids);
        if multiplicity.method != MultiplicityMethod::Graphical {
            for (key, given) in
                [("shares", !multiplicity.shares.is_empty()), ("transitions", !multiplicity.transitions.is_empty())]
            {
                if given {
                    let message =
                        format!("`{key}` belongs to `method = \"graphical\"`, not to `{}`", multiplicity.method.name());
                    self.wrong(
                        "SK017",
                        &format!("multiplicity.{key}"),
                        message,
                        "change the method, or delete the key",
                    );
                }
            }
            return;
        }
        let n = multiplicity.shares.len();
        let total: f64 = multiplicity.shares.iter().sum();
        if n == 0 || multiplicity.shares.iter().any(|share| !(0.0..=1.0).contains(share)) || total > 1.0 + 1e-9 {
            let message = format!(
                "a graphical procedure needs shares of alpha between 0 and 1 that add up to at most 1, not {total}"
            );
            self.wrong("SK017", "multiplicity.shares", message, "give one share per hypothesis of the family");
        }
        let rows = &multiplicity.transitions;
        let broken = |(i, row): (usize, &Vec<f64>)| {
            row.len() != n
                || row.iter().any(|weight| !(0.0..=1.0).contains(weight))
                || row.iter().sum::<f64>() > 1.0 + 1e-9
                || row.get(i).is_some_and(|own| *own != 0.0)
        };
        if rows.len() != n || rows.iter().enumerate().any(broken) {
            let message =
                "transitions must be a square table with zeros on its diagonal and rows that add up to at most 1"
                    .to_owned();
            self.wrong("SK017", "multiplicity.transitions", message, "give one row and one column per hypothesis");
        }
    }

    /// Several primary endpoints need a rule for when the trial has met its objective.
    fn several_primaries(&mut self, plan: &PlanFile, ids: &[&str]) {
        let multiplicity = &plan.multiplicity;
        let primaries: Vec<&str> = plan
            .endpoints
            .iter()
            .zip(ids)
            .filter(|(endpoint, _)| endpoint.role == Some(RolePlan::Primary))
            .map(|(_, id)| *id)
            .collect();
        let named = multiplicity.method != MultiplicityMethod::None
            && primaries.iter().all(|id| multiplicity.family.iter().any(|known| known == id));
        if primaries.len() > 1 && multiplicity.primary.is_none() && !named {
            let message = format!(
                "{} primary endpoints ({}) and no rule for testing them: each would be claimed at the full level",
                primaries.len(),
                primaries.join(", ")
            );
            self.wrong(
                "SK017",
                "multiplicity",
                message,
                "write `[multiplicity] primary = \"co-primary\"` where all must succeed, or an adjustment (`\"holm\"`, \
                 `\"fixed-sequence\"`), or name them all in `family`, or give one of them the role `secondary`",
            );
        }
    }

    /// Labels belong to levels, and both to factors.
    fn covariates(&mut self, plan: &PlanFile) {
        let names = plan.covariates.iter().enumerate();
        self.distinct("the column", names.map(|(i, column)| (format!("covariate.{i}.name"), column.name.as_str())));
        for (i, column) in plan.covariates.iter().enumerate() {
            let at = |key: &str| format!("covariate.{i}.{key}");
            let levels = column.levels.iter().enumerate();
            let seen: BTreeSet<&str> = column.levels.iter().map(|level| &**level).collect();
            for (j, level) in levels.filter(|(j, level)| column.levels.iter().take(*j).any(|before| before == *level)) {
                self.wrong(
                    "SK009",
                    &at(&format!("levels.{j}")),
                    format!("the level `{level}` is named twice"),
                    "delete one",
                );
            }
            if column.kind == CovariateKind::Number && !(seen.is_empty() && column.labels.is_empty()) {
                let message = "a number has neither levels nor labels".to_owned();
                self.wrong("SK010", &at("kind"), message, "write `kind = \"factor\"`, or delete `levels` and `labels`");
            }
            let crossed =
                column.labels.iter().enumerate().find(|(j, label)| {
                    column.levels.iter().enumerate().any(|(k, level)| k != *j && **level == ***label)
                });
            if let Some((j, label)) = crossed {
                let message = format!("`{label}` is the label of one level and the value of another");
                let remedy = "write each label behind its own value in the order of `levels`; values and labels were perhaps exchanged";
                self.wrong("SK009", &at(&format!("labels.{j}")), message, remedy);
            }
            if !column.labels.is_empty() && column.labels.len() != column.levels.len() {
                let message = format!("{} labels for {} levels", column.labels.len(), column.levels.len());
                self.wrong("SK010", &at("labels"), message, "give one label per value of `levels`");
            }
        }
    }

    fn rest(&mut self, plan: &PlanFile) {
        self.covariates(plan);
        super::outputs::check(self, plan);
        super::code_checks::check(plan, &mut |rule, path, message, remedy| self.wrong(rule, path, message, remedy));
        let mut seen: Vec<(&str, &[f64])> = Vec::new();
        for (i, subgroup) in plan.subgroups.iter().enumerate() {
            let factor = (subgroup.column.as_str(), subgroup.cuts.as_slice());
            if seen.contains(&factor) {
                let message = format!("the subgroups of `{}` with these cut points are named twice", subgroup.column);
                self.wrong("SK009", &format!("subgroup.{i}.column"), message, "delete one");
            }
            seen.push(factor);
        }
        for (i, subgroup) in plan.subgroups.iter().enumerate() {
            if subgroup.cuts.windows(2).any(|pair| !matches!(pair, [a, b] if a < b)) {
                self.wrong(
                    "SK010",
                    &format!("subgroup.{i}.cuts"),
                    "the cut points do not increase".to_owned(),
                    "sort them",
                );
            }
        }
        for (i, waiver) in plan.waivers.iter().enumerate() {
            let path = format!("waive.{i}.rule");
            match rules::find(&waiver.rule) {
                None => {
                    let known: Vec<&str> =
                        rules::GROUPS.iter().flat_map(|group| group.rules).map(|rule| rule.id).collect();
                    self.known(&path, "a rule", &waiver.rule, &known);
                }
                Some(rule) if rule.severity == Severity::Error => {
                    let message = format!("{} is an error, which cannot be waived: {}", rule.id, rule.title);
                    self.wrong("SK018", &path, message, rule.remedy);
                }
                Some(_) => {}
            }
            if waiver.reason.trim().is_empty() {
                self.wrong(
                    "SK018",
                    &format!("waive.{i}.reason"),
                    "a waiver needs a reason".to_owned(),
                    "say why it is accepted",
                );
            }
        }
    }
}
