//! `cargo bench -p benches --bench hot`: what the parts cost that every launch or every call goes
//! through.
//!
//! Each part is timed by itself, on one thread and in memory. A whole call is in `interface`, beside
//! one that was written by hand; what the multiplexer makes of a socket is in `mux`. The lines of a
//! plugin's log are read where nobody outside can reach, and are not here.

mod line;
mod message;
mod multiplexed;
mod tls;

use criterion::Criterion;
use tokio::runtime::{Builder, Runtime};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    line::bench(&mut criterion);
    message::bench(&mut criterion);
    multiplexed::bench(&mut criterion);
    tls::bench(&mut criterion);
    criterion.final_summary();
}

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be built")
}
