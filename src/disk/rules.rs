//! What may be replaced, and what is kept: the rules of [`super::place`] and [`super::folder`], tried out.

use super::folder::Claim;
use super::inputs::Inputs;
use super::recovery::staging_of;
use super::{OutputError, file};
use std::fs;
use std::path::Path;

fn write(out: &Path, text: &str, inputs: &Inputs, force: bool) -> Result<Vec<String>, OutputError> {
    let hash: String = <sha2::Sha256 as sha2::Digest>::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    let outputs = serde_json::json!([{"path": "tables/a.csv", "sha256": hash}]);
    let manifest = serde_json::json!({"splitknee": "0", "outputs": outputs}).to_string();
    let files = [("tables/a.csv", text.as_bytes()), ("manifest.json", manifest.as_bytes())];
    Claim::new(out, inputs, force)?.write(files.into_iter())
}

fn plain(out: &Path, text: &str) -> Result<Vec<String>, OutputError> {
    write(out, text, &Inputs::default(), false)
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn a_second_run_replaces_the_first_and_keeps_notes() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("deep/out");
    plain(&out, "one").unwrap();
    fs::write(out.join("tables/notes.txt"), "checked by hand").unwrap();
    plain(&out, "two").unwrap();
    assert_eq!(read(out.join("tables/a.csv")), "two");
    assert_eq!(read(out.join("tables/notes.txt")), "checked by hand");
    assert_eq!(fs::read_dir(home.path().join("deep")).unwrap().count(), 1, "something is left");
}

#[test]
fn an_edited_output_is_refused_and_with_force_kept_beside() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out");
    plain(&out, "one").unwrap();
    for round in ["first", "second"] {
        fs::write(out.join("tables/a.csv"), round).unwrap();
        let error = plain(&out, "two").unwrap_err().to_string();
        assert!(error.contains("tables/a.csv") && error.contains("--force"), "{error}");
        assert_eq!(read(out.join("tables/a.csv")), round);
        let notes = write(&out, "two", &Inputs::default(), true).unwrap();
        assert!(notes[0].contains("kept as a.csv.edited"), "{notes:?}");
        assert_eq!(read(out.join("tables/a.csv")), "two");
    }
    assert_eq!(read(out.join("tables/a.csv.edited")), "first");
    assert_eq!(read(out.join("tables/a.csv.edited-2")), "second");
}

#[test]
fn a_note_where_an_output_goes_is_not_replaced() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out");
    plain(&out, "one").unwrap();
    fs::write(out.join("extra.csv"), "mine").unwrap();
    let claim = Claim::new(&out, &Inputs::default(), false).unwrap();
    let error = claim.write([("extra.csv", "theirs".as_bytes())].into_iter()).unwrap_err();
    assert!(error.to_string().contains("extra.csv"), "{error}");
    assert_eq!((read(out.join("extra.csv")).as_str(), read(out.join("tables/a.csv")).as_str()), ("mine", "one"));
}

#[test]
fn folders_of_something_else_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let manifests = [
        r#"{"name": "web app", "icons": []}"#,
        r#"{"outputs": [{"path": "knees.csv"}, {"path": "plan.toml"}]}"#,
        r#"{"splitknee": "0", "outputs": [{"path": "knees.csv"}]}"#,
        "",
    ];
    for manifest in manifests {
        let out = home.path().join("app");
        fs::create_dir_all(&out).unwrap();
        fs::write(out.join("manifest.json"), manifest).unwrap();
        fs::write(out.join("knees.csv"), "data").unwrap();
        let error = plain(&out, "one").unwrap_err().to_string();
        assert!(error.contains("files of something else") && error.contains("--out"), "{manifest}: {error}");
        assert_eq!(
            (read(out.join("knees.csv")).as_str(), read(out.join("manifest.json")).as_str()),
            ("data", manifest)
        );
    }
    assert!(plain(&home.path().join("app/knees.csv"), "one").unwrap_err().to_string().contains("it is a file"));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "something is left");
}

