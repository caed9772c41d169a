//! How much worse the imputed values could be: δ_active and δ_placebo added to imputed values after imputation.
//!
//! θ(δ) = θ₀ + w_A δ_A + w_P δ_P and Var(δ) = (1, δ)' Q (1, δ), so the values of δ at which the conclusion tips,
//! (θ(δ) − m)² = c² Var(δ), form a conic: its roots along a line are those of a quadratic, found exactly and without a grid.

use serde::Serialize;

/// Which imputed cells δ is added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeltaCells {
    /// Every imputed cell.
    #[default]
    All,
    /// Imputed cells after an event of their knee.
    AfterEvent,
    /// As `AfterEvent`, times the number of visits since the event (1 at its first affected visit).
    PerVisit,
}

/// θ and its variance as functions of δ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Surface {
    /// θ at δ = 0.
    pub estimate: f64,
    /// ∂θ/∂δ_active, ∂θ/∂δ_placebo.
    pub weights: [f64; 2],
    /// Covariance of (θ₀, w_A, w_P), row after row.
    pub q: [f64; 9],
}

impl Surface {
    /// θ(δ).
    pub fn estimate(&self, delta: [f64; 2]) -> f64 {
        self.estimate + self.weights[0] * delta[0] + self.weights[1] * delta[1]
    }

    /// Var(δ).
    pub fn variance(&self, delta: [f64; 2]) -> f64 {
        let v = [1.0, delta[0], delta[1]];
        (0..9).map(|i| v[i / 3] * self.q[i] * v[i % 3]).sum()
    }

    /// The s at which |θ(s·direction) − margin| = c · SE, in ascending order: none, one or two.
    pub fn roots(&self, direction: [f64; 2], margin: f64, c: f64) -> Vec<f64> {
        let q = &self.q;
        let [a, p] = direction;
        let w = self.weights[0] * a + self.weights[1] * p;
        let first = q[1] * a + q[2] * p;
        let second = q[4] * a * a + 2.0 * q[5] * a * p + q[8] * p * p;
        let theta = self.estimate - margin;
        let (square, half, constant) =
            (w * w - c * c * second, theta * w - c * c * first, theta * theta - c * c * q[0]);
        if w == 0.0 && second == 0.0 {
            return Vec::new();
        }
        if square.abs() < 1e-14 * (w * w).max(c * c * second) {
            return if half == 0.0 { Vec::new() } else { vec![-constant / (2.0 * half)] };
        }
        let discriminant = half * half - square * constant;
        if discriminant < 0.0 {
            return Vec::new();
        }
        // The root of larger size first, the other by their product: no cancellation.
        let large = -(half + half.signum() * discriminant.sqrt());
        let mut roots = if large == 0.0 { vec![0.0, 0.0] } else { vec![large / square, constant / large] };
        roots.sort_by(f64::total_cmp);
        roots
    }

    /// The roots along the four lines.
    pub fn tipping(&self, margin: f64, c: f64) -> Tipping {
        let of = |direction| self.roots(direction, margin, c);
        Tipping {
            delta_active: of([1.0, 0.0]),
            delta_placebo: of([0.0, 1.0]),
            equal: of([1.0, 1.0]),
            opposite: of([1.0, -1.0]),
        }
    }
}

/// Where the conclusion tips along four lines; a list is empty where it never does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tipping {
    /// δ_active with δ_placebo = 0.
    pub delta_active: Vec<f64>,
    /// δ_placebo with δ_active = 0.
    pub delta_placebo: Vec<f64>,
    /// δ_active = δ_placebo.
    pub equal: Vec<f64>,
    /// δ_active = −δ_placebo (the value of δ_active).
    pub opposite: Vec<f64>,
}

#[cfg(test)]
mod tests {
    use super::Surface;

    #[test]
    fn a_root_has_exactly_the_limit_at_the_margin() {
        let surface = Surface {
            estimate: -11.6,
            weights: [0.27, -0.23],
            q: [6.3, 0.0035, -0.0079, 0.0035, 0.0042, -0.0018, -0.0079, -0.0018, 0.0038],
        };
        let c = 2.01;
        for direction in [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, -1.0]] {
            for margin in [0.0, -4.0] {
                for s in surface.roots(direction, margin, c) {
                    let delta = [s * direction[0], s * direction[1]];
                    let z = (surface.estimate(delta) - margin).abs() / surface.variance(delta).sqrt();
                    assert!((z - c).abs() < 1e-9, "{direction:?} {s}: {z}");
                }
            }
        }
        // No imputed value: nothing depends on δ.
        let fixed = Surface { weights: [0.0; 2], q: [6.3, 0., 0., 0., 0., 0., 0., 0., 0.], ..surface };
        assert!(fixed.roots([1.0, 0.0], 0.0, c).is_empty());
    }
}
