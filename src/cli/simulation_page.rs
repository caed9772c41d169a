//! The operating characteristics of a plan as one HTML page that a protocol can cite: the methods in ADEMP order (Morris,
//! White & Crowther 2019), the truth, and every measure with its Monte Carlo standard error.

use super::terminal;
use crate::simulate::performance::Performance;
use std::collections::BTreeMap;

/// The measures of the page, in order, with their headings.
const MEASURES: [(&str, &str); 9] = [
    ("bias", "Bias"),
    ("empirical_se", "Empirical SE"),
    ("model_se", "Model SE"),
    ("coverage", "Coverage"),
    ("rejection", "Rejection"),
    ("claim_for", "Claims for active"),
    ("claim_against", "Claims against active"),
    ("mse", "Mean squared error"),
    ("mean_pairs", "Pairs"),
];

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:80rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}\
table{border-collapse:collapse;margin:1rem 0;width:100%}caption{text-align:left;font-weight:600;margin-bottom:.3rem}\
th,td{padding:.3rem .6rem;border-bottom:1px solid #ccc;text-align:right;font-variant-numeric:tabular-nums}\
th:first-child,td:first-child{text-align:left}small{color:#555}code{overflow-wrap:anywhere}.scroll{overflow-x:auto}\
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
    out += "<h2>Results</h2>\n<p>Each figure with its Monte Carlo standard error in parentheses. Rejection is the type I error \
            where the true difference is 0, and the power elsewhere.</p>\n";
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
