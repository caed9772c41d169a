//! A file beside the observations as the plan names it: a path, or a table that also says how to read it.

use crate::data::Format;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// A data file and how to read it; what is left out is as `[data]` says (`missing`, `delimiter`, `decimal_comma`,
/// `encoding`) or found by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileTable {
    /// Path, relative to the plan's folder.
    pub path: String,
    /// Keep only rows for which this expression holds.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
    /// Sheet of a workbook; the only one that has cells where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Row that holds the column names, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header_row: Option<usize>,
    /// Cells that mean "missing".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<String>>,
    /// Columns in which an empty cell has the value above it (merged cells).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fill_down: Vec<String>,
    /// Format; by the extension where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Field separator of a text file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// Whether `12,5` means 12.5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimal_comma: Option<bool>,
    /// Encoding of a text file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
}

impl FileTable {
    /// A file of which nothing but the path is declared.
    pub fn named(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            rows: None,
            sheet: None,
            header_row: None,
            missing: None,
            fill_down: Vec::new(),
            format: None,
            delimiter: None,
            decimal_comma: None,
            encoding: None,
        }
    }
}

/// A data file: its path, or a table of `path`, `sheet`, `where`, `header_row`, `missing` and the like.
#[derive(Debug, Clone, PartialEq)]
pub struct FilePlan(pub FileTable);

impl std::ops::Deref for FilePlan {
    type Target = FileTable;

    fn deref(&self) -> &FileTable {
        &self.0
    }
}

impl Serialize for FilePlan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 == FileTable::named(&self.path) {
            self.path.serialize(serializer)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for FilePlan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PathOrTable;
        impl<'de> Visitor<'de> for PathOrTable {
            type Value = FilePlan;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a path, or a table with `path`")
            }

            fn visit_str<E>(self, path: &str) -> Result<FilePlan, E> {
                Ok(FilePlan(FileTable::named(path)))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FilePlan, A::Error> {
                FileTable::deserialize(MapAccessDeserializer::new(map)).map(FilePlan)
            }
        }
        deserializer.deserialize_any(PathOrTable)
    }
}

impl JsonSchema for FilePlan {
    fn schema_name() -> Cow<'static, str> {
        "FilePlan".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<FileTable>();
        json_schema!({ "anyOf": [table, { "type": "string" }] })
    }
}
