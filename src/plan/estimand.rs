//! Estimands (ICH E9(R1)) and intercurrent events as written in the plan: `[events]`, `[[estimand]]` and what belongs to them.
//!
//! One table `[estimand]` is the first of a list of one. What the strategies do to values is `splitknee_stats::missing`.

use super::data_file::FilePlan;
use super::options::AnalysisPlan;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Intercurrent events: a file with one row per event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventsPlan {
    /// The file.
    pub file: FilePlan,
    /// Column of the patient; as in the other files where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
    /// Column of the side or body site; an empty cell means the whole patient, that is both knees. Where left out: as in
    /// `[data]`, else `knee`, `laterality` or `side`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knee: Option<String>,
    /// Column of the first visit whose values the event affects. Where neither `visit` nor `date` is named: as in `[data]`,
    /// else `first_affected_visit`, `visit` or `date`; with both, the visit rules where it is filled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<String>,
    /// Column of the date of the event; the first visit after that day is the first affected (a visit on the day itself was
    /// before it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Column of the event's name, as the estimands name it; `event` where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
}

/// An estimand in the sense of ICH E9(R1). Of several the first is primary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Estimand {
    /// Short identifier in results, for instance `E1`; by position where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Treatments compared.
    pub treatment: String,
    /// Population.
    pub population: String,
    /// Variable.
    pub variable: String,
    /// Summary measure.
    pub summary_measure: String,
    /// Identifier of the endpoint; the primary endpoint where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Label of the visit; the endpoint's primary visit where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<String>,
    /// Name of the analysis set that stands for the population; the primary one where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis_set: Option<String>,
    /// Intercurrent events and how they are handled.
    #[serde(default, rename = "intercurrent_event", skip_serializing_if = "Vec::is_empty")]
    pub intercurrent_events: Vec<IntercurrentEvent>,
    /// How missing values are handled. With it, or with `[events]`, the estimand is estimated by imputation; without both it
    /// is printed, and estimated by the analysis of its endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<MissingPlan>,
    /// The same estimand under other assumptions.
    #[serde(default, rename = "sensitivity", skip_serializing_if = "Vec::is_empty")]
    pub sensitivities: Vec<SensitivityPlan>,
}

/// An intercurrent event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IntercurrentEvent {
    /// The event, as the file of events names it, for instance `RESCUE ANALGESIC`.
    pub event: String,
    /// Whether it reaches one knee or the whole patient.
    pub level: Level,
    /// Strategy.
    pub strategy: Strategy,
    /// For `causal`: the share of the effect before the event that is kept; 0 is jump to reference, 1 copy increments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k: Option<f64>,
    /// For `composite`: the value that the event stands for: `worst` of the endpoint's range (default), `baseline`, or a
    /// number on the endpoint's scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<CompositeValue>,
    /// Whether values of the knee after the event are dropped. Left out: dropped after an arthroplasty, when they are not
    /// values of the treated knee any more, else kept where the strategy keeps them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discard: Option<bool>,
    /// Why this strategy; printed in the table of estimands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The value that a composite strategy gives a knee after the event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CompositeValue {
    /// A number on the endpoint's scale.
    Number(f64),
    /// `worst` or `baseline`.
    Word(String),
}

impl JsonSchema for CompositeValue {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CompositeValue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["number", "string"] })
    }
}

/// Whether something belongs to one knee or to the whole patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// One knee.
    Knee,
    /// The whole patient.
    Patient,
}

