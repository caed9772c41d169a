//! `splitknee randomise`: the law of the blocks, extension, verification, and that nothing but the list tells an allocation.

use rayon::prelude::*;
use serde_json::Value;
use splitknee::randomise::audit::audit;
use splitknee::randomise::{Design, Key, List, cards};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const DESIGN: &str = "[randomisation]\npatients = 10\narms = [\"EV\", \"SALINE\"]\nblocks = [4, 8]\n\
    strata = { kl = [\"2\", \"3\"], site = [\"A\", \"B\"] }\norder = true\nlabel = \"EV-KNEE-01 list 1\"\n";

fn design(text: &str) -> Design {
    Design::parse(text).unwrap()
}

fn key(number: u64) -> Key {
    let mut bytes = [7_u8; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    Key::new(bytes)
}

/// χ² p-value of equal counts.
fn uniform<K: Ord>(counts: &BTreeMap<K, u32>, of: usize) -> f64 {
    assert_eq!(counts.len(), of);
    let expected = f64::from(counts.values().sum::<u32>()) / of as f64;
    let statistic: f64 = counts.values().map(|n| (f64::from(*n) - expected).powi(2) / expected).sum();
    splitknee::math::dist::chi_squared::sf(statistic, (of - 1) as f64)
}

const KEYS: u64 = 100_000;

/// Every arrangement of a block comes equally often over keys: χ² of all arrangements of blocks of 2, 4 and 6; and of the 24
/// of a block of 4 of side and order together, so that the side tells nothing of the order.
#[test]
fn blocks_are_uniform() {
    for (size, arrangements, order) in [(2_usize, 2_usize, false), (4, 6, false), (6, 20, false), (4, 24, true)] {
        let text = format!(
            "[randomisation]\npatients = {size}\narms = [\"A\", \"B\"]\nblocks = [{size}]\norder = {order}\nlabel = \"u\""
        );
        let design = design(&text);
        let one = |number: u64| {
            let list = List::draw(&design, &key(number), false);
            let block: Vec<(usize, Option<usize>)> = list.rows.iter().map(|row| (row.side, row.first)).collect();
            assert_eq!(block.iter().map(|row| row.0).sum::<usize>() * 2, size);
            BTreeMap::from([(block, 1)])
        };
        let both = |mut a: BTreeMap<_, u32>, b: BTreeMap<_, u32>| {
            b.into_iter().for_each(|(block, n)| *a.entry(block).or_insert(0) += n);
            a
        };
        let counts = (0..KEYS).into_par_iter().map(one).reduce(BTreeMap::new, both);
        let p = uniform(&counts, arrangements);
        println!("blocks of {size}, order {order}: p = {p:.3}");
        assert!(p > 1e-4, "blocks of {size}: p = {p}");
    }
}

/// A list is a function of key and design; what is registered of it is the same for every list but for the commitments and
/// how the sides happened to run, so that no allocation can be read out of it.
#[test]
fn the_same_key_gives_the_same_bytes_and_the_record_tells_no_allocation() {
    let list = |number| List::draw(&design(DESIGN), &key(number), false);
    assert_eq!(list(1).csv(), list(1).csv());
    assert_ne!(list(1).csv(), list(2).csv());
    let home = tempfile::tempdir().unwrap();
    let record = |name: &str| -> Value {
        let at = home.path().join(name);
        fs::create_dir(&at).unwrap();
        fs::write(at.join("design.toml"), DESIGN).unwrap();
        let made = splitknee(&at, &["randomise", "design.toml", "--out", "list"]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        serde_json::from_str(&fs::read_to_string(at.join("list/randomisation.json")).unwrap()).unwrap()
    };
    let (mut one, mut other) = (record("one"), record("other"));
    assert_ne!(one["commitment"]["list_sha256"], other["commitment"]["list_sha256"]);
    // Nothing in it has as many entries as a stratum has patients.
    fn longest(value: &Value) -> usize {
        match value {
            Value::Array(list) => list.iter().map(longest).max().unwrap_or(0).max(list.len()),
            Value::Object(fields) => fields.values().map(longest).max().unwrap_or(0),
            _ => 0,
        }
    }
    assert!(longest(&one) < 10, "{one}");
    for record in [&mut one, &mut other] {
        record["commitment"].take();
        record["audit"].take();
    }
    assert_eq!(one, other);
}

/// Side and order are balanced together in every complete block.
#[test]
fn side_and_order_balance() {
    let list = List::draw(&design(DESIGN), &key(3), false);
    assert_eq!((list.rows.len(), list.strata.len()), (40, 4));
    let mut blocks = BTreeMap::new();
    for row in &list.rows {
        let counts = blocks.entry((row.stratum, row.block)).or_insert([0; 4]);
        counts[2 * row.side + row.first.unwrap()] += 1;
    }
    let last = |stratum| *blocks.keys().filter(|(s, _)| *s == stratum).map(|(_, block)| block).max().unwrap();
    for ((stratum, block), counts) in &blocks {
        if *block < last(*stratum) {
            assert!(counts.iter().all(|n| *n == counts[0]), "{stratum} {block} {counts:?}");
        }
    }
}

/// More patients, another stratum: no row changes. Another key, label or stratum: other rows.
#[test]
fn extension_leaves_rows() {
    let before = List::draw(&design(DESIGN), &key(1), false);
    let more = List::draw(&design(&DESIGN.replace("patients = 10", "patients = 33")), &key(1), false);
    for row in &before.rows {
        assert!(more.rows.contains(row));
    }
    let other_site = List::draw(&design(&DESIGN.replace("[\"A\", \"B\"]", "[\"A\", \"B\", \"C\"]")), &key(1), false);
    let of = |list: &List, name: &str| -> Vec<(usize, usize, Option<usize>)> {
        let number = list.strata.iter().position(|stratum| stratum.name() == name).unwrap();
        list.rows.iter().filter(|r| r.stratum == number).map(|r| (r.sequence, r.side, r.first)).collect()
    };
    assert_eq!(of(&before, "3/B"), of(&other_site, "3/B"));
    let sides = |list: &List| list.rows.iter().map(|row| row.side).collect::<Vec<_>>();
    let renamed = List::draw(&design(&DESIGN.replace("list 1", "list 2")), &key(1), false);
    assert_ne!(sides(&before), sides(&renamed));
    assert_ne!(sides(&before), sides(&List::draw(&design(DESIGN), &key(2), false)));
    assert_ne!(of(&more, "2/A"), of(&more, "3/B"));
}

#[test]
fn other_schemes() {
    let with = |scheme: &str| {
        let text = DESIGN.replace("blocks = [4, 8]", scheme).replace("patients = 10", "patients = 200");
        List::draw(&design(&text), &key(5), false)
    };
    let stick = audit(&with("scheme = \"big-stick\"\nimbalance = 3"));
    assert!(stick.balance.iter().all(|stratum| stratum.largest_lead <= 3));
    let truncated = audit(&with("scheme = \"truncated-binomial\""));
    assert!(truncated.balance.iter().all(|stratum| stratum.by_side == [100, 100]));
    let simple = audit(&with("scheme = \"simple\""));
    assert!(simple.balance.iter().any(|stratum| stratum.largest_lead > 3));
}

#[test]
fn designs_that_are_refused() {
    let cases = [
        ("blocks = [4, 8]", "blocks = [6]", "multiple of 4"),
        ("blocks = [4, 8]", "", "`blocks` is missing"),
        ("blocks = [4, 8]", "scheme = \"big-stick\"", "imbalance"),
        ("blocks = [4, 8]", "scheme = \"simple\"\nblocks = [4]", "belongs to permuted blocks"),
        ("\"EV\", \"SALINE\"", "\"EV\", \"EV\"", "two different names"),
        ("patients = 10", "patients = 0", "0 patients"),
        ("[\"A\", \"B\"]", "[\"A\", \"A\"]", "listed twice"),
        ("label = \"EV-KNEE-01 list 1\"", "label = \" \"", "label"),
        ("order = true", "ordre = true", "ordre"),
        ("patients = 10", "patients = 10\nnumbers = { \"9/Z\" = 3 }", "no stratum `9/Z`"),
    ];
    for (from, to, word) in cases {
        let message = Design::parse(&DESIGN.replace(from, to)).unwrap_err();
        assert!(message.contains(word), "{to}: {message}");
    }
}

#[test]
fn fixed_blocks_of_two_are_warned_of() {
    let text = DESIGN.replace("blocks = [4, 8]", "blocks = [2]").replace("order = true\n", "");
    let found = audit(&List::draw(&design(&text), &key(1), false));
    assert!(found.warnings.iter().any(|warning| warning.starts_with("blocks of 2")));
    assert!((found.guesses[0].expected_right - 0.75).abs() < 1e-12 && (found.guessed_right - 0.75).abs() < 1e-12);
}

#[test]
fn cards_are_pages_of_a_pdf() {
    let list = List::draw(&design(DESIGN), &key(1), false);
    let pdf = String::from_utf8(cards::pdf(&list).unwrap()).unwrap();
    assert!(pdf.starts_with("%PDF-1.4") && pdf.ends_with("%%EOF\n"));
    assert_eq!(pdf.matches("/Type /Page ").count(), 40);
    let table: usize = pdf.lines().rev().nth(1).unwrap().parse().unwrap();
    assert!(pdf[table..].starts_with("xref"));
    let message = cards::pdf(&List::draw(&design(&DESIGN.replace("SALINE", "生食")), &key(1), false)).unwrap_err();
    assert!(message.contains('生'));
}

fn splitknee(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_splitknee")).args(arguments).current_dir(folder).output().unwrap()
}

/// A file that has the name of one of ours, with no list beside it, is somebody else's: it stays, and no key is made.
#[test]
fn files_of_others_are_not_written_over() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    fs::write(at.join("design.toml"), DESIGN).unwrap();
    fs::create_dir(at.join("list")).unwrap();
    for name in ["redcap.csv", "cards.pdf", "randomisation.json"] {
        let foreign = at.join("list").join(name);
        fs::write(&foreign, "mine").unwrap();
        let refused = splitknee(at, &["randomise", "design.toml", "--out", "list"]);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains(name) && said.contains("nothing was written"), "{said}");
        assert_eq!(fs::read_to_string(&foreign).unwrap(), "mine");
        fs::remove_file(&foreign).unwrap();
        assert_eq!(fs::read_dir(at.join("list")).unwrap().count(), 0);
    }
    let beside: Vec<_> = fs::read_dir(at).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(beside.len(), 2, "design and the empty folder, no key: {beside:?}");
}

