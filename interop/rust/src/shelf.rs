//! What the store plugin does.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::stream;
use pintle::{Callback, Reader, Stream, Writer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::interface::{Change, Event, Kind, Origin, Progress, Store, StoreError};

/// How much is imported between two words about it.
const STEP_BYTES: u64 = 250_000;

/// The key that an endless stream puts when it is let go.
const LET_GO: &str = "let go";

type Values = BTreeMap<String, Vec<u8>>;

/// Values in memory.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    values: Arc<Mutex<Values>>,
}

impl Shelf {
    fn values(&self) -> MutexGuard<'_, Values> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pintle::plugin]
impl Store for Shelf {
    async fn put(&self, key: String, value: Vec<u8>) -> Result<(), StoreError> {
        self.values().insert(key, value);
        Ok(())
    }

    async fn get(&self, key: String) -> Result<Vec<u8>, StoreError> {
        let value = self.values().get(&key).cloned();
        value.ok_or(StoreError::NotFound(key))
    }

    async fn echo(&self, event: Event) -> Result<Event, StoreError> {
        Ok(event)
    }

    async fn count(&self, to: u64, progress: Callback<dyn Progress>) -> Result<u64, StoreError> {
        for step in 1..=to {
            progress.at(step).await?;
        }
        Ok(to)
    }

    async fn import(
        &self,
        key: String,
        mut body: Reader,
        progress: Option<Callback<dyn Progress>>,
    ) -> Result<u64, StoreError> {
        let mut value = Vec::new();
        loop {
            let mut step = (&mut body).take(STEP_BYTES);
            if step.read_to_end(&mut value).await.map_err(broken)? == 0 {
                break;
            }
            if let Some(progress) = &progress {
                progress.at(value.len() as u64).await?;
            }
        }
        let length = value.len() as u64;
        self.values().insert(key, value);
        Ok(length)
    }

    async fn export(&self, key: String, mut to: Writer) -> Result<(), StoreError> {
        let value = self.get(key).await?;
        to.write_all(&value).await.map_err(broken)?;
        to.shutdown().await.map_err(broken)
    }

    async fn watch(&self, prefix: String) -> Result<Stream<Event>, StoreError> {
        Ok(match &*prefix {
            "broken" => {
                let gone = io::Error::new(io::ErrorKind::NotFound, "gone");
                let events = [Ok(event_of("broken", b"whole")), Err(gone)];
                Stream::try_new(stream::iter(events))
            }
            "endless" => Stream::new(endless(self.clone())),
            _ => {
                let found = self.values();
                let found = found.iter().filter(|(key, _)| key.starts_with(&prefix));
                let events: Vec<_> = found.map(|(key, value)| event_of(key, value)).collect();
                Stream::new(stream::iter(events))
            }
        })
    }

    async fn feed(&self, mut events: Stream<Event>) -> Result<u64, StoreError> {
        let mut count = 0;
        while let Some(event) = events.next().await {
            let event = event.map_err(|error| StoreError::Broken(error.to_string()))?;
            if let Change::Bytes(bytes) = event.change {
                self.values().insert(event.key, bytes);
            }
            count += 1;
        }
        Ok(count)
    }
}

fn broken(error: io::Error) -> StoreError {
    StoreError::Broken(error.to_string())
}

/// What the contract says of a value: short ones are text, empty ones were removed.
fn event_of(key: &str, value: &[u8]) -> Event {
    let millis = value.len() as u64;
    let origin = Origin {
        host: "shelf".to_owned(),
        port: 7,
    };
    Event {
        key: key.to_owned(),
        kind: if value.is_empty() {
            Kind::Removed
        } else {
            Kind::Put
        },
        note: String::from_utf8(value.to_vec())
            .ok()
            .filter(|note| !note.is_empty()),
        counts: BTreeMap::from([("bytes".to_owned(), value.len() as i64)]),
        took: Duration::from_millis(millis),
        at: SystemTime::UNIX_EPOCH + Duration::from_millis(86_400_000 + millis),
        origin: origin.clone(),
        change: match value {
            [] => Change::Whole,
            bytes => Change::Bytes(bytes.to_vec()),
        },
        via: vec![origin],
    }
}

fn endless(shelf: Shelf) -> impl futures_util::Stream<Item = Event> + Send + 'static {
    let told = TellsWhenLetGo(shelf);
    stream::unfold(told, |told| async move {
        Some((event_of("endless", b"more"), told))
    })
}

struct TellsWhenLetGo(Shelf);

impl Drop for TellsWhenLetGo {
    fn drop(&mut self) {
        self.0.values().insert(LET_GO.to_owned(), Vec::new());
    }
}
