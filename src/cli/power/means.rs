//! Answers about a mean difference: paired t, non-inferiority, equivalence, precision, signed rank, assurance.

use super::Answer;
use super::inputs::Inputs;
use super::words::{self, Spread, short};
use crate::cli::error::CliError;
use crate::paired::Alternative;
use crate::planning::assurance::{Assurance, Over};
use crate::planning::equivalence::Equivalence;
use crate::planning::paired_t::PairedT;
use crate::planning::precision::Precision;
use crate::planning::signed_rank::{self, Formula, Shape, SignedRank};
use crate::planning::variance;
use serde_json::{Value, json};

/// What is asked, from what is given of n, power and the difference.
pub enum Asked {
    /// The power of these pairs.
    Power(usize),
    /// The pairs for this power.
    Pairs(f64),
    /// The difference that these pairs detect with this power.
    Delta(usize, f64),
}

/// What is asked.
///
/// # Errors
/// Neither pairs nor power; all three; pairs that are no whole number.
pub fn asked(inputs: &Inputs, delta: &str) -> Result<Asked, CliError> {
    match (inputs.count("n")?, inputs.get("power"), inputs.get(delta)) {
        (Some(_), Some(_), Some(_)) => Err(CliError::Usage(format!(
            "--n, --power and {} are all given: leave out the one that is to be computed",
            super::inputs::flag(delta)
        ))),
        (Some(n), Some(power), None) => Ok(Asked::Delta(n, power)),
        (Some(n), None, _) => Ok(Asked::Power(n)),
        (None, Some(power), _) => Ok(Asked::Pairs(power)),
        (None, None, _) => Err(inputs.missing("--n, the pairs, or --power")),
    }
}

/// The inputs as the first fields of an answer, without those that are answers themselves.
pub fn begun(inputs: &Inputs) -> Answer {
    let mut answer = Answer::new();
    answer.insert("method".to_owned(), json!(inputs.method));
    for (name, value) in &inputs.numbers {
        if !["n", "power", "delta"].contains(name) {
            answer.insert((*name).to_owned(), whole(*value));
        }
    }
    for (name, word) in &inputs.words {
        answer.insert((*name).to_owned(), json!(word));
    }
    answer
}

/// A number without a fraction as an integer.
pub fn whole(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 { json!(value as i64) } else { json!(value) }
}

/// Adds what was asked and what was given, the same four fields for every method.
pub fn solved(answer: &mut Answer, power: f64, n: Option<usize>, unrounded: Option<f64>, delta: Option<f64>) {
    answer.insert("power".to_owned(), json!(power));
    answer.insert("n".to_owned(), json!(n));
    answer.insert("n_unrounded".to_owned(), json!(unrounded));
    answer.insert("delta".to_owned(), json!(delta));
}

/// The SD of the differences from the options, and the assumption in words.
///
/// # Errors
/// Not exactly one way of stating it.
pub fn spread(inputs: &Inputs) -> Result<Spread, CliError> {
    let one = inputs.get("sd");
    let given = [inputs.get("sd_diff").is_some(), one.is_some(), inputs.get("sd_active").is_some()];
    if given.iter().filter(|given| **given).count() != 1 || (inputs.get("sd_placebo").is_some() != given[2]) {
        return Err(inputs.missing("one of --sd-diff, --sd with --rho, or --sd-active and --sd-placebo with --rho"));
    }
    if let Some(sd_diff) = inputs.get("sd_diff") {
        if let Some((name, _)) =
            inputs.numbers.iter().find(|(name, _)| ["rho", "rho_visit", "sd_baseline"].contains(name))
        {
            let flag = super::inputs::flag(name);
            return Err(CliError::Usage(format!("{flag} is not used beside --sd-diff, which carries the correlation")));
        }
        let sd = short(sd_diff);
        let assumption = format!(
            "Assuming an SD of {sd} of the within-patient differences, which carries the correlation between a patient's two knees"
        );
        return Ok(Spread { sd_diff, assumption });
    }
    let rho = inputs.need("rho")?;
    let (active, placebo) = match one {
        Some(sd) => (sd, sd),
        None => (inputs.need("sd_active")?, inputs.need("sd_placebo")?),
    };
    let of_arms = if active == placebo {
        format!("an SD of {} in both arms", short(active))
    } else {
        format!("SDs of {} (active) and {} (placebo)", short(active), short(placebo))
    };
    let (sd_diff, visits) = match (inputs.get("sd_baseline"), inputs.get("rho_visit")) {
        (None, None) => (variance::of_difference(active, placebo, rho)?, String::new()),
        (Some(baseline), Some(visit)) => {
            let sd = variance::of_change(active, placebo, baseline, rho, visit)?;
            let words = format!(
                ", an SD of {} at baseline and a correlation of {} between baseline and the visit within a knee",
                short(baseline),
                short(visit)
            );
            (sd, words)
        }
        _ => return Err(inputs.missing("--sd-baseline and --rho-visit together")),
    };
    let what = if visits.is_empty() { "differences" } else { "differences in change from baseline" };
    let assumption = format!(
        "Assuming a correlation of {} between a patient's two knees, {of_arms}{visits}, hence an SD of {} of the within-patient {what}",
        short(rho),
        short(sd_diff)
    );
    Ok(Spread { sd_diff, assumption })
}

