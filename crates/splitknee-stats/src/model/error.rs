//! What can be wrong with a model: one enum, each case with a stable code, what was found and what to do.

use std::ops::Range;

/// Why a model cannot be read, built or fitted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The formula does not follow the grammar. `span` is the byte range of the offending text.
    #[error("{message}\n  {formula}\n  {}{}", " ".repeat(formula.get(..span.start).map_or(0, |s| s.chars().count())), "^".repeat(span.len().max(1)))]
    Formula {
        /// What is wrong.
        message: String,
        /// The whole formula.
        formula: String,
        /// Byte range of the offending part.
        span: Range<usize>,
    },
    /// A linear combination that cannot be read. `span` is the byte range of the offending text.
    #[error("{message}\n  {text}\n  {}{}", " ".repeat(text.get(..span.start).map_or(0, |s| s.chars().count())), "^".repeat(span.len().max(1)))]
    LinearCombination {
        /// What is wrong.
        message: String,
        /// The whole text.
        text: String,
        /// Byte range of the offending part.
        span: Range<usize>,
    },
    /// A variable of the formula is not a column of the data.
    #[error("there is no column `{column}` (columns: {available})")]
    UnknownColumn {
        /// The name asked for.
        column: String,
        /// The columns that exist.
        available: String,
    },
    /// Columns of different length.
    #[error("column `{column}` has {found} rows where the others have {expected}")]
    ColumnLength {
        /// The column.
        column: String,
        /// Its length.
        found: usize,
        /// The length of the others.
        expected: usize,
    },
    /// A level is listed twice.
    #[error("level `{level}` of `{column}` is listed twice")]
    DuplicateLevel {
        /// The column.
        column: String,
        /// The level.
        level: String,
    },
    /// A value is not among the listed levels.
    #[error("`{column}` holds the value `{level}`, which is not among its listed levels ({listed})")]
    UnlistedLevel {
        /// The column.
        column: String,
        /// The value found.
        level: String,
        /// The levels given.
        listed: String,
    },
    /// A column has the wrong kind for its place in the model.
    #[error("`{column}` must be {wanted} here")]
    WrongKind {
        /// The column or expression.
        column: String,
        /// `numeric` or `categorical`.
        wanted: &'static str,
    },
    /// No row has a value in every variable of the model.
    #[error("no row has a value in every variable of the model ({variables})")]
    NoData {
        /// The variables.
        variables: String,
    },
    /// The outcome does not vary beyond what the fixed effects explain exactly.
    #[error(
        "the outcome has no variation left after the fixed effects (it is constant or fitted exactly): variances cannot be estimated"
    )]
    NoVariation,
    /// Not more observations than coefficients.
    #[error("{n_obs} observations cannot estimate {n_coefficients} coefficients and a variance")]
    TooFewObservations {
        /// Rows used.
        n_obs: usize,
        /// Estimable coefficients.
        n_coefficients: usize,
    },
    /// Groupings are not nested in one independent unit.
    #[error(
        "grouping `{inner}` is not nested in `{outer}`: level `{level}` of `{inner}` occurs in more than one `{outer}`"
    )]
    NotNested {
        /// The finer grouping.
        inner: String,
        /// The independent unit.
        outer: String,
        /// A level that violates the nesting.
        level: String,
    },
    /// Random or covariance terms, but only one independent unit.
    #[error(
        "all {n_obs} rows belong to one `{unit}` ({label}): variation between units cannot be estimated from one unit"
    )]
    OneUnit {
        /// The independent unit.
        unit: String,
        /// The one there is.
        label: String,
        /// Rows used.
        n_obs: usize,
    },
    /// Two rows of one subject in the same cell of a covariance structure.
    #[error("`{subject}` has two rows in cell `{cell}` of `{term}`")]
    DuplicateCell {
        /// The subject.
        subject: String,
        /// The cell.
        cell: String,
        /// The covariance term.
        term: String,
    },
    /// The group of a grouped covariance structure changes within a subject.
    #[error("`{group}` changes within `{subject}`, but `{term}` gives each subject one covariance")]
    GroupWithinSubject {
        /// The grouping column.
        group: String,
        /// The subject.
        subject: String,
        /// The covariance term.
        term: String,
    },
    /// A covariance parameter has no information in the data.
    #[error("`{parameter}` cannot be estimated: {reason}")]
    NotEstimable {
        /// The parameter.
        parameter: String,
        /// Why.
        reason: String,
    },
    /// The outcome of a generalised model is the same in every row.
    #[error("the outcome is constant: {reason}")]
    ConstantOutcome {
        /// What was found.
        reason: String,
    },
    /// A generalised model whose likelihood rises for ever as a coefficient or a random intercept grows.
    #[error("`{parameter}` cannot be estimated: {reason}")]
    Separated {
        /// The terms that grow.
        parameter: String,
        /// Why.
        reason: String,
    },
    /// Random effects are confounded with the residual.
    #[error("the random effects of `{term}` are confounded with the residual: {reason}")]
    Confounded {
        /// The term.
        term: String,
        /// Why.
        reason: String,
    },
    /// The likelihood has no maximum inside the parameter space.
    #[error("the likelihood keeps rising as the covariance becomes singular ({parameter}): no estimate exists")]
    Unbounded {
        /// What tends to its limit.
        parameter: String,
    },
    /// A covariance matrix that has no Cholesky factor.
    #[error("{matrix} is not positive definite")]
    NotPositiveDefinite {
        /// Which matrix.
        matrix: String,
    },
    /// The optimiser stopped before the gradient vanished.
    #[error(
        "no convergence after {iterations} iterations: the largest gradient is {gradient:.2e}, at `{parameter}` (curvature {curvature:.2e})"
    )]
    NotConverged {
        /// Iterations done.
        iterations: usize,
        /// Largest absolute gradient component.
        gradient: f64,
        /// The parameter that has it.
        parameter: String,
        /// Second derivative there: how flat the likelihood is.
        curvature: f64,
    },
    /// A method that the chosen fit cannot carry.
    #[error("{method} {reason}")]
    Unsupported {
        /// The method asked for.
        method: String,
        /// Why it does not apply.
        reason: String,
    },
    /// A factor named in LS means or contrasts is not a factor of the model.
    #[error("`{name}` is not a factor of the model (factors: {available})")]
    UnknownFactor {
        /// The name asked for.
        name: String,
        /// The factors of the model.
        available: String,
    },
    /// A vector or matrix of the wrong size.
    #[error("{what} has {found} entries where {expected} are needed")]
    WrongLength {
        /// What was passed.
        what: String,
        /// Its length.
        found: usize,
        /// The length needed.
        expected: usize,
    },
}

