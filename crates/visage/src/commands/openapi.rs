//! `visage openapi`

use std::process::ExitCode;

use super::output;
use crate::{config::Loaded, failure::Failure, openapi};

pub const EXAMPLE: &str = "Example:\n  visage openapi > openapi.json";

pub fn run(loaded: &Loaded) -> Result<ExitCode, Failure> {
    output::json(&openapi::document(loaded.config.server.public_url.issuer()))?;
    Ok(ExitCode::SUCCESS)
}
