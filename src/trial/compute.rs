//! Endpoints computed from other columns of the same row: `pain + stiffness`, `100 * left / (left + right)`.
//!
//! Numbers, columns (in backquotes where a name has other signs than letters, digits, `_` and `.`), `+ - * /`, parentheses and
//! `log`, `log10`, `sqrt`, `exp`, `abs`, `min`, `max`. A row without one of the columns has no value; one whose result is no
//! number (division by 0) is an error with its row.

use crate::data::{CellError, Table};

/// An expression in columns.
#[derive(Debug, Clone, PartialEq)]
pub enum Computed {
    /// A number.
    Number(f64),
    /// A column.
    Column(String),
    /// `-x`.
    Negated(Box<Computed>),
    /// `x + y`, `x - y`, `x * y`, `x / y`.
    Binary(char, Box<Computed>, Box<Computed>),
    /// A function of one number or more.
    Call(&'static str, Vec<Computed>),
}

/// The functions, with the fewest and most numbers that they take.
const FUNCTIONS: [(&str, usize, usize); 7] =
    [("log", 1, 1), ("log10", 1, 1), ("sqrt", 1, 1), ("exp", 1, 1), ("abs", 1, 1), ("min", 2, 9), ("max", 2, 9)];

/// Parentheses and signs within each other that are read at most.
const DEEPEST: usize = 50;

/// The value of each row, and the rows in which the expression has none although its cells do.
pub type ValuesAndUndefined = (Vec<Option<f64>>, Vec<usize>);

impl Computed {
    /// Reads an expression.
    ///
    /// # Errors
    /// What was expected where, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader { text, at: 0, depth: 0 };
        let found = reader.sum()?;
        reader.blanks();
        match reader.rest().chars().next() {
            None => Ok(found),
            Some(sign) => {
                Err(format!("`{sign}` stands where the expression `{text}` should end or go on with + - * /"))
            }
        }
    }

    /// The columns that it reads, once each.
    pub fn columns(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        self.each_column(&mut |name| {
            if !names.contains(&name) {
                names.push(name);
            }
        });
        names
    }

    fn each_column<'e>(&'e self, visit: &mut dyn FnMut(&'e str)) {
        match self {
            Self::Number(_) => {}
            Self::Column(name) => visit(name),
            Self::Negated(inner) => inner.each_column(visit),
            Self::Binary(_, a, b) => [a, b].into_iter().for_each(|part| part.each_column(visit)),
            Self::Call(_, parts) => parts.iter().for_each(|part| part.each_column(visit)),
        }
    }

    /// Its value where `column` gives those of the columns.
    pub fn value(&self, column: &dyn Fn(&str) -> Option<f64>) -> Option<f64> {
        Some(match self {
            Self::Number(value) => *value,
            Self::Column(name) => column(name)?,
            Self::Negated(inner) => -inner.value(column)?,
            Self::Binary(sign, a, b) => {
                let (a, b) = (a.value(column)?, b.value(column)?);
                match sign {
                    '+' => a + b,
                    '-' => a - b,
                    '*' => a * b,
                    _ => a / b,
                }
            }
            Self::Call(name, parts) => {
                let values: Vec<f64> = parts.iter().map(|part| part.value(column)).collect::<Option<_>>()?;
                let first = *values.first()?;
                match *name {
                    "log" => first.ln(),
                    "log10" => first.log10(),
                    "sqrt" => first.sqrt(),
                    "exp" => first.exp(),
                    "abs" => first.abs(),
                    "min" => values.into_iter().fold(f64::INFINITY, f64::min),
                    _ => values.into_iter().fold(f64::NEG_INFINITY, f64::max),
                }
            }
        })
    }