impl ModelError {
    /// A stable identifier of the kind of error, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Formula { .. } => "model-formula",
            Self::LinearCombination { .. } => "model-linear-combination",
            Self::OneUnit { .. } => "model-one-unit",
            Self::UnknownColumn { .. } => "model-unknown-column",
            Self::ColumnLength { .. } => "model-column-length",
            Self::DuplicateLevel { .. } => "model-duplicate-level",
            Self::UnlistedLevel { .. } => "model-unlisted-level",
            Self::WrongKind { .. } => "model-wrong-kind",
            Self::NoData { .. } => "model-no-data",
            Self::NoVariation => "model-no-variation",
            Self::TooFewObservations { .. } => "model-too-few-observations",
            Self::NotNested { .. } => "model-not-nested",
            Self::DuplicateCell { .. } => "model-duplicate-cell",
            Self::GroupWithinSubject { .. } => "model-group-within-subject",
            Self::NotEstimable { .. } => "model-not-estimable",
            Self::ConstantOutcome { .. } => "model-constant-outcome",
            Self::Separated { .. } => "model-separated",
            Self::Confounded { .. } => "model-confounded",
            Self::Unbounded { .. } => "model-unbounded",
            Self::NotPositiveDefinite { .. } => "model-not-positive-definite",
            Self::NotConverged { .. } => "model-not-converged",
            Self::Unsupported { .. } => "model-unsupported",
            Self::UnknownFactor { .. } => "model-unknown-factor",
            Self::WrongLength { .. } => "model-wrong-length",
        }
    }

    /// What to do about it, in one sentence.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Formula { .. } => {
                "write the formula in R's syntax, such as `change ~ treatment*visit + base + (1|usubjid)`"
            }
            Self::LinearCombination { .. } => {
                "combine coefficients by the names that the model prints, such as `treatmentEV + 0.5*treatmentEV:visitM3`, or LS means, such as `[treatment=EV] - [treatment=PLACEBO]`"
            }
            Self::OneUnit { .. } => {
                "give the rows of several patients, or leave out the random and covariance terms to describe this one"
            }
            Self::UnknownColumn { .. } => "correct the name or add the column to the data",
            Self::ColumnLength { .. } | Self::WrongLength { .. } => "give as many values as the message asks for",
            Self::DuplicateLevel { .. } => "list every level once",
            Self::UnlistedLevel { .. } => "list every level that occurs, or drop those rows first",
            Self::WrongKind { .. } => "declare the levels of a categorical variable, or pass numbers for a numeric one",
            Self::NoData { .. } => "check the filters and which columns are empty",
            Self::NoVariation | Self::ConstantOutcome { .. } => "describe the data instead of modelling them",
            Self::TooFewObservations { .. } => "use a smaller model",
            Self::NotNested { .. } => "name inner groups by their patient, for example (1|usubjid:knee)",
            Self::DuplicateCell { .. } => {
                "keep one row per cell, or use a subject that separates the rows (usubjid:knee)"
            }
            Self::GroupWithinSubject { .. } => "use a finer subject, for example us(visit|treatment/usubjid:knee)",
            Self::NotEstimable { .. } => "choose a covariance structure with fewer parameters, or drop the random term",
            Self::Separated { .. } => {
                "leave the term out or merge its sparse levels, or compare the arms by an exact paired test"
            }
            Self::NotPositiveDefinite { .. } => {
                "bring the variables to similar units, or choose a simpler covariance structure"
            }
            Self::Confounded { .. } => {
                "drop that random term, or the other term that already models the same variation"
            }
            Self::Unbounded { .. } => "choose a covariance structure with fewer parameters, or drop a random term",
            Self::NotConverged { .. } => "choose a simpler covariance structure",
            Self::Unsupported { .. } => {
                "choose a method or option that suits this model and its data, as the message says"
            }
            Self::UnknownFactor { .. } => "name factors of the fixed effects, as in `treatment|visit`",
        }
    }
}
