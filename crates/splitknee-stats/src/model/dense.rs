//! Dense solves that notice singular matrices instead of returning large numbers.

use nalgebra::{DMatrix, DVector};

/// Below this share of the largest singular value a matrix counts as singular.
const RANK_TOLERANCE: f64 = 1e-10;

/// The inverse of a symmetric positive definite matrix, scaled to unit diagonal before the factorisation; `None` if it is
/// not positive definite to working precision.
pub(super) fn invert_positive(matrix: &DMatrix<f64>) -> Option<DMatrix<f64>> {
    let n = matrix.nrows();
    let diagonal = matrix.diagonal();
    if diagonal.iter().any(|x| !x.is_finite() || *x <= 0.0) {
        return None;
    }
    let scale = diagonal.map(|x| x.sqrt().recip());
    let scaled = DMatrix::from_fn(n, n, |i, j| matrix[(i, j)] * scale[i] * scale[j]);
    let inverse = scaled.cholesky()?.inverse();
    Some(DMatrix::from_fn(n, n, |i, j| inverse[(i, j)] * scale[i] * scale[j]))
}

/// `(I − H)⁻¹ B` for a leverage block `H`, or `None` where `I − H` is singular: one patient alone then determines a
/// coefficient.
pub(super) fn without_leverage(leverage: DMatrix<f64>, right: &DMatrix<f64>) -> Option<DMatrix<f64>> {
    let n = leverage.nrows();
    let complement = DMatrix::identity(n, n) - leverage;
    let values = complement.clone().svd(false, false).singular_values;
    if n > 0 && values.min() <= RANK_TOLERANCE * values.max().max(1.0) {
        return None;
    }
    complement.lu().solve(right).filter(|solution| solution.iter().all(|x| x.is_finite()))
}

/// A vector as a matrix of one column.
pub(super) fn column(vector: &DVector<f64>) -> DMatrix<f64> {
    DMatrix::from_column_slice(vector.len(), 1, vector.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_of_a_badly_scaled_matrix() {
        let matrix = DMatrix::from_row_slice(2, 2, &[1e12, 1e3, 1e3, 4e-6]);
        let inverse = invert_positive(&matrix).expect("positive definite");
        // det = 4e6 − 1e6 = 3e6
        assert!((inverse[(0, 0)] / (4e-6 / 3e6) - 1.0).abs() < 1e-12);
        assert!((inverse[(0, 1)] / (-1e3 / 3e6) - 1.0).abs() < 1e-12);
        assert!(invert_positive(&DMatrix::from_row_slice(2, 2, &[1.0, 1.0, 1.0, 1.0])).is_none());
    }

    #[test]
    fn full_leverage_has_no_inverse() {
        let right = DMatrix::from_row_slice(2, 1, &[1.0, 2.0]);
        assert!(without_leverage(DMatrix::from_element(2, 2, 0.5), &right).is_none());
        let half = without_leverage(DMatrix::from_diagonal_element(2, 2, 0.5), &right).expect("regular");
        assert_eq!(half.as_slice(), [2.0, 4.0]);
    }
}
