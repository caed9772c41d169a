//! CSV and TSV as trials really have them: delimiters, decimal signs, encodings, line ends, and what must be refused.

use splitknee::data::{CellReason, DataError, Format, ReadOptions, Table, read, read_bytes};
use std::fs;

fn csv(bytes: impl AsRef<[u8]>) -> Result<Table, DataError> {
    read_bytes("knees.csv", bytes.as_ref(), &ReadOptions::default())
}

fn with(bytes: impl AsRef<[u8]>, change: impl FnOnce(&mut ReadOptions)) -> Result<Table, DataError> {
    let mut options = ReadOptions::default();
    change(&mut options);
    read_bytes("knees.csv", bytes.as_ref(), &options)
}

fn text(table: &Table, column: &str) -> Vec<String> {
    table.text(column).unwrap().into_iter().map(|cell| cell.unwrap_or("∅".to_string())).collect()
}

#[test]
fn cells_are_kept_as_written_and_missing_codes_are_null() {
    let table = csv("id,side,vas\n007,L,61\n007,R, 40.50 \n008,L,NA\n008,R,.\n009,L,\n").unwrap();
    assert_eq!(table.column_names(), ["id", "side", "vas"]);
    assert_eq!((table.height(), table.width()), (5, 3));
    assert_eq!(text(&table, "id"), ["007", "007", "008", "008", "009"]);
    assert_eq!(table.numbers("vas").unwrap(), [Some(61.0), Some(40.5), None, None, None]);
    assert_eq!(table.provenance.delimiter, Some(','));
    assert_eq!(table.provenance.encoding.as_deref(), Some("UTF-8"));
    // Python: hashlib.sha256(b"a\n1\n").hexdigest()
    assert_eq!(
        csv("a\n1\n").unwrap().provenance.sha256,
        "309b0e45a73d3fc5325e2b6ed0a01ef8b9cde6b05a5633c1f893f970d52bfddc"
    );
}

#[test]
fn declared_missing_codes_replace_the_usual_ones() {
    let table = with("vas\n-99\n12\nNA\n", |o| o.missing = vec!["-99".into()]).unwrap();
    assert_eq!(text(&table, "vas"), ["∅", "12", "NA"]);
    let errors = table.numbers("vas").unwrap_err();
    assert_eq!((errors.len(), errors[0].row, errors[0].reason), (1, 4, CellReason::NotANumber));
}

#[test]
fn the_delimiter_is_found() {
    for (bytes, delimiter) in [("a;b\n1;2\n", ';'), ("a\tb\n1\t2\n", '\t'), ("a|b\n1|2\n", '|'), ("a,b\n1,2\n", ',')] {
        let table = csv(bytes).unwrap();
        assert_eq!(table.provenance.delimiter, Some(delimiter));
        assert_eq!(table.column_names(), ["a", "b"]);
    }
    // A comma in a name does not win over the semicolon that divides every row alike.
    assert_eq!(csv("id;pain, stiffness\n1;2\n").unwrap().width(), 2);
    assert_eq!(csv("one\n1\n").unwrap().provenance.delimiter, Some(','));
    assert_eq!(with("a;b\n1;2\n", |o| o.delimiter = Some(',')).unwrap().width(), 1);
    assert_eq!(with("a\n1\n", |o| o.delimiter = Some('5')).unwrap_err().code(), "data-delimiter");
    assert_eq!(read_bytes("x.tsv", b"a\tb;c\n1\t2;3\n", &ReadOptions::default()).unwrap().width(), 2);
}

#[test]
fn the_decimal_comma_is_found_only_where_it_is_certain() {
    let table = csv("id;vas\n1;12,5\n2;40\n").unwrap();
    assert_eq!(table.numbers("vas").unwrap(), [Some(12.5), Some(40.0)]);
    assert_eq!(table.provenance.decimal, ',');
    assert!(table.provenance.notes.iter().any(|note| note.contains("decimal comma")));
    // 1,234 may be a thousand: refused with the remedy, not guessed.
    let errors = csv("id;n\n1;1,234\n").unwrap().numbers("n").unwrap_err();
    assert_eq!(errors[0].reason, CellReason::DecimalComma);
    assert!(errors[0].to_string().contains("decimal_comma"), "{}", errors[0]);
    // Both signs in one file: nothing is guessed.
    assert_eq!(csv("a;b\n1,5;2.5\n").unwrap().provenance.decimal, '.');
    let quoted = csv("id,vas\n1,\"12,5\"\n").unwrap();
    assert_eq!(quoted.numbers("vas").unwrap(), [Some(12.5)]);
    let declared = with("id;vas\n1;12.5\n", |o| o.decimal_comma = Some(true)).unwrap();
    assert_eq!(declared.numbers("vas").unwrap_err()[0].reason, CellReason::DecimalPoint);
}

