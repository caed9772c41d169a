//! A figure on a page of its own in RTF, upright, with the running lines of the tables.

use super::rtf::{ABOVE, BELOW, FOOTER, HEADER, Picture, RtfFrame, SIDE, escape, foot_line, lines, running_title};
use std::fmt::Write as _;

/// Twips per inch.
const INCH: f64 = 1440.0;

/// One section with the picture as wide as the text, or as tall as the page allows.
pub fn write(picture: &Picture, frame: &RtfFrame, out: &mut String) {
    let (height, width) = frame.paper.size();
    let inner = width - 2 * SIDE;
    let _ = writeln!(
        out,
        "\\sectd\\sbkpage\\pgwsxn{width}\\pghsxn{height}\\marglsxn{SIDE}\\margrsxn{SIDE}\\margtsxn{ABOVE}\\margbsxn{BELOW}\
         \\headery{HEADER}\\footery{FOOTER}"
    );
    let _ = writeln!(out, "{{\\header {}}}", running_title(frame, inner));
    let notes: String = picture.footnotes.iter().map(|note| format!("{}\\par\n", escape(note))).collect();
    let _ =
        writeln!(out, "{{\\footer \\pard\\plain\\ql\\sl-192\\slmult0\\f0\\fs16 {notes}{}}}", foot_line(frame, inner));
    let bookmark: String =
        picture.id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(40).collect();
    let _ = writeln!(
        out,
        "\\pard\\plain\\s1\\outlinelevel0\\ql\\keepn\\sl-240\\slmult0\\f0\\fs20\\b\\sa80 {{\\*\\bkmkstart {bookmark}}}{}\
         {{\\*\\bkmkend {bookmark}}}\\par",
        escape(&picture.title)
    );
    let Some((across, down)) = pixels(&picture.png) else { return };
    let line = f64::from(inner) / 20.0;
    let note_lines: usize = picture.footnotes.iter().map(|note| lines(note, line, 8.0, false)).sum();
    // The foot grows with the footnotes; the title takes a line or two.
    let room = f64::from(height - ABOVE - BELOW) - 20.0 * 9.6 * (note_lines as f64 + 3.0) - 1000.0;
    let twips = |pixels: u32| f64::from(pixels) / picture.dpi * INCH;
    let scale = (f64::from(inner) / twips(across)).min(room / twips(down)).min(1.0);
    let _ = writeln!(
        out,
        "\\pard\\plain\\ql\\sl0 {{\\pict{{\\*\\picprop{{\\sp{{\\sn wzDescription}}{{\\sv {}}}}}}}\\pngblip\\picw{across}\\pich{down}\
         \\picwgoal{:.0}\\pichgoal{:.0}",
        escape(picture.description),
        twips(across) * scale,
        twips(down) * scale
    );
    for row in picture.png.chunks(64) {
        row.iter().for_each(|byte| {
            let _ = write!(out, "{byte:02x}");
        });
        out.push('\n');
    }
    out.push_str("}\\par\n");
}

/// Width and height of a PNG, from its header.
fn pixels(png: &[u8]) -> Option<(u32, u32)> {
    let at = |from: usize| Some(u32::from_be_bytes(png.get(from..from + 4)?.try_into().ok()?));
    Some((at(16)?, at(20)?)).filter(|(width, height)| *width > 0 && *height > 0)
}
