//! Numbers with an infinitesimal part: the ε edges of graphical procedures, taken to the limit exactly.
//!
//! Bretz, Maurer, Brannath and Posch (2009) let an edge carry an infinitesimally small weight, so that significance
//! passes along it only when nothing else is left to test. Putting a small number for ε gives decisions that depend on
//! it; here a weight is a power series in ε, and decisions use its limit for ε → 0.

use std::fmt;
use std::ops::{Add, Mul, Sub};
use std::str::FromStr;

/// Powers of ε that are kept, beginning with the lowest one that occurs.
const TERMS: usize = 16;

/// A number c₀εᵏ + c₁εᵏ⁺¹ + …, ε infinitesimally small and positive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Epsilon {
    /// Power of ε of the first coefficient.
    order: i32,
    /// Coefficients; the first is not 0 unless the number is.
    coefficients: [f64; TERMS],
}

impl Epsilon {
    /// Zero.
    pub const ZERO: Self = Self { order: 0, coefficients: [0.0; TERMS] };

    /// `real` + `infinitesimal`·ε.
    pub fn new(real: f64, infinitesimal: f64) -> Self {
        let mut coefficients = [0.0; TERMS];
        coefficients[0] = real;
        coefficients[1] = infinitesimal;
        Self { order: 0, coefficients }.normalised()
    }

    /// Whether this is exactly zero.
    pub fn is_zero(&self) -> bool {
        self.coefficients[0] == 0.0
    }

    /// Whether this is less than zero for every small enough ε.
    pub fn is_negative(&self) -> bool {
        self.coefficients[0] < 0.0
    }

    /// The limit for ε → 0; infinite where it does not exist.
    pub fn limit(&self) -> f64 {
        match self.order {
            _ if self.is_zero() => 0.0,
            0 => self.coefficients[0],
            1.. => 0.0,
            _ => f64::INFINITY.copysign(self.coefficients[0]),
        }
    }

    /// `self / divisor`; `None` when the divisor is zero.
    pub fn divided_by(self, divisor: Self) -> Option<Self> {
        if divisor.is_zero() {
            return None;
        }
        let mut rest = self.coefficients;
        let mut quotient = [0.0; TERMS];
        for i in 0..TERMS {
            quotient[i] = rest[i] / divisor.coefficients[0];
            for (j, remaining) in rest[i..].iter_mut().enumerate() {
                *remaining -= quotient[i] * divisor.coefficients[j];
            }
        }
        Some(Self { order: self.order - divisor.order, coefficients: quotient }.normalised())
    }

    /// Coefficient of ε to the `power`.
    fn at(&self, power: i32) -> f64 {
        usize::try_from(power - self.order).ok().and_then(|i| self.coefficients.get(i)).copied().unwrap_or(0.0)
    }

    /// Leading zeros removed.
    fn normalised(mut self) -> Self {
        match self.coefficients.iter().position(|coefficient| *coefficient != 0.0) {
            None => Self::ZERO,
            Some(zeros) => {
                self.coefficients.rotate_left(zeros);
                self.order += zeros as i32;
                self
            }
        }
    }

    /// `self + sign · other`; what is left of a cancellation of equal coefficients by rounding counts as 0.
    fn combined(self, other: Self, sign: f64) -> Self {
        if self.is_zero() || other.is_zero() {
            let mut sum = if self.is_zero() { other } else { self };
            if self.is_zero() {
                sum.coefficients.iter_mut().for_each(|coefficient| *coefficient *= sign);
            }
            return sum;
        }
        let order = self.order.min(other.order);
        let mut coefficients = [0.0; TERMS];
        for (i, coefficient) in coefficients.iter_mut().enumerate() {
            let (a, b) = (self.at(order + i as i32), sign * other.at(order + i as i32));
            let sum = a + b;
            *coefficient = if sum.abs() <= 1e-12 * a.abs().max(b.abs()) { 0.0 } else { sum };
        }
        Self { order, coefficients }.normalised()
    }
}

impl From<f64> for Epsilon {
    fn from(real: f64) -> Self {
        Self::new(real, 0.0)
    }
}

impl Add for Epsilon {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.combined(other, 1.0)
    }
}

impl Sub for Epsilon {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.combined(other, -1.0)
    }
}

impl Mul for Epsilon {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let mut coefficients = [0.0; TERMS];
        for (i, a) in self.coefficients.iter().enumerate() {
            for (coefficient, b) in coefficients[i..].iter_mut().zip(&other.coefficients) {
                *coefficient += a * b;
            }
        }
        Self { order: self.order + other.order, coefficients }.normalised()
    }
}

/// Writes the parts that a plan can hold: `0.5`, `1-eps`, `eps`.
impl fmt::Display for Epsilon {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (real, infinitesimal) = (self.at(0), self.at(1));
        let part = match infinitesimal.abs() {
            0.0 => return write!(formatter, "{real}"),
            1.0 => "eps".to_string(),
            other => format!("{other}eps"),
        };
        match (real, infinitesimal < 0.0) {
            (0.0, false) => write!(formatter, "{part}"),
            (0.0, true) => write!(formatter, "-{part}"),
            (_, false) => write!(formatter, "{real}+{part}"),
            (_, true) => write!(formatter, "{real}-{part}"),
        }
    }
}

/// Why a text is not an edge weight.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a weight: write a number, `eps`, or a sum such as `1-eps` or `0.5+2eps`")]
pub struct EpsilonSyntax(pub String);

/// Reads `0.5`, `eps`, `1-eps`, `0.5+2eps`; `epsilon` and `ε` are other spellings of `eps`.
impl FromStr for Epsilon {
    type Err = EpsilonSyntax;

    fn from_str(text: &str) -> Result<Self, EpsilonSyntax> {
        let wrong = || EpsilonSyntax(text.to_string());
        let compact: String =
            text.chars().filter(|character| !character.is_whitespace() && *character != '*').collect();
        let compact = compact.replace("epsilon", "eps").replace('ε', "eps");
        let (mut real, mut infinitesimal) = (0.0, 0.0);
        let mut rest = compact.as_str();
        if rest.is_empty() {
            return Err(wrong());
        }
        while !rest.is_empty() {
            // A term ends at the next sign that is not its own first character or part of an exponent (1e-3).
            let end = rest
                .char_indices()
                .skip(1)
                .find(|(at, character)| {
                    let exponent = rest[..*at].ends_with(['e', 'E']) && *at >= 2;
                    matches!(character, '+' | '-') && !exponent
                })
                .map_or(rest.len(), |(at, _)| at);
            let (term, after) = rest.split_at(end);
            rest = after;
            let number = |digits: &str| match digits {
                "" | "+" => Ok(1.0),
                "-" => Ok(-1.0),
                digits => digits.parse::<f64>().ok().filter(|value| value.is_finite()).ok_or_else(wrong),
            };
            match term.strip_suffix("eps") {
                Some(factor) => infinitesimal += number(factor)?,
                None if matches!(term, "+" | "-") => return Err(wrong()),
                None => real += number(term)?,
            }
        }
        Ok(Self::new(real, infinitesimal))
    }
}
