//! A session in full use.

use std::sync::Arc;
use std::time::Duration;

use pintle::{BoxError, Bytes};
use pintle_testkit::conformance::{Ask, Conformant, Peer, Printed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Everything a session is used for, at once, until it ends.
pub(crate) struct Load {
    tasks: JoinSet<()>,
}

/// How long a call may take that is not lost.
const PATIENCE: Duration = Duration::from_secs(15);

impl Load {
    /// Begins, and returns when all of it has been used once or has failed.
    pub(crate) async fn begin(peer: &Arc<dyn Peer>) -> Self {
        let begun = Arc::new(Semaphore::new(0));
        let mut tasks = JoinSet::new();
        let mut used = 0;
        for number in 0..8 {
            let (peer, begun) = (Arc::clone(peer), Arc::clone(&begun));
            used += 1;
            tasks.spawn(async move {
                let mut first = true;
                loop {
                    let done = match number {
                        0 => call_back(&*peer).await,
                        1 => stream(&*peer, &begun).await,
                        2 => ask(&*peer, Ask::Print(Printed::Stdout, text())).await,
                        3 => ask(&*peer, Ask::Print(Printed::Stderr, text())).await,
                        _ => ask(&*peer, Ask::Repeat(text())).await,
                    };
                    if std::mem::take(&mut first) {
                        begun.add_permits(1);
                    }
                    if done.is_err() {
                        return;
                    }
                }
            });
        }
        let begun = begun.acquire_many(used).await;
        begun.expect("it is not closed").forget();
        Self { tasks }
    }

    /// Waits until all of it has noticed the end of the session.
    pub(crate) async fn end(mut self) {
        let ended = async {
            while let Some(ended) = self.tasks.join_next().await {
                ended.expect("it does not panic");
            }
        };
        timeout(PATIENCE, ended).await.expect("a call hangs");
    }
}

fn text() -> Bytes {
    Bytes::from_static(&[b'x'; 1024])
}

async fn ask(peer: &dyn Peer, ask: Ask) -> Result<(), BoxError> {
    peer.ask(ask, PATIENCE).await?;
    Ok(())
}

async fn call_back(peer: &dyn Peer) -> Result<(), BoxError> {
    let side = peer.side();
    let served = side.serve(Conformant::new(Arc::clone(&side))).await?;
    ask(peer, Ask::CallBack(served.id(), text())).await
}

/// Sends through the plugin until the stream breaks.
async fn stream(peer: &dyn Peer, begun: &Semaphore) -> Result<(), BoxError> {
    let side = peer.side();
    let offer = side.streams().offer().await?;
    let relaying = ask(peer, Ask::Relay(offer.id()));
    let sending = async {
        let mut stream = timeout(PATIENCE, offer.accept()).await??;
        let mut back = [0; 1024];
        let mut pieces = 0;
        loop {
            stream.write_all(&text()).await?;
            stream.flush().await?;
            stream.read_exact(&mut back).await?;
            pieces += 1;
            if pieces == 1 {
                begun.add_permits(1);
            }
        }
    };
    tokio::select! {
        relayed = relaying => relayed,
        sent = sending => sent,
    }
}
