//! Blinded runs have no trace of the true allocation; pseudonyms leave no identifier.

use super::small_trial::SmallTrial;
use splitknee::trial::blinding::{DUMMY_ACTIVE, DUMMY_PLACEBO, blind};
use splitknee::trial::build::build;
use splitknee::trial::pseudonym::{Pseudonyms, redact};
use splitknee::trial::sources::Sources;
use splitknee::trial::{Measure, Trial};

/// Every cell and column name of every table.
fn every_text(sources: &Sources) -> Vec<String> {
    let mut tables = vec![&sources.observations.table];
    tables.extend(sources.patients.iter().map(|source| &source.table));
    tables.extend(sources.allocation.iter().map(|list| &list.source.table));
    tables.extend(sources.events.iter().map(|events| &events.source.table));
    tables.extend(sources.disposition.iter().map(|disposition| &disposition.source.table));
    let mut texts = Vec::new();
    for table in tables {
        for name in table.column_names() {
            texts.extend(table.text(&name).unwrap().into_iter().flatten());
        }
    }
    texts
}

fn blinded(small: &SmallTrial, seed: u64) -> (Trial, Sources) {
    let (plan, sources) = small.read().unwrap();
    let (design, sources) = blind(&plan.design(), &sources, seed).unwrap();
    let (trial, _) = build(&design, &sources).unwrap_or_else(|findings| panic!("{findings:#?}"));
    (trial, sources)
}

/// Side of the active knee by patient.
fn active(trial: &Trial) -> Vec<String> {
    trial.patients.iter().map(|patient| patient.pair().unwrap().0.side.clone()).collect()
}

#[test]
fn no_true_label_is_left_in_any_table() {
    let mut small = SmallTrial::new();
    // Further columns that tell: a numeric code of the arm, the active side, an event that names the drug.
    let code = |row: &mut Vec<String>| row.push(if row[5] == "EV" { "1" } else { "2" }.to_owned());
    let rows = small.files.get_mut("knees.csv").unwrap();
    rows[0].push("trtn".to_owned());
    rows.iter_mut().skip(1).for_each(code);
    let sides: Vec<String> =
        small.files["allocation.csv"].iter().filter(|row| row[3] == "EV").map(|row| row[2].clone()).collect();
    let rows = small.files.get_mut("patients.csv").unwrap();
    rows[0].push("injected_side".to_owned());
    rows.iter_mut().skip(1).zip(&sides).for_each(|(row, side)| row.push(side.clone()));
    small.set("events.csv", 2, "term", "Reaction to EV");
    small.set("disposition.csv", 3, "reason", "allergic to saline");

    let (trial, sources) = blinded(&small, 1);
    for text in every_text(&sources) {
        let words: Vec<String> = text.split(|c: char| !c.is_alphanumeric()).map(str::to_uppercase).collect();
        assert!(!words.contains(&"EV".to_owned()) && !words.contains(&"SALINE".to_owned()), "{text}");
    }
    let column = |table: &splitknee::data::Table, name: &str| table.text(name).unwrap();
    assert!(column(&sources.observations.table, "trtn").iter().all(Option::is_none));
    assert!(column(&sources.patients.as_ref().unwrap().table, "injected_side").iter().all(Option::is_none));
    assert!(column(&sources.patients.as_ref().unwrap().table, "sex").iter().all(Option::is_some));
    assert_eq!(trial.design.arms.active, DUMMY_ACTIVE);
    assert_eq!(trial.design.arms.placebo, DUMMY_PLACEBO);
    assert_eq!(trial.events.as_ref().unwrap()[0].term, "(names a treatment)");
    assert_eq!(trial.events.as_ref().unwrap().len(), 2);
}

#[test]
fn dummy_treatments_follow_the_seed_and_not_the_truth() {
    let small = SmallTrial::new();
    assert_eq!(active(&blinded(&small, 1).0), active(&blinded(&small, 1).0));
    assert_ne!(active(&blinded(&small, 1).0), active(&blinded(&small, 2).0));
    // The other true allocation gives the same dummy one.
    let mut other = small.clone();
    for file in ["knees.csv", "allocation.csv"] {
        other.set_column(file, "arm", |arm, _| if arm == "EV" { "SALINE".to_owned() } else { "EV".to_owned() });
    }
    assert_eq!(active(&blinded(&small, 1).0), active(&blinded(&other, 1).0));
    // Over many seeds the coin is fair: 12 patients by 100 seeds, six standard deviations are 104.
    let left: usize =
        (0..100).map(|seed| active(&blinded(&small, seed).0).iter().filter(|side| *side == "LEFT").count()).sum();
    assert!((600 - 104..=600 + 104).contains(&left), "{left}");
}

