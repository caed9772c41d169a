//! Every number of a table leads to a record that holds it unrounded, under the field that the page marks; and the lines of
//! R beside the records run as they are pasted.

use crate::project;
use crate::recompute::{programs, r_is_here, tested};
use crate::report::demo;
use serde_json::Value;
use splitknee::pipeline::Run;
use splitknee::report::exhibits::Material;
use splitknee::report::options::Options;
use splitknee::report::template::Template;
use splitknee::report::{compose, html, records};
use std::collections::BTreeMap;
use std::process::Command;

/// The page of a run, without the other files.
fn page(run: &Run) -> String {
    let (words, options) = (compose::words(&run.plan), Options::default());
    let document = compose::document(run, &words, &compose::style(&run.plan)).unwrap();
    let material =
        Material { plan: &run.plan, trial: &run.trial, outcomes: &run.outcomes, words: &words, options: &options };
    html::render_with(&document, &words, &records::groups(&material), &Template::default()).unwrap()
}

/// What stands between `from` and `to`, every time.
fn between<'a>(text: &'a str, from: &'a str, to: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(from).skip(1).map(move |rest| rest.split(to).next().unwrap_or_default())
}

fn plain(html: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&#x27;", "'"), ("&quot;", "\""), ("&#x2f;", "/"), ("&amp;", "&")];
    named.iter().fold(out, |text, (name, c)| text.replace(name, c)).replace('\u{2212}', "-")
}

/// A text without its days, such as `2022-03-18`.
fn without_days(text: &str) -> String {
    let is_day = |bytes: &[u8]| {
        bytes
            .iter()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { *byte == b'-' } else { byte.is_ascii_digit() })
    };
    let (mut out, mut rest) = (String::new(), text);
    while let Some(c) = rest.chars().next() {
        let day = rest.as_bytes().get(..10).is_some_and(is_day);
        if !day {
            out.push(c);
        }
        rest = &rest[if day { 10 } else { c.len_utf8() }..];
    }
    out
}

/// The numbers of a text with the decimals they are printed with.
fn numbers(text: &str) -> Vec<(f64, usize)> {
    let mut found = Vec::new();
    // Days are text in their record (tests/conduct.rs).
    let without_days = without_days(text);
    let mut rest = without_days.as_str();
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let minus = rest[..start].ends_with('-');
        // A second point ends the number: 14.4.1 is 14.4 and 1.
        let mut points = 0;
        let ends = |c: char| {
            points += usize::from(c == '.');
            !c.is_ascii_digit() && (c != '.' || points > 1)
        };
        let length = rest[start..].find(ends).unwrap_or(rest.len() - start);
        let digits = rest[start..start + length].trim_end_matches('.');
        let value: f64 = digits.parse().unwrap();
        let decimals = digits.split_once('.').map_or(0, |(_, tail)| tail.len());
        found.push((if minus { -value } else { value }, decimals));
        rest = &rest[start + length..];
    }
    found
}

