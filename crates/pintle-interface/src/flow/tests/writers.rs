use std::io::ErrorKind;

use pintle_core::Broker;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

#[tokio::test]
async fn a_completed_shutdown_means_that_the_sink_has_everything_and_is_shut_down() {
    for broker in [
        MemoryBroker::default(),
        MemoryBroker::not_vectored(),
        MemoryBroker::narrow(10),
    ] {
        let (sink, asked) = recorder();
        let mut writer = lent_writer(Writer::new(sink), &broker).await;
        let wanted = sequence(700_001);
        soon(writer.write_all(&wanted)).await.unwrap();
        soon(writer.shutdown()).await.unwrap();
        let asked = asked.borrow().clone();
        let written = asked.iter().filter_map(|asked| match asked {
            Asked::Write(bytes) => Some(&bytes[..]),
            _ => None,
        });
        assert!(written.collect::<Vec<_>>().concat() == wanted);
        assert_eq!(asked[asked.len() - 2..], [Asked::Shutdown, Asked::Dropped]);
        // Asked again, it is still so.
        writer.shutdown().await.unwrap();
        writer.flush().await.unwrap();
        let error = writer.write(b"more").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    }
}

#[tokio::test]
async fn shutdown_waits_for_a_sink_that_takes_its_time() {
    let (sink, mut slow) = pipe();
    let broker = MemoryBroker::narrow(100);
    let mut writer = lent_writer(sink, &broker).await;
    soon(writer.write_all(&[7; 64 * 1024])).await.unwrap();
    soon(writer.write_all(&[8; 90])).await.unwrap();
    let shutdown = tokio::spawn(async move { writer.shutdown().await });
    settled().await;
    assert!(!shutdown.is_finished());
    let mut found = Vec::new();
    soon(slow.read_to_end(&mut found)).await.unwrap();
    assert_eq!(found.len(), 64 * 1024 + 90);
    soon(shutdown).await.unwrap().unwrap();
}

#[tokio::test]
async fn the_sink_is_flushed_when_it_has_caught_up() {
    let (sink, mut asked) = recorder();
    let mut writer = lent_writer(Writer::new(sink), &MemoryBroker::default()).await;
    for line in ["one", "two"] {
        writer.write_all(line.as_bytes()).await.unwrap();
        let wanted = [Asked::Write(line.into()), Asked::Flush];
        soon(asked.wait_for(|asked| asked.ends_with(&wanted)))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn an_error_of_the_sink_fails_the_writer_with_its_kind_and_text() {
    let (mut sink, _asked) = recorder();
    sink.write = Some(no_space());
    let mut writer = lent_writer(Writer::new(sink), &MemoryBroker::default()).await;
    let written = soon(async {
        loop {
            writer.write_all(&[0; 1000]).await?;
            tokio::task::yield_now().await;
        }
        #[expect(unreachable_code, reason = "gives the block its type")]
        io::Result::Ok(())
    });
    assert_no_space(written.await);
    assert_no_space(writer.write(b"more").await);
    assert_no_space(writer.flush().await);
    assert_no_space(writer.shutdown().await);
}

#[tokio::test]
async fn an_error_of_the_sink_wakes_a_writer_that_waits_for_room() {
    struct FailsLater(tokio::sync::oneshot::Receiver<()>);
    impl AsyncWrite for FailsLater {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            _: &[u8],
        ) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.0).poll(cx).map(|_| Err(no_space()))
        }
        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }
    let (fail, later) = tokio::sync::oneshot::channel();
    let sink = Writer::new(FailsLater(later));
    let mut writer = lent_writer(sink, &MemoryBroker::default()).await;
    let writing = tokio::spawn(async move { writer.write_all(&[0; 10 << 20]).await });
    settled().await;
    assert!(!writing.is_finished());
    fail.send(()).unwrap();
    assert_no_space(soon(writing).await.unwrap());
}

#[tokio::test]
async fn a_sink_that_cannot_be_shut_down_fails_the_shutdown() {
    let (mut sink, _asked) = recorder();
    sink.shutdown = Some(no_space());
    let mut writer = lent_writer(Writer::new(sink), &MemoryBroker::default()).await;
    writer.write_all(b"nearly").await.unwrap();
    assert_no_space(soon(writer.shutdown()).await);
    assert_no_space(writer.shutdown().await);
}

#[tokio::test]
async fn a_sink_that_cannot_be_flushed_fails_the_writer() {
    let (mut sink, _asked) = recorder();
    sink.flush = Some(no_space());
    let mut writer = lent_writer(Writer::new(sink), &MemoryBroker::default()).await;
    writer.write_all(b"nearly").await.unwrap();
    settled().await;
    assert_no_space(soon(writer.shutdown()).await);
}

