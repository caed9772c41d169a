//! The (restricted) likelihood of θ with its first and second derivatives.
//!
//! With B = V⁻¹, Φ = (X'BX)⁻¹, u = B(y − Xγ̂) and, per pattern, Ĉ = Σ BXΦX'B and Ê = Σ uu' (sums over its patients, n of
//! them), P = B − BXΦX'B gives
//!
//! - −2ℓ = Σ n log|V| + log|X'BX| + r'Br (+ constant; without log|X'BX| for ML),
//! - ∂/∂θ_h: Σ tr(K V_h), K = nB − Ĉ − Ê,
//! - ∂²/∂θ_h∂θ_j: Σ tr(V_h B V_j N) − tr(P̃_h P̃_j) − 2ã_h'ã_j + Σ tr(K V_hj), N = −nB + 2Ĉ + 2Ê,
//! - expected: Σ tr(V_h B V_j (nB − 2Ĉ)) + tr(P̃_h P̃_j),
//!
//! where Z = BXF with Φ = FF', P̃_h = Σ Z'V_h Z (so that ∂Φ/∂θ_h = F P̃_h F'), ã_h = Σ Z'V_h u. For ML the terms with Ĉ and P̃
//! in the value, K, N and the expected information are absent. Everything works on the standardised problem: orthonormal
//! design, outcome as residual of unit variance.

use super::covariance::{First, Second};
use super::layout::{Block, Layout, Pattern, Term};
use crate::math::linalg::{cholesky, dot, inverse_from_cholesky, invert_lower, log_det, multiply, transpose};

/// The standardised problem.
#[derive(Debug)]
pub(crate) struct Problem {
    pub terms: Vec<Term>,
    pub patterns: Vec<Pattern>,
    /// Number of coefficients.
    pub p: usize,
    pub reml: bool,
    /// Number of covariance parameters.
    pub k: usize,
    /// Entries of ∂V/∂θ where V is linear in θ (they do not change).
    fixed_first: Option<Vec<Entries>>,
}

/// Symmetric sparse matrices, one per parameter: entries (row ≤ column, value).
#[derive(Debug, Clone, Default)]
pub(crate) struct Entries {
    /// Start of each parameter's entries; one more than parameters.
    offsets: Vec<usize>,
    entries: Vec<(u32, u32, f64)>,
    /// The parameter of each entry.
    owners: Vec<u32>,
}

impl Entries {
    pub fn of(&self, parameter: usize) -> &[(u32, u32, f64)] {
        &self.entries[self.offsets[parameter]..self.offsets[parameter + 1]]
    }

    fn from_list(k: usize, list: &[(usize, u32, u32, f64)]) -> Self {
        let mut offsets = vec![0; k + 1];
        list.iter().for_each(|e| offsets[e.0 + 1] += 1);
        (0..k).for_each(|h| offsets[h + 1] += offsets[h]);
        let mut next = offsets.clone();
        let mut entries = vec![(0, 0, 0.0); list.len()];
        let mut owners = vec![0; list.len()];
        for &(h, r, s, v) in list {
            entries[next[h]] = (r, s, v);
            owners[next[h]] = h as u32;
            next[h] += 1;
        }
        Self { offsets, entries, owners }
    }
}

/// `tr(K V_h)` for symmetric K.
fn trace(k: &[f64], m: usize, entries: &[(u32, u32, f64)]) -> f64 {
    entries
        .iter()
        .map(|&(r, s, v)| {
            let x = k[r as usize * m + s as usize];
            if r == s { v * x } else { v * (x + k[s as usize * m + r as usize]) }
        })
        .sum()
}

