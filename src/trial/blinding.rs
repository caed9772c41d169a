//! A blinded dry run: every knee gets a dummy treatment, and nothing of the true allocation is left in the tables.
//!
//! The dummy allocation is drawn with a seed, one fair coin per patient, independent of the other patients. The arms are
//! renamed ([`DUMMY_ACTIVE`], [`DUMMY_PLACEBO`]), the columns of the true treatment are replaced, and every other cell in
//! which a true label occurs is hidden, or its whole column where many are, so that no later step could print one.

use super::coded::{Coded, EMPTY};
use super::codes::{Code, find};
use super::design::{ACTIVE, Arms, Design, PLACEBO};
use super::finding::Finding;
use super::findings::{Findings, place};
use super::labels::{mask, names};
use super::pseudonym::replace_column;
use super::side::{Side, side};
use super::sources::{Allocation, AllocationForm, Layout, Roles, Source, Sources};
use crate::data::{ReadOptions, Remark, read_bytes};
use crate::math::random::Stream;
use std::collections::{BTreeMap, BTreeSet};

/// Label of the active arm in a blinded run.
pub const DUMMY_ACTIVE: &str = "DUMMY ACTIVE";
/// Label of the placebo arm in a blinded run.
pub const DUMMY_PLACEBO: &str = "DUMMY PLACEBO";
/// What stands in the place of a cell that names a treatment.
const HIDDEN: &str = "(names a treatment)";
/// Up to so many cells that name a treatment are hidden one by one.
const FEW: usize = 2;
/// So are more of them, where they are no more than one in so many.
const FEW_OF: usize = 10;
/// Column of the dummy treatment.
const COLUMN: &str = "dummy treatment";

