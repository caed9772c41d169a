//! The candidates: each answers with estimate, standard error and degrees of freedom of active − placebo at the last visit,
//! or not at all. All hold the treatment saturated in the visits, so that an effect added to a trial shifts the estimate by
//! itself and leaves the standard error: power needs no further fit, and coverage is one minus the type I error.

use splitknee_stats::math::dist::student_t;
use splitknee_stats::model::robust::RobustKind;
use splitknee_stats::model::{Column, Columns, Ddf, FitOptions, Formula, Information, fit};
use splitknee_stats::paired::Options;
use splitknee_stats::paired::ancova::ancova;
use splitknee_stats::paired::paired_t::paired_t;

use crate::trial::{Trial, Value};

/// An answer.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    pub estimate: f64,
    pub std_error: f64,
    pub df: f64,
}

impl Answer {
    /// Whether `effect` added to the trial is found at 5 %, in either direction.
    pub fn rejects(&self, effect: f64) -> bool {
        student_t::two_sided((self.estimate + effect) / self.std_error, self.df) <= 0.05
    }
}

/// The candidates, the rule's own parts first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Pair,
    PairLast,
    PairedChange,
    Us,
    UsLast,
    KronLinear,
    Differences,
    Ancova,
    AncovaMean,
    CldaDifferences,
    Random,
    RandomCr2,
    PairCr2,
    PairedValue,
}

impl Method {
    pub const ALL: [Self; 14] = [
        Self::Pair,
        Self::PairLast,
        Self::PairedChange,
        Self::Us,
        Self::UsLast,
        Self::KronLinear,
        Self::Differences,
        Self::Ancova,
        Self::AncovaMean,
        Self::CldaDifferences,
        Self::Random,
        Self::RandomCr2,
        Self::PairCr2,
        Self::PairedValue,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Pair => "pair",
            Self::PairLast => "pair-last-visit",
            Self::PairedChange => "paired-t-change",
            Self::Us => "us",
            Self::UsLast => "us-last-visit",
            Self::KronLinear => "kron-linear",
            Self::Differences => "mmrm-differences",
            Self::Ancova => "ancova-difference",
            Self::AncovaMean => "ancova-difference-mean",
            Self::CldaDifferences => "clda-differences",
            Self::Random => "random",
            Self::RandomCr2 => "random-cr2",
            Self::PairCr2 => "pair-cr2",
            Self::PairedValue => "paired-t-value",
        }
    }

    /// Whether the candidate differs from a simpler one with this many visits; the robust covariances are left out of five
    /// visits, where they take most of the time.
    pub fn applies(self, visits: usize) -> bool {
        if visits > 3 && matches!(self, Self::RandomCr2 | Self::PairCr2) {
            return false;
        }
        visits > 1 || !matches!(self, Self::PairLast | Self::UsLast | Self::KronLinear | Self::Differences)
    }
}

/// The formulas, read once.
pub struct Candidates {
    visits: usize,
    formulas: Vec<(Method, Formula)>,
}

impl Candidates {
    pub fn new(visits: usize) -> Self {
        let several = visits > 1;
        let knees = if several { "y ~ trt*visit + base + base:visit" } else { "y ~ trt + base" };
        let kinds = [
            (Method::Pair, if several { "pair(visit|id)" } else { "cs(trt|id)" }),
            (Method::Us, if several { "us(cell|id)" } else { "us(trt|id)" }),
            (Method::KronLinear, "kron(us(trt), us(visit)|id)"),
            (Method::Random, if several { "(1|id) + (1|knee) + (1|time)" } else { "(1|id)" }),
            (Method::RandomCr2, if several { "(1|id) + (1|knee) + (1|time)" } else { "(1|id)" }),
            (Method::PairCr2, if several { "pair(visit|id)" } else { "cs(trt|id)" }),
        ];
        let read = |text: String| Formula::parse(&text).expect("a formula of the study");
        let mut formulas: Vec<(Method, Formula)> =
            kinds.iter().map(|(method, term)| (*method, read(format!("{knees} + {term}")))).collect();
        for (method, term) in [(Method::PairLast, "cs(trt|id)"), (Method::UsLast, "us(trt|id)")] {
            formulas.push((method, read(format!("y ~ trt + base + {term}"))));
        }
        formulas.push((Method::Differences, read("d ~ visit + bd + bd:visit + us(visit|id)".into())));
        formulas.push((Method::Ancova, read("d ~ bd".into())));
        let times: String = (1..=visits).map(|v| format!(" + v{v}")).collect();
        formulas.push((Method::CldaDifferences, read(format!("d ~ 0{times} + us(visit|id)"))));
        Self { visits, formulas }
    }

    /// The answer of `method`.
    pub fn answer(&self, method: Method, trial: &Trial) -> Option<Answer> {
        let last = self.visits;
        match method {
            Method::PairedChange | Method::PairedValue => {
                let change = f64::from(u8::from(method == Method::PairedChange));
                let pairs = pairs_at(trial, last);
                let of = |i: usize| pairs.iter().map(|p| p[i].y - change * p[i].base).collect::<Vec<f64>>();
                let found = paired_t(&of(1), &of(0), &Options::default()).ok()?;
                Some(Answer { estimate: found.estimate?, std_error: found.std_error?, df: found.df? })
            }
            Method::AncovaMean => {
                let pairs = pairs_at(trial, last);
                let of = |i: usize, base: bool| {
                    pairs.iter().map(|p| if base { p[i].base } else { p[i].y }).collect::<Vec<f64>>()
                };
                let found =
                    ancova(&of(1, false), &of(0, false), &of(1, true), &of(0, true), &Options::default()).ok()?;
                Some(Answer { estimate: found.estimate?, std_error: found.std_error?, df: found.df? })
            }
            Method::Differences | Method::Ancova | Method::CldaDifferences => self.of_differences(method, trial),
            Method::PairLast | Method::UsLast => self.of_knees(method, trial, true),
            _ => self.of_knees(method, trial, false),
        }
    }

