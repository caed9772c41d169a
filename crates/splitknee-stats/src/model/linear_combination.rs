//! Linear combinations of coefficients and LS means, written as a statistician writes them (SAS `ESTIMATE` and
//! `LSMESTIMATE`, R's `multcomp::glht` and `car::linearHypothesis`).
//!
//! > `late effect: treatmentEV + 0.5*treatmentEV:visitM3 + 0.5*treatmentEV:visitM6`
//! > `mean of M3 and M6: ([treatment=EV, visit=M3] - [treatment=PLACEBO, visit=M3] + …)/2`
//! > `no interaction: treatmentEV:visitM3; treatmentEV:visitM6`
//!
//! Coefficients go by the names the model prints; the longest name that fits is taken, so that names with blanks or signs
//! need no quotes. `[factor=level, …]` is the LS mean of those levels. `= number` tests against that value; several rows,
//! set apart by `;`, are tested together.

use serde::Serialize;

use super::error::ModelError;
use super::fit::Fit;
use super::inference::{Inference, TTest};
use super::ls_means::{LsMeansSpec, Weights};
use super::reference_grid::mean_rows;

/// A question about linear combinations: one row is a t test, several are an F test.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearHypothesis {
    /// Its label: the text before the first `: `, else the whole.
    pub label: String,
    /// The rows.
    pub rows: Vec<LinearCombination>,
}

/// One row: weights on the coefficients.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearCombination {
    /// As it was written.
    pub text: String,
    /// One weight per coefficient.
    pub weights: Vec<f64>,
    /// The value it is tested against.
    pub null: f64,
}

/// The answer to a [`LinearHypothesis`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LinearRecord {
    /// The label.
    pub label: String,
    /// The rows as written.
    pub rows: Vec<String>,
    /// The combination; `None` for several rows.
    pub estimate: Option<f64>,
    /// Its standard error.
    pub std_error: Option<f64>,
    /// Numerator degrees of freedom of several rows.
    pub num_df: Option<usize>,
    /// Degrees of freedom (of the denominator, for several rows).
    pub df: Option<f64>,
    /// t, or F for several rows.
    pub statistic: Option<f64>,
    /// p-value.
    pub p_value: Option<f64>,
    /// Lower confidence limit.
    pub conf_low: Option<f64>,
    /// Upper confidence limit.
    pub conf_high: Option<f64>,
    /// The value tested against.
    pub null: f64,
}

impl LinearHypothesis {
    /// Reads a hypothesis about the coefficients of `fit`; `weights` are those of LS means.
    ///
    /// # Errors
    /// [`ModelError::LinearCombination`] with the place; a factor that the model does not have.
    pub fn parse(text: &str, fit: &Fit, weights: Weights) -> Result<Self, ModelError> {
        let start = text.find(": ").map_or(0, |at| at + 2);
        let label = text.get(..start.saturating_sub(2)).unwrap_or("").trim();
        let label = if label.is_empty() { text.trim() } else { label };
        let mut parser = Parser { text, at: start, fit, weights, names: names(fit), depth: 0 };
        let mut rows = Vec::new();
        loop {
            let from = parser.at;
            let row = parser.row()?;
            let written = text.get(from..parser.at).unwrap_or("").trim().to_owned();
            rows.push(LinearCombination { text: written, ..row });
            if !parser.take(';') {
                break;
            }
        }
        parser.blanks();
        if parser.at < text.len() {
            return Err(parser.wrong("expected +, -, *, /, `;` or the end here"));
        }
        if let [_, _, ..] = rows.as_slice()
            && let Some(row) = rows.iter().find(|row| row.null != 0.0)
        {
            return Err(parser.wrong(&format!("`{}`: rows that are tested together are tested against 0", row.text)));
        }
        Ok(Self { label: label.to_owned(), rows })
    }

