//! All secondary endpoints in one table: patients, means of both arms, the difference with its interval, p-values, and
//! what is claimed.

use super::shown::ratio_decimals;
use super::{Material, json, models, tables};
use crate::analysis::verdict::waits_for_contrasts;
use crate::analysis::{Claim, Interval, Ratio, Record, Scale, Verdict, Withheld};
use crate::report::sentences;
use crate::table::{Align, Cell, ResultTable};
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{Kind, Measure};

/// The table; `None` where every endpoint is primary.
pub fn table(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let primary = material.primary_endpoints();
    let others = (0..material.trial.design.endpoints.len()).filter(|endpoint| !primary.contains(endpoint));
    let mut rows: [Vec<&Record>; 3] = Default::default();
    for endpoint in others {
        for visit in material.trial.design.follow_up(material.endpoint(endpoint)) {
            if let Some(record) = material.outcomes.deciding(endpoint, visit) {
                rows[group(material, record)].push(record);
            }
        }
    }
    let adjusted = rows.iter().flatten().any(|record| record.p_adjusted.is_some());
    let title = words.get("table.secondary");
    let mut table = ResultTable::new("t-14-2-secondary", number, title, material.population());
    let arms = &material.trial.design.arms;
    let mut headers = vec![words.get("table.n"), arms.active.clone(), arms.placebo.clone()];
    headers.extend(["estimate", "ci", "p"].map(|key| words.get(&format!("table.{key}"))));
    headers.extend(adjusted.then(|| words.get("table.p_adjusted")));
    headers.push(words.get("table.claim"));
    table.headers(words.get("table.endpoint"), headers);
    if let Some(last) = table.columns.last_mut() {
        last.align = Align::Left;
    }
    for (records, name) in rows.iter().zip(["scores", "ratios", "shares"]) {
        let mut last = None;
        for record in records {
            let name = if is_rate(record) { "rates" } else { name };
            if last != record.endpoint {
                last = record.endpoint;
                let about = last.map(|endpoint| material.compared_with_unit(endpoint)).unwrap_or_default();
                // A ratio of geometric means has said so in its name.
                let said = of_means(record).then(|| about.clone());
                let group =
                    said.unwrap_or_else(|| words.say(&format!("table.secondary_{name}"), &[("endpoint", &about)]));
                table.group(group);
            }
            row(material, record, adjusted, &mut table);
        }
    }
    if table.rows.is_empty() {
        return None;
    }
    table.footnotes.push(words.get("footnote.secondary"));
    let is_time =
        |record: &Record| record.endpoint.is_some_and(|endpoint| material.endpoint(endpoint).kind == Kind::Survival);
    if rows.iter().flatten().any(|record| is_time(record)) {
        let values = [("active", arms.active.as_str()), ("placebo", &arms.placebo)];
        table.footnotes.push(words.say("footnote.secondary_times", &values));
    }
    let rates = rows[1].iter().any(|record| is_rate(record));
    table.footnotes.extend(rates.then(|| words.get("footnote.secondary_rates")));
    let adjusted = rows[0].iter().any(|r| r.endpoint.is_some_and(|e| models::baseline_adjusted(material, e)));
    table.footnotes.extend(adjusted.then(|| words.get("footnote.secondary_adjusted")));
    let ratios = rows[1].iter().any(|record| of_means(record));
    table.footnotes.extend(ratios.then(|| words.get("footnote.secondary_ratio")));
    let endpoints: Vec<usize> = rows.iter().flatten().filter_map(|record| record.endpoint).collect();
    table.footnotes.extend(super::families::of_hypotheses(material, &endpoints));
    Some(table)
}

/// Which block a comparison belongs to: differences of scores, ratios, differences of shares.
pub fn group(material: &Material, record: &Record) -> usize {
    let kind = record.endpoint.map(|endpoint| material.endpoint(endpoint).kind);
    match (Scale::of(&record.result).is_some_and(Scale::is_ratio), kind) {
        (true, _) => 1,
        (false, Some(Kind::Binary)) => 2,
        _ => 0,
    }
}

