//! The methods as they ran: each is named with its reference, only where a record used it.

use crate::analysis::rule::{self, Choice};
use crate::analysis::{Field, Record, family};
use crate::plan::options::AlternativePlan;
use crate::plan::{Gate, Objective, Structure};
use crate::report::citations;
use crate::report::compose::{primary_visit, section as titled};
use crate::report::document::{Block, Part, Section};
use crate::report::exhibits::{Material, estimands, json, tables};
use crate::report::sentences;
use crate::table::rounding;
use crate::trial::{Endpoint, Measure, Role};

/// The section.
pub fn section(material: &Material) -> Section {
    let words = material.words;
    let plan = material.plan;
    let arms = &material.trial.design.arms;
    let mut section = titled(material, "methods");
    let values = [("active", arms.active.as_str()), ("placebo", &arms.placebo), ("set", &material.set().label)];
    let level = rounding::print(100.0 * (1.0 - plan.analysis.alpha), 0);
    let alpha = [
        ("alpha", &*plan.analysis.alpha.to_string()),
        ("level", &level),
        ("active", &arms.active),
        ("placebo", &arms.placebo),
    ];
    let sides = match plan.analysis.alternative {
        AlternativePlan::TwoSided => "methods.level",
        AlternativePlan::TowardsBenefit => "methods.level_benefit",
        AlternativePlan::Less => "methods.level_less",
        AlternativePlan::Greater => "methods.level_greater",
    };
    section.blocks.push(Block::Paragraph(sentences::join(
        material,
        &[words.say("methods.comparison", &values), words.say(sides, &alpha)],
    )));
    section.blocks.extend(super::allocation::paragraph(material).map(Block::Paragraph));
    if !material.plan.estimands.is_empty() {
        let place = words.get("section.annex_estimands");
        section.blocks.push(Block::Paragraph(words.say("methods.estimand_place", &[("section", &place)])));
    }
    if let Some(fit) = material.fits().next() {
        let (ddf, structure) = (tables::ddf_name(material, &fit.ddf), words.name("structure", fit.structure));
        let values = [
            ("formula", fit.formula.as_str()),
            ("estimation", fit.estimation),
            ("ddf", &ddf),
            ("structure", &structure),
        ];
        section.blocks.push(Block::Paragraph(words.say("methods.mixed", &values)));
    }
    section.blocks.extend(rules(material).map(Block::Paragraph));
    section.blocks.extend(derived(material).into_iter().map(Block::Paragraph));
    section.blocks.extend(logarithms(material).into_iter().map(Block::Paragraph));
    if material.fits().any(|fit| [Structure::Random.name(), Structure::Declared.name()].contains(&fit.structure)) {
        section.blocks.push(Block::Paragraph(words.get("methods.random_assumption")));
    }
    let compares_changes = |endpoint: &usize| {
        // Of logarithms the change has been said.
        material.endpoint(*endpoint).logarithm.is_none() && material.context().measure(*endpoint) == Measure::Change
    };
    if (0..material.trial.design.endpoints.len()).any(|endpoint| compares_changes(&endpoint)) {
        section.blocks.push(Block::Paragraph(words.get("methods.change")));
    }
    section.blocks.extend(other_methods(material).map(Block::Paragraph));
    section.blocks.extend(times(material).into_iter().map(Block::Paragraph));
    section.blocks.extend(rates(material).map(Block::Paragraph));
    section.blocks.extend(super::data_rules::paragraph(material).map(Block::Paragraph));
    section
        .blocks
        .push(Block::Paragraph(words.say("methods.conclusion", &[("active", &material.trial.design.arms.active)])));
    section.blocks.push(Block::Paragraph(multiplicity(material)));
    let place = words.get("section.annex_references");
    section.blocks.push(Block::Paragraph(words.say("methods.references_place", &[("section", &place)])));
    section.blocks.push(Block::Paragraph(words.get("methods.guideline")));
    section
}

/// Each method that ran with its source.
pub fn annex(material: &Material) -> Section {
    let mut section = titled(material, "annex_references");
    section.part = Part::Annex;
    section.blocks.push(Block::Facts(references(material)));
    section
}

