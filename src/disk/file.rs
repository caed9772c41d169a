//! One output file, written whole or not at all.

use super::inputs::Inputs;
use super::recovery::{busy, staging_of, try_lock};
use super::{OutputError, calls, interrupt, parent_of, place};
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Writes `bytes` to `path`, where [`place::file`] allows it.
///
/// # Errors
/// The file may not be written there; the system's. What stood there is then as it was.
pub fn write(path: &Path, bytes: &[u8], inputs: &Inputs, force: bool) -> Result<(), OutputError> {
    let target = place::file(path, inputs, force)?;
    let failed = |action| OutputError::failed(path, action);
    let staging = staging_of(&target);
    let file = begin(&staging).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => busy(&target),
        _ => failed("making a file beside it")(error),
    })?;
    interrupt::begin(&staging, &[]);
    let done = fill(file, bytes, &staging, &target).map_err(failed("writing"));
    if done.is_err() {
        let _ = calls::remove_file(&staging);
    }
    interrupt::end(&staging);
    done?;
    calls::sync_folder(parent_of(&target)).map_err(failed("the new file is in place, but the disk did not confirm it"))
}

/// The hidden file, locked; one that a stopped run left is removed first.
fn begin(staging: &Path) -> io::Result<File> {
    let busy = || io::Error::from(io::ErrorKind::WouldBlock);
    for _ in 0..3 {
        match calls::create(staging) {
            Ok(file) if try_lock(&file)? => return Ok(file),
            Ok(_) => return Err(busy()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let there = fs::symlink_metadata(staging)?;
        if !there.is_file() {
            let message = format!("{} is in the way; move it elsewhere", staging.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        let left = fs::OpenOptions::new().write(true).open(staging)?;
        if !try_lock(&left)? {
            return Err(busy());
        }
        // Stopped before it took its name: what stood in the place of the output is as it was.
        calls::remove_file(staging)?;
    }
    Err(busy())
}

fn fill(file: File, bytes: &[u8], staging: &Path, target: &Path) -> io::Result<()> {
    // A second handle holds the lock until the file has its name.
    let lock = file.try_clone()?;
    calls::fill(file, bytes)?;
    if let Ok(before) = fs::metadata(target) {
        calls::set_owner(staging, &before)?;
        calls::set_mode(staging, before.permissions())?;
    }
    calls::rename(staging, target)?;
    drop(lock);
    Ok(())
}
