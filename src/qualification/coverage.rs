//! Which figures of a case were recomputed, how they compare, and which were left out and why.

use super::case::{Case, Reference};
use super::{Check, LeftOut};
use std::collections::BTreeSet;

/// The account of one case. A reference that is neither compared nor left out with a reason is a failure.
#[derive(Debug, Clone)]
pub struct Coverage {
    case: String,
    ids: Vec<String>,
    /// What was compared.
    pub checks: Vec<Check>,
    /// What was left out.
    pub left_out: Vec<LeftOut>,
}

impl Coverage {
    /// Nothing covered yet.
    pub fn new(case: &Case) -> Self {
        let ids = case.results.iter().map(|result| result.id.clone()).collect();
        Self { case: case.name.clone(), ids, checks: Vec::new(), left_out: Vec::new() }
    }

    /// Compares our figure with the figure `path` of the result, which must exist there, to a relative tolerance.
    pub fn close(&mut self, result: &Reference, path: &str, ours: Option<f64>, tolerance: f64) {
        match result.number(path) {
            Some(expected) => self.close_to(result, path, expected, ours, tolerance),
            None => self.check(result, &format!("the reference has the figure {path}"), false),
        }
    }

    /// Compares our figure with an expected one to a relative tolerance (absolute where 0 is expected).
    pub fn close_to(&mut self, result: &Reference, what: &str, expected: f64, ours: Option<f64>, tolerance: f64) {
        self.within(result, what, expected, ours, tolerance, tolerance);
    }

    /// As [`Self::close_to`] with a tolerance of its own where 0 is expected.
    pub fn within(
        &mut self,
        result: &Reference,
        what: &str,
        expected: f64,
        ours: Option<f64>,
        relative: f64,
        absolute_at_zero: f64,
    ) {
        let (tolerance, scale) = if expected == 0.0 { (absolute_at_zero, 1.0) } else { (relative, expected.abs()) };
        self.scaled(result, what, expected, ours, tolerance, scale);
    }

    /// Compares our figure with an expected one on a scale of its own, such as a standard error for an estimate that may
    /// be near 0.
    pub fn scaled(
        &mut self,
        result: &Reference,
        what: &str,
        expected: f64,
        ours: Option<f64>,
        tolerance: f64,
        scale: f64,
    ) {
        let difference = ours.map(|ours| if ours == expected { 0.0 } else { (ours - expected).abs() / scale });
        let difference = difference.filter(|difference| difference.is_finite());
        let pass = difference.is_some_and(|difference| difference <= tolerance);
        self.push(result, what, Some(expected), ours, difference, tolerance, pass);
    }

    /// Records a comparison that is not of numbers (a refusal, a word): `agrees` says how it went.
    pub fn check(&mut self, result: &Reference, what: &str, agrees: bool) {
        self.push(result, what, None, None, None, 0.0, agrees);
    }

    #[expect(clippy::too_many_arguments, reason = "one place makes every check")]
    fn push(
        &mut self,
        result: &Reference,
        figure: &str,
        expected: Option<f64>,
        obtained: Option<f64>,
        difference: Option<f64>,
        tolerance: f64,
        pass: bool,
    ) {
        self.checks.push(Check {
            case: self.case.clone(),
            id: result.id.clone(),
            figure: figure.to_owned(),
            package: result.package.clone(),
            version: result.version.clone(),
            call: result.call.clone(),
            expected,
            obtained,
            difference,
            tolerance,
            pass,
        });
    }

    /// Leaves a result out, with the reason.
    pub fn exclude(&mut self, result: &Reference, reason: &str) {
        self.left_out.push(LeftOut {
            case: self.case.clone(),
            id: result.id.clone(),
            package: result.package.clone(),
            reason: reason.to_owned(),
        });
    }

    /// Number of figures compared so far.
    pub fn figures(&self) -> usize {
        self.checks.len()
    }

    /// Adds a failure for every reference that was neither compared nor left out.
    #[must_use]
    pub fn complete(mut self) -> Self {
        let known: BTreeSet<&String> =
            self.checks.iter().map(|check| &check.id).chain(self.left_out.iter().map(|left| &left.id)).collect();
        let forgotten: Vec<String> = self.ids.iter().filter(|id| !known.contains(id)).cloned().collect();
        for id in forgotten {
            let result = Reference { id, ..Reference::default() };
            self.check(&result, "compared, or left out with a reason", false);
        }
        self
    }
}
