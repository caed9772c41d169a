//! What a plan adds beside the primary comparison: a Bayesian summary, the permutation test that redraws the allocation,
//! the forest of subgroups.

use crate::analysis::{find, near, run};
use crate::project::{DEMO, plan_of};
use splitknee::analysis::Outcomes;
use splitknee::paired::bayes::{BayesQuestion, Component, Likelihood, bayes};
use splitknee::paired::{Better, Field};
use splitknee::pipeline;
use splitknee::plan;

const BAYES: &str = "\n[bayes]\nprior = { mean = 0, sd = 10 }\nrobust = { weight = 0.7, sd = 30 }\n";
const REDRAWN: &str = "\n[randomisation]\nblock = \"block\"\nblock_size = 4\n";
const ASKED: (&str, &str) = ("ddf = \"kenward-roger\"", "ddf = \"kenward-roger\"\nrandomisation_test = \"design\"");

/// A trial of 48 pairs whose differences have mean −6.2 and SD 17.5, the case `plan` of `weekly_bayes`.
fn of_reference(prior: &str) -> Outcomes {
    let reach = 17.5 * (47.0_f64 / 48.0).sqrt();
    let mut csv = "id,arm,value\n".to_owned();
    for patient in 1..=48 {
        let difference = -6.2 + if patient % 2 == 0 { reach } else { -reach };
        csv.push_str(&format!("{patient},EV,{difference}\n{patient},SALINE,0\n"));
    }
    let plan = format!(
        "[trial]\nid = \"B\"\ntitle = \"Bayes\"\n[data]\npath = \"d.csv\"\ncolumns = {{ patient = \"id\", arm = \"arm\" }}\n\
         [arms]\nactive = \"EV\"\nplacebo = \"SALINE\"\n[[endpoint]]\nname = \"Pain\"\ncolumn = \"value\"\n\
         better = \"lower\"\nimportant_difference = 5\nimportant_difference_source = \"none\"\n[bayes]\n{prior}"
    );
    let inputs = pipeline::read_from(&plan, "plan.toml", |_| Ok(csv.clone().into_bytes()));
    pipeline::analyse(inputs.unwrap_or_else(|findings| panic!("{findings:?}"))).unwrap().outcomes
}

#[test]
fn the_posterior_is_that_of_the_reference() {
    // R 4.2.2, own quadrature: case weekly_bayes `plan/mixture.t`, `plan/prior.normal`, `plan/prior.inflated`.
    let mixture = "prior = { mean = 0, sd = 10 }\nrobust = { weight = 0.7, sd = 30 }\n";
    let normal = "prior = { mean = 0, sd = 10 }\nlikelihood = \"normal\"\n";
    let inflated = "prior = { mean = 0, sd = 10 }\nlikelihood = \"inflated\"\n";
    for (prior, mean, low, high, benefit, important) in [
        (mixture, -5.864073109084825, -10.78904808025031, -0.9097379374835778, 0.9893127597525194, 0.6372074200778187),
        (normal, -5.828151774785801, -10.628083973078011, -1.0282195764935929, 0.9913394170799326, 0.6323788938162195),
        (inflated, -5.812657678430948, -10.711570622069374, -0.9137447347925207, 0.9899783484202336, 0.627458365415986),
    ] {
        let outcomes = of_reference(prior);
        let record = find(&outcomes, "value.single.posterior");
        near("mean", record.result.estimate, mean, 1e-6);
        near("low", record.result.conf_low, low, 1e-6);
        near("high", record.result.conf_high, high, 1e-6);
        near("benefit", record.result.number("p_benefit"), benefit, 1e-6);
        near("important", record.result.number("p_important"), important, 1e-6);
        assert_eq!(record.verdict, None, "it decides nothing");
    }
}

