//! `splitknee test METHOD`: one test, like a calculator.

use super::test_further;
use crate::analysis::logarithms;
use crate::cli::args::test::{FURTHER, TestArgs};
use crate::cli::error::CliError;
use crate::cli::input::{self, Pairs, Source};
use crate::cli::input_checks;
use crate::cli::terminal;
use crate::multiplicity::adjust::{Adjustment, adjust};
use crate::paired::catalogue::{self, Settings};
use crate::paired::power::{self, Design, Given};
use crate::paired::within::{Factor, WithinTable};
use crate::paired::{
    Alternative, Better, Field, METHODS, Options, TestResult, bland_altman, brunner_munzel, cochran_q, correlation,
    friedman, icc, kappa, mcnemar, permutation, pool, rm_anova, wilcoxon,
};

/// Runs the command.
///
/// # Errors
/// Wrong usage, a file that cannot be read, or data that the test refuses.
pub fn run(args: &TestArgs) -> Result<(), CliError> {
    applicable(args)?;
    match args.test.as_str() {
        "adjust" => adjusted(args),
        "pool" => pooled(args),
        "power" => answer(args, &planned(args)?),
        "friedman" | "cochran-q" => {
            let table = within_table(args, &[required(args.time.as_deref(), "--time")?])?;
            let options = options(args)?;
            let exact = match args.p.as_deref() {
                Some(p) => choose("--p", p, &[("exact", true), ("asymptotic", false)])?,
                None => false,
            };
            let mut result = if args.test == "friedman" {
                let test = if exact { friedman::friedman_exact } else { friedman::friedman };
                test(&table.rows, &options)?
            } else {
                let test = if exact { cochran_q::cochran_q_exact } else { cochran_q::cochran_q };
                test(&cochran_q::answers(&table.rows)?, &options)?
            };
            result.n_dropped = table.n_dropped;
            answer(args, &result)
        }
        "rm-anova" => {
            if args.within.is_empty() {
                return Err(CliError::Usage(
                    "rm-anova needs --within a,b (the columns of the within factors)".to_owned(),
                ));
            }
            let columns: Vec<&str> = args.within.iter().map(String::as_str).collect();
            let table = within_table(args, &columns)?;
            answer(args, &rm_anova::rm_anova(&table, &options(args)?)?)
        }
        name if test_further::NAMES.contains(&name) => test_further::run(args),
        name if catalogue::NAMES.contains(&name) => paired(args, name),
        name => {
            let known = catalogue::NAMES.into_iter().chain(FURTHER.map(|(name, _)| name));
            let near = crate::trial::finding::nearest(name, known).join(", ");
            let hint = if near.is_empty() { String::new() } else { format!("; did you mean {near}?") };
            Err(CliError::Usage(format!("there is no method `{name}`{hint} (`splitknee test --help` lists them)")))
        }
    }
}

fn paired(args: &TestArgs, name: &str) -> Result<(), CliError> {
    let pairs = pairs(args)?;
    let settings = settings(args, name)?;
    if args.transform.as_deref() == Some("log") {
        return answer(args, &logarithmic(args, name, &pairs, settings)?);
    }
    let mut result = catalogue::run(name, &pairs.treated, &pairs.control, &options(args)?, &settings)?;
    result.n_dropped = pairs.dropped;
    answer(args, &result)
}

/// The test of the logarithms: differences become ratios, `--mu`, `--low` and `--high` are ratios.
fn logarithmic(args: &TestArgs, name: &str, pairs: &Pairs, mut settings: Settings) -> Result<TestResult, CliError> {
    positive(args)?;
    let ratio = |flag: &str, value: f64| match value > 0.0 {
        true => Ok(value.ln()),
        false => Err(CliError::Usage(format!("{flag} {value}: with --transform log it is a ratio, hence positive"))),
    };
    if let Some((low, high)) = settings.limits {
        settings.limits = Some((ratio("--low", low)?, ratio("--high", high)?));
    }
    let mut options = options(args)?;
    options.mu = if args.mu == 0.0 { 0.0 } else { ratio("--mu", args.mu)? };
    let logs = |values: &[f64]| values.iter().map(|value| value.ln()).collect::<Vec<_>>();
    let (treated, control) = (logs(&pairs.treated), logs(&pairs.control));
    let mut result = catalogue::run(name, &treated, &control, &options, &settings)?;
    result.n_dropped = pairs.dropped;
    let ratio = logarithms::ratio(&result);
    result.extra.extend(ratio.into_iter().chain(logarithms::geometric_means(&treated, &control)));
    Ok(result)
}

