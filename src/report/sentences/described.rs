//! What was found, described without a claim: means, rates, LS means, sensitivity analyses, the change of the placebo knees.

use super::{Spoken, join, p_value, said, subject, tidy};
use crate::analysis::{Record, Scale};
use crate::plan::file::Timing;
use crate::report::exhibits::{Material, survival, tables};
use crate::report::words::capital;
use crate::table::rounding;
use crate::trial::{Kind, Measure, Role};

/// Whether both knees were treated in one session; `None` where the plan does not say.
pub fn timing(material: &Material) -> Option<String> {
    let key = match material.plan.trial.interventions? {
        Timing::Concurrent => "abstract.concurrent",
        Timing::Sequential => "abstract.sequential",
    };
    Some(material.words.get(key))
}

/// Means and SDs of both arms at `visit`; `None` where an arm was not observed.
pub fn means(material: &Material, endpoint: usize, visit: usize) -> Option<String> {
    let about = material.endpoint(endpoint);
    if matches!(about.kind, Kind::Ordinal | Kind::Binary) {
        return crate::report::exhibits::grades::described(material, endpoint, visit);
    }
    let arms = &material.trial.design.arms;
    let of = |arm: &str| {
        let record = material.outcomes.description(endpoint, visit, Measure::Value, Some(arm))?;
        let mean = rounding::print(record.result.estimate?, about.decimals + 1);
        let sd = rounding::print(record.result.number("sd")?, about.decimals + 2);
        let geometric = record.result.number("geometric_mean").map(|mean| rounding::print(mean, about.decimals + 1));
        Some((mean, sd, record.result.n_pairs.to_string(), geometric.unwrap_or_default()))
    };
    if about.exposure.is_some() {
        return rates(material, endpoint, visit);
    }
    let means = capital(&material.geometric_means(endpoint));
    let (active, placebo) = (of(&arms.active)?, of(&arms.placebo)?);
    let values = [
        ("visit", material.visit(visit)),
        ("endpoint", about.name.as_str()),
        ("unit", &about.unit),
        ("active", &arms.active),
        ("placebo", &arms.placebo),
        ("mean_active", &active.0),
        ("sd_active", &active.1),
        ("n_active", &active.2),
        ("mean_placebo", &placebo.0),
        ("sd_placebo", &placebo.1),
        ("n_placebo", &placebo.2),
        ("means", &means),
        ("geometric_active", &active.3),
        ("geometric_placebo", &placebo.3),
    ];
    let say = |key: &str| tidy(&material.words.say(key, &values));
    let geometric = about.logarithm.map(|_| say("results.geometric_means"));
    Some(join(material, &std::iter::once(say("results.means")).chain(geometric).collect::<Vec<_>>()))
}

/// Events, exposure and rate of both arms at `visit`; `None` where an arm was not observed.
fn rates(material: &Material, endpoint: usize, visit: usize) -> Option<String> {
    let arms = &material.trial.design.arms;
    let of = |arm: &str| {
        let record = material.outcomes.description(endpoint, visit, Measure::Value, Some(arm))?;
        let whole = |name: &str| Some(rounding::print(record.result.number(name)?, 0));
        let rate = |name: &str| Some(rounding::print(record.result.number(name)?, 3));
        let n = record.result.n_pairs.to_string();
        Some([whole("total_count")?, whole("total_exposure")?, rate("rate")?, n, rate("mean_rate")?])
    };
    let (active, placebo) = (of(&arms.active)?, of(&arms.placebo)?);
    let values = [
        ("visit", material.visit(visit)),
        ("endpoint", material.endpoint(endpoint).name.as_str()),
        ("active", &arms.active),
        ("placebo", &arms.placebo),
        ("count_active", &active[0]),
        ("exposure_active", &active[1]),
        ("rate_active", &active[2]),
        ("n_active", &active[3]),
        ("mean_active", &active[4]),
        ("count_placebo", &placebo[0]),
        ("exposure_placebo", &placebo[1]),
        ("rate_placebo", &placebo[2]),
        ("n_placebo", &placebo[3]),
        ("mean_placebo", &placebo[4]),
    ];
    Some(material.words.say("results.rates", &values))
}

