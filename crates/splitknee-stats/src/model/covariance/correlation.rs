//! Structures with variances and correlations: `csh`, `ar1`, `ar1h`, `toeph`, `ad`, `adh`; `cs` as a correlation.
//!
//! Σ_cd = s_c s_d R_cd with s = √variance; one variance for all cells or one per cell. Working parameters: log variances
//! and the correlations themselves (inadmissible ones give a Σ that is not positive definite).

use super::{CellCovariance, First, Role, Second, Unit, diagonal};

/// The correlation R_cd of two cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Correlation {
    /// One correlation for every pair.
    Exchangeable,
    /// ρ^|c − d|.
    Autoregressive,
    /// One correlation per distance.
    Toeplitz,
    /// The product of the correlations of neighbours between c and d.
    Antedependence,
}

/// A correlation with its derivatives.
struct Pair {
    value: f64,
    first: Vec<(usize, f64)>,
    second: Vec<(usize, usize, f64)>,
}

impl Correlation {
    fn n_parameters(self, cells: usize) -> usize {
        match self {
            Self::Exchangeable | Self::Autoregressive => 1,
            Self::Toeplitz | Self::Antedependence => cells - 1,
        }
    }

    /// R_cd for c < d.
    fn pair(self, rho: &[f64], c: usize, d: usize) -> Pair {
        match self {
            Self::Exchangeable => Pair { value: rho[0], first: vec![(0, 1.0)], second: Vec::new() },
            Self::Toeplitz => Pair { value: rho[d - c - 1], first: vec![(d - c - 1, 1.0)], second: Vec::new() },
            Self::Autoregressive => {
                let lag = (d - c) as i32;
                let (l, r) = (f64::from(lag), rho[0]);
                let second = if lag >= 2 { vec![(0, 0, l * (l - 1.0) * r.powi(lag - 2))] } else { Vec::new() };
                Pair { value: r.powi(lag), first: vec![(0, l * r.powi(lag - 1))], second }
            }
            Self::Antedependence => {
                let without = |skip: &[usize]| (c..d).filter(|k| !skip.contains(k)).map(|k| rho[k]).product::<f64>();
                let first = (c..d).map(|k| (k, without(&[k]))).collect();
                let second =
                    (c..d).flat_map(|j| (j + 1..d).map(move |k| (j, k))).map(|(j, k)| (j, k, without(&[j, k])));
                Pair { value: without(&[]), first, second: second.collect() }
            }
        }
    }

    fn start(self, correlations: &[f64], cells: usize) -> Vec<f64> {
        let lag_mean = |lag: usize| {
            let n = cells - lag;
            (0..n).map(|c| correlations[c * cells + c + lag]).sum::<f64>() / n as f64
        };
        let all: f64 = (1..cells).map(|l| lag_mean(l) * (cells - l) as f64).sum::<f64>() * 2.0;
        let mean = all / (cells * (cells - 1)) as f64;
        let low = -0.5 / (cells - 1) as f64;
        match self {
            Self::Exchangeable => vec![mean.clamp(low, 0.9)],
            Self::Autoregressive => vec![lag_mean(1).clamp(-0.8, 0.9)],
            Self::Toeplitz => vec![(0.5 * mean).clamp(low, 0.8); cells - 1],
            Self::Antedependence => (1..cells).map(|c| correlations[(c - 1) * cells + c].clamp(-0.9, 0.9)).collect(),
        }
    }
}

/// Variances times a correlation.
#[derive(Debug, Clone)]
pub(crate) struct Correlated {
    pub(crate) correlation: Correlation,
    pub(crate) heterogeneous: bool,
    pub(crate) cells: usize,
}

impl Correlated {
    fn n_variances(&self) -> usize {
        if self.heterogeneous { self.cells } else { 1 }
    }
}

impl CellCovariance for Correlated {
    fn n_cells(&self) -> usize {
        self.cells
    }

    fn units(&self) -> Vec<Unit> {
        let mut units = vec![Unit::Variance; self.n_variances()];
        units.resize(units.len() + self.correlation.n_parameters(self.cells), Unit::Free);
        units
    }

