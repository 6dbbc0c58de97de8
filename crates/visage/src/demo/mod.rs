//! `visage demo`: the main job on embedded defaults, with a relying party to sign in to.
//!
//! [`application`] is the OAuth client, [`site`] and [`page`] its web application, [`browser`] and [`picture`] what
//! `--check` walks the journey with.

pub mod application;
pub mod browser;
mod page;
pub mod picture;
pub mod site;
