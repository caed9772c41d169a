//! The words of the report: nothing claims more than its interval, in both languages, whatever the plan asks for; the
//! Japanese report is Japanese; what the design itself has to show is there.

use crate::project::{DEMO, plan_of, run};
use crate::wording::overclaim;
use splitknee::pipeline::Run;
use splitknee::report::compose;
use splitknee::report::document::{Block, Document};
use splitknee::report::exhibits::Material;
use splitknee::report::options::Options;
use splitknee::report::words::Words;
use splitknee::report::{citations, records};

/// The demo's plan with more of everything: subgroups, every sensitivity analysis, a margin, responders of both kinds.
fn everything(plan: &str) -> String {
    let mut plan = plan.replace(
        "role = \"primary\"\nunit = \"mm\"",
        "role = \"primary\"\nunit = \"mm\"\nmargin = 10\nminimal_improvement_relative = 0.408\ndomain = \"pain\"",
    );
    plan = plan.replace("minimal_improvement = 6.188 ", "domain = \"function\"\nminimal_improvement = 6.188 ");
    plan = plan.replace(
        "alpha = 0.05\n",
        "alpha = 0.05\nside = true\nsensitivity = [\"mmrm\", \"mmrm_difference\", \"clda\", \"ancova\", \"paired_t\", \"wilcoxon\", \"sign\", \
         \"permutation\", \"trimmed_t\", \"bootstrap\"]\nbootstrap_samples = 1000\npermutation_samples = 1000\n",
    );
    plan.push_str("\n[[subgroup]]\ncolumn = \"sex\"\n\n[[subgroup]]\ncolumn = \"age\"\ncuts = [50, 60]\n");
    plan
}

/// Plans beside the demo's own: what they are called, and the plan.
fn variants() -> Vec<(&'static str, String)> {
    let plan = plan_of(DEMO);
    let primary = |method: &str| plan.replace("primary = \"mixed_model\"", &format!("primary = \"{method}\""));
    vec![
        ("demo", plan.clone()),
        ("everything", everything(&plan)),
        ("mmrm", primary("mmrm")),
        ("differences", primary("mmrm_difference")),
        ("clda", primary("clda")),
        ("ancova", primary("ancova")),
        ("wilcoxon", primary("wilcoxon")),
        (
            "structure",
            plan.replace("alpha = 0.05", "alpha = 0.01\nstructure = \"kron-us-us\"")
                .replace("\"kenward-roger\"", "\"satterthwaite\""),
        ),
        (
            "one-sided",
            plan.replace("alpha = 0.05", "alpha = 0.05\nalternative = \"towards-benefit\"\nmeasure = \"change\""),
        ),
        ("few", plan.replace("where = 'fas == \"Y\"'", "where = 'fas == \"Y\" and age < 50'")),
    ]
}

fn run_of(plan: &str, language: &str) -> Run {
    run(DEMO, &plan.replace("language = \"en\"", &format!("language = \"{language}\"")))
}

fn words_of(run: &Run) -> Words {
    Words::new(run.plan.report.language).at(run.plan.analysis.alpha)
}

/// Every text of the document and of the records, each on its own.
fn texts(run: &Run) -> Vec<String> {
    let words = words_of(run);
    let document = compose::document(run, &words, &compose::style(&run.plan)).unwrap();
    let mut found = vec![document.title.clone(), document.kind.clone()];
    found.extend(document.marks.iter().cloned());
    for section in &document.sections {
        found.push(section.title.clone());
        for block in &section.blocks {
            match block {
                Block::Paragraph(text) | Block::Conclusion(text) => found.push(text.clone()),
                Block::List(items) => found.extend(items.iter().cloned()),
                // Identifiers of records behind the sentence before.
                Block::Sources(_) => {}
                Block::Headline(title, facts) => {
                    found.push(title.clone());
                    found.extend(facts.iter().flat_map(|(name, value)| [name.clone(), value.clone()]));
                }
                Block::Facts(facts) => {
                    found.extend(facts.iter().flat_map(|(name, value)| [name.clone(), value.clone()]))
                }
                Block::Table(table) => {
                    found.extend([table.title.clone(), table.population.clone()]);
                    found.extend(table.columns.iter().map(|column| column.header.clone()));
                    for row in &table.rows {
                        found.push(row.label.clone());
                        found.extend(row.cells.iter().map(|cell| cell.text(&table.joint)));
                    }
                    found.extend(table.footnotes.iter().cloned());
                }
                Block::Figure(figure) => {
                    found.extend([figure.title.clone(), figure.description.clone()]);
                    found.extend(figure.footnotes.iter().cloned());
                    let texts = figure.svg.split("<text").skip(1).filter_map(|part| part.split_once('>'));
                    found.extend(texts.map(|(_, rest)| rest.split('<').next().unwrap_or_default().trim().to_owned()));
                }
            }
        }
    }
    let options = Options::default();
    let material =
        Material { plan: &run.plan, trial: &run.trial, outcomes: &run.outcomes, words: &words, options: &options };
    for group in records::groups(&material) {
        found.push(group.title.clone());
        for record in group.records {
            found.push(record.title.clone());
            found.extend(record.facts.iter().skip(1).flat_map(|(name, value)| [name.clone(), value.clone()]));
        }
    }
    found
}

