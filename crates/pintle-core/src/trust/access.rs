//! Who else could change a program.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use rustix::io::Errno;

use super::{Refusal, TrustError};

/// In a directory with this bit, files are renamed and removed by their owners alone.
const STICKY: u32 = 0o1000;

/// As many links as the kernel follows on one way.
const LINKS_LIMIT: usize = 40;

/// Goes the way to the program at `place`, links and all, from the root on, and tells where it is;
/// refuses where another user than ours or root could change it, or put another in the place of what
/// is on the way.
///
/// No step is taken before the one above it is known to be in safe hands, and none follows a link
/// unseen. So what was seen stays: in a directory that nobody else may write an entry is changed by
/// nobody, and in one with the sticky bit by the owner of the entry, who is looked at, too. The path
/// that comes out has no links, and means the same file for whoever uses it next.
pub(super) fn target_in_safe_hands(place: &Path) -> Result<PathBuf, Refusal> {
    let own = rustix::process::geteuid().as_raw();
    let mut way = Way::to(place)?;
    let mut links = 0;
    let root = fs::symlink_metadata("/").map_err(Refusal::Start)?;
    Access::of(&root).check(Path::new("/"), own)?;
    while let Some(entry) = way.next() {
        let found = fs::symlink_metadata(&entry).map_err(Refusal::Start)?;
        if !found.is_symlink() {
            Access::of(&found).check(&entry, own)?;
            way.at = entry;
            continue;
        }
        Access::of(&found).check_owner(&entry, own)?;
        links += 1;
        if links > LINKS_LIMIT {
            return Err(Refusal::Start(Errno::LOOP.into()));
        }
        way.lead_on(&fs::read_link(&entry).map_err(Refusal::Start)?);
    }
    Ok(way.at)
}

/// Refuses a file that another user than ours or root could change; `place` is where it was opened.
pub(super) fn check(place: &Path, file: &File) -> Result<(), TrustError> {
    let own = rustix::process::geteuid().as_raw();
    let found = file.metadata().map_err(TrustError::Unreadable)?;
    Access::of(&found).check(place, own)
}

/// A way through the file system, gone step by step.
struct Way {
    /// How far it was gone; neither a link nor `..` is in it.
    at: PathBuf,
    /// What is left of it, the next step last.
    left: Vec<OsString>,
}

impl Way {
    fn to(place: &Path) -> Result<Self, Refusal> {
        let mut way = Self {
            at: PathBuf::from("/"),
            left: Vec::new(),
        };
        way.lead_on(place);
        if place.is_relative() {
            way.lead_on(&std::env::current_dir().map_err(Refusal::Start)?);
        }
        Ok(way)
    }

    /// Goes on by `path` first.
    fn lead_on(&mut self, path: &Path) {
        let steps = path.components().map(|step| step.as_os_str().to_owned());
        self.left.extend(steps.rev());
    }

    /// The next entry on the way.
    fn next(&mut self) -> Option<PathBuf> {
        while let Some(step) = self.left.pop() {
            match Path::new(&step).components().next() {
                Some(Component::Normal(name)) => return Some(self.at.join(name)),
                Some(Component::RootDir) => self.at = PathBuf::from("/"),
                Some(Component::ParentDir) => drop(self.at.pop()),
                Some(Component::CurDir | Component::Prefix(_)) | None => {}
            }
        }
        None
    }
}

#[derive(Clone, Copy)]
struct Access {
    owner: u32,
    mode: u32,
    dir: bool,
}

impl Access {
    fn of(file: &Metadata) -> Self {
        Self {
            owner: file.uid(),
            mode: file.mode() & 0o7777,
            dir: file.is_dir(),
        }
    }

    fn check_owner(self, path: &Path, own: u32) -> Result<(), TrustError> {
        match self.owner {
            owner if owner == 0 || owner == own => Ok(()),
            owner => Err(TrustError::Foreign {
                path: path.to_owned(),
                owner,
            }),
        }
    }

    fn check(self, path: &Path, own: u32) -> Result<(), TrustError> {
        self.check_owner(path, own)?;
        let Self { mode, dir, .. } = self;
        let harmless = dir && mode & STICKY != 0;
        // An access control list shows in the bits of the group.
        if mode & 0o022 != 0 && !harmless {
            let path = path.to_owned();
            return Err(TrustError::Writable { path, mode });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: u32 = 1000;

    #[track_caller]
    fn check(owner: u32, mode: u32, dir: bool, expected: &str) {
        let access = Access { owner, mode, dir };
        let told = match access.check(Path::new("/p"), OWN) {
            Ok(()) => "trusted".to_owned(),
            Err(error) => error.to_string(),
        };
        assert_eq!(told, expected);
    }

    #[test]
    fn only_root_and_ourselves_may_write_a_program_or_a_directory_above_it() {
        check(OWN, 0o755, false, "trusted");
        check(0, 0o4755, false, "trusted");
        check(OWN, 0o700, true, "trusted");
        check(1001, 0o755, false, "`/p` belongs to another user, 1001");
        check(1001, 0o1777, true, "`/p` belongs to another user, 1001");
        check(
            OWN,
            0o775,
            false,
            "others may write `/p`, whose mode is 0775",
        );
        check(
            OWN,
            0o757,
            false,
            "others may write `/p`, whose mode is 0757",
        );
        check(0, 0o777, true, "others may write `/p`, whose mode is 0777");
    }

    #[test]
    fn the_sticky_bit_makes_a_directory_harmless_and_a_program_not() {
        check(0, 0o1777, true, "trusted");
        check(0, 0o1770, true, "trusted");
        check(
            0,
            0o1777,
            false,
            "others may write `/p`, whose mode is 1777",
        );
    }
}
