//! Everything on one connection.

use std::io;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use pintle::grpc::tonic::Code;
use pintle::grpc::{BrokerError, GrpcServer, Served, limited};
use pintle::{EndReason, Exit, Grpc, LaunchFailure, SessionClosed};
use pintle_testkit::pb::echo_client::EchoClient;
use pintle_testkit::pb::{
    AwaitNeverRequest, CallBackRequest, Empty, Manner, Payload, RelayRequest, ServeRequest,
    ServiceId, StreamTask,
};
use pintle_testkit::{Echo, EchoService, World, eventually, exchange};
use tokio::time::timeout;

use crate::{ROGUE, launch_over, with_and_without_tls};

const SHORT: Duration = Duration::from_millis(300);

fn payload(text: &str) -> Payload {
    let bytes = text.as_bytes().to_vec();
    Payload { bytes }
}

async fn serve(echo: &Echo) -> Result<Served, BrokerError> {
    let service = EchoService::new(echo.broker.clone());
    let fill = |server: &mut GrpcServer| {
        server.add(service.into_server());
    };
    echo.broker.serve(fill).await
}

async fn plugin_serves(echo: &Echo) -> u32 {
    let served = echo.calls.clone().serve(ServeRequest { id: 0 }).await;
    served.unwrap().into_inner().id
}

#[tokio::test]
async fn both_sides_call_each_other_and_no_socket_is_left_to_connect_to() {
    with_and_without_tls(async |world, host| {
        let (session, echo) = launch_over(world, &host, "well", Grpc.multiplexed()).await;
        let served = serve(&echo).await.unwrap();
        let request = CallBackRequest {
            id: served.id(),
            payload: Some(payload("to the host")),
        };
        let answer = echo.calls.clone().call_back(request).await.unwrap();
        assert_eq!(answer.into_inner(), payload("to the host"));

        let id = plugin_serves(&echo).await;
        let channel = echo.broker.dial(id).await.unwrap();
        let mut second = limited!(echo.broker, EchoClient::new(channel));
        let big = payload(&"x".repeat(8 * 1024 * 1024));
        let answer = second.repeat(big.clone()).await.unwrap().into_inner();
        assert!(answer == big, "the message changed on its way");

        eventually("the plugin has taken its socket away", || {
            world.socket_files().is_empty()
        })
        .await;
        session.ping().await.unwrap();
        let exit = session.close().await.unwrap();
        assert_eq!(exit, Exit::Code(0));
    })
    .await;
}

