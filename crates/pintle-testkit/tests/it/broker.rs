//! Services by id, in both directions.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use pintle::Grpc;
use pintle::grpc::tonic::{Code, Status};
use pintle::grpc::{BrokerError, GrpcServer, Served, limited};
use pintle_testkit::pb::echo_client::EchoClient;
use pintle_testkit::pb::{CallBackRequest, Payload, ServeRequest, ServiceId};
use pintle_testkit::{
    Answer, Echo, EchoService, World, ask_in_plaintext, ask_over_tls, eventually,
};

use crate::{ROGUE, launch, launch_over, with_and_without_tls};

/// Long enough for what is done at once, short enough to wait for.
const SHORT: Duration = Duration::from_millis(300);

fn payload(text: &str) -> Payload {
    let bytes = text.as_bytes().to_vec();
    Payload { bytes }
}

/// Serves an echo to the plugin.
async fn serve(echo: &Echo) -> Result<Served, BrokerError> {
    let service = EchoService::new(echo.broker.clone());
    let fill = |server: &mut GrpcServer| {
        server.add(service.into_server());
    };
    echo.broker.serve(fill).await
}

/// Has the plugin call what is served under `id`.
async fn call_back(echo: &Echo, id: u32, text: &str) -> Result<Payload, Status> {
    let request = CallBackRequest {
        id,
        payload: Some(payload(text)),
    };
    Ok(echo.calls.clone().call_back(request).await?.into_inner())
}

/// Has the plugin serve an echo, under a fresh id for 0.
async fn plugin_serves(echo: &Echo, id: u32) -> u32 {
    let served = echo.calls.clone().serve(ServeRequest { id }).await;
    served.unwrap().into_inner().id
}

/// The socket files that came since the earlier look.
fn new_sockets(world: &World, earlier: &[PathBuf]) -> Vec<PathBuf> {
    let mut now = world.socket_files();
    now.retain(|path| !earlier.contains(path));
    now
}

