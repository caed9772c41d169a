//! Numbers as they stand in files: what counts as one, and how a double is written back.

use super::error::CellReason;

/// Reads a number: optional sign, digits with at most one decimal sign, optional exponent; surrounding blanks are
/// ignored. The decimal sign is the comma where `decimal_comma`, else the point; the other one is refused, so a
/// thousands separator is never taken for a decimal sign. `inf`, `NaN` and hexadecimal are no numbers.
///
/// # Errors
/// [`CellReason`]: not a number, the other decimal sign, or beyond the range of a double.
pub fn parse(cell: &str, decimal_comma: bool) -> Result<f64, CellReason> {
    let cell = cell.trim();
    let (sign, other) = if decimal_comma { (b',', b'.') } else { (b'.', b',') };
    if let Some(value) = short(cell.as_bytes(), sign) {
        return Ok(value);
    }
    if !is_numeral(cell.as_bytes(), sign) {
        if is_numeral(cell.as_bytes(), other) {
            return Err(if decimal_comma { CellReason::DecimalPoint } else { CellReason::DecimalComma });
        }
        return Err(CellReason::NotANumber);
    }
    let value = if decimal_comma { cell.replace(',', ".").parse::<f64>() } else { cell.parse::<f64>() };
    match value {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) => Err(CellReason::NotFinite),
        Err(_) => Err(CellReason::NotANumber),
    }
}

/// The value of up to 15 digits with at most one decimal sign and a minus, as nearly all cells are; `None` for any other
/// cell. Both the digits and the power of ten are doubles without error, so that their quotient is the nearest double
/// (Clinger 1990), the same that the general reading gives.
fn short(cell: &[u8], sign: u8) -> Option<f64> {
    const POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let (negative, unsigned) = match cell {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, cell),
    };
    if unsigned.len() > 16 {
        return None;
    }
    let (mut digits, mut count, mut decimals) = (0_u64, 0_usize, None);
    for &byte in unsigned {
        if byte.is_ascii_digit() {
            digits = 10 * digits + u64::from(byte - b'0');
            count += 1;
        } else if byte == sign && decimals.is_none() {
            decimals = Some(count);
        } else {
            return None;
        }
    }
    if count == 0 || count > 15 {
        return None;
    }
    let value = digits as f64 / POWERS.get(count - decimals.unwrap_or(count))?;
    Some(if negative { -value } else { value })
}

/// Whether `cell` is a decimal numeral with the decimal sign `sign`.
fn is_numeral(cell: &[u8], sign: u8) -> bool {
    let unsigned = cell.strip_prefix(b"-").or_else(|| cell.strip_prefix(b"+")).unwrap_or(cell);
    let (mantissa, exponent) = match unsigned.iter().position(|&b| b == b'e' || b == b'E') {
        Some(at) => (unsigned.get(..at).unwrap_or_default(), unsigned.get(at + 1..)),
        None => (unsigned, None),
    };
    let digits = mantissa.iter().filter(|b| b.is_ascii_digit()).count();
    let signs = mantissa.iter().filter(|&&b| b == sign).count();
    let exponent_ok = exponent.is_none_or(|e| {
        let e = e.strip_prefix(b"-").or_else(|| e.strip_prefix(b"+")).unwrap_or(e);
        !e.is_empty() && e.iter().all(u8::is_ascii_digit)
    });
    digits > 0 && signs <= 1 && digits + signs == mantissa.len() && exponent_ok
}

/// The shortest text that reads back to the same double: `12.5`, `60`, `1e-7`.
pub fn print(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 {
        "0".to_string()
    } else if (1e-5..1e16).contains(&magnitude) {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_numeral_is_read_only_with_the_declared_decimal_sign() {
        assert_eq!(parse(" 12.5 ", false), Ok(12.5));
        assert_eq!(parse("12,5", true), Ok(12.5));
        assert_eq!(parse("-.5e+2", false), Ok(-50.0));
        assert_eq!(parse("12,5", false), Err(CellReason::DecimalComma));
        assert_eq!(parse("12.5", true), Err(CellReason::DecimalPoint));
        assert_eq!(parse("1e400", false), Err(CellReason::NotFinite));
        for bad in ["", "inf", "NaN", "0x10", "1,234.5", "12 mm", "--1", "1e", ".", "1.2.3", "５"] {
            assert_eq!(parse(bad, false), Err(CellReason::NotANumber), "{bad}");
        }
    }

    #[test]
    fn short_numerals_are_the_nearest_doubles() {
        for cell in [
            "0",
            "-0",
            "7",
            "007",
            ".5",
            "5.",
            "12.5",
            "-0.1",
            "0.3",
            "123456789012345",
            "1.23456789012345",
            "99999.9999999999",
            "0.00000000000001",
            "-999999999999.999",
        ] {
            let value = short(cell.as_bytes(), b'.').unwrap();
            assert_eq!(value.to_bits(), cell.parse::<f64>().unwrap().to_bits(), "{cell}");
        }
        let mut state = 7_u64;
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let digits = format!("{:015}", (state >> 14) % 1_000_000_000_000_000);
            let at = (state >> 5) as usize % 16;
            let cell = format!("{}.{}", &digits[..at], &digits[at..]);
            assert_eq!(parse(&cell, false).unwrap().to_bits(), cell.parse::<f64>().unwrap().to_bits(), "{cell}");
        }
        for cell in ["", "-", ".", "1.2.3", "1e5", "+1", "1234567890123456", "1 2", "٣"] {
            assert_eq!(short(cell.as_bytes(), b'.'), None, "{cell}");
        }
    }

    #[test]
    fn printing_reads_back_to_the_same_double() {
        for value in [0.0, 60.0, 12.5, 1e-7, -1.0 / 3.0, 1e300, f64::MIN_POSITIVE, 123_456_789_012_345_680.0] {
            assert_eq!(parse(&print(value), false), Ok(value));
        }
        assert_eq!(print(-0.0), "0");
        assert_eq!(print(60.0), "60");
    }
}