/// Refuses values that have no logarithm, with their rows.
fn positive(args: &TestArgs) -> Result<(), CliError> {
    let source = source(args)?;
    let columns = [&args.treated, &args.control, &args.value];
    let mut wrong = Vec::new();
    for column in columns.into_iter().flatten() {
        for (row, value) in source.numbers(column)?.into_iter().enumerate() {
            if let Some(value) = value.filter(|value| *value <= 0.0) {
                wrong.push(format!("{}:{}: {column} = {value}", source.name(), source.file_row(row)));
            }
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let more = wrong.len().saturating_sub(10);
    let tail = if more > 0 { format!("\n… and {more} more") } else { String::new() };
    Err(CliError::Usage(format!(
        "values without a logarithm:\n{}{tail}\n  help: add a declared offset to the column, or compare the scores as they are",
        wrong[..wrong.len().min(10)].join("\n")
    )))
}

/// Refuses an option that the method does not read: it would be ignored in silence. What the paired tests read the
/// registry says, what the others read [`FURTHER`].
fn applicable(args: &TestArgs) -> Result<(), CliError> {
    let given: [(&str, bool); 46] = [
        ("--left", args.left.is_some()),
        ("--right", args.right.is_some()),
        ("--active-side", args.active_side.is_some()),
        ("--block", args.block.is_some()),
        ("--stratum", args.stratum.is_some()),
        ("--block-size", !args.block_size.is_empty()),
        ("--transform", args.transform.is_some()),
        ("--zeros", args.zeros.is_some()),
        ("--continuity", args.continuity.is_some()),
        ("--p", args.p.is_some()),
        ("--samples", args.samples.is_some()),
        ("--seed", args.seed.is_some()),
        ("--trim", args.trim.is_some()),
        ("--kind", args.kind.is_some()),
        ("--low", args.low.is_some()),
        ("--high", args.high.is_some()),
        ("--quantile", args.quantile.is_some()),
        ("--levels", !args.levels.is_empty()),
        ("--time", args.time.is_some()),
        ("--within", !args.within.is_empty()),
        ("--method", args.method.is_some()),
        ("--better", args.better.is_some()),
        ("--margin", args.margin.is_some()),
        ("--weights", args.weights.is_some()),
        ("--delta", args.delta.is_some()),
        ("--sd-diff", args.sd_diff.is_some()),
        ("--sd", args.sd.is_some()),
        ("--rho", args.rho.is_some()),
        ("--power", args.power.is_some()),
        ("--exposure", args.exposure.is_some()),
        ("--exposure-treated", args.exposure_treated.is_some()),
        ("--exposure-control", args.exposure_control.is_some()),
        ("--limits", args.limits.is_some()),
        ("--guess", args.guess.is_some()),
        ("--dont-know", args.dont_know.is_some()),
        ("--prior-mean", args.prior_mean.is_some()),
        ("--prior-sd", args.prior_sd.is_some()),
        ("--mean", args.mean.is_some()),
        ("--likelihood", args.likelihood.is_some()),
        ("--weight", args.weight.is_some()),
        ("--vague-mean", args.vague_mean.is_some()),
        ("--vague-sd", args.vague_sd.is_some()),
        ("--mcid", args.mcid.is_some()),
        ("--n", args.n.is_some()),
        ("--estimates or --std-errors", !args.estimates.is_empty() || !args.std_errors.is_empty()),
        ("--df-complete", args.df_complete.is_some()),
    ];
    let test = args.test.as_str();
    for (flag, _) in given.into_iter().filter(|(_, given)| *given) {
        let readers = readers(flag);
        if !readers.contains(&test) {
            return Err(CliError::Usage(format!("{flag} is an option of {}, not of {test}", readers.join(", "))));
        }
    }
    Ok(())
}

/// The methods that read the option `flag`.
fn readers(flag: &str) -> Vec<&'static str> {
    let paired = METHODS.into_iter().map(|method| (method.name, method.options));
    let all = paired.chain(FURTHER);
    all.filter(|(_, options)| options.contains(&flag)).map(|(name, _)| name).collect()
}

/// Power or number of pairs, from assumptions, from data, or from both: what is not given is taken from the data.
fn planned(args: &TestArgs) -> Result<TestResult, CliError> {
    let options = options(args)?;
    let delta =
        args.delta.ok_or_else(|| CliError::Usage("power needs --delta, the difference to detect".to_owned()))?;
    let pairs = args.data.as_ref().map(|_| pairs(args)).transpose()?;
    let observed = pairs.as_ref().map(|pairs| power::Observed::of(&pairs.treated, &pairs.control, &options));
    let observed = observed.transpose()?;
    let rho = args.rho.or(observed.as_ref().and_then(|found| found.correlation));
    let sd_diff = match (args.sd_diff, args.sd, rho, &observed) {
        (Some(_), Some(_), ..) => {
            return Err(CliError::Usage("--sd-diff and --sd exclude each other".to_owned()));
        }
        (Some(sd_diff), ..) => sd_diff,
        (None, Some(sd), Some(rho), _) => power::sd_of_difference(sd, rho)?,
        (None, None, _, Some(observed)) if args.rho.is_none() => observed.sd_diff,
        _ => return Err(CliError::Usage("power needs --sd-diff, or --sd with --rho, or --data".to_owned())),
    };
    // The level as it was written, not 1 − 0.95 with its rounding.
    let alpha = ((1.0 - options.conf_level) * 1e12).round() / 1e12;
    let design = Design { delta: delta - options.mu, sd_diff, alpha, alternative: options.alternative };
    let given = match (args.n, args.power, &pairs) {
        (Some(_), Some(_), _) => return Err(CliError::Usage("--n and --power exclude each other".to_owned())),
        (Some(n), None, _) => Given::Pairs(n),
        (None, Some(power), _) => Given::Power(power),
        (None, None, Some(pairs)) => Given::Pairs(pairs.treated.len()),
        (None, None, None) => return Err(CliError::Usage("power needs --n, the pairs, or --power".to_owned())),
    };
    let mut result = power::answer(&design, given)?;
    if options.mu != 0.0 {
        // The design is about the distance from the null value; print the difference that was asked for.
        for (name, field) in &mut result.extra {
            if *name == "delta" {
                *field = Field::Number(Some(delta));
            }
        }
        result.extra.push(("null", Field::Number(Some(options.mu))));
    }
    result.extra.push(("sd", Field::Number(args.sd)));
    result.extra.push(("correlation", Field::Number(rho)));
    if let (Some(observed), Some(pairs)) = (observed, pairs) {
        result.n_dropped = pairs.dropped;
        observed.describe(&mut result);
    }
    Ok(result)
}

pub(super) fn required<'a>(value: Option<&'a str>, flag: &str) -> Result<&'a str, CliError> {
    value.ok_or_else(|| {
        CliError::Usage(format!("{flag} is missing (`splitknee test --help` shows what a method needs)"))
    })
}

