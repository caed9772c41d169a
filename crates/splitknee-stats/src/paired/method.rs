//! What is known of a test beside its formula. Each test says it once, in its own file, as a [`Method`]; the registry
//! ([`super::METHODS`]) lists them, and catalogue, plan check, schema, help and options of the command line, scales,
//! sources and recipes follow from it.

use super::catalogue::Settings;
use super::counts::CountedPairs;
use super::pairs::differences;
use super::small_samples::SmallSample;
use super::square_table::SquareTable;
use super::{Options, Refusal, TestResult};
use crate::terms::Kind;

/// A test of the two sides of a patient.
#[derive(Debug)]
pub struct Method {
    /// Its name in plans and on the command line.
    pub name: &'static str,
    /// Its name in results, where that is another.
    pub in_results: Option<&'static str>,
    /// What it asks.
    pub topic: Topic,
    /// The kinds of endpoint that it is meant for.
    pub kinds: &'static [Kind],
    /// What its estimate is.
    pub estimate: Estimate,
    /// Whether it can decide grades: p-value and interval answer one question, which has a direction.
    pub decides_grades: bool,
    /// The options of `splitknee test` that it reads beyond those of every test.
    pub options: &'static [&'static str],
    /// Those of them that it cannot do without.
    pub needs: &'static [&'static str],
    /// From how many pairs it may decide; `None` where it holds its level at any number.
    pub limit: Option<SmallSample>,
    /// Its source in short.
    pub source: &'static str,
    /// Its source as a reader can look it up, where `source` is not enough.
    pub citation: Option<&'static str>,
    /// How R recomputes it.
    pub r: Recipe,
    /// How SAS does: a line with the places `{place}`, `{alpha}` and `{sides}`.
    pub sas: Option<&'static str>,
    /// The test itself.
    pub answer: fn(&Asked<'_>) -> Result<TestResult, Refusal>,
}

impl Method {
    /// A test of scores that compares their location, without options; the others say in what they differ.
    pub(super) const fn of(
        name: &'static str,
        source: &'static str,
        answer: fn(&Asked<'_>) -> Result<TestResult, Refusal>,
    ) -> Self {
        Self {
            name,
            in_results: None,
            topic: Topic::Location,
            kinds: SCORES,
            estimate: Estimate::Other,
            decides_grades: false,
            options: &[],
            needs: &[],
            limit: None,
            source,
            citation: None,
            r: Recipe::None,
            sas: None,
            answer,
        }
    }

    /// Whether it compares the two sides, rather than describing the differences (their shape, their size in standard
    /// deviations) or how alike the sides are.
    pub fn compares(&self) -> bool {
        self.topic.compares()
    }

    /// Whether it is for counts and nothing else.
    pub fn is_of_counts(&self) -> bool {
        self.kinds == [Kind::Count]
    }

    /// Its name in results.
    pub const fn result_name(&self) -> &'static str {
        match self.in_results {
            Some(name) => name,
            None => self.name,
        }
    }
}

/// Scores and measurements.
pub(super) const SCORES: &[Kind] = &[Kind::Continuous, Kind::Count];
/// Whatever has an order.
pub(super) const ORDERED: &[Kind] = &[Kind::Continuous, Kind::Count, Kind::Ordinal];
/// Whatever has an order, yes and no among it.
pub(super) const ANY: &[Kind] = &[Kind::Continuous, Kind::Count, Kind::Ordinal, Kind::Binary];
/// Yes or no.
pub(super) const ANSWERS: &[Kind] = &[Kind::Binary];
/// Grades, of which yes and no are two.
pub(super) const GRADES: &[Kind] = &[Kind::Ordinal, Kind::Binary];
/// Counts.
pub(super) const COUNTS: &[Kind] = &[Kind::Count];

/// What a test asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Whether one side has higher values.
    Location,
    /// Whether one side has more often yes.
    Answers,
    /// Whether one side has more events.
    Counts,
    /// Whether the grades of the sides are distributed alike.
    Grades,
    /// Shape and size of the differences.
    Shape,
    /// How alike the two sides are.
    Likeness,
}

impl Topic {
    /// Every topic, in the order in which methods are listed to people.
    pub const ALL: [Self; 6] = [Self::Location, Self::Answers, Self::Counts, Self::Grades, Self::Shape, Self::Likeness];

    /// Its name in lists for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Location => "location",
            Self::Answers => "yes or no",
            Self::Counts => "counts",
            Self::Grades => "grades",
            Self::Shape => "shape, size",
            Self::Likeness => "likeness",
        }
    }

    fn compares(self) -> bool {
        match self {
            Self::Location | Self::Answers | Self::Counts | Self::Grades => true,
            Self::Shape | Self::Likeness => false,
        }
    }
}

/// What the estimate of a test is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Estimate {
    /// The mean difference treated − control, of yes and no the difference of shares.
    MeanDifference,
    /// Another centre of the differences, in their unit.
    Centre,
    /// The mean difference, with the interval of a test against a margin.
    AgainstMargin,
    /// In the unit of the values, with an interval about another question than whether the sides differ.
    InUnits,
    /// A number in the direction of benefit with this value where the sides do not differ.
    Benefit {
        /// 0 of a difference, 1 of a ratio.
        null: f64,
    },
    /// The logarithm of a ratio, which the result names.
    LogRatio,
    /// A number without unit, or none.
    Other,
}

impl Estimate {
    /// Whether it is a difference treated − control whose interval can decide a conclusion.
    pub fn is_difference(self) -> bool {
        matches!(self, Self::MeanDifference | Self::Centre)
    }

    /// Whether it is in the unit of the endpoint.
    pub fn is_in_units(self) -> bool {
        self.is_difference() || matches!(self, Self::AgainstMargin | Self::InUnits)
    }
}

/// How R recomputes a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipe {
    /// No line.
    None,
    /// The program beside the report recomputes it by the identifier of its record.
    Program,
    /// A call on the columns `active` and `placebo`, with the places `{level}` and `{alternative}`.
    Call(&'static str),
}

/// What a test is asked: two columns of complete pairs, the options of every test and the settings of this one.
pub struct Asked<'a> {
    /// Treated side.
    pub treated: &'a [f64],
    /// Control side.
    pub control: &'a [f64],
    /// Options of every test.
    pub options: &'a Options,
    /// What single tests can be asked beyond them.
    pub settings: &'a Settings,
}

impl Asked<'_> {
    /// The differences treated − control.
    pub(super) fn differences(&self) -> Result<Vec<f64>, Refusal> {
        differences(self.treated, self.control)
    }

    /// The ordered grades: those of the settings, else those observed.
    pub(super) fn levels(&self) -> Result<Vec<f64>, Refusal> {
        match self.settings.levels.is_empty() {
            true => SquareTable::observed_levels(self.treated, self.control),
            false => Ok(self.settings.levels.clone()),
        }
    }

    /// The pairs by grade.
    pub(super) fn grades(&self) -> Result<SquareTable, Refusal> {
        SquareTable::from_grades(self.treated, self.control, &self.levels()?)
    }

    /// The pairs as counts with their exposures.
    pub(super) fn counts(&self) -> Result<CountedPairs, Refusal> {
        let exposures = self.settings.exposures.as_ref().map(|(a, b)| (a.as_slice(), b.as_slice()));
        CountedPairs::new(self.treated, self.control, exposures)
    }
}
