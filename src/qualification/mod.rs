//! Qualification of an installed program: it recomputes reference values that were made with other software and says
//! which it reproduces. The report is what a trial master file needs for installation and operational qualification.
//!
//! The reference values and the data they were made from are those of `tests/reference/`, carried in the binary with the
//! package, its version and the exact call ([`NAMES`]). Every figure of every case is compared, or the result is left out by
//! name with the reason, and both stand in the report. The project's tests run the same comparisons, and besides them those
//! whose data may not be copied or are too large ([`TESTS_ONLY`]).

pub mod case;
pub mod continuous;
mod counts;
pub mod coverage;
mod distributions;
mod estimating;
pub mod generalised;
mod instruments;
mod inversions;
mod lists;
pub mod mixed;
mod mixed_figures;
mod paired_figures;
mod published;
mod repeated;
pub mod report;

use case::Case;
use coverage::Coverage;
use rayon::prelude::*;
use serde::{Serialize, Serializer};

/// What can go wrong on the way to a figure.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// One reference value, recomputed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// Data set of the reference.
    pub case: String,
    /// Identifier of the reference within the data set.
    pub id: String,
    /// The figure, for instance `p_value`; or a statement that must hold, where there is no number to expect.
    pub figure: String,
    /// Package that computed the expected value.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The call that computed it.
    pub call: String,
    /// The value expected; `None` where `figure` is a statement. Infinities are written `"Inf"` and `"-Inf"`.
    #[serde(serialize_with = "with_infinities")]
    pub expected: Option<f64>,
    /// The value obtained; `None` where the program gives none.
    #[serde(serialize_with = "with_infinities")]
    pub obtained: Option<f64>,
    /// Difference relative to the expected value (absolute where that is 0; on the scale of the standard error where an
    /// estimate may be near 0).
    pub difference: Option<f64>,
    /// Largest difference that passes.
    pub tolerance: f64,
    /// Whether it passes.
    pub pass: bool,
}

fn with_infinities<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) if *value == f64::INFINITY => serializer.serialize_str("Inf"),
        Some(value) if *value == f64::NEG_INFINITY => serializer.serialize_str("-Inf"),
        other => other.serialize(serializer),
    }
}

/// A reference that is not compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Data set of the reference.
    pub case: String,
    /// Identifier of the reference within the data set.
    pub id: String,
    /// Package that computed it.
    pub package: String,
    /// Why it is not compared.
    pub reason: String,
}

/// A data set with the reference values made from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct About {
    /// Its name.
    pub name: &'static str,
    /// What it is and what is computed from it.
    pub description: String,
}

/// All checks of a program.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Qualification {
    /// Version of the program.
    pub splitknee: &'static str,
    /// Operating system, processor architecture and processors.
    pub machine: String,
    /// SHA-256 of the program's file, where it could be read.
    pub executable_sha256: Option<String>,
    /// Checks that pass.
    pub passed: usize,
    /// Checks that fail.
    pub failed: usize,
    /// The data sets.
    pub cases: Vec<About>,
    /// The checks.
    pub checks: Vec<Check>,
    /// References of these cases that are not compared.
    pub left_out: Vec<LeftOut>,
    /// What only the test suite of the project compares, and why.
    pub tests_only: Vec<LeftOut>,
}

/// The cases, in the order of the report.
pub const NAMES: [&str; 34] = [
    "paired_shoes",
    "paired_sleep",
    "paired_anorexia_ft",
    "paired_edge",
    "paired_simA",
    "paired_simB",
    "power_paired",
    "mcnemar_tables",
    "marginal_grades_sim",
    "marginal_vision",
    "paired_binary_diabetic",
    "paired_further",
    "rmanova_simA",
    "rmanova_simB",
    "multiplicity",
    "rubin",
    "lmm_simA",
    "lmm_simB",
    "lmm_singular_simS",
    "lmm_sleepstudy",
    "lmm_oxboys",
    "mmrm_simA",
    "mmrm_simB",
    "clda_simA",
    "clda_simB",
    "kron_simA",
    "kron_simB",
    "gee_glmm_simA",
    "gee_glmm_simB",
    "gee_respiratory",
    "generalised_links",
    "distributions",
    "instruments",
    "published",
];

