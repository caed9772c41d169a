//! Why a command did not do its job, and with which exit code.

use crate::data::DataError;
use crate::disk::OutputError;
use crate::model::ModelError;
use crate::paired::Refusal;
use crate::report::ReportError;
use crate::report::template::TemplateError;
use crate::trial::Finding;

/// Why a command stopped.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The command was called wrongly (exit code 2).
    #[error("{0}")]
    Usage(String),
    /// The plan or the data have findings that stop the analysis (exit code 1).
    #[error("{}", list(.0))]
    Findings(Vec<Finding>),
    /// A file could not be read (exit code 1).
    #[error("{0}")]
    Data(#[from] DataError),
    /// The data do not allow what was asked (exit code 1).
    #[error("{0}")]
    Refused(String),
    /// An output could not be written (exit code 3).
    #[error("{0}")]
    Output(String),
    /// Everything was written, but a primary endpoint could not be assessed (exit code 4).
    #[error("everything was written, but {0}")]
    NotAssessed(String),
}

impl CliError {
    /// The error of numbers that all stand on the command line: what they cannot give is wrong usage, not a finding in data.
    pub fn of_arguments(self) -> Self {
        match self {
            Self::Refused(text) => Self::Usage(text),
            other => other,
        }
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Findings(_) | Self::Data(_) | Self::Refused(_) => 1,
            Self::Output(_) => 3,
            Self::NotAssessed(_) => 4,
        }
    }
}

impl From<Refusal> for CliError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.to_string())
    }
}

impl From<ModelError> for CliError {
    /// A formula or combination that does not parse and a factor that the formula does not have are wrong usage; the rest
    /// is about data.
    fn from(error: ModelError) -> Self {
        let text = format!("{error}\n  help: {}", error.remedy());
        match error {
            ModelError::Formula { .. } | ModelError::LinearCombination { .. } | ModelError::UnknownFactor { .. } => {
                Self::Usage(text)
            }
            _ => Self::Refused(text),
        }
    }
}

impl From<OutputError> for CliError {
    fn from(error: OutputError) -> Self {
        Self::Output(error.to_string())
    }
}

impl From<TemplateError> for CliError {
    /// `--template` names a folder that cannot be used.
    fn from(error: TemplateError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<ReportError> for CliError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Template(error) => error.into(),
            error => Self::Output(error.to_string()),
        }
    }
}

fn list(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
