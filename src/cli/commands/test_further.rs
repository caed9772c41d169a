//! The methods of `splitknee test` that take more than two columns of scores: counts with exposures, three and more arms,
//! guesses, a posterior from summary figures.

use super::test::{answer, options, print, required, source};
use crate::cli::args::test::TestArgs;
use crate::cli::error::CliError;
use crate::cli::input;
use crate::cli::input_checks;
use crate::paired::bayes::{BayesQuestion, Component, Likelihood, bayes};
use crate::paired::blinding::{Guess, GuessedKnee, blinding};
use crate::paired::counts::{self, CountedPairs};
use crate::paired::design_permutation::{self, AllocatedPair};
use crate::paired::permutation;
use crate::paired::rate_ratio::rate_ratio;
use crate::paired::skillings_mack::skillings_mack;
use crate::paired::{Better, Field};
use std::collections::BTreeMap;

/// The methods of this file.
pub const NAMES: [&str; 6] = ["counts", "rate-ratio", "skillings-mack", "blinding", "bayes", "design-permutation"];

/// Runs the method that `args` names.
///
/// # Errors
/// Wrong usage, a file that cannot be read, data that the method refuses.
pub fn run(args: &TestArgs) -> Result<(), CliError> {
    match args.test.as_str() {
        "counts" | "rate-ratio" => counted(args),
        "skillings-mack" => blocks(args),
        "blinding" => guesses(args),
        "design-permutation" => redrawn(args),
        _ => posterior(args),
    }
}

/// The randomisation test over the blocks of the allocation: one row per patient.
fn redrawn(args: &TestArgs) -> Result<(), CliError> {
    let source = source(args)?;
    let column = |given: &Option<String>, flag: &str| -> Result<String, CliError> {
        required(given.as_deref(), flag).map(str::to_owned)
    };
    let (left, right) = (column(&args.left, "--left")?, column(&args.right, "--right")?);
    let (side, block) = (column(&args.active_side, "--active-side")?, column(&args.block, "--block")?);
    if args.block_size.is_empty() {
        let message = "design-permutation needs --block-size: how many patients a whole block has";
        return Err(CliError::Usage(message.to_owned()));
    }
    let (left, right) = (source.numbers(&left)?, source.numbers(&right)?);
    let (sides, blocks) = (source.text(&side)?, source.labels(&block)?);
    let strata = match &args.stratum {
        Some(column) => source.labels(column)?,
        None => vec![Some(String::new()); source.height()],
    };
    let named = |block: &str, stratum: &str| match stratum {
        "" => block.to_owned(),
        stratum => format!("{stratum}/{block}"),
    };
    // A patient without values has a place in the block all the same.
    let mut listed: BTreeMap<String, usize> = BTreeMap::new();
    for (block, stratum) in
        blocks.iter().zip(&strata).filter_map(|(block, stratum)| block.as_ref().zip(stratum.as_ref()))
    {
        *listed.entry(named(block, stratum)).or_default() += 1;
    }
    let (mut pairs, mut dropped) = (Vec::new(), Vec::new());
    for row in 0..source.height() {
        let (Some(left), Some(right), Some(active), Some(block), Some(stratum)) =
            (left[row], right[row], &sides[row], &blocks[row], &strata[row])
        else {
            dropped.push(row);
            continue;
        };
        let left_active = match active.to_lowercase().as_str() {
            "left" | "l" => true,
            "right" | "r" => false,
            _ => {
                let place = format!("{}:{}", source.name(), source.file_row(row));
                return Err(CliError::Refused(format!("{place}: {side} = {active}; it is left or right")));
            }
        };
        let block = named(block, stratum);
        let listed = listed.get(&block).copied().unwrap_or_default();
        pairs.push(AllocatedPair { block, listed, left_active, left, right });
    }
    let usual = permutation::Settings::default();
    let settings = design_permutation::Settings {
        block_sizes: args.block_size.clone(),
        samples: args.samples.unwrap_or(usual.samples),
        seed: args.seed.unwrap_or(usual.seed),
    };
    let mut result = design_permutation::design_permutation(&pairs, &settings, &options(args)?)?;
    result.n_dropped = dropped.len();
    input_checks::rows_left_out(
        &source,
        &dropped,
        "because a value, the side, the block or the stratum is not filled in",
    );
    answer(args, &result)
}

