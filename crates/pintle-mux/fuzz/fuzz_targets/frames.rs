//! Any bytes a peer may send, in pieces of any size, to a session whose streams are read, answered
//! and dropped: it must come to an end with a reason, without a panic and without a hang.
//!
//! `cargo +nightly fuzz run frames`

#![no_main]

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use libfuzzer_sys::fuzz_target;
use pintle_mux::{Config, Session};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

fuzz_target!(|input: (u8, Vec<u8>)| {
    let (piece, bytes) = input;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async move {
        let peer = Script { bytes, at: 0, piece: usize::from(piece) + 1 };
        let mut config = Config::default();
        config.max_streams = 8;
        let (session, driver) = Session::server(peer, config);
        let user = async {
            while let Some(mut stream) = session.accept().await {
                let mut some = [0; 100];
                let _ = stream.write(b"hello").await;
                if let Ok(length) = stream.read(&mut some).await
                    && some[..length].first().is_some_and(|byte| byte % 2 == 0)
                {
                    let _ = stream.shutdown().await;
                }
            }
        };
        tokio::join!(driver, user);
    });
});

/// Says its bytes, piece by piece, then closes; hears nothing.
struct Script {
    bytes: Vec<u8>,
    at: usize,
    piece: usize,
}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let end = self.bytes.len().min(self.at + self.piece.min(to.remaining()));
        to.put_slice(&self.bytes[self.at..end]);
        self.at = end;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Script {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, b: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(b.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
