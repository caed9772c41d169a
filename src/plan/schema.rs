//! The plan's JSON Schema, the check of a plan against it, and the defaults it leaves in force.
//!
//! serde stops at the first mistake; walking the document along the schema of the same types reports all of them, each
//! with its position and the nearest valid name.

use super::file::PlanFile;
use super::position::{Positions, fits, join, type_name};
use crate::trial::Finding;
use crate::trial::finding::{edit_distance, nearest};
use serde::Serialize;
use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

/// The JSON Schema (draft 2020-12) of `plan.toml`, for editors and for other programs.
pub fn schema() -> Value {
    let mut schema = typed();
    super::bounds::add(&mut schema);
    super::conditions::add(&mut schema);
    schema
}

/// The schema that the types of the plan give, without the bounds that [`super::cross`] checks in words.
fn typed() -> Value {
    let mut schema = schemars::schema_for!(PlanFile).to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert("title".to_owned(), Value::from("splitknee analysis plan"));
    }
    schema
}

/// The keys of the plan as a page of the documentation (`docs/plan.md`): one table per table of the plan.
pub fn markdown() -> String {
    let schema = typed();
    let mut page = String::from(
        "# The plan\n\n\
         Made from the types in `src/plan/` by the test `plan_life::the_documentation_of_the_plan_is_current`; do not edit by hand.\n\n\
         `splitknee init DIR` writes a plan with comments; `splitknee schema` gives the JSON Schema. Conditions (`where`) are\n\
         written as `fas == \"Y\" and (age >= 50 or sex in [\"F\"])`, with `missing` for an empty cell.\n\n\
         Where the data have codes, a name is written with its code, `{ code = \"1\", label = \"EV\" }` (or several codes,\n\
         `code = [\"1\", \"A\"]`): arms, visits, sides, severities, the levels of grades, answers and factors. Everything printed\n\
         has the label; other keys of the plan (`baseline`, `primary`, `visits`) name the label too, and `where` the data's code.\n",
    );
    section("", Node::top(&schema), &mut page);
    page
}

fn section(path: &str, node: Node<'_>, page: &mut String) {
    let Some(properties) = node.properties() else { return };
    let title = if path.is_empty() { "Top level".to_owned() } else { format!("`{path}`") };
    page.push_str(&format!("\n## {title}\n\n| key | value | default | meaning |\n|---|---|---|---|\n"));
    let required = node.required();
    let mut tables = Vec::new();
    for (key, property) in properties {
        let inner = node.at(property);
        let element = inner.resolved.get("items").map(|items| inner.at(items));
        let value = match (inner.words(), element) {
            _ if inner.is_named() => "text or `{ code, label }`".to_owned(),
            (None, Some(element)) if element.is_named() => "list of text or `{ code, label }`".to_owned(),
            (Some(words), _) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
            (None, Some(element)) if element.properties().is_some() => "list of tables".to_owned(),
            (None, Some(element)) => match element.words() {
                Some(words) => {
                    format!("list of {}", words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "))
                }
                None => format!(
                    "list of {}",
                    element.types().iter().map(|kind| plain(kind)).collect::<Vec<_>>().join(" or ")
                ),
            },
            (None, None) => inner.types().iter().map(|kind| plain(kind)).collect::<Vec<_>>().join(" or "),
        };
        let default = match inner.default() {
            _ if required.contains(&key.as_str()) => "required".to_owned(),
            Some(default) if !default.is_null() && !is_empty(default) && !default.is_object() => format!("`{default}`"),
            _ => String::new(),
        };
        page.push_str(&format!(
            "| `{key}` | {value} | {default} | {} |\n",
            inner.description().replace('\n', " ").replace('|', "\\|")
        ));
        if inner.properties().is_some() && !inner.is_named() {
            tables.push((join(path, key), inner));
        } else if let Some(element) = element.filter(|element| element.properties().is_some() && !element.is_named()) {
            tables.push((format!("[{}]", join(path.trim_matches(['[', ']']), key)), element));
        }
    }
    for (path, table) in tables {
        section(&path, table, page);
    }
}

/// A setting that the plan leaves at its default.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DefaultUsed {
    /// Key, for instance `analysis.alpha`.
    pub key: String,
    /// The value in force, as it would be written in the plan.
    pub value: String,
    /// What the key means.
    pub meaning: String,
}

