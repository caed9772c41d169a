//! Type I error of the rule and of the random-intercepts model, a dot per cell: panels by visits, patients along x.

use std::fmt::Write;

use crate::methods::Method;
use crate::results::{RULE, Results, key};
use crate::scenario::{PATIENTS, VISITS, cells};

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 380.0;
const LEFT: f64 = 52.0;
const TOP: f64 = 58.0;
const BOTTOM: f64 = 330.0;
const HIGHEST: f64 = 24.0;

/// The picture.
pub fn draw(results: &Results) -> String {
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\
         <title>Type I error of the default rule and of the random-intercepts model</title>\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\
         <text x=\"{LEFT}\" y=\"18\" font-size=\"14\" fill=\"#111\">Type I error (%) at a nominal 5 %: a dot is a shape of trial</text>\
         <circle cx=\"{:.1}\" cy=\"34\" r=\"3.2\" fill=\"#0b6e99\"/><text x=\"{:.1}\" y=\"38\" fill=\"#111\">default rule</text>\
         <circle cx=\"{:.1}\" cy=\"34\" r=\"2.6\" fill=\"none\" stroke=\"#b5541c\"/><text x=\"{:.1}\" y=\"38\" fill=\"#111\">random intercepts (default until 0.1)</text>",
        LEFT + 4.0,
        LEFT + 14.0,
        LEFT + 114.0,
        LEFT + 124.0
    );
    let y = |percent: f64| BOTTOM - (BOTTOM - TOP) * percent.min(HIGHEST) / HIGHEST;
    let gap = 18.0;
    let panel = (WIDTH - LEFT - 14.0 - gap * 3.0) / 4.0;
    for (p, visits) in VISITS.into_iter().enumerate() {
        let left = LEFT + p as f64 * (panel + gap);
        let step = panel / PATIENTS.len() as f64;
        let x = |patients: usize| {
            let at = PATIENTS.iter().position(|n| *n == patients).unwrap_or(0);
            left + step * (at as f64 + 0.5)
        };
        for percent in [0.0, 5.0, 10.0, 15.0, 20.0] {
            let (colour, width) = if percent == 5.0 { ("#444", 1.2) } else { ("#ddd", 0.8) };
            let _ = write!(
                out,
                "<line x1=\"{left:.1}\" x2=\"{:.1}\" y1=\"{:.1}\" y2=\"{:.1}\" stroke=\"{colour}\" stroke-width=\"{width}\"/>",
                left + panel,
                y(percent),
                y(percent)
            );
            if p == 0 {
                let _ = write!(
                    out,
                    "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#111\">{percent}</text>",
                    left - 6.0,
                    y(percent) + 4.0
                );
            }
        }
        let word = if visits == 1 { "visit" } else { "visits" };
        let _ = write!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#111\">{visits} {word} after baseline</text>",
            left + panel / 2.0,
            TOP - 4.0
        );
        for patients in PATIENTS {
            let _ = write!(
                out,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#111\">{patients}</text>",
                x(patients),
                BOTTOM + 16.0
            );
        }
        for cell in cells().into_iter().filter(|c| c.visits == visits) {
            let of = |name: &str| results.get(&key(&cell, name)).filter(|t| t.trials > 0).map(|t| 100.0 * t.type_one());
            // Dots of one column side by side in the order of the scenarios.
            let aside = (cell.scenario as f64 / 18.0 - 0.5) * step * 0.36;
            if let Some(percent) = of(Method::Random.name()) {
                let _ = write!(
                    out,
                    "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.2\" fill=\"none\" stroke=\"#b5541c\" stroke-width=\"0.9\"/>",
                    x(cell.patients) + step * 0.24 + aside,
                    y(percent)
                );
            }
            if let Some(percent) = of(RULE) {
                let _ = write!(
                    out,
                    "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.4\" fill=\"#0b6e99\" fill-opacity=\"0.75\"/>",
                    x(cell.patients) - step * 0.22 + aside,
                    y(percent)
                );
            }
        }
    }
    let _ = write!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#111\">patients</text></svg>",
        WIDTH / 2.0,
        BOTTOM + 36.0
    );
    out
}
