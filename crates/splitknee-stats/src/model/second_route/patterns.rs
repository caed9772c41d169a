//! Patients whose rows have the same covariance parameters in the same places: one V, one factor and one inverse for all of
//! them. Everything the route needs of them is a sum of squares and products of their z = (X, y), so that of many patients
//! the triangle R of a QR decomposition of their stacked z takes the place: R'R = Σ z z', and no square is formed.

use nalgebra::{DMatrix, DVector};
use std::collections::HashMap;

/// Most numbers per patient for which R is made: a triangle of 2 000 columns is 32 MB.
const WIDEST: usize = 2_000;

/// A matrix of zeros and ones: rows that have ones, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Places(Vec<(usize, Vec<usize>)>);

impl Places {
    /// Adds the place (i, j); rows come in order.
    pub(super) fn add(&mut self, i: usize, j: usize) {
        match self.0.last_mut().filter(|(row, _)| *row == i) {
            Some((_, columns)) => columns.push(j),
            None => self.0.push((i, vec![j])),
        }
    }

    /// All places.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, usize)> {
        self.0.iter().flat_map(|(row, columns)| columns.iter().map(move |column| (*row, *column)))
    }

    /// Whether (i, i) is among them.
    pub(super) fn on_diagonal(&self, i: usize) -> bool {
        self.all().any(|place| place == (i, i))
    }

    /// Σ of the elements of `matrix` at the places.
    pub(super) fn sum(&self, matrix: &DMatrix<f64>) -> f64 {
        self.all().map(|place| matrix[place]).sum()
    }

    /// G · `matrix`.
    pub(super) fn times(&self, matrix: &DMatrix<f64>) -> DMatrix<f64> {
        let mut out = DMatrix::zeros(matrix.nrows(), matrix.ncols());
        for (i, j) in self.all() {
            out.row_mut(i).zip_apply(&matrix.row(j), |sum, x| *sum += x);
        }
        out
    }

    /// `out` + u'Gu, where the columns of `transposed` are the rows of u.
    pub(super) fn add_product(&self, transposed: &DMatrix<f64>, out: &mut DMatrix<f64>) {
        let mut other = DVector::zeros(transposed.nrows());
        for (row, columns) in &self.0 {
            other.fill(0.0);
            columns.iter().for_each(|column| other += transposed.column(*column));
            out.ger(1.0, &transposed.column(*row), &other, 1.0);
        }
    }

    /// `out` + u'Ge.
    pub(super) fn add_weighted(&self, transposed: &DMatrix<f64>, e: &DVector<f64>, out: &mut DVector<f64>) {
        for (row, columns) in &self.0 {
            out.axpy(columns.iter().map(|column| e[*column]).sum(), &transposed.column(*row), 1.0);
        }
    }
}

/// The parameters of a covariance, each with its places.
pub(super) type Parts = Vec<(usize, Places)>;

/// Outcome and design of one patient, or of one row of R.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unit {
    pub(super) y: DVector<f64>,
    pub(super) x: DMatrix<f64>,
}

/// Patients of one covariance.
#[derive(Debug)]
pub(super) struct Pattern {
    /// Rows of a patient.
    pub(super) rows: usize,
    pub(super) parts: Parts,
    /// Number of patients.
    pub(super) patients: f64,
    /// The patients, or as few as have the same squares and products.
    pub(super) units: Vec<Unit>,
}

impl Pattern {
    /// V = Σ θ_j G_j.
    pub(super) fn covariance(&self, theta: &DVector<f64>) -> DMatrix<f64> {
        let mut v = DMatrix::zeros(self.rows, self.rows);
        for (j, places) in &self.parts {
            places.all().for_each(|place| v[place] += theta[*j]);
        }
        v
    }
}

/// The patients by pattern, in the order of their first.
pub(super) fn grouped(patients: impl Iterator<Item = (Parts, Unit)>) -> Vec<Pattern> {
    let mut known: HashMap<(usize, Parts), usize> = HashMap::new();
    let mut patterns: Vec<Pattern> = Vec::new();
    for (parts, unit) in patients {
        let rows = unit.y.len();
        let at = *known.entry((rows, parts)).or_insert_with_key(|(_, parts)| {
            patterns.push(Pattern { rows, parts: parts.clone(), patients: 0.0, units: Vec::new() });
            patterns.len() - 1
        });
        let Some(pattern) = patterns.get_mut(at) else { continue };
        pattern.patients += 1.0;
        pattern.units.push(unit);
        let width = rows * pattern.units.first().map_or(1, |unit| unit.x.ncols() + 1);
        if width <= WIDEST && pattern.units.len() >= 2 * width.max(8) {
            condense(&mut pattern.units, width);
        }
    }
    patterns
}

