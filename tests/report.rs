//! The report: words, page, recomputation, machine-readable files, hostile input.

use crate::project::{inputs, plan_of, run};
use crate::wording::overclaim;
use serde_json::Value;
use splitknee::analysis::{Claim, Conclusion, Gate, Importance, Interval, Verdict};
use splitknee::pipeline::{self, Run};
use splitknee::plan::ReportFormat;
use splitknee::report::bundle::Bundle;
use splitknee::report::exhibits::Material;
use splitknee::report::options::Options;
use splitknee::report::template::Template;
use splitknee::report::words::{Language, Words};
use splitknee::report::{self, sentences};
use std::path::Path;
use std::sync::OnceLock;

fn run_of(dataset: &str, language: &str) -> Run {
    let plan = plan_of(dataset).replace("language = \"en\"", &format!("language = \"{language}\""));
    let mut inputs = inputs(dataset, &plan);
    inputs.plan.report.formats.retain(|format| cfg!(feature = "pdf") || *format != ReportFormat::Pdf);
    pipeline::analyse(inputs).unwrap()
}

/// The demo's run and its files, made once.
pub fn demo(language: &'static str) -> &'static (Run, Bundle) {
    static ENGLISH: OnceLock<(Run, Bundle)> = OnceLock::new();
    static JAPANESE: OnceLock<(Run, Bundle)> = OnceLock::new();
    let made = if language == "ja" { &JAPANESE } else { &ENGLISH };
    made.get_or_init(|| {
        let run = run_of("ev-knee-synthetic", language);
        let bundle = report::files(&run).unwrap();
        (run, bundle)
    })
}

fn text(bundle: &Bundle, path: &str) -> String {
    String::from_utf8(bundle.get(path).unwrap_or_else(|| panic!("{path} was not made")).to_vec()).unwrap()
}

/// The page without its styles and script.
fn visible(html: &str) -> String {
    let body = html.split_once("<body").unwrap().1;
    let body = body.split_once("<script>").map_or(body, |(before, _)| before);
    let mut out = String::new();
    let mut inside = false;
    for c in body.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                out.push(' ');
            }
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

#[test]
fn no_generated_page_claims_more_than_its_intervals() {
    for language in ["en", "ja"] {
        let page = visible(&text(&demo(language).1, "report.html"));
        assert_eq!(overclaim(&page), None, "{language}");
        assert!(!page.contains('\u{fffd}') && !page.contains("{endpoint}") && !page.contains("{n}"), "{language}");
    }
}

#[test]
fn every_message_used_is_in_the_catalogue() {
    // A missing key prints itself.
    for language in ["en", "ja"] {
        let page = visible(&text(&demo(language).1, "report.html"));
        for section in
            Words::new(Language::English).messages().keys().filter_map(|key| key.split_once('.')).map(|(s, _)| s)
        {
            let unknown = format!(" {section}.");
            for (at, _) in page.match_indices(&unknown) {
                let word: String = page[at + 1..].chars().take_while(|c| !c.is_whitespace()).collect();
                let word = word.trim_end_matches(['.', ',', ';', ':']);
                let file = [".json", ".csv", ".R", ".sas"].iter().any(|end| word.ends_with(end));
                // Identifiers of records stand on the page too.
                let record = demo(language).0.outcomes.records.iter().any(|record| record.id == word);
                assert!(!word.contains('.') || file || record, "{language}: {word}");
            }
        }
    }
}

/// The verdict of a primary comparison that leads to `conclusion`.
fn verdict_of(conclusion: Conclusion, importance: Option<Importance>) -> Verdict {
    let (claim, interval) = match conclusion {
        Conclusion::Superior => (Claim::Superior, Interval::FavoursActive),
        Conclusion::Inferior => (Claim::Inferior, Interval::FavoursPlacebo),
        Conclusion::Equivalent => (Claim::Equivalent, Interval::IncludesNull),
        Conclusion::NonInferior => (Claim::NonInferior, Interval::IncludesNull),
        Conclusion::Inconclusive | Conclusion::NotAssessed => (Claim::None, Interval::IncludesNull),
    };
    Verdict {
        claim,
        interval,
        family: None,
        gate: Gate::None,
        withheld: None,
        importance,
        within_margin: conclusion == Conclusion::Equivalent,
        above_margin: false,
        assessed: true,
    }
}

#[test]
fn constructed_conclusions_stay_within_their_interval() {
    let (run, _) = demo("en");
    let options = Options::default();
    let model = run.outcomes.records.iter().find(|record| record.id == "vas.m6.primary.mixed-model").unwrap();
    let cases = [
        (-30.0, -25.0, -21.0, Conclusion::Superior, Some(Importance::ClinicallyImportant)),
        (-20.0, -12.0, -5.0, Conclusion::Superior, Some(Importance::Uncertain)),
        (-8.0, -6.0, -4.0, Conclusion::Superior, Some(Importance::BelowMcid)),
        (2.0, 6.0, 9.0, Conclusion::Inferior, None),
        (-3.0, 0.5, 4.0, Conclusion::Equivalent, None),
        (-25.0, 1.0, 27.0, Conclusion::Inconclusive, None),
    ];
    for language in [Language::English, Language::Japanese] {
        let words = Words::new(language);
        let material =
            Material { plan: &run.plan, trial: &run.trial, outcomes: &run.outcomes, words: &words, options: &options };
        for (low, estimate, high, conclusion, importance) in cases {
            let mut record = model.clone();
            record.verdict = Some(verdict_of(conclusion, importance));
            record.result.estimate = Some(estimate);
            (record.result.conf_low, record.result.conf_high) = (Some(low), Some(high));
            let sentence = sentences::conclusion(&material, &record);
            let lower = sentence.to_lowercase();
            assert_eq!(overclaim(&sentence), None, "{sentence}");
            assert!(!sentence.contains('{') && !sentence.contains("  "), "{sentence}");
            // The model's patients, not its pairs.
            assert!(sentence.contains("29 patients") || sentence.contains("29例"), "{sentence}");
            let claims = [("equivalent", "同等"), ("not demonstrated", "示されなかった")];
            let expected = [conclusion == Conclusion::Equivalent, conclusion == Conclusion::Inconclusive];
            for ((english, japanese), expected) in claims.into_iter().zip(expected) {
                assert_eq!(lower.contains(english) || sentence.contains(japanese), expected, "{sentence}");
            }
        }
    }
}

#[test]
fn the_page_is_complete_offline_and_pinned_by_its_policy() {
    for language in ["en", "ja"] {
        let html = text(&demo(language).1, "report.html");
        assert!(html.contains("default-src 'none'; style-src 'sha256-"));
        assert!(!html.contains("unsafe-inline"));
        assert!(!html.contains(" style=\"") && !html.contains(" onclick"), "an attribute the policy would block");
        for remote in ["src=\"http", "href=\"http", "url(http", "@import"] {
            assert!(!html.contains(remote), "{remote}");
        }
        let html = html.split_once("<script>").unwrap().0;
        // Every link inside the page leads somewhere, and no identifier is given twice.
        let ids: Vec<&str> = html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        let unique: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
        let mut counted = std::collections::BTreeMap::new();
        ids.iter().for_each(|id| *counted.entry(*id).or_insert(0) += 1);
        let twice: Vec<_> = counted.iter().filter(|(_, n)| **n > 1).collect();
        assert!(twice.is_empty(), "{twice:?}");
        for link in html.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(unique.contains(link), "{link}");
        }
    }
}

