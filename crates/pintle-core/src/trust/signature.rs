use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use minisign_verify as minisign;

/// The longest signature that is read, in bytes. One has four lines, of which the comment that is
/// signed with it may have 8 KiB.
const SIGNATURE_LIMIT_BYTES: usize = 16 * 1024;

/// What a signature's file is called: the program's name with this at its end.
const EXTENSION: &str = ".minisig";

/// The public key that a publisher's programs are signed with, as
/// [minisign](https://jedisct1.github.io/minisign/) makes it.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: minisign::PublicKey,
    text: String,
}

impl PublicKey {
    /// Reads a key: the text that begins with `RW`, or the whole of a file `minisign.pub`.
    ///
    /// # Errors
    /// [`BadKey`], when it is none.
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        // The comment, if there is one, is in a line before it, and signed by nobody.
        let text = text.trim().lines().next_back().ok_or(BadKey(()))?;
        let key = minisign::PublicKey::from_base64(text).map_err(|_| BadKey(()))?;
        let text = text.to_owned();
        Ok(Self { key, text })
    }
}

impl FromStr for PublicKey {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        Self::parse(text)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// A text is not a public key of minisign.
///
/// It does not say what was there instead: that might be the secret key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a minisign public key, which has 56 characters and begins with `RW`")]
pub struct BadKey(());

/// The signature of a program, or where it is.
#[derive(Clone, Debug)]
pub struct Signature {
    source: Source,
}

#[derive(Clone)]
enum Source {
    Beside,
    File(PathBuf),
    Text(Box<minisign::Signature>),
}

impl Signature {
    /// In the file beside the program that has its name with `.minisig` at the end, where minisign
    /// puts it. Read at each launch.
    pub fn beside() -> Self {
        Self {
            source: Source::Beside,
        }
    }

    /// In this file. Read at each launch.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            source: Source::File(path.into()),
        }
    }

    /// The content of such a file.
    ///
    /// # Errors
    /// [`SignatureError::TooLong`] and [`SignatureError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, SignatureError> {
        Ok(Self {
            source: Source::Text(Box::new(decode(text)?)),
        })
    }

    /// The signature of `program`, read if it is in a file. Blocks for as long as that takes.
    pub(super) fn of(&self, program: &Path) -> Result<minisign::Signature, SignatureError> {
        match &self.source {
            Source::Beside => {
                let mut path = program.as_os_str().to_owned();
                path.push(EXTENSION);
                read(path.into())
            }
            Source::File(path) => read(path.clone()),
            Source::Text(signature) => Ok((**signature).clone()),
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Beside => f.write_str("Beside"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Text(text) => f
                .debug_tuple("Text")
                .field(&text.trusted_comment())
                .finish(),
        }
    }
}

/// Why a program's signature does not vouch for it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The file of the signature cannot be read.
    #[error("it cannot be read from `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It is longer than a signature can be.
    #[error("it has more than {limit_bytes} bytes, and so is none")]
    TooLong {
        /// The longest that is read, in bytes.
        limit_bytes: usize,
    },
    /// It is not a signature of minisign.
    #[error("it is not a minisign signature")]
    Malformed,
    /// It is of the kind that minisign made before version 0.10, for which the whole program would
    /// have to be in memory.
    #[error("it is one of the old kind, which is not prehashed")]
    NotPrehashed,
    /// It was made with another key.
    #[error("it was made with another key than {expected}")]
    OtherKey {
        /// The key that should have been used.
        expected: PublicKey,
    },
    /// It is not the signature of this program.
    #[error("it is of another program than this")]
    Mismatch,
}

/// A signature that is being compared with a program.
pub(super) struct Verifier<'a> {
    verifier: minisign::StreamVerifier<'a>,
}

impl<'a> Verifier<'a> {
    pub(super) fn new(
        key: &'a PublicKey,
        signature: &'a minisign::Signature,
    ) -> Result<Self, SignatureError> {
        let verifier = key.key.verify_stream(signature);
        verifier
            .map(|verifier| Self { verifier })
            .map_err(|error| match error {
                minisign::Error::UnsupportedLegacyMode => SignatureError::NotPrehashed,
                _ => SignatureError::OtherKey {
                    expected: key.clone(),
                },
            })
    }

    pub(super) fn update(&mut self, chunk: &[u8]) {
        self.verifier.update(chunk);
    }

    pub(super) fn finish(mut self) -> Result<(), SignatureError> {
        let verified = self.verifier.finalize();
        verified.map_err(|_| SignatureError::Mismatch)
    }
}

fn read(path: PathBuf) -> Result<minisign::Signature, SignatureError> {
    let content = read_bounded(&path);
    let content = content.map_err(|source| SignatureError::Unreadable { path, source })?;
    decode(&String::from_utf8(content).map_err(|_| SignatureError::Malformed)?)
}

/// One byte more than a signature can have shows that it is none.
fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let limit = SIGNATURE_LIMIT_BYTES as u64 + 1;
    let mut content = Vec::new();
    super::open(path, super::Links::Followed)?
        .take(limit)
        .read_to_end(&mut content)?;
    Ok(content)
}

fn decode(text: &str) -> Result<minisign::Signature, SignatureError> {
    if text.len() > SIGNATURE_LIMIT_BYTES {
        let limit_bytes = SIGNATURE_LIMIT_BYTES;
        return Err(SignatureError::TooLong { limit_bytes });
    }
    minisign::Signature::decode(text).map_err(|_| SignatureError::Malformed)
}
