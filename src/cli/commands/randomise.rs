//! `splitknee randomise`: an allocation list, its verification, and who was given something else.
//!
//! No allocation stands in `randomisation.json`, in what is printed, or in an error; only `--against`, which is asked for who
//! was given what, names sides.

use crate::cli::args::file::FileArgs;
use crate::cli::args::randomise::RandomiseArgs;
use crate::cli::error::CliError;
use crate::cli::input::Source;
use crate::cli::input_checks;
use crate::cli::output::write_new;
use crate::cli::terminal;
use crate::disk::inputs::Inputs;
use crate::disk::{calls, read};
use crate::randomise::audit::{Audit, audit};
use crate::randomise::{Design, Key, List, VERSION, cards};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Longest design and key file, in bytes.
const LONGEST: u64 = 1 << 20;

/// Runs the command.
///
/// # Errors
/// Wrong usage, a design or key that cannot be read, a list that differs, outputs that cannot be written.
pub fn run(args: &RandomiseArgs) -> Result<(), CliError> {
    let text = read::text(&args.design, LONGEST)
        .map_err(|error| CliError::Refused(format!("{}: {error}", args.design.display())))?;
    let design =
        Design::parse(&text).map_err(|error| CliError::Refused(format!("{}: {error}", args.design.display())))?;
    match (&args.verify, &args.out) {
        (Some(list), _) => verify(args, &design, list),
        (None, Some(out)) => make(args, &design, out),
        (None, None) => Err(CliError::Usage("--out or --verify: which?".to_owned())),
    }
}

/// The path of the key: the one given, or `randomisation.key` beside the design.
fn key_path(args: &RandomiseArgs) -> PathBuf {
    let beside = || args.design.parent().unwrap_or(Path::new("")).join("randomisation.key");
    args.key.clone().unwrap_or_else(beside)
}