/// The direction of a test from `--sides`.
///
/// # Errors
/// Another word.
pub fn sides(inputs: &Inputs) -> Result<(&str, Alternative), CliError> {
    let word = inputs.word("sides").unwrap_or("two");
    let alternative = match word {
        "two" => Alternative::TwoSided,
        "lower" => Alternative::Less,
        "upper" => Alternative::Greater,
        other => return Err(CliError::Usage(format!("--sides {other}: one of two, lower, upper"))),
    };
    Ok((word, alternative))
}

/// `paired-t`.
///
/// # Errors
/// Missing options, or a design outside its domain.
pub fn paired_t(inputs: &Inputs) -> Result<Answer, CliError> {
    let (word, sides) = sides(inputs)?;
    let null = inputs.get("null").unwrap_or(0.0);
    let test = |delta: f64, spread: &Spread| {
        let against = if null == 0.0 { String::new() } else { format!(" against a null value of {}", short(null)) };
        let name = format!("a paired t test at {}{against}", words::level(inputs.alpha(0.05), word));
        (name, format!("to detect a mean difference (active − placebo) of {}", short(delta)), spread.sd_diff)
    };
    t_test(inputs, null, word, sides, 0.05, None, test)
}

/// `non-inferiority`.
///
/// # Errors
/// As [`paired_t`].
pub fn non_inferiority(inputs: &Inputs) -> Result<Answer, CliError> {
    let margin = inputs.need("margin")?;
    if margin <= 0.0 || margin.is_nan() {
        return Err(CliError::Usage(format!(
            "--margin {margin}: a positive number, the largest harm that is accepted"
        )));
    }
    let better = inputs.word("better").ok_or_else(|| inputs.missing("--better lower or higher"))?;
    let (word, sides, null) =
        if better == "lower" { ("lower", Alternative::Less, margin) } else { ("upper", Alternative::Greater, -margin) };
    let test = |delta: f64, spread: &Spread| {
        let name = format!(
            "a non-inferiority test (paired t) with a margin of {} at {}",
            short(margin),
            words::level(inputs.alpha(0.025), word)
        );
        (name, format!("where the true mean difference (active − placebo) is {}", short(delta)), spread.sd_diff)
    };
    t_test(inputs, null, word, sides, 0.025, Some(0.0), test)
}