/// How many numbers of table cells are linked, and those that are not in the record they open. Listings copy the data, and
/// tables about the plan or the program count nothing: their cells are left out.
fn untraced(page: &str) -> (usize, Vec<String>) {
    let body = page.split_once("<body").unwrap().1;
    let mut held: BTreeMap<&str, BTreeMap<String, f64>> = BTreeMap::new();
    for record in body.split("<details class=\"record\" id=\"").skip(1) {
        let (id, rest) = record.split_once('"').unwrap();
        let rest = rest.split("</details>").next().unwrap();
        let fields = rest.split("<span data-f=\"").skip(1).map(|field| {
            let (name, rest) = field.split_once('"').unwrap();
            let number = plain(between(rest, "<b>", "</b>").next().unwrap()).replace('\u{2212}', "-");
            (plain(name), number.parse().unwrap_or_else(|_| panic!("{id}: {number}")))
        });
        held.insert(id, fields.collect());
    }
    let (mut linked, mut lost) = (0, Vec::new());
    for table in body.split("<div class=\"table").skip(1) {
        let id = between(table, "id=\"", "\"").next().unwrap();
        let counted = id.starts_with("t-14") && !id.starts_with("t-14-3-5");
        for cell in between(table.split("</table>").next().unwrap(), "<td", "</td>") {
            let cell = cell.split_once('>').unwrap().1;
            let text = plain(cell);
            let printed = numbers(&text);
            let Some((anchor, rest)) = cell.strip_prefix("<a href=\"#").and_then(|link| link.split_once('"')) else {
                // A visit or a date is words.
                if counted && !printed.is_empty() && !text.starts_with(char::is_alphabetic) {
                    lost.push(format!("{id}: {text} leads nowhere"));
                }
                continue;
            };
            linked += 1;
            let fields = plain(between(rest, "data-f=\"", "\"").next().unwrap_or_default());
            let values: Vec<Option<f64>> =
                fields.split(' ').map(|field| held.get(anchor)?.get(field).copied()).collect();
            let rounds = |((shown, decimals), value): (&(f64, usize), &Option<f64>)| {
                let half = 0.5 * 10_f64.powi(-i32::try_from(*decimals).unwrap());
                value.is_some_and(|value| (value - shown).abs() <= half * (1.0 + 1e-9))
            };
            // `< 0.001` and `> 0.99` are no roundings.
            let kept = match text.chars().next() {
                Some('<') => values.iter().all(|value| value.is_some_and(|p| p < printed[0].0)),
                Some('>') => values.iter().all(|value| value.is_some_and(|p| p > printed[0].0)),
                _ => values.len() == printed.len() && printed.iter().zip(&values).all(rounds),
            };
            if !kept {
                lost.push(format!("{id}: {text} is not in {anchor} under {fields:?}: {values:?}"));
            }
        }
    }
    (linked, lost)
}

#[test]
fn every_number_of_a_table_is_in_the_record_it_opens() {
    let tests = "tests = [\"wilcoxon\", \"sign\", \"trimmed-t\", \"non-inferiority\"]\nnon_inferiority_margin = 5\n";
    let grade = "tests = [\"bowker\", \"stuart-maxwell\", \"win-odds\"]";
    let many = tested("primary = \"mmrm\"\nsensitivity = [\"ancova\", \"clda\"]\nsets = []", "", [tests, grade, ""]);
    let mut pages = vec![("many tests", page(&many))];
    pages.push(("shoes", page(&project::run("shoes", &project::plan_of("shoes")))));
    for language in ["en", "ja"] {
        let (_, bundle) = demo(language);
        pages.push((language, String::from_utf8(bundle.get("report.html").unwrap().to_vec()).unwrap()));
    }
    for (name, page) in pages {
        let (linked, lost) = untraced(&page);
        println!("{name}: {linked} linked numbers of table cells, {} not in the record they open", lost.len());
        assert!(lost.is_empty(), "{name}: {:#?}", lost.iter().take(20).collect::<Vec<_>>());
        assert!(linked > 100, "{name}: {linked}");
    }
}

/// Every number in a value, at any depth.
fn held(value: &Value, found: &mut Vec<f64>) {
    match value {
        Value::Number(number) => found.extend(number.as_f64()),
        Value::Array(items) => items.iter().for_each(|item| held(item, found)),
        Value::Object(fields) => {
            // The level of the upper limit alone, which is said where no event was seen.
            found.extend(fields.get("conf_level").and_then(Value::as_f64).map(|level| 0.5 * (1.0 + level)));
            fields.values().for_each(|field| held(field, found));
        }
        _ => {}
    }
}

/// The numbers of a conclusion that its records do not hold: rounded, in size alone, as a percentage, or past a bound that a
/// p-value is printed as.
fn unexplained(text: &str, names: &[&str], records: &[&Value]) -> Vec<String> {
    let text = names.iter().fold(plain(text), |text, name| text.replace(name, ""));
    let mut pool = Vec::new();
    records.iter().for_each(|record| held(record, &mut pool));
    let rounds = |shown: f64, decimals: usize| {
        let half = 0.5 * 10_f64.powi(-i32::try_from(decimals).unwrap()) * (1.0 + 1e-9);
        let near = |value: f64| (value - shown).abs() <= half || (value.abs() - shown).abs() <= half;
        pool.iter().any(|value| near(*value) || near(100.0 * value))
    };
    let bound = |shown: f64| {
        let p = |beyond: &dyn Fn(f64) -> bool| pool.iter().any(|p| (0.0..=1.0).contains(p) && beyond(*p));
        let text = text.replace(' ', "");
        text.contains(&format!("<{shown}")) && p(&|p| p < shown)
            || text.contains(&format!(">{shown}")) && p(&|p| p > shown)
    };
    let lost = numbers(&text).into_iter().filter(|(shown, decimals)| !rounds(*shown, *decimals) && !bound(*shown));
    lost.map(|(shown, _)| format!("{shown} in: {text}")).collect()
}