fn read_key(path: &Path) -> Result<Option<Key>, CliError> {
    let wrong = |error: String| CliError::Refused(format!("{}: {error}", path.display()));
    match read::text(path, LONGEST) {
        Ok(text) => Key::parse(&text).map(Some).map_err(wrong),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// The key, made from the operating system's randomness where there is none; `true` where it was made.
fn key(args: &RandomiseArgs, out: &Path) -> Result<(Key, bool), CliError> {
    if args.test {
        return Ok((Key::test(), false));
    }
    let path = key_path(args);
    let folder = |path: &Path| {
        let parent = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        parent.canonicalize().unwrap_or_else(|_| parent.to_owned())
    };
    if folder(path.parent().unwrap_or(Path::new(""))).starts_with(folder(out)) {
        let message = "the key would stand inside --out, beside the list that it makes\n  help: another --out, or --key \
                       FILE elsewhere: whoever has both knows every later allocation";
        return Err(CliError::Refused(format!("{}: {message}", path.display())));
    }
    if let Some(key) = read_key(&path)? {
        return Ok((key, false));
    }
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| CliError::Output(format!("no randomness from the system: {error}")))?;
    let key = Key::new(bytes);
    calls::write_private(&path, format!("{}\n", key.hexadecimal()).as_bytes())
        .map_err(|error| CliError::Output(format!("{}: writing the key: {error}", path.display())))?;
    Ok((key, true))
}

/// A row of an earlier list, by stratum and position: its cells but the patient's, and the patient.
type Earlier = BTreeMap<(String, String), (Vec<String>, String)>;

/// The list at `path` as it stands, in the columns of `header`.
fn earlier(path: &Path, header: &[String]) -> Result<Earlier, CliError> {
    let source = Source::open(path, &[], &FileArgs::default(), header)?;
    let columns: Vec<Vec<Option<String>>> =
        header.iter().map(|name| source.text(name)).collect::<Result<_, CliError>>()?;
    let place = |name: &str| header.iter().position(|column| column == name).unwrap_or(0);
    let (sequence, stratum, patient) = (place("sequence"), place("stratum"), place("patient"));
    let mut rows = Earlier::new();
    for row in 0..source.height() {
        let cell = |column: &[Option<String>]| column[row].clone().unwrap_or_default().trim().to_owned();
        let drawn = columns.iter().enumerate().filter(|(place, _)| *place != patient);
        let cells = drawn.map(|(_, column)| cell(column)).collect();
        let [sequence, stratum, patient] = [sequence, stratum, patient].map(|place| cell(&columns[place]));
        if rows.insert((stratum, sequence), (cells, patient)).is_some() {
            let message = "this position of its stratum stands twice in the list";
            return Err(CliError::Refused(format!("{}:{}: {message}", path.display(), source.file_row(row))));
        }
    }
    Ok(rows)
}

/// The cells of every row but the patient's, by stratum and position, in the order of the list.
fn drawn(list: &List) -> Vec<((String, String), Vec<String>)> {
    let header = list.header();
    let rows = list.rows.iter().map(|row| {
        let cells = list.cells(row);
        let key = (cells[1].clone(), cells[0].clone());
        let kept = header.iter().zip(cells).filter(|(name, _)| *name != "patient").map(|(_, cell)| cell).collect();
        (key, kept)
    });
    rows.collect()
}

/// Makes the list, or extends the one that is there.
fn make(args: &RandomiseArgs, design: &Design, out: &Path) -> Result<(), CliError> {
    let path = out.join("list.csv");
    // Beside a list of ours the files are made anew; where there is none, whatever has their names is somebody else's.
    let ours = path.exists();
    let names = ["redcap.csv", "cards.pdf", "randomisation.json"];
    if let Some(foreign) = names.iter().map(|name| out.join(name)).find(|file| !ours && file.exists()) {
        let message = "no list.csv stands beside it, so this program did not make it\n  help: move it elsewhere, or name \
                       another folder";
        return Err(CliError::Refused(format!("{}: {message}; nothing was written", foreign.display())));
    }
    let (key, made) = key(args, out)?;
    let list = List::draw(design, &key, args.test);
    let mut csv = list.csv();
    let mut added = None;
    if path.exists() {
        let before = earlier(&path, &list.header())?;
        let now: BTreeMap<_, _> = drawn(&list).into_iter().collect();
        let changed = before.iter().filter(|(place, (cells, _))| now.get(place) != Some(cells)).count();
        if changed > 0 {
            let message = format!(
                "{changed} of its {} rows are not those of this design and key; nothing was written\n  help: a list is \
                 extended by a larger `patients` alone; for another list name another folder and another label",
                before.len()
            );
            return Err(CliError::Refused(format!("{}: {message}", path.display())));
        }
        added = Some(now.len() - before.len());
        csv = with_patients(&list, &before);
    }
    let cards = if args.cards { Some(cards::pdf(&list).map_err(CliError::Refused)?) } else { None };
    let found = audit(&list);
    let record = record(&list, &key, &found);
    if !out.exists() {
        calls::make_folder(out).map_err(|error| CliError::Output(format!("{}: {error}", out.display())))?;
    }
    let secret = |name: &str, bytes: &[u8]| -> Result<(), CliError> {
        let path = out.join(name);
        write_new(&path, bytes, &Inputs::default(), ours)?;
        private(&path)
    };
    secret("list.csv", csv.as_bytes())?;
    secret("redcap.csv", list.redcap().as_bytes())?;
    if let Some(cards) = &cards {
        secret("cards.pdf", cards)?;
    }
    let text = serde_json::to_string_pretty(&record).map_err(|error| CliError::Output(error.to_string()))?;
    write_new(&out.join("randomisation.json"), format!("{text}\n").as_bytes(), &Inputs::default(), ours)?;
    if made {
        let path = key_path(args);
        terminal::say(&format!(
            "note: {}: a new key; keep it apart from the list and never change it: without it the list can be neither \
             verified nor extended",
            path.display()
        ));
    }
    if args.format == "json" {
        return terminal::json(&record);
    }
    let files = match cards {
        Some(_) => "list.csv, redcap.csv, cards.pdf, randomisation.json",
        None => "list.csv, redcap.csv, randomisation.json",
    };
    terminal::print(&summary(&list, &found, added, out, files))
}

/// The CSV with the patients that the earlier list names.
fn with_patients(list: &List, before: &Earlier) -> String {
    let patients: BTreeMap<(&str, &str), &str> = before
        .iter()
        .map(|((stratum, sequence), (_, id))| ((stratum.as_str(), sequence.as_str()), id.as_str()))
        .collect();
    let place = list.header().iter().position(|name| name == "patient").unwrap_or(0);
    let plain = list.csv();
    let mut lines = plain.lines();
    let mut csv = format!("{}\n", lines.next().unwrap_or_default());
    for row in &list.rows {
        let mut cells = list.cells(row);
        if let Some(id) = patients.get(&(cells[1].as_str(), cells[0].as_str())) {
            cells[place] = (*id).to_owned();
        }
        csv += &(cells.iter().map(|cell| crate::randomise::list::quoted(cell)).collect::<Vec<_>>().join(",") + "\n");
    }
    csv
}

/// Leaves a file to its owner alone.
fn private(path: &Path) -> Result<(), CliError> {
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        calls::set_mode(path, mode).map_err(|error| CliError::Output(format!("{}: {error}", path.display())))?;
    }
    let _ = path;
    Ok(())
}

