//! What the plan declares about reading the data, as sentences of the methods: several readings of one site, the levels of
//! factors and grades.

use crate::plan::file::ReplicatesPlan;
use crate::report::exhibits::{Material, populations};
use crate::report::sentences;
use crate::trial::columns::ColumnKind;

/// The sentences as one paragraph; `None` where the plan declares nothing of the kind.
pub fn paragraph(material: &Material) -> Option<String> {
    let words = material.words;
    let mut said = Vec::new();
    for (rule, key) in [
        (ReplicatesPlan::Mean, "methods.replicates_mean"),
        (ReplicatesPlan::Median, "methods.replicates_median"),
        (ReplicatesPlan::First, "methods.replicates_first"),
    ] {
        let named = material.plan.endpoints.iter().filter(|endpoint| endpoint.replicates == rule);
        let names: Vec<&str> = named.map(|endpoint| endpoint.name.as_str()).collect();
        if !names.is_empty() {
            said.push(words.say(key, &[("endpoints", &names.join(&words.get("text.comma")))]));
        }
    }
    for endpoint in &material.trial.design.endpoints {
        let labels: Vec<&str> = endpoint.levels.iter().map(|level| level.label.as_str()).collect();
        if !labels.is_empty() && labels.iter().all(|label| !label.is_empty()) {
            let levels = labels.join(&words.get("text.comma"));
            said.push(words.say("methods.graded", &[("endpoint", &endpoint.name), ("levels", &levels)]));
        }
    }
    for column in &material.trial.columns {
        let name = populations::column_name(material, &column.name);
        let used = |level: &&String| {
            let cells = material.trial.patients.iter().filter_map(|patient| patient.attributes.get(&column.name));
            cells.into_iter().any(|cell| cell == *level)
        };
        let levels: Vec<&str> = column.levels.iter().filter(used).map(String::as_str).collect();
        let levels = levels.join(&words.get("text.comma"));
        said.push(match column.kind {
            ColumnKind::Factor => words.say("methods.factor", &[("column", &name), ("levels", &levels)]),
            ColumnKind::Number => words.say("methods.number", &[("column", &name)]),
        });
    }
    (!said.is_empty()).then(|| sentences::join(material, &said))
}