/// Strategy for an intercurrent event (ICH E9(R1), A.3.2), or the law of what is missing after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Used as observed whatever happened.
    #[serde(alias = "treatment_policy", alias = "mar")]
    TreatmentPolicy,
    /// As if it had not happened.
    Hypothetical,
    /// The event is part of the variable.
    Composite,
    /// Up to the event.
    #[serde(alias = "while_on_treatment")]
    WhileOnTreatment,
    /// Those who would not have it.
    #[serde(alias = "principal_stratum")]
    PrincipalStratum,
    /// From the event on the active knee has the mean of the placebo arm.
    #[serde(alias = "jump_to_reference", alias = "j2r")]
    JumpToReference,
    /// From the event on the active knee's mean moves as the placebo arm's.
    #[serde(alias = "copy_increments", alias = "cir")]
    CopyIncrements,
    /// The active knee has the mean of the placebo arm at every visit.
    #[serde(alias = "copy_reference", alias = "cr")]
    CopyReference,
    /// The active knee's mean stays where it was before the event.
    #[serde(alias = "last_mean", alias = "lmcf")]
    LastMean,
    /// A share `k` of the effect before the event is kept.
    Causal,
    /// The active knee returns to its baseline.
    #[serde(alias = "return_to_baseline", alias = "rtb")]
    ReturnToBaseline,
    /// The active knee's mean returns to baseline, spread and correlation kept.
    #[serde(alias = "return_to_baseline_mean", alias = "rtb-mean")]
    ReturnToBaselineMean,
}

impl Strategy {
    /// The strategies by the name used in the plan.
    pub const NAMES: [(&'static str, Self); 12] = [
        ("treatment-policy", Self::TreatmentPolicy),
        ("hypothetical", Self::Hypothetical),
        ("composite", Self::Composite),
        ("while-on-treatment", Self::WhileOnTreatment),
        ("principal-stratum", Self::PrincipalStratum),
        ("jump-to-reference", Self::JumpToReference),
        ("copy-increments", Self::CopyIncrements),
        ("copy-reference", Self::CopyReference),
        ("last-mean", Self::LastMean),
        ("causal", Self::Causal),
        ("return-to-baseline", Self::ReturnToBaseline),
        ("return-to-baseline-mean", Self::ReturnToBaselineMean),
    ];

    /// Other spellings: underscores, and the short names of `splitknee impute`.
    const OTHER: [&'static str; 15] = [
        "treatment_policy",
        "while_on_treatment",
        "principal_stratum",
        "jump_to_reference",
        "copy_increments",
        "copy_reference",
        "last_mean",
        "return_to_baseline",
        "mar",
        "j2r",
        "cir",
        "cr",
        "lmcf",
        "rtb",
        "rtb-mean",
    ];

    /// The name used in the plan.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, strategy)| *strategy == self).map_or("", |(name, _)| name)
    }
}

impl JsonSchema for Strategy {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Strategy".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<&str> = Self::NAMES.iter().map(|(name, _)| *name).chain(Self::OTHER).collect();
        json_schema!({
            "type": "string",
            "enum": words,
            "description": "Strategy for an intercurrent event (ICH E9(R1), A.3.2), or the law of what is missing after it."
        })
    }
}

/// Most cut points of grades.
pub const MOST_CUTS: usize = 8;

/// How missing values of an estimand are handled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MissingPlan {
    /// How they are imputed.
    pub method: ImputationMethod,
    /// Covariance of the imputation model over the visits of both knees.
    pub structure: CellStructure,
    /// Structures tried in order where that one gives no answer.
    pub fallback: Vec<CellStructure>,
    /// Covariance of the law after an event.
    pub covariance: LawCovariance,
    /// Analysis of the completed differences.
    pub analysis: CompletedAnalysis,
    /// Standard error and distribution; for `conditional-mean`.
    pub inference: Inference,
    /// Values that the imputation model is fitted to.
    pub fit: FitValues,
    /// Whether the imputation model has each knee's own baseline.
    pub baseline: ImputationBaseline,
    /// Patient-level covariates of the imputation model, which every patient must have; none where empty. Where left out it has
    /// those of `[analysis]`, side and order of injection as the models have them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covariates: Option<Vec<String>>,
    /// For `responder`: the improvement that counts; the endpoint's MCID where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// For `grades`: the points of the endpoint's scale from which on the next grade begins, ascending, at most eight.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cuts: Vec<f64>,
    /// For `bayes`: prior of the covariance.
    pub prior: Prior,
    /// Number of imputations; as many as make the Monte Carlo error 1 % of the standard error where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub m: Option<usize>,
}