/// The boxes of conclusions of a page, each against the record of its endpoint and visit that decides, or those of the harms;
/// how many numbers were looked at, and which are not held.
fn untraced_conclusions(run: &Run, page: &str, results: &Value) -> (usize, Vec<String>) {
    let design = &run.trial.design;
    let visits = design.visits.iter().map(|visit| visit.label.as_str());
    let names: Vec<&str> = design.endpoints.iter().map(|endpoint| endpoint.name.as_str()).chain(visits).collect();
    let records = results["results"].as_array().unwrap();
    let (mut looked_at, mut lost) = (0, Vec::new());
    for text in between(page, "<p class=\"conclusion\">", "</p>") {
        let told = plain(text);
        let about = |record: &&Value| {
            let named = |key: &str| record[key].as_str().is_some_and(|name| told.contains(name));
            let decides = matches!(record["role"].as_str(), Some("primary" | "secondary"));
            decides && record["arm"].is_null() && named("endpoint") && named("visit")
        };
        let mut own: Vec<&Value> = records.iter().filter(about).collect();
        // Of two names one may hold the other.
        let longest = own.iter().filter_map(|record| Some(record["endpoint"].as_str()?.len())).max();
        own.retain(|record| record["endpoint"].as_str().map(str::len) == longest);
        if own.is_empty() {
            own = records.iter().filter(|record| record["id"].as_str().unwrap().starts_with("safety.")).collect();
        }
        looked_at += numbers(&told).len();
        lost.extend(unexplained(text, &names, &own));
    }
    (looked_at, lost)
}

#[test]
fn every_number_of_a_conclusion_is_in_the_record_that_decides() {
    for language in ["en", "ja"] {
        let (run, bundle) = demo(language);
        let page = String::from_utf8(bundle.get("report.html").unwrap().to_vec()).unwrap();
        let results: Value = serde_json::from_slice(bundle.get("results.json").unwrap()).unwrap();
        let (looked_at, lost) = untraced_conclusions(run, &page, &results);
        assert!(lost.is_empty(), "{language}: {lost:#?}");
        assert!(looked_at > 80, "{language}: {looked_at}");
        // A limit that is moved in the sentence alone is found.
        let moved = page.replace("6.9", "7.9");
        assert!(!untraced_conclusions(run, &moved, &results).1.is_empty(), "{language}");
    }
}

/// What stands in a page between `<name …>` and `</name>`, every time.
fn elements<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}"), format!("</{name}>"));
    let inside = text.split(&open).skip(1).filter(|rest| rest.starts_with([' ', '>']));
    inside.filter_map(|rest| rest.split(&close).next()?.split_once('>').map(|(_, inner)| inner)).collect()
}

/// A page without the elements `name`.
fn without(text: &str, name: &str) -> String {
    let (open, close) = (format!("<{name}"), format!("</{name}>"));
    let mut pieces = text.split(&open);
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |kept, piece| kept + piece.split_once(&close).map_or("", |(_, after)| after))
}

