//! Blinded runs have no trace of the true allocation; pseudonyms leave no identifier.

use super::small_trial::SmallTrial;
use crate::project::{DEMO, dataset};
use splitknee::trial::blinding::{DUMMY_ACTIVE, DUMMY_PLACEBO, blind};
use splitknee::trial::build::build;
use splitknee::trial::pseudonym::{Pseudonyms, Redaction};
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

    // The plan may use such a column; the dry run has it without values. A name that no column has is refused as ever.
    small.edit_plan(
        "[[analysis_set]]\nname = \"FAS\"",
        "[[subgroup]]\ncolumn = \"injected_side\"\n[[analysis_set]]\nname = \"FAS\"",
    );
    let mut unknown = small.clone();
    unknown.edit_plan("column = \"injected_side\"", "column = \"injected_knee\"");
    let (plan, read) = unknown.read().unwrap();
    let (design, read) = blind(&plan.design(), &read, 1).unwrap();
    assert_eq!(build(&design, &read).unwrap_err()[0].rule, "SK609");

    let (trial, sources) = blinded(&small, 1);
    assert!(sources.emptied.contains("injected_side") && !sources.emptied.contains("sex"));
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
    let (mut trial, findings) = build(&plan.design(), &sources).unwrap();
    let redaction = Redaction::new(&sources, "key", []);
    redaction.sources(&mut sources);
    redaction.trial(&mut trial);
    let pseudonyms = &redaction.pseudonyms;
    let ids: Vec<String> = (1..=12).map(|number| format!("P{number:02}")).collect();
    assert!(every_text(&sources).iter().all(|text| !ids.contains(text)));
    assert!(findings.is_empty(), "{findings:?}");
    assert_eq!(trial.patients.len(), 12);
    // In the order of the pseudonyms, not of the file.
    let mut sorted: Vec<&str> = ids.iter().filter_map(|id| pseudonyms.of(id)).collect();
    assert_eq!(sorted.len(), 12);
    sorted.sort_unstable();
    assert_eq!(trial.patients.iter().map(|patient| patient.id.as_str()).collect::<Vec<_>>(), sorted);
    // The numbers of a patient do not change.
    let (original, _) = small.build().unwrap();
    for patient in &original.patients {
        let name = pseudonyms.of(&patient.id).unwrap();
        let redacted = trial.patients.iter().find(|patient| patient.id == name).unwrap();
        let values = |patient: &splitknee::trial::Patient| {
            let mut values: Vec<_> = patient.knees().iter().map(|knee| (knee.arm, knee.values.clone())).collect();
            values.sort_by_key(|(arm, _)| *arm);
            values
        };
        assert_eq!(values(patient), values(redacted));
    }
}

#[test]
fn pseudonyms_are_stable_keyed_and_distinct() {
    let ids: Vec<String> = (0..5000).map(|number| number.to_string()).collect();
    let of = |count: usize, key: &str| Pseudonyms::new(ids.iter().take(count).map(String::as_str), key);
    // The first 60 bits of HMAC-SHA-256 of `7` under `key`, in Crockford's base 32. Python:
    // hmac.new(b"key", b"7", "sha256").digest()[:8], shifted right by 4 bits.
    assert_eq!(of(10, "key").of("7"), Some("S-04HNP39AMJJX"));
    assert_eq!(of(10, "key").of("7"), of(20, "key").of("7"));
    assert_ne!(of(10, "key").of("7"), of(10, "other").of("7"));
    let many = of(5000, "key");
    let distinct: std::collections::BTreeSet<&str> = many.list().map(|(_, pseudonym)| pseudonym).collect();
    assert_eq!(distinct.len(), 5000);
}

