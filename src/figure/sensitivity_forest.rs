//! Sensitivity forest: the primary analysis and every sensitivity analysis of the same estimate on one axis.

use super::axis::Numbers;
use super::forest::{self, Block, Forest, Labels, Row};
use super::style::Style;
use super::{Figure, FigureError, Heading};
use crate::trial::Better;

const KIND: &str = "sensitivity-forest";

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct SensitivityForest {
    /// Number, title, description, footnotes.
    pub heading: Heading,
    /// Endpoint with its unit, and the visit.
    pub label: String,
    /// Analyses from top to bottom; the primary one first. Its estimate is carried down as a dashed guide.
    pub rows: Vec<Row>,
    /// Half-width of the grey band: the MCID or the margin of the plan.
    pub mcid: Option<f64>,
    /// Which direction of the endpoint is better.
    pub better: Better,
    /// Decimals of the differences as printed.
    pub decimals: usize,
    /// What the differences stand for.
    pub numbers: Numbers,
    /// Words on the figure.
    pub labels: Labels,
}

/// Draws the figure.
///
/// # Errors
/// [`FigureError::Empty`] when no analysis has an estimate; [`FigureError::NotFinite`] when a number is not finite.
pub fn draw(input: &SensitivityForest, style: &Style) -> Result<Figure, FigureError> {
    let block = Block {
        label: input.label.clone(),
        rows: input.rows.clone(),
        mcid: input.mcid,
        better: input.better,
        decimals: input.decimals,
        numbers: input.numbers,
    };
    let guide = input.rows.iter().find(|r| r.primary).and_then(|r| r.difference.mean);
    let forest = Forest { heading: input.heading.clone(), blocks: vec![block], labels: input.labels.clone() };
    forest::draw_as(KIND, &forest, style, 168.0, guide)
}
