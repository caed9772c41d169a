//! What the patient-level columns are: numbers or factors, as the plan declares them (`[[covariate]]`).
//!
//! A number column holds numbers only: one text would otherwise make it a factor with as many levels as patients. A factor
//! has the levels that the plan lists, or those found; codes are printed by their labels. A column that a model uses, whose
//! values are codes by the look of them, has to be declared: as a number it would be a slope.

use super::coded::Coded;
use super::codes::{Code, find};
use super::findings::{Findings, place};
use super::patients::Trial;
use super::rows::{did_you_mean, shorten};
use super::sources::{Source, Sources};
use std::collections::BTreeSet;

/// What a patient-level column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// Numbers; a model has a slope.
    Number,
    /// Levels; a model has an effect of each.
    Factor,
}

/// A column as the plan declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// Column.
    pub name: String,
    /// Name in print.
    pub label: Option<String>,
    /// Kind.
    pub kind: ColumnKind,
    /// Codes of a factor with their labels, in order; those found where empty.
    pub levels: Vec<Code>,
}

/// A column as it was found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PatientColumn {
    /// Column.
    pub name: String,
    /// Name in print.
    pub label: Option<String>,
    /// Kind.
    pub kind: ColumnKind,
    /// Levels of a factor as printed, in order.
    pub levels: Vec<String>,
}

/// Words in a column's name that say its numbers are codes.
const CODES: [&str; 29] = [
    "centre",
    "center",
    "site",
    "hospital",
    "clinic",
    "surgeon",
    "investigator",
    "operator",
    "rater",
    "country",
    "region",
    "race",
    "ethnic",
    "group",
    "grp",
    "grade",
    "stage",
    "class",
    "categ",
    "type",
    "sex",
    "gender",
    "施設",
    "術者",
    "医師",
    "性別",
    "グレード",
    "分類",
    "病期",
];
/// Words of a column's name that say its numbers are measured or counted, however few they are.
const MEASURED: [&str; 20] = [
    "age", "bmi", "height", "weight", "duration", "year", "years", "month", "months", "week", "weeks", "day", "days",
    "dose", "score", "年齢", "身長", "体重", "期間", "年数",
];
/// Words of a column's name that say its numbers are grades, which are called by their numbers.
const GRADES: [&str; 8] = ["kl", "kellgren", "grade", "stage", "asa", "ecog", "グレード", "病期"];
/// Largest code, and most levels, of a column that looks like codes without such a word.
const MOST: f64 = 12.0;
/// Most levels of larger numbers that look like codes (of countries, say), each of which several patients have.
const FEW: usize = 10;
/// Fewest patients by level, on average, of such numbers.
const SHARED: usize = 3;

/// Settles the columns that the plan declares and those that its models and subgroups use, and puts labels in the place
/// of codes. Analysis sets are defined by the codes, so they come before.
pub fn settle(trial: &mut Trial, sources: &Sources, findings: &mut Findings) {
    let mut settled = Vec::new();
    let mut mixed: Vec<String> = Vec::new();
    for declared in &sources.declared {
        settled.push(match declared.kind {
            ColumnKind::Number => number(sources, declared, findings),
            ColumnKind::Factor => factor(trial, sources, declared, findings),
        });
    }
    for (purpose, name) in &sources.patient_columns {
        if settled.iter().any(|column: &PatientColumn| column.name == *name) {
            continue;
        }
        match *purpose {
            COVARIATE | IMPUTATION | BOTH | CUT => {
                settled.extend(undeclared(trial, sources, name, *purpose != CUT, findings));
            }
            SUBGROUP | TABLE if !mixed.contains(name) => {
                mixed.extend(numbers_among_texts(trial, sources, name, findings))
            }
            _ => {}
        }
    }
    described(trial, sources, findings);
    trial.columns = settled;
}

/// Fewest filled cells of a column that a few odd ones make no number, or no factor.
const ENOUGH: usize = 5;
/// Most different texts of a column that the baseline table counts.
const COUNTED: usize = 8;

