//! Payloads that go past the queue.

use super::*;

#[test]
fn a_direct_write_taken_in_part_stands() {
    let (mut a, mut b) = (state(Role::Client), state(Role::Server));
    let id = opened(&mut a, &mut b);
    let length = begin_direct(&mut a, id);
    assert!(a.settle(id, length, 1, &waker()));
    assert!(
        !a.flushed(id, &waker()).unwrap(),
        "the rest of the frame has not left"
    );
    a.wrote(HEADER_LEN + length - 1);
    assert!(a.flushed(id, &waker()).unwrap() && a.outbox.is_empty());
    let left = INITIAL_WINDOW_BYTES as usize - length;
    assert_eq!(a.streams[&id].send as usize, left);
    assert_eq!(a.counters().bytes_out as usize, length);
}

#[test]
fn a_large_direct_write_the_connection_refuses_waits_for_the_drivers_word_and_is_next() {
    let (mut a, mut b) = (state(Role::Client), state(Role::Server));
    let ids = [(); 2].map(|()| opened(&mut a, &mut b));
    let length = begin_direct(&mut a, ids[0]);
    assert!(!a.settle(ids[0], length, 0, &waker()));
    assert!(a.outbox.is_empty() && a.flushed(ids[0], &waker()).unwrap());
    assert_eq!(a.streams[&ids[0]].send, INITIAL_WINDOW_BYTES);
    assert_eq!(a.counters().bytes_out, 0);
    let begin = |a: &mut State, id| {
        a.begin_write(id, 100_000, Some(Expected::new()), 0, &waker())
            .unwrap()
    };
    for id in ids {
        a.start_turns();
        assert_eq!(begin(&mut a, id), Write::Wait, "the connection is full");
    }
    a.has_room();
    a.start_turns();
    assert_eq!(begin(&mut a, ids[1]), Write::Wait);
    assert_eq!(begin(&mut a, ids[0]), Write::Direct(length));
}

#[test]
fn a_refused_direct_write_stands_if_others_have_queued_behind_it() {
    let (mut a, mut b) = (state(Role::Client), state(Role::Server));
    let id = opened(&mut a, &mut b);
    let length = begin_direct(&mut a, id);
    a.open().unwrap();
    assert!(a.settle(id, length, 0, &waker()));
}

fn begin_direct(state: &mut State, id: u32) -> usize {
    match state
        .begin_write(id, 100_000, Some(Expected::new()), 0, &waker())
        .unwrap()
    {
        Write::Direct(length) => length,
        other => panic!("the connection is free: {other:?}"),
    }
}

#[test]
fn large_writes_take_turns_and_a_task_that_does_not_come_is_passed_over() {
    let (mut a, mut b) = (state(Role::Client), state(Role::Server));
    let ids = [(); 3].map(|()| opened(&mut a, &mut b));
    let free = Some(Expected::new());
    let large = 100_000;
    let begin = |a: &mut State, id| a.begin_write(id, large, free, 0, &waker()).unwrap();
    let Write::Direct(length) = begin(&mut a, ids[0]) else {
        panic!("the connection is free")
    };
    assert_eq!(begin(&mut a, ids[1]), Write::Wait);
    assert_eq!(begin(&mut a, ids[2]), Write::Wait);
    assert!(a.settle(ids[0], length, HEADER_LEN + length, &waker()));
    let Write::Direct(length) = begin(&mut a, ids[0]) else {
        panic!("its turn lasts a moment")
    };
    assert!(a.settle(ids[0], length, HEADER_LEN + length, &waker()));
    pass(Duration::from_millis(1));
    assert_eq!(
        begin(&mut a, ids[0]),
        Write::Wait,
        "it is the turn of another"
    );
    // The second does not come; the driver looks twice.
    a.chase_turns();
    a.chase_turns();
    assert!(matches!(begin(&mut a, ids[2]), Write::Direct(_)));
}

#[test]
fn a_task_that_does_not_come_is_looked_after_again_when_the_connection_was_busy() {
    let (mut a, mut b) = (state(Role::Client), state(Role::Server));
    let ids = [(); 3].map(|()| opened(&mut a, &mut b));
    let length = begin_direct(&mut a, ids[0]);
    let begin = |a: &mut State, id| {
        a.begin_write(id, 100_000, Some(Expected::new()), 0, &waker())
            .unwrap()
    };
    assert_eq!(begin(&mut a, ids[1]), Write::Wait);
    assert_eq!(begin(&mut a, ids[2]), Write::Wait);
    assert!(a.settle(ids[0], length, HEADER_LEN + length, &waker()));
    assert!(std::mem::take(&mut a.wakes).patience);
    // The second does not come, and meanwhile something else is queued.
    a.queue(ids[0], 5, &b"small"[..]);
    assert!(!a.chase_turns(), "nobody could write");
    drain(&mut a);
    assert!(std::mem::take(&mut a.wakes).patience);
    assert!(a.chase_turns() && a.chase_turns());
    assert!(matches!(begin(&mut a, ids[2]), Write::Direct(_)));
}
