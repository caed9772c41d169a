//! An output folder: claimed before the work begins, written whole or not at all when it ends.

use super::inputs::Inputs;
use super::place::{self, Standing};
use super::recovery::{self, staging_of};
use super::{OutputError, calls, interrupt, parent_of};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// A folder that this run alone may write: the claim is a lock in a hidden folder beside it, given back when dropped.
#[derive(Debug)]
pub struct Claim {
    target: PathBuf,
    staging: PathBuf,
    /// Held as long as the claim.
    lock: File,
    /// Folders made on the way to the target, innermost last.
    made: Vec<PathBuf>,
    inputs: Inputs,
    force: bool,
    /// Whether the hidden folder holds something that must not be removed.
    keep: bool,
    notes: Vec<String>,
}

impl Claim {
    /// Claims `path`: judges what stands there ([`place::folder`]), puts right what a stopped run left beside it, and
    /// locks it against other runs. With `force`, outputs that were edited are kept beside the new ones.
    ///
    /// # Errors
    /// The folder may not be replaced, another run writes it, the system's errors.
    pub fn new(path: &Path, inputs: &Inputs, force: bool) -> Result<Self, OutputError> {
        let (target, _) = place::folder(path, inputs, force)?;
        if target.file_name().is_none() {
            let remedy = "name a folder inside it with --out";
            return Err(OutputError::refused(path, "writing the output folder", "it has no name of its own", remedy));
        }
        let parent = parent_of(&target);
        let mut made = Vec::new();
        let claimed = make_folders(parent, &mut made)
            .map_err(OutputError::failed(parent, "making the folder"))
            .and_then(|()| lock(&target));
        let (staging, lock, notes) = claimed.inspect_err(|_| remove_empty(&made))?;
        interrupt::begin(&staging, &made);
        let claim = Self { target, staging, lock, made, inputs: inputs.clone(), force, keep: false, notes };
        // What a stopped run had left may have gone back to its place just now.
        place::folder(path, inputs, force)?;
        Ok(claim)
    }

