//! What the within-person design itself has to show: the correlation between the knees and what pairing gains, patients
//! with one usable knee, and the numbers a meta-analysis of paired trials needs.

use super::shown::Shown;
use super::{Material, json};
use crate::table::{Cell, ResultTable};
use crate::trial::Kind;

/// The correlation between the knees at every visit, and what pairing gains.
pub fn correlation(material: &Material, number: &str) -> ResultTable {
    let words = material.words;
    let mut table =
        ResultTable::new("t-14-5-1-correlation", number, words.get("table.correlation"), material.population());
    let headers = ["pairs", "r", "ci", "sd_diff", "variance_ratio"].map(|key| words.get(&format!("table.{key}")));
    table.headers(words.get("table.endpoint"), headers);
    for (endpoint, about) in material.trial.design.endpoints.iter().enumerate() {
        // Counts with an exposure are not alike as they stand.
        if about.exposure.is_some() {
            continue;
        }
        if about.kind == Kind::Survival {
            continue;
        }
        let decimals = if about.logarithm.is_some() { 3 } else { about.decimals + 2 };
        table.group(on_scale(material, endpoint, material.name_with_unit(endpoint)));
        for &visit in &about.visits {
            let Some(record) = material.outcomes.comparison(endpoint, visit, "correlation") else { continue };
            let result = &record.result;
            let cells = vec![
                Cell::Count(result.n_pairs),
                Cell::Number(result.estimate, 2),
                Cell::Interval(result.conf_low, result.conf_high, 2),
                Cell::Number(result.number("sd_diff"), decimals),
                Cell::Number(result.number("variance_ratio"), 2),
            ];
            table.row(material.visit(visit), 1, cells, vec![record.id.clone()]);
        }
    }
    table.footnotes.push(words.get("footnote.correlation"));
    table
}

/// The block for meta-analysts: mean difference with its SE, SD of the differences, correlation, both SDs, pairs.
pub fn meta_analysis(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let title = words.get("table.meta");
    let mut table = ResultTable::new("t-14-5-4-meta-analysis", number, title, material.population());
    let headers = ["pairs", "md", "se_md", "sd_diff", "r", "sd_active", "sd_placebo"];
    table.headers(words.get("table.endpoint"), headers.map(|key| words.get(&format!("table.{key}"))));
    for (endpoint, about) in material.trial.design.endpoints.iter().enumerate() {
        if matches!(about.kind, Kind::Ordinal | Kind::Binary | Kind::Survival) {
            continue;
        }
        let name =
            if about.logarithm.is_some() { material.compared(endpoint) } else { material.compared_with_unit(endpoint) };
        table.group(on_scale(material, endpoint, name));
        for visit in material.trial.design.follow_up(about) {
            let Some(record) = material.outcomes.comparison(endpoint, visit, "meta-analysis") else { continue };
            // Meta-analyses pool logarithms of ratios: they stay logarithms here.
            let (result, d) = (&record.result, if about.logarithm.is_some() { 2 } else { about.decimals });
            let cells = vec![
                Cell::Count(result.n_pairs),
                Cell::Number(result.estimate, d + 1),
                Cell::Number(result.std_error, d + 2),
                Cell::Number(result.number("sd_diff"), d + 2),
                Cell::Number(result.number("correlation"), 3),
                Cell::Number(result.number("sd_active"), d + 2),
                Cell::Number(result.number("sd_placebo"), d + 2),
            ];
            table.row(material.visit(visit), 1, cells, vec![record.id.clone()]);
        }
    }
    let arms = &material.trial.design.arms;
    let values = [("active", arms.active.as_str()), ("placebo", &arms.placebo)];
    table.footnotes.push(words.say("footnote.meta", &values));
    table.rows.iter().any(|row| !row.cells.is_empty()).then_some(table)
}

