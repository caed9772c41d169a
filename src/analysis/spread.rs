//! What a model assumes about spread, beside what was observed: standard deviations by arm and visit, likelihood ratios
//! against equal variances, and its standard error beside that of the paired t-test.
//!
//! Observed: the standard deviation of y − Xβ̂ in an arm at a visit (divisor n − 1); implied: the mean of the model's
//! variances there. The likelihood ratios compare covariances on the same rows and means by REML: over the visits, one
//! variance and exchangeable covariances (`random`) against exchangeable knees with everything else free (`pair`); over the
//! arms, one variance (`cs`) against one per arm (`us`) at the deciding visit of a single-visit model.

use super::Context;
use crate::model::patient_blocks::PatientBlock;
use crate::model::{self, Columns, Fit, FitOptions, Formula, likelihood_ratio};
use crate::paired::paired_t;
use crate::trial::{Measure, Observation};
use serde::Serialize;

/// Observed and implied spread of one arm at one visit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CellSpread {
    /// Label of the arm.
    pub arm: String,
    /// Label of the visit.
    pub visit: String,
    /// Rows.
    pub n: usize,
    /// Standard deviation of y − Xβ̂.
    pub sd_observed: Option<f64>,
    /// What the model implies.
    pub sd_model: f64,
}

/// A likelihood ratio of two covariances.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EqualVariances {
    /// `visits` or `arms`: over what the variances are equal in the smaller model.
    pub over: &'static str,
    /// Covariance of the smaller model.
    pub smaller: String,
    /// Covariance of the larger model.
    pub larger: String,
    /// 2(ℓ₁ − ℓ₀).
    pub statistic: f64,
    /// Further parameters of the larger model.
    pub df: usize,
    /// By χ²: conservative where the smaller model has variances on their boundary.
    pub p_value: f64,
}

/// Spread beside its model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    /// Arms within visits.
    pub cells: Vec<CellSpread>,
    /// Against equal variances, where both models can be fitted.
    pub equal_variances: Option<EqualVariances>,
    /// Standard error of the deciding comparison by the model.
    pub std_error_model: Option<f64>,
    /// By the paired t-test on complete pairs, of the change where there is a baseline.
    pub std_error_paired: Option<f64>,
}

impl Spread {
    /// Model over paired standard error, where they differ by more than a tenth.
    pub fn apart(&self) -> Option<f64> {
        let ratio = self.std_error_model? / self.std_error_paired?;
        (ratio.is_finite() && (ratio - 1.0).abs() > 0.1).then_some(ratio)
    }
}

/// The spread of a fit whose rows are the knees `rows`. `comparison` is the standard error of active − placebo at the
/// deciding visit.
pub fn of(
    context: &Context,
    endpoint: usize,
    fit: &Fit,
    columns: &Columns,
    blocks: &[PatientBlock],
    rows: &[Observation],
    std_error: Option<f64>,
) -> Spread {
    Spread {
        cells: cells(context, fit, blocks, rows),
        equal_variances: equal_variances(fit, columns),
        std_error_model: std_error,
        std_error_paired: paired_std_error(context, endpoint),
    }
}

fn cells(context: &Context, fit: &Fit, blocks: &[PatientBlock], rows: &[Observation]) -> Vec<CellSpread> {
    let design = &context.trial.design;
    let analysed: Vec<&Observation> = fit.frame.rows.iter().filter_map(|row| rows.get(*row)).collect();
    let mut out = Vec::new();
    for (v, visit) in design.visits.iter().enumerate() {
        for (a, arm) in design.arms.labels().into_iter().enumerate() {
            let (mut residuals, mut variances) = (Vec::new(), Vec::new());
            for block in blocks {
                for (i, row) in block.rows.iter().enumerate() {
                    if analysed.get(*row).is_some_and(|row| (row.arm, row.visit) == (a, v)) {
                        residuals.push(block.residual[i]);
                        variances.push(block.v[(i, i)]);
                    }
                }
            }
            if let n @ 1.. = variances.len() {
                out.push(CellSpread {
                    arm: arm.to_owned(),
                    visit: visit.label.clone(),
                    n,
                    sd_observed: crate::math::descriptive::sd(&residuals),
                    sd_model: (variances.iter().sum::<f64>() / n as f64).sqrt(),
                });
            }
        }
    }
    out
}

/// The likelihood ratio against equal variances; `None` where a model cannot be fitted.
fn equal_variances(fit: &Fit, columns: &Columns) -> Option<EqualVariances> {
    let formula = &fit.frame.formula.text;
    let mean: Vec<&str> = formula.split(" + ").filter(|term| !term.contains('|')).collect();
    let several = mean.iter().any(|term| term.contains("visit"));
    let (over, smaller, larger) = if several {
        ("visits", "(1|patient) + (1|patient:knee) + (1|patient:visit)", "pair(visit|patient)")
    } else {
        ("arms", "cs(treatment|patient)", "us(treatment|patient)")
    };
    let fitted = |term: &str| {
        let formula = Formula::parse(&format!("{} + {term}", mean.join(" + "))).ok()?;
        model::fit(columns, &formula, &FitOptions::default()).ok()
    };
    let test = likelihood_ratio(&fitted(smaller)?, &fitted(larger)?).ok()?;
    Some(EqualVariances {
        over,
        smaller: smaller.to_owned(),
        larger: larger.to_owned(),
        statistic: test.statistic,
        df: test.df,
        p_value: test.p_value,
    })
}

/// The standard error of the paired t-test at the deciding visit.
fn paired_std_error(context: &Context, endpoint: usize) -> Option<f64> {
    let design = &context.trial.design;
    let visit = context.deciding_visit(endpoint)?;
    let measure = if design.has_baseline(&design.endpoints[endpoint]) { Measure::Change } else { Measure::Value };
    let paired = context.trial.paired(endpoint, visit, measure, context.set);
    paired_t::paired_t(&paired.active(), &paired.placebo(), &context.options()).ok()?.std_error
}
