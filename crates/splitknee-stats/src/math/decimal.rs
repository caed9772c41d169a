//! Arithmetic on the decimal grid of scores.
//!
//! A score is a decimal number: 7.3 cm is 73 mm, and 7.3 − 5.2 is 2.1, not 2.0999999999999996. Binary subtraction leaves
//! such noise of about 1e-16, which breaks ties, makes zeros of nothing and moves limits off 0, so that the same trial in
//! another unit would give another rank test. Here numbers with at most [`MOST_PLACES`] decimal places and fifteen digits
//! are subtracted as whole multiples of their smallest place and the result is the double nearest to the exact decimal.
//!
//! Numbers that are not decimals (a score rescaled by 100/68, an imputed value) are subtracted as they are, and results
//! are taken for equal within [`TOLERANCE`] of the larger operand: far above the rounding of doubles and far below
//! anything that was measured.

/// The most decimal places of a number that counts as decimal.
pub const MOST_PLACES: u32 = 12;

/// Relative tolerance within which results on numbers that are not decimals count as equal.
pub const TOLERANCE: f64 = 1e-12;

/// Whole multiples of a place stay below this, so that every one of them is a double.
const MOST_WHOLE: f64 = 1e15;

/// The decimal places of `value`: the fewest with which it can be written; `None` where it is no decimal number of at
/// most [`MOST_PLACES`] places and fifteen digits.
///
/// ```
/// use splitknee_stats::math::decimal::places;
/// assert_eq!(places(7.3), Some(1));
/// assert_eq!(places(120.0), Some(0));
/// assert_eq!(places(1.0 / 3.0), None);
/// ```
pub fn places(value: f64) -> Option<u32> {
    (0..=MOST_PLACES).find(|places| {
        let whole = (value * power(*places)).round();
        whole.abs() < MOST_WHOLE && whole / power(*places) == value
    })
}

/// `a − b`: exact on the decimal grid of both, plain where one of them is no decimal number.
///
/// ```
/// use splitknee_stats::math::decimal::subtract;
/// assert_eq!(subtract(7.3, 5.2), 2.1);
/// assert_ne!(7.3 - 5.2, 2.1);
/// ```
pub fn subtract(a: f64, b: f64) -> f64 {
    match Grid::of([a, b]) {
        Some(grid) => grid.value(grid.whole(a) - grid.whole(b)),
        None => a - b,
    }
}

/// `a + b`, as [`subtract`].
pub fn add(a: f64, b: f64) -> f64 {
    subtract(a, -b)
}

/// Whether `a` and `b` are one number: equal, or apart by rounding only ([`TOLERANCE`] of the larger).
pub fn same(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= TOLERANCE * a.abs().max(b.abs())
}

/// Whether `a` reaches `b`: above it, or the [`same`].
pub fn at_least(a: f64, b: f64) -> bool {
    a >= b || same(a, b)
}

/// A common decimal grid: every number is a whole multiple of 10^−places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    places: u32,
}

impl Grid {
    /// The coarsest grid on which all `values` lie; `None` where there is none, or where it has more than fifteen digits.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let (mut most, mut largest) = (0, 0.0_f64);
        for value in values {
            most = most.max(places(value)?);
            largest = largest.max(value.abs());
        }
        // Half of the bound, so that a difference of two values stays below it too.
        (largest * power(most) < 0.5 * MOST_WHOLE).then_some(Self { places: most })
    }

    /// `value` in units of the grid, a whole number.
    pub fn whole(self, value: f64) -> f64 {
        (value * power(self.places)).round()
    }

    /// The double nearest to `whole` units of the grid.
    pub fn value(self, whole: f64) -> f64 {
        // Never −0.
        whole / power(self.places) + 0.0
    }
}

/// The differences `treated[i] − control[i]` with their zeros and ties as they are in decimal numbers; the shorter side
/// decides how many.
///
/// Where all values lie on one decimal grid the differences are exact on it. Otherwise a difference within [`TOLERANCE`]
/// of the larger of its operands is 0, and absolute differences as close to each other are made equal.
pub fn differences(treated: &[f64], control: &[f64]) -> Vec<f64> {
    let pairs = || treated.iter().copied().zip(control.iter().copied());
    if let Some(grid) = Grid::of(pairs().flat_map(|(a, b)| [a, b])) {
        return pairs().map(|(a, b)| grid.value(grid.whole(a) - grid.whole(b))).collect();
    }
    let tolerances: Vec<f64> = pairs().map(|(a, b)| TOLERANCE * a.abs().max(b.abs())).collect();
    settled(pairs().map(|(a, b)| a - b).collect(), &tolerances)
}

