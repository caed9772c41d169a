//! The body site that is randomised, as the messages name it: the values `{site}` and `{sites}`.

use super::words::{Language, capital};

/// One and several of a body site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    one: String,
    several: String,
}

impl Site {
    /// The knee.
    pub fn knee(language: Language) -> Self {
        Self::new("knee", None, language)
    }

    /// The site that a plan calls `singular`, several of which are `plural`, by the rule of English where that is not said.
    /// Japanese has one word for one and for several.
    pub fn new(singular: &str, plural: Option<&str>, language: Language) -> Self {
        match language {
            Language::English => {
                Self { one: singular.to_owned(), several: plural.map_or_else(|| regular(singular), str::to_owned) }
            }
            Language::Japanese => {
                let word = japanese(singular);
                Self { one: word.to_owned(), several: word.to_owned() }
            }
        }
    }

    /// The value of a place of a message: `site`, `sites`, and both with a capital.
    pub fn value(&self, name: &str) -> Option<String> {
        match name {
            "site" => Some(self.one.clone()),
            "sites" => Some(self.several.clone()),
            "Site" => Some(capital(&self.one)),
            "Sites" => Some(capital(&self.several)),
            _ => None,
        }
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
    }
}
