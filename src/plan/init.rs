//! A plan and data to start from: a commented plan with every key, a data template that runs, a data dictionary.

use crate::disk::inputs::Inputs;
use crate::disk::{calls, file, interrupt, place};
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
    if let Some(there) = std::fs::metadata(folder).ok().filter(|there| !there.is_dir()) {
        let message = format!("it is {}, not a folder", place::kind_of(&there));
        return Err(io::Error::new(io::ErrorKind::NotADirectory, message));
    }
    let made = !folder.exists();
    std::fs::create_dir_all(folder)?;
    let made = if made { vec![folder.to_path_buf()] } else { Vec::new() };
    let mut done = Ok(());
    for (number, (path, (_, text))) in paths.iter().zip(FILES).enumerate() {
        // A file that appeared meanwhile is not overwritten either.
        done = file::write(path, text.as_bytes(), &Inputs::default(), false);
        if done.is_err() {
            // A full disk: nothing stays behind.
            paths.iter().take(number).for_each(|path| drop(calls::remove_file(path)));
            made.iter().for_each(|folder| drop(std::fs::remove_dir(folder)));
            break;
        }
        // When the user stops the program, what it made goes.
        interrupt::begin(path, &made);
    }
    paths.iter().for_each(|path| interrupt::end(path));
    done.map(|()| paths).map_err(|error| error.source)
}
