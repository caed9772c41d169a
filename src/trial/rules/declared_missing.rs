//! What the codes emptied that the plan declares for missing: how many cells of which columns, and where such a code may be a
//! value.

use super::Context;
use crate::data::{Table, number};
use crate::trial::bds;
use crate::trial::coded::Coded;
use crate::trial::design::Endpoint;
use crate::trial::findings::{Findings, place};
use crate::trial::rows::shorten;
use crate::trial::sources::{Layout, Sources};
use crate::trial::wide;
use std::collections::BTreeMap;

/// Fewest other values among which a code counts as one of them.
const FEWEST: usize = 5;

/// How to declare a code for one column, as it is written in a plan.
pub fn by_column(column: &str, code: &str) -> String {
    let bare = !column.is_empty() && column.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let key = if bare { column.to_owned() } else { format!("\"{column}\"") };
    format!("`missing_in = {{ {key} = [\"{code}\"] }}` in [data]")
}

/// Labels by which a file says that a code means missing.
const LABELS: [&str; 22] = [
    "missing",
    "not done",
    "not assessed",
    "not available",
    "not applicable",
    "not known",
    "unknown",
    "no answer",
    "no data",
    "refused",
    "n/a",
    "na",
    "nd",
    "n.d.",
    "missing value",
    "keine angabe",
    "unbekannt",
    "欠測",
    "不明",
    "未実施",
    "無回答",
    "該当なし",
];

/// SK037 and SK217 of what a typed file says of its own codes: codes that it calls missing and that may be values, and values
/// whose label says missing and that it does not call so.
fn by_the_file(context: &Context<'_>, file: &str, table: &Table, findings: &mut Findings) {
    for column in table.column_names() {
        let Some(info) = table.info(&column) else { continue };
        let among: Vec<(&String, usize, String)> = info
            .missing_codes
            .iter()
            .filter_map(|(code, cells)| {
                Some((code, *cells, lies_among(context, file, table, &column, code.parse().ok()?)?))
            })
            .collect();
        if let Some((_, _, why)) = among.first() {
            let total: usize = among.iter().map(|(_, count, _)| count).sum();
            let codes = among.iter().take(10).map(|(code, _, _)| code.as_str()).collect::<Vec<_>>().join(", ");
            let more = if among.len() > 10 { ", …" } else { "" };
            findings.add(
                "SK037",
                place(file, None, Some(&column)),
                format!(
                    "the file itself calls {codes}{more} missing, which emptied {} of `{column}` and may be values: {why}",
                    cells(total)
                ),
                "correct the missing values of the variable in the file, if they are values",
            );
        }
        let said: Vec<&(f64, String)> = info
            .value_labels
            .iter()
            .filter(|(_, label)| LABELS.contains(&crate::trial::spelling::folded(label).as_str()))
            .collect();
        if said.is_empty() {
            continue;
        }
        let Ok(numbers) = table.numbers(&column) else { continue };
        for (value, label) in said {
            let rows: Vec<usize> =
                numbers.iter().enumerate().filter(|(_, cell)| **cell == Some(*value)).map(|(row, _)| row).collect();
            let Some(first) = rows.first() else { continue };
            let code = number::print(*value);
            findings.add(
                "SK217",
                place(file, Some(table.file_row(*first)), Some(&column)),
                format!("`{column}` is {code} in {}, which the file labels `{}`", cells(rows.len()), shorten(label)),
                format!("declare it, if it means missing: {}", by_column(&column, &code)),
            );
        }
    }
}

/// SK039 and SK037.
pub fn check(context: &Context<'_>, findings: &mut Findings) {
    for (file, table) in context.sources.tables() {
        by_the_file(context, file, table, findings);
        let parameters = Parameters::of(context, file, table);
        let mut by_code: BTreeMap<&str, Vec<(&str, &[usize])>> = BTreeMap::new();
        for (column, codes) in table.emptied.everywhere.iter().chain(&table.emptied.by_column) {
            for (code, rows) in codes {
                by_code.entry(code).or_default().push((column, rows));
            }
        }
        for (code, columns) in &by_code {
            let listed: Vec<String> = columns
                .iter()
                .map(|(column, rows)| {
                    let of = parameters.as_ref().filter(|parameters| parameters.value == *column);
                    let parts = of.map(|of| of.parts(table, rows)).unwrap_or_default();
                    let parts: Vec<String> =
                        parts.iter().map(|(name, _, rows)| format!("{} of {}", rows.len(), shorten(name))).collect();
                    let parts = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
                    format!("{} of `{column}`{parts}", cells(rows.len()))
                })
                .collect();
            let first = columns.iter().filter_map(|(_, rows)| rows.first()).min();
            findings.add(
                "SK039",
                place(file, first.copied(), None),
                format!("the code `{code}` for missing emptied {}", listed.join(", ")),
                format!(
                    "nothing, if `{code}` means missing in {}; else declare it by column, for instance {}",
                    if columns.len() == 1 { "this column" } else { "each of these columns" },
                    by_column(columns.first().map(|(column, _)| *column).unwrap_or_default(), code)
                ),
            );
        }
        for (column, codes) in &table.emptied.everywhere {
            for (code, rows) in codes {
                let number = code.parse::<f64>().or_else(|_| code.replacen(',', ".", 1).parse());
                let Ok(value) = number else { continue };
                // Where the code means missing indeed, as far as can be seen.
                let mut elsewhere: Vec<&str> =
                    by_code.get(code.as_str()).into_iter().flatten().map(|(name, _)| *name).collect();
                let mut doubted: Vec<(String, Vec<usize>, String)> = Vec::new();
                match parameters.as_ref().filter(|parameters| parameters.value == *column) {
                    Some(parameters) => {
                        let parts = parameters.parts(table, rows);
                        elsewhere = parts.iter().map(|(name, _, _)| *name).collect();
                        for (name, level, rows) in &parts {
                            if let Some(among) = parameters.lies_among(table, *level, value) {
                                elsewhere.retain(|other| other != name);
                                doubted.push((format!("`{column}` of the parameter `{name}`"), rows.clone(), among));
                            }
                        }
                    }
                    None => {
                        if let Some(among) = lies_among(context, file, table, column, value) {
                            elsewhere.retain(|other| other != column);
                            doubted.push((format!("`{column}`"), rows.clone(), among));
                        }
                    }
                }
                let by = by_column(elsewhere.first().copied().unwrap_or("crp"), code);
                for (what, rows, among) in doubted {
                    findings.add(
                        "SK037",
                        place(file, rows.first().copied(), Some(column)),
                        format!("the code `{code}` emptied {} of {what}, where it may be a value: {among}", cells(rows.len())),
                        format!(
                            "take `{code}` out of `missing`, and declare it for the columns where it means missing, for \
                             instance {by}"
                        ),
                    );
                }
            }
        }
    }
}

