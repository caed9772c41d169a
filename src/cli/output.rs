//! Writing a single file, whole or not at all: [`crate::disk::file`] with the errors of the command line.

use super::error::CliError;
use crate::disk::file;
use crate::disk::inputs::Inputs;
use std::path::Path;

/// Writes `text` to `path`, which may replace a regular file that is there.
///
/// # Errors
/// The file cannot be written; the message names it.
pub fn write_whole(path: &Path, text: &str) -> Result<(), CliError> {
    write_bytes(path, text.as_bytes())
}

/// As [`write_whole`], for a file that is no text.
///
/// # Errors
/// As [`write_whole`].
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    Ok(file::write(path, bytes, &Inputs::default(), true)?)
}

/// Writes `bytes` to `path`, which is no file of `inputs` and, without `force`, does not exist.
///
/// # Errors
/// The file cannot be written, or may not be; the message names it.
pub fn write_new(path: &Path, bytes: &[u8], inputs: &Inputs, force: bool) -> Result<(), CliError> {
    Ok(file::write(path, bytes, inputs, force)?)
}
