//! What every paired test is asked with ([`Options`]) and answers with ([`TestResult`]).

use crate::math::dist::{normal, student_t};
use crate::note;
use crate::note::{Note, Notes};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// Direction of the alternative hypothesis, always about treated − control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alternative {
    /// The parameter differs from its null value.
    #[default]
    TwoSided,
    /// The parameter lies below its null value.
    Less,
    /// The parameter lies above its null value.
    Greater,
}

impl Alternative {
    /// The name used on the command line and in results: `two-sided`, `less`, `greater`.
    pub fn name(self) -> &'static str {
        match self {
            Self::TwoSided => "two-sided",
            Self::Less => "less",
            Self::Greater => "greater",
        }
    }

    /// The p-value from the probabilities of a statistic at most, and at least, the observed one: two-sided twice the
    /// smaller, at most 1.
    pub(crate) fn p_of_tails(self, lower: f64, upper: f64) -> f64 {
        match self {
            Self::TwoSided => (2.0 * lower.min(upper)).min(1.0),
            Self::Less => lower,
            Self::Greater => upper,
        }
    }

    /// The p-value of a t statistic.
    pub(crate) fn p_of_t(self, statistic: f64, df: f64) -> f64 {
        match self {
            Self::TwoSided => student_t::two_sided(statistic, df),
            Self::Less => student_t::cdf(statistic, df),
            Self::Greater => student_t::sf(statistic, df),
        }
    }

    /// The p-value of a standard normal statistic.
    pub(crate) fn p_of_z(self, z: f64) -> f64 {
        match self {
            Self::TwoSided => normal::two_sided(z),
            Self::Less => normal::cdf(z),
            Self::Greater => normal::sf(z),
        }
    }

    /// The limits of an interval, the open side of a one-sided one at the bound of the parameter.
    pub(crate) fn limits(self, low: f64, high: f64, bounds: (f64, f64)) -> (f64, f64) {
        match self {
            Self::TwoSided => (low, high),
            Self::Less => (bounds.0, high),
            Self::Greater => (low, bounds.1),
        }
    }
}

/// A share in per cent, for print: without the rounding noise of the multiplication.
pub(super) fn percent(share: f64) -> f64 {
    (1e11 * share).round() / 1e9
}

/// The bounds of a parameter that can be any number.
pub(crate) const UNBOUNDED: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

/// What every test is asked with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Direction of the alternative.
    pub alternative: Alternative,
    /// Confidence level of the intervals, strictly between 0 and 1.
    pub conf_level: f64,
    /// The null value of the parameter.
    pub mu: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { alternative: Alternative::TwoSided, conf_level: 0.95, mu: 0.0 }
    }
}

impl Options {
    /// The error probability on one side of an interval: α/2 where it is two-sided, else α.
    pub(crate) fn tail(&self) -> f64 {
        let alpha = 1.0 - self.conf_level;
        if self.alternative == Alternative::TwoSided { 0.5 * alpha } else { alpha }
    }
}

/// Why a test has no answer for these data: a note whose text is one plain sentence, without a full stop.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub Note);

/// One extra field of a result, beyond those that every test shares.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// A number; `None` where it does not exist (serialised as `null`).
    Number(Option<f64>),
    /// A count.
    Count(u64),
    /// A word, such as the variant that was used.
    Text(String),
    /// A list of numbers.
    Numbers(Vec<Option<f64>>),
    /// A table of counts, row by row.
    Table(Vec<Vec<u64>>),
    /// Anything with a structure of its own (for instance the effects of a repeated-measures ANOVA).
    Json(serde_json::Value),
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(value) => finite(*value).serialize(serializer),
            Self::Count(value) => value.serialize(serializer),
            Self::Text(value) => value.serialize(serializer),
            Self::Numbers(values) => {
                values.iter().map(|value| finite(*value)).collect::<Vec<_>>().serialize(serializer)
            }
            Self::Table(rows) => rows.serialize(serializer),
            Self::Json(value) => value.serialize(serializer),
        }
    }
}

