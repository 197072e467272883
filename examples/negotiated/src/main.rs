//! `cargo run -p negotiated -- 2 3`: a host that accepts these versions meets a plugin that has 2 and 3.
//!
//! One program is both, so that one command builds everything: with the
//! argument `plugin` it is the plugin.

use std::error::Error;

use kv::KvPlugin;
use kv::pb::{GetRequest, PutRequest};
use negotiated::{HANDSHAKE, version_2, version_3};
use pintle::{Grpc, Host, ServeError};

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("plugin") => Ok(plugin()?),
        _ => host(),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn plugin() -> Result<(), ServeError> {
    pintle::serve(HANDSHAKE)
        .plugins(2, version_2())
        .plugins(3, version_3())
        .run(Grpc)
        .await
}

#[tokio::main]
async fn host() -> Result<(), Box<dyn Error>> {
    let mut versions: Vec<u32> = std::env::args()
        .skip(1)
        .map(|word| word.parse())
        .collect::<Result<_, _>>()?;
    if versions.is_empty() {
        versions = vec![2, 3];
    }

    let host = Host::new(HANDSHAKE).versions(versions);
    let session = host
        .command(std::env::current_exe()?)
        .arg("plugin")
        .launch(Grpc)
        .await?;
    println!("agreed on version {}", session.version());

    let mut kv = session.dispense::<KvPlugin>().await?;
    kv.put(PutRequest {
        key: "hello".to_owned(),
        value: "world".into(),
    })
    .await?;
    let found = kv
        .get(GetRequest {
            key: "hello".to_owned(),
        })
        .await?
        .into_inner();
    println!("hello = {}", String::from_utf8_lossy(&found.value));
    session.close().await?;
    Ok(())
}
