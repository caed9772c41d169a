//! How patients left the trial: what the words of a disposition mean. The status decides, never the reason: files give
//! completers a reason too (`COMPLETED` in `DSDECOD` of SDTM, `n/a`).
//!
//! The words are those of CDISC controlled terminology (codelists SBJTSTAT and NCOMPLT) and the usual ones of English and
//! Japanese files. A word that is none of them is refused rather than guessed.

/// How a patient left the trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// To the end.
    Completed,
    /// Before the end.
    Discontinued,
    /// Not yet.
    Ongoing,
}

const COMPLETED: &[&str] = &[
    "completed",
    "complete",
    "completer",
    "completed study",
    "completed trial",
    "completed the study",
    "completed the trial",
    "completed per protocol",
    "completed as planned",
    "completed follow up",
    "study completed",
    "trial completed",
    "study complete",
    "follow up completed",
    "finished",
    "finished study",
    "finished trial",
    "finished the study",
    "完了",
    "試験完了",
    "治験完了",
    "研究完了",
    "完遂",
];
const DISCONTINUED: &[&str] = &[
    "discontinued",
    "discontinuation",
    "discontinued study",
    "discontinued trial",
    "discontinued the study",
    "early discontinuation",
    "early termination",
    "terminated",
    "terminated early",
    "early terminated",
    "withdrawn",
    "withdrew",
    "withdrawal",
    "withdrawn from study",
    "withdrew consent",
    "withdrawal of consent",
    "consent withdrawn",
    "dropped out",
    "dropout",
    "drop out",
    "dropped",
    "lost",
    "lost to follow up",
    "ltfu",
    "died",
    "death",
    "dead",
    "left",
    "left early",
    "left study",
    "left the study",
    "not completed",
    "did not complete",
    "incomplete",
    "adverse event",
    "lack of efficacy",
    "physician decision",
    "pregnancy",
    "progressive disease",
    "protocol deviation",
    "protocol violation",
    "non compliance with study drug",
    "screen failure",
    "study terminated by sponsor",
    "site terminated by sponsor",
    "withdrawal by subject",
    "withdrawal by parent/guardian",
    "中止",
    "試験中止",
    "治験中止",
    "研究中止",
    "途中中止",
    "中止・脱落",
    "脱落",
    "追跡不能",
    "同意撤回",
    "死亡",
];
const ONGOING: &[&str] = &[
    "ongoing",
    "on going",
    "still ongoing",
    "continuing",
    "active",
    "on study",
    "on trial",
    "on treatment",
    "in follow up",
    "継続中",
    "継続",
    "試験継続中",
    "治験継続中",
    "実施中",
];
/// Words of a reason that say there is none.
const NO_REASON: &[&str] =
    &["", "n/a", "na", "n.a", "none", "no", "nil", "not applicable", "/", "?", "該当なし", "非該当", "なし"];

/// A word in small letters, hyphens and underscores as blanks, without a full stop.
fn folded(word: &str) -> String {
    let plain: String = super::spelling::usual(word).chars().flat_map(char::to_lowercase).collect();
    let words = plain.replace(['-', '_', '–', '—'], " ");
    words.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches(['.', '。']).to_owned()
}

/// What the word of a status means; `None` where it is not known.
pub fn status(word: &str) -> Option<Status> {
    let word = folded(word);
    [(COMPLETED, Status::Completed), (DISCONTINUED, Status::Discontinued), (ONGOING, Status::Ongoing)]
        .into_iter()
        .find(|(words, _)| words.contains(&word.as_str()))
        .map(|(_, status)| status)
}

/// Whether the text of a reason gives one.
pub fn gives_reason(text: &str) -> bool {
    !NO_REASON.contains(&folded(text).as_str())
}

/// What to do about a status in the column `column` that is not known.
pub fn remedy(column: &str, word: &str) -> String {
    format!(
        "write one of the words that are read (COMPLETED, DISCONTINUED, ONGOING; Finished, Withdrawn, Lost to follow-up, …; \
         完了, 中止, 継続中), or say in the plan what each status means: `[[covariate]] name = \"{column}\"`, \
         `kind = \"factor\"`, `levels = [{{ code = \"{word}\", label = \"COMPLETED\" }}, …]`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_in_any_spelling_and_others_are_not() {
        for word in ["COMPLETED", "Completed study", "finished", "完了", " complete. ", "Ｃｏｍｐｌｅｔｅｄ"]
        {
            assert_eq!(status(word), Some(Status::Completed), "{word}");
        }
        for word in ["DISCONTINUED", "Lost to Follow-up", "WITHDRAWAL BY SUBJECT", "dropped out", "中止"] {
            assert_eq!(status(word), Some(Status::Discontinued), "{word}");
        }
        for word in ["ongoing", "On-going", "継続中"] {
            assert_eq!(status(word), Some(Status::Ongoing), "{word}");
        }
        for word in ["Y", "N", "1", "done?", ""] {
            assert_eq!(status(word), None, "{word}");
        }
    }

    #[test]
    fn a_reason_that_is_none() {
        assert!(["n/a", "-", "N.A.", "None", "該当なし", " "].iter().all(|text| !gives_reason(text)));
        assert!(gives_reason("Moved away"));
    }
}
