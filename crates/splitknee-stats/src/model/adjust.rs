//! Multiplicity within a family of contrasts of LS means, as R's `emmeans` names it.
//!
//! The family is the contrasts within one cell of the `by` factors. Every contrast keeps its own degrees of freedom, whole or
//! not: its adjusted p-value is the probability that the largest of the family's statistics exceeds its own under the joint
//! null, with those degrees of freedom.
//!
//! - `mvt`: multivariate t with the correlations of the contrasts in this fit (`multivariate_t.rs`); `dunnett` the same for
//!   every level against the reference;
//! - `tukey`: studentised range of the k means, `ptukey(√2 |t|, k, df)` (Tukey–Kramer: exact in balance, else conservative);
//! - `sidak`: 1 − (1 − p)^m; `bonferroni`: m p; `holm`: step-down, without simultaneous limits.
//!
//! emmeans rounds the degrees of freedom of `mvt` to whole numbers and integrates by Monte Carlo; its `dunnettx` is an
//! approximation. Sources: Hothorn, Bretz & Westfall 2008 (Biom J 50:346); Kramer 1956 (Biometrics 12:307); Dunnett 1955
//! (JASA 50:1096); Šidák 1967 (JASA 62:626); Holm 1979 (Scand J Statist 6:65).

use super::error::ModelError;
use super::inference::Inference;
use super::ls_means::Levels;
use super::report::{ContrastRecord, bilinear};
use crate::math::dist::{normal, student_t};
use crate::math::multivariate_t::LargestT;
use crate::math::studentised_range;
use crate::multiplicity::adjust::{Adjustment, adjust};
use crate::note;
use serde::Serialize;

/// How the contrasts of a family are adjusted for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjust {
    /// Not at all.
    None,
    /// Holm's step-down procedure.
    Holm,
    /// Bonferroni.
    Bonferroni,
    /// Šidák.
    Sidak,
    /// All pairs by the studentised range.
    Tukey,
    /// Every level against a reference by the multivariate t.
    Dunnett,
    /// The multivariate t of the contrasts.
    MultivariateT,
}

impl Adjust {
    /// Every method.
    pub const ALL: [Self; 7] =
        [Self::None, Self::Holm, Self::Bonferroni, Self::Sidak, Self::Tukey, Self::Dunnett, Self::MultivariateT];

    /// The name on the command line and in a plan.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Holm => "holm",
            Self::Bonferroni => "bonferroni",
            Self::Sidak => "sidak",
            Self::Tukey => "tukey",
            Self::Dunnett => "dunnett",
            Self::MultivariateT => "mvt",
        }
    }

    /// The method called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }
}

/// What the adjustment gives one contrast.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Adjusted {
    /// Adjusted p-value.
    pub p_adjusted: Option<f64>,
    /// Lower simultaneous limit; none for Holm.
    pub conf_low_adjusted: Option<f64>,
    /// Upper simultaneous limit.
    pub conf_high_adjusted: Option<f64>,
    /// The critical value of |t| that the limits use.
    pub critical: Option<f64>,
}

/// One family: the contrasts of one cell of the `by` factors.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AdjustedFamily {
    /// The levels of the cell.
    #[serde(flatten)]
    pub levels: Levels,
    /// The contrasts, in the order of the table.
    pub contrasts: Vec<String>,
    /// How many of them were tested.
    pub family_size: usize,
    /// Their degrees of freedom; `null` for a normal test.
    pub df: Vec<Option<f64>>,
    /// Their correlations in this fit.
    pub correlation: Vec<Vec<f64>>,
    /// The rank of the correlations.
    pub rank: Option<usize>,
    /// Largest standard error of a probability over the shifts of the lattice; 0 where it is exact.
    pub lattice_error: Option<f64>,
}

