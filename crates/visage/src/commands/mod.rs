//! The command line: what one types, and the exit code it ends with (0 done, 1 failed, 2 wrong usage).

pub mod client;
pub mod client_details;
pub mod client_events;
mod client_tokens;
mod config;
mod demo;
mod doctor;
mod input;
mod keys;
mod migrate;
mod openapi;
pub mod output;
mod photos;
mod serve;
pub mod user;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{config::Loaded, failure::Failure};

/// Sign people in, issue tokens to applications, and give each person a profile photo that works.
#[derive(Parser, Debug)]
#[command(name = "visage", version, max_term_width = 100, arg_required_else_help = true)]
struct Cli {
    /// Configuration file; `visage.toml` in the working directory if it is there
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Try it: a provider, an application, two people, in a fresh ./visage-demo/
    #[command(after_help = demo::EXAMPLE)]
    Demo(demo::Arguments),
    /// Run the provider
    #[command(after_help = serve::EXAMPLE)]
    Serve,
    /// Apply pending database migrations
    #[command(after_help = migrate::EXAMPLE)]
    Migrate(migrate::Arguments),
    /// People's accounts
    #[command(subcommand, after_help = user::EXAMPLE)]
    User(user::Command),
    /// OAuth clients: the applications people sign in to
    #[command(subcommand, after_help = client::EXAMPLE)]
    Client(client::Command),
    /// Signing keys
    #[command(subcommand, after_help = keys::EXAMPLE)]
    Keys(keys::Command),
    /// Stored photos
    #[command(subcommand, after_help = photos::EXAMPLE)]
    Photos(photos::Command),
    /// Check an installation: configuration, database, keys, object store, clock, public URL
    #[command(after_help = doctor::EXAMPLE)]
    Doctor(doctor::Arguments),
    /// The configuration that holds, and the reference of every setting
    #[command(subcommand, after_help = config::EXAMPLE)]
    Config(config::Command),
    /// Print the OpenAPI document of the JSON API
    #[command(after_help = openapi::EXAMPLE)]
    Openapi,
}

/// Runs one command line to its end.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Clap prints help to standard output with 0 and wrong usage to standard error with 2.
            let code = error.exit_code();
            let _ = error.print();
            return ExitCode::from(u8::try_from(code).unwrap_or(2));
        }
    };
    match act(cli) {
        Ok(code) => code,
        Err(failure) => {
            output::error(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

fn act(cli: Cli) -> Result<ExitCode, Failure> {
    let load = || Loaded::load(cli.config.as_deref(), environment()).map_err(Failure::from);
    match cli.command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Serve => serve::run(load()?),
        Command::Migrate(arguments) => migrate::run(&load()?, &arguments),
        Command::User(command) => user::run(load()?, command),
        Command::Client(command) => client::run(load()?, command),
        Command::Keys(command) => keys::run(load()?, command),
        Command::Photos(command) => photos::run(load()?, command),
        Command::Doctor(arguments) => doctor::run(load(), &arguments),
        Command::Config(command) => config::run(load, command),
        Command::Openapi => openapi::run(&load()?),
    }
}

/// Variables that are not Unicode cannot be ours.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}
