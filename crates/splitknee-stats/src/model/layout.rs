//! From the model frame to the patients, their design patterns and sufficient statistics.
//!
//! The independent unit (patient) is the outermost grouping. Patients whose rows stand in the same relation to the
//! covariance terms have the same V_i(θ): they form a pattern and share its factorisation. Within a pattern only
//! Σ_i W_i' M W_i (W_i = [X_i y_i], M any symmetric matrix) enters the likelihood and its derivatives, and that sum is kept
//! by the triangular factor of the matrix whose rows are vec(W_i): a few pseudo-patients W̃ replace all patients of the
//! pattern, exactly. Their number is at most one plus the number of columns that vary between the pattern's patients.

use crate::note;
use std::collections::HashMap;

use super::covariance::{
    CellCovariance, Continuous, Correlated, Correlation, Kronecker, Pair, SingleVariance, Unstructured, structure,
};
use super::data::Column;
use super::design::{Grouping, ModelFrame};
use super::error::ModelError;
use super::formula::{CovarianceTerm, RandomTerm, StructureKind};
use super::pair_units::units;
use crate::math::linalg::RowCompressor;

/// One term of V: a covariance over cells, once or once per group, and how rows meet its cells.
#[derive(Debug)]
pub(crate) struct Term {
    /// Σ(θ) over the cells.
    pub shape: Box<dyn CellCovariance>,
    /// Number of copies with their own parameters (the groups of `us(visit|arm/id)`).
    pub copies: usize,
    /// First parameter in θ.
    pub offset: usize,
    /// What kind of term it is.
    pub kind: TermKind,
    /// The grouping as printed.
    pub group: String,
    /// Names of the cells (random coefficients, or cells such as `EV:M1`).
    pub cells: Vec<String>,
    /// Names of the copies (empty string for one copy).
    pub copy_names: Vec<String>,
}

/// What a term of V is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TermKind {
    /// Random coefficients.
    Random,
    /// A residual structure.
    Structure(Option<StructureKind>),
    /// Independent residuals.
    Residual,
}

impl Term {
    /// Number of parameters of all copies.
    pub fn n_parameters(&self) -> usize {
        self.copies * self.shape.n_parameters()
    }
}

/// The rows of a subject of one term, with the cells they load on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Block {
    pub term: usize,
    pub copy: usize,
    /// Per cell the rows of the pattern that load on it, with their weights.
    pub cells: Vec<(usize, Vec<(usize, f64)>)>,
}

/// Patients with the same V(θ).
#[derive(Debug)]
pub(crate) struct Pattern {
    /// Rows per patient.
    pub size: usize,
    /// Number of patients.
    pub n_patients: usize,
    pub blocks: Vec<Block>,
    /// Pseudo-patients, each `size × width`.
    pub units: Vec<f64>,
}

/// Everything about the data that the likelihood needs besides numbers: terms and the patients' rows.
#[derive(Debug)]
pub(crate) struct Layout {
    pub terms: Vec<Term>,
    /// Per patient the analysed rows, in the order of the pattern.
    pub patients: Vec<Vec<usize>>,
    /// Per patient its pattern.
    pub pattern_of: Vec<usize>,
    /// Per pattern the blocks (no numbers yet).
    pub pattern_blocks: Vec<(usize, Vec<Block>)>,
    /// The groupings and their number of levels, in the order of the formula.
    pub groups: Vec<(String, usize)>,
    /// The name of the independent unit.
    pub unit: Grouping,
}

/// Per term: subject code, copy and loadings of each row.
struct Loading {
    subject: Vec<u32>,
    copy: Vec<u32>,
    /// `n × cells` weights; for structures the cell index only.
    weights: Weights,
}

enum Weights {
    Cell(Vec<u32>),
    Dense { n_cells: usize, values: Vec<f64> },
}

