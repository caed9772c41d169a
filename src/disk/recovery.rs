//! What a run that was stopped left beside the output folder, and what the next run does with it.
//!
//! A run into `DIR/NAME` works in `DIR/.splitknee-NAME`: `lock` (held while the run lives; its text is the identity of the
//! folder `new`), `new` (the new output; after the exchange the old one), `old` (the old output, where the system cannot
//! exchange). A left-over whose lock is free is put right: an old output without successor goes back to its place, files
//! of the user in an old output go to the new one, the rest is removed.

use super::place;
use super::{OutputError, calls, parent_of};
use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Longest name that fits behind the prefix of the hidden folder.
const LONGEST_NAME: usize = 200;

/// The hidden folder or file in which what goes to `target` is made.
pub fn staging_of(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default();
    let mut hidden = OsString::from(".splitknee-");
    if name.len() <= LONGEST_NAME {
        hidden.push(name);
    } else {
        let hash = <sha2::Sha256 as sha2::Digest>::digest(name.as_encoded_bytes());
        hidden.push(hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    }
    parent_of(target).join(hidden)
}

/// Whether the lock of `file` was got; `false` where another run holds it.
///
/// # Errors
/// The system's; a file system without locks is none.
pub fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The error of a place in which another run works.
pub fn busy(target: &Path) -> OutputError {
    let remedy = "wait until it is done, or name another place";
    OutputError::refused(target, "writing", "another run is writing there now", remedy)
}

/// Puts right what a run into `target` left in `staging`, and removes it. Gives what the user should know.
///
/// # Errors
/// Another run works there; what is there was not made by a run; the system's errors.
pub fn recover(staging: &Path, target: &Path) -> Result<Vec<String>, OutputError> {
    let failed = |action| OutputError::failed(staging, action);
    let foreign = || {
        let remedy = "the program works in a folder of this name: move it elsewhere";
        OutputError::refused(staging, "clearing what an earlier run left", "it was not made by a run", remedy)
    };
    let metadata = match fs::symlink_metadata(staging) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        found => found.map_err(failed("reading what an earlier run left"))?,
    };
    if !metadata.is_dir() {
        return Err(foreign());
    }
    let lock = match fs::OpenOptions::new().read(true).write(true).open(staging.join("lock")) {
        Ok(lock) => lock,
        // Stopped before there was anything in it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return fs::remove_dir(staging).map(|()| Vec::new()).map_err(|_| foreign());
        }
        Err(error) => return Err(failed("reading what an earlier run left")(error)),
    };
    if !try_lock(&lock).map_err(failed("locking"))? {
        return Err(busy(target));
    }
    let fresh = io::read_to_string(&lock).map_err(failed("reading what an earlier run left"))?;
    let (new, old) = (staging.join("new"), staging.join("old"));
    let mut notes = Vec::new();
    if old.is_dir() && !target.exists() {
        calls::rename(&old, target).map_err(OutputError::failed(target, "putting the earlier output back"))?;
        notes
            .push(format!("{}: a run was stopped while it swapped: the earlier output was put back", target.display()));
    } else if old.is_dir() {
        notes.extend(rescue(&old, target)?);
    }
    // The folder that the run made is unfinished; any other in its place is the old output.
    if new.is_dir() && !fresh.is_empty() && identity(&new) != fresh {
        if target.exists() {
            notes.extend(rescue(&new, target)?);
        } else {
            calls::rename(&new, target).map_err(OutputError::failed(target, "putting the earlier output back"))?;
        }
    }
    calls::remove_folder(staging).map_err(failed("removing what an earlier run left"))?;
    Ok(notes)
}

/// Moves what the user put or changed in the replaced output `old` to `target`, where `target` has it not. Gives the
/// files that had to take another name.
///
/// # Errors
/// The system's.
pub fn rescue(old: &Path, target: &Path) -> Result<Vec<String>, OutputError> {
    let standing = place::standing(old).map_err(OutputError::failed(old, "reading the replaced output"))?;
    let Some(standing) = standing else {
        let remedy = "look what is in it, and move it elsewhere";
        return Err(OutputError::refused(old, "clearing the replaced output", "its manifest.json is gone", remedy));
    };
    let mut notes = Vec::new();
    for relative in standing.others.iter().chain(&standing.edited) {
        let (from, to) = (old.join(relative), target.join(relative));
        let failed = |action| OutputError::failed(&from, action);
        if is_folder(&from) {
            fs::create_dir_all(&to).map_err(failed("keeping the folder"))?;
            continue;
        }
        let mut names = std::iter::once(to.clone()).chain((1..).map(|number| beside(&to, number)));
        let Some(to) = names.find(|name| fs::symlink_metadata(name).is_err() || same_file(&from, name)) else {
            continue;
        };
        if fs::symlink_metadata(&to).is_ok() {
            continue;
        }
        fs::create_dir_all(parent_of(&to)).map_err(failed("keeping the file"))?;
        calls::rename(&from, &to).map_err(failed("keeping the file"))?;
        if to != target.join(relative) {
            notes.push(format!("{}: changed while the run wrote: kept as {}", relative.display(), to.display()));
        }
    }
    Ok(notes)
}

/// The name under which an edited output is kept: `report.md.edited`, `report.md.edited-2`, …
pub fn beside(path: &Path, number: usize) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(if number < 2 { ".edited".to_owned() } else { format!(".edited-{number}") });
    path.with_file_name(name)
}

/// Whether both names stand for one file, or for files with the same bytes.
fn same_file(one: &Path, other: &Path) -> bool {
    let identity = super::inputs::Identity::of;
    if fs::symlink_metadata(other).is_err() {
        return false;
    }
    if identity(one).is_some_and(|one| Some(one) == identity(other)) {
        return true;
    }
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(a), Ok(b)) if a.is_file() && b.is_file() && a.len() == b.len() => {
            matches!((fs::read(one), fs::read(other)), (Ok(one), Ok(other)) if one == other)
        }
        _ => false,
    }
}

/// Whether `path` is a folder itself, not a link to one.
pub fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// What tells the folder `path` from any other, as text for the lock.
pub fn identity(path: &Path) -> String {
    super::inputs::Identity::of(path).map(|identity| format!("{identity:?}")).unwrap_or_default()
}
