//! The interface that the tests of calls share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use pintle::{CallError, Callback, Code, PluginSet, Session, Transport};
use tokio::sync::{Barrier, mpsc};

/// Values by keys, and a few ways to misbehave.
#[pintle::interface]
pub(crate) trait Store {
    /// Puts a value under a key.
    async fn put(&self, key: String, value: Vec<u8>) -> Result<(), StoreError>;

    /// The value under a key.
    async fn get(&self, key: String) -> Result<Vec<u8>, StoreError>;

    /// Gives back what it is given.
    async fn echo(&self, event: Event) -> Result<Event, CallError>;

    /// Counts, and tells how far it is.
    #[pintle(idempotent)]
    async fn count(
        &self,
        to: u64,
        progress: Option<Callback<dyn Progress>>,
    ) -> Result<u64, CallError>;

    /// Gives something back that can be called.
    async fn cursor(&self) -> Result<Callback<dyn Cursor>, StoreError>;

    /// What an implementation without a name of its own is called.
    async fn name(&self) -> Result<String, CallError> {
        Ok(format!("a store of {}", self.count(3, None).await?))
    }

    /// Never answers.
    async fn hang(&self) -> Result<(), CallError>;

    /// Never answers, and need not.
    #[pintle(deadline = "300ms")]
    async fn hang_a_while(&self) -> Result<(), CallError>;

    /// Has nothing to say.
    async fn forget(&self, key: String);

    /// Answers two calls when there are two.
    async fn meet(&self) -> Result<(), CallError>;

    /// Fails as a bug makes it fail.
    async fn panic(&self) -> Result<(), CallError>;

    /// Fails in words.
    async fn refuse(&self) -> Result<(), CallError>;
}

/// How far something is.
#[pintle::interface]
pub(crate) trait Progress {
    /// It is there.
    async fn at(&self, step: u64);
}

/// Keys, one after the other.
#[pintle::interface]
pub(crate) trait Cursor {
    /// The next key.
    async fn next(&self) -> Result<Option<String>, CallError>;
}

/// A change.
#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) key: String,
    #[pintle(default = 7)]
    pub(crate) version: u32,
    pub(crate) kind: Kind,
    pub(crate) parts: Vec<Part>,
    pub(crate) notes: BTreeMap<String, i64>,
}

#[pintle::message]
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Added,
    Removed,
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part {
    Whole,
    Bytes(Vec<u8>),
    Range { from: u64, to: Option<u64> },
}

#[pintle::message]
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("no such key: {0}")]
    #[pintle(code = "not_found")]
    NotFound(String),
    #[error("full: {used} of {limit}")]
    Full { used: u64, limit: u64 },
    #[error("the store is gone")]
    Lost(#[from] CallError),
}

/// A store in memory, as a plugin's author writes it.
pub(crate) struct Memory {
    values: Mutex<BTreeMap<String, Vec<u8>>>,
    pair: Barrier,
    said: mpsc::UnboundedSender<Said>,
}

/// What happens within the plugin, for a test to wait for.
#[derive(Debug, PartialEq)]
pub(crate) enum Said {
    Hanging,
    Cancelled,
    Forgot(String),
}

impl Memory {
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<Said>) {
        let (said, heard) = mpsc::unbounded_channel();
        let memory = Self {
            values: Mutex::default(),
            pair: Barrier::new(2),
            said,
        };
        (memory, heard)
    }

    async fn forever(&self) -> Result<(), CallError> {
        struct OnDrop(mpsc::UnboundedSender<Said>);
        impl Drop for OnDrop {
            fn drop(&mut self) {
                let _ = self.0.send(Said::Cancelled);
            }
        }
        let _cancelled = OnDrop(self.said.clone());
        let _ = self.said.send(Said::Hanging);
        std::future::pending().await
    }
}

#[pintle::plugin]
impl Store for Memory {
    async fn put(&self, key: String, value: Vec<u8>) -> Result<(), StoreError> {
        let mut values = self.values.lock().unwrap();
        if values.len() == 2 {
            return Err(StoreError::Full { used: 2, limit: 2 });
        }
        values.insert(key, value);
        Ok(())
    }

    async fn get(&self, key: String) -> Result<Vec<u8>, StoreError> {
        let found = self.values.lock().unwrap().get(&key).cloned();
        found.ok_or(StoreError::NotFound(key))
    }

    async fn echo(&self, event: Event) -> Result<Event, CallError> {
        Ok(event)
    }

    async fn count(
        &self,
        to: u64,
        progress: Option<Callback<dyn Progress>>,
    ) -> Result<u64, CallError> {
        for step in 0..to {
            if let Some(progress) = &progress {
                progress.at(step).await;
            }
        }
        Ok(to)
    }

    async fn cursor(&self) -> Result<Callback<dyn Cursor>, StoreError> {
        let keys = self.values.lock().unwrap().keys().rev().cloned().collect();
        Ok(Callback::new(Keys(Mutex::new(keys))))
    }

    async fn hang(&self) -> Result<(), CallError> {
        self.forever().await
    }

    async fn hang_a_while(&self) -> Result<(), CallError> {
        self.forever().await
    }

    async fn forget(&self, key: String) {
        self.values.lock().unwrap().remove(&key);
        let _ = self.said.send(Said::Forgot(key));
    }

    async fn meet(&self) -> Result<(), CallError> {
        self.pair.wait().await;
        Ok(())
    }

    async fn panic(&self) -> Result<(), CallError> {
        panic!("a bug")
    }

    async fn refuse(&self) -> Result<(), CallError> {
        Err(CallError::with_code(Code::PermissionDenied, "not today"))
    }
}

struct Keys(Mutex<Vec<String>>);

impl Cursor for Keys {
    async fn next(&self) -> Result<Option<String>, CallError> {
        Ok(self.0.lock().unwrap().pop())
    }
}

/// Remembers each step.
#[derive(Clone, Default)]
pub(crate) struct Steps(pub(crate) Arc<Mutex<Vec<u64>>>);

impl Progress for Steps {
    async fn at(&self, step: u64) {
        self.0.lock().unwrap().push(step);
    }
}

/// A store behind a transport, its session, and what happens within it.
pub(crate) async fn dispense(
    transport: impl Transport,
) -> (StoreClient, Session, mpsc::UnboundedReceiver<Said>) {
    let (memory, heard) = Memory::new();
    let plugins = PluginSet::new().plugin(memory);
    let session = pintle::in_process_over(plugins, transport).await.unwrap();
    let store = session.dispense::<dyn Store>().await.unwrap();
    (store, session, heard)
}
