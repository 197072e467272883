//! A trunk at each end, or a raw session at one that may do as it likes.

use std::time::Duration;

use futures_util::FutureExt;
use pintle_core::{Stream, Tasks};
use pintle_mux::{Config, Session};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use crate::trunk::{KnockError, SendAnswer, Side, Trunk, Turn};

/// Far longer than anything takes that is not to fail.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// What the two sides tell each other on their first stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Knock(u32),
    Ack(u32),
    Nack(u32),
}

/// One end: its trunk and its mouth.
pub(super) struct End {
    pub(super) trunk: Trunk,
    pub(super) tasks: Tasks,
    said: mpsc::UnboundedSender<Said>,
}

/// One end that knows no rules.
pub(super) struct Raw {
    pub(super) session: Session,
    pub(super) said: mpsc::UnboundedSender<Said>,
    pub(super) heard: mpsc::UnboundedReceiver<Said>,
    /// Ends what keeps the connection going.
    pub(super) tasks: Tasks,
}

/// A host and its plugin.
pub(super) async fn pair() -> (End, End) {
    pair_apart(Duration::ZERO).await
}

/// A host and its plugin, where each word takes a while to be heard.
pub(super) async fn pair_apart(distance: Duration) -> (End, End) {
    let (near, far) = tokio::io::duplex(64 * 1024);
    tokio::join!(host(near, distance), plugin(far, distance))
}

/// A raw host and a plugin.
pub(super) async fn raw_host() -> (Raw, End) {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let raw = async {
        let tasks = Tasks::new();
        let (session, driver) = Session::client(near, Config::default());
        tasks.spawn(driver.map(|_| ()));
        let (said, heard) = talk(&tasks, session.open().await.unwrap(), Duration::ZERO);
        Raw {
            session,
            said,
            heard,
            tasks,
        }
    };
    tokio::join!(raw, plugin(far, Duration::ZERO))
}

/// A host and a raw plugin.
pub(super) async fn raw_plugin() -> (End, Raw) {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let raw = async {
        let tasks = Tasks::new();
        let (session, driver) = Session::server(far, Config::default());
        tasks.spawn(driver.map(|_| ()));
        let (said, heard) = talk(&tasks, session.accept().await.unwrap(), Duration::ZERO);
        Raw {
            session,
            said,
            heard,
            tasks,
        }
    };
    tokio::join!(host(near, Duration::ZERO), raw)
}

async fn host(io: impl AsyncRead + AsyncWrite + Send + 'static, distance: Duration) -> End {
    let tasks = Tasks::new();
    let trunk = Trunk::new(Side::Host, tasks.clone());
    let first = trunk.open(Stream::new(io)).await.unwrap();
    End::begin(trunk, tasks, first, distance)
}

async fn plugin(
    io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    distance: Duration,
) -> End {
    let tasks = Tasks::new();
    let trunk = Trunk::new(Side::Plugin, tasks.clone());
    let (session, driver) = Session::server(io, Config::default());
    trunk.begin(session.clone(), Box::pin(driver.map(|_| ())));
    let first = Stream::new(session.accept().await.unwrap());
    End::begin(trunk, tasks, first, distance)
}

impl End {
    fn begin(trunk: Trunk, tasks: Tasks, first: Stream, distance: Duration) -> Self {
        let (said, mut heard) = talk(&tasks, first, distance);
        let hearing = trunk.clone();
        tasks.spawn(async move {
            while let Some(said) = heard.recv().await {
                match said {
                    Said::Knock(id) => hearing.knocked(id),
                    Said::Ack(id) => hearing.answered(id, Ok(())),
                    Said::Nack(id) => hearing.answered(id, Err("no".to_owned())),
                }
            }
            hearing.hang_up();
        });
        let answers = said.clone();
        let answer: SendAnswer = Box::new(move |id, error| {
            let answer = match error {
                None => Said::Ack(id),
                Some(_) => Said::Nack(id),
            };
            let _ = answers.send(answer);
        });
        tasks.spawn(trunk.clone().keep_doors(None, answer));
        Self { trunk, tasks, said }
    }

    pub(super) async fn dial(&self, id: u32) -> Result<(Stream, Turn), KnockError> {
        self.dial_within(id, PATIENCE).await
    }

    pub(super) fn dial_within(
        &self,
        id: u32,
        patience: Duration,
    ) -> impl Future<Output = Result<(Stream, Turn), KnockError>> + use<> {
        let said = self.said.clone();
        let knock = move || said.send(Said::Knock(id)).map_err(|_| KnockError::Closed);
        let trunk = self.trunk.clone();
        async move { trunk.dial(id, patience, knock).await }
    }
}

/// Speaks and hears on `stream`.
fn talk(
    tasks: &Tasks,
    stream: impl AsyncRead + AsyncWrite + Send + 'static,
    distance: Duration,
) -> (mpsc::UnboundedSender<Said>, mpsc::UnboundedReceiver<Said>) {
    let (mut read, mut write) = tokio::io::split(stream);
    let (said, mut to_say) = mpsc::unbounded_channel();
    let (to_hear, heard) = mpsc::unbounded_channel();
    tasks.spawn(async move {
        while let Some(said) = to_say.recv().await {
            let (word, id) = match said {
                Said::Knock(id) => (0, id),
                Said::Ack(id) => (1, id),
                Said::Nack(id) => (2, id),
            };
            let message = [&[word][..], &id.to_be_bytes()].concat();
            if !distance.is_zero() {
                tokio::time::sleep(distance).await;
            }
            if write.write_all(&message).await.is_err() {
                return;
            }
        }
    });
    tasks.spawn(async move {
        while let (Ok(word), Ok(id)) = (read.read_u8().await, read.read_u32().await) {
            let said = match word {
                0 => Said::Knock(id),
                1 => Said::Ack(id),
                _ => Said::Nack(id),
            };
            if to_hear.send(said).is_err() {
                return;
            }
        }
    });
    (said, heard)
}

/// Whether both ends of a stream are of one stream.
pub(super) async fn joined(near: &mut Stream, far: &mut Stream) -> bool {
    let sent = near.write_all(b"hello").await.is_ok() && near.flush().await.is_ok();
    let mut heard = [0; 5];
    sent && far.read_exact(&mut heard).await.is_ok() && &heard == b"hello"
}
