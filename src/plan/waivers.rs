//! Findings that the plan accepts, each with its reason; the report repeats both.

use super::Plan;
use crate::trial::{Finding, Severity};
use serde::Serialize;

/// A finding that the plan waives.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Waived {
    /// The finding.
    pub finding: Finding,
    /// Why it is accepted.
    pub reason: String,
}

/// Findings after the plan's waivers.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Review {
    /// Findings that someone should still look at.
    pub open: Vec<Finding>,
    /// Findings that were looked at and accepted.
    pub waived: Vec<Waived>,
    /// Rules waived in the plan of which nothing was found.
    pub unused: Vec<String>,
}

/// Separates the findings that `plan` waives. An error is never waived.
pub fn review(plan: &Plan, findings: Vec<Finding>) -> Review {
    let mut review = Review::default();
    for finding in findings {
        let waiver = plan.waivers.iter().find(|waiver| waiver.rule == finding.rule);
        match waiver.filter(|_| finding.severity != Severity::Error) {
            Some(waiver) => review.waived.push(Waived { finding, reason: waiver.reason.clone() }),
            None => review.open.push(finding),
        }
    }
    let used = |rule: &str| review.waived.iter().any(|waived| waived.finding.rule == rule);
    review.unused = plan.waivers.iter().map(|waiver| waiver.rule.clone()).filter(|rule| !used(rule)).collect();
    review
}
