//! How it was written.

use super::{Context, Rule};
use crate::trial::build::index;
use crate::trial::columns;
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::finding::Severity::{Error, Note, Warning};
use crate::trial::findings::{Findings, place};
use crate::trial::side::side;
use crate::trial::spelling;
use std::collections::{BTreeMap, BTreeSet};

/// The rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: "SK601",
        severity: Error,
        title: "Every arm is one of the plan's.",
        example: "`Ev` where the plan has `EV`.",
        remedy: "Correct the data, or write the plan as the data do.",
    },
    Rule {
        id: "SK602",
        severity: Error,
        title: "Every visit is one of the plan's.",
        example: "`Month6` where the plan has `Month 6`.",
        remedy: "Correct the data, or keep such rows out with `data.where`.",
    },
    Rule {
        id: "SK603",
        severity: Warning,
        title: "A side has one spelling.",
        example: "`L`, `left` and `左`.",
        remedy: "Use one; they are taken as one side.",
    },
    Rule {
        id: "SK604",
        severity: Error,
        title: "Arm, visit and side are filled in.",
        example: "An empty visit in row 12.",
        remedy: "Fill it in, or delete the row.",
    },
    Rule {
        id: "SK606",
        severity: Warning,
        title: "Every visit of the plan has rows.",
        example: "No row of Month 12.",
        remedy: "Correct the label, or the plan.",
    },
    Rule {
        id: "SK607",
        severity: Error,
        title: "Active and placebo arm have rows.",
        example: "No knee on `SALINE`.",
        remedy: "Correct the labels.",
    },
    Rule {
        id: "SK608",
        severity: Error,
        title: "Every analysis set has patients.",
        example: "`pp == \"YES\"` where the data have Y and N.",
        remedy: "Correct the condition.",
    },
    Rule {
        id: "SK609",
        severity: Error,
        title: "Analysis sets, covariates and subgroups use patient-level columns.",
        example: "`where = 'ppp == \"Y\"'`",
        remedy: "Use the column suggested.",
    },
    Rule {
        id: "SK610",
        severity: Warning,
        title: "A patient-level text has one spelling.",
        example: "Sex `F`, `f` and `F.`; `Female` beside `F` and `M`.",
        remedy: "Use one spelling.",
    },
    Rule {
        id: "SK611",
        severity: Note,
        title: "Sides are left and right.",
        example: "Sides `1` and `2`.",
        remedy: "See that the sides are meant; events are matched by side.",
    },
    Rule {
        id: "SK612",
        severity: Error,
        title: "The knee injected first is a knee of the patient.",
        example: "`UPPER`, or the side of a knee that is not in the trial.",
        remedy: "Write the side or the arm of the knee as the data do.",
    },
    Rule {
        id: "SK616",
        severity: Warning,
        title: "No patient-level number looks like a code for missing, and no age is far from all others.",
        example: "Age 999; age 99 or 0 where all others are 45 to 76.",
        remedy: "Correct the cell, or declare the code for the column with `missing_in`.",
    },
    Rule {
        id: "SK617",
        severity: Warning,
        title: "A covariate is known of every patient.",
        example: "Age empty in patients 007 and 012, who are then in no model with age.",
        remedy: "Fill it in, or take the covariate out: a model leaves a patient without it out.",
    },
    Rule {
        id: "SK618",
        severity: Note,
        title: "The plan says what the codes of a characteristic mean.",
        example: "`kl_grade` from 0 to 4, `sex` 1 and 2: counted by value.",
        remedy: "Declare it with `[[covariate]]`: a factor with labels, or a number, of which mean and SD are printed.",
    },
    Rule {
        id: "SK619",
        severity: Warning,
        title: "An analysis set can read the cells that it asks for.",
        example: "`fas == \"Y\"` where one cell is `Yes`, one `1` and one empty.",
        remedy: "Write every cell as the condition does.",
    },
    Rule {
        id: "SK613",
        severity: Error,
        title: "A patient-level column holds numbers or text, not both.",
        example: "`ca. 60` in `age`; `58` in `sex`.",
        remedy: "Correct the cell, or list the code in `data.missing`; declare a factor with `[[covariate]]`.",
    },
    Rule {
        id: "SK614",
        severity: Error,
        title: "A factor has the levels of the plan.",
        example: "`Female` where `levels = [\"F\", \"M\"]`.",
        remedy: "Correct the cell, or add the level.",
    },
    Rule {
        id: "SK615",
        severity: Error,
        title: "A covariate that looks like codes is declared as number or factor.",
        example: "`centre` with the values 1, 2, 3.",
        remedy: "Declare it: `[[covariate]] name = \"centre\"`, `kind = \"factor\"`.",
    },
    Rule {
        id: "SK620",
        severity: Warning,
        title: "The data say one thing of a patient.",
        example: "Age 50 in five rows of patient 007 and 51 in one; 50 in patients.csv and 44 in knees.csv.",
        remedy: "Correct the cell; a column that differs within patients describes none.",
    },
    Rule {
        id: "SK621",
        severity: Warning,
        title: "A covariate varies.",
        example: "BMI 25 in all patients.",
        remedy: "Take it out of `analysis.covariates`, or correct the column.",
    },
];