/// The design and sources with dummy treatments instead of the true ones.
///
/// # Errors
/// `SK406` where the layout ties values to arms by column names, so that a dummy treatment cannot be given, or where
/// neither a side nor an arm column tells the knees apart.
pub fn blind(design: &Design, sources: &Sources, seed: u64) -> Result<(Design, Sources), Vec<Finding>> {
    let mut sources = sources.clone();
    let truth: Vec<String> = design.arms.labels().iter().map(|label| (*label).to_owned()).collect();
    let other = (1..=design.arms.other.len()).map(|number| format!("DUMMY OTHER {number}")).collect();
    let arms = Arms { active: DUMMY_ACTIVE.to_owned(), placebo: DUMMY_PLACEBO.to_owned(), other };
    let dummies: Vec<String> = arms.labels().iter().map(|label| (*label).to_owned()).collect();
    let named_by = |place: &str| layouts(&sources).any(|layout| is_wide_by(layout, place));
    if named_by("{arm}") {
        let message = "the columns of the data are named by treatment".to_owned();
        return Err(refusal(&sources, message, "name them by side for a blinded run"));
    }
    let missing = |sources: &Sources| {
        refusal(sources, "no column tells the knees apart".to_owned(), "name a `knee` column for a blinded run")
    };
    let files: Vec<Option<(Coded, Option<Coded>)>> =
        sources.observed().map(|(file, roles)| knees(file, roles)).collect();
    let Some(files) = files.into_iter().collect::<Option<Vec<_>>>() else { return Err(missing(&sources)) };
    let mut telling = Telling::new(&sources, truth);
    // A code that is a word is a name of the arm too.
    let codes = sources.codes.arms.iter().flat_map(|arm| arm.codes.iter().cloned());
    telling.truth.extend(codes.filter(|code| code.chars().filter(|c| c.is_alphabetic()).count() > 1));
    let in_columns = named_by("{knee}");
    let by_side = in_columns || sources.roles.knee.is_some();
    let truly = telling.arms(&sources);
    let further = sources.further.iter_mut().map(|further| (&mut further.source, &further.roles));
    let observed = std::iter::once((&mut sources.observations, &sources.roles)).chain(further);
    let mut emptied = Vec::new();
    for ((source, roles), arms) in observed.zip(&truly) {
        let side = roles.knee.as_deref().unwrap_or_default();
        emptied.extend(telling.empty(
            source,
            arms.as_ref(),
            &[&roles.patient, side, roles.visit.as_deref().unwrap_or_default()],
        ));
    }
    if in_columns {
        // The values of both knees stand in one row: the dummy treatments become an allocation list.
        let patients: Vec<&Coded> = files.iter().map(|(patients, _)| patients).collect();
        let list =
            dummy_list(&patients, &dummies, seed).map_err(|error| refusal(&sources, error, "check `data.columns`"))?;
        sources.roles.arm = None;
        sources.further.iter_mut().for_each(|further| further.roles.arm = None);
        sources.allocation = Some(list);
    } else {
        let files: Vec<(Coded, Coded)> =
            files.into_iter().filter_map(|(patients, knees)| Some((patients, knees?))).collect();
        if files.len() != 1 + sources.further.len() {
            return Err(missing(&sources));
        }
        let dummy = draw(&files, by_side, &telling.truth, &dummies, seed);
        let further = sources.further.iter_mut().map(|further| (&mut further.source, &mut further.roles));
        let observed = std::iter::once((&mut sources.observations, &mut sources.roles)).chain(further);
        for ((source, roles), arms) in observed.zip(&dummy) {
            let cells: Vec<Option<&str>> =
                arms.iter().map(|arm| arm.and_then(|arm| dummies.get(arm)).map(String::as_str)).collect();
            replace_column(source, COLUMN, cells);
            roles.arm = Some(COLUMN.to_owned());
        }
        sources.allocation = None;
    }
    let Roles { patient, knee, visit, .. } = sources.roles.clone();
    let keys = [patient, knee.unwrap_or_default(), visit.unwrap_or_default()];
    for source in sources.scores.iter_mut().flatten().filter_map(|scoring| scoring.source.as_mut()) {
        telling.empty(source, None, &keys.each_ref().map(String::as_str));
    }
    let patient_column = sources.patient_column.clone();
    if let Some(source) = &mut sources.patients {
        emptied.extend(telling.empty(source, None, &[&patient_column]));
        emptied.extend(telling.empty_sides(source, &patient_column));
    }
    if let Some(disposition) = &mut sources.disposition {
        emptied.extend(telling.empty(&mut disposition.source, None, &[&patient_column]));
        emptied.extend(telling.empty_sides(&mut disposition.source, &patient_column));
    }
    if let Some(events) = &mut sources.events {
        telling.write_sides(&mut events.source, &patient_column, &events.knee);
        if !by_side {
            // Without sides a local event names its treatment; in a dry run it is shown as an event of the patient.
            let none = vec![None; events.source.table.height()];
            replace_column(&mut events.source, &events.knee, none);
        }
        let kept = [&patient_column, &events.term, &events.severity, &events.serious, &events.related, &events.knee];
        telling.empty(&mut events.source, None, &kept.map(String::as_str));
        telling.mask(&mut events.source, &events.term);
    }
    if let Some(deviations) = &mut sources.deviations {
        deviations.knee.iter().for_each(|knee| telling.write_sides(&mut deviations.source, &patient_column, knee));
        if let (false, Some(knee)) = (by_side, &deviations.knee) {
            let none = vec![None; deviations.source.table.height()];
            replace_column(&mut deviations.source, knee, none);
        }
        let kept =
            [Some(&patient_column), Some(&deviations.what), deviations.important.as_ref(), deviations.knee.as_ref()];
        let kept: Vec<&str> = kept.into_iter().flatten().map(String::as_str).collect();
        telling.empty(&mut deviations.source, None, &kept);
        telling.mask(&mut deviations.source, &deviations.what);
    }
    if let Some(events) = &mut sources.intercurrent {
        telling.write_sides(&mut events.source, &events.patient, &events.knee);
        if !by_side {
            let none = vec![None; events.source.table.height()];
            replace_column(&mut events.source, &events.knee, none);
        }
        let named = [&events.patient, &events.event, &events.knee].map(Some);
        let kept = named.into_iter().chain([events.visit.as_ref(), events.date.as_ref()]);
        let kept: Vec<&str> = kept.into_iter().flatten().map(String::as_str).collect();
        telling.empty(&mut events.source, None, &kept);
        telling.mask(&mut events.source, &events.event);
    }
    sources.emptied = emptied.into_iter().collect();
    rename(&mut sources, &design.arms);
    Ok((Design { arms, ..design.clone() }, sources))
}

