//! NAMESTR: the 140 bytes that describe one variable.

use super::NAMESTR;

/// One variable.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Variable {
    /// Name, up to 8 bytes in version 5, 32 in version 8.
    pub name: Vec<u8>,
    /// Label, up to 40 bytes in version 5, 256 in version 8.
    pub label: Vec<u8>,
    /// Whether it is numeric.
    pub numeric: bool,
    /// Bytes in a row.
    pub length: usize,
    /// Offset in a row.
    pub position: usize,
    /// Display format.
    pub format: DisplayFormat,
}

/// A SAS display format: name, width, decimals.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct DisplayFormat {
    /// Name without width, `DATE`, `$`, or empty for a plain width.
    pub name: String,
    /// Width, 0 for none.
    pub width: u16,
    /// Decimals.
    pub decimals: u16,
}

impl DisplayFormat {
    /// Reads SAS notation: `DATE9.`, `8.2`, `$20.`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (front, decimals) = text.split_once('.').unwrap_or((text, ""));
        let name_end = front.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let number = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<u16>().ok() };
        Some(Self {
            name: front.get(..name_end)?.to_string(),
            width: number(front.get(name_end..)?)?,
            decimals: number(decimals)?,
        })
    }

    /// SAS notation, if there is a format at all.
    pub fn print(&self) -> Option<String> {
        if self.name.is_empty() && self.width == 0 {
            return None;
        }
        let number = |value: u16| if value == 0 { String::new() } else { value.to_string() };
        Some(format!("{}{}.{}", self.name, number(self.width), number(self.decimals)))
    }
}

/// Reads a NAMESTR of 136 or 140 bytes; `None` where it is too short or holds an impossible type or length.
pub(super) fn parse(bytes: &[u8], version8: bool) -> Option<Variable> {
    let short = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    let text = |from: usize, to: usize| Some(trim_end(bytes.get(from..to)?).to_vec());
    let kind = short(0)?;
    let length = usize::from(short(4)?);
    let numeric = kind == 1;
    let possible = if numeric { (2..=8).contains(&length) } else { kind == 2 && (1..=32_767).contains(&length) };
    let position = usize::try_from(u32::from_be_bytes(bytes.get(84..88)?.try_into().ok()?)).ok()?;
    let long_name = if version8 { text(88, 120).unwrap_or_default() } else { Vec::new() };
    possible.then_some(Variable {
        name: if long_name.iter().any(|&byte| byte != 0) { long_name } else { text(8, 16)? },
        label: text(16, 56)?,
        numeric,
        length,
        position,
        format: DisplayFormat {
            name: String::from_utf8_lossy(&text(56, 64)?).into_owned(),
            width: short(64)?,
            decimals: short(66)?,
        },
    })
}

/// The 140 bytes of the variable with this number, counted from 1.
pub(super) fn print(variable: &Variable, number: u16, version8: bool) -> [u8; NAMESTR] {
    let mut bytes = [0u8; NAMESTR];
    let mut put = |at: usize, width: usize, value: &[u8], fill: u8| {
        let padded = value.iter().copied().chain(std::iter::repeat(fill));
        bytes.iter_mut().skip(at).take(width).zip(padded).for_each(|(to, from)| *to = from);
    };
    let length = u16::try_from(variable.length).unwrap_or(u16::MAX);
    let position = u32::try_from(variable.position).unwrap_or(u32::MAX);
    let justify = u16::from(variable.numeric);
    put(0, 2, &(if variable.numeric { 1u16 } else { 2 }).to_be_bytes(), 0);
    put(4, 2, &length.to_be_bytes(), 0);
    put(6, 2, &number.to_be_bytes(), 0);
    put(8, 8, &variable.name, b' ');
    put(16, 40, &variable.label, b' ');
    put(56, 8, variable.format.name.as_bytes(), b' ');
    put(64, 2, &variable.format.width.to_be_bytes(), 0);
    put(66, 2, &variable.format.decimals.to_be_bytes(), 0);
    put(68, 2, &justify.to_be_bytes(), 0);
    put(72, 8, b"", b' ');
    put(84, 4, &position.to_be_bytes(), 0);
    if version8 {
        put(88, 32, &variable.name, b' ');
        put(120, 2, &u16::try_from(variable.label.len()).unwrap_or(u16::MAX).to_be_bytes(), 0);
    }
    bytes
}

/// `bytes` without blanks and NULs at the end.
pub(super) fn trim_end(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|&byte| byte != b' ' && byte != 0).map_or(0, |at| at + 1);
    bytes.get(..end).unwrap_or_default()
}