#[test]
fn blinded_differences_are_true_ones_up_to_sign() {
    let small = SmallTrial::new();
    let (truth, _) = small.build().unwrap();
    let (dummy, _) = blinded(&small, 3);
    let size = |trial: &Trial| -> Vec<f64> {
        trial
            .paired(0, 2, Measure::Value, &trial.sets[0])
            .differences()
            .iter()
            .map(|difference| difference.abs())
            .collect()
    };
    assert_eq!(size(&truth), size(&dummy));
}

#[test]
fn data_without_sides_are_blinded_by_exchanging_arms() {
    let mut small = SmallTrial::new();
    small.edit_plan("knee = \"side\", ", "");
    small.edit_plan(
        "allocation = \"allocation.csv\"\nallocation_columns = { order = \"number\", date = \"randomised\" }\n",
        "",
    );
    small.set("events.csv", 2, "knee", "EV");
    let (trial, sources) = blinded(&small, 1);
    assert!(every_text(&sources).iter().all(|text| text != "EV" && text != "SALINE"));
    assert!(trial.events.as_ref().unwrap().iter().all(|event| event.arm.is_none()));
    assert_eq!(trial.patients.len(), 12);
}

#[test]
fn columns_named_by_treatment_cannot_be_blinded() {
    let mut small = SmallTrial::new();
    small.files.insert(
        "knees.csv",
        vec![
            ["id", "vas_EV", "vas_SALINE"].map(str::to_owned).to_vec(),
            ["P01", "40", "50"].map(str::to_owned).to_vec(),
        ],
    );
    small.plan = "trial = { id = \"W\", title = \"Wide\" }\n\
        data = { path = \"knees.csv\", columns = { patient = \"id\" }, shape = \"wide\", pattern = \"{endpoint}_{arm}\" }\n\
        arms = { active = \"EV\", placebo = \"SALINE\" }\n\
        [[endpoint]]\nname = \"VAS\"\ncolumn = \"vas\"\nbetter = \"lower\"\n"
        .to_owned();
    let (plan, sources) = small.read().unwrap();
    assert_eq!(small.build().unwrap().0.patients.len(), 1);
    assert_eq!(blind(&plan.design(), &sources, 1).unwrap_err()[0].rule, "SK406");
}

#[test]
fn no_identifier_is_left_after_redaction() {
    let small = SmallTrial::new();
    let (plan, mut sources) = small.read().unwrap();
    let pseudonyms = redact(&mut sources, "key");
    let ids: Vec<String> = (1..=12).map(|number| format!("P{number:02}")).collect();
    assert!(every_text(&sources).iter().all(|text| !ids.contains(text)));
    let (trial, findings) = build(&plan.design(), &sources).unwrap();
    assert!(findings.is_empty(), "{findings:?}");
    assert_eq!(trial.patients.len(), 12);
    for (patient, id) in trial.patients.iter().zip(&ids) {
        assert_eq!(pseudonyms.of(id), Some(patient.id.as_str()));
    }
    // The numbers do not change.
    let (original, _) = small.build().unwrap();
    let pairs = |trial: &Trial| trial.paired(0, 2, Measure::Change, &trial.sets[0]);
    assert_eq!(pairs(&original), pairs(&trial));
}

#[test]
fn pseudonyms_are_stable_keyed_and_distinct() {
    let ids: Vec<String> = (0..5000).map(|number| number.to_string()).collect();
    let of = |count: usize, key: &str| Pseudonyms::new(ids.iter().take(count).map(String::as_str), key);
    // The first 30 bits of the SHA-256 of `3:key:7`, in base 32.
    let expected = {
        use sha2::{Digest, Sha256};
        let digest = Sha256::digest(b"3:key:7");
        let bits = digest.iter().take(4).fold(0u64, |bits, byte| (bits << 8) | u64::from(*byte)) >> 2;
        let alphabet = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let text: String = (0..6).rev().map(|at| char::from(alphabet[((bits >> (5 * at)) & 31) as usize])).collect();
        format!("S-{text}")
    };
    assert_eq!(of(10, "key").of("7"), Some(expected.as_str()));
    assert_eq!(of(10, "key").of("7"), of(20, "key").of("7"));
    assert_ne!(of(10, "key").of("7"), of(10, "other").of("7"));
    let many = of(5000, "key");
    let distinct: std::collections::BTreeSet<&str> = many.list().map(|(_, pseudonym)| pseudonym).collect();
    assert_eq!(distinct.len(), 5000);
}
