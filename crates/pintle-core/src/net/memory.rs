//! Listeners and connections within one process.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::duplex;
use tokio::sync::mpsc;

use super::Stream;

/// How much one side may write ahead of the other's reading, in bytes.
const BUFFER_BYTES: usize = 256 * 1024;

/// How many connections may wait to be accepted.
const BACKLOG: usize = 128;

/// Where the two sides of a session within one process find each other's listeners.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: u64,
    listeners: HashMap<u64, mpsc::Sender<Stream>>,
}

impl Hub {
    /// A new listener and its number.
    pub(super) fn listen(hub: &Arc<Self>) -> (MemoryListener, u64) {
        let (sender, receiver) = mpsc::channel(BACKLOG);
        let mut state = hub.lock();
        state.last += 1;
        let number = state.last;
        state.listeners.insert(number, sender);
        drop(state);
        let listener = MemoryListener {
            number,
            incoming: tokio::sync::Mutex::new(receiver),
            hub: Arc::clone(hub),
        };
        (listener, number)
    }

    /// Connects to the listener of that number.
    pub(super) async fn dial(&self, number: u64) -> io::Result<Stream> {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let listener = self.lock().listeners.get(&number).cloned();
        let (near, far) = duplex(BUFFER_BYTES);
        listener
            .ok_or_else(refused)?
            .send(Stream::new(far))
            .await
            .map_err(|_| refused())?;
        Ok(Stream::new(near))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives its number back when dropped.
#[derive(Debug)]
pub(super) struct MemoryListener {
    number: u64,
    incoming: tokio::sync::Mutex<mpsc::Receiver<Stream>>,
    hub: Arc<Hub>,
}

impl MemoryListener {
    pub(super) async fn accept(&self) -> Stream {
        match self.incoming.lock().await.recv().await {
            Some(stream) => stream,
            // The hub has forgotten it, and does so only when it is dropped.
            None => std::future::pending().await,
        }
    }
}

impl Drop for MemoryListener {
    fn drop(&mut self) {
        self.hub.lock().listeners.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn who_dials_a_number_reaches_its_listener() {
        let hub = Arc::new(Hub::default());
        let (first, _) = Hub::listen(&hub);
        let (second, number) = Hub::listen(&hub);
        let mut near = hub.dial(number).await.unwrap();
        let mut far = second.accept().await;
        near.write_all(b"hello").await.unwrap();
        drop(near);
        let mut heard = String::new();
        far.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "hello");
        drop(first);
    }

    #[tokio::test]
    async fn a_listener_that_is_gone_refuses() {
        let hub = Arc::new(Hub::default());
        let (listener, number) = Hub::listen(&hub);
        drop(listener);
        let refused = hub.dial(number).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        assert!(hub.lock().listeners.is_empty());
    }
}
