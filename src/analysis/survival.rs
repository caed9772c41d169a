//! Time to an event: the records of an endpoint of that kind.
//!
//! Two questions are answered and named apart. *Within the patient* (conditional): which of the two knees has its event
//! first, with the hazard ratio that this implies (`first-event`, `stratified-log-rank`, `stratified-cox`). *Over all
//! patients* (marginal): how the arms differ on average (`marginal-cox`, `rmst`). Which decides, the endpoint's `tests` say:
//! the first of them that can, else `first-event` ([`crate::plan::survival`]). Each arm is described by its Kaplan–Meier
//! curve, which knows no pairs.
//!
//! The endpoint has one time per knee and belongs to no visit; its records are filed under the primary visit, at which the
//! claims of a trial are made.

use super::Context;
use super::counted::arm_order;
use super::methods::Deciding;
use super::notes::remark;
use super::record::{Record, Rows};
use super::scale::{Ratio, Scale};
use super::slug;
use crate::note::Notes;
use crate::paired::{Alternative, Field, Options, TestResult};
use crate::plan::survival::METHODS;
use crate::survival::{Cohort, Subject, answers, kaplan_meier, rmst};
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{Kind, Measure, Role};
use serde_json::json;
use splitknee_stats::note;

/// The curve of an arm.
pub const CURVE: &str = "kaplan-meier";

/// The methods of an endpoint whose plan names none: those on which the numbers of a report rest.
const USUAL: [&str; 5] = ["first-event", "stratified-log-rank", "stratified-cox", "marginal-cox", "rmst"];

/// The difference of the shares without the event at a time of the plan (`at`).
pub const AT: &str = "survival-difference";

/// Whether `method` is one for the time to an event.
pub fn is_method(method: &str) -> bool {
    method == CURVE || method == AT || METHODS.contains(&method)
}

/// Whether `method` compares within the patient; the others compare over all patients.
pub fn is_conditional(method: &str) -> bool {
    matches!(method, "first-event" | "stratified-log-rank" | "stratified-cox")
}

/// The methods that run on `endpoint`: those of the plan, else the usual ones.
pub fn methods(context: &Context, endpoint: usize) -> Vec<String> {
    let named = &context.trial.design.endpoints[endpoint].tests;
    if named.is_empty() { USUAL.map(str::to_owned).to_vec() } else { named.clone() }
}

/// The method that decides: that of the plan, else the first of the endpoint's that can.
pub fn deciding(context: &Context, endpoint: usize) -> Option<Deciding> {
    let tests = &context.trial.design.endpoints[endpoint].tests;
    let name = crate::plan::survival::deciding(context.plan.analysis.primary, tests)?;
    Some(Deciding::Test(name.to_owned()))
}

/// The curves of the arms and every method; in an analysis set other than the primary one, only the method that decides.
pub fn analyse(context: &Context, endpoint: usize) -> Vec<Record> {
    let Some(visit) = context.deciding_visit(endpoint) else { return Vec::new() };
    let found = Observed::of(context, endpoint);
    let mut records = Vec::new();
    if context.in_primary_set() {
        records.extend(arm_order(context).into_iter().map(|arm| curve(context, endpoint, visit, &found, arm)));
    }
    records.extend(comparisons(context, endpoint, visit, &found, !context.in_primary_set()));
    records
}

/// The methods that compare the arms; with `deciding_only` no other than that which decides.
pub fn tests_of(context: &Context, endpoint: usize, deciding_only: bool) -> Vec<Record> {
    let Some(visit) = context.deciding_visit(endpoint) else { return Vec::new() };
    comparisons(context, endpoint, visit, &Observed::of(context, endpoint), deciding_only)
}

/// The observed knees of the set.
struct Observed {
    /// Of the two arms that are compared; absent where none was observed.
    cohort: Option<Cohort>,
    /// Of every arm.
    by_arm: Vec<Vec<Subject>>,
    /// The horizon of restricted means.
    tau: Option<f64>,
}

impl Observed {
    fn of(context: &Context, endpoint: usize) -> Self {
        let trial = context.trial;
        let mut by_arm: Vec<Vec<Subject>> = vec![Vec::new(); trial.design.arms.labels().len()];
        for patient in context.members() {
            for knee in trial.patients[patient].knees() {
                let Some(timed) = knee.values.timed(endpoint) else { continue };
                let active = knee.arm == ACTIVE;
                by_arm[knee.arm].push(Subject { patient, active, time: timed.time, event: timed.event });
            }
        }
        let compared = [ACTIVE, PLACEBO].iter().flat_map(|&arm| by_arm[arm].iter().copied()).collect();
        let cohort = Cohort::new(compared).ok();
        let named = trial.design.endpoints[endpoint].survival.as_ref().and_then(|survival| survival.tau);
        let tau = named.or_else(|| rmst::reached_by_two(cohort.as_ref()?));
        Self { cohort, by_arm, tau }
    }
}

