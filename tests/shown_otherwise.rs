//! What a worksheet or a text file shows otherwise than it is read is said, with its cells.

use rust_xlsxwriter::{Format, Note, Workbook, Worksheet};
use splitknee::data::{DataError, ReadOptions, Remark, Table, read_bytes};

/// A worksheet with a header and twenty rows: identifiers in A, numbers from 31 in B and C.
fn fill(sheet: &mut Worksheet) {
    for (column, title) in ["id", "vas", "pain"].iter().enumerate() {
        sheet.write(0, u16::try_from(column).unwrap(), *title).unwrap();
    }
    for row in 1..=20_u32 {
        sheet.write(row, 0, format!("P{row:02}")).unwrap();
        sheet.write(row, 1, 30 + row).unwrap();
        sheet.write(row, 2, row % 7).unwrap();
    }
}

fn read(workbook: &mut Workbook, sheet: Option<&str>) -> Table {
    let options = ReadOptions { sheet: sheet.map(str::to_owned), ..ReadOptions::default() };
    read_bytes("k.xlsx", &workbook.save_to_buffer().unwrap(), &options).unwrap()
}

/// The remarks on a worksheet that was spoiled.
fn spoiled(spoil: impl FnOnce(&mut Worksheet)) -> Vec<Remark> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    fill(sheet);
    spoil(sheet);
    read(&mut workbook, None).remarks
}

fn said<'r>(remarks: &'r [Remark], words: &str) -> &'r Remark {
    remarks.iter().find(|remark| remark.text.contains(words)).unwrap_or_else(|| panic!("no `{words}`: {remarks:#?}"))
}

#[test]
fn a_plain_worksheet_has_nothing_to_say() {
    assert_eq!(spoiled(|_| {}), []);
}

#[test]
fn cells_struck_through_are_named_in_whole_and_in_part() {
    let line = Format::new().set_font_strikethrough();
    let remarks = spoiled(|sheet| {
        sheet.write_with_format(2, 1, 32, &line).unwrap();
        sheet.write_rich_string(4, 0, &[(&Format::default(), "P0"), (&line, "4")]).unwrap();
        // Nothing is read from an empty cell.
        sheet.write_blank(30, 1, &line).unwrap();
    });
    let found = said(&remarks, "struck through");
    assert_eq!(found.text, "2 cells are struck through, and are read like all others: B3, A5");
    assert!(found.doubtful && found.row == Some(3) && found.column.as_deref() == Some("vas"), "{found:?}");
    // Ten are named, the others counted.
    let remarks = spoiled(|sheet| {
        for row in 1..=12 {
            sheet.write_with_format(row, 1, 40, &line).unwrap();
        }
    });
    let text = &said(&remarks, "struck through").text;
    assert!(text.starts_with("12 cells") && text.ends_with("B10, B11 and 2 more"), "{text}");
}

#[test]
fn comments_are_named_and_not_read() {
    let remarks = spoiled(|sheet| {
        sheet.insert_note(0, 1, &Note::new("in mm")).unwrap();
        sheet.insert_note(2, 1, &Note::new("on active treatment")).unwrap();
        sheet.insert_note(40, 8, &Note::new("beside the table")).unwrap();
    });
    let found = said(&remarks, "comment");
    assert_eq!(found.text, "2 cells carry a comment, which was not read: B1, B3");
    assert!(!found.doubtful);
}

#[test]
fn numbers_that_a_format_scales_or_hides_are_named() {
    let percent = Format::new().set_num_format("0%");
    let remarks = spoiled(|sheet| {
        sheet.write_with_format(2, 1, 0.45, &percent).unwrap();
    });
    let found = said(&remarks, "per cent");
    assert!(found.doubtful && found.text.contains("1 of the 20 numbers of `vas`"), "{found:?}");
    assert!(found.text.contains("0.45 in B3"), "{found:?}");
    let remarks = spoiled(|sheet| {
        for row in 1..=20 {
            sheet.write_with_format(row, 1, 0.45, &percent).unwrap();
        }
    });
    assert!(!said(&remarks, "per cent").doubtful);
    let unseen = Format::new().set_num_format(";;;");
    let remarks = spoiled(|sheet| {
        sheet.write_with_format(5, 1, 88, &unseen).unwrap();
    });
    assert_eq!(
        said(&remarks, "by a format").text,
        "1 cell is shown as empty by a format, and is read like all others: B6"
    );
}

