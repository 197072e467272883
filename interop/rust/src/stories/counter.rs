//! The plugin comes back to the host once for each number.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use counter::CounterPlugin;

use crate::{Failure, Launched};

pub(super) async fn tell(launched: &Launched) -> Result<(), Failure> {
    let counter = launched.session.dispense::<CounterPlugin>().await?;
    let calls = Arc::new(AtomicU32::new(0));
    for value in [1, 2, 3] {
        let calls = Arc::clone(&calls);
        let adder = move |a: i64, b: i64| {
            calls.fetch_add(1, Ordering::Relaxed);
            a.wrapping_add(b)
        };
        counter.add("n", value, adder).await?;
        println!("put n + {value}");
    }
    println!("counter n = {}", counter.get("n").await?);
    println!("helper calls: {}", calls.load(Ordering::Relaxed));
    Ok(())
}
