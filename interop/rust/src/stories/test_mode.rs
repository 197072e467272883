//! A plugin that is started as any program, visited by the token it prints, and ended as any program.

use std::collections::BTreeMap;
use std::process::Stdio;

use kv::pb::kv_client::KvClient;
use pintle::grpc::Channel;
use pintle::{Host, Reattach, Session};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

use super::kv::{get, put};
use crate::{Failure, HANDSHAKE, HostArgs, KvPlugin, PROVIDER, TOKENS_VARIABLE};

/// Bounds the line that the plugin prints.
const TOKEN_LIMIT_BYTES: u64 = 64 * 1024;

/// Without TLS, whatever `args` say: test mode has none of its own.
pub(super) async fn tell(args: &HostArgs) -> Result<(), Failure> {
    let mut plugin = Command::new(&args.plugin)
        .args(&args.plugin_args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = plugin.stdout.take().ok_or("stdout is piped")?;
    let token = token(stdout).await?;

    let (session, mut kv) = visit(&token).await?;
    put(&mut kv, "hello", b"world").await?;
    println!("first visit: put hello = world");
    session.close().await?;

    let (session, mut kv) = visit(&token).await?;
    let value = get(&mut kv, "hello").await?;
    println!("second visit: get hello = {}", String::from_utf8(value)?);
    session.close().await?;

    let (session, _) = visit(&token).await?;
    session.ping().await?;
    println!("third visit: ping: ok");
    session.close().await?;

    if let Some(status) = plugin.try_wait()? {
        return Err(format!("visiting has ended the plugin: {status}").into());
    }
    terminate(&mut plugin)?;
    let status = plugin.wait().await?;
    if !status.success() {
        return Err(format!("the plugin in test mode ended badly: {status}").into());
    }
    println!("exit: clean");
    Ok(())
}

async fn token(stdout: impl AsyncRead + Unpin) -> Result<Reattach, Failure> {
    let mut line = String::new();
    let mut stdout = BufReader::new(stdout.take(TOKEN_LIMIT_BYTES));
    stdout.read_line(&mut line).await?;
    let token = assigned(&line).and_then(|mut tokens| tokens.remove(PROVIDER));
    let token = token.ok_or_else(|| format!("no token of {PROVIDER} on stdout but {line:?}"))?;
    if !token.is_test() {
        return Err(format!("{token:?} is of no plugin in test mode").into());
    }
    Ok(token)
}

/// What the variable is once a shell has read the line.
fn assigned(line: &str) -> Option<BTreeMap<String, Reattach>> {
    let quoted = line.trim_end().strip_prefix(TOKENS_VARIABLE)?;
    let quoted = quoted.strip_prefix("='")?.strip_suffix('\'')?;
    serde_json::from_str(&quoted.replace(r"'\''", "'")).ok()
}

async fn visit(token: &Reattach) -> Result<(Session, KvClient<Channel>), Failure> {
    let host = Host::new(HANDSHAKE).plaintext();
    let session = host.reattach(token, pintle::Grpc).await?;
    if session.is_secure() {
        return Err("there is TLS in test mode, where nobody asked for it".into());
    }
    let kv = session.dispense::<KvPlugin>().await?;
    Ok((session, kv))
}

/// Asks the process to end, as a person would who has started it in a terminal.
#[cfg(unix)]
fn terminate(plugin: &mut Child) -> Result<(), Failure> {
    use rustix::process::{Pid, Signal, kill_process};
    let pid = plugin.id().and_then(|pid| i32::try_from(pid).ok());
    let pid = pid.and_then(Pid::from_raw).ok_or("the plugin has ended")?;
    Ok(kill_process(pid, Signal::TERM)?)
}

#[cfg(not(unix))]
fn terminate(plugin: &mut Child) -> Result<(), Failure> {
    Ok(plugin.start_kill()?)
}
