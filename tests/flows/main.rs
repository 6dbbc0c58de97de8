//! Journeys through the whole house, each on both databases. Folders mirror URLs; `house` is the house itself,
//! `clients` are applications that we did not write, `crashes` kills the real binary.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod account;
mod api;
mod clients;
mod crashes;
mod events;
mod house;
mod hygiene;
mod main_job;
mod media;
mod oauth2;
mod races;
mod rooms;
mod stores;
mod well_known;
