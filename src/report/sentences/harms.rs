//! Sentences about the adverse events of the knees.

use super::join;
use crate::analysis::Interval;
use crate::report::document::Block;
use crate::report::exhibits::Material;
use crate::table::rounding;

/// The local events of the knees at a glance: risk difference, interval, p; `None` where none were compared.
pub fn headline_of_harms(material: &Material) -> Option<Block> {
    let words = material.words;
    let result = &material.record("safety.compare.any")?.result;
    let print = |value: Option<f64>| value.map(|value| rounding::print(value, 3));
    let (d, l, u) = (print(result.estimate)?, print(result.conf_low)?, print(result.conf_high)?);
    let contrast = material.contrast();
    let label = words.say("headline.harms", &[("contrast", &contrast)]);
    let mut items = vec![(words.get("table.risk_difference"), d), (words.get("table.ci"), words.interval(&l, &u))];
    items.extend(result.p_value.map(|p| ("p".to_owned(), words.p_relation(p))));
    Some(Block::Headline(label, items))
}

/// Harms by knee and of the whole patient, in one sentence; `None` without adverse-event data.
pub fn harms(material: &Material) -> Option<String> {
    let arms = &material.trial.design.arms;
    let count = |id: &str| {
        let record = material.record(id)?;
        record.result.number("patients_with_event").map(|count| (rounding::print(count, 0), record.result.n_pairs))
    };
    let knee = |arm: &str| count(&format!("safety.knee.{}", crate::analysis::slug(arm)));
    let (active, placebo) = (knee(&arms.active)?, knee(&arms.placebo)?);
    let systemic = count("safety.systemic")?;
    let values = [
        ("active", arms.active.as_str()),
        ("placebo", &arms.placebo),
        ("k_active", &active.0),
        ("k_placebo", &placebo.0),
        ("k_systemic", &systemic.0),
        ("n", &active.1.to_string()),
    ];
    Some(material.words.say("results.harms", &values))
}

/// The knees compared within patients as to local events of any kind; `None` where no comparison was made.
pub fn harms_compared(material: &Material) -> Option<String> {
    let record = material.record("safety.compare.any")?;
    let result = &record.result;
    let print = |value: Option<f64>| value.map(|value| rounding::print(value, 3));
    let (d, l, u) = (print(result.estimate)?, print(result.conf_low)?, print(result.conf_high)?);
    let arms = &material.trial.design.arms;
    let values = [
        ("active", arms.active.as_str()),
        ("placebo", &arms.placebo),
        ("d", &d),
        ("l", &l),
        ("u", &u),
        ("p", &material.words.p_relation(result.p_value?)),
        ("n", &result.n_pairs.to_string()),
    ];
    let compared = material.words.say("results.harms_compared", &values);
    Some(join(material, &std::iter::once(compared).chain(harms_place(material)).collect::<Vec<_>>()))
}

/// On which side of zero the interval of local events lies; `None` where it includes zero or none was compared.
pub fn harms_place(material: &Material) -> Option<String> {
    let place = match material.record("safety.compare.any")?.verdict?.interval {
        Interval::FavoursPlacebo => "results.harm_against",
        Interval::FavoursActive => "results.harm_for",
        Interval::IncludesNull | Interval::Undefined => return None,
    };
    Some(material.words.say(place, &[("active", &material.trial.design.arms.active)]))
}

/// How often an event was reported in a knee of each arm, in one sentence; `None` without adverse-event data.
pub fn local_harms(material: &Material) -> Option<String> {
    let arms = &material.trial.design.arms;
    let count = |arm: &str| {
        let record = material.record(&format!("safety.knee.{}", crate::analysis::slug(arm)))?;
        Some((rounding::print(record.result.number("patients_with_event")?, 0), record.result.n_pairs.to_string()))
    };
    let (active, placebo) = (count(&arms.active)?, count(&arms.placebo)?);
    let values = [
        ("active", arms.active.as_str()),
        ("placebo", &arms.placebo),
        ("k_active", &active.0),
        ("n_active", &active.1),
        ("k_placebo", &placebo.0),
        ("n_placebo", &placebo.1),
    ];
    Some(material.words.say("first.local", &values))
}