/// The demonstration trial with labels that occur nowhere else, written wherever a trial might write them.
fn labelled_trial(folder: &std::path::Path, language: &str) -> std::path::PathBuf {
    let from = dataset(DEMO);
    let text = |name: &str| std::fs::read_to_string(from.join(name)).unwrap();
    let knees: Vec<String> = text("knees.csv")
        .lines()
        .enumerate()
        .map(|(row, line)| {
            let line = line.replace(",EV,", ",Zyqorex,").replace(",SALINE,", ",Vehicula,");
            // Two more columns that tell: a code, and a sentence.
            let code = if line.contains("Zyqorex") { "7,given zyqorex today" } else { "8,given vehicula" };
            let line = if row == 0 { format!("{line},trtcd,remark") } else { format!("{line},{code}") };
            line.replace("EVK-", "Zyqorex-")
        })
        .collect();
    std::fs::write(folder.join("zyqorex-knees.csv"), knees.join("\n") + "\n").unwrap();
    let sides: std::collections::BTreeMap<String, String> = text("allocation.csv")
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect::<Vec<_>>())
        .map(|cells| (cells[2].to_owned(), cells[3].to_owned()))
        .collect();
    let patients: Vec<String> = text("patients.csv")
        .lines()
        .enumerate()
        .map(|(row, line)| {
            let id = line.split(',').next().unwrap();
            if row == 0 { format!("{line},injected") } else { format!("{line},{}", sides[id]) }
        })
        .collect();
    std::fs::write(folder.join("patients.csv"), patients.join("\n").replace("EVK-", "Zyqorex-") + "\n").unwrap();
    let files =
        ["allocation.csv", "adverse_events.csv", "disposition.csv", "intercurrent_events.csv", "deviations.csv"];
    for name in files {
        let text = text(name).replace("EVK-", "Zyqorex-").replace("Local heat", "Heat after Zyqorex");
        std::fs::write(folder.join(name), text).unwrap();
    }
    let plan = text("plan.toml")
        .replace("id = \"EV-KNEE-01\"", "id = \"Zyqorex-KNEE-01\"\nsponsor = \"Vehicula\"\nprotocol = \"ZYQOREX/2\"\nsource = \"The zyqorex archive\"")
        .replace("title = \"Placental EV versus saline", "title = \"Placental Zyqorex versus vehicula")
        .replace("path = \"knees.csv\"", "path = \"zyqorex-knees.csv\"")
        .replace("active = \"EV\"", "active = \"Zyqorex\"")
        .replace("placebo = \"SALINE\"", "placebo = \"Vehicula\"")
        .replace(
            "formats = [\"html\"]",
            "formats = [\"html\", \"pdf\", \"rtf\", \"docx\", \"xlsx\", \"markdown\"]\nfooter = \"Zyqorex, confidential\"",
        )
        .replace("language = \"en\"", &format!("language = \"{language}\""))
        + "\n[[waive]]\nrule = \"SK208\"\nreason = \"Both zyqorex and vehicula sites read in fives.\"\n";
    // The estimands name the treatments too.
    let plan = plan.replace("EV in one knee, saline in the other", "Zyqorex in one knee, vehicula in the other");
    let plan = plan.replace("EV minus saline", "zyqorex minus vehicula");
    assert_eq!(plan.matches("Zyqorex in one knee").count(), 2);
    let path = folder.join("zyqorex-plan.toml");
    std::fs::write(&path, plan).unwrap();
    path
}

/// The bytes of a file, and those of its parts where it is a zip archive.
fn everything_in(name: &str, bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![bytes.to_vec()];
    if name.ends_with(".docx") || name.ends_with(".xlsx") {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        for number in 0..archive.len() {
            let mut part = Vec::new();
            let mut entry = archive.by_index(number).unwrap();
            std::io::Read::read_to_end(&mut entry, &mut part).unwrap();
            all.push(entry.name_raw().to_vec());
            all.push(part);
        }
    }
    all
}

