//! Order statistics of the means of all non-empty subsets of the differences: the limits of the sign-flip test.
//!
//! On a grid a dynamic programme counts the subsets of every size and sum, and the answer is exact. Real values, up to
//! [`HALVES_TO`], are met in the middle: a subset has a mean at or below `m` exactly when `Σ_A (d − m) ≤ 0`, the count of
//! which is driven to the wanted rank by the Illinois method on the normal scale; the last few thousand means are listed.

use super::sign_sums::{HALVES_TO, Halves, on_grid};
use crate::math::descriptive::{mean, sd};
use crate::math::dist::normal;

/// The most cells of the dynamic programme that are worth filling.
const MOST_CELLS: f64 = 5e7;

/// Subset means listed at once.
const LISTED: u64 = 1 << 16;

/// A confidence limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Limit {
    /// Here.
    At(f64),
    /// A single sign pattern already weighs more than the tail: nothing is ever rejected.
    Unbounded,
}

/// The smallest `m` at which the share of sign patterns whose flipped set has a mean at or below `m` (the empty set
/// counted) exceeds `tail`; `None` where no exact algorithm is feasible.
pub(super) fn lower_limit(values: &[f64], tail: f64) -> Option<Limit> {
    if values.is_empty() || (-(values.len() as f64)).exp2() > tail * (1.0 + 1e-12) {
        return Some(Limit::Unbounded);
    }
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if low == high {
        return Some(Limit::At(low));
    }
    if let Some(whole) = on_grid(values) {
        let least = whole.iter().copied().min().unwrap_or(0);
        let steps: Vec<usize> = whole.iter().map(|w| (w - least) as usize).collect();
        let total: usize = steps.iter().sum();
        if total as f64 * (values.len() as f64).powi(2) <= MOST_CELLS {
            let (index, largest) = whole.iter().enumerate().max_by_key(|(_, w)| w.abs()).unwrap_or((0, &1));
            let unit = values[index] / *largest as f64;
            return grid_limit(&steps, least, tail).map(|(sum, size)| Limit::At(sum / size * unit));
        }
    }
    if values.len() > HALVES_TO { None } else { real_limit(values, low, high, tail).map(Limit::At) }
}

/// Sum and size of the limiting subset mean, in grid units.
fn grid_limit(steps: &[usize], least: i64, tail: f64) -> Option<(f64, f64)> {
    let n = steps.len();
    let total: usize = steps.iter().sum();
    let width = total + 1;
    // mass[size][sum of steps] over all subsets, each of probability 2⁻ⁿ.
    let mut mass = vec![0.0; (n + 1) * width];
    mass[0] = 1.0;
    let mut reached = 0;
    for (count, step) in steps.iter().enumerate() {
        reached += step;
        for size in (0..=count + 1).rev() {
            for sum in (0..=reached).rev() {
                let with = if size > 0 && sum >= *step { mass[(size - 1) * width + sum - step] } else { 0.0 };
                let cell = &mut mass[size * width + sum];
                *cell = 0.5 * *cell + 0.5 * with;
            }
        }
    }
    let mut means: Vec<(f64, f64, f64)> = Vec::new();
    for size in 1..=n {
        for sum in 0..=total {
            let weight = mass[size * width + sum];
            if weight > 0.0 {
                means.push(((sum as f64) + size as f64 * least as f64, size as f64, weight));
            }
        }
    }
    // Sums are whole, so the quotients of equal fractions are equal doubles.
    means.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let mut cumulative = (-(n as f64)).exp2();
    for group in means.chunk_by(|a, b| a.0 / a.1 == b.0 / b.1) {
        cumulative += group.iter().map(|(_, _, weight)| weight).sum::<f64>();
        if cumulative > tail * (1.0 + 1e-12) {
            return group.first().map(|(sum, size, _)| (*sum, *size));
        }
    }
    means.last().map(|(sum, size, _)| (*sum, *size))
}

fn real_limit(values: &[f64], least: f64, most: f64, tail: f64) -> Option<f64> {
    let n = values.len() as f64;
    let range = most - least;
    let patterns = n.exp2();
    // (1 + count)/2ⁿ > tail from this count on.
    let rank = (tail * patterns * (1.0 + 1e-12)).floor();
    let slack = 1e-15 * n;
    let centred = |m: f64| values.iter().map(|value| (value - m) / range).collect::<Vec<f64>>();
    let count = |m: f64| Halves::new(&centred(m)).count_at_most(slack) as f64 - 1.0;
    let height = |found: f64| normal::quantile((found + 0.5) / patterns) - normal::quantile(rank / patterns);
    let mut low = Bound { m: least - 1e-3 * range, count: 0.0, height: height(0.0) };
    let mut high = Bound { m: most, count: patterns - 1.0, height: height(patterns - 1.0) };
    let spread = sd(values)? / n.sqrt();
    let start = mean(values)? + normal::quantile(tail) * spread;
    let mut side = 0;
    for turn in 0..200 {
        if high.count - low.count <= LISTED as f64 {
            break;
        }
        let width = high.m - low.m;
        if width <= 1e-14 * range {
            return Some(high.m);
        }
        let proposal = match turn {
            0 => start - 0.1 * spread,
            1 => start + 0.1 * spread,
            _ => low.m - low.height * width / (high.height - low.height),
        };
        let m = proposal.clamp(low.m + 1e-3 * width, high.m - 1e-3 * width);
        let found = count(m);
        let bound = Bound { m, count: found, height: height(found) };
        if found >= rank {
            high = bound;
            // Illinois: the end that stays twice pulls half as hard.
            if side == 1 {
                low.height *= 0.5;
            }
            side = 1;
        } else {
            low = bound;
            if side == -1 {
                high.height *= 0.5;
            }
            side = -1;
        }
    }
    listed(values, &low, &high, range, rank)
}

