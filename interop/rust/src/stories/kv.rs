//! Plain calls, an error with its text, and an answer well over the 4 MiB at
//! which most gRPC libraries stop by default.

use kv::pb::kv_client::KvClient;
use kv::pb::{GetRequest, PutRequest};
use pintle::grpc::Channel;
use pintle::grpc::tonic::Status;

use crate::{Failure, KvPlugin, Launched};

pub(super) async fn tell(launched: &Launched) -> Result<(), Failure> {
    launched.session.ping().await?;
    println!("ping: ok");

    let mut kv = launched.session.dispense::<KvPlugin>().await?;
    put(&mut kv, "hello", b"world").await?;
    println!("put hello = world");
    let value = get(&mut kv, "hello").await?;
    println!("get hello = {}", String::from_utf8(value)?);

    let Err(refusal) = get(&mut kv, "missing").await else {
        return Err("a key was found that was never put".into());
    };
    println!("get missing: {:?} {}", refusal.code(), refusal.message());

    let big = get(&mut kv, "big:5000000").await?;
    let bytes = big.iter().filter(|byte| **byte == b'x').count();
    println!("big = {bytes} bytes");
    Ok(())
}

pub(super) async fn put(kv: &mut KvClient<Channel>, key: &str, value: &[u8]) -> Result<(), Status> {
    let request = PutRequest {
        key: key.to_owned(),
        value: value.to_vec(),
    };
    kv.put(request).await?;
    Ok(())
}

pub(super) async fn get(kv: &mut KvClient<Channel>, key: &str) -> Result<Vec<u8>, Status> {
    let request = GetRequest {
        key: key.to_owned(),
    };
    Ok(kv.get(request).await?.into_inner().value)
}
