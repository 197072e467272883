use std::io::ErrorKind;

use pintle_core::Broker;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::brokers::WIRE_BYTES;
use super::*;
use crate::flow::frame::ItemHead;

async fn read_all(mut reader: Reader) -> io::Result<Vec<u8>> {
    let mut found = Vec::new();
    soon(reader.read_to_end(&mut found)).await?;
    Ok(found)
}

#[tokio::test]
async fn a_reader_that_did_not_cross_reads_its_source() {
    let reader = Reader::new(&b"here"[..]);
    assert_eq!(read_all(reader).await.unwrap(), b"here");
}

#[tokio::test]
async fn a_reader_gives_the_other_side_every_byte_of_its_source_and_the_end() {
    for length in [0, 1, 8 * 1024 - 1, 8 * 1024, 1_000_003] {
        let wanted = sequence(length);
        let source = Reader::new(io::Cursor::new(wanted.clone()));
        let reader = lent_reader(source, &MemoryBroker::default()).await;
        assert!(read_all(reader).await.unwrap() == wanted, "{length} bytes");
    }
}

#[tokio::test]
async fn bytes_in_memory_arrive_every_one_and_the_end() {
    for length in [0, 1, 16 * 1024, 256 * 1024, 1_000_003] {
        let wanted = sequence(length);
        let source = || Reader::buffered(io::Cursor::new(wanted.clone()));
        assert!(read_all(source()).await.unwrap() == wanted, "{length} here");
        let reader = lent_reader(source(), &MemoryBroker::default()).await;
        assert!(read_all(reader).await.unwrap() == wanted, "{length} there");
    }
}

#[tokio::test]
async fn a_source_in_memory_that_waits_is_dropped_with_its_reader_and_what_came_is_not_held_back() {
    let (held, dropped) = held();
    let (mut writer, source) = pipe();
    writer.write_all(b"one").await.unwrap();
    let source = Reader::buffered(tokio::io::BufReader::new(Holding {
        source,
        _held: held,
    }));
    let mut reader = lent_reader(source, &MemoryBroker::default()).await;
    let mut one = [0; 3];
    soon(reader.read_exact(&mut one)).await.unwrap();
    assert_eq!(&one, b"one");
    drop(reader);
    dropped.wait().await;
}

/// A reader with something that shows when it is dropped.
struct Holding {
    source: Reader,
    _held: Held,
}

impl AsyncRead for Holding {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.source).poll_read(cx, to)
    }
}

#[tokio::test]
async fn sixty_four_mebibytes_arrive_byte_for_byte_through_small_reads_and_large() {
    const LENGTH: usize = 64 << 20;
    let piece = sequence(1 << 20);
    let source = io::Cursor::new(piece.repeat(64));
    let mut reader = lent_reader(Reader::new(source), &MemoryBroker::default()).await;
    let (mut at, mut buffer) = (0, vec![0; 300_007]);
    for size in [1, 37, 4096, 300_007].into_iter().cycle() {
        let length = soon(reader.read(&mut buffer[..size])).await.unwrap();
        if length == 0 {
            break;
        }
        let found = &buffer[..length];
        let expected = piece.iter().cycle().skip(at % piece.len());
        assert!(found.iter().eq(expected.take(length)), "at {at}");
        at += length;
    }
    assert_eq!(at, LENGTH);
}

#[tokio::test]
async fn bytes_arrive_while_the_source_waits_for_more() {
    let (mut writer, source) = pipe();
    let mut reader = lent_reader(source, &MemoryBroker::default()).await;
    for word in ["one", "two"] {
        writer.write_all(word.as_bytes()).await.unwrap();
        let mut found = [0; 3];
        soon(reader.read_exact(&mut found)).await.unwrap();
        assert_eq!(found, word.as_bytes());
    }
}

