//! Identifiers that the observations do not have: who they may be.

use super::patients::Trial;
use super::rules::identity;
use super::sources::{Source, Sources};
use std::collections::{BTreeSet, HashMap};

/// The patients of the trial, and those whom a list knows and the observations do not.
pub struct Strangers<'t> {
    /// Patients of the observations by identifier without its spelling.
    spelled: HashMap<String, &'t str>,
    /// Lists in words, with the identifiers in them.
    lists: Vec<(String, BTreeSet<String>)>,
}

impl<'t> Strangers<'t> {
    /// Those of a trial and its files.
    pub fn of(trial: &'t Trial, sources: &Sources) -> Self {
        let spelled =
            trial.patients.iter().map(|patient| (identity::folded(&patient.id), patient.id.as_str())).collect();
        let allocation =
            sources.allocation.as_ref().map(|list| (&list.source, list.patient.as_str(), "allocation list"));
        let patients =
            sources.patients.as_ref().map(|source| (source, sources.patient_column.as_str(), "file of patients"));
        let left =
            sources.disposition.as_ref().map(|list| (&list.source, sources.patient_column.as_str(), "disposition"));
        let lists = [allocation, patients, left].into_iter().flatten().map(|(source, column, what)| {
            let ids = source.table.text(column).unwrap_or_default();
            (
                format!("the {what} ({})", source.file),
                ids.into_iter().flatten().map(|id| identity::folded(&id)).collect(),
            )
        });
        Self { spelled, lists: lists.collect() }
    }

    /// What is said of the patient `id`, who is none of the observations, and what to do: `who is not in the trial's data`.
    /// Another patient's identifier is offered where it is the same in another spelling, and never because it is near: a
    /// patient who left before the first visit would be taken for somebody else.
    pub fn about(&self, id: &str) -> (String, String) {
        let folded = identity::folded(id);
        if let Some(known) = self.spelled.get(&folded).filter(|_| !id.is_empty()) {
            let said = format!(
                "who is called `{known}` in the observations: they differ in {} only",
                identity::spelled(id, known)
            );
            return (said, identity::WRITE_ALIKE.to_owned());
        }
        match self.lists.iter().find(|(_, ids)| !id.is_empty() && ids.contains(&folded)) {
            Some((list, _)) => (
                format!("who is in {list} and has no row in the observations"),
                "add the rows of the patient's knees at the first visit, empty where nothing was measured (a death before the \
                 first visit, for instance): the patient is then in the trial, and in no comparison"
                    .to_owned(),
            ),
            None => (
                "who is not in the trial's data".to_owned(),
                "correct the identifier; for a patient without any measurement, add the rows of the knees at the first visit, \
                 with empty cells"
                    .to_owned(),
            ),
        }
    }
}

/// The first of either identifiers, where none is in both lists in any spelling.
pub fn unlike<'i>(
    here: impl Iterator<Item = &'i String> + Clone,
    mut there: impl Iterator<Item = &'i String> + Clone,
) -> Option<(&'i str, &'i str)> {
    let (one, other) = (here.clone().next()?, there.clone().next()?);
    let listed: BTreeSet<String> = here.map(|id| identity::folded(id.trim())).collect();
    (!there.any(|id| listed.contains(&identity::folded(id)))).then(|| (one.trim(), other.as_str()))
}

/// What is said of a file of which no identifier is one of the observations, and what to do.
pub fn all_of(trial: &Trial, source: &Source, column: &str) -> Option<(String, String)> {
    let ids = source.table.text(column).ok()?;
    let (here, there) = unlike(ids.iter().flatten(), trial.patients.iter().map(|patient| &patient.id))?;
    let message = format!(
        "no identifier of this file is one of the observations: here there is patient `{here}`, there patient `{there}`"
    );
    let remedy = "write the identifiers alike in both files, or name the right column in `data.patient_column`";
    Some((message, remedy.to_owned()))
}