#[test]
fn a_folder_that_holds_an_input_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out");
    plain(&out, "one").unwrap();
    let data = out.join("data.csv");
    fs::write(&data, "x").unwrap();
    let error = write(&out, "two", &Inputs::of([&data]), false).unwrap_err().to_string();
    assert!(error.contains("data.csv, which this run reads"), "{error}");
}

#[test]
fn two_runs_do_not_write_one_folder() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out");
    let first = Claim::new(&out, &Inputs::default(), false).unwrap();
    let error = plain(&out, "two").unwrap_err().to_string();
    assert!(error.contains("another run is writing there now"), "{error}");
    drop(first);
    plain(&out, "two").unwrap();
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
}

#[test]
fn a_claim_given_back_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    drop(Claim::new(&home.path().join("a/b/out"), &Inputs::default(), false).unwrap());
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn a_hidden_folder_of_somebody_else_stays() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out");
    let theirs = staging_of(&out);
    fs::create_dir(&theirs).unwrap();
    fs::write(theirs.join("thesis.tex"), "years of work").unwrap();
    let error = plain(&out, "one").unwrap_err().to_string();
    assert!(error.contains(".splitknee-out"), "{error}");
    assert_eq!(read(theirs.join("thesis.tex")), "years of work");
}

#[test]
fn an_existing_file_needs_force_and_an_input_is_never_replaced() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a.csv");
    let none = Inputs::default();
    file::write(&path, b"one", &none, false).unwrap();
    let error = file::write(&path, b"two", &none, false).unwrap_err().to_string();
    assert!(error.contains("--force"), "{error}");
    file::write(&path, b"two", &none, true).unwrap();
    let other = home.path().join("b.csv");
    fs::hard_link(&path, &other).unwrap();
    let error = file::write(&other, b"three", &Inputs::of([&path]), true).unwrap_err().to_string();
    assert!(error.contains("which this command reads"), "{error}");
    assert_eq!(read(&path), "two");
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn modes_are_kept() {
        let home = tempfile::tempdir().unwrap();
        let out = home.path().join("out");
        plain(&out, "one").unwrap();
        for private in [0o700, 0o750, 0o2770] {
            set(&out, private);
            plain(&out, "two").unwrap();
            assert_eq!(mode(&out), private);
        }
        set(&out, 0o500);
        assert!(plain(&out, "three").unwrap_err().to_string().contains("write-protected"));
        let path = home.path().join("a.csv");
        file::write(&path, b"one", &Inputs::default(), false).unwrap();
        let fresh = home.path().join("fresh");
        fs::write(&fresh, "").unwrap();
        assert_eq!(mode(&path), mode(&fresh), "a new file has the mode the user's mask gives");
        set(&path, 0o600);
        file::write(&path, b"two", &Inputs::default(), true).unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn a_link_stays_a_link() {
        let home = tempfile::tempdir().unwrap();
        let (big, link) = (home.path().join("big"), home.path().join("link"));
        fs::create_dir(&big).unwrap();
        symlink("big", &link).unwrap();
        plain(&link, "one").unwrap();
        plain(&link, "two").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(read(big.join("tables/a.csv")), "two");
        let nowhere = home.path().join("nowhere");
        symlink("none", &nowhere).unwrap();
        assert!(plain(&nowhere, "one").unwrap_err().to_string().contains("a symbolic link to nothing"));
    }

    #[test]
    fn links_among_notes_stay_links() {
        let home = tempfile::tempdir().unwrap();
        let out = home.path().join("out");
        plain(&out, "one").unwrap();
        symlink("tables", out.join("shortcut")).unwrap();
        symlink("nothing", out.join("broken")).unwrap();
        plain(&out, "two").unwrap();
        assert_eq!(fs::read_link(out.join("shortcut")).unwrap(), Path::new("tables"));
        assert_eq!(fs::read_link(out.join("broken")).unwrap(), Path::new("nothing"));
    }

    #[test]
    fn a_device_is_no_output() {
        assert!(plain(Path::new("/dev/null"), "one").unwrap_err().to_string().contains("it is a device"));
        let error = file::write(Path::new("/dev/null"), b"one", &Inputs::default(), true).unwrap_err();
        assert!(error.to_string().contains("it is a device"), "{error}");
    }
}
