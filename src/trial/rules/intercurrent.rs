//! Whether intercurrent events fit the plan and the observations; checked as they are read ([`crate::trial::intercurrent`]).

use super::Rule;
use crate::trial::finding::Severity::{Error, Warning};

/// The rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: "SK801",
        severity: Error,
        title: "An intercurrent event belongs to a patient of the trial.",
        example: "An event of patient 099.",
        remedy: "Correct the identifier.",
    },
    Rule {
        id: "SK802",
        severity: Error,
        title: "An estimand says how an intercurrent event is handled.",
        example: "`RESCUE MEDICATION` in the file, `rescue analgesic` in the plan.",
        remedy: "Use one name, or add an `[[estimand.intercurrent_event]]`.",
    },
    Rule {
        id: "SK803",
        severity: Error,
        title: "An event of a knee is at a knee that the patient has.",
        example: "An arthroplasty without a side; a re-injection of a knee that is not in the trial.",
        remedy: "Name the knee; an event of the whole patient has `level = \"patient\"`.",
    },
    Rule {
        id: "SK804",
        severity: Warning,
        title: "An event of the whole patient names no knee.",
        example: "A rescue analgesic at `LEFT`.",
        remedy: "Leave the cell empty; it is taken for both knees.",
    },
    Rule {
        id: "SK805",
        severity: Error,
        title: "An intercurrent event has a visit of the plan, or a date.",
        example: "`Month 3` where the plan has Month 2 and Month 6; both cells empty.",
        remedy: "Fill in the first affected visit or the date.",
    },
    Rule {
        id: "SK806",
        severity: Warning,
        title: "An intercurrent event came before the last visit.",
        example: "A re-injection a year after Month 6.",
        remedy: "Check the date; the event is counted and changes nothing.",
    },
    Rule {
        id: "SK807",
        severity: Warning,
        title: "An intercurrent event came after treatment.",
        example: "A rescue analgesic whose first affected visit is Baseline.",
        remedy: "Correct the visit or date, or delete the row.",
    },
    Rule {
        id: "SK808",
        severity: Warning,
        title: "A knee is replaced once.",
        example: "Two arthroplasties of the left knee of patient 007.",
        remedy: "Correct the side or delete one; the earlier one rules.",
    },
    Rule {
        id: "SK809",
        severity: Warning,
        title: "A knee has no values after its arthroplasty.",
        example: "Arthroplasty before Month 6, pain of that knee at Month 6.",
        remedy: "Estimands drop the values unless they say `discard = false`; see that other analyses may use them.",
    },
];
