//! Columns to patients: checks that the data keep the design, then makes the [`Trial`].
//!
//! All findings are reported, not the first only. Errors refuse the trial; warnings and notes come with it.

use super::attributes;
use super::coded::EMPTY;
use super::columns;
use super::dates;
use super::derived;
use super::design::Design;
use super::deviations;
use super::event_rows;
use super::finding::Finding;
use super::findings::{Findings, place};
use super::intercurrent;
use super::knee_values::KneeValues;
use super::knees::Knees;
use super::patients::{AnalysisSet, Knee, Patient, Trial};
use super::replicates;
use super::rows::{Rows, has_column};
use super::rules;
use super::sources::Sources;
use super::strangers::{self, Strangers};
use super::time_to_event;
use super::totals;
use crate::math::decimal;
use std::collections::{BTreeMap, BTreeSet};

pub use super::sources::{Allocation, Events, Layout, Roles, SetDefinition, Source};

/// Builds the trial.
///
/// # Errors
/// Every finding (errors, warnings and notes) where at least one is an error.
pub fn build(design: &Design, sources: &Sources) -> Result<(Trial, Vec<Finding>), Vec<Finding>> {
    built(design, sources).map_err(|findings| super::misfits::by_row(sources, findings))
}

fn built(design: &Design, sources: &Sources) -> Result<(Trial, Vec<Finding>), Vec<Finding>> {
    let mut findings = Findings::default();
    remarks(sources, &mut findings);
    totals::check(sources, &mut findings);
    let reading = time_to_event::with_statuses(design);
    let Some(mut rows) = Rows::read(&reading, sources, &mut findings) else { return Err(findings.into_list()) };
    time_to_event::take_statuses(design, &mut rows);
    values_permitted(design, &rows, &mut findings);
    time_to_event::permitted(design, &rows, &mut findings);
    replicates::combine(design, sources, &mut rows, &mut findings);
    let Some(knees) = Knees::group(design, sources, &rows, &mut findings) else { return Err(findings.into_list()) };
    let mut design = design.clone();
    decimals(&mut design, &rows);
    months(&mut design, &rows, sources.roles.month.as_deref(), &mut findings);
    time_order(&design, &rows, sources.roles.month.as_deref(), &mut findings);
    if findings.has_errors() {
        return Err(findings.into_list());
    }
    let patients = patients(&design, &rows, &knees, &mut findings);
    let mut trial = Trial {
        design,
        patients,
        sets: Vec::new(),
        events: None,
        intercurrent: None,
        deviations: None,
        columns: Vec::new(),
        randomised: 0,
        dates: dates::Dates::default(),
    };
    attributes::attach(&mut trial, sources, &mut findings);
    trial.sets = analysis_sets(&trial, sources, &mut findings);
    columns::settle(&mut trial, sources, &mut findings);
    let strangers = Strangers::of(&trial, sources);
    let events = sources
        .events
        .as_ref()
        .map(|given| event_rows::read(&trial, given, &sources.patient_column, &strangers, &mut findings));
    let intercurrent = sources
        .intercurrent
        .as_ref()
        .map(|given| intercurrent::read(&trial, given, &rows, &knees, &strangers, &mut findings));
    let deviations = sources
        .deviations
        .as_ref()
        .map(|given| deviations::read(&trial, given, &sources.patient_column, &strangers, &mut findings));
    (trial.events, trial.intercurrent, trial.deviations) =
        (events.flatten(), intercurrent.flatten(), deviations.flatten());
    trial.randomised = randomised(&trial, sources, &mut findings);
    let context = rules::Context { trial: &trial, sources, rows: &rows, knees: &knees };
    rules::check(&context, &mut findings);
    let dates = dates::Dates::of(&context);
    trial.dates = dates;
    if findings.has_errors() {
        return Err(findings.into_list());
    }
    Ok((trial, findings.into_list()))
}

/// Fills in the decimals that the plan does not declare: as many as the values have, and no more than four significant
/// digits of a usual value need (a mean of items has endless decimals).
fn decimals(design: &mut Design, rows: &Rows) {
    for (endpoint, values) in design.endpoints.iter_mut().zip(&rows.values) {
        if endpoint.decimals_from_data {
            endpoint.decimals = decimals_of(values);
        }
    }
}

