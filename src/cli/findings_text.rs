//! Findings for people: by rule, at most ten places of each, and what to do once where it is the same.

use super::terminal::visible;
use crate::report::review::groups;
use crate::report::site::Site;
use crate::trial::{Finding, Severity};

/// Places of one kind of finding that are listed on the terminal.
pub const PLACES: usize = 10;

/// A remedy without what it quotes.
fn shape(remedy: &str) -> String {
    remedy.split('`').step_by(2).collect()
}

/// The findings, errors first, under headlines of `site`; `word` prints a severity.
pub fn grouped(findings: &[Finding], site: &Site, word: &dyn Fn(Severity) -> String) -> String {
    let mut text = String::new();
    for group in groups(findings, site) {
        text.push_str(&format!("{}[{}] {}\n", word(group.severity), group.rule, group.title));
        let mut pending: Option<&str> = None;
        for finding in group.findings.iter().take(PLACES) {
            // Remedies that differ in the cell they quote only are one: the first stands for the others.
            if let Some(remedy) = pending.filter(|remedy| shape(remedy) != shape(&finding.remedy)) {
                text.push_str(&format!("  help: {}\n", visible(remedy)));
                pending = None;
            }
            let (at, message) = (finding.location.to_string(), &finding.message);
            text.push_str(&format!("  {}: {}\n", visible(&at), visible(message)));
            pending = pending.or(Some(&finding.remedy));
        }
        if group.findings.len() > PLACES {
            let more = group.findings.len() - PLACES;
            text.push_str(&format!("  … and {more} more; `splitknee check PLAN --format json` lists them all\n"));
        }
        if let Some(remedy) = pending {
            text.push_str(&format!("  help: {}\n", visible(remedy)));
        }
        text.push('\n');
    }
    text
}
