//! What a field, a type and a value of an enum keep.

use super::*;

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