fn decimals_of(values: &[Option<f64>]) -> usize {
    let mut sizes: Vec<f64> = values.iter().flatten().map(|value| value.abs()).filter(|value| *value > 0.0).collect();
    if sizes.is_empty() {
        return 0;
    }
    let middle = sizes.len() / 2;
    let (_, usual, _) = sizes.select_nth_unstable_by(middle, f64::total_cmp);
    // A double has 15 digits: the exponent is far from the limits of an i32.
    let most = (3 - usual.log10().floor() as i32).clamp(1, 10);
    let mut decimals = 0;
    for value in values.iter().flatten() {
        while decimals < most && !is_multiple(*value, 10f64.powi(-decimals)) {
            decimals += 1;
        }
    }
    usize::try_from(decimals).unwrap_or(0)
}

/// What the readers of the files passed over or decided.
fn remarks(sources: &Sources, findings: &mut Findings) {
    // What two readings of one file find alike is said once.
    let mut said: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (file, table) in sources.readings() {
        for remark in table.remarks.iter().filter(|remark| said.insert((file, &remark.text))) {
            let rule = if remark.doubtful { "SK028" } else { "SK027" };
            let at = place(file, remark.row, remark.column.as_deref().filter(|column| !column.is_empty()));
            findings.add(rule, at, remark.text.clone(), remark.remedy);
        }
        // What a reader decided and did not remark on; what `where` keeps is said where the files are listed.
        let remarked = |note: &&String| table.remarks.iter().any(|remark| remark.text == **note);
        let notes = table.provenance.notes.iter().filter(|note| !remarked(note) && !note.starts_with("`where` keeps"));
        for note in notes.filter(|note| said.insert((file, note.as_str()))) {
            findings.add("SK027", place(file, None, None), note.clone(), decided(note));
        }
    }
    unread_worksheets(sources, findings);
    for said in &sources.said {
        findings.add(said.rule, said.location.clone(), said.message.clone(), said.remedy.clone());
    }
}

/// Worksheets of a workbook that are neither read nor hidden, where the plan names those that are.
fn unread_worksheets(sources: &Sources, findings: &mut Findings) {
    // Of several worksheets of one workbook each stands under its path and its name in brackets.
    let path = |file: &str| file.split(" [").next().unwrap_or(file).to_owned();
    let mut books: BTreeMap<String, (&[String], BTreeSet<&str>)> = BTreeMap::new();
    for (file, table) in sources.readings() {
        let about = &table.provenance;
        let book = books.entry(path(file)).or_insert((&about.worksheets, BTreeSet::new()));
        book.1.extend(about.sheet.as_deref());
    }
    for (file, (all, read)) in books {
        let unread: Vec<String> = all
            .iter()
            .filter(|title| !read.contains(title.as_str()))
            .take(10)
            .map(|title| format!("`{title}`"))
            .collect();
        if !unread.is_empty() {
            findings.add(
                "SK027",
                place(&file, None, None),
                format!("worksheets that are not read: {}", unread.join(", ")),
                "nothing, if they hold no data of the trial; else name them with `sheet` or `sheets`",
            );
        }
    }
}

/// What to do about a note of a reader.
fn decided(note: &str) -> &'static str {
    if note.starts_with("encoding") {
        "see that names and words with letters beyond ASCII read as they should; declare `encoding` in [data], or save as UTF-8"
    } else if note.contains("decimal comma") {
        "see that `12,5` is 12.5 and not two numbers, and declare `decimal_comma = true` in [data]"
    } else if note.contains("formulas") {
        "see that the workbook was calculated when it was saved last"
    } else {
        "nothing, if it is as it should be"
    }
}

