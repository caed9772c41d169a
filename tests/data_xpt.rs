//! SAS transport files: files written by other programs read as those programs read them, and ours come back whole.

use crate::reference_cases::{Case, Load};
use crate::skip::{Needs, skip};
use serde_json::Value;
use splitknee::data::xpt::{self, XptVersion};
use splitknee::data::{ColumnInfo, ColumnKind, DataError, ReadOptions, Table, read, read_bytes};
use std::path::PathBuf;

const CASES: [&str; 4] = ["xpt_adqs", "xpt_edge", "xpt_empty", "xpt_pyreadstat"];

fn file(case: &str, name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/reference/xpt", case, name].iter().collect()
}

fn as_in_file() -> ReadOptions {
    ReadOptions { allow_no_rows: true, ..ReadOptions::default() }
}

fn xpt(bytes: &[u8]) -> Result<Table, DataError> {
    read_bytes("adqs.xpt", bytes, &as_in_file())
}

fn write(table: &Table, version: XptVersion) -> Result<Vec<u8>, DataError> {
    xpt::to_bytes("adqs.xpt", table, "ADQS", version, "01JAN24:00:00:00")
}

fn csv(text: &str) -> Table {
    read_bytes("a.csv", text.as_bytes(), &ReadOptions::default()).unwrap()
}

/// Compares a table with what haven or pyreadstat read from the same file.
fn assert_as_read(table: &Table, expected: &Value, context: &str) {
    let columns = expected["columns"].as_array().unwrap();
    assert_eq!(table.height() as u64, expected["n_rows"].as_u64().unwrap(), "{context}");
    assert_eq!(table.width(), columns.len(), "{context}");
    for column in columns {
        let name = column["name"].as_str().unwrap();
        let context = format!("{context} {name}");
        let info = table.info(name).unwrap();
        assert_eq!(info.label.as_deref(), column["label"].as_str(), "{context}");
        if let Some(format) = column["format_sas"].as_str() {
            let ours = info.format.as_deref().unwrap_or_default();
            assert_eq!(ours.trim_end_matches('.'), format.trim_end_matches('.'), "{context}");
        }
        let values = column["values"].as_array().unwrap();
        let text = table.text(name).unwrap();
        let kind = table.kind(name).unwrap();
        let numbers = if kind == ColumnKind::Number { table.numbers(name).unwrap() } else { Vec::new() };
        for (row, value) in values.iter().enumerate() {
            match (kind, value) {
                (ColumnKind::Number, Value::Null) => assert_eq!(numbers[row], None, "{context} {row}"),
                (ColumnKind::Number, _) => assert_eq!(numbers[row], value.as_f64(), "{context} {row}"),
                (ColumnKind::Date, Value::Number(days)) => {
                    let date = table.dates(name).unwrap()[row].unwrap();
                    assert_eq!(Some(i64::from(date.days)), days.as_i64(), "{context} {row}");
                }
                (_, Value::Null) => assert_eq!(text[row], None, "{context} {row}"),
                (_, _) => assert_eq!(text[row].as_deref().unwrap_or(""), value.as_str().unwrap(), "{context} {row}"),
            }
        }
        for (row, tag) in column["special_missing"].as_array().into_iter().flatten().enumerate() {
            let ours = info.special_missing.get(&row).map(|code| format!(".{code}"));
            let theirs = tag.as_str().filter(|tag| tag.len() == 2);
            assert_eq!(ours.as_deref(), theirs, "{context} {row}");
        }
    }
}

#[test]
fn files_of_haven_and_pyreadstat_read_identically() {
    let mut compared = 0;
    for name in CASES {
        let case = Case::load("xpt", name).unwrap();
        for result in &case.results {
            // pandas turns 0 into 5e-79 and loses the last row (README of the references, 23); null: the package refused.
            if result.package == "pandas" || result.values.is_null() {
                continue;
            }
            let table = read(&file(name, result.id.split('/').next().unwrap()), &as_in_file()).unwrap();
            assert_as_read(&table, &result.values, &result.id);
            let label = result.values["dataset_label"].as_str().or(result.values["file_label"].as_str());
            assert_eq!(table.label.as_deref(), label, "{name} {}", result.id);
            compared += 1;
        }
    }
    assert_eq!(compared, 9);
}

