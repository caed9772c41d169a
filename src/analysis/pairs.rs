//! Paired tests of the plan at one visit, and the correlation between the knees. Tests over all visits together are in
//! [`super::repeated`].

use super::Context;
use super::logarithms;
use super::methods::{self, Deciding};
use super::notes::remark;
use super::record::Record;
use super::rule::{self, Choice, Rule};
use super::scale::{Ratio, Scale};
use crate::math::decimal;
use crate::math::descriptive::{mean, sd};
use crate::note::Notes;
use crate::paired::catalogue::{self, Settings};
use crate::paired::kappa::Weights;
use crate::paired::method::Estimate;
use crate::paired::small_samples::{self, SmallSample};
use crate::paired::{
    self, Alternative, Field, Method, Options, TestResult, bootstrap, brunner_munzel, permutation, wilcoxon,
};
use crate::plan::PrimaryMethod;
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{Kind, Measure, Pair, Patient, Role, Trial};

/// Methods beside the paired tests whose estimate is a difference active − placebo, so that its interval can decide a
/// conclusion.
const DIFFERENCES: [&str; 6] = [super::redrawn::METHOD, "mixed-model", "mmrm", "mmrm-difference", "clda", "ancova"];

/// The test that decides grades where the plan names none that can: net benefit and win odds, whose p-value and interval
/// are one method at every number of patients (`studies/grades`).
const GRADES: &str = paired::win_odds::METHOD.name;

/// The exact conditional test of counts in records.
pub const EXACT_COUNTS: &str = paired::counts::METHOD.result_name();

/// Whether the test `name` can decide grades: its p-value and its interval answer one question. The Hodges–Lehmann
/// interval of grades nearly always holds 0, also where the signed-rank test rejects, and the omnibus tests of the k × k
/// table have no direction: these describe.
pub fn decides_grades(name: &str) -> bool {
    catalogue::find(name).is_some_and(|test| test.decides_grades)
}

/// Whether the estimate of `method` is a difference active − placebo.
pub fn is_difference(method: &str) -> bool {
    catalogue::of_result(method).map_or(DIFFERENCES.contains(&method), |test| test.estimate.is_difference())
}

/// Whether the estimate of `method` is a centre of the differences other than their mean.
pub fn is_other_centre(method: &str) -> bool {
    catalogue::of_result(method).is_some_and(|test| test.estimate == Estimate::Centre)
}

/// Whether the estimate of `method` is in the unit of the endpoint, though its interval may answer another question than
/// whether active and placebo differ.
pub fn is_in_units(method: &str) -> bool {
    is_difference(method) || catalogue::of_result(method).is_some_and(|test| test.estimate.is_in_units())
}

/// The tests run on `endpoint`: those of the plan, else those usual for its kind.
pub fn methods(context: &Context, endpoint: usize) -> Vec<String> {
    let about = &context.trial.design.endpoints[endpoint];
    if !about.tests.is_empty() && about.kind != Kind::Survival {
        // Grades are decided by a method whose test and interval belong together, named by the plan or not.
        let decided = about.kind != Kind::Ordinal || about.tests.iter().any(|name| decides_grades(name));
        let added = (!decided).then(|| GRADES.to_owned());
        return added.into_iter().chain(about.tests.iter().cloned()).collect();
    }
    match about.kind {
        Kind::Continuous | Kind::Count => {
            // Counts with an exposure are compared by their rates alone, and only counts have a test of counts.
            let fits = |name: &str| match is_of_counts(name) {
                true => about.kind == Kind::Count,
                false => about.exposure.is_none(),
            };
            let analysis = &context.plan.analysis;
            let mut names: Vec<String> = Vec::new();
            if about.exposure.is_some() && !analysis.primary.compares_rates() {
                names.push(methods::RATES.to_owned());
            }
            if rule::of(context, endpoint).is_some_and(|rule| rule.choice == Choice::PairedChange) {
                names.push("paired-t".to_owned());
            }
            for method in std::iter::once(&analysis.primary).chain(&analysis.sensitivity) {
                let named = paired_name(*method).filter(|_| methods::fits(*method, about));
                if let Some(name) = named.filter(|name| fits(name))
                    && !names.iter().any(|known| known == name)
                {
                    names.push(name.to_owned());
                }
            }
            let another = |method: &PrimaryMethod| methods::fits(*method, about);
            if !another(&analysis.primary) && !analysis.sensitivity.iter().any(another) {
                names.push("paired-t".to_owned());
            }
            names.extend(against_margins(context, endpoint));
            names
        }
        Kind::Ordinal => [GRADES, "wilcoxon", "stuart-maxwell", "bowker"].map(str::to_owned).to_vec(),
        Kind::Binary => vec!["mcnemar".to_owned()],
        Kind::Survival => super::survival::methods(context, endpoint),
    }
}

