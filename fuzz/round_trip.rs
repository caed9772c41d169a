// What every reader promises for any bytes: no panic, and a table that is written and read again is the same. Shared by
// the fuzz targets and by the test that replays their corpus (`tests/fuzz_corpus.rs`), which include this file.

use splitknee::data::{Format, ReadOptions, Table, WriteOptions, read_bytes, to_bytes};

/// Columns as text, with their names.
fn content(table: &Table) -> Vec<(String, Vec<Option<String>>)> {
    let column = |name: String| {
        let text = table.text(&name).expect("a column of its own table");
        // Every accessor is exercised; which of them fail is the column's matter.
        let _ = (table.numbers(&name), table.dates(&name), table.values(&name));
        (name, text)
    };
    table.column_names().into_iter().map(column).collect()
}

/// Reads `bytes` as `format`; where that succeeds, writes the table as CSV and in `format` and reads both again.
pub fn round_trip(bytes: &[u8], format: Format) {
    let options = ReadOptions { format: Some(format), allow_no_rows: true, ..ReadOptions::default() };
    let Ok(table) = read_bytes("fuzz", bytes, &options) else { return };
    let before = content(&table);
    for index in 0..table.height() {
        assert!(table.file_row(index) >= 2, "the header stands above every row");
    }
    let Ok(again) = to_bytes(&table, "fuzz", format, &WriteOptions::default()) else { return };
    if let Ok(table) = read_bytes("fuzz", &again, &options) {
        let after = content(&table);
        let shape = |content: &[(String, Vec<Option<String>>)]| -> Vec<(String, usize)> {
            content.iter().map(|(name, cells)| (name.clone(), cells.len())).collect()
        };
        assert_eq!(shape(&before), shape(&after), "names and rows: {:?}", String::from_utf8_lossy(&again));
    } else {
        // A table without any row of its own kind may be unreadable (a lone header); everything else must come back.
        assert!(table.height() == 0, "what was written cannot be read: {:?}", String::from_utf8_lossy(&again));
    }
}
