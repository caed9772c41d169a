//! Bad input and bad disks as a user meets them, through the program: a clear error, the right exit code, no panic, memory
//! bounded, and what was there before still there.

use super::small_trial::SmallTrial;
use crate::cli_model::run;
use assert_cmd::Command;
use splitknee::data::{Format, ReadOptions, WriteOptions, XptVersion, read_bytes, to_bytes};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A trial on disk.
struct OnDisk {
    folder: TempDir,
}

impl OnDisk {
    fn new() -> Self {
        Self::of(&SmallTrial::new())
    }

    fn of(trial: &SmallTrial) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("plan.toml"), &trial.plan).unwrap();
        for name in trial.files.keys() {
            fs::write(folder.path().join(name), trial.csv(name)).unwrap();
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// Has the plan read its observations from `name`, which holds `bytes`.
    fn observations(&self, name: &str, bytes: &[u8]) {
        let plan = SmallTrial::new().plan.replacen("path = \"knees.csv\"", &format!("path = \"{name}\""), 1);
        self.write("plan.toml", plan.as_bytes());
        if !name.contains("..") && !name.starts_with('/') && name != "plan.toml" && name != "./plan.toml" {
            self.write(name, bytes);
        }
    }

    /// `check` and `run` stop with exit code 1; what they say holds `words`, and nothing is written.
    fn stops(&self, what: &str, words: &[&str]) {
        let plan = self.path("plan.toml");
        let (code, out, err) = run(&["check", plan.to_str().unwrap()]);
        let said = out + &err;
        assert_eq!(code, 1, "{what}: {said}");
        assert!(said.contains("help:") && !said.contains("panicked"), "{what}: {said}");
        for word in words {
            assert!(said.contains(word), "{what}: `{word}` is not in\n{said}");
        }
        let results = self.path("results");
        let (code, out, err) = run(&["run", plan.to_str().unwrap(), "--out", results.to_str().unwrap()]);
        assert_eq!(code, 1, "{what}: {err}");
        assert!(out.is_empty() && !err.contains("panicked") && !results.exists(), "{what}: {out}{err}");
    }

    /// `check` finds no error.
    fn passes(&self, what: &str) {
        let (code, out, err) = run(&["check", self.path("plan.toml").to_str().unwrap()]);
        assert_eq!(code, 0, "{what}: {out}{err}");
    }
}

fn knees() -> Vec<u8> {
    SmallTrial::new().csv("knees.csv")
}

/// The observations in another format.
fn as_format(format: Format) -> Vec<u8> {
    let table = read_bytes("knees.csv", &knees(), &ReadOptions::default()).unwrap();
    let options = WriteOptions { xpt_version: XptVersion::V8, ..WriteOptions::default() };
    to_bytes(&table, "knees", format, &options).unwrap()
}

