//! The rules that look at all scores of an endpoint together: ends of the scale, jumps, outlying differences.

use super::Context;
use super::values::row;
use crate::math::decimal;
use crate::trial::design::{ACTIVE, Endpoint, PLACEBO};
use crate::trial::finding::Location;
use crate::trial::findings::Findings;
use crate::trial::patients::{Knee, Patient};

/// The scores of one endpoint, knee after knee in one piece: the rules look at them again and again.
pub struct Scores<'c> {
    context: &'c Context<'c>,
    endpoint: &'c Endpoint,
    visits: usize,
    /// By knee and visit.
    cells: Vec<Option<f64>>,
    /// Active and placebo knee of each patient who has both, in order of patients.
    pairs: Vec<(&'c Patient, [usize; 2])>,
}

impl<'c> Scores<'c> {
    /// The scores of the endpoint numbered `number`.
    pub fn gather(context: &'c Context<'c>, number: usize, endpoint: &'c Endpoint) -> Self {
        let visits = context.trial.design.visits.len();
        let (mut cells, mut pairs) = (Vec::new(), Vec::new());
        for patient in &context.trial.patients {
            let first = cells.len() / visits.max(1);
            let of_arm = |arm: usize| Some(first + patient.knees().iter().position(|knee| knee.arm == arm)?);
            if let (Some(active), Some(placebo)) = (of_arm(ACTIVE), of_arm(PLACEBO)) {
                pairs.push((patient, [active, placebo]));
            }
            for knee in patient.knees() {
                cells.extend_from_slice(knee.values.get(number).unwrap_or_default());
            }
        }
        Self { context, endpoint, visits, cells, pairs }
    }

    /// The score of the knee numbered `knee` among all.
    fn at(&self, knee: usize, visit: usize) -> Option<f64> {
        self.cells.get(knee * self.visits + visit).copied().flatten()
    }

    /// Every knee with its patient and its scores.
    fn knees(&self) -> impl Iterator<Item = ((&'c Patient, &'c Knee), &[Option<f64>])> {
        self.context.knees_of_patients().zip(self.cells.chunks_exact(self.visits.max(1)))
    }

    fn place(&self, row: Option<usize>) -> Location {
        self.context.rows.place(row, Some(&self.endpoint.column))
    }

    /// Every score with its row, in order of patients.
    pub fn observed(&self) -> Vec<(f64, Option<usize>)> {
        let mut values = Vec::with_capacity(self.cells.len());
        for ((_, knee), scores) in self.knees() {
            let seen = scores.iter().enumerate().filter_map(|(visit, score)| Some(((*score)?, row(knee, visit))));
            values.extend(seen);
        }
        values
    }

    /// SK214: floor and ceiling.
    pub fn ends_of_scale(&self, findings: &mut Findings) {
        let Some((low, high)) = self.endpoint.range else { return };
        for &visit in &self.endpoint.visits {
            let label = self.context.trial.design.visits.get(visit).map_or("", |visit| visit.label.as_str());
            let scores = || self.cells.iter().skip(visit).step_by(self.visits.max(1)).flatten();
            let knees = scores().count();
            for (end, word) in [(low, "lowest"), (high, "highest")] {
                let count = scores().filter(|score| **score == end).count();
                if knees >= 20 && count * 100 >= knees * 15 {
                    let name = &self.endpoint.name;
                    findings.add(
                        "SK214",
                        self.place(None),
                        format!("{count} of {knees} knees have the {word} possible {name} at `{label}`"),
                        "the scale cannot show further change there; bear it in mind",
                    );
                }
            }
        }
    }

    /// SK215: changes of nearly the whole scale.
    pub fn jumps(&self, findings: &mut Findings) {
        let Some((low, high)) = self.endpoint.range.filter(|(low, high)| high - low >= 10.0) else { return };
        for ((patient, knee), scores) in self.knees() {
            let mut before: Option<f64> = None;
            for &visit in &self.endpoint.visits {
                let Some(value) = scores.get(visit).copied().flatten() else { continue };
                if let Some(before) = before
                    && (value - before).abs() >= 0.9 * (high - low)
                {
                    let name = &self.endpoint.name;
                    findings.add(
                        "SK215",
                        self.place(row(knee, visit)),
                        format!("{name} of patient {} {} is {value} after {before}", patient.id, knee.side),
                        "check both values against the source",
                    );
                }
                before = Some(value);
            }
        }
    }

    /// SK213: within-patient differences more than five robust standard deviations, and a quarter of the scale, from
    /// their median.
    pub fn outlying(&self, findings: &mut Findings) {
        let notable = self.endpoint.range.map_or(0.0, |(low, high)| (high - low) / 4.0);
        for &visit in &self.endpoint.visits {
            let scores = |(_, knees): &(&Patient, [usize; 2])| {
                let [active, placebo] = knees.map(|knee| self.at(knee, visit));
                active.zip(placebo)
            };
            let mut differences: Vec<f64> =
                self.pairs.iter().filter_map(scores).map(|(a, p)| decimal::subtract(a, p)).collect();
            if differences.len() < 10 {
                continue;
            }
            // A median of two is half their sum, which has digits that no value has.
            let centre = (median(&mut differences) * 1e9).round() / 1e9;
            let mut distances: Vec<f64> = differences.iter().map(|difference| (difference - centre).abs()).collect();
            // 1.4826 makes the median absolute deviation a standard deviation under normality.
            let limit = 5.0 * 1.4826 * median(&mut distances);
            for pair in self.pairs.iter().filter(|_| limit > 0.0) {
                let Some((active, placebo)) = scores(pair) else { continue };
                let (difference, patient) = (decimal::subtract(active, placebo), pair.0);
                if (difference - centre).abs() > limit.max(notable) {
                    findings.add(
                        "SK213",
                        self.place(patient.knee(ACTIVE).and_then(|knee| row(knee, visit))),
                        format!(
                            "{}: the knees of patient {} differ by {difference} (active {active}, placebo {placebo}); \
                             the median difference is {centre}",
                            self.endpoint.name, patient.id
                        ),
                        "check both values against the source",
                    );
                }
            }
        }
    }
}

fn median(values: &mut [f64]) -> f64 {
    let half = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    let even = values.len().is_multiple_of(2);
    let (below, middle, _) = values.select_nth_unstable_by(half, f64::total_cmp);
    let middle = *middle;
    match below.iter().copied().max_by(f64::total_cmp) {
        Some(below) if even => (below + middle) / 2.0,
        _ => middle,
    }
}
