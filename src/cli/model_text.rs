//! The reports of models as text for people: short tables that fit 80 columns.

use super::model_further;
use super::terminal::{columns, number, optional, p_value, significant};
use crate::model::adjust::AdjustmentRecord;
use crate::model::gee_report::GeeReport;
use crate::model::generalised_report::{GeneralisedReport, RatioContrast};
use crate::model::{AnovaRecord, ContrastRecord, LsMeanRecord, ModelReport, TTest};

/// A linear mixed model.
pub fn linear(report: &ModelReport, conf_level: f64) -> String {
    let mut text = format!("{}\n", report.formula);
    text.push_str(&format!(
        "{}; {} degrees of freedom, {} information\n",
        report.method, report.ddf, report.information
    ));
    text.push_str(&counted(report.n_obs, report.n_dropped, report.n_patients));
    for (group, n) in &report.n_groups {
        text.push_str(&format!("; {group}: {n}"));
    }
    text.push_str(&format!(
        "\nlog-likelihood {}, deviance {}, AIC {}, BIC {}\n",
        significant(report.log_lik, 9),
        significant(report.deviance, 9),
        significant(report.aic, 9),
        significant(report.bic, 9)
    ));
    let rows: Vec<Vec<String>> =
        report.coefficients.iter().map(|c| test_row(vec![c.term.clone()], Some(&c.test))).collect();
    let robust = report.robust.map_or_else(String::new, |kind| format!(" ({} covariance)", kind.to_uppercase()));
    heading(&mut text, &format!("Coefficients{robust}"));
    text.push_str(&test_table(&["Term"], &rows, conf_level));
    over_time(&mut text, report);
    heading(&mut text, "Variance components");
    let rows: Vec<Vec<String>> = report
        .variance_components
        .iter()
        .map(|c| {
            let term = c.term.clone().unwrap_or_default();
            vec![c.group.clone(), term, number(c.variance), number(c.std_dev), optional(c.corr)]
        })
        .collect();
    text.push_str(&columns(&["Group", "Term", "Variance", "SD", "Correlation"], &rows));
    correlations(&mut text, report);
    anova(&mut text, &report.anova);
    means(&mut text, &report.emmeans, conf_level);
    if !report.contrasts.is_empty() {
        heading(&mut text, "Differences of LS means");
        let rows: Vec<Vec<String>> = report.contrasts.iter().map(contrast_row).collect();
        text.push_str(&test_table(&["Contrast"], &rows, conf_level));
        adjusted(&mut text, report.adjust.as_ref(), report.contrasts.iter(), conf_level);
        geometric(&mut text, report, conf_level);
    }
    text.push_str(&model_further::text(report, conf_level));
    text.push_str(&format!("\n{}\n", report.certificate.words()));
    notes(&mut text, &report.notes);
    text
}

/// The correlations between the cells of a structure; of many cells they stay in the JSON.
fn correlations(text: &mut String, report: &ModelReport) {
    const MOST: usize = 8;
    for named in report.covariance.iter().chain(&report.covariance_by_group) {
        let (levels, matrix) = (&named.levels, &named.matrix);
        if !(2..=MOST).contains(&levels.len()) {
            continue;
        }
        let at = |row: usize, column: usize| matrix.get(row).and_then(|row| row.get(column)).copied();
        let correlation = |row: usize, column: usize| {
            let scale = at(row, row).zip(at(column, column)).map(|(a, b)| (a * b).sqrt()).filter(|scale| *scale > 0.0);
            at(row, column).zip(scale).map(|(covariance, scale)| covariance / scale)
        };
        let group = named.group.as_ref().map_or_else(String::new, |group| format!(", {group}"));
        heading(text, &format!("Correlations of one independent unit{group}"));
        let rows: Vec<Vec<String>> = (1..levels.len())
            .map(|row| {
                let cells = (0..levels.len() - 1)
                    .map(|column| if column < row { optional(correlation(row, column)) } else { String::new() });
                std::iter::once(levels[row].clone()).chain(cells).collect()
            })
            .collect();
        let header: Vec<&str> =
            std::iter::once("").chain(levels.iter().take(levels.len() - 1).map(String::as_str)).collect();
        text.push_str(&columns(&header, &rows));
    }
}

