//! From a formula and a table to the model frame and the design matrix, as R's `model.frame` and `model.matrix`.
//!
//! [`ModelFrame`] keeps the rows that have a value in every variable and drops levels that no longer occur.
//! [`Design`] codes factors by treatment contrasts (first level = reference; a factor whose margin is not in the model is
//! coded by one column per level, R's rule), names columns as R does, and drops columns that are linear combinations of
//! earlier ones (tolerance 1e-7 as R's `qr`).

use super::data::{Column, Columns};
use super::error::ModelError;
use super::formula::{Expr, Formula};

/// A base column of the fixed effects, restricted to the analysed rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A covariate.
    Numeric {
        /// Column name.
        name: String,
        /// Values, one per analysed row.
        values: Vec<f64>,
    },
    /// A factor.
    Factor {
        /// Column name.
        name: String,
        /// The levels that occur, in order.
        levels: Vec<String>,
        /// Level per analysed row.
        codes: Vec<u32>,
    },
}

impl Input {
    /// The column name.
    pub fn name(&self) -> &str {
        match self {
            Self::Numeric { name, .. } | Self::Factor { name, .. } => name,
        }
    }
}

/// The analysed rows of a table, with what the formula reads from them.
#[derive(Debug, Clone)]
pub struct ModelFrame {
    /// The formula.
    pub formula: Formula,
    /// Indices of the analysed rows in the table.
    pub rows: Vec<usize>,
    /// Number of rows left out because a variable of the model is missing.
    pub n_dropped: usize,
    /// The response on the analysed rows.
    pub response: Column,
    /// The base columns of the fixed effects.
    pub inputs: Vec<Input>,
    /// The analysed rows of every column that the formula reads.
    pub data: Columns,
}

impl ModelFrame {
    /// Reads the variables of `formula` from `data` and keeps the complete rows.
    ///
    /// # Errors
    /// [`ModelError::UnknownColumn`], [`ModelError::WrongKind`] for text inside arithmetic, [`ModelError::NoData`] without a
    /// complete row.
    pub fn build(data: &Columns, formula: &Formula) -> Result<Self, ModelError> {
        let names = formula.columns();
        let mut used = Columns::new();
        for name in &names {
            used.add(name, data.column(name)?.clone())?;
        }
        let response = formula.response.expr.column(&used)?;
        let derived: Vec<Column> = formula
            .variables
            .iter()
            .chain(formula.random.iter().flat_map(|r| &r.slopes))
            .filter(|v| !matches!(v.expr, Expr::Column(_)))
            .map(|v| v.expr.column(&used))
            .collect::<Result<_, _>>()?;
        let plain: Vec<&Column> = names.iter().filter_map(|n| used.column(n).ok()).collect();
        let complete = |row: usize| {
            !response.is_missing(row)
                && plain.iter().all(|c| !c.is_missing(row))
                && derived.iter().all(|c| !c.is_missing(row))
        };
        let rows: Vec<usize> = (0..data.n_rows()).filter(|&r| complete(r)).collect();
        if rows.is_empty() {
            return Err(ModelError::NoData { variables: names.join(", ") });
        }
        let mut kept = Columns::new();
        for name in &names {
            kept.add(name, drop_levels(&used.column(name)?.clone(), &rows))?;
        }
        let response = drop_levels(&response, &rows);
        let mut inputs: Vec<Input> = Vec::new();
        for variable in &formula.variables {
            let mut columns = Vec::new();
            variable.expr.each_column(&mut |c| columns.push(c.to_owned()));
            for name in columns {
                if inputs.iter().any(|i| i.name() == name) {
                    continue;
                }
                inputs.push(match kept.column(&name)? {
                    Column::Numeric(values) => Input::Numeric { name, values: values.clone() },
                    Column::Categorical { levels, codes } => Input::Factor {
                        name,
                        levels: levels.clone(),
                        codes: codes.iter().map(|c| c.unwrap_or(0)).collect(),
                    },
                });
            }
        }
        let n_dropped = data.n_rows() - rows.len();
        Ok(Self { formula: formula.clone(), rows, n_dropped, response, inputs, data: kept })
    }