pub(super) fn source(args: &TestArgs) -> Result<Source, CliError> {
    let path = args.data.as_ref().ok_or_else(|| CliError::Usage("--data FILE is missing".to_owned()))?;
    Source::open(path, &args.conditions, &args.file, args.id.as_slice())
}

pub(super) fn pairs(args: &TestArgs) -> Result<Pairs, CliError> {
    // Words for yes and no are answers where the method is for answers.
    let answers = args.test == "mcnemar";
    match (&args.treated, &args.control) {
        (Some(treated), Some(control)) if treated == control => {
            Err(CliError::Usage(format!("--treated and --control both name `{treated}`")))
        }
        (Some(treated), Some(control)) => input::wide(&source(args)?, treated, control, answers),
        (None, None) => {
            let of = |value: &'_ Option<String>, flag| required(value.as_deref(), flag).map(str::to_owned);
            let (id, arm) = (of(&args.id, "--treated/--control or --id")?, of(&args.arm, "--arm")?);
            let (active, placebo) = (of(&args.active, "--active")?, of(&args.placebo, "--placebo")?);
            let value = of(&args.value, "--value")?;
            if active == placebo {
                return Err(CliError::Usage(format!("--active and --placebo both name `{active}`")));
            }
            input::long(&source(args)?, &id, &arm, &active, &placebo, &value, answers)
        }
        _ => Err(CliError::Usage("--treated and --control go together".to_owned())),
    }
}

