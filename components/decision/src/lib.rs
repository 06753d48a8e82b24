//! The decision component: vectra:decision/engine.
