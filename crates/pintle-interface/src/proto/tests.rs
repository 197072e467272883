use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

use super::ProtoFile;
use crate::schema::{
    Carried, Definition, Enumeration, EnumerationValue, Field, Message, Method, Name, Scalar,
    Schema, Service, Shape, Type,
};

mod names;

#[test]
fn a_trait_is_a_service_with_its_messages_right_after_it() {
    let mut put = method("Put", name("PutRequest"), name("PutResponse"));
    put.doc = &[" Puts a value."];
    put.error = Some(name("StoreError"));
    let mut get = method("Get", name("GetRequest"), name("GetResponse"));
    get.idempotent = true;
    let schema = schema([
        (name("Alpha"), message([])),
        service(name("Store"), [put, get]),
        (name("GetRequest"), message([text("key", 1)])),
        (name("GetResponse"), message([])),
        (name("PutRequest"), message([text("key", 1)])),
        (name("PutResponse"), message([])),
        (name("StoreError"), message([])),
    ]);
    check(
        &schema,
        &[(
            "store/v1.proto",
            r#"// Written from a Rust trait: change the trait rather than this file.
syntax = "proto3";

package store.v1;

service Store {
  // Puts a value.
  // Fails with a status whose details hold a StoreError.
  rpc Put(PutRequest) returns (PutResponse);

  rpc Get(GetRequest) returns (GetResponse) {
    option idempotency_level = IDEMPOTENT;
  }
}

message PutRequest {
  string key = 1;
}

message PutResponse {
}

message GetRequest {
  string key = 1;
}

message GetResponse {
}

message Alpha {
}

message StoreError {
}
"#,
        )],
    );
}

#[test]
fn every_shape_and_every_scalar_has_its_word() {
    let scalars = [
        ("a", Scalar::Bool),
        ("b", Scalar::Int32),
        ("c", Scalar::Int64),
        ("d", Scalar::Uint32),
        ("e", Scalar::Uint64),
        ("f", Scalar::Float),
        ("g", Scalar::Double),
        ("h", Scalar::String),
        ("i", Scalar::Bytes),
    ];
    let scalars = (1..).zip(scalars);
    let scalars = scalars.map(|(tag, (name, of))| field(name, tag, Shape::One(Type::Scalar(of))));
    let all = scalars.chain([
        field("maybe", 10, Shape::Optional(Type::Message(name("Leaf")))),
        field("many", 11, Shape::List(Type::Enumeration(name("State")))),
        field(
            "by_name",
            12,
            Shape::Map(Scalar::String, Type::Message(name("Leaf"))),
        ),
        field("age", 13, Shape::One(Type::Duration)),
        field("since", 14, Shape::Optional(Type::Timestamp)),
    ]);
    let schema = schema([
        (name("All"), message(all)),
        (name("Leaf"), message([])),
        enumeration(name("State"), [("STATE_SHUT", 0)]),
    ]);
    check(
        &schema,
        &[(
            "store/v1.proto",
            r#"// Written from a Rust trait: change the trait rather than this file.
syntax = "proto3";

package store.v1;

import "google/protobuf/duration.proto";
import "google/protobuf/timestamp.proto";

message All {
  bool a = 1;
  int32 b = 2;
  int64 c = 3;
  uint32 d = 4;
  uint64 e = 5;
  float f = 6;
  double g = 7;
  string h = 8;
  bytes i = 9;
  optional Leaf maybe = 10;
  repeated State many = 11;
  map<string, Leaf> by_name = 12;
  google.protobuf.Duration age = 13;
  optional google.protobuf.Timestamp since = 14;
}

message Leaf {
}

enum State {
  STATE_SHUT = 0;
}
"#,
        )],
    );
}

#[test]
fn a_broker_id_says_what_it_stands_for() {
    let event = Type::Message(Name::new("events.v1", "Event"));
    let mut progress = field("progress", 1, Shape::Id(Carried::Service(name("Progress"))));
    progress.doc = &[" Where to tell how far it is."];
    let fields = [
        progress,
        field("from", 2, Shape::Id(Carried::Reader)),
        field("into", 3, Shape::OptionalId(Carried::Writer)),
        field(
            "leaves",
            4,
            Shape::Id(Carried::Stream(Type::Message(name("Leaf")))),
        ),
        field("events", 5, Shape::Id(Carried::Stream(event))),
        field(
            "counts",
            6,
            Shape::Id(Carried::Stream(Type::Scalar(Scalar::Uint64))),
        ),
        field("ticks", 7, Shape::Id(Carried::Stream(Type::Timestamp))),
    ];
    let schema = schema([(name("Request"), message(fields))]);
    check(
        &schema,
        &[(
            "store/v1.proto",
            r#"// Written from a Rust trait: change the trait rather than this file.
syntax = "proto3";

package store.v1;

message Request {
  // Where to tell how far it is.
  // Broker id of a Progress service that the receiver calls.
  uint32 progress = 1;
  // Broker id of a stream of bytes that the receiver reads.
  uint32 from = 2;
  // Broker id of a stream of bytes that the receiver writes.
  optional uint32 into = 3;
  // Broker id of a stream of Leaf values that the receiver reads.
  uint32 leaves = 4;
  // Broker id of a stream of events.v1.Event values that the receiver reads.
  uint32 events = 5;
  // Broker id of a stream of uint64 values that the receiver reads.
  uint32 counts = 6;
  // Broker id of a stream of google.protobuf.Timestamp values that the receiver reads.
  uint32 ticks = 7;
}
"#,
        )],
    );
}