/// Distinct values up to which a text column counts as coded.
const FEW_TEXTS: usize = 30;

/// Looks at labels that the reading has accepted.
pub fn check(context: &Context<'_>, findings: &mut Findings) {
    let design = &context.trial.design;
    let visited: BTreeSet<usize> = context.rows.visit.iter().filter_map(|visit| index(*visit)).collect();
    for (number, visit) in design.visits.iter().enumerate() {
        if !visited.contains(&number) {
            findings.add(
                "SK606",
                context.rows.place(None, context.sources.roles.visit.as_deref()),
                format!("no row has the visit `{}` of the plan", visit.label),
                "correct the label in data or plan, or take the visit out of `visits.order`",
            );
        }
    }
    for arm in [ACTIVE, PLACEBO] {
        if !context.knees.list.iter().any(|knee| knee.arm == arm) {
            findings.add(
                "SK607",
                context.rows.place(None, context.sources.roles.arm.as_deref()),
                format!("no knee is on `{}`", design.arms.labels().get(arm).copied().unwrap_or_default()),
                "correct the labels of the arms in data or plan",
            );
        }
    }
    let unusual: Vec<&str> =
        context.rows.sides.iter().map(String::as_str).filter(|label| side(label).is_none()).collect();
    if !unusual.is_empty() {
        let shown: Vec<&str> = unusual.iter().copied().take(5).collect();
        findings.add(
            "SK611",
            context.rows.place(None, context.sources.roles.knee.as_deref()),
            format!("{} labels of sides are neither left nor right, among them {}", unusual.len(), shown.join(", ")),
            match unusual.len() == 2 {
                true => format!(
                    "if they are codes, declare them: `[sides] left = {{ code = \"{0}\", label = \"left\" }}`, likewise `right`; \
                     nothing, if the sites are not left and right: no side can then be checked for balance",
                    unusual.first().copied().unwrap_or_default()
                ),
                false => {
                    "nothing, if the sites are not left and right; no side can then be checked for balance".to_owned()
                }
            },
        );
    }
    spellings(context, findings);
    super::flags::check(context, findings);
    super::patient_numbers::check(context, findings);
    covariates(context, findings);
    characteristics(context, findings);
    super::contradictions::check(context, findings);
    injected_first(context, findings);
}

/// SK612: the knee injected first is named by its side or its arm. An empty cell is no finding: models leave the patient
/// out and count the rows.
fn injected_first(context: &Context<'_>, findings: &mut Findings) {
    let Some(column) = &context.sources.injected_first else { return };
    let arms = context.trial.design.arms.labels();
    let file = context.sources.patients.as_ref().map_or(&context.rows.file, |source| &source.file);
    for patient in &context.trial.patients {
        let Some(named) = patient.attributes.get(column) else { continue };
        // The other knee of a patient with one knee in the trial may have been first.
        if patient.injected_first(column, &arms).is_none() && (patient.pair().is_some() || side(named).is_none()) {
            findings.add(
                "SK612",
                place(file, None, Some(column)),
                format!("`{named}` is neither side nor arm of a knee of patient {}", patient.id),
                "write the side or the arm of the knee injected first as the data do",
            );
        }
    }
}

