//! The arguments of `splitknee model` and `splitknee gee`.

use super::file::FileArgs;
use clap::Args;
use std::path::PathBuf;

/// The data of a model and what is asked of it.
#[derive(Debug, Args)]
pub struct ModelData {
    /// The data file, one row per observation.
    #[arg(long, value_name = "FILE")]
    pub data: PathBuf,
    /// How the file is read.
    #[command(flatten)]
    pub file: FileArgs,
    /// The model, in R's syntax (in quotes).
    #[arg(long)]
    pub formula: String,
    /// A factor with its levels in order, the first being the reference (repeatable).
    #[arg(long = "factor", value_name = "COL=L1,L2,…")]
    pub factors: Vec<String>,
    /// Keep only rows with COL=VALUE (repeatable).
    #[arg(long = "where", value_name = "COL=VALUE")]
    pub conditions: Vec<String>,
    /// LS means, such as 'treatment|visit': of treatment within each visit (repeatable).
    #[arg(long, value_name = "FACTORS|BY")]
    pub emmeans: Vec<String>,
    /// Weights of the factors that LS means average over.
    #[arg(long, default_value = "equal", value_parser = ["equal", "observed"])]
    pub weights: String,
    /// Differences between all levels of a factor, later minus earlier, within the BY of --emmeans (repeatable).
    #[arg(long = "contrast", value_name = "FACTOR")]
    pub contrasts: Vec<String>,
    /// Adjust the differences within each BY cell for each other; default: not adjusted.
    #[arg(long, value_name = "METHOD", value_parser = ["none", "holm", "bonferroni", "sidak", "tukey", "dunnett", "mvt"])]
    pub adjust: Option<String>,
    /// With --adjust dunnett: the level that every other is compared with; default: the first.
    #[arg(long, value_name = "LEVEL")]
    pub reference: Option<String>,
    /// Counts: added to the predictor with coefficient 1, the logarithm of the exposure, such as 'log(days)'.
    #[arg(long, value_name = "EXPRESSION")]
    pub offset: Option<String>,
    /// The differences of --contrast as a dot plot with limits, SVG or PNG; ratios on a logarithmic axis.
    #[arg(long, value_name = "FILE")]
    pub figure: Option<PathBuf>,
    /// Replace the figure that is there.
    #[arg(long, requires = "figure")]
    pub force: bool,
    /// Confidence level.
    #[arg(long, default_value_t = 0.95)]
    pub conf_level: f64,
    /// Output: text for people, json for programs.
    #[arg(long, default_value = "text", value_parser = ["text", "json"])]
    pub format: String,
}

/// `splitknee model`.
#[derive(Debug, Args)]
#[command(after_help = MODEL_HELP)]
pub struct ModelArgs {
    /// Data and questions.
    #[command(flatten)]
    pub input: ModelData,
    /// Maximum likelihood instead of REML.
    #[arg(long)]
    pub ml: bool,
    /// Degrees of freedom; default kenward-roger, with --ml satterthwaite.
    #[arg(long, value_parser = ["kenward-roger", "kenward-roger-linear", "satterthwaite", "between-within", "between-within-sas", "residual",
        "asymptotic"])]
    pub ddf: Option<String>,
    /// Information of the variances: observed (SAS, lmerTest, mmrm) or expected (pbkrtest). Default: observed.
    #[arg(long, value_parser = ["observed", "expected"])]
    pub information: Option<String>,
    /// Table of F tests of the terms: type I, II or III.
    #[arg(long, value_name = "TYPE", value_parser = ["I", "II", "III"])]
    pub anova: Option<String>,
    /// Distribution of the outcome.
    #[arg(long, default_value = "gaussian", value_parser = ["gaussian", "binomial", "cumulative", "poisson", "negative-binomial"])]
    pub family: String,
    /// Model the logarithm of the outcome: LS means become geometric means, differences ratios.
    #[arg(long, value_parser = ["log"])]
    pub transform: Option<String>,
    /// With --transform log: added to every value before its logarithm, where some are 0.
    #[arg(long, value_name = "C")]
    pub log_offset: Option<f64>,
    /// Prior weights: the residual variance of a row is divided by this column (positive), such as the number of readings
    /// whose mean the value is. With random effects only.
    #[arg(long, value_name = "COL")]
    pub prior_weights: Option<String>,
    /// Link of binomial and cumulative models: logit, probit or cloglog. Default: logit. (Counts: log.)
    #[arg(long, value_parser = ["logit", "probit", "cloglog", "log"])]
    pub link: Option<String>,
    /// Adaptive Gauss–Hermite points per random intercept; 1 is Laplace. Default: 1; for counts 25, with two nested
    /// intercepts 15.
    #[arg(long, value_name = "N")]
    pub quadrature: Option<usize>,
    /// Questions of the linear model beyond its tables.
    #[command(flatten)]
    pub further: FurtherArgs,
}

