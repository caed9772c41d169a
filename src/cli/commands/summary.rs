//! `splitknee summary`: a published two-arm table as the paired data it came from.

use crate::cli::args::summary::SummaryArgs;
use crate::cli::error::CliError;
use crate::cli::input::Source;
use crate::cli::terminal::{self, number, optional, p_value};
use crate::paired::Options;
use crate::paired::published::{Arm, DEFAULT_GRID, PairedSummary, PublishedSummary, Reported, summarise};
use std::path::Path;

/// Runs the command.
///
/// # Errors
/// Wrong usage, a file that cannot be read, or a table that cannot be.
pub fn run(args: &SummaryArgs) -> Result<(), CliError> {
    if !(args.conf_level > 0.0 && args.conf_level < 1.0) {
        let message = format!("--conf-level {}: between 0 and 1, for instance 0.95", args.conf_level);
        return Err(CliError::Usage(message));
    }
    let Some(file) = &args.data else {
        let table = from_flags(args)?;
        let summary = table.summarise(args)?;
        return if args.format == "json" { terminal::json(&summary) } else { terminal::print(&text(&summary)) };
    };
    let mut answers = Vec::new();
    for (label, table) in from_file(args, file)? {
        let summary = table.summarise(args).map_err(|error| CliError::Refused(format!("{label}: {error}")))?;
        answers.push((label, summary));
    }
    if args.format == "json" {
        let rows: Vec<serde_json::Value> =
            answers.iter().map(|(label, summary)| serde_json::json!({"label": label, "summary": summary})).collect();
        return terminal::json(&serde_json::json!({ "rows": rows }));
    }
    let text: Vec<String> = answers.iter().map(|(label, summary)| format!("{label}\n{}", text(summary))).collect();
    terminal::print(&text.join("\n"))
}

/// One comparison as published.
struct Published {
    treated: Arm,
    control: Arm,
    n_pairs: Option<usize>,
    reported: Option<Reported>,
}

impl Published {
    fn summarise(&self, args: &SummaryArgs) -> Result<PublishedSummary, CliError> {
        let grid = if args.r.is_empty() { &DEFAULT_GRID[..] } else { &args.r };
        let options = Options { conf_level: args.conf_level, ..Options::default() };
        Ok(summarise(self.treated, self.control, self.n_pairs, grid, self.reported, &options)?)
    }
}

fn from_flags(args: &SummaryArgs) -> Result<Published, CliError> {
    let needed = |value: Option<f64>, flag: &str| {
        value.ok_or_else(|| CliError::Usage(format!("{flag} is missing (or give a table with --data)")))
    };
    let count = |value: Option<usize>, flag: &str| {
        value.ok_or_else(|| CliError::Usage(format!("{flag} is missing (or give a table with --data)")))
    };
    let treated = Arm {
        mean: needed(args.mean_treated, "--mean-treated")?,
        sd: needed(args.sd_treated, "--sd-treated")?,
        n: count(args.n_treated, "--n-treated")?,
    };
    let control = Arm {
        mean: needed(args.mean_control, "--mean-control")?,
        sd: needed(args.sd_control, "--sd-control")?,
        n: count(args.n_control, "--n-control")?,
    };
    let interval = match args.ci.as_slice() {
        [] => None,
        [low, high] if low <= high => Some(Reported::Interval(*low, *high, args.conf_level)),
        _ => return Err(CliError::Usage("--ci: write the lower and the upper limit, as in --ci -9.1,2.0".to_owned())),
    };
    let reported = interval
        .or(args.p.map(Reported::PValue))
        .or(args.t.map(Reported::TStatistic))
        .or(args.se.map(Reported::StdError))
        .or(args.sd_diff.map(Reported::SdDifference));
    Ok(Published { treated, control, n_pairs: args.n_pairs, reported })
}

