//! The logarithm on which an endpoint is analysed, so that differences are ratios of geometric means.
//!
//! y′ = ln(y + c), with c = 0 unless the plan declares an `offset` (for values of 0); then the means and ratios are those
//! of y + c, and every sentence says so. A knee's values stay as collected; [`Trial::measured`](super::Trial::measured) and
//! [`Trial::baseline`](super::Trial::baseline) give analyses the logarithms, descriptions take
//! [`Trial::collected`](super::Trial::collected). Keene 1995 (Statistics in Medicine 14:811).

use serde::Serialize;

/// The natural logarithm of a value and an offset.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Logarithm {
    /// What is added to every value first, in the unit of the endpoint; not negative.
    pub offset: f64,
}

impl Logarithm {
    /// The logarithm; `None` where there is none, because the value is not positive even with the offset.
    pub fn of(self, value: f64) -> Option<f64> {
        let positive = value + self.offset;
        (positive > 0.0).then(|| positive.ln())
    }

    /// Whether something is added first.
    pub fn has_offset(self) -> bool {
        self.offset > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::Logarithm;

    #[test]
    fn values_that_are_not_positive_have_no_logarithm() {
        assert_eq!(Logarithm { offset: 0.0 }.of(1.0), Some(0.0));
        assert_eq!(Logarithm { offset: 0.0 }.of(0.0), None);
        assert_eq!(Logarithm { offset: 0.5 }.of(0.5), Some(0.0));
        assert_eq!(Logarithm { offset: 0.5 }.of(-0.5), None);
    }
}
