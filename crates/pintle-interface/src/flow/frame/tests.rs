use std::io::ErrorKind;

use proptest::prelude::*;

use super::*;

/// The message as a protobuf library has it.
mod generated {
    use crate::flow::failure::Failure;

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Frame {
        #[prost(oneof = "Is", tags = "1, 2, 3")]
        pub(super) is: Option<Is>,
    }

    #[derive(Clone, PartialEq, prost::Oneof)]
    pub(super) enum Is {
        #[prost(bytes, tag = "1")]
        Item(Vec<u8>),
        #[prost(message, tag = "2")]
        Failure(Failure),
        #[prost(message, tag = "3")]
        End(End),
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct End {}
}

use generated::{End, Frame, Is};

/// What a flow says, with the bytes of its items.
#[derive(Clone, Debug, PartialEq)]
enum Said {
    Item(Vec<u8>),
    Failure(Failure),
    End,
}

/// Takes apart what arrives in the given pieces, up to an end or an error.
fn take_apart<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Said>, Option<Malformed>) {
    let mut decoder = Decoder::default();
    let (mut said, mut item) = (Vec::new(), 0);
    for mut piece in pieces {
        loop {
            let here = (piece.len() as u64).min(item) as usize;
            if here > 0
                && let Some(Said::Item(found)) = said.last_mut()
            {
                found.extend_from_slice(&piece[..here]);
                piece = &piece[here..];
                item -= here as u64;
            }
            if item > 0 {
                break;
            }
            match decoder.next(&mut piece) {
                Ok(None) => break,
                Ok(Some(Head::Item { length })) => {
                    said.push(Said::Item(Vec::new()));
                    item = length;
                }
                Ok(Some(Head::Failure(failure))) => {
                    said.push(Said::Failure(failure));
                    return (said, None);
                }
                Ok(Some(Head::End)) => {
                    said.push(Said::End);
                    return (said, None);
                }
                Err(malformed) => return (said, Some(malformed)),
            }
        }
        assert!(piece.is_empty(), "bytes were left lying");
    }
    (said, None)
}

fn written(items: &[Vec<u8>], end: Said) -> (Vec<u8>, Vec<Said>) {
    let mut bytes = Vec::new();
    for item in items {
        bytes.extend_from_slice(ItemHead::of(item.len()).as_bytes());
        bytes.extend_from_slice(item);
    }
    match &end {
        Said::End => bytes.extend(END_FRAME),
        Said::Failure(failure) => bytes.extend(failure_frame(failure)),
        Said::Item(_) => {}
    }
    let said = items.iter().cloned().map(Said::Item);
    (bytes, said.chain([end]).collect())
}

