//! The files of one run, written all or not at all.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
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
    /// was. A folder that holds anything this program did not write is refused.
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

/// The SHA-256 of `bytes` in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(text: &str) -> Bundle {
        let mut bundle = Bundle::default();
        bundle.add("manifest.json", "{}");
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
        assert!(!out.join("stale.csv").exists());
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