#[test]
fn hidden_rows_columns_and_worksheets_are_named() {
    let remarks = spoiled(|sheet| {
        for row in 2..14 {
            sheet.set_row_hidden(row).unwrap();
        }
        sheet.set_column_hidden(2).unwrap();
    });
    let rows = said(&remarks, "rows of the worksheet");
    assert!(rows.text.ends_with("read like all others: 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 2 more"), "{rows:?}");
    assert!(rows.doubtful && rows.row == Some(3));
    assert!(said(&remarks, "1 column of the worksheet is hidden").text.ends_with("`pain`"));
    let book = |hidden: [bool; 2]| {
        let mut workbook = Workbook::new();
        for (name, hidden) in ["Knees", "Corrections"].into_iter().zip(hidden) {
            let sheet = workbook.add_worksheet().set_name(name).unwrap();
            fill(sheet);
            sheet.set_hidden(hidden);
            if !hidden {
                sheet.set_active(true);
            }
        }
        workbook
    };
    let passed_over = read(&mut book([false, true]), None).remarks;
    assert_eq!(said(&passed_over, "passed over").text, "1 hidden worksheet was passed over: `Corrections`");
    // Named, it is read, and said to be hidden; the other is then not said to be passed over.
    let named = read(&mut book([true, false]), Some("Knees")).remarks;
    assert_eq!(named.len(), 1, "{named:?}");
    assert_eq!(named[0].text, "the worksheet `Knees`, which was read, is hidden in the workbook");
    assert_eq!(read(&mut book([false, true]), Some("Knees")).remarks, []);
}

#[test]
fn merged_values_are_named_as_the_cause_of_empty_cells() {
    let remarks = spoiled(|sheet| {
        sheet.merge_range(2, 1, 3, 1, "", &Format::default()).unwrap();
        sheet.write(2, 1, 45).unwrap();
    });
    let found = said(&remarks, "merged range");
    assert!(found.text.contains("1 merged range reaches over several rows: B3:B4") && found.doubtful, "{found:?}");
}

#[test]
fn a_column_with_neither_name_nor_value_is_noted() {
    let table = read_bytes("k.csv", b"id,,vas\nP01,,5\nP02,,6\n", &ReadOptions::default()).unwrap();
    assert_eq!(table.column_names(), ["id", "vas"]);
    assert_eq!(table.provenance.notes, ["column 2 has neither name nor value and was dropped"]);
}

fn csv(text: &str, encoding: &str, declared: Option<&str>) -> Result<Table, DataError> {
    let encoding = encoding_rs::Encoding::for_label(encoding.as_bytes()).unwrap();
    let (bytes, _, lost) = encoding.encode(text);
    assert!(!lost, "{text}");
    read_bytes("k.csv", &bytes, &ReadOptions { encoding: declared.map(str::to_owned), ..ReadOptions::default() })
}

/// An encoding that was told wrongly from the bytes is refused with those that fit; declared, it is read.
#[test]
fn a_wrong_guess_of_an_encoding_is_refused_with_those_that_fit() {
    for (term, written) in [
        ("局所疼痛", "euc-jp"),
        ("左膝", "gbk"),
        ("左膝", "big5"),
        ("왼쪽", "euc-kr"),
        ("ﾋﾀﾞﾘ", "shift_jis"),
        ("Левая", "windows-1251"),
        ("Jäger", "macintosh"),
    ] {
        let text = format!("id,term,vas\nP01,{term},5\nP02,,6\n");
        let error = csv(&text, written, None).unwrap_err();
        assert!(matches!(error, DataError::Improbable { row: 2, .. }), "{term}: {error}");
        let said = error.to_string();
        assert!(said.contains(&format!("`{written}`: {term}")) || written == "windows-1251", "{said}");
        assert!(said.contains("declare `encoding`"), "{said}");
        let table = csv(&text, written, Some(written)).unwrap();
        assert_eq!(table.text("term").unwrap()[0].as_deref(), Some(term));
        assert_eq!(table.remarks, [], "{term}");
    }
    // What is told rightly is read as before.
    for (term, written) in
        [("Übelkeit, stärker", "windows-1252"), ("左膝の疼痛", "shift_jis"), ("Größe 5 µg", "windows-1252")]
    {
        let table = csv(&format!("id;term\nP01;{term}\n"), written, None).unwrap();
        assert_eq!(table.text("term").unwrap()[0].as_deref(), Some(term));
        assert_eq!(table.remarks, [], "{term}");
    }
}

#[test]
fn text_that_an_earlier_conversion_spoiled_is_said() {
    for (term, words) in [
        ("Ãœbelkeit", "hold UTF-8 that was read as another encoding"),
        ("\u{fffd}belkeit", "hold characters that no text has"),
        ("pain\u{7}", "hold characters that no text has"),
    ] {
        let table = csv(&format!("id,term\nP01,{term}\n"), "utf-8", None).unwrap();
        let words = words.replacen("hold", "holds", 1);
        let remark = said(&table.remarks, &words);
        assert!(remark.doubtful && remark.row == Some(2), "{remark:?}");
    }
    // The other way round: UTF-8 that is declared as Windows-1252.
    let table = csv("id,term\nP01,左\n", "utf-8", Some("windows-1252")).unwrap();
    assert!(said(&table.remarks, "UTF-8").text.contains("where `左` was written"), "{:?}", table.remarks);
}

