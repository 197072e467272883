//! A plugin that crashes in the middle of a call: what the log has of it, and what the call gets.

use pintle::{Exit, SessionClosed};

use super::kv::put;
use crate::{Failure, KvPlugin, Launched};

const MESSAGE: &str = "out of cheese";

pub(super) async fn tell(launched: &mut Launched) -> Result<(), Failure> {
    let mut kv = launched.session.dispense::<KvPlugin>().await?;
    let Err(lost) = put(&mut kv, "panic", MESSAGE.as_bytes()).await else {
        return Err("a plugin that panicked answered".into());
    };
    eprintln!("{lost}");

    let line = format!("panic: {MESSAGE}");
    let entry = loop {
        let entry = launched.logs.recv().await.ok_or("the log ended")?;
        if entry.message == line {
            break entry;
        }
    };
    let level = entry.level.as_str().to_lowercase();
    println!("log {level}: {}", entry.message);

    let closed = SessionClosed::of(&lost).ok_or("the call does not say that the session ended")?;
    let panicked = closed.panicked().ok_or("the end does not name the panic")?;
    if panicked.message() != MESSAGE {
        return Err(format!("the end names another panic: {panicked}").into());
    }
    println!("call: lost");
    match closed.exit() {
        Some(exit @ (Exit::Code(_) | Exit::Signal(_))) if !exit.success() => {
            println!("exit: crashed");
        }
        exit => println!("exit: {exit:?}"),
    }
    Ok(())
}
