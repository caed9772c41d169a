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

/// Words of which high values are the better ones, whatever else the name says: KOOS and HOOS score 100 as best, also for
/// pain; a pressure-pain threshold is pain that comes late.
const BETTER_WHEN_HIGH: [&str; 36] = [
    "koos",
    "hoos",
    "kujala",
    "lysholm",
    "ikdc",
    "tegner",
    "joa score",
    "relief",
    "threshold",
    "satisf",
    "range of motion",
    "flexion angle",
    "cartilage volume",
    "cartilage thickness",
    "joint space width",
    "walking distance",
    "walk distance",
    "strength",
    "knee society",
    "eq-5d",
    "eq5d",
    "eq-vas",
    "eq vas",
    "sf-36",
    "sf36",
    "sf-12",
    "quality of life",
    "軟骨体積",
    "軟骨厚",
    "可動域",
    "屈曲角度",
    "筋力",
    "関節裂隙",
    "歩行距離",
    "満足度",
    "生活の質",
];

/// Words of which low values are the better ones.
const BETTER_WHEN_LOW: [&str; 30] = [
    "pain",
    "womac",
    "lequesne",
    "jkom",
    "stiffness",
    "swelling",
    "effusion",
    "oedema",
    "edema",
    "synovitis",
    "vas",
    "nrs",
    "disability",
    "roland",
    "oswestry",
    "odi",
    "haq",
    "kellgren",
    "bleeding",
    "tenderness",
    "crp",
    "timed up",
    "tug",
    "痛",
    "腫脹",
    "こわばり",
    "浮腫",
    "関節水腫",
    "滑膜炎",
    "出血",
];

/// Words that leave the direction open: what was asked decides.
const OPEN: [&str; 8] = ["improve", "change", "free", "global", "health", "well-being", "wellbeing", "改善"];

/// The direction that the name of an endpoint suggests, where the plan has the other one.
fn against_its_name(endpoint: &EndpointPlan) -> Option<&'static str> {
    let name = format!("{} {}", endpoint.name, endpoint.column).to_lowercase().replace(['_', '.'], " ");
    let has = |words: &[&str]| words.iter().any(|word| holds_word(&name, word));
    // What is scored from items has 0 as its best, whatever it is called.
    let usual = if endpoint.score.is_some() {
        BetterPlan::Lower
    } else if has(&BETTER_WHEN_HIGH) {
        BetterPlan::Higher
    } else if has(&OPEN) || !has(&BETTER_WHEN_LOW) {
        return None;
    } else {
        BetterPlan::Lower
    };
    let written = if usual == BetterPlan::Lower { "lower" } else { "higher" };
    let against = matches!(endpoint.better, BetterPlan::Lower | BetterPlan::Higher) && endpoint.better != usual;
    against.then_some(written)
}

/// Whether `name` holds `word`: one of three letters as a whole word only (`vas` is none in `vascular`).
fn holds_word(name: &str, word: &str) -> bool {
    let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
    name.match_indices(word).any(|(at, _)| {
        let before = name.get(..at).and_then(|before| before.chars().next_back());
        let after = name.get(at + word.len()..).and_then(|after| after.chars().next());
        !word.is_ascii() || !(latin(before) || word.len() < 4 && latin(after))
    })
}
