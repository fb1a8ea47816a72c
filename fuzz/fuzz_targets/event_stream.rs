//! See `lockgate_fuzz::TARGETS`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| lockgate_fuzz::check("event_stream", input));
