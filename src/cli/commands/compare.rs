//! `splitknee compare`: two result sets side by side.

use crate::cli::args::CompareArgs;
use crate::cli::error::CliError;
use crate::cli::terminal;
use crate::report::compare::{Change, Comparison, Difference, ResultSet, Seen, compare};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::ExitCode;

/// Runs the command: exit code 1 where the sets differ.
///
/// # Errors
/// A set that cannot be read, a tolerance that is none.
pub fn run(args: &CompareArgs) -> Result<ExitCode, CliError> {
    for (name, value) in [("tolerance", args.tolerance), ("absolute", args.absolute)] {
        if !(value >= 0.0 && value.is_finite()) {
            return Err(CliError::Usage(format!("--{name} {value}: a number such as 1e-6")));
        }
    }
    // Exit code 1 says that two sets differ; a set that cannot be read is another matter.
    let read = |path| ResultSet::read(path).map_err(|error| CliError::Usage(error.to_string()));
    let comparison = compare(&read(&args.first)?, &read(&args.second)?, args.tolerance, args.absolute);
    if args.format == "json" {
        terminal::json(&comparison)?;
    } else {
        terminal::print(&text(&comparison))?;
    }
    Ok(ExitCode::from(u8::from(!comparison.is_equal())))
}

/// Entries of a kind that are listed on the terminal.
const LISTED: usize = 10;

/// The primary result, the conclusions, a summary by kind of change, then the changes one by one.
fn text(comparison: &Comparison) -> String {
    let mut text = String::new();
    if !comparison.primary.is_empty() {
        text.push_str("Primary result\n");
        for beside in &comparison.primary {
            let [first, second] = [&beside.first, &beside.second].map(|seen| seen.as_ref().map(result));
            let name =
                beside.first.as_ref().or(beside.second.as_ref()).map(|seen| seen.name.as_str()).unwrap_or_default();
            text.push_str(&format!("  {name} [{}]\n", beside.id));
            let none = || "not there".to_owned();
            match first == second && !differs(comparison, &beside.id) {
                true => text.push_str(&format!("    both    {}\n", first.unwrap_or_else(none))),
                false => {
                    text.push_str(&format!("    first   {}\n", first.unwrap_or_else(none)));
                    text.push_str(&format!("    second  {}\n", second.unwrap_or_else(none)));
                }
            }
        }
        text.push('\n');
    }
    if comparison.n_conclusions > 0 {
        let n = comparison.conclusions.len();
        text.push_str(&format!(
            "Conclusions: {n} of {} differ{}\n",
            comparison.n_conclusions,
            if n == 1 { "s" } else { "" }
        ));
        let word = |seen: &Option<Seen>| seen.as_ref().and_then(|seen| seen.conclusion.clone()).unwrap_or_default();
        for beside in &comparison.conclusions {
            text.push_str(&format!("  {}: {} → {}\n", beside.id, word(&beside.first), word(&beside.second)));
        }
        text.push('\n');
    }
    let of = |change: Change| comparison.differences.iter().filter(move |difference| difference.change() == change);
    if !comparison.is_equal() {
        text.push_str("Summary\n");
        for (n, what) in
            [(comparison.missing.len(), "only in the first"), (comparison.extra.len(), "only in the second")]
        {
            if n > 0 {
                text.push_str(&format!("  {n} result{} {what}\n", if n == 1 { "" } else { "s" }));
            }
        }
        for change in Change::ALL {
            let (fields, results) =
                (of(change).count(), of(change).map(|found| &found.id).collect::<BTreeSet<_>>().len());
            if fields > 0 {
                let largest = of(change).filter_map(|found| found.relative).fold(0.0, f64::max);
                let largest =
                    if largest > 0.0 { format!("; largest relative difference {largest:.1e}") } else { String::new() };
                let results = format!("{results} result{}", if results == 1 { "" } else { "s" });
                text.push_str(&format!("  {}: {fields} in {results}{largest}\n", change.name()));
            }
        }
        text.push('\n');
    }
    list(&mut text, "Only in the first", &comparison.missing);
    list(&mut text, "Only in the second", &comparison.extra);
    for change in Change::ALL {
        let line = |found: &Difference| {
            let relative = found.relative.map(|value| format!("; relative {value:.1e}")).unwrap_or_default();
            let (first, second) = (shown(&found.first), shown(&found.second));
            format!("{} {}\n    first {first}; second {second}{relative}", found.id, found.field)
        };
        let title = format!("Differing {}", change.name());
        list(&mut text, &title, &of(change).map(line).collect::<Vec<_>>());
    }
    text.push_str(&format!(
        "{}: {} results in both, {} numbers compared, largest relative difference {}; {} only in the first, {} only \
         in the second, {} fields differ (tolerance {:e})\n",
        if comparison.is_equal() { "equal" } else { "DIFFERENT" },
        comparison.n_common,
        comparison.n_numbers,
        if comparison.largest > 0.0 { format!("{:.1e}", comparison.largest) } else { "0".to_owned() },
        comparison.missing.len(),
        comparison.extra.len(),
        comparison.differences.len(),
        comparison.tolerance
    ));
    text
}

/// The first lines of a kind, then how many more.
fn list(text: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    text.push_str(&format!("{title}\n"));
    for line in lines.iter().take(LISTED) {
        text.push_str(&format!("  {line}\n"));
    }
    if lines.len() > LISTED {
        text.push_str(&format!("  … and {} more; `--format json` lists them all\n", lines.len() - LISTED));
    }
    text.push('\n');
}

fn differs(comparison: &Comparison, id: &str) -> bool {
    comparison.differences.iter().any(|difference| difference.id == id)
}

/// `−10.7 (−14.8 to −6.5), p = 0.0002: superior`, numbers with six digits.
fn result(seen: &Seen) -> String {
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| terminal::significant(value, 6));
    let p = seen.p_value.map_or_else(String::new, |p| format!(", p = {}", terminal::p_value(Some(p))));
    let conclusion = seen.conclusion.as_ref().map_or_else(String::new, |word| format!(": {word}"));
    format!("{} ({} to {}){p}{conclusion}", number(seen.estimate), number(seen.conf_low), number(seen.conf_high))
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("list of {}", items.len()),
        Value::Object(fields) => format!("{} fields", fields.len()),
        other => other.to_string(),
    }
}
