//! Imports go one way. This test reads every `use crate::…` path of `src/` and fails on an arrow that runs back.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// For every folder (or file) of `src/`: what it may import. A folder may always import itself and `terms`. The folders of the
/// statistics are a crate of their own, which the root package names `crate::paired`, `crate::model` and so on.
fn allowed() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        ("terms", &[][..]),
        ("disk", &[]),
        ("data", &["disk"]),
        ("trial", &["data", "math", "instrument"]),
        // Of the paired tests the plan reads the registry: which there are and what they are for.
        ("plan", &["disk", "data", "trial", "instrument", "paired"]),
        (
            "analysis",
            &[
                "math",
                "trial",
                "plan",
                "paired",
                "survival",
                "model",
                "missing",
                "multiplicity",
                "instrument",
                "note",
                "planning",
            ],
        ),
        ("table", &["trial", "analysis", "data"]),
        ("figure", &["trial", "analysis"]),
        ("report", &["disk", "trial", "plan", "analysis", "table", "figure", "data", "note"]),
        ("pipeline", &["disk", "data", "trial", "plan", "analysis", "report"]),
        ("randomise", &["math", "disk"]),
        ("simulate", &["disk", "math", "trial", "plan", "planning", "analysis"]),
        ("qualification", &["math", "note", "paired", "model", "multiplicity", "instrument"]),
        (
            "cli",
            &[
                "qualification",
                "disk",
                "data",
                "trial",
                "plan",
                "paired",
                "model",
                "missing",
                "multiplicity",
                "planning",
                "randomise",
                "simulate",
                "figure",
                "instrument",
                "analysis",
                "report",
                "pipeline",
                "table",
                "math",
                "note",
            ],
        ),
        ("lib", &[]),
        ("main", &[]),
    ])
}

/// The same for the statistics, `crates/splitknee-stats/src`.
fn allowed_in_statistics() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        ("terms", &[][..]),
        ("math", &[]),
        // `messages` is the macro that declares a catalogue.
        ("note", &["messages"]),
        ("instrument", &["math"]),
        ("multiplicity", &["math", "note"]),
        ("paired", &["math", "note"]),
        ("model", &["math", "multiplicity", "note"]),
        ("planning", &["math", "paired", "note"]),
        ("survival", &["math", "paired", "note"]),
        ("missing", &["math", "paired", "model", "note"]),
        ("lib", &[]),
    ])
}

/// The two source trees with their maps of imports.
fn trees() -> [(PathBuf, BTreeMap<&'static str, &'static [&'static str]>); 2] {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    [(root.join("src"), allowed()), (root.join("crates/splitknee-stats/src"), allowed_in_statistics())]
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The folders named in `crate::NAME` paths of `text`, outside comments.
fn imported(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .flat_map(|line| line.split("crate::").skip(1).collect::<Vec<_>>())
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .filter(|name: &String| !name.is_empty())
        .collect()
}

#[test]
fn imports_go_one_way() {
    let mut wrong = Vec::new();
    for (root, allowed) in trees() {
        let mut files = Vec::new();
        sources(&root, &mut files);
        assert!(files.len() > 40, "the source tree was not found");
        for file in files {
            let relative = file.strip_prefix(&root).unwrap();
            let place =
                relative.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned();
            let permitted = allowed
                .get(place.as_str())
                .unwrap_or_else(|| panic!("{} is not on the map of imports", file.display()));
            for target in imported(&fs::read_to_string(&file).unwrap()) {
                if target != place && target != "terms" && !permitted.contains(&target.as_str()) {
                    wrong.push(format!("{} imports crate::{target}", relative.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports that run back:\n{}", wrong.join("\n"));
}

#[test]
fn only_their_folders_touch_the_foreign_libraries_that_have_one_home() {
    let homes: [(&str, &[&str]); 4] = [
        ("statrs::", &["math/dist"]),
        ("libm::", &["math/dist"]),
        ("polars::", &["data", "trial"]),
        ("rand_chacha::", &["math/random.rs"]),
    ];
    let mut wrong = Vec::new();
    for (root, _) in trees() {
        let mut files = Vec::new();
        sources(&root, &mut files);
        for file in files {
            let relative = file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&file).unwrap();
            for (library, places) in homes {
                let used = text.lines().any(|line| line.split("//").next().unwrap_or_default().contains(library));
                if used && !places.iter().any(|place| relative.starts_with(place)) {
                    wrong.push(format!("{relative} uses {library}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "libraries used outside their home:\n{}", wrong.join("\n"));
}
