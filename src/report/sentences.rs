//! Sentences about results, each bounded by its interval.

use super::exhibits::{Material, tables};
use crate::analysis::{Alternative, Conclusion, Field, Importance, Record};
use crate::plan::file::Timing;
use crate::table::rounding;
use crate::trial::{Better, Kind, Measure, Role};

/// The conclusion of `record` in words, as far as its interval allows and no further.
pub fn conclusion(material: &Material, record: &Record) -> String {
    let words = material.words;
    let (Some(endpoint), Some(visit)) = (record.endpoint, record.visit) else { return String::new() };
    let about = material.endpoint(endpoint);
    let result = &record.result;
    let (Some(estimate), Some(low), Some(high)) = (result.estimate, result.conf_low, result.conf_high) else {
        let reason = result.notes.first().map(|note| words.note(note)).unwrap_or_default();
        let values = [("endpoint", about.name.as_str()), ("visit", material.visit(visit)), ("reason", &reason)];
        return words.say("conclusion.not_assessed", &values);
    };
    if matches!(result.field("scale"), Some(Field::Text(scale)) if scale == "log-odds") {
        return odds(material, record, [estimate, low, high]);
    }
    let decimals = tables::decimals(material, endpoint, result.method).0;
    let arms = &material.trial.design.arms;
    let print = |value: f64| rounding::print(value, decimals);
    let (d, l, u) = (print(estimate), print(low), print(high));
    let p = p_value(material, record);
    let method = tables::method_in_text(material, result.method);
    let n = tables::patients(record).to_string();
    let direction = words.get(if estimate < 0.0 { "conclusion.lower" } else { "conclusion.higher" });
    let margin = about.margin.map(&print).unwrap_or_default();
    // Which limit favours which arm, in words: the two ends of what remains compatible with the data.
    let end = |limit: f64| {
        let favours_active = (limit < 0.0) == (about.better == Better::Lower);
        let arm = if favours_active { &arms.active } else { &arms.placebo };
        if limit.is_infinite() {
            return words.say("conclusion.favour_unbounded", &[("arm", arm)]);
        }
        let size = rounding::print(limit.abs(), decimals);
        let size = size.trim_end_matches('0').trim_end_matches('.');
        if size.is_empty() || size == "0" {
            words.say("conclusion.nil", &[])
        } else {
            let shown = rounding::print(limit.abs(), decimals);
            words.say("conclusion.favour", &[("a", &shown), ("unit", &about.unit), ("arm", arm)])
        }
    };
    let (best, worst) = if about.better == Better::Lower { (end(low), end(high)) } else { (end(high), end(low)) };
    let subject = subject(material, endpoint);
    let values = [
        ("visit", material.visit(visit)),
        ("endpoint", subject.as_str()),
        ("active", arms.active.as_str()),
        ("placebo", arms.placebo.as_str()),
        ("direction", direction.as_str()),
        ("unit", about.unit.as_str()),
        ("method", method.as_str()),
        ("m", margin.as_str()),
        ("best", best.as_str()),
        ("worst", worst.as_str()),
        ("d", d.as_str()),
        ("l", l.as_str()),
        ("u", u.as_str()),
        ("p", p.as_str()),
        ("n", n.as_str()),
    ];
    let say = |key: &str| tidy(&words.say(key, &values));
    match record.conclusion {
        Conclusion::Superior => {
            let mcid = about.mcid.map(&print).unwrap_or_default();
            let importance = match record.importance {
                Some(Importance::ClinicallyImportant) => "conclusion.superior_important",
                Some(Importance::Uncertain) => "conclusion.superior_uncertain",
                Some(Importance::BelowMcid) => "conclusion.superior_below",
                None => "conclusion.superior_no_mcid",
            };
            let importance = words.say(importance, &[("m", &mcid), ("unit", &about.unit)]);
            join(material, &[say("conclusion.superior"), tidy(&importance)])
        }
        Conclusion::Inferior => say("conclusion.inferior"),
        Conclusion::Equivalent => say("conclusion.equivalent"),
        Conclusion::Inconclusive | Conclusion::NotAssessed => {
            let mut parts = vec![say("conclusion.inconclusive")];
            parts.extend(withheld(material, record, low, high));
            parts.extend(test_alone(material, record, low, high));
            join(material, &parts)
        }
    }
}

