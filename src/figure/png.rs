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

/// Opaque, with the size in pixels per metre, so that word processors place the picture at its printed size. A byte a pixel
/// where there are no more than 256 colours, which most figures have: a third of the bytes to compress. On line art,
/// unfiltered rows at the first deflate level cost a tenth of the time of the default and twice its bytes.
fn encode(pixmap: &tiny_skia::Pixmap, dpi: f32) -> Result<Vec<u8>, FigureError> {
    let failed = |e: png::EncodingError| FigureError::Png(e.to_string());
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, pixmap.width(), pixmap.height());
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_deflate_compression(png::DeflateCompression::Level(1));
    encoder.set_filter(png::Filter::NoFilter);
    let per_metre = (dpi / 0.0254).round() as u32;
    let density = png::PixelDimensions { xppu: per_metre, yppu: per_metre, unit: png::Unit::Meter };
    encoder.set_pixel_dims(Some(density));
    let data = match indexed(pixmap.data(), pixmap.width() as usize) {
        Some((palette, data)) => {
            encoder.set_color(png::ColorType::Indexed);
            encoder.set_palette(palette);
            data
        }
        None => {
            encoder.set_color(png::ColorType::Rgb);
            let mut rgb = vec![0; pixmap.pixels().len() * 3];
            for (rgb, rgba) in rgb.chunks_exact_mut(3).zip(pixmap.data().chunks_exact(4)) {
                rgb.copy_from_slice(&rgba[..3]);
            }
            rgb
        }
    };
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&data).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

/// Pixels of the ground that are taken together.
const BLOCK: usize = 64;

/// The colours of opaque RGBA pixels in the order they come, red, green and blue, and the number of each pixel's; `None`
/// where there are more than 256. Most rows are the row above, and most of the others is ground: both are compared whole.
fn indexed(rgba: &[u8], width: usize) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut colours = Colours::default();
    let mut data: Vec<u8> = Vec::with_capacity(rgba.len() / 4);
    let ground = rgba.get(..4)?.repeat(BLOCK);
    let mut above: &[u8] = &[];
    for row in rgba.chunks_exact(4 * width) {
        if row == above {
            data.extend_from_within(data.len() - width..);
            continue;
        }
        for block in row.chunks(4 * BLOCK) {
            let number = colours.number(block)?;
            if *block == ground[..block.len()] {
                data.resize(data.len() + block.len() / 4, number);
                continue;
            }
            for pixel in block.chunks_exact(4) {
                data.push(colours.number(pixel)?);
            }
        }
        above = row;
    }
    Some((colours.palette, data))
}

/// Slots of the table of colours, four for each of the palette.
const SLOTS: usize = 1024;

/// A palette while it grows.
struct Colours {
    palette: Vec<u8>,
    slots: [Option<(u32, u8)>; SLOTS],
    last: Option<(u32, u8)>,
}

impl Default for Colours {
    fn default() -> Self {
        Self { palette: Vec::new(), slots: [None; SLOTS], last: None }
    }
}

impl Colours {
    /// The number of the first of `pixels`; `None` where it is the 257th colour.
    fn number(&mut self, pixels: &[u8]) -> Option<u8> {
        let colour = u32::from_le_bytes(*pixels.first_chunk()?);
        if let Some((_, number)) = self.last.filter(|(before, _)| *before == colour) {
            return Some(number);
        }
        let mut at = colour.wrapping_mul(0x9E37_79B1) as usize >> 22;
        let number = loop {
            match self.slots.get_mut(at % SLOTS)? {
                Some((known, number)) if *known == colour => break *number,
                Some(_) => at += 1,
                empty => {
                    let number = u8::try_from(self.palette.len() / 3).ok()?;
                    self.palette.extend_from_slice(pixels.get(..3)?);
                    *empty = Some((colour, number));
                    break number;
                }
            }
        };
        self.last = Some((colour, number));
        Some(number)
    }
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

#[cfg(test)]
mod tests {
    use super::indexed;

    #[test]
    fn few_colours_are_numbered_and_many_are_not() {
        // Rows of 200 pixels: ground, a row of many colours twice, ground with one colour in its midst.
        let width = 200;
        let pixels = |n: u32| -> Vec<u8> {
            let colour = |i: u32| [(i % n % 251) as u8, (i % n / 251) as u8, 7, 255];
            let row = |from: u32| (0..width).flat_map(move |i| colour(from + i));
            let mut all: Vec<u8> = (0..2 * width).flat_map(|_| colour(0)).collect();
            (0..n).step_by(100).for_each(|from| all.extend(row(from).chain(row(from))));
            all.extend((0..width).flat_map(|i| colour(u32::from(i == 150))));
            all
        };
        let rgba = pixels(256);
        let (palette, data) = indexed(&rgba, width as usize).unwrap();
        assert_eq!((palette.len(), data.len()), (3 * 256, rgba.len() / 4));
        for (pixel, number) in rgba.chunks_exact(4).zip(&data) {
            let at = 3 * usize::from(*number);
            assert_eq!(&palette[at..at + 3], &pixel[..3]);
        }
        assert!(indexed(&pixels(257), width as usize).is_none());
    }
}