    /// Number of analysed rows.
    pub fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// The response as numbers; fails when it is categorical.
    ///
    /// # Errors
    /// [`ModelError::WrongKind`].
    pub fn numeric_response(&self) -> Result<&[f64], ModelError> {
        match &self.response {
            Column::Numeric(values) => Ok(values),
            Column::Categorical { .. } => {
                Err(ModelError::WrongKind { column: self.formula.response.name.clone(), wanted: "numeric" })
            }
        }
    }

    /// The combination of several columns as one grouping over the analysed rows.
    ///
    /// # Errors
    /// [`ModelError::UnknownColumn`] for a column that the formula does not read.
    pub fn grouping(&self, columns: &[String]) -> Result<Grouping, ModelError> {
        Grouping::build(&self.data, columns)
    }
}

fn drop_levels(column: &Column, rows: &[usize]) -> Column {
    match column {
        Column::Numeric(values) => Column::Numeric(rows.iter().map(|&r| values[r]).collect()),
        Column::Categorical { levels, codes } => {
            let mut seen = vec![false; levels.len()];
            rows.iter().filter_map(|&r| codes[r]).for_each(|c| seen[c as usize] = true);
            let mut next = 0_u32;
            let new: Vec<u32> = seen
                .iter()
                .map(|&s| {
                    next += u32::from(s);
                    next.saturating_sub(1)
                })
                .collect();
            Column::Categorical {
                levels: levels.iter().zip(&seen).filter(|(_, s)| **s).map(|(l, _)| l.clone()).collect(),
                codes: rows.iter().map(|&r| codes[r].map(|c| new[c as usize])).collect(),
            }
        }
    }
}

/// Most columns of fixed effects: finding which of them are independent takes the square of their number.
const MOST_COLUMNS: usize = 5_000;

/// Rows sorted into the combinations of the levels of some columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Grouping {
    /// The columns joined by `:`.
    pub name: String,
    /// Per row the combination, numbered in the order of the levels (first column slowest).
    pub codes: Vec<u32>,
    /// Names of the combinations that occur: `001:LEFT`.
    pub labels: Vec<String>,
}

impl Grouping {
    /// Combines the columns of `data`; numbers count as categories. Rows with a missing value are grouped under the
    /// first level, so remove them before.
    ///
    /// # Errors
    /// [`ModelError::UnknownColumn`].
    pub fn build(data: &Columns, columns: &[String]) -> Result<Self, ModelError> {
        let mut parts: Vec<(Vec<String>, Vec<u32>)> = Vec::new();
        for name in columns {
            if let Column::Categorical { levels, codes } = data.column(name)?.to_categorical() {
                parts.push((levels, codes.iter().map(|c| c.unwrap_or(0)).collect()));
            }
        }
        let n = data.n_rows();
        let mut keys: Vec<u64> = vec![0; n];
        for (levels, codes) in &parts {
            let mut distinct: Vec<u64> = keys.clone();
            distinct.sort_unstable();
            distinct.dedup();
            for (key, code) in keys.iter_mut().zip(codes) {
                let rank = distinct.binary_search(key).unwrap_or(0) as u64;
                *key = rank * levels.len().max(1) as u64 + u64::from(*code);
            }
        }
        let mut distinct = keys.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let codes: Vec<u32> = keys.iter().map(|k| distinct.binary_search(k).unwrap_or(0) as u32).collect();
        let mut labels = vec![String::new(); distinct.len()];
        let mut done = vec![false; distinct.len()];
        for (row, &code) in codes.iter().enumerate() {
            if !done[code as usize] {
                done[code as usize] = true;
                let words: Vec<&str> =
                    parts.iter().map(|(l, c)| l.get(c[row] as usize).map_or("", String::as_str)).collect();
                labels[code as usize] = words.join(":");
            }
        }
        Ok(Self { name: columns.join(":"), codes, labels })
    }

    /// Number of combinations.
    pub fn n_groups(&self) -> usize {
        self.labels.len()
    }
}

/// How a variable of the fixed effects is read from the inputs.
#[derive(Debug, Clone, PartialEq)]
enum Coding {
    Factor { input: usize },
    Numeric { expr: Expr },
}

/// What one column multiplies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Piece {
    Numeric { variable: usize },
    Level { input: usize, level: u32 },
}

/// One point of a reference grid: the value of one input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GridValue {
    /// A factor's level.
    Level(u32),
    /// A covariate's value.
    Number(f64),
}