/// Numbers that stand in sentences and in the labels of figures: summary, abstract, results, harms, missing data, design,
/// annexes. Each against the records of the endpoints that its text or its section is about, those of the whole trial and
/// the plan; numbers of exhibits, years of publications and identifiers are left out. How many were looked at, and which
/// are nowhere.
fn untraced_prose(run: &Run, plan: &str, page: &str, results: &Value) -> (usize, Vec<String>) {
    /// The quantile of the limits of agreement and the guidelines that sentences name.
    const SAID: [&str; 6] = ["1.96 SD", "1.96\u{d7}", "E9(R1)", "2010", "97.5%", "97.5\u{ff05}"];
    let visits = run.trial.design.visits.iter().map(|visit| visit.label.as_str());
    let endpoints: Vec<&str> = run.trial.design.endpoints.iter().map(|endpoint| endpoint.name.as_str()).collect();
    let names: Vec<&str> = endpoints.iter().copied().chain(visits).chain(SAID).collect();
    let planned: Vec<Value> = numbers(plan).into_iter().map(|(number, _)| number.into()).collect();
    let whole = Value::Array(vec![results["trial"].clone(), planned.into()]);
    let records = results["results"].as_array().unwrap();
    let body = without(page.split_once("<body").unwrap().1, "details");
    let (mut looked_at, mut lost) = (0, Vec::new());
    for section in body.split("<section").skip(1) {
        let id = between(section, "id=\"", "\"").next().unwrap_or_default();
        // Sources, programs and the checklist cite; listings copy the data.
        if ["methods", "recompute", "checklist", "listings"].contains(&id) {
            continue;
        }
        let heading = plain(elements(section, "h2").first().copied().unwrap_or_default());
        let text = without(&without(section, "svg"), "table");
        let said = ["p", "li"].iter().flat_map(|name| elements(&text, name)).map(plain);
        // A label with an interval, as forest plots have beside their marks; ticks of axes are no results.
        let drawn = elements(section, "text").into_iter().map(plain);
        let drawn = drawn.filter(|label| label.contains('.') && label.contains(['(', '\u{ff08}']));
        for told in said.chain(drawn) {
            // The sources of a paragraph, and an exhibit by its number.
            let numbered = ["Table ", "Figure ", "Listing ", "\u{8868}", "\u{56f3}", "\u{4e00}\u{89a7}\u{8868}"];
            if numbered.iter().any(|word| told.trim_start().starts_with(word)) {
                continue;
            }
            let mentioned =
                |text: &str| -> Vec<&str> { endpoints.iter().copied().filter(|name| text.contains(name)).collect() };
            let own = mentioned(&told);
            let about = if own.is_empty() { mentioned(&heading) } else { own };
            let fits = |record: &&Value| match record["endpoint"].as_str() {
                Some(name) => about.is_empty() || about.contains(&name),
                None => true,
            };
            let pool: Vec<&Value> = records.iter().filter(fits).chain([&whole]).collect();
            looked_at += numbers(&told).len();
            let told = told.replace('<', "&lt;").replace('>', "&gt;");
            lost.extend(unexplained(&told, &names, &pool).into_iter().map(|lost| format!("{id}: {lost}")));
        }
    }
    (looked_at, lost)
}

#[test]
fn every_number_of_a_sentence_and_a_figure_label_is_in_a_record_of_its_endpoint() {
    for language in ["en", "ja"] {
        let (run, bundle) = demo(language);
        let page = String::from_utf8(bundle.get("report.html").unwrap().to_vec()).unwrap();
        let results: Value = serde_json::from_slice(bundle.get("results.json").unwrap()).unwrap();
        let plan = project::plan_of("ev-knee-synthetic");
        let (looked_at, lost) = untraced_prose(run, &plan, &page, &results);
        println!("{language}: {looked_at} numbers of sentences and figure labels, {} in no record", lost.len());
        assert!(lost.is_empty(), "{language}: {:#?}", lost.iter().take(30).collect::<Vec<_>>());
        assert!(looked_at > 400, "{language}: {looked_at}");
        // A number of the abstract that no record has is found.
        let abstract_ = page.split_once("id=\"abstract\"").unwrap().1;
        let paragraph =
            elements(abstract_, "p").into_iter().find(|text| text.contains('.') && !numbers(text).is_empty());
        let paragraph = paragraph.expect("a paragraph with a number");
        let moved = page.replacen(paragraph, &format!("{paragraph} 98765.4"), 1);
        assert_eq!(untraced_prose(run, &plan, &moved, &results).1.len(), 1, "{language}");
    }
}

#[test]
fn a_number_that_its_record_does_not_hold_is_found() {
    let (_, bundle) = demo("en");
    let page = String::from_utf8(bundle.get("report.html").unwrap().to_vec()).unwrap();
    // The first median of a table, one more in the table only.
    let cell = between(&page, "data-f=\"median\">", "</a>").next().unwrap();
    let (before, after) = (format!("data-f=\"median\">{cell}</a>"), format!("data-f=\"median\">1{cell}</a>"));
    assert_eq!(untraced(&page.replacen(&before, &after, 1)).1.len(), 1);
}

