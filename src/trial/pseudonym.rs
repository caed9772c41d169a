//! Pseudonyms for patient identifiers, put in place of them in tables, trial and findings once everything is checked and
//! analysed, so that nothing made from them afterwards (report, listings, exports) can contain an identifier.
//!
//! A pseudonym is the start of HMAC-SHA-256 (RFC 2104) of the identifier under a secret key, in base 32, of a fixed
//! length: the same patient has the same pseudonym in every run with the same key, whatever other patients are in the
//! data, and without the key nobody can find an identifier by trying all that are possible. Rows are put in the order of
//! the pseudonyms, so that the order of the files tells nothing. Identifiers inside other texts (terms of adverse events,
//! reasons, names of files) are masked by [`super::masking`].

use super::coded::Coded;
use super::finding::Finding;
use super::masking::Masker;
use super::patients::Trial;
use super::sources::{AllocationForm, Source, Sources};
use polars::prelude::{Column, NamedFrom, Series};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Crockford's base 32: no letters that look like digits.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters of a pseudonym behind `S-`: 60 bits, so that two of 100 000 patients share one with a probability of 4 in a
/// thousand million; a longer one for some would depend on who else is in the data.
const LENGTH: usize = 12;

/// Pseudonyms by identifier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pseudonyms {
    by_id: BTreeMap<String, String>,
}

impl Pseudonyms {
    /// Pseudonyms of `ids` under `key`: `S-` and twelve characters.
    pub fn new<'a>(ids: impl IntoIterator<Item = &'a str>, key: &str) -> Self {
        let pseudonym = |id: &str| (id.to_owned(), format!("S-{}", characters(key, id)));
        Self { by_id: ids.into_iter().collect::<BTreeSet<_>>().into_iter().map(pseudonym).collect() }
    }

    /// Whether two identifiers have the same pseudonym: another key is needed.
    pub fn collide(&self) -> bool {
        self.by_id.values().collect::<BTreeSet<_>>().len() < self.by_id.len()
    }

    /// The pseudonym of `id`.
    pub fn of(&self, id: &str) -> Option<&str> {
        self.by_id.get(id.trim()).map(String::as_str)
    }

    /// Identifiers with their pseudonyms, for the key list that stays with the sponsor.
    pub fn list(&self) -> impl Iterator<Item = (&str, &str)> {
        self.by_id.iter().map(|(id, pseudonym)| (id.as_str(), pseudonym.as_str()))
    }
}

/// HMAC-SHA-256 of `message` under `key`, RFC 2104.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    if key.len() > 64 {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

fn characters(key: &str, id: &str) -> String {
    let mut bits: u32 = 0;
    let mut held = 0;
    let mut text = String::new();
    for byte in hmac(key.as_bytes(), id.as_bytes()) {
        bits = (bits << 8) | u32::from(byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            let index = usize::try_from((bits >> held) & 31).unwrap_or_default();
            text.push(char::from(ALPHABET.get(index).copied().unwrap_or(b'0')));
        }
        bits &= (1 << held) - 1;
    }
    text.truncate(LENGTH);
    text
}

/// Pseudonyms for everything that is printed or written of a trial. Checks and analyses see the true identifiers: they
/// are replaced afterwards, so that no number and no finding depends on it.
#[derive(Debug, Clone, Default)]
pub struct Redaction {
    /// By identifier.
    pub pseudonyms: Pseudonyms,
    masker: Masker,
    /// Files with their columns of patients, where a quoted text is an identifier.
    columns: BTreeSet<(String, String)>,
    /// Words that the plan declares and no identifier stands for: labels of visits.
    kept: BTreeSet<String>,
}

impl Redaction {
    /// Pseudonyms under `key` for every identifier in `sources`; `visits` are the labels of the plan.
    pub fn new(sources: &Sources, key: &str, visits: impl IntoIterator<Item = String>) -> Self {
        let mut sources = sources.clone();
        let places = places(&mut sources);
        let read = |(source, column): &(&mut Source, String)| Coded::read(&source.table, column).unwrap_or_default();
        let read: Vec<Coded> = places.iter().map(read).collect();
        let pseudonyms = Pseudonyms::new(read.iter().flat_map(|column| &column.levels).map(String::as_str), key);
        let masker = Masker::new(&pseudonyms);
        let columns = places.into_iter().map(|(source, column)| (source.file.clone(), column)).collect();
        Self { pseudonyms, masker, columns, kept: visits.into_iter().collect() }
    }

    /// `text` with every identifier in it masked.
    pub fn text(&self, text: &mut String) {
        if !self.kept.contains(text)
            && let Some(masked) = self.masker.mask(text)
        {
            *text = masked;
        }
    }

    /// The pseudonym in the place of an identifier; other text is masked.
    pub fn id(&self, id: &mut String) {
        match self.pseudonyms.of(id) {
            Some(pseudonym) => *id = pseudonym.to_owned(),
            None => self.text(id),
        }
    }

