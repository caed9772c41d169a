//! Writes the SYNTHETIC trial EV-KNEE-01 as CSV files: `cargo run --example generate-ev-knee -- FOLDER [SEED]`.
//!
//! The figures of the published trial that are public fix the shape (31 randomised, 29 analysed, 28 women and 1 man,
//! age 55.38 ± 6.07, visits at 0, 2 and 6 months, MRI at 0 and 6); everything else is drawn from the model below.
//!
//! # The model
//! The severity of knee k of patient i at visit v, in millimetres of the pain scale, is
//!
//! ```text
//! L(i,k,v) = m(v) + 12.5 u(i) + 9 w(i,k) + 6 p(i,v)
//! ```
//!
//! with independent unit-variance terms for patient, knee and patient-by-visit, and m = 67, 46, 48: both arms improve
//! alike, the arm is not in the formula. Pain is L plus its own error of 8; the questionnaire items are graded from L
//! with an error shared by the items of a form and one per item, and a score is the sum of its items.
//!
//! # The same bytes everywhere
//! Only sums, products and roundings of uniform draws are used (a bell-shaped draw is the sum of twelve uniforms,
//! less six), no function of the platform's mathematics library. Each patient has a random stream of its own.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use splitknee::math::random::Stream;

/// The seed of the committed files: of 1 to 60, the one for which no active − placebo interval of an endpoint excludes
/// zero, as in the published trial, and the within-patient correlations of pain, WOMAC and Lequesne spread least around
/// 0.5–0.6 (0.52 to 0.68; WOMAC stiffness, with two items, lower).
pub const SEED: u64 = 53;

const RANDOMISED: usize = 31;
const VISITS: [(&str, usize, i64); 3] = [("Baseline", 0, 0), ("Month 2", 2, 61), ("Month 6", 6, 183)];
const SIDES: [&str; 2] = ["LEFT", "RIGHT"];
const LEFT: usize = 0;
const RIGHT: usize = 1;

// Who leaves the plan, by randomisation number (1 to 31), and where.
const NOT_INJECTED: usize = 9;
const LOST_BEFORE_MONTH_2: usize = 22;
const LOST_AFTER_MONTH_2: usize = 17;
const MISSED_MONTH_2: [usize; 2] = [5, 26];
const KNEE_MISSING_MONTH_2: (usize, usize) = (14, RIGHT);
const KNEE_MISSING_MONTH_6: (usize, usize) = (20, LEFT);
const LEQUESNE_MISSING_MONTH_2: (usize, usize) = (28, LEFT);
const MRI_MISSING_MONTH_6: usize = 3;
const PROHIBITED_MEDICATION: usize = 11;
const MAN: usize = 16;

/// The random stream of one purpose: streams of one seed do not overlap.
struct Draw(Stream);

impl Draw {
    fn new(seed: u64, stream: u64) -> Self {
        Draw(Stream::new(seed, stream))
    }

    fn chance(&mut self, probability: f64) -> bool {
        self.0.uniform() < probability
    }

    /// An integer from `low` to `high`, both included.
    fn integer(&mut self, low: i64, high: i64) -> i64 {
        low + self.0.below((high - low + 1) as usize) as i64
    }

    /// Bell-shaped, mean 0, variance 1, within ±6. Not [`Stream::normal`], which needs logarithms.
    fn bell(&mut self) -> f64 {
        (0..12).map(|_| self.0.uniform()).sum::<f64>() - 6.0
    }
}

/// The answers of one knee at one visit.
struct Form {
    vas: i64,
    womac: [i64; 24],
    /// In half points.
    lequesne: [i64; 11],
}

/// The MRI readings of one knee at one visit.
#[derive(Clone, Copy)]
struct Mri {
    retropatellar: i64,
    tibiofemoral: i64,
    meniscus_medial: i64,
    meniscus_lateral: i64,
    acl: i64,
    effusion: i64,
}

/// Everything drawn for one patient.
struct Patient {
    number: usize,
    age: i64,
    /// In tenths.
    bmi: i64,
    dominance: usize,
    kl: [i64; 2],
    ev_side: usize,
    /// Days since 1970-01-01.
    randomised_on: i64,
    visit_days: [i64; 3],
    forms: Vec<[Form; 2]>,
    mri: [[Mri; 2]; 2],
}

impl Patient {
    fn id(&self) -> String {
        format!("EVK-{:03}", self.number)
    }

