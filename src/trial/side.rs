//! Which side a label means: `L`, `left`, `LEFT KNEE`, `Ｌ` and `左` are one side.

use super::spelling::folded;

/// Side of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Left.
    Left,
    /// Right.
    Right,
}

impl Side {
    /// The other side.
    pub fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }

    /// A label that [`side`] reads as this side.
    pub fn label(self) -> &'static str {
        match self {
            Self::Left => "LEFT",
            Self::Right => "RIGHT",
        }
    }
}

/// The side a label names, if it is one of the usual spellings.
pub fn side(label: &str) -> Option<Side> {
    let mut label = folded(label);
    for site in [" knee", "_knee", "-knee", " eye", " foot", "膝", "側", "眼", "足"] {
        if let Some(short) = label.strip_suffix(site) {
            label = short.trim().to_owned();
        }
    }
    match label.as_str() {
        "l" | "lt" | "lft" | "left" | "sin" | "sinister" | "os" | "左" | "ひだり" | "links" | "gauche"
        | "izquierda" => Some(Side::Left),
        "r" | "rt" | "rgt" | "right" | "dex" | "dexter" | "od" | "右" | "みぎ" | "rechts" | "droite" | "derecha" => {
            Some(Side::Right)
        }
        _ => None,
    }
}

/// Labels of an event that concerns the whole patient.
pub fn is_systemic(label: &str) -> bool {
    matches!(folded(label).as_str(), "" | "systemic" | "patient" | "none" | "general" | "全身")
}

/// Labels of a local event at both knees (eyes, feet): it counts in each of them.
pub fn is_both(label: &str) -> bool {
    let mut label = folded(label);
    for site in [" knees", " eyes", " feet", " sides"] {
        if let Some(short) = label.strip_suffix(site) {
            label = short.trim().to_owned();
        }
    }
    let words =
        ["both", "bilateral", "bilat", "bil", "ou", "lr", "rl", "両側", "両膝", "両眼", "両足", "左右", "両側性"];
    // Both sides named one after the other: `L/R`, `left and right`, `Right, Left`.
    let parts = label.replace(" and ", "/").replace(['+', ',', '&', ';', '、', '・'], "/");
    let named: Vec<Option<Side>> = parts.split('/').map(side).collect();
    words.contains(&label.as_str()) || matches!(named.as_slice(), [Some(first), Some(second)] if first != second)
}

/// Yes or no, if the label is one of the usual spellings.
pub fn yes_or_no(label: &str) -> Option<bool> {
    let label = folded(label);
    if YES.contains(&label.as_str()) { Some(true) } else { NO.contains(&label.as_str()).then_some(false) }
}

/// Usual words for yes, in lower case.
pub const YES: [&str; 8] = ["y", "yes", "1", "true", "t", "はい", "あり", "有"];
/// Usual words for no, in lower case.
pub const NO: [&str; 8] = ["n", "no", "0", "false", "f", "いいえ", "なし", "無"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_knees_are_not_the_whole_patient() {
        for label in
            ["BOTH", "bilateral", "Both knees", "両膝", "ou", "L/R", "left and right", "Right, Left", "LR", "左、右"]
        {
            assert!(is_both(label) && !is_systemic(label) && side(label).is_none(), "{label}");
        }
        assert!(is_systemic("") && !is_both("") && !is_both("left"));
    }

    #[test]
    fn spellings_of_a_side() {
        for label in ["L", "left", "LEFT", "Left knee", "左", "左膝", " lt ", "Ｌ", "左\u{3000}"] {
            assert_eq!(side(label), Some(Side::Left), "{label}");
        }
        for label in ["R", "right", "RIGHT_KNEE", "右", "右膝"] {
            assert_eq!(side(label), Some(Side::Right), "{label}");
        }
        assert_eq!(side("forearm"), None);
    }
}
