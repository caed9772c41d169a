//! The numbers of a comparison as tables print them: in the unit of the endpoint, or as the ratio of geometric means or of
//! rates whose logarithm the record holds, with the fields they come from.

use super::Material;
use super::tables::{LIMITS, decimals};
use crate::analysis::{Ratio, Record, Scale};
use crate::table::{Cell, rounding};
use crate::trial::Measure;

/// A comparison on its printed scale.
pub struct Shown<'r> {
    record: &'r Record,
    scale: Scale,
    decimals: (usize, usize),
}

/// Whether tables carry numbers on `scale` back to ratios. Log odds stay as they are, as the footnote of their method says.
fn carried_back(scale: Scale) -> bool {
    scale.ratio().is_some_and(Ratio::is_tabulated)
}

/// As many decimals as a ratio with these limits needs: two, and more where a limit near 1 would print as 1 or a small one
/// as 0.
pub fn ratio_decimals(low: Option<f64>, high: Option<f64>) -> usize {
    let from_one = |value: Option<f64>| value.map(|value| value - 1.0);
    let apart = rounding::interval_decimals(from_one(low), from_one(high), 2);
    rounding::interval_decimals(low.filter(|low| *low > 0.0), high, apart)
}

impl<'r> Shown<'r> {
    /// `record` as a result of its own method.
    pub fn of(material: &Material, record: &'r Record) -> Self {
        Self::as_method(material, record, record.result.method)
    }

    /// `record`, with the decimals of the results of `method`.
    pub fn as_method(material: &Material, record: &'r Record, method: &str) -> Self {
        let scale = Scale::of(&record.result).unwrap_or(Scale::Difference);
        let plain = record.endpoint.map_or((2, 3), |endpoint| decimals(material, endpoint, method));
        let back = |value: Option<f64>| value.map(|value| scale.shown(value));
        let decimals = if carried_back(scale) {
            let of_ratio = ratio_decimals(back(record.result.conf_low), back(record.result.conf_high));
            (of_ratio, of_ratio + 1)
        } else {
            plain
        };
        Self { record, scale, decimals }
    }

    fn back(&self, value: Option<f64>) -> Option<f64> {
        if carried_back(self.scale) { value.map(|value| self.scale.shown(value)) } else { value }
    }

    /// The estimate.
    pub fn estimate(&self) -> Cell {
        Cell::Number(self.back(self.record.result.estimate), self.decimals.0)
    }

    /// The standard error; of a ratio of means by the delta method, of a ratio of rates that of its logarithm.
    pub fn error(&self) -> Cell {
        let result = &self.record.result;
        let error =
            if self.scale == Scale::Log(Ratio::Means) { result.number("ratio_std_error") } else { result.std_error };
        Cell::Number(error, self.decimals.1)
    }

    /// The limits.
    pub fn interval(&self) -> Cell {
        self.limits(self.record.result.conf_low, self.record.result.conf_high)
    }

    /// Other limits of the same comparison.
    pub fn limits(&self, low: Option<f64>, high: Option<f64>) -> Cell {
        Cell::Interval(self.back(low), self.back(high), self.decimals.0)
    }

    /// A further number on the scale of the comparison.
    pub fn number(&self, value: Option<f64>) -> Cell {
        Cell::Number(self.back(value), self.decimals.0)
    }

    /// The fields behind estimate, standard error and limits.
    pub fn fields(&self) -> [&'static str; 3] {
        match self.scale.ratio() {
            Some(Ratio::Means) => ["ratio", "ratio_std_error", "ratio_low ratio_high"],
            Some(Ratio::Rates) => ["rate_ratio", "std_error", "rate_ratio_low rate_ratio_high"],
            _ => ["estimate", "std_error", LIMITS],
        }
    }
}

/// Whether what is described are ratios: the differences of an endpoint on logarithms.
pub fn describes_ratios(record: &Record) -> bool {
    record.result.method == "descriptive" && Scale::of(&record.result) == Some(Scale::Log(Ratio::Means))
}

/// The fields of a description that a cell prints (`q1 q3`), by the names they have in `record`.
pub fn described_as(record: &Record, fields: &str) -> String {
    if !describes_ratios(record) || fields == "n" {
        return fields.to_owned();
    }
    fields.split(' ').map(|field| format!("ratio_{field}")).collect::<Vec<_>>().join(" ")
}

/// One number of a description, and the decimals of which values have `decimals`.
pub fn described(record: &Record, field: &str, decimals: usize) -> (Option<f64>, usize) {
    let decimals = if describes_ratios(record) { 2 } else { decimals };
    (record.result.number(&described_as(record, field)), decimals)
}

/// The geometric mean of an arm, or the ratio of both; `None` where the endpoint is not on logarithms.
pub fn geometric(record: &Record, decimals: usize) -> Option<(Cell, &'static str)> {
    let (field, decimals) = if describes_ratios(record) { ("ratio", 2) } else { ("geometric_mean", decimals) };
    record.result.field(field)?;
    Some((Cell::Number(record.result.number(field), decimals), field))
}

/// What a row of geometric means is called.
pub fn geometric_label(material: &Material, endpoint: usize, measure: Measure) -> String {
    match measure {
        Measure::Value => {
            let means = crate::report::words::capital(&material.geometric_means(endpoint));
            material.words.say("table.geometric", &[("means", &means)])
        }
        Measure::Change => material.words.get("table.geometric_change"),
    }
}