/// One record of every method and kind (an arm, a difference, a change) that has a line of R, and its line.
fn recipes(run: &Run) -> Vec<(String, String)> {
    let (words, options) = (compose::words(&run.plan), Options::default());
    let material =
        Material { plan: &run.plan, trial: &run.trial, outcomes: &run.outcomes, words: &words, options: &options };
    let mut kinds: Vec<(&str, bool, &str)> = Vec::new();
    let mut found = Vec::new();
    for record in &run.outcomes.records {
        let kind = (record.result.method, record.arm.is_some(), record.measure.name());
        let Some(line) = splitknee::report::recipes::r(&material, record) else { continue };
        let given = record.result.estimate.or(record.result.p_value).is_some();
        if given && !kinds.contains(&kind) {
            kinds.push(kind);
            found.push((record.id.clone(), line));
        }
    }
    found
}

/// Runs each line in an environment of its own, as a fresh session has it, and compares what it gives with expected.csv:
/// the estimate or the p-value, and the quartiles of a description.
const PASTED: &str = r#"
expected <- read.csv("verify/expected.csv", na.strings = "", colClasses = "character", encoding = "UTF-8")
lines <- readLines("lines.txt", encoding = "UTF-8")
ids <- readLines("ids.txt", encoding = "UTF-8")
for (i in seq_along(lines)) {
  rm(list = setdiff(ls(), c("expected", "lines", "ids", "i")))
  pasted <- list(expected = expected, lines = lines, ids = ids, i = i)
  value <- tryCatch(eval(parse(text = lines[i])), error = function(e) e)
  expected <- pasted$expected; lines <- pasted$lines; ids <- pasted$ids; i <- pasted$i
  if (inherits(value, "error")) { cat("ERROR", ids[i], conditionMessage(value), "\n"); next }
  row <- expected[match(ids[i], expected$id), ]
  of <- function(name) suppressWarnings(as.numeric(row[[name]]))
  further <- strsplit(strsplit(as.character(row$further), " ")[[1]], "=")
  named <- function(name) as.numeric(unlist(lapply(further, function(part) if (part[1] == name) part[2])))
  if (inherits(value, "htest")) {
    theirs <- c(if (row$method == "shapiro-wilk") NA else unname(value$estimate)[1], value$p.value)
    ours <- c(of("estimate"), of("p_value"))
  } else if (row$method == "descriptive") {
    theirs <- unname(value); ours <- c(named("n"), named("mean"), named("sd"), named("min"), named("q1"), named("median"), named("q3"), named("max"))
  } else if (inherits(value, "skip")) {
    cat("SKIP", ids[i], value$reason, "\n"); next
  } else {
    theirs <- as.numeric(unlist(unname(c(value["estimate"], value["p_value"])))); ours <- c(of("estimate"), of("p_value"))
  }
  both <- !is.na(theirs) & !is.na(ours)
  cat(if (length(theirs) == length(ours) && any(both) && all(abs(theirs - ours)[both] <= 1e-4 * pmax(1e-3, abs(ours[both])))) "SAME" else "OTHER", ids[i], format(theirs, digits = 8), "|", format(ours, digits = 8), "\n")
}
"#;

#[test]
fn the_lines_of_r_run_as_pasted_into_a_fresh_session() {
    if !r_is_here() {
        return;
    }
    let run = &demo("en").0;
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("verify")).unwrap();
    for (name, text) in programs(run) {
        std::fs::write(home.path().join("verify").join(name), text).unwrap();
    }
    let recipes = recipes(run);
    let column = |of: &dyn Fn(&(String, String)) -> String| recipes.iter().map(of).collect::<Vec<_>>().join("\n");
    std::fs::write(home.path().join("lines.txt"), column(&|(_, line)| line.clone())).unwrap();
    std::fs::write(home.path().join("ids.txt"), column(&|(id, _)| id.clone())).unwrap();
    std::fs::write(home.path().join("pasted.R"), PASTED).unwrap();
    let output = Command::new("Rscript").arg("pasted.R").current_dir(home.path()).output().unwrap();
    let printed = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let same = printed.lines().filter(|line| line.starts_with("SAME")).count();
    assert_eq!(same, recipes.len(), "{printed}");
    assert!(same >= 15, "{printed}");
}