/// The design matrix of the fixed effects.
#[derive(Debug, Clone)]
pub struct Design {
    /// Names of the estimable columns: `(Intercept)`, `treatmentEV`, `treatmentEV:visitM3`.
    pub names: Vec<String>,
    /// Names of the columns dropped as combinations of earlier ones.
    pub aliased: Vec<String>,
    /// Names of the fixed terms, `(Intercept)` first when there is one.
    pub terms: Vec<String>,
    /// Per estimable column the position in `terms`.
    pub assign: Vec<usize>,
    /// Number of rows.
    pub n_rows: usize,
    /// The estimable columns, row after row.
    pub x: Vec<f64>,
    /// Per term the positions of its variables in the formula (empty for the intercept).
    pub(crate) term_variables: Vec<Vec<usize>>,
    /// `R` of the QR decomposition of `x` (upper triangle, row after row).
    pub(crate) r: Vec<f64>,
    /// What each column multiplies, aliased ones included.
    pub(super) recipes: Vec<Vec<Piece>>,
    /// Positions of the estimable columns among all.
    pub(super) kept: Vec<usize>,
    /// Coefficients of each aliased column in the kept ones.
    pub(super) alias: Vec<(usize, Vec<f64>)>,
    codings: Vec<Coding>,
    input_names: Vec<String>,
}

/// R's tolerance for a column that is a combination of earlier ones.
const ALIAS_TOLERANCE: f64 = 1e-7;

impl Design {
    /// Whether the fixed term `term` contains a classification variable.
    pub(crate) fn has_factor(&self, term: usize) -> bool {
        let variables = self.term_variables.get(term).into_iter().flatten();
        variables
            .filter_map(|variable| self.codings.get(*variable))
            .any(|coding| matches!(coding, Coding::Factor { .. }))
    }

