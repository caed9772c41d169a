//! What the tests and the benchmark of the figures draw: every figure, with short, long, Japanese and hostile words.

use splitknee::figure::scene::Arm;
use splitknee::figure::{
    Figure, FigureError, Heading, Language, MeanCi, Style, adverse_event_timeline as events, bland_altman,
    cumulative_responder as responder, differences, flow, forest, imputation_diagnostics as diagnostics, missingness,
    operating_characteristics as characteristics, paired_slopes as slopes, profiles, residuals, sensitivity_forest,
    shift_bars, strategy_profiles, waterfall, zip_plot,
};
use splitknee::trial::Better;

/// The words a figure is drawn with.
pub struct Words {
    pub name: &'static str,
    pub style: Style,
    pub visit: fn(usize) -> String,
    pub endpoint: &'static str,
    pub active: &'static str,
    pub placebo: &'static str,
}

pub fn short() -> Words {
    Words {
        name: "short",
        style: Style::new(Language::English, "EV", "Saline"),
        visit: |i| if i == 0 { "Baseline".into() } else { format!("Month {}", 2 * i) },
        endpoint: "VAS pain (mm)",
        active: "EV",
        placebo: "saline",
    }
}

pub fn long() -> Words {
    Words {
        name: "long",
        style: Style::new(
            Language::English,
            "Placental mesenchymal stem-cell extracellular vesicles, 5 mL, one intra-articular injection",
            "Sodiumchloridesolutionforinjectionwithoutanyspacewhatsoever 0.9 %, 5 mL, one intra-articular injection",
        ),
        visit: |i| format!("Follow-up visit number {i} after the injection, window of ± 14 days"),
        endpoint: "Western Ontario and McMaster Universities Osteoarthritis Index, physical function (0–68, higher is worse)",
        active: "placental mesenchymal stem-cell extracellular vesicles",
        placebo: "sodium chloride solution for injection 0.9 %",
    }
}

pub fn japanese() -> Words {
    Words {
        name: "japanese",
        style: Style::new(Language::Japanese, "細胞外小胞(EV)膝", "生理食塩水膝"),
        visit: |i| if i == 0 { "投与前".into() } else { format!("投与後{}か月", 2 * i) },
        endpoint: "VAS疼痛(mm)",
        active: "細胞外小胞",
        placebo: "生理食塩水",
    }
}

pub fn hostile() -> Words {
    Words {
        name: "hostile",
        style: Style::new(
            Language::English,
            "</text><script>alert(1)</script>",
            "\"'><image href=\"http://example.com/x\"/>&amp;\u{0}\u{202E}",
        ),
        visit: |i| format!("<b onload='x()'>{i}</b>]]><!--"),
        endpoint: "Schmerz e\u{301}\u{301}\u{301} か\u{3099} ألم %<&>",
        active: "<svg/onload=alert(1)>",
        placebo: "مريض",
    }
}

/// Numbers without a generator: the fractional parts of multiples of the golden ratio fill (0, 1) evenly.
pub fn number(i: usize, salt: usize) -> f64 {
    ((i * 7 + salt * 13 + 1) as f64 * 0.618_033_988_749_895).fract()
}

pub fn mean(n: usize, mean: f64, half: f64) -> MeanCi {
    MeanCi { n, mean: Some(mean), low: Some(mean - half), high: Some(mean + half) }
}

pub fn heading(w: &Words) -> Heading {
    Heading {
        key: w.name.into(),
        number: "14.2.1".into(),
        title: format!("{}: {} and {}", w.endpoint, w.active, w.placebo),
        description: format!("Figure of {}.", w.endpoint),
        footnotes: vec![format!("Synthetic data. {} against {}.", w.active, w.placebo)],
        ..Heading::default()
    }
}

pub fn patient(i: usize) -> String {
    format!("EV-{i:03}")
}

pub fn profiles_input(w: &Words, visits: usize) -> profiles::Profiles {
    let visit = |i: usize| profiles::Visit {
        label: (w.visit)(i),
        time: (i * 2) as f64,
        active: mean(29 - i % 3, 60.0 - i as f64, 7.0),
        placebo: if i == 3 { MeanCi::default() } else { mean(29, 60.0 - 0.7 * i as f64, 7.0) },
        apart: visits > 1 && i == 0,
    };
    profiles::Profiles {
        heading: heading(w),
        visits: (0..visits).map(visit).collect(),
        limits: None,
        below: None,
        labels: profiles::Labels::english(w.endpoint),
    }
}

