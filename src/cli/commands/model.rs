//! `splitknee model`: one mixed model on a file, by formula.

use crate::cli::args::model::ModelArgs;
use crate::cli::error::CliError;
use crate::cli::model_input::ModelInput;
use crate::cli::{model_text, terminal};
use crate::model::generalised::Family;
use crate::model::generalised_report::{GeneralisedOptions, GeneralisedReport, fit_generalised};
use crate::model::link::Link;
use crate::model::{AnovaType, Ddf, FitOptions, Information, Method, ModelReport, ReportOptions, fit};

/// Runs the command.
///
/// # Errors
/// Wrong usage, a file that cannot be read, or data that the model refuses.
pub fn run(args: &ModelArgs) -> Result<(), CliError> {
    let json = args.input.format == "json";
    match Family::from_name(&args.family) {
        None => {
            let report = linear(args)?;
            if json {
                terminal::json(&report)
            } else {
                terminal::print(&model_text::linear(&report, args.input.conf_level))
            }
        }
        Some(family) => {
            let report = generalised(args, family)?;
            if json {
                terminal::json(&with_absent_fields(&report)?)
            } else {
                terminal::print(&model_text::generalised(&report, args.input.conf_level))
            }
        }
    }
}

/// The normal model.
fn linear(args: &ModelArgs) -> Result<ModelReport, CliError> {
    if args.link.is_some() || args.quadrature.is_some() {
        return Err(CliError::Usage("--link and --quadrature belong to --family binomial or cumulative".to_owned()));
    }
    let method = if args.ml { Method::Ml } else { Method::Reml };
    let default = if args.ml { Ddf::Satterthwaite } else { Ddf::KenwardRoger };
    let ddf = args.ddf.as_deref().and_then(Ddf::from_name).unwrap_or(default);
    if args.ml && matches!(ddf, Ddf::KenwardRoger | Ddf::KenwardRogerLinear) {
        let reason = "it corrects for variances estimated by REML; use --ddf satterthwaite";
        return Err(CliError::Usage(format!("--ddf {} does not go with --ml: {reason}", ddf.name())));
    }
    let information =
        if args.information.as_deref() == Some("expected") { Information::Expected } else { Information::Observed };
    let input = ModelInput::read(&args.input, &[])?;
    let fitted = fit(&input.table, &input.formula, &FitOptions { method, ..FitOptions::default() })?;
    let options = ReportOptions {
        ddf,
        information,
        conf_level: args.input.conf_level,
        emmeans: input.emmeans,
        contrasts: input.contrasts,
        anova: args.anova.as_deref().and_then(AnovaType::from_name),
    };
    Ok(fitted.report(&options)?)
}

/// The binomial or cumulative model, with or without random intercepts.
fn generalised(args: &ModelArgs, family: Family) -> Result<GeneralisedReport, CliError> {
    let linear_only = [
        ("--ddf", args.ddf.as_deref().is_some_and(|ddf| ddf != "asymptotic")),
        ("--information", args.information.is_some()),
        ("--anova", args.anova.is_some()),
    ];
    if let Some((flag, _)) = linear_only.iter().find(|(_, given)| *given) {
        let reason = "its tests are asymptotic Wald tests";
        return Err(CliError::Usage(format!("{flag} is not an option of --family {}: {reason}", args.family)));
    }
    let quadrature = args.quadrature.unwrap_or(1);
    if quadrature == 0 {
        return Err(CliError::Usage("--quadrature: at least 1 point (Laplace)".to_owned()));
    }
    let link = args.link.as_deref().and_then(Link::from_name).unwrap_or(Link::Logit);
    let input = ModelInput::read(&args.input, &[])?;
    let options = GeneralisedOptions {
        family,
        link,
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
