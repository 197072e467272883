//! Who leads the other side's streams to where they belong.

use futures_util::FutureExt;
use pintle_core::Stream;
use pintle_mux::Session;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::gate::{Answer, HOLD, Place};
use super::{SendAnswer, Trunk};

impl Trunk {
    /// Gives every stream the other side opens to the door it knocked at, and
    /// those without a knock to `main`. Ends with the connection.
    ///
    /// One task for streams and knocks: their order is what tells them apart.
    pub(crate) async fn keep_doors(self, main: Option<mpsc::Sender<Stream>>, answer: SendAnswer) {
        let Some(session) = self.shared.session().clone() else {
            return;
        };
        let Some(mut heard) = Ear::borrow(&self) else {
            return;
        };
        loop {
            let expiry = self.shared.gate().next_expiry();
            let expiry = expiry.unwrap_or_else(|| Instant::now() + HOLD);
            let answers = tokio::select! {
                biased;
                id = heard.next() => {
                    let Some(id) = id else { return };
                    self.place_waiting(&session, main.as_ref());
                    self.shared.gate().knock(id, Instant::now()).into_iter().collect()
                }
                () = self.shared.doors_changed.notified() => {
                    self.place_waiting(&session, main.as_ref());
                    self.shared.gate().settle(Instant::now())
                }
                stream = session.accept() => {
                    let Some(stream) = stream else { return };
                    self.place(Stream::new(stream), main.as_ref());
                    Vec::new()
                }
                () = tokio::time::sleep_until(expiry) => self.shared.gate().expire(Instant::now()),
            };
            for told in answers {
                match told {
                    Answer::Ack(id) => answer(id, None),
                    Answer::Nack(id, error) => answer(id, Some(error)),
                }
            }
        }
    }

    /// A stream that came before a knock is older than it.
    fn place_waiting(&self, session: &Session, main: Option<&mpsc::Sender<Stream>>) {
        while let Some(Some(stream)) = session.accept().now_or_never() {
            self.place(Stream::new(stream), main);
        }
    }

    fn place(&self, stream: Stream, main: Option<&mpsc::Sender<Stream>>) {
        let door = match self.shared.gate().place(Instant::now()) {
            Place::Door(door) => Some(door.clone()),
            Place::Main => main.cloned(),
            Place::Nowhere => None,
        };
        let Some(door) = door else {
            return tracing::debug!("a stream is refused: it is for nobody");
        };
        if door.try_send(stream).is_err() {
            tracing::debug!("a stream is refused: nobody takes it");
        }
    }
}

/// The knocks that are heard, given back when this is dropped: another connection may follow.
struct Ear<'t> {
    trunk: &'t Trunk,
    /// There until it is given back.
    heard: Option<mpsc::Receiver<u32>>,
}

impl<'t> Ear<'t> {
    /// `None` while somebody else has it.
    fn borrow(trunk: &'t Trunk) -> Option<Self> {
        let heard = trunk.shared.heard().take()?;
        Some(Self {
            trunk,
            heard: Some(heard),
        })
    }

    /// Cancel-safe.
    async fn next(&mut self) -> Option<u32> {
        self.heard.as_mut()?.recv().await
    }
}

impl Drop for Ear<'_> {
    fn drop(&mut self) {
        let mut heard = self.heard.take();
        // What was heard and not yet answered is of a connection that is gone.
        while heard.as_mut().is_some_and(|heard| heard.try_recv().is_ok()) {}
        *self.trunk.shared.heard() = heard;
    }
}
