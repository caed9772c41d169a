//! Several files of observations as one: rows of the same patient, knee and visit become one row.
//!
//! Each file is read as if it were the only one ([`Rows::read`]), with the endpoints it holds; then the rows are joined.
//! Files may hold different endpoints (scores in one, MRI in another), or the same ones of other patients or visits (one
//! file per site). Two files may not disagree on a value or on a treatment. A file without a column for the treatment
//! takes it from the others.

use super::build::index;
use super::coded::{Coded, Coder, EMPTY};
use super::design::Design;
use super::exposures;
use super::finding::{Location, nearest};
use super::findings::{Findings, place};
use super::rows::Rows;
use super::rules::identity;
use super::side::side;
use super::sources::{Layout, Roles, Source, Sources};
use super::spelling;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Where the joined rows and their columns stand.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    files: Vec<String>,
    /// By joined row: its row in each file.
    rows: Vec<Vec<Option<usize>>>,
    /// By column, as the first file of the plan names it: the files that have it, each with its own name of it.
    columns: BTreeMap<String, Vec<(usize, String)>>,
    /// Cells that stand in a later file than the first that has both the row and the column.
    later: BTreeMap<(usize, String), usize>,
}

impl Origins {
    /// The file, row and column of a joined row and a column.
    pub fn place(&self, row: Option<usize>, column: Option<&str>) -> Location {
        let own = row.and_then(|row| self.rows.get(row));
        let row_in = |file: usize| own.and_then(|rows| rows.get(file)).copied().flatten();
        let holders = column.and_then(|column| self.columns.get(column));
        let later = row.zip(column).and_then(|(row, column)| self.later.get(&(row, column.to_owned())));
        let holder = holders.and_then(|holders| match (later, own) {
            (Some(file), _) => holders.iter().find(|(holder, _)| holder == file),
            (None, Some(_)) => holders.iter().find(|(holder, _)| row_in(*holder).is_some()),
            (None, None) => holders.first(),
        });
        let (file, column) = match (holder, holders) {
            (Some((file, name)), _) => (*file, Some(name.as_str())),
            (None, Some(_)) => (self.first_file(own), None),
            (None, None) => (self.first_file(own), column),
        };
        place(self.files.get(file).map(String::as_str).unwrap_or_default(), row_in(file), column)
    }

    /// The place of `row` in a file that has `other` too.
    pub fn beside(&self, row: usize, other: usize) -> Option<Location> {
        let (row, other) = (self.rows.get(row)?, self.rows.get(other)?);
        let file = (0..self.files.len())
            .find(|file| [row, other].iter().all(|rows| rows.get(*file).is_some_and(Option::is_some)))?;
        Some(place(self.files.get(file)?, row.get(file).copied().flatten(), None))
    }

    fn first_file(&self, rows: Option<&Vec<Option<usize>>>) -> usize {
        rows.and_then(|rows| rows.iter().position(Option::is_some)).unwrap_or_default()
    }
}

/// One file of observations.
struct File<'s> {
    source: &'s Source,
    layout: &'s Layout,
    roles: &'s Roles,
    /// The endpoints it holds.
    endpoints: Vec<usize>,
    /// The exposures it holds.
    exposures: Vec<usize>,
}

/// The joined observations; `None` where a file cannot be read.
pub fn rows(design: &Design, sources: &Sources, findings: &mut Findings) -> Option<Rows> {
    let files = files(design, sources);
    if !everything_is_somewhere(design, sources, &files, findings) {
        return None;
    }
    near_columns(design, sources, &files, findings);
    let mut joined = Joined::new(design, sources, &files);
    let mut complete = true;
    for (number, file) in files.iter().enumerate() {
        let (part, view) = view(design, sources, number, file);
        match Rows::read(&part, &view, findings) {
            Some(rows) => joined.add(number, file, &rows, findings),
            None => complete = false,
        }
    }
    complete.then(|| joined.finish(findings))
}