/// A place in the schema, with references resolved.
#[derive(Clone, Copy)]
pub struct Node<'s> {
    root: &'s Value,
    outer: &'s Value,
    resolved: &'s Value,
}

impl<'s> Node<'s> {
    /// The top of `root`.
    pub fn top(root: &'s Value) -> Self {
        Self { root, outer: root, resolved: root }
    }

    fn at(&self, value: &'s Value) -> Self {
        let mut resolved = value;
        // At most a few steps: optional → reference → definition.
        for _ in 0..8 {
            if let Some(name) = resolved.get("$ref").and_then(Value::as_str).and_then(|name| name.rsplit('/').next()) {
                match self.root.get("$defs").and_then(|definitions| definitions.get(name)) {
                    Some(definition) => resolved = definition,
                    None => break,
                }
            } else if let Some(choices) = resolved.get("anyOf").and_then(Value::as_array) {
                let not_null = |choice: &&Value| choice.get("type").and_then(Value::as_str) != Some("null");
                match choices.iter().find(not_null) {
                    Some(choice) => resolved = choice,
                    None => break,
                }
            } else {
                break;
            }
        }
        Self { root: self.root, outer: value, resolved }
    }

    /// This place as it applies to `value`: of a table or a list of such tables, the list where `value` is one.
    fn applied_to(self, value: &DeValue<'_>) -> Self {
        match (value, self.choice(self.outer, &|choice| choice.get("items").is_some(), 8)) {
            (DeValue::Array(_), Some(list)) => Self { resolved: list, ..self },
            (DeValue::String(_), _) if self.properties().is_some() => match self.text() {
                Some(text) => Self { resolved: text, ..self },
                None => self,
            },
            _ => self,
        }
    }

    /// The choice that is a text, where a table may also be written as one.
    fn text(&self) -> Option<&'s Value> {
        self.choice(self.outer, &|choice| choice.get("type").and_then(Value::as_str) == Some("string"), 8)
    }

    /// The choice of `value` that fits, itself or one behind its references.
    fn choice(&self, value: &'s Value, fits: &dyn Fn(&Value) -> bool, depth: usize) -> Option<&'s Value> {
        if depth == 0 || fits(value) {
            return Some(value).filter(|_| depth > 0);
        }
        if let Some(name) = value.get("$ref").and_then(Value::as_str).and_then(|name| name.rsplit('/').next()) {
            return self.choice(self.root.get("$defs")?.get(name)?, fits, depth - 1);
        }
        value.get("anyOf")?.as_array()?.iter().find_map(|choice| self.choice(choice, fits, depth - 1))
    }

    /// Whether this is a name that may be written as a table of code and label.
    fn is_named(&self) -> bool {
        self.properties().is_some_and(|keys| keys.contains_key("code") && keys.contains_key("label"))
    }

    fn properties(&self) -> Option<&'s Map<String, Value>> {
        self.resolved.get("properties").and_then(Value::as_object)
    }

    /// The JSON types permitted here, without null.
    pub fn types(&self) -> Vec<String> {
        match self.resolved.get("type") {
            Some(Value::String(kind)) => vec![kind.clone()],
            Some(Value::Array(kinds)) => {
                kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The permitted words, where the value is one of a list.
    fn words(&self) -> Option<Vec<&'s str>> {
        if let Some(words) = self.resolved.get("enum").and_then(Value::as_array) {
            return Some(words.iter().filter_map(Value::as_str).collect());
        }
        let choices = self.resolved.get("oneOf").and_then(Value::as_array)?;
        Some(
            choices
                .iter()
                .flat_map(|choice| match choice.get("enum").and_then(Value::as_array) {
                    Some(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>(),
                    None => choice.get("const").and_then(Value::as_str).into_iter().collect(),
                })
                .collect(),
        )
    }

    fn required(&self) -> Vec<&'s str> {
        let list = self.resolved.get("required").and_then(Value::as_array);
        list.map(|names| names.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
    }

    fn default(&self) -> Option<&'s Value> {
        self.outer.get("default").or_else(|| self.resolved.get("default"))
    }

    fn description(&self) -> &'s str {
        let own = self.outer.get("description").or_else(|| self.resolved.get("description"));
        own.and_then(Value::as_str).unwrap_or_default()
    }
}

