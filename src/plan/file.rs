//! The plan as written in `plan.toml`: trial, data, arms, visits, endpoints, analysis sets.
//!
//! These types are the file format. The JSON Schema, the check for unknown keys and the list of defaults in use are all
//! derived from them, so a key that is added here is known everywhere.

use super::bayes::BayesPlan;
use super::conduct::Conduct;
use super::contrasts::ContrastAdjust;
use super::data_file::FilePlan;
use super::estimand::{Estimand, EventsPlan};
use super::interim::InterimPlan;
use super::named::Named;
use super::options::{
    AnalysisPlan, CovariatePlan, Multiplicity, Objective, PrimaryMethod, ReportPlan, SafetyPlan, SampleSizePlan,
    Subgroup, Waiver,
};
use super::randomisation::RandomisationPlan;
use crate::data::Format;
use crate::trial::derived::{Gaps, Summary};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// An analysis plan of a split-knee trial (`plan.toml`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    /// What the trial is called and who runs it.
    pub trial: TrialInfo,
    /// Where the data are and which columns hold what: one table `[data]`, or several `[[data]]` whose rows are joined on
    /// patient, knee and visit.
    #[serde(deserialize_with = "one_or_several")]
    #[schemars(schema_with = "one_or_several_schema")]
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

/// When the two sites of a patient were treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    /// In one session.
    Concurrent,
    /// One after the other.
    Sequential,
}

/// Where the data are and which columns hold what. Paths are relative to the plan's folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataPlan {
    /// File of the observations.
    pub path: String,
    /// The columns of the observations that identify a measurement.
    pub columns: Columns,
    /// How the observations are laid out.
    #[serde(default)]
    pub shape: Shape,
    /// For `shape = "wide"`: the pattern of the measurement columns, with `{endpoint}` and where needed `{arm}`,
    /// `{knee}` and `{visit}`, for instance `"{endpoint}_{knee}_{visit}"`. For `shape = "bds"`: the pattern of parameter
    /// codes that name the side, for instance `"{endpoint}{knee}"` for `VASL` and `VASR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// For `shape = "bds"` (CDISC ADaM): the column with the parameter code; an endpoint's `column` is its code.
    #[serde(default = "paramcd")]
    pub parameter: String,
    /// For `shape = "bds"`: the column with the analysis value.
    #[serde(default = "aval")]
    pub value: String,
    /// Keep only rows for which this expression holds, for instance `ANL01FL == "Y"`.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
    /// File with one row per patient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patients: Option<FilePlan>,
    /// File of the randomisation: one row per knee, or one per patient (see `allocation_columns`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocation: Option<FilePlan>,
    /// Columns of the allocation file; those left out are named as in `columns`.
    #[serde(default)]
    pub allocation_columns: AllocationColumns,
    /// File of the adverse events: one row per event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adverse_events: Option<FilePlan>,
    /// Columns of the adverse events.
    #[serde(default)]
    pub event_columns: EventColumns,
    /// File of the disposition: one row per patient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<FilePlan>,
    /// Columns of the disposition.
    #[serde(default)]
    pub disposition_columns: DispositionColumns,
    /// File of the protocol deviations: one row per deviation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deviations: Option<FilePlan>,
    /// Columns of the protocol deviations.
    #[serde(default)]
    pub deviation_columns: DeviationColumns,
    /// Patient-level column with the date of randomisation, where the allocation file has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub randomisation_date: Option<String>,
    /// Column of the patient in the other files, where it differs from `columns.patient`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_column: Option<String>,
    /// Whether the files may lie outside the plan's folder.
    #[serde(default)]
    pub outside: bool,
    /// Cells that mean "missing".
    #[serde(default = "missing_codes")]
    pub missing: Vec<String>,
    /// Cells that mean "missing" in one column only, beside those of `missing`: `{ crp = ["99"] }`. A column is named as its
    /// file names it, in any file of the plan; in wide and BDS data also as the endpoint's `column`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub missing_in: BTreeMap<String, Vec<String>>,
    /// Words or codes that mean yes in the flags of events and in yes/no endpoints, beside `Y`, `yes`, `1`, `true`, `あり`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yes: Option<Codes>,
    /// Words or codes that mean no, beside `N`, `no`, `0`, `false`, `なし`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no: Option<Codes>,
    /// Format of the file of the observations; by its extension where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Field separator of text files, where it is not found by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// Whether `12,5` means 12.5 in text files, where it is not found by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimal_comma: Option<bool>,
    /// Encoding of text files, for instance `windows-1252` or `shift_jis`, where it is not found by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Sheet of a workbook; the only one that has cells where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Sheets of a workbook that each hold one visit and are called like it; `columns.visit` is then left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sheets: Vec<String>,
    /// The visit of all rows, where each visit has its own `[[data]]`; `columns.visit` is then left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<String>,
    /// Columns in which an empty cell has the value above it (merged cells, or an identifier written once per block).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fill_down: Vec<String>,
    /// Row of a workbook or text file that holds the column names, counted from 1.
    #[serde(default = "one")]
    pub header_row: usize,
    /// The tables `[[data]]` after the first: further files of observations.
    #[serde(skip_deserializing, skip_serializing_if = "Vec::is_empty")]
    #[schemars(skip)]
    pub further: Vec<DataPlan>,
}

impl DataPlan {
    /// This table for each of its `sheets`, which are visits; only itself where it names none.
    pub fn by_sheet(&self) -> Vec<DataPlan> {
        let of = |sheet: &String| DataPlan {
            sheet: Some(sheet.clone()),
            visit: Some(sheet.clone()),
            sheets: Vec::new(),
            ..self.clone()
        };
        if self.sheets.is_empty() { vec![self.clone()] } else { self.sheets.iter().map(of).collect() }
    }

