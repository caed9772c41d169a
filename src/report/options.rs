//! What a report is told beyond the run itself: the state of the plan's seal, and the reader's own look.

use crate::plan::lock::LockState;

/// The presentation of a run. The default is an unsealed plan and the built-in look.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Whether the plan was sealed before the run, and what changed since.
    pub lock: LockState,
    /// Whether treatments are dummies of a blinded dry run.
    pub dummy: bool,
    /// The reader's own page, where there is one.
    pub template: Template,
}

impl Default for Options {
    fn default() -> Self {
        Self { lock: LockState::NeverSealed, dummy: false, template: Template::default() }
    }
}

/// Parts of the page that replace the built-in ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template {
    /// The page as a minijinja template (`report.html`).
    pub html: Option<String>,
    /// The style sheet (`report.css`).
    pub css: Option<String>,
}

impl Template {
    /// Reads `report.html` and `report.css` from `folder`; a file that is not there leaves the built-in one in force.
    ///
    /// # Errors
    /// The folder has neither file, or a file cannot be read as UTF-8 text.
    pub fn read(folder: &std::path::Path) -> Result<Self, std::io::Error> {
        let part = |name: &str| match std::fs::read_to_string(folder.join(name)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        };
        let template = Self { html: part("report.html")?, css: part("report.css")? };
        if template == Self::default() {
            let message = format!("{} has neither report.html nor report.css", folder.display());
            return Err(std::io::Error::new(std::io::ErrorKind::NotFound, message));
        }
        Ok(template)
    }
}
