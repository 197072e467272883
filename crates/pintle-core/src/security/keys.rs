//! What AutoMTLS agreed on, as data: for a later process that must be the same host again.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Security, SecurityError};

#[cfg(feature = "mtls")]
use pintle_mtls::{Certificate, Identity, SecretPem, Tls};

/// The host's identity, key included, and the plugin's certificate. `Debug` shows no key.
#[derive(Clone)]
pub(crate) struct Keys {
    #[cfg(feature = "mtls")]
    host: Identity,
    #[cfg(feature = "mtls")]
    plugin: Certificate,
}

#[cfg(feature = "mtls")]
impl Keys {
    pub(super) fn new(host: Identity, plugin: Certificate) -> Self {
        Self { host, plugin }
    }
}

impl Keys {
    pub(crate) fn security(&self) -> Result<Security, SecurityError> {
        #[cfg(feature = "mtls")]
        return Ok(Security::Tls(Tls::auto(&self.host, self.plugin.clone())));
        #[cfg(not(feature = "mtls"))]
        return Err(SecurityError::NotBuilt);
    }
}

impl PartialEq for Keys {
    /// A certificate is of one key.
    fn eq(&self, other: &Self) -> bool {
        #[cfg(feature = "mtls")]
        return self.host.certificate() == other.host.certificate() && self.plugin == other.plugin;
        #[cfg(not(feature = "mtls"))]
        {
            let _ = other;
            true
        }
    }
}

impl Eq for Keys {}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

/// As it is written: two texts in PEM, in which each line ends in a space.
///
/// A space needs no escape in JSON. A text with escapes is put together in memory of the parser's own,
/// which nobody overwrites; one without is copied once, to where it stays.
#[cfg(feature = "mtls")]
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written<Text> {
    host: Text,
    plugin: Text,
}

#[cfg(feature = "mtls")]
impl Serialize for Keys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let one_line = |pem: &str| SecretPem::from(pem.replace('\n', " "));
        let host = one_line(self.host.to_pem().expose());
        let plugin = one_line(&self.plugin.to_pem());
        let written = Written {
            host: host.expose(),
            plugin: plugin.expose(),
        };
        written.serialize(serializer)
    }
}

#[cfg(feature = "mtls")]
impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        // The parser's own error may quote what it found, and that may be a key.
        let written = Written::<Text>::deserialize(deserializer);
        let Written { host, plugin } =
            written.map_err(|_| D::Error::custom("keys are two texts, `Host` and `Plugin`"))?;
        let unusable = |of: &str, error: &dyn std::error::Error| {
            D::Error::custom(format_args!("the {of} cannot be used: {error}"))
        };
        Ok(Self {
            host: Identity::from_pem(host.0.expose())
                .map_err(|error| unusable("host's identity", &error))?,
            plugin: Certificate::from_pem(plugin.0.expose())
                .map_err(|error| unusable("plugin's certificate", &error))?,
        })
    }
}

/// A text that is overwritten in memory whatever becomes of what it was read with.
#[cfg(feature = "mtls")]
struct Text(SecretPem);

#[cfg(feature = "mtls")]
impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text.into()))
    }
}

#[cfg(not(feature = "mtls"))]
impl Serialize for Keys {
    /// There are none to be written without the feature.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_none()
    }
}

#[cfg(not(feature = "mtls"))]
impl<'de> Deserialize<'de> for Keys {
    /// That there are keys is all that matters: they cannot be used.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer)?;
        Ok(Self {})
    }
}

#[cfg(all(test, feature = "mtls"))]
mod tests {
    use pintle_mtls::Curve;

    use super::*;

    #[test]
    fn keys_are_read_back_as_they_were_written_and_are_not_in_debug() {
        let host = Identity::generate(Curve::P256).unwrap();
        let plugin = Identity::generate(Curve::P256).unwrap();
        let keys = Keys::new(host, plugin.certificate().clone());
        let text = serde_json::to_string(&keys).unwrap();
        assert!(text.contains("PRIVATE KEY"));
        // The parser keeps a copy of a text with escapes.
        assert!(!text.contains('\\'), "{text}");
        assert_eq!(serde_json::from_str::<Keys>(&text).unwrap(), keys);
        let lines = text.replace("- ", "-\\n");
        assert_eq!(serde_json::from_str::<Keys>(&lines).unwrap(), keys);
        assert_eq!(format!("{keys:?}"), "Keys(..)");
    }

    #[test]
    fn a_key_in_the_wrong_place_is_not_quoted() {
        let text = r#""-----BEGIN SECRET""#;
        let error = serde_json::from_str::<Keys>(text).unwrap_err().to_string();
        assert!(!error.contains("SECRET"), "{error}");
    }

    #[test]
    fn keys_that_do_not_belong_together_are_refused_without_being_shown() {
        let text = r#"{"Host":"-----BEGIN SECRET","Plugin":""}"#;
        let error = serde_json::from_str::<Keys>(text).unwrap_err().to_string();
        assert!(
            error.contains("the host's identity cannot be used"),
            "{error}"
        );
        assert!(!error.contains("SECRET"), "{error}");
    }
}