    fn analysed(&self) -> bool {
        self.number != NOT_INJECTED && self.number != LOST_BEFORE_MONTH_2
    }

    fn injected(&self) -> bool {
        self.number != NOT_INJECTED
    }

    fn per_protocol(&self) -> bool {
        let departed = [LOST_AFTER_MONTH_2, KNEE_MISSING_MONTH_6.0, PROHIBITED_MEDICATION];
        self.analysed() && !departed.contains(&self.number)
    }

    fn arm(&self, side: usize) -> &'static str {
        if side == self.ev_side { "EV" } else { "SALINE" }
    }

    /// Whether this knee was scored at this visit (0, 1, 2 in order).
    fn seen(&self, side: usize, visit: usize) -> bool {
        let knee = (self.number, side);
        match visit {
            0 => true,
            1 => self.analysed() && !MISSED_MONTH_2.contains(&self.number) && knee != KNEE_MISSING_MONTH_2,
            _ => self.analysed() && self.number != LOST_AFTER_MONTH_2 && knee != KNEE_MISSING_MONTH_6,
        }
    }

    fn lequesne_answered(&self, side: usize, visit: usize) -> bool {
        visit != 1 || (self.number, side) != LEQUESNE_MISSING_MONTH_2
    }
}

/// An answer on a scale of whole steps from 0 to `top`, from a severity between 0 and 1.
fn grade(severity: f64, top: i64) -> i64 {
    (severity * top as f64).round().clamp(0.0, top as f64) as i64
}

/// One bell-shaped value per knee, correlated 0.8 within the patient, as sizes of the anatomy are.
fn paired_bells(draw: &mut Draw) -> [f64; 2] {
    let shared = draw.bell();
    [0, 1].map(|_| 0.894_427_2 * shared + 0.447_213_6 * draw.bell())
}

fn form(severity: f64, patient_shift: [f64; 2], stick: bool, draw: &mut Draw) -> Form {
    let mut vas = (severity + 8.0 * draw.bell()).round().clamp(0.0, 100.0) as i64;
    if draw.chance(0.3) {
        vas = (vas + 2) / 5 * 5; // many people mark at the fives and tens
    }
    let mut womac = [0; 24];
    let level = (0.8 * severity + 4.0 * patient_shift[0] + 5.0 * draw.bell()) / 100.0;
    for (item, answer) in womac.iter_mut().enumerate() {
        let difficulty = [0.04, -0.05, 0.0, 0.07, -0.03, -0.06, 0.02][item % 7];
        *answer = grade(level + difficulty + 0.13 * draw.bell(), 4);
    }
    let level = (0.75 * severity + 4.0 * patient_shift[1] + 5.0 * draw.bell()) / 100.0;
    // Night pain, morning stiffness, standing, walking, rising, distance, walking aid, four activities; in half points.
    let tops: [i64; 7] = [2, 2, 1, 2, 1, 6, 2];
    let mut lequesne = [0; 11];
    for (item, answer) in lequesne.iter_mut().enumerate() {
        let noisy = level + 0.14 * draw.bell();
        *answer = match item {
            6 => 2 * i64::from(stick),
            0..=5 => 2 * grade(noisy, tops[item]),
            _ => grade(noisy, 4),
        };
    }
    Form { vas, womac, lequesne }
}

fn mri(kl: [i64; 2], man: bool, draw: &mut Draw) -> [[Mri; 2]; 2] {
    let size = if man { 1.25 } else { 1.0 };
    let (retro, tibio) = (paired_bells(draw), paired_bells(draw));
    let (medial, lateral, fluid) = (draw.bell(), draw.bell(), draw.bell());
    let baseline = [LEFT, RIGHT].map(|side| {
        let arthritis = (kl[side] - 2) as f64;
        let meniscus = |mean: f64, shared: f64, own: f64| {
            (mean + 0.6 * arthritis + 0.55 * shared + 0.5 * own).round().clamp(0.0, 3.0) as i64
        };
        Mri {
            retropatellar: (size * (2180.0 - 150.0 * arthritis + 360.0 * retro[side])).round() as i64,
            tibiofemoral: (size * (10_450.0 - 520.0 * arthritis + 1240.0 * tibio[side])).round() as i64,
            meniscus_medial: meniscus(1.2, medial, draw.bell()),
            meniscus_lateral: meniscus(0.6, lateral, draw.bell()),
            acl: i64::from(draw.chance(0.08)),
            effusion: meniscus(1.1, fluid, draw.bell()),
        }
    });
    let month_6 = baseline.map(|before| {
        let shrink = |volume: i64, draw: &mut Draw| (volume as f64 * (0.992 + 0.025 * draw.bell())).round() as i64;
        let drift = |grade: i64, worse: f64, better: f64, draw: &mut Draw| {
            let chance = draw.0.uniform();
            let step = i64::from(chance < worse) - i64::from(chance > 1.0 - better);
            (grade + step).clamp(0, 3)
        };
        Mri {
            retropatellar: shrink(before.retropatellar, draw),
            tibiofemoral: shrink(before.tibiofemoral, draw),
            meniscus_medial: drift(before.meniscus_medial, 0.12, 0.04, draw),
            meniscus_lateral: drift(before.meniscus_lateral, 0.10, 0.04, draw),
            acl: drift(before.acl, 0.03, 0.0, draw).min(1),
            effusion: drift(before.effusion, 0.12, 0.35, draw),
        }
    });
    [baseline, month_6]
}

