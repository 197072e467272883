use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;
use crate::form::Coded;

const WIRE: Wire = Wire {
    codec: Codec::Bincode,
    send_bytes: 100,
    receive_bytes: 100,
    calls: 1,
};

fn serving() -> Serving<Coded, u32, String> {
    Serving {
        wire: WIRE,
        of: PhantomData,
    }
}

fn calling() -> Calling<Coded, u32, String> {
    Calling {
        wire: WIRE,
        of: PhantomData,
    }
}

fn taken(wire: &mut Pieces) -> Bytes {
    std::mem::take(wire).into_bytes()
}

fn answered(message: Result<String, ServerError>) -> Result<String, ServerError> {
    let mut wire = Pieces::default();
    let response = Response {
        request_id: 7,
        message,
    };
    serving().write(response, &mut wire).unwrap();
    let mut wire = BytesMut::from(wire.into_bytes());
    let response = calling().next(&mut wire).unwrap().unwrap();
    assert_eq!((response.request_id, wire.len()), (7, 0));
    response.message
}

#[test]
fn an_answer_comes_through() {
    assert_eq!(answered(Ok("yes".into())), Ok("yes".into()));
}

#[test]
fn an_answer_too_long_to_send_becomes_a_failure_of_its_call() {
    let failure = answered(Ok("x".repeat(200))).unwrap_err();
    assert_eq!(
        failure.detail,
        "the answer cannot be sent: the value takes more than the 100 bytes that a message may have"
    );
}

/// The frames of `docs/protocol.md`, byte for byte.
#[test]
fn every_message_has_the_bytes_that_are_written_down() {
    let mut context = tarpc::context::current();
    context.deadline = std::time::Instant::now();
    context.trace_context.trace_id = 0x0102.into();
    context.trace_context.span_id = 0x0304.into();
    context.trace_context.sampling_decision = tarpc::trace::SamplingDecision::Sampled;
    let mut wire = Pieces::default();
    let call = ClientMessage::Request(tarpc::Request {
        context,
        id: 7,
        message: 0x0a0b_u32,
    });
    calling().write(call, &mut wire).unwrap();
    let mut expected = vec![42, 0, 0, 0, 1, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1];
    expected.extend([0; 14]);
    expected.extend([4, 3, 0, 0, 0, 0, 0, 0, 1, 0x0b, 0x0a, 0, 0]);
    assert_eq!(taken(&mut wire), expected);

    let cancel = ClientMessage::Cancel {
        trace_context: tarpc::trace::Context::default(),
        request_id: 7,
    };
    calling().write(cancel, &mut wire).unwrap();
    assert_eq!(taken(&mut wire)[..], *b"\x09\0\0\0\x02\x07\0\0\0\0\0\0\0");

    let answer = |message| Response {
        request_id: 7,
        message,
    };
    serving()
        .write(answer(Ok("a".to_owned())), &mut wire)
        .unwrap();
    let value = b"\x12\0\0\0\x03\x07\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0a";
    assert_eq!(taken(&mut wire)[..], *value);

    let error = ServerError::new(ErrorKind::NotFound, "b".to_owned());
    serving().write(answer(Err(error)), &mut wire).unwrap();
    assert_eq!(
        taken(&mut wire)[..],
        *b"\x0b\0\0\0\x04\x07\0\0\0\0\0\0\0\x01b"
    );
}

#[derive(Serialize, Deserialize)]
struct Other {
    field: u64,
}

#[test]
fn arguments_of_another_type_fail_their_call_and_no_other() {
    let mut wire = Pieces::default();
    let call = |id, message| {
        ClientMessage::Request(tarpc::Request {
            context: tarpc::context::current(),
            id,
            message,
        })
    };
    let other = Calling::<Coded, Other, String> {
        wire: WIRE,
        of: PhantomData,
    };
    other.write(call(1, Other { field: 7 }), &mut wire).unwrap();
    let same = calling();
    let ClientMessage::Request(message) = call(2, Other { field: 0 }) else {
        unreachable!()
    };
    let message = ClientMessage::Request(tarpc::Request {
        context: message.context,
        id: 2,
        message: 5_u32,
    });
    same.write(message, &mut wire).unwrap();

    let mut asked = Vec::new();
    let mut wire = BytesMut::from(wire.into_bytes());
    while let Some(ClientMessage::Request(call)) = serving().next(&mut wire).unwrap() {
        asked.push((call.id, matches!(call.message, Asked::Readable(5))));
    }
    assert_eq!(asked, [(1, false), (2, true)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn whatever_a_peer_sends_is_a_message_or_ends_the_stream(
        messages in prop::collection::vec(
            (0_u8..6, prop::collection::vec(any::<u8>(), 0..150)),
            0..5,
        ),
        tail in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let mut wire = Pieces::default();
        for (kind, rest) in messages {
            let head = |to: &mut Pieces| {
                to.put_u8(kind);
                to.put_slice(&rest);
            };
            frame::append(&mut wire, head, 0, |_| Ok(())).unwrap();
        }
        wire.put_slice(&tail);
        let wire = BytesMut::from(wire.into_bytes());
        let (mut calls, mut answers) = (wire.clone(), wire);
        while let Ok(Some(_)) = serving().next(&mut calls) {}
        while let Ok(Some(_)) = calling().next(&mut answers) {}
    }
}
