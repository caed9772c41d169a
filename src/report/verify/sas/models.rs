//! The models of the plan: the data step, the procedure and the collected answers of each.

use super::literal;
use super::terms::{Terms, covariates, indicator};
use crate::analysis::Record;
use crate::analysis::rule::Choice;
use crate::report::exhibits::{Material, json};
use serde_json::Value;

/// One model of the plan: all visits of an endpoint in one set.
pub struct Model<'a> {
    /// The first of its records.
    pub first: &'a Record,
    /// The visits its records are of.
    pub visits: Vec<usize>,
}

/// A member of the record as text.
pub fn text(record: &Record, name: &str) -> String {
    match json(record, name) {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// The models among the records, each once.
pub fn models<'a>(material: &Material<'a>) -> Vec<Model<'a>> {
    const METHODS: [&str; 10] = [
        "mixed-model",
        "mmrm",
        "mmrm-difference",
        "clda",
        "ordinal-mixed",
        "logistic-mixed",
        "gee",
        "gee-negative-binomial",
        "poisson-mixed",
        "negative-binomial-mixed",
    ];
    let mut models: Vec<Model<'a>> = Vec::new();
    for record in &material.outcomes.records {
        let Some(visit) = record.visit else { continue };
        if !METHODS.contains(&record.result.method) || text(record, "formula").is_empty() {
            continue;
        }
        match models.iter_mut().find(|model| model.gave(record)) {
            Some(model) => model.visits.push(visit),
            None => models.push(Model { first: record, visits: vec![visit] }),
        }
    }
    models
}

