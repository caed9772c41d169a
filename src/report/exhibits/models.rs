//! The mixed models behind the comparisons: LS means with their contrast, covariance and diagnostics, residuals.

use super::figures::{heading, ids, unless_empty};
use super::shown::Shown;
use super::tables::{LIMITS, difference_note, model_notes, ratio_error, records_of};
use super::{Material, json};
use crate::analysis::FitSummary;
use crate::figure::{Figure, FigureError, Style, residuals};
use crate::report::compose::primary_visit;
use crate::report::words::Words;
use crate::table::{Align, Cell, ResultTable, rounding};
use splitknee_stats::note;

/// The model that decides `endpoint`, where one does.
pub fn fit<'a>(material: &Material<'a>, endpoint: usize) -> Option<&'a FitSummary> {
    material.fits().find(|fit| fit.endpoint == endpoint)
}

/// The LS means of every arm and visit, with active − placebo; `None` where the deciding method has no LS means.
pub fn ls_means(material: &Material, endpoint: usize, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let fit = fit(material, endpoint)?;
    let name = material.outcome(endpoint);
    let means = material.geometric_means(endpoint);
    let key = if about.logarithm.is_some() { "table.ls_geometric_means" } else { "table.ls_means" };
    let title = words.say(key, &[("endpoint", &name), ("means", &means)]);
    let id = format!("t-{}-{}-ls-means", number.replace('.', "-"), material.key(endpoint));
    let mut table = ResultTable::new(&id, number, title, material.population());
    let headers = ["estimate", "ci", "p", "se", "df"].map(|key| words.get(&format!("table.{key}")));
    table.headers(words.get("table.arm"), headers);
    let arms = &material.trial.design.arms;
    let order = [&arms.active, &arms.placebo].into_iter().chain(&arms.other);
    let d = about.decimals + 1;
    let mut weights = None;
    for visit in material.trial.design.follow_up(about) {
        let means: Vec<_> = records_of(material, endpoint, visit, "ls-mean").collect();
        let means: Vec<_> = means.into_iter().filter(|record| json(record, "model") == fit.method).collect();
        let Some(contrast) = material.outcomes.comparison(endpoint, visit, fit.method).filter(|_| !means.is_empty())
        else {
            continue;
        };
        table.group(material.visit(visit).to_owned());
        let mut add = |label: String, record: &crate::analysis::Record| {
            let result = &record.result;
            let p = if record.arm.is_some() { Cell::Empty } else { Cell::PValue(result.p_value) };
            let shown = Shown::of(material, record);
            let ([estimate, error, limits], fields) = if record.arm.is_none() {
                ([shown.estimate(), shown.error(), shown.interval()], shown.fields())
            } else if about.logarithm.is_some() {
                // A geometric mean has no standard error that its limits come from.
                let of = |name: &str| result.number(name);
                let limits = Cell::Interval(of("geometric_mean_low"), of("geometric_mean_high"), d);
                let fields = ["geometric_mean", "", "geometric_mean_low geometric_mean_high"];
                ([Cell::Number(of("geometric_mean"), d), Cell::Empty, limits], fields)
            } else {
                let limits = Cell::Interval(result.conf_low, result.conf_high, d);
                let cells = [Cell::Number(result.estimate, d), Cell::Number(result.std_error, d + 1), limits];
                (cells, ["estimate", "std_error", LIMITS])
            };
            let cells = vec![estimate, limits, p, error, Cell::Number(result.df, 1)];
            table.row(label, 1, cells, vec![record.id.clone()]);
            table.named([fields[0], fields[2], "p_value", fields[1], "df"]);
        };
        for arm in order.clone() {
            if let Some(mean) = means.iter().find(|record| record.arm.as_ref() == Some(arm)) {
                weights = json(mean, "weights").as_str().map(str::to_owned);
                add(arm.clone(), mean);
            }
        }
        add(material.contrast_of(endpoint), contrast);
    }
    table.footnotes.push(difference_note(material, endpoint));
    table.footnotes.extend(ratio_error(material, endpoint));
    if let Some(weights) = weights {
        table.footnotes.push(words.get(&format!("footnote.ls_means_{weights}")));
    }
    table.footnotes.extend(model_notes(material, fit));
    (!table.rows.is_empty()).then_some(table)
}

