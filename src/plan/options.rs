//! The plan as written in `plan.toml`: methods, multiplicity, estimand, safety, report, waivers.

use super::named::Named;
use super::randomisation::RandomisationTest;
use crate::terms::Measure;
pub use crate::terms::{Ddf, Information, Language, Weights};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A method of analysis over both knees of all patients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrimaryMethod {
    /// Linear mixed model of all knees and visits: treatment × visit, baseline × visit, covariance as in `structure`.
    MixedModel,
    /// Mixed model for repeated measures over knee × visit cells.
    Mmrm,
    /// Mixed model for repeated measures of the within-patient differences.
    MmrmDifference,
    /// Constrained longitudinal data analysis: baseline as a response with a common mean.
    Clda,
    /// Analysis of covariance at one visit.
    Ancova,
    /// Paired t-test.
    PairedT,
    /// Wilcoxon signed-rank test with Hodges–Lehmann estimate.
    Wilcoxon,
    /// Sign test.
    Sign,
    /// Sign-flip permutation test of the mean difference.
    Permutation,
    /// Yuen's paired test of trimmed means.
    TrimmedT,
    /// Bias-corrected accelerated bootstrap of the mean difference.
    Bootstrap,
    /// McNemar's test.
    Mcnemar,
    /// Stuart–Maxwell test of marginal homogeneity.
    StuartMaxwell,
    /// Cumulative-logit mixed model.
    OrdinalMixed,
    /// Logistic mixed model.
    LogisticMixed,
    /// Generalised estimating equations; of a count a Poisson mean, whose ratios are rate ratios.
    Gee,
    /// Time to an event: the exact conditional test of whose event came first, with the hazard ratio within patients.
    FirstEvent,
    /// Time to an event: the difference of restricted mean times with the jackknife over patients.
    Rmst,
    /// Generalised estimating equations of a count with a negative binomial variance.
    GeeNegativeBinomial,
    /// Poisson mixed model of a count, with intercepts of patient and knee.
    PoissonMixed,
    /// Negative binomial mixed model of a count.
    NegativeBinomialMixed,
    /// Ratio of the mean rates of a count within pairs, by t (Fieller).
    RateRatio,
    /// Exact conditional test of a count within pairs.
    Counts,
}

impl PrimaryMethod {
    /// The name used in the plan.
    pub fn name(self) -> &'static str {
        match self {
            Self::MixedModel => "mixed_model",
            Self::Mmrm => "mmrm",
            Self::MmrmDifference => "mmrm_difference",
            Self::Clda => "clda",
            Self::Ancova => "ancova",
            Self::PairedT => "paired_t",
            Self::Wilcoxon => "wilcoxon",
            Self::Sign => "sign",
            Self::Permutation => "permutation",
            Self::TrimmedT => "trimmed_t",
            Self::Bootstrap => "bootstrap",
            Self::Mcnemar => "mcnemar",
            Self::StuartMaxwell => "stuart_maxwell",
            Self::OrdinalMixed => "ordinal_mixed",
            Self::LogisticMixed => "logistic_mixed",
            Self::Gee => "gee",
            Self::FirstEvent => "first_event",
            Self::Rmst => "rmst",
            Self::GeeNegativeBinomial => "gee_negative_binomial",
            Self::PoissonMixed => "poisson_mixed",
            Self::NegativeBinomialMixed => "negative_binomial_mixed",
            Self::RateRatio => "rate_ratio",
            Self::Counts => "counts",
        }
    }

    /// Whether it compares counts by the ratio of their rates.
    pub fn compares_rates(self) -> bool {
        self == Self::Gee || self.is_of_counts()
    }

    /// Whether it is for counts only.
    pub fn is_of_counts(self) -> bool {
        let models = [Self::GeeNegativeBinomial, Self::PoissonMixed, Self::NegativeBinomialMixed];
        models.contains(&self) || matches!(self, Self::RateRatio | Self::Counts)
    }
}