    /// Its value in every row of `table`, and the rows (of the table) in which it is no number.
    ///
    /// # Errors
    /// Cells of its columns that are no numbers.
    pub fn of_table(&self, table: &Table) -> Result<ValuesAndUndefined, Vec<CellError>> {
        let mut columns = Vec::new();
        let mut wrong = Vec::new();
        for name in self.columns() {
            match table.numbers(name) {
                Ok(values) => columns.push((name, values)),
                Err(errors) => wrong.extend(errors),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let mut undefined = Vec::new();
        let row = |row: usize| {
            let of = |name: &str| columns.iter().find(|(known, _)| *known == name)?.1.get(row).copied().flatten();
            self.value(&of)
        };
        let values = (0..table.height())
            .map(|at| {
                let value = row(at)?;
                if !value.is_finite() {
                    undefined.push(at);
                    return None;
                }
                Some(value)
            })
            .collect();
        Ok((values, undefined))
    }
}

/// The text while it is read.
struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Takes one of `signs`.
    fn sign(&mut self, signs: &[char]) -> Option<char> {
        self.blanks();
        let sign = self.rest().chars().next().filter(|sign| signs.contains(sign))?;
        self.at += sign.len_utf8();
        Some(sign)
    }

    fn sum(&mut self) -> Result<Computed, String> {
        let mut found = self.product()?;
        while let Some(sign) = self.sign(&['+', '-']) {
            found = Computed::Binary(sign, Box::new(found), Box::new(self.product()?));
        }
        Ok(found)
    }

    fn product(&mut self) -> Result<Computed, String> {
        let mut found = self.factor()?;
        while let Some(sign) = self.sign(&['*', '/']) {
            found = Computed::Binary(sign, Box::new(found), Box::new(self.factor()?));
        }
        Ok(found)
    }

    fn factor(&mut self) -> Result<Computed, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("more than {DEEPEST} parentheses and signs stand within each other"));
        }
        let found = self.unguarded();
        self.depth -= 1;
        found
    }

    fn unguarded(&mut self) -> Result<Computed, String> {
        if self.sign(&['-']).is_some() {
            return Ok(Computed::Negated(Box::new(self.factor()?)));
        }
        if self.sign(&['(']).is_some() {
            let found = self.sum()?;
            return self.sign(&[')']).map(|_| found).ok_or_else(|| self.expected("`)`"));
        }
        if self.sign(&['`']).is_some() {
            let name = self
                .rest()
                .split_once('`')
                .map(|(name, _)| name)
                .ok_or_else(|| self.expected("a closing backquote"))?;
            self.at += name.len() + 1;
            return Ok(Computed::Column(name.to_owned()));
        }
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.'))).unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        if word.is_empty() {
            return Err(self.expected("a column or a number"));
        }
        self.at += end;
        if word.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            return word
                .parse()
                .map(Computed::Number)
                .map_err(|_| format!("`{word}` is neither a number nor a column"));
        }
        if self.sign(&['(']).is_none() {
            return Ok(Computed::Column(word.to_owned()));
        }
        let known = FUNCTIONS.iter().map(|(name, ..)| *name).collect::<Vec<_>>().join(", ");
        let Some((name, least, most)) = FUNCTIONS.into_iter().find(|(name, ..)| *name == word) else {
            return Err(format!("`{word}` is no function; there are {known}"));
        };
        let mut parts = vec![self.sum()?];
        while self.sign(&[',']).is_some() {
            parts.push(self.sum()?);
        }
        if self.sign(&[')']).is_none() {
            return Err(self.expected("`)`"));
        }
        if !(least..=most).contains(&parts.len()) {
            return Err(format!("`{name}` takes {least} to {most} numbers, and has {}", parts.len()));
        }
        Ok(Computed::Call(name, parts))
    }

    fn expected(&self, what: &str) -> String {
        match self.rest().trim() {
            "" => format!("`{}` ends where {what} is expected", self.text),
            rest => format!("{what} is expected before `{rest}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Computed;

    fn value(text: &str) -> Option<f64> {
        let columns = |name: &str| match name {
            "a" => Some(2.0),
            "b.c" => Some(3.0),
            "two words" => Some(5.0),
            _ => None,
        };
        Computed::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).value(&columns)
    }

    #[test]
    fn expressions_are_read_as_they_are_written() {
        for (text, expected) in [
            ("a + b.c * 2", 8.0),
            ("(a + b.c) * 2", 10.0),
            ("a - b.c - 1", -2.0),
            ("12 / a / b.c", 2.0),
            ("-a * -b.c", 6.0),
            ("`two words` + .5", 5.5),
            ("max(a, b.c, 1) - min(a, b.c)", 1.0),
            ("sqrt(abs(-a * 8)) + log10(100)", 6.0),
        ] {
            assert_eq!(value(text), Some(expected), "{text}");
        }
        assert_eq!(value("a + missing"), None);
        assert_eq!(Computed::parse("a + b + a").unwrap().columns(), ["a", "b"]);
    }

    #[test]
    fn what_is_no_expression_says_where() {
        for (text, said) in [
            ("", "ends where a column or a number is expected"),
            ("a +", "ends where a column or a number is expected"),
            ("a b", "`b` stands where the expression"),
            ("(a + b", "ends where `)` is expected"),
            ("mean(a)", "`mean` is no function"),
            ("log(a, b)", "takes 1 to 1 numbers"),
            ("3x + 1", "`3x` is neither a number nor a column"),
            ("`a", "a closing backquote"),
            ("a ^ 2", "`^` stands where"),
        ] {
            let error = Computed::parse(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
        assert!(Computed::parse(&"(".repeat(10_000)).unwrap_err().contains("within each other"));
        assert!(Computed::parse(&"-".repeat(10_000)).unwrap_err().contains("within each other"));
    }
}
