//! The figures: well-formed, complete, escaped, the same on every run, and without a label on another.

use std::collections::BTreeMap;

use resvg::usvg::roxmltree;
use splitknee::figure::font::FontSet;
use splitknee::figure::{
    Figure, FigureError, MeanCi, Style, adverse_event_timeline as events, bland_altman,
    cumulative_responder as responder, differences, flow, forest, missingness, paired_slopes as slopes, png, profiles,
    residuals, shift_bars, style, waterfall,
};
use splitknee::trial::Better;

#[path = "figures/inputs.rs"]
mod inputs;
use inputs::*;

/// A line of text as it is printed, in points.
#[derive(Debug)]
struct Printed {
    text: String,
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

fn attribute(node: roxmltree::Node<'_, '_>, name: &str) -> f64 {
    let value = node.attribute(name).and_then(|v| v.parse::<f64>().ok());
    value.unwrap_or_else(|| panic!("{name} of {:?} is a number", node.tag_name()))
}

/// The boxes of all texts, from figure height (0.76 em) to a little below the baseline.
fn printed(document: &roxmltree::Document<'_>, style: &Style) -> Vec<Printed> {
    let one = |node: roxmltree::Node<'_, '_>| {
        let text = node.text().unwrap_or("").trim().to_owned();
        let size = attribute(node, "font-size") / 10.0;
        let width = style.font.width(&text, size, node.attribute("font-weight") == Some("bold"));
        let (x, y) = (attribute(node, "x") / 10.0, attribute(node, "y") / 10.0);
        // A line hangs from its top, or stands on its baseline where it is written from right to left.
        let y = match node.attribute("dy") {
            Some(ascent) => {
                assert_eq!(ascent, "0.76em");
                y
            }
            None => y - 0.76 * size,
        };
        let start = match node.attribute("text-anchor") {
            Some("end") => -width,
            Some("middle") => -width / 2.0,
            _ => 0.0,
        };
        let deep = size * 0.9;
        let (left, right, top, bottom) = if node.attribute("transform").is_some_and(|t| t.starts_with("rotate(270")) {
            (x, x + deep, y - start - width, y - start)
        } else {
            (x + start, x + start + width, y, y + deep)
        };
        Printed { text, left, right, top, bottom }
    };
    document.descendants().filter(|n| n.has_tag_name("text")).map(one).collect()
}

fn overlaps(a: &Printed, b: &Printed) -> bool {
    let touch = 0.4;
    a.left + touch < b.right && b.left + touch < a.right && a.top + touch < b.bottom && b.top + touch < a.bottom
}

#[test]
fn no_label_lies_on_another_or_off_the_sheet() {
    for words in [short(), long(), japanese(), hostile()] {
        for large in [false, true] {
            for figure in all(&words, large) {
                let document = roxmltree::Document::parse(&figure.svg).expect("the SVG is well-formed");
                let height = figure.svg.split("viewBox=\"0 0 ").nth(1).and_then(|s| s.split(['"', ' ']).nth(1));
                let height = height.and_then(|h| h.parse::<f64>().ok()).expect("the root has a height") / 10.0;
                assert!(height <= style::PAGE_HEIGHT, "{} (large: {large}) is {height} points tall", figure.id);
                let boxes = printed(&document, &words.style);
                assert!(!boxes.is_empty());
                for (i, a) in boxes.iter().enumerate() {
                    let off = a.left < -0.6 || a.right > style::WIDTH + 0.6 || a.top < -0.6 || a.bottom > height + 0.6;
                    assert!(!off, "{} (large: {large}): {a:?} is off the sheet of height {height}", figure.id);
                    if let Some(b) = boxes[i + 1..].iter().find(|b| overlaps(a, b)) {
                        panic!("{} (large: {large}): {} lies on {}: {a:?}, {b:?}", figure.id, a.text, b.text);
                    }
                }
            }
        }
    }
}

#[test]
fn text_from_outside_stays_text() {
    for figure in all(&hostile(), false) {
        let standalone = figure.standalone(&hostile().style).expect("the figure is drawn");
        for svg in [&figure.svg, &standalone] {
            let document = roxmltree::Document::parse(svg).expect("the SVG is well-formed");
            let known = ["svg", "g", "title", "desc", "text", "line", "polyline", "polygon", "rect", "circle"];
            for node in document.descendants().filter(|n| n.is_element()) {
                assert!(known.contains(&node.tag_name().name()), "{}: element {:?}", figure.id, node.tag_name());
                let bad = |a: &roxmltree::Attribute<'_, '_>| a.name().starts_with("on") || a.name().contains("href");
                assert!(!node.attributes().any(|a| bad(&a)), "{}: {node:?}", figure.id);
            }
            assert!(!svg.contains('\u{0}') && !svg.contains('\u{202E}'));
        }
        assert!(png(&standalone, 72.0).is_ok());
    }
}

#[test]
fn every_figure_names_and_describes_itself() {
    for figure in all(&japanese(), false) {
        let document = roxmltree::Document::parse(&figure.svg).expect("the SVG is well-formed");
        let root = document.root_element();
        assert_eq!(root.attribute("role"), Some("img"));
        assert_eq!(root.attribute(("http://www.w3.org/XML/1998/namespace", "lang")), Some("ja"));
        assert_eq!(root.attribute("width"), Some("170mm"));
        let named = root.attribute("aria-labelledby").expect("the root is labelled");
        let ids: Vec<&str> = document.descendants().filter_map(|n| n.attribute("id")).collect();
        assert_eq!(named.split(' ').collect::<Vec<_>>(), ids);
        assert_eq!(root.first_element_child().and_then(|n| n.text()), Some(figure.title.as_str()));
        let description = document.descendants().find(|n| n.has_tag_name("desc")).and_then(|n| n.text());
        assert_eq!(description, Some(figure.description.as_str()));
        assert!(figure.id.is_ascii());
    }
}

#[test]
fn coordinates_are_numbers_and_bytes_are_stable() {
    let words = short();
    for (figure, again) in all(&words, true).into_iter().zip(all(&words, true)) {
        assert_eq!(figure, again, "{}", figure.id);
        for word in ["NaN", "inf", "-2147483648", "2147483647"] {
            assert!(!figure.svg.contains(&format!("\"{word}")), "{}: {word}", figure.id);
        }
    }
    let figure = profiles::draw(&profiles_input(&words, 3), &words.style).expect("the figure is drawn");
    assert_eq!(png(&figure.svg, 150.0), png(&figure.svg, 150.0));
}

/// Elements of the drawing (not the hover layer) by name and colour.
fn marks(svg: &str) -> BTreeMap<(String, String), usize> {
    let document = roxmltree::Document::parse(svg).expect("the SVG is well-formed");
    let mut counts = BTreeMap::new();
    let drawn = document.root_element().children().filter(|n| n.is_element() && !n.has_tag_name("g"));
    for node in drawn {
        let fill = node.attribute("fill").filter(|f| *f != "none").or(node.attribute("stroke")).unwrap_or("");
        *counts.entry((node.tag_name().name().to_owned(), fill.to_owned())).or_insert(0) += 1;
    }
    counts
}

fn count(svg: &str, element: &str, colour: &str) -> usize {
    marks(svg).get(&(element.to_owned(), colour.to_owned())).copied().unwrap_or(0)
}

const ACTIVE: &str = "#0072B2";
const PLACEBO: &str = "#D55E00";

#[test]
fn every_patient_and_every_estimate_has_its_mark() {
    let w = short();
    let svg = |f: Result<Figure, FigureError>| f.expect("the figure is drawn").svg;

    let picture = svg(profiles::draw(&profiles_input(&w, 5), &w.style));
    assert_eq!(count(&picture, "circle", ACTIVE), 5, "one filled circle per active mean");
    // An open square is a closed path; the fourth placebo mean does not exist, and breaks the line before it.
    let placebo = count(&picture, "polyline", PLACEBO);
    assert!(placebo > 4, "squares and dashes of the placebo arm: {placebo}");
    assert_eq!(picture.matches("Month 6, Saline").count(), 0, "a mean that does not exist is not drawn");

    let picture = svg(differences::draw(&differences_input(&w, 31, 3), &w.style));
    assert_eq!(count(&picture, "circle", "#9A9A9A"), 3 * 31, "one dot per patient and visit");
    assert_eq!(count(&picture, "polygon", "#1A1A1A"), 3, "one diamond per mean");
    let picture = svg(differences::draw(&differences_input(&w, 400, 3), &w.style));
    assert_eq!(count(&picture, "circle", "#9A9A9A"), 0, "many patients become bars");
    assert!(count(&picture, "rect", "#9A9A9A") > 20);

    let picture = svg(waterfall::draw(&waterfall_input(&w, 31), &w.style));
    let (lower, higher) =
        (values(31, 2).iter().filter(|v| v.1 < 0.0).count(), values(31, 2).iter().filter(|v| v.1 > 0.0).count());
    assert_eq!(count(&picture, "rect", ACTIVE), lower);
    assert_eq!(count(&picture, "rect", PLACEBO), higher);

    let picture = svg(bland_altman::draw(&bland_altman_input(&w, 400), &w.style));
    assert_eq!(count(&picture, "circle", "#606060"), 400);

    let picture = svg(residuals::draw(&residuals_input(&w, 90), &w.style));
    assert_eq!(count(&picture, "circle", "#606060"), 2 * 90, "each residual in both panels");

    let picture = svg(slopes::draw(&slopes_input(&w, 31, 1), &w.style));
    let both = (0..31).filter(|i| i % 11 != 3 && i % 13 != 5).count();
    assert_eq!(count(&picture, "polyline", "#9A9A9A"), both, "one line per complete pair");
    let active = (0..31).filter(|i| i % 11 != 3).count();
    assert_eq!(count(&picture, "circle", ACTIVE), active + 1, "one circle per active knee, and the mean");

    let input = forest_input(&w, 4, 2);
    let picture = svg(forest::draw(&input, &w.style));
    assert_eq!(count(&picture, "circle", "#1A1A1A") + count(&picture, "polygon", "#1A1A1A"), 6);
    assert_eq!(picture.matches("not estimable").count(), 2);
}

#[test]
fn the_axis_of_a_forest_keeps_benefit_on_the_left() {
    let w = short();
    let mut input = forest_input(&w, 1, 1);
    let x = |input: &forest::Forest| {
        let svg = forest::draw(input, &w.style).expect("the figure is drawn").svg;
        let document = roxmltree::Document::parse(&svg).expect("the SVG is well-formed");
        let hover = document.descendants().find(|n| n.has_tag_name("circle") && n.has_children());
        hover.map(|n| attribute(n, "cx")).expect("the estimate has a hover value")
    };
    let lower = x(&input);
    input.blocks[0].better = Better::Higher;
    let higher = x(&input);
    let zero = (lower + higher) / 2.0;
    assert!(lower < zero && zero < higher, "−3 is a benefit where lower is better, and none where higher is");
}

#[test]
fn a_flow_that_does_not_add_up_is_refused() {
    let w = short();
    let mut input = flow_input(&w);
    assert!(flow::draw(&input, &w.style).is_ok());
    input.steps[2].count.knees = 58;
    input.steps[2].by_arm = Some([29, 29]);
    let error = flow::draw(&input, &w.style).expect_err("62 − 5 knees are not 58");
    assert_eq!(error.to_string(), "figure flow: Randomised 62 knees − 5 that left are not Month 4 58");
    input.steps[2].by_arm = Some([29, 28]);
    let error = flow::draw(&input, &w.style).expect_err("29 + 28 knees are not 58");
    assert_eq!(error.to_string(), "figure flow: Month 4: 29 active + 28 placebo knees are not 58");
    input.steps = vec![flow::Step { count: flow::Count { patients: 2, knees: 5 }, ..input.steps[0].clone() }];
    let error = flow::draw(&input, &w.style).expect_err("five knees of two patients");
    assert_eq!(error.to_string(), "figure flow: Assessed: 5 knees of 2 patients");
}

#[test]
fn nothing_to_draw_is_said_and_not_drawn() {
    let w = short();
    let s = &w.style;
    let results = vec![
        profiles::draw(&profiles_input(&w, 0), s),
        slopes::draw(&slopes_input(&w, 0, 2), s),
        slopes::draw(&slopes_input(&w, 5, 0), s),
        differences::draw(&differences_input(&w, 0, 3), s),
        forest::draw(&forest_input(&w, 0, 0), s),
        forest::draw(&forest_input(&w, 2, 0), s),
        flow::draw(&flow::Flow { steps: vec![], ..flow_input(&w) }, s),
        bland_altman::draw(&bland_altman_input(&w, 0), s),
        responder::draw(&responder_input(&w, 0), s),
        waterfall::draw(&waterfall_input(&w, 0), s),
        shift_bars::draw(&shift_bars::ShiftBars { findings: vec![], ..shift_input(&w, 3) }, s),
        missingness::draw(&missingness_input(&w, 0, 3), s),
        missingness::draw(&missingness_input(&w, 3, 0), s),
        residuals::draw(&residuals_input(&w, 0), s),
        events::draw(&events_input(&w, 0), s),
    ];
    for result in results {
        assert!(matches!(result, Err(FigureError::Empty { .. })), "{result:?}");
    }
    assert!(events::paginate(&events_input(&w, 0), s).is_empty());
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    let w = short();
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut p = profiles_input(&w, 3);
        p.visits[1].time = bad;
        let mut q = profiles_input(&w, 3);
        q.visits[1].active.mean = Some(bad);
        let mut d = differences_input(&w, 5, 3);
        d.rows[0].mean.low = Some(bad);
        let mut e = differences_input(&w, 5, 3);
        e.rows[0].quartiles = Some(differences::Box5 { min: bad, q1: 0.0, median: 0.0, q3: 0.0, max: 0.0 });
        let mut f = forest_input(&w, 2, 2);
        f.blocks[1].rows[0].difference.mean = Some(bad);
        let mut b = bland_altman_input(&w, 5);
        b.points[2].mean = bad;
        let mut r = residuals_input(&w, 5);
        r.residuals[2].fitted = bad;
        let mut c = responder_input(&w, 5);
        c.active.steps[1].1 = bad;
        let mut a = events_input(&w, 5);
        a.events[0].start = bad;
        let s = &w.style;
        let results = [
            profiles::draw(&p, s),
            profiles::draw(&q, s),
            differences::draw(&d, s),
            differences::draw(&e, s),
            forest::draw(&f, s),
            bland_altman::draw(&b, s),
            residuals::draw(&r, s),
            responder::draw(&c, s),
            events::draw(&a, s),
        ];
        for result in results {
            assert!(matches!(result, Err(FigureError::NotFinite { .. })), "{bad}: {result:?}");
        }
    }
}