/// Whole ages between 42 and 68 of the 29 analysed: sum 1606 and sum of squares 89 972, which make mean 55.38 and
/// SD 6.07. Drawn, then moved one year at a time until both sums are right.
fn analysed_ages(draw: &mut Draw) -> Vec<i64> {
    const SUM: i64 = 1606;
    const SQUARES: i64 = 89_972;
    let squares = |ages: &[i64]| ages.iter().map(|age| age * age).sum::<i64>();
    let mut ages: Vec<i64> = (0..29).map(|_| (55.4 + 6.0 * draw.bell()).round().clamp(42.0, 68.0) as i64).collect();
    loop {
        let excess = ages.iter().sum::<i64>() - SUM;
        if excess == 0 && squares(&ages) == SQUARES {
            return ages;
        }
        // One year from one patient to another, or (while the sum is off) one year off a patient; a move is kept when
        // it brings the sums no further away, so chance carries the search past plateaus.
        let (from, to) = (draw.integer(0, 28) as usize, draw.integer(0, 28) as usize);
        let mut moved = ages.clone();
        moved[from] -= if excess == 0 { 1 } else { excess.signum() };
        if excess == 0 {
            moved[to] += 1;
        }
        let in_range = moved.iter().all(|age| (42..=68).contains(age));
        let nearer = (squares(&moved) - SQUARES).abs() <= (squares(&ages) - SQUARES).abs();
        if in_range && (excess != 0 || nearer) {
            ages = moved;
        }
    }
}

/// Permuted blocks of four: which side receives EV, by sequence number.
fn allocation(draw: &mut Draw) -> Vec<usize> {
    let mut sides = Vec::new();
    while sides.len() < RANDOMISED {
        let mut block = [LEFT, LEFT, RIGHT, RIGHT];
        for last in (1..block.len()).rev() {
            block.swap(last, draw.integer(0, last as i64) as usize);
        }
        sides.extend(block);
    }
    sides.truncate(RANDOMISED);
    sides
}

fn patients(seed: u64) -> Vec<Patient> {
    let ev_sides = allocation(&mut Draw::new(seed, 0));
    let mut ages = analysed_ages(&mut Draw::new(seed, 1)).into_iter();
    let mut calendar = Draw::new(seed, 2);
    let mut randomised_on = days_from_civil(2022, 3, 6);
    let mut patients = Vec::new();
    for (index, ev_side) in ev_sides.into_iter().enumerate() {
        let number = index + 1;
        let draw = &mut Draw::new(seed, 100 + number as u64);
        randomised_on += calendar.integer(2, 12);
        let analysed = number != NOT_INJECTED && number != LOST_BEFORE_MONTH_2;
        let spare_age = draw.integer(48, 62);
        let age = if analysed { ages.next().unwrap_or(spare_age) } else { spare_age };
        let kl = [0, 1].map(|_| if draw.chance(0.55) { 3 } else { 2 });
        let stick = draw.chance(0.1);
        let person = draw.bell();
        let knees = [draw.bell(), draw.bell()];
        let shift = [draw.bell(), draw.bell()];
        let forms = [67.0, 46.0, 48.0].map(|mean| {
            let visit = draw.bell();
            [LEFT, RIGHT].map(|side| {
                let severity = mean + 12.5 * person + 9.0 * knees[side] + 6.0 * visit;
                form(severity, shift, stick, draw)
            })
        });
        let mri = mri(kl, number == MAN, draw);
        let mut visit_days = [randomised_on; 3];
        for (day, (_, _, planned)) in visit_days.iter_mut().zip(VISITS).skip(1) {
            *day += planned + draw.integer(-6, 6);
        }
        patients.push(Patient {
            number,
            age,
            bmi: (289.0 + 32.0 * draw.bell()).round() as i64,
            dominance: if draw.chance(0.85) { RIGHT } else { LEFT },
            kl,
            ev_side,
            randomised_on,
            visit_days,
            forms: forms.into(),
            mri,
        });
    }
    patients
}

