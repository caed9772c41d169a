//! A cell: unrounded values with the way they are printed.

use super::rounding;
use crate::analysis::counted::percent;

/// One table cell. Every variant keeps its values unrounded; [`Cell::text`] prints them.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing to show.
    Empty,
    /// Words.
    Text(String),
    /// Words around numbers, with the unrounded numbers in the order in which they are printed.
    Said(String, Vec<f64>),
    /// A count.
    Count(usize),
    /// A count and what it is of: `7 (24.1%)`; a zero count prints without a percentage.
    CountPercent(usize, usize),
    /// A number with its decimals.
    Number(Option<f64>, usize),
    /// Mean and SD (or estimate and SE), each with its decimals.
    Spread(Option<f64>, usize, Option<f64>, usize),
    /// An interval or range with common decimals.
    Interval(Option<f64>, Option<f64>, usize),
    /// A p-value.
    PValue(Option<f64>),
}

/// What stands where a value does not exist.
pub const ABSENT: &str = "–";

impl Cell {
    /// The cell as printed; `joint` stands between the limits of an interval.
    pub fn text(&self, joint: &str) -> String {
        let number = |value: &Option<f64>, decimals: usize| {
            value.map_or_else(|| ABSENT.to_owned(), |value| rounding::print(value, decimals))
        };
        match self {
            Self::Empty => String::new(),
            Self::Text(text) | Self::Said(text, _) => text.clone(),
            Self::Count(count) => count.to_string(),
            Self::CountPercent(0, _) => "0".to_owned(),
            Self::CountPercent(count, of) => {
                format!("{count} ({}%)", rounding::print(percent(*count, *of), 1))
            }
            Self::Number(value, decimals) => number(value, *decimals),
            Self::Spread(None, _, None, _) => ABSENT.to_owned(),
            Self::Spread(centre, decimals, spread, spread_decimals) => {
                format!("{} ({})", number(centre, *decimals), number(spread, *spread_decimals))
            }
            Self::Interval(None, None, _) => ABSENT.to_owned(),
            Self::Interval(low, high, decimals) => {
                let decimals = &rounding::interval_decimals(*low, *high, *decimals);
                let limit = |value: &Option<f64>| match value {
                    Some(value) if value.is_infinite() => {
                        if *value > 0.0 {
                            "∞".to_owned()
                        } else {
                            format!("{}∞", rounding::MINUS)
                        }
                    }
                    value => number(value, *decimals),
                };
                format!("{}{joint}{}", limit(low), limit(high))
            }
            Self::PValue(p) => p.map_or_else(|| ABSENT.to_owned(), rounding::p_value),
        }
    }

    /// The unrounded values, for renderers that keep numbers as numbers.
    pub fn values(&self) -> Vec<Option<f64>> {
        match self {
            Self::Empty | Self::Text(_) => Vec::new(),
            Self::Said(_, values) => values.iter().copied().map(Some).collect(),
            Self::Count(count) => vec![Some(*count as f64)],
            Self::CountPercent(count, of) => vec![Some(*count as f64), Some(*of as f64)],
            Self::Number(value, _) | Self::PValue(value) => vec![*value],
            Self::Spread(centre, _, spread, _) => vec![*centre, *spread],
            Self::Interval(low, high, _) => vec![*low, *high],
        }
    }

    /// The unrounded numbers behind what is printed, in that order: of a count with a percentage both. Limits that are
    /// infinite or do not exist are no numbers.
    pub fn printed(&self) -> Vec<f64> {
        match self {
            Self::CountPercent(0, _) => vec![0.0],
            Self::CountPercent(count, of) => vec![*count as f64, percent(*count, *of)],
            _ => self.values().into_iter().flatten().filter(|value| value.is_finite()).collect(),
        }
    }
}
