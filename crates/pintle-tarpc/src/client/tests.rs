use pintle_core::Pieces;
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};

use tarpc::ChannelError;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::codec::Codec;
use crate::envelope::Head;
use crate::error::CallLost;
use crate::frame;

const TIME: Duration = Duration::from_secs(30);

/// A channel of `u32` calls, and the peer that answers as it likes.
fn channel(tasks: &Tasks) -> (Channel<u32, u32>, DuplexStream) {
    let wire = Wire {
        codec: Codec::Bincode,
        send_bytes: 100,
        receive_bytes: 100,
        calls: 10,
    };
    let (near, far) = duplex(1024);
    let lost = Lost::new(CancellationToken::new(), None);
    (Channel::open(Stream::new(near), wire, tasks, lost), far)
}

/// Reads a call and gives its id.
async fn called(peer: &mut DuplexStream) -> u64 {
    let message = frame::read(peer, 200).await.unwrap();
    match Head::take(&mut &message[..]).unwrap() {
        Head::Call { id, .. } => id,
        other => panic!("not a call: {other:?}"),
    }
}

/// Calls, lets the peer do `answer`, and gives what became of the call.
async fn call(answer: impl AsyncFnOnce(DuplexStream, u64)) -> Result<u32, RpcError> {
    let tasks = Tasks::new();
    let (channel, mut peer) = channel(&tasks);
    let (outcome, ()) = tokio::join!(channel.call(within(TIME), 7), async {
        let id = called(&mut peer).await;
        answer(peer, id).await;
    });
    drop(channel);
    tasks.finish().await;
    outcome
}

fn answer(id: u64, value: &[u8]) -> Vec<u8> {
    let mut message = Pieces::default();
    Head::Answer { id }.put(&mut message);
    message.put_slice(value);
    message.into_bytes().into()
}

/// The error that a stream failed with.
fn cause<E: std::error::Error + 'static>(error: &RpcError) -> Option<&E> {
    match error {
        RpcError::Channel(ChannelError::Read(cause)) => cause.downcast_ref(),
        _ => None,
    }
}

#[tokio::test]
async fn a_call_is_answered() {
    let outcome = call(async |mut peer, id| {
        let message = answer(id, &9_u32.to_le_bytes());
        frame::write(&mut peer, &message).await.unwrap();
    });
    assert_eq!(outcome.await.unwrap(), 9);
}

#[tokio::test]
async fn messages_without_a_meaning_are_passed_over() {
    let outcome = call(async |mut peer, id| {
        for message in [
            vec![200, 1, 2, 3],
            answer(id + 100, &1_u32.to_le_bytes()),
            answer(id, &9_u32.to_le_bytes()),
            answer(id, &8_u32.to_le_bytes()),
        ] {
            frame::write(&mut peer, &message).await.unwrap();
        }
    });
    assert_eq!(outcome.await.unwrap(), 9);
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_fails_its_call() {
    for value in [&b"abc"[..], b"abcdefgh"] {
        let outcome = call(async |mut peer, id| {
            frame::write(&mut peer, &answer(id, value)).await.unwrap();
        });
        let Err(RpcError::Server(error)) = outcome.await else {
            panic!("it should fail")
        };
        assert!(
            error.detail.starts_with("the answer cannot be read: "),
            "{error}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_is_too_long_ends_the_stream_with_the_reason() {
    let outcome = call(async |mut peer, _| {
        peer.write_all(&u32::MAX.to_le_bytes()).await.unwrap();
    });
    let error = outcome.await.unwrap_err();
    let cause = cause::<frame::FrameError>(&error).expect("the reason");
    assert!(
        matches!(cause, frame::FrameError::TooLong { .. }),
        "{cause:?}"
    );
}

#[tokio::test]
async fn a_stream_that_ends_is_told_from_a_session_that_ends() {
    let error = call(async |peer, _| drop(peer)).await.unwrap_err();
    let cause = cause::<CallLost>(&error).expect("the reason");
    assert!(matches!(cause, CallLost::Stream), "{cause:?}");
}
