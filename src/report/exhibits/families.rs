//! Several hypotheses, and several groups of patients: the decisions of the multiplicity procedure, and subgroups.

use super::{Material, json};
use crate::analysis::{Gate, subgroups};
use crate::table::{Align, Cell, ResultTable};

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
    table.footnotes.push(words.get("footnote.multiplicity"));
    (!table.rows.is_empty()).then_some(table)
}

/// The difference in every subgroup of patients, with the test of interaction; `None` where the plan has no subgroups.
pub fn subgroups(material: &Material, endpoint: usize, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let title = words.say("table.subgroups", &[("endpoint", &material.name_with_unit(endpoint))]);
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
            let d = about.decimals + 1;
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
                let interval = Cell::Interval(result.conf_low, result.conf_high, d);
                (group, vec![Cell::Count(result.n_pairs), Cell::Number(result.estimate, d), interval, Cell::Empty])
            };
            table.row(label, 1, cells, vec![record.id.clone()]);
        }
    }
    table.footnotes.push(words.get("footnote.subgroups"));
    (!table.rows.is_empty()).then_some(table)
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