/// The decay of a structure over actual times, which no variance component shows.
fn over_time(text: &mut String, report: &ModelReport) {
    let named =
        |name: &str| ["phi", "range"].iter().any(|known| name == *known || name.starts_with(&format!("{known} (")));
    let rows: Vec<Vec<String>> = report
        .covariance_parameters
        .iter()
        .filter(|parameter| named(&parameter.name))
        .map(|parameter| vec![parameter.name.clone(), number(parameter.estimate)])
        .collect();
    if !rows.is_empty() {
        heading(text, "Correlation over time (phi: of values one unit apart)");
        text.push_str(&columns(&["Parameter", "Estimate"], &rows));
    }
}

/// The contrasts adjusted for each other.
fn adjusted<'a>(
    text: &mut String,
    adjustment: Option<&AdjustmentRecord>,
    contrasts: impl Iterator<Item = &'a ContrastRecord>,
    conf_level: f64,
) {
    let Some(adjustment) = adjustment else { return };
    let against = adjustment.reference.as_ref().map_or_else(String::new, |level| format!(", against {level}"));
    heading(text, &format!("Differences adjusted within each cell ({}{against})", adjustment.method));
    let rows: Vec<Vec<String>> = contrasts
        .filter_map(|contrast| {
            let found = contrast.adjusted?;
            let interval = limits(found.conf_low_adjusted, found.conf_high_adjusted);
            let critical = optional(found.critical);
            Some(vec![labelled(&contrast.contrast, contrast), p_value(found.p_adjusted), critical, interval])
        })
        .collect();
    let interval = format!("simultaneous {}", interval_title(conf_level));
    text.push_str(&columns(&["Contrast", "adjusted p", "critical", &interval], &rows));
}

/// Geometric means and their ratios, where the outcome is a logarithm.
fn geometric(text: &mut String, report: &ModelReport, conf_level: f64) {
    if report.scale.is_none() {
        return;
    }
    heading(text, "Ratios of geometric means");
    let rows: Vec<Vec<String>> = report
        .contrasts
        .iter()
        .filter_map(|contrast| {
            let ratio = contrast.geometric?;
            let (p, adjusted) = (contrast.p_value, contrast.adjusted.and_then(|a| a.p_adjusted));
            let interval = limits(ratio.ratio_low, ratio.ratio_high);
            Some(vec![labelled(&contrast.contrast, contrast), optional(ratio.ratio), interval, p_value(adjusted.or(p))])
        })
        .collect();
    let p = if report.adjust.is_some() { "adjusted p" } else { "p" };
    text.push_str(&columns(&["Contrast", "Ratio", &interval_title(conf_level), p], &rows));
}

/// A binomial, cumulative or count model.
pub fn generalised(report: &GeneralisedReport, conf_level: f64) -> String {
    let integration = report.integration.as_ref().map_or_else(String::new, |how| format!("; {how}"));
    let mut text = format!("{}\n", report.formula);
    text.push_str(&format!("{}, {} link, ML{integration}; models {}\n", report.family, report.link, report.modelled));
    text.push_str(&counted(report.n_obs, report.n_dropped, report.n_patients));
    for (group, n) in &report.n_groups {
        text.push_str(&format!("; {group}: {n}"));
    }
    text.push_str(&format!(
        "\nlog-likelihood {}, deviance {}, AIC {}, BIC {}\n",
        significant(report.log_lik, 9),
        significant(report.deviance, 9),
        significant(report.aic, 9),
        significant(report.bic, 9)
    ));
    heading(&mut text, "Coefficients");
    let rows: Vec<Vec<String>> = report
        .coefficients
        .iter()
        .map(|c| {
            let interval = limits(Some(c.conf_low), Some(c.conf_high));
            let (z, p) = (optional(c.statistic), p_value(c.p_value));
            vec![c.term.clone(), number(c.estimate), number(c.std_error), z, p, interval]
        })
        .collect();
    text.push_str(&columns(&["Term", "Estimate", "SE", "z", "p", &interval_title(conf_level)], &rows));
    if let Some(theta) = report.dispersion {
        text.push_str(&format!("\ndispersion: variance μ + μ²/θ, θ = {}\n", number(theta)));
    }
    if !report.variance_components.is_empty() {
        heading(&mut text, "Random intercepts");
        let rows: Vec<Vec<String>> = report
            .variance_components
            .iter()
            .map(|c| vec![c.group.clone(), number(c.variance), number(c.std_dev), optional(c.icc)])
            .collect();
        text.push_str(&columns(&["Group", "Variance", "SD", "Latent ICC"], &rows));
    }
    means(&mut text, &report.emmeans, conf_level);
    ratios(&mut text, &report.contrasts, conf_level);
    adjusted(&mut text, report.adjust.as_ref(), report.contrasts.iter().map(|c| &c.difference), conf_level);
    text.push_str(&format!(
        "\n{} after {} Newton steps: the largest gradient is {:.1e}, the log-likelihood could rise by at most {:.1e}.\n",
        if report.converged { "The maximum was reached" } else { "The maximum was NOT reached" },
        report.iterations,
        report.gradient_max,
        report.newton_decrement.max(0.0)
    ));
    notes(&mut text, &report.notes);
    text
}