/// What only the test suite compares: what, with which package, and why it is not in the program.
pub const TESTS_ONLY: [[&str; 3]; 6] = [
    [
        "mmrm_fev: eight covariance structures, Kenward–Roger in both forms",
        "SAS PROC MIXED, mmrm, nlme",
        "the data belong to the mmrm package and are not copied into the program",
    ],
    ["ordinal_knee", "ordinal, MASS", "the data belong to the catdata package and are not copied into the program"],
    ["paired_shoulder", "R, SciPy", "the data belong to the PairedData package and are not copied into the program"],
    [
        "post_fit: robust covariances, profile intervals, R², residuals",
        "clubSandwich, lme4, nlme, performance",
        "figures beside the analysis; the test suite compares them",
    ],
    ["files: XPT, XLSX, Parquet", "haven, pyreadstat, openpyxl, pyarrow", "they are files and not figures"],
    ["graphical procedures, kappa with weights, trimmed means", "publications", "single figures in the test suite"],
];

/// The case called `name`, with the reference values and data carried in the program.
pub fn case(name: &str) -> Option<Case> {
    macro_rules! reference {
        ($folder:literal, $data:literal) => {
            (
                include_str!(concat!("../../tests/reference/r/", $folder, "/expected.json")),
                include_str!(concat!("../../tests/reference/r/", $data, "/data.csv")),
            )
        };
        ($folder:literal) => {
            reference!($folder, $folder)
        };
    }
    let none = r#"{"results": []}"#;
    let (expected, data) = match name {
        "paired_shoes" => reference!("paired_shoes"),
        "paired_sleep" => reference!("paired_sleep"),
        "paired_anorexia_ft" => reference!("paired_anorexia_ft"),
        "paired_edge" => reference!("paired_edge"),
        "paired_simA" => reference!("paired_simA"),
        "paired_simB" => reference!("paired_simB"),
        "power_paired" => reference!("power_paired"),
        "mcnemar_tables" => reference!("mcnemar_tables"),
        "marginal_grades_sim" => reference!("marginal_grades_sim"),
        "marginal_vision" => reference!("marginal_vision"),
        "paired_binary_diabetic" => reference!("paired_binary_diabetic"),
        "paired_further" => reference!("paired_further"),
        "rmanova_simA" => reference!("rmanova_simA"),
        "rmanova_simB" => reference!("rmanova_simB"),
        "multiplicity" => reference!("multiplicity"),
        "rubin" => reference!("rubin"),
        "lmm_simA" => reference!("lmm_simA"),
        "lmm_simB" => reference!("lmm_simB"),
        "lmm_singular_simS" => reference!("lmm_singular_simS"),
        "lmm_sleepstudy" => reference!("lmm_sleepstudy"),
        "lmm_oxboys" => reference!("lmm_oxboys"),
        "mmrm_simA" => reference!("mmrm_simA"),
        "mmrm_simB" => reference!("mmrm_simB"),
        "clda_simA" => reference!("clda_simA"),
        "clda_simB" => reference!("clda_simB"),
        "kron_simA" => reference!("kron_simA", "mmrm_simA"),
        "kron_simB" => reference!("kron_simB", "mmrm_simB"),
        "gee_glmm_simA" => reference!("gee_glmm_simA"),
        "gee_glmm_simB" => reference!("gee_glmm_simB"),
        "gee_respiratory" => reference!("gee_respiratory"),
        "generalised_links" => reference!("generalised_links", "gee_glmm_simA"),
        "distributions" => (none, include_str!("../../tests/reference/distributions/values.csv")),
        "instruments" | "published" => (none, ""),
        _ => return None,
    };
    Case::parse(name, expected, data).ok()
}

