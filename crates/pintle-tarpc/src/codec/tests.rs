use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;
use serde::Deserialize;

use super::guard::{FREE_ELEMENTS, MAX_DEPTH};
use super::*;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    number: u64,
    text: String,
    bytes: Bytes,
    maybe: Option<Box<Everything>>,
    list: Vec<(i8, char)>,
    map: BTreeMap<String, f64>,
    one: One,
    unit: (),
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum One {
    Unit,
    New(u8),
    Tuple(u8, u16),
    Struct { a: bool },
}

fn everything(one: One) -> Everything {
    Everything {
        number: u64::MAX,
        text: "täglich".into(),
        bytes: Bytes::from_static(b"\0\xff"),
        maybe: match one {
            One::Unit => None,
            _ => Some(Box::new(everything(One::Unit))),
        },
        list: vec![(-1, 'x'), (2, 'ß')],
        map: BTreeMap::from([("half".into(), 0.5)]),
        one,
        unit: (),
    }
}

fn written(codec: Codec, value: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    codec.write(value, &mut bytes).unwrap();
    bytes
}

#[test]
fn what_is_written_is_read_back_by_each_codec() {
    for codec in Codec::ALL {
        for one in [
            One::Unit,
            One::New(1),
            One::Tuple(2, 3),
            One::Struct { a: true },
        ] {
            let value = everything(one);
            let read: Everything = codec.read(&written(codec, &value)).unwrap();
            assert_eq!(read, value);
        }
    }
}

#[test]
fn bytes_beyond_the_value_are_refused() {
    for codec in Codec::ALL {
        let mut bytes = written(codec, &7_u32);
        bytes.push(0);
        codec.read::<u32>(&bytes).unwrap_err();
    }
}

#[test]
fn integers_of_bincode_have_a_fixed_width_and_the_low_byte_first() {
    assert_eq!(written(Codec::Bincode, &7_u32), [7, 0, 0, 0]);
    assert_eq!(written(Codec::Postcard, &7_u32), [7]);
}

#[test]
fn bytes_are_written_as_bytes() {
    let value = Bytes::from(vec![0xAA; 1000]);
    assert_eq!(written(Codec::Bincode, &value).len(), 8 + 1000);
    assert_eq!(written(Codec::Postcard, &value).len(), 2 + 1000);
}

#[derive(Debug, Serialize, Deserialize)]
struct Nested(Option<Box<Nested>>);

#[test]
fn a_value_nested_without_end_is_refused_before_the_stack_is_used_up() {
    for codec in Codec::ALL {
        let bottomless = vec![1; 4 * 1024 * 1024];
        let error = codec.read::<Nested>(&bottomless).unwrap_err().to_string();
        assert!(
            error.contains("deep") || codec == Codec::Postcard,
            "{error}"
        );

        let mut fine = vec![1; MAX_DEPTH / 2 - 1];
        fine.push(0);
        codec.read::<Nested>(&fine).unwrap();
    }
}

#[test]
fn a_list_of_nothings_is_no_longer_than_the_message() {
    // The longest length each codec can say.
    let bincode = [0xff; 8];
    let postcard = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    Codec::Bincode.read::<Vec<()>>(&bincode).unwrap_err();
    Codec::Postcard.read::<Vec<()>>(&postcard).unwrap_err();

    let some = vec![(); FREE_ELEMENTS];
    for codec in Codec::ALL {
        let read: Vec<()> = codec.read(&written(codec, &some)).unwrap();
        assert_eq!(read.len(), some.len());
    }
}

#[test]
fn a_writer_stops_where_the_room_ends() {
    for codec in Codec::ALL {
        let mut into = Pieces::default();
        let mut bounded = Bounded::new(&mut into, 10);
        codec
            .write(&"too long for ten bytes", &mut bounded)
            .unwrap_err();
        assert!(bounded.overflowed);
        assert!(into.len() <= 10);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn whatever_a_peer_sends_is_a_value_or_an_error(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        mutated in any::<(u8, usize)>(),
    ) {
        for codec in Codec::ALL {
            let _ = codec.read::<Everything>(&bytes);
            let mut real = written(codec, &everything(One::Tuple(1, 2)));
            let at = mutated.1 % real.len();
            real[at] = mutated.0;
            let _ = codec.read::<Everything>(&real);
        }
    }
}
