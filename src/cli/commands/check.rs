//! `splitknee check`: every finding in plan and data, on the terminal and as a listing for data review.

use crate::cli::args::CheckArgs;
use crate::cli::error::CliError;
use crate::cli::findings_text::{self, PLACES};
use crate::cli::output::write_new;
use crate::cli::terminal;
use crate::disk::{inputs::Inputs, place};
use crate::pipeline;
use crate::plan::waivers::{Review, review};
use crate::plan::{self, lock};
use crate::report::review::{groups, page};
use crate::report::site::Site;
use crate::terms::Language;
use crate::trial::{Finding, Severity};
use std::path::Path;
use std::process::ExitCode;

/// Runs the command: exit code 1 where a finding is an error.
///
/// # Errors
/// Stdout or the listing cannot be written.
pub fn run(args: &CheckArgs) -> Result<ExitCode, CliError> {
    let mut protected = Inputs::of([args.plan.clone(), lock::path_of(&args.plan)]);
    args.replace.redact_key.iter().for_each(|key| protected.add(key));
    plan::quoted_files(&args.plan).iter().for_each(|file| protected.add(file));
    if let Some(path) = &args.html {
        place::file(path, &protected, args.force)?;
    }
    let (inputs, trial, reviewed) = match pipeline::read_as(&args.plan, super::reading(&args.replace)?) {
        Ok(mut inputs) => match pipeline::check(&mut inputs, |_, _| ()) {
            Ok((checked, ())) => {
                let reviewed = reviewed(&inputs, checked.findings);
                (Some(inputs), checked.trial, reviewed)
            }
            Err(open) => (None, None, Review { open, ..Review::default() }),
        },
        Err(open) => (None, None, Review { open, ..Review::default() }),
    };
    if let Some(path) = &args.html {
        let (plan, sources) =
            (inputs.as_ref().map(|inputs| &inputs.plan), inputs.as_ref().map(|inputs| &inputs.sources));
        let html = page(plan, sources, &reviewed).map_err(|error| CliError::Output(error.to_string()))?;
        if let Some(inputs) = &inputs {
            let folder = args.plan.parent().unwrap_or(Path::new("."));
            plan::files(&inputs.plan, folder).iter().for_each(|file| protected.add(file));
        }
        write_new(path, html.as_bytes(), &protected, args.force)?;
    }
    if args.format == "json" {
        terminal::json(&listed(&reviewed)?)?;
    } else {
        let knee = Site::knee(Language::English);
        let site = inputs.as_ref().map_or(knee, |inputs| Site::of(&inputs.plan.trial, Language::English));
        let mut text = text(&reviewed, &site);
        if let (Some(inputs), Some(trial)) = (&inputs, &trial) {
            text.push_str(&super::check_read::what_was_read(inputs, trial));
        }
        if let Some(path) = &args.html {
            text.push_str(&format!("Listing: {}\n", path.display()));
        }
        terminal::print(&text)?;
    }
    let stopped = reviewed.open.iter().any(|finding| finding.severity == Severity::Error);
    Ok(ExitCode::from(u8::from(stopped)))
}

/// What was found in plan, files and data, errors first, beside what the plan waives.
fn reviewed(inputs: &pipeline::Inputs, findings: Vec<Finding>) -> Review {
    let mut all: Vec<Finding> = inputs.plan.remarks.iter().chain(&inputs.remarks).cloned().chain(findings).collect();
    all.sort_by_key(|finding| finding.severity);
    review(&inputs.plan, all)
}

/// One object per finding; a waived one with the plan's reason.
fn listed(reviewed: &Review) -> Result<Vec<serde_json::Value>, CliError> {
    let object =
        |finding: &Finding| serde_json::to_value(finding).map_err(|error| CliError::Output(format!("stdout: {error}")));
    let mut list = reviewed.open.iter().map(object).collect::<Result<Vec<_>, _>>()?;
    for waived in &reviewed.waived {
        let mut value = object(&waived.finding)?;
        if let Some(fields) = value.as_object_mut() {
            fields.insert("waived".to_owned(), waived.reason.clone().into());
        }
        list.push(value);
    }
    Ok(list)
}

/// The findings by rule, errors first; each with its place, and what to do once where it is the same.
fn text(reviewed: &Review, site: &Site) -> String {
    let mut text = findings_text::grouped(&reviewed.open, site, &|severity| severity.name().to_owned());
    for group in groups(reviewed.waived.iter().map(|waived| &waived.finding), site) {
        text.push_str(&format!("waived[{}] {}\n", group.rule, group.title));
        for finding in group.findings.iter().take(PLACES) {
            let (at, message) = (finding.location.to_string(), &finding.message);
            text.push_str(&format!("  {}: {}\n", terminal::visible(&at), terminal::visible(message)));
        }
        if group.findings.len() > PLACES {
            text.push_str(&format!("  … and {} more\n", group.findings.len() - PLACES));
        }
        if let Some(waived) = reviewed.waived.iter().find(|waived| waived.finding.rule == group.rule) {
            text.push_str(&format!("  reason: {}\n\n", terminal::visible(&waived.reason)));
        }
    }
    for rule in &reviewed.unused {
        text.push_str(&format!("note: the plan waives {rule}, of which nothing was found\n"));
    }
    let count = |severity| reviewed.open.iter().filter(|finding| finding.severity == severity).count();
    let counted = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    text.push_str(&format!(
        "{}, {}, {}, {} waived\n",
        counted(count(Severity::Error), "error"),
        counted(count(Severity::Warning), "warning"),
        counted(count(Severity::Note), "note"),
        reviewed.waived.len()
    ));
    text
}