    /// Builds the design matrix of the fixed effects of the frame's formula.
    ///
    /// # Errors
    /// [`ModelError::WrongKind`] for a categorical column where the formula computes with numbers.
    pub fn build(frame: &ModelFrame) -> Result<Self, ModelError> {
        let formula = &frame.formula;
        let mut codings = Vec::new();
        for variable in &formula.variables {
            let factor = match &variable.expr {
                Expr::Column(c) => {
                    frame.inputs.iter().position(|i| matches!(i, Input::Factor { name, .. } if name == c))
                }
                _ => None,
            };
            codings.push(match factor {
                Some(input) => Coding::Factor { input },
                None => Coding::Numeric { expr: variable.expr.clone() },
            });
        }
        let mut terms = Vec::new();
        let mut term_variables = Vec::new();
        let (mut names, mut recipes, mut assign) = (Vec::new(), Vec::new(), Vec::new());
        if formula.intercept {
            terms.push("(Intercept)".to_owned());
            term_variables.push(Vec::new());
            names.push("(Intercept)".to_owned());
            recipes.push(Vec::new());
            assign.push(0);
        }
        // Without an intercept R codes the first factor that it meets by all its levels, and every other as usual.
        let is_factor = |v: &usize| matches!(codings[*v], Coding::Factor { .. });
        let first_factor = formula.terms.iter().find_map(|term| Some((term, *term.iter().find(|v| is_factor(v))?)));
        let first_factor = first_factor.filter(|_| !formula.intercept);
        for term in &formula.terms {
            let mut columns: Vec<(String, Vec<Piece>)> = vec![(String::new(), Vec::new())];
            for (place, &v) in term.iter().enumerate() {
                let name = &formula.variables[v].name;
                let options: Vec<(String, Piece)> = match &codings[v] {
                    Coding::Numeric { .. } => vec![(name.clone(), Piece::Numeric { variable: v })],
                    Coding::Factor { input } => {
                        let levels = match &frame.inputs[*input] {
                            Input::Factor { levels, .. } => levels.as_slice(),
                            Input::Numeric { .. } => &[],
                        };
                        let margin: Vec<usize> = term.iter().copied().filter(|&u| u != v).collect();
                        let has_margin =
                            first_factor != Some((term, v)) && (margin.is_empty() || formula.terms.contains(&margin));
                        (usize::from(has_margin)..levels.len())
                            .map(|l| (format!("{name}{}", levels[l]), Piece::Level { input: *input, level: l as u32 }))
                            .collect()
                    }
                };
                let found = (names.len() + columns.len().saturating_mul(options.len())).max(options.len());
                if found > MOST_COLUMNS {
                    return Err(ModelError::TooManyColumns { columns: found, most: MOST_COLUMNS });
                }
                // The first variable varies fastest.
                columns = options
                    .iter()
                    .flat_map(|(word, piece)| {
                        columns.iter().map(move |(left, pieces)| {
                            let joined = if place == 0 { word.clone() } else { format!("{left}:{word}") };
                            let mut pieces = pieces.clone();
                            pieces.push(*piece);
                            (joined, pieces)
                        })
                    })
                    .collect();
            }
            let index = terms.len();
            terms.push(formula.term_name(term));
            term_variables.push(term.clone());
            for (name, pieces) in columns {
                names.push(name);
                recipes.push(pieces);
                assign.push(index);
            }
        }
        let n = frame.n_rows();
        let numeric: Vec<Vec<f64>> = formula
            .variables
            .iter()
            .zip(&codings)
            .map(|(variable, coding)| match coding {
                Coding::Factor { .. } => Ok(Vec::new()),
                Coding::Numeric { .. } => match variable.expr.column(&frame.data)? {
                    Column::Numeric(values) => Ok(values),
                    Column::Categorical { .. } => {
                        Err(ModelError::WrongKind { column: variable.name.clone(), wanted: "numeric" })
                    }
                },
            })
            .collect::<Result<_, _>>()?;
        let columns: Vec<Vec<f64>> = recipes
            .iter()
            .map(|pieces| {
                let mut column = vec![1.0; n];
                for piece in pieces {
                    match piece {
                        Piece::Numeric { variable } => {
                            column.iter_mut().zip(&numeric[*variable]).for_each(|(c, v)| *c *= v);
                        }
                        Piece::Level { input, level } => {
                            if let Input::Factor { codes, .. } = &frame.inputs[*input] {
                                column.iter_mut().zip(codes).for_each(|(c, code)| {
                                    if code != level {
                                        *c = 0.0;
                                    }
                                });
                            }
                        }
                    }
                }
                column
            })
            .collect();
        let basis = independent_columns(&columns);
        let p = basis.kept.len();
        let mut x = vec![0.0; n * p];
        for (j, &k) in basis.kept.iter().enumerate() {
            columns[k].iter().enumerate().for_each(|(i, v)| x[i * p + j] = *v);
        }
        Ok(Self {
            aliased: basis.alias.iter().map(|(k, _)| names[*k].clone()).collect(),
            assign: basis.kept.iter().map(|&k| assign[k]).collect(),
            names: basis.kept.iter().map(|&k| names[k].clone()).collect(),
            terms,
            n_rows: n,
            x,
            term_variables,
            r: basis.r,
            recipes,
            kept: basis.kept,
            alias: basis.alias,
            codings,
            input_names: frame.inputs.iter().map(|i| i.name().to_owned()).collect(),
        })
    }

    /// Number of estimable columns.
    pub fn n_columns(&self) -> usize {
        self.names.len()
    }

    /// The row of the design matrix at a point of the reference grid (one value per input of the frame), or `None`
    /// where the point is not estimable because it needs an aliased column.
    pub fn row_at(&self, point: &[GridValue]) -> Option<Vec<f64>> {
        let number = |name: &str| {
            let input = self.input_names.iter().position(|n| n == name);
            match input.and_then(|i| point.get(i)) {
                Some(GridValue::Number(v)) => *v,
                _ => f64::NAN,
            }
        };
        let value = |pieces: &[Piece]| -> f64 {
            let mut product = 1.0;
            for piece in pieces {
                product *= match piece {
                    Piece::Level { input, level } => {
                        f64::from(u8::from(point.get(*input) == Some(&GridValue::Level(*level))))
                    }
                    Piece::Numeric { variable } => match self.codings.get(*variable) {
                        Some(Coding::Numeric { expr }) => expr.value(&number),
                        _ => f64::NAN,
                    },
                };
            }
            product
        };
        self.estimable(self.recipes.iter().map(|r| value(r)).collect())
    }

