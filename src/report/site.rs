//! The body site that is randomised and how it is treated, as the messages name them: the values `{site}` and `{sites}`,
//! `{administration}` and `{administrations}`.

use super::words::{Language, capital};
use crate::plan::file::{Administration, TrialInfo};

/// One and several of a body site, and of what is done to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    one: String,
    several: String,
    done: [&'static str; 2],
}

impl Site {
    /// The knee.
    pub fn knee(language: Language) -> Self {
        Self::new("knee", None, language)
    }

    /// The site that a plan calls `singular`, several of which are `plural`, by the rule of English where that is not said.
    /// Japanese has one word for one and for several.
    pub fn new(singular: &str, plural: Option<&str>, language: Language) -> Self {
        let done = administered(Administration::default(), language);
        match language {
            Language::English => {
                let several = plural.map_or_else(|| regular(singular), str::to_owned);
                Self { one: singular.to_owned(), several, done }
            }
            Language::Japanese => {
                let word = japanese(singular);
                Self { one: word.to_owned(), several: word.to_owned(), done }
            }
        }
    }

    /// The site of a plan, and how it is treated.
    pub fn of(trial: &TrialInfo, language: Language) -> Self {
        let done = administered(trial.administration.unwrap_or_default(), language);
        Self { done, ..Self::new(&trial.site, trial.sites.as_deref(), language) }
    }

    /// `n` of the site: `1 eye`, `2 eyes`.
    pub fn counted(&self, n: usize) -> String {
        format!("{n} {}", if n == 1 { &self.one } else { &self.several })
    }

    /// A text that was written of knees, of this site: the rules of the data check speak of knees. What it quotes in
    /// backticks (keys of the plan, cells) and names of files stay.
    pub fn named(&self, text: &str) -> String {
        if self.one == "knee" && self.several == "knees" {
            return text.to_owned();
        }
        let quoted = |(place, part): (usize, &str)| match place % 2 {
            0 => self.reworded(part),
            _ => part.to_owned(),
        };
        text.split('`').enumerate().map(quoted).collect::<Vec<_>>().join("`")
    }

    /// [`Site::named`] of a text without quotations.
    fn reworded(&self, text: &str) -> String {
        let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/');
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let end = rest.find(|c| !inside(c)).unwrap_or(rest.len());
            if end == 0 {
                out.push(first);
                rest = &rest[first.len_utf8()..];
                continue;
            }
            let (word, after) = rest.split_at(end);
            let is_file = after.strip_prefix('.').is_some_and(|after| after.starts_with(char::is_alphanumeric));
            out.push_str(&match word {
                _ if is_file => word.to_owned(),
                "knee" => self.one.clone(),
                "knees" => self.several.clone(),
                "Knee" => capital(&self.one),
                "Knees" => capital(&self.several),
                _ => word
                    .replace("one-knee", &format!("one-{}", self.one))
                    .replace("knee-visit", &format!("{}-visit", self.one)),
            });
            rest = after;
        }
        out
    }

    /// The value of a place of a message: `site`, `sites`, `administration`, `administrations`, and the sites with a
    /// capital.
    pub fn value(&self, name: &str) -> Option<String> {
        match name {
            "administration" => Some(self.done[0].to_owned()),
            "administrations" => Some(self.done[1].to_owned()),
            "site" => Some(self.one.clone()),
            "sites" => Some(self.several.clone()),
            "Site" => Some(capital(&self.one)),
            "Sites" => Some(capital(&self.several)),
            _ => None,
        }
    }
}

/// One and several of how a site is treated. Japanese has one word for both.
fn administered(how: Administration, language: Language) -> [&'static str; 2] {
    let (english, japanese) = match how {
        Administration::Treatment => (["treatment", "treatments"], "治療"),
        Administration::Injection => (["injection", "injections"], "注射"),
        Administration::Application => (["application", "applications"], "塗布"),
        Administration::Instillation => (["instillation", "instillations"], "点眼"),
        Administration::Operation => (["operation", "operations"], "手術"),
    };
    match language {
        Language::English => english,
        Language::Japanese => [japanese; 2],
    }
}

/// Several of a site, as English forms it.
fn regular(site: &str) -> String {
    let before_y = site.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u']));
    match site {
        "foot" => "feet".to_owned(),
        "tooth" => "teeth".to_owned(),
        _ if before_y.is_some() => format!("{}ies", before_y.unwrap_or_default()),
        _ if ["s", "x", "ch", "sh"].iter().any(|end| site.ends_with(end)) => format!("{site}es"),
        _ => format!("{site}s"),
    }
}

/// The Japanese word for a site that a plan names in English; any other is taken as it is.
fn japanese(site: &str) -> &str {
    match site {
        "knee" => "膝",
        "eye" => "眼",
        "foot" => "足",
        "hand" => "手",
        "wound" => "創",
        "hip" => "股関節",
        "shoulder" => "肩",
        "ear" => "耳",
        "tooth" => "歯",
        "leg" => "脚",
        "arm" => "腕",
        "breast" => "乳房",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_has_one_and_several() {
        let of = |site: &str, plural| Site::new(site, plural, Language::English).value("sites").unwrap();
        assert_eq!(of("foot", None), "feet");
        assert_eq!(of("biopsy", None), "biopsies");
        assert_eq!(of("patch", None), "patches");
        assert_eq!(of("carpus", Some("carpi")), "carpi");
        assert_eq!(Site::new("eye", None, Language::Japanese).value("site").as_deref(), Some("眼"));
        assert_eq!(Site::new("手背", None, Language::Japanese).value("sites").as_deref(), Some("手背"));
        assert_eq!(Site::knee(Language::English).value("Sites").as_deref(), Some("Knees"));
        assert_eq!(Site::knee(Language::English).value("n"), None);
        assert_eq!(Site::knee(Language::English).value("administrations").as_deref(), Some("treatments"));
    }

    #[test]
    fn what_was_written_of_knees_is_said_of_the_site_and_quotations_stay() {
        let feet = Site::new("foot", None, Language::English);
        let said =
            feet.named("Both knees of patient 7: the knee of `knee` in knees.csv, a one-knee patient. Knees differ.");
        assert_eq!(said, "Both feet of patient 7: the foot of `knee` in knees.csv, a one-foot patient. Feet differ.");
        assert_eq!(Site::knee(Language::English).named("both knees"), "both knees");
        assert_eq!((feet.counted(1), feet.counted(2)), ("1 foot".to_owned(), "2 feet".to_owned()));
    }
}
