//! `splitknee model`: one mixed model on a file, by formula.

use crate::cli::args::model::ModelArgs;
use crate::cli::error::CliError;
use crate::cli::model_figure::{self, Dot};
use crate::cli::model_input::{ModelInput, Outcome};
use crate::cli::{model_text, terminal};
use crate::model::generalised::Family;
use crate::model::generalised_report::{GeneralisedOptions, GeneralisedReport, RatioContrast, fit_generalised};
use crate::model::link::Link;
use crate::model::robust::RobustKind;
use crate::model::{
    AnovaType, ContrastRecord, Ddf, FitOptions, Formula, Information, LinearHypothesis, LsMeansSpec, Method,
    ModelReport, ReportOptions, compare, fit,
};
use crate::note;

/// Runs the command.
///
/// # Errors
/// Wrong usage, a file that cannot be read, or data that the model refuses.
pub fn run(args: &ModelArgs) -> Result<(), CliError> {
    let json = args.input.format == "json";
    match Family::from_name(&args.family) {
        None => {
            let report = linear(args)?;
            if args.input.figure.is_some() {
                let ratios = report.scale.is_some();
                let what = if ratios { "Ratio of geometric means" } else { "Difference of LS means" };
                let adjusted = report.adjust.as_ref().filter(|found| !["none", "holm"].contains(&found.method));
                let kind = adjusted.map_or(String::new(), |found| format!("simultaneous ({}) ", found.method));
                let level = terminal::number(100.0 * args.input.conf_level);
                let level = level.trim_end_matches('0').trim_end_matches('.');
                let title = format!("{what} with {kind}{level} % confidence limits");
                model_figure::write(&args.input, &dots(&report), ratios, &title)?;
            }
            if json {
                terminal::json(&report)
            } else {
                terminal::print(&model_text::linear(&report, args.input.conf_level))
            }
        }
        Some(family) => {
            let report = generalised(args, family)?;
            if args.input.figure.is_some() {
                let kind = report.contrasts.iter().find_map(|contrast| contrast.ratio_kind);
                let dots: Vec<Dot> = report.contrasts.iter().map(ratio_dot).collect();
                model_figure::write(&args.input, &dots, kind.is_some(), kind.unwrap_or("Difference of LS means"))?;
            }
            if json {
                terminal::json(&with_absent_fields(&report)?)
            } else {
                terminal::print(&model_text::generalised(&report, args.input.conf_level))
            }
        }
    }
}

/// The differences of a linear model for its figure: simultaneous limits where they are adjusted.
fn dots(report: &ModelReport) -> Vec<Dot> {
    let dot = |record: &ContrastRecord| {
        let adjusted = record.adjusted.and_then(|found| found.conf_low_adjusted.zip(found.conf_high_adjusted));
        let limits = match adjusted {
            Some((low, high)) => [Some(low), Some(high)],
            None => [record.conf_low, record.conf_high],
        };
        let values = [record.estimate, limits[0], limits[1]];
        let (values, contrast) = match record.geometric {
            Some(_) => (values.map(|value| value.map(f64::exp)), record.contrast.replace(" - ", " / ")),
            None => (values, record.contrast.clone()),
        };
        Dot { cell: model_text::cell(record), contrast, values }
    };
    report.contrasts.iter().map(dot).collect()
}

/// The same of a contrast that is a ratio, or a difference on a scale without one.
pub(super) fn ratio_dot(contrast: &RatioContrast) -> Dot {
    let record = &contrast.difference;
    let (low, high) = match contrast.ratio_low_adjusted.zip(contrast.ratio_high_adjusted) {
        Some((low, high)) => (Some(low), Some(high)),
        None => (contrast.ratio_low, contrast.ratio_high),
    };
    let values = match contrast.ratio_kind {
        Some(_) => [contrast.ratio, low, high],
        None => [record.estimate, record.conf_low, record.conf_high],
    };
    let contrast = match contrast.ratio_kind {
        Some(_) => record.contrast.replace(" - ", " / "),
        None => record.contrast.clone(),
    };
    Dot { cell: model_text::cell(record), contrast, values }
}