    /// A label that begins with an identifier and a comma, as that of a row of a model does.
    pub fn begins_with_id(&self, label: &mut String) {
        let blanks = label.match_indices(", ").map(|(at, _)| at).chain([label.len()]);
        let ends: Vec<usize> = blanks.collect();
        let known = |end: &usize| Some((*end, self.pseudonyms.of(&label[..*end])?));
        match ends.iter().rev().find_map(known) {
            Some((end, pseudonym)) => *label = format!("{pseudonym}{}", &label[end..]),
            None => self.text(label),
        }
    }

    /// A condition with the identifiers in its texts masked; a number in a text is a value, but for a comparison with a
    /// column of patients.
    pub fn condition(&self, condition: &mut String) {
        let of_patients = super::expr::Condition::parse(condition).is_ok_and(|parsed| {
            parsed.columns().iter().any(|column| self.columns.iter().any(|(_, known)| known == column))
        });
        let mut masked = String::new();
        let mut rest = condition.as_str();
        while let Some(open) = rest.find(['"', '\'']) {
            let quote = if rest[open..].starts_with('"') { '"' } else { '\'' };
            let Some(length) = rest[open + 1..].find(quote) else { break };
            let mut text = rest[open + 1..open + 1 + length].to_owned();
            if of_patients {
                self.id(&mut text)
            } else {
                self.text(&mut text)
            }
            masked.push_str(&rest[..=open]);
            masked.push_str(&text);
            masked.push(quote);
            rest = &rest[open + length + 2..];
        }
        masked.push_str(rest);
        *condition = masked;
    }

    /// Findings as they may be printed.
    pub fn findings(&self, findings: &mut [Finding]) {
        for finding in findings {
            let at = &finding.location;
            let identifies =
                at.column.as_ref().is_some_and(|column| self.columns.contains(&(at.file.clone(), column.clone())));
            for text in [&mut finding.message, &mut finding.remedy] {
                if identifies {
                    *text = self.quoted(text);
                }
                self.text(text);
            }
            self.text(&mut finding.location.file);
        }
    }

    /// `text` with the pseudonym for every identifier between backticks.
    fn quoted(&self, text: &str) -> String {
        let replaced = |(number, part): (usize, &str)| match self.pseudonyms.of(part).filter(|_| number % 2 == 1) {
            Some(pseudonym) => pseudonym.to_owned(),
            None => part.to_owned(),
        };
        text.split('`').enumerate().map(replaced).collect::<Vec<_>>().join("`")
    }

    /// The files: identifiers replaced, masked in all other text of the tables and in the names of files, and the rows in
    /// the order of the pseudonyms.
    pub fn sources(&self, sources: &mut Sources) {
        let structural = structural(sources);
        for (source, column) in places(sources) {
            let cells = Coded::read(&source.table, &column).unwrap_or_default();
            let replaced: Vec<Option<&str>> =
                (0..cells.codes.len()).map(|row| cells.get(row).and_then(|id| self.pseudonyms.of(id))).collect();
            if cells.codes.is_empty() {
                mask(source, &column, &structural, &self.masker);
                continue;
            }
            let mut order: Vec<usize> = (0..replaced.len()).collect();
            order.sort_by_key(|row| replaced[*row]);
            replace_column(source, &column, replaced);
            mask(source, &column, &structural, &self.masker);
            source.table = source.table.keep(&order);
        }
        sources.sets.iter_mut().for_each(|set| self.text(&mut set.label));
    }

    /// The trial: patients under their pseudonyms and in the order of these, other text masked.
    pub fn trial(&self, trial: &mut Trial) {
        for patient in &mut trial.patients {
            self.id(&mut patient.id);
            patient.attributes.values_mut().for_each(|cell| self.text(cell));
        }
        let mut order: Vec<usize> = (0..trial.patients.len()).collect();
        order.sort_by(|a, b| trial.patients[*a].id.cmp(&trial.patients[*b].id));
        let mut place = vec![0; order.len()];
        order.iter().enumerate().for_each(|(new, old)| place[*old] = new);
        trial.patients = order.iter().map(|old| trial.patients[*old].clone()).collect();
        for set in &mut trial.sets {
            set.members = order.iter().map(|old| set.members[*old]).collect();
            self.text(&mut set.label);
        }
        for event in trial.events.iter_mut().flatten() {
            event.patient = place[event.patient];
            let texts = [&mut event.term, &mut event.severity].into_iter().chain(&mut event.organ_class);
            texts.chain(event.listed.iter_mut().flatten()).for_each(|text| self.text(text));
        }
        for event in trial.intercurrent.iter_mut().flatten() {
            event.patient = place[event.patient];
            self.text(&mut event.event);
        }
        for deviation in trial.deviations.iter_mut().flatten() {
            deviation.patient = place[deviation.patient];
            [&mut deviation.what, &mut deviation.date].into_iter().for_each(|text| self.text(text));
        }
        for column in &mut trial.columns {
            column.label.iter_mut().chain(&mut column.levels).for_each(|text| self.text(text));
        }
        for endpoint in &mut trial.design.endpoints {
            let sources = [&mut endpoint.minimal_improvement_source, &mut endpoint.important_difference_source];
            let texts = [&mut endpoint.name, &mut endpoint.unit].into_iter().chain(sources.into_iter().flatten());
            texts.for_each(|text| self.text(text));
        }
    }
}