/// Every key that is unknown or missing and every value of the wrong type, in file order.
pub fn check(table: &DeTable<'_>, positions: &Positions<'_>) -> Vec<Finding> {
    let schema = typed();
    let mut findings = Vec::new();
    check_table("", table, Node::top(&schema), positions, &mut findings);
    findings
}

fn check_table(
    path: &str,
    table: &DeTable<'_>,
    node: Node<'_>,
    positions: &Positions<'_>,
    findings: &mut Vec<Finding>,
) {
    let Some(properties) = node.properties() else { return };
    for (key, value) in table.iter() {
        let key = key.get_ref();
        let inner = join(path, key);
        match properties.get(key.as_ref()) {
            Some(property) => check_value(&inner, value.get_ref(), node.at(property), positions, findings),
            None => {
                let known: Vec<&str> = properties.keys().map(String::as_str).collect();
                let slip = |known: &&str| known.trim_end_matches('s').eq_ignore_ascii_case(key.trim_end_matches('s'));
                let elsewhere = || belongs(Node { resolved: node.root, outer: node.root, ..node }, path, key);
                let remedy = match known.iter().any(slip) {
                    true => suggestion(key, &known),
                    false => elsewhere().unwrap_or_else(|| suggestion(key, &known)),
                };
                findings.push(Positions::error(
                    "SK003",
                    positions.key(&inner),
                    format!("unknown key `{key}` in {}", table_name(path)),
                    remedy,
                ));
            }
        }
    }
    for name in node.required() {
        if !table.iter().any(|(key, _)| key.get_ref() == name) {
            let meaning = properties.get(name).map(|property| node.at(property).description()).unwrap_or_default();
            findings.push(Positions::error(
                "SK004",
                positions.value(path),
                format!("{} needs the key `{name}`", table_name(path)),
                format!("add `{name}`: {}", meaning.replace('\n', " ")),
            ));
        }
    }
}

fn check_value(
    path: &str,
    value: &DeValue<'_>,
    node: Node<'_>,
    positions: &Positions<'_>,
    findings: &mut Vec<Finding>,
) {
    let node = node.applied_to(value);
    if let Some(words) = node.words() {
        let problem = match value {
            DeValue::String(word) if words.contains(&word.as_ref()) => return,
            DeValue::String(word) => (format!("`{word}` is not a value of `{}`", last(path)), suggestion(word, &words)),
            other => (
                format!("`{}` is {}, not a word", last(path), type_name(other)),
                format!("one of: {}", words.join(", ")),
            ),
        };
        findings.push(Positions::error("SK006", positions.value(path), problem.0, problem.1));
        return;
    }
    if !fits(value, &node) {
        let mut wanted: Vec<&str> = node.types().iter().map(|kind| plain(kind)).collect();
        if node.properties().is_some() && node.text().is_some() {
            wanted.insert(0, "text");
        }
        let remedy = match value {
            DeValue::Integer(code) if node.is_named() => format!(
                "write it between quotes, or give the code its label: `{{ code = {}, label = \"…\" }}`",
                code.as_str()
            ),
            DeValue::Datetime(_) => "put the date between quotes".to_owned(),
            _ => {
                let meaning = node.description().replace('\n', " ");
                let colon = if meaning.is_empty() { "" } else { ": " };
                format!("write {}{colon}{meaning}", wanted.join(" or "))
            }
        };
        findings.push(Positions::error(
            "SK005",
            positions.value(path),
            format!("`{}` is {}, not {}", last(path), type_name(value), wanted.join(" or ")),
            remedy,
        ));
        return;
    }
    if let Some(problem) = out_of_bounds(value, &node) {
        let message = format!("`{}` {problem}", last(path));
        let remedy = format!("correct the value: {}", node.description().replace('\n', " "));
        findings.push(Positions::error("SK010", positions.value(path), message, remedy));
        return;
    }
    match value {
        DeValue::Table(table) => check_table(path, table, node, positions, findings),
        DeValue::Array(items) => {
            if let Some(schema) = node.resolved.get("items") {
                for (index, item) in items.iter().enumerate() {
                    check_value(&join(path, &index.to_string()), item.get_ref(), node.at(schema), positions, findings);
                }
            }
        }
        _ => {}
    }
}

