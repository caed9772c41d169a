//! Pseudonyms for patient identifiers, put in place of them in the tables as read, so that nothing made from the tables
//! afterwards (findings, listings, exports) can contain an identifier.
//!
//! A pseudonym is the start of HMAC-SHA-256 (RFC 2104) of the identifier under a secret key, in base 32, of a fixed
//! length: the same patient has the same pseudonym in every run with the same key, whatever other patients are in the
//! data, and without the key nobody can find an identifier by trying all that are possible. Rows are put in the order of
//! the pseudonyms, so that the order of the files tells nothing. Identifiers inside other texts (terms of adverse events,
//! reasons, names of files) are masked by [`super::masking`].

use super::coded::Coded;
use super::masking::Masker;
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

/// Replaces the patient identifiers in all tables of `sources`, masks them in all other text of the tables and in the
/// names of the files, and puts the rows in the order of the pseudonyms.
pub fn redact(sources: &mut Sources, key: &str) -> Pseudonyms {
    let structural = structural(sources);
    let patient = sources.roles.patient.clone();
    let other = sources.patient_column.clone();
    let mut places: Vec<(&mut Source, String)> = vec![(&mut sources.observations, patient)];
    for further in &mut sources.further {
        let patient = further.roles.patient.clone();
        places.push((&mut further.source, patient));
    }
    let items = sources.scores.iter_mut().flatten().filter_map(|scoring| scoring.source.as_mut());
    places.extend(items.map(|source| (source, sources.roles.patient.clone())));
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
    let read: Vec<Coded> =
        places.iter().map(|(source, column)| Coded::read(&source.table, column).unwrap_or_default()).collect();
    let pseudonyms = Pseudonyms::new(read.iter().flat_map(|column| &column.levels).map(String::as_str), key);
    let masker = Masker::new(&pseudonyms);
    for ((source, column), cells) in places.iter_mut().zip(&read) {
        let replaced: Vec<Option<&str>> =
            (0..cells.codes.len()).map(|row| cells.get(row).and_then(|id| pseudonyms.of(id))).collect();
        if cells.codes.is_empty() {
            mask(source, column, &structural, &masker);
            continue;
        }
        let mut order: Vec<usize> = (0..replaced.len()).collect();
        order.sort_by_key(|row| replaced[*row]);
        replace_column(source, column, replaced);
        mask(source, column, &structural, &masker);
        source.table = source.table.keep(&order);
    }
    pseudonyms
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
        names.extend(columns.into_iter().chain(&events.organ_class).chain(events.listed.iter().flatten()).cloned());
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
