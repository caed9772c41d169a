//! What can be said of a list without telling an allocation: balance, the longest run, and how often somebody who guesses the
//! side that lags (Blackwell & Hodges' convergence strategy) would be right.

use super::design::Scheme;
use super::list::List;
use serde::Serialize;

/// The balance of one stratum.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Balance {
    /// The stratum.
    pub stratum: String,
    /// Its patients.
    pub patients: usize,
    /// Patients by side of the first arm, in the order of the design's sides.
    pub by_side: [usize; 2],
    /// The largest lead of one side at any position.
    pub largest_lead: usize,
}

/// How often a guess of the lagging side is right within complete blocks of one known size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Guess {
    /// The size of the blocks.
    pub block: usize,
    /// The expected share of right guesses.
    pub expected_right: f64,
}

/// The audit of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Audit {
    /// By stratum.
    pub balance: Vec<Balance>,
    /// The longest run of one side within a stratum.
    pub longest_run: usize,
    /// Share of right guesses in this list by somebody who sees all earlier allocations of the stratum and guesses the side
    /// that lags (a coin where none does).
    pub guessed_right: f64,
    /// The same expected for each block size, its borders known.
    pub guesses: Vec<Guess>,
    /// What is to be considered.
    pub warnings: Vec<String>,
}

/// Audits `list`.
pub fn audit(list: &List) -> Audit {
    let mut balance = Vec::new();
    let (mut longest, mut right, mut total) = (0, 0.0, 0.0);
    for (number, stratum) in list.strata.iter().enumerate() {
        let sides: Vec<usize> = list.rows.iter().filter(|row| row.stratum == number).map(|row| row.side).collect();
        let (mut counts, mut lead, mut run, mut last) = ([0_usize; 2], 0, 0, None);
        for &side in &sides {
            right += match counts[0].cmp(&counts[1]) {
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => f64::from(u8::from(side == 0)),
                std::cmp::Ordering::Greater => f64::from(u8::from(side == 1)),
            };
            total += 1.0;
            counts[side] += 1;
            lead = lead.max(counts[0].abs_diff(counts[1]));
            run = if last == Some(side) { run + 1 } else { 1 };
            longest = longest.max(run);
            last = Some(side);
        }
        balance.push(Balance { stratum: stratum.name(), patients: sides.len(), by_side: counts, largest_lead: lead });
    }
    let design = &list.design;
    let mut sizes = design.blocks.clone();
    sizes.sort_unstable();
    sizes.dedup();
    let guesses = sizes.iter().map(|&block| Guess { block, expected_right: convergence(block) }).collect();
    let mut warnings = Vec::new();
    if design.scheme == Scheme::PermutedBlocks {
        match sizes.as_slice() {
            [2] => warnings.push(
                "blocks of 2: whoever knows one allocation of a block knows the other; three of four guesses are right"
                    .to_owned(),
            ),
            [size] => warnings.push(format!(
                "one block size, {size}: its last allocation follows from the others; let the size vary"
            )),
            _ => {}
        }
        let (strata, largest) = (list.strata.len(), sizes.last().copied().unwrap_or(0));
        if list.strata.iter().any(|stratum| design.patients_of(stratum) < largest) {
            warnings.push(format!(
                "{strata} strata, some with fewer patients than the largest block ({largest}): blocks that are not filled do \
                 not balance"
            ));
        }
    }
    if list.test {
        warnings.push("TEST list: its key is known to everybody; never allocate a patient by it".to_owned());
    }
    Audit {
        balance,
        longest_run: longest,
        guessed_right: if total > 0.0 { right / total } else { 0.0 },
        guesses,
        warnings,
    }
}

/// The expected share of right guesses in a block of 2m: (m + 2^{2m−1}/C(2m, m) − ½)/(2m) (Blackwell & Hodges 1957).
fn convergence(block: usize) -> f64 {
    let m = block / 2;
    // 2^{2m}/C(2m, m) = Π (2i)/(2i − 1).
    let ratio: f64 = (1..=m).map(|i| 2.0 * i as f64 / (2.0 * i as f64 - 1.0)).product();
    (m as f64 + 0.5 * ratio - 0.5) / block.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::convergence;

    /// By hand: in a block of 2 the first guess is a coin, the second certain; in a block of 4, 17/6 of 4.
    #[test]
    fn blackwell_and_hodges() {
        assert!((convergence(2) - 0.75).abs() < 1e-15);
        assert!((convergence(4) - 17.0 / 24.0).abs() < 1e-15);
    }
}
