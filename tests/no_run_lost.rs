//! No run is lost: whatever kind of endpoint, deciding method and data, a run ends in results and a report or in findings,
//! never in an abort; what could not be compared is said.

use rayon::prelude::*;
use splitknee::pipeline;
use splitknee::report::compose;
use splitknee::report::options::Options;

const METHODS: [&str; 22] = [
    "mixed_model",
    "mmrm",
    "mmrm_difference",
    "clda",
    "ancova",
    "paired_t",
    "wilcoxon",
    "sign",
    "permutation",
    "trimmed_t",
    "bootstrap",
    "mcnemar",
    "ordinal_mixed",
    "logistic_mixed",
    "gee",
    "first_event",
    "rmst",
    "gee_negative_binomial",
    "poisson_mixed",
    "negative_binomial_mixed",
    "rate_ratio",
    "counts",
];

/// Values of a knee: `shape` says what is peculiar about the data, `n` how many patients there are.
fn data(kind: &str, shape: &str) -> String {
    let patients = if shape == "one-patient" { 1 } else { 8 };
    if kind == "survival" {
        return times(patients, shape);
    }
    let mut out = "id,knee,arm,visit,v\n".to_owned();
    for patient in 0..patients {
        for (knee, arm) in [("L", "A"), ("R", "P")] {
            for (place, visit) in ["Baseline", "M1", "M2"].into_iter().enumerate() {
                if shape == "empty-visit" && visit == "M2" {
                    out.push_str(&format!("p{patient},{knee},{arm},{visit},\n"));
                    continue;
                }
                let active = usize::from(arm == "A");
                let noise = (7 * patient + 3 * place + 5 * active * (patient % 3)) % 11;
                let value = match (kind, shape) {
                    ("binary", "constant") => 1,
                    ("binary", _) => usize::from(noise > 5),
                    ("ordinal", "constant") => 2,
                    ("ordinal", _) => noise % 4,
                    (_, "constant") => 40 - 2 * active,
                    _ => 40 + noise + 2 * place,
                };
                out.push_str(&format!("p{patient},{knee},{arm},{visit},{value}\n"));
            }
        }
    }
    out
}

/// Times and statuses of knees at the last visit: "constant" are all censored at one time, "empty-visit" without any.
fn times(patients: usize, shape: &str) -> String {
    let mut out = "id,knee,arm,visit,t,s\n".to_owned();
    for patient in 0..patients {
        for (knee, arm) in [("L", "A"), ("R", "P")] {
            let noise = (7 * patient + 5 * usize::from(arm == "A")) % 11;
            let cells = match shape {
                "constant" => "12,0".to_owned(),
                "empty-visit" => ",".to_owned(),
                _ => format!("{},{}", 1 + noise, usize::from(noise % 3 != 0)),
            };
            out.push_str(&format!("p{patient},{knee},{arm},M2,{cells}\n"));
        }
    }
    out
}

fn plan(kind: &str, method: &str) -> String {
    let about = match kind {
        "survival" => "time = \"t\"\nstatus = \"s\"\nbetter = \"later\"\n".to_owned(),
        _ => String::new(),
    };
    let range = match kind {
        "binary" => "[0, 1]",
        "ordinal" => "[0, 3]",
        _ => "[0, 100]",
    };
    let about = if about.is_empty() { format!("column = \"v\"\nrange = {range}\nbetter = \"lower\"\n") } else { about };
    format!(
        "[trial]\nid = \"T\"\ntitle = \"t\"\nsynthetic = true\n[data]\npath = \"k.csv\"\n\
         columns = {{ patient = \"id\", knee = \"knee\", arm = \"arm\", visit = \"visit\" }}\n\
         [arms]\nactive = \"A\"\nplacebo = \"P\"\n[visits]\norder = [\"Baseline\", \"M1\", \"M2\"]\n\
         baseline = \"Baseline\"\n[[endpoint]]\nname = \"V\"\nkind = \"{kind}\"\n{about}decimals = 0\n[analysis]\nprimary = \"{method}\"\nbootstrap_samples = 200\n"
    )
}

#[test]
fn every_kind_and_method_ends_in_a_report() {
    let mut cases = Vec::new();
    for kind in ["continuous", "count", "ordinal", "binary", "survival"] {
        for method in METHODS {
            cases.extend(["ordinary", "constant", "one-patient", "empty-visit"].map(|shape| (kind, method, shape)));
        }
    }
    let reports: usize = cases.par_iter().map(|(kind, method, shape)| usize::from(report(kind, method, shape))).sum();
    assert!(reports > 150, "only {reports} plans were run: the data or plans of this test are refused");
}

/// Whether a plan of `kind` and `method` on data of `shape` was run; it is not where plan or data are refused.
fn report(kind: &str, method: &str, shape: &str) -> bool {
    let what = format!("{kind} by {method}, {shape}");
    let file = data(kind, shape);
    let Ok(inputs) = pipeline::read_from(&plan(kind, method), "plan.toml", |_| Ok(file.clone().into_bytes())) else {
        return false;
    };
    let Ok(run) = pipeline::analyse(inputs) else { return false };
    let words = compose::words(&run.plan);
    let style = compose::style(&run.plan);
    let document = compose::document_with(&run, &words, &style, &Options::default());
    assert!(document.is_ok(), "{what}: {:?}", document.err());
    // A comparison without numbers says why.
    if let Some(record) = run.outcomes.deciding(0, 2) {
        let answered = record.result.p_value.is_some() || record.result.estimate.is_some();
        assert!(answered || !record.result.notes.is_empty(), "{what}: nothing, and no reason");
    }
    true
}