/// The LS means of active and placebo at `visit` from the model that decides; `None` where no model does.
pub fn means_at<'a>(
    material: &Material<'a>,
    endpoint: usize,
    visit: usize,
) -> Option<[&'a crate::analysis::Record; 2]> {
    let fit = fit(material, endpoint)?;
    let arms = &material.trial.design.arms;
    let of = |arm: &String| {
        let mut means = records_of(material, endpoint, visit, "ls-mean");
        means.find(|record| json(record, "model") == fit.method && record.arm.as_ref() == Some(arm))
    };
    Some([of(&arms.active)?, of(&arms.placebo)?])
}

/// Whether the deciding model of `endpoint` has the baseline of the knee in it.
pub fn baseline_adjusted(material: &Material, endpoint: usize) -> bool {
    fit(material, endpoint).is_some_and(|fit| fit.formula.contains("base") || fit.method == "clda")
}

/// The covariance of the model of `endpoint`, what it implies about the knees, and its diagnostics.
pub fn detail(material: &Material, endpoint: usize, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let fit = fit(material, endpoint)?;
    let title = words.say("table.model", &[("endpoint", &material.name_with_unit(endpoint))]);
    let id = format!("t-{}-{}-model", number.replace('.', "-"), material.key(endpoint));
    let mut table = ResultTable::new(&id, number, title, material.population());
    table.headers(words.get("model.item"), [words.get("model.value")]);
    let ids = vec![record_id(material, fit)];
    let logarithm = about.logarithm.is_some();
    // SDs of logarithms are small numbers; a ratio has two decimals.
    let d = if logarithm { 2 } else { about.decimals };
    let carried = |value: f64| if logarithm { value.exp() } else { value };
    // The last argument names the field of the record; where it is empty the value says which.
    let mut add = |label: String, cell: Cell, field: String| {
        table.row(label, 0, vec![cell], ids.clone());
        table.named([field]);
    };
    let name = |key: &str| words.get(&format!("model.{key}"));
    let of = str::to_owned;
    add(name("structure"), Cell::Text(words.name("structure", fit.structure)), String::new());
    add(name("log_lik"), Cell::Number(Some(fit.log_lik), 2), of("log_lik"));
    for (at, component) in fit.variance_components.iter().enumerate() {
        let group = words.name("component", &component.group);
        let label = match component.term.as_deref().filter(|term| *term != "(Intercept)") {
            Some(term) => format!("{group}, {term}"),
            None => group,
        };
        add(
            words.say("model.sd", &[("component", &label)]),
            Cell::Number(Some(component.std_dev), d + 2),
            format!("components[{at}].std_dev"),
        );
    }
    // Variances of random intercepts stand above as SDs.
    use crate::plan::Structure;
    let structured = ![Structure::Random.name(), Structure::Declared.name()].contains(&fit.structure);
    for (at, parameter) in fit.covariance_parameters.iter().enumerate().filter(|_| structured) {
        let label = words.say("model.parameter", &[("name", &parameter_name(words, &parameter.name))]);
        add(label, Cell::Number(Some(parameter.estimate), d + 2), format!("parameters[{at}].estimate"));
    }
    if let Some(spread) = &fit.spread {
        for (at, cell) in spread.cells.iter().enumerate() {
            let numbers = cell.sd_observed.into_iter().chain([cell.sd_model, cell.n as f64]).collect();
            let sds = [cell.sd_observed, Some(cell.sd_model)]
                .map(|sd| sd.map_or("–".to_owned(), |sd| rounding::print(sd, d + 1)));
            let label = words.say("model.spread_cell", &[("arm", &cell.arm), ("visit", &cell.visit)]);
            let values = [("observed", sds[0].as_str()), ("model", &sds[1]), ("n", &cell.n.to_string())];
            add(
                label,
                Cell::Said(words.say("model.spread_sds", &values), numbers),
                format!("spread.cells[{at}].sd_observed spread.cells[{at}].sd_model spread.cells[{at}].n"),
            );
        }
        if let Some(test) = &spread.equal_variances {
            let values = [("statistic", &*rounding::print(test.statistic, 2)), ("df", &test.df.to_string())];
            add(
                words.say(&format!("model.equal_{}", test.over), &values),
                Cell::PValue(Some(test.p_value)),
                of("spread.equal_variances.p_value"),
            );
        }
    }
    for (at, pair) in fit.pair_correlations.iter().enumerate() {
        let label = words.say("model.correlation", &[("visit", &pair.visit)]);
        add(label, Cell::Number(Some(pair.correlation), 2), format!("pair_correlations[{at}].correlation"));
    }
    if let Some(explained) = &fit.explained {
        if let Some(icc) = explained.icc {
            add(name("icc"), Cell::Number(Some(icc), 2), of("icc"));
        }
        add(name("r2_marginal"), Cell::Number(Some(explained.r2_marginal), 2), of("r2_marginal"));
        if let Some(conditional) = explained.r2_conditional {
            add(name("r2_conditional"), Cell::Number(Some(conditional), 2), of("r2_conditional"));
        }
    }
    if let Some(residuals) = &fit.residuals {
        add(name("residuals"), Cell::Count(residuals.n), of("residuals.n"));
        add(name("skewness"), Cell::Number(residuals.skewness, 2), of("residuals.skewness"));
        add(name("kurtosis"), Cell::Number(residuals.excess_kurtosis, 2), of("residuals.excess_kurtosis"));
        add(name("qq"), Cell::Number(residuals.qq_correlation, 3), of("residuals.qq_correlation"));
        add(name("spread"), Cell::Number(residuals.spread_correlation, 2), of("residuals.spread_correlation"));
        let expected = rounding::print(residuals.expected_beyond_3, 1);
        let label = words.say("model.beyond", &[("expected", &expected)]);
        add(label, Cell::Count(residuals.n_beyond_3), of("residuals.n_beyond_3"));
    }
    if let Some(influence) = &fit.influence {
        for (key, (estimate, patient)) in [("lowest", &influence.lowest), ("highest", &influence.highest)] {
            let label = words.say(&format!("model.{key}"), &[("patient", patient)]);
            let decimals = if logarithm { 2 } else { d + 1 };
            add(label, Cell::Number(Some(carried(*estimate)), decimals), String::new());
        }
    }
    table.footnotes.extend(model_notes(material, fit));
    table.footnotes.extend(apart(material, fit));
    table.footnotes.push(words.get(if logarithm { "footnote.model_logarithm" } else { "footnote.model" }));
    Some(table)
}