/// Values outside the endpoint's range or of the wrong kind.
fn values_permitted(design: &Design, rows: &Rows, findings: &mut Findings) {
    use super::design::Kind;
    for (endpoint, values) in design.endpoints.iter().zip(&rows.values) {
        if endpoint.kind == Kind::Binary && one_and_two(endpoint, values, rows, findings) {
            continue;
        }
        for (value, row) in values.iter().zip(&rows.file_row) {
            let Some(value) = *value else { continue };
            let location = || rows.place(Some(*row), Some(&endpoint.column));
            if let Some((low, high)) = endpoint.range
                && !(decimal::at_least(value, low) && decimal::at_least(high, value))
            {
                let message = format!("{} is {value}, outside its range {low} to {high}", endpoint.name);
                let code = [9.0, 88.0, 99.0, 888.0, 999.0, 9999.0].contains(&value.abs()) || value == -1.0;
                let remedy = match code {
                    true => format!(
                        "correct the value; if `{value}` means missing, declare it for this column: {}",
                        rules::declared_missing::by_column(&endpoint.column, &value.to_string())
                    ),
                    false => "correct the value, or the endpoint's `range`".to_owned(),
                };
                findings.add("SK202", location(), message, remedy);
                continue;
            }
            let wrong = match endpoint.kind {
                // Times and statuses have rules of their own.
                Kind::Continuous | Kind::Survival => None,
                Kind::Ordinal => (value.fract() != 0.0).then_some("a grade is a whole number"),
                Kind::Binary => (value != 0.0 && value != 1.0).then_some("a binary endpoint is 0 or 1"),
                Kind::Count => (value.fract() != 0.0 || value < 0.0).then_some("a count is a whole number from 0"),
            };
            if let Some(reason) = wrong {
                let message = format!("{} is {value}, but {reason}", endpoint.name);
                findings.add("SK203", location(), message, "correct the value, or the endpoint's `kind`");
                continue;
            }
            if let Some(step) = endpoint.step
                && !is_multiple(value - endpoint.range.map_or(0.0, |(low, _)| low), step)
            {
                let message = format!("{} is {value}, which is not in steps of {step}", endpoint.name);
                findings.add("SK204", location(), message, "correct the value, or the endpoint's `step`");
            }
        }
    }
}

/// SK203, once for a yes/no endpoint that is coded 1 and 2: which of them means yes nobody can tell.
fn one_and_two(
    endpoint: &super::design::Endpoint,
    values: &[Option<f64>],
    rows: &Rows,
    findings: &mut Findings,
) -> bool {
    let has = |wanted: f64| values.iter().flatten().any(|value| *value == wanted);
    let only = values.iter().flatten().all(|value| *value == 1.0 || *value == 2.0);
    if !(only && has(2.0) && endpoint.levels.is_empty()) {
        return false;
    }
    let first = values.iter().position(Option::is_some).and_then(|row| rows.file_row.get(row)).copied();
    findings.add(
        "SK203",
        rows.place(first, Some(&endpoint.column)),
        format!("{} is coded 1 and 2, and which of them means yes is not said", endpoint.name),
        "declare it in the endpoint, no before yes: `levels = [{ code = \"2\", label = \"No\" }, { code = \"1\", label = \"Yes\" }]`",
    );
    true
}

fn is_multiple(value: f64, step: f64) -> bool {
    let steps = value / step;
    (steps - steps.round()).abs() <= 1e-9 * steps.abs().max(1.0)
}

/// Fills in the months of visits from the data where plan and label say none; contradictions are reported.
fn months(design: &mut Design, rows: &Rows, column: Option<&str>, findings: &mut Findings) {
    let Some(months) = &rows.month else { return };
    let mut found: Vec<Option<(f64, usize)>> = vec![None; design.visits.len()];
    let mut reported = BTreeSet::new();
    for ((month, visit), row) in months.iter().zip(&rows.visit).zip(&rows.file_row) {
        let (Some(month), Ok(visit)) = (*month, usize::try_from(*visit)) else { continue };
        let Some(known) = found.get_mut(visit) else { continue };
        match *known {
            None => *known = Some((month, *row)),
            Some((before, _)) if before != month && reported.insert(visit) => {
                let label = design.visits.get(visit).map(|visit| visit.label.as_str()).unwrap_or_default();
                findings.add(
                    "SK306",
                    rows.place(Some(*row), column),
                    format!("the visit `{label}` is at month {month} here and at month {before} in an earlier row"),
                    "give a visit one nominal month; the first is used",
                );
            }
            Some(_) => {}
        }
    }
    for (visit, found) in design.visits.iter_mut().zip(found) {
        let Some((month, row)) = found else { continue };
        match visit.month {
            None => visit.month = Some(month),
            Some(planned) if (planned - month).abs() > 0.5 => {
                let message = format!(
                    "`{}` is month {planned} by plan or label, which is used, and {month} here{}",
                    visit.label,
                    super::design::other_unit(planned, month)
                );
                findings.add(
                    "SK309",
                    rows.place(Some(row), column),
                    message,
                    "correct the column, or write its months in `visits.months`",
                );
            }
            Some(_) => {}
        }
    }
}

