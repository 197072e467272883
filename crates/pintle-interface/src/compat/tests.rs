use std::error::Error as _;
use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

#[test]
fn what_is_new_breaks_nothing() {
    fine(
        "service Store { rpc Put(Put) returns (Done); } message Put { string key = 1; }
         message Done {} enum State { STATE_SHUT = 0; }",
        "service Store { rpc Put(Put) returns (Done); rpc Get(Get) returns (stream Put); }
         service Other { rpc Get(Get) returns (Done); }
         message Put { string key = 1; bytes value = 2; optional State state = 3;
                       map<string, Get> all = 4; oneof is { string a = 5; Get b = 6; } }
         message Done {} message Get {} enum State { STATE_SHUT = 0; STATE_OPEN = 1; }",
    );
    fine(
        "message Value { oneof is { string a = 1; } }",
        "message Value { oneof is { string a = 1; string b = 2; } }",
    );
}

#[test]
fn names_that_do_not_travel_may_change() {
    fine(
        "service Store { rpc Put(Put) returns (Done); }
         message Put { string key = 1; State state = 2; oneof is { int32 a = 3; int32 b = 4; } }
         message Done { Put.Inner inner = 1; } enum State { STATE_SHUT = 0; }",
        "service Store { rpc Put(PutRequest) returns (PutResponse); }
         message PutRequest { string name = 1; Lock lock = 2; oneof was { int32 c = 3; int32 d = 4; } }
         message PutResponse {} enum Lock { LOCK_SHUT = 0; }",
    );
}

#[test]
fn a_package_is_part_of_the_wire() {
    check(
        r#"syntax = "proto3"; package store.v1; service Store { rpc Put(Put) returns (.store.v1.Put); } message Put {}"#,
        r#"syntax = "proto3"; package store.v2; service Store { rpc Put(Put) returns (v2.Put); } message Put {}"#,
        &[
            "package `store.v1` is now `store.v2`: keep the old one, and serve the new one beside it",
        ],
    );
}

#[test]
fn services_and_methods_keep_their_names() {
    let rest = "message Put {}";
    check(
        &format!(
            "service Store {{ rpc Put(Put) returns (Put); rpc Get(Put) returns (Put); }} {rest}"
        ),
        &format!(
            "service Store {{ rpc Get(Put) returns (Put); rpc Set(Put) returns (Put); }} {rest}"
        ),
        &["method `Put` of service `Store` is gone: keep it beside what replaces it"],
    );
    check(
        &format!("service Store {{ rpc Put(Put) returns (Put); }} {rest}"),
        rest,
        &["service `Store` is gone: keep it beside what replaces it"],
    );
    check(
        &format!("service Store {{ rpc Put(Put) returns (Put); }} {rest}"),
        &format!("service Shop {{ rpc Put(Put) returns (Put); }} {rest}"),
        &["service `Store` is now `Shop`: its name is part of the wire, keep it"],
    );
    check(
        "service Store {}",
        "service Shop {}",
        &["service `Store` is gone: keep it beside what replaces it"],
    );
}

#[test]
fn a_method_keeps_its_manners() {
    let text = |method: &str| format!("service Store {{ {method} }} message A {{}} message B {{}}");
    check(
        &text("rpc Get(A) returns (B);"),
        &text("rpc Get(stream A) returns (stream B);"),
        &[
            "the request of method `Get` of service `Store` became a stream: add a method instead",
            "the response of method `Get` of service `Store` became a stream: add a method instead",
        ],
    );
    check(
        &text("rpc Get(A) returns (stream B);"),
        &text("rpc Get(A) returns (B);"),
        &[
            "the response of method `Get` of service `Store` is no longer a stream: add a method instead",
        ],
    );
    check(
        &text("rpc Get(A) returns (google.protobuf.Empty);"),
        &text("rpc Get(other.A) returns (.google.protobuf.Empty);"),
        &[
            "the request of method `Get` of service `Store` was A and is other.A: keep A, or add a method",
        ],
    );
    let idempotent = "rpc Get(A) returns (B) { option idempotency_level = IDEMPOTENT; }";
    let safe = "rpc Get(A) returns (B) { option idempotency_level = NO_SIDE_EFFECTS; }";
    let neither = "rpc Get(A) returns (B) { option (idempotency_level) = IDEMPOTENT; }";
    check(
        &text(idempotent),
        &text(neither),
        &[
            "method `Get` of service `Store` is no longer idempotent: old peers may call it twice, add a method instead",
        ],
    );
    fine(&text(idempotent), &text(safe));
    fine(&text(neither), &text(idempotent));
}

