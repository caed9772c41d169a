//! What to do about an error of the system: each has its own remedy.

use std::io::{Error, ErrorKind};

/// `EIO` on every system that has it.
const EIO: i32 = 5;

/// The remedy for `error`.
pub fn of(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotFound => "check the path: a folder of it does not exist, or the file was removed meanwhile",
        ErrorKind::PermissionDenied => "ask for permission on the folder and its parent, or name another place",
        ErrorKind::StorageFull => "free some space on the disk, or name a place on another one",
        ErrorKind::QuotaExceeded => "your quota on this disk is used up: free some space, or name another place",
        ErrorKind::FileTooLarge => {
            "the system limits the size of files (ulimit -f, or the file system): raise the limit"
        }
        ErrorKind::ReadOnlyFilesystem => "the disk is mounted read-only: name a place on another one",
        ErrorKind::InvalidFilename => "the name is longer than the file system allows: name a shorter one",
        ErrorKind::IsADirectory => "a folder of this name stands there: name a file",
        ErrorKind::NotADirectory => "a part of the path is a file: name a path of folders",
        ErrorKind::AlreadyExists => "something of this name is there already: move it elsewhere, or name another place",
        ErrorKind::ResourceBusy => "a disk is mounted there, or another program holds it: name a folder inside it",
        ErrorKind::CrossesDevices => "a disk is mounted there: name a folder inside it",
        ErrorKind::InvalidInput => "name a regular file",
        ErrorKind::InvalidData => "save the file as UTF-8 text",
        ErrorKind::OutOfMemory => "the memory of this machine or its limit (ulimit -v) is used up: raise it",
        _ if error.raw_os_error() == Some(EIO) => {
            "the disk failed: look for its errors in the system's log, and use another disk"
        }
        _ if error.raw_os_error() == Some(40) => "symbolic links go in a circle: name the place itself",
        _ if matches!(error.raw_os_error(), Some(23 | 24)) => {
            "too many files are open: close other programs, or raise the limit (ulimit -n)"
        }
        _ => "try again; if it stays, name a place on another disk",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn each_error_has_a_remedy_of_its_own() {
        // ENOENT EIO EACCES EEXIST EXDEV ENOTDIR EISDIR EFBIG ENOSPC EROFS ENAMETOOLONG EDQUOT EMFILE ELOOP EBUSY
        let codes = [2, 5, 13, 17, 18, 20, 21, 27, 28, 30, 36, 122, 24, 40, 16];
        let said: std::collections::BTreeSet<&str> =
            codes.iter().map(|code| of(&Error::from_raw_os_error(*code))).collect();
        assert_eq!(said.len(), codes.len());
    }
}
