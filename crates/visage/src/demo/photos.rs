//! The other photo routes, for `--check`: upload and confirm, the token API, the stable address, a gallery; with the access
//! token that the printed `curl` lines have.

use reqwest::{Method, multipart};
use serde_json::{Value, json};

use super::{
    Demo,
    check::{Steps, fetch},
    picture,
};
use crate::failure::Failure;

struct Caller<'a> {
    http: &'a reqwest::Client,
    issuer: &'a str,
    token: String,
}

pub async fn walk(demo: &Demo, http: &reqwest::Client, steps: &mut Steps) -> Result<(), Failure> {
    steps.begin("uploaded, not confirmed");
    let caller = Caller { http, issuer: &demo.issuer, token: demo.access_token().await? };
    let before = text(&caller.get(web::paths::USERINFO).await?, "picture")?;
    let upload = caller.upload(web::paths::STAGE_PICTURE, "image", 90).await?;
    fetch(http, &text(&upload, "preview_url")?).await?;
    if text(&caller.get(web::paths::USERINFO).await?, "picture")? != before {
        return Err(Failure::new("the photo changed before it was confirmed"));
    }
    steps.done("a preview, and the photo as it was");

    steps.begin("confirmed");
    let id = json!({ "upload_id": text(&upload, "id")? });
    let confirmed = caller.send(Method::POST, web::paths::CONFIRM_PICTURE, &id).await?;
    let photo = text(&confirmed, "picture")?;
    fetch(http, &photo).await?;
    steps.done(&photo);

    steps.begin("picture_stable");
    let stable = text(&caller.get(web::paths::USERINFO).await?, "picture_stable")?;
    let answer = http.get(&stable).send().await.map_err(|e| Failure::new(format!("{stable}: {e}")))?;
    let leads_to = answer.headers().get("location").and_then(|value| value.to_str().ok());
    if leads_to != Some(&photo) {
        return Err(Failure::new(format!("{stable} leads to {leads_to:?}")));
    }
    steps.done("leads to the photo");

    steps.begin("token API");
    let uploaded = caller.upload(web::paths::UPLOAD_PHOTO, "profile_picture", 150).await?;
    let photo = text(&uploaded, "profile_picture_url")?;
    fetch(http, &photo).await?;
    let profile = caller.get(web::paths::USER_PROFILE).await?;
    if profile["profile"]["profile_picture_url"] != photo.as_str() {
        return Err(Failure::new(format!("the profile does not show {photo}: {profile}")));
    }
    steps.done("Authorization: Token");

    steps.begin("gallery");
    let waiting = caller.upload(web::paths::ROOMS_UPLOAD_WAITING, "image", 200).await?;
    let gallery = json!({ "name": "Room 7", "establishment": "Hotel du Lac" });
    let made = caller.send(Method::POST, web::paths::ROOMS, &gallery).await?;
    let image = made["images"].get(0).cloned().unwrap_or_default();
    if made["images"].as_array().map(Vec::len) != Some(1) || image["id"] != waiting["id"] {
        return Err(Failure::new(format!("the gallery did not take its picture along: {made}")));
    }
    fetch(http, &text(&image, "url")?).await?;
    steps.done("with the picture that waited for it");
    Ok(())
}

impl Caller<'_> {
    async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.answer(self.request(Method::GET, path)).await
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Result<Value, Failure> {
        self.answer(self.request(method, path).json(body)).await
    }

    async fn upload(&self, path: &str, field: &'static str, hue: u8) -> Result<Value, Failure> {
        let part = multipart::Part::bytes(picture::png(640, hue)).file_name("disc.png");
        self.answer(self.request(Method::POST, path).multipart(multipart::Form::new().part(field, part)))
            .await
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let scheme = match path {
            web::paths::UPLOAD_PHOTO | web::paths::USER_PROFILE => "Token",
            _ => "Bearer",
        };
        let request = self.http.request(method, format!("{}{path}", self.issuer));
        request.header("authorization", format!("{scheme} {}", self.token))
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Value, Failure> {
        let answer = request.send().await.map_err(|error| Failure::new(error.to_string()))?;
        let status = answer.status();
        let body: Value = answer.json().await.map_err(|error| Failure::new(error.to_string()))?;
        if status.is_success() { Ok(body) } else { Err(Failure::new(format!("{status}: {body}"))) }
    }
}

fn text(body: &Value, name: &str) -> Result<String, Failure> {
    let text = body[name].as_str().map(str::to_owned);
    text.ok_or_else(|| Failure::new(format!("no `{name}` in {body}")))
}