#[tokio::test]
async fn calls_lead_back_and_forth_three_deep_in_both_modes() {
    let world = World::new(ROGUE);
    for grpc in [Grpc, Grpc.multiplexed()] {
        let (session, echo) = launch_over(&world, &world.host(), "well", grpc).await;
        let (first, third) = (serve(&echo).await.unwrap(), serve(&echo).await.unwrap());
        let (second, fourth) = (plugin_serves(&echo).await, plugin_serves(&echo).await);
        // The plugin calls the host, whose handler calls the plugin, whose handler calls the host.
        let request = RelayRequest {
            ids: vec![first.id(), second, third.id(), fourth],
            payload: Some(payload("from far away")),
        };
        let answer = echo.calls.clone().relay(request).await.unwrap();
        assert_eq!(answer.into_inner(), payload("from far away"));
        session.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_dial_that_nobody_accepts_ends_at_its_deadline_on_either_side() {
    let world = World::new(ROGUE);
    let grpc = Grpc.multiplexed().broker_dial_timeout(SHORT);
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
    let request = CallBackRequest {
        id: 78,
        payload: None,
    };
    let status = echo.calls.clone().call_back(request).await.unwrap_err();
    assert_eq!(
        status.message(),
        "the other side did not accept broker id 78 within 300ms"
    );
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_dial_that_nobody_accepts_is_refused_before_the_usual_deadline() {
    let world = World::new(ROGUE);
    let (session, echo) = launch_over(&world, &world.host(), "well", Grpc.multiplexed()).await;
    let begin = Instant::now();
    let error = echo.broker.dial(77).await.unwrap_err();
    assert!(begin.elapsed() < Duration::from_secs(5));
    assert_eq!(
        error.to_string(),
        "the other side refused broker id 77: nobody accepts this id"
    );
    session.close().await.unwrap();
}

#[tokio::test]
async fn what_nobody_dials_is_given_up_on_either_side() {
    let world = World::new(ROGUE);
    let grpc = Grpc.multiplexed().broker_accept_timeout(SHORT);
    let (session, echo) = launch_over(&world, &world.host(), "well accept-ms=300", grpc).await;
    let error = serve(&echo).await.unwrap().ended().await.unwrap_err();
    assert!(
        matches!(error, BrokerError::NotDialled { after: SHORT, .. }),
        "{error:?}"
    );
    let id = plugin_serves(&echo).await;
    let mut calls = echo.calls.clone();
    let reason = calls.await_service(ServiceId { id }).await.unwrap();
    assert_eq!(
        reason.into_inner(),
        payload(&format!(
            "the other side did not dial broker id {id} within 300ms"
        ))
    );
    session.close().await.unwrap();
}

#[tokio::test]
async fn dropping_what_is_served_ends_it_with_its_connections() {
    let world = World::new(ROGUE);
    let (session, echo) = launch_over(&world, &world.host(), "well", Grpc.multiplexed()).await;
    let id = plugin_serves(&echo).await;
    let mut calls = EchoClient::new(echo.broker.dial(id).await.unwrap());
    calls.repeat(payload("while it lasts")).await.unwrap();
    let ended = echo.calls.clone().end_service(ServiceId { id }).await;
    ended.unwrap();
    let status = calls.repeat(payload("and after")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    session.close().await.unwrap();
}

#[tokio::test]
async fn ten_thousand_dials_given_up_leave_nothing_in_host_or_plugin() {
    let world = World::new(ROGUE);
    let host = world.host().plaintext();
    let (session, echo) = launch_over(&world, &host, "well", Grpc.multiplexed()).await;
    let id = plugin_serves(&echo).await;
    let held = async || {
        let mut calls = echo.calls.clone();
        calls.holdings(Empty {}).await.unwrap().into_inner()
    };
    // The first dial makes what stays.
    let mut kept = EchoClient::new(echo.broker.dial(id).await.unwrap());
    kept.repeat(payload("here")).await.unwrap();
    let (before, own_before) = (held().await, pintle_testkit::tasks());
    for round in 0..10_000 {
        let patience = Duration::from_micros(round % 300);
        let _ = timeout(patience, echo.broker.dial(id)).await;
    }
    kept.repeat(payload("still here")).await.unwrap();
    let channel = echo.broker.dial(id).await.unwrap();
    EchoClient::new(channel)
        .repeat(payload("me too"))
        .await
        .unwrap();
    eventually("the host's tasks have ended", || {
        pintle_testkit::tasks() <= own_before
    })
    .await;
    let begin = Instant::now();
    loop {
        let now = held().await;
        if now.tasks <= before.tasks && now.descriptors <= before.descriptors {
            break;
        }
        assert!(
            begin.elapsed() < Duration::from_secs(20),
            "{before:?} {now:?}"
        );
    }
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_session_closed_under_load_ends_in_good_order() {
    with_and_without_tls(async |world, host| {
        for grpc in [Grpc, Grpc.multiplexed()] {
            let (session, echo) = launch_over(world, &host, "well", grpc).await;
            let bytes = 1 << 40;
            let streams = (0..8).map(|_| {
                let echo = echo.clone();
                async move {
                    let task = StreamTask {
                        manner: Manner::Exchange.into(),
                        bytes,
                    };
                    // The session may be closed before every stream is there.
                    let offered = echo.calls.clone().offer_stream(task).await;
                    let id = offered.map_err(io::Error::other)?.into_inner().id;
                    let stream = echo.broker.stream(id).await.map_err(io::Error::other)?;
                    exchange(stream, bytes).await
                }
            });
            let exchanging = tokio::spawn(join_all(streams.collect::<Vec<_>>()));
            let dialling = tokio::spawn({
                let echo = echo.clone();
                async move {
                    loop {
                        let served = serve(&echo).await?;
                        let request = CallBackRequest {
                            id: served.id(),
                            payload: None,
                        };
                        let _ = echo.calls.clone().call_back(request).await;
                    }
                    #[expect(unreachable_code, reason = "it tells the type")]
                    Ok::<_, BrokerError>(())
                }
            });
            tokio::time::sleep(SHORT).await;
            let begin = Instant::now();
            let exit = session.close().await.unwrap();
            assert_eq!(exit, Exit::Code(0));
            assert!(begin.elapsed() < Duration::from_secs(2));
            for exchanged in exchanging.await.unwrap() {
                let error = exchanged.unwrap_err();
                let closed = SessionClosed::of(&error).map(SessionClosed::reason);
                assert!(
                    matches!(closed, None | Some(EndReason::Closed)),
                    "{error:?}"
                );
            }
            let dialled = timeout(Duration::from_secs(20), dialling).await;
            dialled.unwrap().unwrap().unwrap_err();
        }
        assert!(world.is_clean());
    })
    .await;
}

#[tokio::test]
async fn a_plugin_that_cannot_is_refused() {
    let world = World::new(ROGUE);
    let host = world.host().plaintext();
    let command = world.rogue(&host, "ignores-multiplexing");
    let error = command.launch(Grpc.multiplexed()).await.unwrap_err();
    assert!(
        matches!(error.failure(), LaunchFailure::Multiplexing),
        "{error:?}"
    );
}

#[tokio::test]
async fn killing_the_plugin_mid_call_is_the_reason_of_the_error() {
    let world = World::new(ROGUE);
    let (session, echo) = launch_over(&world, &world.host(), "well", Grpc.multiplexed()).await;
    let channel = echo.broker.dial(plugin_serves(&echo).await).await.unwrap();
    let mut brokered = EchoClient::new(channel);
    let call = tokio::spawn(async move { brokered.never(Empty {}).await });
    let in_flight = AwaitNeverRequest { open: 1 };
    echo.calls.clone().await_never(in_flight).await.unwrap();
    session.kill().await;
    let status = call.await.unwrap().unwrap_err();
    let closed = SessionClosed::of(&status).expect("the status knows why");
    assert_eq!(closed.reason(), EndReason::Killed);
}
