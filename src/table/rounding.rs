//! Rounding for print: the only place where numbers lose digits.
//!
//! Half away from zero on the decimal value, as SAS prints; a value is first read as the 15 significant digits that a
//! double carries, so 1.005 prints as 1.01 although its binary form lies just below. What lies within rounding error of a
//! half (`TIE`) is a half: the same number computed in another order prints alike. There is no negative zero.

/// The minus sign of printed text (U+2212).
pub const MINUS: char = '\u{2212}';

/// How near to a half, in units of the last digit printed, a value is a half. Sums over the patients of a trial err by
/// some 1e-13 of their size; nothing that is measured is told apart by a billionth of the digit printed.
const TIE: f64 = 1e-9;

/// Largest value, in units of the last digit printed, that a double still tells from a half by less than [`TIE`].
const TOLD_APART: f64 = 1e6;

/// `value` with `decimals` decimals and an ASCII hyphen for negative numbers (for CSV and programs); `inf`, `-inf` and
/// `NaN` by these names.
pub fn fixed(value: f64, decimals: usize) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if !value.is_finite() {
        return if value > 0.0 { "inf".to_owned() } else { "-inf".to_owned() };
    }
    if let Some(units) = rounded_up_half(value.abs(), decimals) {
        let digits: Vec<u8> = units.to_string().bytes().map(|digit| digit - b'0').collect();
        return place(value, &digits, digits.len() as i32 - 1 - decimals as i32, decimals);
    }
    let scientific = format!("{:.14e}", value.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let mut digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    // The value is 0.d1d2d3… × 10^(exponent + 1); keep `keep` digits after the point of that form.
    let keep = exponent + 1 + decimals as i32;
    if keep < 0 {
        digits.clear();
    } else if (keep as usize) < digits.len() {
        let up = digits[keep as usize] >= 5;
        digits.truncate(keep as usize);
        if up {
            let mut carry = true;
            for digit in digits.iter_mut().rev() {
                *digit = (*digit + 1) % 10;
                if *digit != 0 {
                    carry = false;
                    break;
                }
            }
            if carry {
                digits.insert(0, 1);
                return place(value, &digits, exponent + 1, decimals);
            }
        }
    }
    place(value, &digits, exponent, decimals)
}

/// A size that lies at a half of the last digit printed but for rounding error, rounded up, in units of that digit.
fn rounded_up_half(size: f64, decimals: usize) -> Option<u64> {
    let units = size * 10_f64.powi(decimals as i32);
    let near = units < TOLD_APART && (units - units.floor() - 0.5).abs() <= TIE;
    near.then(|| units.floor() as u64 + 1)
}

/// Writes the digits d1d2d3… of a number with leading digit at 10^`exponent`.
fn place(value: f64, digits: &[u8], exponent: i32, decimals: usize) -> String {
    let digit = |power: i32| {
        let index = exponent - power;
        usize::try_from(index).ok().and_then(|index| digits.get(index)).copied().unwrap_or(0)
    };
    let mut text = String::new();
    for power in (0..=exponent.max(0)).rev() {
        text.push(char::from(b'0' + digit(power)));
    }
    if decimals > 0 {
        text.push('.');
        for power in 1..=decimals as i32 {
            text.push(char::from(b'0' + digit(-power)));
        }
    }
    let zero = text.bytes().all(|byte| byte == b'0' || byte == b'.');
    if value < 0.0 && !zero { format!("-{text}") } else { text }
}

/// As [`fixed`], with the minus sign of print; the open end of a one-sided interval is `∞`.
pub fn print(value: f64, decimals: usize) -> String {
    fixed(value, decimals).replace("inf", "∞").replace('-', &MINUS.to_string())
}

/// The decimals with which an interval is printed: as many more than `decimals` as it takes that a limit of an interval
/// which excludes 0 does not print as 0.
pub fn interval_decimals(low: Option<f64>, high: Option<f64>, decimals: usize) -> usize {
    let (Some(low), Some(high)) = (low, high) else { return decimals };
    let nearest = low.abs().min(high.abs());
    if !(low > 0.0 || high < 0.0) || nearest < 1e-9 {
        return decimals;
    }
    let is_zero = |decimals: usize| fixed(nearest, decimals).bytes().all(|byte| matches!(byte, b'0' | b'.'));
    (decimals..decimals + 9).find(|decimals| !is_zero(*decimals)).unwrap_or(decimals)
}

/// A power of ten that a size of error lies below: `1e-8`; never under `1e-10`, where rounding differs between machines.
pub fn bound(value: f64) -> String {
    let exponent = value.abs().log10().floor() + 1.0;
    if exponent.is_finite() { format!("1e{}", exponent.max(-10.0)) } else { "1e-10".to_owned() }
}

