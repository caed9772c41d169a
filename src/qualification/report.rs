//! The qualification report as text, JSON and HTML.

use super::{Check, NAMES, Qualification};
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

/// The account of one case.
struct CaseSummary<'a> {
    name: &'a str,
    description: &'a str,
    packages: Vec<String>,
    passed: usize,
    failed: usize,
    /// Largest difference, as a share of its tolerance.
    largest: f64,
}

fn by_case(qualification: &Qualification) -> Vec<CaseSummary<'_>> {
    let mut cases = Vec::new();
    for about in &qualification.cases {
        let name = about.name;
        let own: Vec<&Check> = qualification.checks.iter().filter(|check| check.case == name).collect();
        let passed = own.iter().filter(|check| check.pass).count();
        let mut packages: Vec<String> =
            own.iter().map(|check| package(check)).filter(|name| !name.is_empty()).collect();
        packages.sort();
        packages.dedup();
        let share = |check: &&Check| check.difference.filter(|_| check.tolerance > 0.0).map(|d| d / check.tolerance);
        let largest = own.iter().filter_map(share).fold(0.0, f64::max);
        cases.push(CaseSummary {
            name,
            description: &about.description,
            packages,
            passed,
            failed: own.len() - passed,
            largest,
        });
    }
    cases
}

fn package(check: &Check) -> String {
    format!("{} {}", check.package, check.version).trim().to_owned()
}

fn verdict(failed: usize) -> &'static str {
    if failed == 0 { "PASS" } else { "FAIL" }
}

/// One line per case: what passes and what fails.
pub fn summary(qualification: &Qualification) -> String {
    let mut text = heading(qualification);
    for case in by_case(qualification) {
        text.push_str(&format!(
            "{}  {:<20} {:>5} reproduced {:>4} not\n",
            verdict(case.failed),
            case.name,
            case.passed,
            case.failed
        ));
    }
    for check in qualification.checks.iter().filter(|check| !check.pass) {
        text.push_str(&format!("FAIL  {} {} {}\n", check.case, check.id, line(check)));
    }
    text.push_str(&conclusion(qualification));
    text
}

/// Every check in a line, under the result of the other package it comes from.
pub fn text(qualification: &Qualification) -> String {
    let mut text = heading(qualification);
    for ((case, id), checks) in by_reference(qualification) {
        let first = checks[0];
        text.push_str(&format!("{case} {id}\n  {}: {}\n", package(first), first.call));
        for check in checks {
            text.push_str(&format!("  {}  {}\n", verdict(usize::from(!check.pass)), line(check)));
        }
    }
    text.push_str("\nNot compared\n");
    for left in qualification.left_out.iter().chain(&qualification.tests_only) {
        text.push_str(&format!("  {} {} ({}): {}\n", left.case, left.id, left.package, left.reason));
    }
    text.push_str(&conclusion(qualification));
    text
}

fn heading(qualification: &Qualification) -> String {
    let mut text = format!("splitknee {} on {}: qualification\n", qualification.splitknee, qualification.machine);
    if let Some(sha256) = &qualification.executable_sha256 {
        text.push_str(&format!("Executable: SHA-256 {sha256}\n"));
    }
    text + "\n"
}

fn conclusion(qualification: &Qualification) -> String {
    format!(
        "\n{}: {} of {} reference values reproduced\n",
        verdict(qualification.failed),
        qualification.passed,
        qualification.checks.len()
    )
}

fn line(check: &Check) -> String {
    if check.expected.is_none() {
        return check.figure.clone();
    }
    format!(
        "{}: expected {}, obtained {}, difference {}, tolerance {:.0e}",
        check.figure,
        number(check.expected),
        number(check.obtained),
        difference(check),
        check.tolerance
    )
}

fn number(value: Option<f64>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(value) if value == 0.0 || (1e-4..1e9).contains(&value.abs()) => value.to_string(),
        Some(value) => format!("{value:e}"),
    }
}

fn difference(check: &Check) -> String {
    match check.difference {
        None => "–".to_owned(),
        Some(0.0) => "0".to_owned(),
        Some(value) => format!("{value:.1e}"),
    }
}

/// The checks under the result they come from, in the order of the cases.
fn by_reference(qualification: &Qualification) -> Vec<((&str, &str), Vec<&Check>)> {
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut groups: Vec<((&str, &str), Vec<&Check>)> = Vec::new();
    for check in &qualification.checks {
        let key = (check.case.as_str(), check.id.as_str());
        let place = *places.entry(key).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(check);
    }
    groups
}

