//! Tokens → [`Formula`], by recursive descent. Binding, tightest first, as in R: `^`, `:`, `* /`, `+ -`.

use std::collections::HashMap;
use std::ops::Range;

use super::expression::{Expr, FUNCTIONS};
use super::lexer::{Spanned, Token, tokens};
use super::{CovarianceFactor, CovarianceTerm, Formula, RandomTerm, StructureKind, Variable};
use crate::model::error::ModelError;

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Spanned>,
    at: usize,
    variables: Vec<Variable>,
    /// Arithmetic signs read so far.
    signs: usize,
}

/// A set of terms in order; the empty term is the intercept.
type Terms = Vec<Vec<usize>>;

/// Most variables in one interaction; more is a slip (`(a+b+…)^9`) that would build a huge design.
const MAX_DEGREE: usize = 8;
/// Deepest nesting of parentheses.
const MAX_DEPTH: usize = 64;
/// Most terms a formula may expand to.
const MAX_TERMS: usize = 512;
/// Most arithmetic signs in a formula: each makes an expression deeper, and expressions are walked by recursion.
const MAX_SIGNS: usize = 1_000;
/// Longest formula, in bytes.
const MAX_LENGTH: usize = 64 << 10;

pub(super) fn parse(text: &str) -> Result<Formula, ModelError> {
    if text.len() > MAX_LENGTH {
        let (message, formula) = (format!("a formula of {} bytes is too long", text.len()), String::new());
        return Err(ModelError::Formula { message, formula, span: 0..0 });
    }
    let mut p = Parser { text, tokens: tokens(text)?, at: 0, variables: Vec::new(), signs: 0 };
    p.check_depth()?;
    let response = p.response()?;
    p.expect('~', "a formula needs `~` between the outcome and the model")?;
    let mut intercept = true;
    let mut terms: Terms = Vec::new();
    let (mut random, mut covariance) = (Vec::new(), Vec::new());
    let mut add = !p.eat('-');
    if add {
        p.eat('+');
    }
    loop {
        let start = p.span().start;
        if p.starts_random() {
            p.refuse_minus(add, "a random term")?;
            random.extend(p.random()?);
        } else if let Some(name) = p.starts_covariance() {
            p.refuse_minus(add, "a covariance term")?;
            covariance.push(p.covariance(&name, start)?);
        } else if let Token::Number(word, value) = p.peek().clone() {
            let span = p.span();
            p.at += 1;
            match value {
                1.0 => intercept = add,
                0.0 => intercept = !add,
                _ => return Err(p.error_at(&format!("`{word}` is not a term: only 0 and 1 are"), span)),
            }
        } else {
            for term in p.interactions()? {
                match (term.is_empty(), add) {
                    (true, _) => intercept = add,
                    (false, true) if !terms.contains(&term) => terms.push(term),
                    (false, true) => {}
                    (false, false) => terms.retain(|t| *t != term),
                }
            }
        }
        match p.peek() {
            Token::Symbol('+') => add = true,
            Token::Symbol('-') => add = false,
            Token::End => break,
            Token::Bar | Token::DoubleBar => {
                return Err(p.error("random terms stand in parentheses, as in `(1|usubjid)`"));
            }
            _ => return Err(p.error("`+`, `-` or the end of the formula was expected here")),
        }
        p.at += 1;
    }
    terms.sort_by_key(Vec::len);
    let used: Vec<usize> = (0..p.variables.len()).filter(|v| terms.iter().any(|t| t.contains(v))).collect();
    let renumber = |v: &usize| used.iter().position(|u| u == v);
    let terms = terms.iter().map(|t| t.iter().filter_map(renumber).collect()).collect();
    let variables = used.iter().filter_map(|&v| p.variables.get(v).cloned()).collect();
    let text = text.to_owned();
    let formula = Formula { text, response, variables, intercept, terms, random, covariance, prior_weights: None };
    refuse_ambiguous_names(&formula)?;
    Ok(formula)
}

/// Refuses a column whose name reads like an expression that the formula has too: `` log(x) + `log(x)` ``.
fn refuse_ambiguous_names(formula: &Formula) -> Result<(), ModelError> {
    let slopes = formula.random.iter().flat_map(|term| &term.slopes);
    let all: Vec<&Variable> = std::iter::once(&formula.response).chain(&formula.variables).chain(slopes).collect();
    let mut known: HashMap<&str, &Expr> = HashMap::new();
    for variable in all {
        if *known.entry(&variable.name).or_insert(&variable.expr) != &variable.expr {
            return Err(ModelError::Formula {
                message: format!("`{}` is both a column and an expression: rename the column", variable.name),
                formula: formula.text.clone(),
                span: variable.span.clone(),
            });
        }
    }
    Ok(())
}

