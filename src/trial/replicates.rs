//! Several readings of one knee at one visit (teeth of a side, repeated measurements), taken together as the plan declares.

use super::design::Design;
use super::findings::Findings;
use super::rows::Rows;
use super::sources::Sources;
use std::collections::HashMap;

/// What several readings of one knee at one visit stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Replicates {
    /// Nothing: a second reading is an error.
    #[default]
    Refuse,
    /// Their mean.
    Mean,
    /// Their median; of an even number the mean of the middle two.
    Median,
    /// The first in the file.
    First,
}

impl Replicates {
    /// The word of the plan.
    pub fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Mean => "mean",
            Self::Median => "median",
            Self::First => "first",
        }
    }

    /// One value of several, which are not empty.
    fn of(self, values: &mut [f64]) -> Option<f64> {
        match self {
            Self::Refuse => None,
            Self::First => values.first().copied(),
            Self::Mean => Some(values.iter().sum::<f64>() / values.len() as f64),
            Self::Median => {
                values.sort_by(f64::total_cmp);
                let upper = values.get(values.len() / 2).copied()?;
                let lower = values.get((values.len() - 1) / 2).copied()?;
                Some(lower + (upper - lower) / 2.0)
            }
        }
    }
}

/// Takes the readings together; without any endpoint that declares it, nothing is changed. Rows are one per knee and visit
/// afterwards, but for endpoints that refuse a second reading.
pub fn combine(design: &Design, sources: &Sources, rows: &mut Rows, findings: &mut Findings) {
    let rule = |endpoint: usize| sources.replicates.get(endpoint).copied().unwrap_or_default();
    if (0..design.endpoints.len()).all(|endpoint| rule(endpoint) == Replicates::Refuse) {
        return;
    }
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut known: HashMap<(u32, Option<u32>, Option<u32>, u32), usize> = HashMap::new();
    for row in 0..rows.len() {
        let code = |column: &Option<Vec<u32>>| column.as_ref().and_then(|codes| codes.get(row)).copied();
        let (Some(patient), Some(visit)) = (rows.patient.get(row).copied(), rows.visit.get(row).copied()) else {
            continue;
        };
        let group = *known.entry((patient, code(&rows.side), code(&rows.arm), visit)).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        if let Some(members) = groups.get_mut(group) {
            members.push(row);
        }
    }
    for (number, endpoint) in design.endpoints.iter().enumerate() {
        let Some(values) = rows.values.get(number) else { continue };
        let (mut several, mut readings, mut most) = (0_usize, 0_usize, 0_usize);
        let mut combined = values.clone();
        let mut first_row = None;
        for group in groups.iter().filter(|group| group.len() > 1) {
            let mut present: Vec<f64> = group.iter().filter_map(|row| values.get(*row).copied().flatten()).collect();
            if present.len() > 1 && rule(number) == Replicates::Refuse {
                let second = group.iter().filter(|row| values.get(**row).is_some_and(Option::is_some)).nth(1);
                findings.add(
                    "SK101",
                    rows.place(second.and_then(|row| rows.file_row.get(*row)).copied(), Some(&endpoint.column)),
                    format!("{} has {} readings of one knee at one visit", endpoint.name, present.len()),
                    "declare what they stand for (`replicates = \"mean\"` in the endpoint), or delete all but one",
                );
                continue;
            }
            let one = if present.len() > 1 { rule(number).of(&mut present) } else { present.first().copied() };
            if present.len() > 1 {
                several += 1;
                readings += present.len();
                most = most.max(present.len());
                first_row = first_row.or_else(|| group.first().and_then(|row| rows.file_row.get(*row)).copied());
            }
            for row in group {
                if let Some(place) = combined.get_mut(*row) {
                    *place = one;
                }
            }
        }
        if several > 0 {
            let what = match rule(number) {
                Replicates::Median => "the median counts",
                Replicates::First => "the first in the file counts",
                _ => "the mean counts",
            };
            findings.add(
                "SK029",
                rows.place(first_row, Some(&endpoint.column)),
                format!(
                    "{}: {readings} readings (up to {most} each) of {several} knees at visits were taken together; {what}, \
                     as the plan declares",
                    endpoint.name
                ),
                "nothing, if the readings are of one knee at one visit",
            );
        }
        if let Some(place) = rows.values.get_mut(number) {
            *place = combined;
        }
    }
    let first: Vec<usize> = groups.iter().filter_map(|group| group.first().copied()).collect();
    rows.keep(&first);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_become_one_value() {
        assert_eq!(Replicates::Mean.of(&mut [1.0, 2.0, 6.0]), Some(3.0));
        assert_eq!(Replicates::Median.of(&mut [6.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(Replicates::Median.of(&mut [6.0, 1.0]), Some(3.5));
        assert_eq!(Replicates::First.of(&mut [6.0, 1.0]), Some(6.0));
    }
}