    /// Estimates and tests.
    ///
    /// # Errors
    /// Those of [`Inference::contrast`] and [`Inference::f_test`].
    pub fn test(&self, inference: &Inference<'_>) -> Result<LinearRecord, ModelError> {
        let rows = self.rows.iter().map(|row| row.text.clone()).collect();
        let label = self.label.clone();
        if let [row] = self.rows.as_slice() {
            let TTest { estimate, std_error, df, statistic, p_value, conf_low, conf_high } =
                inference.contrast_against(&row.weights, row.null)?;
            let (estimate, std_error) = (Some(estimate), Some(std_error));
            let (num_df, null) = (None, row.null);
            return Ok(LinearRecord {
                label,
                rows,
                estimate,
                std_error,
                num_df,
                df,
                statistic,
                p_value,
                conf_low,
                conf_high,
                null,
            });
        }
        let weights: Vec<Vec<f64>> = self.rows.iter().map(|row| row.weights.clone()).collect();
        let test = inference.f_test(&weights)?;
        Ok(LinearRecord {
            label,
            rows,
            estimate: None,
            std_error: None,
            num_df: Some(test.num_df),
            df: test.den_df,
            statistic: test.statistic,
            p_value: test.p_value,
            conf_low: None,
            conf_high: None,
            null: 0.0,
        })
    }
}

/// Names of the coefficients, the longest first, with their positions; `None` for a dropped column.
fn names(fit: &Fit) -> Vec<(String, Option<usize>)> {
    let kept = fit.coefficient_names().iter().enumerate().map(|(i, name)| (name.clone(), Some(i)));
    let mut names: Vec<_> = kept.chain(fit.design.aliased.iter().map(|name| (name.clone(), None))).collect();
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    names
}

/// A number or a combination.
enum Value {
    Number(f64),
    Weights(Vec<f64>),
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    fit: &'a Fit,
    weights: Weights,
    names: Vec<(String, Option<usize>)>,
    depth: usize,
}

/// Parentheses within parentheses.
const DEEPEST: usize = 50;

