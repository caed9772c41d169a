//! Paired tests of the plan, and the correlation between the knees.

use super::Context;
use super::methods::Deciding;
use super::record::Record;
use crate::math::descriptive::{mean, sd};
use crate::paired::catalogue::{self, Settings};
use crate::paired::{self, Alternative, Field, Options, TestResult, bootstrap, permutation, wilcoxon};
use crate::plan::PrimaryMethod;
use crate::trial::{Better, Endpoint, Kind, Measure, Role};

/// Methods whose estimate is a difference active − placebo, so that its interval can decide a conclusion.
const DIFFERENCES: [&str; 12] = [
    "paired-t",
    "wilcoxon",
    "sign",
    "permutation",
    "trimmed-t",
    "bootstrap",
    "mixed-model",
    "mmrm",
    "mmrm-difference",
    "clda",
    "ancova",
    "mcnemar",
];

/// Whether the estimate of `method` is a difference active − placebo.
pub fn is_difference(method: &str) -> bool {
    DIFFERENCES.contains(&method)
}

/// The paired tests run on `endpoint`: those of the plan, else those usual for its kind.
pub fn methods(context: &Context, endpoint: usize) -> Vec<String> {
    let about = &context.trial.design.endpoints[endpoint];
    if !about.tests.is_empty() {
        return about.tests.clone();
    }
    match about.kind {
        Kind::Continuous | Kind::Count => {
            let analysis = &context.plan.analysis;
            let mut names: Vec<String> = Vec::new();
            for method in std::iter::once(&analysis.primary).chain(&analysis.sensitivity) {
                if let Some(name) = paired_name(*method)
                    && !names.iter().any(|known| known == name)
                {
                    names.push(name.to_owned());
                }
            }
            if about.margin.is_some() {
                names.push("tost".to_owned());
            }
            names
        }
        Kind::Ordinal => ["wilcoxon", "stuart-maxwell", "bowker", "win-odds"].map(str::to_owned).to_vec(),
        Kind::Binary => vec!["mcnemar".to_owned()],
    }
}

/// The name of a plan method among the paired tests.
pub fn paired_name(method: PrimaryMethod) -> Option<&'static str> {
    Some(match method {
        PrimaryMethod::PairedT => "paired-t",
        PrimaryMethod::Wilcoxon => "wilcoxon",
        PrimaryMethod::Sign => "sign",
        PrimaryMethod::Permutation => "permutation",
        PrimaryMethod::TrimmedT => "trimmed-t",
        PrimaryMethod::Bootstrap => "bootstrap",
        PrimaryMethod::Mcnemar => "mcnemar",
        PrimaryMethod::StuartMaxwell => "stuart-maxwell",
        _ => return None,
    })
}

/// The paired tests of `endpoint` at `visit`; in an analysis set other than the primary one, only the test that decides.
pub fn tests(context: &Context, endpoint: usize, visit: usize) -> Vec<Record> {
    let trial = context.trial;
    let about = &trial.design.endpoints[endpoint];
    let measure = context.measure(endpoint);
    let paired = trial.paired(endpoint, visit, measure, context.set);
    let (active, placebo) = (paired.active(), paired.placebo());
    let deciding = match super::methods::deciding(context, endpoint) {
        Some(Deciding::Test(name)) => Some(name),
        _ => None,
    };
    methods(context, endpoint)
        .into_iter()
        .filter(|name| context.in_primary_set() || deciding.as_deref() == Some(name))
        .map(|name| {
            let mut result = run(context, &name, about, &active, &placebo);
            result.n_dropped = paired.dropped.len();
            let role =
                if deciding.as_deref() == Some(&name) { context.role(endpoint, visit) } else { Role::Sensitivity };
            let id = format!("{}.{}.{name}", context.stem(endpoint, visit), role.name());
            let rows = context.paired_rows(endpoint, visit, &paired);
            let mut record = context.record(id, endpoint, visit, measure, role, result, rows);
            record.reference = reference(&name);
            record
        })
        .collect()
}

