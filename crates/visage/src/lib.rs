//! The binary, as a library so that the tests can reach its parts.
//!
//! - [`commands`]: what one types. [`place`]: what every command stands on. [`failure`]: why one ended early.
//! - [`config`]: one typed configuration from file and environment.
//! - [`compose`]: the one file that knows every room. [`node`]: a running provider; [`tls`] and [`client_certificates`] on its listeners, [`workers`]
//!   beside it.
//! - [`keys`]: carries keys between their rows and their use. [`events`], [`logout`]: tell applications what changed
//!   and who signed out; [`delivery`]: what both have in common.
//! - [`rfc9700`]: what the security profile of OAuth asks, and where it is held.
//! - [`health`], [`metrics`], [`logs`], [`openapi`], [`notices`]: how it is seen from outside.
//! - [`stopwatch`]: how long something took, for telling people.
//! - [`demo`]: the main job on embedded defaults, with a relying party.

pub mod client_certificates;
pub mod commands;
pub mod compose;
pub mod config;
pub mod delivery;
pub mod demo;
pub mod events;
pub mod failure;
pub mod health;
pub mod keys;
pub mod logout;
pub mod logs;
pub mod metrics;
pub mod node;
pub mod notices;
pub mod openapi;
pub mod place;
pub mod rfc9700;
pub mod stopwatch;
pub mod tls;
pub mod workers;