/// SK310: the months of the visits, declared or from the data, increase along the plan's order.
fn time_order(design: &Design, rows: &Rows, column: Option<&str>, findings: &mut Findings) {
    let known: Vec<(&str, f64)> =
        design.visits.iter().filter_map(|visit| Some((visit.label.as_str(), visit.month?))).collect();
    for pair in known.windows(2) {
        if let [(before, earlier), (after, later)] = pair
            && later < earlier
        {
            findings.add(
                "SK310",
                rows.place(None, column),
                format!("`{before}` (month {earlier}) stands before `{after}` (month {later}) in the plan"),
                "correct `visits.order`",
            );
        }
    }
}

/// The patients with their knees and values.
fn patients(design: &Design, rows: &Rows, knees: &Knees, findings: &mut Findings) -> Vec<Patient> {
    let cells = design.visits.len();
    let mut values = vec![KneeValues::none(design.endpoints.len(), cells); knees.len()];
    let with_exposure = design.endpoints.iter().any(|endpoint| endpoint.exposure.is_some());
    let none = if with_exposure { values.first().cloned().unwrap_or_default() } else { KneeValues::default() };
    let mut exposures = vec![none; knees.len()];
    let mut places: Vec<Vec<Option<usize>>> = vec![vec![None; cells]; knees.len()];
    let mut unplanned: BTreeSet<(usize, usize)> = BTreeSet::new();
    for row in 0..rows.len() {
        let (Some(knee), Some(visit)) = (knees.of_row(row), rows.visit.get(row).and_then(|v| usize::try_from(*v).ok()))
        else {
            continue;
        };
        if let Some(place) = places.get_mut(knee).and_then(|places| places.get_mut(visit)) {
            *place = rows.file_row.get(row).copied();
        }
        for (number, column) in rows.values.iter().enumerate() {
            let Some(value) = column.get(row).copied().flatten() else { continue };
            let endpoint = design.endpoints.get(number);
            if endpoint.is_some_and(|endpoint| endpoint.survival.is_some()) {
                continue;
            }
            if endpoint.is_some_and(|endpoint| !endpoint.reads(visit)) {
                if unplanned.insert((number, visit)) {
                    let column = endpoint.map(|endpoint| endpoint.column.as_str());
                    let label = design.visits.get(visit).map(|visit| visit.label.as_str()).unwrap_or_default();
                    findings.add(
                        "SK216",
                        rows.place(rows.file_row.get(row).copied(), column),
                        format!("there are values at `{label}`, where the plan does not measure this endpoint; they are not used"),
                        "add the visit to the endpoint's `visits`, or empty the cells",
                    );
                }
                continue;
            }
            if let Some(cell) = values
                .get_mut(knee)
                .and_then(|by_endpoint| by_endpoint.get_mut(number))
                .and_then(|cells| cells.get_mut(visit))
            {
                *cell = Some(value);
                if let Some(exposure) = exposure_of(design, rows, number, row, findings)
                    && let Some(cell) = exposures
                        .get_mut(knee)
                        .and_then(|by_endpoint| by_endpoint.get_mut(number))
                        .and_then(|cells| cells.get_mut(visit))
                {
                    *cell = Some(exposure);
                }
            }
        }
    }
    time_to_event::file(design, rows, knees, &mut values, findings);
    values.iter_mut().for_each(|of_knee| derived::derive(design, of_knee));
    let mut patients = Vec::with_capacity(knees.patients.len());
    let mut values = values.into_iter();
    let mut exposures = exposures.into_iter();
    let mut places = places.into_iter();
    let mut by_knee: Vec<Option<Knee>> = knees
        .list
        .iter()
        .map(|knee| {
            let (values, exposures, rows) = (values.next()?, exposures.next()?, places.next()?);
            Some(Knee { side: knee.side.clone(), arm: knee.arm, values, exposures, rows })
        })
        .collect();
    for (id, members) in &knees.patients {
        let own: Vec<Knee> = members.iter().filter_map(|knee| by_knee.get_mut(*knee).and_then(Option::take)).collect();
        // Knees::group has reported patients that cannot be built.
        if let Ok(patient) = Patient::new(id.clone(), own) {
            patients.push(patient);
        }
    }
    patients
}

