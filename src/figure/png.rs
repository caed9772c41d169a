//! SVG to PNG by resvg, with the embedded fonts only: the same bytes on every machine.

use resvg::{tiny_skia, usvg};

use super::font::FontSet;
use super::{FigureError, style};

/// The picture in pixels at `dpi` dots per inch of the printed size (170 mm wide: 2008 pixels at 300 dpi).
///
/// # Errors
/// [`FigureError::Png`] when the SVG cannot be read or the size is not drawable.
pub fn png(svg: &str, dpi: f32) -> Result<Vec<u8>, FigureError> {
    png_with(svg, dpi, &FontSet::embedded())
}

/// As [`png`], with the fonts of a [`Style`](super::Style) (`--font`).
///
/// # Errors
/// As [`png`].
pub fn png_with(svg: &str, dpi: f32, fonts: &FontSet) -> Result<Vec<u8>, FigureError> {
    let options = usvg::Options {
        dpi: 72.0,
        font_family: super::font::SANS_FAMILY.to_owned(),
        fontdb: fonts.database(),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(svg, &options).map_err(|e| FigureError::Png(e.to_string()))?;
    let scale = dpi / 72.0;
    let pixels = |points: f32| (points * scale).round();
    let (width, height) = (pixels(tree.size().width()), pixels(tree.size().height()));
    if !(1.0..=20_000.0).contains(&width) || !(1.0..=40_000.0).contains(&height) {
        return Err(FigureError::Png(format!("{width} x {height} pixels cannot be drawn")));
    }
    let mut pixmap = tiny_skia::Pixmap::new(width as u32, height as u32)
        .ok_or_else(|| FigureError::Png(format!("{width} x {height} pixels cannot be drawn")))?;
    pixmap.fill(tiny_skia::Color::WHITE);
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    let bytes = pixmap.encode_png().map_err(|e| FigureError::Png(e.to_string()))?;
    Ok(with_density(bytes, dpi))
}

/// Width in pixels of a figure at the given resolution.
pub fn width_in_pixels(dpi: f32) -> u32 {
    (style::WIDTH as f32 * dpi / 72.0).round() as u32
}

/// Adds the `pHYs` chunk (pixels per metre) behind the header, so that word processors place the picture at its
/// printed size.
fn with_density(png: Vec<u8>, dpi: f32) -> Vec<u8> {
    /// Signature (8 bytes) and IHDR (4 length, 4 type, 13 data, 4 checksum).
    const HEADER: usize = 8 + 25;
    if png.len() < HEADER {
        return png;
    }
    let per_metre = (dpi / 0.0254).round() as u32;
    let mut chunk = b"pHYs".to_vec();
    chunk.extend(per_metre.to_be_bytes());
    chunk.extend(per_metre.to_be_bytes());
    chunk.push(1);
    let mut bytes = Vec::with_capacity(png.len() + 21);
    bytes.extend(&png[..HEADER]);
    bytes.extend(9u32.to_be_bytes());
    bytes.extend(&chunk);
    bytes.extend(crc32(&chunk).to_be_bytes());
    bytes.extend(&png[HEADER..]);
    bytes
}

/// The checksum of PNG chunks (ISO 3309; PNG specification, annex D).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |c, _| if c & 1 == 1 { 0xEDB8_8320 ^ (c >> 1) } else { c >> 1 })
    })
}
