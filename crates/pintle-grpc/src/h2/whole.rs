//! The one message of a call that has one each way.

use std::{
    future::poll_fn,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use http::{HeaderMap, StatusCode, response::Parts};
use pintle_core::{LongBuffer, Pieces};
use tonic::{Code, Status};

use super::{
    prefix::{Announced, NOT_COMPRESSED, PREFIX_BYTES, framed},
    receive::{ReceiveError, Receiver},
    status,
};

/// A message with what gRPC puts before it: a flag and its length.
///
/// It is written where it is sent from, so that nothing is copied.
#[derive(Clone, Debug)]
pub struct UnaryMessage {
    frame: Pieces,
}

impl UnaryMessage {
    /// Has `write` append the message. A writer that knows how long it will be makes room first.
    pub fn new(write: impl FnOnce(&mut Pieces)) -> Self {
        Self {
            frame: framed(FIRST_BYTES, write),
        }
    }

    /// The frame, if the message is no longer than `limit`.
    pub(crate) fn within(self, limit: usize) -> Result<Pieces, Status> {
        let length = self.frame.len() - PREFIX_BYTES;
        // The prefix has no more room.
        let limit = limit.min(u32::MAX as usize);
        if length > limit {
            let text =
                format!("message of {length} bytes is larger than the limit of {limit} bytes");
            return Err(Status::resource_exhausted(text));
        }
        Ok(self.frame)
    }
}

/// What a body came to: its message, and the trailers behind it, if there were any.
#[derive(Debug)]
pub(crate) struct Received {
    whole: Whole,
    pub(crate) trailers: Option<HeaderMap>,
}

impl Received {
    /// Reads a body to its end. `receiver` sees to its bounds.
    pub(crate) async fn all_of(receiver: &mut Receiver) -> Result<Self, ReceiveError> {
        let mut whole = Whole::default();
        let trailers = poll_fn(|cx| whole.poll_fill(receiver, cx)).await?;
        Ok(Self { whole, trailers })
    }

    /// The message.
    ///
    /// # Errors
    /// A status, if there is none, or another one, or it is compressed.
    pub(crate) fn message(self) -> Result<Bytes, Status> {
        self.whole.message()
    }
}

/// The bytes of a body: one piece, as long as no other comes.
#[derive(Debug, Default)]
struct Whole {
    first: Bytes,
    all: Option<LongBuffer>,
}

impl Whole {
    /// Ready with the trailers, if any, at the end of the body.
    fn poll_fill(
        &mut self,
        receiver: &mut Receiver,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, ReceiveError>> {
        loop {
            match ready!(receiver.poll_frame(cx)) {
                Some(frame) => match frame?.into_data() {
                    Ok(data) => self.push(data),
                    Err(frame) => return Poll::Ready(Ok(frame.into_trailers().ok())),
                },
                None => return Poll::Ready(Ok(None)),
            }
        }
    }

    fn push(&mut self, data: Bytes) {
        if self.first.is_empty() && self.all.is_none() {
            self.first = data;
            return;
        }
        let all = self.all.get_or_insert_with(|| {
            let first = std::mem::take(&mut self.first);
            // What is announced is believed as far as it has come, or is not much.
            let announced = Announced::at_start_of(&first).map_or(0, |it| PREFIX_BYTES + it.length);
            let room = announced.min(RESERVE_BYTES).max(first.len() + data.len());
            let mut all = LongBuffer::with_capacity(room);
            all.bytes().extend_from_slice(&first);
            all
        });
        all.bytes().extend_from_slice(&data);
    }

    fn message(self) -> Result<Bytes, Status> {
        let mut all = match self.all {
            None => self.first,
            Some(all) => all.freeze(),
        };
        let Some(Announced { flag, length }) = Announced::at_start_of(&all) else {
            return Err(Status::internal("the message is missing"));
        };
        match flag {
            NOT_COMPRESSED => {}
            1 => {
                let text = "the message is compressed, which was not agreed on";
                return Err(Status::unimplemented(text));
            }
            flag => {
                let text = format!("the message has the flag {flag}, which means nothing");
                return Err(Status::internal(text));
            }
        }
        all.advance(PREFIX_BYTES);
        match all.len() {
            came if came < length => Err(Status::internal("the message is cut short")),
            came if came > length => {
                Err(Status::internal("one message was expected, and more came"))
            }
            _ => Ok(all),
        }
    }
}

/// What trailers, or the head of an answer without a body, say of a call.
///
/// # Errors
/// The status, if it is not that all went well.
pub(crate) fn outcome(headers: &HeaderMap) -> Option<Result<(), Status>> {
    let status = Status::from_header_map(headers)?;
    Some(match status.code() {
        Code::Ok => Ok(()),
        _ => Err(status),
    })
}

/// The status of a call that the head of its answer ends.
pub(crate) fn refused(head: &Parts) -> Option<Status> {
    match outcome(&head.headers) {
        Some(Err(status)) => Some(status),
        _ if head.status != StatusCode::OK => Some(status::of_http(head.status)),
        _ => None,
    }
}

/// Room for a small message.
const FIRST_BYTES: usize = 128;

/// How much room is made for a message of which little has come.
const RESERVE_BYTES: usize = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pieces: &[&'static [u8]], expected: Result<&[u8], &str>) {
        let mut whole = Whole::default();
        for piece in pieces {
            whole.push(Bytes::from_static(piece));
        }
        let message = whole.message();
        let message = message.as_ref().map(|bytes| &bytes[..]);
        assert_eq!(message.map_err(Status::message), expected, "{pieces:?}");
    }

    #[test]
    fn a_message_is_whole_however_it_is_cut() {
        check(&[b"\0\0\0\0\x05hello"], Ok(b"hello"));
        check(&[b"\0\0", b"\0\0\x05hel", b"", b"lo"], Ok(b"hello"));
        check(&[b"\0\0\0\0\0"], Ok(b""));
    }

    #[test]
    fn what_is_no_single_message_is_refused() {
        check(&[], Err("the message is missing"));
        check(&[b"\0\0\0\0"], Err("the message is missing"));
        check(&[b"\0\0\0\0\x05hell"], Err("the message is cut short"));
        check(
            &[b"\0\0\0\0\x01a", b"\0\0\0\0\x01b"],
            Err("one message was expected, and more came"),
        );
        check(
            &[b"\x01\0\0\0\x01a"],
            Err("the message is compressed, which was not agreed on"),
        );
        check(
            &[b"\x07\0\0\0\x01a"],
            Err("the message has the flag 7, which means nothing"),
        );
    }

    #[test]
    fn a_long_announcement_costs_little_memory() {
        let mut whole = Whole::default();
        whole.push(Bytes::from_static(b"\0\xff\xff\xff\xff"));
        whole.push(Bytes::from_static(b"a"));
        let mut all = whole.all.expect("two pieces came");
        assert!(all.bytes().capacity() <= 2 * RESERVE_BYTES);
    }

    #[test]
    fn a_message_is_sent_with_its_length() {
        let message = UnaryMessage::new(|to| to.put_slice(b"hello"));
        let frame = message.clone().within(5).unwrap();
        assert_eq!(frame.into_bytes(), b"\0\0\0\0\x05hello"[..]);
        let refused = message.within(4).unwrap_err();
        assert_eq!(
            (refused.code(), refused.message()),
            (
                Code::ResourceExhausted,
                "message of 5 bytes is larger than the limit of 4 bytes"
            )
        );
    }
}
