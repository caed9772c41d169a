//! Standard errors, degrees of freedom, t and F tests of contrasts of the coefficients.
//!
//! In the coordinates of A (Cov(β̂) = s² A A'), a contrast c is the vector f = A'c; its variance is s² f'(I + 2Λ̃)f with
//! Kenward & Roger's bracket Λ̃ (zero for the other methods), and the derivative of the variance in θ_h is s² f'P̃_h f.

use crate::note;
use serde::Serialize;

use super::between_within::BetweenWithin;
use super::error::ModelError;
use super::fit::{Fit, Method};
use super::kenward_roger;
use super::robust::{RobustCovariance, RobustKind, robust_covariance};
use super::satterthwaite::{combine, eigenbasis, t_test_df};
use crate::math::dist::{fisher_f, normal, student_t};
use crate::math::linalg::{cholesky, dot, eigen_symmetric, inverse_spd, multiply, solve_lower, transpose};
pub use crate::terms::{Ddf, Information};

/// The answer of a one-row test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TTest {
    /// The estimate.
    pub estimate: f64,
    /// Its standard error.
    pub std_error: f64,
    /// Degrees of freedom; `None` for a normal test.
    pub df: Option<f64>,
    /// Estimate / standard error.
    pub statistic: Option<f64>,
    /// Two-sided p-value.
    pub p_value: Option<f64>,
    /// Lower confidence limit.
    pub conf_low: Option<f64>,
    /// Upper confidence limit.
    pub conf_high: Option<f64>,
}

/// The distribution that a standardised estimate is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Reference {
    /// Student's t.
    T(f64),
    /// The normal distribution.
    Normal,
    /// None: no degrees of freedom exist.
    Unknown,
}

impl TTest {
    /// The test of `estimate` against `null`, with its interval. Statistic, p-value and limits are absent where the
    /// standard error is zero, the p-value and the limits also where there is no reference distribution.
    pub(crate) fn new(estimate: f64, std_error: f64, reference: Reference, null: f64, conf_level: f64) -> Self {
        let usable = std_error > 0.0 && std_error.is_finite();
        let statistic = usable.then(|| (estimate - null) / std_error);
        let alpha = 0.5 * (1.0 - conf_level);
        let (p_value, quantile) = match reference {
            Reference::T(df) => {
                (statistic.map(|t| 2.0 * student_t::sf(t.abs(), df)), Some(-student_t::quantile(alpha, df)))
            }
            Reference::Normal => (statistic.map(|t| 2.0 * normal::sf(t.abs())), Some(-normal::quantile(alpha))),
            Reference::Unknown => (None, None),
        };
        let limit = |sign: f64| quantile.filter(|q| usable && q.is_finite()).map(|q| estimate + sign * q * std_error);
        Self {
            estimate,
            std_error,
            df: if let Reference::T(df) = reference { Some(df) } else { None },
            statistic,
            p_value: p_value.map(|p| p.min(1.0)),
            conf_low: limit(-1.0),
            conf_high: limit(1.0),
        }
    }
}

/// The answer of a test of several rows at once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FTest {
    /// Numerator degrees of freedom: the rank of the rows.
    pub num_df: usize,
    /// Denominator degrees of freedom; `None` for the χ² test of the asymptotic method.
    pub den_df: Option<f64>,
    /// The F statistic, scaled by λ for Kenward–Roger.
    pub statistic: Option<f64>,
    /// Its p-value.
    pub p_value: Option<f64>,
    /// Kenward–Roger's λ (1 for the other methods).
    pub scaling: f64,
}

/// Inference about the coefficients of a fit by one method.
#[derive(Debug)]
pub struct Inference<'a> {
    /// The fit.
    pub fit: &'a Fit,
    /// The method.
    pub ddf: Ddf,
    /// The information matrix used.
    pub information: Information,
    /// Confidence level of intervals.
    pub conf_level: f64,
    /// What the reader should know about how this was computed.
    pub notes: crate::note::Notes,
    /// Covariance of the parameters θ (standardised).
    pub(crate) w: Vec<f64>,
    /// I + 2Λ̃.
    adjusted: Vec<f64>,
    robust: Option<RobustCovariance>,
    between_within: Option<BetweenWithin>,
}

