//! What is said of a plan alone and does not stop it: warnings with their place in the plan.

use super::file::{BetterPlan, EndpointPlan, PlanFile};
use super::named::Named;
use super::position::Positions;
use crate::trial::{Finding, rules};

/// Everything worth a second look in a plan that can be run.
pub fn of(plan: &PlanFile, positions: &Positions<'_>) -> Vec<Finding> {
    let mut remarks = Vec::new();
    let mut say = |rule: &'static str, path: &str, message: String, remedy: &str| {
        let severity = rules::find(rule).map_or(crate::trial::Severity::Warning, |rule| rule.severity);
        let location = positions.value(path);
        remarks.push(Finding { rule, severity, location, message, remedy: remedy.to_owned() });
    };
    if let Some(visits) = &plan.visits
        && visits.baseline.is_none()
        && let Some((number, label)) = visits.order.iter().enumerate().find(|(_, label)| sounds_like_baseline(label))
    {
        let message =
            format!("no baseline is declared, though a visit is called `{label}`: it is compared like any other");
        let remedy = "add `baseline` to [visits], or rename the visit";
        say("SK040", &format!("visits.order.{number}"), message, remedy);
    }
    let bare = |name: &Named| name.codes.is_empty() && name.trim().parse::<f64>().is_ok();
    let arms = [("arms.active", &plan.arms.active), ("arms.placebo", &plan.arms.placebo)];
    if let Some((path, arm)) = arms.into_iter().find(|(_, arm)| bare(arm)) {
        let message = format!("an arm is called `{arm}`, and so are its knees in every sentence of the report");
        let remedy = format!("give the code a label: `{} = {{ code = \"{arm}\", label = \"…\" }}`", &path[5..]);
        say("SK042", path, message, &remedy);
    }
    let visits = plan.visits.iter().flat_map(|visits| visits.order.iter().enumerate());
    if let Some((number, visit)) = visits.into_iter().find(|(_, visit)| bare(visit)) {
        let message = format!("a visit is called `{visit}`, and so it stands in every sentence of the report");
        let remedy = format!("give the code a label: `{{ code = \"{visit}\", label = \"…\" }}` in `order`");
        say("SK042", &format!("visits.order.{number}"), message, &remedy);
    }
    for (number, endpoint) in plan.endpoints.iter().enumerate() {
        if let Some(usual) = against_its_name(endpoint) {
            let written = if endpoint.better == BetterPlan::Lower { "lower" } else { "higher" };
            let message = format!(
                "`{}` is called better when {written}; {usual} values are usually the better ones",
                endpoint.name
            );
            say("SK041", &format!("endpoint.{number}.better"), message, "see that the direction of benefit is meant");
        }
    }
    for (number, endpoint) in plan.endpoints.iter().enumerate() {
        let old = [("mcid", endpoint.mcid.is_some()), ("mcid_relative", endpoint.mcid_relative.is_some())];
        if let Some((key, _)) = old.into_iter().find(|(_, given)| *given) {
            let message = format!(
                "`{key}` of {} is read as the smallest improvement within a knee that matters: it makes responders, and says \
                 nothing about how large a difference between the arms has to be",
                endpoint.name
            );
            let remedy = "rename it to `minimal_improvement` (or `minimal_improvement_relative`); give the difference \
                          between the arms as `important_difference`, each with its source";
            say("SK047", &format!("endpoint.{number}.{key}"), message, remedy);
        }
    }
    remarks
}

fn sounds_like_baseline(label: &str) -> bool {
    let word = label.trim().to_lowercase();
    [
        "baseline",
        "base line",
        "base",
        "bl",
        "day 0",
        "week 0",
        "month 0",
        "visit 0",
        "v0",
        "t0",
        "m0",
        "pre",
        "pre-treatment",
    ]
    .contains(&word.as_str())
        || word.starts_with("baseline")
        || ["ベースライン", "投与前", "治療前", "術前", "開始時"].iter().any(|known| label.contains(known))
}

/// The direction that the name of an endpoint suggests, where the plan has the other one. KOOS and HOOS score 100 as best.
fn against_its_name(endpoint: &EndpointPlan) -> Option<&'static str> {
    let name = format!("{} {}", endpoint.name, endpoint.column).to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["koos", "hoos", "relief", "improve", "free", "satisf", "threshold"]) {
        return None;
    }
    let worse_when_high = ["pain", "womac", "lequesne", "stiffness", "swelling", "oedema", "edema", "疼痛", "腫脹"];
    let better_when_high =
        ["lysholm", "ikdc", "range of motion", "cartilage volume", "cartilage thickness", "軟骨体積"];
    match endpoint.better {
        BetterPlan::Higher if has(&worse_when_high) => Some("lower"),
        BetterPlan::Lower if has(&better_when_high) => Some("higher"),
        _ => None,
    }
}