impl Default for MissingPlan {
    fn default() -> Self {
        Self {
            method: ImputationMethod::ConditionalMean,
            structure: CellStructure::Us,
            fallback: vec![CellStructure::KronUsUs, CellStructure::KronCsUs],
            covariance: LawCovariance::Shared,
            analysis: CompletedAnalysis::MeanDifference,
            inference: Inference::JackknifeT,
            fit: FitValues::ByStrategy,
            baseline: ImputationBaseline::Own,
            covariates: None,
            threshold: None,
            cuts: Vec::new(),
            prior: Prior::Jeffreys,
            m: None,
        }
    }
}

impl MissingPlan {
    /// The covariates of the imputation model: its own, else those of the models.
    pub fn covariates<'p>(&'p self, models: &'p AnalysisPlan) -> &'p [String] {
        self.covariates.as_deref().unwrap_or(&models.covariates)
    }
}

/// One sensitivity analysis of an estimand: what differs from its main analysis.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SensitivityPlan {
    /// Name in print; made from what differs where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Another method. `locf`, `bocf` and `worst-case` put a single value in the place of a missing one, against the advice
    /// of ICH E9(R1) and the National Research Council (2010); `two-means` imputes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<SensitivityMethod>,
    /// One strategy for all events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Strategy>,
    /// For `causal`: the share of the effect that is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub k: Option<f64>,
    /// Another covariance of the imputation model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub structure: Option<CellStructure>,
    /// Another covariance of the law after an event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covariance: Option<LawCovariance>,
    /// Another analysis of the completed differences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analysis: Option<CompletedAnalysis>,
    /// Another standard error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inference: Option<Inference>,
    /// What is added to imputed values before the analysis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta: Option<DeltaPlan>,
}

/// What is added to imputed values; positive is worse where lower is better.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeltaPlan {
    /// Added to imputed values of active knees: a number, or `tipping` for the values at which the conclusion changes.
    pub active: DeltaValue,
    /// The same for placebo knees.
    pub placebo: DeltaValue,
    /// Which imputed cells it is added to.
    pub cells: DeltaCells,
}

impl DeltaPlan {
    /// Whether tipping points are asked for.
    pub fn tips(&self) -> bool {
        [&self.active, &self.placebo].iter().any(|value| matches!(value, DeltaValue::Word(_)))
    }
}

/// A number, or `tipping`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DeltaValue {
    /// A number in the endpoint's unit.
    Number(f64),
    /// `tipping`.
    Word(String),
}

impl DeltaValue {
    /// The number; 0 for `tipping`.
    pub fn number(&self) -> f64 {
        if let Self::Number(value) = self { *value } else { 0.0 }
    }
}

impl Default for DeltaValue {
    fn default() -> Self {
        Self::Number(0.0)
    }
}

impl JsonSchema for DeltaValue {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DeltaValue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["number", "string"] })
    }
}

macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// The name used in the plan.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }
    };
}

words! {
    /// How missing values are imputed.
    ImputationMethod {
        /// Conditional means with the jackknife over patients; deterministic.
        ConditionalMean = "conditional-mean",
        /// Multiple imputation by data augmentation.
        Bayes = "bayes",
        /// Multiple imputation from bootstrap samples of the patients.
        ApproximateBayes = "approximate-bayes",
    }
}

words! {
    /// How a sensitivity analysis handles missing values.
    SensitivityMethod {
        /// Conditional means with the jackknife over patients.
        ConditionalMean = "conditional-mean",
        /// Multiple imputation by data augmentation.
        Bayes = "bayes",
        /// Multiple imputation from bootstrap samples of the patients.
        ApproximateBayes = "approximate-bayes",
        /// No imputation: one free mean of the unobserved knees of each arm.
        TwoMeans = "two-means",
        /// Last observed value carried forward.
        Locf = "locf",
        /// Baseline carried forward.
        Bocf = "bocf",
        /// The least favourable value.
        WorstCase = "worst-case",
    }
}

words! {
    /// Covariance of the imputation model over the visits of both knees.
    CellStructure {
        /// Unstructured.
        Us = "us",
        /// Unstructured over knees times unstructured over visits.
        KronUsUs = "kron-us-us",
        /// Exchangeable knees times unstructured over visits.
        KronCsUs = "kron-cs-us",
    }
}

