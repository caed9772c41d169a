//! Between- and within-patient degrees of freedom (SAS `ddfm=bw`; `mmrm` "Between-Within").
//!
//! A column that varies within some patient is a within-patient effect. df between = patients − between columns (the
//! intercept among them); df within = observations − patients − within columns. A contrast takes the smallest df of the
//! coefficients it involves; the intercept itself is tested like a within-patient effect where there are others, as mmrm
//! does.

use super::fit::Fit;

/// The two degrees of freedom and the class of each coefficient.
#[derive(Debug, Clone)]
pub(crate) struct BetweenWithin {
    within: Vec<bool>,
    df_between: f64,
    df_within: f64,
}

impl BetweenWithin {
    pub(crate) fn of(fit: &Fit) -> Self {
        let p = fit.design.n_columns();
        let x = |row: usize, column: usize| fit.design.x[row * p + column];
        let mut within: Vec<bool> = (0..p)
            .map(|c| {
                fit.patients.iter().any(|rows| rows.first().is_some_and(|&f| rows.iter().any(|&r| x(r, c) != x(f, c))))
            })
            .collect();
        let n_within = within.iter().filter(|w| **w).count();
        let n_patients = fit.patients.len() as f64;
        if n_within > 0 {
            let intercept = fit.design.term_variables.iter().position(Vec::is_empty);
            within.iter_mut().zip(&fit.design.assign).for_each(|(w, a)| *w |= Some(*a) == intercept);
        }
        Self {
            df_between: n_patients - (p - n_within) as f64,
            df_within: fit.n_obs() as f64 - n_patients - n_within as f64,
            within,
        }
    }

    /// Degrees of freedom of a contrast, where positive.
    pub(crate) fn df(&self, contrast: &[f64]) -> Option<f64> {
        let involved = self.within.iter().zip(contrast).filter(|(_, c)| **c != 0.0);
        involved
            .map(|(w, _)| if *w { self.df_within } else { self.df_between })
            .min_by(f64::total_cmp)
            .filter(|d| *d > 0.0)
    }
}
