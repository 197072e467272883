//! Connections that must come about.

use pintle_mtls::{Certificate, Curve, Identity, Tls};
use rustls::HandshakeKind;
use rustls::version::{TLS12, TLS13};

use crate::peer::{by_hand, check, meet};

const CURVES: [Curve; 3] = [Curve::P256, Curve::P384, Curve::P521];

#[tokio::test]
async fn every_pair_of_curves_meets_in_both_roles() {
    for left in CURVES {
        for right in CURVES {
            let left = Identity::generate(left).unwrap();
            let right = Identity::generate(right).unwrap();
            let in_left = Tls::auto(&left, right.certificate().clone());
            let in_right = Tls::auto(&right, left.certificate().clone());
            check(meet(&in_left, &in_right).await, "ok", "ok");
            check(meet(&in_right, &in_left).await, "ok", "ok");
        }
    }
}

#[tokio::test]
async fn a_peer_of_either_tls_version_is_accepted() {
    for version in [&TLS12, &TLS13] {
        for curve in CURVES {
            let ours = Identity::generate(Curve::P256).unwrap();
            let theirs = Identity::generate(curve).unwrap();
            let tls = Tls::auto(&ours, theirs.certificate().clone());
            let peer = by_hand(&[theirs.certificate()], &theirs, &[version]);
            check(meet(&tls, &peer).await, "ok", "ok");
            check(meet(&peer, &tls).await, "ok", "ok");
        }
    }
}

/// The shape is go-plugin's own, down to the organisation: an authority used as a leaf.
#[tokio::test]
async fn a_peer_with_a_certificate_shaped_like_go_plugins_is_accepted() {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose};

    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params
        .distinguished_name
        .push(DnType::OrganizationName, "HashiCorp");
    params
        .distinguished_name
        .push(DnType::CommonName, "localhost");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyCertSign,
    ];
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap();
    let pem = params.self_signed(&key).unwrap().pem();

    let ours = Identity::generate(Curve::default()).unwrap();
    let theirs = Identity::from_pem(&(pem.clone() + &key.serialize_pem())).unwrap();
    let tls = Tls::auto(&ours, Certificate::from_pem(&pem).unwrap());
    for version in [&TLS12, &TLS13] {
        let peer = by_hand(&[theirs.certificate()], &theirs, &[version]);
        check(meet(&tls, &peer).await, "ok", "ok");
        check(meet(&peer, &tls).await, "ok", "ok");
    }
}

/// The middle rows show that a peer by hand does resume where it is let.
#[tokio::test]
async fn no_session_is_ever_resumed() {
    use HandshakeKind::{Full, Resumed};

    for version in [&TLS12, &TLS13] {
        let ours = Identity::generate(Curve::default()).unwrap();
        let theirs = Identity::generate(Curve::default()).unwrap();
        let tls = Tls::auto(&ours, theirs.certificate().clone());
        let peer = by_hand(&[theirs.certificate()], &theirs, &[version]);

        let pairs = [
            (&tls, &peer, Full),
            (&peer, &peer, Resumed),
            (&peer, &tls, Full),
        ];
        for (dialler, acceptor, second) in pairs {
            assert_eq!(meet(dialler, acceptor).await.0.unwrap().kind, Full);
            assert_eq!(meet(dialler, acceptor).await.0.unwrap().kind, second);
        }
    }
}
