//! `splitknee summary`: a published two-arm table as the paired data it came from.

use crate::cli::args::summary::{Printed, SummaryArgs};
use crate::cli::error::CliError;
use crate::cli::input::{self, Source};
use crate::cli::terminal::{self, number, optional, p_value};
use crate::paired::Options;
use crate::paired::implied::{Rounding, check_figure};
use crate::paired::published::{Arm, DEFAULT_GRID, PairedSummary, PublishedSummary, Reported, summarise_printed};
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
    if let [a, b] = args.r.as_slice()
        && a.fract() == 0.0
        && b.fract() == 0.0
    {
        return Err(input::decimal_comma("--r", &format!("{a},{b}")));
    }
    let Some(file) = &args.data else {
        let table = from_flags(args)?;
        let summary = table.summarise(args).map_err(CliError::of_arguments)?;
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
    reported: Option<(Reported, Rounding)>,
}

impl Published {
    fn summarise(&self, args: &SummaryArgs) -> Result<PublishedSummary, CliError> {
        let grid = if args.r.is_empty() { &DEFAULT_GRID[..] } else { &args.r };
        let options = Options { conf_level: args.conf_level, ..Options::default() };
        Ok(summarise_printed(self.treated, self.control, self.n_pairs, grid, self.reported, &options)?)
    }
}

/// Mean and SD of both arms as printed, and the further figure.
struct Row {
    treated: [Printed; 2],
    control: [Printed; 2],
    n: [usize; 2],
    n_pairs: Option<usize>,
    figure: Option<(Reported, f64)>,
}

impl Row {
    fn published(self) -> Published {
        let [treated, control] = [self.treated, self.control];
        let arm = |[mean, sd]: [Printed; 2], n: usize| Arm { mean: mean.value, sd: sd.value, n };
        let rounding = |figure: f64| Rounding {
            mean_treated: treated[0].half_unit,
            sd_treated: treated[1].half_unit,
            mean_control: control[0].half_unit,
            sd_control: control[1].half_unit,
            figure,
        };
        Published {
            treated: arm(treated, self.n[0]),
            control: arm(control, self.n[1]),
            n_pairs: self.n_pairs,
            reported: self.figure.map(|(reported, half_unit)| (reported, rounding(half_unit))),
        }
    }
}

/// A published p-value: a number, or a bound such as `<0.001`, `p < .001` or `>0.05`.
fn p_figure(text: &str) -> Result<(Reported, f64), String> {
    let plain = text.trim().trim_start_matches(['p', 'P']).trim_start().trim_start_matches(['=', ' ']);
    let (kind, number): (fn(f64) -> Reported, &str) = match plain.chars().next() {
        Some('<' | '≤' | '＜') => (Reported::PBelow, plain.trim_start_matches(['<', '≤', '＜', '='])),
        Some('>' | '≥' | '＞') => (Reported::PAbove, plain.trim_start_matches(['>', '≥', '＞', '='])),
        _ => (Reported::PValue, plain),
    };
    let number: Printed =
        number.parse().map_err(|_| format!("`{}` is no p-value: write 0.21 or <0.001", text.trim()))?;
    // Programs print 0.000 for what is below half of its last digit, and 1.00 for what rounds to it.
    let exactly = plain.starts_with(|c: char| c.is_ascii_digit() || c == '.') && plain.contains('.');
    Ok(match number.value {
        0.0 if exactly => (Reported::PBelow(number.half_unit), 0.0),
        1.0 if exactly => (Reported::PAbove(1.0 - number.half_unit), 0.0),
        value => (kind(value), number.half_unit),
    })
}

fn from_flags(args: &SummaryArgs) -> Result<Published, CliError> {
    let needed = |value: Option<Printed>, flag: &str| {
        value.ok_or_else(|| CliError::Usage(format!("{flag} is missing (or give a table with --data)")))
    };
    let count = |value: Option<usize>, flag: &str| {
        value.ok_or_else(|| CliError::Usage(format!("{flag} is missing (or give a table with --data)")))
    };
    let treated = [needed(args.mean_treated, "--mean-treated")?, needed(args.sd_treated, "--sd-treated")?];
    let control = [needed(args.mean_control, "--mean-control")?, needed(args.sd_control, "--sd-control")?];
    let n = [count(args.n_treated, "--n-treated")?, count(args.n_control, "--n-control")?];
    let interval = match args.ci.as_slice() {
        [] => None,
        [low, high] => Some(interval(*low, *high, args.conf_level)),
        _ => return Err(CliError::Usage("--ci: write the lower and the upper limit, as in --ci -9.1,2.0".to_owned())),
    };
    let p = args.p.as_deref().map(p_figure).transpose().map_err(|error| CliError::Usage(format!("--p: {error}")))?;
    let of = |value: Option<Printed>, kind: fn(f64) -> Reported| value.map(|it| (kind(it.value), it.half_unit));
    let figure = interval
        .or(p)
        .or(of(args.t, Reported::TStatistic))
        .or(of(args.se, Reported::StdError))
        .or(of(args.sd_diff, Reported::SdDifference));
    if let Some((figure, _)) = figure {
        check_figure(figure).map_err(|refusal| CliError::Usage(refusal.to_string()))?;
    }
    Ok(Row { treated, control, n, n_pairs: args.n_pairs, figure }.published())
}