#[test]
fn the_open_end_of_a_one_sided_interval_is_an_arrow() {
    let w = short();
    let mut input = forest_input(&w, 1, 1);
    input.blocks[0].rows[0].difference =
        MeanCi { n: 29, mean: Some(-3.0), low: Some(f64::NEG_INFINITY), high: Some(5.0) };
    let open = forest::draw(&input, &w.style).unwrap();
    assert!(open.svg.contains("−3.0 (−∞ to 5.0)"), "{}", open.svg);
    input.blocks[0].rows[0].difference.low = Some(-11.0);
    let closed = forest::draw(&input, &w.style).unwrap();
    let shapes = |svg: &str| svg.matches("<polygon").count();
    assert_eq!(shapes(&open.svg), shapes(&closed.svg) + 1);
}

#[test]
fn constant_tiny_and_huge_numbers_are_drawn() {
    let w = short();
    for value in [0.0, 1e-300, -1e-12, 5e-324, 1e12, 1e300] {
        let mut input = differences_input(&w, 4, 3);
        input.mcid = None;
        for row in &mut input.rows {
            row.quartiles = None;
            row.mean = MeanCi { n: 4, mean: Some(value), low: None, high: None };
            for difference in &mut row.differences {
                difference.1 = value;
            }
        }
        let figure = differences::draw(&input, &w.style).expect("the figure is drawn");
        assert!(!figure.svg.contains("NaN"), "{value}");
        let mut input = forest_input(&w, 1, 2);
        input.blocks[0].mcid = None;
        for row in &mut input.blocks[0].rows {
            row.difference = mean(4, value, 0.0);
        }
        assert!(forest::draw(&input, &w.style).is_ok(), "{value}");
    }
    let one = profiles::draw(&profiles_input(&w, 1), &w.style).expect("a single visit is drawn");
    assert!(one.svg.contains("Baseline"));
}

