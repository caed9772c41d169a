//! Answers about interim looks.

use super::Answer;
use super::inputs::{Inputs, flag, list};
use super::means::{begun, solved};
use super::words::{self, short};
use crate::cli::error::CliError;
use crate::paired::Alternative;
use crate::planning::futility::{Futility, FutilityDesign, Under};
use crate::planning::group_sequential::{Design, Plan};
use crate::planning::paired_t::PairedT;
use crate::planning::spending::Boundary;
use serde_json::{Value, json};

/// Power where none is given: that of `[sample_size]` in a plan.
const USUAL_POWER: f64 = 0.8;

/// `group-sequential`.
///
/// # Errors
/// Missing options, or a design outside its domain.
pub fn group_sequential(inputs: &Inputs) -> Result<Answer, CliError> {
    let information = inputs.word("information").ok_or_else(|| inputs.missing("--information 0.33,0.67,1"))?;
    let (two_sided, sides) = match inputs.word("sides").unwrap_or("two") {
        "two" | "2" => (true, "two"),
        "one" | "1" | "upper" | "lower" => (false, "one"),
        other => return Err(CliError::Usage(format!("--sides {other}: two or one"))),
    };
    let family = Family { words: ("spending", "shape"), parameter: "parameter" };
    let (boundary, title, rpact) = boundary(inputs, &family)?;
    let alpha = inputs.alpha(if two_sided { 0.05 } else { 0.025 });
    let plan = Plan { information: list("--information", information)?, boundary, alpha, two_sided };
    let power = inputs.get("power").unwrap_or(USUAL_POWER);
    let futility = futility(inputs)?;
    let stopping = futility.as_ref().map(|(rule, ..)| plan.with_futility(*rule, power)).transpose()?;
    let (design, drift, inflation) = match &stopping {
        Some(found) => (found.design.clone(), found.drift, found.inflation()),
        None => {
            let design = plan.design()?;
            let (drift, inflation) = (design.drift(power)?, design.inflation(power)?);
            (design, drift, inflation)
        }
    };
    let mut answer = begun(inputs);
    answer.insert("information".to_owned(), json!(design.information));
    answer.insert("sides".to_owned(), json!(sides));
    answer.insert("alpha".to_owned(), json!(alpha));
    let (delta, sd_diff) = (inputs.get("delta"), inputs.get("sd_diff"));
    let mut pairs = None;
    if let (Some(delta), Some(sd_diff)) = (delta, sd_diff) {
        let sides = if two_sided { Alternative::TwoSided } else { Alternative::Greater };
        let (fixed, _) =
            PairedT { shift: if two_sided { delta } else { delta.abs() }, sd_diff, alpha, sides }.pairs(power)?;
        let unrounded = fixed * inflation;
        let n = (unrounded - 1e-9).ceil() as usize;
        solved(&mut answer, power, Some(n), Some(unrounded), Some(delta));
        answer.insert("pairs_fixed".to_owned(), json!(fixed));
        pairs = Some(n);
    } else if delta.is_some() || sd_diff.is_some() {
        return Err(inputs.missing("--delta and --sd-diff together"));
    } else {
        solved(&mut answer, power, None, None, None);
    }
    let stop = |drift: f64| match &stopping {
        Some(found) => {
            let ends = found.ends(drift);
            ends.upper.iter().zip(&ends.lower).map(|(upper, lower)| upper + lower).collect()
        }
        None => design.stop(drift),
    };
    let expected = |drift: f64| match &stopping {
        Some(found) => found.expected_information(drift),
        None => design.expected_information(drift),
    };
    // Against a fixed test with both tails counted: the same share for either drift.
    let both_tails = inflation * design.inflation_both_tails(power)? / design.inflation(power)?;
    let fields = [
        ("bounds", json!(design.bounds)),
        ("cumulative_alpha", json!(design.cumulative_alpha)),
        ("nominal_one_sided_p", json!(design.nominal_one_sided_p())),
        ("constant", json!(design.constant)),
        ("drift", json!(drift)),
        ("inflation", json!(inflation)),
        ("inflation_both_tails", json!(both_tails)),
        ("stop_under_delta", json!(stop(drift))),
        ("stop_under_null", json!(stop(0.0))),
        ("expected_information_under_delta", json!(expected(drift))),
        ("expected_information_under_null", json!(expected(0.0))),
    ];
    for (name, value) in fields {
        answer.insert(name.to_owned(), value);
    }
    if let (Some((.., word)), Some(found)) = (&futility, &stopping) {
        say_futility(&mut answer, found, word);
    }
    let looks = pairs.map(|n| design.pairs_at_looks(n));
    answer.insert("pairs_at_looks".to_owned(), json!(looks));
    answer.insert("bounds_t".to_owned(), json!(looks.as_ref().map(|looks| design.t_bounds(looks))));
    answer.insert("expected_pairs".to_owned(), json!(pairs.map(|n| n as f64 * expected(drift))));
    interim(inputs, &design, stopping.as_ref(), drift, delta, &mut answer)?;
    let bounds: Vec<String> = design.bounds.iter().map(|bound| short(*bound)).collect();
    let of = match (&looks, pairs, delta, sd_diff) {
        (Some(looks), Some(n), Some(delta), Some(sd)) => format!(
            "Assuming an SD of {} of the within-patient differences, which carries the correlation between a patient's two knees, \
             {n} patients with both knees ({} at the looks; inflation {}) give a power of {} to detect a mean difference of {}. ",
            short(sd),
            looks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            short(inflation),
            short(power),
            short(delta)
        ),
        _ => String::new(),
    };
    let both = match (&stopping, two_sided) {
        (Some(_), _) => "; power is the probability of showing benefit",
        (None, true) => "; power counts both tails",
        (None, false) => "",
    };
    let sentence = format!(
        "{of}The paired t test is carried out at {} looks ({} of the information) with {title} at {}{both}: bounds of Z {}; at a \
         look the t quantile of the bound's nominal level is used, which keeps the error close to, not exactly at, {}.",
        design.bounds.len(),
        design.information.iter().map(|t| short(*t)).collect::<Vec<_>>().join(", "),
        words::level(alpha, sides),
        bounds.join(", "),
        short(alpha)
    );
    let sentence = match (&futility, &stopping) {
        (Some((_, title, _)), Some(found)) => format!("{sentence} {}", futility_sentence(found, title)),
        _ => sentence,
    };
    answer.insert("sentence".to_owned(), json!(sentence));
    if let (Some((.., word)), Some(found)) = (&futility, &stopping) {
        // rpact's futility bounds are one-sided; the upper bounds of a two-sided test are those of half its level.
        let level = if two_sided { 0.5 * alpha } else { alpha };
        let rates: Vec<String> = design.information.iter().map(f64::to_string).collect();
        let futility = match word.as_str() {
            "conditional-power" => {
                let bounds: Vec<String> = found.futility.iter().map(|bound| short(*bound)).collect();
                format!("futilityBounds = c({}), bindingFutility = FALSE", bounds.join(", "))
            }
            _ => {
                let (kind, parameter) = match word.as_str() {
                    "of" => ("bsOF", None),
                    "pocock" => ("bsP", None),
                    "hsd" => ("bsHSD", inputs.get("futility_parameter")),
                    _ => ("bsKD", inputs.get("futility_parameter")),
                };
                let gamma = parameter.map_or(String::new(), |value| format!(", gammaB = {value}"));
                let binding = if found.binding { "TRUE" } else { "FALSE" };
                format!("typeBetaSpending = \"{kind}\"{gamma}, bindingFutility = {binding}")
            }
        };
        let check = format!(
            "rpact::getDesignGroupSequential(kMax = {}, alpha = {level}, beta = {}, sided = 1, informationRates = c({}), \
             typeOfDesign = {rpact}, {futility}, tolerance = 1e-10)",
            design.bounds.len(),
            short(1.0 - power),
            rates.join(", ")
        );
        answer.insert("check".to_owned(), json!(check));
        return Ok(answer);
    }
    let rates: Vec<String> = design.information.iter().map(f64::to_string).collect();
    let check = format!(
        "rpact::getDesignGroupSequential(kMax = {}, alpha = {alpha}, beta = {}, sided = {}, informationRates = c({}), \
         typeOfDesign = {rpact}, twoSidedPower = {}, tolerance = 1e-10)",
        design.bounds.len(),
        short(1.0 - power),
        if two_sided { 2 } else { 1 },
        rates.join(", "),
        if two_sided { "TRUE" } else { "FALSE" }
    );
    answer.insert("check".to_owned(), json!(check));
    Ok(answer)
}

