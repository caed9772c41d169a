//! The abstract that CONSORT asks for, in the wording of its within-person extension: what the data and the plan say is
//! filled in, the rest is named for the authors.

use super::summary::{design_line, safety_sentence};
use crate::report::compose::{primary_visit, section as titled};
use crate::report::document::{Block, Section};
use crate::report::exhibits::{Material, models, tables};
use crate::report::{sentences, sources};

/// The section.
pub fn section(material: &Material) -> Section {
    let words = material.words;
    let plan = &material.plan.trial;
    let authors = || words.get("abstract.authors");
    let arms = &material.trial.design.arms;
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut fact = |key: &str, text: String| facts.push((words.get(&format!("abstract.{key}")), text));
    fact("design", words.get("abstract.design_text"));
    fact("participants", plan.condition.clone().unwrap_or_else(authors));
    let timing = sentences::timing(material).unwrap_or_else(authors);
    let all = arms.labels().join(&words.get("text.comma"));
    let values = [("active", arms.active.as_str()), ("placebo", &arms.placebo), ("arms", &all)];
    let two_arms = arms.other.is_empty();
    let arms_text =
        words.say(if two_arms { "abstract.interventions_text" } else { "abstract.interventions_arms" }, &values);
    fact("interventions", sentences::join(material, &[arms_text, timing]));
    let primary = material.primary_endpoints();
    let names: Vec<String> = primary
        .iter()
        .map(|&endpoint| {
            let values = [
                ("endpoint", &*material.name_with_unit(endpoint)),
                ("visit", material.visit(primary_visit(material, endpoint))),
            ];
            words.say("abstract.outcome_text", &values)
        })
        .collect();
    fact("outcome", sentences::join(material, &names));
    fact("randomisation", authors());
    fact("numbers", design_line(material));
    let decided = |endpoint: usize| material.outcomes.deciding(endpoint, primary_visit(material, endpoint));
    let analysed: Vec<String> = primary
        .iter()
        .filter_map(|&endpoint| {
            let record = decided(endpoint)?;
            let method = tables::method_in_text(material, record.result.method);
            let (n, pairs) = (tables::patients(record).to_string(), record.result.n_pairs.to_string());
            Some(words.say("abstract.analysed_text", &[("n", &n), ("pairs", &pairs), ("method", &method)]))
        })
        .collect();
    fact("analysed", sentences::join(material, &analysed));
    let results: Vec<String> = primary
        .iter()
        .flat_map(|&endpoint| {
            let visit = primary_visit(material, endpoint);
            let means =
                sentences::ls_means(material, endpoint, visit).or_else(|| sentences::means(material, endpoint, visit));
            means.into_iter().chain(decided(endpoint).map(|record| sentences::conclusion(material, record)))
        })
        .collect();
    fact("results", sentences::join(material, &results));
    fact(
        "harms",
        sentences::join(
            material,
            &std::iter::once(safety_sentence(material))
                .chain(sentences::harms(material))
                .chain(sentences::harms_compared(material))
                .collect::<Vec<_>>(),
        ),
    );
    fact("conclusions", words.get("abstract.conclusions_text"));
    fact("registration", plan.registration.clone().unwrap_or_else(authors));
    fact("funding", plan.sponsor.clone().unwrap_or_else(authors));
    let mut section = titled(material, "abstract");
    section.blocks.push(Block::Facts(facts));
    let of_primary = primary.iter().flat_map(|&endpoint| {
        let visit = primary_visit(material, endpoint);
        let means = models::means_at(material, endpoint, visit).map(Vec::from);
        means.unwrap_or_else(|| sources::means(material, endpoint, visit)).into_iter().chain(decided(endpoint))
    });
    let harms = material.record("safety.serious").into_iter().chain(sources::harms(material));
    section.blocks.extend(sources::block(of_primary.chain(harms)));
    section
}
