//! The straight line from a plan to the files of a run, for the command line and for programs that use the library.
//!
//! [`read`] (plan and data) → [`analyse`] (trial and outcomes) → [`write_up`] (the files), each usable on its own.

use crate::analysis::{self, Outcomes};
use crate::plan::{self, Plan};
use crate::report::{self, bundle::Bundle};
use crate::trial::sources::Sources;
use crate::trial::{Finding, Trial, build};
use std::path::Path;

/// A plan with the data it names.
#[derive(Debug)]
pub struct Inputs {
    /// The plan.
    pub plan: Plan,
    /// The data files, read but not yet checked.
    pub sources: Sources,
}

/// A validated trial with everything its plan asked for.
#[derive(Debug)]
pub struct Run {
    /// The plan.
    pub plan: Plan,
    /// The data files, for the manifest.
    pub sources: Sources,
    /// The trial.
    pub trial: Trial,
    /// Findings that did not stop the analysis.
    pub findings: Vec<Finding>,
    /// Results.
    pub outcomes: Outcomes,
}

/// Reads the plan at `path` and the data files it names, relative to its folder.
///
/// # Errors
/// Every finding in the plan, or every file that cannot be read.
pub fn read(path: &Path) -> Result<Inputs, Vec<Finding>> {
    let plan = plan::load(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let sources = plan::sources::read(&plan, folder)?;
    Ok(Inputs { plan, sources })
}

/// Reads a plan and data files held in memory: `load` gives the bytes of a file the plan names.
///
/// # Errors
/// As [`read`].
pub fn read_from(
    plan_text: &str,
    plan_name: &str,
    load: impl FnMut(&str) -> std::io::Result<Vec<u8>>,
) -> Result<Inputs, Vec<Finding>> {
    let plan = plan::parse(plan_text, plan_name)?;
    let sources = plan::sources::read_with(&plan, load)?;
    Ok(Inputs { plan, sources })
}

/// Validates the trial and runs the plan's analyses.
///
/// # Errors
/// Every finding, where at least one is an error.
pub fn analyse(inputs: Inputs) -> Result<Run, Vec<Finding>> {
    let Inputs { plan, sources } = inputs;
    let (trial, findings) = build::build(&plan.design(), &sources)?;
    let outcomes = analysis::analyse(&plan, &trial);
    Ok(Run { plan, sources, trial, findings, outcomes })
}

/// Makes the files of the run: results, tables, figures, report, manifest. Nothing is written to disk yet.
///
/// # Errors
/// A figure or the report cannot be drawn.
pub fn write_up(run: &Run) -> Result<Bundle, report::ReportError> {
    report::files(run)
}
