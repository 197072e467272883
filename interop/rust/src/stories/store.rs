//! Values, typed errors and callbacks through an interface.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use pintle::interface::Message as _;
use pintle::{CallError, Callback, Code};

use crate::interface::{Change, Event, Kind, Origin, Progress, Store, StoreError};
use crate::{Failure, Launched};

pub(super) async fn tell(launched: &Launched) -> Result<(), Failure> {
    let store = launched.session.dispense::<dyn Store>().await?;
    store.put("hello".into(), b"world".into()).await?;
    println!("put hello = world");
    let value = store.get("hello".into()).await?;
    println!("get hello = {}", String::from_utf8(value)?);
    match store.get("missing".into()).await {
        Err(error) => println!("get missing: {}", describe(&error)),
        Ok(_) => return Err("a key was found that was never put".into()),
    }

    for event in [full(), empty()] {
        println!("echo {}", text(&store.echo(event).await?));
    }

    let told = Told::default();
    let counted = store.count(3, Callback::new(told.clone())).await?;
    println!("count = {counted}, told of {}", told.text());
    match store.count(3, Callback::new(Enough)).await {
        Err(error) => println!("count stopped: {}", describe(&error)),
        Ok(_) => return Err("it was counted past enough".into()),
    }
    Ok(())
}

/// An error in the transcript's words: its status, and what the message in its details holds.
pub(super) fn describe(error: &StoreError) -> String {
    let code = error.code();
    match error {
        StoreError::NotFound(key) => format!("{code:?} not_found {key}"),
        StoreError::Broken(text) => format!("{code:?} broken {text}"),
        StoreError::Lost(CallError::Failed { code: lost, text }) => {
            format!("{code:?} lost {lost:?} {text}")
        }
        StoreError::Lost(error) => format!("{code:?} lost {error}"),
    }
}

/// An event in the transcript's words.
pub(super) fn text(event: &Event) -> String {
    let origin = |origin: &Origin| format!("{}:{}", origin.host, origin.port);
    let counts = event.counts.iter().map(|(name, n)| format!("{name}={n}"));
    let at = match event.at.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => after.as_nanos() as i128,
        Err(before) => -(before.duration().as_nanos() as i128),
    };
    let change = match &event.change {
        Change::Whole => "whole".to_owned(),
        Change::Bytes(bytes) => format!("bytes {:?}", String::from_utf8_lossy(bytes)),
        Change::Range { from, to: None } => format!("range {from}.."),
        Change::Range { from, to: Some(to) } => format!("range {from}..{to}"),
    };
    format!(
        "{:?} {:?}, note {}, counts {}, took {}, at {at}, from {}, {change}, via {}",
        event.key,
        event.kind,
        event
            .note
            .as_ref()
            .map_or("none".to_owned(), |note| format!("{note:?}")),
        list(counts),
        event.took.as_nanos(),
        origin(&event.origin),
        list(event.via.iter().map(origin)),
    )
}

fn list(texts: impl Iterator<Item = String>) -> String {
    let texts: Vec<_> = texts.collect();
    match texts.is_empty() {
        true => "none".to_owned(),
        false => texts.join(" "),
    }
}

/// Something in every field, and what is easily lost: nothing that is there, and time before zero.
fn full() -> Event {
    let origin = |host: &str, port| Origin {
        host: host.to_owned(),
        port,
    };
    Event {
        key: "full".to_owned(),
        kind: Kind::Removed,
        note: Some(String::new()),
        counts: BTreeMap::from([("down".to_owned(), -3), ("none".to_owned(), 0)]),
        took: Duration::new(1, 5),
        at: SystemTime::UNIX_EPOCH - Duration::from_millis(1_500),
        origin: origin("here", 65_535),
        change: Change::Range {
            from: 0,
            to: Some(0),
        },
        via: vec![origin("a", 1), origin("", 0)],
    }
}

/// Nothing in any field that can do without.
fn empty() -> Event {
    Event {
        key: String::new(),
        kind: Kind::Put,
        note: None,
        counts: BTreeMap::new(),
        took: Duration::ZERO,
        at: SystemTime::UNIX_EPOCH,
        origin: Origin {
            host: String::new(),
            port: 0,
        },
        change: Change::Range { from: 3, to: None },
        via: Vec::new(),
    }
}

/// Keeps what it hears.
#[derive(Clone, Debug, Default)]
pub(super) struct Told(Arc<Mutex<Vec<u64>>>);

impl Told {
    pub(super) fn text(&self) -> String {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter()
            .map(u64::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

impl Progress for Told {
    async fn at(&self, done: u64) -> Result<(), CallError> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.push(done);
        Ok(())
    }
}

/// Has enough after the first step.
struct Enough;

impl Progress for Enough {
    async fn at(&self, done: u64) -> Result<(), CallError> {
        match done {
            1 => Ok(()),
            _ => Err(CallError::with_code(Code::Aborted, "enough")),
        }
    }
}
