//! The straight line from a plan to the files of a run, for the command line and for programs that use the library.
//!
//! [`read`] (plan and data) → [`analyse`] (trial and outcomes) → [`write_up`] (the files), each usable on its own.

use crate::analysis;
pub use crate::analysis::{Reading, Run, Secret};
use crate::disk;
use crate::plan::lock::LockState;
use crate::plan::{self, Plan, redaction};
use crate::report::{self, bundle::Bundle, options::Options, site::Site, template::Template};
use crate::terms::Language;
use crate::trial::pseudonym::Redaction;
use crate::trial::sources::Sources;
use crate::trial::{Finding, Trial, blinding, build};
use std::path::Path;

/// A plan with the data it names.
#[derive(Debug)]
pub struct Inputs {
    /// The plan.
    pub plan: Plan,
    /// The data files, read but not yet checked.
    pub sources: Sources,
    /// Whether the plan was sealed, and what changed since.
    pub lock: LockState,
    /// What was replaced on reading.
    pub reading: Reading,
    /// Findings about the files as such: data that changed since the plan was sealed.
    pub remarks: Vec<Finding>,
}

/// Reads the plan at `path`, the state of its seal, and the data files it names, relative to its folder.
///
/// # Errors
/// Every finding in the plan, or every file that cannot be read.
pub fn read(path: &Path) -> Result<Inputs, Vec<Finding>> {
    read_as(path, Reading::default())
}

/// As [`read`], with what `reading` says replaced.
///
/// # Errors
/// As [`read`]; data that cannot be blinded.
pub fn read_as(path: &Path, reading: Reading) -> Result<Inputs, Vec<Finding>> {
    let mut plan = load_plan(path)?;
    let redact_ids = reading.redact_ids || plan.report.redact_ids;
    let reading = Reading { redact_ids, ..reading };
    let folder = path.parent().unwrap_or(Path::new("."));
    let lock = plan::lock::state_of(&plan, path)?;
    if reading.blinded && plan.data.allocation.as_ref().is_some_and(|file| !folder.join(&file.path).exists()) {
        // Before unblinding the allocation list is with someone else.
        plan.data.allocation = None;
    }
    let sources = plan::sources::read(&plan, folder)?;
    let reading = match redact_ids && reading.redact_key.is_none() {
        true => Reading { redact_key: Some(Secret(redaction::secret_beside(path)?)), ..reading },
        false => reading,
    };
    let remarks = plan::lock::data_changes(path);
    replaced(Inputs { plan, sources, lock, reading, remarks })
}

/// The plan at `path` with every setting in force, as it is sealed.
///
/// # Errors
/// Every finding in the plan.
pub fn load_plan(path: &Path) -> Result<Plan, Vec<Finding>> {
    let mut plan = plan::load(path)?;
    plan.in_force = analysis::methods::in_force(&plan);
    Ok(plan)
}

/// Dummy treatments, where asked for. Identifiers stay until everything is checked and analysed.
fn replaced(mut inputs: Inputs) -> Result<Inputs, Vec<Finding>> {
    if inputs.reading.blinded {
        let seed = inputs.plan.analysis.seed;
        let (_, sources) = blinding::blind(&inputs.plan.design(), &inputs.sources, seed)?;
        inputs.lock = plan::blinded::blinded_lock(inputs.lock, &inputs.plan);
        inputs.plan = plan::blinded::blinded(&inputs.plan);
        inputs.sources = sources;
    }
    if inputs.reading.redact_ids && inputs.reading.redact_key.is_none() {
        return Err(vec![redaction::no_secret(&inputs.plan.file_name)]);
    }
    Ok(inputs)
}

/// The files that `inputs`, read from the plan at `path`, come from: plan, seal and every file the plan names. No output
/// may take the place of one.
pub fn files(inputs: &Inputs, path: &Path) -> disk::inputs::Inputs {
    let folder = path.parent().unwrap_or(Path::new("."));
    let named = plan::files(&inputs.plan, folder);
    disk::inputs::Inputs::of(
        [path.to_path_buf(), plan::lock::path_of(path), redaction::path_of(path)].into_iter().chain(named),
    )
}

/// Reads a plan and data files held in memory: `load` gives the bytes of a file the plan names. A plan that asks for pseudonyms
/// needs a secret: [`read_as`] takes one.
///
/// # Errors
/// As [`read`].
pub fn read_from(
    plan_text: &str,
    plan_name: &str,
    load: impl FnMut(&str) -> std::io::Result<Vec<u8>>,
) -> Result<Inputs, Vec<Finding>> {
    let plan = plan::parse(plan_text, plan_name)?;
    let sources = plan::sources::read_with(&plan, load)?;
    let reading = Reading { redact_ids: plan.report.redact_ids, ..Reading::default() };
    replaced(Inputs { plan, sources, lock: LockState::NeverSealed, reading, remarks: Vec::new() })
}

/// What is printed and written instead of identifiers; `None` where nobody asked for pseudonyms.
///
/// # Errors
/// Two identifiers have one pseudonym.
fn redaction_of(inputs: &Inputs) -> Result<Option<Redaction>, Vec<Finding>> {
    let Inputs { plan, sources, reading, .. } = inputs;
    let Some(secret) = reading.redact_key.as_ref().filter(|_| reading.redact_ids) else { return Ok(None) };
    let visits = plan.design().visits.into_iter().map(|visit| visit.label);
    let redaction = Redaction::new(sources, &secret.0, visits);
    match redaction.pseudonyms.collide() {
        true => Err(vec![redaction::collision(&plan.file_name)]),
        false => Ok(Some(redaction)),
    }
}