#[test]
fn the_first_screen_names_the_design_and_the_marks() {
    let html = text(&demo("en").1, "report.html");
    let page = visible(&html);
    for expected in
        ["SYNTHETIC DATA", "a within-person randomised trial", "31 patients were randomised", "29 patients, 58 knees"]
    {
        assert!(page.contains(expected), "{expected}");
    }
}

#[test]
fn two_runs_give_the_same_bytes_in_every_format() {
    for language in ["en", "ja"] {
        let again = report::files(&run_of("ev-knee-synthetic", language)).unwrap();
        let first: Vec<(&str, &[u8])> = demo(language).1.files().collect();
        for ((path, once), (other, twice)) in first.iter().zip(again.files()) {
            assert!(*path == other && *once == twice, "{language}: {path} differs");
        }
        assert_eq!(first.len(), again.files().count());
        let kinds = ["html", "rtf", "docx", "xlsx", "md", "csv", "svg", "png", "json", "R", "sas"];
        let kinds = kinds.into_iter().chain(cfg!(feature = "pdf").then_some("pdf"));
        for kind in kinds {
            assert!(first.iter().any(|(path, _)| path.ends_with(&format!(".{kind}"))), "no {kind}");
        }
    }
}

/// The page between `from` and the next `to`.
fn between<'a>(html: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    html.split(from).skip(1).map(|rest| rest.split(to).next().unwrap()).collect()
}