/// What one evaluation leaves behind.
#[derive(Debug, Clone)]
pub(crate) struct Evaluation {
    /// −2ℓ of the standardised problem without the constant (n − p) log 2π.
    pub deviance: f64,
    /// Generalised least-squares coefficients in the orthonormal design.
    pub gamma: Vec<f64>,
    /// F with Φ = FF' (upper triangular).
    pub f: Vec<f64>,
    /// ∂(−2ℓ)/∂θ.
    pub gradient: Vec<f64>,
    /// ∂²(−2ℓ)/∂θ∂θ'.
    pub hessian: Vec<f64>,
    /// P̃_h, `k` blocks of `p × p`.
    pub p_tilde: Vec<f64>,
}

/// A covariance over cells and how −2ℓ changes with it.
pub(crate) struct CellSlope {
    /// Σ.
    pub sigma: Vec<f64>,
    /// Σ_i Z_i'K_iZ_i.
    pub slope: Vec<f64>,
    /// Number of subjects.
    pub n_subjects: f64,
}

/// One pattern at one θ.
pub(crate) struct PatternState {
    /// V⁻¹.
    pub(crate) b: Vec<f64>,
    /// BW̃ per pseudo-patient, `size × (p + 1)`.
    y: Vec<f64>,
}

impl Problem {
    pub fn new(layout: Layout, patterns: Vec<Pattern>, p: usize, reml: bool) -> Self {
        let k = layout.n_parameters();
        let mut problem = Self { terms: layout.terms, patterns, p, reml, k, fixed_first: None };
        if problem.is_linear() {
            problem.fixed_first = Some(problem.first(&vec![1.0; k]));
        }
        problem
    }

    /// Whether V is linear in θ.
    pub fn is_linear(&self) -> bool {
        self.terms.iter().all(|t| t.shape.is_linear())
    }

