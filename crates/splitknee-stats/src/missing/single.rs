//! Single imputation because plans ask for it: LOCF, BOCF, worst case. Sensitivity only.
//!
//! ICH E9(R1) and the National Research Council (2010) advise against them as a primary analysis: they are not a law of
//! the missing value, and the spread they leave out is missing from the standard error.

/// Which single value stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Single {
    /// The knee's last observed value; its baseline (change 0) where none was observed.
    LastObserved,
    /// The knee's baseline: change 0.
    Baseline,
    /// The least favourable value for the treatment: the worst observed over all knees and visits for active knees, the
    /// best for placebo knees.
    Worst {
        /// Whether lower values are better.
        lower_is_better: bool,
    },
}

impl Single {
    /// The warning that goes with every such figure.
    pub const WARNING: &'static str = "a single value stands in for what is missing: the standard error does not know that \
         it is not a measurement (ICH E9(R1) and the National Research Council, 2010, advise against it as the main analysis)";

    /// The name in plans.
    pub fn name(self) -> &'static str {
        match self {
            Self::LastObserved => "locf",
            Self::Baseline => "bocf",
            Self::Worst { .. } => "worst-case",
        }
    }
}

/// Completes patients' changes (active visits, then placebo visits).
pub fn complete(values: &[Vec<Option<f64>>], how: Single) -> Vec<Vec<f64>> {
    let observed = || values.iter().flatten().flatten().copied();
    let (low, high) = (observed().fold(f64::INFINITY, f64::min), observed().fold(f64::NEG_INFINITY, f64::max));
    values
        .iter()
        .map(|cells| {
            let visits = cells.len() / 2;
            (0..cells.len())
                .map(|c| {
                    let arm = c / visits;
                    cells[c].unwrap_or_else(|| match how {
                        Single::LastObserved => (arm * visits..c).rev().find_map(|k| cells[k]).unwrap_or(0.0),
                        Single::Baseline => 0.0,
                        Single::Worst { lower_is_better } => {
                            if lower_is_better == (arm == 0) {
                                high
                            } else {
                                low
                            }
                        }
                    })
                })
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Single, complete};

    #[test]
    fn the_value_that_stands_in() {
        let values = [vec![Some(-3.0), None, None, Some(2.0)], vec![None, Some(-9.0), Some(1.0), None]];
        assert_eq!(complete(&values, Single::LastObserved), [vec![-3.0, -3.0, 0.0, 2.0], vec![0.0, -9.0, 1.0, 1.0]]);
        assert_eq!(complete(&values, Single::Baseline), [vec![-3.0, 0.0, 0.0, 2.0], vec![0.0, -9.0, 1.0, 0.0]]);
        let worst = complete(&values, Single::Worst { lower_is_better: true });
        assert_eq!(worst, [vec![-3.0, 2.0, -9.0, 2.0], vec![2.0, -9.0, 1.0, -9.0]]);
    }
}
