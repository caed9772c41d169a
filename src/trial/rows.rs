//! The observations as plain columns: patient, knee, arm and visit as codes, values as numbers.

use super::coded::{Coded, Coder, EMPTY};
use super::codes::{self, Code};
use super::design::{Design, Endpoint};
use super::exposures;
use super::expr::Condition;
use super::finding::{Location, nearest};
use super::findings::{Findings, place};
use super::joined::Origins;
use super::number_cells::{numbers, or_report};
use super::rules::identity;
use super::side::{Side, side};
use super::sources::{Layout, Sources};
use super::spelling;
use super::unknown_labels::{garbled, labelled_twice, seems_same, unlabelled};
use crate::data::{CellReason, Date, Table};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

pub use super::date_columns::dates;
use super::empty_cells::empty;
pub use super::empty_cells::no_patient;

/// The observations, one entry per row of the long layout.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// File, for messages.
    pub file: String,
    /// Identifiers of the patients in order of appearance.
    pub patients: Vec<String>,
    /// Index of the patient.
    pub patient: Vec<u32>,
    /// Labels of the sides, one spelling each.
    pub sides: Vec<String>,
    /// Index of the side, where the data have sides.
    pub side: Option<Vec<u32>>,
    /// Index of the arm, where the data have arms.
    pub arm: Option<Vec<u32>>,
    /// Index of the visit.
    pub visit: Vec<u32>,
    /// Row in the file; where several files were joined, a number that [`Rows::place`] knows.
    pub file_row: Vec<usize>,
    /// Row of the table as read; only for the long layout, where rows are taken over one by one.
    pub table_row: Vec<usize>,
    /// Values by endpoint.
    pub values: Vec<Vec<Option<f64>>>,
    /// By endpoint that is the time to an event: the statuses.
    pub statuses: BTreeMap<usize, Vec<Option<f64>>>,
    /// By column: values of the parts of totals and of exposures that are no endpoints.
    pub parts: BTreeMap<String, Vec<Option<f64>>>,
    /// Rows whose files have no column of the treatment, where other files have one and do not name the knee.
    pub without_arm: BTreeSet<usize>,
    /// Months since baseline.
    pub month: Option<Vec<Option<f64>>>,
    /// Date of the visit.
    pub date: Option<Vec<Option<Date>>>,
    /// Where rows and columns stand, where several files were joined.
    pub origins: Option<Origins>,
}

impl Rows {
    /// Where a row (an entry of [`Rows::file_row`]) and a column stand.
    pub fn place(&self, row: Option<usize>, column: Option<&str>) -> Location {
        match &self.origins {
            Some(origins) => origins.place(row, column),
            None => place(&self.file, row, column),
        }
    }

    /// A row in words: `row 5`, and of which file where there are several.
    pub fn named(&self, row: Option<usize>) -> String {
        let at = self.place(row, None);
        let row = at.row.unwrap_or_default();
        match &self.origins {
            Some(_) => format!("row {row} of {}", at.file),
            None => format!("row {row}"),
        }
    }

    /// As [`Rows::named`], of a file that has the row `other` too.
    pub fn named_beside(&self, row: Option<usize>, other: Option<usize>) -> String {
        let shared =
            self.origins.as_ref().zip(row.zip(other)).and_then(|(origins, (row, other))| origins.beside(row, other));
        match shared {
            Some(at) => format!("row {} of {}", at.row.unwrap_or_default(), at.file),
            None => self.named(row),
        }
    }

    /// Keeps the rows with these indices, in this order.
    pub fn keep(&mut self, rows: &[usize]) {
        fn pick<T: Copy>(column: &mut Vec<T>, rows: &[usize]) {
            *column = rows.iter().filter_map(|row| column.get(*row).copied()).collect();
        }
        let without_arm = rows.iter().enumerate().filter(|(_, row)| self.without_arm.contains(row));
        self.without_arm = without_arm.map(|(new, _)| new).collect();
        for column in [&mut self.patient, &mut self.visit] {
            pick(column, rows);
        }
        for column in [&mut self.side, &mut self.arm].into_iter().flatten() {
            pick(column, rows);
        }
        pick(&mut self.file_row, rows);
        if !self.table_row.is_empty() {
            pick(&mut self.table_row, rows);
        }
        let values = self.values.iter_mut().chain(self.statuses.values_mut()).chain(self.parts.values_mut());
        for column in values.chain(&mut self.month) {
            pick(column, rows);
        }
        if let Some(column) = &mut self.date {
            pick(column, rows);
        }
    }