/// The Kaplan–Meier curve of an arm: estimate and limits are those of the median time.
fn curve(context: &Context, endpoint: usize, visit: usize, found: &Observed, arm: usize) -> Record {
    let options = context.options();
    let knees = &found.by_arm[arm];
    let fit = kaplan_meier::kaplan_meier(knees, options.conf_level);
    let mut result = TestResult::new(CURVE, knees.len(), &options);
    if let Some(median) = fit.quantiles.iter().find(|quantile| quantile.p == 0.5) {
        result.estimate = median.time;
        result.conf_low = median.conf_low;
        result.conf_high = median.conf_high;
    }
    if knees.is_empty() {
        result.notes.push(note!(time_none));
    } else if fit.n_events == 0 {
        result.notes.push(remark!(arm_without_event));
    } else if result.estimate.is_none() {
        result.notes.push(remark!(median_not_reached));
    }
    let mean = found.tau.zip(found.cohort.as_ref()).filter(|_| arm == ACTIVE || arm == PLACEBO);
    let mean = mean.and_then(|(tau, cohort)| rmst::rmst(cohort, tau, true, options.conf_level).ok());
    let of_arm = mean.map(|mean| match arm {
        ACTIVE => (mean.rmst_active, mean.std_error_active),
        _ => (mean.rmst_placebo, mean.std_error_placebo),
    });
    result.extra = vec![
        ("n_events", Field::Count(fit.n_events as u64)),
        ("n_censored", Field::Count((knees.len() - fit.n_events) as u64)),
        ("tau", Field::Number(of_arm.and(found.tau))),
        ("rmst", Field::Number(of_arm.map(|(mean, _)| mean))),
        ("rmst_std_error", Field::Number(of_arm.map(|(_, error)| error))),
        ("last_time", Field::Number(knees.iter().map(|knee| knee.time).max_by(f64::total_cmp))),
        ("curve", Field::Json(json!(fit.curve))),
        ("quantiles", Field::Json(json!(fit.quantiles))),
    ];
    let missing = context.members().filter_map(|patient| context.trial.patients[patient].knee(arm));
    let missing = missing.filter(|knee| knee.values.timed(endpoint).is_none()).count();
    let mut rows = Rows { used: knees.len(), ..Rows::default() };
    rows.leave_out(remark!(time_missing), missing);
    let label = context.trial.design.arms.labels()[arm].to_owned();
    let id = format!("{}.{CURVE}.{}", context.stem(endpoint, visit), slug(&label));
    let mut record = context.record(id, endpoint, visit, Measure::Value, Role::Descriptive, result, rows);
    record.arm = Some(label);
    record.reference = reference(CURVE);
    record
}

fn comparisons(context: &Context, endpoint: usize, visit: usize, found: &Observed, deciding_only: bool) -> Vec<Record> {
    let deciding = match deciding(context, endpoint) {
        Some(Deciding::Test(name)) => Some(name),
        _ => None,
    };
    let wanted = methods(context, endpoint).into_iter();
    let mut records: Vec<Record> = wanted
        .filter(|name| !deciding_only || deciding.as_ref() == Some(name))
        .filter_map(|name| METHODS.into_iter().find(|known| **known == name))
        .map(|name| {
            let result = run(context, endpoint, name, found);
            let role =
                if deciding.as_deref() == Some(name) { context.role(endpoint, visit) } else { Role::Sensitivity };
            let id = format!("{}.{}.{name}", context.stem(endpoint, visit), role.name());
            let rows = rows(context, endpoint, name);
            let mut record = context.record(id, endpoint, visit, Measure::Value, role, result, rows);
            record.reference = reference(name);
            record
        })
        .collect();
    let times = context.trial.design.endpoints[endpoint].survival.as_ref().map(|survival| survival.at.as_slice());
    for &time in times.unwrap_or_default().iter().filter(|_| !deciding_only) {
        let result = asked(context, endpoint, AT, Scale::Difference, found, &|cohort, options| {
            answers::survival_difference(cohort, time, options)
        });
        let id =
            format!("{}.{}.{AT}.{}", context.stem(endpoint, visit), Role::Sensitivity.name(), slug(&time.to_string()));
        let rows = rows(context, endpoint, AT);
        let mut record = context.record(id, endpoint, visit, Measure::Value, Role::Sensitivity, result, rows);
        record.reference = reference(AT);
        records.push(record);
    }
    records
}

