//! Answers about responders, one-knee patients and blinded re-estimation.

use super::Answer;
use super::inputs::Inputs;
use super::means::{Asked, asked, begun, sides, solved};
use super::words::{self, short};
use crate::cli::args::file::FileArgs;
use crate::cli::error::CliError;
use crate::cli::input::Source;
use crate::planning::mcnemar::{Form, McNemar, discordance, phi_bounds};
use crate::planning::one_knee::{Analysis, OneKnee};
use crate::planning::reestimate::{self, Planned};
use serde_json::json;

/// `mcnemar`.
///
/// # Errors
/// Missing options, or probabilities outside their domain.
pub fn mcnemar(inputs: &Inputs) -> Result<Answer, CliError> {
    let alpha = inputs.alpha(0.05);
    let (word, sides) = sides(inputs)?;
    let name = inputs.word("p").unwrap_or("exact");
    let form = match name {
        "mid-p" => Form::MidP,
        "asymptotic" => Form::Asymptotic,
        "asymptotic-cc" => Form::AsymptoticCorrected,
        _ => Form::Exact,
    };
    let margins = ["p_active", "p_placebo", "phi"].map(|name| inputs.get(name));
    let cells = [inputs.get("p10"), inputs.get("p01")];
    let by_margins = margins.iter().any(Option::is_some);
    if by_margins && cells.iter().any(Option::is_some) {
        return Err(CliError::Usage("--p10 and --p01, or --p-active, --p-placebo and --phi: not both".to_owned()));
    }
    // With pairs and power the probability on the active knee is what is computed.
    let solves = inputs.get("n").is_some() && inputs.get("power").is_some();
    let test = |p10: f64, p01: f64| McNemar { p10, p01, form, alpha, sides };
    let mut answer = begun(inputs);
    answer.insert("p".to_owned(), json!(name));
    answer.insert("alpha".to_owned(), json!(alpha));
    answer.insert("sides".to_owned(), json!(word));
    let given = match (by_margins, solves) {
        (true, false) => {
            let (active, placebo, phi) = (inputs.need("p_active")?, inputs.need("p_placebo")?, inputs.need("phi")?);
            let found = discordance(active, placebo, phi)?;
            let (low, high) = phi_bounds(active, placebo);
            answer.insert("phi_min".to_owned(), json!(low));
            answer.insert("phi_max".to_owned(), json!(high));
            Some(found)
        }
        (false, false) => Some((inputs.need("p10")?, inputs.need("p01")?)),
        (true, true) => {
            return Err(CliError::Usage("the detectable difference is found from --p01, --n and --power".to_owned()));
        }
        (false, true) => None,
    };
    let (power, n, p10, p01, extra) = match given {
        None => {
            let (n, power) = (inputs.count("n")?.unwrap_or_default(), inputs.need("power")?);
            if inputs.get("p10").is_some() {
                return Err(CliError::Usage("--n, --power and --p10 are all given: leave one out".to_owned()));
            }
            let p01 = inputs.need("p01")?;
            (power, n, test(p01, p01).detectable(n, power)?, p01, None)
        }
        Some((p10, p01)) => match asked(inputs, "none")? {
            Asked::Power(n) => (test(p10, p01).power(n)?, n, p10, p01, None),
            Asked::Pairs(power) => {
                let pairs = test(p10, p01).pairs(power)?;
                (power, pairs.stays, p10, p01, Some(pairs))
            }
            Asked::Delta(..) => return Err(inputs.missing("--n or --power")),
        },
    };
    answer.insert("p10".to_owned(), json!(p10));
    answer.insert("p01".to_owned(), json!(p01));
    solved(&mut answer, power, Some(n), extra.map(|pairs| pairs.approximation), Some(p10 - p01));
    answer.insert("n_first".to_owned(), json!(extra.map(|pairs| pairs.first)));
    answer.insert("n_stays".to_owned(), json!(extra.map(|pairs| pairs.stays)));
    answer.insert("power_of_n".to_owned(), json!(test(p10, p01).power(n)?));
    let correlation = match inputs.get("phi") {
        Some(phi) => format!(
            "Assuming a correlation φ of {} between the answers of a patient's two knees and responders of {} % (active) and {} \
             % (placebo), hence",
            short(phi),
            short(100.0 * inputs.need("p_active")?),
            short(100.0 * inputs.need("p_placebo")?)
        ),
        None => "Assuming, which carries the correlation between a patient's two knees,".to_owned(),
    };
    let title = match form {
        Form::Exact => "exact",
        Form::MidP => "mid-p",
        Form::Asymptotic => "asymptotic",
        Form::AsymptoticCorrected => "continuity-corrected asymptotic",
    };
    let saw = match extra {
        Some(pairs) if pairs.first != pairs.stays => format!(
            " The power is not monotone in the number of pairs: {} is the first that reaches it, from {} on it stays.",
            pairs.first, pairs.stays
        ),
        _ => String::new(),
    };
    let sentence = format!(
        "{correlation} {} % of the patients who respond on the active knee alone and {} % on the placebo knee alone, {}.{saw}",
        short(100.0 * p10),
        short(100.0 * p01),
        words::outcome(
            n,
            power,
            &format!("McNemar's {title} test at {}", words::level(alpha, word)),
            &format!("to detect a difference of {} percentage points", short(100.0 * (p10 - p01)))
        )
    );
    answer.insert("sentence".to_owned(), json!(sentence));
    let mid = if form == Form::MidP { " - 0.5*dbinom" } else { "" };
    let p_value = match (form, word) {
        (Form::Exact, "two") => "pmin(1, 2*pbinom(pmin(b, m - b), m, 0.5))".to_owned(),
        (Form::MidP, "two") => {
            "ifelse(2*b == m, 1, 2*pbinom(pmin(b, m - b), m, 0.5) - dbinom(pmin(b, m - b), m, 0.5))".to_owned()
        }
        (Form::Exact | Form::MidP, side) => {
            let at = if side == "upper" { "m - b" } else { "b" };
            let less = if mid.is_empty() { String::new() } else { format!("{mid}({at}, m, 0.5)") };
            format!("pbinom({at}, m, 0.5){less}")
        }
        (_, side) => {
            let correction = if form == Form::AsymptoticCorrected { 1 } else { 0 };
            let z = format!("sign(2*b - m)*pmax(abs(2*b - m) - {correction}, 0)/sqrt(m)");
            match side {
                "two" => format!("2*pnorm(-abs({z}))"),
                "upper" => format!("pnorm({z}, lower.tail = FALSE)"),
                _ => format!("pnorm({z})"),
            }
        }
    };
    let check = format!(
        "local({{n <- {n}; q <- {p10} + {p01}; sum(sapply(1:n, function(m) {{b <- 0:m; p <- {p_value}; dbinom(m, n, \
         q)*sum(dbinom(b, m, {p10}/q)[p <= {alpha}])}}))}})"
    );
    answer.insert("check".to_owned(), json!(check));
    Ok(answer)
}