/// The procedure of that of the `models` that `record` comes from, on one line; `None` where it comes from none.
pub fn model_in_sas(material: &Material, models: &[Model], record: &Record) -> Option<String> {
    let (at, model) = models.iter().enumerate().find(|(_, model)| model.gave(record))?;
    let steps = model.steps(material, &model.names(material, at + 1));
    let starts = ["proc mixed", "proc glimmix", "proc genmod"].iter().find_map(|name| steps.find(name))?;
    let procedure = steps[starts..].split_once("run;")?.0;
    let lines = procedure.lines().map(str::trim).filter(|line| !line.starts_with("ods output"));
    Some(format!("{} run;", lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")))
}

/// What a model's steps call by name: literals in the steps themselves, parameters in a macro.
#[derive(Debug, Clone, PartialEq)]
pub struct Names {
    number: String,
    /// The endpoint as a literal.
    endpoint: String,
    /// The analysis set as a literal.
    set: String,
    /// The visits, apart by blanks.
    visits: String,
}

/// The steps of all models: a macro for every shape, and a call of it for each model. A name is a literal in single quotes
/// also in a call, where the macro language does not look into it.
pub fn programs(material: &Material, models: &[Model]) -> String {
    let parameters = Names {
        number: "&n.".to_owned(),
        endpoint: "&endpoint.".to_owned(),
        set: "&set.".to_owned(),
        visits: "&visits.".to_owned(),
    };
    let mut shapes: Vec<(String, Vec<usize>)> = Vec::new();
    for (at, model) in models.iter().enumerate() {
        let steps = model.steps(material, &parameters);
        match shapes.iter_mut().find(|(known, _)| *known == steps) {
            Some((_, found)) => found.push(at),
            None => shapes.push((steps, vec![at])),
        }
    }
    let mut out = String::new();
    for (place, (steps, found)) in shapes.iter().enumerate() {
        let shape = place + 1;
        out.push_str(&format!("%macro model{shape}(n=, endpoint=, set=, visits=);\n{steps}%mend model{shape};\n"));
        for &at in found {
            let Some(model) = models.get(at) else { continue };
            let Names { number, endpoint, set, visits } = model.names(material, at + 1);
            let formula = text(model.first, "formula").replace("*/", "* /");
            out.push_str(&format!(
                "/* Model {number}: {formula}. */\n%model{shape}(n={number}, endpoint={endpoint}, set={set}, visits={visits})\n"
            ));
        }
        out.push('\n');
    }
    out
}

/// Whether `record` comes from a model of its visit alone.
fn of_one_visit(record: &Record) -> bool {
    let equations = ["gee", "gee-negative-binomial"].contains(&record.result.method);
    text(record, "rule") == Choice::EachVisit.name() || equations && !text(record, "formula").contains("visit")
}

impl Model<'_> {
    /// Whether `record` is one of this model's.
    fn gave(&self, record: &Record) -> bool {
        let first = self.first;
        first.endpoint == record.endpoint
            && first.result.method == record.result.method
            && first.analysis_set == record.analysis_set
            && (first.visit == record.visit || !of_one_visit(record))
    }

    /// The model's own names in its steps: its number, endpoint, set and visits.
    fn names(&self, material: &Material, number: usize) -> Names {
        let record = self.first;
        let endpoint = record.endpoint.map(|endpoint| material.endpoint(endpoint).id.clone()).unwrap_or_default();
        let mut visits = self.visits.clone();
        if record.result.method == "clda" {
            visits.extend(material.trial.design.baseline);
            visits.sort_unstable();
        }
        Names {
            number: number.to_string(),
            endpoint: literal(&endpoint),
            set: literal(&record.analysis_set),
            visits: visits.iter().map(usize::to_string).collect::<Vec<_>>().join(" "),
        }
    }

    /// Data step, procedure and the results `r_m<number>`.
    fn steps(&self, material: &Material, names: &Names) -> String {
        let number = names.number.as_str();
        let record = self.first;
        let method = record.result.method;
        let formula = text(record, "formula");
        let (_, right) = formula.split_once('~').unwrap_or(("", &formula));
        let parts: Vec<&str> = right.split(" + ").map(str::trim).collect();
        let (random, mean): (Vec<&str>, Vec<&str>) = parts.into_iter().partition(|term| term.contains('|'));
        let covariates = covariates(material);
        let terms = Terms { mean: &mean, covariates: &covariates };
        let several = mean.iter().any(|term| term.contains("visit") && indicator(term).is_none());
        let endpoint = names.endpoint.as_str();
        let mut out = self.rows(material, names, &terms);
        if mean.contains(&"baseline_mean") {
            out.push_str(&patient_baseline(number, endpoint));
        }
        if method == "mmrm-difference" {
            out.push_str(&differences(number, &mean));
        }
        out.push_str(&match method {
            "ordinal-mixed" | "logistic-mixed" | "poisson-mixed" | "negative-binomial-mixed" => {
                self.glimmix(number, &terms, &random, several)
            }
            "gee" | "gee-negative-binomial" => self.genmod(number, &terms, several),
            _ => self.mixed(material, number, &terms, &random, several),
        });
        out.push_str(&format!(
            "data r_m{number};\n  length endpoint $200 set_name $200 measure $6 method $24;\n  set r_m{number};\n  \
             endpoint = {endpoint}; set_name = {}; measure = '{}'; method = '{method}';\nrun;\n",
            names.set,
            record.measure.name(),
        ));
        out
    }

    /// The measurements the model is fitted to, with its covariates and indicators.
    fn rows(&self, material: &Material, names: &Names, terms: &Terms) -> String {
        let Names { number, endpoint, set, visits } = names;
        let measure = self.first.measure.name();
        let mut out = format!(
            "data m{number};\n  set long;\n  where endpoint = {endpoint} and set_name = {set}\n    \
             and measure = '{measure}' and visit_number in ({visits});\n"
        );
        if terms.mean.iter().any(|term| term.starts_with("baseline")) {
            out.push_str("  if base ne .;\n");
        }
        let family = text(self.first, "family");
        if family == "poisson" || family == "negative-binomial" {
            let without = text(self.first, "offset").is_empty();
            let (offset, base) = if without { ("0", "1") } else { ("log(exposure)", "base_exposure") };
            out.push_str(&format!("  offset = {offset};\n  base = log((base + 0.5) / {base});\n"));
        }
        for (index, (_, numeric)) in terms.covariates.iter().enumerate() {
            let name = format!("x{}", index + 1);
            out.push_str(&format!("  if not missing({name});\n"));
            if *numeric {
                out.push_str(&format!("  n{name} = input({name}, best32.);\n"));
            }
        }
        for term in terms.mean {
            if let Some((arm, visit)) = indicator(term) {
                out.push_str(&format!("  {term} = (treatment = {arm} and visit_number = {visit});\n"));
            }
        }
        out.push_str("  cell = 1000 * treatment + visit_number;\nrun;\n");
        out.push_str(&format!("proc sort data=m{number}; by patient treatment visit_number; run;\n"));
        if material.plan.analysis.injected_first.is_some() {
            out.push_str(&format!("data m{number}; set m{number}; if not missing(injection); run;\n"));
        }
        out
    }

    /// The error that the limits of the model leave on both sides together.
    pub fn level(&self) -> f64 {
        let result = &self.first.result;
        // One limit of a one-sided interval is that of a two-sided one with twice the error.
        let error = 1.0 - result.conf_level;
        let error = if result.alternative.name() == "two-sided" { error } else { 2.0 * error };
        (error * 1e9).round() / 1e9
    }

    /// The visit number, where a model of one visit does not name it.
    pub fn only_visit(&self, several: bool) -> String {
        match self.visits.first() {
            Some(visit) if !several => format!("  visit_number = {visit};\n"),
            _ => String::new(),
        }
    }

    /// Brings the answers of a procedure to one shape.
    pub fn collect(&self, number: &str, keep: &str, has_visit: bool) -> String {
        let p = match self.first.result.alternative.name() {
            "less" => "  p_value = ifn(statistic < 0, probt / 2, 1 - probt / 2); conf_low = .;\n",
            "greater" => "  p_value = ifn(statistic > 0, probt / 2, 1 - probt / 2); conf_high = .;\n",
            _ => "",
        };
        format!(
            "data r_m{number};\n  set found{number}(rename=(estimate=est));\n  {keep}\n{}  \
             estimate = sign * est; std_error = stderr; statistic = sign * tvalue; p_value = probt;\n  \
             conf_low = ifn(sign = 1, lower, -upper); conf_high = ifn(sign = 1, upper, -lower);\n{p}  \
             keep visit_number estimate std_error statistic df p_value conf_low conf_high;\nrun;\n",
            self.only_visit(has_visit),
        )
    }
}

/// Keeps active against placebo among all differences of LS means, and says which way it points.
pub const PAIR: &str = "if (treatment = 1 and _treatment = 0) or (treatment = 0 and _treatment = 1);\n  \
                    sign = ifn(treatment = 1, 1, -1);";
/// The same, at one visit.
pub const PAIR_AT_A_VISIT: &str = "if visit_number = _visit_number;\n  \
                               if (treatment = 1 and _treatment = 0) or (treatment = 0 and _treatment = 1);\n  \
                               sign = ifn(treatment = 1, 1, -1);";

/// LS means of the arms (at each visit), and their differences.
pub fn lsmeans(several: bool, options: &str) -> String {
    let effect = if several { "treatment*visit_number" } else { "treatment" };
    format!("  lsmeans {effect} / diff{options};\n")
}

/// The baseline of both knees as the patient's mean and each knee's deviation from it.
fn patient_baseline(number: &str, endpoint: &str) -> String {
    format!(
        "proc sql;\n  create table knees{number} as select distinct patient, treatment, base from long\n    \
         where endpoint = {endpoint} and base ne .;\n  create table with{number} as select m.*, k.baseline_mean,\n    \
         m.base - k.baseline_mean as baseline_deviation from m{number} as m left join\n    \
         (select patient, mean(base) as baseline_mean from knees{number} group by patient) as k\n    \
         on m.patient = k.patient order by patient, treatment, visit_number;\nquit;\n\
         data m{number}; set with{number}; run;\n"
    )
}

/// Active minus placebo within each patient and visit, in the place of the measurements.
fn differences(number: &str, mean: &[&str]) -> String {
    let mut further = String::new();
    if mean.contains(&"side_difference") {
        further.push_str("  side_difference = ifn(side > side_p, 1, -1);\n");
    }
    if mean.contains(&"injection_difference") {
        further.push_str("  injection_difference = ifn(injection = 'second', 1, -1);\n");
    }
    format!(
        "proc sort data=m{number}; by patient visit_number; run;\n\
         data m{number};\n  merge m{number}(where=(treatment=1) rename=(y=a base=base_a) in=one)\n        \
         m{number}(where=(treatment=0) rename=(y=p base=base_p side=side_p) in=two\n        \
         keep=patient treatment visit_number y base side);\n  by patient visit_number;\n  if one and two;\n  \
         y = a - p; baseline_difference = base_a - base_p;\n{further}run;\n"
    )
}
