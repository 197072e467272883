//! Bytes that no honest peer sends.

use bytes::Bytes;
use pintle::interface::Message;
use proptest::prelude::*;

use super::ours::{Inner, Lists, Optional, Scalars, Times, Tree};
use super::written;

proptest! {
    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
        let _ = Tree::decode(bytes.clone().into());
        let _ = Scalars::decode(bytes.into());
    }

    /// Keys that exist, and anything behind them.
    #[test]
    fn arbitrary_fields_are_read_or_refused(
        fields in proptest::collection::vec((1..9_u8, 0..8_u8, any::<Vec<u8>>()), 0..9),
    ) {
        let mut bytes = Vec::new();
        for (tag, wire, payload) in fields {
            bytes.extend([tag << 3 | wire, payload.len() as u8]);
            bytes.extend(payload);
        }
        let _ = Tree::decode(bytes.clone().into());
        let _ = Lists::decode(bytes.clone().into());
        let _ = Optional::decode(bytes.clone().into());
        let _ = Times::decode(bytes.into());
    }

    #[test]
    fn what_is_read_is_read_again_as_the_same(bytes in any::<Vec<u8>>()) {
        if let Ok(read) = Optional::decode(bytes.into()) {
            let again = written(&read);
            prop_assert_eq!(written(&Optional::decode(again.clone()).unwrap()), again);
        }
    }
}

#[test]
fn messages_within_each_other_are_read_a_hundred_deep_and_no_deeper() {
    let deep = |levels: usize| {
        (0..levels).fold(Vec::new(), |inner: Vec<u8>, _| {
            let mut outer = vec![0x0a];
            prost::encoding::encode_varint(inner.len() as u64, &mut outer);
            outer.extend(inner);
            outer
        })
    };
    Tree::decode(deep(100).into()).unwrap();
    refused::<Tree>(
        &deep(101),
        "messages lie more than 100 deep within each other",
    );
    refused::<Tree>(
        &deep(10_000),
        "messages lie more than 100 deep within each other",
    );
}

#[test]
fn a_number_of_more_than_64_bits_is_refused() {
    let number = |bytes: &[u8]| [&[0x38], bytes].concat();
    let most = [[0xff; 9].as_slice(), &[1]].concat();
    assert_eq!(Scalars::decode(number(&most).into()).unwrap().long, -1);
    let beyond = [[0xff; 9].as_slice(), &[2]].concat();
    refused::<Scalars>(&number(&beyond), "a number has more than 64 bits");
    let overlong = [[0x80; 10].as_slice(), &[0]].concat();
    refused::<Scalars>(&number(&overlong), "a number has more than 64 bits");
    refused::<Scalars>(&number(&[0x80]), "it ends within a number");
}

#[test]
fn a_number_beyond_its_type_is_refused_by_name() {
    refused::<Scalars>(&[0x20, 0x80, 0x02], "Scalars.byte: a number is beyond u8");
}

#[test]
fn a_length_beyond_the_end_is_refused_before_anything_is_kept_for_it() {
    let mut text = vec![0x0a];
    prost::encoding::encode_varint(u64::MAX, &mut text);
    refused::<Inner>(&text, "a length reaches beyond the end");
    let mut packed = vec![0x12];
    prost::encoding::encode_varint(1 << 40, &mut packed);
    refused::<Lists>(&packed, "a length reaches beyond the end");
    // Of a list as long as that, only what came is there.
    refused::<Lists>(&[0x22, 3, 0, 0, 0], "it ends within a value");
}

#[test]
fn a_text_that_is_not_utf_8_is_refused() {
    refused::<Inner>(&[0x0a, 1, 0xff], "Inner.text: a text is not UTF-8");
}

#[test]
fn a_field_of_another_layout_is_refused() {
    refused::<Inner>(
        &[0x08, 1],
        "Inner.text: field 1 is laid out as Varint instead of Bytes",
    );
}

#[test]
fn a_time_that_cannot_be_is_refused() {
    // `took`: minus one second.
    let negative = [&[0x12, 11, 0x08][..], &[0xff; 9], &[1]].concat();
    refused::<Times>(&negative, "Times.took: a duration is negative");
    // `at`: as many nanoseconds as there are in a second.
    let mut nanos = vec![0x0a, 6, 0x10];
    prost::encoding::encode_varint(1_000_000_000, &mut nanos);
    refused::<Times>(
        &nanos,
        "Times.at: a time has more than a second of nanoseconds",
    );
    // And a negative number of them.
    let negative = [&[0x0a, 11, 0x10][..], &[0xff; 9], &[1]].concat();
    refused::<Times>(
        &negative,
        "Times.at: a time is beyond what this system knows",
    );
}

#[test]
fn a_field_of_a_newer_peer_is_passed_over_whatever_its_layout() {
    let unknown = [
        &[0x78, 1][..],
        &[0x79, 1, 2, 3, 4, 5, 6, 7, 8],
        &[0x7a, 2, 1, 2],
        &[0x7d, 1, 2, 3, 4],
        &[0x0a, 1, b'a'],
    ];
    let read = Inner::decode(unknown.concat().into()).unwrap();
    assert_eq!(read.text, "a");
    refused::<Inner>(&[0x7b, 0x7c], "it has a group");
    refused::<Inner>(&[0x7e], "a field has an unknown layout");
    refused::<Inner>(&[0x00, 0], "a field has no number");
}

#[track_caller]
fn refused<M: Message + std::fmt::Debug>(bytes: &[u8], expected: &str) {
    let error = M::decode(Bytes::copy_from_slice(bytes))
        .unwrap_err()
        .to_string();
    assert!(error.contains(expected), "{error}");
}
