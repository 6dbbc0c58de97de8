//! `visage demo [--check]`

use std::{path::Path, process::ExitCode};

use clap::Args;

use super::{output, serve};
use crate::{
    config::{LogFormat, Logs},
    demo::{
        Demo, Ports, check,
        folder::{self, Folder},
    },
    failure::Failure,
    logs, place,
};

/// A `curl` line for every route that takes a token; `OP` is the provider.
const LINES: &str = include_str!("../demo/lines.txt");

pub const EXAMPLE: &str = "Example:\n  visage demo\n  visage demo --check";

#[derive(Args, Debug)]
pub struct Arguments {
    /// Walk the main job over HTTP, print each step with its time, and end; on free ports, in a folder that is removed
    #[arg(long)]
    check: bool,
    /// Where the provider listens
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    port: u16,
    /// Where the application listens
    #[arg(long, value_name = "PORT", default_value_t = 8081)]
    application_port: u16,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    logs::start(&Logs { level: "warn".to_owned(), format: LogFormat::Auto })?;
    let ports = Ports { provider: arguments.port, application: arguments.application_port };
    if arguments.check { place::wait(walk()) } else { place::wait(show(ports)) }
}

async fn walk() -> Result<ExitCode, Failure> {
    let dir = folder::scratch()?;
    let result = async {
        let demo = Demo::start(&dir, Ports { provider: 0, application: 0 }).await?;
        let outcome = check::walk(&demo).await;
        demo.stop().await?;
        outcome
    }
    .await;
    std::fs::remove_dir_all(&dir)?;
    match result {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(failure) => Err(failure),
    }
}

async fn show(ports: Ports) -> Result<ExitCode, Failure> {
    // Before anything of an earlier demo is removed: it may still be running.
    let ports = ports.settled()?;
    let folder = Folder::claim(Path::new(""))?;
    let demo = Demo::start(&folder.path, ports).await?;
    let token = demo.access_token().await?;
    output::line(invitation(&demo, &token));
    serve::asked_to_stop().await?;
    demo.stop().await?;
    Ok(ExitCode::SUCCESS)
}

fn invitation(demo: &Demo, token: &str) -> String {
    let (issuer, application) = (&demo.issuer, &demo.application_url);
    let (person, admin) = (&demo.person, &demo.administrator);
    format!(
        "\n\
         Visage is running, with everything it keeps in ./visage-demo/\n\
         \n\
         \x20 An application to sign in to   {application}\n\
         \x20 Your account at Visage         {issuer}/account\n\
         \x20 Discovery                      {issuer}/.well-known/openid-configuration\n\
         \n\
         \x20 {name:<20} {email:<24} {password}\n\
         \x20 {admin_name:<20} {admin_email:<24} {admin_password}   (administrator)\n\
         \n\
         The photo API, with an access token of {name} that is good for 12 hours:\n\
         \n\
         TOKEN={token}\n\
         \n\
         {lines}\n\
         Ctrl-C ends it.",
        name = person.name,
        email = person.email,
        password = person.password,
        admin_name = admin.name,
        admin_email = admin.email,
        admin_password = admin.password,
        lines = LINES.replace("OP", issuer),
    )
}

#[cfg(test)]
mod tests {
    use super::LINES;

    /// CONTRACT §1: ready-to-paste lines for every photo route. Whatever the API describes for tokens is there.
    #[test]
    fn every_route_has_its_line() {
        let document = crate::openapi::document("https://op.example");
        let lines = LINES.replace("\\\n", " ");
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                let security = operation["security"].to_string();
                // The same by another method of sending the token.
                let by_form = operation["operationId"] == "userinfoByPost";
                if by_form || (!security.contains("bearer") && security != "[]") {
                    continue;
                }
                let url = path.split('/').map(|part| match part.strip_prefix('{') {
                    Some(name) => name.trim_end_matches('}').to_uppercase(),
                    None => part.to_owned(),
                });
                let url = format!("OP{}", url.collect::<Vec<_>>().join("/"));
                let is_named = lines.lines().filter(|line| line.starts_with("curl ")).any(|line| {
                    let named = line.split([' ', '"', '?']).any(|word| word == url);
                    let sends = ["-F ", "-d "].iter().any(|option| line.contains(option));
                    let does = match method.as_str() {
                        "get" => !line.contains("-X ") && !sends,
                        "post" => line.contains("-X POST ") || (!line.contains("-X ") && sends),
                        method => line.contains(&format!("-X {} ", method.to_uppercase())),
                    };
                    named && does
                });
                assert!(is_named, "no line for {method} {path}");
            }
        }
    }
}
