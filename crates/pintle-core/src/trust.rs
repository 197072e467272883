//! Whether a program is the one that is meant, and in whose hands it is.
//!
//! What was verified is what is executed: the program is opened once and copied to where nobody can
//! change it; that copy is verified, and then executed.

#[cfg(unix)]
mod access;
mod digest;
mod error;
mod find;
#[cfg(any(test, pintle_fuzzing))]
pub(crate) mod fuzzing;
mod image;
mod signature;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

pub use digest::{ChecksumError, Sha256};
pub use error::TrustError;
pub(crate) use find::find;
pub(crate) use image::{Entrance, Image};
pub use signature::{BadKey, PublicKey, Signature, SignatureError};

use digest::Hasher;
use signature::Verifier;

/// How much of a program is in memory at a time while it is verified.
const CHUNK_BYTES: usize = 64 * 1024;

/// What a host asks of a program before it is executed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    pub(crate) checksum: Option<Sha256>,
    pub(crate) signed: Option<(PublicKey, Signature)>,
    pub(crate) refuse_writable: bool,
}

/// Why a program is not executed.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It could not be anyway.
    Start(io::Error),
    /// It is not to be trusted.
    Untrusted(TrustError),
}

impl Trust {
    /// Whether anything is asked.
    pub(crate) fn asks(&self) -> bool {
        self.verifies() || self.refuse_writable
    }

    fn verifies(&self) -> bool {
        self.checksum.is_some() || self.signed.is_some()
    }

    /// What may be executed in place of the program at `place`. Blocks while it is read.
    pub(crate) fn admit(&self, place: &Path) -> Result<Image, Refusal> {
        if !self.refuse_writable {
            return self.verified(&open_program(place, Links::Followed)?, place);
        }
        let target = target_in_safe_hands(place)?;
        // Whatever stands there now: what is opened is looked at once more.
        let file = open_program(&target, Links::Refused)?;
        check_access(&target, &file)?;
        match self.verifies() {
            true => self.verified(&file, place),
            false => Image::original(file, target).map_err(Refusal::Start),
        }
    }

    /// A copy of `file`, the program at `place`.
    fn verified(&self, file: &File, place: &Path) -> Result<Image, Refusal> {
        let signed = match &self.signed {
            Some((key, signature)) => Some((key, signature.of(place)?)),
            None => None,
        };
        let image = Image::copy_of(file, place)?;
        let mut verifier = match &signed {
            Some((key, signature)) => Some(Verifier::new(key, signature)?),
            None => None,
        };
        let mut hasher = Hasher::default();
        let read = image.content().and_then(|mut content| {
            each_chunk(&mut content, |chunk| {
                hasher.update(chunk);
                if let Some(verifier) = &mut verifier {
                    verifier.update(chunk);
                }
            })
        });
        read.map_err(TrustError::Unreadable)?;
        let found = hasher.finish();
        match self.checksum {
            Some(expected) if expected != found => {
                return Err(TrustError::Checksum { expected, found }.into());
            }
            _ => {}
        }
        if let Some(verifier) = verifier {
            verifier.finish()?;
        }
        tracing::debug!(program = %place.display(), sha256 = %found, "program verified");
        Ok(image)
    }
}

/// Where the program at `place` really is, if nobody else can come between.
#[cfg(unix)]
fn target_in_safe_hands(place: &Path) -> Result<PathBuf, Refusal> {
    access::target_in_safe_hands(place)
}

/// Refuses a file that another user than ours or root could change; `place` is where it was opened.
#[cfg(unix)]
pub(crate) fn check_access(place: &Path, file: &File) -> Result<(), TrustError> {
    access::check(place, file)
}

#[cfg(not(unix))]
fn target_in_safe_hands(_: &Path) -> Result<PathBuf, Refusal> {
    Err(TrustError::Unknowable.into())
}

#[cfg(not(unix))]
fn check_access(_: &Path, _: &File) -> Result<(), TrustError> {
    Err(TrustError::Unknowable)
}

/// Whether a link in the place of a file is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Links {
    Followed,
    /// Where no link was when it was looked at.
    Refused,
}

/// Opens a program for reading, if it may be executed: a copy of it could be in any case.
fn open_program(place: &Path, links: Links) -> Result<File, Refusal> {
    let file = open(place, links).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => TrustError::Unreadable(error).into(),
        io::ErrorKind::InvalidInput => Refusal::Start(io::ErrorKind::PermissionDenied.into()),
        _ => Refusal::Start(error),
    })?;
    let metadata = file.metadata().map_err(Refusal::Start)?;
    if find::may_be_executed(&metadata) && !nothing_is_executed_beside(&file) {
        Ok(file)
    } else {
        Err(Refusal::Start(io::ErrorKind::PermissionDenied.into()))
    }
}

/// Whether the file is on a file system that was mounted so.
fn nothing_is_executed_beside(file: &File) -> bool {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{StatVfsMountFlags, fstatvfs};
        fstatvfs(file).is_ok_and(|it| it.f_flag.contains(StatVfsMountFlags::NOEXEC))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = file;
        false
    }
}

/// Opens a file for reading; what is no file, and might let us wait, is refused as invalid.
fn open(path: &Path, links: Links) -> io::Result<File> {
    #[cfg(unix)]
    let file = {
        use rustix::fs::{Mode, OFlags};
        // A pipe would otherwise let us wait for somebody to write to it.
        let mut flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
        flags.set(OFlags::NOFOLLOW, links == Links::Refused);
        File::from(rustix::fs::open(path, flags, Mode::empty())?)
    };
    #[cfg(not(unix))]
    let file = {
        let _ = links;
        File::open(path)?
    };
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is not a file",
        )),
    }
}

/// Calls `each` with one piece after the other of what there is to read.
fn each_chunk(content: &mut impl Read, mut each: impl FnMut(&[u8])) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match content.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(read) => each(&chunk[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

impl From<TrustError> for Refusal {
    fn from(error: TrustError) -> Self {
        Self::Untrusted(error)
    }
}

impl From<SignatureError> for Refusal {
    fn from(error: SignatureError) -> Self {
        Self::Untrusted(TrustError::Signature(error))
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
