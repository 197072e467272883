use std::io::ErrorKind;
use std::path::PathBuf;

use crate::{KvError, Store};

/// A store with one file per key, named `kv_KEY`, in a directory.
#[derive(Clone, Debug)]
pub struct Files {
    dir: PathBuf,
}

impl Files {
    /// A store in `dir`, which must exist.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The file of a key; a key that would leave the directory is refused.
    fn path(&self, key: &str) -> Result<PathBuf, KvError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if key.is_empty() || !key.chars().all(plain) {
            return Err(KvError::Invalid(format!("not a key: {key:?}")));
        }
        Ok(self.dir.join(format!("kv_{key}")))
    }
}

impl Default for Files {
    fn default() -> Self {
        Self::new(".")
    }
}

impl Store for Files {
    async fn get(&self, key: String) -> Result<Vec<u8>, KvError> {
        let read = tokio::fs::read(self.path(&key)?).await;
        read.map_err(|error| match error.kind() {
            ErrorKind::NotFound => KvError::NotFound(format!("no such key: {key}")),
            _ => KvError::Failed(error.to_string()),
        })
    }

    async fn put(&self, key: String, value: Vec<u8>) -> Result<(), KvError> {
        let written = tokio::fs::write(self.path(&key)?, value).await;
        written.map_err(|error| KvError::Failed(error.to_string()))
    }
}
