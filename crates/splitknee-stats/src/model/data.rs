//! A plain column table: what the model reads its variables from.
//!
//! [`Columns`] is built from vectors, so that the engine depends on no file format and no data-frame library. A column is
//! numeric (missing = `NaN`) or categorical (levels in order, the first is the reference; missing = `None`).

use std::collections::{BTreeMap, HashMap};

use super::error::ModelError;

/// One column of a [`Columns`] table.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Numbers; a missing value is `NaN`.
    Numeric(Vec<f64>),
    /// Categories: the levels in order (the first is the reference) and, per row, the position in that list.
    Categorical {
        /// The levels, first = reference.
        levels: Vec<String>,
        /// Per row the index into `levels`; `None` is missing.
        codes: Vec<Option<u32>>,
    },
}

impl Column {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Numeric(values) => values.len(),
            Self::Categorical { codes, .. } => codes.len(),
        }
    }

    /// Whether the column has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether row `row` holds no value (rows outside the column are missing).
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Self::Numeric(values) => values.get(row).is_none_or(|v| !v.is_finite()),
            Self::Categorical { codes, .. } => codes.get(row).is_none_or(Option::is_none),
        }
    }

    /// The column as categories: numbers become levels in increasing order, written in their shortest form.
    pub fn to_categorical(&self) -> Column {
        match self {
            Self::Categorical { .. } => self.clone(),
            Self::Numeric(values) => {
                let mut distinct: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
                distinct.sort_by(f64::total_cmp);
                distinct.dedup();
                let codes = values
                    .iter()
                    .map(|v| distinct.binary_search_by(|d| d.total_cmp(v)).ok().map(|i| i as u32))
                    .collect();
                Self::Categorical { levels: distinct.iter().map(|v| format!("{v}")).collect(), codes }
            }
        }
    }
}

/// A table of equally long named columns.
///
/// ```
/// use splitknee_stats::model::Columns;
/// let mut table = Columns::new();
/// table.add_numeric("change", vec![-10.0, -2.0]).unwrap();
/// table.add_categorical("treatment", ["EV", "PLACEBO"].map(Some)).unwrap();
/// table.set_levels("treatment", &["PLACEBO", "EV"]).unwrap();
/// assert_eq!(table.n_rows(), 2);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Columns {
    columns: BTreeMap<String, Column>,
    n_rows: usize,
}

impl Columns {
    /// An empty table; the first column that is added sets the number of rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a column. Fails when its length differs from that of the columns already there.
    ///
    /// # Errors
    /// [`ModelError::ColumnLength`] for a column of another length than those already there.
    pub fn add(&mut self, name: &str, column: Column) -> Result<(), ModelError> {
        if self.columns.keys().any(|k| k != name) && column.len() != self.n_rows {
            return Err(ModelError::ColumnLength { column: name.into(), found: column.len(), expected: self.n_rows });
        }
        self.n_rows = column.len();
        self.columns.insert(name.to_owned(), column);
        Ok(())
    }

    /// Adds a numeric column; `NaN` and infinite values count as missing.
    ///
    /// # Errors
    /// As [`Columns::add`].
    pub fn add_numeric(&mut self, name: &str, values: Vec<f64>) -> Result<(), ModelError> {
        self.add(name, Column::Numeric(values))
    }

    /// Adds a categorical column with its levels in alphabetical order, as R's `factor` does; see [`Columns::set_levels`].
    ///
    /// # Errors
    /// As [`Columns::add`].
    pub fn add_categorical<S: AsRef<str>>(
        &mut self,
        name: &str,
        values: impl IntoIterator<Item = Option<S>>,
    ) -> Result<(), ModelError> {
        let mut seen: HashMap<String, u32> = HashMap::new();
        let first: Vec<Option<u32>> = values
            .into_iter()
            .map(|value| {
                value.map(|v| {
                    let next = seen.len() as u32;
                    match seen.get(v.as_ref()) {
                        Some(&code) => code,
                        None => {
                            seen.insert(v.as_ref().to_owned(), next);
                            next
                        }
                    }
                })
            })
            .collect();
        let mut levels: Vec<(String, u32)> = seen.into_iter().collect();
        levels.sort();
        let mut rank = vec![0_u32; levels.len()];
        for (position, (_, code)) in levels.iter().enumerate() {
            rank[*code as usize] = position as u32;
        }
        let codes = first.into_iter().map(|c| c.map(|c| rank[c as usize])).collect();
        self.add(name, Column::Categorical { levels: levels.into_iter().map(|(l, _)| l).collect(), codes })
    }