#[test]
fn an_enum_with_values_is_a_oneof_whose_name_no_field_has() {
    let one_of = |fields: Vec<Field>| {
        Definition::Message(Message {
            fields,
            one_of: true,
            ..Message::default()
        })
    };
    let id = field("later", 3, Shape::OptionalId(Carried::Reader));
    let schema = schema([
        (name("Never"), one_of(vec![])),
        (
            name("Taken"),
            one_of(vec![text("is", 1), text("other", 2), id]),
        ),
        (name("Value"), one_of(vec![text("text", 1)])),
    ]);
    check(
        &schema,
        &[(
            "store/v1.proto",
            r#"// Written from a Rust trait: change the trait rather than this file.
syntax = "proto3";

package store.v1;

message Never {
}

message Taken {
  oneof is_ {
    string is = 1;
    string other = 2;
    // Broker id of a stream of bytes that the receiver reads.
    uint32 later = 3;
  }
}

message Value {
  oneof is {
    string text = 1;
  }
}
"#,
        )],
    );
}

#[test]
fn an_enum_begins_with_zero() {
    let schema = schema([
        enumeration(
            name("LockState"),
            [
                ("LOCK_STATE_OPEN", 2),
                ("LOCK_STATE_SHUT", 0),
                ("LOCK_STATE_LOST", -1),
            ],
        ),
        enumeration(name("HTTPState"), [("HTTPSTATE_OK", 200)]),
        enumeration(name("None"), []),
    ]);
    check(
        &schema,
        &[(
            "store/v1.proto",
            r#"// Written from a Rust trait: change the trait rather than this file.
syntax = "proto3";

package store.v1;

enum HTTPState {
  // No value of the Rust enum.
  HTTPSTATE_UNSPECIFIED = 0;
  HTTPSTATE_OK = 200;
}

enum LockState {
  LOCK_STATE_SHUT = 0;
  LOCK_STATE_OPEN = 2;
  LOCK_STATE_LOST = -1;
}

enum None {
  // No value of the Rust enum.
  NONE_UNSPECIFIED = 0;
}
"#,
        )],
    );
}

/// Compares the files with the expected ones, and compiles them.
#[track_caller]
fn check(schema: &Schema, expected: &[(&str, &str)]) {
    let files = compiled(schema);
    let files: Vec<_> = files
        .iter()
        .map(|file| (file.path.as_str(), file.text.as_str()))
        .collect();
    for ((path, text), (expected_path, expected_text)) in files.iter().zip(expected) {
        assert_eq!(path, expected_path);
        assert_eq!(text, expected_text, "\n{text}");
    }
    assert_eq!(files.len(), expected.len());
}

/// The files, which a compiler takes, in any order of their making.
#[track_caller]
fn compiled(schema: &Schema) -> Vec<ProtoFile> {
    let files = schema.files();
    assert_eq!(files, schema.files());
    let mut resolver = ChainFileResolver::new();
    resolver.add(Files(files.clone()));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    for file in &files {
        if let Err(error) = compiler.open_file(&file.path) {
            panic!("{error:?}\n{}", file.text);
        }
        #[cfg(feature = "compat")]
        crate::compat::compat(&file.text, &file.text).unwrap();
    }
    files
}

struct Files(Vec<ProtoFile>);

impl FileResolver for Files {
    fn open_file(&self, path: &str) -> Result<File, protox::Error> {
        match self.0.iter().find(|file| file.path == path) {
            Some(file) => File::from_source(path, &file.text),
            None => Err(protox::Error::file_not_found(path)),
        }
    }
}

fn schema(definitions: impl IntoIterator<Item = (Name, Definition)>) -> Schema {
    let mut schema = Schema::default();
    for (name, definition) in definitions {
        schema.define(name, |_| definition);
    }
    schema
}

fn name(name: &str) -> Name {
    Name::new("store.v1", name)
}

fn service(name: Name, methods: impl IntoIterator<Item = Method>) -> (Name, Definition) {
    let methods = methods.into_iter().collect();
    let doc = &[];
    (name, Definition::Service(Service { doc, methods }))
}

fn method(name: &'static str, request: Name, response: Name) -> Method {
    Method {
        doc: &[],
        name,
        request,
        response,
        error: None,
        idempotent: false,
    }
}

fn message(fields: impl IntoIterator<Item = Field>) -> Definition {
    Definition::Message(Message {
        fields: fields.into_iter().collect(),
        ..Message::default()
    })
}

fn text(name: &'static str, tag: u32) -> Field {
    field(name, tag, Shape::One(Type::Scalar(Scalar::String)))
}

fn field(name: &'static str, tag: u32, shape: Shape) -> Field {
    let doc = &[];
    Field {
        doc,
        name,
        tag,
        shape,
    }
}

fn enumeration<const N: usize>(name: Name, values: [(&str, i32); N]) -> (Name, Definition) {
    let values = values.map(|(name, number)| EnumerationValue {
        doc: &[],
        name: name.to_owned(),
        number,
    });
    let doc = &[];
    let values = values.into();
    (name, Definition::Enumeration(Enumeration { doc, values }))
}