/// Counts and exposures of a knee, the rows of its visits added up.
#[derive(Default, Clone, Copy)]
struct Counted {
    count: f64,
    exposure: f64,
    complete: bool,
}

fn counted(args: &TestArgs) -> Result<(), CliError> {
    let p = match args.p.as_deref() {
        None | Some("central") => counts::PValue::Central,
        Some("minlike") => counts::PValue::MinimumLikelihood,
        Some("mid-p") => counts::PValue::MidP,
        Some(other) => {
            return Err(CliError::Usage(format!("--p {other}: for counts it is central, minlike or mid-p")));
        }
    };
    let source = source(args)?;
    let check = |column: &str, cells: &[Option<f64>], fits: &dyn Fn(f64) -> bool, rule: &str| {
        let wrong: Vec<String> = cells
            .iter()
            .enumerate()
            .filter_map(|(row, cell)| Some((row, (*cell)?)))
            .filter(|(_, value)| !fits(*value))
            .map(|(row, value)| {
                // 1e-300 with its exponent, 2.5 and 3 as they are.
                let value = format!("{value:?}");
                let value = value.strip_suffix(".0").unwrap_or(&value);
                format!("{}:{}: {column} = {value}: {rule}", source.name(), source.file_row(row))
            })
            .collect();
        let shown = wrong.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
        if wrong.is_empty() { Ok(()) } else { Err(CliError::Usage(shown)) }
    };
    let count = |column: &str| {
        let cells = source.numbers(column)?;
        check(column, &cells, &|x| x >= 0.0 && x.fract() == 0.0, "a count is a whole number from 0")?;
        Ok::<_, CliError>(cells)
    };
    let exposure = |column: &Option<String>| match column {
        None => Ok(None),
        Some(column) => {
            let cells = source.numbers(column)?;
            check(column, &cells, &|x| x > 0.0 && x.is_finite(), "an exposure is positive")?;
            Ok::<_, CliError>(Some(cells))
        }
    };
    let mut sides: Vec<[Counted; 2]> = Vec::new();
    let with_exposure;
    if let (Some(treated), Some(control)) = (&args.treated, &args.control) {
        if treated == control {
            return Err(CliError::Usage(format!("--treated and --control both name `{treated}`")));
        }
        let columns = [count(treated)?, count(control)?];
        let exposures = [exposure(&args.exposure_treated)?, exposure(&args.exposure_control)?];
        if exposures[0].is_some() != exposures[1].is_some() {
            return Err(CliError::Usage("--exposure-treated and --exposure-control go together".to_owned()));
        }
        with_exposure = exposures[0].is_some();
        for row in 0..source.height() {
            sides.push([0, 1].map(|side| {
                let exposed = exposures[side].as_ref().map_or(Some(1.0), |cells| cells[row]);
                match (columns[side][row], exposed) {
                    (Some(count), Some(exposure)) => Counted { count, exposure, complete: true },
                    _ => Counted::default(),
                }
            }));
        }
    } else {
        let (id_column, arm_column) =
            (required(args.id.as_deref(), "--treated/--control or --id")?, required(args.arm.as_deref(), "--arm")?);
        let (id, arm) = (source.identifiers(id_column)?, source.labels(arm_column)?);
        let active = required(args.active.as_deref(), "--active")?;
        let placebo = required(args.placebo.as_deref(), "--placebo")?;
        input::levels_occur(&source, arm_column, &arm, &[active, placebo])?;
        input::of_two_arms(&source, id_column, &id, arm_column, &arm, [active, placebo]);
        let values = count(required(args.value.as_deref(), "--value")?)?;
        let exposures = exposure(&args.exposure)?;
        with_exposure = exposures.is_some();
        let mut knees: BTreeMap<&str, [Counted; 2]> = BTreeMap::new();
        let mut without = Vec::new();
        for row in 0..source.height() {
            let (Some(id), Some(arm)) = (&id[row], &arm[row]) else { continue };
            let side = match arm.as_str() {
                arm if arm == active => 0,
                arm if arm == placebo => 1,
                _ => continue,
            };
            let knee = &mut knees.entry(id).or_default()[side];
            let exposed = exposures.as_ref().map_or(Some(1.0), |cells| cells[row]);
            if let (Some(count), Some(exposure)) = (values[row], exposed) {
                (knee.count, knee.exposure, knee.complete) = (knee.count + count, knee.exposure + exposure, true);
            } else {
                without.push(row);
            }
        }
        input_checks::rows_left_out(&source, &without, "because the count or its exposure is not filled in");
        sides.extend(knees.into_values());
    }
    let complete: Vec<[Counted; 2]> =
        sides.iter().filter(|pair| pair[0].complete && pair[1].complete).copied().collect();
    let column = |side: usize, f: fn(&Counted) -> f64| complete.iter().map(|pair| f(&pair[side])).collect::<Vec<f64>>();
    let exposures = (column(0, |c| c.exposure), column(1, |c| c.exposure));
    let given = with_exposure.then_some((exposures.0.as_slice(), exposures.1.as_slice()));
    let pairs = CountedPairs::new(&column(0, |c| c.count), &column(1, |c| c.count), given)?;
    let mut result = match args.test.as_str() {
        "counts" => counts::counts(&pairs, p, &options(args)?)?,
        _ if args.p.is_some() => {
            return Err(CliError::Usage("--p is an option of counts, not of rate-ratio".to_owned()));
        }
        _ => rate_ratio(&pairs, &options(args)?)?,
    };
    result.n_dropped = sides.len() - complete.len();
    answer(args, &result)
}