/// Where the test alone lies below the level although the interval reaches zero; `None` where they agree.
fn test_alone(material: &Material, record: &Record, low: f64, high: f64) -> Option<String> {
    let alpha = material.plan.analysis.alpha;
    let alone = record.result.p_value.is_some_and(|p| p < alpha) && low <= 0.0 && high >= 0.0;
    alone.then(|| material.words.say("conclusion.test_alone", &[("alpha", &alpha.to_string())]))
}

/// What is compared, as the subject of a sentence: the endpoint, or the share of knees with it where it is yes or no.
fn subject(material: &Material, endpoint: usize) -> String {
    let about = material.endpoint(endpoint);
    match about.kind {
        crate::trial::Kind::Binary => material.words.say("conclusion.share", &[("endpoint", &about.name)]),
        _ => about.name.clone(),
    }
}

/// The conclusion of a record on the log-odds scale: odds ratios, which have no unit and are not held against MCID or
/// margin. `log` is the estimate with its limits.
fn odds(material: &Material, record: &Record, log: [f64; 3]) -> String {
    let words = material.words;
    let (Some(endpoint), Some(visit)) = (record.endpoint, record.visit) else { return String::new() };
    let about = material.endpoint(endpoint);
    let arms = &material.trial.design.arms;
    let subject = match about.kind {
        Kind::Binary => "conclusion.odds_binary",
        _ => "conclusion.odds_graded",
    };
    let subject = words.say(subject, &[("endpoint", &about.name)]);
    let [d, l, u] = log.map(|value| rounding::print(value.exp(), 2));
    let below = if about.better == Better::Lower { &arms.active } else { &arms.placebo };
    let values = [
        ("visit", material.visit(visit)),
        ("subject", subject.as_str()),
        ("active", arms.active.as_str()),
        ("placebo", arms.placebo.as_str()),
        ("direction", &words.get(if log[0] < 0.0 { "conclusion.lower" } else { "conclusion.higher" })),
        ("method", &tables::method_in_text(material, record.result.method)),
        ("below", below.as_str()),
        ("d", &d),
        ("l", &l),
        ("u", &u),
        ("p", &p_value(material, record)),
        ("n", &tables::patients(record).to_string()),
    ];
    let key = match record.conclusion {
        Conclusion::Superior => "conclusion.odds_superior",
        Conclusion::Inferior => "conclusion.odds_inferior",
        _ => "conclusion.odds_inconclusive",
    };
    let mut parts = vec![words.say(key, &values)];
    parts.extend(withheld(material, record, log[1], log[2]));
    join(material, &parts)
}

/// Why nothing is claimed although the interval from `low` to `high` excludes 0; `None` where it includes 0.
fn withheld(material: &Material, record: &Record, low: f64, high: f64) -> Option<String> {
    let words = material.words;
    let excludes = low > 0.0 || high < 0.0;
    (excludes && record.conclusion == Conclusion::Inconclusive).then(|| match record.p_adjusted {
        Some(p) => words.say("conclusion.withheld_family", &[("p", &words.p_relation(p))]),
        None => words.get("conclusion.withheld_test"),
    })
}

