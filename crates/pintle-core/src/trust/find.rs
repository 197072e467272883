//! Where a program is, found once: what was verified must be what is executed.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

/// Where a bare name is sought when the child is given no `PATH`.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// The place of `program` for a child in the directory `dir` that is given this `PATH`.
///
/// As when it is executed: a path is taken from `dir` on, a bare name sought in each directory of
/// `path` for a file that may be executed.
///
/// # Errors
/// When there is none, as the operating system would say it.
pub(crate) fn find(program: &Path, dir: &Path, path: Option<&OsStr>) -> io::Result<PathBuf> {
    if program.components().count() > 1 || program.has_root() {
        return Ok(dir.join(program));
    }
    let mut why = io::ErrorKind::NotFound;
    for directory in std::env::split_paths(path.unwrap_or(OsStr::new(DEFAULT_PATH))) {
        for name in names(program) {
            let place = dir.join(&directory).join(name);
            match place.metadata() {
                Ok(file) if may_be_executed(&file) => return Ok(place),
                // Unless there is another one further on, this is what is wrong.
                Ok(_) => why = io::ErrorKind::PermissionDenied,
                Err(_) => {}
            }
        }
    }
    Err(why.into())
}

/// The names under which a file of this name is executed.
#[cfg(unix)]
fn names(program: &Path) -> [PathBuf; 1] {
    [program.to_owned()]
}

#[cfg(not(unix))]
fn names(program: &Path) -> [PathBuf; 2] {
    let mut with_extension = program.as_os_str().to_owned();
    with_extension.push(".exe");
    [program.to_owned(), with_extension.into()]
}

pub(super) fn may_be_executed(file: &Metadata) -> bool {
    #[cfg(unix)]
    let permitted = std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let permitted = true;
    file.is_file() && permitted
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_bare_name_is_sought_for_what_may_be_executed_and_a_path_is_taken_from_the_directory() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, mode| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        };
        file("a/plugin", 0o644);
        file("b/plugin", 0o755);
        file("a/text", 0o644);
        let check = |program: &str, path: &str, expected: Result<&str, io::ErrorKind>| {
            let found = find(Path::new(program), dir.path(), Some(OsStr::new(path)));
            let found = found.map_err(|error| error.kind());
            assert_eq!(found, expected.map(|place| dir.path().join(place)));
        };
        check("plugin", "/no/such:a:b", Ok("b/plugin"));
        check("plugin", "", Err(io::ErrorKind::NotFound));
        check("text", "a:b", Err(io::ErrorKind::PermissionDenied));
        check("a/plugin", "b", Ok("a/plugin"));
        check("./plugin", "b", Ok("./plugin"));
        let shell = find(Path::new("sh"), dir.path(), None).unwrap();
        assert!(shell.ends_with("bin/sh"), "{}", shell.display());
    }
}
