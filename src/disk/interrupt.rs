//! When the user stops the program (SIGINT, SIGTERM, SIGHUP): what it had begun to write is removed, then it ends as the
//! signal says. A swap that has begun is finished first. SIGXFSZ becomes an error of the write that met the limit.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is being written now and must go if the program is stopped.
static BEGUN: Mutex<Vec<Begun>> = Mutex::new(Vec::new());

/// One thing begun.
#[derive(Debug)]
struct Begun {
    /// The hidden folder or file.
    path: PathBuf,
    /// Folders made for it, innermost last; removed where empty.
    made: Vec<PathBuf>,
}

/// Holds signals back until dropped.
pub fn critical() -> Held {
    Held { _guard: begun() }
}

/// Signals wait while this lives.
#[derive(Debug)]
pub struct Held {
    _guard: MutexGuard<'static, Vec<Begun>>,
}

fn begun() -> MutexGuard<'static, Vec<Begun>> {
    BEGUN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `path` goes, and the folders `made` for it where empty, if the program is stopped from now on.
pub fn begin(path: &Path, made: &[PathBuf]) {
    begun().push(Begun { path: path.to_path_buf(), made: made.to_vec() });
}

/// `path` is finished, or gone.
pub fn end(path: &Path) {
    begun().retain(|begun| begun.path != path);
}

/// Removes what had been begun.
#[cfg(unix)]
fn clear(begun: &mut Vec<Begun>) {
    for begun in begun.drain(..) {
        // Another thread may be writing into it: tried again until it is gone. What cannot be removed is found by the
        // next run.
        for _ in 0..100 {
            let gone = if begun.path.is_dir() {
                std::fs::remove_dir_all(&begun.path)
            } else {
                std::fs::remove_file(&begun.path)
            };
            if gone.is_ok() || !begun.path.exists() {
                break;
            }
        }
        for folder in begun.made.iter().rev() {
            let _ = std::fs::remove_dir(folder);
        }
    }
}

/// Listens for the signals, for the rest of the program's life. For the command line: a library leaves signals alone.
pub fn listen() {
    #[cfg(unix)]
    {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
        let limit = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        // Without a handler the signal ends the program; with one the write fails with EFBIG.
        let _ = signal_hook::flag::register(SIGXFSZ, limit);
        // What was ignored at the start stays so: SIGHUP under nohup, SIGINT of a job in the background.
        let ignored = ignored();
        let heard = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0);
        let Ok(mut signals) = signal_hook::iterator::Signals::new(heard) else { return };
        std::thread::spawn(move || {
            if let Some(signal) = signals.forever().next() {
                // Held to the end, so that the writing thread says nothing of what is taken from it.
                let mut begun = begun();
                clear(&mut begun);
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
        });
    }
}

/// The signals ignored when the program started, one bit each; none where the system does not say.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
