//! McNemar's test: unconditional power by enumeration of the discordant pairs.
//!
//! Of n pairs `D ~ Binomial(n, p₁₀ + p₀₁)` are discordant; given `D = m` the pairs in favour of the active knee are
//! `Binomial(m, p₁₀/(p₁₀ + p₀₁))`. The power given m does not depend on n and is kept. The unconditional power saw-tooths in
//! n: the smallest n that reaches a power, and the smallest from which it never falls below again, are both given. Margins
//! and φ give `p₁₁ = p_a p_p + φ√(p_a(1 − p_a)p_p(1 − p_p))`; φ has bounds that depend on the margins. Sources: Connor
//! 1987 (normal approximation), Fagerland, Lydersen and Laake 2013 (mid-p).

use super::{Alternative, Refusal, check_alpha, check_target, refuse};
use crate::math::dist::{binomial, normal};
use crate::math::roots::brent;
use crate::note;
use crate::note::Value;
use std::cell::RefCell;

/// Most pairs that are enumerated.
pub const MOST_PAIRS: usize = 20_000;

/// Form of the test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Exact conditional binomial test.
    Exact,
    /// Its mid-p form.
    MidP,
    /// `(b − c)²/(b + c)` against chi-squared.
    Asymptotic,
    /// The same with the continuity correction, `(|b − c| − 1)²/(b + c)`.
    AsymptoticCorrected,
}

/// Shares of discordant pairs and the test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct McNemar {
    /// Probability of yes on the active knee and no on the placebo knee.
    pub p10: f64,
    /// Probability of no on the active knee and yes on the placebo knee.
    pub p01: f64,
    /// Form of the test.
    pub form: Form,
    /// Significance level.
    pub alpha: f64,
    /// Direction of the alternative, `Greater`: p₁₀ > p₀₁.
    pub sides: Alternative,
}

/// Numbers of pairs for a power.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pairs {
    /// The smallest number that reaches the power.
    pub first: usize,
    /// The smallest number from which the power never falls below again.
    pub stays: usize,
    /// Connor's normal approximation, not rounded.
    pub approximation: f64,
}

/// The bounds of φ for two margins.
pub fn phi_bounds(p_active: f64, p_placebo: f64) -> (f64, f64) {
    let product = p_active * p_placebo;
    let spread = (product * (1.0 - p_active) * (1.0 - p_placebo)).sqrt();
    let smallest = (p_active + p_placebo - 1.0).max(0.0);
    ((smallest - product) / spread, (p_active.min(p_placebo) - product) / spread)
}

/// `(p₁₀, p₀₁)` of two margins and their correlation φ.
///
/// # Errors
/// Margins that are not probabilities strictly between 0 and 1, or φ outside its bounds, which the message gives.
pub fn discordance(p_active: f64, p_placebo: f64, phi: f64) -> Result<(f64, f64), Refusal> {
    for p in [p_active, p_placebo] {
        check_target(note!(w_share), p, 0.0)?;
    }
    let (low, high) = phi_bounds(p_active, p_placebo);
    if !(low - 1e-12..=high + 1e-12).contains(&phi) {
        return refuse(note!(
            phi_range,
            phi = phi,
            active = p_active,
            placebo = p_placebo,
            low = Value::shown(low, format!("{low:.4}")),
            high = Value::shown(high, format!("{high:.4}"))
        ));
    }
    let product = p_active * p_placebo;
    let both = product + phi * (product * (1.0 - p_active) * (1.0 - p_placebo)).sqrt();
    Ok(((p_active - both).max(0.0), (p_placebo - both).max(0.0)))
}

/// The conditional power given m discordant pairs, kept once computed.
struct Conditional {
    test: McNemar,
    known: RefCell<Vec<f64>>,
}

impl Conditional {
    fn new(test: McNemar) -> Self {
        Self { test, known: RefCell::new(vec![0.0]) }
    }

    fn at(&self, m: usize) -> f64 {
        let mut known = self.known.borrow_mut();
        while known.len() <= m {
            let next = self.test.given(known.len() as u64);
            known.push(next);
        }
        known[m]
    }

    /// Unconditional power of n pairs; discordant counts beyond 1e-20 of probability are left out.
    fn power(&self, n: usize) -> f64 {
        let share = self.test.p10 + self.test.p01;
        let (mean, sd) = (n as f64 * share, (n as f64 * share * (1.0 - share)).sqrt());
        let low = (mean - 10.0 * sd - 20.0).max(1.0) as usize;
        let high = ((mean + 10.0 * sd + 20.0) as usize).min(n);
        (low..=high).map(|m| binomial::pmf(m as u64, n as u64, share) * self.at(m)).sum()
    }
}

impl McNemar {
    fn check(&self) -> Result<(), Refusal> {
        check_alpha(self.alpha)?;
        let sum = self.p10 + self.p01;
        if !(self.p10 >= 0.0 && self.p01 >= 0.0 && sum > 0.0 && sum <= 1.0 + 1e-12) {
            return refuse(note!(discordant_range, a = self.p10, b = self.p01));
        }
        Ok(())
    }

