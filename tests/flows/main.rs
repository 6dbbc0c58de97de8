//! Journeys through the whole house, each on both databases. Folders mirror URLs.

mod house;