/// Puts the rows of R in the place of `units`, each of `width` numbers.
fn condense(units: &mut Vec<Unit>, width: usize) {
    let Some((n, p)) = units.first().map(|unit| unit.x.shape()) else { return };
    let stacked = DMatrix::from_fn(units.len(), width, |row, at| match at.checked_sub(n * p) {
        Some(at) => units[row].y[at],
        None => units[row].x[(at / p, at % p)],
    });
    let r = stacked.qr().unpack_r();
    *units = (0..width)
        .filter(|row| r.row(*row).iter().any(|value| *value != 0.0))
        .map(|row| Unit {
            y: DVector::from_fn(n, |i, _| r[(row, n * p + i)]),
            x: DMatrix::from_fn(n, p, |i, j| r[(row, i * p + j)]),
        })
        .collect();
}

#[cfg(test)]
mod tests {
    use super::{Places, Unit, grouped};
    use nalgebra::{DMatrix, DVector};

    /// However many patients: as many units as two rows with three columns and an outcome have numbers, twice, at most; and
    /// the squares and products of all.
    #[test]
    fn many_patients_become_few_with_their_squares() {
        let noise = |i: usize| ((i * 7919 + 104_729) % 1000) as f64 / 100.0;
        let patient = |i: usize| Unit {
            y: DVector::from_fn(2, |row, _| 50.0 + noise(2 * i + row)),
            x: DMatrix::from_fn(2, 3, |row, column| if column == 2 { noise(i + 31 * row) } else { column as f64 }),
        };
        let squares = |units: &[Unit]| {
            units.iter().fold(DMatrix::zeros(8, 8), |sum, unit| {
                let z = DVector::from_iterator(8, unit.x.iter().chain(unit.y.iter()).copied());
                sum + &z * z.transpose()
            })
        };
        let mut places = Places::default();
        (0..4).for_each(|at| places.add(at / 2, at % 2));
        let parts = vec![(0, places)];
        let all: Vec<Unit> = (0..5_000).map(patient).collect();
        let [pattern] = &grouped(all.iter().map(|unit| (parts.clone(), unit.clone())))[..] else {
            panic!("one pattern")
        };
        assert_eq!(pattern.patients, 5_000.0);
        assert!(pattern.units.len() < 16, "{}", pattern.units.len());
        let (few, many) = (squares(&pattern.units), squares(&all));
        assert!((&few - &many).amax() <= 1e-12 * many.amax());
        // Few patients stay as they are.
        let few = grouped(all.iter().take(9).map(|unit| (parts.clone(), unit.clone())));
        assert_eq!(few[0].units, all[..9]);
    }

    #[test]
    fn places_are_a_matrix_of_zeros_and_ones() {
        let mut places = Places::default();
        [(0, 1), (1, 0), (1, 1)].into_iter().for_each(|(i, j)| places.add(i, j));
        let g = DMatrix::from_row_slice(2, 2, &[0.0, 1.0, 1.0, 1.0]);
        let u = DMatrix::from_row_slice(2, 3, &[1.0, 2.0, 3.0, 5.0, 7.0, 11.0]);
        let e = DVector::from_vec(vec![13.0, 17.0]);
        assert_eq!(places.times(&u), &g * &u);
        let (mut product, mut weighted) = (DMatrix::zeros(3, 3), DVector::zeros(3));
        places.add_product(&u.transpose(), &mut product);
        places.add_weighted(&u.transpose(), &e, &mut weighted);
        assert_eq!(product, u.transpose() * &g * &u);
        assert_eq!(weighted, u.transpose() * &g * &e);
        assert_eq!(places.sum(&DMatrix::from_row_slice(2, 2, &[1.0, 2.0, 4.0, 8.0])), 14.0);
        assert!(places.on_diagonal(1) && !places.on_diagonal(0));
    }
}