/// Where the model's standard error and that of the paired t-test differ by more than a tenth, the sentence that says so.
fn apart(material: &Material, fit: &FitSummary) -> Option<String> {
    let spread = fit.spread.as_ref()?;
    let ratio = spread.apart()?;
    let about = material.endpoint(fit.endpoint);
    let d = if about.logarithm.is_some() { 4 } else { about.decimals + 2 };
    let print = |value: Option<f64>| value.map_or_else(String::new, |value| rounding::print(value, d));
    let percent = rounding::print(100.0 * (ratio - 1.0).abs(), 0);
    let key = if ratio < 1.0 { "model.smaller_error" } else { "model.larger_error" };
    let values = [
        ("model", print(spread.std_error_model)),
        ("paired", print(spread.std_error_paired)),
        ("percent", percent),
        ("visit", material.visit(primary_visit(material, fit.endpoint)).to_owned()),
    ];
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Some(material.words.say(key, &values))
}

/// The diagnostics of every deciding model on one page; `None` where no model decides.
pub fn overview(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let title = words.get("table.diagnostics");
    let mut table = ResultTable::new("t-14-2-0-diagnostics", number, title, material.population());
    let headers = [
        "structure_short",
        "boundary_short",
        "residuals_short",
        "skewness",
        "kurtosis_short",
        "qq_short",
        "beyond_short",
        "without_short",
    ];
    table.headers(words.get("table.endpoint"), headers.map(|key| words.get(&format!("model.{key}"))));
    for fit in material.fits() {
        let residuals = fit.residuals.as_ref();
        let influence = fit.influence.as_ref();
        let about = material.endpoint(fit.endpoint);
        let logarithm = about.logarithm.is_some();
        let d = if logarithm { 2 } else { about.decimals + 1 };
        let shown = |value: f64| if logarithm { value.exp() } else { value };
        let cells = vec![
            Cell::Text(words.name("structure", fit.structure)),
            Cell::Text(words.get(if fit.singular { "grade.yes" } else { "grade.no" })),
            residuals.map_or(Cell::Empty, |found| Cell::Count(found.n)),
            Cell::Number(residuals.and_then(|found| found.skewness), 2),
            Cell::Number(residuals.and_then(|found| found.excess_kurtosis), 2),
            Cell::Number(residuals.and_then(|found| found.qq_correlation), 3),
            residuals.map_or(Cell::Empty, |found| Cell::Count(found.n_beyond_3)),
            Cell::Interval(
                influence.map(|found| shown(found.lowest.0)),
                influence.map(|found| shown(found.highest.0)),
                d,
            ),
        ];
        let name = match logarithm {
            true => material.compared_with_unit(fit.endpoint),
            false => material.name_with_unit(fit.endpoint),
        };
        table.row(name, 0, cells, vec![record_id(material, fit)]);
    }
    for column in [1, 2] {
        table.columns[column].align = Align::Left;
    }
    table.footnotes.push(words.get("footnote.diagnostics"));
    table.footnotes.push(words.get("footnote.residuals"));
    (!table.rows.is_empty()).then_some(table)
}

