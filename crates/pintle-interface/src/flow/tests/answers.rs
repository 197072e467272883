//! What whoever has the sink of a writer says of it, and when.

use std::io::ErrorKind;

use pintle_core::Stream as Wire;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::flow::failure::Failure;
use crate::flow::frame::{END_FRAME, failure_frame};

#[tokio::test]
async fn a_shutdown_is_not_complete_if_the_sink_goes_away_without_a_word() {
    let broker = MemoryBroker::default();
    let (id, wire) = broker.by_hand().await;
    let mut writer = take_writer(id, &broker).await.unwrap();
    let mut wire = wire.await;
    writer.write_all(b"all").await.unwrap();
    let (ended, ()) = tokio::join!(soon(writer.shutdown()), async {
        let mut found = Vec::new();
        wire.read_to_end(&mut found).await.unwrap();
        assert_eq!(found, b"\x05\x0a\x03all\x02\x1a\x00");
        wire.shutdown().await.unwrap();
    });
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[tokio::test]
async fn an_answer_before_the_direction_has_ended_is_an_answer() {
    let broker = MemoryBroker::default();
    let (id, wire) = broker.by_hand().await;
    let mut writer = take_writer(id, &broker).await.unwrap();
    let mut wire = wire.await;
    let (ended, ()) = tokio::join!(soon(writer.shutdown()), async {
        wire.read_exact(&mut [0; 3]).await.unwrap();
        wire.write_all(b"\x02\x1a\x00").await.unwrap();
        drop(wire);
    });
    ended.unwrap();
}

#[tokio::test]
async fn a_refusal_that_comes_before_the_stream_breaks_is_the_reason() {
    let broker = MemoryBroker::default();
    let (id, wire) = broker.by_hand().await;
    let mut writer = take_writer(id, &broker).await.unwrap();
    let mut wire = wire.await;
    let refusal = failure_frame(&Failure::of(&no_space()));
    wire.write_all(&refusal).await.unwrap();
    drop(wire);
    assert_no_space(soon(writer.write_all(b"lost")).await);
}

#[tokio::test]
async fn a_peer_that_sends_items_where_answers_belong_fails_the_writer() {
    let broker = MemoryBroker::default();
    let (id, wire) = broker.by_hand().await;
    let mut writer = take_writer(id, &broker).await.unwrap();
    let mut wire = wire.await;
    wire.write_all(b"\x03\x0a\x01x").await.unwrap();
    let error = soon(writer.write(b"lost")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
}

#[tokio::test]
async fn an_answer_counts_even_if_the_direction_never_ends() {
    for outcome in [Poll::Pending, Poll::Ready(())] {
        let (read, write) = (Late::new(END_FRAME.to_vec()), Unending { outcome });
        let mut writer = Writer::received(Wire::new(tokio::io::join(read, write)));
        writer.write_all(b"all").await.unwrap();
        soon(writer.shutdown()).await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_to_what_was_not_sent_is_none() {
    let (read, write) = (Late::new(END_FRAME.to_vec()), NoRoom);
    let mut writer = Writer::received(Wire::new(tokio::io::join(read, write)));
    let error = soon(writer.shutdown()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}

#[tokio::test]
async fn a_refusal_that_arrives_as_the_stream_breaks_is_the_reason() {
    let refusal = failure_frame(&Failure::of(&no_space()));
    let (near, broken) = tokio::io::duplex(1);
    drop(near);
    let wire = tokio::io::join(Late::new(refusal), broken);
    let mut writer = Writer::received(Wire::new(wire));
    assert_no_space(soon(writer.write(b"lost")).await);
}

#[tokio::test]
async fn a_direction_that_cannot_be_ended_fails_the_shutdown_if_there_is_no_answer() {
    let (silent, _dropped) = stuck();
    let outcome = Poll::Ready(());
    let wire = tokio::io::join(silent, Unending { outcome });
    let mut writer = Writer::received(Wire::new(wire));
    let error = soon(writer.shutdown()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

/// Has nothing when it is first asked.
struct Late {
    asked: bool,
    bytes: io::Cursor<Vec<u8>>,
}

impl Late {
    fn new(bytes: Vec<u8>) -> Self {
        let bytes = io::Cursor::new(bytes);
        let asked = false;
        Self { asked, bytes }
    }
}

impl AsyncRead for Late {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !std::mem::replace(&mut self.asked, true) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.bytes).poll_read(cx, to)
    }
}

/// Takes every byte, but not the end.
struct Unending {
    /// What becomes of the end: nothing, or an error.
    outcome: Poll<()>,
}

impl AsyncWrite for Unending {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = self.outcome;
        outcome.map(|()| Err(ErrorKind::ConnectionReset.into()))
    }
}

/// Takes nothing.
struct NoRoom;

impl AsyncWrite for NoRoom {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}