#[tokio::test]
async fn a_writer_dropped_without_shutdown_leaves_the_sink_without_one() {
    let (sink, mut asked) = recorder();
    let mut writer = lent_writer(Writer::new(sink), &MemoryBroker::default()).await;
    writer.write_all(b"half").await.unwrap();
    drop(writer);
    let asked = soon(asked.wait_for(|asked| asked.last() == Some(&Asked::Dropped))).await;
    let asked = asked.unwrap().clone();
    assert_eq!(asked[0], Asked::Write(b"half".into()));
    assert!(!asked.contains(&Asked::Shutdown), "{asked:?}");
}

#[tokio::test]
async fn a_writer_that_fails_tells_the_reader_of_the_pipe_why() {
    let (writer, mut reader) = pipe();
    let broker = MemoryBroker::default();
    let writer = lent_writer(writer, &broker).await;
    let mut writer = lent_writer(writer, &broker).await;
    writer.write_all(b"half").await.unwrap();
    writer.fail(no_space()).await;
    let mut found = Vec::new();
    assert_no_space(soon(reader.read_to_end(&mut found)).await);
    assert_eq!(found, b"half");
}

#[tokio::test]
async fn a_writer_whose_sink_is_gone_fails() {
    let broker = MemoryBroker::default();
    for shut_down in [true, false] {
        let (id, wire) = broker.by_hand().await;
        let mut writer = take_writer(id, &broker).await.unwrap();
        let mut wire = wire.await;
        if shut_down {
            wire.shutdown().await.unwrap();
        }
        drop(wire);
        let error = soon(writer.write(b"lost")).await.unwrap_err();
        let expected = match shut_down {
            true => ErrorKind::BrokenPipe,
            false => ErrorKind::ConnectionReset,
        };
        assert_eq!(error.kind(), expected);
        assert_eq!(writer.shutdown().await.unwrap_err().kind(), expected);
    }
}

#[tokio::test]
async fn a_write_that_was_given_up_leaves_the_flow_whole() {
    let (sink, asked) = recorder();
    let broker = MemoryBroker::narrow(1);
    let mut writer = lent_writer(Writer::new(sink), &broker).await;
    let mut wanted = Vec::new();
    for length in 1..100 {
        let piece = sequence(length);
        // Polled once, then given up, whatever it has done.
        let write = poll_fn(|cx| {
            let written = Pin::new(&mut writer).poll_write(cx, &piece);
            Poll::Ready(written)
        });
        if let Poll::Ready(written) = write.await {
            wanted.extend_from_slice(&piece[..written.unwrap()]);
        }
        tokio::task::yield_now().await;
    }
    soon(writer.shutdown()).await.unwrap();
    let mut found = Vec::new();
    for asked in &*asked.borrow() {
        if let Asked::Write(bytes) = asked {
            found.extend_from_slice(bytes);
        }
    }
    assert!(!wanted.is_empty());
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn a_sink_that_does_not_take_holds_the_writer_back() {
    let (sink, _reader) = pipe();
    let mut writer = lent_writer(sink, &MemoryBroker::default()).await;
    let mut written = 0;
    let endless = async {
        loop {
            written += writer.write(&[0; 1000]).await.unwrap();
        }
    };
    tokio::select! {
        biased;
        () = endless => {}
        () = settled() => {}
    }
    let held = 64 * 1024 + 2 * 64 * 1024 + 256 * 1024;
    assert!(written <= held, "{written}");
}

#[tokio::test]
async fn a_received_writer_can_be_given_on_and_still_delivers() {
    let broker = MemoryBroker::default();
    let (sink, asked) = recorder();
    let mut writer = Writer::new(sink);
    for _ in 0..3 {
        writer = lent_writer(writer, &broker).await;
    }
    writer.write_all(b"far").await.unwrap();
    soon(writer.shutdown()).await.unwrap();
    let asked = asked.borrow();
    assert_eq!(asked[0], Asked::Write(b"far".into()));
    assert!(asked.contains(&Asked::Shutdown), "{asked:?}");
}

#[tokio::test]
async fn no_answer_is_waited_for_by_a_sink_whose_writer_is_gone() {
    let broker = MemoryBroker::default();
    let lent = lend_writer(Writer::new(tokio::io::sink()), &broker).await;
    let lent = lent.unwrap();
    let mut wire = broker.stream(lent.id).await.unwrap();
    wire.write_all(b"\x02\x1a\x00").await.unwrap();
    drop(wire);
    soon(async {
        while broker.tasks().count() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
