//! A message of an interface, written and read: twice in every call.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput};
use pintle::Bytes;
use pintle::interface::{Message, Pieces};

/// A little of each kind of field that interfaces are made of.
#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
struct Record {
    key: String,
    revision: u64,
    payload: Bytes,
    labels: Vec<String>,
    parent: Option<Origin>,
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
struct Origin {
    host: String,
    port: u32,
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let record = Record {
        key: "accounts/4711".to_owned(),
        revision: 1_700_000_000,
        payload: vec![7; 1024].into(),
        labels: ["red", "green", "blue"].map(str::to_owned).into(),
        parent: Some(Origin {
            host: "db-1.example".to_owned(),
            port: 5432,
        }),
    };
    let bytes = encoded(&record);
    assert_eq!(Record::decode(bytes.clone()), Ok(record.clone()));

    let mut group = criterion.benchmark_group("message");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("encode", |bencher| {
        bencher.iter(|| encoded(black_box(&record)));
    });
    group.bench_function("decode", |bencher| {
        bencher.iter_batched(|| bytes.clone(), Record::decode, BatchSize::SmallInput);
    });
    group.finish();
}

/// As it is written for a call: with its length known before.
fn encoded(message: &impl Message) -> Bytes {
    let mut bytes = Pieces::with_capacity(message.fields_len());
    message.put_fields(&mut bytes);
    bytes.into_bytes()
}