/// The word in place of a label in names: of the trial, of patients, of files.
pub const DUMMY: &str = "DUMMY";

/// Takes the labels out of the names of files and of patients. They do not tell which knee had which treatment, since
/// both knees of a patient share them; but so no output has a label anywhere.
fn rename(sources: &mut Sources, arms: &Arms) {
    let labels = name_labels(arms);
    let other = sources.patient_column.clone();
    let mut places: Vec<(&mut Source, String)> = vec![(&mut sources.observations, sources.roles.patient.clone())];
    places.extend(sources.further.iter_mut().map(|further| (&mut further.source, further.roles.patient.clone())));
    let items = sources.scores.iter_mut().flatten().filter_map(|scoring| scoring.source.as_mut());
    places.extend(items.map(|source| (source, sources.roles.patient.clone())));
    places.extend(sources.patients.iter_mut().map(|source| (source, other.clone())));
    places.extend(sources.allocation.iter_mut().map(|list| (&mut list.source, list.patient.clone())));
    places.extend(sources.events.iter_mut().map(|events| (&mut events.source, other.clone())));
    places.extend(sources.disposition.iter_mut().map(|disposition| (&mut disposition.source, other.clone())));
    places.extend(sources.deviations.iter_mut().map(|deviations| (&mut deviations.source, other.clone())));
    places.extend(sources.intercurrent.iter_mut().map(|events| (&mut events.source, events.patient.clone())));
    for (source, column) in places {
        source.file = mask(&source.file, &labels);
        let Some(ids) = Coded::read(&source.table, &column) else { continue };
        if ids.levels.iter().any(|id| labels.iter().any(|(label, _)| names(id, label))) {
            let masked: Vec<String> = ids.levels.iter().map(|id| mask(id, &labels)).collect();
            let cell = |row: usize| ids.level(row).and_then(|level| masked.get(level)).map(String::as_str);
            let cells: Vec<Option<&str>> = (0..ids.codes.len()).map(cell).collect();
            replace_column(source, &column, cells);
        }
    }
}

/// Each label with [`DUMMY`], longest first, so that `EV high` is not read as `EV`.
pub fn name_labels(arms: &Arms) -> Vec<(String, String)> {
    let mut labels: Vec<(String, String)> =
        arms.labels().iter().map(|label| ((*label).to_owned(), DUMMY.to_owned())).collect();
    labels.sort_by_key(|(label, _)| std::cmp::Reverse(label.len()));
    labels
}

fn refusal(sources: &Sources, message: String, remedy: &str) -> Vec<Finding> {
    let mut findings = Findings::default();
    findings.add("SK406", place(&sources.observations.file, None, None), message, remedy);
    findings.into_list()
}

/// The layouts of the files of observations.
fn layouts(sources: &Sources) -> impl Iterator<Item = &Layout> {
    std::iter::once(&sources.layout).chain(sources.further.iter().map(|further| &further.layout))
}

/// Whether the columns of a wide file are named by `{arm}` or `{knee}`.
fn is_wide_by(layout: &Layout, place: &str) -> bool {
    matches!(layout, Layout::Wide { pattern } if pattern.contains(place))
}

/// The patient of every row of a file, and what tells the knees apart, where a column does.
fn knees(file: &Source, roles: &Roles) -> Option<(Coded, Option<Coded>)> {
    let mark = roles.knee.as_ref().or(roles.arm.as_ref());
    Some((Coded::read(&file.table, &roles.patient)?, mark.and_then(|column| Coded::read(&file.table, column))))
}

