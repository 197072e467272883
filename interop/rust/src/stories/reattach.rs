//! A plugin that outlives the session, and is found again by its token.

use pintle::{Host, LaunchFailure, Reattach};

use super::in_time;
use super::kv::{get, put};
use crate::{Failure, HANDSHAKE, HostArgs, KvPlugin, Launched};

pub(super) async fn tell(launched: &Launched, args: &HostArgs) -> Result<(), Failure> {
    let session = &launched.session;
    let token = session.token()?;
    let told = in_time(leave_and_return(launched, args)).await;
    if told.is_err() {
        // Nobody else ends what has outlived its session.
        session.kill().await;
        if let Ok(session) = host(args).reattach(&token, args.grpc()).await {
            session.kill().await;
        }
    }
    told
}

/// What comes back has nothing but the token, and its own word on TLS.
fn host(args: &HostArgs) -> Host {
    let host = Host::new(HANDSHAKE);
    if args.tls { host } else { host.plaintext() }
}

async fn leave_and_return(launched: &Launched, args: &HostArgs) -> Result<(), Failure> {
    let mut kv = launched.session.dispense::<KvPlugin>().await?;
    put(&mut kv, "hello", b"world").await?;
    println!("put hello = world");
    let launched_pid = get(&mut kv, "pid").await?;

    let token = serde_json::to_string(&launched.session.detach().await?)?;
    if get(&mut kv, "hello").await.is_ok() {
        return Err("the session that was left still takes calls".into());
    }
    let token: Reattach = serde_json::from_str(&token)?;

    let session = host(args).reattach(&token, args.grpc()).await?;
    if session.is_secure() != args.tls {
        return Err(format!("TLS asked for: {}, in use: {}", args.tls, !args.tls).into());
    }
    let mut kv = session.dispense::<KvPlugin>().await?;
    let found_pid = get(&mut kv, "pid").await?;
    if found_pid != launched_pid {
        return Err(format!("launched {launched_pid:?}, reattached to {found_pid:?}").into());
    }
    println!("reattached to the same process");
    let value = get(&mut kv, "hello").await?;
    println!("get hello = {}", String::from_utf8(value)?);

    session.close().await?;
    let Err(refused) = host(args).reattach(&token, args.grpc()).await else {
        return Err("the plugin was closed, and is still there".into());
    };
    match refused.failure() {
        // It has ended, or has ended and has yet to be waited for.
        LaunchFailure::Gone | LaunchFailure::ExitedUnconnected { .. } => println!("exit: gone"),
        _ => return Err(refused.into()),
    }
    Ok(())
}