/// Runs the program with so much address space that unbounded memory would end it.
#[cfg(unix)]
fn within(kibibytes: u64, arguments: &[&str]) -> (Option<i32>, String) {
    let program = env!("CARGO_BIN_EXE_splitknee");
    let mut command = std::process::Command::new("sh");
    let script = format!("ulimit -v {kibibytes}; exec \"$0\" \"$@\"");
    let output = command.arg("-c").arg(script).arg(program).args(arguments).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[cfg(unix)]
#[test]
fn two_gigabytes_of_one_line() {
    let trial = OnDisk::new();
    // A sparse file: it takes no room on the disk.
    let file = fs::OpenOptions::new().append(true).open(trial.path("knees.csv")).unwrap();
    file.set_len(2 << 30).unwrap();
    let (code, said) = within(2_000_000, &["check", trial.path("plan.toml").to_str().unwrap()]);
    assert_eq!(code, Some(1), "{said}");
    // Refused before it is read: more than the machine lends.
    assert!(said.contains("knees.csv") && said.contains("of memory, and"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_row_of_millions_of_cells() {
    let trial = OnDisk::new();
    trial.write("knees.csv", &vec![b','; 20 << 20]);
    let (code, said) = within(2_000_000, &["check", trial.path("plan.toml").to_str().unwrap()]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("knees.csv:1") && said.contains("16384 cells"), "{said}");
}

#[test]
fn files_that_are_not_what_their_names_say() {
    let trial = OnDisk::new();
    for (name, bytes, words) in [
        ("knees.xlsx", knees(), ["knees.xlsx", "text"]),
        ("knees.parquet", knees(), ["knees.parquet", "text"]),
        ("knees.xpt", knees(), ["knees.xpt", "text"]),
        ("knees.csv", as_format(Format::Xpt), ["knees.csv", "SAS transport"]),
        ("knees.csv", as_format(Format::Parquet), ["knees.csv", "Parquet"]),
        ("knees.json", knees(), ["knees.json", "line 1"]),
        ("knees.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), ["knees.xls", "damaged"]),
        ("knees.dat", knees(), ["knees.dat", "unknown format"]),
        ("knees.csv", b"\x1f\x8b\x08\0\0\0\0\0".to_vec(), ["knees.csv", "gzip"]),
        ("knees.xlsx", b"PK\x03\x04 and nothing that follows".to_vec(), ["knees.xlsx", "damaged"]),
    ] {
        trial.observations(name, &bytes);
        trial.stops(name, &words);
    }
}

#[test]
fn truncated_files() {
    let trial = OnDisk::new();
    for (name, format) in
        [("knees.xpt", Format::Xpt), ("knees.parquet", Format::Parquet), ("knees.json", Format::DatasetJson)]
    {
        let whole = as_format(format);
        trial.observations(name, &whole);
        trial.passes(name);
        for share in [3, 50, 90] {
            trial.observations(name, &whole[..whole.len() * share / 100]);
            trial.stops(&format!("{share} % of {name}"), &[name]);
        }
    }
}

#[test]
fn damage_in_the_middle_of_a_parquet_file_is_an_error_and_not_printed_as_a_panic() {
    let trial = OnDisk::new();
    let whole = as_format(Format::Parquet);
    for at in (8..whole.len()).step_by(whole.len() / 12) {
        let mut bytes = whole.clone();
        bytes[at..(at + 6).min(whole.len())].fill(0xff);
        trial.observations("knees.parquet", &bytes);
        let (code, out, err) = run(&["check", trial.path("plan.toml").to_str().unwrap()]);
        assert!(code == 0 || code == 1, "byte {at}: {code} {out}{err}");
        assert!(!format!("{out}{err}").contains("panicked"), "byte {at}: {out}{err}");
    }
}

#[test]
fn deep_json() {
    let trial = OnDisk::new();
    for bytes in ["[".repeat(300_000), "{\"a\":".repeat(300_000), format!("{{\"rows\": {}", "[".repeat(300_000))] {
        trial.observations("knees.json", bytes.as_bytes());
        trial.stops("deep JSON", &["knees.json"]);
    }
}

#[test]
fn csv_that_cannot_be_a_table() {
    let trial = OnDisk::new();
    let after = |row: &[u8]| [knees(), row.to_vec()].concat();
    for (what, bytes, words) in [
        ("a last row cut off", after(b"P01,LEFT"), ["knees.csv:74", "12 columns"]),
        ("too few cells", after(b"P01,LEFT\n"), ["knees.csv:74:visit", "before the last column"]),
        ("NUL", after(b"P01,LE\0FT,Baseline,0,2024-01-10,EV,1,2,3,5,1,2000\n"), ["knees.csv:74", "NUL"]),
        ("an open quote", after(b"\"P01,LEFT\n"), ["knees.csv:74", "quote"]),
        ("text after a quote", after(b"\"P01\"x,LEFT\n"), ["knees.csv:74", "closing quote"]),
        ("names twice", b"id,id\n1,2\n".to_vec(), ["knees.csv:1:id", "both named"]),
        ("no name", b"id,\n1,2\n".to_vec(), ["knees.csv", "no name"]),
        ("nothing", Vec::new(), ["knees.csv", "empty"]),
        ("blank lines", b"\n\n\r\n".to_vec(), ["knees.csv", "empty"]),
        ("a byte order mark only", b"\xef\xbb\xbf".to_vec(), ["knees.csv", "empty"]),
        ("a header only", b"id,side\n".to_vec(), ["knees.csv:1", "no rows"]),
    ] {
        trial.write("knees.csv", &bytes);
        trial.stops(what, &words);
    }
}

#[test]
fn the_same_data_in_other_encodings_and_line_ends() {
    let mut small = SmallTrial::new();
    // A label that every one of these encodings writes in its own way.
    small.edit_plan("active = \"EV\"", "active = \"é\"");
    for file in ["knees.csv", "allocation.csv"] {
        small.set_column(file, "arm", |arm, _| if arm == "EV" { "é".to_owned() } else { arm.to_owned() });
    }
    let trial = OnDisk::of(&small);
    let text = String::from_utf8(small.csv("knees.csv")).unwrap();
    let utf16 = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let mixed: String = text.lines().zip(["\n", "\r\n", "\r"].iter().cycle()).map(|(a, b)| format!("{a}{b}")).collect();
    for (what, bytes) in [
        ("UTF-8 with a byte order mark", ["\u{feff}", &text].concat().into_bytes()),
        ("a byte order mark twice", ["\u{feff}\u{feff}", &text].concat().into_bytes()),
        ("UTF-16LE with a mark", [b"\xff\xfe".to_vec(), utf16(u16::to_le_bytes)].concat()),
        ("UTF-16BE with a mark", [b"\xfe\xff".to_vec(), utf16(u16::to_be_bytes)].concat()),
        ("UTF-16LE without a mark", utf16(u16::to_le_bytes)),
        ("Windows-1252", text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()),
        ("mixed line ends", mixed.into_bytes()),
    ] {
        trial.write("knees.csv", &bytes);
        trial.passes(what);
    }
    let mut japanese = SmallTrial::new();
    japanese.set_column("knees.csv", "side", |side, _| if side == "LEFT" { "左".to_owned() } else { "右".to_owned() });
    let trial = OnDisk::of(&japanese);
    let text = String::from_utf8(japanese.csv("knees.csv")).unwrap();
    // 左 and 右 in Shift_JIS.
    let pieces = text.replace('左', "\u{1}").replace('右', "\u{2}").into_bytes();
    let shift_jis = pieces.iter().flat_map(|&byte| match byte {
        1 => vec![0x8d, 0xb6],
        2 => vec![0x89, 0x45],
        other => vec![other],
    });
    trial.write("knees.csv", &shift_jis.collect::<Vec<u8>>());
    trial.passes("Shift_JIS");
}

#[test]
fn cells_that_are_no_numbers_or_dates() {
    let spoiled = |row: usize, column: &str, cell: &str| {
        let mut small = SmallTrial::new();
        small.set("knees.csv", row, column, cell);
        small.csv("knees.csv")
    };
    let trial = OnDisk::new();
    for (what, bytes, words) in [
        ("a number beyond doubles", spoiled(5, "vas", "1e400"), ["knees.csv:5:vas", "1e400"]),
        ("a formula", spoiled(5, "vas", "=SUM(A1:A9)"), ["knees.csv:5:vas", "=SUM(A1:A9)"]),
        ("words", spoiled(5, "vas", "forty"), ["knees.csv:5:vas", "data.missing"]),
        ("-99 that is not declared", spoiled(5, "vas", "-99"), ["knees.csv:5:vas", "-99"]),
        ("another order of the date", spoiled(5, "date", "31.01.2024"), ["knees.csv", "date"]),
        ("a third order of the date", spoiled(5, "date", "01/31/2024"), ["knees.csv", "YYYY-MM-DD"]),
    ] {
        trial.write("knees.csv", &bytes);
        trial.stops(what, &words);
    }
    let mut small = SmallTrial::new();
    small.set_column("knees.csv", "volume", |_, _| String::new());
    trial.write("knees.csv", &small.csv("knees.csv"));
    trial.stops("a column of nulls", &["SK211", "volume", "no value"]);
    // What is declared missing, and what always is.
    let mut small = SmallTrial::new();
    small.edit_plan("[arms]", "missing = [\"\", \"NA\", \".\", \"-99\"]\n[arms]");
    for (row, cell) in [(5, "."), (11, "NA"), (17, "-99"), (23, " ")] {
        small.set("knees.csv", row, "effusion", cell);
    }
    OnDisk::of(&small).passes("missing codes");
}

#[test]
fn plans_that_name_what_they_may_not() {
    let trial = OnDisk::new();
    for (name, words) in [
        ("../knees.csv", ["plan.toml:7", "outside"]),
        ("/etc/hostname", ["plan.toml:7", "outside"]),
        ("plan.toml", ["plan.toml:7", "the plan itself"]),
        ("./plan.toml", ["plan.toml:7", "the plan itself"]),
    ] {
        trial.observations(name, b"");
        trial.stops(name, &words);
    }
    let plan = trial.path("plan.toml");
    for (what, bytes, word) in [
        ("empty", Vec::new(), "trial"),
        ("no text", vec![0xff, 0xfe, 0x00], "UTF-8"),
        ("deep", [b"a = ".to_vec(), vec![b'['; 100_000]].concat(), "TOML"),
        ("huge", vec![b'#'; 5 << 20], "too large"),
        ("a long condition", long_condition().into_bytes(), "comparisons"),
    ] {
        fs::write(&plan, &bytes).unwrap();
        trial.stops(what, &["plan.toml", word]);
    }
}

/// A plan whose `where` would make a tree too deep to walk.
fn long_condition() -> String {
    let condition = vec!["fas == \"Y\""; 50_000].join(" and ");
    SmallTrial::new().plan.replacen("where = 'fas == \"Y\"'", &format!("where = '{condition}'"), 1)
}

#[cfg(unix)]
#[test]
fn links_folders_and_pipes_in_the_place_of_a_file() {
    let trial = OnDisk::new();
    let data = trial.path("knees.csv");
    fs::remove_file(&data).unwrap();
    trial.stops("missing", &["SK020", "knees.csv", "no such file", "line 7"]);
    std::os::unix::fs::symlink("knees.csv", &data).unwrap();
    trial.stops("a link to itself", &["SK020", "knees.csv"]);
    fs::remove_file(&data).unwrap();
    std::os::unix::fs::symlink("nowhere.csv", &data).unwrap();
    trial.stops("a link to nothing", &["SK020", "knees.csv"]);
    fs::remove_file(&data).unwrap();
    fs::create_dir(&data).unwrap();
    trial.stops("a folder", &["SK020", "a folder"]);
    fs::remove_dir(&data).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&data).status().is_ok_and(|status| status.success());
    if made {
        trial.stops("a pipe nobody writes to", &["SK020", "pipe"]);
        fs::remove_file(&data).unwrap();
    }
    // A file that may not be read; the system's administrator may read everything.
    fs::write(&data, knees()).unwrap();
    fs::set_permissions(&data, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    if fs::read(&data).is_err() {
        trial.stops("unreadable", &["SK020", "knees.csv", "permission"]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn disks_that_take_nothing() {
    let trial = OnDisk::new();
    let plan = trial.path("plan.toml");
    // The kernel's own folder refuses new files, even to the administrator.
    let (code, out, err) = run(&["run", plan.to_str().unwrap(), "--out", "/proc/splitknee/results"]);
    assert_eq!(code, 3, "{err}");
    assert!(out.is_empty() && err.contains("/proc") && err.contains("help:"), "{err}");
    // A terminal that is full.
    for arguments in [vec!["check", plan.to_str().unwrap()], vec!["demo", "--help"], vec!["schema"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_splitknee"));
        let output = command.args(&arguments).stdout(full).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        let wanted = if arguments.contains(&"--help") { vec![Some(0), Some(3)] } else { vec![Some(3)] };
        assert!(wanted.contains(&output.status.code()), "{arguments:?}: {:?} {err}", output.status);
        assert!(!err.contains("panicked"), "{arguments:?}: {err}");
    }
}

/// Every file below a folder with its bytes.
fn content(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push((path.clone(), fs::read(&path).unwrap())) }
        }
    }
    found.sort();
    found
}

#[cfg(unix)]
#[test]
fn a_run_killed_half_way_leaves_the_earlier_output() {
    let trial = OnDisk::new();
    let (plan, out) = (trial.path("plan.toml"), trial.path("results"));
    let arguments = ["run", plan.to_str().unwrap(), "--out", out.to_str().unwrap()];
    assert_eq!(run(&arguments).0, 0);
    let before = content(&out);
    for milliseconds in [5, 40, 120, 250, 400, 600] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_splitknee"));
        let null = std::process::Stdio::null;
        let mut child = command.args(arguments).stdout(null()).stderr(null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        let _ = child.kill();
        child.wait().unwrap();
        assert!(content(&out) == before, "killed after {milliseconds} ms");
    }
    assert_eq!(run(&arguments).0, 0);
    assert!(content(&out) == before);
}

#[test]
fn calculators_meet_the_same_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.csv");
    let named = path.to_str().unwrap();
    let test = ["test", "paired-t", "--data", named, "--treated", "a", "--control", "b"];
    let model = ["model", "--data", named, "--formula", "a ~ b"];
    for bytes in [
        Vec::new(),
        b"a,b\n".to_vec(),
        b"a,b\n1\n".to_vec(),
        b"a,a\n1,2\n".to_vec(),
        b"a,b\n1,\0\n".to_vec(),
        b"a,b\n1,1e400\n".to_vec(),
        b"a,b\nx,y\n".to_vec(),
        b"\xff\xfe\x00".to_vec(),
        b"PK\x03\x04".to_vec(),
    ] {
        fs::write(&path, &bytes).unwrap();
        for arguments in [&test[..], &model[..], &["summary", "--data", named][..]] {
            let output = Command::cargo_bin("splitknee").unwrap().args(arguments).output().unwrap();
            let err = String::from_utf8_lossy(&output.stderr);
            let code = output.status.code();
            assert!(matches!(code, Some(0..=2)), "{arguments:?} {bytes:?}: {code:?} {err}");
            assert!(!err.contains("panicked"), "{arguments:?} {bytes:?}: {err}");
        }
    }
    let formula = format!("a ~ b + I({})", vec!["b"; 20_000].join("+"));
    fs::write(&path, "a,b\n1,2\n2,1\n3,5\n").unwrap();
    let (code, _, err) = run(&["model", "--data", named, "--formula", &formula]);
    assert!(code == 2 && err.contains("too long"), "{code} {}", &err[..err.len().min(300)]);
}