fn blocks(args: &TestArgs) -> Result<(), CliError> {
    let source = source(args)?;
    let id = source.identifiers(required(args.id.as_deref(), "--id")?)?;
    let arm = source.labels(required(args.arm.as_deref(), "--arm")?)?;
    let value = source.numbers(required(args.value.as_deref(), "--value")?)?;
    let mut arms: Vec<&str> = arm.iter().flatten().map(String::as_str).collect();
    arms.sort_unstable();
    arms.dedup();
    let mut blocks: BTreeMap<&str, Vec<Option<f64>>> = BTreeMap::new();
    let mut without = Vec::new();
    for row in 0..source.height() {
        let (Some(id), Some(level), Some(value)) = (&id[row], &arm[row], value[row]) else {
            without.push(row);
            continue;
        };
        let place = arms.iter().position(|known| known == level).unwrap_or_default();
        let cell = &mut blocks.entry(id).or_insert_with(|| vec![None; arms.len()])[place];
        if cell.replace(value).is_some() {
            return Err(CliError::Refused(format!(
                "{}:{}: `{id}` has a second row of `{level}`; a block needs one value an arm: choose with --where",
                source.name(),
                source.file_row(row)
            )));
        }
    }
    input_checks::rows_left_out(&source, &without, "because the block, the arm or the value is not filled in");
    let mut result = skillings_mack(&blocks.into_values().collect::<Vec<_>>(), &options(args)?)?;
    let listed = arms.iter().map(|arm| serde_json::json!(arm)).collect();
    result.extra.push(("arms", Field::Json(listed)));
    answer(args, &result)
}

