//! What a report is told beyond the run itself: the state of the plan's seal, and the reader's own look.

use super::template::Template;
use crate::plan::lock::LockState;

/// The presentation of a run. The default is an unsealed plan and the built-in look.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Whether the plan was sealed before the run, and what changed since.
    pub lock: LockState,
    /// Whether treatments are dummies of a blinded dry run.
    pub dummy: bool,
    /// The reader's own page, style and titles, where there are any.
    pub template: Template,
    /// Further files to write beside the report, by path relative to the output folder: the demo leaves its plan and data.
    pub companions: Vec<(String, Vec<u8>)>,
    /// Font files for letters that the embedded fonts lack.
    pub fonts: Vec<Vec<u8>>,
    /// The day of the run that outputs name, as it was given; no clock is read.
    pub run_date: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lock: LockState::NeverSealed,
            dummy: false,
            template: Template::default(),
            companions: Vec::new(),
            fonts: Vec::new(),
            run_date: None,
        }
    }
}
