//! What every reader of untrusted text promises for any bytes: no panic, and what is read, written and read again is the
//! same. Shared by the fuzz targets and by the test that replays their corpus (`tests/fuzz_corpus.rs`).

use splitknee::data::spreadsheet::disarmed;
use splitknee::data::{Format, ReadOptions, Table, WriteOptions, read_bytes, to_bytes};
use splitknee::model::Formula;
use splitknee::model::formula::{Expr, RandomTerm, Variable};
use splitknee::plan::{self, lock};
use splitknee::trial::expr::Condition;

/// A column: its name, its cells as text, and as numbers where it has only numbers.
type Column = (String, Vec<Option<String>>, Option<Vec<Option<f64>>>);

fn content(table: &Table) -> Vec<Column> {
    let column = |name: String| {
        let text = table.text(&name).expect("a column of its own table");
        // Every accessor is exercised; which of them fail is the column's matter.
        let _ = (table.dates(&name), table.values(&name));
        let numbers = table.numbers(&name).ok();
        (name, text, numbers)
    };
    table.column_names().into_iter().map(column).collect()
}

/// Whether two columns hold the same: the same text, or the same numbers written in two ways (`1,50` and `1.5`). In CSV a
/// text that a spreadsheet would run comes back with an apostrophe before it.
fn same(a: &Column, b: &Column, format: Format) -> bool {
    let text = matches!(format, Format::Csv | Format::Tsv);
    let alike = |a: &str, b: &str| a == b || text && disarmed(a) == b;
    let cells = a.1.len() == b.1.len()
        && a.1.iter().zip(&b.1).all(|(a, b)| alike(a.as_deref().unwrap_or_default(), b.as_deref().unwrap_or_default()));
    alike(&a.0, &b.0) && (cells || a.2.is_some() && a.2 == b.2)
}

/// Reads `bytes` as `format`; where that succeeds, writes the table in `format` and reads it again.
pub fn table(bytes: &[u8], format: Format) {
    let options = ReadOptions { format: Some(format), allow_no_rows: true, ..ReadOptions::default() };
    let table = match read_bytes("fuzz", bytes, &options) {
        Ok(table) => table,
        Err(error) => return assert!(error.to_string().starts_with("fuzz: "), "an error names its file: {error}"),
    };
    let before = content(&table);
    for index in 0..table.height() {
        assert!(table.file_row(index) >= 2, "the header stands above every row");
    }
    let Ok(written) = to_bytes(&table, "fuzz", format, &WriteOptions::default()) else { return };
    if let Ok(again) = read_bytes("fuzz", &written, &options) {
        let after = content(&again);
        let alike = before.len() == after.len() && before.iter().zip(&after).all(|(a, b)| same(a, b, format));
        assert!(alike, "{before:?} came back as {after:?} from {:?}", String::from_utf8_lossy(&written));
    } else {
        // A table without any row of its own kind may be unreadable (a lone header); everything else must come back.
        assert!(table.height() == 0, "what was written cannot be read: {:?}", String::from_utf8_lossy(&written));
    }
}

/// Reads `bytes` as a plan; where that succeeds, writes it with every default filled in and reads it again: the same
/// settings, the same design, and a seal that recognises it.
pub fn plan(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let lines = text.split('\n').count();
    let read = match plan::parse(text, "plan.toml") {
        Ok(read) => read,
        Err(findings) => {
            assert!(!findings.is_empty(), "a plan is refused with a reason");
            for finding in findings {
                assert!(finding.location.row.is_none_or(|row| (1..=lines).contains(&row)), "{finding}");
                assert!(!finding.to_string().is_empty());
            }
            return;
        }
    };
    let written = toml::to_string(&read).expect("a plan is written as TOML");
    let again = plan::parse(&written, "plan.toml").unwrap_or_else(|findings| panic!("{findings:?} in {written}"));
    assert_eq!(lock::canonical(&read), lock::canonical(&again), "{written}");
    assert_eq!(read.design(), again.design(), "{written}");
    let seal = lock::seal(&read, "2026-01-31").expect("a date");
    let state = lock::state(&again, Some(&seal)).expect("the seal is read");
    assert!(matches!(state, lock::LockState::Sealed { .. }), "{state:?}");
}

