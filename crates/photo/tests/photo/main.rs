//! The photo room through its doors: steps, pool, stores, lifecycle, routes.

mod images;
mod objects;
mod pool;
mod samples;