#[test]
fn no_text_of_any_plan_claims_more_than_its_interval() {
    for (name, plan) in variants() {
        for language in ["en", "ja"] {
            for text in texts(&run_of(&plan, language)) {
                assert_eq!(overclaim(&text), None, "{name}, {language}: {text:?}");
                assert!(!text.contains("{n") && !text.contains("{endpoint"), "{name}, {language}: {text:?}");
                assert!(!text.contains("NaN") && !text.contains("inf "), "{name}, {language}: {text:?}");
            }
        }
    }
}

/// Latin words that a Japanese report keeps: symbols, abbreviations, names of people and methods, names of files.
const LATIN: &[&str] = &[
    "ICH",
    "CONSORT",
    "BMJ",
    "MCID",
    "SD",
    "REML",
    "ML",
    "MMRM",
    "cLDA",
    "BCa",
    "TOST",
    "AR",
    "MRI",
    "BMI",
    "PASS",
    "FAIL",
    "SHA",
    "OMERACT",
    "OARSI",
    "QQ",
    "df",
    "mid",
    "CSV",
    "ICC",
    "SAS",
    "Rubin",
    "Kenward",
    "Roger",
    "Satterthwaite",
    "Student",
    "Wilcoxon",
    "Hodges",
    "Lehmann",
    "McNemar",
    "Stuart",
    "Maxwell",
    "Bowker",
    "Newcombe",
    "Tang",
    "Chan",
    "Clopper",
    "Pearson",
    "Fisher",
    "Yuen",
    "Holm",
    "Hochberg",
    "Hommel",
    "Bonferroni",
    "Benjamini",
    "Yekutieli",
    "Bland",
    "Altman",
    "Shapiro",
    "Wilk",
    "Kellgren",
    "Lawrence",
    "Pratt",
    "Fagerland",
    "Terwee",
    "Cohen",
    "Hedges",
    "Pandis",
    "et",
    "al",
    "Hopewell",
    "PROC",
    "Liang",
    "Zeger",
    "Mancl",
    "DeRouen",
    "Tukey",
    "Monte",
    "Carlo",
    "dav",
    "drm",
    "LL",
    "kg",
    "less",
    "Tango",
    "Morgan",
    "Pitman",
    "splitknee",
    "Intercept",
    "Mauchly",
    "MAR",
    "Rscript",
    "SKIP",
    // Laws of missing values after an event, and single values.
    "CIR",
    "CR",
    "LMCF",
    "RTB",
    "LOCF",
    "BOCF",
    "SK",
    "dz",
];