#[test]
fn a_png_has_the_printed_size() {
    let w = japanese();
    let figure = profiles::draw(&profiles_input(&w, 3), &w.style).expect("the figure is drawn");
    let bytes = png(&figure.svg, 300.0).expect("the PNG is written");
    let mut decoder = ::png::Decoder::new(std::io::Cursor::new(&bytes));
    // A palette becomes red, green and blue.
    decoder.set_transformations(::png::Transformations::EXPAND);
    let mut reader = decoder.read_info().expect("the PNG opens");
    let info = reader.info();
    // 170 mm at 300 dots per inch: 170 / 25.4 × 300 = 2007.9; 300 / 0.0254 = 11811 pixels per metre.
    assert_eq!(info.width, 2008);
    assert_eq!(info.pixel_dims.map(|d| (d.xppu, d.yppu)), Some((11811, 11811)));
    let mut pixels = vec![0; reader.output_buffer_size().expect("the size is known")];
    reader.next_frame(&mut pixels).expect("the pixels are complete");
    let has = |colour: [u8; 3]| pixels.chunks_exact(3).any(|p| p == colour);
    assert!(has([0x00, 0x72, 0xB2]) && has([0xD5, 0x5E, 0x00]) && has([0xFF, 0xFF, 0xFF]));
    assert!(png("<svg", 300.0).is_err() && png(&figure.svg, 0.0).is_err() && png(&figure.svg, f32::NAN).is_err());
}