pub fn slopes_input(w: &Words, patients: usize, visits: usize) -> slopes::PairedSlopes {
    let pair = |i: usize, v: usize| slopes::Pair {
        patient: patient(i),
        active: (i % 11 != 3).then_some((90.0 * number(i, v)).round()),
        placebo: (i % 13 != 5).then_some((95.0 * number(i, v + 5)).round()),
    };
    let panel = |v: usize| slopes::Panel {
        label: (w.visit)(v),
        pairs: (0..patients).map(|i| pair(i, v)).collect(),
        active: mean(patients, 45.0, 6.0),
        placebo: mean(patients, 47.0, 6.0),
        note: format!("{patients} patients"),
    };
    slopes::PairedSlopes {
        heading: heading(w),
        panels: (0..visits).map(panel).collect(),
        limits: Some((0.0, 100.0)),
        value_label: w.endpoint.into(),
        better_label: "↓ lower is better".into(),
    }
}

pub fn values(patients: usize, salt: usize) -> Vec<(String, f64)> {
    (0..patients).map(|i| (patient(i), (60.0 * (number(i, salt) - 0.55)).round())).collect()
}

pub fn differences_input(w: &Words, patients: usize, visits: usize) -> differences::Differences {
    let row = |v: usize| differences::Row {
        label: (w.visit)(v),
        differences: values(patients, v),
        quartiles: Some(differences::Box5 { min: -33.0, q1: -15.0, median: -3.0, q3: 10.0, max: 27.0 }),
        mean: mean(patients, -3.0, 8.0),
    };
    differences::Differences {
        heading: heading(w),
        rows: (0..visits).map(row).collect(),
        mcid: Some(19.9),
        better: Better::Lower,
        decimals: 1,
        numbers: Default::default(),
        labels: differences::Labels::english(w.endpoint, w.active, w.placebo),
    }
}

pub fn forest_input(w: &Words, endpoints: usize, visits: usize) -> forest::Forest {
    let row = |e: usize, v: usize| forest::Row {
        label: (w.visit)(v),
        difference: if e == 2 { MeanCi::default() } else { mean(29, -3.0 * (e + 1) as f64, 8.0) },
        primary: e == 0 && v == 0,
    };
    let block = |e: usize| forest::Block {
        label: format!("{} {e}", w.endpoint),
        rows: (0..visits).map(|v| row(e, v)).collect(),
        mcid: (e % 3 != 1).then_some(10.0),
        better: if e % 4 == 3 { Better::Higher } else { Better::Lower },
        decimals: 1,
        numbers: Default::default(),
    };
    forest::Forest {
        heading: heading(w),
        blocks: (0..endpoints).map(block).collect(),
        labels: forest::Labels::english(w.active, w.placebo),
    }
}

pub fn flow_input(w: &Words) -> flow::Flow {
    let count = |patients, knees| flow::Count { patients, knees };
    let step = |label: String, c, by_arm, leaving: Vec<(usize, usize)>| flow::Step {
        label,
        count: c,
        by_arm,
        leaving_label: "Not analysed".into(),
        leaving: leaving
            .into_iter()
            .map(|(p, k)| flow::Leaving { reason: format!("Reason: {}", w.placebo), count: count(p, k) })
            .collect(),
    };
    flow::Flow {
        arms: 2,
        heading: heading(w),
        steps: vec![
            step("Assessed".into(), count(48, 96), None, vec![(9, 18), (8, 16)]),
            step("Randomised".into(), count(31, 62), Some([31, 31]), vec![(2, 4), (0, 1)]),
            step((w.visit)(2), count(29, 57), Some([29, 28]), vec![]),
        ],
        labels: flow::Labels::english(),
    }
}

pub fn bland_altman_input(w: &Words, patients: usize) -> bland_altman::BlandAltman {
    let point = |(i, (patient, difference)): (usize, (String, f64))| bland_altman::Point {
        patient,
        mean: 100.0 * number(i, 9),
        difference,
    };
    bland_altman::BlandAltman {
        heading: heading(w),
        points: values(patients, 4).into_iter().enumerate().map(point).collect(),
        bias: mean(patients, -3.0, 2.0),
        lower: mean(patients, -8.0, 3.0),
        upper: mean(patients, 2.0, 3.0),
        decimals: 1,
        numbers: Default::default(),
        labels: bland_altman::Labels::english(w.endpoint, w.active, w.placebo),
    }
}