/// The primary estimand of the plan in short with the record of its estimate, or that the plan declares none.
pub fn estimand(material: &Material) -> Vec<Block> {
    let facts = estimands::in_short(material);
    if facts.is_empty() {
        return vec![Block::Paragraph(material.words.get("methods.no_estimand"))];
    }
    let sources = estimands::estimate(material).map(|(_, record)| Block::Sources(vec![record.id.clone()]));
    std::iter::once(Block::Facts(facts)).chain(sources).collect()
}

/// The families of hypotheses with their procedures, and what claims wait for.
pub fn multiplicity(material: &Material) -> String {
    let words = material.words;
    let decided: Vec<&Record> =
        material.outcomes.records.iter().filter(|record| record.result.method == "multiplicity").collect();
    let of = |record: &Record, name: &str| json(record, name).as_str().unwrap_or_default().to_owned();
    let mut families: Vec<(String, String)> = Vec::new();
    for record in &decided {
        let family = (of(record, "family"), of(record, "procedure"));
        if !families.contains(&family) {
            families.push(family);
        }
    }
    let mut said: Vec<String> = families
        .iter()
        .map(|(family, procedure)| {
            let key = match (family.as_str(), procedure.as_str()) {
                (family::PRIMARY, "co-primary") => "methods.co_primary",
                (family::PRIMARY, _) => "methods.primaries",
                _ => "methods.multiplicity",
            };
            words.say(
                key,
                &[("method", &words.name("procedure", procedure)), ("active", &material.trial.design.arms.active)],
            )
        })
        .collect();
    let contrasts = &material.plan.arms.contrasts;
    if contrasts.len() > 1 {
        let listed: Vec<String> = contrasts.iter().map(|contrast| contrast.replace(" - ", " − ")).collect();
        let listed = listed.join(&words.get("text.comma"));
        said.push(match material.plan.arms.adjustment() {
            Some(adjust) => {
                let method = words.name("contrast_adjust", adjust.name());
                words.say("methods.contrasts", &[("contrasts", &listed), ("method", &method)])
            }
            None => words.say("methods.contrasts_not_adjusted", &[("contrasts", &listed)]),
        });
    }
    for (written, about) in material.plan.endpoints.iter().zip(&material.trial.design.endpoints) {
        let margin = match written.objective {
            Objective::Superiority => continue,
            Objective::NonInferiority => written.non_inferiority_margin,
            Objective::Equivalence => written.margin,
        };
        let values = [
            ("endpoint", about.name.as_str()),
            ("objective", &words.name("objective", written.objective.name())),
            ("m", &margin.map(|margin| margin.to_string()).unwrap_or_default()),
            ("unit", &about.unit),
        ];
        said.push(words.say("methods.objective", &values));
    }
    if families.iter().any(|(_, procedure)| matches!(procedure.as_str(), "bh" | "by")) {
        said.push(words.get("methods.false_discovery"));
    }
    if families.is_empty() {
        said.push(words.get("methods.not_adjusted"));
    }
    said.push(words.get(
        match (material.plan.multiplicity.gate, families.iter().any(|(name, _)| name == family::ALL)) {
            (Gate::Primary, _) => "methods.gate",
            (Gate::None, true) => "methods.no_gate_needed",
            (Gate::None, false) => "methods.no_gate",
        },
    ));
    crate::report::sentences::join(material, &said)
}

/// How each derived endpoint comes from its column, what is done about missing visits, and how many sites have a value.
fn derived(material: &Material) -> Vec<String> {
    let words = material.words;
    let trial = material.trial;
    let mut found = Vec::new();
    for (number, endpoint) in trial.design.endpoints.iter().enumerate() {
        let computed = material.plan.endpoints.get(number).and_then(|written| written.compute.as_deref());
        found.extend(
            computed.map(|text| {
                words.say("methods.computed", &[("endpoint", endpoint.name.as_str()), ("expression", text)])
            }),
        );
        let Some(derived) = &endpoint.derived else { continue };
        let labels: Vec<&str> = derived
            .from
            .iter()
            .filter_map(|visit| trial.design.visits.get(*visit))
            .map(|visit| visit.label.as_str())
            .collect();
        let last = derived.from.last().copied().unwrap_or_default();
        let knees = trial.patients.iter().flat_map(|patient| patient.knees());
        let n = knees.filter(|knee| knee.values[number].get(last).copied().flatten().is_some()).count();
        let gaps = derived.gaps.map_or_else(String::new, |gaps| words.get(&format!("methods.gaps_{}", gaps.name())));
        let written = material.plan.endpoints.get(number).map_or(&endpoint.name, |written| &written.name);
        let values =
            [("endpoint", written.as_str()), ("visits", &labels.join(", ")), ("gaps", &gaps), ("n", &n.to_string())];
        found.push(words.say(&format!("methods.derived_{}", derived.summary.name()), &values));
    }
    found
}