const STYLE: &str = "
@page{size:A4;margin:18mm 15mm}
body{font:10pt/1.45 'Liberation Sans',Arial,sans-serif;color:#111;max-width:60em;margin:2em auto;padding:0 1em}
h1{font-size:17pt;margin:0 0 .2em}h2{font-size:12.5pt;margin:2em 0 .5em;border-bottom:1.5px solid #111;padding-bottom:.15em}
table{border-collapse:collapse;width:100%;margin:.5em 0}caption{text-align:left;font-weight:bold;padding:.2em 0}
th,td{text-align:left;vertical-align:top;padding:.18em .5em;border-bottom:1px solid #ccc}
th{border-bottom:1px solid #111}thead{display:table-header-group}tr{break-inside:avoid}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.facts th{width:13em;border-bottom:1px solid #ccc;font-weight:normal;color:#444}
.overview td:first-child{width:38%}.why td:first-child{width:30%}
.sign td,.sign th{height:2.4em;border:1px solid #888}
code{font:8.5pt/1.3 'Liberation Mono',monospace;overflow-wrap:anywhere}
.result{border:1.5px solid;padding:.5em .8em;margin:1.2em 0;font-size:11pt}
.PASS{color:#0a5c2b}.FAIL{color:#b00020;font-weight:bold}
details{margin:.4em 0}summary{cursor:pointer;padding:.25em 0}
tr.source td{background:#f2f2f2;border-bottom:1px solid #bbb}
@media print{body{margin:0;max-width:none}}
";

/// A page that opens offline and prints with its head rows on every page.
pub fn html(qualification: &Qualification) -> String {
    let word = verdict(qualification.failed);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Qualification of splitknee {version}</title>\n\
         <style>{STYLE}</style></head><body>\n<h1>Installation and operational qualification</h1>\n\
         <p>splitknee {version}, analysis of split-knee randomised trials</p>\n\
         <p class=\"result {word}\"><strong>{word}</strong>: {} of {} reference values reproduced on this machine.</p>\n",
        qualification.passed,
        qualification.checks.len(),
        version = qualification.splitknee,
    );
    facts(&mut page, qualification);
    page.push_str(
        "<h2>1 How to read this report</h2>\n<p>Each reference value was computed by the package named, with the call \
         shown, on data carried in the program; the program has just recomputed it from those data. <em>Difference</em> \
         is relative to the expected value; absolute where 0 is expected; on the scale of the standard error where an \
         estimate may be near 0. A value passes where the difference is at most the tolerance, which was fixed \
         beforehand. A line without numbers is a statement that must hold, for instance that degenerate data are refused \
         where the package refuses them. This report says that the program computes these values on this machine as \
         other software did. It says nothing about a particular trial, its plan or its data.</p>\n",
    );
    overview(&mut page, qualification);
    failures(&mut page, qualification);
    not_compared(&mut page, qualification);
    annex(&mut page, qualification);
    page.push_str("</body></html>\n");
    page
}

fn facts(page: &mut String, qualification: &Qualification) {
    let executable = qualification.executable_sha256.as_deref().unwrap_or("not read");
    page.push_str(&format!(
        "<table class=\"facts\"><tbody>\n<tr><th>Program</th><td>splitknee {}</td></tr>\n\
         <tr><th>Executable, SHA-256</th><td><code>{}</code></td></tr>\n<tr><th>Machine</th><td>{}</td></tr>\n\
         <tr><th>Command</th><td><code>splitknee validate --out FOLDER</code></td></tr>\n</tbody></table>\n\
         <table class=\"sign\"><thead><tr><th></th><th>Name</th><th>Date</th><th>Signature</th></tr></thead><tbody>\
         <tr><th>Performed by</th><td></td><td></td><td></td></tr>\
         <tr><th>Reviewed by</th><td></td><td></td><td></td></tr></tbody></table>\n",
        qualification.splitknee,
        escape(executable),
        escape(&qualification.machine),
    ));
}

fn overview(page: &mut String, qualification: &Qualification) {
    page.push_str(
        "<h2>2 Overview</h2>\n<table class=\"overview\"><thead><tr><th>Data set</th><th>Software</th><th class=\"n\">Values</th>\
         <th class=\"n\">Failed</th><th class=\"n\">Largest,<br>% of tolerance</th><th>Result</th></tr></thead><tbody>\n",
    );
    for case in by_case(qualification) {
        let word = verdict(case.failed);
        page.push_str(&format!(
            "<tr><td><strong>{}</strong><br>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{:.0}</td><td class=\"{word}\">{word}</td></tr>\n",
            escape(case.name),
            escape(case.description),
            escape(&case.packages.join(", ")),
            case.passed + case.failed,
            case.failed,
            100.0 * case.largest,
        ));
    }
    page.push_str("</tbody></table>\n");
}

fn failures(page: &mut String, qualification: &Qualification) {
    page.push_str("<h2>3 Values that fail</h2>\n");
    if qualification.failed == 0 {
        page.push_str("<p>None.</p>\n");
        return;
    }
    page.push_str("<ul>\n");
    for check in qualification.checks.iter().filter(|check| !check.pass) {
        let place = format!("{} {}", check.case, check.id);
        page.push_str(&format!("<li class=\"FAIL\">{}: {}</li>\n", escape(&place), escape(&line(check))));
    }
    page.push_str("</ul>\n");
}

fn not_compared(page: &mut String, qualification: &Qualification) {
    page.push_str(
        "<h2>4 What is not compared here</h2>\n<p>Compared by the test suite of the project only:</p>\n\
         <table><thead><tr><th>What</th><th>Software</th><th>Why not here</th></tr></thead><tbody>\n",
    );
    for left in &qualification.tests_only {
        let cells = [&left.case, &left.package, &left.reason].map(|cell| format!("<td>{}</td>", escape(cell)));
        page.push_str(&format!("<tr>{}</tr>\n", cells.concat()));
    }
    page.push_str("</tbody></table>\n");
    let mut reasons: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for left in &qualification.left_out {
        reasons.entry(&left.reason).or_default().entry(&left.case).or_default().push(&left.id);
    }
    page.push_str(&format!(
        "<details><summary>Results of these data sets left out, by reason ({})</summary>\n<table class=\"why\"><tbody>\n",
        qualification.left_out.len()
    ));
    for (reason, cases) in reasons {
        let lists: Vec<String> = cases
            .iter()
            .map(|(case, ids)| format!("<strong>{}</strong> <code>{}</code>", escape(case), escape(&ids.join(", "))))
            .collect();
        page.push_str(&format!("<tr><td>{}</td><td>{}</td></tr>\n", escape(reason), lists.join("<br>")));
    }
    page.push_str("</tbody></table></details>\n");
}

fn annex(page: &mut String, qualification: &Qualification) {
    page.push_str("<h2>Annex: every value</h2>\n");
    let groups = by_reference(qualification);
    for name in NAMES {
        let own: Vec<_> = groups.iter().filter(|((case, _), _)| *case == name).collect();
        let figures: usize = own.iter().map(|(_, checks)| checks.len()).sum();
        page.push_str(&format!(
            "<details><summary>{} ({figures} values)</summary>\n<table><thead><tr><th>Figure</th><th class=\"n\">Expected</th>\
             <th class=\"n\">Obtained</th><th class=\"n\">Difference</th><th class=\"n\">Tolerance</th><th>Result</th></tr></thead><tbody>\n",
            escape(name)
        ));
        for ((_, id), checks) in own {
            let first = checks[0];
            page.push_str(&format!(
                "<tr class=\"source\"><td colspan=\"6\">{}, {}<br><code>{}</code></td></tr>\n",
                escape(id),
                escape(&package(first)),
                escape(&first.call)
            ));
            for check in checks {
                row(page, check);
            }
        }
        page.push_str("</tbody></table></details>\n");
    }
}

fn row(page: &mut String, check: &Check) {
    let word = verdict(usize::from(!check.pass));
    let figure = escape(&check.figure);
    if check.expected.is_none() {
        page.push_str(&format!("<tr><td colspan=\"5\">{figure}</td><td class=\"{word}\">{word}</td></tr>\n"));
        return;
    }
    page.push_str(&format!(
        "<tr><td>{figure}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
         <td class=\"n\">{:.0e}</td><td class=\"{word}\">{word}</td></tr>\n",
        number(check.expected),
        number(check.obtained),
        difference(check),
        check.tolerance,
    ));
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
