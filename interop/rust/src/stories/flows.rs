//! Readers, writers and streams through an interface, in both directions.

use std::collections::BTreeMap;
use std::io::{self, Cursor, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use futures_util::stream;
use pintle::{CallError, Callback, Reader, Stream, StreamError, Writer, pipe};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::store::{Told, describe, text};
use crate::interface::{Change, Event, Kind, Origin, Store, StoreClient, StoreError};
use crate::{Failure, Launched};

const BIG_BYTES: usize = 1_000_000;

/// False where the plugin says that it cannot have byte streams in this session.
pub(super) async fn tell(launched: &Launched) -> Result<bool, Failure> {
    let store = launched.session.dispense::<dyn Store>().await?;
    match import(&store).await {
        Err(StoreError::Lost(CallError::Unimplemented(why))) => {
            eprintln!("{why}");
            return Ok(false);
        }
        imported => imported?,
    }
    export(&store).await?;
    watch(&store).await?;
    feed(&store).await?;
    Ok(true)
}

async fn import(store: &StoreClient) -> Result<(), StoreError> {
    let told = Told::default();
    let progress = Some(Callback::new(told.clone()));
    let body = Reader::new(Cursor::new(big()));
    let bytes = store.import("big".into(), body, progress).await?;
    println!("import big = {bytes} bytes, told of {}", told.text());
    let body = Reader::new(&b""[..]);
    let bytes = store.import("a/2".into(), body, None).await?;
    println!("import nothing = {bytes} bytes");

    let (mut writer, body) = pipe();
    let written = async {
        writer.write_all(b"half").await?;
        let refused = io::Error::new(ErrorKind::PermissionDenied, "not yours");
        writer.fail(refused).await;
        Ok::<_, CallError>(())
    };
    let (imported, written) = tokio::join!(store.import("half".into(), body, None), written);
    written?;
    println!("import broken: {}", outcome(imported));
    Ok(())
}

async fn export(store: &StoreClient) -> Result<(), Failure> {
    let (to, mut from) = pipe();
    let mut found = Vec::new();
    let (exported, read) =
        tokio::join!(store.export("big".into(), to), from.read_to_end(&mut found));
    exported?;
    read?;
    let same = if found == big() { "the same" } else { "others" };
    println!("export big = {} bytes, {same}", found.len());

    let nowhere = Writer::new(tokio::io::sink());
    let exported = store.export("missing".into(), nowhere).await;
    println!("export missing: {}", outcome(exported));
    let exported = store.export("big".into(), Writer::new(Full)).await;
    println!("export refused: {}", outcome(exported));
    Ok(())
}

async fn watch(store: &StoreClient) -> Result<(), Failure> {
    store.put("a/1".into(), b"one".into()).await?;
    let mut events = store.watch("a/".into()).await?;
    while let Some(event) = events.next().await {
        println!("watch {}", text(&event?));
    }

    let mut events = store.watch("broken".into()).await?;
    let mut count = 0;
    let broken = loop {
        match events.next().await {
            Some(Ok(_)) => count += 1,
            Some(Err(StreamError::Failed { kind, text })) => break format!("{kind:?} {text}"),
            other => return Err(format!("no failure but {other:?}").into()),
        }
    };
    println!("watch broken: {count} event, then {broken}");

    let mut events = store.watch("endless".into()).await?;
    for _ in 0..3 {
        events.next().await.ok_or("endless events ended")??;
    }
    drop(events);
    while store.get("let go".into()).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!("watch endless: 3 events, then let go");
    Ok(())
}

async fn feed(store: &StoreClient) -> Result<(), Failure> {
    let events = ["one", "two", "three"].map(|value| fed("fed", value));
    let count = store.feed(Stream::new(stream::iter(events))).await?;
    let last = String::from_utf8(store.get("fed".into()).await?)?;
    println!("feed = {count} events, the last {last}");

    let late = io::Error::new(ErrorKind::TimedOut, "too late");
    let events = [Ok(fed("early", "in time")), Err(late)];
    let refused = store.feed(Stream::try_new(stream::iter(events))).await;
    println!("feed broken: {}", outcome(refused));
    Ok(())
}

fn outcome<T>(outcome: Result<T, StoreError>) -> String {
    outcome.map_or_else(|error| describe(&error), |_| "it went well".to_owned())
}

/// Bytes that a lost, doubled or misplaced piece would change.
fn big() -> Vec<u8> {
    (0..BIG_BYTES).map(|index| (index % 251) as u8).collect()
}

fn fed(key: &str, value: &str) -> Event {
    Event {
        key: key.to_owned(),
        kind: Kind::Put,
        note: None,
        counts: BTreeMap::new(),
        took: Duration::ZERO,
        at: SystemTime::UNIX_EPOCH,
        origin: Origin {
            host: "host".to_owned(),
            port: 0,
        },
        change: Change::Bytes(value.into()),
        via: Vec::new(),
    }
}

/// Takes nothing.
struct Full;

impl AsyncWrite for Full {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::Error::new(ErrorKind::StorageFull, "no room")))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
