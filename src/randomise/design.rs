//! `design.toml`: what is allotted, in which blocks, to how many patients of which strata.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How sides are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// Permuted blocks whose sizes are drawn from `blocks`.
    #[default]
    PermutedBlocks,
    /// A fair coin per patient.
    Simple,
    /// A fair coin until one side has half the patients, then the other.
    TruncatedBinomial,
    /// A fair coin unless one side leads by `imbalance`, then the other side.
    BigStick,
}

/// The section `[randomisation]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Design {
    /// Patients per stratum.
    pub patients: usize,
    /// Patients of single strata, by their levels joined by `/`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub numbers: BTreeMap<String, usize>,
    /// The two arms; what is drawn is the side of the first.
    pub arms: Vec<String>,
    /// The names of the two sides.
    #[serde(default = "sides")]
    pub sides: Vec<String>,
    /// Sizes of the blocks, drawn at random.
    #[serde(default)]
    pub blocks: Vec<usize>,
    /// The scheme; permuted blocks where none is named.
    #[serde(default)]
    pub scheme: Scheme,
    /// The lead at which a big stick turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imbalance: Option<usize>,
    /// Stratification factors with their levels.
    #[serde(default)]
    pub strata: BTreeMap<String, Vec<String>>,
    /// Whether the side that is treated first is drawn too, balanced in the block.
    #[serde(default)]
    pub order: bool,
    /// The name of the list: another name, another list.
    pub label: String,
    /// The field of a REDCap project that takes the allocation.
    #[serde(default = "redcap_field")]
    pub redcap_field: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    randomisation: Design,
}

fn sides() -> Vec<String> {
    vec!["LEFT".to_owned(), "RIGHT".to_owned()]
}

fn redcap_field() -> String {
    "redcap_randomization_group".to_owned()
}

/// The most patients of a list: more is a slip.
const MOST: usize = 100_000;

impl Design {
    /// Reads and checks a design.
    ///
    /// ```
    /// use splitknee::randomise::Design;
    /// let text = "[randomisation]\npatients = 12\narms = [\"EV\", \"SALINE\"]\nblocks = [4, 8]\nlabel = \"list 1\"";
    /// assert_eq!(Design::parse(text).unwrap().strata().len(), 1);
    /// assert!(Design::parse(&text.replace("[4, 8]", "[3]")).is_err());
    /// ```
    ///
    /// # Errors
    /// What is wrong in it, with what to do.
    pub fn parse(text: &str) -> Result<Self, String> {
        let File { randomisation: design } =
            toml::from_str(text).map_err(|error| crate::disk::remedy::of_toml(text, &error))?;
        design.check()?;
        Ok(design)
    }

