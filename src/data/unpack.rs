//! Files that are deflated as a whole: `.csv.gz` and its like, and compressed Dataset-JSON (`.dsjc`: Dataset-NDJSON in a zlib
//! stream, CDISC Dataset-JSON 1.1).

use super::binary::MAX_UNPACKED;
use super::error::DataError;
use super::memory;
use std::borrow::Cow;
use std::io::Read;

/// The name without `.gz`, which says the format of what is in the file.
pub fn inner_name(name: &str) -> &str {
    match name.len().checked_sub(3).and_then(|at| name.split_at_checked(at)) {
        Some((inner, extension)) if extension.eq_ignore_ascii_case(".gz") => inner,
        _ => name,
    }
}

/// Whether the file at `name` is deflated as a whole, as its name says.
pub fn is_packed(name: &str) -> bool {
    inner_name(name).len() < name.len() || name.to_ascii_lowercase().ends_with(".dsjc")
}

/// The bytes unpacked, where the name says that they are packed and they begin so.
///
/// # Errors
/// [`DataError::Malformed`], [`DataError::TooLarge`].
pub fn unpacked<'a>(name: &str, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, DataError> {
    if !is_packed(name) {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut whole = Vec::new();
    let read = match bytes {
        [0x1f, 0x8b, ..] => inflate(name, flate2::read::MultiGzDecoder::new(bytes), &mut whole)?,
        [0x78, ..] => inflate(name, flate2::read::ZlibDecoder::new(bytes), &mut whole)?,
        _ => return Ok(Cow::Borrowed(bytes)),
    };
    let path = name.to_string();
    if whole.len() as u64 > MAX_UNPACKED {
        let what = "the file when unpacked, in bytes,";
        return Err(DataError::TooLarge { path, what, limit: MAX_UNPACKED, row: None });
    }
    match read {
        Ok(()) => Ok(Cow::Owned(whole)),
        Err(error) => Err(DataError::Malformed {
            path,
            format: "a compressed file",
            place: format!("byte {}", whole.len()),
            problem: error.to_string(),
        }),
    }
}

/// Appends what `packed` gives, up to one byte beyond the limit; the inner error is the decoder's. Room is asked for
/// before it is made: while it grows, the old and the new stand side by side.
///
/// # Errors
/// [`DataError::NeedsMemory`].
fn inflate(name: &str, packed: impl Read, whole: &mut Vec<u8>) -> Result<std::io::Result<()>, DataError> {
    let mut packed = packed.take(MAX_UNPACKED + 1);
    let mut piece = vec![0; 1 << 20];
    loop {
        let read = match packed.read(&mut piece) {
            Ok(0) => return Ok(Ok(())),
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Ok(Err(error)),
        };
        if whole.capacity() - whole.len() < read {
            let more = whole.capacity().max(1 << 20);
            memory::afford(name, 2 * more as u64)?;
            whole.reserve_exact(more);
        }
        whole.extend_from_slice(piece.get(..read).unwrap_or_default());
    }
}

/// The bytes packed, where the name says so. No clock is read: equal bytes give equal files.
pub fn packed(name: &str, bytes: Vec<u8>) -> Vec<u8> {
    let level = flate2::Compression::default();
    let read = |mut reader: Box<dyn Read + '_>| {
        let mut packed = Vec::new();
        // Reading from memory does not fail.
        let _ = reader.read_to_end(&mut packed);
        packed
    };
    if inner_name(name).len() < name.len() {
        read(Box::new(flate2::read::GzEncoder::new(bytes.as_slice(), level)))
    } else if is_packed(name) {
        read(Box::new(flate2::read::ZlibEncoder::new(bytes.as_slice(), level)))
    } else {
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back() {
        for name in ["knees.csv.gz", "knees.dsjc"] {
            let bytes = packed(name, b"id,vas\n1,2\n".to_vec());
            assert!(bytes.starts_with(&[0x1f, 0x8b]) || bytes.starts_with(&[0x78]));
            assert_eq!(unpacked(name, &bytes).unwrap().as_ref(), b"id,vas\n1,2\n");
            assert!(unpacked(name, &bytes[..bytes.len() / 2]).is_err());
        }
        assert_eq!(inner_name("a.CSV.GZ"), "a.CSV");
    }
}