    /// Calls `visit(term, copy, parameters of that copy, first position in θ)`.
    fn each_copy<'a>(&'a self, theta: &'a [f64], mut visit: impl FnMut(usize, usize, &'a [f64], usize)) {
        for (t, term) in self.terms.iter().enumerate() {
            let size = term.shape.n_parameters();
            for copy in 0..term.copies {
                let start = term.offset + copy * size;
                visit(t, copy, &theta[start..start + size], start);
            }
        }
    }

    /// Σ(θ) of every term and copy.
    fn cell_matrices(&self, theta: &[f64]) -> Vec<Vec<Vec<f64>>> {
        let mut out: Vec<Vec<Vec<f64>>> = vec![Vec::new(); self.terms.len()];
        self.each_copy(theta, |t, _, part, _| {
            let n = self.terms[t].shape.n_cells();
            let mut matrix = vec![0.0; n * n];
            self.terms[t].shape.matrix(part, &mut matrix);
            out[t].push(matrix);
        });
        out
    }

    /// V of a pattern into `v`.
    fn fill_v(&self, pattern: &Pattern, matrices: &[Vec<Vec<f64>>], v: &mut [f64]) {
        let m = pattern.size;
        v.fill(0.0);
        for block in &pattern.blocks {
            let sigma = &matrices[block.term][block.copy];
            let n = self.terms[block.term].shape.n_cells();
            for (c, rows) in &block.cells {
                for (d, columns) in &block.cells {
                    let value = sigma[c * n + d];
                    for (r, x) in rows {
                        for (s, y) in columns {
                            v[r * m + s] += x * y * value;
                        }
                    }
                }
            }
        }
    }

    /// V of one pattern at θ.
    pub fn v_of(&self, pattern: usize, theta: &[f64]) -> Vec<f64> {
        let m = self.patterns[pattern].size;
        let mut v = vec![0.0; m * m];
        self.fill_v(&self.patterns[pattern], &self.cell_matrices(theta), &mut v);
        v
    }

    /// Entries of ∂V/∂θ per pattern.
    pub fn first(&self, theta: &[f64]) -> Vec<Entries> {
        let mut lists: Vec<Vec<Vec<First>>> = vec![Vec::new(); self.terms.len()];
        self.each_copy(theta, |t, _, part, _| {
            let mut list = Vec::new();
            if self.terms[t].shape.by_time().is_none() {
                self.terms[t].shape.first(part, &mut list);
            }
            lists[t].push(list);
        });
        self.patterns
            .iter()
            .map(|pattern| {
                let mut out = Vec::new();
                for block in &pattern.blocks {
                    let term = &self.terms[block.term];
                    let start = term.offset + block.copy * term.shape.n_parameters();
                    let mut add = |f: &First| {
                        spread(block, f.row, f.column, f.value, |r, s, v| out.push((start + f.parameter, r, s, v)));
                    };
                    if term.shape.by_time().is_some() {
                        let part = &theta[start..start + term.shape.n_parameters()];
                        let mut own = Vec::new();
                        each_pair(block, |row, column| term.shape.first_at(part, row, column, &mut own));
                        own.iter().for_each(&mut add);
                    }
                    lists[block.term][block.copy].iter().for_each(add);
                }
                Entries::from_list(self.k, &out)
            })
            .collect()
    }

    /// Calls `visit(a, b, trace)` with `tr(K V_ab)` for the second derivatives of V, a ≤ b.
    fn second_traces(&self, theta: &[f64], weights: &[Vec<f64>], mut visit: impl FnMut(usize, usize, f64)) {
        self.each_second(theta, |pattern, a, b, r, s, v| {
            let (m, k) = (self.patterns[pattern].size, &weights[pattern]);
            let (r, s) = (r as usize, s as usize);
            let x = if r == s { k[r * m + r] } else { k[r * m + s] + k[s * m + r] };
            visit(a, b, v * x);
        });
    }

    /// Calls `visit(pattern, a, b, row, column, value)` for every entry of ∂²V/∂θ_a∂θ_b, a ≤ b, row ≤ column.
    pub fn each_second(&self, theta: &[f64], mut visit: impl FnMut(usize, usize, usize, u32, u32, f64)) {
        if self.is_linear() {
            return;
        }
        let mut lists: Vec<Vec<Vec<Second>>> = vec![Vec::new(); self.terms.len()];
        self.each_copy(theta, |t, _, part, _| {
            let mut list = Vec::new();
            if self.terms[t].shape.by_time().is_none() {
                self.terms[t].shape.second(part, &mut list);
            }
            lists[t].push(list);
        });
        for (index, pattern) in self.patterns.iter().enumerate() {
            for block in &pattern.blocks {
                let term = &self.terms[block.term];
                let start = term.offset + block.copy * term.shape.n_parameters();
                let mut add = |f: &Second| {
                    spread(block, f.row, f.column, f.value, |r, s, v| visit(index, start + f.a, start + f.b, r, s, v));
                };
                if term.shape.by_time().is_some() {
                    let part = &theta[start..start + term.shape.n_parameters()];
                    let mut own = Vec::new();
                    each_pair(block, |row, column| term.shape.second_at(part, row, column, &mut own));
                    own.iter().for_each(&mut add);
                }
                lists[block.term][block.copy].iter().for_each(add);
            }
        }
    }

    /// The likelihood and its derivatives; `None` where V or X'BX is not positive definite.
    pub fn evaluate(&self, theta: &[f64]) -> Option<Evaluation> {
        let (mut out, states) = self.likelihood(theta)?;
        self.derivatives(theta, &states, &mut out);
        Some(out)
    }

    /// −2ℓ alone, at a fraction of the cost of its derivatives.
    pub fn deviance(&self, theta: &[f64]) -> Option<f64> {
        self.likelihood(theta).map(|(at, _)| at.deviance)
    }

    fn likelihood(&self, theta: &[f64]) -> Option<(Evaluation, Vec<PatternState>)> {
        let (p, w) = (self.p, self.p + 1);
        let matrices = self.cell_matrices(theta);
        for (term, copies) in self.terms.iter().zip(&matrices) {
            // Exponential decay is a covariance at any times.
            if term.kind != super::layout::TermKind::Random && term.shape.by_time().is_none() {
                for matrix in copies {
                    let mut l = matrix.clone();
                    if !cholesky(&mut l, term.shape.n_cells()) {
                        return None;
                    }
                }
            }
        }
        let mut gram = vec![0.0; w * w];
        let mut deviance = 0.0;
        let mut states = Vec::with_capacity(self.patterns.len());
        for pattern in &self.patterns {
            let m = pattern.size;
            let mut v = vec![0.0; m * m];
            self.fill_v(pattern, &matrices, &mut v);
            if !cholesky(&mut v, m) {
                return None;
            }
            deviance += pattern.n_patients as f64 * log_det(&v, m);
            let (mut scratch, mut b) = (vec![0.0; m * m], vec![0.0; m * m]);
            inverse_from_cholesky(&v, m, &mut scratch, &mut b);
            let mut y = vec![0.0; pattern.units.len()];
            for (unit, target) in pattern.units.chunks_exact(m * w).zip(y.chunks_exact_mut(m * w)) {
                for (i, out) in target.chunks_exact_mut(w).enumerate() {
                    for (j, row) in unit.chunks_exact(w).enumerate() {
                        let x = b[i * m + j];
                        out.iter_mut().zip(row).for_each(|(o, r)| *o += x * r);
                    }
                }
                for (row, weighted) in unit.chunks_exact(w).zip(target.chunks_exact(w)) {
                    for (a, &x) in row.iter().enumerate() {
                        let line = &mut gram[a * w..a * w + a + 1];
                        line.iter_mut().zip(weighted).for_each(|(g, y)| *g += x * y);
                    }
                }
            }
            states.push(PatternState { b, y });
        }
        let mut l: Vec<f64> =
            (0..p * p).map(|i| if i % p <= i / p { gram[(i / p) * w + i % p] } else { 0.0 }).collect();
        if !cholesky(&mut l, p) {
            return None;
        }
        let mut inverse = vec![0.0; p * p];
        invert_lower(&l, p, &mut inverse);
        let f = transpose(&inverse, p, p);
        let xy: Vec<f64> = gram[p * w..p * w + p].to_vec();
        let half: Vec<f64> = (0..p).map(|i| dot(&inverse[i * p..(i + 1) * p], &xy)).collect();
        let gamma: Vec<f64> = (0..p).map(|i| dot(&f[i * p..(i + 1) * p], &half)).collect();
        deviance += gram[p * w + p] - dot(&half, &half);
        if self.reml {
            deviance += log_det(&l, p);
        }
        if !deviance.is_finite() {
            return None;
        }
        let out = Evaluation { deviance, gamma, f, gradient: Vec::new(), hessian: Vec::new(), p_tilde: Vec::new() };
        Some((out, states))
    }

    /// −2ℓ, and Σ(θ) of every term and copy with Σ_i Z_i'K_iZ_i over its subjects, Z the loadings of the rows on its cells: half of
    /// it is −∂ℓ/∂Σ where every place of Σ is free.
    pub fn cell_slopes(&self, theta: &[f64]) -> Option<(f64, Vec<Vec<CellSlope>>)> {
        let (at, states) = self.likelihood(theta)?;
        let matrices = self.cell_matrices(theta).into_iter().map(|copies| {
            let empty = |sigma: Vec<f64>| CellSlope { slope: vec![0.0; sigma.len()], sigma, n_subjects: 0.0 };
            copies.into_iter().map(empty).collect()
        });
        let mut out: Vec<Vec<CellSlope>> = matrices.collect();
        for (pattern, state) in self.patterns.iter().zip(&states) {
            let (m, n) = (pattern.size, pattern.n_patients as f64);
            let (c, e) = self.moments(&self.rotated(state, m, &at.f, &at.gamma), m);
            for block in &pattern.blocks {
                let cells = self.terms[block.term].shape.n_cells();
                let target = &mut out[block.term][block.copy];
                target.n_subjects += n;
                for (a, rows) in &block.cells {
                    for (b, columns) in &block.cells {
                        let pairs = rows.iter().flat_map(|(r, x)| columns.iter().map(move |(s, y)| (r * m + s, x * y)));
                        let sum: f64 = pairs.map(|(i, w)| w * (n * state.b[i] - c[i] - e[i])).sum();
                        target.slope[a * cells + b] += sum;
                    }
                }
            }
        }
        Some((at.deviance, out))
    }

    /// Z = BXF and u = B(y − Xγ) per pseudo-patient, `size × (p + 1)`.
    fn rotated(&self, state: &PatternState, m: usize, f: &[f64], gamma: &[f64]) -> Vec<f64> {
        let (p, w) = (self.p, self.p + 1);
        let mut z = vec![0.0; state.y.len()];
        for (row, out) in state.y.chunks_exact(w).zip(z.chunks_exact_mut(w)) {
            // F is upper triangular: column j of row·F needs rows up to j.
            for (a, &x) in row[..p].iter().enumerate() {
                out[a..p].iter_mut().zip(&f[a * p + a..(a + 1) * p]).for_each(|(o, v)| *o += x * v);
            }
            out[p] = row[p] - dot(&row[..p], gamma);
        }
        debug_assert_eq!(z.len() % (m * w), 0);
        z
    }

    /// Ĉ (without for ML) and Ê of a pattern.
    fn moments(&self, z: &[f64], m: usize) -> (Vec<f64>, Vec<f64>) {
        let (p, w) = (self.p, self.p + 1);
        let (mut c, mut e) = (vec![0.0; m * m], vec![0.0; m * m]);
        for unit in z.chunks_exact(m * w) {
            for i in 0..m {
                let row = &unit[i * w..(i + 1) * w];
                for j in 0..=i {
                    let other = &unit[j * w..(j + 1) * w];
                    if self.reml {
                        c[i * m + j] += dot(&row[..p], &other[..p]);
                    }
                    e[i * m + j] += row[p] * other[p];
                }
            }
        }
        for i in 0..m {
            for j in 0..i {
                c[j * m + i] = c[i * m + j];
                e[j * m + i] = e[i * m + j];
            }
        }
        (c, e)
    }

    fn derivatives(&self, theta: &[f64], states: &[PatternState], out: &mut Evaluation) {
        let (p, w, k) = (self.p, self.p + 1, self.k);
        let computed;
        let first: &[Entries] = match &self.fixed_first {
            Some(fixed) => fixed,
            None => {
                computed = self.first(theta);
                &computed
            }
        };
        let mut gradient = vec![0.0; k];
        let mut hessian = vec![0.0; k * k];
        let mut p_tilde = vec![0.0; k * p * p];
        let mut a_tilde = vec![0.0; k * p];
        let mut weights = Vec::new();
        for ((pattern, state), entries) in self.patterns.iter().zip(states).zip(first) {
            let m = pattern.size;
            let n = pattern.n_patients as f64;
            let z = self.rotated(state, m, &out.f, &out.gamma);
            let (c, e) = self.moments(&z, m);
            let grad: Vec<f64> = (0..m * m).map(|i| n * state.b[i] - c[i] - e[i]).collect();
            let second: Vec<f64> = (0..m * m).map(|i| -n * state.b[i] + 2.0 * c[i] + 2.0 * e[i]).collect();
            for h in 0..k {
                let list = entries.of(h);
                if list.is_empty() {
                    continue;
                }
                gradient[h] += trace(&grad, m, list);
                let target = &mut p_tilde[h * p * p..(h + 1) * p * p];
                let side = &mut a_tilde[h * p..(h + 1) * p];
                for unit in z.chunks_exact(m * w) {
                    for &(r, s, v) in list {
                        let (zr, zs) = (&unit[r as usize * w..][..w], &unit[s as usize * w..][..w]);
                        add_outer(target, zr, zs, v, p);
                        side.iter_mut().zip(zr).for_each(|(a, x)| *a += v * x * zs[p]);
                        if r != s {
                            side.iter_mut().zip(zs).for_each(|(a, x)| *a += v * x * zr[p]);
                        }
                    }
                }
            }
            accumulate_traces(entries, &state.b, &second, m, k, &mut hessian);
            weights.push(grad);
        }
        symmetrise_lower(&mut p_tilde, k, p);
        self.second_traces(theta, &weights, |a, b, x| {
            hessian[b * k + a] += x;
        });
        let packed = pack(&p_tilde, k, p);
        let size = p * (p + 1) / 2;
        for h in 0..k {
            for j in 0..=h {
                if self.reml {
                    hessian[h * k + j] -= dot(&packed[h * size..(h + 1) * size], &packed[j * size..(j + 1) * size]);
                }
                hessian[h * k + j] -= 2.0 * dot(&a_tilde[h * p..(h + 1) * p], &a_tilde[j * p..(j + 1) * p]);
                hessian[j * k + h] = hessian[h * k + j];
            }
        }
        out.gradient = gradient;
        out.hessian = hessian;
        out.p_tilde = p_tilde;
    }

    /// The expected information of θ, `½ tr(P V_h P V_j)` (ML: `½ tr(B V_h B V_j)`).
    pub fn expected_information(&self, theta: &[f64], at: &Evaluation) -> Option<Vec<f64>> {
        let k = self.k;
        let mut out = vec![0.0; k * k];
        let first = self.first(theta);
        for (index, entries) in first.iter().enumerate() {
            let m = self.patterns[index].size;
            let (state, z) = self.state(index, theta, at)?;
            let (c, _) = self.moments(&z, m);
            let n = self.patterns[index].n_patients as f64;
            let weight: Vec<f64> = (0..m * m).map(|i| n * state.b[i] - 2.0 * c[i]).collect();
            accumulate_traces(entries, &state.b, &weight, m, k, &mut out);
        }
        let size = self.p * self.p;
        for h in 0..k {
            for j in 0..=h {
                let mut x = out[h * k + j];
                if self.reml {
                    x += dot(&at.p_tilde[h * size..(h + 1) * size], &at.p_tilde[j * size..(j + 1) * size]);
                }
                out[h * k + j] = 0.5 * x;
                out[j * k + h] = 0.5 * x;
            }
        }
        Some(out)
    }

    pub(crate) fn state(&self, index: usize, theta: &[f64], at: &Evaluation) -> Option<(PatternState, Vec<f64>)> {
        let pattern = &self.patterns[index];
        let (m, w) = (pattern.size, self.p + 1);
        let mut v = self.v_of(index, theta);
        if !cholesky(&mut v, m) {
            return None;
        }
        let (mut scratch, mut b) = (vec![0.0; m * m], vec![0.0; m * m]);
        inverse_from_cholesky(&v, m, &mut scratch, &mut b);
        let y = pattern.units.chunks_exact(m * w).flat_map(|unit| multiply(&b, unit, m, m, w)).collect();
        let state = PatternState { b, y };
        let z = self.rotated(&state, m, &at.f, &at.gamma);
        Some((state, z))
    }
}