/// The options of a boundary family: spending function, constant shape, parameter.
struct Family {
    words: (&'static str, &'static str),
    parameter: &'static str,
}

fn boundary(inputs: &Inputs, family: &Family) -> Result<(Boundary, String, String), CliError> {
    let parameter = inputs.get(family.parameter);
    let (spending, shape) = family.words;
    let (option, of_shape) = (flag(spending), flag(shape));
    let needs = |symbol: &str| {
        let what = format!("{}, {symbol} of the spending function", flag(family.parameter));
        parameter.ok_or_else(|| inputs.missing(&what))
    };
    let found = match (inputs.word(spending), inputs.word(shape)) {
        (Some(_), Some(_)) => return Err(CliError::Usage(format!("{option} and {of_shape} exclude each other"))),
        (None, None) => {
            return Err(inputs.missing("--spending of, pocock, hsd or kd, or --shape of or pocock"));
        }
        (Some("of"), _) => {
            (Boundary::SpendingOBrienFleming, "O'Brien–Fleming type spending (Lan–DeMets)".into(), "\"asOF\"".into())
        }
        (Some("pocock"), _) => (Boundary::SpendingPocock, "Pocock type spending (Lan–DeMets)".into(), "\"asP\"".into()),
        (Some("hsd"), _) => {
            let gamma = needs("γ")?;
            let title = format!("Hwang–Shih–DeCani spending (γ = {})", short(gamma));
            (Boundary::HwangShihDeCani(gamma), title, format!("\"asHSD\", gammaA = {gamma}"))
        }
        (Some(_), _) => {
            let rho = needs("ρ")?;
            let title = format!("Kim–DeMets spending (ρ = {})", short(rho));
            (Boundary::KimDeMets(rho), title, format!("\"asKD\", gammaA = {rho}"))
        }
        (None, Some("of")) => (Boundary::ShapeOBrienFleming, "O'Brien–Fleming bounds".into(), "\"OF\"".into()),
        (None, Some("pocock")) => (Boundary::ShapePocock, "Pocock bounds".into(), "\"P\"".into()),
        (None, Some(other)) => return Err(CliError::Usage(format!("{of_shape} {other}: of or pocock"))),
    };
    if parameter.is_some() && !matches!(found.0, Boundary::HwangShihDeCani(_) | Boundary::KimDeMets(_)) {
        return Err(CliError::Usage(format!("{} is used with {option} hsd and kd only", flag(family.parameter))));
    }
    Ok(found)
}