/// What an exact test of counts may claim where they vary more than Poisson counts within pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overdispersed {
    /// Nothing: the test rejects too often then.
    #[default]
    Withhold,
    /// What it finds, as the protocol foresaw.
    Claim,
}

/// Covariance between the measurements of one patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Structure {
    /// The pair model where patients and visits allow it, by a rule that looks at the design only (docs/mixed-models.md):
    /// 10 patients or more: `pair` on all visits if there are 5 patients per visit, else on each visit alone; fewer: the
    /// paired t-test of the change.
    #[default]
    ByDesign,
    /// Exchangeable knees: a covariance over the visits within a knee and one between the knees, both free.
    Pair,
    /// Variance components: patient, knee in patient, patient by visit. Assumes one residual variance for all visits.
    Random,
    /// Kronecker product of unstructured knees and unstructured visits.
    KronUsUs,
    /// Kronecker product of unstructured knees and first-order autoregressive visits (SAS `TYPE=UN@AR(1)`).
    KronUsAr1,
    /// Kronecker product of unstructured knees and compound-symmetric visits (SAS `TYPE=UN@CS`).
    KronUsCs,
    /// Unstructured over all knee × visit cells.
    Us,
    /// The random intercepts that `analysis.random` names: follows from that key.
    #[serde(skip)]
    Declared,
}

impl Structure {
    /// The name used in the plan.
    pub fn name(self) -> &'static str {
        match self {
            Self::ByDesign => "by-design",
            Self::Pair => "pair",
            Self::Random => "random",
            Self::KronUsUs => "kron-us-us",
            Self::KronUsAr1 => "kron-us-ar1",
            Self::KronUsCs => "kron-us-cs",
            Self::Us => "us",
            Self::Declared => "declared",
        }
    }
}

/// Covariance over the visits of the within-patient differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TimeStructure {
    /// Unstructured.
    Us,
    /// A variance per visit, one correlation.
    Csh,
    /// One variance, one correlation.
    Cs,
    /// A variance per visit, correlations that fall with the number of visits between.
    Ar1h,
    /// One variance, correlations that fall with the number of visits between.
    Ar1,
}

impl TimeStructure {
    /// The name used in the plan and in formulas.
    pub fn name(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Csh => "csh",
            Self::Cs => "cs",
            Self::Ar1h => "ar1h",
            Self::Ar1 => "ar1",
        }
    }
}

/// How a model uses the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BaselinePlan {
    /// The same knee's baseline as covariate, with a slope per visit.
    #[default]
    Own,
    /// The pair's baseline mean and the knee's deviation from it as two covariates.
    Pair,
    /// No baseline term.
    None,
}

/// The alternative hypothesis. A one-sided one is about benefit: a raw direction is the same thing where all endpoints
/// have one direction of benefit, and refused where they have not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AlternativePlan {
    /// Either direction.
    #[default]
    TwoSided,
    /// Active better than placebo, in each endpoint's own direction (`better`).
    TowardsBenefit,
    /// Active lower than placebo, where lower is better on every endpoint.
    Less,
    /// Active higher than placebo, where higher is better on every endpoint.
    Greater,
}

