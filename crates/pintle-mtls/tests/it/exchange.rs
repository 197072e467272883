//! Key exchange with peers whose cryptography is not put together as ours is.

use std::sync::Arc;

use pintle_mtls::{Curve, Identity, Tls};
use rustls::crypto::{
    ActiveKeyExchange, CryptoProvider, SharedSecret, SupportedKxGroup, aws_lc_rs::kx_group,
};
use rustls::version::{TLS12, TLS13};
use rustls::{Error, NamedGroup, PeerMisbehaved};

use crate::peer::{by_hand_over, check, meet, provider};

/// rustls's own cryptography, with this group alone.
fn with_group(group: &'static dyn SupportedKxGroup) -> Arc<CryptoProvider> {
    let mut provider = Arc::unwrap_or_clone(provider());
    provider.kx_groups = vec![group];
    provider.into()
}

#[tokio::test]
async fn a_peer_with_one_group_alone_is_met_in_both_roles() {
    let ours = Identity::generate(Curve::default()).unwrap();
    for group in [kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1] {
        for curve in [Curve::P256, Curve::P384, Curve::P521] {
            let theirs = Identity::generate(curve).unwrap();
            let tls = Tls::auto(&ours, theirs.certificate().clone());
            for version in [&TLS12, &TLS13] {
                let chain = [theirs.certificate()];
                let peer = by_hand_over(with_group(group), &chain, &theirs, &[version]);
                for (dialler, acceptor) in [(&tls, &peer), (&peer, &tls)] {
                    let (dialled, accepted) = meet(dialler, acceptor).await;
                    assert_eq!(dialled.unwrap().group, Some(group.name()));
                    assert_eq!(accepted.unwrap().group, Some(group.name()));
                }
            }
        }
    }
}

/// Go's programs offer it first; see `exchange.rs` for why it is not taken.
#[tokio::test]
async fn a_peer_that_prefers_a_post_quantum_group_is_met_without() {
    let ours = Identity::generate(Curve::default()).unwrap();
    let theirs = Identity::generate(Curve::default()).unwrap();
    let tls = Tls::auto(&ours, theirs.certificate().clone());

    let mut provider = Arc::unwrap_or_clone(provider());
    provider.kx_groups = vec![kx_group::X25519MLKEM768, kx_group::X25519];
    let chain = [theirs.certificate()];
    let peer = by_hand_over(provider.into(), &chain, &theirs, &[&TLS13]);
    for (dialler, acceptor) in [(&tls, &peer), (&peer, &tls)] {
        let (dialled, accepted) = meet(dialler, acceptor).await;
        assert_eq!(dialled.unwrap().group, Some(NamedGroup::X25519));
        assert_eq!(accepted.unwrap().group, Some(NamedGroup::X25519));
    }
}

#[tokio::test]
async fn a_peer_with_no_group_of_ours_is_refused() {
    let ours = Identity::generate(Curve::default()).unwrap();
    let theirs = Identity::generate(Curve::default()).unwrap();
    let tls = Tls::auto(&ours, theirs.certificate().clone());
    let provider = with_group(kx_group::SECP256R1MLKEM768);
    let peer = by_hand_over(provider, &[theirs.certificate()], &theirs, &[&TLS13]);
    let refused = "the peer's TLS has nothing in common with this side's";
    check(meet(&tls, &peer).await, refused, refused);
    check(meet(&peer, &tls).await, refused, refused);
}

#[tokio::test]
async fn a_peer_with_an_invalid_share_is_refused_in_both_roles() {
    static SHARES: [Broken; 5] = [
        Broken(NamedGroup::X25519, &[0; 32]),
        Broken(NamedGroup::X25519, &[9; 31]),
        Broken(NamedGroup::X25519, &[9; 33]),
        Broken(NamedGroup::secp256r1, &[4; 65]),
        Broken(NamedGroup::secp256r1, &[4]),
    ];
    let ours = Identity::generate(Curve::default()).unwrap();
    let theirs = Identity::generate(Curve::default()).unwrap();
    let tls = Tls::auto(&ours, theirs.certificate().clone());
    for share in &SHARES {
        for version in [&TLS12, &TLS13] {
            let chain = [theirs.certificate()];
            let peer = by_hand_over(with_group(share), &chain, &theirs, &[version]);
            for error in [
                meet(&tls, &peer).await.0.unwrap_err(),
                meet(&peer, &tls).await.1.unwrap_err(),
            ] {
                let cause = std::error::Error::source(&error).unwrap();
                let cause = cause.downcast_ref::<Error>().unwrap();
                let expected = Error::PeerMisbehaved(PeerMisbehaved::InvalidKeyShare);
                assert_eq!(*cause, expected, "{share:?} {version:?}");
            }
        }
    }
}

/// A group whose share is made up.
#[derive(Clone, Copy, Debug)]
struct Broken(NamedGroup, &'static [u8]);

impl SupportedKxGroup for Broken {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        Ok(Box::new(*self))
    }

    fn name(&self) -> NamedGroup {
        self.0
    }
}

impl ActiveKeyExchange for Broken {
    fn complete(self: Box<Self>, _: &[u8]) -> Result<SharedSecret, Error> {
        Ok(SharedSecret::from(&[0; 32][..]))
    }

    fn pub_key(&self) -> &[u8] {
        self.1
    }

    fn group(&self) -> NamedGroup {
        self.0
    }
}