/// Compares every figure of the case called `name`.
pub fn compare(name: &str) -> Option<Coverage> {
    let case = &case(name)?;
    let coverage = match name {
        "paired_shoes" | "paired_sleep" | "paired_anorexia_ft" => continuous::two_columns(case),
        "paired_edge" => continuous::several(case),
        "paired_simA" | "paired_simB" => both(case, continuous::trial, counts::trial),
        "power_paired" => continuous::power_and_size(case),
        "mcnemar_tables" => counts::tables(case),
        "marginal_grades_sim" => counts::grades(case),
        "marginal_vision" => counts::vision(case),
        "paired_binary_diabetic" => counts::split_eye(case),
        "paired_further" => inversions::compare(case, &self::case("marginal_vision")?),
        "rmanova_simA" | "rmanova_simB" => repeated::trial(case),
        "multiplicity" => lists::adjusted(case),
        "rubin" => lists::pooled(case),
        "lmm_simA" | "lmm_singular_simS" | "mmrm_simA" | "clda_simA" => mixed::trial(case, "vas"),
        "lmm_simB" | "mmrm_simB" | "clda_simB" => mixed::trial(case, "womac_total"),
        "lmm_sleepstudy" | "lmm_oxboys" => mixed::as_it_stands(case, &["subject"]),
        "kron_simA" | "kron_simB" => mixed::kronecker(case, "vas"),
        "gee_glmm_simA" | "gee_glmm_simB" => both(case, estimating::trial, generalised::trial),
        "gee_respiratory" => both(case, estimating::respiratory_trial, generalised::respiratory_trial),
        "generalised_links" => generalised::links(case),
        "distributions" => distributions::table(case),
        "instruments" => instruments::scores(case),
        "published" => published::figures(case),
        _ => return None,
    };
    Some(coverage.complete())
}

/// What a case is, in its own words.
fn description(name: &str) -> String {
    match name {
        "distributions" => "distribution functions, tails and quantiles, to 25 digits".to_owned(),
        "instruments" => "WOMAC, Lequesne and VAS scores that follow by hand from the user guides".to_owned(),
        "published" => "printed figures of SAS and of textbooks, to the digits printed".to_owned(),
        _ => {
            let text = case(name).map(|case| case.document["description"].as_str().unwrap_or_default().to_owned());
            text.unwrap_or_default()
        }
    }
}

/// Two comparisons that share a case, each taking its own results.
fn both(case: &Case, one: fn(&Case, &mut Coverage), other: fn(&Case, &mut Coverage)) -> Coverage {
    let mut coverage = Coverage::new(case);
    one(case, &mut coverage);
    other(case, &mut coverage);
    coverage
}

/// Recomputes every reference value carried in the binary.
pub fn qualify() -> Qualification {
    let compared: Vec<Coverage> = NAMES.par_iter().filter_map(|name| compare(name)).collect();
    let (mut checks, mut left_out) = (Vec::new(), Vec::new());
    for case in compared {
        checks.extend(case.checks);
        left_out.extend(case.left_out);
    }
    let passed = checks.iter().filter(|check| check.pass).count();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let tests_only = TESTS_ONLY.map(|[case, package, reason]| LeftOut {
        case: case.to_owned(),
        id: String::new(),
        package: package.to_owned(),
        reason: reason.to_owned(),
    });
    Qualification {
        splitknee: env!("CARGO_PKG_VERSION"),
        machine: format!("{} {}, {processors} processors", std::env::consts::OS, std::env::consts::ARCH),
        executable_sha256: None,
        passed,
        failed: checks.len() - passed,
        cases: NAMES.map(|name| About { name, description: description(name) }).to_vec(),
        checks,
        left_out,
        tests_only: tests_only.to_vec(),
    }
}
