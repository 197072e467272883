//! The corpus as an ordinary test. Part of the `fuzzing` module of several crates.

use std::fs;
use std::path::Path;

/// Gives a fuzz target every input that is known for it.
pub(crate) fn replay(target: &str, run: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(target);
    let inputs = fs::read_dir(&corpus);
    let inputs = inputs.unwrap_or_else(|error| panic!("{}: {error}", corpus.display()));
    let mut inputs: Vec<_> = inputs.map(|input| input.unwrap().path()).collect();
    assert!(!inputs.is_empty(), "{} is empty", corpus.display());
    inputs.sort();
    for input in inputs {
        // Only shown of a test that fails, where the last one is the one it failed with.
        println!("{}", input.display());
        run(&fs::read(&input).unwrap());
    }
}
