//! The test kit: a whole provider with a database of its own, a browser, an application that signs people in, and the
//! real binary for what only a process can show.
//!
//! - [`house`]: the provider inside the test's process. [`binary`]: as a child, to be killed.
//! - [`app`]: an application with nothing but HTTP; [`receiver`]: where it receives events. [`database`]: a fresh one a test, on both engines.
//! - [`client_key`]: what clients sign with. [`device`]: one without a browser.
//! - [`personal`]: a person in their browser, and the tokens that they make.
//! - [`session`]: a signed-in browser that speaks to the JSON routes.
//! - [`on_both!`]: one journey, a test on each engine.

#![expect(clippy::unwrap_used, reason = "a test kit fails by panicking")]

pub mod app;
pub mod binary;
pub mod camera;
pub mod client_key;
pub mod database;
pub mod device;
pub mod house;
pub mod personal;
pub mod place;
pub mod receiver;
pub mod services;
pub mod session;

pub use app::{Answer, App, Code};
pub use client_key::ClientKey;
pub use database::Engine;
pub use house::{House, Person};
pub use place::Place;
pub use session::Session;
pub use visage::demo::browser::Browser;

/// An HTTP client that follows nothing by itself.
pub fn http() -> reqwest::Client {
    visage::demo::client()
}

/// Each journey becomes two tests: `name::sqlite` and `name::postgres`.
#[macro_export]
macro_rules! on_both {
    ($($(#[doc = $doc:literal])* async fn $name:ident($house:ident: &House) $body:block)+) => {$(
        $(#[doc = $doc])*
        mod $name {
            use super::*;

            async fn journey($house: &$crate::House) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let house = $crate::House::start($crate::Engine::Sqlite).await;
                journey(&house).await;
                house.stop().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let house = $crate::House::start($crate::Engine::Postgres).await;
                journey(&house).await;
                house.stop().await;
            }
        }
    )+};
}