/// The p-value of `record` as a relation, which says so where the alternative is one-sided.
fn p_value(material: &Material, record: &Record) -> String {
    let words = material.words;
    let Some(p) = record.result.p_value.map(|p| words.p_relation(p)) else { return String::new() };
    match record.result.alternative {
        Alternative::TwoSided => p,
        _ => words.say("conclusion.one_sided", &[("p", &p)]),
    }
}

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
    let arms = &material.trial.design.arms;
    let of = |arm: &str| {
        let record = material.outcomes.description(endpoint, visit, Measure::Value, Some(arm))?;
        let mean = rounding::print(record.result.estimate?, about.decimals + 1);
        let sd = rounding::print(record.result.number("sd")?, about.decimals + 2);
        Some((mean, sd, record.result.n_pairs.to_string()))
    };
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
    ];
    Some(tidy(&material.words.say("results.means", &values)))
}

/// The results of an endpoint in a paragraph: means at baseline and at `visit`, the other analyses, the correlation of
/// the knees. `None` where nothing was observed.
pub fn results(material: &Material, endpoint: usize, visit: usize) -> Option<String> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let mut parts: Vec<String> = Vec::new();
    let graded = matches!(about.kind, crate::trial::Kind::Ordinal | crate::trial::Kind::Binary);
    if !graded {
        let baseline = material.trial.design.baseline.filter(|baseline| about.visits.contains(baseline));
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
        let [d, l, u] = [d, l, u].map(|value| rounding::print(value, decimals));
        let (method, n) = (tables::analysis_name(material, record), tables::patients(record).to_string());
        let values = [
            ("method", &*method),
            ("d", &d),
            ("l", &l),
            ("u", &u),
            ("p", &p_value(material, record)),
            ("n", &n),
            ("unit", &about.unit),
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

/// Harms by knee and of the whole patient, in one sentence; `None` without adverse-event data.
pub fn harms(material: &Material) -> Option<String> {
    let arms = &material.trial.design.arms;
    let count = |id: &str| {
        let record = material.record(id)?;
        record.result.number("patients_with_event").map(|count| (rounding::print(count, 0), record.result.n_pairs))
    };
    let knee = |arm: &str| count(&format!("safety.knee.{}", crate::analysis::slug(arm)));
    let (active, placebo) = (knee(&arms.active)?, knee(&arms.placebo)?);
    let systemic = count("safety.systemic")?;
    let values = [
        ("active", arms.active.as_str()),
        ("placebo", &arms.placebo),
        ("k_active", &active.0),
        ("k_placebo", &placebo.0),
        ("k_systemic", &systemic.0),
        ("n", &active.1.to_string()),
    ];
    Some(material.words.say("results.harms", &values))
}

/// The knees compared within patients as to local events of any kind; `None` where no comparison was made.
pub fn harms_compared(material: &Material) -> Option<String> {
    let record = material.record("safety.compare.any")?;
    let result = &record.result;
    let print = |value: Option<f64>| value.map(|value| rounding::print(value, 3));
    let (d, l, u) = (print(result.estimate)?, print(result.conf_low)?, print(result.conf_high)?);
    let arms = &material.trial.design.arms;
    let values = [
        ("active", arms.active.as_str()),
        ("placebo", &arms.placebo),
        ("d", &d),
        ("l", &l),
        ("u", &u),
        ("p", &material.words.p_relation(result.p_value?)),
        ("n", &result.n_pairs.to_string()),
    ];
    Some(material.words.say("results.harms_compared", &values))
}

/// How often an event was reported in a knee of each arm, in one sentence; `None` without adverse-event data.
pub fn local_harms(material: &Material) -> Option<String> {
    let arms = &material.trial.design.arms;
    let count = |arm: &str| {
        let record = material.record(&format!("safety.knee.{}", crate::analysis::slug(arm)))?;
        Some((rounding::print(record.result.number("patients_with_event")?, 0), record.result.n_pairs.to_string()))
    };
    let (active, placebo) = (count(&arms.active)?, count(&arms.placebo)?);
    let values = [
        ("active", arms.active.as_str()),
        ("placebo", &arms.placebo),
        ("k_active", &active.0),
        ("n_active", &active.1),
        ("k_placebo", &placebo.0),
        ("n_placebo", &placebo.1),
    ];
    Some(material.words.say("first.local", &values))
}

/// How the placebo knees changed from baseline to the primary visit: what outside knowledge about untreated knees can be
/// held against, where an effect carried across is suspected. `None` where no primary endpoint has a baseline.
pub fn placebo_change(material: &Material) -> Option<String> {
    let words = material.words;
    let arms = &material.trial.design.arms;
    let of = |endpoint: usize| {
        let visit = super::compose::primary_visit(material, endpoint);
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

/// The second computation of the difference by other code, beside the first; `None` where it was not run.
pub fn second_opinion(material: &Material, endpoint: usize, visit: usize) -> Option<String> {
    let record = material.outcomes.comparison(endpoint, visit, "second-opinion")?;
    let result = &record.result;
    let about = material.endpoint(endpoint);
    let decimals = about.decimals + 1;
    let print = |value: Option<f64>| value.map(|value| rounding::print(value, decimals));
    let (d, l, u) = (print(result.estimate)?, print(result.conf_low)?, print(result.conf_high)?);
    let apart = result.number("largest_disagreement").map(|value| format!("{value:.1e}").replace('-', "\u{2212}"))?;
    let agrees = super::exhibits::json(record, "agrees") == true;
    let key = if agrees { "results.second_agrees" } else { "results.second_disagrees" };
    let values = [
        ("d", d.as_str()),
        ("l", &l),
        ("u", &u),
        ("unit", &about.unit),
        ("n", &result.n_pairs.to_string()),
        ("apart", &apart),
    ];
    Some(tidy(&material.words.say(key, &values)))
}

/// How far the assumptions of the endpoint's model were met, in words; `None` where no model was fitted.
pub fn assumptions(material: &Material, endpoint: usize) -> Option<String> {
    let words = material.words;
    let fit = material.fits().find(|fit| fit.endpoint == endpoint)?;
    let reached = &fit.convergence;
    let structure = words.name("structure", fit.structure);
    let values = [
        ("structure", structure.as_str()),
        ("estimation", fit.estimation),
        ("evaluations", &*reached.iterations.to_string()),
        ("gradient", &rounding::bound(reached.gradient_max)),
        ("curvature", &rounding::print(reached.smallest_eigenvalue, 2)),
        ("decrement", &rounding::bound(reached.newton_decrement)),
    ];
    let mut parts = vec![words.say("results.model", &values)];
    parts.push(words.get(if fit.singular { "results.singular" } else { "results.not_singular" }));
    if let Some(found) = &fit.residuals
        && let (Some(skewness), Some(kurtosis)) = (found.skewness, found.excess_kurtosis)
    {
        let values = [
            ("skewness", &*rounding::print(skewness, 2)),
            ("kurtosis", &rounding::print(kurtosis, 2)),
            ("beyond", &found.n_beyond_3.to_string()),
            ("n", &found.n.to_string()),
            ("expected", &rounding::print(found.expected_beyond_3, 1)),
        ];
        parts.push(words.say("results.residuals", &values));
    }
    if let Some(found) = &fit.influence {
        let about = material.endpoint(endpoint);
        let [low, high] = [found.lowest.0, found.highest.0].map(|value| rounding::print(value, about.decimals + 1));
        let values = [("low", low.as_str()), ("high", &high), ("unit", &about.unit)];
        parts.push(tidy(&words.say("results.influence", &values)));
        if found.sign_depends_on_one_patient {
            parts.push(words.get("results.influence_sign"));
        }
    }
    Some(join(material, &parts))
}

/// Sentences one after the other; Japanese sets no space between them.
pub fn join(material: &Material, sentences: &[String]) -> String {
    match material.words.language {
        super::words::Language::English => sentences.join(" "),
        super::words::Language::Japanese => sentences.concat(),
    }
}

/// Removes the doubled space and the space before punctuation that an endpoint without a unit leaves.
fn tidy(text: &str) -> String {
    text.replace("  ", " ").replace(" ;", ";").replace(" .", ".").replace(" )", ")").replace(" 、", "、")
}
