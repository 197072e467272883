//! What the kv plugin does.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use kv::pb::kv_server::Kv;
use kv::pb::{Empty, GetRequest, GetResponse, PutRequest};
use pintle::grpc::tonic::{self, Request, Response, Status};
use tracing::{debug, error, info, trace, warn};

/// Bounds what a host can make this process allocate.
const MAX_BIG_BYTES: usize = 64 << 20;

/// A store in memory. A few keys are not stored but make the process do
/// something that a host can watch from outside.
#[derive(Clone, Debug)]
pub struct Store {
    suffix: Arc<str>,
    values: Arc<Mutex<HashMap<String, Vec<u8>>>>,
}

impl Store {
    /// A store that appends `suffix` to every value it is given.
    pub fn new(suffix: &str) -> Self {
        Self {
            suffix: suffix.into(),
            values: Arc::default(),
        }
    }
}

#[tonic::async_trait]
impl Kv for Store {
    async fn get(&self, request: Request<GetRequest>) -> Result<Response<GetResponse>, Status> {
        let key = request.into_inner().key;
        let value = match key.strip_prefix("big:") {
            Some(size) => big(size)?,
            None if key == "pid" => std::process::id().to_string().into_bytes(),
            None if key == "panic" => return Err(panic_elsewhere().await),
            None => {
                let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
                let value = values.get(&key).cloned();
                value.ok_or_else(|| Status::not_found(format!("no such key: {key}")))?
            }
        };
        Ok(Response::new(GetResponse { value }))
    }

    async fn put(&self, request: Request<PutRequest>) -> Result<Response<Empty>, Status> {
        let PutRequest { key, mut value } = request.into_inner();
        match &*key {
            "stdout" => write(io::stdout(), &value)?,
            "stderr" => write(io::stderr(), &value)?,
            "log" => log_once_per_level(&String::from_utf8_lossy(&value)),
            "panic" => end_by_panic(String::from_utf8_lossy(&value).into_owned()).await,
            _ => {
                value.extend_from_slice(self.suffix.as_bytes());
                let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
                values.insert(key, value);
            }
        }
        Ok(Response::new(Empty {}))
    }
}

fn big(size: &str) -> Result<Vec<u8>, Status> {
    let bytes = size.parse().ok().filter(|bytes| *bytes <= MAX_BIG_BYTES);
    let bytes = bytes.ok_or_else(|| Status::invalid_argument(format!("bad size: {size}")))?;
    Ok(vec![b'x'; bytes])
}

/// Panics in a task of its own, so that the answer is in the contract's words
/// while the panic itself is reported as any other.
async fn panic_elsewhere() -> Status {
    const ASKED: &str = "asked to panic";
    let panicking = tokio::spawn(async { panic!("{ASKED}") });
    let _: Result<(), _> = panicking.await;
    Status::internal(ASKED)
}

/// Ends the process by a panic, as every one does that is built with `panic = "abort"`; a panic of
/// the call itself would end the call only.
async fn end_by_panic(message: String) {
    std::thread::spawn(move || {
        let _ = std::panic::catch_unwind(|| panic!("{message}"));
        std::process::abort();
    });
    std::future::pending::<()>().await;
}

fn write(mut output: impl Write, value: &[u8]) -> Result<(), Status> {
    let written = output.write_all(value).and_then(|()| output.flush());
    written.map_err(|error| Status::internal(error.to_string()))
}

fn log_once_per_level(message: &str) {
    let (answer, name) = (42, "kv");
    trace!(answer, name, "{message}");
    debug!(answer, name, "{message}");
    info!(answer, name, "{message}");
    warn!(answer, name, "{message}");
    error!(answer, name, "{message}");
}

#[cfg(test)]
mod tests {
    use pintle::grpc::tonic::Code;

    use super::*;

    async fn get(store: &Store, key: &str) -> Result<Vec<u8>, Status> {
        let key = key.to_owned();
        let got = store.get(Request::new(GetRequest { key })).await?;
        Ok(got.into_inner().value)
    }

    #[tokio::test]
    async fn a_stored_value_carries_the_suffix_of_its_version() {
        let store = Store::new(" (v3)");
        let request = PutRequest {
            key: "hello".to_owned(),
            value: b"world".to_vec(),
        };
        store.put(Request::new(request)).await.unwrap();
        assert_eq!(get(&store, "hello").await.unwrap(), b"world (v3)");
    }

    #[tokio::test]
    async fn a_key_that_cannot_be_answered_is_refused_with_its_reason() {
        for (key, code, message) in [
            ("missing", Code::NotFound, "no such key: missing"),
            ("panic", Code::Internal, "asked to panic"),
            ("big:67108865", Code::InvalidArgument, "bad size: 67108865"),
            ("big:-1", Code::InvalidArgument, "bad size: -1"),
            ("big:", Code::InvalidArgument, "bad size: "),
        ] {
            let status = get(&Store::new(""), key).await.unwrap_err();
            assert_eq!((status.code(), status.message()), (code, message));
        }
    }

    #[tokio::test]
    async fn big_answers_exactly_the_bytes_asked_for() {
        for (key, bytes) in [("big:0", 0), ("big:1", 1), ("big:5000000", 5_000_000)] {
            assert_eq!(get(&Store::new(""), key).await.unwrap().len(), bytes);
        }
    }
}
