//! `cargo run -p negotiated -- 2 3`: a host that accepts these versions meets a plugin that has 2 and 3.
//!
//! One program is both, so that one command builds everything: with the
//! argument `plugin` it is the plugin.

use std::error::Error;

use negotiated::{HANDSHAKE, Memory, StoreV2, StoreV3, v2, v3};
use pintle::{Grpc, Host, PluginSet, ServeError};

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("plugin") => Ok(plugin()?),
        _ => host(),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn plugin() -> Result<(), ServeError> {
    let memory = Memory::default();
    pintle::serve(HANDSHAKE)
        .plugins(2, PluginSet::new().plugin(StoreV2(memory.clone())))
        .plugins(3, PluginSet::new().plugin(StoreV3(memory)))
        .over(Grpc)
        .run()
        .await
}

#[tokio::main]
async fn host() -> Result<(), Box<dyn Error>> {
    let words = std::env::args().skip(1);
    let mut versions: Vec<u32> = words.map(|word| word.parse()).collect::<Result<_, _>>()?;
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

    let (key, value) = ("hello".to_owned(), "world".to_owned());
    if session.version() < 3.into() {
        let mut store = session.dispense::<StoreV2>().await?;
        store
            .put(v2::PutRequest {
                key: key.clone(),
                value,
            })
            .await?;
        let found = store.get(v2::GetRequest { key }).await?.into_inner();
        println!("hello = {}", found.value);
    } else {
        let mut store = session.dispense::<StoreV3>().await?;
        store
            .put(v3::PutRequest {
                key: key.clone(),
                value,
            })
            .await?;
        let found = store.get(v3::GetRequest { key }).await?.into_inner();
        println!("hello = {}, put {} time(s)", found.value, found.puts);
    }
    session.close().await?;
    Ok(())
}
