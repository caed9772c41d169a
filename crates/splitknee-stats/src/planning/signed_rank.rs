//! Wilcoxon's signed-rank test of a symmetric shift: three approximations and a simulation, each called by its name.
//!
//! `p₁ = P(D > 0)`, `p₂ = P(D₁ + D₂ > 0)`, `p₃ = P(D₁ + D₂ > 0, D₁ + D₃ > 0)` of differences `D = Δ + E`, E symmetric
//! with the SD given, by quadrature.
//! - Lehmann (1975, section 4.2): W⁺ normal with its mean `n p₁ + n(n − 1)p₂/2` and variance `n p₁(1 − p₁) +
//!   n(n − 1)(2(p₁ − p₂)² + 3p₂(1 − p₂))/2 + n(n − 1)(n − 2)(p₃ − p₂²)`, both tails;
//! - Noether (1987): `Φ(√(3n)|p₂ − ½| − z)`, the near tail;
//! - ARE: the paired t test with n × ARE pairs (normal 3/π, logistic π²/9, Laplace 3/2, uniform 1, else `12σ²(∫f²)²`).

use super::paired_t::PairedT;
use super::{Alternative, Refusal, check_alpha, check_sd, check_target, pairs_root, refuse, whole_pairs};
use crate::math::dist::{normal, student_t};
use crate::math::legendre;
use crate::math::random::Stream;
use crate::math::roots::brent;
use crate::note;
use std::f64::consts::PI;

/// Law of the differences about their centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Normal.
    Normal,
    /// Logistic.
    Logistic,
    /// Laplace (double exponential).
    Laplace,
    /// Uniform.
    Uniform,
    /// Student's t with 5 degrees of freedom.
    T5,
}

impl Shape {
    /// Every shape.
    pub const ALL: [Self; 5] = [Self::Normal, Self::Logistic, Self::Laplace, Self::Uniform, Self::T5];

    /// Name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Logistic => "logistic",
            Self::Laplace => "laplace",
            Self::Uniform => "uniform",
            Self::T5 => "t5",
        }
    }

    /// Density at `x`, the SD being 1.
    fn pdf(self, x: f64) -> f64 {
        match self {
            Self::Normal => normal::pdf(x),
            Self::Logistic => {
                let scale = 3.0_f64.sqrt() / PI;
                let e = (-(x / scale).abs()).exp();
                e / (scale * (1.0 + e) * (1.0 + e))
            }
            Self::Laplace => 0.5_f64.sqrt() * (-2.0_f64.sqrt() * x.abs()).exp(),
            Self::Uniform => {
                let half = 3.0_f64.sqrt();
                if x.abs() <= half { 0.5 / half } else { 0.0 }
            }
            Self::T5 => {
                let scale = (5.0_f64 / 3.0).sqrt();
                scale * student_t::pdf(x * scale, 5.0)
            }
        }
    }

    /// Distribution function at `x`, the SD being 1.
    fn cdf(self, x: f64) -> f64 {
        match self {
            Self::Normal => normal::cdf(x),
            Self::Logistic => 1.0 / (1.0 + (-x * PI / 3.0_f64.sqrt()).exp()),
            Self::Laplace => {
                let tail = 0.5 * (-2.0_f64.sqrt() * x.abs()).exp();
                if x < 0.0 { tail } else { 1.0 - tail }
            }
            Self::Uniform => (0.5 * (x / 3.0_f64.sqrt() + 1.0)).clamp(0.0, 1.0),
            Self::T5 => student_t::cdf(x * (5.0_f64 / 3.0).sqrt(), 5.0),
        }
    }

    /// The value below which a share `u` lies, the SD being 1.
    fn quantile(self, u: f64) -> f64 {
        match self {
            Self::Normal => normal::quantile(u),
            Self::Logistic => 3.0_f64.sqrt() / PI * (u / (1.0 - u)).ln(),
            Self::Laplace if u < 0.5 => (2.0 * u).ln() / 2.0_f64.sqrt(),
            Self::Laplace => -(2.0 * (1.0 - u)).ln() / 2.0_f64.sqrt(),
            Self::Uniform => 3.0_f64.sqrt() * (2.0 * u - 1.0),
            Self::T5 => student_t::quantile(u, 5.0) / (5.0_f64 / 3.0).sqrt(),
        }
    }

    /// Asymptotic relative efficiency of the signed-rank test against the t test.
    pub fn relative_efficiency(self) -> f64 {
        match self {
            Self::Normal => 3.0 / PI,
            Self::Logistic => PI * PI / 9.0,
            Self::Laplace => 1.5,
            Self::Uniform => 1.0,
            Self::T5 => 12.0 * self.mean(|x| self.pdf(x), &[0.0]).powi(2),
        }
    }

    /// `E f(E)`, with kinks of f at `kinks`. With `x = sinh y` the tails of every shape are within reach.
    fn mean(self, f: impl Fn(f64) -> f64, kinks: &[f64]) -> f64 {
        let reach = if self == Self::Uniform { 3.0_f64.sqrt().asinh() } else { 9.0 };
        let mut cuts: Vec<f64> = [-reach, reach].into_iter().chain(kinks.iter().map(|x| x.asinh())).collect();
        cuts.retain(|y| y.abs() <= reach);
        cuts.sort_by(f64::total_cmp);
        let integrand = |y: f64| self.pdf(y.sinh()) * f(y.sinh()) * y.cosh();
        cuts.windows(2).map(|pair| legendre::integrate(integrand, pair[0], pair[1], 0.5)).sum()
    }
}

