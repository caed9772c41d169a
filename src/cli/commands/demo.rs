//! `splitknee demo`: the main job on the synthetic data set inside the binary.

use super::run::{Output, complete};
use crate::cli::args::DemoArgs;
use crate::cli::error::CliError;
use crate::cli::terminal;
use crate::pipeline;
use crate::plan::ReportFormat;
use crate::report::options::Options;

/// The plan inside the binary.
const PLAN: &str = include_str!("../../../datasets/ev-knee-synthetic/plan.toml");

/// The data files inside the binary, by the names the plan gives them.
const FILES: [(&str, &[u8]); 7] = [
    ("knees.csv", include_bytes!("../../../datasets/ev-knee-synthetic/knees.csv")),
    ("patients.csv", include_bytes!("../../../datasets/ev-knee-synthetic/patients.csv")),
    ("allocation.csv", include_bytes!("../../../datasets/ev-knee-synthetic/allocation.csv")),
    ("adverse_events.csv", include_bytes!("../../../datasets/ev-knee-synthetic/adverse_events.csv")),
    ("disposition.csv", include_bytes!("../../../datasets/ev-knee-synthetic/disposition.csv")),
    ("deviations.csv", include_bytes!("../../../datasets/ev-knee-synthetic/deviations.csv")),
    ("intercurrent_events.csv", include_bytes!("../../../datasets/ev-knee-synthetic/intercurrent_events.csv")),
];

/// Where the demo leaves its plan and data, within its output folder.
const TRIAL: &str = "trial";

/// Runs the command.
///
/// # Errors
/// An output that could not be written.
pub fn run(args: &DemoArgs) -> Result<(), CliError> {
    let plan = match args.language.as_deref() {
        None | Some("en") => PLAN.to_owned(),
        Some("ja") => PLAN.replace("language = \"en\"", "language = \"ja\""),
        Some(other) => return Err(CliError::Usage(format!("--language {other}: the languages are en and ja"))),
    };
    let read = || {
        pipeline::read_from(&plan, "plan.toml", file).map(|mut inputs| {
            // The plan asks for every format; a build without PDF writes the others.
            inputs.plan.report.formats.retain(|format| cfg!(feature = "pdf") || *format != ReportFormat::Pdf);
            inputs
        })
    };
    let mut trial = vec![(format!("{TRIAL}/plan.toml"), plan.clone().into_bytes())];
    trial.extend(FILES.iter().map(|(name, bytes)| (format!("{TRIAL}/{name}"), bytes.to_vec())));
    let output = Output { out: &args.out, force: args.force, plan: None, reads: Vec::new() };
    let look = Options { companions: trial, ..Options::default() };
    complete(read, &output, args.template.as_deref(), look)?;
    terminal::say("The data are synthetic: a generator made them in the shape of a published trial.");
    let folder = args.out.join(TRIAL);
    terminal::say(&format!(
        "Next: copy {}, put your own plan and data in it, then `splitknee check plan.toml` and `splitknee run plan.toml`.",
        folder.display()
    ));
    Ok(())
}

/// The data file `name`.
fn file(name: &str) -> std::io::Result<Vec<u8>> {
    FILES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, bytes)| bytes.to_vec())
        .ok_or_else(|| std::io::Error::new(std::io::ErrorKind::NotFound, "not inside the program"))
}