fn t_test(
    inputs: &Inputs,
    null: f64,
    word: &str,
    sides: Alternative,
    usual_alpha: f64,
    usual_delta: Option<f64>,
    describe: impl Fn(f64, &Spread) -> (String, String, f64),
) -> Result<Answer, CliError> {
    let spread = spread(inputs)?;
    let alpha = inputs.alpha(usual_alpha);
    let asked = asked(inputs, "delta")?;
    let delta = || inputs.get("delta").or(usual_delta).ok_or_else(|| inputs.missing("--delta"));
    let test = |delta: f64| PairedT { shift: delta - null, sd_diff: spread.sd_diff, alpha, sides };
    let (power, n, unrounded, delta) = match asked {
        Asked::Power(n) => {
            let delta = delta()?;
            (test(delta).power(n as f64)?, n, None, delta)
        }
        Asked::Pairs(power) => {
            let delta = delta()?;
            let (needed, n) = test(delta).pairs(power)?;
            (power, n, Some(needed), delta)
        }
        Asked::Delta(n, power) => (power, n, None, null + test(null).detectable(n as f64, power)?),
    };
    let mut answer = begun(inputs);
    answer.insert("alpha".to_owned(), json!(alpha));
    if inputs.method == "paired-t" {
        answer.insert("null".to_owned(), whole(null));
        answer.insert("sides".to_owned(), json!(word));
    }
    answer.insert("sd_diff".to_owned(), json!(spread.sd_diff));
    solved(&mut answer, power, Some(n), unrounded, Some(delta));
    let attained = test(delta).power(n as f64)?;
    answer.insert("power_of_n".to_owned(), json!(attained));
    let (name, about, _) = describe(delta, &spread);
    let sentence = format!("{}, {}.", spread.assumption, words::outcome(n, attained, &name, &about));
    answer.insert("sentence".to_owned(), json!(sentence));
    answer.insert("check".to_owned(), json!(words::r_paired_t(n, delta - null, spread.sd_diff, alpha, word)));
    Ok(answer)
}

/// `equivalence`.
///
/// # Errors
/// As [`paired_t`].
pub fn equivalence(inputs: &Inputs) -> Result<Answer, CliError> {
    let spread = spread(inputs)?;
    let (low, high, alpha) = (inputs.need("low")?, inputs.need("high")?, inputs.alpha(0.05));
    let trial = |delta: f64| Equivalence { delta, low, high, sd_diff: spread.sd_diff, alpha };
    let delta = || inputs.need("delta");
    let (power, n, unrounded, delta) = match asked(inputs, "delta")? {
        Asked::Power(n) => (trial(delta()?).power(n as f64)?, n, None, delta()?),
        Asked::Pairs(power) => {
            let (needed, n) = trial(delta()?).pairs(power)?;
            (power, n, Some(needed), delta()?)
        }
        Asked::Delta(n, power) => (power, n, None, trial(0.0).detectable(n as f64, power)?),
    };
    let mut answer = begun(inputs);
    answer.insert("alpha".to_owned(), json!(alpha));
    answer.insert("sd_diff".to_owned(), json!(spread.sd_diff));
    solved(&mut answer, power, Some(n), unrounded, Some(delta));
    let attained = trial(delta).power(n as f64)?;
    answer.insert("power_of_n".to_owned(), json!(attained));
    let name = format!(
        "two one-sided paired t tests at {} each (margins {} and {}, exact by Owen's Q)",
        short(alpha),
        short(low),
        short(high)
    );
    let about = format!("to show equivalence where the true mean difference (active − placebo) is {}", short(delta));
    let sentence = format!("{}, {}.", spread.assumption, words::outcome(n, attained, &name, &about));
    answer.insert("sentence".to_owned(), json!(sentence));
    let check = format!(
        "local({{n <- {n}; s <- {}; v <- n - 1; t <- qt({alpha}, v, lower.tail = FALSE); k <- sqrt(n)/s; a <- ({high} - \
         {delta})*k; b <- ({low} - {delta})*k; w <- 9/sqrt(2*v); integrate(function(u) (pnorm(a - t*u) - pnorm(b + t*u)) * \
         2*v*u*dchisq(v*u^2, v), max(0, 1 - w), min((a - b)/(2*t), 1 + w), rel.tol = 1e-10)$value}})",
        spread.sd_diff
    );
    answer.insert("check".to_owned(), json!(check));
    Ok(answer)
}