fn files<'s>(design: &Design, sources: &'s Sources) -> Vec<File<'s>> {
    let layouts = std::iter::once(&sources.layout).chain(sources.further.iter().map(|further| &further.layout));
    let files = sources.observed().zip(layouts);
    // An exposure is looked for as an endpoint is.
    let with = exposures::as_endpoints(design, sources);
    files
        .map(|((source, roles), layout)| {
            let held = |number: &usize| holds(&with, sources, source, layout, *number);
            let (endpoints, behind): (Vec<usize>, Vec<usize>) =
                (0..with.endpoints.len()).filter(held).partition(|number| *number < design.endpoints.len());
            let exposures = behind.into_iter().map(|number| number - design.endpoints.len()).collect();
            File { source, layout, roles, endpoints, exposures }
        })
        .collect()
}

/// Whether a file has values, or items to score, of an endpoint.
fn holds(design: &Design, sources: &Sources, source: &Source, layout: &Layout, number: usize) -> bool {
    let Some(endpoint) = design.endpoints.get(number) else { return false };
    match layout {
        Layout::Long => match sources.scores.get(number).and_then(Option::as_ref) {
            Some(scoring) => scoring.items.iter().any(|item| source.table.has_column(item)),
            None => source.table.has_column(&endpoint.column),
        },
        Layout::Wide { pattern } => super::wide::holds(design, &sources.codes, pattern, &source.table, number),
        Layout::Bds { parameter, .. } => Coded::read(&source.table, parameter).is_some_and(|codes| {
            let levels = super::bds::levels(design, &sources.parameter_codes, &codes.levels);
            levels.get(number).is_some_and(Option::is_some)
        }),
    }
}