#[test]
fn the_japanese_report_is_japanese() {
    for (name, plan) in variants() {
        let run = run_of(&plan, "ja");
        let trial = &run.trial;
        // What the data and the plan say stays as they say it.
        let mut known: Vec<String> = vec![run.plan.trial.title.clone(), run.plan.trial.id.clone()];
        known.extend(trial.design.endpoints.iter().flat_map(|about| {
            [
                Some(about.name.clone()),
                Some(about.unit.clone()),
                about.minimal_improvement_source.clone(),
                about.important_difference_source.clone(),
            ]
            .into_iter()
            .flatten()
        }));
        known.extend(trial.design.visits.iter().map(|visit| visit.label.clone()));
        known.extend(trial.design.arms.labels().into_iter().map(str::to_owned));
        known.extend(trial.sets.iter().flat_map(|set| [set.label.clone(), set.name.clone()]));
        for patient in &trial.patients {
            known.push(patient.id.clone());
            known.extend(patient.attributes.iter().flat_map(|(column, value)| [column.clone(), value.clone()]));
            known.extend(patient.knees().iter().map(|knee| knee.side.clone()));
        }
        known.extend(trial.events.iter().flatten().flat_map(|event| [event.term.clone(), event.severity.clone()]));
        let recorded = trial.events.iter().flatten();
        known.extend(recorded.flat_map(|event| event.listed.iter().chain([&event.organ_class])).flatten().cloned());
        known.extend(trial.deviations.iter().flatten().map(|deviation| deviation.what.clone()));
        known.extend(run.plan.conduct.clone().texts().map(|text| text.clone()));
        known.extend(run.sources.provenance().into_iter().map(|(file, _)| file.to_owned()));
        known.extend(
            ["plan.toml", "verify/data.csv", "verify/verify.R", "verify/verify.sas", "results.json", "manifest.json"]
                .map(str::to_owned),
        );
        known.extend(run.findings.iter().filter_map(|finding| finding.location.column.clone()));
        let citations_from = known.len();
        // Estimands stand in the plan's words.
        for estimand in &run.plan.estimands {
            known.extend(
                [&estimand.treatment, &estimand.population, &estimand.variable, &estimand.summary_measure]
                    .map(String::clone),
            );
            let events = estimand.intercurrent_events.iter();
            known.extend(events.flat_map(|event| {
                // A reason is printed without the mark at its end, which the sentence around it has.
                let reason = event.reason.as_deref().map(|reason| reason.trim_end_matches('.').to_owned());
                reason.into_iter().chain([event.event.clone()]).collect::<Vec<_>>()
            }));
        }
        // Formulas, settings of the plan, sources and identifiers are code or citations.
        known.extend(run.outcomes.fits.iter().flat_map(|fit| {
            let names = fit.variance_components.iter().map(|part| part.group.clone());
            let parameters = fit.covariance_parameters.iter().map(|parameter| parameter.name.clone());
            names.chain(parameters).chain([fit.formula.clone()])
        }));
        known.extend(run.plan.defaults_used().iter().flat_map(|default| [default.key.clone(), default.value.clone()]));
        known.extend(run.findings.iter().flat_map(|finding| [finding.rule.to_owned(), finding.location.file.clone()]));
        for record in &run.outcomes.records {
            known.extend(citations::full(record.result.method).map(str::to_owned));
            known.extend([record.reference.to_owned(), record.id.clone(), record.result.method.to_owned()]);
        }
        known.push(run.plan.sha256.clone());
        known.extend(run.sources.provenance().into_iter().map(|(_, file)| file.sha256.clone()));
        known.extend(["expected.csv", "lme4、nlme、ordinal"].map(str::to_owned));
        // Methods under the names by which a plan asks for them.
        known.extend(splitknee::paired::catalogue::NAMES.map(str::to_owned));
        known.push(citations::LOGARITHMS.to_owned());
        known.push("Pandis N, et al. BMJ 2017;357:j2835".to_owned());
        known.push("Hopewell S, et al. BMJ 2025;389:e081123".to_owned());
        let letters =
            |text: &str| -> Vec<String> { text.split(|c: char| !c.is_ascii_alphabetic()).map(str::to_owned).collect() };
        // Labels broken over the lines of a figure, and short ones, are known word by word.
        let labels: std::collections::BTreeSet<String> =
            known.iter().take(citations_from).flat_map(|label| letters(label)).collect();
        // A shorter label could tear a word apart.
        known.retain(|text| text.contains('"') || text.chars().filter(|c| c.is_alphabetic()).count() > 3);
        known.sort_by_key(|text| std::cmp::Reverse(text.len()));
        known.dedup();
        let mut left: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
        for text in texts(&run) {
            let mut rest = text.clone();
            for label in &known {
                if rest.contains(label.as_str()) {
                    rest = rest.replace(label.as_str(), " ");
                }
            }
            for word in rest.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() > 1) {
                if !LATIN.contains(&word) && !labels.contains(word) {
                    left.entry(word.to_owned()).or_insert_with(|| text.clone());
                }
            }
        }
        assert!(left.is_empty(), "{name}: English in the Japanese report:\n{left:#?}");
    }
}

