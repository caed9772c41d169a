//! The exact null distribution of a signed-rank statistic, with ties and zeros.
//!
//! Under the null hypothesis every rank carries a plus sign with probability ½, independently. The distribution of their
//! sum is the product of `½ + ½ z^rank`: the shift algorithm of Streitberg & Röhmel (1986), run on doubled ranks so that
//! mid-ranks are whole numbers. Every term is positive, so the tails keep their relative accuracy.

/// Null distribution of the sum of the positive ranks.
#[derive(Debug, Clone)]
pub struct SignedRank {
    /// `P(doubled sum = k)` for `k` from 0 to half of the total; the rest follows by symmetry.
    lower_half: Vec<f64>,
    /// Sum of the doubled ranks.
    total: usize,
    /// What a unit of the doubled sum stands for: ½, or 1 where every rank is whole.
    unit: f64,
}

impl SignedRank {
    /// The distribution for these ranks (each a multiple of ½, as mid-ranks are).
    pub fn new(ranks: &[f64]) -> Self {
        let unit = if ranks.iter().all(|rank| rank.fract() == 0.0) { 1.0 } else { 0.5 };
        let mut steps: Vec<usize> = ranks.iter().map(|rank| (rank / unit).round() as usize).collect();
        steps.sort_unstable();
        let total: usize = steps.iter().sum();
        let mut mass = vec![0.0; total / 2 + 1];
        mass[0] = 1.0;
        let mut reached = 0;
        for step in steps {
            reached = (reached + step).min(mass.len() - 1);
            for k in (0..=reached).rev() {
                let shifted = if k >= step { mass[k - step] } else { 0.0 };
                mass[k] = 0.5 * mass[k] + 0.5 * shifted;
            }
        }
        Self { lower_half: mass, total, unit }
    }

    /// `P(sum ≤ value)`.
    pub fn cdf(&self, value: f64) -> f64 {
        let position = (value / self.unit + 1e-9).floor();
        if position < 0.0 {
            return 0.0;
        }
        let k = position as usize;
        if k >= self.total {
            return 1.0;
        }
        let half = self.lower_half.len() - 1;
        if k <= half {
            self.lower_half[..=k].iter().sum::<f64>().min(1.0)
        } else {
            // P(sum ≤ k) = 1 − P(sum ≥ k + 1) = 1 − P(sum ≤ total − k − 1).
            1.0 - self.lower_half[..=(self.total - k - 1).min(half)].iter().sum::<f64>()
        }
    }

    /// `P(sum ≥ value)`, by symmetry.
    pub fn upper(&self, value: f64) -> f64 {
        self.cdf(self.total as f64 * self.unit - value)
    }

    /// The smallest value whose cumulative probability reaches `p`, for `p ≤ ½`.
    pub fn lower_quantile(&self, p: f64) -> f64 {
        let mut cumulative = 0.0;
        for (k, mass) in self.lower_half.iter().enumerate() {
            cumulative += mass;
            if cumulative >= p * (1.0 - 1e-12) {
                return k as f64 * self.unit;
            }
        }
        (self.lower_half.len() - 1) as f64 * self.unit
    }

    /// Largest possible value: the sum of all ranks.
    pub fn maximum(&self) -> f64 {
        self.total as f64 * self.unit
    }
}

#[cfg(test)]
mod tests {
    use super::SignedRank;

    #[test]
    fn untied_ranks_give_the_tabled_distribution() {
        // R 4.2.2 psignrank(8, 10) and qsignrank(0.025, 10).
        let ranks: Vec<f64> = (1..=10).map(f64::from).collect();
        let null = SignedRank::new(&ranks);
        assert!((null.cdf(8.0) - 0.024_414_062_5).abs() < 1e-17);
        assert_eq!(null.lower_quantile(0.025), 9.0);
        assert_eq!(null.maximum(), 55.0);
    }

    #[test]
    fn ties_match_enumeration() {
        let ranks = [1.5, 1.5, 3.0, 5.0, 5.0, 5.0, 7.0];
        let null = SignedRank::new(&ranks);
        for twice in 0..=56 {
            let value = f64::from(twice) / 2.0;
            let count = (0_u32..128)
                .filter(|bits| {
                    let sum: f64 = ranks.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, r)| r).sum();
                    sum <= value
                })
                .count();
            assert!((null.cdf(value) - count as f64 / 128.0).abs() < 1e-15, "at {value}");
        }
    }
}
