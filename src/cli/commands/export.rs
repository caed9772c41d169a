//! `splitknee export`: the analysis data set in the formats that statisticians hand on.

use crate::cli::args::ExportArgs;
use crate::cli::error::CliError;
use crate::cli::output::write_new;
use crate::cli::terminal;
use crate::data::{Format, WriteOptions, XptVersion, write::to_bytes};
use crate::disk::place;
use crate::pipeline;
use crate::trial::{analysis_data, build};

/// Runs the command.
///
/// # Errors
/// Findings in plan or data, a format that cannot hold the data, a file that cannot be written.
pub fn run(args: &ExportArgs) -> Result<(), CliError> {
    let inputs = pipeline::read_as(&args.plan, super::reading(&args.replace)?).map_err(CliError::Findings)?;
    let mut protected = pipeline::files(&inputs, &args.plan);
    args.replace.redact_key.iter().for_each(|key| protected.add(key));
    place::file(&args.out, &protected, args.force)?;
    let (trial, _) = build::build(&inputs.plan.design(), &inputs.sources).map_err(CliError::Findings)?;
    let table = analysis_data::table(&trial, &inputs.plan.trial.id)?;
    let declared = args.format.as_deref().map(|format| match format {
        "csv" => Format::Csv,
        "tsv" => Format::Tsv,
        "parquet" => Format::Parquet,
        "xpt" => Format::Xpt,
        "dataset-json" => Format::DatasetJson,
        _ => Format::DatasetNdjson,
    });
    let format = Format::of(&args.out.display().to_string(), declared)?;
    let xpt_version = if args.xpt_version == "8" { XptVersion::V8 } else { XptVersion::V5 };
    let name = args.out.display().to_string();
    let bytes = to_bytes(&table, &name, format, &WriteOptions { xpt_version, ..WriteOptions::default() })?;
    write_new(&args.out, &bytes, &protected, args.force)?;
    terminal::print(&format!(
        "{}: {} rows of {} patients, {} columns, {}\n",
        args.out.display(),
        table.height(),
        trial.patients.len(),
        table.width(),
        format.title()
    ))
}
