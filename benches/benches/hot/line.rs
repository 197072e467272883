//! The handshake line: once in a launch, with a certificate that makes it long.

use std::hint::black_box;

use criterion::Criterion;
use pintle::HandshakeLine;
use pintle::mtls::{Curve, Identity};

pub(crate) fn bench(criterion: &mut Criterion) {
    let identity = Identity::generate(Curve::default()).expect("a key can be made");
    let certificate = identity.certificate().to_line();
    let text = format!("1|2|unix|/tmp/plugin1234567|grpc|{certificate}|true");
    let line: HandshakeLine = text.parse().expect("it is one");

    let mut group = criterion.benchmark_group("handshake line");
    group.bench_function("parse", |bencher| {
        bencher.iter(|| HandshakeLine::parse(black_box(&text)));
    });
    group.bench_function("print", |bencher| {
        bencher.iter(|| black_box(&line).to_string());
    });
    group.finish();
}
