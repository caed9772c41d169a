//! Running a foreign decoder that may assert on a damaged file: the assertion becomes an error, and nothing is printed.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Decoders now running. A decoder may work in threads of its own, so this is no thread's own count.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// What `decode` returns; `None` where it panicked. The message of such a panic is not printed: whoever calls says what is
/// wrong with the file.
pub(super) fn guarded<T>(decode: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |about| {
            if RUNNING.load(Ordering::SeqCst) == 0 {
                before(about);
            }
        }));
    });
    RUNNING.fetch_add(1, Ordering::SeqCst);
    let decoded = panic::catch_unwind(AssertUnwindSafe(decode));
    RUNNING.fetch_sub(1, Ordering::SeqCst);
    decoded.ok()
}
