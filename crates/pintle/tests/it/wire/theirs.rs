//! The same messages as prost's derive has them.

use std::collections::BTreeMap;

use super::ours;

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Scalars {
    #[prost(bool, tag = "1")]
    truth: bool,
    #[prost(int32, tag = "2")]
    tiny: i32,
    #[prost(int32, tag = "3")]
    short: i32,
    #[prost(uint32, tag = "4")]
    byte: u32,
    #[prost(uint32, tag = "5")]
    word: u32,
    #[prost(int32, tag = "6")]
    int: i32,
    #[prost(int64, tag = "7")]
    long: i64,
    #[prost(uint32, tag = "8")]
    unsigned: u32,
    #[prost(uint64, tag = "16")]
    unsigned_long: u64,
    #[prost(float, tag = "2047")]
    float: f32,
    #[prost(double, tag = "2048")]
    double: f64,
    #[prost(string, tag = "2049")]
    text: String,
    #[prost(bytes = "vec", tag = "536870911")]
    bytes: Vec<u8>,
}

impl From<&ours::Scalars> for Scalars {
    fn from(ours: &ours::Scalars) -> Self {
        Self {
            truth: ours.truth,
            tiny: ours.tiny.into(),
            short: ours.short.into(),
            byte: ours.byte.into(),
            word: ours.word.into(),
            int: ours.int,
            long: ours.long,
            unsigned: ours.unsigned,
            unsigned_long: ours.unsigned_long,
            float: ours.float,
            double: ours.double,
            text: ours.text.clone(),
            bytes: ours.bytes.clone(),
        }
    }
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Inner {
    #[prost(string, tag = "1")]
    text: String,
}

impl From<&ours::Inner> for Inner {
    fn from(ours: &ours::Inner) -> Self {
        let text = ours.text.clone();
        Self { text }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub(crate) enum Kind {
    Added = 0,
    Removed = 1,
    Moved = 300,
}

fn kind(ours: ours::Kind) -> i32 {
    let kind = match ours {
        ours::Kind::Added => Kind::Added,
        ours::Kind::Removed => Kind::Removed,
        ours::Kind::Moved => Kind::Moved,
    };
    kind.into()
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Optional {
    #[prost(bool, optional, tag = "1")]
    flag: Option<bool>,
    #[prost(int32, optional, tag = "2")]
    int: Option<i32>,
    #[prost(uint64, optional, tag = "3")]
    long: Option<u64>,
    #[prost(double, optional, tag = "4")]
    float: Option<f64>,
    #[prost(string, optional, tag = "5")]
    text: Option<String>,
    #[prost(bytes = "vec", optional, tag = "6")]
    bytes: Option<Vec<u8>>,
    #[prost(message, optional, tag = "7")]
    inner: Option<Inner>,
    #[prost(enumeration = "Kind", optional, tag = "8")]
    kind: Option<i32>,
    #[prost(uint32, optional, tag = "9")]
    byte: Option<u32>,
}

impl From<&ours::Optional> for Optional {
    fn from(ours: &ours::Optional) -> Self {
        Self {
            flag: ours.flag,
            int: ours.int,
            long: ours.long,
            float: ours.float,
            text: ours.text.clone(),
            bytes: ours.bytes.clone(),
            inner: ours.inner.as_ref().map(Inner::from),
            kind: ours.kind.map(kind),
            byte: ours.byte.map(u32::from),
        }
    }
}

/// The same fields, with lists of numbers written in one piece, or one by one.
macro_rules! lists {
    ($name:ident, $packed:tt) => {
        #[derive(Clone, PartialEq, prost::Message)]
        pub(crate) struct $name {
            #[prost(bool, repeated, packed = $packed, tag = "1")]
            flags: Vec<bool>,
            #[prost(int32, repeated, packed = $packed, tag = "2")]
            ints: Vec<i32>,
            #[prost(uint64, repeated, packed = $packed, tag = "3")]
            longs: Vec<u64>,
            #[prost(float, repeated, packed = $packed, tag = "4")]
            floats: Vec<f32>,
            #[prost(string, repeated, tag = "5")]
            texts: Vec<String>,
            #[prost(bytes = "vec", repeated, tag = "6")]
            blobs: Vec<Vec<u8>>,
            #[prost(message, repeated, tag = "7")]
            inner: Vec<Inner>,
            #[prost(enumeration = "Kind", repeated, packed = $packed, tag = "8")]
            kinds: Vec<i32>,
        }

        impl From<&ours::Lists> for $name {
            fn from(ours: &ours::Lists) -> Self {
                Self {
                    flags: ours.flags.clone(),
                    ints: ours.ints.clone(),
                    longs: ours.longs.clone(),
                    floats: ours.floats.clone(),
                    texts: ours.texts.clone(),
                    blobs: ours.blobs.clone(),
                    inner: ours.inner.iter().map(Inner::from).collect(),
                    kinds: ours.kinds.iter().copied().map(kind).collect(),
                }
            }
        }
    };
}

lists!(Lists, "true");
lists!(Unpacked, "false");

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Maps {
    #[prost(btree_map = "string, int64", tag = "1")]
    texts: BTreeMap<String, i64>,
    #[prost(btree_map = "int32, bytes", tag = "2")]
    numbers: BTreeMap<i32, Vec<u8>>,
    #[prost(btree_map = "uint64, message", tag = "3")]
    inner: BTreeMap<u64, Inner>,
    #[prost(btree_map = "bool, enumeration(Kind)", tag = "4")]
    kinds: BTreeMap<bool, i32>,
}

impl From<&ours::Maps> for Maps {
    fn from(ours: &ours::Maps) -> Self {
        Self {
            texts: ours.texts.clone(),
            numbers: ours.numbers.clone(),
            inner: ours
                .inner
                .iter()
                .map(|(key, inner)| (*key, inner.into()))
                .collect(),
            kinds: ours
                .kinds
                .iter()
                .map(|(key, of)| (*key, kind(*of)))
                .collect(),
        }
    }
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Part {
    #[prost(oneof = "Holds", tags = "1, 2, 3, 4, 5, 6")]
    holds: Option<Holds>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum Holds {
    #[prost(message, tag = "1")]
    Whole(Nothing),
    #[prost(bytes = "vec", tag = "2")]
    Bytes(Vec<u8>),
    #[prost(int64, tag = "3")]
    Number(i64),
    #[prost(message, tag = "4")]
    Inner(Inner),
    #[prost(message, tag = "5")]
    Range(Range),
    #[prost(enumeration = "Kind", tag = "6")]
    Kind(i32),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Nothing {}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Range {
    #[prost(uint64, tag = "1")]
    from: u64,
    #[prost(uint64, optional, tag = "2")]
    to: Option<u64>,
}

impl From<&ours::Part> for Part {
    fn from(ours: &ours::Part) -> Self {
        let holds = match ours {
            ours::Part::Whole => Holds::Whole(Nothing {}),
            ours::Part::Bytes(bytes) => Holds::Bytes(bytes.clone()),
            ours::Part::Number(number) => Holds::Number(*number),
            ours::Part::Inner(inner) => Holds::Inner(inner.into()),
            ours::Part::Range { from, to } => Holds::Range(Range {
                from: *from,
                to: *to,
            }),
            ours::Part::Kind(of) => Holds::Kind(kind(*of)),
        };
        Self { holds: Some(holds) }
    }
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Times {
    #[prost(message, optional, tag = "1")]
    pub(crate) at: Option<prost_types::Timestamp>,
    #[prost(message, optional, tag = "2")]
    pub(crate) took: Option<prost_types::Duration>,
    #[prost(message, optional, tag = "3")]
    pub(crate) until: Option<prost_types::Timestamp>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct WithDefault {
    #[prost(uint32, optional, tag = "1")]
    pub(crate) number: Option<u32>,
    #[prost(string, optional, tag = "2")]
    pub(crate) text: Option<String>,
}
