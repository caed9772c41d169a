//! `splitknee power` and `splitknee simulate` through the program.

use crate::cli_model::{json, run};
use std::path::Path;

fn near(found: &serde_json::Value, expected: f64, tolerance: f64, what: &str) {
    let found = found.as_f64().unwrap_or_else(|| panic!("{what}: {found}"));
    assert!((found - expected).abs() <= tolerance, "{what}: {found} against {expected}");
}

fn ask(arguments: &str) -> serde_json::Value {
    let mut words = vec!["power"];
    words.extend(arguments.split(' '));
    words.extend(["--format", "json"]);
    json(&words)
}

/// R 4.2.2: power by the noncentral t with both tails; the first row is SAS's example "Xilodol" (127 pairs).
#[test]
fn paired_t_answers_each_of_three_questions() {
    let shape = "--sd-active 40 --sd-placebo 55 --rho 0.3 --alpha 0.01";
    let power = ask(&format!("paired-t --delta -20 {shape} --n 100"));
    near(&power["power"], 0.800_835_297_847_810_3, 1e-9, "power");
    near(&power["sd_diff"], 57.489_129_407_219_24, 1e-10, "SD");
    assert_eq!(power["alpha"], 0.01);
    let pairs = ask(&format!("paired-t --delta -20 {shape} --power 0.9 --losses 0.1"));
    assert_eq!((&pairs["n"], &pairs["patients"]), (&127.into(), &142.into()));
    near(&pairs["n_unrounded"], 126.276_290_389_229_96, 1e-4, "pairs");
    let sentence = pairs["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("Assuming a correlation of 0.3"), "{sentence}");
    assert!(sentence.contains("142 patients are to be randomised"), "{sentence}");
    let delta = ask(&format!("paired-t {shape} --n 100 --power 0.9"));
    near(&delta["delta"], 22.555_617_964_938_556, 1e-6, "difference");
}

/// gsDesign's default design (case gsd_futility, R's mvtnorm) in the words of the command line.
#[test]
fn futility_bounds_by_the_command_line() {
    let design = "group-sequential --information 0.3333333333333333,0.6666666666666666,1 --spending hsd --parameter -4 \
        --sides one --alpha 0.025 --power 0.9 --delta 10 --sd-diff 20 --futility hsd --futility-parameter -2";
    let advice = ask(design);
    near(&advice["futility_bounds"][0], -0.238_724_033_235_548, 1e-7, "futility");
    near(&advice["futility_bounds"][1], 0.941_067_235_636_962, 1e-7, "futility");
    near(&advice["inflation"], 1.069_883_117_820_28, 1e-7, "inflation");
    near(&advice["type_i_error_if_followed"], 0.023_304_514_854_864, 1e-8, "error");
    let sentence = advice["sentence"].as_str().unwrap();
    assert!(sentence.contains("advice to the monitoring committee"), "{sentence}");
    assert!(advice["check"].as_str().unwrap().contains("typeBetaSpending = \"bsHSD\", gammaB = -2"));
    let binding = ask(&format!("{design} --binding"));
    near(&binding["bounds"][2], 1.964_336_796_572_63, 1e-7, "binding");
    assert!(binding["n"].as_u64() < advice["n"].as_u64());
    let stop = ask(&format!("{design} --look 1 --z -0.5"));
    assert_eq!((&stop["futile"], &stop["crossed"]), (&true.into(), &false.into()));
    for wrong in [
        "--information 0.5,1 --spending of --futility-threshold 0.2",
        "--information 0.5,1 --spending of --futility of --binding",
        "--information 0.5,1 --spending of --futility conditional-power",
        "--information 0.5,1 --spending of --futility conditional-power --futility-threshold 0.9",
        "--information 0.5,1 --spending of --futility of --futility-under trend",
        "--information 0.5,1 --spending of --binding",
    ] {
        let mut words = vec!["power", "group-sequential"];
        words.extend(wrong.split(' '));
        let (code, out, _) = run(&words);
        assert!(code != 0 && out.is_empty(), "{wrong}: {out}");
    }
}

#[test]
fn lists_give_rows_and_unused_options_are_refused() {
    let rows = ask("paired-t --delta 10 --sd 20 --rho 0.2:0.8:0.1 --power 0.9");
    let rows = rows["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 7);
    assert_eq!(rows[3]["rho"], 0.5);
    let pairs: Vec<u64> = rows.iter().map(|row| row["n"].as_u64().unwrap()).collect();
    assert!(pairs.windows(2).all(|pair| pair[0] > pair[1]), "{pairs:?}");
    for wrong in [
        "equivalence --delta 0 --low -5 --high 5 --sd-diff 8 --n 20 --null 1",
        "paired-t --delta 5 --sd-diff 8 --n 20 --margin 2",
        "paired-t --delta 5 --sd-diff 8 --rho 0.5 --n 20",
        "paired-t --delta 5 --sd-diff 8 --n 20 --power 0.9",
        "paired-t --delta 5 --sd-diff 8",
        "mcnemar --p-active 0.6 --p-placebo 0.2 --phi 0.9 --n 20",
        "group-sequential --information 0.5,0.4,1 --spending of",
    ] {
        let mut words = vec!["power"];
        words.extend(wrong.split(' '));
        let (code, out, _) = run(&words);
        assert_ne!(code, 0, "{wrong}");
        assert!(out.is_empty(), "{wrong}: {out}");
    }
}

/// Every option of every method: taken where the registry lists it, else refused by its name. None is accepted and ignored.
#[test]
fn an_option_is_used_or_refused_whatever_the_method() {
    use clap::Parser;
    use splitknee::cli::args::power::PowerArgs;
    use splitknee::cli::power::{METHODS, inputs};
    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: PowerArgs,
    }
    let given = [
        ("better", Some("lower")),
        ("p", Some("exact")),
        ("formula", Some("are")),
        ("analysis", Some("exchangeable")),
        ("over", Some("sd")),
        ("spending", Some("of")),
        ("futility", Some("of")),
        ("futility_under", Some("trend")),
        ("binding", None),
        ("where", Some("visit=6")),
    ];
    let mut options: Vec<&str> =
        METHODS.iter().flat_map(|(_, numbers, words)| numbers.iter().chain(*words)).copied().collect();
    options.sort_unstable();
    options.dedup();
    assert!(options.len() > 50, "{}", options.len());
    let mut refused = 0;
    for (method, numbers, words) in METHODS {
        for option in &options {
            let flag = inputs::flag(option);
            let value = given.iter().find(|(name, _)| name == option).map_or(Some("0.5"), |(_, value)| *value);
            let line = ["power", method, &flag].into_iter().chain(value);
            let args = Line::try_parse_from(line).unwrap_or_else(|error| panic!("{method} {flag}: {error}")).args;
            match inputs::rows(&args) {
                Ok((rows, _)) => {
                    assert!(numbers.contains(option) || words.contains(option), "{method} ignores {flag}");
                    assert!(rows[0].get(option).is_some() || rows[0].word(option).is_some(), "{method} loses {flag}");
                }
                Err(error) => {
                    assert!(!numbers.contains(option) && !words.contains(option), "{method} {flag}: {error}");
                    assert!(error.to_string().contains(&format!("{flag} is not an option of {method}")), "{error}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 300, "{refused}");
}

/// A blinded re-estimation refuses a file in which it could see the allocation, and of the others the words of any further
/// column, whatever they are, do not reach its answer.
#[test]
fn a_blinded_reestimation_reads_no_arms() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, further: &str, cell: &dyn Fn(usize) -> String| {
        let mut text = format!("id,side,value,{further}\n");
        for row in 0..40 {
            let value = 40.0 + f64::from((row * 7919 % 101) as u32) / 4.0;
            text.push_str(&format!("P{:02},{},{value},{}\n", row / 2, ["L", "R"][row % 2], cell(row)));
        }
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let of = |path: &str| {
        let numbers = ["--delta-planned", "5", "--power", "0.8", "--pairs-planned", "20"];
        let mut words = vec!["power", "reestimate", "--data", path, "--id", "id", "--side", "side", "--value", "value"];
        words.extend(numbers);
        words.extend(["--format", "json"]);
        run(&words)
    };
    for name in ["arm", "treatment", "TRT01P"] {
        let (code, out, err) = of(&file("arms.csv", name, &|row| ["EV", "SALINE"][row % 2].to_owned()));
        assert!(code == 1 && out.is_empty() && err.contains(&format!("`{name}`")), "{name}: {out}{err}");
    }
    let truth = of(&file("sent.csv", "code", &|row| ["EV", "SALINE"][row % 2].to_owned()));
    assert_eq!(truth.0, 0, "{}", truth.2);
    for garbage in ["", "\u{1F9B4}", "\"a, b\"", "1e999", "SALINE"] {
        assert_eq!(
            of(&file("sent.csv", "code", &|row| if row % 3 == 0 { garbage.to_owned() } else { row.to_string() })),
            truth
        );
    }
}

/// Figures of PowerTOST 1.5-7, exact2x2's definition, rpact 3.3.4 and R code of the planning references.
#[test]
fn other_methods() {
    near(
        &ask("equivalence --delta 0 --low -5 --high 5 --sd-diff 8 --n 25")["power"],
        0.835_530_794_697_955_9,
        1e-8,
        "TOST",
    );
    near(&ask("mcnemar --p10 0.25 --p01 0.05 --n 40")["power"], 0.567_379_453_745_031_5, 1e-9, "McNemar");
    let pairs = ask("mcnemar --p10 0.25 --p01 0.05 --power 0.8 --p mid-p");
    assert_eq!((&pairs["n_first"], &pairs["n_stays"]), (&53.into(), &53.into()));
    let looks = ask(
        "group-sequential --information 0.3333333333333333,0.6666666666666666,1 --spending of --delta 10 --sd-diff 20 --power 0.9",
    );
    near(&looks["bounds"][0], 3.710_302_873_262_36, 1e-7, "bound");
    near(&looks["inflation"], 1.011_852_080_324_847, 1e-7, "inflation");
    assert_eq!(looks["pairs_at_looks"], serde_json::json!([15, 30, 45]));
    near(
        &ask("one-knee --delta 10 --sd 20 --rho 0 --pairs 20 --single-active 10 --single-placebo 0")["variance"],
        100.0 / 3.0,
        1e-9,
        "variance",
    );
}

/// `test power` no longer ignores --mu, and prints the level as it was written.
#[test]
fn the_old_alias_uses_its_null_value() {
    let with = |options: &[&str]| {
        let mut words = vec!["test", "power", "--delta", "10", "--sd-diff", "20", "--n", "40", "--format", "json"];
        words.extend(options);
        json(&words)
    };
    let (plain, shifted) = (with(&[]), with(&["--mu", "5"]));
    assert_eq!(plain["alpha"], 0.05);
    assert!(shifted["power"].as_f64() < plain["power"].as_f64());
    near(
        &shifted["power"],
        ask("paired-t --delta 10 --null 5 --sd-diff 20 --n 40")["power"].as_f64().unwrap(),
        1e-12,
        "mu",
    );
}

const PLAN: &str = r#"
[trial]
id = "SIM"
title = "A simulated trial"
synthetic = true
[data]
path = "none.csv"
columns = { patient = "id", knee = "side", arm = "arm", visit = "visit" }
[arms]
active = "A"
placebo = "P"
[visits]
order = ["Month 6"]
primary = "Month 6"
[[endpoint]]
name = "Pain"
id = "pain"
column = "pain"
kind = "continuous"
better = "lower"
role = "primary"
[analysis]
primary = "paired_t"
sensitivity = []
"#;

const SCENARIO: &str = r#"
plan = "plan.toml"
seed = 20261128
[[scenario]]
name = "bounded"
patients = 30
[scenario.endpoint.pain]
active = [12]
placebo = [22]
sd = [20]
knee_correlation = 0.5
round = 1
limits = [0, 100]
[[scenario]]
name = "null"
patients = 24
[scenario.endpoint.pain]
placebo = [47]
null = true
sd = [20]
knee_correlation = 0.5
[[scenario.missing]]
level = "knee"
mechanism = "MCAR"
probability = 0.1
"#;

fn simulate(folder: &Path, out: &str, options: &[&str]) -> (i32, String, String) {
    simulate_n(folder, out, "600", options)
}

fn simulate_n(folder: &Path, out: &str, n: &str, options: &[&str]) -> (i32, String, String) {
    let (scenario, out) = (folder.join("scenario.toml"), folder.join(out));
    let mut words = vec!["simulate", scenario.to_str().unwrap(), "--out", out.to_str().unwrap(), "--replicates", n];
    words.extend(options);
    run(&words)
}

/// One machine, seven shards, one thread, a torn file: the same bytes. The truth is that of the bounded scale (R, sum over
/// its 101 values), not the latent −10.
#[test]
fn simulations_do_not_depend_on_shards_threads_or_kills() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plan.toml"), PLAN).unwrap();
    std::fs::write(folder.path().join("scenario.toml"), SCENARIO).unwrap();
    let (code, _, err) = simulate(folder.path(), "one", &[]);
    assert_eq!(code, 0, "{err}");
    for shard in 1..=7 {
        let (code, ..) = simulate(folder.path(), "seven", &["--shard", &format!("{shard}/7"), "--threads", "1"]);
        assert_eq!(code, 0);
    }
    let torn = folder.path().join("seven/shard-3-of-7.a0.skr");
    let bytes = std::fs::read(&torn).unwrap();
    std::fs::write(&torn, &bytes[..bytes.len() / 2]).unwrap();
    let (code, _, err) = simulate(folder.path(), "seven", &["--merge"]);
    assert_eq!(code, 1);
    assert!(err.contains("missing"), "{err}");
    assert_eq!(simulate(folder.path(), "seven", &["--shard", "3/7"]).0, 0);
    assert_eq!(simulate(folder.path(), "seven", &["--merge"]).0, 0);
    let read = |out: &str| std::fs::read(folder.path().join(out).join("performance.json")).unwrap();
    assert_eq!(read("one"), read("seven"));
    for shard in 1..=64 {
        assert_eq!(simulate(folder.path(), "many", &["--shard", &format!("{shard}/64"), "--threads", "2"]).0, 0);
    }
    assert_eq!(simulate(folder.path(), "many", &["--merge"]).0, 0);
    assert_eq!(read("one"), read("many"));
    // By the folder alone, and the page for the protocol: the same bytes again.
    let page = |out: &str| std::fs::read_to_string(folder.path().join(out).join("performance.html")).unwrap();
    std::fs::remove_file(folder.path().join("seven/performance.json")).unwrap();
    let (code, _, err) = run(&["simulate", "merge", folder.path().join("seven").to_str().unwrap()]);
    assert_eq!(code, 0, "{err}");
    assert_eq!((read("one"), page("one")), (read("seven"), page("seven")));
    for words in ["Operating characteristics of the analysis plan SIM", "<strong>Estimands:</strong>", "600 replicates"]
    {
        assert!(page("one").contains(words), "{words}");
    }
    // Bias, coverage and rejection of both scenarios, and their intervals; what is drawn is well-formed.
    assert_eq!((page("one").matches("<svg").count(), page("one").matches("</figure>").count()), (2, 2));
    assert!(page("one").contains("operating-characteristics-") && page("one").contains("zip-plot-"));
    assert_eq!(run(&["simulate", "merge", folder.path().to_str().unwrap()]).0, 1);
    let table: serde_json::Value = serde_json::from_slice(&read("one")).unwrap();
    let of = |scenario: &str, measure: &str| {
        let rows = table.as_array().unwrap();
        rows.iter().find(|row| row["scenario"] == scenario && row["measure"] == measure).unwrap().clone()
    };
    let bias = of("bounded", "bias");
    near(&bias["truth"]["difference"], -7.998_977_266_082_388, 1e-8, "truth");
    let within = |row: &serde_json::Value, expected: f64| {
        near(&row["value"], expected, 4.0 * row["mcse"].as_f64().unwrap(), row["measure"].as_str().unwrap());
    };
    within(&bias, 0.0);
    within(&of("bounded", "empirical_se"), 3.123_783);
    within(&of("bounded", "rejection"), 0.698_325);
    within(&of("null", "rejection"), 0.05);
    within(&of("null", "mean_pairs"), 24.0 * 0.81);
    let (claims, rejected) = (of("bounded", "claim_for"), of("bounded", "rejection"));
    assert_eq!(claims["value"], rejected["value"], "every rejection here is a claim for active");
}

/// Starts a simulation, and stops it by `signal` after `wait`; whether it had not ended before.
#[cfg(unix)]
fn stopped_after(folder: &Path, out: &str, n: &str, signal: &str, wait: std::time::Duration) -> bool {
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};
    let (scenario, out) = (folder.join("scenario.toml"), folder.join(out));
    let mut child = Command::new(env!("CARGO_BIN_EXE_splitknee"))
        .args([
            "simulate",
            scenario.to_str().unwrap(),
            "--out",
            out.to_str().unwrap(),
            "--replicates",
            n,
            "--threads",
            "2",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(wait);
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).stderr(Stdio::null()).status().unwrap();
    let status = child.wait().unwrap();
    if status.success() {
        return false;
    }
    assert!(sent.success());
    let wanted = if signal == "-KILL" { 9 } else { 15 };
    assert_eq!(status.signal(), Some(wanted), "a shell and Slurm read 128 + the signal: {status:?}");
    true
}

/// SIGKILL at 20 random moments and SIGTERM at six: the program ends as the signal says, what was done is kept, the same
/// command goes on, and the bytes are those of a run that nobody stopped.
#[cfg(unix)]
#[test]
fn a_simulation_that_is_stopped_goes_on_where_it_was() {
    use splitknee::math::random::Stream;
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("plan.toml"), PLAN).unwrap();
    std::fs::write(at.join("scenario.toml"), SCENARIO).unwrap();
    let start = std::time::Instant::now();
    assert_eq!(simulate_n(at, "whole", "3000", &["--threads", "2"]).0, 0);
    let whole = start.elapsed();
    let read = |out: &str, name: &str| std::fs::read(at.join(out).join(name)).unwrap();
    let kept = |out: &str| -> u64 {
        let listed = std::fs::read_dir(at.join(out)).into_iter().flatten().filter_map(Result::ok);
        let records = listed.filter(|entry| entry.path().extension().is_some_and(|ending| ending == "skr"));
        records.map(|entry| entry.metadata().unwrap().len()).sum()
    };
    // A third of what a whole run takes; less where runs turn out to end sooner.
    let mut longest = whole.div_f64(3.0);
    let mut stream = Stream::new(20, 0);
    let (mut kills, mut terms, mut finished, mut grown) = (0, 0, 0, 0);
    while kills < 20 || terms < 6 {
        let out = format!("stopped-{finished}");
        let signal = if terms * 20 < kills * 6 || kills == 20 { "-TERM" } else { "-KILL" };
        let before = kept(&out);
        if stopped_after(at, &out, "3000", signal, longest.mul_f64(stream.uniform())) {
            *(if signal == "-KILL" { &mut kills } else { &mut terms }) += 1;
            let after = kept(&out);
            assert!(after >= before, "what was done is kept: {before} {after}");
            grown += u32::from(after > before + 40);
            continue;
        }
        // It came to its end before the signal: compared below, and another one is begun.
        finished += 1;
        longest = longest.mul_f64(0.7);
        assert!(finished < 30, "the run is too short to be stopped");
    }
    assert!(grown >= 5, "the signals came before anything was done");
    assert_eq!(simulate_n(at, &format!("stopped-{finished}"), "3000", &["--threads", "2"]).0, 0);
    println!("{kills} times SIGKILL, {terms} times SIGTERM over {} simulations of {whole:?}", finished + 1);
    for run in 0..=finished {
        for name in ["performance.json", "simulation.json", "performance.html"] {
            assert!(read("whole", name) == read(&format!("stopped-{run}"), name), "{run} {name}");
        }
    }
}

/// A shard file that ends at any byte of its last record: the same command does what lacks, and the merged bytes are the same.
#[test]
fn a_shard_cut_at_any_byte_of_its_last_record_is_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("plan.toml"), PLAN).unwrap();
    std::fs::write(at.join("scenario.toml"), SCENARIO).unwrap();
    let run = |options: &[&str]| simulate_n(at, "out", "4", options);
    assert_eq!(run(&["--shard", "1/2"]).0, 0);
    assert_eq!(run(&["--shard", "2/2"]).0, 0);
    assert_eq!(run(&["--merge"]).0, 0);
    let out = at.join("out");
    let shard = out.join("shard-2-of-2.a0.skr");
    let (whole, merged) = (std::fs::read(&shard).unwrap(), std::fs::read(out.join("performance.json")).unwrap());
    // 40 bytes of header, then records of one length: two scenarios of two replicates.
    let record = (whole.len() - 40) / 4;
    assert_eq!(40 + 4 * record, whole.len());
    for cut in whole.len() - record..whole.len() {
        std::fs::write(&shard, &whole[..cut]).unwrap();
        let again = out.join("shard-2-of-2.a1.skr");
        assert_eq!(run(&["--shard", "2/2"]).0, 0);
        assert_eq!(std::fs::read(&again).unwrap()[40..], whole[whole.len() - record..], "cut at {cut}");
        assert_eq!(run(&["--merge"]).0, 0);
        assert_eq!(std::fs::read(out.join("performance.json")).unwrap(), merged, "cut at {cut}");
        std::fs::remove_file(&again).unwrap();
    }
}

/// The worked example of the documentation, command by command as it is written; but for the number of replicates.
#[test]
fn the_worked_example_runs_as_written() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/planning-example.md");
    let text = std::fs::read_to_string(page).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (mut file, mut block, mut language): (Option<String>, Vec<&str>, Option<&str>) = (None, Vec::new(), None);
    let (mut files, mut commands) = (0, 0);
    for line in text.lines() {
        match (language, line.strip_prefix("```")) {
            (None, Some(opened)) => (language, block) = (Some(opened), Vec::new()),
            (Some("sh"), Some(_)) => {
                for command in block.join("\n").replace("\\\n", " ").lines() {
                    let words =
                        crate::documented_commands::words(&command.replace("--replicates 1000", "--replicates 20"));
                    assert_eq!(words[0], "splitknee", "{command}");
                    let mut run = assert_cmd::Command::cargo_bin("splitknee").unwrap();
                    let output = run.args(&words[1..]).current_dir(folder.path()).output().unwrap();
                    let err = String::from_utf8_lossy(&output.stderr).into_owned();
                    assert!(output.status.success(), "{command}\n{err}");
                    commands += 1;
                }
                language = None;
            }
            (Some(_), Some(_)) => {
                if let Some(name) = file.take() {
                    std::fs::write(folder.path().join(name), block.join("\n") + "\n").unwrap();
                    files += 1;
                }
                language = None;
            }
            (Some(_), None) => block.push(line),
            (None, None) => {
                if let Some(name) = line.strip_suffix("`:").and_then(|line| line.rsplit_once('`')).map(|(_, name)| name)
                {
                    file = Some(name.to_owned());
                }
            }
        }
    }
    assert!(files >= 4 && commands >= 6, "{files} files, {commands} commands");
    let page = std::fs::read_to_string(folder.path().join("characteristics/performance.html")).unwrap();
    assert!(page.contains("Operating characteristics of the analysis plan EV-KNEE-01"));
    assert!(folder.path().join("list/randomisation.json").exists());
}
