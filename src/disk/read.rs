//! Reading a file that is no data set: a regular file within a limit, so that a pipe does not hang the program and a
//! device does not fill the memory.

use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// Longest plan, seal, template or list of titles, in bytes.
pub const MAX_TEXT: u64 = 16 << 20;

/// The bytes of the regular file at `path`, at most `limit`.
///
/// # Errors
/// The system's; [`ErrorKind::InvalidInput`] for what is not a regular file; [`ErrorKind::FileTooLarge`].
pub fn bytes(path: &Path, limit: u64) -> Result<Vec<u8>> {
    // Before it is opened: opening a pipe would wait for whoever writes to it.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        let kind = if metadata.is_dir() { ErrorKind::IsADirectory } else { ErrorKind::InvalidInput };
        return Err(Error::new(kind, format!("it is {}, not a file", super::place::kind_of(&metadata))));
    }
    let too_large = || Error::new(ErrorKind::InvalidInput, format!("it is longer than the limit of {limit} bytes"));
    if metadata.len() > limit {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(too_large()) } else { Ok(bytes) }
}

/// The text of the regular UTF-8 file at `path`, at most `limit` bytes.
///
/// # Errors
/// As [`bytes`]; [`ErrorKind::InvalidData`] for bytes that are no UTF-8.
pub fn text(path: &Path, limit: u64) -> Result<String> {
    String::from_utf8(bytes(path, limit)?).map_err(|_| Error::new(ErrorKind::InvalidData, "it is not UTF-8 text"))
}

/// The SHA-256 of the file at `path` in lower-case hexadecimal, read in pieces.
///
/// # Errors
/// The system's.
pub fn sha256(path: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    let mut file = File::open(path)?;
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            read => hash.update(&piece[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn only_regular_files_within_the_limit_are_read() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("a");
        fs::write(&file, "12345").unwrap();
        assert_eq!(text(&file, 5).unwrap(), "12345");
        assert!(text(&file, 4).is_err());
        assert_eq!(bytes(Path::new("/dev/zero"), 5).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(bytes(home.path(), 5).unwrap_err().kind(), ErrorKind::IsADirectory);
    }
}