/// The tests that the endpoint's margins call for.
fn against_margins(context: &Context, endpoint: usize) -> Vec<String> {
    let equivalence = context.trial.design.endpoints[endpoint].margin.map(|_| "tost");
    let non_inferiority = non_inferiority_margin(context, endpoint).map(|_| "non-inferiority");
    equivalence.into_iter().chain(non_inferiority).map(str::to_owned).collect()
}

/// The non-inferiority margin of the plan on the scale of the analysis.
pub(super) fn non_inferiority_margin(context: &Context, endpoint: usize) -> Option<f64> {
    let margin = context.plan.endpoints.get(endpoint)?.non_inferiority_margin?;
    Some(context.trial.design.endpoints[endpoint].on_scale(margin))
}

/// The name of a plan method among the paired tests.
pub fn paired_name(method: PrimaryMethod) -> Option<&'static str> {
    let of_times = match method {
        PrimaryMethod::FirstEvent => Some("first-event"),
        PrimaryMethod::Rmst => Some("rmst"),
        _ => None,
    };
    // A plan writes `paired_t` for the test `paired-t`.
    let named = catalogue::find(&method.name().replace('_', "-")).map(|test| test.name);
    of_times.or(named)
}

/// The paired tests of `endpoint` at `visit`; in an analysis set other than the primary one, only the test that decides.
pub fn tests(context: &Context, endpoint: usize, visit: usize) -> Vec<Record> {
    tests_of(context, endpoint, visit, !context.in_primary_set())
}

/// As [`tests`]; with `deciding_only` no other test is run.
pub fn tests_of(context: &Context, endpoint: usize, visit: usize, deciding_only: bool) -> Vec<Record> {
    let measure = context.measure(endpoint);
    let paired = context.trial.paired(endpoint, visit, measure, context.set);
    let (active, placebo) = (paired.active(), paired.placebo());
    let deciding = match methods::deciding(context, endpoint) {
        Some(Deciding::Test(name)) => Some(name),
        _ => None,
    };
    methods(context, endpoint)
        .into_iter()
        .filter(|name| catalogue::compares(name))
        .filter(|name| !deciding_only || deciding.as_deref() == Some(name))
        .map(|name| {
            let mut result = match name.as_str() {
                name if is_of_counts(name) => of_counts(context, endpoint, visit, name, &paired.pairs),
                name => run(context, name, endpoint, &active, &placebo),
            };
            result.n_dropped = paired.dropped.len();
            if context.trial.design.endpoints[endpoint].logarithm.is_some() && is_in_units(&name) {
                result.extra.extend(logarithms::geometric_means(&active, &placebo));
            }
            let decides = deciding.as_deref() == Some(&name);
            if decides && let Some(limit) = small_samples::below(&name, active.len()) {
                result = refused(result, &name, limit);
            }
            if decides {
                result.extra.extend(rule::of(context, endpoint).iter().flat_map(Rule::fields));
            }
            let role = if decides { context.role(endpoint, visit) } else { Role::Sensitivity };
            let id = format!("{}.{}.{}", context.stem(endpoint, visit), role.name(), in_records(&name));
            let rows = context.paired_rows(endpoint, visit, &paired);
            let mut record = context.record(id, endpoint, visit, measure, role, result, rows);
            record.reference = catalogue::find(&name).map_or("", |test| test.source);
            record
        })
        .collect()
}

