//! Log lines on standard error: text for a person at a terminal, JSON for everything else.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, registry, util::SubscriberInitExt};

use crate::{
    config::{LogFormat, Logs},
    failure::Failure,
};

/// Starts logging for the process; a second call changes nothing.
pub fn start(settings: &Logs) -> Result<(), Failure> {
    // What the HTTP server says of itself is news to nobody, and what strangers send it must not fill the log; a level
    // given for either by name still wins.
    let filter =
        EnvFilter::try_new(format!("actix_server=warn,actix_http=off,{}", settings.level)).map_err(|e| {
            Failure::new(format!("setting `logs.level`: `{}` is not a filter: {e}", settings.level))
        })?;
    let is_text = match settings.format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let layer = if is_text {
        layer.with_target(false).with_ansi(std::io::stderr().is_terminal()).boxed()
    } else {
        layer.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed()
    };
    // Tests start several servers in one process: the first one's logging serves them all.
    let _ = registry().with(filter).with(layer).try_init();
    Ok(())
}