/// SK225: what the count of an endpoint in a row was counted over; `None` where the endpoint has no exposure, or none that
/// counts can be divided by.
fn exposure_of(design: &Design, rows: &Rows, endpoint: usize, row: usize, findings: &mut Findings) -> Option<f64> {
    let about = design.endpoints.get(endpoint)?;
    let column = about.exposure.as_ref()?;
    let exposure = rows.column(design, column).and_then(|values| values.get(row)).copied().flatten();
    if let Some(exposure) = exposure.filter(|exposure| *exposure > 0.0 && exposure.is_finite()) {
        return Some(exposure);
    }
    let message = match exposure {
        Some(exposure) => format!("the exposure of {} is {exposure}, and a rate needs a positive one", about.name),
        None => format!("{} has a count here and no exposure, so that it has no rate", about.name),
    };
    let remedy = "fill in what was counted over, or empty the count where nothing was observed";
    findings.add("SK225", rows.place(rows.file_row.get(row).copied(), Some(column)), message, remedy);
    None
}

/// The values that the columns of a set's condition have, a few of each.
fn values_of(trial: &Trial, definition: &super::sources::SetDefinition) -> String {
    let mut text = String::new();
    for column in definition.condition.iter().flat_map(|condition| condition.columns()) {
        let cells: BTreeSet<&str> =
            trial.patients.iter().filter_map(|patient| patient.attributes.get(column)).map(String::as_str).collect();
        let shown: Vec<String> = cells.iter().take(6).map(|cell| format!("`{}`", super::rows::shorten(cell))).collect();
        let more = if cells.len() > shown.len() { ", …" } else { "" };
        match shown.is_empty() {
            true => text.push_str(&format!("; `{column}` is empty throughout")),
            false => text.push_str(&format!("; `{column}` is {}{more}", shown.join(", "))),
        }
    }
    text
}

