//! From the plan as written to the trial's design: identifiers, and defaults that depend on other parts of the plan.

use super::file::{BetterPlan, Codes, EndpointPlan, GapsPlan, PlanFile, RolePlan, TransformPlan};
use super::named::Named;
use super::schema::DefaultUsed;
use crate::trial::codes::Level;
use crate::trial::derived::{Derived, Summary};
use crate::trial::side::{NO, YES};
use crate::trial::{Arms, Better, Design, Endpoint, Kind, Logarithm, Role, TimeToEvent, Visit};
use sha2::{Digest, Sha256};

/// Identifier of the only visit of a trial without a visit column.
const SINGLE_VISIT: &str = "single";

/// The design of a plan that has passed [`super::cross::check`], with the defaults chosen here.
pub fn resolve(plan: &PlanFile) -> (Design, Vec<DefaultUsed>) {
    let mut defaults = Vec::new();
    let mut say = |key: String, value: String, meaning: &str| {
        defaults.push(DefaultUsed { key, value, meaning: meaning.to_owned() });
    };
    let visits = visits(plan);
    let index = |label: &str| visits.iter().position(|visit| visit.label == label);
    let last = visits.len().saturating_sub(1);
    let scheduled = plan.visits.as_ref();
    let baseline = scheduled.and_then(|visits| visits.baseline.as_deref()).and_then(index);
    let primary = match scheduled.and_then(|visits| visits.primary.as_deref()).and_then(index) {
        Some(primary) => primary,
        None => {
            if let Some(visit) = visits.get(last).filter(|_| scheduled.is_some()) {
                say("visits.primary".to_owned(), format!("\"{}\"", visit.label), "The visit of the primary analysis.");
            }
            last
        }
    };
    let only = plan.endpoints.len() == 1;
    let mut endpoints = Vec::new();
    for (number, written) in plan.endpoints.iter().enumerate() {
        let key = |name: &str| format!("endpoint.{number}.{name}");
        let id = endpoint_id(written);
        if written.id.is_none() {
            say(key("id"), format!("\"{id}\""), "Identifier in results and file names.");
        }
        let role = match written.role {
            Some(role) => role,
            None => {
                let role = if only { RolePlan::Primary } else { RolePlan::Secondary };
                say(key("role"), if only { "\"primary\"" } else { "\"secondary\"" }.to_owned(), "Role in the trial.");
                role
            }
        };
        let decimals = written.decimals.unwrap_or_else(|| {
            let decimals = decimals_of_step(written.step);
            let value = if written.step.is_some() { decimals.to_string() } else { "as in the data".to_owned() };
            say(key("decimals"), value, "Decimals of the data as collected.");
            decimals
        });
        let measured: Vec<usize> = match &written.visits {
            Some(labels) => (0..visits.len()).filter(|i| labels.iter().any(|label| index(label) == Some(*i))).collect(),
            None => (0..visits.len()).collect(),
        };
        // One time per knee: it is filed, compared and claimed under the primary visit.
        let survival = written.kind == Kind::Survival;
        let measured = if survival { vec![primary] } else { measured };
        let derived = derived(written, &measured, baseline);
        let measured = match &derived {
            Some(derived) => filed(derived, measured, baseline),
            None => measured,
        };
        // Whatever the values before are counted in, their change is in per cent of the baseline.
        let percent = derived.as_ref().is_some_and(|derived| derived.summary == Summary::PercentChange);
        endpoints.push(Endpoint {
            id,
            name: if percent { plan.report.language.percent_change_of(&written.name) } else { written.name.clone() },
            column: written.column.clone(),
            kind: written.kind,
            exposure: written.exposure.clone(),
            rated: written.is_rated(plan.analysis.primary),
            unit: if percent { "%".to_owned() } else { written.unit.clone() },
            range: written.range.map(|[low, high]| (low, high)),
            step: written.step,
            better: match written.better {
                BetterPlan::Lower | BetterPlan::Earlier => Better::Lower,
                BetterPlan::Higher | BetterPlan::Later => Better::Higher,
            },
            minimal_improvement: written.minimal_improvement.or(written.mcid),
            minimal_improvement_source: written.minimal_improvement_source.clone().or(written.mcid_source.clone()),
            important_difference: written.important_difference,
            important_difference_source: written.important_difference_source.clone(),
            margin: written.margin,
            role: match role {
                RolePlan::Primary => Role::Primary,
                RolePlan::Secondary => Role::Secondary,
                RolePlan::Safety => Role::Safety,
                RolePlan::Descriptive => Role::Descriptive,
            },
            visits: measured,
            decimals,
            decimals_from_data: written.decimals.is_none() && written.step.is_none(),
            tests: written.tests.clone(),
            survival: time_to_event(plan, written),
            levels: if survival { Vec::new() } else { levels(plan, written) },
            derived,
            logarithm: written.transform.map(|TransformPlan::Log| Logarithm { offset: written.offset.unwrap_or(0.0) }),
        });
    }
    if plan.analysis_sets.is_empty() {
        say("analysis_set".to_owned(), "\"ALL\"".to_owned(), "All patients with data are analysed.");
    }
    if plan.arms.contrasts.len() > 1 && plan.arms.adjust.is_none() {
        let adjust = super::ContrastAdjust::default().name();
        say(
            "arms.adjust".to_owned(),
            format!("\"{adjust}\""),
            "How the contrasts of arms are adjusted for each other.",
        );
    }
    let arms = Arms {
        active: plan.arms.active.to_string(),
        placebo: plan.arms.placebo.to_string(),
        other: plan.arms.other.iter().map(ToString::to_string).collect(),
    };
    (Design { arms, visits, baseline, primary, endpoints }, defaults)
}