#[test]
fn what_is_read_is_written_back_whole_in_both_versions() {
    for case in CASES {
        let table = read(&file(case, "data.xpt"), &as_in_file()).unwrap();
        for version in [XptVersion::V5, XptVersion::V8] {
            let again = xpt(&write(&table, version).unwrap()).unwrap();
            assert_eq!(again.column_names(), table.column_names());
            assert_eq!((again.label.clone(), again.name.as_deref()), (table.label.clone(), Some("ADQS")));
            for name in table.column_names() {
                assert_eq!(again.values(&name).unwrap(), table.values(&name).unwrap(), "{case} {name}");
                assert_eq!(again.info(&name), table.info(&name), "{case} {name}");
            }
        }
    }
}

#[test]
fn version_8_carries_long_names_labels_and_text() {
    let mut table = csv("a_name_of_more_than_eight,note\n1,x\n2,\n");
    let label = "A label that is longer than the forty bytes of version 5: é";
    let info = ColumnInfo { label: Some(label.to_string()), ..ColumnInfo::default() };
    table.set_info("a_name_of_more_than_eight", info);
    let again = xpt(&write(&table, XptVersion::V8).unwrap()).unwrap();
    assert_eq!(again.info("a_name_of_more_than_eight").unwrap().label.as_deref(), Some(label));
    assert_eq!(again.numbers("a_name_of_more_than_eight").unwrap(), [Some(1.0), Some(2.0)]);
    assert_eq!(again.height(), 2);
}

#[test]
fn what_does_not_fit_is_refused_and_never_truncated() {
    let refused = |table: &Table| match write(table, XptVersion::V5).unwrap_err() {
        DataError::DoesNotFit { problem, .. } => problem,
        other => panic!("{other}"),
    };
    assert!(refused(&csv("treatment\nEV\n")).contains("`treatment` has 9 characters, the limit is 8"));
    assert!(refused(&csv("1st,b\nEV,c\n")).contains("`1st`"));
    assert!(refused(&csv("vas,VAS\n1,2\n")).contains("differ only in case"));
    assert!(refused(&csv("x\n1e77\n")).contains("IBM double"));
    assert!(refused(&csv("x,y\na,b\nNA,NA\n")).contains("padding"));
    // 201 bytes are 67 Japanese characters: the limit counts bytes.
    let problem = refused(&csv(&format!("note\nshort\n{}\n", "膝".repeat(67))));
    assert!(problem.contains("row 3, `note`: a text of 201 bytes, the limit is 200"), "{problem}");
    // Rows of 80 bytes, so that the second begins a record, with the text of a header.
    let header = "HEADER RECORD*******MEMBER  HEADER RECORD!!!!!!!";
    assert!(refused(&csv(&format!("x\n{}\n{header}\n", "y".repeat(80)))).contains("SAS header record"));
    let mut table = csv("x\n1\n");
    table.set_info("x", ColumnInfo { label: Some("é".repeat(21)), ..ColumnInfo::default() });
    assert!(refused(&table).contains("label of `x` has 42 bytes"));
    assert!(write(&csv("x\n1\n"), XptVersion::V5).is_ok());
    let long_dataset = xpt::to_bytes("a.xpt", &csv("x\n1\n"), "A_DATASET", XptVersion::V5, "").unwrap_err();
    assert_eq!(long_dataset.code(), "data-does-not-fit");
}

#[test]
fn only_plain_numbers_become_numeric() {
    let table = csv("id,code,vas,day\n007,12,12.50,2024-03-09\n008,+1,,2024-03-10\n");
    let again = xpt(&write(&table, XptVersion::V5).unwrap()).unwrap();
    let kinds: Vec<ColumnKind> = again.column_names().iter().map(|name| again.kind(name).unwrap()).collect();
    assert_eq!(kinds, [ColumnKind::Text, ColumnKind::Text, ColumnKind::Number, ColumnKind::Text]);
    assert_eq!(again.text("id").unwrap()[0].as_deref(), Some("007"));
    assert_eq!(again.numbers("vas").unwrap(), [Some(12.5), None]);
}

#[test]
fn every_truncation_is_refused_or_ends_at_a_row() {
    let table = csv("id,vas,note\nP1,61,first row\nP2,40.5,second row\nP3,,third row of these\n");
    for version in [XptVersion::V5, XptVersion::V8] {
        let whole = write(&table, version).unwrap();
        for length in 0..whole.len() {
            match xpt(&whole[..length]) {
                Err(error) => assert!(["data-empty", "data-malformed", "data-wrong-format"].contains(&error.code())),
                Ok(shorter) => {
                    assert!(version == XptVersion::V5 && length % 80 == 0 && shorter.height() < 3, "{length}");
                }
            }
        }
        // One byte changed anywhere must never panic.
        for at in 0..whole.len() {
            for value in [0, b' ', 0xFF, b'9'] {
                let mut bytes = whole.clone();
                bytes[at] = value;
                let _ = xpt(&bytes);
            }
        }
    }
}