/// The record with everything about the fit.
fn record_id(material: &Material, fit: &FitSummary) -> String {
    format!("{}.{}.variance-components", material.endpoint(fit.endpoint).id, fit.method)
}

/// The normalised residuals of the model against normal quantiles and fitted values; `None` where no model decides.
///
/// # Errors
/// The drawing fails.
pub fn residual_panels(
    material: &Material,
    endpoint: usize,
    number: &str,
    style: &Style,
) -> Result<Option<Figure>, FigureError> {
    let words = material.words;
    let Some(fit) = fit(material, endpoint) else { return Ok(None) };
    let mut points: Vec<&crate::analysis::ResidualPoint> = fit.residual_points.iter().collect();
    points.sort_by(|a, b| a.residual.total_cmp(&b.residual));
    if points.is_empty() || points.len() != fit.qq.len() {
        return Ok(None);
    }
    let residuals = points
        .iter()
        .zip(&fit.qq)
        .map(|(point, quantile)| residuals::Residual {
            label: point.label.clone(),
            quantile: quantile.theoretical,
            fitted: point.fitted,
            residual: point.residual,
        })
        .collect();
    let title = words.say("figure.residuals", &[("endpoint", &material.endpoint(endpoint).name)]);
    let head = heading(material, &material.key(endpoint), number, title, vec![words.get("figure.residuals_note")]);
    let input = residuals::Residuals {
        heading: super::figures::of_many(head, material, points.len())
            .over(ids(material.outcomes.deciding(endpoint, primary_visit(material, endpoint)))),
        residuals,
        labels: residuals::Labels {
            residual: words.get("figure.residual"),
            quantile: words.get("figure.quantile"),
            fitted: match material.endpoint(endpoint).logarithm {
                Some(_) => words.say("figure.fitted_logarithm", &[("endpoint", &material.endpoint(endpoint).name)]),
                None => words.say("figure.fitted", &[("endpoint", &material.name_with_unit(endpoint))]),
            },
        },
    };
    unless_empty(residuals::draw(&input, style))
}

/// A covariance parameter, which the model names `patient: variance of (Intercept)`, as a reader calls it.
fn parameter_name(words: &Words, name: &str) -> String {
    let Some((group, what)) = name.split_once(": ") else { return name.to_owned() };
    let note = if let Some(term) = what.strip_prefix("variance of ") {
        note!(parameter_variance, group = group, term = term)
    } else if let Some((a, b)) = what.strip_prefix("covariance of ").and_then(|cells| cells.split_once(" and ")) {
        note!(parameter_covariance, group = group, a = a, b = b)
    } else if let Some((a, b)) = what.strip_prefix("covariance within a unit of ").and_then(|c| c.split_once(" and ")) {
        note!(parameter_within, group = group, a = a, b = b)
    } else if let Some((a, b)) =
        what.strip_prefix("covariance between the units of ").and_then(|c| c.split_once(" and "))
    {
        note!(parameter_between_two, group = group, a = a, b = b)
    } else if let Some(a) = what.strip_prefix("covariance between the units at ") {
        note!(parameter_between, group = group, a = a)
    } else if what == "variance" {
        note!(just_variance, group = group)
    } else {
        return name.to_owned();
    };
    words.note(&note)
}
