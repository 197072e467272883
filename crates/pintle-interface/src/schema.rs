//! The contract of an interface as data: what a `.proto` file says of it.

mod describe;

use std::collections::BTreeMap;

pub use describe::{Fields, Methods};

/// A doc comment, a line each.
pub type Doc = &'static [&'static str];

/// Every service, message and enum that an interface reaches, by package.
///
/// The code generated for a trait fills it in; [`proto`](crate::proto) writes it as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// What there is to say, by full name.
    definitions: BTreeMap<Name, Definition>,
}

/// A name within a package: `store.v1` and `PutRequest`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// The protobuf package; dots between its parts.
    pub package: &'static str,
    /// The name within it.
    pub name: String,
}

/// One definition of a `.proto` file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Definition {
    /// It is being described: a type that contains itself asks for it again.
    Pending,
    /// An interface.
    Service(Service),
    /// A struct, an enum whose variants hold values, or the arguments or result of a method.
    Message(Message),
    /// An enum of bare names.
    Enumeration(Enumeration),
}

/// An interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// The doc comment of the trait, a line each.
    pub doc: &'static [&'static str],
    /// Its methods, in the order of the trait.
    pub methods: Vec<Method>,
}

/// A method of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// Its doc comment, a line each.
    pub doc: &'static [&'static str],
    /// Its name in the `.proto` file: `PutMany` for `put_many`.
    pub name: &'static str,
    /// The message of its arguments.
    pub request: Name,
    /// The message of its result.
    pub response: Name,
    /// The message in the details of the status when it fails, if it says more than a text.
    pub error: Option<Name>,
    /// Calling it twice does what calling it once does.
    pub idempotent: bool,
}

/// A message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The doc comment of the type, a line each.
    pub doc: &'static [&'static str],
    /// Its fields, in the order of their declaration.
    pub fields: Vec<Field>,
    /// Whether exactly one of the fields is there: an enum whose variants hold values.
    pub one_of: bool,
}

/// A field of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its doc comment, a line each.
    pub doc: &'static [&'static str],
    /// Its name.
    pub name: &'static str,
    /// Its number on the wire.
    pub tag: u32,
    /// What it holds.
    pub shape: Shape,
}

/// How often a field holds a value, and of which type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One; when it is left out, the zero of its type.
    One(Type),
    /// One or none, and the two can be told apart.
    Optional(Type),
    /// Any number.
    List(Type),
    /// Values by keys.
    Map(Scalar, Type),
    /// The broker id, a `uint32`, of something that stays with who sends it.
    Id(Carried),
    /// The same, or none.
    OptionalId(Carried),
}

/// What a broker id stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// A service that the receiver calls.
    Service(Name),
    /// Bytes that the receiver reads.
    Reader,
    /// Bytes that the receiver writes.
    Writer,
    /// Values of that type, which the receiver reads.
    Stream(Type),
}

/// The type of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// A number, a text, bytes.
    Scalar(Scalar),
    /// Another message.
    Message(Name),
    /// An enum of bare names.
    Enumeration(Name),
    /// `google.protobuf.Duration`.
    Duration,
    /// `google.protobuf.Timestamp`.
    Timestamp,
}

/// A type that protobuf has of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Scalar {
    Bool,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Float,
    Double,
    String,
    Bytes,
}

/// An enum of bare names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enumeration {
    /// The doc comment of the type, a line each.
    pub doc: &'static [&'static str],
    /// Its names and their numbers.
    pub values: Vec<EnumerationValue>,
}

/// One name of an enum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnumerationValue {
    /// Its doc comment, a line each.
    pub doc: &'static [&'static str],
    /// Its name in the `.proto` file: `STATE_OPEN` for `State::Open`.
    pub name: String,
    /// Its number on the wire.
    pub number: i32,
}

impl Schema {
    /// Describes `name` unless that was done: once per type, however often it is used.
    pub fn define(&mut self, name: Name, describe: impl FnOnce(&mut Self) -> Definition) {
        if self.definitions.contains_key(&name) {
            return;
        }
        self.definitions.insert(name.clone(), Definition::Pending);
        let definition = describe(self);
        self.definitions.insert(name, definition);
    }

    /// Everything there is, by full name.
    pub fn definitions(&self) -> impl Iterator<Item = (&Name, &Definition)> {
        self.definitions.iter()
    }
}

impl Name {
    /// The name of that package.
    pub fn new(package: &'static str, name: impl Into<String>) -> Self {
        let name = name.into();
        Self { package, name }
    }
}
