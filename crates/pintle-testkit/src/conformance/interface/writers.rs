//! Writers: places for bytes that stay with one side while the other writes.

use std::io::{self, ErrorKind};
use std::time::Duration;

use pintle::pipe;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::contract::{FAILURE, Flows, Sink};
use super::readers::{AHEAD_BYTES, MUCH_BYTES, as_told};
use super::soon::soon;
use super::sources::Ledger;
use crate::conformance::Mount;
use crate::streams::write_sequence;

/// From the plugin to the host.
pub async fn a_writer_as_an_argument_takes_every_byte_and_its_end(mount: &Mount) {
    let mounted = mount.launch().await;
    let (flows, ledger) = (mounted.flows().await, Ledger::default());
    for (number, bytes) in (1..).zip([0, 1, MUCH_BYTES]) {
        let writer = ledger.writer(Sink::Sequence(bytes));
        let written = soon(flows.write(writer, bytes)).await;
        written.expect("all is taken");
        // The plugin was told that it is delivered, so it is.
        assert_eq!(ledger.delivered(), number);
    }
    soon(ledger.held(0)).await;
    mounted.close().await;
}

/// From the host to the plugin.
pub async fn a_writer_as_a_result_takes_every_byte_and_its_end(mount: &Mount) {
    let mounted = mount.launch().await;
    let flows = mounted.flows().await;
    for (number, bytes) in (1..).zip([0, 1, MUCH_BYTES]) {
        let writer = soon(flows.writer(Sink::Sequence(bytes))).await;
        let written = soon(write_sequence(writer.expect("it is lent"), bytes)).await;
        written.expect("all is taken");
        assert_eq!(soon(flows.delivered()).await.expect("it answers"), number);
    }
    soon(flows.held(0)).await.expect("it answers");
    mounted.close().await;
}

/// There and back; to shut it down is to know that the sink has it.
pub async fn a_writer_that_was_received_can_be_given_on(mount: &Mount) {
    let mounted = mount.launch().await;
    let (flows, ledger) = (mounted.flows().await, Ledger::default());
    let writer = ledger.writer(Sink::Sequence(MUCH_BYTES));
    let writer = soon(flows.give_writer_on(writer))
        .await
        .expect("it is given on");
    let written = soon(write_sequence(writer, MUCH_BYTES)).await;
    written.expect("all is taken");
    assert_eq!(ledger.delivered(), 1);
    soon(ledger.held(0)).await;
    mounted.close().await;
}

/// Whichever side has it: while bytes are written, or when they are to be delivered.
pub async fn an_error_of_a_sink_reaches_who_writes(mount: &Mount) {
    let mounted = mount.launch().await;
    let (flows, ledger) = (mounted.flows().await, Ledger::default());
    for bytes in [1000, MUCH_BYTES] {
        let writer = soon(flows.writer(Sink::Fails(100))).await;
        let written = soon(write_sequence(writer.expect("it is lent"), bytes)).await;
        let error = written.expect_err("the sink fails");
        assert_eq!((error.kind(), &*error.to_string()), FAILURE);
        as_told(soon(flows.write(ledger.writer(Sink::Fails(100)), bytes)).await);
    }
    soon(ledger.held(0)).await;
    soon(flows.held(0)).await.expect("it answers");
    assert_eq!(
        ledger.delivered() + soon(flows.delivered()).await.expect("it answers"),
        0
    );
    mounted.close().await;
}

/// Its sink is dropped, but not shut down.
pub async fn a_writer_that_is_dropped_does_not_look_whole(mount: &Mount) {
    let mounted = mount.launch().await;
    let flows = mounted.flows().await;
    let mut writer = soon(flows.writer(Sink::Sequence(0)))
        .await
        .expect("it is lent");
    soon(writer.flush()).await.expect("it is there");
    drop(writer);
    soon(flows.held(0)).await.expect("it answers");
    assert_eq!(soon(flows.delivered()).await.expect("it answers"), 0);
    mounted.close().await;
}

/// With the kind and the text, through both sides.
pub async fn a_writer_that_fails_says_why_to_who_reads(mount: &Mount) {
    let mounted = mount.launch().await;
    let flows = mounted.flows().await;
    let (writer, mut reader) = pipe();
    let mut given = soon(flows.give_writer_on(writer))
        .await
        .expect("it is given on");
    soon(given.write_u8(7)).await.expect("it is taken");
    soon(given.fail(io::Error::new(FAILURE.0, FAILURE.1))).await;
    assert_eq!(soon(reader.read_u8()).await.expect("it was written"), 7);
    let error = soon(reader.read_u8()).await.expect_err("it has failed");
    assert_eq!((error.kind(), &*error.to_string()), FAILURE);
    mounted.close().await;
}

/// Memory is bounded, and calls go on.
pub async fn a_writer_whose_sink_is_full_waits(mount: &Mount) {
    let mounted = mount.launch().await;
    let flows = mounted.flows().await;
    let mut writer = soon(flows.writer(Sink::Stops(0)))
        .await
        .expect("it is lent");
    let (piece, mut written) = (vec![7; 64 * 1024], 0);
    while let Ok(more) = timeout(Duration::from_millis(500), writer.write(&piece)).await {
        written += more.expect("the sink is there") as u64;
        assert!(written < AHEAD_BYTES, "nothing holds the writer back");
    }
    assert_eq!(soon(flows.delivered()).await.expect("calls go on"), 0);
    drop(writer);
    // A reader that is dropped fails who writes.
    let (writer, reader) = pipe();
    let mut given = soon(flows.give_writer_on(writer))
        .await
        .expect("it is given on");
    drop(reader);
    let written = soon(async {
        loop {
            if let Err(error) = given.write(&piece).await {
                break error;
            }
        }
    });
    assert_eq!(written.await.kind(), ErrorKind::BrokenPipe);
    mounted.close().await;
}
