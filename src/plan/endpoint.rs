//! `[[endpoint]]`: an outcome, what it is derived from, and its place in the trial.

use super::data_file::FilePlan;
use super::named::Named;
use super::options::{Objective, PrimaryMethod};
use crate::terms::Kind;
use crate::trial::derived::{Gaps, Summary};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointPlan {
    /// Name in print, for instance `VAS pain`.
    pub name: String,
    /// Identifier in results and file names; derived from `column` where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// CDISC parameter code in the exported analysis data: at most 8 characters, A–Z, 0–9 and `_`; from `id` where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paramcd: Option<String>,
    /// Column of the data (parameter code for `shape = "bds"`); `time` and `status` stand for it where `kind = "survival"`.
    #[serde(default)]
    pub column: String,
    /// The kind of scale.
    #[serde(default)]
    pub kind: Kind,
    /// Column with the exposure of a count: the days, or whatever it was counted over, of this knee at this visit. The count
    /// is then compared by the ratio of rates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposure: Option<String>,
    /// Unit in print, for instance `mm`.
    #[serde(default)]
    pub unit: String,
    /// Lowest and highest possible value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
    /// Possible values are multiples of this, for instance 0.5 for the Lequesne index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<f64>,
    /// The direction of benefit.
    pub better: BetterPlan,
    /// Smallest improvement of a knee from its own baseline that matters to the patient, positive, in the endpoint's
    /// unit. It makes responders; it says nothing about how large a difference between the arms has to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimal_improvement: Option<f64>,
    /// Where that improvement was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimal_improvement_source: Option<String>,
    /// The same as a share of the knee's own baseline, for instance 0.408 for 40.8 %.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimal_improvement_relative: Option<f64>,
    /// Smallest difference between the means of active and placebo knees that matters, positive, in the endpoint's unit.
    /// It decides whether a difference is called important, and is the band of figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub important_difference: Option<f64>,
    /// Where that difference was published, or how it was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub important_difference_source: Option<String>,
    /// Old name of `minimal_improvement`. It stood for two numbers at once; it is read as the improvement within a knee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcid: Option<f64>,
    /// Old name of `minimal_improvement_source`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcid_source: Option<String>,
    /// Old name of `minimal_improvement_relative`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcid_relative: Option<f64>,
    /// What the endpoint measures in the OMERACT-OARSI responder criteria, which need one endpoint for pain and one for
    /// function, both with their `range`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<DomainPlan>,
    /// Equivalence margin, positive; only where equivalence is claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// Non-inferiority margin, positive: how much worse than placebo would still be accepted. It adds a one-sided test at
    /// half of alpha (the limit is that of the two-sided interval), and makes no claim of equivalence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub non_inferiority_margin: Option<f64>,
    /// The hypothesis that the endpoint enters procedures and the gate with; beside others it claims no more than that.
    #[serde(default, skip_serializing_if = "Objective::is_superiority")]
    pub objective: Objective,
    /// Role in the trial; `primary` where it is the only endpoint, else `secondary`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RolePlan>,
    /// Visits at which it is measured; all visits where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visits: Option<Vec<String>>,
    /// Decimals of the data as collected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimals: Option<usize>,
    /// Paired tests, named as in `splitknee test`; those usual for the kind where left out. `friedman`, `cochran-q` and
    /// `rm-anova` look at all visits together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<String>,
    /// What several readings of one knee at one visit stand for (teeth, repeated measurements).
    #[serde(default)]
    pub replicates: ReplicatesPlan,
    /// Grades or answers as words or codes, the lowest first (no before yes): the words of the data, or
    /// `{ code = "1", label = "mild" }`. A grade whose codes are numbers keeps them; others are counted from the `range`'s
    /// lowest value, or from 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<Named>,
    /// Columns whose sum this endpoint is (subscales of a total); checked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sum_of: Vec<String>,
    /// Computes the endpoint from other columns of the same row, for instance `"pain + stiffness"` or
    /// `"100 * lesion / (lesion + healthy)"`; `column` is then a new name that no file has. Numbers, columns, `+ - * /`,
    /// parentheses, `log`, `log10`, `sqrt`, `exp`, `abs`, `min`, `max`. Only for `shape = "long"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute: Option<String>,
    /// Scoring of the endpoint from questionnaire items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<ScorePlan>,
    /// What is derived from the column over `visits` and filed at the last of them; percent changes at every visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derive: Option<DerivePlan>,
    /// What is done about missing visits of a derived endpoint; to be named, because each rule leaves other patients in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<GapsPlan>,
    /// The scale of the analysis: `log` compares natural logarithms, so that differences are ratios of geometric means.
    /// `margin`, `non_inferiority_margin` and `important_difference` are ratios above 1 then (1.25: from 1/1.25 to 1.25).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transform: Option<TransformPlan>,
    /// Added to every value before its logarithm, positive, where some values are 0; named wherever a ratio is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<f64>,
    /// For `kind = "survival"`: the column of the time to the event, or to the end of observation without one; positive, once
    /// per knee. Where a knee has rows at several visits it stands in one of them, or is the same in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// For `kind = "survival"`: the column of the status, 1 for an event at that time and 0 where observation ended without
    /// one; other codes are named by `levels`, censored before event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// For `kind = "survival"`: how far the restricted mean time reaches, in the unit of `time`. Left out, it is the longest
    /// time that both arms reach, which only the data tell: name it where `rmst` decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tau: Option<f64>,
    /// For `kind = "survival"`: times, in the unit of `time`, at which the shares without the event are compared. They
    /// describe and decide nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<f64>,
}

