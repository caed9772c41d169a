//! All numbers of a record under the names they have in results.json, unrounded: what a number of the report opens.

use crate::analysis::{Field, Record};
use serde_json::Value;

/// Most numbers that one field of a record shows on the page (a curve has hundreds); results.json has them all.
const MOST: usize = 130;

/// One number of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    /// Where it stands in the record: `sd`, `knees[0].n`.
    pub path: String,
    /// Its name for people.
    pub name: String,
    /// The number, unrounded.
    pub value: f64,
}

/// Numbers that stand on one line: what every result has, or one element of a field with structure.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What the numbers are about; empty for the fields every result has.
    pub about: String,
    /// The numbers.
    pub numbers: Vec<Number>,
}

/// The numbers of `record`, line by line; `named` says how people call a field.
pub fn lines(record: &Record, named: &dyn Fn(&str) -> String) -> Vec<Line> {
    let result = &record.result;
    let mut first = Line { about: String::new(), numbers: Vec::new() };
    let mut further: Vec<Line> = Vec::new();
    let mut scalar = |name: &str, value: Option<f64>| {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            first.numbers.push(Number { path: name.to_owned(), name: named(name), value });
        }
    };
    // A description counts its values itself, and an event its patients.
    if result.field("n").is_none() {
        scalar("n_pairs", Some(result.n_pairs as f64));
    }
    scalar("estimate", result.estimate);
    scalar("std_error", result.std_error);
    scalar("statistic", result.statistic);
    scalar("df", result.df);
    scalar("p_value", result.p_value);
    scalar("p_adjusted", record.p_adjusted);
    scalar("conf_low", result.conf_low);
    scalar("conf_high", result.conf_high);
    if result.conf_low.is_some() {
        scalar("conf_level", Some(result.conf_level));
    }
    for (name, field) in &result.extra {
        match field {
            Field::Number(value) => scalar(name, *value),
            Field::Count(count) => scalar(name, Some(*count as f64)),
            Field::Text(_) => {}
            Field::Numbers(_) | Field::Table(_) | Field::Json(_) => {
                let value = serde_json::to_value(field).unwrap_or_default();
                if count(&value) <= MOST {
                    structured(named, name, &named(name), &value, &mut further);
                }
            }
        }
    }
    scalar("rows.used", Some(record.rows.used as f64));
    scalar("rows.not_used", Some(record.rows.not_used as f64));
    further.retain(|line| !line.numbers.is_empty());
    std::iter::once(first).chain(further).collect()
}

fn count(value: &Value) -> usize {
    match value {
        Value::Number(_) => 1,
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// One line per element of a list and per object; its words (a category, an arm) say what it is about.
fn structured(named: &dyn Fn(&str) -> String, path: &str, about: &str, value: &Value, lines: &mut Vec<Line>) {
    match value {
        Value::Array(items) if items.iter().all(|item| !item.is_array() && !item.is_object()) => {
            let numbers = items.iter().enumerate().filter_map(|(index, item)| {
                Some(Number { path: format!("{path}[{index}]"), name: String::new(), value: item.as_f64()? })
            });
            lines.push(Line { about: about.to_owned(), numbers: numbers.collect() });
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                structured(named, &format!("{path}[{index}]"), about, item, lines);
            }
        }
        Value::Object(fields) => {
            let said: Vec<String> = fields.values().filter_map(Value::as_str).map(str::to_owned).collect();
            let about = if said.is_empty() { about.to_owned() } else { format!("{about}: {}", said.join(", ")) };
            let place = lines.len();
            lines.push(Line { about: about.clone(), numbers: Vec::new() });
            for (name, part) in fields {
                let path = format!("{path}.{name}");
                match part.as_f64() {
                    Some(value) => lines[place].numbers.push(Number { path, name: named(name), value }),
                    None => structured(named, &path, &format!("{about}, {}", named(name)), part, lines),
                }
            }
        }
        _ => {
            if let Some(value) = value.as_f64() {
                lines.push(Line {
                    about: about.to_owned(),
                    numbers: vec![Number { path: path.to_owned(), name: String::new(), value }],
                });
            }
        }
    }
}

/// A number with all its digits: the shortest text that reads back to it.
pub fn unrounded(value: f64) -> String {
    let magnitude = value.abs();
    let text =
        if value != 0.0 && !(1e-5..1e15).contains(&magnitude) { format!("{value:e}") } else { value.to_string() };
    text.replace('-', &crate::table::rounding::MINUS.to_string())
}

/// The fields among `lines` that hold `values`: those that `names` says (apart by spaces), else for each value a field
/// with it, a p-value among p-values and limits in their order where there are several. `None` where a value is in none.
pub fn fields_of<'l>(lines: &'l [Line], values: &[f64], names: Option<&str>, p_value: bool) -> Option<Vec<&'l str>> {
    let all = || lines.iter().flat_map(|line| &line.numbers);
    if let Some(names) = names.filter(|names| !names.is_empty()) {
        // A limit that is infinite, or an SD that does not exist, is no number of the cell.
        let mut names = names.split(' ');
        let mut next =
            |value: f64| names.find_map(|name| all().find(|number| number.path == name && same(number.value, value)));
        return values.iter().map(|value| next(*value).map(|number| number.path.as_str())).collect();
    }
    let mut taken: Vec<&str> = Vec::new();
    for value in values {
        let mut holding: Vec<&str> =
            all().filter(|number| same(number.value, *value)).map(|number| number.path.as_str()).collect();
        holding.sort_by_key(|path| {
            let about_p = path.rsplit('.').next().is_some_and(|name| name.starts_with("p_"));
            (taken.contains(path), about_p != p_value, path.starts_with("rows."))
        });
        taken.push(holding.first()?);
    }
    Some(taken)
}

/// Equal but for the last digits of a multiplication by 100.
fn same(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-13 * a.abs().max(b.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(numbers: &[(&str, f64)]) -> Line {
        let number =
            |(path, value): &(&str, f64)| Number { path: (*path).to_owned(), name: String::new(), value: *value };
        Line { about: String::new(), numbers: numbers.iter().map(number).collect() }
    }

    #[test]
    fn a_cell_finds_its_fields_by_name_else_by_value_and_never_where_they_are_not() {
        let lines = [line(&[("estimate", 0.04), ("p_value", 0.04), ("conf_low", -1.0), ("conf_high", -1.0)])];
        assert_eq!(fields_of(&lines, &[0.04], None, true), Some(vec!["p_value"]));
        assert_eq!(fields_of(&lines, &[0.04], None, false), Some(vec!["estimate"]));
        assert_eq!(fields_of(&lines, &[-1.0, -1.0], None, false), Some(vec!["conf_low", "conf_high"]));
        assert_eq!(fields_of(&lines, &[0.04], Some("p_value"), false), Some(vec!["p_value"]));
        assert_eq!(fields_of(&lines, &[-1.0], Some("conf_low conf_high"), false), Some(vec!["conf_low"]));
        assert_eq!(fields_of(&lines, &[0.05], Some("p_value"), false), None);
        assert_eq!(fields_of(&lines, &[0.05], None, false), None);
    }

    #[test]
    fn numbers_are_printed_with_all_their_digits() {
        assert_eq!(unrounded(0.1 + 0.2), "0.30000000000000004");
        assert_eq!(unrounded(-1.5), "\u{2212}1.5");
        assert_eq!(unrounded(1.25e-9), "1.25e\u{2212}9");
    }
}
