//! What can be wrong with a model: one enum, each case with a stable code, what was found and what to do.

use crate::note;
use crate::note::{Message, Note, Value};
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
    /// The squares of the numbers exceed what a double holds.
    #[error("the outcome has values of the size {largest:.1e}, whose squares exceed what a number here can hold")]
    Overflow {
        /// The largest absolute value of the outcome.
        largest: f64,
    },
    /// Not more observations than coefficients.
    #[error("{n_obs} observations cannot estimate {n_coefficients} coefficients and a variance")]
    TooFewObservations {
        /// Rows used.
        n_obs: usize,
        /// Estimable coefficients.
        n_coefficients: usize,
    },
    /// More columns of fixed effects than a fit would come to an end with.
    #[error("the fixed effects have {columns} columns, more than the {most} that are fitted")]
    TooManyColumns {
        /// Columns.
        columns: usize,
        /// Most columns.
        most: usize,
    },
    /// A covariance structure over more cells, or with more parameters, than a fit would come to an end with.
    #[error("`{term}` has {cells} cells and {parameters} parameters, more than the {most} that are fitted")]
    TooManyCells {
        /// The term.
        term: String,
        /// Cells.
        cells: usize,
        /// Parameters.
        parameters: usize,
        /// Most of either.
        most: usize,
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
    /// The two units of `pair(visit|id)` cannot be told apart.
    #[error("the two units of `{term}` are not known: {reason}")]
    PairUnits {
        /// The covariance term.
        term: String,
        /// Why.
        reason: Note,
    },
    /// A covariance parameter has no information in the data.
    #[error("`{parameter}` cannot be estimated: {reason}")]
    NotEstimable {
        /// The parameter.
        parameter: String,
        /// Why.
        reason: Note,
    },
    /// The outcome of a generalised model is the same in every row.
    #[error("the outcome is constant: {reason}")]
    ConstantOutcome {
        /// What was found.
        reason: Note,
    },
    /// A generalised model whose likelihood rises for ever as a coefficient or a random intercept grows.
    #[error("`{parameter}` cannot be estimated: {reason}")]
    Separated {
        /// The terms that grow.
        parameter: String,
        /// Why.
        reason: Note,
    },
    /// Random effects are confounded with the residual.
    #[error("the random effects of `{term}` are confounded with the residual: {reason}")]
    Confounded {
        /// The term.
        term: String,
        /// Why.
        reason: Note,
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
        matrix: Note,
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
    #[error("{reason}")]
    Unsupported {
        /// The method and why it does not apply.
        reason: Note,
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
            Self::Overflow { .. } => "model-overflow",
            Self::TooFewObservations { .. } => "model-too-few-observations",
            Self::TooManyColumns { .. } => "model-too-many-columns",
            Self::TooManyCells { .. } => "model-too-many-cells",
            Self::NotNested { .. } => "model-not-nested",
            Self::DuplicateCell { .. } => "model-duplicate-cell",
            Self::GroupWithinSubject { .. } => "model-group-within-subject",
            Self::PairUnits { .. } => "model-pair-units",
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

    /// The error as a note, for results that say why a model was not used.
    pub fn note(&self) -> Note {
        let shown = |value: f64| Value::shown(value, format!("{value:.2e}"));
        match self {
            Self::UnknownColumn { column, available } => note!(no_column, column = column, available = available),
            Self::WrongKind { column, wanted } => note!(column_wanted, column = column, wanted = *wanted),
            Self::NoData { variables } => note!(no_row, variables = variables),
            Self::NoVariation => note!(no_variation),
            Self::Overflow { largest } => note!(overflow, largest = Value::shown(*largest, format!("{largest:.1e}"))),
            Self::TooFewObservations { n_obs, n_coefficients } => note!(too_few_rows, n = *n_obs, p = *n_coefficients),
            Self::TooManyColumns { columns, most } => note!(too_many_columns, p = *columns, most = *most),
            Self::TooManyCells { term, cells, parameters, most } => {
                note!(too_many_cells, term = term, cells = *cells, p = *parameters, most = *most)
            }
            Self::NotNested { inner, outer, level } => note!(not_nested, inner = inner, outer = outer, level = level),
            Self::OneUnit { unit, label, n_obs } => note!(one_unit, n = *n_obs, unit = unit, label = label),
            Self::DuplicateCell { subject, cell, term } => {
                note!(two_rows, subject = subject, cell = cell, term = term)
            }
            Self::GroupWithinSubject { group, subject, term } => {
                note!(group_within_subject, group = group, subject = subject, term = term)
            }
            Self::NotEstimable { parameter, reason } | Self::Separated { parameter, reason } => {
                note!(unidentified, parameter = parameter, reason = reason.clone())
            }
            Self::PairUnits { term, reason } => note!(pair_units, term = term, reason = reason.clone()),
            Self::ConstantOutcome { reason } => note!(outcome_constant, reason = reason.clone()),
            Self::Confounded { term, reason } => note!(confounded, term = term, reason = reason.clone()),
            Self::Unbounded { parameter } => note!(likelihood_rises, parameter = parameter),
            Self::NotPositiveDefinite { matrix } => note!(not_positive_definite, matrix = matrix.clone()),
            Self::NotConverged { iterations, gradient, parameter, curvature } => note!(
                no_convergence,
                n = *iterations,
                gradient = shown(*gradient),
                parameter = parameter,
                curvature = shown(*curvature),
            ),
            Self::Unsupported { reason } => reason.clone(),
            // Wrong calls, which a plan that was checked does not make.
            Self::Formula { .. }
            | Self::LinearCombination { .. }
            | Self::ColumnLength { .. }
            | Self::DuplicateLevel { .. }
            | Self::UnlistedLevel { .. }
            | Self::UnknownFactor { .. }
            | Self::WrongLength { .. } => note!(model_call, error = self.to_string()),
        }
    }

    /// What to do about it, in one sentence.
    pub fn remedy(&self) -> &'static Message {
        use crate::note::catalogue as m;
        match self {
            Self::Formula { .. } => &m::remedy_formula,
            Self::LinearCombination { .. } => &m::remedy_combination,
            Self::OneUnit { .. } => &m::remedy_one_unit,
            Self::UnknownColumn { .. } => &m::remedy_column,
            Self::ColumnLength { .. } | Self::WrongLength { .. } => &m::remedy_length,
            Self::DuplicateLevel { .. } => &m::remedy_levels_once,
            Self::UnlistedLevel { .. } => &m::remedy_levels_all,
            Self::WrongKind { .. } => &m::remedy_kind,
            Self::NoData { .. } => &m::remedy_no_data,
            Self::NoVariation | Self::ConstantOutcome { .. } => &m::remedy_describe,
            Self::TooFewObservations { .. } | Self::TooManyColumns { .. } => &m::remedy_smaller,
            Self::TooManyCells { .. } => &m::remedy_structure,
            Self::NotNested { .. } => &m::remedy_nested,
            Self::DuplicateCell { .. } => &m::remedy_cell,
            Self::GroupWithinSubject { .. } => &m::remedy_subject,
            Self::PairUnits { .. } => &m::remedy_pair_units,
            Self::NotEstimable { .. } => &m::remedy_structure,
            Self::Separated { .. } => &m::remedy_separated,
            Self::NotPositiveDefinite { .. } | Self::Overflow { .. } => &m::remedy_units,
            Self::Confounded { .. } => &m::remedy_confounded,
            Self::Unbounded { .. } => &m::remedy_unbounded,
            Self::NotConverged { .. } => &m::remedy_convergence,
            Self::Unsupported { .. } => &m::remedy_option,
            Self::UnknownFactor { .. } => &m::remedy_factor,
        }
    }
}
