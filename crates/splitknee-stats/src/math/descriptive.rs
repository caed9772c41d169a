//! Means, standard deviations, medians and quantiles of a sample.

/// Arithmetic mean; `None` for an empty sample. Safe for values near the largest double.
pub fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let n = values.len() as f64;
    // What each addition rounds away is kept (Neumaier 1974), so that whole numbers have the mean that one writes down.
    let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
    for &value in values {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
        sum = next;
    }
    if sum.is_finite() {
        return Some((sum + lost) / n);
    }
    let first: f64 = values.iter().map(|value| value / n).sum();
    let correction = values.iter().map(|value| (value - first) / n).sum::<f64>();
    Some(if correction.is_finite() { first + correction } else { first })
}

/// Standard deviation with divisor `n − 1`, two passes, scaled so that 1e-300 and 1e300 neither vanish nor overflow.
/// `None` below two values.
pub fn sd(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let centre = mean(values)?;
    let scale = values.iter().map(|value| (value - centre).abs()).fold(0.0, f64::max);
    if scale == 0.0 {
        return Some(0.0);
    }
    let (mut squares, mut rest) = (0.0, 0.0);
    for value in values {
        let deviation = (value - centre) / scale;
        squares += deviation * deviation;
        rest += deviation;
    }
    let n = values.len() as f64;
    Some(scale * (((squares - rest * rest / n) / (n - 1.0)).max(0.0)).sqrt())
}

/// Variance with divisor `n − 1`; `None` below two values.
pub fn variance(values: &[f64]) -> Option<f64> {
    sd(values).map(|sd| sd * sd)
}

/// The sample in ascending order.
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// Median; `None` for an empty sample.
pub fn median(values: &[f64]) -> Option<f64> {
    median_of_sorted(&sorted(values))
}

/// Median of an ascending sample; `None` when empty.
pub fn median_of_sorted(sorted: &[f64]) -> Option<f64> {
    let n = sorted.len();
    let (low, high) = (sorted.get(n.checked_sub(1)? / 2)?, sorted.get(n / 2)?);
    Some(if n % 2 == 1 { *low } else { midpoint(*low, *high) })
}

/// `(a + b)/2` without overflow.
pub fn midpoint(a: f64, b: f64) -> f64 {
    let sum = a + b;
    if sum.is_finite() { 0.5 * sum } else { 0.5 * a + 0.5 * b }
}

/// How a quantile interpolates between order statistics (Hyndman & Fan 1996).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QuantileType {
    /// Averages at jumps: SAS default (PCTLDEF=5), R `type = 2`.
    #[default]
    Two,
    /// Linear between `(k − 1)/(n − 1)`: R's default, `type = 7`.
    Seven,
}

/// The `p`-quantile, `0 ≤ p ≤ 1`; `None` for an empty sample or `p` outside.
pub fn quantile(values: &[f64], p: f64, kind: QuantileType) -> Option<f64> {
    if values.is_empty() || !(0.0..=1.0).contains(&p) {
        return None;
    }
    let sorted = sorted(values);
    let n = sorted.len();
    let at = |k: usize| sorted.get(k.clamp(1, n) - 1).copied();
    match kind {
        QuantileType::Two => {
            let position = n as f64 * p;
            // R's fuzz: a product that should be whole may miss it by rounding.
            let nearest = position.round();
            if (position - nearest).abs() < 4.0 * f64::EPSILON * n as f64 {
                let k = nearest as usize;
                Some(midpoint(at(k)?, at(k + 1)?))
            } else {
                at(position.ceil() as usize)
            }
        }
        QuantileType::Seven => {
            let position = (n as f64 - 1.0) * p;
            let k = (position + 4.0 * f64::EPSILON).floor();
            let share = position - k;
            let low = at(k as usize + 1)?;
            if share.abs() < 1e-12 { Some(low) } else { Some(low + share * (at(k as usize + 2)? - low)) }
        }
    }
}

/// Mid-ranks (1 = smallest), the average rank within ties; values apart by rounding only
/// ([`decimal::TOLERANCE`](super::decimal::TOLERANCE)) are ties.
pub fn mid_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let mut end = start + 1;
        while end < order.len() && super::decimal::same(values[order[end]], values[order[start]]) {
            end += 1;
        }
        let rank = (start + 1 + end) as f64 / 2.0;
        for &index in &order[start..end] {
            ranks[index] = rank;
        }
        start = end;
    }
    ranks
}

/// Trimmed sample mean: `floor(trim × n)` values cut from each end; `None` when nothing remains.
pub fn trimmed_mean(values: &[f64], trim: f64) -> Option<f64> {
    let cut = (trim * values.len() as f64 + 1e-9).floor() as usize;
    let sorted = sorted(values);
    mean(sorted.get(cut..sorted.len().checked_sub(cut)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected: R 4.2.2 mean, sd, median, quantile(type = 7), quantile(type = 2), rank on c(3, 1, 4, 1, 5, 9, 2, 6).
    const SAMPLE: [f64; 8] = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0];

    #[test]
    fn matches_r() {
        assert_eq!(mean(&SAMPLE), Some(3.875));
        assert!((sd(&SAMPLE).unwrap_or(f64::NAN) - 2.748_376_143_938_713_5).abs() < 1e-15);
        assert_eq!(median(&SAMPLE), Some(3.5));
        assert_eq!(quantile(&SAMPLE, 0.25, QuantileType::Seven), Some(1.75));
        assert_eq!(quantile(&SAMPLE, 0.25, QuantileType::Two), Some(1.5));
        assert_eq!(quantile(&SAMPLE, 0.3, QuantileType::Two), Some(2.0));
        assert_eq!(mid_ranks(&SAMPLE), vec![4.0, 1.5, 5.0, 1.5, 6.0, 8.0, 3.0, 7.0]);
    }

    #[test]
    fn survives_extreme_scales() {
        for scale in [1e-300, 1e300] {
            let values = [scale, 2.0 * scale, 3.0 * scale];
            let spread = sd(&values).unwrap_or(f64::NAN) / scale;
            assert!((spread - 1.0).abs() < 1e-14, "{spread}");
            assert!((mean(&values).unwrap_or(f64::NAN) / scale - 2.0).abs() < 1e-14);
        }
        assert_eq!(mean(&[]), None);
        assert_eq!(sd(&[1.0]), None);
        assert_eq!(median(&[]), None);
    }
}