    /// The values of a column that is an endpoint's, a part of a total or an exposure.
    pub fn column(&self, design: &Design, name: &str) -> Option<&Vec<Option<f64>>> {
        match design.endpoints.iter().position(|endpoint| endpoint.column == name) {
            Some(number) => self.values.get(number),
            None => self.parts.get(name),
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.patient.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.patient.is_empty()
    }

    /// The observations in `sources`; everything that cannot be read is added to `findings`.
    pub fn read(design: &Design, sources: &Sources, findings: &mut Findings) -> Option<Self> {
        if !sources.further.is_empty() {
            return super::joined::rows(design, sources, findings);
        }
        if !columns_exist(design, sources, findings) {
            return None;
        }
        let kept = kept_rows(sources, findings)?;
        not_selected(sources, findings);
        match &sources.layout {
            Layout::Long => long(design, sources, &kept, findings),
            Layout::Wide { pattern } => exposures::read(design, sources, findings, &|design, findings| {
                super::wide::rows(design, sources, pattern, &kept, findings)
            }),
            Layout::Bds { parameter, value } => exposures::read(design, sources, findings, &|design, findings| {
                super::bds::rows(design, sources, (parameter, value), &kept, findings)
            }),
        }
    }
}

/// SK049: rows that SPSS does not select (`filter_$` is 0), among those that it does.
fn not_selected(sources: &Sources, findings: &mut Findings) {
    const FILTER: &str = "filter_$";
    for (source, _) in sources.observed() {
        let Ok(filter) = source.table.numbers(FILTER) else { continue };
        let out: Vec<usize> =
            filter.iter().enumerate().filter(|(_, cell)| **cell == Some(0.0)).map(|(row, _)| row).collect();
        if let Some(first) = out.first()
            && filter.contains(&Some(1.0))
        {
            findings.add(
                "SK049",
                place(&source.file, Some(source.table.file_row(*first)), Some(FILTER)),
                format!(
                    "{} of {} rows are not selected in SPSS (`{FILTER}` is 0), and are analysed like any other",
                    out.len(),
                    source.table.height()
                ),
                format!(
                    "to leave them out write `where = '`{FILTER}` == 1'` into [data], or waive the rule with the reason"
                ),
            );
        }
    }
}

/// Reports every column the plan names that the file does not have, with the nearest names.
fn columns_exist(design: &Design, sources: &Sources, findings: &mut Findings) -> bool {
    let roles = &sources.roles;
    let mut wanted: Vec<(&str, &str)> = vec![("patient", &roles.patient)];
    for (role, column) in [
        ("knee", &roles.knee),
        ("arm", &roles.arm),
        ("visit", &roles.visit),
        ("month", &roles.month),
        ("date", &roles.date),
    ] {
        wanted.extend(column.iter().map(|column| (role, column.as_str())));
    }
    match &sources.layout {
        Layout::Long => {
            let scored = |number: usize| sources.scores.get(number).is_some_and(Option::is_some);
            let recorded = design.endpoints.iter().enumerate().filter(|(number, _)| !scored(*number));
            wanted.extend(recorded.map(|(_, endpoint)| (endpoint.name.as_str(), endpoint.column.as_str())));
            let is_endpoint = |column: &&String| design.endpoints.iter().any(|endpoint| endpoint.column == **column);
            let parts = sources.sums.iter().flatten().filter(|column| !is_endpoint(column));
            wanted.extend(parts.map(|column| ("sum", column.as_str())));
            wanted.extend(sources.exposures.iter().map(|column| ("exposure", column.as_str())));
        }
        Layout::Bds { parameter, value } => {
            wanted.extend([("parameter", parameter.as_str()), ("value", value.as_str())])
        }
        Layout::Wide { .. } => {}
    }
    let filter: Vec<&str> = sources.filter.iter().flat_map(Condition::columns).collect();
    wanted.extend(filter.iter().map(|column| ("where", *column)));
    let source = &sources.observations;
    let mut complete = true;
    for (role, column) in wanted {
        complete &= has_column(&source.file, &source.table, column, role, findings);
    }
    complete
}

/// Whether `table` has `column`; if not, a finding names the nearest columns.
pub fn has_column(file: &str, table: &Table, column: &str, role: &str, findings: &mut Findings) -> bool {
    for cell in table.unread(column) {
        let message = match cell.reason {
            CellReason::FormulaWithoutValue => "a formula without a stored value".to_owned(),
            _ => format!("`{}` is an error of the spreadsheet", shorten(&cell.found)),
        };
        let remedy = "correct the cell or clear it, and save the workbook";
        findings.add("SK024", place(file, Some(cell.row), Some(column)), message, remedy);
    }
    if table.has_column(column) {
        return table.unread(column).is_empty();
    }
    let names = table.column_names();
    let near = nearest(column, names.iter().map(String::as_str));
    let remedy = if near.is_empty() {
        format!("the file has: {}", names.join(", "))
    } else {
        format!("did you mean `{}`? The file has: {}", near.join("` or `"), names.join(", "))
    };
    findings.add(
        "SK025",
        place(file, Some(1), Some(column)),
        format!("there is no column `{column}` ({role})"),
        remedy,
    );
    false
}

/// Indices of the rows that the plan's `where` keeps.
fn kept_rows(sources: &Sources, findings: &mut Findings) -> Option<Vec<usize>> {
    let table = &sources.observations.table;
    let Some(filter) = &sources.filter else { return Some((0..table.height()).collect()) };
    let columns: BTreeMap<&str, Coded> =
        filter.columns().into_iter().filter_map(|name| Some((name, super::left_out::coded(table, name)?))).collect();
    let cells = |name: &str| columns.get(name).map(|column| column.levels.clone()).unwrap_or_default();
    let filter = match filter.in_order(&cells) {
        Ok(filter) => filter,
        Err((message, remedy)) => {
            let at = place(&sources.observations.file, None, None);
            findings.add("SK011", at, format!("{message} (data.where)"), remedy);
            return None;
        }
    };
    let code = |name: &str, label: &str| table.code_of_label(name, label);
    let kept: Vec<usize> = (0..table.height())
        .filter(|row| filter.holds_with(&|name| columns.get(name).and_then(|column| column.get(*row)), &code))
        .collect();
    if kept.is_empty() {
        findings.add(
            "SK022",
            place(&sources.observations.file, None, None),
            format!("no row of {} meets the plan's `data.where`", table.height()),
            "check the condition against the data",
        );
        return None;
    }
    Some(kept)
}

fn long(design: &Design, sources: &Sources, kept: &[usize], findings: &mut Findings) -> Option<Rows> {
    let source = &sources.observations;
    let scoring = |number: usize| sources.scores.get(number).and_then(Option::as_ref);
    // Columns are read side by side, and what cannot be read is reported in their order.
    let recorded = |(number, endpoint): (usize, &Endpoint)| match scoring(number) {
        Some(_) => Ok(Vec::new()),
        None => codes::values(endpoint, &source.table, &endpoint.column),
    };
    let (rows, read): (_, Vec<_>) = rayon::join(
        || keys(design, sources, kept, findings),
        || design.endpoints.par_iter().enumerate().map(recorded).collect(),
    );
    let mut rows = rows?;
    rows.table_row = kept.to_vec();
    for (number, (endpoint, values)) in design.endpoints.iter().zip(read).enumerate() {
        if let Some(scoring) = scoring(number) {
            let scores = super::scored::scores(design, sources, number, scoring, &rows, findings)?;
            rows.values.push(scores);
            continue;
        }
        let values = or_report(values, &source.file, &source.table, &endpoint.column, Some(endpoint), findings);
        rows.values.push(if values.len() == kept.len() { values } else { pick(&values, kept) });
    }
    let is_endpoint = |name: &str| design.endpoints.iter().any(|endpoint| endpoint.column == name);
    for name in &sources.exposures {
        let values = numbers(&source.file, &source.table, name, findings);
        rows.parts.insert(name.clone(), pick(&values, kept));
    }
    for name in sources.sums.iter().flatten().filter(|name| !is_endpoint(name) && !sources.exposures.contains(name)) {
        if let Ok(values) = source.table.numbers(name) {
            rows.parts.insert(name.clone(), pick(&values, kept));
        }
    }
    Some(rows)
}

/// The identifying columns of the kept rows; values are still empty.
pub fn keys(design: &Design, sources: &Sources, kept: &[usize], findings: &mut Findings) -> Option<Rows> {
    let source = &sources.observations;
    let table = &source.table;
    let roles = &sources.roles;
    let named = [Some(&roles.patient), roles.knee.as_ref(), roles.arm.as_ref(), roles.visit.as_ref()];
    let columns: Vec<Option<Coded>> = named.par_iter().map(|name| Coded::read(table, (*name)?)).collect();
    let [patient, knee, arm, visit] = <[Option<Coded>; 4]>::try_from(columns).ok()?;
    let patient = patient?;
    for &row in kept {
        if patient.codes.get(row) == Some(&EMPTY) {
            let location = place(&source.file, Some(table.file_row(row)), Some(&roles.patient));
            no_patient(table, row, &roles.patient, location, findings);
        }
    }
    for column in named.into_iter().flatten() {
        labelled_twice(&source.file, table, column, findings);
    }
    let mut rows = Rows { file: source.file.clone(), ..Rows::default() };
    // Patients are numbered in order of appearance among the kept rows.
    let mut coder = Coder::default();
    let mut renumbered = vec![EMPTY; patient.levels.len()];
    for &row in kept {
        let code = match patient.level(row) {
            None => EMPTY,
            Some(level) => {
                if renumbered.get(level) == Some(&EMPTY)
                    && let (Some(place), Some(id)) = (renumbered.get_mut(level), patient.levels.get(level))
                {
                    *place = coder.code(id);
                }
                renumbered.get(level).copied().unwrap_or(EMPTY)
            }
        };
        rows.patient.push(code);
        rows.file_row.push(table.file_row(row));
    }
    rows.patients = coder.levels;
    if let Some(name) = &roles.knee {
        let column = knee?;
        let (labels, codes) = sides(&source.file, name, table, &column, kept, findings);
        rows.sides = labels;
        rows.side = Some(codes);
    }
    if let Some(name) = &roles.arm {
        let known = design.arms.labels();
        let place_of = Place { file: &source.file, column: name, table, kept, codes: &sources.codes.arms };
        rows.arm = Some(known_levels(&arm?, &known, "arm", "SK601", &place_of, findings));
    }
    rows.visit = match &roles.visit {
        Some(name) => {
            let known: Vec<&str> = design.visits.iter().map(|visit| visit.label.as_str()).collect();
            let place_of = Place { file: &source.file, column: name, table, kept, codes: &sources.codes.visits };
            known_levels(&visit?, &known, "visit", "SK602", &place_of, findings)
        }
        None => vec![0; kept.len()],
    };
    if let Some(name) = &roles.month {
        rows.month = Some(pick(&numbers(&source.file, table, name, findings), kept));
    }
    if let Some(name) = &roles.date {
        rows.date = Some(pick(&dates(&source.file, table, name, findings), kept));
    }
    Some(rows)
}

/// The values of the kept rows.
pub fn pick<T: Copy>(values: &[Option<T>], kept: &[usize]) -> Vec<Option<T>> {
    if values.len() == kept.len() {
        return values.to_vec();
    }
    kept.iter().map(|row| values.get(*row).copied().flatten()).collect()
}

/// The beginning of a cell, for messages.
pub fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// Where a column stands, for messages.
pub struct Place<'a> {
    /// File.
    pub file: &'a str,
    /// Column.
    pub column: &'a str,
    /// Table.
    pub table: &'a Table,
    /// Rows in use.
    pub kept: &'a [usize],
    /// Names with their codes, where the plan declares some.
    pub codes: &'a [Code],
}

