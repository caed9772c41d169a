//! Likelihood-ratio comparison of nested models.
//!
//! When the smaller model puts variances on their boundary, 2(ℓ₁ − ℓ₀) is not χ²: for one variance (no other parameter
//! involved) it is the even mixture of χ²₀ and χ²₁, for a random term growing from q to q + 1 correlated coefficients that
//! of χ²_q and χ²_{q+1} (Self & Liang 1987, Stram & Lee 1994). Several new variances have weights that depend on the
//! correlation of their estimates (binomial only without any), as those of patient and knee in patient have: no mixture is
//! given there.

use serde::Serialize;

use super::error::ModelError;
use super::fit::{Fit, Method};
use super::layout::TermKind;
use crate::math::dist::chi_squared;
use crate::math::linalg::{dot, solve_lower, transpose};
use crate::note;

/// A comparison of two nested models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LikelihoodRatio {
    /// 2 (ℓ₁ − ℓ₀), not below zero.
    pub statistic: f64,
    /// Difference of the numbers of parameters.
    pub df: usize,
    /// p-value by χ² with `df` degrees of freedom (what `anova` and `ranova` print).
    pub p_value: f64,
    /// p-value by the boundary mixture; `None` where no variance is on its boundary under the smaller model, or where the
    /// mixture is not one of the known ones.
    pub p_value_mixture: Option<f64>,
    /// The mixture in words: `½ χ²(0) + ½ χ²(1)`.
    pub mixture: Option<String>,
    /// Why `p_value` is not the whole story: variances on their boundary without a known mixture.
    pub note: Option<String>,
}

/// Two models side by side, with the test of the smaller against the larger.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelComparison {
    /// Formula of the smaller model.
    pub smaller: String,
    /// Formula of the larger model.
    pub larger: String,
    /// `REML` or `ML`.
    pub method: &'static str,
    /// Log-likelihood of the smaller model.
    pub log_lik_smaller: f64,
    /// Log-likelihood of the larger model.
    pub log_lik_larger: f64,
    /// Parameters of the smaller model, fixed effects included.
    pub n_parameters_smaller: usize,
    /// Parameters of the larger model.
    pub n_parameters_larger: usize,
    /// AIC of the smaller model, all parameters counted (`aic_all`).
    pub aic_all_smaller: f64,
    /// AIC of the larger model.
    pub aic_all_larger: f64,
    /// The test.
    #[serde(flatten)]
    pub test: LikelihoodRatio,
}

/// Puts two fits in order of size and tests the smaller one.
///
/// # Errors
/// Those of [`likelihood_ratio`]; [`ModelError::Unsupported`] where the models are not nested: fixed effects of the smaller
/// outside those of the larger, or a higher likelihood of the smaller.
pub fn compare(one: &Fit, other: &Fit) -> Result<ModelComparison, ModelError> {
    let size = |fit: &Fit| fit.problem.k + fit.problem.p;
    let (smaller, larger) = if size(one) <= size(other) { (one, other) } else { (other, one) };
    let test = likelihood_ratio(smaller, larger)?;
    if let Some(name) = outside(smaller, larger) {
        return Err(ModelError::Unsupported {
            reason: note!(
                lr_outside,
                name = name,
                smaller = &smaller.frame.formula.text,
                larger = &larger.frame.formula.text
            ),
        });
    }
    if larger.log_lik < smaller.log_lik - 1e-6 * (1.0 + smaller.log_lik.abs()) {
        return Err(ModelError::Unsupported {
            reason: note!(
                lr_higher,
                smaller = &smaller.frame.formula.text,
                own = smaller.log_lik,
                other = larger.log_lik
            ),
        });
    }
    Ok(ModelComparison {
        smaller: smaller.frame.formula.text.clone(),
        larger: larger.frame.formula.text.clone(),
        method: larger.method.name(),
        log_lik_smaller: smaller.log_lik,
        log_lik_larger: larger.log_lik,
        n_parameters_smaller: size(smaller),
        n_parameters_larger: size(larger),
        aic_all_smaller: smaller.aic_all(),
        aic_all_larger: larger.aic_all(),
        test,
    })
}

/// A column of the smaller design that is no combination of the columns of the larger.
fn outside<'a>(smaller: &'a Fit, larger: &Fit) -> Option<&'a String> {
    let (n, p, q) = (larger.design.n_rows, larger.design.n_columns(), smaller.design.n_columns());
    let inner = |x: &[f64], a: usize, y: &[f64], b: usize, (p, q): (usize, usize)| -> f64 {
        (0..n).map(|row| x[row * p + a] * y[row * q + b]).sum()
    };
    // R'R = X'X of the larger design.
    let lower = transpose(&larger.design.r, p, p);
    (0..q)
        .find(|&j| {
            let own = inner(&smaller.design.x, j, &smaller.design.x, j, (q, q));
            let mut explained: Vec<f64> =
                (0..p).map(|a| inner(&larger.design.x, a, &smaller.design.x, j, (p, q))).collect();
            solve_lower(&lower, p, &mut explained);
            own - dot(&explained, &explained) > 1e-7 * own
        })
        .and_then(|j| smaller.design.names.get(j))
}

