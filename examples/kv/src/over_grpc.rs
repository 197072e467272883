//! The store over gRPC, on the contract in `proto/kv.proto`.

use pintle::grpc::{Channel, GrpcClient, GrpcServer, limited, tonic};
use pintle::{Grpc, PluginOver};
use tonic::{Code, Request, Response, Status};

pub(crate) use pb::kv_client::KvClient;
use pb::kv_server::{Kv as Service, KvServer};
use pb::{Empty, GetRequest, GetResponse, PutRequest};

use crate::{Kv, KvError, KvPlugin, Store};

impl<S: Store> PluginOver<Grpc> for KvPlugin<S> {
    fn serve(&self, server: &mut GrpcServer) {
        let service = Served(self.store.clone());
        server.add(limited!(server, KvServer::new(service)));
        server.descriptors(DESCRIPTORS);
    }

    fn client(client: GrpcClient) -> Kv {
        Kv::Grpc(limited!(client, KvClient::new(client.channel())))
    }
}

struct Served<S>(S);

#[tonic::async_trait]
impl<S: Store> Service for Served<S> {
    async fn get(&self, request: Request<GetRequest>) -> Result<Response<GetResponse>, Status> {
        let value = self.0.get(request.into_inner().key).await?;
        Ok(Response::new(GetResponse { value }))
    }

    async fn put(&self, request: Request<PutRequest>) -> Result<Response<Empty>, Status> {
        let PutRequest { key, value } = request.into_inner();
        self.0.put(key, value).await?;
        Ok(Response::new(Empty {}))
    }
}

pub(crate) async fn get(mut client: KvClient<Channel>, key: &str) -> Result<Vec<u8>, KvError> {
    let key = key.to_owned();
    Ok(client.get(GetRequest { key }).await?.into_inner().value)
}

pub(crate) async fn put(
    mut client: KvClient<Channel>,
    key: &str,
    value: Vec<u8>,
) -> Result<(), KvError> {
    let key = key.to_owned();
    client.put(PutRequest { key, value }).await?;
    Ok(())
}

impl From<KvError> for Status {
    fn from(error: KvError) -> Self {
        let code = match error {
            KvError::NotFound(_) => Code::NotFound,
            KvError::Invalid(_) => Code::InvalidArgument,
            KvError::Failed(_) | KvError::Call(_) => Code::Internal,
        };
        Self::new(code, error.to_string())
    }
}

impl From<Status> for KvError {
    fn from(status: Status) -> Self {
        let text = status.message().to_owned();
        match status.code() {
            Code::NotFound => Self::NotFound(text),
            Code::InvalidArgument => Self::Invalid(text),
            Code::Internal | Code::Unknown => Self::Failed(text),
            _ => Self::call(status),
        }
    }
}

/// Generated from `proto/kv.proto`.
#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic)]
#[rustfmt::skip]
#[path = "generated/proto.rs"]
pub mod pb;

/// The encoded descriptors of the contract, for reflection.
const DESCRIPTORS: &[u8] = include_bytes!("generated/kv.bin");