/// The normal model.
fn linear(args: &ModelArgs) -> Result<ModelReport, CliError> {
    if args.link.is_some() || args.quadrature.is_some() {
        let message = "--link and --quadrature belong to --family binomial, cumulative, poisson or negative-binomial";
        return Err(CliError::Usage(message.to_owned()));
    }
    if args.input.offset.is_some() {
        let message = "--offset belongs to --family poisson or negative-binomial";
        return Err(CliError::Usage(message.to_owned()));
    }
    let logarithm = args.transform.is_some();
    // R's `log(y) ~ …` is fitted as it is written; what the numbers are is said.
    let outcome = args.input.formula.split('~').next().unwrap_or_default().trim();
    if let Some(of) = outcome.strip_prefix("log(").and_then(|rest| rest.strip_suffix(')')) {
        terminal::say(&format!(
            "note: means and differences are of the logarithm {outcome}; with `--transform log` and the formula `{of} ~ …` they are \
             carried back as geometric means and ratios"
        ));
    }
    if args.log_offset.is_some() && !logarithm {
        return Err(CliError::Usage("--log-offset belongs to --transform log".to_owned()));
    }
    let method = if args.ml { Method::Ml } else { Method::Reml };
    let further = &args.further;
    let robust = further.robust.as_deref().and_then(RobustKind::from_name);
    // Kenward & Roger correct the model's own covariance for variances estimated by REML.
    let default = if args.ml || robust.is_some() { Ddf::Satterthwaite } else { Ddf::KenwardRoger };
    let ddf = args.ddf.as_deref().and_then(Ddf::from_name).unwrap_or(default);
    if matches!(ddf, Ddf::KenwardRoger | Ddf::KenwardRogerLinear) {
        if args.ml {
            let reason = "it corrects for variances estimated by REML; use --ddf satterthwaite";
            return Err(CliError::Usage(format!("--ddf {} does not go with --ml: {reason}", ddf.name())));
        }
        if let Some(kind) = robust {
            let reason = "it corrects the covariance that the model implies; use --ddf satterthwaite";
            let (ddf, kind) = (ddf.name(), kind.name());
            return Err(CliError::Usage(format!("--ddf {ddf} does not go with --robust {kind}: {reason}")));
        }
    }
    if robust.is_some() && args.anova.is_some() {
        let reason = "F tests of several coefficients have no agreed degrees of freedom with a robust covariance";
        return Err(CliError::Usage(format!("--anova does not go with --robust: {reason}")));
    }
    let information =
        if args.information.as_deref() == Some("expected") { Information::Expected } else { Information::Observed };
    let other = further.compare.as_deref().map(Formula::parse).transpose()?;
    let pair = further.pair.as_deref().map(pair_of).transpose()?;
    let mut columns = other.as_ref().map_or_else(Vec::new, Formula::columns);
    columns.extend(args.prior_weights.clone());
    columns.extend(pair.iter().flat_map(|pair| pair.factors.iter().chain(&pair.by).cloned()));
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut input = ModelInput::read(&args.input, None, &columns, Outcome::Numbers)?;
    if logarithm {
        input.take_logarithm(args.log_offset.unwrap_or(0.0))?;
    }
    if let Some(column) = &args.prior_weights {
        input.weigh(column)?;
    }
    let fit_options = FitOptions { method, ..FitOptions::default() };
    let fitted = fit(&input.table, &input.formula, &fit_options)?;
    let weights = input.weights;
    let linear = further.linear.iter().map(|text| LinearHypothesis::parse(text, &fitted, weights));
    let options = ReportOptions {
        ddf,
        information,
        conf_level: args.input.conf_level,
        emmeans: input.emmeans,
        contrasts: input.contrasts,
        anova: args.anova.as_deref().and_then(AnovaType::from_name),
        robust,
        linear: linear.collect::<Result<_, _>>()?,
        profile: further.profile,
        r_squared: further.r2,
        pairs: match &pair {
            Some(pair) => Some((input.table.combined(&pair.factors)?, input.table.combined(&pair.by)?)),
            None => None,
        },
        diagnostics: further.diagnostics,
        adjust: input.adjust,
        log_outcome: logarithm,
    };
    let mut report = fitted.report(&options)?;
    if let Some(added) = args.log_offset {
        report.notes.push(note!(log_added, name = &input.formula.response.name, added = added));
    }
    if let Some(column) = &args.prior_weights {
        report.notes.push(note!(prior_weights, column = column));
    }
    if let Some(mut other) = other {
        other.prior_weights.clone_from(&args.prior_weights);
        report.comparison = Some(compare(&fitted, &fit(&input.table, &other, &fit_options)?)?);
    }
    Ok(report)
}

