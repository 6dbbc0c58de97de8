//! Prometheus metrics: rooms count with the `metrics` macros, this is where the counts are kept and shown.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::failure::Failure;

/// One recorder a process, since the macros know only one.
static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Seconds; finer where a warm answer lies, coarser where a photo does.
const BUCKETS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0];

/// Begins to count. Without this call the macros cost next to nothing.
pub fn start() -> Result<(), Failure> {
    if HANDLE.get().is_some() {
        return Ok(());
    }
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)
        .map_err(|e| Failure::new(format!("cannot count metrics: {e}")))?
        .build_recorder();
    let handle = recorder.handle();
    if ::metrics::set_global_recorder(recorder).is_ok() {
        let _ = HANDLE.set(handle);
    }
    Ok(())
}

/// What `/metrics` answers.
pub fn text() -> String {
    HANDLE.get().map(PrometheusHandle::render).unwrap_or_default()
}

/// Histograms are folded now and then, whether anybody scrapes or not.
pub fn upkeep() {
    if let Some(handle) = HANDLE.get() {
        handle.run_upkeep();
    }
}
