//! The plan as written in `plan.toml`: trial, data, arms, visits, endpoints, analysis sets.
//!
//! These types are the file format. The JSON Schema, the check for unknown keys and the list of defaults in use are all
//! derived from them, so a key that is added here is known everywhere.

use super::bayes::BayesPlan;
use super::conduct::Conduct;
use super::contrasts::ContrastAdjust;
use super::estimand::{Estimand, EventsPlan};
use super::interim::InterimPlan;
use super::named::Named;
use super::options::{
    AnalysisPlan, CovariatePlan, Multiplicity, ReportPlan, SafetyPlan, SampleSizePlan, Subgroup, Waiver,
};
use super::randomisation::RandomisationPlan;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

pub use super::data_tables::{
    AllocationColumns, Columns, DataPlan, DeviationColumns, DispositionColumns, EventColumns, Shape,
};
pub use super::endpoint::{
    BetterPlan, DerivePlan, DomainPlan, EndpointPlan, GapsPlan, ReplicatesPlan, RolePlan, ScorePlan, TransformPlan,
};

/// An analysis plan of a split-knee trial (`plan.toml`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    /// What the trial is called and who runs it.
    pub trial: TrialInfo,
    /// Where the data are and which columns hold what: one table `[data]`, or several `[[data]]` whose rows are joined on
    /// patient, knee and visit.
    #[serde(deserialize_with = "super::data_tables::one_or_several")]
    #[schemars(schema_with = "super::data_tables::one_or_several_schema")]
    pub data: DataPlan,
    /// The treatments, with the labels used in the data.
    pub arms: ArmsPlan,
    /// The sides, where the data have codes for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sides: Option<SidesPlan>,
    /// Scheduled visits; leave out where every knee is measured once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visits: Option<VisitsPlan>,
    /// The outcomes, in the order of the report.
    #[serde(rename = "endpoint")]
    pub endpoints: Vec<EndpointPlan>,
    /// Analysis sets, the primary one first; without any, all patients with data are analysed.
    #[serde(default, rename = "analysis_set")]
    pub analysis_sets: Vec<AnalysisSetPlan>,
    /// Methods.
    #[serde(default)]
    pub analysis: AnalysisPlan,
    /// How many patients were planned, and on which assumptions (CONSORT item 7a).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample_size: Option<SampleSizePlan>,
    /// Adjustment for several hypotheses.
    #[serde(default)]
    pub multiplicity: Multiplicity,
    /// How the trial was run, as far as the data do not hold it.
    #[serde(default)]
    pub conduct: Conduct,
    /// Looks at the primary comparison before the planned end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interim: Option<InterimPlan>,
    /// How the allocation list was drawn: for the methods section, and for the permutation test that redraws it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub randomisation: Option<RandomisationPlan>,
    /// A Bayesian summary beside the primary comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bayes: Option<BayesPlan>,
    /// Intercurrent events, for the estimands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<EventsPlan>,
    /// The estimand in the sense of ICH E9(R1): one table `[estimand]`, or several `[[estimand]]`, the first primary.
    #[serde(
        default,
        rename = "estimand",
        deserialize_with = "super::estimand::one_or_several",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(schema_with = "super::estimand::one_or_several_schema")]
    pub estimands: Vec<Estimand>,
    /// What patient-level columns are: numbers or factors, with the labels of their codes.
    #[serde(default, rename = "covariate")]
    pub covariates: Vec<CovariatePlan>,
    /// Patient-level factors for subgroup analyses.
    #[serde(default, rename = "subgroup")]
    pub subgroups: Vec<Subgroup>,
    /// Safety analyses.
    #[serde(default)]
    pub safety: SafetyPlan,
    /// What is written.
    #[serde(default)]
    pub report: ReportPlan,
    /// Checks whose findings were looked at and accepted, with the reason.
    #[serde(default, rename = "waive")]
    pub waivers: Vec<Waiver>,
}