/// `precision`.
///
/// # Errors
/// As [`paired_t`].
pub fn precision(inputs: &Inputs) -> Result<Answer, CliError> {
    let spread = spread(inputs)?;
    let conf_level = inputs.get("conf_level").unwrap_or(0.95);
    let (given_coverage, wanted) = match inputs.word("coverage") {
        None => (false, inputs.get("power")),
        Some("given" | "conditional") => (true, inputs.get("power")),
        Some("unconditional") => (false, inputs.get("power")),
        Some(number) => match (number.parse::<f64>(), inputs.get("power")) {
            (Ok(probability), None) => (true, Some(probability)),
            _ => {
                return Err(CliError::Usage(format!(
                    "--coverage {number}: alone with --power, or with the probability wanted in the place of --power"
                )));
            }
        },
    };
    let trial = |half_width: f64| Precision { half_width, sd_diff: spread.sd_diff, conf_level, given_coverage };
    let (power, n, unrounded, half_width) = match (inputs.count("n")?, wanted, inputs.get("half_width")) {
        (Some(_), Some(_), Some(_)) => {
            return Err(CliError::Usage("--n, a probability and --half-width are all given: leave one out".to_owned()));
        }
        (Some(n), None, Some(width)) => (trial(width).probability(n as f64)?, n, None, width),
        (Some(n), Some(p), None) => (p, n, None, trial(1.0).attainable(n as f64, p)?),
        (None, p, Some(width)) => {
            let (needed, n) = trial(width).pairs(p)?;
            (p.map_or_else(|| trial(width).probability(n as f64), Ok)?, n, Some(needed), width)
        }
        _ => return Err(inputs.missing("--half-width, or --n with --power")),
    };
    let found = trial(half_width);
    let probability = |given_coverage: bool| Precision { given_coverage, ..found }.probability(n as f64);
    let mut answer = begun(inputs);
    answer.insert("conf_level".to_owned(), json!(conf_level));
    answer.insert("sd_diff".to_owned(), json!(spread.sd_diff));
    answer.insert("half_width".to_owned(), json!(half_width));
    solved(&mut answer, power, Some(n), unrounded, None);
    answer.insert("unconditional".to_owned(), json!(probability(false)?));
    answer.insert("conditional_on_coverage".to_owned(), json!(probability(true)?));
    answer.insert("expected_half_width".to_owned(), json!(found.expected_half_width(n as f64)));
    let given = if given_coverage { ", given that the interval covers the true difference," } else { "" };
    let (level, width) = (short(100.0 * conf_level), short(half_width));
    let about = if wanted.is_none() && inputs.get("n").is_none() {
        format!(
            "have an expected half-width of at most {width} of the {level} % confidence interval of the mean difference"
        )
    } else {
        format!(
            "give a {level} % confidence interval of the mean difference whose half-width is at most {width}{given} with \
             probability {}",
            short(power)
        )
    };
    let sentence = format!("{}, {n} patients with both knees {about}.", spread.assumption);
    answer.insert("sentence".to_owned(), json!(sentence));
    let tail = 0.5 * (1.0 - conf_level);
    let edge = format!("{half_width}*sqrt(n)/(t*{})", spread.sd_diff);
    let check = if given_coverage {
        format!(
            "local({{n <- {n}; v <- n - 1; t <- qt({tail}, v, lower.tail = FALSE); w <- 9/sqrt(2*v); integrate(function(u) \
             (2*pnorm(t*u) - 1) * 2*v*u*dchisq(v*u^2, v), max(0, 1 - w), min({edge}, 1 + w), rel.tol = 1e-10)$value/{conf_level}}})"
        )
    } else {
        format!("local({{n <- {n}; t <- qt({tail}, n - 1, lower.tail = FALSE); pchisq((n - 1)*({edge})^2, n - 1)}})")
    };
    answer.insert("check".to_owned(), json!(check));
    Ok(answer)
}

