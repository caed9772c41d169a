//! The qualification report as text, JSON and HTML.

use super::{Check, Qualification};
use std::collections::BTreeMap;

/// The report as files: name and content.
///
/// # Errors
/// Never in practice: the document holds only text and numbers.
pub fn files(qualification: &Qualification) -> Result<[(&'static str, String); 3], serde_json::Error> {
    Ok([
        ("qualification.html", html(qualification)),
        ("qualification.json", format!("{}\n", serde_json::to_string_pretty(qualification)?)),
        ("qualification.txt", text(qualification)),
    ])
}

/// One line per case: what passes and what fails.
pub fn summary(qualification: &Qualification) -> String {
    let mut cases: BTreeMap<&str, (usize, usize, f64)> = BTreeMap::new();
    for check in &qualification.checks {
        let case = cases.entry(check.case).or_default();
        case.0 += usize::from(check.pass);
        case.1 += usize::from(!check.pass);
        case.2 = case.2.max(check.difference.unwrap_or(f64::INFINITY));
    }
    let mut text = heading(qualification);
    for (case, (passed, failed, largest)) in cases {
        let word = if failed == 0 { "PASS" } else { "FAIL" };
        text.push_str(&format!(
            "{word}  {case:<20} {passed:>4} passed {failed:>4} failed  largest difference {largest:.1e}\n"
        ));
    }
    for check in qualification.checks.iter().filter(|check| !check.pass) {
        text.push_str(&format!("FAIL  {}\n", line(check)));
    }
    text.push_str(&conclusion(qualification));
    text
}

/// Every check in a line.
pub fn text(qualification: &Qualification) -> String {
    let mut text = heading(qualification);
    for check in &qualification.checks {
        text.push_str(&format!("{}  {}\n", word(check), line(check)));
        text.push_str(&format!("      {} {}: {}\n", check.package, check.version, check.call));
    }
    text.push_str(&conclusion(qualification));
    text
}

fn heading(qualification: &Qualification) -> String {
    format!("splitknee {} on {}: qualification\n\n", qualification.splitknee, qualification.machine)
}

fn conclusion(qualification: &Qualification) -> String {
    let word = if qualification.failed == 0 { "PASS" } else { "FAIL" };
    format!("\n{word}: {} of {} reference values reproduced\n", qualification.passed, qualification.checks.len())
}

fn word(check: &Check) -> &'static str {
    if check.pass { "PASS" } else { "FAIL" }
}

fn line(check: &Check) -> String {
    format!(
        "{} {} {}: expected {}, obtained {}, difference {}, tolerance {:.0e}",
        check.case,
        check.id,
        check.figure,
        check.expected,
        obtained(check),
        difference(check),
        check.tolerance
    )
}

fn obtained(check: &Check) -> String {
    check.obtained.map_or_else(|| "nothing".to_owned(), |value| value.to_string())
}

fn difference(check: &Check) -> String {
    check.difference.map_or_else(|| "–".to_owned(), |value| format!("{value:.1e}"))
}

/// A page that opens offline and prints with its head row on every page.
pub fn html(qualification: &Qualification) -> String {
    let mut page = String::from(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Qualification of splitknee</title>\n<style>\n\
         body{font:14px/1.4 sans-serif;margin:2em;color:#111}table{border-collapse:collapse;width:100%}\n\
         th,td{text-align:left;vertical-align:top;padding:.2em .6em;border-bottom:1px solid #ccc}\n\
         td.n{text-align:right;font-variant-numeric:tabular-nums}code{font-size:12px}.FAIL{color:#b00020;font-weight:bold}\n\
         thead{display:table-header-group}tr{break-inside:avoid}\n</style></head><body>\n",
    );
    page.push_str(&format!(
        "<h1>Qualification of splitknee {}</h1>\n<p>Machine: {}. {} of {} reference values reproduced: <strong class=\"{word}\">{word}</strong>.</p>\n\
         <p>Each value was computed by the package named, with the call shown, on the data set of the same name; the program \
         recomputed it from those data. The difference is relative to the expected value.</p>\n",
        qualification.splitknee,
        escape(&qualification.machine),
        qualification.passed,
        qualification.checks.len(),
        word = if qualification.failed == 0 { "PASS" } else { "FAIL" },
    ));
    page.push_str(
        "<table><thead><tr><th>Data set</th><th>Reference</th><th>Figure</th><th>Expected</th><th>Obtained</th>\
         <th>Difference</th><th>Tolerance</th><th>Result</th></tr></thead><tbody>\n",
    );
    for check in &qualification.checks {
        page.push_str(&format!(
            "<tr><td>{}</td><td>{}<br>{} {}<br><code>{}</code></td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td><td class=\"n\">{:.0e}</td><td class=\"{word}\">{word}</td></tr>\n",
            escape(check.case),
            escape(&check.id),
            escape(&check.package),
            escape(&check.version),
            escape(&check.call),
            escape(&check.figure),
            check.expected,
            obtained(check),
            difference(check),
            check.tolerance,
            word = word(check),
        ));
    }
    page.push_str("</tbody></table>\n</body></html>\n");
    page
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
