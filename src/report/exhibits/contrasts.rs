//! The contrasts of three and more arms: a table over the visits and a forest at the visit that decides.

use super::figures::{favours, forest_labels, heading_at, ids, unless_empty};
use super::shown::Shown;
use super::{Material, count, secondary, tables, word};
use crate::analysis::{Record, contrasts};
use crate::figure::{Figure, FigureError, MeanCi, Style, forest};
use crate::table::{Align, Cell, ResultTable};

/// The contrasts of an endpoint in the primary analysis set, at one visit or at all.
pub fn records<'a>(material: &Material<'a>, endpoint: usize, visit: Option<usize>) -> Vec<&'a Record> {
    let set = &material.set().name;
    let here = |record: &&Record| {
        record.result.method == contrasts::METHOD
            && record.endpoint == Some(endpoint)
            && record.analysis_set == *set
            && (visit.is_none() || record.visit == visit)
    };
    material.outcomes.records.iter().filter(here).collect()
}

/// The table; `None` where the plan declares no contrasts.
pub fn table(material: &Material, endpoint: usize, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let found = records(material, endpoint, None);
    let adjust = word(found.first()?, "adjust").unwrap_or_default();
    let title = words.say("table.contrasts", &[("endpoint", &material.compared_with_unit(endpoint))]);
    let id = format!("t-{}-{}-contrasts", number.replace('.', "-"), material.key(endpoint));
    let mut table = ResultTable::new(&id, number, title, material.population());
    let adjusted = adjust != "none";
    let limits = adjusted && adjust != "holm";
    let mut headers = vec!["contrast_both", "contrast_first", "contrast_second", "estimate", "ci", "p"];
    headers.extend(limits.then_some("ci_adjusted"));
    headers.extend(adjusted.then_some("p_adjusted"));
    headers.push("claim");
    let headers = headers.into_iter().map(|key| words.get(&format!("table.{key}")));
    table.headers(words.get("table.contrast"), headers);
    if let Some(last) = table.columns.last_mut() {
        last.align = Align::Left;
    }
    let mut visit = None;
    for record in found {
        if record.visit != visit {
            visit = record.visit;
            table.group(visit.map(|visit| material.visit(visit).to_owned()).unwrap_or_default());
        }
        let result = &record.result;
        let shown = Shown::as_method(material, record, "mixed-model");
        let mut cells = vec![
            Cell::Count(result.n_pairs),
            Cell::Count(count(record, "n_first")),
            Cell::Count(count(record, "n_second")),
            shown.estimate(),
            shown.interval(),
            Cell::PValue(result.p_value),
        ];
        let number = |name: &str| result.number(name);
        cells.extend(limits.then(|| shown.limits(number("conf_low_adjusted"), number("conf_high_adjusted"))));
        cells.extend(adjusted.then_some(Cell::PValue(record.p_adjusted)));
        let claim = record.verdict.map(|verdict| claim(material, record, &verdict)).unwrap_or_default();
        cells.push(Cell::Text(claim));
        table.row(name_in(material, endpoint, record), 1, cells, vec![record.id.clone()]);
    }
    let method = words.name("contrast_adjust", adjust);
    table.footnotes.push(words.get("footnote.contrasts"));
    if material.endpoint(endpoint).logarithm.is_some() {
        let means = material.geometric_means(endpoint);
        table.footnotes.push(words.say("footnote.contrasts_ratio", &[("means", &means)]));
    }
    let key = if adjusted { "footnote.contrasts_adjusted" } else { "footnote.contrasts_not_adjusted" };
    table.footnotes.push(words.say(key, &[("method", &method)]));
    (!table.rows.is_empty()).then_some(table)
}

/// What may be claimed of a contrast: the arms are named, since every contrast has its own.
fn claim(material: &Material, record: &Record, verdict: &crate::analysis::Verdict) -> String {
    use crate::analysis::Claim;
    let name = name(record);
    let Some((first, second)) = arms(material, record) else { return name };
    match verdict.claim {
        Claim::Superior => material.words.say("claim.arm_better", &[("arm", &first), ("than", &second)]),
        Claim::Inferior => material.words.say("claim.arm_better", &[("arm", &second), ("than", &first)]),
        _ => secondary::claim(material, verdict),
    }
}

/// `B − A`.
pub fn name(record: &Record) -> String {
    word(record, "contrast").unwrap_or_default().replace(" - ", " − ")
}

/// `B − A`, or `B / A` of an endpoint compared by a ratio.
pub fn name_in(material: &Material, endpoint: usize, record: &Record) -> String {
    match (material.endpoint(endpoint).logarithm, arms(material, record)) {
        (Some(_), Some((active, placebo))) => {
            material.words.say("table.ratio", &[("active", &active), ("placebo", &placebo)])
        }
        _ => name(record),
    }
}

/// The two arms of a contrast.
fn arms(material: &Material, record: &Record) -> Option<(String, String)> {
    let labels = material.trial.design.arms.labels();
    let place = count(record, "position").checked_sub(1)?;
    let (first, second) = *material.plan.arms.compared().get(place)?;
    Some((labels.get(first)?.to_string(), labels.get(second)?.to_string()))
}

/// The forest of the contrasts at one visit; `None` where nothing could be estimated.
///
/// # Errors
/// The drawing fails.
pub fn figure(
    material: &Material,
    endpoint: usize,
    visit: usize,
    number: &str,
    style: &Style,
) -> Result<Option<Figure>, FigureError> {
    let about = material.endpoint(endpoint);
    let found = records(material, endpoint, Some(visit));
    let Some(adjust) = found.first().and_then(|record| word(record, "adjust")) else { return Ok(None) };
    let rows: Vec<forest::Row> = found
        .iter()
        .map(|record| {
            let result = &record.result;
            let simultaneous = result.number("conf_low_adjusted").zip(result.number("conf_high_adjusted"));
            let limits =
                simultaneous.map_or([result.conf_low, result.conf_high], |(low, high)| [Some(low), Some(high)]);
            forest::Row {
                label: name_in(material, endpoint, record),
                difference: MeanCi {
                    n: count(record, "n_patients"),
                    mean: result.estimate,
                    low: limits[0],
                    high: limits[1],
                },
                primary: count(record, "position") == 1,
            }
        })
        .collect();
    let block = forest::Block {
        label: format!("{}, {}", material.compared_with_unit(endpoint), material.visit(visit)),
        rows,
        mcid: about.important(),
        better: about.better,
        decimals: tables::decimals(material, endpoint, "mixed-model").0,
        numbers: material.numbers(endpoint),
    };
    let words = material.words;
    let method = words.name("contrast_adjust", adjust);
    let simultaneous = !matches!(adjust, "none" | "holm");
    let mut heading = heading_at(material, endpoint, visit, number, "contrasts");
    heading.footnotes.push(match simultaneous {
        true => words.say("figure.contrasts_simultaneous", &[("method", &method)]),
        false => words.get("figure.contrasts_each"),
    });
    let labels = forest::Labels {
        favours_active: favours(material, &words.get("figure.contrast_first")),
        favours_placebo: favours(material, &words.get("figure.contrast_second")),
        ..forest_labels(material, endpoint)
    };
    let input = forest::Forest { heading: heading.over(ids(found)), blocks: vec![block], labels };
    unless_empty(forest::draw(&input, style))
}