/// What is compared of each endpoint that is analysed on logarithms.
fn logarithms(material: &Material) -> Vec<String> {
    let words = material.words;
    let endpoints = material.trial.design.endpoints.iter().enumerate();
    let of = |(number, endpoint): (usize, &Endpoint)| {
        let logarithm = endpoint.logarithm?;
        let (means, offset) = (material.geometric_means(number), logarithm.offset.to_string());
        let values =
            [("endpoint", endpoint.name.as_str()), ("means", &means), ("offset", &offset), ("unit", &endpoint.unit)];
        let change = material.context().measure(number) == Measure::Change;
        let mut keys = vec!["methods.logarithm"];
        keys.extend(logarithm.has_offset().then_some("methods.logarithm_offset"));
        keys.extend(change.then_some("methods.logarithm_change"));
        let said: Vec<String> = keys.iter().map(|key| sentences::tidy(&words.say(key, &values))).collect();
        Some(sentences::join(material, &said))
    };
    endpoints.filter_map(of).collect()
}

/// How each time to an event is analysed: what its status means, the two questions, and what decides.
fn times(material: &Material) -> Vec<String> {
    let words = material.words;
    let arms = &material.trial.design.arms;
    let of = |endpoint: usize| {
        let about = material.endpoint(endpoint);
        let survival = about.survival.as_ref()?;
        let deciding = material.outcomes.deciding(endpoint, primary_visit(material, endpoint))?;
        let values = [
            ("endpoint", about.name.as_str()),
            ("time", &about.column),
            ("status", &survival.status),
            ("active", &arms.active),
            ("placebo", &arms.placebo),
        ];
        let mut said = vec![words.say("methods.survival", &values)];
        let decides = match deciding.result.method {
            "rmst" => "methods.survival_rmst",
            _ => "methods.survival_first_event",
        };
        let tau = deciding.result.number("tau").map(crate::report::exhibits::survival::time).unwrap_or_default();
        let values = [("tau", tau.as_str()), ("unit", &about.unit)];
        said.push(sentences::tidy(&words.say(decides, &values)));
        if survival.tau.is_none() {
            said.push(words.get("methods.survival_no_tau"));
        }
        said.push(crate::report::exhibits::survival::direction(material, endpoint));
        said.push(words.get("methods.survival_censoring"));
        Some(sentences::join(material, &said))
    };
    (0..material.trial.design.endpoints.len()).filter_map(of).collect()
}

