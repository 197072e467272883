//! One end of a stream, and a peer that makes the call with its own hands.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pintle_core::Tasks;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status, Streaming};

use super::{Call, offer, open};
use crate::generated::pintle::Chunk;
use crate::generated::pintle::byte_stream_client::ByteStreamClient;
use crate::h2::{Channel, LostReason, Router, Settings, serve_connection};

/// Far longer than anything takes that is not to fail.
const PATIENCE: Duration = Duration::from_secs(20);

/// Both ends of a connection where one offers a stream.
struct Offered {
    channel: Channel,
    opened: tokio::sync::oneshot::Receiver<Call>,
    tasks: Tasks,
}

async fn offered() -> Offered {
    let tasks = Tasks::new();
    let (service, opened) = offer(&tasks);
    let mut router = Router::default();
    router.add(service).unwrap();
    let (near, far) = tokio::io::duplex(64 * 1024);
    let tracker = tasks.tracker().clone();
    tasks.spawn(async move {
        let never = CancellationToken::new();
        let settings = Settings::default();
        let _ = serve_connection(far, router, &settings, &tracker, &never).await;
    });
    let unknown: LostReason = Arc::new(|| Box::pin(std::future::ready(None)));
    let stop = tasks.stopping().clone();
    let settings = Settings::default();
    let channel = Channel::connect(near, &settings, tasks.tracker(), stop, unknown);
    Offered {
        channel: channel.await.unwrap(),
        opened,
        tasks,
    }
}

/// The offering end, and the call that opened it, to be spoiled by hand.
async fn by_hand() -> (Call, mpsc::Sender<Chunk>, Streaming<Chunk>, Tasks) {
    let offered = offered().await;
    let (send, messages) = mpsc::channel(8);
    let mut client = ByteStreamClient::new(offered.channel);
    let answer = client.open(ReceiverStream::new(messages)).await.unwrap();
    let call = offered.opened.await.unwrap();
    (call, send, answer.into_inner(), offered.tasks)
}

fn chunk(data: &'static [u8], end: bool) -> Chunk {
    let data = Bytes::from_static(data);
    Chunk { data, end }
}

#[tokio::test]
async fn a_call_that_ends_without_saying_so_is_broken_off_after_what_had_arrived() {
    let (mut call, send, _answer, _tasks) = by_hand().await;
    send.send(chunk(b"half", false)).await.unwrap();
    drop(send);
    let mut half = [0; 4];
    call.read_exact(&mut half).await.unwrap();
    for _ in 0..2 {
        let error = call.read(&mut half).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
}

#[tokio::test]
async fn a_last_chunk_may_carry_bytes_and_nothing_counts_behind_it() {
    let (mut call, send, _answer, _tasks) = by_hand().await;
    send.send(chunk(b"", false)).await.unwrap();
    send.send(chunk(b"whole", true)).await.unwrap();
    send.send(chunk(b"more", false)).await.unwrap();
    let mut whole = Vec::new();
    call.read_to_end(&mut whole).await.unwrap();
    assert_eq!(whole, b"whole");
}

#[tokio::test]
async fn the_callee_ends_the_call_once_both_directions_have_ended() {
    let (mut call, send, mut answer, _tasks) = by_hand().await;
    call.write_all(b"bye").await.unwrap();
    call.shutdown().await.unwrap();
    call.shutdown().await.unwrap();
    assert_eq!(answer.message().await.unwrap().unwrap().data, "bye");
    assert!(answer.message().await.unwrap().unwrap().end);
    let early = timeout(Duration::from_millis(50), answer.message()).await;
    assert!(early.is_err(), "the other direction is open: {early:?}");
    send.send(chunk(b"", true)).await.unwrap();
    assert_eq!(call.read(&mut [0]).await.unwrap(), 0);
    let end = timeout(PATIENCE, answer.message()).await.unwrap();
    assert_eq!(end.unwrap(), None);
}

#[tokio::test]
async fn a_callee_dropped_half_way_never_says_that_it_ended() {
    let (mut call, _send, mut answer, _tasks) = by_hand().await;
    call.write_all(b"half").await.unwrap();
    drop(call);
    let told = async {
        while let Ok(Some(chunk)) = answer.message().await {
            assert!(!chunk.end);
        }
    };
    timeout(PATIENCE, told).await.unwrap();
}

#[tokio::test]
async fn a_caller_that_cancels_is_an_error_for_reads_and_writes() {
    let (mut call, _send, answer, _tasks) = by_hand().await;
    drop((answer, _send));
    let error = call.read(&mut [0]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let written = timeout(PATIENCE, async {
        while call.write_all(&[0; 1024]).await.is_ok() {}
    });
    written.await.unwrap();
}

#[tokio::test]
async fn a_stream_is_opened_once() {
    let offered = offered().await;
    let _first = open(offered.channel.clone(), &offered.tasks).await.unwrap();
    let second: Status = open(offered.channel, &offered.tasks).await.unwrap_err();
    assert_eq!(second.code(), Code::AlreadyExists);
}

#[tokio::test]
async fn an_offer_taken_back_cannot_be_opened() {
    let offered = offered().await;
    drop(offered.opened);
    let refused = open(offered.channel, &offered.tasks).await.unwrap_err();
    assert_eq!(refused.code(), Code::Cancelled);
}

#[tokio::test]
async fn a_stream_that_ended_on_both_sides_leaves_no_task() {
    let offered = offered().await;
    let before = offered.tasks.count();
    let mut near = open(offered.channel, &offered.tasks).await.unwrap();
    let mut far = offered.opened.await.unwrap();
    for _ in 0..2 {
        near.write_all(b"hello").await.unwrap();
        near.shutdown().await.unwrap();
        let mut heard = Vec::new();
        far.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, b"hello");
        std::mem::swap(&mut near, &mut far);
    }
    drop((near, far));
    let settled = async {
        // The connection itself ends with its channel.
        while offered.tasks.count() > before.saturating_sub(1) {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, settled).await.unwrap();
}
