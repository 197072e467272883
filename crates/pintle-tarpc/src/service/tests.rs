use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{Buf, BytesMut};
use pintle_core::Pieces;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::{Notify, Semaphore};

use super::*;
use crate::codec::Codec;
use crate::envelope::Head;
use crate::frame;

const WIRE: Wire = Wire {
    codec: Codec::Bincode,
    send_bytes: 1000,
    receive_bytes: 1000,
    calls: 4,
};

fn serving(tasks: &Tasks) -> Serving {
    Serving {
        wire: WIRE,
        max_calls: 4,
        tasks: tasks.clone(),
        stop: CancellationToken::new(),
        grace: Duration::from_secs(60),
    }
}

/// A peer that writes what it likes to a service of `u32` calls.
struct Peer {
    stream: DuplexStream,
    tasks: Tasks,
    stop: CancellationToken,
    served: CancellationToken,
}

impl Peer {
    fn of<F, Fut>(calls: F) -> Self
    where
        F: Fn(Context, u32) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<u32, ServerError>> + Send + 'static,
    {
        let (near, far) = duplex(64 * 1024);
        let tasks = Tasks::new();
        let serving = serving(&tasks);
        let (stop, served) = (serving.stop.clone(), CancellationToken::new());
        let running = service(calls).serve(Stream::new(far), serving);
        let told = served.clone();
        tasks.spawn(async move {
            running.await;
            told.cancel();
        });
        Self {
            stream: near,
            tasks,
            stop,
            served,
        }
    }

    async fn send(&mut self, message: &[u8]) {
        frame::write(&mut self.stream, message).await.unwrap();
    }

    async fn call(&mut self, id: u64, value: u32) {
        self.call_within(id, value, u32::MAX).await;
    }

    async fn call_within(&mut self, id: u64, value: u32, milliseconds: u32) {
        let mut head = Pieces::default();
        let context = tarpc::context::current();
        Head::Call { id, context }.put(&mut head);
        let mut message = BytesMut::from(head.into_bytes());
        message[9..13].copy_from_slice(&milliseconds.to_le_bytes());
        message.extend_from_slice(&value.to_le_bytes());
        self.send(&message).await;
    }

    /// The next answer: which call, and what.
    async fn answer(&mut self) -> (u64, Result<u32, ServerError>) {
        let message = frame::read(&mut self.stream, 2000).await.unwrap();
        let mut rest = &message[..];
        match Head::take(&mut rest).unwrap() {
            Head::Answer { id } => (id, Ok(rest.get_u32_le())),
            Head::Failure { id, error } => (id, Err(error)),
            other => panic!("not an answer: {other:?}"),
        }
    }
}

async fn double(_: Context, value: u32) -> Result<u32, ServerError> {
    Ok(value.wrapping_mul(2))
}

#[tokio::test]
async fn the_longest_deadline_a_peer_can_say_is_a_call_like_any_other() {
    let mut peer = Peer::of(double);
    peer.call(1, 21).await;
    assert_eq!(peer.answer().await, (1, Ok(42)));
}

#[tokio::test]
async fn a_call_that_panics_is_answered_at_once_and_harms_no_other() {
    let mut peer = Peer::of(|_, value| async move {
        assert_ne!(value, 13, "unlucky");
        Ok(value)
    });
    peer.call(1, 13).await;
    let (id, failure) = peer.answer().await;
    let detail = failure.unwrap_err().detail;
    assert_eq!(id, 1);
    assert!(detail.starts_with("the call panicked: "), "{detail}");
    assert!(detail.contains("unlucky"), "{detail}");
    peer.call(2, 7).await;
    assert_eq!(peer.answer().await, (2, Ok(7)));
}

#[tokio::test]
async fn a_call_that_panics_before_its_first_await_is_answered_too() {
    fn now(_: Context, value: u32) -> std::future::Ready<Result<u32, ServerError>> {
        panic!("at once: {value}")
    }
    let mut peer = Peer::of(now);
    peer.call(1, 13).await;
    assert_eq!(
        peer.answer().await.1.unwrap_err().detail,
        "the call panicked: at once: 13"
    );
}

#[tokio::test]
async fn calls_beyond_the_limit_fail_at_once_and_the_others_are_answered() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let mut peer = Peer::of(move |_, value| {
        let held = Arc::clone(&held);
        async move {
            let _permit = held.acquire().await;
            Ok(value)
        }
    });
    for id in 0..5 {
        peer.call(id, 7).await;
    }
    let (id, failure) = peer.answer().await;
    assert_eq!((id, failure.unwrap_err().kind), (4, ErrorKind::WouldBlock));
    gate.add_permits(1);
    for _ in 0..4 {
        assert_eq!(peer.answer().await.1, Ok(7));
    }
}

