//! Paired statistics against limits found by inverting the tests in R, and marginal proportional odds
//! (`tests/reference/r/paired_further`, with the script that made it).

use crate::reference_cases::{Case, Coverage, Finish, Load, Reference};
use splitknee::paired::catalogue::{self, Settings};
use splitknee::paired::power::{Design, Given, answer, sd_of_difference};
use splitknee::paired::square_table::SquareTable;
use splitknee::paired::{Alternative, Better, Options, TestResult, correlation, proportional_odds};

/// R's own accuracy: a root to 1e-14, 15 digits written.
const CLOSED: f64 = 1e-10;
/// Roots of the noncentral t of R, which carries fewer digits than its central one.
const ROOT: f64 = 1e-8;

struct Data {
    treated: Vec<f64>,
    control: Vec<f64>,
}

impl Data {
    fn of(case: &Case, treated: &str, control: &str) -> Self {
        let column = |name: &str| case.data.numbers(name).into_iter().flatten().collect::<Vec<f64>>();
        Self { treated: column(treated), control: column(control) }
    }

    fn ask(&self, name: &str, options: &Options, settings: &Settings) -> TestResult {
        catalogue::run(name, &self.treated, &self.control, options, settings)
            .unwrap_or_else(|why| panic!("{name}: {why}"))
    }
}

fn alternative(id: &str) -> Alternative {
    match id.rsplit('.').next() {
        Some("less") => Alternative::Less,
        Some("greater") => Alternative::Greater,
        _ => Alternative::TwoSided,
    }
}

/// The limits, where the reference has them: an open side is a bound of the parameter, or infinite.
fn limits(coverage: &mut Coverage, result: &Reference, ours: &TestResult, names: [&str; 2], tolerance: f64) {
    for (name, ours) in names.iter().zip([ours.conf_low, ours.conf_high]) {
        match result.number(name) {
            Some(expected) => coverage.close_to(result, name, expected, ours, tolerance),
            None => coverage.check(result, name, ours.is_some_and(f64::is_infinite)),
        }
    }
}

