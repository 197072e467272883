#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pintle_mtls::fuzzing::certificate(bytes));
