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
use tonic::{Code, Request, Response, Status, Streaming};

use super::{Call, offer, open};
use crate::broker::BrokerError;
use crate::generated::pintle::Chunk;
use crate::generated::pintle::byte_stream_client::ByteStreamClient;
use crate::generated::pintle::byte_stream_server::{ByteStream, ByteStreamServer};
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
    let channel = connected(router, &tasks).await;
    Offered {
        channel,
        opened,
        tasks,
    }
}

/// A connection to who answers from `router`.
async fn connected(router: Router, tasks: &Tasks) -> Channel {
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
    channel.await.unwrap()
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

/// A callee that answers with its first message, and sends one when it was sent one.
struct Reticent;

#[tonic::async_trait]
impl ByteStream for Reticent {
    type OpenStream = ReceiverStream<Result<Chunk, Status>>;

    async fn open(
        &self,
        request: Request<Streaming<Chunk>>,
    ) -> Result<Response<Self::OpenStream>, Status> {
        let mut incoming = request.into_inner();
        let first = incoming.message().await?.expect("something is written");
        let (send, messages) = mpsc::channel(1);
        send.send(Ok(first)).await.unwrap();
        Ok(Response::new(ReceiverStream::new(messages)))
    }
}

async fn reticent(tasks: &Tasks) -> Channel {
    let mut router = Router::default();
    router.add(ByteStreamServer::new(Reticent)).unwrap();
    connected(router, tasks).await
}

#[tokio::test]
async fn a_stream_can_be_written_to_before_the_callee_has_answered() {
    let tasks = Tasks::new();
    let channel = reticent(&tasks).await;
    let mut stream = open(7, channel, &tasks);
    stream.write_all(b"hello").await.unwrap();
    let mut heard = [0; 5];
    let reading = timeout(PATIENCE, stream.read_exact(&mut heard)).await;
    reading.unwrap().unwrap();
    assert_eq!(&heard, b"hello");
}

#[tokio::test]
async fn what_was_written_before_the_callee_answered_arrives_though_the_stream_is_dropped() {
    let offered = offered().await;
    let mut stream = open(7, offered.channel, &offered.tasks);
    stream.write_all(b"whole").await.unwrap();
    stream.shutdown().await.unwrap();
    drop(stream);
    let mut whole = Vec::new();
    let mut call = offered.opened.await.unwrap();
    call.read_to_end(&mut whole).await.unwrap();
    assert_eq!(whole, b"whole");
}

#[tokio::test]
async fn a_stream_dropped_before_the_callee_answered_leaves_no_task() {
    let tasks = Tasks::new();
    let channel = reticent(&tasks).await;
    let before = tasks.count();
    let stream = open(7, channel.clone(), &tasks);
    // One makes the call, one sends what is written, and one answers.
    while tasks.count() < before + 3 {
        tokio::task::yield_now().await;
    }
    drop(stream);
    let settled = async {
        while tasks.count() > before {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, settled).await.unwrap();
}

/// How a stream fails that the other side does not have.
async fn refusal(mut stream: Call) -> Code {
    let mut told = Vec::new();
    for _ in 0..2 {
        let error = stream.read(&mut [0]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let error = error.get_ref().unwrap().downcast_ref().unwrap();
        let BrokerError::NoStream { id: 7, status } = error else {
            panic!("{error:?}")
        };
        told.push(status.code());
    }
    let written = async { while stream.write_all(b"hello").await.is_ok() {} };
    timeout(PATIENCE, written).await.unwrap();
    assert_eq!(told[0], told[1]);
    told[0]
}

#[tokio::test]
async fn a_stream_is_opened_once() {
    let offered = offered().await;
    let _first = open(7, offered.channel.clone(), &offered.tasks);
    let _opened = offered.opened.await.unwrap();
    let second = open(7, offered.channel, &offered.tasks);
    assert_eq!(refusal(second).await, Code::AlreadyExists);
}

#[tokio::test]
async fn an_offer_taken_back_cannot_be_opened() {
    let offered = offered().await;
    drop(offered.opened);
    let refused = open(7, offered.channel, &offered.tasks);
    assert_eq!(refusal(refused).await, Code::Cancelled);
}

#[tokio::test]
async fn a_session_that_ends_before_the_callee_answered_ends_reads_and_writes() {
    let tasks = Tasks::new();
    let channel = reticent(&tasks).await;
    for reads_first in [true, false] {
        let mut stream = open(7, channel.clone(), &tasks);
        tasks.finish().await;
        let read = async |stream: &mut Call| stream.read(&mut [0]).await.unwrap_err();
        if reads_first {
            assert_eq!(read(&mut stream).await.kind(), ErrorKind::ConnectionReset);
        }
        let written = async { while stream.write_all(b"hello").await.is_ok() {} };
        timeout(PATIENCE, written).await.unwrap();
        assert_eq!(read(&mut stream).await.kind(), ErrorKind::ConnectionReset);
    }
}

#[tokio::test]
async fn what_is_no_stream_is_told_as_such() {
    let tasks = Tasks::new();
    let channel = connected(Router::default(), &tasks).await;
    assert_eq!(refusal(open(7, channel, &tasks)).await, Code::Unimplemented);
}

#[tokio::test]
async fn a_stream_that_ended_on_both_sides_leaves_no_task() {
    let offered = offered().await;
    let before = offered.tasks.count();
    let mut near = open(7, offered.channel, &offered.tasks);
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
