//! Small dense matrices as flat slices, row after row: Cholesky factor, solves, inverse, and the triangular factor of a
//! tall matrix that arrives in pieces.
//!
//! The matrices of a mixed model are small (a patient's rows, the coefficients), so that plain loops beat a general
//! library: no allocation, no dispatch.

use nalgebra::DMatrix;

/// Factors the symmetric matrix `a` (`n × n`, lower triangle read) into `L L'` in place; the strict upper triangle is set
/// to zero. Returns `false`, with `a` spoiled, when the matrix is not positive definite.
pub fn cholesky(a: &mut [f64], n: usize) -> bool {
    for j in 0..n {
        let (before, rest) = a.split_at_mut(j * n + j);
        let row_j = &before[j * n..];
        let diagonal = rest[0] - dot(row_j, row_j);
        if !(diagonal > 0.0 && diagonal.is_finite()) {
            return false;
        }
        let root = diagonal.sqrt();
        rest[0] = root;
        for i in j + 1..n {
            let start = (i - j) * n - j;
            let value = rest[start + j] - dot(&rest[start..start + j], row_j);
            rest[start + j] = value / root;
        }
        rest[1..n - j].fill(0.0);
    }
    true
}

/// `Σ a_i b_i`.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// `2 Σ log L_ii`, the log-determinant of `L L'`.
pub fn log_det(l: &[f64], n: usize) -> f64 {
    2.0 * (0..n).map(|i| l[i * n + i].ln()).sum::<f64>()
}

/// Solves `L x = b` in place.
pub fn solve_lower(l: &[f64], n: usize, b: &mut [f64]) {
    for i in 0..n {
        let (done, rest) = b.split_at_mut(i);
        rest[0] = (rest[0] - dot(&l[i * n..i * n + i], done)) / l[i * n + i];
    }
}

/// Solves `L' x = b` in place.
pub fn solve_lower_transposed(l: &[f64], n: usize, b: &mut [f64]) {
    for i in (0..n).rev() {
        let x = b[i] / l[i * n + i];
        b[i] = x;
        for j in 0..i {
            b[j] -= l[i * n + j] * x;
        }
    }
}

/// Solves `L L' x = b` in place.
pub fn solve_cholesky(l: &[f64], n: usize, b: &mut [f64]) {
    solve_lower(l, n, b);
    solve_lower_transposed(l, n, b);
}

/// The inverse of the lower triangular `l`, lower triangular, into `out`.
pub fn invert_lower(l: &[f64], n: usize, out: &mut [f64]) {
    out.fill(0.0);
    for j in 0..n {
        out[j * n + j] = 1.0 / l[j * n + j];
        for i in j + 1..n {
            let sum: f64 = (j..i).map(|k| l[i * n + k] * out[k * n + j]).sum();
            out[i * n + j] = -sum / l[i * n + i];
        }
    }
}

/// `(L L')⁻¹` into `out`, using `scratch` of the same size.
pub fn inverse_from_cholesky(l: &[f64], n: usize, scratch: &mut [f64], out: &mut [f64]) {
    invert_lower(l, n, scratch);
    out.fill(0.0);
    for k in 0..n {
        let row = &scratch[k * n..k * n + k + 1];
        for (i, &a) in row.iter().enumerate() {
            for (o, &b) in out[i * n..i * n + i + 1].iter_mut().zip(row) {
                *o += a * b;
            }
        }
    }
    for i in 0..n {
        for j in 0..i {
            out[j * n + i] = out[i * n + j];
        }
    }
}

/// The inverse of a symmetric positive definite matrix, or `None`.
pub fn inverse_spd(a: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut l = a.to_vec();
    if !cholesky(&mut l, n) {
        return None;
    }
    let (mut scratch, mut out) = (vec![0.0; n * n], vec![0.0; n * n]);
    inverse_from_cholesky(&l, n, &mut scratch, &mut out);
    Some(out)
}

/// `out += a b` for `a` (`n × k`) and `b` (`k × m`).
pub fn multiply_add(a: &[f64], b: &[f64], n: usize, k: usize, m: usize, out: &mut [f64]) {
    for i in 0..n {
        let target = &mut out[i * m..(i + 1) * m];
        for (l, &x) in a[i * k..(i + 1) * k].iter().enumerate() {
            if x != 0.0 {
                target.iter_mut().zip(&b[l * m..(l + 1) * m]).for_each(|(o, y)| *o += x * y);
            }
        }
    }
}

/// `a b` for `a` (`n × k`) and `b` (`k × m`).
pub fn multiply(a: &[f64], b: &[f64], n: usize, k: usize, m: usize) -> Vec<f64> {
    let mut out = vec![0.0; n * m];
    multiply_add(a, b, n, k, m, &mut out);
    out
}

/// `a'` for `a` (`n × m`).
pub fn transpose(a: &[f64], n: usize, m: usize) -> Vec<f64> {
    let mut out = vec![0.0; n * m];
    for i in 0..n {
        for j in 0..m {
            out[j * n + i] = a[i * m + j];
        }
    }
    out
}

/// Eigenvalues (increasing) and eigenvectors (column `j` of the `n × n` matrix belongs to value `j`) of a symmetric matrix.
pub fn eigen_symmetric(a: &[f64], n: usize) -> (Vec<f64>, Vec<f64>) {
    let decomposition = DMatrix::from_row_slice(n, n, a).symmetric_eigen();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| decomposition.eigenvalues[i].total_cmp(&decomposition.eigenvalues[j]));
    let values = order.iter().map(|&j| decomposition.eigenvalues[j]).collect();
    let mut vectors = vec![0.0; n * n];
    for (column, &j) in order.iter().enumerate() {
        for i in 0..n {
            vectors[i * n + column] = decomposition.eigenvectors[(i, j)];
        }
    }
    (values, vectors)
}

