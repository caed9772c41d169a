//! Limitations that follow from facts of this run; what only the authors can know is left to them.

use crate::analysis::notes;
use crate::analysis::rule::Choice;
use crate::plan::lock::LockState;
use crate::report::compose::{primary_visit, section as titled};
use crate::report::document::{Block, Section};
use crate::report::exhibits::{Material, count, missing, tables};
use crate::report::sources;
use crate::trial::{Measure, Role};

/// The section.
pub fn section(material: &Material) -> Section {
    let mut section = titled(material, "limitations");
    section.blocks.push(Block::List(facts(material)));
    let primary = material.primary_endpoints().into_iter();
    let observed = primary.flat_map(|endpoint| sources::observed(material, endpoint));
    section.blocks.push(sources::disposition(observed));
    section.blocks.push(Block::Paragraph(material.words.get("limitations.authors")));
    section
}

/// One sentence per fact.
pub fn facts(material: &Material) -> Vec<String> {
    let words = material.words;
    let trial = material.trial;
    let mut facts = Vec::new();
    if material.plan.trial.synthetic {
        facts.push(words.get("limitations.synthetic"));
    }
    if material.options.dummy {
        facts.push(words.get("limitations.dummy"));
    }
    let left_out = trial.randomised.max(trial.patients.len()).saturating_sub(material.set().size());
    if left_out > 0 {
        let values = [("n", &*left_out.to_string()), ("set", &material.set().label)];
        facts.push(words.say("limitations.not_analysed", &values));
    }
    for endpoint in material.primary_endpoints() {
        let about = material.endpoint(endpoint);
        let (observed, scheduled) = missing::observed(material, endpoint);
        if observed < scheduled {
            let values = [
                ("endpoint", about.name.as_str()),
                ("n", &(scheduled - observed).to_string()),
                ("scheduled", &scheduled.to_string()),
            ];
            facts.push(words.say("limitations.missing", &values));
        }
        let visit = primary_visit(material, endpoint);
        let single =
            material.outcomes.description(endpoint, visit, Measure::Value, None).map_or(0, |r| count(r, "one_knee"));
        if single > 0 {
            let values = [("n", &*single.to_string()), ("visit", material.visit(visit)), ("endpoint", &about.name)];
            facts.push(words.say("limitations.one_knee", &values));
        }
        if let Some(record) = material.outcomes.deciding(endpoint, visit)
            && let Some(lost) =
                record.rows.reasons.iter().find(|known| known.reason.code() == notes::baseline_missing.code)
        {
            let method = tables::method_in_text(material, record.result.method);
            let values = [("endpoint", about.name.as_str()), ("n", &lost.n.to_string()), ("method", &method)];
            facts.push(words.say("limitations.no_baseline", &values));
        }
        if about.survival.is_some() {
            facts.push(words.say("limitations.censoring", &[("endpoint", &about.name)]));
            continue;
        }
        if about.important_difference.is_none() && !about.rated {
            facts.push(words.say("limitations.no_mcid", &[("endpoint", &about.name)]));
        }
        if about.margin.is_none() && !about.rated {
            facts.push(words.say("limitations.no_margin", &[("endpoint", &about.name)]));
        }
    }
    for fit in material.fits() {
        let structure = words.name("structure", fit.structure);
        let name = [("endpoint", material.endpoint(fit.endpoint).name.as_str()), ("structure", &structure)];
        if fit.singular {
            facts.push(words.say("limitations.singular", &name));
        }
        if fit.fell_back && fit.rule.is_some_and(|rule| rule.choice == Choice::EachVisit) {
            facts.push(words.say("limitations.fallback_visit", &name));
        } else if fit.fell_back {
            facts.push(words.say("limitations.fallback", &name));
        }
    }
    let secondary = trial.design.endpoints.iter().filter(|endpoint| endpoint.role == Role::Secondary).count();
    if secondary > 1 {
        facts.push(words.say("limitations.many", &[("n", &secondary.to_string())]));
    }
    match &material.options.lock {
        LockState::NeverSealed => facts.push(words.get("limitations.never_sealed")),
        LockState::Changed { changes, .. } => {
            facts.push(words.say("limitations.changed", &[("n", &changes.len().to_string())]));
        }
        LockState::Sealed { .. } => {}
    }
    facts.push(words.get("limitations.carry_across"));
    facts
}
