//! Words that every part of the program uses, each defined once.

use serde::Serialize;

/// The kind of scale an endpoint is measured on; it decides the default methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A score or measurement, such as VAS, WOMAC or cartilage volume.
    Continuous,
    /// A grade, such as an MRI grade 0–3.
    Ordinal,
    /// Yes (1) or no (0).
    Binary,
    /// A count of events.
    Count,
    /// Time to an event that not every knee has: a time and a status, once per knee.
    Survival,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Continuous, Self::Ordinal, Self::Binary, Self::Count, Self::Survival];

    /// The name used in plans and results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Continuous => "continuous",
            Self::Ordinal => "ordinal",
            Self::Binary => "binary",
            Self::Count => "count",
            Self::Survival => "survival",
        }
    }
}

/// Which direction of a value is good for the patient; of the time to an event, a longer time is the higher value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// Smaller values are better (pain, MRI grades).
    Lower,
    /// Larger values are better (cartilage volume).
    Higher,
}
