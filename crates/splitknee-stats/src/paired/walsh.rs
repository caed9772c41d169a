//! Order statistics of the Walsh averages `(x_i + x_j)/2`, `i ≤ j`, without listing all `n(n + 1)/2` of them.
//!
//! On a sorted sample the averages at or below `t` are counted by two pointers in O(n); the k-th smallest is found by
//! bisecting the doubles themselves, at most 64 counts. 100 000 differences take milliseconds.

/// The Walsh averages of one sample.
pub(super) struct Walsh {
    sorted: Vec<f64>,
}

impl Walsh {
    pub(super) fn new(values: &[f64]) -> Self {
        Self { sorted: crate::math::descriptive::sorted(values) }
    }

    /// How many averages there are.
    pub(super) fn count(&self) -> u64 {
        let n = self.sorted.len() as u64;
        n * (n + 1) / 2
    }

    /// Averages at or below `t`.
    fn at_most(&self, t: f64) -> u64 {
        let mut total = 0_u64;
        let mut end = self.sorted.len();
        for (i, low) in self.sorted.iter().enumerate() {
            while end > i && average(*low, self.sorted[end - 1]) > t {
                end -= 1;
            }
            if end <= i {
                break;
            }
            total += (end - i) as u64;
        }
        total
    }

    /// The `k`-th smallest average, `k` from 1; `None` outside.
    pub(super) fn order_statistic(&self, k: u64) -> Option<f64> {
        if k == 0 || k > self.count() {
            return None;
        }
        let (first, last) = (*self.sorted.first()?, *self.sorted.last()?);
        let (mut low, mut high) = (key(first), key(last));
        while low < high {
            let middle = low + (high - low) / 2;
            if self.at_most(value(middle)) >= k {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        // Negative zero and zero are one value.
        Some(value(low) + 0.0)
    }

    /// Median of the averages: the Hodges–Lehmann estimate.
    pub(super) fn median(&self) -> Option<f64> {
        let n = self.count();
        let low = self.order_statistic(n.div_ceil(2))?;
        if n % 2 == 1 {
            return Some(low);
        }
        Some(average(low, self.order_statistic(n / 2 + 1)?))
    }

    /// All averages in ascending order.
    pub(super) fn list(&self) -> Vec<f64> {
        let mut list = Vec::with_capacity(self.count() as usize);
        for (i, a) in self.sorted.iter().enumerate() {
            for b in &self.sorted[i..] {
                list.push(average(*a, *b));
            }
        }
        list.sort_unstable_by(f64::total_cmp);
        list
    }
}

fn average(a: f64, b: f64) -> f64 {
    crate::math::descriptive::midpoint(a, b)
}

/// The order-preserving map from doubles to integers.
fn key(x: f64) -> u64 {
    let bits = x.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn value(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

#[cfg(test)]
mod tests {
    use super::Walsh;

    #[test]
    fn order_statistics_equal_the_sorted_list() {
        let walsh = Walsh::new(&[3.0, -1.5, 0.0, 2.25, -7.0, 3.0, 1e-9]);
        for (i, expected) in walsh.list().iter().enumerate() {
            assert_eq!(walsh.order_statistic(i as u64 + 1), Some(*expected));
        }
        assert_eq!(walsh.order_statistic(0), None);
        assert_eq!(walsh.order_statistic(29), None);
    }
}
