//! A figure as a list of marks in points at print size, and its SVG.
//!
//! plotters' SVG backend writes integer coordinates, so the scene is drawn on a canvas of tenths of a point, and the
//! root element gives the size in millimetres. Every coordinate is checked to be finite before it is written. Hover
//! values are transparent shapes with a `<title>` on top of the drawing: browsers show them, paper does not.

use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::style::{self, Colours, Style};
use super::{Figure, FigureError, Heading, font, words};

/// Canvas units per point.
const UNITS: f64 = 10.0;
/// Distance from the top of a line to its baseline as plotters writes it (`dy="0.76em"`), in ems.
const ASCENT: f64 = 0.76;

/// A position in points, y downwards from the top edge.
pub type Point = (f64, f64);

/// Which end of a text stands at its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// The text begins at the position.
    Start,
    /// The text is centred on the position.
    Middle,
    /// The text ends at the position.
    End,
}

/// How a text is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Type {
    /// Size in points.
    pub size: f64,
    /// Bold?
    pub bold: bool,
    /// Colour.
    pub colour: RGBColor,
    /// Which end stands at the position.
    pub anchor: Anchor,
    /// Reads upwards (turned by 90 degrees to the left)?
    pub upwards: bool,
}

impl Type {
    /// Labels: ink, 8.5 pt, from the left.
    pub const LABEL: Self =
        Self { size: style::TEXT, bold: false, colour: style::INK, anchor: Anchor::Start, upwards: false };
    /// Tick labels, counts, notes.
    pub const SMALL: Self = Self { size: style::SMALL, ..Self::LABEL };

    /// The same, in another colour.
    pub const fn colour(self, colour: RGBColor) -> Self {
        Self { colour, ..self }
    }
    /// The same, in bold.
    pub const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }
    /// The same, centred.
    pub const fn middle(self) -> Self {
        Self { anchor: Anchor::Middle, ..self }
    }
    /// The same, ending at the position.
    pub const fn end(self) -> Self {
        Self { anchor: Anchor::End, ..self }
    }
    /// The same, reading upwards.
    pub const fn upwards(self) -> Self {
        Self { upwards: true, ..self }
    }
}

/// A line's look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    /// Colour.
    pub colour: RGBColor,
    /// Width in points.
    pub width: f64,
    /// Opacity, 0 to 1.
    pub opacity: f64,
    /// Dashed as the placebo arm is?
    pub dashed: bool,
}

impl Stroke {
    /// A thin line.
    pub const fn hair(colour: RGBColor) -> Self {
        Self { colour, width: style::HAIRLINE, opacity: 1.0, dashed: false }
    }
    /// A line of data.
    pub const fn line(colour: RGBColor) -> Self {
        Self { colour, width: style::LINE, opacity: 1.0, dashed: false }
    }
}

/// The two arms, with the look each has in every figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arm {
    /// Blue, filled circle, solid line.
    Active,
    /// Vermillion, open square, dashed line.
    Placebo,
}

impl Arm {
    /// Colour of the arm.
    pub const fn colour(self) -> RGBColor {
        match self {
            Self::Active => style::ACTIVE,
            Self::Placebo => style::PLACEBO,
        }
    }
    /// Colour of the arm's name.
    pub const fn ink(self) -> RGBColor {
        match self {
            Self::Active => style::ACTIVE,
            Self::Placebo => style::PLACEBO_INK,
        }
    }
    /// Line of the arm.
    pub const fn stroke(self) -> Stroke {
        Stroke { dashed: matches!(self, Self::Placebo), ..Stroke::line(self.colour()) }
    }
    /// Name of the arm in a style.
    pub fn label(self, style: &Style) -> &str {
        match self {
            Self::Active => &style.active_label,
            Self::Placebo => &style.placebo_label,
        }
    }
}

enum Mark {
    Path { points: Vec<Point>, stroke: Stroke },
    Area { points: Vec<Point>, colour: RGBColor, opacity: f64 },
    Rectangle { corners: [Point; 2], colour: RGBColor, opacity: f64 },
    Circle { centre: Point, radius: f64, colour: RGBColor, opacity: f64, outline: Option<f64> },
    Text { at: Point, text: String, set: Type },
}

struct Hover {
    at: Point,
    radius: f64,
    text: String,
}

