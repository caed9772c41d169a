//! The plane of δ_active and δ_placebo of a record: estimate, interval and the conic on which the conclusion changes.

use crate::analysis::record::Record;
use crate::math::dist::{normal, student_t};
use crate::missing::delta::Surface;
use crate::paired::Field;

/// θ and its interval over the plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plane {
    surface: Surface,
    c: f64,
}

/// Where an interval lies against 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Below.
    Below,
    /// It includes 0.
    Across,
    /// Above.
    Above,
}

impl Plane {
    /// The plane of a record of conditional means or of two free means; `None` for other records and where no value is
    /// imputed.
    pub fn of(record: &Record) -> Option<Self> {
        let json = |name: &str| match record.result.field(name) {
            Some(Field::Json(value)) => Some(value),
            _ => None,
        };
        let q: Vec<f64> = json("jackknife_cov")?.as_array()?.iter().filter_map(serde_json::Value::as_f64).collect();
        let weight = |arm: &str| json("weights")?.get(arm)?.as_f64();
        let delta = |arm: &str| json("delta").and_then(|delta| delta.get(arm)?.as_f64()).unwrap_or(0.0);
        let weights = [weight("active")?, weight("placebo")?];
        let estimate = record.result.estimate? - weights[0] * delta("active") - weights[1] * delta("placebo");
        let tail = 0.5 * (1.0 - record.result.conf_level);
        let c = match record.result.df {
            Some(df) => student_t::upper_quantile(tail, df),
            None => normal::upper_quantile(tail),
        };
        let q: [f64; 9] = q.try_into().ok()?;
        (weights != [0.0; 2]).then_some(Self { surface: Surface { estimate, weights, q }, c })
    }

    /// The estimate.
    pub fn estimate(&self, delta: [f64; 2]) -> f64 {
        self.surface.estimate(delta)
    }

    /// ∂θ/∂δ_active and ∂θ/∂δ_placebo.
    pub fn weights(&self) -> [f64; 2] {
        self.surface.weights
    }

    /// Where the interval lies.
    pub fn side(&self, delta: [f64; 2]) -> Side {
        let half = self.c * self.surface.variance(delta).max(0.0).sqrt();
        match self.surface.estimate(delta) {
            theta if theta + half < 0.0 => Side::Below,
            theta if theta - half > 0.0 => Side::Above,
            _ => Side::Across,
        }
    }

    /// The roots in δ of one arm (0 active, 1 placebo) where the other's is `fixed`, ascending.
    pub fn roots_where(&self, arm: usize, fixed: f64) -> Vec<f64> {
        let Surface { estimate, weights, q } = self.surface;
        let (own, other) = (arm + 1, 2 - arm);
        let along = Surface {
            estimate: estimate + weights[1 - arm] * fixed,
            weights: [weights[arm], 0.0],
            q: [
                q[0] + 2.0 * q[other] * fixed + q[4 * other] * fixed * fixed,
                q[own] + q[3 * own + other] * fixed,
                0.0,
                q[own] + q[3 * own + other] * fixed,
                q[4 * own],
                0.0,
                0.0,
                0.0,
                0.0,
            ],
        };
        along.roots([1.0, 0.0], 0.0, self.c)
    }

    /// The conic within ± `reach`, as short lines along both axes.
    pub fn conic(&self, reach: f64, steps: usize) -> Vec<Vec<[f64; 2]>> {
        let mut lines = Vec::new();
        for arm in [0, 1] {
            let mut branches: [Vec<[f64; 2]>; 2] = [Vec::new(), Vec::new()];
            for step in 0..=steps {
                let fixed = reach * (2.0 * step as f64 / steps as f64 - 1.0);
                let roots = self.roots_where(arm, fixed);
                for (branch, points) in branches.iter_mut().enumerate() {
                    // A single root belongs to the first branch.
                    match roots.get(branch).filter(|root| root.abs() <= reach) {
                        Some(root) if arm == 0 => points.push([*root, fixed]),
                        Some(root) => points.push([fixed, *root]),
                        None => lines.push(std::mem::take(points)),
                    }
                }
            }
            lines.extend(branches);
        }
        lines.retain(|line| line.len() > 1);
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_the_conic_a_limit_is_zero_and_off_it_the_side_is_that_of_the_interval() {
        let surface = Surface {
            estimate: -11.6,
            weights: [0.27, -0.23],
            q: [6.3, 0.0035, -0.0079, 0.0035, 0.0042, -0.0018, -0.0079, -0.0018, 0.0038],
        };
        let plane = Plane { surface, c: 2.01 };
        let lines = plane.conic(60.0, 40);
        assert!(lines.iter().map(Vec::len).sum::<usize>() > 20);
        for point in lines.iter().flatten() {
            let half = plane.c * surface.variance(*point).sqrt();
            assert!((plane.estimate(*point).abs() - half).abs() < 1e-9, "{point:?}");
        }
        assert_eq!(plane.side([0.0, 0.0]), Side::Below);
        // Along the axis the roots are those of the surface.
        assert_eq!(plane.roots_where(0, 0.0), surface.roots([1.0, 0.0], 0.0, 2.01));
        assert_eq!(plane.roots_where(1, 0.0), surface.roots([0.0, 1.0], 0.0, 2.01));
    }
}