/// The index among `known` of each kept row's label; every label that is not known is reported once, with its first row.
pub fn known_levels(
    column: &Coded,
    known: &[&str],
    what: &str,
    rule: &'static str,
    at: &Place<'_>,
    findings: &mut Findings,
) -> Vec<u32> {
    // 1.0 is 1, as a program that reads a column of codes as numbers writes it.
    let same_number = |name: &str, label: &str| match (name.parse::<f64>(), label.parse::<f64>()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    };
    let index = |label: &String| {
        let exact = known.iter().position(|name| name == label);
        let found = exact.or_else(|| known.iter().position(|name| same_number(name, label)));
        found.and_then(|index| u32::try_from(index).ok())
    };
    let meaning: Vec<Option<u32>> = column.levels.iter().map(index).collect();
    let mut unknown: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    let mut codes = Vec::with_capacity(at.kept.len());
    for &row in at.kept {
        let code = match column.level(row) {
            None => {
                let location = place(at.file, Some(at.table.file_row(row)), Some(at.column));
                empty(what, at.table, row, location, findings);
                EMPTY
            }
            Some(level) => match meaning.get(level).copied().flatten() {
                Some(code) => code,
                None => {
                    unknown.entry(level).or_insert((at.table.file_row(row), 0)).1 += 1;
                    EMPTY
                }
            },
        };
        codes.push(code);
    }
    for (level, (row, count)) in unknown {
        let label = column.levels.get(level).map(String::as_str).unwrap_or_default();
        let variant = known.iter().find(|name| spelling::bare(name) == spelling::bare(label));
        let looks = known.iter().find(|name| identity::folded(name) == identity::folded(label));
        let remedy = match variant {
            _ if looks.is_some_and(|name| seems_same(name, label)) => {
                let name = looks.copied().unwrap_or_default();
                format!(
                    "it looks like `{name}` and differs in {} only: write it in the data with the characters of the plan",
                    identity::spelled(name, label)
                )
            }
            Some(name) => format!(
                "it looks like a spelling of `{name}`: correct it in the data, or write the plan as the data do"
            ),
            None => {
                match unlabelled(at, label).or_else(|| super::offers::code_of(what, label, known, &column.levels)) {
                    Some(offer) => offer,
                    None => {
                        let named = match at.codes.is_empty() {
                            true => known.join(", "),
                            false => codes::listed(at.codes),
                        };
                        format!("{}; the plan has: {named}", super::rows::did_you_mean(label, known))
                    }
                }
            }
        };
        // Two arms that both occur, and a third: a trial of more than two treatments.
        let occurs = |name: &&str| column.levels.iter().any(|level| level == name);
        let remedy = match what == "arm" && variant.is_none() && known.iter().filter(|name| occurs(name)).count() > 1 {
            true => format!(
                "declare a third treatment: `[arms] other = [\"{}\"]`; it enters mixed models and descriptions, and \
                 `data.where` can keep its rows out",
                shorten(label)
            ),
            false => remedy,
        };
        let remedy = match garbled(at.table, label) {
            Some(encoding) => format!(
                "{remedy}; if `{}` is not what the file shows, it is in another encoding than {encoding}, as which it was read: \
                 save it as UTF-8, or declare `encoding` in [data]",
                shorten(label)
            ),
            None => remedy,
        };
        let message =
            format!("unknown {what} `{}` in {count} row{}", shorten(label), if count == 1 { "" } else { "s" });
        findings.add(rule, place(at.file, Some(row), Some(at.column)), message, remedy);
    }
    codes
}

