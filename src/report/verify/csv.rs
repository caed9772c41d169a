//! Lines of CSV that R and SAS read alike.

/// A number in full precision; empty where it does not exist.
pub fn number(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map(|value| value.to_string()).unwrap_or_default()
}

/// One line. Every text is quoted, so that no program takes it for a number or a formula of its own.
pub fn line(cells: &[String]) -> String {
    let cell = |text: &String| {
        let plain = !text.is_empty() && text.parse::<f64>().is_ok();
        if plain || text.is_empty() {
            text.clone()
        } else {
            format!("\"{}\"", text.replace('"', "\"\"").replace(['\r', '\n'], " "))
        }
    };
    format!("{}\n", cells.iter().map(cell).collect::<Vec<_>>().join(","))
}
