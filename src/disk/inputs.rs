//! The files a run reads: none of them is ever an output. They are known by device and inode, so that another name, a
//! link or a path written otherwise does not hide one.

use std::fs;
use std::path::{Path, PathBuf};

/// Files that are never overwritten.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    files: Vec<(PathBuf, Identity)>,
}

impl Inputs {
    /// Those of `paths` that exist.
    pub fn of<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Self {
        let known = |path: P| Some((path.as_ref().to_path_buf(), Identity::of(path.as_ref())?));
        Self { files: paths.into_iter().filter_map(known).collect() }
    }

    /// Adds `path` where it exists.
    pub fn add(&mut self, path: &Path) {
        self.files.extend(Identity::of(path).map(|identity| (path.to_path_buf(), identity)));
    }

    /// The input that `path` is, under whatever name.
    pub fn same(&self, path: &Path) -> Option<&Path> {
        let identity = Identity::of(path)?;
        self.files.iter().find(|(_, known)| *known == identity).map(|(path, _)| path.as_path())
    }

    /// The first input that lies in `folder`.
    pub fn inside(&self, folder: &Path) -> Option<&Path> {
        let folder = fs::canonicalize(folder).ok()?;
        let within = |path: &Path| fs::canonicalize(path).is_ok_and(|path| path.starts_with(&folder));
        self.files.iter().map(|(path, _)| path.as_path()).find(|path| within(path))
    }
}

/// What makes two paths the same file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Identity {
    /// Device and inode.
    #[cfg(unix)]
    Inode(u64, u64),
    /// The path without links.
    #[cfg(not(unix))]
    Path(PathBuf),
}

impl Identity {
    /// The identity of what stands at `path`, links followed.
    pub(super) fn of(path: &Path) -> Option<Self> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            fs::metadata(path).ok().map(|metadata| Self::Inode(metadata.dev(), metadata.ino()))
        }
        #[cfg(not(unix))]
        fs::canonicalize(path).ok().map(Self::Path)
    }
}
