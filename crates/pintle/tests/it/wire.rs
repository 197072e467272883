//! The bytes are protobuf's: each message beside its twin of prost's derive.

mod hostile;
mod ours;
mod theirs;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use pintle::interface::{Message, Pieces};
use proptest::prelude::*;

/// Nanoseconds since the year 1 or until the year 9999, as protobuf has them.
const YEARS: std::ops::Range<i64> = -62_135_596_800..253_402_300_799;

proptest! {
    #[test]
    fn numbers_texts_and_bytes_are_those_of_prost(
        (truth, narrow) in any::<(bool, (i8, i16, u8, u16))>(),
        numbers in any::<(i32, i64, u32, u64)>(),
        floats in any::<(f32, f64)>(),
        (text, bytes) in any::<(String, Vec<u8>)>(),
    ) {
        // Not the negative zero, which prost takes for zero.
        let floats = (floats.0 + 0.0, floats.1 + 0.0);
        let ours = ours::Scalars::new(truth, narrow, numbers, floats, text, bytes);
        same(&ours, &theirs::Scalars::from(&ours));
    }

    #[test]
    fn what_may_be_missing_is_that_of_prost(
        flag in any::<Option<bool>>(),
        numbers in any::<(Option<i32>, Option<u64>, Option<f64>)>(),
        (text, bytes, byte) in any::<(Option<String>, Option<Vec<u8>>, Option<u8>)>(),
        inner in any::<Option<String>>(),
        kind in proptest::option::of(kind()),
    ) {
        let ours = ours::Optional {
            flag,
            int: numbers.0,
            long: numbers.1,
            float: numbers.2,
            text,
            bytes,
            inner: inner.map(|text| ours::Inner { text }),
            kind,
            byte,
        };
        same(&ours, &theirs::Optional::from(&ours));
    }

    #[test]
    fn lists_are_those_of_prost_and_come_packed_or_not(
        (flags, ints) in any::<(Vec<bool>, Vec<i32>)>(),
        (longs, floats) in any::<(Vec<u64>, Vec<f32>)>(),
        (texts, blobs) in any::<(Vec<String>, Vec<Vec<u8>>)>(),
        inner in any::<Vec<String>>(),
        kinds in proptest::collection::vec(kind(), 0..9),
    ) {
        let inner = inner.into_iter().map(|text| ours::Inner { text }).collect();
        let ours = ours::Lists { flags, ints, longs, floats, texts, blobs, inner, kinds };
        same(&ours, &theirs::Lists::from(&ours));
        let unpacked = theirs::Unpacked::from(&ours);
        let read = ours::Lists::decode(prost::Message::encode_to_vec(&unpacked).into());
        prop_assert_eq!(read.unwrap(), ours);
    }

    #[test]
    fn maps_are_those_of_prost(
        (texts, numbers) in any::<(BTreeMap<String, i64>, BTreeMap<i32, Vec<u8>>)>(),
        inner in any::<BTreeMap<u64, String>>(),
        kinds in proptest::collection::btree_map(any::<bool>(), kind(), 0..3),
    ) {
        let inner = inner.into_iter().map(|(key, text)| (key, ours::Inner { text })).collect();
        let ours = ours::Maps { texts, numbers, inner, kinds };
        // Not byte for byte: an empty key or value of an entry is written here, and left out there.
        alike(&ours, &theirs::Maps::from(&ours));
    }

    #[test]
    fn an_enum_of_values_is_a_oneof_of_prost(part in part()) {
        same(&part, &theirs::Part::from(&part));
    }

    #[test]
    fn times_are_those_of_prost_before_1970_too(
        seconds in YEARS,
        (nanos, span_nanos) in (0..1_000_000_000_u32, 0..1_000_000_000_u32),
        span in 0..315_576_000_000_u64,
    ) {
        let ours = ours::Times {
            at: since_epoch(seconds, nanos),
            took: Duration::new(span, span_nanos),
            until: None,
        };
        let theirs = theirs::Times {
            at: Some(prost_types::Timestamp { seconds, nanos: nanos as i32 }),
            took: Some(prost_types::Duration {
                seconds: span as i64,
                nanos: span_nanos as i32,
            }),
            until: None,
        };
        same(&ours, &theirs);
    }
}

