//! Drawing the list, and its CSV form.

use super::VERSION;
use super::design::{Design, Scheme, Stratum};
use crate::math::random::Stream;
use sha2::{Digest, Sha256};

/// The secret key: 256 bits.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl std::fmt::Debug for Key {
    /// A key is never printed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(secret)")
    }
}

impl Key {
    /// From random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key of a test list: known to everybody, different from any real key.
    pub fn test() -> Self {
        Self(Sha256::digest(b"splitknee randomise: TEST LIST, not for use").into())
    }

    /// Reads the 64 hexadecimal digits of a key file.
    ///
    /// # Errors
    /// Another text; it is not repeated.
    pub fn parse(text: &str) -> Result<Self, String> {
        let digits = text.trim();
        let wrong = || "a key is 64 hexadecimal digits, as this program wrote them".to_owned();
        if digits.len() != 64 || !digits.is_ascii() {
            return Err(wrong());
        }
        let mut bytes = [0_u8; 32];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = digits.get(2 * i..2 * i + 2).and_then(|two| u8::from_str_radix(two, 16).ok()).ok_or_else(wrong)?;
        }
        Ok(Self(bytes))
    }

    /// As hexadecimal digits, for the key file.
    pub fn hexadecimal(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A commitment to the key: its SHA-256.
    pub fn commitment(&self) -> String {
        Sha256::digest(self.0).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The stream of a block (or position) of a stratum.
    fn stream(&self, design: &Design, stratum: &Stratum, block: usize) -> Stream {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        part(b"splitknee randomise");
        part(&VERSION.to_le_bytes());
        part(&self.0);
        part(design.label.as_bytes());
        part(format!("{:?}", design.scheme).as_bytes());
        stratum.levels.iter().for_each(|level| part(level.as_bytes()));
        part(&(block as u64).to_le_bytes());
        Stream::keyed(hash.finalize().into())
    }
}

/// One patient of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Position in the stratum, from 1.
    pub sequence: usize,
    /// Number of the stratum, from 0.
    pub stratum: usize,
    /// Number of the block in the stratum, from 1; without blocks the position.
    pub block: usize,
    /// The side of the first arm, as an index of the design's sides.
    pub side: usize,
    /// The side treated first, where it is drawn.
    pub first: Option<usize>,
}

/// A drawn list.
#[derive(Debug, Clone, PartialEq)]
pub struct List {
    /// The design.
    pub design: Design,
    /// The strata.
    pub strata: Vec<Stratum>,
    /// The patients, stratum by stratum.
    pub rows: Vec<Row>,
    /// Whether it is a test list.
    pub test: bool,
}

impl List {
    /// Draws the list of `design` with `key`.
    pub fn draw(design: &Design, key: &Key, test: bool) -> Self {
        let strata = design.strata();
        let mut rows = Vec::new();
        for (number, stratum) in strata.iter().enumerate() {
            let patients = design.patients_of(stratum);
            match design.scheme {
                Scheme::PermutedBlocks => blocks(design, key, stratum, number, patients, &mut rows),
                _ => coins(design, key, stratum, number, patients, &mut rows),
            }
        }
        Self { design: design.clone(), strata, rows, test }
    }

    /// The code of a patient's kit: number of the stratum and position, which tell nothing of the side.
    pub fn kit(&self, row: &Row) -> String {
        format!("{}{}-{:03}", if self.test { "TEST-" } else { "" }, row.stratum + 1, row.sequence)
    }

    /// The header of the CSV file.
    pub fn header(&self) -> Vec<String> {
        let before = ["sequence", "stratum"].map(str::to_owned);
        let after = ["block", "active_knee"].map(str::to_owned);
        let mut names: Vec<String> =
            before.into_iter().chain(self.design.strata.keys().cloned()).chain(after).collect();
        names.extend(self.design.order.then(|| "first_knee".to_owned()));
        names.extend(["kit".to_owned(), "patient".to_owned()]);
        names.extend(self.test.then(|| "list".to_owned()));
        names
    }

