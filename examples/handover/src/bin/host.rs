//! The host: `handover-host` takes the plugin over that an earlier one left, or launches it, and
//! leaves it; `handover-host stop` ends it.
//!
//! The token is in the file that `HANDOVER_TOKEN` names, or in the directory for temporary files.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use handover::{HANDSHAKE, Visitors};
use pintle::{BoxError, Host, LaunchFailure, Reattach, Session};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let stop = std::env::args().nth(1).is_some_and(|word| word == "stop");
    let token = token_file();
    let session = match reattach(&token).await? {
        Some(session) => session,
        None if stop => {
            println!("nothing to stop");
            return Ok(());
        }
        None => launch(&token).await?,
    };
    let visitors = session.dispense::<dyn Visitors>().await?;
    println!("visitor {}", visitors.enter().await?);

    if stop {
        session.close().await?;
        std::fs::remove_file(&token)?;
        println!("stopped");
    } else {
        session.detach().await?;
        println!("left running");
    }
    Ok(())
}

/// The plugin that an earlier host left, if it is still there.
async fn reattach(file: &Path) -> Result<Option<Session>, BoxError> {
    let token = match Reattach::load(file) {
        Ok(token) => token,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    match Host::new(HANDSHAKE)
        .reattach(&token, pintle::transports())
        .await
    {
        Ok(session) => Ok(Some(session)),
        Err(error) => match error.failure() {
            LaunchFailure::Gone | LaunchFailure::Replaced => Ok(None),
            _ => Err(error.into()),
        },
    }
}

/// A new one. The token is saved at once: should this host be killed, the next one has it.
async fn launch(file: &Path) -> Result<Session, BoxError> {
    let command = Host::new(HANDSHAKE).command(plugin()?).detached();
    let session = command.launch(pintle::transports()).await?;
    session.token()?.save(file)?;
    Ok(session)
}

fn token_file() -> PathBuf {
    match std::env::var_os("HANDOVER_TOKEN") {
        Some(file) => file.into(),
        None => std::env::temp_dir().join("handover.token"),
    }
}

fn plugin() -> std::io::Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name("handover-plugin"))
}
