//! What the codes emptied that the plan declares for missing: how many cells of which columns, and where such a code may be a
//! value.

use super::Context;
use crate::data::Table;
use crate::trial::findings::{Findings, place};
use crate::trial::sources::{Layout, Source};
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

/// SK039 and SK037.
pub fn check(context: &Context<'_>, findings: &mut Findings) {
    for (file, table) in context.sources.tables() {
        let mut by_code: BTreeMap<&str, Vec<(&str, usize)>> = BTreeMap::new();
        let mut first: BTreeMap<&str, usize> = BTreeMap::new();
        for (column, codes) in table.emptied.everywhere.iter().chain(&table.emptied.by_column) {
            for (code, rows) in codes {
                by_code.entry(code).or_default().push((column, rows.len()));
                let row = rows.first().copied().unwrap_or_default();
                first.entry(code).and_modify(|first| *first = row.min(*first)).or_insert(row);
            }
        }
        for (code, columns) in by_code {
            let cells = |count: usize| if count == 1 { "1 cell".to_owned() } else { format!("{count} cells") };
            let listed: Vec<String> =
                columns.iter().map(|(column, count)| format!("{} of `{column}`", cells(*count))).collect();
            findings.add(
                "SK039",
                place(file, first.get(code).copied(), None),
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
                if let Some(among) = number.ok().and_then(|value| lies_among(context, file, table, column, value)) {
                    let many = if rows.len() == 1 { "1 cell".to_owned() } else { format!("{} cells", rows.len()) };
                    findings.add(
                        "SK037",
                        place(file, rows.first().copied(), Some(column)),
                        format!("the code `{code}` emptied {many} of `{column}`, where it may be a value: {among}"),
                        format!(
                            "take `{code}` out of `missing`, and declare it for the columns where it means missing, for \
                             instance {}",
                            by_column("crp", code)
                        ),
                    );
                }
            }
        }
    }
}

/// Why a number may be a value of a column: it lies in the range of its endpoint, or among its other values.
fn lies_among(context: &Context<'_>, file: &str, table: &Table, column: &str, value: f64) -> Option<String> {
    let design = &context.trial.design;
    let sources = context.sources;
    let further = sources.further.iter().map(|further| (&further.source, &further.layout));
    let layouts: Vec<(&Source, &Layout)> =
        std::iter::once((&sources.observations, &sources.layout)).chain(further).collect();
    let layout = layouts.iter().find(|(source, _)| source.file == file).map(|(_, layout)| *layout);
    let endpoint = match layout {
        Some(Layout::Long) => design.endpoints.iter().find(|endpoint| endpoint.column == column),
        Some(Layout::Wide { pattern }) => {
            wide::endpoint_of(design, &sources.codes, pattern, column).and_then(|number| design.endpoints.get(number))
        }
        Some(Layout::Bds { .. }) | None => None,
    };
    if let Some((endpoint, (low, high))) = endpoint.and_then(|endpoint| Some((endpoint, endpoint.range?))) {
        let inside = (low..=high).contains(&value);
        return inside.then(|| format!("{} runs from {low} to {high}", endpoint.name));
    }
    let others: Vec<f64> = table.numbers(column).ok()?.into_iter().flatten().collect();
    let low = others.iter().copied().fold(f64::INFINITY, f64::min);
    let high = others.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let among = others.len() >= FEWEST && low < value && value < high;
    among.then(|| format!("the other values run from {low} to {high}"))
}
