//! The host: `kv-host put KEY VALUE` and `kv-host get KEY`.
//!
//! The plugin is the program in `KV_PLUGIN`, or the one built beside this.

use std::error::Error;
use std::path::PathBuf;

use kv::pb::{GetRequest, PutRequest};
use kv::{HANDSHAKE, KvPlugin};
use pintle::{Grpc, Host};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();

    let session = Host::new(HANDSHAKE).command(plugin()?).launch(Grpc).await?;
    let mut kv = session.dispense::<KvPlugin>().await?;
    match words[..] {
        ["put", key, value] => {
            kv.put(PutRequest {
                key: key.to_owned(),
                value: value.into(),
            })
            .await?;
        }
        ["get", key] => {
            let found = kv
                .get(GetRequest {
                    key: key.to_owned(),
                })
                .await?
                .into_inner();
            println!("{}", String::from_utf8_lossy(&found.value));
        }
        _ => return Err("usage: kv-host put KEY VALUE | kv-host get KEY".into()),
    }
    session.close().await?;
    Ok(())
}

fn plugin() -> std::io::Result<PathBuf> {
    match std::env::var_os("KV_PLUGIN") {
        Some(program) => Ok(program.into()),
        None => Ok(std::env::current_exe()?.with_file_name("kv-plugin")),
    }
}
