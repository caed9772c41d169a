//! Trials in which nothing is true: the treatments of the demo's patients are exchanged at random within patients, and
//! visits are lost at random. Every sentence, box, table and terminal line is read, in both languages, for a claim of a
//! direction, in favour of active or against it: such a claim may be made in at most 5 % of the trials.
//!
//! Of 1 000 such trials 50 claim a direction (5.0 %, Monte Carlo standard error 0.7) and 563 withhold something that an
//! interval alone would claim; `SPLITKNEE_NULL_TRIALS=100 cargo test --test main null_trials` is quicker.

use crate::project::{DEMO, dataset, plan_of};
use rayon::prelude::*;
use splitknee::analysis::{Claim, Conclusion, Run};
use splitknee::cli::run_summary::summary;
use splitknee::pipeline;
use splitknee::report::document::Block;
use splitknee::report::exhibits::{Material, families, tables};
use splitknee::report::options::Options;
use splitknee::report::sections::{abstracts, methods};
use splitknee::report::sentences;
use splitknee::report::words::{Language, Words};
use splitknee::trial::Role;
use std::collections::BTreeMap;
use std::path::Path;

/// A stream of random bits (splitmix64).
struct Stream(u64);

impl Stream {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The plan of the demo with a deciding method that is quick; the rules of claims are those of every plan.
fn quick_plan() -> String {
    let plan = plan_of(DEMO).replace("primary = \"mixed_model\"", "primary = \"paired_t\"");
    let mut kept = String::new();
    for line in plan.lines() {
        let named = ["ddf =", "structure =", "sensitivity =", "fallback =", "difference_structure ="];
        if !named.iter().any(|key| line.trim_start().starts_with(key)) {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept.replace("alpha = 0.05", "alpha = 0.05\nsets = [\"FAS\"]")
}

/// A trial without effects, or with an effect of `effect` on the secondary scores.
fn trial(seed: u64, effect: f64) -> Run {
    let mut stream = Stream(seed);
    let mut exchanged: BTreeMap<String, bool> = BTreeMap::new();
    let folder = dataset(DEMO);
    let load = |file: &str| -> std::io::Result<Vec<u8>> {
        let bytes = std::fs::read(folder.join(file))?;
        if file != "knees.csv" && file != "allocation.csv" {
            return Ok(bytes);
        }
        let text = String::from_utf8(bytes).expect("a text file");
        let mut lines = text.lines();
        let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
        let at = |name: &str| header.iter().position(|column| *column == name);
        let mut out = format!("{}\n", header.join(","));
        for line in lines {
            let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
            let patient = cells[at("usubjid").expect("patients")].clone();
            let swap = *exchanged.entry(patient).or_insert_with(|| stream.next().is_multiple_of(2));
            if let Some(side) = at("ev_side").filter(|_| swap) {
                let other = match cells[side].as_str() {
                    "R" => "L",
                    "L" => "R",
                    "RIGHT" => "LEFT",
                    "LEFT" => "RIGHT",
                    other => other,
                };
                cells[side] = other.to_owned();
            }
            if let Some(arm) = at("trt").filter(|_| swap) {
                cells[arm] = if cells[arm] == "EV" { "SALINE" } else { "EV" }.to_owned();
            }
            if let Some(visit) = at("avisit") {
                let after = cells[visit] != "Baseline";
                if after && stream.share() < 0.05 {
                    continue;
                }
                let active = at("trt").is_some_and(|arm| cells[arm] == "EV");
                if effect != 0.0 && after && active {
                    for column in ["womac_total", "lequesne"].into_iter().filter_map(at) {
                        if let Ok(value) = cells[column].parse::<f64>() {
                            cells[column] = format!("{}", (value - effect * value).max(0.0).round());
                        }
                    }
                }
            }
            out.push_str(&cells.join(","));
            out.push('\n');
        }
        Ok(out.into_bytes())
    };
    let inputs = pipeline::read_from(&quick_plan(), "plan.toml", load).unwrap_or_else(|found| panic!("{found:?}"));
    pipeline::analyse(inputs).unwrap_or_else(|found| panic!("{found:?}"))
}

/// Everything that a report and the terminal say of the comparisons, in one language.
fn said(run: &Run, language: Language) -> String {
    let words = Words::new(language);
    let options = Options::default();
    let material =
        Material { plan: &run.plan, trial: &run.trial, outcomes: &run.outcomes, words: &words, options: &options };
    let mut text = vec![summary(run, Path::new("out"), 120)];
    for record in &run.outcomes.records {
        if record.verdict.is_some() && record.visit.is_some() && record.endpoint.is_some() {
            text.push(sentences::conclusion(&material, record));
        }
    }
    for endpoint in 0..run.trial.design.endpoints.len() {
        text.extend(tables::comparisons(&material, endpoint, "1").footnotes);
        text.extend(sentences::results(&material, endpoint, run.trial.design.primary));
    }
    text.extend(sentences::harms_compared(&material));
    text.extend(families::multiplicity(&material, "1").into_iter().flat_map(|table| table.footnotes));
    for block in abstracts::section(&material).blocks.into_iter().chain(methods::section(&material).blocks) {
        match block {
            Block::Paragraph(paragraph) | Block::Conclusion(paragraph) => text.push(paragraph),
            Block::Facts(facts) => text.extend(facts.into_iter().map(|(_, fact)| fact)),
            _ => {}
        }
    }
    text.join("\n")
}

/// Whether a text asserts that one arm is better or worse, higher or lower.
fn claims_a_direction(text: &str) -> bool {
    let english = text.lines().any(|line| {
        let compares =
            [" was lower in ", " was higher in ", " were lower in ", " were higher in ", " were better than "]
                .into_iter()
                .chain([" were worse than ", "to the disadvantage of"])
                .any(|words| line.contains(words));
        let verdict = line.trim_end().trim_end_matches('*').ends_with(" superior")
            || line.trim_end().trim_end_matches('*').ends_with(" inferior");
        compares || verdict
    });
    let japanese = ["より低かった", "より高かった", "より良好であった", "より不良であった", "不利な差である"];
    english || japanese.iter().any(|words| text.contains(words))
}

fn trials() -> u64 {
    std::env::var("SPLITKNEE_NULL_TRIALS").ok().and_then(|n| n.parse().ok()).unwrap_or(1000)
}

#[test]
fn null_trials_claim_a_direction_in_five_per_cent_at_most() {
    let n = trials();
    let of_seed = |seed: u64| {
        let run = trial(seed, 0.0);
        let claimed = run
            .outcomes
            .records
            .iter()
            .filter_map(|record| record.verdict)
            .any(|verdict| matches!(verdict.claim, Claim::Superior | Claim::Inferior));
        let described =
            run.outcomes.records.iter().any(|record| record.verdict.is_some_and(|verdict| verdict.withheld.is_some()));
        for language in [Language::English, Language::Japanese] {
            let text = said(&run, language);
            assert_eq!(claims_a_direction(&text), claimed, "trial {seed}: words and records disagree\n{text}");
        }
        [u64::from(claimed), u64::from(described)]
    };
    let found: Vec<[u64; 2]> = (0..n).into_par_iter().map(of_seed).collect();
    let [claimed, described] = [0, 1].map(|place| found.iter().map(|counts| counts[place]).sum::<u64>());
    // 5 % and three standard errors of the simulation.
    let share = claimed as f64 / n as f64;
    let most = 0.05 + 3.0 * (0.05 * 0.95 / n as f64).sqrt();
    println!("{n} null trials: a direction is claimed in {claimed}, something is withheld in {described}");
    assert!(share <= most, "{claimed} of {n} null trials claim a direction; at most {most:.3} may");
    assert!(described > 0, "no trial had anything to withhold: the test would not see a claim that is not");
}

#[test]
fn a_failed_primary_lets_no_secondary_effect_through() {
    let mut large = 0;
    for seed in 0..trials() / 5 {
        let run = trial(seed, 0.6);
        let of_role =
            |role: Role| run.outcomes.records.iter().filter(move |record| record.role == role && record.arm.is_none());
        if of_role(Role::Primary).any(|record| record.conclusion() == Conclusion::Superior) {
            continue;
        }
        large += of_role(Role::Secondary).filter(|record| record.result.p_value.is_some_and(|p| p < 1e-6)).count();
        let claimed: Vec<&str> = of_role(Role::Secondary)
            .filter(|record| record.verdict.is_some_and(|verdict| verdict.claim != Claim::None))
            .map(|record| record.id.as_str())
            .collect();
        assert!(claimed.is_empty(), "trial {seed}: {claimed:?}");
        let inferior = of_role(Role::Primary).any(|record| record.conclusion() == Conclusion::Inferior);
        for language in [Language::English, Language::Japanese] {
            assert_eq!(claims_a_direction(&said(&run, language)), inferior, "trial {seed}");
        }
    }
    assert!(large > 0, "no secondary effect was large");
}

#[test]
fn every_claim_there_is_would_be_seen() {
    for text in [
        "At Month 6, VAS pain was lower in EV knees than in SALINE knees: difference",
        "VAS pain  Month 6  −11.2 (−16.6 to −5.8)  < 0.001  superior\n",
        "Month 6時点のVAS疼痛は、EV膝でSALINE膝より低かった",
    ] {
        assert!(claims_a_direction(text), "{text}");
    }
    for text in ["The interval lies against EV; not confirmed after adjustment (adjusted p = 0.092).", "inconclusive*"]
    {
        assert!(!claims_a_direction(text), "{text}");
    }
}
