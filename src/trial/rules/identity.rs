//! Who is who: patients, knees and arms.

use super::{Context, Rule};
use crate::trial::finding::Severity::{Error, Note, Warning};
use crate::trial::findings::Findings;
use crate::trial::spelling;
use std::collections::BTreeMap;

/// The rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: "SK101",
        severity: Error,
        title: "A knee has one row per visit.",
        example: "Two rows of patient 007, left, Month 2.",
        remedy: "Delete one, or correct its patient, side or visit.",
    },
    Rule {
        id: "SK102",
        severity: Error,
        title: "Every row has a patient.",
        example: "An empty identifier in row 12.",
        remedy: "Fill it in, or delete the row.",
    },
    Rule {
        id: "SK103",
        severity: Error,
        title: "The two knees of a patient are on different arms.",
        example: "Both knees of patient 007 on EV.",
        remedy: "Correct the arm of one knee.",
    },
    Rule {
        id: "SK104",
        severity: Error,
        title: "A knee stays on its arm.",
        example: "Left knee on EV at Baseline and on SALINE at Month 2.",
        remedy: "Correct the arm or the side.",
    },
    Rule {
        id: "SK105",
        severity: Error,
        title: "A patient has no more knees than there are treatments.",
        example: "Sides LEFT, RIGHT and LFET.",
        remedy: "Correct the side or the patient; sites on further treatments are named in `[arms] other`.",
    },
    Rule {
        id: "SK106",
        severity: Warning,
        title: "A patient has two knees.",
        example: "Patient 007 with a left knee only.",
        remedy: "See that it is meant: paired tests cannot use the patient.",
    },
    Rule {
        id: "SK107",
        severity: Error,
        title: "A patient in the data is in the allocation list.",
        example: "Patient 099, who was never randomised.",
        remedy: "Correct the identifier, or complete the list.",
    },
    Rule {
        id: "SK108",
        severity: Warning,
        title: "A patient in the allocation list is in the data.",
        example: "Patient 031 randomised, without any row.",
        remedy: "See that the patient was never measured.",
    },
    Rule {
        id: "SK109",
        severity: Error,
        title: "The arms of data and allocation list agree.",
        example: "Left knee on EV in the data, on SALINE in the list.",
        remedy: "Find out which knee got which treatment.",
    },
    Rule {
        id: "SK110",
        severity: Error,
        title: "The allocation list has each arm once per patient.",
        example: "Patient 007 allocated to EV twice.",
        remedy: "Correct the list.",
    },
    Rule {
        id: "SK111",
        severity: Warning,
        title: "A patient in the data is in the file of patients.",
        example: "Patient 007 without age and sex.",
        remedy: "Add the row.",
    },
    Rule {
        id: "SK112",
        severity: Error,
        title: "The file of patients has one row per patient.",
        example: "Two rows of patient 007.",
        remedy: "Delete one.",
    },
    Rule {
        id: "SK113",
        severity: Note,
        title: "A patient in the file of patients has observations.",
        example: "Patient 031, who was screened only.",
        remedy: "See that the patient was never measured.",
    },
    Rule {
        id: "SK114",
        severity: Error,
        title: "Identifiers differ in more than spelling.",
        example: "`7` and `007`; `EV-7` and `ev-7`; `００７` in full width, `①` for `1`; a Cyrillic `К` for `K`.",
        remedy: "Give one patient one identifier; a spreadsheet drops leading zeros unless the column is text.",
    },
    Rule {
        id: "SK115",
        severity: Error,
        title: "Two files of observations agree.",
        example: "VAS of patient 007, left, Month 2 is 41 in one file and 45 in another.",
        remedy: "Find out which is right, and correct or empty the other.",
    },
    Rule {
        id: "SK116",
        severity: Note,
        title: "A value stands in one file.",
        example: "The same VAS of patient 007, left, Month 2 in two files.",
        remedy: "See that both files are meant to have it; it counts once.",
    },
    Rule {
        id: "SK117",
        severity: Warning,
        title: "A patient is in every file of observations.",
        example: "Patient 014 in scores.csv, not in mri.csv.",
        remedy: "See that the patient was not measured, and that the identifier is spelled alike.",
    },
    Rule {
        id: "SK118",
        severity: Error,
        title: "A row is of a patient, not of totals.",
        example: "`Total`, `Mean`, `SD` or `合計` in the column of identifiers.",
        remedy: "Delete the row, or keep it out with `where`.",
    },
    Rule {
        id: "SK119",
        severity: Warning,
        title: "The visits of a patient stand under one identifier.",
        example: "Patient P12 without Month 6, and patient P21 with Month 6 only; `PO1` beside `P01`.",
        remedy: "Correct the identifier, if it is one patient.",
    },
];