/// The assumptions of the sample size beside what was observed (CONSORT item 7a); `None` where the plan states none.
pub fn sample_size(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let record = material.outcomes.records.iter().find(|record| record.result.method == "sample-size")?;
    let (endpoint, result) = (record.endpoint?, &record.result);
    let d = material.endpoint(endpoint).decimals + 2;
    let of = |name: &str| result.number(name);
    let percent = |value: Option<f64>| value.map(|power| crate::table::rounding::print(100.0 * power, 0));
    let delta = of("delta").map(|delta| delta.to_string()).unwrap_or_default();
    let values = [
        ("endpoint", &*format!("{}, {}", material.name_with_unit(endpoint), material.visit(record.visit?))),
        ("delta", &delta),
        ("power", &percent(of("planned_power")).unwrap_or_default()),
    ];
    let title = words.say("table.sample_size", &values);
    let mut table = ResultTable::new("t-14-5-5-sample-size", number, title, material.population());
    let headers = ["planned", "with_observed"].map(|key| words.get(&format!("table.{key}")));
    table.headers(words.get("table.characteristic"), headers);
    let count = |name: &str| match json(record, name).as_u64() {
        Some(count) => Cell::Count(count as usize),
        None => Cell::Empty,
    };
    let arms = &material.trial.design.arms;
    for (arm, observed) in [(&arms.active, "observed_sd_treated"), (&arms.placebo, "observed_sd_control")] {
        let cells = vec![Cell::Number(of("planned_sd"), d), Cell::Number(of(observed), d)];
        table.row(words.say("table.sd_knee", &[("arm", arm)]), 0, cells, vec![record.id.clone()]);
    }
    let mut row = |key: &str, planned: Cell, observed: Cell| {
        table.row(words.get(&format!("table.{key}")), 0, vec![planned, observed], vec![record.id.clone()]);
    };
    let number = Cell::Number;
    row("correlation_knees", number(of("planned_correlation"), 2), number(of("observed_correlation"), 2));
    row("sd_diff", number(of("planned_sd_diff"), d), number(of("observed_sd_diff"), d));
    row("pairs_planned", count("planned_pairs"), Cell::Count(result.n_pairs));
    row("pairs_needed", count("pairs_needed_planned"), count("pairs_needed_observed_sd_diff"));
    row("pairs_needed_correlation", Cell::Empty, count("pairs_needed_observed_correlation"));
    table.footnotes.push(words.get("footnote.sample_size"));
    Some(table)
}

/// What the patients with one observed knee add: the deciding mixed model with them, and the same model on complete pairs
/// only. `None` where every knee has its partner, or no mixed model decides.
pub fn one_knee(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let title = words.get("table.one_knee_effect");
    let mut table = ResultTable::new("t-14-5-2-one-knee", number, title, material.population());
    let headers = ["one_knee", "with_one_knee", "se", "ci", "pairs_only", "se", "ci"];
    table.headers(words.get("table.endpoint"), headers.map(|key| words.get(&format!("table.{key}"))));
    for (endpoint, about) in material.trial.design.endpoints.iter().enumerate() {
        let visits = material.trial.design.follow_up(about);
        let both = |visit| {
            let on_pairs = material.outcomes.comparison(endpoint, visit, "complete-pairs")?;
            Some((material.record(json(on_pairs, "of").as_str()?)?, on_pairs))
        };
        if !visits.iter().any(|&visit| both(visit).is_some()) {
            continue;
        }
        table.group(of_comparison(material, endpoint));
        for visit in visits {
            let Some((model, on_pairs)) = both(visit) else { continue };
            let single = super::count(on_pairs, "one_knee");
            let mut cells = vec![Cell::Count(single)];
            for record in [model, on_pairs] {
                let shown = Shown::as_method(material, record, "mixed-model");
                cells.extend([shown.estimate(), shown.error(), shown.interval()]);
            }
            table.row(material.visit(visit), 1, cells, vec![model.id.clone(), on_pairs.id.clone()]);
        }
    }
    table.footnotes.push(words.get("footnote.one_knee"));
    (!table.rows.is_empty()).then_some(table)
}