#[test]
fn limits_by_inverting_the_tests() {
    let case = Case::load("r", "paired_further").expect("in the tree");
    let scores = Data::of(&case, "treated", "control");
    let grades = Data::of(&case, "grade_treated", "grade_control");
    let vision = Case::load("r", "marginal_vision").expect("in the tree");
    let mut coverage = Coverage::new(&case);
    for result in &case.results {
        let (kind, rest) = result.id.split_once('.').unwrap_or((&result.id, ""));
        let options = Options { alternative: alternative(&result.id), ..Options::default() };
        let plain = Settings::default();
        match kind {
            "pitman_morgan" => {
                let ours = scores.ask("pitman-morgan", &options, &plain);
                coverage.close(result, "estimate", ours.estimate, CLOSED);
                coverage.close(result, "p_value", ours.p_value, CLOSED);
                limits(&mut coverage, result, &ours, ["conf_low", "conf_high"], CLOSED);
            }
            "spearman" | "kendall" => {
                let options = Options { conf_level: rest.parse().expect("a level"), ..Options::default() };
                let kind = if kind == "kendall" { correlation::Kind::Kendall } else { correlation::Kind::Spearman };
                let ours = scores.ask("correlation", &options, &Settings { correlation: kind, ..plain });
                coverage.close(result, "estimate", ours.estimate, CLOSED);
                limits(&mut coverage, result, &ours, ["conf_low", "conf_high"], CLOSED);
            }
            "effect_size" => {
                let ours = scores.ask("effect-size", &options, &plain);
                for name in ["dz", "dav", "dav_rms", "drm", "hedges_g"] {
                    coverage.close(result, name, ours.number(name), CLOSED);
                    for side in ["low", "high"] {
                        let name = format!("{name}_{side}");
                        match result.number(&name) {
                            Some(expected) => coverage.close_to(result, &name, expected, ours.number(&name), ROOT),
                            None => coverage.check(result, &name, ours.number(&name).is_some_and(f64::is_infinite)),
                        }
                    }
                }
            }
            "trimmed_t" => {
                let settings = Settings { trim: rest.parse().expect("a share"), ..plain };
                let ours = scores.ask("trimmed-t", &Options::default(), &settings);
                for (name, value) in [
                    ("estimate", ours.estimate),
                    ("std_error", ours.std_error),
                    ("statistic", ours.statistic),
                    ("df", ours.df),
                    ("p_value", ours.p_value),
                ] {
                    coverage.close(result, name, value, CLOSED);
                }
                limits(&mut coverage, result, &ours, ["conf_low", "conf_high"], CLOSED);
            }
            "non_inferiority" => {
                let options = Options { conf_level: 0.975, ..Options::default() };
                for (better, name) in [(Better::Lower, "lower"), (Better::Higher, "higher")] {
                    let settings = Settings { margin: rest.parse().ok(), better, ..Settings::default() };
                    let ours = scores.ask("non-inferiority", &options, &settings);
                    let limit = if better == Better::Lower { ours.conf_high } else { ours.conf_low };
                    coverage.close(result, &format!("{name}_p"), ours.p_value, CLOSED);
                    coverage.close(result, &format!("{name}_limit"), limit, CLOSED);
                    let shown = ours.p_value.is_some_and(|p| p < 0.025);
                    let says = format!("{:?}", ours.field("non_inferior"));
                    coverage.check(result, "interval and test agree", says.contains(&shown.to_string()));
                }
            }
            "win_odds" => {
                // Differences within 3 points count as equal there; the same table from three kinds of pairs here.
                let count = |name: &str| result.number(name).expect("a count") as usize;
                let mut pairs = Data { treated: Vec::new(), control: Vec::new() };
                for (name, treated) in [("better", 0.0), ("equal", 1.0), ("worse", 2.0)] {
                    pairs.treated.extend(vec![treated; count(name)]);
                    pairs.control.extend(vec![1.0; count(name)]);
                }
                let ours = pairs.ask("win-odds", &options, &plain);
                coverage.close(result, "estimate", ours.estimate, CLOSED);
                coverage.close(result, "p_value", ours.p_value, CLOSED);
                coverage.close(result, "net_low", ours.number("net_benefit_low"), CLOSED);
                coverage.close(result, "net_high", ours.number("net_benefit_high"), CLOSED);
                limits(&mut coverage, result, &ours, ["conf_low", "conf_high"], CLOSED);
            }
            "grades" | "dichotomy" | "vision" => {
                let table = match kind {
                    "grades" => SquareTable::from_grades(&grades.treated, &grades.control, &[0.0, 1.0, 2.0, 3.0]),
                    "dichotomy" => {
                        let high = |side: &[f64]| side.iter().map(|g| f64::from(*g >= 2.0)).collect::<Vec<f64>>();
                        SquareTable::from_grades(&high(&grades.treated), &high(&grades.control), &[0.0, 1.0])
                    }
                    _ => vision_table(&vision),
                };
                let ours = proportional_odds::proportional_odds(&table.expect("a table"), &options);
                let ours = ours.unwrap_or_else(|why| panic!("{}: {why}", result.id));
                // clm stops at a gradient of 1e-9.
                coverage.close(result, "estimate", ours.estimate, 1e-8);
                if rest == "ordgee" {
                    coverage.close(result, "std_error", ours.number("std_error_classical"), ROOT);
                } else {
                    coverage.close(result, "std_error_classical", ours.number("std_error_classical"), ROOT);
                    coverage.close(result, "std_error", ours.std_error, ROOT);
                    coverage.close(result, "p_value", ours.p_value, ROOT);
                    limits(&mut coverage, result, &ours, ["conf_low", "conf_high"], ROOT);
                }
            }
            _ => {}
        }
    }
    coverage.finish();
}

fn vision_table(case: &Case) -> Result<SquareTable, splitknee::paired::Refusal> {
    let column = |name: &str| case.data.numbers(name).into_iter().flatten().collect::<Vec<f64>>();
    let mut counts = vec![vec![0; 4]; 4];
    for ((right, left), n) in column("right_eye").iter().zip(column("left_eye")).zip(column("freq")) {
        counts[*right as usize - 1][left as usize - 1] += n as u64;
    }
    SquareTable::from_counts(counts)
}

