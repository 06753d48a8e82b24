//! The proof: contract, conformance and end-to-end tests of Vectra.
