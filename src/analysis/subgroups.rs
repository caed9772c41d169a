//! Subgroups of patients: the paired difference in each, and whether the groups differ (interaction).
//!
//! For the primary endpoints, at the deciding visit. The interaction is the F test of a one-way analysis of variance of
//! the differences; for two groups that is the pooled two-sample t-test. Counts that are compared by the ratio of rates have
//! the ratio of mean rates in each group, and Cochran's Q of their logarithms as interaction, a test of large samples.
//! Subgroup results are exploratory and never decide a conclusion.

use super::Context;
use super::notes::remark;
use super::record::{Record, Rows};
use super::{methods, pairs};
use crate::math::descriptive::mean;
use crate::math::dist::{chi_squared, fisher_f};
use crate::note::Note;
use crate::paired::{Alternative, Field, Options, TestResult, paired_t};
use crate::plan::Subgroup;
use crate::trial::{Pair, Role};

/// The subgroup records of `endpoint`: one per group and one interaction per factor.
pub fn analyse(context: &Context, endpoint: usize) -> Vec<Record> {
    let about = &context.trial.design.endpoints[endpoint];
    let (Some(visit), Role::Primary) = (context.deciding_visit(endpoint), about.role) else { return Vec::new() };
    context.plan.subgroups.iter().flat_map(|factor| of_factor(context, endpoint, visit, factor)).collect()
}

fn of_factor(context: &Context, endpoint: usize, visit: usize, factor: &Subgroup) -> Vec<Record> {
    let measure = context.measure(endpoint);
    let rated = context.trial.design.endpoints[endpoint].rated;
    let paired = context.trial.paired(endpoint, visit, measure, context.set);
    let grouped: Vec<(Option<String>, Pair)> =
        paired.pairs.iter().map(|pair| (group(context, factor, pair.patient), *pair)).collect();
    let mut groups = names(factor);
    if groups.is_empty() {
        groups = grouped.iter().filter_map(|(name, _)| name.clone()).collect();
        groups.sort();
        groups.dedup();
        // A declared factor has its own order.
        let order = |name: &String| {
            let column = context.trial.column(&factor.column)?;
            column.levels.iter().position(|level| level == name)
        };
        groups.sort_by_key(|name| order(name).unwrap_or(usize::MAX));
    }
    let declared = context.trial.column(&factor.column).and_then(|column| column.label.as_deref());
    let label = factor.label.as_deref().or(declared).unwrap_or(&factor.column);
    let stem = format!("{}.subgroup.{}", context.stem(endpoint, visit), factor_id(context, factor));
    let make = |id: String, mut result: TestResult, used: usize, fields: Vec<(&'static str, Field)>| {
        result.extra.push(("factor", Field::Text(label.to_owned())));
        result.extra.extend(fields);
        let mut rows = Rows { used: 2 * used, ..Rows::default() };
        rows.leave_out(remark!(other_group), 2 * (paired.pairs.len() - used));
        for reason in context.paired_rows(endpoint, visit, &paired).reasons {
            rows.leave_out(reason.reason, reason.n);
        }
        let mut record = context.record(id, endpoint, visit, measure, Role::Descriptive, result, rows);
        record.reference = match rated {
            true => "ratio of mean rates within the group; Cochran's Q of the log ratios",
            false => "paired t-test within the group; one-way analysis of variance of the differences",
        };
        record
    };
    let mut records = Vec::new();
    let mut differences: Vec<Vec<f64>> = Vec::new();
    let mut ratios: Vec<Option<(f64, f64)>> = Vec::new();
    let options = context.options_of(context.trial.design.endpoints[endpoint].better);
    for (number, name) in groups.iter().enumerate() {
        let here: Vec<&Pair> =
            grouped.iter().filter(|(group, _)| group.as_ref() == Some(name)).map(|(_, pair)| pair).collect();
        let mut result = if rated {
            let own: Vec<Pair> = here.iter().map(|pair| **pair).collect();
            pairs::of_counts(context, endpoint, visit, methods::RATES, &own)
        } else {
            let active: Vec<f64> = here.iter().map(|pair| pair.active).collect();
            let placebo: Vec<f64> = here.iter().map(|pair| pair.placebo).collect();
            paired_t::paired_t(&active, &placebo, &options).unwrap_or_else(|refusal| {
                let mut result = TestResult::new("subgroup", here.len(), &options);
                result.notes.push(refusal.0);
                result
            })
        };
        result.method = "subgroup";
        ratios.push(result.estimate.zip(result.std_error).filter(|(ratio, error)| ratio.is_finite() && *error > 0.0));
        let fields = vec![("group", Field::Text(name.clone())), ("order", Field::Count(number as u64 + 1))];
        let id = format!("{stem}.{}", id_of(name, number));
        records.push(make(id, result, here.len(), fields));
        differences.push(here.iter().map(|pair| pair.difference()).collect());
    }
    let used = differences.iter().map(Vec::len).sum();
    let result = match rated {
        true => homogeneity(&ratios, used, &context.options()),
        false => interaction(&differences, &context.options()),
    };
    let unknown = grouped.iter().filter(|(name, _)| name.is_none()).count() as u64;
    let fields = vec![("groups", Field::Count(groups.len() as u64)), ("not_known", Field::Count(unknown))];
    records.push(make(stem, result, used, fields));
    records
}