/// What is wrong with a whole number below its minimum, or a list of another length than its type has.
fn out_of_bounds(value: &DeValue<'_>, node: &Node<'_>) -> Option<String> {
    let bound = |name: &str| node.resolved.get(name).and_then(Value::as_u64);
    match value {
        DeValue::Integer(number) => {
            let least = bound("minimum")?;
            number.as_str().starts_with('-').then(|| format!("is {}, and must be at least {least}", number.as_str()))
        }
        DeValue::Array(items) => {
            let length = u64::try_from(items.len()).ok()?;
            let (least, most) = (bound("minItems").unwrap_or(0), bound("maxItems").unwrap_or(u64::MAX));
            let wanted = if least == most { least.to_string() } else { format!("at least {least}") };
            (length < least || length > most).then(|| format!("has {length} values, and must have {wanted}"))
        }
        _ => None,
    }
}

fn plain(kind: &str) -> &'static str {
    match kind {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        _ => "a table",
    }
}

fn last(path: &str) -> &str {
    let mut parts = path.rsplit('.');
    let name = parts.next().unwrap_or(path);
    if name.chars().all(|c| c.is_ascii_digit()) { parts.next().unwrap_or(name) } else { name }
}

fn table_name(path: &str) -> String {
    let name: Vec<&str> = path.split('.').filter(|part| !part.chars().all(|c| c.is_ascii_digit())).collect();
    let listed = path.split('.').any(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()));
    match (name.is_empty(), listed) {
        (true, _) => "the plan".to_owned(),
        (false, true) => format!("[[{}]]", name.join(".")),
        (false, false) => format!("[{}]", name.join(".")),
    }
}

/// Every key of the plan with the table that it belongs to, as it is written: `[visits]`, `[[endpoint]]`.
fn every_key(schema: Node<'_>) -> Vec<(String, String)> {
    fn walk(path: &str, table: &str, node: Node<'_>, depth: usize, found: &mut Vec<(String, String)>) {
        let Some(properties) = node.properties().filter(|_| depth > 0) else { return };
        for (key, property) in properties {
            found.push((key.clone(), table.to_owned()));
            let inner = node.at(property);
            let element = inner.resolved.get("items").map(|items| inner.at(items));
            let path = join(path, key);
            if inner.properties().is_some() && !inner.is_named() {
                walk(&path, &format!("`[{path}]`"), inner, depth - 1, found);
            } else if let Some(element) =
                element.filter(|element| element.properties().is_some() && !element.is_named())
            {
                walk(&path, &format!("`[[{path}]]`"), element, depth - 1, found);
            }
        }
    }
    let mut found = Vec::new();
    walk("", "the top of the plan", schema, 4, &mut found);
    found
}