/// SK050: a file without the column of an endpoint that another file has, and with one that is nearly called so.
fn near_columns(design: &Design, sources: &Sources, files: &[File<'_>], findings: &mut Findings) {
    let known: Vec<&str> = design.endpoints.iter().map(|endpoint| endpoint.column.as_str()).collect();
    for file in files.iter().filter(|file| matches!(file.layout, Layout::Long)) {
        let names = file.source.table.column_names();
        for (number, endpoint) in design.endpoints.iter().enumerate() {
            let scored = sources.scores.get(number).is_some_and(Option::is_some);
            if scored || file.endpoints.contains(&number) || endpoint.survival.is_some() {
                continue;
            }
            let like = names.iter().find(|name| {
                !known.contains(&name.as_str())
                    && (spelling::bare(name) == spelling::bare(&endpoint.column)
                        || spelling::is_slip(name, &endpoint.column))
            });
            if let Some(name) = like {
                findings.add(
                    "SK050",
                    place(&file.source.file, Some(1), Some(name)),
                    format!(
                        "`{name}` looks like `{}`, the column of {} in other files, and is not read",
                        endpoint.column, endpoint.name
                    ),
                    format!("call it `{}`, or waive the rule with the reason", endpoint.column),
                );
            }
        }
    }
}

/// Whether every endpoint and every part of a total is in some file, and every file has an endpoint.
fn everything_is_somewhere(design: &Design, sources: &Sources, files: &[File<'_>], findings: &mut Findings) -> bool {
    let mut complete = true;
    let names: Vec<String> = files.iter().flat_map(|file| file.source.table.column_names()).collect();
    let mut absent = |column: &str, role: &str| {
        complete = false;
        let near = nearest(column, names.iter().map(String::as_str));
        let remedy = if near.is_empty() {
            format!("the files have: {}", names.join(", "))
        } else {
            format!("did you mean `{}`? The files have: {}", near.join("` or `"), names.join(", "))
        };
        let at = place(&sources.observations.file, Some(1), Some(column));
        let message = format!("no file of observations ({}) has `{column}` ({role})", sources.observed_files());
        findings.add("SK025", at, message, remedy);
    };
    for (number, endpoint) in design.endpoints.iter().enumerate() {
        if !files.iter().any(|file| file.endpoints.contains(&number)) {
            absent(&endpoint.column, &endpoint.name);
        }
    }
    let is_endpoint = |column: &&String| design.endpoints.iter().any(|endpoint| endpoint.column == **column);
    let sums = sources.sums.iter().flatten().map(|column| (column, "sum"));
    for (part, role) in sums.filter(|(column, _)| !is_endpoint(column)) {
        if !names.contains(part) {
            absent(part, role);
        }
    }
    for (number, column) in sources.exposures.iter().enumerate() {
        if !files.iter().any(|file| file.exposures.contains(&number)) {
            absent(column, "exposure");
        }
    }
    for file in files.iter().filter(|file| file.endpoints.is_empty()) {
        complete = false;
        findings.add(
            "SK025",
            place(&file.source.file, Some(1), None),
            "the file holds no endpoint of the plan".to_owned(),
            format!("name one of its columns in an [[endpoint]], or leave the file out; it has: {}", {
                file.source.table.column_names().join(", ")
            }),
        );
    }
    complete
}

/// The design and sources as if this file were the only one.
fn view(design: &Design, sources: &Sources, number: usize, file: &File<'_>) -> (Design, Sources) {
    let endpoints = file.endpoints.iter().filter_map(|endpoint| design.endpoints.get(*endpoint).cloned()).collect();
    let parts = sources.sums.iter().flatten().filter(|part| file.source.table.has_column(part)).cloned().collect();
    let filter = match number.checked_sub(1) {
        None => sources.filter.clone(),
        Some(further) => sources.further.get(further).and_then(|further| further.filter.clone()),
    };
    let part = Sources {
        observations: file.source.clone(),
        layout: file.layout.clone(),
        roles: file.roles.clone(),
        filter,
        further: Vec::new(),
        scores: file.endpoints.iter().map(|endpoint| sources.scores.get(*endpoint).cloned().flatten()).collect(),
        replicates: file
            .endpoints
            .iter()
            .map(|endpoint| sources.replicates.get(*endpoint).copied().unwrap_or_default())
            .collect(),
        parameter_codes: file
            .endpoints
            .iter()
            .copied()
            .chain(file.exposures.iter().map(|exposure| design.endpoints.len() + exposure))
            .map(|number| sources.parameter_codes.get(number).cloned().unwrap_or_default())
            .collect(),
        sums: vec![parts],
        exposures: file.exposures.iter().filter_map(|exposure| sources.exposures.get(*exposure).cloned()).collect(),
        ..sources.clone()
    };
    (Design { endpoints, ..design.clone() }, part)
}

/// Patient, side (or arm, where no file has sides) and visit.
type Key = (u32, u32, u32);

/// The rows joined so far.
struct Joined {
    rows: Rows,
    origins: Origins,
    patients: Coder,
    /// Number of the joined row by key.
    known: HashMap<Key, usize>,
    /// Names of the first file for the column of the arm and of the date.
    arm: Option<String>,
    date: Option<String>,
    /// Columns of the endpoints.
    columns: Vec<String>,
    names: Vec<String>,
    arms: Vec<String>,
    /// Files of each patient.
    seen: Vec<BTreeSet<usize>>,
    /// Files that share an endpoint with each file.
    shared: Vec<BTreeSet<usize>>,
    /// Rows of which some file has a column of the treatment.
    with_arm: Vec<bool>,
}

impl Joined {
    fn new(design: &Design, sources: &Sources, files: &[File<'_>]) -> Self {
        let mut columns: BTreeMap<String, Vec<(usize, String)>> = BTreeMap::new();
        for (number, file) in files.iter().enumerate() {
            let mut add = |name: &str, own: &str| {
                let holders = columns.entry(name.to_owned()).or_default();
                if !holders.iter().any(|(holder, _)| *holder == number) {
                    holders.push((number, own.to_owned()));
                }
            };
            for endpoint in file.endpoints.iter().filter_map(|endpoint| design.endpoints.get(*endpoint)) {
                add(&endpoint.column, &endpoint.column);
            }
            add(&sources.roles.patient, &file.roles.patient);
            for (first, own) in [
                (&sources.roles.knee, &file.roles.knee),
                (&sources.roles.arm, &file.roles.arm),
                (&sources.roles.visit, &file.roles.visit),
                (&sources.roles.month, &file.roles.month),
                (&sources.roles.date, &file.roles.date),
            ] {
                if let (Some(first), Some(own)) = (first, own) {
                    add(first, own);
                }
            }
        }
        let names: Vec<String> = files.iter().map(|file| file.source.file.clone()).collect();
        let sharing = |file: &File<'_>| {
            let shares = |other: &File<'_>| other.endpoints.iter().any(|endpoint| file.endpoints.contains(endpoint));
            files.iter().enumerate().filter(|(_, other)| shares(other)).map(|(number, _)| number).collect()
        };
        Self {
            rows: Rows { file: names.join(", "), values: vec![Vec::new(); design.endpoints.len()], ..Rows::default() },
            origins: Origins { files: names, columns, ..Origins::default() },
            patients: Coder::default(),
            known: HashMap::new(),
            arm: sources.roles.arm.clone(),
            date: sources.roles.date.clone(),
            columns: design.endpoints.iter().map(|endpoint| endpoint.column.clone()).collect(),
            names: design.endpoints.iter().map(|endpoint| endpoint.name.clone()).collect(),
            arms: design.arms.labels().into_iter().map(str::to_owned).collect(),
            seen: Vec::new(),
            shared: files.iter().map(sharing).collect(),
            with_arm: Vec::new(),
        }
    }

    fn add(&mut self, number: usize, file: &File<'_>, own: &Rows, findings: &mut Findings) {
        let patients: Vec<u32> = own.patients.iter().map(|id| self.patients.code(id)).collect();
        self.seen.resize_with(self.patients.levels.len(), BTreeSet::new);
        let sides: Vec<u32> = own.sides.iter().map(|label| self.side(label)).collect();
        let translate =
            |codes: &[u32], code: u32| index(code).and_then(|code| codes.get(code)).copied().unwrap_or(EMPTY);
        for row in 0..own.len() {
            let patient = own.patient.get(row).map_or(EMPTY, |code| translate(&patients, *code));
            let knee = own.side.as_ref().and_then(|codes| codes.get(row)).map(|code| translate(&sides, *code));
            let arm = own.arm.as_ref().and_then(|codes| codes.get(row)).copied();
            let visit = own.visit.get(row).copied().unwrap_or(EMPTY);
            if let Some(seen) = index(patient).and_then(|patient| self.seen.get_mut(patient)) {
                seen.insert(number);
            }
            let key = (patient, knee.or(arm).unwrap_or(EMPTY), visit);
            let whole = key.0 != EMPTY && key.1 != EMPTY && key.2 != EMPTY;
            let free = |at: &usize| {
                self.origins.rows.get(*at).is_some_and(|rows| rows.get(number).is_some_and(Option::is_none))
            };
            // A second row of one file stays a row of its own, to be reported as such.
            let known = self.known.get(&key).copied().filter(|_| whole).filter(free);
            let at = match known {
                Some(at) => at,
                None => {
                    let at = self.push(key, knee);
                    if whole {
                        self.known.entry(key).or_insert(at);
                    }
                    at
                }
            };
            if let Some(place) = self.origins.rows.get_mut(at).and_then(|rows| rows.get_mut(number)) {
                *place = own.file_row.get(row).copied();
            }
            self.treatment(at, arm, number, findings);
            self.visit(at, row, number, own);
            self.values(at, row, number, file, own, findings);
        }
    }

    /// The code of a side; one side in several spellings is the first of them.
    fn side(&mut self, label: &str) -> u32 {
        let spelled = side(label);
        let same = |known: &String| known == label || (spelled.is_some() && side(known) == spelled);
        let at = self.rows.sides.iter().position(same).unwrap_or_else(|| {
            self.rows.sides.push(label.to_owned());
            self.rows.sides.len() - 1
        });
        u32::try_from(at).unwrap_or(EMPTY)
    }

    /// A new row without values.
    fn push(&mut self, (patient, _, visit): Key, knee: Option<u32>) -> usize {
        let at = self.rows.patient.len();
        self.rows.patient.push(patient);
        self.rows.visit.push(visit);
        self.rows.file_row.push(at);
        if let Some(knee) = knee {
            self.rows.side.get_or_insert_default().push(knee);
        }
        self.rows.arm.get_or_insert_default().push(EMPTY);
        self.rows.month.get_or_insert_default().push(None);
        self.rows.date.get_or_insert_default().push(None);
        for values in self.rows.values.iter_mut().chain(self.rows.parts.values_mut()) {
            values.push(None);
        }
        self.origins.rows.push(vec![None; self.origins.files.len()]);
        self.with_arm.push(false);
        at
    }

    /// The place of a cell of one file.
    fn cell(&self, at: usize, file: usize, column: Option<&str>) -> Location {
        let row = self.origins.rows.get(at).and_then(|rows| rows.get(file)).copied().flatten();
        let holders = column.and_then(|column| self.origins.columns.get(column));
        let own = holders.and_then(|holders| holders.iter().find(|(holder, _)| *holder == file));
        place(
            self.origins.files.get(file).map(String::as_str).unwrap_or_default(),
            row,
            own.map(|(_, name)| name.as_str()),
        )
    }

    fn treatment(&mut self, at: usize, arm: Option<u32>, file: usize, findings: &mut Findings) {
        let Some(arm) = arm else { return };
        if let Some(with) = self.with_arm.get_mut(at) {
            *with = true;
        }
        let Some(place) = self.rows.arm.as_mut().and_then(|codes| codes.get_mut(at)) else { return };
        if *place == EMPTY {
            *place = arm;
        } else if arm != EMPTY && *place != arm {
            let name =
                |code: u32| index(code).and_then(|arm| self.arms.get(arm)).map(String::as_str).unwrap_or_default();
            let (here, before) = (name(arm), name(*place));
            let patient = self.rows.patient.get(at).and_then(|code| self.patients.levels.get(index(*code)?));
            let patient = patient.map(String::as_str).unwrap_or_default();
            let other = self.origins.place(Some(at), self.arm.as_deref());
            let message = format!("a knee of patient {patient} is on {here} here and on {before} in {other}");
            let location = self.cell(at, file, self.arm.as_deref());
            findings.add("SK104", location, message, "a knee keeps its treatment; correct the arm or the side");
        }
    }

    /// Month and date, of the first file that has them.
    fn visit(&mut self, at: usize, row: usize, file: usize, own: &Rows) {
        let month = own.month.as_ref().and_then(|months| months.get(row)).copied().flatten();
        if let Some(place @ None) = self.rows.month.as_mut().and_then(|months| months.get_mut(at)) {
            *place = month;
        }
        let date = own.date.as_ref().and_then(|dates| dates.get(row)).copied().flatten();
        if let (Some(place @ None), Some(date)) = (self.rows.date.as_mut().and_then(|dates| dates.get_mut(at)), date) {
            *place = Some(date);
            if let Some(column) = self.date.clone() {
                self.stands_later(at, file, column);
            }
        }
    }

    fn values(&mut self, at: usize, row: usize, number: usize, file: &File<'_>, own: &Rows, findings: &mut Findings) {
        for (endpoint, values) in file.endpoints.iter().zip(&own.values) {
            let Some(value) = values.get(row).copied().flatten() else { continue };
            let Some(place) = self.rows.values.get_mut(*endpoint).and_then(|values| values.get_mut(at)) else {
                continue;
            };
            let column = self.columns.get(*endpoint).cloned().unwrap_or_default();
            let Some(before) = *place else {
                *place = Some(value);
                self.stands_later(at, number, column);
                continue;
            };
            let name = self.names.get(*endpoint).map(String::as_str).unwrap_or_default();
            let other = self.origins.place(Some(at), Some(&column));
            let location = self.cell(at, number, Some(&column));
            if before == value {
                let message = format!("{name} of this patient, knee and visit is {value} here and in {other}");
                findings.add("SK116", location, message, "nothing, if both files are meant to have it; it counts once");
            } else {
                let message = format!("{name} of this patient, knee and visit is {value} here and {before} in {other}");
                findings.add("SK115", location, message, "find out which is right, and correct or empty the other");
            }
        }
        for (name, values) in &own.parts {
            let length = self.rows.patient.len();
            let column = self.rows.parts.entry(name.clone()).or_insert_with(|| vec![None; length]);
            if let (Some(place @ None), Some(value)) = (column.get_mut(at), values.get(row)) {
                *place = *value;
            }
        }
    }

    /// Notes that a cell stands in `file`, where an earlier file has its row and its column too.
    fn stands_later(&mut self, at: usize, file: usize, column: String) {
        let holders = self.origins.columns.get(&column).into_iter().flatten();
        let has_row =
            |holder: usize| self.origins.rows.get(at).and_then(|rows| rows.get(holder)).is_some_and(Option::is_some);
        let first = holders.map(|(holder, _)| *holder).find(|holder| has_row(*holder));
        if first.is_some_and(|first| first != file) {
            self.origins.later.insert((at, column), file);
        }
    }

    fn finish(mut self, findings: &mut Findings) -> Rows {
        self.treatments_of_other_rows();
        self.rows.patients = std::mem::take(&mut self.patients.levels);
        self.one_patient_in_two_spellings(findings);
        for (patient, files) in self.seen.iter().enumerate() {
            for (number, sharing) in self.shared.iter().enumerate() {
                // Files of the same endpoints count as one.
                if sharing.first() == Some(&number) && sharing.is_disjoint(files) {
                    let id = self.rows.patients.get(patient).map(String::as_str).unwrap_or_default();
                    let file = self.origins.files.get(number).map(String::as_str).unwrap_or_default();
                    let others: Vec<&str> =
                        files.iter().filter_map(|file| self.origins.files.get(*file)).map(String::as_str).collect();
                    findings.add(
                        "SK117",
                        place(file, None, None),
                        format!("patient {id} is in {} but not in this file", others.join(", ")),
                        "see that the patient was not measured, and that the identifier is spelled alike in all files",
                    );
                }
            }
        }
        if !self.with_arm.contains(&true) {
            self.rows.arm = None;
        }
        if !self.rows.month.iter().flatten().any(Option::is_some) {
            self.rows.month = None;
        }
        if !self.rows.date.iter().flatten().any(Option::is_some) {
            self.rows.date = None;
        }
        self.rows.origins = Some(self.origins);
        self.rows
    }

    /// SK114 of patients who are spelled in one way in one file and in another in the next: their rows were not joined.
    fn one_patient_in_two_spellings(&self, findings: &mut Findings) {
        let mut known: HashMap<String, usize> = HashMap::new();
        let files = |patient: usize| self.seen.get(patient).cloned().unwrap_or_default();
        let named = |patient: usize| {
            let names = files(patient).into_iter().filter_map(|file| self.origins.files.get(file).cloned());
            names.collect::<Vec<_>>().join(", ")
        };
        for (patient, id) in self.rows.patients.iter().enumerate() {
            let before = *known.entry(identity::folded(id)).or_insert(patient);
            let Some(other) = self.rows.patients.get(before).filter(|other| *other != id) else { continue };
            // Two spellings in one file are looked at when all is read.
            if !files(before).is_disjoint(&files(patient)) {
                continue;
            }
            let file = files(patient).into_iter().next();
            let name = file.and_then(|file| self.origins.files.get(file)).map(String::as_str).unwrap_or_default();
            findings.add(
                "SK114",
                place(name, None, None),
                format!(
                    "patient `{id}` of {} is `{other}` in {}: they differ in {} only, and their rows cannot be joined",
                    named(patient),
                    named(before),
                    identity::spelled(other, id)
                ),
                identity::WRITE_ALIKE,
            );
        }
    }

    /// Rows of a file without a column for the treatment: as the other rows of the knee say.
    fn treatments_of_other_rows(&mut self) {
        let (Some(arms), Some(sides)) = (&mut self.rows.arm, &self.rows.side) else { return };
        let knees: Vec<(u32, u32)> = self.rows.patient.iter().copied().zip(sides.iter().copied()).collect();
        let mut written: HashMap<(u32, u32), u32> = HashMap::new();
        for (knee, arm) in knees.iter().zip(arms.iter()).filter(|(_, arm)| **arm != EMPTY) {
            written.entry(*knee).or_insert(*arm);
        }
        let missing = self.with_arm.iter().enumerate().filter(|(_, with)| !**with).map(|(row, _)| row);
        for row in missing {
            match (knees.get(row).and_then(|knee| written.get(knee)), arms.get_mut(row)) {
                (Some(arm), Some(place)) => *place = *arm,
                _ => {
                    self.rows.without_arm.insert(row);
                }
            }
        }
    }
}
