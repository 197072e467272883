//! Pings, and streams that linger.

use super::*;

#[test]
fn a_stream_dropped_after_its_shutdown_lingers_for_the_peers_end_then_is_reset() {
    let (mut a, mut b) = (state(Role::Client), state(Role::Server));
    let id = opened(&mut a, &mut b);
    a.shutdown(id).unwrap();
    a.drop_handle(id);
    exchange(&mut a, &mut b);
    assert_eq!(read(&mut b, id).unwrap(), None);
    assert_eq!(a.counters().streams, 1);
    pass(Config::default().linger);
    a.tick().unwrap();
    assert_eq!(a.counters().streams, 0);
    exchange(&mut a, &mut b);
    assert!(matches!(
        b.begin_write(id, 1, None, 1, &waker()),
        Err(StreamError::Reset)
    ));
}

#[test]
fn a_peer_that_does_not_answer_pings_is_given_up() {
    let mut a = state(Role::Client);
    let config = Config::default();
    pass(config.keepalive_interval.unwrap());
    a.tick().unwrap();
    assert_eq!(drain(&mut a).len(), HEADER_LEN);
    assert_eq!(a.deadline(), Some(clock() + config.keepalive_timeout));
    pass(config.keepalive_timeout);
    assert!(matches!(a.tick(), Err(SessionEnd::KeepaliveTimeout)));
}

/// Its answer may be behind much else, or nobody had time to read it.
#[test]
fn a_peer_that_sends_is_alive_though_its_answer_is_late() {
    let (mut a, mut b) = (state(Role::Client), state(Role::Server));
    let config = Config::default();
    pass(config.keepalive_interval.unwrap());
    a.tick().unwrap();
    let ping = drain(&mut a);
    b.open().unwrap();
    feed(&mut a, &drain(&mut b)).unwrap();
    pass(config.keepalive_timeout);
    a.tick().unwrap();
    assert_eq!(a.deadline(), Some(clock() + config.keepalive_timeout));
    pass(config.keepalive_timeout / 2);
    feed(&mut b, &ping).unwrap();
    feed(&mut a, &drain(&mut b)).unwrap();
    assert_eq!(
        a.counters().rtt,
        Some(config.keepalive_timeout + config.keepalive_timeout / 2)
    );
    // And from then on everything is as before.
    pass(config.keepalive_interval.unwrap());
    a.tick().unwrap();
    pass(config.keepalive_timeout);
    assert!(matches!(a.tick(), Err(SessionEnd::KeepaliveTimeout)));
}

#[test]
fn an_answered_ping_measures_the_round_trip() {
    let (mut a, mut b) = (state(Role::Client), state(Role::Server));
    pass(Config::default().keepalive_interval.unwrap());
    a.tick().unwrap();
    let ping = drain(&mut a);
    feed(&mut b, &ping).unwrap();
    pass(Duration::from_millis(7));
    feed(&mut a, &drain(&mut b)).unwrap();
    assert_eq!(a.counters().rtt, Some(Duration::from_millis(7)));
}
