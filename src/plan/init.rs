//! A plan and data to start from: a commented plan with every key, a data template that runs, a data dictionary.

use std::io;
use std::path::{Path, PathBuf};

/// The files of a new trial: name and text.
pub const FILES: [(&str, &str); 5] = [
    ("plan.toml", include_str!("templates/plan.toml")),
    ("knees.csv", include_str!("templates/knees.csv")),
    ("patients.csv", include_str!("templates/patients.csv")),
    ("adverse_events.csv", include_str!("templates/adverse_events.csv")),
    ("DICTIONARY.md", include_str!("templates/DICTIONARY.md")),
];

/// Writes [`FILES`] into `folder`, which is made where it does not exist; gives their paths.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] where one of the files is there already (nothing is written then), and the system's
/// error where a file cannot be written.
pub fn init(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths: Vec<PathBuf> = FILES.iter().map(|(name, _)| folder.join(name)).collect();
    if let Some(there) = paths.iter().find(|path| path.exists()) {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{} is there already", there.display())));
    }
    std::fs::create_dir_all(folder)?;
    for (done, (path, (_, text))) in paths.iter().zip(FILES).enumerate() {
        // A file that appeared meanwhile is not overwritten either.
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path)?;
        if let Err(error) = io::Write::write_all(&mut file, text.as_bytes()) {
            // A full disk: nothing half-written stays behind.
            for path in paths.iter().take(done + 1) {
                let _ = std::fs::remove_file(path);
            }
            return Err(error);
        }
    }
    Ok(paths)
}
