//! Every `splitknee` command in the README and under `docs/` is one that the program takes: no option that was renamed or
//! dropped. (What the commands do on real files is tested where they are.)

use clap::Parser;
use splitknee::cli::args::Cli;
use std::path::{Path, PathBuf};

/// The pages of documentation.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let within = |folder: &str| {
        let found = std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        found.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect::<Vec<_>>()
    };
    [within("."), within("docs")].concat()
}

/// The commands in the blocks of a page that are in no other language, lines that go on joined.
fn commands(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let (mut shell, mut goes_on) = (false, false);
    for line in text.lines() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            shell = !shell && matches!(language.trim(), "" | "sh" | "bash" | "console" | "text");
            goes_on = false;
        } else if shell {
            let line = line.trim().trim_start_matches("$ ");
            let (text, next) = line.strip_suffix('\\').map_or((line, false), |text| (text, true));
            match found.last_mut() {
                Some(last) if goes_on => *last = format!("{last} {}", text.trim()),
                _ => found.push(text.trim().to_owned()),
            }
            goes_on = next;
        }
    }
    let ours = |command: &String| command.starts_with("splitknee ") || command.starts_with("cargo run -- ");
    found.into_iter().filter(ours).map(|command| command.replacen("cargo run -- ", "splitknee ", 1)).collect()
}

/// The words of a command as a shell splits them, up to a comment, a pipe or a redirection.
pub fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote, mut started) = (String::new(), None, false);
    for c in command.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.push(c),
            (None, '\'' | '"') => (quote, started) = (Some(c), true),
            (None, '#' | '|' | '>' | '<' | ';' | '&') if !started => break,
            (None, c) if c.is_whitespace() => {
                if started {
                    words.push(std::mem::take(&mut word));
                    started = false;
                }
            }
            (None, c) => {
                word.push(c);
                started = true;
            }
        }
    }
    assert!(quote.is_none(), "an open quote: {command}");
    words.extend(started.then_some(word));
    words
}

#[test]
fn every_documented_command_is_one_that_the_program_takes() {
    let mut refused = Vec::new();
    let mut seen = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for command in commands(&text) {
            seen += 1;
            if let Err(error) = Cli::try_parse_from(words(&command)) {
                // Help and version come back as errors that are none.
                if error.use_stderr() {
                    let first = error.to_string().lines().next().unwrap_or_default().to_owned();
                    refused.push(format!("{}: {command}\n  {first}", page.file_name().unwrap().display()));
                }
            }
        }
    }
    assert!(seen > 15, "only {seen} commands were found");
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn words_are_split_as_a_shell_does() {
    assert_eq!(
        words("splitknee model --formula 'y ~ a*b' --x \"p q\" # why"),
        ["splitknee", "model", "--formula", "y ~ a*b", "--x", "p q"]
    );
    assert_eq!(words("splitknee run plan.toml > log"), ["splitknee", "run", "plan.toml"]);
    assert_eq!(commands("```sh\nsplitknee run \\\n  plan.toml\nls\n```\nsplitknee no\n"), ["splitknee run plan.toml"]);
}
