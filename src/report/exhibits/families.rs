//! Several hypotheses, and several groups of patients: the decisions of the multiplicity procedure, and subgroups.

use super::figures::{forest_labels, heading_at, ids, mean_ci};
use super::shown::Shown;
use super::{Material, json};
use crate::analysis::verdict::waits_for_contrasts;
use crate::analysis::{Gate, subgroups};
use crate::figure::axis::Numbers;
use crate::figure::{Figure, FigureError, Style, forest};
use crate::plan::Objective;
use crate::table::{Align, Cell, ResultTable, rounding};

/// The decisions about the plan's family of hypotheses; `None` where the plan has no procedure.
pub fn multiplicity(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let procedure = words.name("procedure", material.plan.multiplicity.method.name());
    let procedure = [("method", procedure.as_str())];
    let title = words.say("table.multiplicity", &procedure);
    let mut table = ResultTable::new("t-14-2-0-multiplicity", number, title, material.population());
    let headers = ["visit", "p", "p_adjusted", "decision"].map(|key| words.get(&format!("table.{key}")));
    table.headers(words.get("table.endpoint"), headers);
    for record in material.outcomes.records.iter().filter(|record| record.result.method == "multiplicity") {
        let (Some(endpoint), Some(visit)) = (record.endpoint, record.visit) else { continue };
        let hypothesis = json(record, "hypothesis");
        let verdict = hypothesis.as_str().and_then(|id| material.record(id)).and_then(|record| record.verdict);
        let rejected = json(record, "rejected") == true;
        let decision = words.get(match (rejected, verdict.map(|verdict| verdict.gate)) {
            (true, Some(Gate::Closed)) if waits_for_contrasts(&material.outcomes.records) => {
                "table.gate_closed_contrasts"
            }
            (true, Some(Gate::Closed)) => "table.gate_closed",
            (true, _) => "table.rejected",
            (false, _) => "table.not_rejected",
        });
        let cells = vec![
            Cell::Text(material.visit(visit).to_owned()),
            Cell::PValue(record.result.p_value),
            Cell::PValue(record.p_adjusted),
            Cell::Text(decision),
        ];
        table.row(material.endpoint(endpoint).name.clone(), 0, cells, vec![record.id.clone()]);
    }
    for index in [1, 4] {
        table.columns[index].align = Align::Left;
    }
    let of_table: Vec<usize> = (0..material.plan.endpoints.len()).collect();
    table.footnotes.extend(of_hypotheses(material, &of_table));
    (!table.rows.is_empty()).then_some(table)
}

/// What the hypotheses of `endpoints` are, and which p-values enter the procedure.
pub fn of_hypotheses(material: &Material, endpoints: &[usize]) -> Vec<String> {
    let words = material.words;
    let of_objective = |endpoint: &usize| {
        let (written, about) = (material.plan.endpoints.get(*endpoint)?, material.endpoint(*endpoint));
        let margin = match written.objective {
            Objective::Superiority => return None,
            Objective::NonInferiority => written.non_inferiority_margin,
            Objective::Equivalence => about.margin,
        }?;
        let unit = if about.logarithm.is_some() { "" } else { &about.unit };
        let margin = format!("{margin} {unit}");
        let hypothesis = words.name("objective", written.objective.name());
        let values = [("endpoint", about.name.as_str()), ("hypothesis", &hypothesis), ("m", margin.trim())];
        Some(words.say("footnote.objective_p", &values))
    };
    let adjusts = material.outcomes.records.iter().any(|record| record.result.method == "multiplicity");
    let repeated = material.plan.interim.is_some() && adjusts;
    std::iter::once(words.get("footnote.multiplicity"))
        .chain(endpoints.iter().filter(|_| adjusts).filter_map(of_objective))
        .chain(repeated.then(|| words.get("footnote.repeated_p")))
        .collect()
}

