//! Paired statistics against limits found by inverting the tests in R, and marginal proportional odds.

use super::case::{Case, Reference};
use super::counts::vision_table;
use super::coverage::Coverage;
use crate::paired::catalogue::{self, Settings};
use crate::paired::square_table::SquareTable;
use crate::paired::{Alternative, Better, Options, Refusal, TestResult, correlation, proportional_odds};

/// R's own accuracy: a root to 1e-14, 15 digits written.
const CLOSED: f64 = 1e-10;
/// Roots of the noncentral t of R, which carries fewer digits than its central one.
const ROOT: f64 = 1e-8;

/// Values of the two knees of every patient.
struct Knees {
    treated: Vec<f64>,
    control: Vec<f64>,
}

impl Knees {
    fn of(case: &Case, treated: &str, control: &str) -> Self {
        Self { treated: case.data.complete(treated), control: case.data.complete(control) }
    }

    fn ask(&self, name: &str, options: &Options, settings: &Settings) -> Result<TestResult, Refusal> {
        catalogue::run(name, &self.treated, &self.control, options, settings)
    }

    fn table(&self, grades: &[f64]) -> Result<SquareTable, Refusal> {
        SquareTable::from_grades(&self.treated, &self.control, grades)
    }
}

/// Every result of the case; the vision of `vision` is that of another case.
pub fn compare(case: &Case, vision: &Case) -> Coverage {
    let scores = Knees::of(case, "treated", "control");
    let grades = Knees::of(case, "grade_treated", "grade_control");
    let mut coverage = Coverage::new(case);
    for result in &case.results {
        let (kind, rest) = result.id.split_once('.').unwrap_or((&result.id, ""));
        let options = Options { alternative: alternative(&result.id), ..Options::default() };
        let outcome = match kind {
            "pitman_morgan" => pitman_morgan(&mut coverage, result, &scores, &options),
            "spearman" | "kendall" => rank_correlation(&mut coverage, result, &scores, kind, rest),
            "effect_size" => effect_size(&mut coverage, result, &scores, &options),
            "trimmed_t" => trimmed_t(&mut coverage, result, &scores, rest),
            "non_inferiority" => non_inferiority(&mut coverage, result, &scores, rest),
            "win_odds" => win_odds(&mut coverage, result, &options),
            "grades" => odds(&mut coverage, result, grades.table(&[0.0, 1.0, 2.0, 3.0]), &options),
            "dichotomy" => {
                let high = |side: &[f64]| side.iter().map(|grade| f64::from(*grade >= 2.0)).collect();
                let dichotomy = Knees { treated: high(&grades.treated), control: high(&grades.control) };
                odds(&mut coverage, result, dichotomy.table(&[0.0, 1.0]), &options)
            }
            "vision" => odds(&mut coverage, result, vision_table(vision), &options),
            _ => continue,
        };
        if let Err(refusal) = outcome {
            coverage.check(result, &format!("computed, not refused: {}", refusal.0), false);
        }
    }
    coverage
}

fn alternative(id: &str) -> Alternative {
    match id.rsplit('.').next() {
        Some("less") => Alternative::Less,
        Some("greater") => Alternative::Greater,
        _ => Alternative::TwoSided,
    }
}

/// The limits, where the reference has them: an open side is a bound of the parameter, or infinite.
fn limits(coverage: &mut Coverage, result: &Reference, ours: &TestResult, tolerance: f64) {
    for (name, ours) in [("conf_low", ours.conf_low), ("conf_high", ours.conf_high)] {
        limit(coverage, result, name, ours, tolerance);
    }
}

fn limit(coverage: &mut Coverage, result: &Reference, name: &str, ours: Option<f64>, tolerance: f64) {
    match result.number(name) {
        Some(expected) => coverage.close_to(result, name, expected, ours, tolerance),
        None => coverage.check(result, name, ours.is_some_and(f64::is_infinite)),
    }
}

fn pitman_morgan(
    coverage: &mut Coverage,
    result: &Reference,
    scores: &Knees,
    options: &Options,
) -> Result<(), Refusal> {
    let ours = scores.ask("pitman-morgan", options, &Settings::default())?;
    coverage.close(result, "estimate", ours.estimate, CLOSED);
    coverage.close(result, "p_value", ours.p_value, CLOSED);
    limits(coverage, result, &ours, CLOSED);
    Ok(())
}

