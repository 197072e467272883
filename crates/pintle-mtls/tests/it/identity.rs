//! Identities: what their certificates say, and how they are kept.

use pintle_mtls::{Curve, Identity, IdentityError, Tls};

use crate::peer::{check, meet};

#[test]
fn the_certificate_has_the_extensions_go_plugin_gives_its_own() {
    let extensions: [(&str, &[u8]); 5] = [
        (
            "key usage, critical",
            b"\x06\x03\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x02\xac",
        ),
        (
            "authority, critical",
            b"\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x05\x30\x03\x01\x01\xff",
        ),
        (
            "name",
            b"\x06\x03\x55\x1d\x11\x04\x0d\x30\x0b\x82\x09localhost",
        ),
        (
            "client and server use",
            b"\x06\x03\x55\x1d\x25\x04\x16\x30\x14\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02\
              \x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01",
        ),
        ("subject key identifier", b"\x06\x03\x55\x1d\x0e\x04"),
    ];
    for curve in [Curve::P256, Curve::P384, Curve::P521] {
        let identity = Identity::generate(curve).unwrap();
        let der = identity.certificate().as_der();
        for (what, bytes) in extensions {
            assert!(
                der.windows(bytes.len()).any(|window| window == bytes),
                "{what} {curve:?}"
            );
        }
        for name in [
            &b"\x06\x03\x55\x04\x03\x0c\x09localhost"[..],
            b"\x55\x04\x0a\x0c\x06pintle",
        ] {
            assert_eq!(
                der.windows(name.len())
                    .filter(|window| *window == name)
                    .count(),
                2
            );
        }
    }
}

#[test]
fn no_two_identities_are_alike() {
    let first = Identity::generate(Curve::default()).unwrap();
    let second = Identity::generate(Curve::default()).unwrap();
    assert_ne!(first.certificate(), second.certificate());
    assert_ne!(first.to_pem().expose(), second.to_pem().expose());
}

#[tokio::test]
async fn a_saved_identity_is_the_same_one_again() {
    for curve in [Curve::P256, Curve::P384, Curve::P521] {
        let original = Identity::generate(curve).unwrap();
        let restored = Identity::from_pem(original.to_pem().expose()).unwrap();
        assert_eq!(restored.certificate(), original.certificate());
        assert_eq!(restored.to_pem().expose(), original.to_pem().expose());

        let peer = Identity::generate(Curve::default()).unwrap();
        let in_restored = Tls::auto(&restored, peer.certificate().clone());
        let in_peer = Tls::auto(&peer, original.certificate().clone());
        check(meet(&in_restored, &in_peer).await, "ok", "ok");
    }
}

#[test]
fn a_saved_identity_that_is_damaged_is_refused() {
    let (saved, other) = (
        Identity::generate(Curve::default()).unwrap().to_pem(),
        Identity::generate(Curve::default()).unwrap().to_pem(),
    );
    let split = |pem: &str| {
        let at = pem.find("-----BEGIN PRIVATE").unwrap();
        (pem[..at].to_owned(), pem[at..].to_owned())
    };
    let (certificate, key) = split(saved.expose());
    let (_, other_key) = split(other.expose());

    let mixed = Identity::from_pem(&(certificate.clone() + &other_key));
    assert!(matches!(mixed, Err(IdentityError::KeyMismatch)));
    for text in [
        &certificate,
        &key,
        &(key.clone() + &certificate),
        &saved.expose().repeat(2),
    ] {
        assert!(matches!(
            Identity::from_pem(text),
            Err(IdentityError::Encoding(_))
        ));
    }
    let empty_key = "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n";
    let no_key = Identity::from_pem(&(certificate + empty_key));
    assert!(matches!(no_key, Err(IdentityError::PrivateKey { .. })));
    let empty = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
    let no_certificate = Identity::from_pem(&(empty.to_owned() + &key));
    assert!(matches!(no_certificate, Err(IdentityError::Certificate(_))));
}

#[test]
fn debug_shows_no_key() {
    let identity = Identity::generate(Curve::default()).unwrap();
    let certificate = identity.certificate();
    let tls = Tls::auto(&identity, certificate.clone());
    assert_eq!(
        format!("{identity:?}"),
        format!("Identity {{ certificate: {certificate:?}, .. }}")
    );
    assert_eq!(format!("{:?}", identity.to_pem()), "SecretPem(..)");
    assert_eq!(format!("{tls:?}"), "Tls { connects: true, accepts: true }");
}
