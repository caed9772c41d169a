//! What the plan declares about the trial: arms, visits and endpoints.

use super::codes::Level;
use super::derived::{Derived, Summary};
use super::transform::Logarithm;
pub use crate::terms::{Better, Kind};
use serde::Serialize;

/// What belongs to an endpoint that is the time to an event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimeToEvent {
    /// The data column of the status: 1 for an event at the time, 0 where observation ended without one.
    pub status: String,
    /// What the codes of the status mean, censored before event; empty where they are 0 and 1.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<Level>,
    /// Horizon of the restricted mean, in the unit of the time; the longest that both arms reach where it is absent.
    pub tau: Option<f64>,
    /// Whether the restricted mean decides.
    #[serde(skip)]
    pub mean_decides: bool,
    /// Times at which the shares without the event are compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<f64>,
}

/// The role of an endpoint or of a result in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Decides the trial.
    Primary,
    /// Supports it.
    Secondary,
    /// The same question under other assumptions.
    Sensitivity,
    /// Harms.
    Safety,
    /// Describes, without inference.
    Descriptive,
}

impl Role {
    /// The name used in result identifiers and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
            Self::Sensitivity => "sensitivity",
            Self::Safety => "safety",
            Self::Descriptive => "descriptive",
        }
    }
}

/// One outcome measured on a knee at visits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Endpoint {
    /// Stable identifier used in result ids and file names, for instance `vas`.
    pub id: String,
    /// Name for people, for instance `VAS pain`.
    pub name: String,
    /// The data column that holds it.
    pub column: String,
    /// Scale.
    pub kind: Kind,
    /// The data column with the exposure of a count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure: Option<String>,
    /// Whether it is a count that is concluded by the ratio of rates.
    #[serde(skip)]
    pub rated: bool,
    /// Unit, such as `mm`; empty for a bare score.
    pub unit: String,
    /// Lowest and highest possible value.
    pub range: Option<(f64, f64)>,
    /// Values are multiples of this step (Lequesne 0.5).
    pub step: Option<f64>,
    /// Direction of benefit.
    pub better: Better,
    /// Smallest improvement of one knee from its own baseline that matters to the patient, positive, in the endpoint's
    /// unit: who responds.
    pub minimal_improvement: Option<f64>,
    /// Source of it.
    pub minimal_improvement_source: Option<String>,
    /// Smallest difference between the means of the arms that matters, positive, in the endpoint's unit: how important a
    /// difference is, and what bands of figures show. Another number than the improvement within a knee.
    pub important_difference: Option<f64>,
    /// Source of it.
    pub important_difference_source: Option<String>,
    /// Equivalence margin, positive; only where the plan claims equivalence.
    pub margin: Option<f64>,
    /// Role in the plan.
    pub role: Role,
    /// Indices into [`Design::visits`] at which the endpoint is measured, in order.
    pub visits: Vec<usize>,
    /// Decimals of the data as collected.
    pub decimals: usize,
    /// Whether `decimals` are those found in the data, because the plan declares neither them nor a step.
    pub decimals_from_data: bool,
    /// Paired tests asked for by the plan; empty means the defaults of the kind.
    pub tests: Vec<String>,
    /// Grades or answers that the data write as words or codes, the lowest first; empty where they are numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<Level>,
    /// How it is derived from the values as collected, where it is.
    pub derived: Option<Derived>,
    /// The logarithm on which it is analysed, where the plan says so: `margin` and `important_difference` are ratios then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logarithm: Option<Logarithm>,
    /// Status and horizon, where it is the time to an event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub survival: Option<TimeToEvent>,
}

impl Endpoint {
    /// Whether values as collected are read at `visit`.
    pub fn reads(&self, visit: usize) -> bool {
        self.visits.contains(&visit) || self.derived.as_ref().is_some_and(|derived| derived.from.contains(&visit))
    }

    /// A margin of the plan on the scale of the analysis: the logarithm of a ratio, else as it is.
    pub fn on_scale(&self, size: f64) -> f64 {
        if self.logarithm.is_some() { size.ln() } else { size }
    }

    /// The difference between the arms that matters, on the scale of the analysis.
    pub fn important(&self) -> Option<f64> {
        self.important_difference.map(|size| self.on_scale(size))
    }

    /// The equivalence margin on the scale of the analysis.
    pub fn equivalence(&self) -> Option<f64> {
        self.margin.map(|size| self.on_scale(size))
    }

