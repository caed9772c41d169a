//! Pseudonyms for patient identifiers, put in place of them in the tables as read, so that nothing made from the tables
//! afterwards (findings, listings, exports) can contain an identifier.
//!
//! A pseudonym is the start of SHA-256 over a key and the identifier, in base 32: the same patient has the same
//! pseudonym in every run with the same key, whatever other patients are in the data. Without a secret key anyone who can
//! list the possible identifiers can find them again; give a key where that matters.

use super::coded::Coded;
use super::sources::{Source, Sources};
use polars::prelude::{Column, NamedFrom, Series};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Crockford's base 32: no letters that look like digits.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Pseudonyms by identifier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pseudonyms {
    by_id: BTreeMap<String, String>,
}

impl Pseudonyms {
    /// Pseudonyms of `ids` under `key`: `S-` and six characters, more where two would be the same.
    pub fn new<'a>(ids: impl IntoIterator<Item = &'a str>, key: &str) -> Self {
        let ids: BTreeSet<&str> = ids.into_iter().collect();
        for length in [6, 10, 16, 25] {
            let by_id: BTreeMap<String, String> =
                ids.iter().map(|id| ((*id).to_owned(), format!("S-{}", characters(key, id, length)))).collect();
            let distinct: BTreeSet<&String> = by_id.values().collect();
            if distinct.len() == ids.len() {
                return Self { by_id };
            }
        }
        // Two identifiers with 125 equal bits of SHA-256 are not known to exist.
        Self::default()
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

fn characters(key: &str, id: &str, length: usize) -> String {
    // The length of the key keeps `ab` + `c` apart from `a` + `bc`.
    let digest = Sha256::digest(format!("{}:{key}:{id}", key.len()).as_bytes());
    let mut bits: u32 = 0;
    let mut held = 0;
    let mut text = String::new();
    // 32 bytes hold 51 characters of five bits, twice the longest pseudonym.
    for byte in digest.iter() {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            let index = usize::try_from((bits >> held) & 31).unwrap_or_default();
            text.push(char::from(ALPHABET.get(index).copied().unwrap_or(b'0')));
        }
        bits &= (1 << held) - 1;
    }
    text.truncate(length);
    text
}

/// Replaces the patient identifiers in all tables of `sources`.
pub fn redact(sources: &mut Sources, key: &str) -> Pseudonyms {
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
    let read: Vec<Coded> =
        places.iter().map(|(source, column)| Coded::read(&source.table, column).unwrap_or_default()).collect();
    let pseudonyms = Pseudonyms::new(read.iter().flat_map(|column| &column.levels).map(String::as_str), key);
    for ((source, column), cells) in places.iter_mut().zip(&read) {
        let replaced: Vec<Option<&str>> =
            (0..cells.codes.len()).map(|row| cells.get(row).and_then(|id| pseudonyms.of(id))).collect();
        if !cells.codes.is_empty() {
            replace_column(source, column, replaced);
        }
    }
    pseudonyms
}

/// Puts text cells in the place of a column, or adds it.
pub(super) fn replace_column(source: &mut Source, name: &str, cells: Vec<Option<&str>>) {
    let column = Column::from(Series::new(name.into(), cells));
    // Fails only where the length differs, and `cells` has one entry per row.
    let _ = source.table.frame.with_column(column);
}
