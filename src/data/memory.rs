//! What a file would take in memory, against what there is: asked before anything is allocated, so that a small file that
//! unpacks to gigabytes, or a large one on a small machine, ends in an error and not in the death of the program.

use super::error::DataError;
use std::fs;

/// Of the memory that is left, the part that reading one file may take: tables, trial and report need the rest.
const SHARE: f64 = 0.5;

/// What a cell of text takes besides its characters while a column is made.
pub const TEXT_CELL: u64 = 64;

/// What a number takes while a column is made.
pub const NUMBER_CELL: u64 = 32;

/// Memory in bytes that this process may still take: the least of what its limit (`ulimit -v`), its container and the
/// machine leave; unlimited where the system does not say.
pub fn left() -> u64 {
    let kib = |text: &str, key: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
    };
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let limits = read("/proc/self/limits");
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max address space"));
    let limit = limit.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    let of_process = limit.map(|limit| limit.saturating_sub(kib(&read("/proc/self/status"), "VmSize:").unwrap_or(0)));
    let number = |path: &str| read(path).trim().parse::<u64>().ok();
    let of_container = number("/sys/fs/cgroup/memory.max")
        .map(|most| most.saturating_sub(number("/sys/fs/cgroup/memory.current").unwrap_or(0)));
    let of_machine = kib(&read("/proc/meminfo"), "MemAvailable:");
    [of_process, of_container, of_machine].into_iter().flatten().min().unwrap_or(u64::MAX)
}

/// Whether reading the file `path` may take `needed` bytes.
///
/// # Errors
/// [`DataError::NeedsMemory`] where it is more than this machine can give.
pub fn afford(path: &str, needed: u64) -> Result<(), DataError> {
    // Whatever is left, a little is always there.
    if needed <= 32 << 20 {
        return Ok(());
    }
    let left = (left() as f64 * SHARE) as u64;
    if needed <= left { Ok(()) } else { Err(DataError::NeedsMemory { path: path.to_string(), needed, left }) }
}

/// Room for a share of what is left, taken piece by piece where the size is known only while a file is read.
#[derive(Debug)]
pub struct Meter<'a> {
    path: &'a str,
    taken: u64,
    room: u64,
}

impl<'a> Meter<'a> {
    /// Nothing taken yet for the file `path`.
    pub fn new(path: &'a str) -> Self {
        Self { path, taken: 0, room: ((left() as f64 * SHARE) as u64).max(32 << 20) }
    }

    /// Takes `bytes` of the room, before they are allocated.
    ///
    /// # Errors
    /// [`DataError::NeedsMemory`] where it is used up.
    pub fn take(&mut self, bytes: u64) -> Result<(), DataError> {
        self.taken = self.taken.saturating_add(bytes);
        if self.taken <= self.room {
            return Ok(());
        }
        Err(DataError::NeedsMemory { path: self.path.to_string(), needed: self.taken, left: self.room })
    }

    /// Takes one cell of `length` bytes of text: the cell, its place in a column, and the copies that are made of it.
    ///
    /// # Errors
    /// As [`Meter::take`].
    pub fn text(&mut self, length: usize) -> Result<(), DataError> {
        self.take(TEXT_CELL + 2 * length as u64)
    }
}

/// What becomes of a table of `rows` rows with `text` bytes of text once a trial is built of it: 560 bytes for a row were
/// measured.
pub fn of_trial(rows: usize, text: u64) -> u64 {
    rows as u64 * 600 + 2 * text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_taken_piece_by_piece() {
        let mut meter = Meter { path: "a.sav", taken: 0, room: 1000 };
        assert!(meter.text(100).is_ok() && meter.take(736).is_ok());
        let error = meter.take(1).unwrap_err();
        assert!(matches!(error, DataError::NeedsMemory { needed: 1001, left: 1000, .. }), "{error}");
    }

    #[test]
    fn what_cannot_be_had_is_refused_with_both_sizes() {
        assert!(afford("a.csv", 1 << 20).is_ok());
        #[cfg(target_os = "linux")]
        {
            assert!(left() > 0 && left() < u64::MAX);
            let error = afford("a.csv", u64::MAX / 2).unwrap_err().to_string();
            assert!(error.starts_with("a.csv: ") && error.contains("MiB"), "{error}");
        }
    }
}
