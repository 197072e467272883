//! Two states joined by nothing but frames.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::{Duration, Instant};

use bytes::BufMut;
use proptest::prelude::*;

use super::*;
use crate::error::StreamError;
use crate::frame::HEADER_LEN;

mod direct;
mod model;
mod time;

struct Noop;

impl Wake for Noop {
    fn wake(self: Arc<Self>) {}
}

fn waker() -> Waker {
    Arc::new(Noop).into()
}

thread_local! {
    static NOW: std::cell::Cell<Instant> = std::cell::Cell::new(Instant::now());
}

fn clock() -> Instant {
    NOW.get()
}

fn pass(time: Duration) {
    NOW.set(NOW.get() + time);
}

fn state(role: Role) -> State {
    State::new(role, Config::default(), clock)
}

/// Everything a state has queued, as bytes.
fn drain(state: &mut State) -> Vec<u8> {
    let mut segments = VecDeque::new();
    state.outbox.take(&mut segments);
    let bytes = segments.iter().flatten().copied().collect::<Vec<u8>>();
    state.wrote(bytes.len());
    bytes
}

/// Hands bytes to a state as a reader would.
fn feed(state: &mut State, mut bytes: &[u8]) -> Result<(), SessionEnd> {
    state.heard();
    while let Some(header) = bytes.first_chunk::<HEADER_LEN>() {
        let header = Header::decode(header).expect("our own headers decode");
        bytes = &bytes[HEADER_LEN..];
        if let Some(payload) = state.on_header(header)? {
            let (body, rest) = bytes.split_at(payload.left as usize);
            if let Some(id) = payload.stream {
                state.deliver_copy(id, body);
            }
            state.on_payload_end(payload);
            bytes = rest;
        }
    }
    Ok(())
}

fn exchange(a: &mut State, b: &mut State) {
    loop {
        let (to_b, to_a) = (drain(a), drain(b));
        if to_a.is_empty() && to_b.is_empty() {
            return;
        }
        feed(b, &to_b).expect("a keeps the protocol");
        feed(a, &to_a).expect("b keeps the protocol");
    }
}

fn opened(a: &mut State, b: &mut State) -> u32 {
    let id = a.open().unwrap().expect("nothing is waiting");
    exchange(a, b);
    assert_eq!(b.accept(), Ok(Some(id)));
    exchange(a, b);
    id
}

fn write(state: &mut State, id: u32, bytes: &[u8]) -> Option<usize> {
    match state
        .begin_write(id, bytes.len(), None, usize::MAX, &waker())
        .unwrap()
    {
        Write::Queue(length) => {
            state.queue(id, length, &bytes[..length]);
            Some(length)
        }
        Write::Wait => None,
        Write::Direct(_) => unreachable!("no connection was offered"),
    }
}

/// Reads what there is; `None` is the end.
fn read(state: &mut State, id: u32) -> Result<Option<Vec<u8>>, StreamError> {
    let mut bytes = Vec::new();
    loop {
        match state.read(id, &mut (&mut bytes).limit(1 << 20), &waker())? {
            Read::Copied { .. } => {}
            Read::Chunk(chunk) => {
                state.consumed(id, chunk.len());
                bytes.extend_from_slice(&chunk);
            }
            Read::End if bytes.is_empty() => return Ok(None),
            Read::End | Read::Wait => return Ok(Some(bytes)),
        }
    }
}

#[test]
fn an_open_is_announced_and_acknowledged_before_any_data() {
    let (mut a, mut b) = (state(Role::Client), state(Role::Server));
    a.open().unwrap();
    let syn = drain(&mut a);
    assert_eq!(
        syn,
        Header::new(Kind::WindowUpdate, Flags::SYN, 1, 0).encode()
    );
    feed(&mut b, &syn).unwrap();
    assert!(
        drain(&mut b).is_empty(),
        "the backlog of the peer counts what was not accepted"
    );
    b.accept().unwrap();
    assert_eq!(
        drain(&mut b),
        Header::new(Kind::WindowUpdate, Flags::ACK, 1, 0).encode()
    );
}