    fn formula(&self, method: Method) -> Option<&Formula> {
        self.formulas.iter().find(|(known, _)| *known == method).map(|(_, formula)| formula)
    }

    fn of_knees(&self, method: Method, trial: &Trial, only_last: bool) -> Option<Answer> {
        let rows: Vec<&Value> = trial.values.iter().filter(|v| !only_last || v.visit == self.visits).collect();
        let mut t = Columns::new();
        t.add_numeric("y", rows.iter().map(|r| r.y).collect()).ok()?;
        t.add_numeric("base", rows.iter().map(|r| r.base).collect()).ok()?;
        let patients = trial.patients;
        factor(&mut t, "trt", 2, rows.iter().map(|r| r.arm));
        factor(&mut t, "id", patients, rows.iter().map(|r| r.patient));
        factor(&mut t, "visit", self.visits, rows.iter().map(|r| r.visit - 1));
        factor(&mut t, "cell", 2 * self.visits, rows.iter().map(|r| r.arm * self.visits + r.visit - 1));
        factor(&mut t, "knee", 2 * patients, rows.iter().map(|r| 2 * r.patient + r.arm));
        factor(&mut t, "time", self.visits * patients, rows.iter().map(|r| r.patient * self.visits + r.visit - 1));
        // Active − placebo at the last visit.
        let last = self.visits - 1;
        let weights = |names: &[String]| -> Vec<f64> {
            let interaction = format!("trt1:visit{last}");
            names.iter().map(|n| f64::from(u8::from(n == "trt1" || *n == interaction))).collect()
        };
        self.by_model(method, &t, weights)
    }

    fn of_differences(&self, method: Method, trial: &Trial) -> Option<Answer> {
        let only = (method == Method::Ancova).then_some(self.visits);
        let mut rows: Vec<(usize, usize, f64, f64)> = Vec::new();
        for visit in (1..=self.visits).filter(|v| only.is_none_or(|only| only == *v)) {
            let pairs = pairs_at(trial, visit);
            rows.extend(pairs.iter().map(|[p, a]| (p.patient, visit, a.y - p.y, a.base - p.base)));
        }
        if method == Method::CldaDifferences {
            let known: Vec<(usize, f64)> = rows.iter().map(|r| (r.0, r.3)).collect();
            for patient in 0..trial.patients {
                if let Some((_, base)) = known.iter().find(|(id, _)| *id == patient) {
                    rows.push((patient, 0, *base, 0.0));
                }
            }
        }
        let mut t = Columns::new();
        t.add_numeric("d", rows.iter().map(|r| r.2).collect()).ok()?;
        t.add_numeric("bd", rows.iter().map(|r| r.3).collect()).ok()?;
        for v in 1..=self.visits {
            t.add_numeric(&format!("v{v}"), rows.iter().map(|r| f64::from(u8::from(r.1 == v))).collect()).ok()?;
        }
        factor(&mut t, "id", trial.patients, rows.iter().map(|r| r.0));
        factor(&mut t, "visit", self.visits + 1, rows.iter().map(|r| r.1));
        let last = self.visits;
        let weights = |names: &[String]| -> Vec<f64> {
            let wanted = match method {
                Method::CldaDifferences => [format!("v{last}"), String::new()],
                _ => ["(Intercept)".to_owned(), format!("visit{last}")],
            };
            names.iter().map(|n| f64::from(u8::from(wanted.contains(n)))).collect()
        };
        self.by_model(method, &t, weights)
    }

    fn by_model(&self, method: Method, t: &Columns, weights: impl Fn(&[String]) -> Vec<f64>) -> Option<Answer> {
        let model = fit(t, self.formula(method)?, &FitOptions::default()).ok()?;
        let cr2 = matches!(method, Method::RandomCr2 | Method::PairCr2);
        let ddf = match method {
            Method::Ancova => Ddf::Residual,
            Method::KronLinear => Ddf::KenwardRogerLinear,
            _ if cr2 => Ddf::Satterthwaite,
            _ => Ddf::KenwardRoger,
        };
        let mut inference = model.inference(ddf, Information::Observed, 0.95).ok()?;
        if cr2 {
            inference = inference.with_robust(RobustKind::Cr2).ok()?;
        }
        let found = inference.contrast(&weights(model.coefficient_names())).ok()?;
        found.p_value?;
        Some(Answer { estimate: found.estimate, std_error: found.std_error, df: found.df? })
    }
}

/// The default rule by its parts, in the order in which it falls back.
pub fn rule(patients: usize, visits: usize) -> &'static [Method] {
    if patients < 10 {
        &[Method::PairedChange]
    } else if visits == 1 {
        &[Method::Pair, Method::PairedChange]
    } else if patients >= 5 * visits {
        &[Method::Pair, Method::PairLast, Method::PairedChange]
    } else {
        &[Method::PairLast, Method::PairedChange]
    }
}

fn pairs_at(trial: &Trial, visit: usize) -> Vec<[&Value; 2]> {
    let here: Vec<&Value> = trial.values.iter().filter(|v| v.visit == visit).collect();
    let pairs = here.windows(2).filter(|w| w[0].patient == w[1].patient);
    pairs.map(|w| [w[0], w[1]]).collect()
}

fn factor(t: &mut Columns, name: &str, levels: usize, codes: impl Iterator<Item = usize>) {
    let column = Column::Categorical {
        levels: (0..levels).map(|l| l.to_string()).collect(),
        codes: codes.map(|c| Some(c as u32)).collect(),
    };
    t.add(name, column).expect("columns of one length");
}