/// Days since 1970-01-01 of a date of the Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The inverse of [`days_from_civil`], as ISO 8601.
fn iso_date(days: i64) -> String {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Half points as a decimal number: 21 is "10.5".
fn halves(points: i64) -> String {
    format!("{}.{}", points / 2, 5 * (points % 2))
}

fn yes_no(yes: bool) -> &'static str {
    if yes { "Y" } else { "N" }
}

/// A CSV text: header, then one line per row. No value here needs quoting.
fn csv(header: &str, rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut text = format!("{header}\n");
    for row in rows {
        text.push_str(&row.join(","));
        text.push('\n');
    }
    text
}

/// One row per scored knee and visit: the keys, then what `values` says of it.
fn knee_rows<'a>(
    patients: &'a [Patient],
    values: impl Fn(&'a Patient, usize, usize) -> Option<Vec<String>>,
) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for patient in patients {
        for (visit, (name, month, _)) in VISITS.into_iter().enumerate() {
            for side in [LEFT, RIGHT].into_iter().filter(|&side| patient.seen(side, visit)) {
                if let Some(values) = values(patient, side, visit) {
                    let keys = [patient.id(), SIDES[side].into(), name.into(), month.to_string()];
                    rows.push(keys.into_iter().chain(values).collect());
                }
            }
        }
    }
    rows
}

fn knees_csv(patients: &[Patient]) -> String {
    let rows = knee_rows(patients, |patient, side, visit| {
        let Form { vas, womac, lequesne } = &patient.forms[visit][side];
        let sum = |items: &[i64]| items.iter().sum::<i64>();
        let mut row = vec![patient.arm(side).into(), iso_date(patient.visit_days[visit])];
        row.extend([*vas, sum(&womac[..5]), sum(&womac[5..7]), sum(&womac[7..]), sum(womac)].map(|v| v.to_string()));
        row.push(if patient.lequesne_answered(side, visit) { halves(sum(lequesne)) } else { String::new() });
        let scanned = visit == 0 || (visit == 2 && patient.number != MRI_MISSING_MONTH_6);
        let Mri { retropatellar, tibiofemoral, meniscus_medial, meniscus_lateral, acl, effusion } =
            patient.mri[visit / 2][side];
        let readings = [retropatellar, tibiofemoral, meniscus_medial, meniscus_lateral, acl, effusion];
        row.extend(readings.map(|value| if scanned { value.to_string() } else { String::new() }));
        Some(row)
    });
    csv(
        "usubjid,lat,avisit,avisitn,trt,adt,vas,womac_pain,womac_stiffness,womac_function,womac_total,lequesne,\
         cartilage_retropatellar,cartilage_tibiofemoral,meniscus_medial,meniscus_lateral,acl,effusion",
        rows,
    )
}

/// A header of the keys and `count` numbered columns per subscale.
fn item_header(subscales: &[(&str, usize)]) -> String {
    let mut header = String::from("usubjid,lat,avisit,avisitn");
    for (name, count) in subscales {
        for item in 1..=*count {
            let _ = write!(header, ",{name}_{item}");
        }
    }
    header
}

fn womac_items_csv(patients: &[Patient]) -> String {
    let rows = knee_rows(patients, |patient, side, visit| {
        Some(patient.forms[visit][side].womac.iter().map(i64::to_string).collect())
    });
    csv(&item_header(&[("pain", 5), ("stiffness", 2), ("function", 17)]), rows)
}

fn lequesne_items_csv(patients: &[Patient]) -> String {
    let rows = knee_rows(patients, |patient, side, visit| {
        let items = patient.forms[visit][side].lequesne;
        patient.lequesne_answered(side, visit).then(|| {
            let half_steps = items[7..].iter().map(|&points| halves(points));
            items[..7].iter().map(|points| (points / 2).to_string()).chain(half_steps).collect()
        })
    });
    csv(&item_header(&[("pain", 5), ("distance", 2), ("activity", 4)]), rows)
}

