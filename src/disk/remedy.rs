//! What to do about an error of the system: each has its own remedy.

use std::io::{Error, ErrorKind};

/// The line of `text` and what is wrong there, in words of who writes the file, for a TOML file that has not the form it
/// must have.
pub fn of_toml(text: &str, error: &toml::de::Error) -> String {
    let at = error.span().map_or(0, |span| span.start).min(text.len());
    let line = text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
    let written = text.lines().nth(line - 1).unwrap_or_default().trim();
    let said = error.message().lines().next().unwrap_or_default();
    let kinds = [
        ("expected usize", "write a whole number without quotes"),
        ("expected u64", "write a whole number without quotes"),
        ("expected u32", "write a whole number without quotes"),
        ("expected f64", "write a number without quotes"),
        ("expected a string", "put the text between quotes"),
        ("expected a boolean", "write true or false without quotes"),
        ("expected a sequence", "write a list in brackets: [ … ]"),
        ("expected a map", "write a table: `[name]` with `key = value` in the lines below"),
        ("missing field", "add the key"),
        ("unknown field", "correct or delete the key"),
        ("unknown variant", "take one of the words listed"),
    ];
    let remedy = kinds.iter().find(|(kind, _)| said.contains(kind)).map_or("correct the line", |(_, remedy)| remedy);
    // The words of the reader of the file are no words of its author.
    let said =
        said.split(", expected").next().unwrap_or(said).replace("invalid type: ", "this is ").replace("field", "key");
    format!("line {line}: {said} (`{written}`)\n  help: {remedy}")
}

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