/// `randomisation.json`: design, commitments, counts and audit; no allocation.
fn record(list: &List, key: &Key, found: &Audit) -> Value {
    let commitment: String = Sha256::digest(list.csv().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    json!({
        "schema": "splitknee-randomisation-1",
        "splitknee": env!("CARGO_PKG_VERSION"),
        "version": VERSION,
        "test": list.test,
        "design": list.design,
        "n_patients": list.rows.len(),
        "n_strata": list.strata.len(),
        "commitment": {
            "list_sha256": commitment,
            "key_sha256": key.commitment(),
            "of": "SHA-256 of list.csv with empty patient cells, and of the 32 bytes of the key",
        },
        "redcap": {"field": list.design.redcap_field, "choices": list.redcap_choices()},
        "audit": found,
        "methods": list.design.paragraph(list.rows.len()),
    })
}

fn summary(list: &List, found: &Audit, added: Option<usize>, out: &Path, files: &str) -> String {
    let mut text = format!(
        "{}: {} patients in {} {}",
        list.design.label,
        list.rows.len(),
        list.strata.len(),
        if list.strata.len() == 1 { "stratum" } else { "strata" }
    );
    match added {
        Some(0) => text += "; the list was there, unchanged\n",
        Some(n) => text += &format!("; {n} rows added, none changed\n"),
        None => text += "\n",
    }
    let rows: Vec<Vec<String>> = found
        .balance
        .iter()
        .map(|stratum| vec![stratum.stratum.clone(), stratum.patients.to_string(), stratum.largest_lead.to_string()])
        .collect();
    text += &terminal::columns(&["Stratum", "Patients", "Largest lead of a side"], &rows);
    text += &format!(
        "longest run {}; a guess of the lagging side is right in {} % of this list",
        found.longest_run,
        crate::table::rounding::fixed(100.0 * found.guessed_right, 0)
    );
    for guess in &found.guesses {
        let share = crate::table::rounding::fixed(100.0 * guess.expected_right, 0);
        text += &format!("; in known blocks of {}: {share} %", guess.block);
    }
    text.push('\n');
    found.warnings.iter().for_each(|warning| text += &format!("warning: {warning}\n"));
    text + &format!("written to {}: {files}\n", out.display())
}

/// Recomputes `path` from design and key; with `--against`, compares it with what was given.
fn verify(args: &RandomiseArgs, design: &Design, path: &Path) -> Result<(), CliError> {
    let key = match args.test {
        true => Key::test(),
        false => read_key(&key_path(args))?.ok_or_else(|| {
            CliError::Refused(format!("{}: there is no key\n  help: name it with --key", key_path(args).display()))
        })?,
    };
    let list = List::draw(design, &key, args.test);
    let there = earlier(path, &list.header())?;
    let mut wrong: Vec<String> = Vec::new();
    let mut checked = 0;
    let all = drawn(&list);
    for (place, cells) in &all {
        match there.get(place) {
            Some((own, _)) if own == cells => checked += 1,
            Some(_) => wrong.push(format!("stratum {}, position {}: another allocation", place.0, place.1)),
            None => wrong.push(format!("stratum {}, position {}: missing", place.0, place.1)),
        }
    }
    let known: BTreeMap<_, _> = all.into_iter().collect();
    for place in there.keys().filter(|place| !known.contains_key(*place)) {
        wrong.push(format!("stratum {}, position {}: not in the design", place.0, place.1));
    }
    if !wrong.is_empty() {
        let more = wrong.len().saturating_sub(20);
        let tail = if more > 0 { format!("\n… and {more} more") } else { String::new() };
        let shown = wrong[..wrong.len().min(20)].join("\n");
        return Err(CliError::Refused(format!(
            "{}: not the list of this design and key ({checked} rows agree):\n{shown}{tail}",
            path.display()
        )));
    }
    if let Some(data) = &args.against {
        return against(args, &list, &there, data);
    }
    match args.format.as_str() {
        "json" => terminal::json(&json!({"verified": true, "rows": checked})),
        _ => terminal::print(&format!("{}: all {checked} rows are those of this design and key\n", path.display())),
    }
}

/// Who was given something else than the list allotted.
fn against(args: &RandomiseArgs, list: &List, there: &Earlier, data: &Path) -> Result<(), CliError> {
    let header: Vec<String> = list.header().into_iter().filter(|name| name != "patient").collect();
    let side = header.iter().position(|name| name == "active_knee").unwrap_or(0);
    let allotted: BTreeMap<&str, &str> = there
        .values()
        .filter(|(_, patient)| !patient.is_empty())
        .map(|(cells, patient)| (patient.as_str(), cells[side].as_str()))
        .collect();
    if allotted.is_empty() {
        let message = "no patient is filled in: write the identifiers into its column `patient`";
        return Err(CliError::Refused(format!("{}: {message}", args.verify.as_deref().unwrap_or(data).display())));
    }
    let source = Source::open(data, &[], &FileArgs::default(), std::slice::from_ref(&args.patient))?;
    let (patients, knees) = (source.identifiers(&args.patient)?, source.text(&args.knee)?);
    let arms = source.labels(&args.arm)?;
    let without = |row: &usize| patients[*row].is_none() || knees[*row].is_none() || arms[*row].is_none();
    let empty: Vec<usize> = (0..source.height()).filter(without).collect();
    input_checks::rows_left_out(&source, &empty, "because the patient, the knee or the arm is not filled in");
    let active = &list.design.arms[0];
    let known = arms.iter().flatten().any(|arm| list.design.arms.contains(arm));
    if !known {
        let message = format!("no cell of `{}` is {} or {}", args.arm, active, list.design.arms[1]);
        return Err(CliError::Refused(format!("{}: {message}", data.display())));
    }
    let mut given: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for ((patient, knee), arm) in patients.into_iter().zip(knees).zip(arms) {
        let (Some(patient), Some(knee), Some(arm)) = (patient, knee, arm) else { continue };
        let sides = given.entry(patient).or_default();
        if arm == *active && !sides.iter().any(|side| side.eq_ignore_ascii_case(&knee)) {
            sides.push(knee);
        }
    }
    let (mut differing, mut agree) = (Vec::new(), 0);
    for (patient, sides) in &given {
        match allotted.get(patient.as_str()) {
            Some(side) if sides.len() == 1 && sides[0].eq_ignore_ascii_case(side) => agree += 1,
            Some(side) => differing.push(json!({"patient": patient, "allotted": side, "given": sides})),
            None => {}
        }
    }
    let unlisted: Vec<&String> = given.keys().filter(|id| !allotted.contains_key(id.as_str())).collect();
    let untreated: Vec<&&str> = allotted.keys().filter(|id| !given.contains_key(**id)).collect();
    let answer = json!({
        "active": active, "agree": agree, "differing": differing, "not_in_list": unlisted, "not_in_data": untreated,
    });
    let faults = differing.len() + unlisted.len();
    match args.format.as_str() {
        "json" => terminal::json(&answer)?,
        _ => {
            let mut text = format!("{agree} patients had {active} on the side that was allotted\n");
            for row in &differing {
                let sides: Vec<&str> =
                    row["given"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                let given = if sides.is_empty() { "neither".to_owned() } else { sides.join(" and ") };
                let (patient, allotted) = (&row["patient"], &row["allotted"]);
                text += &format!(
                    "patient {}: allotted {}, given {given}\n",
                    patient.as_str().unwrap_or_default(),
                    allotted.as_str().unwrap_or_default()
                );
            }
            unlisted.iter().for_each(|id| text += &format!("patient {id}: in the data, not in the list\n"));
            untreated.iter().for_each(|id| text += &format!("patient {id}: in the list, not in the data\n"));
            terminal::print(&text)?;
        }
    }
    match faults {
        0 => Ok(()),
        n => Err(CliError::Refused(format!("{n} patients were not treated as the list says"))),
    }
}