/// `one-knee`.
///
/// # Errors
/// As [`mcnemar`].
pub fn one_knee(inputs: &Inputs) -> Result<Answer, CliError> {
    let alpha = inputs.alpha(0.05);
    let word = inputs.word("analysis").unwrap_or("exchangeable");
    let (analysis, title) = match word {
        "independence" => (Analysis::Independence, "the difference of the arm means with a robust variance"),
        "complete-pairs" => (Analysis::CompletePairs, "the patients with both knees alone"),
        _ => (Analysis::Exchangeable, "a mixed model with exchangeable knees"),
    };
    let delta = inputs.get("delta");
    let trial = OneKnee {
        pairs: inputs.need("pairs")?,
        single_active: inputs.get("single_active").unwrap_or(0.0),
        single_placebo: inputs.get("single_placebo").unwrap_or(0.0),
        sd: inputs.need("sd")?,
        rho: inputs.need("rho")?,
        delta: delta.unwrap_or(0.0),
        alpha,
        analysis,
    };
    let patients = trial.pairs + trial.single_active + trial.single_placebo;
    let variance = trial.variance()?;
    // Pairs are given: with a power and a difference the patients are computed, with a power alone the difference.
    let (power, needed, delta) = match (inputs.get("power"), delta) {
        (Some(power), Some(delta)) => (power, Some(trial.patients(power)?), delta),
        (Some(power), None) => (power, None, trial.detectable(power)?),
        (None, Some(delta)) => (trial.power()?, None, delta),
        (None, None) => return Err(inputs.missing("--delta, or --power")),
    };
    let whole = needed.map(|patients| (patients - 1e-6).ceil() as usize);
    let mut answer = begun(inputs);
    answer.insert("analysis".to_owned(), json!(word));
    answer.insert("alpha".to_owned(), json!(alpha));
    solved(&mut answer, power, whole.or(Some(patients as usize)), needed, Some(delta));
    answer.insert("variance".to_owned(), json!(variance));
    answer.insert("std_error".to_owned(), json!(variance.sqrt()));
    answer.insert("design_effect".to_owned(), json!(trial.design_effect()?));
    answer.insert("lost_without_one_knee_patients".to_owned(), json!(trial.lost_without_singles().ok()));
    let who = match whole {
        Some(n) => format!("{n} patients in these proportions ({} with both knees for", short(trial.pairs)),
        None => format!("{} patients ({} with both knees,", short(patients), short(trial.pairs)),
    };
    let sentence = format!(
        "Assuming a correlation of {} between a patient's two knees and an SD of one knee of {}, {who} {} with the active and {} \
         with the placebo knee alone) give {title} at {} (normal approximation) a power of {} to detect a mean difference \
         (active − placebo) of {}.",
        short(trial.rho),
        short(trial.sd),
        short(trial.single_active),
        short(trial.single_placebo),
        words::level(alpha, "two"),
        short(power),
        short(delta)
    );
    answer.insert("sentence".to_owned(), json!(sentence));
    let check = match needed {
        Some(_) => format!("({variance}*{patients})*(qnorm(1 - {alpha}/2) + qnorm({power}))^2/{delta}^2"),
        None => {
            format!("local({{z <- qnorm(1 - {alpha}/2); d <- {delta}/sqrt({variance}); pnorm(d - z) + pnorm(-z - d)}})")
        }
    };
    answer.insert("check".to_owned(), json!(check));
    Ok(answer)
}

