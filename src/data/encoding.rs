//! Bytes of a text file to characters: the encoding that is declared, marked, or told from the bytes.

use super::error::DataError;
use super::improbable;
use super::memory;
use encoding_rs::{Encoding, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::borrow::Cow;

/// Text and the encoding it was in.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded<'a> {
    /// The characters, without a byte order mark.
    pub text: Cow<'a, str>,
    /// Name of the encoding, as in the WHATWG list.
    pub encoding: &'static str,
    /// The first place that is no text, and what stands there.
    pub odd: Option<OddPlace>,
    /// Whether the name was neither declared nor given by a byte order mark nor UTF-8, but told from the bytes.
    pub guessed: bool,
}

/// A place of the text that nobody wrote so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OddPlace {
    /// Row in the file.
    pub row: usize,
    /// The cell.
    pub cell: String,
    /// What it was, where it is UTF-8 that was read as something else.
    pub was: Option<String>,
    /// How many places are odd.
    pub places: usize,
}

/// Decodes `bytes`. In this order: a byte order mark; the declared encoding; UTF-16 where every other byte of the
/// beginning is NUL; UTF-8 where the bytes are valid; else Shift_JIS or Windows-1252, whichever the bytes can only be.
///
/// # Errors
/// [`DataError::UnknownEncoding`] for a name that is none; [`DataError::Improbable`] where an encoding that was told from the
/// bytes makes text of them that nobody wrote; [`DataError::Encoding`] with the first bad byte and its row
/// where the bytes are not of the declared encoding or of any.
pub fn decode<'a>(name: &str, bytes: &'a [u8], declared: Option<&str>) -> Result<Decoded<'a>, DataError> {
    let declared = declared.map(|label| {
        Encoding::for_label(label.trim().as_bytes())
            .ok_or_else(|| DataError::UnknownEncoding { path: name.to_string(), name: label.to_string() })
    });
    let declared = declared.transpose()?;
    let (encoding, guessed) = match (Encoding::for_bom(bytes), declared) {
        (Some((marked, _)), _) => (marked, false),
        (None, Some(encoding)) => (encoding, false),
        (None, None) => match utf16_without_mark(bytes) {
            Some(encoding) => (encoding, true),
            None if std::str::from_utf8(bytes).is_ok() => (UTF_8, false),
            // Tried before it is taken: room for three bytes a byte.
            None if memory::afford(name, 3 * bytes.len() as u64).is_err() => (UTF_8, false),
            None => match legacy(bytes) {
                Some(encoding) => (encoding, true),
                None => (UTF_8, false),
            },
        },
    };
    let body = match Encoding::for_bom(bytes) {
        Some((_, length)) => bytes.get(length..).unwrap_or_default(),
        None => bytes,
    };
    if encoding != UTF_8 {
        memory::afford(name, 3 * body.len() as u64)?;
    }
    let text = match encoding.decode_without_bom_handling_and_without_replacement(body) {
        Some(text) => text,
        None => return Err(first_bad_byte(name, bytes, body, encoding)),
    };
    let found = improbable::look(&text, encoding, guessed);
    let odd = found.first.map(|at| odd_place(&text, at, found.odd));
    if let (Some(at), Some(place), true) = (found.first, &odd, guessed && found.is_much()) {
        return Err(improbable_text(name, body, &text, encoding, at, place));
    }
    Ok(Decoded { text, encoding: encoding.name(), odd, guessed })
}

/// The odd place that begins at `at` of `text`, the first of `places`.
fn odd_place(text: &str, at: usize, places: usize) -> OddPlace {
    let run: String = text.get(at..).unwrap_or_default().chars().take_while(|c| !c.is_ascii()).collect();
    let row = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
    OddPlace { row, cell: improbable::around(text, at), was: improbable::was_utf_8(&run), places }
}

/// The error of an encoding that was told wrongly, with those that the row may be of.
fn improbable_text(
    name: &str,
    body: &[u8],
    text: &str,
    encoding: &'static Encoding,
    at: usize,
    place: &OddPlace,
) -> DataError {
    let line = |text: &str| text.bytes().filter(|byte| *byte == b'\n').count();
    let number = line(text.get(..at).unwrap_or_default());
    let row = body.split(|byte| *byte == b'\n').nth(number).unwrap_or_default();
    let fits = improbable::candidates(row, encoding);
    let listed: Vec<String> =
        fits.iter().map(|(name, cell)| format!("`{}`: {cell}", name.to_ascii_lowercase())).collect();
    DataError::Improbable {
        path: name.to_string(),
        encoding: encoding.name().to_string(),
        row: place.row,
        found: place.cell.clone(),
        fits: if listed.is_empty() { "none that is known here".to_owned() } else { listed.join(", ") },
    }
}

/// UTF-16 without a byte order mark: mostly ASCII, so every other byte is NUL.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = bytes.get(..bytes.len().min(4096))?;
    let pairs = start.len() / 2;
    let nul = |offset: usize| start.iter().skip(offset).step_by(2).filter(|&&byte| byte == 0).count();
    let (high_first, low_first) = (nul(0), nul(1));
    match () {
        () if pairs < 2 => None,
        () if low_first * 10 >= pairs * 7 && high_first == 0 => Some(UTF_16LE),
        () if high_first * 10 >= pairs * 7 && low_first == 0 => Some(UTF_16BE),
        () => None,
    }
}

/// Shift_JIS or Windows-1252. Shift_JIS needs every high byte to be part of a valid character, and more two-byte
/// characters with a lead byte of 0x81–0x9F (kana and the common kanji; rare punctuation in Windows-1252) than with one
/// of 0xE0–0xFC (accented letters there). Windows-1252 needs to have none of the five bytes it does not define.
fn legacy(bytes: &[u8]) -> Option<&'static Encoding> {
    if SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes).is_some() {
        let (mut common, mut rare) = (0usize, 0usize);
        let mut rest = bytes.iter();
        while let Some(&byte) = rest.next() {
            match byte {
                0x81..=0x9F => common += 1,
                0xE0..=0xFC => rare += 1,
                _ => continue,
            }
            rest.next();
        }
        if common > rare {
            return Some(SHIFT_JIS);
        }
    }
    let undefined = bytes.iter().any(|byte| matches!(byte, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D));
    (!undefined).then_some(WINDOWS_1252)
}

/// The error for the first byte of `body` (the file less its byte order mark) that `encoding` cannot decode.
fn first_bad_byte(name: &str, bytes: &[u8], body: &[u8], encoding: &'static Encoding) -> DataError {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(8192);
    let mut at = 0;
    let mut row = 1;
    loop {
        text.clear();
        let rest = body.get(at..).unwrap_or_default();
        let (result, read) = decoder.decode_to_string_without_replacement(rest, &mut text, true);
        row += text.bytes().filter(|&byte| byte == b'\n').count();
        at += read;
        match result {
            encoding_rs::DecoderResult::OutputFull => {}
            encoding_rs::DecoderResult::Malformed(bad, after) => {
                at = at.saturating_sub(usize::from(bad) + usize::from(after));
                break;
            }
            encoding_rs::DecoderResult::InputEmpty => break,
        }
    }
    let offset = bytes.len() - body.len() + at;
    DataError::Encoding { path: name.to_string(), encoding: encoding.name().to_string(), offset, row }
}