/// Patients whom a finding names.
const NAMED: usize = 10;

/// SK617: covariates that some patients do not have. A column without any value is an error of its own (SK609).
fn covariates(context: &Context<'_>, findings: &mut Findings) {
    let Some(set) = context.trial.sets.first() else { return };
    let emptied = |column: &String| context.sources.emptied.contains(column);
    let mut used: BTreeMap<&String, [bool; 2]> = BTreeMap::new();
    for (purpose, column) in context.sources.patient_columns.iter().filter(|(_, column)| !emptied(column)) {
        match *purpose {
            columns::COVARIATE => used.insert(column, [true, false]),
            columns::IMPUTATION => used.insert(column, [false, true]),
            columns::BOTH => used.insert(column, [true, true]),
            _ => None,
        };
    }
    for (column, [modelled, imputed]) in used {
        let inside = || context.trial.patients.iter().zip(&set.members).filter(|(_, member)| **member);
        let without: Vec<&str> = inside()
            .filter(|(patient, _)| patient.attributes.get(column).is_none_or(|cell| cell.trim().is_empty()))
            .map(|(patient, _)| patient.id.as_str())
            .collect();
        let mut filled =
            inside().filter_map(|(patient, _)| patient.attributes.get(column)).filter(|cell| !cell.trim().is_empty());
        if let Some(first) = filled.next()
            && filled.clone().next().is_some()
            && filled.all(|cell| cell == first)
        {
            findings.add(
                "SK621",
                patient_level(context, column),
                format!("the covariate `{column}` is {first} in all patients of {}: it explains nothing", set.name),
                format!("take `{column}` out of `analysis.covariates`, or correct the column"),
            );
        }
        if without.is_empty() || without.len() == inside().count() {
            continue;
        }
        let shown = without.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        let more = if without.len() > NAMED { ", …" } else { "" };
        let consequence = match (modelled, imputed) {
            (true, false) => "models with it leave them out",
            (true, true) => "models with it leave them out, and estimands by imputation have no answer",
            (false, _) => "estimands by imputation with it have no answer",
        };
        let remedy = match (modelled, imputed) {
            (true, false) => format!(
                "fill `{column}` in, or take it out of `analysis.covariates`: the primary model leaves these patients out"
            ),
            (true, true) => format!(
                "fill `{column}` in, or take it out of `analysis.covariates`; `covariates` of [estimand.missing] names those \
                 of the imputation model alone"
            ),
            (false, _) => format!("fill `{column}` in, or take it out of `covariates` of [estimand.missing]"),
        };
        findings.add(
            "SK617",
            patient_level(context, column),
            format!(
                "the covariate `{column}` is empty in {} of {} patients of {} ({shown}{more}): {consequence}",
                without.len(),
                inside().count(),
                set.name
            ),
            remedy,
        );
    }
}