/// Compares `smaller` with `larger`, fitted to the same rows. REML fits must have the same fixed effects.
///
/// # Errors
/// [`ModelError::Unsupported`] for fits by different methods or of different rows, REML fits with different fixed effects,
/// and a second model without more parameters than the first.
pub fn likelihood_ratio(smaller: &Fit, larger: &Fit) -> Result<LikelihoodRatio, ModelError> {
    if smaller.method != larger.method {
        return Err(ModelError::Unsupported { reason: note!(lr_method) });
    }
    if smaller.frame.rows != larger.frame.rows {
        let (a, b) = (smaller.n_obs(), larger.n_obs());
        return Err(ModelError::Unsupported { reason: note!(lr_rows, a = a, b = b) });
    }
    let fixed_same = smaller.design.names == larger.design.names;
    if smaller.method == Method::Reml && !fixed_same {
        return Err(ModelError::Unsupported { reason: note!(lr_reml) });
    }
    let count = |fit: &Fit| fit.problem.k + fit.problem.p;
    let df = count(larger)
        .checked_sub(count(smaller))
        .filter(|d| *d > 0)
        .ok_or_else(|| ModelError::Unsupported { reason: note!(lr_parameters) })?;
    let statistic = (2.0 * (larger.log_lik - smaller.log_lik)).max(0.0);
    let mixture = if fixed_same { boundary_mixture(smaller, larger, df) } else { None };
    // A variance of a random term that only the larger model has is zero in the smaller one, on the boundary; structures of
    // one covariance (cs, ar1, us) are nested inside it.
    let variances = |fit: &Fit| random_terms(fit).iter().map(|(_, coefficients)| coefficients.len()).sum::<usize>();
    let at_boundary = variances(larger) > variances(smaller);
    let note = (fixed_same && mixture.is_none() && at_boundary).then(|| {
        "where the smaller model sets variances to zero, this p-value is too large (conservative), and no mixture of χ² \
         distributions is known for this pair of models"
            .to_owned()
    });
    let p_of = |weights: &[(f64, usize)]| -> f64 {
        weights
            .iter()
            .map(|(w, d)| {
                w * if *d == 0 { f64::from(u8::from(statistic <= 0.0)) } else { chi_squared::sf(statistic, *d as f64) }
            })
            .sum()
    };
    Ok(LikelihoodRatio {
        statistic,
        df,
        p_value: chi_squared::sf(statistic, df as f64),
        p_value_mixture: mixture.as_ref().map(|m| p_of(m)),
        mixture: mixture.map(|m| m.iter().map(|(w, d)| format!("{w} χ²({d})")).collect::<Vec<_>>().join(" + ")),
        note,
    })
}

/// Group and coefficients of every random term.
fn random_terms(fit: &Fit) -> Vec<(String, Vec<String>)> {
    let terms = fit.problem.terms.iter().filter(|t| t.kind == TermKind::Random);
    terms.map(|t| (t.group.clone(), t.cells.clone())).collect()
}

/// Weights and degrees of freedom of the null distribution, where it is one of the two known: `larger` has either one more
/// variance, or one random term with one more correlated coefficient, and all else is the same.
fn boundary_mixture(smaller: &Fit, larger: &Fit, df: usize) -> Option<Vec<(f64, usize)>> {
    let others = |fit: &Fit| -> Vec<(TermKind, String, Vec<String>, usize)> {
        let terms = fit.problem.terms.iter().filter(|t| t.kind != TermKind::Random);
        terms.map(|t| (t.kind, t.group.clone(), t.cells.clone(), t.n_parameters())).collect()
    };
    if others(smaller) != others(larger) {
        return None;
    }
    let (mut added, mut lost) = (random_terms(larger), random_terms(smaller));
    lost.retain(|term| match added.iter().position(|t| t == term) {
        Some(i) => {
            added.remove(i);
            false
        }
        None => true,
    });
    let q = match (lost.as_slice(), added.as_slice()) {
        ([], [one]) if one.1.len() == 1 => 0,
        ([before], [after]) => {
            let grew = before.0 == after.0 && after.1.len() == before.1.len() + 1;
            (grew && before.1.iter().all(|cell| after.1.contains(cell))).then_some(before.1.len())?
        }
        _ => return None,
    };
    (df == q + 1).then(|| vec![(0.5, q), (0.5, q + 1)])
}
