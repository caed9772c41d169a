//! The small language of conditions on columns, such as `pp == "Y" and (age >= 50 or sex != "F")`.
//!
//! Operators `==`, `!=`, `<`, `<=`, `>`, `>=`, `in ["A", "B"]`, `and`, `or`, `not`, parentheses. Text stands between quotes,
//! numbers do not; a column whose name has a blank or a mark stands between backticks (`` `full set` == "Y" ``) or quotes. A
//! comparison with a number reads the cell as a number. `missing` stands for an empty cell
//! (`exit == missing`), and so does empty text (`exit == ""`), as in SAS and R. A comparison with an empty cell is false,
//! except `!=` with a text or number, which is true. Order is that of numbers, and of dates where a column holds dates: text
//! has none ([`Condition::in_order`]).

use crate::data::date::{self, Date, DateOrder};
use std::collections::BTreeSet;

/// A condition on named columns.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// A column compared with a value.
    Compare {
        /// Column name.
        column: String,
        /// Operator.
        operator: Operator,
        /// Value.
        value: Literal,
    },
    /// A column equal to one of several values.
    In {
        /// Column name.
        column: String,
        /// Values.
        values: Vec<Literal>,
    },
    /// Both hold.
    And(Box<Condition>, Box<Condition>),
    /// At least one holds.
    Or(Box<Condition>, Box<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
}

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Operator {
    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

/// A value to compare with.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// Text.
    Text(String),
    /// A number.
    Number(f64),
    /// A day, in a column whose cells write their parts in this order.
    Day(Date, DateOrder),
    /// An empty cell.
    Missing,
}

/// The value behind a label, of a column and its text; `None` where the text is no label.
pub type Code<'c> = &'c dyn Fn(&str, &str) -> Option<String>;

/// Why a condition cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionError {
    /// Byte offset in the condition.
    pub offset: usize,
    /// What is wrong there.
    pub message: String,
    /// What would be right.
    pub remedy: String,
}

