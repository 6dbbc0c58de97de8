//! The house itself: its plan, its configuration, its commands, its keys, and what must never be seen of it.

mod arrows;
mod client_commands;
mod commands;
mod configuration;
mod keys;
mod nodes;
mod outage;
mod photo_commands;
mod secrets;
pub mod tls;