fn patients_csv(patients: &[Patient]) -> String {
    let rows = patients.iter().map(|patient| {
        vec![
            patient.id(),
            patient.age.to_string(),
            if patient.number == MAN { "M" } else { "F" }.into(),
            format!("{}.{}", patient.bmi / 10, patient.bmi % 10),
            SIDES[patient.dominance].into(),
            patient.kl[LEFT].to_string(),
            patient.kl[RIGHT].to_string(),
            iso_date(patient.randomised_on),
            "Y".into(),
            yes_no(patient.analysed()).into(),
            yes_no(patient.per_protocol()).into(),
            yes_no(patient.injected()).into(),
        ]
    });
    csv("usubjid,age,sex,bmi,dominance,kl_left,kl_right,randdt,randomised,fas,pp,saf", rows)
}

fn allocation_csv(patients: &[Patient]) -> String {
    let rows = patients.iter().map(|patient| {
        let block = (patient.number - 1) / 4 + 1;
        vec![patient.number.to_string(), block.to_string(), patient.id(), SIDES[patient.ev_side].into()]
    });
    csv("sequence,block,usubjid,ev_side", rows)
}

fn disposition_csv(patients: &[Patient]) -> String {
    let rows = patients.iter().map(|patient| {
        let (status, last_visit, reason) = match patient.number {
            NOT_INJECTED => ("DISCONTINUED", "Baseline", "Withdrew consent before the injections"),
            LOST_BEFORE_MONTH_2 => ("DISCONTINUED", "Baseline", "Lost to follow-up before Month 2"),
            LOST_AFTER_MONTH_2 => ("DISCONTINUED", "Month 2", "Lost to follow-up after Month 2"),
            _ => ("COMPLETED", "Month 6", ""),
        };
        let [injected, analysed] = [patient.injected(), patient.analysed()].map(yes_no);
        vec![
            patient.id(),
            "Y".into(),
            injected.into(),
            analysed.into(),
            status.into(),
            last_visit.into(),
            reason.into(),
        ]
    });
    csv("usubjid,randomised,injected,analysed,status,last_visit,reason", rows)
}

/// The intercurrent events: another injection into one knee, a prohibited analgesic of one patient, and those who left.
fn intercurrent_events_csv(patients: &[Patient]) -> String {
    let rows = patients.iter().filter_map(|patient| {
        let (knee, event, day) = match patient.number {
            number if number == KNEE_MISSING_MONTH_6.0 => {
                (SIDES[KNEE_MISSING_MONTH_6.1], "RE-INJECTION", patient.visit_days[1] + 40)
            }
            PROHIBITED_MEDICATION => ("", "RESCUE ANALGESIC", patient.visit_days[2] - 21),
            NOT_INJECTED => ("", "DISCONTINUATION", patient.randomised_on),
            LOST_BEFORE_MONTH_2 => ("", "DISCONTINUATION", patient.randomised_on + 30),
            LOST_AFTER_MONTH_2 => ("", "DISCONTINUATION", patient.visit_days[1] + 30),
            _ => return None,
        };
        Some(vec![patient.id(), knee.into(), iso_date(day), event.into()])
    });
    csv("usubjid,knee,date,event", rows)
}