/// Deepest nesting of parentheses and `not`.
const DEEPEST: usize = 64;
/// Most comparisons: every `and` and `or` makes the tree deeper, and a tree is walked by recursion.
const MOST: usize = 1_000;

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// The position and nature of the first mistake.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens: &tokens, next: 0, end: text.len(), depth: 0, comparisons: 0 };
        let condition = parser.or()?;
        match parser.peek() {
            None => Ok(condition),
            Some((offset, token)) => Err(ConditionError {
                offset,
                message: format!("{} is not expected here", token.describe()),
                remedy: "join two comparisons with `and` or `or`".to_owned(),
            }),
        }
    }

    /// Whether the condition holds where `cell` gives the text of a column (`None`: empty).
    pub fn holds<'a>(&self, cell: &dyn Fn(&str) -> Option<&'a str>) -> bool {
        self.holds_with(cell, &|_, _| None)
    }

    /// The same where a text may be the label of a value, which `code` gives of a column and a text: a column that SPSS or
    /// Stata labelled is compared by label and by value alike (`fas == "Yes"`, `fas == 1`).
    pub fn holds_with<'a>(&self, cell: &dyn Fn(&str) -> Option<&'a str>, code: Code<'_>) -> bool {
        let compared = |column: &str, operator, value: &Literal| {
            let found = cell(column);
            let label = || compare(found, operator, value);
            let Some(coded) = found.and_then(|found| code(column, found.trim())) else { return label() };
            let by_code = compare(Some(&coded), operator, value);
            match (operator, value) {
                (_, Literal::Number(_)) => by_code,
                (Operator::Equal, _) => by_code || label(),
                (Operator::NotEqual, _) => by_code && label(),
                _ => label(),
            }
        };
        match self {
            Self::Compare { column, operator, value } => compared(column, *operator, value),
            Self::In { column, values } => values.iter().any(|value| compared(column, Operator::Equal, value)),
            Self::And(a, b) => a.holds_with(cell, code) && b.holds_with(cell, code),
            Self::Or(a, b) => a.holds_with(cell, code) || b.holds_with(cell, code),
            Self::Not(inner) => !inner.holds_with(cell, code),
        }
    }

    /// Comparisons of order with text, as column, operator and text.
    pub fn ordered_texts(&self) -> Vec<(&str, Operator, &str)> {
        match self {
            Self::Compare { column, operator, value: Literal::Text(text) }
                if !matches!(operator, Operator::Equal | Operator::NotEqual) =>
            {
                vec![(column, *operator, text)]
            }
            Self::Compare { .. } | Self::In { .. } => Vec::new(),
            Self::And(a, b) | Self::Or(a, b) => [a.ordered_texts(), b.ordered_texts()].concat(),
            Self::Not(inner) => inner.ordered_texts(),
        }
    }

    /// What is wrong with comparing numbers in the order of text, with the remedy, if the condition does: `"9"` comes
    /// behind `"100"`. `cells` gives the filled cells of a column.
    pub fn numbers_as_text(&self, cells: &dyn Fn(&str) -> Vec<String>) -> Option<(String, String)> {
        self.ordered_texts().into_iter().find_map(|(column, operator, text)| {
            let cells = cells(column);
            let is_number = |cell: &String| cell.trim().parse::<f64>().is_ok();
            if cells.is_empty() || !cells.iter().all(is_number) {
                return None;
            }
            let sign = operator.sign();
            let message = format!(
                "`{column} {sign} \"{text}\"` compares numbers as text, in which 9 comes behind 100: `{column}` holds numbers"
            );
            let remedy = match text.trim().parse::<f64>() {
                Ok(_) => format!("write the number without quotes: `{column} {sign} {}`", text.trim()),
                Err(_) => "compare it with a number, without quotes".to_owned(),
            };
            Some((message, remedy))
        })
    }

    /// The condition with its comparisons of order settled: dates are compared as dates, where the column holds dates. `cells`
    /// gives the different filled cells of a column.
    ///
    /// # Errors
    /// What is wrong, with the remedy: numbers compared as text, and any other text, which has no order.
    pub fn in_order(&self, cells: &dyn Fn(&str) -> Vec<String>) -> Result<Self, (String, String)> {
        match self.numbers_as_text(cells) {
            Some(wrong) => Err(wrong),
            None => self.with_days(cells),
        }
    }

    fn with_days(&self, cells: &dyn Fn(&str) -> Vec<String>) -> Result<Self, (String, String)> {
        type Both = (Box<Condition>, Box<Condition>);
        let both = |a: &Self, b: &Self| -> Result<Both, (String, String)> {
            Ok((Box::new(a.with_days(cells)?), Box::new(b.with_days(cells)?)))
        };
        Ok(match self {
            Self::Compare { column, operator, value: Literal::Text(text) }
                if !matches!(operator, Operator::Equal | Operator::NotEqual) =>
            {
                let value = day(column, *operator, text, &cells(column))?;
                Self::Compare { column: column.clone(), operator: *operator, value }
            }
            Self::Compare { .. } | Self::In { .. } => self.clone(),
            Self::And(a, b) => both(a, b).map(|(a, b)| Self::And(a, b))?,
            Self::Or(a, b) => both(a, b).map(|(a, b)| Self::Or(a, b))?,
            Self::Not(inner) => Self::Not(Box::new(inner.with_days(cells)?)),
        })
    }

    /// Its comparisons as column, operator and value; a list is one comparison with each of its values.
    pub fn comparisons(&self) -> Vec<(&str, Operator, &Literal)> {
        match self {
            Self::Compare { column, operator, value } => vec![(column, *operator, value)],
            Self::In { column, values } => {
                values.iter().map(|value| (column.as_str(), Operator::Equal, value)).collect()
            }
            Self::And(a, b) | Self::Or(a, b) => [a.comparisons(), b.comparisons()].concat(),
            Self::Not(inner) => inner.comparisons(),
        }
    }

    /// The columns it names, in alphabetical order.
    pub fn columns(&self) -> Vec<&str> {
        let mut found = BTreeSet::new();
        self.collect_columns(&mut found);
        found.into_iter().collect()
    }

    fn collect_columns<'a>(&'a self, found: &mut BTreeSet<&'a str>) {
        match self {
            Self::Compare { column, .. } | Self::In { column, .. } => {
                found.insert(column);
            }
            Self::And(a, b) | Self::Or(a, b) => {
                a.collect_columns(found);
                b.collect_columns(found);
            }
            Self::Not(inner) => inner.collect_columns(found),
        }
    }
}

