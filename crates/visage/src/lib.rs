//! The binary, as a library so that the tests can reach its parts.
pub mod config;
pub mod demo;
pub mod failure;