/// The smallest eigenvalue of a symmetric matrix (0 for an empty one): inverse iteration where the matrix is positive
/// definite, else the full decomposition.
pub fn smallest_eigenvalue(a: &[f64], n: usize) -> f64 {
    if n == 0 {
        return 0.0;
    }
    let mut l = a.to_vec();
    if cholesky(&mut l, n) {
        let mut v: Vec<f64> = (0..n).map(|i| 1.0 + 0.1 * (i as f64 + 1.0).sin()).collect();
        let mut last = f64::NAN;
        for _ in 0..100 {
            let before = dot(&v, &v).sqrt();
            v.iter_mut().for_each(|x| *x /= before);
            solve_cholesky(&l, n, &mut v);
            let value = 1.0 / dot(&v, &v).sqrt();
            if (value - last).abs() <= 1e-9 * value {
                return value;
            }
            last = value;
        }
    }
    DMatrix::from_row_slice(n, n, a).symmetric_eigenvalues().iter().copied().fold(f64::INFINITY, f64::min)
}

/// The upper triangular `R` with `R'R = A'A` of a tall matrix `A` whose rows arrive one after the other: the sums of
/// squares and products of the rows, without squaring their condition number.
#[derive(Debug, Clone)]
pub struct RowCompressor {
    n_columns: usize,
    /// The triangle on top, then the rows not yet folded in.
    rows: Vec<f64>,
    n_rows: usize,
}

impl RowCompressor {
    /// For rows of `n_columns` numbers.
    pub fn new(n_columns: usize) -> Self {
        Self { n_columns, rows: Vec::new(), n_rows: 0 }
    }

    /// Adds one row.
    pub fn push(&mut self, row: &[f64]) {
        self.rows.extend_from_slice(row);
        self.n_rows += 1;
        if self.n_rows >= 4 * self.n_columns + 8 {
            self.fold();
        }
    }

    /// The rows of `R` that are not zero, row after row; never more rows than were pushed.
    pub fn finish(mut self) -> Vec<f64> {
        if self.n_rows > self.n_columns {
            self.fold();
        }
        self.rows
    }

    /// Householder reduction of the stored rows to a triangle.
    fn fold(&mut self) {
        let (m, n) = (self.n_rows, self.n_columns);
        let a = &mut self.rows;
        for j in 0..n.min(m) {
            let norm = (j..m).map(|i| a[i * n + j] * a[i * n + j]).sum::<f64>().sqrt();
            if norm == 0.0 {
                continue;
            }
            let alpha = if a[j * n + j] > 0.0 { -norm } else { norm };
            let head = a[j * n + j] - alpha;
            // v = (head, column below), H = I − v v' / (−alpha · head)
            let scale = -alpha * head;
            for k in j + 1..n {
                let mut sum = head * a[j * n + k];
                for i in j + 1..m {
                    sum += a[i * n + j] * a[i * n + k];
                }
                let factor = sum / scale;
                a[j * n + k] -= factor * head;
                for i in j + 1..m {
                    let v = a[i * n + j];
                    a[i * n + k] -= factor * v;
                }
            }
            a[j * n + j] = alpha;
            for i in j + 1..m {
                a[i * n + j] = 0.0;
            }
        }
        let keep = n.min(m);
        a.truncate(keep * n);
        self.n_rows = keep;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cholesky_of_a_known_matrix() {
        // 4 12 -16 / 12 37 -43 / -16 -43 98 = L L' with L = 2 / 6 1 / -8 5 3.
        let mut a = vec![4.0, 12.0, -16.0, 12.0, 37.0, -43.0, -16.0, -43.0, 98.0];
        assert!(cholesky(&mut a, 3));
        assert_eq!(a, [2.0, 0.0, 0.0, 6.0, 1.0, 0.0, -8.0, 5.0, 3.0]);
        assert!((log_det(&a, 3) - 36.0_f64.ln()).abs() < 1e-14);
        let inverse = inverse_spd(&[4.0, 12.0, -16.0, 12.0, 37.0, -43.0, -16.0, -43.0, 98.0], 3).unwrap();
        let product = multiply(&inverse, &[4.0, 12.0, -16.0, 12.0, 37.0, -43.0, -16.0, -43.0, 98.0], 3, 3, 3);
        for (i, x) in product.iter().enumerate() {
            assert!((x - f64::from(u8::from(i % 4 == 0))).abs() < 1e-10);
        }
        assert!(!cholesky(&mut [1.0, 2.0, 2.0, 1.0], 2));
    }

    #[test]
    fn compressed_rows_keep_every_sum_of_products() {
        let mut all = Vec::new();
        let mut compressor = RowCompressor::new(3);
        for i in 0..100 {
            let t = f64::from(i);
            let row = [1.0, (t * 0.7).sin(), t * t / 1000.0];
            compressor.push(&row);
            all.push(row);
        }
        let r = compressor.finish();
        assert_eq!(r.len(), 9);
        for a in 0..3 {
            for b in 0..3 {
                let direct: f64 = all.iter().map(|row| row[a] * row[b]).sum();
                let folded: f64 = (0..3).map(|k| r[k * 3 + a] * r[k * 3 + b]).sum();
                assert!((direct - folded).abs() < 1e-11 * (1.0 + direct.abs()));
            }
        }
    }
}