/// Whether a comparison is a ratio of rates.
fn is_rate(record: &Record) -> bool {
    Scale::of(&record.result) == Some(Scale::Log(Ratio::Rates))
}

/// Whether the numbers of a comparison are logarithms of the ratios that are printed.
pub fn is_log(record: &Record) -> bool {
    Scale::of(&record.result).is_some_and(|scale| scale.ratio().is_some())
}

fn row(material: &Material, record: &Record, adjusted: bool, table: &mut ResultTable) {
    let (Some(endpoint), Some(visit)) = (record.endpoint, record.visit) else { return };
    let result = &record.result;
    let place = group(material, record);
    let shown = |value: Option<f64>| if is_log(record) { value.map(f64::exp) } else { value };
    let decimals = match place {
        1 if of_means(record) => ratio_decimals(shown(result.conf_low), shown(result.conf_high)),
        1 => 2,
        _ => tables::decimals(material, endpoint, result.method).0,
    };
    // The time to an event belongs to no visit: its line says what is compared.
    let label = match material.endpoint(endpoint).kind {
        Kind::Survival => tables::method_name(material, result.method),
        _ => material.visit(visit).to_owned(),
    };
    let [active, placebo] = means(material, record, endpoint, visit);
    let mut ids = vec![record.id.clone()];
    ids.extend(models::means_at(material, endpoint, visit).into_iter().flatten().map(|record| record.id.clone()));
    let mut cells = vec![
        Cell::Count(tables::patients(record)),
        active,
        placebo,
        Cell::Number(shown(result.estimate), decimals),
        Cell::Interval(shown(result.conf_low), shown(result.conf_high), decimals),
        Cell::PValue(result.p_value),
    ];
    cells.extend(adjusted.then(|| record.p_adjusted.map_or(Cell::Empty, |p| Cell::PValue(Some(p)))));
    cells.push(Cell::Text(record.verdict.map_or_else(String::new, |verdict| claim(material, &verdict))));
    let shares = material.endpoint(endpoint).kind == Kind::Binary && matches!(cells[1], Cell::CountPercent(..));
    let times = material.endpoint(endpoint).kind == Kind::Survival;
    if times {
        let curves = [ACTIVE, PLACEBO].into_iter().filter_map(|arm| super::survival::curve_of(material, endpoint, arm));
        ids.extend(curves.map(|curve| curve.id.clone()));
    }
    table.row(label, 1, cells, ids);
    if shares {
        table.named(["", "n_yes_treated percent_yes_treated", "n_yes_control percent_yes_control"]);
    }
    if times {
        table.named(["", "n_events", "n_events"]);
    }
}

