//! From the columns of a file to the columns of a model, and from `--emmeans` and `--contrast` to their questions.

use super::args::model::ModelData;
use super::error::CliError;
use super::input::Source;
use crate::data::number;
use crate::model::adjust::Adjust;
use crate::model::offset::Offset;
use crate::model::{Column, Columns, Formula, LsMeansSpec, ModelError, Weights};

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
    /// How differences are adjusted for each other.
    pub adjust: Option<Adjust>,
    /// The offset of counts.
    pub offset: Option<Offset>,
    source: Source,
}

impl ModelInput {
    /// Reads the columns of the formula, those of `further` and the identifiers `id` from the file.
    ///
    /// A column is numeric when every cell is a number and none has a leading zero (`007` is a name); else it is
    /// categorical with its levels in alphabetical order. A column named by `--factor` is categorical with the levels
    /// listed. A level that is not listed is an error where its row would be analysed.
    ///
    /// # Errors
    /// Wrong usage, a file that cannot be read, an unknown column, an unlisted level.
    pub fn read(args: &ModelData, id: Option<&str>, further: &[&str], outcome: Outcome) -> Result<Self, CliError> {
        if !(args.conf_level > 0.0 && args.conf_level < 1.0) {
            let message = format!("--conf-level {}: between 0 and 1, for instance 0.95", args.conf_level);
            return Err(CliError::Usage(message));
        }
        let formula = Formula::parse(&args.formula)?;
        let factors = factors(&args.factors)?;
        let offset = args.offset.as_deref().map(Offset::parse).transpose()?;
        let (emmeans, mut contrasts) = comparisons(args);
        let adjust = adjustment(args)?;
        // Patients may be called NA.
        let groups = formula.random.iter().map(|term| &term.group);
        let subjects = formula.covariance.iter().map(|term| &term.subject);
        let named = id.iter().map(|name| (*name).to_owned());
        let grouping: Vec<String> = groups.chain(subjects).flatten().cloned().chain(named).collect();
        let source = Source::open(&args.data, &args.conditions, &args.file, &grouping)?;
        let mut names = formula.columns();
        names.extend(
            id.iter()
                .chain(further)
                .filter(|name| !formula.columns().iter().any(|n| n == *name))
                .map(|n| (*n).to_owned()),
        );
        let of_offset = offset.as_ref().map(Offset::columns).unwrap_or_default();
        let unread: Vec<String> = of_offset.iter().filter(|name| !names.contains(name)).cloned().collect();
        names.extend(unread);
        let mut table = Columns::new();
        let declared: Vec<&str> = factors.iter().map(|(name, _)| name.as_str()).collect();
        for name in &names {
            let numeric = outcome == Outcome::Numbers && formula.response.name == *name || of_offset.contains(name);
            let named = factors.iter().any(|(factor, _)| factor == name);
            let cells = if numeric && !named { Some(source.numbers(name)?) } else { source.plain_numbers(name)? };
            match cells {
                Some(numbers) => {
                    table.add_numeric(name, numbers.into_iter().map(|cell| cell.unwrap_or(f64::NAN)).collect())?;
                }
                None if grouping.contains(name) => table.add_categorical(name, source.identifiers(name)?)?,
                None => table.add_categorical(name, source.labels(name)?)?,
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
        if adjust == Some(Adjust::Dunnett) {
            for spec in &mut contrasts {
                spec.against = Some(reference(args, spec, &table)?);
            }
        }
        let input = Self { table, formula, emmeans, contrasts, weights: weights(args), adjust, offset, source };
        input.exposed()?;
        Ok(input)
    }

    /// The rows of the file in which `wrong` holds of the kept row's number, as lines of a message.
    fn rows(&self, column: &str, wrong: impl Fn(f64) -> bool) -> Result<Vec<String>, CliError> {
        let cells = self.source.numbers(column)?;
        let named = cells.into_iter().enumerate().filter_map(|(row, cell)| Some((row, cell.filter(|x| wrong(*x))?)));
        let line = |(row, value)| format!("{}:{}: {column} = {value}", self.source.name(), self.source.file_row(row));
        Ok(named.map(line).collect())
    }

    /// Refuses an exposure that has no logarithm: its rows would be left out as if they were missing.
    fn exposed(&self) -> Result<(), CliError> {
        let Some(offset) = &self.offset else { return Ok(()) };
        let values = offset.values(&self.table)?;
        let columns = offset.columns();
        let known = |row: usize| columns.iter().all(|name| self.table.column(name).is_ok_and(|c| !c.is_missing(row)));
        let wrong: Vec<String> = (0..values.len())
            .filter(|&row| known(row) && !values[row].is_finite())
            .map(|row| format!("{}:{}: {}", self.source.name(), self.source.file_row(row), offset.text))
            .collect();
        refuse_rows(
            &wrong,
            &format!("exposures for which {} is no number (an exposure is above 0)", offset.text),
            "leave rows without exposure empty, or correct them",
        )
    }

    /// Refuses counts that are negative or fractional.
    ///
    /// # Errors
    /// The rows.
    pub fn counts(&self) -> Result<(), CliError> {
        let name = &self.formula.response.name;
        if !matches!(self.table.column(name), Ok(Column::Numeric(_))) {
            return Ok(());
        }
        let wrong = self.rows(name, |x| x < 0.0 || x.fract() != 0.0)?;
        refuse_rows(
            &wrong,
            "values that are no counts (whole numbers from 0)",
            "put what was counted in the outcome and its exposure in --offset 'log(…)'",
        )
    }

    /// Takes `column` as prior weights.
    ///
    /// # Errors
    /// Weights that are not positive numbers, with their rows.
    pub fn weigh(&mut self, column: &str) -> Result<(), CliError> {
        if !matches!(self.table.column(column), Ok(Column::Numeric(_))) {
            return Err(CliError::Usage(format!("--prior-weights: `{column}` is not a column of numbers")));
        }
        let wrong = self.rows(column, |weight| !(weight > 0.0 && weight.is_finite()))?;
        refuse_rows(
            &wrong,
            "prior weights that are not positive",
            "leave rows that are not to count empty, or correct them",
        )?;
        self.formula.prior_weights = Some(column.to_owned());
        Ok(())
    }

    /// Puts the logarithm of outcome + `added` in place of the outcome.
    ///
    /// # Errors
    /// Values without a logarithm, with their rows; an outcome that is an expression.
    pub fn take_logarithm(&mut self, added: f64) -> Result<(), CliError> {
        let name = self.formula.response.name.clone();
        let Ok(Column::Numeric(values)) = self.table.column(&name) else {
            return Err(CliError::Usage(format!("--transform log: `{name}` is not a column of numbers")));
        };
        if !(added.is_finite() && added >= 0.0) {
            return Err(CliError::Usage(format!("--log-offset {added}: a number from 0")));
        }
        let logs = values.iter().map(|value| (value + added).ln()).collect();
        let wrong = self.rows(&name, |x| x + added <= 0.0)?;
        refuse_rows(
            &wrong,
            "values without a logarithm",
            "declare what is added to every value with --log-offset C (the ratios are then of the sums), or model the values as they are",
        )?;
        Ok(self.table.add_numeric(&name, logs)?)
    }
}

/// The error that names `rows`, if there are any.
fn refuse_rows(rows: &[String], what: &str, help: &str) -> Result<(), CliError> {
    if rows.is_empty() {
        return Ok(());
    }
    let more = rows.len().saturating_sub(10);
    let tail = if more > 0 { format!("\n… and {more} more") } else { String::new() };
    let shown = rows[..rows.len().min(10)].join("\n");
    Err(CliError::Usage(format!("{what}:\n{shown}{tail}\n  help: {help}")))
}

/// The method of `--adjust`, which is about `--contrast`.
fn adjustment(args: &ModelData) -> Result<Option<Adjust>, CliError> {
    let adjust = args.adjust.as_deref().and_then(Adjust::from_name);
    if adjust.is_some() && args.contrasts.is_empty() {
        return Err(CliError::Usage("--adjust is about the differences of --contrast: say which".to_owned()));
    }
    if args.reference.is_some() && adjust != Some(Adjust::Dunnett) {
        return Err(CliError::Usage("--reference belongs to --adjust dunnett".to_owned()));
    }
    Ok(adjust)
}

/// The level that Dunnett's contrasts compare with: the one named, or the first.
fn reference(args: &ModelData, spec: &LsMeansSpec, table: &Columns) -> Result<String, CliError> {
    if let Some(level) = &args.reference {
        if let [factor] = spec.factors.as_slice()
            && let Column::Categorical { levels, .. } = table.column(factor)?.to_categorical()
            && !levels.contains(level)
        {
            let known = levels.join(", ");
            return Err(CliError::Usage(format!("--reference {level} is no level of `{factor}`; levels: {known}")));
        }
        return Ok(level.clone());
    }
    let first = |name: &String| match table.column(name)?.to_categorical() {
        Column::Categorical { levels, .. } => Ok(levels.first().cloned().unwrap_or_default()),
        Column::Numeric(_) => Ok(String::new()),
    };
    let firsts: Vec<String> = spec.factors.iter().map(first).collect::<Result<_, ModelError>>()?;
    Ok(firsts.join(" "))
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