/// The marks of one figure, in drawing order.
pub struct Scene<'s> {
    kind: &'static str,
    style: &'s Style,
    marks: Vec<Mark>,
    hovers: Vec<Hover>,
}

impl<'s> Scene<'s> {
    /// An empty sheet, 170 mm wide, for one kind of figure.
    pub fn new(kind: &'static str, style: &'s Style) -> Self {
        Self { kind, style, marks: Vec::new(), hovers: Vec::new() }
    }

    /// Kind of figure.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// What the figures of the report share.
    pub fn style(&self) -> &'s Style {
        self.style
    }

    /// Width of a text as this scene would set it, after cleaning.
    pub fn width(&self, text: &str, set: Type) -> f64 {
        self.style.font.width(&words::clean(text), set.size, set.bold)
    }

    /// A straight line.
    pub fn line(&mut self, from: Point, to: Point, stroke: Stroke) {
        self.path(vec![from, to], stroke);
    }

    /// Connected lines.
    pub fn path(&mut self, points: Vec<Point>, stroke: Stroke) {
        self.marks.push(Mark::Path { points, stroke });
    }

    /// A filled polygon.
    pub fn area(&mut self, points: Vec<Point>, colour: RGBColor, opacity: f64) {
        self.marks.push(Mark::Area { points, colour, opacity });
    }

    /// A filled rectangle between two opposite corners.
    pub fn rectangle(&mut self, a: Point, b: Point, colour: RGBColor, opacity: f64) {
        let corners = [(a.0.min(b.0), a.1.min(b.1)), (a.0.max(b.0), a.1.max(b.1))];
        self.marks.push(Mark::Rectangle { corners, colour, opacity });
    }

    /// The outline of a rectangle between two opposite corners.
    pub fn outline(&mut self, a: Point, b: Point, stroke: Stroke) {
        self.path(vec![a, (b.0, a.1), b, (a.0, b.1), a, (b.0, a.1)], stroke);
    }

    /// A filled circle.
    pub fn dot(&mut self, centre: Point, radius: f64, colour: RGBColor, opacity: f64) {
        self.marks.push(Mark::Circle { centre, radius, colour, opacity, outline: None });
    }

    /// An open circle on white.
    pub fn ring(&mut self, centre: Point, radius: f64, colour: RGBColor, width: f64) {
        self.dot(centre, radius, style::PAPER, 1.0);
        self.marks.push(Mark::Circle { centre, radius, colour, opacity: 1.0, outline: Some(width) });
    }

    /// An open square on white.
    pub fn square(&mut self, centre: Point, half: f64, stroke: Stroke) {
        let (a, b) = ((centre.0 - half, centre.1 - half), (centre.0 + half, centre.1 + half));
        self.rectangle(a, b, style::PAPER, 1.0);
        self.outline(a, b, stroke);
    }

    /// A filled diamond.
    pub fn diamond(&mut self, (x, y): Point, half: f64, colour: RGBColor) {
        self.area(vec![(x - half, y), (x, y - half), (x + half, y), (x, y + half)], colour, 1.0);
    }

    /// The marker of an arm: filled circle or open square.
    pub fn marker(&mut self, arm: Arm, centre: Point, radius: f64) {
        match arm {
            Arm::Active => self.dot(centre, radius, style::ACTIVE, 1.0),
            Arm::Placebo => self.square(
                centre,
                radius * 0.9,
                Stroke { width: (radius * 0.45).min(1.0), ..Stroke::line(style::PLACEBO) },
            ),
        }
    }

    /// A mark of an arm that is not filled: an observed mean beside those of a model.
    pub fn open_marker(&mut self, arm: Arm, centre: Point, radius: f64) {
        match arm {
            Arm::Active => self.ring(centre, radius, style::ACTIVE, (radius * 0.35).min(0.9)),
            Arm::Placebo => self.marker(arm, centre, radius),
        }
    }

    /// One line of text with its baseline at `y` (`x` for text that reads upwards).
    pub fn text(&mut self, at: Point, text: &str, set: Type) {
        let text = words::clean(text);
        if !text.trim().is_empty() {
            self.marks.push(Mark::Text { at, text: text.trim().to_owned(), set });
        }
    }

    /// Several lines, the first with its baseline at `y`; returns the baseline of the line that would follow.
    pub fn lines(&mut self, at: Point, lines: &[String], set: Type) -> f64 {
        let mut y = at.1;
        for line in lines {
            self.text((at.0, y), line, set);
            y += set.size * style::LEADING;
        }
        y
    }

    /// Breaks a text for this scene.
    pub fn wrap(&self, text: &str, set: Type, width: f64, max_lines: usize) -> Vec<String> {
        words::wrap(&self.style.font, &words::clean(text), set.size, set.bold, width, max_lines)
    }

    /// A value shown when the reader points at a mark.
    pub fn hover(&mut self, at: Point, radius: f64, text: String) {
        self.hovers.push(Hover { at, radius, text: words::clean(&text) });
    }

    /// Writes the figure with the given height in points.
    ///
    /// # Errors
    /// [`FigureError::NotFinite`] when a coordinate is not a finite number of reasonable size;
    /// [`FigureError::Backend`] when plotters fails.
    pub fn finish(self, heading: &Heading, height: f64) -> Result<Figure, FigureError> {
        let id = file_stem(self.kind, &heading.key);
        let description = if heading.description.is_empty() { &heading.title } else { &heading.description };
        let mut svg = open(&id, &heading.title, description, height, self.style);
        svg.push_str(&self.drawing(&id, height)?);
        svg.push_str("</svg>\n");
        Ok(Figure {
            id,
            number: heading.number.clone(),
            title: heading.title.clone(),
            description: description.clone(),
            footnotes: heading.footnotes.clone(),
            records: heading.records.clone(),
            svg,
        })
    }

    /// The elements between the opening of the root and its end.
    fn drawing(&self, id: &str, height: f64) -> Result<String, FigureError> {
        self.check_finite(id, height)?;
        let mut svg = String::new();
        {
            let size = (units(style::WIDTH).unsigned_abs(), units(height).unsigned_abs());
            let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            let backend = |e: &dyn std::fmt::Display| FigureError::Backend { figure: id.into(), reason: e.to_string() };
            area.fill(&style::PAPER).map_err(|e| backend(&e))?;
            for mark in &self.marks {
                draw(&area, mark, self.style.colours).map_err(|e| backend(&e))?;
            }
            area.present().map_err(|e| backend(&e))?;
        }
        let inner = svg.find('>').map_or("", |end| &svg[end + 1..]);
        let inner = inner.trim_end().strip_suffix("</svg>").unwrap_or(inner).trim_start();
        let mut out = tidy(inner);
        if !self.hovers.is_empty() {
            out.push_str("<g class=\"hover\" fill=\"#000000\" fill-opacity=\"0\">\n");
            for hover in &self.hovers {
                let (x, y, r) = (units(hover.at.0), units(hover.at.1), units(hover.radius));
                let text = escape(&hover.text);
                out.push_str(&format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\"><title>{text}</title></circle>\n"));
            }
            out.push_str("</g>\n");
        }
        Ok(out)
    }

    fn check_finite(&self, id: &str, height: f64) -> Result<(), FigureError> {
        let fine = |p: &Point| p.0.is_finite() && p.1.is_finite() && p.0.abs() < 1e6 && p.1.abs() < 1e6;
        let good = self.marks.iter().all(|mark| match mark {
            Mark::Path { points, .. } | Mark::Area { points, .. } => points.iter().all(fine),
            Mark::Rectangle { corners, .. } => corners.iter().all(fine),
            Mark::Circle { centre, radius, .. } => fine(centre) && radius.is_finite(),
            Mark::Text { at, .. } => fine(at),
        });
        if good && self.hovers.iter().all(|h| fine(&h.at)) && height.is_finite() && height > 0.0 {
            Ok(())
        } else {
            Err(FigureError::NotFinite { figure: id.into(), what: "a coordinate" })
        }
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type AreaError = DrawingAreaErrorKind<std::io::Error>;

fn draw(area: &Area<'_>, mark: &Mark, colours: Colours) -> Result<(), AreaError> {
    let own = |colour: &RGBColor| colours.mark(*colour);
    match mark {
        Mark::Path { points, stroke } => {
            let width = units(stroke.width).max(1).unsigned_abs();
            let look = own(&stroke.colour).mix(stroke.opacity).stroke_width(width);
            let points: Vec<(i32, i32)> = points.iter().map(on_canvas).collect();
            if stroke.dashed {
                let (dash, gap) = style::DASH;
                area.draw(&DashedPathElement::new(points, units(dash), units(gap), look))
            } else {
                area.draw(&PathElement::new(points, look))
            }
        }
        Mark::Area { points, colour, opacity } => {
            let points: Vec<(i32, i32)> = points.iter().map(on_canvas).collect();
            area.draw(&Polygon::new(points, own(colour).mix(*opacity).filled()))
        }
        Mark::Rectangle { corners, colour, opacity } => {
            let colour = own(colour).mix(*opacity);
            area.draw(&Rectangle::new([on_canvas(&corners[0]), on_canvas(&corners[1])], colour.filled()))
        }
        Mark::Circle { centre, radius, colour, opacity, outline } => {
            let colour = own(colour).mix(*opacity);
            let look = outline
                .map_or_else(|| colour.filled(), |width| colour.stroke_width(units(width).max(1).unsigned_abs()));
            area.draw(&Circle::new(on_canvas(centre), units(*radius), look))
        }
        Mark::Text { at, text, set } => {
            let drop = ASCENT * set.size;
            let (at, turn) = if set.upwards {
                ((at.0 - drop, at.1), FontTransform::Rotate270)
            } else {
                ((at.0, at.1 - drop), FontTransform::None)
            };
            let weight = if set.bold { FontStyle::Bold } else { FontStyle::Normal };
            let horizontal = match set.anchor {
                Anchor::Start => HPos::Left,
                Anchor::Middle => HPos::Center,
                Anchor::End => HPos::Right,
            };
            let face = FontDesc::new(FontFamily::Name(font::FAMILY), plotters_size(set.size), weight).transform(turn);
            let colour = colours.ink(set.colour);
            let look = TextStyle::from(face).color(&colour).pos(Pos::new(horizontal, VPos::Top));
            area.draw(&Text::new(text.as_str(), on_canvas(&at), look))
        }
    }
}

/// plotters writes `size / 1.24` as the font size; this is the argument that comes out as a round number.
fn plotters_size(points: f64) -> f64 {
    let wanted = (points * UNITS).round();
    let near = wanted * 1.24;
    [near, near.next_up(), near.next_down()].into_iter().find(|size| size / 1.24 == wanted).unwrap_or(near)
}

fn units(points: f64) -> i32 {
    (points * UNITS).round() as i32
}

fn on_canvas(point: &Point) -> (i32, i32) {
    (units(point.0), units(point.1))
}

fn file_stem(kind: &str, key: &str) -> String {
    if key.is_empty() {
        return kind.to_owned();
    }
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
    format!("{kind}-{}", key.chars().map(safe).collect::<String>())
}

/// Takes out of plotters' elements what the root already says (the font family) or what goes without saying (full
/// opacity), and narrows `opacity` to the painted part: on a whole element it would ask for a layer per mark.
fn tidy(elements: &str) -> String {
    let family = format!(" font-family=\"{}\"", font::FAMILY);
    let mut out = String::with_capacity(elements.len());
    let mut lines = elements.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        if !line.starts_with('<') || line.starts_with("</") {
            out.push_str(line);
            continue;
        }
        let line = line.replacen(&family, "", 1).replacen(" opacity=\"1\"", "", 1);
        // The Japanese font has one weight: bold is drawn with a thin stroke there, in Latin letters too, as in the PDF.
        let line = match lines.peek() {
            Some(text) if line.starts_with("<text ") && text.contains(japanese) => stroked_bold(&line),
            _ => line,
        };
        let line = match lines.peek() {
            Some(text) if line.starts_with("<text ") && text.contains(right_to_left) => on_baseline(&line),
            _ => line,
        };
        let stroked = line.starts_with("<line ") || line.starts_with("<polyline ");
        out.push_str(&line.replacen(" opacity=", if stroked { " stroke-opacity=" } else { " fill-opacity=" }, 1));
    }
    out
}

