//! The host's side of pintle's contenders.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use pintle::{BoxError, Bytes, CallError, Callback, Host, OutputTo, Reader, Session, Transports};
use tokio::io::AsyncReadExt;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::answer::Answer;
use crate::by_hand;
use crate::command::Command;
use crate::contender::{Over, Way};
use crate::contract::{Bell, HANDSHAKE, SMALL_BYTES, Work, WorkClient};
use crate::sevens::Sevens;

/// How much is read at a time.
const PIECE_BYTES: usize = 256 * 1024;

/// A host and the plugins it has launched.
#[derive(Debug)]
pub struct PintleHost {
    way: Way,
    host: Host,
    printed: Arc<Printed>,
    launched: Vec<(Session, Client)>,
}

/// What a plugin is called through.
#[derive(Clone, Debug)]
enum Client {
    Trait(WorkClient),
    Hand(by_hand::Echo),
}

impl PintleHost {
    /// A host that has launched nothing.
    pub fn new(way: Way) -> Self {
        let printed = Arc::new(Printed::default());
        let counter = Arc::clone(&printed);
        let mut host = Host::new(HANDSHAKE)
            .stdout(OutputTo::each(move |chunk| counter.add(chunk.len())))
            .stderr(OutputTo::Inherit);
        if !way.tls {
            host = host.plaintext();
        }
        Self {
            way,
            host,
            printed,
            launched: Vec::new(),
        }
    }

    /// Does what it is told.
    ///
    /// # Errors
    /// When a launch or a call fails.
    pub async fn run(&mut self, command: Command) -> Result<Answer, BoxError> {
        if command == Command::Launch {
            return self.launch().await;
        }
        let (_, client) = self.launched.first().ok_or("nothing is launched")?;
        let client = client.clone();
        if let Command::Unary {
            bytes,
            in_flight,
            calls,
        } = command
        {
            return took(unary(client, bytes, in_flight, calls)).await;
        }
        let Client::Trait(work) = client else {
            return Ok(Answer::Absent("only unary calls are written by hand"));
        };
        match command {
            Command::Callback { calls } => took(ring(&work, calls)).await,
            Command::Dial { count } => {
                took(async {
                    for _ in 0..count {
                        ring(&work, 1).await?;
                    }
                    Ok(())
                })
                .await
            }
            Command::Up { bytes } => took(up(&work, bytes)).await,
            Command::Down { bytes } => took(down(&work, bytes)).await,
            Command::Items { count } => took(items(&work, count)).await,
            Command::Flood { bytes } => took(self.printed.flood(&work, bytes)).await,
            Command::Launch | Command::Unary { .. } => unreachable!("handled above"),
        }
    }

    async fn launch(&mut self) -> Result<Answer, BoxError> {
        let plugin = std::env::current_exe()?.with_file_name("bench-plugin");
        let begin = Instant::now();
        let session = self
            .host
            .command(plugin)
            .launch(transports(self.way.over)?)
            .await?;
        let client = if self.way.by_hand {
            Client::Hand(by_hand::Echo::of(&session).await?)
        } else {
            Client::Trait(session.dispense::<dyn Work>().await?)
        };
        client.echo(small()).await?;
        let took = begin.elapsed();
        let pid = session.pid().ok_or("the plugin has no process")?;
        self.launched.push((session, client));
        Ok(Answer::Launched { took, pid })
    }

    /// Ends what was launched.
    pub async fn close(self) {
        let mut closing = JoinSet::new();
        for (session, _) in self.launched {
            closing.spawn(async move { drop(session.close().await) });
        }
        closing.join_all().await;
    }
}

impl Client {
    async fn echo(&self, payload: Bytes) -> Result<Bytes, BoxError> {
        match self {
            Self::Trait(client) => Ok(client.echo(payload).await?),
            Self::Hand(client) => client.echo(payload).await,
        }
    }
}

