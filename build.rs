//! Tells the program which commit it was built from: `splitknee --version`. Whoever builds outside a checkout (a package, a
//! mirror) says it with the environment variable `SPLITKNEE_COMMIT`.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=SPLITKNEE_COMMIT");
    if let Ok(commit) = std::env::var("SPLITKNEE_COMMIT") {
        println!("cargo:rustc-env=SPLITKNEE_COMMIT={commit}");
        return;
    }
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
    };
    let commit = git(&["log", "-1", "--format=%h %cs"]).unwrap_or_else(|| "no commit".to_owned());
    println!("cargo:rustc-env=SPLITKNEE_COMMIT={commit}");
    // The log of HEAD grows with every commit and checkout.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]).filter(|log| std::path::Path::new(log).exists()) {
        println!("cargo:rerun-if-changed={log}");
    }
}