/// An end of the bracket: how many subset means are at or below it, and how far that is from the rank on the normal scale.
struct Bound {
    m: f64,
    count: f64,
    height: f64,
}

/// Lists the subset means between the two bounds and picks the one of the wanted rank.
fn listed(values: &[f64], low: &Bound, high: &Bound, range: f64, rank: f64) -> Option<f64> {
    let middle = 0.5 * (low.m + high.m);
    let centred: Vec<f64> = values.iter().map(|value| (value - middle) / range).collect();
    let halves = Halves::new(&centred);
    // |Σ_A (d − middle)| = |A|·|mean − middle|, at most n half-widths.
    let window = values.len() as f64 * 0.5 * (high.m - low.m) / range * (1.0 + 1e-9) + 1e-15;
    let sizes = |sums: &[f64], part: &[f64]| sizes_of(sums, part);
    let (left, right) = centred.split_at(centred.len() / 2);
    let (first_sizes, second_sizes) = (sizes(&halves.first, left), sizes(&halves.second, right));
    let mut means = Vec::new();
    let (mut end, mut begin) = (halves.second.len(), halves.second.len());
    for (a, size_a) in halves.first.iter().zip(&first_sizes) {
        while end > 0 && a + halves.second[end - 1] > window {
            end -= 1;
        }
        begin = begin.min(end);
        while begin > 0 && a + halves.second[begin - 1] >= -window {
            begin -= 1;
        }
        for (b, size_b) in halves.second[begin..end].iter().zip(&second_sizes[begin..end]) {
            let size = size_a + size_b;
            if size > 0 {
                let mean = middle + (a + b) / f64::from(size) * range;
                if mean > low.m && mean <= high.m + 1e-15 * range {
                    means.push(mean);
                }
            }
        }
    }
    let index = ((rank - low.count).max(1.0) as usize - 1).min(means.len().checked_sub(1)?);
    let (_, found, _) = means.select_nth_unstable_by(index, f64::total_cmp);
    Some(*found)
}

/// The size of each subset, in the order of its sorted sums: the merge of [`Halves`] repeated with sizes alongside.
fn sizes_of(sums: &[f64], values: &[f64]) -> Vec<u32> {
    let mut pairs: Vec<(f64, u32)> = vec![(0.0, 0)];
    for value in values {
        let mut next = Vec::with_capacity(2 * pairs.len());
        let (mut i, mut j) = (0, 0);
        while i < pairs.len() && j < pairs.len() {
            let with = (pairs[j].0 + value, pairs[j].1 + 1);
            if pairs[i].0 <= with.0 {
                next.push(pairs[i]);
                i += 1;
            } else {
                next.push(with);
                j += 1;
            }
        }
        next.extend_from_slice(&pairs[i..]);
        next.extend(pairs[j..].iter().map(|(sum, size)| (sum + value, size + 1)));
        pairs = next;
    }
    debug_assert!(pairs.iter().zip(sums).all(|((a, _), b)| a == b));
    pairs.into_iter().map(|(_, size)| size).collect()
}

#[cfg(test)]
mod tests {
    use super::{Limit, lower_limit};

    /// Every subset mean, listed: the limit by its definition.
    fn enumerated(values: &[f64], tail: f64) -> Option<f64> {
        let patterns = (values.len() as f64).exp2();
        let mut means: Vec<f64> = (1_u32..1 << values.len())
            .map(|bits| {
                let chosen: Vec<f64> = (0..values.len()).filter(|i| bits >> i & 1 == 1).map(|i| values[i]).collect();
                chosen.iter().sum::<f64>() / chosen.len() as f64
            })
            .collect();
        means.sort_by(f64::total_cmp);
        let rank = (tail * patterns).floor() as usize;
        rank.checked_sub(1).map(|index| means[index])
    }

    #[test]
    fn limits_equal_enumeration() {
        let real: Vec<f64> = (1..=18).map(|i| (f64::from(i) * 1.3).cos() * 5.0 + 1.0).collect();
        let gridded = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, -1.8, 0.8, 4.6, -1.4];
        for values in [&real[..9], &real[..], &gridded[..], &[3.0, 3.0, 4.5][..]] {
            for tail in [0.0001, 0.005, 0.025, 0.05, 0.2, 0.5] {
                let (found, expected) = (lower_limit(values, tail), enumerated(values, tail));
                match (found, expected) {
                    (Some(Limit::At(found)), Some(expected)) => {
                        assert!((found - expected).abs() < 1e-13, "{tail}: {found} {expected}");
                    }
                    (found, expected) => {
                        assert!(
                            found == Some(Limit::Unbounded) && expected.is_none(),
                            "{tail}: {found:?} {expected:?}"
                        );
                    }
                }
            }
        }
    }
}
