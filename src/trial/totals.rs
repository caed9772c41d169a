//! Rows of totals below a table: the patient identifier of such a row is `Total`, `Mean` or `合計`, and nobody.

use super::coded::Coded;
use super::findings::{Findings, place};
use super::masking;
use super::rows::shorten;
use super::sources::{Source, Sources};
use crate::data::Table;

/// Words that name a row of totals and, of four letters and more, nobody.
const WORDS: [&str; 46] = [
    "total",
    "totals",
    "subtotal",
    "sum",
    "mean",
    "means",
    "average",
    "averages",
    "avg",
    "median",
    "sd",
    "std",
    "stdev",
    "stddev",
    "deviation",
    "se",
    "sem",
    "min",
    "max",
    "minimum",
    "maximum",
    "n",
    "count",
    "variance",
    "var",
    "range",
    "q1",
    "q3",
    "iqr",
    "cv",
    "mittelwert",
    "summe",
    "gesamt",
    "anzahl",
    "standardabweichung",
    "moyenne",
    "somme",
    "合計",
    "総計",
    "小計",
    "平均",
    "平均値",
    "標準偏差",
    "中央値",
    "最大値",
    "最小値",
];

/// The same, which might be somebody's initials or name.
const SHORT: [&str; 6] = ["計", "最大", "最小", "人数", "例数", "件数"];

/// Words beside them.
const BESIDE: [&str; 12] =
    ["grand", "sub", "overall", "all", "of", "the", "std", "standard", "dev", "col", "column", "±"];

/// Letters from which a word is not taken for initials.
const LONG: usize = 4;

/// Whether an identifier names a row of totals; `doubtful` where it may be somebody's initials.
fn names_totals(id: &str) -> Option<bool> {
    let usual: String = id.chars().map(masking::plain).collect::<String>().to_lowercase();
    // `Mean (SD)`, `N = 24`: what stands behind is no name.
    let before = usual.split(['=', ':', '：']).next().unwrap_or_default();
    let words: Vec<&str> = before.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_total = |word: &&str| WORDS.contains(word) || SHORT.contains(word);
    if !words.iter().any(is_total) || !words.iter().all(|word| is_total(word) || BESIDE.contains(word)) {
        return None;
    }
    let plain = |word: &&str| !word.is_ascii() || word.len() >= LONG;
    Some(!words.iter().any(|word| WORDS.contains(word) && plain(word)))
}

/// Rows of totals in a column of identifiers: the index of the row, and what stands there. A short word counts where the
/// other identifiers are of another kind, with digits.
pub fn rows(table: &Table, column: &str) -> Vec<(usize, String)> {
    let Some(ids) = Coded::read(table, column) else { return Vec::new() };
    let meaning: Vec<Option<bool>> = ids.levels.iter().map(|id| names_totals(id)).collect();
    if meaning.iter().all(Option::is_none) {
        return Vec::new();
    }
    let others = || ids.levels.iter().zip(&meaning).filter(|(_, meaning)| meaning.is_none()).map(|(id, _)| id);
    let numbered = others().filter(|id| id.chars().any(char::is_numeric)).count();
    let doubtful_counts = 2 * numbered > others().count();
    let is_total = |level: usize| meaning.get(level).copied().flatten().is_some_and(|doubt| !doubt || doubtful_counts);
    (0..table.height())
        .filter_map(|row| Some((row, ids.level(row).filter(|level| is_total(*level))?)))
        .map(|(row, level)| (row, ids.levels.get(level).cloned().unwrap_or_default()))
        .collect()
}

/// SK118: rows of totals in any file with a column of patients.
pub fn check(sources: &Sources, findings: &mut Findings) {
    let patient = sources.patient_column.as_str();
    let mut files: Vec<(&Source, &str)> =
        sources.observed().map(|(source, roles)| (source, roles.patient.as_str())).collect();
    files.extend(sources.patients.iter().map(|source| (source, patient)));
    files.extend(sources.allocation.iter().map(|list| (&list.source, list.patient.as_str())));
    files.extend(sources.events.iter().map(|events| (&events.source, patient)));
    files.extend(sources.disposition.iter().map(|disposition| (&disposition.source, patient)));
    files.extend(sources.intercurrent.iter().map(|events| (&events.source, events.patient.as_str())));
    files.extend(sources.deviations.iter().map(|deviations| (&deviations.source, patient)));
    let scored = sources.scores.iter().flatten().filter_map(|scoring| scoring.source.as_ref());
    files.extend(scored.map(|source| (source, sources.roles.patient.as_str())));
    let mut looked_at: Vec<&str> = Vec::new();
    for (source, column) in files {
        if looked_at.contains(&source.file.as_str()) {
            continue;
        }
        looked_at.push(&source.file);
        let found = rows(&source.table, column);
        let mut ids: Vec<String> = Vec::new();
        for (_, id) in &found {
            let quoted = format!("\"{}\"", shorten(id));
            if !ids.contains(&quoted) {
                ids.push(quoted);
            }
        }
        let condition = match ids.as_slice() {
            [one] => format!("{column} != {one}"),
            several => format!("not ({column} in [{}])", several.join(", ")),
        };
        for (row, id) in found {
            findings.add(
                "SK118",
                place(&source.file, Some(source.table.file_row(row)), Some(column)),
                format!("`{}` is no patient: the row looks like one of totals", shorten(&id)),
                format!("delete the row, or keep it out of the table: `where = '{condition}'`"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_told_from_patients() {
        for id in [
            "Total",
            "MEAN",
            "Mean (SD)",
            "Grand total",
            "average:",
            "合計",
            "平均値",
            "Ｔｏｔａｌ",
            "Median",
            "mean ± sd",
        ] {
            assert_eq!(names_totals(id), Some(false), "{id}");
        }
        for id in ["SD", "N", "n = 24", "Sum", "計", "max"] {
            assert_eq!(names_totals(id), Some(true), "{id}");
        }
        for id in ["007", "EV-Mean-1", "Meaney", "SD-01", "N12", "平均太郎", "", "AB"] {
            assert_eq!(names_totals(id), None, "{id}");
        }
    }

    #[test]
    fn initials_stay_patients_among_initials() {
        let read = |text: &str| crate::data::read_bytes("a.csv", text.as_bytes(), &crate::data::ReadOptions::default());
        let table = read("id,vas\nSD,1\nKM,2\nAB,3\n").unwrap();
        assert_eq!(rows(&table, "id"), []);
        let table = read("id,vas\n001,1\n002,2\nSD,3\n").unwrap();
        assert_eq!(rows(&table, "id"), [(2, "SD".to_owned())]);
    }
}
