//! A simulation as an array job on a real Slurm cluster: `tests/slurm/array.sh` starts one on this machine (root, Debian's
//! packages slurmctld, slurmd, slurm-client and munge), kills a task, cancels one, kills a node and the controller, and compares
//! the merged files with those of one machine.

use crate::skip::{Needs, skip};
use std::path::Path;
use std::process::Command;

#[test]
fn an_array_job_survives_kills_and_gives_the_bytes_of_one_machine() {
    if !cfg!(target_os = "linux") {
        return skip(Needs::Slurm, "an array job on a cluster: no Linux");
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slurm/array.sh");
    let Ok(output) = Command::new("bash").arg(script).arg(env!("CARGO_BIN_EXE_splitknee")).output() else {
        return skip(Needs::Slurm, "an array job on a cluster: no bash");
    };
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.code() == Some(77) {
        let why = err.lines().find(|line| line.contains("no Slurm cluster")).unwrap_or_default();
        return skip(Needs::Slurm, &format!("an array job on a cluster: {why}"));
    }
    println!("{out}");
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("the bytes of one machine"), "{out}");
}
