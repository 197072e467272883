//! Reads, writes and ends of streams.

use std::io::{ErrorKind, IoSlice};
use std::time::Duration;

use pintle_mux::{Config, Session};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use crate::support::{echo, exchange, pair, pattern, soon, spawn};

#[tokio::test]
async fn each_direction_has_its_own_end() {
    let pair = pair();
    let (mut near, mut far) = pair.stream().await;
    near.write_all(b"question").await.unwrap();
    near.shutdown().await.unwrap();
    let mut question = String::new();
    soon(far.read_to_string(&mut question)).await.unwrap();
    far.write_all(b"answer").await.unwrap();
    far.shutdown().await.unwrap();
    let mut answer = String::new();
    soon(near.read_to_string(&mut answer)).await.unwrap();
    assert_eq!((&*question, &*answer), ("question", "answer"));
    assert_eq!(
        near.write(b"more").await.unwrap_err().kind(),
        ErrorKind::BrokenPipe
    );
}

#[tokio::test]
async fn a_stream_dropped_without_shutdown_is_a_reset_for_the_peer() {
    let pair = pair();
    let (mut near, mut far) = pair.stream().await;
    near.write_all(b"half").await.unwrap();
    drop(near);
    let mut read = Vec::new();
    let error = soon(far.read_to_end(&mut read)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(read, b"half");
    assert_eq!(
        far.write(b"x").await.unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
}

#[tokio::test]
async fn a_waiting_writer_learns_of_a_reset() {
    let pair = pair();
    let (mut near, far) = pair.stream().await;
    let writing = tokio::spawn(async move { near.write_all(&[0; 1 << 20]).await });
    tokio::task::yield_now().await;
    drop(far);
    let error = soon(writing).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn one_unread_stream_stalls_no_other() {
    let pair = pair();
    let (mut clogged, _unread) = pair.stream().await;
    let clog = tokio::spawn(async move { clogged.write_all(&[0; 1 << 20]).await });
    let (near, far) = pair.stream().await;
    let echoing = tokio::spawn(echo(far));
    let bytes = pattern(1, 4 << 20);
    assert!(soon(exchange(near, &bytes)).await == bytes);
    soon(echoing).await.unwrap().unwrap();
    assert!(!clog.is_finished());
}

/// The task that waits for a large payload is left to read it itself, and may have gone away.
#[tokio::test]
async fn a_read_that_is_given_up_stalls_no_other_stream() {
    let pair = pair();
    let (mut near, mut given_up) = pair.stream().await;
    let (mut other_near, mut other) = pair.stream().await;
    let mut large = vec![0; 100_000];
    for _ in 0..3 {
        // After a large frame, the next is not read into memory together with its header.
        soon(other_near.write_all(&[0; 100_000])).await.unwrap();
        soon(other.read_exact(&mut large)).await.unwrap();
        let read = tokio::time::timeout(Duration::from_millis(1), given_up.read(&mut large));
        assert!(read.await.is_err(), "nothing was sent");
        soon(near.write_all(&[1; 100_000])).await.unwrap();
        soon(other_near.write_all(b"meanwhile")).await.unwrap();
        let mut word = [0; 9];
        soon(other.read_exact(&mut word)).await.unwrap();
        for piece in large.chunks_mut(1000) {
            soon(given_up.read_exact(piece)).await.unwrap();
        }
    }
}

/// As above, but the task comes with too little room to read for itself.
#[tokio::test]
async fn a_large_read_followed_by_small_ones_gets_everything() {
    let pair = pair();
    let (mut near, mut far) = pair.stream().await;
    let mut large = vec![0; 100_000];
    for _ in 0..3 {
        soon(near.write_all(&[0; 100_000])).await.unwrap();
        soon(far.read_exact(&mut large)).await.unwrap();
        let read = tokio::time::timeout(Duration::from_millis(1), far.read(&mut large));
        assert!(read.await.is_err(), "nothing was sent");
        soon(near.write_all(&[1; 100_000])).await.unwrap();
        for piece in large.chunks_mut(1000) {
            soon(far.read_exact(piece)).await.unwrap();
        }
    }
}

#[tokio::test]
async fn reads_do_not_wait_for_a_connection_that_takes_no_writes() {
    // The peer is played by hand: it sends a frame and never reads, while we write all we can.
    let (a, mut peer) = tokio::io::duplex(4096);
    let mut drivers = JoinSet::new();
    let client = spawn(Session::client(a, Config::default()), &mut drivers);
    let stream = client.open().await.unwrap();
    let (mut read, mut write) = tokio::io::split(stream);
    let writing = tokio::spawn(async move { write.write_all(&[0; 1 << 20]).await });
    peer.write_all(&[0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, b'h', b'i'])
        .await
        .unwrap();
    let mut read_bytes = [0; 2];
    soon(read.read_exact(&mut read_bytes)).await.unwrap();
    assert_eq!(&read_bytes, b"hi");
    assert!(!writing.is_finished());
}

#[tokio::test]
async fn dropped_reads_and_writes_lose_and_repeat_nothing() {
    let pair = pair();
    let (mut near, mut far) = pair.stream().await;
    let bytes = pattern(7, 3 << 20);
    let expected = bytes.clone();
    let writing = tokio::spawn(async move {
        let mut at = 0;
        while at < bytes.len() {
            let end = bytes.len().min(at + 70_000);
            // A write that was dropped has written nothing.
            let write =
                tokio::time::timeout(Duration::from_micros(30), near.write(&bytes[at..end]));
            if let Ok(written) = write.await {
                at += written.unwrap();
            }
        }
        near.shutdown().await.unwrap();
        near
    });
    let mut read = Vec::new();
    let mut piece = vec![0; 50_000];
    loop {
        let some = tokio::time::timeout(Duration::from_micros(30), far.read(&mut piece)).await;
        match some {
            Ok(length) => match length.unwrap() {
                0 => break,
                length => read.extend_from_slice(&piece[..length]),
            },
            Err(_) => tokio::task::yield_now().await,
        }
    }
    assert!(read == expected);
    soon(writing).await.unwrap();
}

#[tokio::test]
async fn vectored_writes_arrive_in_order() {
    let pair = pair();
    let (mut near, mut far) = pair.stream().await;
    let parts: Vec<Vec<u8>> = (0..40).map(|part| pattern(part, part * 997)).collect();
    let whole = parts.concat();
    let writing = tokio::spawn(async move {
        let mut slices: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
        let mut slices = &mut slices[..];
        while !slices.is_empty() {
            let written = near.write_vectored(slices).await.unwrap();
            IoSlice::advance_slices(&mut slices, written);
        }
        near.shutdown().await.unwrap();
        near
    });
    let mut read = Vec::new();
    soon(far.read_to_end(&mut read)).await.unwrap();
    assert!(read == whole);
    soon(writing).await.unwrap();
}

#[tokio::test]
async fn owned_pieces_and_borrowed_reads_mix() {
    let pair = pair();
    let (mut near, mut far) = pair.stream().await;
    let bytes = pattern(3, 2 << 20);
    let expected = bytes.clone();
    let writing = tokio::spawn(async move {
        near.write_all(&bytes).await.unwrap();
        near.shutdown().await.unwrap();
        near
    });
    let mut read = Vec::new();
    loop {
        let Some(chunk) = soon(far.read_chunk()).await.unwrap() else {
            break;
        };
        read.extend_from_slice(&chunk);
        let mut some = [0; 1000];
        let length = soon(far.read(&mut some)).await.unwrap();
        read.extend_from_slice(&some[..length]);
    }
    assert!(read == expected);
    soon(writing).await.unwrap();
}

#[tokio::test]
async fn a_connection_without_vectored_writes_or_with_tiny_buffers_carries_the_same_bytes() {
    for size in [1, 13, 100, 4096] {
        let (a, b) = tokio::io::duplex(size);
        let mut drivers = JoinSet::new();
        let client = spawn(Session::client(a, Config::default()), &mut drivers);
        let server = spawn(Session::server(b, Config::default()), &mut drivers);
        let bytes = pattern(size, 30 * size + 5000);
        let near = client.open().await.unwrap();
        let far = soon(server.accept()).await.unwrap();
        let echoing = tokio::spawn(echo(far));
        assert!(soon(exchange(near, &bytes)).await == bytes);
        soon(echoing).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_session_runs_inside_a_stream_of_another() {
    let pair = pair();
    let (near, far) = pair.stream().await;
    let mut drivers = JoinSet::new();
    let client = spawn(Session::client(near, Config::default()), &mut drivers);
    let server = spawn(Session::server(far, Config::default()), &mut drivers);
    let near = client.open().await.unwrap();
    let far = soon(server.accept()).await.unwrap();
    let echoing = tokio::spawn(echo(far));
    let bytes = pattern(1, 3 << 20);
    assert!(soon(exchange(near, &bytes)).await == bytes);
    soon(echoing).await.unwrap().unwrap();
}
