//! How the deciding result was computed: another route to it, the fit of its model, the residuals.

use super::{Spoken, join, said, tidy};
use crate::analysis::Record;
use crate::report::exhibits::Material;
use crate::table::rounding;

/// The deciding result by another route, and beside the paired t-test on the complete pairs; `None` where neither was run.
pub fn second_opinion(material: &Material, endpoint: usize, visit: usize) -> Option<String> {
    let record = material.outcomes.comparison(endpoint, visit, "second-opinion")?;
    let parts: Vec<String> =
        [other_route(material, record), beside_pairs(material, endpoint, record)].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| join(material, &parts))
}

/// The notes of `record` whose codes begin with `prefix`, as one clause.
fn clause(material: &Material, record: &Record, prefix: &str) -> String {
    let notes = record.result.notes.iter().filter(|note| note.code().starts_with(prefix));
    notes.map(|note| material.words.note(note)).collect::<Vec<String>>().join("; ")
}

fn other_route(material: &Material, record: &Record) -> Option<String> {
    let route = crate::report::exhibits::json(record, "route");
    let route = route.as_str().filter(|route| *route != "paired-t")?;
    let agrees = crate::report::exhibits::json(record, "agrees") == true;
    let key = if agrees { "results.route_agrees" } else { "results.route_differs" };
    let (route, why) = (material.words.name("route", route), clause(material, record, "route_"));
    Some(material.words.say(key, &[("route", &route), ("why", &why)]))
}

fn beside_pairs(material: &Material, endpoint: usize, record: &Record) -> Option<String> {
    let result = &record.result;
    let about = material.endpoint(endpoint);
    let paired = crate::report::exhibits::json(record, "paired_t");
    let number = |name: &str| paired.get(name).and_then(serde_json::Value::as_f64);
    let scale = Spoken::of(record);
    let decimals = scale.decimals(number("conf_low")?, number("conf_high")?, about.decimals + 1);
    let print = |name: &str| number(name).map(|value| scale.print(value, decimals));
    let (d, l, u) = (said(material, scale, print("estimate")?), print("conf_low")?, print("conf_high")?);
    let apart = result.number("largest_disagreement").map(|value| format!("{value:.1e}").replace('-', "\u{2212}"))?;
    let is = |name: &str| crate::report::exhibits::json(record, name) == true;
    let key = match (is("engine_agrees"), is("paired_agrees")) {
        (false, _) => "results.second_disagrees",
        (true, true) => "results.second_agrees",
        (true, false) => "results.second_differs",
    };
    let why = clause(material, record, "second_");
    let values = [
        ("d", d.as_str()),
        ("l", &l),
        ("u", &u),
        ("unit", about.unit_of_difference()),
        ("n", &result.n_pairs.to_string()),
        ("apart", &apart),
        ("why", &why),
    ];
    Some(tidy(&material.words.say(key, &values)))
}

/// How the endpoint's model was fitted: structure, optimum, boundary; `None` where no model was.
pub fn engine(material: &Material, endpoint: usize) -> Option<String> {
    let words = material.words;
    let fit = material.fits().find(|fit| fit.endpoint == endpoint)?;
    let reached = &fit.convergence;
    let structure = words.name("structure", fit.structure);
    let starts = match reached.starts {
        1 => String::new(),
        n => words.say("results.model_starts", &[("starts", &*n.to_string())]),
    };
    let values = [
        ("structure", structure.as_str()),
        ("estimation", fit.estimation),
        ("of", starts.as_str()),
        ("evaluations", &*reached.iterations.to_string()),
        ("gradient", &rounding::bound(reached.gradient_max)),
        ("curvature", &rounding::print(reached.smallest_eigenvalue, 2)),
        ("decrement", &rounding::bound(reached.newton_decrement)),
    ];
    let boundary = words.get(if fit.singular { "results.singular" } else { "results.not_singular" });
    Some(join(material, &[words.say("results.model", &values), boundary]))
}

/// How far the assumptions of the endpoint's model were met, in words; `None` where nothing is known of it.
pub fn residuals(material: &Material, endpoint: usize) -> Option<String> {
    let words = material.words;
    let fit = material.fits().find(|fit| fit.endpoint == endpoint)?;
    let mut parts = Vec::new();
    if let Some(found) = &fit.residuals
        && let (Some(skewness), Some(kurtosis)) = (found.skewness, found.excess_kurtosis)
    {
        let values = [
            ("skewness", &*rounding::print(skewness, 2)),
            ("kurtosis", &rounding::print(kurtosis, 2)),
            ("beyond", &found.n_beyond_3.to_string()),
            ("n", &found.n.to_string()),
            ("expected", &rounding::print(found.expected_beyond_3, 1)),
        ];
        parts.push(words.say("results.residuals", &values));
    }
    if let Some(found) = &fit.influence {
        let about = material.endpoint(endpoint);
        let back = |value: f64| if about.logarithm.is_some() { value.exp() } else { value };
        let decimals = if about.logarithm.is_some() { 2 } else { about.decimals + 1 };
        let [low, high] = [found.lowest.0, found.highest.0].map(|value| rounding::print(back(value), decimals));
        let low = said(material, Spoken::on(about), low);
        let values = [("low", low.as_str()), ("high", &high), ("unit", about.unit_of_difference())];
        parts.push(tidy(&words.say("results.influence", &values)));
        if found.sign_depends_on_one_patient {
            parts.push(words.get("results.influence_sign"));
        }
    }
    (!parts.is_empty()).then(|| join(material, &parts))
}