/// Every file with its column of patients.
fn places(sources: &mut Sources) -> Vec<(&mut Source, String)> {
    let patient = sources.roles.patient.clone();
    let other = sources.patient_column.clone();
    let mut places: Vec<(&mut Source, String)> = vec![(&mut sources.observations, patient.clone())];
    for further in &mut sources.further {
        let patient = further.roles.patient.clone();
        places.push((&mut further.source, patient));
    }
    let items = sources.scores.iter_mut().flatten().filter_map(|scoring| scoring.source.as_mut());
    places.extend(items.map(|source| (source, patient.clone())));
    places.extend(sources.patients.iter_mut().map(|source| (source, other.clone())));
    if let Some(allocation) = &mut sources.allocation {
        places.push((&mut allocation.source, allocation.patient.clone()));
    }
    places.extend(sources.events.iter_mut().map(|events| (&mut events.source, other.clone())));
    places.extend(sources.disposition.iter_mut().map(|disposition| (&mut disposition.source, other.clone())));
    places.extend(sources.deviations.iter_mut().map(|deviations| (&mut deviations.source, other.clone())));
    if let Some(events) = &mut sources.intercurrent {
        let patient = events.patient.clone();
        places.push((&mut events.source, patient));
    }
    places
}

/// Masks identifiers in the text columns of `source` other than the patient's, and in its name.
fn mask(source: &mut Source, patient: &str, structural: &BTreeSet<String>, masker: &Masker) {
    source.file = masker.mask(&source.file).unwrap_or_else(|| source.file.clone());
    let path = &mut source.table.provenance.path;
    *path = masker.mask(path).unwrap_or_else(|| path.clone());
    source.table.reword(|text| masker.mask(text));
    for name in source.table.column_names() {
        let column = source.table.frame.column(&name).ok().and_then(|column| column.str().ok().cloned());
        let Some(text) = column.filter(|_| name != patient && !structural.contains(&name)) else { continue };
        let mut seen: BTreeMap<&str, Option<String>> = BTreeMap::new();
        text.iter().flatten().for_each(|cell| {
            seen.entry(cell).or_insert_with(|| masker.mask(cell));
        });
        if seen.values().all(Option::is_none) {
            continue;
        }
        let masked = text.iter().map(|cell| cell.map(|cell| seen.get(cell).and_then(Option::as_deref).unwrap_or(cell)));
        replace_column(source, &name, masked.collect());
    }
}

/// The columns whose words the plan declares: sides, treatments, visits, dates, severities. Identifiers do not stand in
/// them, and a visit may be called as a patient is.
fn structural(sources: &Sources) -> BTreeSet<String> {
    let roles =
        sources.observed().flat_map(|(_, roles)| [&roles.knee, &roles.arm, &roles.visit, &roles.month, &roles.date]);
    let mut names: BTreeSet<String> = roles.flatten().cloned().collect();
    if let Some(allocation) = &sources.allocation {
        names.extend(allocation.order.iter().chain(&allocation.date).cloned());
        match &allocation.form {
            AllocationForm::PerKnee { knee, arm } => names.extend(knee.iter().chain([arm]).cloned()),
            AllocationForm::ActiveKnee { column } => names.extend([column.clone()]),
        }
    }
    if let Some(events) = &sources.events {
        let columns =
            [&events.knee, &events.severity, &events.serious, &events.related, &events.start_day, &events.end_day];
        names.extend(columns.into_iter().chain(&events.organ_class).cloned());
    }
    if let Some(events) = &sources.intercurrent {
        names.extend([&events.knee, &events.event].into_iter().chain(&events.visit).chain(&events.date).cloned());
    }
    if let Some(deviations) = &sources.deviations {
        names.extend(deviations.knee.iter().chain(&deviations.date).chain(&deviations.important).cloned());
    }
    names.extend(sources.disposition.iter().map(|disposition| disposition.last_visit.clone()));
    names.extend(sources.randomisation_date.iter().chain(&sources.injected_first).cloned());
    names
}

/// Puts text cells in the place of a column, or adds it.
pub(super) fn replace_column(source: &mut Source, name: &str, cells: Vec<Option<&str>>) {
    let column = Column::from(Series::new(name.into(), cells));
    // Fails only where the length differs, and `cells` has one entry per row.
    let _ = source.table.frame.with_column(column);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_as_in_rfc_4231() {
        let hex = |bytes: [u8; 32]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        // RFC 4231, test cases 2 and 6.
        assert_eq!(
            hex(hmac(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hex(hmac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn one_more_patient_changes_no_pseudonym() {
        let ids: Vec<String> = (0..20_000).map(|number| format!("P{number}")).collect();
        let some = Pseudonyms::new(ids.iter().take(100).map(String::as_str), "key");
        let all = Pseudonyms::new(ids.iter().map(String::as_str), "key");
        assert!(some.list().all(|(id, pseudonym)| all.of(id) == Some(pseudonym)));
        assert!(!all.collide());
    }
}