/// Methods.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AnalysisPlan {
    /// The method that decides.
    pub primary: PrimaryMethod,
    /// Covariance between the measurements of one patient.
    pub structure: Structure,
    /// The random intercepts of the mixed model by name, in the place of `structure`: a sum of `(1|patient)`,
    /// `(1|patient:knee)` and `(1|patient:visit)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random: Option<String>,
    /// Structures tried in order where the chosen one does not converge.
    pub fallback: Vec<Structure>,
    /// Covariances over the visits of `mmrm_difference`, in the order in which they are tried.
    pub difference_structure: Vec<TimeStructure>,
    /// Denominator degrees of freedom.
    pub ddf: Ddf,
    /// Information matrix behind the degrees of freedom.
    pub information: Information,
    /// Weights of least-squares means.
    pub weights: Weights,
    /// Level of the tests; confidence intervals have level 1 − alpha.
    pub alpha: f64,
    /// The alternative hypothesis; a one-sided one is towards benefit on every endpoint.
    pub alternative: AlternativePlan,
    /// What is compared of scores and counts; grades and yes/no answers are compared as they are.
    pub measure: Measure,
    /// How models use the baseline; without a baseline visit it is `none`.
    pub baseline: BaselinePlan,
    /// Patient-level covariates of the models.
    pub covariates: Vec<String>,
    /// Whether models have a term for the side (left or right).
    pub side: bool,
    /// Patient-level column that names the knee injected first, by its side or its arm; models then have a term for the
    /// order of injection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub injected_first: Option<String>,
    /// Methods run beside the primary one.
    pub sensitivity: Vec<PrimaryMethod>,
    /// A permutation test of scores beside the primary analysis that redraws the allocation as it was drawn; it needs
    /// `[randomisation]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub randomisation_test: Option<RandomisationTest>,
    /// Names of the analysis sets on which the primary method is repeated; all sets where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sets: Option<Vec<String>>,
    /// Seed of everything random.
    pub seed: u64,
    /// Bootstrap resamples.
    pub bootstrap_samples: usize,
    /// Monte Carlo samples of permutation tests that are too large to be exact.
    pub permutation_samples: usize,
    /// Quadrature points of generalised mixed models.
    pub quadrature: usize,
    /// What the exact test of counts (`counts`) may claim where they vary more than Poisson counts within pairs (Pearson's
    /// χ² at 5 %).
    pub overdispersed_counts: Overdispersed,
}

impl AnalysisPlan {
    /// The random intercepts that may be declared.
    pub const INTERCEPTS: [&str; 3] = ["(1|patient)", "(1|patient:knee)", "(1|patient:visit)"];

    /// The declared random intercepts, without blanks, each once and in the order of [`Self::INTERCEPTS`]; `(1|patient/knee)`
    /// is patient and knee in patient.
    ///
    /// # Errors
    /// What stands there instead.
    pub fn intercepts(&self) -> Result<Vec<&'static str>, String> {
        let Some(random) = &self.random else { return Ok(Vec::new()) };
        let text: String = random.chars().filter(|c| !c.is_whitespace()).collect();
        let text = text.replace("(1|patient/knee)", "(1|patient)+(1|patient:knee)");
        let parts: Vec<&str> = text.split('+').collect();
        if let Some(other) = parts.iter().find(|part| !Self::INTERCEPTS.contains(part)) {
            return Err((*other).to_owned());
        }
        Ok(Self::INTERCEPTS.into_iter().filter(|term| parts.contains(term)).collect())
    }
}

impl Default for AnalysisPlan {
    fn default() -> Self {
        Self {
            primary: PrimaryMethod::MixedModel,
            structure: Structure::ByDesign,
            random: None,
            fallback: Vec::new(),
            difference_structure: vec![TimeStructure::Us, TimeStructure::Csh, TimeStructure::Cs],
            ddf: Ddf::KenwardRoger,
            information: Information::Observed,
            weights: Weights::Equal,
            alpha: 0.05,
            alternative: AlternativePlan::TwoSided,
            measure: Measure::Value,
            baseline: BaselinePlan::Own,
            covariates: Vec::new(),
            side: false,
            injected_first: None,
            sensitivity: vec![PrimaryMethod::PairedT, PrimaryMethod::Wilcoxon],
            randomisation_test: None,
            sets: None,
            seed: 20_240_856,
            bootstrap_samples: 10_000,
            permutation_samples: 100_000,
            quadrature: 15,
            overdispersed_counts: Overdispersed::Withhold,
        }
    }
}

/// How many patients were planned, and on which assumptions. The observed correlation between the knees is set beside the
/// one assumed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SampleSizePlan {
    /// Identifier of the endpoint; the primary endpoint where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Difference to detect, positive, in the endpoint's unit.
    pub delta: f64,
    /// Standard deviation assumed in one arm, of what the plan compares (`analysis.measure`).
    pub sd: f64,
    /// Correlation assumed between the two knees.
    pub correlation: f64,
    /// Power wanted.
    #[serde(default = "eighty_percent")]
    pub power: f64,
    /// Patients planned with both knees, before any allowance for losses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairs: Option<usize>,
}

