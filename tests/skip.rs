//! A test that cannot run says so, and is counted.
//!
//! `SPLITKNEE_REQUIRE` names what must not be missing (`R`, `browser`, `haven`, `slurm`, `data`, separated by commas): there a skip is a
//! failure. `SPLITKNEE_SKIPS` names a file to which each skip adds a line, for `.ci/run` to count.

use std::io::Write;

/// Whether the tests of simulation and allocation are to run with as many replicates, kills and keys as docs/reliability.md names,
/// which takes minutes.
pub fn long() -> bool {
    std::env::var_os("SPLITKNEE_LONG").is_some_and(|value| value != "0")
}

/// What a test may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// R with the packages that CONTRIBUTING.md lists.
    R,
    /// R's package haven.
    Haven,
    /// Node, Chromium and the packages of `tests/web`.
    Browser,
    /// A Slurm cluster that can be started on this machine.
    Slurm,
    /// Data of other people, which lie beside the project and are never part of it.
    Data,
}

impl Needs {
    fn name(self) -> &'static str {
        match self {
            Self::R => "R",
            Self::Haven => "haven",
            Self::Browser => "browser",
            Self::Slurm => "slurm",
            Self::Data => "data",
        }
    }
}

/// Says that a test, or a part of it, is skipped because `what` is missing.
///
/// # Panics
/// Where this kind must be there.
pub fn skip(needs: Needs, what: &str) {
    let name = needs.name();
    let required = std::env::var("SPLITKNEE_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|kind| kind.trim() == name), "{name} is required, and missing: {what}");
    println!("skipped ({name}): {what}");
    if let Some(path) = std::env::var_os("SPLITKNEE_SKIPS") {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
        file.and_then(|mut file| writeln!(file, "{name}: {what}")).expect("the list of skips can be written");
    }
}

#[test]
fn what_is_required_must_not_be_skipped() {
    // The environment belongs to the whole process: the decision is tested in a process of its own.
    if std::env::var_os("SPLITKNEE_TEST_OF_SKIPS").is_some() {
        skip(Needs::Haven, "only said to be missing");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let list = home.path().join("skips.txt");
    let run = |required: &str| {
        std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "skip::what_is_required_must_not_be_skipped"])
            .env("SPLITKNEE_TEST_OF_SKIPS", "1")
            .env("SPLITKNEE_REQUIRE", required)
            .env("SPLITKNEE_SKIPS", &list)
            .output()
            .unwrap()
            .status
            .success()
    };
    assert!(run("R,browser"));
    assert_eq!(std::fs::read_to_string(&list).unwrap(), "haven: only said to be missing\n");
    assert!(!run("R, haven"));
}
