//! Writing a single file, whole or not at all.

use super::error::CliError;
use std::io::Write;
use std::path::Path;

/// Writes `text` to a new file beside `path` that then takes its name, so that a full disk leaves what was there.
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
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        let mut file = new_beside(folder)?;
        file.write_all(bytes)?;
        file.persist(path).map(drop).map_err(|error| error.error)
    };
    write().map_err(|error| {
        let help = "check that the folder exists, its permissions and free space";
        CliError::Output(format!("{}: cannot be written: {error}\n  help: {help}", path.display()))
    })
}

/// A new file in `folder` that, unlike a temporary one, others may read as far as the user's mask allows.
fn new_beside(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}