/// `reestimate`.
///
/// # Errors
/// As [`mcnemar`]; data that cannot be read or that name arms.
pub fn reestimate(inputs: &Inputs) -> Result<Answer, CliError> {
    let path = inputs.data.as_ref().ok_or_else(|| inputs.missing("--data FILE"))?;
    let source = Source::open(path, &inputs.conditions, &FileArgs::default(), &[])?;
    refuse_arms(&source, inputs)?;
    let value = inputs.word("value").ok_or_else(|| inputs.missing("--value, the column"))?;
    let (differences, dropped) = match (inputs.word("id"), inputs.word("side")) {
        (Some(id), Some(side)) => right_minus_left(&source, id, side, value)?,
        (_, None) => {
            let cells = source.numbers(value)?;
            let found: Vec<f64> = cells.iter().flatten().copied().collect();
            let dropped = cells.len() - found.len();
            (found, dropped)
        }
        _ => return Err(inputs.missing("--id and --side together")),
    };
    let n = differences.len();
    let planned_pairs = inputs.count("pairs_planned")?.unwrap_or(2);
    let planned = Planned {
        delta: inputs.need("delta_planned")?,
        power: inputs.need("power")?,
        alpha: inputs.alpha(0.05),
        pairs: planned_pairs,
        pairs_max: inputs.count("pairs_max")?.unwrap_or(usize::MAX),
    };
    let found = reestimate::reestimate(&differences, &planned)?;
    let mut answer = begun(inputs);
    answer.insert("alpha".to_owned(), json!(planned.alpha));
    solved(&mut answer, planned.power, Some(found.n_adjusted_restricted), None, Some(planned.delta));
    let fields = [
        ("n_pairs", json!(n)),
        ("n_dropped", json!(dropped)),
        ("variance_about_mean", json!(found.variance_about_mean)),
        ("variance_about_zero", json!(found.variance_about_zero)),
        ("adjusted_about_mean", json!(found.adjusted_about_mean)),
        ("adjusted_about_zero", json!(found.adjusted_about_zero)),
        ("n_unadjusted", json!(found.n_unadjusted)),
        ("n_adjusted", json!(found.n_adjusted)),
        ("n_unadjusted_restricted", json!(found.n_unadjusted_restricted)),
        ("n_adjusted_restricted", json!(found.n_adjusted_restricted)),
    ];
    for (name, value) in fields {
        answer.insert(name.to_owned(), value);
    }
    let sd = found.adjusted_about_mean.sqrt();
    let sentence = format!(
        "From the right − left differences of {n} patients, without the allocation, the SD of the within-patient differences, \
         which carries the correlation between a patient's two knees, is re-estimated as {} (adjusted for the planned \
         difference of {}; {} unadjusted); {} patients with both knees give a paired t test at {} a power of {} ({} by the \
         unadjusted SD; between the planned {} and the largest number: {}).",
        short(sd),
        short(planned.delta),
        short(found.variance_about_mean.sqrt()),
        found.n_adjusted,
        words::level(planned.alpha, "two"),
        short(planned.power),
        found.n_unadjusted,
        planned.pairs,
        found.n_adjusted_restricted
    );
    answer.insert("sentence".to_owned(), json!(sentence));
    answer.insert(
        "check".to_owned(),
        json!(words::r_paired_t(found.n_adjusted, planned.delta, sd, planned.alpha, "two")),
    );
    Ok(answer)
}

