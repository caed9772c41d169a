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
}

/// Compares `smaller` with `larger`, fitted to the same rows. REML fits must have the same fixed effects.
///
/// # Errors
/// [`ModelError::Unsupported`] for fits by different methods or of different rows, REML fits with different fixed effects,
/// and a second model without more parameters than the first.
pub fn likelihood_ratio(smaller: &Fit, larger: &Fit) -> Result<LikelihoodRatio, ModelError> {
    let refuse = |reason: &str| ModelError::Unsupported { method: "likelihood ratio".into(), reason: reason.into() };
    if smaller.method != larger.method {
        return Err(refuse("needs both models fitted by the same method"));
    }
    if smaller.frame.rows != larger.frame.rows {
        return Err(refuse("needs both models fitted to the same rows"));
    }
    let fixed_same = smaller.design.names == larger.design.names;
    if smaller.method == Method::Reml && !fixed_same {
        return Err(refuse("of models with different fixed effects needs maximum likelihood, not REML"));
    }
    let count = |fit: &Fit| fit.problem.k + fit.problem.p;
    let df = count(larger)
        .checked_sub(count(smaller))
        .filter(|d| *d > 0)
        .ok_or_else(|| refuse("needs the second model to have more parameters than the first"))?;
    let statistic = (2.0 * (larger.log_lik - smaller.log_lik)).max(0.0);
    let mixture = if fixed_same { boundary_mixture(smaller, larger, df) } else { None };
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
    })
}

/// Weights and degrees of freedom of the null distribution, where it is one of the two known: `larger` has either one more
/// variance, or one random term with one more correlated coefficient, and all else is the same.
fn boundary_mixture(smaller: &Fit, larger: &Fit, df: usize) -> Option<Vec<(f64, usize)>> {
    let random = |fit: &Fit| -> Vec<(String, Vec<String>)> {
        let terms = fit.problem.terms.iter().filter(|t| t.kind == TermKind::Random);
        terms.map(|t| (t.group.clone(), t.cells.clone())).collect()
    };
    let others = |fit: &Fit| -> Vec<(TermKind, String, Vec<String>, usize)> {
        let terms = fit.problem.terms.iter().filter(|t| t.kind != TermKind::Random);
        terms.map(|t| (t.kind, t.group.clone(), t.cells.clone(), t.n_parameters())).collect()
    };
    if others(smaller) != others(larger) {
        return None;
    }
    let (mut added, mut lost) = (random(larger), random(smaller));
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