/// Kana, kanji and full-width punctuation.
fn japanese(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ff60}')
}

/// The tag of a bold text with a stroke in the place of the weight.
fn stroked_bold(tag: &str) -> String {
    let attribute = |name: &str| {
        let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
        tag[start..].split('"').next()
    };
    let (Some(fill), Some(size)) =
        (attribute("fill"), attribute("font-size").and_then(|size| size.parse::<f64>().ok()))
    else {
        return tag.to_owned();
    };
    let stroke = format!(" stroke=\"{fill}\" stroke-width=\"{:.1}\"", 0.022 * size);
    tag.replacen(" font-weight=\"bold\"", &stroke, 1)
}

/// Hebrew, Arabic and what is written like them.
fn right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
}

/// The tag of a text with the baseline as its position. plotters hangs a text from its top by `dy`, of which resvg gives
/// each letter its share before it orders the letters: read from the right, all but one would stand a line too high.
fn on_baseline(tag: &str) -> String {
    let attribute = |name: &str| {
        let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
        let end = start + tag[start..].find('"')?;
        tag[start..end].parse::<f64>().ok().map(|value| (start, end, value))
    };
    let (Some((start, end, top)), Some((_, _, size))) = (attribute("y"), attribute("font-size")) else {
        return tag.to_owned();
    };
    let y = ((top + ASCENT * size) * 10.0).round() / 10.0;
    format!("{}{y}{}", &tag[..start], &tag[end..]).replacen(&format!(" dy=\"{ASCENT}em\""), "", 1)
}

