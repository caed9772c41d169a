//! Words that every part of the program uses, each defined once.

use serde::{Deserialize, Serialize};

/// The kind of scale an endpoint is measured on; it decides the default methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A score or measurement, such as VAS, WOMAC or cartilage volume.
    #[default]
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

    /// Whether it is a score or a count, of which differences and means are taken.
    pub fn is_score(self) -> bool {
        matches!(self, Self::Continuous | Self::Count)
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

/// Denominator degrees of freedom of a mixed model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Ddf {
    /// Kenward & Roger (1997), second order, as SAS `ddfm=kr`.
    #[default]
    KenwardRoger,
    /// Kenward & Roger, first order, as SAS `ddfm=kr(firstorder)`.
    KenwardRogerLinear,
    /// Satterthwaite.
    Satterthwaite,
    /// Between–within, by the rule of R's mmrm.
    BetweenWithin,
    /// As SAS `ddfm=bw`: all between-patient where the covariance is unstructured.
    BetweenWithinSas,
    /// Residual.
    Residual,
    /// Normal approximation.
    Asymptotic,
}

impl Ddf {
    /// Every method.
    pub const ALL: [Self; 7] = [
        Self::KenwardRoger,
        Self::KenwardRogerLinear,
        Self::Satterthwaite,
        Self::BetweenWithin,
        Self::BetweenWithinSas,
        Self::Residual,
        Self::Asymptotic,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::KenwardRoger => "kenward-roger",
            Self::KenwardRogerLinear => "kenward-roger-linear",
            Self::Satterthwaite => "satterthwaite",
            Self::BetweenWithin => "between-within",
            Self::BetweenWithinSas => "between-within-sas",
            Self::Residual => "residual",
            Self::Asymptotic => "asymptotic",
        }
    }

    /// The method called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.name() == name)
    }

    /// Whether it is Kenward and Roger's, of either order.
    pub fn is_kenward_roger(self) -> bool {
        matches!(self, Self::KenwardRoger | Self::KenwardRogerLinear)
    }
}

/// Information matrix of the covariance parameters behind the degrees of freedom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Information {
    /// Observed, as SAS and mmrm.
    #[default]
    Observed,
    /// Expected, as Kenward & Roger (1997) and pbkrtest.
    Expected,
}

impl Information {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Expected => "expected",
        }
    }
}

/// Weights of the levels a least-squares mean averages over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Weights {
    /// Equal weights.
    #[default]
    Equal,
    /// Weights as observed (SAS `OM`).
    Observed,
}

impl Weights {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Observed => "observed",
        }
    }
}