/// The text of a comparison of order as the day it must be.
fn day(column: &str, operator: Operator, text: &str, cells: &[String]) -> Result<Literal, (String, String)> {
    let comparison = format!("`{column} {} \"{text}\"`", operator.sign());
    if cells.is_empty() {
        return Ok(Literal::Text(text.to_owned()));
    }
    let written = |order| Date::parse(text, DateOrder::Iso).or_else(|| Date::parse(text, order));
    if let Some(order) = date::order_of(cells) {
        return match written(order) {
            Some(day) => Ok(Literal::Day(day, order)),
            None => Err((
                format!("{comparison} compares dates, and `{text}` is none"),
                format!("write it as YYYY-MM-DD: `{column} {} \"2024-05-01\"`", operator.sign()),
            )),
        };
    }
    let any = |cell: &String| DateOrder::ALL.into_iter().any(|order| Date::parse(cell, order).is_some());
    if DateOrder::ALL.into_iter().any(|order| Date::parse(text, order).is_some()) && cells.iter().any(any) {
        let odd = cells.iter().find(|cell| !any(cell));
        let reason = odd.map_or_else(
            || "its cells do not tell one order of day, month and year".to_owned(),
            |odd| format!("`{}` in it is none", super::rows::shorten(odd)),
        );
        return Err((
            format!("{comparison} cannot be looked at: `{column}` is not a column of dates, {reason}"),
            format!("write all dates of `{column}` as YYYY-MM-DD"),
        ));
    }
    let mut seen = BTreeSet::new();
    let cells: Vec<&String> = cells.iter().filter(|cell| seen.insert(*cell)).collect();
    let shown: Vec<String> = cells.iter().take(6).map(|cell| format!("\"{}\"", super::rows::shorten(cell))).collect();
    let more = if cells.len() > shown.len() { ", …" } else { "" };
    Err((
        format!(
            "{comparison} has no meaning: text has no order but that of its letters, in which Month 12 comes before Month 3"
        ),
        format!("name the values that are meant: `{column} in [{}{more}]`", shown.join(", ")),
    ))
}

