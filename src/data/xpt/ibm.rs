//! IBM System/360 doubles: a sign, a 7-bit power of 16 with excess 64, and 56 bits of fraction.

/// What the eight bytes of a numeric value hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Numeric {
    /// A number.
    Value(f64),
    /// A missing value: `.` the ordinary one, `A`–`Z` or `_` the special ones.
    Missing(char),
}

/// Reads an IBM double of 2 to 8 bytes; shorter ones are cut off at the end.
///
/// A fraction of more than 53 significant bits, which no program that computes in IEEE arithmetic has written, is
/// rounded to the nearest double. Bytes beyond the eighth are not looked at.
pub fn from_ibm(bytes: &[u8]) -> Numeric {
    let mut word = [0u8; 8];
    for (to, from) in word.iter_mut().zip(bytes) {
        *to = *from;
    }
    let bits = u64::from_be_bytes(word);
    let fraction = bits & 0x00FF_FFFF_FFFF_FFFF;
    let first = (bits >> 56) as u8;
    if fraction == 0 {
        return match first {
            b'.' | b'_' | b'A'..=b'Z' => Numeric::Missing(char::from(first)),
            _ => Numeric::Value(0.0),
        };
    }
    let exponent = 4 * (i32::from(first & 0x7F) - 64) - 56;
    // |exponent| ≤ 312, so both factors are normal doubles and the product is exact.
    let magnitude = fraction as f64 * 2f64.powi(exponent / 2) * 2f64.powi(exponent - exponent / 2);
    Numeric::Value(if first & 0x80 != 0 { -magnitude } else { magnitude })
}

/// The IBM double of `value`, exact; `None` where its magnitude is outside 16⁻⁶⁵ … 16⁶³, or it is not finite.
pub fn to_ibm(value: f64) -> Option<[u8; 8]> {
    if value == 0.0 {
        return Some([0; 8]);
    }
    let bits = value.to_bits();
    let biased = i32::try_from((bits >> 52) & 0x7FF).ok()?;
    if biased == 0 || biased == 0x7FF {
        return None;
    }
    // value = significand · 2^power, with 53 bits of significand.
    let significand = (bits & 0x000F_FFFF_FFFF_FFFF) | 0x0010_0000_0000_0000;
    let power = biased - 1023 - 52;
    // fraction · 16^(sixteenths) / 2^56 with a fraction of 53 to 56 bits.
    let sixteenths = (power + 53 + 3).div_euclid(4);
    let shift = power + 56 - 4 * sixteenths;
    if !(0..=3).contains(&shift) || !(-64..=63).contains(&sixteenths) {
        return None;
    }
    let sign = if value < 0.0 { 0x80 } else { 0 };
    let exponent = u64::try_from(sixteenths + 64).ok()?;
    Some((((sign | exponent) << 56) | (significand << shift)).to_be_bytes())
}

/// The bytes of a missing value.
pub(super) fn missing(code: char) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes[0] = u8::try_from(code).unwrap_or(b'.');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_patterns() {
        // TS-140 and IBM System/360 Principles of Operation: 1, -118.625, 0.1 (rounded).
        assert_eq!(to_ibm(1.0), Some([0x41, 0x10, 0, 0, 0, 0, 0, 0]));
        assert_eq!(to_ibm(-118.625), Some([0xC2, 0x76, 0xA0, 0, 0, 0, 0, 0]));
        assert_eq!(from_ibm(&[0x42, 0x64]), Numeric::Value(100.0));
        assert_eq!(from_ibm(&[0x5A, 0, 0, 0, 0, 0, 0, 0]), Numeric::Missing('Z'));
        assert_eq!(from_ibm(&[0; 8]), Numeric::Value(0.0));
    }

    #[test]
    fn every_double_in_range_comes_back() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        for _ in 0..200_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let value = f64::from_bits(state);
            let in_range = value.is_finite() && (16f64.powi(-65)..16f64.powi(63)).contains(&value.abs());
            match to_ibm(value) {
                Some(bytes) => assert_eq!((in_range, from_ibm(&bytes)), (true, Numeric::Value(value))),
                None => assert!(!in_range, "{value:e}"),
            }
        }
        assert_eq!(to_ibm(f64::INFINITY), None);
        assert_eq!(to_ibm(1e76), None);
    }
}
