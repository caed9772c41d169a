//! Numbers of tables, figures and listings without gaps: every chapter (14.1, 14.2, … as in ICH E3) counts its tables and
//! its figures in the order of the document. Identifiers of tables carry the number and follow it.

use super::document::{Block, Section};
use std::collections::BTreeMap;

/// Gives every table and figure the next number of its chapter, and carries references to renamed tables along.
pub fn assign(sections: &mut [Section]) {
    let mut counted: BTreeMap<(Kind, String), usize> = BTreeMap::new();
    let mut next = |kind: Kind, number: &str| {
        let chapter = chapter(number);
        // A further part of a figure keeps the number of its first.
        let part = number.split_once('-').map(|(_, part)| part.to_owned());
        let place = counted.entry((kind, chapter.clone())).or_insert(0);
        *place += usize::from(part.is_none() || *place == 0);
        part.map_or_else(|| format!("{chapter}.{place}"), |part| format!("{chapter}.{place}-{part}"))
    };
    let mut renamed: BTreeMap<String, String> = BTreeMap::new();
    for block in sections.iter_mut().flat_map(|section| &mut section.blocks) {
        match block {
            Block::Table(table) => {
                let kind = if table.is_listing() { Kind::Listing } else { Kind::Table };
                table.number = next(kind, &table.number);
                let id = identifier(&table.id, &table.number);
                renamed.insert(counts(&table.id), counts(&id));
                table.id = id;
            }
            Block::Figure(figure) => figure.number = next(Kind::Figure, &figure.number),
            _ => {}
        }
    }
    let follow = |id: &mut String| {
        if let Some(new) = renamed.get(id) {
            id.clone_from(new);
        }
    };
    for block in sections.iter_mut().flat_map(|section| &mut section.blocks) {
        match block {
            Block::Sources(ids) => ids.iter_mut().for_each(follow),
            Block::Figure(figure) => figure.records.iter_mut().for_each(follow),
            _ => {}
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Table,
    Figure,
    Listing,
}

fn counts(id: &str) -> String {
    format!("{id}.counts")
}

/// The first two parts of a number.
fn chapter(number: &str) -> String {
    let whole = number.split('-').next().unwrap_or(number);
    whole.split('.').take(2).collect::<Vec<_>>().join(".")
}

/// `t-14-2-1-2-vas-comparison` with the number 14.2.3: `t-14-2-3-vas-comparison`.
fn identifier(id: &str, number: &str) -> String {
    let bare = without(id);
    match bare.split_once('-') {
        Some((letter, name)) => format!("{letter}-{}-{name}", number.replace('.', "-")),
        None => bare,
    }
}

/// The identifier of a table without its number: `t-vas-comparison`. Identifiers of figures have none.
pub fn without(id: &str) -> String {
    let Some((letter @ ("t" | "l"), rest)) = id.split_once('-') else { return id.to_owned() };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut name = rest;
    while let Some((part, further)) = name.split_once('-') {
        if !digits(part) {
            break;
        }
        name = further;
    }
    format!("{letter}-{name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::ResultTable;

    #[test]
    fn chapters_count_without_gaps_and_references_follow() {
        let table = |id: &str, number: &str| Block::Table(ResultTable::new(id, number, String::new(), String::new()));
        let mut section = Section::new("s", String::new());
        section.blocks = vec![
            table("t-14-1-1-who", "14.1.1"),
            table("t-14-1-4-exposure", "14.1.4"),
            table("l-16-2-6-vas", "16.2.6.1"),
            table("t-14-2-9-7-vas-pairs", "14.2.9.7"),
            Block::Sources(vec!["t-14-1-4-exposure.counts".into(), "vas.m6".into()]),
        ];
        let mut sections = [section];
        assign(&mut sections);
        assign(&mut sections);
        let names: Vec<&str> = sections[0]
            .blocks
            .iter()
            .filter_map(|block| if let Block::Table(table) = block { Some(table.id.as_str()) } else { None })
            .collect();
        assert_eq!(names, ["t-14-1-1-who", "t-14-1-2-exposure", "l-16-2-1-vas", "t-14-2-1-vas-pairs"]);
        assert_eq!(sections[0].blocks[4], Block::Sources(vec!["t-14-1-2-exposure.counts".into(), "vas.m6".into()]));
    }
}
