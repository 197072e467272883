//! Texts as they come: broken, too long, crafted.

use super::*;

#[test]
fn an_error_tells_which_text_is_no_proto_file_and_where() {
    let good = "syntax = \"proto3\";";
    let error = compat("syntax = \"proto3\";\nmessage ä {\n", good).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the old text is no .proto file, from line 2, column 9 on"
    );
    assert!(error.source().is_some());
    assert!(error.breaks().is_empty());
    let error = compat(good, "syntax = \"proto3\";\nmessage A {\n").unwrap_err();
    assert_eq!(error.to_string(), "the new text is no .proto file");
    assert!(error.report().contains("reached end of file"), "{error:?}");
}

#[test]
fn a_text_that_is_too_long_is_refused_unread() {
    let long = " ".repeat(MAX_TEXT_BYTES + 1);
    let error = compat("syntax = \"proto3\";", &long).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the new text has 16777217 bytes, and at most 16777216 are read"
    );
    compat(&long[..MAX_TEXT_BYTES], "").unwrap();
}

#[test]
fn messages_that_stand_for_too_many_others_are_given_up() {
    // Each message of the one ring meets each of the other, as their lengths share no divisor.
    let ring = |prefix: &str, length: usize| {
        let mut text = format!("message Holds {{ {prefix}0 of = 1; }}\n");
        for index in 0..length {
            let next = (index + 1) % length;
            writeln!(text, "message {prefix}{index} {{ {prefix}{next} of = 1; }}").unwrap();
        }
        proto3(&text)
    };
    let error = compat_within(1000, &ring("A", 50), &ring("B", 49)).unwrap_err();
    assert!(matches!(error, Incompatible::Entangled), "{error:?}");
    compat_within(1000, &ring("A", 15), &ring("B", 14)).unwrap();
}

#[test]
fn debug_and_report_have_a_line_for_each_break() {
    let error = compat(
        &proto3("message A { A a = 1; A b = 2; }"),
        &proto3("message A { A a = 2; A b = 1; }"),
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "2 changes of the new text would break peers compiled from the old one"
    );
    assert_eq!(error.report().lines().count(), 3);
    assert_eq!(format!("{error:?}"), error.report());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(old in soup(), new in soup()) {
        let _ = compat(&old, &new);
        let _ = compat(&old, &old);
    }

    #[test]
    fn no_mixture_of_fields_makes_it_panic(old in mixture(), new in mixture()) {
        if let Err(error) = compat(&old, &new) {
            prop_assert!(matches!(error, Incompatible::Breaks(_)), "{:?}", error);
        }
    }
}

#[test]
fn a_map_of_its_own_entries_comes_to_an_end() {
    let text = |key: &str| format!("message A {{ map<{key}, OfEntry> of = 1; }}");
    check(
        &text("int64"),
        &text("bool"),
        &[
            "field `of` of message `A` changed its type from map<int64, A.OfEntry> to map<bool, \
             A.OfEntry>, which cannot hold all that old peers send: keep map<int64, A.OfEntry>",
            "field `key` of message `A.OfEntry` changed its type from int64 to bool, which cannot \
             hold all that old peers send: keep int64",
        ],
    );
}

/// Words that a parser stumbles over, in no order.
fn soup() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "syntax",
        "=",
        "\"proto3\"",
        "\"proto2\"",
        ";",
        "message",
        "A",
        "{",
        "}",
        "1",
        "2",
        "int32",
        "repeated",
        "optional",
        "required",
        "oneof",
        "map<string, A>",
        "group",
        "enum",
        "option",
        "[",
        "]",
        "default",
        "service",
        "rpc",
        "(",
        ")",
        "returns",
        "stream",
        ".",
        "package",
        "//",
        "/*",
        "*/",
        "\n",
        "\"\\xff\"",
        "-",
        "1e400",
        "0x",
        "reserved",
        "to",
        "max",
        "extend",
        "ä",
        "message A { A a = 1; }",
        "enum B { Z = 0; }",
        "idempotency_level",
    ]);
    prop::collection::vec(words, 0..40).prop_map(|words| words.join(" "))
}

/// What a parser takes, though a compiler may not: the same name or number may be there twice.
fn mixture() -> impl Strategy<Value = String> {
    let fields = || {
        let fields = prop::sample::select(vec![
            "int32 a = 1;",
            "string a = 2;",
            "optional A b = 1;",
            "B b = 3;",
            "repeated C c = 4;",
            "map<string, B> d = 5;",
            "map<int32, C> d = 6;",
            "map<int32, DEntry> d = 7;",
            "A.DEntry e = 7;",
            "other.A f = 8;",
            "oneof is { A g = 9; B h = 10; }",
            "oneof was { C g = 10; int32 a = 9; }",
            "message B { A a = 1; }",
            "enum C { X = 0; Y = 0; A_Z = 1; }",
            "oneof is { bool i = 1; }",
        ]);
        prop::collection::vec(fields, 0..8).prop_map(|fields| fields.join(" "))
    };
    let names = || prop::sample::select(vec!["A", "B", "C", "D"]);
    (names(), fields(), names(), fields()).prop_map(|(one, fields, two, others)| {
        let service = format!("service S {{ rpc Do({one}) returns (stream {two}); }}");
        let rest = "enum C { C_W = 0; C_X = 1; } enum D { C_W = 1; }";
        proto3(&format!(
            "{service} message {one} {{ {fields} }} message {two} {{ {others} }} {rest}"
        ))
    })
}