/// `signed-rank`.
///
/// # Errors
/// As [`paired_t`].
pub fn signed_rank(inputs: &Inputs) -> Result<Answer, CliError> {
    let spread = spread(inputs)?;
    let alpha = inputs.alpha(0.05);
    let word = inputs.word("shape").unwrap_or("normal");
    let Some(shape) = Shape::ALL.into_iter().find(|shape| shape.name() == word) else {
        return Err(CliError::Usage(format!("--shape {word}: one of normal, logistic, laplace, uniform, t5")));
    };
    let name = inputs.word("formula").unwrap_or("lehmann");
    let (formula, title) = match name {
        "noether" => (Formula::Noether, "Noether's approximation"),
        "are" => (Formula::Are, "asymptotic relative efficiency"),
        _ => (Formula::Lehmann, "Lehmann's approximation"),
    };
    let test = |delta: f64| SignedRank { delta, sd_diff: spread.sd_diff, shape, alpha, formula };
    let delta = || inputs.need("delta");
    let (power, n, unrounded, delta) = match asked(inputs, "delta")? {
        Asked::Power(n) => (test(delta()?).power(n as f64)?, n, None, delta()?),
        Asked::Pairs(power) => {
            let (needed, n) = test(delta()?).pairs(power)?;
            (power, n, Some(needed), delta()?)
        }
        Asked::Delta(n, power) => (power, n, None, test(1.0).detectable(n as f64, power)?),
    };
    let moments = test(delta).moments();
    let mut answer = begun(inputs);
    for (name, value) in [("alpha", json!(alpha)), ("shape", json!(word)), ("formula", json!(name))] {
        answer.insert(name.to_owned(), value);
    }
    answer.insert("sd_diff".to_owned(), json!(spread.sd_diff));
    solved(&mut answer, power, Some(n), unrounded, Some(delta));
    for (name, value) in [("p1", moments.p1), ("p2", moments.p2), ("p3", moments.p3)] {
        answer.insert(name.to_owned(), json!(value));
    }
    answer.insert("relative_efficiency".to_owned(), json!(shape.relative_efficiency()));
    answer.insert("exact_size".to_owned(), json!(signed_rank::exact_size(n, alpha).ok()));
    if let Some(samples) = inputs.count("simulate")? {
        let seed = inputs.count("seed")?.unwrap_or(20_261_128) as u64;
        let (share, error) = test(delta).simulate(n, samples as u64, seed)?;
        answer.insert("power_simulated".to_owned(), json!(share));
        answer.insert("power_simulated_mcse".to_owned(), json!(error));
    } else if inputs.get("seed").is_some() {
        return Err(CliError::Usage("--seed is used with --simulate only".to_owned()));
    }
    let test_name =
        format!("a Wilcoxon signed-rank test at {} (by {title}, {word} differences)", words::level(alpha, "two"));
    let about = format!("to detect a shift (active − placebo) of {}", short(delta));
    let sentence = format!("{}, {}.", spread.assumption, words::outcome(n, power, &test_name, &about));
    answer.insert("sentence".to_owned(), json!(sentence));
    let check = match formula {
        Formula::Noether => format!("pnorm(sqrt(3*{n})*abs({} - 0.5) - qnorm(1 - {alpha}/2))", moments.p2),
        Formula::Are => format!(
            "local({{n <- {n}*{}; d <- sqrt(n)*{}/{}; t <- qt(1 - {alpha}/2, n - 1); pt(t, n - 1, d, lower.tail = FALSE) + \
             pt(-t, n - 1, d)}})",
            shape.relative_efficiency(),
            delta,
            spread.sd_diff
        ),
        Formula::Lehmann => {
            let (mean, variance) = moments.of_sum(n as f64);
            format!(
                "local({{n <- {n}; g <- {mean} - n*(n + 1)/4; r <- qnorm(1 - {alpha}/2)*sqrt(n*(n + 1)*(2*n + 1)/24); s <- \
                 sqrt({variance}); pnorm((g - r)/s) + pnorm((-g - r)/s)}})"
            )
        }
    };
    answer.insert("check".to_owned(), json!(check));
    Ok(answer)
}

