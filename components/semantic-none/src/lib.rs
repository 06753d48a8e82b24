//! The semantic component that classifies nothing: vectra:decision/semantic.