impl Layout {
    /// Reads the random and covariance terms of the frame's formula.
    pub fn build(frame: &ModelFrame) -> Result<Self, ModelError> {
        let n = frame.n_rows();
        let mut terms: Vec<Term> = Vec::new();
        let mut loadings: Vec<Loading> = Vec::new();
        let mut groupings: Vec<Grouping> = Vec::new();
        for random in &frame.formula.random {
            let (term, loading, grouping) = random_term(frame, random)?;
            terms.push(term);
            loadings.push(loading);
            groupings.push(grouping);
        }
        for covariance in &frame.formula.covariance {
            let (term, loading, grouping) = covariance_term(frame, covariance)?;
            terms.push(term);
            loadings.push(loading);
            groupings.push(grouping);
        }
        if frame.formula.covariance.is_empty() {
            terms.push(Term {
                shape: Box::new(SingleVariance),
                copies: 1,
                offset: 0,
                kind: TermKind::Residual,
                group: "Residual".into(),
                cells: vec![String::new()],
                copy_names: vec![String::new()],
            });
            loadings.push(Loading {
                subject: (0..n as u32).collect(),
                copy: vec![0; n],
                weights: residual_weights(frame)?,
            });
        } else if let Some(column) = &frame.formula.prior_weights {
            return Err(ModelError::Unsupported { reason: note!(prior_weights_structure, column = column) });
        }
        let mut offset = 0;
        for term in &mut terms {
            term.offset = offset;
            offset += term.n_parameters();
        }
        let unit = outermost(&groupings, n)?;
        let mut groups: Vec<(String, usize)> = Vec::new();
        for g in &groupings {
            if !groups.iter().any(|(name, _)| *name == g.name) {
                groups.push((g.name.clone(), g.n_groups()));
            }
        }
        let mut patients: Vec<Vec<usize>> = vec![Vec::new(); unit.n_groups()];
        unit.codes.iter().enumerate().for_each(|(row, &u)| patients[u as usize].push(row));
        let sorting: Vec<&Loading> =
            loadings.iter().zip(&terms).filter(|(_, t)| t.kind != TermKind::Residual).map(|(l, _)| l).collect();
        for rows in &mut patients {
            rows.sort_by(|&a, &b| {
                sorting
                    .iter()
                    .map(|l| l.compare(a, b))
                    .find(|o| o.is_ne())
                    .unwrap_or(std::cmp::Ordering::Equal)
                    .then(a.cmp(&b))
            });
        }
        let mut index: HashMap<Vec<u64>, usize> = HashMap::new();
        let mut pattern_blocks = Vec::new();
        let mut pattern_of = Vec::with_capacity(patients.len());
        let mut key = Vec::new();
        for rows in &patients {
            key.clear();
            loadings.iter().for_each(|l| l.signature(rows, &mut key));
            key.push(rows.len() as u64);
            let next = pattern_blocks.len();
            let pattern = match index.get(&key) {
                Some(&p) => p,
                None => {
                    index.insert(key.clone(), next);
                    let mut blocks = Vec::new();
                    for (t, (loading, term)) in loadings.iter().zip(&terms).enumerate() {
                        loading.blocks(t, rows, term, &groupings, frame, &mut blocks)?;
                    }
                    pattern_blocks.push((rows.len(), blocks));
                    next
                }
            };
            pattern_of.push(pattern);
        }
        for (loading, term) in loadings.iter().zip(&terms) {
            if matches!(term.kind, TermKind::Structure(_)) {
                check_estimable(loading, term)?;
            }
        }
        Ok(Self { terms, patients, pattern_of, pattern_blocks, groups, unit })
    }

    /// Number of covariance parameters.
    pub fn n_parameters(&self) -> usize {
        self.terms.iter().map(Term::n_parameters).sum()
    }

    /// Condenses rows of `width` numbers (design and outcome) into the patterns' pseudo-patients.
    pub fn patterns(&self, rows: &[f64], width: usize) -> Vec<Pattern> {
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); self.pattern_blocks.len()];
        self.pattern_of.iter().enumerate().for_each(|(i, &p)| members[p].push(i));
        self.pattern_blocks
            .iter()
            .zip(members)
            .map(|((size, blocks), members)| {
                let stacked = |patient: usize, out: &mut Vec<f64>| {
                    out.clear();
                    self.patients[patient]
                        .iter()
                        .for_each(|&r| out.extend_from_slice(&rows[r * width..(r + 1) * width]));
                };
                let units = condense(&members, size * width, stacked);
                Pattern { size: *size, n_patients: members.len(), blocks: blocks.clone(), units }
            })
            .collect()
    }
}

