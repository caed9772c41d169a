//! What a result says about itself: a code, its values and the English text, never a bare sentence.
//!
//! A [`Note`] is made from a [`Message`] of a catalogue ([`catalogue`] here; a program that uses this crate keeps its own
//! beside it) by the macro [`note!`](crate::note!), which the compiler holds to messages that exist. The text is rendered
//! from the message, so that it cannot drift from code and values; another language renders the same values into its own
//! message of that code ([`Note::render`]). A value keeps its number unrounded and carries the text it is shown as.
//!
//! Messages that tell why a number is absent are [`Message::explains`]; [`Notes::reason`] finds the one a reader needs.

pub mod catalogue;

use serde::ser::{Serialize, SerializeMap, Serializer};

/// A message that a note can be made from.
#[derive(Debug, PartialEq, Eq)]
pub struct Message {
    /// Its stable code, such as `wilcoxon_zeros`.
    pub code: &'static str,
    /// The English text with places `{name}` for its values.
    pub text: &'static str,
    /// Whether it tells why an estimate, interval or test does not exist.
    pub explains: bool,
}

impl Message {
    /// The names of the values, in the order of the text; a name may come twice. The body site is no value.
    pub fn places(&self) -> impl Iterator<Item = &'static str> {
        let names = self.text.split('{').skip(1).filter_map(|part| part.split('}').next()?.split(':').next());
        names.filter(|name| !matches!(*name, "site" | "sites"))
    }
}

impl std::fmt::Display for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text)
    }
}

/// A value of a note.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A count.
    Count(u64),
    /// A number with the text it is shown as.
    Number(f64, String),
    /// A word: a name of the data, plan or formula.
    Text(String),
    /// A note inside a note: a reason after a colon.
    Note(Box<Note>),
    /// Several notes or names.
    List(Vec<Note>),
}

impl Value {
    /// A number shown as `text`, which is rounded so that the sentence stays true.
    pub fn shown(value: f64, text: impl Into<String>) -> Self {
        Self::Number(value, text.into())
    }

    fn text(&self, messages: &dyn Fn(&str) -> Option<String>) -> String {
        match self {
            Self::Count(count) => count.to_string(),
            Self::Number(_, shown) | Self::Text(shown) => shown.clone(),
            Self::Note(note) => note.render(messages),
            Self::List(notes) => notes.iter().map(|note| note.render(messages)).collect::<Vec<_>>().join(", "),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => count.serialize(serializer),
            Self::Number(value, _) => value.serialize(serializer),
            Self::Text(text) => text.serialize(serializer),
            Self::Note(note) => note.serialize(serializer),
            Self::List(notes) => notes.serialize(serializer),
        }
    }
}

macro_rules! values_from {
    ($($type:ty => |$value:ident| $make:expr),+ $(,)?) => {
        $(impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $make
            }
        })+
    };
}

values_from! {
    u64 => |value| Self::Count(value),
    usize => |value| Self::Count(value as u64),
    u32 => |value| Self::Count(u64::from(value)),
    i32 => |value| Self::Number(f64::from(value), value.to_string()),
    f64 => |value| Self::Number(value, value.to_string()),
    &str => |value| Self::Text(value.to_owned()),
    String => |value| Self::Text(value),
    &String => |value| Self::Text(value.clone()),
    &f64 => |value| Self::from(*value),
    Note => |value| Self::Note(Box::new(value)),
    &Note => |value| Self::Note(Box::new(value.clone())),
    &'static Message => |value| Self::Note(Box::new(Note::new(value, Vec::new()))),
    Vec<Note> => |value| Self::List(value),
}

/// A message with its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    message: &'static Message,
    values: Vec<(&'static str, Value)>,
}

