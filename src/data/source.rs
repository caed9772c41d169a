//! Bytes of a file, within limits that keep memory bounded, and the first look at what they are.
//!
//! Limits: a file of 2 GiB ([`MAX_FILE`]); for text, a line of 64 MiB ([`MAX_LINE`]). Text is read in pieces, so that a
//! file that is one endless line is refused after 64 MiB, not after all of it is in memory.

use super::error::DataError;
use super::memory;
use super::options::Format;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// Longest file, in bytes.
pub const MAX_FILE: u64 = 2 << 30;

/// Longest line of a text file, in bytes.
pub const MAX_LINE: usize = 64 << 20;

/// Room made for a file before it is read; a longer one grows, so that an endless line is refused with little in memory.
const FIRST_CAPACITY: u64 = 256 << 20;

/// Reads the whole file at `path`, which is to be of `format`, `packed` or not.
///
/// # Errors
/// [`DataError::NotFound`], [`DataError::NotAFile`], [`DataError::Io`] (also a loop of symbolic links), and
/// [`DataError::TooLarge`].
pub fn load(path: &Path, format: Format, packed: bool) -> Result<Vec<u8>, DataError> {
    let name = path.display().to_string();
    let failed = |source: std::io::Error| match source.kind() {
        ErrorKind::NotFound => DataError::NotFound { path: name.clone() },
        _ => DataError::Io { path: name.clone(), action: "read", source },
    };
    let too_large = |what, limit, row| DataError::TooLarge { path: name.clone(), what, limit, row };
    // Before it is opened: opening a pipe would wait for whoever writes to it.
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        let what = if metadata.is_dir() { "a folder" } else { "a pipe or device" };
        return Err(DataError::NotAFile { path: name, what });
    }
    let is_text = format.is_text() && !packed;
    let mut file = File::open(path).map_err(failed)?;
    if metadata.len() > MAX_FILE && !is_text {
        return Err(too_large("the file, in bytes,", MAX_FILE, None));
    }
    memory::afford(&name, metadata.len())?;
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(FIRST_CAPACITY)).unwrap_or_default());
    // Where the line being read begins.
    let mut line = 0;
    loop {
        let before = bytes.len();
        let read = file.by_ref().take(1 << 20).read_to_end(&mut bytes).map_err(failed)?;
        if read == 0 {
            return Ok(bytes);
        }
        if bytes.len() as u64 > MAX_FILE {
            return Err(too_large("the file, in bytes,", MAX_FILE, None));
        }
        if !is_text {
            continue;
        }
        let piece = bytes.get(before..).unwrap_or_default();
        if let Some(at) = piece.iter().rposition(|&byte| byte == b'\n' || byte == b'\r') {
            line = before + at + 1;
        }
        if bytes.len() - line > MAX_LINE {
            let row = 1 + line_ends(bytes.get(..line).unwrap_or_default());
            return Err(too_large("one line, in bytes,", MAX_LINE as u64, Some(row)));
        }
    }
}

/// Line ends in `bytes`: LF, CRLF or CR.
fn line_ends(bytes: &[u8]) -> usize {
    let crlf = bytes.windows(2).filter(|pair| *pair == b"\r\n").count();
    bytes.iter().filter(|&&byte| byte == b'\n' || byte == b'\r').count() - crlf
}

/// The SHA-256 of `bytes`, in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// First bytes, what they show, and the formats read here that begin so.
type Signature = (&'static [u8], &'static str, &'static [Format]);

/// Formats that show themselves in the first bytes.
const SIGNATURES: [Signature; 12] = [
    (b"PK\x03\x04", "a zip archive or an Excel workbook", &[Format::Xlsx, Format::Ods]),
    (b"PAR1", "Parquet", &[Format::Parquet]),
    (b"HEADER RECORD*******", "a SAS transport file", &[Format::Xpt]),
    (b"\xd0\xcf\x11\xe0", "an Excel 97 workbook (.xls)", &[Format::Xls]),
    (b"\0\0\0\0\0\0\0\0\0\0\0\0\xc2\xea\x81\x60", "a SAS data set", &[Format::Sas7bdat]),
    (b"$FL2", "an SPSS data file", &[Format::Sav]),
    (b"$FL3", "an SPSS data file (.zsav)", &[Format::Sav]),
    (b"<stata_dta>", "a Stata data file", &[Format::Dta]),
    (b"{\\rtf", "a rich text document", &[]),
    (b"%PDF-", "PDF", &[]),
    (b"\x1f\x8b", "gzip", &[]),
    (b"SQLite format 3", "an SQLite database", &[]),
];

/// What a file that begins with `bytes` shows itself to be.
fn signature(bytes: &[u8]) -> Option<&'static Signature> {
    SIGNATURES.iter().find(|(signature, ..)| bytes.starts_with(signature))
}

/// What a text is that is no table with delimiters: a page or a document that a program saved under the name of one.
fn marked_up(bytes: &[u8]) -> Option<&'static str> {
    let start = bytes.get(..bytes.len().min(2048)).unwrap_or_default();
    // Text of two bytes a character has a NUL in every other.
    let start: Vec<u8> = start.iter().copied().filter(|byte| *byte != 0).collect();
    let text = String::from_utf8_lossy(&start).to_lowercase();
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{fffd}'));
    let begins = |words: &[&str]| words.iter().any(|word| text.starts_with(word));
    if text.starts_with("<?xml") && ["spreadsheet", "workbook", "excel.sheet"].iter().any(|word| text.contains(word)) {
        return Some("an XML spreadsheet of Excel 2003");
    }
    if begins(&["<!doctype html", "<html", "<head", "<body", "<table", "<meta", "<style", "<!--"])
        || text.starts_with("<?xml") && text.contains("<html")
    {
        return Some("an HTML page");
    }
    let headed = text.starts_with("from:") && text.contains("mime-version:");
    (text.starts_with("mime-version:") || headed).then_some("a web archive (.mht)")
}

/// Whether a text that began so would be taken for another format.
pub fn looks_signed(text: &str) -> bool {
    signature(text.as_bytes()).is_some() || marked_up(text.as_bytes()).is_some()
}

/// Refuses a file whose first bytes belong to another format than `format`.
///
/// # Errors
/// [`DataError::Empty`] and [`DataError::WrongFormat`].
pub fn check_signature(name: &str, bytes: &[u8], format: Format) -> Result<(), DataError> {
    if bytes.is_empty() {
        return Err(DataError::Empty { path: name.to_string() });
    }
    let wrong = |found| DataError::WrongFormat { path: name.to_string(), declared: format.title(), found };
    if let Some((_, found, formats)) = signature(bytes) {
        // `PAR1` may also be the first name in the header of a text; a Parquet file ends with it too.
        let is_name = formats.contains(&Format::Parquet) && !bytes.ends_with(b"PAR1");
        if formats.contains(&format) {
            return Ok(());
        } else if !is_name {
            return Err(wrong(found));
        }
    }
    if let Some(found) = marked_up(bytes) {
        return Err(wrong(found));
    }
    // Old releases of Stata begin with nothing but their number.
    let signed = format != Format::Dta && SIGNATURES.iter().any(|(_, _, formats)| formats.contains(&format));
    if signed {
        let text = std::str::from_utf8(bytes.get(..bytes.len().min(512)).unwrap_or_default()).is_ok();
        return Err(wrong(if text { "text" } else { "no format known here" }));
    }
    Ok(())
}