    /// p-value of `b` against `m − b`, in the direction of small `b` (`lower`) or both.
    fn p_value(&self, b: u64, m: u64) -> f64 {
        let c = m - b;
        let (upper_b, two_sided) = (b, self.sides == Alternative::TwoSided);
        let gap = b as f64 - c as f64;
        match self.form {
            Form::Exact | Form::MidP => {
                let less = if self.form == Form::MidP { 0.5 } else { 0.0 };
                // P(B ≥ x) = P(B ≤ m − x) at one half.
                let tail = |x: u64| binomial::cdf(x, m, 0.5) - less * binomial::pmf(x, m, 0.5);
                match self.sides {
                    Alternative::TwoSided if self.form == Form::MidP && b == c => 1.0,
                    Alternative::TwoSided => (2.0 * tail(b.min(c))).min(1.0),
                    Alternative::Greater => tail(m - upper_b),
                    Alternative::Less => tail(b),
                }
            }
            Form::Asymptotic | Form::AsymptoticCorrected => {
                let correction = if self.form == Form::AsymptoticCorrected { 1.0 } else { 0.0 };
                let z = (gap.abs() - correction).max(0.0).copysign(gap) / (m as f64).sqrt();
                match self.sides {
                    _ if two_sided => normal::two_sided(z),
                    Alternative::Less => normal::cdf(z),
                    _ => normal::sf(z),
                }
            }
        }
    }

    /// Probability of rejection given m discordant pairs.
    fn given(&self, m: u64) -> f64 {
        let share = self.p10 / (self.p10 + self.p01);
        let rejects = |b: u64| self.p_value(b, m) <= self.alpha * (1.0 + 1e-12);
        // The rejection region is a tail or two: bisect for its edge.
        let edge = |from_low: bool| {
            let at = |k: u64| if from_low { k } else { m - k };
            if !rejects(at(0)) {
                return None;
            }
            let (mut inside, mut outside) = (0, m / 2 + 1);
            if self.sides != Alternative::TwoSided {
                outside = m + 1;
            }
            while outside - inside > 1 {
                let middle = inside + (outside - inside) / 2;
                if rejects(at(middle)) { inside = middle } else { outside = middle }
            }
            Some(inside)
        };
        let mut power = 0.0;
        if self.sides != Alternative::Greater {
            power += edge(true).map_or(0.0, |k| binomial::cdf(k, m, share));
        }
        if self.sides != Alternative::Less {
            power += edge(false).map_or(0.0, |k| binomial::cdf(k, m, 1.0 - share));
        }
        power
    }

    /// Unconditional power of `n` pairs.
    ///
    /// # Errors
    /// Probabilities outside their domain, or more pairs than are enumerated.
    pub fn power(&self, n: usize) -> Result<f64, Refusal> {
        self.check()?;
        if n == 0 || n > MOST_PAIRS {
            return refuse(note!(enumerated_many, most = MOST_PAIRS, n = n));
        }
        Ok(Conditional::new(*self).power(n))
    }

    /// Connor's approximation: `(z√ψ + z_power √(ψ − Δ²))²/Δ²` with `ψ = p₁₀ + p₀₁`, `Δ = p₁₀ − p₀₁`.
    fn approximation(&self, power: f64) -> f64 {
        let (psi, delta) = (self.p10 + self.p01, self.p10 - self.p01);
        let tail = if self.sides == Alternative::TwoSided { 0.5 * self.alpha } else { self.alpha };
        let spread = (psi - delta * delta).max(0.0).sqrt();
        ((normal::upper_quantile(tail) * psi.sqrt() + normal::quantile(power) * spread) / delta).powi(2)
    }

    /// Pairs for a power. Looked at up to 1.35 times the normal approximation + 25.
    ///
    /// # Errors
    /// No difference, a difference on the far side of the alternative, or more pairs than are enumerated.
    pub fn pairs(&self, power: f64) -> Result<Pairs, Refusal> {
        self.check()?;
        check_target(note!(w_power), power, self.alpha)?;
        let delta = self.p10 - self.p01;
        let towards = match self.sides {
            Alternative::TwoSided => delta != 0.0,
            Alternative::Greater => delta > 0.0,
            Alternative::Less => delta < 0.0,
        };
        if !towards {
            return refuse(note!(no_pairs_detect));
        }
        let approximation = self.approximation(power);
        let last = 1.35 * approximation + 25.0;
        if last > MOST_PAIRS as f64 {
            return refuse(note!(enumerated_needed, n = approximation.ceil(), most = MOST_PAIRS));
        }
        let conditional = Conditional::new(*self);
        let (mut first, mut stays) = (None, None);
        for n in 1..=last as usize {
            if conditional.power(n) >= power {
                first = first.or(Some(n));
                stays = stays.or(Some(n));
            } else {
                stays = None;
            }
        }
        match (first, stays) {
            (Some(first), Some(stays)) => Ok(Pairs { first, stays, approximation }),
            _ => refuse(note!(enumerated_unreached)),
        }
    }

    /// The p₁₀ above p₀₁ that `n` pairs detect with `power`.
    ///
    /// # Errors
    /// A power that no p₁₀ reaches.
    pub fn detectable(&self, n: usize, power: f64) -> Result<f64, Refusal> {
        self.power(n)?;
        check_target(note!(w_power), power, self.alpha)?;
        let gap = |p10: f64| Conditional::new(Self { p10, ..*self }).power(n) - power;
        let (low, high) = (self.p01.max(1e-12), 1.0 - self.p01);
        if high <= low || gap(high) < 0.0 {
            return refuse(note!(power_unreached, n = n, power = power));
        }
        brent(gap, low, high, 1e-12).ok_or_else(|| Refusal(note!(no_detectable)))
    }
}
