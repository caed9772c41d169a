//! The committed example report is what the program writes today.
//!
//! `SPLITKNEE_UPDATE=1 cargo test example` writes it anew after a wanted change.

use assert_cmd::Command;
use std::fs;
use std::path::Path;

/// The files of the demo that are committed under `reports/`. A build without the feature `pdf` makes no PDF.
const KEPT: &[&str] = if cfg!(feature = "pdf") { &["report.html", "report.pdf"] } else { &["report.html"] };

#[test]
fn the_committed_example_is_what_the_demo_writes() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/ev-knee-synthetic");
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("demo");
    Command::cargo_bin("splitknee").unwrap().args(["demo", "--out"]).arg(&out).assert().success();
    for name in KEPT {
        let written = fs::read(out.join(name)).unwrap();
        if std::env::var_os("SPLITKNEE_UPDATE").is_some() {
            fs::create_dir_all(&committed).unwrap();
            fs::write(committed.join(name), &written).unwrap();
        }
        let kept = fs::read(committed.join(name)).unwrap_or_default();
        assert!(
            kept == written,
            "reports/ev-knee-synthetic/{name} is stale: look at the new one, then run `SPLITKNEE_UPDATE=1 cargo test example`"
        );
    }
}
