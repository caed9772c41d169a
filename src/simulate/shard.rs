//! Shard files: framed, checksummed records that survive kills.
//!
//! Replicate k of a scenario is in shard `((k − 1) mod n) + 1`. Each attempt appends to a file of its own,
//! `shard-i-of-n.a0.skr`, `.a1.skr`, …: a header (magic and the hash of scenario, plan and program version), then records
//! `length u32, CRC-32 u32, payload`, little-endian. On start the whole records of all attempts are read, a torn last one
//! is ignored, and what lacks is done. No lock is needed: two attempts can only give the same records twice.

use super::SimulationError;
use crate::disk::calls;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"SKSHARD1";

/// Longest file of an attempt, in bytes: some ten million replicates.
const LONGEST: u64 = 2 << 30;

/// One analysis on one replicate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Estimate; NaN where there is none.
    pub estimate: f64,
    /// Standard error; NaN where there is none.
    pub std_error: f64,
    /// Lower limit.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
    /// p-value.
    pub p_value: f64,
    /// Pairs analysed.
    pub pairs: f64,
    /// +1 a claim for active, −1 a claim against it, 0 none.
    pub claim: f64,
}

impl Found {
    const SIZE: usize = 7;

    /// Nothing found.
    pub const FAILED: Self = Self {
        estimate: f64::NAN,
        std_error: f64::NAN,
        low: f64::NAN,
        high: f64::NAN,
        p_value: f64::NAN,
        pairs: f64::NAN,
        claim: 0.0,
    };

    fn numbers(&self) -> [f64; Self::SIZE] {
        [self.estimate, self.std_error, self.low, self.high, self.p_value, self.pairs, self.claim]
    }

    fn of(numbers: [f64; Self::SIZE]) -> Self {
        let [estimate, std_error, low, high, p_value, pairs, claim] = numbers;
        Self { estimate, std_error, low, high, p_value, pairs, claim }
    }
}

/// A replicate's records by (scenario, replicate): the bits of every analysis in order.
pub type Records = BTreeMap<(u32, u64), Vec<u8>>;

/// CRC-32 (IEEE 802.3).
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

/// The framed record of a replicate.
fn frame(scenario: u32, replicate: u64, found: &[Found]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(12 + found.len() * 8 * Found::SIZE);
    payload.extend(scenario.to_le_bytes());
    payload.extend(replicate.to_le_bytes());
    for number in found.iter().flat_map(Found::numbers) {
        payload.extend(number.to_bits().to_le_bytes());
    }
    let mut framed = Vec::with_capacity(payload.len() + 8);
    framed.extend((payload.len() as u32).to_le_bytes());
    framed.extend(crc32(&payload).to_le_bytes());
    framed.extend(payload);
    framed
}

/// What a stored record says.
pub fn decode(bits: &[u8]) -> Vec<Found> {
    let number = |chunk: &[u8]| f64::from_bits(chunk.iter().rev().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)));
    bits.chunks_exact(8 * Found::SIZE)
        .map(|record| {
            let mut numbers = [0.0; Found::SIZE];
            for (place, chunk) in numbers.iter_mut().zip(record.chunks_exact(8)) {
                *place = number(chunk);
            }
            Found::of(numbers)
        })
        .collect()
}

