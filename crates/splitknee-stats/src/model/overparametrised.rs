//! The parameters of the overparametrised model (SAS's: every level of every factor has one) in terms of the estimable
//! coefficients.

use super::design::{Design, Piece};

impl Design {
    /// Every parameter of the overparametrised model (a product of covariates at each combination of a term's levels) as a
    /// combination of the estimable columns; `sizes` are the inputs' numbers of levels. `None` where the terms of the model
    /// do not express one.
    pub(crate) fn overparametrised(&self, sizes: &[usize]) -> Option<Vec<Vec<f64>>> {
        let mut out = Vec::new();
        for term in 0..self.terms.len() {
            let (factors, numeric) = self.split_term(term);
            let cells = factors.iter().fold(vec![Vec::new()], |done: Vec<Vec<(usize, u32)>>, &input| {
                let levels = 0..sizes.get(input).copied().unwrap_or(0) as u32;
                levels.flat_map(|l| done.iter().map(move |cell| [cell.as_slice(), &[(input, l)]].concat())).collect()
            });
            for cell in cells {
                out.push(self.expressed(&cell, &numeric, sizes)?);
            }
        }
        Some(out)
    }

    /// One such parameter: a column of the design, or where a factor is at its first level, what remains of the margin.
    fn expressed(&self, cell: &[(usize, u32)], numeric: &[usize], sizes: &[usize]) -> Option<Vec<f64>> {
        let is_it = |pieces: &&Vec<Piece>| {
            let (mut levels, mut covariates) = (Vec::new(), Vec::new());
            for piece in *pieces {
                match piece {
                    Piece::Level { input, level } => levels.push((*input, *level)),
                    Piece::Numeric { variable } => covariates.push(*variable),
                }
            }
            covariates == numeric && levels.len() == cell.len() && levels.iter().all(|l| cell.contains(l))
        };
        if let Some(column) = self.recipes.iter().position(|pieces| is_it(&pieces)) {
            if let Some(place) = self.kept.iter().position(|&k| k == column) {
                return Some((0..self.kept.len()).map(|j| f64::from(u8::from(j == place))).collect());
            }
            return self.alias.iter().find(|(k, _)| *k == column).map(|(_, coefficients)| coefficients.clone());
        }
        cell.iter().filter(|(_, level)| *level == 0).find_map(|&(input, _)| {
            let margin: Vec<(usize, u32)> = cell.iter().copied().filter(|(other, _)| *other != input).collect();
            let mut row = self.expressed(&margin, numeric, sizes)?;
            for level in 1..sizes.get(input).copied().unwrap_or(0) as u32 {
                let mut other = margin.clone();
                other.push((input, level));
                let taken = self.expressed(&other, numeric, sizes)?;
                row.iter_mut().zip(taken).for_each(|(r, x)| *r -= x);
            }
            Some(row)
        })
    }
}
