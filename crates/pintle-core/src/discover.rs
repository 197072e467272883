//! The plugins that lie in a directory.

use std::env::consts::EXE_SUFFIX;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// How many entries, matching or not, a directory may have for [`discover`].
pub const DISCOVER_LIMIT: usize = 10_000;

/// A program that [`discover`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovered {
    /// Its file name, without the `.exe` of Windows.
    pub name: String,
    /// Where it is: the directory as it was given, and the file name.
    pub path: PathBuf,
}

/// The programs in `dir` whose name matches `pattern`, sorted by name.
///
/// In the pattern `*` is any number of characters and `?` is one; every other character is itself.
/// It has to match the whole name, on Windows without the `.exe`, so that one pattern does on every
/// system.
///
/// A program is a regular file, or a link to one, that may be executed: on Unix one with an execute
/// permission, on Windows an `.exe`. What begins with a dot is hidden, and directories below `dir`
/// are not looked into. Nothing is launched, and whether a program is a plugin shows only then.
///
/// Reads the directory, and so may block.
///
/// # Errors
/// [`DiscoverError`] names the directory, or the file in it, that could not be read.
pub fn discover(dir: impl AsRef<Path>, pattern: &str) -> Result<Vec<Discovered>, DiscoverError> {
    let dir = dir.as_ref();
    let unreadable = |error| DiscoverError::unreadable(dir, error);
    let mut found = Vec::new();
    for (count, entry) in fs::read_dir(dir).map_err(unreadable)?.enumerate() {
        if count == DISCOVER_LIMIT {
            return Err(DiscoverError::TooMany(dir.to_owned()));
        }
        let file = entry.map_err(unreadable)?.file_name();
        let file_name = file.to_string_lossy();
        let Some(name) = program_name(&file_name, EXE_SUFFIX) else {
            continue;
        };
        let path = dir.join(&file);
        if matches(pattern, name) && is_program(&path)? {
            let name = name.to_owned();
            found.push(Discovered { name, path });
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// Why a directory could not be searched for plugins.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoverError {
    /// There is no such directory.
    #[error("there is no directory `{}`", .0.display())]
    NoDirectory(PathBuf),
    /// The directory, or a file in it, may not be read.
    #[error("`{}` cannot be read", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// The directory has more than [`DISCOVER_LIMIT`] entries.
    #[error("`{}` has more than {DISCOVER_LIMIT} entries", .0.display())]
    TooMany(PathBuf),
}

impl DiscoverError {
    fn unreadable(path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::NoDirectory(path),
            _ => Self::Unreadable(path, error),
        }
    }
}

/// The name of what may be a program, by the name of its file.
fn program_name<'n>(file_name: &'n str, suffix: &str) -> Option<&'n str> {
    let (name, ending) = file_name.split_at_checked(file_name.len().checked_sub(suffix.len())?)?;
    let is_program = ending.eq_ignore_ascii_case(suffix);
    (is_program && !name.is_empty() && !name.starts_with('.')).then_some(name)
}

fn is_program(path: &Path) -> Result<bool, DiscoverError> {
    match fs::metadata(path) {
        Ok(found) => Ok(found.is_file() && may_be_executed(&found)),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(DiscoverError::unreadable(path, error))
        }
        // It has gone since, or is a link that leads nowhere.
        Err(_) => Ok(false),
    }
}

#[cfg(unix)]
fn may_be_executed(file: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.permissions().mode() & 0o111 != 0
}

/// Elsewhere the name tells.
#[cfg(not(unix))]
fn may_be_executed(_: &Metadata) -> bool {
    true
}

/// Whether `pattern` matches the whole of `name`, in time proportional to both lengths multiplied.
///
/// Of the stars only the last one met is ever tried again: what the ones before it took can stay.
fn matches(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.chars(), name.chars());
    // Behind the last star: what is left of the pattern, and of the name if the star takes one more.
    let mut retry = None;
    loop {
        let before = name.clone();
        match (pattern.next(), name.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                retry = Some((pattern.clone(), before.clone()));
                name = before;
            }
            (Some('?'), Some(_)) => {}
            (Some(wanted), Some(found)) if wanted == found => {}
            _ => {
                let Some((behind, taken)) = &mut retry else {
                    return false;
                };
                if taken.next().is_none() {
                    return false;
                }
                pattern = behind.clone();
                name = taken.clone();
            }
        }
    }
}

#[cfg(test)]
mod tests;