#[test]
fn every_number_leads_to_its_record() {
    for language in ["en", "ja"] {
        let html = text(&demo(language).1, "report.html");
        let words = Words::new(if language == "ja" { Language::Japanese } else { Language::English });
        let mut tables = 0;
        for table in html.split("<div class=\"table").skip(1) {
            let table = table.split("</section>").next().unwrap();
            // Tables about the plan or the program have no population.
            if !table.contains("class=\"population\"") {
                continue;
            }
            tables += 1;
            let counted = table.contains(&words.get("web.counted_from"));
            for row in between(table, "<tr><th scope=\"row\"", "</tr>") {
                let numbers = between(row, "<td", "</td>").iter().any(|cell| {
                    cell.split_once('>').is_some_and(|(_, text)| text.contains(|c: char| c.is_ascii_digit()))
                });
                assert!(!numbers || counted || row.contains("href=\"#r-"), "{language}: no record behind {row}");
            }
        }
        assert!(tables > 20, "{tables}");
        // A conclusion is followed by its records.
        for after in html.split("<p class=\"conclusion\">").skip(1) {
            let next = after.split_once("</p>").unwrap().1.trim_start();
            assert!(
                next.starts_with("<p class=\"sources\">"),
                "{language}: {}",
                next.chars().take(80).collect::<String>()
            );
        }
        // Counts of patients and events have no step in SAS.
        let names = ["rows", "method", "assumptions", "reference", "in_r", "in_sas"];
        let records = between(&html, "<details class=\"record\"", "</details>");
        assert!(records.len() > 300);
        // Estimands by imputation are recomputed in R alone, which has no one line of SAS.
        for (name, least) in names.into_iter().zip([1.0, 1.0, 1.0, 0.8, 0.4, 0.3]) {
            let head = format!("<dt>{}</dt>", words.get(&format!("web.{name}")));
            let with = records.iter().filter(|record| record.contains(&head)).count();
            assert!(with as f64 >= least * records.len() as f64, "{language}: {name} in {with} of {}", records.len());
        }
    }
}

/// Figures show records: every identifier is one, or an entry of the page; only the time line of events has none.
#[test]
fn every_figure_leads_to_its_records() {
    let (run, bundle) = demo("en");
    let page = text(bundle, "report.html");
    for figure in between(&page, "<figure id=\"f-", "</figure>") {
        let id = figure.split('"').next().unwrap();
        let anchors: Vec<&str> = between(figure, "<a href=\"#", "\"");
        assert!(!anchors.is_empty() || id == "adverse-event-timeline", "{id}");
        for anchor in &anchors {
            assert!(page.contains(&format!("id=\"{anchor}\"")), "{id}: {anchor}");
        }
        if id == "forest-primary-visit" {
            // Grades have a block of their own, as win odds: every endpoint is here.
            assert_eq!(anchors.len(), run.trial.design.endpoints.len());
        }
    }
}

#[test]
fn the_plan_sets_sponsor_protocol_and_foot_of_every_page() {
    let plan = plan_of("shoes").replacen("[trial]", "[trial]\nsponsor = \"Acme & Sons\"\nprotocol = \"AB-123 v2\"", 1);
    let plan = plan.replace("formats = [\"html\"]", "footer = \"In confidence\"\nformats = [\"rtf\", \"docx\"]");
    let bundle = report::files(&run("shoes", &plan)).unwrap();
    let rtf = text(&bundle, "tables.rtf");
    let headers = rtf.matches("{\\header").count();
    assert!(headers > 0 && rtf.matches("Acme & Sons \\u183? Protocol AB-123 v2").count() == headers);
    assert_eq!(rtf.matches("In confidence\\line ").count(), rtf.matches("{\\footer").count());
    let html = text(&bundle, "report.html");
    assert!(html.contains("@top-left") && html.contains("Acme \\26  Sons"), "running title on paper");
    let docx = super::formats::parts(bundle.get("report.docx").unwrap());
    assert!(docx["word/header1.xml"].contains("Acme &amp; Sons · Protocol AB-123 v2"));
    assert!(docx["word/footer1.xml"].contains("In confidence"));
}

