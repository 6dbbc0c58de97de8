//! `/health/live` and `/health/ready`, on both listeners, and `/metrics` on the second one alone (S143, S144).

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use ::web::{Endpoint, paths};
use actix_web::{HttpResponse, http::header, web};
use serde_json::json;
use store::Store;

use crate::metrics;

/// Whether this node wants requests: not once it is about to stop, and only while the database answers.
#[derive(Clone)]
pub struct Readiness {
    store: Store,
    is_stopping: Arc<AtomicBool>,
}

impl Readiness {
    pub fn new(store: Store) -> Self {
        Self { store, is_stopping: Arc::default() }
    }

    /// Load balancers see it at their next look.
    pub fn stop(&self) {
        self.is_stopping.store(true, Ordering::SeqCst);
    }
}

pub fn routes(cfg: &mut web::ServiceConfig) {
    Endpoint::at(paths::HEALTH_LIVE).get(live).mount(cfg);
    Endpoint::at(paths::HEALTH_READY).get(ready).mount(cfg);
}

pub fn metrics_routes(cfg: &mut web::ServiceConfig) {
    Endpoint::at(paths::METRICS).get(scrape).mount(cfg);
}

/// The process runs; says nothing about the database, so that a restart is not the answer to its absence.
async fn live() -> HttpResponse {
    answer(true, "live")
}

async fn ready(readiness: web::Data<Readiness>) -> HttpResponse {
    if readiness.is_stopping.load(Ordering::SeqCst) {
        return answer(false, "stopping");
    }
    match readiness.store.ping().await {
        Ok(()) => answer(true, "ready"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            answer(false, "waiting for the database")
        }
    }
}

fn answer(is_well: bool, status: &str) -> HttpResponse {
    let mut response = if is_well { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header((header::CACHE_CONTROL, "no-store")).json(json!({ "status": status }))
}

async fn scrape() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(metrics::text())
}