/// The part of identifiers that names the factor: its column, and its cut points where the plan cuts a column twice.
fn factor_id(context: &Context, factor: &Subgroup) -> String {
    let column = super::slug(&factor.column);
    let of_column = context.plan.subgroups.iter().filter(|other| super::slug(&other.column) == column);
    match of_column.count() {
        0 | 1 => column,
        _ if factor.cuts.is_empty() => format!("{column}-levels"),
        _ => {
            let cuts: Vec<String> = factor.cuts.iter().map(|cut| super::slug(&cut.to_string())).collect();
            format!("{column}-at-{}", cuts.join("-"))
        }
    }
}

/// The last part of the identifier of a group; groups of numbers have no letters to tell them apart.
fn id_of(name: &str, number: usize) -> String {
    let slug = super::slug(name);
    let told_apart = slug.chars().any(char::is_alphabetic);
    if told_apart && !name.starts_with(['<', '≥']) { slug } else { format!("group-{}", number + 1) }
}

/// The group of a patient; `None` where the value is missing, or not a number where the plan cuts numbers.
fn group(context: &Context, factor: &Subgroup, patient: usize) -> Option<String> {
    let cell = context.trial.patients[patient].attributes.get(&factor.column).filter(|cell| !cell.is_empty())?;
    if factor.cuts.is_empty() {
        return Some(cell.clone());
    }
    let value: f64 = cell.parse().ok().filter(|value: &f64| value.is_finite())?;
    let place = factor.cuts.iter().filter(|cut| value >= **cut).count();
    names(factor).into_iter().nth(place)
}

/// The groups between cut points: `< 60`, `60 to < 70`, `≥ 70`; none where the factor is not cut.
pub fn groups(factor: &Subgroup) -> Vec<Note> {
    let (Some(first), Some(last)) = (factor.cuts.first(), factor.cuts.last()) else { return Vec::new() };
    let between = factor.cuts.windows(2).filter_map(|pair| match pair {
        [from, to] => Some(remark!(between, from = *from, to = *to)),
        _ => None,
    });
    let (first, last) = (remark!(below, to = *first), remark!(from, from = *last));
    std::iter::once(first).chain(between).chain(std::iter::once(last)).collect()
}

/// The names of [`groups`].
fn names(factor: &Subgroup) -> Vec<String> {
    groups(factor).iter().map(Note::text).collect()
}

/// Cochran's Q of the log ratios of the groups that have one, weighted by their inverse variances.
///
/// Source: Cochran 1954 (Biometrics 10:101).
fn homogeneity(groups: &[Option<(f64, f64)>], n: usize, options: &Options) -> TestResult {
    let groups: Vec<(f64, f64)> = groups.iter().flatten().map(|(ratio, error)| (*ratio, error.powi(-2))).collect();
    let mut result =
        TestResult::new("subgroup-interaction", n, &Options { alternative: Alternative::TwoSided, ..*options });
    if groups.len() < 2 {
        result.notes.push(remark!(two_groups));
        return result;
    }
    let weight: f64 = groups.iter().map(|(_, weight)| weight).sum();
    let centre = groups.iter().map(|(ratio, weight)| weight * ratio).sum::<f64>() / weight;
    let q = groups.iter().map(|(ratio, weight)| weight * (ratio - centre).powi(2)).sum();
    let df = groups.len() as f64 - 1.0;
    (result.statistic, result.df) = (Some(q), Some(df));
    result.p_value = Some(chi_squared::sf(q, df));
    result.extra.push(("cochran_q", Field::Number(Some(q))));
    result
}

/// F test of equal mean differences in the groups, those without patients left out.
fn interaction(groups: &[Vec<f64>], options: &Options) -> TestResult {
    let groups: Vec<&Vec<f64>> = groups.iter().filter(|group| !group.is_empty()).collect();
    let all: Vec<f64> = groups.iter().flat_map(|group| group.iter().copied()).collect();
    let mut result =
        TestResult::new("subgroup-interaction", all.len(), &Options { alternative: Alternative::TwoSided, ..*options });
    let (num_df, den_df) = (groups.len() as f64 - 1.0, all.len() as f64 - groups.len() as f64);
    let Some(centre) = mean(&all).filter(|_| num_df >= 1.0 && den_df >= 1.0) else {
        result.notes.push(remark!(two_groups));
        return result;
    };
    let (mut between, mut within) = (0.0, 0.0);
    for group in groups {
        let own = mean(group).unwrap_or(centre);
        between += group.len() as f64 * (own - centre).powi(2);
        within += group.iter().map(|value| (value - own).powi(2)).sum::<f64>();
    }
    result.extra.push(("num_df", Field::Number(Some(num_df))));
    result.extra.push(("den_df", Field::Number(Some(den_df))));
    result.df = Some(den_df);
    if within > 0.0 {
        let statistic = (between / num_df) / (within / den_df);
        result.statistic = Some(statistic);
        result.p_value = Some(fisher_f::sf(statistic, num_df, den_df));
    } else {
        result.notes.push(remark!(no_variation_within));
    }
    result
}
