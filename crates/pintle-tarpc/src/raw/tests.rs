use std::io::Write;

use bytes::{BufMut, BytesMut};
use proptest::prelude::*;
use tarpc::{ClientMessage, Response};

use super::*;
use crate::envelope::Head;
use crate::frame::{self, FrameError};
use crate::messages::{Asked, Calling, Serving, Understand, Wire};

const LIMIT: usize = 1000;

const WIRE: Wire = Wire {
    codec: Codec::Bincode,
    send_bytes: LIMIT,
    receive_bytes: LIMIT,
    calls: 1,
};

fn calling() -> Calling<AsIs, Outgoing, Answer> {
    WIRE.calling()
}

fn serving() -> Serving<AsIs, ByteCall, Answer> {
    WIRE.serving()
}

fn call(id: u64, method: &'static str, body: impl Body) -> ClientMessage<Outgoing> {
    let body = Box::new(body);
    ClientMessage::Request(tarpc::Request {
        context: tarpc::context::current(),
        id,
        message: Outgoing { method, body },
    })
}

fn sent(call: ClientMessage<Outgoing>, wire: &mut BytesMut) {
    let mut sent = Pieces::default();
    calling().write(call, &mut sent).unwrap();
    wire.extend_from_slice(&sent.into_bytes());
}

/// Everything that was asked, by the ids of the calls.
fn asked(wire: &mut BytesMut) -> Vec<(u64, Result<ByteCall, ServerError>)> {
    let mut asked = Vec::new();
    while let Some(message) = serving().next(wire).unwrap() {
        let ClientMessage::Request(request) = message else {
            panic!("not a call")
        };
        let call = match request.message {
            Asked::Readable(call) => Ok(call),
            Asked::Unreadable(error) => Err(error),
        };
        asked.push((request.id, call));
    }
    asked
}

fn answered(message: Result<Answer, ServerError>, wire: &mut BytesMut) {
    let response = Response {
        request_id: 7,
        message,
    };
    let mut sent = Pieces::default();
    serving().write(response, &mut sent).unwrap();
    wire.extend_from_slice(&sent.into_bytes());
}

/// The arguments of a call after its envelope, and the value of an answer after its.
const CALL_HEAD: usize = 4 + 38;
const ANSWER_HEAD: usize = 4 + 9;

/// The bytes of `docs/protocol.md`.
#[test]
fn calls_and_answers_of_bytes_lie_as_is_written_down() {
    let mut wire = BytesMut::new();
    let body = Bytes::from_static(b"body");
    sent(call(7, "Store.Put", body.clone()), &mut wire);
    assert_eq!(wire.split()[CALL_HEAD..], *b"\x09Store.Putbody");

    answered(Ok(Answer::Done(body.clone())), &mut wire);
    assert_eq!(wire.split()[ANSWER_HEAD..], *b"\x00body");
    answered(Ok(Answer::Failed(body)), &mut wire);
    assert_eq!(wire.split()[ANSWER_HEAD..], *b"\x01body");
}

#[test]
fn a_body_is_received_without_a_copy() {
    let mut wire = BytesMut::new();
    let body = Bytes::from_static(b"arguments");
    sent(call(7, "Put", body), &mut wire);
    let sent = wire.as_ptr_range();
    let (_, call) = asked(&mut wire).remove(0);
    let body = call.unwrap().into_body();
    assert_eq!(body, "arguments");
    assert!(sent.contains(&body.as_ptr()));

    let mut wire = BytesMut::new();
    answered(Ok(Answer::Done(Bytes::from_static(b"result"))), &mut wire);
    let sent = wire.as_ptr_range();
    let answer = calling().next(&mut wire).unwrap().unwrap();
    let Answer::Done(body) = answer.message.unwrap() else {
        panic!("it succeeded")
    };
    assert_eq!(body, "result");
    assert!(sent.contains(&body.as_ptr()));
}

