//! The plugin comes back to the host once for each number.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use counter::{AddHelper, Counter};
use pintle::{CallError, Callback};

use crate::{Failure, Launched};

pub(super) async fn tell(launched: &Launched) -> Result<(), Failure> {
    let counter = launched.session.dispense::<dyn Counter>().await?;
    let adder = Arc::new(Adder::default());
    for value in [1, 2, 3] {
        let adder = Callback::shared(Arc::clone(&adder));
        counter.put(adder, "n".into(), value).await?;
        println!("put n + {value}");
    }
    println!("counter n = {}", counter.get("n".into()).await?);
    println!("helper calls: {}", adder.calls.load(Ordering::Relaxed));
    Ok(())
}

#[derive(Default)]
struct Adder {
    calls: AtomicU32,
}

impl AddHelper for Adder {
    async fn sum(&self, a: i64, b: i64) -> Result<i64, CallError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Ok(a.wrapping_add(b))
    }
}