/// One method by name.
fn run(context: &Context, endpoint: usize, name: &'static str, found: &Observed) -> TestResult {
    let scale = match name {
        "rmst" | "prentice-wilcoxon" | "akritas" => Scale::Difference,
        _ => Scale::Log(Ratio::Hazards),
    };
    asked(context, endpoint, name, scale, found, &|cohort, options| match name {
        "first-event" => answers::first_event(cohort, options).unwrap_or_else(|refusal| none(name, options, refusal.0)),
        "stratified-log-rank" => answers::stratified_log_rank(cohort, options),
        "stratified-cox" => answers::stratified_cox(cohort, options),
        "marginal-cox" => answers::marginal_cox(cohort, options),
        "prentice-wilcoxon" => answers::prentice_wilcoxon(cohort, options),
        "akritas" => answers::akritas(cohort, options),
        _ => match found.tau {
            Some(tau) => answers::rmst(cohort, tau, options),
            None => none(name, options, remark!(no_horizon)),
        },
    })
}

/// No answer, and why.
fn none(name: &'static str, options: &Options, reason: crate::note::Note) -> TestResult {
    let mut notes = Notes::new();
    notes.push(reason);
    TestResult { notes, ..TestResult::new(name, 0, options) }
}

/// What a method answers of the observed knees, with its scale and its question. A one-sided alternative is towards benefit:
/// of hazards the other way than of times and of shares without the event.
fn asked(
    context: &Context,
    endpoint: usize,
    name: &'static str,
    scale: Scale,
    found: &Observed,
    answer: &dyn Fn(&Cohort, &Options) -> TestResult,
) -> TestResult {
    let about = &context.trial.design.endpoints[endpoint];
    let of_times = context.options_of(about.better);
    let alternative = match of_times.alternative {
        Alternative::Less => Alternative::Greater,
        Alternative::Greater => Alternative::Less,
        Alternative::TwoSided => Alternative::TwoSided,
    };
    let options = if scale == Scale::Difference { of_times } else { Options { alternative, ..of_times } };
    let mut result = match &found.cohort {
        None => none(name, &options, note!(time_none)),
        Some(cohort) => answer(cohort, &options),
    };
    result.n_dropped = context.members().count() - result.n_pairs;
    result.extra.push(scale.field());
    let question = if is_conditional(name) { "conditional" } else { "marginal" };
    result.extra.push(("estimand_type", Field::Text(question.to_owned())));
    result
}

/// The knees behind a method: both of every pair where it compares pairs, else every observed one.
fn rows(context: &Context, endpoint: usize, name: &str) -> Rows {
    let pairs_only = is_conditional(name) || matches!(name, "prentice-wilcoxon" | "akritas");
    let mut rows = Rows::default();
    for patient in context.members() {
        let patient = &context.trial.patients[patient];
        let knees: Vec<_> = [ACTIVE, PLACEBO].into_iter().filter_map(|arm| patient.knee(arm)).collect();
        let observed = knees.iter().filter(|knee| knee.values.timed(endpoint).is_some()).count();
        rows.leave_out(remark!(time_missing), knees.len() - observed);
        match (pairs_only, observed) {
            (true, 1) if patient.knees().len() > 1 && patient.pair().is_none() => {
                rows.leave_out(remark!(partner_further_arm), 1);
            }
            (true, 1) => rows.leave_out(remark!(partner_missing), 1),
            _ => rows.used += observed,
        }
    }
    rows
}

/// The source of a method.
fn reference(name: &str) -> &'static str {
    match name {
        CURVE => "Kaplan & Meier 1958; Greenwood 1926; log-log limits (Kalbfleisch & Prentice 1980)",
        "first-event" => "Holt & Prentice 1974; Clopper & Pearson 1934",
        "stratified-log-rank" => "Mantel 1966; McNemar 1947",
        "stratified-cox" => "Cox 1972; Holt & Prentice 1974",
        "marginal-cox" => "Lee, Wei & Amato 1992; Lin & Wei 1989; Efron 1977",
        "rmst" => "Andersen, Hansen & Klein 2004; Murray 2001; jackknife over patients",
        AT => "Su et al. 2011; jackknife over patients",
        "prentice-wilcoxon" => "O'Brien & Fleming 1987",
        "akritas" => "Akritas 1992",
        _ => "",
    }
}

/// Whether `endpoint` of the context is the time to an event.
pub fn is_survival(context: &Context, endpoint: usize) -> bool {
    context.trial.design.endpoints[endpoint].kind == Kind::Survival
}
