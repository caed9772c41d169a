//! The protocol's sentence and the R line of an answer.

use crate::table::rounding;

/// A number for a sentence: six significant digits at most, no trailing zeros.
pub fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let digits = 5 - value.abs().log10().floor() as i32;
    if (0..=15).contains(&digits) {
        let scale = 10_f64.powi(digits);
        format!("{}", (value * scale).round() / scale)
    } else {
        format!("{value}")
    }
}

/// What is known of the SD of the differences, the correlation first.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// SD of the within-patient differences.
    pub sd_diff: f64,
    /// The assumption as the beginning of a sentence, without a comma at its end.
    pub assumption: String,
}

/// The level of a test in words.
pub fn level(alpha: f64, sides: &str) -> String {
    let kind = if sides == "two" { "two-sided" } else { "one-sided" };
    format!("a {kind} significance level of {}", short(alpha))
}

/// What was computed, to end a sentence about a test: the power that `n` patients have, which is not quite the one asked for.
pub fn outcome(n: usize, power: f64, what: &str, delta: &str) -> String {
    format!("{n} patients with both knees give {what} a power of {} {delta}", rounding::print(power, 3))
}

/// R: power of a paired t test for a shift towards the alternative.
pub fn r_paired_t(n: usize, shift: f64, sd: f64, alpha: f64, sides: &str) -> String {
    let towards = match sides {
        "two" => true,
        "lower" => shift <= 0.0,
        _ => shift >= 0.0,
    };
    let alternative = if sides == "two" { "two.sided" } else { "one.sided" };
    if towards {
        return format!(
            "power.t.test(n = {n}, delta = {}, sd = {sd}, sig.level = {alpha}, type = \"paired\", alternative = \
             \"{alternative}\", strict = TRUE)$power",
            shift.abs()
        );
    }
    format!(
        "pt(qt({alpha}, {n} - 1, lower.tail = FALSE), {n} - 1, -sqrt({n}) * {}/{sd}, lower.tail = FALSE)",
        shift.abs()
    )
}
