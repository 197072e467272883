//! Streams: values that follow each other, made by one side and taken by the other.

use pintle::{Stream, StreamError};

use super::contract::{FAILURE, Flows, Piece, Source};
use super::plugin::read_pieces;
use super::readers::{AHEAD_BYTES, MUCH_BYTES, as_told, rest};
use super::soon::soon;
use super::sources::{Ledger, sequence};
use crate::conformance::Mount;

/// From the host to the plugin.
pub async fn a_stream_as_an_argument_gives_every_value_and_its_end(mount: &Mount) {
    let mounted = mount.launch().await;
    let (flows, ledger) = (mounted.flows().await, Ledger::default());
    for bytes in [0, 1, MUCH_BYTES] {
        let stream = ledger.stream(Source::Sequence(bytes));
        let taken = soon(flows.take(stream, bytes)).await;
        taken.expect("it is the sequence");
    }
    soon(ledger.held(0)).await;
    mounted.close().await;
}

/// From the plugin to the host.
pub async fn a_stream_as_a_result_gives_every_value_and_its_end(mount: &Mount) {
    let mounted = mount.launch().await;
    let flows = mounted.flows().await;
    for bytes in [0, 1, MUCH_BYTES] {
        let stream = soon(flows.stream(Source::Sequence(bytes))).await;
        let mut stream = stream.expect("it is lent");
        let taken = soon(read_pieces(&mut stream)).await.expect("it has an end");
        assert!(taken == sequence(bytes), "{bytes} bytes have changed");
        assert!(soon(stream.next()).await.is_none());
    }
    soon(flows.held(0)).await.expect("it answers");
    mounted.close().await;
}

/// There and back.
pub async fn a_stream_that_was_received_can_be_given_on(mount: &Mount) {
    let mounted = mount.launch().await;
    let (flows, ledger) = (mounted.flows().await, Ledger::default());
    let stream = ledger.stream(Source::Sequence(MUCH_BYTES));
    let stream = soon(flows.give_stream_on(stream)).await;
    let mut stream = stream.expect("it is given on");
    let taken = soon(read_pieces(&mut stream)).await.expect("it has an end");
    assert!(taken == sequence(MUCH_BYTES), "it has changed");
    let stream = soon(flows.give_stream_on(ledger.stream(Source::Fails(10)))).await;
    fails(stream.expect("it is given on"), 1).await;
    soon(ledger.held(0)).await;
    mounted.close().await;
}

/// After every value that came before it.
pub async fn an_error_of_a_stream_arrives_with_its_kind_and_text(mount: &Mount) {
    let mounted = mount.launch().await;
    let (flows, ledger) = (mounted.flows().await, Ledger::default());
    let stream = soon(flows.stream(Source::Fails(100_070))).await;
    fails(stream.expect("it is lent"), 10).await;
    let stream = ledger.stream(Source::Fails(100_070));
    as_told(soon(flows.take(stream, 0)).await);
    soon(ledger.held(0)).await;
    soon(flows.held(0)).await.expect("it answers");
    mounted.close().await;
}

/// Takes so many values, and then the failure, and then there is nothing.
async fn fails(mut stream: Stream<Piece>, values: u64) {
    for number in 0..values {
        let piece = soon(stream.next()).await.expect("it comes first");
        assert_eq!(piece.expect("it comes first").number, number);
    }
    match soon(stream.next()).await {
        Some(Err(StreamError::Failed { kind, text })) => assert_eq!((kind, &*text), FAILURE),
        other => panic!("{other:?}"),
    }
    assert!(soon(stream.next()).await.is_none());
}

/// While it waits for a value, or for room; on either side.
pub async fn a_stream_that_is_dropped_stops_its_source(mount: &Mount) {
    let mounted = mount.launch().await;
    let (flows, ledger) = (mounted.flows().await, Ledger::default());
    for source in [Source::Stops(5), Source::Endless] {
        let mut own = soon(flows.stream(source)).await.expect("it is lent");
        let stream = ledger.stream(source);
        let mut given = soon(flows.give_stream_on(stream))
            .await
            .expect("it is given on");
        for stream in [&mut own, &mut given] {
            let piece = soon(stream.next()).await.expect("it is there");
            piece.expect("it is there");
        }
        soon(flows.held(1)).await.expect("it answers");
        soon(ledger.held(1)).await;
        drop((own, given));
        soon(flows.held(0)).await.expect("it answers");
        soon(ledger.held(0)).await;
    }
    mounted.close().await;
}

/// Memory is bounded, and calls go on.
pub async fn a_stream_that_nobody_follows_takes_little_of_its_source(mount: &Mount) {
    let mounted = mount.launch().await;
    let (flows, ledger) = (mounted.flows().await, Ledger::default());
    let own = soon(flows.stream(Source::Endless))
        .await
        .expect("it is lent");
    let taken = rest(async || soon(flows.taken()).await).await;
    assert!(
        taken < AHEAD_BYTES,
        "the plugin's source gave {taken} bytes"
    );
    let given = soon(flows.give_stream_on(ledger.stream(Source::Endless))).await;
    let taken = rest(async || Ok(ledger.taken())).await;
    // Through two.
    assert!(
        taken < 2 * AHEAD_BYTES,
        "the host's source gave {taken} bytes"
    );
    drop((own, given));
    mounted.close().await;
}

/// However small it is, and whoever made it.
pub async fn a_value_does_not_wait_for_the_next(mount: &Mount) {
    let mounted = mount.launch().await;
    let flows = mounted.flows().await;
    let (ask, asked) = tokio::sync::mpsc::channel(1);
    let numbers = futures_util::stream::unfold((asked, 0), |(mut asked, number)| async move {
        let bytes = asked.recv().await?;
        Some((Piece { number, bytes }, (asked, number + 1)))
    });
    let given = soon(flows.give_stream_on(Stream::new(numbers))).await;
    let mut given = given.expect("it is given on");
    for number in 0..10_u64 {
        let bytes = vec![number as u8];
        soon(ask.send(bytes.clone())).await.expect("it is asked");
        let piece = soon(given.next()).await.expect("it has no end yet");
        assert_eq!(piece.expect("it was made"), Piece { number, bytes });
    }
    drop(ask);
    assert!(soon(given.next()).await.is_none());
    mounted.close().await;
}