words! {
    /// Covariance of the law after an event.
    LawCovariance {
        /// As fitted: the mean alone moves.
        Shared = "shared",
        /// The active knee's block is rebuilt from the placebo knee's.
        Reference = "reference",
    }
}

words! {
    /// Analysis of the completed differences.
    CompletedAnalysis {
        /// Their mean.
        MeanDifference = "mean-difference",
        /// Their mean adjusted for both knees' baselines.
        Ancova = "ancova",
        /// The pair model over all visits; from draws only.
        Mixed = "mixed",
        /// The difference of the shares of responders; from draws only.
        Responder = "responder",
        /// The odds of a higher grade, the score cut at `cuts`; from draws only.
        Grades = "grades",
    }
}

words! {
    /// Standard error and distribution of conditional-mean estimates.
    Inference {
        /// Jackknife over patients, t distribution.
        JackknifeT = "jackknife-t",
        /// Jackknife over patients, normal distribution (as rbmi).
        JackknifeNormal = "jackknife-normal",
        /// Jackknife with the shift of the strategy frozen (Lu 2021), t distribution.
        InformationAnchored = "information-anchored",
    }
}

words! {
    /// Values that the imputation model is fitted to.
    FitValues {
        /// After an event under treatment policy only.
        ByStrategy = "by-strategy",
        /// Every observed value.
        Observed = "observed",
        /// None after an event.
        PostEventExcluded = "post-event-excluded",
    }
}

words! {
    /// Whether the imputation model has a baseline.
    ImputationBaseline {
        /// Each knee's own, with a slope per visit; a knee without it is refused by name.
        Own = "own",
        /// None.
        None = "none",
    }
}

words! {
    /// Prior of the covariance.
    Prior {
        /// Jeffreys' (SAS PROC MI, NORM, RefBasedMI).
        Jeffreys = "jeffreys",
        /// Inverse Wishart at the REML estimate (rbmi, the five macros).
        Reml = "reml",
    }
}

words! {
    /// Which imputed cells a δ is added to.
    DeltaCells {
        /// Every imputed cell.
        All = "all",
        /// Imputed cells after an event of their knee.
        AfterEvent = "after-event",
        /// Those, times the number of visits since the event.
        PerVisit = "per-visit",
    }
}

#[allow(clippy::derivable_impls, reason = "the macro that makes the enumeration gives no variant as the default")]
impl Default for DeltaCells {
    fn default() -> Self {
        Self::All
    }
}

/// `[estimand]`, or several `[[estimand]]`.
pub fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Estimand>, D::Error> {
    struct Tables;
    impl<'de> Visitor<'de> for Tables {
        type Value = Vec<Estimand>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a table [estimand] or several [[estimand]]")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Vec<Estimand>, A::Error> {
            Ok(vec![Estimand::deserialize(MapAccessDeserializer::new(map))?])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Vec<Estimand>, A::Error> {
            Vec::<Estimand>::deserialize(SeqAccessDeserializer::new(seq))
        }
    }
    deserializer.deserialize_any(Tables)
}

/// The schema of `[estimand]` or `[[estimand]]`.
pub fn one_or_several_schema(generator: &mut SchemaGenerator) -> Schema {
    let table = generator.subschema_for::<Estimand>();
    json_schema!({ "anyOf": [table, { "type": "array", "items": table }] })
}

impl Estimand {
    /// Its identifier: as written, else `E1`, `E2`, … by position (from 0).
    pub fn id_at(&self, position: usize) -> String {
        self.id.clone().unwrap_or_else(|| format!("E{}", position + 1))
    }
}

/// Whether an event is an arthroplasty by its name.
pub fn is_arthroplasty(event: &str) -> bool {
    let name = event.to_lowercase();
    ["arthroplast", "joint replacement", "knee replacement", "人工膝", "置換"].iter().any(|word| name.contains(word))
        || name.split(|c: char| !c.is_alphanumeric()).any(|word| matches!(word, "tka" | "tkr" | "uka"))
}