fn little(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// The whole records of one file.
fn read_file(path: &Path, hash: &[u8; 32], into: &mut Records) -> Result<(), SimulationError> {
    let bytes = crate::disk::read::bytes(path, LONGEST).map_err(|error| SimulationError::file(path, error))?;
    if bytes.len() < 40 {
        // Killed before its header was whole.
        return Ok(());
    }
    if &bytes[..8] != MAGIC || &bytes[8..40] != hash {
        return Err(SimulationError::Shards(format!(
            "{}: belongs to another scenario, plan or version of the program\n  help: give this one a folder of its own",
            path.display()
        )));
    }
    let mut rest = &bytes[40..];
    while rest.len() >= 8 {
        let (length, sum) = (little(&rest[..4]) as usize, little(&rest[4..8]) as u32);
        let Some(payload) = rest.get(8..8 + length) else { break };
        if length < 12 || crc32(payload) != sum {
            break;
        }
        let key = (little(&payload[..4]) as u32, little(&payload[4..12]));
        match into.get(&key) {
            Some(known) if known.as_slice() != &payload[12..] => {
                return Err(SimulationError::Shards(format!(
                    "{}: replicate {} of scenario {} is there twice with different numbers: two machines do not compute alike",
                    path.display(),
                    key.1,
                    key.0 + 1
                )));
            }
            Some(_) => {}
            None => {
                into.insert(key, payload[12..].to_vec());
            }
        }
        rest = &rest[8 + length..];
    }
    Ok(())
}

/// Every whole record in the folder, of any sharding.
///
/// # Errors
/// A file that cannot be read, of another scenario, or that contradicts another.
pub fn read_all(folder: &Path, hash: &[u8; 32]) -> Result<Records, SimulationError> {
    let mut records = Records::new();
    for path in files(folder)? {
        read_file(&path, hash, &mut records)?;
    }
    Ok(records)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, SimulationError> {
    let listed = std::fs::read_dir(folder).map_err(|error| SimulationError::file(folder, error))?;
    let mut paths: Vec<PathBuf> = listed
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "skr"))
        .collect();
    paths.sort();
    Ok(paths)
}

/// An attempt at a shard.
#[derive(Debug)]
pub struct Attempt {
    path: PathBuf,
    file: std::fs::File,
}

impl Attempt {
    /// Starts the next attempt of shard `shard` of `shards` in `folder`.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn start(folder: &Path, shard: u64, shards: u64, hash: &[u8; 32]) -> Result<Self, SimulationError> {
        for attempt in 0.. {
            let path = folder.join(format!("shard-{shard}-of-{shards}.a{attempt}.skr"));
            match calls::create(&path) {
                Ok(mut file) => {
                    let header = [MAGIC.as_slice(), hash.as_slice()].concat();
                    calls::append(&mut file, &header).map_err(|error| SimulationError::file(&path, error))?;
                    return Ok(Self { path, file });
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(SimulationError::file(&path, error)),
            }
        }
        Err(SimulationError::Shards("no attempt could be started".to_owned()))
    }

    /// Appends replicates in one write.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn append(&mut self, scenario: u32, found: &[(u64, Vec<Found>)]) -> Result<(), SimulationError> {
        let bytes: Vec<u8> = found.iter().flat_map(|(replicate, found)| frame(scenario, *replicate, found)).collect();
        calls::append(&mut self.file, &bytes).map_err(|error| SimulationError::file(&self.path, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of CRC-32/ISO-HDLC.
    #[test]
    fn check_value() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_file_cut_anywhere_gives_its_whole_records() {
        let folder = tempfile::tempdir().unwrap();
        let hash = [7; 32];
        let one = Found { estimate: -1.5, ..Found::FAILED };
        let mut attempt = Attempt::start(folder.path(), 1, 2, &hash).unwrap();
        attempt.append(0, &[(1, vec![one]), (3, vec![one, Found::FAILED])]).unwrap();
        let path = folder.path().join("shard-1-of-2.a0.skr");
        let whole = std::fs::read(&path).unwrap();
        assert_eq!(read_all(folder.path(), &hash).unwrap().len(), 2);
        let first = 40 + 8 + 12 + 56;
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(read_all(folder.path(), &hash).unwrap().len(), usize::from(cut >= first), "cut at {cut}");
        }
        std::fs::write(&path, &whole).unwrap();
        let again = Attempt::start(folder.path(), 1, 2, &hash).unwrap();
        assert!(again.path.ends_with("shard-1-of-2.a1.skr"));
        assert!(read_all(folder.path(), &[8; 32]).is_err(), "another scenario");
        let stored = read_all(folder.path(), &hash).unwrap();
        assert_eq!(decode(&stored[&(0, 1)])[0].estimate, -1.5);
    }
}