#[tokio::test]
async fn an_error_of_the_source_arrives_with_its_kind_and_text_after_what_came_before() {
    let sources: [fn(Reader) -> Reader; 2] = [
        |source| source,
        |source| Reader::buffered(tokio::io::BufReader::new(source)),
    ];
    for source_of in sources {
        let (mut writer, source) = pipe();
        writer.write_all(b"half").await.unwrap();
        let error = io::Error::new(ErrorKind::PermissionDenied, "the disk said no");
        writer.fail(error).await;
        let mut reader = lent_reader(source_of(source), &MemoryBroker::default()).await;
        let mut half = [0; 4];
        soon(reader.read_exact(&mut half)).await.unwrap();
        for _ in 0..2 {
            let error = soon(reader.read(&mut half)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
            assert_eq!(error.to_string(), "the disk said no");
        }
    }
}

#[tokio::test]
async fn dropping_a_reader_drops_a_source_that_waits() {
    let broker = MemoryBroker::default();
    let (source, dropped) = stuck();
    let reader = lent_reader(Reader::new(source), &broker).await;
    settled().await;
    assert!(dropped.is_held());
    drop(reader);
    dropped.wait().await;
    soon(async {
        while broker.tasks().count() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn dropping_a_reader_drops_a_source_that_has_more_than_was_read() {
    let (source, _, dropped) = endless();
    let mut reader = lent_reader(Reader::new(source), &MemoryBroker::default()).await;
    reader.read_exact(&mut [0; 100_000]).await.unwrap();
    drop(reader);
    dropped.wait().await;
}

#[tokio::test]
async fn what_is_not_read_is_not_taken_from_the_source() {
    let (source, taken, _dropped) = endless();
    let mut reader = lent_reader(Reader::new(source), &MemoryBroker::default()).await;
    settled().await;
    let ahead = taken.load(Ordering::SeqCst);
    assert!(ahead <= (WIRE_BYTES + 256 * 1024) as u64, "{ahead}");
    let read = 10 << 20;
    let mut some = (&mut reader).take(read);
    tokio::io::copy(&mut some, &mut tokio::io::sink())
        .await
        .unwrap();
    settled().await;
    let ahead = taken.load(Ordering::SeqCst) - read;
    assert!(ahead <= (WIRE_BYTES + 256 * 1024) as u64, "{ahead}");
}

#[tokio::test]
async fn a_source_is_dropped_at_its_end_even_if_the_other_side_does_not_read() {
    let (held, dropped) = held();
    struct Once {
        bytes: &'static [u8],
        _held: Held,
    }
    impl AsyncRead for Once {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            to: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.bytes).poll_read(cx, to)
        }
    }
    let source = Reader::new(Once {
        bytes: &[7; 100],
        _held: held,
    });
    // The head of the only item fills the stream but for a byte; its end does not fit.
    let _reader = lent_reader(source, &MemoryBroker::narrow(100 + 4 + 1)).await;
    dropped.wait().await;
}

#[tokio::test]
async fn a_received_reader_can_be_given_on_with_its_error() {
    let broker = MemoryBroker::default();
    let (mut writer, mut reader) = pipe();
    for _ in 0..3 {
        reader = lent_reader(reader, &broker).await;
    }
    writer.write_all(b"far").await.unwrap();
    let mut far = [0; 3];
    soon(reader.read_exact(&mut far)).await.unwrap();
    writer
        .fail(io::Error::new(ErrorKind::NotFound, "lost"))
        .await;
    let error = soon(reader.read(&mut far)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.to_string(), "lost");
}

#[tokio::test]
async fn dropping_a_reader_that_was_given_on_drops_the_source_at_the_far_end() {
    let broker = MemoryBroker::default();
    let (source, dropped) = stuck();
    let mut reader = Reader::new(source);
    for _ in 0..3 {
        reader = lent_reader(reader, &broker).await;
    }
    drop(reader);
    dropped.wait().await;
}

#[tokio::test]
async fn a_peer_that_promises_a_huge_item_costs_no_memory_and_is_broken_off() {
    let broker = MemoryBroker::default();
    let (id, wire) = broker.by_hand().await;
    let mut reader = take_reader(id, &broker).await.unwrap();
    let mut wire = wire.await;
    wire.write_all(ItemHead::of(usize::MAX / 2).as_bytes())
        .await
        .unwrap();
    wire.write_all(b"all there is").await.unwrap();
    wire.shutdown().await.unwrap();
    let mut found = Vec::new();
    let error = soon(reader.read_to_end(&mut found)).await.unwrap_err();
    assert_eq!(found, b"all there is");
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn a_peer_that_sends_no_frames_fails_the_reader() {
    let broker = MemoryBroker::default();
    let (id, wire) = broker.by_hand().await;
    let mut reader = take_reader(id, &broker).await.unwrap();
    let mut wire = wire.await;
    wire.write_all(b"HTTP/1.1 200 OK\r\n").await.unwrap();
    for _ in 0..2 {
        let error = soon(reader.read(&mut [0; 8])).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }
}

#[tokio::test]
async fn a_peer_that_talks_back_does_not_disturb_the_flow() {
    let broker = MemoryBroker::default();
    let lent = lend_reader(Reader::new(&b"undisturbed"[..]), &broker).await;
    let lent = lent.unwrap();
    let mut wire = broker.stream(lent.id).await.unwrap();
    wire.write_all(&[0xff; 1000]).await.unwrap();
    let mut found = Vec::new();
    soon(wire.read_to_end(&mut found)).await.unwrap();
    assert_eq!(found, b"\x0d\x0a\x0bundisturbed\x02\x1a\x00");
}