#[test]
fn a_message_that_is_known_by_name_alone_keeps_it() {
    check(
        "message StoreError { StoreError cause = 1; } message Held {} message Holds { Held held = 1; }",
        "message StoreFault { StoreFault cause = 1; } message Holds {}",
        &["message `StoreError` is gone: peers know it by its name, keep it"],
    );
}

#[test]
fn a_field_keeps_its_number() {
    check(
        "message PutRequest { string key = 1; bytes value = 2; }",
        "message PutRequest { string key = 2; bytes value = 1; }",
        &[
            "field `key` of message `PutRequest` changed its number from 1 to 2: give it #[tag(1)]",
            "field `value` of message `PutRequest` changed its number from 2 to 1: give it #[tag(2)]",
        ],
    );
    check(
        "message PutRequest { string key = 1; bytes value = 2; }",
        "message PutRequest { string key = 2; }",
        &["field `key` of message `PutRequest` changed its number from 1 to 2: give it #[tag(1)]"],
    );
}

#[test]
fn the_number_of_a_field_that_is_gone_is_not_used_for_another_type() {
    let old = "message PutRequest { string key = 1; string note = 3; }";
    fine(old, "message PutRequest { string key = 1; }");
    fine(
        old,
        "message PutRequest { string key = 1; string remark = 3; }",
    );
    check(
        old,
        "message PutRequest { string key = 1; repeated int32 limits = 3; }",
        &[
            "field 3 of message `PutRequest` is used again with another type: it was string `note`, \
           so give repeated int32 `limits` a number that was never used",
        ],
    );
}

#[test]
fn a_type_may_become_one_that_holds_all_of_its_values() {
    let scalars = [
        ("bool", "int32"),
        ("bool", "uint32"),
        ("int32", "int64"),
        ("uint32", "uint64"),
        ("uint32", "int64"),
        ("sint32", "sint64"),
        ("string", "bytes"),
        ("State", "int32"),
        ("State", "int64"),
        ("int32", "State"),
        ("map<string, int32>", "map<string, int64>"),
        ("map<string, State>", "map<string, State>"),
        ("repeated int32", "repeated int64"),
    ];
    for (old, new) in scalars {
        fine(&held(old), &held(new));
    }
}

#[test]
fn a_type_that_cannot_hold_all_values_is_a_break() {
    let narrow = [
        ("int32", "bool"),
        ("int64", "int32"),
        ("int32", "uint32"),
        ("int32", "uint64"),
        ("uint64", "int64"),
        ("uint32", "int32"),
        ("sint64", "sint32"),
        ("fixed32", "sfixed32"),
        ("bytes", "string"),
        ("int64", "State"),
        ("State", "uint32"),
        ("map<string, int64>", "map<string, int32>"),
        ("map<int64, string>", "map<int32, string>"),
        ("repeated int64", "repeated int32"),
    ];
    for (old, new) in narrow {
        let line = format!(
            "field `of` of message `Holds` changed its type from {old} to {new}, which cannot hold \
             all that old peers send: keep {old}"
        );
        check(&held(old), &held(new), &[&line]);
    }
}

#[test]
fn a_type_whose_bytes_are_others_is_a_break() {
    let others = [
        ("string", "int32"),
        ("int32", "sint32"),
        ("int32", "fixed32"),
        ("fixed32", "fixed64"),
        ("fixed32", "float"),
        ("float", "double"),
        ("double", "int64"),
        ("Leaf", "bytes"),
        ("Leaf", "State"),
        ("Leaf", "other.Leaf"),
        ("other.v1.Leaf", "other.v2.Leaf"),
        ("string", "repeated string"),
        ("repeated string", "string"),
        ("map<string, string>", "map<string, double>"),
        ("map<string, Leaf>", "repeated bytes"),
    ];
    for (old, new) in others {
        let line = format!(
            "field `of` of message `Holds` changed its type from {old} to {new}: keep {old}, or \
             add a field with a number that was never used"
        );
        check(&held(old), &held(new), &[&line]);
    }
}

