//! Parquet, Dataset-JSON, and what all formats have in common: a table that goes round them comes back the same.

use splitknee::data::{
    CellReason, ColumnInfo, ColumnKind, DataError, Format, ReadOptions, Table, WriteOptions, XptVersion, read,
    read_bytes, to_bytes, write,
};
use std::fs;
use std::path::PathBuf;

fn parquet(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/reference/pyarrow/types", name].iter().collect()
}

fn text(table: &Table, column: &str) -> Vec<String> {
    table.text(column).unwrap().into_iter().map(|cell| cell.unwrap_or("∅".to_string())).collect()
}

/// A split-knee trial in small: identifiers with leading zeros, missing values, half points, text beyond ASCII, dates.
const KNEES: &str = "usubjid,lat,trt,visit,month,vas,leq,adt,note\n\
    007,LEFT,EV,Baseline,0,61,12.5,2024-03-09,\n\
    007,RIGHT,PLACEBO,Baseline,0,58,13,2024-03-09,\"pain, at night\"\n\
    007,LEFT,EV,Month 6,6,,9.5,2024-09-10,膝\n\
    007,RIGHT,PLACEBO,Month 6,6,40,,2024-09-10,\"said \"\"fine\"\"\"\n\
    008,LEFT,PLACEBO,Baseline,0,0,0.1,2024-03-11,\n";

fn knees() -> Table {
    read_bytes("knees.csv", KNEES.as_bytes(), &ReadOptions::default()).unwrap()
}

/// A column's name, its cells as text, and as numbers where it is numbers.
type Content = (String, Vec<String>, Option<Vec<Option<f64>>>);

/// What a trial is built from.
fn content(table: &Table) -> Vec<Content> {
    let column = |name: String| (name.clone(), text(table, &name), table.numbers(&name).ok());
    table.column_names().into_iter().map(column).collect()
}

#[test]
fn a_table_goes_round_all_formats_and_comes_back() {
    let original = knees();
    let formats = [
        Format::Xpt,
        Format::DatasetJson,
        Format::Parquet,
        Format::DatasetNdjson,
        Format::Tsv,
        Format::Csv,
        Format::Parquet,
        Format::Xpt,
        Format::DatasetNdjson,
        Format::Csv,
    ];
    let mut table = original.clone();
    for format in formats {
        let bytes = to_bytes(&table, "knees.x", format, &WriteOptions::default()).unwrap();
        let again = to_bytes(&table, "knees.x", format, &WriteOptions::default()).unwrap();
        assert!(bytes == again, "{format:?}: equal tables must give equal bytes");
        let options = ReadOptions { format: Some(format), ..ReadOptions::default() };
        table = read_bytes("knees.x", &bytes, &options).unwrap();
        assert_eq!(content(&table), content(&original), "{format:?}");
        assert_eq!(table.file_row(0), 2, "{format:?}");
    }
}

#[test]
fn csv_is_written_so_that_it_reads_back() {
    assert_eq!(
        String::from_utf8(to_bytes(&knees(), "k.csv", Format::Csv, &WriteOptions::default()).unwrap()).unwrap(),
        KNEES
    );
    let one = read_bytes("a.csv", b"vas\n1\nNA\n3\n", &ReadOptions::default()).unwrap();
    assert_eq!(to_bytes(&one, "a.csv", Format::Csv, &WriteOptions::default()).unwrap(), b"vas\n1\n\"\"\n3\n");
    let comma = read_bytes("a.csv", b"id;vas\n1;12,5\n", &ReadOptions::default()).unwrap();
    assert_eq!(to_bytes(&comma, "a.csv", Format::Csv, &WriteOptions::default()).unwrap(), b"id,vas\n1,12.5\n");
    let unwritable = to_bytes(&one, "a.xlsx", Format::Xlsx, &WriteOptions::default()).unwrap_err();
    assert_eq!(unwritable.code(), "data-does-not-fit");
    assert!(unwritable.to_string().contains("read and not written"), "{unwritable}");
}