    fn roles(&self) -> Vec<Role> {
        let mut roles: Vec<Role> = if self.heterogeneous {
            (0..self.cells).map(|c| Role::Variance(Some(c))).collect()
        } else {
            vec![Role::Variance(None)]
        };
        roles.extend((0..self.correlation.n_parameters(self.cells)).map(|i| match self.correlation {
            Correlation::Exchangeable => Role::Shared("correlation".into()),
            Correlation::Autoregressive => Role::Shared("correlation of neighbours".into()),
            Correlation::Toeplitz => Role::Shared(format!("correlation at distance {}", i + 1)),
            Correlation::Antedependence => Role::Shared(format!("correlation of cells {} and {}", i + 1, i + 2)),
        }));
        roles
    }

    fn is_linear(&self) -> bool {
        false
    }

    fn matrix(&self, theta: &[f64], out: &mut [f64]) {
        let (n, v) = (self.cells, self.n_variances());
        let (variances, rho) = theta.split_at(v);
        for c in 0..n {
            out[c * n + c] = variances[c.min(v - 1)];
            for d in c + 1..n {
                let scale = if self.heterogeneous { (variances[c] * variances[d]).sqrt() } else { variances[0] };
                let value = scale * self.correlation.pair(rho, c, d).value;
                out[c * n + d] = value;
                out[d * n + c] = value;
            }
        }
    }

    fn first(&self, theta: &[f64], out: &mut Vec<First>) {
        let (n, v) = (self.cells, self.n_variances());
        let (variances, rho) = theta.split_at(v);
        for c in 0..n {
            out.push(First { parameter: c.min(v - 1), row: c, column: c, value: 1.0 });
            for d in c + 1..n {
                let pair = self.correlation.pair(rho, c, d);
                let mut push = |parameter, value| out.push(First { parameter, row: c, column: d, value });
                let scale = if self.heterogeneous {
                    let (s, t) = (variances[c].sqrt(), variances[d].sqrt());
                    push(c, 0.5 * t / s * pair.value);
                    push(d, 0.5 * s / t * pair.value);
                    s * t
                } else {
                    push(0, pair.value);
                    variances[0]
                };
                pair.first.iter().for_each(|(i, r)| push(v + i, scale * r));
            }
        }
    }

    fn second(&self, theta: &[f64], out: &mut Vec<Second>) {
        let (n, v) = (self.cells, self.n_variances());
        let (variances, rho) = theta.split_at(v);
        for c in 0..n {
            for d in c + 1..n {
                let pair = self.correlation.pair(rho, c, d);
                let mut push = |a: usize, b: usize, value| {
                    out.push(Second { a: a.min(b), b: a.max(b), row: c, column: d, value });
                };
                let scale = if self.heterogeneous {
                    let (s, t) = (variances[c].sqrt(), variances[d].sqrt());
                    push(c, c, -0.25 * t / (s * variances[c]) * pair.value);
                    push(d, d, -0.25 * s / (t * variances[d]) * pair.value);
                    push(c, d, 0.25 / (s * t) * pair.value);
                    for (i, r) in &pair.first {
                        push(c, v + i, 0.5 * t / s * r);
                        push(d, v + i, 0.5 * s / t * r);
                    }
                    s * t
                } else {
                    pair.first.iter().for_each(|(i, r)| push(0, v + i, *r));
                    variances[0]
                };
                pair.second.iter().for_each(|(i, j, r)| push(v + i, v + j, scale * r));
            }
        }
    }

    fn start(&self, moments: &[f64]) -> Vec<f64> {
        let n = self.cells;
        let variance = |c: usize| moments[c * n + c].max(1e-8);
        let correlations: Vec<f64> =
            (0..n * n).map(|i| moments[i] / (variance(i / n) * variance(i % n)).sqrt()).collect();
        let mut psi: Vec<f64> = if self.heterogeneous {
            (0..n).map(|c| variance(c).ln()).collect()
        } else {
            vec![((0..n).map(variance).sum::<f64>() / n as f64).ln()]
        };
        psi.extend(self.correlation.start(&correlations, n));
        psi
    }

    fn natural(&self, psi: &[f64]) -> Vec<f64> {
        let v = self.n_variances();
        psi.iter().enumerate().map(|(i, x)| if i < v { x.exp() } else { *x }).collect()
    }

    fn jacobian(&self, psi: &[f64]) -> Vec<f64> {
        let v = self.n_variances();
        diagonal(psi.iter().enumerate().map(|(i, x)| if i < v { x.exp() } else { 1.0 }))
    }

    fn curvature(&self, psi: &[f64], weights: &[f64]) -> Vec<f64> {
        let v = self.n_variances();
        diagonal(psi.iter().zip(weights).enumerate().map(|(i, (x, w))| if i < v { w * x.exp() } else { 0.0 }))
    }
}
