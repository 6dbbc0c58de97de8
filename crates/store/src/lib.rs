//! The database: one file per table family, plain structs at the door, rows inside.