pub fn responder_input(w: &Words, steps: usize) -> responder::CumulativeResponder {
    let curve = |shift: f64| responder::Curve {
        n: steps,
        steps: (0..steps).map(|i| (i as f64 - 10.0 + shift, 100.0 * (steps - i) as f64 / steps as f64)).collect(),
    };
    let mark = |at, label: String| responder::Threshold { at, label };
    responder::CumulativeResponder {
        heading: heading(w),
        active: curve(3.0),
        placebo: curve(0.0),
        thresholds: vec![
            mark(19.0, format!("MCID, {}", w.active)),
            mark(5.0, w.placebo.into()),
            mark(steps as f64 - 9.0, format!("near the edge, {}", w.active)),
        ],
        labels: responder::Labels::english(w.endpoint),
    }
}

pub fn waterfall_input(w: &Words, patients: usize) -> waterfall::Waterfall {
    waterfall::Waterfall {
        heading: heading(w),
        differences: values(patients, 2),
        mcid: Some(19.9),
        better: Better::Lower,
        numbers: Default::default(),
        labels: waterfall::Labels::english(w.endpoint, w.active, w.placebo, patients),
    }
}

pub fn shift_input(w: &Words, findings: usize) -> shift_bars::ShiftBars {
    let bar = |i: usize| shift_bars::Bar {
        arm: if i < 2 { Arm::Active } else { Arm::Placebo },
        label: (w.visit)(i % 2),
        counts: vec![6, 14, 8, 1],
        note: if i % 2 == 1 { "2 better, 1 worse".into() } else { String::new() },
    };
    let finding = |i: usize| shift_bars::Finding {
        label: format!("{} {i}", w.endpoint),
        grades: (0..4).map(|g| format!("{g} {}", w.placebo)).collect(),
        bars: (0..4).map(bar).collect(),
    };
    shift_bars::ShiftBars {
        heading: heading(w),
        findings: (0..findings).map(finding).collect(),
        labels: shift_bars::Labels::english(),
    }
}

pub fn missingness_input(w: &Words, patients: usize, visits: usize) -> missingness::Missingness {
    let cell = |i: usize, v: usize, k: usize| match (i + 3 * v + 5 * k) % 17 {
        0 => missingness::Cell::Missing,
        _ if i % 9 == 4 && v * 3 > visits => missingness::Cell::Left,
        _ => missingness::Cell::Observed,
    };
    let one = |i: usize| missingness::Patient {
        label: patient(i),
        visits: (0..visits).map(|v| [cell(i, v, 0), cell(i, v, 1)]).collect(),
    };
    missingness::Missingness {
        heading: heading(w),
        visits: (0..visits).map(|v| (w.visit)(v)).collect(),
        patients: (0..patients).map(one).collect(),
        labels: missingness::Labels::english(),
    }
}

pub fn residuals_input(w: &Words, n: usize) -> residuals::Residuals {
    let one = |i: usize| residuals::Residual {
        label: patient(i),
        quantile: 4.0 * (i as f64 + 0.5) / n as f64 - 2.0,
        fitted: 100.0 * number(i, 1),
        residual: 4.0 * (i as f64 + 0.5) / n as f64 - 2.1,
    };
    residuals::Residuals {
        heading: heading(w),
        residuals: (0..n).map(one).collect(),
        labels: residuals::Labels::english(w.endpoint),
    }
}

pub fn strategies_input(w: &Words, visits: usize, n: usize) -> strategy_profiles::StrategyProfiles {
    let course = |from: f64, some: bool| -> Vec<Option<f64>> {
        (0..visits).map(|v| some.then_some(from - 2.0 * v as f64).filter(|_| v != 2)).collect()
    };
    let one = |i: usize| strategy_profiles::Strategy {
        label: format!("E{}: {}", i + 1, w.endpoint),
        completed: [course(-8.0 + i as f64, true), course(-4.0, true)],
        imputed: [course(-5.0 + 2.0 * i as f64, true), course(-4.5, i.is_multiple_of(2))],
    };
    strategy_profiles::StrategyProfiles {
        heading: heading(w),
        visits: (0..visits).map(|v| ((w.visit)(v + 1), 2.0 * (v + 1) as f64)).collect(),
        observed: [course(-8.5, true), course(-4.2, true)],
        strategies: (0..n).map(one).collect(),
        labels: strategy_profiles::Labels::english(w.endpoint),
    }
}

