//! Between- and within-patient degrees of freedom, by two rules.
//!
//! A column that varies within some patient is a within-patient effect. df between = patients − between columns (the
//! intercept among them); df within = observations − patients − within columns.
//!
//! *mmrm's rule* (`between-within`; R `mmrm` "Between-Within"): a contrast takes the smallest df of the coefficients it
//! involves; the intercept itself is tested like a within-patient effect where there are others. LS means and their
//! differences take the smallest df of all coefficients of which any mean (difference) of their table is made, so that the
//! df do not depend on the level that is coded first; mmrm's emmeans do.
//!
//! *SAS's rule* (`between-within-sas`; PROC MIXED `ddfm=bw`): an effect that changes within any patient has the within df,
//! any other, the intercept among them, the between df; but where the model is a `REPEATED` statement with `TYPE=UN` alone,
//! every effect has the between df. SAS divides the within df where several within-patient effects contain classification
//! variables; that division is not documented far enough to be reproduced, and such models are refused.

use super::error::ModelError;
use super::fit::Fit;
use super::formula::StructureKind;
use crate::note;

/// The two degrees of freedom and the class of each coefficient.
#[derive(Debug, Clone)]
pub(crate) struct BetweenWithin {
    within: Vec<bool>,
    df_between: f64,
    df_within: f64,
}

impl BetweenWithin {
    /// mmrm's rule.
    pub(crate) fn of(fit: &Fit) -> Self {
        let mut within = varying(fit);
        let n_within = within.iter().filter(|w| **w).count();
        if n_within > 0 {
            let intercept = fit.design.term_variables.iter().position(Vec::is_empty);
            within.iter_mut().zip(&fit.design.assign).for_each(|(w, a)| *w |= Some(*a) == intercept);
        }
        Self::new(fit, within, n_within)
    }

    /// SAS's rule.
    ///
    /// # Errors
    /// Several within-patient effects with classification variables, unless the covariance is unstructured alone.
    pub(crate) fn as_sas(fit: &Fit) -> Result<Self, ModelError> {
        let varying = varying(fit);
        let n_within = varying.iter().filter(|w| **w).count();
        if unstructured_alone(fit) {
            return Ok(Self::new(fit, vec![false; varying.len()], n_within));
        }
        let mut effects: Vec<usize> =
            fit.design.assign.iter().zip(&varying).filter(|(_, w)| **w).map(|(term, _)| *term).collect();
        effects.dedup();
        let classed = effects.iter().filter(|term| fit.design.has_factor(**term)).count();
        if classed > 1 {
            return Err(ModelError::Unsupported { reason: note!(bw_sas) });
        }
        // An effect is within as a whole.
        let within = fit.design.assign.iter().map(|term| effects.contains(term)).collect();
        Ok(Self::new(fit, within, n_within))
    }

    fn new(fit: &Fit, within: Vec<bool>, n_within: usize) -> Self {
        let n_patients = fit.patients.len() as f64;
        Self {
            df_between: n_patients - (fit.design.n_columns() - n_within) as f64,
            df_within: fit.n_obs() as f64 - n_patients - n_within as f64,
            within,
        }
    }

    /// Degrees of freedom of a contrast, where positive.
    pub(crate) fn df(&self, contrast: &[f64]) -> Option<f64> {
        self.smallest(|column| contrast.get(column).is_some_and(|c| *c != 0.0))
    }

    /// Degrees of freedom of every row of a table of LS means or of their differences.
    pub(crate) fn df_of_all(&self, rows: &[&Vec<f64>]) -> Option<f64> {
        self.smallest(|column| rows.iter().any(|row| row.get(column).is_some_and(|c| *c != 0.0)))
    }

    fn smallest(&self, involved: impl Fn(usize) -> bool) -> Option<f64> {
        let df = |within: &bool| if *within { self.df_within } else { self.df_between };
        let involved = self.within.iter().enumerate().filter(|(column, _)| involved(*column));
        involved.map(|(_, within)| df(within)).min_by(f64::total_cmp).filter(|df| *df > 0.0)
    }
}

/// Whether each column varies within some patient.
fn varying(fit: &Fit) -> Vec<bool> {
    let p = fit.design.n_columns();
    let x = |row: usize, column: usize| fit.design.x[row * p + column];
    let varies = |rows: &Vec<usize>, c: usize| rows.first().is_some_and(|&f| rows.iter().any(|&r| x(r, c) != x(f, c)));
    (0..p).map(|c| fit.patients.iter().any(|rows| varies(rows, c))).collect()
}

/// Whether the covariance is one unstructured matrix of the patient's cells and nothing else.
fn unstructured_alone(fit: &Fit) -> bool {
    let formula = &fit.frame.formula;
    let [term] = formula.covariance.as_slice() else { return false };
    let [factor] = term.factors.as_slice() else { return false };
    formula.random.is_empty() && factor.kind == StructureKind::Us
}