/// The scale on which an endpoint is analysed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TransformPlan {
    /// Natural logarithms: ratios of geometric means.
    Log,
}

impl EndpointPlan {
    /// Whether it is a count that is concluded by the ratio of rates: it has an exposure, or the plan's method says so.
    pub fn is_rated(&self, primary: PrimaryMethod) -> bool {
        self.kind == Kind::Count && (self.exposure.is_some() || primary.compares_rates())
    }
}

/// What is derived from a column over the visits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DerivePlan {
    /// Area under the curve by the trapezoid over the months, divided by its length: on the scale of the outcome.
    Auc,
    /// Mean of the visits.
    Mean,
    /// Worst of the visits.
    Worst,
    /// Best of the visits.
    Best,
    /// Percent change from the baseline of the same knee. Less efficient than a model with the baseline (Vickers 2001).
    PercentChange,
    /// The baseline as the mean of the visits up to the baseline visit, such as screening and baseline; other visits stay.
    BaselineMean,
}

/// What is done about missing visits of a derived endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GapsPlan {
    /// Without every visit there is no value.
    Complete,
    /// `auc`: a missing visit between two observed ones is bridged; the first and the last are needed.
    Interpolate,
    /// `auc`: as `interpolate`, and the last value is carried to the end.
    InterpolateCarry,
    /// `auc`: over the observed visits, divided by their span.
    ObservedSpan,
    /// `mean`, `worst`, `best`, `baseline-mean`: of the observed visits.
    Available,
}

impl DerivePlan {
    /// All, in the order of the documentation.
    pub const ALL: [Self; 6] =
        [Self::Auc, Self::Mean, Self::Worst, Self::Best, Self::PercentChange, Self::BaselineMean];

    /// As the trial knows it.
    pub fn summary(self) -> Summary {
        match self {
            Self::Auc => Summary::Auc,
            Self::Mean => Summary::Mean,
            Self::Worst => Summary::Worst,
            Self::Best => Summary::Best,
            Self::PercentChange => Summary::PercentChange,
            Self::BaselineMean => Summary::BaselineMean,
        }
    }
}

impl GapsPlan {
    /// As the trial knows it.
    pub fn gaps(self) -> Gaps {
        match self {
            Self::Complete => Gaps::Complete,
            Self::Interpolate => Gaps::Interpolate,
            Self::InterpolateCarry => Gaps::InterpolateCarry,
            Self::ObservedSpan => Gaps::ObservedSpan,
            Self::Available => Gaps::Available,
        }
    }
}

/// What several readings of one knee at one visit stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplicatesPlan {
    /// Nothing: a second reading is an error.
    #[default]
    Refuse,
    /// Their mean.
    Mean,
    /// Their median.
    Median,
    /// The first in the file.
    First,
}

/// A domain of the OMERACT-OARSI responder criteria.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DomainPlan {
    /// Pain.
    Pain,
    /// Function.
    Function,
    /// The patient's global assessment of this knee.
    Global,
}

/// How an endpoint is scored from questionnaire items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScorePlan {
    /// Instrument, as in `splitknee score`, for instance `womac-lk`.
    pub instrument: String,
    /// Scale of the instrument, for instance `pain`, `stiffness`, `function` or `total`.
    pub scale: String,
    /// Item columns in the instrument's order.
    pub items: Vec<String>,
    /// Whether the score is carried to 0–100, where 0 stays best.
    #[serde(default)]
    pub normalised: bool,
    /// File of the items, with the same columns for patient, knee and visit; the observations where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FilePlan>,
}

/// The direction of benefit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BetterPlan {
    /// Lower values are better.
    Lower,
    /// Higher values are better.
    Higher,
    /// `kind = "survival"`: the event is a harm (re-injection, arthroplasty), and later is better.
    Later,
    /// `kind = "survival"`: the event is a benefit (relief), and earlier is better.
    Earlier,
}

/// The role of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RolePlan {
    /// Decides the trial.
    Primary,
    /// Supports it.
    Secondary,
    /// Harms.
    Safety,
    /// Described without inference.
    Descriptive,
}
