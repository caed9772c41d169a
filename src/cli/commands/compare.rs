//! `splitknee compare`: two result sets side by side.

use crate::cli::args::CompareArgs;
use crate::cli::error::CliError;
use crate::cli::terminal;
use crate::report::compare::{Comparison, ResultSet, compare};
use serde_json::Value;
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
    let read = |path| ResultSet::read(path).map_err(|error| CliError::Refused(error.to_string()));
    let comparison = compare(&read(&args.first)?, &read(&args.second)?, args.tolerance, args.absolute);
    if args.format == "json" {
        terminal::json(&comparison)?;
    } else {
        terminal::print(&text(&comparison))?;
    }
    Ok(ExitCode::from(u8::from(!comparison.is_equal())))
}

fn text(comparison: &Comparison) -> String {
    let mut text = String::new();
    for id in &comparison.missing {
        text.push_str(&format!("only in the first:  {id}\n"));
    }
    for id in &comparison.extra {
        text.push_str(&format!("only in the second: {id}\n"));
    }
    for difference in &comparison.differences {
        let relative = difference.relative.map(|value| format!("; relative {value:.1e}")).unwrap_or_default();
        text.push_str(&format!(
            "{} {}\n  first {}; second {}{relative}\n",
            difference.id,
            difference.field,
            shown(&difference.first),
            shown(&difference.second)
        ));
    }
    text.push_str(&format!(
        "{}: {} results in both, {} numbers compared, largest relative difference {:.1e}; {} only in the first, {} only \
         in the second, {} fields differ (tolerance {:e})\n",
        if comparison.is_equal() { "equal" } else { "DIFFERENT" },
        comparison.n_common,
        comparison.n_numbers,
        comparison.largest,
        comparison.missing.len(),
        comparison.extra.len(),
        comparison.differences.len(),
        comparison.tolerance
    ));
    text
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("list of {}", items.len()),
        Value::Object(fields) => format!("{} fields", fields.len()),
        other => other.to_string(),
    }
}