/// Generalised estimating equations.
pub fn gee(report: &GeeReport, conf_level: f64) -> String {
    let mut text = format!("{}\n", report.formula);
    let alpha = report.alpha.map_or_else(String::new, |alpha| format!(" ({})", number(alpha)));
    text.push_str(&format!(
        "GEE, {}; {} working correlation{alpha} within {}; scale {}; {} standard errors\n",
        report.family,
        report.corstr,
        report.id,
        number(report.scale),
        report.robust
    ));
    text.push_str(&counted(report.n_obs, report.n_dropped, report.n_patients));
    text.push('\n');
    heading(&mut text, "Coefficients");
    let rows: Vec<Vec<String>> = report
        .coefficients
        .iter()
        .map(|c| {
            let interval = limits(Some(c.conf_low), Some(c.conf_high));
            let errors = [number(c.std_error), number(c.std_error_naive)];
            let [robust, naive] = errors;
            vec![c.term.clone(), number(c.estimate), robust, naive, p_value(c.p_value), interval]
        })
        .collect();
    text.push_str(&columns(&["Term", "Estimate", "Robust SE", "Naive SE", "p", &interval_title(conf_level)], &rows));
    means(&mut text, &report.emmeans, conf_level);
    ratios(&mut text, &report.contrasts, conf_level);
    adjusted(&mut text, report.adjust.as_ref(), report.contrasts.iter().map(|c| &c.difference), conf_level);
    notes(&mut text, &report.notes);
    text
}

fn counted(n_obs: usize, n_dropped: usize, n_patients: usize) -> String {
    let dropped =
        if n_dropped > 0 { format!(" ({n_dropped} rows left out: a value is missing)") } else { String::new() };
    format!("{n_obs} observations{dropped}; {n_patients} independent units")
}

pub(super) fn heading(text: &mut String, title: &str) {
    text.push_str(&format!("\n{title}\n"));
}

pub(super) fn interval_title(conf_level: f64) -> String {
    format!("{}% CI", number(100.0 * conf_level).trim_end_matches('0').trim_end_matches('.'))
}

pub(super) fn limits(low: Option<f64>, high: Option<f64>) -> String {
    match (low, high) {
        (Some(low), Some(high)) => format!("{} to {}", significant(low, 4), significant(high, 4)),
        _ => "–".to_owned(),
    }
}

/// `labels`, estimate, SE, df, t, p and interval.
fn test_row(labels: Vec<String>, test: Option<&TTest>) -> Vec<String> {
    let mut row = labels;
    match test {
        None => row.extend(std::iter::repeat_n("–".to_owned(), 6)),
        Some(test) => row.extend([
            number(test.estimate),
            number(test.std_error),
            test.df.map_or_else(|| "∞".to_owned(), short_df),
            test.statistic.map_or_else(|| "–".to_owned(), |t| crate::table::rounding::fixed(t, 2)),
            p_value(test.p_value),
            limits(test.conf_low, test.conf_high),
        ]),
    }
    row
}

pub(super) fn short_df(df: f64) -> String {
    crate::table::rounding::fixed(df, 1)
}