/// How the contrasts of a report were adjusted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AdjustmentRecord {
    /// `none`, `holm`, `bonferroni`, `sidak`, `tukey`, `dunnett` or `mvt`.
    pub method: &'static str,
    /// The level that the others are compared with (Dunnett).
    pub reference: Option<String>,
    /// Contrasts per family, where all families have as many.
    pub family_size: Option<usize>,
    /// The degrees of freedom, where there is one family.
    pub df: Option<Vec<Option<f64>>>,
    /// The correlations, where there is one family.
    pub correlation: Option<Vec<Vec<f64>>>,
    /// Every family.
    pub families: Vec<AdjustedFamily>,
}

impl AdjustmentRecord {
    /// An empty record of `method`.
    pub fn new(method: Adjust, reference: Option<String>) -> Self {
        let (family_size, df, correlation) = (None, None, None);
        Self { method: method.name(), reference, family_size, df, correlation, families: Vec::new() }
    }

    /// Fills in what all families share.
    pub fn close(&mut self) {
        let size = self.families.first().map(|family| family.family_size);
        self.family_size = size.filter(|size| self.families.iter().all(|family| family.family_size == *size));
        if let [family] = self.families.as_slice() {
            self.df = Some(family.df.clone());
            self.correlation = Some(family.correlation.clone());
        }
    }
}

impl Inference<'_> {
    /// Contrasts given by their names and weights on the coefficients, as one family that `method` adjusts.
    ///
    /// # Errors
    /// A contrast that is not estimable, or a family beyond what is computed.
    pub fn adjusted_contrasts(
        &self,
        contrasts: &[(String, Vec<f64>)],
        method: Adjust,
    ) -> Result<(Vec<ContrastRecord>, AdjustmentRecord), ModelError> {
        let mut records = Vec::with_capacity(contrasts.len());
        for (name, weights) in contrasts {
            let test = self.contrast(weights)?;
            records.push(ContrastRecord {
                contrast: name.clone(),
                levels: Levels::default(),
                estimate: Some(test.estimate),
                std_error: Some(test.std_error),
                df: test.df,
                statistic: test.statistic,
                p_value: test.p_value,
                conf_low: test.conf_low,
                conf_high: test.conf_high,
                adjusted: None,
                geometric: None,
            });
        }
        let vcov = self.vcov();
        let covariance = |i: usize, j: usize| bilinear(&vcov, &contrasts[i].1, &contrasts[j].1);
        let mut adjustment = AdjustmentRecord::new(method, None);
        adjust_contrasts(method, &mut records, &covariance, self.conf_level, &mut adjustment)?;
        adjustment.close();
        Ok((records, adjustment))
    }
}

/// Adjusts the contrasts of one question (`records`, all `by` cells) and appends their families to `record`;
/// `covariance(i, j)` is the covariance of two of them.
///
/// # Errors
/// [`ModelError::Unsupported`] where the multivariate t of a family is beyond what is computed.
pub fn adjust_contrasts(
    method: Adjust,
    records: &mut [ContrastRecord],
    covariance: &dyn Fn(usize, usize) -> f64,
    conf_level: f64,
    record: &mut AdjustmentRecord,
) -> Result<(), ModelError> {
    let mut cells: Vec<Levels> = Vec::new();
    records.iter().for_each(|r| {
        if !cells.contains(&r.levels) {
            cells.push(r.levels.clone());
        }
    });
    for levels in cells {
        let all: Vec<usize> = (0..records.len()).filter(|&i| records[i].levels == levels).collect();
        let tested: Vec<usize> = all.iter().copied().filter(|&i| records[i].p_value.is_some()).collect();
        let error = |i: usize| covariance(i, i).max(0.0).sqrt();
        let correlation: Vec<Vec<f64>> = tested
            .iter()
            .map(|&i| {
                let with = |&j: &usize| if i == j { 1.0 } else { covariance(i, j) / (error(i) * error(j)) };
                tested.iter().map(with).collect()
            })
            .collect();
        let mut family = AdjustedFamily {
            levels,
            contrasts: tested.iter().map(|&i| records[i].contrast.clone()).collect(),
            family_size: tested.len(),
            df: tested.iter().map(|&i| records[i].df).collect(),
            correlation,
            rank: None,
            lattice_error: None,
        };
        // All pairs of k means: m = k(k − 1)/2.
        let means = (0.5 + (0.25 + 2.0 * all.len() as f64).sqrt()).round() as usize;
        let answers = within(method, &mut family, records, &tested, means, conf_level)?;
        for (&i, answer) in tested.iter().zip(answers) {
            records[i].adjusted = Some(answer);
        }
        for &i in all.iter().filter(|i| !tested.contains(i)) {
            let nothing =
                Adjusted { p_adjusted: None, conf_low_adjusted: None, conf_high_adjusted: None, critical: None };
            records[i].adjusted = Some(nothing);
        }
        record.families.push(family);
    }
    Ok(())
}

