//! The life of a plan: written by `init`, described by its schema, waiving findings, sealed.

use super::small_trial::SmallTrial;
use splitknee::plan::lock::{Change, LockState};
use splitknee::plan::{self, Plan, init, lock, waivers};
use splitknee::trial::Severity;
use std::path::Path;

fn parsed(small: &SmallTrial) -> Plan {
    small.read_plan().unwrap()
}

#[test]
fn the_committed_schema_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/plan.schema.json");
    let current = serde_json::to_string_pretty(&plan::schema()).unwrap() + "\n";
    if std::env::var_os("SPLITKNEE_UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &current).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == current,
        "schema/plan.schema.json is stale: SPLITKNEE_UPDATE=1 cargo test the_committed_schema_is_current"
    );
}

#[test]
fn the_documentation_of_the_plan_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/plan.md");
    let current = plan::schema::markdown();
    if std::env::var_os("SPLITKNEE_UPDATE").is_some() {
        std::fs::write(&path, &current).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let update = "SPLITKNEE_UPDATE=1 cargo test the_documentation_of_the_plan_is_current";
    assert!(committed == current, "docs/plan.md is stale: {update}");
}

#[test]
fn every_key_of_the_schema_is_described() {
    let schema = plan::schema();
    let mut undescribed = Vec::new();
    let definitions = schema["$defs"].as_object().unwrap();
    for (name, definition) in definitions.iter().chain([(&"plan".to_owned(), &schema)]) {
        for (key, property) in definition["properties"].as_object().into_iter().flatten() {
            if property["description"].as_str().unwrap_or_default().is_empty() {
                undescribed.push(format!("{name}.{key}"));
            }
        }
    }
    assert!(undescribed.is_empty(), "{undescribed:?}");
}

#[test]
fn init_writes_a_trial_that_runs_and_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("new");
    assert_eq!(init::init(&target).unwrap().len(), 5);
    let plan = plan::load(&target.join("plan.toml")).unwrap();
    let sources = plan::sources::read(&plan, &target).unwrap();
    let (trial, findings) = splitknee::trial::build::build(&plan.design(), &sources).unwrap();
    assert_eq!((trial.patients.len(), trial.sets[0].size()), (3, 3));
    assert!(findings.iter().all(|finding| finding.severity != Severity::Error), "{findings:?}");
    std::fs::write(target.join("plan.toml"), "mine").unwrap();
    assert_eq!(init::init(&target).unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read_to_string(target.join("plan.toml")).unwrap(), "mine");
}

#[test]
fn the_template_lists_every_key() {
    let text = init::FILES[0].1;
    let schema = plan::schema();
    let definitions = schema["$defs"].as_object().unwrap();
    let mut missing = Vec::new();
    for (table, definition) in definitions.iter().chain([(&"plan".to_owned(), &schema)]) {
        for key in definition["properties"].as_object().into_iter().flatten().map(|(key, _)| key) {
            let listed = [format!("{key} = "), format!("[{key}]"), format!("{key}]]")];
            let word = |line: &str, listed: &String| {
                line.match_indices(listed.as_str())
                    .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
            };
            // Old names are read, and not advertised.
            if !key.starts_with("mcid") && !text.lines().any(|line| listed.iter().any(|listed| word(line, listed))) {
                missing.push(format!("{table}.{key}"));
            }
        }
    }
    assert!(missing.is_empty(), "not in the template: {missing:?}");
}

#[test]
fn the_commented_keys_of_the_template_are_known() {
    // Every `# key = value` line, uncommented one at a time in its table, must still be a plan.
    let text = init::FILES[0].1;
    let lines: Vec<&str> = text.lines().collect();
    let mut tried = 0;
    for (number, line) in lines.iter().enumerate() {
        let Some(key) = line.strip_prefix("# ").filter(|rest| rest.contains(" = ") && !rest.contains("`")) else {
            continue;
        };
        // Keys below a commented table belong to that table.
        let header = lines[..number].iter().rev().find(|line| line.starts_with('[') || line.starts_with("# ["));
        if header.is_some_and(|header| header.starts_with("# [")) {
            continue;
        }
        let mut uncommented = lines.clone();
        uncommented[number] = key;
        if let Err(findings) = plan::parse(&uncommented.join("\n"), "plan.toml") {
            // Only rules on what fits together may object, never an unknown key or a wrong type.
            for finding in findings {
                assert!(!["SK002", "SK003", "SK005", "SK006"].contains(&finding.rule), "{finding}");
            }
        }
        tried += 1;
    }
    assert!(tried > 25, "{tried}");
}

#[test]
fn waived_findings_keep_their_reason() {
    let mut small = SmallTrial::new();
    small.set("knees.csv", 4, "vas", "");
    small.plan.push_str("\n[[waive]]\nrule = \"SK504\"\nreason = \"Known at the site.\"\n[[waive]]\nrule = \"SK208\"\nreason = \"Steps of five.\"\n");
    let review = waivers::review(&parsed(&small), small.findings());
    assert_eq!(review.waived.len(), 1);
    assert_eq!(review.waived[0].reason, "Known at the site.");
    assert_eq!(review.unused, ["SK208"]);
    assert!(review.open.iter().all(|finding| finding.rule != "SK504") && !review.open.is_empty());
}

