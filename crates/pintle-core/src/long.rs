//! How long the tests that draw at random go on.

use proptest::prelude::ProptestConfig;

/// A tenth by default of what `PINTLE_LONG=1` in the environment asks for.
pub(crate) fn cases() -> ProptestConfig {
    let long = std::env::var_os("PINTLE_LONG").is_some_and(|long| long == "1");
    ProptestConfig::with_cases(if long { 100_000 } else { 10_000 })
}
