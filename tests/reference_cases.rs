//! Reading the reference cases (`tests/reference/<engine>/<case>`: `data.csv` and `expected.json`) and keeping account of
//! which of their figures a test compared.
//!
//! ```ignore
//! use crate::reference_cases::{Case, Coverage};
//!
//! let Some(case) = Case::load("r", "paired_sleep") else { return };   // tests/reference/r/paired_sleep; `use Load`
//! let mut coverage = Coverage::new(&case);
//! for result in &case.results {                                       // id, package, version, call, values, error
//!     match result.id.as_str() {
//!         "t.two.sided" => {
//!             coverage.close(result, "statistic", our_t, 1e-10);      // a figure of `values`, by name
//!             coverage.close_to(result, "p", expected, ours, 1e-8);   // any expected number
//!         }
//!         // Not compared, and why:
//!         "t.pingouin" => coverage.exclude(result, "intervals are rounded to two digits"),
//!         _ => {}
//!     }
//! }
//! coverage.finish();   // panics with the full list: differences, and ids neither compared nor excluded
//! ```
//!
//! `Case::beside("reference-external", "paired_shoulder")` reads a case that may not be copied into the project; it is
//! `None` (and says so on stderr) where the folder does not exist.

use crate::skip::{Needs, skip};
use splitknee::qualification::{self, Check};
use std::path::{Path, PathBuf};

pub use splitknee::qualification::case::{Case, Csv, Reference, number};
pub use splitknee::qualification::coverage::Coverage;

/// Reading a case from disk.
pub trait Load: Sized {
    /// `tests/reference/<engine>/<case>`; the folder must exist.
    fn load(engine: &str, name: &str) -> Option<Self>;

    /// A case beside the project, in `../shared/<collection>/<case>`; `None` where it does not exist.
    fn beside(collection: &str, name: &str) -> Option<Self>;
}

impl Load for Case {
    fn load(engine: &str, name: &str) -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(engine).join(name);
        Some(read(&folder, name))
    }

    fn beside(collection: &str, name: &str) -> Option<Self> {
        let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "shared", collection, name].iter().collect();
        if !folder.join("expected.json").exists() {
            skip(Needs::Data, &format!("reference case {collection}/{name}"));
            return None;
        }
        Some(read(&folder, name))
    }
}

fn read(folder: &Path, name: &str) -> Case {
    let text = std::fs::read_to_string(folder.join("expected.json"))
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let data = std::fs::read_to_string(folder.join("data.csv")).unwrap_or_default();
    Case::parse(name, &text, &data).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The end of an account.
pub trait Finish {
    /// Fails with the whole list if a figure differed or an id was neither compared nor left out with a reason.
    fn finish(self);
}

impl Finish for Coverage {
    fn finish(self) {
        let account = self.complete();
        let failed: Vec<&Check> = account.checks.iter().filter(|check| !check.pass).collect();
        let list: String = failed
            .iter()
            .map(|check| {
                let Check { case, id, figure, expected, obtained, difference, .. } = check;
                format!("  {case} {id}: {figure}: expected {expected:?}, got {obtained:?} ({difference:?})\n")
            })
            .collect();
        assert!(failed.is_empty(), "{} figures compared, but\n{list}", account.figures());
        assert!(account.figures() > 0, "nothing was compared");
    }
}

/// Compares a case that the program carries; the figures are the ones in the tree.
pub fn qualify(name: &str) {
    qualification::compare(name).unwrap_or_else(|| panic!("the program carries no case {name}")).finish();
}