/// Errs where this program was built without the transport.
fn transports(over: Over) -> Result<Transports, BoxError> {
    match over {
        #[cfg(feature = "grpc")]
        Over::Grpc => Ok(pintle::Grpc.into()),
        #[cfg(feature = "grpc")]
        Over::GrpcMultiplexed => Ok(pintle::Grpc.multiplexed().into()),
        #[cfg(feature = "tarpc")]
        Over::Tarpc => Ok(pintle::Tarpc.into()),
        #[allow(unreachable_patterns, reason = "it has all transports, mostly")]
        over => Err(format!("this program was built without {over:?}").into()),
    }
}

fn small() -> Bytes {
    Bytes::from_static(&[7; SMALL_BYTES])
}

async fn took(work: impl Future<Output = Result<(), BoxError>>) -> Result<Answer, BoxError> {
    let begin = Instant::now();
    work.await?;
    Ok(Answer::Took(begin.elapsed()))
}

async fn unary(client: Client, bytes: usize, in_flight: usize, calls: u64) -> Result<(), BoxError> {
    let payload = Bytes::from(vec![7; bytes]);
    if in_flight == 1 {
        return caller(client, payload, Arc::new(AtomicU64::new(calls))).await;
    }
    let left = Arc::new(AtomicU64::new(calls));
    let mut callers = JoinSet::new();
    for _ in 0..in_flight {
        callers.spawn(caller(client.clone(), payload.clone(), Arc::clone(&left)));
    }
    while let Some(ended) = callers.join_next().await {
        ended??;
    }
    Ok(())
}

/// Calls as long as calls are left.
async fn caller(client: Client, payload: Bytes, left: Arc<AtomicU64>) -> Result<(), BoxError> {
    let one_less = |left: u64| left.checked_sub(1);
    while left
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
        .is_ok()
    {
        let answer = client.echo(payload.clone()).await?;
        if answer.len() != payload.len() {
            return Err("the answer has another length than the call".into());
        }
    }
    Ok(())
}

struct Echoing;

impl Bell for Echoing {
    async fn ring(&self, payload: Bytes) -> Result<Bytes, CallError> {
        Ok(payload)
    }
}

async fn ring(work: &WorkClient, times: u64) -> Result<(), BoxError> {
    Ok(work.ring(Callback::new(Echoing), times).await?)
}

async fn up(work: &WorkClient, bytes: u64) -> Result<(), BoxError> {
    let from = Reader::buffered(Sevens::new(bytes));
    whole(work.up(from).await?, bytes)
}

async fn down(work: &WorkClient, bytes: u64) -> Result<(), BoxError> {
    let mut from = work.down(bytes).await?;
    let mut piece = vec![0; PIECE_BYTES];
    let mut so_far = 0;
    loop {
        match from.read(&mut piece).await? {
            0 => return whole(so_far, bytes),
            read => so_far += read as u64,
        }
    }
}

async fn items(work: &WorkClient, count: u64) -> Result<(), BoxError> {
    let mut items = pin!(work.items(count).await?);
    let mut so_far = 0;
    while let Some(item) = items.next().await {
        item?;
        so_far += 1;
    }
    whole(so_far, count)
}

fn whole(came: u64, expected: u64) -> Result<(), BoxError> {
    if came == expected {
        Ok(())
    } else {
        Err(format!("{came} came instead of {expected}").into())
    }
}

/// How much plugins have printed.
#[derive(Debug, Default)]
struct Printed {
    bytes: AtomicU64,
    more: Notify,
}

impl Printed {
    fn add(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.more.notify_one();
    }

    async fn flood(&self, work: &WorkClient, bytes: u64) -> Result<(), BoxError> {
        let until = self.bytes.load(Ordering::Relaxed) + bytes;
        work.flood(bytes).await?;
        let arrived = async {
            while self.bytes.load(Ordering::Relaxed) < until {
                self.more.notified().await;
            }
        };
        // What is in the pipe when the call is answered arrives a moment later, or never.
        tokio::time::timeout(Duration::from_secs(20), arrived).await?;
        Ok(())
    }
}