/// The method of a test in records: counts of participants have the name of the exact test of counts.
fn in_records(name: &str) -> &str {
    catalogue::find(name).map_or(name, |test| test.result_name())
}

/// Whether the test `name` is for counts and nothing else.
fn is_of_counts(name: &str) -> bool {
    catalogue::find(name).is_some_and(Method::is_of_counts)
}

/// The test `name` of the counts of `paired` with their exposures. Of the exact one, without an event on one side the estimate is the
/// logarithm of 0 or of infinity, as its limits are.
pub(super) fn of_counts(context: &Context, endpoint: usize, visit: usize, name: &str, pairs: &[Pair]) -> TestResult {
    let method = if name == methods::COUNTS { EXACT_COUNTS } else { methods::RATES };
    let options = context.options_of(context.trial.design.endpoints[endpoint].better);
    let exposures = |arm: usize| -> Option<Vec<f64>> {
        let of = |pair: &Pair| context.trial.patients[pair.patient].knee(arm)?.exposure(endpoint, visit);
        pairs.iter().map(of).collect()
    };
    let (active, placebo): (Vec<f64>, Vec<f64>) = pairs.iter().map(|pair| (pair.active, pair.placebo)).unzip();
    let settings = Settings { exposures: exposures(ACTIVE).zip(exposures(PLACEBO)), ..Settings::default() };
    let found = catalogue::run(name, &active, &placebo, &options, &settings);
    let mut result = found.unwrap_or_else(|refusal| {
        let mut result = TestResult::new(method, pairs.len(), &options);
        result.notes.push(refusal.0);
        result
    });
    result.method = method;
    let none = [result.number("count_treated"), result.number("count_control")].map(|count| count == Some(0.0));
    result.estimate = match none {
        [true, false] => Some(f64::NEG_INFINITY),
        [false, true] => Some(f64::INFINITY),
        _ => result.estimate,
    };
    result.extra.push(Scale::Log(Ratio::Rates).field());
    result
}

/// Whether the counts of an exact test vary more than Poisson counts within pairs (Pearson's χ² at 5 %).
pub fn is_overdispersed(result: &TestResult) -> bool {
    matches!(result.field("overdispersion"), Some(Field::Json(found)) if found["p_value"].as_f64().is_some_and(|p| p < 0.05))
}

/// A method that does not hold its level with so few pairs decides nothing: neither test nor limits, and who would.
fn refused(result: TestResult, name: &str, limit: SmallSample) -> TestResult {
    let mut notes = Notes::new();
    notes.push(remark!(
        small_refused,
        method = name,
        n = result.n_pairs,
        least = limit.least,
        neighbours = limit.neighbours
    ));
    notes.extend(result.notes);
    TestResult {
        std_error: None,
        statistic: None,
        df: None,
        p_value: None,
        conf_low: None,
        conf_high: None,
        notes,
        ..result
    }
}

/// The one-sided p-value of the test of `record` that the difference lies beyond `edge` in the direction of the sign
/// `towards`: the test carried out on the differences less `edge`. `None` for what is no paired test of differences.
pub(super) fn p_beyond(context: &Context, record: &Record, edge: f64, towards: f64) -> Option<f64> {
    let (endpoint, visit) = (record.endpoint?, record.visit?);
    if !is_difference(record.result.method) || !catalogue::NAMES.contains(&record.result.method) {
        return None;
    }
    let paired = context.trial.paired(endpoint, visit, record.measure, context.set);
    let shifted: Vec<f64> = paired.active().iter().map(|value| decimal::add(*value, -edge)).collect();
    let alternative = if towards > 0.0 { Alternative::Greater } else { Alternative::Less };
    let options = Options { alternative, ..context.options() };
    run_with(context, record.result.method, endpoint, (&shifted, &paired.placebo()), options).p_value
}