/// "did you mean …", or how to declare it.
pub fn did_you_mean(label: &str, known: &[&str]) -> String {
    match nearest(label, known.iter().copied()).as_slice() {
        [] => "declare it in the plan, or keep such rows out with `data.where`".to_owned(),
        near => format!("did you mean `{}`?", near.join("` or `")),
    }
}

/// What to do about an identifier in a file beside the observations that is none of those.
pub fn whose(id: &str, known: &[&str]) -> String {
    match nearest(id, known.iter().copied()).as_slice() {
        [] => "correct the identifier, or delete the row where it is of no patient (a row of totals, a patient screened only)".to_owned(),
        near => format!("did you mean `{}`?", near.join("` or `")),
    }
}

/// Labels and codes of the sides; spellings of one side become one label, the most frequent.
fn sides(
    file: &str,
    name: &str,
    table: &Table,
    column: &Coded,
    kept: &[usize],
    findings: &mut Findings,
) -> (Vec<String>, Vec<u32>) {
    let counts = column.counts();
    let spelled: Vec<Option<Side>> = column.levels.iter().map(|label| side(label)).collect();
    // The level that stands for each level.
    let mut stands: Vec<usize> = (0..column.levels.len()).collect();
    for which in [Side::Left, Side::Right] {
        let variants: Vec<usize> = (0..spelled.len()).filter(|i| spelled.get(*i) == Some(&Some(which))).collect();
        let most = |a: &&usize, b: &&usize| counts.get(**a).cmp(&counts.get(**b)).then(b.cmp(a));
        let Some(&chosen) = variants.iter().max_by(most) else { continue };
        if variants.len() > 1 {
            let words: Vec<&str> = variants.iter().filter_map(|i| column.levels.get(*i)).map(String::as_str).collect();
            let first = column.first_rows();
            let row = variants.iter().filter(|i| **i != chosen).filter_map(|i| first.get(*i)).min();
            let kept_as = column.levels.get(chosen).map(String::as_str).unwrap_or_default();
            findings.add(
                "SK603",
                place(file, row.map(|row| table.file_row(*row)), Some(name)),
                format!("one side is spelled in {} ways: {}; taken as `{kept_as}`", words.len(), words.join(", ")),
                "use one spelling in the data",
            );
        }
        for variant in variants {
            if let Some(place) = stands.get_mut(variant) {
                *place = chosen;
            }
        }
    }
    let mut labels = Vec::new();
    let mut numbered: BTreeMap<usize, u32> = BTreeMap::new();
    let mut codes = Vec::with_capacity(kept.len());
    for &row in kept {
        let Some(level) = column.level(row).and_then(|level| stands.get(level).copied()) else {
            let location = place(file, Some(table.file_row(row)), Some(name));
            empty("side", table, row, location, findings);
            codes.push(EMPTY);
            continue;
        };
        let next = u32::try_from(labels.len()).unwrap_or(EMPTY);
        let code = *numbered.entry(level).or_insert(next);
        if code == next {
            labels.push(column.levels.get(level).cloned().unwrap_or_default());
        }
        codes.push(code);
    }
    (labels, codes)
}
