//! Calls from a host to its plugin: deadlines, ends, sizes, numbers.

use std::time::Duration;

use futures_util::future::join_all;
use pintle::grpc::tonic::{Code, Request, Status};
use pintle::{Address, Grpc, Session};
use pintle_testkit::pb::{
    AwaitNeverRequest, CountRequest, Empty, FillRequest, GatherRequest, Payload,
};
use pintle_testkit::{Answer, Echo, ask_in_plaintext, ask_over_tls};
use tokio::time::timeout;

use crate::{launch, launch_over, with_and_without_tls};

/// Returns once exactly this many calls of Never are open in the plugin.
async fn await_never(echo: &Echo, open: u64) {
    let reached = async {
        let request = AwaitNeverRequest { open };
        echo.calls.clone().await_never(request).await.unwrap()
    };
    let reached = timeout(Duration::from_secs(20), reached).await;
    reached.expect("the number of open calls stays another");
}

async fn repeat(echo: &Echo, bytes: Vec<u8>) -> Result<Vec<u8>, Status> {
    let answer = echo.calls.clone().repeat(Payload { bytes }).await?;
    Ok(answer.into_inner().bytes)
}

async fn fill(echo: &Echo, bytes: usize) -> Result<usize, Status> {
    let request = FillRequest {
        bytes: bytes as u64,
    };
    let answer = echo.calls.clone().fill(request).await?;
    Ok(answer.into_inner().bytes.len())
}

#[tokio::test]
async fn a_deadline_ends_the_call_on_both_sides() {
    with_and_without_tls(async |world, host| {
        let (session, echo) = launch(world, &host, "well").await;
        let mut request = Request::new(Empty {});
        request.set_timeout(Duration::from_millis(50));
        let status = echo.calls.clone().never(request).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
        await_never(&echo, 0).await;
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_hosts_own_deadline_holds_for_calls_without_one() {
    with_and_without_tls(async |world, host| {
        let grpc = Grpc.call_timeout(Duration::from_millis(200));
        let (session, echo) = launch_over(world, &host, "well", grpc).await;
        let status = echo.calls.clone().never(Empty {}).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn dropping_a_call_ends_it_in_the_plugin() {
    with_and_without_tls(async |world, host| {
        let (session, echo) = launch(world, &host, "well").await;
        let mut calls = echo.calls.clone();
        tokio::select! {
            answer = calls.never(Empty {}) => panic!("{answer:?}"),
            () = await_never(&echo, 1) => {}
        }
        await_never(&echo, 0).await;
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_panic_in_the_plugin_is_an_internal_error_and_the_session_lives() {
    with_and_without_tls(async |world, host| {
        // Where it came from would take the place of what it said.
        let host = host.env("RUST_BACKTRACE", "0");
        let (session, echo) = launch(world, &host, "well").await;
        let status = echo.calls.clone().panic(Empty {}).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        assert!(
            status.message().ends_with("panicked: asked to panic"),
            "{status:?}"
        );
        assert_eq!(repeat(&echo, vec![7]).await.unwrap(), [7]);
        session.close().await.unwrap();
        let said = session.closed().await.stderr().to_vec();
        assert_eq!(said[0], "panic: asked to panic", "{said:?}");
    })
    .await;
}

#[tokio::test]
async fn eight_mebibytes_pass_both_ways() {
    const BYTES: usize = 8 * 1024 * 1024;
    with_and_without_tls(async |world, host| {
        let (session, echo) = launch(world, &host, "well").await;
        let sent: Vec<u8> = (0..BYTES).map(|at| (at % 251) as u8).collect();
        let received = repeat(&echo, sent.clone()).await.unwrap();
        assert!(received == sent, "the message changed on its way");
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_message_over_the_limit_fails_its_call_and_no_other() {
    const LIMIT: usize = 64 * 1024;
    with_and_without_tls(async |world, host| {
        let grpc = Grpc.max_message_bytes(LIMIT);
        let (session, echo) = launch_over(world, &host, "well", grpc).await;
        // A payload is its bytes, a tag and their number.
        let fits = LIMIT - 4;
        assert_eq!(fill(&echo, fits).await.unwrap(), fits);
        assert_eq!(repeat(&echo, vec![0; fits]).await.unwrap().len(), fits);
        for status in [
            fill(&echo, fits + 1).await.unwrap_err(),
            repeat(&echo, vec![0; fits + 1]).await.unwrap_err(),
        ] {
            assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
        }
        assert_eq!(repeat(&echo, vec![7]).await.unwrap(), [7]);
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_thousand_calls_at_once_all_get_their_own_answer() {
    with_and_without_tls(async |world, host| {
        let (session, echo) = launch(world, &host, "well").await;
        let calls = (0..1000_u32).map(|number| repeat(&echo, number.to_be_bytes().to_vec()));
        for (number, answer) in join_all(calls).await.into_iter().enumerate() {
            assert_eq!(answer.unwrap(), (number as u32).to_be_bytes());
        }
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn hundreds_of_calls_are_open_together() {
    const CALLS: u32 = 900;
    with_and_without_tls(async |world, host| {
        let (session, echo) = launch(world, &host, "well").await;
        let gather = async || {
            let request = GatherRequest { calls: CALLS };
            echo.calls.clone().gather(request).await
        };
        let gathered = timeout(
            Duration::from_secs(20),
            join_all((0..CALLS).map(|_| gather())),
        );
        let gathered = gathered.await.expect("some calls wait for others to end");
        assert!(gathered.iter().all(Result::is_ok));
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_stream_arrives_whole_and_in_order() {
    with_and_without_tls(async |world, host| {
        let (session, echo) = launch(world, &host, "well").await;
        let request = CountRequest { count: 10_000 };
        let mut stream = echo
            .calls
            .clone()
            .count(request)
            .await
            .unwrap()
            .into_inner();
        let mut next = 0_u32;
        while let Some(payload) = stream.message().await.unwrap() {
            assert_eq!(payload.bytes, next.to_be_bytes());
            next += 1;
        }
        assert_eq!(next, 10_000);
        session.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_stranger_at_the_plugins_socket_is_refused_with_tls_and_only_then() {
    with_and_without_tls(async |world, host| {
        let (session, echo) = launch(world, &host, "well").await;
        let socket = socket(&session);
        let expected = match session.is_secure() {
            true => Answer::Refused,
            false => Answer::Served,
        };
        assert_eq!(ask_in_plaintext(&socket).await.unwrap(), expected);
        assert_eq!(ask_over_tls(&socket).await.unwrap(), Answer::Refused);
        assert_eq!(repeat(&echo, vec![7]).await.unwrap(), [7]);
        session.close().await.unwrap();
    })
    .await;
}

fn socket(session: &Session) -> std::path::PathBuf {
    match session.address() {
        Address::Unix(path) => path.clone(),
        other => panic!("not a unix socket: {other}"),
    }
}