/// Reads `bytes` as a formula and as a condition; a formula that is read is written from its parts and read again.
pub fn formula(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Condition::parse(text) {
        Ok(condition) => {
            let _ = (condition.columns(), condition.holds(&|_| None), condition.holds(&|_| Some("1")));
        }
        Err(error) => assert!(text.is_char_boundary(error.offset), "{error:?}"),
    }
    match Formula::parse(text) {
        Ok(read) => {
            let written = formula_text(&read);
            let again = match Formula::parse(&written) {
                Ok(again) => again,
                // Crossed terms written out repeat their expressions, beyond what a formula may hold.
                Err(error) if error.to_string().contains("is too long") => return,
                Err(error) => panic!("{error} from {text}"),
            };
            assert_eq!(parts(&read), parts(&again), "{text} was written {written}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Decodes `bytes` as text, told from the bytes and under every encoding that a plan may declare: what is decoded has no
/// byte order mark left at its start, and an error names its file.
pub fn encoding(bytes: &[u8]) {
    for declared in [None, Some("utf-8"), Some("shift_jis"), Some("windows-1252"), Some("utf-16le"), Some("euc-jp")] {
        match splitknee::data::encoding::decode("fuzz", bytes, declared) {
            Ok(decoded) => {
                let again = splitknee::data::encoding::decode("fuzz", decoded.text.as_bytes(), Some("utf-8"));
                let marked = decoded.text.starts_with('\u{feff}');
                assert!(marked || again.is_ok_and(|again| again.text == decoded.text), "{declared:?}");
            }
            Err(error) => assert!(error.to_string().starts_with("fuzz: "), "{error}"),
        }
    }
}

/// Reads `bytes` as the scenarios of a simulation; what is read has a name each, and is within the limit.
pub fn scenario(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match splitknee::simulate::scenario::parse(text, "fuzz") {
        Ok(file) => {
            let names: std::collections::BTreeSet<&str> = file.scenarios.iter().map(|one| one.name.as_str()).collect();
            assert!(names.len() == file.scenarios.len() && (1..=1000).contains(&names.len()));
        }
        Err(error) => assert!(error.to_string().starts_with("fuzz: "), "{error}"),
    }
}

/// Reads `bytes` as `results.json`; a set equals itself.
pub fn results(bytes: &[u8]) {
    use splitknee::report::compare::{ResultSet, compare};
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match ResultSet::parse(text, std::path::Path::new("fuzz")) {
        Ok(set) => {
            let same = compare(&set, &set, 1e-9, 0.0);
            assert!(same.is_equal() && same.n_common == set.len(), "{text}");
        }
        Err(error) => assert!(error.to_string().starts_with("fuzz: "), "{error}"),
    }
}

/// Reads `bytes` as titles and as style of a template: what is taken cannot end the style element or load a file.
pub fn template(bytes: &[u8]) {
    use splitknee::report::template::Template;
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let folder = std::path::Path::new("fuzz");
    if let Ok(template) = Template::of(folder, None, Some(text.to_owned()), None) {
        let css = template.css.unwrap_or_default().to_lowercase();
        assert!(!css.contains("</style") && !css.contains("@import"), "{css}");
    }
    if let Err(error) = Template::of(folder, None, None, Some(text.to_owned())) {
        assert!(error.to_string().starts_with("fuzz"), "{error}");
    }
}

/// What a formula means, without the places in its text. Within an interaction the variables stand in the order of their
/// first appearance in the text, so terms are compared as sets.
fn parts(formula: &Formula) -> impl PartialEq + std::fmt::Debug + use<> {
    let names = |variables: &[Variable]| -> Vec<(String, Expr)> {
        variables.iter().map(|variable| (variable.name.clone(), variable.expr.clone())).collect()
    };
    let mut terms: Vec<Vec<String>> = formula
        .terms
        .iter()
        .map(|term| {
            let mut term: Vec<String> = term.iter().map(|&at| formula.variables[at].name.clone()).collect();
            term.sort();
            term
        })
        .collect();
    terms.sort();
    let random: Vec<_> =
        formula.random.iter().map(|term| (term.intercept, names(&term.slopes), term.group.clone())).collect();
    let covariance: Vec<_> =
        formula.covariance.iter().map(|term| (term.factors.clone(), term.by.clone(), term.subject.clone())).collect();
    (formula.response.expr.clone(), formula.intercept, terms, random, covariance)
}

/// A formula from its parts, every name between backticks.
fn formula_text(formula: &Formula) -> String {
    let mut right = vec![u8::from(formula.intercept).to_string()];
    for term in &formula.terms {
        let variables: Vec<String> = term.iter().map(|&at| expression(&formula.variables[at].expr)).collect();
        right.push(variables.join(":"));
    }
    right.extend(formula.random.iter().map(random_text));
    for term in &formula.covariance {
        let factor = |kind: &str, cells: &[String]| format!("{kind}({}", joined(cells));
        let by = if term.by.is_empty() { String::new() } else { format!("{}/", joined(&term.by)) };
        let subject = format!("|{by}{})", joined(&term.subject));
        right.push(match term.factors.as_slice() {
            [one] => factor(one.kind.name(), &one.cells) + &subject,
            several => {
                let factors: Vec<String> =
                    several.iter().map(|one| factor(one.kind.name(), &one.cells) + ")").collect();
                format!("kron({}{subject}", factors.join(", "))
            }
        });
    }
    format!("{} ~ {}", expression(&formula.response.expr), right.join(" + "))
}

fn random_text(term: &RandomTerm) -> String {
    let mut coefficients = vec![u8::from(term.intercept).to_string()];
    coefficients.extend(term.slopes.iter().map(|slope| expression(&slope.expr)));
    format!("({} | {})", coefficients.join(" + "), joined(&term.group))
}

fn joined(columns: &[String]) -> String {
    columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(":")
}

fn expression(expr: &Expr) -> String {
    match expr {
        Expr::Column(name) => format!("`{name}`"),
        Expr::Number(text, _) => text.clone(),
        Expr::Negate(inner) => format!("-{}", expression(inner)),
        Expr::Binary(sign, a, b) => format!("{} {sign} {}", expression(a), expression(b)),
        Expr::Call(function, inner) => format!("{function}({})", expression(inner)),
        Expr::Group(inner) => format!("({})", expression(inner)),
    }
}