/// Refuses a confidence level that is not between 0 and 1.
pub(crate) fn check_conf_level(conf_level: f64) -> Result<(), ModelError> {
    if conf_level > 0.0 && conf_level < 1.0 {
        return Ok(());
    }
    Err(ModelError::Unsupported { reason: note!(level_outside, level = conf_level) })
}

impl Fit {
    /// Prepares inference by `ddf`.
    ///
    /// # Errors
    /// [`ModelError::Unsupported`] for a confidence level not between 0 and 1, and for Kenward–Roger after maximum
    /// likelihood; [`ModelError::NotEstimable`] where the information of the covariance parameters is singular.
    pub fn inference(&self, ddf: Ddf, information: Information, conf_level: f64) -> Result<Inference<'_>, ModelError> {
        check_conf_level(conf_level)?;
        if ddf.is_kenward_roger() && self.method == Method::Ml {
            return Err(ModelError::Unsupported { reason: note!(kr_reml) });
        }
        let p = self.problem.p;
        let mut notes = crate::note::Notes::new();
        let over_time = self.problem.terms.iter().any(|t| t.shape.by_time().is_some());
        let ordered = self.problem.terms.iter().any(|t| t.shape.depends_on_order());
        let ddf = if ordered && ddf == Ddf::KenwardRoger {
            notes.push(note!(kron_order));
            Ddf::KenwardRogerLinear
        } else if over_time && ddf == Ddf::KenwardRoger {
            notes.push(note!(decay_order));
            Ddf::KenwardRogerLinear
        } else {
            ddf
        };
        let identity: Vec<f64> = (0..p * p).map(|i| f64::from(u8::from(i % (p + 1) == 0))).collect();
        let needs_w = ddf.is_kenward_roger() || ddf == Ddf::Satterthwaite;
        let w = if needs_w { self.parameter_covariance(ddf, information, &mut notes)? } else { Vec::new() };
        let adjusted = if ddf.is_kenward_roger() {
            let second = ddf == Ddf::KenwardRoger;
            let bracket = self
                .problem
                .kenward_roger_bracket(&self.theta, &self.at, &w, second)
                .ok_or_else(|| ModelError::NotPositiveDefinite { matrix: note!(v_optimum) })?;
            identity.iter().zip(&bracket).map(|(i, b)| i + 2.0 * b).collect()
        } else {
            identity
        };
        let between_within = match ddf {
            Ddf::BetweenWithin => Some(BetweenWithin::of(self)),
            Ddf::BetweenWithinSas => Some(BetweenWithin::as_sas(self)?),
            _ => None,
        };
        Ok(Inference { fit: self, ddf, information, conf_level, notes, w, adjusted, robust: None, between_within })
    }

    /// The covariance W of θ̂: the inverse observed or expected information.
    ///
    /// Observed: J H_ψ⁻¹ J', which drops a parameter on its boundary by itself, since there ∂θ/∂ψ = 0. Expected: the same
    /// through ψ for Satterthwaite; for Kenward–Roger the information of θ itself is inverted, boundary or not, as pbkrtest
    /// does.
    fn parameter_covariance(
        &self,
        ddf: Ddf,
        information: Information,
        notes: &mut crate::note::Notes,
    ) -> Result<Vec<f64>, ModelError> {
        let k = self.problem.k;
        let singular = |what: &str| ModelError::NotEstimable {
            parameter: "the covariance of the variance parameters".into(),
            reason: note!(information_singular, what = what),
        };
        let parameters = || self.certificate.boundary.join(", ");
        let information_psi = match information {
            Information::Observed => self.hessian_psi.clone(),
            Information::Expected => {
                let expected =
                    self.problem.expected_information(&self.theta, &self.at).ok_or_else(|| singular("expected"))?;
                if ddf.is_kenward_roger() {
                    if self.singular {
                        notes.push(note!(boundary_kept, parameters = parameters()));
                    }
                    return inverse_spd(&expected, k).ok_or_else(|| singular("expected"));
                }
                let half = multiply(&expected, &self.jacobian, k, k, k);
                multiply(&transpose(&self.jacobian, k, k), &half, k, k, k)
            }
        };
        if self.singular {
            notes.push(note!(boundary_out, parameters = parameters()));
        }
        let inverse = if !self.singular && inverse_spd(&information_psi, k).is_some() {
            inverse_spd(&information_psi, k).unwrap_or_default()
        } else {
            pseudo_inverse(&information_psi, &self.jacobian, k)
        };
        let half = multiply(&self.jacobian, &inverse, k, k, k);
        Ok(multiply(&half, &transpose(&self.jacobian, k, k), k, k, k))
    }
}

