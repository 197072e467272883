//! The store's trait may grow, but not away from peers that are out there.

use interop::interface::Store;

/// What those peers were compiled from.
const FIRST: &str = include_str!("compat/store_first.proto");

fn now() -> String {
    let files = pintle::proto::<dyn Store>();
    let store = files
        .into_iter()
        .find(|file| file.package == "interop.store");
    store.expect("the trait is of that package").text
}

#[test]
fn a_peer_of_the_first_store_understands_the_present_one() {
    assert_ne!(FIRST, now(), "there is nothing to compare");
    pintle::compat(FIRST, &now()).unwrap();
}

#[test]
fn what_would_break_a_peer_of_the_first_store_is_told_with_what_to_write() {
    #[track_caller]
    fn check(line: &str, changed: &str, told: &str) {
        let now = now();
        assert!(now.contains(line), "{now}");
        let refused = pintle::compat(FIRST, &now.replace(line, changed)).unwrap_err();
        assert!(refused.report().contains(told), "{}", refused.report());
    }
    check(
        "uint64 to = 1;",
        "uint64 to = 3;",
        "field `to` of message `StoreCountRequest` changed its number from 1 to 3: give it #[tag(1)]",
    );
    check("  rpc Echo(", "  rpc Repeat(", "`Echo`");
    check("string broken = 2;", "uint64 broken = 2;", "`broken`");
}
