//! Grants as rules of Landlock, ready for a process that is to keep them.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd,
    PathFdError, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, Scope, make_bitflags,
};

use rustix::fs::FileType;

use crate::SandboxError;
use crate::grant::{Access, Grant};

/// The first version that holds back everything a grant is about; before it files could be truncated.
const WHOLE: ABI = ABI::V3;

/// The newest version that was read about. Of a newer kernel nothing is wanted that is not known.
const NEWEST: ABI = ABI::V9;

/// The rules by which a process reaches `grants` and nothing else.
///
/// # Errors
/// When this kernel cannot keep them, or a path is not there.
pub(crate) fn strict(grants: &[Grant]) -> Result<OwnedFd, SandboxError> {
    let whole = AccessFs::from_all(WHOLE);
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(whole)
        .map_err(|_| too_little())?;
    let rules = rules(ruleset, grants)?;
    rules.ok_or(SandboxError::NoLandlock)
}

/// As much of it as this kernel can keep, which may be nothing.
///
/// # Errors
/// When a path is not there.
pub(crate) fn lenient(grants: &[Grant]) -> Result<Option<OwnedFd>, SandboxError> {
    let whole = AccessFs::from_all(WHOLE);
    let ruleset = Ruleset::default().handle_access(whole).map_err(failed)?;
    rules(ruleset, grants)
}

/// Why a kernel does not have the whole of it.
fn too_little() -> SandboxError {
    let any = Ruleset::default().handle_access(AccessFs::from_all(ABI::V1));
    match any.and_then(Ruleset::create).map(Option::from) {
        Ok(Some::<OwnedFd>(_)) => SandboxError::OldLandlock,
        _ => SandboxError::NoLandlock,
    }
}

fn rules(ruleset: Ruleset, grants: &[Grant]) -> Result<Option<OwnedFd>, SandboxError> {
    // What newer kernels hold back beside, on those that do.
    let later = AccessFs::from_all(NEWEST) & !AccessFs::from_all(WHOLE);
    let mut ruleset = ruleset
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(later)
        .and_then(|ruleset| ruleset.scope(Scope::from_all(NEWEST)))
        .and_then(Ruleset::create)
        .map_err(failed)?;
    for grant in grants {
        let Some(place) = open(grant)? else { continue };
        let rights = rights(grant.access, is_directory(&place)?);
        ruleset = ruleset
            .add_rule(PathBeneath::new(place, rights))
            .map_err(failed)?;
    }
    Ok(ruleset.into())
}

/// The place itself, whatever its name will mean when the rules are in force.
fn open(grant: &Grant) -> Result<Option<PathFd>, SandboxError> {
    match PathFd::new(&grant.path) {
        Ok(place) => Ok(Some(place)),
        Err(_) if grant.optional => Ok(None),
        Err(error) => Err(SandboxError::Grant {
            path: grant.path.clone(),
            source: cause(error, &grant.path),
        }),
    }
}

fn is_directory(place: &PathFd) -> Result<bool, SandboxError> {
    let about = rustix::fs::fstat(place).map_err(|error| SandboxError::Rules(error.into()))?;
    Ok(FileType::from_raw_mode(about.st_mode).is_dir())
}

fn cause(error: PathFdError, path: &Path) -> io::Error {
    match error {
        PathFdError::OpenCall { source, .. } => source,
        _ => io::Error::other(format!("{} cannot be opened", path.display())),
    }
}

fn rights(access: Access, directory: bool) -> BitFlags<AccessFs> {
    let read = make_bitflags!(AccessFs::{ReadFile | ReadDir});
    // Who may make device files may read every disk.
    let devices = make_bitflags!(AccessFs::{MakeChar | MakeBlock});
    let rights = match access {
        Access::Read => read,
        Access::Execute => read | AccessFs::Execute,
        Access::Write => read | (AccessFs::from_write(NEWEST) & !devices),
    };
    match directory {
        true => rights,
        false => rights & AccessFs::from_file(NEWEST),
    }
}

fn failed(error: RulesetError) -> SandboxError {
    SandboxError::Rules(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_granted_path_that_is_not_there_is_named() {
        let grant = Grant::new("/no/such/path".into(), Access::Read);
        let error = lenient(&[grant]).expect_err("it is not there");
        assert_eq!(error.to_string(), "`/no/such/path` cannot be granted");
    }

    #[test]
    fn what_may_be_written_are_no_devices_and_no_programs() {
        let rights = rights(Access::Write, true);
        let refused = make_bitflags!(AccessFs::{MakeChar | MakeBlock | Execute});
        assert!(rights.contains(AccessFs::MakeReg) && (rights & refused).is_empty());
    }
}
