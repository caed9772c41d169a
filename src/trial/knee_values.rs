//! The values of one knee: endpoints by visits, in one piece of memory.

use std::ops::{Index, IndexMut};

/// What was observed on one knee: `values[endpoint][visit]`, `None` where nothing was.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KneeValues {
    visits: usize,
    cells: Vec<Option<f64>>,
}

impl KneeValues {
    /// Nothing observed at any of so many visits, for so many endpoints.
    pub fn none(endpoints: usize, visits: usize) -> Self {
        Self { visits, cells: vec![None; endpoints * visits] }
    }

    /// The values of an endpoint by visit; `None` where there is no such endpoint.
    pub fn get(&self, endpoint: usize) -> Option<&[Option<f64>]> {
        self.cells.get(endpoint * self.visits..(endpoint + 1) * self.visits)
    }

    /// As [`KneeValues::get`], to be filled in.
    pub fn get_mut(&mut self, endpoint: usize) -> Option<&mut [Option<f64>]> {
        self.cells.get_mut(endpoint * self.visits..(endpoint + 1) * self.visits)
    }

    /// The values of each endpoint by visit.
    pub fn iter(&self) -> impl Iterator<Item = &[Option<f64>]> {
        self.cells.chunks_exact(self.visits.max(1))
    }
}

impl Index<usize> for KneeValues {
    type Output = [Option<f64>];

    fn index(&self, endpoint: usize) -> &[Option<f64>] {
        &self.cells[endpoint * self.visits..(endpoint + 1) * self.visits]
    }
}

impl IndexMut<usize> for KneeValues {
    fn index_mut(&mut self, endpoint: usize) -> &mut [Option<f64>] {
        &mut self.cells[endpoint * self.visits..(endpoint + 1) * self.visits]
    }
}

#[cfg(test)]
mod tests {
    use super::KneeValues;

    #[test]
    fn endpoints_do_not_share_visits() {
        let mut values = KneeValues::none(2, 3);
        values[1][0] = Some(7.0);
        assert_eq!(values.get(0), Some([None; 3].as_slice()));
        assert_eq!(values[1], [Some(7.0), None, None]);
        assert_eq!(values.get(2), None);
        assert_eq!(values.iter().flatten().flatten().sum::<f64>(), 7.0);
    }
}
