//! A broker in memory: both sides of a session in one.

use std::collections::HashMap;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use pintle_core::{BoxError, BoxFuture, Broker, Stream as Wire, StreamOffer, Tasks};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::sync::oneshot;

/// How much a stream holds each way.
pub(super) const WIRE_BYTES: usize = 64 * 1024;

#[derive(Clone, Debug)]
pub(super) struct MemoryBroker {
    next: Arc<AtomicU32>,
    offered: Arc<Mutex<HashMap<u32, oneshot::Sender<Wire>>>>,
    tasks: Tasks,
    wire_bytes: usize,
    vectored: bool,
}

impl Default for MemoryBroker {
    fn default() -> Self {
        Self {
            next: Arc::default(),
            offered: Arc::default(),
            tasks: Tasks::new(),
            wire_bytes: WIRE_BYTES,
            vectored: true,
        }
    }
}

impl MemoryBroker {
    /// One whose streams hold only so much.
    pub(super) fn narrow(wire_bytes: usize) -> Self {
        Self {
            wire_bytes,
            ..Self::default()
        }
    }

    /// One whose streams take one slice at a time.
    pub(super) fn not_vectored() -> Self {
        Self {
            vectored: false,
            ..Self::default()
        }
    }

    /// Offers a stream for a peer that is played by hand.
    pub(super) async fn by_hand(&self) -> (u32, impl Future<Output = Wire> + use<>) {
        let offer = self.offer().await.unwrap();
        (offer.id(), async { offer.accept().await.unwrap() })
    }
}

impl Broker for MemoryBroker {
    fn offer(&self) -> BoxFuture<'_, Result<StreamOffer, BoxError>> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (give, arriving) = oneshot::channel();
        self.offered.lock().unwrap().insert(id, give);
        let offer = StreamOffer::new(id, async { Ok(arriving.await?) });
        Box::pin(async { Ok(offer) })
    }

    fn stream(&self, id: u32) -> BoxFuture<'_, Result<Wire, BoxError>> {
        let give = self.offered.lock().unwrap().remove(&id);
        let (near, far) = wires(self.wire_bytes, self.vectored);
        Box::pin(async move {
            let give = give.ok_or("nothing is offered under this id")?;
            give.send(near).map_err(|_| "the offer was taken back")?;
            Ok(far)
        })
    }

    fn tasks(&self) -> Tasks {
        self.tasks.clone()
    }
}

/// Both ends of a stream that ends as a transport's does.
pub(super) fn wires(bytes: usize, vectored: bool) -> (Wire, Wire) {
    let (near, far) = tokio::io::duplex(bytes);
    let [near_ended, far_ended] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
    let end = |io, ended: &Arc<AtomicBool>, peer_ended: &Arc<AtomicBool>| {
        Wire::new(End {
            io,
            ended: Arc::clone(ended),
            peer_ended: Arc::clone(peer_ended),
            vectored,
        })
    };
    let near = end(near, &near_ended, &far_ended);
    (near, end(far, &far_ended, &near_ended))
}

/// An end that is reset by a peer which was dropped without shutdown.
struct End {
    io: DuplexStream,
    ended: Arc<AtomicBool>,
    peer_ended: Arc<AtomicBool>,
    vectored: bool,
}

impl AsyncRead for End {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = to.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(cx, to))?;
        let at_end = to.filled().len() == before && to.remaining() > 0;
        if at_end && !self.peer_ended.load(Ordering::SeqCst) {
            return Poll::Ready(Err(ErrorKind::ConnectionReset.into()));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for End {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        assert!(self.vectored, "this stream takes one slice at a time");
        Pin::new(&mut self.io).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.vectored
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.ended.store(true, Ordering::SeqCst);
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