#[test]
fn every_cell_that_is_no_number_is_reported_with_its_row() {
    let errors = csv("id,vas\n1,abc\n\n2,1e400\n3,inf\n4,12\n5,NaN\n").unwrap().numbers("vas").unwrap_err();
    let found: Vec<(usize, &str, CellReason)> = errors.iter().map(|e| (e.row, e.found.as_str(), e.reason)).collect();
    let expected = [
        (2, "abc", CellReason::NotANumber),
        (4, "1e400", CellReason::NotFinite),
        (5, "inf", CellReason::NotANumber),
        (7, "NaN", CellReason::NotANumber),
    ];
    assert_eq!(found, expected);
    assert_eq!(csv("a\n1\n").unwrap().numbers("b").unwrap_err()[0].reason, CellReason::NoSuchColumn);
    let message = csv("VAS\n1\n").unwrap().text("vas").unwrap_err().to_string();
    assert!(message.contains("did you mean `VAS`"), "{message}");
}

#[test]
fn rows_are_lines_of_the_file() {
    let table = csv("\n\na,b\r\n1,\"x\ny\"\n\n2,\"p\"\"q\"\r3,z").unwrap();
    assert_eq!(text(&table, "b"), ["x\ny", "p\"q", "z"]);
    assert_eq!([table.file_row(0), table.file_row(1), table.file_row(2)], [4, 7, 8]);
    assert!(table.provenance.notes[0].contains("mixed line ends"), "{:?}", table.provenance.notes);
    let later = with("a title\nanother\na,b\n1,2\n", |o| o.header_row = 3).unwrap();
    assert_eq!((later.column_names(), later.file_row(0)), (vec!["a".to_string(), "b".to_string()], 4));
    assert_eq!(with("a\n1\n", |o| o.header_row = 9).unwrap_err().code(), "data-no-header");
}

#[test]
fn encodings_are_marked_told_or_declared() {
    let header = "患者,側,値\n";
    let japanese = format!("{header}一,左,1\n二,右,2\nテスト,右,3\n");
    let (sjis, _, _) = encoding_rs::SHIFT_JIS.encode(&japanese);
    let utf16le: Vec<u8> = "id,vas\n1,61\n2,40\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16be: Vec<u8> =
        std::iter::once(0xFEFF).chain("id,vas\n1,61\n2,40\n".encode_utf16()).flat_map(u16::to_be_bytes).collect();
    for (bytes, encoding, guessed) in [
        (format!("\u{feff}{japanese}").into_bytes(), "UTF-8", false),
        (sjis.to_vec(), "Shift_JIS", true),
        (b"id,centre\n1,Besan\xe7on\n2,Orl\xe9ans\n".to_vec(), "windows-1252", true),
        (utf16le, "UTF-16LE", true),
        (utf16be, "UTF-16BE", false),
    ] {
        let table = csv(&bytes).unwrap();
        assert_eq!(table.provenance.encoding.as_deref(), Some(encoding));
        assert_eq!(!table.provenance.notes.is_empty(), guessed, "{:?}", table.provenance.notes);
        assert!(["id", "患者"].contains(&table.column_names()[0].as_str()), "{:?}", table.column_names());
    }
    assert_eq!(text(&csv(sjis.as_ref()).unwrap(), "側"), ["左", "右", "右"]);
    let declared = with(b"id,centre\n1,K\xf6ln\n", |o| o.encoding = Some("latin1".into())).unwrap();
    assert_eq!(text(&declared, "centre"), ["Köln"]);
    let error = with(b"id,centre\n1,Bonn\n2,K\xf6ln\n", |o| o.encoding = Some("utf-8".into())).unwrap_err();
    assert!(matches!(error, DataError::Encoding { offset: 20, row: 3, .. }), "{error:?}");
    assert_eq!(with("a\n1\n", |o| o.encoding = Some("klingon".into())).unwrap_err().code(), "data-unknown-encoding");
    // Neither UTF-8, nor Shift_JIS, nor Windows-1252: the first byte that breaks UTF-8 is named.
    assert!(matches!(csv(b"a\nx\xe9,\x81\n").unwrap_err(), DataError::Encoding { offset: 3, row: 2, .. }));
}

