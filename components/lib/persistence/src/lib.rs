//! The SQL of Vectra and its row mapping over a small database trait.
