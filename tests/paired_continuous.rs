//! Every figure of the `paired_*` and `power_paired` reference cases: compared in `splitknee::qualification::continuous`.

use crate::reference_cases::{Case, Finish, Load, qualify};
use splitknee::qualification::continuous;

#[test]
fn shoes() {
    qualify("paired_shoes");
}

#[test]
fn sleep() {
    qualify("paired_sleep");
}

#[test]
fn anorexia() {
    qualify("paired_anorexia_ft");
}

#[test]
fn shoulder() {
    if let Some(case) = Case::beside("reference-external", "paired_shoulder") {
        continuous::two_columns(&case).finish();
    }
}

#[test]
fn edges() {
    qualify("paired_edge");
}

#[test]
fn trial_a() {
    qualify("paired_simA");
}

#[test]
fn trial_b() {
    qualify("paired_simB");
}

#[test]
fn power_and_size() {
    qualify("power_paired");
}