/// Complete patients by the levels of within-patient factors.
fn within_table(args: &TestArgs, columns: &[&str]) -> Result<WithinTable, CliError> {
    let id = required(args.id.as_deref(), "--id")?;
    let value = required(args.value.as_deref(), "--value")?;
    let source = source(args)?;
    let (ids, values) = (source.identifiers(id)?, source.numbers(value)?);
    let mut factors: Vec<(Factor, Vec<Option<String>>)> = Vec::new();
    for column in columns {
        let cells = source.labels(column)?;
        let mut levels: Vec<String> = Vec::new();
        for cell in cells.iter().flatten() {
            if !levels.contains(cell) {
                levels.push(cell.clone());
            }
        }
        factors.push((Factor { name: (*column).to_owned(), levels }, cells));
    }
    let usable: Vec<usize> = (0..source.height())
        .filter(|&row| ids[row].is_some() && factors.iter().all(|(_, cells)| cells[row].is_some()))
        .collect();
    let unusable: Vec<usize> = (0..source.height()).filter(|row| !usable.contains(row)).collect();
    input_checks::rows_left_out(&source, &unusable, "because the patient or a factor is not filled in");
    let take = |cells: &[Option<String>]| usable.iter().filter_map(|&row| cells[row].clone()).collect::<Vec<_>>();
    let ids = take(&ids);
    let values: Vec<Option<f64>> = usable.iter().map(|&row| values[row]).collect();
    let factors: Vec<(Factor, Vec<String>)> =
        factors.into_iter().map(|(factor, cells)| (factor, take(&cells))).collect();
    Ok(WithinTable::from_long(&ids, &values, &factors)?)
}

pub(super) fn options(args: &TestArgs) -> Result<Options, CliError> {
    if !(args.conf_level > 0.0 && args.conf_level < 1.0) {
        return Err(CliError::Usage(format!("--conf-level {}: between 0 and 1, for instance 0.95", args.conf_level)));
    }
    if !args.mu.is_finite() {
        return Err(CliError::Usage(format!("--mu {}: a finite number is needed", args.mu)));
    }
    let alternative = match args.alternative.as_str() {
        "less" => Alternative::Less,
        "greater" => Alternative::Greater,
        _ => Alternative::TwoSided,
    };
    Ok(Options { alternative, conf_level: args.conf_level, mu: args.mu })
}

/// One of the words `known` for the option `flag`.
fn choose<T: Copy>(flag: &str, given: &str, known: &[(&str, T)]) -> Result<T, CliError> {
    known.iter().find(|(word, _)| *word == given).map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        CliError::Usage(format!("{flag} {given}: for this method it is one of {}", words.join(", ")))
    })
}

