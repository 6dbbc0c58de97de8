//! `visage serve`

use std::{process::ExitCode, sync::Arc};

use ::web::{System, paths};

use super::output;
use crate::{compose::House, config::Loaded, failure::Failure, logs, metrics, node::Node, place};

pub const EXAMPLE: &str =
    "Example:\n  VISAGE_SERVER__PUBLIC_URL=https://login.example.org visage serve --config visage.toml";

pub fn run(loaded: Loaded) -> Result<ExitCode, Failure> {
    logs::start(&loaded.config.logs)?;
    if loaded.config.server.metrics_listen.is_some() {
        metrics::start()?;
    }
    place::wait(async {
        let house = House::build(place::open(loaded.config).await?, Arc::new(System)).await?;
        let set_up = account::setup::offer(&house.core.store, &house.core.random).await?;
        let node = Node::start(house).await?;
        let core = &node.house().core;
        tracing::info!(address = %node.address, issuer = core.site.issuer, database = core.store.kind(), "ready");
        if let Some(token) = set_up {
            // To the terminal and not to the log: whoever has the link becomes administrator.
            let link = core.site.url(&paths::SETUP.replace("{token}", token.expose()));
            output::line(format_args!("Nobody lives here yet. Make the first administrator: {link}"));
        }
        asked_to_stop().await?;
        tracing::info!("stopping: no new requests, finishing what is under way");
        node.stop().await?;
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    })
}

/// SIGTERM or SIGINT.
pub async fn asked_to_stop() -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
