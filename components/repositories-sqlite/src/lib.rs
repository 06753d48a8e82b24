//! The repositories component over spin:sqlite: vectra:persistence.
