#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| sealwright_core::fuzzing::proof(data));
