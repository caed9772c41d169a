//! Numeric expressions in columns: `I(age^2)`, `log(vas)`.

use crate::model::data::{Column, Columns};
use crate::model::error::ModelError;

/// An expression in columns.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A column.
    Column(String),
    /// A number, as written.
    Number(String, f64),
    /// `-x`.
    Negate(Box<Expr>),
    /// `x + y`, `x - y`, `x * y`, `x / y`, `x ^ y`.
    Binary(char, Box<Expr>, Box<Expr>),
    /// A function of one argument: `I`, `log`, `log2`, `log10`, `exp`, `sqrt`, `abs`.
    Call(String, Box<Expr>),
    /// A parenthesised expression.
    Group(Box<Expr>),
}

/// The functions that may stand in a formula.
pub(super) const FUNCTIONS: [&str; 7] = ["I", "log", "log2", "log10", "exp", "sqrt", "abs"];

impl Expr {
    /// The expression as R prints it.
    pub fn name(&self) -> String {
        match self {
            Self::Column(c) => c.clone(),
            Self::Number(text, _) => text.clone(),
            Self::Negate(e) => format!("-{}", e.name()),
            Self::Binary(op @ ('^' | ':'), a, b) => format!("{}{op}{}", a.name(), b.name()),
            Self::Binary(op, a, b) => format!("{} {op} {}", a.name(), b.name()),
            Self::Call(f, e) => format!("{f}({})", e.name()),
            Self::Group(e) => format!("({})", e.name()),
        }
    }

    /// Calls `visit` with every column name.
    pub fn each_column(&self, visit: &mut impl FnMut(&str)) {
        match self {
            Self::Column(c) => visit(c),
            Self::Number(..) => {}
            Self::Negate(e) | Self::Call(_, e) | Self::Group(e) => e.each_column(visit),
            Self::Binary(_, a, b) => {
                a.each_column(visit);
                b.each_column(visit);
            }
        }
    }

    /// The value where `column` gives the value of each column.
    pub fn value(&self, column: &impl Fn(&str) -> f64) -> f64 {
        match self {
            Self::Column(c) => column(c),
            Self::Number(_, v) => *v,
            Self::Negate(e) => -e.value(column),
            Self::Group(e) => e.value(column),
            Self::Binary(op, a, b) => {
                let (a, b) = (a.value(column), b.value(column));
                match op {
                    '+' => a + b,
                    '-' => a - b,
                    '*' => a * b,
                    '/' => a / b,
                    _ => a.powf(b),
                }
            }
            Self::Call(f, e) => {
                let x = e.value(column);
                match f.as_str() {
                    "log" => x.ln(),
                    "log2" => x.log2(),
                    "log10" => x.log10(),
                    "exp" => x.exp(),
                    "sqrt" => x.sqrt(),
                    "abs" => x.abs(),
                    _ => x,
                }
            }
        }
    }

    /// The expression over a table: a plain column as it is, anything else computed row by row from numeric columns.
    ///
    /// # Errors
    /// [`ModelError::UnknownColumn`]; [`ModelError::WrongKind`] for arithmetic on a categorical column.
    pub fn column(&self, data: &Columns) -> Result<Column, ModelError> {
        if let Self::Column(name) = self {
            return data.column(name).cloned();
        }
        let mut names: Vec<String> = Vec::new();
        self.each_column(&mut |n| names.push(n.to_owned()));
        let mut inputs: Vec<(&str, &[f64])> = Vec::new();
        for name in &names {
            match data.column(name)? {
                Column::Numeric(v) => inputs.push((name, v)),
                Column::Categorical { .. } => {
                    return Err(ModelError::WrongKind { column: name.clone(), wanted: "numeric" });
                }
            }
        }
        let at = |row: usize| {
            self.value(&|name: &str| {
                inputs.iter().find(|(n, _)| *n == name).and_then(|(_, v)| v.get(row)).copied().unwrap_or(f64::NAN)
            })
        };
        Ok(Column::Numeric((0..data.n_rows()).map(at).collect()))
    }
}
