use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use pintle::{BoxError, ByteStream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;

use super::{Ask, Misdeed, PATIENCE, Printed, Serving, Side};
use crate::open_calls::OpenCalls;

/// What answers the suite: the same over every transport, in the plugin and in the host.
///
/// A clone is the same one.
#[derive(Clone)]
pub struct Conformant {
    shared: Arc<Shared>,
}

struct Shared {
    side: Arc<dyn Side>,
    open: OpenCalls,
    gathered: watch::Sender<u32>,
    serving: Mutex<Vec<Serving>>,
    misdeed: Option<Misdeed>,
}

impl Conformant {
    /// One that reaches the other side through `side`.
    pub fn new(side: Arc<dyn Side>) -> Self {
        Self::made(side, None)
    }

    /// One with a fault, which shows when asked to misbehave.
    pub(super) fn misbehaving(side: Arc<dyn Side>, misdeed: Misdeed) -> Self {
        Self::made(side, Some(misdeed))
    }

    fn made(side: Arc<dyn Side>, misdeed: Option<Misdeed>) -> Self {
        Self {
            shared: Arc::new(Shared {
                side,
                open: OpenCalls::default(),
                gathered: watch::Sender::default(),
                serving: Mutex::default(),
                misdeed,
            }),
        }
    }

    /// Does what is asked.
    ///
    /// # Errors
    /// What went wrong, with its causes: the text of [`CallError::Failed`](super::CallError).
    ///
    /// # Panics
    /// When asked to.
    pub async fn answer(&self, ask: Ask) -> Result<Bytes, String> {
        self.try_answer(ask).await.map_err(|error| told(&*error))
    }

    async fn try_answer(&self, ask: Ask) -> Result<Bytes, BoxError> {
        let Shared {
            side,
            open,
            gathered,
            serving,
            misdeed,
        } = &*self.shared;
        match ask {
            Ask::Repeat(bytes) => return Ok(bytes),
            Ask::Fail(text) => return Err(text.into()),
            Ask::Panic(text) => panic!("{text}"),
            Ask::Never => {
                let _open = open.enter();
                std::future::pending::<()>().await;
            }
            Ask::AwaitNever(wanted) => open.reach(wanted).await,
            Ask::Gather(calls) => {
                gathered.send_modify(|gathered| *gathered += 1);
                let mut gathered = gathered.subscribe();
                gathered.wait_for(|gathered| *gathered >= calls).await?;
            }
            Ask::Print(to, bytes) => {
                // What is printed may wait for the host, which waits for this thread's other calls.
                tokio::task::spawn_blocking(move || print(to, &bytes)).await??;
            }
            Ask::CallBack(id, bytes) => {
                let back = side.dial(id).await?;
                return Ok(back.ask(Ask::Repeat(bytes), PATIENCE).await?);
            }
            Ask::Serve => {
                // It serves one of its own: a service must not keep itself alive.
                let served = side.serve(Self::new(Arc::clone(side))).await?;
                let id = served.id();
                let mut serving = serving.lock().unwrap_or_else(PoisonError::into_inner);
                serving.push(served);
                return Ok(Bytes::copy_from_slice(&id.to_be_bytes()));
            }
            Ask::Relay(id) => {
                let relayed = relay(side.streams().stream(id).await?).await?;
                return Ok(Bytes::copy_from_slice(&relayed.to_be_bytes()));
            }
            Ask::Offer => {
                let offer = side.streams().offer().await?;
                let id = offer.id();
                // It ends with its stream, which ends with the session.
                tokio::spawn(async move { relay(offer.accept().await?).await });
                return Ok(Bytes::copy_from_slice(&id.to_be_bytes()));
            }
            Ask::Misbehave => match misdeed {
                Some(misdeed) => return misdeed().await,
                None => return Err("it knows no misdeed".into()),
            },
        }
        Ok(Bytes::new())
    }
}

impl fmt::Debug for Conformant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conformant").finish_non_exhaustive()
    }
}

/// Sends back what it reads, until there is no more; tells how much it was.
async fn relay(mut stream: ByteStream) -> Result<u64, BoxError> {
    let mut piece = vec![0; 64 * 1024];
    let mut relayed = 0;
    loop {
        let read = stream.read(&mut piece).await?;
        if read == 0 {
            stream.shutdown().await?;
            return Ok(relayed);
        }
        stream.write_all(&piece[..read]).await?;
        stream.flush().await?;
        relayed += read as u64;
    }
}

fn print(to: Printed, bytes: &[u8]) -> std::io::Result<()> {
    match to {
        Printed::Stdout => std::io::stdout().write_all(bytes)?,
        Printed::Stderr => std::io::stderr().write_all(bytes)?,
    }
    std::io::stdout().flush()
}

/// An error as it crosses the wire: its text with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
