//! Counting sign patterns: the exact null distribution behind the sign-flip permutation test.
//!
//! Flipping the signs of a set A of differences changes their sum by `−2 Σ_A d`, so every count the test needs is a
//! count of subsets whose sum stays at or below a bound. On a grid (VAS in mm, half points, one decimal) it is a dynamic
//! programme over whole numbers; on real values both halves of the differences are enumerated in sorted order and met
//! in the middle (Horowitz & Sahni 1974): 2²⁰ sums a side for 40 differences.

/// The largest number of differences that is enumerated by halves.
pub(super) const HALVES_TO: usize = 40;

/// The most cells of the dynamic programme that are worth filling.
const MOST_CELLS: f64 = 1e8;

/// Differences as whole multiples of a common unit.
pub(super) fn on_grid(values: &[f64]) -> Option<Vec<i64>> {
    let largest = values.iter().fold(0.0_f64, |top, value| top.max(value.abs()));
    if largest == 0.0 {
        return Some(vec![0; values.len()]);
    }
    let magnitude = largest.log10().ceil() as i32;
    // A decimal unit, up to seven digits below the largest value.
    for digits in 0..=7 {
        let power = digits - magnitude;
        let whole: Vec<f64> = values.iter().map(|value| times_power_of_ten(*value, power)).collect();
        if whole.iter().all(|w| (w - w.round()).abs() <= 1e-8) {
            let whole: Vec<i64> = whole.iter().map(|w| w.round() as i64).collect();
            let unit = whole.iter().fold(0_u64, |unit, w| gcd(unit, w.unsigned_abs())).max(1);
            return Some(whole.iter().map(|w| w / unit as i64).collect());
        }
    }
    None
}

fn times_power_of_ten(value: f64, power: i32) -> f64 {
    // In two steps, so that 1e-300 × 1e300 does not pass through infinity.
    let half = power / 2;
    value * 10_f64.powi(half) * 10_f64.powi(power - half)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The share of all sign patterns with a sum at or above, and at or below, the observed one; `None` where neither
/// algorithm is feasible.
pub(super) fn tail_shares(values: &[f64]) -> Option<(f64, f64)> {
    let moved: Vec<f64> = values.iter().copied().filter(|value| *value != 0.0).collect();
    if moved.is_empty() {
        return Some((1.0, 1.0));
    }
    let grid = on_grid(values);
    if let Some(whole) = &grid {
        let total: u64 = whole.iter().map(|w| w.unsigned_abs()).sum();
        let cells = total as f64 * moved.len() as f64;
        if cells <= 2e6 || (moved.len() > HALVES_TO && cells <= MOST_CELLS) {
            return Some(grid_shares(whole));
        }
    }
    if moved.len() > HALVES_TO {
        return None;
    }
    let (numbers, slack) = match &grid {
        Some(whole) => (whole.iter().filter(|w| **w != 0).map(|w| *w as f64).collect::<Vec<_>>(), 0.25),
        None => {
            let size: f64 = moved.iter().map(|value| value.abs()).fold(0.0, f64::max);
            (moved.iter().map(|value| value / size).collect(), 1e-13 * moved.len() as f64)
        }
    };
    // Sum of pattern ≥ observed ⇔ the flipped set has Σ_A d ≤ 0.
    let patterns = (numbers.len() as f64).exp2();
    let halves = Halves::new(&numbers);
    let at_least = halves.count_at_most(slack) as f64;
    let at_most = patterns - halves.count_at_most(-slack) as f64;
    Some((at_least / patterns, at_most / patterns))
}

/// The dynamic programme: positive part of the sum over all sign patterns, symmetric about half of the total.
fn grid_shares(whole: &[i64]) -> (f64, f64) {
    let mut steps: Vec<usize> = whole.iter().filter(|w| **w != 0).map(|w| w.unsigned_abs() as usize).collect();
    steps.sort_unstable();
    let total: usize = steps.iter().sum();
    let observed: usize = whole.iter().filter(|w| **w > 0).map(|w| *w as usize).sum();
    // Only the smaller tail is computed; the other is 1 minus it plus the mass at the observed value.
    let tail = observed.min(total - observed);
    let mut mass = vec![0.0; tail + 1];
    mass[0] = 1.0;
    for step in steps {
        for k in (0..=tail).rev() {
            let shifted = if k >= step { mass[k - step] } else { 0.0 };
            mass[k] = 0.5 * mass[k] + 0.5 * shifted;
        }
    }
    let small: f64 = mass.iter().sum();
    let large = 1.0 - small + mass[tail];
    if observed == tail { (large.min(1.0), small) } else { (small, large.min(1.0)) }
}

/// All subset sums of two halves, each in ascending order.
pub(super) struct Halves {
    pub(super) first: Vec<f64>,
    pub(super) second: Vec<f64>,
}

impl Halves {
    pub(super) fn new(values: &[f64]) -> Self {
        let (left, right) = values.split_at(values.len() / 2);
        let (first, second) = rayon::join(|| subset_sums(left), || subset_sums(right));
        Self { first, second }
    }

    /// Subsets (the empty one included) with a sum at or below `bound`.
    pub(super) fn count_at_most(&self, bound: f64) -> u64 {
        let (mut index, mut end, mut total) = (0, self.second.len(), 0);
        // One step per comparison, without a branch to mispredict: 2ⁿᐟ² + 2ⁿᐟ² steps.
        while index < self.first.len() && end > 0 {
            let above = usize::from(self.first[index] + self.second[end - 1] > bound);
            total += (1 - above) * end;
            index += 1 - above;
            end -= above;
        }
        total as u64
    }
}

/// The sums of all subsets in ascending order, by merging each new value in.
fn subset_sums(values: &[f64]) -> Vec<f64> {
    // An infinite sentinel ends both runs of the merge: sums without and sums with the new value.
    let mut sums = vec![0.0, f64::INFINITY];
    for value in values {
        let mut merged = vec![f64::INFINITY; 2 * (sums.len() - 1) + 1];
        let (mut i, mut j) = (0, 0);
        for slot in merged.iter_mut().take(2 * (sums.len() - 1)) {
            let (without, with) = (sums[i], sums[j] + value);
            let take = usize::from(with < without);
            *slot = if take == 1 { with } else { without };
            j += take;
            i += 1 - take;
        }
        sums = merged;
    }
    sums.pop();
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enumerate(values: &[f64]) -> (f64, f64) {
        let observed: f64 = values.iter().sum();
        let (mut above, mut below) = (0, 0);
        for bits in 0..1_u32 << values.len() {
            let sum: f64 = values.iter().enumerate().map(|(i, v)| if bits >> i & 1 == 1 { -v } else { *v }).sum();
            above += u32::from(sum >= observed - 1e-9);
            below += u32::from(sum <= observed + 1e-9);
        }
        let patterns = (values.len() as f64).exp2();
        (f64::from(above) / patterns, f64::from(below) / patterns)
    }

    #[test]
    fn both_algorithms_equal_enumeration() {
        let gridded = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, -1.8, 0.8, 4.6, -1.4];
        let real: Vec<f64> = (1..=11).map(|i| (f64::from(i) * 0.7).sin() + 0.3).collect();
        assert!(on_grid(&gridded).is_some() && on_grid(&real).is_none());
        for values in [&gridded[..], &real[..]] {
            let (above, below) = tail_shares(values).unwrap_or((f64::NAN, f64::NAN));
            let expected = enumerate(values);
            assert!((above - expected.0).abs() < 1e-15 && (below - expected.1).abs() < 1e-15);
        }
    }
}