fn from_file(args: &SummaryArgs, file: &Path) -> Result<Vec<(String, Published)>, CliError> {
    let source = Source::open(file, &[])?;
    let names = source.column_names();
    let optional = |name: &str| -> Result<Vec<Option<f64>>, CliError> {
        if names.iter().any(|known| known == name) { source.numbers(name) } else { Ok(vec![None; source.height()]) }
    };
    let arm = |which: &str| -> Result<[Vec<Option<f64>>; 3], CliError> {
        let column = |what: &str| source.numbers(&format!("{what}_{which}"));
        Ok([column("mean")?, column("sd")?, column("n")?])
    };
    let (treated, control) = (arm("treated")?, arm("control")?);
    let labels = if names.iter().any(|name| name == "label") { source.text("label")? } else { Vec::new() };
    let (pairs, p, t) = (optional("n_pairs")?, optional("p")?, optional("t")?);
    let (low, high) = (optional("ci_low")?, optional("ci_high")?);
    let (se, sd, r) = (optional("se")?, optional("sd_diff")?, optional("r")?);
    let count = |value: f64| (value >= 0.0 && value.fract() == 0.0 && value < 1e9).then_some(value as usize);
    let mut rows = Vec::new();
    for row in 0..source.height() {
        let place = format!("{}:{}", source.name(), source.file_row(row));
        let read =
            |columns: &[Vec<Option<f64>>; 3], which: &str| match (columns[0][row], columns[1][row], columns[2][row]) {
                (Some(mean), Some(sd), Some(n)) => match count(n) {
                    Some(n) => Ok(Arm { mean, sd, n }),
                    None => Err(CliError::Refused(format!("{place}: n_{which} is {n}, not a whole number"))),
                },
                _ => Err(CliError::Refused(format!("{place}: mean_{which}, sd_{which} and n_{which} are needed"))),
            };
        let interval = low[row].zip(high[row]).map(|(low, high)| Reported::Interval(low, high, args.conf_level));
        let reported = interval
            .or(p[row].map(Reported::PValue))
            .or(t[row].map(Reported::TStatistic))
            .or(se[row].map(Reported::StdError))
            .or(sd[row].map(Reported::SdDifference))
            .or(r[row].map(Reported::Correlation));
        let label = labels.get(row).cloned().flatten().unwrap_or_else(|| place.clone());
        let n_pairs = pairs[row].and_then(count);
        let published =
            Published { treated: read(&treated, "treated")?, control: read(&control, "control")?, n_pairs, reported };
        rows.push((label, published));
    }
    if rows.is_empty() {
        return Err(CliError::Refused(format!("{}: there are no rows", source.name())));
    }
    Ok(rows)
}

fn text(summary: &PublishedSummary) -> String {
    let unpaired = &summary.unpaired;
    let interval = |low: Option<f64>, high: Option<f64>| match (low, high) {
        (Some(low), Some(high)) => format!("{} to {}", number(low), number(high)),
        _ => "–".to_owned(),
    };
    let mut text = format!("{} pairs; treated − control {}\n\n", summary.n_pairs, number(unpaired.estimate));
    let row = |name: String, paired: &PairedSummary| {
        vec![
            name,
            number(paired.std_error),
            interval(paired.conf_low, paired.conf_high),
            optional(paired.statistic),
            p_value(paired.p_value),
        ]
    };
    let mut rows = vec![vec![
        "as if independent".to_owned(),
        number(unpaired.std_error),
        interval(unpaired.conf_low, unpaired.conf_high),
        optional(unpaired.statistic),
        p_value(unpaired.p_value),
    ]];
    rows.extend(summary.paired.iter().map(|paired| row(format!("r = {}", paired.correlation), paired)));
    if let Some(implied) = &summary.implied {
        rows.push(row(format!("implied r = {}", number(implied.correlation)), implied));
    }
    let level = number(100.0 * summary.conf_level);
    let title = format!("{} % CI", level.trim_end_matches('0').trim_end_matches('.'));
    text.push_str(&terminal::columns(&["Within-pair correlation", "SE", &title, "t", "p"], &rows));
    for note in &summary.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    text
}
