//! The options of `splitknee power`: lists to a grid of single numbers, and refusal of what a method does not use.

use super::METHODS;
use crate::cli::args::power::PowerArgs;
use crate::cli::error::CliError;
use crate::cli::input::may_be_decimals;
use std::path::PathBuf;

/// Most rows of one call.
const MOST_ROWS: usize = 10_000;

/// The options that are whole numbers, of which two with a comma between them are a list.
const COUNTS: [&str; 10] = [
    "pairs",
    "single_active",
    "single_placebo",
    "pilot",
    "pairs_planned",
    "pairs_max",
    "look",
    "n",
    "simulate",
    "seed",
];

/// The options of one row.
#[derive(Debug, Clone, PartialEq)]
pub struct Inputs {
    /// The method.
    pub method: &'static str,
    /// Numbers by option name in snake case, in the order of the options.
    pub numbers: Vec<(&'static str, f64)>,
    /// Words by option name.
    pub words: Vec<(&'static str, String)>,
    /// The data file of reestimate.
    pub data: Option<PathBuf>,
    /// Conditions on its rows.
    pub conditions: Vec<String>,
}

impl Inputs {
    /// The number given for `name`.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.numbers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// The number given for `name`, which the method needs.
    ///
    /// # Errors
    /// It is not given.
    pub fn need(&self, name: &str) -> Result<f64, CliError> {
        self.get(name).ok_or_else(|| self.missing(&flag(name)))
    }

    /// The whole number given for `name`, if any.
    ///
    /// # Errors
    /// It is no whole number.
    pub fn count(&self, name: &str) -> Result<Option<usize>, CliError> {
        match self.get(name) {
            None => Ok(None),
            Some(value) if value >= 0.0 && value.fract() == 0.0 && value < 1e12 => Ok(Some(value as usize)),
            Some(value) => Err(CliError::Usage(format!("{} {value}: a whole number is needed", flag(name)))),
        }
    }

    /// The word given for `name`.
    pub fn word(&self, name: &str) -> Option<&str> {
        self.words.iter().find(|(known, _)| *known == name).map(|(_, word)| word.as_str())
    }

    /// The significance level, or the method's usual one.
    pub fn alpha(&self, usual: f64) -> f64 {
        self.get("alpha").unwrap_or(usual)
    }

    /// That `what` is missing.
    pub fn missing(&self, what: &str) -> CliError {
        CliError::Usage(format!("{} needs {what} (`splitknee power --help` shows what a method takes)", self.method))
    }
}

/// The option of a name: `--sd-diff` of `sd_diff`.
pub fn flag(name: &str) -> String {
    format!("--{}", name.replace('_', "-"))
}

/// One row for every combination of the lists given, in the order of the options; and the names that were lists.
///
/// # Errors
/// An unknown method, an option that it does not use, a list that is none.
pub fn rows(args: &PowerArgs) -> Result<(Vec<Inputs>, Vec<&'static str>), CliError> {
    let Some((method, numbers, words)) = METHODS.iter().find(|(name, ..)| *name == args.name) else {
        let near = crate::trial::finding::nearest(&args.name, METHODS.iter().map(|(name, ..)| *name)).join(", ");
        let hint = if near.is_empty() { String::new() } else { format!("; did you mean {near}?") };
        return Err(CliError::Usage(format!(
            "there is no method `{}`{hint} (`splitknee power --help` lists them)",
            args.name
        )));
    };
    let mut row = Inputs {
        method,
        numbers: Vec::new(),
        words: Vec::new(),
        data: args.data.clone(),
        conditions: args.conditions.clone(),
    };
    for (name, given) in words_given(args) {
        let Some(word) = given else { continue };
        allowed(method, words, name)?;
        row.words.push((name, word));
    }
    let mut rows = vec![row];
    let mut lists = Vec::new();
    for (name, given) in numbers_given(args) {
        let Some(text) = given else { continue };
        allowed(method, numbers, name)?;
        if !COUNTS.contains(&name) && may_be_decimals(text) {
            return Err(crate::cli::input::decimal_comma(&flag(name), text));
        }
        let values = list(&flag(name), text)?;
        if values.len() > 1 {
            lists.push(name);
        }
        if rows.len() * values.len() > MOST_ROWS {
            return Err(CliError::Usage(format!("these lists give more than {MOST_ROWS} rows")));
        }
        rows = rows
            .into_iter()
            .flat_map(|row| {
                values.iter().map(move |value| {
                    let mut row = row.clone();
                    row.numbers.push((name, *value));
                    row
                })
            })
            .collect();
    }
    Ok((rows, lists))
}

fn allowed(method: &str, takes: &[&str], name: &'static str) -> Result<(), CliError> {
    if takes.contains(&name) {
        return Ok(());
    }
    let methods: Vec<&str> = METHODS
        .iter()
        .filter(|(_, numbers, words)| numbers.contains(&name) || words.contains(&name))
        .map(|(method, ..)| *method)
        .collect();
    Err(CliError::Usage(format!(
        "{} is not an option of {method}: it would be ignored (it belongs to {})",
        flag(name),
        methods.join(", ")
    )))
}

fn numbers_given(args: &PowerArgs) -> [(&'static str, Option<&str>); 39] {
    [
        ("delta", args.delta.as_deref()),
        ("null", args.null.as_deref()),
        ("margin", args.margin.as_deref()),
        ("low", args.low.as_deref()),
        ("high", args.high.as_deref()),
        ("half_width", args.half_width.as_deref()),
        ("sd_diff", args.sd_diff.as_deref()),
        ("sd", args.sd.as_deref()),
        ("sd_active", args.sd_active.as_deref()),
        ("sd_placebo", args.sd_placebo.as_deref()),
        ("sd_baseline", args.sd_baseline.as_deref()),
        ("rho", args.rho.as_deref()),
        ("rho_visit", args.rho_visit.as_deref()),
        ("p10", args.p10.as_deref()),
        ("p01", args.p01.as_deref()),
        ("p_active", args.p_active.as_deref()),
        ("p_placebo", args.p_placebo.as_deref()),
        ("phi", args.phi.as_deref()),
        ("pairs", args.pairs.as_deref()),
        ("single_active", args.single_active.as_deref()),
        ("single_placebo", args.single_placebo.as_deref()),
        ("pilot", args.pilot.as_deref()),
        ("delta_sd", args.delta_sd.as_deref()),
        ("delta_planned", args.delta_planned.as_deref()),
        ("pairs_planned", args.pairs_planned.as_deref()),
        ("pairs_max", args.pairs_max.as_deref()),
        ("parameter", args.parameter.as_deref()),
        ("futility_parameter", args.futility_parameter.as_deref()),
        ("futility_threshold", args.futility_threshold.as_deref()),
        ("look", args.look.as_deref()),
        ("z", args.z.as_deref()),
        ("n", args.n.as_deref()),
        ("power", args.power.as_deref()),
        ("alpha", args.alpha.as_deref()),
        ("conf_level", args.conf_level.as_deref()),
        ("simulate", args.simulate.as_deref()),
        ("seed", args.seed.as_deref()),
        ("losses", args.losses.as_deref()),
        ("knee_losses", args.knee_losses.as_deref()),
    ]
}

fn words_given(args: &PowerArgs) -> Vec<(&'static str, Option<String>)> {
    vec![
        ("sides", args.sides.clone()),
        ("better", args.better.clone()),
        ("coverage", args.coverage.clone()),
        ("p", args.p.clone()),
        ("shape", args.shape.clone()),
        ("formula", args.formula.clone()),
        ("analysis", args.analysis.clone()),
        ("over", args.over.clone()),
        ("information", args.information.clone()),
        ("spending", args.spending.clone()),
        ("futility", args.futility.clone()),
        ("futility_under", args.futility_under.clone()),
        ("binding", args.binding.then(|| "yes".to_owned())),
        ("data", args.data.as_ref().map(|path| path.display().to_string())),
        ("id", args.id.clone()),
        ("side", args.side.clone()),
        ("value", args.value.clone()),
        ("where", (!args.conditions.is_empty()).then(|| args.conditions.join(" and "))),
    ]
}

/// Numbers separated by commas, each a number or `low:high:step`.
///
/// # Errors
/// Something that is neither.
pub fn list(flag: &str, text: &str) -> Result<Vec<f64>, CliError> {
    let number = |item: &str| {
        let value: Option<f64> = item.trim().parse().ok().filter(|value: &f64| value.is_finite());
        value.ok_or_else(|| {
            CliError::Usage(format!("{flag}: `{item}` is not a number (lists: 20,30,40 or 0.2:0.8:0.1)"))
        })
    };
    let mut values = Vec::new();
    for item in text.split(',') {
        let parts: Vec<&str> = item.split(':').collect();
        match parts.as_slice() {
            [one] => values.push(number(one)?),
            [low, high, step] => {
                let (low, high, step) = (number(low)?, number(high)?, number(step)?);
                let steps = ((high - low) / step + 1e-9).floor();
                if !(step != 0.0 && (0.0..MOST_ROWS as f64).contains(&steps)) {
                    return Err(CliError::Usage(format!("{flag} {item}: low:high:step with a step that leads there")));
                }
                // Without the rounding noise of adding the step up.
                values.extend((0..=steps as usize).map(|k| ((low + k as f64 * step) * 1e12).round() / 1e12));
            }
            _ => return Err(CliError::Usage(format!("{flag} {item}: a number, or low:high:step"))),
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_ranges() {
        assert_eq!(list("--rho", "0.2:0.8:0.1").unwrap(), [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]);
        assert_eq!(list("--n", "20,30:50:10").unwrap(), [20.0, 30.0, 40.0, 50.0]);
        assert_eq!(list("--rho", "-0.2").unwrap(), [-0.2]);
        for wrong in ["", "a", "1:2", "1:2:0", "2:1:0.5", "nan"] {
            assert!(list("--n", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_decimal_comma_is_no_list() {
        for text in ["10,5", "19,6", "0,5", "-2,5", "0,05", "0,05,0,1", "20,30", "42,05"] {
            assert!(may_be_decimals(text), "{text}");
        }
        for text in ["10.5", "10.0,5.0", "0.2,0.5", "18,20,22", "0.2:0.8:0.1", "5"] {
            assert!(!may_be_decimals(text), "{text}");
        }
        let args = |delta: &str| PowerArgs {
            name: "paired-t".into(),
            delta: Some(delta.into()),
            sd: Some("20".into()),
            rho: Some("0.5".into()),
            n: Some("20,30".into()),
            ..PowerArgs::default()
        };
        let error = rows(&args("10,5")).unwrap_err();
        assert_eq!(error.code(), 2);
        assert!(error.to_string().contains("`--delta 10.5`"), "{error}");
        // Counts of patients are whole numbers.
        assert_eq!(rows(&args("10.5")).unwrap().0.len(), 2);
    }

    #[test]
    fn what_a_method_does_not_use_is_refused() {
        let args = PowerArgs { name: "equivalence".into(), null: Some("1".into()), ..PowerArgs::default() };
        let error = rows(&args).unwrap_err().to_string();
        assert!(error.contains("--null is not an option of equivalence"), "{error}");
    }
}
