//! Questionnaires: expected scores follow by hand from the rules of the sources named in each module.

use splitknee::instrument::lequesne::{Band, band};
use splitknee::instrument::vas::{Unit, convert};
use splitknee::instrument::womac::from_koos;
use splitknee::instrument::{Instrument, Scale, ScoreError};

/// Answers 0–4 of one knee: pain sums to 9, stiffness to 5, function to 31.
const ANSWERS: [f64; 24] = [
    2.0, 3.0, 1.0, 2.0, 1.0, 3.0, 2.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 0.0, 2.0, 1.0, 2.0, 2.0, 1.0, 4.0, 2.0, 1.0, 3.0,
    1.0,
];

fn answered() -> Vec<Option<f64>> {
    ANSWERS.iter().copied().map(Some).collect()
}

fn without(items: &[usize]) -> Vec<Option<f64>> {
    let mut answers = answered();
    items.iter().for_each(|item| answers[item - 1] = None);
    answers
}

#[test]
fn womac_sums_its_subscales_in_every_response_format() {
    let all = answered();
    let likert = Instrument::WomacLikert;
    assert_eq!(likert.score(Scale::Pain, &all[..5]).unwrap().value, Some(9.0));
    assert_eq!(likert.score(Scale::Stiffness, &all[5..7]).unwrap().value, Some(5.0));
    assert_eq!(likert.score(Scale::Function, &all[7..]).unwrap().value, Some(31.0));
    let total = likert.score(Scale::Total, &all).unwrap();
    assert_eq!((total.value, total.normalised, total.replaced.len()), (Some(45.0), Some(46.875), 0));
    let maxima = |instrument: Instrument| Scale::ALL.map(|scale| instrument.maximum(scale).unwrap());
    assert_eq!(maxima(Instrument::WomacLikert), [20.0, 8.0, 68.0, 96.0]);
    assert_eq!(maxima(Instrument::WomacNrs), [50.0, 20.0, 170.0, 240.0]);
    assert_eq!(maxima(Instrument::WomacVas), [500.0, 200.0, 1700.0, 2400.0]);
    let worst = |instrument: Instrument, answer: f64| instrument.score(Scale::Total, &[Some(answer); 24]).unwrap();
    assert_eq!(worst(Instrument::WomacNrs, 10.0).normalised, Some(100.0));
    assert_eq!(worst(Instrument::WomacVas, 62.5).value, Some(1500.0));
}

#[test]
fn womac_replaces_missing_items_as_the_user_guide_says() {
    let score = |scale: Scale, items: &[Option<f64>]| Instrument::WomacLikert.score(scale, items).unwrap();
    // One pain item missing (item 2, answer 3): (9 - 3) * 5 / 4.
    let one = score(Scale::Pain, &without(&[2])[..5]);
    assert_eq!((one.value, one.replaced.as_slice()), (Some(7.5), &[2][..]));
    let two = score(Scale::Pain, &without(&[2, 3])[..5]);
    assert_eq!((two.value, two.normalised, two.reason.as_deref()), (None, None, Some("2 of 5 pain items missing")));
    // One stiffness item missing: the other one twice.
    assert_eq!(score(Scale::Stiffness, &without(&[6])[5..7]).value, Some(4.0));
    assert_eq!(score(Scale::Stiffness, &without(&[6, 7])[5..7]).value, None);
    // Three function items missing (8, 9, 20: answers 2, 3, 4): (31 - 9) * 17 / 14.
    let three = score(Scale::Function, &without(&[8, 9, 20])[7..]);
    assert_eq!((three.value, three.replaced.as_slice()), (Some(22.0 * 17.0 / 14.0), &[1, 2, 13][..]));
    assert_eq!(score(Scale::Function, &without(&[8, 9, 20, 24])[7..]).value, None);
    // The total needs all three subscales, and replaces within each.
    let total = score(Scale::Total, &without(&[2, 6]));
    assert_eq!((total.value, total.replaced.as_slice()), (Some(7.5 + 4.0 + 31.0), &[2, 6][..]));
    let invalid = score(Scale::Total, &without(&[1, 2, 6, 7]));
    assert_eq!(invalid.reason.as_deref(), Some("2 of 5 pain items missing, 2 of 2 stiffness items missing"));
    assert!(invalid.value.is_none() && invalid.replaced.is_empty());
}

