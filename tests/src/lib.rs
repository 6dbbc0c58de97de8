//! The test kit: a whole server with a database of its own, a browser, and an application that signs people in.

pub mod binary;
pub mod database;

/// An HTTP client that follows nothing by itself.
pub fn http() -> reqwest::Client {
    visage::demo::client()
}
