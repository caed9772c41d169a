//! The first screen: design, primary conclusion, all endpoints at the primary visit, safety, dates.

use crate::analysis::Run;
use crate::figure::{FigureError, Style};
use crate::report::compose::{primary_visit, section as titled};
use crate::report::document::{Block, Section};
use crate::report::exhibits::{Material, harms, models, overview};
use crate::report::{sentences, sources};
use crate::table::rounding;

/// The section.
///
/// # Errors
/// A figure that cannot be drawn.
pub fn section(material: &Material, run: &Run, style: &Style) -> Result<Section, FigureError> {
    let words = material.words;
    let mut section = titled(material, "summary");
    for endpoint in material.primary_endpoints() {
        let visit = primary_visit(material, endpoint);
        let Some(record) = material.outcomes.deciding(endpoint, visit) else { continue };
        section.blocks.extend(sentences::headline(material, record));
        section.blocks.push(Block::Conclusion(sentences::conclusion(material, record)));
        section.blocks.extend(sources::block([record]));
        if let Some(means) = sentences::ls_means(material, endpoint, visit) {
            section.blocks.push(Block::Paragraph(means));
            section.blocks.extend(sources::block(models::means_at(material, endpoint, visit).into_iter().flatten()));
        }
    }
    section.blocks.extend(sentences::headline_of_harms(material));
    section.blocks.push(Block::Paragraph(sentences::join(
        material,
        &sentences::local_harms(material)
            .into_iter()
            .chain(sentences::harms_place(material))
            .chain([safety_sentence(material)])
            .collect::<Vec<_>>(),
    )));
    let harms = ["safety.serious", "safety.compare.any"].into_iter().filter_map(|id| material.record(id));
    section.blocks.extend(sources::block(harms));
    section.blocks.push(Block::Paragraph(design_line(material)));
    section.blocks.push(sources::disposition([]));
    section.blocks.extend(super::methods::estimand(material));
    match overview::forest(material, "14.2", style)? {
        Some(forest) => section.blocks.push(Block::Figure(forest)),
        None => section.blocks.push(Block::Paragraph(words.get("text.no_forest"))),
    }
    let files: Vec<&str> = run.sources.provenance().into_iter().map(|(name, _)| name).collect();
    let separator = words.get("text.comma");
    let date = material.plan.trial.data_date.clone().unwrap_or_else(|| words.get("first.no_date"));
    let values = [("files", &*files.join(&separator)), ("version", env!("CARGO_PKG_VERSION")), ("date", date.as_str())];
    section.blocks.push(Block::Paragraph(words.say("first.dates", &values)));
    Ok(section)
}

/// Patients, knees, arms, visits and analysis set in one paragraph.
pub fn design_line(material: &Material) -> String {
    let words = material.words;
    let design = &material.trial.design;
    let set = material.set();
    let visits: Vec<&str> = design.visits.iter().map(|visit| visit.label.as_str()).collect();
    let members = material.trial.patients.iter().zip(&set.members).filter(|(_, member)| **member);
    let knees: usize = members.map(|(patient, _)| patient.knees().len()).sum();
    let randomised = material.trial.randomised.max(material.trial.patients.len());
    let most = material.sites_per_patient();
    let values = [
        ("active", design.arms.active.as_str()),
        ("placebo", &design.arms.placebo),
        ("randomised", &randomised.to_string()),
        ("visits", &visits.join(&words.get("text.comma"))),
        ("analysed", &set.size().to_string()),
        ("knees", &knees.to_string()),
        ("set", &set.label),
        ("arms", &design.arms.labels().join(&words.get("text.comma"))),
        ("most", &most.to_string()),
    ];
    let key = match (design.arms.other.is_empty(), most) {
        (true, _) => "first.design",
        (false, 0..=2) => "first.design_arms",
        (false, _) => "first.design_sites",
    };
    let design = words.say(key, &values);
    sentences::join(material, &std::iter::once(design).chain(treated(material)).collect::<Vec<_>>())
}

/// How many patients and knees were treated: those of the safety set; `None` where the plan names none.
fn treated(material: &Material) -> Option<String> {
    material.plan.safety.set.as_ref()?;
    let set = harms::set(material);
    let members = material.trial.patients.iter().zip(&set.members).filter(|(_, member)| **member);
    let knees: usize = members.map(|(patient, _)| patient.knees().len()).sum();
    let values = [("patients", &*set.size().to_string()), ("knees", &knees.to_string())];
    Some(material.words.say("first.treated", &values))
}

/// In how many knees of each arm and in how many patients as a whole serious events were reported, of those with both knees;
/// `None` where the knees were not compared.
fn serious_by_arm(material: &Material) -> Option<String> {
    let record = material.record("safety.compare.serious")?;
    let whole = material.record("safety.patient.serious")?.result.number("patients_with_event")?;
    let arms = &material.trial.design.arms;
    let [active, placebo] = ["n_treated", "n_control"].map(|name| record.result.number(name));
    let values = [
        ("k_active", &*rounding::print(active?, 0)),
        ("k_placebo", &rounding::print(placebo?, 0)),
        ("k_whole", &rounding::print(whole, 0)),
        ("n", &record.result.n_pairs.to_string()),
        ("active", &arms.active),
        ("placebo", &arms.placebo),
    ];
    Some(material.words.say("first.safety_by_arm", &values))
}

/// Serious events, or that none was reported with the upper limit of their risk.
pub fn safety_sentence(material: &Material) -> String {
    let words = material.words;
    let Some(record) = material.record("safety.serious") else { return words.get("first.safety_missing") };
    let n = record.result.n_pairs.to_string();
    let k = record.result.number("patients_with_event").unwrap_or(0.0);
    let upper = record.result.conf_high.map(|upper| rounding::print(100.0 * upper, 1)).unwrap_or_default();
    let field = |name: &str| record.result.number(name).unwrap_or(0.0);
    let (outside, before) = (field("serious_outside_set"), field("serious_before_treatment"));
    let counted = if k > 0.0 {
        let reported = words.say("first.safety_some", &[("k", &rounding::print(k, 0)), ("n", &n)]);
        sentences::join(material, &std::iter::once(reported).chain(serious_by_arm(material)).collect::<Vec<_>>())
    } else if outside + before > 0.0 {
        words.say("first.safety_none_counted", &[("n", &n), ("u", &upper)])
    } else {
        words.say("first.safety_none", &[("n", &n), ("u", &upper)])
    };
    if outside + before == 0.0 {
        return counted;
    }
    let print = |count: f64| rounding::print(count, 0);
    let values = [("m", &*print(outside + before)), ("o", &*print(outside)), ("b", &*print(before))];
    sentences::join(material, &[counted, words.say("first.safety_further", &values)])
}
