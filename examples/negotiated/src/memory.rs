use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use pintle::grpc::tonic::{self, Request, Response, Status};

use crate::{v2, v3};

/// What both versions are served from: values in memory, and how often each was put.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    entries: Arc<Mutex<HashMap<String, Entry>>>,
}

#[derive(Clone, Debug, Default)]
struct Entry {
    value: String,
    puts: u32,
}

impl Memory {
    fn put(&self, key: String, value: String) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.entry(key).or_default();
        entry.value = value;
        entry.puts += 1;
    }

    fn get(&self, key: &str) -> Result<Entry, Status> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let found = entries.get(key).cloned();
        found.ok_or_else(|| Status::not_found(format!("no such key: {key}")))
    }
}

#[tonic::async_trait]
impl v2::store_server::Store for Memory {
    async fn put(
        &self,
        request: Request<v2::PutRequest>,
    ) -> Result<Response<v2::PutResponse>, Status> {
        let v2::PutRequest { key, value } = request.into_inner();
        self.put(key, value);
        Ok(Response::new(v2::PutResponse {}))
    }

    async fn get(
        &self,
        request: Request<v2::GetRequest>,
    ) -> Result<Response<v2::GetResponse>, Status> {
        let Entry { value, .. } = self.get(&request.into_inner().key)?;
        Ok(Response::new(v2::GetResponse { value }))
    }
}

#[tonic::async_trait]
impl v3::store_server::Store for Memory {
    async fn put(
        &self,
        request: Request<v3::PutRequest>,
    ) -> Result<Response<v3::PutResponse>, Status> {
        let v3::PutRequest { key, value } = request.into_inner();
        self.put(key, value);
        Ok(Response::new(v3::PutResponse {}))
    }

    async fn get(
        &self,
        request: Request<v3::GetRequest>,
    ) -> Result<Response<v3::GetResponse>, Status> {
        let Entry { value, puts } = self.get(&request.into_inner().key)?;
        Ok(Response::new(v3::GetResponse { value, puts }))
    }
}
