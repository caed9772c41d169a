//! `splitknee run --look K`: an interim look, for the monitoring committee alone.
//!
//! Neither the terminal nor any other output says what the look shows.

use crate::analysis::looks;
use crate::cli::args::RunArgs;
use crate::cli::error::CliError;
use crate::cli::terminal;
use crate::disk::folder::Claim;
use crate::pipeline;
use crate::report::{manifest, monitoring, options::Options};

/// Runs the look.
///
/// # Errors
/// A plan without looks or without its seal; findings in the data; an output that could not be written.
pub fn run(args: &RunArgs, look: usize) -> Result<(), CliError> {
    if args.replace.blinded {
        let message = "--look compares the arms, and --blinded has only dummy ones: leave one of them out";
        return Err(CliError::Usage(message.to_owned()));
    }
    if args.template.is_some() {
        return Err(CliError::Usage(
            "--template does not go with --look: the committee's report has one form".to_owned(),
        ));
    }
    let folder = args.plan.parent().unwrap_or(std::path::Path::new(""));
    let out = args.out.clone().unwrap_or_else(|| folder.join(format!("dmc-look-{look}")));
    let mut inputs = pipeline::read_as(&args.plan, super::reading(&args.replace)?).map_err(CliError::Findings)?;
    inputs.plan = inputs.plan.at_look(Some(look), &args.earlier).map_err(CliError::Findings)?;
    if let Some(mut refusal) = inputs.lock.refusal(&inputs.plan) {
        refusal.remedy =
            "an interim look is taken under the sealed plan: seal it with `splitknee lock` before the look, or \
                          restore the sealed one"
                .to_owned();
        return Err(CliError::Findings(vec![refusal]));
    }
    let looks = inputs.plan.interim.as_ref().map_or(0, |interim| interim.pairs.len());
    if look == looks {
        let message = format!("--look {look}: look {look} of {looks} is the final analysis; run without --look");
        return Err(CliError::Usage(message));
    }
    let mut protected = pipeline::files(&inputs, &args.plan);
    args.replace.redact_key.iter().for_each(|key| protected.add(key));
    let claim = Claim::new(&out, &protected, args.force)?;
    let run = pipeline::analyse(inputs).map_err(CliError::Findings)?;
    let record = run.outcomes.records.iter().find(|record| record.result.method == looks::METHOD);
    if let Some(record) = record.filter(|record| record.result.number("z").is_none()) {
        let reason = record.result.notes.reason().map(|note| note.text()).unwrap_or_default();
        return Err(CliError::Refused(format!("look {look} cannot be taken: {reason}")));
    }
    let options = Options { lock: run.lock.clone(), ..Options::default() };
    let mut bundle = monitoring::files(&run, &options)?;
    let listed = manifest::render(&run, &bundle).map_err(|error| CliError::Output(error.to_string()))?;
    bundle.add("manifest.json", listed);
    let notes = claim.write(bundle.files())?;
    notes.iter().for_each(|note| terminal::say(&format!("note: {note}")));
    terminal::print(&format!(
        "Interim look {look} of {looks}: for the monitoring committee alone; nothing else was written.\nReport: {}\n",
        out.join("dmc-report.html").display()
    ))
}