/// One test by name; a refusal becomes a result without numbers whose note says why.
fn run(context: &Context, name: &str, endpoint: usize, active: &[f64], placebo: &[f64]) -> TestResult {
    let about = &context.trial.design.endpoints[endpoint];
    let test = catalogue::find(name);
    let options = match test.map(|test| test.estimate) {
        Some(Estimate::Benefit { .. }) => context.benefit_options(),
        Some(Estimate::AgainstMargin) => one_sided(context.options_of(about.better)),
        _ if catalogue::compares(name) => context.options_of(about.better),
        // A description is two-sided whatever the plan's alternative about active − placebo.
        _ => context.options(),
    };
    run_with(context, name, endpoint, (active, placebo), options)
}

fn run_with(
    context: &Context,
    name: &str,
    endpoint: usize,
    (active, placebo): (&[f64], &[f64]),
    options: Options,
) -> TestResult {
    let about = &context.trial.design.endpoints[endpoint];
    let analysis = &context.plan.analysis;
    let settings = Settings {
        wilcoxon: wilcoxon::Settings { zeros: zeros(about.kind), ..wilcoxon::Settings::default() },
        permutation: permutation::Settings {
            samples: analysis.permutation_samples,
            seed: analysis.seed,
            ..permutation::Settings::default()
        },
        bootstrap: bootstrap::Settings {
            resamples: analysis.bootstrap_samples,
            seed: analysis.seed,
            ..bootstrap::Settings::default()
        },
        brunner_munzel: brunner_munzel::Settings {
            samples: analysis.permutation_samples,
            seed: analysis.seed,
            ..brunner_munzel::Settings::default()
        },
        limits: about.equivalence().map(|margin| (-margin, margin)),
        levels: if about.kind == Kind::Ordinal { levels(context.trial, endpoint) } else { Vec::new() },
        weights: if about.kind == Kind::Ordinal { Weights::Quadratic } else { Weights::Unweighted },
        margin: non_inferiority_margin(context, endpoint),
        better: about.better,
        ..Settings::default()
    };
    catalogue::run(name, active, placebo, &options, &settings).unwrap_or_else(|refusal| {
        let name = catalogue::find(name).map_or("unknown", |test| test.name);
        let mut result = TestResult::new(name, active.len(), &options);
        result.notes.push(refusal.0);
        result
    })
}

/// The options of tests against a margin, non-inferiority and both sides of an equivalence test: at half of a two-sided α,
/// so that their limits are those of the two-sided interval that decides (ICH E9, 3.3.2, 5.5); at α in a one-sided plan.
fn one_sided(options: Options) -> Options {
    let two_sided = options.alternative == Alternative::TwoSided;
    let conf_level = if two_sided { 0.5 + 0.5 * options.conf_level } else { options.conf_level };
    Options { alternative: Alternative::TwoSided, conf_level, ..options }
}

/// Grades keep zero differences in the ranking (Pratt), scores drop them (Wilcoxon).
fn zeros(kind: Kind) -> wilcoxon::Zeros {
    if kind == Kind::Ordinal { wilcoxon::Zeros::Pratt } else { wilcoxon::Zeros::Wilcoxon }
}

/// The grades of `endpoint` in ascending order: those of its range, else those observed at any visit, so that every visit's
/// table has the same.
pub fn levels(trial: &Trial, endpoint: usize) -> Vec<f64> {
    let about = &trial.design.endpoints[endpoint];
    let step = about.step.unwrap_or(1.0);
    match (about.kind, about.range) {
        _ if !about.levels.is_empty() => about.levels.iter().map(|level| level.value).collect(),
        (Kind::Binary, _) => vec![0.0, 1.0],
        (_, Some((low, high))) if (high - low) / step <= 20.0 => {
            let count = ((high - low) / step).round() as usize;
            // By steps on the decimal grid: 3 × 0.1 is no 0.3.
            std::iter::successors(Some(low), |level| Some(decimal::add(*level, step))).take(count + 1).collect()
        }
        _ => {
            let knees = trial.patients.iter().flat_map(Patient::knees);
            let mut seen: Vec<f64> = knees.flat_map(|knee| knee.values[endpoint].iter().flatten().copied()).collect();
            seen.sort_by(f64::total_cmp);
            seen.dedup();
            seen
        }
    }
}

