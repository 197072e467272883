//! Messages of pintle.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scalars {
    pub(crate) truth: bool,
    pub(crate) tiny: i8,
    pub(crate) short: i16,
    pub(crate) byte: u8,
    pub(crate) word: u16,
    pub(crate) int: i32,
    pub(crate) long: i64,
    pub(crate) unsigned: u32,
    #[tag(16)]
    pub(crate) unsigned_long: u64,
    #[tag(2047)]
    pub(crate) float: f32,
    #[tag(2048)]
    pub(crate) double: f64,
    pub(crate) text: String,
    #[tag(536_870_911)]
    pub(crate) bytes: Vec<u8>,
}

impl Scalars {
    pub(crate) fn new(
        truth: bool,
        (tiny, short, byte, word): (i8, i16, u8, u16),
        (int, long, unsigned, unsigned_long): (i32, i64, u32, u64),
        (float, double): (f32, f64),
        text: String,
        bytes: Vec<u8>,
    ) -> Self {
        Self {
            truth,
            tiny,
            short,
            byte,
            word,
            int,
            long,
            unsigned,
            unsigned_long,
            float,
            double,
            text,
            bytes,
        }
    }
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Inner {
    pub(crate) text: String,
}

#[pintle::message]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Added,
    Removed,
    #[tag(300)]
    Moved,
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Optional {
    pub(crate) flag: Option<bool>,
    pub(crate) int: Option<i32>,
    pub(crate) long: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) text: Option<String>,
    pub(crate) bytes: Option<Vec<u8>>,
    pub(crate) inner: Option<Inner>,
    pub(crate) kind: Option<Kind>,
    pub(crate) byte: Option<u8>,
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lists {
    pub(crate) flags: Vec<bool>,
    pub(crate) ints: Vec<i32>,
    pub(crate) longs: Vec<u64>,
    pub(crate) floats: Vec<f32>,
    pub(crate) texts: Vec<String>,
    pub(crate) blobs: Vec<Vec<u8>>,
    pub(crate) inner: Vec<Inner>,
    pub(crate) kinds: Vec<Kind>,
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Maps {
    pub(crate) texts: BTreeMap<String, i64>,
    pub(crate) numbers: BTreeMap<i32, Vec<u8>>,
    pub(crate) inner: BTreeMap<u64, Inner>,
    pub(crate) kinds: BTreeMap<bool, Kind>,
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part {
    Whole,
    Bytes(Vec<u8>),
    Number(i64),
    Inner(Inner),
    Range { from: u64, to: Option<u64> },
    Kind(Kind),
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Times {
    pub(crate) at: SystemTime,
    pub(crate) took: Duration,
    pub(crate) until: Option<SystemTime>,
}

#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WithDefault {
    #[pintle(default = 7)]
    pub(crate) number: u32,
    #[pintle(default = "none".to_owned())]
    pub(crate) text: String,
}

/// Everything at once, and within itself.
#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tree {
    pub(crate) below: Option<Box<Tree>>,
    pub(crate) scalars: Option<Scalars>,
    pub(crate) optional: Option<Optional>,
    pub(crate) lists: Option<Lists>,
    pub(crate) maps: Option<Maps>,
    pub(crate) part: Option<Part>,
    pub(crate) times: Option<Times>,
}
