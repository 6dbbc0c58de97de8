//! The house itself: its plan, its configuration, its commands.

mod arrows;