fn settings(args: &TestArgs, name: &str) -> Result<Settings, CliError> {
    let mut settings = Settings::default();
    if args.zeros.as_deref() == Some("pratt") {
        settings.wilcoxon.zeros = wilcoxon::Zeros::Pratt;
    }
    if let Some(continuity) = args.continuity {
        settings.wilcoxon.continuity = continuity;
        settings.mcnemar.continuity = continuity;
    }
    if let Some(p) = args.p.as_deref() {
        match name {
            "wilcoxon" => {
                use wilcoxon::PValue::{Asymptotic, Auto, Exact};
                settings.wilcoxon.p =
                    choose("--p", p, &[("auto", Auto), ("exact", Exact), ("asymptotic", Asymptotic)])?;
            }
            "permutation" => {
                use permutation::Method::{Auto, Exact, MonteCarlo};
                settings.permutation.method =
                    choose("--p", p, &[("auto", Auto), ("exact", Exact), ("monte-carlo", MonteCarlo)])?;
            }
            "marginal-mean-scores" => {
                use wilcoxon::PValue::{Asymptotic, Auto, Exact};
                settings.scores = choose("--p", p, &[("auto", Auto), ("exact", Exact), ("asymptotic", Asymptotic)])?;
            }
            "brunner-munzel" => {
                use brunner_munzel::PValue::{Exact, Permutation, StudentT};
                settings.brunner_munzel.p =
                    choose("--p", p, &[("t", StudentT), ("permutation", Permutation), ("exact", Exact)])?;
            }
            "mcnemar" => {
                use mcnemar::PValue::{Asymptotic, Exact, MidP};
                settings.mcnemar.p =
                    choose("--p", p, &[("exact", Exact), ("mid-p", MidP), ("asymptotic", Asymptotic)])?;
            }
            _ => return Err(CliError::Usage(format!("--p is not an option of {name}"))),
        }
    }
    if let Some(samples) = args.samples {
        settings.permutation.samples = samples;
        settings.bootstrap.resamples = samples;
        settings.brunner_munzel.samples = samples;
    }
    if let Some(seed) = args.seed {
        settings.permutation.seed = seed;
        settings.bootstrap.seed = seed;
        settings.brunner_munzel.seed = seed;
    }
    settings.trim = args.trim.unwrap_or(settings.trim);
    if let Some(kind) = args.kind.as_deref() {
        match name {
            "correlation" => {
                use correlation::Kind::{Kendall, Pearson, Spearman};
                settings.correlation =
                    choose("--kind", kind, &[("pearson", Pearson), ("spearman", Spearman), ("kendall", Kendall)])?;
            }
            "icc" => {
                use icc::Kind::{Agreement, Consistency, OneWay};
                let known = [("agreement", Agreement), ("consistency", Consistency), ("one-way", OneWay)];
                settings.icc = choose("--kind", kind, &known)?;
            }
            _ => return Err(CliError::Usage(format!("--kind is not an option of {name}"))),
        }
    }
    if name == "tost" {
        let (Some(low), Some(high)) = (args.low, args.high) else {
            return Err(CliError::Usage("tost needs --low and --high, the equivalence limits".to_owned()));
        };
        settings.limits = Some((low, high));
    }
    if name == "non-inferiority" {
        settings.margin = args.margin;
        if args.margin.is_none() || args.better.is_none() {
            return Err(CliError::Usage("non-inferiority needs --margin and --better lower or higher".to_owned()));
        }
    }
    if name == "win-odds" && args.better.is_none() {
        let message = "win-odds needs --better lower or higher: which values of the column are good for the patient";
        return Err(CliError::Usage(message.to_owned()));
    }
    if let Some(weights) = &args.weights {
        settings.weights = choose("--weights", weights, &kappa::Weights::ALL.map(|known| (known.name(), known)))?;
    }
    if args.limits.as_deref() == Some("logit") {
        settings.brunner_munzel.limits = brunner_munzel::Limits::Logit;
    }
    if args.quantile.as_deref() == Some("t") {
        settings.bland_altman.quantile = bland_altman::LimitQuantile::StudentT;
    }
    if args.better.as_deref() == Some("higher") {
        settings.better = Better::Higher;
    }
    settings.levels.clone_from(&args.levels);
    Ok(settings)
}

