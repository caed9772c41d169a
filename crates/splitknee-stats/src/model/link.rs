//! Links of the generalised models, and the log-probability of an interval on their latent scale.
//!
//! A binary or ordered outcome is a latent variable seen only as an interval `(l, u]`: with the latent distribution
//! function F its probability is `F(u) − F(l)`. [`Link::interval`] gives the logarithm of that probability and its
//! derivatives in `u` and `l` up to fourth order, in forms that neither cancel nor underflow in the tails:
//!
//! - logit: `log(F(u) − F(l)) = u + A(u − l) − log(1 + eᵘ) − log(1 + eˡ)`,
//! - cloglog: `−eˡ + A(eᵘ − eˡ)`,
//! - probit: ratios of density to probability, the interval reflected into the upper tail,
//!
//! where `A(δ) = log(1 − e^{−δ})`. The link names are those of R's `glm` and `ordinal::clm`.

use crate::math::dist::normal;

/// The link function: the inverse of the latent distribution function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Link {
    /// Logistic latent variable: proportional odds.
    #[default]
    Logit,
    /// Normal latent variable.
    Probit,
    /// Gompertz (minimum extreme value) latent variable: proportional hazards, `F(x) = 1 − exp(−eˣ)`.
    Cloglog,
    /// Logarithm of the mean of a count: no latent variable, [`Link::cdf`] is the mean.
    Log,
}

/// `log P(l < latent ≤ u)` with its derivatives; entry `[i][j]` of `derivatives` is `∂^{i+j}/∂uⁱ∂lʲ`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IntervalLogProbability {
    /// Derivatives up to total order 4; `[0][0]` is the value itself, entries beyond the asked order are zero.
    pub derivatives: [[f64; 5]; 5],
}

/// `STIRLING[n][k]`: Stirling numbers of the second kind, the coefficients of `dⁿ/duⁿ f(eᵘ)` in `eᵏᵘ f⁽ᵏ⁾`.
const STIRLING: [[f64; 5]; 5] = [
    [1.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 1.0, 0.0, 0.0, 0.0],
    [0.0, 1.0, 1.0, 0.0, 0.0],
    [0.0, 1.0, 3.0, 1.0, 0.0],
    [0.0, 1.0, 7.0, 6.0, 1.0],
];

impl Link {
    /// The name on the command line: `logit`, `probit`, `cloglog`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Logit => "logit",
            Self::Probit => "probit",
            Self::Cloglog => "cloglog",
            Self::Log => "log",
        }
    }

    /// The link called `name`, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Logit, Self::Probit, Self::Cloglog].into_iter().find(|link| link.name() == name)
    }

    /// The latent distribution function: the probability at linear predictor `eta`.
    pub fn cdf(self, eta: f64) -> f64 {
        match self {
            Self::Logit if eta >= 0.0 => 1.0 / (1.0 + (-eta).exp()),
            Self::Logit => eta.exp() / (1.0 + eta.exp()),
            Self::Probit => normal::cdf(eta),
            Self::Cloglog => -(-eta.exp()).exp_m1(),
            Self::Log => eta.exp(),
        }
    }

    /// The upper tail `1 − cdf(eta)`, computed directly.
    pub fn sf(self, eta: f64) -> f64 {
        match self {
            Self::Logit => Self::Logit.cdf(-eta),
            Self::Probit => normal::sf(eta),
            Self::Cloglog => (-eta.exp()).exp(),
            Self::Log => 1.0 - eta.exp(),
        }
    }

    /// The latent density: the derivative of the probability in the linear predictor.
    pub fn density(self, eta: f64) -> f64 {
        match self {
            Self::Logit => self.cdf(eta) * self.sf(eta),
            Self::Probit => normal::pdf(eta),
            Self::Cloglog => (eta - eta.exp()).exp(),
            Self::Log => eta.exp(),
        }
    }

    /// The linear predictor at probability `p`: ±∞ at 0 and 1.
    pub fn quantile(self, p: f64) -> f64 {
        match self {
            Self::Logit => (p / (1.0 - p)).ln(),
            Self::Probit => normal::quantile(p),
            Self::Cloglog => (-(-p).ln_1p()).ln(),
            Self::Log => p.ln(),
        }
    }

    /// Variance of the latent variable: the residual part of an intraclass correlation on the latent scale; 1 for counts,
    /// which have none, as the unit of standard deviations.
    pub fn latent_variance(self) -> f64 {
        let third_of_pi_squared = std::f64::consts::PI.powi(2) / 3.0;
        match self {
            Self::Logit => third_of_pi_squared,
            Self::Probit | Self::Log => 1.0,
            Self::Cloglog => 0.5 * third_of_pi_squared,
        }
    }

    /// `log(F(upper) − F(lower))` with derivatives up to total order `order` (at most 4).
    ///
    /// `lower` may be −∞ and `upper` +∞; derivatives in an infinite bound are zero. An empty interval
    /// (`upper ≤ lower`) has log-probability −∞.
    pub fn interval(self, lower: f64, upper: f64, order: usize) -> IntervalLogProbability {
        let mut answer = IntervalLogProbability { derivatives: [[0.0; 5]; 5] };
        // A comparison that is false for NaN, so that NaN counts as empty too.
        if !matches!(upper.partial_cmp(&lower), Some(std::cmp::Ordering::Greater)) {
            answer.derivatives[0][0] = f64::NEG_INFINITY;
            return answer;
        }
        match self {
            Self::Logit => logit_interval(lower, upper, order, &mut answer.derivatives),
            Self::Probit => probit_interval(lower, upper, order, &mut answer.derivatives),
            Self::Cloglog => cloglog_interval(lower, upper, order, &mut answer.derivatives),
            Self::Log => answer.derivatives[0][0] = f64::NEG_INFINITY,
        }
        answer
    }
}