pub fn diagnostics_input(w: &Words, visits: usize, chain: bool) -> diagnostics::ImputationDiagnostics {
    let five = |from: f64, n: usize| Some(diagnostics::Box5 { n, at: [-9.0, -4.0, 0.0, 5.0, 11.0].map(|q| from + q) });
    let visit = |v: usize| diagnostics::Visit {
        label: (w.visit)(v + 1),
        observed: [five(-10.0, 25), five(-6.0, 27)],
        imputed: [five(-8.0, 4).filter(|_| v != 1), five(-5.0, 2)],
    };
    let draw = |i: usize| -8.0 + 3.0 * number(i, 2);
    diagnostics::ImputationDiagnostics {
        heading: heading(w),
        visits: (0..visits).map(visit).collect(),
        residuals: (0..160)
            .map(|i| (4.0 * (i as f64 + 0.5) / 160.0 - 2.0, 4.2 * (i as f64 + 0.5) / 160.0 - 2.1))
            .collect(),
        trace: if chain { (0..1000).map(draw).collect() } else { Vec::new() },
        autocorrelation: if chain { (1..=20).map(|lag| 0.4 / f64::from(lag)).collect() } else { Vec::new() },
        labels: diagnostics::Labels::english(w.endpoint),
    }
}

pub fn characteristics_input(w: &Words, n: usize) -> characteristics::OperatingCharacteristics {
    let measured = |value, mcse| Some(characteristics::Measured { value, mcse });
    let row = |i: usize| characteristics::Row {
        label: format!("{} {i}: {}", w.endpoint, w.active),
        measures: [
            measured(0.4 * number(i, 1) - 0.2, 0.1),
            measured(0.95 - 0.02 * number(i, 2), 0.004).filter(|_| i != 1),
            measured(0.05 + 0.8 * number(i, 3), 0.003),
        ],
    };
    let panel = |title: &str, reference| characteristics::Panel { title: title.into(), reference: Some(reference) };
    characteristics::OperatingCharacteristics {
        heading: heading(w),
        rows: (0..n).map(row).collect(),
        panels: [panel("Bias", 0.0), panel("Coverage", 0.95), panel("Rejection", 0.05)],
    }
}

pub fn zip_input(w: &Words, panels: usize, n: usize) -> zip_plot::ZipPlot {
    let one = |p: usize| zip_plot::Panel {
        label: format!("{} {p}: {}", w.endpoint, w.active),
        truth: -10.0,
        intervals: (0..n)
            .map(|i| {
                let off = 5.0 * i as f64 / n as f64 * if i.is_multiple_of(2) { 1.0 } else { -1.0 };
                [-14.4 + off, -5.6 + off]
            })
            .collect(),
    };
    zip_plot::ZipPlot {
        heading: heading(w),
        panels: (0..panels).map(one).collect(),
        level: 0.95,
        labels: ["Replicates, %".into(), format!("{}: {}", w.endpoint, w.placebo)],
    }
}

pub fn events_input(w: &Words, n: usize) -> events::AdverseEventTimeline {
    let one = |i: usize| events::Event {
        patient: format!("{} {}", patient(i / 2), if i.is_multiple_of(5) { w.placebo } else { "" }),
        term: if i.is_multiple_of(3) { w.endpoint.into() } else { "Local heat".into() },
        site: [events::Site::Knee(Arm::Active), events::Site::Knee(Arm::Placebo), events::Site::Systemic][i % 3],
        serious: i % 7 == 6,
        start: (180.0 * number(i, 3)).round(),
        end: (i % 4 != 1).then_some((180.0 * number(i, 3)).round() + 4.0),
    };
    events::AdverseEventTimeline {
        heading: heading(w),
        events: (0..n).map(one).collect(),
        visits: (0..4).map(|v| ((w.visit)(v), 61.0 * v as f64)).collect(),
        days: None,
        labels: events::Labels::english(),
    }
}