fn document(plan: &str) -> (Run, Document) {
    let run = run_of(plan, "en");
    let words = words_of(&run);
    let document = compose::document(&run, &words, &compose::style(&run.plan)).unwrap();
    (run, document)
}

#[test]
fn what_the_plan_omits_is_left_out_and_named() {
    let plan = variants().swap_remove(0).1;
    let omitted =
        plan.replace("[report]\n", "[report]\nomit = [\"t-14-1-4-exposure\", \"14.4.1\", \"t-omeract\", \"14.2.9\"]\n");
    let (_, whole) = document(&plan);
    let (_, document) = document(&omitted);
    let ids = |document: &Document| -> Vec<String> {
        // Numbers close the gaps that are left: outputs are told apart without them.
        let tables = document.tables().map(|table| splitknee::report::numbering::without(&table.id));
        tables.chain(document.figures().map(|figure| figure.id.clone())).collect()
    };
    let (all, kept) = (ids(&whole), ids(&document));
    let gone: Vec<&String> = all.iter().filter(|id| !kept.contains(id)).collect();
    assert!(gone.contains(&&"t-exposure".to_owned()), "{gone:?}");
    assert!(gone.iter().any(|id| id.contains("missing")), "{gone:?}");
    // A number names one table, figure or listing of its kind.
    assert!(gone.len() <= 8, "{gone:?}");
    let departures = document.sections.iter().find(|section| section.id == "departures").unwrap();
    let says = |what: &str| {
        departures.blocks.iter().any(|block| matches!(block, Block::Paragraph(text) if text.contains(what)))
    };
    assert!(says("t-14-1-4-exposure, 14.4.1, t-omeract") && says("name no output of this report: t-omeract."));
}

#[test]
fn entries_of_omit_that_no_report_has_are_refused() {
    let entries = |list: &str| {
        let plan = plan_of(DEMO).replace("[report]\n", &format!("[report]\nomit = [{list}]\n"));
        splitknee::plan::parse(&plan, "plan.toml").err().unwrap_or_default()
    };
    for good in [
        "\"waterfall\", \"waterfall-vas\", \"t-exposure\", \"t-14-1-4-exposure\", \"14.5\", \"14.2.9\", \"l\", \"16.2\"",
        "",
    ] {
        assert_eq!(entries(good), [], "{good}");
    }
    for (bad, says) in [
        ("watrfall", "waterfall"),
        ("t-exposures", "t-exposure"),
        ("14.6", "14.5"),
        ("14.2.0", "14.1"),
        ("14.2.999", "14.1"),
        ("waterfall-pain-of-nobody", ""),
        ("", ""),
    ] {
        let found = entries(&format!("\"{bad}\""));
        assert!(found.len() == 1 && found[0].rule == "SK008" && found[0].remedy.contains(says), "{bad}: {found:#?}");
    }
}

#[test]
fn rules_that_a_report_can_name_have_words_in_both_languages() {
    use splitknee::report::words::Language;
    for language in [Language::English, Language::Japanese] {
        let words = Words::new(language);
        for rule in splitknee::trial::rules::GROUPS.iter().flat_map(|group| group.rules) {
            let can_pass = rule.severity != splitknee::trial::Severity::Error;
            assert!(!can_pass || words.name("rule", rule.id) != rule.id, "{}: {language:?}", rule.id);
        }
    }
}

#[test]
fn identifiers_are_unique_and_numbers_are_those_of_their_kind() {
    for (name, plan) in variants().into_iter().take(2) {
        let (_, document) = document(&plan);
        let mut ids: Vec<(&str, &str)> =
            document.tables().map(|table| (table.id.as_str(), table.number.as_str())).collect();
        ids.extend(document.figures().map(|figure| (figure.id.as_str(), figure.number.as_str())));
        let mut unique: Vec<&str> = ids.iter().map(|(id, _)| *id).collect();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), ids.len(), "{name}");
        for (id, number) in &ids {
            assert!(number.starts_with("14.") || number.starts_with("16."), "{name}: {id} is numbered {number}");
        }
        let numbers: Vec<&str> = document.tables().map(|table| table.number.as_str()).collect();
        let mut once = numbers.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), numbers.len(), "{name}: two tables have one number");
        // Every chapter counts 1, 2, 3, … in the order of the document.
        let mut last: std::collections::BTreeMap<(bool, &str), usize> = std::collections::BTreeMap::new();
        for table in document.tables() {
            let (chapter, place) = table.number.rsplit_once('.').unwrap();
            let before = last.entry((table.is_listing(), chapter)).or_insert(0);
            *before += 1;
            assert_eq!(place.parse(), Ok(*before), "{name}: {}", table.number);
        }
    }
}

