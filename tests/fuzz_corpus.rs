//! Replays the corpus of the fuzz targets (`fuzz/`), and damages every file of it in many small ways.

#[path = "../fuzz/src/lib.rs"]
mod promises;

use splitknee::data::Format;
use std::fs;
use std::path::PathBuf;

/// The files of one target.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "fuzz/corpus", target].iter().collect();
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

/// A small generator of reproducible numbers (xorshift64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

/// Bytes that matter to some reader.
const TELLING: &[u8] = b"\0\n\r\",;\t|.0-+ 9eE:[]{}A_\x7f\x80\x81\xc3\xe9\xff";

/// Changes, drops, doubles or moves a few bytes.
fn damage(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len());
        let end = (at + 1 + numbers.below(12)).min(bytes.len());
        match numbers.below(5) {
            0 if !bytes.is_empty() => bytes[at] = TELLING[numbers.below(TELLING.len())],
            1 => bytes.insert(at, TELLING[numbers.below(TELLING.len())]),
            2 if !bytes.is_empty() => drop(bytes.drain(at..end)),
            3 if !bytes.is_empty() => {
                let piece = bytes[at..end].to_vec();
                let to = numbers.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            _ => bytes.truncate(numbers.below(bytes.len() + 1)),
        }
    }
}

fn replay(target: &str, promise: impl Fn(&[u8])) {
    replay_some(target, 2_000, promise);
}

fn replay_some(target: &str, least: usize, promise: impl Fn(&[u8])) {
    let files = corpus(target);
    assert!(!files.is_empty());
    // FUZZ_SECONDS lengthens the run on a quiet machine.
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse::<u64>().ok());
    let start = std::time::Instant::now();
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    let mut runs = 0;
    while runs < least || seconds.is_some_and(|seconds| start.elapsed().as_secs() < seconds) {
        for file in &files {
            let mut bytes = file.clone();
            if runs > 0 {
                damage(&mut bytes, &mut numbers);
            }
            promise(&bytes);
            runs += 1;
        }
    }
    if seconds.is_some() {
        eprintln!("{target}: {runs} files");
    }
}

#[test]
fn csv() {
    replay("csv", |bytes| promises::table(bytes, Format::Csv));
}

#[test]
fn xpt() {
    replay("xpt", |bytes| promises::table(bytes, Format::Xpt));
}

#[test]
fn dataset_json() {
    replay("dataset_json", |bytes| promises::table(bytes, Format::DatasetJson));
}

#[test]
fn plan() {
    replay("plan", promises::plan);
}

#[test]
fn formula() {
    replay("formula", promises::formula);
}

#[test]
fn xlsx() {
    replay_some("xlsx", 300, |bytes| promises::table(bytes, Format::Xlsx));
}

#[test]
fn parquet() {
    replay_some("parquet", 300, |bytes| promises::table(bytes, Format::Parquet));
}

#[test]
fn ndjson() {
    replay("ndjson", |bytes| promises::table(bytes, Format::DatasetNdjson));
}

#[test]
fn encoding() {
    replay("encoding", promises::encoding);
}

#[test]
fn scenario() {
    replay("scenario", promises::scenario);
}

#[test]
fn results() {
    replay("results", promises::results);
}

#[test]
fn template() {
    replay_some("template", 300, promises::template);
}
