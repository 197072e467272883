//! Application protocols.

use pintle_mtls::{Curve, Identity, Tls};

use crate::peer::{check, meet};

fn pair() -> (Tls, Tls) {
    let left = Identity::generate(Curve::default()).unwrap();
    let right = Identity::generate(Curve::default()).unwrap();
    let in_left = Tls::auto(&left, right.certificate().clone());
    (in_left, Tls::auto(&right, left.certificate().clone()))
}

#[tokio::test]
async fn a_common_protocol_is_agreed_on_in_both_roles() {
    let (left, right) = pair();
    let (left, right) = (left.with_alpn(&[b"x", b"h2"]), right.with_alpn(&[b"h2"]));
    for (dialler, acceptor) in [(&left, &right), (&right, &left)] {
        let (dialled, accepted) = meet(dialler, acceptor).await;
        assert_eq!(dialled.unwrap().alpn.unwrap(), b"h2");
        assert_eq!(accepted.unwrap().alpn.unwrap(), b"h2");
    }
}

#[tokio::test]
async fn a_peer_with_other_protocols_only_is_refused() {
    let (left, right) = pair();
    let (left, right) = (left.with_alpn(&[b"h2"]), right.with_alpn(&[b"x"]));
    let refused = "the peer offers no application protocol that this side speaks";
    check(meet(&left, &right).await, refused, refused);
    check(meet(&right, &left).await, refused, refused);
}

#[tokio::test]
async fn a_peer_that_offers_no_protocol_is_let_in() {
    let (left, right) = pair();
    let left = left.with_alpn(&[b"h2"]);
    for (dialler, acceptor) in [(&left, &right), (&right, &left)] {
        let (dialled, accepted) = meet(dialler, acceptor).await;
        assert_eq!(dialled.unwrap().alpn, None);
        assert_eq!(accepted.unwrap().alpn, None);
    }
}

#[tokio::test]
async fn the_last_list_given_is_the_one_that_counts() {
    let (left, right) = pair();
    let left = left.with_alpn(&[b"x"]).with_alpn(&[b"h2"]);
    let right = right.with_alpn(&[b"h2"]);
    assert_eq!(meet(&left, &right).await.0.unwrap().alpn.unwrap(), b"h2");
    let (dialled, _) = meet(&left.with_alpn(&[]), &right).await;
    assert_eq!(dialled.unwrap().alpn, None);
}
