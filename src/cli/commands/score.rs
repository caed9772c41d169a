//! `splitknee score INSTRUMENT`: questionnaires from their items.

use crate::cli::args::score::ScoreArgs;
use crate::cli::error::CliError;
use crate::cli::input::Source;
use crate::cli::terminal;
use crate::data::spreadsheet::disarmed;
use crate::instrument::{Instrument, Scale, Score};
use crate::trial::finding::nearest;
use serde_json::{Map, Value};

/// Runs the command.
///
/// # Errors
/// Wrong usage, a file that cannot be read, answers that an item does not offer (all of them are listed).
pub fn run(args: &ScoreArgs) -> Result<(), CliError> {
    let instrument = Instrument::from_name(&args.instrument).ok_or_else(|| {
        let known: Vec<&str> = Instrument::ALL.into_iter().map(Instrument::name).collect();
        let near = nearest(&args.instrument, known.iter().copied());
        let hint = if near.is_empty() { known.join(", ") } else { near.join(", ") };
        CliError::Usage(format!("there is no instrument `{}`; did you mean {hint}?", args.instrument))
    })?;
    let items = columns(&args.items)?;
    let scales = scales(args, instrument, items.len())?;
    let mut seen = std::collections::BTreeSet::new();
    if let Some(twice) = items.iter().find(|item| !seen.insert(item.as_str())) {
        return Err(CliError::Usage(format!(
            "--items names `{twice}` twice; no column is two items of a questionnaire: name each once, in the instrument's order"
        )));
    }
    let source = Source::open_coded(&args.data, &args.conditions, &args.file, &items)?;
    let answers = items.iter().map(|column| source.numbers(column)).collect::<Result<Vec<_>, _>>()?;
    let kept: Vec<String> = if args.keep.is_empty() {
        source.column_names().into_iter().filter(|name| !items.contains(name)).collect()
    } else {
        args.keep.clone()
    };
    distinct(&args.data.display().to_string(), &kept, &scales)?;
    let keys = kept.iter().map(|column| source.text(column)).collect::<Result<Vec<_>, _>>()?;
    let mut scored = Vec::with_capacity(source.height());
    let mut wrong = Vec::new();
    for row in 0..source.height() {
        let given: Vec<Option<f64>> = answers.iter().map(|column| column[row]).collect();
        let mut scores = Vec::with_capacity(scales.len());
        for (scale, range) in &scales {
            match instrument.score(*scale, given.get(range.clone()).unwrap_or_default()) {
                Ok(score) => scores.push(score),
                // The total would only repeat what its subscales say.
                Err(_) if *scale == Scale::Total && scales.len() > 1 => {}
                Err(error) => {
                    wrong.push(format!("{}:{}: {}: {error}", source.name(), source.file_row(row), scale.name()));
                }
            }
        }
        scored.push(scores);
    }
    if !wrong.is_empty() {
        return Err(CliError::Refused(wrong.join("\n")));
    }
    let rows = scored
        .iter()
        .enumerate()
        .map(|(row, scores)| (keys.iter().map(|column| column[row].clone()).collect::<Vec<_>>(), scores.as_slice()));
    if args.format == "json" {
        let rows: Vec<Value> = rows.map(|(cells, scores)| as_json(&kept, &cells, &scales, scores)).collect();
        return terminal::json(&serde_json::json!({
            "instrument": instrument.name(),
            "source": instrument.source(),
            "rows": rows,
        }));
    }
    let mut text = header(&kept, &scales);
    for (cells, scores) in rows {
        text.push_str(&as_csv(&cells, scores));
    }
    terminal::print(&text)
}

/// A scale and the places of its items in the list given.
type Part = (Scale, std::ops::Range<usize>);

/// Which scales are scored from how many items.
fn scales(args: &ScoreArgs, instrument: Instrument, given: usize) -> Result<Vec<Part>, CliError> {
    let count = |scale: Scale| instrument.item_count(scale).unwrap_or(0);
    let wanted: Vec<Part> = match args.scale.as_deref() {
        Some(name) => {
            let known: Vec<&str> = instrument.scales().iter().map(|scale| scale.name()).collect();
            let scale =
                Scale::from_name(name).filter(|scale| instrument.scales().contains(scale)).ok_or_else(|| {
                    CliError::Usage(format!("--scale {name}: {} has {}", instrument.name(), known.join(", ")))
                })?;
            vec![(scale, 0..count(scale))]
        }
        None => {
            // The subscales follow one another; the total spans them.
            let mut start = 0;
            let mut parts = Vec::new();
            for scale in instrument.scales() {
                let n = count(*scale);
                if *scale == Scale::Total {
                    parts.push((*scale, 0..n));
                } else {
                    parts.push((*scale, start..start + n));
                    start += n;
                }
            }
            parts
        }
    };
    let expected = wanted.iter().map(|(_, range)| range.end).max().unwrap_or(0);
    if given != expected {
        let what = args.scale.as_ref().map_or_else(String::new, |scale| format!(" {scale}"));
        return Err(CliError::Usage(format!(
            "--items names {given} columns, {}{what} has {expected} items (`splitknee score --help` shows their order)",
            instrument.name()
        )));
    }
    Ok(wanted)
}