#[test]
fn womac_comes_from_the_koos_items_that_are_its_own() {
    let numbered = |from: usize| move |index: usize| Some((from + index) as f64);
    let symptoms: [_; 7] = std::array::from_fn(numbered(101));
    let pain: [_; 9] = std::array::from_fn(numbered(201));
    let daily: [_; 17] = std::array::from_fn(numbered(301));
    let womac = from_koos(&symptoms, &pain, &daily);
    let expected: Vec<Option<f64>> =
        (205..=209).chain(106..=107).chain(301..=317).map(|item: u16| Some(f64::from(item))).collect();
    assert_eq!(womac.as_slice(), expected);
    let koos = Instrument::WomacFromKoos.score(Scale::Total, &answered()).unwrap();
    assert_eq!(koos.value, Some(45.0));
}

#[test]
fn lequesne_sums_eleven_items_and_knows_its_bands() {
    let score = |items: &[f64]| {
        let items: Vec<Option<f64>> = items.iter().copied().map(Some).collect();
        Instrument::Lequesne.score(Scale::Total, &items)
    };
    let worst = score(&[2.0, 2.0, 1.0, 2.0, 1.0, 6.0, 2.0, 2.0, 2.0, 2.0, 2.0]).unwrap();
    assert_eq!((worst.value, worst.normalised), (Some(24.0), Some(100.0)));
    let mixed = score(&[1.0, 1.0, 0.0, 2.0, 1.0, 3.0, 0.0, 0.5, 1.5, 1.0, 0.0]).unwrap();
    assert_eq!((mixed.value, mixed.normalised), (Some(11.0), Some(1100.0 / 24.0)));
    let mut items = [Some(1.0); 11];
    items[5] = None;
    let missing = Instrument::Lequesne.score(Scale::Total, &items).unwrap();
    assert!(missing.value.is_none() && missing.reason.unwrap().contains("1 of 11 items missing"));
    // A half point where only whole points are offered, and one beyond the item's range.
    match score(&[0.5, 1.0, 2.0, 2.0, 1.0, 6.0, 2.0, 0.25, 1.5, 2.0, 2.0]).unwrap_err() {
        ScoreError::Answers { answers } => {
            assert_eq!(answers.iter().map(|answer| answer.item).collect::<Vec<_>>(), [1, 3, 8]);
            assert!(answers[2].to_string().contains("0 to 2 in steps of 0.5"), "{}", answers[2]);
        }
        other => panic!("{other}"),
    }
    let bands = [0.0, 4.5, 5.0, 7.5, 8.0, 10.5, 11.0, 13.5, 14.0, 24.0].map(band);
    use Band::{ExtremelySevere, Mild, Moderate, Severe, VerySevere};
    let expected =
        [Mild, Mild, Moderate, Moderate, Severe, Severe, VerySevere, VerySevere, ExtremelySevere, ExtremelySevere];
    assert_eq!(bands, expected);
}

#[test]
fn vas_is_in_the_declared_unit() {
    let read = |instrument: Instrument, value: f64| instrument.score(Scale::Total, &[Some(value)]);
    assert_eq!(read(Instrument::VasMm, 61.0).unwrap().value, Some(61.0));
    assert_eq!(read(Instrument::VasCm, 6.1).unwrap().value, Some(61.0));
    assert!(read(Instrument::VasCm, 61.0).is_err() && read(Instrument::VasMm, -1.0).is_err());
    assert_eq!(Instrument::VasMm.score(Scale::Total, &[None]).unwrap().reason.as_deref(), Some("not answered"));
    assert_eq!(convert(61.0, Unit::Millimetre, Unit::Centimetre), 6.1);
}

#[test]
fn what_cannot_be_scored_says_why() {
    let message =
        |result: Result<_, ScoreError>| result.map(|_: splitknee::instrument::Score| ()).unwrap_err().to_string();
    let short = Instrument::WomacLikert.score(Scale::Pain, &[Some(1.0); 4]);
    assert_eq!(message(short), "womac-lk pain has 5 items but 4 were given, in the instrument's order");
    let scale = Instrument::Lequesne.score(Scale::Pain, &[Some(1.0); 5]);
    assert_eq!(message(scale), "lequesne has no scale `pain`; it has: total");
    let answer = Instrument::WomacLikert.score(Scale::Stiffness, &[Some(5.0), Some(0.5)]);
    assert!(message(answer).starts_with("item 1: 5 is not among its answers (whole numbers from 0 to 4)"));
    let nan = Instrument::WomacVas.score(Scale::Stiffness, &[Some(f64::NAN), Some(100.5)]);
    assert!(matches!(nan.unwrap_err(), ScoreError::Answers { answers } if answers.len() == 2));
    for instrument in Instrument::ALL {
        assert_eq!(Instrument::from_name(instrument.name()), Some(instrument));
        assert!(!instrument.source().is_empty());
    }
    assert_eq!((Scale::from_name("function"), Instrument::from_name("womac")), (Some(Scale::Function), None));
}