/// Status and horizon of the time to an event.
fn time_to_event(plan: &PlanFile, written: &EndpointPlan) -> Option<TimeToEvent> {
    let status = written.status.clone().filter(|_| written.kind == Kind::Survival)?;
    let mean_decides = super::survival::deciding(plan.analysis.primary, &written.tests) == Some("rmst");
    Some(TimeToEvent { status, levels: levels(plan, written), tau: written.tau, mean_decides, at: written.at.clone() })
}

/// The levels of a grade or answer with the numbers they are analysed as; where none are declared, the words for yes and no
/// of the plan's data.
fn levels(plan: &PlanFile, written: &EndpointPlan) -> Vec<Level> {
    // The status of a time to an event is an answer: no event, event.
    let binary = matches!(written.kind, Kind::Binary | Kind::Survival);
    let code = |level: &Named| level.codes.first().cloned().unwrap_or_else(|| level.label.clone());
    if written.levels.is_empty() {
        let words = |codes: &Option<Codes>, usual: &[&str]| {
            let mut words = codes.as_ref().map(Codes::list).unwrap_or_default();
            words.extend(usual.iter().map(|word| (*word).to_owned()));
            words
        };
        let (yes, no) = (&plan.data.yes, &plan.data.no);
        if !binary || (yes.is_none() && no.is_none()) {
            return Vec::new();
        }
        // A declared word counts before a usual one: 2 may mean no, and 1 yes, or the other way round.
        let declared = |codes: &Option<Codes>, word: &str| {
            codes.as_ref().is_some_and(|codes| codes.list().iter().any(|code| code == word))
        };
        let usual_yes: Vec<&str> = YES.iter().copied().filter(|word| !declared(no, word)).collect();
        let usual_no: Vec<&str> = NO.iter().copied().filter(|word| !declared(yes, word)).collect();
        return vec![
            Level { codes: words(no, &usual_no), label: String::new(), value: 0.0 },
            Level { codes: words(yes, &usual_yes), label: String::new(), value: 1.0 },
        ];
    }
    let numbers: Option<Vec<f64>> = written.levels.iter().map(|level| code(level).trim().parse::<f64>().ok()).collect();
    let lowest = written.range.map_or(0.0, |[low, _]| low);
    let value = |place: usize| match &numbers {
        Some(numbers) if !binary => numbers.get(place).copied().unwrap_or_default(),
        _ if binary => place as f64,
        _ => lowest + place as f64,
    };
    let level = |(place, level): (usize, &Named)| {
        let codes = if level.codes.is_empty() { vec![level.label.clone()] } else { level.codes.clone() };
        Level { codes, label: level.label.clone(), value: value(place) }
    };
    written.levels.iter().enumerate().map(level).collect()
}

