//! Answers about interim looks.

use super::Answer;
use super::inputs::{Inputs, list};
use super::means::{begun, solved};
use super::words::{self, short};
use crate::cli::error::CliError;
use crate::paired::Alternative;
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
    let (boundary, title, rpact) = boundary(inputs)?;
    let alpha = inputs.alpha(if two_sided { 0.05 } else { 0.025 });
    let plan = Plan { information: list("--information", information)?, boundary, alpha, two_sided };
    let design = plan.design()?;
    let power = inputs.get("power").unwrap_or(USUAL_POWER);
    let (drift, inflation) = (design.drift(power)?, design.inflation(power)?);
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
    let stop = |drift: f64| design.stop(drift);
    let fields = [
        ("bounds", json!(design.bounds)),
        ("cumulative_alpha", json!(design.cumulative_alpha)),
        ("nominal_one_sided_p", json!(design.nominal_one_sided_p())),
        ("constant", json!(design.constant)),
        ("drift", json!(drift)),
        ("inflation", json!(inflation)),
        ("inflation_both_tails", json!(design.inflation_both_tails(power)?)),
        ("stop_under_delta", json!(stop(drift))),
        ("stop_under_null", json!(stop(0.0))),
        ("expected_information_under_delta", json!(design.expected_information(drift))),
        ("expected_information_under_null", json!(design.expected_information(0.0))),
    ];
    for (name, value) in fields {
        answer.insert(name.to_owned(), value);
    }
    let looks = pairs.map(|n| design.pairs_at_looks(n));
    answer.insert("pairs_at_looks".to_owned(), json!(looks));
    answer.insert("bounds_t".to_owned(), json!(looks.as_ref().map(|looks| design.t_bounds(looks))));
    answer.insert("expected_pairs".to_owned(), json!(pairs.map(|n| n as f64 * design.expected_information(drift))));
    interim(inputs, &design, drift, delta, &mut answer)?;
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
    let both = if two_sided { "; power counts both tails" } else { "" };
    let sentence = format!(
        "{of}The paired t test is carried out at {} looks ({} of the information) with {title} at {}{both}: bounds of Z {}; at a \
         look the t quantile of the bound's nominal level is used, which keeps the error close to, not exactly at, {}.",
        design.bounds.len(),
        design.information.iter().map(|t| short(*t)).collect::<Vec<_>>().join(", "),
        words::level(alpha, sides),
        bounds.join(", "),
        short(alpha)
    );
    answer.insert("sentence".to_owned(), json!(sentence));
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

fn boundary(inputs: &Inputs) -> Result<(Boundary, String, String), CliError> {
    let parameter = inputs.get("parameter");
    let needs = |symbol: &str| {
        parameter.ok_or_else(|| inputs.missing(&format!("--parameter, {symbol} of the spending function")))
    };
    let found = match (inputs.word("spending"), inputs.word("shape")) {
        (Some(_), Some(_)) => return Err(CliError::Usage("--spending and --shape exclude each other".to_owned())),
        (None, None) => return Err(inputs.missing("--spending of, pocock, hsd or kd, or --shape of or pocock")),
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
        (None, Some(other)) => return Err(CliError::Usage(format!("--shape {other}: of or pocock"))),
    };
    if parameter.is_some() && !matches!(found.0, Boundary::HwangShihDeCani(_) | Boundary::KimDeMets(_)) {
        return Err(CliError::Usage("--parameter is used with --spending hsd and kd only".to_owned()));
    }
    Ok(found)
}

/// What may still happen after the look given, or what the trial found where it stopped there.
fn interim(
    inputs: &Inputs,
    design: &Design,
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
