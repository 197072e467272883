//! Readers: bytes that stay with one side until the other reads them.

use std::io::ErrorKind;
use std::time::Duration;

use pintle::{CallError, Reader, pipe};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::contract::{FAILURE, Flows, FlowsClient, Source, Trouble};
use super::soon::soon;
use super::sources::Ledger;
use crate::conformance::Mount;
use crate::conformance::mount::Mounted;
use crate::streams::read_sequence;

/// As much as a flow carries where all of it counts.
pub(super) const MUCH_BYTES: u64 = 16 * 1024 * 1024;

/// As far as a flow may run ahead of who takes it, in bytes, all buffers on the way together.
pub(super) const AHEAD_BYTES: u64 = 32 * 1024 * 1024;

impl Mounted {
    pub(super) async fn flows(&self) -> FlowsClient {
        let dispensed = self.session.dispense::<dyn Flows>().await;
        dispensed.expect("the plugin serves the suite's interfaces")
    }
}

/// From the host to the plugin.
pub async fn a_reader_as_an_argument_gives_every_byte_and_its_end(mount: &Mount) {
    let mounted = mount.launch().await;
    let (flows, ledger) = (mounted.flows().await, Ledger::default());
    for bytes in [0, 1, MUCH_BYTES] {
        let reader = ledger.reader(Source::Sequence(bytes));
        let read = soon(flows.read(reader, bytes)).await;
        read.expect("it is the sequence");
    }
    soon(ledger.held(0)).await;
    mounted.close().await;
}

/// From the plugin to the host.
pub async fn a_reader_as_a_result_gives_every_byte_and_its_end(mount: &Mount) {
    let mounted = mount.launch().await;
    let flows = mounted.flows().await;
    for bytes in [0, 1, MUCH_BYTES] {
        let reader = soon(flows.reader(Source::Sequence(bytes))).await;
        let read = soon(read_sequence(reader.expect("it is lent"), bytes)).await;
        read.expect("it is the sequence");
    }
    soon(flows.held(0)).await.expect("it answers");
    mounted.close().await;
}

/// There and back.
pub async fn a_reader_that_was_received_can_be_given_on(mount: &Mount) {
    let mounted = mount.launch().await;
    let (flows, ledger) = (mounted.flows().await, Ledger::default());
    let reader = ledger.reader(Source::Sequence(MUCH_BYTES));
    let reader = soon(flows.give_reader_on(reader)).await;
    let read = soon(read_sequence(reader.expect("it is given on"), MUCH_BYTES)).await;
    read.expect("it is the sequence");
    let reader = soon(flows.give_reader_on(ledger.reader(Source::Fails(10)))).await;
    fails(reader.expect("it is given on"), 10).await;
    soon(ledger.held(0)).await;
    mounted.close().await;
}

/// After every byte that came before it.
pub async fn an_error_of_a_source_arrives_with_its_kind_and_text(mount: &Mount) {
    let mounted = mount.launch().await;
    let (flows, ledger) = (mounted.flows().await, Ledger::default());
    let reader = soon(flows.reader(Source::Fails(100_000))).await;
    fails(reader.expect("it is lent"), 100_000).await;
    let reader = ledger.reader(Source::Fails(100_000));
    as_told(soon(flows.read(reader, 200_000)).await);
    soon(ledger.held(0)).await;
    soon(flows.held(0)).await.expect("it answers");
    mounted.close().await;
}

/// Reads so many bytes, and then the failure, for good.
async fn fails(mut reader: Reader, bytes: usize) {
    let mut read = vec![0; bytes];
    soon(reader.read_exact(&mut read))
        .await
        .expect("they come first");
    for _ in 0..2 {
        let error = soon(reader.read(&mut read)).await.expect_err("it fails");
        assert_eq!((error.kind(), &*error.to_string()), FAILURE);
    }
}

/// The plugin met the failure that a source or a sink of the host's was told to have.
#[track_caller]
pub(super) fn as_told(met: Result<(), Trouble>) {
    match met {
        Err(Trouble::Flow { kind, text }) => {
            assert_eq!((kind, &*text), (format!("{:?}", FAILURE.0), FAILURE.1));
        }
        other => panic!("{other:?}"),
    }
}

/// While it waits for bytes, or for room; on either side.
pub async fn a_reader_that_is_dropped_stops_its_source(mount: &Mount) {
    let mounted = mount.launch().await;
    let (flows, ledger) = (mounted.flows().await, Ledger::default());
    for source in [Source::Stops(5), Source::Endless] {
        let mut own = soon(flows.reader(source)).await.expect("it is lent");
        let reader = ledger.reader(source);
        let mut given = soon(flows.give_reader_on(reader))
            .await
            .expect("it is given on");
        for reader in [&mut own, &mut given] {
            soon(reader.read_exact(&mut [0; 5]))
                .await
                .expect("they are there");
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
pub async fn a_reader_that_nobody_reads_takes_little_of_its_source(mount: &Mount) {
    let mounted = mount.launch().await;
    let (flows, ledger) = (mounted.flows().await, Ledger::default());
    let own = soon(flows.reader(Source::Endless))
        .await
        .expect("it is lent");
    let taken = rest(async || soon(flows.taken()).await).await;
    assert!(
        taken < AHEAD_BYTES,
        "the plugin's source gave {taken} bytes"
    );
    let given = soon(flows.give_reader_on(ledger.reader(Source::Endless))).await;
    let taken = rest(async || Ok(ledger.taken())).await;
    // Through two.
    assert!(
        taken < 2 * AHEAD_BYTES,
        "the host's source gave {taken} bytes"
    );
    drop((own, given));
    mounted.close().await;
}

/// What a number is once it has not changed for a while.
pub(super) async fn rest(number: impl AsyncFn() -> Result<u64, CallError>) -> u64 {
    let number = async || number().await.expect("it answers");
    let (mut last, mut same) = (0, 0);
    soon(async {
        while same < 20 {
            tokio::time::sleep(Duration::from_millis(10)).await;
            let now = number().await;
            same = if now == last && now > 0 { same + 1 } else { 0 };
            last = now;
            if now > 4 * AHEAD_BYTES {
                break;
            }
        }
    })
    .await;
    last
}

/// A reader of what is written here while it is read there.
pub async fn a_flow_outlives_its_call(mount: &Mount) {
    let mounted = mount.launch().await;
    let flows = mounted.flows().await;
    let (mut writer, reader) = pipe();
    let mut given = soon(flows.give_reader_on(reader))
        .await
        .expect("it is given on");
    // Every byte arrives before the next is there.
    for byte in 0..10 {
        soon(writer.write_u8(byte)).await.expect("it is read");
        assert_eq!(soon(given.read_u8()).await.expect("it was written"), byte);
    }
    // What was dropped is not the whole.
    drop(writer);
    let error = soon(given.read(&mut [0])).await.expect_err("it has no end");
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    mounted.close().await;
}
