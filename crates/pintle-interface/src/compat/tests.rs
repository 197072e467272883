use std::error::Error as _;
use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

mod fields;
mod texts;

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