#[test]
fn the_posterior_of_a_plan_has_the_bits_of_the_method() {
    let outcomes = run(DEMO, &[], BAYES);
    let record = find(&outcomes, "vas.m6.posterior");
    let number = |name: &str| record.result.number(name).unwrap();
    let important = plan::parse(&plan_of(DEMO), "plan.toml").unwrap().endpoints[0].important_difference;
    let question = BayesQuestion {
        n: record.result.n_pairs,
        mean: number("mean_difference"),
        sd: number("sd_difference"),
        prior: vec![
            Component { weight: 0.7, mean: 0.0, sd: 10.0 },
            Component { weight: 1.0 - 0.7, mean: 0.0, sd: 30.0 },
        ],
        likelihood: Likelihood::T,
        better: Better::Lower,
        mcid: important.map(|size| -size),
        level: 0.95,
    };
    let posterior = bayes(&question).unwrap();
    assert_eq!(record.result.estimate, Some(posterior.mean));
    assert_eq!(record.result.conf_high, Some(posterior.conf_high));
    assert_eq!(record.result.number("p_benefit"), Some(posterior.p_benefit));
    assert_eq!(record.result.number("p_important"), posterior.p_mcid);
    // Every other number stays as it was.
    let plain = run(DEMO, &[], "");
    let others = |outcomes: &Outcomes| {
        let kept = outcomes.records.iter().filter(|record| record.result.method != "posterior");
        kept.map(|record| (record.id.clone(), record.result.p_value, record.verdict)).collect::<Vec<_>>()
    };
    assert_eq!(others(&outcomes), others(&plain));
}

/// The exact law of Σ ± d over the blocks, by listing every list of sides: 6 allocations per whole block of four.
fn by_listing(blocks: &[Vec<(bool, f64)>]) -> f64 {
    let mut sums = vec![0.0];
    let mut observed = 0.0;
    for block in blocks {
        observed += block.iter().map(|(left, d)| if *left { *d } else { -d }).sum::<f64>();
        let mut here = Vec::new();
        for mask in 0..16_u32 {
            if mask.count_ones() == 2 {
                let sign = |i: usize| if mask >> i & 1 == 1 { 1.0 } else { -1.0 };
                here.push(block.iter().enumerate().map(|(i, (_, d))| sign(i) * d).sum::<f64>());
            }
        }
        sums = sums.iter().flat_map(|sum| here.iter().map(move |more| sum + more)).collect();
    }
    let n = sums.len() as f64;
    sums.iter().filter(|sum| sum.abs() >= f64::abs(observed) - 1e-9).count() as f64 / n
}

fn small(allocation: &[(&str, &str)], values: &[(i32, i32)], size: usize) -> Result<Outcomes, String> {
    let mut list = "id,block,active\n".to_owned();
    let mut data = "id,side,value\n".to_owned();
    for (i, ((block, active), (left, right))) in allocation.iter().zip(values).enumerate() {
        list.push_str(&format!("P{i},{block},{active}\n"));
        data.push_str(&format!("P{i},L,{left}\nP{i},R,{right}\n"));
    }
    let plan = format!(
        "[trial]\nid = \"R\"\ntitle = \"Blocks\"\n[data]\npath = \"d.csv\"\ncolumns = {{ patient = \"id\", knee = \"side\" }}\n\
         allocation = \"list.csv\"\nallocation_columns = {{ active_knee = \"active\" }}\n\
         [arms]\nactive = \"EV\"\nplacebo = \"SALINE\"\n[[endpoint]]\nname = \"Pain\"\ncolumn = \"value\"\nbetter = \"lower\"\n\
         [analysis]\nrandomisation_test = \"design\"\n[randomisation]\nblock = \"block\"\nblock_size = {size}\n"
    );
    let files = |file: &str| Ok(if file == "d.csv" { data.clone() } else { list.clone() }.into_bytes());
    let inputs = pipeline::read_from(&plan, "plan.toml", files).map_err(|findings| format!("{findings:?}"))?;
    pipeline::analyse(inputs).map(|run| run.outcomes).map_err(|findings| format!("{findings:?}"))
}

const LIST: [(&str, &str); 8] =
    [("1", "L"), ("1", "R"), ("1", "R"), ("1", "L"), ("2", "R"), ("2", "R"), ("2", "L"), ("2", "L")];
const READ: [(i32, i32); 8] = [(30, 42), (51, 40), (44, 45), (20, 33), (61, 50), (47, 41), (39, 52), (28, 30)];

#[test]
fn the_allocation_is_redrawn_as_it_was_drawn() {
    let outcomes = small(&LIST, &READ, 4).unwrap();
    let record = find(&outcomes, "value.single.sensitivity.design-permutation");
    let pairs = LIST.iter().zip(READ);
    let blocks = pairs.map(|((_, side), (left, right))| (*side == "L", f64::from(left - right))).collect::<Vec<_>>();
    let blocks: Vec<Vec<(bool, f64)>> = blocks.chunks(4).map(<[_]>::to_vec).collect();
    near("by listing 36 lists", record.result.p_value, by_listing(&blocks), 1e-12);
    assert_eq!(record.result.field("n_blocks"), Some(&Field::Count(2)));
    assert_eq!(record.result.exact, Some(true));
    // Another size of block than the list's is refused, not computed.
    let wrong = small(&LIST, &READ, 6).unwrap();
    let record = find(&wrong, "value.single.sensitivity.design-permutation");
    assert_eq!(record.result.p_value, None);
    assert_eq!(record.result.notes.first().map(|note| note.code().to_owned()).as_deref(), Some("blocks_not_whole"));
    let small_size = small(&LIST, &READ, 2).unwrap();
    assert_eq!(find(&small_size, "value.single.sensitivity.design-permutation").result.p_value, None);
}

