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
         # change the photo (put a picture of yours in place of photo.jpg)\n\
         curl -H \"Authorization: Bearer $TOKEN\" -F photo=@photo.jpg {issuer}/api/auth/profile/photo\n\
         \n\
         # the same, cut to a square of 400 pixels at 100,50\n\
         curl -H \"Authorization: Bearer $TOKEN\" -F photo=@photo.jpg -F crop=100,50,400 {issuer}/api/auth/profile/photo\n\
         \n\
         # who is this? `picture` is a photo that works\n\
         curl -H \"Authorization: Bearer $TOKEN\" {issuer}/api/auth/userinfo\n\
         \n\
         # the profile, and a change of it\n\
         curl -H \"Authorization: Bearer $TOKEN\" {issuer}/api/auth/profile\n\
         curl -X PUT -H \"Authorization: Bearer $TOKEN\" -H \"Content-Type: application/json\" \\\n\
         \x20    -d '{{\"given_name\": \"Grace\", \"locale\": \"fr\"}}' {issuer}/api/auth/profile\n\
         \n\
         # a picture that lives elsewhere\n\
         curl -X PUT -H \"Authorization: Bearer $TOKEN\" -H \"Content-Type: application/json\" \\\n\
         \x20    -d '{{\"picture_url\": \"https://example.com/photo.jpg\"}}' {issuer}/api/auth/profile\n\
         \n\
         # remove the photo\n\
         curl -X DELETE -H \"Authorization: Bearer $TOKEN\" {issuer}/api/auth/profile/photo\n\
         \n\
         In two steps, so that one can look first; the answer to the first names an id:\n\
         \n\
         curl -H \"Authorization: Bearer $TOKEN\" -F image=@photo.jpg {issuer}/api/users/upload-profile-picture/\n\
         curl -H \"Authorization: Bearer $TOKEN\" -H \"Content-Type: application/json\" \\\n\
         \x20    -d '{{\"upload_id\": \"THE ID\"}}' {issuer}/api/users/confirm-profile-picture/\n\
         curl -H \"Authorization: Bearer $TOKEN\" {issuer}/api/users/profile-picture-uploads/\n\
         \n\
         For scripts, with the scheme Token; it takes tokens from {issuer}/account/tokens too:\n\
         \n\
         curl -H \"Authorization: Token $TOKEN\" -F profile_picture=@photo.jpg {issuer}/api/auth/upload-photo/\n\
         curl -H \"Authorization: Token $TOKEN\" {issuer}/api/auth/user-profile/\n\
         curl -X PUT -H \"Authorization: Token $TOKEN\" -H \"Content-Type: application/json\" \\\n\
         \x20    -d '{{\"preferred_language\": \"fr\"}}' {issuer}/api/auth/user-profile/\n\
         \n\
         An address of the photo to keep for good: `picture_stable` of userinfo, in any size:\n\
         \n\
         curl -s -H \"Authorization: Bearer $TOKEN\" {issuer}/api/auth/userinfo | grep -o '\"picture_stable\":\"[^\"]*\"'\n\
         \n\
         A gallery: pictures that wait, then the gallery that takes them along; its answer names ids:\n\
         \n\
         curl -H \"Authorization: Bearer $TOKEN\" -F image=@room.jpg {issuer}/rooms/upload-image-temp/\n\
         curl -H \"Authorization: Bearer $TOKEN\" {issuer}/rooms/list-image-temp/\n\
         curl -X POST -H \"Authorization: Bearer $TOKEN\" {issuer}/rooms/delete-image-temp/IMAGE/\n\
         curl -H \"Authorization: Bearer $TOKEN\" -H \"Content-Type: application/json\" \\\n\
         \x20    -d '{{\"name\": \"Room 7\", \"establishment\": \"Hotel du Lac\"}}' {issuer}/rooms/\n\
         curl -H \"Authorization: Bearer $TOKEN\" -F image=@room.jpg {issuer}/rooms/ROOM/upload-image/\n\
         curl -H \"Authorization: Bearer $TOKEN\" -d caption='The view' {issuer}/rooms/ROOM/images/IMAGE/caption/\n\
         curl -H \"Authorization: Bearer $TOKEN\" -d order=IMAGE,OTHER {issuer}/rooms/ROOM/reorder-images/\n\
         curl -X POST -H \"Authorization: Bearer $TOKEN\" {issuer}/rooms/ROOM/delete-image/IMAGE/\n\
         curl -H \"Authorization: Bearer $TOKEN\" {issuer}/rooms/\n\
         \n\
         All of it: {issuer}/api/openapi.json\n\
         \n\
         Ctrl-C ends it.",
        name = person.name,
        email = person.email,
        password = person.password,
        admin_name = admin.name,
        admin_email = admin.email,
        admin_password = admin.password,
    )
}
