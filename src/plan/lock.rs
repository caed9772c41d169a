//! Sealing a plan before unblinding, and saying later whether the sealed plan was run.
//!
//! The seal (`plan.lock`, JSON) holds the hash of the plan's bytes and the plan's canonical form: every setting in force,
//! defaults included, by key. A later plan with other bytes but the same canonical form (a comment was added) still
//! counts as sealed; otherwise every key that differs is listed.

use super::Plan;
use super::position::Positions;
use crate::data::Date;
use crate::data::date::DateOrder;
use crate::disk;
use crate::trial::{Finding, Location, Severity};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The content of `plan.lock`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// Version of the program that sealed the plan.
    pub splitknee: String,
    /// The date given by the user, as `YYYY-MM-DD`.
    pub sealed: String,
    /// SHA-256 of the plan's bytes, in hexadecimal.
    pub sha256: String,
    /// Every setting in force by key, as JSON text.
    pub canonical: BTreeMap<String, String>,
    /// SHA-256 of the data files that existed, by the name the plan gives them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, String>,
}

/// A setting that differs from the sealed plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Key, for instance `endpoint[vas].mcid`.
    pub key: String,
    /// The sealed value; `None` where the sealed plan had none.
    pub sealed: Option<String>,
    /// The value now; `None` where the plan has none any more.
    pub now: Option<String>,
}

/// Whether the plan is the sealed one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum LockState {
    /// There is no seal.
    NeverSealed,
    /// The plan is the sealed one.
    Sealed {
        /// Date of the seal.
        date: String,
        /// Whether the bytes are the same too; else only comments or layout differ.
        same_bytes: bool,
    },
    /// The plan was changed since.
    Changed {
        /// Date of the seal.
        date: String,
        /// Every setting that differs, by key.
        changes: Vec<Change>,
    },
}

impl LockState {
    /// The words for report and manifest.
    pub fn describe(&self) -> String {
        match self {
            Self::NeverSealed => "never sealed".to_owned(),
            Self::Sealed { date, .. } => format!("sealed plan ({date})"),
            Self::Changed { date, changes } => {
                format!(
                    "changed since sealing ({date}): {} key{}",
                    changes.len(),
                    if changes.len() == 1 { "" } else { "s" }
                )
            }
        }
    }

    /// The finding with which `--require-lock` refuses, if it refuses.
    pub fn refusal(&self, plan: &Plan) -> Option<Finding> {
        let (message, remedy) = match self {
            Self::Sealed { .. } => return None,
            Self::NeverSealed => {
                ("the plan was never sealed".to_owned(), "seal it with `splitknee lock`, or run without --require-lock")
            }
            Self::Changed { changes, .. } => {
                let keys: Vec<&str> = changes.iter().map(|change| change.key.as_str()).collect();
                let message = format!("the plan was changed since it was sealed: {}", keys.join(", "));
                (
                    message,
                    "restore the sealed plan, or run without --require-lock: the report then lists every departure",
                )
            }
        };
        Some(Positions::error("SK007", place(&plan.file_name), message, remedy.to_owned()))
    }
}

fn place(file: &str) -> Location {
    Location { file: file.to_owned(), row: None, column: None }
}

/// The path of the seal of the plan at `plan`: `plan.lock` beside `plan.toml`.
pub fn path_of(plan: &Path) -> PathBuf {
    plan.with_extension("lock")
}

/// The text of the seal of `plan`, dated `date`, without data.
///
/// # Errors
/// `SK019` where `date` is not a date.
pub fn seal(plan: &Plan, date: &str) -> Result<String, Vec<Finding>> {
    seal_with(plan, date, BTreeMap::new())
}

/// The SHA-256 of every data file of `plan`, which lies in `folder`, that can be read now, by its name in the plan.
pub fn data_hashes(plan: &Plan, folder: &Path) -> BTreeMap<String, String> {
    let hash = |name: String| Some((disk::read::sha256(&folder.join(&name)).ok()?, name));
    super::sources::files(plan)
        .into_iter()
        .filter_map(|name| hash(name.to_owned()))
        .map(|(hash, name)| (name, hash))
        .collect()
}

/// A note for every data file of the plan at `path` that is not what it was when the plan was sealed.
pub fn data_changes(path: &Path) -> Vec<Finding> {
    let text = disk::read::text(&path_of(path), disk::read::MAX_TEXT).ok();
    let Some(seal) = text.and_then(|text| serde_json::from_str::<Seal>(&text).ok()) else { return Vec::new() };
    let folder = path.parent().unwrap_or(Path::new("."));
    let changed = |(name, sealed): (&String, &String)| {
        let now = disk::read::sha256(&folder.join(name)).ok();
        (now.as_ref() != Some(sealed)).then(|| Finding {
            rule: "SK035",
            severity: Severity::Note,
            location: place(name),
            message: format!("the data file is not the one that was there when the plan was sealed ({})", seal.sealed),
            remedy: "say in the report why data came in or changed after the seal".to_owned(),
        })
    };
    seal.data.iter().filter_map(changed).collect()
}

/// The text of the seal of `plan`, dated `date`, over `data` files by name and SHA-256.
///
/// # Errors
/// `SK019` where `date` is not a date.
pub fn seal_with(plan: &Plan, date: &str, data: BTreeMap<String, String>) -> Result<String, Vec<Finding>> {
    if Date::parse(date, DateOrder::Iso).is_none() || date.len() != 10 {
        let message = format!("`{date}` is not a date");
        return Err(vec![Positions::error(
            "SK019",
            place(&plan.file_name),
            message,
            "write it as YYYY-MM-DD".to_owned(),
        )]);
    }
    let seal = Seal {
        splitknee: env!("CARGO_PKG_VERSION").to_owned(),
        sealed: date.to_owned(),
        sha256: plan.sha256.clone(),
        canonical: canonical(plan),
        data,
    };
    let text = serde_json::to_string_pretty(&seal).unwrap_or_default();
    Ok(text + "\n")
}

