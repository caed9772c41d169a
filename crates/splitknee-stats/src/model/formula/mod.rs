//! Model formulas in R's syntax.
//!
//! `change ~ treatment*visit + base + (1|usubjid) + (1|usubjid:knee)` is read into a [`Formula`]: the response, the fixed
//! terms in R's order, the random terms of lme4 and the covariance terms of mmrm and PROC MIXED. Every error carries the
//! place in the text.
//!
//! Fixed effects: `+ - * : / ^ ( )`, `1`, `0`, columns, `I(x^2)`, `log(x)`, `sqrt(x)`, `exp(x)`, backtick-quoted names.
//! Random: `(1|g) (1|g:h) (1|g/h) (1+x|g) (0+x|g) (x||g)`.
//! Covariance: `us cs csh ar1 ar1h toep toeph ad adh (visit|id)`, `us(visit|arm/id)`, `kron(us(knee), ar1(visit)|id)`,
//! `car1 sp_exp sp_exp_nugget (day|id:knee)` (over actual times),
//! `pair(visit|id)` (two exchangeable units per subject, found in the data) and `pair(visit, knee|id)` (named).

mod expression;
mod lexer;
mod parser;

use std::ops::Range;

pub use expression::Expr;

use super::error::ModelError;

/// A parsed model formula.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    /// The text it was read from.
    pub text: String,
    /// The response.
    pub response: Variable,
    /// The variables of the fixed effects, in order of first appearance.
    pub variables: Vec<Variable>,
    /// Whether the fixed effects have an intercept.
    pub intercept: bool,
    /// The fixed terms without the intercept: positions in `variables`, increasing; by degree, then by appearance.
    pub terms: Vec<Vec<usize>>,
    /// Random terms, with `g/h` and `||` already expanded.
    pub random: Vec<RandomTerm>,
    /// Covariance terms of the residuals.
    pub covariance: Vec<CovarianceTerm>,
    /// Column of prior weights: the residual variance of a row is σ²/weight, as `weights` of lme4. No part of the text.
    pub prior_weights: Option<String>,
}

/// A variable of the model: a column or an expression in columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// Its name as R prints it: `base`, `I(age^2)`.
    pub name: String,
    /// How it is computed.
    pub expr: Expr,
    /// Byte range in the formula.
    pub span: Range<usize>,
}

/// One random term `(1 + x | g)`: correlated random coefficients per level of the grouping.
#[derive(Debug, Clone, PartialEq)]
pub struct RandomTerm {
    /// Whether the intercept is random.
    pub intercept: bool,
    /// The random slopes; a categorical one gives one coefficient per contrast (or per level without intercept).
    pub slopes: Vec<Variable>,
    /// The columns whose combination is the grouping.
    pub group: Vec<String>,
    /// Byte range in the formula.
    pub span: Range<usize>,
}

impl RandomTerm {
    /// The grouping as lme4 prints it: `usubjid:knee`.
    pub fn group_name(&self) -> String {
        self.group.join(":")
    }
}

/// A residual covariance structure over the cells of each subject.
#[derive(Debug, Clone, PartialEq)]
pub struct CovarianceTerm {
    /// One factor, or two for `kron(first, second | subject)`.
    pub factors: Vec<CovarianceFactor>,
    /// For `pair`: the columns that tell the two units of a subject apart; empty where the data say.
    pub units: Vec<String>,
    /// Columns whose combination gives each its own covariance (`arm` of `arm/id`); empty for one covariance.
    pub by: Vec<String>,
    /// Columns whose combination is the subject.
    pub subject: Vec<String>,
    /// Byte range in the formula.
    pub span: Range<usize>,
    /// The text of the term.
    pub text: String,
}

/// One factor of a covariance term: `us(visit)`.
#[derive(Debug, Clone, PartialEq)]
pub struct CovarianceFactor {
    /// The structure.
    pub kind: StructureKind,
    /// Columns whose combination is the cell (first varies slowest).
    pub cells: Vec<String>,
}