fn adverse_events_csv(patients: &[Patient], seed: u64) -> String {
    let mut rows = Vec::new();
    for patient in patients.iter().filter(|patient| patient.injected()) {
        let draw = &mut Draw::new(seed, 1000 + patient.number as u64);
        let mut add = |knee: &str, term: &str, severity: &str, related: bool, start: i64, end: Option<i64>| {
            let on = |day: i64| iso_date(patient.randomised_on + day - 1);
            let (end_date, outcome) = end.map_or((String::new(), "NOT RECOVERED"), |day| (on(day), "RECOVERED"));
            let end = end.map_or(String::new(), |day| day.to_string());
            let (start, began) = (start.to_string(), on(start));
            let event =
                [knee, term, severity, "N", yes_no(related), &start, &end, organ_class(term), &began, &end_date];
            let event = event.into_iter().chain(["NONE", outcome]);
            rows.push(std::iter::once(patient.id()).chain(event.map(String::from)).collect::<Vec<_>>());
        };
        for side in [LEFT, RIGHT] {
            let ev = side == patient.ev_side;
            for (term, chance) in
                [("Local pain", if ev { 0.4 } else { 0.3 }), ("Local heat", if ev { 0.3 } else { 0.2 })]
            {
                let occurs = draw.chance(chance);
                let severity = if draw.chance(0.8) { "MILD" } else { "MODERATE" };
                let (start, lasts) = (draw.integer(1, 2), draw.integer(0, 3));
                if occurs {
                    add(SIDES[side], term, severity, true, start, Some(start + lasts));
                }
            }
        }
        for (term, chance) in [("Headache", 0.1), ("Upper respiratory tract infection", 0.1), ("Back pain", 0.07)] {
            let occurs = draw.chance(chance);
            let severity = if draw.chance(0.7) { "MILD" } else { "MODERATE" };
            let (start, lasts) = (draw.integer(5, 150), draw.integer(1, 9));
            if occurs {
                let ongoing = term == "Back pain" && start > 90;
                add("SYSTEMIC", term, severity, false, start, (!ongoing).then_some(start + lasts));
            }
        }
    }
    let header = "usubjid,knee,term,severity,serious,related,start_day,end_day,soc,start_date,end_date,action,outcome";
    csv(header, rows)
}

/// The protocol deviations: what was missed, and the two events that keep a patient out of the per-protocol set.
fn deviations_csv(patients: &[Patient]) -> String {
    let mut rows = Vec::new();
    for patient in patients {
        let mut add = |knee: &str, what: &str, day: i64, important: bool| {
            rows.push(vec![patient.id(), knee.into(), what.into(), iso_date(day), yes_no(important).into()]);
        };
        let [_, month_2, month_6] = patient.visit_days;
        match patient.number {
            number if MISSED_MONTH_2.contains(&number) => add("", "Visit missed", month_2, false),
            number if number == KNEE_MISSING_MONTH_2.0 => {
                add(SIDES[KNEE_MISSING_MONTH_2.1], "Knee not scored", month_2, false);
            }
            number if number == KNEE_MISSING_MONTH_6.0 => {
                add(SIDES[KNEE_MISSING_MONTH_6.1], "Further injection into a treated knee", month_2 + 40, true);
                add(SIDES[KNEE_MISSING_MONTH_6.1], "Knee not scored", month_6, false);
            }
            number if number == LEQUESNE_MISSING_MONTH_2.0 => {
                add(SIDES[LEQUESNE_MISSING_MONTH_2.1], "Lequesne form not returned", month_2, false);
            }
            MRI_MISSING_MONTH_6 => add("", "MRI not done", month_6, false),
            PROHIBITED_MEDICATION => add("", "Prohibited analgesic", month_6 - 21, true),
            _ => {}
        }
    }
    csv("usubjid,knee,deviation,date,important", rows)
}

/// The system organ class of MedDRA that the term belongs to.
fn organ_class(term: &str) -> &'static str {
    match term {
        "Headache" => "Nervous system disorders",
        "Upper respiratory tract infection" => "Infections and infestations",
        "Back pain" => "Musculoskeletal and connective tissue disorders",
        _ => "General disorders and administration site conditions",
    }
}

/// Every file of the data set: name and text.
pub fn files(seed: u64) -> Vec<(&'static str, String)> {
    let patients = patients(seed);
    vec![
        ("knees.csv", knees_csv(&patients)),
        ("patients.csv", patients_csv(&patients)),
        ("allocation.csv", allocation_csv(&patients)),
        ("adverse_events.csv", adverse_events_csv(&patients, seed)),
        ("disposition.csv", disposition_csv(&patients)),
        ("intercurrent_events.csv", intercurrent_events_csv(&patients)),
        ("deviations.csv", deviations_csv(&patients)),
        ("womac_items.csv", womac_items_csv(&patients)),
        ("lequesne_items.csv", lequesne_items_csv(&patients)),
    ]
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().map(PathBuf::from);
    let seed = arguments.next().map_or(Ok(SEED), |text| text.parse());
    let (Some(folder), Ok(seed)) = (folder, seed) else {
        eprintln!("usage: generate-ev-knee FOLDER [SEED]");
        return ExitCode::from(2);
    };
    for (name, text) in files(seed) {
        if let Err(error) = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(folder.join(name), text)) {
            eprintln!("{}: {error}", folder.join(name).display());
            return ExitCode::from(3);
        }
    }
    ExitCode::SUCCESS
}
