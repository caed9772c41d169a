//! Words that every room uses, each defined once: those of the statistics, and those that the plan writes too.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use splitknee_stats::terms::{Better, Ddf, Information, Kind, Weights};

/// Language of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Japanese.
    #[serde(rename = "ja")]
    Japanese,
}

impl Language {
    /// The language with the BCP 47 tag `tag` (`en`, `ja`).
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag {
            "en" => Some(Self::English),
            "ja" => Some(Self::Japanese),
            _ => None,
        }
    }

    /// The BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Japanese => "ja",
        }
    }
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The score at the visit.
    #[default]
    Value,
    /// The change from the same knee's baseline.
    Change,
}

impl Measure {
    /// The name used in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Change => "change",
        }
    }
}
