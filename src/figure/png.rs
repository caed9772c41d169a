//! SVG to PNG by resvg, with the embedded fonts only: the same bytes on every machine.

use resvg::{tiny_skia, usvg};

use super::FigureError;
use super::font::FontSet;

/// The picture in pixels at `dpi` dots per inch of the printed size (170 mm wide: 2008 pixels at 300 dpi).
///
/// # Errors
/// [`FigureError::Png`] when the SVG cannot be read or the size is not drawable.
pub fn png(svg: &str, dpi: f32) -> Result<Vec<u8>, FigureError> {
    png_with(svg, dpi, &FontSet::embedded())
}

/// As [`png()`], with the fonts of a [`Style`](super::Style) (`--font`).
///
/// # Errors
/// As [`png()`].
pub fn png_with(svg: &str, dpi: f32, fonts: &FontSet) -> Result<Vec<u8>, FigureError> {
    let options = usvg::Options {
        dpi: 72.0,
        font_family: super::font::SANS_FAMILY.to_owned(),
        fontdb: fonts.database(),
        ..usvg::Options::default()
    };
    let svg = name_families(svg, fonts);
    let tree = usvg::Tree::from_str(&svg, &options).map_err(|e| FigureError::Png(e.to_string()))?;
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
    encode(&pixmap, dpi)
}

/// Opaque RGB with the size in pixels per metre, so that word processors place the picture at its printed size. On
/// line art, unfiltered rows at the first deflate level cost a tenth of the time of the default and twice its bytes.
fn encode(pixmap: &tiny_skia::Pixmap, dpi: f32) -> Result<Vec<u8>, FigureError> {
    let failed = |e: png::EncodingError| FigureError::Png(e.to_string());
    let mut rgb = vec![0; pixmap.pixels().len() * 3];
    for (rgb, rgba) in rgb.chunks_exact_mut(3).zip(pixmap.data().chunks_exact(4)) {
        rgb.copy_from_slice(&rgba[..3]);
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, pixmap.width(), pixmap.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_deflate_compression(png::DeflateCompression::Level(1));
    encoder.set_filter(png::Filter::NoFilter);
    let per_metre = (dpi / 0.0254).round() as u32;
    let density = png::PixelDimensions { xppu: per_metre, yppu: per_metre, unit: png::Unit::Meter };
    encoder.set_pixel_dims(Some(density));
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&rgb).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

/// Names the font of every run of characters that Noto Sans lacks. resvg looks for fallback fonts per text, not per
/// character: one character that no font has, or a base letter that composes with its accent, would turn a whole
/// Japanese text into boxes. plotters writes each text on a line of its own behind its opening tag.
fn name_families(svg: &str, fonts: &FontSet) -> String {
    let mut out = String::with_capacity(svg.len());
    let mut inside = false;
    for line in svg.split_inclusive('\n') {
        if !inside || line.is_ascii() {
            out.push_str(line);
            inside = line.starts_with("<text ");
            continue;
        }
        let mut open: Option<&str> = None;
        for c in line.chars() {
            let family = if c == '\n' { None } else { fonts.other_family(c) };
            if family != open {
                if open.is_some() {
                    out.push_str("</tspan>");
                }
                if let Some(family) = family {
                    out.push_str(&format!("<tspan font-family=\"{}\">", super::scene::escape(family)));
                }
                open = family;
            }
            out.push(c);
        }
        inside = false;
    }
    out
}
