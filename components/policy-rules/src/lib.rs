//! The rules component: vectra:decision/policy.