/// Data that were checked.
#[derive(Debug)]
pub struct Checked {
    /// The trial, where no finding is an error.
    pub trial: Option<Trial>,
    /// What was found in the data, pointed into the plan where it is about a setting.
    pub findings: Vec<Finding>,
}

/// Checks the data under their true identifiers, then puts pseudonyms in `inputs` and everything found, where asked for.
/// `before` sees the inputs and the trial before that.
///
/// # Errors
/// Two identifiers have one pseudonym.
pub fn check<T>(
    inputs: &mut Inputs,
    before: impl FnOnce(&Inputs, Option<&Trial>) -> T,
) -> Result<(Checked, T), Vec<Finding>> {
    let redaction = redaction_of(inputs)?;
    let (mut trial, findings) = match build::build(&inputs.plan.design(), &inputs.sources) {
        Ok((trial, findings)) => (Some(trial), findings),
        Err(findings) => (None, findings),
    };
    let mut findings = plan::pointing::into_plan(&inputs.plan, findings);
    // The rules are written of knees.
    let site = Site::of(&inputs.plan.trial, Language::English);
    for finding in &mut findings {
        finding.message = site.named(&finding.message);
        finding.remedy = site.named(&finding.remedy);
    }
    let seen = before(inputs, trial.as_ref());
    if let Some(redaction) = redaction {
        let Inputs { plan, sources, lock, remarks, .. } = inputs;
        redaction.sources(sources);
        redaction::mask(plan, &redaction);
        redact_lock(lock, &redaction);
        redaction.findings(remarks);
        redaction.findings(&mut findings);
        trial.iter_mut().for_each(|trial| redaction.trial(trial));
    }
    Ok((Checked { trial, findings }, seen))
}

/// The changes since the seal without identifiers.
fn redact_lock(lock: &mut LockState, redaction: &Redaction) {
    if let LockState::Changed { changes, .. } = lock {
        for change in changes {
            change.sealed.iter_mut().chain(&mut change.now).for_each(|value| redaction.text(value));
        }
    }
}

/// Validates the trial and runs the plan's analyses, under the true identifiers; what comes back has pseudonyms, where asked
/// for.
///
/// # Errors
/// Every finding, where at least one is an error.
pub fn analyse(mut inputs: Inputs) -> Result<Run, Vec<Finding>> {
    let redaction = redaction_of(&inputs)?;
    let analysed = |inputs: &Inputs, trial: Option<&Trial>| trial.map(|trial| analysis::analyse(&inputs.plan, trial));
    let (Checked { trial, findings }, outcomes) = check(&mut inputs, analysed)?;
    let (Some(trial), Some(mut outcomes)) = (trial, outcomes) else { return Err(findings) };
    let Inputs { plan, sources, lock, reading, remarks } = inputs;
    if let Some(redaction) = redaction {
        analysis::redaction::redact(&mut outcomes, &redaction);
    }
    let findings = findings.into_iter().chain(plan.remarks.iter().cloned()).chain(remarks).collect();
    if let Some(cut) = interim_cut(&plan, &outcomes).filter(|_| !reading.blinded) {
        return Err(vec![cut]);
    }
    Ok(Run { plan, sources, lock, reading, trial, findings, outcomes })
}

/// A finding where a plan with interim looks is run as its final analysis on no more patients than a look before it has.
fn interim_cut(plan: &Plan, outcomes: &analysis::Outcomes) -> Option<Finding> {
    let interim = plan.interim.as_ref().filter(|interim| interim.look.is_none())?;
    let before = *interim.pairs.iter().rev().nth(1)?;
    let look = outcomes.records.iter().find(|record| record.result.method == analysis::looks::METHOD)?;
    let n = look.result.n_pairs;
    (n <= before).then(|| {
        let location = crate::trial::Location { file: plan.file_name.clone(), row: None, column: None };
        let message = format!("these data are an interim cut: {n} patients with both knees, and a look is planned at {before}");
        let remedy = "write `splitknee run --look K` for the committee's report of look K alone, or `--stopped-at K` where the \
                      trial ended there";
        plan::position::Positions::error("SK012", location, message, remedy.to_owned())
    })
}

/// Makes the files of the run: results, tables, figures, report, manifest. Nothing is written to disk yet.
///
/// # Errors
/// A figure or the report cannot be drawn.
pub fn write_up(run: &Run) -> Result<Bundle, report::ReportError> {
    write_up_with(run, Template::default())
}

/// As [`write_up`], in the look of `template`.
///
/// # Errors
/// As [`write_up`]; a template that does not fit the report.
pub fn write_up_with(run: &Run, template: Template) -> Result<Bundle, report::ReportError> {
    write_up_as(run, Options { template, ..Options::default() })
}

/// As [`write_up_with`], with everything that may be told beside the run: template, files to write beside the report,
/// fonts, day of the run. The state of the seal and whether treatments are dummies come from the run.
///
/// # Errors
/// As [`write_up_with`]; a font that is none.
pub fn write_up_as(run: &Run, look: Options) -> Result<Bundle, report::ReportError> {
    report::files_with(run, &Options { lock: run.lock.clone(), dummy: run.reading.blinded, ..look })
}