#[test]
fn a_figure_alone_carries_its_title_and_footnotes() {
    let w = short();
    let figure = waterfall::draw(&waterfall_input(&w, 31), &w.style).expect("the figure is drawn");
    let alone = figure.standalone(&w.style).expect("the figure is drawn");
    let document = roxmltree::Document::parse(&alone).expect("the SVG is well-formed");
    let text: String = document.descendants().filter(|n| n.has_tag_name("text")).filter_map(|n| n.text()).collect();
    assert!(text.contains("14.2.1 VAS pain (mm)") && text.contains("Synthetic data."));
    assert!(!figure.svg.contains(">\nSynthetic data."), "the page prints footnotes under the bare drawing");
    let titles = document.root_element().children().filter(|n| n.has_tag_name("title")).count();
    assert_eq!(titles, 1);
}

#[test]
fn the_fonts_have_what_the_reports_print() {
    let font = &short().style.font;
    let figure = font.width("0", 10.0, false);
    for c in "123456789−".chars() {
        assert_eq!(font.width(&c.to_string(), 10.0, false), figure, "{c} is as wide as 0");
        assert_eq!(font.width(&c.to_string(), 10.0, true), figure, "{c} is as wide as 0 in bold");
    }
    // Nothing falls back to the width of an em, except full-width characters, which are one em wide.
    for c in "←→↑↓±≤≥≠×–…κρτχσΔ²′·µéßñøŁžș".chars() {
        assert_ne!(font.width(&c.to_string(), 10.0, false), 10.0, "{c}");
    }
    assert_eq!(font.width("疼痛スコアの変化量", 10.0, false), 90.0);
    assert!(splitknee::figure::font::LICENCE.contains("SIL OPEN FONT LICENSE Version 1.1"));
    assert!(FontSet::with_extra(&[b"no font".to_vec()]).is_err());
    let extra = FontSet::with_extra(&[splitknee::figure::font::JAPANESE.to_vec()]).expect("a font");
    assert_eq!(extra.width("VAS疼痛", 10.0, true), font.width("VAS疼痛", 10.0, true));
}