/// The rule by which the design chooses the method where the plan names none, said once, and what it chose for which
/// endpoints. `None` where the plan named a method or structure for every endpoint.
fn rules(material: &Material) -> Option<String> {
    let words = material.words;
    let mut chosen: Vec<(&'static str, String, [u64; 2], Vec<&str>)> = Vec::new();
    for (endpoint, about) in material.trial.design.endpoints.iter().enumerate() {
        let visit = primary_visit(material, endpoint);
        let Some(record) = material.outcomes.deciding(endpoint, visit) else { continue };
        let number = |name: &str| json(record, name).as_u64().unwrap_or_default();
        let counts = [number("rule_patients"), number("rule_visits")];
        let Some(rule) = json(record, "rule").as_str().map(str::to_owned) else { continue };
        let planned = rule::choose(counts[0] as usize, counts[1] as usize).name();
        let key = if planned == rule { "methods.rule" } else { "methods.rule_failed" };
        match chosen.iter_mut().find(|(k, r, c, _)| (*k, r.as_str(), *c) == (key, &rule, counts)) {
            Some((.., endpoints)) => endpoints.push(&about.name),
            None => chosen.push((key, rule, counts, vec![&about.name])),
        }
    }
    if chosen.is_empty() {
        return None;
    }
    let mut said = vec![words.get("methods.rule")];
    for (key, rule, [patients, visits], endpoints) in &chosen {
        let endpoints = endpoints.join(&words.get("text.comma"));
        let values =
            [("endpoints", endpoints.as_str()), ("patients", &patients.to_string()), ("visits", &visits.to_string())];
        said.push(words.say(&format!("{key}_{rule}"), &values));
    }
    for about in [Choice::AllVisits, Choice::EachVisit].map(Choice::name) {
        if chosen.iter().any(|(_, rule, ..)| rule == about) {
            said.push(words.get(&format!("methods.rule_about_{about}")));
        }
    }
    Some(sentences::join(material, &said))
}

/// What decides the endpoints that no model decides: each method with its endpoints. `None` where a model decides all.
fn other_methods(material: &Material) -> Option<String> {
    let words = material.words;
    let modelled: Vec<usize> = material.fits().map(|fit| fit.endpoint).collect();
    let mut found: Vec<(String, Vec<&str>)> = Vec::new();
    for (endpoint, about) in material.trial.design.endpoints.iter().enumerate() {
        let decides = material.outcomes.deciding(endpoint, primary_visit(material, endpoint));
        let Some(record) = decides.filter(|_| !modelled.contains(&endpoint)) else { continue };
        let method = tables::method_in_text(material, record.result.method);
        match found.iter_mut().find(|(known, _)| *known == method) {
            Some((_, endpoints)) => endpoints.push(&about.name),
            None => found.push((method, vec![&about.name])),
        }
    }
    let sentences: Vec<String> = found
        .into_iter()
        .map(|(method, endpoints)| {
            let endpoints = endpoints.join(&words.get("text.comma"));
            words.say("methods.decided_by", &[("endpoints", &endpoints), ("method", &method)])
        })
        .collect();
    (!sentences.is_empty()).then(|| sentences::join(material, &sentences))
}

/// How the counts that are concluded by the ratio of rates are compared. `None` where there are none.
fn rates(material: &Material) -> Option<String> {
    let words = material.words;
    let arms = &material.trial.design.arms;
    let mut found: Vec<String> = Vec::new();
    for (endpoint, about) in material.trial.design.endpoints.iter().enumerate().filter(|(_, about)| about.rated) {
        let Some(record) = material.outcomes.deciding(endpoint, primary_visit(material, endpoint)) else { continue };
        let values = [
            ("endpoint", about.name.as_str()),
            ("active", arms.active.as_str()),
            ("placebo", arms.placebo.as_str()),
            ("column", about.exposure.as_deref().unwrap_or_default()),
        ];
        found.push(words.say("methods.rates", &values));
        found.extend(about.exposure.is_some().then(|| words.say("methods.rates_exposure", &values)));
        found.push(words.get(&format!("methods.rates_{}", record.result.method)));
        let baseline = matches!(record.result.field("formula"), Some(Field::Text(text)) if text.contains("baseline"));
        found.extend(baseline.then(|| words.get("methods.rates_baseline")));
    }
    (!found.is_empty()).then(|| sentences::join(material, &found))
}

/// Each method that ran with its reference, in the order of the records.
fn references(material: &Material) -> Vec<(String, String)> {
    let mut seen: Vec<(&str, String)> = Vec::new();
    for record in &material.outcomes.records {
        let method = record.result.method;
        if record.role == Role::Descriptive && method == "counts" || seen.iter().any(|(known, _)| *known == method) {
            continue;
        }
        let citation = citations::full(method).unwrap_or(record.reference);
        seen.push((method, citation.to_owned()));
    }
    let logarithms = material.trial.design.endpoints.iter().any(|endpoint| endpoint.logarithm.is_some());
    let logarithms = logarithms.then(|| (material.words.get("methods.logarithms"), citations::LOGARITHMS.to_owned()));
    seen.into_iter()
        .filter(|(_, citation)| !citation.is_empty())
        .map(|(method, citation)| (tables::method_name(material, method), citation))
        .chain(logarithms)
        .collect()
}