/// The root element with its accessible name and description.
fn open(id: &str, title: &str, description: &str, height: f64, style: &Style) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"170mm\" height=\"{:.2}mm\" viewBox=\"0 0 {} {}\" \
         role=\"img\" aria-labelledby=\"{id}-title {id}-desc\" xml:lang=\"{}\" font-family=\"{}\">\n\
         <title id=\"{id}-title\">{}</title>\n<desc id=\"{id}-desc\">{}</desc>\n",
        height / 72.0 * 25.4,
        units(style::WIDTH),
        units(height),
        style.language.tag(),
        font::FAMILY,
        escape(&words::clean(title)),
        escape(&words::clean(description)),
    )
}

pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c => out.push(c),
        }
    }
    out
}

/// See [`Figure::standalone`].
pub(super) fn standalone(figure: &Figure, style: &Style) -> Result<String, FigureError> {
    let title_set = Type { size: 9.5, ..Type::LABEL }.bold();
    let note_set = Type { size: 7.5, ..Type::LABEL }.colour(style::MUTED);
    let mut sheet = Scene::new("figure", style);
    let title = format!("{} {}", figure.number, figure.title);
    let lines = sheet.wrap(title.trim(), title_set, style::WIDTH, usize::MAX);
    let above = sheet.lines((0.0, title_set.size), &lines, title_set);

    let root_end = figure.svg.find("</desc>\n").map_or(0, |at| at + "</desc>\n".len());
    let inner = figure.svg[root_end..].trim_end().trim_end_matches("</svg>");
    let height = view_box_height(&figure.svg);
    let mut below = above + height + note_set.size + 4.0;
    for note in &figure.footnotes {
        let lines = sheet.wrap(note, note_set, style::WIDTH, usize::MAX);
        below = sheet.lines((0.0, below), &lines, note_set);
    }
    let total = if figure.footnotes.is_empty() { above + height } else { below };
    let mut svg = open(&figure.id, title.trim(), &figure.description, total, style);
    svg.push_str(&sheet.drawing(&figure.id, total)?);
    svg.push_str(&format!("<g transform=\"translate(0 {})\">\n{inner}</g>\n</svg>\n", units(above)));
    Ok(svg)
}

fn view_box_height(svg: &str) -> f64 {
    svg.split_once("viewBox=\"")
        .and_then(|(_, rest)| rest.split('"').next())
        .and_then(|numbers| numbers.split(' ').next_back())
        .and_then(|height| height.parse::<f64>().ok())
        .map_or(0.0, |height| height / UNITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_from_the_right_stand_on_their_baseline() {
        let drawn = "<text x=\"10\" y=\"20\" dy=\"0.76em\" font-size=\"85\" opacity=\"1\">\nשרה\n</text>\n";
        assert_eq!(tidy(drawn), "<text x=\"10\" y=\"84.6\" font-size=\"85\">\nשרה\n</text>\n");
        let latin = drawn.replace("שרה", "EV");
        assert!(tidy(&latin).contains("y=\"20\" dy=\"0.76em\""));
    }
}
