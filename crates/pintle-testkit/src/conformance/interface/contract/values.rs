use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

/// One of every type that a field can have.
#[pintle::message]
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "a field's type is all there is to it")]
pub struct Values {
    pub flag: bool,
    pub signed8: i8,
    pub signed16: i16,
    pub signed32: i32,
    pub signed64: i64,
    pub unsigned8: u8,
    pub unsigned16: u16,
    pub unsigned32: u32,
    pub unsigned64: u64,
    pub float32: f32,
    pub float64: f64,
    pub text: String,
    pub bytes: Vec<u8>,
    pub span: Duration,
    pub time: SystemTime,
    pub kind: Kind,
    pub shape: Shape,
    pub maybe_number: Option<u64>,
    pub maybe_text: Option<String>,
    pub maybe_bytes: Option<Vec<u8>>,
    pub maybe_shape: Option<Shape>,
    pub numbers: Vec<i64>,
    pub flags: Vec<bool>,
    pub floats: Vec<f64>,
    pub texts: Vec<String>,
    pub pieces: Vec<Vec<u8>>,
    pub kinds: Vec<Kind>,
    pub shapes: Vec<Shape>,
    pub times: Vec<SystemTime>,
    pub by_name: BTreeMap<String, Shape>,
    pub by_number: BTreeMap<i32, Vec<u8>>,
    pub by_flag: HashMap<bool, Duration>,
    pub within: Option<Box<Values>>,
}

/// A choice without values.
#[pintle::message]
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "there is nothing to them")]
pub enum Kind {
    First,
    Second,
    #[tag(1000)]
    Last,
}

/// A choice with values.
#[pintle::message]
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "there is nothing to them")]
pub enum Shape {
    Point,
    Circle(f64),
    Named(String),
    Box {
        width: u32,
        height: Option<u32>,
        parts: Vec<Shape>,
    },
}

impl Values {
    /// Each as small as it gets, or absent.
    pub fn least() -> Self {
        Self {
            flag: false,
            signed8: 0,
            signed16: 0,
            signed32: 0,
            signed64: 0,
            unsigned8: 0,
            unsigned16: 0,
            unsigned32: 0,
            unsigned64: 0,
            float32: 0.0,
            float64: 0.0,
            text: String::new(),
            bytes: Vec::new(),
            span: Duration::ZERO,
            time: SystemTime::UNIX_EPOCH,
            kind: Kind::First,
            shape: Shape::Point,
            maybe_number: None,
            maybe_text: None,
            maybe_bytes: None,
            maybe_shape: None,
            numbers: Vec::new(),
            flags: Vec::new(),
            floats: Vec::new(),
            texts: Vec::new(),
            pieces: Vec::new(),
            kinds: Vec::new(),
            shapes: Vec::new(),
            times: Vec::new(),
            by_name: BTreeMap::new(),
            by_number: BTreeMap::new(),
            by_flag: HashMap::new(),
            within: None,
        }
    }

    /// Each at the end of its range, or there but empty.
    pub fn most() -> Self {
        let before = SystemTime::UNIX_EPOCH - Duration::new(86_400 * 365 * 100, 1);
        let boxed = Shape::Box {
            width: u32::MAX,
            height: Some(0),
            parts: vec![Shape::Point, Shape::Circle(-0.0)],
        };
        Self {
            flag: true,
            signed8: i8::MIN,
            signed16: i16::MIN,
            signed32: i32::MIN,
            signed64: i64::MIN,
            unsigned8: u8::MAX,
            unsigned16: u16::MAX,
            unsigned32: u32::MAX,
            unsigned64: u64::MAX,
            float32: -0.0,
            float64: f64::NAN,
            text: "\u{1f9c0}\0\u{e9}".into(),
            bytes: (0..=u8::MAX).collect(),
            span: Duration::new(i64::MAX as u64, 999_999_999),
            time: before,
            kind: Kind::Last,
            shape: boxed.clone(),
            maybe_number: Some(0),
            maybe_text: Some(String::new()),
            maybe_bytes: Some(Vec::new()),
            maybe_shape: Some(Shape::Point),
            numbers: vec![i64::MIN, -1, 0, 1, i64::MAX],
            flags: vec![false, true, false],
            floats: vec![f64::INFINITY, f64::MIN_POSITIVE, 0.1],
            texts: vec![String::new(), "x".repeat(10_000)],
            pieces: vec![Vec::new(), vec![0], vec![255; 300]],
            kinds: vec![Kind::First, Kind::Last, Kind::Second],
            shapes: vec![Shape::Named(String::new()), boxed.clone()],
            times: vec![SystemTime::UNIX_EPOCH, before],
            by_name: BTreeMap::from([(String::new(), boxed), ("é".into(), Shape::Point)]),
            by_number: BTreeMap::from([(-1, Vec::new()), (0, vec![0]), (i32::MAX, vec![1])]),
            by_flag: HashMap::from([(false, Duration::ZERO)]),
            within: Some(Box::new(Self {
                within: Some(Box::new(Self::least())),
                ..Self::least()
            })),
        }
    }
}