/// A document of LibreOffice with one worksheet of these rows, and styles named `ce1` (struck through) and `T1` (the same, of a
/// piece of text).
fn ods(rows: &str) -> Vec<u8> {
    use std::io::Write;
    let line = "<style:text-properties style:text-line-through-style=\"solid\"/>";
    let content = format!(
        "<?xml version=\"1.0\"?><office:document-content xmlns:office=\"o\" xmlns:table=\"t\" xmlns:text=\"x\" xmlns:style=\"s\">\
         <office:automatic-styles><style:style style:name=\"ce1\" style:family=\"table-cell\">{line}</style:style>\
         <style:style style:name=\"T1\" style:family=\"text\">{line}</style:style></office:automatic-styles>\
         <office:body><office:spreadsheet><table:table table:name=\"Knees\"><table:table-column/>\
         <table:table-column table:default-cell-style-name=\"ce1\"/><table:table-column/>{rows}</table:table>\
         </office:spreadsheet></office:body></office:document-content>"
    );
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in [
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", "<manifest:manifest xmlns:manifest=\"m\"/>"),
        ("content.xml", &content),
    ] {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn marks_of_opendocument_and_excel_97_are_named_too() {
    let text = |text: &str, style: &str| {
        format!(
            "<table:table-cell office:value-type=\"string\" table:style-name=\"{style}\"><text:p>{text}</text:p></table:table-cell>"
        )
    };
    let number = |value: &str, further: &str| {
        format!(
            "<table:table-cell office:value-type=\"float\" office:value=\"{value}\"{further}><text:p>{value}</text:p></table:table-cell>"
        )
    };
    let row = |cells: [String; 3]| format!("<table:table-row>{}</table:table-row>", cells.concat());
    let plain = " table:style-name=\"Default\"";
    let rows = [
        row([text("id", "Default"), text("vas", "Default"), text("pain", "Default")]),
        // By the column; by the cell; by a piece of the text.
        row([text("P01", "Default"), number("41", ""), number("1", plain)]),
        row([text("P02", "ce1"), number("42", plain), number("2", plain)]),
        row([text("P<text:span text:style-name=\"T1\">03</text:span>", "Default"), number("43", plain), number("3", plain)]),
        row([
            text("P04", "Default"),
            "<table:table-cell table:style-name=\"Default\" office:value-type=\"percentage\" office:value=\"0.45\"><text:p>45%</text:p></table:table-cell>"
                .to_owned(),
            "<table:table-cell office:value-type=\"float\" office:value=\"4\"><office:annotation><text:p>late</text:p>\
             </office:annotation><text:p>4</text:p></table:table-cell>"
                .to_owned(),
        ]),
    ];
    let table = read_bytes("k.ods", &ods(&rows.concat()), &ReadOptions::default()).unwrap();
    assert_eq!(table.numbers("pain").unwrap(), [1.0, 2.0, 3.0, 4.0].map(Some));
    assert!(said(&table.remarks, "struck through").text.ends_with("B2, A3, A4"), "{:?}", table.remarks);
    assert!(said(&table.remarks, "comment").text.ends_with("C5"), "{:?}", table.remarks);
    assert!(said(&table.remarks, "per cent").text.contains("0.45 in B5"), "{:?}", table.remarks);
    // Written by xlwt (`tests/everyday/formats/make.py`).
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/everyday/formats/struck.xls");
    let table = splitknee::data::read(&file, &ReadOptions::default()).unwrap();
    assert!(said(&table.remarks, "struck through").text.ends_with("read like all others: B3"), "{:?}", table.remarks);
    assert!(said(&table.remarks, "per cent").text.contains("1 of the 20 numbers of `vas`"), "{:?}", table.remarks);
}

/// Of a workbook of which the plan names worksheets the others are named.
#[test]
fn worksheets_that_nobody_reads_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("Knees").unwrap();
    for (column, title) in ["id", "side", "arm", "vas"].iter().enumerate() {
        sheet.write(0, u16::try_from(column).unwrap(), *title).unwrap();
    }
    for row in 1..=20_u32 {
        let left = row % 2 == 1;
        sheet.write(row, 0, format!("P{:02}", row.div_ceil(2))).unwrap();
        sheet.write(row, 1, if left { "L" } else { "R" }).unwrap();
        sheet.write(row, 3, 30 + row).unwrap();
    }
    for pair in 0..10_u32 {
        let active = pair % 2;
        for side in 0..2 {
            sheet.write(1 + 2 * pair + side, 2, if side == active { "EV" } else { "SAL" }).unwrap();
        }
    }
    workbook.add_worksheet().set_name("Month 12").unwrap().write(0, 0, "id").unwrap();
    workbook.save(folder.path().join("book.xlsx")).unwrap();
    let plan = folder.path().join("plan.toml");
    let text = "[trial]\nid = \"T\"\ntitle = \"T\"\n[data]\npath = \"book.xlsx\"\nsheet = \"Knees\"\ncolumns = { patient = \"id\", knee = \
                \"side\", arm = \"arm\" }\n[arms]\nactive = \"EV\"\nplacebo = \"SAL\"\n[[endpoint]]\nname = \"VAS\"\ncolumn = \"vas\"\nbetter = \
                \"lower\"\n";
    std::fs::write(&plan, text).unwrap();
    let (code, out, err) = crate::cli_model::run(&["check", plan.to_str().unwrap()]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("book.xlsx: worksheets that are not read: `Month 12`"), "{out}{err}");
}
