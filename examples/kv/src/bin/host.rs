//! The host: `kv-host [--transport grpc|tarpc] put KEY VALUE` and `… get KEY`.
//!
//! The plugin is the program in `KV_PLUGIN`, or the one built beside this.

use std::error::Error;
use std::path::PathBuf;

use kv::{HANDSHAKE, KvPlugin};
use pintle::Host;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let (transport, words) = match words[..] {
        ["--transport", transport, ref words @ ..] => (Some(transport), words),
        ref words => (None, words),
    };

    let host = Host::new(HANDSHAKE);
    let transports = match transport {
        Some(word) => pintle::transports().only(word)?,
        None => pintle::transports(),
    };
    let session = host.command(plugin()?).launch(transports).await?;
    let kv = session.dispense::<KvPlugin>().await?;
    match *words {
        ["put", key, value] => kv.put(key, value.into()).await?,
        ["get", key] => println!("{}", String::from_utf8_lossy(&kv.get(key).await?)),
        ["transport"] => println!("{}", session.protocol()),
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
