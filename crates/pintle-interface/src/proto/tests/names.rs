//! Names across packages, and what comments and unfinished types may not do to a file.

use super::*;

#[test]
fn packages_import_each_other_where_fields_and_methods_need_it() {
    let shared = |of: &str| Name::new("base", of);
    let schema = schema([
        service(
            name("Store"),
            [method("Get", shared("Empty"), name("Leaf"))],
        ),
        (
            name("Leaf"),
            message([field(
                "origin",
                1,
                Shape::One(Type::Message(shared("Origin"))),
            )]),
        ),
        (shared("Empty"), message([])),
        (shared("Origin"), message([])),
    ]);
    check(
        &schema,
        &[
            (
                "base.proto",
                r#"// Written from a Rust trait: change the trait rather than this file.
syntax = "proto3";

package base;

message Empty {
}

message Origin {
}
"#,
            ),
            (
                "store/v1.proto",
                r#"// Written from a Rust trait: change the trait rather than this file.
syntax = "proto3";

package store.v1;

import "base.proto";

service Store {
  rpc Get(base.Empty) returns (Leaf);
}

message Leaf {
  base.Origin origin = 1;
}
"#,
            ),
        ],
    );
}

#[test]
fn a_name_that_a_nearer_one_hides_has_a_leading_dot() {
    let entry = Type::Message(Name::new("my.store.v1", "TagsEntry"));
    let tags = [
        field(
            "tags",
            1,
            Shape::Map(Scalar::String, Type::Scalar(Scalar::String)),
        ),
        field("one", 2, Shape::One(entry.clone())),
        // `my.store` is nearer than `store`, `my.google` nearer than `google`.
        field(
            "leaf",
            3,
            Shape::One(Type::Message(Name::new("store.v1", "Leaf"))),
        ),
        field("age", 4, Shape::One(Type::Duration)),
        field(
            "word",
            5,
            Shape::One(Type::Message(Name::new("my.store.v1", "string"))),
        ),
        field(
            "stream",
            6,
            Shape::One(Type::Message(Name::new("message", "Leaf"))),
        ),
    ];
    let schema = schema([
        (Name::new("my.store.v1", "Tags"), message(tags)),
        (Name::new("my.store.v1", "TagsEntry"), message([])),
        (
            Name::new("my.store.v1", "Other"),
            message([field("tags", 1, Shape::One(entry))]),
        ),
        (Name::new("my.store.v1", "string"), message([])),
        (Name::new("my.google", "Leaf"), message([])),
        (Name::new("message", "Leaf"), message([])),
        (Name::new("store.v1", "Leaf"), message([])),
    ]);
    let files = compiled(&schema);
    let lines: Vec<_> = files[2]
        .text
        .lines()
        .filter(|line| line.contains(" = "))
        .collect();
    assert_eq!(files[2].path, "my/store/v1.proto");
    assert_eq!(
        lines,
        [
            "syntax = \"proto3\";",
            "  TagsEntry tags = 1;",
            "  map<string, string> tags = 1;",
            "  .my.store.v1.TagsEntry one = 2;",
            "  .store.v1.Leaf leaf = 3;",
            "  .google.protobuf.Duration age = 4;",
            "  .my.store.v1.string word = 5;",
            "  .message.Leaf stream = 6;",
        ]
    );
}

#[test]
fn no_doc_comment_changes_what_a_file_says() {
    let doc: &[&str] = &[
        "*/ /* }",
        "\nmessage Evil {}\n",
        "\r\rmessage Evil {}",
        "\\",
        "\0}",
        "\u{2028}}",
    ];
    let mut put = method("Put", name("Leaf"), name("Leaf"));
    put.doc = doc;
    let mut key = text("key", 1);
    key.doc = doc;
    let leaf = Message {
        doc,
        fields: vec![key],
        one_of: true,
    };
    let value = EnumerationValue {
        doc,
        name: "STATE_SHUT".into(),
        number: 0,
    };
    let state = Enumeration {
        doc,
        values: vec![value],
    };
    let store = Service {
        doc,
        methods: vec![put],
    };
    let schema = schema([
        (name("Store"), Definition::Service(store)),
        (name("Leaf"), Definition::Message(leaf)),
        (name("State"), Definition::Enumeration(state)),
    ]);
    let files = compiled(&schema);
    let parsed = File::from_source(&files[0].path, &files[0].text).unwrap();
    let parsed = parsed.file_descriptor_proto();
    assert_eq!(parsed.message_type.len(), 1);
    assert_eq!(parsed.message_type[0].field.len(), 1);
    assert_eq!(parsed.enum_type[0].value.len(), 1);
    assert_eq!(parsed.service[0].method.len(), 1);
}

#[test]
fn what_is_still_being_described_is_left_out() {
    let schema = schema([(name("Pending"), Definition::Pending)]);
    assert_eq!(
        compiled(&schema)[0].text,
        "// Written from a Rust trait: change the trait rather than this file.\n\
         syntax = \"proto3\";\n\npackage store.v1;\n"
    );
}

#[test]
fn types_without_a_package_have_a_file_too() {
    let leaf = Name::new("", "Leaf");
    let schema = schema([
        (leaf.clone(), message([text("key", 1)])),
        (
            name("Tree"),
            message([field("leaf", 1, Shape::One(Type::Message(leaf)))]),
        ),
    ]);
    let files = compiled(&schema);
    assert_eq!(files[0].path, "unnamed.proto");
    assert!(!files[0].text.contains("package"));
    assert!(files[1].text.contains("import \"unnamed.proto\";"));
}
