//! The contract of object stores.
