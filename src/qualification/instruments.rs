//! Questionnaires: expected scores follow by hand from the rules of the sources.

use super::case::{Case, Reference};
use super::coverage::Coverage;
use crate::instrument::{Instrument, Scale};

/// Answers 0–4 of one knee to the WOMAC: pain sums to 9, stiffness to 5, function to 31.
const ANSWERS: [f64; 24] = [
    2.0, 3.0, 1.0, 2.0, 1.0, 3.0, 2.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 0.0, 2.0, 1.0, 2.0, 2.0, 1.0, 4.0, 2.0, 1.0, 3.0,
    1.0,
];

/// The WOMAC with and without missing items, the Lequesne index, and visual analogue scales.
pub fn scores(case: &Case) -> Coverage {
    let mut coverage = Coverage::new(case);
    let guide = Reference::quoted(
        "womac",
        "WOMAC user guide",
        "LK 3.1",
        "sums of subscales; one pain or stiffness item, or three function items, may be missing and take the mean of the others",
    );
    let without = |missing: &[usize]| -> Vec<Option<f64>> {
        let kept = |(index, answer): (usize, &f64)| (!missing.contains(&(index + 1))).then_some(*answer);
        ANSWERS.iter().enumerate().map(kept).collect()
    };
    let likert = |scale: Scale, missing: &[usize], items: std::ops::Range<usize>| {
        Instrument::WomacLikert.score(scale, &without(missing)[items]).ok()
    };
    for (what, scale, missing, items, expected) in [
        ("pain", Scale::Pain, &[][..], 0..5, 9.0),
        ("stiffness", Scale::Stiffness, &[], 5..7, 5.0),
        ("function", Scale::Function, &[], 7..24, 31.0),
        ("total", Scale::Total, &[], 0..24, 45.0),
        ("pain, item 2 missing", Scale::Pain, &[2], 0..5, 7.5),
        ("stiffness, item 6 missing", Scale::Stiffness, &[6], 5..7, 4.0),
        ("function, three items missing", Scale::Function, &[8, 9, 20], 7..24, 22.0 * 17.0 / 14.0),
        ("total, items 2 and 6 missing", Scale::Total, &[2, 6], 0..24, 42.5),
    ] {
        let ours = likert(scale, missing, items).and_then(|score| score.value);
        coverage.close_to(&guide, what, expected, ours, 1e-14);
    }
    let total = likert(Scale::Total, &[], 0..24).and_then(|score| score.normalised);
    coverage.close_to(&guide, "total, 0 to 100", 46.875, total, 1e-14);
    for (what, scale, missing, items) in [
        ("pain is missing with two items missing", Scale::Pain, &[2, 3][..], 0..5),
        ("stiffness is missing with both items missing", Scale::Stiffness, &[6, 7], 5..7),
        ("function is missing with four items missing", Scale::Function, &[8, 9, 20, 24], 7..24),
    ] {
        let ours = likert(scale, missing, items);
        coverage.check(&guide, what, ours.is_some_and(|score| score.value.is_none()));
    }
    for (instrument, name, maxima) in [
        (Instrument::WomacLikert, "Likert", [20.0, 8.0, 68.0, 96.0]),
        (Instrument::WomacNrs, "numerical rating", [50.0, 20.0, 170.0, 240.0]),
        (Instrument::WomacVas, "visual analogue", [500.0, 200.0, 1700.0, 2400.0]),
    ] {
        for (scale, expected) in Scale::ALL.into_iter().zip(maxima) {
            let what = format!("{name}: largest {}", scale.name());
            coverage.close_to(&guide, &what, expected, instrument.maximum(scale), 0.0);
        }
    }
    let lequesne =
        Reference::quoted("lequesne", "Lequesne", "1987", "sum of eleven items, 0 to 24; no rule for missing items");
    let score = |items: &[Option<f64>]| Instrument::Lequesne.score(Scale::Total, items).ok();
    let worst = [2.0, 2.0, 1.0, 2.0, 1.0, 6.0, 2.0, 2.0, 2.0, 2.0, 2.0].map(Some);
    let mixed = [1.0, 1.0, 0.0, 2.0, 1.0, 3.0, 0.0, 0.5, 1.5, 1.0, 0.0].map(Some);
    coverage.close_to(&lequesne, "worst answers", 24.0, score(&worst).and_then(|score| score.value), 0.0);
    coverage.close_to(&lequesne, "mixed answers", 11.0, score(&mixed).and_then(|score| score.value), 0.0);
    let mut one_missing = mixed;
    one_missing[5] = None;
    let missing = score(&one_missing).is_some_and(|score| score.value.is_none());
    coverage.check(&lequesne, "missing with one item missing", missing);
    let unit = Reference::quoted("vas", "definition", "", "1 cm = 10 mm");
    for (instrument, answer) in [(Instrument::VasMm, 61.0), (Instrument::VasCm, 6.1)] {
        let ours = instrument.score(Scale::Total, &[Some(answer)]).ok().and_then(|score| score.value);
        coverage.close_to(&unit, &format!("{answer} as millimetres"), 61.0, ours, 1e-14);
    }
    coverage
}
