use std::io::ErrorKind;
use std::path::PathBuf;

use pintle::grpc::tonic::{self, Request, Response, Status};

use crate::pb::kv_server::Kv;
use crate::pb::{Empty, GetRequest, GetResponse, PutRequest};

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
    fn path(&self, key: &str) -> Result<PathBuf, Status> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if key.is_empty() || !key.chars().all(plain) {
            return Err(Status::invalid_argument(format!("not a key: {key:?}")));
        }
        Ok(self.dir.join(format!("kv_{key}")))
    }
}

impl Default for Files {
    fn default() -> Self {
        Self::new(".")
    }
}

#[tonic::async_trait]
impl Kv for Files {
    async fn get(&self, request: Request<GetRequest>) -> Result<Response<GetResponse>, Status> {
        let key = request.into_inner().key;
        match tokio::fs::read(self.path(&key)?).await {
            Ok(value) => Ok(Response::new(GetResponse { value })),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(Status::not_found(format!("no such key: {key}")))
            }
            Err(error) => Err(Status::internal(error.to_string())),
        }
    }

    async fn put(&self, request: Request<PutRequest>) -> Result<Response<Empty>, Status> {
        let PutRequest { key, value } = request.into_inner();
        let written = tokio::fs::write(self.path(&key)?, value).await;
        written.map_err(|error| Status::internal(error.to_string()))?;
        Ok(Response::new(Empty {}))
    }
}