    /// The unit of differences between the arms; empty where they are ratios.
    pub fn unit_of_difference(&self) -> &str {
        if self.logarithm.is_some() { "" } else { &self.unit }
    }

    /// +1 where a positive active − placebo difference is a benefit, −1 where a negative one is; of the time to an event,
    /// a longer time.
    pub fn benefit_sign(&self) -> f64 {
        match self.better {
            Better::Lower => -1.0,
            Better::Higher => 1.0,
        }
    }
}

/// One scheduled visit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Visit {
    /// The label as in the data and in print, for instance `Month 6`.
    pub label: String,
    /// Short stable identifier, for instance `m6`.
    pub id: String,
    /// Time in months since baseline, where declared in the data.
    pub month: Option<f64>,
}

/// The arms: labels as in the data. Each knee is on one of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Arms {
    /// The active treatment.
    pub active: String,
    /// The placebo.
    pub placebo: String,
    /// Further arms of the same trial, in order; they enter mixed models and descriptions, not active − placebo.
    pub other: Vec<String>,
}

/// Index of the placebo arm among [`Arms::labels`].
pub const PLACEBO: usize = 0;
/// Index of the active arm among [`Arms::labels`].
pub const ACTIVE: usize = 1;

impl Arms {
    /// All labels: placebo (the reference) first, then active, then the others.
    pub fn labels(&self) -> Vec<&str> {
        let mut labels = vec![self.placebo.as_str(), self.active.as_str()];
        labels.extend(self.other.iter().map(String::as_str));
        labels
    }

    /// The index of `label` among [`Arms::labels`].
    pub fn index(&self, label: &str) -> Option<usize> {
        self.labels().iter().position(|known| *known == label)
    }
}

/// What the plan says the data must look like.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Design {
    /// Arms.
    pub arms: Arms,
    /// Visits in order; a trial without a visit column has exactly one.
    pub visits: Vec<Visit>,
    /// The baseline visit, if there is one.
    pub baseline: Option<usize>,
    /// The visit of the primary analysis.
    pub primary: usize,
    /// Endpoints in the plan's order.
    pub endpoints: Vec<Endpoint>,
}

impl Design {
    /// The columns of exposures that are no endpoints themselves, once each.
    pub fn exposures(&self) -> Vec<String> {
        let mut columns: Vec<String> = Vec::new();
        for column in self.endpoints.iter().filter_map(|endpoint| endpoint.exposure.as_ref()) {
            if !columns.contains(column) && !self.endpoints.iter().any(|endpoint| endpoint.column == *column) {
                columns.push(column.clone());
            }
        }
        columns
    }

    /// The visits after baseline at which `endpoint` is measured, in order: those that are compared. Visits before
    /// baseline (screening) are listed and described only.
    pub fn follow_up(&self, endpoint: &Endpoint) -> Vec<usize> {
        endpoint.visits.iter().copied().filter(|visit| self.is_after_baseline(*visit)).collect()
    }

    /// The baseline of `endpoint` where it is the same quantity as the values after it: not of an area, a mean or an extreme
    /// over the visits, which keeps the score before as its baseline.
    pub fn baseline_alike(&self, endpoint: &Endpoint) -> Option<usize> {
        let alike = endpoint.derived.as_ref().is_none_or(|derived| derived.summary == Summary::BaselineMean);
        self.baseline.filter(|baseline| alike && endpoint.visits.contains(baseline))
    }

    /// Whether `visit` comes after baseline; every visit does where there is no baseline.
    pub fn is_after_baseline(&self, visit: usize) -> bool {
        self.baseline.is_none_or(|baseline| visit > baseline)
    }

    /// Whether `endpoint` is measured at baseline.
    pub fn has_baseline(&self, endpoint: &Endpoint) -> bool {
        self.baseline.is_some_and(|baseline| endpoint.visits.contains(&baseline))
    }
}

/// `: are these days?` where a number is as many times a month as a month has days or weeks; empty where it is not.
pub fn other_unit(month: f64, number: f64) -> &'static str {
    match number / month {
        times if (27.0..=33.0).contains(&times) => ": are these days?",
        times if (3.9..=4.6).contains(&times) => ": are these weeks?",
        times if (0.07..=0.1).contains(&times) => ": are these years?",
        _ => "",
    }
}