/// One test by name; a refusal becomes a result without numbers whose note says why.
pub fn run(context: &Context, name: &str, about: &Endpoint, active: &[f64], placebo: &[f64]) -> TestResult {
    let options = if name == "win-odds" { context.benefit_options(about.better) } else { context.options() };
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
        limits: about.margin.map(|margin| (-margin, margin)),
        levels: levels(about),
        better: match about.better {
            Better::Lower => paired::Better::Lower,
            Better::Higher => paired::Better::Higher,
        },
        ..Settings::default()
    };
    catalogue::run(name, active, placebo, &options, &settings).unwrap_or_else(|refusal| {
        let name = catalogue::NAMES.iter().find(|known| **known == name).copied().unwrap_or("unknown");
        let mut result = TestResult::new(name, active.len(), &options);
        result.notes.push(refusal.0);
        result
    })
}

/// Grades keep zero differences in the ranking (Pratt), scores drop them (Wilcoxon).
fn zeros(kind: Kind) -> wilcoxon::Zeros {
    if kind == Kind::Ordinal { wilcoxon::Zeros::Pratt } else { wilcoxon::Zeros::Wilcoxon }
}

/// The possible grades of an ordinal endpoint with a range; empty (those observed) otherwise.
pub fn levels(about: &Endpoint) -> Vec<f64> {
    match (about.kind, about.range) {
        (Kind::Ordinal, Some((low, high))) if high - low <= 20.0 => {
            let step = about.step.unwrap_or(1.0);
            let count = ((high - low) / step).round() as usize;
            (0..=count).map(|index| low + step * index as f64).collect()
        }
        _ => Vec::new(),
    }
}

/// Effect sizes, the normality of the differences and the limits of agreement at one visit, for scores and measurements; a
/// test that the endpoint asks for itself is not repeated.
pub fn describe(context: &Context, endpoint: usize, visit: usize) -> Vec<Record> {
    let about = &context.trial.design.endpoints[endpoint];
    if !matches!(about.kind, Kind::Continuous | Kind::Count) {
        return Vec::new();
    }
    let measure = context.measure(endpoint);
    let paired = context.trial.paired(endpoint, visit, measure, context.set);
    let (active, placebo) = (paired.active(), paired.placebo());
    ["effect-size", "shapiro-wilk", "bland-altman"]
        .into_iter()
        .filter(|name| !methods(context, endpoint).iter().any(|asked| asked == name))
        .map(|name| {
            let mut result = run(context, name, about, &active, &placebo);
            result.n_dropped = paired.dropped.len();
            let id = format!("{}.descriptive.{name}", context.stem(endpoint, visit));
            let rows = context.paired_rows(endpoint, visit, &paired);
            let mut record = context.record(id, endpoint, visit, measure, Role::Descriptive, result, rows);
            record.reference = reference(name);
            record
        })
        .collect()
}

/// The correlation between the knees of a patient at one visit, and what the pairing gains.
pub fn correlation(context: &Context, endpoint: usize, visit: usize) -> Record {
    // A description: two-sided whatever the plan's alternative about active − placebo.
    let options = Options { alternative: Alternative::TwoSided, ..context.options() };
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
    record.reference = "Pearson correlation with Fisher's z interval (Fisher 1921); Elbourne et al. 2002";
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

/// The source of a paired test.
fn reference(name: &str) -> &'static str {
    match name {
        "paired-t" => "Student 1908; R t.test(paired = TRUE)",
        "wilcoxon" => "Wilcoxon 1945; exact distribution with ties by Streitberg & Röhmel 1986; Hodges & Lehmann 1963",
        "sign" => "Dixon & Mood 1946; interval from order statistics",
        "permutation" => "Fisher 1935; Pitman 1937",
        "trimmed-t" => "Yuen 1974; Wilcox 2012, paired trimmed means",
        "bootstrap" => "Efron 1987 (BCa)",
        "tost" => "Schuirmann 1987 (two one-sided tests)",
        "effect-size" => "Cohen 1988; Hedges 1981; noncentral-t interval (Steiger & Fouladi 1997)",
        "shapiro-wilk" => "Shapiro & Wilk 1965; Royston 1995 (AS R94)",
        "pitman-morgan" => "Pitman 1939; Morgan 1939",
        "bland-altman" => "Bland & Altman 1986",
        "icc" => "Shrout & Fleiss 1979; McGraw & Wong 1996",
        "mcnemar" => "McNemar 1947; Fagerland, Lydersen & Laake 2013; Tango 1998",
        "stuart-maxwell" => "Stuart 1955; Maxwell 1970",
        "bowker" => "Bowker 1948",
        "win-odds" => "Dong et al. 2020; Brunner, Vandemeulebroecke & Mütze 2021; Tango 1998",
        _ => "",
    }
}
