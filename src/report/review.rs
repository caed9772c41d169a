//! The findings of a check as a listing for data review: one HTML page that opens offline. Every text of plan and data is
//! escaped by the template, and a content-security policy lets nothing run or load.

use super::site::Site;
use crate::plan::Plan;
use crate::plan::waivers::Review;
use crate::terms::Language;
use crate::trial::rules;
use crate::trial::sources::Sources;
use crate::trial::{Finding, Severity};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::{AutoEscape, Environment, Value, context};
use sha2::{Digest, Sha256};

/// Findings of one rule, in the order found.
#[derive(Debug)]
pub struct Group<'r> {
    /// Identifier of the rule.
    pub rule: &'static str,
    /// Severity of its findings.
    pub severity: Severity,
    /// What is wrong.
    pub title: String,
    /// The findings.
    pub findings: Vec<&'r Finding>,
}

/// The findings by rule: errors first, then warnings and notes, each by number; their headlines are of `site`.
pub fn groups<'r>(findings: impl IntoIterator<Item = &'r Finding>, site: &Site) -> Vec<Group<'r>> {
    let mut groups: Vec<Group<'r>> = Vec::new();
    for finding in findings {
        match groups.iter_mut().find(|group| group.rule == finding.rule && group.severity == finding.severity) {
            Some(group) => group.findings.push(finding),
            None => groups.push(Group {
                rule: finding.rule,
                severity: finding.severity,
                title: site.named(rules::find(finding.rule).map_or("", rules::headlines::of)),
                findings: vec![finding],
            }),
        }
    }
    groups.sort_by_key(|group| (group.severity, group.rule));
    groups
}

/// The page; `plan` and `sources` are absent where they could not be read.
///
/// # Errors
/// Never in practice: the template is part of the program.
pub fn page(plan: Option<&Plan>, sources: Option<&Sources>, review: &Review) -> Result<String, minijinja::Error> {
    let site = plan.map_or_else(|| Site::knee(Language::English), |plan| Site::of(&plan.trial, Language::English));
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("review.html", include_str!("templates/review.html"))?;
    let listed = |finding: &Finding| {
        let at = &finding.location;
        let row = at.row.map(|row| row.to_string()).unwrap_or_default();
        context! { file => &at.file, row, column => &at.column, message => &finding.message, remedy => &finding.remedy }
    };
    let group = |group: &Group<'_>, reason: Option<&str>| {
        context! {
            rule => group.rule,
            severity => group.severity.name(),
            title => &group.title,
            count => group.findings.len(),
            reason,
            findings => group.findings.iter().map(|finding| listed(finding)).collect::<Vec<_>>(),
        }
    };
    let open: Vec<Value> = groups(&review.open, &site).iter().map(|found| group(found, None)).collect();
    let waived: Vec<Value> = groups(review.waived.iter().map(|waived| &waived.finding), &site)
        .iter()
        .map(|found| {
            let reason = review.waived.iter().find(|waived| waived.finding.rule == found.rule);
            group(found, reason.map(|waived| waived.reason.as_str()))
        })
        .collect();
    let files: Vec<Value> = sources
        .map(Sources::provenance)
        .into_iter()
        .flatten()
        .map(|(name, file)| context! { name, format => file.format.title(), rows => file.rows, sha256 => &file.sha256, notes => &file.notes })
        .collect();
    let count = |severity| review.open.iter().filter(|finding| finding.severity == severity).count();
    let css = include_str!("templates/review.css").replace("\r\n", "\n");
    let stylesheet = format!("\n{css}");
    let hash = STANDARD.encode(Sha256::digest(stylesheet.as_bytes()));
    let page = environment.get_template("review.html")?.render(context! {
        policy => Value::from_safe_string(format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")),
        stylesheet => Value::from_safe_string(stylesheet),
        id => plan.map(|plan| &plan.trial.id),
        title => plan.map(|plan| &plan.trial.title),
        synthetic => plan.is_some_and(|plan| plan.trial.synthetic),
        plan_file => plan.map(|plan| &plan.file_name),
        plan_sha256 => plan.map(|plan| &plan.sha256),
        version => env!("CARGO_PKG_VERSION"),
        errors => count(Severity::Error),
        warnings => count(Severity::Warning),
        notes => count(Severity::Note),
        n_waived => review.waived.len(),
        unused => &review.unused,
        open,
        waived,
        files,
    })?;
    // No control character of a data file reaches the page.
    Ok(page.replace(|c: char| c.is_control() && c != '\n', "\u{fffd}"))
}