    /// Writes `files` (path relative to the folder, bytes) in the place of what is there. Gives what the user should know.
    ///
    /// # Errors
    /// The system's, naming file and step; what stood there is then as it was.
    pub fn write<'a>(mut self, files: impl Iterator<Item = (&'a str, &'a [u8])>) -> Result<Vec<String>, OutputError> {
        let fresh = self.staging.join("new");
        calls::make_folder(&fresh).map_err(OutputError::failed(&fresh, "making the folder"))?;
        let identity = recovery::identity(&fresh);
        calls::append(&mut self.lock, identity.as_bytes()).map_err(OutputError::failed(&self.staging, "writing"))?;
        let before = fs::metadata(&self.target).ok();
        if let Some(before) = &before
            && !calls::set_owner(&fresh, before).map_err(OutputError::failed(&fresh, "setting owner and group"))?
        {
            self.notes.push(format!("{}: owner and group are now yours", self.target.display()));
        }
        if let Some(before) = &before {
            // With the group's mark, so that what is made inside has the group too.
            let mode = before.permissions();
            calls::set_mode(&fresh, mode).map_err(OutputError::failed(&fresh, "setting the mode"))?;
        }
        for (path, bytes) in files {
            let file = fresh.join(path);
            let folder = parent_of(&file);
            make_folders(folder, &mut Vec::new()).map_err(OutputError::failed(folder, "making the folder"))?;
            calls::write(&file, bytes).map_err(OutputError::failed(&file, "writing"))?;
        }
        if before.is_some() {
            self.carry_over(&fresh)?;
        }
        sync_folders(&fresh).map_err(OutputError::failed(&fresh, "syncing the folder"))?;
        let held = interrupt::critical();
        let swapped = self.swap(&fresh, before.is_some());
        drop(held);
        swapped?;
        if let Err(error) = calls::remove_folder(&self.staging) {
            let at = self.staging.display();
            self.notes
                .push(format!("{at}: the replaced output could not be removed ({error}); the next run tries again"));
            self.keep = true;
        }
        Ok(std::mem::take(&mut self.notes))
    }

    /// Takes what is not ours from the target into `fresh`.
    fn carry_over(&mut self, fresh: &Path) -> Result<(), OutputError> {
        // Judged again: the analysis may have taken long.
        let (_, standing) = place::folder(&self.target, &self.inputs, self.force)?;
        let Standing { others, edited } = standing.unwrap_or_default();
        for relative in others {
            let (from, to) = (self.target.join(&relative), fresh.join(&relative));
            let is_folder = recovery::is_folder(&from);
            if fs::symlink_metadata(&to).is_ok() && !is_folder {
                let remedy = "move it elsewhere, or name another folder with --out";
                let reason = "an output has this name, and this file was not written by a run";
                return Err(OutputError::refused(&from, "keeping the file", reason, remedy));
            }
            let folder = if is_folder { to.as_path() } else { parent_of(&to) };
            make_folders(folder, &mut Vec::new()).map_err(OutputError::failed(folder, "making the folder"))?;
            if !is_folder {
                calls::link(&from, &to).map_err(OutputError::failed(&from, "keeping the file"))?;
            }
        }
        for relative in edited {
            let from = self.target.join(&relative);
            let mut names = (1..).map(|number| recovery::beside(&fresh.join(&relative), number));
            let Some(to) = names.find(|name| fs::symlink_metadata(name).is_err()) else { continue };
            let folder = parent_of(&to);
            make_folders(folder, &mut Vec::new()).map_err(OutputError::failed(folder, "making the folder"))?;
            calls::link(&from, &to).map_err(OutputError::failed(&from, "keeping the edited file"))?;
            let name = to.file_name().unwrap_or_default().to_string_lossy().into_owned();
            self.notes.push(format!("{}: edited since the last run: kept as {name}", relative.display()));
        }
        Ok(())
    }

    /// Puts `fresh` in the place of the target.
    fn swap(&mut self, fresh: &Path, replaces: bool) -> Result<(), OutputError> {
        let target = self.target.clone();
        let failed = |action| OutputError::failed(&target, action);
        let old = self.staging.join("old");
        let replaced = if !replaces {
            if fs::symlink_metadata(&target).is_ok() {
                let remedy = "look what is there now, then run again";
                return Err(OutputError::refused(
                    &target,
                    "putting the output in place",
                    "it appeared meanwhile",
                    remedy,
                ));
            }
            calls::rename(fresh, &target).map_err(failed("putting the output in place"))?;
            None
        } else if calls::exchange(fresh, &target).map_err(failed("swapping the new output in"))? {
            Some(fresh)
        } else {
            calls::rename(&target, &old).map_err(failed("setting the old output aside"))?;
            if let Err(source) = calls::rename(fresh, &target) {
                if let Err(worse) = calls::rename(&old, &target) {
                    self.keep = true;
                    let remedy = format!(
                        "nothing is lost: the earlier output is in {}; move it back, or run again",
                        old.display()
                    );
                    let action = "swapping the new output in, and putting the earlier one back";
                    return Err(OutputError { path: target, action, remedy, source: worse });
                }
                return Err(failed("swapping the new output in")(source));
            }
            Some(old.as_path())
        };
        self.made.clear();
        if let Some(replaced) = replaced {
            // What came or changed while the new output was written.
            self.keep = true;
            self.notes.extend(recovery::rescue(replaced, &target)?);
            self.keep = false;
        }
        calls::sync_folder(parent_of(&target)).map_err(|source| {
            let action = "the new output is in place, but the disk did not confirm it";
            OutputError::failed(&target, action)(source)
        })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.keep {
            // What cannot be removed now is found by the next run.
            let _ = calls::remove_folder(&self.staging);
            remove_empty(&self.made);
        }
        interrupt::end(&self.staging);
    }
}

/// The hidden folder of `target` with its lock held, and what the user should know of one that a stopped run left.
fn lock(target: &Path) -> Result<(PathBuf, File, Vec<String>), OutputError> {
    let staging = staging_of(target);
    let mut notes = Vec::new();
    for _ in 0..3 {
        notes.extend(recovery::recover(&staging, target)?);
        match calls::make_folder(&staging) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => {
                return Err(OutputError::failed(parent_of(target), "making a folder beside the output")(error));
            }
        }
        let locked = calls::create(&staging.join("lock"))
            .and_then(|lock| recovery::try_lock(&lock).map(|locked| locked.then_some(lock)));
        match locked {
            Ok(Some(lock)) => return Ok((staging, lock, notes)),
            // Another run took the folder between the two calls.
            Ok(None) => return Err(recovery::busy(target)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                let _ = fs::remove_dir_all(&staging);
                return Err(OutputError::failed(&staging, "locking the output")(error));
            }
        }
    }
    Err(recovery::busy(target))
}

/// Makes `folder` and its parents; `made` names those that were not there, innermost last.
fn make_folders(folder: &Path, made: &mut Vec<PathBuf>) -> io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        make_folders(parent, made)?;
    }
    match calls::make_folder(folder) {
        Ok(()) => made.push(folder.to_path_buf()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

fn remove_empty(made: &[PathBuf]) {
    for folder in made.iter().rev() {
        let _ = fs::remove_dir(folder);
    }
}

/// Syncs `folder` and the folders in it.
fn sync_folders(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    calls::sync_folder(folder)
}
