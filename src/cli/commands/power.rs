//! `splitknee power METHOD`: power, pairs or detectable difference of a planned trial.

use crate::cli::args::power::PowerArgs;
use crate::cli::error::CliError;
use crate::cli::power::{Answer, answer, curve, inputs};
use crate::cli::terminal;
use crate::disk::inputs::Inputs;
use crate::disk::place;
use serde_json::{Value, json};

/// Runs the command.
///
/// # Errors
/// Wrong usage, or numbers that the method refuses.
pub fn run(args: &PowerArgs) -> Result<(), CliError> {
    let answered = answers(args);
    // Only the re-estimation reads data: of all else the numbers on the command line are to blame.
    if args.data.is_none() { answered.map_err(CliError::of_arguments) } else { answered }
}

fn answers(args: &PowerArgs) -> Result<(), CliError> {
    let read = Inputs::of(&args.data);
    if let Some(path) = &args.out {
        place::file(path, &read, args.force)?;
    }
    let (rows, lists) = inputs::rows(args)?;
    let computed = match (args.n.is_some(), args.power.is_some()) {
        _ if args.name == "assurance" && args.n.is_some() => "assurance",
        (true, true) => "delta",
        (true, false) => "power",
        _ if args.name == "one-knee" && args.power.is_none() => "power",
        _ => "n",
    };
    // In a list one combination that has no answer does not take the others with it.
    let several = rows.len() > 1;
    let mut answers: Vec<Answer> = Vec::with_capacity(rows.len());
    for row in &rows {
        match answer(row) {
            Ok(found) => answers.push(found),
            Err(CliError::Refused(reason)) if several => {
                let mut refused = Answer::new();
                refused.insert("method".to_owned(), json!(row.method));
                refused.extend(row.numbers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
                refused.insert("refused".to_owned(), json!(reason));
                answers.push(refused);
            }
            Err(error) => return Err(error),
        }
    }
    if answers.iter().all(|answer| answer.contains_key("refused")) {
        let reason = answers.first().and_then(|answer| answer["refused"].as_str()).unwrap_or_default();
        return Err(CliError::Refused(reason.to_owned()));
    }
    if let Some(path) = &args.out {
        curve::write(path, &answers, &lists, computed, &read, args.force)?;
    }
    let refused: Vec<&str> = answers.iter().filter_map(|answer| answer.get("refused")?.as_str()).collect();
    let incomplete = refused.first().map(|reason| {
        CliError::Refused(format!("{} of {} rows have no answer; the first: {reason}", refused.len(), answers.len()))
    });
    match args.format.as_str() {
        "json" if several => terminal::json(&json!({"method": args.name, "rows": answers})),
        "json" => terminal::json(&answers[0]),
        "csv" => terminal::print(&csv(&answers)),
        _ if several => terminal::print(&table(&answers, &lists, computed)),
        _ => terminal::print(&text(&answers[0])),
    }?;
    incomplete.map_or(Ok(()), Err)
}

/// One answer for people.
fn text(answer: &Answer) -> String {
    let prose = ["sentence", "check"];
    let rows: Vec<Vec<String>> = answer
        .iter()
        .filter(|(name, value)| !value.is_null() && !prose.contains(&name.as_str()))
        .map(|(name, value)| vec![name.clone(), shown(value)])
        .collect();
    let mut out = terminal::columns(&["", "value"], &rows);
    for (name, title) in [("sentence", "For the protocol"), ("check", "To check (R)")] {
        if let Some(text) = answer.get(name).and_then(Value::as_str) {
            out.push_str(&format!("\n{title}:\n{text}\n"));
        }
    }
    out
}

/// Several answers for people: the lists and what was computed.
fn table(answers: &[Answer], lists: &[&str], computed: &str) -> String {
    let mut header: Vec<&str> = lists.to_vec();
    header.extend([computed, "n", "power", "delta"].iter().filter(|name| !lists.contains(name)));
    let mut seen = Vec::new();
    header.retain(|name| {
        let fresh = !seen.contains(name);
        seen.push(*name);
        fresh && answers.iter().any(|answer| answer.get(*name).is_some_and(|value| !value.is_null()))
    });
    let row = |answer: &Answer| header.iter().map(|name| answer.get(*name).map_or("–".into(), shown)).collect();
    let rows: Vec<Vec<String>> = answers.iter().map(row).collect();
    let mut out = terminal::columns(&header, &rows);
    for refused in answers.iter().filter_map(|answer| answer.get("refused").and_then(Value::as_str)).take(1) {
        out.push_str(&format!("–: {refused}\n"));
    }
    if let Some(sentence) = answers.iter().find_map(|answer| answer.get("sentence").and_then(Value::as_str)) {
        out.push_str(&format!("\nThe first row for the protocol:\n{sentence}\n"));
    }
    out
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => terminal::significant(number.as_f64().unwrap_or(f64::NAN), 7),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// All fields of all answers, full precision.
fn csv(answers: &[Answer]) -> String {
    let mut header: Vec<&str> = Vec::new();
    for name in answers.iter().flat_map(serde_json::Map::keys) {
        if !header.contains(&name.as_str()) {
            header.push(name);
        }
    }
    let cell = |value: Option<&Value>| match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => quoted(text),
        Some(Value::Array(items)) => quoted(&items.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
        Some(other) => quoted(&other.to_string()),
    };
    let mut out = format!("{}\n", header.join(","));
    for answer in answers {
        let cells: Vec<String> = header.iter().map(|name| cell(answer.get(*name))).collect();
        out.push_str(&format!("{}\n", cells.join(",")));
    }
    out
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