#[tokio::test]
async fn a_cancelled_call_is_dropped() {
    struct Dropped(Arc<Notify>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let (begun, dropped) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let signals = (Arc::clone(&begun), Arc::clone(&dropped));
    let mut peer = Peer::of(move |_, _| {
        let (begun, dropped) = signals.clone();
        async move {
            let _dropped = Dropped(dropped);
            begun.notify_one();
            std::future::pending().await
        }
    });
    peer.call(1, 0).await;
    begun.notified().await;
    let mut cancel = Pieces::default();
    Head::Cancel { id: 1 }.put(&mut cancel);
    peer.send(&cancel.into_bytes()).await;
    dropped.notified().await;
}

#[tokio::test]
async fn a_call_past_its_deadline_is_dropped() {
    let ended = CancellationToken::new();
    let told = ended.clone();
    let mut peer = Peer::of(move |_, _| {
        let told = told.clone().drop_guard();
        async move {
            let _told = told;
            std::future::pending().await
        }
    });
    peer.call_within(1, 0, 20).await;
    ended.cancelled().await;
}

#[tokio::test]
async fn an_id_used_twice_is_answered_once() {
    let gate = Arc::new(Notify::new());
    let held = Arc::clone(&gate);
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let mut peer = Peer::of(move |_, value| {
        let held = Arc::clone(&held);
        let counted = Arc::clone(&counted);
        async move {
            counted.fetch_add(1, Ordering::SeqCst);
            if value == 1 {
                held.notified().await;
            }
            Ok(value)
        }
    });
    peer.call(7, 1).await;
    peer.call(7, 1).await;
    peer.call(8, 2).await;
    assert_eq!(peer.answer().await, (8, Ok(2)));
    gate.notify_one();
    assert_eq!(peer.answer().await, (7, Ok(1)));
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_message_that_is_too_long_ends_its_stream() {
    let mut peer = Peer::of(double);
    peer.stream
        .write_all(&u32::MAX.to_le_bytes())
        .await
        .unwrap();
    let mut rest = Vec::new();
    peer.stream.read_to_end(&mut rest).await.unwrap();
    assert!(rest.is_empty());
    peer.served.cancelled().await;
}

#[tokio::test]
async fn open_calls_finish_after_the_stop_and_new_ones_are_not_begun() {
    let (begun, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let signals = (Arc::clone(&begun), Arc::clone(&gate));
    let mut peer = Peer::of(move |_, value| {
        let (begun, gate) = signals.clone();
        async move {
            begun.notify_one();
            gate.notified().await;
            Ok(value)
        }
    });
    peer.call(1, 7).await;
    begun.notified().await;
    peer.stop.cancel();
    tokio::task::yield_now().await;
    peer.call(2, 8).await;
    gate.notify_waiters();
    assert_eq!(peer.answer().await, (1, Ok(7)));
    peer.served.cancelled().await;
    let mut rest = Vec::new();
    peer.stream.read_to_end(&mut rest).await.unwrap();
    assert!(rest.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_does_not_finish_is_cut_off_at_the_end_of_the_grace() {
    let begun = Arc::new(Notify::new());
    let signal = Arc::clone(&begun);
    let mut peer = Peer::of(move |_, _| {
        signal.notify_one();
        std::future::pending()
    });
    peer.call(1, 7).await;
    begun.notified().await;
    peer.stop.cancel();
    peer.served.cancelled().await;
}

#[tokio::test]
async fn no_call_outlives_a_stream_that_broke() {
    let begun = Arc::new(Notify::new());
    let signal = Arc::clone(&begun);
    let mut peer = Peer::of(move |_, _| {
        signal.notify_one();
        std::future::pending()
    });
    peer.call(1, 7).await;
    begun.notified().await;
    peer.stream.write_all(b"half a le").await.unwrap();
    let Peer {
        stream,
        tasks,
        served,
        ..
    } = peer;
    drop(stream);
    served.cancelled().await;
    tasks.tracker().close();
    tasks.tracker().wait().await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn whatever_a_peer_sends_ends_its_own_stream_at_most(
        messages in prop::collection::vec(
            (0_u8..6, prop::collection::vec(any::<u8>(), 0..60)),
            0..8,
        ),
        tail in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut peer = Peer::of(double);
            for (kind, rest) in messages {
                let mut message = vec![kind];
                message.extend(rest);
                // It may have hung up already, as it should.
                let _ = frame::write(&mut peer.stream, &message).await;
            }
            let _ = peer.stream.write_all(&tail).await;
            let Peer { stream, tasks, served, .. } = peer;
            drop(stream);
            served.cancelled().await;
            tasks.tracker().close();
            tasks.tracker().wait().await;
        });
    }
}