fn sensitivity_input(w: &Words) -> sensitivity_forest::SensitivityForest {
    sensitivity_forest::SensitivityForest {
        heading: heading(w),
        label: w.endpoint.into(),
        rows: forest_input(w, 1, 7).blocks.remove(0).rows,
        mcid: Some(10.0),
        better: Better::Lower,
        decimals: 1,
        numbers: Default::default(),
        labels: forest::Labels::english(w.active, w.placebo),
    }
}

/// The pages of one kind of figure: small (31 patients, 3 visits) or at the size of the largest trials (400 patients,
/// 40 visits, 30 endpoints).
pub type Drawing = fn(&Words, bool) -> Vec<Result<Figure, FigureError>>;

fn pick(large: bool, large_size: usize, small_size: usize) -> usize {
    if large { large_size } else { small_size }
}

/// Every kind of figure.
pub fn drawings() -> Vec<(&'static str, Drawing)> {
    vec![
        ("profiles", |w, l| vec![profiles::draw(&profiles_input(w, pick(l, 40, 3)), &w.style)]),
        ("paired_slopes", |w, l| {
            let pages = slopes::paginate(&slopes_input(w, pick(l, 400, 31), pick(l, 9, 3)));
            pages.iter().map(|page| slopes::draw(page, &w.style)).collect()
        }),
        ("differences", |w, l| {
            let pages = differences::paginate(&differences_input(w, pick(l, 400, 31), pick(l, 40, 3)));
            pages.iter().map(|page| differences::draw(page, &w.style)).collect()
        }),
        ("forest", |w, l| {
            let pages = forest::paginate(&forest_input(w, pick(l, 30, 5), 3));
            pages.iter().map(|page| forest::draw(page, &w.style)).collect()
        }),
        ("forest_first_screen", |w, _| vec![forest::draw(&forest_input(w, 4, 1), &w.style)]),
        ("sensitivity_forest", |w, _| vec![sensitivity_forest::draw(&sensitivity_input(w), &w.style)]),
        ("flow", |w, _| vec![flow::draw(&flow_input(w), &w.style)]),
        ("bland_altman", |w, l| vec![bland_altman::draw(&bland_altman_input(w, pick(l, 400, 31)), &w.style)]),
        ("cumulative_responder", |w, _| vec![responder::draw(&responder_input(w, 60), &w.style)]),
        ("waterfall", |w, l| vec![waterfall::draw(&waterfall_input(w, pick(l, 400, 31)), &w.style)]),
        ("shift_bars", |w, l| {
            let pages = shift_bars::paginate(&shift_input(w, pick(l, 14, 3)), &w.style);
            pages.iter().map(|page| shift_bars::draw(page, &w.style)).collect()
        }),
        ("missingness", |w, l| {
            vec![missingness::draw(&missingness_input(w, pick(l, 400, 31), pick(l, 40, 3)), &w.style)]
        }),
        ("residuals", |w, l| vec![residuals::draw(&residuals_input(w, pick(l, 2000, 160)), &w.style)]),
        ("strategy_profiles", |w, l| {
            let draw = |n| strategy_profiles::draw(&strategies_input(w, pick(l, 40, 3), n), &w.style);
            vec![draw(pick(l, 10, 4))]
        }),
        ("imputation_diagnostics", |w, l| vec![diagnostics::draw(&diagnostics_input(w, pick(l, 40, 3), l), &w.style)]),
        ("operating_characteristics", |w, l| {
            vec![characteristics::draw(&characteristics_input(w, pick(l, 40, 4)), &w.style)]
        }),
        ("zip_plot", |w, l| vec![zip_plot::draw(&zip_input(w, pick(l, 12, 2), pick(l, 10_000, 200)), &w.style)]),
        ("adverse_event_timeline", |w, l| {
            let pages = events::paginate(&events_input(w, pick(l, 120, 9)), &w.style);
            pages.iter().map(|page| events::draw(page, &w.style)).collect()
        }),
    ]
}

/// Every figure with the given words.
pub fn all(w: &Words, large: bool) -> Vec<Figure> {
    let pages = drawings().into_iter().flat_map(|(_, draw)| draw(w, large));
    pages.map(|page| page.expect("the figure is drawn")).collect()
}
