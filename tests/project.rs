//! The data sets of the project, and runs of their plans.

use splitknee::pipeline::{self, Inputs, Run};
use std::path::{Path, PathBuf};

/// The demo's data set.
pub const DEMO: &str = "ev-knee-synthetic";

/// The folder of a data set.
pub fn dataset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets").join(name)
}

/// The plan of a data set.
pub fn plan_of(name: &str) -> String {
    std::fs::read_to_string(dataset(name).join("plan.toml")).unwrap()
}

/// `plan` and the files of the data set that it names.
pub fn inputs(name: &str, plan: &str) -> Inputs {
    let folder = dataset(name);
    let inputs = pipeline::read_from(plan, "plan.toml", |file| std::fs::read(folder.join(file)));
    inputs.unwrap_or_else(|findings| panic!("{findings:?}\n{plan}"))
}

/// What `plan` says of the files of a data set.
pub fn run(name: &str, plan: &str) -> Run {
    pipeline::analyse(inputs(name, plan)).unwrap_or_else(|findings| panic!("{findings:?}\n{plan}"))
}