fn compare(cell: Option<&str>, operator: Operator, value: &Literal) -> bool {
    let cell = cell.map(str::trim).filter(|cell| !cell.is_empty());
    let ordering = match (cell, value) {
        (None, Literal::Missing) => return operator == Operator::Equal,
        (Some(_), Literal::Missing) | (None, _) => return operator == Operator::NotEqual,
        (Some(cell), Literal::Text(text)) => Some(cell.cmp(text.as_str())),
        (Some(cell), Literal::Day(day, order)) => Date::parse(cell, *order).map(|cell| cell.cmp(day)),
        (Some(cell), Literal::Number(number)) => cell.parse::<f64>().ok().and_then(|cell| cell.partial_cmp(number)),
    };
    match (ordering, operator) {
        (None, operator) => operator == Operator::NotEqual,
        (Some(ordering), Operator::Equal) => ordering.is_eq(),
        (Some(ordering), Operator::NotEqual) => ordering.is_ne(),
        (Some(ordering), Operator::Less) => ordering.is_lt(),
        (Some(ordering), Operator::LessOrEqual) => ordering.is_le(),
        (Some(ordering), Operator::Greater) => ordering.is_gt(),
        (Some(ordering), Operator::GreaterOrEqual) => ordering.is_ge(),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Name(String),
    /// A name between backticks, which is a column whatever it is called.
    Column(String),
    Text(String),
    Number(f64),
    Operator(Operator),
    Open,
    Close,
    OpenList,
    CloseList,
    Comma,
}

impl Token {
    fn describe(&self) -> String {
        match self {
            Self::Name(name) | Self::Column(name) => format!("`{name}`"),
            Self::Text(text) => format!("\"{text}\""),
            Self::Number(number) => format!("{number}"),
            Self::Operator(_) => "a comparison".to_owned(),
            Self::Open => "`(`".to_owned(),
            Self::Close => "`)`".to_owned(),
            Self::OpenList => "`[`".to_owned(),
            Self::CloseList => "`]`".to_owned(),
            Self::Comma => "`,`".to_owned(),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, ConditionError> {
    let mut tokens = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((offset, c)) = chars.next() {
        let followed_by_equal = chars.peek().is_some_and(|(_, next)| *next == '=');
        let token = match c {
            c if c.is_whitespace() => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            '[' => Token::OpenList,
            ']' => Token::CloseList,
            ',' => Token::Comma,
            '=' | '!' | '<' | '>' if followed_by_equal => {
                chars.next();
                Token::Operator(match c {
                    '=' => Operator::Equal,
                    '!' => Operator::NotEqual,
                    '<' => Operator::LessOrEqual,
                    _ => Operator::GreaterOrEqual,
                })
            }
            '<' => Token::Operator(Operator::Less),
            '>' => Token::Operator(Operator::Greater),
            '=' => {
                return Err(ConditionError {
                    offset,
                    message: "a single `=`".to_owned(),
                    remedy: "write `==` to compare".to_owned(),
                });
            }
            '"' | '\'' | '`' => {
                let mut content = String::new();
                loop {
                    match chars.next() {
                        Some((_, next)) if next == c => break,
                        Some((_, next)) => content.push(next),
                        None => {
                            return Err(ConditionError {
                                offset,
                                message: match c {
                                    '`' => "a name without a closing backtick".to_owned(),
                                    _ => "text without a closing quote".to_owned(),
                                },
                                remedy: format!("add {c} at its end"),
                            });
                        }
                    }
                }
                if c == '`' { Token::Column(content.trim().to_owned()) } else { Token::Text(content) }
            }
            c if c.is_ascii_digit() || c == '-' || c == '.' => {
                let mut number = String::from(c);
                while let Some((_, next)) = chars.peek() {
                    let exponent_sign = (*next == '-' || *next == '+') && number.ends_with(['e', 'E']);
                    if !(next.is_ascii_alphanumeric() || *next == '.' || exponent_sign) {
                        break;
                    }
                    number.push(*next);
                    chars.next();
                }
                match number.parse::<f64>() {
                    Ok(value) if value.is_finite() => Token::Number(value),
                    _ => {
                        return Err(ConditionError {
                            offset,
                            message: format!("`{number}` is not a number"),
                            remedy: "put text between quotes".to_owned(),
                        });
                    }
                }
            }
            c if c.is_alphabetic() || c == '_' => {
                let mut name = String::from(c);
                while let Some((_, next)) = chars.peek() {
                    if !(next.is_alphanumeric() || *next == '_' || *next == '.') {
                        break;
                    }
                    name.push(*next);
                    chars.next();
                }
                Token::Name(name)
            }
            other => {
                return Err(ConditionError {
                    offset,
                    message: format!("`{other}` has no meaning here"),
                    remedy: "use == != < <= > >= in and or not ( )".to_owned(),
                });
            }
        };
        tokens.push((offset, token));
    }
    Ok(tokens)
}

struct Parser<'a> {
    tokens: &'a [(usize, Token)],
    next: usize,
    end: usize,
    depth: usize,
    comparisons: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<(usize, &'a Token)> {
        self.tokens.get(self.next).map(|(offset, token)| (*offset, token))
    }

    fn take(&mut self) -> Option<(usize, &'a Token)> {
        let token = self.peek();
        self.next += 1;
        token
    }

    fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some((_, Token::Name(name))) if name.eq_ignore_ascii_case(word));
        if found {
            self.next += 1;
        }
        found
    }

    fn expected(&self, found: Option<(usize, &Token)>, wanted: &str) -> ConditionError {
        let (offset, message) = match found {
            Some((offset, token)) => (offset, format!("{} where {wanted} is needed", token.describe())),
            None => (self.end, format!("the condition ends where {wanted} is needed")),
        };
        ConditionError { offset, message, remedy: "write for instance `pp == \"Y\" and age >= 50`".to_owned() }
    }

    fn or(&mut self) -> Result<Condition, ConditionError> {
        let mut left = self.and()?;
        while self.word("or") {
            left = Condition::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Condition, ConditionError> {
        let mut left = self.unary()?;
        while self.word("and") {
            left = Condition::And(Box::new(left), Box::new(self.unary()?));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Condition, ConditionError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(ConditionError {
                offset: self.peek().map_or(self.end, |(offset, _)| offset),
                message: format!("more than {DEEPEST} levels of parentheses"),
                remedy: "write it flatter".to_owned(),
            });
        }
        let condition = if self.word("not") {
            Condition::Not(Box::new(self.unary()?))
        } else if let Some((_, Token::Open)) = self.peek() {
            self.next += 1;
            let inner = self.or()?;
            match self.take() {
                Some((_, Token::Close)) => inner,
                other => return Err(self.expected(other, "`)`")),
            }
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(condition)
    }

    fn comparison(&mut self) -> Result<Condition, ConditionError> {
        self.comparisons += 1;
        if self.comparisons > MOST {
            return Err(ConditionError {
                offset: self.peek().map_or(self.end, |(offset, _)| offset),
                message: format!("more than {MOST} comparisons"),
                remedy: "list values with `in [\"A\", \"B\"]`".to_owned(),
            });
        }
        let compared = matches!(self.tokens.get(self.next + 1), Some((_, Token::Operator(_))))
            || matches!(self.tokens.get(self.next + 1), Some((_, Token::Name(word))) if word.eq_ignore_ascii_case("in"));
        let column = match self.take() {
            Some((_, Token::Name(name) | Token::Column(name))) => name.clone(),
            // `"full set" == "Y"`: what is compared is a column.
            Some((_, Token::Text(name))) if compared => name.trim().to_owned(),
            other => return Err(self.expected(other, "a column name")),
        };
        if self.word("in") {
            return Ok(Condition::In { column, values: self.list()? });
        }
        let operator = match self.take() {
            Some((_, Token::Operator(operator))) => *operator,
            Some((offset, Token::Name(next))) => {
                return Err(ConditionError {
                    offset,
                    message: format!("`{next}` where a comparison such as `==` is needed"),
                    remedy: format!(
                        "write a column whose name has a blank between backticks: `` `{column} {next}` == \"Y\" ``"
                    ),
                });
            }
            other => return Err(self.expected(other, "a comparison such as `==`")),
        };
        Ok(Condition::Compare { column, operator, value: self.literal()? })
    }

    fn list(&mut self) -> Result<Vec<Literal>, ConditionError> {
        match self.take() {
            Some((_, Token::OpenList)) => {}
            other => return Err(self.expected(other, "`[`")),
        }
        let mut values = vec![self.literal()?];
        loop {
            match self.take() {
                Some((_, Token::Comma)) => values.push(self.literal()?),
                Some((_, Token::CloseList)) => return Ok(values),
                other => return Err(self.expected(other, "`,` or `]`")),
            }
        }
    }

    fn literal(&mut self) -> Result<Literal, ConditionError> {
        match self.take() {
            Some((_, Token::Text(text))) if text.trim().is_empty() => Ok(Literal::Missing),
            Some((_, Token::Text(text))) => Ok(Literal::Text(text.clone())),
            Some((_, Token::Number(number))) => Ok(Literal::Number(*number)),
            Some((_, Token::Name(name))) if name == "missing" => Ok(Literal::Missing),
            Some((offset, Token::Name(name)))
                if ["na", "null", "nan", "none", "nil"].contains(&name.to_lowercase().as_str()) =>
            {
                Err(ConditionError {
                    offset,
                    message: format!("`{name}` is neither text nor a number"),
                    remedy: "for an empty cell write `missing`: `column == missing`, or `not (column == missing)`"
                        .to_owned(),
                })
            }
            Some((offset, Token::Name(name) | Token::Column(name))) => Err(ConditionError {
                offset,
                message: format!("`{name}` is neither text nor a number"),
                remedy: format!("put text between quotes: \"{name}\""),
            }),
            other => Err(self.expected(other, "a value")),
        }
    }
}