/// How an endpoint is derived: an area and a percent change read every visit named, the baseline too; a mean baseline those up
/// to it; the others those after baseline.
fn derived(written: &EndpointPlan, measured: &[usize], baseline: Option<usize>) -> Option<Derived> {
    let summary = written.derive?.summary();
    let whole = matches!(summary, Summary::Auc | Summary::PercentChange);
    let read = |visit: &usize| match summary {
        Summary::BaselineMean => baseline.is_some_and(|baseline| *visit <= baseline),
        _ => whole || Some(*visit) != baseline,
    };
    let from = measured.iter().copied().filter(read).collect();
    Some(Derived { summary, gaps: written.missing.map(GapsPlan::gaps), from })
}

/// The visits at which a derived endpoint has a value: the last it reads and, as covariate, the baseline; percent changes all
/// after baseline; a mean baseline leaves every visit where it is.
fn filed(derived: &Derived, measured: Vec<usize>, baseline: Option<usize>) -> Vec<usize> {
    if derived.summary == Summary::PercentChange {
        return derived.from.iter().copied().filter(|visit| Some(*visit) != baseline).collect();
    }
    if derived.summary == Summary::BaselineMean {
        return measured;
    }
    let last = derived.from.last().copied();
    let mut visits: Vec<usize> = baseline.into_iter().filter(|visit| measured.contains(visit)).collect();
    visits.extend(last.filter(|last| Some(*last) != baseline));
    visits
}

/// The visits of the plan, with the months that it or their labels say.
pub(super) fn visits(plan: &PlanFile) -> Vec<Visit> {
    let Some(scheduled) = &plan.visits else {
        let label = plan.report.language.single_visit().to_owned();
        return vec![Visit { label, id: SINGLE_VISIT.to_owned(), month: None }];
    };
    let mut visits: Vec<Visit> = Vec::new();
    for (number, label) in scheduled.order.iter().enumerate() {
        let declared = scheduled.months.as_ref().and_then(|months| months.get(number)).copied();
        let baseline = scheduled.baseline.as_deref() == Some(&**label);
        let month = declared.or_else(|| if baseline { Some(0.0) } else { month_of_label(label) });
        let mut id = visit_id(label);
        // Labels that differ only in punctuation would collide.
        while visits.iter().any(|visit| visit.id == id) {
            id.push_str("_b");
        }
        visits.push(Visit { label: label.to_string(), id, month });
    }
    visits
}

/// The endpoints that the plan calls primary; a single endpoint without a role is.
pub(super) fn primary_endpoints(plan: &PlanFile) -> Vec<&EndpointPlan> {
    let only = plan.endpoints.len() == 1;
    let is_primary =
        |endpoint: &&EndpointPlan| endpoint.role == Some(RolePlan::Primary) || (only && endpoint.role.is_none());
    plan.endpoints.iter().filter(is_primary).collect()
}

/// The identifier of an endpoint: as written, else from its column.
pub fn endpoint_id(endpoint: &EndpointPlan) -> String {
    endpoint.id.as_deref().map_or_else(|| slug(&endpoint.column), bounded)
}

/// A short identifier of a visit label: `Month 6` → `m6`, `Week 4` → `w4`, `Day 10` → `d10`, `Year 2` → `y2`, else a slug.
pub fn visit_id(label: &str) -> String {
    match unit_and_number(label) {
        Some((unit, number)) => format!("{unit}{}", slug(&number.to_string())),
        None => slug(label),
    }
}