#[test]
fn what_is_broken_is_refused_with_its_place() {
    let code = |bytes: &[u8]| csv(bytes).unwrap_err().code();
    assert_eq!(code(b""), "data-empty");
    assert_eq!(code(b"\n \n"), "data-no-header");
    assert_eq!(code(b"\xef\xbb\xbf"), "data-empty");
    assert_eq!(code(b"a,b\n"), "data-no-rows");
    assert_eq!(code(b"a,\"b\n1,2\n"), "data-open-quote");
    assert_eq!(code(b"a,b\n\"1\"x,2\n"), "data-after-quote");
    assert_eq!(code(b"a,b,\n1,2,3\n"), "data-unnamed-column");
    assert_eq!(code(b"PK\x03\x04rest of a workbook"), "data-wrong-format");
    assert_eq!(code(b"PAR1 and pages PAR1"), "data-wrong-format");
    let named = read_bytes("k.csv", b"PAR1,PAR2\n1,2\n", &ReadOptions::default()).unwrap();
    assert_eq!(named.column_names(), ["PAR1", "PAR2"]);
    assert_eq!(read_bytes("k.xlsx", b"a,b\n1,2\n", &ReadOptions::default()).unwrap_err().code(), "data-wrong-format");
    assert_eq!(read_bytes("k.dat", b"a\n1\n", &ReadOptions::default()).unwrap_err().code(), "data-unknown-format");
    match csv("a,b\n1,2\n3\n4,5,6\n").unwrap_err() {
        DataError::Ragged { expected: 2, rows, .. } => {
            // Row 3 only lacks its last cell, which is taken as empty and said.
            assert_eq!(rows.iter().map(|r| (r.row, r.cells)).collect::<Vec<_>>(), [(4, 3)]);
        }
        other => panic!("{other}"),
    }
    let short = csv("a,b\n1,2\n3\n4,5\n").unwrap();
    assert_eq!(text(&short, "b"), ["2", "∅", "5"]);
    assert!(short.remarks.iter().any(|remark| remark.row == Some(3) && remark.doubtful), "{:?}", short.remarks);
    // A file that ends within its last row was cut off.
    assert!(csv("a,b\n1,2\n3").unwrap_err().to_string().contains("2 columns"));
    match csv("vas,side,vas,\n1,2,3,\n").unwrap_err() {
        DataError::DuplicateColumn { name, first: 1, second: 3, .. } => assert_eq!(name, "vas"),
        other => panic!("{other}"),
    }
    assert!(matches!(csv(b"a,b\n1,2\n3,\x004\n").unwrap_err(), DataError::Nul { row: 3, offset: 10, .. }));
}

#[test]
fn a_header_alone_is_accepted_where_that_is_declared() {
    let table = with("id,term\n", |o| o.allow_no_rows = true).unwrap();
    assert_eq!((table.height(), table.width()), (0, 2));
    assert_eq!(table.numbers("id").unwrap(), []);
}

#[test]
fn empty_columns_at_the_right_edge_are_dropped_and_a_column_of_nulls_is_kept() {
    let table = csv("id,vas,,\n1,,,\n2,NA,,\n").unwrap();
    assert_eq!(table.column_names(), ["id", "vas"]);
    assert_eq!(table.numbers("vas").unwrap(), [None, None]);
    assert_eq!(table.provenance.notes.len(), 2);
}

#[test]
fn dates_of_one_column_have_one_order() {
    let table = csv("d,m\n2024-03-09,2024-03-09\n2024-03-10,10.03.2024\n").unwrap();
    let days: Vec<String> = table.dates("d").unwrap().into_iter().flatten().map(|d| d.to_string()).collect();
    assert_eq!(days, ["2024-03-09", "2024-03-10"]);
    let errors = table.dates("m").unwrap_err();
    assert_eq!((errors.len(), errors[0].row, errors[0].found.as_str()), (1, 3, "10.03.2024"));
}