impl IntervalLogProbability {
    /// The log-probability.
    pub fn value(&self) -> f64 {
        self.derivatives[0][0]
    }

    /// First derivatives `(∂u, ∂l)`.
    pub fn first(&self) -> (f64, f64) {
        (self.derivatives[1][0], self.derivatives[0][1])
    }

    /// Second derivatives `(∂uu, ∂ul, ∂ll)`.
    pub fn second(&self) -> (f64, f64, f64) {
        (self.derivatives[2][0], self.derivatives[1][1], self.derivatives[0][2])
    }

    /// The directional derivative `(∂u + ∂l)ᵏ` of `∂uⁱ∂lʲ`: how the log-probability changes when both bounds shift.
    pub fn shift(&self, k: usize, i: usize, j: usize) -> f64 {
        let d = |a: usize, b: usize| self.derivatives.get(i + a).and_then(|row| row.get(j + b)).copied().unwrap_or(0.0);
        match k {
            0 => d(0, 0),
            1 => d(1, 0) + d(0, 1),
            _ => d(2, 0) + 2.0 * d(1, 1) + d(0, 2),
        }
    }
}

/// `A(δ) = log(1 − e^{−δ})` and its derivatives up to order 4, for δ > 0.
fn log_one_minus_exp(delta: f64) -> [f64; 5] {
    let value = if delta > std::f64::consts::LN_2 { (-(-delta).exp()).ln_1p() } else { (-(-delta).exp_m1()).ln() };
    // With r = 1/(e^δ − 1): A' = r and r' = −r(1 + r).
    let r = 1.0 / delta.exp_m1();
    let q = r * (1.0 + r);
    [value, r, -q, q * (1.0 + 2.0 * r), -q * (1.0 + 6.0 * r + 6.0 * r * r)]
}

/// `log(1 + eˣ)` and its derivatives up to order 4.
pub(super) fn softplus(x: f64) -> [f64; 5] {
    let value = if x > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() };
    let (f, s) = (Link::Logit.cdf(x), Link::Logit.sf(x));
    let v = f * s;
    [value, f, v, v * (s - f), v * (1.0 - 6.0 * v)]
}

fn logit_interval(lower: f64, upper: f64, order: usize, d: &mut [[f64; 5]; 5]) {
    if upper == f64::INFINITY {
        if lower > f64::NEG_INFINITY {
            let minus = softplus(lower);
            for k in 0..=order.min(4) {
                d[0][k] = -minus[k];
            }
        }
        return;
    }
    // u − log(1 + eᵘ) = −log(1 + e^{−u}), in the form that does not cancel.
    let plus = softplus(-upper);
    for k in 0..=order.min(4) {
        d[k][0] = if k % 2 == 0 { -plus[k] } else { plus[k] };
    }
    if lower == f64::NEG_INFINITY {
        return;
    }
    let minus = softplus(lower);
    let gap = log_one_minus_exp(upper - lower);
    d[0][0] += gap[0] - minus[0];
    for n in 1..=order.min(4) {
        d[0][n] -= minus[n];
        for j in 0..=n {
            d[n - j][j] += if j % 2 == 0 { gap[n] } else { -gap[n] };
        }
    }
}