/// Rows with the same sums of squares and products as `vec(W_i)` over the members.
fn condense(members: &[usize], length: usize, stacked: impl Fn(usize, &mut Vec<f64>)) -> Vec<f64> {
    let mut row = Vec::with_capacity(length);
    if members.len() <= 3 {
        let mut out = Vec::with_capacity(length * members.len());
        for &m in members {
            stacked(m, &mut row);
            out.extend_from_slice(&row);
        }
        return out;
    }
    // Columns that are constant over the members are multiples of one column; only the others are kept apart.
    let mut first = Vec::with_capacity(length);
    stacked(members[0], &mut first);
    let mut varies = vec![false; length];
    for &m in &members[1..] {
        stacked(m, &mut row);
        varies.iter_mut().zip(first.iter().zip(&row)).for_each(|(v, (a, b))| *v |= a != b);
    }
    let varying: Vec<usize> = (0..length).filter(|&c| varies[c]).collect();
    let mut compressor = RowCompressor::new(varying.len() + 1);
    let mut short = Vec::with_capacity(varying.len() + 1);
    for &m in members {
        stacked(m, &mut row);
        short.clear();
        short.push(1.0);
        short.extend(varying.iter().map(|&c| row[c]));
        compressor.push(&short);
    }
    let reduced = compressor.finish();
    let width = varying.len() + 1;
    let mut out = Vec::with_capacity(reduced.len() / width * length);
    for r in reduced.chunks_exact(width) {
        let mut full: Vec<f64> = first.iter().map(|v| v * r[0]).collect();
        varying.iter().zip(&r[1..]).for_each(|(&c, v)| full[c] = *v);
        out.extend(full);
    }
    out
}