/// What the trial is called and who runs it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrialInfo {
    /// Short identifier of the trial.
    pub id: String,
    /// Title of the trial.
    pub title: String,
    /// Whether the data are synthetic; every output then says so.
    #[serde(default)]
    pub synthetic: bool,
    /// Sponsor, printed in running titles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sponsor: Option<String>,
    /// Protocol number and version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Registration number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<String>,
    /// Condition treated, for instance `bilateral knee osteoarthritis`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Body site that is randomised, in the singular: knee, eye, foot, wound.
    #[serde(default = "knee")]
    pub site: String,
    /// The plural of `site`, for instance `carpi`; needed where English does not form it with an s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sites: Option<String>,
    /// How a site is treated, as the report calls it: by a `treatment` (where left out), an `injection`, an `application` to
    /// the skin, an `instillation` into the eye, an `operation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub administration: Option<Administration>,
    /// Why body sites rather than patients were randomised (CONSORT within-person item 3a).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rationale: Option<String>,
    /// Whether both sites were treated in one session or one after the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interventions: Option<Timing>,
    /// Date of the data (data cut), as `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_date: Option<String>,
    /// Where the data come from, and under which licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

fn knee() -> String {
    "knee".to_owned()
}

/// How a site is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Administration {
    /// In any way.
    #[default]
    Treatment,
    /// An injection.
    Injection,
    /// An application to the skin.
    Application,
    /// An instillation into the eye.
    Instillation,
    /// An operation.
    Operation,
}

/// When the two sites of a patient were treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    /// In one session.
    Concurrent,
    /// One after the other.
    Sequential,
}

/// The treatments, with the labels used in the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArmsPlan {
    /// The active treatment.
    pub active: Named,
    /// The placebo or control; the reference of every comparison.
    pub placebo: Named,
    /// Further treatments, where each patient received two of several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other: Vec<Named>,
    /// The comparisons of arms, for instance `["B - A", "C - A"]`, each with the arm that is compared first. All come from
    /// one mixed model, in which patients with two of several arms inform every contrast. The first is the primary
    /// comparison, active − placebo.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contrasts: Vec<String>,
    /// How the contrasts are adjusted for each other; `mvt` where left out. `dunnett` is for contrasts with one reference,
    /// `tukey` for all pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjust: Option<ContrastAdjust>,
}

/// The sides, where the data have codes for them. Left and right need no entry where they are called so, in any usual way
/// (`L`, `left`, `左`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SidesPlan {
    /// The left side, for instance `{ code = "1", label = "left" }`; the first of two sites that are not left and right.
    pub left: Named,
    /// The right side.
    pub right: Named,
    /// Both sides, of a local event at either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub both: Option<Codes>,
    /// The whole patient, of an event at neither side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub systemic: Option<Codes>,
}

/// A code of the data, or several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Codes {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

impl Codes {
    /// The codes.
    pub fn list(&self) -> Vec<String> {
        match self {
            Self::One(code) => vec![code.clone()],
            Self::Several(codes) => codes.clone(),
        }
    }
}

impl JsonSchema for Codes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Codes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "array"], "items": { "type": "string" }, "minItems": 1 })
    }
}

/// Scheduled visits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VisitsPlan {
    /// Labels as in the data, in time order, or `{ code = "1", label = "Month 3" }` where the data have codes.
    pub order: Vec<Named>,
    /// The visit before treatment; left out where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// The visit of the primary analysis; the last one where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<String>,
    /// Months since baseline of each visit; else read from labels such as `Month 6` and `Week 4`, else from the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub months: Option<Vec<f64>>,
    /// Permitted days of each visit.
    #[serde(default, rename = "window", skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
}

/// Permitted days of a visit, counted from the baseline visit (day 0).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Label of the visit.
    pub visit: String,
    /// First permitted day.
    pub from_day: f64,
    /// Last permitted day.
    pub to_day: f64,
}

/// A named set of patients.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnalysisSetPlan {
    /// Short name, for instance `FAS`.
    pub name: String,
    /// Name in full, for instance `Full analysis set`; the short name where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Which patients belong to it, for instance `fas == "Y"`; all patients with data where left out.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}
