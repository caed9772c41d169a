//! Writing a single file, whole or not at all: [`crate::disk::file`] with the errors of the command line.

use super::error::CliError;
use crate::disk::file;
use crate::disk::inputs::Inputs;
use std::path::Path;

/// Writes `bytes` to `path`, which is no file of `inputs` and, without `force`, does not exist.
///
/// # Errors
/// The file cannot be written, or may not be; the message names it.
pub fn write_new(path: &Path, bytes: &[u8], inputs: &Inputs, force: bool) -> Result<(), CliError> {
    Ok(file::write(path, bytes, inputs, force)?)
}
