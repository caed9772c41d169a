//! How it was drawn which knee got which treatment, and how that was concealed (CONSORT within-person, items 8a to 9): the
//! scheme of `[randomisation]` in the report's words, then what `[conduct]` says in those of the authors.

use crate::report::exhibits::Material;
use crate::report::sentences;

/// How the allocation was drawn, where the plan says it.
pub fn drawn(material: &Material) -> Option<String> {
    let conduct = material.plan.conduct.randomisation.as_deref().map(|text| sentences::ended(material, text));
    let scheme = material.plan.randomisation.as_ref().map(|scheme| {
        let size = scheme.block_size.words();
        let stratum = scheme.stratum.clone().unwrap_or_default();
        let arms = &material.trial.design.arms;
        let values = [("active", arms.active.as_str()), ("n", &size), ("stratum", &stratum)];
        let key = if scheme.stratum.is_some() { "methods.allocation_strata" } else { "methods.allocation_blocks" };
        material.words.say(key, &values)
    });
    let said: Vec<String> = scheme.into_iter().chain(conduct).collect();
    (!said.is_empty()).then(|| sentences::join(material, &said))
}

/// The paragraph of the methods section.
pub fn paragraph(material: &Material) -> Option<String> {
    let concealed = material.plan.conduct.concealment.as_deref().map(|text| sentences::ended(material, text));
    let said: Vec<String> = drawn(material).into_iter().chain(concealed).collect();
    (!said.is_empty()).then(|| sentences::join(material, &said))
}