#[tokio::test]
async fn each_side_can_call_what_the_other_serves() {
    with_and_without_tls(async |world, host| {
        let (session, echo) = launch(world, &host, "well").await;
        let served = serve(&echo).await.unwrap();
        let answer = call_back(&echo, served.id(), "to the host").await.unwrap();
        assert_eq!(answer, payload("to the host"));

        let id = plugin_serves(&echo, 0).await;
        let channel = echo.broker.dial(id).await.unwrap();
        let mut second = limited!(echo.broker, EchoClient::new(channel));
        let answer = second.repeat(payload("to the plugin")).await.unwrap();
        assert_eq!(answer.into_inner(), payload("to the plugin"));
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn eight_mebibytes_pass_a_brokered_connection() {
    with_and_without_tls(async |world, host| {
        let (session, echo) = launch(world, &host, "well").await;
        let served = serve(&echo).await.unwrap();
        let text = "x".repeat(8 * 1024 * 1024);
        let answer = call_back(&echo, served.id(), &text).await.unwrap();
        assert!(answer == payload(&text), "the message changed on its way");
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_stranger_at_a_brokered_socket_is_refused_with_tls_and_only_then() {
    with_and_without_tls(async |world, host| {
        let (session, echo) = launch(world, &host, "well").await;
        let earlier = world.socket_files();
        let _served = serve(&echo).await.unwrap();
        plugin_serves(&echo, 0).await;
        let sockets = new_sockets(world, &earlier);
        assert_eq!(sockets.len(), 2, "one of each side: {sockets:?}");
        let expected = match session.is_secure() {
            true => Answer::Refused,
            false => Answer::Served,
        };
        for socket in sockets {
            assert_eq!(ask_in_plaintext(&socket).await.unwrap(), expected);
            assert_eq!(ask_over_tls(&socket).await.unwrap(), Answer::Refused);
        }
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_dial_that_nobody_accepts_ends_at_its_deadline_on_either_side() {
    let world = World::new(ROGUE);
    let grpc = Grpc.broker_dial_timeout(SHORT);
    let (session, echo) = launch_over(&world, &world.host(), "well dial-ms=300", grpc).await;
    let begin = Instant::now();
    let error = echo.broker.dial(77).await.unwrap_err();
    assert!(begin.elapsed() >= SHORT);
    assert!(
        matches!(
            error,
            BrokerError::NotAccepted {
                id: 77,
                after: SHORT
            }
        ),
        "{error:?}"
    );
    let status = call_back(&echo, 78, "hello?").await.unwrap_err();
    assert_eq!(
        status.message(),
        "the other side did not accept broker id 78 within 300ms"
    );
    session.close().await.unwrap();
}

#[tokio::test]
async fn what_nobody_dials_is_given_up_with_its_socket_on_either_side() {
    let world = World::new(ROGUE);
    let grpc = Grpc.broker_accept_timeout(SHORT);
    let (session, echo) = launch_over(&world, &world.host(), "well accept-ms=300", grpc).await;
    let earlier = world.socket_files();
    let served = serve(&echo).await.unwrap();
    assert_eq!(new_sockets(&world, &earlier).len(), 1);
    let error = served.ended().await.unwrap_err();
    assert!(
        matches!(error, BrokerError::NotDialled { after: SHORT, .. }),
        "{error:?}"
    );
    assert_eq!(new_sockets(&world, &earlier), [] as [PathBuf; 0]);

    let id = plugin_serves(&echo, 0).await;
    let reason = echo
        .calls
        .clone()
        .await_service(ServiceId { id })
        .await
        .unwrap();
    let reason = String::from_utf8(reason.into_inner().bytes).unwrap();
    assert_eq!(
        reason,
        format!("the other side did not dial broker id {id} within 300ms")
    );
    assert_eq!(new_sockets(&world, &earlier), [] as [PathBuf; 0]);
    session.close().await.unwrap();
}

#[tokio::test]
async fn an_id_is_claimed_once_until_it_is_given_back() {
    let world = World::new(ROGUE);
    let (session, echo) = launch(&world, &world.host(), "well").await;
    let claimed = echo.broker.claim(7).unwrap();
    let error = echo.broker.claim(7).unwrap_err();
    assert_eq!(error.to_string(), "broker id 7 is served already");
    drop(claimed);
    echo.broker.claim(7).unwrap();

    plugin_serves(&echo, 9).await;
    let again = echo.calls.clone().serve(ServeRequest { id: 9 }).await;
    assert_eq!(
        again.unwrap_err().message(),
        "broker id 9 is served already"
    );
    session.close().await.unwrap();
}

#[tokio::test]
async fn of_two_dials_of_one_id_one_is_told_of_the_other() {
    let world = World::new(ROGUE);
    let (session, echo) = launch(&world, &world.host(), "well").await;
    let (first, second, id) = tokio::join!(
        biased;
        echo.broker.dial(42),
        echo.broker.dial(42),
        plugin_serves(&echo, 42)
    );
    assert_eq!(id, 42);
    let answer = EchoClient::new(first.unwrap())
        .repeat(payload("early"))
        .await;
    assert_eq!(answer.unwrap().into_inner(), payload("early"));
    let error = second.unwrap_err();
    assert_eq!(error.to_string(), "broker id 42 is being dialled already");
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_dial_given_up_can_be_made_again() {
    let world = World::new(ROGUE);
    let (session, echo) = launch(&world, &world.host(), "well").await;
    for _ in 0..3 {
        let dial = tokio::time::timeout(Duration::from_millis(10), echo.broker.dial(42));
        assert!(dial.await.is_err());
    }
    plugin_serves(&echo, 42).await;
    let mut calls = EchoClient::new(echo.broker.dial(42).await.unwrap());
    calls.repeat(payload("at last")).await.unwrap();
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_dial_that_comes_too_late_says_so() {
    let world = World::new(ROGUE);
    let grpc = Grpc.broker_dial_timeout(SHORT);
    let (session, echo) = launch_over(&world, &world.host(), "well accept-ms=50", grpc).await;
    let id = plugin_serves(&echo, 0).await;
    echo.calls
        .clone()
        .await_service(ServiceId { id })
        .await
        .unwrap();
    let error = echo.broker.dial(id).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("broker id {id} could not be reached")
    );
    session.close().await.unwrap();
}

#[tokio::test]
async fn dropping_what_is_served_ends_it_with_its_connections_and_its_socket() {
    let world = World::new(ROGUE);
    let (session, echo) = launch(&world, &world.host(), "well").await;
    let earlier = world.socket_files();

    let id = plugin_serves(&echo, 0).await;
    let mut calls = EchoClient::new(echo.broker.dial(id).await.unwrap());
    calls.repeat(payload("while it lasts")).await.unwrap();
    echo.calls
        .clone()
        .end_service(ServiceId { id })
        .await
        .unwrap();
    assert_eq!(new_sockets(&world, &earlier), [] as [PathBuf; 0]);
    let status = calls.repeat(payload("and after")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");

    let served = serve(&echo).await.unwrap();
    assert_eq!(new_sockets(&world, &earlier).len(), 1);
    drop(served);
    eventually("the socket is gone", || {
        new_sockets(&world, &earlier).is_empty()
    })
    .await;
    session.close().await.unwrap();
}
