use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use sha2::Digest;
use subtle::ConstantTimeEq;

/// The SHA-256 of a program, as its publisher or an operator names it.
///
/// `Display` is 64 hexadecimal digits in lower case. Two are compared in a time that does not
/// depend on where they differ.
///
/// ```
/// use pintle_core::Sha256;
///
/// let sums = "\
/// 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae  plugin_1.0_linux_amd64
/// fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9  plugin_1.0_darwin_arm64
/// ";
/// let sum = Sha256::find_in(sums, "plugin_1.0_linux_amd64")?;
/// assert_eq!(sum, Sha256::of(&b"foo"[..]).expect("a slice can be read"));
/// # Ok::<_, pintle_core::ChecksumError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Sha256([u8; Self::BYTES]);

impl Sha256 {
    const BYTES: usize = 32;

    /// Reads 64 hexadecimal digits of either case; space around them is no matter.
    ///
    /// # Errors
    /// [`ChecksumError::Length`] and [`ChecksumError::Digit`].
    pub fn parse(text: &str) -> Result<Self, ChecksumError> {
        let digits = text.trim();
        // Before the count, which is of bytes: every digit is one.
        if let Some(found) = digits.chars().find(|digit| !digit.is_ascii_hexdigit()) {
            return Err(ChecksumError::Digit { found });
        }
        if digits.len() != 2 * Self::BYTES {
            let found = digits.len();
            return Err(ChecksumError::Length { found });
        }
        let mut bytes = [0; Self::BYTES];
        for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
            *byte = value(pair[0]) << 4 | value(pair[1]);
        }
        Ok(Self(bytes))
    }

    /// Finds the line of the file `name` in a list as `sha256sum` writes it, and as releases are
    /// published with (`SHA256SUMS`): a checksum, two spaces or a space and an asterisk, a name.
    ///
    /// Other lines are passed over. That the list itself is genuine is for the caller to know.
    ///
    /// # Errors
    /// [`ChecksumError::NotListed`] and [`ChecksumError::Ambiguous`], or that the checksum of the
    /// line is none.
    pub fn find_in(sums: &str, name: &str) -> Result<Self, ChecksumError> {
        let of_name = sums.lines().filter_map(|line| {
            let (sum, rest) = line.split_once(' ')?;
            let listed = rest.strip_prefix([' ', '*'])?;
            (listed == name).then(|| Self::parse(sum))
        });
        let mut found: Option<Self> = None;
        for sum in of_name {
            let sum = sum?;
            if found.is_some_and(|other| other != sum) {
                let name = name.to_owned();
                return Err(ChecksumError::Ambiguous { name });
            }
            found = Some(sum);
        }
        found.ok_or_else(|| ChecksumError::NotListed {
            name: name.to_owned(),
        })
    }

    /// The SHA-256 of everything that `content` has to read. Blocks for as long as that takes.
    ///
    /// # Errors
    /// When reading fails.
    pub fn of(mut content: impl Read) -> io::Result<Self> {
        let mut hasher = Hasher::default();
        super::each_chunk(&mut content, |chunk| hasher.update(chunk))?;
        Ok(hasher.finish())
    }

    /// The SHA-256 with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Sha256 {
    type Err = ChecksumError;

    fn from_str(text: &str) -> Result<Self, ChecksumError> {
        Self::parse(text)
    }
}

impl PartialEq for Sha256 {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Sha256 {}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

/// Why a text has no checksum.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChecksumError {
    /// It has not the length of a SHA-256.
    #[error("a SHA-256 has 64 hexadecimal digits, and this has {found}")]
    Length {
        /// How many there are.
        found: usize,
    },
    /// It has a character that is no hexadecimal digit.
    #[error("{found:?} is not a hexadecimal digit")]
    Digit {
        /// The first such character.
        found: char,
    },
    /// The list has no line for the file.
    #[error("the list of checksums does not name {name:?}")]
    NotListed {
        /// The file that was sought.
        name: String,
    },
    /// The list has several lines for the file, and they differ.
    #[error("the list of checksums has different ones for {name:?}")]
    Ambiguous {
        /// The file that was sought.
        name: String,
    },
}

/// A SHA-256 in the making.
#[derive(Default)]
pub(super) struct Hasher(sha2::Sha256);

impl Hasher {
    pub(super) fn update(&mut self, chunk: &[u8]) {
        self.0.update(chunk);
    }

    pub(super) fn finish(self) -> Sha256 {
        Sha256(self.0.finalize().into())
    }
}

/// The value of an ASCII hexadecimal digit.
fn value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_checksum_is_that_of_the_standard() {
        assert_eq!(Sha256::of(&b""[..]).unwrap().to_string(), OF_NOTHING);
        assert_eq!(Sha256::of(&b"abc"[..]).unwrap().to_string(), OF_ABC);
    }

    #[test]
    fn a_checksum_is_read_as_it_is_written_in_either_case() {
        for text in [OF_ABC, &OF_ABC.to_uppercase(), &format!(" {OF_ABC}\r\n")] {
            assert_eq!(Sha256::parse(text).unwrap().to_string(), OF_ABC);
        }
    }

    #[test]
    fn what_is_no_checksum_is_refused_with_the_reason() {
        #[track_caller]
        fn check(text: &str, expected: ChecksumError) {
            assert_eq!(Sha256::parse(text), Err(expected));
        }
        check("", ChecksumError::Length { found: 0 });
        check(&OF_ABC[1..], ChecksumError::Length { found: 63 });
        check(&format!("{OF_ABC}0"), ChecksumError::Length { found: 65 });
        check(
            &OF_ABC.replace('b', "g"),
            ChecksumError::Digit { found: 'g' },
        );
        check(&"é".repeat(32), ChecksumError::Digit { found: 'é' });
    }

    #[test]
    fn checksums_are_equal_only_if_every_bit_is() {
        let one = Sha256::parse(OF_ABC).unwrap();
        assert_eq!(one, one);
        for bit in 0..256 {
            let mut bytes = *one.as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(one, Sha256::from_bytes(bytes), "bit {bit}");
        }
    }

    #[test]
    fn a_list_is_searched_for_the_whole_name() {
        let sums = format!(
            "# a comment\n{OF_NOTHING}  plugin.zip\n{OF_ABC}  plugin\r\n{OF_ABC} *binary mode\n\
             {OF_ABC}  twice\n{OF_NOTHING}  twice\n{OF_ABC}  again\n{OF_ABC}  again\nabc  broken\n"
        );
        let find = |name| Sha256::find_in(&sums, name).map(|sum| sum.to_string());
        assert_eq!(find("plugin").unwrap(), OF_ABC);
        assert_eq!(find("plugin.zip").unwrap(), OF_NOTHING);
        assert_eq!(find("binary mode").unwrap(), OF_ABC);
        assert_eq!(find("again").unwrap(), OF_ABC);
        let name = |name: &str| name.to_owned();
        assert_eq!(
            find("plug"),
            Err(ChecksumError::NotListed { name: name("plug") })
        );
        assert_eq!(
            find("twice"),
            Err(ChecksumError::Ambiguous {
                name: name("twice")
            })
        );
        assert_eq!(find("broken"), Err(ChecksumError::Length { found: 3 }));
    }
}
