//! Qualification of an installed program: it recomputes reference values that were made with other software and says
//! which it reproduces. The report is what a trial master file needs for installation and operational qualification.
//!
//! The reference values and the data they were made from are those of `tests/reference/`, carried in the binary with the
//! package, its version and the exact call. [`qualify`] is a selection that touches every engine: `paired` tests,
//! `tables` of counts, `repeated` measurements, multiplicity and pooling (`lists`), mixed and generalised
//! `models`. The project's tests compare many more.

mod case;
mod lists;
mod models;
mod paired;
mod repeated;
pub mod report;
mod tables;

use case::{Case, Reference};
use serde::Serialize;
use serde_json::Value;

/// One reference value, recomputed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// Data set of the reference.
    pub case: &'static str,
    /// Identifier of the reference within the data set.
    pub id: String,
    /// The figure, for instance `p_value`.
    pub figure: String,
    /// Package that computed the expected value.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The call that computed it.
    pub call: String,
    /// The value expected.
    pub expected: f64,
    /// The value obtained; `None` where the program gives none.
    pub obtained: Option<f64>,
    /// Difference relative to the expected value (absolute where that is 0).
    pub difference: Option<f64>,
    /// Largest difference that passes.
    pub tolerance: f64,
    /// Whether it passes.
    pub pass: bool,
}

/// All checks of a program.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Qualification {
    /// Version of the program.
    pub splitknee: &'static str,
    /// Operating system and processor architecture.
    pub machine: String,
    /// Checks that pass.
    pub passed: usize,
    /// Checks that fail.
    pub failed: usize,
    /// The checks.
    pub checks: Vec<Check>,
}

/// Recomputes every reference value carried in the binary.
///
/// ```
/// let qualification = splitknee::qualification::qualify();
/// assert_eq!(qualification.failed, 0);
/// assert!(qualification.passed > 300);
/// ```
pub fn qualify() -> Qualification {
    let mut checks = Vec::new();
    checks.extend(paired::checks());
    checks.extend(tables::checks());
    checks.extend(repeated::checks());
    checks.extend(lists::checks());
    checks.extend(models::checks());
    let passed = checks.iter().filter(|check| check.pass).count();
    Qualification {
        splitknee: env!("CARGO_PKG_VERSION"),
        machine: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        passed,
        failed: checks.len() - passed,
        checks,
    }
}

/// The figures of one case, as they are compared.
struct Comparison {
    case: Case,
    checks: Vec<Check>,
}

/// A figure of a reference by its path, the field of our result, and the tolerance.
type Figure = (&'static str, &'static str, f64);

impl Comparison {
    fn new(case: Case) -> Self {
        Self { case, checks: Vec::new() }
    }

    /// Compares figures of the reference `id` with fields of `ours`.
    fn fields(&mut self, id: &str, ours: &Value, figures: &[Figure]) {
        let reference = self.case.reference(id);
        for (path, field, tolerance) in figures {
            let expected = case::number(case::at(&reference.values, path));
            self.number(&reference, path, expected, case::at(ours, field).as_f64(), *tolerance);
        }
    }

    /// Compares the rows of the reference `id` with those rows of `ours` that have the same text in the fields `keys`.
    fn rows(&mut self, id: &str, within: &str, ours: &Value, keys: &[&str], figures: &[Figure]) {
        let reference = self.case.reference(id);
        let rows = if within.is_empty() { &reference.values } else { case::at(&reference.values, within) };
        let empty = Vec::new();
        let expected = rows.as_array().unwrap_or(&empty).clone();
        for row in &expected {
            let found =
                ours.as_array().unwrap_or(&empty).iter().find(|other| {
                    keys.iter().all(|key| row.get(key).is_none_or(|level| other.get(key) == Some(level)))
                });
            let name: Vec<&str> = keys.iter().filter_map(|key| row.get(key)?.as_str()).collect();
            for (path, field, tolerance) in figures {
                let figure = format!("{}: {path}", name.join(", "));
                let obtained = found.and_then(|found| found.get(field)).and_then(Value::as_f64);
                self.number(&reference, &figure, case::number(case::at(row, path)), obtained, *tolerance);
            }
        }
    }

    /// Compares one number; a reference without a finite value there is a mistake of the selection and fails.
    fn number(
        &mut self,
        reference: &Reference,
        figure: &str,
        expected: Option<f64>,
        obtained: Option<f64>,
        tolerance: f64,
    ) {
        let expected = expected.unwrap_or(f64::NAN);
        let scale = if expected == 0.0 { 1.0 } else { expected.abs() };
        let difference = obtained.map(|obtained| (obtained - expected).abs() / scale).filter(|gap| gap.is_finite());
        self.checks.push(Check {
            case: self.case.name,
            id: reference.id.clone(),
            figure: figure.to_owned(),
            package: reference.package.clone(),
            version: reference.version.clone(),
            call: reference.call.clone(),
            expected,
            obtained,
            difference,
            tolerance,
            pass: difference.is_some_and(|difference| difference <= tolerance),
        });
    }
}
