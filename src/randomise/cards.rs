//! Cards for sealed envelopes as a PDF file: one page of A6 per patient, the outside above the fold, the allocation below.
//!
//! The file is written by hand (text in Helvetica, a fold line), so that it needs no typesetting and the same list gives the
//! same bytes. Helvetica of every viewer has the letters of Western Europe only: other letters are refused, not dropped.

use super::list::List;

const WIDTH: f64 = 298.0;
const HEIGHT: f64 = 420.0;

/// The cards of `list`.
///
/// # Errors
/// A letter in label, arm, side or stratum that the font has not.
pub fn pdf(list: &List) -> Result<Vec<u8>, String> {
    let mut pages = Vec::with_capacity(list.rows.len());
    for row in &list.rows {
        let stratum = &list.strata[row.stratum];
        let factors =
            list.design.strata.keys().zip(&stratum.levels).map(|(factor, level)| format!("{factor}: {level}"));
        let mut outside = vec![(16.0, list.design.label.clone()), (24.0, format!("No. {}", list.kit(row)))];
        outside.extend(factors.map(|line| (12.0, line)));
        outside.push((9.0, "Open only when the patient is enrolled; sign and date the envelope.".to_owned()));
        let [first, second] = [&list.design.arms[0], &list.design.arms[1]];
        let other = &list.design.sides[1 - row.side];
        let mut inside = vec![
            (12.0, format!("No. {}", list.kit(row))),
            (22.0, format!("{}: {first}", list.design.sides[row.side])),
            (22.0, format!("{other}: {second}")),
        ];
        inside.extend(row.first.map(|side| (14.0, format!("First: {}", list.design.sides[side]))));
        inside.push((11.0, "Patient ____________  Date ____________  Signature ____________".to_owned()));
        if list.test {
            outside.push((18.0, "TEST".to_owned()));
            inside.push((18.0, "TEST".to_owned()));
        }
        let middle = HEIGHT / 2.0;
        let mut page = format!("[4 4] 0 d 0.5 w 0 {middle} m {WIDTH} {middle} l S\n");
        page += &lines(&outside, HEIGHT - 20.0)?;
        page += &lines(&inside, middle - 20.0)?;
        pages.push(page);
    }
    Ok(document(&pages))
}

/// Lines of text from `top` downwards.
fn lines(lines: &[(f64, String)], top: f64) -> Result<String, String> {
    let mut out = String::new();
    let mut at = top;
    for (size, text) in lines {
        at -= 1.35 * size;
        // Long lines are set smaller rather than cut: half an em a letter on average.
        let size = size.min((WIDTH - 40.0) / (0.55 * text.chars().count().max(1) as f64));
        out += &format!("BT /F1 {size:.2} Tf 20 {at:.2} Td ({}) Tj ET\n", escaped(text)?);
    }
    Ok(out)
}

/// Text as a PDF string of Windows-1252 codes, escaped to ASCII.
fn escaped(text: &str) -> Result<String, String> {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '(' | ')' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            '\u{a1}'..='\u{ff}' => out += &format!("\\{:03o}", c as u32),
            '–' => out += "\\226",
            _ => {
                return Err(format!(
                    "the cards cannot show `{c}`: use Latin letters in label, arms, sides and strata, or leave out --cards"
                ));
            }
        }
    }
    Ok(out)
}

/// A PDF file of these page contents.
fn document(pages: &[String]) -> Vec<u8> {
    let mut objects = vec!["<< /Type /Catalog /Pages 2 0 R >>".to_owned()];
    let kids: Vec<String> = (0..pages.len()).map(|page| format!("{} 0 R", 4 + 2 * page)).collect();
    objects.push(format!("<< /Type /Pages /Kids [{}] /Count {} >>", kids.join(" "), pages.len()));
    objects.push("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned());
    for (number, page) in pages.iter().enumerate() {
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Resources << /Font << /F1 3 0 R >> >> \
             /Contents {} 0 R >>",
            5 + 2 * number
        ));
        objects.push(format!("<< /Length {} >>\nstream\n{page}endstream", page.len()));
    }
    let mut out = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::with_capacity(objects.len());
    for (number, object) in objects.iter().enumerate() {
        places.push(out.len());
        out.extend(format!("{} 0 obj\n{object}\nendobj\n", number + 1).into_bytes());
    }
    let table = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).into_bytes());
    places.iter().for_each(|place| out.extend(format!("{place:010} 00000 n \n").into_bytes()));
    let end = format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1);
    out.extend(end.into_bytes());
    out
}
