//! Streams of bytes by broker id.

use std::time::Duration;

use pintle::ByteStream;
use tokio::io::{AsyncReadExt, AsyncWriteExt, split};
use tokio::time::timeout;

use super::{Ask, CallError, Mount, Mounted, PATIENCE};

/// As far as a stream may run ahead of its reader, in bytes, all buffers on the way together.
const AHEAD_BYTES: usize = 32 * 1024 * 1024;

/// The plugin opens it; the end of one direction is not the end of the other.
pub async fn a_stream_the_host_offers_carries_bytes_both_ways_unchanged(mount: &Mount) {
    let mounted = mount.launch().await;
    let (stream, relaying) = relayed(&mounted).await;
    let bytes = exchange(stream).await;
    let relayed = relaying.await.expect("it does not panic");
    assert_eq!(
        relayed.expect("it ends in good order"),
        &bytes.to_be_bytes()[..]
    );
    mounted.close().await;
}

/// The host opens it.
pub async fn a_stream_the_plugin_offers_carries_bytes_both_ways_unchanged(mount: &Mount) {
    let mounted = mount.launch().await;
    let id = Ask::id(&mounted.ask(Ask::Offer).await);
    let side = mounted.peer.side();
    let stream = side.streams().stream(id).await.expect("it is offered");
    exchange(stream).await;
    mounted.close().await;
}

/// Only who shuts a stream down has ended it well; a peer that was dropped half-way has not.
pub async fn a_stream_that_one_side_drops_does_not_look_whole_on_the_other(mount: &Mount) {
    let mounted = mount.launch().await;
    let (mut stream, relaying) = relayed(&mounted).await;
    flows(&mut stream).await;
    drop(stream);
    let relayed = relaying.await.expect("it does not panic");
    assert!(matches!(relayed, Err(CallError::Failed(_))), "{relayed:?}");
    mounted.still_answers().await;
    mounted.close().await;
}

/// Memory is bounded, and what waits on one stream waits nowhere else.
pub async fn a_stream_that_nobody_reads_holds_its_writer_back_and_no_call(mount: &Mount) {
    let mounted = mount.launch().await;
    let (mut stream, _relaying) = relayed(&mounted).await;
    let piece = vec![7; 64 * 1024];
    let mut written = 0;
    while let Ok(more) = timeout(Duration::from_millis(500), stream.write(&piece)).await {
        written += more.expect("the stream lives");
        assert!(written < AHEAD_BYTES, "nothing holds the writer back");
    }
    mounted.still_answers().await;
    drop(stream);
    mounted.close().await;
}

/// A stream that the plugin sends back, and the call that lasts as long.
pub(super) async fn relayed(
    mounted: &Mounted,
) -> (
    ByteStream,
    tokio::task::JoinHandle<Result<bytes::Bytes, CallError>>,
) {
    let side = mounted.peer.side();
    let offer = side.streams().offer().await.expect("the session lives");
    let (peer, ask) = (mounted.peer.clone(), Ask::Relay(offer.id()));
    let relaying = tokio::spawn(async move { peer.ask(ask, PATIENCE).await });
    let stream = timeout(PATIENCE, offer.accept()).await;
    let stream = stream.expect("the plugin opens it");
    (stream.expect("the plugin opens it"), relaying)
}

/// Has something sent back, so that the stream is known to be in use on both sides.
pub(super) async fn flows(stream: &mut ByteStream) {
    stream.write_all(b"flows").await.expect("the stream lives");
    stream.flush().await.expect("the stream lives");
    let mut back = [0; 5];
    let read = timeout(PATIENCE, stream.read_exact(&mut back)).await;
    read.expect("it is sent back").expect("the stream lives");
    assert_eq!(&back, b"flows");
}

/// Writes and reads at the same time; tells how much.
async fn exchange(stream: ByteStream) -> u64 {
    const PIECES: u64 = 128;
    let piece = |number: u64| -> Vec<u8> {
        let bytes = (0..64 * 1024_u64 - number).map(|at| ((at ^ (at >> 8)) + number) as u8);
        bytes.collect()
    };
    let (mut reader, mut writer) = split(stream);
    let writing = async {
        for number in 0..PIECES {
            writer.write_all(&piece(number)).await?;
        }
        writer.shutdown().await
    };
    let reading = async {
        let mut read = 0;
        for number in 0..PIECES {
            let expected = piece(number);
            let mut found = vec![0; expected.len()];
            reader.read_exact(&mut found).await?;
            assert!(found == expected, "piece {number} changed on its way");
            read += found.len() as u64;
        }
        let after = reader.read(&mut [0]).await?;
        assert_eq!(after, 0, "there is more than was written");
        Ok::<_, std::io::Error>(read)
    };
    let both = timeout(PATIENCE, async { tokio::try_join!(writing, reading) }).await;
    let ((), read) = both.expect("it ends").expect("the stream lives");
    read
}