/// JSON has no infinity: an unbounded limit is reported as absent.
fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|number| number.is_finite())
}

/// The answer of a test. Field names follow R's broom; a value that does not exist is `None`, never NaN.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TestResult {
    /// Name of the method as on the command line, for instance `paired-t`.
    pub method: &'static str,
    /// Pairs that entered the test (both sides observed).
    pub n_pairs: usize,
    /// Pairs dropped because a side was missing; filled in by whoever formed the pairs.
    pub n_dropped: usize,
    /// Direction of the alternative.
    pub alternative: Alternative,
    /// Confidence level of the interval.
    pub conf_level: f64,
    /// Estimate of the parameter (treated − control unless the method says otherwise).
    pub estimate: Option<f64>,
    /// Standard error of the estimate.
    pub std_error: Option<f64>,
    /// Test statistic.
    pub statistic: Option<f64>,
    /// Degrees of freedom.
    pub df: Option<f64>,
    /// p-value.
    pub p_value: Option<f64>,
    /// Lower confidence limit (`-inf` for a one-sided interval; printed as `null`).
    pub conf_low: Option<f64>,
    /// Upper confidence limit (`inf` for a one-sided interval; printed as `null`).
    pub conf_high: Option<f64>,
    /// Whether the p-value is exact; `None` where the question does not arise.
    pub exact: Option<bool>,
    /// Choices made where packages disagree, and reasons for absent values.
    pub notes: Notes,
    /// Fields of this method alone, in printing order, under the names of the interface contract.
    pub extra: Vec<(&'static str, Field)>,
}

impl TestResult {
    /// An empty answer for `method` on `n_pairs` pairs under `options`.
    pub fn new(method: &'static str, n_pairs: usize, options: &Options) -> Self {
        Self { method, n_pairs, alternative: options.alternative, conf_level: options.conf_level, ..Self::default() }
    }

    /// An empty answer for a method whose hypothesis has neither a direction nor a null value (omnibus tests, measures of
    /// agreement): its alternative is two-sided whatever was asked, and a note says so where something else was.
    pub fn undirected(method: &'static str, n_pairs: usize, options: &Options) -> Self {
        let mut result = Self { alternative: Alternative::TwoSided, ..Self::new(method, n_pairs, options) };
        if options.alternative != Alternative::TwoSided {
            result.notes.push(note!(no_direction, alternative = options.alternative.name()));
        }
        result.note_unused_mu(options);
        result
    }

    /// Says that the null value asked for plays no part in this method.
    pub(super) fn note_unused_mu(&mut self, options: &Options) {
        if options.mu != 0.0 {
            self.notes.push(note!(no_null, option = options.mu));
        }
    }

    /// The extra field `name`, if this method has it.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.extra.iter().find(|(key, _)| *key == name).map(|(_, field)| field)
    }

    /// The extra field `name` as a number, if this method has it and it exists.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.field(name)? {
            Field::Number(value) => *value,
            Field::Count(value) => Some(*value as f64),
            _ => None,
        }
    }
}

impl Serialize for TestResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("method", self.method)?;
        map.serialize_entry("n_pairs", &self.n_pairs)?;
        map.serialize_entry("n_dropped", &self.n_dropped)?;
        map.serialize_entry("alternative", self.alternative.name())?;
        map.serialize_entry("conf_level", &self.conf_level)?;
        map.serialize_entry("estimate", &finite(self.estimate))?;
        map.serialize_entry("std_error", &finite(self.std_error))?;
        map.serialize_entry("statistic", &finite(self.statistic))?;
        map.serialize_entry("df", &finite(self.df))?;
        map.serialize_entry("p_value", &finite(self.p_value))?;
        map.serialize_entry("conf_low", &finite(self.conf_low))?;
        map.serialize_entry("conf_high", &finite(self.conf_high))?;
        map.serialize_entry("exact", &self.exact)?;
        for (name, field) in &self.extra {
            map.serialize_entry(name, field)?;
        }
        map.serialize_entry("notes", &self.notes)?;
        map.end()
    }
}