#[test]
fn what_only_the_within_person_design_has_is_shown() {
    let (run, document) = document(&variants().swap_remove(1).1);
    // The number in an identifier follows the order of the document.
    let has = |name: &str| document.tables().any(|table| table.id.ends_with(name));
    for id in [
        "14-1-1-disposition",
        "14-1-2-patients",
        "14-1-3-knees",
        "14-1-4-exposure",
        "-compared",
        "-timing",
        "-correlation",
        "-one-knee",
        "-carry-across",
        "-meta-analysis",
        "-sides",
        "-omeract",
        "-diagnostics",
        "-secondary",
    ] {
        assert!(has(id), "{id}");
    }
    // Characteristics of the knee stand with the arm of the knee, not with the side.
    let knees = document.tables().find(|table| table.id == "t-14-1-3-knees").unwrap();
    let at =
        knees.rows.iter().position(|row| row.label.starts_with("Kellgren")).expect("the grade of the knees by arm");
    let counts: f64 = knees.rows[at + 1..at + 3].iter().filter_map(|row| row.cells[0].values()[0]).sum();
    assert_eq!(counts as usize, run.trial.sets[0].size());
    let patients = document.tables().find(|table| table.id == "t-14-1-2-patients").unwrap();
    assert!(patients.rows.iter().all(|row| !row.label.starts_with("Kellgren")));
    // The correlation has a row with its interval at every visit of every endpoint.
    let correlation = document.tables().find(|table| table.id.ends_with("-correlation")).unwrap();
    let rows = correlation.rows.iter().filter(|row| !row.cells.is_empty()).count();
    assert_eq!(rows, run.trial.design.endpoints.iter().map(|about| about.visits.len()).sum::<usize>());
    // Every yes/no endpoint has its pairs as a 2 × 2 table with a total.
    let pairs = document.tables().find(|table| table.id.ends_with("-acl-pairs")).unwrap();
    assert_eq!((pairs.rows.len(), pairs.columns.len()), (2, 4));
    // What one-knee patients add: the same model with them has about the smaller standard error. Not always: the covariance
    // is estimated anew.
    let one_knee = document.tables().find(|table| table.id.ends_with("-one-knee")).unwrap();
    let row = one_knee.rows.iter().find(|row| !row.cells.is_empty()).unwrap();
    assert!(row.cells[2].values()[0].unwrap() <= 1.001 * row.cells[5].values()[0].unwrap(), "{row:?}");
    // Patterns of missing knees add up to the patients of the set.
    let patterns = document.tables().find(|table| table.id.ends_with("-vas-patterns")).unwrap();
    let total: f64 = patterns.rows.iter().filter_map(|row| row.cells.last()?.values()[0]).sum();
    assert_eq!(total as usize, run.trial.sets[0].size());
}

/// A trial without visits has one that the plan does not name: within a sentence it has an article.
#[test]
fn the_only_visit_is_named_as_in_a_sentence() {
    use splitknee::report::words::{Language, Words};
    let words = Words::new(Language::English);
    let mut seen = 0;
    for (key, message) in words.messages().iter().filter(|(_, message)| message.contains("{visit}")) {
        let said = words.say(key, &[("visit", Language::English.single_visit())]);
        for wrong in ["At Single visit", "at Single visit", "to Single visit"] {
            assert!(!said.contains(wrong), "{key}: {said}");
        }
        seen += usize::from(said.contains("the single visit"));
        // A visit that the plan names keeps its name.
        assert!(words.say(key, &[("visit", "Month 6")]).contains("Month 6"), "{key}: {message}");
    }
    assert!(seen > 30, "{seen}");
}