fn cells(count: usize) -> String {
    if count == 1 { "1 cell".to_owned() } else { format!("{count} cells") }
}

/// The parameters of a file in the basic data structure, whose value column holds the values of all of them.
struct Parameters<'a> {
    value: &'a str,
    codes: Coded,
    /// By level of the parameter code: its endpoint, where the plan has it.
    endpoints: Vec<Option<&'a Endpoint>>,
}

impl<'a> Parameters<'a> {
    fn of(context: &Context<'a>, file: &str, table: &Table) -> Option<Self> {
        let Some(Layout::Bds { parameter, value }) = layout(context.sources, file) else { return None };
        if !table.emptied.everywhere.contains_key(value) && !table.emptied.by_column.contains_key(value) {
            return None;
        }
        let design = &context.trial.design;
        let codes = Coded::read(table, parameter)?;
        let levels = bds::levels(design, &context.sources.parameter_codes, &codes.levels);
        let of_level = |level: usize| {
            let number = levels.iter().position(|found| *found == Some(level))?;
            design.endpoints.get(number)
        };
        let endpoints = (0..codes.levels.len()).map(of_level).collect();
        Some(Self { value, codes, endpoints })
    }

    /// The rows of the file `rows` by parameter: as the plan names its endpoint, with its level and its rows.
    fn parts(&self, table: &Table, rows: &[usize]) -> Vec<(&str, usize, Vec<usize>)> {
        let mut by_level: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (level, row) in (0..table.height()).filter_map(|row| Some((self.codes.level(row)?, table.file_row(row)))) {
            if rows.binary_search(&row).is_ok() {
                by_level.entry(level).or_default().push(row);
            }
        }
        let name = |level: usize| match self.endpoints.get(level) {
            Some(Some(endpoint)) => endpoint.column.as_str(),
            _ => self.codes.levels.get(level).map(String::as_str).unwrap_or_default(),
        };
        by_level.into_iter().map(|(level, rows)| (name(level), level, rows)).collect()
    }

    /// Why a number may be a value of a parameter that the plan analyses.
    fn lies_among(&self, table: &Table, level: usize, value: f64) -> Option<String> {
        let endpoint = self.endpoints.get(level).copied().flatten()?;
        let comma = table.provenance.decimal == ',';
        among(Some(endpoint), value, || {
            let cells = table.text(self.value).ok()?;
            let of_level = cells.iter().enumerate().filter(|(row, _)| self.codes.level(*row) == Some(level));
            Some(of_level.filter_map(|(_, cell)| number::parse(cell.as_deref()?, comma).ok()).collect())
        })
    }
}

/// How the observations of a file are laid out; `None` for a file beside them.
fn layout<'s>(sources: &'s Sources, file: &str) -> Option<&'s Layout> {
    let further = sources.further.iter().map(|further| (&further.source, &further.layout));
    let mut layouts = std::iter::once((&sources.observations, &sources.layout)).chain(further);
    layouts.find(|(source, _)| source.file == file).map(|(_, layout)| layout)
}

/// Why a number may be a value of a column: it lies in the range of its endpoint, or among its other values.
fn lies_among(context: &Context<'_>, file: &str, table: &Table, column: &str, value: f64) -> Option<String> {
    let design = &context.trial.design;
    let endpoint = match layout(context.sources, file) {
        Some(Layout::Long) => design.endpoints.iter().find(|endpoint| endpoint.column == column),
        Some(Layout::Wide { pattern }) => wide::endpoint_of(design, &context.sources.codes, pattern, column)
            .and_then(|number| design.endpoints.get(number)),
        Some(Layout::Bds { .. }) | None => None,
    };
    among(endpoint, value, || Some(table.numbers(column).ok()?.into_iter().flatten().collect()))
}

/// The same for an endpoint, where there is one, and the other values.
fn among(endpoint: Option<&Endpoint>, value: f64, others: impl FnOnce() -> Option<Vec<f64>>) -> Option<String> {
    if let Some((endpoint, (low, high))) = endpoint.and_then(|endpoint| Some((endpoint, endpoint.range?))) {
        let inside = (low..=high).contains(&value);
        return inside.then(|| format!("{} runs from {low} to {high}", endpoint.name));
    }
    let others = others()?;
    let low = others.iter().copied().fold(f64::INFINITY, f64::min);
    let high = others.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let among = others.len() >= FEWEST && low < value && value < high;
    among.then(|| format!("the other values run from {low} to {high}"))
}
