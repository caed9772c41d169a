//! Files on disk: where a run may write, and writing there whole or not at all. Everything the program writes goes
//! through here, and every file that is no data set (plan, seal, key, template, results) is read through here.
//!
//! [`inputs`] (files that are never overwritten) and [`place`] (what stands at a path, and whether it may be replaced) say
//! *where*; [`file`](mod@file) (one file) and [`folder`] (the files of a run; [`recovery`] of what a stopped run left) write;
//! [`calls`] is the one layer that asks the system, with [`fault`] under it for tests; [`interrupt`] cleans up when the
//! user stops the program; [`read`] reads regular files within a limit; [`remedy`] says what to do about an error.
//!
//! Order of writing: new files in a hidden folder beside the target, each synced and closed with its errors counted,
//! folders synced, then one rename that exchanges new and old (`renameat2` with `RENAME_EXCHANGE`; two renames where the
//! system has none), the parent synced, the old removed. At every moment the target is the old output or the new one.

pub mod calls;
pub mod fault;
#[cfg(test)]
mod faults;
pub mod file;
pub mod folder;
pub mod inputs;
pub mod interrupt;
pub mod place;
pub mod read;
pub mod recovery;
pub mod remedy;
#[cfg(test)]
mod rules;

use std::io;
use std::path::{Path, PathBuf};

/// An output that could not be written, or may not be.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {action}: {source}\n  help: {remedy}")]
pub struct OutputError {
    /// The file or folder concerned.
    pub path: PathBuf,
    /// What was being done.
    pub action: &'static str,
    /// What to do about it.
    pub remedy: String,
    /// The operating system's answer, or the reason of a refusal.
    #[source]
    pub source: io::Error,
}

impl OutputError {
    /// The system refused `action`; the remedy is the one for its error.
    pub fn failed(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self { path, action, remedy: remedy::of(&source).to_owned(), source }
    }

    /// The program refuses `action` for `reason`.
    pub fn refused(path: &Path, action: &'static str, reason: &str, remedy: impl Into<String>) -> Self {
        let source = io::Error::new(io::ErrorKind::AlreadyExists, reason.to_owned());
        Self { path: path.to_path_buf(), action, remedy: remedy.into(), source }
    }
}

/// The folder a path lies in; `.` for a bare name.
pub fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