#[test]
fn a_file_is_complete_or_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("knees.xpt");
    let options = WriteOptions { created: "2024-03-09T10:15:00".to_string(), ..WriteOptions::default() };
    write(&knees(), &path, Format::Xpt, &options).unwrap();
    let before = fs::read(&path).unwrap();
    assert!(before.windows(16).any(|window| window == b"09MAR24:10:15:00"));
    let table = read(&path, &ReadOptions::default()).unwrap();
    assert_eq!((table.name.as_deref(), table.provenance.sheet.as_deref()), (Some("KNEES"), Some("KNEES")));
    let unfit = read_bytes("a.csv", b"a_long_name\n1\n", &ReadOptions::default()).unwrap();
    assert_eq!(write(&unfit, &path, Format::Xpt, &options).unwrap_err().code(), "data-does-not-fit");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let version8 = WriteOptions { xpt_version: XptVersion::V8, ..options };
    write(&unfit, &path, Format::Xpt, &version8).unwrap();
    assert_eq!(write(&unfit, &folder.path().join("no/such"), Format::Csv, &version8).unwrap_err().code(), "data-io");
}

#[test]
fn parquet_of_pyarrow_is_read_by_type() {
    let declared = ReadOptions { missing: vec!["-99".to_string()], ..ReadOptions::default() };
    for name in ["types.parquet", "zstd.parquet"] {
        let table = read(&parquet(name), &declared).unwrap();
        assert_eq!(text(&table, "id"), ["007", "008", "∅"]);
        assert_eq!(text(&table, "side"), ["L", "R", "L"]);
        assert_eq!(table.numbers("int32").unwrap(), [Some(1.0), None, None]);
        assert_eq!(table.numbers("int64").unwrap(), [Some(1.0), Some(2.0), Some(3.0)]);
        assert_eq!(
            (table.kind("huge").unwrap(), text(&table, "huge")[0].as_str()),
            (ColumnKind::Text, "9007199254740993")
        );
        assert_eq!(table.numbers("float").unwrap(), [Some(61.5), None, None]);
        assert_eq!(table.provenance.notes, ["column `float`: 1 NaN were taken as missing"]);
        assert_eq!(table.numbers("single").unwrap(), [Some(0.5), Some(0.25), None]);
        assert_eq!(table.numbers("flag").unwrap(), [Some(1.0), Some(0.0), None]);
        assert_eq!(text(&table, "date"), ["2024-03-09", "1959-12-31", "∅"]);
        assert_eq!(table.kind("midnight").unwrap(), ColumnKind::Date);
        assert_eq!(text(&table, "midnight"), ["2024-03-09", "∅", "2024-03-09"]);
        assert_eq!(text(&table, "moment"), ["2024-03-09T10:15:00", "∅", "2024-03-09T00:00:00"]);
        assert_eq!(text(&table, "nothing"), ["∅", "∅", "∅"]);
        assert_eq!(table.numbers("nothing").unwrap(), [None, None, None]);
    }
    let small = read(&parquet("small.parquet"), &ReadOptions::default()).unwrap();
    assert_eq!(small.numbers("int8").unwrap(), [Some(1.0), Some(-2.0), None]);
    assert_eq!(small.numbers("int16").unwrap(), [Some(300.0), Some(-2.0), None]);
    assert_eq!(small.numbers("uint8").unwrap(), [Some(255.0), Some(2.0), None]);
    assert_eq!(small.numbers("uint16").unwrap(), [Some(65535.0), Some(2.0), None]);
    assert_eq!(small.numbers("uint32").unwrap(), [Some(1.0), Some(2.0), None]);
    match read(&parquet("list.parquet"), &ReadOptions::default()).unwrap_err() {
        DataError::UnsupportedColumn { column, .. } => assert_eq!(column, "list"),
        other => panic!("{other}"),
    }
}

#[test]
fn a_broken_parquet_file_is_refused() {
    let whole = fs::read(parquet("types.parquet")).unwrap();
    for length in (4..whole.len()).step_by(211) {
        let error = read_bytes("a.parquet", &whole[..length], &ReadOptions::default()).unwrap_err();
        assert_eq!(error.code(), "data-malformed", "{length}");
    }
    assert_eq!(read_bytes("a.parquet", b"id,vas\n", &ReadOptions::default()).unwrap_err().code(), "data-wrong-format");
}

