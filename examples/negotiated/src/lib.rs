//! One interface in two versions.
//!
//! Version 2 of the store keeps values as they are; version 3 adds how often a
//! key was put. A plugin serves both, so that old hosts keep working, and a
//! host that knows both gets the newer.

use std::collections::HashMap;
use std::sync::Arc;

use kv::KvPlugin;
use kv::pb::kv_server::Kv;
use kv::pb::{Empty, GetRequest, GetResponse, PutRequest};
use pintle::grpc::tonic::{self, Request, Response, Status};
use pintle::{Handshake, PluginSet};
use tokio::sync::Mutex;

/// The cookie; the versions are said by each side for itself.
pub const HANDSHAKE: Handshake = Handshake::new("NEGOTIATED_PLUGIN", "hello");

/// What version 2 serves.
pub fn version_2() -> PluginSet {
    PluginSet::new().plugin(KvPlugin::new(Memory {
        counted: false,
        values: Arc::default(),
    }))
}

/// What version 3 serves.
pub fn version_3() -> PluginSet {
    PluginSet::new().plugin(KvPlugin::new(Memory {
        counted: true,
        values: Arc::default(),
    }))
}

#[derive(Clone)]
struct Memory {
    /// Whether an answer tells how often its key was put.
    counted: bool,
    values: Arc<Mutex<HashMap<String, (u32, Vec<u8>)>>>,
}

#[tonic::async_trait]
impl Kv for Memory {
    async fn get(&self, request: Request<GetRequest>) -> Result<Response<GetResponse>, Status> {
        let key = request.into_inner().key;
        let values = self.values.lock().await;
        let (puts, value) = values
            .get(&key)
            .ok_or_else(|| Status::not_found(format!("no such key: {key}")))?;
        let mut value = value.clone();
        if self.counted {
            value.extend_from_slice(format!(" (put {puts} times)").as_bytes());
        }
        Ok(Response::new(GetResponse { value }))
    }

    async fn put(&self, request: Request<PutRequest>) -> Result<Response<Empty>, Status> {
        let PutRequest { key, value } = request.into_inner();
        let mut values = self.values.lock().await;
        let (puts, kept) = values.entry(key).or_default();
        *puts += 1;
        *kept = value;
        Ok(Response::new(Empty {}))
    }
}
