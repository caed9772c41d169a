//! The outputs of a report by name, and whether `report.omit` names some.
//!
//! What a report holds depends on plan and data; its names do not: `e` stands for the identifier of an endpoint, tables
//! (`t-`) and listings (`l-`) may be written with their number behind the first letter. An entry is such a name, the
//! beginning of one up to a hyphen, or the beginning of a number up to a point. `docs/outputs.md` describes them.

use super::cross::Checker;
use super::design::endpoint_id;
use super::file::PlanFile;
use super::schema::suggestion;

/// Every output; the plan does not import the report that makes them (a test holds the two alike).
pub const OUTPUTS: [&str; 74] = [
    "adverse-event-risks",
    "adverse-event-timeline",
    "bland-altman-e",
    "cumulative-responder-e",
    "differences-e",
    "flow",
    "forest-e-subgroups",
    "forest-primary-visit",
    "imputation-diagnostics-e",
    "l-deviations",
    "l-discontinued",
    "l-e",
    "l-events",
    "l-not-analysed",
    "l-not-observed",
    "l-patients",
    "l-treatments",
    "missingness-e",
    "paired-slopes-e",
    "profiles-e",
    "residuals-e",
    "sensitivity-forest-e",
    "sensitivity-forest-e-estimands",
    "shift-bars-e",
    "strategy-profiles-e",
    "t-by-term",
    "t-carry-across",
    "t-cells",
    "t-checklist",
    "t-compared",
    "t-correlation",
    "t-defaults",
    "t-departures",
    "t-deviations",
    "t-diagnostics",
    "t-disposition",
    "t-e-by-visit",
    "t-e-comparison",
    "t-e-contrasts",
    "t-e-further",
    "t-e-interim",
    "t-e-looks",
    "t-e-ls-means",
    "t-e-model",
    "t-e-pairs",
    "t-e-patterns",
    "t-e-posterior",
    "t-e-repeated",
    "t-e-responders",
    "t-e-shift",
    "t-e-subgroups",
    "t-estimands",
    "t-estimates",
    "t-exposure",
    "t-findings",
    "t-harms",
    "t-imputation",
    "t-influence",
    "t-intercurrent",
    "t-knees",
    "t-meta-analysis",
    "t-missing",
    "t-multiplicity",
    "t-omeract",
    "t-one-knee",
    "t-patients",
    "t-sample-size",
    "t-secondary",
    "t-serious",
    "t-sides",
    "t-timing",
    "t-tipping",
    "tipping-map-e",
    "waterfall-e",
];

/// Chapters in which outputs are numbered.
const CHAPTERS: [&str; 7] = ["14.1", "14.2", "14.3", "14.4", "14.5", "16.1", "16.2"];

/// Most outputs of one kind (tables, figures, listings) that a chapter has: of an endpoint, more of it for every visit, and
/// beside the endpoints. Generous, since a number that is too high for a report is named in the report.
const OF_AN_ENDPOINT: usize = 16;
const AT_A_VISIT: usize = 2;
const BESIDE: usize = 10;

/// Reports every entry of `report.omit` that no report of this plan can fit.
pub(super) fn check(checker: &mut Checker<'_>, plan: &PlanFile) {
    let ids: Vec<String> = plan.endpoints.iter().map(endpoint_id).collect();
    let names: Vec<String> = OUTPUTS.iter().flat_map(|output| written(output, &ids)).collect();
    let visits = plan.visits.as_ref().map_or(1, |visits| visits.order.len());
    let most = BESIDE + ids.len() * (OF_AN_ENDPOINT + AT_A_VISIT * visits);
    for (place, entry) in plan.report.omit.iter().enumerate() {
        let path = format!("report.omit.{place}");
        if entry.starts_with(|c: char| c.is_ascii_digit()) {
            if !is_number(entry, most) {
                let message = format!("no output of a report has the number `{entry}`");
                let remedy = format!("outputs are numbered within {}; docs/outputs.md lists them", CHAPTERS.join(", "));
                checker.wrong("SK008", &path, message, remedy);
            }
            continue;
        }
        let entry_name = without_number(entry);
        if !names.iter().any(|name| begins(name, &entry_name) || is_page_of(name, &entry_name)) {
            let mut known: Vec<&str> = names.iter().map(String::as_str).collect();
            // The beginning of a name names all of its kind.
            known.extend(OUTPUTS.iter().filter_map(|output| output.strip_suffix("-e")));
            let message = format!("`{entry}` is no output of a report");
            checker.wrong("SK008", &path, message, suggestion(entry, &known) + " (docs/outputs.md lists them)");
        }
    }
}

/// The names that an output has for these endpoints.
fn written(output: &str, ids: &[String]) -> Vec<String> {
    let parts: Vec<&str> = output.split('-').collect();
    if !parts.contains(&"e") {
        return vec![output.to_owned()];
    }
    let of = |id: &String| {
        let parts: Vec<&str> = parts.iter().map(|part| if *part == "e" { id.as_str() } else { part }).collect();
        parts.join("-")
    };
    ids.iter().map(of).collect()
}

/// Whether `name` begins with `entry`, up to a hyphen.
fn begins(name: &str, entry: &str) -> bool {
    name.strip_prefix(entry).is_some_and(|rest| !entry.is_empty() && (rest.is_empty() || rest.starts_with('-')))
}

/// Whether `entry` is a further page of the output `name`: the same with a number behind it.
fn is_page_of(name: &str, entry: &str) -> bool {
    let page = entry.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
    page.is_some_and(|page| !page.is_empty() && page.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `t-14-1-4-exposure` as `t-exposure`.
fn without_number(entry: &str) -> String {
    let mut parts: Vec<&str> = entry.split('-').collect();
    if matches!(parts.first(), Some(&("t" | "l"))) {
        while parts.len() > 2 && parts.get(1).is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit())) {
            parts.remove(1);
        }
    }
    parts.join("-")
}

/// Whether outputs can have this number, or one that begins with it up to a point.
fn is_number(entry: &str, most: usize) -> bool {
    let whole = entry.split('-').next().unwrap_or(entry);
    let parts: Vec<&str> = whole.split('.').collect();
    let numbers: Option<Vec<usize>> = parts.iter().map(|part| part.parse().ok()).collect();
    let chapter = parts.iter().take(2).copied().collect::<Vec<_>>().join(".");
    let known = CHAPTERS.iter().any(|known| *known == chapter || known.split('.').next() == Some(chapter.as_str()));
    let within =
        |numbers: Vec<usize>| numbers.len() <= 3 && numbers.get(2).is_none_or(|place| (1..=most).contains(place));
    known && numbers.is_some_and(within)
}
