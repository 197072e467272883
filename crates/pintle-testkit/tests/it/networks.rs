//! What a session can be made of: TCP, and certificates of the user's own.

use pintle::{Address, Grpc, LaunchFailure};
use pintle_testkit::pb::{CallBackRequest, Payload};
use pintle_testkit::{Echo, EchoService, World, tls_from, write_certificates};

use crate::{ROGUE, launch, with_and_without_tls};

/// A call, and a call back: both go over connections of their own.
async fn works(echo: &Echo) {
    let bytes = b"there and back".to_vec();
    let payload = Some(Payload {
        bytes: bytes.clone(),
    });
    let service = EchoService::new(echo.broker.clone());
    let served = echo.broker.serve(|server| {
        server.add(service.into_server());
    });
    let id = served.await.unwrap();
    let request = CallBackRequest {
        id: id.id(),
        payload,
    };
    let answer = echo.calls.clone().call_back(request).await.unwrap();
    assert_eq!(answer.into_inner().bytes, bytes);
}

#[tokio::test]
async fn a_session_over_tcp_keeps_to_the_range_of_ports() {
    with_and_without_tls(async |world, host| {
        let ports = 21_000..=21_999;
        let (session, echo) = launch(world, &host.tcp(ports.clone()), "tcp").await;
        let Address::Tcp(address) = session.address() else {
            panic!("the plugin listens at {}", session.address())
        };
        assert!(
            address.ip().is_loopback() && ports.contains(&address.port()),
            "{address}"
        );
        works(&echo).await;
        session.close().await.unwrap();
        assert!(world.is_clean());
    })
    .await;
}

#[tokio::test]
async fn certificates_of_the_users_own_secure_every_connection() {
    let world = World::new(ROGUE);
    let dir = tempfile::tempdir().unwrap();
    write_certificates(dir.path()).unwrap();
    let tls = tls_from(dir.path(), "host").unwrap();
    let host = world.host().tls(tls).env("ROGUE_CERTIFICATES", dir.path());
    let (session, echo) = launch(&world, &host, "own-certificate").await;
    assert!(session.is_secure());
    works(&echo).await;
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_plugin_of_another_authority_is_refused() {
    let world = World::new(ROGUE);
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_certificates(ours.path()).unwrap();
    write_certificates(theirs.path()).unwrap();
    let tls = tls_from(ours.path(), "host").unwrap();
    let host = world
        .host()
        .tls(tls)
        .env("ROGUE_CERTIFICATES", theirs.path());
    let launched = world.rogue(&host, "own-certificate").launch(Grpc).await;
    let error = launched.expect_err("its certificate is nobody's we know");
    assert!(
        matches!(error.failure(), LaunchFailure::Connect(_)),
        "{error:?}"
    );
}