/// The columns named, with ranges such as `pain_1-5` spelled out.
fn columns(given: &[String]) -> Result<Vec<String>, CliError> {
    let mut names = Vec::new();
    for text in given {
        let text = text.trim();
        let range = text.rsplit_once('-').and_then(|(head, last)| {
            let prefix = head.trim_end_matches(|c: char| c.is_ascii_digit());
            let first: usize = head.strip_prefix(prefix)?.parse().ok()?;
            Some((prefix, first, last.parse::<usize>().ok()?))
        });
        match range {
            Some((prefix, first, last)) if first <= last && last - first < 100 => {
                names.extend((first..=last).map(|number| format!("{prefix}{number}")));
            }
            Some(_) => return Err(CliError::Usage(format!("--items {text}: a range runs upwards, such as pain_1-5"))),
            None => names.push(text.to_owned()),
        }
    }
    Ok(names)
}

/// The columns that a scale is written to.
fn columns_of(scale: Scale) -> [String; 3] {
    [scale.name().to_owned(), format!("{}_0_100", scale.name()), format!("{}_note", scale.name())]
}

/// Refuses output with two columns of one name: a file with recorded scores beside the items.
fn distinct(file: &str, kept: &[String], scales: &[Part]) -> Result<(), CliError> {
    let made: Vec<String> = scales.iter().flat_map(|(scale, _)| columns_of(*scale)).collect();
    match kept.iter().find(|name| made.contains(name)) {
        None => Ok(()),
        Some(name) => {
            let others: Vec<&str> = kept.iter().filter(|kept| !made.contains(kept)).map(String::as_str).collect();
            Err(CliError::Refused(format!(
                "{file}: there is a column `{name}` already, and the scores would be a second of that name; rename it in the \
                 file, or leave it out with --keep {}",
                others.join(",")
            )))
        }
    }
}

fn header(kept: &[String], scales: &[Part]) -> String {
    let mut names: Vec<String> = kept.iter().map(|name| quoted(name)).collect();
    for (scale, _) in scales {
        names.extend(columns_of(*scale));
    }
    format!("{}\n", names.join(","))
}

fn as_csv(cells: &[Option<String>], scores: &[Score]) -> String {
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let mut fields: Vec<String> = cells.iter().map(|cell| quoted(cell.as_deref().unwrap_or_default())).collect();
    for score in scores {
        fields.extend([number(score.value), number(score.normalised), quoted(&note(score).unwrap_or_default())]);
    }
    format!("{}\n", fields.join(","))
}

fn as_json(kept: &[String], cells: &[Option<String>], scales: &[Part], scores: &[Score]) -> Value {
    let mut row = Map::new();
    for (name, cell) in kept.iter().zip(cells) {
        row.insert(name.clone(), cell.clone().map_or(Value::Null, Value::String));
    }
    for ((scale, _), score) in scales.iter().zip(scores) {
        row.insert(scale.name().to_owned(), score.value.map_or(Value::Null, Value::from));
        row.insert(format!("{}_0_100", scale.name()), score.normalised.map_or(Value::Null, Value::from));
        row.insert(format!("{}_note", scale.name()), note(score).map_or(Value::Null, Value::String));
    }
    Value::Object(row)
}

/// Why there is no score, or which items were replaced.
fn note(score: &Score) -> Option<String> {
    score.reason.clone().or_else(|| {
        let items: Vec<String> = score.replaced.iter().map(ToString::to_string).collect();
        (!items.is_empty()).then(|| format!("item {} missing: mean of the subscale", items.join(", ")))
    })
}

/// A CSV field: text that a spreadsheet would run is disarmed.
fn quoted(text: &str) -> String {
    let text = disarmed(text);
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.into_owned() }
}
