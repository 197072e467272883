use std::fmt::Debug;

use bytes::BytesMut;
use pintle_core::Pieces;
use tarpc::{ClientMessage, Response};

use super::peer::pieces;
use crate::codec::Codec;
use crate::control::{ControlRequest, ControlResponse};
use crate::envelope::MAX_HEAD_BYTES;
use crate::form::Coded;
use crate::messages::{Asked, Calling, Serving, Understand, Wire};
use crate::raw::{Answer, AsIs, ByteCall, Outgoing};

/// Messages of a peer on one stream, to the side that serves and to the side that calls, as bytes
/// and in either codec.
///
/// However they are cut the same is understood, and no more than the longest message is kept. An
/// answer that was understood is written and understood again alike.
pub fn messages(bytes: &[u8]) {
    check(bytes, serving_bytes, asked);
    check(bytes, calling_bytes, answered_in_bytes);
    for codec in Codec::ALL {
        let serving =
            || -> Serving<Coded, ControlRequest, ControlResponse> { wire(codec).serving() };
        check(bytes, serving, asked);
        let calling =
            || -> Calling<Coded, ControlRequest, ControlResponse> { wire(codec).calling() };
        check(bytes, calling, |answer| format!("{answer:?}"));
    }
}

const LIMIT_BYTES: usize = 1000;

fn wire(codec: Codec) -> Wire {
    Wire {
        codec,
        // A head may be longer than that of an answer, which then has a longer value.
        send_bytes: LIMIT_BYTES + MAX_HEAD_BYTES,
        receive_bytes: LIMIT_BYTES,
        calls: 1,
    }
}

fn serving_bytes() -> Serving<AsIs, ByteCall, Answer> {
    wire(Codec::Bincode).serving()
}

fn calling_bytes() -> Calling<AsIs, Outgoing, Answer> {
    wire(Codec::Bincode).calling()
}

fn check<U: Understand>(bytes: &[u8], by: impl Fn() -> U, show: impl Fn(U::Item) -> String) {
    let whole = understood(by(), [bytes], &show);
    let cut = understood(by(), pieces(bytes), &show);
    assert_eq!(whole, cut);
}

/// What a stream says, message by message, and the error that ends it.
fn understood<'a, U: Understand>(
    by: U,
    chunks: impl IntoIterator<Item = &'a [u8]>,
    show: impl Fn(U::Item) -> String,
) -> Vec<String> {
    let (mut from, mut said) = (BytesMut::new(), Vec::new());
    for chunk in chunks {
        from.extend_from_slice(chunk);
        loop {
            match by.next(&mut from) {
                Ok(Some(message)) => said.push(show(message)),
                Ok(None) => break,
                Err(error) => {
                    said.push(error.to_string());
                    return said;
                }
            }
        }
        assert!(from.len() < LIMIT_BYTES + 64, "{} bytes kept", from.len());
    }
    said
}

/// A call without its deadline, which is counted from now.
fn asked<Req: Debug>(message: ClientMessage<Asked<Req>>) -> String {
    match message {
        ClientMessage::Request(call) => {
            format!(
                "{} {:?} {:?}",
                call.id, call.message, call.context.trace_context
            )
        }
        other => format!("{other:?}"),
    }
}

fn answered_in_bytes(answer: Response<Answer>) -> String {
    let shown = format!("{answer:?}");
    let mut wire_bytes = Pieces::default();
    let written = serving_bytes().write(answer, &mut wire_bytes);
    assert!(written.is_ok(), "{written:?}");
    let again = calling_bytes().next(&mut wire_bytes.into_bytes().into());
    let again = again.map(|answer| format!("{:?}", answer.expect("a whole message")));
    assert_eq!(again.ok().as_ref(), Some(&shown));
    shown
}