#[test]
fn a_template_replaces_page_style_and_titles() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let with = || {
        let template = Template::read(folder.path()).map_err(|error| error.to_string())?;
        let options = Options { template, ..Options::default() };
        report::files_with(&demo("en").0, &options).map_err(|error| error.to_string())
    };
    write("report.html", "<title>{{ title }}</title><style>{{ stylesheet }}</style>");
    write("report.css", "h1 { color: #123456 }");
    let page = text(&with().unwrap(), "report.html");
    assert!(page.starts_with("<title>Placental EV") && page.contains("#123456") && !page.contains("<nav"));

    std::fs::remove_file(folder.path().join("report.html")).unwrap();
    write(
        "titles.toml",
        "[sections]\nsummary = \"Synopsis\"\n[tables]\n\"14.1.1\" = \"Who <b>\"\n[figures]\n\"14.1.1\" = \"Flow!\"",
    );
    let bundle = with().unwrap();
    let page = text(&bundle, "report.html");
    assert!(page.contains(">Synopsis</h2>") && page.contains("</b> Who &lt;b&gt;<br>") && page.contains("</b> Flow!."));
    assert!(page.contains("-title\">Flow!</title>"), "the accessible name of the figure");
    assert!(text(&bundle, "tables.rtf").contains("14.1.1. Who <b>"));
    assert!(text(&bundle, "report.md").contains("## Synopsis"));

    write("titles.toml", "[sections]\nsummary = \"Synopsis\"\nsynopsis = \"x\"");
    let error = with().unwrap_err();
    assert!(
        error.contains("titles.toml:3: this report has no section `synopsis`") && error.contains("abstract"),
        "{error}"
    );
    std::fs::remove_file(folder.path().join("titles.toml")).unwrap();
    write("report.html", "<p>\n{{ titel }}");
    let error = with().unwrap_err();
    assert!(error.contains("report.html:2: undefined value"), "{error}");
}

#[test]
fn a_template_adds_footnotes_and_colours_the_arms() {
    let folder = tempfile::tempdir().unwrap();
    let write = |text: &str| std::fs::write(folder.path().join("titles.toml"), text).unwrap();
    let with = || {
        let template = Template::read(folder.path()).map_err(|error| error.to_string())?;
        let options = Options { template, ..Options::default() };
        report::files_with(&demo("en").0, &options).map_err(|error| error.to_string())
    };
    write(
        "[footnotes.tables]\n\"14.1.1\" = \"Reasons <as> collected.\\nAnd a second one.\"\n[footnotes.figures]\n\
         \"14.2.2\" = \"Means of the knees.\"\n[colours]\nactive = \"#1B6E53\"\nplacebo = \"#8c2d62\"\n",
    );
    let bundle = with().unwrap();
    let page = text(&bundle, "report.html");
    assert!(page.contains("Reasons &lt;as&gt; collected.") && page.contains("And a second one."));
    assert!(page.contains("Means of the knees."));
    assert!(text(&bundle, "tables.rtf").contains("And a second one."));
    let profiles = |bundle: &Bundle| {
        let svg = |(name, _): &(&str, &[u8])| name.contains("profiles") && name.ends_with(".svg");
        let (_, bytes) = bundle.files().find(svg).unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    };
    let (mine, built_in) = (profiles(&bundle), profiles(&demo("en").1));
    assert!(built_in.contains("#0072B2") && built_in.contains("#D55E00"));
    assert!(mine.contains("#1B6E53") && mine.contains("#8C2D62"));
    assert!(!mine.contains("#0072B2") && !mine.contains("#D55E00") && !mine.contains("#B34F00"));
    write("[footnotes.tables]\n\"99.9\" = \"x\"\n");
    let error = with().unwrap_err();
    assert!(error.contains("titles.toml:2: this report has no table `99.9`"), "{error}");
}

#[test]
fn the_built_in_page_is_a_valid_template() {
    let folder = tempfile::tempdir().unwrap();
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/templates");
    for name in ["report.html", "report.css"] {
        std::fs::copy(built_in.join(name), folder.path().join(name)).unwrap();
    }
    let options = Options { template: Template::read(folder.path()).unwrap(), ..Options::default() };
    let bundle = report::files_with(&demo("en").0, &options).unwrap();
    assert!(bundle.get("report.html") == demo("en").1.get("report.html"), "documentation tells to begin with a copy");
}

