//! The abstract that CONSORT asks for, in the wording of its within-person extension: what the data and the plan say is
//! written, what they do not say is left out and named once, below it.

use super::summary::{design_line, safety_sentence};
use crate::report::compose::{primary_visit, section as titled};
use crate::report::document::{Block, Section};
use crate::report::exhibits::{Material, models, survival, tables};
use crate::report::{sentences, sources};

/// The section: what is known, and in one place what is still to be written.
pub fn section(material: &Material) -> Section {
    let words = material.words;
    let plan = &material.plan.trial;
    let conduct = &material.plan.conduct;
    let arms = &material.trial.design.arms;
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut fact = |key: &str, text: String| {
        let name = words.get(&format!("abstract.{key}"));
        if text.is_empty() { open.push(name) } else { facts.push((name, text)) }
    };
    let told = |texts: &[&Option<String>]| {
        let texts: Vec<String> =
            texts.iter().filter_map(|text| text.as_deref().map(|t| sentences::ended(material, t))).collect();
        sentences::join(material, &texts)
    };
    let most = material.sites_per_patient();
    let sites = most.to_string();
    fact(
        "design",
        match most {
            0..=2 => words.get("abstract.design_text"),
            _ => words.say("abstract.design_text_sites", &[("most", &sites)]),
        },
    );
    let who = if conduct.eligibility.is_some() { &conduct.eligibility } else { &plan.condition };
    fact("participants", told(&[who, &conduct.setting]));
    let all = arms.labels().join(&words.get("text.comma"));
    let values = [("active", arms.active.as_str()), ("placebo", &arms.placebo), ("arms", &all), ("most", &sites)];
    let two_arms = arms.other.is_empty();
    let key = match (two_arms, most) {
        (true, _) => "abstract.interventions_text",
        (false, 0..=2) => "abstract.interventions_arms",
        (false, _) => "abstract.interventions_sites",
    };
    let arms_text = words.say(key, &values);
    let given: Vec<String> = std::iter::once(arms_text).chain(sentences::timing(material)).collect();
    fact("interventions", sentences::join(material, &given));
    let primary = material.primary_endpoints();
    let names: Vec<String> = primary
        .iter()
        .map(|&endpoint| {
            let values = [
                ("endpoint", &*material.outcome(endpoint)),
                ("visit", material.visit(primary_visit(material, endpoint))),
            ];
            let key = match survival::is(material, endpoint) {
                true => "abstract.outcome_time",
                false => "abstract.outcome_text",
            };
            words.say(key, &values)
        })
        .collect();
    fact("outcome", sentences::join(material, &names));
    fact("randomisation", told(&[&conduct.randomisation, &conduct.concealment]));
    fact("blinding", told(&[&conduct.blinding]));
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
            if survival::is(material, endpoint) {
                let described = survival::described(material, endpoint);
                let conclusion = decided(endpoint).map(|record| sentences::conclusion(material, record));
                return described.into_iter().chain(conclusion).collect::<Vec<_>>();
            }
            let means =
                sentences::ls_means(material, endpoint, visit).or_else(|| sentences::means(material, endpoint, visit));
            means.into_iter().chain(decided(endpoint).map(|record| sentences::conclusion(material, record))).collect()
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
    fact("registration", told(&[&plan.registration]));
    fact("funding", told(&[if conduct.funding.is_some() { &conduct.funding } else { &plan.sponsor }]));
    let mut section = titled(material, "abstract");
    section.blocks.push(Block::Facts(facts));
    open.push(words.get("abstract.conclusions"));
    let items = open.join(&words.get("text.comma"));
    section.blocks.push(Block::Paragraph(words.say("abstract.open", &[("items", &items)])));
    let of_primary = primary.iter().flat_map(|&endpoint| {
        let visit = primary_visit(material, endpoint);
        let means = models::means_at(material, endpoint, visit).map(Vec::from);
        means.unwrap_or_else(|| sources::means(material, endpoint, visit)).into_iter().chain(decided(endpoint))
    });
    let harms = material.record("safety.serious").into_iter().chain(sources::harms(material));
    section.blocks.extend(sources::block(of_primary.chain(harms)));
    section
}