/// The futility rule of the options with its title and its word, if there is one.
fn futility(inputs: &Inputs) -> Result<Option<(Futility, String, String)>, CliError> {
    let only = |names: &[&str], what: &str| match names
        .iter()
        .find(|name| inputs.get(name).is_some() || inputs.word(name).is_some())
    {
        Some(name) => Err(CliError::Usage(format!("{} is used with {what} only", flag(name)))),
        None => Ok(()),
    };
    let Some(word) = inputs.word("futility") else {
        only(&["futility_parameter", "futility_threshold", "futility_under", "binding"], "--futility")?;
        return Ok(None);
    };
    if word == "conditional-power" {
        only(&["futility_parameter", "binding"], "--futility of, pocock, hsd and kd")?;
        let threshold = inputs.get("futility_threshold");
        let threshold = threshold.ok_or_else(|| inputs.missing("--futility-threshold, for instance 0.2"))?;
        let (under, whose) = match inputs.word("futility_under") {
            Some("trend") => (Under::Trend, "the current trend"),
            _ => (Under::Planned, "the planned difference"),
        };
        let title = format!("where the conditional power under {whose} is at most {}", short(threshold));
        return Ok(Some((Futility::ConditionalPower { threshold, under }, title, word.to_owned())));
    }
    only(&["futility_threshold", "futility_under"], "--futility conditional-power")?;
    let family = Family { words: ("futility", "no_shape"), parameter: "futility_parameter" };
    let (boundary, title, _) = boundary(inputs, &family)?;
    let binding = inputs.word("binding").is_some();
    Ok(Some((Futility::Spending { boundary, binding }, format!("by {title} of β"), word.to_owned())))
}