#[test]
fn a_message_that_takes_the_place_of_another_has_to_be_like_it() {
    let old = "message Holds { Old of = 1; } message Old { string key = 1; Old next = 2; }";
    fine(
        old,
        "message Holds { New of = 1; } message New { string name = 1; New next = 2; }",
    );
    fine(
        old,
        "message Holds { New of = 1; } message New { bytes key = 1; } message Old { string key = 1; Old next = 2; }",
    );
    check(
        old,
        "message Holds { New of = 1; } message New { int32 key = 1; }",
        &[
            "field `key` of message `Old, now New` changed its type from string to int32: keep \
           string, or add a field with a number that was never used",
        ],
    );
}

#[test]
fn a_map_is_a_list_of_messages_on_the_wire() {
    let list = |value: &str| {
        format!(
            "message Holds {{ repeated Pair of = 1; }} message Pair {{ string key = 1; {value} value = 2; }}"
        )
    };
    let map = "message Holds { map<string, Leaf> of = 1; } message Leaf {} message Pair { string key = 1; Leaf value = 2; }";
    fine(map, &format!("{} message Leaf {{}}", list("optional Leaf")));
    check(
        map,
        &format!("{} message Leaf {{}}", list("bytes")),
        &[
            "field `value` of message `Pair` changed its type from Leaf to bytes: keep Leaf, or \
             add a field with a number that was never used",
            "field `value` of message `Holds.OfEntry, now Pair` changed its type from Leaf to \
             bytes: keep Leaf, or add a field with a number that was never used",
        ],
    );
}

#[test]
fn none_and_zero_mean_the_same_to_both() {
    check(
        "message A { int32 a = 1; optional int32 b = 2; optional State c = 3; } enum State { Z = 0; }",
        "message A { optional int32 a = 1; int32 b = 2; State c = 3; } enum State { Z = 0; }",
        &[
            "field `a` of message `A` became optional, and the zero of an old peer now reads as \
             none: keep it as it was, or add a field",
            "field `b` of message `A` is no longer optional, and the none of an old peer now reads \
             as zero: keep it as it was, or add a field",
            "field `c` of message `A` is no longer optional, and the none of an old peer now reads \
             as zero: keep it as it was, or add a field",
        ],
    );
    fine(
        "message A { A a = 1; optional google.protobuf.Duration b = 2; }",
        "message A { optional A a = 1; google.protobuf.Duration b = 2; }",
    );
}

