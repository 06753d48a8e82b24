//! Exports `wasi:random/insecure-seed` as a constant, for a component that only seeds its
//! hash maps with it: composed with this one it reaches nothing outside, and says the same
//! however often it is asked.

mod bindings {
    #![allow(clippy::all, clippy::pedantic, missing_docs, unsafe_op_in_unsafe_fn)]
    wit_bindgen::generate!({
        path: "../../../wit/deps/wasi-random@0.2.6",
        inline: "
            package vectra:examples;
            world seed { export wasi:random/insecure-seed@0.2.6; }
        ",
        world: "vectra:examples/seed",
    });
}

use bindings::exports::wasi::random::insecure_seed::Guest;

struct Constant;

impl Guest for Constant {
    fn insecure_seed() -> (u64, u64) {
        // Any two numbers.
        (0x7665_6374_7261, 0x7365_6564)
    }
}

bindings::export!(Constant with_types_in bindings);
