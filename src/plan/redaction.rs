//! The secret behind the pseudonyms of a plan's patients, and identifiers in the words of the plan itself.
//!
//! Where no secret is given, one is made at random and kept beside the plan (`plan.redact-key`, readable by its owner
//! alone), apart from the outputs: the next run finds it and gives the same pseudonyms.

use super::Plan;
use super::position::Positions;
use crate::disk::{calls, read, remedy};
use crate::trial::pseudonym::Redaction;
use crate::trial::{Finding, Location};
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

/// Fewest characters of a secret.
pub const SHORTEST_SECRET: usize = 16;

/// Longest file of a secret, in bytes.
const LONGEST_SECRET: u64 = 1 << 16;

/// Random bytes of a secret that is made.
const MADE: usize = 32;

/// The path of the secret of the plan at `plan`: `plan.redact-key` beside `plan.toml`.
pub fn path_of(plan: &Path) -> PathBuf {
    plan.with_extension("redact-key")
}

/// Reads the secret in the file at `path`.
///
/// # Errors
/// The system's; [`ErrorKind::InvalidData`] for a secret that is too short.
pub fn read_secret(path: &Path) -> Result<String> {
    let text = read::text(path, LONGEST_SECRET)?.trim().to_owned();
    if text.chars().count() < SHORTEST_SECRET {
        return Err(Error::new(
            ErrorKind::InvalidData,
            format!("the secret has fewer than {SHORTEST_SECRET} characters"),
        ));
    }
    Ok(text)
}

/// What to do about a secret that cannot be read.
pub fn secret_remedy(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::InvalidData => {
            "write a long random text into the file, and keep it: the same secret gives the same pseudonyms"
        }
        _ => remedy::of(error),
    }
}

/// The secret beside the plan at `plan`; made at random where there is none.
///
/// # Errors
/// `SK034` where it cannot be read or kept.
pub fn secret_beside(plan: &Path) -> std::result::Result<String, Vec<Finding>> {
    let path = path_of(plan);
    let made = || {
        let mut bytes = [0_u8; MADE];
        getrandom::fill(&mut bytes).map_err(|error| Error::other(error.to_string()))?;
        let secret: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        calls::write_private(&path, format!("{secret}\n").as_bytes())?;
        Ok(secret)
    };
    let secret = match read_secret(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => made(),
        read => read,
    };
    secret.map_err(|error| {
        let message = format!("the secret behind the pseudonyms cannot be read or kept: {error}");
        vec![finding(&path.display().to_string(), message, secret_remedy(&error))]
    })
}

/// Pseudonyms are asked for without a secret.
pub fn no_secret(plan: &str) -> Finding {
    let message = "pseudonyms need a secret: without one anybody who can list the identifiers finds them again";
    finding(plan, message.to_owned(), "give a secret, or read the plan from its file: one is then kept beside it")
}

/// Two identifiers have one pseudonym.
pub fn collision(plan: &str) -> Finding {
    let message = "two patients have the same pseudonym under this secret".to_owned();
    finding(plan, message, "use another secret")
}

fn finding(file: &str, message: String, remedy: &str) -> Finding {
    let location = Location { file: file.to_owned(), row: None, column: None };
    Positions::error("SK034", location, message, remedy.to_owned())
}

/// Masks identifiers in the words of the plan that a report repeats: titles, reasons, conditions, levels, the estimand. A
/// condition on a patient then names the pseudonym, which is what the tables hold.
pub fn mask(plan: &mut Plan, redaction: &Redaction) {
    let Plan {
        trial, conduct, data, endpoints, analysis_sets, estimands, covariates, subgroups, report, waivers, ..
    } = plan;
    // What was resolved from the endpoints as written.
    for endpoint in &mut plan.design.endpoints {
        let sources = [&mut endpoint.minimal_improvement_source, &mut endpoint.important_difference_source];
        let texts = [&mut endpoint.name, &mut endpoint.unit].into_iter().chain(sources.into_iter().flatten());
        texts.for_each(|text| redaction.text(text));
    }
    plan.defaults.iter_mut().for_each(|default| redaction.text(&mut default.value));
    let conditions = analysis_sets.iter_mut().flat_map(|set| &mut set.condition).chain(&mut data.rows);
    conditions.for_each(|condition| redaction.condition(condition));
    let mut texts: Vec<&mut String> = vec![&mut trial.id, &mut trial.title, &mut plan.file_name];
    let optional = [
        &mut trial.sponsor,
        &mut trial.protocol,
        &mut trial.registration,
        &mut trial.condition,
        &mut trial.rationale,
        &mut trial.source,
        &mut report.footer,
    ];
    texts.extend(optional.into_iter().flatten());
    texts.extend(conduct.texts());
    texts.extend(endpoints.iter_mut().flat_map(|endpoint| {
        let sources = [&mut endpoint.minimal_improvement_source, &mut endpoint.important_difference_source];
        [&mut endpoint.name, &mut endpoint.unit].into_iter().chain(sources.into_iter().flatten())
    }));
    texts.extend(analysis_sets.iter_mut().flat_map(|set| set.label.iter_mut()));
    texts.extend(estimands.iter_mut().flat_map(|estimand| {
        let events = estimand.intercurrent_events.iter_mut();
        let events = events.flat_map(|event| [&mut event.event].into_iter().chain(&mut event.reason));
        let parts = [&mut estimand.treatment, &mut estimand.population, &mut estimand.variable];
        parts.into_iter().chain([&mut estimand.summary_measure]).chain(events)
    }));
    texts.extend(covariates.iter_mut().flat_map(|covariate| {
        let levels = covariate.levels.iter_mut().map(|level| &mut level.label);
        covariate.label.iter_mut().chain(levels).chain(&mut covariate.labels)
    }));
    texts.extend(subgroups.iter_mut().filter_map(|subgroup| subgroup.label.as_mut()));
    texts.extend(waivers.iter_mut().map(|waiver| &mut waiver.reason));
    texts.into_iter().for_each(|text| redaction.text(text));
    redaction.findings(&mut plan.remarks);
}