/// Columns that name treatments: data that have one are not blinded.
const ARM_WORDS: [&str; 20] = [
    "treatment",
    "arm",
    "armcd",
    "actarm",
    "actarmcd",
    "trt",
    "trta",
    "trtp",
    "trt01a",
    "trt01p",
    "trtan",
    "trtpn",
    "group",
    "allocation",
    "drug",
    "active_knee",
    "active_side",
    "placebo_knee",
    "治療",
    "群",
];

fn refuse_arms(source: &Source, inputs: &Inputs) -> Result<(), CliError> {
    let named = [inputs.word("id"), inputs.word("side"), inputs.word("value")];
    for column in source.column_names() {
        if ARM_WORDS.contains(&column.to_lowercase().as_str()) && !named.contains(&Some(column.as_str())) {
            return Err(CliError::Refused(format!(
                "{}: the column `{column}` looks like the allocation: a blinded re-estimation reads no arms\n  help: give it \
                 a file without that column",
                source.name()
            )));
        }
    }
    Ok(())
}

/// Right − left by patient; the second number counts patients without both.
fn right_minus_left(source: &Source, id: &str, side: &str, value: &str) -> Result<(Vec<f64>, usize), CliError> {
    let (ids, sides, values) = (source.identifiers(id)?, source.text(side)?, source.numbers(value)?);
    let mut order: Vec<String> = Vec::new();
    let mut found: std::collections::HashMap<String, [Option<f64>; 2]> = std::collections::HashMap::new();
    for row in 0..source.height() {
        let (Some(patient), Some(word)) = (&ids[row], &sides[row]) else { continue };
        let place = match word.trim().to_uppercase().as_str() {
            "LEFT" | "L" | "左" => 0,
            "RIGHT" | "R" | "右" => 1,
            other => {
                return Err(CliError::Refused(format!(
                    "{}, row {}: the side `{other}` is neither left nor right",
                    source.name(),
                    source.file_row(row)
                )));
            }
        };
        let cells = found.entry(patient.clone()).or_insert_with(|| {
            order.push(patient.clone());
            [None; 2]
        });
        if let Some(value) = values[row] {
            if cells[place].is_some() {
                return Err(CliError::Refused(format!(
                    "{}, row {}: a second value of this side of patient `{patient}`: choose one visit with --where",
                    source.name(),
                    source.file_row(row)
                )));
            }
            cells[place] = Some(value);
        }
    }
    let both = |id: &String| match found.get(id) {
        Some([Some(left), Some(right)]) => Some(right - left),
        _ => None,
    };
    let differences: Vec<f64> = order.iter().filter_map(both).collect();
    let dropped = order.len() - differences.len();
    Ok((differences, dropped))
}