/// Says one length and writes another.
struct Liar {
    says: usize,
    writes: usize,
}

impl Body for Liar {
    fn length(&self) -> usize {
        self.says
    }

    fn write(&self, to: &mut Pieces) {
        to.put_slice(&vec![b'x'; self.writes]);
    }
}

#[test]
fn a_body_of_another_length_than_it_says_is_not_sent() {
    for (says, writes) in [(5, 7), (7, 5), (0, 2000)] {
        let mut wire = Pieces::from(Bytes::from_static(b"before"));
        let failed = calling().write(call(7, "Put", Liar { says, writes }), &mut wire);
        let Err(FrameError::Unwritable(cause)) = failed else {
            panic!("it should fail: {failed:?}")
        };
        let told = format!("a body of {says} bytes wrote {writes}");
        assert_eq!(cause.to_string(), told);
        assert_eq!(wire.into_bytes(), "before");
    }
}

#[test]
fn a_body_too_long_is_not_even_written() {
    struct Never(usize);
    impl Body for Never {
        fn length(&self) -> usize {
            self.0
        }

        fn write(&self, _: &mut Pieces) {
            panic!("there is no room for it")
        }
    }
    let room = LIMIT - 1 - "Put".len();
    for length in [room + 1, usize::MAX] {
        let mut wire = Pieces::default();
        let failed = calling().write(call(7, "Put", Never(length)), &mut wire);
        assert!(
            matches!(failed, Err(FrameError::ValueTooLong { limit: LIMIT })),
            "{failed:?}"
        );
        assert!(wire.is_empty());
    }
    let fits = Bytes::from(vec![0; room]);
    let mut wire = BytesMut::new();
    sent(call(7, "Put", fits), &mut wire);
    assert_eq!(asked(&mut wire)[0].1.as_ref().unwrap().body().len(), room);
}

#[test]
fn a_name_of_255_bytes_is_sent_and_a_longer_one_is_not() {
    let names: [&'static str; 2] = [
        Box::leak("x".repeat(255).into_boxed_str()),
        Box::leak("x".repeat(256).into_boxed_str()),
    ];
    let mut wire = BytesMut::new();
    sent(call(7, names[0], Bytes::new()), &mut wire);
    let received = asked(&mut wire).remove(0).1.unwrap();
    assert_eq!((received.method(), received.body()), (names[0], &b""[..]));

    let mut wire = Pieces::default();
    let failed = calling().write(call(7, names[1], Bytes::new()), &mut wire);
    let Err(FrameError::Unwritable(cause)) = failed else {
        panic!("it should fail: {failed:?}")
    };
    assert_eq!(
        cause.to_string(),
        "the method's name has 256 bytes, and 255 is the most"
    );
    assert!(wire.is_empty());
}

#[test]
fn a_name_that_is_garbled_or_cut_fails_its_call_and_no_other() {
    for arguments in [
        &b""[..],
        b"\x04Put",
        b"\xffPut",
        b"\x03P\xfft",
        b"\x01\xc3\xa9",
    ] {
        let mut wire = BytesMut::new();
        let context = tarpc::context::current();
        let head = Head::Call { id: 1, context };
        let write = |to: &mut Bounded<'_>| Ok(to.write_all(arguments)?);
        let mut garbled = Pieces::default();
        frame::append(&mut garbled, |to| head.put(to), LIMIT, write).unwrap();
        wire.extend_from_slice(&garbled.into_bytes());
        sent(call(2, "Get", Bytes::new()), &mut wire);

        let mut asked = asked(&mut wire).into_iter();
        let (id, garbled) = asked.next().unwrap();
        let error = garbled.unwrap_err();
        assert_eq!((id, error.kind), (1, ErrorKind::InvalidData));
        assert!(
            error.detail.starts_with("the call cannot be read: "),
            "{error}"
        );
        let (id, call) = asked.next().unwrap();
        assert_eq!((id, call.unwrap().method()), (2, "Get"));
    }
}

