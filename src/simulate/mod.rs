//! The planned analysis on simulated trials: what the plan does when the truth is known.
//!
//! [`scenario`] (the file, grids expanded) → [`margin`] and [`generate`] (a whole [`crate::trial::Trial`] in memory) →
//! [`replicate`] (the plan's own records and claims on it) → [`shard`] (framed records on disk) → [`performance`] (measures
//! with their Monte Carlo errors); [`truth`] is computed by quadrature, not copied from the scenario; [`stream`] gives every
//! purpose random numbers of its own; [`slurm`] writes the array job.

pub mod generate;
pub mod margin;
pub mod performance;
pub mod replicate;
pub mod scenario;
pub mod shard;
pub mod slurm;
pub mod stream;
pub mod truth;

use std::path::PathBuf;

/// Why a simulation stopped.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// The scenario file is wrong, or does not fit the plan.
    #[error("{file}: {message}\n  help: {help}")]
    Scenario {
        /// The file.
        file: String,
        /// What is wrong and where.
        message: String,
        /// How to mend it.
        help: String,
    },
    /// A file of the simulation cannot be read or written.
    #[error("{}: {message}\n  help: {help}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        message: String,
        /// What to do.
        help: &'static str,
    },
    /// Shards do not fit together.
    #[error("{0}")]
    Shards(String),
}

impl SimulationError {
    /// A file error.
    pub(crate) fn file(path: &std::path::Path, error: std::io::Error) -> Self {
        let (message, help) = (error.to_string(), crate::disk::remedy::of(&error));
        Self::File { path: path.to_owned(), message, help }
    }
}