/// The command from key to comparison, in a folder of its own.
#[test]
fn from_key_to_comparison() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    fs::write(at.join("design.toml"), DESIGN).unwrap();
    let made = splitknee(at, &["randomise", "design.toml", "--out", "list", "--cards"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let said = format!("{}{}", String::from_utf8_lossy(&made.stdout), String::from_utf8_lossy(&made.stderr));
    assert!(!said.contains("LEFT") && !said.contains("RIGHT"), "{said}");
    let key = fs::read_to_string(at.join("randomisation.key")).unwrap();
    let list = fs::read_to_string(at.join("list/list.csv")).unwrap();
    let record = fs::read_to_string(at.join("list/randomisation.json")).unwrap();
    #[cfg(unix)]
    for name in ["randomisation.key", "list/list.csv", "list/cards.pdf", "list/redcap.csv"] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(at.join(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    assert!(!record.contains(key.trim()));
    let record: Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["n_patients"], 40);
    assert_eq!(record["design"]["sides"], serde_json::json!(["LEFT", "RIGHT"]));
    assert!(record["methods"].as_str().unwrap().contains("randomly varying size (4, 8), stratified by kl and site"));
    // Again: the same bytes. More patients: rows added, the patients filled in are kept.
    let filled = list.replacen(",1-001,\n", ",1-001,P7\n", 1);
    assert_ne!(filled, list);
    fs::write(at.join("list/list.csv"), &filled).unwrap();
    fs::write(at.join("design.toml"), DESIGN.replace("patients = 10", "patients = 12")).unwrap();
    assert!(splitknee(at, &["randomise", "design.toml", "--out", "list"]).status.success());
    let longer = fs::read_to_string(at.join("list/list.csv")).unwrap();
    assert_eq!(longer.lines().count(), 49);
    assert!(filled.lines().all(|line| longer.contains(line)));
    // Verified with its key; with another key refused without telling an allocation.
    let verify = ["randomise", "design.toml", "--verify", "list/list.csv", "--key"];
    assert!(splitknee(at, &[&verify[..], &["randomisation.key"]].concat()).status.success());
    fs::write(at.join("other.key"), "ab".repeat(32)).unwrap();
    let wrong = splitknee(at, &[&verify[..], &["other.key"]].concat());
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(said.contains("another allocation") && !said.contains("LEFT") && !said.contains("RIGHT"), "{said}");
    // Another design over the list is refused; nothing is replaced.
    fs::write(at.join("design.toml"), DESIGN.replace("[4, 8]", "[4]")).unwrap();
    let refused = splitknee(at, &["randomise", "design.toml", "--out", "list"]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(fs::read_to_string(at.join("list/list.csv")).unwrap(), longer);
    // The key may not stand in the folder of the list.
    let beside = splitknee(at, &["randomise", "design.toml", "--out", "."]);
    assert_eq!(beside.status.code(), Some(1));
    // What was given: as allotted, and not.
    fs::write(at.join("design.toml"), DESIGN.replace("patients = 10", "patients = 12")).unwrap();
    let side = longer.lines().find(|line| line.ends_with(",P7")).unwrap().split(',').nth(5).unwrap().to_owned();
    let other = if side == "LEFT" { "RIGHT" } else { "LEFT" };
    let compare = |first: &str, second: &str| {
        fs::write(at.join("knees.csv"), format!("patient,knee,arm\nP7,{side},{first}\nP7,{other},{second}\n")).unwrap();
        splitknee(at, &["randomise", "design.toml", "--verify", "list/list.csv", "--against", "knees.csv"])
    };
    assert!(compare("EV", "SALINE").status.success());
    let swapped = compare("SALINE", "EV");
    assert_eq!(swapped.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&swapped.stdout).contains(&format!("P7: allotted {side}, given {other}")));
}