/// What is asked of a linear mixed model beyond coefficients, LS means and tests of terms.
#[derive(Debug, Args)]
#[command(next_help_heading = "Beyond the tables")]
pub struct FurtherArgs {
    /// A linear combination of coefficients and LS means, as SAS ESTIMATE and LSMESTIMATE (repeatable; see below).
    #[arg(long, value_name = "LABEL: COMBINATION", allow_hyphen_values = true)]
    pub linear: Vec<String>,
    /// Robust covariance of the coefficients, by independent unit: classical, or corrected for few units.
    #[arg(long, value_parser = ["cr0", "cr2", "cr3"])]
    pub robust: Option<String>,
    /// Profile-likelihood intervals of standard deviations and correlations, by the likelihood of the fit.
    #[arg(long)]
    pub profile: bool,
    /// Likelihood-ratio test against another, nested model of the same rows.
    #[arg(long, value_name = "FORMULA")]
    pub compare: Option<String>,
    /// Marginal and conditional R², intraclass correlations.
    #[arg(long)]
    pub r2: bool,
    /// Correlations that the model implies within pairs, such as 'treatment|visit': rows of one unit that share the visit
    /// and differ in treatment.
    #[arg(long, value_name = "APART|SHARED")]
    pub pair: Option<String>,
    /// Residuals, Cook's distances and the change of every comparison when one unit is left out, with a summary in words.
    #[arg(long)]
    pub diagnostics: bool,
}

const MODEL_HELP: &str = "A column is numeric when every cell is a number and none has a leading zero
(007); else, or when --factor names it, it is a factor. Without --factor the levels are
in alphabetical order; the first is the reference.

Random terms: (1|g)  (1|g:h)  (1|g/h)  (1+x|g)  (0+x|g)  (x||g)
Covariances:  us(visit|id), and cs csh ar1 ar1h toep toeph ad adh;
              by group us(visit|arm/id); kron(us(knee), ar1(visit) | id);
              over actual times car1(day|id:knee), sp_exp, sp_exp_nugget

Linear combinations are written with the names of the coefficients, or with
LS means as [factor=level, …]; `= number` is what they are tested against, and
rows set apart by `;` are tested together:
  --linear 'month 6: treatmentEV + treatmentEV:visitM6'
  --linear 'mean of M3, M6: ([treatment=EV, visit=M3] + [treatment=EV, visit=M6]
            - [treatment=PLACEBO, visit=M3] - [treatment=PLACEBO, visit=M6])/2'
  --linear 'no interaction: treatmentEV:visitM3; treatmentEV:visitM6'

Examples:
  splitknee model --data knees.csv --factor treatment=PLACEBO,EV \\
    --factor visit=M1,M3,M6 \\
    --formula 'change ~ treatment*visit + base + (1|usubjid/knee)' \\
    --emmeans 'treatment|visit' --contrast treatment --anova III
  splitknee model --data knees.csv --ddf kenward-roger-linear \\
    --formula 'vas ~ treatment*visit + kron(us(treatment), ar1(visit)|usubjid)'
  splitknee model --data knees.csv --profile --r2 --pair 'treatment|visit' \\
    --formula 'vas ~ treatment*visit + (1|usubjid/knee)' \\
    --compare 'vas ~ treatment*visit + (1|usubjid)'
  splitknee model --data knees.csv --family binomial --quadrature 25 \\
    --formula 'responder ~ treatment + (1|usubjid)' --format json
  splitknee model --data knees.csv --family negative-binomial \\
    --offset 'log(days)' --formula 'painful ~ treatment + visit + (1|usubjid)'
  splitknee model --data wounds.csv --formula 'score ~ arm + (1|id)' \\
    --factor arm=A,B,C --emmeans arm --contrast arm --adjust tukey
  splitknee model --data organs.csv --transform log \\
    --formula 'signal ~ route*organ + us(organ|animal)' \\
    --emmeans 'route|organ' --contrast route --adjust mvt";

/// `splitknee gee`.
#[derive(Debug, Args)]
#[command(after_help = GEE_HELP)]
pub struct GeeArgs {
    /// Data and questions.
    #[command(flatten)]
    pub input: ModelData,
    /// Column of the patient: rows of one patient are correlated.
    #[arg(long, value_name = "COL")]
    pub id: String,
    /// Distribution of the outcome.
    #[arg(long, default_value = "binomial", value_parser = ["binomial", "gaussian", "poisson", "negative-binomial"])]
    pub family: String,
    /// Negative binomial: θ of the working variance μ + μ²/θ; default: that of the independence fit.
    #[arg(long, value_name = "THETA")]
    pub dispersion: Option<f64>,
    /// Working correlation within a patient.
    #[arg(long, default_value = "exchangeable", value_parser = ["exchangeable", "independence", "ar1"])]
    pub corstr: String,
    /// Robust standard errors: classical sandwich, or corrected for few patients.
    #[arg(long, default_value = "classical", value_parser = ["classical", "mancl-derouen"])]
    pub robust: String,
    /// Estimators of scale and correlation: of geepack, or of gee, SAS and statsmodels (liang-zeger).
    #[arg(long, default_value = "geepack", value_parser = ["geepack", "liang-zeger"])]
    pub convention: String,
    /// Degrees of freedom of p-values and limits: none (normal), or patients − coefficients (t), for few patients.
    #[arg(long, default_value = "asymptotic", value_parser = ["asymptotic", "patients"])]
    pub ddf: String,
}

const GEE_HELP: &str = "Columns become numbers or factors as in `splitknee model`.

Example:
  splitknee gee --data knees.csv --id usubjid --family binomial \\
    --factor treatment=PLACEBO,EV --formula 'responder ~ treatment' \\
    --robust mancl-derouen
  splitknee gee --data knees.csv --id usubjid --family poisson \\
    --offset 'log(days)' --formula 'painful ~ treatment + visit' \\
    --robust mancl-derouen --ddf patients --contrast treatment";
