//! Connections that must not come about, and what each side is told.

use std::sync::Arc;

use pintle_mtls::{Curve, Identity, Tls, TlsError};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use crate::peer::{by_hand, check, meet, name, provider};

const REFUSED: &str = "the peer refused this side's certificate";
const OTHER: &str = "the peer presented a different certificate than the one it announced";
const IMPOSTOR: &str = "the peer does not hold the key of the certificate it presented";

fn identity() -> Identity {
    Identity::generate(Curve::default()).unwrap()
}

#[tokio::test]
async fn a_peer_with_another_certificate_is_refused() {
    let (ours, announced, stranger) = (identity(), identity(), identity());
    let tls = Tls::auto(&ours, announced.certificate().clone());
    for version in [&TLS12, &TLS13] {
        let peer = by_hand(&[stranger.certificate()], &stranger, &[version]);
        check(meet(&tls, &peer).await, OTHER, REFUSED);
        check(meet(&peer, &tls).await, REFUSED, OTHER);
    }
    let peer = Tls::auto(&stranger, ours.certificate().clone());
    check(meet(&tls, &peer).await, OTHER, REFUSED);
    check(meet(&peer, &tls).await, REFUSED, OTHER);
}

#[tokio::test]
async fn a_peer_with_the_announced_certificate_and_another_key_is_refused() {
    let (ours, announced) = (identity(), identity());
    let tls = Tls::auto(&ours, announced.certificate().clone());
    for curve in [Curve::P256, Curve::P521] {
        let thief = Identity::generate(curve).unwrap();
        for version in [&TLS12, &TLS13] {
            let peer = by_hand(&[announced.certificate()], &thief, &[version]);
            check(meet(&tls, &peer).await, IMPOSTOR, REFUSED);
            check(meet(&peer, &tls).await, REFUSED, IMPOSTOR);
        }
    }
}

#[tokio::test]
async fn a_peer_that_adds_a_certificate_to_the_announced_one_is_refused() {
    let (ours, announced, extra) = (identity(), identity(), identity());
    let tls = Tls::auto(&ours, announced.certificate().clone());
    let chain = [announced.certificate(), extra.certificate()];
    let peer = by_hand(&chain, &announced, &[&TLS13]);
    check(meet(&tls, &peer).await, OTHER, REFUSED);
    check(meet(&peer, &tls).await, REFUSED, OTHER);
}

#[tokio::test]
async fn a_peer_without_a_certificate_is_refused() {
    let (ours, announced) = (identity(), identity());
    let tls = Tls::auto(&ours, announced.certificate().clone());
    let required = "the peer requires a certificate and this side has none";
    let none = "the peer presented no certificate";
    for version in [&TLS12, &TLS13] {
        let peer = by_hand(&[], &announced, &[version]);
        check(meet(&peer, &tls).await, required, none);
    }
}

#[tokio::test]
async fn a_peer_that_speaks_no_tls_is_named_as_such() {
    let ours = identity();
    let tls = Tls::auto(&ours, identity().certificate().clone());
    let openings: [&[u8]; 4] = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        // The first frame of an HTTP/2 server, and of a yamux session.
        &[0, 0, 18, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 128],
        &[0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
    ];
    for opening in openings {
        for dialling in [true, false] {
            let (mut peer, io) = duplex(4096);
            peer.write_all(opening).await.unwrap();
            let outcome = match dialling {
                true => tls.connect(io).await,
                false => tls.accept(io).await,
            };
            assert_eq!(
                outcome.unwrap_err().to_string(),
                "the peer did not speak TLS"
            );
        }
    }
}

#[tokio::test]
async fn a_peer_that_leaves_is_named_as_such() {
    let tls = Tls::auto(&identity(), identity().certificate().clone());
    let left = "the peer closed the connection during the TLS handshake";

    let (peer, io) = duplex(4096);
    drop(peer);
    assert_eq!(tls.accept(io).await.unwrap_err().to_string(), left);

    let (mut peer, io) = duplex(4096);
    let leaving = async move { peer.read_u8().await.unwrap() };
    let (outcome, _) = tokio::join!(tls.connect(io), leaving);
    assert_eq!(outcome.unwrap_err().to_string(), left);
}

#[tokio::test]
async fn a_peer_that_lowers_the_version_below_tls_1_2_is_refused() {
    let tls = Tls::auto(&identity(), identity().certificate().clone());
    // A client hello of TLS 1.1 with one cipher suite and no extensions.
    let mut hello = vec![22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0xc0, 0x0a, 1, 0]);
    let (mut peer, io) = duplex(4096);
    peer.write_all(&hello).await.unwrap();
    let error = tls.accept(io).await.unwrap_err();
    assert!(matches!(error, TlsError::Incompatible { .. }), "{error:?}");
}

#[tokio::test]
async fn a_role_that_was_not_given_is_an_error_and_sends_nothing() {
    let client = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let server = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(NoCertificate));

    let (mut peer, io) = duplex(4096);
    let outcome = Tls::client_only(Arc::new(client), name())
        .with_alpn(&[b"h2"])
        .accept(io)
        .await;
    assert!(matches!(outcome, Err(TlsError::CannotAccept)));
    assert_eq!(peer.read(&mut [0]).await.unwrap(), 0);

    let (mut peer, io) = duplex(4096);
    let outcome = Tls::server_only(Arc::new(server))
        .with_alpn(&[b"h2"])
        .connect(io)
        .await;
    assert!(matches!(outcome, Err(TlsError::CannotConnect)));
    assert_eq!(peer.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_brought_configuration_that_distrusts_the_peer_says_why() {
    use std::error::Error as _;

    let (ours, theirs) = (identity(), identity());
    let mut roots = RootCertStore::empty();
    roots.add(theirs.certificate().as_der().into()).unwrap();
    let client = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tls = Tls::client_only(Arc::new(client), name());
    let peer = Tls::auto(&theirs, ours.certificate().clone());

    let error = meet(&tls, &peer).await.0.unwrap_err();
    assert_eq!(error.to_string(), "the peer's certificate was refused");
    let cause = error.source().unwrap().to_string();
    assert!(cause.contains("CaUsedAsEndEntity"), "{cause}");
}

#[derive(Debug)]
struct NoCertificate;

impl rustls::server::ResolvesServerCert for NoCertificate {
    fn resolve(
        &self,
        _: rustls::server::ClientHello<'_>,
    ) -> Option<Arc<rustls::sign::CertifiedKey>> {
        None
    }
}