#[test]
fn no_byte_of_any_output_in_any_format_and_language_has_a_true_label() {
    use splitknee::pipeline::{self, Reading};
    let found = |bytes: &[u8]| {
        // UTF-16 as well.
        let plain: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
        let lower = String::from_utf8_lossy(&plain).to_lowercase();
        ["zyqorex", "vehicula"].into_iter().find_map(|secret| {
            let at = lower.find(secret)?;
            let near: String = lower[..at].chars().rev().take(80).collect::<Vec<_>>().into_iter().rev().collect();
            Some(format!("{near}[{secret}]"))
        })
    };
    for language in ["en", "ja"] {
        let folder = tempfile::tempdir().unwrap();
        let plan = labelled_trial(folder.path(), language);
        // The labels are found where they are not hidden.
        let open = pipeline::read(&plan).unwrap_or_else(|findings| panic!("{findings:#?}"));
        assert!(found(format!("{:?}", open.plan).as_bytes()).is_some());
        let reading = Reading { blinded: true, ..Reading::default() };
        let inputs = pipeline::read_as(&plan, reading).unwrap_or_else(|findings| panic!("{findings:#?}"));
        let run = pipeline::analyse(inputs).unwrap_or_else(|findings| panic!("{findings:#?}"));
        let bundle = pipeline::write_up(&run).unwrap();
        let mut extensions = std::collections::BTreeSet::new();
        for (name, bytes) in bundle.files() {
            extensions.insert(name.rsplit('.').next().unwrap().to_owned());
            assert_eq!(found(name.as_bytes()), None, "{language}: the name of {name}");
            for part in everything_in(name, bytes) {
                assert_eq!(found(&part), None, "{language}: {name}");
            }
        }
        for extension in ["html", "rtf", "docx", "xlsx", "md", "csv", "json", "svg", "png"] {
            assert!(extensions.contains(extension), "{extensions:?}");
        }
        // A PDF packs its texts; it is set from this document and from nothing else.
        let options = splitknee::report::options::Options { dummy: true, ..Default::default() };
        let words = splitknee::report::words::Words::new(run.plan.report.language);
        let style = splitknee::figure::Style::default();
        let document = splitknee::report::compose::document_with(&run, &words, &style, &options).unwrap();
        assert_eq!(found(format!("{document:?}").as_bytes()), None, "{language}: the document");
        for finding in &run.findings {
            assert_eq!(found(finding.to_string().as_bytes()), None, "{language}: a finding");
        }
        // Every page and file says what it is.
        let page = String::from_utf8_lossy(bundle.get("report.html").unwrap()).into_owned();
        assert!(page.contains("DUMMY"), "{language}");
    }
}

