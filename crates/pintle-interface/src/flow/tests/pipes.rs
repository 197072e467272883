use std::io::ErrorKind;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

#[tokio::test]
async fn a_pipe_gives_what_was_written_and_the_end_after_a_shutdown() {
    let (mut writer, mut reader) = pipe();
    let wanted = sequence(1_000_003);
    let write = async {
        writer.write_all(&wanted).await.unwrap();
        writer.shutdown().await.unwrap();
    };
    let mut found = Vec::new();
    let (_, read) = soon(async { tokio::join!(write, reader.read_to_end(&mut found)) }).await;
    read.unwrap();
    assert!(found == wanted);
    writer.shutdown().await.unwrap();
    let error = writer.write(b"more").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}

#[tokio::test]
async fn a_pipe_holds_64_kib_and_no_more() {
    let (mut writer, mut reader) = pipe();
    let mut held = 0;
    let fill = async {
        loop {
            held += writer.write(&[0; 1000]).await.unwrap();
        }
    };
    tokio::select! {
        biased;
        () = fill => {}
        () = settled() => {}
    }
    assert_eq!(held, 64 * 1024);
    reader.read_exact(&mut [0; 10]).await.unwrap();
    assert_eq!(soon(writer.write(&[0; 1000])).await.unwrap(), 10);
}

#[tokio::test]
async fn a_pipe_whose_writer_was_dropped_fails_its_reader_after_what_was_written() {
    let (mut writer, mut reader) = pipe();
    writer.write_all(b"half").await.unwrap();
    drop(writer);
    let mut found = Vec::new();
    let error = soon(reader.read_to_end(&mut found)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(found, b"half");
}

#[tokio::test]
async fn dropping_the_reader_of_a_pipe_fails_a_writer_that_waits() {
    let (mut writer, reader) = pipe();
    let filled = writer.write_all(&[0; 100_000]);
    let (written, ()) = soon(async {
        tokio::join!(filled, async {
            settled().await;
            drop(reader);
        })
    })
    .await;
    assert_eq!(written.unwrap_err().kind(), ErrorKind::BrokenPipe);
    let ended = writer.shutdown().await.unwrap_err();
    assert_eq!(ended.kind(), ErrorKind::BrokenPipe);
}

#[tokio::test]
async fn dropping_the_far_reader_of_a_pipe_fails_its_writer() {
    let (mut writer, reader) = pipe();
    let reader = lent_reader(reader, &MemoryBroker::default()).await;
    drop(reader);
    let endless = async { while writer.write_all(&[0; 1000]).await.is_ok() {} };
    soon(endless).await;
}