fn cloglog_interval(lower: f64, upper: f64, order: usize, d: &mut [[f64; 5]; 5]) {
    // Beyond e^150 the fourth powers would overflow; a predictor there is no longer a statistical model.
    let rate_low = if lower == f64::NEG_INFINITY { 0.0 } else { lower.min(150.0).exp() };
    d[0].iter_mut().take(order.min(4) + 1).for_each(|slot| *slot = -rate_low);
    if upper == f64::INFINITY {
        return;
    }
    let rate_high = upper.min(150.0).exp();
    let gap = log_one_minus_exp((rate_high - rate_low).max(f64::MIN_POSITIVE));
    d[0][0] += gap[0];
    let high: [f64; 5] = std::array::from_fn(|k| rate_high.powi(k as i32));
    let low: [f64; 5] = std::array::from_fn(|k| (-rate_low).powi(k as i32));
    for n in 1..=order.min(4) {
        for i in 0..=n {
            let j = n - i;
            let mut sum = 0.0;
            for a in 0..=i {
                for b in 0..=j {
                    sum += STIRLING[i][a] * STIRLING[j][b] * high[a] * low[b] * gap[a + b];
                }
            }
            d[i][j] += sum;
        }
    }
}

/// `log P(Z > x)`, by the asymptotic series of Mills' ratio where the probability itself would underflow.
fn log_normal_sf(x: f64) -> f64 {
    if x < 30.0 {
        return normal::sf(x).ln();
    }
    let inverse = 1.0 / (x * x);
    let series = 1.0 - inverse * (1.0 - 3.0 * inverse * (1.0 - 5.0 * inverse * (1.0 - 7.0 * inverse)));
    log_normal_pdf(x) - x.ln() + series.ln()
}

fn log_normal_pdf(x: f64) -> f64 {
    -0.5 * x * x - 0.5 * (2.0 * std::f64::consts::PI).ln()
}

fn probit_interval(lower: f64, upper: f64, order: usize, d: &mut [[f64; 5]; 5]) {
    // Reflect into the upper tail, where both bounds have accurate log-probabilities.
    let reflected = lower == f64::NEG_INFINITY || (upper < f64::INFINITY && lower + upper < 0.0);
    let (near, far) = if reflected { (-upper, -lower) } else { (lower, upper) };
    let log_near = if near == f64::NEG_INFINITY { 0.0 } else { log_normal_sf(near) };
    let log_probability = if far == f64::INFINITY {
        log_near
    } else {
        log_near + log_one_minus_exp((log_near - log_normal_sf(far)).max(f64::MIN_POSITIVE))[0]
    };
    d[0][0] = log_probability;
    if order == 0 {
        return;
    }
    // Derivatives of F at a bound over the probability: F⁽ⁿ⁾(x) = (−1)ⁿ⁻¹ Heₙ₋₁(x) φ(x).
    let ratios = |x: f64| -> [f64; 5] {
        if x.is_infinite() {
            return [0.0; 5];
        }
        let r = (log_normal_pdf(x) - log_probability).exp();
        [0.0, r, -x * r, (x * x - 1.0) * r, (3.0 - x * x) * x * r]
    };
    let (a, mut c) = (ratios(upper), ratios(lower));
    c.iter_mut().for_each(|x| *x = -*x);
    // log π as a function of two variables whose mixed derivatives of π itself vanish.
    d[1][0] = a[1];
    d[0][1] = c[1];
    if order >= 2 {
        d[2][0] = a[2] - a[1] * a[1];
        d[1][1] = -a[1] * c[1];
        d[0][2] = c[2] - c[1] * c[1];
    }
    if order >= 3 {
        d[3][0] = cumulant3(&a);
        d[2][1] = (2.0 * a[1] * a[1] - a[2]) * c[1];
        d[1][2] = (2.0 * c[1] * c[1] - c[2]) * a[1];
        d[0][3] = cumulant3(&c);
    }
    if order >= 4 {
        d[4][0] = cumulant4(&a);
        d[3][1] = (6.0 * a[1] * a[2] - a[3] - 6.0 * a[1].powi(3)) * c[1];
        d[2][2] = -a[2] * c[2] + 2.0 * a[2] * c[1] * c[1] + 2.0 * a[1] * a[1] * c[2] - 6.0 * (a[1] * c[1]).powi(2);
        d[1][3] = (6.0 * c[1] * c[2] - c[3] - 6.0 * c[1].powi(3)) * a[1];
        d[0][4] = cumulant4(&c);
    }
}