/// A trial in which identifiers stand in every place where somebody may write: text of every file, names of files,
/// words of the plan; in capitals or not, with other separators and other leading zeros.
fn careless_trial(folder: &std::path::Path) -> std::path::PathBuf {
    let (mut knees, mut patients) = ("subject,side,arm,visit,pain\n".to_owned(), "subject,sex,centre\n".to_owned());
    let mut events = "subject,knee,term,severity,serious,related,start_day,end_day\n".to_owned();
    let mut left = "subject,status,reason,last_visit\n".to_owned();
    for patient in 1..=16 {
        let id = format!("QXV-{patient:03}");
        for (at, (side, arm)) in [("LEFT", "A"), ("RIGHT", "P")].into_iter().enumerate() {
            for (visit, label) in ["V0", "V1"].into_iter().enumerate() {
                let value = 40 + (7 * patient + 5 * at + 3 * visit) % 23;
                knees.push_str(&format!("{id},{side},{arm},{label},{value}\n"));
            }
        }
        let sex = if patient % 2 == 0 { "F like qxv003" } else { "M" };
        patients.push_str(&format!("{id},{sex},site of QXV_{:04}\n", 1 + patient % 3));
        let terms =
            ["call QXV-009 about left knee", "as Qxv 9", "qxv009L swollen", "ＱＸＶ－００９", "患者QXV-009と同じ"];
        events.push_str(&format!("{id},LEFT,{},MILD,N,Y,2,3\n", terms[patient % 5]));
        let (status, reason) = if patient == 5 { ("WITHDRAWN", "moved with QXV – 006") } else { ("COMPLETED", "") };
        left.push_str(&format!("{id},{status},{reason},V1\n"));
    }
    std::fs::write(folder.join("knees QXV-001.csv"), knees).unwrap();
    std::fs::write(folder.join("qxv002.csv"), patients).unwrap();
    std::fs::write(folder.join("events.csv"), events).unwrap();
    std::fs::write(folder.join("left.csv"), left).unwrap();
    let plan = folder.join("plan of QXV-4.toml");
    let text = r#"
        [trial]
        id = "T"
        title = "Trial of QXV-011"
        sponsor = "S, see QXV-012"
        protocol = "P QXV-013"
        condition = "pain as in QXV-014"
        rationale = "QXV-015 asked"
        synthetic = true
        [data]
        path = "knees QXV-001.csv"
        columns = { patient = "subject", knee = "side", arm = "arm", visit = "visit" }
        patients = "qxv002.csv"
        adverse_events = "events.csv"
        disposition = "left.csv"
        [arms]
        active = "A"
        placebo = "P"
        [visits]
        order = ["V0", "V1"]
        baseline = "V0"
        [[endpoint]]
        name = "Pain, not of QXV-16"
        column = "pain"
        kind = "continuous"
        range = [0, 100]
        better = "lower"
        mcid = 10
        mcid_source = "as QXV-001 said"
        unit = "mm (QXV-2)"
        decimals = 0
        [[subgroup]]
        column = "sex"
        label = "Sex, asked by QXV-003"
        [[analysis_set]]
        name = "All"
        label = "All but QXV-016"
        where = "centre != 'site of QXV_0002'"
        [[waive]]
        rule = "SK209"
        reason = "QXV-005 was told"
        [report]
        footer = "Ask QXV-006"
        formats = ["html", "rtf", "docx", "xlsx", "markdown"]
    "#;
    std::fs::write(&plan, text).unwrap();
    plan
}

#[test]
fn no_byte_of_any_output_of_a_redacted_run_has_an_identifier() {
    use splitknee::pipeline::{self, Reading};
    // The letters of the identifiers, in capitals or not and of full width, before a number of one of them.
    let found = |bytes: &[u8]| {
        let plain: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
        let text = String::from_utf8_lossy(&plain).into_owned();
        // Fonts and pictures inside a page are packed bytes, which hold any three letters now and then.
        let mut parts = text.split(";base64,");
        let mut lower = parts.next().unwrap_or_default().to_lowercase();
        for part in parts {
            let after = part.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "+/=".contains(c));
            lower.push_str(&after.to_lowercase());
        }
        let lower = lower.replace("ｑｘｖ", "qxv");
        lower.find("qxv").map(|at| lower[at..].chars().take(60).collect::<String>())
    };
    let folder = tempfile::tempdir().unwrap();
    let plan = careless_trial(folder.path());
    let reading = Reading { redact_ids: true, ..Reading::default() };
    let inputs = pipeline::read_as(&plan, reading).unwrap_or_else(|findings| panic!("{findings:#?}"));
    let run = pipeline::analyse(inputs).unwrap_or_else(|findings| panic!("{findings:#?}"));
    assert_eq!(run.trial.patients.len(), 16, "nobody is lost");
    assert_eq!(run.trial.sets[0].size(), 10, "a condition that names an identifier still holds");
    let bundle = pipeline::write_up(&run).unwrap();
    assert!(bundle.lost().is_empty(), "{:?}", bundle.lost());
    // A PNG is drawn from the SVG beside it; its packed bytes hold any three letters now and then.
    for (name, bytes) in bundle.files().filter(|(name, _)| !name.ends_with(".png")) {
        assert_eq!(found(name.as_bytes()), None, "the name of {name}");
        for part in everything_in(name, bytes) {
            assert_eq!(found(&part), None, "{name}");
        }
    }
    for finding in &run.findings {
        assert_eq!(found(finding.to_string().as_bytes()), None, "a finding");
    }
}
