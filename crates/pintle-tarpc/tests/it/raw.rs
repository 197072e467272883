//! Calls of bytes, from a host to a plugin and back.

use std::io::ErrorKind;
use std::time::Duration;

use bytes::Buf;
use pintle_core::{Bindings, EndReason, Plugin, PluginOver, PluginSet, Session, in_process};
use pintle_tarpc::tarpc::ServerError;
use pintle_tarpc::tarpc::client::RpcError;
use pintle_tarpc::tarpc::context::Context;
use pintle_tarpc::{
    Answer, Body, ByteCall, ByteChannel, Bytes, Codec, Tarpc, TarpcBroker, TarpcClient,
    TarpcServer, session_closed, within,
};

use crate::common::{Seen, TIME};

#[derive(Clone, Default)]
struct RawPlugin {
    seen: Seen,
}

/// What the plugin serves.
#[derive(Clone)]
struct Service {
    broker: TarpcBroker,
    seen: Seen,
}

impl Service {
    async fn answer(
        self,
        context: Context,
        call: ByteCall,
    ) -> Result<Answer<Box<dyn Body>>, ServerError> {
        match call.method() {
            "Echo" => done(call.into_body()),
            "Fail" => Ok(Answer::Failed(Box::new(call.into_body()))),
            "Zeros" => {
                let length = u32::from_le_bytes(call.body().try_into().unwrap());
                done(Bytes::from(vec![0; length as usize]))
            }
            // What the host's own echo answers, which it serves under an id.
            "CallBack" => {
                let mut bytes = call.into_body();
                let id = bytes.get_u32_le();
                let raw = self.broker.dial(id).await.unwrap().bytes();
                let answer = raw.call(context, "Echo", bytes).await.unwrap();
                Ok(match answer {
                    Answer::Done(bytes) => Answer::Done(Box::new(bytes)),
                    Answer::Failed(bytes) => Answer::Failed(Box::new(bytes)),
                })
            }
            "Panic" => panic!("as it was told to"),
            "Hang" => {
                let _dropped = self.seen.dropped.drop_guard();
                self.seen.hanging.cancel();
                std::future::pending().await
            }
            _ => Err(call.unknown_method()),
        }
    }
}

fn done(bytes: Bytes) -> Result<Answer<Box<dyn Body>>, ServerError> {
    Ok(Answer::Done(Box::new(bytes)))
}

impl Plugin for RawPlugin {
    const NAME: &'static str = "raw";
    type Client = (ByteChannel, TarpcBroker);

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        on.over::<Tarpc>()
    }
}

impl PluginOver<Tarpc> for RawPlugin {
    fn serve(&self, server: &mut TarpcServer) {
        let service = Service {
            broker: server.broker().clone(),
            seen: self.seen.clone(),
        };
        server.add_bytes(move |context, call| service.clone().answer(context, call));
    }

    fn client(client: TarpcClient) -> Self::Client {
        let broker = client.broker().clone();
        (client.bytes(), broker)
    }
}

struct World {
    session: Session,
    raw: ByteChannel,
    broker: TarpcBroker,
    seen: Seen,
}

async fn world(tarpc: Tarpc) -> World {
    let plugin = RawPlugin::default();
    let seen = plugin.seen.clone();
    let session = in_process(PluginSet::new().plugin(plugin), tarpc)
        .await
        .unwrap();
    let (raw, broker) = session.dispense::<RawPlugin>().await.unwrap();
    World {
        session,
        raw,
        broker,
        seen,
    }
}

async fn echoes(raw: &ByteChannel, bytes: Bytes) {
    let answer = raw.call(within(TIME), "Echo", bytes.clone()).await.unwrap();
    assert!(answer == Answer::Done(bytes));
}

fn refused(outcome: Result<Answer, RpcError>) -> ServerError {
    match outcome {
        Err(RpcError::Server(error)) => error,
        other => panic!("it should fail alone: {other:?}"),
    }
}