/// An interval, each limit printed to the digits of the finer one.
fn interval(low: Printed, high: Printed, level: f64) -> (Reported, f64) {
    (Reported::Interval(low.value, high.value, level), low.half_unit.min(high.half_unit))
}

fn from_file(args: &SummaryArgs, file: &Path) -> Result<Vec<(String, Published)>, CliError> {
    let source = Source::open(file, &[], &args.file, &[])?;
    let names = source.column_names();
    let has = |name: &str| names.iter().any(|known| known == name);
    // Cells as they are written, so that their last digit is known.
    let column = |name: &str, needed: bool| -> Result<Vec<Option<Printed>>, CliError> {
        if !needed && !has(name) {
            return Ok(vec![None; source.height()]);
        }
        let numbers = source.numbers(name)?;
        let cells = source.text(name)?;
        let read = |(value, cell): (Option<f64>, Option<String>)| {
            let value = value?;
            let printed = cell.and_then(|cell| cell.parse::<Printed>().ok()).filter(|printed| printed.value == value);
            Some(printed.unwrap_or(Printed { value, half_unit: 0.0 }))
        };
        Ok(numbers.into_iter().zip(cells).map(read).collect())
    };
    let arm = |which: &str| -> Result<[Vec<Option<Printed>>; 3], CliError> {
        let column = |what: &str| column(&format!("{what}_{which}"), true);
        Ok([column("mean")?, column("sd")?, column("n")?])
    };
    let (treated, control) = (arm("treated")?, arm("control")?);
    let labels = if has("label") { source.text("label")? } else { Vec::new() };
    let p_cells = if has("p") { source.text("p")? } else { vec![None; source.height()] };
    let (pairs, t) = (column("n_pairs", false)?, column("t", false)?);
    let (low, high) = (column("ci_low", false)?, column("ci_high", false)?);
    let (se, sd, r) = (column("se", false)?, column("sd_diff", false)?, column("r", false)?);
    let count = |value: f64| (value >= 0.0 && value.fract() == 0.0 && value < 1e9).then_some(value as usize);
    let mut rows = Vec::new();
    for row in 0..source.height() {
        let place = format!("{}:{}", source.name(), source.file_row(row));
        let read = |columns: &[Vec<Option<Printed>>; 3], which: &str| {
            let [Some(mean), Some(sd), Some(n)] = [columns[0][row], columns[1][row], columns[2][row]] else {
                return Err(CliError::Refused(format!("{place}: mean_{which}, sd_{which} and n_{which} are needed")));
            };
            let whole = count(n.value);
            let n = whole
                .ok_or_else(|| CliError::Refused(format!("{place}: n_{which} is {}, not a whole number", n.value)))?;
            Ok(([mean, sd], n))
        };
        let of = |cell: Option<Printed>, kind: fn(f64) -> Reported| cell.map(|it| (kind(it.value), it.half_unit));
        let p = p_cells[row].as_deref().filter(|cell| !cell.trim().is_empty()).map(p_figure).transpose();
        let p = p.map_err(|error| CliError::Refused(format!("{place}, column p: {error}")))?;
        let figure = low[row]
            .zip(high[row])
            .map(|(low, high)| interval(low, high, args.conf_level))
            .or(p)
            .or(of(t[row], Reported::TStatistic))
            .or(of(se[row], Reported::StdError))
            .or(of(sd[row], Reported::SdDifference))
            .or(of(r[row], Reported::Correlation));
        let label = labels.get(row).cloned().flatten().unwrap_or_else(|| place.clone());
        let n_pairs = pairs[row].and_then(|pairs| count(pairs.value));
        let ((treated, n1), (control, n2)) = (read(&treated, "treated")?, read(&control, "control")?);
        rows.push((label, Row { treated, control, n: [n1, n2], n_pairs, figure }.published()));
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
        // As many digits as the rounding of the print bears.
        let shown = match summary.implied_low.zip(summary.implied_high) {
            Some((low, high)) if high - low > 0.02 => format!("{:.2}", implied.correlation),
            _ => number(implied.correlation),
        };
        rows.push(row(format!("implied r = {shown}"), implied));
    }
    let level = number(100.0 * summary.conf_level);
    let title = format!("{}% CI", level.trim_end_matches('0').trim_end_matches('.'));
    text.push_str(&terminal::columns(&["Within-pair correlation", "SE", &title, "t", "p"], &rows));
    for note in &summary.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    text
}
