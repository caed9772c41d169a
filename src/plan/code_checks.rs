//! Codes in a plan must fit together: each means one name, none is a missing code, and grades come in their order.

use super::file::PlanFile;
use super::named::Named;
use crate::terms::Kind;

/// Takes a rule, the path in the plan, what is wrong and the remedy.
pub type Report<'r> = dyn FnMut(&'static str, &str, String, &str) + 'r;

/// Checks every place of the plan that takes codes.
pub fn check(plan: &PlanFile, report: &mut Report<'_>) {
    let missing = &plan.data.missing;
    let at = |path: &str, named: &[&Named]| named.iter().enumerate().map(|(i, _)| format!("{path}.{i}")).collect();
    let mut paths = vec!["arms.active".to_owned(), "arms.placebo".to_owned()];
    paths.extend((0..plan.arms.other.len()).map(|i| format!("arms.other.{i}")));
    let arms: Vec<&Named> = [&plan.arms.active, &plan.arms.placebo].into_iter().chain(&plan.arms.other).collect();
    one_meaning("the arm", &arms, &paths, missing, report);
    if let Some(visits) = &plan.visits {
        let order: Vec<&Named> = visits.order.iter().collect();
        let paths: Vec<String> = at("visits.order", &order);
        one_meaning("the visit", &order, &paths, missing, report);
    }
    if let Some(sides) = &plan.sides {
        let both = [&sides.left, &sides.right];
        one_meaning("the side", &both, &["sides.left".to_owned(), "sides.right".to_owned()], missing, report);
        if sides.left.label.trim().to_lowercase() == sides.right.label.trim().to_lowercase() {
            let message = format!("both sides are called `{}`", sides.left);
            report("SK009", "sides.right", message, "give each its own name");
        }
    }
    let severities: Vec<&Named> = plan.safety.severities.iter().collect();
    one_meaning("the severity", &severities, &at("safety.severities", &severities), missing, report);
    for (i, column) in plan.covariates.iter().enumerate() {
        let levels: Vec<&Named> = column.levels.iter().collect();
        one_meaning("the level", &levels, &at(&format!("covariate.{i}.levels"), &levels), missing, report);
    }
    for (i, endpoint) in plan.endpoints.iter().enumerate() {
        let path = format!("endpoint.{i}.levels");
        let levels: Vec<&Named> = endpoint.levels.iter().collect();
        one_meaning("the level", &levels, &at(&path, &levels), missing, report);
        if levels.is_empty() {
            continue;
        }
        match endpoint.kind {
            Kind::Binary if levels.len() != 2 => {
                let message = format!("{} levels of a yes/no endpoint", levels.len());
                report("SK010", &path, message, "write two: the word for no, then the word for yes");
            }
            Kind::Survival if levels.len() != 2 => {
                let message = format!("{} levels of the status of a time to an event", levels.len());
                report("SK010", &path, message, "write two: the code for censored, then the code for an event");
            }
            Kind::Continuous | Kind::Count => {
                let remedy = "write `kind = \"ordinal\"` (grades) or `kind = \"binary\"` (no, yes), or delete `levels`";
                report("SK010", &path, "only grades and yes/no answers have levels".to_owned(), remedy);
            }
            Kind::Ordinal | Kind::Binary | Kind::Survival => {}
        }
        let code = |level: &&Named| level.codes.first().unwrap_or(&level.label).trim().parse::<f64>().ok();
        let numbers: Option<Vec<f64>> = levels.iter().map(code).collect();
        if let (Kind::Ordinal, Some(numbers)) = (endpoint.kind, &numbers) {
            if numbers.windows(2).any(|pair| !matches!(pair, [a, b] if a < b)) {
                let message = "the grades do not increase".to_owned();
                report("SK010", &path, message, "list them in order, the lowest first");
            }
            let whole = |number: &f64| number.fract() == 0.0;
            if !numbers.iter().all(whole) {
                let message = "a grade is a whole number".to_owned();
                report("SK010", &path, message, "write whole numbers or words as codes");
            }
        }
        if let Some([low, high]) = endpoint.range
            && numbers.is_none()
            && endpoint.kind == Kind::Ordinal
            && (high - low + 1.0 - levels.len() as f64).abs() > 1e-9
        {
            let message = format!("{} levels for a range of {low} to {high}", levels.len());
            report("SK010", &path, message, "name every grade of the range, or leave `range` out");
        }
    }
    if let (Some(yes), Some(no)) = (&plan.data.yes, &plan.data.no)
        && let Some(word) = yes.list().into_iter().find(|word| no.list().contains(word))
    {
        report("SK009", "data.no", format!("`{word}` means both yes and no"), "leave it in one of them");
    }
}

/// Every code stands for one label, and is no label of another and no missing code.
fn one_meaning(what: &str, named: &[&Named], paths: &[String], missing: &[String], report: &mut Report<'_>) {
    for (place, name) in named.iter().enumerate() {
        let path = paths.get(place).map(String::as_str).unwrap_or_default();
        if name.label.trim().is_empty() && what != "the arm" {
            report("SK012", path, format!("{what} needs a label"), "write the name that is printed");
        }
        if name.codes.iter().any(|code| code.trim().is_empty()) {
            report("SK012", path, format!("a code of {what} `{name}` is empty"), "write the code as in the data");
        }
        let others = || named.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, other)| other);
        for code in &name.codes {
            if let Some(other) = others().find(|other| !other.codes.is_empty() && other.label == *code) {
                let message = format!("`{code}` is the code of `{name}` and the label of another ({what} `{other}`)");
                let remedy = "a cell of the data that says so could be either: give one of them another label, or write the \
                              names without codes where the data hold the names";
                report("SK009", path, message, remedy);
            }
            if named.iter().take(place).any(|other| other.codes.contains(code))
                || others().any(|other| other.codes.is_empty() && other.label == *code)
            {
                let message = format!("the code `{code}` means `{name}` and another");
                report("SK009", path, message, "give each its own code");
            }
            if missing.contains(code) {
                let message = format!("`{code}` means {what} `{name}`, and `data.missing` says that it means missing");
                report("SK009", path, message, "take it out of `data.missing`");
            }
        }
    }
}