#[test]
fn the_extremes_are_those_of_prost() {
    for extreme in [false, true] {
        let pick = |least: i64, most: i64| if extreme { most } else { least };
        let ours = ours::Scalars::new(
            extreme,
            (
                pick(i8::MIN.into(), i8::MAX.into()) as i8,
                pick(i16::MIN.into(), i16::MAX.into()) as i16,
                pick(0, u8::MAX.into()) as u8,
                pick(0, u16::MAX.into()) as u16,
            ),
            (
                pick(i32::MIN.into(), i32::MAX.into()) as i32,
                pick(i64::MIN, i64::MAX),
                pick(0, u32::MAX.into()) as u32,
                if extreme { u64::MAX } else { 0 },
            ),
            if extreme {
                (f32::INFINITY, f64::MIN_POSITIVE)
            } else {
                (f32::MIN, f64::NEG_INFINITY)
            },
            String::new(),
            Vec::new(),
        );
        same(&ours, &theirs::Scalars::from(&ours));
    }
}

/// As protobuf's specification and Go have it; prost leaves it out.
#[test]
fn the_negative_zero_is_a_number_of_its_own() {
    let none = (0, 0, 0, 0);
    let floats = (-0.0, -0.0);
    let ours = ours::Scalars::new(false, none, (0, 0, 0, 0), floats, String::new(), Vec::new());
    let read = ours::Scalars::decode(written(&ours)).unwrap();
    assert_eq!(format!("{read:?}").matches("-0.0").count(), 2);
}

#[test]
fn a_field_with_a_default_is_written_even_when_it_is_zero() {
    let ours = ours::WithDefault {
        number: 0,
        text: String::new(),
    };
    let theirs = theirs::WithDefault {
        number: Some(0),
        text: Some(String::new()),
    };
    same(&ours, &theirs);
    let absent = ours::WithDefault::decode(Bytes::new()).unwrap();
    let expected = ours::WithDefault {
        number: 7,
        text: "none".into(),
    };
    assert_eq!(absent, expected);
}

/// The bytes are equal, and each reads them.
#[track_caller]
fn same<O, T>(ours: &O, theirs: &T)
where
    O: Message + PartialEq + Debug,
    T: prost::Message + PartialEq + Debug + Default,
{
    assert_eq!(written(ours), prost::Message::encode_to_vec(theirs));
    alike(ours, theirs);
}

/// Each reads the other's bytes.
#[track_caller]
fn alike<O, T>(ours: &O, theirs: &T)
where
    O: Message + PartialEq + Debug,
    T: prost::Message + PartialEq + Debug + Default,
{
    assert_eq!(&T::decode(written(ours)).unwrap(), theirs);
    let bytes = prost::Message::encode_to_vec(theirs);
    assert_eq!(&O::decode(bytes.into()).unwrap(), ours);
}

fn written(message: &impl Message) -> Bytes {
    let mut bytes = Pieces::default();
    message.put_fields(&mut bytes);
    assert_eq!(bytes.len(), message.fields_len());
    bytes.into_bytes()
}

fn kind() -> impl Strategy<Value = ours::Kind> {
    prop_oneof![
        Just(ours::Kind::Added),
        Just(ours::Kind::Removed),
        Just(ours::Kind::Moved)
    ]
}

fn part() -> impl Strategy<Value = ours::Part> {
    prop_oneof![
        Just(ours::Part::Whole),
        any::<Vec<u8>>().prop_map(ours::Part::Bytes),
        any::<i64>().prop_map(ours::Part::Number),
        any::<String>().prop_map(|text| ours::Part::Inner(ours::Inner { text })),
        any::<(u64, Option<u64>)>().prop_map(|(from, to)| ours::Part::Range { from, to }),
        kind().prop_map(ours::Part::Kind),
    ]
}

fn since_epoch(seconds: i64, nanos: u32) -> SystemTime {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let time = match seconds < 0 {
        true => SystemTime::UNIX_EPOCH - whole,
        false => SystemTime::UNIX_EPOCH + whole,
    };
    time + Duration::from_nanos(nanos.into())
}
