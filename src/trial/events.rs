//! Adverse events, at a knee or of the whole patient.

use serde::Serialize;

/// One adverse event. An event of the whole patient belongs to no arm and is never counted under one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AdverseEvent {
    /// Index of the patient in [`super::Trial::patients`].
    pub patient: usize,
    /// Arm of the knee concerned; `None` for a systemic event.
    pub arm: Option<usize>,
    /// Preferred term.
    pub term: String,
    /// Severity as recorded, for instance `MILD`.
    pub severity: String,
    /// Whether it was serious.
    pub serious: bool,
    /// Whether it was judged related to treatment.
    pub related: bool,
    /// Whether it is treatment-emergent: it began, or became worse, on or after the day of the injection. An event whose
    /// onset is not known counts as emergent.
    pub emergent: bool,
    /// Row of the file.
    pub row: usize,
    /// Day of onset, counted from the injection.
    pub start_day: Option<f64>,
    /// Day of resolution.
    pub end_day: Option<f64>,
    /// System organ class of the term: where the file has several for a term, the first.
    pub organ_class: Option<String>,
    /// Dates of onset and of resolution, action taken and outcome, as recorded; `None` where the file has none.
    pub listed: [Option<String>; 4],
}