#[test]
fn an_answer_that_neither_succeeded_nor_failed_is_an_error_of_its_call() {
    let mut wire = BytesMut::new();
    answered(Ok(Answer::Done(Bytes::from_static(b"body"))), &mut wire);
    wire[ANSWER_HEAD] = 2;
    let response = calling().next(&mut wire).unwrap().unwrap();
    assert_eq!(
        response.message.unwrap_err().detail,
        "the answer cannot be read: it neither succeeded nor failed: 2"
    );

    wire.extend_from_slice(b"\x09\0\0\0\x03\x07\0\0\0\0\0\0\0");
    let response = calling().next(&mut wire).unwrap().unwrap();
    assert_eq!(
        response.message.unwrap_err().detail,
        "the answer cannot be read: it is empty"
    );
}

#[test]
fn what_is_shown_of_a_call_is_its_name_and_never_its_bytes() {
    let mut wire = BytesMut::new();
    let body = Bytes::from_static(b"secret");
    sent(call(7, "Put", body), &mut wire);
    let call = asked(&mut wire).remove(0).1.unwrap();
    assert_eq!(
        format!("{call:?}"),
        r#"ByteCall { method: "Put", body_bytes: 6 }"#
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn bytes_arrive_as_they_were_sent(
        arguments in prop::collection::vec(any::<u8>(), 0..500),
        value in prop::collection::vec(any::<u8>(), 0..500),
        failed in any::<bool>(),
    ) {
        let (arguments, value) = (Bytes::from(arguments), Bytes::from(value));
        let mut wire = BytesMut::new();
        sent(call(7, "Store.Put", arguments.clone()), &mut wire);
        let (id, received) = asked(&mut wire).remove(0);
        let received = received.unwrap();
        prop_assert_eq!((id, received.method()), (7, "Store.Put"));
        prop_assert_eq!(received.into_body(), arguments);

        let answer = if failed { Answer::Failed(value) } else { Answer::Done(value) };
        answered(Ok(answer.clone()), &mut wire);
        let response = calling().next(&mut wire).unwrap().unwrap();
        prop_assert_eq!(response.message, Ok(answer));
    }

    #[test]
    fn whatever_a_peer_sends_is_a_message_or_ends_the_stream(
        messages in prop::collection::vec(
            (0_u8..6, prop::collection::vec(any::<u8>(), 0..150)),
            0..5,
        ),
        tail in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let mut wire = BytesMut::new();
        for (kind, rest) in messages {
            wire.put_u32_le(1 + rest.len() as u32);
            wire.put_u8(kind);
            wire.put_slice(&rest);
        }
        wire.put_slice(&tail);
        let (mut calls, mut answers) = (wire.clone(), wire);
        while let Ok(Some(message)) = serving().next(&mut calls) {
            if let ClientMessage::Request(tarpc::Request { message: Asked::Readable(call), .. }) = message {
                prop_assert!(call.method().len() + call.body().len() < LIMIT);
            }
        }
        while let Ok(Some(_)) = calling().next(&mut answers) {}
    }

    #[test]
    fn whatever_the_arguments_are_they_are_a_call_or_refused(
        arguments in prop::collection::vec(any::<u8>(), 0..40),
        length in any::<prop::sample::Index>(),
    ) {
        let mut likely = arguments.clone();
        if let Some(first) = likely.first_mut() {
            *first = length.index(arguments.len()) as u8;
        }
        for arguments in [arguments, likely] {
            let message = BytesMut::from(&arguments[..]);
            if let Ok(call) = <AsIs as Reads<ByteCall>>::read(Codec::Bincode, message.freeze()) {
                prop_assert_eq!(1 + call.method().len() + call.body().len(), arguments.len());
                prop_assert_eq!(call.method().len(), usize::from(arguments[0]));
            }
        }
    }
}