fn guesses(args: &TestArgs) -> Result<(), CliError> {
    let source = source(args)?;
    let (id_column, arm_column) = (required(args.id.as_deref(), "--id")?, required(args.arm.as_deref(), "--arm")?);
    let (id, arm) = (source.identifiers(id_column)?, source.labels(arm_column)?);
    let guess = source.labels(required(args.guess.as_deref(), "--guess")?)?;
    let unknown = args.dont_know.as_deref().unwrap_or("DK");
    let mut levels: Vec<&str> = arm.iter().flatten().map(String::as_str).collect();
    levels.sort_unstable();
    levels.dedup();
    let (active, placebo) = match (&args.active, &args.placebo, levels.as_slice()) {
        (Some(active), Some(placebo), _) => (active.as_str(), placebo.as_str()),
        (None, None, [first, second]) => (*first, *second),
        _ => return Err(CliError::Usage("name the arms with --active and --placebo".to_owned())),
    };
    input::of_two_arms(&source, id_column, &id, arm_column, &arm, [active, placebo]);
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut knees, mut dropped) = (Vec::new(), Vec::new());
    for row in 0..source.height() {
        let (Some(id), Some(level)) = (&id[row], &arm[row]) else { continue };
        if level != active && level != placebo {
            continue;
        }
        let Some(guess) = &guess[row] else {
            dropped.push(row);
            continue;
        };
        let guess = match guess.as_str() {
            word if word == active => Guess::Active,
            word if word == placebo => Guess::Placebo,
            word if word == unknown => Guess::DontKnow,
            other => {
                return Err(CliError::Usage(format!(
                    "{}:{}: the guess `{other}` is neither {active}, {placebo} nor {unknown} (--dont-know)",
                    source.name(),
                    source.file_row(row)
                )));
            }
        };
        let next = numbers.len();
        knees.push(GuessedKnee { patient: *numbers.entry(id).or_insert(next), active: level == active, guess });
    }
    let found = blinding(&knees, [active, placebo], options(args)?.conf_level)?;
    let mut value = serde_json::json!(found);
    value["n_dropped"] = dropped.len().into();
    input_checks::rows_left_out(&source, &dropped, "because the guess is not filled in");
    print(args, &value)
}

fn posterior(args: &TestArgs) -> Result<(), CliError> {
    let given = |value: Option<f64>, flag: &str| {
        value.ok_or_else(|| CliError::Usage(format!("bayes needs {flag} (see `splitknee test --help`)")))
    };
    let n = args.n.ok_or_else(|| CliError::Usage("bayes needs --n, the pairs".to_owned()))?;
    let weight = args.weight.unwrap_or(1.0);
    if !(0.0..=1.0).contains(&weight) {
        return Err(CliError::Usage(format!("--weight {weight}: from 0 to 1")));
    }
    let mut prior = vec![Component {
        weight,
        mean: given(args.prior_mean, "--prior-mean")?,
        sd: given(args.prior_sd, "--prior-sd")?,
    }];
    if weight < 1.0 {
        prior.push(Component {
            weight: 1.0 - weight,
            mean: given(args.vague_mean, "--vague-mean with --weight below 1")?,
            sd: given(args.vague_sd, "--vague-sd with --weight below 1")?,
        });
    }
    let likelihood = match args.likelihood.as_deref() {
        Some("normal") => Likelihood::Normal,
        Some("inflated") => Likelihood::Inflated,
        _ => Likelihood::T,
    };
    // Without --better the sign of the minimal important difference says which direction is a benefit.
    let better = match (args.better.as_deref(), args.mcid) {
        (Some("higher"), _) => Better::Higher,
        (Some(_), _) => Better::Lower,
        (None, Some(mcid)) if mcid > 0.0 => Better::Higher,
        (None, Some(_)) => Better::Lower,
        (None, None) => return Err(CliError::Usage("bayes needs --better lower or higher, or --mcid".to_owned())),
    };
    let question = BayesQuestion {
        n,
        mean: given(args.mean, "--mean")?,
        sd: given(args.sd, "--sd, the SD of the differences")?,
        prior,
        likelihood,
        better,
        mcid: args.mcid,
        level: options(args)?.conf_level,
    };
    let value = serde_json::to_value(bayes(&question)?).map_err(|error| CliError::Output(error.to_string()))?;
    print(args, &value)
}
