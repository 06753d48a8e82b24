//! The gateway component: wasi:http in, decision and repositories behind it.
