//! Journeys through the whole house, each on both databases. Folders mirror URLs; `house` is the house itself,
//! `clients` are applications that we did not write, `crashes` kills the real binary.

mod api;
mod clients;
mod crashes;
mod house;
mod main_job;
mod oauth2;
mod well_known;
