//! The binary, as a library so that the tests can reach its parts.