impl Parser<'_> {
    /// Refuses parentheses nested so deeply that reading them could exhaust the stack.
    fn check_depth(&self) -> Result<(), ModelError> {
        let mut depth = 0_usize;
        for s in &self.tokens {
            match s.token {
                Token::Symbol('(') => depth += 1,
                Token::Symbol(')') => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > MAX_DEPTH {
                return Err(self.error_at("the parentheses are nested too deeply", s.span.clone()));
            }
        }
        Ok(())
    }

    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |s| &s.token)
    }

    fn peek_ahead(&self, by: usize) -> &Token {
        self.tokens.get(self.at + by).map_or(&Token::End, |s| &s.token)
    }

    fn span(&self) -> Range<usize> {
        self.tokens.get(self.at).map_or(self.text.len()..self.text.len(), |s| s.span.clone())
    }

    fn end_of_previous(&self) -> usize {
        self.at.checked_sub(1).and_then(|i| self.tokens.get(i)).map_or(0, |s| s.span.end)
    }

    fn eat(&mut self, symbol: char) -> bool {
        let found = *self.peek() == Token::Symbol(symbol);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: char, message: &str) -> Result<(), ModelError> {
        if self.eat(symbol) { Ok(()) } else { Err(self.error(message)) }
    }

    fn error(&self, message: &str) -> ModelError {
        self.error_at(message, self.span())
    }

    fn error_at(&self, message: &str, span: Range<usize>) -> ModelError {
        ModelError::Formula { message: message.to_owned(), formula: self.text.to_owned(), span }
    }

    fn refuse_minus(&self, add: bool, what: &str) -> Result<(), ModelError> {
        if add { Ok(()) } else { Err(self.error(&format!("{what} cannot be subtracted"))) }
    }

    fn response(&mut self) -> Result<Variable, ModelError> {
        let start = self.span().start;
        if *self.peek() == Token::Symbol('~') {
            return Err(self.error("the outcome is missing before `~`"));
        }
        let expr = self.arithmetic(0)?;
        Ok(Variable { name: expr.name(), expr, span: start..self.end_of_previous() })
    }

    /// The union of terms: `a + b - c` inside parentheses.
    fn union(&mut self) -> Result<Terms, ModelError> {
        let mut terms: Terms = Vec::new();
        let mut add = !self.eat('-');
        loop {
            if self.starts_random() || self.starts_covariance().is_some() {
                return Err(self.error("random and covariance terms stand at the top level of the formula"));
            }
            let right = match self.peek().clone() {
                Token::Number(_, 1.0) => {
                    self.at += 1;
                    vec![Vec::new()]
                }
                _ => self.interactions()?,
            };
            for t in right {
                if !add {
                    terms.retain(|u| *u != t);
                } else if !terms.contains(&t) {
                    terms.push(t);
                }
            }
            if self.eat('+') {
                add = true;
            } else if self.eat('-') {
                add = false;
            } else {
                return Ok(terms);
            }
        }
    }

    /// `a*b` = a + b + a:b and `a/b` = a + a:b.
    fn interactions(&mut self) -> Result<Terms, ModelError> {
        let start = self.span().start;
        let mut left = self.products()?;
        loop {
            let nested = match self.peek() {
                Token::Symbol('*') => false,
                Token::Symbol('/') => true,
                _ => return Ok(left),
            };
            self.at += 1;
            let right = self.products()?;
            let combined = if nested {
                let mut all: Vec<usize> = left.iter().flatten().copied().collect();
                all.sort_unstable();
                all.dedup();
                self.cross(&[all], &right, start)?
            } else {
                self.cross(&left, &right, start)?
            };
            if !nested {
                right.iter().for_each(|t| push_new(&mut left, t));
            }
            combined.iter().for_each(|t| push_new(&mut left, t));
        }
    }

    /// `a:b`.
    fn products(&mut self) -> Result<Terms, ModelError> {
        let start = self.span().start;
        let mut left = self.power()?;
        while self.eat(':') {
            let right = self.power()?;
            left = self.cross(&left, &right, start)?;
        }
        Ok(left)
    }

    /// `(a+b)^2`.
    fn power(&mut self) -> Result<Terms, ModelError> {
        let start = self.span().start;
        let base = self.atom()?;
        if !self.eat('^') {
            return Ok(base);
        }
        let span = self.span();
        let Token::Number(_, n) = *self.peek() else {
            return Err(self.error("`^` in a formula needs a whole number: use I(x^2) for the square of a variable"));
        };
        self.at += 1;
        if !(1.0..=MAX_DEGREE as f64).contains(&n) || n.fract() != 0.0 {
            return Err(self.error_at(&format!("the power must be a whole number from 1 to {MAX_DEGREE}"), span));
        }
        let mut out = base.clone();
        for _ in 1..n as usize {
            let more = self.cross(&out, &base, start)?;
            more.iter().for_each(|t| push_new(&mut out, t));
        }
        Ok(out)
    }

    fn atom(&mut self) -> Result<Terms, ModelError> {
        if self.eat('(') {
            let inner = self.union()?;
            self.expect(')', "a closing parenthesis is missing here")?;
            return Ok(inner);
        }
        let Token::Name(name) = self.peek().clone() else {
            return Err(self.error(match self.peek() {
                Token::End => "the formula ends where a term was expected",
                Token::Symbol('~') => "a formula has one `~`",
                _ => "a variable was expected here",
            }));
        };
        let variable = self.variable(&name)?;
        Ok(vec![vec![self.intern(variable)]])
    }

    /// A column or a function of columns.
    fn variable(&mut self, name: &str) -> Result<Variable, ModelError> {
        let start = self.span().start;
        if *self.peek_ahead(1) == Token::Symbol('(') {
            if !FUNCTIONS.contains(&name) {
                let message = if StructureKind::from_name(name).is_some() || name == "kron" {
                    "a covariance term stands at the top level and names its subject, as in `us(visit|usubjid)`"
                        .to_owned()
                } else {
                    unknown_function(name)
                };
                return Err(self.error(&message));
            }
            let expr = self.operand(0)?;
            return Ok(Variable { name: expr.name(), expr, span: start..self.end_of_previous() });
        }
        let span = self.span();
        self.at += 1;
        Ok(Variable { name: name.to_owned(), expr: Expr::Column(name.to_owned()), span })
    }

    fn intern(&mut self, variable: Variable) -> usize {
        match self.variables.iter().position(|v| v.expr == variable.expr) {
            Some(i) => i,
            None => {
                self.variables.push(variable);
                self.variables.len() - 1
            }
        }
    }

    fn cross(&self, left: &[Vec<usize>], right: &[Vec<usize>], start: usize) -> Result<Terms, ModelError> {
        let mut out = Vec::new();
        for a in left {
            for b in right {
                let mut t: Vec<usize> = a.iter().chain(b).copied().collect();
                t.sort_unstable();
                t.dedup();
                if t.len() > MAX_DEGREE || out.len() >= MAX_TERMS {
                    return Err(self.error_at("this expands to too many interactions", start..self.end_of_previous()));
                }
                push_new(&mut out, &t);
            }
        }
        Ok(out)
    }

    // ---- arithmetic inside I( ), log( ) and on the left of `~` ----

    fn arithmetic(&mut self, depth: usize) -> Result<Expr, ModelError> {
        let mut left = self.arithmetic_product(depth)?;
        loop {
            let op = match self.peek() {
                Token::Symbol(c @ ('+' | '-')) => *c,
                _ => return Ok(left),
            };
            self.sign()?;
            let right = self.arithmetic_product(depth)?;
            left = Expr::Binary(op, Box::new(left), Box::new(right));
        }
    }

    fn arithmetic_product(&mut self, depth: usize) -> Result<Expr, ModelError> {
        let mut left = self.signed(depth)?;
        loop {
            let op = match self.peek() {
                Token::Symbol(c @ ('*' | '/')) => *c,
                _ => return Ok(left),
            };
            self.sign()?;
            let right = self.signed(depth)?;
            left = Expr::Binary(op, Box::new(left), Box::new(right));
        }
    }

    /// Passes over an arithmetic sign.
    fn sign(&mut self) -> Result<(), ModelError> {
        self.signs += 1;
        if self.signs > MAX_SIGNS {
            return Err(self.error("the expression is too long: compute it as a column of the data"));
        }
        self.at += 1;
        Ok(())
    }

    fn signed(&mut self, depth: usize) -> Result<Expr, ModelError> {
        if depth > 64 {
            return Err(self.error("the expression is nested too deeply"));
        }
        if self.eat('-') {
            return Ok(Expr::Negate(Box::new(self.signed(depth + 1)?)));
        }
        let base = self.operand(depth + 1)?;
        if self.eat('^') {
            let exponent = self.signed(depth + 1)?;
            return Ok(Expr::Binary('^', Box::new(base), Box::new(exponent)));
        }
        Ok(base)
    }

    fn operand(&mut self, depth: usize) -> Result<Expr, ModelError> {
        match self.peek().clone() {
            Token::Number(word, value) => {
                self.at += 1;
                Ok(Expr::Number(word, value))
            }
            Token::Name(name) if *self.peek_ahead(1) == Token::Symbol('(') => {
                if !FUNCTIONS.contains(&name.as_str()) {
                    return Err(self.error(&unknown_function(&name)));
                }
                self.at += 2;
                let inner = self.arithmetic(depth + 1)?;
                self.expect(')', "a closing parenthesis is missing here")?;
                Ok(Expr::Call(name, Box::new(inner)))
            }
            Token::Name(name) => {
                self.at += 1;
                Ok(Expr::Column(name))
            }
            Token::Symbol('(') => {
                self.at += 1;
                let inner = self.arithmetic(depth + 1)?;
                self.expect(')', "a closing parenthesis is missing here")?;
                Ok(Expr::Group(Box::new(inner)))
            }
            _ => Err(self.error("a variable or a number was expected here")),
        }
    }

    // ---- random and covariance terms ----

    /// Whether a parenthesis opens here that holds a bar at its own depth.
    fn starts_random(&self) -> bool {
        if *self.peek() != Token::Symbol('(') {
            return false;
        }
        let mut depth = 0_usize;
        for s in self.tokens.iter().skip(self.at) {
            match s.token {
                Token::Symbol('(') => depth += 1,
                Token::Symbol(')') if depth == 1 => return false,
                Token::Symbol(')') => depth -= 1,
                Token::Bar | Token::DoubleBar if depth == 1 => return true,
                _ => {}
            }
        }
        false
    }

    fn starts_covariance(&self) -> Option<String> {
        match (self.peek(), self.peek_ahead(1)) {
            (Token::Name(n), Token::Symbol('(')) if n == "kron" || StructureKind::from_name(n).is_some() => {
                Some(n.clone())
            }
            _ => None,
        }
    }

    fn random(&mut self) -> Result<Vec<RandomTerm>, ModelError> {
        let start = self.span().start;
        self.at += 1;
        let mut intercept = true;
        let mut slopes: Vec<Variable> = Vec::new();
        let mut add = !self.eat('-');
        loop {
            match self.peek().clone() {
                Token::Number(_, 1.0) => {
                    intercept = add;
                    self.at += 1;
                }
                Token::Number(_, 0.0) => {
                    intercept = !add;
                    self.at += 1;
                }
                Token::Name(name) if add => {
                    let v = self.variable(&name)?;
                    if !slopes.iter().any(|s| s.expr == v.expr) {
                        slopes.push(v);
                    }
                }
                _ => return Err(self.error("a random coefficient was expected here: 1, 0 or a variable")),
            }
            if self.eat('+') {
                add = true;
            } else if self.eat('-') {
                add = false;
            } else {
                break;
            }
        }
        let correlated = match self.peek() {
            Token::Bar => true,
            Token::DoubleBar => false,
            _ => return Err(self.error("`+`, `|` or `||` was expected here")),
        };
        if !intercept && slopes.is_empty() {
            return Err(self.error_at("this random term has no coefficient", start..self.end_of_previous()));
        }
        self.at += 1;
        let groups = self.groups()?;
        self.expect(')', "a closing parenthesis is missing here")?;
        let span = start..self.end_of_previous();
        let mut out = Vec::new();
        for group in groups {
            if correlated {
                out.push(RandomTerm { intercept, slopes: slopes.clone(), group, span: span.clone() });
                continue;
            }
            if intercept {
                let (group, span) = (group.clone(), span.clone());
                out.push(RandomTerm { intercept: true, slopes: Vec::new(), group, span });
            }
            for slope in &slopes {
                let (slopes, group, span) = (vec![slope.clone()], group.clone(), span.clone());
                out.push(RandomTerm { intercept: false, slopes, group, span });
            }
        }
        Ok(out)
    }

    /// `g`, `g:h`, or `g/h` = `g` and `g:h`.
    fn groups(&mut self) -> Result<Vec<Vec<String>>, ModelError> {
        let mut out = vec![self.combination("a grouping")?];
        while self.eat('/') {
            let inner = self.combination("a grouping")?;
            let mut nested = out.last().cloned().unwrap_or_default();
            nested.extend(inner);
            out.push(nested);
        }
        Ok(out)
    }

    /// `a:b:c` as a list of columns.
    fn combination(&mut self, what: &str) -> Result<Vec<String>, ModelError> {
        let mut names = Vec::new();
        loop {
            let Token::Name(name) = self.peek().clone() else {
                return Err(self.error(&format!("{what} was expected here: a column, or columns joined by `:`")));
            };
            self.at += 1;
            names.push(name);
            if !self.eat(':') {
                return Ok(names);
            }
        }
    }

    fn covariance(&mut self, name: &str, start: usize) -> Result<CovarianceTerm, ModelError> {
        self.at += 2;
        let (mut factors, mut units) = (Vec::new(), Vec::new());
        if name == "kron" {
            loop {
                let kind = match self.peek() {
                    Token::Name(n) => StructureKind::from_name(n),
                    _ => None,
                };
                let (Some(kind), Token::Symbol('(')) = (kind, self.peek_ahead(1)) else {
                    return Err(self.error("a factor of the product was expected here, such as `us(knee)`"));
                };
                let first = factors.is_empty();
                let allowed: &[StructureKind] = if first {
                    &[StructureKind::Us, StructureKind::Cs]
                } else {
                    &[StructureKind::Us, StructureKind::Cs, StructureKind::Ar1]
                };
                if !allowed.contains(&kind) {
                    let names: Vec<&str> = allowed.iter().map(|k| k.name()).collect();
                    return Err(self.error(&format!("this factor of the product can be {}", names.join(" or "))));
                }
                self.at += 2;
                let cells = self.combination("the cells of the factor")?;
                self.expect(')', "a closing parenthesis is missing here")?;
                factors.push(CovarianceFactor { kind, cells });
                if factors.len() == 2 {
                    break;
                }
                self.expect(',', "kron() needs two factors, as in `kron(us(knee), ar1(visit)|usubjid)`")?;
            }
        } else if name == StructureKind::Pair.name() {
            // `pair(1|id)`: the units have one value each.
            let cells = if matches!(self.peek(), Token::Number(_, 1.0)) {
                self.at += 1;
                Vec::new()
            } else {
                self.combination("the visit (or 1 where there is one)")?
            };
            factors.push(CovarianceFactor { kind: StructureKind::Pair, cells });
            if self.eat(',') {
                units = self.combination("the column that tells the two units of a subject apart")?;
            }
        } else if let Some(kind) = StructureKind::from_name(name) {
            factors.push(CovarianceFactor { kind, cells: self.combination("the cells (such as the visit)")? });
        }
        if *self.peek() != Token::Bar {
            return Err(self.error("`|` and the subject were expected here, as in `us(visit|usubjid)`"));
        }
        self.at += 1;
        let mut subject = self.combination("the subject")?;
        let mut by = Vec::new();
        if self.eat('/') {
            by = subject;
            subject = self.combination("the subject")?;
        }
        self.expect(')', "a closing parenthesis is missing here")?;
        let span = start..self.end_of_previous();
        let text = self.text.get(span.clone()).unwrap_or_default().to_owned();
        Ok(CovarianceTerm { factors, units, by, subject, span, text })
    }
}

fn push_new(terms: &mut Terms, term: &[usize]) {
    if !terms.iter().any(|t| t == term) {
        terms.push(term.to_vec());
    }
}

/// What is wrong with a function that a formula does not have, and where its question is answered.
fn unknown_function(name: &str) -> String {
    match name {
        "Surv" => "a time to an event is no outcome of these models: `splitknee survival` (the library's `survival`) \
                   compares the two sides of a patient by time and status"
            .to_owned(),
        "factor" | "as.factor" | "ordered" => {
            format!(
                "`{name}()` is not needed: name the column alone and give its levels by `--factor column=first,second`"
            )
        }
        _ => format!("`{name}` is not a function that a formula knows ({})", FUNCTIONS.join(", ")),
    }
}
