//! The pool: refusals come back, a full queue is said at once.

use crate::samples;
use bytes::Bytes;
use photo::image::{Limits, Refusal, Shape};
use photo::pool::{Busy, Pool, PoolSettings};

fn pool(threads: usize, queue: usize) -> Pool {
    Pool::start(&PoolSettings { threads, queue, ..Default::default() }, Limits::default()).unwrap()
}

#[tokio::test]
async fn refusals_come_back() {
    let answer = pool(1, 1).render(Bytes::from_static(b"<svg/>"), Shape::Square(None)).await;
    assert_eq!(answer, Ok(Err(Refusal::UnsupportedType)));
}

// S135, F40
#[tokio::test]
async fn a_full_queue_is_busy() {
    let pool = pool(1, 2);
    let picture = samples::jpeg(1500, 1500, false);
    let jobs = (0..12).map(|_| pool.render(picture.clone(), Shape::Square(None)));
    let answers = futures_util::future::join_all(jobs).await;
    let done = answers.iter().filter(|answer| matches!(answer, Ok(Ok(_)))).count();
    let busy = answers.iter().filter(|answer| matches!(answer, Err(Busy))).count();
    assert!(done >= 2 && busy >= 1 && done + busy == 12, "{done} done, {busy} busy");
}