impl Note {
    /// `message` with `values`; use the macro [`note!`](crate::note!).
    pub fn new(message: &'static Message, values: Vec<(&'static str, Value)>) -> Self {
        debug_assert!(
            message.places().all(|place| values.iter().any(|(name, _)| *name == place)),
            "{} lacks a value",
            message.code
        );
        Self { message, values }
    }

    /// The code of its message.
    pub fn code(&self) -> &'static str {
        self.message.code
    }

    /// Whether it tells why a number does not exist.
    pub fn explains(&self) -> bool {
        self.message.explains
    }

    /// The values by name.
    pub fn values(&self) -> &[(&'static str, Value)] {
        &self.values
    }

    /// The value `name`.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Gives every word among the values, with the name of its place, to `other`, which may put another in its place.
    pub fn reword(&mut self, other: &dyn Fn(&str, &mut String)) {
        for (name, value) in &mut self.values {
            match value {
                Value::Text(text) => other(name, text),
                Value::Note(note) => note.reword(other),
                Value::List(notes) => notes.iter_mut().for_each(|note| note.reword(other)),
                Value::Count(_) | Value::Number(..) => {}
            }
        }
    }

    /// The English text, of knees.
    pub fn text(&self) -> String {
        self.render(&|_| None)
    }

    /// The text from the messages of another language, by code; English where that has none.
    pub fn render(&self, messages: &dyn Fn(&str) -> Option<String>) -> String {
        let pattern = messages(self.message.code).unwrap_or_else(|| self.message.text.to_owned());
        let value = |name: &str| match (self.value(name), name) {
            (Some(value), _) => Some(value.text(messages)),
            (None, "site") => Some("knee".to_owned()),
            (None, "sites") => Some("knees".to_owned()),
            (None, _) => None,
        };
        fill(&pattern, &value)
    }
}

/// `pattern` with its places `{name}` filled; `{n:patient|patients}` takes the first form where `n` is 1, else the second. An
/// empty value takes the space before it along: a number without a unit is followed by what follows.
/// A place without a value stays.
pub fn fill(pattern: &str, value: &dyn Fn(&str) -> Option<String>) -> String {
    let mut text = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(open) = rest.find('{') {
        let Some(length) = rest[open..].find('}') else { break };
        text.push_str(&rest[..open]);
        let place = &rest[open + 1..open + length];
        let (name, forms) = place.split_once(':').map_or((place, None), |(name, forms)| (name, forms.split_once('|')));
        match (value(name), forms) {
            (Some(value), Some((one, other))) => text.push_str(if value == "1" { one } else { other }),
            (Some(value), None) if value.is_empty() && text.ends_with(' ') => text.truncate(text.len() - 1),
            (Some(value), None) => text.push_str(&value),
            (None, _) => text.push_str(&rest[open..=open + length]),
        }
        rest = &rest[open + length + 1..];
    }
    text + rest
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text())
    }
}

impl Serialize for Note {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("code", self.message.code)?;
        map.serialize_entry("values", &Values(&self.values))?;
        map.serialize_entry("text", &self.text())?;
        map.end()
    }
}

