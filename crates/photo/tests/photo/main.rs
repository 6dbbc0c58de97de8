//! The photo room through its doors: steps, pool, stores, lifecycle, routes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod breaking;
mod everywhere;
mod faults;
mod flaky;
mod forms;
mod gcs;
mod house;
mod images;
mod lifecycle;
mod objects;
mod orphans;
mod pool;
#[expect(dead_code, reason = "the bombs use the rest")]
mod samples;
mod staged;
