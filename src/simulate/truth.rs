//! The truth of a scenario at a visit, by quadrature: what the plan would find with all patients of the world.

use super::generate::{Generator, Outcome, World};
use super::margin::both_below;
use crate::trial::Measure;
use crate::trial::design::{ACTIVE, PLACEBO};
use serde::Serialize;

/// What is true of an endpoint at a visit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Truth {
    /// Endpoint.
    pub endpoint: String,
    /// Visit.
    pub visit: String,
    /// Score or change.
    pub measure: &'static str,
    /// Mean of the active knees; for yes/no the share.
    pub mean_active: f64,
    /// Mean of the placebo knees.
    pub mean_placebo: f64,
    /// Active − placebo.
    pub difference: f64,
    /// Yes/no: share of pairs with yes on the active knee alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p10: Option<f64>,
    /// Yes/no: share of pairs with yes on the placebo knee alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p01: Option<f64>,
    /// Yes/no: odds ratio of the discordant pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub odds_ratio: Option<f64>,
    /// Grades: probabilities, rows the active grade.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cells: Option<Vec<Vec<f64>>>,
    /// Grades: probability that the active knee has the higher grade.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p_active_higher: Option<f64>,
    /// Grades: probability that it has the lower one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p_active_lower: Option<f64>,
}

/// The truth of `endpoint` at `visit`.
pub fn truth(world: &World, endpoint: usize, visit: usize, measure: Measure) -> Option<Truth> {
    let generator = world.generators.get(endpoint)?;
    let position = generator.visits.iter().position(|known| *known == visit)?;
    let mean = |arm: usize, position: usize| match &generator.cells[arm][position] {
        Outcome::Value(cell) => cell.expectation(),
        Outcome::Yes(quantile) => crate::math::dist::normal::cdf(*quantile),
        Outcome::Grade { thresholds, shift } => {
            thresholds.iter().map(|edge| crate::math::dist::normal::sf(edge - shift)).sum()
        }
    };
    let baseline = generator.visits.iter().position(|known| Some(*known) == world.design.baseline);
    let measured = |arm: usize| {
        let before = match (measure, baseline) {
            (Measure::Change, Some(baseline)) => mean(arm, baseline),
            _ => 0.0,
        };
        mean(arm, position) - before
    };
    let (mean_active, mean_placebo) = (measured(ACTIVE), measured(PLACEBO));
    let mut truth = Truth {
        endpoint: world.design.endpoints[endpoint].id.clone(),
        visit: world.design.visits[visit].id.clone(),
        measure: measure.name(),
        mean_active,
        mean_placebo,
        difference: mean_active - mean_placebo,
        p10: None,
        p01: None,
        odds_ratio: None,
        cells: None,
        p_active_higher: None,
        p_active_lower: None,
    };
    categories(generator, position, &mut truth);
    Some(truth)
}

fn categories(generator: &Generator, position: usize, truth: &mut Truth) {
    match (&generator.cells[ACTIVE][position], &generator.cells[PLACEBO][position]) {
        (Outcome::Yes(active), Outcome::Yes(placebo)) => {
            let both = both_below(*active, *placebo, generator.knee);
            let (p10, p01) = (truth.mean_active - both, truth.mean_placebo - both);
            (truth.p10, truth.p01, truth.odds_ratio) = (Some(p10), Some(p01), Some(p10 / p01));
        }
        (Outcome::Grade { thresholds, shift }, Outcome::Grade { shift: other, .. }) => {
            let edge = |grade: usize, shift: f64| match grade.checked_sub(1) {
                None => f64::NEG_INFINITY,
                Some(below) => thresholds.get(below).map_or(f64::INFINITY, |edge| edge - shift),
            };
            let below = |a: f64, b: f64| {
                let cut = |x: f64| x.clamp(-9.0, 9.0);
                if a == f64::NEG_INFINITY || b == f64::NEG_INFINITY {
                    0.0
                } else {
                    both_below(cut(a), cut(b), generator.knee)
                }
            };
            let size = thresholds.len() + 1;
            let cells: Vec<Vec<f64>> = (0..size)
                .map(|row| {
                    let (a0, a1) = (edge(row, *shift), edge(row + 1, *shift));
                    let cell = |column: usize| {
                        let (b0, b1) = (edge(column, *other), edge(column + 1, *other));
                        below(a1, b1) - below(a0, b1) - below(a1, b0) + below(a0, b0)
                    };
                    (0..size).map(cell).collect()
                })
                .collect();
            let sum = |keep: fn(usize, usize) -> bool| {
                let of_row = |(row, list): (usize, &Vec<f64>)| -> f64 {
                    list.iter().enumerate().filter(|(column, _)| keep(row, *column)).map(|(_, p)| p).sum()
                };
                cells.iter().enumerate().map(of_row).sum::<f64>()
            };
            truth.p_active_higher = Some(sum(|row, column| row > column));
            truth.p_active_lower = Some(sum(|row, column| row < column));
            truth.cells = Some(cells);
        }
        _ => {}
    }
}