fn eighty_percent() -> f64 {
    0.8
}

/// Adjustment for several hypotheses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Multiplicity {
    /// The procedure.
    pub method: MultiplicityMethod,
    /// Identifiers of the endpoints in the family, in testing order; the secondary endpoints where left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub family: Vec<String>,
    /// At which visits the family's hypotheses are.
    pub visits: FamilyVisits,
    /// What claims that are not primary wait for: the primary objective, or nothing.
    pub gate: Gate,
    /// How several primary endpoints are tested; needed where `family` does not name them all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary: Option<PrimaryFamily>,
    /// For `graphical`: initial share of alpha of each hypothesis, summing to at most 1.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<f64>,
    /// For `graphical`: row i says how the share of hypothesis i passes to the others when it is rejected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transitions: Vec<Vec<f64>>,
}

impl Default for Multiplicity {
    fn default() -> Self {
        Self {
            method: MultiplicityMethod::Holm,
            family: Vec::new(),
            visits: FamilyVisits::Primary,
            gate: Gate::Primary,
            primary: None,
            shares: Vec::new(),
            transitions: Vec::new(),
        }
    }
}

/// A multiplicity procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MultiplicityMethod {
    /// No adjustment.
    None,
    /// Holm (1979).
    Holm,
    /// Hochberg (1988).
    Hochberg,
    /// Hommel (1988).
    Hommel,
    /// Bonferroni.
    Bonferroni,
    /// Benjamini & Hochberg (1995), false discovery rate.
    Bh,
    /// Benjamini & Yekutieli (2001), false discovery rate under dependence.
    By,
    /// Fixed sequence: in the order of the family, stopping at the first hypothesis not rejected.
    FixedSequence,
    /// Graphical procedure of Bretz, Maurer, Brannath & Posch (2009).
    Graphical,
}

impl Multiplicity {
    /// The procedure of several primary endpoints: co-primary where the plan names none.
    pub fn of_primaries(&self) -> PrimaryFamily {
        self.primary.unwrap_or(PrimaryFamily::CoPrimary)
    }
}

impl MultiplicityMethod {
    /// The name used in the plan.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Holm => "holm",
            Self::Hochberg => "hochberg",
            Self::Hommel => "hommel",
            Self::Bonferroni => "bonferroni",
            Self::Bh => "bh",
            Self::By => "by",
            Self::FixedSequence => "fixed-sequence",
            Self::Graphical => "graphical",
        }
    }
}

/// What claims that are not primary wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// The primary objective: every primary endpoint has its claim in favour of active.
    Primary,
    /// Nothing; the claims of a family without the primary endpoints are then exploratory, and the report says so.
    None,
}

/// What the trial sets out to show on an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Objective {
    /// Active is better than placebo.
    #[default]
    Superiority,
    /// Active is not worse by as much as `non_inferiority_margin`.
    NonInferiority,
    /// The difference lies within ± `margin`.
    Equivalence,
}

impl Objective {
    /// Whether it is the default.
    pub fn is_superiority(&self) -> bool {
        *self == Self::Superiority
    }

    /// The name in the plan.
    pub fn name(self) -> &'static str {
        match self {
            Self::Superiority => "superiority",
            Self::NonInferiority => "non-inferiority",
            Self::Equivalence => "equivalence",
        }
    }
}

/// How several primary endpoints are tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PrimaryFamily {
    /// All must reject, in one direction, each at the plan's level.
    CoPrimary,
    /// Holm (1979).
    Holm,
    /// Hochberg (1988).
    Hochberg,
    /// Hommel (1988).
    Hommel,
    /// Bonferroni.
    Bonferroni,
    /// Fixed sequence, in the order of the endpoints.
    FixedSequence,
}