/// The bytes cut at the given places.
fn cut<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut rest = bytes;
    let mut pieces = Vec::new();
    for cut in cuts {
        let (piece, after) = rest.split_at(cut % (rest.len() + 1));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

#[test]
fn what_we_write_is_what_a_protobuf_library_writes() {
    for length in [0, 1, 100, 127, 128, 20_000, 256 * 1024] {
        let item = vec![7; length];
        let (bytes, _) = written(std::slice::from_ref(&item), Said::Item(Vec::new()));
        let is = Some(Is::Item(item));
        assert_eq!(bytes, Frame { is }.encode_length_delimited_to_vec());
    }
    let is = Some(Is::End(End {}));
    assert_eq!(
        &END_FRAME[..],
        Frame { is }.encode_length_delimited_to_vec()
    );
    let failure = Failure::new(ErrorKind::NotFound, "no such thing");
    let is = Some(Is::Failure(failure.clone()));
    let library = Frame { is }.encode_length_delimited_to_vec();
    assert_eq!(failure_frame(&failure), library);
}

#[test]
fn unknown_fields_and_empty_frames_are_skipped() {
    let frames = [
        &[0][..],
        // Field 4 as a number, field 5 as 8 bytes, field 6 as text, field 7 as 4 bytes.
        &[2, 4 << 3, 1],
        &[9, 5 << 3 | 1, 1, 2, 3, 4, 5, 6, 7, 8],
        &[4, 6 << 3 | 2, 2, b'h', b'i'],
        // One before an item and one after it.
        &[9, 4 << 3, 0x80, 1, ITEM as u8, 1, b'x', 6 << 3 | 2, 1, b'!'],
        &[5, 7 << 3 | 5, 1, 2, 3, 4],
        &END_FRAME,
    ];
    let bytes = frames.concat();
    let (said, malformed) = take_apart([&bytes[..]]);
    assert_eq!(malformed, None);
    assert_eq!(said, [Said::Item(b"x".to_vec()), Said::End]);
}

#[test]
fn a_forged_length_is_refused_before_anything_is_held_for_it() {
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    #[track_caller]
    fn check(bytes: &[u8], expected: &Malformed) {
        let (said, malformed) = take_apart([bytes]);
        assert_eq!((said, malformed.as_ref()), (vec![], Some(expected)));
    }
    // A number of more than 64 bits, as the length of a frame and of an item.
    check(&[[0xff; 9].as_slice(), &[2]].concat(), &Malformed::Number);
    check(&[0xff; 11], &Malformed::Number);
    // Fields longer than their frame.
    check(
        &[&[12, ITEM as u8], &huge[..]].concat(),
        &Malformed::Overrun,
    );
    check(&[3, ITEM as u8, 2, 0], &Malformed::Overrun);
    check(&[2, END as u8, 1], &Malformed::Overrun);
    check(&[2, 5 << 3 | 1, 0], &Malformed::Overrun);
    check(&[1, ITEM as u8, 1], &Malformed::Overrun);
    // Fields longer than we bear.
    check(
        &[&huge[..], &[FAILURE as u8, 0x81, 0x80, 1]].concat(),
        &Malformed::Failure,
    );
    check(
        &[&huge[..], &[6 << 3 | 2, 0x81, 0x80, 4]].concat(),
        &Malformed::Unknown,
    );
    // A frame says one thing, and has no groups and no field zero.
    check(&[4, 2, 0, 0, 0], &Malformed::Key { key: 2 });
    check(&[4, 4 << 3 | 3, 0, 0, 0], &Malformed::Key { key: 35 });
    let (said, malformed) = take_apart([&[4, ITEM as u8, 0, ITEM as u8, 0][..]]);
    assert_eq!(said, [Said::Item(vec![])]);
    assert_eq!(malformed, Some(Malformed::TwoInOne));
}

#[test]
fn many_unknown_fields_of_one_frame_are_bounded_together() {
    let mut frame = Vec::new();
    encode_varint(u64::MAX, &mut frame);
    frame.extend([4 << 3, 0].repeat(MAX_SKIPPED_BYTES as usize + 1));
    let (_, malformed) = take_apart([&frame[..]]);
    assert_eq!(malformed, Some(Malformed::Unknown));
}

#[test]
fn an_item_of_any_length_passes_by() {
    let item = ItemHead::of(usize::MAX - 64);
    let mut bytes = item.as_bytes();
    let length = (usize::MAX - 64) as u64;
    let head = Decoder::default().next(&mut bytes);
    assert_eq!(head, Ok(Some(Head::Item { length })));
}

proptest! {
    #[test]
    fn a_flow_is_read_as_it_was_written_however_it_is_cut(
        items in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..8),
        text in prop::option::of("\\PC{0,40}"),
        cuts in prop::collection::vec(any::<usize>(), 0..40),
    ) {
        let end = match text {
            Some(text) => Said::Failure(Failure::new(ErrorKind::TimedOut, text)),
            None => Said::End,
        };
        let (bytes, expected) = written(&items, end);
        prop_assert_eq!(take_apart(cut(&bytes, &cuts)), (expected, None));
    }

    #[test]
    fn arbitrary_bytes_are_taken_apart_alike_however_they_are_cut(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0u8..60], 0..400),
        cuts in prop::collection::vec(any::<usize>(), 0..40),
    ) {
        let whole = take_apart([&bytes[..]]);
        prop_assert_eq!(&take_apart(cut(&bytes, &cuts)), &whole);
        prop_assert_eq!(&take_apart(bytes.chunks(1)), &whole);
    }
}
