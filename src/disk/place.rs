//! What stands at the place of an output, and whether a run may replace it: the one place for "where may I write".
//!
//! A folder is replaced where it is empty or an earlier run made it: its `manifest.json` has the key `splitknee` and a list
//! `outputs` of paths with SHA-256. Files that the list does not name are somebody else's and stay; a file that it names
//! with another hash was edited. A file is replaced where the user says so. Never replaced: an input of the run, what is
//! neither file nor folder, a write-protected folder, and the folder somebody stands in.

use super::inputs::Inputs;
use super::{OutputError, read};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// The name of the list of outputs in a folder of a run.
pub const MANIFEST: &str = "manifest.json";

/// Longest manifest read, in bytes.
const MAX_MANIFEST: u64 = 64 << 20;

/// What stands in the place of an output folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Files and empty folders, relative to the folder, that no run made.
    pub others: Vec<PathBuf>,
    /// Outputs that were edited since.
    pub edited: Vec<PathBuf>,
}

/// What a file is, for messages.
pub fn kind_of(metadata: &Metadata) -> &'static str {
    let kind = metadata.file_type();
    if kind.is_dir() {
        return "a folder";
    }
    if kind.is_file() {
        return "a file";
    }
    if kind.is_symlink() {
        return "a symbolic link to nothing";
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "a pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
    }
    "a device"
}

/// The place that `path` names, symbolic links followed so that a link stays a link, and what stands there.
///
/// # Errors
/// A link to nothing or in a circle, a name that cannot be one.
pub fn resolve(path: &Path, action: &'static str) -> Result<(PathBuf, Option<Metadata>), OutputError> {
    if path.as_os_str().is_empty() {
        return Err(OutputError::refused(path, action, "the name is empty", "name a file or folder with --out"));
    }
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((path.to_path_buf(), None)),
        Err(error) => Err(OutputError::failed(path, action)(error)),
        Ok(_) => match fs::canonicalize(path).and_then(|real| fs::metadata(&real).map(|metadata| (real, metadata))) {
            Ok((real, metadata)) => Ok((real, Some(metadata))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let remedy = "make what the link names, or name another place with --out";
                Err(OutputError::refused(path, action, "it is a symbolic link to nothing", remedy))
            }
            Err(error) => Err(OutputError::failed(path, action)(error)),
        },
    }
}

/// The place of an output folder, and what stands there where it exists.
///
/// # Errors
/// What stands there may not be replaced.
pub fn folder(path: &Path, inputs: &Inputs, force: bool) -> Result<(PathBuf, Option<Standing>), OutputError> {
    let refuse =
        |reason: &str, remedy: &str| Err(OutputError::refused(path, "writing the output folder", reason, remedy));
    let (real, metadata) = resolve(path, "writing the output folder")?;
    let Some(metadata) = metadata else { return Ok((real, None)) };
    if !metadata.is_dir() {
        return refuse(&format!("it is {}", kind_of(&metadata)), "name a new or empty folder with --out");
    }
    if let Some(input) = inputs.inside(&real) {
        let reason = format!("it holds {}, which this run reads", input.display());
        return refuse(&reason, "name a folder of its own for the outputs with --out");
    }
    if std::env::current_dir().and_then(fs::canonicalize).is_ok_and(|here| here.starts_with(&real)) {
        let remedy = "the folder is replaced whole: go to the folder above it, and name it from there";
        return refuse("it is the folder you are in", remedy);
    }
    if metadata.permissions().readonly() {
        return refuse("it is write-protected", "name another folder with --out, or allow writing (chmod u+w)");
    }
    let standing = standing(&real).map_err(OutputError::failed(path, "reading the output folder"))?;
    let Some(standing) = standing else {
        let remedy =
            "name an empty or new folder with --out; only a folder whose manifest.json is that of a run is replaced";
        return refuse("it holds files of something else", remedy);
    };
    if let Some(edited) = standing.edited.first().filter(|_| !force) {
        let more = standing.edited.len() - 1;
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let reason = format!("{}{more} changed since the run that wrote it", edited.display());
        let remedy = "move your changes elsewhere, name another folder with --out, or give --force: then the edited \
                      files are kept beside the new ones as NAME.edited";
        return refuse(&reason, remedy);
    }
    Ok((real, Some(standing)))
}

/// The place of an output file; one that exists is replaced only with `force`.
///
/// # Errors
/// What stands there may not be replaced.
pub fn file(path: &Path, inputs: &Inputs, force: bool) -> Result<PathBuf, OutputError> {
    let refuse = |reason: &str, remedy: &str| Err(OutputError::refused(path, "writing the file", reason, remedy));
    let (real, metadata) = resolve(path, "writing the file")?;
    let Some(metadata) = metadata else { return Ok(real) };
    if !metadata.is_file() {
        return refuse(&format!("it is {}", kind_of(&metadata)), "name a new file");
    }
    if let Some(input) = inputs.same(&real) {
        let reason = format!("it is {}, which this command reads", input.display());
        return refuse(&reason, "name another file: an input is never overwritten");
    }
    if !force {
        return refuse("it exists", "name a new file, or give --force to replace this one");
    }
    if metadata.permissions().readonly() {
        return refuse("it is write-protected", "name another file, or allow writing (chmod u+w)");
    }
    Ok(real)
}

/// What stands in `folder`; `None` where it is not empty and no run made it.
///
/// # Errors
/// The folder or a file in it cannot be read.
pub fn standing(folder: &Path) -> io::Result<Option<Standing>> {
    let manifest = match read::bytes(&folder.join(MANIFEST), MAX_MANIFEST) {
        Ok(bytes) => outputs(&bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let Some(outputs) = manifest else {
        return Ok(fs::read_dir(folder)?.next().is_none().then(Standing::default));
    };
    let mut standing = Standing::default();
    let mut open = vec![folder.to_path_buf()];
    while let Some(inner) = open.pop() {
        let mut empty = true;
        for entry in fs::read_dir(&inner)? {
            let entry = entry?;
            empty = false;
            let path = entry.path();
            let Ok(relative) = path.strip_prefix(folder) else { continue };
            if entry.file_type()?.is_dir() {
                open.push(path);
                continue;
            }
            match outputs.get(relative) {
                Some(hash) if entry.file_type()?.is_file() && read::sha256(&path)? == *hash => {}
                Some(_) => standing.edited.push(relative.to_path_buf()),
                None if relative == Path::new(MANIFEST) => {}
                None => standing.others.push(relative.to_path_buf()),
            }
        }
        if let Ok(relative) = inner.strip_prefix(folder)
            && empty
        {
            standing.others.push(relative.to_path_buf());
        }
    }
    standing.others.sort();
    standing.edited.sort();
    Ok(Some(standing))
}

/// The outputs that a manifest of a run lists, with their hashes; `None` where it is no such manifest.
fn outputs(manifest: &[u8]) -> Option<BTreeMap<PathBuf, String>> {
    let manifest: Value = serde_json::from_slice(manifest).ok()?;
    manifest.get("splitknee")?.as_str()?;
    let text = |output: &Value, key: &str| output.get(key).and_then(Value::as_str).map(str::to_owned);
    let listed = manifest.get("outputs")?.as_array()?.iter();
    listed.map(|output| Some((PathBuf::from(text(output, "path")?), text(output, "sha256")?))).collect()
}