    /// The row of the coefficients of the product of the covariates `numeric` (positions in the formula) at the factor
    /// levels of a point: 1 where a column has exactly these covariates and its factors are at the point, else 0.
    pub(crate) fn coefficient_row(&self, numeric: &[usize], point: &[GridValue]) -> Option<Vec<f64>> {
        let value = |pieces: &Vec<Piece>| {
            let mut covariates = Vec::new();
            let mut product = 1.0;
            for piece in pieces {
                match piece {
                    Piece::Numeric { variable } => covariates.push(*variable),
                    Piece::Level { input, level } => {
                        if point.get(*input) != Some(&GridValue::Level(*level)) {
                            product = 0.0;
                        }
                    }
                }
            }
            if covariates == numeric { product } else { 0.0 }
        };
        self.estimable(self.recipes.iter().map(value).collect())
    }

    /// Splits the variables of a term into factors (positions in the inputs) and covariates (positions in the formula).
    pub(crate) fn split_term(&self, term: usize) -> (Vec<usize>, Vec<usize>) {
        let (mut factors, mut numeric) = (Vec::new(), Vec::new());
        for &v in self.term_variables.get(term).into_iter().flatten() {
            match self.codings.get(v) {
                Some(Coding::Factor { input }) => factors.push(*input),
                _ => numeric.push(v),
            }
        }
        (factors, numeric)
    }

    /// A row over all columns as one over the estimable columns; `None` where it needs an aliased column.
    fn estimable(&self, full: Vec<f64>) -> Option<Vec<f64>> {
        let row: Vec<f64> = self.kept.iter().map(|&k| full[k]).collect();
        let estimable = self.alias.iter().all(|(k, coefficients)| {
            let combined: f64 = coefficients.iter().zip(&row).map(|(a, b)| a * b).sum();
            let size: f64 = coefficients.iter().zip(&row).map(|(a, b)| (a * b).abs()).sum::<f64>() + full[*k].abs();
            (combined - full[*k]).abs() <= 1e-8 * size.max(1e-300)
        });
        (estimable && row.iter().all(|v| v.is_finite())).then_some(row)
    }
}

/// What [`independent_columns`] finds.
pub(crate) struct Basis {
    /// The columns that the earlier ones do not determine.
    pub kept: Vec<usize>,
    alias: Vec<(usize, Vec<f64>)>,
    r: Vec<f64>,
}

/// Modified Gram–Schmidt with reorthogonalisation, in the order of the columns; a column that loses all but 1e-7 of its
/// length to the earlier ones is aliased.
pub(crate) fn independent_columns(columns: &[Vec<f64>]) -> Basis {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let mut q: Vec<Vec<f64>> = Vec::new();
    let mut triangle: Vec<Vec<f64>> = Vec::new();
    let (mut kept, mut dependent) = (Vec::new(), Vec::new());
    for (k, column) in columns.iter().enumerate() {
        let length = dot(column, column).sqrt();
        let mut v = column.clone();
        let mut coefficients = vec![0.0; q.len()];
        for _ in 0..2 {
            for (c, basis) in coefficients.iter_mut().zip(&q) {
                let d = dot(basis, &v);
                *c += d;
                v.iter_mut().zip(basis).for_each(|(x, b)| *x -= d * b);
            }
        }
        let rest = dot(&v, &v).sqrt();
        if rest <= ALIAS_TOLERANCE * length || !rest.is_finite() {
            dependent.push((k, coefficients));
            continue;
        }
        v.iter_mut().for_each(|x| *x /= rest);
        q.push(v);
        coefficients.push(rest);
        triangle.push(coefficients);
        kept.push(k);
    }
    let p = kept.len();
    let mut r = vec![0.0; p * p];
    for (j, column) in triangle.iter().enumerate() {
        column.iter().enumerate().for_each(|(i, v)| r[i * p + j] = *v);
    }
    let alias = dependent
        .into_iter()
        .map(|(k, mut c)| {
            c.resize(p, 0.0);
            for i in (0..p).rev() {
                let known: f64 = (i + 1..p).map(|j| r[i * p + j] * c[j]).sum();
                c[i] = (c[i] - known) / r[i * p + i];
            }
            (k, c)
        })
        .collect();
    Basis { kept, alias, r }
}
