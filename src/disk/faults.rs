//! Every write, sync, close, link and rename of a run fails in turn, and the program is killed there in turn. After each:
//! the output is the OLD or the NEW one, never a MIX, never MISSING, the user's notes are there, and after the next run
//! nothing is left beside it.

use super::fault::{Fault, allow_exchange, arm, steps};
use super::folder::Claim;
use super::inputs::Inputs;
use super::{file, place};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use std::process::Command;

/// The files of a run, all of the same text, with their manifest.
fn files(text: &str) -> Vec<(String, Vec<u8>)> {
    let names =
        ["report.html", "tables/a.csv", "tables/deep/b.csv", if text == "old" { "stale.csv" } else { "fresh.csv" }];
    let hash: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    let outputs: Vec<_> = names.iter().map(|name| serde_json::json!({"path": name, "sha256": hash})).collect();
    let manifest = serde_json::json!({"splitknee": "0", "text": text, "outputs": outputs}).to_string();
    let mut files: Vec<_> = names.iter().map(|name| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    files.push(("manifest.json".to_owned(), manifest.into_bytes()));
    files
}

fn run(home: &Path, text: &str) -> Result<Vec<String>, super::OutputError> {
    let files = files(text);
    Claim::new(&home.join("in/out"), &Inputs::default(), false)?
        .write(files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())))
}

/// An old output with a note of the user, and a link and an empty folder.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    run(home.path(), "old").unwrap();
    fs::write(home.path().join("in/out/tables/notes.txt"), "signed").unwrap();
    fs::create_dir(home.path().join("in/out/attic")).unwrap();
    home
}

/// OLD, NEW, or what is wrong.
fn state(home: &Path) -> String {
    let out = home.join("in/out");
    if !out.is_dir() {
        return "MISSING".to_owned();
    }
    if fs::read_to_string(out.join("tables/notes.txt")).ok().as_deref() != Some("signed") || !out.join("attic").is_dir()
    {
        return "NOTES LOST".to_owned();
    }
    for text in ["old", "new"] {
        let whole = files(text).iter().all(|(path, bytes)| fs::read(out.join(path)).ok().as_ref() == Some(bytes));
        let other = out.join(if text == "old" { "fresh.csv" } else { "stale.csv" });
        if whole && !other.exists() {
            let standing = place::standing(&out).unwrap().unwrap();
            assert!(standing.edited.is_empty() && standing.others.len() == 2, "{standing:?}");
            return text.to_uppercase();
        }
    }
    "MIX".to_owned()
}

fn strays(home: &Path) -> Vec<String> {
    let names = fs::read_dir(home.join("in")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != "out").collect()
}

/// How many calls a run makes.
fn length() -> usize {
    let home = home();
    arm(None);
    run(home.path(), "new").unwrap();
    let made = steps();
    assert_eq!((state(home.path()).as_str(), strays(home.path())), ("NEW", vec![]));
    made
}

/// A process that is being started holds the locks of this one for a moment: nothing is started while locks are tried.
static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn alone() -> std::sync::MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[test]
fn every_call_of_a_run_may_fail() {
    let _alone = alone();
    for exchange in [true, false] {
        allow_exchange(exchange);
        let mut old = 0;
        for at in 0..length() {
            for fault in [Fault::Fail(5), Fault::Fail(28), Fault::FailFrom(5)] {
                let home = home();
                arm(Some((at, fault)));
                let done = run(home.path(), "new");
                arm(None);
                let found = state(home.path());
                // Two renames that both fail leave the old output in the hidden folder, which the message names.
                let named = !exchange && found == "MISSING" && fault == Fault::FailFrom(5);
                if named {
                    assert!(done.as_ref().unwrap_err().to_string().contains(".splitknee-out/old"), "{done:?}");
                } else {
                    assert!(["OLD", "NEW"].contains(&found.as_str()), "step {at}, {fault:?}: {found}: {done:?}");
                    assert!(
                        done.is_ok() <= (found == "NEW"),
                        "step {at}: success is told, but the output is the old one"
                    );
                }
                old += usize::from(found == "OLD");
                run(home.path(), "new").unwrap();
                assert_eq!((state(home.path()).as_str(), strays(home.path())), ("NEW", vec![]), "after step {at}");
            }
        }
        assert!(old > 60, "faults that leave the old output: {old}");
    }
    allow_exchange(true);
}

/// The run that [`a_run_may_be_killed_at_every_call`] starts in a process of its own.
#[test]
fn killed_here() {
    let (Ok(home), Ok(at)) = (std::env::var("SPLITKNEE_TEST_HOME"), std::env::var("SPLITKNEE_TEST_AT")) else { return };
    allow_exchange(std::env::var("SPLITKNEE_TEST_EXCHANGE").is_ok());
    arm(Some((at.parse().unwrap(), Fault::Kill)));
    let _ = run(Path::new(&home), "new");
}

#[test]
fn a_run_may_be_killed_at_every_call() {
    let _alone = alone();
    for exchange in [true, false] {
        allow_exchange(exchange);
        let mut put_back = 0;
        for at in 0..length() {
            let home = home();
            let mut child = Command::new(std::env::current_exe().unwrap());
            child.args(["--exact", "disk::faults::killed_here"]).env("SPLITKNEE_TEST_HOME", home.path());
            child.env("SPLITKNEE_TEST_AT", at.to_string());
            if exchange {
                child.env("SPLITKNEE_TEST_EXCHANGE", "1");
            }
            assert!(!child.output().unwrap().status.success(), "the process was to die at step {at}");
            let found = state(home.path());
            // Between two renames the output is missing until the next run, which puts it back before all else.
            let between = !exchange && found == "MISSING";
            put_back += usize::from(between);
            assert!(between || ["OLD", "NEW"].contains(&found.as_str()), "killed at step {at}: {found}");
            let notes = run(home.path(), "new").unwrap();
            assert_eq!(notes.iter().any(|note| note.contains("put back")), between, "{notes:?}");
            assert_eq!((state(home.path()).as_str(), strays(home.path())), ("NEW", vec![]), "after step {at}");
        }
        assert_eq!(put_back, usize::from(!exchange));
    }
    allow_exchange(true);
}

#[test]
fn every_call_of_one_file_may_fail() {
    let _alone = alone();
    let write = |path: &Path, text: &str| file::write(path, text.as_bytes(), &Inputs::default(), true);
    for at in 0..12 {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a.csv");
        write(&path, "old").unwrap();
        arm(Some((at, Fault::Fail(28))));
        let done = write(&path, "new");
        arm(None);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text == "old" && done.is_err() || text == "new", "step {at}: {text}");
        write(&path, "new").unwrap();
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "step {at}: something is left");
    }
}
