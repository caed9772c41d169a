//! The one layer that asks the system to change a disk: every call can be made to fail by a test ([`super::fault`]).
//!
//! Mode of what is new: files 0666, folders 0777, less the user's mask; what replaces something keeps its mode.

use super::fault::{exchanges, step};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Makes one folder.
///
/// # Errors
/// The system's.
pub fn make_folder(path: &Path) -> io::Result<()> {
    step("mkdir")?;
    fs::create_dir(path)
}

/// A new file, open for writing; one that is there already is an error.
///
/// # Errors
/// The system's.
pub fn create(path: &Path) -> io::Result<File> {
    step("open")?;
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// A new file with `bytes`, on the disk when this returns.
///
/// # Errors
/// The system's, those of syncing and closing included.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = create(path)?;
    fill(file, bytes)
}

/// A new file with `bytes` that its owner alone may read.
///
/// # Errors
/// The system's, those of syncing and closing included.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    step("open")?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    fill(options.open(path)?, bytes)
}

/// Writes `bytes` to a file just made, syncs and closes it.
///
/// # Errors
/// The system's, those of syncing and closing included.
pub fn fill(mut file: File, bytes: &[u8]) -> io::Result<()> {
    step("write")?;
    file.write_all(bytes)?;
    step("fsync")?;
    file.sync_all()?;
    close(file)
}

/// Adds `bytes` to an open file and syncs it.
///
/// # Errors
/// The system's.
pub fn append(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    step("write")?;
    file.write_all(bytes)?;
    step("fsync")?;
    file.sync_all()
}

/// Closes a file once all of it is on the disk: after a sync that succeeded, closing has nothing left to lose.
///
/// # Errors
/// The system's.
pub fn close(file: File) -> io::Result<()> {
    step("close")?;
    file.sync_all()?;
    drop(file);
    Ok(())
}

/// Syncs a folder, so that the names in it are on the disk.
///
/// # Errors
/// The system's; a file system that cannot sync folders is none.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    step("fsync")?;
    #[cfg(unix)]
    match File::open(path)?.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        done => done,
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        Ok(())
    }
}

/// Renames; a file at `to` is replaced.
///
/// # Errors
/// The system's.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    step("rename")?;
    fs::rename(from, to)
}

/// Exchanges two folders in one step; `false` where the system or the file system cannot.
///
/// # Errors
/// The system's.
pub fn exchange(one: &Path, other: &Path) -> io::Result<bool> {
    if !exchanges() {
        return Ok(false);
    }
    step("rename")?;
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
            Ok(()) => Ok(true),
            Err(error) if [Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP].contains(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    {
        let _ = (one, other);
        Ok(false)
    }
}

/// A second name for a file, so that nothing written to it meanwhile is lost; a copy where the file system has no links.
///
/// # Errors
/// The system's.
pub fn link(from: &Path, to: &Path) -> io::Result<()> {
    step("link")?;
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    let kind = fs::symlink_metadata(from)?.file_type();
    #[cfg(unix)]
    if kind.is_symlink() {
        return std::os::unix::fs::symlink(fs::read_link(from)?, to);
    }
    if !kind.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is neither a file nor a link and cannot be copied",
        ));
    }
    fs::copy(from, to)?;
    File::open(to)?.sync_all()
}

/// Removes one file.
///
/// # Errors
/// The system's.
pub fn remove_file(path: &Path) -> io::Result<()> {
    step("unlink")?;
    fs::remove_file(path)
}

/// Removes a folder with all in it; none there is no error.
///
/// # Errors
/// The system's.
pub fn remove_folder(path: &Path) -> io::Result<()> {
    step("unlink")?;
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Sets the mode of a file or folder.
///
/// # Errors
/// The system's.
pub fn set_mode(path: &Path, mode: fs::Permissions) -> io::Result<()> {
    step("chmod")?;
    fs::set_permissions(path, mode)
}

/// Gives `path` the owner and group of `model`; `false` where the user may not.
///
/// # Errors
/// The system's, but for a lack of permission.
pub fn set_owner(path: &Path, model: &fs::Metadata) -> io::Result<bool> {
    step("chown")?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, chown};
        let now = fs::metadata(path)?;
        let group = (now.gid() != model.gid()).then(|| chown(path, None, Some(model.gid())));
        let owner = (now.uid() != model.uid()).then(|| chown(path, Some(model.uid()), None));
        for done in [group, owner].into_iter().flatten() {
            match done {
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(false),
                done => done?,
            }
        }
    }
    #[cfg(not(unix))]
    let _ = (path, model);
    Ok(true)
}
