//! What a plugin may reach.

use std::fmt;
use std::path::PathBuf;

/// Where the loader of programs and the libraries it loads are: read and run by every plugin, as far
/// as they exist.
///
/// Systems that keep them elsewhere, as NixOS does, need a grant: `.execute("/nix/store")`.
pub const EXECUTE_BY_DEFAULT: &[&str] = &[
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/local/lib",
];

/// What the loader and every runtime read: read by every plugin, as far as they exist.
pub const READ_BY_DEFAULT: &[&str] = &[
    "/etc/ld.so.cache",
    "/etc/ld.so.preload",
    "/dev/zero",
    "/dev/random",
    "/dev/urandom",
];

/// What every plugin may write to.
pub const WRITE_BY_DEFAULT: &[&str] = &["/dev/null"];

/// A file, or a directory with all that is below it, and what may be done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) path: PathBuf,
    pub(crate) access: Access,
    /// Whether its absence is nobody's mistake.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code))]
    pub(crate) optional: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    /// And read.
    Write,
    /// And read.
    Execute,
}

impl Grant {
    pub(crate) fn new(path: PathBuf, access: Access) -> Self {
        Self {
            path,
            access,
            optional: false,
        }
    }

    /// What a program needs to be loaded.
    #[cfg(target_os = "linux")]
    pub(crate) fn defaults() -> impl Iterator<Item = Self> {
        let lists = [
            (EXECUTE_BY_DEFAULT, Access::Execute),
            (READ_BY_DEFAULT, Access::Read),
            (WRITE_BY_DEFAULT, Access::Write),
        ];
        lists.into_iter().flat_map(|(paths, access)| {
            paths.iter().map(move |path| Self {
                path: path.into(),
                access,
                optional: true,
            })
        })
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.access {
            Access::Read => "reads",
            Access::Write => "writes",
            Access::Execute => "runs",
        };
        write!(f, "{verb} {}", self.path.display())
    }
}