/// `treatment|visit`: rows that differ in the first and share the second.
fn pair_of(text: &str) -> Result<LsMeansSpec, CliError> {
    let pair = LsMeansSpec::parse(text);
    if pair.factors.is_empty() {
        return Err(CliError::Usage(format!("--pair '{text}': write APART|SHARED, for instance 'treatment|visit'")));
    }
    Ok(pair)
}

/// The binomial, cumulative or count model, with or without random intercepts.
fn generalised(args: &ModelArgs, family: Family) -> Result<GeneralisedReport, CliError> {
    let further = &args.further;
    let linear_only = [
        ("--transform", args.transform.is_some()),
        ("--log-offset", args.log_offset.is_some()),
        ("--prior-weights", args.prior_weights.is_some()),
        ("--ddf", args.ddf.as_deref().is_some_and(|ddf| ddf != "asymptotic")),
        ("--information", args.information.is_some()),
        ("--anova", args.anova.is_some()),
        ("--robust", further.robust.is_some()),
        ("--linear", !further.linear.is_empty()),
        ("--profile", further.profile),
        ("--compare", further.compare.is_some()),
        ("--r2", further.r2),
        ("--pair", further.pair.is_some()),
        ("--diagnostics", further.diagnostics),
    ];
    if let Some((flag, _)) = linear_only.iter().find(|(_, given)| *given) {
        let reason = "it belongs to linear models; the tests of this family are asymptotic Wald tests";
        return Err(CliError::Usage(format!("{flag} is not an option of --family {}: {reason}", args.family)));
    }
    let intercepts = Formula::parse(&args.input.formula)?.random.len();
    if family.is_count() && intercepts > 2 {
        let message = "counts take two nested random intercepts at most, such as (1|usubjid/knee): quadrature over more is \
                       not offered";
        return Err(CliError::Usage(message.to_owned()));
    }
    let nested = intercepts > 1;
    let default = match (family.is_count(), nested) {
        (false, _) => 1,
        (true, false) => 25,
        (true, true) => 15,
    };
    let quadrature = args.quadrature.unwrap_or(default);
    if quadrature == 0 {
        return Err(CliError::Usage("--quadrature: at least 1 point (Laplace)".to_owned()));
    }
    let canonical = GeneralisedOptions::new(family).link;
    let link = args.link.as_deref().and_then(Link::from_name).unwrap_or(canonical);
    if family.is_count() != (link == Link::Log) {
        let (link, family) = (link.name(), family.name());
        return Err(CliError::Usage(format!("--link {link} does not go with --family {family}")));
    }
    if args.input.offset.is_some() && !family.is_count() {
        return Err(CliError::Usage("--offset belongs to --family poisson or negative-binomial".to_owned()));
    }
    let outcome = if family.is_count() { Outcome::Numbers } else { Outcome::Either };
    let input = ModelInput::read(&args.input, None, &[], outcome)?;
    if family.is_count() {
        input.counts()?;
    }
    let options = GeneralisedOptions {
        family,
        link,
        adjust: input.adjust,
        offset: input.offset.clone(),
        quadrature,
        conf_level: args.input.conf_level,
        emmeans: input.emmeans,
        contrasts: input.contrasts,
    };
    Ok(fit_generalised(&input.table, &input.formula, &options)?.report()?)
}

/// The report with the fields of the linear model that have no counterpart here, as absent.
fn with_absent_fields(report: &GeneralisedReport) -> Result<serde_json::Value, CliError> {
    let mut value = serde_json::to_value(report).map_err(|error| CliError::Output(error.to_string()))?;
    if let Some(fields) = value.as_object_mut() {
        fields.insert("covariance".to_owned(), serde_json::Value::Null);
        fields.insert("anova".to_owned(), serde_json::Value::Array(Vec::new()));
    }
    Ok(value)
}