    /// The cells of a row; the patient's cell is empty until the patient is enrolled.
    pub fn cells(&self, row: &Row) -> Vec<String> {
        let stratum = &self.strata[row.stratum];
        let mut cells = vec![row.sequence.to_string(), stratum.name()];
        cells.extend(stratum.levels.iter().cloned());
        cells.extend([row.block.to_string(), self.design.sides[row.side].clone()]);
        cells.extend(row.first.map(|side| self.design.sides[side].clone()));
        cells.extend([self.kit(row), String::new()]);
        cells.extend(self.test.then(|| "TEST".to_owned()));
        cells
    }

    /// The list as CSV: `[data].allocation` reads it with `allocation_columns = { patient = "patient", active_knee =
    /// "active_knee", order = "sequence" }` once the patients are filled in.
    pub fn csv(&self) -> String {
        let line = |cells: Vec<String>| cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",") + "\n";
        std::iter::once(line(self.header())).chain(self.rows.iter().map(|row| line(self.cells(row)))).collect()
    }

    /// The code of a row in REDCap: 1, 2 for the side of the first arm; with the order 1 to 4.
    pub fn redcap_code(&self, row: &Row) -> usize {
        match row.first {
            None => row.side + 1,
            Some(first) => 2 * row.side + first + 1,
        }
    }

    /// The choices of the REDCap field: `1, EV left | 2, EV right`.
    pub fn redcap_choices(&self) -> String {
        let (arm, sides) = (&self.design.arms[0], &self.design.sides);
        let mut choices = Vec::new();
        for side in sides {
            match self.design.order {
                false => choices.push(format!("{arm} {side}")),
                true => choices.extend(sides.iter().map(|first| format!("{arm} {side}; {first} first"))),
            }
        }
        let numbered = choices.iter().enumerate().map(|(i, choice)| format!("{}, {choice}", i + 1));
        numbered.collect::<Vec<_>>().join(" | ")
    }

    /// The allocation table as REDCap's randomisation module imports it: the code, then the strata.
    pub fn redcap(&self) -> String {
        let factors = self.design.strata.keys().cloned();
        let header: Vec<String> = std::iter::once(self.design.redcap_field.clone()).chain(factors).collect();
        let mut out = header.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(",") + "\n";
        for row in &self.rows {
            let levels = self.strata[row.stratum].levels.iter().map(|level| quoted(level));
            let cells: Vec<String> = std::iter::once(self.redcap_code(row).to_string()).chain(levels).collect();
            out += &(cells.join(",") + "\n");
        }
        out
    }
}

/// A cell of a CSV file.
pub fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

/// Permuted blocks: size and order of each from the block's own stream.
fn blocks(design: &Design, key: &Key, stratum: &Stratum, number: usize, patients: usize, rows: &mut Vec<Row>) {
    let (mut sequence, mut block) = (0, 0);
    while sequence < patients {
        block += 1;
        let mut stream = key.stream(design, stratum, block);
        let size = design.blocks[stream.below(design.blocks.len())];
        let cells = if design.order { 4 } else { 2 };
        let mut drawn: Vec<usize> = (0..size).map(|place| place % cells).collect();
        for place in (1..size).rev() {
            drawn.swap(place, stream.below(place + 1));
        }
        for cell in drawn.into_iter().take(patients - sequence) {
            sequence += 1;
            let (side, first) = if design.order { (cell / 2, Some(cell % 2)) } else { (cell, None) };
            rows.push(Row { sequence, stratum: number, block, side, first });
        }
    }
}

/// Schemes without blocks: every position has its own stream.
fn coins(design: &Design, key: &Key, stratum: &Stratum, number: usize, patients: usize, rows: &mut Vec<Row>) {
    let mut counts = [0_usize; 2];
    for sequence in 1..=patients {
        let mut stream = key.stream(design, stratum, sequence);
        let coin = stream.below(2);
        let half = patients.div_ceil(2);
        let side = match design.scheme {
            Scheme::TruncatedBinomial if counts[0] >= half => 1,
            Scheme::TruncatedBinomial if counts[1] >= half => 0,
            Scheme::BigStick => {
                let lead = design.imbalance.unwrap_or(usize::MAX);
                match (counts[0].saturating_sub(counts[1]) >= lead, counts[1].saturating_sub(counts[0]) >= lead) {
                    (true, _) => 1,
                    (_, true) => 0,
                    _ => coin,
                }
            }
            _ => coin,
        };
        counts[side] += 1;
        let first = design.order.then(|| stream.below(2));
        rows.push(Row { sequence, stratum: number, block: sequence, side, first });
    }
}