/// SK613 of the columns that the baseline table would describe and no key of the plan names: a cell that is no number takes the
/// others out of the table, and a number among a few words is a category of its own.
fn described(trial: &Trial, sources: &Sources, findings: &mut Findings) {
    let listed = sources.patient_columns.iter().any(|(purpose, _)| *purpose == TABLE);
    let of_sets = sources.sets.iter().flat_map(|set| set.condition.iter().flat_map(|condition| condition.columns()));
    // Flags have a rule of their own (SK619).
    let of_sets: BTreeSet<&str> = of_sets.collect();
    let mut named: BTreeSet<&str> = BTreeSet::new();
    named.extend(sources.patient_columns.iter().map(|(_, name)| name.as_str()));
    named.extend(sources.declared.iter().map(|declared| declared.name.as_str()));
    named.extend(sources.emptied.iter().map(String::as_str));
    let left = sources.disposition.iter().flat_map(|known| [&known.status, &known.reason, &known.last_visit]);
    named.extend(left.map(String::as_str));
    let columns: BTreeSet<&String> = trial.patients.iter().flat_map(|patient| patient.attributes.keys()).collect();
    for name in columns.into_iter().filter(|name| !listed && !named.contains(name.as_str())) {
        let cells: Vec<&str> =
            trial.patients.iter().filter_map(|patient| patient.attributes.get(name)).map(String::as_str).collect();
        let (numbers, texts): (Vec<&str>, Vec<&str>) = cells.iter().partition(|cell| is_number(cell));
        let distinct = |cells: &[&str]| cells.iter().collect::<BTreeSet<_>>().len();
        let (few, many) = if numbers.len() < texts.len() { (&numbers, &texts) } else { (&texts, &numbers) };
        let rare = !few.is_empty() && cells.len() >= ENOUGH && (few.len() == 1 || 10 * few.len() <= cells.len());
        let would_be_described = match numbers.len() < texts.len() {
            true => distinct(many) <= COUNTED && !of_sets.contains(name.as_str()),
            false => distinct(many) > 2,
        };
        if rare && would_be_described {
            mixed_kinds(trial, sources, name, findings);
        }
    }
}

/// What a column of [`Sources::patient_columns`] is for: a term of the models.
pub const COVARIATE: &str = "covariate";
/// What a column of [`Sources::patient_columns`] is for: a term of the imputation model of an estimand.
pub const IMPUTATION: &str = "covariate of an estimand";
/// What a column of [`Sources::patient_columns`] is for: a term of both.
pub const BOTH: &str = "covariate of models and estimand";
/// What a column of [`Sources::patient_columns`] is for: block or stratum of the allocation list.
pub const SCHEME: &str = "randomisation scheme";
/// What a column of [`Sources::patient_columns`] is for: subgroups by the values.
pub const SUBGROUP: &str = "subgroup";
/// What a column of [`Sources::patient_columns`] is for: a line of the baseline table.
pub const TABLE: &str = "baseline table";
/// What a column of [`Sources::patient_columns`] is for: subgroups between cut points.
pub const CUT: &str = "subgroup by cut points";

/// The values of a column that are not empty, each once.
fn values<'t>(trial: &'t Trial, name: &str) -> BTreeSet<&'t str> {
    cells(trial, name).collect()
}

fn is_number(cell: &str) -> bool {
    cell.trim().parse::<f64>().is_ok_and(f64::is_finite)
}

/// Whether a text is one number with a sign before it or a unit behind: `80%`, `<5`, `ca. 60`, `24.5 kg/m2`; not a date, a code
/// such as `A1`, or a name with digits.
fn is_like_a_number(cell: &str) -> bool {
    let text = cell.trim_start_matches("ca.").trim_start_matches(|c: char| !c.is_alphanumeric());
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ',')).unwrap_or(text.len());
    let (number, behind) = text.split_at(end);
    let digits = behind.chars().filter(char::is_ascii_digit).count();
    let unit = behind.trim_start();
    let marked = match unit.chars().next() {
        None => text.len() < cell.len(),
        Some(first) => first == '%' || unit.len() < behind.len() || first.is_lowercase() || matches!(first, '°' | 'µ'),
    };
    !number.is_empty() && digits <= 1 && marked && !unit.starts_with(['-', '/', ':'])
}

fn number(sources: &Sources, declared: &Declared, findings: &mut Findings) -> PatientColumn {
    let text = |cell: &str| !is_number(cell);
    report(sources, &declared.name, &text, findings, |cell| {
        (
            "SK613",
            format!("`{}` is not a number, and the plan declares `{}` as one", shorten(cell), declared.name),
            "correct the cell, or list the code in `data.missing` if it means missing".to_owned(),
        )
    });
    PatientColumn {
        name: declared.name.clone(),
        label: declared.label.clone(),
        kind: ColumnKind::Number,
        levels: Vec::new(),
    }
}

fn factor(trial: &mut Trial, sources: &Sources, declared: &Declared, findings: &mut Findings) -> PatientColumn {
    let name = &declared.name;
    let column =
        |levels| PatientColumn { name: name.clone(), label: declared.label.clone(), kind: ColumnKind::Factor, levels };
    if declared.levels.is_empty() {
        return column(in_order(values(trial, name)));
    }
    // The labels of values of SPSS and Stata stand in the cells; the plan may know the values.
    let written = source(sources, name);
    let meaning = |cell: &str| {
        let other = || find(&declared.levels, &written?.table.code_of_label(name, cell)?);
        find(&declared.levels, cell).or_else(other)
    };
    let known: Vec<&str> = declared.levels.iter().flat_map(|level| &level.codes).map(String::as_str).collect();
    let unknown = |cell: &str| meaning(cell).is_none();
    report(sources, name, &unknown, findings, |cell| {
        let message = format!("`{}` is not one of the levels of `{name}`: {}", shorten(cell), known.join(", "));
        ("SK614", message, did_you_mean(cell, &known))
    });
    for patient in &mut trial.patients {
        if let Some(cell) = patient.attributes.get_mut(name)
            && let Some(level) = meaning(cell)
        {
            cell.clone_from(&level.label);
        }
    }
    let mut labels: Vec<String> = Vec::new();
    for level in &declared.levels {
        if !labels.contains(&level.label) {
            labels.push(level.label.clone());
        }
    }
    column(labels)
}

