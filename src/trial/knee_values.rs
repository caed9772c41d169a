//! The values of one knee: endpoints by visits, in one piece of memory.

use std::ops::{Index, IndexMut};

/// A time to an event as observed on one knee.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timed {
    /// When the event happened or observation ended, positive.
    pub time: f64,
    /// Whether the event happened.
    pub event: bool,
}

/// What was observed on one knee: `values[endpoint][visit]`, `None` where nothing was. A time to an event is no value at a
/// visit and stands apart, so that no mean of censored times can be taken by accident.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KneeValues {
    visits: usize,
    cells: Vec<Option<f64>>,
    times: Vec<Option<Timed>>,
}

impl KneeValues {
    /// Nothing observed at any of so many visits, for so many endpoints.
    pub fn none(endpoints: usize, visits: usize) -> Self {
        Self { visits, cells: vec![None; endpoints * visits], times: vec![None; endpoints] }
    }

    /// The time to the event of an endpoint of that kind; `None` where it was not observed.
    pub fn timed(&self, endpoint: usize) -> Option<Timed> {
        self.times.get(endpoint).copied().flatten()
    }

    /// Files the time to the event of an endpoint; an index beyond the endpoints is ignored.
    pub fn set_timed(&mut self, endpoint: usize, timed: Option<Timed>) {
        if let Some(place) = self.times.get_mut(endpoint) {
            *place = timed;
        }
    }

    /// Whether nothing at all was observed.
    pub fn is_empty(&self) -> bool {
        !self.cells.iter().any(Option::is_some) && !self.times.iter().any(Option::is_some)
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
    use super::{KneeValues, Timed};

    #[test]
    fn a_time_is_no_value_of_a_visit() {
        let mut values = KneeValues::none(2, 1);
        assert!(values.is_empty());
        values.set_timed(1, Some(Timed { time: 4.0, event: false }));
        assert_eq!(values[1], [None]);
        assert_eq!(values.timed(1).map(|timed| timed.time), Some(4.0));
        assert_eq!(values.timed(0), None);
        assert!(!values.is_empty());
    }

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