fn rank_correlation(
    coverage: &mut Coverage,
    result: &Reference,
    scores: &Knees,
    kind: &str,
    level: &str,
) -> Result<(), Refusal> {
    let options = Options { conf_level: level.parse().unwrap_or(f64::NAN), ..Options::default() };
    let correlation = if kind == "kendall" { correlation::Kind::Kendall } else { correlation::Kind::Spearman };
    let ours = scores.ask("correlation", &options, &Settings { correlation, ..Settings::default() })?;
    coverage.close(result, "estimate", ours.estimate, CLOSED);
    limits(coverage, result, &ours, CLOSED);
    Ok(())
}

fn effect_size(coverage: &mut Coverage, result: &Reference, scores: &Knees, options: &Options) -> Result<(), Refusal> {
    let ours = scores.ask("effect-size", options, &Settings::default())?;
    for name in ["dz", "dav", "dav_rms", "drm", "hedges_g"] {
        coverage.close(result, name, ours.number(name), CLOSED);
        for side in ["low", "high"] {
            let name = format!("{name}_{side}");
            limit(coverage, result, &name, ours.number(&name), ROOT);
        }
    }
    Ok(())
}

fn trimmed_t(coverage: &mut Coverage, result: &Reference, scores: &Knees, share: &str) -> Result<(), Refusal> {
    let settings = Settings { trim: share.parse().unwrap_or(f64::NAN), ..Settings::default() };
    let ours = scores.ask("trimmed-t", &Options::default(), &settings)?;
    for (name, value) in [
        ("estimate", ours.estimate),
        ("std_error", ours.std_error),
        ("statistic", ours.statistic),
        ("df", ours.df),
        ("p_value", ours.p_value),
    ] {
        coverage.close(result, name, value, CLOSED);
    }
    limits(coverage, result, &ours, CLOSED);
    Ok(())
}

fn non_inferiority(coverage: &mut Coverage, result: &Reference, scores: &Knees, margin: &str) -> Result<(), Refusal> {
    let options = Options { conf_level: 0.975, ..Options::default() };
    for (better, name) in [(Better::Lower, "lower"), (Better::Higher, "higher")] {
        let settings = Settings { margin: margin.parse().ok(), better, ..Settings::default() };
        let ours = scores.ask("non-inferiority", &options, &settings)?;
        let limit = if better == Better::Lower { ours.conf_high } else { ours.conf_low };
        coverage.close(result, &format!("{name}_p"), ours.p_value, CLOSED);
        coverage.close(result, &format!("{name}_limit"), limit, CLOSED);
        let shown = ours.p_value.is_some_and(|p| p < 0.025);
        let says = format!("{:?}", ours.field("non_inferior"));
        coverage.check(result, "interval and test agree", says.contains(&shown.to_string()));
    }
    Ok(())
}

/// Differences within 3 points count as equal there; the same table from three kinds of pairs here.
fn win_odds(coverage: &mut Coverage, result: &Reference, options: &Options) -> Result<(), Refusal> {
    let count = |name: &str| result.number(name).unwrap_or_default() as usize;
    let mut pairs = Knees { treated: Vec::new(), control: Vec::new() };
    for (name, treated) in [("better", 0.0), ("equal", 1.0), ("worse", 2.0)] {
        pairs.treated.extend(vec![treated; count(name)]);
        pairs.control.extend(vec![1.0; count(name)]);
    }
    let ours = pairs.ask("win-odds", options, &Settings::default())?;
    coverage.close(result, "estimate", ours.estimate, CLOSED);
    coverage.close(result, "p_value", ours.number("p_sign"), CLOSED);
    coverage.close(result, "net_low", ours.number("tango_low"), CLOSED);
    coverage.close(result, "net_high", ours.number("tango_high"), CLOSED);
    let odds = |name: &str| ours.number(name).map(|net| (1.0 + net) / (1.0 - net));
    coverage.close(result, "conf_low", odds("tango_low"), CLOSED);
    coverage.close(result, "conf_high", odds("tango_high"), CLOSED);
    Ok(())
}

/// Marginal proportional odds. `ordinal::clm` stops at a gradient of 1e-9.
fn odds(
    coverage: &mut Coverage,
    result: &Reference,
    table: Result<SquareTable, Refusal>,
    options: &Options,
) -> Result<(), Refusal> {
    let ours = proportional_odds::proportional_odds(&table?, options)?;
    coverage.close(result, "estimate", ours.estimate, ROOT);
    if result.id.ends_with(".ordgee") {
        coverage.close(result, "std_error", ours.number("std_error_classical"), ROOT);
        return Ok(());
    }
    coverage.close(result, "std_error_classical", ours.number("std_error_classical"), ROOT);
    coverage.close(result, "std_error", ours.std_error, ROOT);
    coverage.close(result, "p_value", ours.p_value, ROOT);
    limits(coverage, result, &ours, ROOT);
    Ok(())
}