/// statsmodels 0.15.0 on `grade_treated`, `grade_control` of the same case: `OrdinalGEE(g, arm, groups=id,
/// cov_struct=OrdinalIndependence()).fit(ctol=1e-12)`, `cov_type="robust"` and `"bias_reduced"`.
#[test]
fn proportional_odds_as_statsmodels() {
    let case = Case::load("r", "paired_further").expect("in the tree");
    let ours = Data::of(&case, "grade_treated", "grade_control").ask(
        "proportional-odds",
        &Options::default(),
        &Settings::default(),
    );
    for (what, ours, expected) in [
        ("β", ours.estimate, -0.7502001292808113),
        ("robust", ours.number("std_error_classical"), 0.4885151213541905),
        ("bias reduced", ours.std_error, 0.5097549092391557),
    ] {
        let ours = ours.unwrap_or_else(|| panic!("{what}: no number"));
        assert!((ours / expected - 1.0).abs() < 1e-9, "{what}: {ours} against {expected}");
    }
}

#[test]
fn proportional_odds_where_there_are_none() {
    let of = |counts: Vec<Vec<u64>>| {
        proportional_odds::proportional_odds(&SquareTable::from_counts(counts).expect("a table"), &Options::default())
    };
    // Every treated knee above every control knee, and the other way round; one arm at one end of the other.
    for counts in [
        vec![vec![0, 0], vec![5, 0]],
        vec![vec![0, 5], vec![0, 0]],
        vec![vec![0, 0, 0], vec![0, 0, 0], vec![3, 2, 4]],
        vec![vec![7, 0], vec![0, 0]],
        vec![vec![0, 1], vec![0, 0]],
    ] {
        let refusal = of(counts.clone()).expect_err("no finite odds ratio");
        assert!(!refusal.0.is_empty(), "{counts:?}");
    }
    // No pair differs: the odds ratio is 1, without a standard error.
    let same = of(vec![vec![3, 0, 0], vec![0, 0, 0], vec![0, 0, 4]]).expect("an odds ratio of 1");
    assert!(same.estimate.is_some_and(|estimate| estimate.abs() < 1e-12), "{same:?}");
    assert!(same.std_error.is_none() && same.p_value.is_none() && same.notes.len() >= 2);
    // Exchanging the knees changes the sign.
    let there = of(vec![vec![4, 1, 0], vec![3, 5, 1], vec![2, 2, 4]]).expect("regular");
    let back = of(vec![vec![4, 3, 2], vec![1, 5, 2], vec![0, 1, 4]]).expect("regular");
    let sum = there.estimate.zip(back.estimate).map(|(a, b)| a + b);
    assert!(sum.is_some_and(|sum| sum.abs() < 1e-10), "{there:?} {back:?}");
    assert!((there.std_error.unwrap_or(0.0) / back.std_error.unwrap_or(1.0) - 1.0).abs() < 1e-9);
}

/// R 4.2.2: `power.t.test(delta = 10, sd = 18, power = 0.9, type = "paired", strict = TRUE)$n` and with `n = 37`, for
/// sd = 18 of the differences (18 of one knee at a correlation of one half).
#[test]
fn pairs_for_a_power_are_rounded_up() {
    let sd_diff = sd_of_difference(18.0, 0.5).expect("a correlation");
    assert!((sd_diff - 18.0).abs() < 1e-12);
    let design = Design { delta: -10.0, sd_diff, alpha: 0.05, alternative: Alternative::TwoSided };
    let ours = answer(&design, Given::Power(0.9)).expect("feasible");
    assert!((ours.number("pairs_needed").expect("n") - R_PAIRS).abs() < 1e-6, "{ours:?}");
    assert_eq!(ours.n_pairs, R_PAIRS.ceil() as usize);
    assert!(ours.number("power").is_some_and(|power| (power - R_POWER).abs() < 1e-10), "{ours:?}");
    let again = answer(&design, Given::Pairs(ours.n_pairs)).expect("feasible");
    assert_eq!(again.number("power"), ours.number("power"));
    assert_eq!(answer(&Design { delta: 0.0, ..design }, Given::Power(0.9)).ok(), None);
    assert!(answer(&design, Given::Pairs(1)).is_err());
}

const R_PAIRS: f64 = 36.019_853_382_118_83;
const R_POWER: f64 = 0.907_896_681_656_875_3;
