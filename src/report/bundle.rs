//! The files of one run, written all or not at all.

use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Files of a run by path relative to the output folder, in a stable order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bundle {
    files: BTreeMap<String, Vec<u8>>,
}

/// An output that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {action}: {source}\n  help: {remedy}")]
pub struct OutputError {
    /// The file or folder concerned.
    pub path: PathBuf,
    /// What was being done.
    pub action: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
    /// The operating system's answer.
    #[source]
    pub source: io::Error,
}

impl Bundle {
    /// Adds a file.
    pub fn add(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), bytes.into());
    }

    /// The files in order of their paths.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// One file.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// Writes all files to a temporary folder beside `target` and swaps it in whole. A failed run leaves `target` as it
    /// was. A folder without a manifest that holds anything is refused; in one with a manifest, files that the manifest
    /// does not list are somebody else's and stay.
    ///
    /// # Errors
    /// [`OutputError`] naming the folder or file, the step and what to do.
    pub fn write(&self, target: &Path) -> Result<(), OutputError> {
        let fail = |path: &Path, action, remedy| {
            let path = path.to_path_buf();
            move |source| OutputError { path, action, remedy, source }
        };
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        if target.is_file() {
            let source = io::Error::new(io::ErrorKind::AlreadyExists, "it is a file");
            return Err(fail(target, "using it as the output folder", "name a folder with --out")(source));
        }
        if target.is_dir() && !target.join("manifest.json").is_file() {
            let occupied = fs::read_dir(target)
                .map_err(fail(target, "reading the output folder", "check its permissions"))?
                .next()
                .is_some();
            if occupied {
                let source = io::Error::new(io::ErrorKind::AlreadyExists, "it holds files of something else");
                let remedy = "name an empty or new folder with --out; only a folder with a manifest.json is replaced";
                return Err(fail(target, "replacing the output folder", remedy)(source));
            }
        }
        fs::create_dir_all(parent).map_err(fail(parent, "making the folder", "check the path and its permissions"))?;
        let staging = tempfile::Builder::new().prefix(".splitknee-").tempdir_in(parent).map_err(fail(
            parent,
            "making a temporary folder beside the output",
            "check permissions and free space",
        ))?;
        let fresh = staging.path().join("new");
        for (path, bytes) in self.files() {
            let file = fresh.join(path);
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder).map_err(fail(folder, "making the folder", "check permissions"))?;
            }
            fs::write(&file, bytes).map_err(fail(&file, "writing", "check permissions and free space"))?;
        }
        for path in others(target).map_err(fail(target, "reading the output folder", "check its permissions"))? {
            let (from, to) = (target.join(&path), fresh.join(&path));
            if to.exists() {
                let source =
                    io::Error::new(io::ErrorKind::AlreadyExists, "a file of that name was not written by a run");
                return Err(fail(&from, "keeping the file", "move it elsewhere, or name another folder with --out")(
                    source,
                ));
            }
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder).map_err(fail(folder, "making the folder", "check permissions"))?;
            }
            fs::copy(&from, &to).map_err(fail(&from, "keeping the file", "check permissions and free space"))?;
        }
        let old = staging.path().join("old");
        let replaced = target.exists();
        if replaced {
            fs::rename(target, &old).map_err(fail(target, "setting the old output aside", "check permissions"))?;
        }
        if let Err(source) = fs::rename(&fresh, target) {
            if replaced {
                fs::rename(&old, target).map_err(fail(target, "putting the old output back", "check permissions"))?;
            }
            return Err(fail(target, "swapping the new output in", "check permissions")(source));
        }
        Ok(())
    }
}

/// Files below `target`, by path relative to it, that its manifest does not list.
fn others(target: &Path) -> io::Result<Vec<PathBuf>> {
    let manifest = match fs::read(target.join("manifest.json")) {
        Ok(bytes) => serde_json::from_slice::<serde_json::Value>(&bytes).unwrap_or_default(),
        Err(_) => return Ok(Vec::new()),
    };
    let listed = manifest.get("outputs").and_then(serde_json::Value::as_array).into_iter().flatten();
    let mut ours: BTreeSet<PathBuf> =
        listed.filter_map(|output| output.get("path")?.as_str()).map(PathBuf::from).collect();
    ours.insert(PathBuf::from("manifest.json"));
    let mut found = Vec::new();
    let mut open = vec![target.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                open.push(path);
            } else if let Ok(relative) = path.strip_prefix(target)
                && !ours.contains(relative)
            {
                found.push(relative.to_path_buf());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The SHA-256 of `bytes` in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(text: &str) -> Bundle {
        let mut bundle = Bundle::default();
        bundle.add("manifest.json", r#"{"outputs": [{"path": "tables/a.csv"}, {"path": "stale.csv"}]}"#);
        bundle.add("tables/a.csv", text);
        bundle
    }

    #[test]
    fn a_second_run_replaces_the_first_whole() {
        let home = tempfile::tempdir().unwrap();
        let out = home.path().join("deep/out");
        bundle("one").write(&out).unwrap();
        fs::write(out.join("stale.csv"), "x").unwrap();
        bundle("two").write(&out).unwrap();
        assert_eq!(fs::read_to_string(out.join("tables/a.csv")).unwrap(), "two");
        assert!(!out.join("stale.csv").exists(), "an output of the first run that the second has not");
        assert_eq!(fs::read_dir(home.path().join("deep")).unwrap().count(), 1, "no temporary folder stays behind");
    }

    #[test]
    fn other_peoples_files_are_never_replaced() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("thesis.tex"), "years of work").unwrap();
        let error = bundle("one").write(home.path()).unwrap_err();
        assert!(error.to_string().contains("--out"));
        assert_eq!(fs::read_to_string(home.path().join("thesis.tex")).unwrap(), "years of work");
        let file = home.path().join("thesis.tex");
        assert!(bundle("one").write(&file).is_err());
    }

    #[test]
    fn notes_beside_the_outputs_stay() {
        let home = tempfile::tempdir().unwrap();
        let out = home.path().join("out");
        bundle("one").write(&out).unwrap();
        fs::write(out.join("tables/notes.txt"), "checked by hand").unwrap();
        bundle("two").write(&out).unwrap();
        assert_eq!(fs::read_to_string(out.join("tables/a.csv")).unwrap(), "two");
        assert_eq!(fs::read_to_string(out.join("tables/notes.txt")).unwrap(), "checked by hand");
        // A note where an output now goes.
        let mut third = bundle("three");
        third.add("tables/notes.txt", "an output");
        let error = third.write(&out).unwrap_err();
        assert!(error.to_string().contains("notes.txt"), "{error}");
        assert_eq!(fs::read_to_string(out.join("tables/a.csv")).unwrap(), "two");
    }

    #[test]
    fn a_failed_write_leaves_the_old_output() {
        let home = tempfile::tempdir().unwrap();
        let out = home.path().join("out");
        bundle("one").write(&out).unwrap();
        let mut broken = bundle("two");
        broken.add("tables/a.csv/b.csv", "a folder where a file is");
        assert!(broken.write(&out).is_err());
        assert_eq!(fs::read_to_string(out.join("tables/a.csv")).unwrap(), "one");
    }
}
