//! Rules of the plan itself; they are checked in the plan's folder.

use super::Rule;
use crate::trial::finding::Severity::Error;

/// The rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: "SK001",
        severity: Error,
        title: "The plan is a readable text file.",
        example: "`splitknee run trial/` names a folder.",
        remedy: "Name the plan.toml.",
    },
    Rule {
        id: "SK002",
        severity: Error,
        title: "The plan is TOML.",
        example: "A quote that is not closed.",
        remedy: "Correct the line; `splitknee init` writes a plan to start from.",
    },
    Rule {
        id: "SK003",
        severity: Error,
        title: "Every key is known.",
        example: "`beter = \"lower\"`",
        remedy: "Use the key suggested.",
    },
    Rule {
        id: "SK004",
        severity: Error,
        title: "Every key that is needed is there.",
        example: "An endpoint without `better`.",
        remedy: "Add the key.",
    },
    Rule {
        id: "SK005",
        severity: Error,
        title: "Every value has the type of its key.",
        example: "`alpha = \"5 %\"`",
        remedy: "Write the value as described.",
    },
    Rule {
        id: "SK006",
        severity: Error,
        title: "A word is one of the permitted ones.",
        example: "`ddf = \"kenward-rogers\"`",
        remedy: "Use the word suggested.",
    },
    Rule {
        id: "SK008",
        severity: Error,
        title: "A name that refers to a visit, endpoint, set or test exists.",
        example: "`primary = \"Month 7\"` where `order` ends with `Month 6`.",
        remedy: "Use the name suggested.",
    },
    Rule {
        id: "SK009",
        severity: Error,
        title: "Names are distinct.",
        example: "Two endpoints with the identifier `vas`.",
        remedy: "Rename one.",
    },
    Rule {
        id: "SK010",
        severity: Error,
        title: "Numbers, dates and identifiers lie within their bounds.",
        example: "`alpha = 5`",
        remedy: "Correct the value.",
    },
    Rule {
        id: "SK011",
        severity: Error,
        title: "A condition can be read.",
        example: "`where = 'pp = \"Y\"'`",
        remedy: "Write `==` to compare; text between quotes.",
    },
    Rule {
        id: "SK012",
        severity: Error,
        title: "Nothing that is needed is empty.",
        example: "`order = []`",
        remedy: "Fill it in.",
    },
    Rule {
        id: "SK013",
        severity: Error,
        title: "The primary visit comes after baseline and has the primary endpoint.",
        example: "`primary = \"Baseline\"`",
        remedy: "Name a visit after treatment.",
    },
    Rule {
        id: "SK014",
        severity: Error,
        title: "Columns are named for patient, knee, arm and visit as the design needs them.",
        example: "Three visits and no `visit` column.",
        remedy: "Name the column in `data.columns`.",
    },
    Rule {
        id: "SK015",
        severity: Error,
        title: "One endpoint at least is primary.",
        example: "Three endpoints, all `secondary`.",
        remedy: "Give one the role `primary`.",
    },
    Rule {
        id: "SK016",
        severity: Error,
        title: "A method that needs a baseline has one.",
        example: "`measure = \"change\"` without `visits.baseline`.",
        remedy: "Name the baseline visit, or use another measure.",
    },
    Rule {
        id: "SK017",
        severity: Error,
        title: "A graphical procedure has shares and transitions that fit its hypotheses.",
        example: "Shares that add up to 1.2.",
        remedy: "Correct the table.",
    },
    Rule {
        id: "SK018",
        severity: Error,
        title: "A waiver names a rule that can be waived, and a reason.",
        example: "`rule = \"SK103\"`, an error of the design.",
        remedy: "Correct the data; only warnings and notes can be waived.",
    },
];