/// `assurance`.
///
/// # Errors
/// As [`paired_t`].
pub fn assurance(inputs: &Inputs) -> Result<Answer, CliError> {
    let (delta, sd, rho) = (inputs.need("delta")?, inputs.need("sd")?, inputs.need("rho")?);
    let alpha = inputs.alpha(0.05);
    let word = inputs.word("over").ok_or_else(|| inputs.missing("--over correlation, sd or delta"))?;
    let pilot = || inputs.count("pilot")?.ok_or_else(|| inputs.missing("--pilot, the pairs of the pilot"));
    let unused = |name: &str| match inputs.get(name) {
        Some(_) => Err(CliError::Usage(format!("{} is not used with --over {word}", super::inputs::flag(name)))),
        None => Ok(()),
    };
    let (over, unknown) = match word {
        "delta" => {
            unused("pilot")?;
            let sd = inputs.need("delta_sd")?;
            (Over::Delta(sd), format!("the difference itself (normal, SD {})", short(sd)))
        }
        "sd" => {
            unused("delta_sd")?;
            (Over::Sd(pilot()?), format!("the SD of the differences as a pilot of {} pairs leaves it", pilot()?))
        }
        _ => {
            unused("delta_sd")?;
            (Over::Correlation(pilot()?), format!("the correlation as a pilot of {} pairs leaves it", pilot()?))
        }
    };
    let trial = Assurance { delta, sd, rho, alpha, over };
    let (n, unrounded, assurance) = match (inputs.count("n")?, inputs.get("power")) {
        (Some(n), None) => (n, None, trial.assurance(n as f64)?),
        (None, Some(target)) => {
            let (needed, n) = trial.pairs(target)?;
            (n, Some(needed), target)
        }
        _ => return Err(inputs.missing("--n, the pairs, or --power, the assurance wanted (one of them)")),
    };
    let power = trial.power(n as f64)?;
    let mut answer = begun(inputs);
    answer.insert("alpha".to_owned(), json!(alpha));
    answer.insert("sd_diff".to_owned(), json!(variance::of_difference(sd, sd, rho)?));
    solved(&mut answer, power, Some(n), unrounded, Some(delta));
    answer.insert("assurance".to_owned(), json!(assurance));
    answer.insert("assurance_of_n".to_owned(), json!(trial.assurance(n as f64)?));
    if let Over::Correlation(pilot) = over {
        let (low, high) = trial.band(n as f64, pilot)?;
        answer.insert("power_low".to_owned(), json!(low.min(high)));
        answer.insert("power_high".to_owned(), json!(low.max(high)));
    }
    let sentence = format!(
        "Assuming a correlation of {} between a patient's two knees, an SD of one knee of {} and a mean difference of {}, {n} \
         patients with both knees give a paired t test at {} a power of {}; averaged over {unknown} it is {} (assurance).",
        short(rho),
        short(sd),
        short(delta),
        words::level(alpha, "two"),
        short(power),
        short(assurance)
    );
    answer.insert("sentence".to_owned(), json!(sentence));
    let of = "local({p <- function(d, s, n) {t <- qt(1 - a/2, n - 1); k <- sqrt(n)*d/s; pt(t, n - 1, k, lower.tail = FALSE) + \
              pt(-t, n - 1, k)}";
    let body = match over {
        Over::Correlation(pilot) => format!(
            "integrate(Vectorize(function(z) dnorm(z)*p({delta}, {sd}*sqrt(2*(1 - tanh(atanh({rho}) + z/sqrt({pilot} - 3)))), \
             {n})), -8, 8)$value"
        ),
        Over::Sd(pilot) => format!(
            "integrate(Vectorize(function(x) dchisq(x, {pilot} - 1)*p({delta}, {sd}*sqrt(2*(1 - {rho}))*sqrt(({pilot} - 1)/x), \
             {n})), 0, qchisq(1e-14, {pilot} - 1, lower.tail = FALSE))$value"
        ),
        Over::Delta(spread) => format!(
            "integrate(Vectorize(function(z) dnorm(z)*p({delta} + {spread}*z, {sd}*sqrt(2*(1 - {rho})), {n})), -8, 8)$value"
        ),
    };
    answer.insert("check".to_owned(), json!(format!("{}; {body}}})", of.replace("a/2", &format!("{alpha}/2")))));
    Ok(answer)
}