/// In which table a key belongs that stands in the table at `path`, which does not have it: by its own name, or by one that
/// has the table's in it (`primary_visit` for `primary` in `[visits]`).
fn belongs(schema: Node<'_>, path: &str, key: &str) -> Option<String> {
    let every = every_key(schema);
    let here = table_name(path);
    let apart: Vec<&str> = key.split('_').collect();
    let of_table = |table: &str, word: &str| {
        let table = table.trim_matches(['`', '[', ']']);
        let table = table.rsplit('.').next().unwrap_or(table);
        table == word || table.trim_end_matches('s') == word
    };
    let with_table = |known: &str, table: &str| {
        let part = |name: &[&str], word: &str| name.join("_") == known && of_table(table, word);
        apart.split_last().is_some_and(|(last, rest)| part(rest, last))
            || apart.split_first().is_some_and(|(first, rest)| part(rest, first))
    };
    let named = |exact: bool| -> Vec<(&str, &str)> {
        let wanted = |(known, table): &&(String, String)| match exact {
            true => known == key,
            false => with_table(known, table),
        };
        let elsewhere = |(_, table): &&(String, String)| table.trim_matches('`') != here;
        every.iter().filter(wanted).filter(elsewhere).map(|(known, table)| (known.as_str(), table.as_str())).collect()
    };
    let exact = named(true);
    let found = if exact.is_empty() { named(false) } else { exact };
    let known = found.first()?.0;
    let mut tables: Vec<&str> = found.iter().map(|(_, table)| *table).collect();
    tables.dedup();
    let more = tables.len() > 4;
    tables.truncate(4);
    let tables = if more { format!("{} and others", tables.join(", ")) } else { tables.join(" or ") };
    Some(match known == key {
        true if !every.iter().any(|(_, table)| table.trim_matches(['`', '[', ']']) == key) => {
            format!("`{key}` is a key of {tables}: write it there")
        }
        true => {
            format!("`{key}` is a table of its own: begin it with `[{key}]` or `[[{key}]]` as `splitknee init` does")
        }
        false => format!("write `{known}` in {tables}"),
    })
}

/// "did you mean …" for a wrong word among `known` ones.
pub fn suggestion(word: &str, known: &[&str]) -> String {
    let near = nearest(word, known.iter().copied());
    let all = known.join(", ");
    // An abbreviation (`md` for `markdown`) is near to another word: a short list is given whole, and a long one where no
    // word is near (`ttest`).
    let far = near.first().is_none_or(|best| 3 * edit_distance(word, best) > word.chars().count());
    let whole = (known.len() <= 10 || far) && near.len() < known.len();
    let beside = if whole { format!(" It is one of {all}") } else { String::new() };
    match near.as_slice() {
        [] => format!("one of: {all}"),
        several => format!("did you mean `{}`?{beside}", several.join("` or `")),
    }
}

/// The settings that `table` leaves at their defaults, in the order of the documentation.
pub fn defaults(table: &DeTable<'_>) -> Vec<DefaultUsed> {
    let schema = typed();
    let mut used = Vec::new();
    collect_defaults("", Some(table), Node::top(&schema), &mut used);
    used
}

fn collect_defaults(path: &str, table: Option<&DeTable<'_>>, node: Node<'_>, used: &mut Vec<DefaultUsed>) {
    let Some(properties) = node.properties() else { return };
    for (name, property) in properties {
        let inner = node.at(property);
        let key = join(path, name);
        let given = table
            .and_then(|table| table.iter().find(|(key, _)| key.get_ref() == name))
            .map(|(_, value)| value.get_ref());
        match given {
            Some(DeValue::Table(table)) => collect_defaults(&key, Some(table), inner, used),
            Some(list @ DeValue::Array(items)) => {
                let inner = inner.applied_to(list);
                for (index, item) in items.iter().enumerate() {
                    if let (DeValue::Table(table), Some(schema)) = (item.get_ref(), inner.resolved.get("items")) {
                        collect_defaults(&join(&key, &index.to_string()), Some(table), inner.at(schema), used);
                    }
                }
            }
            Some(_) => {}
            None if inner.properties().is_some() => {
                // An optional table without a default (such as [estimand]) is absent, not defaulted.
                if inner.default().is_some_and(|value| !value.is_null()) {
                    collect_defaults(&key, None, inner, used);
                }
            }
            None => {
                let default = inner.default().filter(|value| !value.is_null() && !is_empty(value));
                if let Some(value) = default {
                    used.push(DefaultUsed { key, value: value.to_string(), meaning: inner.description().to_owned() });
                }
            }
        }
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_str() == Some("")
}