/// After the example of the specification, CDISC Dataset-JSON v1.1 (2024-12-05), with every data type.
const DATASET: &str = r#"{
  "datasetJSONCreationDateTime": "2023-06-28T15:38:43",
  "datasetJSONVersion": "1.1.0",
  "sourceSystem": {"name": "Software ABC", "version": "1.0.0"},
  "itemGroupOID": "IG.ADQS",
  "records": 2,
  "name": "ADQS",
  "label": "Questionnaires",
  "columns": [
    {"itemOID": "IT.ADQS.USUBJID", "name": "USUBJID", "label": "Subject", "dataType": "string", "length": 8, "keySequence": 1},
    {"itemOID": "IT.ADQS.AVAL", "name": "AVAL", "label": "Value", "dataType": "float", "displayFormat": "8.2"},
    {"itemOID": "IT.ADQS.BMI", "name": "BMI", "label": "", "dataType": "decimal", "targetDataType": "decimal"},
    {"itemOID": "IT.ADQS.N", "name": "N", "label": "", "dataType": "integer"},
    {"itemOID": "IT.ADQS.OK", "name": "OK", "label": "", "dataType": "boolean"},
    {"itemOID": "IT.ADQS.ADT", "name": "ADT", "label": "", "dataType": "date", "targetDataType": "integer", "displayFormat": "E8601DA."},
    {"itemOID": "IT.ADQS.DTC", "name": "DTC", "label": "", "dataType": "date"},
    {"itemOID": "IT.ADQS.URL", "name": "URL", "label": "", "dataType": "URI"}
  ],
  "rows": [
    ["CDISC001", 61.5, "30.8983333232059", 3, true, "2014-01-02", "2014-01", ""],
    ["CDISC002", null, null, null, false, null, null, "a"]
  ]
}"#;

fn json(text: &str) -> Result<Table, DataError> {
    read_bytes("adqs.json", text.as_bytes(), &ReadOptions::default())
}

#[test]
fn dataset_json_is_read_by_its_declared_types() {
    let table = json(DATASET).unwrap();
    assert_eq!((table.name.as_deref(), table.label.as_deref()), (Some("ADQS"), Some("Questionnaires")));
    let info = |name: &str| table.info(name).cloned().unwrap();
    assert_eq!((info("USUBJID").label.as_deref(), info("USUBJID").width), (Some("Subject"), Some(8)));
    assert_eq!((info("AVAL").format.as_deref(), info("BMI").label), (Some("8.2"), None));
    assert_eq!(table.numbers("AVAL").unwrap(), [Some(61.5), None]);
    assert_eq!(table.numbers("BMI").unwrap(), [Some(30.8983333232059), None]);
    assert_eq!(table.numbers("OK").unwrap(), [Some(1.0), Some(0.0)]);
    assert_eq!(
        (table.kind("ADT").unwrap(), text(&table, "ADT")),
        (ColumnKind::Date, vec!["2014-01-02".into(), "∅".into()])
    );
    assert_eq!(
        (table.kind("DTC").unwrap(), text(&table, "DTC")),
        (ColumnKind::Text, vec!["2014-01".into(), "∅".into()])
    );
    assert_eq!(text(&table, "URL"), ["∅", "a"]);
}