/// SK613 of a column of the tables that holds numbers and texts; its name where it does.
fn numbers_among_texts(trial: &Trial, sources: &Sources, name: &str, findings: &mut Findings) -> Option<String> {
    let cells = values(trial, name);
    let numbers = cells.iter().filter(|cell| is_number(cell)).count();
    if numbers == 0 || numbers == cells.len() {
        return None;
    }
    mixed_kinds(trial, sources, name, findings);
    Some(name.to_owned())
}

/// SK613 of the cells of the rarer kind in a column that holds numbers and texts: as a factor it would have a level for every
/// number.
fn mixed_kinds(trial: &Trial, sources: &Sources, name: &str, findings: &mut Findings) {
    let cells = || trial.patients.iter().filter_map(|patient| patient.attributes.get(name));
    let numbers = cells().filter(|cell| is_number(cell)).count();
    let mostly_numbers = 2 * numbers >= cells().count();
    report(sources, name, &|cell| is_number(cell) != mostly_numbers, findings, |cell| {
        let others = if mostly_numbers { "numbers" } else { "text" };
        let message = format!("`{}` in `{name}`, which else holds {others}", shorten(cell));
        let remedy = format!(
            "correct the cell; if it means missing, declare it for this column: {}; if `{name}` holds codes, declare it: \
             `[[covariate]] name = \"{name}\"`, `kind = \"factor\"`",
            super::rules::declared_missing::by_column(name, &shorten(cell))
        );
        ("SK613", message, remedy)
    });
}

/// A column that the plan uses and does not declare: numbers throughout, or a factor. Numbers with a text among them, and
/// numbers that look like codes, are asked about.
fn undeclared(
    trial: &Trial,
    sources: &Sources,
    name: &str,
    modelled: bool,
    findings: &mut Findings,
) -> Option<PatientColumn> {
    let cells: Vec<&str> = cells(trial, name).collect();
    let numbers = cells.iter().filter(|cell| is_number(cell)).count();
    if cells.is_empty() {
        return None;
    }
    let column = |kind, levels| PatientColumn { name: name.to_owned(), label: None, kind, levels };
    if numbers < cells.len() {
        let levels: BTreeSet<&str> = cells.iter().copied().collect();
        let like: Vec<&str> = cells.iter().copied().filter(|cell| is_like_a_number(cell)).collect();
        if numbers > 0 {
            mixed_kinds(trial, sources, name, findings);
        } else if modelled && 2 * like.len() > cells.len() && levels.len() > SHARED {
            findings.add(
                "SK613",
                at(sources, name, None),
                format!(
                    "`{name}` holds numbers with a sign or a unit (`{}`), which a model would take for {} groups",
                    shorten(like.first().copied().unwrap_or_default()),
                    levels.len()
                ),
                format!("write the numbers alone; if they are groups, declare `[[covariate]] name = \"{name}\"`, `kind = \"factor\"`"),
            );
        } else if modelled && cells.len() >= 2 * SHARED && 2 * levels.len() > cells.len() {
            findings.add(
                "SK615",
                at(sources, name, None),
                format!("`{name}` has {} values in {} patients: a model would take each for a group", levels.len(), cells.len()),
                format!("name another column; if they are groups, declare `[[covariate]] name = \"{name}\"`, `kind = \"factor\"`"),
            );
        } else if !modelled {
            findings.add(
                "SK613",
                at(sources, name, None),
                format!("`{name}` is text, and the plan cuts it into subgroups at numbers"),
                format!("`{name}` is text: remove `cuts`; its values are the subgroups"),
            );
        }
        return Some(column(ColumnKind::Factor, in_order(cells.into_iter().collect())));
    }
    let distinct: BTreeSet<&str> = cells.iter().copied().collect();
    if modelled && distinct.len() > 2 && are_codes(name, &cells) {
        let shown: Vec<String> = in_order(distinct).into_iter().take(12).collect();
        findings.add(
            "SK615",
            at(sources, name, None),
            format!(
                "`{name}` has the values {}: numbers (the model has a slope) or codes of groups?",
                shown.join(", ")
            ),
            format!("declare it: `[[covariate]] name = \"{name}\"` with `kind = \"factor\"` or `kind = \"number\"`"),
        );
    }
    Some(column(ColumnKind::Number, Vec::new()))
}

