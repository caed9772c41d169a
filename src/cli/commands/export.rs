//! `splitknee export`: the analysis data set in the formats that statisticians hand on, with define.xml beside those that go
//! to an authority.

use crate::cli::args::ExportArgs;
use crate::cli::error::CliError;
use crate::cli::output::write_new;
use crate::cli::terminal;
use crate::data::{Format, WriteOptions, XptVersion, to_bytes};
use crate::disk::{place, read};
use crate::pipeline::{self, Inputs};
use crate::trial::analysis_data::{self, Adam};
use crate::trial::define_xml::{self, About};
use crate::trial::findings::Findings;
use crate::trial::rows::Rows;
use std::io::ErrorKind;
use std::path::Path;

/// The formats that are written.
const WRITTEN: [Format; 6] =
    [Format::Csv, Format::Tsv, Format::Parquet, Format::Xpt, Format::DatasetJson, Format::DatasetNdjson];

/// Runs the command.
///
/// # Errors
/// Findings in plan or data, a format that cannot hold the data, a file that cannot be written.
pub fn run(args: &ExportArgs) -> Result<(), CliError> {
    let declared = args.format.as_deref().map(|format| match format {
        "csv" => Format::Csv,
        "tsv" => Format::Tsv,
        "parquet" => Format::Parquet,
        "xpt" => Format::Xpt,
        "dataset-json" => Format::DatasetJson,
        _ => Format::DatasetNdjson,
    });
    let name = args.out.display().to_string();
    let format = Format::of(&name, declared).ok().filter(|format| WRITTEN.contains(format)).ok_or_else(|| {
        let endings = WRITTEN.iter().flat_map(|format| {
            let known = Format::EXTENSIONS.iter().find(|(known, _)| known == format);
            known.and_then(|(_, endings)| endings.first())
        });
        let endings: Vec<String> = endings.map(|ending| format!(".{ending}")).collect();
        CliError::Usage(format!(
            "--out {name}: the data are written as {}; take one of these endings",
            endings.join(", ")
        ))
    })?;
    let mut inputs = pipeline::read_as(&args.plan, super::reading(&args.replace)?).map_err(CliError::Findings)?;
    let mut protected = pipeline::files(&inputs, &args.plan);
    args.replace.redact_key.iter().for_each(|key| protected.add(key));
    place::file(&args.out, &protected, args.force)?;
    // The dates of the rows too are those of the rows that were checked.
    let (checked, adam) = pipeline::check(&mut inputs, |inputs, _| adam(inputs)).map_err(CliError::Findings)?;
    let Some(trial) = checked.trial else { return Err(CliError::Findings(checked.findings)) };
    let xpt_version = if args.xpt_version == "8" { XptVersion::V8 } else { XptVersion::V5 };
    let created = created(args, &inputs)?;
    let adam = Adam {
        ascii: format == Format::Xpt && xpt_version == XptVersion::V5,
        study: inputs.plan.trial.id.clone(),
        ..adam
    };
    let data = analysis_data::table(&trial, &adam)?;
    let options = WriteOptions { xpt_version, created: created.clone(), ..WriteOptions::default() };
    let described = matches!(format, Format::Xpt | Format::DatasetJson | Format::DatasetNdjson);
    let mut another = false;
    if described {
        let beside = args.out.with_file_name("define.xml");
        place::file(&beside, &protected, true)?;
        let file = args.out.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        another = of_another(&beside, &file)?;
        let info = &inputs.plan.trial;
        let about = About {
            study: &info.id,
            title: &info.title,
            protocol: info.protocol.as_deref(),
            file: &file,
            created: &created,
        };
        let document = define_xml::document(&data, &about)?;
        // Nothing is written where the data do not fit.
        let bytes = to_bytes(&data.table, &name, format, &options)?;
        write_new(&args.out, &bytes, &protected, args.force)?;
        write_new(&beside, document.as_bytes(), &protected, true)?;
    } else {
        let bytes = to_bytes(&data.table, &name, format, &options)?;
        write_new(&args.out, &bytes, &protected, args.force)?;
    }
    let logs = trial.design.endpoints.iter().filter(|endpoint| endpoint.logarithm.is_some());
    let logs = logs.map(|endpoint| format!("log of {}", endpoint.id));
    let codes: Vec<String> = trial
        .design
        .endpoints
        .iter()
        .map(|endpoint| endpoint.id.clone())
        .chain(trial.design.exposures().into_iter().map(|column| format!("exposure {column}")))
        .chain(logs)
        .zip(&data.codes)
        .filter(|(what, code)| !what.eq_ignore_ascii_case(code))
        .map(|(what, code)| format!("{code} = {what}"))
        .collect();
    let mut text = format!(
        "{name}: {} rows of {} patients, {} columns, {}\n",
        data.table.height(),
        trial.patients.len(),
        data.table.width(),
        format.title()
    );
    if described {
        text.push_str(&format!("{}: define.xml 2.1\n", args.out.with_file_name("define.xml").display()));
    }
    if another {
        text.push_str("It replaces the define.xml of another file: a folder has one\n");
    }
    if described && args.date.is_none() && inputs.plan.trial.data_date.is_none() {
        text.push_str("Date of creation: 1970-01-01, as neither --date nor `trial.data_date` gives one\n");
    }
    if !codes.is_empty() {
        text.push_str(&format!("Parameter codes (declare others with `paramcd`): {}\n", codes.join(", ")));
    }
    terminal::print(&text)
}

/// What the plan declares and the observations say beside the values.
fn adam(inputs: &Inputs) -> Adam {
    let mut covariates: Vec<String> = Vec::new();
    for (_, column) in &inputs.sources.patient_columns {
        if !covariates.contains(column) {
            covariates.push(column.clone());
        }
    }
    // What is wrong with the rows was said when the trial was built.
    let rows = Rows::read(&inputs.plan.design(), &inputs.sources, &mut Findings::default());
    let dates = rows.and_then(|rows| {
        let dates = rows.date?;
        Some(rows.file_row.into_iter().zip(dates).filter_map(|(row, date)| Some((row, date?))).collect())
    });
    Adam {
        study: inputs.plan.trial.id.clone(),
        codes: inputs.plan.endpoints.iter().map(|endpoint| endpoint.paramcd.clone()).collect(),
        covariates,
        dates: dates.unwrap_or_default(),
        ascii: false,
    }
}

/// The moment of creation: as declared, else the day of the data, else the first of 1970, so that equal data give equal
/// bytes.
fn created(args: &ExportArgs, inputs: &Inputs) -> Result<String, CliError> {
    let declared = args.date.as_deref().or(inputs.plan.trial.data_date.as_deref());
    match declared {
        None => Ok(WriteOptions::default().created),
        Some(date) => Ok(format!("{}T00:00:00", super::day("--date", date)?)),
    }
}

/// Refuses to replace a define.xml that somebody else wrote, or that cannot be read to tell; whether it describes another file
/// than `file`.
fn of_another(path: &Path, file: &str) -> Result<bool, CliError> {
    let what = match read::text(path, read::MAX_TEXT) {
        Ok(text) if text.contains("Originator=\"splitknee\"") => return Ok(!text.contains(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Ok(_) => "there is a define.xml of another program".to_owned(),
        Err(error) => format!("there is a define.xml that cannot be read ({error})"),
    };
    Err(CliError::Refused(format!("{}: {what}; write to a folder of its own with --out", path.display())))
}