/// The dummy arm of every row of every file, given its patients and knees. With sides, a coin decides which side is
/// active; else, whether the arms are exchanged.
fn draw(
    files: &[(Coded, Coded)],
    by_side: bool,
    truth: &[String],
    dummies: &[String],
    seed: u64,
) -> Vec<Vec<Option<usize>>> {
    // The knees of each patient in an order that does not depend on the order of rows.
    let mut own: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (patients, knees) in files {
        for row in 0..patients.codes.len() {
            if let (Some(id), Some(knee)) = (patients.get(row), knees.get(row)) {
                let label = canonical(knee);
                let labels = own.entry(id).or_default();
                if !labels.contains(&label) {
                    labels.push(label);
                }
            }
        }
    }
    let mut arms: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for (id, mut labels) in own {
        labels.sort();
        // One stream per patient: a further patient changes nobody else's dummy treatment.
        let mut coin = Stream::new(seed, patient_number(id));
        let drawn = coin.uniform();
        let swapped = usize::from(drawn < 0.5);
        // More than two sites go round all treatments from a random one.
        let (sites, start) = (labels.len(), (drawn * dummies.len() as f64) as usize);
        for (position, label) in labels.into_iter().enumerate() {
            let arm = match by_side {
                true if sites > 2 => (position + start) % dummies.len(),
                true => (position + swapped) % 2,
                false => {
                    let known = truth.iter().position(|name| canonical(name) == label).unwrap_or(position);
                    if known < 2 { (known + swapped) % 2 } else { known.min(dummies.len() - 1) }
                }
            };
            arms.insert((id, label), arm);
        }
    }
    let of_row = |(patients, knees): &(Coded, Coded), row: usize| {
        arms.get(&(patients.get(row)?, canonical(knees.get(row)?))).copied()
    };
    files.iter().map(|file| (0..file.0.codes.len()).map(|row| of_row(file, row)).collect()).collect()
}

fn canonical(label: &str) -> String {
    match side(label) {
        Some(Side::Left) => "left".to_owned(),
        Some(Side::Right) => "right".to_owned(),
        None => label.to_owned(),
    }
}