/// A p-value in print: three decimals, never 0 or 1; as many more as show on which side of 0.05 it lies.
pub fn p_value(p: f64) -> String {
    if p < 0.001 {
        "<\u{a0}0.001".to_owned()
    } else if p > 0.99 {
        ">\u{a0}0.99".to_owned()
    } else {
        let decimals = (3..12).find(|decimals| p == 0.05 || (round_to(p, *decimals) - 0.05).abs() > 1e-12);
        fixed(p, decimals.unwrap_or(3))
    }
}

/// `value` rounded to `decimals` decimals.
fn round_to(value: f64, decimals: usize) -> f64 {
    let unit = 10f64.powi(i32::try_from(decimals).unwrap_or(0));
    (value * unit).round() / unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_excludes_zero_is_not_printed_as_zero() {
        assert_eq!(interval_decimals(Some(0.004), Some(3.2), 1), 3);
        assert_eq!(interval_decimals(Some(-3.2), Some(-0.04), 1), 2);
        assert_eq!(interval_decimals(Some(-0.004), Some(3.2), 1), 1);
        assert_eq!(interval_decimals(Some(0.0), Some(3.2), 1), 1);
        assert_eq!(interval_decimals(Some(2.0), None, 1), 1);
        assert_eq!(interval_decimals(Some(0.004), Some(f64::INFINITY), 1), 3);
    }

    #[test]
    fn sizes_of_error_lie_below_a_power_of_ten() {
        for (value, expected) in [(3.1e-9, "1e-8"), (0.0, "1e-10"), (4e-14, "1e-10"), (0.02, "1e-1"), (-3.0, "1e1")] {
            assert_eq!(bound(value), expected, "{value}");
        }
    }

    #[test]
    fn halves_go_away_from_zero_as_sas_prints() {
        for (value, decimals, expected) in [
            (0.125, 2, "0.13"),
            (-0.125, 2, "-0.13"),
            (1.005, 2, "1.01"),
            (2.5, 0, "3"),
            (-2.5, 0, "-3"),
            (0.5, 0, "1"),
            (0.49, 0, "0"),
            (9.995, 2, "10.00"),
            (99.95, 1, "100.0"),
            (0.0996, 3, "0.100"),
            (0.04, 0, "0"),
            (0.06, 1, "0.1"),
            (0.95, 1, "1.0"),
            (1234567.25, 1, "1234567.3"),
            (1e20, 0, "100000000000000000000"),
            (-0.001, 2, "0.00"),
            (-0.0, 1, "0.0"),
            (0.0, 3, "0.000"),
            (1e-300, 2, "0.00"),
            (0.3 + 0.6, 1, "0.9"),
        ] {
            assert_eq!(fixed(value, decimals), expected, "{value} to {decimals}");
        }
        let names = [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(|value| fixed(value, 2));
        assert_eq!(names, ["NaN", "NaN", "inf", "-inf"]);
        assert_eq!([f64::INFINITY, f64::NEG_INFINITY].map(|value| print(value, 1)), ["∞", "−∞"]);
    }

    #[test]
    fn a_half_but_for_rounding_error_rounds_as_a_half() {
        for (value, decimals, expected) in [
            (-0.250_000_000_000_001_55, 1, "-0.3"),
            (-0.249_999_999_999_998_78, 1, "-0.3"),
            (0.249_999_999_999_998_78, 1, "0.3"),
            (0.249_999_9, 1, "0.2"),
            (-0.049_999_999_999_999_9, 1, "-0.1"),
            (99.949_999_999_999_99, 1, "100.0"),
            (0.000_499_999_999_999_999, 3, "0.001"),
            (12.344_999_999_999_97, 2, "12.35"),
            (12.344_99, 2, "12.34"),
        ] {
            assert_eq!(fixed(value, decimals), expected, "{value} to {decimals}");
        }
    }

    #[test]
    fn p_values_are_never_zero_or_one() {
        assert_eq!(p_value(0.0), "<\u{a0}0.001");
        assert_eq!(p_value(0.00099), "<\u{a0}0.001");
        assert_eq!(p_value(0.0494), "0.049");
        // On which side of 0.05 it lies is seen.
        for (p, expected) in [(0.0495, "0.0495"), (0.049_96, "0.04996"), (0.050_04, "0.05004"), (0.05, "0.050")] {
            assert_eq!(p_value(p), expected);
        }
        assert_eq!(p_value(1.0), ">\u{a0}0.99");
    }
}
