//! A name of the plan whose data hold a code: a text (the data have it as it is printed), or a table of code and label.

use crate::trial::codes::Code;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// A name in print, with the codes that the data have for it; none where the data have the name itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named {
    /// The name in print.
    pub label: String,
    /// The codes in the data.
    pub codes: Vec<String>,
}

impl Named {
    /// Whether `text` is the name or one of its codes.
    pub fn is(&self, text: &str) -> bool {
        self.label == text || self.codes.iter().any(|code| code == text)
    }

    /// The code and label as the data are read with.
    pub fn code(&self) -> Code {
        Code { codes: self.codes.clone(), label: self.label.clone() }
    }
}

impl std::ops::Deref for Named {
    type Target = str;

    fn deref(&self) -> &str {
        &self.label
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}

impl From<&str> for Named {
    fn from(label: &str) -> Self {
        Self { label: label.to_owned(), codes: Vec::new() }
    }
}

/// The table that stands for a name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    code: CodeWritten,
    label: String,
}

/// One code or several, each a text, a whole number or true/false.
#[derive(Deserialize)]
#[serde(untagged)]
enum CodeWritten {
    One(OneCode),
    Several(Vec<OneCode>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneCode {
    Text(String),
    Number(i64),
    Truth(bool),
}

impl OneCode {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
            Self::Truth(truth) => truth.to_string(),
        }
    }
}

impl Serialize for Named {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        if self.codes.is_empty() {
            return self.label.serialize(serializer);
        }
        let mut table = serializer.serialize_map(Some(2))?;
        match self.codes.as_slice() {
            [only] => table.serialize_entry("code", only)?,
            several => table.serialize_entry("code", several)?,
        }
        table.serialize_entry("label", &self.label)?;
        table.end()
    }
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrTable;
        impl<'de> Visitor<'de> for TextOrTable {
            type Value = Named;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a table with `code` and `label`")
            }

            fn visit_str<E>(self, label: &str) -> Result<Named, E> {
                Ok(Named::from(label))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Named, A::Error> {
                let written = Written::deserialize(MapAccessDeserializer::new(map)).map_err(A::Error::custom)?;
                let codes = match written.code {
                    CodeWritten::One(code) => vec![code.text()],
                    CodeWritten::Several(codes) => codes.into_iter().map(OneCode::text).collect(),
                };
                Ok(Named { label: written.label, codes })
            }
        }
        deserializer.deserialize_any(TextOrTable)
    }
}

impl JsonSchema for Named {
    fn schema_name() -> Cow<'static, str> {
        "Named".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<CodeAndLabel>();
        json_schema!({ "anyOf": [table, { "type": "string" }] })
    }
}

/// A code of the data and the label it is printed by.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "describes the table for the JSON Schema; `Written` reads it")]
pub struct CodeAndLabel {
    /// The code in the data, or a list of codes: text, whole numbers, true or false.
    #[schemars(schema_with = "code_schema")]
    code: String,
    /// The name in print.
    label: String,
}

fn code_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["string", "integer", "boolean", "array"],
        "items": { "type": ["string", "integer", "boolean"] },
        "minItems": 1
    })
}