/// Looks for identifiers that differ in spelling only.
pub fn check(context: &Context<'_>, findings: &mut Findings) {
    let mut spellings: BTreeMap<String, &str> = BTreeMap::new();
    for patient in &context.trial.patients {
        if let Some(before) = spellings.insert(folded(&patient.id), &patient.id) {
            let row = patient.knees().iter().flat_map(|knee| knee.rows.iter().flatten()).min().copied();
            findings.add(
                "SK114",
                context.rows.place(row, Some(&context.sources.roles.patient)),
                format!("patients `{before}` and `{}` differ in {} only", patient.id, spelled(before, &patient.id)),
                WRITE_ALIKE,
            );
        }
    }
}

/// What to do about two spellings of one identifier.
pub const WRITE_ALIKE: &str = "write one patient's identifier alike everywhere (a spreadsheet drops leading zeros unless the \
                               column is text), or tell two patients apart by more than this";

/// What two spellings of one identifier differ in.
pub fn spelled(one: &str, other: &str) -> &'static str {
    if one.to_lowercase() == other.to_lowercase() {
        return "case";
    }
    let lookalike = |id: &str| id.chars().any(|c| latin(c) != c);
    if lookalike(one) != lookalike(other) {
        return "letters that look alike (Cyrillic or Greek for Latin)";
    }
    // A no-break or full-width blank is a blank.
    let form = |id: &str| {
        id.chars().any(|c| !c.is_whitespace() && spelling::usual(c.encode_utf8(&mut [0; 4])) != String::from(c))
    };
    let (usual_one, usual_other) = (spelling::usual(one), spelling::usual(other));
    if (form(one) || form(other)) && usual_one.to_lowercase() == usual_other.to_lowercase() {
        return "the width or form of letters or digits";
    }
    if [one, other].iter().any(|id| id.ends_with(".0") && id.trim_end_matches(".0").bytes().all(|b| b.is_ascii_digit()))
    {
        return "a decimal";
    }
    let marks = |id: &str| id.chars().filter(|c| !c.is_alphanumeric()).collect::<String>();
    if marks(one) == marks(other) { "leading zeros" } else { "blanks, marks or leading zeros" }
}

/// The Latin letter, in lower case, that a Cyrillic or Greek one looks like in one of its cases (Unicode Technical
/// Standard 39, confusables).
fn latin(c: char) -> char {
    match c {
        'а' | 'А' | 'α' | 'Α' => 'a',
        'в' | 'В' | 'β' | 'Β' => 'b',
        'с' | 'С' => 'c',
        'ԁ' => 'd',
        'е' | 'Е' | 'ε' | 'Ε' => 'e',
        'н' | 'Н' | 'η' | 'Η' => 'h',
        'і' | 'І' | 'ι' | 'Ι' => 'i',
        'ј' | 'Ј' => 'j',
        'к' | 'К' | 'κ' | 'Κ' => 'k',
        'м' | 'М' | 'μ' | 'Μ' => 'm',
        'ν' | 'Ν' => 'n',
        'о' | 'О' | 'ο' | 'Ο' => 'o',
        'р' | 'Р' | 'ρ' | 'Ρ' => 'p',
        'ԛ' => 'q',
        'ѕ' | 'Ѕ' => 's',
        'т' | 'Т' | 'τ' | 'Τ' => 't',
        'у' | 'У' | 'υ' | 'Υ' => 'y',
        'х' | 'Х' | 'χ' | 'Χ' => 'x',
        'ζ' | 'Ζ' => 'z',
        _ => c,
    }
}

/// Letters in lower case, of one width and script, and numbers without leading zeros; everything else is dropped.
pub fn folded(id: &str) -> String {
    let mut folded = String::new();
    let mut number = String::new();
    let flush = |number: &mut String, folded: &mut String| {
        if !number.is_empty() {
            let digits = number.trim_start_matches('0');
            folded.push_str(if digits.is_empty() { "0" } else { digits });
            number.clear();
        }
    };
    // A spreadsheet or a program that takes the identifiers for numbers writes 1.0 for 1.
    let whole =
        id.strip_suffix(".0").filter(|whole| !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit()));
    for c in spelling::usual(whole.unwrap_or(id)).to_lowercase().chars().map(latin) {
        if c.is_ascii_digit() {
            number.push(c);
        } else {
            if c.is_alphanumeric() || !number.is_empty() {
                flush(&mut number, &mut folded);
            }
            if c.is_alphanumeric() {
                folded.push(c);
            } else if folded.ends_with(|last: char| last.is_ascii_digit()) {
                // `1-23` and `12-3` are different patients.
                folded.push('-');
            }
        }
    }
    flush(&mut number, &mut folded);
    folded.trim_end_matches('-').to_owned()
}