struct Values<'a>(&'a [(&'static str, Value)]);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// The notes of a result, in the order in which they were made.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Notes(Vec<Note>);

impl Notes {
    /// No notes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a note.
    pub fn push(&mut self, note: impl Into<Note>) {
        self.0.push(note.into());
    }

    /// Adds notes.
    pub fn extend<N: Into<Note>>(&mut self, notes: impl IntoIterator<Item = N>) {
        self.0.extend(notes.into_iter().map(Into::into));
    }

    /// As [`Note::reword`], in all notes.
    pub fn reword(&mut self, other: &dyn Fn(&str, &mut String)) {
        self.0.iter_mut().for_each(|note| note.reword(other));
    }

    /// Keeps the notes for which `keep` holds.
    pub fn retain(&mut self, keep: impl FnMut(&Note) -> bool) {
        self.0.retain(keep);
    }

    /// Why a number does not exist: the first note that explains it.
    pub fn reason(&self) -> Option<&Note> {
        self.0.iter().find(|note| note.explains())
    }

    /// Whether there is a note of this message.
    pub fn has(&self, message: &Message) -> bool {
        self.0.iter().any(|note| note.code() == message.code)
    }
}

impl std::ops::Deref for Notes {
    type Target = [Note];

    fn deref(&self) -> &[Note] {
        &self.0
    }
}

impl<N: Into<Note>> FromIterator<N> for Notes {
    fn from_iter<I: IntoIterator<Item = N>>(notes: I) -> Self {
        Self(notes.into_iter().map(Into::into).collect())
    }
}

impl<N: Into<Note>> From<Vec<N>> for Notes {
    fn from(notes: Vec<N>) -> Self {
        notes.into_iter().collect()
    }
}

impl IntoIterator for Notes {
    type Item = Note;
    type IntoIter = std::vec::IntoIter<Note>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Notes {
    type Item = &'a Note;
    type IntoIter = std::slice::Iter<'a, Note>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl Serialize for Notes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// A note of the message `code` of this crate's catalogue with its values: `note!(wilcoxon_zeros, n = zeros)`.
#[macro_export]
macro_rules! note {
    ($code:ident $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::note::Note::new(
            &$crate::note::catalogue::$code,
            vec![$((stringify!($name), $crate::note::Value::from($value))),*],
        )
    };
}

/// Declares messages: `name = "text";` under `says` (choices and cautions) and under `explains` (why a number is absent), each
/// a constant of that name, and `ALL`, the list of them.
#[macro_export]
macro_rules! messages {
    (says { $($name:ident = $text:expr;)* } explains { $($why:ident = $reason:expr;)* }) => {
        $(
            #[doc = $text]
            #[allow(non_upper_case_globals, reason = "the name is the code of the message")]
            pub static $name: $crate::note::Message =
                $crate::note::Message { code: stringify!($name), text: $text, explains: false };
        )*
        $(
            #[doc = $reason]
            #[allow(non_upper_case_globals, reason = "the name is the code of the message")]
            pub static $why: $crate::note::Message =
                $crate::note::Message { code: stringify!($why), text: $reason, explains: true };
        )*
        /// Every message of this catalogue.
        pub static ALL: &[&$crate::note::Message] = &[$(&$name,)* $(&$why,)*];
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_carries_code_values_and_text() {
        let zeros = note!(wilcoxon_zeros, n = 2_usize);
        assert_eq!(zeros.to_string(), "2 zero differences dropped before ranking (Wilcoxon)");
        let json = serde_json::to_value(&zeros).unwrap();
        assert_eq!(json["code"], "wilcoxon_zeros");
        assert_eq!(json["values"]["n"], 2);
        let inner = note!(no_correlation, reason = note!(correlation_flat));
        assert_eq!(inner.text(), "no correlation: one side does not vary, so no correlation exists");
        let other = |code: &str| (code == "correlation_flat").then(|| "片側が一定".to_owned());
        assert_eq!(inner.render(&other), "no correlation: 片側が一定");
    }

    #[test]
    fn the_reason_is_the_note_that_explains() {
        let notes: Notes = [note!(permutation_exact), note!(permutation_limit, n = 3_usize)].into_iter().collect();
        assert_eq!(notes.reason().map(Note::code), Some("permutation_limit"));
        assert!(notes.has(&catalogue::permutation_exact));
        assert_eq!(Notes::from(vec![note!(permutation_exact)]).reason(), None);
    }

    #[test]
    fn codes_are_told_apart() {
        let mut codes: Vec<&str> = catalogue::ALL.iter().map(|message| message.code).collect();
        codes.sort_unstable();
        let all = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), all);
    }

    #[test]
    fn places_take_forms() {
        let one = |name: &str| (name == "n").then(|| "1".to_owned());
        assert_eq!(fill("{n} {n:patient|patients} {m}", &one), "1 patient {m}");
        let no_unit = |name: &str| Some(if name == "unit" { String::new() } else { "0.2".to_owned() });
        assert_eq!(fill("{d} {unit} to EV", &no_unit), "0.2 to EV");
        assert_eq!(fill("{d} {unit}有利", &no_unit), "0.2有利");
    }
}
