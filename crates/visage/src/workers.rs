//! What runs beside the requests: keys are reloaded and rotated, what expired is swept, photos are cleaned up.
//!
//! A worker that fails says so and tries again; none of them can end the process.

use std::time::Duration;

use tokio::{task::JoinHandle, time::MissedTickBehavior};

use crate::{compose::House, events, failure::Failure, keys, logout, metrics, tls};

/// How long audit rows are kept.
const AUDIT_KEPT: i64 = 365 * 86_400_000_000;

pub struct Workers(Vec<JoinHandle<()>>);

impl Workers {
    pub fn start(house: &House, certificate: Option<tls::Certificate>) -> Self {
        house.core.store.follow_changes();
        let mut all = vec![
            tokio::spawn(follow_keys(house.clone())),
            tokio::spawn(events::run(house.core.clone().into_inner())),
            tokio::spawn(logout::run(house.core.clone().into_inner())),
            every("keys", Duration::from_secs(600), house, advance_keys),
            every("sweep", Duration::from_secs(60), house, sweep),
            every("maintenance", Duration::from_secs(3600), house, maintain),
        ];
        if house.config.server.metrics_listen.is_some() {
            all.push(every("metrics", Duration::from_secs(5), house, upkeep));
        }
        if let Some(certificate) = certificate {
            all.push(every("certificate", tls::LOOK_EVERY, house, move |_| renew(certificate.clone())));
        }
        all.extend(house.photo_workers());
        Self(all)
    }

    /// Each may be stopped anywhere: what they do is rows and objects, made to be taken up again.
    pub async fn stop(self) {
        for worker in &self.0 {
            worker.abort();
        }
        for worker in self.0 {
            // Aborted, as asked.
            let _ = worker.await;
        }
    }
}

/// Runs `work` again and again, the first time after one period.
fn every<F, Fut>(name: &'static str, period: Duration, house: &House, work: F) -> JoinHandle<()>
where
    F: Fn(House) -> Fut + Send + 'static,
    Fut: Future<Output = Result<(), Failure>> + Send,
{
    let house = house.clone();
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = work(house.clone()).await {
                ::metrics::counter!("visage_worker_failures_total", "worker" => name).increment(1);
                tracing::warn!(worker = name, %error, "will try again");
            }
        }
    })
}

/// Another process rotated: its keys are ours within the lease, without a restart.
async fn follow_keys(house: House) {
    const AGAIN: Duration = Duration::from_secs(1);
    let mut changes = house.core.store.freshness().key_changes();
    while changes.changed().await.is_ok() {
        while let Err(error) = keys::reload(&house.core.store, &house.core.ring).await {
            // The old keys go on signing meanwhile (F42).
            tracing::error!(%error, "cannot read the keys");
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// By the clock: the next key takes over when it is due, and what no token needs any more goes.
async fn advance_keys(house: House) -> Result<(), Failure> {
    let (core, rules) = (&house.core, keys::rules(&house.config));
    if keys::advance(&core.store, &house.master, &core.random, &rules, core.now()).await? {
        keys::reload(&core.store, &core.ring).await?;
    }
    Ok(())
}

async fn sweep(house: House) -> Result<(), Failure> {
    let idle = house.config.session.idle.micros();
    let swept = house.core.store.sweep_expired(idle, AUDIT_KEPT, house.core.now()).await?;
    let before = house.core.now() - house.config.oauth.unused_clients.micros();
    let clients = house.core.store.sweep_unused_clients(before).await?;
    for (table, count) in swept.into_iter().chain([("clients", clients)]).filter(|(_, count)| *count > 0) {
        ::metrics::counter!("visage_swept_rows_total", "table" => table).increment(count as u64);
        tracing::debug!(table, count, "swept");
    }
    Ok(events::give_up(&house.core, house.config.events.keep.micros()).await?)
}

async fn maintain(house: House) -> Result<(), Failure> {
    Ok(house.core.store.maintain().await?)
}

async fn renew(certificate: tls::Certificate) -> Result<(), Failure> {
    if certificate.renew()? {
        tracing::info!("the renewed TLS certificate is shown from now on");
    }
    Ok(())
}

async fn upkeep(_: House) -> Result<(), Failure> {
    metrics::upkeep();
    Ok(())
}
