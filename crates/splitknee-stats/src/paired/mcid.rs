//! Published thresholds of clinical importance in knee osteoarthritis, to be chosen in a plan and always cited.
//!
//! None of them is a default: which threshold applies is a decision of the protocol.

use super::responder::Threshold;

/// A published minimal clinically important improvement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PublishedThreshold {
    /// Name under which a plan can ask for it.
    pub name: &'static str,
    /// What was measured, on 0–100 where points are given.
    pub measure: &'static str,
    /// The improvement.
    pub threshold: Threshold,
    /// Where it comes from.
    pub source: &'static str,
}

/// The minimal clinically important improvement in knee osteoarthritis of Tubach and colleagues.
const TUBACH: &str = "Tubach F et al. (2005), Ann Rheum Dis 64:29–33";

/// The thresholds, absolute before relative.
pub const PUBLISHED: [PublishedThreshold; 6] = [
    PublishedThreshold {
        name: "tubach-pain",
        measure: "pain, VAS 0–100 mm",
        threshold: Threshold::Absolute(19.9),
        source: TUBACH,
    },
    PublishedThreshold {
        name: "tubach-pain-relative",
        measure: "pain, share of baseline",
        threshold: Threshold::Relative(0.408),
        source: TUBACH,
    },
    PublishedThreshold {
        name: "tubach-global",
        measure: "patient's global assessment, VAS 0–100 mm",
        threshold: Threshold::Absolute(18.3),
        source: TUBACH,
    },
    PublishedThreshold {
        name: "tubach-global-relative",
        measure: "patient's global assessment, share of baseline",
        threshold: Threshold::Relative(0.390),
        source: TUBACH,
    },
    PublishedThreshold {
        name: "tubach-function",
        measure: "WOMAC function, 0–100",
        threshold: Threshold::Absolute(9.1),
        source: TUBACH,
    },
    PublishedThreshold {
        name: "tubach-function-relative",
        measure: "WOMAC function, share of baseline",
        threshold: Threshold::Relative(0.260),
        source: TUBACH,
    },
];

/// The published threshold of that name.
pub fn published(name: &str) -> Option<PublishedThreshold> {
    PUBLISHED.into_iter().find(|threshold| threshold.name == name)
}
