use std::io;
use std::path::PathBuf;

use super::{Sha256, SignatureError};

/// Why a program was not executed, though it could have been.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// It is not the program that the checksum is of.
    #[error("its SHA-256 is {found}, and not {expected}")]
    Checksum {
        /// What the host was told.
        expected: Sha256,
        /// What the program has.
        found: Sha256,
    },
    /// Its signature does not vouch for it.
    #[error("its signature does not vouch for it")]
    Signature(#[source] SignatureError),
    /// Others may change the program, or put another in its place.
    #[error("others may write `{}`, whose mode is {mode:04o}", path.display())]
    Writable {
        /// The program, or a directory above it.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The program, or a directory above it, belongs to another user.
    #[error("`{}` belongs to another user, {owner}", path.display())]
    Foreign {
        /// The program, or a directory above it.
        path: PathBuf,
        /// The number of the user it belongs to.
        owner: u32,
    },
    /// Who may write the program cannot be told on this platform.
    #[error("who may write it cannot be told on this platform")]
    Unknowable,
    /// The program is too large to be copied.
    #[error("it has more than {limit_bytes} bytes")]
    TooLarge {
        /// The most that is copied, in bytes.
        limit_bytes: u64,
    },
    /// The program, or its place, cannot be read, and so not be verified.
    #[error("it cannot be read to be verified")]
    Unreadable(#[source] io::Error),
    /// No copy could be made that nobody else can change.
    #[error("no copy of it could be made to be verified")]
    Copy(#[source] io::Error),
}

impl TrustError {
    /// What to do about it, where that is known.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Checksum { .. } => {
                "was it updated? give the checksum of the new version to PluginCommand::checksum, from \
                 whoever publishes it; if nobody did, do not run it"
            }
            Self::Signature(SignatureError::Unreadable { .. }) => {
                "`minisign -S -m PROGRAM` writes one beside the program"
            }
            Self::Signature(SignatureError::NotPrehashed) => {
                "sign it again with minisign 0.10 or later, without -l"
            }
            Self::Signature(SignatureError::OtherKey { .. }) => {
                "was the publisher's key changed, or the file of another publisher installed?"
            }
            Self::Signature(SignatureError::Mismatch) => {
                "the program and its signature are updated together; if nobody did, do not run it"
            }
            Self::Writable { .. } => "take the permission away with chmod go-w",
            Self::Foreign { .. } => "let it belong to root or to the user that the host runs as",
            Self::Unreadable(_) => "a program that is to be verified must be readable",
            Self::Copy(_) => {
                "it goes into memory, or where that is not allowed below TMPDIR: is there room?"
            }
            _ => return None,
        })
    }
}