/// The inverse over the directions that move θ: ψ whose column of the Jacobian vanishes are left out, flat directions too.
fn pseudo_inverse(information: &[f64], jacobian: &[f64], k: usize) -> Vec<f64> {
    let moves: Vec<usize> = (0..k).filter(|&j| (0..k).any(|h| jacobian[h * k + j].abs() > 1e-12)).collect();
    let n = moves.len();
    let reduced: Vec<f64> =
        moves.iter().flat_map(|&i| moves.iter().map(move |&j| (i, j))).map(|(i, j)| information[i * k + j]).collect();
    let (values, vectors) = eigen_symmetric(&reduced, n);
    let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let mut out = vec![0.0; k * k];
    for (e, value) in values.iter().enumerate().filter(|(_, v)| **v > 1e-10 * largest) {
        for (a, &i) in moves.iter().enumerate() {
            for (b, &j) in moves.iter().enumerate() {
                out[i * k + j] += vectors[a * n + e] * vectors[b * n + e] / value;
            }
        }
    }
    out
}

impl Inference<'_> {
    /// The same with a robust covariance of the coefficients (SAS `empirical`); Satterthwaite's degrees of freedom are then
    /// those of Bell & McCaffrey for that covariance.
    ///
    /// # Errors
    /// [`ModelError::Unsupported`] for Kenward–Roger, which corrects the model's own covariance, and where the robust
    /// covariance does not exist.
    pub fn with_robust(mut self, kind: RobustKind) -> Result<Self, ModelError> {
        if self.ddf.is_kenward_roger() {
            return Err(ModelError::Unsupported { reason: note!(kr_robust) });
        }
        self.robust = Some(robust_covariance(&self.fit.patient_blocks()?, kind)?);
        Ok(self)
    }

    /// How the degrees of freedom were found: what was asked for, but for a product whose second-order Kenward–Roger form
    /// would depend on the order of its cells.
    pub fn ddf(&self) -> Ddf {
        self.ddf
    }

    /// The robust covariance, where one was asked for.
    pub fn robust(&self) -> Option<&RobustCovariance> {
        self.robust.as_ref()
    }

    /// The standard error of a contrast by the model's own covariance, whether or not another one is in use.
    ///
    /// # Errors
    /// As [`Inference::contrast`].
    pub fn model_std_error(&self, contrast: &[f64]) -> Result<f64, ModelError> {
        let f = self.rotate(contrast)?;
        Ok(self.fit.scale * self.form(&self.adjusted, &f, &f).max(0.0).sqrt())
    }

    /// Covariance of the coefficients, adjusted where the method adjusts it; `p × p`, row after row.
    pub fn vcov(&self) -> Vec<f64> {
        if let Some(robust) = &self.robust {
            return robust.vcov().concat();
        }
        let p = self.fit.problem.p;
        let scale = self.fit.scale * self.fit.scale;
        let left = multiply(&self.fit.a, &self.adjusted, p, p, p);
        multiply(&left, &transpose(&self.fit.a, p, p), p, p, p).iter().map(|v| scale * v).collect()
    }

    /// A'c.
    fn rotate(&self, contrast: &[f64]) -> Result<Vec<f64>, ModelError> {
        let p = self.fit.problem.p;
        if contrast.len() != p {
            return Err(ModelError::WrongLength { what: "a contrast".into(), found: contrast.len(), expected: p });
        }
        let mut f = vec![0.0; p];
        for (row, c) in self.fit.a.chunks_exact(p).zip(contrast) {
            f.iter_mut().zip(row).for_each(|(o, a)| *o += c * a);
        }
        Ok(f)
    }

    /// `f_a' M f_b` for a `p × p` matrix M.
    fn form(&self, matrix: &[f64], a: &[f64], b: &[f64]) -> f64 {
        let p = self.fit.problem.p;
        matrix.chunks_exact(p).zip(a).map(|(row, x)| x * dot(row, b)).sum()
    }

    fn p_tilde(&self, h: usize) -> &[f64] {
        let size = self.fit.problem.p * self.fit.problem.p;
        &self.fit.at.p_tilde[h * size..(h + 1) * size]
    }

    /// Tests whether `contrast'β` is zero. The contrast has one weight per coefficient.
    ///
    /// # Errors
    /// [`ModelError::WrongLength`] for another number of weights.
    pub fn contrast(&self, contrast: &[f64]) -> Result<TTest, ModelError> {
        self.contrast_against(contrast, 0.0)
    }

    /// Tests whether `contrast'β` is `null`.
    ///
    /// # Errors
    /// As [`Inference::contrast`].
    pub fn contrast_against(&self, contrast: &[f64], null: f64) -> Result<TTest, ModelError> {
        let f = self.rotate(contrast)?;
        let estimate = dot(contrast, &self.fit.beta);
        let std_error = match &self.robust {
            Some(robust) => robust.std_error(contrast).unwrap_or(0.0),
            None => self.fit.scale * self.form(&self.adjusted, &f, &f).max(0.0).sqrt(),
        };
        let df = match (self.ddf, &self.robust) {
            (Ddf::Satterthwaite, Some(robust)) => robust.satterthwaite_df(contrast),
            (Ddf::KenwardRoger | Ddf::KenwardRogerLinear | Ddf::Satterthwaite, _) => {
                let g: Vec<f64> = (0..self.fit.problem.k).map(|h| self.form(self.p_tilde(h), &f, &f)).collect();
                t_test_df(dot(&f, &f), &g, &self.w)
            }
            (Ddf::BetweenWithin | Ddf::BetweenWithinSas, _) => {
                self.between_within.as_ref().and_then(|b| b.df(contrast))
            }
            (Ddf::Residual, _) => Some((self.fit.n_obs() - self.fit.problem.p) as f64),
            (Ddf::Asymptotic, _) => None,
        };
        let reference = match df {
            Some(df) => Reference::T(df),
            None if self.ddf == Ddf::Asymptotic => Reference::Normal,
            None => Reference::Unknown,
        };
        Ok(TTest::new(estimate, std_error, reference, null, self.conf_level))
    }

    /// Tests every row of a table of LS means or of their differences against 0. By the between-within rules all rows have
    /// the df of the effects that the table is made of, whichever level is coded first.
    pub(crate) fn table(&self, rows: &[Option<Vec<f64>>]) -> Result<Vec<Option<TTest>>, ModelError> {
        let known: Vec<&Vec<f64>> = rows.iter().flatten().collect();
        let shared = self.between_within.as_ref().map(|rule| rule.df_of_all(&known));
        let test = |row: &Vec<f64>| {
            let test = self.contrast(row)?;
            let Some(df) = shared else { return Ok(test) };
            let reference = df.map_or(Reference::Unknown, Reference::T);
            Ok(TTest::new(test.estimate, test.std_error, reference, 0.0, self.conf_level))
        };
        rows.iter().map(|row| row.as_ref().map(test).transpose()).collect()
    }

    /// Tests whether all of `rows'β` are zero. Rows that are combinations of others do not count.
    ///
    /// # Errors
    /// [`ModelError::WrongLength`] for a row that has not one weight per coefficient; [`ModelError::Unsupported`] with a
    /// robust covariance, whose F tests of several rows have no agreed degrees of freedom.
    pub fn f_test(&self, rows: &[Vec<f64>]) -> Result<FTest, ModelError> {
        if self.robust.is_some() {
            return Err(ModelError::Unsupported { reason: note!(f_robust) });
        }
        let p = self.fit.problem.p;
        let mut basis: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
        let mut independent: Vec<Vec<f64>> = Vec::new();
        // Gram–Schmidt in the metric of the unadjusted covariance: LΦL' becomes the identity.
        for row in rows {
            let original = self.rotate(row)?;
            let (mut f, mut c) = (original.clone(), row.clone());
            for _ in 0..2 {
                for (g, d) in &basis {
                    let x = dot(&f, g);
                    f.iter_mut().zip(g).for_each(|(a, b)| *a -= x * b);
                    c.iter_mut().zip(d).for_each(|(a, b)| *a -= x * b);
                }
            }
            let length = dot(&f, &f).sqrt();
            if length > 1e-9 * dot(&original, &original).sqrt() && length > 0.0 {
                f.iter_mut().for_each(|x| *x /= length);
                c.iter_mut().for_each(|x| *x /= length);
                basis.push((f, c));
                independent.push(original);
            }
        }
        let q = basis.len();
        if q == 0 {
            return Ok(FTest { num_df: 0, den_df: None, statistic: None, p_value: None, scaling: 1.0 });
        }
        // L Φ_A L' and (Lβ)'(LΦ_A L')⁻¹ Lβ.
        let mut covariance = vec![0.0; q * q];
        for (i, (f, _)) in basis.iter().enumerate() {
            for (j, (g, _)) in basis.iter().enumerate() {
                covariance[i * q + j] = self.form(&self.adjusted, f, g);
            }
        }
        let mut estimate: Vec<f64> = basis.iter().map(|(_, c)| dot(c, &self.fit.beta) / self.fit.scale).collect();
        if !cholesky(&mut covariance, q) {
            return Ok(FTest { num_df: q, den_df: None, statistic: None, p_value: None, scaling: 1.0 });
        }
        solve_lower(&covariance, q, &mut estimate);
        let wald = dot(&estimate, &estimate) / q as f64;
        let k = self.fit.problem.k;
        // Rows of F'P̃_hF for every parameter: the derivative of LΦL'.
        let derivatives = || -> Vec<Vec<f64>> {
            (0..k)
                .map(|h| {
                    let matrix = self.p_tilde(h);
                    basis
                        .iter()
                        .flat_map(|(f, _)| basis.iter().map(move |(g, _)| (f, g)))
                        .map(|(f, g)| self.form(matrix, f, g))
                        .collect()
                })
                .collect()
        };
        let (den_df, scaling) = match self.ddf {
            Ddf::KenwardRoger | Ddf::KenwardRogerLinear => {
                let moments = kenward_roger::moments(q, &derivatives(), &self.w);
                (moments.map(|m| m.df), moments.map_or(1.0, |m| m.scaling))
            }
            Ddf::Satterthwaite => (self.satterthwaite_f_df(&independent), 1.0),
            Ddf::BetweenWithin | Ddf::BetweenWithinSas => {
                let df = |row: &Vec<f64>| self.between_within.as_ref().and_then(|b| b.df(row));
                (rows.iter().filter_map(df).min_by(f64::total_cmp), 1.0)
            }
            Ddf::Residual => (Some((self.fit.n_obs() - p) as f64), 1.0),
            Ddf::Asymptotic => (None, 1.0),
        };
        let statistic = scaling * wald;
        let p_value = match den_df {
            Some(df) => Some(fisher_f::sf(statistic, q as f64, df)),
            None if self.ddf == Ddf::Asymptotic => Some(crate::math::dist::chi_squared::sf(wald * q as f64, q as f64)),
            None => None,
        };
        Ok(FTest { num_df: q, den_df, statistic: Some(statistic), p_value, scaling })
    }

    /// Satterthwaite's df of several rows: one df per eigenvector of LΦL', combined (Fai & Cornelius 1996).
    fn satterthwaite_f_df(&self, rows: &[Vec<f64>]) -> Option<f64> {
        let q = rows.len();
        let gram: Vec<f64> = rows.iter().flat_map(|f| rows.iter().map(move |g| dot(f, g))).collect();
        let dfs: Option<Vec<f64>> = eigenbasis(&gram, q)
            .iter()
            .map(|weights| {
                let mut f = vec![0.0; self.fit.problem.p];
                for (weight, row) in weights.iter().zip(rows) {
                    f.iter_mut().zip(row).for_each(|(a, b)| *a += weight * b);
                }
                let gradient: Vec<f64> = (0..self.fit.problem.k).map(|h| self.form(self.p_tilde(h), &f, &f)).collect();
                t_test_df(dot(&f, &f), &gradient, &self.w)
            })
            .collect();
        combine(&dfs?)
    }

    /// Every coefficient with its test, in the order of the design's columns.
    ///
    /// # Errors
    /// None from these contrasts; those of [`Inference::contrast`] are passed on.
    pub fn coefficients(&self) -> Result<Vec<(String, TTest)>, ModelError> {
        let p = self.fit.problem.p;
        self.fit
            .design
            .names
            .iter()
            .enumerate()
            .map(|(j, name)| {
                let mut contrast = vec![0.0; p];
                contrast[j] = 1.0;
                Ok((name.clone(), self.contrast(&contrast)?))
            })
            .collect()
    }
}