/// A number made of the identifier (FNV-1a, 64 bits).
fn patient_number(id: &str) -> u64 {
    id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Dummy treatments as an allocation list, one row per knee.
fn dummy_list(files: &[&Coded], dummies: &[String], seed: u64) -> Result<Allocation, String> {
    let mut text = String::from("patient\tknee\tarm\n");
    let ids: BTreeSet<&String> = files.iter().flat_map(|patients| &patients.levels).collect();
    for id in ids {
        let swapped = usize::from(Stream::new(seed, patient_number(id)).uniform() < 0.5);
        for (position, side) in ["LEFT", "RIGHT"].iter().enumerate() {
            let arm = dummies.get((position + swapped) % 2).map(String::as_str).unwrap_or_default();
            text.push_str(&format!("{}\t{side}\t{arm}\n", id.replace(['\t', '\n', '\r', '"'], " ")));
        }
    }
    let file = "dummy allocation.tsv".to_owned();
    let table = read_bytes(&file, text.as_bytes(), &ReadOptions::default()).map_err(|error| error.to_string())?;
    Ok(Allocation {
        source: Source { file, table },
        patient: "patient".to_owned(),
        form: AllocationForm::PerKnee { knee: Some("knee".to_owned()), arm: "arm".to_owned() },
        order: None,
        date: None,
    })
}

/// What would tell the true treatment.
struct Telling {
    /// Labels of the arms.
    truth: Vec<String>,
    /// The side of the active knee of each patient, where data or allocation list say.
    active: BTreeMap<String, Side>,
    /// Codes of the sides.
    sides: Vec<Code>,
}

impl Telling {
    fn new(sources: &Sources, truth: Vec<String>) -> Self {
        let mut active = BTreeMap::new();
        let mut add = |ids: &Coded, knees: &Coded, arms: &Coded| {
            for row in 0..ids.codes.len() {
                if let (Some(id), Some(which), Some(arm)) = (ids.get(row), knees.get(row).and_then(side), arms.get(row))
                    && truth.get(ACTIVE).is_some_and(|label| label == arm)
                {
                    active.insert(id.to_owned(), which);
                }
            }
        };
        for (source, roles) in sources.observed() {
            let read = |column: &Option<String>| Coded::read(&source.table, column.as_ref()?);
            let ids = Coded::read(&source.table, &roles.patient);
            if let (Some(ids), Some(knees), Some(arms)) = (ids, read(&roles.knee), read(&roles.arm)) {
                add(&ids, &knees, &arms);
            }
        }
        if let Some(list) = &sources.allocation {
            let column = |name: &str| Coded::read(&list.source.table, name).unwrap_or_default();
            let ids = column(&list.patient);
            match &list.form {
                AllocationForm::PerKnee { knee: Some(knee), arm } => add(&ids, &column(knee), &column(arm)),
                AllocationForm::PerKnee { knee: None, .. } => {}
                AllocationForm::ActiveKnee { column: name } => {
                    let sides = column(name);
                    let listed =
                        (0..ids.codes.len()).filter_map(|row| Some((ids.get(row)?.to_owned(), side(sides.get(row)?)?)));
                    active.extend(listed);
                }
            }
        }
        Self { truth, active, sides: sources.codes.sides.clone() }
    }

    /// The true arm of every row of every file of observations, where it is known: as written, else by the side of the
    /// patient's active knee.
    fn arms(&self, sources: &Sources) -> Vec<Option<Coded>> {
        let of_file = |(source, roles): (&Source, &Roles)| {
            if let Some(column) = &roles.arm {
                return Coded::read(&source.table, column);
            }
            let ids = Coded::read(&source.table, &roles.patient)?;
            let knees = Coded::read(&source.table, roles.knee.as_ref()?)?;
            let is_active = |row: usize| {
                let active = *self.active.get(ids.get(row)?)?;
                Some(u32::from(side(knees.get(row)?)? == active))
            };
            let codes = (0..ids.codes.len()).map(|row| is_active(row).unwrap_or(EMPTY)).collect();
            Some(Coded { codes, levels: vec!["other".to_owned(), "active".to_owned()] })
        };
        sources.observed().map(of_file).collect()
    }

    /// Empties every column that groups the rows as the arm does or in which many cells name an arm, and says which; where
    /// few do, they alone are hidden, so that the others stay as they are.
    fn empty(&self, source: &mut Source, arms: Option<&Coded>, kept: &[&str]) -> Vec<String> {
        let names = source.table.column_names();
        let mut emptied = Vec::new();
        for name in names.iter().filter(|name| !kept.contains(&name.as_str())) {
            let Some(column) = Coded::read(&source.table, name) else { continue };
            let told: Vec<bool> = column.levels.iter().map(|cell| tells(cell, &self.truth)).collect();
            let filled = column.codes.iter().filter(|code| **code != EMPTY).count();
            let cells: Vec<usize> = (0..column.codes.len())
                .filter(|row| column.level(*row).and_then(|level| told.get(level)) == Some(&true))
                .collect();
            // Cells that name an arm in each knee of it would tell the arm even where the name is hidden.
            let labelled = cells.len() > FEW && cells.len() * FEW_OF > filled;
            if !cells.is_empty() && !labelled {
                self.mask(source, name);
            }
            if labelled || arms.is_some_and(|arms| same_groups(arms, &column)) {
                let none = vec![None; source.table.height()];
                replace_column(source, name, none);
                if labelled && cells.len() < filled {
                    let text =
                        format!("blinding emptied `{name}`: {} of its {filled} cells name a treatment", cells.len());
                    let remedy = "nothing is lost: the run without `--blinded` has the column";
                    source.table.remarks.push(Remark::new(text, remedy).of(name));
                }
                emptied.push(name.clone());
            }
        }
        emptied
    }

    /// The side in the place of an arm's name, in a column of knees: the event stays at its knee, and no name is left.
    fn write_sides(&self, source: &mut Source, patient: &str, knee: &str) {
        let (Some(ids), Some(knees)) = (Coded::read(&source.table, patient), Coded::read(&source.table, knee)) else {
            return;
        };
        if !knees.levels.iter().any(|cell| tells(cell, &self.truth)) {
            return;
        }
        let cell = |row: usize| {
            let written = knees.get(row)?;
            if !tells(written, &self.truth) {
                return Some(written);
            }
            let arm = self.truth.iter().position(|label| canonical_arm(label) == canonical_arm(written));
            let own = ids.get(row).and_then(|id| self.active.get(id));
            match (arm, own) {
                (Some(ACTIVE), Some(own)) => Some(own.label()),
                (Some(PLACEBO), Some(own)) => Some(own.other().label()),
                _ => Some(HIDDEN),
            }
        };
        let cells: Vec<Option<&str>> = (0..knees.codes.len()).map(cell).collect();
        replace_column(source, knee, cells);
    }

    /// Empties every column of a file of patients that holds the side of the active (or of the placebo) knee; says which.
    fn empty_sides(&self, source: &mut Source, patient: &str) -> Vec<String> {
        let mut emptied = Vec::new();
        let Some(ids) = Coded::read(&source.table, patient) else { return emptied };
        for name in source.table.column_names() {
            let Some(column) = Coded::read(&source.table, &name) else { continue };
            let named = |cell: &str| find(&self.sides, cell).and_then(|code| side(&code.label)).or_else(|| side(cell));
            let pairs: Vec<(Side, Side)> = (0..ids.codes.len())
                .filter_map(|row| Some((*self.active.get(ids.get(row)?)?, named(column.get(row)?)?)))
                .collect();
            let same = pairs.iter().filter(|(truth, cell)| truth == cell).count();
            // Nine in ten: a column such as the dominant side agrees with a coin in about half of the patients.
            let agreeing = same.max(pairs.len() - same);
            let tells_side = pairs.len() >= 5 && agreeing * 10 >= pairs.len() * 9;
            if tells_side || self.coded_side(&ids, &column) {
                let none = vec![None; source.table.height()];
                replace_column(source, &name, none);
                emptied.push(name);
            }
        }
        emptied
    }

    /// Whether a column of two codes, whatever they are called, divides the patients as the side of the active knee does; of
    /// fewer than eight patients chance divides too many columns so.
    fn coded_side(&self, ids: &Coded, column: &Coded) -> bool {
        let pairs: Vec<(Side, usize)> = (0..ids.codes.len())
            .filter_map(|row| Some((*self.active.get(ids.get(row)?)?, column.level(row)?)))
            .collect();
        let same = pairs.iter().filter(|(truth, level)| (*truth == Side::Left) == (*level == 0)).count();
        column.levels.len() == 2 && pairs.len() >= 8 && (same == 0 || same == pairs.len())
    }

    /// Hides the cells of a column that name a treatment.
    fn mask(&self, source: &mut Source, column: &str) {
        let Some(terms) = Coded::read(&source.table, column) else { return };
        if terms.levels.iter().any(|term| tells(term, &self.truth)) {
            let mask = |term| if tells(term, &self.truth) { HIDDEN } else { term };
            let masked: Vec<Option<&str>> = (0..terms.codes.len()).map(|row| terms.get(row).map(mask)).collect();
            replace_column(source, column, masked);
        }
    }
}

/// Whether two columns of the same rows have the same groups of rows, under whatever names.
fn same_groups(arms: &Coded, column: &Coded) -> bool {
    if arms.codes.len() != column.codes.len() || arms.levels.len() != column.levels.len() || arms.levels.len() < 2 {
        return false;
    }
    let mut meaning = vec![None; arms.levels.len()];
    (0..arms.codes.len()).all(|row| match (arms.level(row), column.level(row)) {
        (Some(arm), Some(level)) => match meaning.get_mut(arm) {
            Some(Some(known)) => *known == level,
            Some(unknown) => {
                *unknown = Some(level);
                true
            }
            None => false,
        },
        (arm, level) => arm.is_none() && level.is_none(),
    })
}

/// An arm's name without what people vary.
fn canonical_arm(label: &str) -> String {
    label.chars().map(super::masking::plain).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a cell is, or has among its words, the label of an arm.
fn tells(cell: &str, truth: &[String]) -> bool {
    truth.iter().any(|label| names(cell, label))
}