/// What the program decides by itself is sealed too, and another version of the program is a departure.
#[test]
fn a_seal_holds_the_settings_in_force_and_the_version() {
    let mut plan = parsed(&SmallTrial::new());
    plan.in_force = splitknee::analysis::methods::in_force(&plan);
    let sealed = lock::seal(&plan, "2026-01-31").unwrap();
    for key in ["endpoint[effusion] (decided by)", "endpoint[vas] (tests)", "endpoint[pain].role"] {
        assert!(sealed.contains(key), "{key}: {sealed}");
    }
    let version = format!("\"splitknee\": \"{}\"", env!("CARGO_PKG_VERSION"));
    let other = sealed.replacen(&version, "\"splitknee\": \"0.0.9\"", 1);
    let LockState::Changed { changes, .. } = lock::state(&plan, Some(&other)).unwrap() else { panic!("not changed") };
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].sealed.as_deref(), Some("0.0.9"));
    let mut changed = plan.clone();
    changed.in_force.insert("endpoint[vas] (decided by)".to_owned(), "another".to_owned());
    assert!(matches!(lock::state(&changed, Some(&sealed)).unwrap(), LockState::Changed { .. }));
}

#[test]
fn a_seal_knows_its_plan() {
    let small = SmallTrial::new();
    let sealed = lock::seal(&parsed(&small), "2026-01-31").unwrap();
    let state = |small: &SmallTrial| lock::state(&parsed(small), Some(&sealed)).unwrap();
    assert_eq!(state(&small), LockState::Sealed { date: "2026-01-31".to_owned(), same_bytes: true });
    assert_eq!(lock::state(&parsed(&small), None).unwrap(), LockState::NeverSealed);

    let mut comment = small.clone();
    comment.plan.push_str("\n# a comment\n");
    assert_eq!(state(&comment), LockState::Sealed { date: "2026-01-31".to_owned(), same_bytes: false });

    // A default that is written out is no change.
    let mut explicit = small.clone();
    explicit.plan.push_str("\n[analysis]\nalpha = 0.05\n");
    assert!(matches!(state(&explicit), LockState::Sealed { same_bytes: false, .. }));

    let mut changed = small.clone();
    changed.edit_plan("unit = \"mm\"", "unit = \"mm\"\nmcid = 10");
    changed.plan.push_str("\n[analysis]\nalpha = 0.1\n");
    let LockState::Changed { changes, .. } = state(&changed) else { panic!("not changed") };
    let change = |key: &str, sealed: Option<&str>, now: &str| Change {
        key: key.to_owned(),
        sealed: sealed.map(str::to_owned),
        now: Some(now.to_owned()),
    };
    assert_eq!(changes, [change("analysis.alpha", Some("0.05"), "0.1"), change("endpoint[vas].mcid", None, "10.0")]);
    assert_eq!(state(&changed).describe(), "changed since sealing (2026-01-31): 2 keys");
}

#[test]
fn require_lock_refuses_what_was_not_sealed() {
    let small = SmallTrial::new();
    let plan = parsed(&small);
    assert_eq!(LockState::NeverSealed.refusal(&plan).unwrap().rule, "SK007");
    let sealed = lock::seal(&plan, "2026-01-31").unwrap();
    assert_eq!(lock::state(&plan, Some(&sealed)).unwrap().refusal(&plan), None);
    let mut changed = small.clone();
    changed.edit_plan("primary = \"Month 6\"", "primary = \"Month 2\"");
    let changed = parsed(&changed);
    let refusal = lock::state(&changed, Some(&sealed)).unwrap().refusal(&changed).unwrap();
    assert!(refusal.message.contains("visits.primary"), "{refusal}");
}

#[test]
fn a_broken_seal_or_date_is_an_error_not_a_panic() {
    let plan = parsed(&SmallTrial::new());
    for broken in ["", "{", "{\"sealed\": 1}", "[]"] {
        assert_eq!(lock::state(&plan, Some(broken)).unwrap_err()[0].rule, "SK019");
    }
    for date in ["", "yesterday", "2026-02-30", "31.01.2026"] {
        assert_eq!(lock::seal(&plan, date).unwrap_err()[0].rule, "SK019", "{date}");
    }
}

#[test]
fn the_seal_beside_the_plan_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.toml");
    std::fs::write(&path, SmallTrial::new().plan).unwrap();
    let plan = plan::load(&path).unwrap();
    assert_eq!(lock::state_of(&plan, &path).unwrap(), LockState::NeverSealed);
    std::fs::write(lock::path_of(&path), lock::seal(&plan, "2026-01-31").unwrap()).unwrap();
    assert!(matches!(lock::state_of(&plan, &path).unwrap(), LockState::Sealed { same_bytes: true, .. }));
}