#[test]
fn the_demo_is_redrawn_from_its_list() {
    let outcomes = run(DEMO, &[ASKED], REDRAWN);
    let record = find(&outcomes, "vas.m6.sensitivity.design-permutation");
    assert!(record.result.p_value.is_some_and(|p| p > 0.0 && p < 1.0), "{:?}", record.result);
    assert_eq!(record.result.field("n_blocks"), Some(&Field::Count(8)));
    let verdict = record.verdict.unwrap();
    assert_eq!(verdict.claim, splitknee::analysis::Claim::None);
}

#[test]
fn refusals_say_what_to_write() {
    let demo = plan_of(DEMO);
    let asked = demo.replace(ASKED.0, ASKED.1);
    for (text, rule, said) in [
        (format!("{demo}{}", BAYES.replace("sd = 10", "sd = 0")), "SK010", "prior.sd"),
        (format!("{demo}{}", BAYES.replace("weight = 0.7", "weight = 1")), "SK010", "weight"),
        (format!("{demo}{}", BAYES.replace("sd = 30", "sd = 9")), "SK010", "no vaguer"),
        (format!("{demo}{BAYES}endpoint = \"none\"\n"), "SK008", "none"),
        (asked.clone(), "SK012", "how it was drawn"),
        (format!("{asked}{}", REDRAWN.replace("4", "5")), "SK010", "block of 5"),
    ] {
        let findings = plan::parse(&text, "plan.toml").expect_err(said);
        let about = |finding: &splitknee::trial::Finding| format!("{} {:?}", finding.message, finding.location);
        let found = findings.iter().find(|finding| finding.rule == rule);
        let found = found.unwrap_or_else(|| panic!("{said}: {findings:?}"));
        assert!(!found.remedy.is_empty() && (about(found).contains(said) || said.contains('.')), "{said}: {found:?}");
    }
    // Without the test the methods section reads the scheme.
    assert!(plan::parse(&format!("{demo}{REDRAWN}"), "plan.toml").is_ok());
    // A column that no file has is named with the plan's line.
    let missing = format!("{asked}{}", REDRAWN.replace("\"block\"", "\"blok\""));
    let inputs = crate::project::inputs(DEMO, &missing);
    let findings = pipeline::analyse(inputs).err().unwrap();
    assert!(findings.iter().any(|finding| finding.rule == "SK609" && finding.message.contains("blok")), "{findings:?}");
}

/// How it was drawn which knee got which treatment stands in the methods section, with the plan's own sizes, strata and
/// words, in both languages; without a scheme nothing is said of one.
#[test]
fn the_methods_section_says_how_the_allocation_was_drawn() {
    let page = |addition: &str, language: &str| {
        let demo = plan_of(DEMO).replace("language = \"en\"", &format!("language = \"{language}\""));
        let mut inputs = crate::project::inputs(DEMO, &format!("{demo}{addition}"));
        inputs.plan.report.formats.retain(|format| *format == plan::ReportFormat::Markdown);
        let bundle = splitknee::report::files(&pipeline::analyse(inputs).unwrap()).unwrap();
        String::from_utf8(bundle.get("report.md").unwrap().to_vec()).unwrap()
    };
    let (_, bundle) = crate::report::demo("en");
    let plain = String::from_utf8(bundle.get("report.md").unwrap().to_vec()).unwrap();
    assert!(!plain.contains("permuted blocks"), "nothing is made up");
    let drawn = page(REDRAWN, "en");
    let sentence = "Which knee of a patient received EV was drawn at random in permuted blocks of 4 patients, in which \
                    either side is active equally often.";
    assert!(drawn.contains(sentence), "{}", drawn.lines().filter(|line| line.contains("blocks")).collect::<String>());
    let strata = page(&format!("{REDRAWN}stratum = \"sex\"\n"), "en");
    assert!(strata.contains("in permuted blocks of 4 patients within strata (sex)"));
    assert!(page(REDRAWN, "ja").contains("置換ブロック"));
}