/// The difference in every subgroup of patients, with the test of interaction; `None` where the plan has no subgroups.
pub fn subgroups(material: &Material, endpoint: usize, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let ratio = about.logarithm.is_some();
    let name = if ratio { material.compared_with_unit(endpoint) } else { material.name_with_unit(endpoint) };
    let key = match (ratio, about.rated) {
        (true, _) => "table.subgroups_ratio",
        (false, true) => "table.subgroups_rates",
        (false, false) => "table.subgroups",
    };
    let title = words.say(key, &[("endpoint", &name)]);
    let id = format!("t-{}-{}-subgroups", number.replace('.', "-"), material.key(endpoint));
    let mut table = ResultTable::new(&id, number, title, material.population());
    table.headers(
        words.get("table.subgroup"),
        ["pairs", "estimate", "ci", "p_interaction"].map(|key| words.get(&format!("table.{key}"))),
    );
    let mut factors: Vec<String> = Vec::new();
    let of = |record: &crate::analysis::Record| json(record, "factor").as_str().map(str::to_owned);
    let here = || material.outcomes.records.iter().filter(|record| record.endpoint == Some(endpoint));
    for record in here().filter(|record| record.result.method.starts_with("subgroup")) {
        factors.extend(of(record).filter(|factor| !factors.contains(factor)));
    }
    for factor in factors {
        table.group(super::populations::column_name(material, &factor));
        for record in here().filter(|record| of(record).as_deref() == Some(&factor)) {
            let result = &record.result;
            let shown = Shown::as_method(material, record, "paired-t");
            let unknown = result.number("not_known").unwrap_or(0.0) as usize;
            if result.method == "subgroup-interaction" && unknown > 0 {
                let cells = vec![Cell::Count(unknown), Cell::Empty, Cell::Empty, Cell::Empty];
                table.row(words.get("table.group_unknown"), 1, cells, vec![record.id.clone()]);
            }
            let (label, cells) = if result.method == "subgroup-interaction" {
                let cells = vec![Cell::Count(result.n_pairs), Cell::Empty, Cell::Empty, Cell::PValue(result.p_value)];
                (words.get("table.interaction"), cells)
            } else {
                let group = group_name(material, record, &factor);
                (group, vec![Cell::Count(result.n_pairs), shown.estimate(), shown.interval(), Cell::Empty])
            };
            table.row(label, 1, cells, vec![record.id.clone()]);
        }
    }
    table.footnotes.push(words.get(if about.rated { "footnote.subgroups_rates" } else { "footnote.subgroups" }));
    (!table.rows.is_empty()).then_some(table)
}

/// The subgroups as a forest, one block per factor with its test of interaction, on as many pages as they need; empty where
/// the plan has no subgroups.
///
/// # Errors
/// The drawing fails.
pub fn subgroup_forest(
    material: &Material,
    endpoint: usize,
    visit: usize,
    number: &str,
    style: &Style,
) -> Result<Vec<Figure>, FigureError> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let here = |record: &&crate::analysis::Record| {
        record.endpoint == Some(endpoint) && record.visit == Some(visit) && record.result.method.starts_with("subgroup")
    };
    let found: Vec<&crate::analysis::Record> = material.outcomes.records.iter().filter(here).collect();
    let mut blocks: Vec<(String, forest::Block)> = Vec::new();
    for record in &found {
        let factor = super::word(record, "factor").unwrap_or_default();
        if blocks.last().is_none_or(|(last, _)| last != factor) {
            let label = super::populations::column_name(material, factor);
            let block = forest::Block {
                label,
                rows: Vec::new(),
                mcid: about.important(),
                better: about.better,
                decimals: about.decimals + 1,
                numbers: if about.rated { Numbers::LogRatios } else { material.numbers(endpoint) },
            };
            blocks.push((factor.to_owned(), block));
        }
        let Some((_, block)) = blocks.last_mut() else { continue };
        if record.result.method == "subgroup-interaction" {
            let name = [("factor", block.label.clone())];
            let mut values: Vec<(&str, &str)> = name.iter().map(|(key, value)| (*key, value.as_str())).collect();
            let p = record.result.p_value.map(rounding::p_value);
            values.extend(p.as_deref().map(|p| ("p", p)));
            let key = if p.is_some() { "figure.subgroups_interaction" } else { "figure.subgroups_no_interaction" };
            let label = words.say(key, &values);
            block.label = label;
        } else {
            let label = group_name(material, record, factor);
            block.rows.push(forest::Row { label, difference: mean_ci(Some(record)), primary: false });
        }
    }
    let mut blocks: Vec<forest::Block> = blocks.into_iter().map(|(_, block)| block).collect();
    // A factor without an estimate has no axis; the table says what it has.
    blocks.retain(|block| block.rows.iter().any(|row| row.difference.mean.is_some()));
    if blocks.is_empty() {
        return Ok(Vec::new());
    }
    let heading = heading_at(material, endpoint, visit, number, "subgroups").over(ids(found));
    let mut labels = forest_labels(material, endpoint);
    if about.rated {
        labels.estimate = words.get("figure.estimate_ratio");
    }
    let input = forest::Forest { heading, blocks, labels };
    forest::paginate(&input).iter().map(|page| forest::draw(page, style)).collect()
}

/// The group of a subgroup record; groups between cut points are named in the language of the report.
fn group_name(material: &Material, record: &crate::analysis::Record, factor: &str) -> String {
    let cut = material.plan.subgroups.iter().find(|known| known.label.as_deref().unwrap_or(&known.column) == factor);
    let order = record.result.number("order").map_or(0, |order| order as usize);
    let between = cut.and_then(|factor| subgroups::groups(factor).into_iter().nth(order.saturating_sub(1)));
    match between {
        Some(note) => material.words.note(&note),
        None => json(record, "group").as_str().unwrap_or_default().to_owned(),
    }
}