/// Calls `visit` with every pair of cells of a block, row ≤ column.
fn each_pair(block: &Block, mut visit: impl FnMut(usize, usize)) {
    for (place, (row, _)) in block.cells.iter().enumerate() {
        block.cells[place..].iter().for_each(|(column, _)| visit(*row, *column));
    }
}

/// The entries of Σ's element (c, d) spread over the rows of a block.
fn spread(block: &super::layout::Block, c: usize, d: usize, value: f64, mut visit: impl FnMut(u32, u32, f64)) {
    let find = |cell: usize| block.cells.iter().find(|(x, _)| *x == cell).map(|(_, rows)| rows.as_slice());
    let (Some(rows), Some(columns)) = (find(c), find(d)) else { return };
    for &(r, x) in rows {
        for &(s, y) in columns {
            let v = value * x * y;
            if c == d {
                if r <= s {
                    visit(r as u32, s as u32, v);
                }
            } else if r == s {
                visit(r as u32, r as u32, 2.0 * v);
            } else {
                visit(r.min(s) as u32, r.max(s) as u32, v);
            }
        }
    }
}

/// Adds `v (z_r z_s' + z_s z_r')` (`v z_r z_r'` where the rows are the same) to the lower triangle of `target`.
fn add_outer(target: &mut [f64], zr: &[f64], zs: &[f64], v: f64, p: usize) {
    let same = std::ptr::eq(zr, zs);
    for a in 0..p {
        let line = &mut target[a * p..a * p + a + 1];
        let (x, y) = (v * zr[a], v * zs[a]);
        if same {
            line.iter_mut().zip(zs).for_each(|(t, s)| *t += x * s);
        } else {
            line.iter_mut().zip(zs.iter().zip(zr)).for_each(|(t, (s, r))| *t += x * s + y * r);
        }
    }
}