impl Loading {
    fn compare(&self, a: usize, b: usize) -> std::cmp::Ordering {
        match &self.weights {
            Weights::Cell(c) => (self.subject[a], c[a]).cmp(&(self.subject[b], c[b])),
            Weights::Dense { n_cells, values } => self.subject[a].cmp(&self.subject[b]).then_with(|| {
                let (x, y) = (&values[a * n_cells..(a + 1) * n_cells], &values[b * n_cells..(b + 1) * n_cells]);
                x.iter().zip(y).map(|(p, q)| p.total_cmp(q)).find(|o| o.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
            }),
        }
    }

    /// Appends what decides V for these rows: subjects numbered in order of appearance, copies, weights.
    fn signature(&self, rows: &[usize], key: &mut Vec<u64>) {
        let mut seen: Vec<u32> = Vec::new();
        for &r in rows {
            let s = self.subject[r];
            let local = seen.iter().rposition(|&t| t == s).unwrap_or_else(|| {
                seen.push(s);
                seen.len() - 1
            });
            key.push((local as u64) << 32 | u64::from(self.copy[r]));
            match &self.weights {
                Weights::Cell(c) => key.push(u64::from(c[r])),
                Weights::Dense { n_cells, values } => {
                    key.extend(values[r * n_cells..(r + 1) * n_cells].iter().map(|v| v.to_bits()));
                }
            }
        }
    }

    fn blocks(
        &self,
        t: usize,
        rows: &[usize],
        term: &Term,
        groupings: &[Grouping],
        frame: &ModelFrame,
        out: &mut Vec<Block>,
    ) -> Result<(), ModelError> {
        let mut subjects: Vec<(u32, Vec<(usize, usize)>)> = Vec::new();
        for (local, &row) in rows.iter().enumerate() {
            match subjects.iter_mut().find(|(s, _)| *s == self.subject[row]) {
                Some((_, list)) => list.push((local, row)),
                None => subjects.push((self.subject[row], vec![(local, row)])),
            }
        }
        for (subject, list) in subjects {
            let label = || groupings.get(t).and_then(|g| g.labels.get(subject as usize)).cloned().unwrap_or_default();
            let copy = list.first().map_or(0, |(_, row)| self.copy[*row]);
            if list.iter().any(|(_, row)| self.copy[*row] != copy) {
                let covariance = frame.formula.covariance.iter().find(|c| c.subject.join(":") == term.group);
                return Err(ModelError::GroupWithinSubject {
                    group: covariance.map_or(String::new(), |c| c.by.join(":")),
                    subject: label(),
                    term: covariance.map_or(String::new(), |c| c.text.clone()),
                });
            }
            let mut cells: Vec<(usize, Vec<(usize, f64)>)> = Vec::new();
            match &self.weights {
                Weights::Cell(codes) => {
                    for (local, row) in &list {
                        let cell = codes[*row] as usize;
                        if cells.iter().any(|(c, _)| *c == cell) {
                            return Err(ModelError::DuplicateCell {
                                subject: label(),
                                cell: term.cells.get(cell).cloned().unwrap_or_default(),
                                term: frame
                                    .formula
                                    .covariance
                                    .iter()
                                    .find(|c| c.subject.join(":") == term.group)
                                    .map_or(String::new(), |c| c.text.clone()),
                            });
                        }
                        cells.push((cell, vec![(*local, 1.0)]));
                    }
                    cells.sort_by_key(|(c, _)| *c);
                }
                Weights::Dense { n_cells, values } => {
                    for cell in 0..*n_cells {
                        let loads: Vec<(usize, f64)> = list
                            .iter()
                            .map(|(local, row)| (*local, values[row * n_cells + cell]))
                            .filter(|(_, w)| *w != 0.0)
                            .collect();
                        cells.push((cell, loads));
                    }
                }
            }
            out.push(Block { term: t, copy: copy as usize, cells });
        }
        Ok(())
    }
}

/// How the residual loads on the rows: 1, or 1/√weight where the formula has prior weights.
fn residual_weights(frame: &ModelFrame) -> Result<Weights, ModelError> {
    let Some(name) = &frame.formula.prior_weights else { return Ok(Weights::Cell(vec![0; frame.n_rows()])) };
    let Column::Numeric(values) = frame.data.column(name)? else {
        return Err(ModelError::WrongKind { column: name.clone(), wanted: "numeric" });
    };
    if let Some(wrong) = values.iter().find(|weight| !(**weight > 0.0 && weight.is_finite())) {
        return Err(ModelError::Unsupported { reason: note!(prior_weight_positive, weight = wrong, column = name) });
    }
    Ok(Weights::Dense { n_cells: 1, values: values.iter().map(|weight| 1.0 / weight.sqrt()).collect() })
}

/// The outermost grouping, in which every other must nest; without any grouping every row is its own unit.
fn outermost(groupings: &[Grouping], n: usize) -> Result<Grouping, ModelError> {
    let Some(outer) = groupings.iter().min_by_key(|g| g.n_groups()) else {
        return Ok(Grouping {
            name: "row".into(),
            codes: (0..n as u32).collect(),
            labels: (1..=n).map(|i| i.to_string()).collect(),
        });
    };
    for inner in groupings {
        let mut parent: Vec<Option<u32>> = vec![None; inner.n_groups()];
        for (&i, &o) in inner.codes.iter().zip(&outer.codes) {
            match parent[i as usize] {
                None => parent[i as usize] = Some(o),
                Some(p) if p != o => {
                    return Err(ModelError::NotNested {
                        inner: inner.name.clone(),
                        outer: outer.name.clone(),
                        level: inner.labels[i as usize].clone(),
                    });
                }
                Some(_) => {}
            }
        }
    }
    Ok(outer.clone())
}

fn random_term(frame: &ModelFrame, random: &RandomTerm) -> Result<(Term, Loading, Grouping), ModelError> {
    let n = frame.n_rows();
    let grouping = frame.grouping(&random.group)?;
    let mut cells: Vec<String> = Vec::new();
    let mut columns: Vec<Vec<f64>> = Vec::new();
    if random.intercept {
        cells.push("(Intercept)".into());
        columns.push(vec![1.0; n]);
    }
    for (place, slope) in random.slopes.iter().enumerate() {
        match slope.expr.column(&frame.data)? {
            Column::Numeric(values) => {
                cells.push(slope.name.clone());
                columns.push(values);
            }
            Column::Categorical { levels, codes } => {
                let from = usize::from(random.intercept || place > 0);
                for (l, level) in levels.iter().enumerate().skip(from) {
                    cells.push(format!("{}{level}", slope.name));
                    columns.push(codes.iter().map(|c| f64::from(u8::from(*c == Some(l as u32)))).collect());
                }
            }
        }
    }
    if grouping.n_groups() * cells.len() >= n {
        return Err(ModelError::Confounded {
            term: format!("{} | {}", cells.join(" + "), grouping.name),
            reason: note!(random_as_residual, effects = grouping.n_groups() * cells.len(), n = n),
        });
    }
    let q = cells.len();
    let name = format!("{} | {}", cells.iter().take(3).cloned().collect::<Vec<_>>().join(" + "), grouping.name);
    check_size(&name, q, parameters(StructureKind::Us, q))?;
    let mut values = vec![0.0; n * q];
    for (j, column) in columns.iter().enumerate() {
        column.iter().enumerate().for_each(|(i, v)| values[i * q + j] = *v);
    }
    let loading =
        Loading { subject: grouping.codes.clone(), copy: vec![0; n], weights: Weights::Dense { n_cells: q, values } };
    let term = Term {
        shape: Box::new(Unstructured::new(q)),
        copies: 1,
        offset: 0,
        kind: TermKind::Random,
        group: grouping.name.clone(),
        cells,
        copy_names: vec![String::new()],
    };
    Ok((term, loading, grouping))
}

/// Most cells of a covariance structure, and most of its parameters: an unstructured one of 57 cells has 1 653, that of pairs
/// over 40 visits 1 640.
const MOST_CELLS: usize = 1_700;

/// Refuses a structure of more cells or parameters, before anything of their number squared is allocated.
fn check_size(term: &str, cells: usize, parameters: usize) -> Result<(), ModelError> {
    if cells.max(parameters) <= MOST_CELLS {
        return Ok(());
    }
    Err(ModelError::TooManyCells { term: term.to_owned(), cells, parameters, most: MOST_CELLS })
}

/// Parameters of the structure `kind` over `cells` cells, at most.
fn parameters(kind: StructureKind, cells: usize) -> usize {
    use StructureKind as K;
    match kind {
        K::Us => cells.saturating_mul(cells + 1) / 2,
        K::Cs | K::Ar1 | K::Car1 | K::SpExp => 2,
        K::SpExpNugget => 3,
        K::Toep | K::Ad | K::Csh | K::Ar1h => cells + 1,
        K::Toeph | K::Adh => 2 * cells,
        K::Pair => cells.saturating_mul(cells + 1),
    }
}

fn covariance_term(frame: &ModelFrame, term: &CovarianceTerm) -> Result<(Term, Loading, Grouping), ModelError> {
    let grouping = frame.grouping(&term.subject)?;
    if let [factor] = term.factors.as_slice()
        && factor.kind.is_continuous()
    {
        return continuous_term(frame, term, grouping);
    }
    let factors: Vec<Grouping> = term.factors.iter().map(|f| frame.grouping(&f.cells)).collect::<Result<_, _>>()?;
    let sizes = factors.iter().zip(&term.factors).map(|(groups, factor)| (factor.kind, groups.n_groups()));
    let (cells, all) = sizes.fold((1_usize, 0_usize), |(cells, all), (kind, groups)| {
        (cells.saturating_mul(groups), all.saturating_add(parameters(kind, groups)))
    });
    check_size(&term.text, cells, all)?;
    let (shape, codes, cells, kind): (Box<dyn CellCovariance>, Vec<u32>, Vec<String>, Option<StructureKind>) =
        match (factors.as_slice(), term.factors.as_slice()) {
            ([visits], [factor]) if factor.kind == StructureKind::Pair => {
                let units = units(frame, term, &grouping, visits)?;
                let n = visits.n_groups() as u32;
                let codes = units.codes.iter().zip(&visits.codes).map(|(unit, visit)| unit * n + visit).collect();
                let name = |unit: &String, visit: &String| match visit.as_str() {
                    "" => unit.clone(),
                    visit => format!("{unit}:{visit}"),
                };
                let cells =
                    units.names.iter().flat_map(|unit| visits.labels.iter().map(move |visit| name(unit, visit)));
                (Box::new(Pair::new(visits.labels.clone())), codes, cells.collect(), Some(factor.kind))
            }
            ([one], [factor]) => {
                (structure(factor.kind, one.n_groups()), one.codes.clone(), one.labels.clone(), Some(factor.kind))
            }
            ([a, b], [fa, fb]) => {
                let first = structure(fa.kind, a.n_groups());
                let as_correlation =
                    |correlation| Box::new(Correlated { correlation, heterogeneous: false, cells: b.n_groups() });
                let second: Box<dyn CellCovariance> = match fb.kind {
                    StructureKind::Cs if b.n_groups() > 1 => as_correlation(Correlation::Exchangeable),
                    StructureKind::Ar1 if b.n_groups() > 1 => as_correlation(Correlation::Autoregressive),
                    _ => Box::new(Unstructured::new(b.n_groups())),
                };
                let n_b = b.n_groups() as u32;
                let codes = a.codes.iter().zip(&b.codes).map(|(x, y)| x * n_b + y).collect();
                let cells = a.labels.iter().flat_map(|x| b.labels.iter().map(move |y| format!("{x}:{y}"))).collect();
                (Box::new(Kronecker::new(first, second)), codes, cells, None)
            }
            _ => {
                return Err(ModelError::Unsupported { reason: note!(term_factors, term = &term.text) });
            }
        };
    assembled(frame, term, grouping, shape, codes, cells, kind)
}

/// A structure over actual times: the cells are the distinct times of the rows.
fn continuous_term(
    frame: &ModelFrame,
    term: &CovarianceTerm,
    grouping: Grouping,
) -> Result<(Term, Loading, Grouping), ModelError> {
    let factor = &term.factors[0];
    let wrong = |column: String| ModelError::WrongKind { column, wanted: "a number: the actual time of the row" };
    let [column] = factor.cells.as_slice() else { return Err(wrong(factor.cells.join(":"))) };
    let Column::Numeric(values) = frame.data.column(column)? else { return Err(wrong(column.clone())) };
    let mut times = values.clone();
    times.sort_by(f64::total_cmp);
    times.dedup();
    let code = |value: &f64| times.binary_search_by(|time| time.total_cmp(value)).unwrap_or(0) as u32;
    let codes: Vec<u32> = values.iter().map(code).collect();
    let mut of_subject: Vec<Vec<f64>> = vec![Vec::new(); grouping.n_groups()];
    grouping.codes.iter().zip(values).for_each(|(&subject, &time)| of_subject[subject as usize].push(time));
    let mut gaps: Vec<f64> = Vec::new();
    for own in &mut of_subject {
        own.sort_by(f64::total_cmp);
        gaps.extend(own.windows(2).map(|pair| pair[1] - pair[0]).filter(|gap| *gap > 0.0));
    }
    let Some(gap) = crate::math::descriptive::median(&gaps) else {
        let parameter = format!("the decay over `{column}`");
        return Err(ModelError::NotEstimable { parameter, reason: note!(no_subject_both) });
    };
    let cells = times.iter().map(f64::to_string).collect();
    let nugget = factor.kind == StructureKind::SpExpNugget;
    let shape: Box<dyn CellCovariance> = Box::new(Continuous { times, gap, nugget });
    assembled(frame, term, grouping, shape, codes, cells, Some(factor.kind))
}

/// The term of a structure whose rows stand in the cells `codes`.
fn assembled(
    frame: &ModelFrame,
    term: &CovarianceTerm,
    grouping: Grouping,
    shape: Box<dyn CellCovariance>,
    codes: Vec<u32>,
    cells: Vec<String>,
    kind: Option<StructureKind>,
) -> Result<(Term, Loading, Grouping), ModelError> {
    let by = if term.by.is_empty() { None } else { Some(frame.grouping(&term.by)?) };
    let (copy, copy_names) = match by {
        None => (vec![0; frame.n_rows()], vec![String::new()]),
        Some(g) => (g.codes, g.labels),
    };
    let loading = Loading { subject: grouping.codes.clone(), copy, weights: Weights::Cell(codes) };
    let term = Term {
        shape,
        copies: copy_names.len(),
        offset: 0,
        kind: TermKind::Structure(kind),
        group: grouping.name.clone(),
        cells,
        copy_names,
    };
    Ok((term, loading, grouping))
}

/// Two cells that no subject has both have no estimable covariance in an unstructured matrix; of `pair` the two cells may
/// be those of either unit.
fn check_estimable(loading: &Loading, term: &Term) -> Result<(), ModelError> {
    let Weights::Cell(cells) = &loading.weights else { return Ok(()) };
    let pair = match term.kind {
        TermKind::Structure(Some(StructureKind::Us)) => false,
        TermKind::Structure(Some(StructureKind::Pair)) => true,
        _ => return Ok(()),
    };
    let k = term.shape.n_cells();
    let mut by_subject: HashMap<u32, Vec<usize>> = HashMap::new();
    loading.subject.iter().enumerate().for_each(|(row, s)| by_subject.entry(*s).or_default().push(row));
    let mut counts = vec![0_usize; term.copies * k * k];
    let swapped = |cell: usize| (cell + k / 2) % k;
    for rows in by_subject.values() {
        for &a in rows {
            for &b in rows {
                let (copy, c, d) = (loading.copy[a] as usize, cells[a] as usize, cells[b] as usize);
                counts[(copy * k + c) * k + d] += 1;
                if pair {
                    counts[(copy * k + swapped(c)) * k + swapped(d)] += 1;
                }
            }
        }
    }
    let name = |cell: usize| term.cells.get(cell).cloned().unwrap_or_default();
    for copy in 0..term.copies {
        for a in 0..k {
            for b in 0..=a {
                if counts[(copy * k + a) * k + b] == 0 {
                    let group = &term.copy_names[copy];
                    return Err(ModelError::NotEstimable {
                        parameter: format!("covariance of {} and {}", name(b), name(a)),
                        reason: match group.as_str() {
                            "" => note!(no_subject_both),
                            group => note!(no_subject_both_group, group = group),
                        },
                    });
                }
            }
        }
    }
    Ok(())
}
