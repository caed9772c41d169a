//! The offset of a count model: an expression in columns that is added to the predictor with coefficient 1, as R's
//! `offset(log(days))`.

use super::data::{Column, Columns};
use super::error::ModelError;
use super::formula::{Expr, Formula};
use crate::note;

/// An offset.
#[derive(Debug, Clone, PartialEq)]
pub struct Offset {
    /// As it was written.
    pub text: String,
    expr: Expr,
}

impl Offset {
    /// Reads `log(days)`.
    ///
    /// ```
    /// use splitknee_stats::model::offset::Offset;
    /// assert_eq!(Offset::parse("log(days)").unwrap().columns(), ["days"]);
    /// assert!(Offset::parse("log(days) + 2").is_err());
    /// ```
    ///
    /// # Errors
    /// [`ModelError::Formula`] where it is not one expression in numbers.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let formula = Formula::parse(&format!("offset ~ {text}"))?;
        match (formula.variables.as_slice(), formula.terms.as_slice()) {
            ([variable], [_])
                if formula.random.is_empty() && formula.covariance.is_empty() && !text.contains(['+', '-', '*']) =>
            {
                Ok(Self { text: text.trim().to_owned(), expr: variable.expr.clone() })
            }
            _ => Err(ModelError::Unsupported { reason: note!(offset_one, text = text) }),
        }
    }

    /// The columns that it reads.
    pub fn columns(&self) -> Vec<String> {
        let mut columns = Vec::new();
        self.expr.each_column(&mut |name| {
            if !columns.iter().any(|known| known == name) {
                columns.push(name.to_owned());
            }
        });
        columns
    }

    /// Its value in every row of `data`; not finite where a column is missing.
    ///
    /// # Errors
    /// A column that is not there or holds no numbers.
    pub fn values(&self, data: &Columns) -> Result<Vec<f64>, ModelError> {
        match self.expr.column(data)? {
            Column::Numeric(values) => Ok(values),
            Column::Categorical { .. } => Err(ModelError::WrongKind { column: self.text.clone(), wanted: "numeric" }),
        }
    }
}
