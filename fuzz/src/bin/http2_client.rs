#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pintle_grpc::fuzzing::http2_client(bytes));
