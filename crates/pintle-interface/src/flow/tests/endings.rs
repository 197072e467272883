//! How flows end that are not read or written to their end.

use std::io::ErrorKind;

use pintle_core::Broker;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::flow::frame::ItemHead;

#[tokio::test]
async fn dropping_the_guard_before_anyone_came_takes_the_source_back() {
    let broker = MemoryBroker::default();
    let (source, dropped) = stuck();
    let lent = lend_reader(Reader::new(source), &broker).await.unwrap();
    settled().await;
    assert!(dropped.is_held());
    drop(lent.guard);
    dropped.wait().await;
    assert!(take_reader(lent.id, &broker).await.is_err());
}

#[tokio::test]
async fn dropping_the_guard_once_someone_came_changes_nothing() {
    let broker = MemoryBroker::default();
    let lent = lend_reader(Reader::new(&b"kept"[..]), &broker).await;
    let lent = lent.unwrap();
    let mut reader = take_reader(lent.id, &broker).await.unwrap();
    drop(lent.guard);
    let mut found = String::new();
    soon(reader.read_to_string(&mut found)).await.unwrap();
    assert_eq!(found, "kept");
}

#[tokio::test]
async fn what_was_detached_waits_for_the_other_side() {
    let broker = MemoryBroker::default();
    let lent = lend_reader(Reader::new(&b"kept"[..]), &broker).await;
    let lent = lent.unwrap();
    lent.guard.detach();
    settled().await;
    let mut reader = take_reader(lent.id, &broker).await.unwrap();
    let mut found = String::new();
    soon(reader.read_to_string(&mut found)).await.unwrap();
    assert_eq!(found, "kept");
}

#[tokio::test]
async fn the_end_of_the_session_ends_every_flow_and_drops_what_was_lent() {
    let broker = MemoryBroker::default();
    let (source, source_dropped) = stuck();
    let mut reader = lent_reader(Reader::new(source), &broker).await;
    let (sink, mut asked) = recorder();
    let mut writer = lent_writer(Writer::new(sink), &broker).await;
    let (waiting, waiting_dropped) = stuck();
    let lent = lend_reader(Reader::new(waiting), &broker).await.unwrap();
    lent.guard.detach();
    soon(broker.tasks().finish()).await;
    source_dropped.wait().await;
    waiting_dropped.wait().await;
    let asked = soon(asked.wait_for(|asked| asked.last() == Some(&Asked::Dropped))).await;
    assert_eq!(*asked.unwrap(), [Asked::Dropped]);
    let error = soon(reader.read(&mut [0; 8])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(soon(writer.shutdown()).await.is_err());
}

/// Ends a peer's direction after `bytes` as told.
async fn broken(bytes: &[u8], shut_down: bool) -> Reader {
    let broker = MemoryBroker::default();
    let (id, wire) = broker.by_hand().await;
    let reader = take_reader(id, &broker).await.unwrap();
    let mut wire = wire.await;
    wire.write_all(bytes).await.unwrap();
    if shut_down {
        wire.shutdown().await.unwrap();
    }
    reader
}

#[tokio::test]
async fn a_flow_that_just_stops_is_never_an_end() {
    let item = [ItemHead::of(4).as_bytes(), b"half"].concat();
    for length in 0..=item.len() {
        for (shut_down, kind) in [
            (true, ErrorKind::UnexpectedEof),
            (false, ErrorKind::ConnectionReset),
        ] {
            let mut reader = broken(&item[..length], shut_down).await;
            let mut found = Vec::new();
            for _ in 0..2 {
                let error = soon(reader.read_to_end(&mut found)).await.unwrap_err();
                assert_eq!(error.kind(), kind, "after {length} bytes");
            }
            assert_eq!(found, item[length.min(3)..length]);
        }
    }
}

#[tokio::test]
async fn a_panic_of_a_source_breaks_the_flow_off() {
    struct Panics;
    impl AsyncRead for Panics {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            panic!("as it was told to");
        }
    }
    let mut reader = lent_reader(Reader::new(Panics), &MemoryBroker::default()).await;
    let error = soon(reader.read(&mut [0; 8])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn several_flows_of_one_call_do_not_wait_for_each_other() {
    let broker = MemoryBroker::default();
    let (mut writer, source) = pipe();
    let (sink, mut back) = pipe();
    let mut reader = lent_reader(source, &broker).await;
    let mut sink = lent_writer(sink, &broker).await;
    let wanted = sequence(1_000_003);
    // Everything is echoed, so each waits for the other unless both flow at once.
    let echo = tokio::spawn(async move {
        tokio::io::copy(&mut reader, &mut sink).await.unwrap();
        sink.shutdown().await.unwrap();
    });
    let write = async {
        writer.write_all(&wanted).await.unwrap();
        writer.shutdown().await.unwrap();
    };
    let mut found = Vec::new();
    let (_, read, echoed) =
        soon(async { tokio::join!(write, back.read_to_end(&mut found), echo) }).await;
    read.unwrap();
    echoed.unwrap();
    assert!(found == wanted);
}
