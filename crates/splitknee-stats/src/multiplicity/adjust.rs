//! Adjusted p-values that treat all hypotheses alike, as R's `p.adjust`.

use super::{MultiplicityError, check_p_values};

/// How p-values are adjusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjustment {
    /// Holm (1979): step-down Bonferroni; family-wise error under any dependence.
    Holm,
    /// Hochberg (1988): step-up; family-wise error under independence or positive dependence.
    Hochberg,
    /// Hommel (1988): closed Simes test; never less powerful than Hochberg, same assumption.
    Hommel,
    /// Bonferroni: every p-value times their number.
    Bonferroni,
    /// Benjamini and Hochberg (1995): false discovery rate under independence or positive dependence.
    BenjaminiHochberg,
    /// Benjamini and Yekutieli (2001): false discovery rate under any dependence.
    BenjaminiYekutieli,
}

impl Adjustment {
    /// Every method, in the order of the help text.
    pub const ALL: [Self; 6] =
        [Self::Holm, Self::Hochberg, Self::Hommel, Self::Bonferroni, Self::BenjaminiHochberg, Self::BenjaminiYekutieli];

    /// The name on the command line and in the plan: `holm`, `hochberg`, `hommel`, `bonferroni`, `bh`, `by`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Holm => "holm",
            Self::Hochberg => "hochberg",
            Self::Hommel => "hommel",
            Self::Bonferroni => "bonferroni",
            Self::BenjaminiHochberg => "bh",
            Self::BenjaminiYekutieli => "by",
        }
    }

    /// The method of that [`name`](Self::name), upper or lower case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name().eq_ignore_ascii_case(name))
    }
}

/// Adjusted p-values in the order given; a hypothesis is rejected at level α when its adjusted p-value is at most α.
///
/// # Errors
/// When the list is empty or a value is not a probability.
///
/// ```
/// use splitknee_stats::multiplicity::adjust::{Adjustment, adjust};
/// assert_eq!(adjust(Adjustment::Holm, &[0.01, 0.04]).unwrap(), [0.02, 0.04]);
/// ```
pub fn adjust(method: Adjustment, p_values: &[f64]) -> Result<Vec<f64>, MultiplicityError> {
    check_p_values(p_values)?;
    let count = p_values.len();
    let n = count as f64;
    let mut ascending: Vec<usize> = (0..count).collect();
    ascending.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let step_down = |factor: &dyn Fn(f64) -> f64| {
        let mut largest = 0.0_f64;
        scatter(
            &ascending,
            |rank, p| {
                largest = largest.max(factor(rank) * p).min(1.0);
                largest
            },
            p_values,
        )
    };
    let descending: Vec<usize> = ascending.iter().rev().copied().collect();
    let step_up = |factor: &dyn Fn(f64) -> f64| {
        let mut smallest = 1.0_f64;
        scatter(
            &descending,
            |rank, p| {
                // Ranks run downwards here: the largest p-value has rank n.
                smallest = smallest.min(factor(n + 1.0 - rank) * p);
                smallest
            },
            p_values,
        )
    };
    Ok(match method {
        Adjustment::Bonferroni => p_values.iter().map(|p| (n * p).min(1.0)).collect(),
        Adjustment::Holm => step_down(&|rank| n + 1.0 - rank),
        Adjustment::Hochberg => step_up(&|rank| n + 1.0 - rank),
        Adjustment::BenjaminiHochberg => step_up(&|rank| n / rank),
        Adjustment::BenjaminiYekutieli => {
            let harmonic: f64 = (1..=count).map(|i| 1.0 / i as f64).sum();
            step_up(&|rank| harmonic * n / rank)
        }
        Adjustment::Hommel => hommel(&ascending, p_values),
    })
}

/// Applies `value(rank, p)` along `order` and puts the results back in the original order.
fn scatter(order: &[usize], mut value: impl FnMut(f64, f64) -> f64, p_values: &[f64]) -> Vec<f64> {
    let mut adjusted = vec![0.0; order.len()];
    for (position, &index) in order.iter().enumerate() {
        adjusted[index] = value((position + 1) as f64, p_values[index]);
    }
    adjusted
}

/// Hommel's adjusted p-values by the algorithm of Wright (1992), which R uses.
fn hommel(ascending: &[usize], p_values: &[f64]) -> Vec<f64> {
    let n = ascending.len();
    let sorted: Vec<f64> = ascending.iter().map(|&index| p_values[index]).collect();
    let simes = sorted.iter().enumerate().map(|(i, p)| n as f64 * p / (i + 1) as f64).fold(f64::INFINITY, f64::min);
    let mut current = vec![simes; n];
    let mut largest = vec![simes; n];
    for m in (2..n).rev() {
        // The n − m + 1 smallest hypotheses and the m − 1 largest.
        let split = n - m + 1;
        let common = (2..=m).map(|k| m as f64 * sorted[split + k - 2] / k as f64).fold(f64::INFINITY, f64::min);
        for (value, p) in current[..split].iter_mut().zip(&sorted) {
            *value = (m as f64 * p).min(common);
        }
        let carried = current[split - 1];
        current[split..].fill(carried);
        for (value, candidate) in largest.iter_mut().zip(&current) {
            *value = value.max(*candidate);
        }
    }
    let mut adjusted = vec![0.0; n];
    for (position, &index) in ascending.iter().enumerate() {
        adjusted[index] = largest[position].max(sorted[position]).min(1.0);
    }
    adjusted
}
