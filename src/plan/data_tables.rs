//! `[data]`: where the data are, which columns hold what, and how cells are read.

use super::data_file::FilePlan;
use super::file::Codes;
use crate::data::Format;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

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
pub(super) fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DataPlan, D::Error> {
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

pub(super) fn one_or_several_schema(generator: &mut SchemaGenerator) -> Schema {
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
    /// Day of onset, counted from treatment; before it negative.
    pub start_day: String,
    /// Day of resolution.
    pub end_day: String,
    /// The number of the day of treatment in these columns: 1, as in CDISC, which has no day 0, or 0. Tables and figures of
    /// days say it; where left out they say that the plan does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_day: Option<u8>,
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
            first_day: None,
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
