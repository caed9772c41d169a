//! The files of one run, written all or not at all.

use crate::disk::OutputError;
use crate::disk::folder::Claim;
use crate::disk::inputs::Inputs;
use crate::disk::place::MANIFEST;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// Files of a run by path relative to the output folder, in a stable order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bundle {
    files: BTreeMap<String, Vec<u8>>,
    /// What the user should know of the files.
    pub remarks: Vec<String>,
}

impl Bundle {
    /// Adds a file.
    pub fn add(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), bytes.into());
    }

    /// Adds the list by which a later run knows these files as its own; what is not a run of a plan has no other manifest.
    pub fn add_manifest(&mut self) {
        let manifest = serde_json::json!({"splitknee": env!("CARGO_PKG_VERSION"), "outputs": self.listed()});
        self.add(MANIFEST, format!("{manifest:#}\n"));
    }

    /// Path, hash and length of every file, for the manifest.
    pub fn listed(&self) -> Vec<serde_json::Value> {
        let file = |(path, bytes): (&str, &[u8])| serde_json::json!({"path": path, "sha256": sha256(bytes), "bytes": bytes.len()});
        self.files().map(file).collect()
    }

    /// The files in order of their paths.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// One file.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// Writes all files to `target`, whole or not at all: see [`crate::disk`] for what may be replaced. Gives what the
    /// user should know.
    ///
    /// # Errors
    /// [`OutputError`] naming the folder or file, the step and what to do; `target` is then as it was.
    pub fn write(&self, target: &Path) -> Result<Vec<String>, OutputError> {
        Claim::new(target, &Inputs::default(), false)?.write(self.files())
    }
}

/// The SHA-256 of `bytes` in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
