//! Faults put under [`super::calls`] by the tests: the k-th call fails, or the process ends there as if it were killed.
//! Outside of tests every step is allowed and nothing is compiled in.

use std::io;

/// One call of the system is about to be made.
///
/// # Errors
/// The error that a test asked for.
#[cfg(not(test))]
#[inline]
pub fn step(_call: &'static str) -> io::Result<()> {
    Ok(())
}

/// Whether the system may exchange two folders in one step.
#[cfg(not(test))]
#[inline]
pub fn exchanges() -> bool {
    true
}

#[cfg(test)]
pub use injected::{Fault, allow_exchange, arm, exchanges, step, steps};

#[cfg(test)]
mod injected {
    use super::io;
    use std::cell::Cell;

    /// What happens at a step.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Fault {
        /// The call fails with this error number, once.
        Fail(i32),
        /// This call and all that follow fail.
        FailFrom(i32),
        /// The process ends at once: nothing is cleaned up.
        Kill,
    }

    thread_local! {
        static PLANNED: Cell<Option<(usize, Fault)>> = const { Cell::new(None) };
        static MADE: Cell<usize> = const { Cell::new(0) };
        static EXCHANGES: Cell<bool> = const { Cell::new(true) };
    }

    /// Whether this thread's system may exchange two folders in one step.
    pub fn exchanges() -> bool {
        EXCHANGES.get()
    }

    /// From now on, this thread's system may, or may not, exchange two folders in one step.
    pub fn allow_exchange(allowed: bool) {
        EXCHANGES.set(allowed);
    }

    /// From now on, the `at`-th step (counted from 0) of this thread has `fault`; the count starts anew.
    pub fn arm(planned: Option<(usize, Fault)>) {
        PLANNED.set(planned);
        MADE.set(0);
    }

    /// Steps made since [`arm`].
    pub fn steps() -> usize {
        MADE.get()
    }

    /// One call is about to be made.
    pub fn step(_call: &'static str) -> io::Result<()> {
        let made = MADE.get();
        MADE.set(made + 1);
        match PLANNED.get() {
            Some((at, Fault::Fail(code))) if at == made => Err(io::Error::from_raw_os_error(code)),
            Some((at, Fault::FailFrom(code))) if at <= made => Err(io::Error::from_raw_os_error(code)),
            Some((at, Fault::Kill)) if at == made => std::process::abort(),
            _ => Ok(()),
        }
    }
}
