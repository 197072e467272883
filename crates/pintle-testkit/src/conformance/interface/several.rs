//! Several flows of one call, and how they end with it.

use std::io;

use futures_util::future::join_all;
use pintle::pipe;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::callbacks::settles;
use super::contract::{Flows, FlowsClient, Sink, Source, Trouble};
use super::soon::soon;
use super::sources::Ledger;
use crate::conformance::Mount;
use crate::streams::{read_sequence, write_sequence};

/// In both directions, each with an end of its own.
pub async fn several_flows_of_one_call_go_at_once(mount: &Mount) {
    const BYTES: u64 = 3_000_003;
    let mounted = mount.launch().await;
    let (flows, ledger) = (mounted.flows().await, Ledger::default());
    let (back_to, back) = pipe();
    let (mut write, from) = pipe();
    // Its end waits for what comes back, so that none of them can go after the other.
    let (to, mut other_back) = pipe();
    let call = flows.copy(
        from,
        back_to,
        ledger.reader(Source::Sequence(BYTES)),
        to,
        ledger.stream(Source::Sequence(BYTES)),
    );
    let around = async {
        write.write_all(b"begin").await?;
        let mut begun = [0; 5];
        let mut back = back;
        back.read_exact(&mut begun).await?;
        assert_eq!(&begun, b"begin");
        read_sequence(&mut other_back, BYTES).await?;
        tokio::try_join!(write_sequence(write, BYTES), read_sequence(back, BYTES))?;
        Ok::<_, io::Error>(())
    };
    let (copied, went) = soon(async { tokio::join!(call, around) }).await;
    went.expect("what was written comes back");
    assert_eq!(copied.expect("all is copied"), 5 + 3 * BYTES);
    soon(ledger.held(0)).await;
    mounted.close().await;
}

/// On the host's side, whether the plugin drops its part or not.
pub async fn a_call_that_fails_drops_what_flowed(mount: &Mount) {
    let mounted = mount.launch().await;
    let (flows, ledger) = (mounted.flows().await, Ledger::default());
    let failed = soon(failing(&flows, &ledger)).await;
    assert!(
        matches!(&failed, Err(Trouble::Flow { text, .. }) if text == "it was told to fail"),
        "{failed:?}"
    );
    soon(ledger.held(0)).await;
    mounted.close().await;
}

async fn failing(flows: &FlowsClient, ledger: &Ledger) -> Result<(), Trouble> {
    let from = ledger.reader(Source::Stops(10));
    let to = ledger.writer(Sink::Sequence(10));
    flows.fail(from, to, ledger.stream(Source::Endless)).await
}

/// As if it had failed; the plugin's part is dropped with the call.
pub async fn a_call_that_is_dropped_drops_what_flowed(mount: &Mount) {
    let mounted = mount.launch().await;
    let (flows, ledger) = (mounted.flows().await, Ledger::default());
    let (to, mut back) = pipe();
    let (pieces, from) = (
        ledger.stream(Source::Endless),
        ledger.reader(Source::Endless),
    );
    tokio::select! {
        ended = flows.hold(from, to, pieces) => panic!("{ended:?}"),
        byte = soon(back.read_u8()) => assert_eq!(byte.expect("it is sent back"), 7),
    }
    soon(ledger.held(0)).await;
    soon(back.read_u8()).await.expect_err("it was cut short");
    mounted.close().await;
}

/// No task, no descriptor, no file, for as long as the session lives.
pub async fn a_hundred_flows_leave_nothing_on_either_side(mount: &Mount) {
    let mounted = mount.launch().await;
    let (calls, flows) = (mounted.calls().await, mounted.flows().await);
    let use_them = async || {
        let ledger = Ledger::default();
        let reader = soon(flows.reader(Source::Endless)).await;
        let writer = soon(flows.writer(Sink::Sequence(10))).await;
        let stream = soon(flows.stream(Source::Stops(1))).await;
        let mut stream = stream.expect("it is lent");
        let piece = soon(stream.next()).await.expect("it is there");
        piece.expect("it is there");
        write_sequence(writer.expect("it is lent"), 10)
            .await
            .expect("all is taken");
        soon(failing(&flows, &ledger)).await.expect_err("it fails");
        let written = soon(flows.write(ledger.writer(Sink::Sequence(10)), 10)).await;
        written.expect("all is taken");
        drop((reader, stream));
        soon(ledger.held(0)).await;
    };
    settles(&mounted, &calls, async || {
        join_all((0..4).map(|_| use_them())).await;
        soon(flows.held(0)).await.expect("it answers");
    })
    .await;
    mounted.close().await;
}