/// Which approximation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Formula {
    /// Lehmann's normal law of W⁺.
    Lehmann,
    /// Noether's.
    Noether,
    /// Asymptotic relative efficiency.
    Are,
}

/// A planned signed-rank test, two-sided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignedRank {
    /// Shift of the differences.
    pub delta: f64,
    /// SD of the differences.
    pub sd_diff: f64,
    /// Their law.
    pub shape: Shape,
    /// Two-sided significance level.
    pub alpha: f64,
    /// Approximation.
    pub formula: Formula,
}

/// Probabilities that the moments of W⁺ need.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// P(D > 0).
    pub p1: f64,
    /// P(D₁ + D₂ > 0).
    pub p2: f64,
    /// P(D₁ + D₂ > 0, D₁ + D₃ > 0).
    pub p3: f64,
}

impl Moments {
    /// Mean and variance of W⁺ for `n` pairs.
    pub fn of_sum(&self, n: f64) -> (f64, f64) {
        let Self { p1, p2, p3 } = *self;
        let twos = 0.5 * n * (n - 1.0);
        let variance = n * p1 * (1.0 - p1)
            + twos * (2.0 * (p1 - p2).powi(2) + 3.0 * p2 * (1.0 - p2))
            + 2.0 * twos * (n - 2.0) * (p3 - p2 * p2);
        (n * p1 + twos * p2, variance)
    }
}

impl SignedRank {
    fn check(&self) -> Result<(), Refusal> {
        check_sd(note!(w_sd_differences), self.sd_diff)?;
        check_alpha(self.alpha)?;
        if self.delta.is_finite() { Ok(()) } else { refuse(note!(difference_finite)) }
    }

    /// The probabilities of the shift, by quadrature.
    pub fn moments(&self) -> Moments {
        let shift = self.delta / self.sd_diff;
        let half = 3.0_f64.sqrt();
        let kinks = [0.0, -2.0 * shift, half - 2.0 * shift, -half - 2.0 * shift];
        let beyond = |x: f64| self.shape.cdf(2.0 * shift + x);
        Moments {
            p1: self.shape.cdf(shift),
            p2: self.shape.mean(beyond, &kinks),
            p3: self.shape.mean(|x| beyond(x).powi(2), &kinks),
        }
    }

    fn power_at(&self, moments: &Moments, n: f64) -> f64 {
        let z = normal::upper_quantile(0.5 * self.alpha);
        match self.formula {
            Formula::Noether => normal::cdf((3.0 * n).sqrt() * (moments.p2 - 0.5).abs() - z),
            Formula::Lehmann => {
                let (mean, variance) = moments.of_sum(n);
                let gap = mean - 0.25 * n * (n + 1.0);
                let reach = z * (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0).sqrt();
                let sd = variance.max(0.0).sqrt();
                normal::cdf((gap - reach) / sd) + normal::cdf((-gap - reach) / sd)
            }
            Formula::Are => self.as_t().power(n * self.shape.relative_efficiency()).unwrap_or(f64::NAN),
        }
    }

    fn as_t(&self) -> PairedT {
        PairedT { shift: self.delta, sd_diff: self.sd_diff, alpha: self.alpha, sides: Alternative::TwoSided }
    }

    /// Approximate power of `n` pairs.
    ///
    /// # Errors
    /// A design outside its domain, or fewer than three pairs.
    pub fn power(&self, n: f64) -> Result<f64, Refusal> {
        self.check()?;
        if !(n >= 3.0 && n.is_finite()) {
            return refuse(note!(
                needs_pairs,
                method = note!(m_rank),
                least = 3_usize,
                pairs = note!(pairs_word),
                n = n
            ));
        }
        Ok(self.power_at(&self.moments(), n))
    }

