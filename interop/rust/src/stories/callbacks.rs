//! Each side serves under a broker id and the other dials, many times.

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::callbacks::CallbacksPlugin;
use crate::{Failure, Launched};

/// How often each side dials, one after the other and many at once.
const TIMES: usize = 100;

pub(super) async fn tell(launched: &Launched, at_once: usize) -> Result<(), Failure> {
    let callbacks = launched.session.dispense::<CallbacksPlugin>().await?;
    repeat(1, || callbacks.let_plugin_dial()).await?;
    println!("the plugin dialled {TIMES} times");
    repeat(at_once, || callbacks.let_plugin_dial()).await?;
    println!("the plugin dialled {TIMES} times, {at_once} at once");
    repeat(1, || callbacks.dial_plugin()).await?;
    println!("the host dialled {TIMES} times");
    repeat(at_once, || callbacks.dial_plugin()).await?;
    println!("the host dialled {TIMES} times, {at_once} at once");
    Ok(())
}

async fn repeat<F>(at_once: usize, act: impl Fn() -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    stream::iter(0..TIMES)
        .map(|_| act())
        .buffer_unordered(at_once)
        .try_collect()
        .await
}
