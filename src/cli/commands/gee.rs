//! `splitknee gee`: one marginal model by generalised estimating equations.

use super::model::ratio_dot;
use crate::cli::args::model::GeeArgs;
use crate::cli::error::CliError;
use crate::cli::model_figure::{self, Dot};
use crate::cli::model_input::{ModelInput, Outcome};
use crate::cli::{model_text, terminal};
use crate::model::gee::{GeeConvention, GeeCovariance, GeeFamily, GeeOptions, WorkingCorrelation};
use crate::model::gee_report::{GeeComparisons, gee};

/// Runs the command.
///
/// # Errors
/// Wrong usage, a file that cannot be read, or data that the model refuses.
pub fn run(args: &GeeArgs) -> Result<(), CliError> {
    let family = GeeFamily::from_name(&args.family).unwrap_or(GeeFamily::Binomial);
    if args.input.offset.is_some() && !family.is_count() {
        return Err(CliError::Usage("--offset belongs to --family poisson or negative-binomial".to_owned()));
    }
    if args.dispersion.is_some() && family != GeeFamily::NegativeBinomial {
        return Err(CliError::Usage("--dispersion belongs to --family negative-binomial".to_owned()));
    }
    let options = GeeOptions {
        correlation: WorkingCorrelation::from_name(&args.corstr).unwrap_or_default(),
        covariance: GeeCovariance::from_name(&args.robust).unwrap_or_default(),
        convention: match args.convention.as_str() {
            "liang-zeger" => GeeConvention::LiangZeger,
            _ => GeeConvention::Geepack,
        },
        conf_level: args.input.conf_level,
        dispersion: args.dispersion,
        ..GeeOptions::new(family)
    };
    let outcome = if family == GeeFamily::Binomial { Outcome::Either } else { Outcome::Numbers };
    let input = ModelInput::read(&args.input, Some(&args.id), &[], outcome)?;
    if family.is_count() {
        input.counts()?;
    }
    let comparisons = GeeComparisons {
        emmeans: input.emmeans,
        contrasts: input.contrasts,
        adjust: input.adjust,
        offset: input.offset,
        by_t: args.ddf == "patients",
    };
    let report = gee(&input.table, &input.formula, &args.id, &options, &comparisons)?;
    if args.input.figure.is_some() {
        let kind = report.contrasts.iter().find_map(|contrast| contrast.ratio_kind);
        let dots: Vec<Dot> = report.contrasts.iter().map(ratio_dot).collect();
        model_figure::write(&args.input, &dots, kind.is_some(), kind.unwrap_or("Difference of LS means"))?;
    }
    if args.input.format == "json" {
        terminal::json(&report)
    } else {
        terminal::print(&model_text::gee(&report, args.input.conf_level))
    }
}
