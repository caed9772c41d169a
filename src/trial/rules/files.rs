//! Rules of the files a plan names; they are checked when the files are read.

use super::Rule;
use crate::trial::finding::Severity::{Error, Note, Warning};

/// The rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: "SK020",
        severity: Error,
        title: "The file exists and can be read.",
        example: "`path = \"knee.csv\"` where the file is `knees.csv`.",
        remedy: "Correct the path, which is relative to the plan.",
    },
    Rule {
        id: "SK021",
        severity: Error,
        title: "The file is not empty.",
        example: "A file of 0 bytes.",
        remedy: "Export it again.",
    },
    Rule {
        id: "SK022",
        severity: Error,
        title: "The file has rows below its header.",
        example: "A header-only file; a `data.where` that no row meets.",
        remedy: "Export it again; check the condition.",
    },
    Rule {
        id: "SK023",
        severity: Error,
        title: "The text is in the encoding found or declared.",
        example: "A Windows-1252 file declared as UTF-8.",
        remedy: "Save it as UTF-8, or declare `encoding`.",
    },
    Rule {
        id: "SK024",
        severity: Error,
        title: "The file is whole and of its format.",
        example: "A row with 11 cells under a header of 12; a truncated XPT.",
        remedy: "Correct or export it again.",
    },
    Rule {
        id: "SK025",
        severity: Error,
        title: "Every column the plan names is in the file.",
        example: "`column = \"vsa\"` where the file has `vas`.",
        remedy: "Use the column suggested.",
    },
    Rule {
        id: "SK026",
        severity: Error,
        title: "Files lie in the plan's folder, and none is the plan.",
        example: "`path = \"../../other/knees.csv\"`",
        remedy: "Move the file, or declare `outside = true`.",
    },
    Rule {
        id: "SK027",
        severity: Note,
        title: "What a file holds beside its table is passed over.",
        example: "R's names of rows in a first column without a name; a row of delimiters alone; a no-break space; the comment of a cell.",
        remedy: "See that nothing of it is data.",
    },
    Rule {
        id: "SK028",
        severity: Warning,
        title: "Rows are shown and whole, and cells are shown as they are read.",
        example: "Rows that an AutoFilter hides; a value with a line through it; 45 % among numbers such as 45; rows whose empty cells at the end were not written.",
        remedy: "Keep hidden rows out with `where` if they are not meant; empty what was struck out; compare short rows with the source.",
    },
    Rule {
        id: "SK029",
        severity: Note,
        title: "Several readings of a knee at a visit are taken together.",
        example: "Three teeth of one side with `replicates = \"mean\"`.",
        remedy: "See that they are readings of one knee at one visit.",
    },
    Rule {
        id: "SK034",
        severity: Error,
        title: "The secret behind the pseudonyms can be read and kept.",
        example: "`redact_ids = true` in a folder without permission to write `plan.redact-key`.",
        remedy: "Give a secret with `--redact-key`, or permission on the folder.",
    },
    Rule {
        id: "SK035",
        severity: Note,
        title: "Data files are those that were there when the plan was sealed.",
        example: "A visit came in after `splitknee lock`.",
        remedy: "Say why data came in or changed after the seal.",
    },
    Rule {
        id: "SK036",
        severity: Error,
        title: "The cells of a row fit their columns.",
        example: "A header that is repeated in the middle of a table; a row that is shifted by one column.",
        remedy: "Delete the row, or put its values into their own columns.",
    },
    Rule {
        id: "SK039",
        severity: Note,
        title: "A declared code for missing is said with the cells that it emptied.",
        example: "`99` in 2 cells of `crp` and 2 cells of `vas`.",
        remedy: "See that the code means missing in each of these columns; else declare it by column with `missing_in`.",
    },
    Rule {
        id: "SK037",
        severity: Warning,
        title: "A declared code for missing is no value of the column.",
        example: "`missing = [\"99\"]` for the sake of CRP, with a VAS from 0 to 100 in the same file.",
        remedy: "Declare the code for the columns where it means missing: `missing_in = { crp = [\"99\"] }`.",
    },
    Rule {
        id: "SK038",
        severity: Warning,
        title: "A condition can read the cells that decide about a row.",
        example: "`where = 'paindays < 90'` and the cell `9O`; `where = 'qc == \"Y\"'` and the cell `y`.",
        remedy: "Correct the cell, or name it in the condition.",
    },
    Rule {
        id: "SK050",
        severity: Warning,
        title: "Columns and parameters like those of the endpoints are read.",
        example: "`vas_L_m12` where the plan has no Month 12; `VAS_L_Month_6` where the endpoint's column is `vas`; the parameter code `VSA` in one row beside `VAS`.",
        remedy: "Correct the name, add the visit to the plan, or waive the rule with the reason.",
    },
    Rule {
        id: "SK049",
        severity: Warning,
        title: "Derived records, and records not meant for the analysis, are left out on purpose or kept on purpose.",
        example: "Rows with `DTYPE` LOCF among those observed; rows without the flag ANL01FL beside flagged ones.",
        remedy: "Write `where = 'DTYPE == \"\"'` or `where = 'ANL01FL == \"Y\"'` into [data], or waive the rule with the reason.",
    },
];