/// What describes the pairs at one visit without comparing the arms: effect sizes, the normality of the differences and the
/// limits of agreement for scores and measurements, and what else the endpoint asks for.
pub fn describe(context: &Context, endpoint: usize, visit: usize) -> Vec<Record> {
    let about = &context.trial.design.endpoints[endpoint];
    let measure = context.measure(endpoint);
    let paired = context.trial.paired(endpoint, visit, measure, context.set);
    let (active, placebo) = (paired.active(), paired.placebo());
    let usual: &[&str] = match about.kind {
        // Sizes of differences say nothing about rates.
        Kind::Count if about.rated => &[],
        Kind::Continuous | Kind::Count => &["effect-size", "shapiro-wilk", "bland-altman"],
        Kind::Ordinal | Kind::Binary | Kind::Survival => &[],
    };
    let mut names: Vec<String> = usual.iter().map(|name| (*name).to_owned()).collect();
    for name in &about.tests {
        // The correlation of the scores is described at every visit anyway.
        let described = name == "correlation" && measure == Measure::Value;
        let repeated = catalogue::REPEATED.contains(&name.as_str());
        if !catalogue::compares(name) && !repeated && !described && !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
        .iter()
        .map(|name| {
            let mut result = run(context, name, endpoint, &active, &placebo);
            result.n_dropped = paired.dropped.len();
            let of_changes = if name == "correlation" { "change-" } else { "" };
            let id = format!("{}.descriptive.{of_changes}{name}", context.stem(endpoint, visit));
            let rows = context.paired_rows(endpoint, visit, &paired);
            let mut record = context.record(id, endpoint, visit, measure, Role::Descriptive, result, rows);
            record.reference = catalogue::find(name).map_or("", |test| test.source);
            record
        })
        .collect()
}

/// The correlation between the knees of a patient at one visit, and what the pairing gains.
pub fn correlation(context: &Context, endpoint: usize, visit: usize) -> Record {
    // A description: two-sided whatever the plan's alternative about active − placebo.
    let options = context.options();
    let paired = context.trial.paired(endpoint, visit, Measure::Value, context.set);
    let (active, placebo) = (paired.active(), paired.placebo());
    let mut result = pearson(&active, &placebo, &options);
    result.n_dropped = paired.dropped.len();
    let spread = sd(&paired.differences());
    let apart = sd(&active).zip(sd(&placebo)).map(|(a, b)| a * a + b * b).filter(|variance| *variance > 0.0);
    result.extra.extend([
        ("sd_active", Field::Number(sd(&active))),
        ("sd_placebo", Field::Number(sd(&placebo))),
        ("mean_diff", Field::Number(mean(&paired.differences()))),
        ("sd_diff", Field::Number(spread)),
        ("variance_ratio", Field::Number(spread.zip(apart).map(|(spread, apart)| spread * spread / apart))),
    ]);
    let id = format!("{}.descriptive.correlation", context.stem(endpoint, visit));
    let rows = context.paired_rows(endpoint, visit, &paired);
    let mut record = context.record(id, endpoint, visit, Measure::Value, Role::Descriptive, result, rows);
    record.reference = paired::correlation::METHOD.source;
    record
}

/// Pearson's correlation; a refusal becomes a result without numbers whose note says why.
pub fn pearson(active: &[f64], placebo: &[f64], options: &Options) -> TestResult {
    paired::correlation::correlation(active, placebo, paired::correlation::Kind::Pearson, options).unwrap_or_else(
        |refusal| {
            let mut result = TestResult::new("correlation", active.len(), options);
            result.notes.push(refusal.0);
            result
        },
    )
}
