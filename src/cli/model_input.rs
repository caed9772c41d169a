//! From the columns of a file to the columns of a model, and from `--emmeans` and `--contrast` to their questions.

use super::args::model::ModelData;
use super::error::CliError;
use super::input::Source;
use crate::data::number;
use crate::model::{Column, Columns, Formula, LsMeansSpec, Weights};

/// What the outcome must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Numbers: a cell that is none is an error that names it.
    Numbers,
    /// Numbers or categories.
    Either,
}

/// What a model command was given, read and parsed.
#[derive(Debug)]
pub struct ModelInput {
    /// The columns the formula reads.
    pub table: Columns,
    /// The formula.
    pub formula: Formula,
    /// LS means asked for.
    pub emmeans: Vec<LsMeansSpec>,
    /// Differences asked for.
    pub contrasts: Vec<LsMeansSpec>,
    /// Weights of the factors that LS means average over.
    pub weights: Weights,
}

impl ModelInput {
    /// Reads the columns of the formula, and those of `further`, from the file.
    ///
    /// A column is numeric when every cell is a number and none has a leading zero (`007` is a name); else it is
    /// categorical with its levels in alphabetical order. A column named by `--factor` is categorical with the levels
    /// listed. A level that is not listed is an error where its row would be analysed.
    ///
    /// # Errors
    /// Wrong usage, a file that cannot be read, an unknown column, an unlisted level.
    pub fn read(args: &ModelData, further: &[&str], outcome: Outcome) -> Result<Self, CliError> {
        if !(args.conf_level > 0.0 && args.conf_level < 1.0) {
            let message = format!("--conf-level {}: between 0 and 1, for instance 0.95", args.conf_level);
            return Err(CliError::Usage(message));
        }
        let formula = Formula::parse(&args.formula)?;
        let factors = factors(&args.factors)?;
        let (emmeans, contrasts) = comparisons(args);
        // Patients may be called NA.
        let groups = formula.random.iter().map(|term| &term.group);
        let subjects = formula.covariance.iter().map(|term| &term.subject);
        let grouping: Vec<String> = groups.chain(subjects).flatten().cloned().collect();
        let source = Source::open(&args.data, &args.conditions, &args.file, &grouping)?;
        let mut names = formula.columns();
        names.extend(
            further.iter().filter(|name| !formula.columns().iter().any(|n| n == *name)).map(|n| (*n).to_owned()),
        );
        let mut table = Columns::new();
        let declared: Vec<&str> = factors.iter().map(|(name, _)| name.as_str()).collect();
        for name in &names {
            let numeric = outcome == Outcome::Numbers && formula.response.name == *name;
            let named = factors.iter().any(|(factor, _)| factor == name);
            let cells = if numeric && !named { Some(source.numbers(name)?) } else { source.plain_numbers(name)? };
            match cells {
                Some(numbers) => {
                    table.add_numeric(name, numbers.into_iter().map(|cell| cell.unwrap_or(f64::NAN)).collect())?;
                }
                None => table.add_categorical(name, source.text(name)?)?,
            }
        }
        super::visit_order::check(&formula, &table, &declared)?;
        codes_as_numbers(&emmeans, &contrasts, &table)?;
        let complete: Vec<usize> = (0..table.n_rows())
            .filter(|&row| {
                formula.columns().iter().all(|name| table.column(name).is_ok_and(|column| !column.is_missing(row)))
            })
            .collect();
        for (name, levels) in &factors {
            source.known(name)?;
            if !names.contains(name) {
                continue;
            }
            // A level that only stands in rows without an outcome (a baseline visit) does no harm: those rows are not
            // analysed. In a row that would be, it is an error.
            if let Err(error) = table.set_levels(name, levels) {
                table.select_rows(&complete).set_levels(name, levels)?;
                let cells = source.text(name)?.into_iter().map(|cell| cell.filter(|cell| levels.contains(cell)));
                table.add_categorical(name, cells)?;
                table.set_levels(name, levels).map_err(|_| error)?;
            }
        }
        Ok(Self { table, formula, emmeans, contrasts, weights: weights(args) })
    }
}

/// Refuses LS means of a column of numbers that are codes, with the way to make it a factor.
fn codes_as_numbers(emmeans: &[LsMeansSpec], contrasts: &[LsMeansSpec], table: &Columns) -> Result<(), CliError> {
    let named = emmeans.iter().chain(contrasts).flat_map(|spec| spec.factors.iter().chain(&spec.by));
    for name in named {
        let Ok(Column::Numeric(values)) = table.column(name) else { continue };
        let mut levels: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        levels.sort_by(f64::total_cmp);
        levels.dedup();
        if levels.len() <= 12 {
            let levels: Vec<String> = levels.into_iter().map(number::print).collect();
            let levels = levels.join(",");
            return Err(CliError::Refused(format!(
                "`{name}` holds numbers, which are no factor of the model\n  help: if they are codes, say so: --factor \
                 '{name}={levels}' (the first level is the reference)"
            )));
        }
    }
    Ok(())
}

/// `COL=L1,L2` parsed.
fn factors(given: &[String]) -> Result<Vec<(String, Vec<String>)>, CliError> {
    let mut factors: Vec<(String, Vec<String>)> = Vec::new();
    for text in given {
        let Some((name, levels)) = text.split_once('=') else {
            return Err(CliError::Usage(format!("--factor '{text}': write COL=LEVEL1,LEVEL2")));
        };
        let name = name.trim().to_owned();
        if factors.iter().any(|(known, _)| *known == name) {
            return Err(CliError::Usage(format!("--factor {name} is given twice")));
        }
        let levels: Vec<String> = levels.split(',').map(|level| level.trim().to_owned()).collect();
        if name.is_empty() || levels.iter().any(String::is_empty) {
            return Err(CliError::Usage(format!("--factor '{text}': write COL=LEVEL1,LEVEL2")));
        }
        factors.push((name, levels));
    }
    Ok(factors)
}

fn weights(args: &ModelData) -> Weights {
    if args.weights == "observed" { Weights::Observed } else { Weights::Equal }
}

/// The LS means and differences. A `--contrast` without `|` takes the other factors of every `--emmeans` that has it as
/// the levels within which it compares.
fn comparisons(args: &ModelData) -> (Vec<LsMeansSpec>, Vec<LsMeansSpec>) {
    let weights = weights(args);
    let parse = |text: &String| LsMeansSpec { weights, ..LsMeansSpec::parse(text) };
    let emmeans: Vec<LsMeansSpec> = args.emmeans.iter().map(parse).collect();
    let mut contrasts: Vec<LsMeansSpec> = Vec::new();
    for text in &args.contrasts {
        let asked = parse(text);
        let within: Vec<LsMeansSpec> = if text.contains('|') {
            Vec::new()
        } else {
            emmeans.iter().filter_map(|means| within(&asked, means)).collect()
        };
        let within = if within.is_empty() { vec![asked] } else { within };
        contrasts.extend(within);
    }
    (emmeans, contrasts)
}

/// `asked` within the other factors of `means`, where `means` has all its factors.
fn within(asked: &LsMeansSpec, means: &LsMeansSpec) -> Option<LsMeansSpec> {
    let all: Vec<&String> = means.factors.iter().chain(&means.by).collect();
    asked.factors.iter().all(|factor| all.contains(&factor)).then(|| LsMeansSpec {
        by: all.into_iter().filter(|factor| !asked.factors.contains(factor)).cloned().collect(),
        ..asked.clone()
    })
}
