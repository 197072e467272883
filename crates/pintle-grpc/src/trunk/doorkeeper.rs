//! Who leads the other side's streams to where they belong.

use std::sync::PoisonError;

use futures_util::FutureExt;
use pintle_core::Stream;
use pintle_mux::Session;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::gate::{Answer, HOLD};
use super::{SendAnswer, Trunk};

impl Trunk {
    /// Gives every stream the other side opens to the door it knocked at, and
    /// those without a knock to `main`. Ends with the connection.
    ///
    /// One task for streams and knocks: their order is what tells them apart.
    pub(crate) async fn keep_doors(self, main: Option<mpsc::Sender<Stream>>, answer: SendAnswer) {
        let Some(session) = self.shared.session.get().cloned() else {
            return;
        };
        let heard = self.shared.heard.lock();
        let heard = heard.unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut heard) = heard else { return };
        loop {
            let expiry = self.shared.gate().next_expiry();
            let expiry = expiry.unwrap_or_else(|| Instant::now() + HOLD);
            let answers = tokio::select! {
                biased;
                id = heard.recv() => {
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
        let door = self.shared.gate().place(Instant::now()).cloned();
        let Some(door) = door.as_ref().or(main) else {
            return tracing::debug!("a stream nobody knocked for is refused");
        };
        if door.try_send(stream).is_err() {
            tracing::debug!("a stream is refused: nobody takes it");
        }
    }
}