#[test]
fn one_data_set_of_several_is_chosen_by_name() {
    let first = xpt::to_bytes("l.xpt", &csv("x\n1\n"), "ADSL", XptVersion::V5, "").unwrap();
    let second = xpt::to_bytes("l.xpt", &csv("y\n2\n3\n"), "ADAE", XptVersion::V5, "").unwrap();
    let library = [first, second[240..].to_vec()].concat();
    match xpt(&library).unwrap_err() {
        DataError::Sheet { sheets, .. } => assert_eq!(sheets, ["ADSL", "ADAE"]),
        other => panic!("{other}"),
    }
    let chosen = |name: &str| ReadOptions { sheet: Some(name.to_string()), ..ReadOptions::default() };
    assert_eq!(read_bytes("l.xpt", &library, &chosen("adsl")).unwrap().numbers("x").unwrap(), [Some(1.0)]);
    assert_eq!(read_bytes("l.xpt", &library, &chosen("ADAE")).unwrap().height(), 2);
    assert_eq!(read_bytes("l.xpt", &library, &chosen("ADLB")).unwrap_err().code(), "data-sheet");
}

#[test]
fn a_text_that_is_not_utf8_is_windows_1252_unless_declared() {
    let mut bytes = write(&csv("site\nKoeln\n"), XptVersion::V5).unwrap();
    let at = bytes.windows(5).position(|window| window == b"Koeln").unwrap();
    bytes[at + 1..at + 3].copy_from_slice(b"\xf6l");
    let table = xpt(&bytes).unwrap();
    assert_eq!(table.text("site").unwrap(), [Some("Kölln".to_string())]);
    assert_eq!(table.provenance.encoding.as_deref(), Some("windows-1252"));
    assert!(table.provenance.notes[0].contains("windows-1252"));
    let utf8 = ReadOptions { encoding: Some("utf-8".to_string()), ..ReadOptions::default() };
    let error = read_bytes("a.xpt", &bytes, &utf8).unwrap_err();
    assert!(matches!(error, DataError::Encoding { offset, row: 2, .. } if offset == at), "{error}");
}

#[test]
fn declared_numeric_codes_are_missing() {
    let bytes = write(&csv("vas\n-99\n12\n"), XptVersion::V5).unwrap();
    let options = ReadOptions { missing: vec!["-99".to_string()], ..ReadOptions::default() };
    assert_eq!(read_bytes("a.xpt", &bytes, &options).unwrap().numbers("vas").unwrap(), [None, Some(12.0)]);
}

/// Reads our files with haven, where Rscript and haven are installed, and compares with what haven reads from the files
/// we read: values, special missing values, labels and formats must be identical.
#[test]
fn haven_reads_our_files_as_it_reads_the_originals() {
    let folder = tempfile::tempdir().unwrap();
    let mut script = "library(haven); same <- function(a, b) { a <- read_xpt(a); b <- read_xpt(b); \
         tags <- function(x) lapply(x, function(v) if (is.numeric(v)) na_tag(v)); \
         identical(a, b) && identical(tags(a), tags(b)) && identical(attr(a, 'label'), attr(b, 'label')) }; "
        .to_string();
    for case in CASES {
        let original = file(case, "data.xpt");
        let table = read(&original, &as_in_file()).unwrap();
        for version in [XptVersion::V5, XptVersion::V8] {
            let ours = folder.path().join(format!("{case}-{version:?}.xpt"));
            std::fs::write(&ours, write(&table, version).unwrap()).unwrap();
            script.push_str(&format!("cat(same({:?}, {:?}), ''); ", original.display(), ours.display()));
        }
    }
    let output = std::process::Command::new("Rscript").args(["--vanilla", "-e", &script]).output();
    match output {
        Ok(output) if output.status.success() => {
            assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), ["TRUE"; 8].join(" "));
        }
        Ok(output) if !String::from_utf8_lossy(&output.stderr).contains("no package called") => {
            panic!("{}", String::from_utf8_lossy(&output.stderr));
        }
        _ => skip(Needs::Haven, "R with haven is not installed"),
    }
}