#[test]
fn the_ndjson_form_is_the_same_and_its_rows_are_lines() {
    let table = json(DATASET).unwrap();
    let lines = to_bytes(&table, "a.ndjson", Format::DatasetNdjson, &WriteOptions::default()).unwrap();
    let lines = String::from_utf8(lines).unwrap();
    assert_eq!(lines.lines().count(), 3);
    let blank = lines.replacen('\n', "\n\n", 1);
    let again = read_bytes("a.ndjson", blank.as_bytes(), &ReadOptions::default()).unwrap();
    assert_eq!(content(&again), content(&table));
    assert_eq!((again.file_row(0), again.file_row(1)), (3, 4));
    for name in table.column_names() {
        let (ours, theirs) = (again.info(&name).unwrap(), table.info(&name).unwrap());
        assert_eq!((&ours.label, &ours.format), (&theirs.label, &theirs.format), "{name}");
    }
    // What the specification requires at the top level, in its order.
    let head: serde_json::Map<String, serde_json::Value> = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    let keys: Vec<&str> = head.keys().map(String::as_str).collect();
    let order = [
        "datasetJSONCreationDateTime",
        "datasetJSONVersion",
        "sourceSystem",
        "itemGroupOID",
        "records",
        "name",
        "label",
        "columns",
    ];
    assert_eq!(keys, order);
    let column = head["columns"][5].as_object().unwrap();
    assert_eq!((column["dataType"].as_str(), column["targetDataType"].as_str()), (Some("date"), Some("integer")));
}

#[test]
fn dataset_json_that_is_broken_is_refused_with_its_place() {
    let code = |text: &str| json(text).unwrap_err().code();
    assert_eq!(code("id,vas\n1,2\n"), "data-malformed");
    assert_eq!(code(&DATASET.replace("1.1.0", "1.0.0")), "data-malformed");
    assert_eq!(code(&DATASET.replace("\"records\": 2", "\"records\": 3")), "data-malformed");
    assert_eq!(code(&DATASET.replace("[\"CDISC002\", null,", "[\"CDISC002\",")), "data-malformed");
    assert_eq!(code(&DATASET.replace("61.5", "1e400")), "data-malformed");
    assert_eq!(code(&DATASET.replace("61.5", "[1]")), "data-malformed");
    assert_eq!(
        code(&DATASET.replace("\"IT.ADQS.BMI\", \"name\": \"BMI\"", "\"x\", \"name\": \"AVAL\"")),
        "data-duplicate-column"
    );
    let message = json(&DATASET.replace("\"2014-01\", \"\"]", "\"2014-01\", \"\"")).unwrap_err().to_string();
    assert!(message.contains("line 21, column 5: invalid type"), "{message}");
    let changed =
        DATASET.replace("61.5", "\"61.5\"").replace(", 3, true", ", 3.5, 1").replace("2014-01-02", "2014-02-30");
    match json(&changed).unwrap_err() {
        DataError::Cells { cells, .. } => {
            let found: Vec<(usize, &str, CellReason)> =
                cells.iter().map(|cell| (cell.row, cell.column.as_str(), cell.reason)).collect();
            let expected = [
                (2, "AVAL", CellReason::NotANumber),
                (2, "N", CellReason::NotAnInteger),
                (2, "OK", CellReason::NotANumber),
                (2, "ADT", CellReason::NotADate),
            ];
            assert_eq!(found, expected);
        }
        other => panic!("{other}"),
    }
    for length in 0..DATASET.len() {
        if DATASET.is_char_boundary(length) {
            assert!(["data-empty", "data-malformed"].contains(&code(&DATASET[..length])), "{length}");
        }
    }
    let deep = format!("{{\"columns\":{}", "[".repeat(100_000));
    assert_eq!(code(&deep), "data-malformed");
}

#[test]
fn labels_and_formats_travel_between_xpt_and_dataset_json() {
    let mut table = knees();
    let info = ColumnInfo { label: Some("VAS pain (mm)".into()), format: Some("8.1".into()), ..ColumnInfo::default() };
    table.set_info("vas", info);
    table.label = Some("Knees".to_string());
    let through = |table: &Table, format| {
        let bytes = to_bytes(table, "knees.x", format, &WriteOptions::default()).unwrap();
        read_bytes("knees.x", &bytes, &ReadOptions { format: Some(format), ..ReadOptions::default() }).unwrap()
    };
    let back = through(&through(&table, Format::DatasetJson), Format::Xpt);
    assert_eq!((back.label.as_deref(), back.name.as_deref()), (Some("Knees"), Some("KNEES")));
    let info = back.info("vas").unwrap();
    assert_eq!((info.label.as_deref(), info.format.as_deref()), (Some("VAS pain (mm)"), Some("8.1")));
}