/// Months since baseline said by a label such as `Month 6`, `Week 4`, `Day 10`, `Year 1` or `Baseline`; a month is
/// 365.25 / 12 days.
pub(super) fn month_of_label(label: &str) -> Option<f64> {
    const DAYS_PER_MONTH: f64 = 365.25 / 12.0;
    if label.eq_ignore_ascii_case("baseline") {
        return Some(0.0);
    }
    let (unit, number) = unit_and_number(label)?;
    match unit {
        'm' => Some(number),
        'w' => Some(number * 7.0 / DAYS_PER_MONTH),
        'd' => Some(number / DAYS_PER_MONTH),
        _ => Some(number * 12.0),
    }
}

fn unit_and_number(label: &str) -> Option<(char, f64)> {
    let label = label.trim().to_lowercase();
    for (words, unit) in [
        (["months", "month", "mo", "m"], 'm'),
        (["weeks", "week", "wk", "w"], 'w'),
        (["days", "day", "dy", "d"], 'd'),
        (["years", "year", "yr", "y"], 'y'),
    ] {
        for word in words {
            let before = label.strip_prefix(word);
            let after = label.strip_suffix(word);
            if let Some(number) = [before, after].into_iter().flatten().find_map(|rest| rest.trim().parse::<f64>().ok())
                && number.is_finite()
                && number >= 0.0
            {
                return Some((unit, number));
            }
        }
    }
    None
}

/// Lower-case letters, digits and `_`; letters of any alphabet are kept.
pub fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.trim().to_lowercase().chars() {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.ends_with('_') && !slug.is_empty() {
            slug.push('_');
        }
    }
    let slug = slug.trim_end_matches('_');
    if slug.is_empty() { "x".to_owned() } else { bounded(slug) }
}

/// Longest part of an identifier, in bytes: names of files are made of several.
const LONGEST_PART: usize = 64;

/// `name`, its end replaced by a hash of the whole where it is longer than a part of an identifier may be.
pub fn bounded(name: &str) -> String {
    if name.len() <= LONGEST_PART {
        return name.to_owned();
    }
    let kept = (0..=LONGEST_PART - 12).rev().find_map(|at| name.get(..at)).unwrap_or_default();
    let hash: String = Sha256::digest(name).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{}_{hash}", kept.trim_end_matches(['_', '-']))
}

/// Decimals needed to write multiples of `step`: 1 for 0.5, 0 without a step.
fn decimals_of_step(step: Option<f64>) -> usize {
    let Some(step) = step else { return 0 };
    let text = step.to_string();
    text.split_once('.').map_or(0, |(_, fraction)| fraction.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visit_identifiers() {
        for (label, id) in [
            ("Month 6", "m6"),
            ("Week 4", "w4"),
            ("Day 10", "d10"),
            ("6 months", "m6"),
            ("M3", "m3"),
            ("Week 1.5", "w1_5"),
            ("Baseline", "baseline"),
            ("End of study", "end_of_study"),
            ("6か月", "6か月"),
            ("!!", "x"),
        ] {
            assert_eq!(visit_id(label), id, "{label}");
        }
    }

    #[test]
    fn months_from_labels() {
        assert_eq!(month_of_label("Month 6"), Some(6.0));
        assert_eq!(month_of_label("Year 1"), Some(12.0));
        assert_eq!(month_of_label("Baseline"), Some(0.0));
        assert_eq!(month_of_label("Final"), None);
    }

    #[test]
    fn decimals() {
        assert_eq!(decimals_of_step(Some(0.5)), 1);
        assert_eq!(decimals_of_step(Some(0.25)), 2);
        assert_eq!(decimals_of_step(Some(5.0)), 0);
        assert_eq!(decimals_of_step(None), 0);
    }
}