/// "did you mean …" of a patient-level column.
fn one_of_the_columns(column: &str, known: &[&str]) -> String {
    let near = super::finding::nearest(column, known.iter().copied());
    match (near.is_empty(), known.is_empty()) {
        (false, _) => {
            let apart = near.iter().any(|name| !name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.'));
            let how = if apart { " (in a condition between backticks, as here)" } else { "" };
            format!("did you mean `{}`?{how}", near.join("` or `"))
        }
        (true, false) => format!("use one of the patient-level columns: {}", known.join(", ")),
        (true, true) => {
            "name the file of patients in `data.patients`; the observations have no patient-level column".to_owned()
        }
    }
}

/// SK609 of a column that is there and empty in all rows; whether it is.
fn emptied_column(sources: &Sources, column: &str, purpose: &str, findings: &mut Findings) -> bool {
    let beside = [&sources.patients, &sources.disposition.as_ref().map(|known| known.source.clone())];
    let Some(source) = beside.into_iter().flatten().find(|source| source.table.has_column(column)).cloned() else {
        return false;
    };
    if column == sources.patient_column {
        findings.add(
            "SK609",
            place(&source.file, None, Some(column)),
            format!("`{column}` ({purpose}) is the identifier, which is another one for every patient"),
            "take it out of the plan, or name the column that was meant",
        );
        return true;
    }
    // Errors of a spreadsheet are reported already.
    if source.table.unread(column).is_empty() {
        let codes = source.table.emptied.codes_of(column);
        let (cause, remedy) = match codes.is_empty() {
            true => (String::new(), "fill it in, or take it out of the plan".to_owned()),
            false => (
                format!(": its cells hold `{}`, which the plan lists as codes for missing", codes.join("`, `")),
                "take the codes out of `missing`, and declare them for the columns where they mean missing: `missing_in` in [data]"
                    .to_owned(),
            ),
        };
        findings.add(
            "SK609",
            place(&source.file, None, Some(column)),
            format!("`{column}` ({purpose}) is empty for every patient{cause}"),
            remedy,
        );
    }
    true
}

/// The analysis sets of the plan.
fn analysis_sets(trial: &Trial, sources: &Sources, findings: &mut Findings) -> Vec<AnalysisSet> {
    // A dry run has the columns that blinding emptied, without values.
    let columns = trial.patients.iter().flat_map(|patient| patient.attributes.keys()).chain(&sources.emptied);
    let known: BTreeSet<&str> = columns.map(String::as_str).collect();
    let file = sources.patients.as_ref().map_or(&sources.observations.file, |source| &source.file);
    let has_values = |patient: &Patient| patient.knees().iter().any(|knee| !knee.values.is_empty());
    let strangers =
        sources.patients.as_ref().and_then(|source| strangers::all_of(trial, source, &sources.patient_column));
    if let Some((message, remedy)) = &strangers {
        findings.add("SK609", place(file, None, Some(&sources.patient_column)), message.clone(), remedy.clone());
    }
    for (purpose, column) in &sources.patient_columns {
        if !known.contains(column.as_str()) {
            if strangers.is_some() || emptied_column(sources, column, purpose, findings) {
                continue;
            }
            let names: Vec<&str> = known.iter().copied().collect();
            let (message, remedy) = match rules::contradictions::of_column(sources, column) {
                Some(cause) => (
                    format!("the plan uses `{column}` ({purpose}), and {cause}"),
                    "correct the cells: a patient-level column has one value per patient".to_owned(),
                ),
                None => (
                    format!("the plan uses `{column}` ({purpose}), which no patient-level column is called"),
                    one_of_the_columns(column, &names),
                ),
            };
            findings.add("SK609", place(file, Some(1), Some(column)), message, remedy);
        }
    }
    let mut sets = Vec::new();
    for definition in &sources.sets {
        let mut complete = true;
        for column in definition.condition.iter().flat_map(|condition| condition.columns()) {
            if !known.contains(column) {
                complete = false;
                let purpose = format!("the analysis set {}", definition.name);
                if strangers.is_some() || emptied_column(sources, column, &purpose, findings) {
                    continue;
                }
                let names: Vec<&str> = known.iter().copied().collect();
                findings.add(
                    "SK609",
                    place(file, Some(1), Some(column)),
                    format!(
                        "the analysis set {} is defined by `{column}`, which no patient-level column is called",
                        definition.name
                    ),
                    one_of_the_columns(column, &names),
                );
            }
        }
        if !complete {
            continue;
        }
        let cells = |name: &str| -> Vec<String> {
            trial.patients.iter().filter_map(|patient| patient.attributes.get(name).cloned()).collect()
        };
        let condition = match definition.condition.as_ref().map(|set| set.in_order(&cells)).transpose() {
            Ok(condition) => condition,
            Err((message, remedy)) => {
                let message = format!("{message}; so it is asked of the analysis set {}", definition.name);
                findings.add("SK011", place(file, None, None), message, remedy);
                continue;
            }
        };
        let code = |name: &str, label: &str| columns::source(sources, name)?.table.code_of_label(name, label);
        let members: Vec<bool> = trial
            .patients
            .iter()
            .map(|patient| match &condition {
                Some(condition) => {
                    condition.holds_with(&|name| patient.attributes.get(name).map(String::as_str), &code)
                }
                None => has_values(patient),
            })
            .collect();
        if !members.contains(&true) {
            findings.add(
                "SK608",
                place(file, None, None),
                format!("no patient belongs to the analysis set {}", definition.name),
                format!("check its `where` against the values in the data{}", values_of(trial, definition)),
            );
        }
        sets.push(AnalysisSet { name: definition.name.clone(), label: definition.label.clone(), members });
    }
    sets
}

/// How many patients were randomised: by the allocation list, else by the disposition, else those in the data.
fn randomised(trial: &Trial, sources: &Sources, findings: &mut Findings) -> usize {
    let list = match (&sources.allocation, &sources.disposition) {
        (Some(allocation), _) => Some((&allocation.source, allocation.patient.as_str())),
        (None, Some(disposition)) => Some((&disposition.source, sources.patient_column.as_str())),
        (None, None) => None,
    };
    let Some((source, column)) = list else { return trial.patients.len() };
    if !has_column(&source.file, &source.table, column, "patient", findings) {
        return trial.patients.len();
    }
    let listed = super::coded::Coded::read(&source.table, column).unwrap_or_default();
    let ids: BTreeSet<&str> = listed.levels.iter().map(String::as_str).collect();
    ids.len().max(trial.patients.len())
}

/// Whether a code is a real one.
pub(super) fn index(code: u32) -> Option<usize> {
    if code == EMPTY { None } else { usize::try_from(code).ok() }
}
