//! The operating characteristics of a plan as one HTML page that a protocol can cite: the methods in ADEMP order (Morris,
//! White & Crowther 2019), the truth, and every measure with its Monte Carlo standard error.

use super::terminal;
use crate::figure::{Figure, FigureError, Heading, Style, operating_characteristics as characteristics, zip_plot};
use crate::simulate::performance::{Intervals, Performance};
use std::collections::BTreeMap;

/// The measures of the page, in order, with their headings.
const MEASURES: [(&str, &str); 10] = [
    ("bias", "Bias"),
    ("empirical_se", "Empirical SE"),
    ("model_se", "Model SE"),
    ("coverage", "Coverage"),
    ("rejection", "Rejection"),
    ("claim_for", "Claims for active"),
    ("claim_against", "Claims against active"),
    ("mse", "Mean squared error"),
    ("relative_precision_percent", "Precision gained on the first, %"),
    ("mean_pairs", "Pairs"),
];

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:80rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}\
table{border-collapse:collapse;margin:1rem 0;width:100%}caption{text-align:left;font-weight:600;margin-bottom:.3rem}\
th,td{padding:.3rem .6rem;border-bottom:1px solid #ccc;text-align:right;font-variant-numeric:tabular-nums}\
th:first-child,td:first-child{text-align:left}small{color:#555}code{overflow-wrap:anywhere}.scroll{overflow-x:auto}\
figure{margin:1rem 0}figure svg{max-width:100%;height:auto}figcaption{font-size:.9em;color:#444}\
@media print{body{max-width:none;margin:0;font-size:11px}.scroll{overflow:visible}}pre{white-space:pre-wrap;background:#f6f6f6;padding:.6rem}";

/// What stands above the tables.
pub struct About<'a> {
    /// The identifier of the trial.
    pub trial: &'a str,
    /// The methods block.
    pub methods: &'a str,
    /// Hash of scenario, plan and program version.
    pub hash: &'a str,
    /// Replicates that are missing.
    pub missing: usize,
    /// The scenarios by name, as TOML.
    pub scenarios: &'a [(String, String)],
    /// Figures of the results.
    pub figures: &'a [Figure],
}

/// The figures of the page: bias, coverage and rejection over the scenarios, and the intervals of the first analysis of each.
///
/// # Errors
/// A figure that cannot be drawn.
pub fn figures(table: &[Performance], intervals: &[Intervals], alpha: f64) -> Result<Vec<Figure>, FigureError> {
    let style = Style::default();
    let mut rows: Vec<characteristics::Row> = Vec::new();
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for row in table {
        let key = (row.scenario.as_str(), row.id.as_str());
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        let of = |measure: &str| {
            let own =
                table.iter().find(|own| (own.scenario.as_str(), own.id.as_str()) == key && own.measure == measure)?;
            Some(characteristics::Measured { value: own.value?, mcse: own.mcse? })
        };
        let measures = ["bias", "coverage", "rejection"].map(of);
        rows.push(characteristics::Row { label: format!("{}: {}", row.scenario, row.id), measures });
    }
    let several = |key: &str, number: usize, of: usize, title: &str, note: &str| {
        let part = if of > 1 { format!(" ({} of {of})", number + 1) } else { String::new() };
        let notes = vec![note.to_owned()];
        let key = format!("{key}-{}", number + 1);
        Heading { footnotes: notes, ..Heading::new(&key, "", &format!("{title}{part}")) }
    };
    let mut found = Vec::new();
    let pages = rows.len().div_ceil(characteristics::MOST);
    for (number, page) in rows.chunks(characteristics::MOST).enumerate() {
        let note = "Bars: 1.96 Monte Carlo standard errors. Grey lines: no bias, the confidence level, the significance level; \
                    rejection is the type I error where the true difference is 0 and the power elsewhere.";
        let panel =
            |title: &str, reference| characteristics::Panel { title: title.to_owned(), reference: Some(reference) };
        let input = characteristics::OperatingCharacteristics {
            heading: several("scenarios", number, pages, "Bias, coverage and rejection", note),
            rows: page.to_vec(),
            panels: [panel("Bias", 0.0), panel("Coverage", 1.0 - alpha), panel("Rejection", alpha)],
        };
        found.push(characteristics::draw(&input, &style));
    }
    let panels: Vec<zip_plot::Panel> = intervals
        .iter()
        .map(|one| zip_plot::Panel {
            label: format!("{}: {}", one.scenario, one.id),
            truth: one.truth,
            intervals: one.intervals.clone(),
        })
        .collect();
    let pages = panels.len().div_ceil(zip_plot::MOST);
    for (number, page) in panels.chunks(zip_plot::MOST).enumerate() {
        let note = "Intervals in the order of |estimate − truth| / SE, at most 250 of a panel; those that miss the truth in colour. \
                    They should begin at the horizontal line.";
        let input = zip_plot::ZipPlot {
            heading: several("intervals", number, pages, "Confidence intervals of the replicates", note),
            panels: page.to_vec(),
            level: 1.0 - alpha,
            labels: ["Replicates, %".to_owned(), "Difference active − placebo; vertical line: the truth".to_owned()],
        };
        found.push(zip_plot::draw(&input, &style));
    }
    found.retain(|figure| !matches!(figure, Err(FigureError::Empty { .. })));
    found.into_iter().collect()
}

/// The page.
pub fn page(about: &About<'_>, table: &[Performance]) -> String {
    let title = format!("Operating characteristics of the analysis plan {}", about.trial);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta name=\"generator\" content=\"splitknee simulate\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\"><title>{0}</title><style>{STYLE}</style></head>\n<body>\n<h1>{0}</h1>\n",
        escaped(&title)
    );
    if about.missing > 0 {
        out += &format!("<p><strong>PARTIAL: {} replicates are missing.</strong></p>\n", about.missing);
    }
    out += "<h2>Methods</h2>\n";
    for (part, text) in ademp(about.methods) {
        out += &format!("<p><strong>{}</strong> {}</p>\n", escaped(part), escaped(text));
    }
    out += "<h2>Scenarios</h2>\n<p>What is true in the simulated trials; the knees of a patient have the correlation given.</p>\n";
    for (name, toml) in about.scenarios {
        out += &format!("<details><summary>{}</summary><pre>{}</pre></details>\n", escaped(name), escaped(toml.trim()));
    }
    out += "<h2>Results</h2>\n<p>Each number of the tables with its Monte Carlo standard error in parentheses. Rejection is the type I error \
            where the true difference is 0, and the power elsewhere.</p>\n";
    for figure in about.figures {
        let notes: String = figure.footnotes.iter().map(|note| format!(" {}", escaped(note))).collect();
        out += &format!(
            "<figure>{}<figcaption><strong>{}.</strong>{notes}</figcaption></figure>\n",
            figure.svg.trim_end(),
            escaped(&figure.title)
        );
    }
    // Rows of one scenario together, in the order of the table.
    let mut scenarios: Vec<&str> = Vec::new();
    for row in table {
        if !scenarios.contains(&row.scenario.as_str()) {
            scenarios.push(&row.scenario);
        }
    }
    for scenario in scenarios {
        out += &scenario_table(scenario, table.iter().filter(|row| row.scenario == scenario));
    }
    out += &format!(
        "<h2>Made by</h2>\n<p>splitknee {}; scenario, plan and program version SHA-256 <code>{}</code>. The numbers are in \
         <code>performance.json</code>; the same scenario and plan give the same bytes on any number of machines.</p>\n",
        env!("CARGO_PKG_VERSION"),
        escaped(about.hash)
    );
    out + "</body></html>\n"
}

/// The methods block in its parts: `Aims:`, `Data-generating mechanisms:` and so on.
fn ademp(methods: &str) -> Vec<(&'static str, &str)> {
    let heads = ["Aims:", "Data-generating mechanisms:", "Estimands:", "Methods:", "Performance measures:"];
    let starts: BTreeMap<usize, &'static str> =
        heads.into_iter().filter_map(|head| Some((methods.find(head)?, head))).collect();
    if starts.is_empty() {
        return vec![("", methods)];
    }
    let ends = starts.keys().skip(1).copied().chain([methods.len()]);
    let part = |((start, head), end): ((&usize, &&'static str), usize)| {
        (*head, methods.get(start + head.len()..end).unwrap_or_default().trim())
    };
    starts.iter().zip(ends).map(part).collect()
}

fn scenario_table<'a>(scenario: &str, rows: impl Iterator<Item = &'a Performance>) -> String {
    let rows: Vec<&Performance> = rows.collect();
    let mut analyses: Vec<&str> = Vec::new();
    for row in &rows {
        if !analyses.contains(&row.id.as_str()) {
            analyses.push(&row.id);
        }
    }
    let shown: Vec<(&str, &str)> =
        MEASURES.into_iter().filter(|(name, _)| rows.iter().any(|row| row.measure == *name)).collect();
    let mut out =
        format!("<div class=\"scroll\"><table>\n<caption>{}</caption>\n<tr><th>Analysis</th>", escaped(scenario));
    out += "<th>True difference</th>";
    shown.iter().for_each(|(_, heading)| out += &format!("<th>{heading}</th>"));
    out += "<th>Failed</th></tr>\n";
    for id in analyses {
        let own: Vec<&&Performance> = rows.iter().filter(|row| row.id == id).collect();
        let Some(first) = own.first() else { continue };
        let truth = first.truth.as_ref().map(|truth| truth.difference);
        out += &format!("<tr><td>{}</td><td>{}</td>", escaped(id), escaped(&terminal::optional(truth)));
        for (name, _) in &shown {
            let cell = own.iter().find(|row| row.measure == *name).map_or_else(String::new, |row| {
                let value = terminal::optional(row.value);
                match row.mcse {
                    Some(error) => format!("{} <small>({})</small>", escaped(&value), terminal::number(error)),
                    None => escaped(&value),
                }
            });
            out += &format!("<td>{cell}</td>");
        }
        let failed = own.iter().map(|row| row.failed).max().unwrap_or(0);
        out += &format!("<td>{failed} of {}</td></tr>\n", first.replicates + failed);
    }
    out + "</table></div>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
