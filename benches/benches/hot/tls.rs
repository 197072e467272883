//! AutoMTLS: a key on each side of a launch, and a handshake for each connection.

use criterion::Criterion;
use pintle::mtls::{Curve, Identity, Tls};
use tokio::io::duplex;

use crate::runtime;

/// More than either side says in a handshake.
const BUFFER_BYTES: usize = 64 * 1024;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mtls");
    group.bench_function("identity", |bencher| bencher.iter(identity));

    let (host, plugin) = (identity(), identity());
    let dialling = Tls::auto(&host, plugin.certificate().clone());
    let accepting = Tls::auto(&plugin, host.certificate().clone());
    group.bench_function("handshake", |bencher| {
        bencher.to_async(runtime()).iter(async || {
            let (near, far) = duplex(BUFFER_BYTES);
            tokio::try_join!(dialling.connect(near), accepting.accept(far))
                .expect("they know each other")
        });
    });
    group.finish();
}

fn identity() -> Identity {
    Identity::generate(Curve::default()).expect("a key can be made")
}