    fn check(&self) -> Result<(), String> {
        let two = |what: &str, names: &[String]| match names {
            [a, b] if a != b && !a.trim().is_empty() && !b.trim().is_empty() => Ok(()),
            _ => Err(format!("`{what}` must be two different names: {what} = [\"A\", \"B\"]")),
        };
        two("arms", &self.arms)?;
        two("sides", &self.sides)?;
        if self.label.trim().is_empty() {
            return Err("`label` is empty: name the list, for instance \"EV-KNEE-01 list 1\"".to_owned());
        }
        let unit = if self.order { 4 } else { 2 };
        match self.scheme {
            Scheme::PermutedBlocks => {
                if self.blocks.is_empty() {
                    return Err(
                        "`blocks` is missing: name the sizes of the blocks, for instance blocks = [4, 8]".to_owned()
                    );
                }
                if let Some(size) = self.blocks.iter().find(|size| **size == 0 || **size % unit != 0 || **size > 200) {
                    let why = if self.order { "both sides and both orders" } else { "both sides" };
                    return Err(format!(
                        "blocks: {size} is not a multiple of {unit} up to 200: a block balances {why}"
                    ));
                }
            }
            _ if !self.blocks.is_empty() => {
                return Err("`blocks` belongs to permuted blocks: leave it out, or leave out `scheme`".to_owned());
            }
            _ => {}
        }
        match (self.scheme, self.imbalance) {
            (Scheme::BigStick, Some(0)) => return Err("`imbalance` must be at least 1".to_owned()),
            (Scheme::BigStick, None) => {
                return Err("scheme = \"big-stick\" needs `imbalance`, for instance imbalance = 3".to_owned());
            }
            (Scheme::BigStick, Some(_)) | (_, None) => {}
            (_, Some(_)) => return Err("`imbalance` belongs to scheme = \"big-stick\"".to_owned()),
        }
        for (factor, levels) in &self.strata {
            let reserved = ["sequence", "stratum", "block", "active_knee", "first_knee", "kit", "patient", "list"];
            if factor.trim().is_empty() || factor.contains([',', '"', '\n']) || reserved.contains(&factor.as_str()) {
                return Err(format!("strata: `{factor}` cannot be the name of a column of the list"));
            }
            let mut seen: Vec<&String> = Vec::new();
            for level in levels {
                if level.trim().is_empty() || level.contains(['/', ',', '"', '\n']) || seen.contains(&level) {
                    return Err(format!(
                        "strata.{factor}: the level `{level}` is empty, listed twice, or has / , \" in it"
                    ));
                }
                seen.push(level);
            }
            if levels.is_empty() {
                return Err(format!("strata.{factor} has no levels"));
            }
        }
        let strata = self.strata();
        for name in self.numbers.keys() {
            if !strata.iter().any(|stratum| stratum.name() == *name) {
                let known: Vec<String> = strata.iter().map(Stratum::name).collect();
                return Err(format!("numbers: there is no stratum `{name}`; strata: {}", known.join(", ")));
            }
        }
        let total: usize = strata.iter().map(|stratum| self.patients_of(stratum)).fold(0, usize::saturating_add);
        if total == 0 || total > MOST {
            return Err(format!("the list would have {total} patients: between 1 and {MOST}"));
        }
        Ok(())
    }

    /// The strata: every combination of levels, the last factor fastest; one without factors.
    pub fn strata(&self) -> Vec<Stratum> {
        let start = vec![Stratum { levels: Vec::new() }];
        self.strata.iter().fold(start, |strata, (_, levels)| {
            let with = |stratum: &Stratum, level: &String| Stratum {
                levels: stratum.levels.iter().cloned().chain([level.clone()]).collect(),
            };
            strata
                .iter()
                .flat_map(|stratum| levels.iter().map(|level| with(stratum, level)).collect::<Vec<_>>())
                .collect()
        })
    }

    /// The patients of a stratum.
    pub fn patients_of(&self, stratum: &Stratum) -> usize {
        self.numbers.get(&stratum.name()).copied().unwrap_or(self.patients)
    }

    /// What the methods section says (CONSORT within-person, items 8a to 10), in English.
    pub fn paragraph(&self, total: usize) -> String {
        let [first, _] = self.arms.as_slice() else { return String::new() };
        let drawn = if self.order { "and the side that was treated first were" } else { "was" };
        let how = match self.scheme {
            Scheme::PermutedBlocks if self.blocks.len() > 1 => {
                let sizes: Vec<String> = self.blocks.iter().map(usize::to_string).collect();
                format!("in permuted blocks of randomly varying size ({})", sizes.join(", "))
            }
            Scheme::PermutedBlocks => format!("in permuted blocks of {}", self.blocks.first().copied().unwrap_or(0)),
            Scheme::Simple => "by simple randomisation".to_owned(),
            Scheme::TruncatedBinomial => "by truncated binomial randomisation".to_owned(),
            Scheme::BigStick => {
                format!("by the big stick design with a largest imbalance of {}", self.imbalance.unwrap_or(0))
            }
        };
        let factors: Vec<&str> = self.strata.keys().map(String::as_str).collect();
        let strata =
            if factors.is_empty() { String::new() } else { format!(", stratified by {}", factors.join(" and ")) };
        format!(
            "The side that received {first} {drawn} drawn for {total} patients {how}{strata}. The list was made with splitknee \
             from a random key of 256 bits kept in a file of its own; SHA-256 commitments to list and key stand in its record."
        )
    }
}

/// A stratum: one level of every factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stratum {
    /// The levels, in the order of the factors.
    pub levels: Vec<String>,
}

impl Stratum {
    /// The levels joined by `/`; `all` without factors.
    pub fn name(&self) -> String {
        if self.levels.is_empty() { "all".to_owned() } else { self.levels.join("/") }
    }
}
