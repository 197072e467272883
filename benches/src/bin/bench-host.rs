//! `bench-host NAME`: the host of every contender that is written in Rust; see README.md.

use std::io::{self, Write};
use std::thread;

use benches::answer::Answer;
use benches::command::Command;
use benches::contender::Contender;
use benches::pintle_host::PintleHost;
use benches::raw::RawHost;
use pintle::BoxError;
use tokio::runtime::Builder;
use tokio::sync::mpsc;

fn main() -> Result<(), BoxError> {
    let name = std::env::args().nth(1).ok_or("usage: bench-host NAME")?;
    let contender: Contender = name.parse()?;
    let mut runtime = match contender {
        Contender::Pintle(way) if way.threads => Builder::new_multi_thread(),
        _ => Builder::new_current_thread(),
    };
    let runtime = runtime.enable_all().build()?;
    let lines = lines();
    // Not on the thread that waits in `block_on`: calls of a server are not made there either.
    runtime.block_on(async { tokio::spawn(host(contender, lines)).await? })
}

async fn host(contender: Contender, mut lines: mpsc::Receiver<String>) -> Result<(), BoxError> {
    let mut host = match contender {
        Contender::RawBlocking => AnyHost::Raw(RawHost::blocking()),
        Contender::RawTokio => AnyHost::Raw(RawHost::tokio()),
        Contender::Pintle(way) => AnyHost::Pintle(PintleHost::new(way)),
    };
    while let Some(line) = lines.recv().await {
        let answer = match line.parse() {
            Ok(command) => host.run(command).await,
            Err(error) => Err(BoxError::from(error)),
        };
        let answer = answer.unwrap_or_else(|error| Answer::Failed(chain(&*error)));
        writeln!(io::stdout(), "{answer}")?;
    }
    if let AnyHost::Pintle(host) = host {
        host.close().await;
    }
    Ok(())
}

enum AnyHost {
    Raw(RawHost),
    Pintle(PintleHost),
}

impl AnyHost {
    async fn run(&mut self, command: Command) -> Result<Answer, BoxError> {
        match self {
            Self::Raw(host) => host.run(command).await,
            Self::Pintle(host) => host.run(command).await,
        }
    }
}

/// The lines of stdin, read by a thread so that the runtime goes on while none comes.
fn lines() -> mpsc::Receiver<String> {
    let (to, lines) = mpsc::channel(1);
    thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            if to.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// An error and its causes on one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
