//! The body site that is randomised, in the words of the report: the catalogue speaks of knees, a plan may say `foot`.

use super::words::{Language, capital};

/// `message` with the site in place of the knee; values (`{knees}`) stay.
pub fn renamed(message: &str, site: &str, language: Language) -> String {
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(open) = rest.find('{') {
        let (text, value) = rest.split_at(open);
        let end = value.find('}').map_or(value.len(), |close| close + 1);
        out.push_str(&words(text, site, language));
        out.push_str(&value[..end]);
        rest = &value[end..];
    }
    out + &words(rest, site, language)
}

fn words(text: &str, site: &str, language: Language) -> String {
    match language {
        Language::Japanese => text.replace('膝', japanese(site)),
        Language::English => {
            let several = plural(site);
            let pairs =
                [("Knees", capital(&several)), ("knees", several), ("Knee", capital(site)), ("knee", site.to_owned())];
            pairs.iter().fold(text.to_owned(), |text, (knee, site)| text.replace(knee, site))
        }
    }
}

/// Several of a site, as English forms it.
fn plural(site: &str) -> String {
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
    fn knees_become_the_site_and_values_stay() {
        let english = |message: &str, site: &str| renamed(message, site, Language::English);
        assert_eq!(english("Knees: {knees} knees of one knee", "foot"), "Feet: {knees} feet of one foot");
        assert_eq!(english("each knee", "eye"), "each eye");
        assert_eq!(english("knees", "biopsy"), "biopsies");
        assert_eq!(english("knees", "patch"), "patches");
        assert_eq!(english("an open {brace of knees", "eye"), "an open {brace of knees");
        assert_eq!(renamed("{knees}膝の膝", "eye", Language::Japanese), "{knees}眼の眼");
        assert_eq!(renamed("膝", "手背", Language::Japanese), "手背");
    }
}