/// A list of numbers separated by commas.
fn adjusted(args: &TestArgs) -> Result<(), CliError> {
    let name = required(args.method.as_deref(), "--method")?;
    let method = Adjustment::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = Adjustment::ALL.iter().map(|method| method.name()).collect();
        CliError::Usage(format!("--method {name}: one of {}", known.join(", ")))
    })?;
    let p_values = input::numbers("--p", &[required(args.p.as_deref(), "--p")?.to_owned()])?;
    let adjusted = adjust(method, &p_values).map_err(|error| CliError::Usage(error.to_string()))?;
    if args.format == "json" {
        return terminal::json(&serde_json::json!({"method": method.name(), "p": p_values, "p_adjusted": adjusted}));
    }
    let rows: Vec<Vec<String>> =
        p_values.iter().zip(&adjusted).map(|(p, adjusted)| vec![p.to_string(), adjusted.to_string()]).collect();
    terminal::print(&terminal::columns(&["p", "adjusted"], &rows))
}

fn pooled(args: &TestArgs) -> Result<(), CliError> {
    let pooled = pool::pool(&args.estimates, &args.std_errors, args.df_complete, &options(args)?)?;
    let value = serde_json::to_value(&pooled).map_err(|error| CliError::Output(error.to_string()))?;
    print(args, &value)
}

pub(super) fn answer(args: &TestArgs, result: &TestResult) -> Result<(), CliError> {
    let value = serde_json::to_value(result).map_err(|error| CliError::Output(error.to_string()))?;
    print(args, &value)
}

/// One JSON object, or a short table for people.
pub(super) fn print(args: &TestArgs, value: &serde_json::Value) -> Result<(), CliError> {
    if args.format == "json" {
        return terminal::json(value);
    }
    let mut rows = Vec::new();
    let mut notes = Vec::new();
    let mut tables = String::new();
    for (name, field) in value.as_object().into_iter().flatten() {
        match field {
            serde_json::Value::Null => {}
            serde_json::Value::String(text) => rows.push(vec![name.clone(), text.clone()]),
            serde_json::Value::Array(items) if name == "notes" => {
                notes.extend(items.iter().filter_map(|item| item["text"].as_str().map(str::to_owned)));
            }
            serde_json::Value::Array(items) if items.first().is_some_and(serde_json::Value::is_object) => {
                tables.push_str(&table_of(name, items));
            }
            other => rows.push(vec![name.clone(), other.to_string()]),
        }
    }
    let mut text = terminal::columns(&["", "value"], &rows);
    text.push_str(&tables);
    for note in notes {
        text.push_str(&format!("note: {note}\n"));
    }
    terminal::print(&text)
}

/// A list of objects as tables for people: what names the rows first, and at most six further columns beside each other.
fn table_of(name: &str, items: &[serde_json::Value]) -> String {
    const BESIDE: usize = 6;
    let mut keys: Vec<&String> = Vec::new();
    for key in items.iter().filter_map(serde_json::Value::as_object).flat_map(serde_json::Map::keys) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let is_name =
        |key: &&String| items.iter().any(|item| item.get(key.as_str()).is_some_and(serde_json::Value::is_string));
    let (names, further): (Vec<&String>, Vec<&String>) = keys.into_iter().partition(is_name);
    let filled = |key: &&String| items.iter().any(|item| item.get(key.as_str()).is_some_and(|cell| !cell.is_null()));
    let further: Vec<&String> = further.into_iter().filter(filled).collect();
    let cell = |item: &serde_json::Value, key: &str| match item.get(key) {
        None | Some(serde_json::Value::Null) => "–".to_owned(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(number) => match number.as_f64() {
            Some(value) if key.starts_with("p_") || key == "p" => terminal::p_value(Some(value)),
            Some(value) => terminal::number(value),
            None => number.to_string(),
        },
    };
    let mut text = format!("\n{name}\n");
    for part in further.chunks(BESIDE) {
        let header: Vec<&str> = names.iter().chain(part).map(|key| key.as_str()).collect();
        let rows: Vec<Vec<String>> =
            items.iter().map(|item| header.iter().map(|key| cell(item, key)).collect()).collect();
        text.push_str(&terminal::columns(&header, &rows));
    }
    text
}