fn symmetrise_lower(blocks: &mut [f64], k: usize, p: usize) {
    for block in blocks.chunks_exact_mut((p * p).max(1)).take(k) {
        for a in 0..p {
            for b in 0..a {
                block[b * p + a] = block[a * p + b];
            }
        }
    }
}

/// The lower triangles of symmetric blocks with the off-diagonal times √2: inner products are traces of products.
fn pack(blocks: &[f64], k: usize, p: usize) -> Vec<f64> {
    let mut out = Vec::with_capacity(k * p * (p + 1) / 2);
    for block in blocks.chunks_exact((p * p).max(1)).take(k) {
        for a in 0..p {
            out.extend(block[a * p..a * p + a].iter().map(|v| std::f64::consts::SQRT_2 * v));
            out.push(block[a * p + a]);
        }
    }
    out
}

/// Adds `tr(V_h B V_j N)` to the lower triangle of `out`.
fn accumulate_traces(entries: &Entries, b: &[f64], n: &[f64], m: usize, k: usize, out: &mut [f64]) {
    let mut t = vec![0.0; m * m];
    let mut inner = vec![0.0; m * m];
    for j in 0..k {
        let list = entries.of(j);
        if list.is_empty() {
            continue;
        }
        // T = B V_j N, whichever way is shorter.
        t.fill(0.0);
        if list.len() <= m / 2 + 1 {
            for &(r, s, v) in list {
                let (r, s) = (r as usize, s as usize);
                rank_one(&mut t, &b[r * m..(r + 1) * m], &n[s * m..(s + 1) * m], v, m);
                if r != s {
                    rank_one(&mut t, &b[s * m..(s + 1) * m], &n[r * m..(r + 1) * m], v, m);
                }
            }
        } else {
            inner.fill(0.0);
            for &(r, s, v) in list {
                let (r, s) = (r as usize, s as usize);
                let row = &n[s * m..(s + 1) * m];
                inner[r * m..(r + 1) * m].iter_mut().zip(row).for_each(|(o, x)| *o += v * x);
                if r != s {
                    let row = &n[r * m..(r + 1) * m];
                    inner[s * m..(s + 1) * m].iter_mut().zip(row).for_each(|(o, x)| *o += v * x);
                }
            }
            crate::math::linalg::multiply_add(b, &inner, m, m, m, &mut t);
        }
        // tr(V_h T) reads the sum of T and its transpose.
        for r in 0..m {
            for s in r + 1..m {
                t[r * m + s] += t[s * m + r];
            }
        }
        let from = entries.offsets[j];
        for (&(r, s, v), &h) in entries.entries[from..].iter().zip(&entries.owners[from..]) {
            out[h as usize * k + j] += v * t[r as usize * m + s as usize];
        }
    }
}

fn rank_one(t: &mut [f64], column: &[f64], row: &[f64], v: f64, m: usize) {
    for (line, &x) in t.chunks_exact_mut(m).zip(column) {
        let x = v * x;
        line.iter_mut().zip(row).for_each(|(o, y)| *o += x * y);
    }
}
