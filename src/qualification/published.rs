//! Printed figures of SAS and of textbooks, to the digits that are printed.

use super::case::{Case, Reference};
use super::coverage::Coverage;
use super::{Outcome, case};
use crate::model::{Columns, FitOptions, Formula, fit};
use crate::paired::marginal_homogeneity::stuart_maxwell;
use crate::paired::mcnemar::{McNemarOptions, PValue, mcnemar};
use crate::paired::pair_table::PairTable;
use crate::paired::square_table::SquareTable;
use crate::paired::{Options, Refusal, TestResult, paired_t};

/// A figure printed with so many decimals agrees to half of the last one.
fn printed(coverage: &mut Coverage, source: &Reference, what: &str, expected: f64, decimals: i32, ours: Option<f64>) {
    coverage.scaled(source, what, expected, ours, 0.5001 * 10_f64.powi(-decimals), 1.0);
}

/// All of them.
pub fn figures(empty: &Case) -> Coverage {
    let mut coverage = Coverage::new(empty);
    for (name, part) in [
        ("sas", proc_ttest as fn(&mut Coverage) -> Outcome<()>),
        ("bentur", bentur),
        ("student", student),
        ("stuart", stuart),
        ("bates", bates),
    ] {
        if let Err(problem) = part(&mut coverage) {
            let source = Reference { id: name.to_owned(), ..Reference::default() };
            coverage.check(&source, &format!("an answer: {problem}"), false);
        }
    }
    coverage
}

/// Blood pressure before and after a stimulus, 12 pairs: the example of PROC TTEST, as quoted by the CAMIS project.
fn proc_ttest(coverage: &mut Coverage) -> Outcome<()> {
    let before = [120.0, 124.0, 130.0, 118.0, 140.0, 128.0, 140.0, 135.0, 126.0, 130.0, 126.0, 127.0];
    let after = [128.0, 131.0, 131.0, 127.0, 132.0, 125.0, 141.0, 137.0, 118.0, 132.0, 129.0, 135.0];
    let ours = paired_t::paired_t(&before, &after, &Options::default())?;
    let source = Reference::quoted("proc_ttest", "SAS PROC TTEST", "(CAMIS)", "paired before*after;");
    printed(coverage, &source, "t", -1.089_648, 6, ours.statistic);
    printed(coverage, &source, "df", 11.0, 0, ours.df);
    printed(coverage, &source, "p", 0.2992, 4, ours.p_value);
    printed(coverage, &source, "difference", -1.8333, 4, ours.estimate);
    printed(coverage, &source, "lower limit", -5.5365, 4, ours.conf_low);
    printed(coverage, &source, "upper limit", 1.8698, 4, ours.conf_high);
    Ok(())
}

/// Bentur et al. (2009) in Fagerland, Lydersen & Laake, Statistical Analysis of Contingency Tables (2017).
fn bentur(coverage: &mut Coverage) -> Outcome<()> {
    let table = PairTable { a: 1, b: 1, c: 7, d: 12 };
    let ask = |p, continuity| -> Result<TestResult, Refusal> {
        mcnemar(&table, &Options::default(), &McNemarOptions { p, continuity })
    };
    let source = Reference::quoted("bentur_2009", "Fagerland, Lydersen & Laake", "2017", "the table 1, 1, 7, 12");
    printed(coverage, &source, "asymptotic p", 0.0339, 4, ask(PValue::Asymptotic, false)?.p_value);
    printed(coverage, &source, "asymptotic p with correction", 0.0771, 4, ask(PValue::Asymptotic, true)?.p_value);
    printed(coverage, &source, "exact p", 0.0703, 4, ask(PValue::Exact, false)?.p_value);
    printed(coverage, &source, "mid-p", 0.0391, 4, ask(PValue::MidP, false)?.p_value);
    let ours = ask(PValue::Exact, false)?;
    for (what, expected, decimals, field) in [
        ("risk difference", -0.286, 3, "risk_difference"),
        ("Newcombe's lower limit", -0.5069, 4, "newcombe_low"),
        ("Newcombe's upper limit", -0.0256, 4, "newcombe_high"),
        ("Tango's lower limit", -0.5172, 4, "tango_low"),
        ("Tango's upper limit", -0.0260, 4, "tango_high"),
        ("conditional odds ratio", 0.143, 3, "odds_ratio"),
        ("its exact lower limit", 0.0032, 4, "odds_ratio_low"),
        ("its exact upper limit", 1.1120, 4, "odds_ratio_high"),
    ] {
        printed(coverage, &source, what, expected, decimals, ours.number(field));
    }
    Ok(())
}

/// Student (1908), the sleep of ten patients: the t-test in the help page of R's `sleep`.
fn student(coverage: &mut Coverage) -> Outcome<()> {
    let sleep = case("paired_sleep").ok_or("the sleep data are not in the program")?;
    let (treated, control) = (sleep.data.complete("treated"), sleep.data.complete("control"));
    let ours = paired_t::paired_t(&treated, &control, &Options::default())?;
    let source = Reference::quoted("student_1908", "R help page of `sleep`", "", "paired t-test, group 2 minus 1");
    printed(coverage, &source, "t", 4.0621, 4, ours.statistic);
    printed(coverage, &source, "p", 0.002_833, 6, ours.p_value);
    Ok(())
}

/// Stuart (1955), vision of the right and left eye of 7477 women.
fn stuart(coverage: &mut Coverage) -> Outcome<()> {
    let counts =
        vec![vec![1520, 266, 124, 66], vec![234, 1512, 432, 78], vec![117, 362, 1772, 205], vec![36, 82, 179, 492]];
    let ours = stuart_maxwell(&SquareTable::from_counts(counts)?, &Options::default())?;
    let source = Reference::quoted("stuart_1955", "Stuart, Biometrika 42", "1955", "marginal homogeneity, 4 × 4");
    printed(coverage, &source, "χ²", 11.96, 2, ours.statistic);
    printed(coverage, &source, "df", 3.0, 0, ours.df);
    Ok(())
}

/// Bates et al. (2015), the sleep deprivation study.
fn bates(coverage: &mut Coverage) -> Outcome<()> {
    let study = case("lmm_sleepstudy").ok_or("the sleep study is not in the program")?;
    let mut table = Columns::new();
    table.add_numeric("reaction", study.data.complete("reaction"))?;
    table.add_numeric("days", study.data.complete("days"))?;
    table.add_categorical("subject", study.data.text("subject").into_iter().map(Some))?;
    let ours = fit(&table, &Formula::parse("reaction ~ days + (days | subject)")?, &FitOptions::default())?;
    let source =
        Reference::quoted("bates_2015", "Bates et al., J Stat Softw 67", "2015", "Reaction ~ Days + (Days | Subject)");
    printed(coverage, &source, "REML criterion", 1743.628, 3, Some(-2.0 * ours.log_lik()));
    Ok(())
}
