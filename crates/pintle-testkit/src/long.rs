//! How far tests go.

/// Whether tests are to go to the full length of what is promised, however long that takes: the
/// variable `PINTLE_LONG` is `1`.
pub fn is_long() -> bool {
    std::env::var_os("PINTLE_LONG").is_some_and(|long| long == "1")
}