/// SK618: characteristics whose numbers look like codes, which the baseline table counts by value. Flags of analysis sets
/// and columns that blinding emptied describe nobody.
fn characteristics(context: &Context<'_>, findings: &mut Findings) {
    let sources = context.sources;
    let of_sets = sources.sets.iter().flat_map(|set| set.condition.iter().flat_map(|condition| condition.columns()));
    let apart: BTreeSet<&str> = of_sets.chain(sources.emptied.iter().map(String::as_str)).collect();
    let listed: Vec<&str> = columns::listed_in_table(sources).collect();
    let names: BTreeSet<&str> = match listed.is_empty() {
        false => listed.into_iter().collect(),
        true => {
            let all = context.trial.patients.iter().flat_map(|patient| patient.attributes.keys()).map(String::as_str);
            all.filter(|name| !apart.contains(name) && !name.to_lowercase().ends_with("fl")).collect()
        }
    };
    let declared = |name: &str| sources.declared.iter().any(|declared| declared.name == name);
    for name in names.into_iter().filter(|name| !declared(name)) {
        let cells: Vec<&str> = columns::cells(context.trial, name).collect();
        // The grades of Kellgren and Lawrence are called by their numbers.
        if !columns::are_codes(name, &cells) || columns::is_grade(name) {
            continue;
        }
        let levels = columns::in_order(cells.into_iter().collect());
        let shown = levels.iter().take(12).cloned().collect::<Vec<_>>().join(", ");
        let first = levels.first().cloned().unwrap_or_default();
        findings.add(
            "SK618",
            patient_level(context, name),
            format!("`{name}` has the values {shown}, which look like codes: the baseline table counts them"),
            format!(
                "give them labels, `[[covariate]] name = \"{name}\"`, `kind = \"factor\"`, `levels = [{{ code = \"{first}\", label = \
                 \"…\" }}, …]`; or write `kind = \"number\"` for mean and SD"
            ),
        );
    }
}

/// Where a patient-level column stands.
pub(super) fn patient_level(context: &Context<'_>, column: &str) -> crate::trial::finding::Location {
    let files = [&context.sources.patients, &context.sources.disposition.as_ref().map(|known| known.source.clone())];
    let holds = files.into_iter().flatten().find(|source| source.table.has_column(column));
    match holds {
        Some(source) => place(&source.file, None, Some(column)),
        None => context.rows.place(None, Some(column)),
    }
}

/// Words for one thing that do not begin with one letter.
const SAME: [&[&str]; 2] =
    [&["f", "female", "woman", "weiblich", "女", "女性"], &["m", "male", "man", "männlich", "男", "男性"]];

/// SK610: one value in several spellings.
fn spellings(context: &Context<'_>, findings: &mut Findings) {
    let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for patient in &context.trial.patients {
        for (column, value) in &patient.attributes {
            let known = values.entry(column).or_default();
            if known.len() <= FEW_TEXTS {
                known.insert(value);
            }
        }
    }
    for (column, values) in values {
        if values.len() > FEW_TEXTS {
            continue;
        }
        let answers = super::flags::answers_in_several_words(&values);
        let mut folded: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        // Numbers beside the words have no spelling, and hide none.
        for value in values.into_iter().filter(|value| answers.is_empty() && value.parse::<f64>().is_err()) {
            folded.entry(spelling::bare(value)).or_default().push(value);
        }
        // `F` beside `Female`: a letter and the word that begins with it.
        let keys: Vec<String> = folded.keys().cloned().collect();
        for letter in keys.iter().filter(|key| key.chars().count() == 1 && key.chars().all(char::is_alphabetic)) {
            let words: Vec<&String> =
                keys.iter().filter(|key| key.len() > letter.len() && key.starts_with(letter.as_str())).collect();
            if let [word] = words.as_slice()
                && let Some(of_word) = folded.remove(*word)
            {
                folded.entry(letter.clone()).or_default().extend(of_word);
            }
        }
        // `女` beside `F`.
        for words in SAME {
            let mut keys =
                folded.keys().filter(|key| words.contains(&key.as_str())).cloned().collect::<Vec<_>>().into_iter();
            if let Some(first) = keys.next() {
                let rest: Vec<&str> = keys.filter_map(|key| folded.remove(&key)).flatten().collect();
                folded.entry(first).or_default().extend(rest);
            }
        }
        for spellings in folded.values().chain(&answers).filter(|spellings| spellings.len() > 1) {
            findings.add(
                "SK610",
                patient_level(context, column),
                format!("`{column}` has one value in {} spellings: {}", spellings.len(), spellings.join(", ")),
                "use one spelling: subgroups and analysis sets compare letter by letter",
            );
        }
    }
}