/// What stands for each arm: the LS means of the deciding model, else the means that are compared; shares of yes-or-no
/// endpoints; nothing for grades, whose numbers are in the annex.
fn means(material: &Material, record: &Record, endpoint: usize, visit: usize) -> [Cell; 2] {
    let about = material.endpoint(endpoint);
    if of_means(record) {
        return geometric_means(material, record, endpoint, visit);
    }
    if let (Some(means), false) = (models::means_at(material, endpoint, visit), is_log(record)) {
        return means.map(|mean| Cell::Number(mean.result.estimate, about.decimals + 1));
    }
    match about.kind {
        Kind::Continuous | Kind::Count if !is_log(record) => {
            let arms = &material.trial.design.arms;
            [&arms.active, &arms.placebo].map(|arm| {
                let found = material.outcomes.description(endpoint, visit, record.measure, Some(arm));
                Cell::Number(found.and_then(|found| found.result.estimate), about.decimals + 1)
            })
        }
        Kind::Survival => [ACTIVE, PLACEBO].map(|arm| {
            let curve = super::survival::curve_of(material, endpoint, arm);
            curve.map_or(Cell::Empty, |curve| Cell::CountPercent(super::count(curve, "n_events"), curve.result.n_pairs))
        }),
        // The mean rates that are compared, else the pooled ones; the mean count where there is no exposure.
        Kind::Count if is_rate(record) => {
            let arms = &material.trial.design.arms;
            [&arms.active, &arms.placebo].map(|arm| {
                let found = material.outcomes.description(endpoint, visit, Measure::Value, Some(arm));
                let described = |name: &str| found.and_then(|found| found.result.number(name));
                let own = if arm == &arms.active { "rate_treated" } else { "rate_control" };
                let rate = record.result.number(own).or_else(|| described("rate"));
                let rate = rate.or_else(|| found.and_then(|found| found.result.estimate));
                Cell::Number(rate, if about.exposure.is_some() { 3 } else { about.decimals + 1 })
            })
        }
        Kind::Binary if record.measure == Measure::Value && json(record, "a").is_number() => {
            ["n_yes_treated", "n_yes_control"].map(|name| {
                let yes = record.result.number(name).map_or(0, |count| count as usize);
                Cell::CountPercent(yes, record.result.n_pairs)
            })
        }
        _ => [Cell::Empty, Cell::Empty],
    }
}

/// Whether the ratio is one of geometric means.
fn of_means(record: &Record) -> bool {
    Scale::of(&record.result) == Some(Scale::Log(Ratio::Means))
}

/// The geometric means of both arms: from the deciding model, else as described.
fn geometric_means(material: &Material, record: &Record, endpoint: usize, visit: usize) -> [Cell; 2] {
    let about = material.endpoint(endpoint);
    let arms = &material.trial.design.arms;
    // A fold change is a ratio, with the decimals of one.
    let decimals = if record.measure == Measure::Change { 2 } else { about.decimals + 1 };
    let cell = |found: Option<&Record>| {
        let mean = found.and_then(|found| found.result.number("geometric_mean"));
        Cell::Number(mean, decimals)
    };
    match models::means_at(material, endpoint, visit) {
        Some(means) => means.map(|mean| cell(Some(mean))),
        None => [&arms.active, &arms.placebo]
            .map(|arm| cell(material.outcomes.description(endpoint, visit, record.measure, Some(arm)))),
    }
}

/// What may be claimed of a comparison, in a few words.
pub fn claim(material: &Material, verdict: &Verdict) -> String {
    let words = material.words;
    let name = match (verdict.claim, verdict.withheld, verdict.interval) {
        (Claim::Superior, ..) if sentences::exploratory(material, verdict).is_some() => "superior_exploratory",
        (Claim::Superior, ..) => "superior",
        (Claim::Inferior, ..) => "inferior",
        (Claim::Equivalent, ..) => "equivalent",
        (Claim::NonInferior, ..) => "non_inferior",
        (Claim::None, Some(Withheld::Gate), Interval::FavoursActive | Interval::FavoursPlacebo) => {
            if waits_for_contrasts(&material.outcomes.records) {
                "withheld_gate_contrasts"
            } else {
                "withheld_gate"
            }
        }
        (Claim::None, Some(Withheld::Family), Interval::FavoursActive | Interval::FavoursPlacebo) => "withheld_family",
        (Claim::None, Some(Withheld::Exploratory), Interval::FavoursActive | Interval::FavoursPlacebo) => {
            "withheld_exploratory"
        }
        (Claim::None, Some(Withheld::Objective), _) => "withheld_objective",
        (Claim::None, Some(Withheld::Overdispersed), Interval::FavoursActive | Interval::FavoursPlacebo) => {
            "withheld_overdispersed"
        }
        (Claim::None, Some(_), Interval::FavoursActive | Interval::FavoursPlacebo) => "withheld",
        (Claim::None, _, Interval::Undefined) => "not_assessed",
        (Claim::None, ..) => "not_demonstrated",
    };
    words.get(&format!("claim.{name}"))
}