fn contrast_row(contrast: &ContrastRecord) -> Vec<String> {
    let test = contrast.estimate.zip(contrast.std_error).map(|(estimate, std_error)| TTest {
        estimate,
        std_error,
        df: contrast.df,
        statistic: contrast.statistic,
        p_value: contrast.p_value,
        conf_low: contrast.conf_low,
        conf_high: contrast.conf_high,
    });
    test_row(vec![labelled(&contrast.contrast, contrast)], test.as_ref())
}

/// The levels of the BY cell, joined.
pub(super) fn cell(contrast: &ContrastRecord) -> String {
    contrast.levels.0.iter().map(|(_, level)| level.as_str()).collect::<Vec<_>>().join(", ")
}

/// `EV - PLACEBO, M1`.
fn labelled(name: &str, contrast: &ContrastRecord) -> String {
    let levels = contrast.levels.0.iter().map(|(_, level)| level.as_str());
    std::iter::once(name).chain(levels).collect::<Vec<_>>().join(", ")
}

fn test_table(labels: &[&str], rows: &[Vec<String>], conf_level: f64) -> String {
    let interval = interval_title(conf_level);
    let header: Vec<&str> = labels.iter().copied().chain(["Estimate", "SE", "df", "t", "p", &interval]).collect();
    columns(&header, rows)
}

fn anova(text: &mut String, rows: &[AnovaRecord]) {
    if rows.is_empty() {
        return;
    }
    heading(text, "Tests of terms");
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let df = row.num_df.map_or_else(|| "–".to_owned(), |df| df.to_string());
            let den = row.den_df.map_or_else(|| "–".to_owned(), short_df);
            vec![row.term.clone(), df, den, optional(row.statistic), p_value(row.p_value)]
        })
        .collect();
    text.push_str(&columns(&["Term", "df", "Denominator df", "F", "p"], &rows));
}

fn means(text: &mut String, means: &[LsMeanRecord], conf_level: f64) {
    if means.is_empty() {
        return;
    }
    heading(text, "LS means");
    let rows: Vec<Vec<String>> = means
        .iter()
        .map(|mean| {
            let name: Vec<&str> = mean.levels.0.iter().map(|(_, level)| level.as_str()).collect();
            let without = if mean.estimate.is_some() { "∞" } else { "–" };
            let df = mean.df.map_or_else(|| without.to_owned(), short_df);
            let interval = limits(mean.conf_low, mean.conf_high);
            vec![name.join(", "), optional(mean.estimate), optional(mean.std_error), df, interval]
        })
        .collect();
    text.push_str(&columns(&["Levels", "Mean", "SE", "df", &interval_title(conf_level)], &rows));
    let rows: Vec<Vec<String>> = means
        .iter()
        .filter_map(|mean| {
            let found = mean.geometric?;
            let name: Vec<&str> = mean.levels.0.iter().map(|(_, level)| level.as_str()).collect();
            let interval = limits(found.geometric_mean_low, found.geometric_mean_high);
            Some(vec![name.join(", "), optional(found.geometric_mean), interval])
        })
        .collect();
    if !rows.is_empty() {
        heading(text, "Geometric means");
        text.push_str(&columns(&["Levels", "Geometric mean", &interval_title(conf_level)], &rows));
    }
}

fn ratios(text: &mut String, contrasts: &[RatioContrast], conf_level: f64) {
    if contrasts.is_empty() {
        return;
    }
    heading(text, "Differences of LS means");
    let kind = contrasts.iter().find_map(|contrast| contrast.ratio_kind).unwrap_or("ratio");
    let rows: Vec<Vec<String>> = contrasts
        .iter()
        .map(|contrast| {
            let difference = &contrast.difference;
            vec![
                labelled(&difference.contrast, difference),
                optional(difference.estimate),
                optional(difference.std_error),
                p_value(difference.p_value),
                optional(contrast.ratio),
                limits(contrast.ratio_low, contrast.ratio_high),
            ]
        })
        .collect();
    text.push_str(&columns(&["Contrast", "Estimate", "SE", "p", kind, &interval_title(conf_level)], &rows));
}

fn notes(text: &mut String, notes: &[crate::note::Note]) {
    for note in notes {
        text.push_str(&format!("note: {note}\n"));
    }
}