/// Third derivative of a logarithm from the derivatives `m` of its argument over the argument.
fn cumulant3(m: &[f64; 5]) -> f64 {
    m[3] - 3.0 * m[1] * m[2] + 2.0 * m[1].powi(3)
}

/// Fourth derivative of a logarithm, as [`cumulant3`].
fn cumulant4(m: &[f64; 5]) -> f64 {
    m[4] - 4.0 * m[1] * m[3] - 3.0 * m[2] * m[2] + 12.0 * m[1] * m[1] * m[2] - 6.0 * m[1].powi(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINKS: [Link; 3] = [Link::Logit, Link::Probit, Link::Cloglog];
    const INF: f64 = f64::INFINITY;

    /// Each derivative against a central difference of the one below it.
    #[test]
    fn derivatives_follow_from_the_value() {
        let intervals = [
            (-0.7, 0.4),
            (0.3, 2.1),
            (-3.0, -2.2),
            (-INF, -1.3),
            (-INF, 1.7),
            (0.6, INF),
            (-1.1, INF),
            (-4.0, 1.5),
            (1.0, 1.001),
        ];
        for link in LINKS {
            for (lower, upper) in intervals {
                let exact = link.interval(lower, upper, 4).derivatives;
                let h = 1e-5 * if upper - lower < 0.01 { 0.01 } else { 1.0 };
                let shifted = |dl: f64, du: f64| link.interval(lower + dl, upper + du, 4).derivatives;
                let (up, down) = (shifted(0.0, h), shifted(0.0, -h));
                let (lup, ldown) = (shifted(h, 0.0), shifted(-h, 0.0));
                for n in 0..4 {
                    for i in 0..=n {
                        let j = n - i;
                        let scale = 1.0 + exact[i][j].abs() + exact[i + 1][j].abs() + exact[i][j + 1].abs();
                        if upper < INF {
                            let difference = (up[i][j] - down[i][j]) / (2.0 * h);
                            assert!(
                                (difference - exact[i + 1][j]).abs() < 1e-5 * scale,
                                "{link:?} ({lower},{upper}) d{i}{j}/du: {difference} {}",
                                exact[i + 1][j]
                            );
                        }
                        if lower > -INF {
                            let difference = (lup[i][j] - ldown[i][j]) / (2.0 * h);
                            assert!(
                                (difference - exact[i][j + 1]).abs() < 1e-5 * scale,
                                "{link:?} ({lower},{upper}) d{i}{j}/dl: {difference} {}",
                                exact[i][j + 1]
                            );
                        }
                    }
                }
            }
        }
    }

    /// Values by mpmath 1.4 at 60 digits: log(F(u) − F(l)).
    #[test]
    fn tails() {
        let cases = [
            (Link::Logit, 40.0, 41.0, -40.458_675_145_387_08),
            (Link::Logit, -900.0, -899.0, -899.458_675_145_387_1),
            (Link::Probit, 35.0, 36.0, -616.975_101_261_922_5),
            (Link::Probit, -41.0, -40.0, -804.608_442_013_753_8),
            (Link::Probit, -INF, -40.0, -804.608_442_013_753_8),
            (Link::Cloglog, 3.0, 4.0, -20.085_536_923_187_668),
            (Link::Cloglog, -50.0, -49.0, -49.458_675_145_387_08),
        ];
        for (link, lower, upper, expected) in cases {
            let got = link.interval(lower, upper, 0).value();
            assert!((got / expected - 1.0).abs() < 1e-13, "{link:?} ({lower}, {upper}): {got} {expected}");
        }
    }

    #[test]
    fn empty_intervals_have_no_probability() {
        for link in LINKS {
            assert_eq!(link.interval(1.0, 1.0, 2).value(), -INF);
            assert_eq!(link.interval(f64::NAN, 1.0, 2).value(), -INF);
            assert_eq!(link.interval(-INF, INF, 2).value(), 0.0);
        }
    }
}