/// Whether a date has not begun anywhere on earth, by this computer's clock, which no output depends on.
pub fn in_the_future(date: &str) -> bool {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    // The first time zone is fourteen hours ahead.
    let today = i32::try_from((now + 14 * 3600) / 86_400).unwrap_or(i32::MAX);
    Date::parse(date, DateOrder::Iso).is_some_and(|date| date.days > today)
}

/// Compares `plan` with the text of its seal (`None`: there is no seal).
///
/// # Errors
/// `SK019` where the seal cannot be read.
pub fn state(plan: &Plan, seal: Option<&str>) -> Result<LockState, Vec<Finding>> {
    let Some(text) = seal else { return Ok(LockState::NeverSealed) };
    let seal: Seal = serde_json::from_str(text).map_err(|error| {
        let lock = path_of(Path::new(&plan.file_name)).display().to_string();
        let location = Location { file: lock, row: Some(error.line()), column: Some(error.column().to_string()) };
        let message = format!("the seal cannot be read: {error}");
        vec![Positions::error("SK019", location, message, "restore the file that `splitknee lock` wrote".to_owned())]
    })?;
    let now = canonical(plan);
    let keys = seal.canonical.keys().chain(now.keys()).collect::<std::collections::BTreeSet<_>>();
    // Another version may compute otherwise: that is a departure too.
    let version = env!("CARGO_PKG_VERSION");
    let other_version = (seal.splitknee != version).then(|| Change {
        key: "splitknee (version)".to_owned(),
        sealed: Some(seal.splitknee.clone()),
        now: Some(version.to_owned()),
    });
    let changes: Vec<Change> = keys
        .into_iter()
        .filter(|key| seal.canonical.get(*key) != now.get(*key))
        .map(|key| Change { key: key.clone(), sealed: seal.canonical.get(key).cloned(), now: now.get(key).cloned() })
        .chain(other_version)
        .collect();
    if changes.is_empty() {
        return Ok(LockState::Sealed { date: seal.sealed, same_bytes: seal.sha256 == plan.sha256 });
    }
    Ok(LockState::Changed { date: seal.sealed, changes })
}

/// Reads the seal beside the plan at `path` and compares.
///
/// # Errors
/// `SK019` where there is a seal that cannot be read.
pub fn state_of(plan: &Plan, path: &Path) -> Result<LockState, Vec<Finding>> {
    let lock = path_of(path);
    match disk::read::text(&lock, disk::read::MAX_TEXT) {
        Ok(text) => state(plan, Some(&text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(LockState::NeverSealed),
        Err(error) => Err(vec![Positions::error(
            "SK019",
            place(&lock.display().to_string()),
            format!("the seal cannot be read: {error}"),
            format!("{}; or restore the file that `splitknee lock` wrote", disk::remedy::of(&error)),
        )]),
    }
}

/// Every setting in force by key, as JSON text; members of a list are named by their identifier or name.
pub fn canonical(plan: &Plan) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    if let Ok(value) = serde_json::to_value(plan) {
        flatten("", &value, &mut settings);
    }
    // How the trial was run is known after the plan was sealed, and decides no analysis.
    settings.retain(|key, _| !key.starts_with("conduct"));
    // What the plan leaves to defaults that depend on other settings.
    let design = plan.design();
    let mut resolved = |key: String, value: Value| {
        settings.entry(key).or_insert_with(|| value.to_string());
    };
    if let Some(visit) = design.visits.get(design.primary).filter(|_| plan.visits.is_some()) {
        resolved("visits.primary".to_owned(), Value::from(visit.label.clone()));
    }
    for (endpoint, written) in design.endpoints.iter().zip(&plan.endpoints) {
        // As [`flatten`] names the endpoint.
        let name = written.id.as_ref().unwrap_or(&written.column);
        let key = |name_of: &str| format!("endpoint[{name}].{name_of}");
        resolved(key("role"), Value::from(endpoint.role.name()));
        let decimals = match endpoint.decimals_from_data {
            true => Value::from("as in the data"),
            false => Value::from(endpoint.decimals),
        };
        resolved(key("decimals"), decimals);
        let visits = endpoint.visits.iter().filter_map(|visit| design.visits.get(*visit));
        resolved(key("visits"), visits.map(|visit| visit.label.clone()).collect());
    }
    for (key, value) in &plan.in_force {
        resolved(key.clone(), Value::from(value.clone()));
    }
    settings
}

fn flatten(path: &str, value: &Value, settings: &mut BTreeMap<String, String>) {
    match value {
        Value::Null => {}
        Value::Object(members) => {
            for (key, member) in members {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, member, settings);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            let mut order = Vec::new();
            for (index, item) in items.iter().enumerate() {
                let name = ["id", "column", "name", "visit", "event", "rule"]
                    .iter()
                    .find_map(|key| item.get(*key).and_then(Value::as_str))
                    .map_or_else(|| index.to_string(), str::to_owned);
                flatten(&format!("{path}[{name}]"), item, settings);
                order.push(Value::from(name));
            }
            // The order is that of the report, and for families that of testing.
            settings.insert(format!("{path} (order)"), Value::from(order).to_string());
        }
        other => {
            settings.insert(path.to_owned(), other.to_string());
        }
    }
}