    /// Orders the levels of a column (`--factor treatment=PLACEBO,EV`): the first is the reference. A numeric column
    /// becomes categorical. Every value present must be listed; listed levels that do not occur are allowed.
    ///
    /// # Errors
    /// [`ModelError::UnknownColumn`], [`ModelError::DuplicateLevel`], [`ModelError::UnlistedLevel`].
    pub fn set_levels(&mut self, name: &str, levels: &[impl AsRef<str>]) -> Result<(), ModelError> {
        let column = self.column(name)?.to_categorical();
        let Column::Categorical { levels: old, codes } = column else { return Ok(()) };
        let levels: Vec<String> = levels.iter().map(|l| l.as_ref().to_owned()).collect();
        if let Some(twice) = levels.iter().enumerate().find(|(i, l)| levels[..*i].contains(l)) {
            return Err(ModelError::DuplicateLevel { column: name.into(), level: twice.1.clone() });
        }
        let new: Vec<Option<u32>> = old.iter().map(|l| levels.iter().position(|m| m == l).map(|p| p as u32)).collect();
        let mut recoded = Vec::with_capacity(codes.len());
        for code in codes {
            recoded.push(match code {
                None => None,
                Some(c) => match new.get(c as usize).copied().flatten() {
                    Some(n) => Some(n),
                    None => {
                        return Err(ModelError::UnlistedLevel {
                            column: name.into(),
                            level: old.get(c as usize).cloned().unwrap_or_default(),
                            listed: levels.join(", "),
                        });
                    }
                },
            });
        }
        self.columns.insert(name.to_owned(), Column::Categorical { levels, codes: recoded });
        Ok(())
    }

    /// The combinations of several columns as one categorical column: levels in order, the first column slowest, joined by
    /// `:`; missing where one of them is.
    ///
    /// # Errors
    /// [`ModelError::UnknownColumn`].
    pub fn combined(&self, names: &[String]) -> Result<Column, ModelError> {
        let mut levels = vec![String::new()];
        let mut codes = vec![Some(0_u32); self.n_rows];
        for name in names {
            let Column::Categorical { levels: own, codes: next } = self.column(name)?.to_categorical() else {
                continue;
            };
            let width = own.len() as u32;
            for (code, next) in codes.iter_mut().zip(next) {
                *code = code.zip(next).map(|(a, b)| a * width + b);
            }
            let join = |a: &String, b: &String| if a.is_empty() { b.clone() } else { format!("{a}:{b}") };
            levels = levels.iter().flat_map(|a| own.iter().map(move |b| join(a, b))).collect();
        }
        Ok(Column::Categorical { levels, codes })
    }

    /// The column called `name`.
    ///
    /// # Errors
    /// [`ModelError::UnknownColumn`], which names the columns that exist.
    pub fn column(&self, name: &str) -> Result<&Column, ModelError> {
        self.columns.get(name).ok_or_else(|| ModelError::UnknownColumn {
            column: name.into(),
            available: self.columns.keys().cloned().collect::<Vec<_>>().join(", "),
        })
    }

    /// Whether there is a column called `name`.
    pub fn contains(&self, name: &str) -> bool {
        self.columns.contains_key(name)
    }

    /// The names of the columns, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The table with only the rows whose index is given, in that order (indices outside the table are skipped).
    pub fn select_rows(&self, rows: &[usize]) -> Columns {
        let keep: Vec<usize> = rows.iter().copied().filter(|&r| r < self.n_rows).collect();
        let columns = self
            .columns
            .iter()
            .map(|(name, column)| {
                let column = match column {
                    Column::Numeric(v) => Column::Numeric(keep.iter().map(|&r| v[r]).collect()),
                    Column::Categorical { levels, codes } => {
                        Column::Categorical { levels: levels.clone(), codes: keep.iter().map(|&r| codes[r]).collect() }
                    }
                };
                (name.clone(), column)
            })
            .collect();
        Columns { columns, n_rows: keep.len() }
    }
}
