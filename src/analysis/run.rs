//! A finished run: plan, data, trial and everything found, as the report is made from it.

use super::Outcomes;
use crate::plan::Plan;
use crate::plan::lock::LockState;
use crate::trial::sources::Sources;
use crate::trial::{Finding, Trial};

/// What is replaced when plan and data are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// A dry run before unblinding: dummy treatments in the place of the true ones; the allocation file may be absent.
    pub blinded: bool,
    /// Stable pseudonyms in the place of the patients' identifiers; also where the plan says `report.redact_ids`.
    pub redact_ids: bool,
    /// The secret that makes the pseudonyms; one kept beside the plan where it is not given.
    pub redact_key: Option<Secret>,
}

/// A text that is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A validated trial with everything its plan asked for.
#[derive(Debug)]
pub struct Run {
    /// The plan.
    pub plan: Plan,
    /// The data files, for the manifest.
    pub sources: Sources,
    /// Whether the plan was sealed, and what changed since.
    pub lock: LockState,
    /// What was replaced on reading.
    pub reading: Reading,
    /// The trial.
    pub trial: Trial,
    /// Findings that did not stop the analysis.
    pub findings: Vec<Finding>,
    /// Results.
    pub outcomes: Outcomes,
}
