//! The stories: each prints its transcript as it goes, all but the line about the exit.

mod callbacks;
mod counter;
mod flows;
mod kv;
mod logs;
mod negotiated;
mod panics;
mod reattach;
mod reflect;
mod stdio;
mod store;
mod test_mode;

use std::future::Future;
use std::time::Duration;

use crate::{Failure, HostArgs, Launched, Story};

/// How long a story may take, from the connected plugin to the last answer.
const STORY_TIMEOUT: Duration = Duration::from_secs(20);

/// Tells a story of the kv programs to its end.
///
/// # Errors
/// In words, whatever went wrong.
pub async fn tell_kv(mut launched: Launched, args: &HostArgs) -> Result<(), Failure> {
    launched.check_tls(args.tls)?;
    let launched = &mut launched;
    match args.story {
        Story::Kv => in_time(kv::tell(launched)).await?,
        Story::Negotiated => in_time(negotiated::tell(launched)).await?,
        Story::Stdio => in_time(stdio::tell(launched)).await?,
        Story::Logs => in_time(logs::tell(launched)).await?,
        Story::Reflect => in_time(reflect::tell(launched)).await?,
        // Their plugins do not end by being closed in the session that launched them.
        Story::Reattach => return reattach::tell(launched, args).await,
        Story::Panics => return in_time(panics::tell(launched)).await,
        Story::TestMode => return Err("a plugin in test mode is not launched".into()),
    }
    println!("{}", launched.close().await);
    Ok(())
}

/// Tells the story of a kv plugin in test mode, which no host launches, to its end.
///
/// # Errors
/// In words, whatever went wrong.
pub async fn tell_test_mode(args: &HostArgs) -> Result<(), Failure> {
    in_time(test_mode::tell(args)).await
}

/// Tells the story of the counter programs to its end.
///
/// # Errors
/// In words, whatever went wrong.
pub async fn tell_counter(launched: Launched, args: &HostArgs) -> Result<(), Failure> {
    launched.check_tls(args.tls)?;
    in_time(counter::tell(&launched)).await?;
    println!("{}", launched.close().await);
    Ok(())
}

/// Tells the story of the callbacks programs to its end.
///
/// # Errors
/// In words, whatever went wrong.
pub async fn tell_callbacks(launched: Launched, args: &HostArgs) -> Result<(), Failure> {
    launched.check_tls(args.tls)?;
    in_time(callbacks::tell(&launched, args.at_once)).await?;
    println!("{}", launched.close().await);
    Ok(())
}

/// Tells a story of the store programs to its end: of calls, or of what flows.
///
/// # Errors
/// In words, whatever went wrong.
pub async fn tell_store(launched: Launched, args: &HostArgs) -> Result<(), Failure> {
    launched.check_tls(args.tls)?;
    if !args.flows {
        in_time(store::tell(&launched)).await?;
    } else if !in_time(flows::tell(&launched)).await? {
        println!("refused: flows");
        return Ok(launched.session.close().await.map(drop)?);
    }
    println!("{}", launched.close().await);
    Ok(())
}

async fn in_time<T>(story: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout(STORY_TIMEOUT, story)
        .await
        .map_err(|_| format!("the story took more than {STORY_TIMEOUT:?}"))?
}