/// `values[i] − origin`, as [`differences`]; with an `origin` of 0 values as close as rounding become ties, and a value
/// below [`TOLERANCE`]/10 of the largest becomes 0 (what is left where equal numbers were subtracted before).
pub fn shifted(values: &[f64], origin: f64) -> Vec<f64> {
    if let Some(grid) = Grid::of(values.iter().copied().chain([origin])) {
        return values.iter().map(|value| grid.value(grid.whole(*value) - grid.whole(origin))).collect();
    }
    let least = 0.1 * TOLERANCE * values.iter().fold(0.0_f64, |top, value| top.max(value.abs()));
    let tolerances: Vec<f64> = values
        .iter()
        .map(|value| {
            let own = TOLERANCE * value.abs().max(origin.abs());
            if (value - origin).abs() <= least { least } else { own }
        })
        .collect();
    settled(values.iter().map(|value| value - origin).collect(), &tolerances)
}

/// Zeros and ties of `values`, each known to its own tolerance.
fn settled(mut values: Vec<f64>, tolerances: &[f64]) -> Vec<f64> {
    for (value, tolerance) in values.iter_mut().zip(tolerances) {
        if value.abs() <= *tolerance {
            *value = 0.0;
        }
    }
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].abs().total_cmp(&values[*b].abs()));
    let mut first: Option<usize> = None;
    for index in order {
        match first {
            Some(known) if values[index].abs() - values[known].abs() <= tolerances[index].max(tolerances[known]) => {
                if values[known] != 0.0 {
                    values[index] = values[known].abs().copysign(values[index]);
                }
            }
            _ => first = Some(index),
        }
    }
    values
}

fn power(places: u32) -> f64 {
    // Exact up to 10^22.
    10_f64.powi(places as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_one_decimal_difference_is_the_decimal() {
        for a in 0..=200 {
            for b in 0..=200 {
                let (x, y) = (f64::from(a) / 10.0, f64::from(b) / 10.0);
                assert_eq!(subtract(x, y), f64::from(a - b) / 10.0, "{x} - {y}");
                assert_eq!(add(x, y), f64::from(a + b) / 10.0, "{x} + {y}");
            }
        }
        assert_eq!(differences(&[7.3, 0.3], &[5.2, 0.3]), [2.1, 0.0]);
    }

    #[test]
    fn rescaled_scores_keep_their_ties_and_zeros() {
        // WOMAC function 0–68 carried to 0–100: differences of 3 raw points, and equal knees by two ways of rescaling.
        let of = |raw: f64| 100.0 * raw / 68.0;
        let differences = differences(&[of(20.0), of(5.0), 10.0 / 68.0 * 100.0], &[of(17.0), of(2.0), of(10.0)]);
        assert_eq!(differences[0], differences[1]);
        assert_eq!(differences[2], 0.0);
    }

    #[test]
    fn numbers_that_are_measured_apart_stay_apart() {
        let values = [1e300, 1.0, 1.0 + 1e-9, 1e-300, std::f64::consts::PI];
        let control = [0.0; 5];
        assert_eq!(differences(&values, &control), values);
        assert!(shifted(&[0.3, 0.1 + 0.2, -(0.1 + 0.2)], 0.0).windows(2).all(|pair| pair[0].abs() == pair[1].abs()));
        assert_eq!(shifted(&[0.7, 0.3], 0.1), [0.6, 0.2]);
        assert_eq!(shifted(&[2.1, 2.0 - 2.0 * (1.0 - f64::EPSILON)], 0.0)[1], 0.0);
    }

    #[test]
    fn a_grid_is_found_or_refused() {
        assert_eq!(Grid::of([0.1, 12.25]), Some(Grid { places: 2 }));
        assert_eq!(Grid::of([0.1, 1.0 / 3.0]), None);
        assert_eq!(Grid::of([1e14, 0.1]), None);
        assert_eq!(places(-0.0), Some(0));
    }
}
