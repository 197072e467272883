use std::collections::VecDeque;
use std::io::ErrorKind;

use futures_util::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

use super::brokers::WIRE_BYTES;
use super::*;
use crate::flow::frame::ItemHead;

/// Values as they are sent, until the sender is dropped.
fn channel<T: Send + 'static>() -> (mpsc::UnboundedSender<T>, Stream<T>) {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let values = stream::poll_fn(move |cx| receiver.poll_recv(cx));
    (sender, Stream::new(values))
}

async fn all(mut stream: Stream<Text>) -> (Vec<Text>, Option<StreamError>) {
    let mut found = Vec::new();
    loop {
        match soon(stream.next()).await {
            Some(Ok(value)) => found.push(value),
            Some(Err(error)) => {
                assert!(stream.next().await.is_none(), "more after an error");
                return (found, Some(error));
            }
            None => {
                assert!(stream.next().await.is_none(), "more after the end");
                return (found, None);
            }
        }
    }
}

#[tokio::test]
async fn every_value_arrives_in_order_and_then_the_end() {
    let lengths = [0, 1, 127, 128, 70_000, 3, 0, 2_000_000, 5];
    let mut wanted: Vec<_> = lengths.map(|length| text("x".repeat(length))).into();
    wanted.extend((0..10_000).map(|number| text(number.to_string())));
    for broker in [MemoryBroker::default(), MemoryBroker::narrow(1000)] {
        let source = Stream::new(stream::iter(wanted.clone()));
        let (found, error) = all(lent_stream(source, &broker).await).await;
        assert!(error.is_none(), "{error:?}");
        assert!(found == wanted);
    }
}

#[tokio::test]
async fn a_value_does_not_wait_for_the_next() {
    let (sender, source) = channel();
    let mut stream = lent_stream(source, &MemoryBroker::default()).await;
    for value in ["one", "two", "three"] {
        sender.send(text(value)).unwrap();
        let found = soon(stream.next()).await.unwrap().unwrap();
        assert_eq!(found, text(value));
    }
    drop(sender);
    assert!(soon(stream.next()).await.is_none());
}

#[tokio::test]
async fn values_that_are_at_hand_leave_together() {
    /// Counts the writes.
    struct Counting(Arc<AtomicU64>);
    impl AsyncRead for Counting {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }
    impl AsyncWrite for Counting {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Poll::Ready(Ok(bytes.len()))
        }
        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }
    let writes = Arc::new(AtomicU64::new(0));
    let wire = pintle_core::Stream::new(Counting(Arc::clone(&writes)));
    // 10 bytes each with the head.
    let values = stream::iter(vec![text("values"); 4 * 64 * 1024 / 10]);
    soon(crate::flow::stream::send(Stream::new(values), wire)).await;
    assert_eq!(writes.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn an_error_of_the_source_is_the_last_value_with_the_text_of_every_cause() {
    #[derive(Debug, thiserror::Error)]
    #[error("the index is gone")]
    struct Gone(#[source] io::Error);
    let cause = io::Error::new(ErrorKind::NotFound, "no such file");
    let values = VecDeque::from([Ok(text("first")), Err(Gone(cause))]);
    let broker = MemoryBroker::default();
    let mut stream = Stream::try_new(stream::iter(values));
    // Once for itself, twice for one that was given on.
    for _ in 0..2 {
        stream = lent_stream(stream, &broker).await;
    }
    let (found, error) = all(stream).await;
    assert_eq!(found, [text("first")]);
    let Some(StreamError::Failed { kind, text }) = error else {
        panic!("{error:?}");
    };
    assert_eq!(kind, ErrorKind::NotFound);
    assert_eq!(text, "the index is gone: no such file");
}

#[tokio::test]
async fn a_stream_that_was_broken_off_says_so_and_leads_to_the_cause() {
    let broker = MemoryBroker::default();
    let (id, wire) = broker.by_hand().await;
    let stream = take_stream(id, &broker, 100).await.unwrap();
    let mut wire = wire.await;
    wire.write_all(b"\x03\x0a\x01x\x05\x0a\x03ha")
        .await
        .unwrap();
    drop(wire);
    let (found, error) = all(stream).await;
    assert_eq!(found, [text("x")]);
    let error = error.unwrap();
    let source = std::error::Error::source(&error).unwrap();
    let source = source.downcast_ref::<io::Error>().unwrap();
    assert_eq!(source.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_value_longer_than_the_limit_fails_the_stream_before_it_came() {
    let broker = MemoryBroker::default();
    let (id, wire) = broker.by_hand().await;
    let stream: Stream<Text> = take_stream(id, &broker, 100).await.unwrap();
    let mut wire = wire.await;
    let fits = [ItemHead::of(100).as_bytes(), &[b'x'; 100]].concat();
    wire.write_all(&fits).await.unwrap();
    wire.write_all(ItemHead::of(101).as_bytes()).await.unwrap();
    let (found, error) = all(stream).await;
    assert_eq!(found.len(), 1);
    assert!(
        matches!(
            error,
            Some(StreamError::TooLong {
                length: 101,
                limit: 100
            })
        ),
        "{error:?}"
    );
    // And the sender hears that no more is wanted.
    assert!(soon(wire.read(&mut [0])).await.is_err());
}

#[tokio::test]
async fn a_value_that_cannot_be_decoded_fails_the_stream() {
    let broker = MemoryBroker::default();
    let (id, wire) = broker.by_hand().await;
    let stream = take_stream(id, &broker, 100).await.unwrap();
    wire.await.write_all(b"\x03\x0a\x01\xff").await.unwrap();
    let (found, error) = all(stream).await;
    assert!(found.is_empty());
    assert!(
        matches!(error, Some(StreamError::Undecodable(_))),
        "{error:?}"
    );
}

#[tokio::test]
async fn dropping_a_stream_drops_a_source_that_waits() {
    let (held, dropped) = held();
    let source = Stream::new(stream::poll_fn(move |_| {
        let _held = &held;
        Poll::<Option<Text>>::Pending
    }));
    let stream = lent_stream(source, &MemoryBroker::default()).await;
    settled().await;
    assert!(dropped.is_held());
    drop(stream);
    dropped.wait().await;
}

#[tokio::test]
async fn values_that_are_not_taken_are_not_made() {
    let made = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&made);
    let source = Stream::new(stream::repeat_with(move || {
        counter.fetch_add(1, Ordering::SeqCst);
        text("x".repeat(995))
    }));
    let mut stream = lent_stream(source, &MemoryBroker::default()).await;
    settled().await;
    let ahead = made.load(Ordering::SeqCst) * 1000;
    assert!(ahead <= WIRE_BYTES as u64 + 2 * 64 * 1024, "{ahead}");
    for _ in 0..10_000 {
        soon(stream.next()).await.unwrap().unwrap();
    }
    settled().await;
    let ahead = (made.load(Ordering::SeqCst) - 10_000) * 1000;
    assert!(ahead <= WIRE_BYTES as u64 + 3 * 64 * 1024, "{ahead}");
}

#[tokio::test]
async fn next_loses_nothing_when_it_is_given_up() {
    let (sender, source) = channel();
    let mut stream = lent_stream(source, &MemoryBroker::narrow(3)).await;
    for number in 0..100 {
        let value = text(format!("value {number}"));
        sender.send(value.clone()).unwrap();
        let found = soon(async {
            loop {
                tokio::select! {
                    biased;
                    found = stream.next() => break found,
                    () = tokio::task::yield_now() => {}
                }
            }
        });
        let found = found.await;
        assert_eq!(found.unwrap().unwrap(), value);
    }
}
