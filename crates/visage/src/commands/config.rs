//! `visage config show|reference`

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use super::output;
use crate::{
    config::{self, Loaded},
    failure::Failure,
};

pub const EXAMPLE: &str = "Example:\n  VISAGE_DATABASE__POOL_SIZE=16 visage config show";

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Every value that holds and where it came from, with secrets hidden
    #[command(after_help = EXAMPLE)]
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Every setting with its meaning and default, as Markdown
    #[command(after_help = "Example:\n  visage config reference > docs/configuration.md")]
    Reference {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub fn run(load: impl Fn() -> Result<Loaded, Failure>, command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Show { json: false } => {
            for (path, (value, source)) in config::shown(&load()?) {
                output::line(format_args!("{path} = {value}  # {source}"));
            }
        }
        Command::Show { json: true } => {
            let all: serde_json::Map<_, _> = config::shown(&load()?)
                .into_iter()
                .map(|(path, (value, source))| (path, json!({ "value": value, "source": source })))
                .collect();
            output::json(&all)?;
        }
        Command::Reference { json: false } => output::line(config::markdown().trim_end()),
        Command::Reference { json: true } => {
            let all: Vec<_> = config::settings()
                .map(|setting| {
                    json!({
                        "key": setting.path(),
                        "default": setting.default,
                        "meaning": setting.meaning(),
                        "variable": setting.variable(),
                    })
                })
                .collect();
            output::json(&all)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
