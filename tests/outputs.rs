//! `docs/outputs.md` lists every output of the demo, with a picture of each.

use crate::project::{DEMO, plan_of, run};
use splitknee::report::compose;
use splitknee::report::words::Words;
use std::collections::BTreeSet;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The identifiers of a run of the demo's plan, changed by `change`, without their numbers; endpoints become `e`.
fn kinds(change: &dyn Fn(String) -> String) -> BTreeSet<String> {
    let run = run(DEMO, &change(plan_of(DEMO)));
    let words = Words::new(run.plan.report.language);
    let document = compose::document(&run, &words, &compose::style(&run.plan)).unwrap();
    let tables = document.tables().map(|table| table.id.clone());
    let ids: Vec<String> = tables.chain(document.figures().map(|figure| figure.id.clone())).collect();
    let keys: Vec<String> = run.trial.design.endpoints.iter().map(|about| about.id.clone()).collect();
    ids.iter().map(|id| kind(id, &keys)).collect()
}

fn kind(id: &str, keys: &[String]) -> String {
    let mut parts: Vec<&str> = id.split('-').collect();
    if let Some(place) = parts.iter().position(|part| keys.iter().any(|key| key == part)) {
        parts[place] = "e";
    }
    // The number follows the order of the document.
    if parts.first().is_some_and(|first| matches!(*first, "t" | "l")) {
        parts.retain(|part| part.parse::<u16>().is_err());
    }
    // Further pages of a figure.
    if parts.first().is_some_and(|first| *first != "t" && *first != "l")
        && parts.last().is_some_and(|last| last.parse::<u8>().is_ok())
    {
        parts.pop();
    }
    parts.join("-")
}

#[test]
fn the_page_lists_every_output_and_nothing_else() {
    let page = std::fs::read_to_string(root().join("docs/outputs.md")).unwrap();
    let listed: BTreeSet<String> =
        page.lines().filter_map(|line| line.strip_prefix("### ")?.split('`').nth(1).map(str::to_owned)).collect();
    let demo = kinds(&|plan| plan);
    let unlisted: Vec<&String> = demo.iter().filter(|id| !listed.contains(*id)).collect();
    assert!(unlisted.is_empty(), "outputs of the demo that docs/outputs.md does not list: {unlisted:?}");
    let more = kinds(&|plan| {
        let asked =
            "role = \"primary\"\ndomain = \"pain\"\ntests = [\"paired-t\", \"friedman\", \"concordance\"]\nunit";
        let plan = plan.replace("role = \"primary\"\nunit", asked);
        plan.replace("minimal_improvement = 6.188 ", "domain = \"function\"\nminimal_improvement = 6.188 ")
            + "\n[[subgroup]]\ncolumn = \"sex\"\n\n[sample_size]\ndelta = 19.9\nsd = 20\ncorrelation = 0.5\n"
    });
    let unlisted: Vec<&String> = more.iter().filter(|id| !listed.contains(*id)).collect();
    assert!(unlisted.is_empty(), "{unlisted:?}");
    // A changed plan needs a seal on disk: its own test sees it.
    let stale: Vec<&String> = listed.iter().filter(|id| !more.contains(*id) && *id != "t-departures").collect();
    assert!(stale.is_empty(), "docs/outputs.md lists what no plan gives: {stale:?}");
}

#[test]
fn the_plan_knows_every_output_of_the_page() {
    let page = std::fs::read_to_string(root().join("docs/outputs.md")).unwrap();
    let listed = page.lines().filter_map(|line| line.strip_prefix("### ")?.split('`').nth(1));
    let unknown: Vec<&str> = listed.filter(|id| !splitknee::plan::outputs::OUTPUTS.contains(id)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn every_picture_of_the_page_is_there_and_small() {
    let page = std::fs::read_to_string(root().join("docs/outputs.md")).unwrap();
    let linked: BTreeSet<&str> =
        page.split("](pictures/").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
    let sections = page.matches("\n### ").count();
    assert!(linked.len() == sections, "{} pictures for {sections} outputs", linked.len());
    let mut total = 0;
    for name in &linked {
        let bytes =
            std::fs::read(root().join("docs/pictures").join(name)).unwrap_or_else(|_| panic!("docs/pictures/{name}"));
        assert!(bytes.starts_with(b"\x89PNG"), "{name}");
        total += bytes.len();
    }
    assert!(total < 3_000_000, "the pictures take {total} bytes");
    for file in std::fs::read_dir(root().join("docs/pictures")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(!name.ends_with(".png") || linked.contains(name.as_str()), "docs/pictures/{name} is not on the page");
    }
}
