//! The answers of `splitknee power`: [`inputs`] reads options and lists, [`means`], [`shares`], [`looks`] answer by method,
//! [`words`] writes the protocol's sentence and the line that checks it.

pub mod curve;
pub mod inputs;
pub mod looks;
pub mod means;
pub mod shares;
pub mod words;

use crate::cli::error::CliError;
use inputs::Inputs;
use serde_json::{Map, Value, json};

/// The fields of one answer, in printing order.
pub type Answer = Map<String, Value>;

/// Every method with the numbers and the words it takes.
pub const METHODS: [(&str, &[&str], &[&str]); 10] = [
    (
        "paired-t",
        &[
            "delta",
            "null",
            "sd_diff",
            "sd",
            "sd_active",
            "sd_placebo",
            "sd_baseline",
            "rho",
            "rho_visit",
            "n",
            "power",
            "alpha",
            "losses",
            "knee_losses",
        ],
        &["sides"],
    ),
    (
        "non-inferiority",
        &[
            "delta",
            "margin",
            "sd_diff",
            "sd",
            "sd_active",
            "sd_placebo",
            "sd_baseline",
            "rho",
            "rho_visit",
            "n",
            "power",
            "alpha",
            "losses",
            "knee_losses",
        ],
        &["better"],
    ),
    (
        "equivalence",
        &[
            "delta",
            "low",
            "high",
            "sd_diff",
            "sd",
            "sd_active",
            "sd_placebo",
            "sd_baseline",
            "rho",
            "rho_visit",
            "n",
            "power",
            "alpha",
            "losses",
            "knee_losses",
        ],
        &[],
    ),
    (
        "precision",
        &[
            "half_width",
            "sd_diff",
            "sd",
            "sd_active",
            "sd_placebo",
            "sd_baseline",
            "rho",
            "rho_visit",
            "conf_level",
            "n",
            "power",
            "losses",
            "knee_losses",
        ],
        &["coverage"],
    ),
    (
        "mcnemar",
        &["p10", "p01", "p_active", "p_placebo", "phi", "n", "power", "alpha", "losses", "knee_losses"],
        &["p", "sides"],
    ),
    (
        "signed-rank",
        &[
            "delta",
            "sd_diff",
            "sd",
            "sd_active",
            "sd_placebo",
            "rho",
            "n",
            "power",
            "alpha",
            "simulate",
            "seed",
            "losses",
            "knee_losses",
        ],
        &["shape", "formula"],
    ),
    ("one-knee", &["delta", "sd", "rho", "pairs", "single_active", "single_placebo", "power", "alpha"], &["analysis"]),
    (
        "assurance",
        &["delta", "sd", "rho", "n", "power", "pilot", "delta_sd", "alpha", "losses", "knee_losses"],
        &["over"],
    ),
    (
        "reestimate",
        &["delta_planned", "power", "alpha", "pairs_planned", "pairs_max"],
        &["data", "id", "side", "value", "where"],
    ),
    (
        "group-sequential",
        &[
            "parameter",
            "futility_parameter",
            "futility_threshold",
            "alpha",
            "delta",
            "sd_diff",
            "power",
            "look",
            "z",
            "losses",
            "knee_losses",
        ],
        &["information", "spending", "shape", "sides", "futility", "futility_under", "binding"],
    ),
];

/// The answer of one method to one set of numbers.
///
/// # Errors
/// An option that is missing, or numbers that the method refuses.
pub fn answer(inputs: &Inputs) -> Result<Answer, CliError> {
    let mut answer = match inputs.method {
        "paired-t" => means::paired_t(inputs),
        "non-inferiority" => means::non_inferiority(inputs),
        "equivalence" => means::equivalence(inputs),
        "precision" => means::precision(inputs),
        "mcnemar" => shares::mcnemar(inputs),
        "signed-rank" => means::signed_rank(inputs),
        "one-knee" => shares::one_knee(inputs),
        "assurance" => means::assurance(inputs),
        "reestimate" => shares::reestimate(inputs),
        _ => looks::group_sequential(inputs),
    }?;
    allow_for_losses(inputs, &mut answer)?;
    Ok(answer)
}

/// Adds the patients to randomise, where losses were given, and says so in the sentence.
fn allow_for_losses(inputs: &Inputs, answer: &mut Answer) -> Result<(), CliError> {
    let (losses, knees) = (inputs.get("losses"), inputs.get("knee_losses"));
    if losses.is_none() && knees.is_none() {
        return Ok(());
    }
    let Some(n) = answer.get("n").and_then(Value::as_u64) else { return Ok(()) };
    let share = |name: &str, value: Option<f64>| match value {
        Some(share) if !(0.0..1.0).contains(&share) => {
            Err(CliError::Usage(format!("{name} {share}: a share of at least 0 and below 1")))
        }
        value => Ok(value.unwrap_or(0.0)),
    };
    let (of_patients, of_knees) = (share("--losses", losses)?, share("--knee-losses", knees)?);
    let kept = (1.0 - of_patients) * (1.0 - of_knees) * (1.0 - of_knees);
    let patients = crate::planning::patients(n as usize, 1.0 - kept)?;
    let sentence = answer.get("sentence").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut lost = Vec::new();
    if of_patients > 0.0 {
        lost.push(format!("{} % of the patients to give no pair", words::short(100.0 * of_patients)));
    }
    if of_knees > 0.0 {
        lost.push(format!("{} % of the knees to be lost independently of each other", words::short(100.0 * of_knees)));
    }
    if !lost.is_empty() {
        let sentence =
            format!("{sentence} Allowing for {}, {patients} patients are to be randomised.", lost.join(" and "));
        answer.insert("sentence".to_owned(), json!(sentence));
    }
    let position = answer.keys().position(|key| key == "sentence").unwrap_or(answer.len());
    answer.shift_insert(position, "patients".to_owned(), json!(patients));
    Ok(())
}