/// The adjusted contrasts of one family.
fn within(
    method: Adjust,
    family: &mut AdjustedFamily,
    records: &[ContrastRecord],
    tested: &[usize],
    means: usize,
    conf_level: f64,
) -> Result<Vec<Adjusted>, ModelError> {
    let m = tested.len();
    let p_values: Vec<f64> = tested.iter().filter_map(|&i| records[i].p_value).collect();
    if m == 0 {
        return Ok(Vec::new());
    }
    let t_quantile = |level: f64, df: Option<f64>| match df {
        Some(df) => student_t::upper_quantile(0.5 * (1.0 - level), df),
        None => normal::upper_quantile(0.5 * (1.0 - level)),
    };
    let alpha = 1.0 - conf_level;
    let joint = match method {
        Adjust::MultivariateT | Adjust::Dunnett => {
            let law = LargestT::new(&family.correlation.concat(), m)
                .ok_or_else(|| ModelError::Unsupported { reason: note!(adjust_rank, method = method.name()) })?;
            family.rank = Some(law.rank());
            Some(law)
        }
        _ => None,
    };
    let holm = match method {
        Adjust::Holm => adjust(Adjustment::Holm, &p_values).unwrap_or_default(),
        _ => Vec::new(),
    };
    let mut known: Vec<(Option<f64>, Option<f64>)> = Vec::new();
    let mut answers = Vec::with_capacity(m);
    for (place, &i) in tested.iter().enumerate() {
        let contrast = &records[i];
        let (p, df) = (p_values[place], contrast.df);
        let t = contrast.statistic.unwrap_or(0.0).abs();
        let root = std::f64::consts::SQRT_2;
        let p_adjusted = match (method, &joint) {
            (_, Some(law)) => law.sf(t, df),
            (Adjust::Holm, _) => holm.get(place).copied().unwrap_or(p),
            (Adjust::Bonferroni, _) => (m as f64 * p).min(1.0),
            (Adjust::Sidak, _) => -(m as f64 * (-p).ln_1p()).exp_m1(),
            (Adjust::Tukey, _) => studentised_range::sf(root * t, means, df),
            _ => p,
        };
        if let Some(law) = &joint {
            let error = law.sf_error(t, df);
            family.lattice_error = Some(family.lattice_error.unwrap_or(0.0).max(error));
        }
        let critical = match known.iter().find(|(at, _)| *at == df) {
            Some((_, critical)) => *critical,
            None => match (method, &joint) {
                (_, Some(law)) => law.quantile(conf_level, df),
                (Adjust::Holm, _) => None,
                (Adjust::Bonferroni, _) => Some(t_quantile(1.0 - alpha / m as f64, df)),
                (Adjust::Sidak, _) => Some(t_quantile(conf_level.powf(1.0 / m as f64), df)),
                (Adjust::Tukey, _) => studentised_range::quantile(conf_level, means, df).map(|q| q / root),
                _ => Some(t_quantile(conf_level, df)),
            },
        };
        known.push((df, critical));
        let limit = |sign: f64| {
            let (estimate, error) = contrast.estimate.zip(contrast.std_error)?;
            critical.map(|critical| estimate + sign * critical * error)
        };
        // A single step never claims more than the contrast alone.
        let p_adjusted = Some(p_adjusted.clamp(p.min(1.0), 1.0));
        answers.push(Adjusted { p_adjusted, conf_low_adjusted: limit(-1.0), conf_high_adjusted: limit(1.0), critical });
    }
    Ok(answers)
}
