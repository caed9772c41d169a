//! The page in a browser: `tests/web/check.mjs` looks at it at three widths, with a screen reader's eyes (axe-core),
//! without JavaScript, on paper, and clicks through what is interactive. It runs where Node, a Chromium and the script's
//! packages are (`npm install` in `tests/web`); the pictures go to the folder named by `SPLITKNEE_PICTURES`.

use super::report::{demo, hostile};
use crate::skip::{Needs, skip};
use rayon::prelude::*;
use std::path::Path;
use std::process::Command;

/// The folder of the script, where all that it needs is installed.
fn script_folder() -> Option<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/web");
    let packages = ["axe-core", "playwright-core"].iter().all(|name| folder.join("node_modules").join(name).exists());
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    let runs = |program: &str| Command::new(program).arg("--version").output().is_ok_and(|out| out.status.success());
    (packages && runs("node") && Path::new(&chromium).exists()).then_some(folder)
}

#[test]
fn the_page_works_in_a_browser() {
    let Some(folder) = script_folder() else {
        skip(Needs::Browser, "node, chromium or the packages of tests/web are not installed");
        return;
    };
    let long = "A very long name of an endpoint that nobody could print in one line of a narrow table ".repeat(3);
    let awkward = [("rtl", hostile("ألم الركبة שרה", 3, 2).unwrap()), ("long", hostile(&long, 3, 2).unwrap())];
    let (english, japanese) = (&demo("en").1, &demo("ja").1);
    let pages = [("en", english), ("ja", japanese), ("rtl", &awkward[0].1), ("long", &awkward[1].1)];
    // A browser takes a minute for a page and one core: side by side.
    pages.par_iter().for_each(|(name, bundle)| {
        let home = tempfile::tempdir().unwrap();
        let page = home.path().join(format!("{name}.html"));
        std::fs::write(&page, bundle.get("report.html").unwrap()).unwrap();
        let mut command = Command::new("node");
        command.arg(folder.join("check.mjs")).arg(&page);
        if let Some(pictures) = std::env::var_os("SPLITKNEE_PICTURES") {
            let pictures = Path::new(&pictures).join(name);
            std::fs::create_dir_all(&pictures).unwrap();
            command.arg(pictures);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    });
}