    /// Every file of observations, this one first.
    pub fn observations(&self) -> impl Iterator<Item = &DataPlan> {
        std::iter::once(self).chain(&self.further)
    }
}

/// `[data]`, or the first of several `[[data]]` with the others in [`DataPlan::further`].
fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DataPlan, D::Error> {
    struct Tables;
    impl<'de> Visitor<'de> for Tables {
        type Value = DataPlan;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a table [data] or several [[data]]")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<DataPlan, A::Error> {
            DataPlan::deserialize(MapAccessDeserializer::new(map))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<DataPlan, A::Error> {
            let mut tables = Vec::<DataPlan>::deserialize(SeqAccessDeserializer::new(seq))?.into_iter();
            let first = tables.next().ok_or_else(|| A::Error::custom("[[data]] names no file"))?;
            Ok(DataPlan { further: tables.collect(), ..first })
        }
    }
    deserializer.deserialize_any(Tables)
}

fn one_or_several_schema(generator: &mut SchemaGenerator) -> Schema {
    let table = generator.subschema_for::<DataPlan>();
    json_schema!({ "anyOf": [table, { "type": "array", "items": table, "minItems": 1 }] })
}

fn paramcd() -> String {
    "PARAMCD".to_owned()
}

fn aval() -> String {
    "AVAL".to_owned()
}

fn missing_codes() -> Vec<String> {
    ["", "NA", "."].map(str::to_owned).to_vec()
}

fn one() -> usize {
    1
}

/// How the observations are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// One row per knee and visit, one column per endpoint.
    #[default]
    Long,
    /// One row per patient (or per patient and visit, or per knee), a column per combination of the rest.
    Wide,
    /// CDISC ADaM basic data structure: one row per knee, visit and parameter.
    Bds,
}

/// The columns that identify a measurement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// Patient identifier.
    pub patient: String,
    /// Side or body site; left out where the arm names the site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knee: Option<String>,
    /// Treatment; may be left out where an allocation file is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arm: Option<String>,
    /// Visit; needed where there are several visits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<String>,
    /// Time of the visit in months since baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month: Option<String>,
    /// Date of the visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
}

/// Columns of the allocation file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllocationColumns {
    /// Patient identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
    /// Side or body site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knee: Option<String>,
    /// Treatment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arm: Option<String>,
    /// Side of the active knee, where the list has one row per patient; the other knee is then on placebo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_knee: Option<String>,
    /// Treatment of the left knee, where the list has one row per patient and a column per side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
    /// Treatment of the right knee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<String>,
    /// Position in the randomisation list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// Date of randomisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
}

/// Columns of the adverse events file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EventColumns {
    /// Side or body site concerned; empty for an event of the whole patient.
    pub knee: String,
    /// Preferred term.
    pub term: String,
    /// Severity.
    pub severity: String,
    /// Whether serious (`Y`/`N`).
    pub serious: String,
    /// Whether related to treatment (`Y`/`N`).
    pub related: String,
    /// Day of onset, counted from the injection.
    pub start_day: String,
    /// Day of resolution.
    pub end_day: String,
    /// Whether the event is treatment-emergent (`Y`/`N`, as `TRTEMFL` of CDISC ADaM): it began, or became worse, on or
    /// after the injection. Where left out, an event is emergent unless its `start_day` is negative; one that became
    /// worse is then a row of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emergent: Option<String>,
    /// System organ class of the term (MedDRA, `AESOC` of CDISC); the tables of events then have a heading for each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organ_class: Option<String>,
    /// Date of onset, for the listing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
    /// Date of resolution, for the listing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date: Option<String>,
    /// What was done about the event, for the listing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// How the event ended, for the listing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}

impl Default for EventColumns {
    fn default() -> Self {
        Self {
            knee: "knee".to_owned(),
            term: "term".to_owned(),
            severity: "severity".to_owned(),
            serious: "serious".to_owned(),
            related: "related".to_owned(),
            start_day: "start_day".to_owned(),
            end_day: "end_day".to_owned(),
            emergent: None,
            organ_class: None,
            start_date: None,
            end_date: None,
            action: None,
            outcome: None,
        }
    }
}

/// Columns of the file of protocol deviations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeviationColumns {
    /// What the deviation was; equal descriptions are counted together.
    pub deviation: String,
    /// Side or body site concerned; empty, or no column, for the whole patient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub knee: Option<String>,
    /// Date, for the listing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Whether it was important (`Y`/`N`; ICH E3, section 10.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub important: Option<String>,
}

impl Default for DeviationColumns {
    fn default() -> Self {
        Self { deviation: "deviation".to_owned(), knee: None, date: None, important: None }
    }
}

/// Columns of the disposition file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DispositionColumns {
    /// How the patient left the trial, for instance `COMPLETED`.
    pub status: String,
    /// Why the patient left early.
    pub reason: String,
    /// Last visit attended.
    pub last_visit: String,
}

impl Default for DispositionColumns {
    fn default() -> Self {
        Self { status: "status".to_owned(), reason: "reason".to_owned(), last_visit: "last_visit".to_owned() }
    }
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
    pub kind: KindPlan,
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
        self.kind == KindPlan::Count && (self.exposure.is_some() || primary.compares_rates())
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

/// The kind of scale an endpoint is measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KindPlan {
    /// A score or measurement.
    #[default]
    Continuous,
    /// A grade.
    Ordinal,
    /// Yes (1) or no (0).
    Binary,
    /// A count of events; with `exposure` its rate is compared.
    Count,
    /// The time to an event that some knees have not had when observation ends (`time`, `status`).
    Survival,
}

impl KindPlan {
    /// Whether it is a score or a count, of which differences and means are taken.
    pub fn is_score(self) -> bool {
        matches!(self, Self::Continuous | Self::Count)
    }
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
