use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::codec::Codec;

/// A value of a service, in either codec.
///
/// What was read is written, is no longer than what came, and is read and written again alike; it
/// has no more elements than it has bytes for.
pub fn values(bytes: &[u8]) {
    for codec in Codec::ALL {
        let Ok(value) = codec.read::<Everything>(bytes) else {
            continue;
        };
        assert!(value.elements() <= bytes.len() + FREE_ELEMENTS);
        let written = write(codec, &value);
        assert!(written.len() <= bytes.len());
        let again = codec.read::<Everything>(&written);
        let again = again.expect("a value that was read, as it was written");
        // By its bytes: not every number is equal to itself.
        assert_eq!(write(codec, &again), written);
    }
}

const FREE_ELEMENTS: usize = 4096;

fn write(codec: Codec, value: &Everything) -> Vec<u8> {
    let mut written = Vec::new();
    let done = codec.write(value, &mut written);
    assert!(done.is_ok(), "{done:?}");
    written
}

/// One of everything that serde knows.
#[derive(Debug, Serialize, Deserialize)]
struct Everything {
    flag: bool,
    number: i64,
    wide: u128,
    fraction: f64,
    letter: char,
    text: String,
    bytes: Bytes,
    one: One,
    nothings: Vec<()>,
    list: Vec<(i8, Option<u16>)>,
    map: BTreeMap<String, One>,
    within: Option<Box<Everything>>,
    more: Vec<Everything>,
}

#[derive(Debug, Serialize, Deserialize)]
enum One {
    Unit,
    New(u8),
    Tuple(u8, u16),
    Struct { a: bool, b: Vec<One> },
}

impl Everything {
    fn elements(&self) -> usize {
        let own = self.nothings.len() + self.list.len() + self.map.len() + self.more.len();
        let inner = self.within.as_deref().into_iter().chain(&self.more);
        own + inner.map(Self::elements).sum::<usize>()
    }
}