    /// Pairs for a power: not rounded, and whole.
    ///
    /// # Errors
    /// A design outside its domain, or no difference.
    pub fn pairs(&self, power: f64) -> Result<(f64, usize), Refusal> {
        self.check()?;
        check_target(note!(w_power), power, self.alpha)?;
        if self.delta == 0.0 {
            return refuse(note!(no_pairs_detect));
        }
        let moments = self.moments();
        let needed = match self.formula {
            Formula::Noether => {
                let z = normal::upper_quantile(0.5 * self.alpha) + normal::quantile(power);
                z * z / (3.0 * (moments.p2 - 0.5).powi(2))
            }
            Formula::Are => self.as_t().pairs(power)?.0 / self.shape.relative_efficiency(),
            Formula::Lehmann => pairs_root(|n| self.power_at(&moments, n.max(3.0)), power)?,
        };
        let whole = whole_pairs(needed, |n| n >= 3 && self.power_at(&moments, n as f64) >= power);
        Ok((needed, whole.max(3)))
    }

    /// The shift that `n` pairs detect with `power`.
    ///
    /// # Errors
    /// As [`SignedRank::power`].
    pub fn detectable(&self, n: f64, power: f64) -> Result<f64, Refusal> {
        self.power(n)?;
        check_target(note!(w_power), power, self.alpha)?;
        let gap = |shift: f64| {
            let test = Self { delta: shift * self.sd_diff, ..*self };
            test.power_at(&test.moments(), n) - power
        };
        let mut high = 1.0;
        while gap(high) < 0.0 {
            high *= 2.0;
            if high > 64.0 {
                return refuse(note!(power_unreached, n = n, power = power));
            }
        }
        brent(gap, 0.0, high, 1e-12).map(|shift| shift * self.sd_diff).ok_or_else(|| Refusal(note!(no_detectable)))
    }

    /// Power of the exact test by simulation: the share of `replicates` samples that it rejects, and its Monte Carlo error.
    ///
    /// # Errors
    /// A design outside its domain, or a number of pairs whose exact law is not tabulated here.
    pub fn simulate(&self, n: usize, replicates: u64, seed: u64) -> Result<(f64, f64), Refusal> {
        self.power(n as f64)?;
        if replicates == 0 {
            return refuse(note!(no_samples));
        }
        let critical = critical_sum(n, self.alpha)?;
        let total = n * (n + 1) / 2;
        let mut rejected = 0_u64;
        let mut sizes: Vec<(f64, bool)> = Vec::with_capacity(n);
        for replicate in 0..replicates {
            let mut stream = Stream::new(seed, replicate);
            sizes.clear();
            for _ in 0..n {
                let d = self.delta + self.sd_diff * self.shape.quantile(stream.uniform());
                sizes.push((d.abs(), d > 0.0));
            }
            sizes.sort_by(|a, b| a.0.total_cmp(&b.0));
            let sum: usize = sizes.iter().enumerate().filter(|(_, (_, up))| *up).map(|(i, _)| i + 1).sum();
            rejected += u64::from(critical.is_some_and(|edge| sum.min(total - sum) <= edge));
        }
        let share = rejected as f64 / replicates as f64;
        Ok((share, (share * (1.0 - share) / replicates as f64).sqrt()))
    }
}

/// Null law of W⁺ without ties: `P(W⁺ ≤ w)` for w = 0, 1, ….
fn null_law(n: usize) -> Result<Vec<f64>, Refusal> {
    if n > 400 {
        return refuse(note!(rank_law_many, n = n));
    }
    let mut law = vec![1.0];
    for rank in 1..=n {
        let mut next = vec![0.0; law.len() + rank];
        for (w, p) in law.iter().enumerate() {
            next[w] += 0.5 * p;
            next[w + rank] += 0.5 * p;
        }
        law = next;
    }
    let mut sum = 0.0;
    Ok(law
        .into_iter()
        .map(|p| {
            sum += p;
            sum
        })
        .collect())
}

/// The largest sum that the exact two-sided test rejects; none where it never rejects.
fn critical_sum(n: usize, alpha: f64) -> Result<Option<usize>, Refusal> {
    Ok(null_law(n)?.iter().rposition(|p| 2.0 * p <= alpha * (1.0 + 1e-12)))
}

/// Size of the exact two-sided test without ties: the largest attainable level not above `alpha`.
///
/// # Errors
/// More pairs than the exact law is tabulated for.
pub fn exact_size(n: usize, alpha: f64) -> Result<f64, Refusal> {
    check_alpha(alpha)?;
    let law = null_law(n)?;
    Ok(critical_sum(n, alpha)?.map_or(0.0, |edge| 2.0 * law[edge]))
}