/// Checks `value` against the part of JSON Schema that our schema uses.
fn conforms(value: &Value, schema: &Value, root: &Value, path: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        return conforms(value, root.pointer(reference.trim_start_matches('#')).unwrap(), root, path);
    }
    if let Some(constant) = schema.get("const") {
        assert_eq!(value, constant, "{path}");
    }
    if let Some(allowed) = schema["enum"].as_array() {
        assert!(allowed.contains(value), "{path}: {value}");
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    };
    let is = |kind: &&str| match *kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other}"),
    };
    assert!(types.is_empty() || types.iter().any(is), "{path}: {value} is not {types:?}");
    for required in schema["required"].as_array().into_iter().flatten() {
        assert!(value.get(required.as_str().unwrap()).is_some(), "{path} lacks {required}");
    }
    for (key, part) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(inner) = value.get(key) {
            conforms(inner, part, root, &format!("{path}.{key}"));
        }
    }
    if schema["additionalProperties"] == Value::Bool(false) {
        for key in value.as_object().into_iter().flat_map(|object| object.keys()) {
            assert!(schema["properties"].get(key).is_some(), "{path}.{key} is not in the schema");
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        if schema.get("items").is_some() {
            conforms(item, &schema["items"], root, &format!("{path}[{index}]"));
        }
    }
}

#[test]
fn the_results_conform_to_their_schema() {
    let schema: Value = serde_json::from_str(report::results_schema::SCHEMA).unwrap();
    let results: Value = serde_json::from_str(&text(&demo("en").1, "results.json")).unwrap();
    conforms(&results, &schema, &schema, "$");
    let described = schema["$defs"]["record"]["properties"].as_object().unwrap();
    for record in results["results"].as_array().unwrap() {
        for field in record.as_object().unwrap().keys() {
            assert!(described.contains_key(field), "{}: the schema does not describe {field}", record["id"]);
        }
        assert_ne!(record["reference"], "", "{}", record["id"]);
        // Whatever was left out has its reason.
        let of = |reason: &Value| reason["n"].as_u64().unwrap();
        let reasons: u64 = record["rows"]["reasons"].as_array().unwrap().iter().map(of).sum();
        assert_eq!(record["rows"]["not_used"].as_u64(), Some(reasons), "{}", record["id"]);
    }
    let mut ids: Vec<&str> = results["results"].as_array().unwrap().iter().map(|r| r["id"].as_str().unwrap()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "identifiers are unique");
}

/// Every format that this build writes.
const EVERY_FORMAT: &str = if cfg!(feature = "pdf") {
    r#""html", "pdf", "rtf", "docx", "xlsx", "markdown""#
} else {
    r#""html", "rtf", "docx", "xlsx", "markdown""#
};

/// A plan and data with `name` in every field that a user writes.
pub fn hostile(name: &str, visits: usize, endpoints: usize) -> Result<Bundle, String> {
    let toml = |text: &str| serde_json::to_string(text).unwrap();
    let order: Vec<String> = (0..visits).map(|visit| toml(&format!("{name} {visit}"))).collect();
    let mut plan = format!(
        "[trial]\nid = {n}\ntitle = {n}\nsponsor = {n}\nprotocol = {n}\nregistration = {n}\ncondition = {n}\nrationale = {n}\n[data]\npath = \"knees.csv\"\ncolumns = {{ patient = \"id\", knee = \"side\", arm = \"arm\", visit = \"visit\" }}\n[arms]\nactive = {a}\nplacebo = {p}\n[visits]\norder = [{order}]\nbaseline = {first}\nprimary = {last}\n",
        n = toml(name),
        a = toml(&format!("{name} A")),
        p = toml(&format!("{name} B")),
        order = order.join(", "),
        first = order[0],
        last = order[visits - 1],
    );
    for endpoint in 0..endpoints {
        let role = if endpoint == 0 { "primary" } else { "secondary" };
        plan.push_str(&format!(
            "[[endpoint]]\nname = {}\ncolumn = \"e{endpoint}\"\nkind = \"continuous\"\nbetter = \"lower\"\nrole = \"{role}\"\nunit = {}\nmcid = 5\nmcid_source = {}\n",
            toml(&format!("{name} {endpoint}")),
            toml(name),
            toml(name)
        ));
    }
    plan.push_str(&format!("[report]\nfooter = {}\nformats = [{}]\n", toml(name), EVERY_FORMAT));
    let cell = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut data = String::from("id,side,arm,visit");
    (0..endpoints).for_each(|endpoint| data.push_str(&format!(",e{endpoint}")));
    data.push('\n');
    for patient in 0..6 {
        for (side, arm) in [("LEFT", "A"), ("RIGHT", "B")] {
            for visit in 0..visits {
                data.push_str(
                    &[
                        cell(&format!("{name} {patient}")),
                        side.into(),
                        cell(&format!("{name} {arm}")),
                        cell(&format!("{name} {visit}")),
                    ]
                    .join(","),
                );
                for endpoint in 0..endpoints {
                    let value =
                        40 + (patient * 7 + visit * 3 + endpoint + usize::from(arm == "A") * (patient % 4)) % 23;
                    data.push_str(&format!(",{value}"));
                }
                data.push('\n');
            }
        }
    }
    let inputs =
        pipeline::read_from(&plan, "plan.toml", |_| Ok(data.clone().into_bytes())).map_err(|f| format!("{f:?}"))?;
    let run = pipeline::analyse(inputs).map_err(|findings| format!("{findings:?}"))?;
    report::files(&run).map_err(|error| error.to_string())
}