#[test]
fn what_is_required_stays_so() {
    let text = |fields: &str| format!(r#"syntax = "proto2"; message A {{ {fields} }}"#);
    check(
        &text("required int32 a = 1; optional int32 b = 2; required int32 c = 3;"),
        &text("optional int32 a = 1; required int32 b = 2; required int32 d = 4;"),
        &[
            "field `c` of message `A` is no longer required, and old peers insist on it: keep it required",
            "field `a` of message `A` is no longer required, and old peers insist on it: keep it required",
            "field `b` of message `A` is now required, and old peers may leave it out: make it optional",
            "field `d` of message `A` is now required, and old peers may leave it out: make it optional",
        ],
    );
    check(
        &text("optional group Leaf = 1 { optional int32 a = 1; }"),
        &text("optional Other leaf = 1; message Other {}"),
        &[
            "field `leaf` of message `A` changed its type from group A.Leaf to A.Other: keep group \
           A.Leaf, or add a field with a number that was never used",
        ],
    );
    fine(
        &text("optional group Leaf = 1 { optional int32 a = 1; }"),
        &text("optional group Leaf = 1 { optional int64 a = 1; }"),
    );
}

#[test]
fn a_field_stays_in_its_oneof() {
    check(
        "message A { oneof is { A a = 1; A b = 2; A c = 3; } A d = 4; }",
        "message A { oneof is { A a = 1; A b = 2; A d = 4; } A c = 3; }",
        &[
            "field `c` of message `A` moved out of oneof `is`: leave it where it was, or add a field",
            "field `d` of message `A` moved into oneof `is`: leave it where it was, or add a field",
        ],
    );
    check(
        "message A { oneof one { A a = 1; A b = 2; } oneof two { A c = 3; A d = 4; } }",
        "message A { oneof one { A a = 1; } oneof two { A b = 2; A c = 3; A d = 4; } }",
        &[
            "field `b` of message `A` moved out of oneof `one` and into oneof `two`: leave it where it \
           was, or add a field",
        ],
    );
    check(
        "message A { oneof is { A a = 1; A b = 2; } }",
        "message A { oneof is { A a = 1; } }",
        &[
            "field `b` of message `A` is gone from oneof `is`: old peers send it and nothing takes \
           its place, keep it",
        ],
    );
    // Alone in a oneof is as good as optional.
    fine(
        "message A { optional int32 a = 1; oneof is { int32 b = 2; } }",
        "message A { oneof was { int32 a = 1; string c = 3; } optional int32 b = 2; }",
    );
    check(
        "message A { int32 a = 1; }",
        "message A { oneof is { int32 a = 1; } }",
        &[
            "field `a` of message `A` became optional, and the zero of an old peer now reads as none: \
           keep it as it was, or add a field",
        ],
    );
}

#[test]
fn a_value_of_an_enum_keeps_its_number() {
    let text = |values: &str| format!("enum State {{ STATE_SHUT = 0; {values} }}");
    let old = text("STATE_OPEN = 1; STATE_AJAR = 2;");
    check(
        &old,
        &text("STATE_OPEN = 2; STATE_AJAR = 1;"),
        &[
            "value `STATE_OPEN` of enum `State` changed its number from 1 to 2: give it 1 again",
            "value `STATE_AJAR` of enum `State` changed its number from 2 to 1: give it 2 again",
        ],
    );
    check(
        &old,
        &text("STATE_OPEN = 1; STATE_LOST = 2;"),
        &[
            "number 2 of enum `State` was `STATE_AJAR` and is `STATE_LOST`: keep `STATE_AJAR`, and \
           give what is new a number that was never used",
        ],
    );
    check(
        &old,
        &text("STATE_OPEN = 1;"),
        &["value `STATE_AJAR` of enum `State` is gone: old peers send 2, keep it"],
    );
    fine(
        &old,
        &text("option allow_alias = true; STATE_LOST = 2; STATE_AJAR = 2; STATE_OPEN = 1;"),
    );
    check(
        "message A { State of = 1; } enum State { STATE_SHUT = 0; STATE_OPEN = 1; }",
        "message A { Lock of = 1; } enum Lock { LOCK_SHUT = 0; LOCK_OPEN = 2; }",
        &[
            "value `STATE_OPEN` of enum `State, now Lock` changed its number from 1 to 2: give it 1 again",
        ],
    );
}

#[test]
fn a_name_is_looked_for_from_the_inside_out() {
    let text = |of: &str, kind: &str| {
        format!(
            "message A {{ message Leaf {{ {kind} a = 1; }} {of} of = 1; }}
             message Leaf {{ string a = 1; }}"
        )
    };
    for name in [
        "Leaf",
        "A.Leaf",
        "v1.A.Leaf",
        "store.v1.A.Leaf",
        ".store.v1.A.Leaf",
    ] {
        fine(&text("Leaf", "int32"), &text(name, "int32"));
    }
    for name in ["v1.Leaf", ".store.v1.Leaf"] {
        check(
            &text("Leaf", "int32"),
            &text(name, "int32"),
            &[
                "field `a` of message `A.Leaf, now Leaf` changed its type from int32 to string: keep \
               int32, or add a field with a number that was never used",
            ],
        );
    }
}

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

/// A message that holds that, and what it may hold.
fn held(of: &str) -> String {
    format!("message Holds {{ {of} of = 1; }} message Leaf {{}} enum State {{ ZERO = 0; }}")
}

#[track_caller]
fn fine(old: &str, new: &str) {
    check(old, old, &[]);
    check(old, new, &[]);
}

#[track_caller]
fn check(old: &str, new: &str, expected: &[&str]) {
    let lines: Vec<_> = match compat(&proto3(old), &proto3(new)) {
        Ok(()) => vec![],
        Err(Incompatible::Breaks(breaks)) => breaks.iter().map(Break::to_string).collect(),
        Err(error) => panic!("{error:?}\n{old}\n{new}"),
    };
    assert_eq!(lines, expected, "\nfrom {old}\nto {new}");
}

/// The whole text, if only what it defines is given.
fn proto3(text: &str) -> String {
    match text.starts_with("syntax") {
        true => text.to_owned(),
        false => format!("syntax = \"proto3\"; package store.v1; {text}"),
    }
}
