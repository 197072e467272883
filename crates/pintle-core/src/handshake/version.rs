//! Negotiation of the application's protocol: two sets of versions in, one version out.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::excerpt::excerpt;

/// At most this many entries of a list of versions are read.
pub(crate) const LIST_LIMIT: usize = 256;

/// A version of the application's own protocol: what its plugins can be asked.
///
/// Larger is newer. It says nothing about the wire beneath.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProtocolVersion(u32);

impl ProtocolVersion {
    /// The version with this number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The version's number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl From<u32> for ProtocolVersion {
    fn from(number: u32) -> Self {
        Self(number)
    }
}

impl FromStr for ProtocolVersion {
    type Err = BadVersion;

    fn from_str(text: &str) -> Result<Self, BadVersion> {
        // The standard parser would also take a plus sign.
        let number = if text.bytes().all(|b| b.is_ascii_digit()) {
            text.parse().ok()
        } else {
            None
        };
        number.map(Self).ok_or_else(|| BadVersion {
            text: excerpt(text),
        })
    }
}

impl fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text is not a version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not a version (a number up to {})", u32::MAX)]
#[non_exhaustive]
pub struct BadVersion {
    /// The text, escaped and bounded.
    pub text: String,
}

/// Plugin side: the newest version that both have.
///
/// Without a list, or with none in common, it is the oldest the plugin serves:
/// an old host sends no list, and any other host reports the mismatch better
/// than the plugin could. `None` only if the plugin serves nothing at all.
pub(crate) fn negotiate(
    offered: Option<&[ProtocolVersion]>,
    served: &BTreeSet<ProtocolVersion>,
) -> Option<ProtocolVersion> {
    let offered = offered.unwrap_or_default();
    let shared = offered
        .iter()
        .filter(|version| served.contains(version))
        .max();
    shared.or(served.first()).copied()
}

/// Host and plugin have no version of the application's protocol in common.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no common protocol version: the host accepts {}; the plugin chose {found}", listed(.offered))]
#[non_exhaustive]
pub struct VersionMismatch {
    /// What the host accepts.
    pub offered: BTreeSet<ProtocolVersion>,
    /// What the plugin chose: the oldest it serves.
    pub found: ProtocolVersion,
}

/// Reads a list as a host sends it: numbers with commas between, in any order.
///
/// An entry that is no version is passed over: it may mean something to a
/// later plugin, and the rest is still an offer.
pub(crate) fn parse_list(text: &str) -> Result<Vec<ProtocolVersion>, TooManyVersions> {
    if text.split(',').nth(LIST_LIMIT).is_some() {
        return Err(TooManyVersions);
    }
    Ok(text
        .split(',')
        .filter_map(|entry| entry.trim().parse().ok())
        .collect())
}

/// A list of versions has more than [`LIST_LIMIT`] entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooManyVersions;

/// The list as a host sends it.
pub(crate) fn format_list(versions: impl IntoIterator<Item = ProtocolVersion>) -> String {
    joined(versions, ",")
}

/// The list as a person reads it.
pub(crate) fn listed(versions: &BTreeSet<ProtocolVersion>) -> String {
    if versions.is_empty() {
        "none".to_owned()
    } else {
        joined(versions.iter().copied(), ", ")
    }
}

fn joined(versions: impl IntoIterator<Item = ProtocolVersion>, between: &str) -> String {
    let versions: Vec<_> = versions
        .into_iter()
        .map(|version| version.to_string())
        .collect();
    versions.join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(numbers: &[u32]) -> BTreeSet<ProtocolVersion> {
        numbers.iter().copied().map(ProtocolVersion::new).collect()
    }

    #[track_caller]
    fn check(offered: Option<&str>, served: &[u32], expected: Option<u32>) {
        let offered = offered.map(|text| parse_list(text).unwrap());
        let chosen = negotiate(offered.as_deref(), &set(served));
        assert_eq!(chosen, expected.map(ProtocolVersion::new));
    }

    #[test]
    fn the_newest_shared_version_is_chosen() {
        check(Some("2,3"), &[1, 2, 3, 4], Some(3));
        check(Some("3,2"), &[2, 3], Some(3));
        check(Some("7"), &[7], Some(7));
    }

    #[test]
    fn without_a_list_the_oldest_is_chosen() {
        check(None, &[3, 2], Some(2));
    }

    #[test]
    fn with_none_shared_the_oldest_is_chosen() {
        check(Some("9"), &[2, 3], Some(2));
        check(Some("nonsense"), &[2, 3], Some(2));
    }

    #[test]
    fn a_plugin_that_serves_nothing_has_no_version() {
        check(Some("1"), &[], None);
    }

    #[track_caller]
    fn check_list(text: &str, expected: &[u32]) {
        let expected: Vec<_> = expected.iter().copied().map(ProtocolVersion::new).collect();
        assert_eq!(parse_list(text), Ok(expected));
    }

    #[test]
    fn an_unknown_entry_does_not_spoil_the_list() {
        check_list("1,2", &[1, 2]);
        check_list(" 2 ,\t1 ", &[2, 1]);
        check_list("1,x,,-2,+3,4294967296,0x5,6", &[1, 6]);
        check_list("", &[]);
    }

    #[test]
    fn a_list_has_a_bound() {
        let longest = vec!["1"; LIST_LIMIT].join(",");
        assert_eq!(parse_list(&longest).map(|list| list.len()), Ok(LIST_LIMIT));
        assert_eq!(parse_list(&format!("{longest},1")), Err(TooManyVersions));
    }

    #[test]
    fn a_sent_list_is_read_back() {
        let versions = set(&[1, 20, u32::MAX]);
        assert_eq!(format_list(versions.clone()), "1,20,4294967295");
        assert_eq!(
            parse_list(&format_list(versions.clone())),
            Ok(versions.into_iter().collect())
        );
    }

    #[track_caller]
    fn check_mismatch(offered: &[u32], found: u32, expected: &str) {
        let error = VersionMismatch {
            offered: set(offered),
            found: found.into(),
        };
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_mismatch_shows_both_sides() {
        let chose = "the plugin chose 1";
        check_mismatch(
            &[3, 2],
            1,
            &format!("no common protocol version: the host accepts 2, 3; {chose}"),
        );
        check_mismatch(
            &[],
            1,
            &format!("no common protocol version: the host accepts none; {chose}"),
        );
    }

    #[test]
    fn a_version_is_digits_and_nothing_else() {
        assert_eq!("007".parse(), Ok(ProtocolVersion::new(7)));
        for text in ["", "+1", "-1", " 1", "1.0", "٣", "4294967296"] {
            let error = text.parse::<ProtocolVersion>().unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("\"{text}\" is not a version (a number up to 4294967295)")
            );
        }
    }
}