impl PrimaryFamily {
    /// The name used in the plan.
    pub fn name(self) -> &'static str {
        match self {
            Self::CoPrimary => "co-primary",
            Self::Holm => "holm",
            Self::Hochberg => "hochberg",
            Self::Hommel => "hommel",
            Self::Bonferroni => "bonferroni",
            Self::FixedSequence => "fixed-sequence",
        }
    }
}

/// At which visits the hypotheses of a family are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FamilyVisits {
    /// At the primary visit.
    Primary,
    /// At every visit after baseline.
    All,
}

/// What a patient-level column is, for models, subgroups and the baseline table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CovariatePlan {
    /// Patient-level column.
    pub name: String,
    /// Whether it holds numbers (a model has a slope) or levels (a model has an effect of each).
    pub kind: CovariateKind,
    /// Name in print; the column where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// For a factor: its values in the data, in order, each with its label where it is a code:
    /// `{ code = "1", label = "female" }`; those found where left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<Named>,
    /// For a factor: how `levels` are printed, where they have no labels of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
}

/// What a patient-level column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CovariateKind {
    /// Numbers.
    Number,
    /// Levels, written as numbers or words.
    Factor,
}

/// A patient-level factor for subgroup analyses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subgroup {
    /// Patient-level column.
    pub column: String,
    /// Name in print; the column where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Cut points for a numeric column, ascending; groups are below the first, from the first to below the second, ….
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cuts: Vec<f64>,
}

/// Safety analyses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SafetyPlan {
    /// Name of the safety analysis set; all patients where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<String>,
    /// Severities from mildest to worst, as in the data, or `{ code = "1", label = "MILD" }` where they are codes.
    pub severities: Vec<Named>,
}

impl Default for SafetyPlan {
    fn default() -> Self {
        Self { set: None, severities: ["MILD", "MODERATE", "SEVERE"].map(Named::from).to_vec() }
    }
}

/// What is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReportPlan {
    /// File formats of the report.
    pub formats: Vec<ReportFormat>,
    /// Language.
    pub language: Language,
    /// Line at the foot of every page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub footer: Option<String>,
    /// Outputs to leave out, by number or identifier or its beginning (docs/outputs.md).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub omit: Vec<String>,
    /// Whether patient identifiers are replaced by pseudonyms in every output.
    pub redact_ids: bool,
    /// Patient-level columns of the baseline table; age, sex, BMI and the like where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demographics: Option<Vec<String>>,
}

impl Default for ReportPlan {
    fn default() -> Self {
        Self {
            formats: vec![ReportFormat::Html],
            language: Language::English,
            footer: None,
            omit: Vec::new(),
            redact_ids: false,
            demographics: None,
        }
    }
}

/// A file format of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportFormat {
    /// One self-contained page.
    Html,
    /// Portable document.
    Pdf,
    /// Rich text tables.
    Rtf,
    /// Word document.
    Docx,
    /// Workbook of the tables.
    Xlsx,
    /// Markdown text.
    Markdown,
}

impl Language {
    /// The only visit of a trial without a visit column.
    pub fn single_visit(self) -> &'static str {
        match self {
            Self::English => "Single visit",
            Self::Japanese => "単回評価",
        }
    }

    /// The name of an endpoint as percent change from baseline, unless it says so itself.
    pub fn percent_change_of(self, name: &str) -> String {
        let folded = name.to_lowercase();
        if ["percent", "per cent", "%", "％", "変化率", "パーセント"].iter().any(|word| folded.contains(word))
        {
            return name.to_owned();
        }
        match self {
            Self::English => format!("{name} (percent change from baseline)"),
            Self::Japanese => format!("{name}（ベースラインからの変化率）"),
        }
    }

    /// The analysis set of a plan that names none.
    pub fn all_patients(self) -> &'static str {
        match self {
            Self::English => "All patients with data",
            Self::Japanese => "データのある全患者",
        }
    }
}

/// A check whose findings were looked at and accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// Rule identifier, for instance `SK210`.
    pub rule: String,
    /// Why the findings are accepted; repeated in the report.
    pub reason: String,
}