impl Parser<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// Takes the sign, with blanks before it.
    fn take(&mut self, sign: char) -> bool {
        self.blanks();
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len_utf8();
        }
        found
    }

    fn wrong(&self, message: &str) -> ModelError {
        let width = self.rest().chars().next().map_or(1, char::len_utf8);
        ModelError::LinearCombination {
            message: message.to_owned(),
            text: self.text.to_owned(),
            span: self.at..self.at + width,
        }
    }

    /// A sum and what it is tested against.
    fn row(&mut self) -> Result<LinearCombination, ModelError> {
        let from = self.at;
        let Value::Weights(weights) = self.sum()? else {
            self.at = from;
            self.blanks();
            return Err(self.wrong("a combination needs a coefficient or an LS mean"));
        };
        let mut null = 0.0;
        if self.take('=') {
            let Value::Number(value) = self.sum()? else {
                return Err(self.wrong("after `=` stands a number: bring coefficients to the left side"));
            };
            null = value;
        }
        if weights.iter().all(|w| *w == 0.0) {
            return Err(self.wrong("every weight of this combination is zero"));
        }
        Ok(LinearCombination { text: String::new(), weights, null })
    }

    fn sum(&mut self) -> Result<Value, ModelError> {
        let mut negative = self.take('-');
        if !negative {
            self.take('+');
        }
        let mut total: Option<Value> = None;
        loop {
            let before = self.at;
            let next = scaled(self.product()?, if negative { -1.0 } else { 1.0 });
            total = Some(match (total, next) {
                (None, next) => next,
                (Some(Value::Number(a)), Value::Number(b)) => Value::Number(a + b),
                (Some(Value::Weights(a)), Value::Weights(b)) => {
                    Value::Weights(a.iter().zip(&b).map(|(x, y)| x + y).collect())
                }
                _ => {
                    self.at = before;
                    self.blanks();
                    return Err(self.wrong("a number cannot be added to a coefficient; write `= number` at the end"));
                }
            });
            if self.take('-') {
                negative = true;
            } else if self.take('+') {
                negative = false;
            } else {
                return total.ok_or_else(|| self.wrong("a combination is missing here"));
            }
        }
    }

    fn product(&mut self) -> Result<Value, ModelError> {
        let mut value = self.factor()?;
        loop {
            if self.take('*') {
                value = match (value, self.factor()?) {
                    (Value::Number(a), other) | (other, Value::Number(a)) => scaled(other, a),
                    _ => return Err(self.wrong("a product of two coefficients is not linear")),
                };
            } else if self.take('/') {
                match self.factor()? {
                    Value::Number(by) if by != 0.0 => value = scaled(value, 1.0 / by),
                    _ => return Err(self.wrong("divide by a number other than zero")),
                }
            } else {
                return Ok(value);
            }
        }
    }

    fn factor(&mut self) -> Result<Value, ModelError> {
        self.blanks();
        if let Some(place) = self.coefficient()? {
            let mut weights = vec![0.0; self.fit.coefficient_names().len()];
            weights[place] = 1.0;
            return Ok(Value::Weights(weights));
        }
        if self.take('[') {
            return self.mean();
        }
        if self.take('(') {
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err(self.wrong("too many parentheses within parentheses"));
            }
            let value = self.sum()?;
            self.depth -= 1;
            return if self.take(')') { Ok(value) } else { Err(self.wrong("a `)` is missing here")) };
        }
        if let Some(number) = self.number() {
            return Ok(Value::Number(number));
        }
        let word: String = self.rest().chars().take_while(|c| !" +-*/()[];=".contains(*c)).collect();
        Err(match word.as_str() {
            "" => self.wrong("a coefficient, a number or an LS mean is missing here"),
            _ => self.wrong(&format!(
                "there is no coefficient `{word}` (coefficients: {})",
                self.fit.coefficient_names().join(", ")
            )),
        })
    }

    /// The longest coefficient name that stands here and ends here.
    fn coefficient(&mut self) -> Result<Option<usize>, ModelError> {
        let rest = self.rest();
        let quoted = rest.strip_prefix('`').and_then(|r| r.split_once('`')).map(|(name, _)| name);
        let ends = |name: &str| {
            let after = rest.get(name.len()..).and_then(|tail| tail.chars().next());
            after.is_none_or(|c| c.is_whitespace() || "+-*/);=".contains(c))
        };
        let found = self.names.iter().find(|(name, _)| match quoted {
            Some(quoted) => quoted == name,
            None => rest.starts_with(name.as_str()) && ends(name),
        });
        match found {
            Some((name, Some(place))) => {
                let length = name.len() + if quoted.is_some() { 2 } else { 0 };
                let place = *place;
                self.at += length;
                Ok(Some(place))
            }
            Some((name, None)) => Err(self.wrong(&format!(
                "`{name}` was dropped from the model as a combination of other columns: it is not estimable"
            ))),
            None => Ok(None),
        }
    }

    fn number(&mut self) -> Option<f64> {
        let rest = self.rest().as_bytes();
        let mut length = 0;
        for (i, c) in rest.iter().enumerate() {
            let exponent =
                matches!(c, b'+' | b'-') && matches!(rest.get(i.wrapping_sub(1)), Some(b'e' | b'E')) && i > 1;
            if !(c.is_ascii_digit() || *c == b'.' || exponent || (matches!(c, b'e' | b'E') && i > 0)) {
                break;
            }
            length = i + 1;
        }
        let number = self.rest().get(..length)?.parse().ok().filter(|x: &f64| x.is_finite())?;
        self.at += length;
        Some(number)
    }

    /// The LS mean of `factor=level, …]`.
    fn mean(&mut self) -> Result<Value, ModelError> {
        let from = self.at;
        let Some(length) = self.rest().find(']') else { return Err(self.wrong("a `]` is missing")) };
        let inside = self.rest().get(..length).unwrap_or("").to_owned();
        let mut levels: Vec<(String, String)> = Vec::new();
        for part in inside.split(',') {
            let Some((factor, level)) = part.split_once('=') else {
                return Err(self.wrong("an LS mean is written [factor=level, factor=level]"));
            };
            levels.push((factor.trim().to_owned(), level.trim().to_owned()));
        }
        let factors = levels.iter().map(|(factor, _)| factor.clone()).collect();
        let spec = LsMeansSpec { factors, weights: self.weights, ..LsMeansSpec::default() };
        let rows = mean_rows(&self.fit.frame, &self.fit.design, &spec)?;
        let Some(row) = rows.into_iter().find(|row| row.levels.0 == levels) else {
            return Err(self.wrong(&format!("no cell of the model has the levels {}", inside.trim())));
        };
        let Some(weights) = row.weights else {
            return Err(self.wrong(&format!("the LS mean of {} is not estimable", inside.trim())));
        };
        self.at = from + length + 1;
        Ok(Value::Weights(weights))
    }
}

fn scaled(value: Value, by: f64) -> Value {
    match value {
        Value::Number(number) => Value::Number(number * by),
        Value::Weights(weights) => Value::Weights(weights.into_iter().map(|w| w * by).collect()),
    }
}
