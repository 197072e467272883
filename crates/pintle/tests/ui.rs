//! Mistakes that the attributes answer: each file of `ui` beside the words of the compiler.
//!
//! The words are those of one release of the compiler, the one that CI uses; elsewhere the test is
//! left out with `--skip every_mistake`. After a change, `TRYBUILD=overwrite cargo test -p pintle
//! --features tarpc --test ui` writes them anew; read them as the one who made the mistake.

#![cfg(all(feature = "macros", feature = "grpc"))]

#[test]
fn every_mistake_is_answered_with_what_to_write_instead() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