#[test]
fn streams_are_accepted_in_the_order_of_their_syns_even_if_one_was_reset() {
    let (mut a, mut b) = (state(Role::Client), state(Role::Server));
    let ids = [(); 3].map(|()| a.open().unwrap().unwrap());
    a.reset(ids[1]);
    exchange(&mut a, &mut b);
    assert_eq!(ids.map(|_| b.accept().unwrap().unwrap()), ids);
    assert!(matches!(read(&mut b, ids[1]), Err(StreamError::Reset)));
}

#[test]
fn a_reset_is_an_error_after_what_arrived_and_never_an_end() {
    let (mut a, mut b) = (state(Role::Client), state(Role::Server));
    let id = opened(&mut a, &mut b);
    write(&mut a, id, b"half a mess");
    a.drop_handle(id);
    exchange(&mut a, &mut b);
    let mut bytes = Vec::new();
    let mut room = (&mut bytes).limit(100);
    assert!(matches!(
        b.read(id, &mut room, &waker()),
        Ok(Read::Copied { .. })
    ));
    assert!(matches!(
        b.read(id, &mut room, &waker()),
        Err(StreamError::Reset)
    ));
    assert_eq!(bytes, b"half a mess");
}

#[test]
fn going_away_stops_new_streams_and_nothing_else() {
    let (mut a, mut b) = (state(Role::Client), state(Role::Server));
    let id = opened(&mut a, &mut b);
    b.close();
    exchange(&mut a, &mut b);
    assert!(matches!(a.open(), Err(OpenError::PeerGoingAway)));
    assert!(matches!(b.open(), Err(OpenError::Closing)));
    write(&mut a, id, b"still here");
    exchange(&mut a, &mut b);
    assert_eq!(read(&mut b, id).unwrap(), Some(b"still here".to_vec()));
    assert!(a.ended().is_none() && !b.is_drained());
    b.drop_handle(id);
    assert!(b.is_drained());
}

#[test]
fn one_stream_too_many_is_refused_and_the_session_lives() {
    let config = Config {
        max_streams: 2,
        ..Config::default()
    };
    let (mut a, mut b) = (state(Role::Client), State::new(Role::Server, config, clock));
    let ids = [(); 3].map(|()| a.open().unwrap().unwrap());
    exchange(&mut a, &mut b);
    assert!(matches!(read(&mut a, ids[2]), Err(StreamError::Reset)));
    assert!(matches!(read(&mut a, ids[0]), Ok(Some(empty)) if empty.is_empty()));
    assert_eq!(b.counters().refused, 1);
}

#[test]
fn opens_wait_for_answers_beyond_the_backlog() {
    let (mut a, mut b) = (state(Role::Client), state(Role::Server));
    while a.open().unwrap().is_some() {}
    assert_eq!(a.counters().opened, Config::default().accept_backlog as u64);
    exchange(&mut a, &mut b);
    assert_eq!(b.counters().refused, 0);
    b.accept().unwrap();
    exchange(&mut a, &mut b);
    assert!(a.open().unwrap().is_some());
}

#[test]
fn a_sender_stops_at_the_window_and_goes_on_when_it_was_read() {
    let (mut a, mut b) = (state(Role::Client), state(Role::Server));
    let id = opened(&mut a, &mut b);
    let piece = vec![1; 60_000];
    let mut sent = 0;
    while let Some(length) = write(&mut a, id, &piece) {
        sent += length;
        exchange(&mut a, &mut b);
    }
    assert_eq!(sent, INITIAL_WINDOW_BYTES as usize);
    assert_eq!(a.counters().window_stalls, 1);
    assert_eq!(
        read(&mut b, id).unwrap().map(|bytes| bytes.len()),
        Some(sent)
    );
    exchange(&mut a, &mut b);
    assert!(write(&mut a, id, &piece).is_some());
}

#[test]
fn a_peer_that_sends_to_a_stream_nobody_holds_is_told_with_a_reset() {
    let (mut a, mut b) = (state(Role::Client), state(Role::Server));
    let id = opened(&mut a, &mut b);
    a.shutdown(id).unwrap();
    a.drop_handle(id);
    write(&mut b, id, b"too late");
    exchange(&mut a, &mut b);
    assert_eq!(a.counters().streams, 0);
    assert!(matches!(
        b.begin_write(id, 1, None, 1, &waker()),
        Err(StreamError::Reset)
    ));
}