/// The effect of the side, and of the dominant side, on the primary endpoints: whether the difference depends on which knee
/// was treated. `None` where the data name no sides.
pub fn sides(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let title = words.get("table.sides");
    let mut table = ResultTable::new("t-14-5-6-sides", number, title, material.population());
    let active = [("active", material.trial.design.arms.active.as_str())];
    let mut headers: Vec<String> = ["n_on_this", "difference_on_this", "n_on_other", "difference_on_other"]
        .iter()
        .map(|key| words.say(&format!("table.{key}"), &active))
        .collect();
    headers.extend([words.get("table.side_effect"), words.get("table.ci"), words.get("table.p")]);
    table.headers(words.get("table.this_side"), headers);
    for endpoint in material.primary_endpoints() {
        for visit in material.trial.design.follow_up(material.endpoint(endpoint)) {
            let found: Vec<_> = super::tables::records_of(material, endpoint, visit, "side-effect").collect();
            if !found.is_empty() {
                table.group(format!("{}, {}", of_comparison(material, endpoint), material.visit(visit)));
            }
            for record in found {
                let shown = Shown::as_method(material, record, "mixed-model");
                let result = &record.result;
                let count = |name: &str| result.number(name).map_or(Cell::Empty, |count| Cell::Count(count as usize));
                let side = json(record, "reference_side");
                let cells = vec![
                    count("n_active_on_reference"),
                    shown.number(result.number("difference_on_reference")),
                    count("n_active_on_other"),
                    shown.number(result.number("difference_on_other")),
                    shown.estimate(),
                    shown.interval(),
                    Cell::PValue(result.p_value),
                ];
                let label = words.name("side", side.as_str().unwrap_or("right"));
                table.row(label, 1, cells, vec![record.id.clone()]);
            }
        }
    }
    table.footnotes.push(words.get("footnote.sides"));
    (!table.rows.is_empty()).then_some(table)
}

/// The effect on the treated knee had a share κ of it reached the other knee, for the primary endpoints. `None` where no
/// grid was computed.
pub fn carry_across(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let title = words.get("table.carry_across");
    let mut table = ResultTable::new("t-14-5-3-carry-across", number, title, material.population());
    table.headers(words.get("table.kappa"), ["estimate", "ci"].map(|key| words.get(&format!("table.{key}"))));
    for endpoint in material.primary_endpoints() {
        let visit = crate::report::compose::primary_visit(material, endpoint);
        let Some(record) = material.outcomes.comparison(endpoint, visit, "carry-across") else { continue };
        let shown = Shown::as_method(material, record, "mixed-model");
        table.group(format!("{}, {}", of_comparison(material, endpoint), material.visit(visit)));
        for row in json(record, "grid").as_array().into_iter().flatten() {
            let number = |name: &str| row.get(name).and_then(serde_json::Value::as_f64);
            let Some(kappa) = number("kappa") else { continue };
            let interval = shown.limits(number("conf_low"), number("conf_high"));
            let cells = vec![shown.number(number("estimate")), interval];
            table.row(crate::table::rounding::print(kappa, 1), 1, cells, vec![record.id.clone()]);
        }
        let about = material.endpoint(endpoint);
        let tipping = ["tipping_kappa", "tipping_kappa_limit"].map(|key| (key, record.result.number(key)));
        for (key, kappa) in tipping {
            if let Some(kappa) = kappa {
                let kappa = crate::table::rounding::print(kappa, 2);
                table
                    .footnotes
                    .push(words.say(&format!("footnote.{key}"), &[("kappa", &kappa), ("endpoint", &about.name)]));
            }
        }
        if let (Some(_), None, Some(estimate)) = (about.important_difference, tipping[0].1, record.result.estimate) {
            // Division by 1 − κ makes a difference larger and never turns its sign.
            let key = if about.benefit_sign() * estimate > 0.0 { "tipping_reached" } else { "tipping_none" };
            let values = [("endpoint", about.name.as_str()), ("active", &material.trial.design.arms.active)];
            table.footnotes.push(words.say(&format!("footnote.{key}"), &values));
        }
    }
    let ratio = |endpoint: usize| material.endpoint(endpoint).logarithm.is_some();
    let ratios = material.primary_endpoints().into_iter().any(ratio);
    table.footnotes.insert(0, words.get("footnote.carry_across"));
    table.footnotes.extend(ratios.then(|| words.get("footnote.carry_across_ratio")));
    (!table.rows.is_empty()).then_some(table)
}

/// The name of an endpoint whose numbers are of its logarithms, which says so.
fn on_scale(material: &Material, endpoint: usize, name: String) -> String {
    match material.endpoint(endpoint).logarithm {
        Some(_) => material.words.say("table.on_logarithms", &[("endpoint", &name)]),
        None => name,
    }
}

/// The name of an endpoint over numbers of its comparison: with its unit, or that they are ratios.
fn of_comparison(material: &Material, endpoint: usize) -> String {
    match material.endpoint(endpoint).logarithm {
        Some(_) => material.compared_with_unit(endpoint),
        None => material.name_with_unit(endpoint),
    }
}
