//! SAS transport files, version 5 and version 8: 80-byte records, big-endian integers, IBM doubles.
//!
//! Sources: SAS Institute, *TS-140: Record Layout of a SAS Version 5 or 6 Data Set in SAS Transport Format* and *Record
//! Layout of a SAS Version 8 or 9 Data Set in SAS Transport Format*. Both versions differ only in the names of their
//! headers, in long names and labels, and in that version 8 may say how many rows follow.
//!
//! What a reader must decide, and was decided here:
//! - text is UTF-8 where all of it is, else Windows-1252, unless an encoding is declared; blanks at its end are removed,
//!   because the format cannot tell them from padding;
//! - special missing values (`.A`–`.Z`, `._`) are null cells, and kept in [`super::ColumnInfo::special_missing`];
//! - a number with a date format (`DATE9.`, `YYMMDD10.`, …) is a date where every value is a whole day, a number with a
//!   datetime format is text in ISO 8601 (`2024-03-09T10:15:00`);
//! - rows that are blank in every byte at the end, where padding to 80 bytes could have put them, are padding (as
//!   haven reads them), unless a version 8 file counts its rows;
//! - of a file with several data sets one must be named (`sheet`).

mod ibm;
mod namestr;
mod read;
mod write;

pub use ibm::{Numeric, from_ibm, to_ibm};
pub use read::parse;
pub(super) use read::{DATE_FORMATS, DATETIME_FORMATS, formats_of_codes};
pub use write::{XptVersion, to_bytes};

/// Length of every record.
const RECORD: usize = 80;

/// Length of the description of one variable; 136 on VAX/VMS.
const NAMESTR: usize = 140;

/// `value` rounded up to whole records.
fn whole_records(value: usize) -> usize {
    value.div_ceil(RECORD) * RECORD
}