#[track_caller]
fn check_protocol_error(frames: &[Header], expected: ProtocolError) {
    let mut state = state(Role::Server);
    let mut bytes = Vec::new();
    for frame in frames {
        bytes.extend_from_slice(&frame.encode());
        if frame.kind == Kind::Data {
            bytes.resize(bytes.len() + frame.length.min(1 << 20) as usize, 0);
        }
    }
    match feed(&mut state, &bytes) {
        Err(SessionEnd::Protocol(error)) => assert_eq!(error, expected),
        other => panic!("expected {expected:?}, got {other:?}"),
    }
}

#[test]
fn what_the_protocol_forbids_is_named() {
    let data = |id, flags, length| Header::new(Kind::Data, flags, id, length);
    let window = |id, flags, length| Header::new(Kind::WindowUpdate, flags, id, length);
    let syn = window(1, Flags::SYN, 0);
    let over = INITIAL_WINDOW_BYTES + 1;
    check_protocol_error(
        &[syn, data(1, Flags::NONE, over)],
        ProtocolError::WindowExceeded {
            stream: 1,
            allowed: over - 1,
            length: over,
        },
    );
    check_protocol_error(
        &[data(9, Flags::NONE, 1 << 30)],
        ProtocolError::FrameTooLarge {
            stream: 9,
            length: 1 << 30,
        },
    );
    check_protocol_error(
        &[window(1, Flags::SYN, u32::MAX)],
        ProtocolError::WindowOverflow(1),
    );
    check_protocol_error(&[window(2, Flags::SYN, 0)], ProtocolError::ForeignId(2));
    check_protocol_error(&[window(0, Flags::SYN, 0)], ProtocolError::ForeignId(0));
    check_protocol_error(&[syn, syn], ProtocolError::IdReused(1));
    check_protocol_error(
        &[syn, window(1, Flags::RST, 0), syn],
        ProtocolError::IdReused(1),
    );
    check_protocol_error(
        &[syn, window(1, Flags::FIN, 0), data(1, Flags::NONE, 1)],
        ProtocolError::DataAfterFin(1),
    );
}

#[test]
fn a_flood_whose_answers_are_not_read_ends_in_bounded_memory() {
    for frame in [
        |_| Header::new(Kind::Ping, Flags::SYN, 0, 1),
        |turn: u32| Header::new(Kind::WindowUpdate, Flags::SYN, 2 * turn + 1, 0),
    ] {
        let mut state = state(Role::Server);
        let end = (0..1 << 20).find_map(|turn| state.on_header(frame(turn)).err());
        assert!(matches!(
            end,
            Some(SessionEnd::Protocol(ProtocolError::AnswersUnread))
        ));
        assert!(drain(&mut state).len() < 1 << 20);
        assert!(state.counters().streams <= Config::default().max_streams);
    }
}

#[test]
fn opening_and_resetting_for_ever_holds_no_more_than_the_backlog() {
    let mut state = state(Role::Server);
    for id in (1..200_001).step_by(2) {
        state
            .on_header(Header::new(Kind::WindowUpdate, Flags::SYN, id, 0))
            .unwrap();
        state
            .on_header(Header::new(Kind::WindowUpdate, Flags::RST, id, 0))
            .unwrap();
        drain(&mut state);
    }
    assert_eq!(state.counters().streams, Config::default().accept_backlog);
}

#[test]
fn windows_together_grow_no_further_than_the_budget() {
    let budget = 3 * INITIAL_WINDOW_BYTES as usize;
    let config = Config {
        window_budget_bytes: budget,
        ..Config::default()
    };
    let (mut a, mut b) = (state(Role::Client), State::new(Role::Server, config, clock));
    let ids = [(); 4].map(|()| opened(&mut a, &mut b));
    for _ in 0..200 {
        for id in ids {
            write(&mut a, id, &[0; 60_000]);
        }
        exchange(&mut a, &mut b);
        for id in ids {
            read(&mut b, id).unwrap();
        }
        exchange(&mut a, &mut b);
    }
    assert_eq!(b.growth.budget, 0);
    for id in ids {
        b.drop_handle(id);
    }
    assert_eq!(b.growth.budget, budget, "a stream gives back what it took");
}