/// The covariance structures, named as in SAS and mmrm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StructureKind {
    /// Unstructured.
    Us,
    /// Compound symmetry.
    Cs,
    /// Heterogeneous compound symmetry.
    Csh,
    /// First-order autoregressive over equally spaced cells.
    Ar1,
    /// Heterogeneous first-order autoregressive.
    Ar1h,
    /// Toeplitz.
    Toep,
    /// Heterogeneous Toeplitz.
    Toeph,
    /// First-order antedependence with one variance.
    Ad,
    /// First-order antedependence (SAS `ANTE(1)`).
    Adh,
    /// Two exchangeable units per subject: [[A, B], [B, A]], A and B free.
    Pair,
    /// Continuous-time first-order autoregressive over actual times.
    Car1,
    /// Spatial exponential over actual times.
    SpExp,
    /// Spatial exponential with measurement error.
    SpExpNugget,
}

impl StructureKind {
    /// Every structure.
    pub const ALL: [Self; 13] = [
        Self::Us,
        Self::Cs,
        Self::Csh,
        Self::Ar1,
        Self::Ar1h,
        Self::Toep,
        Self::Toeph,
        Self::Ad,
        Self::Adh,
        Self::Pair,
        Self::Car1,
        Self::SpExp,
        Self::SpExpNugget,
    ];

    /// The name in a formula.
    pub fn name(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Cs => "cs",
            Self::Csh => "csh",
            Self::Ar1 => "ar1",
            Self::Ar1h => "ar1h",
            Self::Toep => "toep",
            Self::Toeph => "toeph",
            Self::Ad => "ad",
            Self::Adh => "adh",
            Self::Pair => "pair",
            Self::Car1 => "car1",
            Self::SpExp => "sp_exp",
            Self::SpExpNugget => "sp_exp_nugget",
        }
    }

    /// Whether its cells are points in time: one column of numbers.
    pub fn is_continuous(self) -> bool {
        matches!(self, Self::Car1 | Self::SpExp | Self::SpExpNugget)
    }

    /// The structure called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.name() == name)
    }
}

impl Formula {
    /// Reads a formula.
    ///
    /// ```
    /// use splitknee_stats::model::Formula;
    /// let f = Formula::parse("vas ~ treatment*visit + (1|usubjid/knee)").unwrap();
    /// assert_eq!(f.term_names(), ["treatment", "visit", "treatment:visit"]);
    /// assert_eq!(f.random[1].group_name(), "usubjid:knee");
    /// assert!(Formula::parse("vas ~ treatment + (1|").is_err());
    /// ```
    ///
    /// # Errors
    /// [`ModelError::Formula`] with the place and what was expected there.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        parser::parse(text)
    }

    /// The names of the fixed terms, without the intercept: `treatment`, `treatment:visit`.
    pub fn term_names(&self) -> Vec<String> {
        self.terms.iter().map(|t| self.term_name(t)).collect()
    }

    /// The name of one fixed term.
    pub fn term_name(&self, term: &[usize]) -> String {
        term.iter().filter_map(|&v| self.variables.get(v)).map(|v| v.name.as_str()).collect::<Vec<_>>().join(":")
    }

    /// Every column the model reads, each once, in order of appearance.
    pub fn columns(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut push = |n: &str| {
            if !names.iter().any(|m| m == n) {
                names.push(n.to_owned());
            }
        };
        self.response.expr.each_column(&mut push);
        self.variables.iter().for_each(|v| v.expr.each_column(&mut push));
        for r in &self.random {
            r.slopes.iter().for_each(|v| v.expr.each_column(&mut push));
            r.group.iter().for_each(|g| push(g));
        }
        for c in &self.covariance {
            let cells = c.factors.iter().flat_map(|f| &f.cells);
            cells.chain(&c.units).chain(&c.by).chain(&c.subject).for_each(|g| push(g));
        }
        self.prior_weights.iter().for_each(|w| push(w));
        names
    }
}