/// Whether the numbers in a column that the plan does not declare are codes by the look of them: whole, and small, or few
/// that many patients share, or called so by the name. The cells are those of all patients; mean and SD of codes say nothing.
pub fn are_codes(name: &str, cells: &[&str]) -> bool {
    let numbers: Option<Vec<f64>> = cells.iter().map(|cell| cell.trim().parse().ok()).collect();
    let Some(numbers) = numbers.filter(|numbers| !numbers.is_empty()) else { return false };
    if numbers.iter().any(|number| !(number.is_finite() && number.fract() == 0.0 && *number >= 0.0)) {
        return false;
    }
    let lower = name.to_lowercase();
    // `site_id` and `centre2`, not `composite`.
    let begins = |code: &str| lower.split(|c: char| !c.is_alphanumeric()).any(|word| word.starts_with(code));
    if CODES.iter().any(|code| if code.is_ascii() { begins(code) } else { lower.contains(code) }) {
        return true;
    }
    let distinct: BTreeSet<u64> = numbers.iter().map(|number| number.to_bits()).collect();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    let measured = words.any(|word| MEASURED.contains(&word))
        || MEASURED.iter().any(|word| !word.is_ascii() && lower.contains(word));
    let small = numbers.iter().all(|number| *number <= MOST);
    let shared = distinct.len() <= FEW && numbers.len() >= SHARED * distinct.len();
    distinct.len() == 2 && small || !measured && (small || shared)
}

/// Whether the name of a column says that it holds grades, whose numbers are their names.
pub fn is_grade(name: &str) -> bool {
    let lower = name.to_lowercase();
    GRADES.iter().any(|grade| match grade.len() < 5 && grade.is_ascii() {
        true => lower.split(|c: char| !c.is_alphabetic()).any(|word| word == *grade),
        false => lower.contains(grade),
    })
}

/// The filled cells of a patient-level column.
pub fn cells<'t>(trial: &'t Trial, name: &str) -> impl Iterator<Item = &'t str> {
    trial.patients.iter().filter_map(move |patient| patient.attributes.get(name)).map(String::as_str)
}

/// The columns that the plan lists for the baseline table.
pub fn listed_in_table(sources: &Sources) -> impl Iterator<Item = &str> {
    sources.patient_columns.iter().filter(|(purpose, _)| *purpose == TABLE).map(|(_, name)| name.as_str())
}

/// Levels in order: numbers by size, then texts by letter.
pub fn in_order(levels: BTreeSet<&str>) -> Vec<String> {
    let mut levels: Vec<&str> = levels.into_iter().collect();
    let key = |level: &str| level.trim().parse::<f64>().unwrap_or(f64::INFINITY);
    levels.sort_by(|a, b| key(a).total_cmp(&key(b)).then_with(|| a.cmp(b)));
    levels.into_iter().map(str::to_owned).collect()
}

/// The file that has the column: that of the patients, of the disposition, or of the observations.
pub(super) fn source<'s>(sources: &'s Sources, name: &str) -> Option<&'s Source> {
    let others = [sources.patients.as_ref(), sources.disposition.as_ref().map(|disposition| &disposition.source)];
    let observed = sources.observed().map(|(source, _)| source);
    others.into_iter().flatten().chain(observed).find(|source| source.table.has_column(name))
}

fn at(sources: &Sources, name: &str, row: Option<usize>) -> super::finding::Location {
    let found = source(sources, name);
    let row = found.zip(row).map(|(source, row)| source.table.file_row(row));
    place(found.map_or(sources.observations.file.as_str(), |source| &source.file), row, Some(name))
}

/// Reports the cells of a column that are `bad`.
fn report(
    sources: &Sources,
    name: &str,
    bad: &dyn Fn(&str) -> bool,
    findings: &mut Findings,
    finding: impl Fn(&str) -> (&'static str, String, String),
) {
    let Some(cells) = source(sources, name).and_then(|source| Coded::read(&source.table, name)) else { return };
    let comma = source(sources, name).is_some_and(|source| source.table.provenance.decimal == ',');
    let wrong: Vec<bool> = cells.levels.iter().map(|level| bad(&super::attributes::plain(level, comma))).collect();
    if !wrong.contains(&true) {
        return;
    }
    for row in 0..cells.codes.len() {
        if let Some(level) = cells.level(row).filter(|level| wrong.get(*level) == Some(&true)) {
            let (rule, message, remedy) = finding(cells.levels.get(level).map(String::as_str).unwrap_or_default());
            findings.add(rule, at(sources, name, Some(row)), message, remedy);
        }
    }
}