#[test]
fn a_path_that_is_no_readable_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let code = |name: &str| read(&folder.path().join(name), &ReadOptions::default()).unwrap_err().code();
    assert_eq!(code("absent.csv"), "data-not-found");
    fs::create_dir(folder.path().join("folder.csv")).unwrap();
    assert_eq!(code("folder.csv"), "data-not-a-file");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("loop.csv", folder.path().join("loop.csv")).unwrap();
        assert_eq!(code("loop.csv"), "data-io");
    }
    let path = folder.path().join("line.csv");
    let sparse = fs::File::create(&path).unwrap();
    // A file of 3 GB that is one line; refused after the first 64 MiB of it.
    sparse.set_len(3 << 30).unwrap();
    let error = read(&path, &ReadOptions::default()).unwrap_err();
    assert!(matches!(error, DataError::TooLarge { what: "one line, in bytes,", .. }), "{error}");
    fs::write(&path, "a\n1\n").unwrap();
    assert_eq!(read(&path, &ReadOptions::default()).unwrap().provenance.path, path.display().to_string());
    assert_eq!(Format::of("A.CSV", None).unwrap(), Format::Csv);
}

#[test]
fn points_outside_quotes_speak_against_a_decimal_comma() {
    // One cell pasted from elsewhere does not turn a file of points into one of commas.
    let table = csv("id,vas\n1,51.0\n2,\"42,5\"\n3,40.25\n").unwrap();
    assert_eq!(table.provenance.decimal, '.');
    let errors = table.numbers("vas").unwrap_err();
    assert_eq!((errors.len(), errors[0].row, errors[0].found.as_str()), (1, 3, "42,5"));
    // Whole numbers speak for neither sign.
    let table = csv("id,vas\n1,51\n2,\"42,5\"\n").unwrap();
    assert_eq!(table.numbers("vas").unwrap(), [Some(51.0), Some(42.5)]);
}

/// Large files are read in pieces, side by side: values, rows and errors are those of reading in one piece.
#[test]
fn a_file_of_several_pieces() {
    let line = |row: usize| format!("P{row:06},{},{}.5\n", row % 7, row % 100);
    let mut text = String::from("id,visit,value\n");
    for row in 2..200_000 {
        // A blank line, and a line end of another kind.
        match row {
            1_000 => text.push('\n'),
            150_000 => text.push_str(&line(row).replace('\n', "\r\n")),
            _ => text.push_str(&line(row)),
        }
    }
    assert!(text.len() > 2 << 20, "{}", text.len());
    let read = |text: &str| read_bytes("large.csv", text.as_bytes(), &ReadOptions::default());
    let table = read(&text).unwrap();
    let (ids, values) = (table.text("id").unwrap(), table.numbers("value").unwrap());
    assert_eq!(table.height(), 199_997);
    for index in [0, 997, 998, 60_000, 120_000, 150_001, 199_996] {
        let row = table.file_row(index);
        assert_eq!(row, if index < 998 { index + 2 } else { index + 3 });
        assert_eq!(ids[index].as_deref(), Some(format!("P{row:06}").as_str()));
        assert_eq!(values[index], Some((row % 100) as f64 + 0.5));
    }
    assert!(
        table.provenance.notes.iter().any(|note| note.contains("199998 LF, 1 CRLF")),
        "{:?}",
        table.provenance.notes
    );
    // A quote anywhere, and a line end inside it.
    let quoted = format!("{text}\"P9\n9\",1,2.5\n");
    assert_eq!(read(&quoted).unwrap().height(), 199_998);
    match read(&format!("{text}P9,1,2,3\n{}", line(7))).unwrap_err() {
        DataError::Ragged { rows, .. } => assert_eq!((rows[0].row, rows[0].cells, rows.len()), (200_000, 4, 1)),
        other => panic!("{other}"),
    }
    let short = read(&format!("{text}P9,1\n{}", line(7))).unwrap();
    assert_eq!((short.height(), short.remarks.len(), short.remarks[0].row), (199_999, 1, Some(200_000)));
    let long = format!("{text}{}\n", ",".repeat(20_000));
    assert!(matches!(read(&long).unwrap_err(), DataError::TooManyColumns { row: 200_000, .. }));
    // Numbers with a decimal comma in the last piece only.
    let commas = text.replace(".5", "").replace(',', ";") + "P9;1;2,25\n";
    assert_eq!(read(&commas).unwrap().provenance.decimal, ',');
}