#[tokio::test]
async fn bytes_come_back_as_they_went_whatever_the_sessions_codec() {
    for codec in [Codec::Bincode, Codec::Postcard] {
        let World { session, raw, .. } = world(Tarpc.codecs([codec])).await;
        for length in [0, 1, 100_000, 3_000_000] {
            echoes(&raw, (0..length).map(|number: u32| number as u8).collect()).await;
        }
        session.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_calls_of_bytes_at_a_time_are_told_apart() {
    let World {
        session: _session,
        raw,
        ..
    } = world(Tarpc.max_concurrent_calls(8)).await;
    let calls = (0..200_u32).map(|number| {
        let raw = raw.clone();
        tokio::spawn(async move {
            echoes(&raw, Bytes::copy_from_slice(&number.to_le_bytes())).await;
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
}

#[tokio::test]
async fn an_error_of_the_services_own_is_told_from_a_call_that_was_not_answered() {
    let World { session, raw, .. } = world(Tarpc).await;
    let reason = Bytes::from_static(b"no such key");
    let failed = raw.call(within(TIME), "Fail", reason.clone()).await;
    assert_eq!(failed.unwrap(), Answer::Failed(reason));

    session.close().await.unwrap();
    let lost = raw.call(within(TIME), "Fail", Bytes::new()).await;
    let error = lost.unwrap_err();
    let closed = session_closed(&error).expect("the reason");
    assert!(matches!(closed.reason(), EndReason::Closed), "{closed:?}");
}

#[tokio::test]
async fn a_method_that_the_service_does_not_have_is_an_error_of_its_call() {
    let World {
        session: _session,
        raw,
        ..
    } = world(Tarpc).await;
    let error = refused(raw.call(within(TIME), "Sing\n", Bytes::new()).await);
    assert_eq!(error.kind, ErrorKind::Unsupported);
    assert_eq!(error.detail, r"the service has no method `Sing\n`");
    echoes(&raw, Bytes::new()).await;
}

#[tokio::test]
async fn a_call_of_bytes_that_panics_is_answered_at_once_and_harms_no_other() {
    let World {
        session: _session,
        raw,
        ..
    } = world(Tarpc).await;
    let error = refused(raw.call(within(TIME), "Panic", Bytes::new()).await);
    assert_eq!(error.detail, "the call panicked: as it was told to");
    echoes(&raw, Bytes::new()).await;
}

#[tokio::test]
async fn bytes_too_long_fail_their_call_before_they_are_sent() {
    let World {
        session: _session,
        raw,
        ..
    } = world(Tarpc.max_message_bytes(1000)).await;
    let long = Bytes::from(vec![0; 1000]);
    let Err(RpcError::Send(error)) = raw.call(within(TIME), "Echo", long).await else {
        panic!("it should not be sent")
    };
    assert_eq!(
        error.to_string(),
        "the value takes more than the 1000 bytes that a message may have"
    );
    let most = Bytes::from(vec![0; 1000 - 1 - "Echo".len()]);
    echoes(&raw, most).await;
}

#[tokio::test]
async fn an_answer_of_bytes_too_long_fails_its_call_and_no_other() {
    let World {
        session: _session,
        raw,
        ..
    } = world(Tarpc.max_message_bytes(1000)).await;
    let zeros = async |length: u32| {
        let length = Bytes::copy_from_slice(&length.to_le_bytes());
        raw.call(within(TIME), "Zeros", length).await
    };
    assert_eq!(refused(zeros(1000).await).kind, ErrorKind::InvalidData);
    let most = Bytes::from(vec![0; 999]);
    assert_eq!(zeros(999).await.unwrap(), Answer::Done(most));
}

#[tokio::test]
async fn the_deadline_of_a_call_of_bytes_counts_while_it_waits_for_its_turn() {
    let World {
        session: _session,
        raw,
        seen,
        ..
    } = world(Tarpc.max_concurrent_calls(1)).await;
    let hanging = tokio::spawn({
        let raw = raw.clone();
        async move { raw.call(within(TIME), "Hang", Bytes::new()).await }
    });
    seen.hanging.cancelled().await;
    let short = within(Duration::from_millis(20));
    let waiting = raw.call(short, "Echo", Bytes::new()).await;
    assert!(
        matches!(waiting, Err(RpcError::DeadlineExceeded)),
        "{waiting:?}"
    );
    // Dropping a call cancels it over there, and makes room.
    hanging.abort();
    seen.dropped.cancelled().await;
    echoes(&raw, Bytes::new()).await;
}

#[tokio::test]
async fn a_call_of_bytes_whose_session_is_killed_names_the_reason() {
    let World {
        session, raw, seen, ..
    } = world(Tarpc).await;
    let calling = tokio::spawn(async move { raw.call(within(TIME), "Hang", Bytes::new()).await });
    seen.hanging.cancelled().await;
    session.kill().await;
    let error = calling.await.unwrap().unwrap_err();
    let closed = session_closed(&error).expect("the reason");
    assert!(matches!(closed.reason(), EndReason::Killed), "{closed:?}");
}

#[tokio::test]
async fn the_plugin_calls_a_service_of_bytes_that_the_host_serves() {
    let World {
        session: _session,
        raw,
        broker,
        ..
    } = world(Tarpc).await;
    let served = broker.serve(|server| RawPlugin::default().serve(server));
    let served = served.unwrap();
    let mut bytes = served.id().to_le_bytes().to_vec();
    bytes.extend_from_slice(b"back and forth");
    let answer = raw.call(within(TIME), "CallBack", Bytes::from(bytes)).await;
    let back = Bytes::from_static(b"back and forth");
    assert_eq!(answer.unwrap(), Answer::Done(back));
}