#[test]
fn hostile_names_stay_text() {
    for name in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "</style><b>x</b>",
        "{{ 7 * 7 }}{% raw %}",
        "=cmd|' /C calc'!A0",
        "\\\\par {\\\\rtf1 x}",
        "ألم الركبة",
        "が゙がe\u{301}膝の痛み",
        "#read(\"/etc/passwd\") #import \"x.typ\": * $x$ *b* `c` // d",
        "../../escape",
        "![x](javascript:alert(1)) | # h",
        "]]></w:t><w:instrText>DDEAUTO c:\\calc</w:instrText>",
    ] {
        let bundle = hostile(name, 3, 2).unwrap_or_else(|error| panic!("{name}: {error}"));
        let html = text(&bundle, "report.html");
        let body = html.split_once("<body").unwrap().1;
        assert_eq!(body.matches("<script").count(), 1, "{name}");
        for tag in ["<img", "<b>x", "onerror=alert(1)>"] {
            assert!(!body.contains(tag), "{name}: {tag}");
        }
        assert!(!name.contains("7 * 7") || (body.contains("{{ 7 * 7 }}") && !body.contains("49{% raw")), "{name}");
        for (path, bytes) in bundle.files() {
            let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
            assert!(path.chars().all(safe) && !path.contains(".."), "{name}: the file name {path:?}");
            let content = String::from_utf8_lossy(bytes);
            let has = |word: &str| content.contains(word);
            match path.rsplit('.').next().unwrap() {
                "svg" => assert!(!has("<script") && !has("<img"), "{path}"),
                "md" => {
                    let live = content.replace("\\](", "");
                    assert!(!has("<script") && !has("<img") && !live.contains("](javascript"), "{path}");
                }
                "rtf" => {
                    let words = content.replace("\\\\", "");
                    assert!(words.matches("\\rtf1").count() == 1, "{path}: a control word from data");
                }
                "pdf" => assert!(!has("/JavaScript") && !has("root:x:0") && !has("/Launch"), "{path}"),
                "csv" if path.starts_with("tables/") => {
                    let formula = |line: &str| line.trim_start_matches('"').starts_with(['=', '@', '+']);
                    assert!(!content.lines().any(formula), "{path}");
                }
                "docx" | "xlsx" => {
                    for (part, text) in super::formats::parts(bytes) {
                        let live =
                            text.contains("<f>") || text.contains("<w:instrText>DDE") || text.contains("<script");
                        // A picture is bytes, in which any three may stand.
                        let xml = part.ends_with(".xml") || part.ends_with(".rels");
                        assert!(!xml || !live, "{path}: {part}");
                        let read = resvg::usvg::roxmltree::Document::parse(&text);
                        assert!(!xml || read.is_ok(), "{path}: {part}: {read:?}");
                    }
                }
                _ => {}
            }
        }
    }
}

#[test]
fn many_visits_endpoints_and_long_labels_lose_nothing() {
    let bundle = hostile("m", 40, 30).unwrap();
    let page = text(&bundle, "report.html");
    let sections = page.lines().filter(|line| line.starts_with("<section") && line.contains("data-endpoint="));
    let sections = sections.filter(|line| line.contains("id=\"endpoint-"));
    let sections: Vec<&str> = sections.map(|line| &line[..line.len().min(60)]).collect();
    assert_eq!(sections.len(), 30, "{sections:#?}");
    let long = "A very long name of an endpoint that nobody could print in one line of a narrow table ".repeat(3);
    let bundle = hostile(&long, 3, 2).unwrap();
    assert!(visible(&text(&bundle, "report.html")).contains(long.trim_end()));
}
