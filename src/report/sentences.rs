//! Sentences about results, each bounded by its interval.

use super::exhibits::Material;
use crate::analysis::{Conclusion, Importance, Record};
use crate::table::rounding;
use crate::trial::Better;

/// The conclusion of `record` in words, as far as its interval allows and no further.
pub fn conclusion(material: &Material, record: &Record) -> String {
    let words = material.words;
    let (Some(endpoint), Some(visit)) = (record.endpoint, record.visit) else { return String::new() };
    let about = material.endpoint(endpoint);
    let result = &record.result;
    let (Some(estimate), Some(low), Some(high)) = (result.estimate, result.conf_low, result.conf_high) else {
        let reason = result.notes.first().cloned().unwrap_or_default();
        let values = [("endpoint", about.name.as_str()), ("visit", material.visit(visit)), ("reason", &reason)];
        return words.say("conclusion.not_assessed", &values);
    };
    let decimals = about.decimals + 1;
    let arms = &material.trial.design.arms;
    let print = |value: f64| rounding::print(value, decimals);
    let (d, l, u) = (print(estimate), print(low), print(high));
    let p = result.p_value.map(rounding::p_value).unwrap_or_default();
    let method = words.get(&format!("method.{}", result.method));
    let n = result.n_pairs.to_string();
    let direction = words.get(if estimate < 0.0 { "conclusion.lower" } else { "conclusion.higher" });
    let margin = about.margin.map(&print).unwrap_or_default();
    // Which limit favours which arm, in words: the two ends of what remains compatible with the data.
    let end = |limit: f64| {
        let favours_active = (limit < 0.0) == (about.better == Better::Lower);
        let arm = if favours_active { &arms.active } else { &arms.placebo };
        let size = rounding::print(limit.abs(), decimals);
        let size = size.trim_end_matches('0').trim_end_matches('.');
        if size.is_empty() || size == "0" {
            words.say("conclusion.nil", &[])
        } else {
            let shown = rounding::print(limit.abs(), decimals);
            words.say("conclusion.favour", &[("a", &shown), ("unit", &about.unit), ("arm", arm)])
        }
    };
    let (best, worst) = if about.better == Better::Lower { (end(low), end(high)) } else { (end(high), end(low)) };
    let values = [
        ("visit", material.visit(visit)),
        ("endpoint", about.name.as_str()),
        ("active", arms.active.as_str()),
        ("placebo", arms.placebo.as_str()),
        ("direction", direction.as_str()),
        ("unit", about.unit.as_str()),
        ("method", method.as_str()),
        ("m", margin.as_str()),
        ("best", best.as_str()),
        ("worst", worst.as_str()),
        ("d", d.as_str()),
        ("l", l.as_str()),
        ("u", u.as_str()),
        ("p", p.as_str()),
        ("n", n.as_str()),
    ];
    let say = |key: &str| tidy(&words.say(key, &values));
    match record.conclusion {
        Conclusion::Superior => {
            let mcid = about.mcid.map(&print).unwrap_or_default();
            let importance = match record.importance {
                Some(Importance::ClinicallyImportant) => "conclusion.superior_important",
                Some(Importance::Uncertain) => "conclusion.superior_uncertain",
                Some(Importance::BelowMcid) => "conclusion.superior_below",
                None => "conclusion.superior_no_mcid",
            };
            let importance = words.say(importance, &[("m", &mcid), ("unit", &about.unit)]);
            join(material, &[say("conclusion.superior"), tidy(&importance)])
        }
        Conclusion::Inferior => say("conclusion.inferior"),
        Conclusion::Equivalent => say("conclusion.equivalent"),
        Conclusion::Inconclusive | Conclusion::NotAssessed => say("conclusion.inconclusive"),
    }
}

/// Sentences one after the other; Japanese sets no space between them.
pub fn join(material: &Material, sentences: &[String]) -> String {
    match material.words.language {
        super::words::Language::English => sentences.join(" "),
        super::words::Language::Japanese => sentences.concat(),
    }
}

/// Removes the doubled space and the space before punctuation that an endpoint without a unit leaves.
fn tidy(text: &str) -> String {
    text.replace("  ", " ").replace(" (95", " (95").replace(" ;", ";").replace(" .", ".").replace(" )", ")").replace(" 、", "、")
}