/// The LS means of both arms at `visit` as the deciding model has them, and what they are adjusted for; `None` where no
/// model decides.
pub fn ls_means(material: &Material, endpoint: usize, visit: usize) -> Option<String> {
    let about = material.endpoint(endpoint);
    let arms = &material.trial.design.arms;
    let [active, placebo] = crate::report::exhibits::models::means_at(material, endpoint, visit)?;
    let decimals = about.decimals + 1;
    let logarithm = about.logarithm.is_some();
    let shown = |value: Option<f64>| value.map(|value| if logarithm { value.exp() } else { value });
    let mean = |record: &Record| Some(rounding::print(shown(record.result.estimate)?, decimals));
    let interval = |record: &Record| {
        let [low, high] = [shown(record.result.conf_low)?, shown(record.result.conf_high)?];
        let [low, high] = [low, high].map(|limit| rounding::print(limit, decimals));
        Some(material.words.interval(&low, &high))
    };
    let adjusted = crate::report::exhibits::models::baseline_adjusted(material, endpoint);
    // A change of logarithms is a ratio and has no unit.
    let change = logarithm && active.measure == Measure::Change;
    let name = if logarithm { material.compared(endpoint) } else { subject(material, active, endpoint) };
    let means = material.geometric_means(endpoint);
    let values = [
        ("visit", material.visit(visit)),
        ("endpoint", name.as_str()),
        ("means", &means),
        ("unit", if change { "" } else { &about.unit }),
        ("active", &arms.active),
        ("placebo", &arms.placebo),
        ("mean_active", &mean(active)?),
        ("interval_active", &interval(active)?),
        ("mean_placebo", &mean(placebo)?),
        ("interval_placebo", &interval(placebo)?),
    ];
    let key = match (logarithm, adjusted) {
        (true, true) => "results.ls_geometric_means_adjusted",
        (true, false) => "results.ls_geometric_means",
        (false, true) => "results.ls_means_adjusted",
        (false, false) => "results.ls_means",
    };
    Some(tidy(&material.words.say(key, &values)))
}

/// The results of an endpoint in a paragraph: means at baseline and at `visit`, the other analyses, the correlation of
/// the knees. `None` where nothing was observed.
pub fn results(material: &Material, endpoint: usize, visit: usize) -> Option<String> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    if about.kind == Kind::Survival {
        return survival::described(material, endpoint);
    }
    let mut parts: Vec<String> = Vec::new();
    let graded = matches!(about.kind, crate::trial::Kind::Ordinal | crate::trial::Kind::Binary);
    if !graded {
        let baseline = material.trial.design.baseline_alike(about);
        parts.extend(baseline.and_then(|baseline| means(material, endpoint, baseline)));
        parts.extend(means(material, endpoint, visit));
    }
    for record in tables::claims(material, endpoint, visit) {
        if record.role != Role::Sensitivity || !crate::analysis::pairs::is_difference(record.result.method) {
            continue;
        }
        let decimals = tables::decimals(material, endpoint, record.result.method).0;
        let result = &record.result;
        let (Some(d), Some(l), Some(u), Some(_)) = (result.estimate, result.conf_low, result.conf_high, result.p_value)
        else {
            continue;
        };
        let scale = Spoken::of(record);
        let decimals = if scale.0 == Scale::Difference { decimals } else { scale.decimals(l, u, decimals) };
        let [d, l, u] = [d, l, u].map(|value| scale.print(value, decimals));
        let d = said(material, scale, d);
        let (method, n) = (tables::analysis_name(material, record), tables::patients(record).to_string());
        let values = [
            ("method", &*method),
            ("d", &d),
            ("l", &l),
            ("u", &u),
            ("p", &p_value(material, record)),
            ("n", &n),
            ("unit", about.unit_of_difference()),
        ];
        parts.push(tidy(&words.say("results.other", &values)));
    }
    if let Some(record) = material.outcomes.comparison(endpoint, visit, "correlation")
        && let (Some(r), Some(l), Some(u)) = (record.result.estimate, record.result.conf_low, record.result.conf_high)
    {
        let [r, l, u] = [r, l, u].map(|value| rounding::print(value, 2));
        let values = [("r", &*r), ("l", &l), ("u", &u), ("n", &record.result.n_pairs.to_string())];
        parts.push(words.say("results.correlation", &values));
    }
    (!parts.is_empty()).then(|| join(material, &parts))
}

/// How the placebo knees changed from baseline to the primary visit: what outside knowledge about untreated knees can be
/// held against, where an effect carried across is suspected. `None` where no primary endpoint has a baseline.
pub fn placebo_change(material: &Material) -> Option<String> {
    let words = material.words;
    let arms = &material.trial.design.arms;
    let of = |endpoint: usize| {
        let visit = crate::report::compose::primary_visit(material, endpoint);
        let about = material.endpoint(endpoint);
        let record = material.outcomes.description(endpoint, visit, Measure::Change, Some(&arms.placebo))?;
        let print = |value: Option<f64>| value.map(|value| rounding::print(value, about.decimals + 1));
        let result = &record.result;
        let (d, l, u) = (print(result.estimate)?, print(result.conf_low)?, print(result.conf_high)?);
        let values = [
            ("visit", material.visit(visit)),
            ("endpoint", about.name.as_str()),
            ("placebo", &arms.placebo),
            ("unit", &about.unit),
            ("d", &d),
            ("l", &l),
            ("u", &u),
            ("n", &result.n_pairs.to_string()),
        ];
        Some(tidy(&words.say("results.placebo_change", &values)))
    };
    let changes: Vec<String> = material.primary_endpoints().into_iter().filter_map(of).collect();
    let last = words.get("results.placebo_change_meaning");
    (!changes.is_empty()).then(|| join(material, &changes.into_iter().chain([last]).collect::<Vec<_>>()))
}