fn say_futility(answer: &mut Answer, found: &FutilityDesign, word: &str) {
    let (planned, null) = (found.ends(found.drift), found.ends(0.0));
    let fields = [
        ("futility", json!(word)),
        ("binding", json!(found.binding)),
        ("futility_bounds", json!(found.futility)),
        ("cumulative_beta", json!(found.cumulative_beta())),
        ("stop_for_futility_under_delta", json!(planned.futile)),
        ("stop_for_futility_under_null", json!(null.futile)),
        ("type_i_error_if_followed", json!(found.rejection(0.0))),
        ("power_if_not_followed", json!((!found.binding).then(|| found.design.power(found.drift)))),
    ];
    for (name, value) in fields {
        answer.insert(name.to_owned(), value);
    }
}

/// The protocol's sentence about futility.
fn futility_sentence(found: &FutilityDesign, title: &str) -> String {
    let bounds: Vec<String> = found.futility.iter().map(|bound| short(*bound)).collect();
    let meaning = if found.binding {
        "binding: the bounds of efficacy count on the trial stopping there, and the level is not kept if it goes on"
    } else {
        "non-binding: advice to the monitoring committee, on which the level does not depend"
    };
    let stopped: f64 = found.ends(0.0).futile.iter().sum();
    format!(
        "The trial stops for futility {title} ({meaning}): Z towards benefit at or below {} at the looks before the last; the \
         power allows for it, and without a true difference {} % of trials stop so.",
        bounds.join(", "),
        short((1000.0 * stopped).round() / 10.0)
    )
}

/// What may still happen after the look given, or what the trial found where it stopped there.
fn interim(
    inputs: &Inputs,
    design: &Design,
    stopping: Option<&FutilityDesign>,
    drift: f64,
    delta: Option<f64>,
    answer: &mut Answer,
) -> Result<(), CliError> {
    let (look, z) = match (inputs.count("look")?, inputs.get("z")) {
        (Some(look), Some(z)) => (look, z),
        (None, None) => return Ok(()),
        _ => return Err(inputs.missing("--look and --z together")),
    };
    let bound = look.checked_sub(1).and_then(|k| design.bounds.get(k)).copied();
    let Some(bound) = bound else {
        return Err(CliError::Usage(format!("--look {look}: this design has {} looks", design.bounds.len())));
    };
    let crossed = z >= bound || (design.two_sided && z <= -bound);
    let null = Value::Null;
    answer.insert("crossed".to_owned(), json!(crossed));
    if let Some(found) = stopping {
        let futile = !crossed && found.futility.get(look - 1).is_some_and(|bound| z <= *bound);
        answer.insert("futile".to_owned(), json!(futile));
    }
    if look < design.bounds.len() && !crossed {
        let outlook = design.outlook(look, z, drift)?;
        let found = json!({"planned_effect": outlook.planned, "current_trend": outlook.trend, "null": outlook.null});
        answer.insert("conditional_power".to_owned(), found);
        answer.insert("predictive_power".to_owned(), json!(outlook.predictive));
        answer.insert("after_stopping".to_owned(), null);
        return Ok(());
    }
    let found = design.stopped(look, z)?;
    // In units of the planned effect where no difference was given.
    let unit = delta.unwrap_or(1.0).abs() / drift;
    answer.insert("conditional_power".to_owned(), null);
    answer.insert(
        "after_stopping".to_owned(),
        json!({
            "p_one_sided": found.p_one_sided,
            "median_unbiased": found.median_unbiased * unit,
            "conf_low": found.low * unit,
            "conf_high": found.high * unit,
            "naive": found.naive * unit,
            "repeated_low": found.repeated_low * unit,
            "repeated_high": found.repeated_high * unit,
        }),
    );
    Ok(())
}
