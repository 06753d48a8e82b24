#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| vectra_fuzz_targets::intent_text::run(input));
