//! A session in full use.

use std::sync::Arc;
use std::time::Duration;

use pintle::{BoxError, Bytes, EndReason};
use pintle_testkit::conformance::{Ask, CallError, Conformant, Peer, Printed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Everything a session is used for, at once, until it ends.
pub(crate) struct Load {
    /// Each gives what it failed with.
    tasks: JoinSet<(Use, BoxError)>,
}

/// What a session is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    CallsBack,
    Streams,
    /// Nothing but calls of the plugin.
    Calls,
}

/// How long a call may take that is not lost: far longer than [`TOLD`], so that one that hangs is not
/// taken for one that was told.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long it may take on a busy machine until every call has failed of a session that has ended.
const TOLD: Duration = Duration::from_secs(5);

impl Load {
    /// Begins, and returns when all of it has been used once or has failed.
    pub(crate) async fn begin(peer: &Arc<dyn Peer>) -> Self {
        let begun = Arc::new(Semaphore::new(0));
        let mut tasks = JoinSet::new();
        let mut used = 0;
        for number in 0..8 {
            let (peer, begun) = (Arc::clone(peer), Arc::clone(&begun));
            used += 1;
            let used_for = match number {
                0 => Use::CallsBack,
                1 => Use::Streams,
                _ => Use::Calls,
            };
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
                    if let Err(error) = done {
                        return (used_for, error);
                    }
                }
            });
        }
        let begun = begun.acquire_many(used).await;
        begun.expect("it is not closed").forget();
        Self { tasks }
    }

    /// Waits until all of it has noticed the end of the session, and knows why: `reason`.
    pub(crate) async fn end(mut self, reason: EndReason) {
        let ended = async {
            while let Some(ended) = self.tasks.join_next().await {
                let (used_for, error) = ended.expect("it does not panic");
                match error.downcast_ref::<CallError>() {
                    Some(CallError::Lost(closed)) => assert_eq!(closed.reason(), reason),
                    // A part of the session may be lost before the whole is.
                    Some(CallError::Deadline) => panic!("{used_for:?}: a call hangs"),
                    _ if used_for != Use::Calls => {}
                    _ => panic!("it does not know why: {error:?}"),
                }
            }
        };
        timeout(TOLD, ended).await.expect("a call hangs");
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
