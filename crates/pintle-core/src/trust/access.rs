//! Who else could change a program.

use std::fs::{self, File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::TrustError;

/// In a directory with this bit, files are renamed and removed by their owners alone.
const STICKY: u32 = 0o1000;

/// Refuses a program that another user than ours or root could change, or put another in the place
/// of.
///
/// `place` must be absolute and without symbolic links, and `file` have been opened there: with
/// every directory on the way in safe hands, it is what stays there.
pub(super) fn check(place: &Path, file: &File) -> Result<(), TrustError> {
    let own = rustix::process::geteuid().as_raw();
    let unreadable = TrustError::Unreadable;
    Access::of(&file.metadata().map_err(unreadable)?).check(place, own)?;
    for dir in place.ancestors().skip(1) {
        Access::of(&fs::metadata(dir).map_err(unreadable)?).check(dir, own)?;
    }
    Ok(())
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

    fn check(self, path: &Path, own: u32) -> Result<(), TrustError> {
        let Self { owner, mode, dir } = self;
        let path = || path.to_owned();
        if owner != 0 && owner != own {
            return Err(TrustError::Foreign {
                path: path(),
                owner,
            });
        }
        let harmless = dir && mode & STICKY != 0;
        // An access control list shows in the bits of the group.
        if mode & 0o022 != 0 && !harmless {
            return Err(TrustError::Writable { path: path(), mode });
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
